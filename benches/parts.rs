//! The parts of the path from an image to an answer, each by itself, over forged images in memory.
//!
//! `cargo bench --bench parts`; words behind `--` choose among them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../tests/support/forge.rs"]
mod forge;
#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../tests/support/large.rs"]
mod large;
#[allow(dead_code, unreachable_pub, missing_docs, unused_imports)]
#[path = "../tests/support/udf/mod.rs"]
mod udf;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use divan::{
    Bencher, black_box,
    counter::{BytesCount, ItemsCount},
};
use isomount::{
    open::{Image, OpenOptions},
    source::Source,
    tree::{NodeId, Policy, Tree},
    volume::Cache,
};

fn main() {
    divan::main();
}

/// Bytes shared by all the images that are opened of them.
struct Shared(Arc<Vec<u8>>);

impl Source for Shared {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> std::io::Result<()> {
        self.0.read_at(buf, at)
    }

    fn lend(&self, at: u64, len: usize) -> Option<&[u8]> {
        self.0.get(at as usize..at as usize + len)
    }

    fn is_cached_by_kernel(&self) -> bool {
        true
    }
}

/// A tree with nothing decoded but its root.
fn fresh(bytes: &Arc<Vec<u8>>) -> Tree {
    let options = OpenOptions { policy: Policy::of_user(0, 0), ..OpenOptions::default() };
    Image::from_source(Arc::new(Shared(bytes.clone())), &options).unwrap().into_tree()
}

fn node(tree: &Tree, name: &str) -> NodeId {
    tree.lookup(tree.root(), name.as_bytes()).unwrap().id
}

/// Decodes the directory `many` of an image, each time anew.
fn list(bencher: Bencher<'_, '_>, bytes: Vec<u8>, n: usize) {
    let bytes = Arc::new(bytes);
    let prepared = bencher.counter(ItemsCount::new(n)).with_inputs(|| {
        let tree = fresh(&bytes);
        let directory = node(&tree, "many");
        (tree, directory)
    });
    prepared.bench_local_values(|(tree, directory)| {
        assert_eq!(tree.listing(directory).unwrap().len(), n);
        tree
    });
}

/// Decodes each node of the directory `many`, whose names are known, each time anew.
fn stat_each(bencher: Bencher<'_, '_>, bytes: Vec<u8>, n: usize) {
    let bytes = Arc::new(bytes);
    let prepared = bencher.counter(ItemsCount::new(n)).with_inputs(|| {
        let tree = fresh(&bytes);
        let listing = tree.listing(node(&tree, "many")).unwrap();
        (tree, listing)
    });
    prepared.bench_local_values(|(tree, listing)| {
        let size = |node| tree.stat(node).unwrap().size;
        assert_eq!(listing.entries(0).map(|entry| size(entry.node)).sum::<u64>(), 10 * n as u64);
        tree
    });
}

#[divan::bench(args = [1_000, 50_000], sample_count = 20, sample_size = 1)]
fn list_plain_records(bencher: Bencher<'_, '_>, n: usize) {
    list(bencher, large::plain(n).bytes, n);
}

#[divan::bench(args = [1_000, 50_000], sample_count = 20, sample_size = 1)]
fn list_rock_ridge(bencher: Bencher<'_, '_>, n: usize) {
    list(bencher, large::rock_ridge(n).bytes, n);
}

#[divan::bench(args = [1_000, 50_000], sample_count = 20, sample_size = 1)]
fn list_joliet(bencher: Bencher<'_, '_>, n: usize) {
    list(bencher, large::joliet(n).bytes, n);
}

/// File identifier descriptors, and the file entry that each names.
#[divan::bench(args = [1_000, 5_000], sample_count = 20, sample_size = 1)]
fn list_udf(bencher: Bencher<'_, '_>, n: usize) {
    list(bencher, large::udf(n).build().bytes, n);
}

#[divan::bench(args = [1_000, 50_000], sample_count = 20, sample_size = 1)]
fn stat_rock_ridge(bencher: Bencher<'_, '_>, n: usize) {
    stat_each(bencher, large::rock_ridge(n).bytes, n);
}

