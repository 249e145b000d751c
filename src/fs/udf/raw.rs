//! The structures of UDF (ECMA-167, OSTA UDF) as they lie on the disc, and nothing else. All numbers are little-endian.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{LE, U16, U32, U64},
};

/// Tag identifiers, ECMA-167 3/7.2.1 and 4/7.2.1.
pub(super) mod tag {
    pub(in super::super) const SPARING_TABLE: u16 = 0;
    pub(in super::super) const PRIMARY_VOLUME: u16 = 1;
    pub(in super::super) const ANCHOR: u16 = 2;
    pub(in super::super) const VOLUME_POINTER: u16 = 3;
    pub(in super::super) const IMPLEMENTATION_USE_VOLUME: u16 = 4;
    pub(in super::super) const PARTITION: u16 = 5;
    pub(in super::super) const LOGICAL_VOLUME: u16 = 6;
    pub(in super::super) const TERMINATING: u16 = 8;
    pub(in super::super) const INTEGRITY: u16 = 9;
    pub(in super::super) const FILE_SET: u16 = 256;
    pub(in super::super) const FILE_IDENTIFIER: u16 = 257;
    pub(in super::super) const ALLOCATION_EXTENT: u16 = 258;
    pub(in super::super) const INDIRECT_ENTRY: u16 = 259;
    pub(in super::super) const FILE_ENTRY: u16 = 261;
    pub(in super::super) const SPACE_BITMAP: u16 = 264;
    pub(in super::super) const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// File types in an ICB tag, ECMA-167 4/14.6.6 and UDF 2.3.5.2.
pub(super) mod file_type {
    pub(in super::super) const UNSPECIFIED: u8 = 0;
    pub(in super::super) const DIRECTORY: u8 = 4;
    pub(in super::super) const FILE: u8 = 5;
    pub(in super::super) const BLOCK_DEVICE: u8 = 6;
    pub(in super::super) const CHARACTER_DEVICE: u8 = 7;
    pub(in super::super) const FIFO: u8 = 9;
    pub(in super::super) const SOCKET: u8 = 10;
    pub(in super::super) const SYMBOLIC_LINK: u8 = 12;
    pub(in super::super) const STREAM_DIRECTORY: u8 = 13;
    pub(in super::super) const VIRTUAL_ALLOCATION_TABLE: u8 = 248;
    pub(in super::super) const REAL_TIME: u8 = 249;
}

/// Flags of an ICB tag, ECMA-167 4/14.6.8.
pub(super) mod icb_flags {
    /// Bits 0 to 2: the kind of the allocation descriptors.
    pub(in super::super) const ALLOCATION: u16 = 0x0007;
    pub(in super::super) const SETUID: u16 = 0x0040;
    pub(in super::super) const SETGID: u16 = 0x0080;
    pub(in super::super) const STICKY: u16 = 0x0100;
}

/// Kinds of allocation descriptors, ECMA-167 4/14.6.8.
pub(super) mod allocation {
    pub(in super::super) const SHORT: u16 = 0;
    pub(in super::super) const LONG: u16 = 1;
    pub(in super::super) const EXTENDED: u16 = 2;
    pub(in super::super) const INLINE: u16 = 3;
}

/// File characteristics, ECMA-167 4/14.4.3.
pub(super) mod characteristics {
    pub(in super::super) const HIDDEN: u8 = 0x01;
    pub(in super::super) const DIRECTORY: u8 = 0x02;
    pub(in super::super) const DELETED: u8 = 0x04;
    pub(in super::super) const PARENT: u8 = 0x08;
}

/// Descriptor tag, ECMA-167 3/7.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Tag {
    /// 3/7.2.1
    pub(super) identifier: U16<LE>,
    /// 3/7.2.2; 2 (ECMA-167 2nd edition) or 3
    pub(super) version: U16<LE>,
    /// 3/7.2.3, the sum of the other fifteen bytes
    pub(super) checksum: u8,
    reserved: u8,
    serial_number: U16<LE>,
    /// 3/7.2.6
    pub(super) crc: U16<LE>,
    /// 3/7.2.7, bytes behind the tag that the CRC covers
    pub(super) crc_length: U16<LE>,
    /// 3/7.2.8, the block that the descriptor lies in, counted from the start of its partition or volume
    pub(super) location: U32<LE>,
}
const _: () = assert!(size_of::<Tag>() == 16);

