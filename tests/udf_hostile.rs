//! Small images of UDF whose structures point at each other, so that the work would multiply: each costs little.
//!
//! Work and memory are counted, not timed: the allocator of this program counts what each test's thread allocates, and every
//! descriptor that the driver reads is an allocation.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use isomount::{
    Result,
    open::{Image, OpenOptions, TreeOptions, View},
    tree::{Policy, Stat, Tree},
};
use support::{
    memory::within,
    udf::{Anchor, Descriptor, File, Forged, Partition, Sequence, Udf, seal},
};

/// The block of the volume at which the partition begins.
const START: usize = 288;

/// Bytes of a block.
const BLOCK: usize = 512;

fn small() -> Udf {
    Udf::default().block_size(BLOCK).anchors(&[Anchor::At(256)])
}

/// Adds a block to the only partition of an image.
fn add(image: &mut Forged, bytes: &[u8]) -> u32 {
    let number = image.bytes.len() / image.block - START;
    let mut block = bytes.to_vec();
    block.resize(bytes.len().next_multiple_of(image.block), 0);
    image.bytes.extend(block);
    number as u32
}

/// A descriptor that lies in the block that is added next.
fn add_tagged(image: &mut Forged, identifier: u16, body: &[u8]) -> u32 {
    let number = (image.bytes.len() / image.block - START) as u32;
    add(image, &tagged(identifier, number, body))
}

fn tagged(identifier: u16, location: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    bytes[..2].copy_from_slice(&identifier.to_le_bytes());
    bytes[2] = 3;
    bytes[10..12].copy_from_slice(&(body.len() as u16).to_le_bytes());
    bytes[12..16].copy_from_slice(&location.to_le_bytes());
    bytes.extend(body);
    seal(&mut bytes, 0);
    bytes
}

/// Types of extents: not recorded, and where more descriptors are.
const HOLE: u32 = 2;
const NEXT: u32 = 3;

fn short(kind: u32, len: u32, block: u32) -> Vec<u8> {
    [kind << 30 | len, block].iter().flat_map(|field| field.to_le_bytes()).collect()
}

fn long(kind: u32, len: u32, block: u32, partition: u16) -> Vec<u8> {
    [&short(kind, len, block)[..], &partition.to_le_bytes(), &[0; 6]].concat()
}

/// The body of a file entry: type, kind of descriptors, size, descriptors.
fn entry(kind: u8, allocation: u16, size: u64, descriptors: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 160];
    body[4..6].copy_from_slice(&4u16.to_le_bytes());
    body[8] = 1;
    body[11] = kind;
    body[18..20].copy_from_slice(&allocation.to_le_bytes());
    body[32] = 1;
    body[40..48].copy_from_slice(&size.to_le_bytes());
    body[156..160].copy_from_slice(&(descriptors.len() as u32).to_le_bytes());
    body.extend(descriptors);
    body
}

/// A file identifier.
fn named(name: &str, icb: u32, partition: u16, characteristics: u8) -> Vec<u8> {
    let mut body = vec![1, 0, characteristics, name.len() as u8 + 1];
    body.extend(long(0, BLOCK as u32, icb, partition));
    body.extend([0, 0, 8]);
    body.extend(name.as_bytes());
    body.resize((16 + body.len()).next_multiple_of(4) - 16, 0);
    tagged(257, 0, &body)
}

/// A block of descriptors that leads to itself: so many different ones.
fn add_loop(image: &mut Forged, one: impl Fn(u32) -> Vec<u8>, next: impl Fn(u32) -> Vec<u8>) -> u32 {
    let number = (image.bytes.len() / image.block - START) as u32;
    let mut descriptors = Vec::new();
    let last = next(number);
    let mut i = 0;
    while 24 + descriptors.len() + one(i).len() + last.len() <= image.block {
        descriptors.extend(one(i));
        i += 1;
    }
    descriptors.extend(last);
    let header = [&[0; 4][..], &(descriptors.len() as u32).to_le_bytes()].concat();
    add_tagged(image, 258, &[header, descriptors].concat())
}

