//! What `isomount check` says of structures, of trees that disagree, and of images that are in order or mean no good.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    collections::BTreeSet,
    fs::{self, File as DiskFile},
    os::unix::{fs::FileExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use support::{
    checked::{self, Said, check, lines},
    forge::*,
    large, listing,
    maker::{self, GENISOIMAGE_LEVEL_4, Workshop, XORRISO, lacks},
    mounted::{Mounted, PROGRAM},
    udf::{Damage, Descriptor, Extent, File, Forged, Integrity, Metadata, Partition, Sequence, Udf},
};

/// Where the content of forged files lies.
const DATA: u32 = 30;

fn of_bytes(bytes: &[u8]) -> Said {
    let directory = tempfile::tempdir().unwrap();
    check(&checked::write(directory.path(), "image.iso", bytes), &[])
}

fn kinds(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

fn message(said: &Said, kind: &str) -> String {
    let found = said.of(kind);
    assert_eq!(found.len(), 1, "{kind}: {}", said.json);
    found[0]["message"].as_str().unwrap().to_owned()
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("ISOMOUNT_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if root.join("images").is_dir() && root.join("expected").is_dir() {
        return Some(root);
    }
    eprintln!("skipped: no images in {}", root.display());
    None
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Images of others that are not in order: what is damaged in them.
const DAMAGED: [(&str, &str); 1] = [("libarchive/test_read_format_iso_rockridge_ce_loop.iso", "structure")];

/// Remarks that were looked at, and are true.
const REMARKS: [(&str, &str); 0] = [];

#[test]
fn images_of_others_that_are_in_order_are_whole() {
    let Some(root) = corpus() else { return };
    let mut count = 0;
    for path in files(&root.join("images")) {
        let name = path.strip_prefix(root.join("images")).unwrap().to_str().unwrap().to_owned();
        let expected = root.join("expected");
        let is_listed = ["iso9660", "udf", "iso9660-plain", "iso9660-joliet"]
            .iter()
            .any(|view| expected.join(format!("{name}.{view}.tsv")).exists());
        if !is_listed {
            continue;
        }
        let said = check(&path, &["--quick"]);
        let damage: BTreeSet<String> =
            DAMAGED.iter().filter(|(image, _)| *image == name).map(|(_, kind)| (*kind).to_owned()).collect();
        let remarks: BTreeSet<String> =
            REMARKS.iter().filter(|(image, _)| *image == name).map(|(_, kind)| (*kind).to_owned()).collect();
        assert_eq!((said.damage(), said.remarks()), (damage, remarks), "{name}: {}", said.json);
        count += 1;
    }
    assert!(count > 40, "{count}");
}

#[test]
fn images_of_every_maker_are_whole() {
    if lacks(&["root", "xorriso", "genisoimage", "mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    for (maker, abilities, all) in [
        (
            "xorriso",
            XORRISO,
            &[
                &["-R"][..],
                &["-R", "-J"],
                &["-J"],
                &["-r", "-J", "-joliet-long", "-iso-level", "3"],
                &["-R", "-iso-level", "4"],
                &[],
                &["-R", "-z"],
                &["-R", "--md5", "-J"],
                &["-R", "-isohybrid-gpt-basdat", "-partition_offset", "16"],
            ][..],
        ),
        (
            "genisoimage",
            // It loses longer names in UDF.
            GENISOIMAGE_LEVEL_4,
            &[
                &["-R"],
                &["-R", "-J", "-joliet-long"],
                &["-J", "-l"],
                &["-R", "-udf"],
                &["-udf", "-J"],
                &["-R", "-D"],
                &["-R", "-iso-level", "4", "-allow-limited-size"],
                &["-hfs", "-R"],
                &["-R", "-no-pad"],
            ],
        ),
    ] {
        let source = workshop.path(maker);
        fs::create_dir(&source).unwrap();
        maker::everything(&source, abilities);
        for options in all {
            if maker == "xorriso" {
                maker::xorriso(&image, &source, options);
            } else {
                maker::genisoimage(&image, &source, options);
            }
            let said = check(&image, &[]);
            said.assert_whole();
            assert!(said.remarks().is_empty(), "{maker} {options:?}: {}", said.json);
        }
    }
    for options in [
        &["--media-type=hd"][..],
        &["--media-type=hd", "--blocksize=512"],
        &["--media-type=dvd"],
        &["--media-type=dvdr"],
        &["--media-type=cdrw"],
        &["--media-type=bdr"],
        &["--media-type=hd", "--udfrev=1.02"],
        &["--media-type=hd", "--space=unalloctable"],
    ] {
        let Some(_) = maker::mkudffs(&image, 64 << 20, options) else { continue };
        let said = check(&image, &[]);
        said.assert_whole();
        assert!(said.remarks().is_empty(), "{options:?}: {}", said.json);
    }
}

#[test]
fn udf_of_every_kind_is_whole() {
    let sample = || {
        let udf = Udf::default().file("a", vec![1; 3000]).file("d/b", b"inline").symlink("l", "a");
        udf.link("d/hard", "a")
            .file("h", File::of_extents(vec![Extent::Hole(4096), Extent::Recorded(vec![2; 100])]))
    };
    for (name, udf) in [
        ("physical", sample()),
        ("512", sample().block_size(512)),
        ("4096", sample().block_size(4096)),
        ("1.02", sample().revision(0x102)),
        ("two", sample().partition(Partition::Two)),
        ("virtual", sample().partition(Partition::Virtual { inline: false })),
        ("virtual 1.50", sample().revision(0x150).partition(Partition::Virtual { inline: true })),
        ("sparable", sample().partition(Partition::sparable())),
        ("metadata", sample().partition(Partition::metadata())),
        ("pointer", sample().pointer()),
        ("renewed", sample().renewed()),
        ("streams", sample().file("s", File::from(b"x").stream("y", vec![3; 5000]))),
    ] {
        let said = of_bytes(&udf.build().bytes);
        said.assert_whole();
        assert!(said.remarks().is_empty(), "{name}: {}", said.json);
    }
    let open = sample().integrity(Integrity { closed: false, ..Integrity::default() }).build();
    let said = of_bytes(&open.bytes);
    said.assert_whole();
    assert!(message(&said, "integrity").contains("was not closed"));
}

#[test]
fn damaged_structures_of_udf_are_told_by_what_they_cost() {
    let sample = || Udf::default().file("a", vec![1; 3000]).file("d/b", b"inline");
    let damaged = |change: &dyn Fn(&mut Forged)| {
        let mut forged = sample().build();
        change(&mut forged);
        of_bytes(&forged.bytes)
    };
    let flip = |forged: &mut Forged, at: usize| forged.bytes[at] ^= 0xff;
    let main = |kind| move |forged: &mut Forged| flip(forged, forged.descriptor(kind, Sequence::Main) + 100);
    for kind in [Descriptor::LogicalVolume, Descriptor::Partition, Descriptor::Primary] {
        let said = damaged(&main(kind));
        assert_eq!(said.damage(), kinds(&["main-sequence"]), "{}", said.json);
    }
    let said = damaged(&|forged| {
        flip(forged, forged.descriptor(Descriptor::LogicalVolume, Sequence::Reserve) + 100)
    });
    said.assert_whole();
    assert_eq!(said.remarks(), kinds(&["reserve-sequence"]));
    let said = damaged(&|forged| flip(forged, forged.anchors[0] + 20));
    assert_eq!(said.damage(), kinds(&["anchor"]));
    let said = damaged(&|forged| flip(forged, forged.anchors[1] + 20));
    said.assert_whole();
    assert_eq!(said.remarks(), kinds(&["anchor-copy"]));
    let said = damaged(&|forged| flip(forged, forged.lvid.unwrap() + 90));
    said.assert_whole();
    assert!(message(&said, "integrity").contains("damaged"));
    let said = damaged(&|forged| flip(forged, forged.recognition[2] + 2));
    said.assert_whole();
    assert!(message(&said, "recognition").contains("TEA01"));
    // A file entry costs its file, an entry of a directory its name.
    let said = damaged(&|forged| flip(forged, forged.icb("a") + 70));
    assert_eq!((said.damage(), said.paths(&["node"])), (kinds(&["node"]), kinds(&["a"])));
    let said = damaged(&|forged| flip(forged, forged.fid("d/b") + 17));
    assert!(said.damage().contains("structure"), "{}", said.json);
    assert_eq!(said.paths(&["structure"]), kinds(&["d"]));
    // Both copies of metadata.
    for (damage, kind) in [(Damage::Entry, "metadata"), (Damage::Content, "metadata")] {
        let metadata = Metadata { damage, ..Metadata::default() };
        let said = of_bytes(&sample().partition(Partition::Metadata(metadata)).build().bytes);
        assert!(said.damage().contains(kind), "{damage:?}: {}", said.json);
    }
    // Counts, and the directory above.
    let said = damaged(&|forged| {
        let at = forged.lvid.unwrap();
        let partitions = 1;
        forged.forge(at, 80 + partitions * 8 + 32, &9u32.to_le_bytes());
    });
    assert!(
        message(&said, "integrity").contains("9 files and 2 directories; there are 2 and 2"),
        "{}",
        said.json
    );
    let said = damaged(&|forged| {
        let (at, own) = (forged.parent_fid("d"), forged.bytes[forged.fid("d") + 24..][..6].to_vec());
        forged.forge(at, 24, &own);
    });
    said.assert_whole();
    assert_eq!(said.paths(&["directory-parent"]), kinds(&["d"]));
}

#[test]
fn bitmaps_of_free_space_are_compared() {
    if lacks(&["mkudffs"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.udf");
    maker::mkudffs(&image, 16 << 20, &["--media-type=hd", "--blocksize=2048"]).unwrap();
    check(&image, &[]).assert_whole();
    let mut bytes = fs::read(&image).unwrap();
    let is_bitmap = |at: &usize| bytes[*at..*at + 4] == [8, 1, 3, 0] || bytes[*at..*at + 4] == [8, 1, 2, 0];
    let at = (0..bytes.len()).step_by(2048).find(is_bitmap).unwrap();
    let mut free = bytes.clone();
    // The first blocks are in use by the root.
    free[at + 24] = 0xff;
    let mut len = free[at + 10..at + 12].to_vec();
    len.reverse();
    support::udf::seal(&mut free, at);
    let said = of_bytes(&free);
    said.assert_whole();
    assert!(message(&said, "space-bitmap").contains("are free by the bitmap"), "{}", said.json);
    bytes[at + 16] ^= 1;
    support::udf::seal(&mut bytes, at);
    let said = of_bytes(&bytes);
    assert!(message(&said, "space-bitmap").contains("bits; the partition has"), "{}", said.json);
}

fn named(short: &str, name: &str, extent: u32, len: u32) -> Record {
    file(short, extent, len).with(&[&nm(0, name), &px(0o100_644, 1, 0, 0)])
}

/// `/a` and `/dir/b`, with path tables.
fn small() -> Forge {
    let mut forge = Forge::rock_ridge();
    let below = directory("DIR", DATA + 2).with(&[&nm(0, "dir"), &px(0o040_755, 2, 0, 0)]);
    forge.rock_ridge_root(&[named("A", "a", DATA, 3), below]);
    forge.directory_with(DATA + 2, ROOT, &px(0o040_755, 2, 0, 0), &[], &[named("B", "b", DATA + 1, 5)]);
    forge.block(DATA, b"one").block(DATA + 1, b"three");
    let row = |name: &[u8], block: u32, parent: u16, is_little: bool| {
        let mut bytes = vec![name.len() as u8, 0];
        bytes.extend(if is_little { block.to_le_bytes() } else { block.to_be_bytes() });
        bytes.extend(if is_little { parent.to_le_bytes() } else { parent.to_be_bytes() });
        bytes.extend(name);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes
    };
    for (sector, is_little) in [(DATA + 4, true), (DATA + 5, false)] {
        let table = [row(&[0], ROOT, 1, is_little), row(b"DIR", DATA + 2, 1, is_little)].concat();
        forge.block(sector, &table);
    }
    let descriptor = 16 * SECTOR;
    forge.put(descriptor + 132, &both32(22));
    forge.put(descriptor + 140, &(DATA + 4).to_le_bytes());
    forge.put(descriptor + 148, &(DATA + 5).to_be_bytes());
    forge.put(descriptor + 80, &both32(DATA + 6));
    forge
}

#[test]
fn oddities_of_iso_9660_are_remarks_and_what_costs_a_name_is_damage() {
    let said = of_bytes(&small().bytes);
    said.assert_whole();
    assert!(said.findings().is_empty(), "{}", said.json);
    let changed = |change: &dyn Fn(&mut Forge)| {
        let mut forge = small();
        change(&mut forge);
        of_bytes(&forge.bytes)
    };
    let table = |sector: u32| sector as usize * SECTOR;
    // The block of the directory in each path table.
    let said = changed(&|forge| {
        forge.put(table(DATA + 4) + 10 + 2, &99u32.to_le_bytes());
    });
    assert_eq!(said.damage(), kinds(&["path-table"]));
    assert!(
        message(&said, "path-table")
            .contains("has a directory dir at block 99, which the tree has not (and 1 more)")
    );
    let said = changed(&|forge| {
        forge.put(table(DATA + 5) + 10 + 2, &99u32.to_be_bytes());
    });
    said.assert_whole();
    assert_eq!(said.remarks(), kinds(&["path-table-copy"]));
    // One half of a number, in the descriptor and in a record.
    let said = changed(&|forge| {
        forge.put(16 * SECTOR + 84, &7u32.to_be_bytes());
    });
    assert!(message(&said, "both-endian").contains("volume space size"));
    said.assert_whole();
    let root = ROOT as usize * SECTOR;
    let second = |forge: &Forge| {
        root + forge.bytes[root] as usize + forge.bytes[root + forge.bytes[root] as usize] as usize
    };
    let said = changed(&|forge| {
        let at = second(forge);
        forge.put(at + 14, &77u32.to_be_bytes());
    });
    assert!(message(&said, "both-endian").contains("data length of the directory record"));
    said.assert_whole();
    let said = changed(&|forge| {
        forge.put(17 * SECTOR, b"\x09");
    });
    assert_eq!((said.damage(), said.remarks()), (kinds(&[]), kinds(&["terminator"])));
    // The length of a record, which costs the rest of its sector.
    let said = changed(&|forge| {
        let at = second(forge);
        forge.bytes[at] = 9;
    });
    assert_eq!(said.damage(), kinds(&["path-table", "structure"]), "{}", said.json);
    // A directory of two sectors, the second without a name.
    let said = changed(&|forge| {
        forge.put((DATA as usize + 2) * SECTOR + 10, &both32(2 * SECTOR as u32));
    });
    assert_eq!((said.damage(), said.paths(&["directory-gap"])), (kinds(&["directory-gap"]), kinds(&["dir"])));
    assert_eq!(said.remarks(), kinds(&["directory-self"]));
    // A parent that is another.
    let said = changed(&|forge| {
        let own = (DATA as usize + 2) * SECTOR;
        let above = own + forge.bytes[own] as usize;
        forge.put(above + 2, &both32(DATA + 9));
    });
    assert_eq!((said.damage(), said.remarks()), (kinds(&[]), kinds(&["directory-parent"])));
    // The root as a directory in itself, and a directory with two names.
    let circle = directory("LOOP", ROOT).with(&[&nm(0, "loop"), &px(0o040_755, 2, 0, 0)]);
    let twice = directory("SAME", DATA + 2).with(&[&nm(0, "same"), &px(0o040_755, 2, 0, 0)]);
    let mut forge = small();
    let below = directory("DIR", DATA + 2).with(&[&nm(0, "dir"), &px(0o040_755, 2, 0, 0)]);
    forge.rock_ridge_root(&[below, circle, twice]);
    forge.put(16 * SECTOR + 140, &[0; 12]);
    let said = of_bytes(&forge.bytes);
    assert_eq!(
        (said.damage(), said.paths(&["directory-loop"])),
        (kinds(&["directory-loop"]), kinds(&["loop"]))
    );
    assert_eq!(said.paths(&["directory-twice"]), kinds(&["same"]));
}

/// A Joliet tree beside Rock Ridge, of these files.
fn with_joliet(records: &[Record]) -> Forge {
    let mut forge = Forge::rock_ridge();
    let files: Vec<Record> =
        (0..4u32).map(|n| named(&format!("F{n}"), &format!("file {n}"), DATA + n, 1000)).collect();
    forge.rock_ridge_root(&files);
    for n in 0..6 {
        forge.block(DATA + n, &maker::bytes(u64::from(n) + 1, 1000));
    }
    forge.joliet(25).directory(25, 25, records);
    forge.put(16 * SECTOR + 80, &both32(DATA + 6)).put(17 * SECTOR + 80, &both32(DATA + 6));
    forge
}

fn wide(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[test]
fn trees_that_disagree_are_told_and_deliberate_differences_are_not() {
    let same = |n: u32| file(wide(&format!("file {n}")), DATA + n, 1000);
    let said = of_bytes(&with_joliet(&[same(0), same(1), same(2), same(3)]).bytes);
    said.assert_whole();
    assert!(said.findings().is_empty(), "{}", said.json);
    // Another name for the same bytes is none.
    let renamed = file(wide("FILE_2~1"), DATA + 2, 1000);
    let said = of_bytes(&with_joliet(&[same(0), same(1), renamed, same(3)]).bytes);
    assert!(said.findings().is_empty(), "{}", said.json);
    let said = of_bytes(&with_joliet(&[same(0), same(1), same(3)]).bytes);
    said.assert_whole();
    assert_eq!(said.paths(&["tree-missing"]), kinds(&["file 2"]));
    assert_eq!(said.of("tree-missing")[0]["view"], "joliet");
    let shorter = file(wide("file 2"), DATA + 2, 999);
    let forge = with_joliet(&[same(0), same(1), shorter, same(3)]);
    let said = of_bytes(&forge.bytes);
    assert_eq!((said.damage(), said.paths(&["tree-size"])), (kinds(&["tree-size"]), kinds(&["file 2"])));
    assert!(
        message(&said, "tree-size")
            .contains("1000 bytes in the rockridge tree, 999 as /file 2 in the joliet tree")
    );
    // The same is there for whoever tells what an image is.
    let told = forge.open().unwrap().disagreements(isomount::open::Reach::Everything).unwrap().findings;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].flaw.word(), told[0].text.as_str()),
        ("tree-size", message(&said, "tree-size").as_str())
    );
    let elsewhere = file(wide("file 2"), DATA + 5, 1000);
    let mut forge = with_joliet(&[same(0), same(1), elsewhere, same(3)]);
    let said = of_bytes(&forge.bytes);
    assert_eq!((said.damage(), said.paths(&["tree-place"])), (kinds(&["tree-place"]), kinds(&["file 2"])));
    // A copy says the same.
    forge.block(DATA + 5, &maker::bytes(3, 1000));
    let said = of_bytes(&forge.bytes);
    said.assert_whole();
    assert!(said.findings().is_empty(), "{}", said.json);
    // Nothing but a word for those who cannot read the other tree.
    let said = of_bytes(&with_joliet(&[file(wide("README"), DATA + 4, 1000)]).bytes);
    assert_eq!(said.remarks(), kinds(&["tree-missing"]), "{}", said.json);
    assert_eq!(said.of("tree-missing").len(), 5);
}

#[test]
fn a_stub_beside_udf_is_a_remark() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    checked::fill(&source, 30);
    fs::write(source.join("readme.txt"), "This disc has UDF.\n").unwrap();
    // All but one file are hidden from ISO 9660.
    maker::genisoimage(
        &image,
        &source,
        &["-R", "-udf", "-hide", "file*", "-hide", "a", "-hide", "c", "-hide", "empty"],
    );
    let said = check(&image, &[]);
    said.assert_whole();
    assert_eq!(
        (said.json["view"].as_str(), said.remarks()),
        (Some("udf"), kinds(&["tree-stub"])),
        "{}",
        said.json
    );
    assert!(
        message(&said, "tree-stub").contains("the rockridge tree has not 32 of the 33 files"),
        "{}",
        said.json
    );
}

/// So long may a hostile image take, in a build for debugging on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Checks an image in limited time and memory.
fn hostile(image: &Path, words: &[&str]) -> Said {
    let start = Instant::now();
    let mut limited = Command::new("sh");
    // Addresses, not memory: the image is mapped beside 1.5 GiB.
    let limit = (1 << 20) + (1 << 19) + fs::metadata(image).unwrap().len().min(1 << 36) / 1024;
    limited.args(["-c", &format!("ulimit -v {limit} && exec \"$@\""), "sh", PROGRAM, "check", "--json"]);
    let output = limited.args(words).arg(image).output().unwrap();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    Said { code: output.status.code().unwrap(), json, stderr }
}

#[test]
fn files_that_lie_in_each_other_are_not_read_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    let mut forge = Forge::new();
    // A hundred thousand files, each of 1 GiB less a block more: 100 TiB, and a list that wants the MD5 of all of them.
    let count = 100_000u32;
    let first = 8000;
    let record = |n: u32| file(format!("F{n}"), first + n % 40_000, (1 << 30) - (n % 40_000) * SECTOR as u32);
    let line = |n: u32| format!("0123456789abcdef0123456789abcdef  f{n}\n");
    let list: String = (0..count).map(line).collect();
    let mut records = vec![file("MD5SUM.TXT;1", 30, list.len() as u32)];
    records.extend((0..count).map(record));
    forge.block(30, list.as_bytes());
    assert!(30 + list.len() / SECTOR < 3000);
    // The root lies behind the list.
    forge.directory(3000, 3000, &records);
    let len = forge.bytes[3000 * SECTOR + 10..][..8].to_vec();
    forge.put(16 * SECTOR + 156 + 2, &both32(3000)).put(16 * SECTOR + 156 + 10, &len);
    assert!(forge.bytes.len() < first as usize * SECTOR);
    fs::write(&image, &forge.bytes).unwrap();
    DiskFile::options()
        .write(true)
        .open(&image)
        .unwrap()
        .set_len(u64::from(first) * 2048 + (1 << 30))
        .unwrap();
    let said = hostile(&image, &[]);
    said.assert_damaged();
    assert!(
        message(&said, "unverified").contains("files were not compared"),
        "{}",
        said.of("unverified").len()
    );
}

#[test]
fn the_same_bytes_are_summed_once_however_many_files_have_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    let count = 2000;
    let content = maker::bytes(9, 4 << 20);
    let sum = listing::hex(&md5(&content));
    let list: String = (0..count).map(|n| format!("{sum}  f{n}\n")).collect();
    let mut records = vec![file("MD5SUM.TXT;1", 30, list.len() as u32)];
    records.extend((0..count).map(|n| file(format!("F{n}"), 500, content.len() as u32)));
    forge.block(30, list.as_bytes()).block(500, &content).directory(200, 200, &records);
    let len = forge.bytes[200 * SECTOR + 10..][..8].to_vec();
    forge.put(16 * SECTOR + 156 + 2, &both32(200)).put(16 * SECTOR + 156 + 10, &len);
    let said = hostile(&checked::write(directory.path(), "image.iso", &forge.bytes), &[]);
    said.assert_whole();
    assert_eq!(said.checksums("/md5sum.txt"), Some([count, count, 0, 0]));
}

fn md5(bytes: &[u8]) -> Vec<u8> {
    use md5::Digest;
    md5::Md5::digest(bytes).to_vec()
}

#[test]
fn holes_without_end_are_not_summed() {
    // A file of 4 EiB in a few bytes, and its checksum.
    let holes = vec![Extent::Hole(1 << 40), Extent::Recorded(vec![7; 100])];
    let list = b"0123456789abcdef0123456789abcdef  hole\n";
    let mut udf = Udf::default().file("hole", File::of_extents(holes)).file("md5sum.txt", list).build();
    let entry = udf.icb("hole");
    udf.forge(entry, 56, &(1u64 << 62).to_le_bytes());
    let directory = tempfile::tempdir().unwrap();
    let image = checked::write(directory.path(), "image.udf", &udf.bytes);
    let said = hostile(&image, &[]);
    assert_eq!(said.checksums("/md5sum.txt").map_or(0, |counts| counts[1]), 0, "{}", said.json);
    // An image of 1 EiB that is a hole.
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("BIG", DATA, u32::MAX)]);
    let image = checked::write(directory.path(), "image.iso", &forge.bytes);
    if DiskFile::options().write(true).open(&image).unwrap().set_len(1 << 40).is_ok() {
        let said = hostile(&image, &[]);
        said.assert_whole();
        assert_eq!(said.json["read"], 1u64 << 40, "holes need not be read");
    }
}

