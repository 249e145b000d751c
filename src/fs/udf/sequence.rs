//! The volume descriptor sequence, ECMA-167 3/8.4.2: which volume this is, and which partitions it has.

use super::{
    anchor::{Anchor, Extent},
    partition::is_named,
    raw::{self, tag},
    tag::Descriptor,
};
use crate::{
    error::{Corrupt, Error, Result},
    limits,
    volume::Volume,
};

/// Where a partition lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartitionPlace {
    /// The number by which partition maps name it.
    pub(super) number: u16,
    /// First block.
    pub(super) start: u32,
    /// Blocks.
    pub(super) length: u32,
    /// The access type, ECMA-167 3/10.5.7.
    pub(super) access: u32,
}

/// What a sequence says.
#[derive(Debug)]
pub(super) struct VolumeDescriptors {
    /// The logical volume descriptor.
    pub(super) logical: Descriptor,
    /// The primary volume descriptor, where there is one.
    pub(super) primary: Option<Descriptor>,
    /// The implementation use volume descriptor of UDF, where there is one.
    pub(super) information: Option<Descriptor>,
    /// The partitions, each number once.
    pub(super) partitions: Vec<PartitionPlace>,
    /// The block behind the last one of the sequences.
    pub(super) end: u64,
    /// Whether the main sequence was damaged, so that the reserve one was needed.
    pub(super) needed_reserve: bool,
}

/// The newest descriptor of each kind so far, with its sequence number.
#[derive(Default)]
struct Found {
    primary: Option<(u32, Descriptor)>,
    logical: Option<(u32, Descriptor)>,
    information: Option<(u32, Descriptor)>,
    partitions: Vec<(u32, PartitionPlace)>,
    /// The descriptors of partitions that were met, the same as often as they were.
    partition_descriptors: Vec<Descriptor>,
    /// What was wrong first.
    damage: Option<Error>,
}

/// What one sequence says by itself.
pub(super) struct State {
    /// What is wrong with it first; `None` where it says all that is needed.
    pub(super) wrong: Option<Error>,
    /// What it says of the logical volume and its partitions, to compare it with the other.
    pub(super) says: (Vec<u8>, Vec<PartitionPlace>),
    /// The partition descriptors that count.
    pub(super) partitions: Vec<Descriptor>,
}

/// Reads one sequence alone.
pub(super) fn state(volume: &Volume, block_size: u64, extent: Extent) -> State {
    let mut found = Found::default();
    found.read_sequence(volume, block_size, extent);
    let is_complete = found.is_complete();
    let wrong = found.damage.take().or_else(|| {
        let at = u64::from(extent.block).saturating_mul(block_size);
        let missing = || {
            let (field, allowed) = ("logical volume or partition descriptor", "must be there");
            Corrupt::new("volume descriptor sequence", at, field, "missing", allowed).into()
        };
        (!is_complete).then(missing)
    });
    // Behind the tag, which says where it lies.
    let logical = found.logical.map(|(_, logical)| logical.bytes().get(16..).unwrap_or_default().to_vec());
    let mut places: Vec<PartitionPlace> = found.partitions.iter().map(|(_, place)| *place).collect();
    places.sort_by_key(|place| place.number);
    State { wrong, says: (logical.unwrap_or_default(), places), partitions: found.partition_descriptors }
}

/// Reads the main sequence, and the reserve one where the main is damaged or lacks something.
///
/// # Errors
/// [`Error::Corrupt`] when neither has a logical volume descriptor.
pub(super) fn read(volume: &Volume, block_size: u64, anchor: &Anchor) -> Result<VolumeDescriptors> {
    let mut found = Found::default();
    found.read_sequence(volume, block_size, anchor.main);
    let needed_reserve = !found.is_complete();
    if needed_reserve {
        found.read_sequence(volume, block_size, anchor.reserve);
    }
    let Some((_, logical)) = found.logical else {
        let at = u64::from(anchor.main.block).saturating_mul(block_size);
        return Err(found.damage.unwrap_or_else(|| {
            Corrupt::new(
                "volume descriptor sequence",
                at,
                "logical volume descriptor",
                "missing",
                "must be there",
            )
            .into()
        }));
    };
    let end = |extent: Extent| u64::from(extent.block).saturating_add(extent.blocks.into());
    Ok(VolumeDescriptors {
        logical,
        primary: found.primary.map(|(_, descriptor)| descriptor),
        information: found.information.map(|(_, descriptor)| descriptor),
        partitions: found.partitions.into_iter().map(|(_, place)| place).collect(),
        end: end(anchor.main).max(end(anchor.reserve)),
        needed_reserve,
    })
}

impl VolumeDescriptors {
    /// The primary volume descriptor, where there is one that is whole.
    pub(super) fn primary(&self) -> Option<&raw::PrimaryVolume> {
        self.primary.as_ref()?.as_ref("primary volume descriptor").ok()
    }
}

impl Found {
    fn is_complete(&self) -> bool {
        self.damage.is_none() && self.logical.is_some() && !self.partitions.is_empty()
    }

