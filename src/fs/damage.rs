//! Damage is told once per place, never once per read.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use crate::{error::Error, limits};

/// The damaged places met so far.
#[derive(Debug, Default)]
pub struct Damage(Mutex<HashSet<String>>);

impl Damage {
    /// Writes a warning to the log unless the same was written before.
    pub fn report(&self, error: &Error) {
        let text = error.to_string();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= limits::REPORTED_DAMAGE || told.contains(&text) {
            return;
        }
        log::warn!("{text}");
        told.insert(text);
    }

    /// How many different places were met, at most [`limits::REPORTED_DAMAGE`].
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
