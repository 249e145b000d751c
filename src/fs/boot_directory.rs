//! A directory with what the disc can be started from (`-o boot`), in the root of whatever file system is shown.

use std::sync::{Arc, OnceLock};

use super::Options;
use crate::{
    error::{Error, Result},
    tree::{
        Attributes, Checksum, Content, Data, ExtendedAttribute, Extent, FileSystem, Kind, KnownNodes,
        Listing, ListingBuilder, Node, NodeId, Place, Statistics, Structures,
    },
};

/// Its name, unless the root has one of that name.
const NAME: &[u8] = b".boot";

/// The bit that tells the numbers in here from those of all drivers: places on the disc, which have at most 63 bits, and numbers with
/// the bit below (`iso9660/hard_link.rs`).
const MARK: u64 = 1 << 63;

/// The number of the directory itself; those of its files are larger by their own.
const DIRECTORY: NodeId = NodeId(MARK);

/// A run of bytes of the disc that is shown as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootFile {
    /// Which of all that there can be, whatever the disc has: not 0, and no other's.
    pub number: u32,
    /// Its name, no other's.
    pub name: String,
    /// Byte offset on the disc.
    pub at: u64,
    /// Bytes; those that the disc does not have cannot be read.
    pub size: u64,
}

/// Finds the files, once they are asked for.
type Find = Box<dyn Fn() -> Result<Vec<BootFile>> + Send + Sync>;

/// A file system, and in its root one directory more.
pub struct BootDirectory {
    inner: Box<dyn FileSystem>,
    find: Find,
    is_in_any_case: bool,
    /// Permissions of files and of the directory, unless options say otherwise.
    permissions: Option<u16>,
    directory_permissions: Option<u16>,
    /// The names in the root, as long as the mount.
    root: OnceLock<Arc<Listing>>,
    root_node: OnceLock<Arc<Node>>,
    content: OnceLock<Directory>,
}

/// What is in the directory.
struct Directory {
    listing: Arc<Listing>,
    /// Sorted by number.
    files: Vec<Arc<Node>>,
}

impl BootDirectory {
    /// Adds the directory to `inner`. `find` is asked when somebody looks into it; its failures are not kept.
    pub fn new(
        inner: Box<dyn FileSystem>,
        options: &Options,
        find: impl Fn() -> Result<Vec<BootFile>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner,
            find: Box::new(find),
            is_in_any_case: options.relaxed,
            permissions: (!options.overrides_mode).then_some(0o444),
            directory_permissions: (!options.overrides_directory_mode).then_some(0o555),
            root: OnceLock::new(),
            root_node: OnceLock::new(),
            content: OnceLock::new(),
        }
    }

    /// The root, which has one subdirectory more: as far as its number of links counts them, which 1 does not.
    fn root_node(&self) -> Result<Arc<Node>> {
        if let Some(node) = self.root_node.get() {
            return Ok(node.clone());
        }
        let node = self.inner.node(self.inner.root())?;
        let links = node.attributes.links;
        let links = if links > 1 { links.saturating_add(1) } else { links };
        let attributes = Attributes { links, ..node.attributes.clone() };
        Ok(self.root_node.get_or_init(|| Arc::new(Node { attributes, content: Content::Nothing })).clone())
    }

    fn root_listing(&self) -> Result<Arc<Listing>> {
        if let Some(listing) = self.root.get() {
            return Ok(listing.clone());
        }
        let listing = self.inner.listing(self.inner.root())?.with(NAME, DIRECTORY, Kind::Directory);
        Ok(self.root.get_or_init(|| Arc::new(listing)).clone())
    }

    /// Attributes of something in here: nobody's, as old as the root.
    fn attributes(&self, id: NodeId, kind: Kind, size: u64) -> Result<Attributes> {
        let (permissions, links) = match kind {
            Kind::Directory => (self.directory_permissions, 2),
            _ => (self.permissions, 1),
        };
        let root = self.root_node()?;
        let (uid, gid, allocated) = (None, None, size);
        Ok(Attributes {
            id,
            kind,
            permissions,
            links,
            uid,
            gid,
            size,
            allocated,
            device: None,
            ..root.attributes.clone()
        })
    }

    fn content(&self) -> Result<&Directory> {
        if let Some(content) = self.content.get() {
            return Ok(content);
        }
        let mut listing = ListingBuilder::default().in_any_case(self.is_in_any_case);
        let mut files = Vec::new();
        for file in (self.find)()? {
            let id = NodeId(MARK | u64::from(file.number));
            listing.push(file.name.as_bytes(), None, id, Kind::File);
            let mut data = Data::default();
            data.push(Place::Run { at: file.at }, file.size);
            let attributes = self.attributes(id, Kind::File, file.size)?;
            files.push(Arc::new(Node { attributes, content: Content::Data(data) }));
        }
        files.sort_unstable_by_key(|node| node.attributes.id);
        let directory = Directory { listing: Arc::new(listing.finish()), files };
        Ok(self.content.get_or_init(|| directory))
    }

    fn file(&self, id: NodeId) -> Result<Arc<Node>> {
        let files = &self.content()?.files;
        let found = files.binary_search_by_key(&id, |node| node.attributes.id).ok();
        found.and_then(|index| files.get(index)).cloned().ok_or(Error::NotFound)
    }
}

