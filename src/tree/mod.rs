//! The waist: a read-only tree with no trace of any format or of FUSE.
//!
//! Below stand the drivers, which implement [`FileSystem`]; above stand the mount and the commands, which use
//! [`Tree`]. The reader (`reader.rs`) is the one file here that names `volume`: every driver says where bytes
//! are, and one reader gets them, so it has to stand on this side of the drivers.

pub mod access_list;
mod any_case;
mod checksum;
pub mod content;
mod copy;
mod extended_attribute;
mod extents;
#[cfg(test)]
pub(crate) mod fake;
mod file_system;
pub mod inventory;
mod listing;
mod nearest;
mod node;
mod reader;
mod structure;
#[cfg(test)]
mod tests;
mod view;
mod walk;

use std::{
    cell::RefCell,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use access_list::AccessList;
pub use checksum::{Algorithm, Checksum};
pub use content::{Content, Data, Packed, Piece, Place};
pub use copy::CopyError;
pub use extended_attribute::ExtendedAttribute;
pub use extents::EXTENTS;
pub use file_system::FileSystem;
pub use inventory::Inventory;
pub use listing::{Entry, Listing, ListingBuilder};
pub use node::{Attributes, Device, Kind, KnownNodes, Node, NodeId, Stat, Statistics, Timestamp};
pub use reader::read_stored;
pub use structure::{Extent, Structures};
pub use view::Policy;
pub use walk::{Route, Walk, Walked};

use crate::{
    error::{Error, Result},
    volume::Volume,
};

/// A file system seen through a [`Policy`], with a reader for its files.
pub struct Tree {
    file_system: Box<dyn FileSystem>,
    reader: reader::Reader,
    policy: Policy,
    /// No other tree of this process has it.
    number: u64,
}

/// The number of the next tree.
static TREES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The file that this thread has read last: several threads that read one file would wait for each other at the cache. It is
    /// not kept from being dropped.
    static LAST: RefCell<(u64, NodeId, Weak<Node>)> = const { RefCell::new((u64::MAX, NodeId(0), Weak::new())) };
}

impl Tree {
    /// The tree of `file_system`, whose bytes lie in `volume`. At most `cache_size` bytes of unpacked blocks are kept.
    pub fn new(
        file_system: Box<dyn FileSystem>,
        volume: Arc<Volume>,
        policy: Policy,
        cache_size: usize,
    ) -> Self {
        Self {
            file_system,
            reader: reader::Reader::new(volume, cache_size),
            policy,
            number: TREES.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The number of the root directory.
    pub fn root(&self) -> NodeId {
        self.file_system.root()
    }

    /// The attributes of a node.
    ///
    /// # Errors
    /// As [`FileSystem::node`].
    pub fn stat(&self, id: NodeId) -> Result<Stat> {
        Ok(self.stat_of(&*self.node(id)?))
    }

    /// What the disc says of a node.
    ///
    /// # Errors
    /// As [`FileSystem::node`].
    pub fn node(&self, id: NodeId) -> Result<Arc<Node>> {
        self.file_system.node(id)
    }

    /// The attributes of a node that is known.
    pub fn stat_of(&self, node: &Node) -> Stat {
        if node.attributes.id == self.root() {
            self.policy.root_stat(&node.attributes)
        } else {
            self.policy.stat(&node.attributes)
        }
    }

    /// The attributes of `name` in `directory` ([`Listing::lookup`]); `.` and `..` are known too.
    ///
    /// # Errors
    /// [`Error::NotFound`], or as [`FileSystem::listing`].
    pub fn lookup(&self, directory: NodeId, name: &[u8]) -> Result<Stat> {
        let id = match name {
            b"." => directory,
            b".." => self.file_system.parent(directory)?,
            name => self.file_system.listing(directory)?.lookup(name).ok_or(Error::NotFound)?.node,
        };
        self.stat(id)
    }

    /// The names in a directory, in the order of the disc.
    ///
    /// # Errors
    /// As [`FileSystem::listing`].
    pub fn listing(&self, directory: NodeId) -> Result<Arc<Listing>> {
        self.file_system.listing(directory)
    }

    /// The names in a directory with the nodes of the first `count`, `None` for those that cannot be read or take more than
    /// [`crate::limits::LISTED_NODE`] bytes: for whoever wants them all. As far as they lie beside the names they are decoded with
    /// these, and not kept.
    ///
    /// # Errors
    /// As [`FileSystem::listing`].
    pub fn listing_with_nodes(&self, directory: NodeId, count: usize) -> Result<(Arc<Listing>, KnownNodes)> {
        let (listing, known) = self.file_system.listing_with_nodes(directory, count)?;
        let mut known = known.into_iter();
        let nodes = listing.entries(0).take(count).map(|entry| {
            let node = known.next().flatten().or_else(|| self.node(entry.node).ok());
            node.filter(|node| node.weight() <= crate::limits::LISTED_NODE)
        });
        let nodes = nodes.collect();
        Ok((listing, nodes))
    }

    /// The directory above; the root is above itself.
    ///
    /// # Errors
    /// As [`FileSystem::parent`].
    pub fn parent(&self, directory: NodeId) -> Result<NodeId> {
        self.file_system.parent(directory)
    }

    /// The target of a symbolic link, as the disc has it.
    ///
    /// # Errors
    /// [`Error::NotALink`], [`Error::NameTooLong`], or as [`FileSystem::node`].
    pub fn read_link(&self, id: NodeId) -> Result<Box<[u8]>> {
        match &self.file_system.node(id)?.content {
            Content::Link(target) => Ok(target.clone()),
            Content::Broken(error) => Err(error.clone()),
            Content::Nothing | Content::Data(_) => Err(Error::NotALink),
        }
    }

    /// Reads at most `len` bytes of a file from `at` on, and lends them to `take`: fewer at the end of the
    /// file, none behind it. `take` must pass the bytes on unseen when the tree may lend from a map
    /// ([`crate::source::Source::lend`]); [`read_into`](Self::read_into) copies.
    ///
    /// # Errors
    /// [`Error::IsADirectory`]; [`Error::Io`] when a byte of the range is not in the image, [`Error::Corrupt`]
    /// or [`Error::Unsupported`] when a packed block cannot be unpacked.
    pub fn read<T>(&self, id: NodeId, at: u64, len: usize, take: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.read_node(&*self.node_to_read(id)?, at, len, take)
    }

    /// As [`read`](Self::read), of a node that is known.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_node<T>(&self, node: &Node, at: u64, len: usize, take: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.reader.lend(node.attributes.id, data_of(node)?, at, len, take)
    }

    /// Reads into `buf` from byte `at` of a file on; returns how many bytes there were.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_into(&self, id: NodeId, at: u64, buf: &mut [u8]) -> Result<usize> {
        let node = self.node_to_read(id)?;
        self.reader.copy(id, data_of(&node)?, at, buf)
    }

