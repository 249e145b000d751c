//! How long boot images are. The catalog says only how much of each is loaded, so that the evidence is collected, the best first:
//!
//! 1. a floppy disk has the size of its kind;
//! 2. a boot information table in the image, which knows the place and the length of its own file;
//! 3. the file of the tree that begins at the same place. It is looked for only where two of the others do not agree;
//! 4. the file system in it (FAT) or, of a hard disk, the partition table;
//! 5. the partition of the disc that begins at the same place;
//! 6. how much is loaded, unless that is a number that says nothing: 0, 65 535 (as much as can be said), and for EFI 1 (UEFI
//!    13.3.2.1);
//! 7. what is known to lie behind it.
//!
//! What an image says of itself (1, 4), and how much is loaded, does not reach past that, nor past the end of the image file, or of the
//! volume or partition in it when that is cut. A boot information table that says so is none.

use zerocopy::FromBytes;

use super::{
    super::{descriptor::VolumeTree, raw::SYSTEM_AREA_SECTORS},
    Session,
    catalog::Entry,
    raw, search,
};
use crate::{
    error::{Error, Result},
    fs::{
        boot::{Emulation, Platform, SizeBy, Surroundings},
        iso9660::raw::SECTOR,
    },
    volume::Volume,
};

/// Bytes of a sector of the load size.
const LOADED_SECTOR: u64 = 512;

/// Where the boot information table lies in an image.
const BOOT_INFO_TABLE: u64 = 8;

/// Bytes in front of those that the checksum of a boot information table covers: no file with one is shorter.
const BOOT_INFO_END: u32 = 64;

/// What speaks for the size of one image.
#[derive(Debug, Clone, Default)]
struct Evidence {
    /// Known by its kind, or said by its boot information table.
    known: Option<(u64, SizeBy)>,
    /// What it says of itself inside.
    inside: Option<(u64, SizeBy)>,
    partition: Option<u64>,
    loaded: Option<u64>,
}

impl Evidence {
    /// The size that needs no look for a file, because it is known, or two agree on it.
    fn settled(&self) -> Option<(u64, SizeBy)> {
        let agreed = |size: &u64| self.loaded == Some(*size) || self.partition == Some(*size);
        let partition = self.partition.filter(|size| self.loaded == Some(*size));
        self.known
            .or(self.inside.filter(|(size, _)| agreed(size)))
            .or(partition.map(|size| (size, SizeBy::Partition)))
    }

    /// The best there is beside a file.
    fn best(&self) -> Option<(u64, SizeBy)> {
        let partition = self.partition.map(|size| (size, SizeBy::Partition));
        let loaded = self.loaded.map(|size| (size, SizeBy::LoadSize));
        self.settled().or(self.inside).or(partition).or(loaded)
    }
}

/// The sizes of the images that these entries lead to, and what says so.
///
/// # Errors
/// [`Error::Io`] when the storage fails.
pub(super) fn sizes(
    volume: &Volume,
    session: &Session,
    entries: &[Entry],
    around: &Surroundings<'_>,
) -> Result<Vec<(u64, SizeBy)>> {
    let all: Vec<Evidence> =
        entries.iter().map(|entry| evidence(volume, session, entry, around)).collect::<Result<_>>()?;
    let open = entries.iter().zip(&all).filter(|(_, evidence)| evidence.settled().is_none());
    let wanted: Vec<u64> = open.map(|(entry, _)| entry.at()).collect();
    let places = match &session.tree {
        Some(tree) if !wanted.is_empty() => files(volume, tree, wanted)?,
        _ => Vec::new(),
    };
    let partitions = around.partitions.iter().map(|(at, _)| *at);
    let mut known: Vec<u64> = entries.iter().map(Entry::at).chain(partitions).collect();
    known.push(session.catalog_at);
    known.extend(places.iter().filter_map(|place| place.next));
    known.sort_unstable();
    let size_of = |(entry, evidence): (&Entry, &Evidence)| {
        let at = entry.at();
        let place = places.iter().find(|place| place.at == at);
        if let Some(len) = place.and_then(|place| place.len).filter(|_| evidence.settled().is_none()) {
            return (len, SizeBy::File);
        }
        let end = session.end_of(volume, at, around);
        let next = known.get(known.partition_point(|place| *place <= at)).copied();
        // One that lies behind the end of the image is as long as it says.
        let room = if at < end { next.unwrap_or(end).min(end).saturating_sub(at) } else { u64::MAX };
        match evidence.best() {
            Some((size, by @ (SizeBy::Partition | SizeBy::BootInfoTable))) => (size, by),
            Some((size, by)) => (size.min(room), by),
            None if at < end => (room, SizeBy::NextKnown),
            None => (0, SizeBy::NextKnown),
        }
    };
    Ok(entries.iter().zip(&all).map(size_of).collect())
}

