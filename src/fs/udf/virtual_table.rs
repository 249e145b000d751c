//! The virtual allocation table, UDF 2.2.11: on media that are written once, where each block lies that was written anew.

use zerocopy::FromBytes;

use super::{
    file_entry::FileEntry,
    name,
    partition::is_named,
    raw::{self, EntityIdentifier, file_type, tag},
    space::{Address, Space},
    steps::Steps,
    tag::is_tag,
};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    limits,
    tree::{Data, read_stored},
};

const STRUCTURE: &str = "virtual allocation table";

/// An entry that leads nowhere.
const UNUSED: u32 = u32::MAX;

/// Bytes behind the entries of a table of UDF 1.50: its identifier, and where the table before it lies.
const TRAILER: u64 = 36;

/// Blocks that an image may have behind the last one that was written: up to 152 of run-out, and what fills a packet.
const PADDING: u32 = 256;

/// The table, which is read where it is needed.
#[derive(Debug)]
pub(super) struct VirtualTable {
    data: Data,
    /// Bytes in front of the first entry.
    header: u64,
    entries: u64,
    /// The block of its partition in which its ICB is: the last one that was written.
    pub(super) block: u32,
    /// Whether the image ends with it, but for the padding that drives and programs add.
    pub(super) is_at_end: bool,
    /// What a table of UDF 2.00 and later says of the volume.
    pub(super) counts: Option<Counts>,
    /// What is wrong with a file entry behind this table, which may be that of a newer one.
    pub(super) newer: Option<Error>,
}

/// Counts that a table keeps up to date, because the integrity descriptor cannot be written again.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    pub(super) label: String,
    pub(super) files: u32,
    pub(super) directories: u32,
    pub(super) revision: u16,
}

impl VirtualTable {
    /// Looks for the newest table: its ICB is in the last block that was written, `last_block` of the volume or some before it.
    /// Where the image goes on with zeros, as that of a medium that is not full, that is the last block that has others.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when there is none.
    pub(super) fn find(space: &Space, base: u16, last_block: u32) -> Result<Self> {
        let steps = Steps::new(limits::VIRTUAL_TABLE_SEARCH_STEPS);
        Self::find_before(space, base, last_block, PADDING, &steps).or_else(|_| {
            let last = *space.last_written.get_or_init(|| last_written(space, last_block));
            let last = last.and_then(|at| at.checked_div(space.block_size)).map(u32::try_from);
            let last =
                last.and_then(std::result::Result::ok).map_or(last_block, |block| block.min(last_block));
            let steps = Steps::new(limits::VIRTUAL_TABLE_SEARCH_STEPS);
            let table = Self::find_before(space, base, last, limits::VIRTUAL_TABLE_SEARCH, &steps)?;
            Ok(Self { is_at_end: false, ..table })
        })
    }

    /// Looks into `blocks` blocks, from `last_block` back.
    fn find_before(space: &Space, base: u16, last_block: u32, blocks: u32, steps: &Steps) -> Result<Self> {
        let start = match space.partition(base)? {
            super::partition::Partition::Physical(place)
            | super::partition::Partition::Sparable(place, _) => place.start,
            _ => 0,
        };
        let mut failed = None;
        for back in 0..=blocks {
            let Some(block) = last_block.checked_sub(back).and_then(|block| block.checked_sub(start)) else {
                break;
            };
            let mut head = [0; 16];
            let place = space.at(start).saturating_add(space.at(block));
            if space.volume.peek(&mut head, place).is_err() {
                continue;
            }
            let is_entry = |identifier| is_tag(&head, identifier, block);
            if !is_entry(tag::FILE_ENTRY) && !is_entry(tag::EXTENDED_FILE_ENTRY) {
                continue;
            }
            let entry = space.entry_within(Address { partition: base, block }, &Steps::new(1));
            match entry.and_then(|entry| Self::of(space, &entry, block, steps)) {
                Ok(Some(table)) => {
                    log::debug!("virtual allocation table in block {block} of its partition");
                    return Ok(Self { newer: failed, ..table });
                }
                Ok(None) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| {
            let at = space.at(last_block);
            Corrupt::new(STRUCTURE, at, "ICB", "missing", "must be in the last block that was written").into()
        }))
    }

