//! Relocated directories, RRIP 4.1.5: below eight levels a directory is moved (`RE`) into `rr_moved`, and a file with `CL`
//! stands at its true place. It is shown there, and nowhere else; when nothing stands there, it is shown where it lies.

use std::collections::{HashMap, HashSet};

use super::{
    Iso9660,
    record::{DirectoryExtent, Record},
};
use crate::limits;

/// Names under which the directory of relocated directories is made, in any case.
const HOLDERS: [&[u8]; 2] = [b"rr_moved", b".rr_moved"];

/// What was looked up while one directory is decoded.
pub(super) struct Relocations<'a> {
    file_system: &'a Iso9660,
    /// For a directory, by its place: the places of the directories that belong into it by `CL`.
    children: HashMap<u64, HashSet<u64>>,
}

impl<'a> Relocations<'a> {
    pub(super) fn new(file_system: &'a Iso9660) -> Self {
        Self { file_system, children: HashMap::new() }
    }

    /// Whether the directory of a record marked `RE` is shown elsewhere: at its true place; or, when it is the one that
    /// holds the relocated ones, with all that is in it at their true places.
    pub(super) fn is_shown_elsewhere(&mut self, record: &Record<'_>) -> bool {
        let (_, extent) = self.file_system.directory_of(record);
        self.has_true_place(extent).unwrap_or_else(|| self.is_holder(extent).unwrap_or(true))
    }

    /// Whether an unmarked directory of the root with this name holds relocated directories only.
    pub(super) fn is_unmarked_holder(&mut self, record: &Record<'_>, name: &[u8]) -> bool {
        HOLDERS.iter().any(|holder| name.eq_ignore_ascii_case(holder))
            && self.is_holder(self.file_system.directory_of(record).1) == Some(true)
    }

    /// Whether the parent that the directory names with `PL` has a `CL` to it; `None` when it names none.
    fn has_true_place(&mut self, extent: DirectoryExtent) -> Option<bool> {
        let parent = self.file_system.recorded_parent(extent)?;
        if !self.children.contains_key(&parent) && self.children.len() >= limits::RELOCATION_PARENTS {
            return Some(false);
        }
        let file_system = self.file_system;
        let children = self.children.entry(parent).or_insert_with(|| linked_children(file_system, parent));
        Some(children.contains(&extent.at))
    }

    /// Whether all in a directory is shown elsewhere; `None` when nothing is in it.
    fn is_holder(&mut self, extent: DirectoryExtent) -> Option<bool> {
        let mut moved = Vec::new();
        let mut records = self.file_system.records(extent).ok()?;
        while let Some(record) = records.next() {
            let Ok(record) = record else { return Some(false) };
            if record.is_self() || record.is_parent() {
                continue;
            }
            let is_moved = self.file_system.rock_ridge(&record).is_some_and(|r| r.is_relocated);
            if !is_moved || moved.len() >= limits::RELOCATION_PARENTS {
                return Some(false);
            }
            moved.push(self.file_system.directory_of(&record).1);
        }
        let all = moved.iter().all(|extent| self.has_true_place(*extent) == Some(true));
        (!moved.is_empty()).then_some(all)
    }
}

/// The places of the directories that belong by `CL` into the directory at `parent`.
fn linked_children(file_system: &Iso9660, parent: u64) -> HashSet<u64> {
    let mut children = HashSet::new();
    let Some(extent) = file_system.extent_at(parent) else { return children };
    let Ok(mut records) = file_system.records(extent) else { return children };
    while let Some(record) = records.next() {
        let Ok(record) = record else { continue };
        let child = file_system.rock_ridge(&record).and_then(|r| r.child);
        children.extend(child.map(|block| file_system.block_at(block)));
    }
    children
}
