//! Bad images, forged in code, one wrong thing each: each costs only what it describes.
//!
//! Work and memory are counted, not timed: [`Counted`](support::forge::Counted) counts the bytes read, the allocator of this
//! program the bytes allocated by each test's thread.
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
    Error,
    open::{Image, OpenOptions, TreeOptions, View},
    tree::{Kind, NodeId},
};
use support::{forge::*, memory::peak};

const MIB: usize = 1 << 20;

fn refused(forge: &Forge) -> String {
    forge.open().err().expect("must not open").to_string()
}

// Line 1: continuation areas without end.

#[test]
fn a_continuation_area_that_points_to_itself_is_read_once() {
    let mut forge = Forge::new();
    let len = nm(1, "-more").len() as u32 + 28;
    forge.block(30, &[nm(1, "-more"), ce(30, 0, len)].concat());
    forge.rock_ridge_root(&[
        file("A.;1", 25, 4).with(&[&nm(1, "long"), &ce(30, 0, len)]),
        file("B.;1", 25, 4),
    ]);
    let (image, counted) = forge.open_counted();
    assert_eq!(names(&image.unwrap()), ["long-more", "b"]);
    assert!(counted.bytes_read() < 256 * 1024);
}

#[test]
fn a_chain_of_continuation_areas_ends_after_32() {
    let mut forge = Forge::new();
    for i in 0..100 {
        let area = [nm(1, "x"), ce(30 + i + 1, 0, 34)].concat();
        forge.block(30 + i, &area);
    }
    forge.rock_ridge_root(&[file("A.;1", 25, 4).with(&[&ce(30, 0, 34)])]);
    assert_eq!(names(&forge.open().unwrap()), ["x".repeat(32)]);
}

// Line 2: continuation areas where there are none.

#[test]
fn a_continuation_area_outside_the_image_is_ignored() {
    for outside in
        [ce(5_000_000, 0, 100), ce(30, u32::MAX, 100), ce(u32::MAX, u32::MAX, u32::MAX), ce(20, 0, 1 << 30)]
    {
        let mut forge = Forge::new();
        forge.rock_ridge_root(&[file("A.;1", 25, 4).with(&[&nm(0, "Name"), &outside])]);
        let (image, used) = peak(|| forge.open().unwrap());
        assert_eq!(names(&image), ["Name"]);
        assert!(used < 2 * MIB, "{used}");
    }
}

#[test]
fn continuation_areas_that_overlap_are_read_as_they_are() {
    let mut forge = Forge::new();
    forge.block(30, &[nm(0, "one"), nm(0, "two")].concat());
    let len = nm(0, "one").len() as u32;
    forge.rock_ridge_root(&[
        file("A.;1", 25, 4).with(&[&ce(30, 0, 2 * len)]),
        file("B.;1", 25, 4).with(&[&ce(30, len, len)]),
    ]);
    assert_eq!(names(&forge.open().unwrap()), ["onetwo", "two"]);
}

// Line 3: child links in circles.

#[test]
fn a_child_link_to_its_own_parent_ends_every_walk() {
    let mut forge = Forge::rock_ridge();
    forge.rock_ridge_root(&[file("LOOP.;1", 25, 0).with(&[&cl(ROOT)]), file("F.;1", 23, 1)]);
    let image = forge.open().unwrap();
    assert_eq!(names_in(&image, "loop/loop/loop"), ["loop", "f"]);
    let walked: Vec<_> = image.tree().walk().collect();
    assert_eq!(walked.len(), 3);
    assert!(matches!(walked[1].unlisted, Some(Error::Loop)));
}

#[test]
fn a_child_link_to_a_child_link_is_shown_in_place() {
    let mut forge = Forge::rock_ridge();
    forge.block(25, &file("X.;1", 26, 0).with(&[&cl(20)]).bytes());
    forge.rock_ridge_root(&[file("A.;1", 23, 3).with(&[&cl(25)])]);
    let image = forge.open().unwrap();
    assert_eq!(stat(&image, "a").unwrap().kind, Kind::File);
}

// Line 4: relocation without its counterpart.

#[test]
fn a_relocated_directory_without_a_child_link_is_shown_in_place() {
    let mut forge = Forge::rock_ridge();
    forge.directory_with(25, 26, &px(0o040_755, 2, 0, 0), &pl(ROOT), &[file("F.;1", 23, 1)]);
    forge.directory(26, ROOT, &[directory("DEEP", 25).with(&[&re()])]);
    forge.rock_ridge_root(&[directory("RR_MOVED", 26).with(&[&re()])]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["rr_moved"]);
    assert_eq!(names_in(&image, "rr_moved/deep"), ["f"]);
}

