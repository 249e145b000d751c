//! Path tables, ECMA-119 9.4, against the directories of their tree.

use std::collections::{HashMap, HashSet};

use zerocopy::FromBytes;

use super::{
    super::{Iso9660, raw, record::Layout},
    records::{self, Directory},
};
use crate::{
    bytes::as_usize,
    fs::check::{Examination, Finding, Flaw},
    limits,
    tree::FileSystem,
};

/// Directories from which on the numbers of a path table, which have 16 bits, do not reach.
const NUMBERED: usize = 65_535;

/// Which byte of a number comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u32(self, bytes: [u8; 4]) -> u32 {
        if self == Self::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    }

    fn u16(self, bytes: [u8; 2]) -> u16 {
        if self == Self::Little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }
    }
}

/// A record of a path table.
struct Row<'a> {
    block: u32,
    /// The number of another record, from 1.
    parent: u16,
    identifier: &'a [u8],
}

/// Looks at the path tables of a tree.
pub(super) fn check(iso: &Iso9660, directories: &[Directory], found: &mut Examination) {
    if iso.tree.layout == Layout::HighSierra {
        return;
    }
    let mut bytes = [0; size_of::<raw::VolumeDescriptor>()];
    let at = iso.tree.root_record_at.saturating_sub(156);
    if iso.volume.read(&mut bytes, at).is_err() {
        return;
    }
    let Ok(descriptor) = raw::VolumeDescriptor::ref_from_bytes(&bytes) else { return };
    let size = u64::from(descriptor.path_table_size.get());
    let tables = [
        (descriptor.path_table_l.get(), Order::Little, true, "the path table of type L"),
        (descriptor.path_table_m.get(), Order::Big, false, "the path table of type M"),
        (descriptor.optional_path_table_l.get(), Order::Little, false, "the optional path table of type L"),
        (descriptor.optional_path_table_m.get(), Order::Big, false, "the optional path table of type M"),
    ];
    for (block, order, is_main, name) in tables {
        // Optional ones need not be there, and writers leave out others too.
        if block == 0 {
            continue;
        }
        let at = iso.block_at(block);
        found.region(at, size, name, is_main);
        let flaw = if is_main { Flaw::PathTable } else { Flaw::PathTableCopy };
        // What is missing of one is told for its bytes.
        if !iso.volume.contains(at, size) {
            continue;
        }
        let text = match read(iso, at, size) {
            Ok(table) => compare(&table, order, directories, &|identifier| records::shown(iso, identifier)),
            Err(why) => Some(why),
        };
        if let Some(text) = text {
            found.add(Finding::new(flaw, format!("{name} {text}")).of(Some(iso.view())).at(at, size));
        }
    }
}

fn read(iso: &Iso9660, at: u64, size: u64) -> Result<Vec<u8>, String> {
    if size > limits::PATH_TABLE {
        return Err(format!("has {size} bytes, more than {} are not read", limits::PATH_TABLE));
    }
    let mut table = vec![0; as_usize(size)];
    iso.volume.read(&mut table, at).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(table)
}

fn rows(table: &[u8], order: Order) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut rest = table;
    while let Ok((raw, behind)) = raw::PathTableRecord::ref_from_prefix(rest) {
        let length = usize::from(raw.identifier_length);
        let Some((identifier, after)) = behind.split_at_checked(length).filter(|_| length > 0) else { break };
        rows.push(Row { block: order.u32(raw.extent), parent: order.u16(raw.parent), identifier });
        rest = after.get(length % 2..).unwrap_or_default();
    }
    rows
}

/// What a table says otherwise than the directories, the first of it.
fn compare(
    table: &[u8],
    order: Order,
    directories: &[Directory],
    shown: &dyn Fn(&[u8]) -> String,
) -> Option<String> {
    let rows = rows(table, order);
    let mut named: HashMap<(u32, &[u8]), usize> = HashMap::new();
    for (number, directory) in directories.iter().enumerate() {
        named.entry((directory.block, &*directory.identifier)).or_insert(number);
    }
    let blocks: HashSet<u32> = directories.iter().map(|directory| directory.block).collect();
    let mut met: HashSet<u32> = HashSet::new();
    let mut wrong: u64 = 0;
    let mut first = None;
    let mut tell = |text: &dyn Fn() -> String| {
        wrong = wrong.saturating_add(1);
        first.get_or_insert_with(text);
    };
    for row in &rows {
        let name = || shown(row.identifier);
        if !blocks.contains(&row.block) {
            tell(&|| format!("has a directory {} at block {}, which the tree has not", name(), row.block));
            continue;
        }
        met.insert(row.block);
        let Some(number) = named.get(&(row.block, row.identifier)) else {
            tell(&|| format!("calls the directory at block {} {}; the tree does not", row.block, name()));
            continue;
        };
        let above = directories.get(*number).and_then(|d| directories.get(d.parent)).map(|d| d.block);
        let named_above =
            usize::from(row.parent).checked_sub(1).and_then(|n| rows.get(n)).map(|row| row.block);
        if rows.len() <= NUMBERED && above != named_above {
            let path = || records::path(shown, directories, *number);
            tell(&|| format!("has {} in another directory than the tree", path()));
        }
    }
    for (number, _) in directories.iter().enumerate().filter(|(_, d)| !met.contains(&d.block)) {
        tell(&|| format!("has not the directory {}", records::path(shown, directories, number)));
    }
    let more = wrong.saturating_sub(1);
    first.map(|text| if more > 0 { format!("{text} (and {more} more)") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(identifier: &[u8], block: u32, parent: u16) -> Vec<u8> {
        let mut bytes = vec![identifier.len() as u8, 0];
        bytes.extend(block.to_le_bytes());
        bytes.extend(parent.to_le_bytes());
        bytes.extend(identifier);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes
    }

    fn directories() -> Vec<Directory> {
        let directory = |block, parent, name: &[u8]| Directory { block, parent, identifier: name.into() };
        vec![directory(20, 0, &[0]), directory(21, 0, b"A"), directory(22, 1, b"BC")]
    }

    fn told(rows: &[Vec<u8>]) -> Option<String> {
        compare(&rows.concat(), Order::Little, &directories(), &crate::text::escape)
    }

    #[test]
    fn a_table_is_compared_in_every_part() {
        let right = [row(&[0], 20, 1), row(b"A", 21, 1), row(b"BC", 22, 2)];
        assert_eq!(told(&right), None);
        let wrong = |n: usize, other: Vec<u8>| {
            let mut rows = right.clone();
            rows[n] = other;
            told(&rows).unwrap()
        };
        assert!(wrong(1, row(b"X", 21, 1)).starts_with("calls the directory at block 21 X"));
        assert!(wrong(1, row(b"A", 31, 1)).contains("at block 31, which the tree has not (and"));
        assert!(wrong(2, row(b"BC", 22, 1)).starts_with("has /A/BC in another directory"));
        assert_eq!(told(&right[..2]).unwrap(), "has not the directory /A/BC");
    }
}
