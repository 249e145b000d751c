//! Unmounting one mount and no other: by the system call, and for users who are not root by `fusermount3`.

use std::{
    env, fs, io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    mount::{MntFlags, umount2},
    sys::stat::Mode,
};

use super::mount_table::{MountEntry, mounts};
use crate::text;

/// A variable that names the helper; fuser reads it too.
const PATH_VARIABLE: &str = "FUSERMOUNT_PATH";

/// The program that mounts and unmounts for users who are not root, where fuser looks for it; `None` when it is not there.
pub fn fusermount() -> Option<PathBuf> {
    if let Some(helper) = env::var_os(PATH_VARIABLE) {
        return Some(PathBuf::from(helper)).filter(|helper| helper.exists());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> =
        env::split_paths(&path).chain(["/sbin", "/bin"].map(PathBuf::from)).collect();
    ["fusermount3", "fusermount"].iter().find_map(|name| {
        directories.iter().map(|directory| directory.join(name)).find(|candidate| candidate.is_file())
    })
}

/// Unmounts this mount, wherever it is by now; one that is gone is unmounted already. A lazy unmount takes it out of the
/// tree and lets those who have files open finish.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] when somebody has something open there, or something else is mounted on top;
/// [`io::ErrorKind::PermissionDenied`] when it is somebody else's; what the system or the helper says.
pub fn unmount(mount: &MountEntry, is_lazy: bool) -> io::Result<()> {
    let Some(entry) = found(mount)? else { return Ok(()) };
    let done = match unmount_entry(&entry, is_lazy) {
        Err(Errno::EPERM) => by_helper(&entry, is_lazy),
        done => done.map_err(Into::into),
    };
    match done {
        // Somebody else was faster, or it went with another.
        Err(error) if error.kind() != io::ErrorKind::ResourceBusy && found(mount)?.is_none() => Ok(()),
        done => done,
    }
}

/// The mount where it is now, if it is there and nothing is on top of it.
fn found(mount: &MountEntry) -> io::Result<Option<MountEntry>> {
    let all = mounts()?;
    let Some(entry) = all.iter().find(|entry| entry.is_same(mount)) else { return Ok(None) };
    match all.iter().rev().find(|other| other.mount_point == entry.mount_point) {
        Some(top) if !top.is_same(mount) => {
            let text = format!("{} is mounted on top of it", top.kind);
            Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
        }
        _ => Ok(Some(entry.clone())),
    }
}

/// Unmounts by the directory that the mount point is in: whoever may move directories on the way there cannot make it another one.
fn unmount_entry(entry: &MountEntry, is_lazy: bool) -> nix::Result<()> {
    let flags = if is_lazy { MntFlags::MNT_DETACH } else { MntFlags::empty() } | MntFlags::UMOUNT_NOFOLLOW;
    let (Some(parent), Some(name)) = (entry.mount_point.parent(), entry.mount_point.file_name()) else {
        return umount2(&entry.mount_point, flags);
    };
    let parent = directory(parent)?;
    let inside = openat(parent.as_fd(), name, OFlag::O_PATH | OFlag::O_NOFOLLOW, Mode::empty())?;
    if mount_of(&inside) != Some(entry.number) {
        return Err(Errno::EBUSY);
    }
    // Open, it would keep the mount busy.
    drop(inside);
    umount2(&Path::new("/proc/self/fd").join(parent.as_raw_fd().to_string()).join(name), flags)
}

/// Opens a directory, no component of which may be a link.
fn directory(path: &Path) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut at = open("/", flags, Mode::empty())?;
    for component in path.components() {
        if let Component::Normal(name) = component {
            at = openat(at.as_fd(), name, flags, Mode::empty())?;
        }
    }
    Ok(at)
}

/// The number of the mount that an open file lies on, proc(5), fdinfo.
fn mount_of(file: &OwnedFd) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok())
}

fn by_helper(entry: &MountEntry, is_lazy: bool) -> io::Result<()> {
    let Some(helper) = fusermount() else {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "users who are not root need fusermount3 to unmount; install it: apt-get install fuse3",
        ));
    };
    let mut command = Command::new(helper);
    command.arg("-u").args(is_lazy.then_some("-z")).arg("--").arg(&entry.mount_point);
    let output = command.stdin(Stdio::null()).env("LC_ALL", "C").output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let kind = match &*said {
        said if said.contains("Device or resource busy") => io::ErrorKind::ResourceBusy,
        said if said.contains("not found in /etc/mtab") || said.contains("not permitted") => {
            io::ErrorKind::PermissionDenied
        }
        _ => io::ErrorKind::Other,
    };
    Err(io::Error::new(kind, text::one_line(&said)))
}