fn is_own(id: NodeId) -> bool {
    id.0 & MARK != 0
}

impl FileSystem for BootDirectory {
    fn root(&self) -> NodeId {
        self.inner.root()
    }

    fn node(&self, id: NodeId) -> Result<Arc<Node>> {
        if id == self.inner.root() {
            self.root_node()
        } else if id == DIRECTORY {
            let attributes = self.attributes(id, Kind::Directory, 0)?;
            Ok(Arc::new(Node { attributes, content: Content::Nothing }))
        } else if is_own(id) {
            self.file(id)
        } else {
            self.inner.node(id)
        }
    }

    fn listing(&self, directory: NodeId) -> Result<Arc<Listing>> {
        if directory == self.inner.root() {
            self.root_listing()
        } else if directory == DIRECTORY {
            Ok(self.content()?.listing.clone())
        } else if is_own(directory) {
            Err(self.file(directory).map_or_else(|error| error, |_| Error::NotADirectory))
        } else {
            self.inner.listing(directory)
        }
    }

    fn listing_with_nodes(&self, directory: NodeId, count: usize) -> Result<(Arc<Listing>, KnownNodes)> {
        if directory == self.inner.root() || is_own(directory) {
            Ok((self.listing(directory)?, Vec::new()))
        } else {
            self.inner.listing_with_nodes(directory, count)
        }
    }

    fn parent(&self, directory: NodeId) -> Result<NodeId> {
        if directory == DIRECTORY {
            Ok(self.inner.root())
        } else if is_own(directory) {
            Err(self.file(directory).map_or_else(|error| error, |_| Error::NotADirectory))
        } else {
            self.inner.parent(directory)
        }
    }

    fn has_extended_attributes(&self) -> bool {
        self.inner.has_extended_attributes()
    }

    fn extended_attributes(&self, id: NodeId) -> Result<Vec<ExtendedAttribute>> {
        if is_own(id) { self.node(id).map(|_| Vec::new()) } else { self.inner.extended_attributes(id) }
    }

    fn extended_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Data>> {
        if is_own(id) { self.node(id).map(|_| None) } else { self.inner.extended_attribute(id, name) }
    }

    fn may_have_extended_attribute(&self, name: &[u8]) -> bool {
        self.inner.may_have_extended_attribute(name)
    }

    fn may_have_access_lists(&self) -> bool {
        self.inner.may_have_access_lists()
    }

    fn private_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Vec<u8>>> {
        if is_own(id) { Ok(None) } else { self.inner.private_attribute(id, name) }
    }

    fn structures(&self, id: NodeId) -> Result<Structures> {
        if is_own(id) { Ok(Structures::default()) } else { self.inner.structures(id) }
    }

    fn name_records(&self, directory: NodeId) -> Result<Vec<Extent>> {
        // Of the root those of its own names, which come first.
        if is_own(directory) { Ok(Vec::new()) } else { self.inner.name_records(directory) }
    }

    fn checksum(&self, id: NodeId) -> Result<Option<Checksum>> {
        if is_own(id) { Ok(None) } else { self.inner.checksum(id) }
    }

    fn damage(&self) -> Vec<Error> {
        self.inner.damage()
    }

    fn statistics(&self) -> Statistics {
        self.inner.statistics()
    }

    fn label(&self) -> String {
        self.inner.label()
    }

