//! The MD5 that programs of installers implant into an image, in the application use field of its primary volume descriptor
//! (ECMA-119 8.4.32): text, in parts that end with `;`.
//!
//! It is made of all bytes but the last sectors, with spaces in that field. On the way sums of what there is so far are recorded too,
//! by a few digits each, so that damage can be told where it is.

use super::super::{
    descriptor::DescriptorSet,
    raw::{SECTOR, SYSTEM_AREA_SECTORS},
};
use crate::{
    bytes::{as_u64, as_usize},
    fs::check::{Examination, Expected, Finding, Flaw, Mark, RangeSum},
    tree::{Algorithm, Extent},
    volume::Volume,
};

/// Its name in the output.
const NAME: &str = "implanted-md5";

/// Where the field lies in the descriptor, and its bytes.
const FIELD_AT: u64 = 883;
const FIELD: u64 = 512;

/// Where the size of the volume lies in the descriptor with its highest byte first, which the programs go by.
const SIZE_AT: u64 = 84;

/// Digits of all sums on the way together.
const FRAGMENT_DIGITS: usize = 60;

/// Sums on the way that there can be: one digit each.
const MOST_FRAGMENTS: u64 = 60;

/// Bytes that the programs read at once: a sum on the way is made behind the read with which its fragment ends.
const STEP: u64 = 32 * 1024;

/// What the field says.
struct Field {
    digest: Vec<u8>,
    skipped_sectors: u64,
    fragment_sums: Vec<u8>,
    fragments: u64,
    is_supported: Option<bool>,
}

/// Adds the implanted MD5 of a session, if there is one.
pub(super) fn find(volume: &Volume, set: &DescriptorSet, found: &mut Examination) {
    let at = set.start.saturating_add(SYSTEM_AREA_SECTORS).saturating_mul(SECTOR);
    let mut bytes = vec![0; as_usize(FIELD)];
    let mut size = [0; 4];
    let field_at = at.saturating_add(FIELD_AT);
    if volume.peek(&mut bytes, field_at).is_err()
        || volume.peek(&mut size, at.saturating_add(SIZE_AT)).is_err()
    {
        return;
    }
    let Some(field) = parse(&bytes) else {
        if bytes.starts_with(b"ISO MD5SUM") {
            let text = "the implanted MD5 cannot be read";
            found.add(Finding::new(Flaw::Unverified, text).at(field_at, FIELD));
        }
        return;
    };
    let size = u64::from(u32::from_be_bytes(size)).saturating_mul(SECTOR);
    let total = size.saturating_sub(field.skipped_sectors.saturating_mul(SECTOR));
    if total == 0 {
        return;
    }
    found.region(field_at, FIELD, "the implanted MD5", false);
    // The programs count from the start of the image file.
    let start = volume.start();
    let mut marks = fragment_marks(&field, total, field_at);
    let whole = Expected::Digest(field.digest.into());
    marks.push(Mark { end: total, expected: whole, at: field_at, what: "all but the last sectors" });
    marks.iter_mut().for_each(|mark| mark.end = mark.end.saturating_add(start));
    let blank = Some(Extent { at: field_at, len: FIELD });
    let is_supported = field.is_supported;
    found.sums.push(RangeSum { name: NAME, algorithm: Algorithm::Md5, start, blank, marks, is_supported });
}

/// The sums on the way. Each fragment is as long as the whole by one more than there are; where one is shorter than a read, some have
/// no sum, and the digits of the others follow each other.
fn fragment_marks(field: &Field, total: u64, at: u64) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let fragments = field.fragments.min(MOST_FRAGMENTS);
    let digits = as_u64(FRAGMENT_DIGITS).checked_div(fragments).map_or(0, as_usize);
    let len = total.checked_div(fragments.saturating_add(1)).unwrap_or(0);
    if digits == 0 || len == 0 {
        return marks;
    }
    let mut sums = field.fragment_sums.chunks_exact(digits);
    for number in 1..=fragments {
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

/// The field as text; `None` when the MD5 or the number of sectors is not there.
fn parse(field: &[u8]) -> Option<Field> {
    let value = |key: &[u8]| -> Option<&[u8]> {
        let at = field.windows(key.len()).position(|window| window == key)?;
        let from = field.get(at.saturating_add(key.len())..)?;
        let end = from.iter().position(|byte| *byte == b';')?;
        from.get(..end)
    };
    let number = |key: &[u8]| -> Option<u64> { std::str::from_utf8(value(key)?).ok()?.trim().parse().ok() };
    let digest = from_hex(value(b"ISO MD5SUM = ")?).filter(|digest| digest.len() == 16)?;
    let fragment_sums = value(b"FRAGMENT SUMS = ").unwrap_or_default();
    Some(Field {
        digest,
        skipped_sectors: number(b"SKIPSECTORS = ")?,
        fragment_sums: fragment_sums.get(..FRAGMENT_DIGITS).unwrap_or(fragment_sums).to_vec(),
        fragments: number(b"FRAGMENT COUNT = ").unwrap_or(0),
        is_supported: number(b"RHLISOSTATUS=").map(|status| status == 1),
    })
}

/// Bytes from hexadecimal digits; `None` for anything else.
pub(super) fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Option<Field> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(512, b' ');
        parse(&bytes)
    }

    #[test]
    fn the_field_is_read_in_any_order_and_refused_when_cut() {
        let sum = "0123456789abcdef0123456789abcdef";
        let text = format!(
            "ISO MD5SUM = {sum};SKIPSECTORS = 15;RHLISOSTATUS=1;FRAGMENT SUMS = abc123;FRAGMENT COUNT = 2;"
        );
        let read = field(&text).unwrap();
        assert_eq!((read.skipped_sectors, read.fragments, read.fragment_sums), (15, 2, b"abc123".to_vec()));
        assert_eq!((&read.digest[..2], read.is_supported), (&[0x01, 0x23][..], Some(true)));
        assert!(field(&format!("SKIPSECTORS = 0;ISO MD5SUM = {sum};")).is_some());
        assert!(field(&format!("ISO MD5SUM = {sum};")).is_none(), "no number of sectors");
        assert!(field("ISO MD5SUM = 0123;SKIPSECTORS = 15;").is_none());
        assert!(field("").is_none());
    }

    #[test]
    fn fragments_end_behind_the_read_in_which_they_end() {
        let read = |sums: &str, fragments| Field {
            digest: vec![],
            skipped_sectors: 0,
            fragment_sums: sums.as_bytes().to_vec(),
            fragments,
            is_supported: None,
        };
        let ends = |field: &Field, total| -> Vec<u64> {
            fragment_marks(field, total, 0).iter().map(|mark| mark.end / STEP).collect()
        };
        // Three fragments and a rest of four steps each.
        assert_eq!(ends(&read(&"0".repeat(60), 3), 16 * STEP), [5, 9, 13]);
        // Of a small image several fragments end in one read.
        assert_eq!(ends(&read(&"0".repeat(60), 20), 4 * STEP), [2, 3]);
        assert_eq!(ends(&read("000", 20), 1 << 30).len(), 1, "as many as there are digits for");
        assert!(ends(&read(&"0".repeat(60), 0), 1 << 30).is_empty());
    }
}