#[test]
fn directories_that_lie_in_each_other_end() {
    let mut forge = Forge::new();
    // Each directory reaches to the end of the image, over all others.
    let count = 1000u32;
    let first = 600;
    let records: Vec<Record> = (0..count)
        .map(|n| Record { len: (count - n) * SECTOR as u32, ..directory(format!("D{n}"), first + n) })
        .collect();
    forge.directory(ROOT + 20, ROOT + 20, &records);
    let len = forge.bytes[(ROOT as usize + 20) * SECTOR + 10..][..8].to_vec();
    assert!(forge.bytes.len() < first as usize * SECTOR);
    for n in 0..count {
        let rest: Vec<Record> =
            (0..40).map(|k| directory(format!("E{k}"), first + (n * 7 + k * 61) % count)).collect();
        forge.directory(first + n, first, &rest);
        let own = both32((count - n) * SECTOR as u32);
        forge.put((first + n) as usize * SECTOR + 10, &own);
    }
    forge.put(16 * SECTOR + 156 + 2, &both32(ROOT + 20)).put(16 * SECTOR + 156 + 10, &len);
    let directory = tempfile::tempdir().unwrap();
    let said = hostile(&checked::write(directory.path(), "image.iso", &forge.bytes), &[]);
    said.assert_damaged();
    assert!(said.damage().contains("shared-structures"), "{:?}", said.damage());
}

