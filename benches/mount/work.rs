//! What is done on each mount.

use std::{
    fs::symlink_metadata,
    io::ErrorKind,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    Result,
    images::{Image, MEDIUM_FILE},
    peers::Peer,
    process::{self, End},
};

/// The sizes of everything.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub is_quick: bool,
    /// Bytes of the big file.
    pub big: u64,
    /// Files of the small tree.
    pub small: u32,
    /// Files of the tree that is extracted.
    pub medium: u32,
    /// Entries of the wide directory.
    pub wide: u32,
    /// Files of the trees for scaling.
    pub trees: &'static [(&'static str, u32)],
    /// Bytes of the files for scaling.
    pub sparse: &'static [(&'static str, u64)],
    /// Bytes of the packed file, unpacked.
    pub zisofs: u64,
    /// Random reads in all.
    pub reads: u64,
    /// How many read at once.
    pub readers: &'static [u64],
    /// Names that are not there.
    pub missing: u32,
    /// Walks over the largest tree with one daemon.
    pub walks: usize,
    /// How long another peer may take for one thing.
    pub longest: Duration,
}

impl Scale {
    pub const FULL: Self = Self {
        is_quick: false,
        big: 1 << 30,
        small: 50_000,
        medium: 50_000,
        wide: 200_000,
        trees: &[("find-10k", 10_000), ("find-100k", 100_000), ("find-million", 1_000_000)],
        sparse: &[("read-1g", 1 << 30), ("read-4g", 4 << 30), ("read-16g", 16 << 30)],
        zisofs: 512 << 20,
        longest: Duration::from_secs(60),
        reads: 32_768,
        readers: &[1, 2, 4, 8],
        missing: 20_000,
        walks: 10,
    };

    pub const QUICK: Self = Self {
        is_quick: true,
        big: 256 << 20,
        small: 5_000,
        medium: 2_000,
        wide: 20_000,
        trees: &[("find-10k", 10_000), ("find-50k", 50_000)],
        sparse: &[("read-256m", 256 << 20), ("read-1g", 1 << 30)],
        zisofs: 64 << 20,
        longest: Duration::from_secs(2),
        reads: 8_192,
        readers: &[1, 4],
        missing: 4_000,
        walks: 5,
    };
}

/// Files of a tree, and bytes of a file, above which there are fewer rounds.
const LONG_TREE: u32 = 100_000;
const LONG_FILE: u64 = 4 << 30;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    /// Mount, and `ls`.
    Mount,
    /// `find -ls`.
    Find,
    /// `ls -l`.
    List,
    /// GNU tar, into a sink that it does not know.
    Tar,
    /// `dd` with this block size.
    Read(&'static str),
    /// `dd` that leaves no pages behind.
    Stream,
    /// `fio`: so many reads of 4 KiB in all, at random places, by so many readers.
    Random(u64, u64),
    /// `fio`: every page of a map.
    Map,
    /// `stat` of names that are not there.
    Missing(u32),
    /// Everything onto a disk or into memory, without a mount.
    Extract(Target),
}

/// Where an image is extracted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    Disk,
    Memory,
}

/// What the time was spent on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    Once,
    Bytes(u64),
    Requests(u64),
    Names(u64),
}

/// One line of the results, or two.
#[derive(Clone, Debug)]
pub struct Work {
    pub key: String,
    /// Whether it is done a second time on the same mount.
    pub is_repeated: bool,
    pub image: Image,
    pub task: Task,
    pub amount: Amount,
    pub peers: Vec<Peer>,
    pub is_long: bool,
}

impl Work {
    pub fn again(&self) -> String {
        format!("{}-again", self.key)
    }

    /// Whether it is done without a mount, and has a table of its own.
    pub fn is_extraction(&self) -> bool {
        matches!(self.task, Task::Extract(_))
    }

    /// Options behind `-o` for isomount.
    pub fn options(&self) -> &'static str {
        if matches!(self.image, Image::Udf(_)) { "view=udf" } else { "" }
    }
}

