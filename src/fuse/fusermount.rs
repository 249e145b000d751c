//! Unmounting: by the system call, and for users who are not root by `fusermount3`.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    mount::{MntFlags, umount2},
};

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

/// Unmounts what is on top of `mount_point`; a lazy unmount takes it out of the tree and lets those who have files open finish.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] when somebody has something open there; what the system or the helper says.
pub fn unmount(mount_point: &Path, is_lazy: bool) -> io::Result<()> {
    let lazy = if is_lazy { MntFlags::MNT_DETACH } else { MntFlags::empty() };
    match umount2(mount_point, lazy | MntFlags::UMOUNT_NOFOLLOW) {
        Ok(()) => return Ok(()),
        Err(Errno::EPERM) => {}
        Err(error) => return Err(error.into()),
    }
    let Some(helper) = fusermount() else {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "users who are not root need fusermount3 to unmount; install it: apt-get install fuse3",
        ));
    };
    let mut command = Command::new(helper);
    command.arg("-u").args(is_lazy.then_some("-z")).arg("--").arg(mount_point);
    let output = command.stdin(Stdio::null()).env("LC_ALL", "C").output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let is_busy = said.contains("Device or resource busy");
    let kind = if is_busy { io::ErrorKind::ResourceBusy } else { io::ErrorKind::Other };
    Err(io::Error::new(kind, said.trim().to_owned()))
}
