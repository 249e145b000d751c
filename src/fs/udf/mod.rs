//! UDF: ECMA-167 (third edition) as OSTA UDF 1.02 to 2.60 use it.
//!
//! The number of a node is the place of its ICB: index of the partition map and block, so that a file with several names is
//! one node. A descriptor is believed when its tag is right; where the standard keeps a copy (anchors, volume descriptor
//! sequence, metadata, sparing tables) the copy stands in for a damaged one, else the damage costs what it describes.

mod allocation;
mod anchor;
mod check;
mod description;
mod directory;
mod extended_attribute;
mod file_entry;
mod file_set;
mod inode;
mod integrity;
mod link;
mod name;
mod open;
mod origin;
mod partition;
mod raw;
mod sequence;
mod session;
mod space;
mod sparing;
mod steps;
mod structure;
mod tag;
mod virtual_table;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

pub(super) use check::check;
pub(super) use description::describe_unopened;
pub(super) use open::is_announced;
pub(super) use origin::first_sector;

use self::{
    directory::Identifiers,
    file_entry::FileEntry,
    file_set::FileSet,
    integrity::Integrity,
    partition::Partition,
    sequence::VolumeDescriptors,
    space::{Address, Space},
    steps::Steps,
    virtual_table::VirtualTable,
};
use super::View;
use crate::{
    error::{Corrupt, Damage, Error, Result},
    limits,
    tree::{
        Data, ExtendedAttribute, Extent, FileSystem, Kind, Listing, ListingBuilder, Node, NodeId, Statistics,
        Structures,
    },
    volume::Cache,
};

/// The tree of a UDF volume.
pub struct Udf {
    space: Space,
    /// The same with the mirror of the metadata instead of the metadata, where there are both.
    mirror: Option<Space>,
    root: NodeId,
    label: String,
    /// Binary coded decimal: 0x0201 is 2.01.
    revision: u16,
    statistics: Statistics,
    descriptors: VolumeDescriptors,
    /// Where the integrity descriptor is to be, whether it is there, and what it says.
    integrity_extent: anchor::Extent,
    has_integrity: bool,
    integrity: Integrity,
    file_set: FileSet,
    hide: bool,
    /// Whether something hidden was passed over.
    has_hidden: AtomicBool,
    undelete: bool,
    relaxed: bool,
    overrides_mode: bool,
    overrides_directory_mode: bool,
    damage: Damage,
    notes: Vec<String>,
    nodes: Cache<NodeId, Arc<Node>>,
    listings: Cache<NodeId, Arc<Listing>>,
}

/// What is found out to list a directory.
#[derive(Clone, Copy)]
enum Listed {
    /// Names, and whether they are of directories.
    Names,
    /// The type of each node too, which its file entry has.
    Nodes,
}

impl Udf {
    /// Why this tree, of the volumes that the anchors lead to: the place of its descriptors.
    pub(super) fn place(&self) -> u64 {
        self.descriptors.logical.at
    }

    /// The virtual allocation table, where there is one.
    fn virtual_table(&self) -> Option<(u16, &VirtualTable)> {
        self.space.partitions.iter().find_map(|partition| match partition {
            Partition::Virtual { base, table } => Some((*base, &**table)),
            _ => None,
        })
    }

    /// The block of the volume behind the virtual allocation table, where there is one: behind the last one that was written.
    fn virtual_end(&self) -> Option<u64> {
        let (base, table) = self.virtual_table()?;
        let start = match self.space.partitions.get(usize::from(base))? {
            Partition::Physical(place) | Partition::Sparable(place, _) => place.start,
            _ => 0,
        };
        Some(u64::from(start).saturating_add(table.block.into()).saturating_add(1))
    }

    /// Files and directories as the virtual allocation table counts them.
    fn counts(&self) -> Option<(u32, u32)> {
        let (_, table) = self.virtual_table()?;
        table.counts.as_ref().map(|counts| (counts.files, counts.directories))
    }

    /// The file entry of a node.
    fn entry(&self, id: NodeId) -> Result<FileEntry> {
        self.space.entry(Address::of_node(id).ok_or(Error::NotFound)?)
    }

