//! Every structure that no image maker at hand writes, forged in code as its standard says it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use isomount::{
    open::{NameMap, OpenOptions, TreeOptions, View},
    tree::{Kind, Piece},
};
use support::forge::*;

fn with_tree(tree: TreeOptions) -> OpenOptions {
    OpenOptions { tree, ..OpenOptions::default() }
}

#[test]
fn logical_blocks_of_512_and_1024_bytes() {
    for block in [512usize, 1024] {
        let mut forge = Forge { bytes: vec![0; 64 * SECTOR], block };
        // The root lies at block 101, which is inside a sector.
        forge.descriptor(16, 1, &[0; 32], 101).terminator(17);
        forge.directory(101, 101, &[file("A.;1", 151, 5), directory("D", 121)]);
        forge.directory(121, 101, &[file("B.;1", 152, 3)]);
        forge.block(151, b"first").block(152, b"sec");
        let image = forge.open().unwrap();
        assert_eq!(names(&image), ["a", "d"]);
        assert_eq!(content(&image, "a").unwrap(), b"first");
        assert_eq!(content(&image, "d/b").unwrap(), b"sec");
        assert_eq!(image.tree().statistics().block_size as usize, block);
        assert_eq!(image.tree().statistics().blocks, 24);
    }
}

#[test]
fn high_sierra() {
    let mut forge = Forge { bytes: vec![0; 32 * SECTOR], block: SECTOR };
    let mut d = vec![0; SECTOR];
    d[..8].copy_from_slice(&both32(16));
    d[8..15].copy_from_slice(b"\x01CDROM\x01");
    d[48..80].fill(b' ');
    d[48..52].copy_from_slice(b"OLD1");
    d[88..96].copy_from_slice(&both32(32));
    d[136..140].copy_from_slice(&[0, 8, 8, 0]);
    d[180..214].copy_from_slice(&old(&directory([0], ROOT)));
    let mut end = vec![0; SECTOR];
    end[8..15].copy_from_slice(b"\xffCDROM\x01");
    forge.put(16 * SECTOR, &d).put(17 * SECTOR, &end);
    let records =
        [directory([0], ROOT), directory([1], ROOT), file("README.TXT;1", 25, 5), directory("DIR", 22)];
    forge.block(ROOT, &records.iter().flat_map(old).collect::<Vec<u8>>());
    let inner = [directory([0], 22), directory([1], ROOT), file("IN.;1", 25, 5).flagged(HIDDEN)];
    forge.block(22, &inner.iter().flat_map(old).collect::<Vec<u8>>()).block(25, b"1986!");
    let image = forge.open().unwrap();
    assert_eq!(image.tree().label(), "OLD1");
    assert_eq!(names(&image), ["readme.txt", "dir"]);
    assert_eq!(names_in(&image, "dir"), ["in"]);
    assert_eq!(content(&image, "dir/in").unwrap(), b"1986!");
    assert_eq!(stat(&image, "readme.txt").unwrap().modified.seconds, 946_684_800);
}

/// A record in the layout of High Sierra: six bytes of date, the flags, an unused byte.
fn old(record: &Record) -> Vec<u8> {
    let mut bytes = record.bytes();
    bytes[24] = bytes[25];
    bytes[25] = 0;
    bytes
}

#[test]
fn joliet_levels_by_their_escape_sequences() {
    for escape in [b'@', b'C', b'E'] {
        let mut forge = Forge::new();
        forge.joliet(25).put(17 * SECTOR + 90, &[escape]);
        forge.directory(25, 25, &[file(b"\0J\0o\0l\0.\0t\0x\0t\0;\x001", 23, 1)]);
        forge.directory(ROOT, ROOT, &[file("JOL.TXT;1", 23, 1)]);
        let image = forge.open().unwrap();
        assert_eq!((image.tree().view(), names(&image)), ("joliet", vec!["Jol.txt".to_owned()]));
    }
    let mut other = Forge::new();
    other.joliet(25).put(17 * SECTOR + 90, b"G").directory(ROOT, ROOT, &[file("JOL.TXT;1", 23, 1)]);
    assert_eq!(other.open().unwrap().tree().view(), "iso9660");
}

