//! The partition map of Apple: a driver descriptor record in block 0, and an entry in each block from block 1 on.

use zerocopy::FromBytes;

use super::{
    Partition, PartitionTable, PartitionType, Scheme, fill,
    raw::{self, apple_status},
};
use crate::{
    bytes::as_u64,
    error::{Corrupt, Findings, Result},
    limits,
    source::Source,
};

/// Bytes of a block. Disks have 512; maps of optical media count in their sectors, too.
const BLOCKS: [u16; 4] = [DISK_BLOCK, 1024, 2048, 4096];
const DISK_BLOCK: u16 = 512;

/// The map that the driver descriptor record announces; `None` when there is none.
///
/// Entries lie in blocks of the size that the record says; where the first of them is not there, it is looked for in byte 512.
pub(super) fn read(disc: &dyn Source, findings: &mut Findings) -> Result<Option<PartitionTable>> {
    let mut start = [0; size_of::<raw::DriverDescriptor>()];
    if !fill(disc, &mut start, 0)? {
        return Ok(None);
    }
    let Ok(descriptor) = raw::DriverDescriptor::ref_from_bytes(&start) else { return Ok(None) };
    if descriptor.signature != *b"ER" {
        return Ok(None);
    }
    let said = Some(descriptor.block_size.get()).filter(|said| BLOCKS.contains(said) && *said != DISK_BLOCK);
    for block in said.into_iter().chain([DISK_BLOCK]) {
        let (partitions, count) = entries(disc, block, findings)?;
        if !partitions.is_empty() {
            let sector = block.into();
            let map = u64::from(block).saturating_mul(count.into());
            let structures = vec![(0, as_u64(size_of::<raw::DriverDescriptor>())), (block.into(), map)];
            let (scheme, guid, copy) = (Scheme::Apple, None, Vec::new());
            return Ok(Some(PartitionTable { scheme, at: 0, sector, guid, partitions, structures, copy }));
        }
    }
    Ok(None)
}

/// The partitions of a map whose entries lie in blocks of `block` bytes, and how many entries were read. How many there are is what the
/// first entry says.
fn entries(disc: &dyn Source, block: u16, findings: &mut Findings) -> Result<(Vec<Partition>, u32)> {
    let mut partitions = Vec::new();
    let mut count: u32 = 1;
    let mut number: u32 = 1;
    while number <= count {
        let at = u64::from(number).saturating_mul(block.into());
        let mut wrong = |field, found: &str, allowed: String| {
            findings.lost.push(Corrupt::new("Apple partition map entry", at, field, found, allowed));
        };
        let mut bytes = [0; size_of::<raw::AppleEntry>()];
        let is_there = fill(disc, &mut bytes, at)?;
        let entry = raw::AppleEntry::ref_from_bytes(&bytes).ok().filter(|entry| entry.signature == *b"PM");
        let Some(entry) = entry.filter(|_| is_there) else {
            if number > 1 {
                wrong("signature", "missing", format!("there must be {count} entries"));
            }
            break;
        };
        if number == 1 {
            let said = entry.entry_count.get();
            if said > limits::APPLE_PARTITIONS {
                let most = limits::APPLE_PARTITIONS;
                wrong("number of entries", &said.to_string(), format!("at most {most}"));
            }
            count = said.min(limits::APPLE_PARTITIONS);
        }
        if entry.blocks.get() > 0 {
            partitions.push(partition(number, entry, block));
        }
        number = number.saturating_add(1);
    }
    Ok((partitions, number.saturating_sub(1)))
}

fn partition(number: u32, entry: &raw::AppleEntry, block: u16) -> Partition {
    Partition {
        number,
        kind: PartitionType::Apple(word(&entry.kind)),
        at: u64::from(entry.start.get()).saturating_mul(block.into()),
        size: u64::from(entry.blocks.get()).saturating_mul(block.into()),
        is_bootable: entry.status.get() & apple_status::BOOTABLE != 0,
        guid: None,
        name: word(&entry.name),
    }
}

