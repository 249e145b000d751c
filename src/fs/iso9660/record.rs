//! Directory records, ECMA-119 9.1, and the sectors of a directory that hold them.

use zerocopy::FromBytes;

use super::raw::{self, SECTOR, SYSTEM_AREA_SECTORS, file_flags};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    limits,
    volume::Volume,
};

const STRUCTURE: &str = "directory record";

/// The shortest record: the fixed part and an identifier of one byte.
pub(super) const SHORTEST: usize = 34;

/// Which of the two layouts records have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Iso9660,
    HighSierra,
}

/// A directory record that lies whole in its bytes.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// Byte offset of the record in the volume.
    pub(super) at: u64,
    /// Bytes of the record.
    pub(super) length: u64,
    /// First logical block of the extent, in front of an extended attribute record.
    pub(super) extent: u32,
    /// Logical blocks of the extended attribute record.
    pub(super) extended_attribute_length: u8,
    /// Bytes of the file section.
    pub(super) data_length: u32,
    /// Recording date, six (High Sierra) or seven bytes.
    pub(super) date: &'a [u8],
    flags: u8,
    /// Logical blocks; 0 when the file is not interleaved.
    pub(super) file_unit_size: u8,
    /// Logical blocks.
    pub(super) interleave_gap: u8,
    /// The file identifier as recorded.
    pub(super) identifier: &'a [u8],
    /// What is behind the identifier.
    pub(super) system_use: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the start of `bytes`, which end where its sector ends. `None` where the length byte is 0: no
    /// more records in this sector.
    pub(super) fn parse(bytes: &'a [u8], at: u64, layout: Layout) -> Result<Option<Self>, Corrupt> {
        let length = usize::from(bytes.first().copied().unwrap_or(0));
        if length == 0 {
            return Ok(None);
        }
        let wrong =
            |field, found: usize, allowed: &'static str| Corrupt::new(STRUCTURE, at, field, found, allowed);
        if length < SHORTEST {
            return Err(wrong("length", length, "at least 34"));
        }
        let whole =
            bytes.get(..length).ok_or_else(|| wrong("length", length, "not past the end of its sector"))?;
        let (fixed, rest) = raw::DirectoryRecord::ref_from_prefix(whole)
            .map_err(|_| wrong("length", length, "at least 34"))?;
        // An identifier longer than the record is cut: the record's own length is what the next one depends on.
        let identifier_length = usize::from(fixed.identifier_length).min(rest.len());
        let (identifier, behind) = rest.split_at_checked(identifier_length).unwrap_or((rest, &[]));
        let padding = usize::from(identifier_length.is_multiple_of(2));
        let (date, flags) = match layout {
            Layout::Iso9660 => (&fixed.date[..], fixed.flags),
            Layout::HighSierra => {
                let [date @ .., flags] = &fixed.date;
                (&date[..], *flags)
            }
        };
        Ok(Some(Self {
            at,
            length: as_u64(length),
            extent: fixed.extent.get(),
            extended_attribute_length: fixed.extended_attribute_length,
            data_length: fixed.data_length.get(),
            date,
            flags,
            file_unit_size: fixed.file_unit_size,
            interleave_gap: fixed.interleave_gap,
            identifier,
            system_use: behind.get(padding..).unwrap_or_default(),
        }))
    }

    /// Whether this is the record of the directory itself (`.`), ECMA-119 6.8.2.2.
    pub(super) fn is_self(&self) -> bool {
        self.identifier == [0]
    }

    /// Whether this is the record of the directory above (`..`).
    pub(super) fn is_parent(&self) -> bool {
        self.identifier == [1]
    }

    pub(super) fn is_directory(&self) -> bool {
        self.flags & file_flags::DIRECTORY != 0
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.flags & file_flags::HIDDEN != 0
    }

    pub(super) fn is_associated(&self) -> bool {
        self.flags & file_flags::ASSOCIATED != 0
    }

    /// Whether the file goes on in the next record, ECMA-119 6.5.1.
    pub(super) fn is_continued(&self) -> bool {
        self.flags & file_flags::MULTI_EXTENT != 0
    }

    /// Whether `next` can be the section of the same file that follows this one.
    pub(super) fn is_continued_by(&self, next: &Record<'_>) -> bool {
        self.is_continued()
            && self.identifier == next.identifier
            && self.is_associated() == next.is_associated()
            && !next.is_directory()
    }

    /// The first byte behind the extended attribute record, in logical blocks of `block_size` bytes.
    pub(super) fn data_at(&self, block_size: u64) -> u64 {
        let block = u64::from(self.extent).saturating_add(self.extended_attribute_length.into());
        block.saturating_mul(block_size)
    }
}