#[test]
fn a_child_link_to_a_file_is_shown_in_place() {
    let mut forge = Forge::rock_ridge();
    forge.block(25, b"these are the bytes of a file, not a directory");
    forge.rock_ridge_root(&[
        file("A.;1", 25, 5).with(&[&cl(25)]),
        file("B.;1", 25, 5).with(&[&cl(9_999_999)]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(content(&image, "a").unwrap(), b"these");
    assert_eq!(content(&image, "b").unwrap(), b"these");
}

#[test]
fn a_child_without_a_parent_link_still_has_a_parent() {
    let mut forge = Forge::rock_ridge();
    forge.directory(25, ROOT, &[file("F.;1", 23, 1)]);
    forge.rock_ridge_root(&[file("DEEP.;1", 25, 0).with(&[&cl(25)])]);
    let image = forge.open().unwrap();
    let deep = stat(&image, "deep").unwrap();
    assert_eq!(names_in(&image, "deep"), ["f"]);
    assert_eq!(image.tree().parent(deep.id).unwrap(), image.tree().root());
}

// Line 5: ER that says more than there is.

#[test]
fn an_extension_reference_longer_than_its_record_is_cut() {
    let mut forge = Forge::new();
    let long = entry(b"ER", b"\xff\xff\xff\x01RRIP_1991A");
    forge.directory_with(
        ROOT,
        ROOT,
        &[sp(0), long].concat(),
        &[],
        &[file("A.;1", 23, 1).with(&[&nm(0, "Name")])],
    );
    let image = forge.open().unwrap();
    assert_eq!((image.tree().view(), names(&image)), ("rockridge", vec!["Name".to_owned()]));
}

// Line 6: entries of length 0.

#[test]
fn an_entry_of_length_0_ends_the_scan() {
    for length in 0..4 {
        let mut forge = Forge::rock_ridge();
        let dead = [b'Z', b'Z', length, 1];
        forge.rock_ridge_root(&[file("A.;1", 23, 1).with(&[&nm(0, "Name"), &dead, &nm(0, "Never")])]);
        assert_eq!(names(&forge.open().unwrap()), ["Name"]);
    }
}

// Line 7: names that cannot be.

#[test]
fn names_that_cannot_be_are_repaired_and_none_is_lost() {
    let mut forge = Forge::rock_ridge();
    let long = "n".repeat(90);
    let bad = [&b"a\0b"[..], b"a/b", b".", b"..", b"/", b"\0"];
    let mut records: Vec<Record> = bad.iter().map(|name| file("X.;1", 23, 1).with(&[&nm(0, name)])).collect();
    records.push(file("EMPTY.;1", 23, 1).with(&[&nm(0, "")]));
    records.push(file("DOT.;1", 23, 1).with(&[&nm(2, "")]));
    forge.block(30, &[nm(1, &long), nm(1, &long), nm(0, &long)].concat());
    records.push(file("LONG.;1", 23, 1).with(&[&ce(30, 0, 3 * 95)]));
    forge.rock_ridge_root(&records);
    let image = forge.open().unwrap();
    let long = "n".repeat(255);
    assert_eq!(names(&image), ["a_b", "a_b~2", "_", "__", "_~2", "_~3", "empty", "dot", &long]);
    for name in names(&image) {
        assert!(stat(&image, &name).is_ok(), "{name}");
    }
}

// Line 8: symbolic links.

#[test]
fn components_past_their_entry_are_cut_and_long_targets_refused() {
    let mut forge = Forge::rock_ridge();
    let link_mode = px(0o120_777, 1, 0, 0);
    let component = [&[1u8, 200][..], &[b'x'; 200]].concat();
    forge.block(30, &vec![sl(&component); 25].concat());
    forge.rock_ridge_root(&[
        file("PAST.;1", 0, 0).with(&[&link_mode, &sl(b"\0\xffabc")]),
        file("ODD.;1", 0, 0).with(&[&link_mode, &sl(b"\xf0\x03abc")]),
        file("OPEN.;1", 0, 0).with(&[&link_mode, &sl(b"\x01\x03abc")]),
        file("NONE.;1", 0, 0).with(&[&link_mode]),
        file("LONG.;1", 0, 0).with(&[&link_mode, &ce(30, 0, 25 * 207)]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(link(&image, "past").unwrap(), "abc");
    assert_eq!(link(&image, "odd").unwrap(), "abc");
    assert_eq!(link(&image, "open").unwrap(), "abc");
    assert_eq!(
        link(&image, "none").unwrap_err().to_string().split(": ").nth(1),
        Some("target is empty, one component at least")
    );
    assert!(matches!(link(&image, "long"), Err(Error::NameTooLong)));
}

// Line 9: directory records.

#[test]
fn after_a_bad_record_the_next_sector_is_read() {
    let good = |name: &str| file(name, 23, 1).bytes();
    // What stands behind the good record of the first sector.
    let bad: [(&str, Vec<u8>); 4] = [
        ("length 0", vec![0; 40]),
        ("under 34", vec![33; 40]),
        ("past the sector", vec![255; 255]),
        ("past the sector at its last bytes", vec![0]),
    ];
    for (what, bytes) in bad {
        let mut forge = Forge::new();
        forge.directory(ROOT, ROOT, &[]);
        let start = ROOT as usize * SECTOR;
        let first = good("FIRST.;1");
        forge.put(start + 68, &first).put(start + 68 + first.len(), &bytes);
        if what == "past the sector" || what.ends_with("last bytes") {
            // Records up to the end of the sector, the last one across it.
            let mut at = start + 68;
            while at + 120 < start + SECTOR {
                forge.put(at, &first);
                at += first.len();
            }
            forge.put(at, &[255; 60]);
        }
        forge.put(start + SECTOR, &good("SECOND.;1"));
        for at in [start + 10, 16 * SECTOR + 156 + 10] {
            forge.put(at, &both32(2 * SECTOR as u32));
        }
        let names = names(&forge.open().unwrap());
        assert_eq!((names[0].as_str(), names.last().unwrap().as_str()), ("first", "second"), "{what}");
    }
}

#[test]
fn a_name_longer_than_its_record_is_cut() {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("AB.;1", 23, 1), file("C.;1", 23, 1)]);
    forge.put(ROOT as usize * SECTOR + 68 + 32, &[200]);
    assert_eq!(names(&forge.open().unwrap()), ["ab", "c"]);
}

// Line 10: directory extents.

#[test]
fn a_directory_past_the_end_costs_only_itself() {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[directory("GONE", 4_000_000), file("F.;1", 23, 1)]);
    let image = forge.open().unwrap();
    let gone = stat(&image, "gone").unwrap();
    let error = image.tree().listing(gone.id).unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)), "{error}");
    assert!(stat(&image, "f").is_ok());
}

