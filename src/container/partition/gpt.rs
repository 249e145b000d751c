//! GUID partition tables: a header behind the MBR with its entries, and a copy of both at the end of the disk. UEFI 5.3.

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use zerocopy::FromBytes;

use super::{
    Guid, Holds, Partition, PartitionTable, PartitionType, Scheme, fill,
    raw::{self, gpt_attributes},
};
use crate::{
    bytes::as_usize,
    error::{Corrupt, Findings, Result},
    limits,
    source::Source,
    text,
};

/// The CRC of UEFI 5.3.1.
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

const STRUCTURE: &str = "GPT header";

/// Bytes of a sector for which a header is looked for: those of disks, optical media, and disks of today. The first is what every
/// writer of hybrid images counts in.
const SECTORS: [u32; 3] = [512, 2048, 4096];

/// The sector of the first header.
const FIRST: u64 = 1;

/// Behind which no partition of a disk can lie: what a file can be long.
const FARTHEST: u64 = i64::MAX.unsigned_abs();

/// What lies at the place of a header.
enum Found {
    /// And where its copy is.
    Table(PartitionTable, u64),
    /// A header that is not believed, and where it says that its copy is.
    Damaged(Corrupt, Option<u64>),
    Nothing,
}

/// The table of the first header, or of its copy when that is damaged. Where the first is missing altogether, a copy is looked for at
/// the end of the disc when the MBR says that there is a GPT.
pub(super) fn read(
    disc: &dyn Source,
    mbr: Option<&PartitionTable>,
    findings: &mut Findings,
) -> Result<Option<PartitionTable>> {
    for sector in SECTORS {
        match table_at(disc, sector, FIRST, findings)? {
            Found::Table(table, other) => {
                let copy = copy_of_first(disc, sector, other, findings)?;
                return Ok(Some(PartitionTable { copy, ..table }));
            }
            Found::Damaged(wrong, other) => {
                let places = [other.filter(|other| *other > FIRST), last_sector(disc, sector)];
                return copy(disc, sector, &places, wrong, findings);
            }
            Found::Nothing => {}
        }
    }
    let is_announced =
        mbr.is_some_and(|mbr| mbr.partitions.iter().any(|p| p.kind.holds() == Holds::Protection));
    if !is_announced {
        return Ok(None);
    }
    for sector in SECTORS {
        let wrong = Corrupt::new(STRUCTURE, sector.into(), "signature", "missing", "must be EFI PART");
        let mut apart = Findings::default();
        if let Some(table) = copy(disc, sector, &[last_sector(disc, sector)], wrong, &mut apart)? {
            findings.noted.append(&mut apart.noted);
            return Ok(Some(table));
        }
    }
    // An MBR may protect against other things too: the boot record of GRUB's images does.
    Ok(None)
}

/// The table of the first copy in these places that is in order.
fn copy(
    disc: &dyn Source,
    sector: u32,
    places: &[Option<u64>],
    wrong: Corrupt,
    findings: &mut Findings,
) -> Result<Option<PartitionTable>> {
    for place in places.iter().flatten() {
        if let Found::Table(table, _) = table_at(disc, sector, *place, findings)? {
            findings.noted.push(wrong);
            return Ok(Some(table));
        }
    }
    findings.lost.push(wrong);
    Ok(None)
}

/// Where the copy of the first table lies; none when it is damaged, which is noted.
fn copy_of_first(
    disc: &dyn Source,
    sector: u32,
    other: u64,
    findings: &mut Findings,
) -> Result<Vec<(u64, u64)>> {
    let mut apart = Findings::default();
    let at = other.saturating_mul(sector.into());
    match table_at(disc, sector, other, &mut apart)? {
        Found::Table(table, _) => return Ok(table.structures),
        Found::Damaged(wrong, _) => findings.noted.push(wrong),
        Found::Nothing => {
            findings.noted.push(Corrupt::new(STRUCTURE, at, "signature", "missing", "must be EFI PART"));
        }
    }
    Ok(Vec::new())
}

fn last_sector(disc: &dyn Source, sector: u32) -> Option<u64> {
    disc.len().checked_div(sector.into())?.checked_sub(1).filter(|last| *last > FIRST)
}

