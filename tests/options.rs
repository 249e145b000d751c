//! What options change in the reading of an image, by forged ones: how names are looked up and decoded, permissions, lengths,
//! packed files, sessions.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use isomount::{
    Error,
    charset::Charset,
    open::{Image, NameMap, OpenOptions, Session, TreeOptions, View},
    tree::Policy,
};
use support::{
    forge::*,
    large,
    maker::{self, lacks},
    udf::Udf,
};

fn with_tree(tree: TreeOptions) -> OpenOptions {
    OpenOptions { tree, ..OpenOptions::default() }
}

fn relaxed(view: View) -> OpenOptions {
    with_tree(TreeOptions { view, relaxed: true, ..TreeOptions::default() })
}

fn with_charset(name: &str) -> TreeOptions {
    let charset = Charset::named(name);
    assert!(charset.is_some(), "{name}");
    TreeOptions { charset, ..TreeOptions::default() }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The name of what is looked up, by its number.
fn found(image: &Image, directory: &str, name: impl AsRef<[u8]>) -> Option<String> {
    let directory = stat(image, directory).unwrap().id;
    let id = match image.tree().lookup(directory, name.as_ref()) {
        Ok(stat) => stat.id,
        Err(Error::NotFound) => return None,
        Err(error) => panic!("{error}"),
    };
    let listing = image.tree().listing(directory).unwrap();
    let entry = listing.entries(0).find(|entry| entry.node == id).expect("a name of the directory");
    Some(String::from_utf8_lossy(entry.name).into_owned())
}

/// The names that every tree of [`trees`] has in its root, and in the directory `Dir`.
const NAMES: [&str; 4] = ["ReadMe.Txt", "README.TXT", "Größe ΟΔΟΣ", "setup."];

/// Images of every tree with [`NAMES`].
fn trees() -> Vec<(View, Vec<u8>)> {
    let records = |recorded: &dyn Fn(&str) -> Record| -> Vec<Record> {
        NAMES.iter().map(|name| recorded(name)).collect()
    };
    let mut all = Vec::new();
    let mut rock_ridge = Forge::rock_ridge();
    let mut of_root = records(&|name| file("A.;1", 23, 1).with(&[&nm(0, name)]));
    rock_ridge.directory(25, ROOT, &of_root);
    of_root.push(directory("DIR", 25).with(&[&nm(0, "Dir")]));
    rock_ridge.rock_ridge_root(&of_root);
    all.push((View::RockRidge, rock_ridge.bytes));
    let mut joliet = Forge::new();
    let mut of_root = records(&|name| file(utf16(name), 23, 1));
    joliet.joliet(25).directory(26, 25, &of_root);
    of_root.push(directory(utf16("Dir"), 26));
    joliet.directory(25, 25, &of_root);
    all.push((View::Joliet, joliet.bytes));
    let mut enhanced = Forge::new();
    enhanced.descriptor(17, 2, &[0; 32], 25).put(17 * SECTOR + 6, &[2]).terminator(18);
    let mut of_root = records(&|name| file(name, 23, 1));
    enhanced.directory(26, 25, &of_root);
    of_root.push(directory("Dir", 26));
    enhanced.directory(25, 25, &of_root);
    all.push((View::Iso9660, enhanced.bytes));
    let paths = NAMES.iter().flat_map(|name| [(*name).to_owned(), format!("Dir/{name}")]);
    let udf = paths.fold(Udf::default(), |udf, path| udf.file(&path, b"x")).build();
    all.push((View::Udf, udf.bytes));
    all
}

/// Names that are looked up in [`trees`], and what is found; in Joliet names have no periods at their end.
const LOOKUPS: [(&str, Option<&str>); 15] = [
    ("ReadMe.Txt", Some("ReadMe.Txt")),
    ("README.TXT", Some("README.TXT")),
    ("readme.txt", Some("ReadMe.Txt")),
    ("rEADmE.tXT", Some("ReadMe.Txt")),
    ("readme.txt.", Some("ReadMe.Txt")),
    ("README.TXT;1", Some("README.TXT")),
    ("readme.txt;1", Some("ReadMe.Txt")),
    ("readme.txt;2", None),
    ("GRÖSSE οδος", Some("Größe ΟΔΟΣ")),
    ("grösse οδοσ", Some("Größe ΟΔΟΣ")),
    ("grosse οδος", None),
    ("SETUP", Some("setup.")),
    ("Setup.;1", Some("setup.")),
    ("readme", None),
    ("", None),
];

#[test]
fn relaxed_names_are_found_in_any_case_on_every_tree() {
    for (view, bytes) in trees() {
        let image = Image::from_source(Arc::new(bytes.clone()), &relaxed(view)).unwrap();
        let strict = with_tree(TreeOptions { view, ..TreeOptions::default() });
        let strict = Image::from_source(Arc::new(bytes), &strict).unwrap();
        let is_joliet = view == View::Joliet;
        let shown =
            |name: &str| if is_joliet { name.trim_end_matches('.').to_owned() } else { name.to_owned() };
        assert_eq!(names_in(&image, "Dir"), NAMES.map(shown), "{view:?}: they are listed as they are");
        assert_eq!(names_in(&image, ""), names_in(&strict, ""), "{view:?}");
        for (name, expected) in LOOKUPS {
            let expected = expected.map(shown);
            for place in ["", "Dir", "dIR", "DIR."] {
                assert_eq!(found(&image, place, name), expected, "{view:?}: {name}");
            }
            let is_listed = expected.as_deref() == Some(name);
            assert_eq!(
                found(&strict, "Dir", name),
                expected.filter(|_| is_listed),
                "{view:?}: {name}, strict"
            );
        }
        let root = image.tree().root();
        let directory = stat(&image, "dir").unwrap().id;
        for (name, id) in [(&b"."[..], directory), (b"..", root)] {
            assert_eq!(image.tree().lookup(directory, name).unwrap().id, id, "{view:?}");
        }
    }
}

#[test]
fn relaxed_names_of_plain_iso_9660_and_such_that_are_not_utf_8() {
    let mut forge = Forge::new();
    forge.directory(
        ROOT,
        ROOT,
        &[
            file("README.TXT;3", 23, 1),
            file("README.TXT;1", 23, 2),
            file(b"CAF\xc9.;1", 23, 3),
            file("SUB.;1", 23, 4),
        ],
    );
    let image = forge.open_with(&relaxed(View::Auto)).unwrap();
    let size = |name: &[u8]| image.tree().lookup(image.tree().root(), name).map(|stat| stat.size).ok();
    for (name, expected) in [
        (&b"README.TXT"[..], Some(1)),
        (b"README.TXT;3", Some(1)),
        (b"README.TXT;1", Some(2)),
        (b"readme.txt;1", Some(2)),
        (b"Readme.Txt.1", Some(2)),
        (b"README.TXT;2", None),
        (b"Caf\xc9", Some(3)),
        (b"CAF\xe9", None),
        (b"SUB.", Some(4)),
        (b"SUB.;1", Some(4)),
    ] {
        assert_eq!(size(name), expected, "{}", name.escape_ascii());
    }
}

#[test]
fn names_in_other_encodings_are_shown_in_utf_8() {
    // `ソ` and `表` end in `\`, `ア` in `A` of ASCII.
    let (names, texts) =
        ([&b"\x83\x5c\x83\x74\x83\x67"[..], b"\x95\x5c.TXT", b"\x83\x41"], ["ソフト", "表.TXT", "ア"]);
    let mut forge = Forge::rock_ridge();
    // In two parts, the first of which ends in the middle of a character; a link in parts likewise.
    let in_parts = [nm(1, b"\x83"), nm(0, b"\x5c\x83\x74\x83\x67")].concat();
    let target = sl(&[&b"\x08\0\x01\x01\x83\0\x01\x5c\x04\0\0\x01\xff\0\x06"[..], b"\x95\x5c.TXT"].concat());
    forge.rock_ridge_root(&[
        file("A.;1", 23, 1).with(&[&in_parts]),
        file("B.;1", 23, 2).with(&[&nm(0, names[1])]),
        directory("C", 25).with(&[&nm(0, names[2])]),
        file("D.;1", 0, 0).with(&[&px(0o120_777, 1, 0, 0), &nm(0, "link"), &target]),
        file("E.;1", 23, 5).with(&[&nm(0, "日本語")]),
        file("F.;1", 23, 6).with(&[&nm(0, b"cut\x93")]),
        file("G.;1", 23, 7).with(&[&nm(0, b"cut\x95")]),
    ]);
    forge.directory(25, ROOT, &[file("X.;1", 23, 1).with(&[&nm(0, names[0])])]);
    forge.put(16 * SECTOR + 40, b"\x83\x5c\x83\x74\x83\x67  ");
    let image = forge.open_with(&with_tree(with_charset("shift_jis"))).unwrap();
    assert_eq!(image.tree().view(), "rockridge");
    let twins = ["cut\u{fffd}", "cut\u{fffd}~2"];
    assert_eq!(self::names(&image), [&texts[..], &["link", "日本語"], &twins].concat());
    assert_eq!(names_in(&image, "ア"), ["ソフト"]);
    assert_eq!(stat(&image, "表.TXT").unwrap().size, 2);
    assert_eq!(stat(&image, "cut\u{fffd}~2").unwrap().size, 7);
    assert_eq!(link(&image, "link").unwrap(), "/ソ/../\u{fffd}/表.TXT");
    assert_eq!(stat(&image, "link").unwrap().size, "/ソ/../\u{fffd}/表.TXT".len() as u64);
    assert_eq!(image.tree().label(), "ソフト");
    let both = TreeOptions { relaxed: true, ..with_charset("shift_jis") };
    assert_eq!(found(&forge.open_with(&with_tree(both)).unwrap(), "", "表.txt").as_deref(), Some("表.TXT"));
    let as_recorded = forge.open().unwrap();
    let listing = as_recorded.tree().listing(as_recorded.tree().root()).unwrap();
    assert!(
        names.iter().all(|name| listing.find(name).is_some()),
        "without the option they keep their bytes"
    );
}

#[test]
fn names_without_rock_ridge_are_decoded_and_those_in_unicode_are_not() {
    let mut forge = Forge::new();
    let long = [&[0x94; 200][..], b".TXT"].concat();
    forge.directory(
        ROOT,
        ROOT,
        &[
            file(b"\x94\x80\x89\x8b.TXT;1", 23, 1),
            file(b"\x94\x80\x89\x8b.TXT;2", 23, 2),
            directory(b"\x8f\x80\x8f\x8a\x80", 25),
            file(&long, 23, 3),
        ],
    );
    forge.directory(25, ROOT, &[file(b"\x80.;1", 23, 1)]);
    let shown = |map| {
        let image = forge.open_with(&with_tree(TreeOptions { map, ..with_charset("cp866") })).unwrap();
        (names(&image)[..3].to_vec(), names(&image)[3].clone(), image)
    };
    let (listed, cut, image) = shown(NameMap::Normal);
    assert_eq!(listed, ["файл.txt.1", "файл.txt", "папка"]);
    assert_eq!(cut, "ф".repeat(127), "longer in UTF-8 than a name may be");
    assert_eq!(stat(&image, &cut).unwrap().size, 3);
    assert_eq!(names_in(&image, "папка"), ["а"]);
    assert_eq!(shown(NameMap::Off).0, ["ФАЙЛ.TXT;1", "ФАЙЛ.TXT;2", "ПАПКА"]);
    let mut enhanced = Forge::new();
    enhanced.descriptor(17, 2, &[0; 32], 25).put(17 * SECTOR + 6, &[2]).terminator(18);
    enhanced.directory(25, 25, &[file(b"\x94\xa0\xa9\xab;1", 23, 1)]);
    assert_eq!(names(&enhanced.open_with(&with_tree(with_charset("cp866"))).unwrap()), ["Файл;1"]);
    let mut joliet = Forge::new();
    joliet
        .joliet(25)
        .directory(25, 25, &[file(utf16("Größe Ф"), 23, 1)])
        .put(17 * SECTOR + 40, &utf16("Größe"));
    let image = joliet.open_with(&with_tree(with_charset("cp866"))).unwrap();
    assert_eq!((names(&image), image.tree().label().contains("Größe")), (vec!["Größe Ф".to_owned()], true));
    let udf = Udf::default().label("Größe").file("Größe", b"").file("Größe Ф", b"").build();
    let image = udf.open_with(&with_tree(with_charset("cp866"))).unwrap();
    assert_eq!(
        (names(&image), image.tree().label()),
        (vec!["Größe".to_owned(), "Größe Ф".to_owned()], "Größe".into())
    );
}

#[test]
fn code_pages_are_those_of_iconv() {
    if lacks(&["iconv"]) {
        return;
    }
    // What iconv does not have, what has more than one byte for a character, and what has two letters more in the Encoding
    // Standard.
    let others = ["cp720", "cp932", "cp936", "cp949", "cp950", "koi8-u"];
    let pages = Charset::NAMES.iter().filter(|name| name.starts_with("cp") || name.starts_with("koi8"));
    for name in pages.filter(|name| !others.contains(name)) {
        let mut iconv = Command::new(maker::program("iconv").unwrap());
        let iconv = iconv.args(["-c", "-t", "UTF-8", "-f", &name.to_uppercase()]);
        let mut iconv = iconv.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines: Vec<u8> = (0x80..=0xff).flat_map(|byte| [byte, b'\n']).collect();
        iconv.stdin.take().unwrap().write_all(&lines).unwrap();
        let output = String::from_utf8(iconv.wait_with_output().unwrap().stdout).unwrap();
        let charset = Charset::named(name).unwrap();
        let lines: Vec<&str> = output.split('\n').collect();
        assert_eq!(lines.len(), 129, "{name}");
        for (byte, expected) in (0x80..=0xff).zip(lines) {
            let decoded = charset.decode(&[byte]);
            // Bytes that are nothing there may be controls or letters for private use here.
            let is_same = decoded == expected || expected.is_empty();
            assert!(is_same, "{name}: {byte:02x} is {expected} there, {decoded} here");
        }
    }
}

fn permissions(forge: &Forge, tree: TreeOptions, policy: Policy, path: &str) -> u16 {
    let options = OpenOptions { tree, policy, ..OpenOptions::default() };
    let image = Image::from_source(Arc::new(forge.bytes.clone()), &options).unwrap();
    stat(&image, path).unwrap().permissions
}

#[test]
fn permissions_of_options_come_before_those_of_rock_ridge() {
    let mut forge = Forge::rock_ridge();
    let with = |record: Record, mode: u32, name: &str| record.with(&[&px(mode, 1, 0, 0), &nm(0, name)]);
    let target = sl(b"\0\x01a");
    forge.rock_ridge_root(&[
        with(file("F.;1", 23, 1), 0o104_755, "file"),
        with(directory("D", 25), 0o041_711, "dir"),
        with(file("P.;1", 0, 0), 0o010_604, "fifo"),
        file("L.;1", 0, 0).with(&[&px(0o120_777, 1, 0, 0), &nm(0, "link"), &target]),
        file("N.;1", 23, 1).with(&[&nm(0, "none")]),
    ]);
    forge.directory_with(25, ROOT, &px(0o041_711, 2, 0, 0), &px(0o040_755, 2, 0, 0), &[]);
    let policy = || Policy { mode: Some(0o640), directory_mode: Some(0o750), ..Policy::of_user(0, 0) };
    let tree = |overrides_rock_ridge| TreeOptions {
        overrides_mode: true,
        overrides_directory_mode: true,
        overrides_rock_ridge,
        ..TreeOptions::default()
    };
    let all = |tree: &TreeOptions, policy: &Policy| {
        let of = |path| permissions(&forge, tree.clone(), policy.clone(), path);
        ["file", "dir", "fifo", "link", "none", ""].map(of)
    };
    assert_eq!(all(&tree(false), &policy()), [0o4755, 0o1711, 0o604, 0o777, 0o640, 0o755]);
    assert_eq!(all(&tree(true), &policy()), [0o640, 0o750, 0o604, 0o777, 0o640, 0o750]);
    let masked = Policy { umask: 0o27, ..policy() };
    assert_eq!(all(&tree(true), &masked), [0o640, 0o750, 0o600, 0o777, 0o640, 0o750]);
    assert_eq!(all(&tree(false), &masked), [0o4750, 0o1710, 0o600, 0o777, 0o640, 0o750]);
    let only = TreeOptions { overrides_rock_ridge: true, ..TreeOptions::default() };
    let none = Policy::of_user(0, 0);
    assert_eq!(all(&only, &none), [0o4755, 0o1711, 0o604, 0o777, 0o555, 0o755], "without mode= and dmode=");
    let masks = |umask, file_mask, directory_mask| {
        all(&TreeOptions::default(), &Policy { umask, file_mask, directory_mask, ..Policy::of_user(0, 0) })
    };
    assert_eq!(masks(0, Some(0o133), None), [0o4644, 0o1711, 0o604, 0o777, 0o444, 0o755]);
    assert_eq!(masks(0, None, Some(0o77)), [0o4755, 0o1700, 0o604, 0o777, 0o555, 0o700]);
    assert_eq!(masks(0o77, Some(0), Some(0o22)), [0o4755, 0o1711, 0o604, 0o777, 0o555, 0o755]);
    assert_eq!(masks(0o77, None, Some(0o22)), [0o4700, 0o1711, 0o600, 0o777, 0o500, 0o755]);
}

#[test]
fn the_highest_byte_of_a_length_is_left_out_on_request() {
    const CRUFT: u32 = 0x7a00_0000;
    let mut forge = Forge::new();
    forge.bytes.resize(40 * SECTOR, 0);
    forge.block(30, b"first").block(31, &[b'a'; SECTOR]).block(32, b"end");
    forge.directory(
        ROOT,
        ROOT,
        &[
            file("A.;1", 30, CRUFT | 5),
            directory("D", 25),
            file("TWO.;1", 31, CRUFT | SECTOR as u32).flagged(MULTI_EXTENT),
            file("TWO.;1", 32, CRUFT | 3),
        ],
    );
    forge.directory(25, ROOT, &[file("B.;1", 32, 3)]);
    let cruft = with_tree(TreeOptions { cruft: true, ..TreeOptions::default() });
    let image = forge.open_with(&cruft).unwrap();
    assert_eq!(content(&image, "a").unwrap(), b"first");
    assert_eq!(content(&image, "two").unwrap(), [&[b'a'; SECTOR][..], b"end"].concat());
    assert_eq!(content(&image, "d/b").unwrap(), b"end");
    assert_eq!(stat(&image, "a").unwrap().allocated, 5);
    let image = forge.open().unwrap();
    assert_eq!(stat(&image, "a").unwrap().size, u64::from(CRUFT) + 5);
    let large = vec![b'x'; 0x0100_0003];
    let udf = Udf::default().file("large", &large).build();
    assert_eq!(stat(&udf.open_with(&cruft).unwrap(), "large").unwrap().size, 0x0100_0003, "not on UDF");
}

#[test]
fn packed_files_are_shown_as_stored_on_request() {
    let text = maker::prose(3 * large::PACKED_BLOCK + 100);
    let forge = large::zisofs(&text);
    assert!(content(&forge.open().unwrap(), "packed").unwrap() == text);
    let packed = with_tree(TreeOptions { keeps_packed: true, ..TreeOptions::default() });
    let image = forge.open_with(&packed).unwrap();
    let stored = content(&image, "packed").unwrap();
    assert!(stored.starts_with(b"\x37\xe4\x53\x96"));
    assert!(stored.len() < text.len() / 2);
    assert!(forge.bytes.windows(stored.len()).any(|bytes| bytes == stored));
}

#[test]
fn sessions_begin_at_any_sector() {
    // Two sessions, the second of which begins at sector 40, below those that a number could mean.
    let (second, mut forge) = (40, Forge::new());
    let root = second + ROOT;
    forge.descriptor(second as usize + 16, 1, &[0; 32], root).terminator(second as usize + 17);
    forge.directory(ROOT, ROOT, &[file("ONE.;1", 22, 4)]).directory(root, root, &[file("TWO.;1", 22, 4)]);
    let shown = |session: Session| {
        let tree = TreeOptions { session: Some(session), ..TreeOptions::default() };
        forge.open_with(&with_tree(tree)).map(|image| names(&image))
    };
    assert_eq!(shown(Session::Start(0)).unwrap(), ["one"]);
    assert_eq!(shown(Session::Start(40)).unwrap(), ["two"]);
    let said = shown(Session::Start(1)).unwrap_err().to_string();
    assert_eq!(said, "no such session; sessions begin at sectors 0, 40");
    assert!(shown(Session::from(40)).is_err(), "a number");
}