    /// The entries of a directory.
    fn identifiers<'a>(&'a self, directory: NodeId, space: &'a Space) -> Result<Identifiers<'a>> {
        let entry = self.entry(directory)?;
        if entry.kind()? != Kind::Directory {
            return Err(Error::NotADirectory);
        }
        Ok(Identifiers::new(space, &self.damage, space.data(&entry), entry.at()))
    }

    /// The names in a directory; of one that is damaged, or that the storage does not give, those that the mirror has, where
    /// that is in order.
    fn read_listing(&self, directory: NodeId, what: Listed) -> Result<Listing> {
        let listing = match self.decode_listing(directory, &self.space, what, &mut Vec::new()) {
            Ok((listing, true)) => return Ok(listing),
            Ok((listing, false)) => Ok(listing),
            Err(error) => Err(error),
        };
        match self.mirror.as_ref().map(|mirror| self.decode_listing(directory, mirror, what, &mut Vec::new()))
        {
            Some(Ok((mirrored, true))) => Ok(mirrored),
            _ => listing,
        }
    }

    /// The names in a directory that lies in `space`, and whether nothing in it was damaged. Adds to `places` the byte in the
    /// directory at which the entry of each name begins, and its bytes.
    fn decode_listing(
        &self,
        directory: NodeId,
        space: &Space,
        what: Listed,
        places: &mut Vec<(u64, u64)>,
    ) -> Result<(Listing, bool)> {
        let mut builder = ListingBuilder::default().in_any_case(self.relaxed);
        let mut deleted = Vec::new();
        let indirect = Steps::new(limits::LISTED_INDIRECT_ENTRIES);
        let mut identifiers = self.identifiers(directory, space)?;
        while let Some(identifier) = identifiers.next()? {
            let is_wanted = !identifier.is_parent()
                && (!identifier.is_hidden() || !self.hide)
                && (!identifier.is_deleted() || self.undelete);
            if !is_wanted {
                if identifier.is_hidden() && self.hide {
                    self.has_hidden.store(true, Ordering::Relaxed);
                }
                continue;
            }
            if builder.len().saturating_add(deleted.len()) >= limits::DIRECTORY_ENTRIES {
                let allowed = format!("at most {}", limits::DIRECTORY_ENTRIES);
                let at = identifier.at;
                self.damage
                    .report(&Corrupt::new("directory", at, "number of names", "larger", allowed).into());
                break;
            }
            let at = identifier.at;
            let wrong = |field, found: &dyn std::fmt::Display, allowed| {
                self.damage
                    .report(&Corrupt::new("file identifier descriptor", at, field, found, allowed).into());
            };
            let name = match name::decode(identifier.name) {
                Ok(name) if !name.is_empty() => name,
                Ok(_) => {
                    wrong("file identifier", &"empty", "must be a name; the entry is left out");
                    continue;
                }
                Err(unknown) => {
                    wrong("compression identifier", &unknown.0, "must be 8 or 16; the entry is left out");
                    continue;
                }
            };
            let icb = identifier.icb;
            let id = icb.node();
            let named = if identifier.is_directory() { Kind::Directory } else { Kind::File };
            // What cannot be read is listed all the same, and says why when it is asked for.
            let kind = match what {
                Listed::Nodes => self.listed_kind(icb, &indirect),
                Listed::Names => Ok(named),
            };
            if identifier.is_deleted() {
                // The place of what was deleted may be anything by now.
                deleted.extend(kind.ok().map(|kind| (name, id, kind, (at, identifier.len))));
            } else {
                builder.push(name.as_bytes(), None, id, kind.unwrap_or(named));
                places.push((at, identifier.len));
            }
        }
        // Behind the others, so that these keep their names.
        for (name, id, kind, place) in deleted {
            builder.push(name.as_bytes(), None, id, kind);
            places.push(place);
        }
        Ok((builder.finish(), identifiers.is_whole()))
    }

    /// The names in the root, without a look at any file entry: links and devices seem to be files.
    ///
    /// # Errors
    /// As [`FileSystem::listing`].
    pub(super) fn root_names(&self) -> Result<Listing> {
        self.read_listing(self.root, Listed::Names)
    }

