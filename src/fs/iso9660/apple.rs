//! Apple's extensions of ISO 9660, Technical Note FL36: what the Finder keeps of a file, in `AA` entries of the system use field, and
//! in the `BA` field that they have replaced.

use zerocopy::FromBytes;

use super::{
    raw::{AppleFile, AppleProDosFile},
    susp::Entry,
};

/// The 32 bytes that the Finder keeps of a file (`FInfo`, `FXInfo`): type, creator, flags, and what ISO 9660 has no place for.
pub(super) type FinderInfo = [u8; 32];

/// In the flags of the Finder: a program that brings its own icons.
const HAS_BUNDLE: u8 = 0x20;

/// What an `AA` entry says; `None` for one of another kind.
pub(super) fn finder_info(entry: Entry<'_>) -> Option<FinderInfo> {
    const PRODOS: u8 = 1;
    const HFS: u8 = 2;
    match (entry.signature, entry.version) {
        ([b'A', b'A'], HFS) => AppleFile::ref_from_bytes(entry.data).ok().and_then(of_file),
        ([b'A', b'A'], PRODOS) => AppleProDosFile::ref_from_bytes(entry.data).ok().and_then(of_prodos_file),
        _ => None,
    }
}

/// What a `BA` field says, which begins a system use field and has no length.
pub(super) fn old_finder_info(field: &[u8]) -> Option<FinderInfo> {
    const PRODOS: u8 = 1;
    const WITHOUT_BUNDLE: [u8; 2] = [2, 4];
    const WITH_BUNDLE: [u8; 2] = [3, 5];
    const HFS: u8 = 6;
    let [b'B', b'A', kind, data @ ..] = field else { return None };
    let (file_type, creator) =
        (data.first_chunk().copied(), data.get(4..).and_then(|data| data.first_chunk().copied()));
    let with_flags = |flags| of_file(&AppleFile { file_type: file_type?, creator: creator?, flags });
    match *kind {
        PRODOS => AppleProDosFile::ref_from_prefix(data).ok().and_then(|(file, _)| of_prodos_file(file)),
        kind if WITHOUT_BUNDLE.contains(&kind) => with_flags([0, 0]),
        kind if WITH_BUNDLE.contains(&kind) => with_flags([HAS_BUNDLE, 0]),
        HFS => AppleFile::ref_from_prefix(data).ok().and_then(|(file, _)| of_file(file)),
        _ => None,
    }
}

/// `None` when all that is known of it is 0.
fn of_file(file: &AppleFile) -> Option<FinderInfo> {
    let mut info = [0; 32];
    let known = file.file_type.iter().chain(&file.creator).chain(&file.flags);
    info.iter_mut().zip(known).for_each(|(to, from)| *to = *from);
    info.iter().any(|byte| *byte != 0).then_some(info)
}

/// Type and creator by which the Macintosh knows files of ProDOS: `p`, the type, the auxiliary type; `pdos`.
fn of_prodos_file(file: &AppleProDosFile) -> Option<FinderInfo> {
    let [high, low] = file.auxiliary_type.get().to_be_bytes();
    of_file(&AppleFile { file_type: [b'p', file.file_type, high, low], creator: *b"pdos", flags: [0; 2] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_type_creator_and_flags() {
        let aa = |version, data| finder_info(Entry { signature: *b"AA", version, data });
        let shown =
            |info: Option<FinderInfo>| info.map(|info| String::from_utf8_lossy(&info[..10]).into_owned());
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(shown(aa(2, b"TEXTttxt\x01\x00")), text("TEXTttxt\x01\0"));
        assert_eq!(shown(aa(1, b"\x04\x34\x12")), text("p\x04\x12\x34pdos\0\0"));
        assert_eq!(shown(aa(3, b"TEXTttxt\x01\x00")), None, "unknown");
        assert_eq!(shown(aa(2, b"TEXTttxt\x01")), None, "too short");
        assert_eq!(shown(aa(2, b"TEXTttxt\x01\x00\x00")), None, "of AAIP before 2.0");
        assert_eq!(shown(aa(2, &[0; 10])), None, "nothing known");
        for (kind, flags) in [(2, "\0\0"), (3, "\x20\0"), (4, "\0\0"), (5, "\x20\0"), (6, "\x40\x01")] {
            let field = [b"BA", &[kind][..], b"APPLabcd\x40\x01"].concat();
            assert_eq!(shown(old_finder_info(&field)), text(&format!("APPLabcd{flags}")), "{kind}");
        }
        assert_eq!(shown(old_finder_info(b"BA\x01\x04\x34\x12")), text("p\x04\x12\x34pdos\0\0"));
        for field in [&b"BA\x02APPLab"[..], b"BA\x07APPLabcd\0\0", b"BA", b""] {
            assert_eq!(old_finder_info(field), None);
        }
    }
}
