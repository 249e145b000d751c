//! Associated files, ECMA-119 6.5.4: the resource fork of a file of the Macintosh is a file of its own, with the same identifier, whose
//! record lies next to that of the file.

use super::{
    Iso9660,
    raw::SECTOR,
    record::{Record, RecordBuffer, SHORTEST},
};
use crate::{
    bytes::{as_u64, as_usize},
    error::Result,
    tree::Data,
};

impl Iso9660 {
    /// Where the bytes of the file lie that is associated with the file of a record; `None` when there is none.
    pub(super) fn associated(&self, record: &Record<'_>) -> Result<Option<Data>> {
        if record.is_associated() || record.is_directory() || record.is_self() {
            return Ok(None);
        }
        let before = self.place_before(record)?;
        let behind = record.at.saturating_add(record.length);
        for at in before.into_iter().chain([behind]) {
            let Ok(buffer) = RecordBuffer::read(&self.volume, at, self.tree.layout) else { continue };
            if let Ok(Some(other)) = buffer.parse()
                && other.is_associated()
                && other.identifier == record.identifier
            {
                let (data, missing) = self.stored(&other);
                return missing.map_or(Ok(Some(data)), Err);
            }
        }
        Ok(None)
    }

    /// The place of the record in front of this one, in its sector or, when it is the first there, as the last of the sector in front.
    fn place_before(&self, record: &Record<'_>) -> Result<Option<u64>> {
        let block = self.tree.block_size;
        let first = record.at.checked_div(block).unwrap_or(0).saturating_mul(block);
        // Sectors count from the start of the directory, which can be at any block.
        let mut start = first;
        loop {
            if let Some(found) = self.last_place(start, record.at)? {
                return Ok(Some(found));
            }
            let next = start.checked_sub(block).filter(|next| first.saturating_sub(*next) <= SECTOR);
            let Some(next) = next else { return Ok(None) };
            start = next;
        }
    }

    /// The place of the last record of those that begin at `start`, one behind the other, and end at `end` or in front of it with their
    /// sector. `None` when they do not, and when there is none.
    fn last_place(&self, start: u64, end: u64) -> Result<Option<u64>> {
        let len = SECTOR.min(end.saturating_sub(start));
        let mut sector = vec![0; as_usize(len)];
        self.volume.read(&mut sector, start)?;
        let (mut at, mut last) = (0, None);
        while let Some(rest) = sector.get(at..).filter(|rest| rest.len() >= SHORTEST) {
            let place = start.saturating_add(as_u64(at));
            match Record::parse(rest, place, self.tree.layout) {
                Ok(Some(record)) => {
                    last = Some(place);
                    at = at.saturating_add(as_usize(record.length));
                }
                // What is left of a sector is zeros.
                Ok(None) if len == SECTOR => return Ok(last),
                _ => return Ok(None),
            }
        }
        Ok(last.filter(|_| at == sector.len() || len == SECTOR))
    }
}
