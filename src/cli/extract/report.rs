//! What is told: names, failures, how far it is, and one line at the end.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use nix::sys::signal::Signal;
use rustix::io::Errno;

use super::super::{
    complain,
    exit::{Exit, Failure},
};
use crate::{Error, text};

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
    lists_names: bool,
    bar: ProgressBar,
    start: Instant,
    files: AtomicU64,
    bytes: AtomicU64,
    damaged: AtomicU64,
    not_written: AtomicU64,
    kept: AtomicU64,
    /// Devices that only root can make.
    devices: AtomicU64,
    /// Entries of which not all attributes could be set, and why the first.
    incomplete: AtomicU64,
    first_incomplete: Mutex<Option<io::Error>>,
    is_stopped: AtomicBool,
    signal: OnceLock<Signal>,
}

impl Report {
    /// `total` is about how many bytes there will be, where that is known.
    pub(super) fn new(image: String, lists_names: bool, total: Option<u64>) -> Self {
        let bar = match total {
            _ if lists_names || !io::stderr().is_terminal() => ProgressBar::hidden(),
            Some(total) => styled(
                ProgressBar::new(total),
                "{bar:32} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            ),
            None => styled(ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec}"),
        };
        Self {
            image,
            lists_names,
            bar,
            start: Instant::now(),
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            not_written: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            devices: AtomicU64::new(0),
            incomplete: AtomicU64::new(0),
            first_incomplete: Mutex::new(None),
            is_stopped: AtomicBool::new(false),
            signal: OnceLock::new(),
        }
    }

    /// Tells the name of what is being extracted, if names are wanted.
    pub(super) fn name(&self, path: &[u8]) {
        if self.lists_names {
            // Whoever reads may have seen enough.
            let _ = writeln!(io::stdout(), "{}", text::escape(path));
        }
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
                self.damaged.fetch_add(1, Relaxed);
                let place = at.map(|at| format!(" at byte {at}")).unwrap_or_default();
                self.say(&format!("{path}: damaged{place}: {error}; not extracted"));
            }
            Trouble::Target(error) => {
                self.not_written.fetch_add(1, Relaxed);
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
        let path = text::escape(path);
        self.say(&format!("{path}: damaged at byte {at}: {error}; {lost} bytes of it are zeros now"));
    }

    /// Tells what of that which was asked for is not there.
    pub(super) fn unmet(&self, wanted: &str) {
        self.say(&format!("{wanted}: not in the image; names are as isomount --dry-run shows them"));
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
    pub(super) fn end(&self, has_unmet: bool, has_damage: bool, is_dry: bool) -> Result<(), Failure> {
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
        let mut line = format!("{} files, {}", count(&self.files), HumanBytes(bytes));
        if is_dry {
            line.push_str(" would be extracted");
        } else {
            let rate = std::time::Duration::from_secs_f64(seconds.max(0.001)).as_millis();
            let rate = u128::from(bytes).saturating_mul(1000).checked_div(rate).unwrap_or(0);
            let rate = HumanBytes(u64::try_from(rate).unwrap_or(u64::MAX));
            line.push_str(&format!(" in {seconds:.1} s, {rate}/s"));
        }
        for (counter, what) in
            [(&self.kept, "kept"), (&self.damaged, "damaged"), (&self.not_written, "not written")]
        {
            if count(counter) > 0 {
                line.push_str(&format!(", {} {what}", count(counter)));
            }
        }
        self.say(&line);
        let exit = match (count(&self.damaged), count(&self.not_written)) {
            (0, 0) if has_damage => Exit::Damaged,
            (0, 0) if has_unmet => Exit::NotInside,
            (0, 0) => return Ok(()),
            (0, _) => Exit::MountPoint,
            _ => Exit::Damaged,
        };
        Err(Failure { exit, message: None })
    }
}

/// What the system says in words it need not say in numbers.
fn without_numbers(line: &str) -> String {
    Failure::new(Exit::Internal, line).message.unwrap_or_default()
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // The templates are those above.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
