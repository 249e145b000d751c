//! Relocated directories, RRIP 4.1.5: below eight levels a directory is moved (`RE`) into `rr_moved`, and a file with `CL`
//! stands at its true place. It is shown there, and nowhere else; when nothing stands there, it is shown where it lies.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

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
    /// For a directory, by its place: the place of the one into which it belongs by `PL`.
    parents: HashMap<u64, Option<u64>>,
    /// For a directory, by its place: whether all in it is shown elsewhere.
    holders: HashMap<u64, Option<bool>>,
    /// Records that may still be looked at.
    records_left: usize,
    /// Bytes of continuation areas that may still be read.
    budget: &'a Cell<u64>,
}

impl<'a> Relocations<'a> {
    pub(super) fn new(file_system: &'a Iso9660, budget: &'a Cell<u64>) -> Self {
        Self {
            file_system,
            children: HashMap::new(),
            parents: HashMap::new(),
            holders: HashMap::new(),
            records_left: limits::RELOCATION_RECORDS,
            budget,
        }
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
        let (file_system, budget) = (self.file_system, self.budget);
        let parents = &mut self.parents;
        let parent =
            (*parents.entry(extent.at).or_insert_with(|| file_system.parent_record(extent, budget)?.1))?;
        if !self.children.contains_key(&parent) {
            if self.children.len() >= limits::RELOCATION_PARENTS {
                return Some(false);
            }
            let children = self.linked_children(parent);
            self.children.insert(parent, children);
        }
        Some(self.children.get(&parent).is_some_and(|children| children.contains(&extent.at)))
    }

    /// Whether all in a directory is shown elsewhere; `None` when nothing is in it.
    fn is_holder(&mut self, extent: DirectoryExtent) -> Option<bool> {
        if let Some(known) = self.holders.get(&extent.at) {
            return *known;
        }
        let budget = self.budget;
        let mut moved = Vec::new();
        let only_moved = self.each_record(extent, |file_system, record| {
            let is_moved = file_system.rock_ridge_within(record, budget).is_some_and(|r| r.is_relocated);
            moved.push(file_system.directory_of(record).1);
            is_moved
        });
        let all = only_moved && moved.iter().all(|extent| self.has_true_place(*extent) == Some(true));
        let found = if only_moved && moved.is_empty() { None } else { Some(all) };
        self.holders.insert(extent.at, found);
        found
    }

    /// The places of the directories that belong by `CL` into the directory at `parent`.
    fn linked_children(&mut self, parent: u64) -> HashSet<u64> {
        let budget = self.budget;
        let mut children = HashSet::new();
        if let Some(extent) = self.file_system.extent_at(parent) {
            self.each_record(extent, |file_system, record| {
                let child = file_system.rock_ridge_within(record, budget).and_then(|r| r.child);
                children.extend(child.map(|block| file_system.block_at(block)));
                true
            });
        }
        children
    }

    /// Shows `look` the records of a directory but `.` and `..`, until it says no. Returns whether it saw all, and said yes
    /// to all; with [`limits::RELOCATION_RECORDS`] used up it sees no more.
    fn each_record(
        &mut self,
        extent: DirectoryExtent,
        mut look: impl FnMut(&Iso9660, &Record<'_>) -> bool,
    ) -> bool {
        let file_system = self.file_system;
        let Ok(mut records) = file_system.records(extent) else { return false };
        while let Some(record) = records.next() {
            let Ok(record) = record else { return false };
            if record.is_self() || record.is_parent() {
                continue;
            }
            let Some(left) = self.records_left.checked_sub(1) else { return false };
            self.records_left = left;
            if !look(file_system, &record) {
                return false;
            }
        }
        true
    }
}
