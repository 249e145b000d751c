//! The MD5 of a session that libisofs records in tags: a line of text in a block of its own, behind the volume descriptors, behind the
//! tree, and at the end, each with the MD5 of all blocks of the session in front of it. Behind the last one may be the older tag of
//! scdbackup, in the same block, with the MD5 of all bytes in front of its own line.

use md5::{Digest, Md5};

use super::super::{
    descriptor::DescriptorSet,
    raw::{SECTOR, SYSTEM_AREA_SECTORS},
};
use crate::{
    bytes::as_usize,
    fs::check::{Examination, Expected, Finding, Flaw, Mark, RangeSum},
    limits,
    text::from_hex,
    tree::Algorithm,
    volume::Volume,
};

/// Its name in the output.
const NAME: &str = "session-md5";

/// Sectors in which the tag of the descriptors is looked for, behind the system area.
const SEARCHED: u64 = 16;

/// Where a disc whose first sectors can be written anew has its first session: a copy of the newest descriptors is in front of it.
const FIRST_SESSION: u64 = 32;

/// Sectors of a packet, at whose start a session begins.
const PACKET: u64 = 32;

/// Which tag it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Behind the copy of the descriptors at the start of the image.
    Relocated,
    Descriptors,
    Tree,
    Session,
}

const KINDS: [(&str, Kind); 4] = [
    ("libisofs_rlsb32_checksum_tag_v1", Kind::Relocated),
    ("libisofs_sb_checksum_tag_v1", Kind::Descriptors),
    ("libisofs_tree_checksum_tag_v1", Kind::Tree),
    ("libisofs_checksum_tag_v1", Kind::Session),
];

/// What the line of scdbackup begins with.
const SCDBACKUP: &[u8] = b"scdbackup_checksum_tag_v0.1 ";

/// A tag that is whole.
#[derive(Debug)]
struct Tag {
    kind: Kind,
    /// The block in which it lies.
    block: u64,
    /// Blocks.
    start: u64,
    size: u64,
    /// The block of the next tag, or of [`Kind::Relocated`] that of the session.
    next: Option<u64>,
    digest: Vec<u8>,
    /// The tag of scdbackup in the same block; an error where it is damaged.
    scdbackup: Option<Result<Scdbackup, ()>>,
}

/// The tag of scdbackup.
#[derive(Debug, PartialEq, Eq)]
struct Scdbackup {
    /// Bytes in front of it.
    len: u64,
    digest: Vec<u8>,
}

/// Adds the sums of the session, and of the descriptors in front of the first where they are a copy.
pub(super) fn find(volume: &Volume, set: &DescriptorSet, found: &mut Examination) {
    let Some(tag) = first_tag(volume, set.start, found) else { return };
    if tag.kind != Kind::Relocated {
        session(volume, &tag, found);
        return;
    }
    add(found, &tag, vec![mark(&tag, "the copy of the volume descriptors")]);
    // The sessions behind it, up to the newest: each begins where the next packet does.
    let newest = tag.next.unwrap_or(FIRST_SESSION);
    let mut start = FIRST_SESSION;
    for _ in 0..limits::SESSIONS {
        let tag = first_tag(volume, start, found).filter(|tag| tag.kind == Kind::Descriptors);
        let end = tag.and_then(|tag| session(volume, &tag, found));
        if start >= newest {
            break;
        }
        let following = end.and_then(|end| end.checked_next_multiple_of(PACKET));
        start = following.filter(|following| *following <= newest).unwrap_or(newest);
    }
}

