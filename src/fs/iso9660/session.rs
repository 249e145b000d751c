//! Sessions: an image that was written to several times has a descriptor set for each, and the last one shows all.

use super::{
    descriptor::{self, DescriptorSet, VolumeTree},
    raw::SECTOR,
    record::RecordBuffer,
};
use crate::{
    error::{Error, Result},
    fs::{
        Options, Session,
        session::{self, places_behind},
    },
    limits,
    volume::Volume,
};

/// Sector at which the first session of an image begins that imitates the sessions of a disc on a medium that can be written anew.
/// libisofs leaves these sectors for a copy of the newest descriptors, which so are at the start of the image too.
const IMITATED_START: u64 = 32;

/// The sessions of an image.
#[derive(Default)]
pub(super) struct Sessions {
    /// The descriptor sets, first to last. Empty when there is none at the start of the image.
    pub(super) sets: Vec<DescriptorSet>,
    /// The copy of the last one at the start of the image, where sessions are imitated.
    copy: Option<DescriptorSet>,
}

impl Sessions {
    /// Whether a set is the copy of the last one.
    pub(super) fn is_copy(&self, set: &DescriptorSet) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.start == set.start)
    }
}

/// The sessions of an image. Behind the end of each volume the next is looked for, at [`places_behind`] it.
///
/// # Errors
/// What [`DescriptorSet::read`] says of the first; a later one that is damaged is not taken for a session.
pub(super) fn find(volume: &Volume) -> Result<Sessions> {
    let start = session::first(volume);
    let Some(first) = DescriptorSet::read(volume, start)? else {
        return Ok(Sessions { sets: Vec::new(), copy: None });
    };
    if start == 0
        && let Some(imitated) = session_at(volume, IMITATED_START)
    {
        let sets = with_following(volume, imitated);
        let is_copy = sets.last().is_some_and(|last| has_same_root(volume, last, &first));
        if is_copy {
            return Ok(Sessions { sets, copy: Some(first) });
        }
    }
    Ok(Sessions { sets: with_following(volume, first), copy: None })
}

/// The session that `options` want of those that were found: by default the last.
///
/// # Errors
/// [`Error::NotADisc`] when none was found, [`Error::Unsupported`] when there is no such session.
pub(super) fn wanted(volume: &Volume, sessions: &Sessions, options: &Options) -> Result<DescriptorSet> {
    let sets = &sessions.sets;
    let Some(last) = sets.last() else {
        return Err(Error::NotADisc("no volume descriptor of ISO 9660 at byte 32768".into()));
    };
    let found = match options.session {
        None => Some(sessions.copy.as_ref().unwrap_or(last).clone()),
        Some(Session::Number(number)) => {
            let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
            sets.get(index).cloned()
        }
        Some(Session::Start(sector)) => {
            DescriptorSet::read(volume, sector)?.filter(|set| set.primary.is_some())
        }
    };
    found.ok_or_else(|| {
        let starts: Vec<String> = sets.iter().map(|set| set.start.to_string()).collect();
        Error::unsupported(format!("no such session; sessions begin at sectors {}", starts.join(", ")))
    })
}

fn with_following(volume: &Volume, first: DescriptorSet) -> Vec<DescriptorSet> {
    let mut sets = vec![first];
    while sets.len() < limits::SESSIONS {
        let Some(next) = sets.last().and_then(|last| following(volume, last)) else { break };
        sets.push(next);
    }
    sets
}

fn following(volume: &Volume, session: &DescriptorSet) -> Option<DescriptorSet> {
    let end = session.end().div_ceil(SECTOR);
    if end <= session.start {
        return None;
    }
    places_behind(end)
        .take_while(|start| volume.contains(start.saturating_mul(SECTOR), SECTOR))
        .find_map(|start| session_at(volume, start))
}

/// The set of the session that begins at sector `start`, if one does.
fn session_at(volume: &Volume, start: u64) -> Option<DescriptorSet> {
    if !descriptor::is_session(volume, start) {
        return None;
    }
    let set = DescriptorSet::read(volume, start).ok().flatten()?;
    set.primary.as_ref().is_some_and(|tree| belongs(volume, tree, start)).then_some(set)
}

/// Whether the primary descriptors of two sets lead to the same root.
fn has_same_root(volume: &Volume, one: &DescriptorSet, other: &DescriptorSet) -> bool {
    let place = |set: &DescriptorSet| {
        let tree = set.primary.as_ref()?;
        let buffer = tree.root_record(volume).ok()?;
        Some(buffer.record().ok()?.data_at(tree.block_size))
    };
    place(one).is_some_and(|at| place(other) == Some(at))
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
