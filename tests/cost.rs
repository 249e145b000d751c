//! What reading costs: bytes read, allocations, memory; counted, so that no figure depends on the clock.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use isomount::{
    Result,
    open::{Image, OpenOptions, describe_source},
    source::{FileSource, Part, Source},
    tree::{Kind, NodeId, Packed, Place, Policy, Tree},
};
use support::{
    forge::*,
    large,
    maker::{self, Workshop, lacks},
    memory::{allocations, kept, peak},
    source::{Stretched, Tally},
    udf::{Metadata, Partition, Udf},
};

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;

/// Bytes that are read at once: a block of the sector cache.
const BLOCK: u64 = 16 * KIB;

/// Bytes that opening an image may read.
const TO_OPEN: u64 = 64 * KIB;

/// Nominal lengths of an image; 0 is as long as it is.
const LENGTHS: [u64; 4] = [0, GIB, 4 * GIB, 100 * GIB];

fn open(source: Arc<dyn Source>, cache_size: usize) -> Image {
    let policy = Policy::of_user(0, 0);
    Image::from_source(source, &OpenOptions { policy, cache_size, ..OpenOptions::default() }).unwrap()
}

const CACHE: usize = isomount::open::DEFAULT_CACHE_SIZE;

/// The bytes that opening an image reads.
fn to_open(source: impl Source + 'static, view: &str) -> u64 {
    let tally = Tally::of(source);
    let image = open(tally.clone(), CACHE);
    assert_eq!(image.tree().view(), view);
    tally.bytes()
}

/// Images of ISO 9660, with their views.
fn iso9660_images() -> Vec<(String, &'static str, Vec<u8>)> {
    // A second session, its addresses counted from the start of the disc.
    let (second, mut sessions) = (300, Forge::new());
    let root = second + ROOT;
    sessions.descriptor(second as usize + 16, 1, &[0; 32], root).terminator(second as usize + 17);
    sessions.directory(ROOT, ROOT, &[file("ONE.;1", 22, 4)]).directory(root, root, &[file("TWO.;1", 22, 4)]);
    vec![
        ("plain".to_owned(), "iso9660", large::plain(100).bytes),
        ("Rock Ridge".to_owned(), "rockridge", large::rock_ridge(100).bytes),
        ("20 000 names in the root".to_owned(), "iso9660", large::plain(20_000).bytes),
        ("200 directories in the root".to_owned(), "rockridge", large::nested(200, 2).bytes),
        ("Joliet".to_owned(), "joliet", large::joliet(100).bytes),
        ("two sessions".to_owned(), "iso9660", sessions.bytes),
    ]
}

/// Images of UDF.
fn udf_images() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add = |revision, block, partition: Partition| {
        let udf = large::udf(20).revision(revision).block_size(block).partition(partition.clone());
        all.push((format!("UDF {revision:x}, {block}, {partition:?}"), "udf", udf.build().bytes));
    };
    for (revision, block) in [(0x102, 2048), (0x150, 2048), (0x201, 512), (0x201, 4096), (0x260, 2048)] {
        for partition in [Partition::Physical, Partition::Two, Partition::sparable()] {
            add(revision, block, partition);
        }
    }
    for duplicate in [false, true] {
        add(0x250, 2048, Partition::Metadata(Metadata { duplicate, ..Metadata::default() }));
    }
    all
}

#[test]
fn opening_reads_little_of_an_image_of_any_length() {
    for (name, view, bytes) in iso9660_images().into_iter().chain(udf_images()) {
        for len in LENGTHS {
            let read = to_open(Stretched::new(bytes.clone(), len), view);
            assert!(read < TO_OPEN, "{name}, {len} bytes: {read}");
        }
    }
}

/// Bytes that telling what an image is may read: opening it, its descriptors and the start of its root again, and what trails.
const TO_DESCRIBE: u64 = 512 * KIB;

