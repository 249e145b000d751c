//! Extended attributes of ISO 9660, by the library alone: what writers record, and what is wrong with it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use isomount::{
    Error,
    open::{Image, OpenOptions, TreeOptions, View},
    tree::{Policy, access_list},
};
use support::{
    attributes::{self, aa, al, all, components, finder_info, names, text, value, xa},
    forge::*,
    large,
    memory::peak,
    udf::{Extent, File, Udf},
};

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";
const FINDER_INFO: &str = "com.apple.FinderInfo";
const RESOURCE_FORK: &str = "com.apple.ResourceFork";
const EXTENTS: &str = "user.isomount.extents";

fn mode() -> Vec<u8> {
    px(0o100_644, 1, 0, 0)
}

/// A file with Rock Ridge and these entries.
fn described(name: &str, entries: &[&[u8]]) -> Record {
    let (mode, shown) = (mode(), nm(0, name));
    let all: Vec<&[u8]> = [&mode[..], &shown].into_iter().chain(entries.iter().copied()).collect();
    file(name.to_uppercase(), 23, 4).with(&all)
}

fn private(image: &Image, path: &str, name: &str) -> Option<Vec<u8>> {
    image.tree().private_attribute(stat(image, path).unwrap().id, name.as_bytes()).unwrap()
}

/// An access control list as the kernel has it: tag, permissions, number.
fn acl(entries: &[(u8, u8, u32)]) -> Vec<u8> {
    let entry = |(tag, permissions, id): &(u8, u8, u32)| {
        [&[*tag, 0, *permissions, 0][..], &id.to_le_bytes()].concat()
    };
    [vec![2, 0, 0, 0], entries.iter().flat_map(entry).collect()].concat()
}

const NOBODY: u32 = u32::MAX;

#[test]
fn attribute_lists_are_shown_with_their_namespaces() {
    let pairs: &[(&[u8], &[u8])] = &[
        (b"\x03short", b"1"),
        (b"user.long", b"2"),
        (b"\x05t", b"3"),
        (b"\x06s", b"4"),
        (b"\x02x", b"5"),
        (b"\x01\x03escaped", b"6"),
        (b"nowhere", b"7"),
        (b"\x07later", b"8"),
        (b"\x04cx", b"\0\0\0\x09"),
        (b"isofs.st", b"10"),
        (b"\x03short", b"again"),
        (b"\x03empty", b""),
    ];
    let mut forge = Forge::new();
    forge.rock_ridge_root(&[described("f", &[&attributes::attributes(pairs)]), described("g", &[])]);
    let image = forge.open().unwrap();
    let expected = [
        "user.short",
        "user.long",
        "trusted.t",
        "security.s",
        "system.x",
        "user.\x03escaped",
        "user.nowhere",
        "user.empty",
    ];
    assert_eq!(names(&image, "f"), expected);
    let values = expected.map(|name| text(&image, "f", name));
    assert_eq!(values, ["1", "2", "3", "4", "5", "6", "7", ""]);
    assert_eq!(names(&image, "g"), [""; 0]);
    // What libisofs keeps for itself is shown to nobody, and there for whoever knows it.
    assert!(matches!(value(&image, "f", "isofs.cx"), Err(Error::NoAttribute)));
    assert_eq!(private(&image, "f", "isofs.cx").unwrap(), [0, 0, 0, 9]);
    assert_eq!(private(&image, "f", "isofs.st").unwrap(), b"10");
    assert_eq!(private(&image, "f", "isofs.no"), None);
    assert_eq!(private(&image, "f", "user.short"), None);
    assert_eq!(private(&image, "g", "isofs.cx"), None);
}

