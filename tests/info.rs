//! `info` tells of an image what its descriptors say: volumes made by programs, forged ones, damaged ones, hostile ones.
//!
//! What is missing is said on stderr, and the test passes.
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
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use isomount::open::{Image, describe_source};
use serde_json::{Value, json};
use support::{
    boot::{X86, boot_entry},
    forge::*,
    maker::{self, Workshop, lacks},
    mounted::{PROGRAM, said},
    source::Tally,
    udf::{Anchor, Descriptor, Partition, Sequence, Udf},
};
use tempfile::TempDir;

fn ask(options: &str, words: &[&str], images: &[&Path]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("info").args(words).env_remove("COLUMNS");
    if !options.is_empty() {
        command.args(["-o", options]);
    }
    command.args(images).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The object of an image about which nothing is wrong.
fn told(image: &Path, options: &str) -> Value {
    let output = ask(options, &["--json"], &[image]);
    assert!(output.status.success() && output.stderr.is_empty(), "{options}: {}", said(&output));
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What people are told, white space folded, a line each.
fn sheet(image: &Path, options: &str) -> Vec<String> {
    let output = ask(options, &[], &[image]);
    let folded = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text(&output.stdout).lines().map(folded).collect()
}

fn tree<'a>(told: &'a Value, view: &str) -> &'a Value {
    let trees = told["trees"].as_array().unwrap();
    trees.iter().find(|tree| tree["view"] == view).unwrap_or_else(|| panic!("no {view}"))
}

