//! A regular file or a block device.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, FileTypeExt, MetadataExt},
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use nix::{
    errno::Errno,
    sys::statfs::{self, FsType},
    unistd::Whence,
};

use super::{Source, map::Map};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Error, Result},
    limits,
};

/// File systems of this machine whose files change only by the hands of this machine. Of any other (NFS, SMB, 9p,
/// FUSE) nothing is mapped: their server can take bytes away while they are lent to the kernel. Nor is anything of tmpfs, whose
/// pages are small: to map them takes longer than to copy what is in them (`docs/BENCHMARKS.md`).
const LOCAL_FILE_SYSTEMS: [FsType; 7] = [
    statfs::EXT4_SUPER_MAGIC,
    statfs::XFS_SUPER_MAGIC,
    statfs::BTRFS_SUPER_MAGIC,
    statfs::OVERLAYFS_SUPER_MAGIC,
    statfs::REISERFS_SUPER_MAGIC,
    statfs::JFFS2_SUPER_MAGIC,
    statfs::MSDOS_SUPER_MAGIC,
];

/// File systems that can share blocks between files, and the bytes of which a shared part begins at a multiple.
const SHARING_FILE_SYSTEMS: [FsType; 2] = [statfs::BTRFS_SUPER_MAGIC, statfs::XFS_SUPER_MAGIC];
const SHARED_BLOCK: u64 = 4096;

/// A regular file or a block device, read with `pread`, and mapped where that is safe to lend from.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
    map: Option<Map>,
    /// As many zeros as one request asks for, where the file has holes: what lies in one is lent from here, and takes up no
    /// memory in the kernel's cache of the image.
    zeros: Option<OnceLock<Box<[u8]>>>,
    /// Whether its file system can share blocks.
    can_share: bool,
    /// Whether the kernel has refused to copy from it by itself, as it does to another file system.
    is_refused: AtomicBool,
}

impl FileSource {
    /// Opens the file or block device at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened or its length cannot be found, [`Error::NotADisc`] when it is neither a
    /// file nor a block device.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |e| Error::io("cannot open the image", e);
        // Looked at before it is opened: opening a FIFO would wait for a writer for ever.
        let kind = std::fs::metadata(path).map_err(io)?.file_type();
        if !(kind.is_file() || kind.is_block_device()) {
            let what = if kind.is_dir() { "a directory" } else { "neither a file nor a block device" };
            return Err(Error::NotADisc(what.into()));
        }
        let file = File::open(path).map_err(io)?;
        if kind.is_block_device() {
            let len = device_len(&file).map_err(io)?;
            return Ok(Self::new(file, len));
        }
        let metadata = file.metadata().map_err(io)?;
        let len = metadata.len();
        let file_system = statfs::fstatfs(&file).map(|s| s.filesystem_type()).ok();
        let is_one_of = |all: &[FsType]| file_system.is_some_and(|found| all.contains(&found));
        let map = is_one_of(&LOCAL_FILE_SYSTEMS).then(|| Map::of(&file, len)).flatten();
        let zeros = (metadata.blocks().saturating_mul(512) < len).then(OnceLock::new);
        let can_share = is_one_of(&SHARING_FILE_SYSTEMS);
        Ok(Self { map, zeros, can_share, ..Self::new(file, len) })
    }

    /// One that is only read.
    fn new(file: File, len: u64) -> Self {
        Self { file, len, map: None, zeros: None, can_share: false, is_refused: AtomicBool::new(false) }
    }

    /// Zeros in place of the bytes `at .. end`, if all of them lie in one hole.
    fn hole(&self, at: u64, end: u64) -> Option<&[u8]> {
        let zeros = self.zeros.as_ref()?;
        let is_hole = match seek(&self.file, at, Whence::SeekData)? {
            Some(data) => data >= end,
            // Nothing is recorded from there on, or the file has become shorter.
            None => self.file.metadata().is_ok_and(|metadata| metadata.len() >= end),
        };
        let len = as_usize(end.saturating_sub(at));
        is_hole.then(|| zeros.get_or_init(|| vec![0; as_usize(limits::REQUEST.into())].into()).get(..len))?
    }
}

/// The length of a block device is where its end can be sought to; `stat` says 0.
fn device_len(mut file: &File) -> io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::End(0))
}

/// Parts of a sparse file that are looked at to find the last: a file of more is read.
const PARTS: usize = 64 * 1024;

/// The first data or hole of a file from `at` on, `Some(None)` when there is none; `None` where that cannot be told, as of a
/// block device. The position of the file is of no meaning here: everything is read by offset.
fn seek(file: &File, at: u64, whence: Whence) -> Option<Option<u64>> {
    match nix::unistd::lseek(file, i64::try_from(at).ok()?, whence) {
        Ok(found) => u64::try_from(found).ok().map(Some),
        Err(Errno::ENXIO) => Some(None),
        Err(_) => None,
    }
}

