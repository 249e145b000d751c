//! `ls`, `tree`, `find` and `cat` say of an image what a mount and other programs say of it; names and damage do no harm.
//!
//! The images are forged, or made by programs; what is missing is said on stderr, and the test passes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    fs,
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use support::{
    forge::*,
    json::{listed, raw},
    listing,
    maker::{self, Workshop, XORRISO, lacks},
    mounted::{self, Mounted, PROGRAM, said},
    udf::{File, Udf},
};
use tempfile::TempDir;

const FUSE: &str = "/dev/fuse";

/// Where the blocks of forged files lie.
const DATA: u32 = 30;

/// A question about an image, its path in the place of `{}`.
fn ask(image: &Path, words: &[&str]) -> Output {
    let words = words.iter().map(|word| if *word == "{}" { image.as_os_str() } else { word.as_ref() });
    Command::new(PROGRAM).args(words).env("TZ", "UTC").output().unwrap()
}

/// The answer to a question; nothing may be wrong.
fn answer(image: &Path, words: &[&str]) -> Vec<u8> {
    let output = ask(image, words);
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {}", said(&output));
    output.stdout
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Exit code, stdout, and stderr without the names of program and image.
fn result(image: &Path, words: &[&str]) -> (i32, String, String) {
    let output = ask(image, words);
    let told = said(&output).replace(&format!("isomount: {}: ", image.display()), "");
    (output.status.code().unwrap(), text(output.stdout), told)
}

/// The lines of an output of ls, without its sums, white space folded.
fn folded(output: &[u8]) -> Vec<Vec<u8>> {
    let lines = output.split(|b| *b == b'\n').filter(|line| !line.starts_with(b"total "));
    lines
        .map(|line| {
            let words = line.split(|b| *b == b' ').filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(&b' ')
        })
        .collect()
}

#[test]
fn all_is_as_in_a_mount() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    maker::everything(&source, XORRISO);
    maker::xorriso(&image, &source, &["-R"]);
    let mounted = Mounted::new(&image, "");
    let in_mount = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(mounted.path()).env("LC_ALL", "C").env("TZ", "UTC");
        command.output().unwrap().stdout
    };

    let expected = listing::without_hashes(mounted::on_disk(mounted.path()));
    let differences = listing::differences(&expected, &listed(&image, ""));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let all: Vec<Value> = serde_json::from_slice(&answer(&image, &["ls", "-R", "--json", "{}"])).unwrap();
    let numbers: Vec<u64> = mounted::numbers(mounted.path()).into_values().collect();
    let mut found: Vec<u64> = all.iter().map(|object| object["inode"].as_u64().unwrap()).collect();
    let sorted = |mut all: Vec<u64>| {
        all.sort_unstable();
        all
    };
    found = sorted(found);
    assert_eq!(found, sorted(numbers));

    for options in ["-R1", "-aR1"] {
        let same = answer(&image, &["ls", options, "{}", "."]) == in_mount(&["ls", options, "."]);
        assert!(same, "{options}");
    }
    for options in ["-lR", "-lRd", "-lhi", "-l"] {
        let theirs = in_mount(&["ls", options, "-n", "--time-style=long-iso", "."]);
        let ours = answer(&image, &["ls", options, "{}", "."]);
        let (ours, theirs) = (folded(&ours), folded(&theirs));
        let differing = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        let shown = differing.map(|(a, b)| (String::from_utf8_lossy(a), String::from_utf8_lossy(b)));
        assert!(shown.is_none() && ours.len() == theirs.len(), "{options}: {shown:?}");
    }

    let pattern = |glob: &str| {
        let found = in_mount(&["find", ".", "-mindepth", "1", "-name", glob, "-print0"]);
        let mut all: Vec<Vec<u8>> =
            found.split(|b| *b == 0).map(|path| path.strip_prefix(b".").unwrap_or(path).to_vec()).collect();
        all.sort();
        all
    };
    for glob in ["*", "size*", "[a-f]ile", "*.dir", "??????"] {
        let mut ours: Vec<Vec<u8>> =
            answer(&image, &["find", "-0", "{}", glob]).split(|b| *b == 0).map(<[u8]>::to_vec).collect();
        ours.sort();
        assert_eq!(ours, pattern(glob), "{glob}");
    }

    let files: Vec<String> = expected
        .iter()
        .filter(|(path, fields)| fields[0] == "f" && !path.contains(['\\', '\u{fffd}']))
        .map(|(path, _)| path.clone())
        .collect();
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let whole: Vec<u8> = names.iter().flat_map(|name| fs::read(mounted.join(name)).unwrap()).collect();
    assert!(names.len() > 40 && whole.len() > 1_100_000);
    assert!(answer(&image, &[&["cat", "{}"], names.as_slice()].concat()) == whole);
}