/// `extent_ad`, ECMA-167 3/7.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct ExtentAd {
    /// In bytes
    pub(super) length: U32<LE>,
    /// A block of the volume
    pub(super) location: U32<LE>,
}
const _: () = assert!(size_of::<ExtentAd>() == 8);

/// `lb_addr`, ECMA-167 4/7.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct LbAddr {
    /// A block of the partition
    pub(super) block: U32<LE>,
    /// Index of a partition map
    pub(super) partition: U16<LE>,
}
const _: () = assert!(size_of::<LbAddr>() == 6);

/// `short_ad`, ECMA-167 4/14.14.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct ShortAd {
    /// In bytes; the two highest bits are the type of the extent
    pub(super) length: U32<LE>,
    /// A block of the partition that the ICB lies in
    pub(super) block: U32<LE>,
}
const _: () = assert!(size_of::<ShortAd>() == 8);

/// `long_ad`, ECMA-167 4/14.14.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct LongAd {
    /// In bytes; the two highest bits are the type of the extent
    pub(super) length: U32<LE>,
    pub(super) location: LbAddr,
    implementation_use: [u8; 6],
}
const _: () = assert!(size_of::<LongAd>() == 16);

/// `ext_ad`, ECMA-167 4/14.14.3.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct ExtendedAd {
    /// In bytes; the two highest bits are the type of the extent
    pub(super) length: U32<LE>,
    /// In bytes
    pub(super) recorded_length: U32<LE>,
    /// In bytes; another than the recorded length when the extent is compressed
    pub(super) information_length: U32<LE>,
    pub(super) location: LbAddr,
    implementation_use: [u8; 2],
}
const _: () = assert!(size_of::<ExtendedAd>() == 20);

/// `regid`, ECMA-167 1/7.4.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct EntityIdentifier {
    flags: u8,
    pub(super) identifier: [u8; 23],
    /// UDF 2.1.5.3: for `*OSTA UDF Compliant` and the partition types the revision first
    pub(super) suffix: [u8; 8],
}
const _: () = assert!(size_of::<EntityIdentifier>() == 32);

/// Anchor volume descriptor pointer, ECMA-167 3/10.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Anchor {
    tag: Tag,
    /// 3/10.2.2
    pub(super) main: ExtentAd,
    /// 3/10.2.3
    pub(super) reserve: ExtentAd,
}
const _: () = assert!(size_of::<Anchor>() == 32);

/// Volume descriptor pointer, ECMA-167 3/10.3.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct VolumePointer {
    tag: Tag,
    sequence_number: U32<LE>,
    /// 3/10.3.3
    pub(super) next: ExtentAd,
}
const _: () = assert!(size_of::<VolumePointer>() == 28);

/// Primary volume descriptor, ECMA-167 3/10.1; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PrimaryVolume {
    tag: Tag,
    /// 3/10.1.2
    pub(super) sequence_number: U32<LE>,
    number: U32<LE>,
    /// 3/10.1.4, a dstring
    pub(super) identifier: [u8; 32],
    /// 3/10.1.5
    pub(super) volume_sequence_number: U16<LE>,
    /// 3/10.1.6
    pub(super) max_volume_sequence_number: U16<LE>,
    interchange_levels: [u8; 4],
    character_set_lists: [u8; 8],
    /// 3/10.1.11, a dstring
    pub(super) volume_set_identifier: [u8; 128],
    character_sets: [u8; 128],
    volume_abstract: ExtentAd,
    volume_copyright: ExtentAd,
    /// 3/10.1.16
    pub(super) application: EntityIdentifier,
    /// 3/10.1.17, a timestamp
    pub(super) recorded: [u8; 12],
    /// 3/10.1.18
    pub(super) implementation: EntityIdentifier,
}
const _: () = assert!(size_of::<PrimaryVolume>() == 420);

/// Implementation use volume descriptor, ECMA-167 3/10.4, as UDF 2.2.7 uses it (`*UDF LV Info`).
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ImplementationUseVolume {
    tag: Tag,
    /// 3/10.4.2
    pub(super) sequence_number: U32<LE>,
    /// 3/10.4.3
    pub(super) implementation: EntityIdentifier,
    character_set: [u8; 64],
    logical_volume_identifier: [u8; 128],
    /// UDF 2.2.7.2.3, dstrings: who owns the volume, which organization, how they are reached
    pub(super) information: [[u8; 36]; 3],
}
const _: () = assert!(size_of::<ImplementationUseVolume>() == 352);

