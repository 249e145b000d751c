//! The one memory map, and with it the one `unsafe` of this crate.
#![allow(unsafe_code)]

use std::fs::File;

use memmap2::Mmap;

use crate::bytes::as_usize;

/// A file mapped to be lent to the kernel, never to be looked at by this process.
#[derive(Debug)]
pub(super) struct Map(Mmap);

impl Map {
    /// Maps the first `len` bytes of `file`, or nothing where the system does not allow it.
    pub(super) fn of(file: &File, len: u64) -> Option<Self> {
        if len == 0 {
            return None;
        }
        // SAFETY: the danger of a map is that the file changes or becomes shorter while the process looks at it. The
        // only user of these bytes is `Source::lend`, whose contract is that they are passed to a system call and not
        // looked at: the kernel copies from them, and answers EFAULT where a page is gone.
        let map = unsafe { memmap2::MmapOptions::new().len(as_usize(len)).map(file) }.ok()?;
        Some(Self(map))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