/// The tags of a session, one after the other. Returns the first sector behind the last one, where they are all there.
fn session(volume: &Volume, descriptors: &Tag, found: &mut Examination) -> Option<u64> {
    let mut marks = vec![mark(descriptors, "the volume descriptors")];
    let mut next = descriptors.next;
    let mut end = None;
    for (kind, what) in [(Kind::Tree, "the directories"), (Kind::Session, "the files")] {
        let Some(block) = next else { break };
        let at = block.saturating_mul(SECTOR);
        found.region(at, SECTOR, "a checksum of the session", false);
        match read(volume, block) {
            Some(Ok(tag)) if tag.kind == kind && tag.start == descriptors.start => {
                marks.push(mark(&tag, what));
                match tag.scdbackup {
                    Some(Ok(Scdbackup { len, digest })) if (at..at.saturating_add(SECTOR)).contains(&len) => {
                        let expected = Expected::Digest(digest.into());
                        marks.push(Mark {
                            end: len,
                            expected,
                            at: len,
                            what: "all that scdbackup has summed",
                        });
                    }
                    Some(_) => {
                        let text = format!("the MD5 of scdbackup at {} is damaged", volume.byte(at));
                        found.add(Finding::new(Flaw::ImageChecksum, text).at(at, SECTOR));
                    }
                    None => {}
                }
                next = tag.next;
                end = (kind == Kind::Session).then(|| block.saturating_add(1));
            }
            _ => {
                let text =
                    format!("the MD5 of {what} is to be at {} and is not there, or damaged", volume.byte(at));
                found.add(Finding::new(Flaw::ImageChecksum, text).at(at, SECTOR));
                next = None;
            }
        }
    }
    add(found, descriptors, marks);
    end
}

fn mark(tag: &Tag, what: &'static str) -> Mark {
    let end = tag.start.saturating_add(tag.size).saturating_mul(SECTOR);
    let at = tag.block.saturating_mul(SECTOR);
    Mark { end, expected: Expected::Digest(tag.digest.clone().into()), at, what }
}

fn add(found: &mut Examination, tag: &Tag, mut marks: Vec<Mark>) {
    let start = tag.start.saturating_mul(SECTOR);
    // A tag vouches for its own line alone, which can lie.
    marks.retain(|mark| mark.end >= start);
    marks.sort_by_key(|mark| mark.end);
    found.sums.push(RangeSum {
        name: NAME,
        algorithm: Algorithm::Md5,
        start,
        masks: Vec::new(),
        marks,
        is_supported: None,
    });
}

/// The tag behind the descriptors of the session that begins at sector `start`.
fn first_tag(volume: &Volume, start: u64, found: &mut Examination) -> Option<Tag> {
    let first = start.saturating_add(SYSTEM_AREA_SECTORS);
    for block in first..first.saturating_add(SEARCHED) {
        let tag = match read(volume, block) {
            None => continue,
            Some(tag) => tag,
        };
        let at = block.saturating_mul(SECTOR);
        found.region(at, SECTOR, "a checksum of the session", false);
        match tag {
            Ok(tag) if matches!(tag.kind, Kind::Relocated | Kind::Descriptors) && tag.start == start => {
                return Some(tag);
            }
            // Of a session whose descriptors were moved here.
            Ok(_) => return None,
            Err(()) => {
                let text = format!("the MD5 of the volume descriptors at {} is damaged", volume.byte(at));
                found.add(Finding::new(Flaw::ImageChecksum, text).at(at, SECTOR));
                return None;
            }
        }
    }
    None
}

/// The tag in a block; an error where it is one and not whole.
fn read(volume: &Volume, block: u64) -> Option<Result<Tag, ()>> {
    let mut bytes = vec![0; as_usize(SECTOR)];
    volume.peek(&mut bytes, block.checked_mul(SECTOR)?).ok()?;
    parse(&bytes, block)
}

fn parse(bytes: &[u8], block: u64) -> Option<Result<Tag, ()>> {
    let (word, kind) = KINDS
        .iter()
        .find(|(word, _)| bytes.strip_prefix(word.as_bytes()).is_some_and(|rest| rest.starts_with(b" ")))?;
    let whole = || -> Option<Tag> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let (covered, own) = line.split_once(" self=")?;
        if from_hex(own.as_bytes())? != Md5::digest(covered.as_bytes()).as_slice() {
            return None;
        }
        let value = |key: &str| {
            covered.strip_prefix(word)?.split(' ').find_map(|part| part.strip_prefix(key)?.strip_prefix('='))
        };
        let number = |key: &str| value(key)?.parse::<u64>().ok();
        // One that lies elsewhere is a part of a file, or the image was moved.
        (number("pos")? == block).then_some(())?;
        Some(Tag {
            kind: *kind,
            block,
            start: number("range_start")?,
            size: number("range_size")?,
            next: number("next").or_else(|| number("session_start")),
            digest: from_hex(value("md5")?.as_bytes()).filter(|digest| digest.len() == 16)?,
            scdbackup: bytes.get(end.saturating_add(1)..).and_then(scdbackup),
        })
    };
    Some(whole().ok_or(()))
}

