//! The MD5 that programs of installers implant into an image, in the application use field of its primary volume descriptor
//! (ECMA-119 8.4.32): text, in parts that end with `;`.
//!
//! It is made of all bytes but the last sectors, with spaces in that field. On the way sums of what there is so far are recorded too,
//! by a few digits each, so that damage can be told where it is.

use super::{
    super::raw::SECTOR,
    application_use::{ApplicationUse, Fragments, Tags},
};
use crate::{
    fs::check::{Examination, Expected, Finding, Flaw, Mark, RangeSum},
    text::from_hex,
    tree::Algorithm,
    volume::Volume,
};

/// Its name in the output.
const NAME: &str = "implanted-md5";

/// Bytes of an MD5.
const DIGEST: u64 = 16;

/// What the field says.
struct Field {
    digest: Vec<u8>,
    skipped_sectors: u64,
    fragment_sums: Vec<u8>,
    fragments: u64,
    is_supported: Option<bool>,
}

/// Adds the implanted MD5 of a session, if there is one.
pub(super) fn find(volume: &Volume, application_use: &ApplicationUse, found: &mut Examination) {
    let ApplicationUse { extent, bytes, size } = application_use;
    let Some(field) = parse(bytes) else {
        if bytes.starts_with(b"ISO MD5SUM") {
            let text = "the implanted MD5 cannot be read";
            found.add(Finding::new(Flaw::Unverified, text).at(extent.at, extent.len));
        }
        return;
    };
    let total = size.saturating_sub(field.skipped_sectors.saturating_mul(SECTOR));
    if total == 0 {
        return;
    }
    found.region(extent.at, extent.len, "the implanted MD5", false);
    // The programs count from the start of the image file.
    let start = volume.start();
    let fragments = Fragments { count: field.fragments, digits: &field.fragment_sums, digest: DIGEST };
    let mut marks = fragments.marks(total, extent.at);
    let whole = Expected::Digest(field.digest.into());
    marks.push(Mark { end: total, expected: whole, at: extent.at, what: "all but the last sectors" });
    marks.iter_mut().for_each(|mark| mark.end = mark.end.saturating_add(start));
    found.sums.push(RangeSum {
        name: NAME,
        algorithm: Algorithm::Md5,
        start,
        masks: vec![application_use.mask()],
        marks,
        is_supported: field.is_supported,
    });
}

/// What the field says; `None` when the MD5 or the number of sectors is not there. Each part has a `;` behind it.
fn parse(field: &[u8]) -> Option<Field> {
    let tags = Tags::of(field.get(..field.iter().rposition(|byte| *byte == b';')?)?);
    let digest = from_hex(tags.value(b"iso md5sum")?).filter(|digest| digest.len() == 16)?;
    Some(Field {
        digest,
        skipped_sectors: tags.number(b"skipsectors")?,
        fragment_sums: tags.value(b"fragment sums").unwrap_or_default().to_vec(),
        fragments: tags.number(b"fragment count").unwrap_or(0),
        is_supported: tags.number(b"rhlisostatus").map(|status| status == 1),
    })
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
}
