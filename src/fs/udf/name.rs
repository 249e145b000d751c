//! Names: OSTA compressed Unicode (CS0), UDF 2.1.1 to 2.1.3.

/// What a name could not be read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnknownCompression(pub(super) u8);

/// A name in compressed Unicode as UTF-8: the first byte says how many bits a character has, 8 or 16. 254 and 255 say the
/// same of names of deleted files, UDF 2.1.1. Pairs of surrogates become one character, halves U+FFFD, an odd last byte
/// is dropped.
///
/// # Errors
/// The compression identifier when it is none of these.
pub(super) fn decode(bytes: &[u8]) -> Result<String, UnknownCompression> {
    match bytes.split_first() {
        None => Ok(String::new()),
        Some((8 | 254, characters)) => Ok(characters.iter().copied().map(char::from).collect()),
        Some((16 | 255, units)) => {
            let units =
                units.chunks_exact(2).filter_map(|unit| Some(u16::from_be_bytes(*unit.first_chunk()?)));
            Ok(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        Some((other, _)) => Err(UnknownCompression(*other)),
    }
}

/// A dstring, UDF 2.1.3: a field whose last byte is the number of bytes in use. Empty when that is nonsense.
pub(super) fn dstring(field: &[u8]) -> String {
    let used = field.split_last().and_then(|(len, rest)| rest.get(..usize::from(*len)));
    decode(used.unwrap_or_default()).unwrap_or_default().trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_are_read() {
        assert_eq!(decode(b"\x08caf\xe9").unwrap(), "café");
        assert_eq!(decode(b"\x10\0a\x20\xac\xd8\x3d\xde\x00").unwrap(), "a€\u{1f600}");
        assert_eq!(decode(b"\x10\xd8\x3d\0bx").unwrap(), "\u{fffd}b", "half a pair, half a character");
        assert_eq!(decode(b"\xfea").unwrap(), "a");
        assert_eq!(decode(b"\xff\0a").unwrap(), "a");
        assert_eq!(decode(b"").unwrap(), "");
        assert_eq!(decode(b"\x11ab"), Err(UnknownCompression(0x11)));
    }

    #[test]
    fn a_dstring_ends_where_it_says() {
        assert_eq!(dstring(b"\x08Disc\0\0\0\x05"), "Disc");
        assert_eq!(dstring(b"\x08Disc\0\0\0\xff"), "", "longer than its field");
        assert_eq!(dstring(b"\0\0\0\0"), "");
        assert_eq!(dstring(b""), "");
    }
}