#[test]
fn a_directory_of_4_gib_is_read_as_far_as_the_image_goes() {
    let mut forge = Forge::new();
    forge.directory(25, ROOT, &[file("IN.;1", 23, 1)]);
    forge.put(25 * SECTOR + 10, &both32(u32::MAX));
    forge.bytes.resize(64 * MIB, 0);
    forge.directory(ROOT, ROOT, &[directory("HUGE", 25)]);
    let (image, counted) = forge.open_counted();
    let image = image.unwrap();
    let (listed, used) = peak(|| names_in(&image, "huge"));
    assert_eq!(listed, ["in"]);
    assert!(counted.bytes_read() < 10 * MIB as u64, "empty sectors end it: {}", counted.bytes_read());
    assert!(used < 20 * MIB, "{used}");
}

#[test]
fn directories_may_overlap_and_end_anywhere() {
    let mut forge = Forge::new();
    forge.directory(25, ROOT, &[file("A.;1", 23, 1), file("B.;1", 23, 1)]);
    // Ends behind the record of A; not a multiple of a sector.
    forge.put(25 * SECTOR + 10, &both32(68 + 38));
    forge.directory(ROOT, ROOT, &[directory("ONE", 25), directory("TWO", 25)]);
    let image = forge.open().unwrap();
    assert_eq!(names_in(&image, "one"), ["a"]);
    assert_eq!(stat(&image, "one").unwrap().id, stat(&image, "two").unwrap().id);
}

// Line 11: directories in circles.

#[test]
fn a_directory_that_contains_an_ancestor_ends_every_walk() {
    let mut forge = Forge::new();
    forge.directory(25, ROOT, &[directory("UP", ROOT), directory("SELF", 25)]);
    forge.directory(ROOT, ROOT, &[directory("DOWN", 25)]);
    let image = forge.open().unwrap();
    assert_eq!(names_in(&image, "down/up/down/self/self"), ["up", "self"]);
    assert_eq!(image.tree().walk().count(), 4);
}

// Line 12: descriptors.

#[test]
fn descriptors_without_end_or_without_a_primary_one_are_refused() {
    let mut endless = Forge::new();
    for sector in 17..300 {
        endless.descriptor(sector, 2, &[0; 32], ROOT);
    }
    assert!(refused(&endless).contains("number of descriptors is more than 100, at most 100"));
    let mut none = Forge::new();
    none.terminator(16);
    assert_eq!(
        none.open().err().unwrap().to_string(),
        "49152 bytes that begin with nothing but zeros: a copy that failed, or a blank medium"
    );
    assert!(matches!(none.open().err().unwrap(), Error::NotADisc(_)));
}

