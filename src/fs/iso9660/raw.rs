//! The structures of ISO 9660 as they lie on the disc, and nothing else. Offsets in the standards count from 1.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{BE, LE, U16, U32},
};

use crate::bytes::{Both16, Both32};

/// Bytes of a logical sector, ECMA-119 6.1.2.
pub(super) const SECTOR: u64 = 2048;

/// Sectors of the system area in front of the volume descriptors, ECMA-119 6.2.1.
pub(super) const SYSTEM_AREA_SECTORS: u64 = 16;

/// Volume descriptor types, ECMA-119 8.1.1.
pub(super) mod descriptor_type {
    pub(in super::super) const BOOT_RECORD: u8 = 0;
    pub(in super::super) const PRIMARY: u8 = 1;
    pub(in super::super) const SUPPLEMENTARY: u8 = 2;
    pub(in super::super) const TERMINATOR: u8 = 255;
}

/// File flags, ECMA-119 9.1.6.
pub(super) mod file_flags {
    pub(in super::super) const HIDDEN: u8 = 0x01;
    pub(in super::super) const DIRECTORY: u8 = 0x02;
    pub(in super::super) const ASSOCIATED: u8 = 0x04;
    pub(in super::super) const MULTI_EXTENT: u8 = 0x80;
}

/// Primary, supplementary or enhanced volume descriptor, ECMA-119 8.4 and 8.5; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct VolumeDescriptor {
    /// 8.4.1
    pub(super) kind: u8,
    /// 8.4.2, `CD001`
    pub(super) standard_identifier: [u8; 5],
    /// 8.4.3; 2 marks an enhanced descriptor
    pub(super) version: u8,
    /// 8.5.3
    pub(super) flags: u8,
    /// 8.4.5
    pub(super) system_identifier: [u8; 32],
    /// 8.4.6
    pub(super) volume_identifier: [u8; 32],
    unused_73: [u8; 8],
    /// 8.4.8, in logical blocks
    pub(super) volume_space_size: Both32,
    /// 8.5.6; unused in a primary descriptor
    pub(super) escape_sequences: [u8; 32],
    /// 8.4.10
    pub(super) volume_set_size: Both16,
    /// 8.4.11
    pub(super) volume_sequence_number: Both16,
    /// 8.4.12, in bytes
    pub(super) logical_block_size: Both16,
    /// 8.4.13, in bytes
    pub(super) path_table_size: Both32,
    /// 8.4.14, a logical block number
    pub(super) path_table_l: U32<LE>,
    /// 8.4.15, likewise; 0 where there is none
    pub(super) optional_path_table_l: U32<LE>,
    /// 8.4.16, a logical block number
    pub(super) path_table_m: U32<BE>,
    /// 8.4.17, likewise; 0 where there is none
    pub(super) optional_path_table_m: U32<BE>,
    /// 8.4.18, a directory record
    pub(super) root: [u8; 34],
}
const _: () = assert!(size_of::<VolumeDescriptor>() == 190);

/// What a primary, supplementary or enhanced volume descriptor has behind [`VolumeDescriptor`], ECMA-119 8.4.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct VolumeDescriptorTexts {
    /// 8.4.19
    pub(super) volume_set_identifier: [u8; 128],
    /// 8.4.20
    pub(super) publisher_identifier: [u8; 128],
    /// 8.4.21
    pub(super) data_preparer_identifier: [u8; 128],
    /// 8.4.22
    pub(super) application_identifier: [u8; 128],
    /// 8.4.23
    pub(super) copyright_file_identifier: [u8; 37],
    /// 8.4.24
    pub(super) abstract_file_identifier: [u8; 37],
    /// 8.4.25
    pub(super) bibliographic_file_identifier: [u8; 37],
    /// 8.4.26, digits and a zone
    pub(super) creation: [u8; 17],
    /// 8.4.27
    pub(super) modification: [u8; 17],
    /// 8.4.28
    pub(super) expiration: [u8; 17],
    /// 8.4.29
    pub(super) effective: [u8; 17],
}
const _: () = assert!(size_of::<VolumeDescriptorTexts>() == 691);

