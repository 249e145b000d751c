//! From a directory record to a node: attributes, and where the content lies.

use super::{
    Iso9660, hard_link,
    record::{Record, RecordBuffer},
    rock_ridge::RockRidge,
    sparse, zisofs,
};
use crate::{
    bytes::as_u64,
    error::{Corrupt, Error, Result},
    fs::iso9660::raw::SECTOR,
    limits, time,
    tree::{Attributes, Content, Data, Kind, Node, NodeId, Place, Timestamp},
};

/// The bits of a length that count where its highest byte is something else (`cruft`).
const WITHOUT_CRUFT: u64 = 0x00ff_ffff;

impl Iso9660 {
    /// The node `id`, whose (first) record this is.
    pub(super) fn read_node(&self, id: NodeId, record: &Record<'_>) -> Node {
        self.node_of(id, record, &self.rock_ridge(record).unwrap_or_default())
    }

    /// As [`read_node`](Self::read_node), where it is known what the system use field says.
    pub(super) fn node_of(&self, id: NodeId, record: &Record<'_>, rock_ridge: &RockRidge) -> Node {
        let kind = if id == self.root.0 { Kind::Directory } else { self.kind(record, rock_ridge) };
        let (content, size, allocated) = match kind {
            Kind::Directory => {
                let size = u64::from(record.data_length);
                (Content::Nothing, size, size)
            }
            Kind::File => self.file_content(record, rock_ridge),
            Kind::Symlink => {
                let content = self.link_content(record, rock_ridge);
                let size = if let Content::Link(target) = &content { as_u64(target.len()) } else { 0 };
                (content, size, 0)
            }
            Kind::CharDevice | Kind::BlockDevice | Kind::Fifo | Kind::Socket => (Content::Nothing, 0, 0),
        };
        let posix = rock_ridge.posix;
        let times = rock_ridge.times;
        let recorded = Timestamp::from(time::from_record(record.date).unwrap_or_else(|| {
            log::debug!("directory record at byte {}: a date that is none, shown as 1970", record.at);
            (0, 0)
        }));
        let modified = times.modified.unwrap_or(recorded);
        let attributes = Attributes {
            id,
            kind,
            permissions: posix
                .filter(|_| !self.is_overridden(kind))
                .and_then(|px| u16::try_from(px.mode & 0o7777).ok()),
            links: posix.map_or(1, |px| px.links),
            uid: posix.map(|px| px.uid),
            gid: posix.map(|px| px.gid),
            size,
            allocated,
            modified,
            accessed: times.accessed.unwrap_or(recorded),
            changed: times.changed.or(times.created).unwrap_or(recorded),
            created: times.created,
            device: matches!(kind, Kind::CharDevice | Kind::BlockDevice)
                .then_some(rock_ridge.device)
                .flatten(),
        };
        Node { attributes, content }
    }

    /// The type of a node: a directory where the record says so, else what `PX` says, else a file.
    pub(super) fn kind(&self, record: &Record<'_>, rock_ridge: &RockRidge) -> Kind {
        if record.is_directory() || record.is_self() {
            return Kind::Directory;
        }
        // A file that calls itself a directory is the place of a relocated one that is not there.
        rock_ridge.kind().filter(|kind| *kind != Kind::Directory).unwrap_or(Kind::File)
    }

    /// Whether an option overrides the permissions that Rock Ridge records, of directories and regular files as in the kernel.
    fn is_overridden(&self, kind: Kind) -> bool {
        match kind {
            Kind::Directory => self.overrides_directory_mode,
            Kind::File => self.overrides_mode,
            _ => false,
        }
    }

    /// Content, size and stored bytes of a file.
    fn file_content(&self, first: &Record<'_>, rock_ridge: &RockRidge) -> (Content, u64, u64) {
        let (stored, missing) = self.stored(first);
        let allocated = stored.size();
        if let Some(error) = missing {
            self.damage.report(&error);
            return (Content::Broken(error), allocated, allocated);
        }
        let at = first.data_at(self.tree.block_size);
        let packed = rock_ridge.zisofs.as_ref().filter(|_| !self.keeps_packed);
        if let Some(field) = packed {
            (zisofs::content(&self.volume, field, stored, at), field.size, allocated)
        } else if let Some(field) = &rock_ridge.sparse {
            (sparse::content(&self.volume, field, stored, at), field.size, allocated)
        } else {
            (Content::Data(stored), allocated, allocated)
        }
    }