#[test]
fn a_missing_terminator_is_told_and_the_disc_is_read() {
    let mut forge = Forge::new();
    forge.put(17 * SECTOR, &[0; SECTOR]).directory(ROOT, ROOT, &[file("A.;1", 23, 1)]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["a"]);
    assert_eq!(image.tree().notes(), ["the volume descriptors have no terminator"]);
}

// Line 13: path tables.

#[test]
fn a_path_table_that_says_otherwise_is_not_believed() {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("A.;1", 23, 1)]);
    forge.put(16 * SECTOR + 132, &both32(u32::MAX)).put(16 * SECTOR + 140, &[0xff; 16]);
    assert_eq!(names(&forge.open().unwrap()), ["a"]);
}

// Line 14: halves that differ.

#[test]
fn the_little_endian_half_is_the_one_that_counts() {
    let mut forge = Forge::new();
    forge.block(23, b"right");
    forge.directory(ROOT, ROOT, &[file("A.;1", 23, 5)]);
    let record = ROOT as usize * SECTOR + 68;
    forge.put(record + 6, &[0xff; 4]).put(record + 14, &[0xff; 4]).put(16 * SECTOR + 84, &[0xff; 4]);
    assert_eq!(content(&forge.open().unwrap(), "a").unwrap(), b"right");
}

// Line 15: block sizes.

#[test]
fn block_sizes_that_are_none_are_refused() {
    for size in [0u16, 3, 256, 4096, 65535] {
        let mut forge = Forge::new();
        forge.put(16 * SECTOR + 128, &size.to_le_bytes());
        let expected = format!(
            "primary volume descriptor at byte 32768: logical block size is {size}, must be 512, 1024 or 2048"
        );
        assert_eq!(refused(&forge), expected);
    }
}

// Line 16: sections.

#[test]
fn sections_without_end_cost_the_file() {
    let mut forge = Forge::new();
    forge.block(23, b"bytes");
    forge.directory(
        ROOT,
        ROOT,
        &[
            file("A.;1", 23, 5).flagged(MULTI_EXTENT),
            file("B.;1", 23, 5),
            file("C.;1", 23, 5).flagged(MULTI_EXTENT),
        ],
    );
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["a", "b", "c"]);
    assert_eq!(content(&image, "b").unwrap(), b"bytes");
    for broken in ["a", "c"] {
        let error = content(&image, broken).unwrap_err();
        assert!(error.to_string().contains("multi-extent flag is set, followed by a record"), "{error}");
    }
}

#[test]
fn more_sections_than_a_file_may_have_cost_the_file() {
    let mut forge = Forge::new();
    let mut sections = vec![file("BIG.;1", 23, u32::MAX).flagged(MULTI_EXTENT); 20_000];
    sections.push(file("BIG.;1", 23, 1));
    sections.push(file("Z.;1", 23, 1));
    forge.directory(600, ROOT, &sections);
    forge.directory(ROOT, ROOT, &[directory("D", 600)]);
    let image = forge.open().unwrap();
    assert_eq!(names_in(&image, "d"), ["big", "z"]);
    let (read, used) =
        peak(|| content(&image, "d/z").and(image.tree().read_into(stat(&image, "d/big")?.id, 0, &mut [0])));
    assert!(read.unwrap_err().to_string().contains("set in 16384 records"));
    assert!(used < 8 * MIB, "{used}");
}

// Line 17: Joliet names.

#[test]
fn joliet_names_of_odd_length_and_lone_surrogates_are_shown() {
    let mut forge = Forge::new();
    forge.joliet(25);
    forge.directory(
        25,
        25,
        &[file(b"\0o\0d\0d\0", 23, 1), file(b"\xd8\x00\0x", 23, 1), file(b"\xde\x00", 23, 1)],
    );
    let image = forge.open().unwrap();
    assert_eq!(image.tree().view(), "joliet");
    assert_eq!(names(&image), ["odd", "\u{fffd}x", "\u{fffd}"]);
}

// Line 18: zisofs.

