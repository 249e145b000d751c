//! Where that lies which describes a node: file entries, allocation extents, entries of directories, streams.

use super::{Listed, Udf, allocation, file_entry::FileEntry, space::Address, steps::Steps};
use crate::{
    error::{Error, Result},
    limits,
    tree::{Data, Extent, Kind, NodeId, Piece, Structures},
};

impl Udf {
    /// See [`FileSystem::structures`](crate::tree::FileSystem::structures). What the partition keeps a copy of is left out: nothing is
    /// lost with one of the two.
    pub(super) fn structures_of(&self, id: NodeId) -> Result<Structures> {
        let icb = Address::of_node(id).ok_or(Error::NotFound)?;
        let entry = self.entry(id)?;
        let mut found = Structures::default();
        let data = self.follow(icb, &entry, &mut found.needed);
        match entry.kind()? {
            Kind::Directory if !self.has_copy(&data, &entry) => push_runs(&data, &mut found.names),
            Kind::Symlink => push_runs(&data, &mut found.needed),
            _ => {}
        }
        for icb in entry.further_attributes.into_iter().chain(self.streams_of(&entry)) {
            let Ok(entry) = self.space.entry(icb) else { continue };
            let data = self.follow(icb, &entry, &mut found.attributes);
            push_runs(&data, &mut found.attributes);
        }
        Ok(found)
    }

    /// Adds the blocks that lead to the bytes of a file, and returns where these are.
    fn follow(&self, icb: Address, entry: &FileEntry, found: &mut Vec<Extent>) -> Data {
        let mut followed = Vec::new();
        let steps = Steps::new(limits::ALLOCATION_DESCRIPTORS);
        let data = allocation::data_and_extents(&self.space, entry, &steps, &mut followed);
        for address in std::iter::once(icb).chain(followed) {
            found.extend(self.only_place(address));
        }
        // The newest of several versions of an entry lies elsewhere.
        let newest = Extent { at: entry.at(), len: self.space.block_size };
        if found.first().is_some_and(|first| *first != newest) && !found.contains(&newest) {
            found.push(newest);
        }
        data
    }

    /// Where a block lies of which there is no copy.
    fn only_place(&self, address: Address) -> Option<Extent> {
        let (first, copy) = self.space.partition(address.partition).ok()?.places(&self.space, address.block);
        let at = match (first, copy) {
            (Ok(at), Some(Ok(copy))) if copy != at => return None,
            (Ok(at), _) | (Err(_), Some(Ok(at))) => at,
            _ => return None,
        };
        Some(Extent { at, len: self.space.block_size })
    }

    /// Whether the names of a directory are recorded twice.
    fn has_copy(&self, data: &Data, entry: &FileEntry) -> bool {
        let Some(mirror) = &self.mirror else { return false };
        let first = |data: &Data| match data.pieces(0, 1).next() {
            Some(Piece::Run { at, .. }) => Some(at),
            _ => None,
        };
        first(&mirror.data(entry)) != first(data)
    }

    /// See [`FileSystem::name_records`](crate::tree::FileSystem::name_records).
    pub(super) fn places_of_names(&self, directory: NodeId) -> Result<Vec<Extent>> {
        let entry = self.entry(directory)?;
        let data = self.space.data(&entry);
        if self.has_copy(&data, &entry) {
            return Ok(Vec::new());
        }
        let mut places = Vec::new();
        self.decode_listing(directory, &self.space, Listed::Names, &mut places)?;
        // One that goes on in another extent begins in its first.
        let place = |(at, len)| match data.pieces(at, len).next() {
            Some(Piece::Run { at, len }) => Extent { at, len },
            _ => Extent { at: 0, len: 0 },
        };
        Ok(places.into_iter().map(place).collect())
    }
}

fn push_runs(data: &Data, found: &mut Vec<Extent>) {
    for piece in data.pieces(0, data.size()) {
        if let Piece::Run { at, len } = piece {
            found.push(Extent { at, len });
        }
    }
}
