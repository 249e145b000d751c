//! Sessions: an image that was written to several times has a descriptor set for each, and the last one shows all.

use super::{
    descriptor::{self, DescriptorSet, VolumeTree},
    raw::SECTOR,
    record::RecordBuffer,
};
use crate::{error::Result, limits, volume::Volume};

/// Distances in sectors from the end of one session to the next on a compact disc, which an image of the whole disc keeps:
/// lead-out, lead-in and pre-gap behind the first session, and behind a later one.
const DISC_GAPS: [u64; 2] = [11_400, 6_900];

/// The descriptor sets of all sessions, first to last. Empty when there is none at the start of the image.
///
/// Behind the end of each volume the next is looked for, [`limits::SESSION_GAP`] sectors far and at the [`DISC_GAPS`].
///
/// # Errors
/// What [`DescriptorSet::read`] says of the first; a later one that is damaged is not taken for a session.
pub(super) fn find(volume: &Volume) -> Result<Vec<DescriptorSet>> {
    let Some(first) = DescriptorSet::read(volume, 0)? else { return Ok(Vec::new()) };
    let mut sessions = vec![first];
    while sessions.len() < limits::SESSIONS {
        let Some(next) = sessions.last().and_then(|last| following(volume, last)) else { break };
        sessions.push(next);
    }
    Ok(sessions)
}

fn following(volume: &Volume, session: &DescriptorSet) -> Option<DescriptorSet> {
    let end = session.end().div_ceil(SECTOR);
    if end <= session.start {
        return None;
    }
    let near = end..end.saturating_add(limits::SESSION_GAP);
    let far = DISC_GAPS.iter().map(|gap| end.saturating_add(*gap));
    near.chain(far)
        .take_while(|start| volume.contains(start.saturating_mul(SECTOR), SECTOR))
        .filter(|start| descriptor::is_session(volume, *start))
        .find_map(|start| {
            let set = DescriptorSet::read(volume, start).ok().flatten()?;
            set.primary.as_ref().is_some_and(|tree| belongs(volume, tree, start)).then_some(set)
        })
}

/// Whether the tree of a set lies in its session: its addresses count from the start of the disc, so that the root lies
/// behind the session's start and names its own place. An image that was merely appended to another counts from its
/// own start, and is no session.
fn belongs(volume: &Volume, tree: &VolumeTree, start: u64) -> bool {
    let is_own = || -> Option<bool> {
        let buffer = tree.root_record(volume).ok()?;
        let at = buffer.record().ok()?.data_at(tree.block_size);
        let root = RecordBuffer::read(volume, at, tree.layout).ok()?;
        let root = root.record().ok()?;
        Some(at >= start.saturating_mul(SECTOR) && root.is_self() && root.data_at(tree.block_size) == at)
    };
    is_own().unwrap_or(false)
}
