//! ISO 9660 (ECMA-119) with Rock Ridge, Joliet, zisofs, and High Sierra before it.
//!
//! The number of a node is its place: the byte offset of its directory record in the volume, for a directory
//! the offset of its own `.` record, which is where its extent begins. So a number is the same in every mount and
//! there is no table of them. Files with several names are the exception (`hard_link.rs`).

mod aaip;
mod amiga;
mod apple;
mod associated;
mod attribute;
mod check;
mod checksums;
mod choice;
mod described;
mod description;
mod descriptor;
mod directory;
pub(super) mod el_torito;
mod extended_attribute_record;
mod file_sums;
mod file_system;
mod hard_link;
mod inode;
mod name;
mod origin;
mod raw;
mod record;
mod relocation;
mod rock_ridge;
mod root;
mod session;
mod sparse;
mod structure;
mod susp;
mod xa;
mod zisofs;

use std::{
    cell::Cell,
    sync::{Arc, OnceLock},
};

pub(super) use check::{check, trees};
pub(super) use description::describe;
pub use name::NameMap;
pub(super) use origin::{counts_from_itself, first_sector};

use self::{
    attribute::Met,
    choice::SystemUse,
    described::Described,
    descriptor::{DescriptorSet, VolumeTree},
    file_sums::FileSums,
    hard_link::HardLinks,
    name::Naming,
    record::{DirectoryExtent, Record, RecordBuffer, Records},
    rock_ridge::RockRidge,
    susp::{Areas, Reach},
};
use super::{Options, Reason, View, origin::note};
use crate::{
    charset::Charset,
    error::{Damage, Error, Result},
    limits,
    tree::{Listing, Node, NodeId},
    volume::{Cache, Volume},
};

/// One tree of an ISO 9660 volume.
pub struct Iso9660 {
    volume: Arc<Volume>,
    /// The descriptor by which the tree was found.
    tree: VolumeTree,
    view: View,
    naming: Naming,
    /// With Rock Ridge: bytes in front of the entries of each system use field (`SP`).
    rock_ridge: Option<u8>,
    root: (NodeId, DirectoryExtent),
    /// Sector at which the session begins.
    session: u64,
    hide: bool,
    show_associated: bool,
    relaxed: bool,
    /// The encoding of names that are not Unicode.
    charset: Option<Charset>,
    /// Whether permissions of files by Rock Ridge are left out.
    overrides_mode: bool,
    overrides_directory_mode: bool,
    cruft: bool,
    keeps_packed: bool,
    /// Why this tree is shown, of those of ISO 9660.
    reason: Reason,
    damage: Damage,
    notes: Vec<String>,
    nodes: Cache<NodeId, Arc<Node>>,
    listings: Cache<NodeId, Arc<Listing>>,
    hard_links: HardLinks,
    described: Described,
    met: Met,
    file_sums: OnceLock<Result<Option<FileSums>>>,
}

impl Iso9660 {
    /// Finds the last session of `volume` and chooses one of its trees.
    ///
    /// # Errors
    /// [`Error::NotADisc`] when there is no volume descriptor, [`Error::Corrupt`] when the descriptors are damaged,
    /// [`Error::Unsupported`] when the view that `options` wants is not there.
    pub fn open(volume: Arc<Volume>, options: &Options) -> Result<Self> {
        let sessions = session::find(&volume)?;
        let set = session::wanted(&volume, &sessions, options)?;
        if sessions.sets.len() > 1 {
            log::info!(
                "{} sessions, the one that is shown begins at sector {}",
                sessions.sets.len(),
                set.start
            );
        }
        set.damage.iter().for_each(|error| log::warn!("{error}"));
        if set.boot_catalog.is_some() {
            log::info!("a boot record: the disc can be started from");
        }
        let mut chosen = choice::choose(&volume, &set, options)?;
        chosen.notes = notes(&volume, &set);
        chosen.session = set.start;
        Ok(chosen)
    }

    /// Sector at which the session begins.
    pub(super) fn session(&self) -> u64 {
        self.session
    }

