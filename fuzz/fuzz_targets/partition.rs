//! Any bytes as the start of a disc: its partition tables, read twice, each partition a place that can be.
//!
//! The checksums of GPT headers are made right, so that what is behind them is reached.
#![no_main]

use std::collections::HashSet;

use isomount::{container::partition, error::Findings, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut disc = input.to_vec();
    for sector in [512, 2048, 4096] {
        seal(&mut disc, sector, 1);
        seal(&mut disc, sector, (input.len() / sector).saturating_sub(1));
    }
    let read = || {
        let mut findings = Findings::default();
        let tables = partition::read(&disc, &mut findings).unwrap();
        (tables, findings)
    };
    let (tables, findings) = read();
    assert_eq!((tables.clone(), findings.clone()), read());
    assert!(tables.is_sorted_by(|a, b| a.scheme < b.scheme));
    let most = usize::try_from(limits::GPT_ENTRIES / 128).unwrap();
    for table in &tables {
        assert!(table.partitions.len() <= most && findings.lost.len() <= 4 * most, "{table:?}");
        let mut numbers = HashSet::new();
        for partition in &table.partitions {
            assert!(partition.number > 0 && numbers.insert(partition.number), "{table:?}");
            assert!(partition.size > 0 && i64::try_from(partition.end()).is_ok(), "{partition:?}");
            assert_eq!(partition.available(u64::MAX), partition.size);
            assert!(partition.available(input.len() as u64) <= input.len() as u64);
            let _ = (partition.kind.name(), partition.kind.holds());
        }
    }
});

/// Makes the checksums of the header in a sector right, if there is one.
fn seal(disc: &mut [u8], sector: usize, place: usize) {
    let at = place * sector;
    let Some(header) = disc.get(at..at + 92).filter(|header| header.starts_with(b"EFI PART")) else { return };
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(&header[at..at + len]);
        usize::try_from(u64::from_le_bytes(bytes)).unwrap()
    };
    let from = number(72, 8).saturating_mul(sector);
    let len = number(80, 4).saturating_mul(number(84, 4));
    let size = number(12, 4);
    if let Some(entries) = from.checked_add(len).and_then(|end| disc.get(from..end)) {
        let sum = crc(entries).to_le_bytes();
        disc[at + 88..at + 92].copy_from_slice(&sum);
    }
    if (92..=sector).contains(&size) && at + size <= disc.len() {
        disc[at + 16..at + 20].fill(0);
        let sum = crc(&disc[at..at + size]).to_le_bytes();
        disc[at + 16..at + 20].copy_from_slice(&sum);
    }
}

/// CRC-32 of UEFI 5.3.1.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 },
        )
    };
    !bytes.iter().fold(u32::MAX, step)
}
