//! Which program has made a disc, as the texts say that it has left there.

/// What a text begins with, in any case, and the name of the program that leaves it. Of several that fit the first counts.
const MARKS: [(&str, &str); 34] = [
    ("XORRISO-", "xorriso"),
    ("GENISOIMAGE ", "genisoimage"),
    ("MKISOFS ", "mkisofs"),
    ("*mkisofs", "mkisofs"),
    ("K3B THE CD KREATOR", "K3b"),
    ("K3b", "K3b"),
    ("BRASERO", "Brasero"),
    ("IMGBURN", "ImgBurn"),
    ("*ImgBurn", "ImgBurn"),
    ("NERO", "Nero"),
    ("*Nero", "Nero"),
    ("*Ahead Nero", "Nero"),
    ("CDIMAGE ", "Microsoft cdimage"),
    ("*Microsoft CDIMAGE", "Microsoft cdimage"),
    ("OSCDIMG ", "Microsoft oscdimg"),
    ("*Microsoft IMAPI", "Microsoft IMAPI"),
    ("*Microsoft Windows", "Microsoft Windows"),
    ("*Microsoft", "Microsoft"),
    ("APPLE INC., TYPE: 0002", "Apple hdiutil"),
    ("*Apple Mac OS X", "Apple Mac OS X"),
    ("TOAST ISO 9660", "Toast"),
    ("*Roxio", "Roxio"),
    ("*Adaptec", "Adaptec DirectCD"),
    ("ROXIO", "Roxio"),
    ("POWERISO", "PowerISO"),
    ("ULTRAISO", "UltraISO"),
    ("CDBURNERXP", "CDBurnerXP"),
    ("LIBARCHIVE", "libarchive"),
    ("LIBBURNIA", "libisofs"),
    ("VCDIMAGER", "VCDImager"),
    ("PYCDLIB", "pycdlib"),
    ("Linux mkudffs", "mkudffs"),
    ("*Linux mkudffs", "mkudffs"),
    ("*Linux UDFFS", "mkudffs"),
];

/// Words that may stand between the name of a program and its version.
const BEFORE_VERSION: [&str; 2] = ["version", "v"];

/// The program that has left one of these texts, with its version where that follows. The first text that says so counts.
pub(super) fn made_by<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    texts.into_iter().find_map(|text| {
        let text = String::from_utf8_lossy(text);
        let (rest, name) = MARKS.iter().find_map(|(mark, name)| {
            let start = text.get(..mark.len()).filter(|start| start.eq_ignore_ascii_case(mark))?;
            Some((text.get(start.len()..)?, *name))
        })?;
        Some(version(rest).map_or_else(|| name.to_owned(), |version| format!("{name} {version}")))
    })
}

/// The version at the start of a text, behind blanks and words that announce it.
fn version(text: &str) -> Option<&str> {
    let mut text = text.trim_start_matches([' ', '-']);
    for word in BEFORE_VERSION {
        let start = text.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word));
        if start.is_some() {
            text = text.get(word.len()..)?.trim_start();
        }
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(text.len());
    let version = text.get(..end)?.trim_end_matches('.');
    // A number with a point in it; a year or the number of a standard is none.
    (version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.')).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_what_they_leave() {
        for (text, expected) in [
            ("XORRISO-1.5.4 2021.01.30.150001, LIBISOBURN-1.5.4", Some("xorriso 1.5.4")),
            ("GENISOIMAGE ISO 9660/HFS FILESYSTEM CREATOR (C) 1993 E.YOUNGDALE", Some("genisoimage")),
            ("MKISOFS ISO9660/HFS/UDF FILESYSTEM BUILDER & CDRECORD", Some("mkisofs")),
            ("IMGBURN V2.5.8.0 - THE ULTIMATE IMAGE BURNER!", Some("ImgBurn 2.5.8.0")),
            ("*ImgBurn v2.5.8.0", Some("ImgBurn 2.5.8.0")),
            ("K3B THE CD KREATOR VERSION 0.11.20 (C) 2003", Some("K3b 0.11.20")),
            ("K3B THE CD KREATOR (C) 1998-2018 SEBASTIAN TRUEG", Some("K3b")),
            ("CDIMAGE 2.53 (01/01/2005 TM)", Some("Microsoft cdimage 2.53")),
            ("NERO BURNING ROM", Some("Nero")),
            ("ULTRAISO V9.3 CD & DVD CREATOR", Some("UltraISO 9.3")),
            ("APPLE INC., TYPE: 0002", Some("Apple hdiutil")),
            ("*Linux UDFFS", Some("mkudffs")),
            ("Linux mkudffs 2.2", Some("mkudffs 2.2")),
            ("LINUX", None),
            ("", None),
            ("\u{ff}", None),
        ] {
            assert_eq!(made_by([text.as_bytes()]).as_deref(), expected, "{text}");
        }
        let several = [&b"gopher"[..], b"XORRISO-1.5.4 x", b"MKISOFS "];
        assert_eq!(made_by(several).as_deref(), Some("xorriso 1.5.4"));
    }
}
