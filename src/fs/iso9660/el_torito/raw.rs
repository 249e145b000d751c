//! The structures of El Torito as they lie on the disc, and those that tell how long a boot image is.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{LE, U16, U32},
};

/// Boot record volume descriptor, El Torito figure 7, ECMA-119 8.2; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(in super::super) struct BootRecord {
    /// 0, `CD001`, 1
    head: [u8; 7],
    /// `EL TORITO SPECIFICATION`
    pub(in super::super) system_identifier: [u8; 32],
    unused_28: [u8; 32],
    /// A sector of 2 048 bytes
    pub(in super::super) catalog: U32<LE>,
}
const _: () = assert!(size_of::<BootRecord>() == 75);

/// The first byte of a record of the catalog.
pub(super) mod indicator {
    pub(in super::super) const VALIDATION: u8 = 0x01;
    pub(in super::super) const NOT_BOOTABLE: u8 = 0x00;
    pub(in super::super) const EXTENSION: u8 = 0x44;
    pub(in super::super) const BOOTABLE: u8 = 0x88;
    pub(in super::super) const SECTION: u8 = 0x90;
    pub(in super::super) const LAST_SECTION: u8 = 0x91;
}

/// Validation entry, El Torito figure 2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct ValidationEntry {
    pub(super) indicator: u8,
    pub(super) platform: u8,
    reserved: [u8; 2],
    pub(super) id: [u8; 24],
    /// Makes the sum of all 16-bit words 0
    pub(super) checksum: U16<LE>,
    /// 0x55 0xaa
    pub(super) key: [u8; 2],
}
const _: () = assert!(size_of::<ValidationEntry>() == 32);

/// Initial entry, section entry, El Torito figures 3 and 5.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct Entry {
    pub(super) indicator: u8,
    /// Four bits for the emulation; 0x20: an extension follows
    pub(super) media_type: u8,
    pub(super) load_segment: U16<LE>,
    pub(super) system_type: u8,
    unused_5: u8,
    /// Sectors of 512 bytes
    pub(super) sector_count: U16<LE>,
    /// A sector of 2 048 bytes
    pub(super) start: U32<LE>,
    selection_criteria: [u8; 20],
}
const _: () = assert!(size_of::<Entry>() == 32);

/// Section header, El Torito figure 4.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct SectionHeader {
    pub(super) indicator: u8,
    pub(super) platform: u8,
    pub(super) entry_count: U16<LE>,
    pub(super) id: [u8; 28],
}
const _: () = assert!(size_of::<SectionHeader>() == 32);

/// The bit in the media type of a section entry, and in the second byte of an extension, behind which an extension follows, El
/// Torito figures 5 and 6.
pub(super) const IS_EXTENDED: u8 = 0x20;

/// Boot information table, mkisofs(8), from byte 8 of a boot program on; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct BootInfoTable {
    /// The sector of the primary volume descriptor
    pub(super) descriptor: U32<LE>,
    /// The first sector of the file itself
    pub(super) start: U32<LE>,
    /// Bytes of the file itself
    pub(super) length: U32<LE>,
}
const _: () = assert!(size_of::<BootInfoTable>() == 12);

/// Start of the boot sector of a FAT file system, FAT specification 3.1; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct FatBootSector {
    pub(super) jump: [u8; 3],
    oem_name: [u8; 8],
    /// In bytes
    pub(super) sector_size: U16<LE>,
    pub(super) sectors_per_cluster: u8,
    pub(super) reserved_sectors: U16<LE>,
    pub(super) fats: u8,
    root_entries: U16<LE>,
    /// 0 when `sectors_32` counts
    pub(super) sectors_16: U16<LE>,
    pub(super) media: u8,
    /// Sectors of a FAT, 0 in FAT32
    sectors_per_fat: U16<LE>,
    geometry: [u8; 8],
    pub(super) sectors_32: U32<LE>,
}
const _: () = assert!(size_of::<FatBootSector>() == 36);
