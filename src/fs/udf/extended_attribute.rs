//! Extended attributes (ECMA-167 4/14.10, UDF 3.3.4) and named streams (ECMA-167 4/9.2, UDF 3.3.5).

use zerocopy::FromBytes;

use super::{
    Udf,
    directory::Identifiers,
    file_entry::FileEntry,
    name,
    partition::is_named,
    raw::{self, EntityIdentifier},
    space::Address,
    steps::Steps,
};
use crate::{
    bytes::{as_u64, as_usize, u32_le},
    error::Result,
    fs::{FINDER_INFO, RESOURCE_FORK},
    limits, time,
    tree::{Data, Device, ExtendedAttribute, Place, Timestamp, read_stored},
};

/// Types of extended attributes, ECMA-167 4/14.10.3 to 4/14.10.9.
mod kind {
    pub(super) const FILE_TIMES: u32 = 5;
    pub(super) const DEVICE: u32 = 12;
    pub(super) const IMPLEMENTATION_USE: u32 = 2048;
    pub(super) const APPLICATION_USE: u32 = 65536;
}

/// The stream that holds a resource fork, UDF 3.3.8.2.
const RESOURCE_FORK_STREAM: &str = "*UDF Macintosh Resource Fork";

/// What Linux sets before the names that anyone may give.
const USER: &[u8] = b"user.";

/// One attribute of the space of extended attributes.
struct Field<'a> {
    kind: u32,
    /// All of it, with its generic part.
    bytes: &'a [u8],
}

/// The attributes behind the header. One whose length cannot be is the last.
fn fields(space: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = space.get(size_of::<raw::ExtendedAttributeHeader>()..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (raw, _) = raw::ExtendedAttribute::ref_from_prefix(rest).ok()?;
        let (bytes, behind) = rest.split_at_checked(as_usize(raw.length.get().into()))?;
        if bytes.len() < size_of_val(raw) {
            return None;
        }
        rest = behind;
        Some(Field { kind: raw.kind.get(), bytes })
    })
}

/// The device of a device node: device specification, ECMA-167 4/14.10.7.
pub(super) fn device(entry: &FileEntry) -> Option<Device> {
    let field = fields(entry.attributes()).find(|field| field.kind == kind::DEVICE)?;
    Some(Device { major: u32_le(field.bytes, 16)?, minor: u32_le(field.bytes, 20)? })
}

/// The time of creation that a file entry keeps among its attributes: file times, ECMA-167 4/14.10.5.
pub(super) fn created(entry: &FileEntry) -> Option<Timestamp> {
    let field = fields(entry.attributes()).find(|field| field.kind == kind::FILE_TIMES)?;
    let has_creation = u32_le(field.bytes, 16)? & 1 != 0;
    let stamp = field.bytes.get(20..)?.first_chunk()?;
    if has_creation { time::from_timestamp(stamp).map(Timestamp::from) } else { None }
}

impl Udf {
    /// The attributes and streams of a file. What is damaged is left out.
    pub(super) fn attribute_names(&self, entry: &FileEntry) -> Vec<ExtendedAttribute> {
        let mut found = Vec::new();
        self.visit_attributes(entry, |name, value| {
            found.push(ExtendedAttribute { name, size: as_u64(value.len()) });
            Visit::Next
        });
        let indirect = Steps::new(limits::LISTED_INDIRECT_ENTRIES);
        let streams = self.visit_streams(entry, |name, icb| {
            match self.space.entry_within(icb, &indirect) {
                Ok(stream) => found.push(ExtendedAttribute { name, size: stream.information_length }),
                Err(error) => self.damage.report(&error),
            }
            Visit::Next
        });
        if let Err(error) = streams {
            self.damage.report(&error);
        }
        found
    }

    /// The value of an attribute or a stream.
    ///
    /// # Errors
    /// When the stream of that name is damaged.
    pub(super) fn attribute(&self, entry: &FileEntry, wanted: &[u8]) -> Result<Option<Data>> {
        let mut found = None;
        self.visit_attributes(entry, |name, value| {
            if *name != *wanted {
                return Visit::Next;
            }
            let mut data = Data::default();
            data.push(Place::Inline(value.as_slice().into()), as_u64(value.len()));
            found = Some(data);
            Visit::End
        });
        let mut stream = None;
        if found.is_none() {
            self.visit_streams(entry, |name, icb| {
                if *name != *wanted {
                    return Visit::Next;
                }
                stream = Some(icb);
                Visit::End
            })?;
        }
        let Some(icb) = stream else { return Ok(found) };
        let stream = self.space.entry(icb)?;
        let is_small = stream.information_length <= limits::EXTENDED_ATTRIBUTE;
        Ok(is_small.then(|| self.space.data(&stream)))
    }

    /// Visits what the spaces of extended attributes of a file have for users.
    fn visit_attributes(&self, entry: &FileEntry, mut visit: impl FnMut(Box<[u8]>, Vec<u8>) -> Visit) {
        if let Visit::End = visit_space(entry.attributes(), &mut visit) {
            return;
        }
        match entry.further_attributes.map(|icb| self.attribute_space(icb)) {
            Some(Ok(space)) => {
                visit_space(&space, &mut visit);
            }
            Some(Err(error)) => self.damage.report(&error),
            None => {}
        }
    }

