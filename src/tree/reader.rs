//! The one reader of all files: it gets the bytes that [`content`](super::content) says where to find.

use std::{cell::RefCell, fs::File, sync::Arc};

use super::{Data, NodeId, Piece};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Error, Result},
    limits,
    volume::{Cache, Volume},
};

/// Fills `buf` from byte `at` of `data` on, which has no packed blocks: for the decoders of packed blocks, and for
/// tables inside files and extended attributes. Through the sector cache.
///
/// # Errors
/// [`Error::Io`] when the file or the volume ends before `buf` is full, [`Error::Unsupported`] for packed blocks.
pub fn read_stored(volume: &Volume, data: &Data, at: u64, buf: &mut [u8]) -> Result<()> {
    let mut done: usize = 0;
    for piece in data.pieces(at, as_u64(buf.len())) {
        let rest = buf.get_mut(done..).unwrap_or_default();
        let Some(to) = rest.get_mut(..as_usize(piece.len())) else { break };
        match piece {
            Piece::Run { at, .. } => volume.read(to, at)?,
            Piece::Hole { .. } => to.fill(0),
            Piece::Inline { bytes, from, .. } => copy_from(&bytes, from, to)?,
            Piece::Packed { .. } => return Err(Error::unsupported("packed blocks where none can be")),
            Piece::Lost { error, .. } => return Err((*error).clone()),
        }
        done = done.saturating_add(to.len());
    }
    if done == buf.len() { Ok(()) } else { Err(short("reading a file")) }
}

fn copy_from(bytes: &[u8], from: u64, to: &mut [u8]) -> Result<()> {
    let from = bytes.get(as_usize(from)..).unwrap_or_default();
    to.copy_from_slice(from.get(..to.len()).ok_or_else(|| short("reading a block"))?);
    Ok(())
}

fn short(what: &'static str) -> Error {
    Error::io(what, std::io::ErrorKind::UnexpectedEof.into())
}

/// Bytes from which on a run is lent: to map the pages of a smaller one takes longer than to copy it. 64 KiB is what the kernel
/// maps at once.
const LENT: u64 = 64 << 10;

