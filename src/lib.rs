//! Reads disc images (ISO 9660 with Rock Ridge, Joliet and zisofs, UDF) and mounts them through FUSE.
//!
//! Data flows up, `use` goes down:
//!
//! ```text
//! source     bytes at an offset: a file, a block device, a part of another source
//! container  files -> a disc of sessions and tracks
//! volume     what a driver sees: a bounds-checked run of bytes behind the LRU sector cache
//! fs         drivers: each answers what there is and where its bytes are
//! tree       the waist: a read-only tree with no trace of any format or of FUSE
//! fuse       the only room that names fuser
//! cli        arguments, background start, how errors look, exit codes
//! ```
//!
//! [`open::Image`] goes the whole way from a path to a [`tree::Tree`]; no mount is needed to walk and read it:
//!
//! ```no_run
//! use isomount::open::{Image, OpenOptions};
//!
//! let image = Image::open("image.iso".as_ref(), &OpenOptions::default())?;
//! for entry in image.tree().walk() {
//!     println!("{}", isomount::text::escape(&entry.path));
//! }
//! # Ok::<(), isomount::Error>(())
//! ```
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test may fail loudly"
    )
)]

pub mod open;

pub mod error;
pub mod limits;

pub mod bytes;
pub mod charset;
pub mod text;
pub mod time;

pub mod container;
pub mod fs;
pub mod source;
pub mod tree;
pub mod volume;

pub mod cli;
pub mod fuse;

pub use error::{Corrupt, Error, Result};