/// Everything, in order.
pub fn all(scale: &Scale) -> Vec<Work> {
    use Peer::{
        Archivemount, Bsdtar, Erofs, Fuseiso, Inflate, Isofs, Isomount, Null, SevenZip, Squashfs, Udf,
        Xorriso,
    };
    let everyone = [Isomount, Null, Fuseiso, Archivemount, Erofs, Squashfs, Isofs];
    // Archivemount unpacks from the start of the file for every read.
    let most = [Isomount, Null, Fuseiso, Erofs, Squashfs, Isofs];
    let most = if scale.is_quick { vec![Isomount, Null, Fuseiso, Erofs, Isofs] } else { most.to_vec() };
    let all_readers = if scale.is_quick { most.clone() } else { everyone.to_vec() };
    let fast = [Isomount, Null, Fuseiso, Erofs, Isofs];
    let mut works = Vec::new();
    let mut add = |key: &str, image, task, amount, peers: &[Peer]| {
        let is_repeated = matches!(task, Task::Find | Task::Tar | Task::Read(_) | Task::Missing(_))
            && matches!(image, Image::Big(_) | Image::Small(_));
        let is_long = match image {
            Image::Tree(files) => files > LONG_TREE,
            Image::Sparse(len) => len > LONG_FILE,
            _ => false,
        };
        let (key, peers) = (key.to_owned(), peers.to_vec());
        works.push(Work { key, is_repeated, image, task, amount, peers, is_long });
    };
    let (big, small, wide) = (Image::Big(scale.big), Image::Small(scale.small), Image::Wide(scale.wide));
    let names = |names: u32| Amount::Names(names.into());
    let data = Amount::Bytes(u64::from(scale.small) * (12 << 10));
    add("mount", big, Task::Mount, Amount::Once, &everyone);
    add("find", small, Task::Find, names(scale.small), &everyone);
    add("find-wide", wide, Task::Find, names(scale.wide), &fast);
    let quarter = scale.wide / 4;
    add("find-quarter", Image::Wide(quarter), Task::Find, names(quarter), &fast);
    add("ls-wide", wide, Task::List, names(scale.wide), &fast);
    add("tar", small, Task::Tar, data, &all_readers);
    if !scale.is_quick {
        add("seq-4k", big, Task::Read("4K"), Amount::Bytes(scale.big), &fast);
        add("seq-128k", big, Task::Read("128K"), Amount::Bytes(scale.big), &fast);
    }
    add("seq-1m", big, Task::Read("1M"), Amount::Bytes(scale.big), &all_readers);
    for readers in scale.readers {
        let key = format!("random-{readers}");
        let task = Task::Random(scale.reads, *readers);
        add(&key, big, task, Amount::Requests(scale.reads), if *readers == 1 { &most } else { &fast });
    }
    if !scale.is_quick {
        add("mmap", big, Task::Map, Amount::Bytes(scale.big), &fast);
    }
    let missing = Amount::Requests(scale.missing.into());
    add("missing", small, Task::Missing(scale.missing), missing, &everyone);
    let zisofs = Image::Zisofs(scale.zisofs);
    let unpackers = [Isomount, Fuseiso, Isofs, Inflate];
    add("zisofs-seq", zisofs, Task::Read("1M"), Amount::Bytes(scale.zisofs), &unpackers);
    let reads = scale.reads / 8;
    add("zisofs-random", zisofs, Task::Random(reads, 1), Amount::Requests(reads), &unpackers[..3]);
    let udf = Image::Udf(scale.small);
    add("udf-find", udf, Task::Find, names(scale.small), &[Isomount, Null, Udf]);
    add("udf-tar", udf, Task::Tar, data, &[Isomount, Null, Udf]);
    let medium = Image::Medium(scale.medium);
    let amount = Amount::Bytes(medium.files() * MEDIUM_FILE as u64);
    for (key, target) in [("extract-disk", Target::Disk), ("extract-memory", Target::Memory)] {
        add(key, medium, Task::Extract(target), amount, &[Isomount, Bsdtar, SevenZip, Xorriso]);
    }
    for (i, (key, files)) in scale.trees.iter().enumerate() {
        let is_last = !scale.is_quick && i + 1 == scale.trees.len();
        let peers: &[Peer] = if is_last { &[Isomount, Null, Fuseiso, Isofs] } else { &[Isomount, Null] };
        add(key, Image::Tree(*files), Task::Find, names(*files), peers);
    }
    for (key, len) in scale.sparse {
        add(key, Image::Sparse(*len), Task::Stream, Amount::Bytes(*len), &[Isomount, Null]);
    }
    works
}