/// Volume descriptor of the High Sierra format, the draft before ISO 9660; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct HighSierraDescriptor {
    /// Where the descriptor itself lies
    block: Both32,
    pub(super) kind: u8,
    /// `CDROM`
    pub(super) standard_identifier: [u8; 5],
    version: u8,
    unused_16: u8,
    pub(super) system_identifier: [u8; 32],
    pub(super) volume_identifier: [u8; 32],
    unused_81: [u8; 8],
    /// In logical blocks
    pub(super) volume_space_size: Both32,
    unused_97: [u8; 32],
    pub(super) volume_set_size: Both16,
    pub(super) volume_sequence_number: Both16,
    /// In bytes
    pub(super) logical_block_size: Both16,
    path_table_size: Both32,
    path_tables: [u8; 32],
    /// A directory record
    pub(super) root: [u8; 34],
}
const _: () = assert!(size_of::<HighSierraDescriptor>() == 214);

/// What a volume descriptor of High Sierra has behind [`HighSierraDescriptor`].
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct HighSierraTexts {
    pub(super) volume_set_identifier: [u8; 128],
    pub(super) publisher_identifier: [u8; 128],
    pub(super) data_preparer_identifier: [u8; 128],
    pub(super) application_identifier: [u8; 128],
    pub(super) copyright_file_identifier: [u8; 32],
    pub(super) abstract_file_identifier: [u8; 32],
    /// Digits, without a zone
    pub(super) creation: [u8; 16],
    pub(super) modification: [u8; 16],
    pub(super) expiration: [u8; 16],
    pub(super) effective: [u8; 16],
}
const _: () = assert!(size_of::<HighSierraTexts>() == 640);

/// The fixed part of a directory record, ECMA-119 9.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct DirectoryRecord {
    /// 9.1.1, in bytes
    pub(super) length: u8,
    /// 9.1.2, in logical blocks
    pub(super) extended_attribute_length: u8,
    /// 9.1.3, a logical block number
    pub(super) extent: Both32,
    /// 9.1.4, in bytes
    pub(super) data_length: Both32,
    /// 9.1.5; High Sierra has six bytes, then the flags, then an unused byte
    pub(super) date: [u8; 7],
    /// 9.1.6
    pub(super) flags: u8,
    /// 9.1.7, in logical blocks
    pub(super) file_unit_size: u8,
    /// 9.1.8, in logical blocks
    pub(super) interleave_gap: u8,
    /// 9.1.9
    pub(super) volume_sequence_number: Both16,
    /// 9.1.10, in bytes
    pub(super) identifier_length: u8,
}
const _: () = assert!(size_of::<DirectoryRecord>() == 33);

/// Header of a system use entry, SUSP 4.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct SystemUseHeader {
    /// BP 1 and 2
    pub(super) signature: [u8; 2],
    /// BP 3, in bytes, with this header
    pub(super) length: u8,
    /// BP 4
    pub(super) version: u8,
}
const _: () = assert!(size_of::<SystemUseHeader>() == 4);

/// `CE`, continuation area, SUSP 5.1, behind the header.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ContinuationArea {
    /// BP 5, a logical block number
    pub(super) block: Both32,
    /// BP 13, in bytes
    pub(super) offset: Both32,
    /// BP 21, in bytes
    pub(super) length: Both32,
}
const _: () = assert!(size_of::<ContinuationArea>() == 24);

/// `PX`, POSIX file attributes, RRIP 4.1.1, behind the header.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PosixAttributes {
    /// BP 5, `st_mode`
    pub(super) mode: Both32,
    /// BP 13, `st_nlink`
    pub(super) links: Both32,
    /// BP 21, `st_uid`
    pub(super) uid: Both32,
    /// BP 29, `st_gid`
    pub(super) gid: Both32,
}
const _: () = assert!(size_of::<PosixAttributes>() == 32);

/// `PN`, POSIX device number, RRIP 4.1.2, behind the header.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PosixDevice {
    /// BP 5
    pub(super) high: Both32,
    /// BP 13
    pub(super) low: Both32,
}
const _: () = assert!(size_of::<PosixDevice>() == 16);

/// `SF`, sparse file, RRIP 1.12 4.1.7, behind the header.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct SparseFile {
    /// BP 5, upper half of the virtual size in bytes
    pub(super) size_high: Both32,
    /// BP 13, lower half
    pub(super) size_low: Both32,
    /// BP 21, levels of tables
    pub(super) depth: u8,
}
const _: () = assert!(size_of::<SparseFile>() == 17);