/// A small tree of names that no program writes otherwise.
fn plain_tree(source: &Path) {
    fs::create_dir_all(source.join("boot/grub/i386")).unwrap();
    fs::write(source.join("boot/grub/grub.cfg"), maker::prose(3000)).unwrap();
    fs::write(source.join("boot/grub/i386/core.img"), maker::bytes(3, 200_000)).unwrap();
    fs::write(source.join("README"), "Read me.\n").unwrap();
    std::os::unix::fs::symlink("boot/grub", source.join("link")).unwrap();
}

#[test]
fn names_are_those_that_other_programs_list() {
    if lacks(&["xorriso", "genisoimage", "bsdtar", "isoinfo"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    plain_tree(&source);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|line| line.trim_end_matches('/').to_owned()).collect();
        lines.sort();
        lines
    };
    let makers: [fn(&Path, &Path, &[&str]); 2] = [maker::xorriso, maker::genisoimage];
    for make in makers {
        make(&image, &source, &["-R"]);
        let found = text(answer(&image, &["find", "{}", "*"]));
        let tar = maker::output("bsdtar", [std::ffi::OsStr::new("-tf"), image.as_os_str()]).stdout;
        let tar: String =
            text(tar).lines().filter(|line| *line != ".").map(|line| format!("/{line}\n")).collect();
        assert_eq!(sorted(&found), sorted(&tar));
        let info = maker::output("isoinfo", ["-R".as_ref(), "-f".as_ref(), "-i".as_ref(), image.as_os_str()]);
        assert_eq!(sorted(&found), sorted(&text(info.stdout)));
        assert_eq!(answer(&image, &["cat", "{}", "link/i386/core.img"]), maker::bytes(3, 200_000));
    }
}

#[test]
fn an_empty_volume_of_udf_is_an_empty_tree() {
    if lacks(&["mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    if maker::mkudffs(&image, 16 << 20, &["--media-type=dvd"]).is_none() {
        return;
    }
    let all: Vec<Value> = serde_json::from_slice(&answer(&image, &["ls", "-R", "--json", "{}"])).unwrap();
    assert_eq!((&all[0]["path"], &all[0]["inode"]), (&Value::from("/"), &Value::from(1)));
    let found = ask(&image, &["find", "{}", "*"]);
    assert_eq!(found.stdout.iter().filter(|b| **b == b'\n').count(), all.len() - 1);
    assert_eq!(result(&image, &["cat", "{}", "README"]).0, 9);
}

#[test]
fn real_images_are_listed_as_the_kernel_shows_them() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let corpus = std::env::var_os("ISOMOUNT_CORPUS").map_or(corpus, PathBuf::from);
    // One of each kind; tests/corpus.rs goes through all.
    for (image, suffix, options) in [
        ("libarchive/test_read_format_iso_rockridge.iso", "iso9660", "noudf"),
        ("libarchive/test_read_format_iso_joliet.iso", "iso9660-joliet", "norock,noudf"),
        ("libarchive/test_read_format_iso_multi_extent.iso", "iso9660", "noudf"),
    ] {
        let expected = corpus.join("expected").join(format!("{image}.{suffix}.tsv"));
        let image = corpus.join("images").join(image);
        if !expected.is_file() || !image.is_file() {
            eprintln!("skipped: no {} or no listing of it", image.display());
            continue;
        }
        let expected = listing::without_hashes(listing::parse(&fs::read(&expected).unwrap()));
        // The listings were made by root.
        let found = listed(&image, &format!("uid=0,gid=0,{options}"));
        let mut differences = listing::differences(&expected, &found);
        differences.retain(|line| !line.contains(": uid ") && !line.contains(": gid "));
        assert!(differences.is_empty(), "{}: {}", image.display(), differences.join("\n"));
    }
}