#[test]
fn values_go_on_in_further_entries_and_areas() {
    let long: Vec<u8> = (0..60_000u32).map(|i| (i / 7) as u8).collect();
    let list = components(&[b"\x03first", b"1", b"\x03long", &long, b"\x03last", b"2"]);
    let mut forge = Forge::new();
    // In many areas of a block each, as newer versions of libisofs record them; the name of the file comes first.
    let mut entries = vec![nm(0, "blocks")];
    entries.extend(al(&list));
    let blocks = attributes::continued(&mut forge, 40, &entries);
    // In one area, as older ones do.
    let whole = [nm(0, "whole"), al(&list).concat()].concat();
    forge.block(100, &whole);
    let one = ce(100, 0, whole.len() as u32);
    forge.rock_ridge_root(&[
        file("A.;1", 23, 4).with(&[&mode(), &blocks]),
        file("B.;1", 23, 4).with(&[&mode(), &one]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(support::forge::names(&image), ["blocks", "whole"]);
    for path in ["blocks", "whole"] {
        assert_eq!(names(&image, path), ["user.first", "user.long", "user.last"]);
        assert!(value(&image, path, "user.long").unwrap() == long);
        assert_eq!(text(&image, path, "user.last"), "2");
    }
}

#[test]
fn lists_of_permissions_have_the_form_of_the_kernel() {
    // The first example of the text on AAIP, its second (where that lacks the bit for its qualifier), and entries that are taken from
    // the mode.
    let first = b"\x16\xae\x01\x7b\x34\xce\x02\xff\xfe\x54\x64";
    let second = b"\x17\x35\x65\x81\x17\x35\x57\x65\xaf\x01\x7b";
    let short = b"\xae\x04\x00\x00\x00\x09";
    let list = |value: &[u8]| attributes::attributes(&[(b"", value)]);
    let directory_mode = px(0o040_755, 2, 0, 0);
    let mut forge = Forge::new();
    forge.directory_with(24, ROOT, &directory_mode, &directory_mode, &[]);
    forge.rock_ridge_root(&[
        described("a", &[&list(first)]),
        described("b", &[&list(short)]),
        described("c", &[&list(b"\x16\x34\x64")]),
        described("d", &[&list(b"\x08\x0d\x00\x7b\0\0\0\0\0\0\x7blisa\x16\xae\x01\x7b\x34\x56\x64")]),
        described("e", &[&list(b"\x16\x34\x56\x64\x2c\x0212\x4c\x04lisa")]),
        file("L.;1", 0, 0).with(&[&px(0o120_777, 1, 0, 0), &nm(0, "l"), &sl(b"\0\x01a"), &list(first)]),
        directory("D", 24).with(&[&directory_mode, &nm(0, "dir"), &list(second)]),
    ]);
    let image = forge.open().unwrap();
    let owner = (0x01, 6, NOBODY);
    let others = (0x20, 4, NOBODY);
    let expected =
        acl(&[owner, (0x02, 6, 123), (0x04, 4, NOBODY), (0x08, 6, 65534), (0x10, 4, NOBODY), others]);
    assert_eq!(value(&image, "a", ACCESS).unwrap(), expected);
    assert_eq!(names(&image, "a"), [ACCESS]);
    // A mask there has to be where anyone is named.
    let expected = acl(&[owner, (0x02, 6, 9), (0x04, 4, NOBODY), (0x10, 4, NOBODY), others]);
    assert_eq!(value(&image, "b", ACCESS).unwrap(), expected);
    assert_eq!(names(&image, "c"), [""; 0], "the mode says all of it");
    let expected = acl(&[owner, (0x02, 6, 123), (0x04, 4, NOBODY), (0x10, 4, NOBODY), others]);
    assert_eq!(value(&image, "d", ACCESS).unwrap(), expected, "names of numbers are no entries");
    let expected = acl(&[owner, (0x02, 4, 12), (0x04, 4, NOBODY), (0x10, 4, NOBODY), others]);
    assert_eq!(value(&image, "e", ACCESS).unwrap(), expected, "nobody knows the number of lisa");
    assert_eq!(names(&image, "l"), [""; 0], "links have no permissions");
    assert_eq!(names(&image, "dir"), [DEFAULT]);
    let expected =
        acl(&[(0x01, 7, NOBODY), (0x02, 7, 123), (0x04, 5, NOBODY), (0x10, 7, NOBODY), (0x20, 5, NOBODY)]);
    assert_eq!(value(&image, "dir", DEFAULT).unwrap(), expected);
}

#[test]
fn lists_of_permissions_say_what_the_mode_shown_does() {
    let list = attributes::attributes(&[(b"", b"\x17\xaf\x01\x7b\x35\x57\x67")]);
    let mut forge = Forge::new();
    forge.rock_ridge_root(&[described("f", &[&list])]);
    // Recorded with another mode (0644), and shown with another one still.
    for (umask, [owner, mask, others]) in [(0, [6, 4, 4]), (0o027, [6, 4, 0])] {
        let policy = Policy { umask, ..Policy::of_user(0, 0) };
        let options = OpenOptions { policy, ..OpenOptions::default() };
        let image = Image::from_source(std::sync::Arc::new(forge.bytes.clone()), &options).unwrap();
        let expected = acl(&[
            (0x01, owner, NOBODY),
            (0x02, 7, 123),
            (0x04, 5, NOBODY),
            (0x10, mask, NOBODY),
            (0x20, others, NOBODY),
        ]);
        assert_eq!(value(&image, "f", ACCESS).unwrap(), expected, "{umask:o}");
    }
}

#[test]
fn directories_have_what_the_directory_above_says_of_them() {
    let list = |value: &[u8]| attributes::attributes(&[(b"\x03d", value), (b"\x04di", value)]);
    let mode = px(0o040_755, 2, 0, 0);
    let mut forge = Forge::new();
    // The root has its list in its own record; the others in that of the directory above, those of a relocated one where it belongs.
    let own = [sp(0), px(0o040_755, 2, 0, 0), er(), attributes::er_aaip(), list(b"root")].concat();
    forge.directory_with(
        24,
        ROOT,
        &mode,
        &mode,
        &[
            directory("B", 25).with(&[&mode, &nm(0, "b"), &list(b"b")]),
            file("C.;1", 26, 0).with(&[&mode, &nm(0, "c"), &cl(26), &list(b"c")]),
        ],
    );
    forge.directory_with(25, 24, &mode, &mode, &[]);
    forge.directory_with(26, 27, &mode, &[&mode[..], &pl(24)].concat(), &[]);
    forge.directory_with(
        27,
        ROOT,
        &mode,
        &mode,
        &[directory("C", 26).with(&[&mode, &nm(0, "c"), &re(), &list(b"moved")])],
    );
    forge.directory_with(
        ROOT,
        ROOT,
        &own,
        &mode,
        &[
            directory("A", 24).with(&[&mode, &nm(0, "a"), &list(b"a")]),
            directory("NONE", 28).with(&[&mode, &nm(0, "none")]),
            directory("RR_MOVED", 27).with(&[&mode, &nm(0, "rr_moved"), &re()]),
        ],
    );
    forge.directory_with(28, ROOT, &mode, &mode, &[]);
    let image = forge.open().unwrap();
    let paths = [("", "root"), ("a", "a"), ("a/b", "b"), ("a/c", "c")];
    for (path, expected) in paths {
        assert_eq!(text(&image, path, "user.d"), expected);
        assert_eq!(private(&image, path, "isofs.di").unwrap(), expected.as_bytes());
    }
    assert_eq!(names(&image, "none"), [""; 0]);
    // A node that nobody has listed yet, as one that a file server asks for.
    for (path, expected) in [("a", "a"), ("a/b", "b"), ("a/c", "moved")] {
        let fresh = forge.open().unwrap();
        let id = stat(&image, path).unwrap().id;
        let found = fresh.tree().private_attribute(id, b"isofs.di").unwrap().unwrap();
        assert_eq!(found, expected.as_bytes(), "{path}");
    }
}

#[test]
fn type_and_creator_of_macintosh_are_the_information_of_its_finder() {
    let mut forge = Forge::new();
    forge.block(23, b"data");
    let old = |kind: u8| [b"BA", &[kind][..], b"APPLabcd\x40\x00"].concat();
    forge.directory(
        ROOT,
        ROOT,
        &[
            file("A.;1", 23, 4).with(&[&aa(b"TEXT", b"ttxt", 0x2000)]),
            file("B.;1", 23, 4).with(&[&old(6)]),
            file("C.;1", 23, 4).with(&[&old(3)]),
            file("D.;1", 23, 4),
            directory("E", 24).with(&[&aa(b"fold", b"MACS", 0x4000)]),
        ],
    );
    forge.directory_with(24, ROOT, &aa(b"fold", b"MACS", 0x4000), &[], &[]);
    let image = forge.open().unwrap();
    let shown = |path: &str| value(&image, path, FINDER_INFO).ok();
    assert_eq!(shown("a"), Some(finder_info(b"TEXT", b"ttxt", 0x2000)));
    assert_eq!(shown("b"), Some(finder_info(b"APPL", b"abcd", 0x4000)));
    assert_eq!(shown("c"), Some(finder_info(b"APPL", b"abcd", 0x2000)));
    assert_eq!(shown("d"), None);
    assert_eq!(shown("e"), Some(finder_info(b"fold", b"MACS", 0x4000)));
    assert_eq!(value(&image, "a", "user.com.apple.FinderInfo").ok(), shown("a"));
    assert_eq!(names(&image, "a"), [FINDER_INFO]);
    // Among the entries of Rock Ridge.
    forge.rock_ridge_root(&[described("f", &[&aa(b"TEXT", b"ttxt", 0)])]);
    assert_eq!(all(&forge.open().unwrap(), "f")[FINDER_INFO], finder_info(b"TEXT", b"ttxt", 0));
}

#[test]
fn associated_files_are_resource_forks() {
    let fork = |name: &str| file(name, 22, 4).flagged(ASSOCIATED);
    let mut forge = Forge::new();
    forge.block(22, b"fork").block(23, b"data");
    let mut records =
        vec![fork("A.;1"), file("A.;1", 23, 4), file("B.;1", 23, 4), fork("B.;1"), file("C.;1", 23, 4)];
    // A fork that is the last in its sector.
    let used = |records: &[Record]| 68 + records.iter().map(|record| record.bytes().len()).sum::<usize>();
    while used(&records) + 2 * 38 <= SECTOR {
        records.push(file("X.;1", 23, 4));
    }
    records.extend([fork("Y.;1"), file("Y.;1", 23, 4), fork("ALONE.;1"), file("Z.;1", 23, 4)]);
    forge.directory(ROOT, ROOT, &records);
    let image = forge.open().unwrap();
    assert_eq!(forge.bytes[ROOT as usize * SECTOR + SECTOR - 4..][..4], [0; 4], "the sector has room left");
    for path in ["a", "b", "y"] {
        assert_eq!(text(&image, path, RESOURCE_FORK), "fork", "{path}");
        assert_eq!(text(&image, path, "user.com.apple.ResourceFork"), "fork", "{path}");
        assert_eq!(names(&image, path), [RESOURCE_FORK], "{path}");
    }
    for path in ["c", "x", "z"] {
        assert_eq!(names(&image, path), [""; 0], "{path}");
    }
    assert_eq!(stat(&image, "alone").unwrap_err().to_string(), Error::NotFound.to_string());
    // Where they are shown as files they are no attributes.
    let tree = TreeOptions { show_associated: true, ..TreeOptions::default() };
    let image = forge.open_with(&OpenOptions { tree, ..OpenOptions::default() }).unwrap();
    assert_eq!(content(&image, "a").unwrap(), b"fork");
    assert_eq!(names(&image, "a~2"), [""; 0]);
}

#[test]
fn resource_forks_are_found_in_directories_at_any_block() {
    let mut forge = Forge { block: 512, ..Forge::new() };
    forge.descriptor(16, 1, &[0; 32], 4 * ROOT + 1).terminator(17);
    forge.block(100, b"fork");
    let mut records = Vec::new();
    for i in 10..60 {
        let name = format!("F{i}.;1");
        records.extend([file(&name, 100, 4).flagged(ASSOCIATED), file(&name, 100, 4)]);
    }
    forge.directory(4 * ROOT + 1, 4 * ROOT + 1, &records);
    let len = forge.bytes[(4 * ROOT as usize + 1) * 512 + 10..][..8].to_vec();
    forge.put(16 * SECTOR + 156 + 10, &len);
    let image = forge.open().unwrap();
    for i in 10..60 {
        assert_eq!(text(&image, &format!("f{i}"), RESOURCE_FORK), "fork", "{i}");
    }
}

#[test]
fn protection_and_comments_of_amiga() {
    let protection = entry(b"AS", b"\x01\0\0\0\x10");
    let both = entry(b"AS", &[&b"\x07\0\0\x80\x42"[..], b"\x06hello"].concat());
    let rest = entry(b"AS", b"\x02\x07 world");
    let mut forge = Forge::new();
    forge.rock_ridge_root(&[
        described("a", &[&protection]),
        described("b", &[&both, &rest]),
        described("c", &[&entry(b"AS", b"\x01\0"), &entry(b"AS", b"\x02\x40short")]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(text(&image, "a", "user.amiga.protection"), "---arwed");
    assert_eq!(names(&image, "a"), ["user.amiga.protection"]);
    assert_eq!(text(&image, "b", "user.amiga.protection"), "-s--rw-d ---- r---");
    assert_eq!(text(&image, "b", "user.amiga.comment"), "hello world");
    assert_eq!(names(&image, "c"), ["user.amiga.comment"]);
    assert_eq!(text(&image, "c", "user.amiga.comment"), "short");
}

#[test]
fn extended_attribute_records_are_told_and_change_nothing_else() {
    let record = attributes::extended_attribute_record(1000, b"1996030112593045\x04", b"for programs");
    let mut forge = Forge::new();
    forge.block(30, &record).block(31, b"data");
    let with = |extended| Record { extended, ..file("A.;1", 30, 4) };
    forge.directory(ROOT, ROOT, &[with(1)]);
    let image = forge.open().unwrap();
    assert_eq!(content(&image, "a").unwrap(), b"data");
    assert_eq!(
        names(&image, "a"),
        ["owner", "permissions", "created", "application_use"].map(|name| format!("user.iso9660.{name}"))
    );
    assert_eq!(text(&image, "a", "user.iso9660.owner"), "1000");
    assert_eq!(text(&image, "a", "user.iso9660.permissions"), "system:rx owner:rx group:rx others:rx");
    assert_eq!(text(&image, "a", "user.iso9660.created"), "1996-03-01T12:59:30.45+01:00");
    assert_eq!(text(&image, "a", "user.iso9660.application_use"), "for programs");
    // As in the kernel they say nothing of owner, mode and times.
    let stat = stat(&image, "a").unwrap();
    assert_eq!((stat.uid, stat.permissions, stat.modified.seconds), (0, 0o555, 946_684_800));
}

#[test]
fn extended_attribute_records_that_cannot_be_cost_themselves() {
    let mut other = attributes::extended_attribute_record(7, &[b'0'; 17], b"");
    other[180] = 9;
    let long = attributes::extended_attribute_record(7, &[b'0'; 17], &[b'x'; 5000]);
    let mut forge = Forge::new();
    forge.block(30, &other).block(40, &long);
    let record = |name: &str, extent, extended| Record { extended, ..file(name, extent, 0) };
    forge.directory(
        ROOT,
        ROOT,
        &[
            record("A.;1", 30, 1),
            record("B.;1", 5_000_000, 200).with(&[&aa(b"TEXT", b"ttxt", 0)]),
            record("C.;1", u32::MAX, 255),
            record("D.;1", 40, 1),
        ],
    );
    let image = forge.open().unwrap();
    assert_eq!(names(&image, "a"), [""; 0]);
    assert_eq!(names(&image, "b"), [FINDER_INFO]);
    assert_eq!(names(&image, "c"), [""; 0]);
    // What is behind the record's own blocks is not of it.
    assert_eq!(value(&image, "d", "user.iso9660.application_use").unwrap().len(), 2048 - 250);
}

#[test]
fn xa_information_is_told_in_words() {
    let mut forge = Forge::new();
    forge.directory(
        ROOT,
        ROOT,
        &[
            file("A.;1", 23, 4).with(&[&xa(0, 0, 0x0d55, 0)]),
            file("B.;1", 23, 4).with(&[&xa(3, 1000, 0x3111, 7), &aa(b"TEXT", b"ttxt", 0)]),
            file("C.;1", 23, 4),
        ],
    );
    let image = forge.open().unwrap();
    assert_eq!(names(&image, "a"), ["user.xa.attributes"]);
    assert_eq!(text(&image, "a", "user.xa.attributes"), "0d55 r-xr-xr-x form1");
    assert_eq!(
        names(&image, "b"),
        [FINDER_INFO, "user.xa.attributes", "user.xa.file_number", "user.xa.owner"]
    );
    assert_eq!(text(&image, "b", "user.xa.attributes"), "3111 r--r--r-- form2 interleaved");
    assert_eq!(text(&image, "b", "user.xa.file_number"), "7");
    assert_eq!(text(&image, "b", "user.xa.owner"), "1000:3");
    assert_eq!(names(&image, "c"), [""; 0]);
    // In front of Rock Ridge, counted by `SP` or not.
    for skip in [0, 14] {
        let own = [xa(0, 0, 0x8d55, 0), sp(skip), px(0o040_755, 2, 0, 0), er()].concat();
        let record = file("F.;1", 23, 4).with(&[&xa(0, 0, 0x4555, 0), &mode(), &nm(0, "f")]);
        forge.directory_with(ROOT, ROOT, &own, &[], &[record]);
        let image = forge.open().unwrap();
        assert_eq!(text(&image, "f", "user.xa.attributes"), "4555 r-xr-xr-x cdda", "{skip}");
        assert_eq!(text(&image, "", "user.xa.attributes"), "8d55 r-xr-xr-x form1 directory", "{skip}");
    }
}

#[test]
fn where_the_bytes_lie_can_be_asked_of_every_file() {
    let mut forge = Forge::new();
    let recorded = attributes::attributes(&[(b"\x03isomount.extents", b"copied")]);
    forge.rock_ridge_root(&[
        file("A.;1", 30, 4000).flagged(MULTI_EXTENT).with(&[&mode(), &nm(0, "a")]),
        file("A.;1", 50, 7).with(&[&mode(), &nm(0, "a")]),
        Record { unit: 1, gap: 2, ..file("B.;1", 60, 5000) }.with(&[&mode(), &nm(0, "b")]),
        file("EMPTY.;1", 0, 0).with(&[&mode(), &nm(0, "empty")]),
        described("copied", &[&recorded]),
        file("L.;1", 0, 0).with(&[&px(0o120_777, 1, 0, 0), &nm(0, "l"), &sl(b"\0\x01a")]),
    ]);
    let image = forge.open().unwrap();
    let at = |block: u64| block * 2048;
    assert_eq!(text(&image, "a", EXTENTS), format!("{} 4000\n{} 7\n", at(30), at(50)));
    let units = format!("{} 2048\n{} 2048\n{} 904\n", at(60), at(63), at(66));
    assert_eq!(text(&image, "b", EXTENTS), units);
    assert_eq!(text(&image, "empty", EXTENTS), "");
    assert_eq!(text(&image, "copied", EXTENTS), format!("{} 4\n", at(23)), "not what was copied");
    for path in ["l", ""] {
        assert!(matches!(value(&image, path, EXTENTS), Err(Error::NoAttribute)), "{path:?}");
    }
    for path in ["a", "b", "empty", "copied"] {
        assert_eq!(names(&image, path), [""; 0], "it is listed nowhere");
    }
    let packed = large::zisofs(&[7; 100_000]).open().unwrap();
    let stored = stat(&packed, "packed").unwrap().allocated;
    let lines = text(&packed, "packed", EXTENTS);
    assert!(
        lines.starts_with("packed 100000\nstored ") && lines.ends_with(&format!(" {stored}\n")),
        "{lines}"
    );
    let extents = vec![Extent::Recorded(vec![1; 2048]), Extent::Hole(4096)];
    let udf =
        Udf::default().file("holes", File::of_extents(extents)).file("small", File::from(b"abc").inline());
    let udf = udf.build().open().unwrap();
    let lines = text(&udf, "small", EXTENTS);
    assert!(lines.ends_with(" 3\n") && lines.lines().count() == 1, "in its entry: {lines}");
    let lines = text(&udf, "holes", EXTENTS);
    assert!(lines.ends_with(" 2048\nhole 4096\n") && lines.lines().count() == 2, "{lines}");
}

#[test]
fn trees_without_attributes_know_it_without_a_look() {
    let (image, counted) = large::rock_ridge(1000).open_counted();
    let image = image.unwrap();
    let tree = image.tree();
    let listing = tree.listing(tree.root()).unwrap();
    assert!(!tree.has_extended_attributes() && !tree.may_have_access_lists());
    let before = counted.bytes_read();
    for entry in listing.entries(0) {
        for name in [&b"user.x"[..], b"security.selinux", access_list::ACCESS, b"com.apple.FinderInfo"] {
            assert!(!tree.may_have_attribute(name));
            assert!(matches!(tree.attribute(entry.node, name), Err(Error::NoAttribute)));
        }
    }
    assert_eq!(counted.bytes_read(), before);
    assert!(tree.may_have_attribute(EXTENTS.as_bytes()));
    // Checksums are nothing that anybody sees; Apple has nothing that only some may see.
    let mut forge = Forge::new();
    forge.rock_ridge_root(&[described("f", &[&attributes::attributes(&[(b"\x04cx", b"\0\0\0\x01")])])]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image, "f"), [""; 0]);
    assert!(!image.tree().has_extended_attributes());
    forge.rock_ridge_root(&[described("f", &[&aa(b"TEXT", b"ttxt", 0)])]);
    let image = forge.open().unwrap();
    assert_eq!(support::forge::names(&image), ["f"]);
    assert!(image.tree().may_have_attribute(b"user.x") && !image.tree().may_have_attribute(b"security.x"));
}

#[test]
fn every_tree_of_a_disc_has_its_attributes() {
    let mut forge = Forge::new();
    forge.joliet(26);
    let wide: Vec<u8> = "a.txt".encode_utf16().flat_map(u16::to_be_bytes).collect();
    forge.directory(26, 26, &[file(&wide, 22, 4).flagged(ASSOCIATED), file(&wide, 23, 4)]);
    forge.block(22, b"fork");
    forge.directory(ROOT, ROOT, &[file("A.TXT;1", 23, 4).with(&[&aa(b"TEXT", b"ttxt", 0)])]);
    let with = |view| {
        let tree = TreeOptions { view, ..TreeOptions::default() };
        names(&forge.open_with(&OpenOptions { tree, ..OpenOptions::default() }).unwrap(), "a.txt")
    };
    assert_eq!(with(View::Joliet), [RESOURCE_FORK]);
    assert_eq!(with(View::Iso9660), [FINDER_INFO]);
}

// What is wrong costs itself.

#[test]
fn attribute_lists_that_do_not_end_are_as_long_as_they_are() {
    let mut forge = Forge::new();
    // An area that leads to itself, and entries that all say that another one follows.
    let endless = entry(b"AL", &[&[1][..], &components(&[b"\x03x", b"whole"]), b"\x00\x40cut"].concat());
    forge.block(30, &[&endless[..], &ce(30, 0, endless.len() as u32 + 28)].concat());
    let link = ce(30, 0, endless.len() as u32 + 28);
    forge.rock_ridge_root(&[described("f", &[&link]), described("g", &[])]);
    let (image, used) = peak(|| forge.open().unwrap());
    assert_eq!(support::forge::names(&image), ["f", "g"]);
    assert_eq!(names(&image, "f"), ["user.x"]);
    assert_eq!(text(&image, "f", "user.x"), "whole");
    assert!(used < 2 << 20, "{used}");
}

#[test]
fn attribute_lists_of_megabytes_are_read_as_far_as_they_count() {
    let long = vec![b'x'; 65_537];
    let most = vec![b'y'; 65_536];
    let mut all: Vec<Vec<u8>> = vec![b"\x03long".into(), long, b"\x03most".into(), most.clone()];
    // More than anybody reads.
    for i in 0..100 {
        all.extend([format!("\x03n{i}").into_bytes(), vec![b'z'; 20_000]]);
    }
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let mut forge = Forge::new();
    let area = [nm(0, "name"), al(&components(&all)).concat()].concat();
    forge.block(40, &area);
    let link = ce(40, 0, area.len() as u32);
    forge.rock_ridge_root(&[file("A.;1", 23, 4).with(&[&mode(), &link])]);
    let (image, used) = peak(|| {
        let image = forge.open().unwrap();
        assert_eq!(support::forge::names(&image), ["name"]);
        let names = names(&image, "name");
        assert_eq!(names[..2], ["user.most", "user.n0"], "values over 64 KiB have no place");
        assert!((10..25).contains(&names.len()), "{}", names.len());
        assert!(value(&image, "name", "user.most").unwrap() == most);
        assert!(matches!(value(&image, "name", "user.long"), Err(Error::NoAttribute)));
        image
    });
    drop(image);
    assert!(used < 8 << 20, "{used}");
}

#[test]
fn components_that_cannot_be_are_left_out() {
    let list = |bytes: &[u8]| [entry(b"AL", &[&[0][..], bytes].concat())].concat();
    let mut forge = Forge::new();
    let long_name = [&b"\x03"[..], &[b'n'; 251]].concat();
    forge.block(30, &al(&components(&[&long_name, b"v", b"\x03y", b"v"])).concat());
    forge.rock_ridge_root(&[
        described("odd", &[&list(&components(&[b"\x03a", b"1", b"\x03b"]))]),
        described("past", &[&list(b"\x00\x02\x03a\x00\x01v\x00\xff\x03b")]),
        described("nul", &[&list(&components(&[b"\x03a\0b", b"1", b"\x03c", b"2"]))]),
        described("unnamed", &[&list(&components(&[b"", b"", b"\x03c", b"2", b"\x03", b"3"]))]),
        described("none", &[&entry(b"AL", b"")]),
        described("long", &[&ce(30, 0, 300)]),
        // The kernel decodes these: nobody hands it others.
        described(
            "forged",
            &[&list(&components(&[b"\x02posix_acl_access", b"x", b"system.posix_acl_default", b""]))],
        ),
        described("cut", &[&list(&components(&[b"", b"\x16\xae\x09\x01", b"\x03c", b"2"]))]),
        described("wide", &[&list(&components(&[b"", b"\x16\xae\x05\x01\0\0\0\0", b"\x03c", b"2"]))]),
        described("no-number", &[&list(&components(&[b"", b"\xa6", b"\x03c", b"2"]))]),
        described("nobody", &[&list(&components(&[b"", b"\xae\x04\xff\xff\xff\xff", b"\x03c", b"2"]))]),
    ]);
    let image = forge.open().unwrap();
    assert_eq!(names(&image, "odd"), ["user.a"]);
    assert_eq!(names(&image, "past"), ["user.a"]);
    for path in ["nul", "cut", "wide", "no-number", "nobody"] {
        assert_eq!(names(&image, path), ["user.c"], "{path}");
    }
    assert_eq!(names(&image, "unnamed"), ["user.c", "user."]);
    assert_eq!(names(&image, "long"), ["user.y"], "a name of 256 bytes");
    for path in ["none", "forged"] {
        assert_eq!(names(&image, path), [""; 0], "{path}");
    }
    assert!(matches!(value(&image, "forged", ACCESS), Err(Error::NoAttribute)));
}

#[test]
fn a_list_of_permissions_has_as_many_entries_as_linux_has_room_for() {
    let list = |count: u32| {
        let mut value = b"\x16\x34\x54\x64".to_vec();
        for id in 1..=count {
            value.extend([0xae, 3]);
            value.extend(&id.to_be_bytes()[1..]);
        }
        al(&components(&[b"", &value, b"\x03c", b"2"]))
    };
    let mut forge = Forge::new();
    let fits = attributes::continued(&mut forge, 100, &list(8000));
    let does_not = attributes::continued(&mut forge, 200, &list(9000));
    forge.rock_ridge_root(&[described("a", &[&fits]), described("b", &[&does_not])]);
    let image = forge.open().unwrap();
    assert_eq!(value(&image, "a", ACCESS).unwrap().len(), 4 + 8 * 8004);
    assert_eq!(names(&image, "b"), ["user.c"]);
}

#[test]
fn many_attributes_and_many_forks_cost_little() {
    let mut forge = Forge::new();
    let pairs: Vec<Vec<u8>> =
        (0..60_000).flat_map(|i| [format!("\x03{i:x}").into_bytes(), Vec::new()]).collect();
    let pairs: Vec<&[u8]> = pairs.iter().map(Vec::as_slice).collect();
    let many = attributes::continued(&mut forge, 1000, &al(&components(&pairs)));
    forge.rock_ridge_root(&[described("f", &[&many])]);
    let (count, used) = peak(|| names(&forge.open().unwrap(), "f").len());
    assert!((5000..9000).contains(&count), "{count}");
    assert!(used < 8 << 20, "{used}");

    let mut forge = Forge::new();
    forge.block(22, b"last");
    let mut records: Vec<Record> =
        (0..20_000).map(|i| file("A.;1", if i == 19_999 { 22 } else { 23 }, 4).flagged(ASSOCIATED)).collect();
    records.push(file("A.;1", 23, 4));
    // A fork in more pieces than anybody has, and never an end.
    records.extend(vec![file("B.;1", 23, 4).flagged(ASSOCIATED | MULTI_EXTENT); 20_000]);
    records.push(file("B.;1", 23, 4));
    forge.directory(100, 100, &records);
    forge.descriptor(16, 1, &[0; 32], 100);
    let len = forge.bytes[100 * SECTOR + 10..][..8].to_vec();
    forge.put(16 * SECTOR + 156 + 10, &len);
    let (image, counted) = forge.open_counted();
    let image = image.unwrap();
    assert_eq!(support::forge::names(&image), ["a", "b"]);
    let before = counted.bytes_read();
    assert_eq!(text(&image, "a", RESOURCE_FORK), "last");
    assert_eq!(names(&image, "b"), [""; 0]);
    assert!(counted.bytes_read() - before < 1 << 20, "{}", counted.bytes_read() - before);
}
