//! What a disc is started from: the boot catalog of El Torito and its images, and the partitions of a disc that is a disk too.

use zerocopy::FromBytes;

use super::super::{
    descriptor::DescriptorSet,
    raw::{self, SECTOR, SYSTEM_AREA_SECTORS, descriptor_type},
};
use crate::{
    bytes::as_usize,
    fs::check::{Examination, Finding, Flaw},
    limits,
    volume::Volume,
};

/// Bytes of a block of a disk.
const BLOCK: u64 = 512;

/// Entries of a boot catalog that are looked at: as many as its sector has.
const ENTRIES: usize = 64;

/// Entries of a GUID partition table that are looked at: as many as the standard wants room for.
const PARTITIONS: u64 = 128;

const SYSTEM_IDENTIFIER: &[u8] = b"EL TORITO SPECIFICATION";

/// Looks at the boot catalog of a session and at the tables of partitions.
pub(super) fn check(volume: &Volume, set: &DescriptorSet, found: &mut Examination) {
    partitions(volume, found);
    // A boot image may lie in a partition behind the volume.
    let ends = found.regions.iter().filter(|region| region.has_contents).map(|region| region.extent.end());
    let end = ends.max().unwrap_or(0).max(set.end()).max(volume.len());
    let first = set.start.saturating_add(SYSTEM_AREA_SECTORS);
    for number in 0..limits::VOLUME_DESCRIPTORS {
        let at = first.saturating_add(number).saturating_mul(SECTOR);
        let mut bytes = [0; size_of::<raw::BootRecord>()];
        if volume.peek(&mut bytes, at).is_err() || bytes.get(1..6) != Some(b"CD001") {
            break;
        }
        let kind = bytes.first().copied();
        if kind == Some(descriptor_type::TERMINATOR) {
            break;
        }
        let Ok(record) = raw::BootRecord::ref_from_bytes(&bytes) else { break };
        if kind == Some(descriptor_type::BOOT_RECORD)
            && crate::text::trimmed(&record.system_identifier) == SYSTEM_IDENTIFIER
        {
            catalog(volume, u64::from(record.catalog.get()).saturating_mul(SECTOR), end, found);
        }
    }
}

/// The boot catalog in the sector at byte `at` of a volume that ends at byte `end`.
fn catalog(volume: &Volume, at: u64, end: u64, found: &mut Examination) {
    if at.saturating_add(SECTOR) > end {
        let text = format!("the boot catalog is to be at byte {at}; the volume ends at byte {end}");
        found.add(Finding::new(Flaw::BootImage, text).at(at, SECTOR));
        return;
    }
    found.region(at, SECTOR, "the boot catalog", true);
    let mut sector = vec![0; as_usize(SECTOR)];
    // What is missing or cannot be read is told for its bytes.
    if volume.read(&mut sector, at).is_err() {
        return;
    }
    let entry_size = size_of::<raw::BootEntry>();
    let validation = sector.get(..entry_size).unwrap_or_default();
    let words = validation.chunks_exact(2).filter_map(|word| Some(u16::from_le_bytes(*word.first_chunk()?)));
    let sum = words.fold(0, u16::wrapping_add);
    let is_valid =
        validation.first() == Some(&1) && validation.get(30..32) == Some(&[0x55, 0xaa]) && sum == 0;
    if !is_valid {
        let text = format!("the validation entry of the boot catalog at byte {at} is wrong");
        found.add(Finding::new(Flaw::BootCatalog, text).at(at, SECTOR));
        return;
    }
    // Headers of sections begin with 0x90 or 0x91, extensions with 0x44; the rest are entries until one has nothing.
    for entry in sector.chunks_exact(entry_size).skip(1).take(ENTRIES) {
        let Ok(entry) = raw::BootEntry::ref_from_bytes(entry) else { break };
        match entry.indicator {
            0x90 | 0x91 | 0x44 => {}
            0x88 | 0 if entry.start.get() > 0 => image(entry, end, found),
            _ => break,
        }
    }
}

fn image(entry: &raw::BootEntry, end: u64, found: &mut Examination) {
    let at = u64::from(entry.start.get()).saturating_mul(SECTOR);
    let floppy = match entry.media & 0x0f {
        1 => Some(1_228_800),
        2 => Some(1_474_560),
        3 => Some(2_949_120),
        _ => None,
    };
    let loaded = u64::from(entry.sector_count.get()).saturating_mul(BLOCK);
    if at.saturating_add(loaded) > end {
        let text =
            format!("a boot image of {loaded} bytes is to be at byte {at}; the volume ends at byte {end}");
        found.add(Finding::new(Flaw::BootImage, text).at(at, loaded));
        return;
    }
    // Of a floppy the last sectors may be left out.
    found.contents(at, floppy.unwrap_or(loaded).min(end.saturating_sub(at)), "a boot image");
}

/// Partitions that do not hold the volume itself: what lies in them is no part of its tree.
fn partitions(volume: &Volume, found: &mut Examination) {
    let mut head = [0; 512];
    if volume.peek(&mut head, 0).is_err() || head.get(510..512) != Some(&[0x55, 0xaa]) {
        return;
    }
    let entries = head.get(446..510).unwrap_or_default().chunks_exact(size_of::<raw::PartitionEntry>());
    let entries: Vec<&raw::PartitionEntry> =
        entries.filter_map(|entry| raw::PartitionEntry::ref_from_bytes(entry).ok()).collect();
    // A boot sector without a table has code there.
    let is_table = entries.iter().all(|entry| matches!(entry.status, 0 | 0x80));
    let has_guid_table = entries.iter().any(|entry| entry.kind == 0xee);
    for entry in entries.into_iter().filter(|_| is_table) {
        if entry.kind != 0 && entry.kind != 0xee {
            let at = u64::from(entry.start.get()).saturating_mul(BLOCK);
            partition(at, u64::from(entry.len.get()).saturating_mul(BLOCK), found);
        }
    }
    if has_guid_table || head.starts_with(b"\0") {
        guid_partitions(volume, found);
    }
}

fn partition(at: u64, len: u64, found: &mut Examination) {
    if at >= SYSTEM_AREA_SECTORS.saturating_mul(SECTOR) {
        found.contents(at, len, "a partition");
    }
}

fn guid_partitions(volume: &Volume, found: &mut Examination) {
    let mut bytes = [0; size_of::<raw::GuidTable>()];
    if volume.peek(&mut bytes, BLOCK).is_err() {
        return;
    }
    let Ok(table) = raw::GuidTable::ref_from_bytes(&bytes) else { return };
    let size = u64::from(table.entry_size.get());
    if &table.signature != b"EFI PART" || !(128..=4096).contains(&size) {
        return;
    }
    let first = table.entries.get().saturating_mul(BLOCK);
    for number in 0..u64::from(table.count.get()).min(PARTITIONS) {
        let mut bytes = [0; size_of::<raw::GuidEntry>()];
        let at = first.saturating_add(number.saturating_mul(size));
        if volume.peek(&mut bytes, at).is_err() {
            return;
        }
        let Ok(entry) = raw::GuidEntry::ref_from_bytes(&bytes) else { return };
        if entry.kind != [0; 16] && entry.last.get() >= entry.first.get() {
            let at = entry.first.get().saturating_mul(BLOCK);
            let blocks = entry.last.get().saturating_sub(entry.first.get()).saturating_add(1);
            partition(at, blocks.saturating_mul(BLOCK), found);
        }
    }
}