#[test]
fn the_enhanced_descriptor_comes_before_the_primary_one() {
    let mut forge = Forge::new();
    forge.descriptor(17, 2, &[0; 32], 25).put(17 * SECTOR + 6, &[2]).terminator(18);
    forge.directory(25, 25, &[file("A Long Name, as Recorded", 23, 1)]);
    forge.directory(ROOT, ROOT, &[file("A_LONG.;1", 23, 1)]);
    assert_eq!(names(&forge.open().unwrap()), ["A Long Name, as Recorded"]);
}

#[test]
fn an_empty_tree_gives_way_to_another() {
    let mut forge = Forge::rock_ridge();
    forge.joliet(25).directory(25, 25, &[file(b"\0j", 23, 1)]);
    let image = forge.open().unwrap();
    assert_eq!((image.tree().view(), names(&image)), ("joliet", vec!["j".to_owned()]));
    let mut forge = Forge::new();
    forge.joliet(25).directory(25, 25, &[]).directory(ROOT, ROOT, &[file("P.;1", 23, 1)]);
    assert_eq!(names(&forge.open().unwrap()), ["p"]);
}

#[test]
fn rock_ridge_without_names_takes_those_of_joliet() {
    let mut forge = Forge::rock_ridge();
    let fields = px(0o100_640, 1, 5, 6);
    forge.joliet(25).rock_ridge_root(&[file("LONGNAME.TXT;1", 23, 1).with(&[&fields])]);
    let joliet = |fields: &[u8]| file("\0L\0o\0n\0g\0 \0N\0a\0m\0e", 23, 1).with(&[fields]);
    forge.directory(25, 25, &[joliet(&fields)]);
    let image = forge.open().unwrap();
    assert_eq!((image.tree().view(), names(&image)), ("rockridge", vec!["Long Name".to_owned()]));
    let stat = stat(&image, "Long Name").unwrap();
    assert_eq!((stat.permissions, stat.uid, stat.gid), (0o640, 5, 6));
    let forced = with_tree(TreeOptions { view: View::RockRidge, ..TreeOptions::default() });
    assert_eq!(names(&forge.open_with(&forced).unwrap()), ["longname.txt"]);
    // One name by Rock Ridge, or a Joliet tree without the fields, and it is as ever.
    forge.directory(25, 25, &[joliet(b"")]);
    assert_eq!(names(&forge.open().unwrap()), ["longname.txt"]);
    forge.directory(25, 25, &[joliet(&fields)]);
    forge.rock_ridge_root(&[file("LONGNAME.TXT;1", 23, 1).with(&[&fields, &nm(0, "rock")])]);
    assert_eq!(names(&forge.open().unwrap()), ["rock"]);
}

#[test]
fn a_file_in_several_extents_across_a_sector_end() {
    let mut forge = Forge::new();
    forge.bytes.resize(60 * SECTOR, 0);
    forge.block(50, &[b'a'; SECTOR]).block(55, &[b'b'; SECTOR]).block(53, b"end");
    let filler: Vec<Record> = (0..40).map(|i| file(format!("F{i:02}.;1"), 23, 1)).collect();
    for before in 35..40 {
        let mut records = filler[..before].to_vec();
        records.push(file("LARGE.DAT;1", 50, SECTOR as u32).flagged(MULTI_EXTENT));
        records.push(file("LARGE.DAT;1", 55, SECTOR as u32).flagged(MULTI_EXTENT));
        records.push(file("LARGE.DAT;1", 53, 3));
        records.push(file("Z.;1", 53, 3));
        forge.directory(30, ROOT, &records).directory(ROOT, ROOT, &[directory("D", 30)]);
        let image = forge.open().unwrap();
        let expected = [&[b'a'; SECTOR][..], &[b'b'; SECTOR], b"end"].concat();
        assert_eq!(content(&image, "d/large.dat").unwrap(), expected);
        assert_eq!(names_in(&image, "d").len(), before + 2);
    }
}