#[test]
fn hostile_images_of_others_are_told_in_limited_time() {
    let Some(root) = corpus() else { return };
    for name in [
        "libarchive/test_fuzz_1.iso",
        "libarchive/test_read_format_iso_rockridge_zf_overflow.iso",
        "libarchive/test_read_format_iso_zisofs_overflow.iso",
        "libarchive/test_read_format_iso_joliet_utf16be_overflow.iso",
        "libcdio/bad-dir.iso",
        "libcdio/malformed2.iso",
        "isolyzer/iso9660_trunc.iso",
        "file-tests/x.iso",
    ] {
        let said = hostile(&root.join("images").join(name), &[]);
        assert!(matches!(said.code, 0 | 5), "{name}: {}", said.code);
        assert!(said.stderr.is_empty(), "{name}: {}", said.stderr);
    }
}

#[test]
fn what_the_storage_does_not_give_is_told_by_the_files_that_it_hits() {
    if lacks(&["root", "/dev/fuse", "xorriso"]) {
        return;
    }
    // An image inside of an image that is cut: the mount gives an error where bytes are missing.
    let workshop = Workshop::new();
    let source = workshop.source();
    let inner = workshop.path("inner");
    fs::create_dir(&inner).unwrap();
    let paths = checked::fill(&inner, 40);
    maker::xorriso(&source.join("inner.iso"), &inner, &["-R"]);
    let outer = workshop.image();
    maker::xorriso(&outer, &source, &["-R"]);
    let len = fs::metadata(&outer).unwrap().len();
    let all = fs::metadata(source.join("inner.iso")).unwrap().len();
    DiskFile::options().write(true).open(&outer).unwrap().set_len(len / 2).unwrap();
    let mounted = Mounted::new(&outer, "");
    let image = mounted.join("inner.iso");
    let said = check(&image, &[]);
    said.assert_damaged();
    let bytes = fs::read(source.join("inner.iso")).unwrap();
    let there = DiskFile::open(&image).unwrap();
    let mut expected = BTreeSet::new();
    for path in &paths {
        let content = fs::read(inner.join(path)).unwrap();
        if content.is_empty() {
            continue;
        }
        let at = bytes.windows(64.min(content.len())).position(|window| content.starts_with(window)).unwrap();
        let mut found = vec![0; content.len()];
        if there.read_exact_at(&mut found, at as u64).is_err() {
            expected.insert(path.clone());
        }
    }
    assert!(expected.len() > 5 && expected.len() < paths.len() - 5);
    assert_eq!(said.paths(&["file-bytes"]), expected);
    assert!(said.of("file-bytes").iter().all(|finding| finding["cause"] == "unreadable"));
    assert!(said.json["read"].as_u64().unwrap() < all && said.json["is_read"] == true);
}

