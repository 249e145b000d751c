//! The mount point: whether it can be one, and the one that is made where none was named.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use nix::unistd::{User, access, geteuid};

use super::{exit::Exit, exit::Failure, shown};
use crate::{
    fuse::{block_signals, canonical, has_ended, mounted_on},
    text::is_disguise,
};

/// Directories of one name that are tried: `disc`, `disc-2` ...
const NAMES: u32 = 1000;

/// Bytes of a made name.
const NAME_LENGTH: usize = 100;

/// Where root gets a directory.
const PLACE_OF_ROOT: &str = "/media";

/// A mount point.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Absolute, without links.
    pub(super) path: PathBuf,
    /// Whether it has to be made, and removed at the end.
    pub(super) is_to_be_made: bool,
}

/// What is allowed of a mount point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    /// It may have something in it, or on it.
    pub(super) nonempty: bool,
    /// It may be missing, and is made then.
    pub(super) missing: bool,
}

fn refused(path: &Path, text: impl AsRef<str>) -> Failure {
    Failure::new(Exit::MountPoint, format!("mount point {}: {}", shown(path), text.as_ref()))
}

impl Place {
    /// The mount point that was named for `image`.
    ///
    /// # Errors
    /// Why it cannot be one, and what to do.
    pub(super) fn named(path: &Path, image: &Path, allowed: Allowed) -> Result<Self, Failure> {
        let real = match canonical(path) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return missing(path, allowed),
            Err(error) => return Err(refused(path, error.to_string())),
        };
        let top = mounted_on(&real);
        // An automounter waits for whoever looks at it.
        if top.as_ref().is_some_and(|entry| entry.kind == "autofs") {
            return Ok(Self { path: real, is_to_be_made: false });
        }
        if let Some(entry) = top.filter(|entry| entry.is_isomount()) {
            let end = format!("unmount it first: isomount umount {}", shown(path));
            let text = if has_ended(&real) {
                format!("a mount of isomount whose process is gone; {end}")
            } else {
                format!("{} is mounted there already; {end}", shown(Path::new(&entry.source)))
            };
            return Err(refused(path, text));
        }
        let metadata = fs::metadata(&real).map_err(|error| match error.raw_os_error() {
            Some(libc::ENOTCONN) => refused(
                path,
                "a mount whose process is gone; unmount it first: fusermount3 -u (root: umount)",
            ),
            _ => refused(path, error.to_string()),
        })?;
        if !metadata.is_dir() {
            return Err(refused(path, "not a directory; name a directory"));
        }
        if image.canonicalize().is_ok_and(|image| image.starts_with(&real)) {
            return Err(refused(
                path,
                "the image lies in it and would be out of sight; name another directory",
            ));
        }
        if !allowed.nonempty {
            check_empty(path, &real)?;
        }
        Ok(Self { path: real, is_to_be_made: false })
    }

    /// A directory that does not exist yet, called after the volume, in a place that file managers show.
    ///
    /// # Errors
    /// There is no such place where this user may make one.
    pub(super) fn called(label: &str, image: &Path) -> Result<Self, Failure> {
        let stem = image.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = [label, &stem, "disc"].iter().map(|text| name(text)).find(|name| !name.is_empty());
        let name = name.unwrap_or_default();
        let Some(parent) = parent() else {
            let text = "no directory in which one could be made; name a mount point";
            return Err(Failure::new(Exit::MountPoint, text));
        };
        let candidates = (1..NAMES).map(|number| match number {
            1 => parent.join(&name),
            number => parent.join(format!("{name}-{number}")),
        });
        // A link to nothing is there, too.
        let free = candidates.into_iter().find(|path| path.symlink_metadata().is_err());
        free.map(|path| Self { path, is_to_be_made: true })
            .ok_or_else(|| refused(&parent, "too many mounts of one name"))
    }

    /// Makes it if it has to be made. Signals wait from here on, so that what is made is removed.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when somebody else has made it meanwhile; what the system says.
    pub(super) fn make(&self) -> io::Result<Made> {
        block_signals()?;
        if !self.is_to_be_made {
            return Ok(Made(None));
        }
        fs::create_dir(&self.path)?;
        Ok(Made(Some(self.path.clone())))
    }

    /// What is told when it cannot be made.
    pub(super) fn not_made(&self, error: &io::Error) -> Failure {
        refused(&self.path, format!("cannot make it: {error}; name another mount point"))
    }
}