fn views(told: &Value) -> Vec<&str> {
    told["trees"].as_array().unwrap().iter().map(|tree| tree["view"].as_str().unwrap()).collect()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

fn file_of(bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    fs::write(&image, bytes).unwrap();
    (directory, image)
}

/// What is written into each field of a volume descriptor: byte in the descriptor, length, option of genisoimage, key.
const TEXTS: [(usize, usize, &str, &str); 9] = [
    (8, 32, "-sysid", "system"),
    (40, 32, "-V", "name"),
    (190, 128, "-volset", "volume_set"),
    (318, 128, "-publisher", "publisher"),
    (446, 128, "-p", "preparer"),
    (574, 128, "-A", "application"),
    (702, 37, "-copyright", "copyright_file"),
    (739, 37, "-abstract", "abstract_file"),
    (776, 37, "-biblio", "bibliographic_file"),
];

/// The dates of a volume descriptor: byte, key.
const DATES: [(usize, &str); 4] = [(813, "created"), (830, "modified"), (847, "expires"), (864, "effective")];

#[test]
fn volumes_are_told_as_their_makers_were_told() {
    if lacks(&["genisoimage", "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    for name in ["COPY.TXT", "ABSTRACT.TXT", "BIBLIO.TXT"] {
        fs::write(source.join(name), name).unwrap();
    }
    let values =
        ["SYS", "Volume", "Set", "Publisher", "Preparer", "App", "COPY.TXT", "ABSTRACT.TXT", "BIBLIO.TXT"];
    let mut options: Vec<&str> = vec!["-R", "-J", "-udf"];
    options.extend(TEXTS.iter().zip(values).flat_map(|((_, _, option, _), value)| [*option, value]));
    maker::genisoimage(&image, &source, &options);
    let object = told(&image, "");
    for ((_, _, _, key), value) in TEXTS.iter().zip(values) {
        let found = object["volume"][key].as_str().unwrap();
        assert_eq!(found.trim_end_matches(";1"), value, "{key}");
    }
    assert_eq!(object["volume"]["made_by"], Value::Null, "the application was renamed");
    assert_eq!(object["volume"]["hex"], json!({}));
    assert_eq!((&object["volume"]["set_size"], &object["volume"]["set_number"]), (&json!(1), &json!(1)));

    // The makers run in a zone three and a half hours west of Greenwich.
    let created = object["volume"]["created"].as_str().unwrap();
    assert!(created.ends_with("-03:30") && created.parse::<jiff::Timestamp>().is_ok(), "{created}");
    assert_eq!(object["volume"]["expires"], Value::Null);

    let made = |image: &Path| told(image, "")["volume"]["made_by"].as_str().unwrap().to_owned();
    maker::genisoimage(&image, &source, &["-R"]);
    assert_eq!(made(&image), "genisoimage");
    let dates = "--modification-date=2001020304050600";
    maker::xorriso(&image, &source, &["-R", "-V", "BY_XORRISO", dates]);
    assert!(made(&image).starts_with("xorriso 1."), "{}", made(&image));
    let object = told(&image, "");
    assert_eq!(object["volume"]["modified"], "2001-02-03T04:05:06+00:00");
    assert_eq!(object["volume"]["name"], "BY_XORRISO");
    let sheet = sheet(&image, "");
    assert!(sheet.contains(&"name BY_XORRISO".to_owned()), "{sheet:?}");
    assert!(sheet.contains(&"modified 2001-02-03 04:05:06 +00:00".to_owned()), "{sheet:?}");
}

#[test]
fn every_tree_is_told_and_which_is_shown_and_why() {
    if lacks(&["genisoimage", "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::write(source.join("Readme.text"), "read me").unwrap();
    maker::genisoimage(&image, &source, &["-R", "-J", "-udf", "-V", "Bridge"]);
    let object = told(&image, "");
    assert_eq!(views(&object), ["rockridge", "udf", "joliet", "iso9660"]);
    let shown = |object: &Value| {
        let marked: Vec<&str> = object["trees"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|tree| tree["shown"] == true)
            .map(|tree| tree["view"].as_str().unwrap())
            .collect();
        assert_eq!(marked, [object["shown"]["view"].as_str().unwrap()]);
        (marked[0].to_owned(), object["shown"]["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(shown(&object), ("rockridge".into(), "lacks-nothing".into()));
    assert_eq!(object["shown"]["format"], "ISO 9660 with Rock Ridge");
    let because = object["shown"]["because"].as_str().unwrap();
    assert_eq!(because, "Rock Ridge comes before UDF, and its root lacks no name of UDF");
    let (rock_ridge, udf) = (tree(&object, "rockridge"), tree(&object, "udf"));
    assert_eq!((&rock_ridge["version"], &udf["version"]), (&json!("1.10"), &json!("1.02")));
    assert_eq!(tree(&object, "joliet")["version"], "3");
    assert_eq!(words(&rock_ridge["details"]["extensions"]), ["RRIP_1991A"]);
    let fields: BTreeSet<&str> = words(&rock_ridge["details"]["fields"]).into_iter().collect();
    assert!(fields.is_superset(&["SP", "ER", "PX", "TF", "NM"].into()), "{fields:?}");
    // The name has four letters behind its period.
    assert_eq!(tree(&object, "iso9660")["details"]["level"], 1, "genisoimage cuts it");
    for view in ["rockridge", "udf", "joliet", "iso9660"] {
        assert_eq!(shown(&told(&image, &format!("view={view}"))), (view.into(), "asked".into()));
    }
    for (options, view, reason) in [
        ("norock", "joliet", "options-of-iso9660"),
        ("noudf", "rockridge", "before"),
        ("noudf,norock", "joliet", "asked"),
    ] {
        assert_eq!(shown(&told(&image, options)), (view.into(), reason.into()), "{options}");
        assert_eq!(views(&told(&image, options)), ["rockridge", "udf", "joliet", "iso9660"]);
    }
    let lines = sheet(&image, "");
    for line in
        ["shown ISO 9660 with Rock Ridge (rockridge)", "rockridge Rock Ridge 1.10 (shown)", "udf UDF 1.02"]
    {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:?}");
    }

    maker::xorriso(&image, &source, &["-R", "-J", "-joliet-long", "-iso-level", "2"]);
    assert_eq!(shown(&told(&image, "")), ("rockridge".into(), "before".into()));
    maker::genisoimage(&image, &source, &["-iso-level", "2"]);
    let object = told(&image, "");
    assert_eq!(shown(&object), ("iso9660".into(), "only".into()));
    assert_eq!(tree(&object, "iso9660")["details"]["level"], 2);
    maker::genisoimage(&image, &source, &["-iso-level", "4"]);
    let object = told(&image, "");
    assert_eq!(views(&object), ["iso9660", "iso9660"]);
    let formats = object["trees"].as_array().unwrap().iter().map(|tree| tree["format"].as_str().unwrap());
    assert_eq!(formats.collect::<Vec<_>>(), ["ISO 9660:1999", "ISO 9660"]);
    assert_eq!(object["trees"][0]["shown"], true);
    maker::genisoimage(&image, &source, &["-J", "-udf"]);
    assert_eq!(shown(&told(&image, "")), ("udf".into(), "before".into()));
}

#[test]
fn attributes_packed_files_and_boot_catalogs_are_told() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::write(source.join("boot.img"), vec![1; 4096]).unwrap();
    fs::write(source.join("long"), maker::prose(100_000)).unwrap();
    let commands = [
        "-xattr",
        "on",
        "-outdev",
        "{}",
        "-map",
        "{}",
        "/",
        "-setfattr",
        "user.a",
        "b",
        "/long",
        "--",
        "-set_filter_r",
        "--zisofs",
        "/long",
        "--",
        "-boot_image",
        "any",
        "bin_path=/boot.img",
        "-boot_image",
        "any",
        "cat_path=/boot.cat",
    ];
    maker::native_xorriso(&commands, &[&image, &source]);
    let object = told(&image, "");
    let details = &tree(&object, "rockridge")["details"];
    let fields = words(&details["fields"]);
    assert!(fields.contains(&"AL") && fields.contains(&"ZF"), "{fields:?}");
    let lines = sheet(&image, "").join("\n");
    assert!(lines.contains(", attributes (AAIP), packed files (zisofs) (shown)"), "{lines}");
    let catalog = object["boot"]["catalog"]["sector"].as_u64().unwrap() as usize * SECTOR;
    let bytes = fs::read(&image).unwrap();
    // The validation entry of El Torito.
    assert_eq!((bytes[catalog], &bytes[catalog + 30..catalog + 32]), (1, &[0x55, 0xaa][..]));
    assert!(lines.contains(&format!("El Torito boot catalog in sector {}", catalog / SECTOR)));
}

#[test]
fn what_mkudffs_makes_is_told_as_udfinfo_tells_it() {
    if lacks(&["mkudffs", "udfinfo"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    let media = ["hd", "dvd", "dvdram", "cdrw", "cdr", "bdr"];
    let mut revisions = BTreeSet::new();
    for medium in media {
        for revision in ["1.02", "1.50", "2.01", "2.50", "2.60"] {
            let options =
                ["-b", "2048", "-m", medium, "-r", revision, "-l", "Ünï ☃", "--owner=me", "--contact=c"];
            if maker::mkudffs(&image, 64 << 20, &options).is_none() {
                continue;
            }
            revisions.insert(revision);
            let theirs = maker::udfinfo(&image);
            let object = told(&image, "");
            let (tree, volume) = (tree(&object, "udf"), &object["volume"]);
            let details = &tree["details"];
            let what = format!("{medium} {revision}");
            let said = |key: &str| json!(theirs[key]);
            assert_eq!(tree["label"], said("lvid"), "{what}");
            assert_eq!(volume["volume_set"], said("fullvsid"), "{what}");
            assert_eq!(details["identifiers"]["volume"], said("vid"), "{what}");
            assert_eq!(details["identifiers"]["file_set"], said("fsid"), "{what}");
            assert_eq!(details["identifiers"]["implementation"], said("impid"), "{what}");
            assert_eq!(volume["application"], said("appid"), "{what}");
            assert_eq!(details["information"]["owner"], said("owner"), "{what}");
            assert_eq!(details["information"]["contact"], said("contact"), "{what}");
            assert_eq!(tree["version"], said("udfrev"), "{what}");
            assert_eq!(details["revisions"]["min_write"], said("udfwriterev"), "{what}");
            assert_eq!(details["revisions"]["domain"], revision, "{what}");
            let number = |value: &Value| json!(value.to_string());
            assert_eq!(number(&details["integrity"]["files"]), said("numfiles"), "{what}");
            assert_eq!(number(&details["integrity"]["directories"]), said("numdirs"), "{what}");
            assert_eq!(number(&tree["block_size"]), said("blocksize"), "{what}");
            assert!(volume["made_by"].as_str().unwrap().starts_with("mkudffs"), "{what}");
            let kinds: Vec<&str> = details["partitions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p["type"].as_str().unwrap())
                .collect();
            let expected: &[&str] = match medium {
                "cdrw" => &["sparable"],
                "cdr" | "bdr" => &["physical", "virtual"],
                _ => &["physical"],
            };
            assert!(
                kinds == expected || revision >= "2.50" && kinds.len() >= expected.len(),
                "{what}: {kinds:?}"
            );
            if medium != "cdr" && medium != "bdr" {
                assert_eq!(details["integrity"]["closed"], true, "{what}");
                assert_eq!((&object["missing"], &object["trailing"]), (&json!(0), &json!(0)), "{what}");
            }
            let created = volume["created"].as_str().unwrap();
            assert!(created.ends_with("-03:30"), "{what}: {created}");
        }
    }
    assert!(revisions.len() >= 4, "{revisions:?}");
    maker::mkudffs(&image, 16 << 20, &["-b", "2048"]).unwrap();
    let made_by = told(&image, "")["volume"]["made_by"].as_str().unwrap().to_owned();
    assert!(made_by.starts_with("mkudffs 2."), "{made_by}");
}

#[test]
fn partitions_of_every_kind_are_told() {
    let kinds = |partition: Partition, revision: u16| {
        let udf = Udf::default().partition(partition).revision(revision).file("a", b"a").build();
        let (_directory, image) = file_of(&udf.bytes);
        let object = told(&image, "");
        let details = tree(&object, "udf")["details"].clone();
        let all = details["partitions"].as_array().unwrap().clone();
        for partition in &all {
            assert_eq!(partition["error"], Value::Null);
        }
        all.iter()
            .map(|p| format!("{} {}", p["type"].as_str().unwrap(), p["access"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(Partition::Physical, 0x102), ["physical read-only"]);
    assert_eq!(kinds(Partition::sparable(), 0x150), ["sparable rewritable"]);
    let written_once = ["physical write-once", "virtual write-once"];
    assert_eq!(kinds(Partition::Virtual { inline: false }, 0x150), written_once);
    assert_eq!(
        kinds(Partition::Metadata(Default::default()), 0x250),
        ["physical read-only", "metadata read-only"]
    );
}

#[test]
fn lengths_that_differ_from_what_is_stated() {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("A.;1", 22, 4)]);
    let volume = 24 * SECTOR;
    let length = |bytes: &[u8]| {
        let (_directory, image) = file_of(bytes);
        let object = told(&image, "");
        assert_eq!(object["end"], volume);
        (object["missing"].clone(), object["trailing"].clone(), object["trailing_is_blank"].clone())
    };
    assert_eq!(length(&forge.bytes), (json!(0), json!(0), Value::Null));
    assert_eq!(length(&forge.bytes[..volume - 5]), (json!(5), json!(0), Value::Null));
    let mut longer = forge.bytes.clone();
    longer.resize(volume + 300_000, 0);
    assert_eq!(length(&longer), (json!(0), json!(300_000), json!(true)));
    *longer.last_mut().unwrap() = 1;
    assert_eq!(length(&longer), (json!(0), json!(300_000), json!(false)));
    let (_directory, image) = file_of(&forge.bytes[..volume - 5]);
    let lines = sheet(&image, "");
    assert!(
        lines.iter().any(|line| line.starts_with("note the image ends early: 5 bytes are missing")),
        "{lines:?}"
    );
    let (_directory, image) = file_of(&longer);
    let lines = sheet(&image, "");
    let line = "trailing 293K (300000 bytes) behind what is described, not only zeros";
    assert!(lines.iter().any(|found| found == line), "{lines:?}");
    // The last anchor of UDF lies behind its partition.
    let udf = Udf::default().anchors(&[Anchor::At(256), Anchor::Last]).build();
    let (_directory, image) = file_of(&udf.bytes);
    assert_eq!(told(&image, "")["trailing"], 0);
}

/// A volume whose texts and dates say these things.
fn said_of(texts: [&[u8]; 9], dates: [&[u8]; 4]) -> Forge {
    let mut forge = Forge::new();
    for ((at, len, _, _), text) in TEXTS.iter().zip(texts) {
        let mut field = text.to_vec();
        field.resize(*len, b' ');
        forge.put(16 * SECTOR + at, &field);
    }
    for ((at, _), date) in DATES.iter().zip(dates) {
        forge.put(16 * SECTOR + at, date);
    }
    forge
}

/// Texts that do harm where they are shown as they are.
fn hostile() -> Forge {
    let texts: [&[u8]; 9] = [
        b"a\x1b[31mred",
        b"b\nline\r",
        b"c\xff\xfe",
        "d\u{9b}31m".as_bytes(),
        "e\u{202e}txt.exe".as_bytes(),
        b"XORRISO-1.5\x1b[2J.4",
        b"\x1b]0;title\x07",
        b"back\\slash",
        b"\x7f\x00\x08",
    ];
    let dates: [&[u8]; 4] = [
        b"2024139901000000\x00",
        b"20240101\x1b[2J0000\x00",
        b"2024022923595900\x7f",
        b"0000000000000000\x00",
    ];
    said_of(texts, dates)
}

/// What a terminal of so many columns is shown.
fn on_terminal(image: &Path, columns: usize, words: &str, variables: &[(&str, &str)]) -> String {
    let line = format!("stty cols {columns} rows 50; {PROGRAM} info {words} '{}'", image.display());
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::null())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR");
    let output = script.envs(variables.iter().copied()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}

#[test]
fn no_text_moves_the_cursor_and_every_byte_is_told() {
    let forge = hostile();
    let (_directory, image) = file_of(&forge.bytes);
    let object = told(&image, "");
    let volume = &object["volume"];
    assert_eq!(volume["name"], "b\nline\r");
    assert_eq!(
        (&volume["volume_set"], &volume["hex"]["volume_set"]),
        (&json!("c\\xff\\xfe"), &json!("63fffe"))
    );
    assert_eq!(volume["abstract_file"], "back\\slash");
    assert_eq!(volume["made_by"], "xorriso 1.5");
    assert_eq!((&volume["created"], &volume["modified"]), (&Value::Null, &Value::Null));
    assert_eq!(volume["hex"]["created"], "3230323431333939303130303030303000");
    assert_eq!(volume["expires"], "2024-02-29T23:59:59-00:00", "a zone that is none");
    assert_eq!((&volume["effective"], &volume["hex"]["effective"]), (&Value::Null, &Value::Null));
    let lines = sheet(&image, "");
    for line in [
        "system a\\x1b[31mred",
        "name b\\x0aline\\x0d",
        "volume set c\\xff\\xfe",
        "publisher d\\u{9b}31m",
        "created no date: 2024139901000000",
        "expires 2024-02-29 23:59:59 (zone not recorded)",
        "abstract back\\\\slash",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:#?}");
    }
    let all = [ask("", &["--json"], &[&image]), ask("", &[], &[&image])];
    for output in all {
        let bad = |c: &char| isomount::text::is_disguise(*c) && *c != '\n';
        assert_eq!(text(&output.stdout).chars().find(bad), None);
    }
    if lacks(&["script"]) {
        return;
    }
    for words in ["", "--json"] {
        let shown = on_terminal(&image, 60, words, &[("NO_COLOR", "1")]);
        let bad = |c: &char| isomount::text::is_disguise(*c) && !matches!(c, '\n' | '\0');
        assert!(shown.contains("\\x1b") || shown.contains("\\u001b"), "{shown:?}");
        assert_eq!(shown.chars().find(bad), None, "{shown:?}");
    }
}

#[test]
fn a_terminal_has_folded_lines_and_bold_headings() {
    if lacks(&["script"]) {
        return;
    }
    let long = b"XORRISO-1.5.4 2021.01.30.150001, LIBISOBURN-1.5.4, LIBISOFS-1.5.4, LIBBURN-1.5.4";
    let nothing: &[u8] = b"0000000000000000\0";
    let forge = said_of([b"", b"NAME", b"", b"", long, b"", b"", b"", b""], [nothing; 4]);
    let (_directory, image) = file_of(&forge.bytes);
    let plain = on_terminal(&image, 40, "", &[("NO_COLOR", "1")]);
    let lines: Vec<&str> = plain.lines().collect();
    assert!(lines.iter().all(|line| line.len() <= 40 || line.contains('/')), "{plain}");
    assert!(plain.contains("\n  preparer  XORRISO-1.5.4\n            2021.01.30.150001,\n"), "{plain}");
    assert!(plain.contains("\n\nVolume\n  name      NAME\n"), "{plain}");
    let colored = on_terminal(&image, 80, "", &[]);
    assert!(colored.starts_with("\u{1b}[1mImage\u{1b}[0m\n"), "{colored:?}");
    assert_eq!(on_terminal(&image, 40, "", &[("TERM", "dumb")]), plain);
    // Elsewhere a line is as long as it is.
    let piped = text(&ask("", &[], &[&image]).stdout);
    assert!(piped.contains(std::str::from_utf8(long).unwrap()) && !piped.contains('\u{1b}'), "{piped}");
}

#[test]
fn texts_in_other_encodings_are_decoded_on_request() {
    let nothing: &[u8] = b"0000000000000000\0";
    let name = b"\x8d\xa0\xa7\xa2\xa0\xad\xa8\xa5";
    let forge = said_of([b"", name, b"", name, b"", b"", b"", b"", b""], [nothing; 4]);
    let (_directory, image) = file_of(&forge.bytes);
    let object = told(&image, "");
    assert_eq!(object["volume"]["hex"]["name"], "8da0a7a2a0ada8a5");
    assert_eq!(object["trees"][0]["hex"]["label"], "8da0a7a2a0ada8a5");
    assert_eq!(object["sessions"][0]["hex"]["label"], "8da0a7a2a0ada8a5");
    let object = told(&image, "iocharset=cp866");
    assert_eq!(
        (&object["volume"]["name"], &object["volume"]["publisher"]),
        (&json!("Название"), &json!("Название"))
    );
    assert_eq!(object["volume"]["hex"], json!({}));
    // Joliet has Unicode, and 64 characters of what has 128 bytes elsewhere.
    let mut joliet = said_of([b"", b"PRIMARY", b"", b"", b"", b"A/B C", b"", b"", b""], [nothing; 4]);
    joliet.joliet(25).directory(25, 25, &[file(b"\0j", 23, 1)]);
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    joliet.put(17 * SECTOR + 40, &wide("Имя              ")[..32]);
    joliet.put(17 * SECTOR + 574, &wide("a_b").repeat(1));
    let (_directory, image) = file_of(&joliet.bytes);
    let object = told(&image, "iocharset=cp866");
    assert_eq!((&object["shown"]["view"], &object["volume"]["name"]), (&json!("joliet"), &json!("Имя")));
    assert_eq!(object["volume"]["application"], "A/B C", "cut, and without a slash, in Joliet");
    assert_eq!(tree(&object, "iso9660")["label"], "PRIMARY");
}

#[test]
fn high_sierra_is_told() {
    let mut forge = Forge { bytes: vec![0; 24 * SECTOR], block: SECTOR };
    let mut d = vec![0; SECTOR];
    d[..8].copy_from_slice(&both32(16));
    d[8] = 1;
    d[9..14].copy_from_slice(b"CDROM");
    d[14] = 1;
    d[16..80].fill(b' ');
    d[48..54].copy_from_slice(b"SIERRA");
    d[88..96].copy_from_slice(&both32(24));
    d[128..136].copy_from_slice(&[1, 0, 0, 1, 1, 0, 0, 1]);
    d[136..140].copy_from_slice(&[0, 8, 8, 0]);
    d[180..214].copy_from_slice(&directory([0], ROOT).bytes()[..34]);
    d[214..790].fill(b' ');
    d[342..351].copy_from_slice(b"PUBLISHER");
    d[790..806].copy_from_slice(b"1986050112000000");
    forge.put(16 * SECTOR, &d);
    let mut end = vec![0; SECTOR];
    end[8] = 255;
    end[9..15].copy_from_slice(b"CDROM\x01");
    forge.put(17 * SECTOR, &end);
    forge.directory(ROOT, ROOT, &[]);
    // The flags are a byte farther in front.
    for at in [ROOT as usize * SECTOR, ROOT as usize * SECTOR + 34] {
        forge.bytes[at + 24] = 2;
    }
    let (_directory, image) = file_of(&forge.bytes);
    let object = told(&image, "");
    assert_eq!(object["trees"][0]["format"], "High Sierra");
    let volume = &object["volume"];
    assert_eq!((&volume["name"], &volume["publisher"]), (&json!("SIERRA"), &json!("PUBLISHER")));
    assert_eq!(
        (&volume["created"], &volume["modified"]),
        (&json!("1986-05-01T12:00:00-00:00"), &Value::Null)
    );
}

#[test]
fn what_cannot_be_shown_is_told_as_far_as_it_can_be_read() {
    let exit_of = |image: &Path, words: &[&str]| {
        let output = ask("", words, &[image]);
        (output.status.code().unwrap(), text(&output.stdout), said(&output))
    };
    // The root is not there.
    let nothing: &[u8] = b"0000000000000000\0";
    let mut cut = said_of([b"", b"CUT", b"", b"", b"", b"", b"", b"", b""], [nothing; 4]);
    cut.descriptor(18, 1, &[0; 32], ROOT);
    cut.bytes.truncate(19 * SECTOR);
    let (_directory, image) = file_of(&cut.bytes);
    let (code, out, err) = exit_of(&image, &["--json"]);
    let object: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &object["volume"]["name"], &object["shown"]), (5, &json!("CUT"), &Value::Null));
    assert_eq!(object["missing"], 5 * SECTOR);
    let error = object["error"].as_str().unwrap();
    assert!(error.contains("extent is past the end") && err.contains(error), "{err}");
    assert_eq!(object["trees"][0]["error"], object["error"]);
    let (code, out, _) = exit_of(&image, &[]);
    assert!(code == 5 && out.contains("  shown    nothing: directory at byte"), "{out}");
    assert!(out.contains("\n  missing  10K (10240 bytes) at its end\n"), "{out}");

    // The primary descriptor says what it may not.
    let mut wrong = said_of([b"", b"WRONG", b"", b"", b"", b"", b"", b"", b""], [nothing; 4]);
    wrong.put(16 * SECTOR + 128, &[3, 0, 0, 3]);
    let (_directory, image) = file_of(&wrong.bytes);
    let (code, out, err) = exit_of(&image, &["--json"]);
    let object: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &object["volume"]["name"], &object["sessions"]), (5, &json!("WRONG"), &json!([])));
    assert!(err.contains("logical block size is 3"), "{err}");
    assert_eq!(
        (&object["trees"][0]["size"], &object["trees"][0]["block_size"]),
        (&Value::Null, &Value::Null)
    );

    // The root directory of UDF is gone, or the file set.
    let udf = Udf::default().label("Lost").file("a", b"a").build();
    for (what, at) in [("file set", udf.fsd), ("root", udf.icb(""))] {
        let mut bytes = udf.bytes.clone();
        bytes[at..at + 512].fill(0xff);
        let (_directory, image) = file_of(&bytes);
        let (code, out, err) = exit_of(&image, &["--json"]);
        let object: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &object["volume"]["name"]), (5, &json!("Lost")), "{what}: {err}");
        assert_eq!(tree(&object, "udf")["details"]["partitions"][0]["type"], "physical", "{what}");
        assert_eq!((&object["shown"], object["error"].is_string()), (&Value::Null, true), "{what}");
    }

    // A view that is not there is no damage.
    let (_directory, image) = file_of_forge(&Forge::new());
    let output = ask("view=joliet", &["--json"], &[&image]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &object["error"]),
        (Some(6), &json!("the disc has no joliet tree; it has: iso9660"))
    );

    for bytes in [&b"text"[..], &[0; 100_000], b""] {
        let (_directory, image) = file_of(bytes);
        let (code, out, err) = exit_of(&image, &["--json"]);
        assert_eq!((code, out.as_str()), (4, ""));
        assert!(err.contains("not a disc image"), "{err}");
    }
    let (code, out, _) = exit_of("/nothing/there.iso".as_ref(), &["--json"]);
    assert_eq!((code, out.as_str()), (3, ""));
}

fn file_of_forge(forge: &Forge) -> (TempDir, PathBuf) {
    file_of(&forge.bytes)
}

#[test]
fn bridge_discs_are_told_with_what_is_damaged() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::write(source.join("a"), "a").unwrap();
    maker::genisoimage(&image, &source, &["-R", "-udf", "-V", "Both"]);
    let whole = fs::read(&image).unwrap();
    let partition = tree(&told(&image, ""), "udf")["details"]["partitions"][0].clone();
    let file_set = partition["start"].as_u64().unwrap() as usize * SECTOR;
    let mut bytes = whole.clone();
    bytes[file_set..file_set + SECTOR].fill(0xff);
    fs::write(&image, &bytes).unwrap();
    let output = ask("", &["--json"], &[&image]);
    assert!(output.status.success());
    assert!(said(&output).contains("UDF cannot be read, ISO 9660 is shown instead"), "{}", said(&output));
    assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&object["shown"]["view"], &object["shown"]["reason"]),
        (&json!("rockridge"), &json!("damaged"))
    );
    assert!(tree(&object, "udf")["error"].is_string());
    // The ISO side has no root.
    let mut bytes = whole;
    let root = u32::from_le_bytes(bytes[16 * SECTOR + 158..][..4].try_into().unwrap()) as usize * SECTOR;
    bytes[16 * SECTOR + 158..16 * SECTOR + 162].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[root..root + SECTOR].fill(0);
    fs::write(&image, &bytes).unwrap();
    let output = ask("", &["--json"], &[&image]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &object["shown"]["view"]),
        (Some(0), &json!("udf")),
        "{}",
        said(&output)
    );
    assert!(tree(&object, "iso9660")["error"].is_string());
}

