//! What a driver sees: a bounds-checked run of bytes behind the LRU sector cache.

mod cache;

use std::{fs::File, sync::Arc};

pub use cache::Cache;

use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    source::Source,
};

/// Bytes of one block of the sector cache: eight sectors, so that the directories of a disc, which lie behind each
/// other, come with few reads.
const BLOCK: u64 = 16 * 1024;

/// Locks of the sector cache. More threads than this never read metadata at the same moment.
const SHARDS: usize = 8;

/// The bytes of a disc, checked against its end, metadata served from the sector cache.
pub struct Volume {
    source: Arc<dyn Source>,
    blocks: Cache<u64, Arc<[u8]>>,
}

impl Volume {
    /// A volume over `source` whose sector cache holds at most `cache_size` bytes.
    pub fn new(source: Arc<dyn Source>, cache_size: usize) -> Self {
        Self { source, blocks: Cache::new(SHARDS, cache_size, |block| block.len()) }
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.source.len()
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Whether the bytes `at .. at + len` are all there.
    pub fn contains(&self, at: u64, len: u64) -> bool {
        at.checked_add(len).is_some_and(|end| end <= self.len())
    }

    /// See [`Source::recorded_end`].
    pub fn recorded_end(&self, end: u64) -> u64 {
        self.source.recorded_end(end.min(self.len()))
    }

    /// Fills `buf` from byte `at` on, through the sector cache: for structures, and for whatever is read in
    /// small pieces.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the volume ends before `buf` is full, [`Error::Io`] when the storage fails.
    pub fn read(&self, buf: &mut [u8], at: u64) -> Result<()> {
        if !self.contains(at, as_u64(buf.len())) {
            return Err(past_end(at, buf.len(), self.len()));
        }
        let mut at = at;
        let mut rest = buf;
        while !rest.is_empty() {
            let number = at / BLOCK;
            let Ok(block) = self.block(number) else {
                // One bad sector must not cost its neighbours in the block: the bytes themselves may be readable.
                return self.peek(rest, at);
            };
            let from = block.get(as_usize(at % BLOCK)..).unwrap_or_default();
            let n = from.len().min(rest.len());
            let (Some(from), Some((to, after))) = (from.get(..n), rest.split_at_mut_checked(n)) else {
                break;
            };
            if n == 0 {
                return Err(past_end(at, 1, self.len()));
            }
            to.copy_from_slice(from);
            rest = after;
            at = at.saturating_add(as_u64(n));
        }
        Ok(())
    }

    /// Fills `buf` with data of files: past the sector cache where the kernel caches the source anyway.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_data(&self, buf: &mut [u8], at: u64) -> Result<()> {
        if self.source.is_cached_by_kernel() { self.read_past(buf, at) } else { self.read(buf, at) }
    }

    /// Fills `buf` from byte `at` on, past the sector cache, and from it only where it holds them all: for a look at a few bytes
    /// at many places, and for structures that are read once.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn peek(&self, buf: &mut [u8], at: u64) -> Result<()> {
        let is_in_block = (at % BLOCK).saturating_add(as_u64(buf.len())) <= BLOCK;
        if is_in_block && let Some(block) = self.blocks.get(&(at / BLOCK)) {
            let known = block.get(as_usize(at % BLOCK)..).and_then(|from| from.get(..buf.len()));
            if let Some(known) = known {
                buf.copy_from_slice(known);
                return Ok(());
            }
        }
        self.read_past(buf, at)
    }

    /// Fills `buf` from byte `at` on, past the sector cache.
    fn read_past(&self, buf: &mut [u8], at: u64) -> Result<()> {
        if !self.contains(at, as_u64(buf.len())) {
            return Err(past_end(at, buf.len(), self.len()));
        }
        self.source.read_at(buf, at).map_err(|e| Error::io(format!("reading byte {at} of the image"), e))
    }

    /// Lends data to be passed on unseen, see [`Source::lend`].
    pub fn lend(&self, at: u64, len: usize) -> Option<&[u8]> {
        self.source.lend(at, len)
    }

    /// See [`Source::copy_to`].
    pub fn copy_to(&self, at: u64, len: u64, to: &File, to_at: u64) -> u64 {
        if self.contains(at, len) { self.source.copy_to(at, len, to, to_at) } else { 0 }
    }

    fn block(&self, number: u64) -> Result<Arc<[u8]>> {
        self.blocks.get_or_load(number, || {
            let at = number.saturating_mul(BLOCK);
            let len = BLOCK.min(self.len().saturating_sub(at));
            // Collected into its final place: a vector would be copied into it.
            let mut block: Arc<[u8]> = std::iter::repeat_n(0, as_usize(len)).collect();
            self.source
                .read_at(Arc::make_mut(&mut block), at)
                .map_err(|e| Error::io(format!("reading byte {at} of the image"), e))?;
            Ok(block)
        })
    }
}

/// An extent that reaches behind the end of the image is the image's fault, not that of the storage.
fn past_end(at: u64, len: usize, end: u64) -> Error {
    let allowed = format!("the image ends at byte {end}");
    let to = at.saturating_add(as_u64(len));
    Corrupt::new("extent", at, "end", format!("byte {to}"), allowed).into()
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::atomic::{AtomicU64, Ordering},
    };

    use super::*;

    struct Counting(u64, AtomicU64);

    impl Source for Counting {
        fn len(&self) -> u64 {
            self.0
        }
        fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            for (i, b) in buf.iter_mut().enumerate() {
                *b = (at + i as u64) as u8;
            }
            Ok(())
        }
    }

    #[test]
    fn a_block_is_fetched_once_and_the_cache_stays_small() {
        let source = Arc::new(Counting(100 * BLOCK + 10, AtomicU64::new(0)));
        let volume = Volume::new(source.clone(), 4 * SHARDS * BLOCK as usize);
        let mut buf = [0; 300];
        for _ in 0..3 {
            volume.read(&mut buf, BLOCK - 100).unwrap();
        }
        assert_eq!(buf[0], (BLOCK - 100) as u8);
        assert_eq!(buf[299], (BLOCK + 199) as u8);
        assert_eq!(source.1.load(Ordering::Relaxed), 2);
        for n in 0..100 {
            volume.read(&mut buf[..1], n * BLOCK).unwrap();
        }
        assert!(volume.blocks.weight() <= 4 * SHARDS * BLOCK as usize);
        volume.read(&mut buf[..10], 100 * BLOCK).unwrap();
        assert!(volume.read(&mut buf[..11], 100 * BLOCK).is_err());
        assert!(volume.read(&mut buf[..1], u64::MAX).is_err());
    }
}
