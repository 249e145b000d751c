//! What must hold for the tree of any image: every answer agrees with what the tree said before.

use std::collections::HashSet;

use isomount::{
    Error, limits, text,
    tree::{
        EXTENTS, Kind, NodeId, Piece, Stat, Tree,
        access_list::{self, AccessList},
    },
};

/// Steps of the walk that are taken.
const STEPS: usize = 2000;

/// Names that are looked at, after which no further directory is.
const NAMES: usize = 50_000;

/// Names that are looked up.
const LOOKUPS: usize = 2000;

/// Bytes that are read, each of them twice.
const READ: usize = 1 << 20;

/// Bytes that are read at each end of a file.
pub const CHUNK: usize = 64 << 10;

/// Nodes whose extended attributes are read, and how many of them all have together.
const ATTRIBUTED: usize = 64;
const ATTRIBUTES: usize = 256;

/// Holes of one file that are looked for.
const HOLES: usize = 16;

/// A tree under test, and how much work is left for it.
pub struct Check<'a> {
    tree: &'a Tree,
    names: usize,
    lookups: usize,
    read: usize,
    attributed: usize,
    attributes: usize,
}

impl<'a> Check<'a> {
    pub fn new(tree: &'a Tree) -> Self {
        let (attributed, attributes) = (ATTRIBUTED, ATTRIBUTES);
        Self { tree, names: NAMES, lookups: LOOKUPS, read: READ, attributed, attributes }
    }

    pub fn all(&mut self) {
        let tree = self.tree;
        let statistics = tree.statistics();
        let block_size = statistics.block_size;
        assert!(block_size.is_power_of_two() && (512..=32768).contains(&block_size), "{statistics:?}");
        let _ = (text::escape(tree.label().as_bytes()), tree.view(), tree.format(), tree.notes());
        assert_eq!(tree.parent(tree.root()).unwrap(), tree.root());
        for step in tree.walk().take(STEPS) {
            let Ok(stat) = &step.stat else { continue };
            if step.path.is_empty() {
                assert_eq!((stat.id, stat.kind), (tree.root(), Kind::Directory), "the root");
            }
            check_stat(stat);
            match stat.kind {
                Kind::Directory if step.unlisted.is_none() => self.directory(stat.id),
                Kind::File => self.file(stat),
                Kind::Symlink => self.link(stat),
                _ => {}
            }
            if self.names == 0 {
                break;
            }
            if stat.kind != Kind::Symlink {
                assert!(tree.read_link(stat.id).is_err());
            }
            if stat.kind != Kind::File {
                assert!(tree.read(stat.id, 0, 1, <[u8]>::len).is_err());
                assert!(tree.seek_data(stat.id, 0).is_err() && tree.seek_hole(stat.id, 0).is_err());
            }
            self.attributes(stat.id);
        }
    }

    /// Checks the names of a directory and looks each up again.
    fn directory(&mut self, id: NodeId) {
        let tree = self.tree;
        let listing = tree.listing(id).unwrap();
        self.names = self.names.saturating_sub(listing.len());
        let mut names = HashSet::new();
        for entry in listing.entries(0) {
            let shown = || text::escape(entry.name);
            assert!(!matches!(entry.name, b"" | b"." | b".."), "{:?}", shown());
            assert!(!entry.name.iter().any(|b| matches!(b, 0 | b'/')), "{:?}", shown());
            assert!(entry.name.len() <= limits::NAME, "{:?}", shown());
            assert!(names.insert(entry.name), "two entries are named {:?}", shown());
            if self.lookups == 0 {
                continue;
            }
            self.lookups -= 1;
            match tree.lookup(id, entry.name) {
                Ok(stat) => {
                    assert_eq!(stat.id, entry.node, "{:?}", shown());
                    assert_eq!(stat.kind, entry.kind, "{:?}", shown());
                }
                Err(Error::NotFound) => panic!("{:?} is listed and not found", shown()),
                Err(_) => {}
            }
        }
        assert_eq!(names.len(), listing.len());
        assert!(matches!(tree.lookup(id, b""), Err(Error::NotFound)));
        assert_eq!(tree.lookup(id, b".").unwrap().id, id);
        if let Ok(parent) = tree.parent(id)
            && let Ok(stat) = tree.stat(parent)
        {
            assert_eq!((stat.id, stat.kind), (parent, Kind::Directory), "the parent");
        }
    }

    /// Reads a file, both of its ends when it is long.
    fn file(&mut self, stat: &Stat) {
        let size = usize::try_from(stat.size).unwrap();
        let count = if size <= READ { usize::MAX } else { HOLES };
        if let Ok(pieces) = self.tree.pieces(stat.id, 0, count) {
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
            let sum = pieces.iter().map(Piece::len).sum::<u64>();
            assert!(sum == stat.size || sum < stat.size && pieces.len() == count, "{sum} of {stat:?}");
            self.holes(stat);
        }
        self.read(stat, 0, CHUNK.min(size));
        if size > CHUNK {
            let len = CHUNK.min(size - CHUNK);
            self.read(stat, stat.size - len as u64, len);
        }
        assert!(self.tree.read(stat.id, stat.size, 1, <[u8]>::len).unwrap_or(0) == 0);
    }

