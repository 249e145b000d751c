//! Where the bytes of a file are.

use std::{fmt, sync::Arc};

use crate::error::{Error, Result};

/// What a node holds.
#[derive(Debug)]
pub enum Content {
    /// Nothing to read: a directory, a device, a FIFO, a socket.
    Nothing,
    /// The target of a symbolic link.
    Link(Box<[u8]>),
    /// The bytes of a file.
    Data(Data),
    /// It cannot be read, and why; the node itself is in order.
    Broken(Error),
}

/// The bytes of a file, as a list of places.
#[derive(Debug, Clone, Default)]
pub struct Data {
    segments: Vec<Segment>,
    size: u64,
}

#[derive(Debug, Clone)]
struct Segment {
    /// Offset in the file of its first byte.
    start: u64,
    len: u64,
    place: Place,
}

/// Where the bytes of one segment of a file are.
#[derive(Debug, Clone)]
pub enum Place {
    /// One behind the other from byte `at` of the volume on.
    Run {
        /// Byte offset in the volume. The run may reach past the end of the volume: those bytes cannot be read.
        at: u64,
    },
    /// Interleaved: units of `unit` bytes, each followed by `gap` bytes that are not of this file.
    Interleaved {
        /// Byte offset in the volume of the first unit.
        at: u64,
        /// Bytes of a unit, not 0.
        unit: u64,
        /// Bytes between units.
        gap: u64,
    },
    /// Zeros that are not recorded.
    Hole,
    /// Bytes that were inside a structure.
    Inline(Arc<[u8]>),
    /// Blocks that have to be unpacked.
    Packed(Arc<dyn Packed>),
    /// Nobody knows where, because of a damaged structure: reading these bytes is this error.
    Lost(Arc<Error>),
}

/// Packed blocks of one file, with their decoder.
pub trait Packed: Send + Sync + fmt::Debug {
    /// Bytes of an unpacked block, not 0; only the last may be shorter.
    fn block_size(&self) -> u64;

    /// Bytes of memory that the decoder takes.
    fn weight(&self) -> usize;

    /// Where the packed bytes lie, with all that is needed to unpack them; `None` where nobody can say.
    fn stored(&self) -> Option<&Data> {
        None
    }

    /// Unpacks block `index`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the block does not unpack to exactly its length, [`Error::Io`] when its bytes are
    /// not in the image.
    fn unpack(&self, index: u64) -> Result<Vec<u8>>;
}

/// A part of a file that lies in one place.
#[derive(Debug, Clone)]
pub enum Piece {
    /// `len` bytes from byte `at` of the volume on.
    Run {
        /// Byte offset in the volume.
        at: u64,
        /// Bytes.
        len: u64,
    },
    /// `len` zeros.
    Hole {
        /// Bytes.
        len: u64,
    },
    /// `len` bytes from `from` of a buffer.
    Inline {
        /// The buffer.
        bytes: Arc<[u8]>,
        /// Offset in the buffer.
        from: u64,
        /// Bytes.
        len: u64,
    },
    /// `len` bytes from `from` of what the blocks unpack to; inside one block.
    Packed {
        /// The blocks.
        blocks: Arc<dyn Packed>,
        /// Offset in the unpacked bytes.
        from: u64,
        /// Bytes.
        len: u64,
    },
    /// `len` bytes that cannot be read.
    Lost {
        /// Why.
        error: Arc<Error>,
        /// Bytes.
        len: u64,
    },
}

impl Piece {
    /// How many bytes of the file this is.
    pub fn len(&self) -> u64 {
        match self {
            Self::Run { len, .. }
            | Self::Hole { len }
            | Self::Inline { len, .. }
            | Self::Packed { len, .. }
            | Self::Lost { len, .. } => *len,
        }
    }

