//! Who is measured, and their mounts.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{
    Result,
    images::Format,
    process::{self, End},
};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_isomount");

/// Who shows an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    Isomount,
    /// `examples/null.rs`: what FUSE alone costs.
    Null,
    Fuseiso,
    Archivemount,
    Erofs,
    Squashfs,
    Isofs,
    Udf,
    /// One core that unpacks what is in memory; no file system.
    Inflate,
    /// These read an image without a mount.
    Bsdtar,
    SevenZip,
    Xorriso,
}

impl Peer {
    pub const ALL: [Self; 12] = [
        Self::Isomount,
        Self::Null,
        Self::Fuseiso,
        Self::Archivemount,
        Self::Erofs,
        Self::Squashfs,
        Self::Isofs,
        Self::Udf,
        Self::Inflate,
        Self::Bsdtar,
        Self::SevenZip,
        Self::Xorriso,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Isomount => "isomount",
            Self::Null => "null",
            Self::Fuseiso => "fuseiso",
            Self::Archivemount => "archivemount",
            Self::Erofs => "erofs",
            Self::Squashfs => "squashfs",
            Self::Isofs => "kernel isofs",
            Self::Udf => "kernel udf",
            Self::Inflate => "inflate",
            Self::Bsdtar => "bsdtar",
            Self::SevenZip => "7z",
            Self::Xorriso => "xorriso",
        }
    }

    /// Whether it mounts nothing, and extracts.
    pub fn is_extractor(self) -> bool {
        matches!(self, Self::Bsdtar | Self::SevenZip | Self::Xorriso)
    }

    pub fn is_daemon(self) -> bool {
        matches!(self, Self::Isomount | Self::Null | Self::Fuseiso | Self::Archivemount)
    }

    pub fn format(self) -> Format {
        match self {
            Self::Erofs => Format::Erofs,
            Self::Squashfs => Format::Squashfs,
            _ => Format::Iso,
        }
    }

    fn kernel_name(self) -> &'static str {
        match self {
            Self::Isofs => "iso9660",
            Self::Udf => "udf",
            Self::Squashfs => "squashfs",
            _ => "erofs",
        }
    }

    /// Whether everything that it needs is there.
    pub fn is_there(self) -> bool {
        match self {
            Self::Isomount | Self::Inflate => true,
            Self::Null => null().is_file(),
            Self::Fuseiso | Self::Archivemount | Self::Bsdtar | Self::SevenZip | Self::Xorriso => {
                process::program(self.name())
            }
            Self::Erofs if !process::program("mkfs.erofs") => false,
            Self::Squashfs if !process::program("mksquashfs") => false,
            Self::Erofs | Self::Squashfs | Self::Isofs | Self::Udf => {
                let _ = Command::new("modprobe").args(["-q", self.kernel_name()]).output();
                let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
                known.lines().any(|line| line.trim_start_matches("nodev").trim() == self.kernel_name())
            }
        }
    }

    fn command(self, image: &Path, place: &Path, options: &str) -> Command {
        let (program, words): (PathBuf, &[&str]) = match self {
            Self::Isomount if options.is_empty() => (PROGRAM.into(), &[]),
            Self::Isomount => (PROGRAM.into(), &["-o", options]),
            Self::Null => (null(), &[]),
            Self::Fuseiso => ("fuseiso".into(), &["-n"]),
            Self::Archivemount => ("archivemount".into(), &["-o", "readonly"]),
            _ => ("mount".into(), &["-o", "loop,ro", "-t", self.kernel_name()]),
        };
        let mut command = Command::new(program);
        command.args(words).arg(image).arg(place);
        command
    }
}

fn null() -> PathBuf {
    Path::new(PROGRAM).with_file_name("examples").join("null")
}

/// A mount, which ends with its daemon when it is dropped.
pub struct Mount {
    place: PathBuf,
    /// The daemon, where there is one.
    pub process: Option<Pid>,
    /// From the start of the command until it was mounted.
    pub took: Duration,
    /// Removed last.
    _directory: TempDir,
}

impl Mount {
    /// Mounts an image on a fresh directory.
    pub fn new(peer: Peer, image: &Path, options: &str, limit: Duration) -> Result<End<Self>> {
        let directory = tempfile::Builder::new().prefix("isomount-bench").tempdir()?;
        let place = directory.path().canonicalize()?.join("mount");
        fs::create_dir(&place)?;
        let mut mount = Self { place, process: None, took: Duration::ZERO, _directory: directory };
        let mut command = peer.command(image, &mount.place, options);
        if peer == Peer::Null {
            // In a group of its own: Ctrl-C must not end it before it is unmounted.
            let start = Instant::now();
            let mut child = command.process_group(0).stdout(Stdio::piped()).spawn()?;
            mount.process = Some(Pid::from_raw(child.id().cast_signed()));
            let mut line = String::new();
            if let Some(output) = child.stdout.take() {
                BufReader::new(output).read_line(&mut line)?;
            }
            mount.took = start.elapsed();
            process::check()?;
            return Ok(if line == "ready\n" { End::Done(mount) } else { End::Fails });
        }
        let end = process::time(&mut command, limit)?;
        if peer.is_daemon() {
            mount.process = process::find(&mount.place);
        }
        match end {
            End::Done(took) => mount.took = took,
            End::Fails | End::Late(_) => {
                // It may have left a process behind that would mount yet.
                mount.process.map(|process| kill(process, Signal::SIGKILL));
                return Ok(if let End::Late(limit) = end { End::Late(limit) } else { End::Fails });
            }
        }
        Ok(if mount.is_there() { End::Done(mount) } else { End::Fails })
    }

    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Whether it is mounted, without a request to what is mounted.
    fn is_there(&self) -> bool {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        mounts.lines().any(|line| line.split(' ').nth(4) == self.place.to_str())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let start = Instant::now();
        while self.is_there() {
            // Whoever was stopped may keep it busy for a moment.
            let is_stuck = start.elapsed() > Duration::from_secs(5);
            if is_stuck && let Some(process) = self.process {
                let _ = kill(process, Signal::SIGKILL);
            }
            let options: &[&str] = if is_stuck { &["-l"] } else { &[] };
            let unmounted = Command::new("umount").args(options).arg(&self.place).output();
            if unmounted.is_err() || is_stuck && start.elapsed() > Duration::from_secs(10) {
                break;
            }
            if self.is_there() {
                thread::sleep(Duration::from_millis(10));
            }
        }
        if let Some(process) = self.process {
            process::end(process);
        }
        // A program that ended after its parent did is a child of this process.
        use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
        let any = || waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG);
        while any().is_ok_and(|status| status != WaitStatus::StillAlive) {}
    }
}
