//! A finished image that knows where everything in it is, so that a test can damage it.

use std::{collections::BTreeMap, sync::Arc};

use isomount::{
    Result,
    open::{Image, OpenOptions},
    tree::Policy,
};

use super::{
    descriptor::{patch, seal},
    partition::Placed,
    writer::{Spot, Spots},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sequence {
    Main,
    Reserve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Descriptor {
    Primary,
    Pointer,
    ImplementationUse,
    Partition,
    SecondPartition,
    LogicalVolume,
    UnallocatedSpace,
    Terminating,
}

/// The logical volume integrity descriptor.
#[derive(Clone, Debug)]
pub struct Integrity {
    pub closed: bool,
    /// The revision that a reader must know, by default that of the image.
    pub min_read: Option<u16>,
    /// Free blocks of each partition.
    pub free: Vec<u32>,
}

impl Default for Integrity {
    fn default() -> Self {
        Self { closed: true, min_read: None, free: Vec::new() }
    }
}

/// The bytes of an image and where the structures of the volume are in it.
#[derive(Clone, Default)]
pub struct Volume {
    pub bytes: Vec<u8>,
    pub recognition: Vec<usize>,
    pub anchors: Vec<usize>,
    pub descriptors: BTreeMap<(Descriptor, Sequence), usize>,
    pub lvid: Option<usize>,
}

/// An image; all its places are byte offsets.
///
/// Streams have the path `file:stream`, the stream directory of a file `file:`, the file with its attributes `file#`.
#[derive(Clone)]
pub struct Forged {
    pub bytes: Vec<u8>,
    /// Bytes of a block.
    pub block: usize,
    /// The structures of volume recognition.
    pub recognition: Vec<usize>,
    /// In the order in which they were asked for.
    pub anchors: Vec<usize>,
    pub lvid: Option<usize>,
    /// The file set descriptor.
    pub fsd: usize,
    /// The file entry of the virtual allocation table.
    pub vat: Option<usize>,
    pub sparing_tables: Vec<usize>,
    /// The file entries of the metadata files.
    pub metadata_file: Option<usize>,
    pub metadata_mirror: Option<usize>,
    pub metadata_bitmap: Option<usize>,
    descriptors: BTreeMap<(Descriptor, Sequence), usize>,
    /// Block of the volume for each block of each partition.
    blocks: Vec<Vec<u32>>,
    spots: BTreeMap<String, Spots>,
}

impl Forged {
    pub(super) fn new(
        volume: Volume,
        block: usize,
        placed: Placed,
        fsd: Spot,
        spots: BTreeMap<String, Spots>,
    ) -> Self {
        let at = |number: Option<u32>| number.map(|number| number as usize * block);
        let mut forged = Self {
            bytes: volume.bytes,
            block,
            recognition: volume.recognition,
            anchors: volume.anchors,
            lvid: volume.lvid,
            fsd: 0,
            vat: at(placed.vat),
            sparing_tables: placed.sparing_tables.iter().map(|number| *number as usize * block).collect(),
            metadata_file: at(placed.metadata_file),
            metadata_mirror: at(placed.metadata_mirror),
            metadata_bitmap: at(placed.metadata_bitmap),
            descriptors: volume.descriptors,
            blocks: placed.blocks,
            spots,
        };
        forged.fsd = forged.resolve(fsd);
        forged
    }

    /// Where a block of a partition is.
    pub fn at(&self, partition: u16, block: u32) -> usize {
        self.blocks[usize::from(partition)][block as usize] as usize * self.block
    }

    fn resolve(&self, spot: Spot) -> usize {
        self.at(spot.at.partition, spot.at.block) + spot.offset
    }

    fn spots(&self, path: &str) -> &Spots {
        self.spots.get(path).unwrap_or_else(|| panic!("no {path:?} in {:?}", self.spots.keys()))
    }

    fn resolve_all(&self, spots: &[Spot]) -> Vec<usize> {
        spots.iter().map(|spot| self.resolve(*spot)).collect()
    }

    /// The file entry of a path, the newest one if there are several.
    pub fn icb(&self, path: &str) -> usize {
        *self.versions(path).last().unwrap()
    }

    /// All file entries of a path, the oldest first. With strategy 4096 an indirect entry is in the block behind each.
    pub fn versions(&self, path: &str) -> Vec<usize> {
        self.resolve_all(&self.spots(path).entries)
    }

    /// The file identifier descriptor of a path.
    pub fn fid(&self, path: &str) -> usize {
        self.resolve(self.spots(path).name.expect("the root has no name"))
    }

    /// The file identifier descriptor in a directory that names its parent.
    pub fn parent_fid(&self, path: &str) -> usize {
        self.resolve(self.spots(path).parent_name.expect("a directory"))
    }

    /// The first allocation descriptor in the file entry, or the first byte of data that is inline.
    pub fn descriptors_of(&self, path: &str) -> usize {
        self.resolve(self.spots(path).descriptors.unwrap())
    }

    /// The allocation extent descriptors.
    pub fn continuations(&self, path: &str) -> Vec<usize> {
        self.resolve_all(&self.spots(path).continuations)
    }

    /// Where each extent of the data begins.
    pub fn data(&self, path: &str) -> Vec<usize> {
        self.resolve_all(&self.spots(path).data)
    }

    pub fn descriptor(&self, kind: Descriptor, sequence: Sequence) -> usize {
        let found = self.descriptors.get(&(kind, sequence));
        *found.unwrap_or_else(|| panic!("no {kind:?} in the {sequence:?} sequence"))
    }

    /// Writes over bytes.
    pub fn patch(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        patch(&mut self.bytes, at, bytes);
        self
    }

    /// Makes the tag of the descriptor at `at` right again.
    pub fn seal(&mut self, at: usize) -> &mut Self {
        seal(&mut self.bytes, at);
        self
    }

    /// Writes over bytes of the descriptor at `descriptor`, and makes its tag right again.
    pub fn forge(&mut self, descriptor: usize, offset: usize, bytes: &[u8]) -> &mut Self {
        self.patch(descriptor + offset, bytes).seal(descriptor)
    }

    pub fn open(&self) -> Result<Image> {
        self.open_with(&OpenOptions::default())
    }

    pub fn open_with(&self, options: &OpenOptions) -> Result<Image> {
        let options = OpenOptions { policy: Policy::of_user(0, 0), ..options.clone() };
        Image::from_source(Arc::new(self.bytes.clone()), &options)
    }
}
