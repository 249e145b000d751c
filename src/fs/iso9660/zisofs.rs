//! zisofs, version 1 and 2: files whose blocks are packed one by one.

use std::sync::{Arc, OnceLock};

use flate2::{Decompress, FlushDecompress, Status};

use super::rock_ridge::Zisofs;
use crate::{
    bytes::{as_u64, as_usize, u32_le, u64_le},
    error::{Corrupt, Error, Result},
    limits,
    tree::{Content, Data, Packed, Place, read_stored},
    volume::Volume,
};

const STRUCTURE: &str = "zisofs file";

/// First bytes of a packed file of version 1.
const MAGIC_1: [u8; 8] = [0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07];

/// First bytes of a packed file of version 2.
const MAGIC_2: [u8; 8] = [0xef, 0x22, 0x55, 0xa1, 0xbc, 0x1b, 0x95, 0xa0];

/// The packed blocks of one file.
struct Blocks {
    volume: Arc<Volume>,
    stored: Data,
    /// Byte offset of the file's first extent, for messages.
    at: u64,
    size: u64,
    header_size: u64,
    block_size_log2: u8,
    /// Bytes of a block pointer: 4 in version 1, 8 in version 2.
    pointer_size: usize,
    /// Whether the file begins as a packed file does, once it was looked at.
    header: OnceLock<Result<()>>,
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("zisofs::Blocks")
            .field("at", &self.at)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The content of a file that `field` says is packed, and whose packed bytes are `stored`. What cannot be unpacked at all
/// comes back as [`Content::Broken`].
pub(super) fn content(volume: &Arc<Volume>, field: &Zisofs, stored: Data, at: u64) -> Content {
    let pointer_size = match (field.version, &field.algorithm) {
        (1, b"pz") => 4,
        (2, b"PZ") => 8,
        (_, algorithm) => {
            let name = match algorithm {
                b"XZ" => "xz".into(),
                b"L4" => "LZ4".into(),
                b"ZD" => "Zstandard".into(),
                b"B2" => "bzip2".into(),
                other => format!("an unknown method ({})", crate::text::escape(other)),
            };
            let what = format!("zisofs file at byte {at}: packed with {name}, which is not unpacked");
            return Content::Broken(Error::unsupported(what));
        }
    };
    if !limits::ZISOFS_BLOCK_LOG2.contains(&field.block_size_log2) {
        let allowed = "must be 12 to 20";
        return Content::Broken(
            Corrupt::new(STRUCTURE, at, "block size (logarithm)", field.block_size_log2, allowed).into(),
        );
    }
    let blocks = Blocks {
        volume: volume.clone(),
        stored,
        at,
        size: field.size,
        header_size: field.header_size,
        block_size_log2: field.block_size_log2,
        pointer_size,
        header: OnceLock::new(),
    };
    let mut data = Data::default();
    data.push(Place::Packed(Arc::new(blocks)), field.size);
    Content::Data(data)
}

impl Blocks {
    fn wrong(&self, field: &'static str, found: impl std::fmt::Display, allowed: &'static str) -> Error {
        Corrupt::new(STRUCTURE, self.at, field, found, allowed).into()
    }

    /// Looks once whether the file begins as the field in the directory says.
    fn check_header(&self) -> Result<()> {
        let check = || {
            let magic = if self.pointer_size == 4 { MAGIC_1 } else { MAGIC_2 };
            let mut found = [0; 8];
            read_stored(&self.volume, &self.stored, 0, &mut found)?;
            if found == magic {
                Ok(())
            } else {
                Err(self.wrong("magic number", "another", "the one of zisofs"))
            }
        };
        self.header.get_or_init(check).clone()
    }

    /// Where block `index` begins and ends in the stored bytes.
    fn bounds(&self, index: u64) -> Result<(u64, u64)> {
        let mut pointers = [0; 16];
        let both = pointers.get_mut(..self.pointer_size.saturating_mul(2)).unwrap_or_default();
        let at = index
            .checked_mul(as_u64(self.pointer_size))
            .and_then(|at| at.checked_add(self.header_size))
            .ok_or_else(|| self.wrong("block number", index, "inside the file"))?;
        read_stored(&self.volume, &self.stored, at, both)?;
        let pointer = |number: usize| match self.pointer_size {
            4 => u32_le(both, number.saturating_mul(4)).map(u64::from),
            _ => u64_le(both, number.saturating_mul(8)),
        };
        let (start, end) = pointer(0).zip(pointer(1)).unwrap_or_default();
        if start > end || end > self.stored.size() {
            return Err(self.wrong("block pointers", format!("{start} to {end}"), "rising, inside the file"));
        }
        Ok((start, end))
    }
}

impl Packed for Blocks {
    fn block_size(&self) -> u64 {
        1u64.checked_shl(self.block_size_log2.into()).unwrap_or(1)
    }

    fn weight(&self) -> usize {
        size_of::<Self>().saturating_add(self.stored.weight())
    }

    fn stored(&self) -> Option<&Data> {
        Some(&self.stored)
    }

    fn unpack(&self, index: u64) -> Result<Vec<u8>> {
        self.check_header()?;
        let offset = index.saturating_mul(self.block_size());
        let len = as_usize(self.block_size().min(self.size.saturating_sub(offset)));
        let (start, end) = self.bounds(index)?;
        let packed_len = end.saturating_sub(start);
        if packed_len == 0 {
            return Ok(vec![0; len]);
        }
        // Deflate grows what it cannot pack by less than this.
        let most = self.block_size().saturating_mul(2).saturating_add(1024);
        if packed_len > most {
            return Err(self.wrong("block length", packed_len, "at most twice that of an unpacked block"));
        }
        let mut packed = vec![0; as_usize(packed_len)];
        read_stored(&self.volume, &self.stored, start, &mut packed)?;
        let mut unpacked = Vec::with_capacity(len);
        let status = Decompress::new(true).decompress_vec(&packed, &mut unpacked, FlushDecompress::Finish);
        match status {
            Ok(Status::StreamEnd | Status::BufError | Status::Ok) if unpacked.len() == len => Ok(unpacked),
            Ok(_) => Err(self.wrong("unpacked length", unpacked.len(), "that of the block")),
            Err(error) => Err(self.wrong("packed block", error, "a zlib stream")),
        }
    }
}
