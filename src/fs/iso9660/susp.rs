//! System use entries, SUSP (IEEE P1281), and the areas in which they are continued.

use std::cell::Cell;

use zerocopy::FromBytes;

use super::raw;
use crate::{
    bytes::as_usize,
    error::{Corrupt, Damage, Result},
    limits,
    volume::Volume,
};

/// Bytes of the XA system use information, which some writers put in front, "CD-ROM XA" II 2.7.
const XA_LENGTH: usize = size_of::<raw::ExtendedArchitecture>();

/// `AL`, the attributes of AAIP.
pub(super) const ATTRIBUTE_LIST: [u8; 2] = *b"AL";

/// One system use entry.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) signature: [u8; 2],
    pub(super) version: u8,
    /// What is behind the four bytes of the header.
    pub(super) data: &'a [u8],
}

/// Where entries are looked for, and continued.
pub(super) struct Areas<'a> {
    /// [`Volume::read`], or [`Volume::peek`] for the areas of one record alone.
    pub(super) read: fn(&Volume, &mut [u8], u64) -> Result<()>,
    pub(super) volume: &'a Volume,
    /// Bytes of a logical block.
    pub(super) block_size: u64,
    pub(super) damage: &'a Damage,
    /// Bytes of continuation areas that may still be read.
    pub(super) budget: &'a Cell<u64>,
    pub(super) reach: Reach,
}

/// How far the entries of one record are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// As far as Rock Ridge goes.
    RockRidge,
    /// As far as attributes (`AL`) go, which writers put behind Rock Ridge.
    Attributes,
}

impl Reach {
    /// Areas, bytes of one, bytes of all.
    fn limits(self) -> (usize, u64, u64) {
        match self {
            Self::RockRidge => {
                (limits::CONTINUATION_AREAS, limits::CONTINUATION_AREA, limits::CONTINUATION_AREAS_OF_RECORD)
            }
            Self::Attributes => (
                limits::ATTRIBUTE_AREAS,
                limits::ATTRIBUTE_AREAS_OF_RECORD,
                limits::ATTRIBUTE_AREAS_OF_RECORD,
            ),
        }
    }
}

/// The part of a record's system use field where entries begin: behind `skip` bytes (the `SP` entry says how many) and
/// behind XA information, whether or not it was counted.
pub(super) fn start(system_use: &[u8], skip: u8) -> &[u8] {
    let field = system_use.get(usize::from(skip)..).unwrap_or_default();
    if xa(field).is_some() { field.get(XA_LENGTH..).unwrap_or_default() } else { field }
}

/// The XA information at the start of a system use field: `XA` at its place, zeros behind it, and no system use entry that only
/// looks so because of a name in it.
pub(super) fn xa(field: &[u8]) -> Option<&raw::ExtendedArchitecture> {
    // Of every record that is listed this is asked several times.
    let [a, _, length, version, _, _, b'X', b'A', ..] = field else { return None };
    let (xa, _) = raw::ExtendedArchitecture::ref_from_prefix(field).ok()?;
    let is_entry = a.is_ascii_uppercase() && *length >= 4 && *version == 1;
    (xa.reserved.iter().all(|b| *b == 0) && !is_entry).then_some(xa)
}