    fn view(&self) -> &'static str {
        self.inner.view()
    }

    fn format(&self) -> String {
        self.inner.format()
    }

    fn notes(&self) -> &[String] {
        self.inner.notes()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{
        tree::{Policy, Tree, fake::Fake},
        volume::Volume,
    };

    /// A root with this directory and a file, over a disc of 100 bytes.
    fn tree(options: &Options, find: impl Fn() -> Result<Vec<BootFile>> + Send + Sync + 'static) -> Tree {
        let inner = Fake { directories: vec![(2, vec![3, 4]), (3, vec![5])], ..Fake::default() };
        let directory = BootDirectory::new(Box::new(inner), options, find);
        let volume = Arc::new(Volume::new(Arc::new((0..100).collect::<Vec<u8>>()), 0));
        Tree::new(Box::new(directory), volume, Policy { mode: Some(0o640), ..Policy::of_user(7, 8) }, 0)
    }

    fn file(number: u32, name: &str, at: u64, size: u64) -> BootFile {
        BootFile { number, name: name.to_owned(), at, size }
    }

    fn names(tree: &Tree, directory: NodeId) -> Vec<String> {
        let listing = tree.listing(directory).unwrap();
        listing.entries(0).map(|entry| String::from_utf8(entry.name.to_vec()).unwrap()).collect()
    }

    #[test]
    fn the_directory_is_in_the_root_and_its_files_are_runs_of_the_disc() {
        let tree = tree(&Options::default(), || Ok(vec![file(9, "b", 90, 20), file(1, "a", 10, 5)]));
        assert_eq!(names(&tree, tree.root()), ["3", "4", ".boot"]);
        let boot = tree.lookup(tree.root(), b".boot").unwrap();
        assert_eq!((boot.kind, boot.permissions, boot.links, boot.uid), (Kind::Directory, 0o555, 2, 7));
        assert_eq!(names(&tree, boot.id), ["b", "a"]);
        let (a, b) = (tree.lookup(boot.id, b"a").unwrap(), tree.lookup(boot.id, b"b").unwrap());
        assert_eq!((a.kind, a.permissions, a.links, a.size, a.gid), (Kind::File, 0o444, 1, 5, 8));
        assert_eq!(tree.read(a.id, 0, 100, <[u8]>::to_vec).unwrap(), [10, 11, 12, 13, 14]);
        assert_eq!(tree.read(b.id, 0, 10, <[u8]>::to_vec).unwrap().len(), 10);
        assert!(tree.read(b.id, 0, 11, <[u8]>::to_vec).is_err(), "bytes that the disc does not have");
        assert_eq!(tree.lookup(boot.id, b"..").unwrap().id, tree.root());
        assert!(matches!(tree.lookup(boot.id, b"c"), Err(Error::NotFound)));
        assert!(matches!(tree.listing(a.id), Err(Error::NotADirectory)));
        assert!(matches!(tree.parent(a.id), Err(Error::NotADirectory)));
        assert!(matches!(tree.stat(NodeId(MARK | 2)), Err(Error::NotFound)));
        assert!(matches!(tree.read(boot.id, 0, 1, <[u8]>::len), Err(Error::IsADirectory)));
        assert_eq!(tree.walk().count(), 7);
    }

    #[test]
    fn nothing_is_looked_for_before_somebody_looks_and_once_then() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = looks.clone();
        let tree = tree(&Options::default(), move || match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Error::io("a bad moment", std::io::ErrorKind::TimedOut.into())),
            _ => Ok(vec![]),
        });
        let boot = tree.lookup(tree.root(), b".boot").unwrap().id;
        assert_eq!((names(&tree, tree.root()).len(), tree.stat(boot).unwrap().size), (3, 0));
        assert_eq!(looks.load(Ordering::Relaxed), 0);
        assert!(tree.listing(boot).is_err());
        for _ in 0..3 {
            assert!(names(&tree, boot).is_empty());
        }
        assert_eq!(looks.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn options_replace_permissions_and_look_up_in_any_case() {
        let options = Options {
            relaxed: true,
            overrides_mode: true,
            overrides_directory_mode: true,
            ..Options::default()
        };
        let tree = tree(&options, || Ok(vec![file(1, "a", 0, 1)]));
        let boot = tree.lookup(tree.root(), b".boot").unwrap();
        assert_eq!(boot.permissions, 0o555);
        assert_eq!(tree.lookup(boot.id, b"A").unwrap().permissions, 0o640);
    }
}
