//! Why the system refuses a mount, and what to do about it.

use std::{fs::File, io, path::Path};

use super::exit::{Exit, Failure};
use crate::{fuse::fusermount, text};

/// The device through which the kernel asks.
pub(super) const FUSE_DEVICE: &str = "/dev/fuse";

/// AppArmor's rules for fusermount3, which name the directories on which users may mount: Ubuntu from 24.10 on.
const APPARMOR_PROFILE: &str = "/etc/apparmor.d/fusermount3";

/// What fusermount3 or the kernel says, and the next step. The first that fits counts.
const KNOWN: [(&[&str], &str); 10] = [
    (
        &["user_allow_other"],
        "let root add a line user_allow_other to /etc/fuse.conf, or leave out allow_other and allow_root",
    ),
    (
        &["too many FUSE filesystems", "mount_max"],
        "unmount some, or let root raise mount_max in /etc/fuse.conf",
    ),
    (&["no write access to mountpoint", "is not owned by user"], "name a directory that is yours"),
    (&["mounting over filesystem type"], "name a directory on another file system"),
    (&["fuse device not found", "No such device"], "load the kernel's module: modprobe fuse"),
    (&["failed to open /dev/fuse: Permission denied"], "ask root to open it: chmod 666 /dev/fuse"),
    (&["No space left on device"], "the system has too many mounts; unmount some, or raise fs.mount-max"),
    (
        &["Transport endpoint is not connected"],
        "a process that served a mount there is gone; unmount it first: fusermount3 -u",
    ),
    (
        &["mount failed: Operation not permitted"],
        "fusermount3 must belong to root and be setuid: chmod u+s; in a container: --cap-add SYS_ADMIN --device /dev/fuse",
    ),
    (&["Operation not permitted"], "in a container: --cap-add SYS_ADMIN --device /dev/fuse"),
];

/// What is told of a mount that failed.
pub(super) fn of_mount(error: &str) -> Failure {
    // fusermount3 can say several lines.
    let text = text::one_line(error);
    let denied = text.contains("mount failed: Permission denied") || text.contains("EACCES");
    let next = if denied && Path::new(APPARMOR_PROFILE).exists() {
        Some(
            "AppArmor lets users mount below their home, /mnt, /media, /tmp and /run/user only (/etc/apparmor.d/fusermount3)",
        )
    } else {
        KNOWN.iter().find(|(words, _)| words.iter().any(|word| text.contains(word))).map(|(_, next)| *next)
    };
    let message = next.map_or(text.clone(), |next| format!("{text}; {next}"));
    Failure::new(Exit::Refused, message)
}

/// Looks whether FUSE is there, and for users who are not root the program that mounts for them.
///
/// # Errors
/// What is missing, and how to get it.
pub(super) fn check_fuse() -> Result<(), Failure> {
    let error = match File::options().read(true).write(true).open(FUSE_DEVICE) {
        Ok(_) if nix::unistd::geteuid().is_root() || fusermount().is_some() => return Ok(()),
        Ok(_) => {
            let text = "users who are not root need fusermount3 to mount; install it: apt-get install fuse3";
            return Err(Failure::new(Exit::Refused, text));
        }
        Err(error) => error,
    };
    let next = match error.kind() {
        io::ErrorKind::NotFound => {
            "load the kernel's module: modprobe fuse (a container needs --device /dev/fuse)"
        }
        io::ErrorKind::PermissionDenied => "ask root to open it: chmod 666 /dev/fuse",
        _ => "is the kernel's FUSE there? modprobe fuse",
    };
    Err(Failure::new(Exit::Refused, format!("cannot open {FUSE_DEVICE}: {error}; {next}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fusermount_says_is_told_with_the_next_step() {
        let next = |said: &str| {
            let failure = of_mount(said);
            assert_eq!(failure.exit, Exit::Refused);
            let message = failure.message.unwrap();
            assert!(message.starts_with(said.trim()) && message.lines().count() == 1, "{message}");
            message.split_once("; ").map(|(_, next)| next.to_owned())
        };
        for (said, step) in [
            (
                "fusermount3: option allow_other only allowed if 'user_allow_other' is set in /etc/fuse.conf\n",
                "let root add a line user_allow_other",
            ),
            (
                "fusermount3: too many FUSE filesystems mounted; mount_max=N can be set in /etc/fuse.conf",
                "mount_max=N",
            ),
            ("fusermount3: user has no write access to mountpoint /mnt", "name a directory that is yours"),
            ("fusermount3: mount failed: Operation not permitted", "fusermount3 must belong to root"),
            ("fusermount3: fuse device not found, try 'modprobe fuse' first", "load the kernel's module"),
        ] {
            assert!(next(said).is_some_and(|next| next.starts_with(step)), "{said}");
        }
        assert_eq!(next("something new"), None);
    }
}
