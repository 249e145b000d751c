//! Names and texts as discs store them, and as a terminal may see them.

use std::{fmt::Write as _, os::unix::ffi::OsStrExt, path::Path};

/// UTF-16 with the high byte first, as UTF-8. Lone surrogates become U+FFFD; the text ends at a NUL, and an odd
/// last byte is dropped.
pub fn utf16_be(bytes: &[u8]) -> String {
    utf16(bytes, u16::from_be_bytes)
}

/// As [`utf16_be`], with the low byte first.
pub fn utf16_le(bytes: &[u8]) -> String {
    utf16(bytes, u16::from_le_bytes)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let pairs = bytes.chunks_exact(2).map_while(|pair| <[u8; 2]>::try_from(pair).ok());
    let units = pairs.map(unit).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A field of a descriptor without the spaces and NULs that fill it up, ECMA-119 7.4.3.2.
pub fn trimmed(field: &[u8]) -> &[u8] {
    let end = field.iter().rposition(|b| !matches!(b, b' ' | 0)).map_or(0, |last| last.saturating_add(1));
    field.get(..end).unwrap_or_default()
}

/// A name apart from the file version number, which is digits behind the last `;`, ECMA-119 7.5.1.
pub fn split_version(name: &[u8]) -> (&[u8], Option<u16>) {
    let Some(at) = name.iter().rposition(|b| *b == b';') else { return (name, None) };
    let (text, version) = name.split_at_checked(at).unwrap_or((name, b""));
    let digits = version.get(1..).unwrap_or_default();
    let number = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    match number.and_then(|digits| digits.parse().ok()) {
        Some(number) if !text.is_empty() => (text, Some(number)),
        _ => (name, None),
    }
}

/// Bytes as hexadecimal digits, in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal digits in any case; `None` for anything else.
pub fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}

/// Whether a character does not show itself: controls, and marks that turn the direction of text or are invisible.
pub fn is_disguise(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A name or a text of an image, safe to show: control characters and bytes that are not UTF-8 are
/// written as `\xHH` (or `\u{...}`), the backslash itself doubled.
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                c if c.is_ascii_control() => {
                    let _ = write!(out, "\\x{:02x}", u32::from(c));
                }
                c if is_disguise(c) => {
                    let _ = write!(out, "{}", c.escape_unicode());
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out
}

/// A path of the system, safe to show ([`escape`]).
pub fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_bytes())
}

/// What another program says in several lines, in one.
pub fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_pairs_and_in_any_case() {
        assert_eq!(from_hex(b"00fF"), Some(vec![0, 255]));
        assert_eq!(hex(&[0, 255]), "00ff");
        assert_eq!([&b"00fFa"[..], b"0g", b"0 "].map(from_hex), [None, None, None]);
    }

    #[test]
    fn utf16_keeps_pairs_and_replaces_halves() {
        assert_eq!(utf16_be(b"\0a\xd8\x3d\xde\x00"), "a\u{1f600}");
        assert_eq!(utf16_be(b"\xd8\x3d\0b"), "\u{fffd}b");
        assert_eq!(utf16_be(b"\0a\0"), "a");
        assert_eq!(utf16_be(b"\0a\0\0\0b"), "a");
        assert_eq!(utf16_le(b"a\0\x3d\xd8\0\xde\0\0b\0"), "a\u{1f600}");
    }

    #[test]
    fn escape_leaves_nothing_that_moves_a_cursor() {
        assert_eq!(escape(b"a\x1b[31m\\\n"), "a\\x1b[31m\\\\\\x0a");
        assert_eq!(escape("ü\u{202e}x".as_bytes()), "ü\\u{202e}x");
        assert_eq!(escape(b"\xff"), "\\xff");
    }

    #[test]
    fn lines_become_one() {
        assert_eq!(one_line("  a\n\n b \r\n"), "a; b");
        assert_eq!(one_line("\n"), "");
    }

    #[test]
    fn a_version_is_digits_behind_the_last_semicolon() {
        assert_eq!(split_version(b"A;B.TXT;12"), (&b"A;B.TXT"[..], Some(12)));
        for name in [&b"A"[..], b"A;", b"A;B", b"A;+1", b"A;99999", b";1", b""] {
            assert_eq!(split_version(name), (name, None));
        }
    }

    #[test]
    fn trimmed_drops_the_filling_only() {
        assert_eq!(trimmed(b"A B  \0 "), b"A B");
        assert_eq!(trimmed(b"   "), b"");
    }
}
