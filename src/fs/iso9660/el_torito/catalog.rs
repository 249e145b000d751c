//! The boot catalog: a validation entry, an initial entry, and sections with entries for other firmware.

use zerocopy::FromBytes;

use super::raw::{self, IS_EXTENDED, indicator};
use crate::{
    bytes::as_u64,
    error::{Corrupt, Error, Findings, Result},
    fs::boot::{Emulation, Platform, VALIDATION_ENTRY},
    limits, text,
    volume::Volume,
};

const STRUCTURE: &str = "boot catalog";

/// Bytes of each record.
const RECORD: usize = 32;

/// A catalog as it is recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Catalog {
    pub(super) platform: Platform,
    pub(super) id: String,
    pub(super) entries: Vec<Entry>,
}

/// An entry for an image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) platform: Platform,
    /// Of its section.
    pub(super) id: String,
    pub(super) is_bootable: bool,
    pub(super) emulation: Emulation,
    pub(super) load_segment: u16,
    pub(super) system_type: u8,
    pub(super) load_size: u16,
    /// A sector of 2 048 bytes.
    pub(super) start: u32,
}

/// The records of a catalog, one by one.
struct Records<'v> {
    volume: &'v Volume,
    at: u64,
    left: u32,
}

impl Records<'_> {
    /// The next record; `None` behind the last one that there can be, or the end of the image.
    fn next(&mut self) -> Result<Option<[u8; RECORD]>> {
        let mut record = [0; RECORD];
        if self.left == 0 || !self.volume.contains(self.at, as_u64(RECORD)) {
            return Ok(None);
        }
        self.volume.read(&mut record, self.at)?;
        self.left = self.left.saturating_sub(1);
        self.at = self.at.saturating_add(as_u64(RECORD));
        Ok(Some(record))
    }
}

/// Reads the catalog at byte `at`; `None` when there is none.
///
/// # Errors
/// [`Error::Io`] when the storage fails.
pub(super) fn read(volume: &Volume, at: u64, findings: &mut Findings) -> Result<Option<Catalog>> {
    let mut records = Records { volume, at, left: limits::BOOT_CATALOG_RECORDS };
    let first = records.next()?;
    let Some((platform, id)) = first.and_then(|record| validated(&record, at, findings)) else {
        let wrong = if first.is_some() {
            Corrupt::new(STRUCTURE, at, "validation entry", "missing", "must be the first record")
        } else {
            let end = volume.len();
            Corrupt::new(STRUCTURE, at, "place", "past the end", format!("the image ends at byte {end}"))
        };
        findings.lost.push(wrong);
        return Ok(None);
    };
    let mut catalog = Catalog { platform, id, entries: Vec::new() };
    match catalog.read_entries(&mut records) {
        Ok(()) => {}
        Err(Error::Corrupt(wrong)) => findings.lost.push(wrong),
        Err(error) => return Err(error),
    }
    Ok(Some(catalog))
}

/// Platform and maker of a validation entry. It has three marks, of which one may be wrong; a wrong checksum is noted.
fn validated(record: &[u8; RECORD], at: u64, findings: &mut Findings) -> Option<(Platform, String)> {
    let entry = raw::ValidationEntry::ref_from_bytes(record).ok()?;
    let words = record.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_le_bytes);
    let sum = words.fold(0, u16::wrapping_add);
    let (has_key, is_summed) = (entry.key == [0x55, 0xaa], sum == 0);
    if entry.indicator != indicator::VALIDATION || !(has_key || is_summed) {
        return None;
    }
    let mut note = |field, found: String, allowed: String| {
        findings.noted.push(Corrupt::new(VALIDATION_ENTRY, at, field, found, allowed));
    };
    if !is_summed {
        let right = entry.checksum.get().wrapping_sub(sum);
        note("checksum", entry.checksum.to_string(), format!("must be {right}"));
    }
    if !has_key {
        note("key", "another".into(), "must be 0x55 0xaa".into());
    }
    Some((entry.platform.into(), word(&entry.id)))
}

/// A field that is filled up with NULs or spaces.
fn word(field: &[u8]) -> String {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text::trimmed(text)).into_owned()
}

impl Catalog {
    /// The initial entry, and those of all sections. A record that is no section header ends them.
    fn read_entries(&mut self, records: &mut Records<'_>) -> Result<()> {
        let Some(initial) = records.next()? else { return Ok(()) };
        self.add(&initial, self.platform, String::new());
        let mut next = records.next()?;
        while let Some(record) = next {
            let is_header = matches!(record.first(), Some(&(indicator::SECTION | indicator::LAST_SECTION)));
            let Some(header) = raw::SectionHeader::ref_from_bytes(&record).ok().filter(|_| is_header) else {
                return Ok(());
            };
            next = self.read_section(header, records)?;
            if header.indicator == indicator::LAST_SECTION {
                return Ok(());
            }
        }
        Err(unended(records))
    }

