//! `isomount extract`: what it writes is what the image says, and lies where it should.
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
    ffi::OsString,
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use proptest::prelude::*;
use support::{
    forge::*,
    listing::{self, Lines},
    maker::{self, GENISOIMAGE, Workshop, XORRISO, lacks},
    mounted::{self, PROGRAM, said},
};

/// Extracts into a directory; the words stand in front.
fn extract(image: &Path, to: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("extract").args(words).arg("-C").arg(to).arg("--").arg(image).output().unwrap()
}

/// Extracts only these paths.
fn extract_only(image: &Path, to: &Path, words: &[&str], paths: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("extract").args(words).arg("-C").arg(to).arg("--").arg(image).args(paths).output().unwrap()
}

/// A copy of the program that other users may run. Another process copies it: what this one writes, other threads hold open for a
/// moment when they start programs, and then it cannot be run.
fn program_for_all(directory: &Path) -> PathBuf {
    let program = directory.join("isomount");
    maker::copy_program(PROGRAM, &program);
    program
}

fn assert_done(output: &Output) {
    let text = said(output);
    assert!(output.status.success() && text.lines().count() == 1, "{}: {text}", output.status);
}

fn assert_same(expected: &Lines, found: &Lines) {
    let differences = listing::differences(expected, found);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// What is in a directory; the directory itself is not the image's.
fn inside(directory: &Path) -> Lines {
    let mut lines = mounted::on_disk(directory);
    lines.remove(".");
    lines
}

fn paths(directory: &Path) -> BTreeSet<String> {
    inside(directory).into_keys().collect()
}

fn forged(directory: &Path, forge: &Forge) -> PathBuf {
    let image = directory.join("image.iso");
    fs::write(&image, &forge.bytes).unwrap();
    image
}

#[test]
fn everything_is_extracted_as_it_was() {
    if lacks(&["root", "xorriso", "genisoimage"]) {
        return;
    }
    let commands = ["-outdev", "{}", "-hardlinks", "on", "-map", "{}", "/"];
    for by_xorriso in [true, false] {
        let workshop = Workshop::new();
        let (source, image, to) = (workshop.source(), workshop.image(), workshop.path("to"));
        maker::everything(&source, if by_xorriso { XORRISO } else { GENISOIMAGE });
        if by_xorriso {
            maker::native_xorriso(&commands, &[&image, &source]);
        } else {
            maker::genisoimage(&image, &source, &["-R"]);
        }
        // The second time over what is there.
        for _ in 0..2 {
            assert_done(&extract(&image, &to, &[]));
            let [mut expected, mut found] = [&*source, &*to].map(inside);
            if !by_xorriso {
                // Which names are one file is not recorded of all.
                let lines = expected.values_mut().chain(found.values_mut());
                lines.for_each(|fields| fields[2] = "-".into());
            }
            assert_same(&expected, &found);
            if by_xorriso {
                assert_eq!(mounted::hard_links(&to), mounted::hard_links(&source));
            }
        }
    }
}

#[test]
fn what_bsdtar_extracts_is_the_same() {
    if lacks(&["root", "xorriso", "bsdtar"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    maker::deep(&source.join("deep"), 8);
    for size in [0, 1, 2048, 100_000] {
        fs::write(source.join(format!("size{size}")), maker::bytes(size as u64, size)).unwrap();
    }
    symlink("size1", source.join("link")).unwrap();
    maker::settle(&source, maker::SOME_TIME);
    maker::xorriso(&image, &source, &["-R"]);
    let [ours, theirs] = ["ours", "theirs"].map(|name| workshop.path(name));
    fs::create_dir(&theirs).unwrap();
    assert_done(&extract(&image, &ours, &[]));
    maker::run("bsdtar", ["-xpf".as_ref(), image.as_os_str(), "-C".as_ref(), theirs.as_os_str()]);
    assert_same(&inside(&theirs), &inside(&ours));
}

#[test]
fn a_user_gets_everything_but_owners_and_devices() {
    if lacks(&["root", "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image, to) = (workshop.source(), workshop.image(), workshop.path("to"));
    maker::everything(&source, XORRISO);
    maker::xorriso(&image, &source, &["-R"]);
    fs::create_dir(&to).unwrap();
    std::os::unix::fs::chown(&to, Some(65_534), Some(65_534)).unwrap();
    maker::set_mode(to.parent().unwrap(), 0o755);
    maker::set_mode(&image, 0o644);
    let program = program_for_all(to.parent().unwrap());
    for _ in 0..2 {
        let mut command = Command::new(&program);
        let output = command
            .arg("extract")
            .arg("-p")
            .arg(&image)
            .arg("-C")
            .arg(&to)
            .uid(65_534)
            .gid(65_534)
            .output()
            .unwrap();
        let text = said(&output);
        assert!(output.status.success(), "{text}");
        assert!(text.contains("9 left out: only root can make devices"), "{text}");
        let mut expected = inside(&source);
        // Device 0:0 is none: it stands for a name that is taken away, and anybody can make it.
        expected.retain(|_, fields| !matches!(fields[0].as_str(), "c" | "b") || fields[7] == "0:0");
        for fields in expected.values_mut() {
            fields[1] = format!("{:o}", u32::from_str_radix(&fields[1], 8).unwrap() & 0o1777);
            (fields[3], fields[4]) = ("65534".into(), "65534".into());
        }
        let mut found = inside(&to);
        for lines in [&mut expected, &mut found] {
            // Which names are one file is not recorded by all programs.
            lines.values_mut().for_each(|fields| fields[2] = "-".into());
        }
        assert_same(&expected, &found);
    }
}

#[test]
fn the_umask_counts_unless_root_extracts() {
    if lacks(&["root"]) {
        return;
    }
    let workshop = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    let (file_px, directory_px) = (px(0o107_777, 1, 7, 8), px(0o041_777, 2, 7, 8));
    forge.rock_ridge_root(&[
        file("F", 22, 4).with(&[&file_px, &nm(0, "file")]),
        directory("D", 21).with(&[&directory_px, &nm(0, "directory")]),
    ]);
    forge.directory_with(21, ROOT, &directory_px, &[], &[]).block(22, b"text");
    let image = forged(workshop.path(), &forge);
    let program = program_for_all(workshop.path());
    maker::set_mode(workshop.path(), 0o777);
    for (uid, words, of_file, of_directory) in [
        (0, &[][..], 0o7777, 0o1777),
        (0, &["--no-same-permissions"], 0o750, 0o750),
        (0, &["--no-same-permissions", "-p"], 0o7777, 0o1777),
        (0, &["--no-same-owner"], 0o1777, 0o1777),
        (65_534, &[], 0o750, 0o750),
        (65_534, &["--same-permissions"], 0o1777, 0o1777),
    ] {
        let to = workshop.path().join("to");
        let mut command = Command::new("sh");
        command.args(["-c", "umask 027 && exec \"$@\"", "sh"]).arg(&program).arg("extract").args(words);
        let output = command.arg("-C").arg(&to).arg(&image).uid(uid).gid(uid).output().unwrap();
        assert_done(&output);
        let mode = |name: &str| fs::metadata(to.join(name)).unwrap().mode() & 0o7777;
        let found = (mode("file"), mode("directory"));
        assert_eq!(found, (of_file, of_directory), "{uid} {words:?}: {:o} {:o}", found.0, found.1);
        fs::remove_dir_all(&to).unwrap();
    }
}

#[test]
fn directories_that_are_extracted_at_once_are_as_they_were() {
    if lacks(&["root", "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    // Some closed to whoever owns them, each with names of files that other directories have names of too.
    for n in 0..150 {
        let directory = source.join(format!("d{}/e{n}", n % 7));
        fs::create_dir_all(&directory).unwrap();
        for size in [0, 1, 3000, 70_000] {
            fs::write(directory.join(format!("size{size}")), maker::bytes(n + size, size as usize)).unwrap();
        }
        let twin = source.join(format!("twin{}", n % 50));
        if n < 50 {
            fs::write(&twin, maker::bytes(n, 5000)).unwrap();
        }
        fs::hard_link(&twin, directory.join("twin")).unwrap();
    }
    for n in 0..150 {
        maker::set_mode(&source.join(format!("d{}/e{n}", n % 7)), [0o755, 0o555, 0o500][n % 3]);
    }
    maker::set_mode(&source.join("d3"), 0o555);
    // In these nobody finds a first name once they have their permissions.
    for mode in [0o000, 0o111, 0o311, 0o644] {
        let shut = source.join(format!("shut{mode:o}"));
        for name in ["a", "b", "c/d"] {
            fs::create_dir_all(shut.join(name)).unwrap();
            fs::write(shut.join(name).join("long"), maker::bytes(mode.into(), 3_000_000)).unwrap();
        }
        for name in ["b/second", "c/d/third", "c/fourth"] {
            let first = shut.join("a/first");
            if !first.exists() {
                fs::write(&first, maker::bytes(mode.into(), 9000)).unwrap();
            }
            fs::hard_link(&first, shut.join(name)).unwrap();
        }
        maker::set_mode(&shut, mode);
    }
    // More than one thread takes at once.
    let large = source.join("large");
    fs::create_dir(&large).unwrap();
    for n in 0..2500 {
        fs::write(large.join(format!("file{n}")), maker::bytes(n, (n % 40) as usize)).unwrap();
    }
    for n in 0..50 {
        fs::hard_link(source.join(format!("twin{n}")), large.join(format!("twin{}", n * 41))).unwrap();
    }
    maker::set_mode(&large, 0o500);
    maker::settle(&source, maker::SOME_TIME);
    let commands = ["-outdev", "{}", "-hardlinks", "on", "-map", "{}", "/"];
    maker::native_xorriso(&commands, &[&image, &source]);
    let program = program_for_all(image.parent().unwrap());
    maker::set_mode(image.parent().unwrap(), 0o777);
    for (name, uid) in [("root", 0), ("user", 65_534)] {
        let to = workshop.path(name);
        for _ in 0..2 {
            let mut command = Command::new(&program);
            let output = command.args(["extract", "-p", "-C"]).args([&to, &image]).uid(uid).gid(uid).output();
            assert_done(&output.unwrap());
            let [mut expected, mut found] = [&*source, &*to].map(inside);
            for lines in [&mut expected, &mut found] {
                for fields in lines.values_mut().filter(|_| uid != 0) {
                    (fields[3], fields[4]) = ("-".into(), "-".into());
                }
            }
            assert_same(&expected, &found);
            assert_eq!(mounted::hard_links(&to), mounted::hard_links(&source));
        }
    }
}

#[test]
fn from_one_file_system_to_another() {
    let workshop = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    if device(workshop.path()) == device(elsewhere.path()) {
        eprintln!("skipped: no second file system at /dev/shm");
        return;
    }
    let mut forge = Forge::new();
    let sizes = [1, 2048, 30_000, 65_536, 300_000];
    let mut records = Vec::new();
    let mut at = 30;
    for (n, size) in sizes.into_iter().enumerate() {
        records.push(file(format!("F{n}"), at, size));
        at += size.div_ceil(2048);
    }
    forge.directory(ROOT, ROOT, &records);
    forge.bytes.resize(at as usize * SECTOR, 0);
    let noise = maker::bytes(3, forge.bytes.len() - 30 * SECTOR);
    forge.bytes[30 * SECTOR..].copy_from_slice(&noise);
    let image = forged(workshop.path(), &forge);
    for to in [workshop.path().join("to"), elsewhere.path().join("to")] {
        assert_done(&extract(&image, &to, &[]));
        let mut at = 0;
        for (n, size) in sizes.into_iter().enumerate() {
            let expected = &noise[at..at + size as usize];
            assert!(fs::read(to.join(format!("f{n}"))).unwrap() == expected, "{} {size}", to.display());
            at += (size.div_ceil(2048) * 2048) as usize;
        }
    }
}

#[test]
fn times_are_kept_to_the_nanosecond_of_files_and_directories() {
    let workshop = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    let date = b"2021030405060789\0";
    let stamps = entry(b"TF", &[&[0x86][..], date, date].concat());
    let (file_px, directory_px) = (px(0o100_640, 1, 0, 0), px(0o040_555, 2, 0, 0));
    forge.rock_ridge_root(&[
        file("F", 22, 4).with(&[&file_px, &nm(0, "file"), &stamps]),
        directory("D", 21).with(&[&directory_px, &nm(0, "directory"), &stamps]),
    ]);
    forge.block(22, b"text");
    forge.directory_with(
        21,
        ROOT,
        &[&directory_px[..], &stamps].concat(),
        &[],
        &[file("G", 22, 4).with(&[&file_px, &nm(0, "inner"), &stamps])],
    );
    let (image, to) = (forged(workshop.path(), &forge), workshop.path().join("to"));
    assert_done(&extract(&image, &to, &[]));
    for name in ["file", "directory/inner", "directory"] {
        let metadata = fs::metadata(to.join(name)).unwrap();
        assert_eq!((metadata.mtime(), metadata.mtime_nsec()), (1_614_834_367, 890_000_000), "{name}");
    }
    assert_eq!(fs::metadata(to.join("directory")).unwrap().permissions().mode() & 0o777, 0o555);
}

/// A root that names itself a link out of the directory, and the same name once more as a directory with a file in it.
fn planting(target: &str, names: &[&str]) -> Forge {
    let mut forge = Forge::new();
    let link = px(0o120_777, 1, 0, 0);
    let component = [&[0, target.len() as u8][..], target.as_bytes()].concat();
    let component = if target == ".." { vec![4, 0] } else { component };
    let directory_px = px(0o040_755, 2, 0, 0);
    let mut records = Vec::new();
    for (n, name) in names.iter().enumerate() {
        records.push(file(format!("A{n}"), 0, 0).with(&[&link, &nm(0, name), &sl(&component)]));
        records.push(directory(format!("B{n}"), 21).with(&[&directory_px, &nm(0, name)]));
    }
    forge.rock_ridge_root(&records);
    let text = px(0o100_644, 1, 0, 0);
    let evil = |record: &str, name: &str| file(record, 22, 4).with(&[&text, &nm(0, name)]);
    forge.directory_with(
        21,
        ROOT,
        &directory_px,
        &[],
        &[evil("X", "evil"), evil("Y", "../evil2"), evil("Z", ".."), evil("W", "/evil3")],
    );
    forge.block(22, b"text");
    forge
}

#[test]
fn nothing_lands_outside_of_the_directory() {
    for target in ["..", "outside"] {
        let directory = tempfile::tempdir().unwrap();
        let watched = directory.path().join("watched");
        let to = watched.join("to");
        fs::create_dir_all(&to).unwrap();
        fs::create_dir(watched.join("outside")).unwrap();
        fs::write(watched.join("victim"), "victim").unwrap();
        let image = forged(directory.path(), &planting(target, &["a", "../b", "c"]));
        // Links that wait for it.
        symlink("../outside", to.join("c")).unwrap();
        symlink("../victim", to.join("c~2")).unwrap();
        fs::hard_link(watched.join("victim"), watched.join("twin")).unwrap();
        let outside = |lines: Lines| -> Lines {
            lines.into_iter().filter(|(path, _)| !path.starts_with("./to")).collect()
        };
        let before = outside(mounted::on_disk(&watched));
        for words in [&[][..], &["--overwrite"], &["--keep-old"], &["--strip-components=1"]] {
            extract(&image, &to, words);
            assert_same(&before, &outside(mounted::on_disk(&watched)));
        }
        assert!(to.join("a").is_symlink() || to.join("a~2").is_symlink());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    /// Links and directories of the same few names, in the image and in the directory, whatever they are called.
    #[test]
    fn whatever_is_planted_stays_inside(
        names in proptest::collection::vec(prop::sample::select(vec!["a", "b", "..", ".", "a/b", "../x", "/"]), 1..4),
        target in prop::sample::select(vec!["..", "outside", "a", "b"]),
        planted in proptest::collection::vec((prop::sample::select(vec!["a", "b", "a~2", "_"]),
            prop::sample::select(vec!["..", "../outside", "../victim", "/tmp", "a", "nowhere"])), 0..4),
        strip in 0..2,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let watched = directory.path().join("watched");
        let to = watched.join("to");
        fs::create_dir_all(&to).unwrap();
        fs::create_dir(watched.join("outside")).unwrap();
        fs::write(watched.join("victim"), "victim").unwrap();
        for (name, target) in planted {
            let _ = symlink(target, to.join(name));
        }
        let image = forged(directory.path(), &planting(target, &names));
        let outside = || -> Lines {
            mounted::on_disk(&watched).into_iter().filter(|(path, _)| !path.starts_with("./to")).collect()
        };
        let before = outside();
        let output = extract(&image, &to, &[&format!("--strip-components={strip}")]);
        prop_assert!(output.status.code().is_some_and(|code| matches!(code, 0 | 5 | 7)), "{}", said(&output));
        prop_assert_eq!(before, outside());
    }
}

/// Files `a` (two sectors at 22), `b` (at 24), `c` (past the end of the image).
fn damaged() -> Forge {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("A", 22, 4096), file("B", 24, 5), file("C", 23, 6000)]);
    forge.block(22, &[b'a'; 4096]).block(24, b"bytes");
    forge.bytes.truncate(24 * SECTOR + 100);
    forge
}

#[test]
fn damaged_files_are_told_and_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let (image, to) = (forged(directory.path(), &damaged()), directory.path().join("to"));
    fs::create_dir(&to).unwrap();
    fs::write(to.join("c"), "old").unwrap();
    let output = extract(&image, &to, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains("c: damaged at byte 2048: extent at byte 49152: end is byte 51200"), "{text}");
    assert!(text.lines().last().unwrap().contains("2 files") && text.contains("1 damaged"), "{text}");
    assert_eq!(paths(&to), ["./a", "./b", "./c"].map(str::to_owned).into());
    assert_eq!(fs::read_to_string(to.join("c")).unwrap(), "old", "what was there is no half file");
    assert_eq!(fs::read_to_string(to.join("b")).unwrap(), "bytes");
    let output = extract(&image, &to, &["--keep-damaged"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(said(&output).contains("3952 bytes of it are zeros now"), "{}", said(&output));
    let kept = fs::read(to.join("c")).unwrap();
    assert!(kept[..2048].iter().all(|b| *b == b'a') && kept[2048..] == [0; 3952]);
}

#[test]
fn what_is_not_supported_is_no_damage() {
    let workshop = tempfile::tempdir().unwrap();
    let mut forge = Forge::rock_ridge();
    let packed = versioned(b"ZF", 2, b"XZ\x06\x0f\0\x80\0\0\0\0\0\0");
    let text = px(0o100_644, 1, 0, 0);
    forge.rock_ridge_root(&[
        file("A", 24, 2048).with(&[&text, &nm(0, "a"), &packed]),
        file("B", 24, 5).with(&[&text, &nm(0, "b")]),
    ]);
    forge.block(24, b"bytes");
    let image = forged(workshop.path(), &forge);
    let to = workshop.path().join("to");
    let output = extract(&image, &to, &[]);
    let told = said(&output);
    assert_eq!((output.status.code(), paths(&to)), (Some(6), ["./b".to_owned()].into()), "{told}");
    assert!(
        told.contains("a: not supported: zisofs file at byte") && told.contains("1 not supported"),
        "{told}"
    );
    let cat = Command::new(PROGRAM).arg("cat").arg(&image).arg("a").output().unwrap();
    assert_eq!(cat.status.code(), Some(6));
    assert!(said(&cat).contains("/a from byte 0 on: not supported: zisofs file"), "{}", said(&cat));
    // Damage is worse.
    forge.bytes.truncate(24 * SECTOR + 2);
    let output = extract(&forged(workshop.path(), &forge), &to, &[]);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
}

#[test]
fn only_what_is_asked_for() {
    let workshop = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[directory("D", 21), file("A.TXT", 24, 5), file("B", 24, 5)]);
    forge.directory(21, ROOT, &[directory("E", 22), file("C.TXT", 24, 5)]);
    forge.directory(22, 21, &[file("F.TXT", 24, 5), file("G", 24, 5)]);
    forge.block(24, b"bytes");
    let image = forged(workshop.path(), &forge);
    for (n, (words, asked, code, expected)) in [
        (&[][..], &[][..], 0, &["./a.txt", "./b", "./d", "./d/c.txt", "./d/e", "./d/e/f.txt", "./d/e/g"][..]),
        (&[], &["b", "/d/e/"], 0, &["./b", "./d", "./d/e", "./d/e/f.txt", "./d/e/g"]),
        (&[], &["*.txt"], 0, &["./a.txt"]),
        (&[], &["**/*.txt"], 0, &["./a.txt", "./d", "./d/c.txt", "./d/e", "./d/e/f.txt"]),
        (&["--exclude=*.txt"], &["d"], 0, &["./d", "./d/e", "./d/e/g"]),
        (&["--exclude", "d/e"], &[], 0, &["./a.txt", "./b", "./d", "./d/c.txt"]),
        (&["--strip-components", "1"], &[], 0, &["./c.txt", "./e", "./e/f.txt", "./e/g"]),
        (&["--strip-components", "2"], &["d"], 0, &["./f.txt", "./g"]),
        (&["--strip-components", "9"], &[], 0, &[]),
        (&[], &["b", "no", "x*"], 9, &["./b"]),
    ]
    .into_iter()
    .enumerate()
    {
        let to = workshop.path().join(n.to_string());
        let output = extract_only(&image, &to, words, asked);
        assert_eq!(output.status.code(), Some(code), "{words:?} {asked:?}: {}", said(&output));
        assert_eq!(paths(&to), expected.iter().map(ToString::to_string).collect(), "{words:?} {asked:?}");
    }
    let output = extract_only(&image, &workshop.path().join("x"), &[], &["no"]);
    assert!(said(&output).contains("no: not in the image"), "{}", said(&output));
    let dry = workshop.path().join("dry");
    let output = extract_only(&image, &dry, &["--dry-run"], &["d"]);
    assert_done(&output);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "d\nd/c.txt\nd/e\nd/e/f.txt\nd/e/g\n");
    assert!(!dry.exists());
    let output = extract(&image, &dry, &["--exclude", "["]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

/// `/d/e/f`, `/d/g`, `/link -> d/e`, `/up -> ../d`, `/circle -> circle`, and a name that is not UTF-8.
fn linked() -> Forge {
    let mut forge = Forge::new();
    let (own, link, text) = (px(0o040_755, 2, 0, 0), px(0o120_777, 1, 0, 0), px(0o100_644, 1, 0, 0));
    let named = |short: &str, name: &[u8]| file(short, 24, 5).with(&[&text, &nm(0, name)]);
    let link =
        |short: &str, name: &str, target: &[u8]| file(short, 0, 0).with(&[&link, &nm(0, name), &sl(target)]);
    forge.rock_ridge_root(&[
        directory("D", 21).with(&[&own, &nm(0, "d")]),
        link("L", "link", b"\0\x01d\0\x01e"),
        link("U", "up", b"\x04\0\0\x01d"),
        link("C", "circle", b"\0\x06circle"),
        named("B", b"b\xff\xfe"),
    ]);
    let below = directory("E", 22).with(&[&own, &nm(0, "e")]);
    forge.directory_with(21, ROOT, &own, &[], &[below, named("G", b"g")]);
    forge.directory_with(22, 21, &own, &[], &[named("F", b"f")]);
    forge.block(24, b"bytes");
    forge
}

#[test]
fn a_path_means_what_it_means_to_ls_and_cat() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let workshop = tempfile::tempdir().unwrap();
    let image = forged(workshop.path(), &linked());
    let b = &b"b\xff\xfe"[..];
    for (n, (asked, code, expected)) in [
        (&b"d/../d/e/f"[..], 0, &[&b"d"[..], b"d/e", b"d/e/f"][..]),
        (b"link/f", 0, &[b"d", b"d/e", b"d/e/f"]),
        (b"link/../g", 0, &[b"d", b"d/g"]),
        (b"up/e/f", 0, &[b"d", b"d/e", b"d/e/f"]),
        (b"link", 0, &[b"link"]),
        (b"link/", 0, &[b"d", b"d/e", b"d/e/f"]),
        (b"link/*", 0, &[b"d", b"d/e", b"d/e/f"]),
        (b"../../d/g", 0, &[b"d", b"d/g"]),
        (b, 0, &[b]),
        (b"b??", 0, &[b]),
        (b"[b]\xff*", 0, &[b]),
        (b"b?", 9, &[]),
        (b"circle/x", 9, &[]),
        (b"d/g/x", 9, &[]),
        (b"nothing/*", 9, &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let to = workshop.path().join(n.to_string());
        let output = Command::new(PROGRAM)
            .args(["extract", "-C"])
            .args([&to, &image])
            .arg(OsString::from_vec(asked.to_vec()))
            .output()
            .unwrap();
        let asked = String::from_utf8_lossy(asked);
        assert_eq!(output.status.code(), Some(code), "{asked}: {}", said(&output));
        assert_eq!(said(&output).lines().count(), if code == 0 { 1 } else { 2 }, "{}", said(&output));
        let mut find = Command::new("find");
        find.args([".", "-mindepth", "1", "-printf", "%P\\0"]).current_dir(&to);
        let found = find.output().unwrap().stdout;
        let found: BTreeSet<&[u8]> = found.split(|b| *b == 0).filter(|path| !path.is_empty()).collect();
        assert_eq!(found, expected.iter().copied().collect(), "{asked}");
        // What `cat` gives of a file is what lies there now.
        for path in found.iter().filter(|path| to.join(std::ffi::OsStr::from_bytes(path)).is_file()) {
            let path = std::ffi::OsStr::from_bytes(path);
            let output = Command::new(PROGRAM).arg("cat").arg(&image).arg(path).output().unwrap();
            assert_eq!(output.stdout, fs::read(to.join(path)).unwrap());
        }
    }
    let told = |asked: &str| {
        let output = extract_only(&image, &workshop.path().join("told"), &[], &[asked]);
        said(&output).lines().next().unwrap().rsplit_once(".iso: ").unwrap().1.to_owned()
    };
    assert_eq!(told("d/e/no"), "d/e/no: not in the image; the nearest that is there is /d/e");
    assert_eq!(told("circle/x"), "circle/x: too many symbolic links on the way; name what they lead to");
    assert!(told("*.no").starts_with("nothing matches *.no; "), "{}", told("*.no"));
    // Not a byte of a name is lost on the way to another program.
    let output = extract_only(&image, workshop.path(), &["--dry-run"], &["b*"]);
    assert_eq!(output.stdout, [b, b"\n"].concat());
}

#[test]
fn a_directory_with_a_damaged_record_gives_the_rest() {
    let workshop = tempfile::tempdir().unwrap();
    let mut forge = linked();
    // The length of the record of /d/g.
    let mut record = 21 * SECTOR;
    for _ in 0..3 {
        record += usize::from(forge.bytes[record]);
    }
    forge.bytes[record] = 5;
    let (image, to) = (forged(workshop.path(), &forge), workshop.path().join("to"));
    let output = extract(&image, &to, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains("directory record"), "{text}");
    assert!(to.join("d/e/f").is_file() && to.join("link/f").is_file() && !to.join("d/g").exists(), "{text}");
    // Nor does it depend on what is told.
    let mut quiet = Command::new(PROGRAM);
    quiet.args(["extract", "--dry-run"]).arg(&image).env("ISOMOUNT_LOG", "off");
    assert_eq!(quiet.output().unwrap().status.code(), Some(5));
}

#[test]
fn where_nothing_can_be_made_the_next_step_is_told() {
    let workshop = tempfile::tempdir().unwrap();
    let image = forged(workshop.path(), &linked());
    let taken = workshop.path().join("taken");
    fs::write(&taken, "mine").unwrap();
    for (to, expected) in [
        (taken.clone(), "it is no directory, or on the way to it is none; name one with -C"),
        (taken.join("below"), "it is no directory, or on the way to it is none; name one with -C"),
        ("/proc/below".into(), "No such file or directory; name another directory with -C"),
    ] {
        let output = extract(&image, &to, &[]);
        assert_eq!(output.status.code(), Some(7));
        let line = format!("isomount: {}: cannot extract into it: {expected}\n", to.display());
        assert_eq!(String::from_utf8(output.stderr).unwrap(), line);
    }
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
}

#[test]
fn what_is_there_is_replaced_or_kept() {
    let workshop = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[directory("D", 21), file("A", 24, 5), file("B", 24, 5)]);
    forge.directory(21, ROOT, &[file("C", 24, 5)]);
    forge.block(24, b"bytes");
    let image = forged(workshop.path(), &forge);
    let to = workshop.path().join("to");
    fs::create_dir(&to).unwrap();
    let victim = workshop.path().join("victim");
    fs::write(&victim, "victim").unwrap();
    fs::hard_link(&victim, to.join("a")).unwrap();
    symlink(&victim, to.join("b")).unwrap();
    let output = extract(&image, &to, &["--keep-old"]);
    assert!(output.status.success() && said(&output).contains("2 kept"), "{}", said(&output));
    assert!(to.join("b").is_symlink() && to.join("d/c").is_file());
    assert_done(&extract(&image, &to, &["--keep-old", "--overwrite"]));
    assert_eq!(fs::read(to.join("a")).unwrap(), b"bytes");
    assert!(!to.join("b").is_symlink() && fs::read(to.join("b")).unwrap() == b"bytes");
    assert_eq!(fs::read(&victim).unwrap(), b"victim", "neither a link nor another name was written through");
    // A directory in place of a file is the user's.
    fs::remove_file(to.join("a")).unwrap();
    fs::create_dir(to.join("a")).unwrap();
    let output = extract(&image, &to, &[]);
    assert_eq!(output.status.code(), Some(7));
    assert!(
        said(&output).contains("a: not extracted: a directory is there; remove it first"),
        "{}",
        said(&output)
    );
}

#[test]
fn holes_attributes_names_and_devices_of_udf() {
    use support::udf::{Extent, File as Forged, Udf};
    if lacks(&["root"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (image, to) = (directory.path().join("image.udf"), directory.path().join("to"));
    let noise: Vec<u8> = maker::bytes(7, 6000);
    let holes = vec![Extent::Hole(8192), Extent::Recorded(noise[..4096].to_vec()), Extent::Hole(64 << 20)];
    let udf = Udf::default()
        .file("holes", Forged::of_extents(holes))
        .file("streams", Forged::from(&noise).stream("Zone.Identifier", b"[ZoneTransfer]"))
        .link("again", "streams")
        .symlink("link", "streams")
        .file("null", Forged::character_device(1, 3))
        .file("fifo", Forged::fifo());
    fs::write(&image, udf.build().bytes).unwrap();
    let output = extract(&image, &to, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let metadata = |name: &str| fs::symlink_metadata(to.join(name)).unwrap();
    assert_eq!(metadata("holes").len(), 8192 + 4096 + (64 << 20));
    assert!(metadata("holes").blocks() * 512 < 1 << 20);
    let bytes = fs::read(to.join("holes")).unwrap();
    assert!(bytes[..8192] == [0; 8192] && bytes[8192..12288] == noise[..4096]);
    assert!(bytes[12288..].iter().all(|b| *b == 0));
    assert_eq!(metadata("streams").ino(), metadata("again").ino());
    assert_eq!(fs::read(to.join("again")).unwrap(), noise);
    assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("streams"));
    assert_eq!(metadata("null").rdev(), nix::sys::stat::makedev(1, 3));
    assert_eq!(metadata("fifo").mode() & 0o170_000, 0o010_000);
    // Not every file system has attributes; then it is said.
    match xattr::get(to.join("streams"), "user.Zone.Identifier") {
        Ok(Some(value)) => assert_eq!(value, b"[ZoneTransfer]"),
        _ => assert!(said(&output).contains("without all attributes"), "{}", said(&output)),
    }
}

#[test]
fn paths_longer_than_the_system_takes_are_made() {
    let mut forge = Forge::rock_ridge();
    let own = px(0o040_755, 2, 0, 0);
    let name = "n".repeat(120);
    let at = |level: u32| if level == 0 { ROOT } else { 30 + level };
    // 60 directories of 200 bytes.
    for level in 0..=60 {
        let record = if level < 60 {
            directory("D", at(level + 1)).with(&[&own, &nm(0, &name)])
        } else {
            file("F", 29, 4).with(&[&px(0o100_644, 1, 0, 0), &nm(0, "file")])
        };
        if level == 0 {
            forge.rock_ridge_root(&[record]);
        } else {
            forge.directory_with(at(level), at(level - 1), &own, &own, &[record]);
        }
    }
    forge.block(29, b"text");
    let workshop = tempfile::tempdir().unwrap();
    let (image, to) = (forged(workshop.path(), &forge), workshop.path().join("to"));
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 60 && exec \"$@\"", "sh", PROGRAM, "extract", "-C"]).arg(&to).arg(&image);
    assert_done(&limited.output().unwrap());
    let found = Command::new("find").arg(&to).args(["-type", "f", "-size", "4c"]).output().unwrap();
    assert_eq!(found.stdout.iter().filter(|b| **b == b'\n').count(), 1);
    assert!(found.stdout.len() > 60 * 120);
    assert!(Command::new("rm").arg("-rf").arg(&to).status().unwrap().success());
}

#[test]
fn an_interrupted_run_leaves_no_half_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    // One place, many files: 8 GB in all.
    let records: Vec<Record> = (0..1000).map(|n| file(format!("F{n}"), 200, 8 << 20)).collect();
    forge.directory(ROOT, ROOT, &records);
    forge.bytes.resize(200 * SECTOR + (8 << 20), 7);
    for (signal, number) in [(Signal::SIGINT, 2), (Signal::SIGTERM, 15)] {
        let (image, to) = (forged(directory.path(), &forge), directory.path().join("to"));
        let mut command = Command::new(PROGRAM);
        let mut child =
            command.arg("extract").arg("-C").arg(&to).arg(&image).stderr(Stdio::null()).spawn().unwrap();
        assert!(mounted::eventually(|| fs::read_dir(&to).is_ok_and(|mut entries| entries.next().is_some())));
        thread::sleep(Duration::from_millis(30));
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(number), "{status}");
        let names: Vec<OsString> =
            fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.len() < 1000);
        for name in names {
            assert!(!name.to_string_lossy().starts_with('.'), "{name:?} was left behind");
            assert_eq!(fs::metadata(to.join(&name)).unwrap().len(), 8 << 20, "{name:?}");
        }
        fs::remove_dir_all(&to).unwrap();
    }
}
