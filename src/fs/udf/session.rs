//! Sessions: an image that was written to several times has a recognition sequence for each.

use super::{
    anchor::{self, SECTOR},
    sequence::PartitionPlace,
};
use crate::{limits, volume::Volume};

/// The sector at which the session behind these partitions begins. Looked for [`limits::SESSION_GAP`] sectors far, and at the
/// [`limits::DISC_SESSION_GAPS`].
pub(super) fn following(
    volume: &Volume,
    start: u64,
    partitions: &[PartitionPlace],
    block_size: u64,
) -> Option<u64> {
    let ends = partitions.iter().map(|place| u64::from(place.start).saturating_add(place.length.into()));
    let end = ends.max()?.saturating_mul(block_size).div_ceil(SECTOR);
    let near = end..end.saturating_add(limits::SESSION_GAP);
    let far = limits::DISC_SESSION_GAPS.iter().map(|gap| end.saturating_add(*gap));
    near.chain(far).filter(|sector| *sector > start).find(|sector| {
        let mut head = [0; 6];
        let at = sector.saturating_add(16).saturating_mul(SECTOR);
        volume.peek(&mut head, at).is_ok()
            && matches!(&head, b"\0BEA01" | b"\x01CD001")
            && anchor::is_announced(volume, *sector)
    })
}