/// The last extent of a loop: more descriptors are in the same block.
fn again(own: u32) -> Vec<u8> {
    short(NEXT, BLOCK as u32, own)
}

/// A loop of extents of one block each, no two of which are one run.
fn add_loop_of_runs(image: &mut Forged) -> u32 {
    add_loop(image, |i| short(0, BLOCK as u32, i % 7 * 2), again)
}

/// Gives a file or a directory another size, and another first descriptor.
fn lead(image: &mut Forged, path: &str, size: u64, descriptor: &[u8]) {
    let (entry, at) = (image.icb(path), image.descriptors_of(path));
    image.forge(entry, 56, &size.to_le_bytes());
    image.forge(entry, at - entry - 4, &(descriptor.len() as u32).to_le_bytes());
    image.forge(entry, at - entry, descriptor);
}

/// Gives a directory these bytes.
fn fill(image: &mut Forged, path: &str, bytes: &[u8]) {
    let data = add(image, bytes);
    lead(image, path, bytes.len() as u64, &short(0, bytes.len() as u32, data));
}

fn open(image: &Forged) -> Result<Image> {
    let tree = TreeOptions { view: View::Udf, ..TreeOptions::default() };
    let options = OpenOptions { tree, policy: Policy::of_user(0, 0), ..OpenOptions::default() };
    Image::from_source(Arc::new(image.bytes.clone()), &options)
}

fn list(tree: &Tree) -> usize {
    tree.listing(tree.root()).unwrap().len()
}

fn stat(tree: &Tree, name: &str) -> Stat {
    tree.lookup(tree.root(), name.as_bytes()).unwrap()
}

/// A size that no number of extents reaches.
const ENDLESS: u64 = 1 << 60;

#[test]
fn a_listing_does_not_ask_where_the_bytes_of_files_are() {
    let mut image = small().build();
    let chain = add_loop_of_runs(&mut image);
    let mut names = Vec::new();
    for i in 0..400 {
        let icb = add_tagged(&mut image, 261, &entry(5, 0, ENDLESS, &again(chain)));
        names.extend(named(&format!("{i}"), icb, 0, 0));
    }
    fill(&mut image, "", &names);
    let image = open(&image).unwrap();
    assert_eq!(within(1, 2, || list(image.tree())), 400);
    assert_eq!(within(32, 32, || stat(image.tree(), "7")).size, ENDLESS);
}

#[test]
fn a_directory_is_not_longer_than_the_image() {
    let mut image = small().file("y", b"").build();
    let mut names = Vec::new();
    let icb = (image.icb("y") / BLOCK - START) as u32;
    while names.len() + 44 < BLOCK {
        names.extend(named("0", icb, 0, 0));
    }
    let used = names.len() as u32;
    let blocks = [add(&mut image, &names), add(&mut image, &names)];
    let chain = add_loop(&mut image, |i| short(0, used, blocks[i as usize % 2]), again);
    lead(&mut image, "", 1 << 29, &again(chain));
    let image = open(&image).unwrap();
    let count = within(32, 64, || list(image.tree()));
    assert!((1..10_000).contains(&count), "{count}");
}

#[test]
fn streams_that_share_their_extents_do_not_multiply_the_work() {
    let mut image = small().file("y", File::from(b"m").stream("s", b"s")).build();
    let holes = add_loop(&mut image, |_| short(HOLE, 1, 0), again);
    let runs = add_loop_of_runs(&mut image);
    let long = add_tagged(&mut image, 261, &entry(5, 0, ENDLESS, &again(runs)));
    let streams = [0; 3].map(|_| add_tagged(&mut image, 261, &entry(5, 0, 65_536, &again(holes))));
    let mut names = named("long", long, 0, 0);
    for i in 0..4000 {
        names.extend(named(&format!("{i}"), streams[i % 3], 0, 0));
    }
    fill(&mut image, "y:", &names);
    let image = open(&image).unwrap();
    let tree = image.tree();
    let id = stat(tree, "y").id;
    assert_eq!(within(8, 16, || tree.attribute_names(id)).unwrap().len(), 4000);
    assert_eq!(tree.attribute(id, b"user.0").unwrap(), [0; 65_536]);
    assert_eq!(within(8, 16, || tree.attribute(id, b"user.3999")).unwrap(), [0; 65_536]);
}

