//! Bytes at an offset: a file, a block device, a part of another source.
//!
//! Reading is by position, never by seek, so that threads share a source without a lock. A `Read + Seek`
//! pair was rejected for that reason.

mod file;
mod map;
mod part;

use std::{fs::File, io};

pub use file::FileSource;
pub use part::Part;

/// Bytes at an offset. Implementations are shared by all threads.
pub trait Source: Send + Sync {
    /// Length in bytes, as it was when the source was opened.
    fn len(&self) -> u64;

    /// Whether there is not one byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills all of `buf` from byte `at` on.
    ///
    /// # Errors
    /// What the operating system says; [`io::ErrorKind::UnexpectedEof`] when the source ends before `buf` is full.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()>;

    /// Lends the bytes `at .. at + len` where they lie mapped in memory, to be passed to the kernel and **not to be
    /// looked at**: should the file have become shorter, looking would end the process, while the kernel answers
    /// EFAULT.
    fn lend(&self, at: u64, len: usize) -> Option<&[u8]> {
        let _ = (at, len);
        None
    }

    /// Copies at most `len` bytes from byte `at` on to byte `to_at` of a file, or to where it is to be written next, which may be
    /// a pipe, inside the kernel. Returns how many it were: 0 where that cannot be done, and also where it fails, as reading and
    /// writing then does too and says why.
    fn copy_to(&self, at: u64, len: u64, to: &File, to_at: Option<u64>) -> u64 {
        let _ = (at, len, to, to_at);
        0
    }

    /// Whether a copy inside the kernel of what begins at byte `at` may take no time and no room, because the file system can share
    /// its blocks.
    fn may_share(&self, at: u64) -> bool {
        let _ = at;
        false
    }

    /// An offset up to `end`, from which on to `end` there are only zeros, as far as that is known without reading: the start
    /// of the hole that a sparse file ends with.
    fn recorded_end(&self, end: u64) -> u64 {
        end
    }

    /// The first byte from `at` on that may be another than zero, as far as that is known without reading: the end of the hole of a
    /// sparse file that `at` lies in. At most [`len`](Self::len).
    fn recorded_from(&self, at: u64) -> u64 {
        at
    }

    /// Whether the kernel caches the bytes by itself, so that large reads gain nothing from a second cache.
    fn is_cached_by_kernel(&self) -> bool {
        false
    }
}