#[test]
fn the_answer_has_the_shape_and_the_kinds_that_the_document_says() {
    let directory = tempfile::tempdir().unwrap();
    let mut forge = small();
    forge.bytes.truncate((DATA as usize + 1) * SECTOR + 2);
    let image = checked::write(directory.path(), "cut.iso", &forge.bytes);
    let said = check(&image, &[]);
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md")).unwrap();
    let table = |heading: &str| -> BTreeSet<String> {
        let behind = document.split_once(heading).unwrap_or_else(|| panic!("no {heading}")).1;
        let table = behind.split_once("| --- |").unwrap().1.split("\n\n").next().unwrap();
        table
            .lines()
            .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
            .collect()
    };
    let keys = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(table("**`check --json`**"), keys(&said.json));
    assert_eq!(table("each of `findings`"), keys(&said.findings()[0]));
    let whole = checked::write(directory.path(), "whole.iso", &large::zisofs(&[1; 100]).bytes);
    assert_eq!(table("each of `checksums`"), keys(&check(&whole, &[]).json["checksums"][0]));
    let flaws = isomount::open::Flaw::ALL;
    let of = |is_damage: bool| -> BTreeSet<String> {
        let ours = flaws.iter().filter(|(flaw, ..)| flaw.is_damage() == is_damage);
        ours.map(|(flaw, ..)| flaw.word().to_owned()).collect()
    };
    assert_eq!(table("Kinds that are damage"), of(true));
    assert_eq!(table("Kinds that are remarks"), of(false));
}

