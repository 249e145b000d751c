//! What a disc can be started from: the boot catalog of an optical medium, and the partition tables of a disk or memory stick that the
//! same bytes can be written to.

use std::sync::{Arc, OnceLock};

use crate::{
    container::partition,
    error::{Findings, Result},
    fs::{
        self,
        boot::{Surroundings, boot_catalog},
    },
    source::{Part, Source},
    volume::Volume,
};
pub use crate::{
    container::partition::{Guid, Holds, Partition, PartitionTable, PartitionType, Scheme},
    fs::{
        BootFile,
        boot::{BootCatalog, BootImage, Emulation, Platform, SizeBy},
    },
};

/// Where the first volume descriptor lies: a partition that begins no later holds the file system that is shown anyway.
const DESCRIPTORS: u64 = 32 * 1024;

/// What a disc can be started from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boot {
    /// What firmware finds on an optical medium; `None` when there is nothing.
    pub catalog: Option<BootCatalog>,
    /// What firmware finds on a disk, at most one of each scheme.
    pub tables: Vec<PartitionTable>,
    /// What is wrong with it.
    pub findings: Findings,
}

impl Boot {
    /// The files that `-o boot` shows: one for each boot image, and one for each partition that has bytes of its own
    /// ([`partition_file_name`]).
    pub fn files(&self) -> Vec<BootFile> {
        let images = self.catalog.iter().flat_map(|catalog| &catalog.images).map(|image| BootFile {
            number: image.number,
            name: image_file_name(image),
            at: image.at,
            size: image.size,
        });
        let partitions = self.tables.iter().flat_map(|table| {
            table.partitions.iter().filter_map(|partition| {
                let name = partition_file_name(table.scheme, partition)?;
                // No scheme has so many partitions (`limits`).
                let number = match table.scheme {
                    Scheme::Mbr => 1 << 24,
                    Scheme::Gpt => 2 << 24,
                    Scheme::Apple => 3 << 24,
                } | partition.number;
                Some(BootFile { number, name, at: partition.at, size: partition.size })
            })
        });
        images.chain(partitions).collect()
    }
}

/// The name of the file that `-o boot` shows for a boot image: `eltorito-1-x86.img`, with its number in the catalog, the firmware that it
/// is meant for, and `-floppy` or `-disk` behind that when it is seen as such.
pub fn image_file_name(image: &BootImage) -> String {
    let platform = match image.platform {
        Platform::X86 => "x86".to_owned(),
        Platform::PowerPc => "powerpc".to_owned(),
        Platform::Mac => "mac".to_owned(),
        Platform::Efi => "efi".to_owned(),
        Platform::Other(number) => format!("{number:02x}"),
    };
    let emulation = match image.emulation {
        Emulation::Floppy1200 | Emulation::Floppy1440 | Emulation::Floppy2880 => "-floppy",
        Emulation::HardDisk => "-disk",
        Emulation::None | Emulation::Other(_) => "",
    };
    format!("eltorito-{}-{platform}{emulation}.img", image.number)
}

/// The name of the file that `-o boot` shows for a partition: `gpt-2-efi.img`, with the scheme, the number, and, where its type says
/// so, `-efi`, `-hfs` or `-prep` behind that. `None` for one that has no bytes of its own: that is free, holds partitions or a table, or
/// begins in front of the volume descriptors, so that it holds what is shown anyway, unless it is an HFS of the same bytes.
pub fn partition_file_name(scheme: Scheme, partition: &Partition) -> Option<String> {
    let holds = partition.kind.holds();
    let what = match holds {
        Holds::EfiSystem => "-efi",
        Holds::Hfs => "-hfs",
        Holds::Prep => "-prep",
        Holds::Data => "",
        Holds::Partitions | Holds::Protection | Holds::Table | Holds::Nothing => return None,
    };
    let has_own = partition.at > DESCRIPTORS || holds == Holds::Hfs;
    has_own.then(|| format!("{}-{}{what}.img", scheme.word(), partition.number))
}

/// What was read of a disc that can be started from, with what is wrong kept apart.
pub(super) struct Read {
    pub(super) catalog: Option<BootCatalog>,
    pub(super) tables: Vec<PartitionTable>,
    pub(super) of_catalog: Findings,
    pub(super) of_tables: Findings,
}

/// Reads what a disc can be started from: the tables of `disc`, the catalog of the session of `volume` that `options` want.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) when the storage fails.
pub(super) fn read(disc: &Arc<dyn Source>, volume: &Volume, options: &fs::Options) -> Result<Read> {
    let (mut of_catalog, mut of_tables) = (Findings::default(), Findings::default());
    let tables = partition::read(&**disc, &mut of_tables)?;
    let all = tables.iter().flat_map(|table| &table.partitions);
    let partitions: Vec<(u64, u64)> = all.map(|partition| (partition.at, partition.size)).collect();
    let disk_image = |at| {
        let image = Part::new(disc.clone(), at, u64::MAX);
        let table = partition::master_boot_record(&image, &mut Findings::default())?;
        Ok(table.map(|table| table.end()))
    };
    let around = Surroundings { partitions: &partitions, disk_image: &disk_image };
    let catalog = boot_catalog(volume, options, &around, &mut of_catalog)?;
    Ok(Read { catalog, tables, of_catalog, of_tables })
}

/// What a disc can be started from, read when it is first asked for.
pub(super) struct Lazy {
    pub(super) disc: Arc<dyn Source>,
    pub(super) volume: Arc<Volume>,
    pub(super) options: fs::Options,
    pub(super) boot: OnceLock<Arc<Boot>>,
}

impl Lazy {
    pub(super) fn get(&self) -> Result<Arc<Boot>> {
        if let Some(boot) = self.boot.get() {
            return Ok(boot.clone());
        }
        let boot = Arc::new(self.read()?);
        Ok(self.boot.get_or_init(|| boot).clone())
    }

    fn read(&self) -> Result<Boot> {
        let Read { catalog, tables, mut of_catalog, of_tables: mut findings } =
            read(&self.disc, &self.volume, &self.options)?;
        findings.lost.append(&mut of_catalog.lost);
        findings.noted.append(&mut of_catalog.noted);
        Ok(Boot { catalog, tables, findings })
    }

    /// The files in `.boot`. What is lost is told, so that nobody takes them for all that there should be.
    pub(super) fn files(&self) -> Result<Vec<BootFile>> {
        let boot = self.get()?;
        for wrong in &boot.findings.lost {
            log::warn!("{wrong}");
        }
        for wrong in &boot.findings.noted {
            log::info!("{wrong}");
        }
        Ok(boot.files())
    }
}
