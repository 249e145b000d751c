//! Where the bytes of a file are: its allocation descriptors, ECMA-167 4/12 and 4/14.14.

use std::sync::Arc;

use zerocopy::FromBytes;

use super::{
    file_entry::FileEntry,
    raw::{self, allocation, tag},
    space::{Address, Space},
    steps::Steps,
};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    limits,
    tree::{Data, Place},
};

const STRUCTURE: &str = "allocation descriptors";

/// Types of extents, the two highest bits of their length, ECMA-167 4/14.14.1.1.
mod extent_type {
    pub(super) const RECORDED: u32 = 0;
    pub(super) const NEXT_EXTENT: u32 = 3;
}

/// One allocation descriptor.
struct Extent {
    /// The length as recorded, with the type of the extent.
    length: u32,
    kind: u32,
    /// Bytes.
    len: u64,
    address: Address,
    is_compressed: bool,
}

/// The bytes of the file that `entry` describes. Where a damaged structure leads nowhere, the rest of the file is
/// [`Place::Lost`]; so is what its descriptors do not reach.
pub(super) fn data(space: &Space, entry: &FileEntry, steps: &Steps) -> Data {
    data_and_extents(space, entry, steps, &mut Vec::new())
}

/// As [`data`], with the addresses of the allocation extents that were followed.
pub(super) fn data_and_extents(
    space: &Space,
    entry: &FileEntry,
    steps: &Steps,
    followed: &mut Vec<Address>,
) -> Data {
    let mut data = Data::default();
    let size = entry.information_length;
    if entry.allocation_kind() == allocation::INLINE {
        let recorded = as_u64(entry.allocation().len()).min(size);
        data.push(Place::Run { at: entry.allocation_at() }, recorded);
    } else if let Err(error) = read(space, entry, &mut data, steps, followed) {
        lose_rest(&mut data, size, error);
    }
    if data.size() < size {
        let (found, allowed) = (data.size(), format!("less than the information length {size}"));
        let error = Corrupt::new(STRUCTURE, entry.at(), "bytes", found, allowed);
        lose_rest(&mut data, size, error.into());
    }
    data
}

fn lose_rest(data: &mut Data, size: u64, error: Error) {
    log::debug!("{error}");
    data.push(Place::Lost(Arc::new(error)), size.saturating_sub(data.size()));
}

/// Follows the descriptors of `entry` from one allocation extent to the next, until the file is complete.
fn read(
    space: &Space,
    entry: &FileEntry,
    data: &mut Data,
    steps: &Steps,
    followed: &mut Vec<Address>,
) -> Result<()> {
    let size = entry.information_length;
    let kind = entry.allocation_kind();
    let mut partition = entry.partition;
    let mut extent_block;
    let mut descriptors = entry.allocation();
    let mut at = entry.at();
    // Allocation extents, and those of them since the last that brought bytes.
    let (mut blocks, mut empty) = (0u32, 0u32);
    while data.size() < size {
        let Some((extent, rest)) = parse(descriptors, kind, partition, at)? else { return Ok(()) };
        descriptors = rest;
        if !steps.take() {
            return Err(Corrupt::new(
                STRUCTURE,
                entry.at(),
                "number",
                "too large",
                format!("at most {} steps", limits::ALLOCATION_DESCRIPTORS),
            )
            .into());
        }
        if extent.kind == extent_type::NEXT_EXTENT {
            // To read and verify a large block takes longer.
            let half_kibibytes = u32::try_from(space.block_size >> 9).unwrap_or(u32::MAX);
            steps.take_many(half_kibibytes);
            blocks = blocks.saturating_add(half_kibibytes.max(4) / 4);
            empty = empty.saturating_add(1);
            if blocks > limits::ALLOCATION_EXTENTS || empty > limits::EMPTY_ALLOCATION_EXTENTS {
                let (most, empty) = (limits::ALLOCATION_EXTENTS, limits::EMPTY_ALLOCATION_EXTENTS);
                let (found, allowed) = ("without end", format!("at most {most}, and {empty} without a byte"));
                return Err(Corrupt::new("allocation extents", entry.at(), "chain", found, allowed).into());
            }
            const AED: &str = "allocation extent descriptor";
            followed.push(extent.address);
            extent_block = space.descriptor(extent.address)?.expect(tag::ALLOCATION_EXTENT, AED)?;
            let header: &raw::AllocationExtent = extent_block.as_ref(AED)?;
            let length = as_usize(header.length.get().into());
            let behind = extent_block.bytes().get(size_of_val(header)..).unwrap_or_default();
            at = extent_block.at;
            descriptors = behind
                .get(..length)
                .ok_or_else(|| Corrupt::new(AED, at, "length", length, "longer than the block"))?;
            partition = extent.address.partition;
            continue;
        }
        empty = 0;
        let len = extent.len.min(size.saturating_sub(data.size()));
        if extent.is_compressed {
            steps.lose(data, Error::unsupported("a compressed extent of a UDF file"), len);
        } else if extent.kind == extent_type::RECORDED {
            space.push(data, extent.address, len, steps);
        } else {
            data.push(Place::Hole, len);
        }
    }
    Ok(())
}

/// The first allocation descriptor, and those behind it. `None` at the end: no more bytes, or an extent of length 0.
///
/// # Errors
/// [`Error::Corrupt`] when there is a kind of descriptors that does not exist.
fn parse(bytes: &[u8], kind: u16, partition: u16, at: u64) -> Result<Option<(Extent, &[u8])>> {
    let extent = |length: u32, len: u32, address, is_compressed| Extent {
        length,
        kind: length >> 30,
        len: u64::from(len & 0x3fff_ffff),
        address,
        is_compressed,
    };
    let parsed = match kind {
        allocation::SHORT => raw::ShortAd::ref_from_prefix(bytes).ok().map(|(ad, rest)| {
            let length = ad.length.get();
            (extent(length, length, Address { partition, block: ad.block.get() }, false), rest)
        }),
        allocation::LONG => raw::LongAd::ref_from_prefix(bytes).ok().map(|(ad, rest)| {
            let length = ad.length.get();
            (extent(length, length, Address::of(&ad.location), false), rest)
        }),
        allocation::EXTENDED => raw::ExtendedAd::ref_from_prefix(bytes).ok().map(|(ad, rest)| {
            let (length, information) = (ad.length.get(), ad.information_length.get());
            let is_recorded = length >> 30 == extent_type::RECORDED;
            let is_compressed = is_recorded && ad.recorded_length.get() != information;
            let len = if length >> 30 == extent_type::NEXT_EXTENT || information == 0 {
                length
            } else {
                information
            };
            (extent(length, len, Address::of(&ad.location), is_compressed), rest)
        }),
        other => {
            let allowed = "must be 0 to 3";
            return Err(Corrupt::new("ICB tag", at, "kind of allocation descriptors", other, allowed).into());
        }
    };
    Ok(parsed.filter(|(extent, _)| extent.length != 0))
}
