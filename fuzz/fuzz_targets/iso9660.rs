//! Any bytes as an image: opened, walked and read, each answer compared with what the tree said before.
//!
//! The first byte of the input chooses the options ([`options`]). The rest is the image from sector 16 on; the system
//! area in front of it, at which no reader looks, is zeros.
#![no_main]

use std::{collections::HashSet, sync::Arc};

use isomount::{
    Error,
    fs::{NameMap, Options, View},
    limits,
    open::{Image, OpenOptions},
    text,
    tree::{Kind, NodeId, Piece, Policy, Stat, Tree},
};
use libfuzzer_sys::fuzz_target;

/// Bytes in front of the first volume descriptor.
const SYSTEM_AREA: usize = 16 * 2048;

/// Steps of the walk that are taken.
const STEPS: usize = 2000;

/// Names that are looked at, after which no further directory is.
const NAMES: usize = 50_000;

/// Names that are looked up.
const LOOKUPS: usize = 2000;

/// Bytes that are read, each of them twice.
const READ: usize = 1 << 20;

/// Bytes that are read at each end of a file.
const CHUNK: usize = 64 << 10;

fuzz_target!(|input: &[u8]| {
    let Some((choice, sectors)) = input.split_first() else { return };
    let image = [&vec![0; SYSTEM_AREA], sectors].concat();
    let Ok(image) = Image::from_source(Arc::new(image), &options(*choice, sectors.len())) else { return };
    Check { tree: image.tree(), names: NAMES, lookups: LOOKUPS, read: READ }.all();
});

/// Bits 0 and 1: view; 2: `norock`; 3: `nojoliet`; 4 and 5: map, or caches that keep as little as they can (when the
/// image is small, because everything is decoded again and again then); 6: `hide`; 7: `showassoc`.
fn options(choice: u8, len: usize) -> OpenOptions {
    let has = |bit: u8| choice & (1 << bit) != 0;
    let (map, cache_size) = match choice >> 4 & 3 {
        0 => (NameMap::Normal, 4 << 20),
        1 => (NameMap::Off, 4 << 20),
        2 => (NameMap::Acorn, 4 << 20),
        _ if len > CHUNK => (NameMap::Normal, 4 << 20),
        _ => (NameMap::Normal, 0),
    };
    let tree = Options {
        view: View::ALL[usize::from(choice & 3)].1,
        rock_ridge: !has(2),
        joliet: !has(3),
        map,
        hide: has(6).then_some(true),
        show_associated: has(7),
        ..Options::default()
    };
    OpenOptions { tree, policy: Policy::of_user(0, 0), cache_size }
}

/// A tree under test, and how much work is left for it.
struct Check<'a> {
    tree: &'a Tree,
    names: usize,
    lookups: usize,
    read: usize,
}

impl Check<'_> {
    fn all(&mut self) {
        let tree = self.tree;
        let statistics = tree.statistics();
        assert!(matches!(statistics.block_size, 512 | 1024 | 2048), "{statistics:?}");
        let _ = (text::escape(tree.label().as_bytes()), tree.view(), tree.notes());
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
            }
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
        if size <= READ
            && let Ok(pieces) = self.tree.pieces(stat.id, 0, usize::MAX)
        {
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
            assert_eq!(pieces.iter().map(Piece::len).sum::<u64>(), stat.size);
        }
        self.read(stat, 0, CHUNK.min(size));
        if size > CHUNK {
            let len = CHUNK.min(size - CHUNK);
            self.read(stat, stat.size - len as u64, len);
        }
        assert!(self.tree.read(stat.id, stat.size, 1, <[u8]>::len).unwrap_or(0) == 0);
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
}

fn check_stat(stat: &Stat) {
    assert!(stat.id > NodeId(1), "{stat:?}");
    assert!(stat.permissions <= 0o7777, "{stat:?}");
    let times = [stat.modified, stat.accessed, stat.changed, stat.created.unwrap_or_default()];
    assert!(times.iter().all(|time| time.nanoseconds < 1_000_000_000), "{stat:?}");
    let is_device = matches!(stat.kind, Kind::CharDevice | Kind::BlockDevice);
    assert!(is_device || stat.device.is_none(), "{stat:?}");
}