    /// The sections of a file, ECMA-119 6.5.1, and what is wrong when they do not end as they should.
    pub(super) fn stored(&self, first: &Record<'_>) -> (Data, Option<Error>) {
        let mut data = Data::default();
        self.push_section(&mut data, first);
        let mut count: usize = 1;
        let mut is_continued = first.is_continued();
        let mut end = first.at.saturating_add(first.length);
        while is_continued {
            let wrong = |found: &'static str| {
                let allowed = "followed by a record of the same file, at most 16384 in all";
                Corrupt::new("file section", first.at, "multi-extent flag", found, allowed).into()
            };
            if count >= limits::FILE_SECTIONS {
                return (data, Some(wrong("set in 16384 records")));
            }
            let buffer = match self.record_behind(end, first) {
                Ok(buffer) => buffer,
                Err(error) => return (data, Some(error)),
            };
            match buffer.record() {
                Ok(next) if first.is_continued_by(&next) => {
                    self.push_section(&mut data, &next);
                    end = next.at.saturating_add(next.length);
                    is_continued = next.is_continued();
                    count = count.saturating_add(1);
                }
                _ => return (data, Some(wrong("set"))),
            }
        }
        (data, None)
    }

    /// The bytes of a file as they are stored: of a packed one the packed bytes.
    ///
    /// # Errors
    /// There is no such file, or its sections do not end.
    pub(super) fn stored_of(&self, id: NodeId) -> Result<Data> {
        let at = if hard_link::is_hard_link(id) { self.hard_links.record_at(id, self)? } else { id.0 };
        let buffer = RecordBuffer::read(&self.volume, at, self.tree.layout)?;
        match self.stored(&buffer.record()?) {
            (data, None) => Ok(data),
            (_, Some(error)) => Err(error),
        }
    }

    /// The record at byte `at` that goes on with the file of `first`, or, when there is none in the rest of the sector, the
    /// one at the start of the next. Sectors count from the start of the directory, which can be at any block.
    pub(super) fn record_behind(&self, at: u64, first: &Record<'_>) -> Result<RecordBuffer> {
        let here = RecordBuffer::read(&self.volume, at, self.tree.layout)?;
        if matches!(here.parse(), Ok(Some(_))) {
            return Ok(here);
        }
        let blocks = SECTOR.checked_div(self.tree.block_size).unwrap_or(1);
        let mut next = at;
        for _ in 0..blocks {
            next = next.saturating_add(1).checked_next_multiple_of(self.tree.block_size).unwrap_or(u64::MAX);
            let buffer = RecordBuffer::read(&self.volume, next, self.tree.layout)?;
            if buffer.record().is_ok_and(|record| first.is_continued_by(&record)) {
                return Ok(buffer);
            }
        }
        Ok(here)
    }

    fn push_section(&self, data: &mut Data, record: &Record<'_>) {
        let block_size = self.tree.block_size;
        let recorded = u64::from(record.data_length);
        let len = if self.cruft { recorded & WITHOUT_CRUFT } else { recorded };
        let unit = u64::from(record.file_unit_size);
        let gap = u64::from(record.interleave_gap);
        if unit == 0 || gap == 0 {
            data.push(Place::Run { at: record.data_at(block_size) }, len);
            return;
        }
        // ECMA-119 6.4.3: an extended attribute record takes up the first units of an interleaved extent.
        let taken = u64::from(record.extended_attribute_length).div_ceil(unit);
        let blocks = taken.saturating_mul(unit.saturating_add(gap)).saturating_add(record.extent.into());
        let place = Place::Interleaved {
            at: blocks.saturating_mul(block_size),
            unit: unit.saturating_mul(block_size),
            gap: gap.saturating_mul(block_size),
        };
        data.push(place, len);
    }

    fn link_content(&self, record: &Record<'_>, rock_ridge: &RockRidge) -> Content {
        match rock_ridge.link.as_ref().map(|link| link.text().map(|target| self.decoded_target(target))) {
            Some(None) => Content::Broken(Error::NameTooLong),
            Some(Some(target)) if target.len() > limits::LINK_TARGET => Content::Broken(Error::NameTooLong),
            Some(Some(target)) if !target.is_empty() => Content::Link(target.into()),
            _ => {
                let allowed = "one component at least";
                Content::Broken(Corrupt::new("symbolic link", record.at, "target", "empty", allowed).into())
            }
        }
    }

    /// The target of a link as it is shown: its names are decoded one by one, as they are where they lead to.
    fn decoded_target(&self, target: &[u8]) -> Vec<u8> {
        if self.charset.is_none() {
            return target.to_vec();
        }
        let names: Vec<Vec<u8>> = target.split(|b| *b == b'/').map(|name| self.decoded(name)).collect();
        names.join(&b'/')
    }
}
