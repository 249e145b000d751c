//! Rock Ridge, RRIP 1.09 to 1.12 (IEEE P1282): what the system use entries of one record say.

use zerocopy::FromBytes;

use super::{
    attribute::Attributes,
    raw,
    susp::{Areas, Entry},
};
use crate::{
    bytes::{self, Both32},
    limits, time,
    tree::{Device, Kind, Timestamp},
};

/// Bytes of a name that are kept while it is put together; the tree cuts it to what a name may have.
const COLLECTED_NAME: usize = 4 * limits::NAME;

/// What the entries of one record say.
#[derive(Debug, Default)]
pub(super) struct RockRidge {
    pub(super) posix: Option<Posix>,
    pub(super) device: Option<Device>,
    /// The name, empty where there is none.
    pub(super) name: Vec<u8>,
    pub(super) link: Option<LinkTarget>,
    pub(super) times: Times,
    /// `CL`: the first block of the directory that belongs here.
    pub(super) child: Option<u32>,
    /// `PL`: the first block of the directory to which this one belongs.
    pub(super) parent: Option<u32>,
    /// `RE`: this directory is shown elsewhere.
    pub(super) is_relocated: bool,
    pub(super) sparse: Option<Sparse>,
    pub(super) zisofs: Option<Zisofs>,
    /// What there is of attributes.
    pub(super) attributes: Attributes,
}

/// `PX`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posix {
    pub(super) mode: u32,
    pub(super) links: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The file serial number, in the longer form of RRIP 1.12.
    pub(super) serial: Option<u32>,
}

/// `TF`.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Times {
    pub(super) created: Option<Timestamp>,
    pub(super) modified: Option<Timestamp>,
    pub(super) accessed: Option<Timestamp>,
    pub(super) changed: Option<Timestamp>,
}

/// `SF`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sparse {
    /// Bytes of the file as it is read.
    pub(super) size: u64,
    /// Levels of tables; `None` in RRIP 1.10, which did not record it.
    pub(super) depth: Option<u8>,
}

/// `ZF` or `Z2`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zisofs {
    pub(super) version: u8,
    pub(super) algorithm: [u8; 2],
    /// Bytes of the header of the file.
    pub(super) header_size: u64,
    pub(super) block_size_log2: u8,
    /// Bytes of the unpacked file.
    pub(super) size: u64,
}

/// `SL`: the target of a symbolic link, put together from its components, RRIP 4.1.3.
#[derive(Debug, Default)]
pub(super) struct LinkTarget {
    text: Vec<u8>,
    /// Whether the next component is the rest of the last one.
    is_continued: bool,
    /// Whether a `/` comes before the next component.
    needs_separator: bool,
}

impl LinkTarget {
    /// Takes the components of one `SL` entry; one that reaches past the entry is cut.
    fn push(&mut self, mut components: &[u8]) {
        const CONTINUED: u8 = 0x01;
        const CURRENT: u8 = 0x02;
        const PARENT: u8 = 0x04;
        const ROOT: u8 = 0x08;
        while let [flags, length, rest @ ..] = components {
            let (text, behind) = rest.split_at_checked(usize::from(*length)).unwrap_or((rest, &[]));
            components = behind;
            if self.needs_separator && !self.is_continued {
                self.text.push(b'/');
            }
            self.needs_separator = true;
            if flags & ROOT != 0 {
                self.text.push(b'/');
                self.needs_separator = false;
            } else if flags & CURRENT != 0 {
                self.text.push(b'.');
            } else if flags & PARENT != 0 {
                self.text.extend_from_slice(b"..");
            } else {
                self.text.extend_from_slice(text);
            }
            self.is_continued = flags & CONTINUED != 0;
            // One byte more than allowed is kept, to know that it was too long.
            self.text.truncate(limits::LINK_TARGET.saturating_add(1));
        }
    }

    /// The target; `None` when it is longer than a path may be.
    pub(super) fn text(&self) -> Option<&[u8]> {
        (self.text.len() <= limits::LINK_TARGET).then_some(&self.text)
    }
}

