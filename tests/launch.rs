//! `isomount open`: what a desktop shows when someone opens an image. Programs of the desktop are played by scripts.
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
    path::{Path, PathBuf},
    process::{Command, Output},
};

use support::{
    forge::Forge,
    maker::{self, lacks},
    mounted::{PROGRAM, eventually, is_mounted, said},
};
use tempfile::TempDir;

/// A desktop with some programs, which write down what they are called with.
struct Desktop {
    directory: TempDir,
}

impl Desktop {
    fn new(programs: &[&str]) -> Self {
        let desktop = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(desktop.path("bin")).unwrap();
        fs::create_dir(desktop.path("home")).unwrap();
        for name in programs {
            let program = desktop.path("bin").join(name);
            let text = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >>'{}'\n", desktop.path(name).display());
            maker::write_script(&program, &text);
        }
        desktop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    fn image(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let image = self.path(name);
        fs::write(&image, bytes).unwrap();
        image
    }

    fn open(&self, image: &Path) -> Output {
        let mut command = Command::new(PROGRAM);
        command.arg("open").arg(image).env("PATH", self.path("bin")).env("HOME", self.path("home"));
        command.env("DISPLAY", ":0").env_remove("WAYLAND_DISPLAY").output().unwrap()
    }

    /// The arguments that a program was called with, one a line; nothing when it was not.
    fn called(&self, program: &str) -> String {
        fs::read_to_string(self.path(program)).unwrap_or_default()
    }
}

/// Unmounts what a test has opened.
struct Opened(PathBuf);

impl Drop for Opened {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        assert!(eventually(|| !is_mounted(&self.0)));
    }
}

#[test]
fn what_cannot_be_mounted_is_told_on_stderr_and_on_the_desktop() {
    let desktop = Desktop::new(&["notify-send", "zenity", "xdg-open"]);
    let image = desktop.image("a <disc>.iso", b"hello\n");
    let output = desktop.open(&image);
    assert_eq!(output.status.code(), Some(4));
    let line = format!("{}: not a disc image: it seems to be text", image.display());
    assert_eq!(said(&output), format!("isomount: {line}\n"));
    let body = line.replace('<', "&lt;").replace('>', "&gt;");
    let expected =
        format!("--urgency=critical\n--app-name=isomount\n--icon=media-optical\n--\nDisc image\n{body}\n");
    assert_eq!(desktop.called("notify-send"), expected);
    assert_eq!(desktop.called("zenity") + &desktop.called("xdg-open"), "");
}

#[test]
fn without_notifications_a_window_tells_it() {
    for (name, arguments) in [
        ("zenity", "--error\n--no-markup\n--title=isomount\n--text\n"),
        ("kdialog", "--title\nisomount\n--error\n"),
        ("xmessage", "-center\nisomount: "),
    ] {
        let desktop = Desktop::new(&[name]);
        let image = desktop.path("not there.iso");
        let output = desktop.open(&image);
        assert_eq!(output.status.code(), Some(3));
        let line = said(&output);
        assert_eq!(desktop.called(name), format!("{arguments}{}", line.strip_prefix("isomount: ").unwrap()));
    }
}

#[test]
fn an_image_is_mounted_once_and_shown_each_time() {
    if lacks(&["root", "/dev/fuse"]) {
        return;
    }
    let desktop = Desktop::new(&["xdg-open", "notify-send"]);
    let image = desktop.image("disc.iso", &Forge::new().bytes);
    let output = desktop.open(&image);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    let place = desktop.called("xdg-open").trim_end().to_owned();
    let opened = Opened(place.clone().into());
    assert!(is_mounted(&opened.0), "{place}");
    let output = desktop.open(&image);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(desktop.called("xdg-open"), format!("{place}\n{place}\n"));
    assert_eq!(desktop.called("notify-send"), "");
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let source = image.to_str().unwrap().replace(' ', "\\040");
    assert_eq!(mounts.matches(&format!(" {source} ")).count(), 1);
}

#[test]
fn without_a_program_that_shows_folders_it_says_where_it_is_mounted() {
    if lacks(&["root", "/dev/fuse"]) {
        return;
    }
    let desktop = Desktop::new(&["notify-send"]);
    let image = desktop.image("disc.iso", &Forge::new().bytes);
    let output = desktop.open(&image);
    let line = said(&output);
    let place = line
        .split_once(": mounted on ")
        .unwrap()
        .1
        .split_once("; to have folders shown install xdg-utils")
        .unwrap()
        .0;
    let _opened = Opened(place.into());
    assert!(output.status.success() && is_mounted(Path::new(place)), "{line}");
    assert!(desktop.called("notify-send").contains("--urgency=normal\n"));
}
