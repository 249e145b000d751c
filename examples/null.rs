//! The null daemon: what FUSE alone costs. It takes the tree of an image into memory, closes the image, and answers every
//! request from nothing: attributes and names from tables, links and bytes of files with zeros. No daemon can answer sooner; how near
//! isomount comes is what `scripts/bench` measures. What it asks of the kernel is what measured best for it.
//!
//! `null IMAGE MOUNTPOINT` stays in the foreground, prints `ready` when the mount answers, and ends when it is unmounted. As
//! root it raises the reading ahead of the mount as isomount does.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::arithmetic_side_effects
)]

use std::{
    collections::HashMap,
    error::Error,
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, Generation, INodeNo, InitFlags, KernelConfig,
    LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEntry,
    ReplyOpen, ReplyXattr, Request, Session,
};
use isomount::{
    open::{Image, OpenOptions},
    tree::{Kind, NodeId, Stat, Timestamp},
};

const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
const ZEROS: &[u8] = &[0; 1 << 20];

/// Answers every request from nothing.
#[derive(Parser)]
struct Arguments {
    /// The image whose tree is shown
    image: PathBuf,
    /// Where
    mount_point: PathBuf,
    /// Threads that answer requests
    #[arg(long)]
    threads: Option<usize>,
    /// A descriptor of /dev/fuse for each thread
    #[arg(long)]
    clone_fd: bool,
    /// Let the kernel decide when to ask for attributes with the names
    #[arg(long)]
    readdirplus_auto: bool,
    /// Bytes that one request asks for at most
    #[arg(long, default_value_t = 1 << 20)]
    request: u32,
    /// What the kernel reads ahead, in KiB (root only)
    #[arg(long, default_value_t = 2048)]
    read_ahead: u32,
}

/// A directory: its names in order, `.` and `..` first, each with number and type, and their index.
struct Directory {
    entries: Vec<(Box<OsStr>, u64, FileType)>,
    by_name: HashMap<Box<OsStr>, u64>,
}

impl Directory {
    fn new(number: u64, parent: u64) -> Self {
        let own = [(".", number), ("..", parent)];
        let entries = own.map(|(name, number)| (OsStr::new(name).into(), number, FileType::Directory));
        Self { entries: entries.into(), by_name: HashMap::new() }
    }
}

/// Number N of the kernel is N - 1 here.
struct Null {
    attributes: Vec<FileAttr>,
    directories: HashMap<u64, Directory>,
    is_auto: bool,
    request: u32,
}

impl Null {
    fn of(image: &Image) -> Self {
        let (mut attributes, mut directories) = (Vec::new(), HashMap::<u64, Directory>::new());
        let mut numbers: HashMap<NodeId, u64> = HashMap::new();
        let mut paths: HashMap<Vec<u8>, u64> = HashMap::new();
        for step in image.tree().walk() {
            let Ok(stat) = step.stat else { continue };
            let number = *numbers.entry(stat.id).or_insert_with(|| {
                attributes.push(attributes_of(&stat, attributes.len() as u64 + 1));
                attributes.len() as u64
            });
            let kind = attributes[number as usize - 1].kind;
            let end = step.path.iter().rposition(|b| *b == b'/');
            let parent = paths.get(&step.path[..end.unwrap_or(0)]).copied().unwrap_or(1);
            if let Some(directory) = directories.get_mut(&parent) {
                let name: Box<OsStr> = OsStr::from_bytes(&step.path[end.map_or(0, |e| e + 1)..]).into();
                directory.entries.push((name.clone(), number, kind));
                directory.by_name.insert(name, number);
            }
            if kind == FileType::Directory {
                directories.entry(number).or_insert_with(|| Directory::new(number, parent));
                paths.insert(step.path, number);
            }
        }
        Self { attributes, directories, is_auto: false, request: 0 }
    }

    fn attributes(&self, number: INodeNo) -> Option<&FileAttr> {
        self.attributes.get((number.0 as usize).checked_sub(1)?)
    }

    /// Calls `add` with the entries from `offset` on until it is full; false where there is no such directory.
    fn list(
        &self,
        number: INodeNo,
        offset: u64,
        mut add: impl FnMut(u64, u64, FileType, &OsStr) -> bool,
    ) -> bool {
        let Some(directory) = self.directories.get(&number.0) else { return false };
        for (entry, next) in directory.entries.iter().skip(offset as usize).zip(offset + 1..) {
            let (name, number, kind) = entry;
            if add(*number, next, *kind, name) {
                break;
            }
        }
        true
    }
}

