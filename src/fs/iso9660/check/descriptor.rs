//! Volume descriptors, ECMA-119 8: what of them is wrong, and where they lie.

use zerocopy::FromBytes;

use super::super::{
    descriptor::DescriptorSet,
    raw::{self, SECTOR, SYSTEM_AREA_SECTORS, descriptor_type},
};
use crate::{
    bytes::as_usize,
    fs::check::{Examination, Finding, Flaw},
    limits,
    volume::Volume,
};

/// Looks at each descriptor of a session.
pub(super) fn check(volume: &Volume, set: &DescriptorSet, found: &mut Examination) {
    let start = set.start.saturating_mul(SECTOR);
    found.region(start, SYSTEM_AREA_SECTORS.saturating_mul(SECTOR), "the system area", false);
    let first = start.saturating_add(SYSTEM_AREA_SECTORS.saturating_mul(SECTOR));
    let mut at = first;
    for _ in 0..limits::VOLUME_DESCRIPTORS {
        let mut sector = vec![0; as_usize(SECTOR)];
        if volume.peek(&mut sector, at).is_err() {
            break;
        }
        let Ok((descriptor, _)) = raw::VolumeDescriptor::ref_from_prefix(&sector) else { break };
        if &descriptor.standard_identifier != b"CD001" {
            // High Sierra has other fields; where it ends is the same.
            let is_high_sierra = sector.get(9..14) == Some(b"CDROM");
            if !is_high_sierra {
                break;
            }
        } else {
            look(volume, descriptor, at, set.end().max(volume.len()), found);
        }
        at = at.saturating_add(SECTOR);
        if is_terminator(&sector) {
            break;
        }
    }
    found.region(first, at.saturating_sub(first), "the volume descriptors", true);
    if !set.is_terminated {
        found.add(Finding::new(Flaw::Terminator, "the volume descriptors have no terminator").at(at, 0));
    }
}

fn is_terminator(sector: &[u8]) -> bool {
    sector.first() == Some(&descriptor_type::TERMINATOR)
        || sector.get(8) == Some(&descriptor_type::TERMINATOR)
}

/// Looks at a descriptor of a volume that ends at byte `end`.
fn look(volume: &Volume, descriptor: &raw::VolumeDescriptor, at: u64, end: u64, found: &mut Examination) {
    let name = match descriptor.kind {
        descriptor_type::PRIMARY => "primary",
        descriptor_type::SUPPLEMENTARY => "supplementary",
        _ => return,
    };
    let place = volume.byte(at);
    let block_size = u64::from(descriptor.logical_block_size.get());
    if !matches!(block_size, 512 | 1024 | 2048) {
        let text = format!(
            "the {name} volume descriptor at {place} has logical blocks of {block_size} bytes; 512, 1024 and 2048 are possible"
        );
        found.add(Finding::new(Flaw::VolumeDescriptor, text).at(at, SECTOR));
        return;
    }
    let root = raw::DirectoryRecord::ref_from_prefix(&descriptor.root).ok().map(|(root, _)| root);
    let halves = [
        ("volume space size", descriptor.volume_space_size.agrees()),
        ("volume set size", descriptor.volume_set_size.agrees()),
        ("volume sequence number", descriptor.volume_sequence_number.agrees()),
        ("logical block size", descriptor.logical_block_size.agrees()),
        ("path table size", descriptor.path_table_size.agrees()),
        ("location of the root directory", root.is_none_or(|root| root.extent.agrees())),
        ("length of the root directory", root.is_none_or(|root| root.data_length.agrees())),
    ];
    for (field, _) in halves.iter().filter(|(_, agrees)| !agrees) {
        let text = format!(
            "the {field} of the {name} volume descriptor at {place} is not the same in both byte orders"
        );
        found.add(Finding::new(Flaw::BothEndian, text).at(at, SECTOR));
    }
    if let Some(root) = root {
        let root_at = u64::from(root.extent.get()).saturating_mul(block_size);
        if root_at >= end {
            let text = format!(
                "the root directory of the {name} volume descriptor is to be at {}; the volume ends at {}",
                volume.byte(root_at),
                volume.byte(end)
            );
            found.add(Finding::new(Flaw::VolumeDescriptor, text).at(at, SECTOR));
        }
    }
}