    /// The type of a node that a directory names. Its file entry is at hand now: unless it is a long one, or a link, which has to
    /// be read, the node is decoded for those who will ask for it.
    fn listed_kind(&self, icb: Address, indirect: &Steps) -> Result<Kind> {
        let entry = self.space.entry_within(icb, indirect)?;
        let kind = entry.kind()?;
        if kind == Kind::Symlink {
            return Ok(kind);
        }
        let steps = Steps::new(limits::LISTED_ALLOCATION_DESCRIPTORS);
        let node = self.read_node(icb.node(), &entry, &steps)?;
        if !steps.are_spent() {
            self.nodes.get_or_load(icb.node(), || Ok(Arc::new(node)))?;
        }
        Ok(kind)
    }

    /// Whether the counts of the integrity descriptor are those of the tree: on a medium that is written once they are as old as the
    /// volume, and what is deleted or hidden is not in every tree.
    fn counts_hold(&self) -> bool {
        !self.has_hidden.load(Ordering::Relaxed) && !self.is_virtual()
    }

    /// Whether it is on a medium that is written once.
    fn is_virtual(&self) -> bool {
        self.space.partitions.iter().any(|partition| matches!(partition, Partition::Virtual { .. }))
    }

    /// The directory that the parent entry of another names.
    fn parent_of(&self, directory: NodeId) -> Option<NodeId> {
        let spaces = [Some(&self.space), self.mirror.as_ref()];
        spaces.into_iter().flatten().find_map(|space| {
            let mut identifiers = self.identifiers(directory, space).ok()?;
            for _ in 0..limits::PARENT_ENTRIES {
                let identifier = identifiers.next().ok()??;
                if identifier.is_parent() {
                    return Some(identifier.icb.node());
                }
            }
            None
        })
    }
}

impl FileSystem for Udf {
    fn root(&self) -> NodeId {
        self.root
    }

    fn node(&self, id: NodeId) -> Result<Arc<Node>> {
        self.nodes.get_or_load(id, || {
            let steps = Steps::new(limits::ALLOCATION_DESCRIPTORS);
            Ok(Arc::new(self.read_node(id, &self.entry(id)?, &steps)?))
        })
    }

    fn listing(&self, directory: NodeId) -> Result<Arc<Listing>> {
        self.listings.get_or_load(directory, || Ok(Arc::new(self.read_listing(directory, Listed::Nodes)?)))
    }

    fn parent(&self, directory: NodeId) -> Result<NodeId> {
        if directory == self.root {
            return Ok(directory);
        }
        if self.node(directory)?.attributes.kind != Kind::Directory {
            return Err(Error::NotADirectory);
        }
        let parent = self.parent_of(directory).unwrap_or(self.root);
        let is_directory = self.node(parent).is_ok_and(|node| node.attributes.kind == Kind::Directory);
        Ok(if is_directory { parent } else { self.root })
    }

    fn structures(&self, id: NodeId) -> Result<Structures> {
        self.structures_of(id)
    }

    fn name_records(&self, directory: NodeId) -> Result<Vec<Extent>> {
        self.places_of_names(directory)
    }

    fn damage(&self) -> Vec<Error> {
        self.damage.told()
    }

    fn statistics(&self) -> Statistics {
        self.statistics
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn view(&self) -> &'static str {
        View::Udf.word()
    }

    fn format(&self) -> String {
        let (major, minor) = (self.revision >> 8, self.revision & 0xff);
        format!("UDF {major:x}.{minor:02x}")
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn has_extended_attributes(&self) -> bool {
        true
    }

    fn may_have_extended_attribute(&self, name: &[u8]) -> bool {
        extended_attribute::is_ours(name)
    }

    fn extended_attributes(&self, id: NodeId) -> Result<Vec<ExtendedAttribute>> {
        Ok(self.attribute_names(&self.entry(id)?))
    }

    fn extended_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Data>> {
        self.attribute(&self.entry(id)?, name)
    }
}
