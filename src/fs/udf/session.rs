//! Sessions: an image that was written to several times has a recognition sequence for each.

use super::{anchor, sequence::PartitionPlace};
use crate::{
    fs::session::{SECTOR, places_behind},
    volume::Volume,
};

/// The sector at which the session behind these partitions begins.
pub(super) fn following(
    volume: &Volume,
    start: u64,
    partitions: &[PartitionPlace],
    block_size: u64,
) -> Option<u64> {
    let ends = partitions.iter().map(|place| u64::from(place.start).saturating_add(place.length.into()));
    let end = ends.max()?.saturating_mul(block_size).div_ceil(SECTOR);
    places_behind(end).filter(|sector| *sector > start).find(|sector| {
        let mut head = [0; 6];
        let at = sector.saturating_add(16).saturating_mul(SECTOR);
        volume.peek(&mut head, at).is_ok()
            && matches!(&head, b"\0BEA01" | b"\x01CD001")
            && anchor::is_announced(volume, *sector)
    })
}