    /// Goes from hole to hole of a file whose pieces are known, by seeking.
    fn holes(&self, stat: &Stat) {
        let tree = self.tree;
        let mut at = 0;
        for _ in 0..HOLES {
            if at >= stat.size {
                break;
            }
            let data = tree.seek_data(stat.id, at);
            let from = match &data {
                Ok(from) => *from,
                Err(Error::NoOffset) => stat.size,
                Err(error) => panic!("{error} at {at} of {stat:?}"),
            };
            assert!(at <= from && from <= stat.size && (from < stat.size || data.is_err()), "{stat:?}");
            if at < from {
                assert_eq!(tree.seek_hole(stat.id, at).unwrap(), at, "{stat:?}");
                self.piece(stat, at, true);
            }
            if data.is_err() {
                break;
            }
            self.piece(stat, from, false);
            at = tree.seek_hole(stat.id, from).unwrap();
            assert!(from < at && at <= stat.size, "{at} behind {from} of {stat:?}");
            self.piece(stat, at - 1, false);
        }
        assert!(matches!(tree.seek_data(stat.id, stat.size), Err(Error::NoOffset)));
        assert!(matches!(tree.seek_hole(stat.id, stat.size), Err(Error::NoOffset)));
    }

    /// Whether a byte of a file is in a hole.
    fn piece(&self, stat: &Stat, at: u64, is_hole: bool) {
        let pieces = self.tree.pieces(stat.id, at, 1).unwrap();
        assert_eq!(matches!(pieces[..], [Piece::Hole { .. }]), is_hole, "at {at} of {stat:?}");
    }

    /// Reads `len` bytes, which the file has, twice: at once, and in two parts.
    fn read(&mut self, stat: &Stat, at: u64, len: usize) {
        // To unpack a block takes long however little of it is wanted.
        let is_packed = stat.allocated != stat.size;
        let cost = len + if is_packed { CHUNK } else { 1024 };
        let Some(left) = self.read.checked_sub(cost) else { return };
        self.read = left;
        let mut first = vec![0; len];
        match self.tree.read_into(stat.id, at, &mut first) {
            Ok(read) => assert_eq!(read, len, "at {at} of {stat:?}"),
            Err(_) => {
                assert!(self.tree.read(stat.id, at, len, <[u8]>::len).is_err(), "at {at} of {stat:?}");
                return;
            }
        }
        let (head, tail) = first.split_at(len / 3);
        for (part, at) in [(head, at), (tail, at + head.len() as u64)] {
            let is_same = self.tree.read(stat.id, at, part.len(), |bytes| bytes == part);
            assert!(is_same.unwrap(), "at {at} of {stat:?}");
        }
    }

    fn link(&self, stat: &Stat) {
        if let Ok(target) = self.tree.read_link(stat.id) {
            assert_eq!(target.len() as u64, stat.size);
            assert!((1..=limits::LINK_TARGET).contains(&target.len()));
            assert_eq!(self.tree.read_link(stat.id).unwrap(), target);
        }
    }

    /// Reads the extended attributes of a node by their names.
    fn attributes(&mut self, id: NodeId) {
        let tree = self.tree;
        let Some(left) = self.attributed.checked_sub(1) else { return };
        self.attributed = left;
        // Where the bytes of a file lie is listed nowhere.
        if let Ok(extents) = tree.attribute(id, EXTENTS) {
            assert!(extents.len() as u64 <= limits::EXTENDED_ATTRIBUTE);
            assert_eq!(tree.stat(id).unwrap().kind, Kind::File);
        }
        let _ = tree.private_attribute(id, b"isofs.cx");
        let Ok(names) = tree.attribute_names(id) else { return };
        assert!(!names.iter().any(|name| **name == *EXTENTS));
        assert!(names.is_empty() || tree.has_extended_attributes());
        assert!(names.iter().map(|name| name.len() + 1).sum::<usize>() <= limits::EXTENDED_ATTRIBUTES);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
        for name in names.iter().take(self.attributes) {
            self.attributes -= 1;
            assert!((1..=limits::EXTENDED_ATTRIBUTE_NAME).contains(&name.len()) && !name.contains(&0));
            assert!(tree.may_have_attribute(name), "{:?}", text::escape(name));
            match tree.attribute(id, name) {
                Ok(value) => {
                    assert!(value.len() as u64 <= limits::EXTENDED_ATTRIBUTE);
                    let is_list = [access_list::ACCESS, access_list::DEFAULT].contains(&&**name);
                    assert!(!is_list || AccessList::from_kernel(&value).is_some_and(|list| list.len() >= 3));
                }
                Err(Error::NoAttribute) => panic!("{:?} is listed and not found", text::escape(name)),
                Err(_) => {}
            }
        }
        assert!(matches!(tree.attribute(id, b""), Err(Error::NoAttribute)));
    }
}

fn check_stat(stat: &Stat) {
    assert!(stat.id > NodeId(1), "{stat:?}");
    assert!(stat.permissions <= 0o7777, "{stat:?}");
    let times = [stat.modified, stat.accessed, stat.changed, stat.created.unwrap_or_default()];
    assert!(times.iter().all(|time| time.nanoseconds < 1_000_000_000), "{stat:?}");
    let is_device = matches!(stat.kind, Kind::CharDevice | Kind::BlockDevice);
    assert!(is_device || stat.device.is_none(), "{stat:?}");
}
