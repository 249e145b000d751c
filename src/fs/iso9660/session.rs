//! Sessions: an image that was written to several times has a descriptor set for each, and the last one shows all.

use super::{
    descriptor::{self, DescriptorSet, VolumeTree},
    raw::SECTOR,
    record::RecordBuffer,
};
use crate::{
    error::{Error, Result},
    fs::{Options, Session, session::places_behind},
    limits,
    volume::Volume,
};

/// The descriptor sets of all sessions, first to last. Empty when there is none at the start of the image.
///
/// Behind the end of each volume the next is looked for, at [`places_behind`] it.
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

/// The session that `options` want of those that were found: by default the last.
///
/// # Errors
/// [`Error::NotADisc`] when none was found, [`Error::Unsupported`] when there is no such session.
pub(super) fn wanted(
    volume: &Volume,
    sessions: &[DescriptorSet],
    options: &Options,
) -> Result<DescriptorSet> {
    let Some(last) = sessions.last() else {
        return Err(Error::NotADisc("no volume descriptor of ISO 9660 at byte 32768".into()));
    };
    let found = match options.session {
        None => Some(last.clone()),
        Some(Session::Number(number)) => {
            let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
            sessions.get(index).cloned()
        }
        Some(Session::Start(sector)) => {
            DescriptorSet::read(volume, sector)?.filter(|set| set.primary.is_some())
        }
    };
    found.ok_or_else(|| {
        let starts: Vec<String> = sessions.iter().map(|set| set.start.to_string()).collect();
        Error::unsupported(format!("no such session; sessions begin at sectors {}", starts.join(", ")))
    })
}

fn following(volume: &Volume, session: &DescriptorSet) -> Option<DescriptorSet> {
    let end = session.end().div_ceil(SECTOR);
    if end <= session.start {
        return None;
    }
    places_behind(end)
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
