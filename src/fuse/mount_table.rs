//! The list of mounts of the system, without a request to any of them.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use nix::{errno::Errno, sys::statfs::statfs};

/// The list as this process sees it, proc(5).
pub(super) const MOUNT_INFO: &str = "/proc/self/mountinfo";

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountEntry {
    /// Its number, no other mount's as long as it is there.
    pub number: u32,
    /// Number of the file system, as `major:minor`.
    pub device: String,
    /// Where it is mounted.
    pub mount_point: PathBuf,
    /// The type of the file system, with the subtype of FUSE behind a period.
    pub kind: String,
    /// What is mounted.
    pub source: OsString,
    /// The number of the user who mounted, as FUSE says.
    pub user: Option<u32>,
}

impl MountEntry {
    /// Whether this is the same mount at another time: it may have moved with the directories on the way to it.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.number, &self.device, &self.kind, &self.source)
            == (other.number, &other.device, &other.kind, &other.source)
    }

    /// Whether this program serves it.
    pub fn is_isomount(&self) -> bool {
        self.kind == format!("fuse.{}", super::session::SUBTYPE)
    }
}

/// Every mount, in the order of the system: of several on one mount point the last is on top.
///
/// # Errors
/// [`io::Error`] where there is no `/proc`.
pub fn mounts() -> io::Result<Vec<MountEntry>> {
    Ok(parse(&fs::read(MOUNT_INFO)?))
}

/// The mount on top of `mount_point`, a path without links.
pub fn mounted_on(mount_point: &Path) -> Option<MountEntry> {
    mounts().ok()?.into_iter().rev().find(|entry| entry.mount_point == mount_point)
}

/// Whether nobody answers any more for the mount on `mount_point`. Attributes may still come from the kernel's caches; sizes of the
/// whole do not.
pub fn has_ended(mount_point: &Path) -> bool {
    statfs(mount_point).is_err_and(|error| error == Errno::ENOTCONN)
}

fn parse(list: &[u8]) -> Vec<MountEntry> {
    list.split(|b| *b == b'\n').filter_map(entry).collect()
}

/// One line: number, parent, device, root, mount point, options, any number of fields, `-`, type, source, options.
fn entry(line: &[u8]) -> Option<MountEntry> {
    let mut fields = line.split(|b| *b == b' ');
    let number = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let mut fields = fields.skip(1);
    let (device, _, mount_point) = (fields.next()?, fields.next()?, fields.next()?);
    let mut rest = fields.skip_while(|field| *field != b"-").skip(1);
    let (kind, source, options) = (rest.next()?, rest.next()?, rest.next()?);
    let mut options = options.split(|b| *b == b',');
    let user = options.find_map(|option| option.strip_prefix(b"user_id="));
    Some(MountEntry {
        number,
        device: String::from_utf8_lossy(device).into_owned(),
        mount_point: OsString::from_vec(unescaped(mount_point)).into(),
        kind: String::from_utf8_lossy(&unescaped(kind)).into_owned(),
        source: OsString::from_vec(unescaped(source)),
        user: user.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()),
    })
}

/// A field: space, tab, newline and backslash are written as three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(|d| std::str::from_utf8(d).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// A path without links, also when a mount at its end no longer answers: only what leads to it is asked.
///
/// # Errors
/// [`io::Error`] when what leads to it is not there.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    let error = match path.canonicalize() {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if error.kind() != io::ErrorKind::NotFound => {
            let parent = if parent.as_os_str().as_bytes().is_empty() { Path::new(".") } else { parent };
            Ok(parent.canonicalize()?.join(name))
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_its_place() {
        let line = br"36 35 0:98 / /mnt/a\040b\134c ro,nosuid master:1 shared:2 - fuse.isomount /x\011y.iso ro,user_id=7,group_id=8";
        let entry = entry(line).unwrap();
        assert_eq!(entry.mount_point, Path::new("/mnt/a b\\c"));
        assert_eq!(entry.number, 36);
        assert_eq!((entry.device.as_str(), entry.kind.as_str()), ("0:98", "fuse.isomount"));
        assert_eq!(entry.source, "/x\ty.iso");
        assert!(entry.is_isomount());
        assert_eq!(entry.user, Some(7));
        assert_eq!(super::entry(b"36 35 0:98 / /mnt ro - "), None);
        assert_eq!(unescaped(b"\\04"), b"\\04");
    }

    #[test]
    fn this_system_has_mounts() {
        assert!(mounted_on(Path::new("/proc")).is_some_and(|entry| entry.kind == "proc"));
        assert_eq!(mounted_on(Path::new("/not there")), None);
    }

    #[test]
    fn a_path_without_links() {
        assert_eq!(canonical(Path::new("/proc/./")).unwrap(), Path::new("/proc"));
        assert!(canonical(Path::new("/not there/either")).is_err());
    }
}
