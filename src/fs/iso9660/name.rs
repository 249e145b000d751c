//! File identifiers as names: ECMA-119 7.5, Joliet, and the extension of Acorn's RISC OS.

use crate::{charset::Charset, text};

/// How an identifier of a plain ISO 9660 tree is shown (`map=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameMap {
    /// As recorded, with version.
    Off,
    /// In lower case, without version and without the period in front of it, `;` and `/` as `.`.
    #[default]
    Normal,
    /// As `Normal`, with the file type that RISC OS keeps outside of the name.
    Acorn,
}

/// What the identifiers of a tree are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// d-characters with version, or whatever the writer put there.
    Iso9660(NameMap),
    /// UCS-2 (or UTF-16), high byte first.
    Joliet,
    /// ISO 9660:1999: free text, shown as recorded.
    Enhanced,
}

/// A name, and the version that was behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: Vec<u8>,
    /// The file version number, ECMA-119 7.5.1; `None` where none is recorded or the name is shown as recorded.
    pub(super) version: Option<u16>,
}

impl Naming {
    /// The name of a record with this identifier and system use field. With `charset` an identifier that is not Unicode is
    /// decoded first, because a byte of it that is a letter of ASCII may be half of another character.
    pub(super) fn name(
        self,
        identifier: &[u8],
        charset: Option<Charset>,
        system_use: &[u8],
        is_directory: bool,
    ) -> Name {
        let decoded = charset.filter(|_| self != Self::Joliet).map(|charset| match self {
            Self::Iso9660(NameMap::Normal | NameMap::Acorn) => lower(&charset.decode(identifier)),
            _ => charset.decode(identifier),
        });
        let identifier = decoded.as_deref().map_or(identifier, str::as_bytes);
        match self {
            Self::Iso9660(NameMap::Off) => Name { text: identifier.to_vec(), version: None },
            Self::Iso9660(NameMap::Normal) => normal(identifier),
            Self::Iso9660(NameMap::Acorn) => acorn(normal(identifier), system_use, is_directory),
            Self::Joliet => joliet(identifier),
            Self::Enhanced => Name { text: identifier.to_vec(), version: None },
        }
    }
}

/// Lower case letter by letter: one that has none of a single letter stays as it is.
fn lower(text: &str) -> String {
    let of = |c: char| {
        let mut letters = c.to_lowercase();
        letters.next().filter(|_| letters.next().is_none()).unwrap_or(c)
    };
    text.chars().map(of).collect()
}

fn normal(identifier: &[u8]) -> Name {
    let identifier = identifier.split(|b| *b == 0).next().unwrap_or_default();
    let (text, version) = text::split_version(identifier);
    // The period belongs to the name only as long as there is an extension behind it.
    let text = if version.is_some() { text.strip_suffix(b".").unwrap_or(text) } else { text };
    let shown = text.iter().map(|b| match b {
        b';' | b'/' => b'.',
        b => b.to_ascii_lowercase(),
    });
    Name { text: shown.collect(), version }
}

/// RISC OS keeps a file type and attributes in 32 bytes behind the identifier, which begin with `ARCHIMEDES`.
fn acorn(mut name: Name, system_use: &[u8], is_directory: bool) -> Name {
    let Some(field) = system_use.first_chunk::<32>() else { return name };
    if system_use.len() != field.len() || !field.starts_with(b"ARCHIMEDES") {
        return name;
    }
    let [_, _, _, _, _, _, _, _, _, _, _, type_low, type_high, all_ones, _, _, _, _, _, attributes, ..] =
        field;
    if attributes & 1 != 0
        && let Some(first @ b'_') = name.text.first_mut()
    {
        *first = b'!';
    }
    if !is_directory && *all_ones == 0xff && type_high & 0xf0 == 0xf0 {
        name.text.extend_from_slice(format!(",{:x}{type_low:02x}", type_high & 0x0f).as_bytes());
    }
    name
}