/// As [`search::files`]; a root that is damaged has none.
fn files(volume: &Volume, tree: &VolumeTree, wanted: Vec<u64>) -> Result<Vec<search::Place>> {
    match search::files(volume, tree, wanted) {
        Err(error @ Error::Io { .. }) => Err(error),
        found => Ok(found.unwrap_or_default()),
    }
}

fn evidence(
    volume: &Volume,
    session: &Session,
    entry: &Entry,
    around: &Surroundings<'_>,
) -> Result<Evidence> {
    let at = entry.at();
    if let Some(size) = entry.emulation.size() {
        return Ok(Evidence { known: Some((size, SizeBy::Floppy)), ..Evidence::default() });
    }
    if let Some(size) = boot_info_length(volume, session, entry, around)? {
        return Ok(Evidence { known: Some((size, SizeBy::BootInfoTable)), ..Evidence::default() });
    }
    let partition = around.partitions.iter().find(|(start, _)| *start == at).map(|(_, size)| *size);
    if entry.emulation == Emulation::HardDisk {
        // What is loaded is its first sector alone.
        let inside = (around.disk_image)(at)?.map(|size| (size, SizeBy::PartitionTable));
        return Ok(Evidence { inside, partition, ..Evidence::default() });
    }
    let inside = fat_size(volume, at)?.map(|size| (size, SizeBy::FileSystem));
    Ok(Evidence { known: None, inside, partition, loaded: loaded(entry) })
}

/// What the load size says of the size of an image.
fn loaded(entry: &Entry) -> Option<u64> {
    match entry.load_size {
        0 | u16::MAX => None,
        1 if entry.platform == Platform::Efi => None,
        sectors => Some(u64::from(sectors).saturating_mul(LOADED_SECTOR)),
    }
}

/// The length that a boot information table says, when it names the place of the image and that of the volume descriptor.
fn boot_info_length(
    volume: &Volume,
    session: &Session,
    entry: &Entry,
    around: &Surroundings<'_>,
) -> Result<Option<u64>> {
    let mut bytes = [0; size_of::<raw::BootInfoTable>()];
    if !fill(volume, &mut bytes, entry.at().saturating_add(BOOT_INFO_TABLE))? {
        return Ok(None);
    }
    let Ok(table) = raw::BootInfoTable::ref_from_bytes(&bytes) else { return Ok(None) };
    let descriptor = u64::from(table.descriptor.get());
    let is_ours = table.start.get() == entry.start
        && (descriptor == SYSTEM_AREA_SECTORS
            || descriptor == session.start.saturating_add(SYSTEM_AREA_SECTORS));
    let length = u64::from(table.length.get());
    let end = entry.at().saturating_add(length);
    let is_possible =
        table.length.get() >= BOOT_INFO_END && end <= session.end_of(volume, entry.at(), around);
    Ok((is_ours && is_possible).then_some(length))
}

/// Bytes of the FAT file system that begins at byte `at`.
fn fat_size(volume: &Volume, at: u64) -> Result<Option<u64>> {
    let mut bytes = [0; size_of::<raw::FatBootSector>()];
    if !fill(volume, &mut bytes, at)? {
        return Ok(None);
    }
    Ok(raw::FatBootSector::ref_from_bytes(&bytes).ok().and_then(fat_size_of))
}

/// Bytes of a FAT file system by its boot sector; `None` when it is none.
fn fat_size_of(sector: &raw::FatBootSector) -> Option<u64> {
    let sectors = match sector.sectors_16.get() {
        0 => sector.sectors_32.get(),
        sectors => sectors.into(),
    };
    let is_fat = matches!(sector.jump, [0xeb, _, 0x90] | [0xe9, ..])
        && matches!(sector.sector_size.get(), 512 | 1024 | 2048 | 4096)
        && sector.sectors_per_cluster.is_power_of_two()
        && matches!(sector.fats, 1 | 2)
        && matches!(sector.media, 0xf0 | 0xf8..)
        && sector.reserved_sectors.get() > 0
        && sectors > sector.reserved_sectors.get().into();
    is_fat.then(|| u64::from(sectors).saturating_mul(sector.sector_size.get().into()))
}

/// Fills `buf` from byte `at` on; false where the image ends before.
fn fill(volume: &Volume, buf: &mut [u8], at: u64) -> Result<bool> {
    match volume.peek(buf, at) {
        Ok(()) => Ok(true),
        Err(error @ Error::Io { .. }) => Err(error),
        Err(_) => Ok(false),
    }
}

impl Entry {
    /// Byte offset of the image.
    pub(super) fn at(&self) -> u64 {
        u64::from(self.start).saturating_mul(SECTOR)
    }
}