/// A record in a buffer of its own.
pub(super) struct RecordBuffer {
    bytes: [u8; 255],
    len: usize,
    at: u64,
    layout: Layout,
}

impl RecordBuffer {
    /// Reads the record at byte `at` of the volume.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there cannot be a record, [`Error::Io`] when the storage fails.
    pub(super) fn read(volume: &Volume, at: u64, layout: Layout) -> Result<Self> {
        Self::read_by(volume, at, layout, Volume::read)
    }

    /// As [`read`](Self::read), past the sector cache: for a look at the first record of a directory that nobody may go into.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn peek(volume: &Volume, at: u64, layout: Layout) -> Result<Self> {
        Self::read_by(volume, at, layout, Volume::peek)
    }

    fn read_by(
        volume: &Volume,
        at: u64,
        layout: Layout,
        read: impl Fn(&Volume, &mut [u8], u64) -> Result<()>,
    ) -> Result<Self> {
        let mut buffer = Self { bytes: [0; 255], len: 0, at, layout };
        let there = as_usize(volume.len().saturating_sub(at)).min(buffer.bytes.len());
        if there < SHORTEST {
            return Err(Error::NotFound);
        }
        read(volume, buffer.bytes.get_mut(..there).unwrap_or_default(), at)?;
        buffer.len = there;
        Ok(buffer)
    }

    /// A record that lies in `bytes` already.
    pub(super) fn of(bytes: &[u8], at: u64, layout: Layout) -> Self {
        let mut buffer = Self { bytes: [0; 255], len: bytes.len().min(255), at, layout };
        buffer.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        buffer
    }

    /// The record; `None` where the length byte is 0.
    ///
    /// # Errors
    /// [`Corrupt`] when it is none.
    pub(super) fn parse(&self) -> Result<Option<Record<'_>>, Corrupt> {
        Record::parse(self.bytes.get(..self.len).unwrap_or_default(), self.at, self.layout)
    }

    /// The record, where there has to be one.
    ///
    /// # Errors
    /// [`Corrupt`] when it is none.
    pub(super) fn record(&self) -> Result<Record<'_>, Corrupt> {
        self.parse()?.ok_or_else(|| Corrupt::new(STRUCTURE, self.at, "length", 0, "at least 34"))
    }
}

/// A run of bytes of the volume that holds the records of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryExtent {
    pub(super) at: u64,
    pub(super) len: u64,
}

/// The records of a directory, sector by sector.
pub(super) struct Records<'v> {
    volume: &'v Volume,
    layout: Layout,
    /// Start of the next sector to load.
    next_sector: u64,
    end: u64,
    sector: Vec<u8>,
    sector_at: u64,
    /// Offset of the next record in `sector`.
    offset: usize,
    empty_sectors: u64,
}