    /// Whether this is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Data {
    /// Adds `len` bytes at the end of the file; more than 2^64 in all are not kept.
    pub fn push(&mut self, place: Place, len: u64) {
        let Some(end) = self.size.checked_add(len) else { return };
        // Sections of a large file usually lie behind each other: one run then, so that a read finds it at once.
        let last = self.segments.last_mut().filter(|last| match (&last.place, &place) {
            (Place::Run { at: before }, Place::Run { at }) => before.checked_add(last.len) == Some(*at),
            (Place::Hole, Place::Hole) => true,
            _ => false,
        });
        if let Some(last) = last {
            last.len = last.len.saturating_add(len);
        } else if len > 0 {
            if self.segments.is_empty() {
                // Most files have one, and nodes are kept by the thousand.
                self.segments.reserve_exact(1);
            }
            self.segments.push(Segment { start: self.size, len, place });
        }
        self.size = end;
    }

    /// The places one by one: offset in the file, bytes, and where they are.
    pub(super) fn segments(&self) -> impl Iterator<Item = (u64, u64, &Place)> {
        self.segments.iter().map(|segment| (segment.start, segment.len, &segment.place))
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        self.segments.len()
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        let packed = self.segments.iter().map(|segment| match &segment.place {
            Place::Packed(blocks) => blocks.weight(),
            Place::Inline(bytes) => bytes.len(),
            Place::Lost(error) => size_of_val(&**error),
            Place::Run { .. } | Place::Interleaved { .. } | Place::Hole => 0,
        });
        let own = self.segments.capacity().saturating_mul(size_of::<Segment>());
        packed.fold(own, usize::saturating_add)
    }

    /// The first byte from `at` on that is recorded; `None` when there is none, and at the end of the file.
    pub fn seek_data(&self, at: u64) -> Option<u64> {
        self.seek(at, false)
    }

    /// The first byte from `at` on that lies in a hole; the end of the file is one too. `None` when `at` is not before the end.
    pub fn seek_hole(&self, at: u64) -> Option<u64> {
        self.seek(at, true).or_else(|| (at < self.size).then_some(self.size))
    }

    fn seek(&self, at: u64, is_hole: bool) -> Option<u64> {
        let mut segments = self.segments.get(self.segment_of(at)..)?.iter();
        let found = segments.find(|s| matches!(s.place, Place::Hole) == is_hole)?;
        Some(found.start.max(at))
    }

    /// The number of the segment that byte `at` is in.
    fn segment_of(&self, at: u64) -> usize {
        self.segments.partition_point(|s| s.start.saturating_add(s.len) <= at)
    }

    /// The pieces that hold the bytes `at .. at + len`, as far as there are any.
    pub fn pieces(&self, at: u64, len: u64) -> impl Iterator<Item = Piece> {
        let end = at.saturating_add(len).min(self.size);
        let mut segments = self.segments.get(self.segment_of(at)..).unwrap_or_default().iter().peekable();
        let mut at = at;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let segment = segments.peek()?;
            let inside = at.saturating_sub(segment.start);
            let left = segment.len.saturating_sub(inside);
            let piece = segment.piece(inside, left.min(end.saturating_sub(at)));
            if piece.len() >= left {
                segments.next();
            }
            at = at.saturating_add(piece.len());
            (!piece.is_empty()).then_some(piece)
        })
    }
}

impl Segment {
    /// The piece that begins at byte `inside` of the segment, at most `len` bytes.
    fn piece(&self, inside: u64, len: u64) -> Piece {
        match &self.place {
            Place::Run { at } => Piece::Run { at: at.saturating_add(inside), len },
            Place::Interleaved { at, unit, gap } => {
                let number = inside.checked_div(*unit).unwrap_or(0);
                let offset = inside.checked_rem(*unit).unwrap_or(0);
                let start = number.saturating_mul(unit.saturating_add(*gap)).saturating_add(offset);
                Piece::Run { at: at.saturating_add(start), len: len.min(unit.saturating_sub(offset)) }
            }
            Place::Hole => Piece::Hole { len },
            Place::Inline(bytes) => Piece::Inline { bytes: bytes.clone(), from: inside, len },
            Place::Packed(blocks) => {
                let size = blocks.block_size();
                let left = size.saturating_sub(inside.checked_rem(size).unwrap_or(0));
                Piece::Packed { blocks: blocks.clone(), from: inside, len: len.min(left) }
            }
            Place::Lost(error) => Piece::Lost { error: error.clone(), len },
        }
    }
}