/// The table whose header lies in a sector. Partitions that cannot be are added to `findings`.
fn table_at(disc: &dyn Source, sector: u32, place: u64, findings: &mut Findings) -> Result<Found> {
    let Some(at) = place.checked_mul(sector.into()) else { return Ok(Found::Nothing) };
    let mut bytes = vec![0; as_usize(sector.into())];
    if !fill(disc, &mut bytes, at)? {
        return Ok(Found::Nothing);
    }
    let Ok((header, _)) = raw::GptHeader::ref_from_prefix(&bytes) else { return Ok(Found::Nothing) };
    if header.signature != *b"EFI PART" {
        return Ok(Found::Nothing);
    }
    let other = header.other_sector.get();
    let wrong = |field, found: &dyn std::fmt::Display, allowed: String| {
        Ok(Found::Damaged(Corrupt::new(STRUCTURE, at, field, found, allowed), Some(other)))
    };
    let size = header.header_size.get();
    let covered = bytes.get(..as_usize(size.into()));
    let Some(covered) = covered.filter(|covered| covered.len() >= size_of::<raw::GptHeader>()) else {
        return wrong("header size", &size, format!("must be 92 to {sector}"));
    };
    let crc = crc_of_header(covered);
    if crc != header.header_crc.get() {
        return wrong("CRC", &header.header_crc, format!("must be {crc}"));
    }
    if header.own_sector.get() != place {
        return wrong("own sector", &header.own_sector, format!("must be {place}"));
    }
    let (count, entry_size) = (header.entry_count.get(), header.entry_size.get());
    if as_usize(entry_size.into()) < size_of::<raw::GptEntry>() {
        return wrong("size of an entry", &entry_size, "must be 128 or more".into());
    }
    let len = u64::from(count).saturating_mul(entry_size.into());
    if len > limits::GPT_ENTRIES {
        return wrong("size of all entries", &len, format!("at most {}", limits::GPT_ENTRIES));
    }
    let mut entries = vec![0; as_usize(len)];
    let entries_at = header.entries.get().saturating_mul(sector.into());
    if !fill(disc, &mut entries, entries_at)? {
        return wrong(
            "first sector of the entries",
            &header.entries,
            format!("the image ends at byte {}", disc.len()),
        );
    }
    let crc = CRC.checksum(&entries);
    if crc != header.entries_crc.get() {
        return wrong("CRC of the entries", &header.entries_crc, format!("must be {crc}"));
    }
    let mut partitions = Vec::new();
    let all = entries.chunks_exact(as_usize(entry_size.into()).max(1));
    for ((number, entry), entry_at) in
        (1..).zip(all).zip((entries_at..).step_by(as_usize(entry_size.into()).max(1)))
    {
        let Ok((entry, _)) = raw::GptEntry::ref_from_prefix(entry) else { break };
        match partition(number, entry, sector, entry_at) {
            Ok(used) => partitions.extend(used),
            Err(wrong) => findings.lost.push(wrong),
        }
    }
    let guid = Some(Guid::recorded(header.disk_guid));
    let structures = vec![(at, sector.into()), (entries_at, len)];
    let (scheme, copy) = (Scheme::Gpt, Vec::new());
    let table = PartitionTable { scheme, at, sector, guid, partitions, structures, copy };
    Ok(Found::Table(table, other))
}

/// The CRC of the bytes that a header covers, its own four being 0.
fn crc_of_header(covered: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(covered.get(..16).unwrap_or_default());
    digest.update(&[0; 4]);
    digest.update(covered.get(20..).unwrap_or_default());
    digest.finalize()
}

