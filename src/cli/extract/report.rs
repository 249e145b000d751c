//! What is told: names, failures, how far it is, and one line at the end.

use std::{
    io,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use indicatif::{HumanBytes, ProgressBar};
use nix::sys::signal::Signal;
use rustix::io::Errno;

use super::{
    super::{
        complain,
        exit::{Exit, Failure, without_numbers},
        progress,
    },
    list::{List, Listed},
};
use crate::{Error, text};

/// Exit codes of what can go wrong with an entry, the gravest first: that one is the program's.
const GRAVEST: [Exit; 5] =
    [Exit::Damaged, Exit::Unreadable, Exit::Unsupported, Exit::MountPoint, Exit::NotInside];

/// Why something was not extracted.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It cannot be read, from byte `at` of it on where it is a file.
    Image { at: Option<u64>, error: Error },
    /// It cannot be written.
    Target(io::Error),
    /// Whoever started the program has seen enough, or nothing more can be written.
    Stopped,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Target(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Image { at: None, error }
    }
}

/// What has been done so far. The thread that waits for signals has it too.
pub(super) struct Report {
    image: String,
    list: Mutex<List>,
    bar: ProgressBar,
    start: Instant,
    files: AtomicU64,
    bytes: AtomicU64,
    damaged: AtomicU64,
    unsupported: AtomicU64,
    not_written: AtomicU64,
    kept: AtomicU64,
    /// Devices that only root can make.
    devices: AtomicU64,
    /// Entries of which not all attributes could be set, and why the first.
    incomplete: AtomicU64,
    first_incomplete: Mutex<Option<io::Error>>,
    /// Which of [`GRAVEST`] has happened; their number when none has.
    gravest: AtomicUsize,
    is_stopped: AtomicBool,
    signal: OnceLock<Signal>,
}

impl Report {
    /// `total` is about how many bytes there will be, where that is known.
    pub(super) fn new(image: String, listed: Listed, total: Option<u64>) -> Self {
        let bar = progress::bar(total, listed != Listed::Nothing);
        Self {
            image,
            list: Mutex::new(List::new(listed)),
            bar,
            start: Instant::now(),
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            unsupported: AtomicU64::new(0),
            not_written: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            devices: AtomicU64::new(0),
            incomplete: AtomicU64::new(0),
            first_incomplete: Mutex::new(None),
            gravest: AtomicUsize::new(GRAVEST.len()),
            is_stopped: AtomicBool::new(false),
            signal: OnceLock::new(),
        }
    }