#[test]
fn several_images_are_told_one_after_the_other() {
    let (_first, one) = file_of_forge(&Forge::new());
    let (_second, none) = file_of(b"text");
    let (_third, two) = file_of_forge(&Forge::rock_ridge());
    let output = ask("", &["--json"], &[&one, &none, &two]);
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((output.status.code(), lines.len()), (Some(4), 2));
    assert_eq!((lines[0]["image"].as_str(), lines[1]["image"].as_str()), (one.to_str(), two.to_str()));
    let plain = text(&ask("", &[], &[&one, &none, &two]).stdout);
    assert_eq!(plain.matches("\n\nImage\n").count(), 1, "{plain}");
    assert!(plain.starts_with("Image\n  file     "), "{plain}");
    let output = ask("", &[], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("which image? isomount info IMAGE"), "{}", said(&output));
    assert_eq!(ask("nosuchword", &[], &[&one]).status.code(), Some(2));
    let full = Command::new(PROGRAM)
        .args(["info".as_ref(), one.as_os_str()])
        .stdout(fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1));
}

#[test]
fn whatever_the_bytes_are_there_is_an_answer() {
    let mut iso = hostile();
    iso.joliet(25).directory(25, 25, &[file(b"\0j", 23, 1)]);
    iso.rock_ridge_root(&[file("A.;1", 22, 4).with(&[&px(0o100_644, 1, 0, 0), &nm(0, "a"), &zf(4, 15, 10)])]);
    let udf = Udf::default().partition(Partition::Metadata(Default::default())).revision(0x250);
    let virtual_table = Udf::default().partition(Partition::Virtual { inline: false }).file("a", b"a");
    let options = isomount::open::OpenOptions::default();
    let images = [iso.bytes, udf.file("a", b"a").build().bytes, virtual_table.build().bytes];
    for (number, bytes) in (1..).zip(images) {
        for round in 0..300 {
            let mut broken = bytes.clone();
            let random = maker::bytes(number * 1000 + round, 64);
            for place in random.chunks_exact(8) {
                let at = u32::from_le_bytes(place[..4].try_into().unwrap()) as usize;
                // Most hits on structures, which are in front.
                let end = if place[4] % 4 == 0 { broken.len() } else { broken.len().min(64 * SECTOR) };
                let at = if place[4] % 2 == 0 { at % end } else { 16 * SECTOR + at % (4 * SECTOR) };
                broken[at] = place[5];
            }
            if round % 3 == 0 {
                broken.truncate(broken.len() * usize::from(random[1]) / 255);
            }
            let source = Arc::new(broken);
            let opened = Image::from_source(source.clone(), &options).is_ok();
            let Ok(described) = describe_source(source, &options) else {
                assert!(!opened);
                continue;
            };
            assert_eq!((described.image.is_ok(), described.description.shown.is_some()), (opened, opened));
            assert!(described.description.trees.len() < 10 && described.description.sessions.len() < 100);
            let Ok(image) = described.image else { continue };
            let is_all = image.tree().look_around(|_, _| ());
            // All trees are small, unless one is broken so that it is not.
            let compared = image.disagreements(isomount::open::Reach::Near);
            assert!(is_all || compared.is_none_or(|compared| compared.views.is_empty()));
        }
    }
}