/// A forged image in a file.
fn forged(forge: &Forge) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    fs::write(&image, &forge.bytes).unwrap();
    (directory, image)
}

fn named(short: &str, name: impl AsRef<[u8]>, extent: u32, len: u32) -> Record {
    file(short, extent, len).with(&[&nm(0, name), &px(0o100_644, 1, 7, 8)])
}

fn linked(short: &str, name: impl AsRef<[u8]>, components: &[u8]) -> Record {
    file(short, 0, 0).with(&[&nm(0, name), &px(0o120_777, 1, 7, 8), &sl(components)])
}

/// `/dir/inner` and `/dir/.hidden` (`one`), `/plain` (`two`), `/zlink -> dir/inner`.
fn small() -> Forge {
    let mut forge = Forge::rock_ridge();
    let below = directory("DIR", DATA + 2).with(&[&nm(0, "dir"), &px(0o040_755, 2, 7, 8)]);
    forge.rock_ridge_root(&[
        below,
        named("PLAIN", "plain", DATA + 1, 3),
        linked("ZLINK", "zlink", b"\0\x03dir\0\x05inner"),
    ]);
    forge.block(DATA, b"one").block(DATA + 1, b"two");
    let inner = [named("INNER", "inner", DATA, 3), named("HIDDEN", ".hidden", DATA, 3)];
    forge.directory_with(DATA + 2, ROOT, &px(0o040_755, 2, 7, 8), &[], &inner);
    forge
}