/// A field that ends at a NUL.
fn word(field: &[u8]) -> String {
    let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::*, *};

    /// A map: name, type, first block and blocks of each entry.
    fn map(block: usize, entries: &[(&str, &str, u32, u32)]) -> Vec<u8> {
        let mut disc = vec![0; (20 + entries.len()) * block];
        disc[..2].copy_from_slice(b"ER");
        disc[2..4].copy_from_slice(&(block as u16).to_be_bytes());
        for (n, (name, kind, start, blocks)) in entries.iter().enumerate() {
            let entry = &mut disc[(n + 1) * block..][..512];
            entry[..2].copy_from_slice(b"PM");
            entry[4..8].copy_from_slice(&(entries.len() as u32).to_be_bytes());
            entry[8..12].copy_from_slice(&start.to_be_bytes());
            entry[12..16].copy_from_slice(&blocks.to_be_bytes());
            entry[16..16 + name.len()].copy_from_slice(name.as_bytes());
            entry[48..48 + kind.len()].copy_from_slice(kind.as_bytes());
            entry[91] = 0x33;
        }
        disc
    }

    const ENTRIES: [(&str, &str, u32, u32); 3] =
        [("Apple", "Apple_partition_map", 1, 3), ("Hybrid", "Apple_HFS", 8, 10), ("", "Apple_Free", 18, 2)];

    /// Number, type, first byte and bytes.
    type Shown = (u32, String, u64, u64);

    fn shown(disc: &Vec<u8>) -> (Vec<Shown>, Vec<String>) {
        let (tables, wrong) = tables(disc);
        let all = tables.iter().flat_map(|table| &table.partitions);
        let shown = all.map(|p| (p.number, p.kind.name().unwrap().to_owned(), p.at, p.size));
        (shown.collect(), wrong)
    }

    #[test]
    fn maps_count_in_the_blocks_that_they_say() {
        for block in BLOCKS {
            let block = u64::from(block);
            let disc = map(block as usize, &ENTRIES);
            let expected = ENTRIES.iter().zip(1..).map(|((_, kind, start, blocks), number)| {
                (number, (*kind).to_owned(), u64::from(*start) * block, u64::from(*blocks) * block)
            });
            assert_eq!(shown(&disc), (expected.collect(), vec![]));
            let (tables, _) = tables(&disc);
            assert_eq!(
                (u64::from(tables[0].sector), tables[0].partitions[1].name.as_str()),
                (block, "Hybrid")
            );
            assert!(!tables[0].partitions[1].is_bootable);
        }
    }

    #[test]
    fn a_descriptor_with_another_size_of_blocks_than_its_map_has_the_map_of_disks() {
        for said in [2048, 3, 0] {
            let mut disc = map(512, &ENTRIES[..2]);
            disc[2..4].copy_from_slice(&u16::to_be_bytes(said));
            assert_eq!(shown(&disc).0[1], (2, "Apple_HFS".to_owned(), 8 * 512, 10 * 512), "{said}");
        }
    }

    #[test]
    fn maps_without_end_are_bounded() {
        let mut disc = map(512, &[("", "Apple_HFS", 1, 1); 300]);
        for count in [u32::MAX, 300] {
            disc[512 + 4..512 + 8].copy_from_slice(&count.to_be_bytes());
            let (found, wrong) = shown(&disc);
            assert_eq!(found.len(), 256);
            let expected =
                format!("Apple partition map entry at byte 512: number of entries is {count}, at most 256");
            assert_eq!(wrong, [expected]);
        }
    }

    #[test]
    fn entries_that_are_missing_cost_themselves() {
        let mut disc = map(512, &ENTRIES);
        disc[3 * 512] = 0;
        let (found, wrong) = shown(&disc);
        assert_eq!(found.len(), 2);
        assert_eq!(
            wrong,
            ["Apple partition map entry at byte 1536: signature is missing, there must be 3 entries"]
        );
        disc.truncate(1000);
        let (found, wrong) = shown(&disc);
        assert_eq!((found.len(), wrong.len()), (1, 1));
        let mut disc = map(512, &[("n", "t", u32::MAX, u32::MAX)]);
        disc[512 + 91] = 8;
        let (tables, wrong) = tables(&disc);
        assert!(wrong.is_empty() && tables[0].partitions[0].is_bootable);
        assert_eq!(tables[0].end(), 2 * u64::from(u32::MAX) * 512);
    }
}
