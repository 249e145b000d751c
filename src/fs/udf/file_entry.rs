//! File entries and extended file entries, ECMA-167 4/14.9 and 4/14.17.

use zerocopy::FromBytes;

use super::{
    raw::{self, IcbTag, file_type, icb_flags, tag},
    space::Address,
    tag::Descriptor,
};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Result},
    time,
    tree::{Kind, Timestamp},
};

/// A file entry, its parts found inside its block.
#[derive(Debug)]
pub(super) struct FileEntry {
    descriptor: Descriptor,
    /// The partition that its short allocation descriptors count in.
    pub(super) partition: u16,
    /// [`raw::file_type`].
    pub(super) file_type: u8,
    /// [`raw::icb_flags`].
    pub(super) flags: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) permissions: u32,
    pub(super) links: u16,
    /// Bytes of the file.
    pub(super) information_length: u64,
    /// Blocks that the file takes up.
    pub(super) blocks_recorded: u64,
    pub(super) accessed: Option<Timestamp>,
    pub(super) modified: Option<Timestamp>,
    pub(super) attributes_changed: Option<Timestamp>,
    pub(super) created: Option<Timestamp>,
    /// The ICB of further extended attributes.
    pub(super) further_attributes: Option<Address>,
    /// The ICB of the stream directory.
    pub(super) streams: Option<Address>,
    /// Offset in the block and bytes of the extended attributes.
    attributes: (usize, usize),
    /// Offset in the block and bytes of the allocation descriptors, or of the file itself.
    allocation: (usize, usize),
}

const STRUCTURE: &str = "file entry";

impl FileEntry {
    /// Reads the entry in a block of that partition.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when the block holds something else, or the entry is longer than the block.
    pub(super) fn parse(descriptor: Descriptor, partition: u16) -> Result<Self> {
        let start: &raw::FileEntryStart = descriptor.as_ref(STRUCTURE)?;
        let offset = size_of::<raw::FileEntryStart>();
        let stamp = |bytes: &[u8; 12]| time::from_timestamp(bytes).map(Timestamp::from);
        let mut entry = Self {
            partition,
            file_type: start.icb.file_type,
            flags: start.icb.flags.get(),
            uid: start.uid.get(),
            gid: start.gid.get(),
            permissions: start.permissions.get(),
            links: start.links.get(),
            information_length: start.information_length.get(),
            blocks_recorded: 0,
            accessed: None,
            modified: None,
            attributes_changed: None,
            created: None,
            further_attributes: None,
            streams: None,
            attributes: (0, 0),
            allocation: (0, 0),
            descriptor,
        };
        match entry.descriptor.identifier {
            tag::FILE_ENTRY => {
                let rest: &raw::FileEntryRest = entry.descriptor.at_offset(offset, STRUCTURE)?;
                entry.blocks_recorded = rest.blocks_recorded.get();
                entry.accessed = stamp(&rest.accessed);
                entry.modified = stamp(&rest.modified);
                entry.attributes_changed = stamp(&rest.attributes_changed);
                entry.further_attributes = Address::of_icb(&rest.extended_attributes);
            }
            tag::EXTENDED_FILE_ENTRY => {
                let rest: &raw::ExtendedFileEntryRest = entry.descriptor.at_offset(offset, STRUCTURE)?;
                entry.blocks_recorded = rest.blocks_recorded.get();
                entry.accessed = stamp(&rest.accessed);
                entry.modified = stamp(&rest.modified);
                entry.attributes_changed = stamp(&rest.attributes_changed);
                entry.created = stamp(&rest.created);
                entry.further_attributes = Address::of_icb(&rest.extended_attributes);
                entry.streams = Address::of_icb(&rest.streams);
            }
            other => {
                let at = entry.descriptor.at;
                return Err(Corrupt::new(STRUCTURE, at, "tag identifier", other, "must be 261 or 266").into());
            }
        }
        // The kernel counts the bytes of a file in 63 bits.
        if i64::try_from(entry.information_length).is_err() {
            let (at, found) = (entry.descriptor.at, entry.information_length);
            return Err(Corrupt::new(STRUCTURE, at, "information length", found, "must be below 2^63").into());
        }
        let bytes = entry.descriptor.bytes();
        let parts = Parts::of(bytes).filter(|parts| parts.end() <= bytes.len()).ok_or_else(|| {
            let what = "lengths of extended attributes and allocation descriptors";
            Corrupt::new(STRUCTURE, entry.descriptor.at, what, "too large", "longer than the block")
        })?;
        entry.attributes = (parts.header, parts.attributes);
        entry.allocation = (parts.header.saturating_add(parts.attributes), parts.allocation);
        Ok(entry)
    }

