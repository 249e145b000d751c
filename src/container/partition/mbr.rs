//! Master boot records, and the chain of extended boot records behind them.

use std::collections::HashSet;

use zerocopy::FromBytes;

use super::{
    Partition, PartitionTable, PartitionType, Scheme, fill,
    kind::mbr::is_extended,
    raw::{self, BOOT_SIGNATURE},
};
use crate::{
    error::{Corrupt, Findings, Result},
    limits,
    source::Source,
};

/// Bytes of a sector: an MBR has no place to say otherwise.
pub(super) const SECTOR: u64 = 512;

/// Status of the partition that is started from.
const ACTIVE: u8 = 0x80;

/// The number of the first partition that an extended one leads to.
const FIRST_LOGICAL: u32 = 5;

/// The partitions of the master boot record in sector 0; `None` when there is none.
///
/// Boot code and boot sectors of file systems have the same signature at their end. They are told from a table by the status of each
/// entry, which is 0 or 0x80, and by a size that is not 0. A type of 0 is one: libisofs writes it for the whole image.
pub(super) fn read(disc: &dyn Source, findings: &mut Findings) -> Result<Option<PartitionTable>> {
    let mut sector = [0; 512];
    if !fill(disc, &mut sector, 0)? {
        return Ok(None);
    }
    let Some(entries) = entries(&sector) else { return Ok(None) };
    let is_table = entries.iter().all(|entry| matches!(entry.status, 0 | ACTIVE));
    if !is_table || entries.iter().all(|entry| entry.sectors.get() == 0) {
        return Ok(None);
    }
    let mut partitions: Vec<Partition> =
        (1..).zip(entries).filter_map(|(number, entry)| partition(number, entry, 0)).collect();
    let mut structures = vec![(0, SECTOR)];
    for extended in entries.iter().filter(|entry| is_extended(entry.kind) && entry.sectors.get() > 0) {
        let records = logical(disc, extended.start.get().into(), &mut partitions, findings)?;
        structures.extend(records.into_iter().map(|record| (record, SECTOR)));
    }
    let sector = u32::try_from(SECTOR).unwrap_or(u32::MAX);
    let (scheme, guid, copy) = (Scheme::Mbr, None, Vec::new());
    Ok(Some(PartitionTable { scheme, at: 0, sector, guid, partitions, structures, copy }))
}

/// The entries of a boot record that has its signature.
fn entries(sector: &[u8; 512]) -> Option<&[raw::BootRecordEntry; 4]> {
    let record = raw::BootRecord::ref_from_bytes(sector).ok()?;
    (record.signature == BOOT_SIGNATURE).then_some(&record.entries)
}

/// The partition of an entry that counts its sectors from sector `from` on; `None` when the entry is not used.
fn partition(number: u32, entry: &raw::BootRecordEntry, from: u64) -> Option<Partition> {
    let sectors = u64::from(entry.sectors.get());
    (sectors > 0).then(|| Partition {
        number,
        kind: PartitionType::Mbr(entry.kind),
        at: from.saturating_add(entry.start.get().into()).saturating_mul(SECTOR),
        size: sectors.saturating_mul(SECTOR),
        is_bootable: entry.status == ACTIVE,
        guid: None,
        name: String::new(),
    })
}

