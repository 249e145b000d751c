//! From the records of a directory to its names.

use std::sync::Arc;

use super::{
    Iso9660, hard_link,
    record::{DirectoryExtent, Record},
    relocation::Relocations,
    rock_ridge::RockRidge,
};
use crate::{
    error::{Corrupt, Error, Result},
    limits,
    tree::{Extent, Kind, KnownNodes, Listing, ListingBuilder, Node, NodeId},
};

/// Bytes of a root directory that is read whole to open an image: a block of the sector cache.
const USUAL_ROOT: u64 = 16 * 1024;

impl Iso9660 {
    /// The names in the directory that lies at `extent`.
    pub(super) fn read_listing(&self, extent: DirectoryExtent) -> Result<Listing> {
        self.read_names(extent, limits::DIRECTORY_ENTRIES, 0, |_| {}).map(|names| names.builder.finish())
    }

    /// The names in the directory that lies at `extent`, and the nodes of the first `count`: `None` for what has its record elsewhere,
    /// as directories, or shares one with other names, and for what takes too much memory.
    pub(super) fn read_listing_with_nodes(
        &self,
        extent: DirectoryExtent,
        count: usize,
    ) -> Result<(Listing, KnownNodes)> {
        let names = self.read_names(extent, limits::DIRECTORY_ENTRIES, count, |_| {})?;
        Ok((names.builder.finish(), names.nodes))
    }

    /// The directory records of the names in the directory that lies at `extent`, in the order of the disc: place and bytes of each.
    pub(super) fn read_name_records(&self, extent: DirectoryExtent) -> Result<Vec<Extent>> {
        let mut records = Vec::new();
        let met = |record: &Record<'_>| records.push(Extent { at: record.at, len: record.length });
        self.read_names(extent, limits::DIRECTORY_ENTRIES, 0, met)?;
        Ok(records)
    }

    /// Whether there is a name in the root. A root of usual length is read to its end, which shows that it can be, a longer
    /// one as far as its first name.
    pub(super) fn has_names(&self) -> Result<bool> {
        let extent = self.root_extent();
        if extent.len <= USUAL_ROOT {
            let mut records = self.records(extent)?;
            while let Some(record) = records.next() {
                if let Err(error @ Error::Io { .. }) = record {
                    return Err(error);
                }
            }
        }
        self.read_names(extent, 1, 0, |_| {}).map(|names| !names.builder.is_empty())
    }

