//! Sparing tables, UDF 2.2.12: which packets of a sparable partition are replaced by others.

use zerocopy::FromBytes;

use super::{
    partition::is_named,
    raw::{self, SparableMap, SparingEntry, tag},
    sequence::PartitionPlace,
    space::Space,
    steps::Steps,
    tag::Descriptor,
};
use crate::{
    bytes::as_usize,
    error::{Corrupt, Error, Result},
    limits,
    tree::{Data, Place},
    volume::Volume,
};

const STRUCTURE: &str = "sparing table";

/// Entries from this place on are free or useless, UDF 2.2.12.
const UNUSED: u32 = 0xffff_fff0;

/// The packets that are replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct SparingTable {
    /// Blocks of a packet, not 0 when there are entries.
    packet: u32,
    /// First block of a packet in the partition, first block in the volume of the one in its stead; sorted.
    spared: Vec<(u32, u32)>,
}

impl SparingTable {
    /// The newest of the tables that a map names. Without one that is in order nothing is replaced.
    pub(super) fn read(space: &Space, map: &SparableMap) -> Self {
        let mut newest: Option<(u32, Self)> = None;
        for place in map.tables.iter().take(map.table_count.into()) {
            match read_one(space, map, place.get()) {
                Ok((number, table)) => {
                    if newest.as_ref().is_none_or(|(known, _)| number > *known) {
                        newest = Some((number, table));
                    }
                }
                Err(error) => log::warn!("{error}"),
            }
        }
        newest.map(|(_, table)| table).unwrap_or_default()
    }

    /// See [`Space::push`].
    pub(super) fn push(
        &self,
        space: &Space,
        place: PartitionPlace,
        data: &mut Data,
        block: u32,
        len: u64,
        steps: &Steps,
    ) {
        let (mut block, mut left) = (block, len);
        let packet_of = |block: u32| {
            let inside = block.checked_rem(self.packet).unwrap_or(0);
            (block.saturating_sub(inside), inside)
        };
        // The runs between the replaced packets, and these, one after the other.
        while left > 0 && steps.take() {
            let (packet, inside) = packet_of(block);
            let next = self.spared.partition_point(|(original, _)| *original < packet);
            let spared = self.spared.get(next).copied();
            let (at, blocks) = match spared {
                Some((original, mapped)) if original == packet => {
                    (space.at(mapped.saturating_add(inside)), self.packet.saturating_sub(inside))
                }
                _ => {
                    let end = spared.map_or(u32::MAX, |(original, _)| original);
                    let start = space.at(place.start).saturating_add(space.at(block));
                    (start, end.saturating_sub(block))
                }
            };
            let run = space.at(blocks).min(left);
            if run == 0 {
                break;
            }
            data.push(Place::Run { at }, run);
            left = left.saturating_sub(run);
            block = block.saturating_add(blocks);
        }
        if left > 0 {
            let error = Corrupt::new(
                "sparable partition",
                space.at(block),
                "extent",
                len,
                "too long, or in too many parts",
            );
            steps.lose(data, error.into(), left);
        }
    }
}

/// A table and its sequence number.
fn read_one(space: &Space, map: &SparableMap, block: u32) -> Result<(u32, SparingTable)> {
    let at = space.at(block);
    let descriptor = Descriptor::read_once(&space.volume, at, space.block_size, block)?
        .expect(tag::SPARING_TABLE, STRUCTURE)?;
    let wrong = |field, found: &dyn std::fmt::Display, allowed: String| -> Error {
        Corrupt::new(STRUCTURE, at, field, found, allowed).into()
    };
    let header: &raw::SparingTable = descriptor.as_ref(STRUCTURE)?;
    if !is_named(&header.identifier, b"*UDF Sparing Table") {
        return Err(wrong("identifier", &"another", "must be *UDF Sparing Table".to_owned()));
    }
    let packet = u32::from(map.packet_length.get());
    if packet == 0 {
        return Err(wrong("packet length", &packet, "must not be 0".to_owned()));
    }
    let count = usize::from(header.length.get()).min(limits::SPARED_PACKETS);
    let len = count.saturating_mul(size_of::<SparingEntry>());
    let size = as_usize(map.table_size.get().into());
    if len.saturating_add(size_of_val(header)) > size {
        return Err(wrong("reallocation table length", &count, format!("the table has {size} bytes")));
    }
    let entries = entries(&space.volume, at.saturating_add(crate::bytes::as_u64(size_of_val(header))), len)?;
    let used = entries.iter().map(|entry| (entry.original.get(), entry.mapped.get()));
    let mut spared: Vec<(u32, u32)> = used.filter(|(original, _)| *original < UNUSED).collect();
    spared.sort_unstable();
    spared.dedup_by_key(|(original, _)| *original);
    Ok((header.sequence_number.get(), SparingTable { packet, spared }))
}

fn entries(volume: &Volume, at: u64, len: usize) -> Result<Vec<SparingEntry>> {
    let mut bytes = vec![0; len];
    volume.peek(&mut bytes, at)?;
    Ok(bytes
        .chunks_exact(size_of::<SparingEntry>())
        .filter_map(|raw| SparingEntry::read_from_bytes(raw).ok())
        .collect())
}