#[test]
fn files_that_are_no_virtual_table_do_not_multiply_the_work() {
    let mut image = small().partition(Partition::Virtual { inline: true }).build();
    let chain = add_loop_of_runs(&mut image);
    for _ in 0..400 {
        add_tagged(&mut image, 261, &entry(0, 0, ENDLESS, &again(chain)));
    }
    let image = within(32, 64, || open(&image)).unwrap();
    assert_eq!(list(image.tree()), 0);
}

#[test]
fn metadata_partitions_share_what_one_may_have() {
    const BLOCK: usize = 8192;
    /// Where the maps are in the descriptor, and bytes of the first two of them.
    const MAPS: usize = 440;
    const TWO: usize = 6 + 64;
    let metadata = Udf::default().block_size(BLOCK).partition(Partition::metadata());
    let mut image = metadata.anchors(&[Anchor::At(256)]).file("y", b"y").build();
    let again = |own| short(NEXT, BLOCK as u32, own);
    let chain = add_loop(&mut image, |i| short(0, BLOCK as u32, i % 7 * 2), again);
    let icb = add_tagged(&mut image, 261, &entry(250, 0, ENDLESS, &again(chain)));
    let at = image.descriptor(Descriptor::LogicalVolume, Sequence::Main);
    let mut maps = image.bytes[at + MAPS..at + MAPS + TWO].to_vec();
    let mut map = maps[6..].to_vec();
    map[40..48].copy_from_slice(&[icb, icb].map(u32::to_le_bytes).concat());
    maps.extend(map.repeat(62));
    image.patch(at + 10, &((MAPS - 16 + maps.len()) as u16).to_le_bytes());
    image.patch(at + 264, &[maps.len() as u32, 64].map(u32::to_le_bytes).concat());
    image.forge(at, MAPS, &maps);
    let image = within(64, 96, || open(&image)).unwrap();
    assert_eq!(list(image.tree()), 1);
}

#[test]
fn packets_that_replace_themselves_do_not_multiply_the_work() {
    const COUNT: u32 = 65_535;
    let mut image = small().partition(Partition::Sparable(Vec::new())).file("y", b"y").build();
    // The map: packets of one block, one table, behind all else.
    let map = image.descriptor(Descriptor::LogicalVolume, Sequence::Main) + 440;
    let start = (image.bytes.len() / BLOCK) as u32;
    image.patch(map + 40, &[1, 0, 1]).patch(map + 44, &[1 << 20, start].map(u32::to_le_bytes).concat());
    image.seal(map - 440);
    let mut table = tagged(0, start, &[0; 40]);
    table[17..35].copy_from_slice(b"*UDF Sparing Table");
    table[48..50].copy_from_slice(&(COUNT as u16).to_le_bytes());
    table.extend((0..COUNT).flat_map(|i| [i + 2000, i + 2000 + START as u32]).flat_map(u32::to_le_bytes));
    seal(&mut table, 0);
    add(&mut image, &table);
    let chain = add_loop(&mut image, |i| short(0, COUNT * BLOCK as u32, 2000 + i % 2), again);
    lead(&mut image, "y", ENDLESS, &again(chain));
    let image = open(&image).unwrap();
    assert_eq!(stat(image.tree(), "y").size, ENDLESS);
    assert!(image.tree().pieces(stat(image.tree(), "y").id, 0, 100).unwrap().len() < 100);
}

