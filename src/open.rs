//! From a path to a tree: the only file that knows every layer.

use std::{path::Path, sync::Arc};

pub use crate::fs::{NameMap, Options as TreeOptions, Session, View};
use crate::{
    container,
    error::{Error, Result},
    fs,
    source::{FileSource, Source},
    tree::{Policy, Tree},
    volume::Volume,
};

/// How an image is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Which tree, and what of it.
    pub tree: TreeOptions,
    /// Owners and permissions where the disc says nothing, or against what it says.
    pub policy: Policy,
    /// Bytes that all caches together may take.
    pub cache_size: usize,
}

/// Bytes that the caches may take by default: 16 MiB.
pub const DEFAULT_CACHE_SIZE: usize = 16 << 20;

impl Default for OpenOptions {
    fn default() -> Self {
        let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
        Self {
            tree: TreeOptions::default(),
            policy: Policy::of_user(uid.as_raw(), gid.as_raw()),
            cache_size: DEFAULT_CACHE_SIZE,
        }
    }
}

/// An opened image.
pub struct Image {
    tree: Tree,
    len: u64,
}

impl Image {
    /// Opens the image at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::NotADisc`] when it is no disc image (the text says what it seems
    /// to be), [`Error::Corrupt`] when its descriptors are damaged, [`Error::Unsupported`] when the tree that the
    /// options want is not there.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        Self::from_source(Arc::new(FileSource::open(path)?), options)
    }

    /// Opens the image whose bytes are `source`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_source(source: Arc<dyn Source>, options: &OpenOptions) -> Result<Self> {
        // Half for sectors, a quarter for directories and nodes, a quarter for unpacked blocks.
        let (half, quarter) = (options.cache_size / 2, options.cache_size / 4);
        let disc = container::open(source.clone());
        let len = disc.data.len();
        let volume = Arc::new(Volume::new(disc.data, half));
        let tree_options = TreeOptions { cache_size: quarter, ..options.tree.clone() };
        let file_system = fs::open(volume.clone(), &tree_options).map_err(|error| match error {
            Error::NotADisc(_) => Error::NotADisc(container::identify(&*source).into()),
            other => other,
        })?;
        Ok(Self { tree: Tree::new(file_system, volume, options.policy.clone(), quarter), len })
    }

    /// The tree of the image.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tree of the image, for whoever keeps it.
    pub fn into_tree(self) -> Tree {
        self.tree
    }

    /// Bytes of the image.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
