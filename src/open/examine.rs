//! What a check finds of all that a disc can be started from: where it lies, and what of it is damaged.

use std::borrow::Cow;

use super::boot::{BootImage, Partition, PartitionTable, PartitionType, Platform, Read, Scheme, SizeBy};
use crate::{
    error::{Corrupt, Findings},
    fs::{
        boot::VALIDATION_ENTRY,
        check::{Examination, Finding, Flaw, Region},
    },
    text,
    tree::Extent,
    volume::Volume,
};

/// Where the volume descriptors lie: a partition that begins in front of them is the disc itself.
const DESCRIPTORS: u64 = 32 * 1024;

/// Bytes of a sector: what is known of a boot image whose size nobody says.
const SECTOR: u64 = 2048;

/// Bytes of a sector of the load size.
const LOADED_SECTOR: u64 = 512;

/// Adds what was read to an examination of the volume.
pub(super) fn add(boot: &Read, volume: &Volume, found: &mut Examination) {
    for table in &boot.tables {
        regions_of_table(table, found);
    }
    findings_of_tables(boot, volume, found);
    // A boot image may lie in a partition behind the volume.
    let ends = found.regions.iter().filter(|region| region.has_contents).map(|region| region.extent.end());
    let end = ends.fold(found.end.max(volume.len()), u64::max);
    if let Some(catalog) = &boot.catalog {
        found.region(catalog.at, SECTOR, "the boot catalog", true);
        for image in &catalog.images {
            add_image(image, end, volume, found);
        }
    }
    findings_of_catalog(&boot.of_catalog, end, volume, found);
}

/// Where a table and its partitions lie. The disc itself is no region, nor is what holds other partitions or nothing.
fn regions_of_table(table: &PartitionTable, found: &mut Examination) {
    let name = name_of(table.scheme);
    // What has a copy is not needed.
    for (at, len) in &table.structures {
        found.region(*at, *len, name, table.copy.is_empty());
    }
    for (at, len) in &table.copy {
        found.region(*at, *len, "the copy of the GPT", false);
    }
    for partition in table.partitions.iter().filter(|partition| partition.at >= DESCRIPTORS) {
        if super::boot::partition_file_name(table.scheme, partition).is_some() && !is_gap(partition) {
            let kind = partition.kind.name().map(|kind| format!(" ({})", text::escape(kind.as_bytes())));
            let what = format!("partition {} of {name}{}", partition.number, kind.unwrap_or_default());
            contents(Extent { at: partition.at, len: partition.size }, what, found);
        }
    }
}

fn contents(extent: Extent, what: String, found: &mut Examination) {
    if extent.len > 0 {
        found.regions.push(Region { extent, what: Cow::Owned(what), is_needed: true, has_contents: true });
    }
}

fn name_of(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Mbr => "the MBR",
        Scheme::Gpt => "the GPT",
        Scheme::Apple => "the Apple partition map",
    }
}

/// Whether it is a partition that libisofs declares for what lies between others, so that nothing of the disc is in none.
fn is_gap(partition: &Partition) -> bool {
    let digits =
        partition.name.strip_prefix("Gap").filter(|_| matches!(partition.kind, PartitionType::Gpt(_)));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Only a GPT has a copy, so that something of it can be wrong and nothing lost.
fn findings_of_tables(boot: &Read, volume: &Volume, found: &mut Examination) {
    let gpt = boot.tables.iter().find(|table| table.scheme == Scheme::Gpt);
    let of_noted = match gpt {
        Some(table) if !table.is_copy() => Flaw::PartitionTableCopy,
        _ => Flaw::PartitionTable,
    };
    let lost = boot.of_tables.lost.iter().map(|wrong| (Flaw::PartitionTable, wrong));
    let noted = boot.of_tables.noted.iter().map(|wrong| (of_noted, wrong));
    for (flaw, wrong) in lost.chain(noted) {
        found.add(finding(flaw, wrong, volume));
    }
}

fn finding(flaw: Flaw, wrong: &Corrupt, volume: &Volume) -> Finding {
    Finding::new(flaw, volume.said(&wrong.clone().into())).at(wrong.at, 0)
}

/// What is wrong with the catalog, but for its images.
fn findings_of_catalog(wrong: &Findings, end: u64, volume: &Volume, found: &mut Examination) {
    for wrong in &wrong.lost {
        let at = wrong.at;
        if volume.contains(at, 1) {
            found.add(finding(Flaw::BootCatalog, wrong, volume));
        } else if at < volume.start() || at.saturating_add(SECTOR) <= end {
            // What is missing is told for its bytes.
            found.region(at, SECTOR, "the boot catalog", true);
        } else {
            let place = volume.byte(at);
            let text =
                format!("the boot catalog is to be at {place}; the volume ends at {}", volume.byte(end));
            found.add(Finding::new(Flaw::BootImage, text).at(at, SECTOR));
        }
    }
    for wrong in wrong.noted.iter().filter(|wrong| wrong.structure == VALIDATION_ENTRY) {
        // A writer that makes no checksum leaves it 0; a mark that is another, where the checksum is right, was written so.
        let is_damage = wrong.field == "checksum" && wrong.found != "0";
        let flaw = if is_damage { Flaw::BootCatalog } else { Flaw::BootCatalogMark };
        found.add(finding(flaw, wrong, volume));
    }
}

/// A boot image of a volume that ends at byte `end`.
fn add_image(image: &BootImage, end: u64, volume: &Volume, found: &mut Examination) {
    let loaded = u64::from(image.load_size).saturating_mul(LOADED_SECTOR);
    let name = format!("boot image {} ({})", image.number, platform(image.platform));
    // How much is loaded says nothing where it is as much as can be said.
    let least = if image.load_size == u16::MAX { 1 } else { loaded.max(1) };
    if image.at.saturating_add(least) > end {
        let text = format!(
            "{name} of {loaded} bytes is to be at {}; the volume ends at {}",
            volume.byte(image.at),
            volume.byte(end)
        );
        found.add(Finding::new(Flaw::BootImage, text).at(image.at, loaded));
        return;
    }
    // Nobody knows how far one reaches whose size is only that of the room for it.
    let size =
        if image.size_by == SizeBy::NextKnown { image.size.min(least.max(SECTOR)) } else { image.size };
    // Of a floppy the last sectors may be left out.
    contents(Extent { at: image.at, len: size.min(end.saturating_sub(image.at)) }, name, found);
}

fn platform(platform: Platform) -> Cow<'static, str> {
    match platform {
        Platform::X86 => "x86".into(),
        Platform::PowerPc => "PowerPC".into(),
        Platform::Mac => "Mac".into(),
        Platform::Efi => "EFI".into(),
        Platform::Other(number) => format!("firmware {number:#04x}").into(),
    }
}
