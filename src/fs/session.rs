//! Sessions of an image that was written to several times, in whatever format.

use crate::limits;

/// Bytes of a sector of a compact disc, in which sessions count.
pub(super) const SECTOR: u64 = 2048;

/// A session of a multi-session image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// Its number, from 1.
    Number(u32),
    /// The sector of 2 048 bytes at which it begins.
    Start(u64),
}

impl From<u32> for Session {
    /// Numbers up to 99 count sessions, as many as a disc can have (0 is the first, too); larger ones are sectors.
    fn from(value: u32) -> Self {
        match value {
            0 => Self::Number(1),
            1..=99 => Self::Number(value),
            _ => Self::Start(value.into()),
        }
    }
}

/// The sectors at which the session behind one that ends at sector `end` may begin: [`limits::SESSION_GAP`] sectors far, and at the
/// [`limits::DISC_SESSION_GAPS`].
pub(super) fn places_behind(end: u64) -> impl Iterator<Item = u64> {
    let near = end..end.saturating_add(limits::SESSION_GAP);
    near.chain(limits::DISC_SESSION_GAPS.iter().map(move |gap| end.saturating_add(*gap)))
}
