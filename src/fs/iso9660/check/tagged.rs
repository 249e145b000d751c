//! Checksums that SUSE's `tagmedia` puts into an image, in the application use field of its primary volume descriptor: text, `key=value`
//! in parts with `;` between them.
//!
//! One is of the whole volume, another can be of a partition. What is written later counts as if it had not been: the boot code with the
//! partition table, the field itself, a signature, and padding at the end.

use super::{
    super::raw::SECTOR,
    application_use::{ApplicationUse, Fragments, Tags},
};
use crate::{
    bytes::as_u64,
    fs::check::{Examination, Expected, Finding, Flaw, Mark, Mask, RangeSum},
    text::from_hex,
    tree::{Algorithm, Extent},
    volume::Volume,
};

/// Its name in the output.
const NAME: &str = "tagmedia";

/// Bytes of the blocks in which places are given.
const BLOCK: u64 = 512;

/// Bytes of a block with a signature, and those in front of it there, which say so.
const SIGNATURE: u64 = 2048;
const SIGNATURE_MARK: u64 = 64;

/// Adds the checksums of a session, if there are any.
pub(super) fn find(volume: &Volume, application_use: &ApplicationUse, found: &mut Examination) {
    let ApplicationUse { extent: field, bytes, size } = application_use;
    let tags = Tags::of(bytes);
    let Some((algorithm, value)) = tags.checksum() else { return };
    let start = volume.start();
    let digest = from_hex(value).filter(|digest| Algorithm::of_length(digest.len()) == Some(algorithm));
    found.region(field.at, field.len, "the checksums of tagmedia", false);
    let Some(digest) = digest.filter(|_| *size > 0) else {
        let text = "the checksum of tagmedia cannot be read";
        found.add(Finding::new(Flaw::Unverified, text).at(field.at, field.len));
        return;
    };
    let zeros = |at, len| Mask { extent: Extent { at, len }, byte: 0, is_checksum: false };
    let mut masks = vec![zeros(start, BLOCK), application_use.mask()];
    if let Some(block) = tags.number(b"signature").filter(|block| *block > 0) {
        let at = start.saturating_add(block.saturating_mul(BLOCK)).saturating_add(SIGNATURE_MARK);
        let len = SIGNATURE.saturating_sub(SIGNATURE_MARK);
        found.region(at, len, "the signature of the checksums", false);
        masks.push(zeros(at, len));
    }
    masks.sort_unstable_by_key(|mask| mask.extent);
    let partition = tags.partition().filter(|(.., sum)| sum.len() == digest.len());
    let partition = partition.map(|(first, blocks, digest)| RangeSum {
        name: NAME,
        algorithm,
        start: start.saturating_add(first.saturating_mul(BLOCK)),
        masks: masks.clone(),
        marks: vec![Mark {
            end: start.saturating_add(first.saturating_add(blocks).saturating_mul(BLOCK)),
            expected: Expected::Digest(digest.into()),
            at: field.at,
            what: "a partition",
        }],
        is_supported: None,
    });
    let padding = tags.number(b"pad").unwrap_or(0).saturating_mul(SECTOR).min(*size);
    let counted = size.saturating_sub(padding);
    masks.push(zeros(start.saturating_add(counted), padding));
    masks.sort_unstable_by_key(|mask| mask.extent);
    let fragments = Fragments {
        count: tags.number(b"fragment count").unwrap_or(0),
        digits: tags.value(b"fragment sums").unwrap_or_default(),
        digest: as_u64(digest.len()),
    };
    let mut marks = fragments.marks(counted, field.at);
    marks.push(Mark {
        end: *size,
        expected: Expected::Digest(digest.into()),
        at: field.at,
        what: "the volume",
    });
    marks.iter_mut().for_each(|mark| mark.end = mark.end.saturating_add(start));
    found.sums.push(RangeSum { name: NAME, algorithm, start, masks, marks, is_supported: None });
    found.sums.extend(partition);
}

impl<'a> Tags<'a> {
    /// How the checksum is made, and its digits.
    fn checksum(&self) -> Option<(Algorithm, &'a [u8])> {
        self.0.iter().find_map(|(key, value)| {
            let word = std::str::from_utf8(key.strip_suffix(b"sum")?).ok()?;
            Some((Algorithm::named(word)?, *value))
        })
    }

    /// The first block of a partition, how many there are, and their checksum.
    fn partition(&self) -> Option<(u64, u64, Vec<u8>)> {
        let mut parts = self.value(b"partition")?.split(|byte| *byte == b',');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.trim().parse::<u64>().ok();
        let (first, blocks) = (number()?, number()?);
        Some((first, blocks, from_hex(parts.next()?.trim_ascii())?)).filter(|(_, blocks, _)| *blocks > 0)
    }
}
