//! Encodings of names that are recorded in something else than Unicode (`iocharset=`).

use encoding_rs::{Encoding, UTF_8};
use oem_cp::code_table::*;

/// An encoding in which the bytes of ASCII, where they are no part of another character, are ASCII.
#[derive(Debug, Clone, Copy)]
pub struct Charset(Table);

#[derive(Debug, Clone, Copy)]
enum Table {
    /// One of the Encoding Standard (WHATWG).
    Encoding(&'static Encoding),
    /// The upper half of a code page of DOS.
    Page(&'static [char; 128]),
    /// The same with bytes that are no character.
    PageWithGaps(&'static [Option<char>; 128]),
}

/// Names of the kernel and of image makers that are no labels of the Encoding Standard, with such a label. Code pages are
/// without what is in front of their number ([`PREFIXES`]).
const ALIASES: [(&str, &str); 14] = [
    ("874", "windows-874"),
    ("932", "shift_jis"),
    ("936", "gbk"),
    ("949", "euc-kr"),
    ("950", "big5"),
    ("10000", "macintosh"),
    ("10007", "x-mac-cyrillic"),
    ("eucjp", "euc-jp"),
    ("euckr", "euc-kr"),
    ("euccn", "gbk"),
    ("euc-cn", "gbk"),
    ("macroman", "macintosh"),
    ("maccyrillic", "x-mac-cyrillic"),
    ("iso8859-16", "iso-8859-16"),
];

/// What may be in front of the number of a code page.
const PREFIXES: [&str; 4] = ["cp", "ibm", "windows-", "dos-"];

impl Charset {
    /// Usual names, those of the kernel, of which one may be meant by a name that is not known. Others are known too.
    pub const NAMES: [&'static str; 57] = [
        "utf8",
        "cp437",
        "cp720",
        "cp737",
        "cp775",
        "cp850",
        "cp852",
        "cp855",
        "cp857",
        "cp858",
        "cp860",
        "cp861",
        "cp862",
        "cp863",
        "cp864",
        "cp865",
        "cp866",
        "cp869",
        "cp874",
        "cp932",
        "cp936",
        "cp949",
        "cp950",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "iso8859-1",
        "iso8859-2",
        "iso8859-3",
        "iso8859-4",
        "iso8859-5",
        "iso8859-6",
        "iso8859-7",
        "iso8859-8",
        "iso8859-9",
        "iso8859-13",
        "iso8859-14",
        "iso8859-15",
        "koi8-r",
        "koi8-u",
        "shift_jis",
        "sjis",
        "euc-jp",
        "euc-kr",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "tis-620",
        "macroman",
        "maccyrillic",
    ];

    /// The encoding of that name, in any case: a label of the Encoding Standard or a name of the kernel. `None` also for the
    /// few that have not ASCII in them (UTF-16, ISO-2022-JP): names of a directory are apart from each other by it.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let page = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
        if let Some(table) = page_of_dos(page) {
            return Some(Self(table));
        }
        let alias = ALIASES.iter().find(|(alias, _)| *alias == page);
        let label = alias.map_or(name.as_str(), |(_, label)| *label);
        let encoding = Encoding::for_label_no_replacement(label.as_bytes());
        encoding.filter(|encoding| encoding.is_ascii_compatible()).map(|found| Self(Table::Encoding(found)))
    }

    /// Whether it is UTF-8: then there is nothing to decode.
    pub fn is_utf8(self) -> bool {
        matches!(self.0, Table::Encoding(encoding) if encoding == UTF_8)
    }

    /// A name or a text in this encoding. One that is not, and is UTF-8, is taken for that: a disc can have both. In any other
    /// U+FFFD stands for what is no character.
    pub fn decode(self, bytes: &[u8]) -> String {
        if let Some(decoded) = self.decode_whole(bytes) {
            return decoded;
        }
        match (std::str::from_utf8(bytes), self.0) {
            (Ok(text), _) => text.to_owned(),
            (Err(_), Table::Encoding(encoding)) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            (Err(_), table) => {
                bytes.iter().map(|byte| table.character(*byte).unwrap_or('\u{fffd}')).collect()
            }
        }
    }

    /// The text of bytes that all are of this encoding.
    fn decode_whole(self, bytes: &[u8]) -> Option<String> {
        match self.0 {
            Table::Encoding(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(|text| text.into_owned()),
            table => bytes.iter().map(|byte| table.character(*byte)).collect(),
        }
    }
}

impl Table {
    /// What a byte is in an encoding that has one for each character.
    fn character(self, byte: u8) -> Option<char> {
        let upper = usize::from(byte & 0x7f);
        match self {
            _ if byte.is_ascii() => Some(byte.into()),
            Self::Encoding(_) => None,
            Self::Page(table) => table.get(upper).copied(),
            Self::PageWithGaps(table) => table.get(upper).copied().flatten(),
        }
    }
}

/// The code pages of DOS that the Encoding Standard does not have, by number.
fn page_of_dos(number: &str) -> Option<Table> {
    Some(match number {
        "437" => Table::Page(&DECODING_TABLE_CP437),
        "720" => Table::Page(&DECODING_TABLE_CP720),
        "737" => Table::Page(&DECODING_TABLE_CP737),
        "775" => Table::Page(&DECODING_TABLE_CP775),
        "850" => Table::Page(&DECODING_TABLE_CP850),
        "852" => Table::Page(&DECODING_TABLE_CP852),
        "855" => Table::Page(&DECODING_TABLE_CP855),
        "857" => Table::PageWithGaps(&DECODING_TABLE_CP857),
        "858" => Table::Page(&DECODING_TABLE_CP858),
        "860" => Table::Page(&DECODING_TABLE_CP860),
        "861" => Table::Page(&DECODING_TABLE_CP861),
        "862" => Table::Page(&DECODING_TABLE_CP862),
        "863" => Table::Page(&DECODING_TABLE_CP863),
        "864" => Table::PageWithGaps(&DECODING_TABLE_CP864),
        "865" => Table::Page(&DECODING_TABLE_CP865),
        "869" => Table::Page(&DECODING_TABLE_CP869),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, bytes: &[u8]) -> String {
        Charset::named(name).unwrap_or_else(|| panic!("no {name}")).decode(bytes)
    }

    #[test]
    fn every_usual_name_is_known() {
        for name in Charset::NAMES {
            assert_eq!(decoded(name, b"Read me.txt;1"), "Read me.txt;1", "{name}");
            assert_eq!(decoded(&name.to_uppercase(), b"\\~"), "\\~", "{name}");
        }
        assert!(Charset::named("UTF-8").unwrap().is_utf8() && !Charset::named("latin1").unwrap().is_utf8());
        for name in ["", "cp", "cp999", "klingon", "utf-16", "iso-2022-jp", "replacement", "hz-gb-2312"] {
            assert!(Charset::named(name).is_none(), "{name}");
        }
    }

    #[test]
    fn bytes_become_the_letters_that_they_stand_for() {
        for (names, bytes, text) in [
            (
                &["shift_jis", "sjis", "cp932", "windows-31j"][..],
                &b"\x83\x5c\x83\x74\x83\x67 \xb6\xc5"[..],
                "ソフト ｶﾅ",
            ),
            (&["gbk", "gb2312", "cp936", "euc-cn"], b"\xd6\xd0\xce\xc4", "中文"),
            (&["big5", "cp950"], b"\xa4\xa4\xa4\xe5", "中文"),
            (&["euc-jp", "eucJP"], b"\xc6\xfc\xcb\xdc", "日本"),
            (&["euc-kr", "cp949", "windows-949"], b"\xc7\xd1\xb1\xdb", "한글"),
            (&["cp866", "ibm866", "866"], b"\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"),
            (&["koi8-r", "koi8-u"], b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            (&["cp1251", "windows-1251"], b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            (&["cp855", "ibm855"], b"\xdd\xe1\xb7\xeb\xa8\xe5", "Привет"),
            (&["cp437", "437", "cp850", "cp858"], b"Gr\x94\xe1e", "Größe"),
            (&["cp852"], b"\x9d\xa2\x88", "Łół"),
            (&["cp857"], b"\x98\x9e\xa6", "İŞĞ"),
            (&["iso8859-1", "latin1", "iso-8859-15", "cp1252"], b"Gr\xf6\xdfe", "Größe"),
            (&["cp874", "tis-620"], b"\xa1\xd8\xe9\xa7", "กุ้ง"),
            (&["macroman", "cp10000"], b"Gr\x9a\xa7e", "Größe"),
        ] {
            for name in names {
                assert_eq!(decoded(name, bytes), text, "{name}");
            }
        }
    }

    #[test]
    fn what_is_not_in_the_encoding_stays_readable() {
        assert_eq!(decoded("shift_jis", "日本語.txt".as_bytes()), "日本語.txt", "UTF-8 among others");
        assert_eq!(decoded("shift_jis", b"\x93\xfa\x96"), "日\u{fffd}", "cut in a character");
        assert_eq!(decoded("cp857", b"a\xd5z\x98"), "a\u{fffd}zİ");
        assert_eq!(decoded("shift_jis", b"\xef\xbb\xbfa"), "\u{feff}a", "no mark of order is taken away");
    }
}
