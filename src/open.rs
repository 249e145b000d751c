//! From a path to a tree: the only file that knows every layer.

mod boot;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

pub use boot::{
    Boot, BootCatalog, BootFile, BootImage, Emulation, Guid, Holds, Partition, PartitionTable, PartitionType,
    Platform, Scheme, SizeBy, image_file_name, partition_file_name,
};

use self::boot::Lazy;
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
    /// Whether the root shows a directory with what the disc can be started from (`boot`), named `.boot`.
    pub boot: bool,
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
            boot: false,
            cache_size: DEFAULT_CACHE_SIZE,
        }
    }
}

/// An opened image.
pub struct Image {
    tree: Tree,
    len: u64,
    boot: Arc<Lazy>,
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
        let volume = Arc::new(Volume::new(disc.data.clone(), half));
        let tree_options = TreeOptions { cache_size: quarter, ..options.tree.clone() };
        let mut file_system = fs::open(volume.clone(), &tree_options).map_err(|error| match error {
            Error::NotADisc(_) => Error::NotADisc(container::identify(&*source).into()),
            other => other,
        })?;
        let (disc, options_of_tree) = (disc.data, options.tree.clone());
        let boot = Lazy { disc, volume: volume.clone(), options: options_of_tree, boot: OnceLock::new() };
        let boot = Arc::new(boot);
        if options.boot {
            let found = boot.clone();
            file_system = Box::new(fs::BootDirectory::new(file_system, &options.tree, move || found.files()));
        }
        Ok(Self { tree: Tree::new(file_system, volume, options.policy.clone(), quarter), len, boot })
    }

    /// The tree of the image.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tree of the image, for whoever keeps it.
    pub fn into_tree(self) -> Tree {
        self.tree
    }

    /// What the disc can be started from, of the session that is shown. It is read when it is first asked for.
    ///
    /// # Errors
    /// [`Error::Io`] when the storage fails.
    pub fn boot(&self) -> Result<Arc<Boot>> {
        self.boot.get()
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
