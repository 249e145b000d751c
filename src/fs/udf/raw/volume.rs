//! Volumes: ECMA-167 part 3, and what UDF adds to them.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{LE, U16, U32},
};

use super::{EntityIdentifier, ExtentAd, LongAd, Tag};

/// Anchor volume descriptor pointer, ECMA-167 3/10.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct Anchor {
    tag: Tag,
    /// 3/10.2.2
    pub(in crate::fs::udf) main: ExtentAd,
    /// 3/10.2.3
    pub(in crate::fs::udf) reserve: ExtentAd,
}
const _: () = assert!(size_of::<Anchor>() == 32);

/// Volume descriptor pointer, ECMA-167 3/10.3.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct VolumePointer {
    tag: Tag,
    sequence_number: U32<LE>,
    /// 3/10.3.3
    pub(in crate::fs::udf) next: ExtentAd,
}
const _: () = assert!(size_of::<VolumePointer>() == 28);

/// Primary volume descriptor, ECMA-167 3/10.1; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct PrimaryVolume {
    tag: Tag,
    /// 3/10.1.2
    pub(in crate::fs::udf) sequence_number: U32<LE>,
    number: U32<LE>,
    /// 3/10.1.4, a dstring
    pub(in crate::fs::udf) identifier: [u8; 32],
    /// 3/10.1.5
    pub(in crate::fs::udf) volume_sequence_number: U16<LE>,
    /// 3/10.1.6
    pub(in crate::fs::udf) max_volume_sequence_number: U16<LE>,
    interchange_levels: [u8; 4],
    character_set_lists: [u8; 8],
    /// 3/10.1.11, a dstring
    pub(in crate::fs::udf) volume_set_identifier: [u8; 128],
    character_sets: [u8; 128],
    volume_abstract: ExtentAd,
    volume_copyright: ExtentAd,
    /// 3/10.1.16
    pub(in crate::fs::udf) application: EntityIdentifier,
    /// 3/10.1.17, a timestamp
    pub(in crate::fs::udf) recorded: [u8; 12],
    /// 3/10.1.18
    pub(in crate::fs::udf) implementation: EntityIdentifier,
}
const _: () = assert!(size_of::<PrimaryVolume>() == 420);

/// Implementation use volume descriptor, ECMA-167 3/10.4, as UDF 2.2.7 uses it (`*UDF LV Info`).
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct ImplementationUseVolume {
    tag: Tag,
    /// 3/10.4.2
    pub(in crate::fs::udf) sequence_number: U32<LE>,
    /// 3/10.4.3
    pub(in crate::fs::udf) implementation: EntityIdentifier,
    character_set: [u8; 64],
    logical_volume_identifier: [u8; 128],
    /// UDF 2.2.7.2.3, dstrings: who owns the volume, which organization, how they are reached
    pub(in crate::fs::udf) information: [[u8; 36]; 3],
}
const _: () = assert!(size_of::<ImplementationUseVolume>() == 352);

/// Partition descriptor, ECMA-167 3/10.5; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct PartitionDescriptor {
    tag: Tag,
    /// 3/10.5.2
    pub(in crate::fs::udf) sequence_number: U32<LE>,
    flags: U16<LE>,
    /// 3/10.5.4
    pub(in crate::fs::udf) number: U16<LE>,
    /// 3/10.5.5
    pub(in crate::fs::udf) contents: EntityIdentifier,
    /// 3/10.5.6: [`PartitionHeader`](super::file::PartitionHeader) where the contents are those of NSR
    pub(in crate::fs::udf) contents_use: [u8; 128],
    /// 3/10.5.7
    pub(in crate::fs::udf) access_type: U32<LE>,
    /// 3/10.5.8, a block of the volume
    pub(in crate::fs::udf) start: U32<LE>,
    /// 3/10.5.9, in blocks
    pub(in crate::fs::udf) length: U32<LE>,
}
const _: () = assert!(size_of::<PartitionDescriptor>() == 196);

/// Logical volume descriptor, ECMA-167 3/10.6, up to the partition maps.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct LogicalVolume {
    tag: Tag,
    /// 3/10.6.2
    pub(in crate::fs::udf) sequence_number: U32<LE>,
    character_set: [u8; 64],
    /// 3/10.6.4, a dstring
    pub(in crate::fs::udf) identifier: [u8; 128],
    /// 3/10.6.5, in bytes
    pub(in crate::fs::udf) block_size: U32<LE>,
    /// 3/10.6.6
    pub(in crate::fs::udf) domain: EntityIdentifier,
    /// 3/10.6.7: where the file set descriptor lies, ECMA-167 4/3.1
    pub(in crate::fs::udf) file_set: LongAd,
    /// 3/10.6.8, in bytes
    pub(in crate::fs::udf) map_table_length: U32<LE>,
    /// 3/10.6.9
    pub(in crate::fs::udf) map_count: U32<LE>,
    /// 3/10.6.9
    pub(in crate::fs::udf) implementation: EntityIdentifier,
    implementation_use: [u8; 128],
    /// 3/10.6.12
    pub(in crate::fs::udf) integrity: ExtentAd,
}
const _: () = assert!(size_of::<LogicalVolume>() == 440);