/// Partition descriptor, ECMA-167 3/10.5; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PartitionDescriptor {
    tag: Tag,
    /// 3/10.5.2
    pub(super) sequence_number: U32<LE>,
    flags: U16<LE>,
    /// 3/10.5.4
    pub(super) number: U16<LE>,
    /// 3/10.5.5
    pub(super) contents: EntityIdentifier,
    /// 3/10.5.6: [`PartitionHeader`] where the contents are those of NSR
    pub(super) contents_use: [u8; 128],
    /// 3/10.5.7
    pub(super) access_type: U32<LE>,
    /// 3/10.5.8, a block of the volume
    pub(super) start: U32<LE>,
    /// 3/10.5.9, in blocks
    pub(super) length: U32<LE>,
}
const _: () = assert!(size_of::<PartitionDescriptor>() == 196);

/// Logical volume descriptor, ECMA-167 3/10.6, up to the partition maps.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct LogicalVolume {
    tag: Tag,
    /// 3/10.6.2
    pub(super) sequence_number: U32<LE>,
    character_set: [u8; 64],
    /// 3/10.6.4, a dstring
    pub(super) identifier: [u8; 128],
    /// 3/10.6.5, in bytes
    pub(super) block_size: U32<LE>,
    /// 3/10.6.6
    pub(super) domain: EntityIdentifier,
    /// 3/10.6.7: where the file set descriptor lies, ECMA-167 4/3.1
    pub(super) file_set: LongAd,
    /// 3/10.6.8, in bytes
    pub(super) map_table_length: U32<LE>,
    /// 3/10.6.9
    pub(super) map_count: U32<LE>,
    /// 3/10.6.9
    pub(super) implementation: EntityIdentifier,
    implementation_use: [u8; 128],
    /// 3/10.6.12
    pub(super) integrity: ExtentAd,
}
const _: () = assert!(size_of::<LogicalVolume>() == 440);

/// Type 1 partition map, ECMA-167 3/10.7.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PartitionMap1 {
    kind: u8,
    length: u8,
    volume_sequence_number: U16<LE>,
    /// 3/10.7.2.4
    pub(super) partition: U16<LE>,
}
const _: () = assert!(size_of::<PartitionMap1>() == 6);

/// Type 2 partition map, ECMA-167 3/10.7.3, with the fields that UDF 2.2.8, 2.2.9 and 2.2.10 share.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PartitionMap2 {
    kind: u8,
    length: u8,
    reserved: [u8; 2],
    pub(super) identifier: EntityIdentifier,
    volume_sequence_number: U16<LE>,
    pub(super) partition: U16<LE>,
    /// As the type says: [`SparableMap`], [`MetadataMap`], nothing
    pub(super) rest: [u8; 24],
}
const _: () = assert!(size_of::<PartitionMap2>() == 64);

/// What a sparable partition map has behind the common part, UDF 2.2.9.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct SparableMap {
    /// In blocks
    pub(super) packet_length: U16<LE>,
    pub(super) table_count: u8,
    reserved: u8,
    /// Of each table, in bytes
    pub(super) table_size: U32<LE>,
    /// Blocks of the volume
    pub(super) tables: [U32<LE>; 4],
}
const _: () = assert!(size_of::<SparableMap>() == 24);

/// What a metadata partition map has behind the common part, UDF 2.2.10.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct MetadataMap {
    /// A block of the partition that the metadata lies in
    pub(super) main: U32<LE>,
    /// Likewise
    pub(super) mirror: U32<LE>,
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
pub(super) struct SparingTable {
    tag: Tag,
    pub(super) identifier: EntityIdentifier,
    /// Entries
    pub(super) length: U16<LE>,
    reserved: U16<LE>,
    pub(super) sequence_number: U32<LE>,
}
const _: () = assert!(size_of::<SparingTable>() == 56);

/// Entry of a sparing table, UDF 2.2.12.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct SparingEntry {
    /// First block of a packet, counted from the start of the partition
    pub(super) original: U32<LE>,
    /// First block of the packet in its stead, counted from the start of the volume
    pub(super) mapped: U32<LE>,
}
const _: () = assert!(size_of::<SparingEntry>() == 8);

