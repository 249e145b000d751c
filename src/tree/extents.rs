//! Where the bytes of a file lie, as text: the attribute `user.isomount.extents`.
//!
//! A line for each piece, in the order of the file. `OFFSET LENGTH` are bytes of the volume; `hole LENGTH` are zeros that are not
//! recorded, `inline LENGTH` bytes in the structure that describes the file, `packed LENGTH` bytes that have to be unpacked, and the
//! lines with `stored` in front behind it say where the packed ones lie, `lost LENGTH` bytes that a damaged structure leads to. The lines
//! that an attribute has no room for are left out; the last one is `more` then.

use std::fmt::Write as _;

use super::{Data, Place};
use crate::{bytes::as_usize, limits};

/// The name under which it is found. It is listed nowhere, so that nobody copies it who copies attributes.
pub const EXTENTS: &[u8] = b"user.isomount.extents";

/// What stands in front of the lines that say where packed bytes lie.
const STORED: &str = "stored ";

/// The last line, when there is no room for the others.
const MORE: &str = "more\n";

/// There is no room for a line.
struct Full;

/// The text for a file.
pub(super) fn text(data: &Data) -> String {
    let mut text = String::new();
    if push(&mut text, data).is_err() {
        text.push_str(MORE);
    }
    text
}

fn push(text: &mut String, data: &Data) -> Result<(), Full> {
    for (_, len, place) in data.segments() {
        line(text, "", place, len)?;
        if let Place::Packed(blocks) = place {
            for (_, len, place) in blocks.stored().into_iter().flat_map(Data::segments) {
                line(text, STORED, place, len)?;
            }
        }
    }
    Ok(())
}

/// Adds the lines of one place of `len` bytes, each behind `front`.
fn line(text: &mut String, front: &str, place: &Place, len: u64) -> Result<(), Full> {
    let mut add = |what: &dyn std::fmt::Display, len: u64| {
        let before = text.len();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{front}{what} {len}");
        let most = as_usize(limits::EXTENDED_ATTRIBUTE).saturating_sub(MORE.len());
        if text.len() > most {
            text.truncate(before);
            return Err(Full);
        }
        Ok(())
    };
    match place {
        Place::Run { at } => add(at, len),
        Place::Hole => add(&"hole", len),
        Place::Inline(_) => add(&"inline", len),
        Place::Packed(_) => add(&"packed", len),
        Place::Lost(_) => add(&"lost", len),
        Place::Interleaved { at, unit, gap } => {
            let (mut at, mut left) = (*at, len);
            while left > 0 {
                let here = left.min(*unit);
                add(&at, here)?;
                left = left.saturating_sub(here);
                at = at.saturating_add(*unit).saturating_add(*gap);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::{Error, Result};

    fn data(places: Vec<(Place, u64)>) -> Data {
        let mut data = Data::default();
        places.into_iter().for_each(|(place, len)| data.push(place, len));
        data
    }

    #[derive(Debug)]
    struct Blocks(Data);

    impl crate::tree::Packed for Blocks {
        fn block_size(&self) -> u64 {
            4096
        }
        fn weight(&self) -> usize {
            0
        }
        fn stored(&self) -> Option<&Data> {
            Some(&self.0)
        }
        fn unpack(&self, _index: u64) -> Result<Vec<u8>> {
            Err(Error::NotFound)
        }
    }

    #[test]
    fn every_piece_has_a_line() {
        let stored = data(vec![(Place::Run { at: 51_200 }, 700)]);
        let all = data(vec![
            (Place::Run { at: 2048 }, 4096),
            (Place::Hole, 10),
            (Place::Inline(Arc::from(&b"abc"[..])), 3),
            (Place::Packed(Arc::new(Blocks(stored))), u64::MAX / 2),
            (Place::Interleaved { at: 8192, unit: 2048, gap: 4096 }, 5000),
            (Place::Lost(Arc::new(Error::NotFound)), 7),
        ]);
        let expected = "2048 4096\nhole 10\ninline 3\npacked 9223372036854775807\nstored 51200 700\n\
                        8192 2048\n14336 2048\n20480 904\nlost 7\n";
        assert_eq!(text(&all), expected);
        assert_eq!(text(&Data::default()), "");
    }

    #[test]
    fn what_has_no_room_is_left_out_and_told() {
        let many = data((0..10_000).map(|i| (Place::Run { at: i * 4096 }, 2048)).collect());
        let long = text(&many);
        assert!(long.len() <= 65_536 && long.len() > 65_500, "{}", long.len());
        assert!(long.ends_with(" 2048\nmore\n"));
        let endless = data(vec![(Place::Interleaved { at: 0, unit: 1, gap: 1 }, u64::MAX)]);
        assert!(text(&endless).ends_with(" 1\nmore\n"));
    }
}