/// The partition of an entry; `None` when the entry is not used.
fn partition(number: u32, entry: &raw::GptEntry, sector: u32, at: u64) -> Result<Option<Partition>, Corrupt> {
    if entry.type_guid == [0; 16] {
        return Ok(None);
    }
    let (first, last) = (entry.first_sector.get(), entry.last_sector.get());
    let wrong =
        |field, found: u64, allowed: String| Corrupt::new("GPT partition entry", at, field, found, allowed);
    let sectors = last.checked_sub(first).and_then(|sectors| sectors.checked_add(1));
    let sectors = sectors.ok_or_else(|| wrong("last sector", last, format!("must be {first} or more")))?;
    let farthest = FARTHEST.checked_div(sector.into()).unwrap_or(0);
    if last >= farthest {
        return Err(wrong("last sector", last, format!("must be below {farthest}")));
    }
    Ok(Some(Partition {
        number,
        kind: PartitionType::Gpt(Guid::recorded(entry.type_guid)),
        at: first.saturating_mul(sector.into()),
        size: sectors.saturating_mul(sector.into()),
        is_bootable: entry.attributes.get() & gpt_attributes::LEGACY_BIOS_BOOTABLE != 0,
        guid: Some(Guid::recorded(entry.guid)),
        name: text::utf16_le(&entry.name),
    }))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    const EFI: [u8; 16] = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";

    /// A header in sector `own`, whose entries of 128 bytes lie in sector `entries`, and these entries: first and last sector.
    fn write(disc: &mut Vec<u8>, sector: usize, [own, other, entries]: [usize; 3], used: &[(u64, u64)]) {
        let mut all = vec![0; 128 * 8];
        for (n, (first, last)) in used.iter().enumerate() {
            let entry = &mut all[128 * n..][..128];
            entry[..16].copy_from_slice(&EFI);
            entry[16] = n as u8 + 1;
            entry[32..40].copy_from_slice(&first.to_le_bytes());
            entry[40..48].copy_from_slice(&last.to_le_bytes());
            entry[48] = 4;
            entry[56..60].copy_from_slice(b"A\0b\0");
        }
        put(disc, entries * sector, &all);
        let mut header = vec![0; 92];
        header[..12].copy_from_slice(b"EFI PART\0\0\x01\0");
        header[12] = 92;
        header[24..32].copy_from_slice(&(own as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(other as u64).to_le_bytes());
        header[72..80].copy_from_slice(&(entries as u64).to_le_bytes());
        header[80] = 8;
        header[84] = 128;
        header[88..].copy_from_slice(&CRC.checksum(&all).to_le_bytes());
        put(disc, own * sector, &header);
        seal(disc, own * sector);
    }

    /// Makes the CRC of a header right.
    fn seal(disc: &mut [u8], at: usize) {
        let crc = crc_of_header(&disc[at..at + 92]);
        disc[at + 16..at + 20].copy_from_slice(&crc.to_le_bytes());
    }

    /// A disc of 100 sectors with both headers.
    fn disc(sector: usize) -> Vec<u8> {
        let mut disc = vec![0; 100 * sector];
        write(&mut disc, sector, [1, 99, 2], &[(0, 80), (40, 49)]);
        write(&mut disc, sector, [99, 1, 90], &[(0, 80), (40, 49)]);
        disc
    }

    /// First byte and bytes of each partition, where the header lay, and what is wrong.
    fn shown(disc: &Vec<u8>) -> (Vec<(u64, u64)>, u64, Vec<String>) {
        let (tables, wrong) = tables(disc);
        let of_table = |table: &PartitionTable| table.partitions.iter().map(|p| (p.at, p.size)).collect();
        let gpt = tables.iter().find(|table| table.scheme == Scheme::Gpt);
        (gpt.map(of_table).unwrap_or_default(), gpt.map_or(0, |table| table.at), wrong)
    }

    #[test]
    fn partitions_are_found_for_every_size_of_a_sector() {
        for sector in SECTORS {
            let bytes = u64::from(sector);
            let disc = disc(as_usize(bytes));
            assert_eq!(shown(&disc), (vec![(0, 81 * bytes), (40 * bytes, 10 * bytes)], bytes, vec![]));
            let (tables, _) = tables(&disc);
            let second = &tables[0].partitions[1];
            assert_eq!((second.number, second.name.as_str(), second.is_bootable), (2, "Ab", true));
            assert_eq!(second.guid.unwrap().to_string(), "00000002-0000-0000-0000-000000000000");
            assert_eq!((tables[0].sector, second.kind.name()), (sector, Some("EFI system")));
        }
    }

    #[test]
    fn a_copy_stands_in_for_a_damaged_header_or_damaged_entries() {
        let whole = disc(512);
        let (expected, ..) = shown(&whole);
        for (at, what) in [
            (512 + 60, "GPT header at byte 512: CRC is"),
            (2 * 512 + 34, "GPT header at byte 512: CRC of the entries is"),
            // Where the other header is cannot be read any more: then it is in the last sector.
            (512 + 32, "GPT header at byte 512: CRC is"),
        ] {
            let mut disc = whole.clone();
            disc[at] ^= 0x55;
            let (found, header_at, wrong) = shown(&disc);
            assert_eq!((found, header_at), (expected.clone(), 99 * 512), "{at}");
            assert!(wrong.len() == 1 && wrong[0].starts_with(what), "{wrong:?}");
            // Without the copy nothing is left.
            disc[99 * 512 + 60] ^= 1;
            let (found, _, wrong) = shown(&disc);
            assert!(found.is_empty() && wrong.len() == 1 && wrong[0].starts_with(what), "{wrong:?}");
        }
    }

    #[test]
    fn a_damaged_copy_is_noted_only() {
        let mut disc = disc(512);
        disc[99 * 512 + 60] ^= 1;
        let (found, at, wrong) = shown(&disc);
        assert_eq!((found.len(), at), (2, 512));
        assert!(wrong.len() == 1 && wrong[0].starts_with("GPT header at byte 50688: CRC"), "{wrong:?}");
        disc.truncate(98 * 512);
        let (found, at, wrong) = shown(&disc);
        assert_eq!((found.len(), at), (2, 512));
        assert_eq!(wrong, ["GPT header at byte 50688: signature is missing, must be EFI PART"]);
    }

    #[test]
    fn a_header_that_is_gone_is_looked_for_where_an_mbr_speaks_of_it() {
        let mut disc = disc(512);
        disc[512..1024].fill(0);
        assert_eq!(shown(&disc), (vec![], 0, vec![]));
        disc[510..512].copy_from_slice(&raw::BOOT_SIGNATURE);
        (disc[450], disc[454], disc[458]) = (0xee, 1, 99);
        let (found, at, wrong) = shown(&disc);
        assert_eq!((found.len(), at), (2, 99 * 512));
        assert_eq!(wrong, ["GPT header at byte 512: signature is missing, must be EFI PART"]);
        disc[99 * 512..].fill(0);
        let (found, _, wrong) = shown(&disc);
        assert!(found.is_empty() && wrong.is_empty(), "a boot record that only protects: {wrong:?}");
    }

    #[test]
    fn claims_of_a_header_are_bounded() {
        for (at, bytes, what) in [
            (12, &[0, 0][..], "header size is 0, must be 92 to 512"),
            (12, &[0, 8], "header size is 2048, must be 92 to 512"),
            (24, &[2], "own sector is 2, must be 1"),
            (80, &[0xff; 4], "size of all entries is 549755813760, at most 1048576"),
            (84, &[0], "size of an entry is 0, must be 128 or more"),
            (84, &[3], "size of an entry is 3, must be 128 or more"),
            (84, &[0xff; 4], "size of all entries is 34359738360, at most 1048576"),
            (
                72,
                &[0xff; 8],
                "first sector of the entries is 18446744073709551615, the image ends at byte 51200",
            ),
        ] {
            let mut disc = disc(512);
            disc[99 * 512..].fill(0);
            disc[512 + at..512 + at + bytes.len()].copy_from_slice(bytes);
            if disc[512 + 12] == 92 {
                seal(&mut disc, 512);
            }
            let (found, _, wrong) = shown(&disc);
            assert!(found.is_empty(), "{what}");
            assert_eq!(wrong, [format!("GPT header at byte 512: {what}")]);
        }
    }

    #[test]
    fn partitions_that_cannot_be_are_left_out() {
        let mut disc = vec![0; 100 * 512];
        let places =
            [(5, 4), (10, 10), (0, u64::MAX), (u64::MAX, u64::MAX), (1 << 53, 1 << 60), (0, (1 << 54) - 2)];
        for [own, other, entries] in [[1, 99, 2], [99, 1, 90]] {
            write(&mut disc, 512, [own, other, entries], &places);
        }
        let (found, _, wrong) = shown(&disc);
        assert_eq!(found, [(10 * 512, 512), (0, ((1 << 54) - 1) * 512)]);
        assert_eq!(wrong.len(), 4);
        assert_eq!(wrong[0], "GPT partition entry at byte 1024: last sector is 4, must be 5 or more");
        assert_eq!(
            wrong[3],
            "GPT partition entry at byte 1536: last sector is 1152921504606846976, must be below 18014398509481983"
        );
    }
}