thread_local! {
    /// Where a thread puts together what it cannot lend from the map: as many bytes as one request asks for.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The reader of all files: lends one slice where it can, fills a buffer where it must, keeps unpacked blocks.
pub(super) struct Reader {
    volume: Arc<Volume>,
    unpacked: Cache<(NodeId, u64), Arc<[u8]>>,
}

impl Reader {
    pub(super) fn new(volume: Arc<Volume>, cache_size: usize) -> Self {
        Self { volume, unpacked: Cache::new(4, cache_size, |block| block.len()) }
    }

    /// Bytes of the volume.
    pub(super) fn volume_len(&self) -> u64 {
        self.volume.len()
    }

    /// See [`super::Tree::read`].
    pub(super) fn lend<T>(
        &self,
        id: NodeId,
        data: &Data,
        at: u64,
        len: usize,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T> {
        let len = as_u64(len).min(data.size().saturating_sub(at));
        if len == 0 {
            return Ok(take(&[]));
        }
        if let Some(Piece::Run { at: place, len: whole }) = data.pieces(at, len).next()
            && whole == len
            && len >= LENT
            && let Some(slice) = self.volume.lend(place, as_usize(len))
        {
            return Ok(take(slice));
        }
        BUFFER.with_borrow_mut(|buffer| {
            let len = as_usize(len);
            if buffer.len() < len {
                buffer.resize(len, 0);
            }
            let buf = buffer.get_mut(..len).unwrap_or_default();
            self.copy(id, data, at, buf)?;
            Ok(take(buf))
        })
    }

    /// All bytes of `data`, which is short and has no packed blocks, past the cache of these. See [`super::Tree::attribute`].
    pub(super) fn whole(&self, data: &Data) -> Result<Vec<u8>> {
        let mut bytes = vec![0; as_usize(data.size())];
        read_stored(&self.volume, data, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// See [`Volume::copy_to`]; 0 also where lending does it in less time. That is so of what can be lent, unless it may be shared: on
    /// ext4 and XFS files of 128 KiB to 16 MiB took the kernel a fifth to a third longer. Files of 30 KB, which are not lent, it
    /// copied in 0.96 and 0.93 of the time, and anything on tmpfs in 0.8.
    pub(super) fn copy_to(&self, at: u64, len: u64, to: &File, to_at: u64) -> u64 {
        let request = len.min(limits::REQUEST.into());
        let is_lent = len >= LENT && self.volume.lend(at, as_usize(request)).is_some();
        if is_lent && !self.volume.may_share(at) { 0 } else { self.volume.copy_to(at, len, to, Some(to_at)) }
    }

    /// See [`super::Tree::send`].
    pub(super) fn send(&self, at: u64, len: u64, to: &File) -> u64 {
        self.volume.copy_to(at, len, to, None)
    }

    /// See [`super::Tree::read_into`].
    pub(super) fn copy(&self, id: NodeId, data: &Data, at: u64, buf: &mut [u8]) -> Result<usize> {
        let mut done: usize = 0;
        for piece in data.pieces(at, as_u64(buf.len())) {
            let rest = buf.get_mut(done..).unwrap_or_default();
            let Some(to) = rest.get_mut(..as_usize(piece.len())) else { break };
            match &piece {
                Piece::Run { at, .. } => self.volume.read_data(to, *at)?,
                Piece::Hole { .. } => to.fill(0),
                Piece::Inline { bytes, from, .. } => copy_from(bytes, *from, to)?,
                Piece::Packed { blocks, from, .. } => {
                    let index = from.checked_div(blocks.block_size()).unwrap_or(0);
                    let inside = from.checked_rem(blocks.block_size()).unwrap_or(0);
                    let block =
                        self.unpacked.get_or_load((id, index), || Ok(blocks.unpack(index)?.into()))?;
                    copy_from(&block, inside, to)?;
                }
                Piece::Lost { error, .. } => return Err((**error).clone()),
            }
            done = done.saturating_add(to.len());
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::tree::{Packed, Place};

    fn reader(bytes: Vec<u8>) -> Reader {
        Reader::new(Arc::new(Volume::new(Arc::new(bytes), 1 << 20)), 1 << 20)
    }

    #[test]
    fn pieces_cover_exactly_the_range() {
        let mut data = Data::default();
        data.push(Place::Run { at: 10 }, 5);
        data.push(Place::Run { at: 15 }, 5);
        data.push(Place::Hole, 4);
        data.push(Place::Interleaved { at: 100, unit: 3, gap: 2 }, 8);
        data.push(Place::Inline(Arc::from(&b"xyz"[..])), 3);
        assert_eq!(data.size(), 25);
        let bytes: Vec<u8> = (0..=255).collect();
        let reader = reader(bytes);
        let mut all = vec![0; 25];
        assert_eq!(reader.copy(NodeId(2), &data, 0, &mut all).unwrap(), 25);
        let expected: Vec<u8> =
            (10..20).chain([0; 4]).chain([100, 101, 102, 105, 106, 107, 110, 111]).chain(*b"xyz").collect();
        assert_eq!(all, expected);
        for at in 0..=26 {
            for len in 0..=26 {
                let mut part = vec![0; len];
                let n = reader.copy(NodeId(2), &data, at, &mut part).unwrap();
                let at = (at as usize).min(25);
                assert_eq!(part[..n], expected[at..(at + len).min(25)], "{len} at {at}");
            }
        }
        assert_eq!(data.pieces(0, 25).count(), 6, "the two runs are one");
    }

    #[test]
    fn what_is_past_the_end_of_the_volume_is_an_error() {
        let mut data = Data::default();
        data.push(Place::Run { at: 200 }, 100);
        let reader = reader(vec![7; 256]);
        assert_eq!(reader.lend(NodeId(2), &data, 0, 56, |b| b.to_vec()).unwrap(), [7; 56]);
        assert!(reader.lend(NodeId(2), &data, 0, 57, |_| ()).is_err());
        assert_eq!(reader.lend(NodeId(2), &data, 100, 10, |b| b.len()).unwrap(), 0);
        assert_eq!(reader.lend(NodeId(2), &data, u64::MAX, 10, |b| b.len()).unwrap(), 0);
    }

    /// A file of these segments (kind of place, bytes), and which of its bytes are in no hole.
    fn with_bitmap(segments: &[(u8, u64)]) -> (Data, Vec<bool>) {
        let mut data = Data::default();
        let mut is_data = Vec::new();
        for (kind, len) in segments {
            let place = match kind {
                0 => Place::Run { at: data.size() },
                1 => Place::Interleaved { at: 0, unit: 2, gap: 1 },
                2 => Place::Inline(Arc::from(vec![0; *len as usize])),
                3 => Place::Packed(Arc::new(Zeros)),
                _ => Place::Hole,
            };
            is_data.resize(is_data.len() + *len as usize, !matches!(place, Place::Hole));
            data.push(place, *len);
        }
        (data, is_data)
    }

    /// Packed blocks of zeros: data all the same.
    #[derive(Debug)]
    struct Zeros;

    impl Packed for Zeros {
        fn block_size(&self) -> u64 {
            4
        }

        fn weight(&self) -> usize {
            0
        }

        fn unpack(&self, _index: u64) -> Result<Vec<u8>> {
            Ok(vec![0; 4])
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn seeking_finds_what_a_look_at_every_byte_finds(segments in vec((0u8..8, 0u64..5), 0..12)) {
            let (data, is_data) = with_bitmap(&segments);
            let size = is_data.len();
            assert_eq!(data.size(), size as u64);
            for at in 0..size + 2 {
                let first = |wanted| (at..size).find(|i| is_data[*i] == wanted).map(|i| i as u64);
                assert_eq!(data.seek_data(at as u64), first(true), "data from {at}");
                let hole = first(false).or((at < size).then_some(size as u64));
                assert_eq!(data.seek_hole(at as u64), hole, "hole from {at}");
            }
        }
    }

    #[test]
    fn nothing_is_found_at_the_end_or_behind_it() {
        let mut data = Data::default();
        assert_eq!((data.seek_data(0), data.seek_hole(0)), (None, None));
        data.push(Place::Hole, u64::MAX);
        assert_eq!((data.seek_data(0), data.seek_hole(u64::MAX - 1)), (None, Some(u64::MAX - 1)));
        assert_eq!((data.seek_data(u64::MAX), data.seek_hole(u64::MAX)), (None, None));
    }

    #[test]
    fn lost_bytes_are_their_error_and_cost_no_others() {
        let mut data = Data::default();
        data.push(Place::Run { at: 0 }, 10);
        data.push(Place::Lost(Arc::new(Error::Loop)), 10);
        data.push(Place::Run { at: 10 }, 10);
        let reader = reader((0..=255).collect());
        let mut buf = [0; 10];
        assert_eq!(reader.copy(NodeId(2), &data, 20, &mut buf).unwrap(), 10);
        assert_eq!(buf, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
        assert!(matches!(reader.copy(NodeId(2), &data, 5, &mut buf), Err(Error::Loop)));
        assert!(matches!(reader.lend(NodeId(2), &data, 12, 3, |_| ()), Err(Error::Loop)));
        assert!(matches!(read_stored(&reader.volume, &data, 10, &mut buf), Err(Error::Loop)));
    }

    #[test]
    fn sizes_beyond_2_64_do_not_wrap() {
        let mut data = Data::default();
        data.push(Place::Hole, u64::MAX - 1);
        data.push(Place::Run { at: 0 }, 100);
        assert_eq!(data.size(), u64::MAX - 1);
    }
}
