//! How long nobody has used a mount.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// The kernel may believe what it was told for this part of the time-out: what it answers by itself until then goes unseen.
const UNSEEN: u32 = 10;

/// A clock that every request sets back.
#[derive(Debug)]
pub(super) struct Idle {
    start: Instant,
    timeout: Duration,
    /// When it was used last, in milliseconds behind the start.
    last: AtomicU64,
}

impl Idle {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { start: Instant::now(), timeout, last: AtomicU64::new(0) }
    }

    /// How long the kernel may believe what it is told.
    pub(super) fn belief(&self) -> Duration {
        self.timeout.checked_div(UNSEEN).unwrap_or_default()
    }

    /// Somebody asks for something.
    pub(super) fn used(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// How long it takes at least until the time has passed.
    pub(super) fn rest(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        // What the kernel answers by itself comes on top.
        let end = last.saturating_add(self.timeout).saturating_add(self.belief());
        end.saturating_sub(self.start.elapsed())
    }

    /// Whether nobody has asked for anything for so long.
    pub(super) fn has_passed(&self) -> bool {
        self.rest().is_zero()
    }
}
