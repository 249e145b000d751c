//! From the tree's attributes to the kernel's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{FileAttr, FileType, INodeNo};

use crate::tree::{Device, Kind, NodeId, Stat, Timestamp};

/// What `stat` says is a good size to read at once: as much as `cat` and `cp` take.
const BLOCK_SIZE: u32 = 128 * 1024;

pub(super) fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::RegularFile,
        Kind::Directory => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
        Kind::CharDevice => FileType::CharDevice,
        Kind::BlockDevice => FileType::BlockDevice,
        Kind::Fifo => FileType::NamedPipe,
        Kind::Socket => FileType::Socket,
    }
}

/// The kernel's number of a node: its own, and 1 for the root.
pub(super) fn number(id: NodeId, root: NodeId) -> INodeNo {
    if id == root { INodeNo::ROOT } else { INodeNo(id.0) }
}

pub(super) fn attributes(stat: &Stat, root: NodeId) -> FileAttr {
    FileAttr {
        ino: number(stat.id, root),
        size: stat.size,
        blocks: stat.allocated.div_ceil(512),
        atime: time(stat.accessed),
        mtime: time(stat.modified),
        ctime: time(stat.changed),
        crtime: time(stat.created.unwrap_or_default()),
        kind: file_type(stat.kind),
        perm: stat.permissions,
        nlink: stat.links,
        uid: stat.uid,
        gid: stat.gid,
        rdev: stat.device.map_or(0, device_number),
        blksize: BLOCK_SIZE,
        flags: 0,
    }
}

/// Attributes of a node of which nothing is known but its type.
pub(super) fn placeholder(number: INodeNo, kind: FileType) -> FileAttr {
    FileAttr {
        ino: number,
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: 0,
        nlink: 0,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 0,
        flags: 0,
    }
}

fn time(t: Timestamp) -> SystemTime {
    let seconds = Duration::from_secs(t.seconds.unsigned_abs());
    let whole = if t.seconds < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
    whole.and_then(|w| w.checked_add(Duration::from_nanos(t.nanoseconds.into()))).unwrap_or(UNIX_EPOCH)
}

/// The number that FUSE sends a device as, 12 bits of major and 20 of minor, the kernel's `new_encode_dev`.
fn device_number(device: Device) -> u32 {
    let minor = device.minor;
    (minor & 0xff) | ((device.major & 0xfff) << 8) | ((minor & 0xf_ff00) << 12)
}
