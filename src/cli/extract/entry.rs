//! One entry that is no directory.

use std::{
    fs::File,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::fs::{FileType, fstat, makedev};

use super::{Shared, attributes, place::Place, report::Trouble};
use crate::{
    Error,
    tree::{CopyError, Kind, Stat},
};

/// Bytes that are copied between two looks at whether to go on.
const WINDOW: u64 = 16 << 20;

/// Bytes that a damaged place is looked at: a sector.
const SECTOR: u64 = 2048;

/// Sectors of one file that are tried one by one when they cannot be read: 2 GiB. What is behind counts as lost.
const BAD_SECTORS: u32 = 1 << 20;

/// How often what is in the way is removed: somebody else may put it there again.
const TRIES: u32 = 8;

/// Where an entry goes.
pub(super) struct Goal<'a> {
    pub(super) place: &'a Place,
    pub(super) name: &'a [u8],
    /// Its path in the image.
    pub(super) path: &'a [u8],
}

/// A file that is being written; it is removed unless it gets its name.
struct Temporary<'a> {
    place: &'a Place,
    name: Vec<u8>,
}

/// Nobody can know it beforehand, and put such names into an image.
static RANDOM: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl<'a> Temporary<'a> {
    fn make(place: &'a Place, mode: u32) -> io::Result<(Self, File)> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!(".isomount-{:016x}-{number}", *RANDOM).into_bytes();
        let file = place.make_file(&name, mode)?;
        Ok((Self { place, name }, file))
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            let _ = self.place.remove(&self.name);
        }
    }
}

/// Extracts an entry; what was there before is replaced. False when it is kept instead.
pub(super) fn extract(shared: &Shared, goal: &Goal, stat: &Stat) -> Result<bool, Trouble> {
    let Goal { place, name, path } = *goal;
    if shared.keeps_old && place.find(name)?.is_some() {
        shared.report.kept();
        return Ok(false);
    }
    shared.report.name(path);
    match stat.kind {
        Kind::File => file(shared, goal, stat)?,
        Kind::Symlink => {
            let target = shared.tree.read_link(stat.id)?;
            in_place(shared, goal, || place.make_link(name, &target))?;
            attributes::set_unopened(shared, place, name, stat)?;
        }
        Kind::CharDevice => node(shared, goal, stat, FileType::CharacterDevice)?,
        Kind::BlockDevice => node(shared, goal, stat, FileType::BlockDevice)?,
        Kind::Fifo => node(shared, goal, stat, FileType::Fifo)?,
        Kind::Socket => node(shared, goal, stat, FileType::Socket)?,
        Kind::Directory => return Err(Error::IsADirectory.into()),
    }
    shared.report.done();
    Ok(true)
}

/// Makes something under its name, once nothing else has it.
fn in_place(shared: &Shared, goal: &Goal, make: impl Fn() -> io::Result<()>) -> Result<(), Trouble> {
    for _ in 0..TRIES {
        match make() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !shared.keeps_old => {
                clear(goal.place, goal.name)?;
            }
            done => return Ok(done?),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists).into())
}

/// Removes what has a name already; a directory stays.
pub(super) fn clear(place: &Place, name: &[u8]) -> io::Result<()> {
    match place.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(io::Error::new(error.kind(), "a directory is there; remove it first"))
        }
        done => done,
    }
}

fn node(shared: &Shared, goal: &Goal, stat: &Stat, kind: FileType) -> Result<(), Trouble> {
    let device = stat.device.map_or(0, |device| makedev(device.major, device.minor));
    let mode = attributes::first_node_mode(shared, stat);
    let is_device = matches!(stat.kind, Kind::CharDevice | Kind::BlockDevice);
    match in_place(shared, goal, || goal.place.make_node(goal.name, kind, mode, device)) {
        Err(Trouble::Target(error)) if is_device && error.kind() == io::ErrorKind::PermissionDenied => {
            shared.report.left_out_device();
            // The caller counts what is there.
            Err(Trouble::Stopped)
        }
        Err(trouble) => Err(trouble),
        Ok(()) => Ok(attributes::set_unopened(shared, goal.place, goal.name, stat)?),
    }
}

fn file(shared: &Shared, goal: &Goal, stat: &Stat) -> Result<(), Trouble> {
    let (mut temporary, file) = Temporary::make(goal.place, attributes::first_mode(shared, stat))?;
    let lost = fill(shared, &file, stat)?;
    let now = fstat(&file).map_err(io::Error::from)?;
    if u64::try_from(now.st_size).ok() != Some(stat.size) {
        // It ends with a hole.
        file.set_len(stat.size)?;
    }
    attributes::set(shared, &file, &now, stat);
    in_place(shared, goal, || goal.place.rename(&temporary.name, goal.name))?;
    temporary.name.clear();
    if let Some(Lost { at, bytes, error }) = lost {
        shared.report.lost(goal.path, at, bytes, &error);
    }
    Ok(())
}

/// What could not be read of a file.
struct Lost {
    /// Offset in the file of the first byte.
    at: u64,
    bytes: u64,
    error: Error,
}

/// Copies the bytes of a file; what cannot be read is an error, or left out.
fn fill(shared: &Shared, file: &File, stat: &Stat) -> Result<Option<Lost>, Trouble> {
    let (mut at, mut tried, mut lost) = (0, 0, None::<Lost>);
    // Up to here sector by sector.
    let mut careful_until = 0;
    while at < stat.size {
        if shared.report.is_stopped() {
            return Err(Trouble::Stopped);
        }
        let is_careful = at < careful_until;
        let len = if is_careful { SECTOR } else { WINDOW };
        match shared.tree.copy_to(stat.id, at, len, file) {
            Ok(next) if next > at => {
                shared.report.copied(next.saturating_sub(at));
                at = next;
            }
            Ok(_) => break,
            Err(CopyError::Target(error)) => return Err(error.into()),
            // Which sector is it?
            Err(CopyError::Image(_)) if !is_careful => {
                careful_until = at.saturating_add(crate::limits::REQUEST.into());
            }
            Err(CopyError::Image(error)) if !shared.keeps_damaged => {
                return Err(Trouble::Image { at: Some(at), error });
            }
            Err(CopyError::Image(error)) => {
                let len = SECTOR.min(stat.size.saturating_sub(at));
                let lost = lost.get_or_insert(Lost { at, bytes: 0, error });
                tried = u32::saturating_add(tried, 1);
                let len = if tried < BAD_SECTORS { len } else { stat.size.saturating_sub(at) };
                lost.bytes = lost.bytes.saturating_add(len);
                at = at.saturating_add(len);
            }
        }
    }
    Ok(lost)
}

/// Makes an entry another name of what was extracted before; false when it has to be extracted by itself.
pub(super) fn link(shared: &Shared, goal: &Goal, stat: &Stat) -> bool {
    let Goal { place, name, path } = *goal;
    let is_there = matches!(place.find(name), Ok(Some(_)));
    if is_there && (shared.keeps_old || clear(place, name).is_err()) {
        return false;
    }
    let is_linked = shared.names.link(stat.id, &shared.base, place, name);
    if is_linked {
        shared.report.name(path);
        shared.report.done();
    }
    is_linked
}
