//! Real mounts, made with the built program.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{self, File},
    io::Read,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirEntryExt, FileTypeExt, MetadataExt},
    },
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        stat::{major, minor},
    },
    unistd::Pid,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::listing::{Lines, hex};

/// How long anything may take that should happen at once; the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_isomount");

/// A mount on a fresh directory, which ends when it is dropped.
pub struct Mounted {
    place: PathBuf,
    process: Option<i32>,
    /// Removed last.
    _directory: TempDir,
}

impl Mounted {
    /// Mounts an image, with the text behind `-o` or none.
    pub fn new(image: &Path, options: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().canonicalize().unwrap().join("mount");
        fs::create_dir(&place).unwrap();
        let output = mount_command(image, &place, options).output().unwrap();
        assert!(output.status.success(), "{}: {}", output.status, said(&output));
        Self::adopt(directory, place)
    }

    /// Takes over a mount that was made on `place` in `directory`.
    pub fn adopt(directory: TempDir, place: PathBuf) -> Self {
        let process = process_of(&place);
        let mounted = Self { place, process, _directory: directory };
        assert!(mounted.process.is_some(), "no process serves {}", mounted.place.display());
        assert!(is_mounted(&mounted.place));
        mounted
    }

    pub fn path(&self) -> &Path {
        &self.place
    }

    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.place.join(path)
    }

    /// Lets every user come as far as the mount point.
    pub fn open_the_way(&self) {
        super::maker::set_mode(self.place.parent().unwrap(), 0o755);
    }

    pub fn process(&self) -> i32 {
        self.process.unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process()), signal).unwrap();
    }

    /// Unmounts by a program, which must succeed. Another thread of this process that starts a program holds a copy of all open files for a
    /// moment, also of one that was read here: the mount is busy until then, and only then it is tried again.
    pub fn unmount_with(&self, program: &str, options: &[&str]) {
        let is_done = eventually(|| {
            let words = options.iter().map(OsString::from).chain([self.place.clone().into()]);
            let output = super::maker::output(program, words);
            let answer = said(&output);
            assert!(output.status.success() || answer.contains("busy"), "{program} {options:?}: {answer}");
            output.status.success()
        });
        assert!(is_done, "{program} {options:?}: {} stays busy", self.place.display());
    }

    /// Waits until neither the process nor the mount is there; false when that takes too long, with a word on stderr.
    pub fn has_ended(&self) -> bool {
        let has_ended = eventually(|| self.process.is_none_or(is_gone) && !is_mounted(&self.place));
        if !has_ended {
            let is_running = self.process.is_some_and(|process| !is_gone(process));
            let is_mounted = is_mounted(&self.place);
            eprintln!("{}: running: {is_running}, mounted: {is_mounted}", self.place.display());
        }
        has_ended
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let mut answer = String::new();
        // Another thread that starts a program holds a copy of all open files for a moment; the mount is busy until then.
        eventually(|| {
            if is_mounted(&self.place) {
                answer = said(&Command::new("umount").arg(&self.place).output().unwrap());
            }
            !is_mounted(&self.place)
        });
        if self.has_ended() {
            return;
        }
        if let Some(process) = self.process {
            let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }
        let _ = Command::new("umount").arg("-l").arg(&self.place).output();
        assert!(thread::panicking(), "the mount on {} did not end {answer}", self.place.display());
    }
}

/// The program with its first arguments; the last one is to be the mount point ([`process_of`]).
pub fn program_with(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command
}

/// The program with its arguments.
pub fn mount_command(image: &Path, place: &Path, options: &str) -> Command {
    let mut command = program_with(&[]);
    if !options.is_empty() {
        command.args(["-o", options]);
    }
    command.arg(image).arg(place);
    command
}

/// What a program wrote on stderr.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether something becomes true before patience ends.
pub fn eventually(mut is_true: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if is_true() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    is_true()
}

/// Whether a path without special characters is a mount point, without a request to what is mounted there.
pub fn is_mounted(place: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.lines().any(|line| line.split(' ').nth(4) == place.to_str())
}