/// An image with the checksums of xorriso, an implanted one and lists; `None` without the programs.
fn with_every_checksum() -> (Workshop, Option<PathBuf>) {
    let workshop = Workshop::new();
    if lacks(&["xorriso", "implantisomd5"]) {
        return (workshop, None);
    }
    let (source, image) = (workshop.source(), workshop.image());
    fs::create_dir(source.join("lists")).unwrap();
    fs::write(source.join("a"), maker::bytes(1, 2_000_000)).unwrap();
    fs::write(source.join("b"), "bb").unwrap();
    for name in ["md5sum.txt", "lists/SHA256SUMS", "lists/.treeinfo", "lists/empty.sha1"] {
        fs::write(source.join(name), if name.contains("empty") { "" } else { "of nothing\n" }).unwrap();
    }
    let command = ["-md5", "on", "-padding", "300k", "-outdev", "{}", "-map", "{}", "/", "-commit"];
    maker::native_xorriso(&command, &[&image, &source]);
    maker::run("implantisomd5", ["--supported-iso".as_ref(), image.as_os_str()]);
    (workshop, Some(image))
}

#[test]
fn the_checksums_that_an_image_carries_are_told() {
    let (_workshop, Some(image)) = with_every_checksum() else { return };
    let object = told(&image, "");
    let checksums = object["checksums"].as_array().unwrap();
    let of = |source: &str| -> Vec<&Value> { checksums.iter().filter(|c| c["source"] == source).collect() };
    let bytes = fs::read(&image).unwrap();
    let words = |at: &Value, text: &str| bytes[at.as_u64().unwrap() as usize..].starts_with(text.as_bytes());
    // It is said as it is recorded, and as the program says.
    let implanted = of("implanted-md5")[0];
    assert_eq!((&implanted["algorithm"], &implanted["supported"]), (&json!("md5"), &json!(true)));
    assert_eq!((&implanted["count"], &implanted["start"]), (&json!(21), &json!(0)));
    let digest = implanted["digest"].as_str().unwrap();
    assert!(words(&implanted["at"], &format!("ISO MD5SUM = {digest};")), "{implanted}");
    // That of the descriptors, of the directories and of the session, each in a tag behind what it is of.
    let tags = ["libisofs_sb_checksum", "libisofs_tree_checksum", "libisofs_checksum"];
    let sessions = of("session-md5");
    let own: Vec<&&Value> = sessions.iter().filter(|one| one["start"] == 32 * 2048).collect();
    assert_eq!((sessions.len(), own.len()), (4, 3), "with the copy in front: {sessions:?}");
    for (one, tag) in own.iter().zip(tags) {
        assert!(words(&one["at"], tag) && one["at"] == one["end"], "{one}");
        let range = one["start"].as_u64().unwrap() as usize..one["end"].as_u64().unwrap() as usize;
        let digest = <md5::Md5 as md5::Digest>::digest(&bytes[range]);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(one["digest"], digest, "{one}");
    }
    let files = of("file-md5");
    assert_eq!((files.len(), &files[0]["count"], &files[0]["digest"]), (1, &json!(6), &Value::Null));
    let lists: Vec<_> =
        of("list").iter().map(|list| (list["path"].clone(), list["algorithm"].clone())).collect();
    let list = |path: &str, algorithm: Value| (json!(path), algorithm);
    assert_eq!(
        lists,
        [
            list("/md5sum.txt", json!("md5")),
            list("/lists/.treeinfo", Value::Null),
            list("/lists/SHA256SUMS", json!("sha256"))
        ],
        "and none that is empty"
    );
    assert_eq!((&object["compared"], &object["complete"]), (&json!([]), &json!(true)));
    let sheet = sheet(&image, "");
    let lines: Vec<&str> = sheet.iter().map(String::as_str).collect();
    let section = &lines[lines.iter().position(|line| *line == "Checksums").unwrap()..];
    assert!(section[1].starts_with("implanted-md5 of all but the last sectors, "), "{section:?}");
    assert!(section[1].ends_with("recorded at byte 33651, supported: yes"), "{section:?}");
    assert!(section[6].starts_with("file-md5 of 6 single files, recorded at byte "), "{section:?}");
    assert_eq!(section[7..], ["list /md5sum.txt (md5)", "/lists/.treeinfo", "/lists/SHA256SUMS (sha256)"]);
    // A check has the same words for them; and info says them of a damaged image too.
    let check = Command::new(PROGRAM).args(["check", "--json"]).arg(&image).output().unwrap();
    let check: Value = serde_json::from_slice(&check.stdout).unwrap();
    let known: BTreeSet<&str> =
        check["checksums"].as_array().unwrap().iter().map(|c| c["source"].as_str().unwrap()).collect();
    for source in ["implanted-md5", "session-md5", "file-md5"] {
        assert!(known.contains(source) && !of(source).is_empty(), "{source}");
    }
}