/// `ZF` and `Z2`, zisofs, behind the header.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ZisofsField {
    /// BP 5, `pz` (version 1), `PZ`, `XZ`, `L4`, `ZD`, `B2` (version 2)
    pub(super) algorithm: [u8; 2],
    /// BP 7, bytes of the file header divided by 4
    pub(super) header_size_div_4: u8,
    /// BP 8
    pub(super) block_size_log2: u8,
    /// BP 9: version 1 a both-endian 32-bit number, version 2 a little-endian 64-bit number; in bytes
    pub(super) size: [u8; 8],
}
const _: () = assert!(size_of::<ZisofsField>() == 12);

/// CD-ROM XA information in front of a system use field, "CD-ROM XA" II 2.7.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct ExtendedArchitecture {
    /// The group
    pub(super) group: U16<BE>,
    /// The owner
    pub(super) user: U16<BE>,
    /// Permissions, and the form of the sectors
    pub(super) attributes: U16<BE>,
    /// `XA`
    signature: [u8; 2],
    /// The number that the sectors of an interleaved file bear
    pub(super) file_number: u8,
    pub(super) reserved: [u8; 5],
}
const _: () = assert!(size_of::<ExtendedArchitecture>() == 14);

/// `AA`, Apple's Technical Note FL36, of a file on HFS, behind the header, whose version says so.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct AppleFile {
    pub(super) file_type: [u8; 4],
    pub(super) creator: [u8; 4],
    /// Flags of the Finder
    pub(super) flags: [u8; 2],
}
const _: () = assert!(size_of::<AppleFile>() == 10);

/// `AA` of a file on ProDOS, behind the header, whose version says so.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct AppleProDosFile {
    pub(super) file_type: u8,
    pub(super) auxiliary_type: U16<LE>,
}
const _: () = assert!(size_of::<AppleProDosFile>() == 3);

/// The start of `AS`, "Rock Ridge Amiga Specific" 2.4, behind the header, where the flags say that there is one.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned, Clone, Copy)]
#[repr(C)]
pub(super) struct AmigaProtection {
    /// Bits for whoever wants some
    pub(super) user: u8,
    pub(super) zero: u8,
    /// What groups and others may do
    pub(super) multiuser: u8,
    /// What the owner may not do, and marks
    pub(super) protection: u8,
}
const _: () = assert!(size_of::<AmigaProtection>() == 4);

/// Extended attribute record, ECMA-119 9.5; what follows is as long as it says.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ExtendedAttributeRecord {
    /// 9.5.1
    pub(super) owner: Both16,
    /// 9.5.2
    pub(super) group: Both16,
    /// 9.5.3
    pub(super) permissions: U16<BE>,
    /// 9.5.4, as all dates sixteen digits and a zone (8.4.26.1)
    pub(super) created: [u8; 17],
    /// 9.5.5
    pub(super) modified: [u8; 17],
    /// 9.5.6
    pub(super) expires: [u8; 17],
    /// 9.5.7
    pub(super) effective: [u8; 17],
    /// 9.5.8
    pub(super) record_format: u8,
    /// 9.5.9
    pub(super) record_attributes: u8,
    /// 9.5.10, in bytes
    pub(super) record_length: Both16,
    /// 9.5.11
    pub(super) system_identifier: [u8; 32],
    /// 9.5.12
    pub(super) system_use: [u8; 64],
    /// 9.5.13
    pub(super) version: u8,
    /// 9.5.14, in bytes
    pub(super) escape_sequences_length: u8,
    reserved_183: [u8; 64],
    /// 9.5.15, in bytes
    pub(super) application_use_length: Both16,
}
const _: () = assert!(size_of::<ExtendedAttributeRecord>() == 250);

/// The fixed part of a path table record, ECMA-119 9.4; its numbers are little-endian in a type L table, big-endian in a type M
/// one.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct PathTableRecord {
    /// 9.4.1, in bytes
    pub(super) identifier_length: u8,
    /// 9.4.2, in logical blocks
    pub(super) extended_attribute_length: u8,
    /// 9.4.3, a logical block number
    pub(super) extent: [u8; 4],
    /// 9.4.4, a number of a record of the table, from 1
    pub(super) parent: [u8; 2],
}
const _: () = assert!(size_of::<PathTableRecord>() == 8);