#[test]
fn sections_across_a_sector_end_of_a_directory_at_any_block() {
    let mut forge = Forge { bytes: vec![0; 120 * SECTOR], block: 512 };
    let filler: Vec<Record> = (0..40).map(|i| file(format!("F{i:02}.;1"), 23, 1)).collect();
    forge.block(401, &[b'a'; 512]).block(405, b"end");
    for before in 35..40 {
        let mut records = filler[..before].to_vec();
        records.push(file("LARGE.DAT;1", 401, 512).flagged(MULTI_EXTENT));
        records.push(file("LARGE.DAT;1", 405, 3));
        forge.descriptor(16, 1, &[0; 32], 81).terminator(17).directory(81, 81, &records);
        forge.put(16 * SECTOR + 156 + 10, &both32(2 * SECTOR as u32));
        assert_eq!(
            content(&forge.open().unwrap(), "large.dat").unwrap(),
            [&[b'a'; 512][..], b"end"].concat()
        );
    }
}

#[test]
fn extended_attribute_records_are_skipped() {
    let mut forge = Forge::new();
    forge.bytes.resize(40 * SECTOR, 0);
    forge.block(30, b"attributes").block(32, b"data");
    forge.block(35, b"attributes").directory(36, ROOT, &[file("IN.;1", 32, 4)]);
    let records =
        [Record { extended: 2, ..file("A.;1", 30, 4) }, Record { extended: 1, ..directory("D", 35) }];
    forge.directory(ROOT, ROOT, &records);
    let image = forge.open().unwrap();
    assert_eq!(content(&image, "a").unwrap(), b"data");
    assert_eq!(content(&image, "d/in").unwrap(), b"data");
}

#[test]
fn interleaved_files() {
    let mut forge = Forge::new();
    forge.bytes.resize(60 * SECTOR, b'.');
    // Units of two blocks with gaps of one, from block 30: 30 31 . 33 34 . 36
    for (block, byte) in [(30, b'a'), (31, b'b'), (33, b'c'), (34, b'd'), (36, b'e')] {
        forge.block(block, &[byte; SECTOR]);
    }
    let len = 4 * SECTOR as u32 + 100;
    // With an extended attribute record the first unit holds it, and the data begins with the next.
    forge.directory(
        ROOT,
        ROOT,
        &[
            Record { unit: 2, gap: 1, ..file("A.;1", 30, len) },
            Record { unit: 2, gap: 1, extended: 1, ..file("B.;1", 30, 2 * SECTOR as u32) },
        ],
    );
    let image = forge.open().unwrap();
    let expected: Vec<u8> = b"abcde".iter().flat_map(|b| [*b; SECTOR]).take(len as usize).collect();
    assert_eq!(content(&image, "a").unwrap(), expected);
    assert_eq!(content(&image, "b").unwrap(), [[b'c'; SECTOR], [b'd'; SECTOR]].concat());
    let pieces = image.tree().pieces(stat(&image, "a").unwrap().id, 0, 10).unwrap();
    assert!(matches!(pieces[1], Piece::Run { at, len } if at == 33 * 2048 && len == 4096));
}