#[test]
fn images_without_checksums_have_none() {
    let (_directory, image) = file_of_forge(&Forge::rock_ridge());
    let object = told(&image, "");
    assert_eq!((&object["checksums"], &object["disagreements"]), (&json!([]), &json!([])));
    assert!(!sheet(&image, "").iter().any(|line| line == "Checksums" || line.starts_with("compared")));
}

/// Joliet has another size of one file, other bytes of another, and not the third.
fn disagreeing() -> Forge {
    let wide = |name: &str| -> Vec<u8> { name.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let mut forge = Forge::rock_ridge();
    let named = |name: &str, at| file(format!("{}.;1", name.to_uppercase()), at, 9).with(&[&nm(0, name)]);
    forge.rock_ridge_root(&[named("one", 30), named("two", 31), named("three", 32)]);
    forge.joliet(25).directory(25, 25, &[file(wide("one"), 30, 8), file(wide("two"), 33, 9)]);
    for (at, text) in [(30, b"111111111"), (31, b"222222222"), (32, b"333333333"), (33, b"otherwise")] {
        forge.block(at, text);
    }
    forge
}

#[test]
fn trees_that_disagree_are_told() {
    let (_directory, image) = file_of(&disagreeing().bytes);
    let object = told(&image, "");
    assert_eq!((&object["compared"], &object["complete"]), (&json!(["joliet"]), &json!(true)));
    let found: Vec<_> = object["disagreements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["view"].as_str().unwrap(), words(&one["paths"])))
        .collect();
    assert_eq!(
        found,
        [
            ("tree-size", "joliet", vec!["/one"]),
            ("tree-place", "joliet", vec!["/two"]),
            ("tree-missing", "joliet", vec!["/three"])
        ]
    );
    let lines = sheet(&image, "");
    let at = lines.iter().position(|line| line == "Differences").unwrap();
    assert_eq!(
        lines[at - 2..at + 4],
        [
            "compared with joliet: they differ, see below",
            "",
            "Differences",
            "joliet /one: 9 bytes in the rockridge tree, 8 as /one in the joliet tree",
            "/two: has other bytes in the joliet tree than in the rockridge tree",
            "/three: is in the rockridge tree and not in the joliet tree",
        ]
    );
    // From the other side, and when both say the same.
    let other = told(&image, "view=joliet");
    assert_eq!(other["compared"], json!(["rockridge"]));
    assert_eq!(other["disagreements"].as_array().unwrap().len(), 3);
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    fs::write(workshop.source().join("a"), "a").unwrap();
    maker::genisoimage(&workshop.image(), &workshop.source(), &["-R", "-J", "-udf"]);
    let same = told(&workshop.image(), "");
    assert_eq!((&same["compared"], &same["disagreements"]), (&json!(["joliet", "udf"]), &json!([])));
    assert!(
        sheet(&workshop.image(), "").contains(&"compared with joliet and udf: nothing differs".to_owned())
    );
}

#[test]
fn only_the_directories_nearest_to_the_root_are_looked_into() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    for number in 0..200 {
        fs::create_dir(source.join(format!("d{number:03}"))).unwrap();
        fs::write(source.join(format!("d{number:03}/f")), number.to_string()).unwrap();
    }
    fs::create_dir(source.join("d199/below")).unwrap();
    for name in ["a.md5", "d000/b.md5", "d199/below/c.md5"] {
        fs::write(source.join(name), "x").unwrap();
    }
    maker::genisoimage(&image, &source, &["-R", "-J"]);
    let paths = |object: &Value| -> Vec<String> {
        let lists = object["checksums"].as_array().unwrap().iter();
        lists.map(|list| list["path"].as_str().unwrap().to_owned()).collect()
    };
    let near = told(&image, "");
    assert_eq!(paths(&near), ["/a.md5", "/d000/b.md5"]);
    assert_eq!(
        (&near["compared"], &near["disagreements"], &near["complete"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    let line = sheet(&image, "").into_iter().find(|line| line.starts_with("compared")).unwrap();
    assert!(line.starts_with("compared no: ") && line.contains("--all compares them"), "{line}");
    let output = ask("", &["--json", "--all"], &[&image]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(paths(&all), ["/a.md5", "/d000/b.md5", "/d199/below/c.md5"]);
    assert_eq!(
        (&all["compared"], &all["disagreements"], &all["complete"]),
        (&json!(["joliet"]), &json!([]), &json!(true))
    );
    // The look costs what it may, whatever is in the image.
    let tally = Tally::of(fs::read(&image).unwrap());
    let options = isomount::open::OpenOptions::default();
    let (described, _) = tally.during(|| describe_source(tally.clone(), &options).unwrap());
    let opened = described.image.unwrap();
    let ((), read) = tally.during(|| {
        opened.tree().look_around(|_, _| ());
        assert!(opened.disagreements(isomount::open::Reach::Near).is_none());
    });
    assert!((128 * 1024..768 * 1024).contains(&read), "{read}");
}

/// The keys of an object.
fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_document_has_every_key() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md")).unwrap();
    let section = document.split_once("\n## Info\n").unwrap().1.split("\n## ").next().unwrap();
    let tables: Vec<BTreeSet<String>> = section
        .split("| key | value |\n")
        .skip(1)
        .map(|table| {
            let rows = table.lines().take_while(|line| line.starts_with('|'));
            rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect()
        })
        .collect();
    let [of_image, of_shown, of_volume, of_trees, of_sessions, of_boot @ .., of_checksums, of_disagreements] =
        &tables[..]
    else {
        panic!("{}", tables.len())
    };
    let details = section.split_once("\n`details` of").unwrap().1.split("\n\n").next().unwrap();
    let documented: BTreeSet<&str> = details.split('`').skip(1).step_by(2).collect();
    let mut forge = Forge::rock_ridge();
    forge.joliet(25).directory(25, 25, &[file(b"\0j", 23, 1)]);
    let udf = Udf::default().file("a", b"a").build();
    for bytes in [&forge.bytes, &udf.bytes, &hostile().bytes] {
        let (_directory, image) = file_of(bytes);
        let object = told(&image, "");
        assert_eq!(&keys(&object), of_image);
        assert_eq!(&keys(&object["shown"]), of_shown);
        assert_eq!(&keys(&object["volume"]), of_volume);
        assert_eq!(&keys(&object["sessions"][0]), of_sessions);
        for tree in object["trees"].as_array().unwrap() {
            assert_eq!(&keys(tree), of_trees);
            let mut names: Vec<String> = keys(&tree["details"]).into_iter().collect();
            for value in tree["details"].as_object().unwrap().values() {
                names.extend(value.as_object().into_iter().flat_map(|_| keys(value)));
                names.extend(value.as_array().into_iter().flatten().filter(|v| v.is_object()).flat_map(keys));
            }
            for name in names {
                assert!(documented.contains(name.as_str()), "{name}");
            }
        }
    }
    let mut hybrid = Forge::rock_ridge();
    hybrid.bootable(&[boot_entry(X86, 4, 23)]).master_boot_record(&[(0x80, 0x17, 0, 96), (0, 0xef, 92, 4)]);
    let (_directory, image) = file_of(&hybrid.bytes);
    let boot = &told(&image, "")["boot"];
    let (catalog, table) = (&boot["catalog"], &boot["tables"][0]);
    let objects = [boot, catalog, &catalog["images"][0], table, &table["partitions"][0]];
    assert_eq!(objects.map(keys).as_slice(), of_boot);
    let (_workshop, image) = with_every_checksum();
    let object = image.map(|image| told(&image, ""));
    for checksums in object.iter().flat_map(|object| object["checksums"].as_array().unwrap()) {
        assert_eq!(&keys(checksums), of_checksums);
    }
    let (_directory, image) = file_of(&disagreeing().bytes);
    assert_eq!(&keys(&told(&image, "")["disagreements"][0]), of_disagreements);
    let reasons = section.split_once("| `reason` |").unwrap().1.lines().next().unwrap();
    let words: BTreeSet<&str> = reasons.split('`').skip(1).step_by(2).collect();
    let missing: Vec<&&str> =
        isomount::open::Reason::WORDS.iter().filter(|word| !words.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn dates_of_udf_that_are_none() {
    let mut udf = Udf::default().build();
    let at = udf.descriptor(Descriptor::Primary, Sequence::Main);
    let mut stamp = udf.bytes[at + 376..at + 388].to_vec();
    stamp[4] = 13;
    udf.forge(at, 376, &stamp);
    let (_directory, image) = file_of(&udf.bytes);
    let object = told(&image, "");
    assert_eq!(object["volume"]["created"], Value::Null);
    let hex: String = stamp.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(object["volume"]["hex"]["created"], hex);
    let line = format!("created no date: {hex} in hexadecimal");
    assert!(sheet(&image, "").contains(&line));
}