/// The process that serves the mount on `place`: its last argument says so.
pub fn process_of(place: &Path) -> Option<i32> {
    fs::read_dir("/proc").unwrap().find_map(|entry| {
        let entry = entry.ok()?;
        let process = entry.file_name().to_str()?.parse().ok()?;
        let arguments = fs::read(entry.path().join("cmdline")).ok()?;
        let last = arguments.strip_suffix(b"\0")?.rsplit(|b| *b == 0).next()?;
        (last == place.as_os_str().as_bytes() && !is_gone(process)).then_some(process)
    })
}

/// Whether a process has ended; one that nobody has waited for has.
pub fn is_gone(process: i32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
    // The name of the program stands in parentheses and may have any character.
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    matches!(state, None | Some('Z' | 'X'))
}

/// The entry below a root as a listing names it.
pub fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        return ".".to_owned();
    }
    format!("./{}", escaped(path))
}

/// As listings have it.
fn escaped(path: &Path) -> String {
    let mut out = Vec::new();
    for b in path.as_os_str().as_bytes() {
        if *b < 32 || *b == 127 || *b == b'\\' {
            out.extend_from_slice(format!("\\x{b:02x}").as_bytes());
        } else {
            out.push(*b);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The paths of a tree on disk, relative to its root, which is the empty one. What `readdir` says of number and type must be
/// what `stat` says.
pub fn paths(root: &Path) -> Vec<PathBuf> {
    let mut all = vec![PathBuf::new()];
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(root.join(&directory)).unwrap() {
            let entry = entry.unwrap();
            let path = directory.join(entry.file_name());
            let metadata = fs::symlink_metadata(entry.path()).unwrap();
            assert_eq!(entry.ino(), metadata.ino(), "number of {}", path.display());
            assert_eq!(entry.file_type().unwrap(), metadata.file_type(), "type of {}", path.display());
            if metadata.is_dir() {
                pending.push(path.clone());
            }
            all.push(path);
        }
    }
    all
}

/// The listing of a tree on disk, as `listing::of` has it of a tree in an image.
pub fn on_disk(root: &Path) -> Lines {
    paths(root).into_iter().map(|path| (shown(&path), fields(&root.join(&path)))).collect()
}

fn fields(path: &Path) -> Vec<String> {
    let metadata = fs::symlink_metadata(path).unwrap();
    let kind = metadata.file_type();
    let is_device = kind.is_char_device() || kind.is_block_device();
    let letter = match kind {
        k if k.is_file() => "f",
        k if k.is_dir() => "d",
        k if k.is_symlink() => "l",
        k if k.is_char_device() => "c",
        k if k.is_block_device() => "b",
        k if k.is_fifo() => "p",
        _ => "s",
    };
    let target = if kind.is_symlink() {
        escaped(&fs::read_link(path).unwrap())
    } else if is_device {
        format!("{}:{}", major(metadata.rdev()), minor(metadata.rdev()))
    } else {
        "-".to_owned()
    };
    let of_directory = kind.is_dir();
    vec![
        letter.to_owned(),
        format!("{:o}", metadata.mode() & 0o7777),
        if of_directory { "0".to_owned() } else { metadata.nlink().to_string() },
        metadata.uid().to_string(),
        metadata.gid().to_string(),
        if of_directory { "0".to_owned() } else { metadata.size().to_string() },
        metadata.mtime().to_string(),
        target,
        if kind.is_file() { sha256(path) } else { "-".to_owned() },
    ]
}

pub fn sha256(path: &Path) -> String {
    let mut file = File::open(path).unwrap();
    let mut hasher = Sha256::new();
    let mut buf = vec![0; 1 << 16];
    loop {
        match file.read(&mut buf) {
            Ok(0) => return hex(&hasher.finalize()),
            Ok(n) => hasher.update(&buf[..n]),
            Err(error) => return format!("!{error}"),
        }
    }
}

/// The number of each entry of a tree on disk.
pub fn numbers(root: &Path) -> BTreeMap<String, u64> {
    let number = |path: &PathBuf| fs::symlink_metadata(root.join(path)).unwrap().ino();
    paths(root).iter().map(|path| (shown(path), number(path))).collect()
}

/// The sets of names that are one file.
pub fn hard_links(root: &Path) -> BTreeSet<BTreeSet<String>> {
    let mut by_number: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for (path, number) in numbers(root) {
        by_number.entry(number).or_default().insert(path);
    }
    by_number.into_values().filter(|names| names.len() > 1).collect()
}

/// The names in a directory.
pub fn names(directory: &Path) -> BTreeSet<OsString> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}
