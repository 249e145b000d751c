//! `AS` entries, "Rock Ridge Amiga Specific" 2.4: protection and comment of a file on the Amiga.

use zerocopy::FromBytes;

use super::raw::AmigaProtection;

/// What the `AS` entries of one record say.
#[derive(Debug, Default)]
pub(super) struct Amiga {
    protection: Option<String>,
    comment: Option<Vec<u8>>,
    is_continued: bool,
}

impl Amiga {
    /// Takes the bytes of an entry behind its header: flags, protection, and a part of the comment behind its length, which counts
    /// itself.
    pub(super) fn push(&mut self, entry: &[u8]) {
        const HAS_PROTECTION: u8 = 0x01;
        const HAS_COMMENT: u8 = 0x02;
        const CONTINUED: u8 = 0x04;
        let [flags, rest @ ..] = entry else { return };
        let mut rest = rest;
        if flags & HAS_PROTECTION != 0 {
            let Ok((protection, behind)) = AmigaProtection::ref_from_prefix(rest) else { return };
            self.protection.get_or_insert_with(|| text(*protection));
            rest = behind;
        }
        if flags & HAS_COMMENT != 0
            && (self.comment.is_none() || self.is_continued)
            && let [length, part @ ..] = rest
        {
            let part = part.get(..usize::from(length.saturating_sub(1))).unwrap_or(part);
            self.comment.get_or_insert_default().extend_from_slice(part);
            self.is_continued = flags & CONTINUED != 0;
        }
    }

    /// Names and values of the attributes that show it.
    pub(super) fn attributes(self) -> impl Iterator<Item = (&'static [u8], Vec<u8>)> {
        let protection = self.protection.map(|text| (&b"user.amiga.protection"[..], text.into_bytes()));
        let comment = self.comment.filter(|comment| !comment.is_empty());
        protection.into_iter().chain(comment.map(|comment| (&b"user.amiga.comment"[..], comment)))
    }
}

/// Protection as AmigaDOS lists it, `hsparwed`. With a multi-user system four letters each for group and others are behind it, and
/// at the end two hexadecimal digits, where anybody has set them.
fn text(amiga: AmigaProtection) -> String {
    // Of the owner the lower four bits say what may not be done.
    let mut text = letters("hsparwed", amiga.protection ^ 0x0f);
    if amiga.multiuser != 0 || amiga.user != 0 {
        for bits in [amiga.multiuser, amiga.multiuser >> 4] {
            text.push(' ');
            text.push_str(&letters("rwed", bits));
        }
    }
    if amiga.user != 0 {
        text.push_str(&format!(" {:02x}", amiga.user));
    }
    text
}

/// A letter for each bit that is set, the lowest last, and `-` for each that is not.
fn letters(letters: &str, bits: u8) -> String {
    let bit =
        |number: usize| u32::try_from(number).ok().and_then(|number| bits.checked_shr(number)).unwrap_or(0);
    let place = |at: usize| letters.len().saturating_sub(at).saturating_sub(1);
    letters
        .chars()
        .enumerate()
        .map(|(at, letter)| if bit(place(at)) & 1 == 1 { letter } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(entries: &[&[u8]]) -> Vec<(String, String)> {
        let mut amiga = Amiga::default();
        entries.iter().for_each(|entry| amiga.push(entry));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        amiga
            .attributes()
            .map(|(name, value)| (text(name.strip_prefix(b"user.amiga.").unwrap()), text(&value)))
            .collect()
    }

    fn protection(bytes: [u8; 4]) -> String {
        shown(&[&[&[1][..], &bytes].concat()])[0].1.clone()
    }

    #[test]
    fn protection_is_written_as_amiga_dos_does() {
        assert_eq!(protection([0, 0, 0, 0]), "----rwed");
        assert_eq!(protection([0, 0, 0, 0x0f]), "--------");
        assert_eq!(protection([0, 0, 0, 0b0101_0010]), "-s-arw-d");
        assert_eq!(protection([0, 0, 0x8a, 0x80]), "h---rwed r-e- r---");
        assert_eq!(protection([0xc1, 0, 0, 0]), "----rwed ---- ---- c1");
    }

    #[test]
    fn comments_are_put_together() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let all = shown(&[b"\x07\0\0\0\0\x05one ", b"\x06\x04two", b"\x02\x04!!!", b"\x02\x09 more"]);
        assert_eq!(
            all,
            [pair("protection", "----rwed"), pair("comment", "one two!!!")],
            "the last is behind the end"
        );
        assert_eq!(shown(&[b"\x02\xffcut"]), [pair("comment", "cut")]);
        for entry in [&b""[..], b"\0", b"\x01\0\0", b"\x02", b"\x02\0", b"\x02\x01", b"\x03\0\0\0"] {
            assert_eq!(shown(&[entry]), [], "{entry:?}");
        }
    }
}
