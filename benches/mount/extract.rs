//! Extracting an image without a mount.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    Result,
    images::{Image, MEDIUM_FILE, Shelf},
    peers::{PROGRAM, Peer},
    process::{self, End},
    work::Target,
};

/// Extracts an image into a fresh directory, which is removed again; how long the extracting took.
pub fn run(
    peer: Peer,
    image: Image,
    path: &Path,
    shelf: &Shelf,
    target: Target,
    limit: Duration,
) -> Result<End<Duration>> {
    let place = match target {
        Target::Disk => &shelf.place,
        Target::Memory => Path::new("/dev/shm"),
    };
    let made = tempfile::Builder::new().prefix("isomount-bench").tempdir_in(place)?;
    let directory = made.path().canonicalize()?.join("out");
    fs::create_dir(&directory)?;
    // What was written before is not to be paid for now.
    nix::unistd::sync();
    process::check()?;
    let mut end = process::time(&mut command(peer, path, &directory), limit)?;
    let expected = (image.files(), image.files() * MEDIUM_FILE as u64);
    if matches!(end, End::Done(_)) && extracted(&directory)? != expected {
        end = End::Fails;
    }
    Ok(end)
}

fn command(peer: Peer, image: &Path, to: &Path) -> Command {
    let mut command;
    match peer {
        Peer::Bsdtar => {
            command = Command::new("bsdtar");
            command.arg("-xf").arg(image).arg("-C").arg(to);
        }
        Peer::SevenZip => {
            command = Command::new("7z");
            let mut out = std::ffi::OsString::from("-o");
            out.push(to);
            command.args(["x", "-y"]).arg(image).arg(out);
        }
        Peer::Xorriso => {
            command = Command::new("xorriso");
            command.args(["-no_rc", "-osirrox", "on", "-indev"]).arg(image).args(["-extract", "/"]).arg(to);
        }
        _ => {
            command = Command::new(PROGRAM);
            command.arg("extract").arg(image).arg("-C").arg(to);
        }
    }
    command
}

/// How many files there are below a directory, and how many bytes in all.
fn extracted(directory: &Path) -> Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    let mut pending: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                pending.push(entry.path());
            } else {
                files += 1;
                bytes += metadata.size();
            }
        }
        process::check()?;
    }
    Ok((files, bytes))
}
