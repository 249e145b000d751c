//! The logical volume integrity descriptor, ECMA-167 3/8.8.2 and 3/10.10: free space, counts, revision.

use zerocopy::FromBytes;

use super::{
    anchor::Extent,
    raw::{self, tag},
    tag::Descriptor,
};
use crate::{
    bytes::{as_usize, u32_le},
    limits,
    time::Recorded,
    volume::Volume,
};

/// A table entry that says nothing, ECMA-167 3/10.10.7.
const UNKNOWN: u32 = u32::MAX;

/// What the newest integrity descriptor says.
#[derive(Debug, Default, Clone)]
pub(super) struct Integrity {
    /// Whether there is one.
    pub(super) is_recorded: bool,
    /// Whether the volume was closed, so that the numbers hold.
    pub(super) is_closed: bool,
    /// Free blocks of each partition map; `None` where that is not said.
    pub(super) free: Vec<Option<u32>>,
    pub(super) files: u32,
    pub(super) directories: u32,
    /// The lowest revision of UDF that a reader must know, binary coded decimal; 0 where that is not said.
    pub(super) revision: u16,
    /// Likewise for a writer.
    pub(super) min_write_revision: u16,
    /// The highest revision of UDF of what has written to it, likewise.
    pub(super) max_write_revision: u16,
    /// When it was recorded.
    pub(super) recorded: Recorded,
}

/// The last of the integrity descriptors in `extent` and in those that they lead to. `None` when there is none.
pub(super) fn read(volume: &Volume, block_size: u64, extent: Extent) -> Option<Integrity> {
    let mut newest = None;
    let mut next = Some(extent);
    let mut count: u32 = 0;
    while let Some(extent) = next.take() {
        for block in (extent.block..=u32::MAX).take(as_usize(extent.blocks.into())) {
            count = count.saturating_add(1);
            if count > limits::INTEGRITY_DESCRIPTORS {
                log::warn!(
                    "more than {} integrity descriptors: the rest is not read",
                    limits::INTEGRITY_DESCRIPTORS
                );
                return newest;
            }
            let at = u64::from(block).saturating_mul(block_size);
            let Ok(descriptor) = Descriptor::read_once(volume, at, block_size, block) else { break };
            let Some((integrity, following)) = parse(&descriptor, block_size) else { break };
            newest = Some(integrity);
            if following.blocks > 0 {
                next = Some(following);
                break;
            }
        }
    }
    newest
}

fn parse(descriptor: &Descriptor, block_size: u64) -> Option<(Integrity, Extent)> {
    if descriptor.identifier != tag::INTEGRITY {
        return None;
    }
    let (raw, rest) = raw::Integrity::ref_from_prefix(descriptor.bytes()).ok()?;
    let partitions = as_usize(raw.partitions.get().into()).min(limits::PARTITIONS);
    let free = (0..partitions).filter_map(|i| u32_le(rest, i.saturating_mul(4)));
    let mut integrity = Integrity {
        is_recorded: true,
        is_closed: raw.kind.get() == 1,
        recorded: Recorded::of_timestamp(&raw.recorded),
        free: free.map(|blocks| (blocks != UNKNOWN).then_some(blocks)).collect(),
        ..Integrity::default()
    };
    // Behind the two tables.
    let behind = rest.get(as_usize(u64::from(raw.partitions.get()).saturating_mul(8))..).unwrap_or_default();
    let has_use = as_usize(raw.implementation_use_length.get().into()) >= size_of::<raw::IntegrityUse>();
    if has_use && let Ok((own, _)) = raw::IntegrityUse::ref_from_prefix(behind) {
        integrity.files = own.files.get();
        integrity.directories = own.directories.get();
        integrity.revision = own.min_read_revision.get();
        integrity.min_write_revision = own.min_write_revision.get();
        integrity.max_write_revision = own.max_write_revision.get();
    }
    Some((integrity, Extent::of(raw.next, block_size)))
}