#[test]
fn telling_what_an_image_is_reads_little_of_one_of_any_length() {
    let mut images: Vec<(String, Vec<u8>)> =
        iso9660_images().into_iter().chain(udf_images()).map(|(name, _, bytes)| (name, bytes)).collect();
    let table = large::udf(20).revision(0x201).partition(Partition::Virtual { inline: false });
    images.push(("a virtual table".to_owned(), table.build().bytes));
    for (name, bytes) in images {
        for len in LENGTHS {
            let tally = Tally::of(Stretched::new(bytes.clone(), len));
            let options = OpenOptions { policy: Policy::of_user(0, 0), ..OpenOptions::default() };
            let described = describe_source(tally.clone(), &options).unwrap();
            assert!(described.image.is_ok() && !described.description.trees.is_empty(), "{name}");
            assert!(tally.bytes() < TO_DESCRIBE, "{name}, {len} bytes: {}", tally.bytes());
        }
    }
}

#[test]
fn a_virtual_table_is_looked_for_in_the_last_blocks_alone() {
    for (revision, inline) in [(0x150, false), (0x201, false), (0x201, true)] {
        let udf = large::udf(20).revision(revision).partition(Partition::Virtual { inline }).build();
        for len in LENGTHS {
            let tally = Tally::of(Stretched::new(udf.bytes.clone(), len));
            assert_eq!(open(tally.clone(), CACHE).tree().view(), "udf");
            let (read, reads) = (tally.bytes(), tally.reads());
            assert!(read < TO_OPEN && reads < 512, "{len} bytes: {read} in {reads} reads");
        }
    }
}

