//! The application use field of the primary volume descriptor (ECMA-119 8.4.32), in which programs that make images of installers keep
//! checksums.

use super::super::{
    descriptor::DescriptorSet,
    raw::{SECTOR, SYSTEM_AREA_SECTORS},
};
use crate::{
    bytes::as_usize,
    fs::check::{Expected, Mark, Mask},
    tree::Extent,
    volume::Volume,
};

/// Where the field lies in the descriptor, and its bytes.
const FIELD_AT: u64 = 883;
const FIELD: u64 = 512;

/// Where the size of the volume lies in the descriptor with its highest byte first, which the programs go by.
const SIZE_AT: u64 = 84;

/// Digits of all sums on the way together, and so how many there can be.
const FRAGMENT_DIGITS: u64 = 60;

/// Bytes that the programs read at once: a sum on the way is made behind the read with which its fragment ends.
const STEP: u64 = 32 * 1024;

/// The field, and what it counts.
pub(super) struct ApplicationUse {
    pub(super) extent: Extent,
    pub(super) bytes: Vec<u8>,
    /// Bytes of the volume.
    pub(super) size: u64,
}

impl ApplicationUse {
    /// The field of a session; `None` where it cannot be read.
    pub(super) fn read(volume: &Volume, set: &DescriptorSet) -> Option<Self> {
        let at = set.start.saturating_add(SYSTEM_AREA_SECTORS).saturating_mul(SECTOR);
        let (mut bytes, mut size) = (vec![0; as_usize(FIELD)], [0; 4]);
        let extent = Extent { at: at.saturating_add(FIELD_AT), len: FIELD };
        volume.peek(&mut bytes, extent.at).ok()?;
        volume.peek(&mut size, at.saturating_add(SIZE_AT)).ok()?;
        Some(Self { extent, bytes, size: u64::from(u32::from_be_bytes(size)).saturating_mul(SECTOR) })
    }

    /// Checksums are made as if the field were empty.
    pub(super) fn mask(&self) -> Mask {
        Mask { extent: self.extent, byte: b' ', is_checksum: true }
    }
}

/// What the field says, `key=value` in parts with `;` between them; keys in lower case.
pub(super) struct Tags<'a>(pub(super) Vec<(Vec<u8>, &'a [u8])>);

impl<'a> Tags<'a> {
    pub(super) fn of(field: &'a [u8]) -> Self {
        let tag = |part: &'a [u8]| {
            let at = part.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (part.get(..at)?, part.get(at.saturating_add(1)..)?);
            Some((key.trim_ascii().to_ascii_lowercase(), value.trim_ascii()))
        };
        Self(field.split(|byte| *byte == b';').filter_map(tag).collect())
    }

    pub(super) fn value(&self, key: &[u8]) -> Option<&'a [u8]> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| *value)
    }

    pub(super) fn number(&self, key: &[u8]) -> Option<u64> {
        std::str::from_utf8(self.value(key)?).ok()?.parse().ok()
    }
}

/// Sums on the way, by a few digits each, of all bytes up to where a fragment ends.
pub(super) struct Fragments<'a> {
    pub(super) count: u64,
    /// The digits of all of them.
    pub(super) digits: &'a [u8],
    /// Bytes of a whole checksum: of each of the first there is a digit.
    pub(super) digest: u64,
}

impl Fragments<'_> {
    /// Where they end among `total` bytes. Each fragment is as long as the whole by one more than there are; where one is shorter than a
    /// read, some have no sum, and the digits of the others follow each other.
    pub(super) fn marks(&self, total: u64, at: u64) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let count = self.count.min(FRAGMENT_DIGITS);
        let digits = FRAGMENT_DIGITS.checked_div(count).map_or(0, |digits| digits.min(self.digest));
        let len = total.checked_div(count.saturating_add(1)).unwrap_or(0);
        if digits == 0 || len == 0 {
            return marks;
        }
        let all = self.digits.get(..as_usize(FRAGMENT_DIGITS)).unwrap_or(self.digits);
        let mut sums = all.chunks_exact(as_usize(digits));
        for number in 1..=count {
            let Some(start) = number.saturating_mul(len).checked_next_multiple_of(STEP) else { break };
            let end = start.saturating_add(STEP).min(total);
            if start >= total {
                break;
            }
            if marks.last().is_some_and(|last| last.end == end) {
                continue;
            }
            let Some(sum) = sums.next() else { break };
            marks.push(Mark { end, expected: Expected::Digits(sum.into()), at, what: "a fragment" });
        }
        // What ends with the whole has its sum.
        marks.retain(|mark| mark.end < total);
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_end_behind_the_read_in_which_they_end() {
        let ends = |digits: &str, count, digest, total| -> Vec<u64> {
            let fragments = Fragments { count, digits: digits.as_bytes(), digest };
            fragments.marks(total, 0).iter().map(|mark| mark.end / STEP).collect()
        };
        let all = "0".repeat(60);
        // Three fragments and a rest of four steps each.
        assert_eq!(ends(&all, 3, 16, 16 * STEP), [5, 9, 13]);
        // Of a small image several fragments end in one read.
        assert_eq!(ends(&all, 20, 16, 4 * STEP), [2, 3]);
        assert_eq!(ends("000", 20, 16, 1 << 30).len(), 1, "as many as there are digits for");
        assert_eq!(ends(&all[..32], 2, 16, 1 << 30).len(), 2, "no more digits than a checksum has bytes");
        assert!(ends(&all, 0, 16, 1 << 30).is_empty());
    }
}