/// Of 1 000 the nodes are those that the listing left in the cache.
#[divan::bench(args = [1_000, 5_000], sample_count = 20, sample_size = 1)]
fn stat_udf(bencher: Bencher<'_, '_>, n: usize) {
    stat_each(bencher, large::udf(n).build().bytes, n);
}

/// Names here and there in a listing of 200 000.
#[divan::bench]
fn find_in_listing(bencher: Bencher<'_, '_>) {
    const NAMES: usize = 200_000;
    let tree = fresh(&Arc::new(large::rock_ridge(NAMES).bytes));
    let listing = tree.listing(node(&tree, "many")).unwrap();
    let names: Vec<String> = (0..1000).map(|i| large::name(i * 7919 % NAMES)).collect();
    bencher.counter(ItemsCount::new(names.len())).bench_local(|| {
        names.iter().for_each(|name| assert!(black_box(listing.find(name.as_bytes())).is_some()));
    });
}

/// A lookup of a name whose directory and node are in the caches.
#[divan::bench]
fn lookup_known(bencher: Bencher<'_, '_>) {
    let tree = fresh(&Arc::new(large::rock_ridge(10_000).bytes));
    let (directory, name) = (node(&tree, "many"), large::name(7000));
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| tree.lookup(directory, name.as_bytes()).unwrap());
}

/// Text that packs to about a third.
fn prose(len: usize) -> Vec<u8> {
    (0..)
        .flat_map(|line: u32| format!("{line:x} lines were read of {}.\n", line ^ 0x5a5a).into_bytes())
        .take(len)
        .collect()
}

/// Each block of a packed file, none of which is in the cache.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn unpack_zisofs(bencher: Bencher<'_, '_>) {
    const LEN: usize = 64 * large::PACKED_BLOCK;
    let bytes = Arc::new(large::zisofs(&prose(LEN)).bytes);
    let prepared = bencher.counter(BytesCount::new(LEN)).with_inputs(|| {
        let tree = fresh(&bytes);
        let id = node(&tree, "packed");
        (tree, id, vec![0; large::PACKED_BLOCK])
    });
    prepared.bench_local_values(|(tree, id, mut buf)| {
        for at in (0..LEN as u64).step_by(buf.len()) {
            assert_eq!(tree.read_into(id, at, &mut buf).unwrap(), buf.len());
        }
        tree
    });
}

/// Keys that are all there, asked for by several threads.
#[divan::bench(args = [1, 2, 4, 8], sample_count = 50, sample_size = 1)]
fn cache_hits(bencher: Bencher<'_, '_>, threads: usize) {
    const KEYS: u64 = 256;
    const HITS: u64 = 100_000;
    let cache = Cache::<u64, Arc<[u8]>>::new(8, 64 << 20, |block| block.len());
    for key in 0..KEYS {
        cache.get_or_load(key, || Ok(vec![0; 16].into())).unwrap();
    }
    let turn = AtomicU64::new(0);
    bencher.counter(ItemsCount::new(HITS * threads as u64)).bench_local(|| {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let start = turn.fetch_add(31, Ordering::Relaxed);
                    for i in 0..HITS {
                        let key = (start + i * 17) % KEYS;
                        black_box(cache.get_or_load(key, || panic!("it is there")).unwrap());
                    }
                });
            }
        });
    });
}

/// What one request for data costs where the source lends: everything but the system call.
#[divan::bench(args = [128 << 10, 1 << 20])]
fn lend_a_run(bencher: Bencher<'_, '_>, len: usize) {
    let tree = fresh(&Arc::new(large::run(4 << 20).bytes));
    let id = node(&tree, "run");
    bencher.counter(BytesCount::new(len)).bench_local(|| tree.read(id, 1 << 20, len, <[u8]>::len).unwrap());
}

/// The same where it does not, and the bytes are copied.
#[divan::bench(args = [128 << 10, 1 << 20])]
fn copy_a_run(bencher: Bencher<'_, '_>, len: usize) {
    let tree = fresh(&Arc::new(large::run(4 << 20).bytes));
    let id = node(&tree, "run");
    let mut buf = vec![0; len];
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| assert_eq!(tree.read_into(id, 1 << 20, &mut buf).unwrap(), len));
}
