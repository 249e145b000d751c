//! The directories on the way down, in the image and on disk.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustix::fs::{self, Mode};

use super::{Shared, attributes, entry::clear, place::Place};
use crate::{
    limits,
    tree::{Listing, NodeId, Stat},
};

/// Directories that are held open; the ones above are opened again on the way back.
const HELD: usize = 32;

/// Permissions of a directory while it is being filled.
const BUSY: u32 = 0o700;

/// Permissions with which what is in a directory is found.
const OPEN: u32 = 0o500;

/// A directory on the way down.
pub(super) struct Step {
    pub(super) directory: NodeId,
    pub(super) stat: Stat,
    /// Its own name.
    pub(super) name: Vec<u8>,
    /// Bytes of its path in the image.
    pub(super) path_len: usize,
    /// Number of the next entry.
    pub(super) next: usize,
    /// Whether all of it is wanted.
    pub(super) is_wanted: bool,
    /// Its names, where they are kept.
    pub(super) listing: Option<Arc<Listing>>,
    /// What it is on disk, once it is there.
    made: Option<Made>,
}

struct Made {
    identity: super::place::Identity,
    /// Open, unless it is too far above.
    place: Option<Arc<Place>>,
    finish: Arc<Finish>,
}

/// What becomes of a directory once nothing changes in it any more: who leaves it last sees to it.
pub(super) struct Finish {
    /// How many threads have not left it.
    users: AtomicUsize,
    /// What it is to be, if it is wanted.
    stat: Option<Stat>,
    /// Permissions that it had before, where it has others while it is being filled.
    before: Option<u32>,
}

impl Finish {
    fn new(stat: Option<Stat>, before: Option<u32>) -> Arc<Self> {
        Arc::new(Self { users: AtomicUsize::new(1), stat, before })
    }

    /// Whether its owner can neither list nor enter it then.
    fn closes(&self) -> bool {
        let permissions = self.stat.as_ref().map(|stat| stat.permissions.into()).or(self.before);
        permissions.is_some_and(|permissions| permissions & OPEN != OPEN)
    }

    /// Leaves the directory, which is `place`.
    pub(super) fn leave(&self, shared: &Shared, place: &Place) -> io::Result<()> {
        if self.users.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        if let Some(stat) = &self.stat {
            attributes::set(shared, place.handle(), &place.stat()?, stat);
        } else if let Some(mode) = self.before {
            fs::fchmod(place.handle(), Mode::from_raw_mode(mode))?;
        }
        Ok(())
    }
}

/// All directories on the way down, the root first.
pub(super) struct Way<'a> {
    shared: &'a Shared<'a>,
    steps: Vec<Step>,
    /// Bytes of the listings that are kept.
    kept: usize,
}

impl Step {
    pub(super) fn new(stat: Stat, name: &[u8], path_len: usize, is_wanted: bool) -> Self {
        let name = name.to_vec();
        Self { directory: stat.id, stat, name, path_len, next: 0, is_wanted, listing: None, made: None }
    }
}

