//! Descriptors with a tag, ECMA-167 3/7.2: read as a block, and verified.

use crc::{CRC_16_XMODEM, Crc, Table};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::raw::{Tag, tag};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    volume::Volume,
};

/// The CRC of ECMA-167 3/7.2.6.
static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_XMODEM);

/// Bytes of a tag.
const TAG: usize = size_of::<Tag>();

/// Bytes that a file entry with a few allocation descriptors takes.
const START: usize = 512;

/// Descriptors of a volume that have [`START`] bytes, ECMA-167 3/10.
const SHORT: [u16; 5] =
    [tag::PRIMARY_VOLUME, tag::ANCHOR, tag::VOLUME_POINTER, tag::PARTITION, tag::TERMINATING];

/// Versions of tags: that of ECMA-167's second edition (NSR02) and its third (NSR03).
const VERSIONS: std::ops::RangeInclusive<u16> = 2..=3;

/// One block, which begins with a tag that was found to be right.
#[derive(Debug)]
pub(super) struct Descriptor {
    bytes: Vec<u8>,
    /// Byte offset in the volume.
    pub(super) at: u64,
    /// The kind of the descriptor, [`super::raw::tag`].
    pub(super) identifier: u16,
}

impl Descriptor {
    /// Reads the block at byte `at`, whose tag must say that it lies at block `location` (of its volume or partition).
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the block is not in the image, or checksum, version, location or CRC is wrong.
    pub(super) fn read(volume: &Volume, at: u64, block_size: u64, location: u32) -> Result<Self> {
        let mut bytes = vec![0; as_usize(block_size)];
        volume.read(&mut bytes, at)?;
        let identifier = verify(&bytes, at, location)?;
        Ok(Self { bytes, at, identifier })
    }

    /// As [`read`](Self::read), past the sector cache, and of a descriptor that is never longer no more than the first
    /// [`START`] bytes: for what is read once, to open a volume.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn read_once(volume: &Volume, at: u64, block_size: u64, location: u32) -> Result<Self> {
        let mut bytes = vec![0; START.min(as_usize(block_size))];
        volume.peek(&mut bytes, at)?;
        let is_short = Tag::ref_from_prefix(&bytes).is_ok_and(|(tag, body)| {
            SHORT.contains(&tag.identifier.get()) && usize::from(tag.crc_length.get()) <= body.len()
        });
        if !is_short && block_size > as_u64(START) {
            bytes.resize(as_usize(block_size), 0);
            volume.peek(&mut bytes, at)?;
        }
        let identifier = verify(&bytes, at, location)?;
        Ok(Self { bytes, at, identifier })
    }

    /// As [`read`](Self::read), but of a block whose first [`START`] bytes hold all of a descriptor, as `is_all` says of
    /// them, only these are read: file entries take a block each and leave most of it empty.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn read_start(
        volume: &Volume,
        at: u64,
        block_size: u64,
        location: u32,
        is_all: impl Fn(&[u8]) -> bool,
    ) -> Result<Self> {
        let mut bytes = vec![0; START.min(as_usize(block_size))];
        if volume.contains(at, block_size) && volume.read_data(&mut bytes, at).is_ok() {
            let is_covered = |(tag, body): (&Tag, &[u8])| usize::from(tag.crc_length.get()) <= body.len();
            if is_all(&bytes)
                && Tag::ref_from_prefix(&bytes).is_ok_and(is_covered)
                && let Ok(identifier) = verify(&bytes, at, location)
            {
                return Ok(Self { bytes, at, identifier });
            }
        }
        Self::read(volume, at, block_size, location)
    }

    /// The block as a structure that begins at its first byte.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the structure is longer than the block.
    pub(super) fn as_ref<T: FromBytes + KnownLayout + Immutable + Unaligned>(
        &self,
        structure: &'static str,
    ) -> Result<&T> {
        self.at_offset(0, structure)
    }

    /// The structure that begins `offset` bytes into the block.
    ///
    /// # Errors
    /// As [`as_ref`](Self::as_ref).
    pub(super) fn at_offset<T: FromBytes + KnownLayout + Immutable + Unaligned>(
        &self,
        offset: usize,
        structure: &'static str,
    ) -> Result<&T> {
        let found = T::ref_from_prefix(self.bytes.get(offset..).unwrap_or_default());
        found.map(|(structure, _)| structure).map_err(|_| {
            Corrupt::new(structure, self.at, "length", size_of::<T>(), "longer than the block").into()
        })
    }

    /// All bytes of the block.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// This descriptor, if it is of that kind.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is another.
    pub(super) fn expect(self, identifier: u16, structure: &'static str) -> Result<Self> {
        if self.identifier == identifier {
            return Ok(self);
        }
        let allowed = format!("must be {identifier}");
        Err(Corrupt::new(structure, self.at, "tag identifier", self.identifier, allowed).into())
    }
}