/// The line of scdbackup: how many bytes lie in front of it, the length of its record, the record (a name, a date, these bytes
/// again, their MD5), and the MD5 of the record.
fn scdbackup(bytes: &[u8]) -> Option<Result<Scdbackup, ()>> {
    let line = bytes.strip_prefix(SCDBACKUP)?;
    let whole = || -> Option<Scdbackup> {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let mut number = || std::str::from_utf8(words.next()?).ok()?.parse::<u64>().ok();
        let (len, record_len) = (number()?, as_usize(number()?));
        let (record, own) = words.next()?.split_at_checked(record_len)?;
        let own = own.strip_prefix(b" ")?.get(..32)?;
        if from_hex(own)? != Md5::digest(record).as_slice() {
            return None;
        }
        // The name may have spaces in it.
        let mut parts = record.rsplitn(3, |byte| *byte == b' ');
        let digest = from_hex(parts.next()?).filter(|digest| digest.len() == 16)?;
        let again = std::str::from_utf8(parts.next()?).ok()?.parse::<u64>().ok()?;
        (again == len).then_some(Scdbackup { len, digest })
    };
    Some(whole().ok_or(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Vec<u8> {
        let own: String = Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut bytes = format!("{text} self={own}\n").into_bytes();
        bytes.resize(2048, 0);
        bytes
    }

    #[test]
    fn a_tag_is_believed_where_it_lies_and_when_it_is_whole() {
        let text = "libisofs_sb_checksum_tag_v1 pos=50 range_start=32 range_size=18 next=56 md5=000102030405060708090a0b0c0d0e0f";
        let bytes = block(text);
        let tag = parse(&bytes, 50).unwrap().unwrap();
        assert_eq!((tag.kind, tag.start, tag.size, tag.next), (Kind::Descriptors, 32, 18, Some(56)));
        assert_eq!(tag.digest[15], 15);
        assert!(parse(&bytes, 51).unwrap().is_err(), "elsewhere");
        let mut damaged = bytes.clone();
        damaged[40] ^= 1;
        assert!(parse(&damaged, 50).unwrap().is_err());
        assert!(parse(&[0; 2048], 50).is_none());
        assert!(parse(&block("libisofs_checksum_tag_v1 pos=1"), 1).unwrap().is_err(), "without the rest");
    }

    #[test]
    fn the_line_of_scdbackup_is_believed_when_it_is_whole() {
        let record = "a b C61121.211658 170119 193a450f34cd2bfaffb614a303cc09e1";
        let own: String = Md5::digest(record).iter().map(|byte| format!("{byte:02x}")).collect();
        let line = format!("scdbackup_checksum_tag_v0.1 170119 {} {record} {own}\n\0\0", record.len());
        let found = scdbackup(line.as_bytes()).unwrap().unwrap();
        assert_eq!((found.len, found.digest[0], found.digest[15]), (170_119, 0x19, 0xe1));
        for (from, to) in [(" 170119 5", " 170118 5"), ("a b", "a c"), (" 57 ", " 9999 "), (" 57 ", " 5 ")] {
            assert!(line.contains(from), "{from}");
            let damaged = line.replacen(from, to, 1);
            assert_eq!(scdbackup(damaged.as_bytes()), Some(Err(())), "{damaged}");
        }
        assert_eq!(scdbackup(b"scdbackup_checksum_tag_v0.1 "), Some(Err(())));
        assert_eq!(scdbackup(&[0; 100]), None);
    }
}