impl<'a> Way<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        Self { shared, steps: Vec::new(), kept: 0 }
    }

    pub(super) fn push(&mut self, mut step: Step, listing: &Arc<Listing>) {
        let kept = self.kept.saturating_add(listing.weight());
        if kept <= limits::WALK_KEPT {
            self.kept = kept;
            step.listing = Some(listing.clone());
        }
        self.steps.push(step);
    }

    pub(super) fn last(&mut self) -> Option<&mut Step> {
        self.steps.last_mut()
    }

    /// How many names the path of an entry of the last directory has.
    pub(super) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// The last directory on disk. It is made, and those above it, if it is not there.
    pub(super) fn place(&mut self) -> io::Result<&Arc<Place>> {
        // The root, and what is stripped, is the directory that was named.
        let own = self.shared.strip.saturating_add(1);
        let first = self.steps.iter().skip(own).take_while(|step| step.made.is_some()).count();
        for at in own.saturating_add(first)..self.steps.len() {
            let (above, rest) = self.steps.split_at_mut_checked(at).unwrap_or_default();
            let above = open(above.get(own..).and_then(<[Step]>::last), &self.shared.base)?;
            if let Some(step) = rest.first_mut() {
                step.made = Some(make(self.shared, above, step)?);
            }
            let far = at.checked_sub(HELD).filter(|far| *far >= own);
            if let Some(made) = far.and_then(|far| self.steps.get_mut(far)?.made.as_mut()) {
                made.place = None;
            }
        }
        open(self.steps.get(own..).and_then(<[Step]>::last), &self.shared.base)
    }

    /// The last directory for a thread more, which leaves it too; `None` where it is the one that is extracted into.
    pub(super) fn share(&self) -> Option<Arc<Finish>> {
        let made = self.steps.last()?.made.as_ref()?;
        made.finish.users.fetch_add(1, Ordering::AcqRel);
        Some(made.finish.clone())
    }

    /// Whether what is in the last directory can no longer be found once it is left.
    pub(super) fn closes(&self) -> bool {
        let made = self.steps.last().and_then(|step| step.made.as_ref());
        !self.shared.is_root && made.is_some_and(|made| made.finish.closes())
    }

    /// Leaves the last directory.
    pub(super) fn leave(&mut self) -> io::Result<()> {
        let Some(step) = self.steps.pop() else { return Ok(()) };
        self.kept = self.kept.saturating_sub(step.listing.map_or(0, |listing| listing.weight()));
        let Some(Made { place: Some(place), finish, .. }) = step.made else { return Ok(()) };
        let above = self.steps.last_mut().and_then(|step| step.made.as_mut());
        if let Some(above) = above.filter(|above| above.place.is_none()) {
            above.place = Some(place.above(above.identity)?.into());
        }
        finish.leave(self.shared, &place)
    }
}

/// The directory of a step that is held open; without a step the one that is extracted into.
fn open<'p>(step: Option<&'p Step>, base: &'p Arc<Place>) -> io::Result<&'p Arc<Place>> {
    let Some(step) = step else { return Ok(base) };
    step.made.as_ref().and_then(|made| made.place.as_ref()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Makes the directory of a step, or takes the one that is there.
fn make(shared: &Shared, above: &Place, step: &Step) -> io::Result<Made> {
    let mode = if step.is_wanted { BUSY } else { 0o777 & !u32::from(shared.umask) };
    match above.make_directory(&step.name, mode) {
        Ok(()) => {
            return made(above.enter(&step.name)?, Some(&step.stat).filter(|_| step.is_wanted), None);
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {}
    }
    // Something else, or a link: who follows it may come out anywhere.
    if !shared.keeps_old && is_no_directory(above, &step.name) {
        clear(above, &step.name)?;
        above.make_directory(&step.name, mode)?;
    }
    let mut before = None;
    if let Some(stat) = above.find(&step.name)? {
        let now = stat.st_mode & 0o7777;
        // One that its owner has closed.
        if now & BUSY != BUSY && stat.st_uid == shared.uid && !shared.is_root {
            above.allow(&step.name, now | BUSY)?;
            before = Some(now);
        }
    }
    // One that was there before stays as it was when all is kept.
    let stat = Some(&step.stat).filter(|_| step.is_wanted && !shared.keeps_old);
    made(above.enter(&step.name)?, stat, before)
}

fn made(place: Place, stat: Option<&Stat>, before: Option<u32>) -> io::Result<Made> {
    let finish = Finish::new(stat.cloned(), before);
    Ok(Made { identity: place.identity, place: Some(place.into()), finish })
}

fn is_no_directory(above: &Place, name: &[u8]) -> bool {
    let found = above.find(name).ok().flatten();
    found.is_some_and(|stat| fs::FileType::from_raw_mode(stat.st_mode) != fs::FileType::Directory)
}