#[test]
fn no_name_moves_the_cursor_and_every_byte_is_in_the_json() {
    let mut forge = Forge::rock_ridge();
    let names: [&[u8]; 3] = [b"a\x1b[31mred", b"b\nline", b"c\xff\xfe"];
    let records: Vec<Record> = names
        .iter()
        .zip(["A", "B", "C"])
        .map(|(name, short)| file(short, DATA, 10_000).with(&[&nm(0, name), &px(0o100_644, 1, 0, 0)]))
        .collect();
    forge.rock_ridge_root(&records);
    forge.bytes.truncate(DATA as usize * SECTOR);
    let directory = tempfile::tempdir().unwrap();
    let image = checked::write(directory.path(), "image.iso", &forge.bytes);
    let (code, told) = lines(&image, &["--picture", directory.path().join("p.svg").to_str().unwrap()]);
    assert_eq!(code, 5);
    assert!(told.iter().all(|line| !line.contains(char::is_control)), "{told:?}");
    assert!(
        told.iter().any(|line| line.starts_with("damaged: /a\\x1b[31mred: 10000 of 10000 bytes are lost"))
    );
    let said = check(&image, &[]);
    let third = said.of("file-bytes")[2].clone();
    assert_eq!((&third["paths"][0], &third["paths_hex"][0]), (&"/c\\xff\\xfe".into(), &"2f63fffe".into()));
    is_xml(&fs::read_to_string(directory.path().join("p.svg")).unwrap());
}