    /// Why this tree is shown rather than another of ISO 9660.
    pub(super) fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Which of the views this is.
    pub(super) fn chosen_view(&self) -> View {
        self.view
    }

    /// Byte offset of the root's record in the descriptor by which the tree was found.
    pub(super) fn place(&self) -> u64 {
        self.tree.root_record_at
    }

    /// The tree of a descriptor, without a look at whether there is anything in it.
    fn new(
        volume: &Arc<Volume>,
        tree: VolumeTree,
        view: View,
        naming: Naming,
        system_use: Option<SystemUse>,
        options: &Options,
    ) -> Result<Self> {
        let root_record = tree.root_record(volume)?;
        let root_record = root_record.record()?;
        let at = root_record.data_at(tree.block_size);
        let own = DirectoryExtent { at, len: root_record.data_length.into() };
        let nodes_budget = options.cache_size / 4;
        let mut iso = Self {
            volume: volume.clone(),
            view,
            naming,
            rock_ridge: system_use.map(|system_use| system_use.skip),
            root: (NodeId(at), own),
            session: 0,
            hide: options.hide.unwrap_or(false),
            show_associated: options.show_associated,
            relaxed: options.relaxed,
            charset: options.charset,
            overrides_mode: options.overrides_rock_ridge && options.overrides_mode,
            overrides_directory_mode: options.overrides_rock_ridge && options.overrides_directory_mode,
            cruft: options.cruft,
            keeps_packed: options.keeps_packed,
            reason: Reason::Only,
            damage: Damage::default(),
            notes: Vec::new(),
            nodes: Cache::new(8, nodes_budget, |node| node.weight()),
            listings: Cache::new(1, options.cache_size.saturating_sub(nodes_budget), |listing| {
                listing.weight()
            }),
            hard_links: HardLinks::default(),
            described: Described::new(system_use.is_some_and(|system_use| system_use.announces_attributes)),
            met: Met::default(),
            file_sums: OnceLock::new(),
            tree,
        };
        iso.root = match iso.extent_at(at) {
            Some(extent) => (NodeId(at), extent),
            None => (NodeId(iso.tree.root_record_at), own),
        };
        // Nobody lists the directory above the root.
        if let Some(system_use) = system_use {
            iso.meet_entries(system_use.attributes);
        }
        if let Ok(buffer) = RecordBuffer::peek(volume, at, iso.tree.layout)
            && let Ok(record) = buffer.record()
        {
            iso.meet(&record);
        }
        Ok(iso)
    }

    fn root_extent(&self) -> DirectoryExtent {
        self.root.1
    }

    /// The byte offset of a logical block.
    fn block_at(&self, block: u32) -> u64 {
        u64::from(block).saturating_mul(self.tree.block_size)
    }

    /// A name of Rock Ridge as it is shown.
    fn decoded(&self, name: &[u8]) -> Vec<u8> {
        self.charset.map_or_else(|| name.to_vec(), |charset| charset.decode(name).into_bytes())
    }

