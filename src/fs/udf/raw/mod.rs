//! The structures of UDF (ECMA-167, OSTA UDF) as they lie on the disc, and nothing else. All numbers are little-endian.
//! What all parts of the standard share is here.

mod file;
mod volume;

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{LE, U16, U32},
};

pub(super) use self::{file::*, volume::*};

/// Tag identifiers, ECMA-167 3/7.2.1 and 4/7.2.1.
pub(in crate::fs::udf) mod tag {
    pub(in crate::fs::udf) const SPARING_TABLE: u16 = 0;
    pub(in crate::fs::udf) const PRIMARY_VOLUME: u16 = 1;
    pub(in crate::fs::udf) const ANCHOR: u16 = 2;
    pub(in crate::fs::udf) const VOLUME_POINTER: u16 = 3;
    pub(in crate::fs::udf) const IMPLEMENTATION_USE_VOLUME: u16 = 4;
    pub(in crate::fs::udf) const PARTITION: u16 = 5;
    pub(in crate::fs::udf) const LOGICAL_VOLUME: u16 = 6;
    pub(in crate::fs::udf) const TERMINATING: u16 = 8;
    pub(in crate::fs::udf) const INTEGRITY: u16 = 9;
    pub(in crate::fs::udf) const FILE_SET: u16 = 256;
    pub(in crate::fs::udf) const FILE_IDENTIFIER: u16 = 257;
    pub(in crate::fs::udf) const ALLOCATION_EXTENT: u16 = 258;
    pub(in crate::fs::udf) const INDIRECT_ENTRY: u16 = 259;
    pub(in crate::fs::udf) const FILE_ENTRY: u16 = 261;
    pub(in crate::fs::udf) const SPACE_BITMAP: u16 = 264;
    pub(in crate::fs::udf) const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// Descriptor tag, ECMA-167 3/7.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct Tag {
    /// 3/7.2.1
    pub(in crate::fs::udf) identifier: U16<LE>,
    /// 3/7.2.2; 2 (ECMA-167 2nd edition) or 3
    pub(in crate::fs::udf) version: U16<LE>,
    /// 3/7.2.3, the sum of the other fifteen bytes
    pub(in crate::fs::udf) checksum: u8,
    reserved: u8,
    serial_number: U16<LE>,
    /// 3/7.2.6
    pub(in crate::fs::udf) crc: U16<LE>,
    /// 3/7.2.7, bytes behind the tag that the CRC covers
    pub(in crate::fs::udf) crc_length: U16<LE>,
    /// 3/7.2.8, the block that the descriptor lies in, counted from the start of its partition or volume
    pub(in crate::fs::udf) location: U32<LE>,
}
const _: () = assert!(size_of::<Tag>() == 16);

/// `extent_ad`, ECMA-167 3/7.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct ExtentAd {
    /// In bytes
    pub(in crate::fs::udf) length: U32<LE>,
    /// A block of the volume
    pub(in crate::fs::udf) location: U32<LE>,
}
const _: () = assert!(size_of::<ExtentAd>() == 8);

/// `lb_addr`, ECMA-167 4/7.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct LbAddr {
    /// A block of the partition
    pub(in crate::fs::udf) block: U32<LE>,
    /// Index of a partition map
    pub(in crate::fs::udf) partition: U16<LE>,
}
const _: () = assert!(size_of::<LbAddr>() == 6);

/// `short_ad`, ECMA-167 4/14.14.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct ShortAd {
    /// In bytes; the two highest bits are the type of the extent
    pub(in crate::fs::udf) length: U32<LE>,
    /// A block of the partition that the ICB lies in
    pub(in crate::fs::udf) block: U32<LE>,
}
const _: () = assert!(size_of::<ShortAd>() == 8);

/// `long_ad`, ECMA-167 4/14.14.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct LongAd {
    /// In bytes; the two highest bits are the type of the extent
    pub(in crate::fs::udf) length: U32<LE>,
    pub(in crate::fs::udf) location: LbAddr,
    implementation_use: [u8; 6],
}
const _: () = assert!(size_of::<LongAd>() == 16);

/// `ext_ad`, ECMA-167 4/14.14.3.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct ExtendedAd {
    /// In bytes; the two highest bits are the type of the extent
    pub(in crate::fs::udf) length: U32<LE>,
    /// In bytes
    pub(in crate::fs::udf) recorded_length: U32<LE>,
    /// In bytes; another than the recorded length when the extent is compressed
    pub(in crate::fs::udf) information_length: U32<LE>,
    pub(in crate::fs::udf) location: LbAddr,
    implementation_use: [u8; 2],
}
const _: () = assert!(size_of::<ExtendedAd>() == 20);

/// `regid`, ECMA-167 1/7.4.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct EntityIdentifier {
    flags: u8,
    pub(in crate::fs::udf) identifier: [u8; 23],
    /// UDF 2.1.5.3: for `*OSTA UDF Compliant` and the partition types the revision first
    pub(in crate::fs::udf) suffix: [u8; 8],
}
const _: () = assert!(size_of::<EntityIdentifier>() == 32);
