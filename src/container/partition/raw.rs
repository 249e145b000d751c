//! Partition tables as they lie on the disc, and nothing else.

use zerocopy::{
    FromBytes, Immutable, KnownLayout, Unaligned,
    byteorder::{BE, LE, U16, U32, U64},
};

/// The last two bytes of a boot record that has a partition table.
pub(super) const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xaa];

/// Master boot record, or extended boot record; UEFI 5.2.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct BootRecord {
    code: [u8; 440],
    disk_signature: U32<LE>,
    unknown: [u8; 2],
    pub(super) entries: [BootRecordEntry; 4],
    pub(super) signature: [u8; 2],
}
const _: () = assert!(size_of::<BootRecord>() == 512);

/// Partition of a boot record, UEFI 5.2.1.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct BootRecordEntry {
    /// 0x80 of the partition that is started from, else 0
    pub(super) status: u8,
    first_cylinder_head_sector: [u8; 3],
    pub(super) kind: u8,
    last_cylinder_head_sector: [u8; 3],
    /// A sector, counted from the place that the record counts from
    pub(super) start: U32<LE>,
    /// In sectors
    pub(super) sectors: U32<LE>,
}
const _: () = assert!(size_of::<BootRecordEntry>() == 16);

/// GPT header, UEFI 5.3.2.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct GptHeader {
    /// `EFI PART`
    pub(super) signature: [u8; 8],
    revision: U32<LE>,
    /// In bytes
    pub(super) header_size: U32<LE>,
    /// Of the first `header_size` bytes, with 0 in the place of this field
    pub(super) header_crc: U32<LE>,
    reserved: U32<LE>,
    /// The sector in which this header lies
    pub(super) own_sector: U64<LE>,
    /// The sector of the other header
    pub(super) other_sector: U64<LE>,
    first_usable_sector: U64<LE>,
    last_usable_sector: U64<LE>,
    pub(super) disk_guid: [u8; 16],
    /// The first sector of the entries
    pub(super) entries: U64<LE>,
    pub(super) entry_count: U32<LE>,
    /// In bytes
    pub(super) entry_size: U32<LE>,
    /// Of all entries
    pub(super) entries_crc: U32<LE>,
}
const _: () = assert!(size_of::<GptHeader>() == 92);

/// GPT partition entry, UEFI 5.3.3.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct GptEntry {
    /// All 0 in an entry that is not used
    pub(super) type_guid: [u8; 16],
    pub(super) guid: [u8; 16],
    pub(super) first_sector: U64<LE>,
    /// Still inside
    pub(super) last_sector: U64<LE>,
    pub(super) attributes: U64<LE>,
    /// UTF-16 with the low byte first
    pub(super) name: [u8; 72],
}
const _: () = assert!(size_of::<GptEntry>() == 128);

/// Attributes of a GPT partition entry, UEFI 5.3.3.
pub(super) mod gpt_attributes {
    pub(in super::super) const LEGACY_BIOS_BOOTABLE: u64 = 1 << 2;
}

/// Driver descriptor record, block 0 of a disk of Apple's, Inside Macintosh: Devices, 3-12; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct DriverDescriptor {
    /// `ER`
    pub(super) signature: [u8; 2],
    /// In bytes
    pub(super) block_size: U16<BE>,
}
const _: () = assert!(size_of::<DriverDescriptor>() == 4);

/// Entry of an Apple partition map, one in each block from block 1 on, Inside Macintosh: Devices, 3-13; the part that is read.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(super) struct AppleEntry {
    /// `PM`
    pub(super) signature: [u8; 2],
    pad: [u8; 2],
    /// Entries of the map
    pub(super) entry_count: U32<BE>,
    /// A block
    pub(super) start: U32<BE>,
    /// In blocks
    pub(super) blocks: U32<BE>,
    /// Ends at a NUL
    pub(super) name: [u8; 32],
    /// Ends at a NUL
    pub(super) kind: [u8; 32],
    data_start: U32<BE>,
    data_blocks: U32<BE>,
    pub(super) status: U32<BE>,
}
const _: () = assert!(size_of::<AppleEntry>() == 92);

/// Status of an entry of an Apple partition map.
pub(super) mod apple_status {
    pub(in super::super) const BOOTABLE: u32 = 1 << 3;
}
