//! A mount that says in a file what the kernel asks it: the requests that reach the daemon, counted by kind.

use std::{
    cell::Cell,
    fmt,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use super::mounted::{self, Mounted};

/// Names that are looked up to mark a place in the log; no image has them.
const MARK: &str = "mark-in-the-log-";

/// The requests of the kernel between two marks.
#[derive(Default)]
pub struct Requests(Vec<String>);

impl Requests {
    /// How many there are of these kinds.
    pub fn count(&self, kinds: &[&str]) -> usize {
        self.0.iter().filter(|line| line.split(' ').next().is_some_and(|kind| kinds.contains(&kind))).count()
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests:", self.0.len())?;
        self.0.iter().take(40).try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// A mount with its log of requests.
pub struct Watched {
    mounted: Mounted,
    log: PathBuf,
    marks: Cell<u32>,
    /// Waited for when the mount has ended.
    _daemon: Daemon,
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.wait().unwrap();
    }
}

impl Watched {
    /// Mounts an image in the foreground, with the text behind `-o` or none.
    pub fn new(image: &Path, options: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().canonicalize().unwrap().join("mount");
        fs::create_dir(&place).unwrap();
        let log = directory.path().join("log");
        let mut command = mounted::program_with(&["-d"]);
        command.env_remove("ISOMOUNT_LOG").stderr(Stdio::from(File::create(&log).unwrap()));
        if !options.is_empty() {
            command.args(["-o", options]);
        }
        let mut daemon = command.arg(image).arg(&place).spawn().unwrap();
        let is_there = || daemon.try_wait().unwrap().is_some() || mounted::is_mounted(&place);
        assert!(mounted::eventually(is_there), "no mount");
        // The daemon looks at the root, too, and may come to that later; with this look the kernel knows it.
        fs::metadata(&place).unwrap();
        let mounted = Mounted::adopt(directory, place);
        Self { mounted, log, marks: Cell::new(0), _daemon: Daemon(daemon) }
    }

    pub fn path(&self) -> &Path {
        self.mounted.path()
    }

    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.mounted.join(path)
    }

    /// What the kernel asks for while `work` is done. What nobody waits for (FORGET) may come later.
    pub fn requests<T>(&self, work: impl FnOnce() -> T) -> (T, Requests) {
        let from = self.mark();
        let result = work();
        let to = self.mark();
        let mut log = File::open(&self.log).unwrap();
        log.seek(SeekFrom::Start(from)).unwrap();
        let mut text = String::new();
        log.take(to - from).read_to_string(&mut text).unwrap();
        // `isomount: FUSE( 12) ino 0x0000000000000001 LOOKUP name "x" thread=fuser-0`
        let requests = text.lines().filter_map(|line| {
            let (_, request) = line.strip_prefix("isomount: FUSE(")?.split_once(" ino 0x")?;
            Some(request.split_once(' ')?.1.to_owned())
        });
        let (marks, requests): (Vec<_>, Vec<_>) = requests.partition(|line| line.contains(MARK));
        assert_eq!(marks.len(), 1, "the log is understood: {marks:?}");
        (result, Requests(requests))
    }

    /// Waits until a request made now is in the log, and with it all before. Returns how long the log is.
    fn mark(&self) -> u64 {
        self.marks.set(self.marks.get() + 1);
        let name = format!("{MARK}{}", self.marks.get());
        assert!(fs::symlink_metadata(self.join(&name)).is_err());
        let line = format!("LOOKUP name \"{name}\"");
        let mut len = 0;
        let is_there = || {
            let text = fs::read_to_string(&self.log).unwrap();
            len = text.len() as u64;
            text.ends_with('\n') && text.contains(&line)
        };
        assert!(mounted::eventually(is_there), "the log does not have {line}");
        len
    }
}
