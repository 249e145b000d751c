//! `auto_unmount`: a process beside the one that serves, which unmounts when that one is killed.
//!
//! fusermount3 has such a guard too, for mounts that others may look into; this one is for every mount.

use std::{
    io::{self, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use super::{
    NAME,
    exit::{Exit, Failure},
    place,
};
use crate::fuse::{Mounted, mounts, unmount};

/// The guard of a mount. Dropping it tells it that all is well, and waits until it is gone.
pub(super) struct Guard {
    process: Child,
    /// Closed when this process ends, however it ends.
    stdin: Option<ChildStdin>,
}

impl Guard {
    /// Starts it; `is_made` says that the mount point was made, and is to be removed.
    ///
    /// # Errors
    /// The system starts no process.
    pub(super) fn start(mounted: &Mounted, is_made: bool) -> Result<Self, Failure> {
        let failed = |e: io::Error| {
            Failure::new(Exit::Internal, format!("cannot start the process for auto_unmount: {e}"))
        };
        let entry = mounted.entry().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let mut process = Command::new(std::env::current_exe().map_err(failed)?)
            .arg0(NAME)
            .arg("guard")
            .args(is_made.then_some("--made"))
            .arg("--")
            .arg(&entry.mount_point)
            .arg(entry.number.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let stdin = process.stdin.take();
        Ok(Self { process, stdin })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

/// The guard itself: waits until the process that serves has ended, and unmounts what it has left.
pub(super) fn run(mount_point: &Path, number: u32, is_made: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Refused, error.to_string());
    // Neither a terminal nor whoever ends a group of processes ends it before the one that serves.
    let _ = nix::unistd::setsid();
    let mount = mounts().map_err(failed)?.into_iter().find(|entry| entry.number == number);
    // Nothing is ever written.
    let _ = io::stdin().read(&mut [0]);
    if let Some(mount) = mount {
        unmount(&mount, true).map_err(failed)?;
    }
    if is_made {
        place::remove(mount_point);
    }
    Ok(())
}