impl RockRidge {
    /// Reads the entries of a system use field that begins where its entries begin.
    pub(super) fn parse(areas: &Areas<'_>, field: &[u8], at: u64) -> Self {
        let mut all = Self::default();
        areas.visit(field, at, |entry| all.take(entry));
        all
    }

    fn take(&mut self, entry: Entry<'_>) {
        let data = entry.data;
        match &entry.signature {
            b"PX" => self.posix = posix(data).or(self.posix),
            b"PN" => self.device = device(data).or(self.device),
            b"NM" => self.take_name(data),
            b"SL" => {
                // The first byte says whether another SL follows, which shows by itself.
                let components = data.get(1..).unwrap_or_default();
                self.link.get_or_insert_default().push(components);
            }
            b"TF" => self.times.take(data),
            b"CL" => self.child = block(data).or(self.child),
            b"PL" => self.parent = block(data).or(self.parent),
            b"RE" => self.is_relocated = true,
            b"SF" => self.sparse = sparse(data).or(self.sparse),
            b"ZF" | b"Z2" => self.zisofs = zisofs(entry.version, data).or(self.zisofs),
            _ => self.attributes.take(entry),
        }
    }

    /// `NM`, RRIP 4.1.4. Names that stand for `.` and `..` are no names; the host's name is not one of ours.
    fn take_name(&mut self, data: &[u8]) {
        const CURRENT_PARENT_HOST: u8 = 0x02 | 0x04 | 0x20;
        let [flags, name @ ..] = data else { return };
        if flags & CURRENT_PARENT_HOST == 0 {
            self.name.extend_from_slice(name);
            self.name.truncate(COLLECTED_NAME);
        }
    }

    /// The type that `PX` gives, `None` for a type that is none.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self.posix?.mode & 0o170_000 {
            0o010_000 => Some(Kind::Fifo),
            0o020_000 => Some(Kind::CharDevice),
            0o040_000 => Some(Kind::Directory),
            0o060_000 => Some(Kind::BlockDevice),
            0o100_000 => Some(Kind::File),
            0o120_000 => Some(Kind::Symlink),
            0o140_000 => Some(Kind::Socket),
            _ => None,
        }
    }
}

impl Times {
    /// `TF`, RRIP 4.1.6: a flag for each stamp, and one for the form of all.
    fn take(&mut self, data: &[u8]) {
        const LONG_FORM: u8 = 0x80;
        let [flags, stamps @ ..] = data else { return };
        let mut stamps = stamps;
        let is_long = flags & LONG_FORM != 0;
        let length = if is_long { 17 } else { 7 };
        let mut ignored = None;
        for bit in 0..7u8 {
            if flags & 1u8.checked_shl(bit.into()).unwrap_or(0) == 0 {
                continue;
            }
            let Some((stamp, rest)) = stamps.split_at_checked(length) else { return };
            stamps = rest;
            let moment = if is_long { time::from_digits(stamp) } else { time::from_record(stamp) };
            let slot = match bit {
                0 => &mut self.created,
                1 => &mut self.modified,
                2 => &mut self.accessed,
                3 => &mut self.changed,
                // Backup, expiration, effective: no one asks for them.
                _ => &mut ignored,
            };
            // A stamp that is no date is there all the same: it shows as 1970 (`docs/SEMANTICS.md`).
            *slot = Some(moment.unwrap_or_default().into());
        }
    }
}

fn posix(data: &[u8]) -> Option<Posix> {
    let (px, rest) = raw::PosixAttributes::ref_from_prefix(data).ok()?;
    Some(Posix {
        mode: px.mode.get(),
        links: px.links.get(),
        uid: px.uid.get(),
        gid: px.gid.get(),
        serial: Both32::ref_from_prefix(rest).ok().map(|(serial, _)| serial.get()),
    })
}

/// `PN`, RRIP 4.1.2. Writers differ: mkisofs records major and minor, libisofs one `dev_t` as its C library has it,
/// upper half first. With a high half of 0 it is a `dev_t`: there is no device with major 0.
fn device(data: &[u8]) -> Option<Device> {
    let (pn, _) = raw::PosixDevice::ref_from_prefix(data).ok()?;
    let (high, low) = (pn.high.get(), pn.low.get());
    if high != 0 {
        return Some(Device { major: high, minor: low });
    }
    let device = libc::dev_t::from(low);
    Some(Device { major: libc::major(device), minor: libc::minor(device) })
}

