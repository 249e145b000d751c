//! How far a check is, and whether it is to stop: for the threads that read, and the one that waits for signals.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use indicatif::ProgressBar;
use nix::sys::signal::Signal;

use super::super::progress;

/// What is known of the progress, for the threads that read and the one that waits for signals.
pub(super) struct Progress {
    bar: ProgressBar,
    is_stopped: AtomicBool,
    signal: OnceLock<Signal>,
}

impl Progress {
    pub(super) fn new(total: u64, is_hidden: bool) -> Self {
        Self {
            bar: progress::bar(Some(total), is_hidden),
            is_stopped: AtomicBool::new(false),
            signal: OnceLock::new(),
        }
    }

    /// Bytes that are to come, once it is known.
    pub(super) fn set_total(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// Stops, because of a signal.
    pub(super) fn interrupt(&self, signal: Signal) {
        let _ = self.signal.set(signal);
        self.is_stopped.store(true, Relaxed);
    }

    /// The signal that stopped it.
    pub(super) fn signal(&self) -> Option<Signal> {
        self.signal.get().copied()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    /// Does something while no bar is on the terminal.
    pub(super) fn aside<T>(&self, done: impl FnOnce() -> T) -> T {
        self.bar.suspend(done)
    }

    /// Leaves the terminal as it was.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl super::pass::Watch for Progress {
    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped()
    }
}