    /// The bytes of a space of extended attributes that lies in a file of its own, ECMA-167 4/14.9.16.
    fn attribute_space(&self, icb: Address) -> Result<Vec<u8>> {
        let data = self.space.data(&self.space.entry(icb)?);
        let mut space = vec![0; as_usize(data.size().min(limits::EXTENDED_ATTRIBUTE_SPACE))];
        read_stored(&self.space.volume, &data, 0, &mut space)?;
        Ok(space)
    }

    /// The ICBs of the stream directory of a file and of its streams. What is damaged is left out.
    pub(super) fn streams_of(&self, entry: &FileEntry) -> Vec<Address> {
        let mut found: Vec<Address> = entry.streams.into_iter().collect();
        let visited = self.visit_streams(entry, |_, icb| {
            found.push(icb);
            Visit::Next
        });
        if let Err(error) = visited {
            self.damage.report(&error);
        }
        found
    }

    /// Visits the names in the stream directory of a file and the ICBs that they name, ECMA-167 4/9.2: the first
    /// [`limits::STREAMS`].
    fn visit_streams(
        &self,
        entry: &FileEntry,
        mut visit: impl FnMut(Box<[u8]>, Address) -> Visit,
    ) -> Result<()> {
        let Some(icb) = entry.streams else { return Ok(()) };
        let directory = self.space.entry(icb)?;
        let data = self.space.data(&directory);
        let mut identifiers = Identifiers::new(&self.space, &self.damage, data, directory.at());
        for _ in 0..limits::STREAMS {
            let Some(identifier) = identifiers.next()? else { break };
            if identifier.is_parent() || identifier.is_deleted() {
                continue;
            }
            let icb = identifier.icb;
            let Ok(stream) = name::decode(identifier.name) else { continue };
            let name =
                if stream == RESOURCE_FORK_STREAM { RESOURCE_FORK.into() } else { user(stream.as_bytes()) };
            if let Visit::End = visit(name, icb) {
                break;
            }
        }
        Ok(())
    }
}

/// Whether a visit goes on.
enum Visit {
    Next,
    End,
}

/// Whether an attribute of that name can be one of ours.
pub(super) fn is_ours(name: &[u8]) -> bool {
    name.starts_with(USER) || name == FINDER_INFO || name == RESOURCE_FORK
}

fn user(name: &[u8]) -> Box<[u8]> {
    [USER, name].concat().into()
}

/// Visits what a space of extended attributes has for users: name and value.
fn visit_space(space: &[u8], visit: &mut impl FnMut(Box<[u8]>, Vec<u8>) -> Visit) -> Visit {
    for field in fields(space) {
        if !matches!(field.kind, kind::IMPLEMENTATION_USE | kind::APPLICATION_USE) {
            continue;
        }
        let identifier =
            field.bytes.get(16..).and_then(|bytes| EntityIdentifier::ref_from_prefix(bytes).ok());
        let Some((identifier, value)) = identifier else { continue };
        let length = as_usize(u32_le(field.bytes, 12).unwrap_or(0).into());
        let value = value.get(..length).unwrap_or(value);
        // UDF 3.3.4.5: the checksum of what is in front of it stands before the value.
        let header = field.bytes.iter().take(48).fold(0, |sum: u16, byte| sum.wrapping_add((*byte).into()));
        let value = value.strip_prefix(&header.to_le_bytes()).unwrap_or(value);
        if let Some((name, value)) = shown(identifier, value)
            && let Visit::End = visit(name, value)
        {
            return Visit::End;
        }
    }
    Visit::Next
}

/// Name and value of an attribute, or nothing for what is of no use to anyone: free space, copy protection of DVDs, what
/// Macintosh and OS/2 keep for themselves.
fn shown(identifier: &EntityIdentifier, value: &[u8]) -> Option<(Box<[u8]>, Vec<u8>)> {
    if is_named(identifier, b"*UDF Mac FinderInfo") {
        return Some((FINDER_INFO.into(), finder_info(value)?));
    }
    if is_named(identifier, b"*UDF Mac ResourceFork") {
        return Some((RESOURCE_FORK.into(), value.to_vec()));
    }
    let name = crate::text::trimmed(&identifier.identifier);
    if name.starts_with(b"*UDF ") || name.is_empty() {
        return None;
    }
    Some((user(name.strip_prefix(b"*").unwrap_or(name)), value.to_vec()))
}

/// The 32 bytes of Macintosh's finder, UDF 3.3.4.5.4.2: behind two bytes of padding and the directory's number. UDF records
/// each number with its low byte first, macOS knows them with the high byte first.
fn finder_info(value: &[u8]) -> Option<Vec<u8>> {
    /// Bytes of the fields, one after the other, of a directory (`DInfo`, `DXInfo`) and of a file (`FInfo`, `FXInfo`).
    const DIRECTORY: &[usize] = &[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 1, 1, 2, 4];
    const FILE: &[usize] = &[4, 4, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 2, 4];
    /// Bytes in front, and of both parts.
    const FRONT: usize = 6;
    const INFO: usize = 32;
    let info = value.get(FRONT..)?;
    // Behind those of a file are the lengths of its resource fork.
    let layout = if info.len() > INFO { FILE } else { DIRECTORY };
    let mut rest = info.get(..INFO)?;
    let mut swapped = Vec::with_capacity(INFO);
    for len in layout {
        let (field, behind) = rest.split_at_checked(*len)?;
        swapped.extend(field.iter().rev());
        rest = behind;
    }
    Some(swapped)
}
