//! Processes of the system: who serves a mount, who uses it. From `/proc`, as far as this user may look.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use clap::Parser;
use nix::unistd::{SysconfVar, sysconf};

use super::{Args, text};
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
        stat(self.number)
            .is_some_and(|(state, started)| started == self.started && !matches!(state, 'Z' | 'X'))
    }

    /// When it was started, in seconds since 1970.
    pub(super) fn since(&self) -> Option<i64> {
        let boot = fs::read_to_string("/proc/stat").ok()?;
        let boot = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse::<i64>().ok()?;
        let ticks = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
        boot.checked_add(i64::try_from(self.started.checked_div(ticks)?).ok()?)
    }
}

/// The process that serves `mount`: its arguments say so.
pub(super) fn serving(mount: &MountEntry) -> Option<Server> {
    all().find_map(|number| {
        let arguments = arguments(number)?;
        let program = Path::new(arguments.first()?).file_name()?.to_string_lossy().into_owned();
        // It may have been moved or replaced since: `isomount (deleted)` is not in the arguments.
        if !program.contains("isomount") {
            return None;
        }
        let parsed = Args::try_parse_from(&arguments).ok().filter(|args| args.command.is_none())?.mount;
        let directory = fs::read_link(format!("/proc/{number}/cwd")).unwrap_or_default();
        let (state, started) = stat(number)?;
        let is_meant = match parsed.more.as_slice() {
            [place] if parsed.background_process => *place == mount.mount_point,
            [place] if is_in_foreground(&parsed) => {
                without_links(&directory.join(place)) == mount.mount_point
            }
            [] if is_in_foreground(&parsed) => parsed
                .image
                .is_some_and(|image| without_links(&directory.join(image)) == Path::new(&mount.source)),
            _ => false,
        };
        let is_running = !matches!(state, 'Z' | 'X');
        (is_meant && is_running).then_some(Server { number, view: parsed.shown_view, started })
    })
}

fn is_in_foreground(args: &super::MountArgs) -> bool {
    args.foreground || args.debug
}

fn without_links(path: &Path) -> PathBuf {
    crate::fuse::canonical(path).unwrap_or_else(|_| path.to_owned())
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
    let name = |number: &u32| {
        let name = fs::read(format!("/proc/{number}/comm")).unwrap_or_default();
        text::escape(name.trim_ascii_end())
    };
    // Whoever asks may stand there.
    let own = std::process::id();
    all().filter(|number| *number != own).filter(uses).map(|number| (name(&number), number)).collect()
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

fn arguments(number: u32) -> Option<Vec<OsString>> {
    let text = fs::read(format!("/proc/{number}/cmdline")).ok()?;
    let text = text.strip_suffix(b"\0")?;
    Some(text.split(|b| *b == 0).map(|word| OsString::from_vec(word.to_vec())).collect())
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
