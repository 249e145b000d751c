//! A run of bytes of another source.

use std::{fs::File, io, sync::Arc};

use super::Source;
use crate::bytes::as_u64;

/// The bytes `start .. start + len` of another source, as a source: a partition, a track, a slice in a test.
pub struct Part {
    whole: Arc<dyn Source>,
    start: u64,
    len: u64,
}

impl Part {
    /// The run of `len` bytes from `start` on; what lies past the end of `whole` is cut off.
    pub fn new(whole: Arc<dyn Source>, start: u64, len: u64) -> Self {
        let start = start.min(whole.len());
        let len = len.min(whole.len().saturating_sub(start));
        Self { whole, start, len }
    }

    /// Where `len` bytes at `at` of the part lie in the whole.
    fn place(&self, at: u64, len: usize) -> Option<u64> {
        let end = at.checked_add(as_u64(len))?;
        if end > self.len {
            return None;
        }
        self.start.checked_add(at)
    }
}

impl Source for Part {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        let at = self.place(at, buf.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.whole.read_at(buf, at)
    }

    fn lend(&self, at: u64, len: usize) -> Option<&[u8]> {
        self.whole.lend(self.place(at, len)?, len)
    }

    fn may_share(&self, at: u64) -> bool {
        self.start.checked_add(at).is_some_and(|start| self.whole.may_share(start))
    }

    fn copy_to(&self, at: u64, len: u64, to: &File, to_at: Option<u64>) -> u64 {
        let len = len.min(self.len.saturating_sub(at));
        self.start.checked_add(at).map_or(0, |start| self.whole.copy_to(start, len, to, to_at))
    }

    fn recorded_end(&self, end: u64) -> u64 {
        let end = end.min(self.len);
        self.whole.recorded_end(self.start.saturating_add(end)).saturating_sub(self.start)
    }

    fn recorded_from(&self, at: u64) -> u64 {
        let start = self.start.saturating_add(at.min(self.len));
        self.whole.recorded_from(start).saturating_sub(self.start).min(self.len)
    }

    fn is_cached_by_kernel(&self) -> bool {
        self.whole.is_cached_by_kernel()
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        as_u64(self.as_slice().len())
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<()> {
        let from = usize::try_from(at).ok().and_then(|at| self.get(at..));
        let bytes = from.and_then(|b| b.get(..buf.len())).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_where_it_says() {
        let part = Part::new(Arc::new(b"0123456789".to_vec()), 3, 4);
        let mut buf = [0; 4];
        part.read_at(&mut buf, 0).unwrap();
        assert_eq!(&buf, b"3456");
        assert_eq!(part.read_at(&mut buf, 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(part.read_at(&mut buf, u64::MAX).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(Part::new(Arc::new(vec![0; 4]), 9, 9).len(), 0);
    }
}