/// Header of a virtual allocation table, UDF 2.00 2.2.11.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct VirtualTableHeader {
    /// In bytes, with the implementation use behind this structure
    pub(super) length: U16<LE>,
    implementation_use_length: U16<LE>,
    /// A dstring
    pub(super) volume_identifier: [u8; 128],
    previous: U32<LE>,
    pub(super) files: U32<LE>,
    pub(super) directories: U32<LE>,
    /// As in [`IntegrityUse`]
    pub(super) min_read_revision: U16<LE>,
    min_write_revision: U16<LE>,
    max_write_revision: U16<LE>,
    reserved: U16<LE>,
}
const _: () = assert!(size_of::<VirtualTableHeader>() == 152);

/// Logical volume integrity descriptor, ECMA-167 3/10.10, up to its tables.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Integrity {
    tag: Tag,
    /// 3/10.10.2, a timestamp
    pub(super) recorded: [u8; 12],
    /// 3/10.10.3; 0 open, 1 closed
    pub(super) kind: U32<LE>,
    /// 3/10.10.4
    pub(super) next: ExtentAd,
    contents_use: [u8; 32],
    /// 3/10.10.6
    pub(super) partitions: U32<LE>,
    /// 3/10.10.7, in bytes
    pub(super) implementation_use_length: U32<LE>,
}
const _: () = assert!(size_of::<Integrity>() == 80);

/// Implementation use of the integrity descriptor, UDF 2.2.6.4.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct IntegrityUse {
    implementation: EntityIdentifier,
    pub(super) files: U32<LE>,
    pub(super) directories: U32<LE>,
    /// Binary coded decimal: 0x0201 is 2.01
    pub(super) min_read_revision: U16<LE>,
    /// Likewise
    pub(super) min_write_revision: U16<LE>,
    /// Likewise
    pub(super) max_write_revision: U16<LE>,
}
const _: () = assert!(size_of::<IntegrityUse>() == 46);

/// File set descriptor, ECMA-167 4/14.1; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct FileSet {
    tag: Tag,
    unread_16: [u8; 24],
    /// 4/14.1.7
    pub(super) number: U32<LE>,
    /// 4/14.1.8
    pub(super) descriptor_number: U32<LE>,
    character_sets: [u8; 64],
    logical_volume_identifier: [u8; 128],
    character_set: [u8; 64],
    /// 4/14.1.12, a dstring
    pub(super) identifier: [u8; 32],
    /// 4/14.1.13, a dstring
    pub(super) copyright_file: [u8; 32],
    /// 4/14.1.14, a dstring
    pub(super) abstract_file: [u8; 32],
    /// 4/14.1.15
    pub(super) root: LongAd,
    domain: EntityIdentifier,
    /// 4/14.1.17
    pub(super) next: LongAd,
}
const _: () = assert!(size_of::<FileSet>() == 464);

/// ICB tag, ECMA-167 4/14.6.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct IcbTag {
    prior_direct_entries: U32<LE>,
    /// 4/14.6.2
    pub(super) strategy: U16<LE>,
    strategy_parameter: [u8; 2],
    max_entries: U16<LE>,
    reserved: u8,
    /// 4/14.6.6
    pub(super) file_type: u8,
    parent: LbAddr,
    /// 4/14.6.8
    pub(super) flags: U16<LE>,
}
const _: () = assert!(size_of::<IcbTag>() == 20);

/// Indirect entry, ECMA-167 4/14.7.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct IndirectEntry {
    tag: Tag,
    icb: IcbTag,
    /// 4/14.7.3
    pub(super) target: LongAd,
}
const _: () = assert!(size_of::<IndirectEntry>() == 52);

/// What file entry and extended file entry have in common, ECMA-167 4/14.9.1 to 4/14.9.10.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct FileEntryStart {
    pub(super) tag: Tag,
    pub(super) icb: IcbTag,
    /// 4/14.9.3
    pub(super) uid: U32<LE>,
    /// 4/14.9.4
    pub(super) gid: U32<LE>,
    /// 4/14.9.5, five bits each for others, group and owner
    pub(super) permissions: U32<LE>,
    /// 4/14.9.6
    pub(super) links: U16<LE>,
    record_format: u8,
    record_display_attributes: u8,
    record_length: U32<LE>,
    /// 4/14.9.10, in bytes
    pub(super) information_length: U64<LE>,
}
const _: () = assert!(size_of::<FileEntryStart>() == 64);