    /// The entries of a section, each with its extensions, and the record behind them. Where there are fewer than the header says, the
    /// next header ends them.
    fn read_section(
        &mut self,
        header: &raw::SectionHeader,
        records: &mut Records<'_>,
    ) -> Result<Option<[u8; RECORD]>> {
        let mut next = records.next()?;
        for _ in 0..header.entry_count.get() {
            let Some(record) = next else { return Err(unended(records)) };
            let [kind, media_type, ..] = record;
            if !matches!(kind, indicator::BOOTABLE | indicator::NOT_BOOTABLE) {
                break;
            }
            self.add(&record, header.platform.into(), word(&header.id));
            next = records.next()?;
            let mut is_extended = media_type & IS_EXTENDED != 0;
            while let Some([indicator::EXTENSION, flags, ..]) = next.filter(|_| is_extended) {
                is_extended = flags & IS_EXTENDED != 0;
                next = records.next()?;
            }
        }
        Ok(next)
    }

    /// Adds an entry. One that leads to sector 0 is none: nothing can be started from there.
    fn add(&mut self, record: &[u8; RECORD], platform: Platform, id: String) {
        let Ok(entry) = raw::Entry::ref_from_bytes(record) else { return };
        let is_entry = matches!(entry.indicator, indicator::BOOTABLE | indicator::NOT_BOOTABLE);
        if !is_entry || entry.start.get() == 0 {
            return;
        }
        self.entries.push(Entry {
            platform,
            id,
            is_bootable: entry.indicator == indicator::BOOTABLE,
            emulation: entry.media_type.into(),
            load_segment: entry.load_segment.get(),
            system_type: entry.system_type,
            load_size: entry.sector_count.get(),
            start: entry.start.get(),
        });
    }
}