/// Reads XML as far as our pictures use it: elements, attributes in double quotes, five entities, no script.
fn is_xml(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (outside, tag) = rest.split_at(at);
        is_text(outside);
        let end = tag.find('>').expect("a tag ends");
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        assert!(!inside.contains('<'), "{inside}");
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside.trim_end_matches('/'), ""));
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()) && name != "script", "{name}");
        let is_empty = inside.ends_with('/');
        let quotes = attributes.matches('"').count();
        assert!(quotes % 2 == 0, "{inside}");
        attributes.split('"').skip(1).step_by(2).for_each(is_text);
        assert!(!attributes.contains(" on"), "{inside}");
        if !is_empty {
            open.push(name);
        }
    }
    is_text(rest);
    assert!(open.is_empty(), "{open:?}");
}

fn is_text(text: &str) {
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    for part in text.split('&').skip(1) {
        let entity = part.split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "#10"].contains(&entity), "{entity}");
    }
}

#[test]
fn a_picture_is_bounded_and_says_what_is_where() {
    let directory = tempfile::tempdir().unwrap();
    let picture = directory.path().join("p.svg");
    let draw = |bytes: &[u8], words: &[&str]| {
        let image = checked::write(directory.path(), "image.iso", bytes);
        let words = [&["--quick", "--picture", picture.to_str().unwrap()], words].concat();
        check(&image, &words);
        let text = fs::read_to_string(&picture).unwrap();
        is_xml(&text);
        text
    };
    let few = draw(&with_joliet(&[]).bytes, &[]);
    for part in ["<title>/file 0&#10;byte 61440 to 63487", ">/file 3<", ">structures<", ">free<"] {
        assert!(few.contains(part), "{part}\n{few}");
    }
    assert!(!few.contains("class=\"damaged\"") && few.len() < 30_000, "{}", few.len());
    let map = directory.path().join("map");
    fs::write(&map, format!("{} 100\n", DATA as usize * SECTOR)).unwrap();
    let hit = draw(&with_joliet(&[]).bytes, &["--map", map.to_str().unwrap()]);
    assert!(
        hit.contains("class=\"damaged\"") && hit.contains("<title>damaged: /file 0&#10;byte 61440 to 61539"),
        "{hit}"
    );
    let many = draw(&large::rock_ridge(100_000).bytes, &[]);
    assert!(many.len() < 4 << 20, "{}", many.len());
    let mut files = Forge::new();
    let records: Vec<Record> = (0..5000u32).map(|n| file(format!("F{n}"), 1000 + n, 2000)).collect();
    files.directory(100, 100, &records);
    let len = files.bytes[100 * SECTOR + 10..][..8].to_vec();
    files.put(16 * SECTOR + 156 + 2, &both32(100)).put(16 * SECTOR + 156 + 10, &len).put(6000 * SECTOR, b"x");
    let text = draw(&files.bytes, &[]);
    assert!(text.len() < 4 << 20 && text.contains(" more&#10;"), "{}", text.len());
    let image = checked::write(directory.path(), "image.iso", &files.bytes);
    let output = checked::run(&image, &["--picture", "/nowhere/p.svg"]);
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&output.stderr).contains("picture /nowhere/p.svg: No such file"));
}

