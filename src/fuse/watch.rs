//! Waiting until a mount is no longer in the list, whoever has unmounted it. Its file system may live on: lazily unmounted while files
//! are open, or in another mount namespace.

use std::{fs::File, os::fd::AsFd, sync::mpsc::Sender, thread};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{
    adapter::Event,
    mount_table::{MOUNT_INFO, MountEntry, mounts},
};

/// Starts a thread that says when the mount has gone. Without it only the end of the file system is noticed.
pub(super) fn start(mount: MountEntry, events: Sender<Event>) {
    let started = thread::Builder::new().name("mounts".into()).spawn(move || {
        let Ok(list) = File::open(MOUNT_INFO) else { return };
        loop {
            let is_gone = mounts().is_ok_and(|all| !all.iter().any(|entry| entry.is_same(&mount)));
            // The kernel says by this when the list has changed: proc(5).
            let mut change = [PollFd::new(list.as_fd(), PollFlags::POLLPRI)];
            if is_gone {
                // Nobody listens any more when the process is about to end.
                let _ = events.send(Event::Gone);
                return;
            }
            if poll(&mut change, PollTimeout::NONE).is_err() {
                return;
            }
        }
    });
    if let Err(error) = started {
        log::debug!("the list of mounts is not watched: {error}");
    }
}
