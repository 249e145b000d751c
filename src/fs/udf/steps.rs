//! A bound for work that structures can multiply.

use std::{cell::Cell, sync::Arc};

use crate::{
    error::Error,
    limits,
    tree::{Data, Place},
};

/// How much work may go into one thing, shared by all that it takes: an image of a few megabytes can have structures
/// that lead to each other a thousand million times.
pub(super) struct Steps(Cell<u32>);

impl Steps {
    pub(super) fn new(steps: u32) -> Self {
        Self(Cell::new(steps))
    }

    /// Takes a step; false when none is left.
    pub(super) fn take(&self) -> bool {
        self.take_many(1)
    }

    /// Takes some at once; false when there are not so many, and then none is left.
    pub(super) fn take_many(&self, count: u32) -> bool {
        let left = self.0.get().checked_sub(count);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }

    /// How many are left.
    pub(super) fn left(&self) -> u32 {
        self.0.get()
    }

    /// Adds `len` bytes to `data` that are lost, with the steps that the error is worth.
    pub(super) fn lose(&self, data: &mut Data, error: Error, len: u64) {
        self.take_many(limits::LOST_STEPS);
        data.push(Place::Lost(Arc::new(error)), len);
    }

    /// Whether none is left.
    pub(super) fn are_spent(&self) -> bool {
        self.0.get() == 0
    }
}