    /// The first names in a directory, as many as `most`, and the nodes of the first `with_nodes` of them; `met` is shown the record of
    /// each.
    fn read_names(
        &self,
        extent: DirectoryExtent,
        most: usize,
        with_nodes: usize,
        mut met: impl FnMut(&Record<'_>),
    ) -> Result<Names> {
        let builder = ListingBuilder::default().in_any_case(self.relaxed);
        let mut names = Names { builder, nodes: Vec::new(), with_nodes };
        let budget = Self::continuation_budget(extent);
        let mut relocations = Relocations::new(self, &budget);
        let mut previous = Section::default();
        let mut records = self.records(extent)?;
        if !self.volume.contains(extent.at, extent.len.min(limits::DIRECTORY)) {
            let allowed = self.volume.bounds();
            let wrong = Corrupt::new("directory", extent.at, "data length", extent.len, allowed);
            self.damage.report(&wrong.into());
        }
        while let Some(record) = records.next() {
            let record = match record {
                Ok(record) => record,
                // The storage may have a better moment: no listing now is better than a short one for ever.
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(error) => {
                    self.damage.report(&error);
                    continue;
                }
            };
            self.meet(&record);
            if record.is_self() || record.is_parent() || previous.is_continued_by(&record) {
                continue;
            }
            if names.builder.len() >= most {
                if most >= limits::DIRECTORY_ENTRIES {
                    let (allowed, found) = ("at most 4194304", "more than 4194304");
                    let wrong = Corrupt::new("directory", extent.at, "number of names", found, allowed);
                    self.damage.report(&wrong.into());
                }
                break;
            }
            if (record.is_hidden() && self.hide) || (record.is_associated() && !self.show_associated) {
                continue;
            }
            let before = names.builder.len();
            self.add(&mut names, &mut relocations, extent, &record);
            if names.builder.len() > before {
                met(&record);
            }
        }
        Ok(names)
    }

    /// Adds the name of one record, unless it is shown elsewhere.
    fn add(
        &self,
        names: &mut Names,
        relocations: &mut Relocations<'_>,
        directory: DirectoryExtent,
        record: &Record<'_>,
    ) {
        let rock_ridge = self.rock_ridge(record).unwrap_or_default();
        self.meet_entries(rock_ridge.attributes);
        let (name, version) = if rock_ridge.name.is_empty() {
            let (identifier, system_use) = (record.identifier, record.system_use);
            let name = self.naming.name(identifier, self.charset, system_use, record.is_directory());
            (name.text, name.version)
        } else {
            (self.decoded(&rock_ridge.name), None)
        };
        if record.is_directory() {
            let is_elsewhere = if rock_ridge.is_relocated {
                relocations.is_shown_elsewhere(record)
            } else {
                self.rock_ridge.is_some()
                    && directory == self.root_extent()
                    && relocations.is_unmarked_holder(record, &name)
            };
            if !is_elsewhere {
                let id = self.directory_of(record).0;
                self.described.remember(id, record.at);
                names.push(&name, version, id, Kind::Directory, || None);
            }
            return;
        }
        if let Some(child) = rock_ridge.child {
            let at = self.block_at(child);
            if self.extent_at(at).is_some() {
                self.described.remember(NodeId(at), record.at);
                names.push(&name, version, NodeId(at), Kind::Directory, || None);
                return;
            }
            let allowed = "the place of a directory";
            let wrong = Corrupt::new("directory record", record.at, "child link", child, allowed);
            self.damage.report(&Error::from(wrong));
        }
        let (id, kind) = (self.file_id(record, &rock_ridge), self.kind(record, &rock_ridge));
        let node = || (id.0 == record.at).then(|| self.node_of(id, record, &rock_ridge));
        names.push(&name, version, id, kind, node);
    }

    /// The number of a file: the place of its record, unless it shares one with its other names.
    fn file_id(&self, record: &Record<'_>, rock_ridge: &RockRidge) -> NodeId {
        match hard_link::shared_id(record, rock_ridge) {
            Some(id) => {
                self.hard_links.remember(id, record.at);
                id
            }
            None => NodeId(record.at),
        }
    }
}

/// The names of a directory, and the nodes of the first of them.
struct Names {
    builder: ListingBuilder,
    nodes: KnownNodes,
    /// Of how many names the node is wanted.
    with_nodes: usize,
}

impl Names {
    /// As [`ListingBuilder::push`], with the node if it is wanted.
    fn push(
        &mut self,
        name: &[u8],
        version: Option<u16>,
        id: NodeId,
        kind: Kind,
        node: impl FnOnce() -> Option<Node>,
    ) {
        self.builder.push(name, version, id, kind);
        if self.nodes.len() < self.with_nodes {
            let node = node().filter(|node| node.weight() <= limits::LISTED_NODE);
            self.nodes.push(node.map(Arc::new));
        }
    }
}

/// The last section of a file that was met, to know the records that go on with it.
#[derive(Default)]
struct Section {
    identifier: Vec<u8>,
    is_associated: bool,
    is_continued: bool,
}

impl Section {
    /// Whether `record` is the next section of the same file. Takes it for the last one met.
    fn is_continued_by(&mut self, record: &Record<'_>) -> bool {
        let is_next = self.is_continued
            && !record.is_directory()
            && self.is_associated == record.is_associated()
            && self.identifier == record.identifier;
        self.is_continued = record.is_continued() && !record.is_directory();
        self.is_associated = record.is_associated();
        if self.is_continued && !is_next {
            self.identifier = record.identifier.to_vec();
        }
        is_next
    }
}