#[test]
fn hidden_and_associated_files() {
    let mut forge = Forge::new();
    forge.block(22, b"fork").block(23, b"data");
    let records =
        [file("A.;1", 22, 4).flagged(ASSOCIATED), file("A.;1", 23, 4), file("H.;1", 23, 4).flagged(HIDDEN)];
    forge.directory(ROOT, ROOT, &records);
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["a", "h"]);
    assert_eq!(content(&image, "a").unwrap(), b"data");
    let hide =
        forge.open_with(&with_tree(TreeOptions { hide: Some(true), ..TreeOptions::default() })).unwrap();
    assert_eq!(names(&hide), ["a"]);
    let all = TreeOptions { show_associated: true, ..TreeOptions::default() };
    let all = forge.open_with(&with_tree(all)).unwrap();
    assert_eq!(names(&all), ["a", "a~2", "h"]);
    assert_eq!(content(&all, "a").unwrap(), b"fork");
}

#[test]
fn of_several_versions_the_highest_bears_the_name() {
    let mut forge = Forge::new();
    forge.block(22, b"old").block(23, b"new");
    forge.directory(ROOT, ROOT, &[file("A.TXT;3", 23, 3), file("A.TXT;1", 22, 3), file("ONLY.;2", 23, 3)]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["a.txt", "a.txt.1", "only"]);
    assert_eq!(content(&image, "a.txt").unwrap(), b"new");
    let off =
        forge.open_with(&with_tree(TreeOptions { map: NameMap::Off, ..TreeOptions::default() })).unwrap();
    assert_eq!(names(&off), ["A.TXT;3", "A.TXT;1", "ONLY.;2"]);
}

#[test]
fn names_are_looked_up_as_they_are_written() {
    let mut forge = Forge::rock_ridge();
    forge.rock_ridge_root(&[file("A.;1", 23, 1).with(&[&nm(0, "Name")])]);
    let image = forge.open().unwrap();
    assert!(stat(&image, "Name").is_ok());
    assert!(stat(&image, "name").is_err() && stat(&image, "NAME").is_err());
    let mut forge = Forge::new();
    forge.joliet(25).directory(25, 25, &[file(b"\0N\0a\0m\0e", 23, 1)]);
    let image = forge.open().unwrap();
    assert!(stat(&image, "Name").is_ok() && stat(&image, "name").is_err());
}

#[test]
fn system_use_behind_xa_data_and_apple_fields() {
    let xa: &[u8] = b"\0\0\0\0\x0d\x55XA\0\0\0\0\0\0";
    let aa = versioned(b"AA", 2, b"TEXTttxt\0\0");
    // SP counts the 14 bytes; or it does not, and they are there all the same.
    for skip in [14, 0] {
        let mut forge = Forge::new();
        let own = [xa, &sp(skip), &px(0o040_700, 2, 5, 6), &er()].concat();
        let record = file("A.;1", 23, 1).with(&[xa, &aa, &nm(0, "Name"), &px(0o100_600, 1, 7, 8)]);
        forge.directory_with(ROOT, ROOT, &own, xa, &[record]);
        let image = forge.open().unwrap();
        assert_eq!((image.tree().view(), names(&image)), ("rockridge", vec!["Name".to_owned()]));
        let root = stat(&image, "").unwrap();
        assert_eq!((root.permissions, root.uid, root.gid), (0o700, 5, 6));
        let file = stat(&image, "Name").unwrap();
        assert_eq!((file.permissions, file.uid, file.gid), (0o600, 7, 8));
    }
}

#[test]
fn skipped_bytes_that_are_no_xa_data() {
    let mut forge = Forge::new();
    let record = file("A.;1", 23, 1).with(&[b"abcdef", &nm(0, "Name")]);
    forge.directory_with(ROOT, ROOT, &[sp(6), er()].concat(), b"", &[record]);
    assert_eq!(names(&forge.open().unwrap()), ["Name"]);
}

#[test]
fn rock_ridge_announced_inside_a_continuation_area_or_not_at_all() {
    let mut forge = Forge::new();
    forge.block(30, &er());
    let len = er().len() as u32;
    let record = file("A.;1", 23, 1).with(&[&nm(0, "Name")]);
    forge.directory_with(ROOT, ROOT, &[sp(0), ce(30, 0, len)].concat(), b"", std::slice::from_ref(&record));
    assert_eq!(names(&forge.open().unwrap()), ["Name"]);
    forge.directory_with(ROOT, ROOT, &[sp(0), entry(b"RR", &[0x81])].concat(), b"", &[record]);
    assert_eq!(names(&forge.open().unwrap()), ["Name"]);
}

