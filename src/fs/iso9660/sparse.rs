//! Sparse files (`SF`), RRIP 1.12 4.1.7: tables that say which parts of a file are recorded.
//!
//! The extent holds a tree of tables, each of 256 both-endian 32-bit entries (2 048 bytes), the root first. An entry of
//! 0, or one with its highest bit set, stands for zeros; any other is the place of the table of the next level, or of 256
//! bytes of data at the last, counted in units of 256 bytes from the start of the extent.

use std::sync::Arc;

use super::rock_ridge::Sparse;
use crate::{
    bytes::{as_u64, as_usize, u32_le},
    error::{Corrupt, Error, Result},
    limits,
    tree::{Content, Data, Packed, Place, read_stored},
    volume::Volume,
};

const STRUCTURE: &str = "sparse file";

/// Entries of one table.
const ENTRIES: u64 = 256;

/// Bytes of one table.
const TABLE: u64 = 2048;

/// Bytes of the unit in which entries count, and of the data that an entry of the last level stands for.
const UNIT: u64 = 256;

/// Bytes that one table of the last level covers: what is put together at once.
const LEAF: u64 = ENTRIES * UNIT;

/// The bit of an entry that stands for zeros.
const ZEROS: u32 = 1 << 31;

#[derive(Clone)]
struct Tables {
    volume: Arc<Volume>,
    stored: Data,
    at: u64,
    size: u64,
    depth: u8,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("sparse::Tables")
            .field("at", &self.at)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The content of a sparse file whose tables and data are `stored`.
pub(super) fn content(volume: &Arc<Volume>, field: &Sparse, stored: Data, at: u64) -> Content {
    let Some(depth) = field.depth else {
        let what =
            format!("sparse file at byte {at}: the form of RRIP 1.10, whose tables have no recorded depth");
        return Content::Broken(Error::unsupported(what));
    };
    let reach = 1u64.checked_shl(u32::from(depth).saturating_add(1).saturating_mul(8)).unwrap_or(u64::MAX);
    if depth == 0 || depth > limits::SPARSE_TABLE_DEPTH || field.size > reach {
        let allowed = "one whose tables reach the size of the file";
        return Content::Broken(Corrupt::new(STRUCTURE, at, "table depth", depth, allowed).into());
    }
    let mut data = Data::default();
    if field.size > 0 {
        let tables = Tables { volume: volume.clone(), stored, at, size: field.size, depth };
        data.push(Place::Packed(Arc::new(tables)), field.size);
    }
    Content::Data(data)
}

impl Tables {
    /// The entry `index` of the table at `table` (bytes in the extent): the place that it names, or `None` for zeros.
    fn entry(&self, table: u64, index: u64) -> Result<Option<u64>> {
        let mut entry = [0; 8];
        let at = table.saturating_add(index.saturating_mul(8));
        read_stored(&self.volume, &self.stored, at, &mut entry)?;
        let value = u32_le(&entry, 0).unwrap_or(0);
        if value == 0 || value & ZEROS != 0 {
            return Ok(None);
        }
        let place = u64::from(value).saturating_mul(UNIT);
        if place < TABLE || place >= self.stored.size() {
            let allowed = "behind the root table, inside the extent";
            return Err(Corrupt::new(STRUCTURE, self.at, "table entry", value, allowed).into());
        }
        Ok(Some(place))
    }
}

impl Packed for Tables {
    fn block_size(&self) -> u64 {
        LEAF
    }

    fn weight(&self) -> usize {
        size_of::<Self>().saturating_add(self.stored.weight())
    }

    fn stored(&self) -> Option<&Data> {
        Some(&self.stored)
    }

    fn unpack(&self, index: u64) -> Result<Vec<u8>> {
        let offset = index.saturating_mul(LEAF);
        let mut block = vec![0; as_usize(LEAF.min(self.size.saturating_sub(offset)))];
        // From the root down to the table of the last level that covers this block.
        let mut table = 0;
        for level in (1..self.depth).rev() {
            let shift = u32::from(level.saturating_sub(1)).saturating_mul(8);
            let number = index.checked_shr(shift).unwrap_or(0) & 0xff;
            match self.entry(table, number)? {
                Some(next) => table = next,
                None => return Ok(block),
            }
        }
        for (number, chunk) in block.chunks_mut(as_usize(UNIT)).enumerate() {
            if let Some(place) = self.entry(table, as_u64(number))? {
                read_stored(&self.volume, &self.stored, place, chunk)?;
            }
        }
        Ok(block)
    }
}
