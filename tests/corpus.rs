//! Real images, made by others, read as others read them.
//!
//! The images lie in `../shared/images` or `$ISOMOUNT_CORPUS/images`, the listings that a stock kernel gives in `expected`
//! beside them; without them the tests say so and pass.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::fs;

use isomount::{
    open::{Image, OpenOptions, TreeOptions, View},
    tree::{Kind, Policy},
};
use support::{
    corpus::{self, corpus, files_below},
    listing,
};

fn compare(suffix: &str, tree: &TreeOptions, with_hashes: bool) {
    let Some(corpus) = corpus() else { return };
    let expected_root = corpus.join("expected");
    let listings = files_below(&expected_root, suffix);
    assert!(!listings.is_empty(), "no listing ends in {suffix}");
    // The listings were made by root.
    let options = OpenOptions { tree: tree.clone(), policy: Policy::of_user(0, 0), ..OpenOptions::default() };
    let mut failures = Vec::new();
    for path in &listings {
        let relative = path.strip_prefix(&expected_root).unwrap().to_string_lossy().into_owned();
        let image = corpus.join("images").join(relative.strip_suffix(suffix).unwrap());
        let expected = listing::parse(&fs::read(path).unwrap());
        match Image::open(&image, &options) {
            Ok(image) => {
                let found = listing::of(image.tree(), with_hashes);
                let mut differences = listing::differences(&expected, &found);
                corpus::leave_out_ours(&mut differences, &relative);
                failures.extend(differences.into_iter().take(5).map(|d| format!("{relative}: {d}")));
            }
            Err(error) => failures.push(format!("{relative}: {error}")),
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} listings:\n{}",
        failures.len(),
        listings.len(),
        failures.join("\n")
    );
}

#[test]
fn every_image_reads_as_the_kernel_shows_it() {
    // The kernel's isofs knows no UDF; the tree that is shown by default may be that.
    compare(".iso9660.tsv", &TreeOptions { udf: false, ..TreeOptions::default() }, true);
}

#[test]
fn udf_reads_as_the_kernel_shows_it() {
    compare(".udf.tsv", &TreeOptions { view: View::Udf, ..TreeOptions::default() }, true);
}

#[test]
fn joliet_reads_as_the_kernel_shows_it() {
    compare(".iso9660-joliet.tsv", &TreeOptions { rock_ridge: false, ..TreeOptions::default() }, false);
}

#[test]
fn plain_iso_9660_reads_as_the_kernel_shows_it() {
    let options = TreeOptions { rock_ridge: false, joliet: false, ..TreeOptions::default() };
    compare(".iso9660-plain.tsv", &options, false);
}

#[test]
fn nodes_that_come_with_their_names_are_those_that_are_asked_for() {
    let Some(corpus) = corpus() else { return };
    let options = OpenOptions { policy: Policy::of_user(0, 0), ..OpenOptions::default() };
    let (mut compared, mut alone) = (0, 0);
    for path in files_below(&corpus.join("images"), "") {
        let (Ok(with_names), Ok(one_by_one)) = (Image::open(&path, &options), Image::open(&path, &options))
        else {
            continue;
        };
        let (with_names, one_by_one) = (with_names.tree(), one_by_one.tree());
        for walked in one_by_one.walk().filter_map(|walked| walked.stat.ok()) {
            if walked.kind != Kind::Directory {
                continue;
            }
            let Ok((listing, nodes)) = with_names.listing_with_nodes(walked.id, usize::MAX) else { continue };
            assert_eq!(listing.len(), nodes.len());
            for (entry, node) in listing.entries(0).zip(nodes) {
                match node {
                    Some(node) => {
                        let asked = one_by_one.stat(entry.node).unwrap();
                        assert_eq!(with_names.stat_of(&node), asked, "{}: {entry:?}", path.display());
                        compared += 1;
                    }
                    None => alone += 1,
                }
            }
        }
    }
    assert!(compared > 1000 && alone * 10 < compared, "{compared} with their names, {alone} alone");
}

#[test]
fn boot_images_of_real_discs_are_where_and_as_long_as_xorriso_finds_them() {
    let Some(corpus) = corpus() else { return };
    for (image, files) in [
        (
            "debian-memtest86+/memtest86+x64.iso",
            &[
                ("eltorito-1-x86-floppy.img", 35 * 2048, 1_474_560),
                ("eltorito-2-efi.img", 826 * 2048, 4_194_304),
                ("mbr-2-efi.img", 826 * 2048, 4_194_304),
            ][..],
        ),
        // Where xorriso goes by whole blocks, these go by what the program says of itself.
        ("debian-grub/grub-rescue-cdrom.iso", &[("eltorito-1-x86.img", 1394 * 2048, 29_541)]),
        ("SimpleBootLoader/test.iso", &[("eltorito-1-x86.img", 27 * 2048, 335)]),
        ("isolyzer/iso9660_hfs_part.iso", &[("apple-2-hfs.img", 16 * 512, 1748 * 512)]),
        ("isolyzer/iso9660_udf_hfs.iso", &[("apple-2-hfs.img", 16 * 512, 1748 * 512)]),
        ("isolyzer/iso9660.iso", &[]),
    ] {
        let image = corpus.join("images").join(image);
        if !image.exists() {
            eprintln!("skipped: no {}", image.display());
            continue;
        }
        let boot = Image::open(&image, &OpenOptions::default()).unwrap().boot().unwrap();
        let found = boot.files();
        let found: Vec<(&str, u64, u64)> = found.iter().map(|f| (f.name.as_str(), f.at, f.size)).collect();
        assert_eq!(found, files, "{}", image.display());
        assert!(boot.findings.lost.is_empty() && boot.findings.noted.is_empty(), "{:?}", boot.findings);
    }
}