impl<'v> Records<'v> {
    /// The records in `extent`; what lies past the end of the volume or [`limits::DIRECTORY`] is not there.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when not one byte of the extent is in the volume, or it lies in the system area: no structure is
    /// there, and the numbers of nodes, which are places, begin behind it.
    pub(super) fn new(volume: &'v Volume, extent: DirectoryExtent, layout: Layout) -> Result<Self> {
        let end = extent.at.saturating_add(extent.len.min(limits::DIRECTORY)).min(volume.len());
        let wrong = |found: &'static str, allowed: String| {
            Err(Corrupt::new("directory", extent.at, "extent", found, allowed).into())
        };
        if extent.at < SYSTEM_AREA_SECTORS.saturating_mul(SECTOR) {
            return wrong("in the system area", "must be behind it".into());
        }
        if extent.at < volume.start() {
            return wrong("in front of the image", volume.bounds());
        }
        if end <= extent.at && extent.len > 0 {
            return wrong("past the end", volume.bounds());
        }
        Ok(Self {
            volume,
            layout,
            next_sector: extent.at,
            end,
            sector: Vec::new(),
            sector_at: extent.at,
            offset: 0,
            empty_sectors: 0,
        })
    }

    /// The next record; damaged ones cost the rest of their sector and are told as an error in between.
    pub(super) fn next(&mut self) -> Option<Result<Record<'_>>> {
        loop {
            if let Some(bytes) = self.sector.get(self.offset..).filter(|b| !b.is_empty()) {
                let at = self.sector_at.saturating_add(as_u64(self.offset));
                // Parsed twice, because a borrow cannot leave the loop on one path and be given up on the other.
                match Record::parse(bytes, at, self.layout).map(|record| record.map(|r| r.length)) {
                    Ok(Some(length)) => {
                        self.empty_sectors = 0;
                        let from = self.offset;
                        self.offset = self.offset.saturating_add(as_usize(length));
                        let bytes = self.sector.get(from..).unwrap_or_default();
                        return Record::parse(bytes, at, self.layout).map_err(Error::from).transpose();
                    }
                    Ok(None) => self.offset = usize::MAX,
                    Err(corrupt) => {
                        self.offset = usize::MAX;
                        return Some(Err(corrupt.into()));
                    }
                }
            }
            if let Err(error) = self.load()? {
                return Some(Err(error));
            }
        }
    }

    /// Loads the next sector.
    fn load(&mut self) -> Option<Result<()>> {
        if self.next_sector >= self.end || self.empty_sectors > limits::EMPTY_DIRECTORY_SECTORS {
            return None;
        }
        self.empty_sectors = self.empty_sectors.saturating_add(1);
        let len = SECTOR.min(self.end.saturating_sub(self.next_sector));
        self.sector_at = self.next_sector;
        self.next_sector = self.next_sector.saturating_add(len);
        self.offset = 0;
        self.sector.resize(as_usize(len), 0);
        let read = self.volume.read(&mut self.sector, self.sector_at);
        if read.is_err() {
            self.sector.clear();
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(length: u8, identifier: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(length)];
        bytes[0] = length;
        bytes[32] = identifier.len() as u8;
        bytes[33..33 + identifier.len()].copy_from_slice(identifier);
        bytes
    }

    #[test]
    fn system_use_begins_at_an_even_offset() {
        let mut odd = record(40, b"ABC");
        odd[36..40].copy_from_slice(b"SUSP");
        let parsed = Record::parse(&odd, 0, Layout::Iso9660).unwrap().unwrap();
        assert_eq!((parsed.identifier, parsed.system_use), (&b"ABC"[..], &b"SUSP"[..]));
        let mut even = record(40, b"AB");
        even[36..40].copy_from_slice(b"SUSP");
        assert_eq!(Record::parse(&even, 0, Layout::Iso9660).unwrap().unwrap().system_use, b"SUSP");
    }

    #[test]
    fn wrong_lengths_are_named() {
        let text = |bytes: &[u8]| Record::parse(bytes, 77, Layout::Iso9660).err().unwrap().to_string();
        assert_eq!(text(&[33; 40]), "directory record at byte 77: length is 33, at least 34");
        assert_eq!(
            text(&[41; 40]),
            "directory record at byte 77: length is 41, not past the end of its sector"
        );
        let mut long = record(40, b"AB");
        long[32] = 200;
        assert_eq!(Record::parse(&long, 0, Layout::Iso9660).unwrap().unwrap().identifier.len(), 7);
    }
}
