//! Where a volume begins: the recognition sequence (ECMA-167 2/8) and the anchors (3/8.4.2.1).

use zerocopy::FromBytes;

use super::{
    raw::{self, ExtentAd, tag},
    tag::{Descriptor, is_tag},
};
use crate::{
    fs::{Options, session::SECTOR},
    volume::Volume,
};

/// Byte offset of the recognition sequence from the start of a session, ECMA-167 2/8.3.
pub(super) const RECOGNITION: u64 = 32 * 1024;

/// Sectors of the recognition sequence that are looked at, and how many of them may have no structure: with blocks of 32 KiB
/// there is one in sixteen.
const RECOGNITION_SECTORS: u64 = 128;
const RECOGNITION_GAP: u64 = 16;

/// Sizes of blocks that are tried, in bytes, the usual ones first. UDF 2.2.4 says the sector size of the medium.
pub(super) const BLOCK_SIZES: [u64; 7] = [2048, 512, 4096, 1024, 8192, 16384, 32768];

/// A run of blocks of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) block: u32,
    pub(super) blocks: u32,
}

impl Extent {
    /// The blocks that an `extent_ad` names.
    pub(super) fn of(ad: ExtentAd, block_size: u64) -> Self {
        let blocks = u64::from(ad.length.get()).checked_div(block_size).unwrap_or(0);
        Self { block: ad.location.get(), blocks: u32::try_from(blocks).unwrap_or(u32::MAX) }
    }
}

/// An anchor volume descriptor pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    /// The main volume descriptor sequence.
    pub(super) main: Extent,
    /// Its copy.
    pub(super) reserve: Extent,
}

/// Whether the recognition sequence of the session that begins at sector `start` announces UDF: `NSR02` or `NSR03`. Looks at
/// six bytes of each sector.
pub(super) fn is_announced(volume: &Volume, start: u64) -> bool {
    let mut without: u64 = 0;
    for number in 0..RECOGNITION_SECTORS {
        let sector = start.saturating_add(number).saturating_mul(SECTOR);
        let mut head = [0; 6];
        if volume.peek(&mut head, sector.saturating_add(RECOGNITION)).is_err() {
            return false;
        }
        match head.get(1..).unwrap_or_default() {
            b"NSR02" | b"NSR03" => return true,
            b"CD001" | b"CDW02" | b"BEA01" | b"BOOT2" => without = 0,
            _ => without = without.saturating_add(1),
        }
        if without > RECOGNITION_GAP {
            return false;
        }
    }
    false
}

/// The anchors of the session that begins at sector `start`, for blocks of `block_size` bytes, each once: the surest first.
pub(super) fn find(volume: &Volume, block_size: u64, start: u64, options: &Options) -> Vec<Anchor> {
    let mut found: Vec<Anchor> = Vec::new();
    for block in places(volume, block_size, start, options) {
        if let Some(anchor) = read(volume, block_size, block)
            && !found.contains(&anchor)
        {
            found.push(anchor);
        }
    }
    found
}

/// The block of the volume that counts as its last one.
pub(super) fn last_block(volume: &Volume, block_size: u64, options: &Options) -> u32 {
    let blocks = volume.len().checked_div(block_size).unwrap_or(0);
    let last = u32::try_from(blocks.saturating_sub(1)).unwrap_or(u32::MAX);
    options.last_block.map_or(last, |wanted| wanted.min(last))
}

/// The block behind the last one in which there is an anchor of the session that begins at sector `start`; 0 when there is none.
pub(super) fn end(volume: &Volume, block_size: u64, start: u64, options: &Options) -> u64 {
    let mut all = places(volume, block_size, start, options);
    all.retain(|block| read(volume, block_size, *block).is_some());
    all.iter().max().map_or(0, |block| u64::from(*block).saturating_add(1))
}

/// Where an anchor may be: 256 blocks into the session, at the last block, 256 before it, and 512 into the session while a
/// disc is open. What a drive calls its last block can be up to 152 too far (run-out, and what packet writing adds).
fn places(volume: &Volume, block_size: u64, start: u64, options: &Options) -> Vec<u32> {
    let first = start.saturating_mul(SECTOR).checked_div(block_size).unwrap_or(0);
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    let mut places: Vec<u32> = options.anchor.into_iter().collect();
    places.push(first.saturating_add(256));
    // The anchors at the end belong to the last session.
    if options.session.is_none() {
        let last = last_block(volume, block_size, options);
        for back in [0, 1, 2, 150, 152] {
            places.extend(last.checked_sub(back));
            places.extend(last.checked_sub(back).and_then(|block| block.checked_sub(256)));
        }
    }
    places.push(first.saturating_add(512));
    places
}

/// The anchor in a block, if there is one that is in order.
pub(super) fn read(volume: &Volume, block_size: u64, block: u32) -> Option<Anchor> {
    let at = u64::from(block).saturating_mul(block_size);
    let mut head = [0; 16];
    volume.peek(&mut head, at).ok()?;
    if !is_tag(&head, tag::ANCHOR, block) {
        return None;
    }
    let descriptor = match Descriptor::read_once(volume, at, block_size, block) {
        Ok(descriptor) => descriptor,
        Err(error) => {
            log::debug!("an anchor is passed over: {error}");
            return None;
        }
    };
    let (anchor, _) = raw::Anchor::ref_from_prefix(descriptor.bytes()).ok()?;
    Some(Anchor {
        main: Extent::of(anchor.main, block_size),
        reserve: Extent::of(anchor.reserve, block_size),
    })
}