fn unended(records: &Records<'_>) -> Error {
    let most = limits::BOOT_CATALOG_RECORDS;
    let allowed = format!("must end within {most} records, and before the image does");
    Corrupt::new(STRUCTURE, records.at, "last section", "missing", allowed).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A validation entry with a right checksum.
    fn validation(platform: u8) -> [u8; RECORD] {
        let mut record = [0; RECORD];
        (record[0], record[1], record[30], record[31]) = (1, platform, 0x55, 0xaa);
        record[4..10].copy_from_slice(b"MAKER ");
        let sum = record.chunks(2).fold(0u16, |sum, w| sum.wrapping_add(u16::from_le_bytes([w[0], w[1]])));
        record[28..30].copy_from_slice(&0u16.wrapping_sub(sum).to_le_bytes());
        record
    }

    fn entry(indicator: u8, media_type: u8, load_size: u16, start: u32) -> [u8; RECORD] {
        let mut record = [0; RECORD];
        (record[0], record[1], record[3], record[4]) = (indicator, media_type, 0x10, 6);
        record[6..8].copy_from_slice(&load_size.to_le_bytes());
        record[8..12].copy_from_slice(&start.to_le_bytes());
        record
    }

    fn header(indicator: u8, platform: u8, count: u16) -> [u8; RECORD] {
        let mut record = [0; RECORD];
        (record[0], record[1]) = (indicator, platform);
        record[2..4].copy_from_slice(&count.to_le_bytes());
        record[4..11].copy_from_slice(b"SECTION");
        record
    }

    fn extension(goes_on: bool) -> [u8; RECORD] {
        let mut record = [0xff; RECORD];
        (record[0], record[1]) = (0x44, if goes_on { 0x20 } else { 0 });
        record
    }

    fn parsed(records: &[[u8; RECORD]]) -> (Option<Catalog>, Findings) {
        let volume = Volume::new(Arc::new(records.concat()), 1 << 20);
        let mut findings = Findings::default();
        (read(&volume, 0, &mut findings).unwrap(), findings)
    }

    /// Platform, load size and place of each entry.
    fn shown(records: &[[u8; RECORD]]) -> (Vec<(Platform, u16, u32)>, Vec<String>) {
        let (catalog, findings) = parsed(records);
        let entries = catalog.map(|catalog| catalog.entries).unwrap_or_default();
        let wrong = findings.lost.iter().chain(&findings.noted).map(ToString::to_string).collect();
        (entries.iter().map(|e| (e.platform, e.load_size, e.start)).collect(), wrong)
    }

    const END: [u8; RECORD] = [0; RECORD];

    #[test]
    fn every_field_of_an_entry_is_read() {
        let (catalog, findings) = parsed(&[validation(0), entry(0x88, 4, 1, 35), END]);
        let entry = Entry {
            platform: Platform::X86,
            id: String::new(),
            is_bootable: true,
            emulation: Emulation::HardDisk,
            load_segment: 0x1000,
            system_type: 6,
            load_size: 1,
            start: 35,
        };
        let expected = Catalog { platform: Platform::X86, id: "MAKER".into(), entries: vec![entry] };
        assert_eq!((catalog, findings), (Some(expected), Findings::default()));
        let emulations = [0, 1, 2, 3, 4, 9, 0xf2].map(|kind| {
            let (catalog, _) = parsed(&[validation(0), self::entry(0, kind, 1, 35), END]);
            catalog.unwrap().entries[0].emulation
        });
        use Emulation::{Floppy1200, Floppy1440, Floppy2880, HardDisk, None, Other};
        assert_eq!(emulations, [None, Floppy1200, Floppy1440, Floppy2880, HardDisk, Other(9), Floppy1440]);
    }

    #[test]
    fn sections_have_platforms_and_extensions_are_passed_over() {
        let records = [
            validation(0),
            entry(0x88, 0, 4, 20),
            header(0x90, 0xef, 2),
            entry(0x88, 0x20, 5, 21),
            extension(true),
            extension(false),
            entry(0x00, 0, 6, 22),
            header(0x91, 2, 1),
            entry(0x88, 0, 7, 23),
            entry(0x88, 0, 8, 24),
        ];
        let expected =
            [(Platform::X86, 4, 20), (Platform::Efi, 5, 21), (Platform::Efi, 6, 22), (Platform::Mac, 7, 23)];
        assert_eq!(shown(&records), (expected.to_vec(), vec![]));
        let catalog = parsed(&records).0.unwrap();
        assert_eq!((catalog.entries[1].id.as_str(), catalog.entries[2].is_bootable), ("SECTION", false));
    }

    #[test]
    fn a_count_that_is_too_large_and_an_entry_that_leads_nowhere_cost_no_other() {
        let records = [
            validation(0xef),
            entry(0x88, 0, 4, 0),
            header(0x90, 0, 500),
            entry(0x88, 0, 5, 21),
            header(0x91, 1, 1),
            entry(0x88, 0, 6, 22),
        ];
        assert_eq!(shown(&records), (vec![(Platform::X86, 5, 21), (Platform::PowerPc, 6, 22)], vec![]));
        let one = [validation(0xef), entry(0x88, 0, 4, 20), END];
        assert_eq!(shown(&one), (vec![(Platform::Efi, 4, 20)], vec![]));
    }

    #[test]
    fn a_wrong_mark_is_noted_and_two_mean_no_catalog() {
        let mut wrong_sum = validation(0);
        wrong_sum[28] ^= 1;
        let (entries, wrong) = shown(&[wrong_sum, entry(0x88, 0, 4, 20), END]);
        assert_eq!(entries.len(), 1);
        assert!(wrong[0].starts_with("validation entry at byte 0: checksum is "), "{wrong:?}");
        let mut wrong_key = validation(0);
        (wrong_key[30], wrong_key[31]) = (0xaa, 0x55);
        let sum = wrong_key.chunks(2).fold(0u16, |sum, w| sum.wrapping_add(u16::from_le_bytes([w[0], w[1]])));
        let right = u16::from_le_bytes([wrong_key[28], wrong_key[29]]).wrapping_sub(sum);
        let both = wrong_key;
        wrong_key[28..30].copy_from_slice(&right.to_le_bytes());
        let (entries, wrong) = shown(&[wrong_key, entry(0x88, 0, 4, 20), END]);
        assert_eq!((entries.len(), wrong.len()), (1, 1));
        for first in [both, END, entry(0x88, 0, 4, 20)] {
            let (entries, wrong) = shown(&[first, entry(0x88, 0, 4, 20), END]);
            assert!(entries.is_empty());
            assert_eq!(
                wrong,
                ["boot catalog at byte 0: validation entry is missing, must be the first record"]
            );
        }
        assert_eq!(shown(&[]).1, ["boot catalog at byte 0: place is past the end, the image ends at byte 0"]);
    }

    #[test]
    fn sections_without_end_are_bounded() {
        for (count, inside) in [(0, header(0x90, 0, 0)), (u16::MAX, entry(0x88, 0, 1, 20))] {
            let mut records = vec![validation(0), entry(0x88, 0, 4, 20), header(0x90, 0xef, count)];
            records.resize(5000, inside);
            let (entries, wrong) = shown(&records);
            assert!(entries.len() < 256);
            assert!(wrong[0].starts_with("boot catalog at byte 8192: last section is missing"), "{wrong:?}");
        }
        let mut records =
            vec![validation(0), entry(0x88, 0, 4, 20), header(0x90, 0, 9), entry(0x88, 0x20, 5, 21)];
        records.resize(5000, extension(true));
        assert_eq!(shown(&records).0.len(), 2);
    }
}
