//! From a path to a tree: the only file that knows every layer.

mod boot;
mod examine;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

pub use boot::{
    Boot, BootCatalog, BootFile, BootImage, Emulation, Guid, Holds, Partition, PartitionTable, PartitionType,
    Platform, Scheme, SizeBy, image_file_name, partition_file_name,
};

use self::boot::Lazy;
pub use crate::fs::{
    NameMap, Options as TreeOptions, Origin, Reason, Session, View,
    check::{Compared, Examination, Expected, Finding, Flaw, Mark, Mask, OtherTree, RangeSum, Reach, Region},
    description,
};
use crate::{
    bytes::as_usize,
    container,
    error::{Error, Result},
    fs::{self, description::Description},
    limits,
    source::{FileSource, Part, Source},
    tree::{FileSystem, Inventory, Policy, Tree},
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

/// The bytes of an image, and how it is read, before somebody looks for a tree in it.
#[derive(Clone)]
pub struct Medium {
    source: Arc<dyn Source>,
    /// The bytes of the disc from its first one on; none where the image begins later.
    disc: Arc<dyn Source>,
    /// The volume in which the addresses of the disc lie.
    volume: Arc<Volume>,
    origin: Origin,
    options: OpenOptions,
    /// With the part of the caches that drivers may take.
    tree_options: TreeOptions,
    /// Bytes of the image.
    image_len: u64,
}

impl Medium {
    /// Opens the file or block device at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::NotADisc`] when it is neither a file nor a block device.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        Ok(Self::from_source(Arc::new(FileSource::open(path)?), options))
    }

    /// The image whose bytes are `source`; it may have a part of its disc, or more.
    pub fn from_source(source: Arc<dyn Source>, options: &OpenOptions) -> Self {
        // Half for sectors, a quarter for directories and nodes, a quarter for unpacked blocks.
        let (half, quarter) = (options.cache_size / 2, options.cache_size / 4);
        let data = container::open(source.clone()).data;
        let image_len = data.len();
        let mut tree_options = TreeOptions { cache_size: quarter, ..options.tree.clone() };
        let whole = Volume::new(data.clone(), half);
        let origin = Origin::of(&whole, &tree_options);
        let (volume, disc): (_, Arc<dyn Source>) = match origin {
            Origin::Same => (whole, data),
            Origin::OfDisc(_) => {
                (Volume::starting_at(origin.bytes(), data, half), Arc::new(Vec::<u8>::new()))
            }
            Origin::OfImage(_) => {
                tree_options.session = Some(Session::Start(0));
                let disc = Arc::new(Part::new(data, origin.bytes(), image_len));
                (Volume::new(disc.clone(), half).behind(origin.bytes()), disc)
            }
        };
        let (volume, options) = (Arc::new(volume), options.clone());
        Self { source, disc, volume, origin, options, tree_options, image_len }
    }

    /// Finds the tree that the options want.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn image(&self) -> Result<Image> {
        self.image_with(fs::open(self.volume.clone(), &self.tree_options))
    }

    /// The image with this file system.
    fn image_with(&self, file_system: Result<Box<dyn FileSystem>>) -> Result<Image> {
        let mut file_system = file_system.map_err(|error| self.told(error))?;
        let (disc, volume, options) = (self.disc.clone(), self.volume.clone(), self.tree_options.clone());
        let boot = Arc::new(Lazy { disc, volume, options, boot: OnceLock::new() });
        if self.options.boot {
            let found = boot.clone();
            let files = move || found.files();
            file_system = Box::new(fs::BootDirectory::new(file_system, &self.tree_options, files));
        }
        let policy = self.options.policy.clone();
        let tree = Tree::new(file_system, self.volume.clone(), policy, self.tree_options.cache_size);
        Ok(Image { tree, medium: self.clone(), boot })
    }

    /// An error, with what the bytes seem to be where they are no disc.
    fn told(&self, error: Error) -> Error {
        match error {
            Error::NotADisc(_) => Error::NotADisc(container::identify(&*self.source).into()),
            other => other,
        }
    }

    /// Where the image begins on its disc, or the disc in the image.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Bytes from the start of the disc to the end of the image.
    pub fn len(&self) -> u64 {
        self.volume.len()
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.volume.is_empty()
    }

    /// Bytes of the image file.
    pub fn image_len(&self) -> u64 {
        self.image_len
    }

    /// The first byte of the disc that is there: 0, unless the image was cut out of it.
    pub fn start(&self) -> u64 {
        self.volume.start()
    }

    /// The byte of the image file that byte `at` of the disc is; `None` where it lies in front of the image.
    pub fn in_file(&self, at: u64) -> Option<u64> {
        self.volume.in_file(at)
    }

    /// The byte of the disc that byte `at` of the image file is; `None` where the disc begins behind it.
    pub fn on_disc(&self, at: u64) -> Option<u64> {
        self.volume.on_disc(at)
    }

    /// A byte of the disc in words: `byte 2048`, as the image file counts.
    pub fn byte(&self, at: u64) -> String {
        self.volume.byte(at)
    }

    /// What is wrong, with the place as the image file counts.
    pub fn said(&self, error: &Error) -> String {
        self.volume.said(error)
    }

    /// Where the image begins and ends, as the end of a sentence.
    pub fn bounds(&self) -> String {
        self.volume.bounds()
    }

    /// Fills `buf` from byte `at` of the disc on, past all caches.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the image ends before `buf` is full, [`Error::Io`] when the storage fails.
    pub fn read(&self, buf: &mut [u8], at: u64) -> Result<()> {
        self.volume.read_past(buf, at)
    }

    /// See [`Source::recorded_from`].
    pub fn recorded_from(&self, at: u64) -> u64 {
        self.volume.recorded_from(at)
    }

    /// Examines the structures of the image, of which `shown` is the tree that is shown, as long as `goes_on` says so. No file is read.
    pub fn examine(&self, shown: Option<(&Tree, &Inventory)>, goes_on: &dyn Fn() -> bool) -> Examination {
        let mut found = fs::check::check(&self.volume, &self.tree_options, shown, goes_on);
        match boot::read(&self.disc, &self.volume, &self.tree_options) {
            Ok(boot) => examine::add(&boot, &self.volume, &mut found),
            Err(error) => {
                let text = format!("what the disc can be started from cannot be read: {error}");
                found.add(Finding::new(Flaw::BootCatalog, text));
            }
        }
        found
    }
}