    /// Byte offset of the entry in the volume.
    pub(super) fn at(&self) -> u64 {
        self.descriptor.at
    }

    /// The extended attributes inside the entry.
    pub(super) fn attributes(&self) -> &[u8] {
        self.part(self.attributes)
    }

    /// The allocation descriptors, or the file itself.
    pub(super) fn allocation(&self) -> &[u8] {
        self.part(self.allocation)
    }

    /// Byte offset in the volume of what [`allocation`](Self::allocation) holds.
    pub(super) fn allocation_at(&self) -> u64 {
        self.descriptor.at.saturating_add(as_u64(self.allocation.0))
    }

    /// The kind of the allocation descriptors, [`raw::allocation`].
    pub(super) fn allocation_kind(&self) -> u16 {
        self.flags & icb_flags::ALLOCATION
    }

    /// The type of the node that it describes.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] for the types of structures that no directory has.
    pub(super) fn kind(&self) -> Result<Kind> {
        match self.file_type {
            file_type::UNSPECIFIED
            | file_type::FILE
            | file_type::REAL_TIME
            | file_type::VIRTUAL_ALLOCATION_TABLE => Ok(Kind::File),
            file_type::DIRECTORY | file_type::STREAM_DIRECTORY => Ok(Kind::Directory),
            file_type::SYMBOLIC_LINK => Ok(Kind::Symlink),
            file_type::BLOCK_DEVICE => Ok(Kind::BlockDevice),
            file_type::CHARACTER_DEVICE => Ok(Kind::CharDevice),
            file_type::FIFO => Ok(Kind::Fifo),
            file_type::SOCKET => Ok(Kind::Socket),
            other => Err(Corrupt::new(
                "ICB tag",
                self.descriptor.at,
                "file type",
                other,
                "must be that of a file or a directory",
            )
            .into()),
        }
    }

    fn part(&self, (offset, len): (usize, usize)) -> &[u8] {
        self.descriptor.bytes().get(offset..offset.saturating_add(len)).unwrap_or_default()
    }
}

/// Bytes of the parts of a file entry, one behind the other.
struct Parts {
    header: usize,
    attributes: usize,
    allocation: usize,
}

impl Parts {
    /// What the file entry at the start of `bytes` says; `None` when there is none.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (start, rest) = raw::FileEntryStart::ref_from_prefix(bytes).ok()?;
        let (fixed, attributes, allocation) = match start.tag.identifier.get() {
            tag::FILE_ENTRY => {
                let (fields, _) = raw::FileEntryRest::ref_from_prefix(rest).ok()?;
                (size_of_val(fields), fields.extended_attributes_length, fields.allocation_length)
            }
            tag::EXTENDED_FILE_ENTRY => {
                let (fields, _) = raw::ExtendedFileEntryRest::ref_from_prefix(rest).ok()?;
                (size_of_val(fields), fields.extended_attributes_length, fields.allocation_length)
            }
            _ => return None,
        };
        Some(Self {
            header: size_of_val(start).saturating_add(fixed),
            attributes: as_usize(attributes.get().into()),
            allocation: as_usize(allocation.get().into()),
        })
    }

    fn end(&self) -> usize {
        self.header.saturating_add(self.attributes).saturating_add(self.allocation)
    }
}

/// Whether these bytes from the start of a block hold a file entry with all its attributes and allocation descriptors.
pub(super) fn is_all(bytes: &[u8]) -> bool {
    Parts::of(bytes).is_some_and(|parts| parts.end() <= bytes.len())
}

/// The strategy and the file type in the ICB tag of a block.
///
/// # Errors
/// [`crate::Error::Corrupt`] when the block is too short for one.
pub(super) fn icb_tag(descriptor: &Descriptor) -> Result<&IcbTag> {
    descriptor.at_offset(size_of::<raw::Tag>(), "ICB tag")
}