#[test]
fn fields_that_are_known_and_passed_over() {
    let mut forge = Forge::rock_ridge();
    let fields =
        [entry(b"RR", &[0]), entry(b"ES", &[0]), entry(b"PD", &[0; 5]), entry(b"QQ", &[1, 2, 3])].concat();
    forge.rock_ridge_root(&[
        file("A.;1", 23, 1).with(&[&fields, &nm(1, "Na"), &nm(0, "me"), &entry(b"ST", &[]), &nm(0, "Never")]),
        file("NONE.;1", 23, 1),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image), ["Name", "none"], "a record without fields is shown too");
    assert_eq!(stat(&image, "none").unwrap().permissions, 0o555);
}

#[test]
fn hard_links_share_a_number_by_serial_or_by_likeness() {
    let mut forge = Forge::rock_ridge();
    let serial = |n| px_with_serial(0o100_644, 2, n);
    let old = px(0o100_644, 2, 0, 0);
    forge.rock_ridge_root(&[
        file("A.;1", 22, 5).with(&[&serial(7)]),
        file("B.;1", 22, 5).with(&[&serial(7)]),
        file("OTHER.;1", 22, 5).with(&[&serial(8)]),
        file("E1.;1", 0, 0).with(&[&serial(9)]),
        file("E2.;1", 0, 0).with(&[&serial(9)]),
        file("C.;1", 23, 5).with(&[&old]),
        file("D.;1", 23, 5).with(&[&old]),
        file("MODE.;1", 23, 5).with(&[&px(0o100_600, 2, 0, 0)]),
        file("ONE.;1", 23, 5).with(&[&px(0o100_644, 1, 0, 0)]),
    ]);
    let image = forge.open().unwrap();
    let id = |name: &str| stat(&image, name).unwrap().id;
    assert_eq!(id("a"), id("b"));
    assert_ne!(id("a"), id("other"));
    assert_eq!(id("e1"), id("e2"));
    assert_eq!(id("c"), id("d"));
    assert_ne!(id("c"), id("mode"));
    assert_ne!(id("c"), id("one"));
    // A number from before, in an image that nobody has looked at yet.
    let again = forge.open().unwrap();
    assert_eq!(again.tree().stat(id("b")).unwrap(), image.tree().stat(id("a")).unwrap());
}

#[test]
fn relocated_directories_are_in_their_true_place() {
    let mut forge = Forge::rock_ridge();
    let own = px(0o040_750, 2, 1, 2);
    forge.directory_with(26, 25, &own, &pl(27), &[file("F.;1", 23, 1)]);
    forge.directory(25, ROOT, &[directory("DEEP", 26).with(&[&re(), &nm(0, "Deep")])]);
    forge.directory(
        27,
        ROOT,
        &[file("DEEP.;1", 26, 0).with(&[&nm(0, "Deep"), &cl(26), &px(0o040_700, 2, 0, 0)])],
    );
    for marked in [vec![], re()] {
        forge.rock_ridge_root(&[directory("RR_MOVED", 25).with(&[&marked]), directory("DIR", 27)]);
        let image = forge.open().unwrap();
        assert_eq!(names(&image), ["dir"]);
        assert_eq!(names_in(&image, "dir/Deep"), ["f"]);
        let deep = stat(&image, "dir/Deep").unwrap();
        assert_eq!((deep.kind, deep.permissions, deep.gid), (Kind::Directory, 0o750, 2));
        assert_eq!(image.tree().parent(deep.id).unwrap(), stat(&image, "dir").unwrap().id);
    }
}