    /// Tells the name of what is being extracted, if names are wanted.
    pub(super) fn name(&self, path: &[u8]) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).add(path);
    }

    pub(super) fn copied(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
        self.bar.inc(bytes);
    }

    /// Something that is no directory is there.
    pub(super) fn done(&self) {
        self.files.fetch_add(1, Relaxed);
    }

    /// Something was there already, and stays.
    pub(super) fn kept(&self) {
        self.kept.fetch_add(1, Relaxed);
    }

    pub(super) fn left_out_device(&self) {
        self.devices.fetch_add(1, Relaxed);
    }

    /// Something is there without all of its attributes.
    pub(super) fn incomplete(&self, error: io::Error) {
        self.incomplete.fetch_add(1, Relaxed);
        self.first_incomplete.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Tells that something was not extracted, and stops all when nothing more can be written.
    pub(super) fn failed(&self, path: &[u8], trouble: &Trouble) {
        let path = text::escape(path);
        match trouble {
            Trouble::Image { at, error } => {
                let exit = match Exit::of_content(error) {
                    // It is in a directory of the image.
                    Exit::NotInside => Exit::Damaged,
                    exit => exit,
                };
                self.fail(exit);
                let place = at.map(|at| format!(" at byte {at}")).unwrap_or_default();
                let (counter, what) = match exit {
                    Exit::Unsupported => (&self.unsupported, "not supported: ".to_owned()),
                    Exit::Unreadable => (&self.damaged, format!("unreadable{place}: ")),
                    _ => (&self.damaged, format!("damaged{place}: ")),
                };
                counter.fetch_add(1, Relaxed);
                self.say(&format!("{path}: {what}{error}; not extracted"));
            }
            Trouble::Target(error) => {
                self.not_written.fetch_add(1, Relaxed);
                self.fail(Exit::MountPoint);
                self.say(&format!("{path}: not extracted: {error}"));
                let errno = Errno::from_io_error(error);
                if matches!(errno, Some(Errno::NOSPC | Errno::DQUOT | Errno::ROFS)) {
                    self.stop();
                }
            }
            Trouble::Stopped => {}
        }
    }

    /// Tells that of a file only a part was there to be extracted.
    pub(super) fn lost(&self, path: &[u8], at: u64, lost: u64, error: &Error) {
        self.damaged.fetch_add(1, Relaxed);
        self.fail(Exit::Damaged);
        let path = text::escape(path);
        self.say(&format!("{path}: damaged at byte {at}: {error}; {lost} bytes of it are zeros now"));
    }

    /// Tells why a path that was asked for is not there.
    pub(super) fn lost_path(&self, exit: Exit, text: &str) {
        self.fail(exit);
        self.say(text);
    }

    /// Tells of a pattern that is for nothing in the image.
    pub(super) fn unmet(&self, pattern: &str) {
        self.fail(Exit::NotInside);
        self.say(&format!("nothing matches {pattern}; names are as isomount extract --dry-run shows them"));
    }

    /// Remembers how the program has to end.
    pub(super) fn fail(&self, exit: Exit) {
        let grave = GRAVEST.iter().position(|known| *known == exit);
        self.gravest.fetch_min(grave.unwrap_or(0), Relaxed);
    }

    fn say(&self, line: &str) {
        let line = without_numbers(line);
        self.bar.suspend(|| complain(&format!("{}: {line}", self.image)));
    }

    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    /// Stops, because of a signal.
    pub(super) fn interrupt(&self, signal: Signal) {
        let _ = self.signal.set(signal);
        self.stop();
    }

    /// The signal that stopped it.
    pub(super) fn signal(&self) -> Option<Signal> {
        self.signal.get().copied()
    }

    /// Leaves the terminal as it was.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// The line at the end, and how it ended.
    pub(super) fn end(&self, is_dry: bool) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        let devices = count(&self.devices);
        if devices > 0 {
            self.say(&format!("{devices} left out: only root can make devices"));
        }
        let first = self.first_incomplete.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = first {
            self.say(&format!("{} without all attributes; the first: {error}", count(&self.incomplete)));
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let bytes = count(&self.bytes);
        let files = count(&self.files);
        let mut line = format!("{files} file{}, {}", if files == 1 { "" } else { "s" }, HumanBytes(bytes));
        if is_dry {
            line.push_str(" would be extracted");
        } else {
            let rate = std::time::Duration::from_secs_f64(seconds.max(0.001)).as_millis();
            let rate = u128::from(bytes).saturating_mul(1000).checked_div(rate).unwrap_or(0);
            let rate = HumanBytes(u64::try_from(rate).unwrap_or(u64::MAX));
            line.push_str(&format!(" in {seconds:.1} s, {rate}/s"));
        }
        for (counter, what) in [
            (&self.kept, "kept"),
            (&self.damaged, "damaged"),
            (&self.unsupported, "not supported"),
            (&self.not_written, "not written"),
        ] {
            if count(counter) > 0 {
                line.push_str(&format!(", {} {what}", count(counter)));
            }
        }
        self.say(&line);
        let listed = self.list.lock().unwrap_or_else(PoisonError::into_inner).end();
        listed.map_err(|error| Failure::not_written(&error))?;
        match GRAVEST.get(self.gravest.load(Relaxed)) {
            Some(exit) => Err(Failure { exit: *exit, message: None }),
            None => Ok(()),
        }
    }
}
