//! Volume descriptor sets, ECMA-119 8, and the older form of High Sierra.

use zerocopy::FromBytes;

use super::{
    el_torito,
    raw::{self, SECTOR, SYSTEM_AREA_SECTORS, descriptor_type},
    record::{Layout, RecordBuffer},
};
use crate::{
    bytes::as_usize,
    error::{Corrupt, Error, Result},
    limits,
    volume::Volume,
};

/// What a volume descriptor says of one tree.
#[derive(Debug, Clone)]
pub(super) struct VolumeTree {
    /// The volume identifier as recorded.
    pub(super) identifier: [u8; 32],
    /// Bytes of the volume.
    pub(super) size: u64,
    /// Bytes of a logical block: 512, 1024 or 2048.
    pub(super) block_size: u64,
    pub(super) layout: Layout,
    /// Byte offset of the root's directory record, inside the descriptor.
    pub(super) root_record_at: u64,
}

/// The descriptors of one session.
#[derive(Debug, Clone)]
pub(super) struct DescriptorSet {
    /// Sector at which the session begins.
    pub(super) start: u64,
    pub(super) primary: Option<VolumeTree>,
    /// The Joliet tree and its level, 1 to 3.
    pub(super) joliet: Option<(VolumeTree, u8)>,
    /// The tree of an enhanced descriptor, ISO 9660:1999.
    pub(super) enhanced: Option<VolumeTree>,
    /// Byte offset of the boot catalog that the boot record leads to (El Torito).
    pub(super) boot_catalog: Option<u64>,
    /// Whether a terminator closed the set.
    pub(super) is_terminated: bool,
    /// Sectors of the set, the terminator among them.
    pub(super) count: u64,
    /// What is wrong with descriptors that are left out.
    pub(super) damage: Vec<Error>,
}

/// One sector of a descriptor set.
enum Descriptor {
    /// With the place of the boot catalog.
    Boot(Option<u64>),
    Primary(VolumeTree),
    Joliet(VolumeTree, u8),
    Enhanced(VolumeTree),
    Other,
    Damaged(Error),
    Terminator,
}

impl DescriptorSet {
    /// Reads the set of the session that begins at sector `start`. `None` when there is no descriptor at all.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a descriptor says what it may not, or when they do not end; [`Error::Io`].
    pub(super) fn read(volume: &Volume, start: u64) -> Result<Option<Self>> {
        let mut set = Self {
            start,
            primary: None,
            joliet: None,
            enhanced: None,
            boot_catalog: None,
            is_terminated: false,
            count: 0,
            damage: Vec::new(),
        };
        let first = start.saturating_add(SYSTEM_AREA_SECTORS).saturating_mul(SECTOR);
        loop {
            let descriptor = match read_one(volume, first.saturating_add(set.count.saturating_mul(SECTOR))) {
                Ok(Some(descriptor)) => descriptor,
                Ok(None) => break,
                // A damaged copy behind a primary descriptor that is in order costs itself.
                Err(error @ Error::Corrupt(_)) if set.primary.is_some() => Descriptor::Damaged(error),
                Err(error) => return Err(error),
            };
            set.count = set.count.saturating_add(1);
            if set.count > limits::VOLUME_DESCRIPTORS {
                let what = "volume descriptor set";
                return Err(Corrupt::new(
                    what,
                    first,
                    "number of descriptors",
                    "more than 100",
                    "at most 100",
                )
                .into());
            }
            match descriptor {
                Descriptor::Terminator => {
                    set.is_terminated = true;
                    break;
                }
                Descriptor::Boot(catalog) => set.boot_catalog = set.boot_catalog.or(catalog),
                // Of several primary descriptors (a copy is allowed) the first counts.
                Descriptor::Primary(tree) => set.primary = set.primary.or(Some(tree)),
                Descriptor::Joliet(tree, level) => set.joliet = set.joliet.or(Some((tree, level))),
                Descriptor::Enhanced(tree) => set.enhanced = set.enhanced.or(Some(tree)),
                Descriptor::Damaged(error) => set.damage.push(error),
                Descriptor::Other => {}
            }
        }
        Ok((set.count > 0).then_some(set))
    }

    /// Bytes from the start of the image to the end of the volume.
    pub(super) fn end(&self) -> u64 {
        let trees = self.primary.iter().chain(self.joliet.iter().map(|(tree, _)| tree)).chain(&self.enhanced);
        let size = trees.map(|t| t.size).max().unwrap_or(0);
        self.start.saturating_mul(SECTOR).saturating_add(size)
    }
}

/// Whether a primary volume descriptor lies at the place of the session that would begin at sector `start`. Looks at
/// seven bytes.
pub(super) fn is_session(volume: &Volume, start: u64) -> bool {
    let at = start.saturating_add(SYSTEM_AREA_SECTORS).saturating_mul(SECTOR);
    let mut head = [0; 7];
    volume.contains(at, SECTOR) && volume.peek(&mut head, at).is_ok() && head == *b"\x01CD001\x01"
}