#[test]
fn time_stamps() {
    let mut forge = Forge::rock_ridge();
    let short = entry(
        b"TF",
        &[
            &[0x0f][..],
            &[70, 1, 1, 0, 0, 1, 0],
            &[169, 1, 1, 0, 0, 0, 4],
            &[60, 1, 1, 0, 0, 0, 0],
            &[70, 1, 1, 0, 0, 4, 0],
        ]
        .concat(),
    );
    let long = entry(b"TF", b"\x821601010100000050\0");
    let none = entry(b"TF", &[0x02, 0, 0, 0, 0, 0, 0, 0]);
    forge.rock_ridge_root(&[
        file("S.;1", 23, 1).with(&[&short]),
        file("L.;1", 23, 1).with(&[&long]),
        file("N.;1", 23, 1).with(&[&none]),
        Record { date: [0; 7], ..file("R.;1", 23, 1) },
    ]);
    let image = forge.open().unwrap();
    let s = stat(&image, "s").unwrap();
    assert_eq!(s.created.unwrap().seconds, 1);
    assert_eq!(s.modified.seconds, 3_124_220_400, "2069, an hour east");
    assert_eq!((s.accessed.seconds, s.changed.seconds), (-315_619_200, 4));
    let l = stat(&image, "l").unwrap();
    assert_eq!((l.modified.seconds, l.modified.nanoseconds), (-11_644_473_600, 500_000_000));
    assert_eq!(l.accessed.seconds, 946_684_800, "the record's own date");
    assert_eq!(stat(&image, "n").unwrap().modified.seconds, 0);
    assert_eq!(stat(&image, "r").unwrap().modified.seconds, 0);
}

#[test]
fn sparse_files() {
    let mut forge = Forge::rock_ridge();
    forge.bytes.resize(64 * SECTOR, 0);
    // Depth 1: a table of 256 entries for 256 bytes each; entries count 256 bytes from the start of the extent.
    let mut stored = vec![0; 2048];
    stored[..8].copy_from_slice(&both32(8));
    stored[2 * 8..3 * 8].copy_from_slice(&both32(9));
    stored[3 * 8..4 * 8].copy_from_slice(&both32(1 << 31));
    stored.extend([b'a'; 256]);
    stored.extend([b'b'; 256]);
    forge.block(30, &stored);
    // Depth 2: the root's second entry leads to a table whose last entry is data.
    let mut deep = vec![0; 2048];
    deep[8..16].copy_from_slice(&both32(8));
    deep.extend(vec![0; 2048]);
    deep[2048 + 255 * 8..2048 + 256 * 8].copy_from_slice(&both32(16));
    deep.extend([b'z'; 256]);
    forge.block(40, &deep);
    forge.rock_ridge_root(&[
        file("ONE.;1", 30, stored.len() as u32).with(&[&sf(1000, 1)]),
        file("TWO.;1", 40, deep.len() as u32).with(&[&sf(1 << 20, 2)]),
        file("VAST.;1", 40, deep.len() as u32).with(&[&sf(u64::MAX, 7)]),
        file("WRONG.;1", 40, deep.len() as u32).with(&[&sf(1 << 20, 1)]),
    ]);
    let image = forge.open().unwrap();
    let expected = [vec![b'a'; 256], vec![0; 256], vec![b'b'; 256], vec![0; 232]].concat();
    assert_eq!(content(&image, "one").unwrap(), expected);
    let mut two = vec![0; 1 << 20];
    two[65536 + 255 * 256..65536 + 256 * 256].fill(b'z');
    assert!(content(&image, "two").unwrap() == two);
    assert_eq!(stat(&image, "vast").unwrap().size, u64::MAX);
    let vast = stat(&image, "vast").unwrap().id;
    assert_eq!(image.tree().read_into(vast, u64::MAX - 3, &mut [1; 8]).unwrap(), 3);
    assert!(content(&image, "wrong").unwrap_err().to_string().contains("table depth is 1"));
}

