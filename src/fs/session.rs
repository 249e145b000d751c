//! Sessions of an image that was written to several times, in whatever format.

use crate::{limits, volume::Volume};

/// See [`Session::SECTOR`].
pub(super) const SECTOR: u64 = Session::SECTOR;

/// A session of a multi-session image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// Its number, from 1.
    Number(u32),
    /// The sector of 2 048 bytes at which it begins.
    Start(u64),
}

impl Session {
    /// Bytes of a sector of a compact disc, in which sessions count.
    pub const SECTOR: u64 = 2048;
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

/// The sector of the disc at which its first session begins, as far as the image has it: 0, or where the image begins that was cut out
/// of a disc.
pub(super) fn first(volume: &Volume) -> u64 {
    volume.start() / SECTOR
}

/// The sectors at which the session behind one that ends at sector `end` may begin, in ascending order: [`limits::SESSION_GAP`] sectors
/// from there on, and [`limits::DISC_SESSION_SLACK`] from each of the [`limits::DISC_SESSION_GAPS`] on.
pub(super) fn places_behind(end: u64) -> impl Iterator<Item = u64> {
    let from = |start: u64, count: u64| start..start.saturating_add(count);
    let gaps = limits::DISC_SESSION_GAPS.into_iter();
    let behind_gaps = gaps.flat_map(move |gap| from(end.saturating_add(gap), limits::DISC_SESSION_SLACK));
    from(end, limits::SESSION_GAP).chain(behind_gaps)
}
