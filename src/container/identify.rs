//! What bytes that are no disc image seem to be, so that the error can say so.

use crate::source::Source;

/// A mark at a place that names a kind of file.
struct Mark {
    at: u64,
    bytes: &'static [u8],
    what: &'static str,
}

const fn mark(at: u64, bytes: &'static [u8], what: &'static str) -> Mark {
    Mark { at, bytes, what }
}

/// From the surest mark to the weakest; the first that fits names the file.
const MARKS: [Mark; 39] = [
    mark(
        0,
        b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00",
        "raw CD sectors of 2352 bytes (a .bin, .img or .mdf), which are not read yet",
    ),
    mark(0, b"\x1f\x8b", "gzip compressed data; unpack it with gunzip first"),
    mark(0, b"\xfd7zXZ\0", "xz compressed data; unpack it with unxz first"),
    mark(0, b"BZh", "bzip2 compressed data; unpack it with bunzip2 first"),
    mark(0, b"\x28\xb5\x2f\xfd", "zstd compressed data; unpack it with unzstd first"),
    mark(0, b"\x04\x22\x4d\x18", "lz4 compressed data; unpack it with unlz4 first"),
    mark(0, b"PK\x03\x04", "a zip archive; unpack it with unzip first"),
    mark(0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it with 7z first"),
    mark(0, b"Rar!\x1a\x07", "a RAR archive; unpack it with unrar first"),
    mark(257, b"ustar", "a tar archive"),
    mark(0, b"MComprHD", "a MAME CHD image, which is not read yet"),
    mark(0, b"CISO", "a compressed ISO image (CSO), which is not read yet"),
    mark(0, b"ZISO", "a compressed ISO image (ZSO), which is not read yet"),
    mark(0, b"ECM\0", "an ECM compressed image, which is not read yet"),
    mark(0, b"MEDIA DESCRIPTOR", "the descriptor of an Alcohol 120% image (.mds), which is not read yet"),
    mark(0, b"QFI\xfb", "a QEMU qcow2 disk image"),
    mark(0, b"KDMV", "a VMware disk image"),
    mark(64, b"\x7f\x10\xda\xbe", "a VirtualBox disk image"),
    mark(0, b"vhdxfile", "a Hyper-V disk image"),
    mark(0, b"MSWIM\0\0\0", "a Windows imaging file (WIM)"),
    mark(0, b"hsqs", "a squashfs file system"),
    mark(0, b"\x7fELF", "an ELF program"),
    mark(0, b"MZ", "a DOS or Windows program"),
    mark(0, b"%PDF-", "a PDF document"),
    mark(0, b"\x89PNG", "a PNG picture"),
    mark(0, b"\xff\xd8\xff", "a JPEG picture"),
    mark(0, b"RIFF", "a RIFF file (sound or video)"),
    mark(0, b"ID3", "an MP3 file"),
    mark(0, b"<!DOCTYPE", "a web page: the download may have failed"),
    mark(0, b"<html", "a web page: the download may have failed"),
    mark(0, b"#!", "a script"),
    mark(1024, b"H+\0\x04", "an HFS+ volume, which is not read yet"),
    mark(1024, b"HX\0\x05", "an HFSX volume, which is not read yet"),
    mark(1024, b"BD", "an HFS volume, which is not read yet"),
    mark(32, b"NXSB", "an APFS container"),
    mark(1080, b"\x53\xef", "an ext2, ext3 or ext4 file system"),
    mark(3, b"NTFS    ", "an NTFS file system"),
    mark(512, b"EFI PART", "a disk image with a GPT partition table"),
    mark(510, b"\x55\xaa", "a disk image with a partition table or a boot sector"),
];

/// Says in a few words what the bytes seem to be.
pub fn identify(source: &dyn Source) -> String {
    let len = source.len();
    if len == 0 {
        return "empty (0 bytes)".into();
    }
    let holds = |at: u64, bytes: &[u8]| {
        let mut found = vec![0; bytes.len()];
        source.read_at(&mut found, at).is_ok() && found == bytes
    };
    let holds_before_end = |back: u64, bytes: &[u8]| len.checked_sub(back).is_some_and(|at| holds(at, bytes));
    // Marks at the end come first: what such a file begins with can be anything.
    if holds_before_end(512, b"koly") {
        return "an Apple disk image (.dmg), which is not read yet".into();
    }
    if holds_before_end(12, b"NER5") || holds_before_end(8, b"NERO") {
        return "a Nero image (.nrg), which is not read yet".into();
    }
    if let Some(mark) = MARKS.iter().find(|m| holds(m.at, m.bytes)) {
        return mark.what.into();
    }
    let mut start = [0; 512];
    let start = start.get_mut(..crate::bytes::as_usize(len.min(512))).unwrap_or_default();
    if source.read_at(start, 0).is_err() {
        return "not readable".into();
    }
    if start.iter().all(|b| *b == 0) {
        return format!(
            "{len} bytes that begin with nothing but zeros: a copy that failed, or a blank medium"
        );
    }
    if start.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..)) {
        let is_sheet = |word: &[u8]| start.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word));
        if [&b"TRACK "[..], b"FILE \"", b"CD_ROM", b"CD_DA"].iter().any(|word| is_sheet(word)) {
            return "a cue or toc sheet, which is not read yet; name the image that it lists".into();
        }
        return "text".into();
    }
    format!("{len} bytes of an unknown kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_sees() {
        let padded = |bytes: &[u8]| {
            let mut all = bytes.to_vec();
            all.resize(4096, 0);
            identify(&all)
        };
        assert_eq!(identify(&Vec::new()), "empty (0 bytes)");
        assert!(padded(b"\x1f\x8b\x08").starts_with("gzip"));
        assert!(padded(b"\x7fELF").starts_with("an ELF"));
        assert!(padded(b"").contains("nothing but zeros"));
        assert!(identify(&b"FILE \"a.bin\" BINARY\n TRACK 01 MODE1/2352\n".to_vec()).contains("cue"));
        assert_eq!(identify(&b"hello\n".to_vec()), "text");
        assert!(identify(&vec![1; 600]).contains("unknown kind"));
    }
}
