//! A directory on disk, in which everything is done by names: none of them has a `/`, none is followed when it is a link. So nothing
//! can be reached from it but what is in it.
//!
//! `openat2` with `RESOLVE_BENEATH` says the same of paths; for single names it adds nothing to `O_NOFOLLOW`, and some sandboxes
//! refuse it.

use std::{fs::File, io, path::Path};

use rustix::{
    fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags, Stat, XattrFlags},
    io::Errno,
};

/// What tells a file or directory from all others.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(stat: &Stat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

/// A directory that is held open.
pub(super) struct Place {
    handle: OwnedFd,
    pub(super) identity: Identity,
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Place {
    /// The directory at a path that the user has named, links in it followed.
    pub(super) fn named(path: &Path) -> io::Result<Self> {
        Self::adopt(fs::open(path, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?)
    }

    fn adopt(handle: OwnedFd) -> io::Result<Self> {
        let identity = identity(&fs::fstat(&handle)?);
        Ok(Self { handle, identity })
    }

    /// The directory `name`.
    pub(super) fn enter(&self, name: &[u8]) -> io::Result<Self> {
        Self::adopt(fs::openat(&self.handle, checked(name)?, DIRECTORY, Mode::empty())?)
    }

    /// Gives the directory `name` other permissions, also where it may not be opened.
    pub(super) fn allow(&self, name: &[u8], mode: u32) -> io::Result<()> {
        let handle = fs::openat(&self.handle, checked(name)?, DIRECTORY.union(OFlags::PATH), Mode::empty())?;
        // There is no call that does it by such a handle, and one by name would follow a link.
        let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
        Ok(fs::chmod(path, Mode::from_raw_mode(mode))?)
    }

    /// The directory above, if it is still the one that it was.
    pub(super) fn above(&self, expected: Identity) -> io::Result<Self> {
        let above = Self::adopt(fs::openat(&self.handle, c"..", DIRECTORY, Mode::empty())?)?;
        if above.identity == expected {
            Ok(above)
        } else {
            Err(io::Error::other("the directory has been moved meanwhile"))
        }
    }

    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    pub(super) fn stat(&self) -> io::Result<Stat> {
        Ok(fs::fstat(&self.handle)?)
    }

    /// What is called `name`, itself when it is a link; `None` when nothing is.
    pub(super) fn find(&self, name: &[u8]) -> io::Result<Option<Stat>> {
        match fs::statat(&self.handle, checked(name)?, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn make_directory(&self, name: &[u8], mode: u32) -> io::Result<()> {
        Ok(fs::mkdirat(&self.handle, checked(name)?, Mode::from_raw_mode(mode))?)
    }

    /// A new file.
    pub(super) fn make_file(&self, name: &[u8], mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY
            .union(OFlags::CREATE)
            .union(OFlags::EXCL)
            .union(OFlags::NOFOLLOW)
            .union(OFlags::CLOEXEC);
        Ok(fs::openat(&self.handle, checked(name)?, flags, Mode::from_raw_mode(mode))?.into())
    }

    pub(super) fn make_link(&self, name: &[u8], target: &[u8]) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.handle, checked(name)?)?)
    }

    pub(super) fn make_node(&self, name: &[u8], kind: FileType, mode: u32, device: u64) -> io::Result<()> {
        Ok(fs::mknodat(&self.handle, checked(name)?, kind, Mode::from_raw_mode(mode), device)?)
    }

    /// Another name for what is called `old` in `from`, itself when it is a link.
    pub(super) fn make_name(&self, name: &[u8], from: &Self, old: &[u8]) -> io::Result<()> {
        Ok(fs::linkat(&from.handle, checked(old)?, &self.handle, checked(name)?, AtFlags::empty())?)
    }

    /// Gives a file another name, which nothing may have.
    pub(super) fn rename(&self, old: &[u8], name: &[u8]) -> io::Result<()> {
        let (old, name) = (checked(old)?, checked(name)?);
        match fs::renameat_with(&self.handle, old, &self.handle, name, RenameFlags::NOREPLACE) {
            // A file system that cannot do this in one step.
            Err(Errno::INVAL | Errno::NOSYS) if self.find(name)?.is_some() => Err(Errno::EXIST.into()),
            Err(Errno::INVAL | Errno::NOSYS) => Ok(fs::renameat(&self.handle, old, &self.handle, name)?),
            done => Ok(done?),
        }
    }

    /// Gives what is called `name`, itself when it is a link, an extended attribute.
    pub(super) fn set_attribute(&self, name: &[u8], attribute: &[u8], value: &[u8]) -> Result<(), Errno> {
        // Older kernels have no call that does it by a directory and a name.
        let directory = format!("/proc/self/fd/{}/", self.handle.as_raw_fd());
        let path = [directory.as_bytes(), checked(name).map_err(|_| Errno::INVAL)?].concat();
        fs::lsetxattr(path, attribute, value, XattrFlags::empty())
    }

    /// Removes what is no directory.
    pub(super) fn remove(&self, name: &[u8]) -> io::Result<()> {
        Ok(fs::unlinkat(&self.handle, checked(name)?, AtFlags::empty())?)
    }
}

/// A name of the tree is one: it has been repaired where it came from the disc. Looked at once more, because all depends on it.
fn checked(name: &[u8]) -> io::Result<&[u8]> {
    let is_name = !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/');
    if is_name { Ok(name) } else { Err(io::ErrorKind::InvalidFilename.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_taken_and_no_link_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("in")).unwrap();
        let place = Place::named(&directory.path().join("in")).unwrap();
        for bad in [&b""[..], b".", b"..", b"a/b", b"../x", b"/"] {
            assert!(place.make_file(bad, 0o600).is_err(), "{bad:?}");
            assert!(place.enter(bad).is_err(), "{bad:?}");
        }
        place.make_link(b"up", b"..").unwrap();
        assert!(place.enter(b"up").is_err());
        assert!(place.make_file(b"up", 0o600).is_err());
        place.make_directory(b"down", 0o700).unwrap();
        let down = place.enter(b"down").unwrap();
        assert!(down.above(place.identity).is_ok());
        assert!(down.above(down.identity).is_err());
        assert_eq!(place.rename(b"up", b"down").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