fn block(data: &[u8]) -> Option<u32> {
    Both32::ref_from_prefix(data).ok().map(|(block, _)| block.get())
}

fn sparse(data: &[u8]) -> Option<Sparse> {
    if let Ok((sf, _)) = raw::SparseFile::ref_from_prefix(data) {
        let size = (u64::from(sf.size_high.get()) << 32) | u64::from(sf.size_low.get());
        return Some(Sparse { size, depth: Some(sf.depth) });
    }
    block(data).map(|size| Sparse { size: size.into(), depth: None })
}

fn zisofs(version: u8, data: &[u8]) -> Option<Zisofs> {
    let (zf, _) = raw::ZisofsField::ref_from_prefix(data).ok()?;
    let size = match version {
        1 => bytes::u32_le(&zf.size, 0)?.into(),
        _ => bytes::u64_le(&zf.size, 0)?,
    };
    Some(Zisofs {
        version,
        algorithm: zf.algorithm,
        header_size: u64::from(zf.header_size_div_4).saturating_mul(4),
        block_size_log2: zf.block_size_log2,
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(value: u32) -> Vec<u8> {
        [value.to_le_bytes(), value.to_be_bytes()].concat()
    }

    #[test]
    fn device_numbers_of_both_writers() {
        let numbers =
            |high: u32, low: u32| device(&[both(high), both(low)].concat()).map(|d| (d.major, d.minor));
        assert_eq!(numbers(259, 300), Some((259, 300)), "genisoimage");
        assert_eq!(numbers(0, 0x0011_032c), Some((259, 300)), "libisofs");
        assert_eq!(numbers(1, 5), Some((1, 5)));
        assert_eq!(numbers(0, 0x0105), Some((1, 5)));
        assert_eq!(numbers(8, 4000), Some((8, 4000)));
    }

    #[test]
    fn links_are_put_together() {
        let target = |entries: &[&[u8]]| {
            let mut link = LinkTarget::default();
            entries.iter().for_each(|e| link.push(e));
            link.text().map(|t| String::from_utf8(t.to_vec()).unwrap())
        };
        assert_eq!(target(&[b"\x08\0\0\x03usr\0\x03bin"]).unwrap(), "/usr/bin");
        assert_eq!(target(&[b"\x04\0\x04\0\x02\0\0\x01a"]).unwrap(), "../.././a");
        assert_eq!(target(&[b"\x01\x02ab", b"\0\x02cd", b"\0\x01e"]).unwrap(), "abcd/e");
        assert_eq!(target(&[b"\0\x01a\0\0\0\x01b"]).unwrap(), "a//b");
        assert_eq!(target(&[b"\x08\0"]).unwrap(), "/");
        assert_eq!(target(&[b"\0\xffab"]).unwrap(), "ab", "past the entry");
        let long: Vec<u8> = [&[1, 250][..], &[b'x'; 250]].concat();
        assert_eq!(target(&vec![&long[..]; 17]), None);
    }

    #[test]
    fn stamps_in_both_forms() {
        let mut times = Times::default();
        times.take(&[
            0x0f, 70, 1, 1, 0, 0, 1, 0, 70, 1, 1, 0, 0, 2, 0, 70, 1, 1, 0, 0, 3, 0, 70, 1, 1, 0, 0, 4, 0,
        ]);
        let seconds = |t: Option<Timestamp>| t.unwrap().seconds;
        let all = [times.created, times.modified, times.accessed, times.changed];
        assert_eq!(all.map(seconds), [1, 2, 3, 4]);
        let mut times = Times::default();
        times.take(b"\x821970010100000550\0");
        assert_eq!(times.modified, Some(Timestamp { seconds: 5, nanoseconds: 500_000_000 }));
        assert_eq!(times.created, None);
        let mut times = Times::default();
        times.take(&[0x02, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(times.modified, Some(Timestamp::default()), "a date that is none");
    }
}
