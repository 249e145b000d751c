//! What a driver sees: a bounds-checked run of bytes behind the LRU sector cache.

mod byte;
mod cache;

use std::{fs::File, io, sync::Arc};

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
    /// Bytes of the disc in front of the first byte of the source.
    start: u64,
    /// Bytes of the image file in front of the first byte of the source.
    front: u64,
    blocks: Cache<u64, Arc<[u8]>>,
}

impl Volume {
    /// A volume over `source` whose sector cache holds at most `cache_size` bytes.
    pub fn new(source: Arc<dyn Source>, cache_size: usize) -> Self {
        Self::starting_at(0, source, cache_size)
    }

    /// As [`new`](Self::new), of a disc of which `source` has the bytes from `start` on: an image that was cut out of it.
    pub fn starting_at(start: u64, source: Arc<dyn Source>, cache_size: usize) -> Self {
        Self { source, start, front: 0, blocks: Cache::new(SHARDS, cache_size, |block| block.len()) }
    }

    /// The same, of a source that is an image file from byte `front` on.
    #[must_use]
    pub fn behind(self, front: u64) -> Self {
        Self { front, ..self }
    }

    /// The first byte of the disc that is there: 0, unless the image was cut out of it.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Bytes from the start of the disc to the end of the image.
    pub fn len(&self) -> u64 {
        self.start.saturating_add(self.source.len())
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Whether the bytes `at .. at + len` are all there.
    pub fn contains(&self, at: u64, len: u64) -> bool {
        at >= self.start && at.checked_add(len).is_some_and(|end| end <= self.len())
    }

    /// How many of the bytes `at .. at + len` are there before the first that is not.
    pub fn available(&self, at: u64, len: u64) -> u64 {
        if at < self.start { 0 } else { self.len().saturating_sub(at).min(len) }
    }

    /// Where in the source `len` bytes from byte `at` of the disc on lie.
    fn place(&self, at: u64, len: usize) -> Result<u64> {
        match at.checked_sub(self.start) {
            Some(place) if self.contains(at, as_u64(len)) => Ok(place),
            Some(_) => Err(self.past_end(at, len)),
            None => Err(self.before_start(at)),
        }
    }

    /// Where the image begins and ends, as the end of a sentence.
    pub fn bounds(&self) -> String {
        match (self.start, self.front) {
            (0, 0) => format!("the image ends at byte {}", self.len()),
            (0, front) => format!(
                "the disc, which begins at byte {front} of the image, ends at its byte {}",
                self.len()
            ),
            (start, _) => format!("the image has bytes {start} to {} of its disc", self.len()),
        }
    }

    /// See [`Source::recorded_end`].
    pub fn recorded_end(&self, end: u64) -> u64 {
        let end = end.min(self.len()).saturating_sub(self.start);
        self.start.saturating_add(self.source.recorded_end(end))
    }

    /// See [`Source::recorded_from`].
    pub fn recorded_from(&self, at: u64) -> u64 {
        self.start.saturating_add(self.source.recorded_from(at.saturating_sub(self.start)))
    }

    /// Fills `buf` from byte `at` on, through the sector cache: for structures, and for whatever is read in
    /// small pieces.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the volume ends before `buf` is full, [`Error::Io`] when the storage fails.
    pub fn read(&self, buf: &mut [u8], at: u64) -> Result<()> {
        let mut at = self.place(at, buf.len())?;
        let mut rest = buf;
        while !rest.is_empty() {
            let number = at / BLOCK;
            let Ok(block) = self.block(number) else {
                // One bad sector must not cost its neighbours in the block: the bytes themselves may be readable.
                return self.read_source(rest, at);
            };
            let from = block.get(as_usize(at % BLOCK)..).unwrap_or_default();
            let n = from.len().min(rest.len());
            let (Some(from), Some((to, after))) = (from.get(..n), rest.split_at_mut_checked(n)) else {
                break;
            };
            if n == 0 {
                return Err(self.past_end(self.start.saturating_add(at), 1));
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
        if !self.source.is_cached_by_kernel() {
            return self.read(buf, at);
        }
        let at = self.place(at, buf.len())?;
        self.read_source(buf, at)
    }

    /// Fills `buf` from byte `at` on, past the sector cache, and from it only where it holds them all: for a look at a few bytes
    /// at many places, and for structures that are read once.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn peek(&self, buf: &mut [u8], at: u64) -> Result<()> {
        let at = self.place(at, buf.len())?;
        let is_in_block = (at % BLOCK).saturating_add(as_u64(buf.len())) <= BLOCK;
        if is_in_block && let Some(block) = self.blocks.get(&(at / BLOCK)) {
            let known = block.get(as_usize(at % BLOCK)..).and_then(|from| from.get(..buf.len()));
            if let Some(known) = known {
                buf.copy_from_slice(known);
                return Ok(());
            }
        }
        self.read_source(buf, at)
    }

    /// Fills `buf` from byte `at` on, past the sector cache: for whoever reads all of it once.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_past(&self, buf: &mut [u8], at: u64) -> Result<()> {
        let at = self.place(at, buf.len())?;
        self.read_source(buf, at)
    }

    /// Fills `buf` from byte `at` of the source on, past the sector cache.
    fn read_source(&self, buf: &mut [u8], at: u64) -> Result<()> {
        self.source.read_at(buf, at).map_err(|e| self.failed(at, e))
    }

    /// Lends data to be passed on unseen, see [`Source::lend`].
    pub fn lend(&self, at: u64, len: usize) -> Option<&[u8]> {
        self.source.lend(at.checked_sub(self.start)?, len)
    }

    /// See [`Source::may_share`].
    pub fn may_share(&self, at: u64) -> bool {
        at.checked_sub(self.start).is_some_and(|place| self.source.may_share(place))
    }

    /// See [`Source::copy_to`].
    pub fn copy_to(&self, at: u64, len: u64, to: &File, to_at: Option<u64>) -> u64 {
        match at.checked_sub(self.start) {
            Some(place) if self.contains(at, len) => self.source.copy_to(place, len, to, to_at),
            _ => 0,
        }
    }

    /// An extent that reaches behind the end of the image is the image's fault, not that of the storage.
    fn past_end(&self, at: u64, len: usize) -> Error {
        let to = at.saturating_add(as_u64(len));
        Corrupt::new("extent", at, "end", format!("byte {to}"), self.bounds()).into()
    }

    /// So is one that lies in front of an image that was cut out of a disc.
    fn before_start(&self, at: u64) -> Error {
        Corrupt::new("extent", at, "start", "in front of the image", self.bounds()).into()
    }

    fn block(&self, number: u64) -> Result<Arc<[u8]>> {
        self.blocks.get_or_load(number, || {
            let at = number.saturating_mul(BLOCK);
            let len = BLOCK.min(self.source.len().saturating_sub(at));
            // Collected into its final place: a vector would be copied into it.
            let mut block: Arc<[u8]> = std::iter::repeat_n(0, as_usize(len)).collect();
            self.source.read_at(Arc::make_mut(&mut block), at).map_err(|e| self.failed(at, e))?;
            Ok(block)
        })
    }

    /// The storage has not given what lies at byte `at` of the source.
    fn failed(&self, at: u64, cause: io::Error) -> Error {
        Error::io(format!("reading byte {} of the image", at.saturating_add(self.front)), cause)
    }
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
        fn may_share(&self, at: u64) -> bool {
            at == 7
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

    #[test]
    fn addresses_count_from_the_start_of_the_disc() {
        const START: u64 = 5 * 2048;
        let whole = Volume::new(Arc::new(Counting(3 * BLOCK, AtomicU64::new(0))), 1 << 20);
        let cut = Volume::starting_at(START, Arc::new(Counting(3 * BLOCK, AtomicU64::new(0))), 1 << 20);
        assert_eq!((cut.start(), cut.len()), (START, START + 3 * BLOCK));
        assert_eq!([7, START, START + 7].map(|at| cut.may_share(at)), [false, false, true]);
        let (mut expected, mut found) = ([0; 300], [0; 300]);
        for at in [0, 100, BLOCK - 100, 3 * BLOCK - 300] {
            whole.read(&mut expected, at).unwrap();
            for read in [Volume::read, Volume::peek, Volume::read_data] {
                read(&cut, &mut found, START + at).unwrap();
                assert_eq!(found, expected, "{at}");
            }
        }
        for at in [0, START - 1, START + 3 * BLOCK - 299, u64::MAX] {
            assert!(!cut.contains(at, 300) && cut.available(at, 300) < 300, "{at}");
            for read in [Volume::read, Volume::peek, Volume::read_data] {
                assert!(read(&cut, &mut found, at).is_err(), "{at}");
            }
        }
        assert_eq!(cut.available(START - 1, 2), 0);
        let error = cut.read(&mut found, 7).unwrap_err().to_string();
        assert_eq!(
            error,
            "extent at byte 7: start is in front of the image, the image has bytes 10240 to 59392 of its disc"
        );
    }
}