#[test]
fn wrong_words_are_told_before_anything_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let image = checked::write(directory.path(), "image.iso", &small().bytes);
    let code = |words: &[&str]| checked::run(&image, words).status.code().unwrap();
    let map = directory.path().join("map");
    fs::write(&map, "12 x\n").unwrap();
    assert_eq!(code(&["--map", map.to_str().unwrap()]), 2);
    assert_eq!(code(&["--map", "/nowhere"]), 2);
    assert_eq!(code(&["-o", "nojoilet"]), 2);
    assert_eq!(code(&["-o", "view=udf"]), 6);
    assert_eq!(checked::run(Path::new("/nowhere"), &[]).status.code(), Some(3));
    assert_eq!(checked::run(&checked::write(directory.path(), "text", b"text"), &[]).status.code(), Some(4));
    let (code, told) = lines(&image, &["-v"]);
    let last = told.last().unwrap();
    assert!(
        code == 0
            && last.contains(": whole: 2 files in 2 directories; ")
            && last.contains("none of it verified"),
        "{last}"
    );
}

#[test]
fn an_interrupted_check_ends_by_the_signal() {
    let directory = tempfile::tempdir().unwrap();
    // Checksums of a hole keep it busy.
    let mut forge = Forge::new();
    let text = "ISO MD5SUM = 0123456789abcdef0123456789abcdef;SKIPSECTORS = 0;";
    forge.put(16 * SECTOR + 80, &both32(u32::MAX)).put(16 * SECTOR + 883, text.as_bytes());
    let image = checked::write(directory.path(), "image.iso", &forge.bytes);
    DiskFile::options().write(true).open(&image).unwrap().set_len(1 << 42).unwrap();
    for (signal, number) in [(Signal::SIGINT, 2), (Signal::SIGTERM, 15)] {
        let child = Command::new(PROGRAM)
            .args(["check", "--json"])
            .arg(&image)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(400));
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(number), "{}", output.status);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
