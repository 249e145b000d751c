//! What a user meets when it cannot be done: one line with the cause and the next step, the exit code of `docs/CLI.md`,
//! nothing mounted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{fs, path::Path, process::Command};

use support::forge::*;

struct Said {
    code: i32,
    line: String,
}

/// Runs the program; it must end by itself, with one line on stderr and nothing on stdout.
fn run(args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_isomount")).args(args).output().unwrap();
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let line = text.trim_end().strip_prefix("isomount: ").expect("the program's name in front").to_owned();
    Said { code: output.status.code().unwrap(), line }
}

/// An image in a file, and an empty directory beside it.
fn workshop(bytes: &[u8]) -> (tempfile::TempDir, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    let mount_point = directory.path().join("mnt");
    fs::write(&image, bytes).unwrap();
    fs::create_dir(&mount_point).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (image, mount_point) = (text(&image), text(&mount_point));
    (directory, image, mount_point)
}

#[test]
fn wrong_usage_is_2() {
    let (_directory, image, mount_point) = workshop(&Forge::new().bytes);
    for (args, line) in [
        (vec![], "which image? isomount IMAGE [MOUNTPOINT]; see isomount --help"),
        (vec!["cat", &image], "isomount cat needs PATH; see isomount cat --help"),
        (vec!["find", &image], "isomount find needs GLOB; see isomount find --help"),
        (vec!["umount"], "isomount umount needs MOUNTPOINT|IMAGE; see isomount umount --help"),
        (vec!["--foo", &image], "unexpected argument '--foo' found; see isomount --help"),
        (
            vec!["tree", "-L", "x", &image],
            "invalid value 'x' for '--level <DEPTH>': must be a number; see isomount --help",
        ),
        (vec!["check"], "which image? isomount check IMAGE ...; see isomount check --help"),
        (
            vec!["create", "directory", "-o", "image.iso"],
            "neither an image nor a command is called create; isomount makes no images; xorriso does: xorriso -as mkisofs -R -J -o image.iso DIRECTORY",
        ),
        (
            vec!["mount", &image],
            "neither an image nor a command is called mount; to mount, leave the word out: isomount IMAGE [MOUNTPOINT]",
        ),
        (
            vec!["help", "ls"],
            "neither an image nor a command is called help; see isomount --help, and isomount --version",
        ),
        (vec!["verify", &image], "neither an image nor a command is called verify; did you mean check?"),
        (
            vec!["--foregroud", "a", "b"],
            "unexpected argument '--foregroud' found; a similar argument exists: '--foreground'; see isomount --help",
        ),
        (
            vec!["-o", "nojoilet", &image, &mount_point],
            "unknown mount option nojoilet; did you mean nojoliet?",
        ),
        (
            vec!["-o", "mode=888", &image, &mount_point],
            "mount option mode=888: must be an octal number up to 777",
        ),
        (
            vec!["--cache-size", "5x", &image, &mount_point],
            "invalid value '5x' for '--cache-size <SIZE>': a number of bytes, with K, M or G behind it; see isomount --help",
        ),
    ] {
        let said = run(&args);
        assert_eq!((said.code, said.line.as_str()), (2, line));
    }
    // Options are looked at before anything else is tried.
    assert_eq!(run(&["-o", "what", "/not there", "/not there either"]).code, 2);
}

#[test]
fn an_image_that_cannot_be_read_is_3() {
    let (_directory, _, mount_point) = workshop(b"");
    let said = run(&["/not there.iso", &mount_point]);
    let line = "/not there.iso: cannot open the image: No such file or directory; check the path";
    assert_eq!((said.code, said.line.as_str()), (3, line));
}

#[test]
fn what_is_no_disc_image_is_4() {
    for (bytes, seems) in [
        (&b""[..], "empty (0 bytes)"),
        (b"\x1f\x8b\x08 and so on", "gzip compressed data; unpack it with gunzip first"),
        (b"hello\n", "text"),
        (&[0; 4096], "4096 bytes that begin with nothing but zeros: a copy that failed, or a blank medium"),
    ] {
        let (_directory, image, mount_point) = workshop(bytes);
        let said = run(&[&image, &mount_point]);
        assert_eq!(said.code, 4);
        assert!(said.line.ends_with(&format!("not a disc image: it seems to be {seems}")), "{}", said.line);
    }
    let (directory, _, mount_point) = workshop(b"");
    let said = run(&[directory.path().to_str().unwrap(), &mount_point]);
    assert!(said.code == 4 && said.line.ends_with("it seems to be a directory"), "{}", said.line);
}

