//! Looking for the files that boot images are: most are in the tree too, and their records say how long they are.

use std::collections::{HashSet, VecDeque};

use super::super::{
    descriptor::VolumeTree,
    record::{DirectoryExtent, Record, Records},
};
use crate::{
    error::{Error, Result},
    limits,
    volume::Volume,
};

/// What the tree says of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Byte offset.
    pub(super) at: u64,
    /// Bytes of the file that begins there.
    pub(super) len: Option<u64>,
    /// Where the next file behind it begins, of those that were met.
    pub(super) next: Option<u64>,
}

/// Looks for files that begin at these places, in the directories nearest to the root first, as far as [`limits::BOOT_SEARCHED`] goes
/// or all are found. The places come back sorted, each once.
///
/// # Errors
/// [`Error::Io`] when the storage fails; damage costs what it describes.
pub(super) fn files(volume: &Volume, tree: &VolumeTree, places: Vec<u64>) -> Result<Vec<Place>> {
    let mut search = Search::new(places);
    let root = tree.root_record(volume)?;
    let Ok(root) = root.record() else { return Ok(search.places) };
    let root = DirectoryExtent { at: root.data_at(tree.block_size), len: root.data_length.into() };
    let mut pending = VecDeque::from([root]);
    let mut met = HashSet::from([root.at]);
    let mut left = limits::BOOT_SEARCHED;
    while let Some(directory) = pending.pop_front() {
        let extent = DirectoryExtent { len: directory.len.min(left), ..directory };
        left = left.saturating_sub(extent.len);
        let mut records = match Records::new(volume, extent, tree.layout) {
            Ok(records) => records,
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(_) => continue,
        };
        while let Some(record) = records.next() {
            let record = match record {
                Ok(record) => record,
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(_) => continue,
            };
            if record.is_self() || record.is_parent() {
                continue;
            }
            let at = record.data_at(tree.block_size);
            if !record.is_directory() {
                search.meet(&record, at);
            } else if met.len() < limits::BOOT_SEARCHED_DIRECTORIES && met.insert(at) {
                pending.push_back(DirectoryExtent { at, len: record.data_length.into() });
            }
        }
        search.unfinished = None;
        if left == 0 || search.places.iter().all(|place| place.len.is_some()) {
            break;
        }
    }
    Ok(search.places)
}

struct Search {
    /// Sorted.
    places: Vec<Place>,
    /// The one whose file goes on in the next record.
    unfinished: Option<usize>,
}

impl Search {
    fn new(mut places: Vec<u64>) -> Self {
        places.sort_unstable();
        places.dedup();
        let places = places.into_iter().map(|at| Place { at, len: None, next: None });
        Self { places: places.collect(), unfinished: None }
    }

    /// Takes notice of a file section. Empty files lie anywhere, interleaved ones are no images.
    fn meet(&mut self, record: &Record<'_>, at: u64) {
        let len = u64::from(record.data_length);
        let unfinished = self.unfinished.take();
        if let Some(place) = unfinished.and_then(|index| self.places.get_mut(index)) {
            place.len = place.len.map(|before| before.saturating_add(len));
            self.unfinished = unfinished.filter(|_| record.is_continued());
            return;
        }
        if len == 0 || record.file_unit_size > 0 {
            return;
        }
        let behind = self.places.partition_point(|place| place.at < at);
        if let Some(before) = behind.checked_sub(1).and_then(|index| self.places.get_mut(index)) {
            before.next = Some(before.next.map_or(at, |next| next.min(at)));
        }
        if let Some(place) = self.places.get_mut(behind).filter(|place| place.at == at && place.len.is_none())
        {
            place.len = Some(len);
            self.unfinished = record.is_continued().then_some(behind);
        }
    }
}