/// Whether a block that begins with these 16 bytes can be a descriptor of that kind at that place.
pub(super) fn is_tag(head: &[u8; TAG], identifier: u16, location: u32) -> bool {
    let Ok(tag) = Tag::ref_from_bytes(head) else { return false };
    tag.identifier.get() == identifier && tag.location.get() == location && tag.checksum == checksum(head)
}

/// The identifier of the tag at the start of `block`, when the tag is right.
fn verify(block: &[u8], at: u64, location: u32) -> Result<u16> {
    let wrong = |field, found: &dyn std::fmt::Display, allowed: String| -> Error {
        Corrupt::new("descriptor tag", at, field, found, allowed).into()
    };
    let Ok((tag, body)) = Tag::ref_from_prefix(block) else {
        return Err(wrong("length", &block.len(), "shorter than a tag".to_owned()));
    };
    let sum = checksum(block);
    if tag.checksum != sum {
        return Err(wrong("checksum", &tag.checksum, format!("must be {sum}")));
    }
    if !VERSIONS.contains(&tag.version.get()) {
        return Err(wrong("version", &tag.version.get(), "must be 2 or 3".to_owned()));
    }
    if tag.location.get() != location {
        return Err(wrong("location", &tag.location.get(), format!("must be {location}")));
    }
    // A CRC over more than the block, as some large descriptors have, cannot be verified here.
    if let Some(covered) = body.get(..tag.crc_length.get().into()) {
        let crc = CRC.checksum(covered);
        if tag.crc.get() != crc {
            return Err(wrong("CRC", &tag.crc.get(), format!("must be {crc}")));
        }
    }
    Ok(tag.identifier.get())
}

/// The sum of the bytes of a tag without the checksum itself, ECMA-167 3/7.2.3.
pub(super) fn checksum(tag: &[u8]) -> u8 {
    let counted = tag.iter().take(TAG).enumerate().filter(|(i, _)| *i != 4);
    counted.fold(0, |sum: u8, (_, byte)| sum.wrapping_add(*byte))
}

/// The CRC of some bytes.
pub(super) fn crc(bytes: &[u8]) -> u16 {
    CRC.checksum(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with a right tag: identifier 9, version 3, location 77, CRC over four bytes.
    fn block() -> Vec<u8> {
        let mut block = vec![0; 512];
        block[..16].copy_from_slice(&[9, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 77, 0, 0, 0]);
        block[16..20].copy_from_slice(b"1234");
        let crc = crc(b"1234").to_le_bytes();
        block[8..10].copy_from_slice(&crc);
        block[4] = checksum(&block);
        block
    }

    fn wrong(change: impl FnOnce(&mut [u8]), reseal: bool) -> String {
        let mut block = block();
        change(&mut block);
        if reseal {
            block[4] = checksum(&block);
        }
        verify(&block, 4096, 77).unwrap_err().to_string()
    }

    #[test]
    fn a_tag_is_verified_in_every_part() {
        assert_eq!(crc(b"123456789"), 0x31c3, "the check value of this CRC");
        assert_eq!(verify(&block(), 4096, 77).unwrap(), 9);
        assert!(wrong(|b| b[4] ^= 1, false).contains("checksum is"));
        assert!(wrong(|b| b[2] = 4, true).contains("version is 4, must be 2 or 3"));
        assert!(wrong(|b| b[12] = 78, true).contains("location is 78, must be 77"));
        assert!(wrong(|b| b[17] ^= 1, false).contains("CRC is"));
        let mut longer = block();
        longer[10..12].copy_from_slice(&60000u16.to_le_bytes());
        longer[4] = checksum(&longer);
        assert!(verify(&longer, 4096, 77).is_ok(), "a CRC that covers more than the block");
        assert!(verify(&[0; 512], 0, 0).is_err(), "zeros are no descriptor");
    }
}