/// Type 1 partition map, ECMA-167 3/10.7.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct PartitionMap1 {
    kind: u8,
    length: u8,
    volume_sequence_number: U16<LE>,
    /// 3/10.7.2.4
    pub(in crate::fs::udf) partition: U16<LE>,
}
const _: () = assert!(size_of::<PartitionMap1>() == 6);

/// Type 2 partition map, ECMA-167 3/10.7.3, with the fields that UDF 2.2.8, 2.2.9 and 2.2.10 share.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct PartitionMap2 {
    kind: u8,
    length: u8,
    reserved: [u8; 2],
    pub(in crate::fs::udf) identifier: EntityIdentifier,
    volume_sequence_number: U16<LE>,
    pub(in crate::fs::udf) partition: U16<LE>,
    /// As the type says: [`SparableMap`], [`MetadataMap`], nothing
    pub(in crate::fs::udf) rest: [u8; 24],
}
const _: () = assert!(size_of::<PartitionMap2>() == 64);

/// What a sparable partition map has behind the common part, UDF 2.2.9.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct SparableMap {
    /// In blocks
    pub(in crate::fs::udf) packet_length: U16<LE>,
    pub(in crate::fs::udf) table_count: u8,
    reserved: u8,
    /// Of each table, in bytes
    pub(in crate::fs::udf) table_size: U32<LE>,
    /// Blocks of the volume
    pub(in crate::fs::udf) tables: [U32<LE>; 4],
}
const _: () = assert!(size_of::<SparableMap>() == 24);

/// What a metadata partition map has behind the common part, UDF 2.2.10.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct MetadataMap {
    /// A block of the partition that the metadata lies in
    pub(in crate::fs::udf) main: U32<LE>,
    /// Likewise
    pub(in crate::fs::udf) mirror: U32<LE>,
    bitmap: U32<LE>,
    allocation_unit: U32<LE>,
    alignment_unit: U16<LE>,
    flags: u8,
    reserved: [u8; 5],
}
const _: () = assert!(size_of::<MetadataMap>() == 24);

/// Sparing table, UDF 2.2.12, up to its entries.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct SparingTable {
    tag: Tag,
    pub(in crate::fs::udf) identifier: EntityIdentifier,
    /// Entries
    pub(in crate::fs::udf) length: U16<LE>,
    reserved: U16<LE>,
    pub(in crate::fs::udf) sequence_number: U32<LE>,
}
const _: () = assert!(size_of::<SparingTable>() == 56);

/// Entry of a sparing table, UDF 2.2.12.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(in crate::fs::udf) struct SparingEntry {
    /// First block of a packet, counted from the start of the partition
    pub(in crate::fs::udf) original: U32<LE>,
    /// First block of the packet in its stead, counted from the start of the volume
    pub(in crate::fs::udf) mapped: U32<LE>,
}
const _: () = assert!(size_of::<SparingEntry>() == 8);

/// Header of a virtual allocation table, UDF 2.00 2.2.11.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct VirtualTableHeader {
    /// In bytes, with the implementation use behind this structure
    pub(in crate::fs::udf) length: U16<LE>,
    implementation_use_length: U16<LE>,
    /// A dstring
    pub(in crate::fs::udf) volume_identifier: [u8; 128],
    previous: U32<LE>,
    pub(in crate::fs::udf) files: U32<LE>,
    pub(in crate::fs::udf) directories: U32<LE>,
    /// As in [`IntegrityUse`]
    pub(in crate::fs::udf) min_read_revision: U16<LE>,
    min_write_revision: U16<LE>,
    max_write_revision: U16<LE>,
    reserved: U16<LE>,
}
const _: () = assert!(size_of::<VirtualTableHeader>() == 152);

/// Logical volume integrity descriptor, ECMA-167 3/10.10, up to its tables.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct Integrity {
    tag: Tag,
    /// 3/10.10.2, a timestamp
    pub(in crate::fs::udf) recorded: [u8; 12],
    /// 3/10.10.3; 0 open, 1 closed
    pub(in crate::fs::udf) kind: U32<LE>,
    /// 3/10.10.4
    pub(in crate::fs::udf) next: ExtentAd,
    contents_use: [u8; 32],
    /// 3/10.10.6
    pub(in crate::fs::udf) partitions: U32<LE>,
    /// 3/10.10.7, in bytes
    pub(in crate::fs::udf) implementation_use_length: U32<LE>,
}
const _: () = assert!(size_of::<Integrity>() == 80);

/// Implementation use of the integrity descriptor, UDF 2.2.6.4.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in crate::fs::udf) struct IntegrityUse {
    implementation: EntityIdentifier,
    pub(in crate::fs::udf) files: U32<LE>,
    pub(in crate::fs::udf) directories: U32<LE>,
    /// Binary coded decimal: 0x0201 is 2.01
    pub(in crate::fs::udf) min_read_revision: U16<LE>,
    /// Likewise
    pub(in crate::fs::udf) min_write_revision: U16<LE>,
    /// Likewise
    pub(in crate::fs::udf) max_write_revision: U16<LE>,
}
const _: () = assert!(size_of::<IntegrityUse>() == 46);