/// Adds the partitions in the extended partition that begins at sector `start`. Each has a boot record in front of it, whose first
/// entry is the partition and whose second leads to the next such record, counted from `start`. Returns where these lie.
fn logical(
    disc: &dyn Source,
    start: u64,
    partitions: &mut Vec<Partition>,
    findings: &mut Findings,
) -> Result<Vec<u64>> {
    let mut own = start;
    let mut met = HashSet::new();
    let mut records = Vec::new();
    loop {
        let at = own.saturating_mul(SECTOR);
        let mut wrong = |field, found: &str, allowed: String| {
            findings.lost.push(Corrupt::new("extended boot record", at, field, found, allowed));
        };
        if met.len() >= limits::EXTENDED_BOOT_RECORDS {
            let most = limits::EXTENDED_BOOT_RECORDS;
            wrong("number in the chain", "larger", format!("at most {most}"));
            return Ok(records);
        }
        if !met.insert(own) {
            wrong("next record", "one from before", "must be another".into());
            return Ok(records);
        }
        let mut sector = [0; 512];
        if !fill(disc, &mut sector, at)? {
            wrong("place", "past the end", format!("the image ends at byte {}", disc.len()));
            return Ok(records);
        }
        let Some([first, second, ..]) = entries(&sector) else {
            wrong("signature", "missing", "must be 0x55 0xaa".into());
            return Ok(records);
        };
        records.push(at);
        let inside = partitions.iter().filter(|partition| partition.number >= FIRST_LOGICAL).count();
        let number = u32::try_from(inside).unwrap_or(u32::MAX).saturating_add(FIRST_LOGICAL);
        partitions.extend(partition(number, first, own));
        if second.sectors.get() == 0 || !is_extended(second.kind) {
            return Ok(records);
        }
        own = start.saturating_add(second.start.get().into());
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};
    use crate::container::partition::Holds;

    /// A boot record with these entries: status, type, first sector, sectors.
    fn record(entries: &[(u8, u8, u32, u32)]) -> Vec<u8> {
        let mut sector = vec![0; 512];
        sector[510..].copy_from_slice(&BOOT_SIGNATURE);
        for (n, (status, kind, start, sectors)) in entries.iter().enumerate() {
            let entry = &mut sector[446 + 16 * n..][..16];
            (entry[0], entry[4]) = (*status, *kind);
            entry[8..12].copy_from_slice(&start.to_le_bytes());
            entry[12..].copy_from_slice(&sectors.to_le_bytes());
        }
        sector
    }

    /// Number, type, start and size in sectors.
    type Shown = (u32, u8, u64, u64);

    fn shown(disc: &Vec<u8>) -> (Vec<Shown>, Vec<String>) {
        let (tables, damage) = tables(disc);
        let all = tables.iter().flat_map(|table| &table.partitions);
        let shown = all.map(|p| match p.kind {
            PartitionType::Mbr(kind) => (p.number, kind, p.at / SECTOR, p.size / SECTOR),
            _ => panic!("{p:?}"),
        });
        (shown.collect(), damage)
    }

    #[test]
    fn a_hybrid_image_has_the_whole_of_itself_and_its_efi_image() {
        let disc = record(&[(0x80, 0, 0, 16_384), (0, 0xef, 136, 8192)]);
        assert_eq!(shown(&disc), (vec![(1, 0, 0, 16_384), (2, 0xef, 136, 8192)], vec![]));
        let (tables, _) = tables(&disc);
        let [whole, efi] = &tables[0].partitions[..] else { panic!("{tables:?}") };
        assert!(whole.is_bootable && !efi.is_bootable);
        assert_eq!(
            (efi.size, efi.available(70_000), efi.available(100)),
            (8192 * 512, 70_000 - 136 * 512, 0)
        );
    }

    #[test]
    fn a_status_that_is_none_means_no_table() {
        let disc = record(&[(0x80, 0x83, 1, 100), (0x01, 0x83, 200, 100)]);
        assert_eq!(shown(&disc), (vec![], vec![]));
    }

    #[test]
    fn the_one_partition_that_protects_a_gpt_is_told_as_such() {
        let (tables, _) = tables(&record(&[(0, 0xee, 1, u32::MAX)]));
        let [protection] = &tables[0].partitions[..] else { panic!("{tables:?}") };
        assert_eq!(protection.kind.holds(), Holds::Protection);
        assert_eq!(protection.end(), (1 << 32) * SECTOR);
    }

    #[test]
    fn extended_partitions_are_followed_from_one_to_the_next() {
        let mut disc = record(&[(0, 0x83, 1, 9), (0, 0x0f, 100, 1000)]);
        put(&mut disc, 100 * 512, &record(&[(0, 0x83, 10, 20), (0, 5, 50, 60)]));
        // One that only leads on.
        put(&mut disc, 150 * 512, &record(&[(0, 0, 0, 0), (0, 5, 200, 60)]));
        put(&mut disc, 300 * 512, &record(&[(0, 0x82, 1, 40)]));
        let expected = vec![(1, 0x83, 1, 9), (2, 0x0f, 100, 1000), (5, 0x83, 110, 20), (6, 0x82, 301, 40)];
        assert_eq!(shown(&disc), (expected, vec![]));
    }

    #[test]
    fn chains_that_do_not_end_are_bounded() {
        let mut disc = record(&[(0, 5, 100, 1000)]);
        put(&mut disc, 100 * 512, &record(&[(0, 0x83, 10, 20), (0, 5, 50, 60)]));
        put(&mut disc, 150 * 512, &record(&[(0, 0x83, 10, 20), (0, 5, 0, 60)]));
        let (partitions, damage) = shown(&disc);
        assert_eq!(partitions.len(), 3);
        assert_eq!(
            damage,
            ["extended boot record at byte 51200: next record is one from before, must be another"]
        );
        let mut disc = record(&[(0, 5, 1, 1000)]);
        for n in 1..1000 {
            put(&mut disc, n * 512, &record(&[(0, 0x83, 1, 1), (0, 5, n as u32, 60)]));
        }
        let (partitions, damage) = shown(&disc);
        assert_eq!(partitions.len(), 1 + limits::EXTENDED_BOOT_RECORDS);
        assert!(damage[0].contains("number in the chain is larger, at most 256"), "{damage:?}");
    }

    #[test]
    fn a_chain_that_leads_nowhere_costs_what_is_behind_it() {
        let mut disc = record(&[(0, 5, 1, u32::MAX)]);
        put(&mut disc, 512, &record(&[(0, 0x83, u32::MAX, u32::MAX), (0, 5, u32::MAX, 60)]));
        let (partitions, damage) = shown(&disc);
        assert_eq!(partitions[1], (5, 0x83, 1 << 32, u32::MAX.into()));
        assert!(damage[0].contains("place is past the end, the image ends at byte 1024"), "{damage:?}");
        disc[1022] = 0;
        let (partitions, damage) = shown(&disc);
        assert_eq!(partitions.len(), 1);
        assert_eq!(damage, ["extended boot record at byte 512: signature is missing, must be 0x55 0xaa"]);
    }
}