#[test]
fn an_image_of_which_nothing_can_be_shown_is_5() {
    let mut forge = Forge::new();
    forge.put(16 * SECTOR + 128, &[3, 0]);
    let (_directory, image, mount_point) = workshop(&forge.bytes);
    let said = run(&[&image, &mount_point]);
    assert_eq!(said.code, 5);
    assert!(said.line.contains("damaged: primary volume descriptor at byte 32768: logical block size is 3"));
    let cut = &Forge::new().bytes[..19 * SECTOR];
    let (_directory, image, mount_point) = workshop(cut);
    let said = run(&[&image, &mount_point]);
    assert!(said.code == 5 && said.line.contains("the image ends at byte 38912"), "{}", said.line);
}

#[test]
fn a_view_that_is_not_there_is_6() {
    let (_directory, image, mount_point) = workshop(&Forge::new().bytes);
    let said = run(&["-o", "view=joliet", &image, &mount_point]);
    assert_eq!(said.code, 6);
    assert!(said.line.ends_with("the disc has no joliet tree; it has: iso9660"), "{}", said.line);
}

#[test]
fn a_mount_point_that_is_none_is_7() {
    let (directory, image, _) = workshop(&Forge::new().bytes);
    let missing = directory.path().join("missing");
    let said = run(&[&image, missing.to_str().unwrap()]);
    let line = format!(
        "mount point {0}: not there; make it first: mkdir {0} (or let isomount make it: --mkdir)",
        missing.display()
    );
    assert_eq!((said.code, said.line), (7, line));
    let text = directory.path().join("text");
    fs::write(&text, "text").unwrap();
    let said = run(&[&image, text.to_str().unwrap()]);
    assert!(said.code == 7 && said.line.ends_with("not a directory; name a directory"), "{}", said.line);
}

#[test]
fn an_answer_that_cannot_be_written_is_1() {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("A", 22, 0)]);
    let (place, image, _) = workshop(&forge.bytes);
    let to = place.path().join("to").to_str().unwrap().to_owned();
    for args in [
        &["--help"][..],
        &["-h"],
        &["--version"],
        &["ls", "--help"],
        &["generate", "man"],
        &["generate", "bash"],
        &["ls", "--json", &image],
        &["find", &image, "*"],
        &["extract", "--dry-run", &image],
        &["extract", "-v", "-C", &to, &image],
    ] {
        let write = |place: &str| {
            let stdout = fs::File::options().write(true).open(place).unwrap();
            let output =
                Command::new(env!("CARGO_BIN_EXE_isomount")).args(args).stdout(stdout).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
        };
        let (code, text) = write("/dev/full");
        let line = "isomount: cannot write the answer: No space left on device; write it elsewhere";
        assert_eq!((code, text.lines().last()), (1, Some(line)), "{args:?}: {text}");
        assert_eq!(write("/dev/null").0, 0, "{args:?}");
    }
}

#[test]
fn a_wish_for_the_log_that_is_not_understood_is_told_once() {
    let (_directory, image, _) = workshop(&Forge::new().bytes);
    for (words, told) in [("isomount::fs=loud", "isomount::fs=loud"), ("a=\x1b=b", "a=\\x1b=b")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_isomount"));
        let output = command.args(["ls", &image]).env("ISOMOUNT_LOG", words).output().unwrap();
        let line = format!(
            "isomount: ISOMOUNT_LOG={told}: not understood, and left out; name a level, or module=level: isomount::fs=debug\n"
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), line);
        assert!(output.status.success());
    }
}

#[test]
fn names_of_files_cannot_move_the_cursor() {
    let (_directory, _, mount_point) = workshop(b"");
    let said = run(&["/not\x1b[31mthere", &mount_point]);
    assert!(said.line.starts_with("/not\\x1b[31mthere: "), "{}", said.line);
}
