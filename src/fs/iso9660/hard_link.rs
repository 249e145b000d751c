//! Files with several names: the directory records that the disc says are one file share a number.
//!
//! The number of such a file is made from what its records have in common, because no record can know the others. Which
//! record stands behind a number is remembered for the numbers handed out lately; a number from before (an NFS handle, a
//! tree larger than that memory) is found through an index of all such records, built once when it is first needed.

use std::{
    cell::Cell,
    collections::{HashSet, VecDeque},
    sync::{Mutex, OnceLock, PoisonError},
};

use lru::LruCache;

use super::{Iso9660, record::Record, rock_ridge::RockRidge};
use crate::{
    error::{Error, Result},
    limits,
    tree::{Kind, NodeId},
};

/// The bit that tells these numbers from places.
const MARK: u64 = 1 << 62;

/// Numbers whose record is remembered.
const REMEMBERED: usize = 64 * 1024;

pub(super) struct HardLinks {
    recent: Mutex<LruCache<NodeId, u64>>,
    /// Number and place of the first record, sorted by number.
    index: OnceLock<Vec<(NodeId, u64)>>,
}

impl Default for HardLinks {
    fn default() -> Self {
        Self { recent: Mutex::new(LruCache::unbounded()), index: OnceLock::new() }
    }
}

/// Whether a number is one of these.
pub(super) fn is_hard_link(id: NodeId) -> bool {
    id.0 & MARK != 0
}

/// The number that all records of this file share; `None` when the file has one name, or nothing tells its records from
/// those of another file.
///
/// Two records are one file when the link count is above one and they have the same type, the same first block and the same
/// serial number; without serial numbers (before RRIP 1.12) all that `PX` and the stamps say, and the size, must be equal instead.
pub(super) fn shared_id(record: &Record<'_>, rock_ridge: &RockRidge) -> Option<NodeId> {
    let posix = rock_ridge.posix.as_ref().filter(|px| px.links > 1)?;
    if record.is_directory() || rock_ridge.kind() == Some(Kind::Directory) || rock_ridge.child.is_some() {
        return None;
    }
    let block = if record.data_length == 0 { 0 } else { record.extent };
    let likeness = match posix.serial {
        Some(serial) => serial,
        None if record.data_length == 0 => return None,
        None => {
            let modified = rock_ridge.times.modified.unwrap_or_default();
            let parts = [posix.mode, posix.links, posix.uid, posix.gid, record.data_length]
                .into_iter()
                .flat_map(u32::to_le_bytes)
                .chain(modified.seconds.to_le_bytes());
            // FNV-1a. Files that it confuses have the same bytes in any case.
            parts.fold(0x811c_9dc5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
        }
    };
    // The type takes four bits of the mode, which leave 26 for the block: 128 GiB in blocks of 2 048 bytes. Beyond, each name is a
    // file of its own.
    let kind = u64::from((posix.mode >> 12) & 0xf) << 58;
    (block < 1 << 26).then_some(NodeId(MARK | kind | (u64::from(block) << 32) | u64::from(likeness)))
}

impl HardLinks {
    /// Remembers which record stands behind a number.
    pub(super) fn remember(&self, id: NodeId, record_at: u64) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.get_or_insert(id, || record_at);
        if recent.len() > REMEMBERED {
            recent.pop_lru();
        }
    }

    /// The place of a record that stands behind a number.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub(super) fn record_at(&self, id: NodeId, file_system: &Iso9660) -> Result<u64> {
        if let Some(at) = self.recent.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(*at);
        }
        let index = self.index.get_or_init(|| build(file_system));
        let found = index.binary_search_by_key(&id, |(id, _)| *id).map_err(|_| Error::NotFound)?;
        let at = index.get(found).map(|(_, at)| *at).ok_or(Error::NotFound)?;
        self.remember(id, at);
        Ok(at)
    }
}

/// Looks at every record of the tree for files with several names.
fn build(file_system: &Iso9660) -> Vec<(NodeId, u64)> {
    let mut index = Vec::new();
    let mut pending = VecDeque::from([file_system.root_extent()]);
    let mut entered = HashSet::from([file_system.root_extent().at]);
    let mut looked_at: usize = 0;
    let budget = Cell::new(file_system.volume.len().saturating_mul(limits::CONTINUATION_PER_BYTE));
    while let Some(extent) = pending.pop_front() {
        let Ok(mut records) = file_system.records(extent) else { continue };
        while let Some(record) = records.next() {
            looked_at = looked_at.saturating_add(1);
            if looked_at > limits::SEARCHED_RECORDS {
                break;
            }
            let Ok(record) = record else { continue };
            if record.is_self() || record.is_parent() {
                continue;
            }
            if record.is_directory() {
                let extent = file_system.directory_of(&record).1;
                if entered.len() < limits::SEARCHED_DIRECTORIES && entered.insert(extent.at) {
                    pending.push_back(extent);
                }
                continue;
            }
            let Some(rock_ridge) = file_system.rock_ridge_within(&record, &budget) else { continue };
            if let Some(id) = shared_id(&record, &rock_ridge)
                && index.len() < limits::HARD_LINKS
            {
                index.push((id, record.at));
            }
        }
    }
    index.sort_unstable();
    index.dedup_by_key(|(id, _)| *id);
    index
}