/// File entry, ECMA-167 4/14.9, behind [`FileEntryStart`].
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct FileEntryRest {
    /// 4/14.9.11
    pub(super) blocks_recorded: U64<LE>,
    /// 4/14.9.12, a timestamp
    pub(super) accessed: [u8; 12],
    /// 4/14.9.13
    pub(super) modified: [u8; 12],
    /// 4/14.9.14
    pub(super) attributes_changed: [u8; 12],
    checkpoint: U32<LE>,
    /// 4/14.9.16
    pub(super) extended_attributes: LongAd,
    implementation: EntityIdentifier,
    unique_id: U64<LE>,
    /// 4/14.9.19, in bytes
    pub(super) extended_attributes_length: U32<LE>,
    /// 4/14.9.20, in bytes
    pub(super) allocation_length: U32<LE>,
}
const _: () = assert!(size_of::<FileEntryRest>() == 112);

/// Extended file entry, ECMA-167 4/14.17, behind [`FileEntryStart`].
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ExtendedFileEntryRest {
    object_size: U64<LE>,
    /// 4/14.17.12
    pub(super) blocks_recorded: U64<LE>,
    /// 4/14.17.13, a timestamp
    pub(super) accessed: [u8; 12],
    /// 4/14.17.14
    pub(super) modified: [u8; 12],
    /// 4/14.17.15
    pub(super) created: [u8; 12],
    /// 4/14.17.16
    pub(super) attributes_changed: [u8; 12],
    checkpoint: U32<LE>,
    reserved: U32<LE>,
    /// 4/14.17.19
    pub(super) extended_attributes: LongAd,
    /// 4/14.17.20
    pub(super) streams: LongAd,
    implementation: EntityIdentifier,
    unique_id: U64<LE>,
    /// 4/14.17.23, in bytes
    pub(super) extended_attributes_length: U32<LE>,
    /// 4/14.17.24, in bytes
    pub(super) allocation_length: U32<LE>,
}
const _: () = assert!(size_of::<ExtendedFileEntryRest>() == 152);

/// Allocation extent descriptor, ECMA-167 4/14.5, up to its allocation descriptors.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct AllocationExtent {
    tag: Tag,
    previous: U32<LE>,
    /// 4/14.5.3, in bytes
    pub(super) length: U32<LE>,
}
const _: () = assert!(size_of::<AllocationExtent>() == 24);

/// File identifier descriptor, ECMA-167 4/14.4, up to its variable part.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct FileIdentifier {
    pub(super) tag: Tag,
    version: U16<LE>,
    /// 4/14.4.3
    pub(super) characteristics: u8,
    /// 4/14.4.4, in bytes
    pub(super) identifier_length: u8,
    /// 4/14.4.5
    pub(super) icb: LongAd,
    /// 4/14.4.6, in bytes
    pub(super) implementation_use_length: U16<LE>,
}
const _: () = assert!(size_of::<FileIdentifier>() == 38);

/// Extended attribute header descriptor, ECMA-167 4/14.10.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ExtendedAttributeHeader {
    tag: Tag,
    implementation_attributes: U32<LE>,
    application_attributes: U32<LE>,
}
const _: () = assert!(size_of::<ExtendedAttributeHeader>() == 24);

/// Generic part of an extended attribute, ECMA-167 4/14.10.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ExtendedAttribute {
    /// 4/14.10.2.1
    pub(super) kind: U32<LE>,
    subtype: u8,
    reserved: [u8; 3],
    /// 4/14.10.2.4, in bytes, with this part
    pub(super) length: U32<LE>,
}
const _: () = assert!(size_of::<ExtendedAttribute>() == 12);

/// Path component, ECMA-167 4/14.16.1, up to its identifier.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PathComponent {
    /// 4/14.16.1.1
    pub(super) kind: u8,
    /// 4/14.16.1.2, in bytes
    pub(super) identifier_length: u8,
    version: U16<LE>,
}
const _: () = assert!(size_of::<PathComponent>() == 4);

/// Partition header descriptor, ECMA-167 4/14.3; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PartitionHeader {
    unallocated_table: ShortAd,
    /// 4/14.3.2
    pub(super) unallocated_bitmap: ShortAd,
}
const _: () = assert!(size_of::<PartitionHeader>() == 16);

/// Space bitmap descriptor, ECMA-167 4/14.12, up to its bits.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct SpaceBitmap {
    pub(super) tag: Tag,
    /// 4/14.12.2
    pub(super) bits: U32<LE>,
    /// 4/14.12.3
    pub(super) bytes: U32<LE>,
}
const _: () = assert!(size_of::<SpaceBitmap>() == 24);
