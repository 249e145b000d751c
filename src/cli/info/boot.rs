//! What a disc can be started from, for people and as JSON.

use std::sync::Arc;

use serde::Serialize;

use super::{super::human, sheet::Section};
use crate::{
    open::{
        Boot, BootCatalog, BootImage, Described, Emulation, Partition, PartitionTable, PartitionType,
        Platform, Scheme, SizeBy, image_file_name, partition_file_name,
    },
    text::escape,
};

/// The segment that programs are loaded into where the catalog names none.
const USUAL_SEGMENT: u16 = 0x7c0;

/// Bytes of the sectors in which the catalog counts what is loaded.
const LOADED_SECTOR: u64 = 512;

/// Bytes of a sector of the disc.
const SECTOR: u64 = 2048;

/// `null` what is not known, or not recorded.
#[derive(Debug, Serialize)]
pub(super) struct BootObject {
    catalog: Option<CatalogObject>,
    tables: Vec<TableObject>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CatalogObject {
    sector: u64,
    platform: String,
    id: Option<String>,
    images: Vec<ImageObject>,
}

#[derive(Debug, Serialize)]
struct ImageObject {
    number: u32,
    platform: String,
    id: Option<String>,
    bootable: bool,
    emulation: String,
    load_segment: u16,
    system_type: u8,
    load_size: u64,
    at: u64,
    size: u64,
    size_by: &'static str,
    available: u64,
    file: String,
}

#[derive(Debug, Serialize)]
struct TableObject {
    scheme: &'static str,
    at: u64,
    sector_size: u32,
    guid: Option<String>,
    partitions: Vec<PartitionObject>,
}

#[derive(Debug, Serialize)]
struct PartitionObject {
    number: u32,
    r#type: String,
    type_name: Option<String>,
    name: Option<String>,
    guid: Option<String>,
    bootable: bool,
    at: u64,
    size: u64,
    available: u64,
    file: Option<String>,
}

/// What an image can be started from; `None` when there is nothing, or it cannot be read.
pub(super) fn of(described: &Described) -> Option<Arc<Boot>> {
    let boot = described.image.as_ref().ok()?.boot().inspect_err(|error| log::warn!("{error}")).ok()?;
    let has_any = boot.catalog.is_some()
        || !boot.tables.is_empty()
        || !boot.findings.lost.is_empty()
        || !boot.findings.noted.is_empty();
    has_any.then_some(boot)
}

/// The object of what a disc of `len` bytes can be started from.
pub(super) fn object(boot: &Boot, len: u64) -> BootObject {
    BootObject {
        catalog: boot.catalog.as_ref().map(|catalog| catalog_object(catalog, len)),
        tables: boot.tables.iter().map(|table| table_object(table, len)).collect(),
        notes: notes(boot),
    }
}

fn catalog_object(catalog: &BootCatalog, len: u64) -> CatalogObject {
    let image = |image: &BootImage| ImageObject {
        number: image.number,
        platform: platform(image.platform),
        id: text(&image.id),
        bootable: image.is_bootable,
        emulation: emulation(image.emulation),
        load_segment: image.load_segment,
        system_type: image.system_type,
        load_size: u64::from(image.load_size).saturating_mul(LOADED_SECTOR),
        at: image.at,
        size: image.size,
        size_by: size_by(image.size_by),
        available: image.available(len),
        file: image_file_name(image),
    };
    CatalogObject {
        sector: catalog.at / SECTOR,
        platform: platform(catalog.platform),
        id: text(&catalog.id),
        images: catalog.images.iter().map(image).collect(),
    }
}

fn table_object(table: &PartitionTable, len: u64) -> TableObject {
    let partition = |partition: &Partition| PartitionObject {
        number: partition.number,
        r#type: type_of(&partition.kind),
        type_name: partition.kind.name().map(str::to_owned),
        name: text(&partition.name),
        guid: partition.guid.map(|guid| guid.to_string()),
        bootable: partition.is_bootable,
        at: partition.at,
        size: partition.size,
        available: partition.available(len),
        file: partition_file_name(table.scheme, partition),
    };
    TableObject {
        scheme: table.scheme.word(),
        at: table.at,
        sector_size: table.sector,
        guid: table.guid.map(|guid| guid.to_string()),
        partitions: table.partitions.iter().map(partition).collect(),
    }
}

/// The lines of what a disc of `len` bytes can be started from.
pub(super) fn section(boot: &Boot, len: u64) -> Section {
    let mut section = Section::default();
    if let Some(catalog) = &boot.catalog {
        let mut parts = vec![format!("boot catalog in sector {}", catalog.at / SECTOR)];
        parts.extend(text(&catalog.id).map(|id| escape(id.as_bytes())));
        section.row("El Torito", parts.join(", "));
        for image in &catalog.images {
            section.row_at(2, &image.number.to_string(), image_line(image, len));
        }
    }
    for table in &boot.tables {
        let title = match table.scheme {
            Scheme::Mbr => "MBR",
            Scheme::Gpt => "GPT",
            Scheme::Apple => "Apple map",
        };
        let guid = table.guid.map(|guid| format!("disk {guid}, ")).unwrap_or_default();
        section.row(title, format!("{guid}sectors of {} bytes", table.sector));
        for partition in &table.partitions {
            section.row_at(2, &partition.number.to_string(), partition_line(partition, len));
        }
    }
    for (number, note) in notes(boot).iter().enumerate() {
        section.row(if number == 0 { "note" } else { "" }, escape(note.as_bytes()));
    }
    section
}

fn image_line(image: &BootImage, len: u64) -> String {
    let emulation = match image.emulation {
        Emulation::None => "no emulation".to_owned(),
        kind => format!("{} emulation", emulation(kind)),
    };
    let mut parts = vec![platform(image.platform), emulation];
    if !image.is_bootable {
        parts.push("not bootable".to_owned());
    }
    parts.extend(text(&image.id).map(|id| escape(id.as_bytes())));
    parts.push(place(image.at, image.size, image.available(len)));
    parts.push(format!("{} loaded", size(u64::from(image.load_size).saturating_mul(LOADED_SECTOR))));
    if ![0, USUAL_SEGMENT].contains(&image.load_segment) {
        parts.push(format!("to segment {:#x}", image.load_segment));
    }
    parts.join(", ")
}

fn partition_line(partition: &Partition, len: u64) -> String {
    let kind = match (&partition.kind, partition.kind.name()) {
        (PartitionType::Apple(_), Some(name)) => escape(name.as_bytes()),
        (PartitionType::Mbr(_), Some(name)) => format!("{} ({name})", type_of(&partition.kind)),
        (_, Some(name)) => name.to_owned(),
        (_, None) => type_of(&partition.kind),
    };
    let mut parts = vec![kind];
    parts.extend(text(&partition.name).map(|name| escape(name.as_bytes())));
    parts.push(place(partition.at, partition.size, partition.available(len)));
    if partition.is_bootable {
        parts.push("bootable".to_owned());
    }
    parts.join(", ")
}

fn size(bytes: u64) -> String {
    if bytes < 1024 { format!("{bytes} bytes") } else { human::size(bytes) }
}

fn place(at: u64, bytes: u64, available: u64) -> String {
    let missing = bytes.saturating_sub(available);
    let missing = if missing > 0 { format!(" ({missing} bytes missing)") } else { String::new() };
    format!("{} at byte {at}{missing}", size(bytes))
}

fn notes(boot: &Boot) -> Vec<String> {
    boot.findings.lost.iter().chain(&boot.findings.noted).map(ToString::to_string).collect()
}

fn text(recorded: &str) -> Option<String> {
    (!recorded.is_empty()).then(|| recorded.to_owned())
}

fn platform(platform: Platform) -> String {
    match platform {
        Platform::X86 => "x86".to_owned(),
        Platform::PowerPc => "powerpc".to_owned(),
        Platform::Mac => "mac".to_owned(),
        Platform::Efi => "efi".to_owned(),
        Platform::Other(number) => format!("{number:#04x}"),
    }
}

fn emulation(emulation: Emulation) -> String {
    match emulation {
        Emulation::None => "none".to_owned(),
        Emulation::Floppy1200 => "floppy-1.2M".to_owned(),
        Emulation::Floppy1440 => "floppy-1.44M".to_owned(),
        Emulation::Floppy2880 => "floppy-2.88M".to_owned(),
        Emulation::HardDisk => "disk".to_owned(),
        Emulation::Other(number) => format!("{number:#04x}"),
    }
}

fn size_by(size_by: SizeBy) -> &'static str {
    match size_by {
        SizeBy::Floppy => "floppy",
        SizeBy::BootInfoTable => "boot_info_table",
        SizeBy::File => "file",
        SizeBy::FileSystem => "file_system",
        SizeBy::PartitionTable => "partition_table",
        SizeBy::Partition => "partition",
        SizeBy::LoadSize => "load_size",
        SizeBy::NextKnown => "next_known",
    }
}

fn type_of(kind: &PartitionType) -> String {
    match kind {
        PartitionType::Mbr(byte) => format!("{byte:#04x}"),
        PartitionType::Gpt(guid) => guid.to_string(),
        PartitionType::Apple(word) => word.clone(),
    }
}
