//! A regular file or a block device.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, FileTypeExt},
    path::Path,
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

/// A regular file or a block device, read with `pread`, and mapped where that is safe to lend from.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
    map: Option<Map>,
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
        let (len, map) = if kind.is_block_device() {
            (device_len(&file).map_err(io)?, None)
        } else {
            let len = file.metadata().map_err(io)?.len();
            (len, is_local(&file).then(|| Map::of(&file, len)).flatten())
        };
        Ok(Self { file, len, map })
    }
}

fn is_local(file: &File) -> bool {
    statfs::fstatfs(file).is_ok_and(|s| LOCAL_FILE_SYSTEMS.contains(&s.filesystem_type()))
}

/// The length of a block device is where its end can be sought to; `stat` says 0.
fn device_len(mut file: &File) -> io::Result<u64> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::End(0))
}

/// Parts of a sparse file that are looked at to find the last: a file of more is read.
const PARTS: usize = 64 * 1024;

/// Where the last recorded part of a file before `end` ends; `None` where that cannot be told, as of a block device. The
/// position of the file is of no meaning here: everything is read by offset.
fn recorded_end(file: &File, end: u64) -> Option<u64> {
    // `Ok(None)` when there is nothing behind `at`.
    let seek = |at: u64, whence| -> Option<Option<u64>> {
        match nix::unistd::lseek(file, i64::try_from(at).ok()?, whence) {
            Ok(found) => u64::try_from(found).ok().map(Some),
            Err(Errno::ENXIO) => Some(None),
            Err(_) => None,
        }
    };
    let mut recorded = 0;
    for _ in 0..PARTS {
        match seek(recorded, Whence::SeekData)?.filter(|start| *start < end) {
            Some(start) => recorded = seek(start, Whence::SeekHole)??.min(end),
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
        let end = at.checked_add(as_u64(len))?;
        self.map.as_ref()?.lend(as_usize(at), as_usize(end))
    }

    fn recorded_end(&self, end: u64) -> u64 {
        recorded_end(&self.file, end).unwrap_or(end)
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
    }

    #[test]
    fn what_cannot_tell_its_holes_has_none() {
        // A block device answers likewise.
        let file = File::open("/proc/self/stat").unwrap();
        let source = FileSource { file, len: 1 << 20, map: None };
        assert_eq!(source.recorded_end(1 << 20), 1 << 20);
    }
}
