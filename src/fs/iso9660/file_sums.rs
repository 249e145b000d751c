//! The MD5 of each file that libisofs records: an array at the end of the session, whose place the root names (`isofs.ca`), and in it
//! the number of each file (`isofs.cx`). The last one of the array is the MD5 of all others.

use md5::{Digest, Md5};

use super::{Iso9660, raw::SECTOR};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    limits,
    tree::{Algorithm, Checksum, FileSystem, Kind, NodeId},
};

const STRUCTURE: &str = "array of checksums";

/// Its name in the output.
pub(super) const NAME: &str = "file-md5";

/// Bytes of one MD5.
pub(super) const DIGEST: u64 = 16;

/// Bytes of the array that are read at once.
const CHUNK: u64 = 64 * 1024;

/// The array of a session, which was found to be right.
#[derive(Debug, Clone)]
pub(super) struct FileSums {
    /// Byte offset.
    at: u64,
    /// How many there are, with the first, which is that of the session, and the last.
    count: u64,
}

impl Iso9660 {
    /// See [`FileSystem::checksum`]. What is summed are the bytes as they are stored.
    pub(super) fn checksum_of(&self, id: NodeId) -> Result<Option<Checksum>> {
        let sums = match self.file_sums.get_or_init(|| self.find_file_sums()) {
            Ok(Some(sums)) => sums,
            Ok(None) => return Ok(None),
            Err(error) => return Err(error.clone()),
        };
        let index = self.private_attribute(id, b"isofs.cx")?.and_then(|value| number(&value));
        let Some(index) = index.filter(|index| (1..sums.count.saturating_sub(1)).contains(index)) else {
            return Ok(None);
        };
        if self.node(id)?.attributes.kind != Kind::File {
            return Ok(None);
        }
        let mut digest = vec![0; as_usize(DIGEST)];
        self.volume.read(&mut digest, sums.at.saturating_add(index.saturating_mul(DIGEST)))?;
        let of = self.stored_of(id)?;
        Ok(Some(Checksum { algorithm: Algorithm::Md5, digest: digest.into(), of }))
    }

    /// The array that the root names, if its own checksum is right.
    fn find_file_sums(&self) -> Result<Option<FileSums>> {
        let Some(value) = self.private_attribute(self.root(), b"isofs.ca")? else { return Ok(None) };
        let Some((block, count)) = parse(&value) else { return Ok(None) };
        let at = block.saturating_mul(SECTOR);
        let len = count.saturating_mul(DIGEST);
        let wrong = |field, found: &dyn std::fmt::Display, allowed: String| -> Error {
            Corrupt::new(STRUCTURE, at, field, found, allowed).into()
        };
        if count < 2 || len > limits::FILE_SUMS {
            return Err(wrong("number", &count, format!("must be 2 to {}", limits::FILE_SUMS / DIGEST)));
        }
        if !self.volume.contains(at, len) {
            return Err(wrong("length", &len, format!("the image ends at byte {}", self.volume.len())));
        }
        let mut sum = Md5::new();
        let covered = len.saturating_sub(DIGEST);
        let mut done: u64 = 0;
        let mut buffer = vec![0; as_usize(CHUNK.min(covered))];
        while done < covered {
            let part = as_usize(CHUNK.min(covered.saturating_sub(done)));
            let part = buffer.get_mut(..part).unwrap_or_default();
            self.volume.read_past(part, at.saturating_add(done))?;
            sum.update(&*part);
            done = done.saturating_add(as_u64(part.len()));
        }
        let mut own = [0; 16];
        self.volume.read_past(&mut own, at.saturating_add(covered))?;
        if sum.finalize().as_slice() != own {
            return Err(wrong("MD5", &"another", "must be that of the array".to_owned()));
        }
        Ok(Some(FileSums { at, count }))
    }

    /// Where the array of checksums lies, if there is one.
    pub(super) fn file_sums_extent(&self) -> Option<(u64, u64)> {
        let value = self.private_attribute(self.root(), b"isofs.ca").ok()??;
        let (block, count) = parse(&value)?;
        Some((block.saturating_mul(SECTOR), count.saturating_mul(DIGEST)))
    }
}

/// First block and number of the checksums: each number has its length in bytes in front of it, and its highest byte first. `None`
/// where they are no MD5.
fn parse(value: &[u8]) -> Option<(u64, u64)> {
    let mut rest = value;
    let mut next = || {
        let (length, behind) = rest.split_first()?;
        let (bytes, behind) = behind.split_at_checked(usize::from(*length))?;
        rest = behind;
        number(bytes)
    };
    let (_start, end, count, size) = (next()?, next()?, next()?, next()?);
    // What it counts are the files and the first.
    (rest == b"MD5" && size == DIGEST).then_some((end, count))
}

/// A number with its highest byte first.
fn number(bytes: &[u8]) -> Option<u64> {
    let significant =
        bytes.iter().position(|byte| *byte != 0).map_or(&[][..], |at| bytes.get(at..).unwrap_or_default());
    (significant.len() <= 8)
        .then(|| significant.iter().fold(0u64, |number, byte| (number << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_array_is_read_in_numbers_of_any_length() {
        assert_eq!(parse(b"\x01\x20\x03\x0f\x42\x40\x02\x02\x08\x01\x10MD5"), Some((1_000_000, 520)));
        assert_eq!(
            parse(b"\x04\0\0\0\x20\x04\0\x0f\x42\x40\x04\0\0\x02\x08\x01\x10MD5"),
            Some((1_000_000, 520))
        );
        assert_eq!(parse(b"\x01\x20\x03\x0f\x42\x40\x02\x02\x08\x01\x14SHA"), None);
        assert_eq!(parse(b"\x01"), None);
    }
}
