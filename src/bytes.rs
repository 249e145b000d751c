//! Numbers as discs store them.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{BE, LE, U16, U32},
};

/// A 32-bit number recorded twice, ECMA-119 7.3.3. The little-endian half is the one that is read: where the
/// halves differ, every other reader takes that one too.
#[derive(Debug, Clone, Copy, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Both32 {
    le: U32<LE>,
    be: U32<BE>,
}

impl Both32 {
    /// The value of the little-endian half.
    pub fn get(self) -> u32 {
        self.le.get()
    }

    /// Whether both halves say the same.
    pub fn agrees(self) -> bool {
        self.le.get() == self.be.get()
    }

    /// The value of the big-endian half.
    pub fn get_be(self) -> u32 {
        self.be.get()
    }
}

/// A 16-bit number recorded twice, ECMA-119 7.2.3. See [`Both32`].
#[derive(Debug, Clone, Copy, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Both16 {
    le: U16<LE>,
    be: U16<BE>,
}

impl Both16 {
    /// The value of the little-endian half.
    pub fn get(self) -> u16 {
        self.le.get()
    }

    /// Whether both halves say the same.
    pub fn agrees(self) -> bool {
        self.le.get() == self.be.get()
    }
}

/// A length in memory as a length in the image.
pub fn as_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A length in the image as a length in memory; what does not fit saturates, and is then out of every bound.
pub fn as_usize(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// The 32-bit little-endian number at `at` of `data`, or nothing when `data` ends before.
pub fn u32_le(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?))
}

/// The 64-bit little-endian number at `at` of `data`, or nothing when `data` ends before.
pub fn u64_le(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*data.get(at..)?.first_chunk()?))
}
