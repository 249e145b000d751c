//! What is known of an entry beside its bytes: owner, permissions, times, extended attributes.

use std::{io, os::fd::AsFd};

use rustix::{
    fs::{self, AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags},
    io::Errno,
};

use super::{Shared, place::Place};
use crate::tree::{Kind, Stat, Timestamp, access_list};

/// What lets a program run as somebody else.
const SET_ID: u16 = 0o6000;

/// What macOS calls its attributes; here they can only be kept as those of users.
const APPLE: &[u8] = b"com.apple.";

/// The permissions that a new file is made with, before its owner is known.
pub(super) fn first_mode(shared: &Shared, stat: &Stat) -> u32 {
    // Attributes can only be given to what may be written.
    if shared.tree.has_extended_attributes() { 0o600 } else { first_node_mode(shared, stat) & 0o777 }
}

/// The permissions that what is no file is made with.
pub(super) fn first_node_mode(shared: &Shared, stat: &Stat) -> u32 {
    mode(shared, stat, false).into()
}

/// Sets all of an entry that is open, and looks as `now`.
pub(super) fn set(shared: &Shared, file: impl AsFd, now: &fs::Stat, stat: &Stat) {
    let mut failed = None;
    let mut note = |done: Result<(), Errno>| {
        if let Err(error) = done {
            failed.get_or_insert(error);
        }
        done.is_ok()
    };
    let has_owner = match owner(shared, now, stat) {
        Owner::Same => true,
        Owner::Other(uid, gid) => note(fs::fchown(&file, uid, gid)),
        Owner::NotOurs => false,
    };
    for_each_attribute(shared, stat, |name, value| {
        note(fs::fsetxattr(&file, name, value, XattrFlags::empty()));
    });
    let mode = mode(shared, stat, has_owner);
    // A new owner takes away what the first mode had.
    if now.st_mode & 0o7777 != u32::from(mode) || mode & SET_ID != 0 {
        note(fs::fchmod(&file, Mode::from_raw_mode(mode.into())));
    }
    note(fs::futimens(&file, &times(stat)));
    if let Some(error) = failed {
        shared.report.incomplete(error.into());
    }
}

/// Sets what can be set of a link or a node, which are not opened.
pub(super) fn set_unopened(shared: &Shared, place: &Place, name: &[u8], stat: &Stat) -> io::Result<()> {
    let Some(now) = place.find(name)? else { return Ok(()) };
    let (at, mut failed) = (place.handle(), None);
    let mut note = |done: Result<(), Errno>| {
        if let Err(error) = done {
            failed.get_or_insert(error);
        }
        done.is_ok()
    };
    let has_owner = match owner(shared, &now, stat) {
        Owner::Same => true,
        Owner::Other(uid, gid) => note(fs::chownat(at, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)),
        Owner::NotOurs => false,
    };
    for_each_attribute(shared, stat, |attribute, value| {
        note(place.set_attribute(name, attribute, value));
    });
    // A link has no permissions, and this call would follow one. What is no link was made a moment ago with its permissions, and needs
    // the call for those that a new owner takes away.
    let mode = mode(shared, stat, has_owner);
    if stat.kind != Kind::Symlink && mode & SET_ID != 0 {
        note(fs::chmodat(at, name, Mode::from_raw_mode(mode.into()), AtFlags::SYMLINK_NOFOLLOW));
    }
    note(fs::utimensat(at, name, &times(stat), AtFlags::SYMLINK_NOFOLLOW));
    if let Some(error) = failed {
        shared.report.incomplete(error.into());
    }
    Ok(())
}

enum Owner {
    /// It is the one that the image says.
    Same,
    /// What has to be changed.
    Other(Option<Uid>, Option<Gid>),
    /// What is extracted belongs to whoever extracts.
    NotOurs,
}

fn owner(shared: &Shared, now: &fs::Stat, stat: &Stat) -> Owner {
    if (now.st_uid, now.st_gid) == (stat.uid, stat.gid) {
        return Owner::Same;
    }
    if !shared.sets_owner {
        return Owner::NotOurs;
    }
    // The highest number means nobody, and cannot be set.
    let uid = Some(stat.uid).filter(|uid| *uid != u32::MAX).map(Uid::from_raw);
    let gid = Some(stat.gid).filter(|gid| *gid != u32::MAX).map(Gid::from_raw);
    Owner::Other(uid, gid)
}

/// Without the owner that the image says nobody runs as whoever it is instead; and who is not root keeps none of these.
fn mode(shared: &Shared, stat: &Stat, has_owner: bool) -> u16 {
    if !shared.keeps_permissions {
        return stat.permissions & 0o777 & !shared.umask;
    }
    if has_owner && shared.sets_owner { stat.permissions } else { stat.permissions & !SET_ID }
}

fn times(stat: &Stat) -> Timestamps {
    let time = |time: Timestamp| Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds.into() };
    Timestamps { last_access: time(stat.accessed), last_modification: time(stat.modified) }
}

/// Those that may be set: of users, and access control lists; all others by root. Linux has none of users for what is no file or
/// directory.
fn for_each_attribute(shared: &Shared, stat: &Stat, mut set: impl FnMut(&[u8], &[u8])) {
    if !shared.tree.has_extended_attributes() {
        return;
    }
    let names = match shared.tree.attribute_names(stat.id) {
        Ok(names) => names,
        Err(error) => return shared.report.incomplete(io::Error::other(error)),
    };
    for name in names {
        let own = if name.starts_with(APPLE) { [b"user.", &*name].concat() } else { name.to_vec() };
        let is_wanted = if own.starts_with(b"user.") {
            matches!(stat.kind, Kind::File | Kind::Directory)
        } else {
            shared.is_root || [access_list::ACCESS, access_list::DEFAULT].contains(&&*own)
        };
        if !is_wanted {
            continue;
        }
        match shared.tree.attribute(stat.id, &name) {
            Ok(value) => set(&own, &value),
            Err(error) => shared.report.incomplete(io::Error::other(error)),
        }
    }
}