#[test]
fn zisofs_files_that_lie_cost_themselves_and_little_memory() {
    const MAGIC: [u8; 8] = [0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07];
    let stored = |pointers: [u32; 2]| {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(32768u32.to_le_bytes());
        bytes.extend([4, 15, 0, 0]);
        pointers.iter().for_each(|p| bytes.extend(p.to_le_bytes()));
        bytes.resize(SECTOR, 0xaa);
        bytes
    };
    let mut forge = Forge::rock_ridge();
    forge.block(30, &stored([24, 1000])).block(31, &stored([2000, 24])).block(32, &stored([24, u32::MAX]));
    forge.block(33, &[0x55; SECTOR]).block(34, &stored([24, 24]));
    let packed = |name: &str, block, field: Vec<u8>| file(name, block, SECTOR as u32).with(&[&field]);
    forge.rock_ridge_root(&[
        packed("SHIFT.;1", 30, zf(4, 31, 32768)),
        packed("ZERO.;1", 30, zf(4, 0, 32768)),
        packed("JUNK.;1", 30, zf(4, 15, 32768)),
        packed("BACK.;1", 31, zf(4, 15, 32768)),
        packed("PAST.;1", 32, zf(4, 15, 32768)),
        packed("MAGIC.;1", 33, zf(4, 15, 32768)),
        packed("HUGE.;1", 34, zf(4, 15, u32::MAX)),
        packed("HOLE.;1", 34, zf(4, 15, 32768)),
        packed("GONE.;1", 9_999_999, zf(4, 15, 32768)),
        packed("ALGO.;1", 30, versioned(b"ZF", 2, b"XZ\x06\x0f\0\x80\0\0\0\0\0\0")),
        packed("PLAIN.;1", 33, Vec::new()),
    ]);
    let (image, used) = peak(|| {
        let image = forge.open().unwrap();
        exercise(&image);
        image
    });
    assert!(used < 8 * MIB, "{used}");
    let first = |name: &str| image.tree().read_into(stat(&image, name).unwrap().id, 0, &mut [0; 8]);
    let says = |name: &str, text: &str| {
        let error = first(name).expect_err(name).to_string();
        assert!(error.contains(text), "{name}: {error}");
    };
    says("shift", "block size (logarithm) is 31, must be 12 to 20");
    says("zero", "block size (logarithm) is 0, must be 12 to 20");
    says("junk", "packed block");
    says("back", "block pointers is 2000 to 24, rising, inside the file");
    says("past", "block pointers is 24 to 4294967295, rising, inside the file");
    says("magic", "magic number is another, the one of zisofs");
    says("gone", "extent at byte");
    says("algo", "packed with xz, which is not unpacked");
    assert!(matches!(first("algo"), Err(Error::Unsupported(_))));
    assert_eq!(stat(&image, "huge").unwrap().size, u64::from(u32::MAX));
    assert_eq!(first("huge").unwrap(), 8, "an empty block is zeros");
    let far = image.tree().read_into(stat(&image, "huge").unwrap().id, 1 << 31, &mut [0; 8]);
    assert!(far.is_err(), "its pointers are not there");
    assert_eq!(content(&image, "hole").unwrap(), [0; 32768]);
    assert_eq!(content(&image, "plain").unwrap(), [0x55; SECTOR]);
}

// Lines 33 and 34: what a link, a device or a mode says is kept; the mount's flags and its users judge.

