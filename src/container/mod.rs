//! From files to a disc: what wraps the bytes that a file system driver reads.
//!
//! A container is a file here and a line in [`open`]. Plain images (`.iso`, `.img`, a block device, the start
//! of an AppImage) need none: byte 0 of the file is byte 0 of the disc.

mod identify;
pub mod partition;

use std::sync::Arc;

pub use identify::identify;

use crate::source::Source;

/// A disc: the bytes of its data track, with byte 0 where the disc's own addresses begin.
pub struct Disc {
    /// User data, 2 048 bytes a sector, without what a drive keeps to itself.
    pub data: Arc<dyn Source>,
}

/// Finds the disc in `source`.
pub fn open(source: Arc<dyn Source>) -> Disc {
    Disc { data: source }
}