/// Shows `visit` each entry of a field that is not continued.
pub(super) fn visit(field: &[u8], mut visit: impl FnMut(Entry<'_>)) {
    let _ = scan(field, 0, &mut visit);
}

impl Areas<'_> {
    /// Shows `visit` each entry of `field` and of the areas in which it is continued, in order: each area once, as many areas and
    /// bytes as [`Reach`] and the budget allow. `at` is the place of the record, for the log.
    pub(super) fn visit(&self, field: &[u8], at: u64, mut visit: impl FnMut(Entry<'_>)) {
        let (areas, area_bytes, record_bytes) = self.reach.limits();
        // Who looks for Rock Ridge misses nothing where attributes go on, which others look for.
        let is_among_attributes = Cell::new(false);
        let is_complete = || self.reach == Reach::RockRidge && is_among_attributes.get();
        let mut visit = |entry: Entry<'_>| {
            is_among_attributes.set(entry.signature == ATTRIBUTE_LIST);
            visit(entry);
        };
        let mut continuation = scan(field, self.block_size, &mut visit);
        let mut seen = Vec::new();
        let mut area = Vec::new();
        let mut left = record_bytes.min(self.budget.get());
        while let Some(next) = continuation {
            let (place, len) = next;
            if seen.contains(&next) || seen.len() >= areas {
                if !is_complete() {
                    let allowed = format!("not an area that was read before, nor more than {areas} areas");
                    self.ignore(at, format!("byte {place}"), allowed);
                }
                return;
            }
            if !self.volume.contains(place, len) {
                self.ignore(at, format!("{len} bytes at byte {place}"), "inside the image".to_owned());
                return;
            }
            let taken = len.min(area_bytes).min(left);
            left = left.saturating_sub(taken);
            self.budget.set(self.budget.get().saturating_sub(taken));
            seen.push(next);
            area.resize(as_usize(taken), 0);
            if let Err(error) = (self.read)(self.volume, &mut area, place) {
                self.damage.report(&error);
                return;
            }
            continuation = scan(&area, self.block_size, &mut visit);
            if taken < len {
                if !is_complete() {
                    let allowed = format!(
                        "at most {area_bytes} bytes, {record_bytes} for one record, 16 for each byte of its directory"
                    );
                    self.ignore(at, format!("{len} bytes at byte {place}"), allowed);
                }
                return;
            }
        }
    }

    fn ignore(&self, at: u64, found: String, allowed: String) {
        self.damage.report(&Corrupt::new("directory record", at, "continuation area", found, allowed).into());
    }
}

/// Visits the entries of one area; returns place and length in bytes of the area in which it is continued.
pub(super) fn scan(
    mut area: &[u8],
    block_size: u64,
    visit: &mut impl FnMut(Entry<'_>),
) -> Option<(u64, u64)> {
    let mut continuation = None;
    while let Ok((header, rest)) = raw::SystemUseHeader::ref_from_prefix(area) {
        // A length that is none ends the area; one past its end is cut to it.
        let length = usize::from(header.length).checked_sub(size_of::<raw::SystemUseHeader>());
        let Some(length) = length else { break };
        let (data, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        match &header.signature {
            b"ST" => break,
            b"CE" => {
                if let Ok((ce, _)) = raw::ContinuationArea::ref_from_prefix(data) {
                    let block = u64::from(ce.block.get()).saturating_mul(block_size);
                    continuation =
                        Some((block.saturating_add(ce.offset.get().into()), ce.length.get().into()));
                }
            }
            _ => visit(Entry { signature: header.signature, version: header.version, data }),
        }
        area = behind;
    }
    continuation.filter(|(_, len)| *len > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(field: &[u8]) -> Vec<[u8; 2]> {
        let mut all = Vec::new();
        let _ = scan(field, 2048, &mut |entry| all.push(entry.signature));
        all
    }

    #[test]
    fn an_area_ends_at_st_at_length_0_and_at_its_end() {
        assert_eq!(signatures(b"AA\x04\x01BB\x05\x01xCC\x04\x01"), [*b"AA", *b"BB", *b"CC"]);
        assert_eq!(signatures(b"AA\x04\x01ST\x04\x01CC\x04\x01"), [*b"AA"]);
        assert_eq!(signatures(b"AA\x04\x01BB\x00\x01CC\x04\x01"), [*b"AA"]);
        assert_eq!(signatures(b"AA\x04\x01BB\xff\x01CC\x04\x01"), [*b"AA", *b"BB"], "cut to the area");
        assert_eq!(signatures(b"AA\x04"), [[0u8; 2]; 0]);
    }

    #[test]
    fn xa_information_is_skipped_and_names_that_look_like_it_are_not() {
        let xa = b"\0\0\0\0\x0d\x55XA\0\0\0\0\0\0PX\x04\x01";
        assert_eq!(start(xa, 0), b"PX\x04\x01");
        assert_eq!(start(xa, 14), b"PX\x04\x01");
        let name = b"NM\x0e\x01\0aXA\0\0\0\0\0\0PX\x04\x01";
        assert_eq!(start(name, 0), name);
        assert_eq!(start(b"ab", 14), b"");
    }
}