#[test]
fn acorn_names() {
    let mut forge = Forge::new();
    let mut field = *b"ARCHIMEDES\0\xfb\xff\xff\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0";
    field[11] = 0xfb;
    forge.directory(ROOT, ROOT, &[file("_BOOT.;1", 23, 1).with(&[&field])]);
    let options = with_tree(TreeOptions { map: NameMap::Acorn, ..TreeOptions::default() });
    assert_eq!(names(&forge.open_with(&options).unwrap()), ["!boot,ffb"]);
}

#[test]
fn extents_beyond_the_stated_size_but_inside_the_image() {
    let mut forge = Forge::new();
    forge.block(40, b"beyond").put(16 * SECTOR + 80, &both32(22));
    forge.directory(ROOT, ROOT, &[file("A.;1", 40, 6)]);
    let image = forge.open().unwrap();
    assert_eq!(content(&image, "a").unwrap(), b"beyond");
    assert!(image.tree().notes().is_empty());
}

#[test]
fn of_several_sessions_the_last_is_shown() {
    let session = |start: u32, name: &str| {
        let mut forge = Forge::new();
        // The same image again, its addresses counted from the start of the disc.
        forge.descriptor(16, 1, &[0; 32], start + ROOT);
        let mut moved = Forge { bytes: vec![0; start as usize * SECTOR], block: SECTOR };
        moved.bytes.extend(&forge.bytes);
        let root = start + ROOT;
        moved.directory(root, root, &[file(name, start + 22, 4)]).block(start + 22, &name.as_bytes()[..4]);
        let (from, to) = (start as usize * SECTOR, (start as usize + 24) * SECTOR);
        moved.bytes[from..to].to_vec()
    };
    for gap in [0usize, 8, 300, 11_400] {
        let mut image = Forge::new();
        image.directory(ROOT, ROOT, &[file("ONE1.;1", 22, 4)]).block(22, b"one1");
        let second = 24 + gap as u32;
        image.bytes.resize(second as usize * SECTOR, 0);
        image.bytes.extend(session(second, "TWO2.;1"));
        let image = image.open().unwrap();
        assert_eq!(names(&image), ["two2"], "{gap}");
        assert_eq!(content(&image, "two2").unwrap(), b"TWO2");
    }
    // Another image behind the first counts from its own start: it is no session.
    let mut appended = Forge::new();
    appended.directory(ROOT, ROOT, &[file("ONE1.;1", 22, 4)]);
    appended.bytes.extend(Forge::new().bytes);
    assert_eq!(names(&appended.open().unwrap()), ["one1"]);
}

#[test]
fn opening_reads_little_of_any_image() {
    let mut forge = Forge::rock_ridge();
    forge.rock_ridge_root(&[file("A.;1", 23, 1)]);
    forge.bytes.resize(64 << 20, 0);
    let (image, counted) = forge.open_counted();
    assert_eq!(names(&image.unwrap()), ["a"]);
    assert!(counted.bytes_read() < 64 * 1024, "{}", counted.bytes_read());
}

#[test]
fn views_are_forced_and_numbers_stay() {
    let mut forge = Forge::rock_ridge();
    forge.joliet(25).directory(25, 25, &[file(b"\0j", 23, 1)]);
    forge.rock_ridge_root(&[file("P.;1", 23, 1).with(&[&nm(0, "Rock")])]);
    let shown = |view| {
        let image = forge.open_with(&with_tree(TreeOptions { view, ..TreeOptions::default() })).unwrap();
        names(&image)[0].clone()
    };
    assert_eq!(
        [View::Auto, View::RockRidge, View::Joliet, View::Iso9660].map(shown),
        ["Rock", "Rock", "j", "p"]
    );
    let id = || stat(&forge.open().unwrap(), "Rock").unwrap().id;
    assert_eq!(id(), id());
}