#[test]
fn links_devices_and_modes_are_kept_as_they_are() {
    let mut forge = Forge::rock_ridge();
    forge.rock_ridge_root(&[
        file("ABS.;1", 0, 0).with(&[&px(0o120_777, 1, 0, 0), &sl(b"\x08\0\0\x03etc\0\x06passwd")]),
        file("OUT.;1", 0, 0).with(&[&px(0o120_777, 1, 0, 0), &sl(b"\x04\0\x04\0\0\x03etc")]),
        file("SDA.;1", 0, 0).with(&[&px(0o060_660, 1, 0, 6), &pn(8, 0)]),
        file("SU.;1", 23, 4).with(&[&px(0o104_755, 1, 0, 0)]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(link(&image, "abs").unwrap(), "/etc/passwd");
    assert_eq!(link(&image, "out").unwrap(), "../../etc");
    let device = stat(&image, "sda").unwrap();
    assert_eq!((device.kind, device.device.unwrap().major, device.gid), (Kind::BlockDevice, 8, 6));
    assert_eq!(stat(&image, "su").unwrap().permissions, 0o4755);
}

// Line 35: one name for two.

#[test]
fn two_entries_of_one_name_are_both_visible() {
    let mut forge = Forge::new();
    forge.block(23, b"one").block(24, b"two");
    forge.directory(ROOT, ROOT, &[file("A.TXT;1", 23, 3), file("a.txt;1", 24, 3), directory("A.TXT", ROOT)]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["a.txt", "a~2.txt", "a~3.txt"]);
    assert_eq!(content(&image, "a.txt").unwrap(), b"one");
    assert_eq!(content(&image, "a~2.txt").unwrap(), b"two");
}

// Line 37: images that end early.

#[test]
fn an_image_may_end_at_any_byte() {
    let mut forge = Forge::rock_ridge();
    forge.joliet(26);
    forge.directory(26, 26, &[file(b"\0j", 27, 3000)]);
    forge.directory_with(
        25,
        ROOT,
        &px(0o040_755, 2, 0, 0),
        &[],
        &[file("F.;1", 27, 3000).with(&[&nm(0, "deep")])],
    );
    forge.block(27, &[7; 3000]);
    forge.rock_ridge_root(&[
        directory("D", 25),
        file("G.;1", 27, 3000).with(&[&nm(0, "file"), &ce(29, 0, 40)]),
    ]);
    forge.block(29, &nm(0, "-tail"));
    let whole = forge.bytes.len();
    let near_descriptors = 32 * 1024..40 * 1024;
    let cuts = (0..whole).filter(|at| near_descriptors.contains(at) || at % 97 == 0 || at % SECTOR < 2);
    for cut in cuts {
        let short = Forge { bytes: forge.bytes[..cut].to_vec(), ..forge.clone() };
        if let Ok(image) = short.open() {
            exercise(&image);
        }
    }
}

#[test]
fn what_is_there_reads_and_the_missing_bytes_are_told() {
    let mut forge = Forge::new();
    forge.block(24, &vec![9; 8 * SECTOR]);
    forge.directory(ROOT, ROOT, &[file("A.;1", 24, 8 * SECTOR as u32), file("B.;1", 22, 10)]);
    forge.put(16 * SECTOR + 80, &both32(32));
    forge.bytes.truncate(26 * SECTOR + 100);
    let image = forge.open().unwrap();
    let expected = "the image ends early: 12188 bytes are missing of the 65536 that its volume descriptor states; \
                    what lies in them cannot be read";
    assert_eq!(image.tree().notes(), [expected]);
    let id = stat(&image, "a").unwrap().id;
    let mut buf = [0; 4096];
    assert_eq!(image.tree().read_into(id, 0, &mut buf).unwrap(), 4096);
    assert_eq!(buf, [9; 4096]);
    assert_eq!(image.tree().read_into(id, 4096, &mut buf[..100]).unwrap(), 100);
    assert!(image.tree().read_into(id, 4096, &mut buf[..101]).is_err());
    assert_eq!(content(&image, "b").unwrap().len(), 10);
}

#[test]
fn an_empty_file_is_named_as_such() {
    let empty = Forge { bytes: Vec::new(), ..Forge::new() };
    assert_eq!(refused(&empty), "empty (0 bytes)");
}

// Line 38: the image changes below the mount.

#[test]
fn an_image_that_shrinks_gives_errors_and_no_signal() {
    let mut forge = Forge::new();
    forge.block(24, &vec![9; 64 * SECTOR]);
    forge.directory(ROOT, ROOT, &[file("A.;1", 24, 64 * SECTOR as u32)]);
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), &forge.bytes).unwrap();
    let image = Image::open(path.path(), &OpenOptions::default()).unwrap();
    let id = stat(&image, "a").unwrap().id;
    path.as_file().set_len(30 * SECTOR as u64).unwrap();
    let mut buf = [0; SECTOR];
    assert_eq!(image.tree().read_into(id, 0, &mut buf).unwrap(), SECTOR);
    assert!(matches!(image.tree().read_into(id, 32 * SECTOR as u64, &mut buf), Err(Error::Io { .. })));
}

// What fuzzing found.

#[test]
fn a_root_without_its_own_record_is_a_directory_all_the_same() {
    let mut forge = Forge::rock_ridge();
    // The root's extent begins with the record of a file that calls itself a FIFO.
    forge.block(ROOT, &file("A.;1", 23, 1).with(&[&px(0o010_644, 1, 0, 0)]).bytes());
    let image = forge.open().unwrap();
    assert_eq!(stat(&image, "").unwrap().kind, Kind::Directory);
    assert_eq!(names(&image), ["a"]);
}

#[test]
fn a_directory_in_the_system_area_is_refused_and_no_number_is_below_2() {
    let mut forge = Forge::new();
    forge.directory(0, ROOT, &[file("IN.;1", 23, 1)]).directory(
        ROOT,
        ROOT,
        &[directory("D", 0), directory("E", 1)],
    );
    // Without a record of its own, so that a file would be at byte 2048.
    forge.block(1, &file("IN.;1", 23, 1).bytes());
    let image = forge.open().unwrap();
    for name in ["d", "e"] {
        let id = stat(&image, name).unwrap().id;
        assert!(id.0 > 1);
        let error = image.tree().listing(id).unwrap_err().to_string();
        assert!(error.ends_with("extent is in the system area, must be behind it"), "{error}");
    }
}

#[test]
fn what_a_listing_says_of_a_node_the_node_says_too() {
    // Areas that are long, shared by all, and hold the attributes at their end.
    let mut forge = Forge::new();
    let mut area = entry(b"PD", &[0; 200]).repeat(70);
    area.extend(px(0o120_777, 1, 0, 0));
    area.extend(sl(b"\0\x01x"));
    forge.block(1000, &area);
    let area = ce(1000, 0, area.len() as u32);
    let records: Vec<Record> = (0..2000).map(|i| file(format!("F{i}.;1"), 23, 0).with(&[&area])).collect();
    forge.directory(100, ROOT, &records).rock_ridge_root(&[directory("D", 100)]);
    let image = forge.open().unwrap();
    let listing = image.tree().listing(stat(&image, "d").unwrap().id).unwrap();
    for entry in listing.entries(0) {
        assert_eq!(entry.kind, Kind::Symlink);
        assert_eq!(image.tree().stat(entry.node).unwrap().kind, Kind::Symlink);
    }
}

#[test]
fn a_directory_larger_than_the_cache_is_walked_without_decoding_it_again() {
    let mut forge = Forge::new();
    forge.bytes.resize(3000 * SECTOR, 0);
    let subdirectories = 300;
    let mut records: Vec<Record> = (0..20_000).map(|i| file(format!("F{i:05}.;1"), 23, 0)).collect();
    for i in 0..subdirectories {
        forge.directory(30 + i, ROOT, &[file("IN.;1", 23, 0)]);
        records.push(directory(format!("D{i:05}"), 30 + i));
    }
    forge.directory(1000, ROOT, &records).directory(ROOT, ROOT, &[directory("BIG", 1000)]);
    let options = OpenOptions { cache_size: 4096, ..OpenOptions::default() };
    let counted = forge.counted();
    let image = Image::from_source(counted.clone(), &options).unwrap();
    assert_eq!(image.tree().walk().count() as u32, 2 + 20_000 + 2 * subdirectories);
    let per_entry = counted.bytes_read() / 20_000;
    assert!(per_entry < 64 * 1024, "{per_entry}");
}

#[test]
fn a_walk_holds_no_more_than_the_way_down() {
    // Each directory contains the next one and 40 files with long names; all are the same extents, over and over.
    let mut forge = Forge::rock_ridge();
    let depth = 600;
    for i in 0..depth {
        let block = 100 + 6 * i;
        let mut records: Vec<Record> =
            (0..40).map(|n| file(format!("F{n}.;1"), 23, 0).with(&[&nm(0, vec![b'n'; 100 + n])])).collect();
        records.insert(0, directory("D", block + 6).with(&[&nm(0, vec![b'd'; 100])]));
        forge.directory(block, ROOT, &records);
    }
    forge.rock_ridge_root(&[directory("D", 100)]);
    let image = forge.open().unwrap();
    let (count, used) = peak(|| image.tree().walk().count());
    assert!(count > 10_000, "{count}");
    assert!(used < 24 * MIB, "{used}");
}

#[test]
fn areas_that_all_records_share_do_not_multiply_the_work() {
    let mut forge = Forge::new();
    forge.bytes.resize(2200 * SECTOR, 0);
    let areas = 24;
    for i in 0..areas {
        let block = 1000 + 16 * i;
        let padding = entry(b"PD", &[0; 200]);
        let mut area = ce(block + 16, 0, 32 * 1024);
        while area.len() < 32 * 1024 - 204 {
            area.extend(&padding);
        }
        forge.block(block, &area);
    }
    let record = file("A.;1", 23, 1).with(&[&ce(1000, 0, 32 * 1024)]);
    let records: Vec<Record> =
        (0..5000).map(|i| Record { name: format!("F{i}.;1").into(), ..record.clone() }).collect();
    forge.directory(100, ROOT, &records);
    forge.rock_ridge_root(&[directory("D", 100)]);
    let (image, counted) = forge.open_counted();
    let image = image.unwrap();
    let before = counted.bytes_read();
    assert_eq!(names_in(&image, "d").len(), 5000);
    // An area longer than one record may have is not read at all.
    assert!(counted.bytes_read() - before < MIB as u64, "{}", counted.bytes_read() - before);
}

#[test]
fn relocated_directories_that_share_an_extent_do_not_multiply_the_work() {
    let mut forge = Forge::rock_ridge();
    let inside: Vec<Record> = (0..20_000).map(|_| directory("D", 100).with(&[&re()])).collect();
    forge.directory(100, ROOT, &inside);
    let moved: Vec<Record> = (0..20_000).map(|_| directory("M", 100).with(&[&re()])).collect();
    forge.directory_with(ROOT + 2000, ROOT, &[], &[], &moved);
    forge.rock_ridge_root(&[directory("TOP", ROOT + 2000)]);
    let (image, counted) = forge.open_counted();
    assert!(names_in(&image.unwrap(), "top").len() <= 20_000);
    assert!(counted.bytes_read() < 64 * MIB as u64, "{}", counted.bytes_read());
}

#[test]
fn names_of_one_file_that_differ_in_type_are_two_files() {
    let mut forge = Forge::rock_ridge();
    forge.rock_ridge_root(&[
        file("A.;1", 0, 0).with(&[&px_with_serial(0o100_644, 2, 7)]),
        file("B.;1", 0, 0).with(&[&px_with_serial(0o010_644, 2, 7)]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!((stat(&image, "a").unwrap().kind, stat(&image, "b").unwrap().kind), (Kind::File, Kind::Fifo));
}

// What a review found.

#[test]
fn a_bad_sector_costs_what_lies_in_it_and_only_as_long_as_it_is_bad() {
    let mut forge = Forge::new();
    let records: Vec<Record> = (0..60).map(|i| file(format!("F{i}.;1"), 23, 1)).collect();
    forge.directory(32, ROOT, &records).directory(36, ROOT, &[file("IN.;1", 23, 1)]);
    forge.directory(ROOT, ROOT, &[directory("BIG", 32), directory("SMALL", 36)]);
    // Sector 33 holds the second part of BIG, and is in one block of the cache with SMALL.
    let source = Arc::new(Scratched::new(forge.bytes, 33 * SECTOR, SECTOR));
    let image = Image::from_source(source.clone(), &OpenOptions::default()).unwrap();
    assert_eq!(names_in(&image, "small"), ["in"]);
    let big = stat(&image, "big").unwrap().id;
    assert!(matches!(image.tree().listing(big), Err(Error::Io { .. })), "no short listing is kept");
    source.mend();
    assert_eq!(image.tree().listing(big).unwrap().len(), 60);
}

#[test]
fn a_root_with_a_bad_sector_gives_way_to_the_next_tree() {
    let mut forge = Forge::new();
    let name = |i: usize| file(format!("F{i}.;1"), 60, 1).with(&[&nm(0, format!("long name {i}"))]);
    forge.rock_ridge_root(&(0..40).map(name).collect::<Vec<_>>());
    forge.joliet(40).directory(40, 40, &[file(b"\0J", 60, 1)]).block(60, b"x");
    let view = |source| Image::from_source(source, &OpenOptions::default()).unwrap().tree().view();
    assert_eq!(view(forge.counted()), "rockridge");
    let first = ROOT as usize * SECTOR;
    let scratched = Arc::new(Scratched::new(forge.bytes.clone(), first + SECTOR, SECTOR));
    let image = Image::from_source(scratched, &OpenOptions::default()).unwrap();
    assert_eq!((image.tree().view(), names(&image)), ("joliet", vec!["J".to_owned()]));
}

#[test]
fn the_sections_of_a_packed_file_count_against_the_cache() {
    let mut forge = Forge::rock_ridge();
    let section = file("Z.;1", 23, 100).with(&[&zf(4, 15, 1 << 30)]);
    let mut records = Vec::new();
    for i in 0..40 {
        let name = format!("Z{i}.;1").into_bytes();
        // Not one behind the other on the disc, so that each is a segment of its own.
        for n in 0..800 {
            let flags = if n < 799 { MULTI_EXTENT } else { 0 };
            records.push(Record { name: name.clone(), extent: 100 + 2 * n, flags, ..section.clone() });
        }
    }
    forge.directory(2000, ROOT, &records).rock_ridge_root(&[directory("D", 2000)]);
    let options = OpenOptions { cache_size: 1 << 20, ..OpenOptions::default() };
    let image = forge.open_with(&options).unwrap();
    let names = names_in(&image, "d");
    assert_eq!(names.len(), 40);
    let (_, used) = peak(|| names.iter().for_each(|name| drop(stat(&image, &format!("d/{name}")))));
    assert!(used < MIB, "{used}");
}

#[test]
fn overlapping_directories_do_not_fill_the_memory_of_a_search() {
    // 256 directories, each of them all the sectors behind it, full of directories.
    let mut forge = Forge::rock_ridge();
    let count = 256;
    for i in 0..count {
        let mut bytes = directory([0], 100 + i).bytes();
        bytes.extend(directory([1], ROOT).bytes());
        for n in 0..45 {
            bytes.extend(directory(format!("D{n:04}"), 100 + (i + n) % count).bytes());
        }
        bytes[10..18].copy_from_slice(&both32((count - i) * SECTOR as u32));
        forge.block(100 + i, &bytes);
    }
    forge.rock_ridge_root(&[directory("D", 100)]);
    let image = forge.open().unwrap();
    // The number of a hard link that is not there.
    let (found, used) = peak(|| image.tree().stat(NodeId((1 << 62) | 5)));
    assert!(matches!(found, Err(Error::NotFound)));
    assert!(used < 8 * MIB, "{used}");
}

#[test]
fn a_view_that_is_not_there_names_those_that_are() {
    let options = OpenOptions {
        tree: TreeOptions { view: View::Joliet, ..TreeOptions::default() },
        ..OpenOptions::default()
    };
    let error = Forge::rock_ridge().open_with(&options).err().unwrap();
    assert_eq!(error.to_string(), "the disc has no joliet tree; it has: rockridge, iso9660");
}