/// Joliet: the version goes, and the periods at the end, which Windows does not like either.
fn joliet(identifier: &[u8]) -> Name {
    let text = text::utf16_be(identifier);
    let (name, version) = text::split_version(text.as_bytes());
    let mut name = name.to_vec();
    while name.len() >= 2 && name.last() == Some(&b'.') {
        name.pop();
    }
    Name { text: name, version }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(naming: Naming, identifier: &[u8]) -> (String, Option<u16>) {
        let name = naming.name(identifier, None, b"", false);
        (String::from_utf8(name.text).unwrap(), name.version)
    }

    #[test]
    fn normal_names() {
        let normal = Naming::Iso9660(NameMap::Normal);
        assert_eq!(shown(normal, b"README.TXT;1"), ("readme.txt".into(), Some(1)));
        assert_eq!(shown(normal, b"README.;1"), ("readme".into(), Some(1)));
        assert_eq!(shown(normal, b"README."), ("readme.".into(), None));
        assert_eq!(shown(normal, b"A.B;12"), ("a.b".into(), Some(12)));
        assert_eq!(shown(normal, b"A;B/C"), ("a.b.c".into(), None));
        assert_eq!(shown(normal, b";1"), (".1".into(), None));
        assert_eq!(shown(normal, b"DIR"), ("dir".into(), None));
        assert_eq!(shown(normal, b"AB\0CD"), ("ab".into(), None));
        assert_eq!(shown(normal, b"A;99999"), ("a.99999".into(), None));
    }

    #[test]
    fn names_as_recorded() {
        assert_eq!(shown(Naming::Iso9660(NameMap::Off), b"README.;1"), ("README.;1".into(), None));
        assert_eq!(shown(Naming::Enhanced, b"Read me.Txt"), ("Read me.Txt".into(), None));
        assert_eq!(
            shown(Naming::Enhanced, b"Read.Txt;2"),
            ("Read.Txt;2".into(), None),
            "there are no versions"
        );
    }

    #[test]
    fn names_are_decoded_before_anything_else() {
        let shown = |naming: Naming, charset: &str, identifier: &[u8]| {
            let name = naming.name(identifier, Charset::named(charset), b"", false);
            (String::from_utf8(name.text).unwrap(), name.version)
        };
        let normal = Naming::Iso9660(NameMap::Normal);
        // Second bytes that are `A` and `\` in ASCII.
        assert_eq!(shown(normal, "shift_jis", b"\x83\x41\x83\x5c.TXT;1"), ("アソ.txt".into(), Some(1)));
        assert_eq!(shown(normal, "cp866", b"\x94\x80\x89\x8b.TXT;2"), ("файл.txt".into(), Some(2)));
        assert_eq!(shown(normal, "cp857", b"\x98.;1"), ("İ".into(), Some(1)), "two letters in lower case");
        let off = Naming::Iso9660(NameMap::Off);
        assert_eq!(shown(off, "cp866", b"\x94\x80.TXT;2"), ("ФА.TXT;2".into(), None));
        assert_eq!(shown(Naming::Enhanced, "cp866", b"\x94a;2"), ("Фa;2".into(), None));
        assert_eq!(shown(Naming::Joliet, "cp866", b"\x04\x10"), ("А".into(), None), "Unicode it is already");
    }

    #[test]
    fn joliet_names() {
        let utf16 = |s: &str| s.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        assert_eq!(shown(Naming::Joliet, &utf16("Größe.txt;1")), ("Größe.txt".into(), Some(1)));
        assert_eq!(shown(Naming::Joliet, &utf16("etc...;1")), ("etc".into(), Some(1)));
        assert_eq!(shown(Naming::Joliet, &utf16("...")), (".".into(), None));
        assert_eq!(shown(Naming::Joliet, &utf16("a;b")), ("a;b".into(), None));
    }

    #[test]
    fn acorn_names() {
        let mut field = *b"ARCHIMEDES\0\xfb\xff\xff\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0";
        let acorn = Naming::Iso9660(NameMap::Acorn);
        assert_eq!(acorn.name(b"_BOOT.;1", None, &field, false).text, b"!boot,ffb");
        assert_eq!(acorn.name(b"_BOOT", None, &field, true).text, b"!boot");
        field[19] = 0;
        assert_eq!(acorn.name(b"_BOOT.;1", None, &field, false).text, b"_boot,ffb");
        assert_eq!(acorn.name(b"_BOOT.;1", None, b"ARCHIMEDES", false).text, b"_boot");
    }
}
