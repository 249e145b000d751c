//! Partition tables: what a disc is divided into when it is taken for a disk or a memory stick, as hybrid images can be.
//!
//! A table says where the partitions lie in the bytes of the disc, whatever is in them. A disc may have one of each scheme, and they
//! need not say the same: firmware of different machines looks for different ones.

mod apple;
mod gpt;
mod kind;
mod mbr;
mod raw;

use std::fmt;

pub use kind::{Holds, PartitionType};

use crate::{
    bytes::as_u64,
    error::{Error, Findings, Result},
    source::Source,
};

/// A way to write down partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// The master boot record of DOS, with the extended partitions that it leads to.
    Mbr,
    /// The GUID partition table of UEFI.
    Gpt,
    /// The partition map of Apple.
    Apple,
}

impl Scheme {
    /// The word for it: `mbr`, `gpt`, `apple`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mbr => "mbr",
            Self::Gpt => "gpt",
            Self::Apple => "apple",
        }
    }
}

/// A partition table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionTable {
    /// How it is written down.
    pub scheme: Scheme,
    /// Byte offset of the structure that was read: a boot record, a GPT header, the driver descriptor record.
    pub at: u64,
    /// Bytes of a sector, or of what the scheme calls a block, in which it counts.
    pub sector: u32,
    /// The number of the disk, which only a GPT has.
    pub guid: Option<Guid>,
    /// In the order of their entries, without those that are not used. Not empty, unless a GPT is.
    pub partitions: Vec<Partition>,
    /// First byte and bytes of each structure that it was read from.
    pub structures: Vec<(u64, u64)>,
    /// Likewise of its copy, which only a GPT has. Empty when that is damaged, or was read in the place of the first.
    pub copy: Vec<(u64, u64)>,
}

impl PartitionTable {
    /// Where the last partition ends, in bytes.
    pub fn end(&self) -> u64 {
        self.partitions.iter().map(Partition::end).max().unwrap_or(0)
    }

    /// Whether it is a copy that stands in for the first one, which is damaged.
    pub fn is_copy(&self) -> bool {
        self.scheme == Scheme::Gpt && self.at != u64::from(self.sector)
    }
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The number of its entry, from 1, as other programs count; those in an extended partition count from 5.
    pub number: u32,
    /// What it is for.
    pub kind: PartitionType,
    /// Byte offset on the disc.
    pub at: u64,
    /// Bytes, whether or not the disc has them all ([`available`](Self::available)).
    pub size: u64,
    /// Whether it is marked as the one that is started from.
    pub is_bootable: bool,
    /// Its own number, in a GPT.
    pub guid: Option<Guid>,
    /// Its name, which a partition of an MBR has not; empty when there is none. As it is recorded: it may have any character in it, as
    /// may the word of an Apple type ([`crate::text::escape`]).
    pub name: String,
}

impl Partition {
    /// Behind its last byte.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.size)
    }

    /// How many of its bytes a disc of `len` bytes has.
    pub fn available(&self, len: u64) -> u64 {
        self.size.min(len.saturating_sub(self.at))
    }
}

/// A number that is no other's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub u128);

impl Guid {
    /// As it is recorded: the first three of its five parts with the low byte first, UEFI appendix A.
    fn recorded(bytes: [u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
        let [i, j, k, l, m, n, o, p] = rest;
        Self(u128::from_be_bytes([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        for (number, digit) in digits.char_indices() {
            if matches!(number, 8 | 12 | 16 | 20) {
                f.write_str("-")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The partition tables of a disc: MBR, GPT, Apple, as far as it has them. What is wrong with one is added to `findings` and costs
/// what it describes.
///
/// # Errors
/// [`Error::Io`] when the storage fails.
pub fn read(disc: &dyn Source, findings: &mut Findings) -> Result<Vec<PartitionTable>> {
    let mut tables = Vec::new();
    let mbr = mbr::read(disc, findings)?;
    tables.extend(gpt::read(disc, mbr.as_ref(), findings)?);
    tables.extend(apple::read(disc, findings)?);
    tables.extend(mbr);
    tables.sort_by_key(|table| table.scheme);
    Ok(tables)
}

/// The partitions of the master boot record alone, as [`read`]; `None` when there is none.
///
/// # Errors
/// [`Error::Io`] when the storage fails.
pub fn master_boot_record(disc: &dyn Source, findings: &mut Findings) -> Result<Option<PartitionTable>> {
    mbr::read(disc, findings)
}

/// Fills `buf` from byte `at` on; false where the disc ends before.
fn fill(disc: &dyn Source, buf: &mut [u8], at: u64) -> Result<bool> {
    if at.checked_add(as_u64(buf.len())).is_none_or(|end| end > disc.len()) {
        return Ok(false);
    }
    disc.read_at(buf, at).map_err(|e| Error::io(format!("reading byte {at} of the image"), e))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts bytes into a disc, which grows.
    pub(super) fn put(disc: &mut Vec<u8>, at: usize, bytes: &[u8]) {
        if disc.len() < at + bytes.len() {
            disc.resize(at + bytes.len(), 0);
        }
        disc[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// The tables of a disc, and what is wrong with them.
    pub(super) fn tables(disc: &Vec<u8>) -> (Vec<PartitionTable>, Vec<String>) {
        let mut findings = Findings::default();
        let tables = read(disc, &mut findings).unwrap();
        let all = findings.lost.iter().chain(&findings.noted);
        (tables, all.map(ToString::to_string).collect())
    }

    #[test]
    fn a_system_area_without_a_table_has_none() {
        let mut code = vec![0x90; 32768];
        for disc in [Vec::new(), vec![0; 100], vec![0; 511], vec![0; 1 << 16], code.clone()] {
            assert_eq!(tables(&disc), (vec![], vec![]), "{} bytes", disc.len());
        }
        // Boot code with its signature: text where a table would be, and nothing there.
        code[510..512].copy_from_slice(&raw::BOOT_SIGNATURE);
        assert_eq!(tables(&code), (vec![], vec![]));
        code[446..510].fill(0);
        assert_eq!(tables(&code), (vec![], vec![]));
        // An Apple driver descriptor alone is no map.
        put(&mut code, 0, b"ER\x02\x00");
        assert_eq!(tables(&code), (vec![], vec![]));
    }

    #[test]
    fn a_guid_is_written_as_others_write_it() {
        let recorded = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";
        let guid = Guid::recorded(recorded);
        assert_eq!(guid.to_string(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
        assert_eq!(PartitionType::Gpt(guid).holds(), Holds::EfiSystem);
    }
}
