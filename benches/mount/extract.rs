//! Extracting an image without a mount, on a file system that is made for it: where thousands of files were removed a moment ago, ext4
//! looks long for numbers of new ones.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Result,
    images::{self, Image, MEDIUM_FILE, Shelf},
    peers::{PROGRAM, Peer},
    process::{self, End},
    work::Target,
};

/// An empty file system with the image in it; it is gone when this is dropped.
struct Fresh {
    directory: TempDir,
}

impl Fresh {
    fn make(target: Target, image: &Path, shelf: &Shelf) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("isomount-bench").tempdir_in(&shelf.place)?;
        let fresh = Self { directory };
        fs::create_dir(fresh.root())?;
        let mut mount = Command::new("mount");
        match target {
            Target::Memory => drop(mount.args(["-t", "tmpfs", "-o", "size=90%", "isomount-bench"])),
            Target::Disk => {
                let disk = fresh.directory.path().join("disk");
                File::create(&disk)?.set_len(4 * fs::metadata(image)?.len() + (1 << 30))?;
                let words = ["-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1"];
                process::run(Command::new("mkfs.ext4").args(words).arg(&disk))?;
                mount.args(["-o", "loop"]).arg(disk);
            }
        }
        process::run(mount.arg(fresh.root()))?;
        fs::create_dir(fresh.root().join("out"))?;
        fs::copy(image, fresh.image())?;
        // What was written so far is not to be paid for later.
        nix::unistd::sync();
        process::check()?;
        Ok(fresh)
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("mount")
    }

    fn image(&self) -> PathBuf {
        self.root().join("image.iso")
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.root()).output();
    }
}

/// Extracts an image into an empty directory of the file system that it lies on; how long that took.
pub fn run(
    peer: Peer,
    image: Image,
    path: &Path,
    shelf: &Shelf,
    target: Target,
    limit: Duration,
) -> Result<End<Duration>> {
    let fresh = Fresh::make(target, path, shelf)?;
    images::warm(image, &fresh.image())?;
    let out = fresh.root().join("out");
    let end = process::time(&mut command(peer, &fresh.image(), &out), limit)?;
    let expected = (image.files(), image.files() * MEDIUM_FILE as u64);
    let is_whole = !matches!(end, End::Done(_)) || extracted(&out)? == expected;
    Ok(if is_whole { end } else { End::Fails })
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
