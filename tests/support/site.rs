//! A place where anybody can run the program: a directory that all may enter, with the program and an image in it, and a home for a
//! user who is not root.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
};

use nix::unistd::User;
use tempfile::TempDir;

use super::{
    maker::{self, set_mode},
    mounted::{PROGRAM, eventually},
};

/// What is in `file` of the image.
pub const CONTENT: &str = "content";

pub struct Site {
    directory: TempDir,
    /// The user `nobody`.
    pub uid: u32,
    /// The name of the volume, no other site's.
    pub label: String,
    before: State,
}

/// What must be the same afterwards: mounts of FUSE, processes of this site, directories in which mount points are made.
#[derive(Debug, PartialEq, Eq)]
struct State {
    mounts: BTreeSet<String>,
    made: BTreeSet<PathBuf>,
}

impl Site {
    /// `None`, and a word on stderr, when there is no user for it.
    pub fn new() -> Option<Self> {
        let Some(user) = User::from_name("nobody").unwrap() else {
            eprintln!("skipped: no user nobody");
            return None;
        };
        let uid = user.uid.as_raw();
        let directory = tempfile::tempdir().unwrap();
        set_mode(directory.path(), 0o755);
        static SITES: AtomicU32 = AtomicU32::new(0);
        let label = format!("Site {} of {}", SITES.fetch_add(1, Ordering::Relaxed), std::process::id());
        let mut site =
            Self { directory, uid, label, before: State { mounts: BTreeSet::new(), made: BTreeSet::new() } };
        maker::copy_program(PROGRAM, &site.program());
        let source = site.path("source");
        fs::create_dir(&source).unwrap();
        fs::write(source.join("file"), CONTENT).unwrap();
        set_mode(&source, 0o755);
        maker::xorriso(&site.image(), &source, &["-R", "-V", &site.label]);
        set_mode(&site.image(), 0o644);
        for name in ["home", "mnt", "users"] {
            fs::create_dir(site.path(name)).unwrap();
        }
        for name in ["home", "users"] {
            chown(site.path(name), Some(uid), Some(uid)).unwrap();
        }
        site.before = site.state();
        Some(site)
    }

    /// Without links, as the list of mounts has it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    pub fn program(&self) -> PathBuf {
        self.path("isomount")
    }

    pub fn image(&self) -> PathBuf {
        self.path("image.iso")
    }

    /// Runs a script of the shell, for a minute at most, with the program on the path; `$D` is the directory.
    pub fn sh(&self, script: &str) -> Output {
        self.run(&["sh", "-ec", script])
    }

    /// As [`sh`](Self::sh), in a list of mounts of its own.
    pub fn apart(&self, script: &str) -> Output {
        self.run(&["unshare", "-m", "--propagation", "private", "sh", "-ec", script])
    }

    /// As [`sh`](Self::sh), by a user who is not root.
    pub fn as_user(&self, script: &str) -> Output {
        self.run(&self.words_of_user(script).iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A script that [`apart`](Self::apart) runs by a user, behind what root does.
    pub fn apart_as_user(&self, by_root: &str, by_user: &str) -> Output {
        let quoted: Vec<String> = self
            .words_of_user(by_user)
            .iter()
            .map(|word| format!("'{}'", word.replace('\'', r"'\''")))
            .collect();
        self.apart(&format!("{by_root}\n{}", quoted.join(" ")))
    }

    /// What is in a file of a mount that is to be unmounted next: read by a program, so that this process, which starts others, has
    /// never had it open.
    pub fn content_of(&self, path: &Path) -> String {
        done(&self.run(&["cat", path.to_str().unwrap()]))
    }

    fn words_of_user(&self, script: &str) -> Vec<String> {
        let uid = self.uid;
        let user = [format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".to_owned()];
        let home = format!("HOME={}", self.path("home").display());
        let tail = ["env", &home, "sh", "-ec", script].map(str::to_owned);
        std::iter::once("setpriv".to_owned()).chain(user).chain(tail).collect()
    }

    fn run(&self, words: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60"]).args(words).current_dir("/");
        let directory = self.directory.path().canonicalize().unwrap();
        command.env("PATH", format!("{}:{path}", directory.display())).env("D", directory);
        command.env_remove("XDG_RUNTIME_DIR").env("LC_ALL", "C.UTF-8").output().unwrap()
    }

    fn state(&self) -> State {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let ours = |line: &&str| line.contains(self.directory.path().to_str().unwrap());
        let names =
            |place: PathBuf| fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
        let made = |path: &PathBuf| path.is_dir() && path.to_string_lossy().contains(&self.label);
        State {
            mounts: mounts.lines().filter(ours).map(str::to_owned).collect(),
            made: names("/media".into()).chain(names(self.path("home"))).filter(made).collect(),
        }
    }

    /// The processes that run the copy of the program.
    pub fn processes(&self) -> Vec<i32> {
        let program = self.program();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter(|entry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program))
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// Nothing is left behind: no mount, no process, no directory.
    pub fn assert_clean(&self) {
        let is_clean = eventually(|| self.processes().is_empty() && self.state() == self.before);
        assert!(is_clean, "{:?} {:?}, before {:?}", self.processes(), self.state(), self.before);
        assert_eq!(fs::read_dir(self.path("mnt")).unwrap().count(), 0);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Of a test that failed.
        for process in self.processes() {
            let _ = nix::sys::signal::kill(
                nix::unistd::Pid::from_raw(process),
                nix::sys::signal::Signal::SIGTERM,
            );
        }
        eventually(|| self.processes().is_empty());
    }
}

/// What a program that succeeded wrote on stdout.
pub fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The exit code of a program that failed, and its one line on stderr, behind the name of the program.
pub fn failed(output: &Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    let line = said.trim_end().strip_prefix("isomount: ").unwrap_or_else(|| panic!("{said}"));
    (output.status.code().unwrap(), line.to_owned())
}

/// Whether something is at a path.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