/// Where the last recorded part of a file before `end` ends; `None` where that cannot be told.
fn recorded_end(file: &File, end: u64) -> Option<u64> {
    let mut recorded = 0;
    for _ in 0..PARTS {
        match seek(file, recorded, Whence::SeekData)?.filter(|start| *start < end) {
            Some(start) => recorded = seek(file, start, Whence::SeekHole)??.min(end),
            None => return Some(recorded),
        }
        if recorded >= end {
            return Some(end);
        }
    }
    None
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, at)
    }

    fn lend(&self, at: u64, len: usize) -> Option<&[u8]> {
        let end = at.checked_add(as_u64(len)).filter(|end| *end <= self.len)?;
        self.hole(at, end).or_else(|| self.map.as_ref()?.lend(as_usize(at), as_usize(end)))
    }

    fn copy_to(&self, at: u64, len: u64, to: &File, to_at: Option<u64>) -> u64 {
        use rustix::{fs, io::Errno};
        if self.is_refused.load(Ordering::Relaxed) {
            return 0;
        }
        let (mut from, mut into) = (at, to_at);
        let is_pipe = || to.metadata().is_ok_and(|to| to.file_type().is_fifo() || to.file_type().is_socket());
        let copied = if to_at.is_none() && is_pipe() {
            fs::sendfile(to, &self.file, Some(&mut from), as_usize(len))
        } else {
            fs::copy_file_range(&self.file, Some(&mut from), to, into.as_mut(), as_usize(len))
        };
        match copied {
            Ok(copied) => as_u64(copied),
            Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::PERM) => {
                self.is_refused.store(true, Ordering::Relaxed);
                0
            }
            Err(_) => 0,
        }
    }

    fn may_share(&self, at: u64) -> bool {
        self.can_share && at.is_multiple_of(SHARED_BLOCK)
    }

    fn recorded_end(&self, end: u64) -> u64 {
        recorded_end(&self.file, end).unwrap_or(end)
    }

    fn recorded_from(&self, at: u64) -> u64 {
        // A file that has no hole need not be asked.
        if self.zeros.is_none() || at >= self.len {
            return at;
        }
        seek(&self.file, at, Whence::SeekData).map_or(at, |data| data.unwrap_or(self.len)).min(self.len)
    }

    fn is_cached_by_kernel(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_hole_at_the_end_of_a_sparse_file_is_known() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 5000]).unwrap();
        file.as_file().set_len(64 << 20).unwrap();
        file.as_file().write_all_at(&[7], 8 << 20).unwrap();
        let source = FileSource::open(file.path()).unwrap();
        let end = source.recorded_end(64 << 20);
        assert!(((8 << 20) + 1..=(9 << 20)).contains(&end), "{end}");
        assert!((5000..=(1 << 20)).contains(&source.recorded_end(7 << 20)));
        assert_eq!(source.recorded_end(4000), 4000);
        assert_eq!((source.recorded_from(0), source.recorded_from(4000)), (0, 4000));
        assert!(((8 << 20) - (1 << 20)..=(8 << 20)).contains(&source.recorded_from(4 << 20)));
        assert_eq!(source.recorded_from(16 << 20), 64 << 20, "nothing but a hole to its end");
    }

    #[test]
    fn a_hole_is_lent_without_the_file_and_only_while_it_is_there() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 5000]).unwrap();
        file.as_file().write_all_at(&[7; 5000], 8 << 20).unwrap();
        file.as_file().set_len(64 << 20).unwrap();
        let source = FileSource::open(file.path()).unwrap();
        let len = 256 << 10;
        for (at, is_hole) in [
            (0, false),
            (4 << 20, true),
            ((8 << 20) - 4096, false),
            (16 << 20, true),
            ((64 << 20) - len, true),
            ((64 << 20) - len + 1, false),
        ] {
            let end = at + len;
            let lent = (end <= source.len).then(|| source.hole(at, end)).flatten();
            assert_eq!(lent.is_some(), is_hole, "{at}");
            assert!(
                lent.is_none_or(|zeros| zeros.len() as u64 == len && zeros.iter().all(|byte| *byte == 0))
            );
        }
        assert!(source.lend((64 << 20) - len + 1, len as usize).is_none());
        file.as_file().set_len(32 << 20).unwrap();
        assert!(source.hole(16 << 20, (16 << 20) + len).is_some());
        assert!(source.hole(40 << 20, (40 << 20) + len).is_none(), "it is gone");
        assert!(source.hole((32 << 20) - 4096, (32 << 20) + 4096).is_none(), "its end is gone");
    }

    #[test]
    fn what_cannot_tell_its_holes_has_none() {
        // A block device answers likewise.
        let file = File::open("/proc/self/stat").unwrap();
        let source = FileSource::new(file, 1 << 20);
        assert_eq!(source.recorded_end(1 << 20), 1 << 20);
    }
}
