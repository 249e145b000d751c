//! Files with several names: where the first name of each is.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::place::{Identity, Place, identity};
use crate::tree::{NodeId, Stat};

/// Files that are remembered until all of their names have been met: of more, each name is a file of its own.
const REMEMBERED: usize = 1 << 20;

/// Bytes of their paths.
const REMEMBERED_BYTES: usize = 64 << 20;

/// The files of the image that have other names yet to come.
#[derive(Default)]
pub(super) struct Names {
    known: Mutex<Known>,
    turn: Mutex<()>,
}

#[derive(Default)]
struct Known {
    first: HashMap<NodeId, First>,
    /// Bytes of the paths in it.
    bytes: usize,
}

/// What was extracted under the first name.
struct First {
    /// Below the directory that is extracted into.
    path: Vec<u8>,
    identity: Identity,
    /// Names that are still to come.
    left: u32,
}

impl Names {
    /// The turn to make one of several names of a file; only one thread has it.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn knows(&self, id: NodeId) -> bool {
        self.known().first.contains_key(&id)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what is called `name` in `place` now.
    pub(super) fn remember(&self, stat: &Stat, place: &Place, name: &[u8], path: &[u8]) -> io::Result<()> {
        let left = stat.links.saturating_sub(1);
        if left == 0 {
            return Ok(());
        }
        if let Some(found) = place.find(name)? {
            let mut known = self.known();
            let bytes = known.bytes.saturating_add(path.len());
            if known.first.len() < REMEMBERED && bytes <= REMEMBERED_BYTES {
                let first = First { path: path.to_vec(), identity: identity(&found), left };
                known.bytes = bytes;
                if let Some(other) = known.first.insert(stat.id, first) {
                    known.bytes = known.bytes.saturating_sub(other.path.len());
                }
            }
        }
        Ok(())
    }

    /// Makes `name` in `place` another name of what was extracted before; false when that cannot be done, because it is not there
    /// any more, or is something else, or has as many names as it can have.
    pub(super) fn link(&self, id: NodeId, base: &Place, place: &Place, name: &[u8]) -> bool {
        let mut known = self.known();
        let Some(first) = known.first.get_mut(&id) else { return false };
        let is_linked = make(first, base, place, name).is_ok();
        first.left = first.left.saturating_sub(1);
        if first.left == 0 {
            let path = known.first.remove(&id).map_or(0, |first| first.path.len());
            known.bytes = known.bytes.saturating_sub(path);
        }
        is_linked
    }
}

fn make(first: &First, base: &Place, place: &Place, name: &[u8]) -> io::Result<()> {
    let mut steps = first.path.split(|b| *b == b'/').peekable();
    let mut here: Option<Place> = None;
    while let Some(step) = steps.next() {
        let from = here.as_ref().unwrap_or(base);
        if steps.peek().is_some() {
            here = Some(from.enter(step)?);
            continue;
        }
        if from.find(step)?.as_ref().map(identity) != Some(first.identity) {
            break;
        }
        return place.make_name(name, from, step);
    }
    Err(io::ErrorKind::NotFound.into())
}