    fn records(&self, extent: DirectoryExtent) -> Result<Records<'_>> {
        Records::new(&self.volume, extent, self.tree.layout)
    }

    /// The extent of the directory whose `.` record lies at byte `at`; `None` when there is none, as in the system area.
    fn extent_at(&self, at: u64) -> Option<DirectoryExtent> {
        if at < raw::SYSTEM_AREA_SECTORS.saturating_mul(raw::SECTOR) {
            return None;
        }
        let buffer = RecordBuffer::peek(&self.volume, at, self.tree.layout).ok()?;
        let record = buffer.record().ok()?;
        let is_own =
            record.is_self() && record.is_directory() && u64::from(record.data_length) >= record.length;
        is_own.then_some(DirectoryExtent { at, len: record.data_length.into() })
    }

    /// Number and extent of the directory that a record names. Where its own `.` record is missing or damaged, the record
    /// that names it has to do.
    fn directory_of(&self, record: &Record<'_>) -> (NodeId, DirectoryExtent) {
        let at = record.data_at(self.tree.block_size);
        match self.extent_at(at) {
            Some(extent) => (NodeId(at), extent),
            None => (NodeId(record.at), DirectoryExtent { at, len: record.data_length.into() }),
        }
    }

    /// The extent of the directory `id`.
    fn extent_of(&self, id: NodeId) -> Result<DirectoryExtent> {
        if id == self.root.0 {
            return Ok(self.root.1);
        }
        if hard_link::is_hard_link(id) {
            return Err(Error::NotADirectory);
        }
        let buffer = RecordBuffer::read(&self.volume, id.0, self.tree.layout)?;
        let record = buffer.record()?;
        let len = record.data_length.into();
        if record.is_self() {
            Ok(DirectoryExtent { at: id.0, len })
        } else if record.is_directory() {
            Ok(DirectoryExtent { at: record.data_at(self.tree.block_size), len })
        } else {
            Err(Error::NotADirectory)
        }
    }

    /// What the system use field of a record says; `None` in a tree without Rock Ridge.
    fn rock_ridge(&self, record: &Record<'_>) -> Option<RockRidge> {
        self.rock_ridge_within(record, &Cell::new(u64::MAX))
    }

    /// As [`rock_ridge`](Self::rock_ridge), reading at most `budget` bytes of continuation areas: for whoever looks at many
    /// records at once.
    fn rock_ridge_within(&self, record: &Record<'_>, budget: &Cell<u64>) -> Option<RockRidge> {
        let skip = self.skip(record)?;
        let areas = self.areas(budget, Reach::RockRidge);
        Some(RockRidge::parse(&areas, susp::start(record.system_use, skip), record.at))
    }

    /// Bytes in front of the entries of a system use field; `None` in a tree without Rock Ridge. The root's own record holds `SP`
    /// itself: nothing is skipped in front of it but XA information.
    fn skip(&self, record: &Record<'_>) -> Option<u8> {
        let is_root = record.at == self.root.1.at;
        self.rock_ridge.map(|skip| if is_root { 0 } else { skip })
    }

    fn areas<'a>(&'a self, budget: &'a Cell<u64>, reach: Reach) -> Areas<'a> {
        let (volume, block_size, damage) = (&self.volume, self.tree.block_size, &self.damage);
        Areas { read: Volume::read, volume, block_size, damage, budget, reach }
    }

    /// The bytes of continuation areas that may be read to decode a directory.
    fn continuation_budget(extent: DirectoryExtent) -> Cell<u64> {
        let bytes = extent.len.min(limits::DIRECTORY).saturating_mul(limits::CONTINUATION_PER_BYTE);
        Cell::new(bytes.saturating_add(limits::CONTINUATION_AREAS_OF_RECORD))
    }

    /// The `..` record of the directory at `extent`, its place by extent and by `PL`.
    fn parent_record(&self, extent: DirectoryExtent, budget: &Cell<u64>) -> Option<(u64, Option<u64>)> {
        let mut records = self.records(extent).ok()?;
        records.next()?.ok()?;
        let record = records.next()?.ok().filter(|r| r.is_parent())?;
        let linked =
            self.rock_ridge_within(&record, budget).and_then(|r| r.parent).map(|block| self.block_at(block));
        Some((record.data_at(self.tree.block_size), linked))
    }
}

/// The words of the trees that the wanted session has; none when it cannot be read.
pub(super) fn views(volume: &Volume, options: &Options) -> Vec<&'static str> {
    session::find(volume)
        .and_then(|sessions| session::wanted(volume, &sessions, options))
        .map(|set| choice::words(volume, &set, options))
        .unwrap_or_default()
}

/// What is wrong with a session as a whole.
fn notes(volume: &Volume, set: &DescriptorSet) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(note(volume));
    let missing = set.end().saturating_sub(volume.len());
    if missing > 0 {
        notes.push(format!(
            "the image ends early: {missing} bytes are missing of the {} that its volume descriptor states; \
             what lies in them cannot be read",
            set.end()
        ));
    }
    if !set.is_terminated {
        notes.push("the volume descriptors have no terminator".to_owned());
    }
    notes
}