fn attributes_of(stat: &Stat, number: u64) -> FileAttr {
    let kind = match stat.kind {
        Kind::File => FileType::RegularFile,
        Kind::Directory => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
        Kind::CharDevice => FileType::CharDevice,
        Kind::BlockDevice => FileType::BlockDevice,
        Kind::Fifo => FileType::NamedPipe,
        Kind::Socket => FileType::Socket,
    };
    FileAttr {
        ino: INodeNo(number),
        size: stat.size,
        blocks: stat.allocated.div_ceil(512),
        atime: time(stat.accessed),
        mtime: time(stat.modified),
        ctime: time(stat.changed),
        crtime: UNIX_EPOCH,
        kind,
        perm: stat.permissions,
        nlink: stat.links,
        uid: stat.uid,
        gid: stat.gid,
        rdev: 0,
        blksize: 128 * 1024,
        flags: 0,
    }
}

fn time(t: Timestamp) -> SystemTime {
    u64::try_from(t.seconds).map_or(UNIX_EPOCH, |s| UNIX_EPOCH + Duration::new(s, t.nanoseconds))
}

impl Filesystem for Null {
    fn init(&mut self, _req: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let wanted = InitFlags::FUSE_DO_READDIRPLUS
            | InitFlags::FUSE_PARALLEL_DIROPS
            | InitFlags::FUSE_CACHE_SYMLINKS
            | InitFlags::FUSE_NO_OPEN_SUPPORT
            | InitFlags::FUSE_NO_OPENDIR_SUPPORT;
        let auto = if self.is_auto { InitFlags::FUSE_READDIRPLUS_AUTO } else { InitFlags::empty() };
        for flag in (wanted | auto).iter() {
            let _ = config.add_capabilities(flag);
        }
        let _ = config.set_max_write(self.request);
        let _ = config.set_max_background(64);
        Ok(())
    }

    fn lookup(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.directories.get(&parent.0).and_then(|d| d.by_name.get(name));
        match found.and_then(|number| self.attributes(INodeNo(*number))) {
            Some(attributes) => reply.entry(&FOR_EVER, attributes, Generation(0)),
            None => {
                let missing = FileAttr { ino: INodeNo(0), ..self.attributes[0] };
                reply.entry(&FOR_EVER, &missing, Generation(0));
            }
        }
    }

    fn getattr(&self, _req: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(ino) {
            Some(attributes) => reply.attr(&FOR_EVER, attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn readlink(&self, _req: &Request, ino: INodeNo, reply: ReplyData) {
        let len = self.attributes(ino).map_or(1, |a| a.size as usize);
        reply.data(&vec![b'0'; len]);
    }

    fn open(&self, _req: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn opendir(&self, _req: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn read(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let rest = self.attributes(ino).map_or(0, |a| a.size.saturating_sub(offset));
        reply.data(&ZEROS[..rest.min(size.into()) as usize]);
    }

    fn readdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        match self.list(ino, offset, |number, next, kind, name| reply.add(INodeNo(number), next, kind, name))
        {
            true => reply.ok(),
            false => reply.error(Errno::ENOTDIR),
        }
    }

    fn readdirplus(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let is_there = self.list(ino, offset, |number, next, _, name| {
            let attributes = self.attributes(INodeNo(number)).expect("every entry has attributes");
            reply.add(INodeNo(number), next, name, &FOR_EVER, attributes, Generation(0))
        });
        match is_there {
            true => reply.ok(),
            false => reply.error(Errno::ENOTDIR),
        }
    }

    fn getxattr(&self, _req: &Request, _ino: INodeNo, _name: &OsStr, _size: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }

    fn listxattr(&self, _req: &Request, _ino: INodeNo, _size: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let null = Null::of(&Image::open(&arguments.image, &OpenOptions::default())?);
    let mut config = fuser::Config::default();
    config.mount_options =
        vec![MountOption::FSName("null".into()), MountOption::CUSTOM("subtype=null".into()), MountOption::RO];
    let processors = std::thread::available_parallelism()?.get();
    config.n_threads = Some(arguments.threads.unwrap_or((4 * processors).clamp(4, 16)));
    config.clone_fd = arguments.clone_fd;
    let null = Null { is_auto: arguments.readdirplus_auto, request: arguments.request, ..null };
    let session = Session::new(null, &arguments.mount_point, &config)?.spawn()?;
    let device = fs::metadata(&arguments.mount_point)?.dev();
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    if nix::unistd::geteuid().is_root() {
        let file = format!("/sys/class/bdi/{major}:{minor}/read_ahead_kb");
        if let Err(error) = fs::write(file, arguments.read_ahead.to_string()) {
            eprintln!("null: the kernel's reading ahead stays as it is: {error}");
        }
    }
    println!("ready");
    session.join()?;
    Ok(())
}
