//! `isomount umount`.

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use nix::unistd::geteuid;

use super::{
    complain,
    exit::{Exit, Failure},
    process, shown,
};
use crate::fuse::{MountEntry, canonical, mounts, unmount};

/// How long the process that served is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// Unmounts every mount that is meant; one that is busy does not keep the others.
fn unmount_all(place: &Path, is_lazy: bool) -> Result<(), Failure> {
    let mut first = Ok(());
    for entry in found(place)? {
        let done = unmount_one(&entry, is_lazy);
        if let (Err(_), Err(Failure { message: Some(message), .. })) = (&first, &done) {
            complain(message);
        }
        first = first.and(done);
    }
    first
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
    // Those of others only by their mount points: anybody may say to have mounted any image.
    let user = Some(geteuid().as_raw());
    // The list of mounts has names that are not UTF-8 in their lossy form.
    let source = real.to_string_lossy();
    all.retain(|entry| entry.is_isomount() && entry.user == user && entry.source.to_string_lossy() == source);
    if all.is_empty() {
        return Err(failed("isomount has mounted nothing there; isomount list shows what is mounted".into()));
    }
    Ok(all)
}

fn unmount_one(entry: &MountEntry, is_lazy: bool) -> Result<(), Failure> {
    let place = shown(&entry.mount_point);
    let server = process::serving(entry);
    unmount(entry, is_lazy).map_err(|error| {
        let text = match error.kind() {
            io::ErrorKind::ResourceBusy => {
                let who = below(entry).unwrap_or_else(|| users(&entry.mount_point));
                format!("{place}: busy: {who}; end that first, or isomount umount -l {place}")
            }
            io::ErrorKind::PermissionDenied => {
                let user =
                    entry.user.map_or_else(|| "another user".to_owned(), |user| format!("user {user}"));
                format!("{place}: mounted by {user}; ask them, or root")
            }
            _ => format!("{place}: {error}"),
        };
        Failure::new(Exit::Refused, text)
    })?;
    // It removes the mount point if it has made it.
    if let Some(server) = server.filter(|_| !is_lazy) {
        let start = Instant::now();
        while server.is_running() {
            if start.elapsed() > PATIENCE {
                let who = format!("process {} still serves it elsewhere, as in a container", server.number);
                complain(&format!("{place}: unmounted here; {who}"));
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

/// What is mounted on top of a mount, or below it.
fn below(entry: &MountEntry) -> Option<String> {
    let all = mounts().ok()?;
    // What was mounted there before lies under it.
    let later = all.iter().skip_while(|other| !other.is_same(entry)).skip(1);
    let other = later.into_iter().find(|other| other.mount_point.starts_with(&entry.mount_point))?;
    Some(format!("{} is mounted on {}", shown(Path::new(&other.kind)), shown(&other.mount_point)))
}

/// Who has something open below a directory, as far as this user may know.
fn users(mount_point: &Path) -> String {
    let all = process::users_of(mount_point);
    let named: Vec<String> =
        all.iter().take(NAMED).map(|(name, number)| format!("{name} ({number})")).collect();
    match all.len().saturating_sub(named.len()) {
        _ if named.is_empty() => "somebody has something open there".to_owned(),
        0 => format!("in use by {}", named.join(", ")),
        more => format!("in use by {} and {more} more", named.join(", ")),
    }
}
