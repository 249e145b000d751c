//! The drivers. Each answers what there is and where its bytes are; none opens a file.
//!
//! A file system is a folder here and a line in [`open`].

pub mod iso9660;

use std::sync::Arc;

pub use iso9660::NameMap;

use crate::{error::Result, tree::FileSystem, volume::Volume};

/// Which of the disc's trees is wanted (`view=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The one that says most: Rock Ridge, then Joliet, then plain ISO 9660; another where that one is empty.
    #[default]
    Auto,
    /// ISO 9660 with Rock Ridge.
    RockRidge,
    /// The Joliet tree.
    Joliet,
    /// ISO 9660 as it is: the enhanced descriptor's tree where there is one.
    Iso9660,
}

impl View {
    /// Every view with its word.
    pub const ALL: [(&'static str, View); 4] = [
        ("auto", View::Auto),
        ("rockridge", View::RockRidge),
        ("joliet", View::Joliet),
        ("iso9660", View::Iso9660),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, view)| *view == self).map_or("auto", |(word, _)| word)
    }
}

/// What a driver is asked to do otherwise than by default.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tree that is wanted.
    pub view: View,
    /// Whether Rock Ridge is looked for (`norock` turns it off).
    pub rock_ridge: bool,
    /// Whether Joliet is looked for (`nojoliet` turns it off).
    pub joliet: bool,
    /// How names without Rock Ridge are shown (`map=`).
    pub map: NameMap,
    /// Whether files marked hidden are left out (`hide`).
    pub hide: bool,
    /// Whether associated files are shown (`showassoc`).
    pub show_associated: bool,
    /// Bytes that decoded directories and nodes may take.
    pub cache_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            view: View::Auto,
            rock_ridge: true,
            joliet: true,
            map: NameMap::default(),
            hide: false,
            show_associated: false,
            cache_size: 8 << 20,
        }
    }
}

/// Finds the file system of a volume.
///
/// # Errors
/// [`crate::Error::NotADisc`] when no driver knows it, what the driver says when its structures are damaged.
pub fn open(volume: Arc<Volume>, options: &Options) -> Result<Box<dyn FileSystem>> {
    Ok(Box::new(iso9660::Iso9660::open(volume, options)?))
}