/// Does a task on a mount; how long it took.
pub fn run(task: Task, image: Image, place: &Path, limit: Duration) -> Result<End<Duration>> {
    let data = place.join("data");
    let input = format!("if={}", data.display());
    let mut command;
    match task {
        Task::Mount => command = Command::new("ls"),
        Task::Find => {
            command = Command::new("find");
            command.arg(place).arg("-ls");
        }
        Task::List => {
            command = Command::new("ls");
            command.arg("-l");
        }
        Task::Tar => {
            command = Command::new("tar");
            command.args(["-cf", "/dev/zero", "-C"]).arg(place).arg(".");
        }
        Task::Read(block) => {
            command = Command::new("dd");
            command.args([&input, "of=/dev/null", &format!("bs={block}")]);
        }
        Task::Stream => {
            command = Command::new("dd");
            command.args([&input, "of=/dev/null", "bs=1M", "iflag=nocache"]);
        }
        Task::Random(reads, readers) => {
            return fio(&data, image, &["--rw=randread", "--ioengine=psync"], readers, Some(reads), limit);
        }
        Task::Map => return fio(&data, image, &["--rw=read", "--ioengine=mmap"], 1, None, limit),
        Task::Missing(names) => return missing(place, names, limit),
        // It needs no mount: `extract.rs`.
        Task::Extract(_) => return Ok(End::Fails),
    }
    if matches!(task, Task::Mount | Task::List) {
        command.arg(place);
    }
    process::time(&mut command, limit)
}

/// Reads of 4 KiB by `readers`, each in its own part of the file; how long the reading took, without the start of fio.
fn fio(
    data: &Path,
    image: Image,
    words: &[&str],
    readers: u64,
    reads: Option<u64>,
    limit: Duration,
) -> Result<End<Duration>> {
    let (Image::Big(len) | Image::Zisofs(len)) = image else { return Ok(End::Fails) };
    let part = (len / readers) & !4095;
    let mut command = Command::new("fio");
    command.args(["--name=work", "--readonly", "--bs=4k", "--invalidate=0", "--thread", "--group_reporting"]);
    command.args(["--output-format=terse", "--terse-version=3"]).args(words);
    command.arg(format!("--filename={}", data.display())).arg(format!("--numjobs={readers}"));
    command.arg(format!("--size={part}")).arg(format!("--offset_increment={part}"));
    command.args(reads.map(|reads| format!("--number_ios={}", reads / readers)));
    let text = match process::text(&mut command, limit)? {
        End::Done(text) => text,
        End::Fails => return Ok(End::Fails),
        End::Late(limit) => return Ok(End::Late(limit)),
    };
    let fields: Vec<&str> = text.trim().split(';').collect();
    // Error, KiB read, reads a second.
    let [Some(error), Some(kib), Some(rate)] =
        [4, 5, 7].map(|at| fields.get(at).and_then(|f| f.parse::<f64>().ok()))
    else {
        return Err("fio: its output is not understood".into());
    };
    let wanted = reads.map_or(part / 4096 * readers, |reads| reads / readers * readers) as f64;
    let is_whole = error == 0.0 && kib / 4.0 == wanted && rate > 0.0;
    Ok(if is_whole { End::Done(Duration::from_secs_f64(wanted / rate)) } else { End::Fails })
}

fn missing(place: &Path, names: u32, limit: Duration) -> Result<End<Duration>> {
    let start = Instant::now();
    for i in 0..names {
        match symlink_metadata(place.join(format!("missing{i:05}"))) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => return Ok(End::Fails),
        }
        if start.elapsed() > limit {
            return Ok(End::Late(limit));
        }
    }
    process::check()?;
    Ok(End::Done(start.elapsed()))
}
