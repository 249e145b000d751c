//! Space bitmaps, ECMA-167 4/14.12: whether they are as long as their partition, and whether what is in use is free by them.

use zerocopy::FromBytes;

use super::{
    super::{
        Udf,
        partition::Partition,
        raw::{self, tag},
        sequence::{PartitionPlace, State},
        tag as tags,
    },
    add,
};
use crate::{
    bytes::as_usize,
    fs::check::{Examination, Flaw},
    limits,
    tree::{
        Inventory,
        inventory::{Role, Span},
    },
};

/// A bitmap that was read: a bit for each block of its partition, set where the block is free.
struct Bitmap {
    place: PartitionPlace,
    /// Byte offset in the volume.
    at: u64,
    bits: Vec<u8>,
}

/// Looks at the bitmap of each partition.
pub(super) fn check(udf: &Udf, state: &State, inventory: Option<&Inventory>, found: &mut Examination) {
    for descriptor in &state.partitions {
        let Ok(raw) = descriptor.as_ref::<raw::PartitionDescriptor>("partition descriptor") else { continue };
        if !raw.contents.identifier.starts_with(b"+NSR0") {
            continue;
        }
        let place = PartitionPlace {
            number: raw.number.get(),
            start: raw.start.get(),
            length: raw.length.get(),
            access: raw.access_type.get(),
        };
        // One that a newer descriptor replaces does not count.
        let is_used = udf.space.partitions.iter().any(
            |partition| matches!(partition, Partition::Physical(used) | Partition::Sparable(used, _) if *used == place),
        );
        let Ok((header, _)) = raw::PartitionHeader::ref_from_prefix(&raw.contents_use) else { continue };
        let len = u64::from(header.unallocated_bitmap.length.get() & 0x3fff_ffff);
        if !is_used || len == 0 {
            continue;
        }
        let block = header.unallocated_bitmap.block.get();
        if let Some(bitmap) = read(udf, place, block, len, found)
            && let Some(inventory) = inventory
        {
            compare(udf, &bitmap, inventory, found);
        }
    }
}

fn read(udf: &Udf, place: PartitionPlace, block: u32, len: u64, found: &mut Examination) -> Option<Bitmap> {
    let space = &udf.space;
    let at = space.at(place.start).saturating_add(space.at(block));
    found.region(at, len, "the bitmap of free space", false);
    let mut wrong = |text: String| {
        add(
            found,
            Flaw::SpaceBitmap,
            at,
            len,
            format!("the bitmap of free space at {} {text}", space.volume.byte(at)),
        );
        None
    };
    if len > limits::SPACE_BITMAP || !space.volume.contains(at, len) {
        return wrong(format!("has {len} bytes; {}", space.volume.bounds()));
    }
    let mut bytes = vec![0; as_usize(len)];
    if let Err(error) = space.volume.read_past(&mut bytes, at) {
        return wrong(format!("cannot be read: {}", space.volume.said(&error)));
    }
    let Ok((raw, bits)) = raw::SpaceBitmap::ref_from_prefix(&bytes) else {
        return wrong("is shorter than its header".to_owned());
    };
    let is_sound = raw.tag.identifier.get() == tag::SPACE_BITMAP
        && raw.tag.location.get() == block
        && raw.tag.checksum == tags::checksum(&bytes);
    let covered = bytes.get(16..).and_then(|body| body.get(..raw.tag.crc_length.get().into()));
    // UDF 2.3.1.2: the CRC may leave out the bits.
    if !is_sound || covered.is_none_or(|covered| tags::crc(covered) != raw.tag.crc.get()) {
        return wrong("has a wrong tag".to_owned());
    }
    let (count, recorded) = (raw.bits.get(), u64::from(raw.bytes.get()));
    if count != place.length {
        return wrong(format!("has {count} bits; the partition has {} blocks", place.length));
    }
    if recorded < u64::from(count).div_ceil(8) || as_usize(recorded) > bits.len() {
        return wrong(format!("has {recorded} bytes for {count} bits"));
    }
    Some(Bitmap { place, at, bits: bits.to_vec() })
}

/// Blocks that are free by the bitmap, and in which something lies.
fn compare(udf: &Udf, bitmap: &Bitmap, inventory: &Inventory, found: &mut Examination) {
    let space = &udf.space;
    let start = space.at(bitmap.place.start);
    let mut steps = limits::BITMAP_STEPS;
    let mut wrong: u64 = 0;
    let mut first = None;
    let is_own = |span: &&Span| span.role != Role::Record;
    for span in inventory.spans().iter().filter(is_own) {
        let Some(from) = span.extent.at.checked_sub(start) else { continue };
        let from = from.checked_div(space.block_size).unwrap_or(0);
        let end = span.extent.end().saturating_sub(start).div_ceil(space.block_size);
        for block in from..end.min(bitmap.place.length.into()) {
            steps = match steps.checked_sub(1) {
                Some(left) => left,
                None => return,
            };
            let byte = bitmap.bits.get(as_usize(block / 8)).copied().unwrap_or(0);
            if byte >> (block % 8) & 1 == 1 {
                wrong = wrong.saturating_add(1);
                first.get_or_insert(start.saturating_add(block.saturating_mul(space.block_size)));
            }
        }
    }
    if let Some(first) = first {
        let text = format!(
            "{wrong} blocks are free by the bitmap of free space at {} and in use, the first at {}",
            space.volume.byte(bitmap.at),
            space.volume.byte(first)
        );
        add(found, Flaw::SpaceBitmap, first, space.block_size, text);
    }
}