#[test]
fn indirect_entries_that_names_share_do_not_multiply_the_work() {
    let mut image = small().build();
    let number = (image.bytes.len() / BLOCK - START) as u32;
    let mut body = vec![0; 20];
    body[4..6].copy_from_slice(&4096u16.to_le_bytes());
    body.extend(long(0, BLOCK as u32, number, 0));
    let icb = add_tagged(&mut image, 259, &body);
    let names: Vec<u8> = (0..2000).flat_map(|i| named(&format!("{i}"), icb, 0, 0)).collect();
    fill(&mut image, "", &names);
    let image = open(&image).unwrap();
    assert_eq!(within(1, 16, || list(image.tree())), 2000);
    assert!(image.tree().lookup(image.tree().root(), b"7").is_err());
}

#[test]
fn what_is_before_missing_bytes_is_read_once() {
    let mut image = small().build();
    // Lengths of more than there is, each byte in an extent of its own, and nothing behind them.
    let bytes = [1, 1, 3, 0, 0xff, 0xff, 0, 0].map(|byte| add(&mut image, &[byte]));
    let first = (image.bytes.len() / BLOCK - START) as u32;
    let room = (BLOCK - 24) / 8 - 1;
    for block in 0..1000 {
        let mut descriptors: Vec<u8> =
            (0..room).flat_map(|i| short(0, 1, bytes[(block * room + i) % 8])).collect();
        let next = first + block as u32 + 1;
        descriptors.extend(if block < 999 { again(next) } else { short(0, 1 << 20, 1 << 30) });
        let length = (descriptors.len() as u32).to_le_bytes();
        add_tagged(&mut image, 258, &[&[0; 4][..], &length, &descriptors].concat());
    }
    lead(&mut image, "", 1000 * room as u64 + 100, &again(first));
    let image = open(&image).unwrap();
    assert_eq!(within(8, 16, || list(image.tree())), 0);
}

#[test]
fn what_looks_like_descriptors_is_verified_as_far_as_it_may_reach() {
    let mut image = small().build();
    // A tag every eight bytes, whose checksum is right and whose CRC covers 65283 bytes.
    let names = [1, 1, 3, 0xff, 4, 124, 0, 0].repeat(8 << 20 >> 3);
    fill(&mut image, "", &names);
    let image = open(&image).unwrap();
    assert_eq!(within(16, 64, || list(image.tree())), 0);
}

#[test]
fn garbage_is_searched_without_a_word_for_each_byte() {
    let mut image = small().build();
    fill(&mut image, "", &vec![0xdb; 4 << 20]);
    let image = open(&image).unwrap();
    assert_eq!(within(8, 16, || list(image.tree())), 0);
}

#[test]
fn extents_that_lead_nowhere_do_not_fill_the_memory() {
    let mut image = small().file("y", File::from(b"1").long()).build();
    let again = |own| long(NEXT, BLOCK as u32, own, 0);
    let nowhere = |i| if i % 2 == 0 { long(0, 512, 1, 99) } else { long(HOLE, 512, 0, 0) };
    let chain = add_loop(&mut image, nowhere, again);
    lead(&mut image, "y", ENDLESS, &again(chain));
    let image = open(&image).unwrap();
    assert_eq!(within(8, 16, || stat(image.tree(), "y")).size, ENDLESS);
}

#[test]
fn large_blocks_of_descriptors_count_for_more() {
    const BLOCK: usize = 32_768;
    let image = Udf::default().block_size(BLOCK).anchors(&[Anchor::At(256)]);
    let mut image = image.file("y", b"1").build();
    let number = (image.bytes.len() / BLOCK - START) as u32;
    let again = short(NEXT, BLOCK as u32, number);
    let body = [&[0; 4][..], &8u32.to_le_bytes(), &again].concat();
    add_tagged(&mut image, 258, &body);
    lead(&mut image, "y", ENDLESS, &again);
    let image = open(&image).unwrap();
    assert_eq!(within(1, 40, || stat(image.tree(), "y")).size, ENDLESS);
}
