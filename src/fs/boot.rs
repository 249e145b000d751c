//! What a disc can be started from as an optical medium, in words of no format.

use super::{Options, iso9660::el_torito};
use crate::{
    error::{Findings, Result},
    volume::Volume,
};

/// The record that a boot catalog begins with, as what is wrong with it is called.
pub const VALIDATION_ENTRY: &str = "validation entry";

/// The images that firmware finds on a disc to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootCatalog {
    /// Byte offset of the catalog.
    pub at: u64,
    /// For which firmware the catalog is meant as a whole.
    pub platform: Platform,
    /// Who made it, if it says so. As it is recorded: it may have any character in it, as may the names of sections
    /// ([`crate::text::escape`]).
    pub id: String,
    /// In the order of the catalog.
    pub images: Vec<BootImage>,
}

/// An image that firmware starts from, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootImage {
    /// Its number in the catalog, from 1.
    pub number: u32,
    /// The firmware that it is meant for.
    pub platform: Platform,
    /// The name of the section of the catalog that it is in, if there is one.
    pub id: String,
    /// Whether firmware may start from it.
    pub is_bootable: bool,
    /// As what the machine sees it.
    pub emulation: Emulation,
    /// The segment that it is loaded into; 0 is the usual one, 0x7c0.
    pub load_segment: u16,
    /// The type of the partition in the image of a hard disk.
    pub system_type: u8,
    /// Sectors of 512 bytes that are loaded. It is no size of the image: [`size`](Self::size).
    pub load_size: u16,
    /// Byte offset on the disc.
    pub at: u64,
    /// Bytes, whether or not the disc has them all.
    pub size: u64,
    /// What says so.
    pub size_by: SizeBy,
}

impl BootImage {
    /// How many of its bytes a disc of `len` bytes has.
    pub fn available(&self, len: u64) -> u64 {
        self.size.min(len.saturating_sub(self.at))
    }
}

/// What is known of a disc beside its catalog: it helps to find out how long boot images are.
pub struct Surroundings<'a> {
    /// First byte and bytes of its partitions.
    pub partitions: &'a [(u64, u64)],
    /// How many bytes the master boot record takes in that the image of a hard disk at this byte has; `None` when it has none. Fails
    /// when the storage does.
    pub disk_image: &'a dyn Fn(u64) -> Result<Option<u64>>,
}

/// The boot catalog of the session that `options` want, whichever tree they want of it; `None` when it has none. What is wrong is added to
/// `findings`, and costs what it describes.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) when the storage fails.
pub fn boot_catalog(
    volume: &Volume,
    options: &Options,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Result<Option<BootCatalog>> {
    el_torito::catalog(volume, options, around, findings)
}

/// The firmware of a kind of machine, El Torito figure 2 and UEFI 13.3.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// PC BIOS.
    X86,
    /// PowerPC.
    PowerPc,
    /// Apple Macintosh.
    Mac,
    /// EFI.
    Efi,
    /// Another, by its number.
    Other(u8),
}

impl From<u8> for Platform {
    fn from(number: u8) -> Self {
        match number {
            0x00 => Self::X86,
            0x01 => Self::PowerPc,
            0x02 => Self::Mac,
            0xef => Self::Efi,
            other => Self::Other(other),
        }
    }
}

/// What the machine that is started takes an image for, El Torito figure 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emulation {
    /// Nothing: a program, or, for EFI, a file system.
    None,
    /// A floppy disk of 1.2 MB.
    Floppy1200,
    /// A floppy disk of 1.44 MB.
    Floppy1440,
    /// A floppy disk of 2.88 MB.
    Floppy2880,
    /// A hard disk.
    HardDisk,
    /// Something else, by its number.
    Other(u8),
}

impl Emulation {
    /// Bytes of such a disk, where all have the same.
    pub fn size(self) -> Option<u64> {
        match self {
            Self::Floppy1200 => Some(80 * 2 * 15 * 512),
            Self::Floppy1440 => Some(80 * 2 * 18 * 512),
            Self::Floppy2880 => Some(80 * 2 * 36 * 512),
            Self::None | Self::HardDisk | Self::Other(_) => None,
        }
    }
}

impl From<u8> for Emulation {
    /// Of the media type of an entry four bits count.
    fn from(media_type: u8) -> Self {
        match media_type & 0x0f {
            0 => Self::None,
            1 => Self::Floppy1200,
            2 => Self::Floppy1440,
            3 => Self::Floppy2880,
            4 => Self::HardDisk,
            other => Self::Other(other),
        }
    }
}

/// What says how long a boot image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeBy {
    /// The kind of floppy disk.
    Floppy,
    /// The table with its own length that writers put into boot programs.
    BootInfoTable,
    /// The file that begins at the same place.
    File,
    /// The FAT file system in it.
    FileSystem,
    /// The partition table in it.
    PartitionTable,
    /// The partition of the disc that begins at the same place.
    Partition,
    /// Its entry in the catalog: nothing knows better than how much is loaded.
    LoadSize,
    /// Nothing: it may reach to whatever is known to lie behind it, or to the end.
    NextKnown,
}
