//! Files: ECMA-167 part 4.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{LE, U16, U32, U64},
};

use super::{EntityIdentifier, LbAddr, LongAd, ShortAd, Tag};

/// File types in an ICB tag, ECMA-167 4/14.6.6 and UDF 2.3.5.2.
pub(in crate::fs::udf) mod file_type {
    pub(in crate::fs::udf) const UNSPECIFIED: u8 = 0;
    pub(in crate::fs::udf) const DIRECTORY: u8 = 4;
    pub(in crate::fs::udf) const FILE: u8 = 5;
    pub(in crate::fs::udf) const BLOCK_DEVICE: u8 = 6;
    pub(in crate::fs::udf) const CHARACTER_DEVICE: u8 = 7;
    pub(in crate::fs::udf) const FIFO: u8 = 9;
    pub(in crate::fs::udf) const SOCKET: u8 = 10;
    pub(in crate::fs::udf) const SYMBOLIC_LINK: u8 = 12;
    pub(in crate::fs::udf) const STREAM_DIRECTORY: u8 = 13;
    pub(in crate::fs::udf) const VIRTUAL_ALLOCATION_TABLE: u8 = 248;
    pub(in crate::fs::udf) const REAL_TIME: u8 = 249;
}

/// Flags of an ICB tag, ECMA-167 4/14.6.8.
pub(in crate::fs::udf) mod icb_flags {
    /// Bits 0 to 2: the kind of the allocation descriptors.
    pub(in crate::fs::udf) const ALLOCATION: u16 = 0x0007;
    pub(in crate::fs::udf) const SETUID: u16 = 0x0040;
    pub(in crate::fs::udf) const SETGID: u16 = 0x0080;
    pub(in crate::fs::udf) const STICKY: u16 = 0x0100;
}

/// Kinds of allocation descriptors, ECMA-167 4/14.6.8.
pub(in crate::fs::udf) mod allocation {
    pub(in crate::fs::udf) const SHORT: u16 = 0;
    pub(in crate::fs::udf) const LONG: u16 = 1;
    pub(in crate::fs::udf) const EXTENDED: u16 = 2;
    pub(in crate::fs::udf) const INLINE: u16 = 3;
}

/// File characteristics, ECMA-167 4/14.4.3.
pub(in crate::fs::udf) mod characteristics {
    pub(in crate::fs::udf) const HIDDEN: u8 = 0x01;
    pub(in crate::fs::udf) const DIRECTORY: u8 = 0x02;
    pub(in crate::fs::udf) const DELETED: u8 = 0x04;
    pub(in crate::fs::udf) const PARENT: u8 = 0x08;
}

/// File set descriptor, ECMA-167 4/14.1; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct FileSet {
    tag: Tag,
    unread_16: [u8; 24],
    /// 4/14.1.7
    pub(in crate::fs::udf) number: U32<LE>,
    /// 4/14.1.8
    pub(in crate::fs::udf) descriptor_number: U32<LE>,
    character_sets: [u8; 64],
    logical_volume_identifier: [u8; 128],
    character_set: [u8; 64],
    /// 4/14.1.12, a dstring
    pub(in crate::fs::udf) identifier: [u8; 32],
    /// 4/14.1.13, a dstring
    pub(in crate::fs::udf) copyright_file: [u8; 32],
    /// 4/14.1.14, a dstring
    pub(in crate::fs::udf) abstract_file: [u8; 32],
    /// 4/14.1.15
    pub(in crate::fs::udf) root: LongAd,
    domain: EntityIdentifier,
    /// 4/14.1.17
    pub(in crate::fs::udf) next: LongAd,
}
const _: () = assert!(size_of::<FileSet>() == 464);

/// ICB tag, ECMA-167 4/14.6.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct IcbTag {
    prior_direct_entries: U32<LE>,
    /// 4/14.6.2
    pub(in crate::fs::udf) strategy: U16<LE>,
    strategy_parameter: [u8; 2],
    max_entries: U16<LE>,
    reserved: u8,
    /// 4/14.6.6
    pub(in crate::fs::udf) file_type: u8,
    parent: LbAddr,
    /// 4/14.6.8
    pub(in crate::fs::udf) flags: U16<LE>,
}
const _: () = assert!(size_of::<IcbTag>() == 20);

/// Indirect entry, ECMA-167 4/14.7.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct IndirectEntry {
    tag: Tag,
    icb: IcbTag,
    /// 4/14.7.3
    pub(in crate::fs::udf) target: LongAd,
}
const _: () = assert!(size_of::<IndirectEntry>() == 52);

/// What file entry and extended file entry have in common, ECMA-167 4/14.9.1 to 4/14.9.10.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct FileEntryStart {
    pub(in crate::fs::udf) tag: Tag,
    pub(in crate::fs::udf) icb: IcbTag,
    /// 4/14.9.3
    pub(in crate::fs::udf) uid: U32<LE>,
    /// 4/14.9.4
    pub(in crate::fs::udf) gid: U32<LE>,
    /// 4/14.9.5, five bits each for others, group and owner
    pub(in crate::fs::udf) permissions: U32<LE>,
    /// 4/14.9.6
    pub(in crate::fs::udf) links: U16<LE>,
    record_format: u8,
    record_display_attributes: u8,
    record_length: U32<LE>,
    /// 4/14.9.10, in bytes
    pub(in crate::fs::udf) information_length: U64<LE>,
}
const _: () = assert!(size_of::<FileEntryStart>() == 64);

