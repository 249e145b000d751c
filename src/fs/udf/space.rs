//! The address space of a logical volume: partitions, and what lies in their blocks.

use std::sync::{Arc, OnceLock};

use super::{
    allocation,
    file_entry::{self, FileEntry},
    partition::Partition,
    raw::{self, LbAddr, LongAd, tag},
    steps::Steps,
    tag::Descriptor,
};
use crate::{
    error::{Corrupt, Error, Result},
    limits,
    tree::{Data, NodeId},
    volume::Volume,
};

/// A block of a partition, `lb_addr` of ECMA-167 4/7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Address {
    /// Index of the partition map.
    pub(super) partition: u16,
    /// Block in the partition.
    pub(super) block: u32,
}

/// What is added to the place of an ICB to make the number of its node: 0 and 1 are not to be.
const FIRST_NODE: u64 = 2;

impl Address {
    pub(super) fn of(raw: &LbAddr) -> Self {
        Self { partition: raw.partition.get(), block: raw.block.get() }
    }

    /// The place that a long allocation descriptor names, if it names one.
    pub(super) fn of_icb(raw: &LongAd) -> Option<Self> {
        (raw.length.get() & 0x3fff_ffff != 0).then(|| Self::of(&raw.location))
    }

    /// The number of the node whose ICB lies here: partition and block.
    pub(super) fn node(self) -> NodeId {
        NodeId((u64::from(self.partition) << 32 | u64::from(self.block)).saturating_add(FIRST_NODE))
    }

    /// The place of the ICB of a node.
    pub(super) fn of_node(id: NodeId) -> Option<Self> {
        let place = id.0.checked_sub(FIRST_NODE)?;
        let block = u32::try_from(place & u64::from(u32::MAX)).ok()?;
        Some(Self { partition: u16::try_from(place >> 32).ok()?, block })
    }
}

/// The partitions of a logical volume over the bytes of the disc.
pub(super) struct Space {
    pub(super) volume: Arc<Volume>,
    /// Bytes of a logical block, which is as large as a sector.
    pub(super) block_size: u64,
    /// In the order of the partition maps.
    pub(super) partitions: Vec<Partition>,
    /// The last byte of the volume that is no zero, where someone asked for it.
    pub(super) last_written: Arc<OnceLock<Option<u64>>>,
}

impl Space {
    /// The same with the mirrors of metadata partitions in their place; `None` when there is no mirror to read.
    pub(super) fn mirrored(&self) -> Option<Self> {
        let has_both = |p: &Partition| matches!(p, Partition::Metadata { main: Ok(_), mirror: Ok(_) });
        self.partitions.iter().any(has_both).then(|| Self {
            volume: self.volume.clone(),
            block_size: self.block_size,
            partitions: self.partitions.iter().map(Partition::mirrored).collect(),
            last_written: self.last_written.clone(),
        })
    }

    /// The partition of that index.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when there is none.
    pub(super) fn partition(&self, index: u16) -> Result<&Partition> {
        self.partitions.get(usize::from(index)).ok_or_else(|| {
            let allowed = format!("there are {} partitions", self.partitions.len());
            Corrupt::new("address", 0, "partition reference number", index, allowed).into()
        })
    }

    /// Byte offset in the volume of a block of the volume.
    pub(super) fn at(&self, block: u32) -> u64 {
        u64::from(block).saturating_mul(self.block_size)
    }

    /// Adds the `len` bytes from a block of a partition on to `data`, a step for each run. Bytes that no partition has are
    /// [`Place::Lost`](crate::tree::Place::Lost), and so are those for which no step is left.
    pub(super) fn push(&self, data: &mut Data, address: Address, len: u64, steps: &Steps) {
        match self.partition(address.partition) {
            Ok(partition) => partition.push(self, data, address.block, len, steps),
            Err(error) => steps.lose(data, error, len),
        }
    }

