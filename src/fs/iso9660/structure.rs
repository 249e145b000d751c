//! Where that lies which describes a node: directories, continuation areas, the records of further sections.

use super::{
    Iso9660, hard_link,
    record::{DirectoryExtent, Record, RecordBuffer},
    susp,
};
use crate::{
    bytes::as_usize,
    error::Result,
    limits,
    tree::{Extent, NodeId, Structures},
};

impl Iso9660 {
    /// See [`FileSystem::structures`](crate::tree::FileSystem::structures). The continuation areas of all the records in a directory
    /// are those of the directory.
    pub(super) fn structures_of(&self, id: NodeId) -> Result<Structures> {
        let mut found = Structures::default();
        if hard_link::is_hard_link(id) {
            let at = self.hard_links.record_at(id, self)?;
            self.further_sections(at, &mut found);
            return Ok(found);
        }
        match self.extent_of(id) {
            Ok(extent) => {
                let len = extent.len.min(limits::DIRECTORY);
                found.names.push(Extent { at: extent.at, len });
                self.continuations(extent, &mut found);
            }
            Err(_) => self.further_sections(id.0, &mut found),
        }
        Ok(found)
    }

    /// The records of a file behind its first one, ECMA-119 6.5.1.
    fn further_sections(&self, first_at: u64, found: &mut Structures) {
        let Ok(buffer) = RecordBuffer::read(&self.volume, first_at, self.tree.layout) else { return };
        let Ok(first) = buffer.record() else { return };
        let mut end = first.at.saturating_add(first.length);
        let mut is_continued = first.is_continued();
        for _ in 1..limits::FILE_SECTIONS {
            if !is_continued {
                return;
            }
            let Ok(buffer) = self.record_behind(end, &first) else { return };
            let Ok(next) = buffer.record() else { return };
            if !first.is_continued_by(&next) {
                return;
            }
            found.needed.push(Extent { at: next.at, len: next.length });
            end = next.at.saturating_add(next.length);
            is_continued = next.is_continued();
        }
    }

    fn continuations(&self, extent: DirectoryExtent, found: &mut Structures) {
        let Some(skip) = self.rock_ridge else { return };
        let Ok(mut records) = self.records(extent) else { return };
        let mut left = Self::continuation_budget(extent).get();
        while let Some(record) = records.next() {
            if let Ok(record) = record {
                self.continuations_of(&record, skip, &mut left, found);
            }
        }
        // Areas of one directory lie side by side, or are shared.
        found.attributes.sort_unstable();
        found.attributes.dedup();
    }

    fn continuations_of(&self, record: &Record<'_>, skip: u8, left: &mut u64, found: &mut Structures) {
        let skip = if record.at == self.root_extent().at { 0 } else { skip };
        let field = susp::start(record.system_use, skip);
        let block_size = self.tree.block_size;
        let mut next = susp::scan(field, block_size, &mut |_| {});
        for _ in 0..limits::CONTINUATION_AREAS {
            let Some((at, len)) = next.filter(|(at, len)| self.volume.contains(*at, *len)) else { return };
            let Some(rest) = left.checked_sub(len).filter(|_| len <= limits::CONTINUATION_AREA) else {
                return;
            };
            *left = rest;
            found.attributes.push(Extent { at, len });
            let mut area = vec![0; as_usize(len)];
            if self.volume.read(&mut area, at).is_err() {
                return;
            }
            next = susp::scan(&area, block_size, &mut |_| {});
        }
    }
}