/// File entry, ECMA-167 4/14.9, behind [`FileEntryStart`].
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct FileEntryRest {
    /// 4/14.9.11
    pub(in crate::fs::udf) blocks_recorded: U64<LE>,
    /// 4/14.9.12, a timestamp
    pub(in crate::fs::udf) accessed: [u8; 12],
    /// 4/14.9.13
    pub(in crate::fs::udf) modified: [u8; 12],
    /// 4/14.9.14
    pub(in crate::fs::udf) attributes_changed: [u8; 12],
    checkpoint: U32<LE>,
    /// 4/14.9.16
    pub(in crate::fs::udf) extended_attributes: LongAd,
    implementation: EntityIdentifier,
    unique_id: U64<LE>,
    /// 4/14.9.19, in bytes
    pub(in crate::fs::udf) extended_attributes_length: U32<LE>,
    /// 4/14.9.20, in bytes
    pub(in crate::fs::udf) allocation_length: U32<LE>,
}
const _: () = assert!(size_of::<FileEntryRest>() == 112);

/// Extended file entry, ECMA-167 4/14.17, behind [`FileEntryStart`].
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct ExtendedFileEntryRest {
    object_size: U64<LE>,
    /// 4/14.17.12
    pub(in crate::fs::udf) blocks_recorded: U64<LE>,
    /// 4/14.17.13, a timestamp
    pub(in crate::fs::udf) accessed: [u8; 12],
    /// 4/14.17.14
    pub(in crate::fs::udf) modified: [u8; 12],
    /// 4/14.17.15
    pub(in crate::fs::udf) created: [u8; 12],
    /// 4/14.17.16
    pub(in crate::fs::udf) attributes_changed: [u8; 12],
    checkpoint: U32<LE>,
    reserved: U32<LE>,
    /// 4/14.17.19
    pub(in crate::fs::udf) extended_attributes: LongAd,
    /// 4/14.17.20
    pub(in crate::fs::udf) streams: LongAd,
    implementation: EntityIdentifier,
    unique_id: U64<LE>,
    /// 4/14.17.23, in bytes
    pub(in crate::fs::udf) extended_attributes_length: U32<LE>,
    /// 4/14.17.24, in bytes
    pub(in crate::fs::udf) allocation_length: U32<LE>,
}
const _: () = assert!(size_of::<ExtendedFileEntryRest>() == 152);

/// Allocation extent descriptor, ECMA-167 4/14.5, up to its allocation descriptors.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct AllocationExtent {
    tag: Tag,
    previous: U32<LE>,
    /// 4/14.5.3, in bytes
    pub(in crate::fs::udf) length: U32<LE>,
}
const _: () = assert!(size_of::<AllocationExtent>() == 24);

/// File identifier descriptor, ECMA-167 4/14.4, up to its variable part.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct FileIdentifier {
    pub(in crate::fs::udf) tag: Tag,
    version: U16<LE>,
    /// 4/14.4.3
    pub(in crate::fs::udf) characteristics: u8,
    /// 4/14.4.4, in bytes
    pub(in crate::fs::udf) identifier_length: u8,
    /// 4/14.4.5
    pub(in crate::fs::udf) icb: LongAd,
    /// 4/14.4.6, in bytes
    pub(in crate::fs::udf) implementation_use_length: U16<LE>,
}
const _: () = assert!(size_of::<FileIdentifier>() == 38);

/// Extended attribute header descriptor, ECMA-167 4/14.10.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct ExtendedAttributeHeader {
    tag: Tag,
    implementation_attributes: U32<LE>,
    application_attributes: U32<LE>,
}
const _: () = assert!(size_of::<ExtendedAttributeHeader>() == 24);

/// Generic part of an extended attribute, ECMA-167 4/14.10.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct ExtendedAttribute {
    /// 4/14.10.2.1
    pub(in crate::fs::udf) kind: U32<LE>,
    subtype: u8,
    reserved: [u8; 3],
    /// 4/14.10.2.4, in bytes, with this part
    pub(in crate::fs::udf) length: U32<LE>,
}
const _: () = assert!(size_of::<ExtendedAttribute>() == 12);

/// Path component, ECMA-167 4/14.16.1, up to its identifier.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct PathComponent {
    /// 4/14.16.1.1
    pub(in crate::fs::udf) kind: u8,
    /// 4/14.16.1.2, in bytes
    pub(in crate::fs::udf) identifier_length: u8,
    version: U16<LE>,
}
const _: () = assert!(size_of::<PathComponent>() == 4);

/// Partition header descriptor, ECMA-167 4/14.3; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct PartitionHeader {
    unallocated_table: ShortAd,
    /// 4/14.3.2
    pub(in crate::fs::udf) unallocated_bitmap: ShortAd,
}
const _: () = assert!(size_of::<PartitionHeader>() == 16);

/// Space bitmap descriptor, ECMA-167 4/14.12, up to its bits.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct SpaceBitmap {
    pub(in crate::fs::udf) tag: Tag,
    /// 4/14.12.2
    pub(in crate::fs::udf) bits: U32<LE>,
    /// 4/14.12.3
    pub(in crate::fs::udf) bytes: U32<LE>,
}
const _: () = assert!(size_of::<SpaceBitmap>() == 24);