    /// The table in a file, if it is one.
    fn of(space: &Space, entry: &FileEntry, block: u32, steps: &Steps) -> Result<Option<Self>> {
        // Each file has its own, so that one cannot take them from the table, but not more than are left in all.
        let data = || {
            let own = limits::VIRTUAL_TABLE_STEPS.min(steps.left());
            let own_steps = Steps::new(own);
            let data = space.data_within(entry, &own_steps);
            steps.take_many(own.saturating_sub(own_steps.left()));
            data
        };
        match entry.file_type {
            file_type::VIRTUAL_ALLOCATION_TABLE => Self::with_header(space, entry, data(), block).map(Some),
            file_type::UNSPECIFIED => Ok(Self::with_trailer(space, data(), block)),
            _ => Ok(None),
        }
    }

    /// The form of UDF 2.00 and later.
    fn with_header(space: &Space, entry: &FileEntry, data: Data, block: u32) -> Result<Self> {
        let mut bytes = [0; size_of::<raw::VirtualTableHeader>()];
        read_stored(&space.volume, &data, 0, &mut bytes)?;
        let wrong = |found: u16, allowed: String| {
            Corrupt::new(STRUCTURE, entry.at(), "header length", found, allowed)
        };
        let header = raw::VirtualTableHeader::ref_from_bytes(&bytes).map_err(|_| wrong(0, String::new()))?;
        let length = u64::from(header.length.get());
        let rest = data.size().checked_sub(length).filter(|_| length >= as_u64(bytes.len()));
        let rest =
            rest.ok_or_else(|| wrong(header.length.get(), format!("must be 152 to {}", data.size())))?;
        let counts = Counts {
            label: name::dstring(&header.volume_identifier),
            files: header.files.get(),
            directories: header.directories.get(),
            revision: header.min_read_revision.get(),
        };
        Ok(Self {
            data,
            header: length,
            entries: rest / 4,
            block,
            is_at_end: true,
            counts: Some(counts),
            newer: None,
        })
    }

    /// The form of UDF 1.50: a file of no type, known by what it ends with.
    fn with_trailer(space: &Space, data: Data, block: u32) -> Option<Self> {
        let entries = data.size().checked_sub(TRAILER)?;
        let mut identifier = [0; size_of::<EntityIdentifier>()];
        read_stored(&space.volume, &data, entries, &mut identifier).ok()?;
        let identifier = EntityIdentifier::ref_from_bytes(&identifier).ok()?;
        let is_table = is_named(identifier, b"*UDF Virtual Alloc Tbl");
        is_table.then_some(Self {
            data,
            header: 0,
            entries: entries / 4,
            block,
            is_at_end: true,
            counts: None,
            newer: None,
        })
    }

    /// The block of the partition below that a virtual block stands for.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when the table has no such block.
    pub(super) fn real_block(&self, space: &Space, block: u32) -> Result<u32> {
        let wrong = |found: &dyn std::fmt::Display, allowed: String| {
            let at = u64::from(block).saturating_mul(4);
            Corrupt::new(STRUCTURE, at, "entry", found, allowed).into()
        };
        if u64::from(block) >= self.entries {
            return Err(wrong(&block, format!("there are {}", self.entries)));
        }
        let mut entry = [0; 4];
        let at = self.header.saturating_add(u64::from(block).saturating_mul(4));
        read_stored(&space.volume, &self.data, at, &mut entry)?;
        match u32::from_le_bytes(entry) {
            UNUSED => Err(wrong(&"unused", "must lead to a block".to_owned())),
            real => Ok(real),
        }
    }
}

/// The last byte up to block `last` that is no zero; at most [`limits::BLANK_TAIL`] bytes are read to find it.
fn last_written(space: &Space, last: u32) -> Option<u64> {
    /// Bytes that are read at once, at first and at most.
    const CHUNKS: [u64; 2] = [4 << 10, 128 << 10];
    let [mut chunk_len, most] = CHUNKS;
    let end = space.volume.recorded_end(space.at(last).saturating_add(space.block_size));
    let mut buffer = vec![0; as_usize(most)];
    let zeros = vec![0; as_usize(most)];
    let mut at = end;
    while at > 0 && end.saturating_sub(at) < limits::BLANK_TAIL {
        let len = as_usize(chunk_len.min(at));
        at = at.saturating_sub(chunk_len);
        chunk_len = chunk_len.saturating_mul(2).min(most);
        let chunk = buffer.get_mut(..len)?;
        space.volume.peek(chunk, at).ok()?;
        if zeros.get(..len) != Some(&*chunk) {
            let offset = chunk.iter().rposition(|byte| *byte != 0)?;
            return Some(at.saturating_add(as_u64(offset)));
        }
    }
    None
}
