//! What discs are started from, forged: boot catalogs, and the boot sectors of disks and of FAT.

use super::forge::{Forge, SECTOR, both32};

pub const X86: u8 = 0;
pub const EFI: u8 = 0xef;

/// Where the catalog of a forged image lies.
pub const CATALOG: u32 = 19;

/// An entry of a catalog, for the firmware of `platform`.
#[derive(Clone, Copy)]
pub struct BootEntry {
    pub platform: u8,
    pub emulation: u8,
    pub load_size: u16,
    pub block: u32,
}

/// An entry without emulation.
pub fn boot_entry(platform: u8, load_size: u16, block: u32) -> BootEntry {
    BootEntry { platform, emulation: 0, load_size, block }
}

impl BootEntry {
    pub fn emulating(self, emulation: u8) -> Self {
        Self { emulation, ..self }
    }

    fn bytes(self) -> Vec<u8> {
        let mut out = vec![0x88, self.emulation, 0, 0, 0, 0];
        out.extend(self.load_size.to_le_bytes());
        out.extend(self.block.to_le_bytes());
        out.resize(32, 0);
        out
    }
}

fn validation(platform: u8) -> Vec<u8> {
    let mut out = vec![1, platform, 0, 0];
    out.resize(30, 0);
    out.extend([0x55, 0xaa]);
    let sum = out.chunks(2).fold(0u16, |sum, w| sum.wrapping_add(u16::from_le_bytes([w[0], w[1]])));
    out[28..30].copy_from_slice(&0u16.wrapping_sub(sum).to_le_bytes());
    out
}

/// A catalog, its first entry the initial one, each other in a section of its own.
pub fn catalog(entries: &[BootEntry]) -> Vec<u8> {
    let mut out = validation(entries.first().map_or(X86, |entry| entry.platform));
    for (n, entry) in entries.iter().enumerate() {
        if n > 0 {
            let mut header = vec![if n + 1 == entries.len() { 0x91 } else { 0x90 }, entry.platform, 1, 0];
            header.resize(32, 0);
            out.extend(header);
        }
        out.extend(entry.bytes());
    }
    out
}

/// The boot record of a disc whose catalog lies in that block.
pub fn boot_record(catalog: u32) -> Vec<u8> {
    let mut record = b"\0CD001\x01EL TORITO SPECIFICATION".to_vec();
    record.resize(71, 0);
    record.extend(catalog.to_le_bytes());
    record.resize(SECTOR, 0);
    record
}

impl Forge {
    /// Makes a disc one that can be started from.
    pub fn bootable(&mut self, entries: &[BootEntry]) -> &mut Self {
        self.put(17 * SECTOR, &boot_record(CATALOG)).terminator(18).block(CATALOG, &catalog(entries))
    }

    /// How many blocks the volume says it has.
    pub fn volume_size(&mut self, blocks: u32) -> &mut Self {
        self.put(16 * SECTOR + 80, &both32(blocks))
    }

    /// The bytes from here on are those of the image as a disk.
    pub fn master_boot_record(&mut self, partitions: &[(u8, u8, u32, u32)]) -> &mut Self {
        self.put(0, &master_boot_record(partitions))
    }
}

/// A master boot record: status, type, first sector and sectors of each partition.
pub fn master_boot_record(partitions: &[(u8, u8, u32, u32)]) -> Vec<u8> {
    let mut out = vec![0; 446];
    for (status, kind, start, sectors) in partitions {
        out.extend([*status, 0, 0, 0, *kind, 0, 0, 0]);
        out.extend(start.to_le_bytes());
        out.extend(sectors.to_le_bytes());
    }
    out.resize(510, 0);
    out.extend([0x55, 0xaa]);
    out
}

/// The boot sector of a FAT file system of so many sectors of so many bytes.
pub fn fat(sectors: u32, sector_size: u16) -> Vec<u8> {
    let mut out = b"\xeb\x3c\x90FORGED  ".to_vec();
    out.extend(sector_size.to_le_bytes());
    let short = u16::try_from(sectors).unwrap_or(0);
    out.extend([4, 1, 0, 2, 0, 2]);
    out.extend(short.to_le_bytes());
    out.extend([0xf8, 9, 0, 18, 0, 2, 0, 0, 0, 0, 0]);
    out.extend(if short == 0 { sectors } else { 0 }.to_le_bytes());
    out.resize(510, 0);
    out.extend([0x55, 0xaa]);
    out
}

/// The start of a boot program that lies in that block, with a boot information table.
pub fn boot_program(descriptor: u32, block: u32, len: u32) -> Vec<u8> {
    let mut out = vec![0x90; 8];
    for number in [descriptor, block, len, 0] {
        out.extend(number.to_le_bytes());
    }
    out.resize(64, 0);
    out
}
