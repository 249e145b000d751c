//! Sources that count what is read of them, of images that seem larger than they are.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use isomount::source::Source;

/// A source that counts what is read of another. It lends nothing, so that no byte goes uncounted.
pub struct Tally {
    inner: Box<dyn Source>,
    bytes: AtomicU64,
    reads: AtomicU64,
}

impl Tally {
    pub fn of(inner: impl Source + 'static) -> Arc<Self> {
        Arc::new(Self { inner: Box::new(inner), bytes: AtomicU64::new(0), reads: AtomicU64::new(0) })
    }

    /// Bytes that were read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How often something was read so far.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// The bytes that are read while `work` is done.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> (T, u64) {
        let before = self.bytes();
        let result = work();
        (result, self.bytes() - before)
    }
}

impl Source for Tally {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        self.bytes.fetch_add(buf.len() as u64, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read_at(buf, at)
    }

    fn recorded_end(&self, end: u64) -> u64 {
        self.inner.recorded_end(end)
    }

    fn is_cached_by_kernel(&self) -> bool {
        self.inner.is_cached_by_kernel()
    }
}

/// An image with zeros behind it up to a length, which take up no memory.
pub struct Stretched {
    bytes: Vec<u8>,
    len: u64,
}

impl Stretched {
    pub fn new(bytes: Vec<u8>, len: u64) -> Self {
        let len = len.max(bytes.len() as u64);
        Self { bytes, len }
    }
}

impl Source for Stretched {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        let end = at.checked_add(buf.len() as u64).filter(|end| *end <= self.len);
        end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let there = self.bytes.get(at.min(self.bytes.len() as u64) as usize..).unwrap_or_default();
        let n = there.len().min(buf.len());
        buf[..n].copy_from_slice(&there[..n]);
        buf[n..].fill(0);
        Ok(())
    }

    /// As of a file.
    fn is_cached_by_kernel(&self) -> bool {
        true
    }

    /// As a file with a hole at its end says.
    fn recorded_end(&self, end: u64) -> u64 {
        end.min(self.bytes.len() as u64)
    }
}
