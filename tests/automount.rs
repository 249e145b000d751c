//! A mount that is made when someone first looks in: systemd (`x-systemd.automount`) has the kernel watch over the place, with autofs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{fs, io, os::fd::AsRawFd, process::Stdio};

use nix::{
    mount::{MsFlags, mount},
    unistd::getpgrp,
};
use support::{
    forge::Forge,
    maker::lacks,
    mounted::{Mounted, eventually, mount_command},
};

/// Everyone who looks in waits until the mount is there, but for the process group that makes it. The process that stays leaves that
/// group, and must not before it has mounted: it would wait for itself.
#[test]
fn a_place_that_autofs_watches_over_can_be_mounted_on() {
    if lacks(&["root", "/dev/fuse", "/dev/autofs"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().canonicalize().unwrap().join("mount");
    let image = directory.path().join("image.iso");
    fs::create_dir(&place).unwrap();
    fs::write(&image, Forge::new().bytes).unwrap();
    // Nobody answers what the kernel asks here: it must not ask.
    let (_requests, asks) = io::pipe().unwrap();
    let options = format!("fd={},pgrp={},minproto=5,maxproto=5,direct", asks.as_raw_fd(), getpgrp());
    if let Err(error) = mount(Some("test"), &place, Some("autofs"), MsFlags::empty(), Some(options.as_str()))
    {
        eprintln!("skipped: no autofs: {error}");
        return;
    }
    let mut command = mount_command(&image, &place, "");
    let mut program = command.stdin(Stdio::null()).spawn().unwrap();
    let has_ended = eventually(|| program.try_wait().unwrap().is_some());
    if !has_ended {
        program.kill().unwrap();
    }
    let status = program.wait().unwrap();
    // This takes both mounts away, and the process that stays, whatever comes.
    let mounted = Mounted::adopt(directory, place);
    assert!(has_ended && status.success());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let top = mounts.lines().rfind(|line| line.split(' ').nth(4) == mounted.path().to_str()).unwrap();
    assert!(top.contains(" - fuse.isomount "), "{top}");
    assert!(fs::read_dir(mounted.path()).is_ok());
}