#[test]
fn forms_of_ls() {
    let (_directory, image) = forged(&small());
    let ls = |words: &[&str]| text(answer(&image, &[&["ls", "{}"], words].concat()));
    assert_eq!(ls(&[]), "dir\nplain\nzlink\n");
    assert_eq!(ls(&["dir"]), "inner\n");
    assert_eq!(ls(&["-a", "/dir/"]), ".\n..\n.hidden\ninner\n");
    assert_eq!(ls(&["-d", "dir", "plain"]), "dir\nplain\n");
    assert_eq!(ls(&["dir", "plain"]), "plain\n\ndir:\ninner\n");
    assert_eq!(ls(&["-R"]), "/:\ndir\nplain\nzlink\n\n/dir:\ninner\n");
    assert_eq!(ls(&["zlink", "dir/../../dir/inner"]), "dir/../../dir/inner\nzlink\n");
    assert_eq!(
        ls(&["-l"]),
        "drwxr-xr-x 2 7 8 2048 2000-01-01 00:00 dir\n\
         -rw-r--r-- 1 7 8    3 2000-01-01 00:00 plain\n\
         lrwxrwxrwx 1 7 8    9 2000-01-01 00:00 zlink -> dir/inner\n"
    );
    assert!(ls(&["-lh"]).contains(" 2.0K "));
    assert_eq!(ls(&["-id"]), "1 /\n");
    let json: Value = serde_json::from_str(&ls(&["--json", "zlink"])).unwrap();
    let inode = json[0]["inode"].clone();
    let expected = serde_json::json!([{
        "path": "/zlink", "path_hex": null, "type": "symlink", "mode": "0777", "links": 1, "uid": 7, "gid": 8, "size": 9,
        "modified": "2000-01-01T00:00:00.000000000Z", "target": "dir/inner", "target_hex": null, "device": null,
        "inode": inode, "error": null
    }]);
    assert_eq!(json, expected);
    let paths = |words: &[&str]| {
        let all: Vec<Value> = serde_json::from_str(&ls(&[&["--json"], words].concat())).unwrap();
        all.iter().map(|object| object["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&[]), ["/dir", "/plain", "/zlink"]);
    assert_eq!(paths(&["-R", "/dir", "plain"]), ["/dir", "/dir/.hidden", "/dir/inner", "/plain"]);
    assert_eq!(paths(&["-d"]), ["/"]);
    assert_eq!(text(answer(&image, &["ls", "-o", "norock", "{}"])), "dir\nplain\nzlink\n");
}

#[test]
fn forms_of_tree_find_and_cat() {
    let (_directory, image) = forged(&small());
    let ask = |words: &[&str]| text(answer(&image, words));
    let drawn = "/\n├── dir\n│   └── inner\n├── plain\n└── zlink -> dir/inner\n\n1 directory, 3 files\n";
    assert_eq!(ask(&["tree", "{}"]), drawn);
    assert_eq!(
        ask(&["tree", "-L1", "{}", "."]),
        ".\n├── dir\n├── plain\n└── zlink -> dir/inner\n\n1 directory, 2 files\n"
    );
    assert_eq!(ask(&["tree", "-a", "{}", "dir"]), "dir\n├── .hidden\n└── inner\n\n0 directories, 2 files\n");
    assert_eq!(ask(&["find", "{}", "*in*"]), "/dir/inner\n/plain\n/zlink\n");
    assert_eq!(ask(&["find", "-i", "{}", "/DIR/*"]), "/dir/.hidden\n/dir/inner\n");
    assert_eq!(ask(&["find", "-0", "{}", "PLAIN", "dir"]), "/dir\0");
    assert_eq!(ask(&["cat", "{}", "plain", "/zlink", "dir/.hidden"]), "twooneone");
}

/// The kernel copies to a file and to a pipe, each in its own way, and not to a file that is appended to.
#[test]
fn cat_writes_the_same_wherever_it_goes() {
    let bytes = maker::bytes(3, 700_001);
    let mut forge = Forge::new();
    forge.block(DATA, b"one");
    forge.block(DATA + 1, &bytes);
    forge.rock_ridge_root(&[named("A", "a", DATA, 3), named("B", "b", DATA + 1, bytes.len() as u32)]);
    let (directory, image) = forged(&forge);
    let expected = [b"one", &bytes[..], b"one"].concat();
    assert!(answer(&image, &["cat", "{}", "a", "b", "a"]) == expected);
    let path = directory.path().join("out");
    for (has_started, is_appended) in [(false, false), (true, false), (true, true)] {
        fs::write(&path, if has_started { &b"start"[..] } else { b"" }).unwrap();
        let mut out = fs::OpenOptions::new().append(is_appended).write(true).open(&path).unwrap();
        out.seek(SeekFrom::End(0)).unwrap();
        let mut command = Command::new(PROGRAM);
        let status = command.arg("cat").arg(&image).args(["a", "b", "a"]).stdout(out).status().unwrap();
        assert!(status.success());
        let start = if has_started { &b"start"[..] } else { b"" };
        assert!(fs::read(&path).unwrap() == [start, &expected].concat(), "{has_started} {is_appended}");
    }
}

#[test]
fn what_is_not_there_is_told_and_the_rest_is_done() {
    let (_directory, image) = forged(&small());
    let result = |words: &[&str]| result(&image, words);
    let (code, out, told) = result(&["ls", "{}", "dir/what/ever", "plain"]);
    assert_eq!((code, out.as_str()), (9, "plain\n"));
    assert_eq!(told, "dir/what/ever: not in the image; the nearest that is there is /dir\n");
    let (code, out, told) = result(&["cat", "{}", "dir", "plain/x", "plain", "nothing"]);
    assert_eq!((code, out.as_str()), (9, "two"));
    let lines = [
        "/dir: a directory; isomount ls shows what is in it",
        "plain/x: /plain is no directory; leave out what is behind it",
        "nothing: not in the image; the nearest that is there is /",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), lines);
    let (code, out, told) = result(&["find", "{}", "*.txt"]);
    assert_eq!((code, out.as_str()), (9, ""));
    assert!(told.starts_with("nothing matches *.txt; "), "{told}");
    assert_eq!(result(&["find", "{}", "[a"]).0, 2);
    let told = result(&["ls"]).2;
    assert_eq!(told, "isomount: which image? isomount ls IMAGE ...; see isomount ls --help\n");
    assert_eq!(result(&["tree", "{}", "plain"]).0, 9);
    assert_eq!(result(&["tree", "-L0", "{}"]).0, 2);
    assert_eq!(result(&["ls", "-o", "nojoilet", "{}"]).0, 2);
    assert_eq!(result(&["ls", "-o", "view=joliet", "{}"]).0, 6);
    assert_eq!(result(&["ls", "--json", "{}", "nothing"]).1, "[]\n");
    assert_eq!(result(&["cat", "/not there.iso", "a"]).0, 3);
    fs::write(&image, "text").unwrap();
    assert_eq!(result(&["tree", "{}"]).0, 4);
}

/// Names that a terminal would obey, and one that is not UTF-8.
const HOSTILE: [&[u8]; 5] =
    [b"a\x1b[31mred", b"b\nline", b"c\xff\xfe", "d\u{9b}31m".as_bytes(), "e\u{202e}txt.exe".as_bytes()];

fn hostile() -> Forge {
    let mut forge = Forge::rock_ridge();
    let mut records: Vec<Record> = HOSTILE
        .iter()
        .zip(["A", "B", "C", "D", "E"])
        .map(|(name, short)| named(short, name, DATA, 3))
        .collect();
    records.push(linked("F", "f", b"\0\x07x\x1b]0;y\x07"));
    forge.rock_ridge_root(&records);
    forge.block(DATA, b"one");
    forge
}

/// What a terminal is shown of a question.
fn on_terminal(image: &Path, words: &[&str], variables: &[(&str, &str)]) -> Vec<u8> {
    let quoted = |word: &str| format!("'{}'", word.replace("{}", image.to_str().unwrap()));
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let line = format!("stty cols 40 rows 10; {PROGRAM} {}", words.join(" "));
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::null())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR");
    script.envs(variables.iter().copied()).output().unwrap().stdout
}

#[test]
fn no_name_moves_the_cursor_and_a_pipe_gets_every_byte() {
    let (_directory, image) = forged(&hostile());
    let raw_names: Vec<u8> =
        HOSTILE.iter().flat_map(|name| [name, &b"\n"[..]].concat()).chain(*b"f\n").collect();
    assert_eq!(answer(&image, &["ls", "{}"]), raw_names);
    let found = answer(&image, &["find", "-0", "{}", "[a-e]*"]);
    let expected: Vec<u8> = HOSTILE.iter().flat_map(|name| [b"/", *name, b"\0"].concat()).collect();
    assert_eq!(found, expected);
    let json = answer(&image, &["ls", "--json", "{}"]);
    let objects: Vec<Value> = serde_json::from_slice(&json).unwrap();
    let names: Vec<Vec<u8>> = objects.iter().map(|object| raw(object, "path")[1..].to_vec()).collect();
    assert_eq!(names[..5], HOSTILE.map(<[u8]>::to_vec));
    assert_eq!(raw(&objects[5], "target"), b"x\x1b]0;y\x07");
    assert_eq!(objects[2]["path"], "/c\\xff\\xfe");
    for word in ["a\x1b[31mred/x", "\x1b[2J"] {
        let output = ask(&image, &["cat", "{}", word]);
        assert!(!said(&output).trim_end().contains(char::is_control), "{:?}", said(&output));
    }
    if lacks(&["script"]) {
        return;
    }
    for words in [
        &["ls", "{}"][..],
        &["ls", "-laR", "{}"],
        &["ls", "--json", "{}"],
        &["tree", "{}"],
        &["find", "{}", "*"],
        &["find", "-0", "{}", "*"],
        &["ls", "{}", "a\x1b[31mred"],
    ] {
        let shown = on_terminal(&image, words, &[("NO_COLOR", "1")]);
        let shown = String::from_utf8(shown).unwrap();
        let bad = |c: &char| isomount::text::is_disguise(*c) && !matches!(c, '\r' | '\n' | '\0');
        assert!(shown.contains("\\x1b") || shown.contains("\\u001b"), "{words:?}: {shown:?}");
        assert_eq!(shown.chars().find(bad), None, "{words:?}: {shown:?}");
    }
}

#[test]
fn a_terminal_has_columns_and_colours() {
    if lacks(&["script"]) {
        return;
    }
    let mut forge = Forge::rock_ridge();
    let mut records: Vec<Record> =
        (10..22).map(|i| named(&format!("N{i}"), format!("name{i}.gz"), DATA, 3)).collect();
    records.push(directory("D", DATA + 2).with(&[&nm(0, "dir"), &px(0o040_755, 2, 7, 8)]));
    forge.rock_ridge_root(&records);
    forge.directory(DATA + 2, ROOT, &[]).block(DATA, b"one");
    let (_directory, image) = forged(&forge);
    let shown =
        |variables: &[(&str, &str)]| text(on_terminal(&image, &["ls", "{}"], variables)).replace('\r', "");
    let plain = shown(&[("NO_COLOR", "1")]);
    let lines: Vec<&str> = plain.lines().collect();
    assert_eq!(lines[0], "dir        name14.gz  name19.gz", "{plain}");
    assert!(lines.len() == 5 && lines.iter().all(|line| line.len() <= 40), "{plain}");
    let colored = shown(&[("LS_COLORS", "di=01;34:*.gz=31"), ("NO_COLOR", "")]);
    assert!(colored.starts_with("\x1b[1;34mdir\x1b[0m        \x1b[31mname14.gz\x1b[0m  "), "{colored:?}");
    assert_eq!(shown(&[("TERM", "dumb")]), plain);
}

#[test]
fn damage_costs_itself_alone() {
    let mut forge = small();
    let broken = directory("BAD", 60_000).with(&[&nm(0, "bad"), &px(0o040_755, 2, 7, 8)]);
    let circle = directory("LOOP", ROOT).with(&[&nm(0, "loop"), &px(0o040_755, 2, 7, 8)]);
    let start = DATA + 10;
    let below = directory("DIR", DATA + 2).with(&[&nm(0, "dir"), &px(0o040_755, 2, 7, 8)]);
    forge.rock_ridge_root(&[
        broken,
        named("CUT", "cut", start, 3_000_000),
        below,
        circle,
        named("PLAIN", "plain", DATA + 1, 3),
    ]);
    let there = maker::bytes(5, 1_234_567);
    forge.block(start, &there);
    forge.bytes.truncate(start as usize * SECTOR + there.len());
    let (_directory, image) = forged(&forge);
    let output = ask(&image, &["cat", "{}", "cut", "plain"]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(5), "{told}");
    assert!(told.contains(": /cut from byte 1234567 on: damaged: "), "{told}");
    assert!(output.stdout == [&there[..], b"two"].concat(), "{} bytes", output.stdout.len());
    for words in [
        &["ls", "-R", "{}"][..],
        &["ls", "-lR", "{}"],
        &["ls", "-R", "--json", "{}"],
        &["tree", "{}"],
        &["find", "{}", "*"],
    ] {
        let (code, out, told) = result(&image, words);
        assert_eq!(code, 5, "{words:?}: {told}");
        assert_eq!(told.matches("/bad: damaged: ").count(), 1, "{words:?}: {told}");
        assert_eq!(told.matches("/loop: damaged: ").count(), 1, "{words:?}: {told}");
        assert!(out.contains("inner") && out.contains("plain"), "{words:?}: {out}");
    }
    let json: Vec<Value> =
        serde_json::from_slice(&ask(&image, &["ls", "--json", "-R", "{}"]).stdout).unwrap();
    let bad = json.iter().find(|object| object["path"] == "/bad").unwrap();
    assert!(bad["type"] == "directory" && bad["error"].is_string(), "{bad}");
    assert_eq!(result(&image, &["ls", "{}", "dir"]).0, 0, "what is in order is in order");
}

#[test]
fn a_directory_with_a_damaged_record_is_told() {
    let mut forge = small();
    // The length of the first record behind `.` and `..` of /dir.
    let at = (DATA + 2) as usize * SECTOR;
    let own = forge.bytes[at] as usize;
    let first = at + own + forge.bytes[at + own] as usize;
    forge.bytes[first] = 5;
    let (_directory, image) = forged(&forge);
    let (code, out, told) = result(&image, &["ls", "-R", "{}"]);
    assert_eq!((code, out.contains("plain")), (5, true), "{told}");
    assert!(told.contains("directory record"), "{told}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut forge = small();
    forge.rock_ridge_root(&[named("BIG", "big", DATA + 10, 3_000_000)]);
    forge.block(DATA + 10, &maker::bytes(1, 3_000_000));
    let (_directory, image) = forged(&forge);
    let mut child = Command::new(PROGRAM)
        .arg("cat")
        .arg(&image)
        .arg("big")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    let full = Command::new(PROGRAM)
        .arg("cat")
        .arg(&image)
        .arg("big")
        .stdout(fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1));
    assert!(said(&full).contains("cannot write the answer: No space left on device"), "{}", said(&full));
}

#[test]
fn the_document_has_every_key_of_the_json() {
    let (_directory, image) = forged(&small());
    let json: Value = serde_json::from_slice(&answer(&image, &["ls", "--json", "--xattr", "{}"])).unwrap();
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md")).unwrap();
    let table = document.split_once("| key | value |").unwrap().1.split("\n\n").next().unwrap();
    let documented = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: std::collections::BTreeSet<&str> = documented.collect();
    let keys: std::collections::BTreeSet<&str> =
        json[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(documented, keys);
}

#[test]
fn extended_attributes_are_listed() {
    let one = File::from(b"data").stream("Zone", b"[Transfer]").implementation_attribute("*Maker", b"value");
    let udf = Udf::default().file("f", one).file("none", b"").build();
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.udf");
    fs::write(&image, &udf.bytes).unwrap();
    let lines = text(answer(&image, &["ls", "--xattr", "{}"]));
    let (first, second) = lines.split_once("none\n").unwrap();
    assert!(first.starts_with("f\n\tuser.Maker  5\n\tuser.Zone  10\n\tuser.isomount.extents  "), "{lines}");
    assert_eq!((first.lines().count(), second), (4, "\tuser.isomount.extents  0\n"));
    let json: Value = serde_json::from_slice(&answer(&image, &["ls", "--json", "--xattr", "{}"])).unwrap();
    let first = serde_json::json!({"name": "user.Maker", "name_hex": null, "value_hex": "76616c7565"});
    assert_eq!(json[0]["attributes"][0], first);
    // Where the bytes lie is told of every file.
    let last = serde_json::json!([{"name": "user.isomount.extents", "name_hex": null, "value_hex": ""}]);
    assert_eq!(json[1]["attributes"], last);
}