/// The byte offset of the boot catalog, when a boot record of El Torito lies at byte `at`.
pub(super) fn boot_catalog_at(volume: &Volume, at: u64) -> Result<Option<u64>> {
    Ok(match read_one(volume, at)? {
        Some(Descriptor::Boot(catalog)) => catalog,
        _ => None,
    })
}

fn read_one(volume: &Volume, at: u64) -> Result<Option<Descriptor>> {
    if !volume.contains(at, SECTOR) {
        return Ok(None);
    }
    let mut sector = [0; as_const(SECTOR)];
    volume.peek(&mut sector, at)?;
    if let Ok((d, _)) = raw::VolumeDescriptor::ref_from_prefix(&sector)
        && &d.standard_identifier == b"CD001"
    {
        if d.kind == descriptor_type::BOOT_RECORD {
            return Ok(Some(Descriptor::Boot(el_torito::catalog_at(&sector))));
        }
        return parse(d, at).map(Some);
    }
    if let Ok((d, _)) = raw::HighSierraDescriptor::ref_from_prefix(&sector)
        && &d.standard_identifier == b"CDROM"
    {
        return parse_high_sierra(d, at).map(Some);
    }
    Ok(None)
}

#[allow(clippy::as_conversions, reason = "2048 fits; `try_from` is not const")]
const fn as_const(len: u64) -> usize {
    len as usize
}

fn parse(d: &raw::VolumeDescriptor, at: u64) -> Result<Descriptor> {
    const ENHANCED: u8 = 2;
    let tree = |structure| -> Result<VolumeTree> {
        let block_size = block_size(structure, at, d.logical_block_size.get())?;
        Ok(VolumeTree {
            identifier: d.volume_identifier,
            size: u64::from(d.volume_space_size.get()).saturating_mul(block_size),
            block_size,
            layout: Layout::Iso9660,
            root_record_at: at.saturating_add(156),
        })
    };
    Ok(match d.kind {
        descriptor_type::TERMINATOR => Descriptor::Terminator,
        descriptor_type::PRIMARY => Descriptor::Primary(tree("primary volume descriptor")?),
        descriptor_type::SUPPLEMENTARY => {
            let level = match &d.escape_sequences {
                [b'%', b'/', b'@', ..] => Some(1),
                [b'%', b'/', b'C', ..] => Some(2),
                [b'%', b'/', b'E', ..] => Some(3),
                _ => None,
            };
            // A supplementary descriptor that says nonsense costs its own tree only.
            match (level, tree("supplementary volume descriptor")) {
                (_, Err(error)) => Descriptor::Damaged(error),
                (Some(level), Ok(tree)) => Descriptor::Joliet(tree, level),
                (None, Ok(tree)) if d.version == ENHANCED => Descriptor::Enhanced(tree),
                (None, Ok(_)) => Descriptor::Other,
            }
        }
        _ => Descriptor::Other,
    })
}

fn parse_high_sierra(d: &raw::HighSierraDescriptor, at: u64) -> Result<Descriptor> {
    Ok(match d.kind {
        descriptor_type::TERMINATOR => Descriptor::Terminator,
        descriptor_type::BOOT_RECORD => Descriptor::Boot(None),
        descriptor_type::PRIMARY => {
            let block_size = block_size("High Sierra volume descriptor", at, d.logical_block_size.get())?;
            Descriptor::Primary(VolumeTree {
                identifier: d.volume_identifier,
                size: u64::from(d.volume_space_size.get()).saturating_mul(block_size),
                block_size,
                layout: Layout::HighSierra,
                root_record_at: at.saturating_add(180),
            })
        }
        _ => Descriptor::Other,
    })
}

fn block_size(structure: &'static str, at: u64, found: u16) -> Result<u64> {
    match found {
        512 | 1024 | 2048 => Ok(found.into()),
        _ => {
            let allowed = "must be 512, 1024 or 2048";
            Err(Error::from(Corrupt::new(structure, at, "logical block size", found, allowed)))
        }
    }
}

impl VolumeTree {
    /// The directory record of the root inside the descriptor.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read.
    pub(super) fn root_record(&self, volume: &Volume) -> Result<RecordBuffer> {
        let mut bytes = [0; 34];
        volume.peek(&mut bytes, self.root_record_at)?;
        // The length byte of this copy is wrong on some discs, and nothing depends on it.
        if let Some(length) = bytes.first_mut() {
            *length = 34;
        }
        Ok(RecordBuffer::of(&bytes, self.root_record_at, self.layout))
    }

    /// Bytes of the descriptor's blocks, as a small number.
    pub(super) fn block_size_u32(&self) -> u32 {
        u32::try_from(as_usize(self.block_size)).unwrap_or(u32::MAX)
    }
}