/// A directory that was made, and is removed when this is dropped, if there is nothing in it.
#[derive(Debug)]
pub(super) struct Made(Option<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            remove(path);
        }
    }
}

/// Removes a directory that was made, unless something is in it by now.
pub(super) fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir(path) {
        ::log::debug!("{}: {error}", shown(path));
    }
}

fn missing(path: &Path, allowed: Allowed) -> Result<Place, Failure> {
    let parent =
        path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let real = parent.and_then(|parent| parent.canonicalize().ok()).filter(|parent| parent.is_dir());
    if path.symlink_metadata().is_ok() {
        return Err(refused(path, "a link to nothing; make what it names, or name another mount point"));
    }
    match (real, path.file_name()) {
        (Some(parent), Some(name)) if allowed.missing => {
            Ok(Place { path: parent.join(name), is_to_be_made: true })
        }
        (Some(_), Some(_)) => {
            let text =
                format!("not there; make it first: mkdir {} (or let isomount make it: --mkdir)", shown(path));
            Err(refused(path, text))
        }
        _ => Err(refused(
            path,
            format!(
                "not there, and neither is the directory that it would be in; make it first: mkdir -p {}",
                shown(path)
            ),
        )),
    }
}

fn check_empty(path: &Path, real: &Path) -> Result<(), Failure> {
    if let Some(entry) = mounted_on(real) {
        let (kind, source) = (shown(Path::new(&entry.kind)), shown(Path::new(&entry.source)));
        return Err(refused(
            path,
            format!("busy: {kind} ({source}) is mounted there; -o nonempty mounts over it"),
        ));
    }
    match fs::read_dir(real).map(|mut names| names.next().is_some()) {
        Ok(false) => Ok(()),
        Ok(true) => {
            Err(refused(path, "not empty; name an empty directory, or -o nonempty hides what is in it"))
        }
        // Who may not look may mount all the same.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(refused(path, error.to_string())),
    }
}

/// Where a directory is made: file managers show what is mounted in `/media`, `/run/media/USER` and the home directory.
fn parent() -> Option<PathBuf> {
    if geteuid().is_root() {
        // Some systems have none.
        let _ = fs::create_dir(PLACE_OF_ROOT);
        return Some(PLACE_OF_ROOT.into());
    }
    let may_make = |path: &PathBuf| {
        use nix::unistd::AccessFlags;
        path.is_dir() && access(path, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
    };
    let user = User::from_uid(geteuid()).ok().flatten();
    let of_user =
        user.iter().flat_map(|user| ["/run/media", "/media"].map(|place| Path::new(place).join(&user.name)));
    let home = std::env::var_os("HOME").map(PathBuf::from).or(user.as_ref().map(|user| user.dir.clone()));
    of_user.chain(home.filter(|home| home.is_absolute())).find(may_make)
}

/// A text as the name of a directory: nothing that is invisible, no slash, no space at its ends, no period or hyphen in front.
fn name(text: &str) -> String {
    let is_front = |c: char| c.is_whitespace() || matches!(c, '.' | '-');
    let fit = |c: char| if is_disguise(c) || matches!(c, '/' | '\\' | '\u{fffd}') { '_' } else { c };
    let text: String = text.trim_start_matches(is_front).chars().map(fit).collect();
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= NAME_LENGTH).last().unwrap_or(0);
    let text = if text.len() <= NAME_LENGTH { &text } else { text.get(..end).unwrap_or_default() };
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_names() {
        for (label, expected) in [
            ("DEBIAN 12", "DEBIAN 12"),
            ("  ", ""),
            ("../../etc", "_.._etc"),
            ("..", ""),
            ("- rf", "rf"),
            ("x\u{202e}gpj.exe", "x_gpj.exe"),
            ("a/b\n\x1b[31m", "a_b__[31m"),
        ] {
            assert_eq!(name(label), expected, "{label:?}");
        }
        assert_eq!(name(&"ä".repeat(200)), "ä".repeat(50));
    }
}
