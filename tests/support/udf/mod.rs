//! UDF images written in code: ECMA-167 and UDF 1.02 to 2.60, by the book and independent of the driver.
//!
//! ```ignore
//! let image = Udf::default().file("a.txt", b"hello").directory("dir").file("dir/b", b"deep").build();
//! let tree = image.open()?;
//! ```
//!
//! A [`File`] is built from bytes and says everything else with its methods; the [`Forged`] image knows where each
//! structure is, so that a test can damage one and [`seal`](Forged::seal) it again.

mod descriptor;
mod entry;
mod file;
mod forged;
mod partition;
mod tree;
mod volume;
mod writer;

use self::{
    descriptor::{Format, long_ad},
    partition::About,
    tree::Tree,
    volume::Contents,
    writer::{Spot, Writer},
};
#[allow(unused_imports, reason = "each test program uses a part of it")]
pub use self::{
    descriptor::{NO_ZONE, Time, cs0, cs0_wide, patch, seal},
    file::*,
    forged::{Descriptor, Forged, Integrity, Sequence},
    partition::{Damage, Metadata, Partition},
};

/// Where an anchor volume descriptor pointer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// 256 or 512.
    At(u32),
    /// The last block.
    Last,
    /// 256 blocks before the last one.
    Before256,
}

/// An image to be: its volume, and the files in it.
#[derive(Clone)]
pub struct Udf {
    revision: u16,
    block: usize,
    label: String,
    table_label: Option<String>,
    recorded: Time,
    recognition: Option<Vec<[u8; 5]>>,
    anchors: Option<Vec<Anchor>>,
    partition: Partition,
    extended: Option<bool>,
    integrity: Option<Integrity>,
    pointer: bool,
    renewed: bool,
    tree: Tree,
}

impl Default for Udf {
    /// UDF 2.01 with blocks of 2048 bytes in a physical partition, and an empty root.
    fn default() -> Self {
        Self {
            revision: 0x201,
            block: 2048,
            label: "FORGED".to_owned(),
            table_label: None,
            recorded: Time::default(),
            recognition: None,
            anchors: None,
            partition: Partition::Physical,
            extended: None,
            integrity: Some(Integrity::default()),
            pointer: false,
            renewed: false,
            tree: Tree::default(),
        }
    }
}

/// The volume.
impl Udf {
    pub fn revision(self, revision: u16) -> Self {
        Self { revision, ..self }
    }

    pub fn block_size(self, block: usize) -> Self {
        Self { block, ..self }
    }

    pub fn label(self, label: &str) -> Self {
        Self { label: label.to_owned(), ..self }
    }

    /// The label in a virtual allocation table (since revision 2.00), by default that of the volume.
    pub fn table_label(self, label: &str) -> Self {
        Self { table_label: Some(label.to_owned()), ..self }
    }

    /// The time in the primary volume descriptor.
    pub fn recorded(self, recorded: Time) -> Self {
        Self { recorded, ..self }
    }

    /// Other structures of volume recognition than those of the revision, or none.
    pub fn recognized_by(self, idents: &[&[u8; 5]]) -> Self {
        Self { recognition: Some(idents.iter().map(|ident| **ident).collect()), ..self }
    }

    /// By default at block 256 and, where there may be one, in the last block.
    pub fn anchors(self, anchors: &[Anchor]) -> Self {
        Self { anchors: Some(anchors.to_vec()), ..self }
    }

    pub fn partition(self, partition: Partition) -> Self {
        Self { partition, ..self }
    }

    /// Whether file entries are extended ones; by default since revision 2.00.
    pub fn extended(self, extended: bool) -> Self {
        Self { extended: Some(extended), ..self }
    }

    pub fn integrity(self, integrity: Integrity) -> Self {
        Self { integrity: Some(integrity), ..self }
    }

    pub fn without_integrity(self) -> Self {
        Self { integrity: None, ..self }
    }

    /// The descriptor sequences go on elsewhere after their first descriptor.
    pub fn pointer(self) -> Self {
        Self { pointer: true, ..self }
    }

    /// There are wrong descriptors that others with a higher number supersede.
    pub fn renewed(self) -> Self {
        Self { renewed: true, ..self }
    }

    fn recognition(&self, format: Format) -> Vec<[u8; 5]> {
        let nsr = if format.revision < 0x200 { *b"NSR02" } else { *b"NSR03" };
        self.recognition.clone().unwrap_or_else(|| vec![*b"BEA01", nsr, *b"TEA01"])
    }

    fn all_anchors(&self) -> Vec<Anchor> {
        let anchors = self.anchors.clone().unwrap_or_else(|| match self.partition {
            Partition::Virtual { .. } => vec![Anchor::At(256)],
            _ => vec![Anchor::At(256), Anchor::Last],
        });
        let behind = anchors.iter().any(|anchor| !matches!(anchor, Anchor::At(_)));
        let is_virtual = matches!(self.partition, Partition::Virtual { .. });
        assert!(!(behind && is_virtual), "the virtual allocation table is in the last block");
        anchors
    }

    /// The access type of the partitions, ECMA-167 3/10.5.7.
    fn access(&self) -> u32 {
        match self.partition {
            Partition::Virtual { .. } => 2,
            Partition::Sparable(_) => 3,
            _ => 1,
        }
    }
}

/// The files.
impl Udf {
    /// Anything that a [`File`] can be; directories on its way are made.
    pub fn file(mut self, path: &str, file: impl Into<File>) -> Self {
        self.tree.add(path, file.into());
        self
    }

    pub fn directory(mut self, path: &str) -> Self {
        self.tree.directory(path);
        self
    }

    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.file(path, File::symlink(target))
    }

    /// One more name for the file at `target`.
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.tree.link(path, target);
        self
    }

    /// What the root directory is like.
    pub fn root(mut self, root: File) -> Self {
        self.tree.root(root);
        self
    }

    /// A stream of the whole volume.
    pub fn system_stream(mut self, name: &str, stream: impl Into<File>) -> Self {
        self.tree.system_stream(name, stream.into());
        self
    }

    pub fn build(&self) -> Forged {
        let format = Format { revision: self.revision, block: self.block };
        let homes = self.partition.homes();
        let mut writer = Writer {
            format,
            extended: self.extended.unwrap_or(self.revision >= 0x200),
            homes,
            spaces: vec![Vec::new(); self.partition.count()],
            spots: Default::default(),
            icbs: Vec::new(),
            runs: Vec::new(),
        };
        let fsd = writer.allocate(homes.entries, 1);
        // An unrecorded block ends the sequence of file sets.
        writer.allocate(homes.entries, 1);
        let root = writer.write_tree(&self.tree);
        let root_blocks = if self.tree.nodes[0].file.older.is_empty() { 1 } else { 2 };
        let root = long_ad((root_blocks * self.block) as u32, root, 0);
        let streams = self.tree.system_streams.map(|node| writer.icbs[node]);
        let streams = streams.map_or(vec![0; 16], |at| long_ad(self.block as u32, at, 0));
        let descriptor = volume::file_set_descriptor(self, format, fsd, &root, &streams);
        writer.put(fsd, &descriptor);
        let spots = std::mem::take(&mut writer.spots);
        let (files, directories) = self.tree.counts();
        let label = self.table_label.as_ref().unwrap_or(&self.label);
        let about = About { label, files, directories };
        let start = volume::partitions_start(&self.all_anchors());
        let placed = self.partition.place(writer, start, &about);
        let volume = volume::assemble(Contents { udf: self, format, placed: &placed, file_set: fsd });
        Forged::new(volume, self.block, placed, Spot { at: fsd, offset: 0 }, spots)
    }
}
