//! Random trees, put into an image by another program and walked without a mount.
//!
//! The programs that make images must be there; what is missing is said on stderr, and the test passes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{fs, os::unix::fs::symlink, path::Path};

use isomount::open::{Image, OpenOptions};
use proptest::{collection::vec, prelude::*, sample::select};
use support::{
    listing,
    maker::{self, lacks},
    mounted::on_disk,
};

#[derive(Debug, Clone)]
enum Content {
    File { seed: u64, len: usize },
    Link(String),
    Directory(Vec<Entry>),
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    mode: u32,
    time: i64,
    content: Content,
}

/// Characters that a Joliet name may have too: there, names that differ in others only would be the same.
const NAME: &str = "[A-Za-z0-9 ._,+~#@!=&%()'é☃日\\-]{1,40}";

fn content() -> impl Strategy<Value = Content> {
    let len = prop_oneof![select(vec![0, 1, 2047, 2048, 2049, 4096]), 0..5000usize, 0..200_000usize,];
    let part = prop_oneof![
        Just("..".to_owned()),
        Just(".".to_owned()),
        "[a-zé .]{1,30}".prop_filter("a part", |p| p != "." && p != "..")
    ];
    let target = (any::<bool>(), vec(part, 1..8)).prop_map(|(is_absolute, parts)| {
        let start = if is_absolute { "/" } else { "" };
        format!("{start}{}", parts.join("/"))
    });
    prop_oneof![
        4 => (any::<u64>(), len).prop_map(|(seed, len)| Content::File { seed, len }),
        1 => target.prop_map(Content::Link),
    ]
}

/// Entries of one directory. A number in front of each name keeps them apart, whatever a program makes of the rest.
fn entries(
    content: impl Strategy<Value = Content> + Clone,
    fewest: usize,
) -> impl Strategy<Value = Vec<Entry>> {
    // 1902, what every file system on disk can have, to 2027, up to where genisoimage knows the time zone.
    let time = -2_145_000_000..maker::GENISOIMAGE.time;
    vec((NAME, 0..0o10000u32, time, content), fewest..7).prop_map(|all| {
        let numbered = all.into_iter().enumerate().map(|(i, (name, mode, time, content))| {
            // Whoever runs this must be able to read the tree.
            let needed = if matches!(content, Content::Directory(_)) { 0o700 } else { 0o400 };
            Entry { name: format!("{i}{name}"), mode: mode | needed, time, content }
        });
        numbered.collect()
    })
}

fn tree() -> impl Strategy<Value = Vec<Entry>> {
    let nested = content().prop_recursive(
        4,
        60,
        6,
        |inner| prop_oneof![1 => inner.clone(), 2 => entries(inner, 0).prop_map(Content::Directory)],
    );
    // xorriso makes no image of nothing.
    entries(nested, 1)
}

fn write(directory: &Path, entries: &[Entry]) {
    for Entry { name, mode, time, content } in entries {
        let path = directory.join(name);
        match content {
            Content::File { seed, len } => fs::write(&path, maker::bytes(*seed, *len)).unwrap(),
            Content::Link(target) => symlink(target, &path).unwrap(),
            Content::Directory(below) => {
                fs::create_dir(&path).unwrap();
                write(&path, below);
            }
        }
        if !matches!(content, Content::Link(_)) {
            maker::set_mode(&path, *mode);
        }
        maker::set_time(&path, *time);
    }
}

#[derive(Debug, Clone, Copy)]
struct Program {
    name: &'static str,
    make: fn(&Path, &Path, &[&str]),
    options: &'static [&'static str],
}

const PROGRAMS: [Program; 4] = [
    Program { name: "xorriso", make: maker::xorriso, options: &["-R"] },
    Program { name: "xorriso", make: maker::xorriso, options: &["-R", "-J"] },
    Program { name: "genisoimage", make: maker::genisoimage, options: &["-R"] },
    Program { name: "genisoimage", make: maker::genisoimage, options: &["-R", "-J"] },
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn an_image_holds_what_was_put_into_it(entries in tree(), program in select(PROGRAMS.to_vec())) {
        if lacks(&[program.name]) {
            return Ok(());
        }
        let workshop = tempfile::tempdir().unwrap();
        let (source, image) = (workshop.path().join("source"), workshop.path().join("image.iso"));
        fs::create_dir(&source).unwrap();
        write(&source, &entries);
        maker::set_mode(&source, 0o755);
        maker::set_time(&source, maker::SOME_TIME);
        (program.make)(&image, &source, program.options);
        let opened = Image::open(&image, &OpenOptions::default()).unwrap();
        let differences = listing::differences(&on_disk(&source), &listing::of(opened.tree(), true));
        prop_assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}
