//! The one memory map, and with it all `unsafe` of this crate.
#![allow(unsafe_code)]

use std::{
    fs::File,
    sync::atomic::{AtomicUsize, Ordering},
};

use memmap2::{Mmap, UncheckedAdvice};

use crate::bytes::as_usize;

/// A file mapped to be lent to the kernel, never to be looked at by this process.
#[derive(Debug)]
pub(super) struct Map {
    map: Mmap,
    /// Bytes lent since the pages were last given back.
    lent: AtomicUsize,
}

/// After so many bytes lent the pages are given back, so that the process does not seem to take up the whole image: they stay
/// in the kernel's cache, from which the next loan takes them again.
const GIVE_BACK_AFTER: usize = 8 << 20;

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
        Some(Self { map, lent: AtomicUsize::new(0) })
    }

    /// The bytes `from .. to`, to be passed on unseen.
    pub(super) fn lend(&self, from: usize, to: usize) -> Option<&[u8]> {
        let bytes = self.map.get(from..to)?;
        if self.lent.fetch_add(bytes.len(), Ordering::Relaxed) >= GIVE_BACK_AFTER {
            self.lent.store(0, Ordering::Relaxed);
            // SAFETY: of a shared map of a file this drops no data, only this process's view of the pages; whoever passes a
            // loan on at this moment finds them again.
            let given_back = unsafe { self.map.unchecked_advise(UncheckedAdvice::DontNeed) };
            if let Err(error) = given_back {
                log::debug!("madvise: {error}");
            }
        }
        Some(bytes)
    }
}