/// An opened image.
pub struct Image {
    tree: Tree,
    medium: Medium,
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
        Medium::from_source(source, options).image()
    }

    /// The tree of the image.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tree of the image, for whoever keeps it.
    pub fn into_tree(self) -> Tree {
        self.tree
    }

    /// Where the trees of the disc say different things: files that one has and another has not, sizes, bytes. A few words for
    /// people each; no file is read but small ones that lie elsewhere in another tree. `None` when that cannot be said within `reach`.
    pub fn disagreements(&self, reach: Reach) -> Option<Compared> {
        fs::check::disagreements(&self.medium.volume, &self.medium.tree_options, &self.tree, reach)
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
        self.medium.image_len
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.medium.is_empty()
    }
}

/// What an image is: what its descriptors say, how it lies on its disc, and its tree.
pub struct Described {
    /// What the descriptors say.
    pub description: Description,
    /// Bytes of the image.
    pub len: u64,
    /// Where the image begins on its disc, or the disc in the image.
    pub origin: Origin,
    /// Bytes that are missing at the end of what is shown, of those that its descriptors state.
    pub missing: u64,
    /// Bytes behind the end that the descriptors of all sessions and the partition tables state.
    pub trailing: u64,
    /// Whether these are zeros, as far as their first and last 64 KiB tell; `None` when there are none, or they cannot be read.
    pub is_trailing_blank: Option<bool>,
    /// The image, or why nothing of it can be shown.
    pub image: Result<Image>,
}

/// Looks at the image at `path`: what it is, whether or not it can be shown. Reads some hundred KiB at most, as a rule.
///
/// # Errors
/// As [`Image::open`], when there is not even a descriptor that can be read.
pub fn describe(path: &Path, options: &OpenOptions) -> Result<Described> {
    describe_source(Arc::new(FileSource::open(path)?), options)
}

/// As [`describe`], of the image whose bytes are `source`.
///
/// # Errors
/// As [`describe`].
pub fn describe_source(source: Arc<dyn Source>, options: &OpenOptions) -> Result<Described> {
    let medium = Medium::from_source(source, options);
    let described = fs::describe(&medium.volume, &medium.tree_options).map_err(|error| medium.told(error))?;
    let (volume, description, origin) = (medium.volume.clone(), described.description, medium.origin);
    let len = medium.image_len;
    let end = volume.len();
    let ends = description.sessions.iter().filter_map(|session| {
        Some(session.start?.saturating_mul(Session::SECTOR).saturating_add(session.size))
    });
    let image = medium.image_with(described.file_system);
    // What was appended as a partition is described too, by its table.
    let boot = image.as_ref().ok().and_then(|image| image.boot().ok());
    let partitions =
        boot.iter().flat_map(|boot| &boot.tables).map(PartitionTable::end).filter(|at| *at <= end);
    let last = ends.chain(partitions).fold(description.end, u64::max);
    let trailing = if last == 0 { 0 } else { end.saturating_sub(last.max(volume.start())) };
    Ok(Described {
        missing: description.end.saturating_sub(end),
        trailing,
        is_trailing_blank: is_blank(&volume, end.saturating_sub(trailing), end),
        description,
        len,
        origin,
        image,
    })
}

/// Whether the first and the last [`limits::TRAILING_LOOK`] bytes from `start` to `end` are zeros; `None` when there are none, or they
/// cannot be read.
fn is_blank(volume: &Volume, start: u64, end: u64) -> Option<bool> {
    let len = end.saturating_sub(start).min(limits::TRAILING_LOOK);
    if len == 0 {
        return None;
    }
    let mut bytes = vec![0; as_usize(len)];
    for at in [start, end.saturating_sub(len)] {
        volume.peek(&mut bytes, at).ok()?;
        if bytes.iter().any(|byte| *byte != 0) {
            return Some(false);
        }
    }
    Some(true)
}
