//! `isomount umount`.

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    complain,
    exit::{Exit, Failure},
    process, shown,
};
use crate::fuse::{MountEntry, canonical, mounts, unmount};

/// How long the process that served is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Programs that are named as those who use a mount.
const NAMED: usize = 3;

/// Unmounts every place; what fails does not keep the others.
pub(super) fn run(places: &[PathBuf], is_lazy: bool) -> Result<(), Failure> {
    let mut first = None;
    for place in places {
        if let Err(failure) = unmount_all(place, is_lazy) {
            if places.len() == 1 {
                return Err(failure);
            }
            failure.message.iter().for_each(|message| complain(message));
            first = first.or(Some(Failure { exit: failure.exit, message: None }));
        }
    }
    first.map_or(Ok(()), Err)
}

fn unmount_all(place: &Path, is_lazy: bool) -> Result<(), Failure> {
    let found = found(place)?;
    for entry in &found {
        unmount_one(entry, is_lazy)?;
    }
    Ok(())
}

/// The mounts that are meant: the one on top of a mount point, or all of an image, the last one first.
fn found(place: &Path) -> Result<Vec<MountEntry>, Failure> {
    let failed = |text: String| Failure::new(Exit::MountPoint, format!("{}: {text}", shown(place)));
    let mut all = mounts().map_err(|error| failed(format!("the list of mounts: {error}")))?;
    all.reverse();
    let real = canonical(place).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed("not there; isomount list shows what is mounted".into()),
        _ => failed(error.to_string()),
    })?;
    match all.iter().find(|entry| entry.mount_point == real) {
        Some(top) if top.is_isomount() => return Ok(vec![top.clone()]),
        Some(other) => {
            let kind = shown(Path::new(&other.kind));
            return Err(failed(format!(
                "no mount of isomount but {kind}; unmount it with umount or fusermount3 -u"
            )));
        }
        None => {}
    }
    all.retain(|entry| entry.is_isomount() && Path::new(&entry.source) == real);
    if all.is_empty() {
        return Err(failed("isomount has mounted nothing there; isomount list shows what is mounted".into()));
    }
    Ok(all)
}

fn unmount_one(entry: &MountEntry, is_lazy: bool) -> Result<(), Failure> {
    let place = shown(&entry.mount_point);
    let server = process::serving(entry);
    unmount(&entry.mount_point, is_lazy).map_err(|error| {
        let text = match error.kind() {
            io::ErrorKind::ResourceBusy => {
                format!(
                    "{place}: busy{}; end that first, or isomount umount -l {place}",
                    users(&entry.mount_point)
                )
            }
            io::ErrorKind::PermissionDenied => {
                format!("{place}: {error}; ask whoever has mounted it, or root")
            }
            _ => format!("{place}: {error}"),
        };
        Failure::new(Exit::Refused, text)
    })?;
    // It removes the mount point if it has made it.
    if let Some(server) = server.filter(|_| !is_lazy) {
        let start = Instant::now();
        while server.is_running() && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

/// Who has something open below a directory, as far as this user may know.
fn users(mount_point: &Path) -> String {
    let all = process::users_of(mount_point);
    let named: Vec<String> =
        all.iter().take(NAMED).map(|(name, number)| format!("{name} ({number})")).collect();
    match all.len().saturating_sub(named.len()) {
        _ if named.is_empty() => ": somebody has something open there".to_owned(),
        0 => format!(": in use by {}", named.join(", ")),
        more => format!(": in use by {} and {more} more", named.join(", ")),
    }
}
