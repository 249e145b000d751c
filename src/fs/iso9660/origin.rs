//! Where an image begins on its disc, as its descriptors tell.

use zerocopy::FromBytes;

use super::{
    raw::{self, SECTOR, SYSTEM_AREA_SECTORS, descriptor_type},
    record::{Layout, RecordBuffer},
};
use crate::{bytes::as_usize, limits, volume::Volume};

/// Bytes of the first entry of a path table: that of the root, ECMA-119 9.4.
const PATH_TABLE_ENTRY: usize = 10;

/// Sectors that are read at once.
const CHUNK: u64 = 32;

/// Where a primary descriptor says that things are, in bytes from the start of the disc.
struct Claims {
    root: u64,
    /// The block of the root, as the path table has it.
    root_block: u32,
    path_table: u64,
    block_size: u64,
}

/// The sector of its disc at which an image begins whose first session does not find its root and its path table where it says, but
/// both as far in front. `None` for any other.
pub(in crate::fs) fn first_sector(volume: &Volume) -> Option<u64> {
    let claims = Claims::read(volume, 0)?;
    if claims.is_root(volume, claims.root) {
        return None;
    }
    let first = SYSTEM_AREA_SECTORS.saturating_add(1);
    let end = SYSTEM_AREA_SECTORS.saturating_add(limits::ORIGIN_SEARCH);
    let mut chunk = Vec::new();
    for start in (first..end).step_by(as_usize(CHUNK)) {
        let at = start.saturating_mul(SECTOR);
        chunk.resize(as_usize(volume.available(at, CHUNK.saturating_mul(SECTOR))), 0);
        volume.peek(&mut chunk, at).ok()?;
        let mut sectors = chunk.chunks(as_usize(SECTOR)).zip((at..).step_by(as_usize(SECTOR)));
        if let Some(front) = sectors.find_map(|(sector, at)| claims.front_of(volume, sector, at)) {
            return Some(front / SECTOR);
        }
    }
    None
}

/// Whether a session that begins at sector `start` has a root that lies in front of it, as far as addresses count from the start of the
/// image, and in its place as far as they count from `start`.
pub(in crate::fs) fn counts_from_itself(volume: &Volume, start: u64) -> bool {
    let Some(claims) = Claims::read(volume, start) else { return false };
    let front = start.saturating_mul(SECTOR);
    claims.root < front && claims.is_root(volume, front.saturating_add(claims.root))
}

impl Claims {
    /// Those of the primary descriptor of the session that begins at sector `start`.
    fn read(volume: &Volume, start: u64) -> Option<Self> {
        let at = start.saturating_add(SYSTEM_AREA_SECTORS).saturating_mul(SECTOR);
        let mut bytes = [0; size_of::<raw::VolumeDescriptor>()];
        volume.peek(&mut bytes, at).ok()?;
        let descriptor = raw::VolumeDescriptor::ref_from_bytes(&bytes).ok()?;
        if descriptor.kind != descriptor_type::PRIMARY || &descriptor.standard_identifier != b"CD001" {
            return None;
        }
        let block_size = u64::from(descriptor.logical_block_size.get());
        let root = RecordBuffer::of(&descriptor.root, at, Layout::Iso9660);
        let root = root.record().ok()?;
        Some(Self {
            root: root.data_at(block_size),
            root_block: root.extent,
            path_table: u64::from(descriptor.path_table_l.get()).saturating_mul(block_size),
            block_size,
        })
    }

    /// How many bytes are missing in front of the volume, if a sector of it, which lies at byte `at`, is the start of the root or of the
    /// path table.
    fn front_of(&self, volume: &Volume, sector: &[u8], at: u64) -> Option<u64> {
        let is_root = self.is_root_record(&RecordBuffer::of(sector, at, Layout::Iso9660));
        let claimed = [is_root.then_some(self.root), self.is_path_table(sector).then_some(self.path_table)];
        let mut fronts = claimed.into_iter().flatten().filter_map(|claimed| claimed.checked_sub(at));
        fronts.find(|front| *front > 0 && front.is_multiple_of(SECTOR) && self.hold(volume, *front))
    }

    /// Whether a directory begins at byte `at` of the volume that says of itself to be this root.
    fn is_root(&self, volume: &Volume, at: u64) -> bool {
        RecordBuffer::peek(volume, at, Layout::Iso9660).is_ok_and(|buffer| self.is_root_record(&buffer))
    }

    fn is_root_record(&self, buffer: &RecordBuffer) -> bool {
        buffer.record().is_ok_and(|record| {
            record.is_self() && record.is_directory() && record.data_at(self.block_size) == self.root
        })
    }

    /// Whether a path table begins with these bytes whose first entry leads to this root.
    fn is_path_table(&self, start: &[u8]) -> bool {
        let [a, b, c, d] = self.root_block.to_le_bytes();
        // Length 1, the number of blocks of an extended attribute record, the block, parent 1, name 0.
        matches!(start.get(..PATH_TABLE_ENTRY), Some([1, _, block @ .., 1, 0, 0, _]) if block == [a, b, c, d])
    }

    /// Whether root and path table lie `front` bytes in front of where they should.
    fn hold(&self, volume: &Volume, front: u64) -> bool {
        let mut start = [0; PATH_TABLE_ENTRY];
        let (root, table) = (self.root.checked_sub(front), self.path_table.checked_sub(front));
        root.is_some_and(|at| self.is_root(volume, at))
            && table.is_some_and(|at| volume.peek(&mut start, at).is_ok() && self.is_path_table(&start))
    }
}
