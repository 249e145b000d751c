//! Processes of the system: who serves a mount, who uses it. From `/proc`, as far as this user may look.

use std::{
    ffi::OsString,
    fs,
    os::unix::{ffi::OsStringExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use clap::Parser;
use nix::unistd::{SysconfVar, sysconf};

use super::{Args, MountArgs, refusal::FUSE_DEVICE, text};
use crate::fuse::MountEntry;

/// The process that serves a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// Its number.
    pub(super) number: u32,
    /// The view that it shows, where its arguments say.
    pub(super) view: Option<String>,
    /// When it was started, in clock ticks behind the start of the system.
    started: u64,
}

impl Server {
    /// Whether it is still there. A number that is another process by now does not count.
    pub(super) fn is_running(&self) -> bool {
        stat(self.number).is_some_and(|(state, started)| started == self.started && !has_gone(state))
    }

    /// When it was started, in seconds since 1970.
    pub(super) fn since(&self) -> Option<i64> {
        let boot = fs::read_to_string("/proc/stat").ok()?;
        let boot = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse::<i64>().ok()?;
        let ticks = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
        boot.checked_add(i64::try_from(self.started.checked_div(ticks)?).ok()?)
    }
}

/// The process that serves `mount`: one of the user who mounted. It has the connection open, where this user may look at that and the
/// kernel says it (Linux 6.10); else its arguments say so.
pub(super) fn serving(mount: &MountEntry) -> Option<Server> {
    let of_user = |number: &u32| {
        fs::metadata(format!("/proc/{number}")).is_ok_and(|process| Some(process.uid()) == mount.user)
    };
    let processes: Vec<u32> = all().filter(of_user).collect();
    let connection = mount.device.split_once(':').map(|(_, minor)| minor);
    let connected =
        processes.iter().copied().find(|number| connection.is_some_and(|c| has_connection(*number, c)));
    if let Some(number) = connected {
        let view = arguments(number).and_then(|args| args.shown_view);
        return Some(Server { number, view, started: stat(number)?.1 });
    }
    let named = processes.into_iter().filter_map(|number| {
        let args = arguments(number).filter(|args| args.background_process)?;
        let is_named = args.more.first() == Some(&mount.mount_point)
            && args.image.is_some_and(|image| image.to_string_lossy() == mount.source.to_string_lossy());
        let (state, started) = stat(number).filter(|_| is_named)?;
        (!has_gone(state)).then_some(Server { number, view: args.shown_view, started })
    });
    // A mount that was lazily unmounted may have had the same place.
    named.max_by_key(|server| server.started)
}

/// Whether a process has the connection of FUSE with this number open.
fn has_connection(number: u32, connection: &str) -> bool {
    let process = PathBuf::from(format!("/proc/{number}"));
    let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    let devices =
        open.filter(|file| fs::read_link(file.path()).is_ok_and(|target| target == Path::new(FUSE_DEVICE)));
    devices.into_iter().any(|file| {
        let text = fs::read_to_string(process.join("fdinfo").join(file.file_name())).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix("fuse_connection:").is_some_and(|n| n.trim() == connection))
    })
}

fn has_gone(state: char) -> bool {
    matches!(state, 'Z' | 'X')
}

/// Name and number of every process that has something open below `directory`, stands in it, or runs from it.
pub(super) fn users_of(directory: &Path) -> Vec<(String, u32)> {
    let is_below = |link: PathBuf| fs::read_link(link).is_ok_and(|target| target.starts_with(directory));
    let uses = |number: &u32| {
        let process = PathBuf::from(format!("/proc/{number}"));
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        ["cwd", "root", "exe"].iter().any(|link| is_below(process.join(link)))
            || open.map(|entry| entry.path()).any(is_below)
            || maps(&process, directory)
    };
    // Who stands in a copy of the mount, in another mount namespace, keeps nobody here from unmounting.
    let space = |number: u32| fs::read_link(format!("/proc/{number}/ns/mnt")).ok();
    let ours = space(std::process::id());
    let is_elsewhere =
        |number: &u32| space(*number).zip(ours.as_ref()).is_some_and(|(its, ours)| its != *ours);
    let name = |number: &u32| {
        let name = fs::read(format!("/proc/{number}/comm")).unwrap_or_default();
        text::escape(name.trim_ascii_end())
    };
    // Whoever asks may stand there.
    let own = std::process::id();
    let others = all().filter(|number| *number != own && !is_elsewhere(number));
    others.filter(uses).map(|number| (name(&number), number)).collect()
}

/// Whether a process has mapped a file below `directory`.
fn maps(process: &Path, directory: &Path) -> bool {
    let maps = fs::read(process.join("maps")).unwrap_or_default();
    let mut paths = maps
        .split(|b| *b == b'\n')
        .filter_map(|line| line.iter().position(|b| *b == b'/').and_then(|at| line.get(at..)));
    paths.any(|path| Path::new(&OsString::from_vec(path.to_vec())).starts_with(directory))
}

/// The numbers of all processes.
fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// What a process was asked to mount.
fn arguments(number: u32) -> Option<MountArgs> {
    let text = fs::read(format!("/proc/{number}/cmdline")).ok()?;
    let text = text.strip_suffix(b"\0")?;
    let words: Vec<OsString> =
        text.split(|b| *b == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    Args::try_parse_from(words).ok().filter(|args| args.command.is_none()).map(|args| args.mount)
}

/// State and start of a process, proc(5): fields 3 and 22. Its name in field 2 may hold any character.
fn stat(number: u32) -> Option<(char, u64)> {
    let text = fs::read(format!("/proc/{number}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found() {
        let number = std::process::id();
        let (state, started) = stat(number).unwrap();
        assert!("RS".contains(state));
        let server = Server { number, view: None, started };
        assert!(server.is_running());
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
        assert!((now - 3600 * 24..=now + 2).contains(&server.since().unwrap()));
        assert!(!Server { started: started + 1, ..server }.is_running(), "another one of that number");
        let directory = tempfile::tempdir().unwrap();
        let mut other =
            std::process::Command::new("sleep").arg("60").current_dir(&directory).spawn().unwrap();
        let users = users_of(&directory.path().canonicalize().unwrap());
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(users, [("sleep".to_owned(), other.id())]);
    }
}