    /// The node, from [`LAST`] if it is the one.
    fn node_to_read(&self, id: NodeId) -> Result<Arc<Node>> {
        let last =
            LAST.with_borrow(
                |(number, last, node)| {
                    if (*number, *last) == (self.number, id) { node.upgrade() } else { None }
                },
            );
        if let Some(node) = last {
            return Ok(node);
        }
        let node = self.file_system.node(id)?;
        LAST.set((self.number, id, Arc::downgrade(&node)));
        Ok(node)
    }

    /// Where the bytes of a file lie from byte `at` on, in the order of the file: the next `count` pieces at most. A file can
    /// have more pieces than fit into memory.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn pieces(&self, id: NodeId, at: u64, count: usize) -> Result<Vec<Piece>> {
        let node = self.file_system.node(id)?;
        let data = data_of(&node)?;
        Ok(data.pieces(at, data.size()).take(count).collect())
    }

    /// The first offset from `at` on at which a file has data, as `SEEK_DATA` of lseek(2). Only what is not recorded is a
    /// hole: packed blocks are data, whatever is in them.
    ///
    /// # Errors
    /// [`Error::NoOffset`] when there is no data from `at` on, or as [`read`](Self::read).
    pub fn seek_data(&self, id: NodeId, at: u64) -> Result<u64> {
        let node = self.file_system.node(id)?;
        data_of(&node)?.seek_data(at).ok_or(Error::NoOffset)
    }

    /// The first offset from `at` on at which a file has a hole, as `SEEK_HOLE` of lseek(2): the end of the file is one.
    ///
    /// # Errors
    /// [`Error::NoOffset`] when `at` is not before the end, or as [`read`](Self::read).
    pub fn seek_hole(&self, id: NodeId, at: u64) -> Result<u64> {
        let node = self.file_system.node(id)?;
        data_of(&node)?.seek_hole(at).ok_or(Error::NoOffset)
    }

    /// Whether a node that was listed may have extended attributes, but for [`EXTENTS`].
    pub fn has_extended_attributes(&self) -> bool {
        self.file_system.has_extended_attributes()
    }

    /// Whether a node that was listed may have an extended attribute of that name.
    pub fn may_have_attribute(&self, name: &[u8]) -> bool {
        name == EXTENTS || self.file_system.may_have_extended_attribute(name)
    }

    /// Whether there may be access control lists in the tree.
    pub fn may_have_access_lists(&self) -> bool {
        self.file_system.may_have_access_lists()
    }

    /// The names of the extended attributes of a node, in the order of the disc. Left out is what the kernel could not be
    /// told: names that are empty, have a NUL in them or are longer than [`crate::limits::EXTENDED_ATTRIBUTE_NAME`], those of
    /// values over [`crate::limits::EXTENDED_ATTRIBUTE`], and all from the first on that does not fit into
    /// [`crate::limits::EXTENDED_ATTRIBUTES`] any more. [`EXTENTS`], which every file has, is not among them.
    ///
    /// # Errors
    /// As [`FileSystem::extended_attributes`].
    pub fn attribute_names(&self, id: NodeId) -> Result<Vec<Box<[u8]>>> {
        Ok(extended_attribute::names(&self.file_system.extended_attributes(id)?))
    }

    /// The value of an extended attribute, at most [`crate::limits::EXTENDED_ATTRIBUTE`] bytes. One named `com.apple.x` is
    /// `user.com.apple.x` as well, the name under which programs without privileges can keep a copy; it is not listed so. An
    /// access control list says of owner, group and others what [`stat`](Self::stat) does. [`EXTENTS`] is where the bytes of a file
    /// lie.
    ///
    /// # Errors
    /// [`Error::NoAttribute`] when there is none of that name, or its name or size keeps it out of
    /// [`attribute_names`](Self::attribute_names); [`Error::Corrupt`] or [`Error::Io`] when a byte of it is not in the
    /// image, [`Error::Unsupported`] for packed blocks; or as [`FileSystem::extended_attributes`].
    pub fn attribute(&self, id: NodeId, name: &[u8]) -> Result<Vec<u8>> {
        if name == EXTENTS {
            return self.extents(id);
        }
        for name in extended_attribute::spellings(name) {
            if self.file_system.may_have_extended_attribute(name)
                && let Some(data) = self.file_system.extended_attribute(id, name)?
                && data.size() <= crate::limits::EXTENDED_ATTRIBUTE
            {
                let value = self.reader.whole(&data)?;
                return if name == access_list::ACCESS { self.fitted(id, &value) } else { Ok(value) };
            }
        }
        Err(Error::NoAttribute)
    }

    /// Where the bytes of a file lie.
    fn extents(&self, id: NodeId) -> Result<Vec<u8>> {
        let node = self.file_system.node(id)?;
        match node.attributes.kind {
            Kind::File => data_of(&node).map(|data| extents::text(data).into_bytes()),
            _ => Err(Error::NoAttribute),
        }
    }

    /// An access control list with the permissions that are shown: options change them, and the kernel wants both to say the same.
    fn fitted(&self, id: NodeId, value: &[u8]) -> Result<Vec<u8>> {
        let list = AccessList::from_kernel(value).ok_or(Error::NoAttribute)?;
        Ok(list.with_mode(self.stat(id)?.permissions).to_kernel())
    }

    /// The value of an attribute that a writer keeps for itself ([`FileSystem::private_attribute`]); `None` when there is none.
    ///
    /// # Errors
    /// As [`FileSystem::private_attribute`].
    pub fn private_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Vec<u8>>> {
        self.file_system.private_attribute(id, name)
    }

    /// See [`FileSystem::checksum`].
    ///
    /// # Errors
    /// As [`FileSystem::checksum`].
    pub fn checksum(&self, id: NodeId) -> Result<Option<Checksum>> {
        self.file_system.checksum(id)
    }

    /// See [`FileSystem::damage`].
    pub fn damage(&self) -> Vec<Error> {
        self.file_system.damage()
    }

    /// Everything below (and with) the root, parents first, each directory once.
    pub fn walk(&self) -> Walk<'_> {
        self.walk_along(Route::below(self.root()))
    }

    /// What is along a route, parents first, each directory once.
    pub fn walk_along(&self, route: Route) -> Walk<'_> {
        Walk::new(self, route)
    }

    /// Sizes of the whole.
    pub fn statistics(&self) -> Statistics {
        self.file_system.statistics()
    }

    /// The name of the volume.
    pub fn label(&self) -> String {
        self.file_system.label()
    }

    /// Which of the disc's trees this is.
    pub fn view(&self) -> &'static str {
        self.file_system.view()
    }

    /// The name of the format and its version, for people.
    pub fn format(&self) -> String {
        self.file_system.format()
    }

    /// What is wrong with the disc as a whole, a sentence each.
    pub fn notes(&self) -> &[String] {
        self.file_system.notes()
    }
}

fn data_of(node: &Node) -> Result<&Data> {
    match &node.content {
        Content::Data(data) => Ok(data),
        Content::Broken(error) => Err(error.clone()),
        Content::Nothing if node.attributes.kind == Kind::Directory => Err(Error::IsADirectory),
        Content::Nothing | Content::Link(_) => Err(Error::NotFound),
    }
}
