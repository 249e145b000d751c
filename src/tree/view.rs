//! Policy: what a user sees of what a disc says. Names that cannot be names are repaired here and nowhere else.

use std::borrow::Cow;

use super::{Attributes, Kind, Stat};
use crate::limits;

/// A name as a directory can have it: not empty, not `.` or `..`, no `/` and no NUL in it, at most 255
/// bytes. Each byte that cannot stay becomes `_`; what is too long is cut, where it is UTF-8 between two characters.
pub(super) fn repaired(name: &[u8]) -> Cow<'_, [u8]> {
    if matches!(name, b"" | b"." | b"..") {
        return vec![b'_'; name.len().max(1)].into();
    }
    let bad = |b: &u8| matches!(b, 0 | b'/');
    if name.len() <= limits::NAME && !name.iter().any(bad) {
        return name.into();
    }
    let mut fixed = cut(name, limits::NAME).to_vec();
    fixed.iter_mut().filter(|b| bad(b)).for_each(|b| *b = b'_');
    fixed.into()
}

/// A name for the `number`th entry of one name: `a.txt` becomes `a~2.txt`.
pub(super) fn numbered(name: &[u8], number: u32) -> Vec<u8> {
    let suffix = format!("~{number}");
    let dot =
        name.iter().rposition(|b| *b == b'.').filter(|at| *at > 0 && name.len().saturating_sub(*at) <= 16);
    let (stem, extension) = name.split_at_checked(dot.unwrap_or(name.len())).unwrap_or((name, b""));
    let room = limits::NAME.saturating_sub(suffix.len()).saturating_sub(extension.len());
    [cut(stem, room), suffix.as_bytes(), extension].concat()
}

/// At most `len` bytes of `name`, not ending inside a UTF-8 character.
fn cut(name: &[u8], len: usize) -> &[u8] {
    if name.len() <= len {
        return name;
    }
    let is_inside = |at: &usize| name.get(*at).is_some_and(|b| b & 0xc0 == 0x80);
    // A character has at most four bytes; if no start is near, the name is not UTF-8 and is cut where it is.
    let end = (len.saturating_sub(3)..=len).rev().find(|at| !is_inside(at)).unwrap_or(len);
    name.get(..end).unwrap_or(name)
}

/// What a mount decides where the disc says nothing, or against what it says.
#[derive(Debug, Clone)]
pub struct Policy {
    /// `uid=`: the owner of everything.
    pub uid: Option<u32>,
    /// `gid=`: the group of everything.
    pub gid: Option<u32>,
    /// `uid=ignore`: recorded owners do not count.
    pub ignores_uid: bool,
    /// `gid=ignore`: recorded groups do not count.
    pub ignores_gid: bool,
    /// `umask=`: permissions that nothing but a link has.
    pub umask: u16,
    /// `fmask=`: the same for what is no directory, instead of `umask=`.
    pub file_mask: Option<u16>,
    /// `dmask=`: the same for directories, instead of `umask=`.
    pub directory_mask: Option<u16>,
    /// `mode=`: permissions of what is no directory and has none recorded.
    pub mode: Option<u16>,
    /// `dmode=`: permissions of directories that have none recorded.
    pub directory_mode: Option<u16>,
    /// Whether nobody but whoever mounts (and root) may search the root directory.
    pub has_private_root: bool,
    /// The owner where none is recorded: whoever mounts.
    pub default_uid: u32,
    /// The group where none is recorded.
    pub default_gid: u32,
}

/// Read and search for all: a disc does not say what may be run, so anything may.
const UNRECORDED_MODE: u16 = 0o555;

/// Read and search for its owner.
const PRIVATE_MODE: u16 = 0o500;

impl Policy {
    /// The policy of a mount by this user, without an option.
    pub fn of_user(uid: u32, gid: u32) -> Self {
        Self {
            uid: None,
            gid: None,
            ignores_uid: false,
            ignores_gid: false,
            umask: 0,
            file_mask: None,
            directory_mask: None,
            mode: None,
            directory_mode: None,
            has_private_root: false,
            default_uid: uid,
            default_gid: gid,
        }
    }

    /// What is shown of the root directory.
    pub fn root_stat(&self, a: &Attributes) -> Stat {
        let stat = self.stat(a);
        if self.has_private_root {
            Stat { permissions: PRIVATE_MODE, uid: self.default_uid, ..stat }
        } else {
            stat
        }
    }

    /// What is shown of a node.
    pub fn stat(&self, a: &Attributes) -> Stat {
        let (chosen, mask) = match a.kind {
            Kind::Directory => (self.directory_mode, self.directory_mask.unwrap_or(self.umask)),
            // The permissions of a link are never looked at.
            Kind::Symlink => (self.mode, 0),
            _ => (self.mode, self.file_mask.unwrap_or(self.umask)),
        };
        let recorded_uid = a.uid.filter(|_| !self.ignores_uid);
        let recorded_gid = a.gid.filter(|_| !self.ignores_gid);
        Stat {
            id: a.id,
            kind: a.kind,
            permissions: a.permissions.or(chosen).unwrap_or(UNRECORDED_MODE) & !mask,
            links: a.links,
            uid: self.uid.or(recorded_uid).unwrap_or(self.default_uid),
            gid: self.gid.or(recorded_gid).unwrap_or(self.default_gid),
            size: a.size,
            allocated: a.allocated,
            modified: a.modified,
            accessed: a.accessed,
            changed: a.changed,
            created: a.created,
            device: a.device,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_are_repaired() {
        assert_eq!(&*repaired(b""), b"_");
        assert_eq!(&*repaired(b"."), b"_");
        assert_eq!(&*repaired(b".."), b"__");
        assert_eq!(&*repaired(b"..."), b"...");
        assert_eq!(&*repaired(b"a/b\0c"), b"a_b_c");
        assert_eq!(repaired(&[b'x'; 300]).len(), 255);
        let long = "ä".repeat(200);
        assert_eq!(&*repaired(long.as_bytes()), "ä".repeat(127).as_bytes());
        assert_eq!(repaired(&[0x80; 300]).len(), 255, "not UTF-8");
    }

    #[test]
    fn numbered_names_fit_and_keep_the_extension() {
        assert_eq!(numbered(b"a.txt", 2), b"a~2.txt");
        assert_eq!(numbered(b".bashrc", 3), b".bashrc~3");
        let long = [&[b'x'; 251][..], b".txt"].concat();
        let numbered = numbered(&long, 17);
        assert_eq!(numbered.len(), 255);
        assert!(numbered.ends_with(b"~17.txt"));
    }
}
