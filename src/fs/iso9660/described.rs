//! Records that describe directories. What libisofs keeps for a directory (`AL`) is in its record in the directory above alone,
//! while the number of a directory is the place of its own `.` record.

use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use lru::LruCache;

use super::{Iso9660, record::RecordBuffer};
use crate::{error::Result, limits, tree::NodeId};

/// The places of the records of directories that were listed lately, in trees with attribute lists.
pub(super) struct Described {
    recent: Mutex<LruCache<NodeId, u64>>,
    /// Whether the disc announces attribute lists, or one was met.
    has_lists: AtomicBool,
}

impl Described {
    pub(super) fn new(has_lists: bool) -> Self {
        Self { recent: Mutex::new(LruCache::unbounded()), has_lists: AtomicBool::new(has_lists) }
    }

    /// Whether there may be attribute lists.
    pub(super) fn has_lists(&self) -> bool {
        self.has_lists.load(Ordering::Relaxed)
    }

    /// An attribute list was met.
    pub(super) fn met_list(&self) {
        self.has_lists.store(true, Ordering::Relaxed);
    }

    /// Remembers the record by which a directory is found, where that may matter.
    pub(super) fn remember(&self, directory: NodeId, record_at: u64) {
        if !self.has_lists() {
            return;
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.put(directory, record_at);
        if recent.len() > limits::DESCRIBED_DIRECTORIES {
            recent.pop_lru();
        }
    }

    fn get(&self, directory: NodeId) -> Option<u64> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).get(&directory).copied()
    }
}

impl Iso9660 {
    /// The record of a directory in the directory above, in trees with attribute lists; `None` for the root, and where it is not
    /// there.
    pub(super) fn described(&self, directory: NodeId) -> Result<Option<RecordBuffer>> {
        if directory == self.root.0 || !self.described.has_lists() {
            return Ok(None);
        }
        let at = match self.described.get(directory) {
            Some(at) => Some(at),
            None => self.search(directory)?,
        };
        at.map(|at| RecordBuffer::read(&self.volume, at, self.tree.layout)).transpose()
    }

    /// Looks for the record of a directory through the directory above, and remembers those of its siblings.
    fn search(&self, directory: NodeId) -> Result<Option<u64>> {
        let extent = self.extent_of(directory)?;
        let Some((above, _)) = self.parent_record(extent, &Cell::new(u64::MAX)) else { return Ok(None) };
        let Some(above) = self.extent_at(above) else { return Ok(None) };
        let mut found = None;
        let mut records = self.records(above)?;
        while let Some(record) = records.next() {
            let Ok(record) = record else { continue };
            if !record.is_directory() || record.is_self() || record.is_parent() {
                continue;
            }
            let at = NodeId(record.data_at(self.tree.block_size));
            self.described.remember(at, record.at);
            if at == directory {
                found = found.or(Some(record.at));
            }
        }
        Ok(found)
    }
}