    /// The descriptor in a block; where the partition keeps a copy of its blocks and the first is damaged, the copy.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the address is none, or no copy is in order.
    pub(super) fn descriptor(&self, address: Address) -> Result<Descriptor> {
        let (first, copy) = self.partition(address.partition)?.places(self, address.block);
        let read = |at: Result<u64>| {
            let is_all = file_entry::is_all;
            Descriptor::read_start(&self.volume, at?, self.block_size, address.block, is_all)
        };
        read(first).or_else(|error| match copy {
            Some(copy) => {
                log::debug!("{error}; the mirror is read instead");
                read(copy).map_err(|_| error)
            }
            None => Err(error),
        })
    }

    /// The newest file entry of an ICB: that of strategy 4, or the end of the chain of strategy 4096 (ECMA-167 4/14.6.2, UDF
    /// 2.3.5.1 and 6.6).
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is damaged, or the chain does not end; [`Error::Unsupported`] for another strategy.
    pub(super) fn entry(&self, icb: Address) -> Result<FileEntry> {
        self.entry_within(icb, &Steps::new(limits::INDIRECT_ENTRIES))
    }

    /// As [`entry`](Self::entry), with a step for each indirect entry: for whoever looks at many.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub(super) fn entry_within(&self, icb: Address, steps: &Steps) -> Result<FileEntry> {
        let mut at = icb;
        for number in 0..limits::INDIRECT_ENTRIES {
            if number > 0 && !steps.take() {
                break;
            }
            let descriptor = self.descriptor(at)?;
            if descriptor.identifier == tag::INDIRECT_ENTRY {
                match indirect(&descriptor)? {
                    Some(target) => at = target,
                    None => return Err(wrong_icb(descriptor.at, "an indirect entry without a target")),
                }
                continue;
            }
            let place = descriptor.at;
            match file_entry::icb_tag(&descriptor)?.strategy.get() {
                4 => {}
                4096 => {
                    let next = Address { block: at.block.saturating_add(1), ..at };
                    let follower = self.descriptor(next).ok().filter(|d| d.identifier == tag::INDIRECT_ENTRY);
                    if let Some(target) = follower.map_or(Ok(None), |d| indirect(&d))? {
                        at = target;
                        continue;
                    }
                }
                other => {
                    let what = format!("ICB at byte {place}: strategy {other}, which UDF does not have");
                    return Err(Error::unsupported(what));
                }
            }
            return FileEntry::parse(descriptor, at.partition);
        }
        let place = self.partition(icb.partition)?.places(self, icb.block).0?;
        Err(wrong_icb(place, "too many indirect entries"))
    }

    /// The bytes of the file that an entry describes.
    pub(super) fn data(&self, entry: &FileEntry) -> Data {
        self.data_within(entry, &Steps::new(limits::ALLOCATION_DESCRIPTORS))
    }

    /// As [`data`](Self::data), with a step for each allocation descriptor and each run. What it does not come to is
    /// [`Place::Lost`](crate::tree::Place::Lost).
    pub(super) fn data_within(&self, entry: &FileEntry, steps: &Steps) -> Data {
        allocation::data(self, entry, steps)
    }
}

fn indirect(descriptor: &Descriptor) -> Result<Option<Address>> {
    let raw: &raw::IndirectEntry = descriptor.as_ref("indirect entry")?;
    Ok(Address::of_icb(&raw.target))
}

fn wrong_icb(at: u64, found: &'static str) -> Error {
    Corrupt::new("ICB", at, "entries", found, "must lead to a file entry").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places_and_back() {
        for address in [(0, 0), (0, 17), (2, 0), (65535, u32::MAX - 2)] {
            let address = Address { partition: address.0, block: address.1 };
            assert!(address.node() > NodeId(1));
            assert_eq!(Address::of_node(address.node()), Some(address));
        }
        assert_eq!(Address::of_node(NodeId(1)), None);
        assert_eq!(Address::of_node(NodeId(u64::MAX)), None);
    }
}