    /// Reads the extents of one sequence. A damaged block costs itself.
    fn read_sequence(&mut self, volume: &Volume, block_size: u64, extent: Extent) {
        let mut next = Some(extent);
        let (mut pointers, mut blocks) = (0u32, 0u32);
        while let Some(extent) = next.take() {
            for block in (extent.block..=u32::MAX).take(usize::try_from(extent.blocks).unwrap_or(usize::MAX))
            {
                blocks = blocks.saturating_add(1);
                if blocks > limits::VOLUME_SEQUENCE_BLOCKS {
                    self.wrong(block, block_size, "number of blocks", limits::VOLUME_SEQUENCE_BLOCKS);
                    return;
                }
                let at = u64::from(block).saturating_mul(block_size);
                let descriptor = match Descriptor::read_once(volume, at, block_size, block) {
                    Ok(descriptor) => descriptor,
                    // A block that was not written ends a sequence, ECMA-167 3/8.4.2.
                    Err(_) if is_unrecorded(volume, at) => break,
                    Err(error) => {
                        log::debug!("{error}");
                        self.damage.get_or_insert(error);
                        continue;
                    }
                };
                match self.take(descriptor, block_size) {
                    Ok(Step::Next) => {}
                    Ok(Step::End) => break,
                    Ok(Step::Continue(extent)) => {
                        pointers = pointers.saturating_add(1);
                        if pointers > limits::VOLUME_POINTERS {
                            self.wrong(block, block_size, "number of pointers", limits::VOLUME_POINTERS);
                            return;
                        }
                        next = Some(extent);
                        break;
                    }
                    Err(error) => {
                        log::debug!("{error}");
                        self.damage.get_or_insert(error);
                    }
                }
            }
        }
    }

    fn wrong(&mut self, block: u32, block_size: u64, field: &'static str, limit: u32) {
        let at = u64::from(block).saturating_mul(block_size);
        let (found, allowed) = (format!("more than {limit}"), "the rest is not read");
        let error = Corrupt::new("volume descriptor sequence", at, field, found, allowed).into();
        log::debug!("{error}");
        self.damage.get_or_insert(error);
    }

    /// Keeps a descriptor if it is the newest of its kind (ECMA-167 3/8.4.3).
    fn take(&mut self, descriptor: Descriptor, block_size: u64) -> Result<Step> {
        match descriptor.identifier {
            tag::PRIMARY_VOLUME => {
                let number =
                    descriptor.as_ref::<raw::PrimaryVolume>("primary volume descriptor")?.sequence_number;
                keep_newest(&mut self.primary, number.get(), descriptor);
            }
            tag::LOGICAL_VOLUME => {
                let number =
                    descriptor.as_ref::<raw::LogicalVolume>("logical volume descriptor")?.sequence_number;
                keep_newest(&mut self.logical, number.get(), descriptor);
            }
            tag::IMPLEMENTATION_USE_VOLUME => {
                const STRUCTURE: &str = "implementation use volume descriptor";
                // Nothing depends on it.
                if let Ok(raw) = descriptor.as_ref::<raw::ImplementationUseVolume>(STRUCTURE)
                    && is_named(&raw.implementation, b"*UDF LV Info")
                {
                    let number = raw.sequence_number.get();
                    keep_newest(&mut self.information, number, descriptor);
                }
            }
            tag::PARTITION => {
                self.take_partition(&descriptor)?;
                if self.partition_descriptors.len() < limits::PARTITIONS {
                    self.partition_descriptors.push(descriptor);
                }
            }
            tag::VOLUME_POINTER => {
                let next = descriptor.as_ref::<raw::VolumePointer>("volume descriptor pointer")?.next;
                return Ok(Step::Continue(Extent::of(next, block_size)));
            }
            tag::TERMINATING => return Ok(Step::End),
            _ => {}
        }
        Ok(Step::Next)
    }

    fn take_partition(&mut self, descriptor: &Descriptor) -> Result<()> {
        let raw = descriptor.as_ref::<raw::PartitionDescriptor>("partition descriptor")?;
        let (sequence, number) = (raw.sequence_number.get(), raw.number.get());
        let (start, length, access) = (raw.start.get(), raw.length.get(), raw.access_type.get());
        let place = PartitionPlace { number, start, length, access };
        if let Some(known) = self.partitions.iter_mut().find(|(_, known)| known.number == number) {
            if sequence >= known.0 {
                *known = (sequence, place);
            }
        } else if self.partitions.len() < limits::PARTITIONS {
            self.partitions.push((sequence, place));
        } else {
            let (at, allowed) = (descriptor.at, format!("at most {}", limits::PARTITIONS));
            return Err(
                Corrupt::new("partition descriptor", at, "number of partitions", "larger", allowed).into()
            );
        }
        Ok(())
    }
}

/// What follows a descriptor in its sequence.
enum Step {
    Next,
    End,
    Continue(Extent),
}

fn keep_newest(kept: &mut Option<(u32, Descriptor)>, number: u32, descriptor: Descriptor) {
    if kept.as_ref().is_none_or(|(known, _)| number >= *known) {
        *kept = Some((number, descriptor));
    }
}

/// Whether the block at byte `at` begins with a tag of zeros.
pub(super) fn is_unrecorded(volume: &Volume, at: u64) -> bool {
    let mut head = [0; 16];
    volume.peek(&mut head, at).is_ok() && head == [0; 16]
}