#[test]
fn opening_a_volume_of_mkudffs_reads_little() {
    if lacks(&["mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let media = ["hd", "dvd", "dvdram", "worm", "mo", "cdrw", "cdr", "dvdrw", "dvdr", "bdr"];
    for medium in media {
        for (len, revision) in [(100 * GIB, "2.01"), (GIB, "1.50"), (GIB, "2.60")] {
            let image = workshop.path("udf");
            let options = ["-m", medium, "-b", "2048", "-r", revision];
            if maker::mkudffs(&image, len, &options).is_none() {
                continue;
            }
            let read = to_open(FileSource::open(&image).unwrap(), "udf");
            assert!(read < TO_OPEN, "{medium}, revision {revision}, {len} bytes: {read}");
        }
    }
}

#[test]
fn opening_a_bridge_disc_beyond_4_gib_reads_both_trees_at_most_once() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    for d in 0..10 {
        let directory = workshop.path(&format!("source/d{d}"));
        std::fs::create_dir(&directory).unwrap();
        (0..100).for_each(|i| std::fs::write(directory.join(format!("file{i}")), "").unwrap());
    }
    maker::genisoimage(&workshop.image(), &workshop.source(), &["-R", "-udf"]);
    let bytes = std::fs::read(workshop.image()).unwrap();
    let metadata = bytes.len() as u64;
    let read = |len| to_open(Stretched::new(bytes.clone(), len), "rockridge");
    let (short, long) = (read(4 * GIB), read(4 * GIB + 2048));
    assert!(short < TO_OPEN, "{short}");
    // There alone files are compared, because right comes before fast; each block is read once.
    assert!(long > short && long < metadata + 4 * BLOCK, "{long} of {metadata}");
    assert_eq!(read(100 * GIB), long);
}

/// Asks for every node.
fn walk(image: &Image) -> usize {
    image.tree().walk().map(|entry| assert!(entry.stat.is_ok() && entry.unlisted.is_none())).count()
}

#[test]
fn a_walk_reads_each_directory_once_and_a_second_nothing() {
    let forge = large::nested(20, 100);
    let metadata = forge.bytes.len() as u64 - u64::from(ROOT) * SECTOR as u64;
    let udf = large::udf(1000).build();
    // Of UDF each file has an entry in a block of its own, and a name.
    let entries = 1000 * (udf.block as u64 + 38 + large::name(0).len() as u64);
    let images = [(forge.bytes, metadata, 2 * BLOCK, 1 + 20 * 101), (udf.bytes, entries, 10 * BLOCK, 1002)];
    for (bytes, useful, to_open, nodes) in images {
        let tally = Tally::of(bytes);
        let image = open(tally.clone(), CACHE);
        assert_eq!(walk(&image), nodes);
        let read = tally.bytes();
        assert!(read <= useful * 11 / 10 + to_open, "{read} of {useful}");
        let (found, read) = tally.during(|| walk(&image));
        assert_eq!((found, read), (nodes, 0));
    }
}

#[test]
fn small_pieces_of_a_file_read_each_byte_once() {
    const LEN: usize = 1 << 20;
    let udf = Udf::default().file("run", vec![7; LEN]).build().bytes;
    for bytes in [large::run(LEN).bytes, udf] {
        let tally = Tally::of(bytes);
        let image = open(tally.clone(), CACHE);
        let id = stat(&image, "run").unwrap().id;
        let mut buf = [0; 4096];
        let (found, read) = tally.during(|| {
            let read = |at| image.tree().read_into(id, at as u64, &mut buf).unwrap();
            (0..LEN).step_by(4096).map(read).sum::<usize>()
        });
        assert_eq!(found, LEN);
        assert!(read <= LEN as u64 + 2 * BLOCK, "{read}");
    }
}

/// The node of the directory with many names.
fn many(tree: &Tree) -> NodeId {
    tree.lookup(tree.root(), b"many").unwrap().id
}

#[test]
fn what_is_known_is_answered_without_reading_or_allocating() {
    for n in [100, 10_000] {
        let udf = large::udf(n.min(1000)).build().bytes;
        let images = [large::rock_ridge(n).bytes, large::joliet(n).bytes, udf];
        for bytes in images {
            let tally = Tally::of(bytes);
            let image = open(tally.clone(), CACHE);
            let tree = image.tree();
            let directory = many(tree);
            let name = large::name(n.min(1000) / 2);
            let id = tree.lookup(directory, name.as_bytes()).unwrap().id;
            let mut buf = [0; 10];
            assert_eq!(tree.read(id, 0, 4096, <[u8]>::len).unwrap(), 10);
            let ((), read) = tally.during(|| {
                let none = |what: &str, work: &mut dyn FnMut()| {
                    assert_eq!(allocations(work).1, 0, "{what}, {n} names, {}", tree.format());
                };
                none("lookup", &mut || assert_eq!(tree.lookup(directory, name.as_bytes()).unwrap().id, id));
                none("a missing name", &mut || assert!(tree.lookup(directory, b"missing").is_err()));
                none("stat", &mut || assert_eq!(tree.stat(id).unwrap().size, 10));
                none("read", &mut || assert_eq!(tree.read(id, 0, 4096, <[u8]>::len).unwrap(), 10));
                none("read_into", &mut || assert_eq!(tree.read_into(id, 0, &mut buf).unwrap(), 10));
                none("listing", &mut || {
                    assert!(
                        tree.listing(directory).unwrap().entries(0).all(|entry| entry.kind == Kind::File)
                    );
                });
            });
            assert_eq!(read, 0, "{n} names, {}", tree.format());
        }
    }
}

#[test]
fn a_name_costs_the_same_in_a_directory_of_any_length() {
    let cost = |n: usize| {
        let tally = Tally::of(large::rock_ridge(n).bytes);
        let image = open(tally.clone(), CACHE);
        let directory = many(image.tree());
        let ((), listed) = allocations(|| drop(image.tree().listing(directory).unwrap()));
        let name = large::name(n / 3);
        let ((_, allocated), read) =
            tally.during(|| allocations(|| image.tree().lookup(directory, name.as_bytes()).unwrap()));
        (listed, allocated, read)
    };
    for n in [100, 10_000, 100_000] {
        let (listed, allocated, read) = cost(n);
        // Of each name its bytes, twice.
        assert!(listed <= 3 * n, "{n} names: {listed}");
        assert!(allocated <= 10, "{n} names: {allocated}");
        assert!(read <= 2 * BLOCK, "{n} names: {read}");
    }
}

/// Reads 4 KiB of a packed file from byte `at` on, and compares.
fn read_packed(image: &Image, id: NodeId, content: &[u8], at: usize) {
    let mut buf = [0; 4096];
    assert_eq!(image.tree().read_into(id, at as u64, &mut buf).unwrap(), buf.len());
    assert!(buf[..] == content[at..at + buf.len()]);
}

#[test]
fn a_piece_of_a_packed_file_unpacks_one_block() {
    let content = maker::bytes(3, 100 * large::PACKED_BLOCK);
    let forge = large::zisofs(&content);
    let packed = (forge.bytes.len() / 100) as u64;
    let tally = Tally::of(forge.bytes);
    let image = open(tally.clone(), CACHE);
    let id = stat(&image, "packed").unwrap().id;
    let block = 70 * large::PACKED_BLOCK;
    let ((), read) = tally.during(|| read_packed(&image, id, &content, block + 20_000));
    // The magic number, two pointers, and the block, in blocks of the cache that they begin and end in.
    assert!(read <= packed + 4 * BLOCK, "{read}");
    let ((), read) =
        tally.during(|| (0..8).for_each(|i| read_packed(&image, id, &content, block + 4096 * i)));
    assert!(read == 0, "{read}");
}

/// Packed blocks that count how often they are unpacked, and take until all threads ask for them.
#[derive(Debug)]
struct Slow {
    threads: usize,
    asking: AtomicUsize,
    unpacked: AtomicUsize,
}

impl Packed for Slow {
    fn block_size(&self) -> u64 {
        large::PACKED_BLOCK as u64
    }

    fn weight(&self) -> usize {
        size_of::<Self>()
    }

    fn unpack(&self, _index: u64) -> Result<Vec<u8>> {
        self.unpacked.fetch_add(1, Ordering::SeqCst);
        while self.asking.load(Ordering::SeqCst) < self.threads {
            thread::yield_now();
        }
        // They said that they will ask; let them.
        (0..1000).for_each(|_| thread::yield_now());
        Ok(vec![7; large::PACKED_BLOCK])
    }
}

#[test]
fn readers_of_one_block_unpack_it_once() {
    let slow = Arc::new(Slow { threads: 8, asking: AtomicUsize::new(0), unpacked: AtomicUsize::new(0) });
    let tree = support::one_file::tree(Place::Packed(slow.clone()), large::PACKED_BLOCK as u64);
    thread::scope(|scope| {
        for i in 0..slow.threads as u64 {
            let (tree, slow) = (&tree, &slow);
            scope.spawn(move || {
                let mut buf = [0; 4096];
                slow.asking.fetch_add(1, Ordering::SeqCst);
                assert_eq!(tree.read_into(tree.root(), i * 4096, &mut buf).unwrap(), 4096);
                assert_eq!(buf, [7; 4096]);
            });
        }
    });
    assert_eq!(slow.unpacked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_listing_of_200_000_names_takes_few_bytes_for_each() {
    const NAMES: usize = 200_000;
    for (bytes, length) in [(large::plain(NAMES).bytes, 12), (large::rock_ridge(NAMES).bytes, 23)] {
        // With caches that keep next to nothing else.
        let image = open(Arc::new(bytes), 64 << 10);
        let directory = many(image.tree());
        let ((listing, kept), used) = peak(|| kept(|| image.tree().listing(directory).unwrap()));
        assert_eq!(listing.len(), NAMES);
        let (kept, used) = (kept / NAMES, used / NAMES);
        assert!(kept <= length + 24, "{kept} bytes for each name");
        // Tables that grow are twice as large at the worst.
        assert!(used <= 2 * (length + 24), "{used} bytes for each name");
    }
}

#[test]
fn caches_keep_to_their_budget_on_a_walk_through_100_000_files() {
    let forge = large::nested(200, 500);
    let bytes = Arc::new(forge.bytes);
    for budget in [1 << 20, 4 << 20] {
        let work = || {
            let image = open(Arc::new(Part::new(bytes.clone(), 0, u64::MAX)), budget);
            assert_eq!(walk(&image), 1 + 200 * 501);
            image
        };
        let ((_image, kept), used) = peak(|| kept(work));
        assert!(kept <= budget, "{kept} of {budget}");
        assert!(used <= budget + (256 << 10), "{used} of {budget}");
    }
}
