//! Partitions, ECMA-167 3/10.5 and 3/10.7, UDF 2.2.8 to 2.2.10: how a block of one becomes a place in the volume.

use std::sync::Arc;

use zerocopy::FromBytes;

use super::{
    raw::{self, EntityIdentifier},
    sequence::{PartitionPlace, VolumeDescriptors},
    space::{Address, Space},
    sparing::SparingTable,
    steps::Steps,
    virtual_table::VirtualTable,
};
use crate::{
    bytes::as_usize,
    error::{Corrupt, Error, Result},
    limits,
    tree::{Data, Piece, Place},
};

/// A partition that a map of the logical volume names.
#[derive(Clone)]
pub(super) enum Partition {
    /// Blocks behind each other.
    Physical(PartitionPlace),
    /// Likewise, but damaged packets are replaced by others.
    Sparable(PartitionPlace, SparingTable),
    /// Blocks of another partition, which a table finds: for media that are written once.
    Virtual {
        /// The index of the other one.
        base: u16,
        table: Arc<VirtualTable>,
    },
    /// The bytes of a file of another partition, and of its copy.
    Metadata {
        /// The file, or why it is none.
        main: Result<Arc<Data>>,
        /// Its copy.
        mirror: Result<Arc<Data>>,
    },
    /// It cannot be read, and why.
    Missing(Error),
}

/// A partition map as recorded.
enum Map {
    Physical,
    Virtual,
    Sparable(raw::SparableMap),
    Metadata { main: u32, mirror: u32 },
    Unknown(String),
}

const STRUCTURE: &str = "logical volume descriptor";

/// The partitions of the logical volume. One that cannot be read costs what lies in it.
///
/// # Errors
/// [`Error::Corrupt`] when the maps do not fit into their table.
pub(super) fn read(space: &mut Space, descriptors: &VolumeDescriptors, last_block: u32) -> Result<()> {
    let maps = maps(descriptors)?;
    let place = |number: u16| {
        let found = descriptors.partitions.iter().find(|place| place.number == number);
        found.copied().ok_or_else(|| -> Error {
            let at = descriptors.logical.at;
            Corrupt::new("partition map", at, "partition number", number, "there is no such partition").into()
        })
    };
    // Those that stand on others need these to be there.
    for (map, number) in &maps {
        let partition = match (map, place(*number)) {
            (_, Err(error)) => Partition::Missing(error),
            (Map::Sparable(map), Ok(place)) => Partition::Sparable(place, SparingTable::read(space, map)),
            (Map::Physical, Ok(place)) => Partition::Physical(place),
            (Map::Unknown(name), Ok(_)) => {
                Partition::Missing(Error::unsupported(format!("a partition of the type {name:?}")))
            }
            (Map::Virtual | Map::Metadata { .. }, Ok(_)) => {
                Partition::Missing(Error::unsupported("a partition that stands on itself"))
            }
        };
        space.partitions.push(partition);
    }
    for (index, (map, number)) in maps.iter().enumerate() {
        let is_same = |(other, _): &(Map, u16)| std::mem::discriminant(other) == std::mem::discriminant(map);
        let is_further = maps.iter().position(is_same).is_some_and(|first| first < index);
        let loaded = match map {
            // UDF 2.2.8 and 2.2.10 have one of each; a second would be found where the first was.
            Map::Virtual | Map::Metadata { .. } if is_further => {
                Err(Error::unsupported("a second partition of a kind of which a volume has one"))
            }
            Map::Virtual => base(&maps, *number).and_then(|base| {
                let table = Arc::new(VirtualTable::find(space, base, last_block)?);
                Ok(Partition::Virtual { base, table })
            }),
            Map::Metadata { main, mirror } => {
                base(&maps, *number).and_then(|base| metadata(space, base, *main, *mirror))
            }
            Map::Physical | Map::Sparable(_) | Map::Unknown(_) => continue,
        };
        let loaded = loaded.unwrap_or_else(|error| {
            log::debug!("{error}");
            Partition::Missing(error)
        });
        if let Some(partition) = space.partitions.get_mut(index) {
            *partition = loaded;
        }
    }
    Ok(())
}

/// The words for the kinds of the partitions that the maps name, each with the number of its partition.
///
/// # Errors
/// As [`read`].
pub(super) fn kinds(descriptors: &VolumeDescriptors) -> Result<Vec<(String, u16)>> {
    let word = |map: &Map| match map {
        Map::Physical => "physical".to_owned(),
        Map::Sparable(_) => "sparable".to_owned(),
        Map::Virtual => "virtual".to_owned(),
        Map::Metadata { .. } => "metadata".to_owned(),
        Map::Unknown(name) => name.clone(),
    };
    Ok(maps(descriptors)?.iter().map(|(map, number)| (word(map), *number)).collect())
}

/// The index of the partition that one of another kind with the same number stands on.
fn base(maps: &[(Map, u16)], number: u16) -> Result<u16> {
    let found =
        maps.iter().position(|(map, n)| *n == number && matches!(map, Map::Physical | Map::Sparable(_)));
    found.and_then(|index| u16::try_from(index).ok()).ok_or_else(|| {
        let allowed = "a physical partition of that number must be there";
        Corrupt::new("partition map", 0, "partition number", number, allowed).into()
    })
}

fn metadata(space: &Space, base: u16, main: u32, mirror: u32) -> Result<Partition> {
    let file = |block: u32| -> Result<Arc<Data>> {
        Ok(Arc::new(space.data(&space.entry(Address { partition: base, block })?)))
    };
    let (main, mirror) = (file(main), file(mirror));
    match (&main, &mirror) {
        (Err(error), Err(_)) => return Err(error.clone()),
        (Err(error), Ok(_)) => log::debug!("{error}; the mirror of the metadata is read instead"),
        _ => {}
    }
    Ok(Partition::Metadata { main, mirror })
}

/// The partition maps, each with the number of its partition.
fn maps(descriptors: &VolumeDescriptors) -> Result<Vec<(Map, u16)>> {
    let descriptor = &descriptors.logical;
    let logical: &raw::LogicalVolume = descriptor.as_ref(STRUCTURE)?;
    let wrong = |field, found: &dyn std::fmt::Display, allowed: &'static str| -> Error {
        Corrupt::new(STRUCTURE, descriptor.at, field, found, allowed).into()
    };
    let table_length = as_usize(logical.map_table_length.get().into());
    let behind = descriptor.bytes().get(size_of_val(logical)..).unwrap_or_default();
    let mut table = behind
        .get(..table_length)
        .ok_or_else(|| wrong("map table length", &table_length, "longer than the block"))?;
    let count = as_usize(logical.map_count.get().into());
    if count == 0 || count > limits::PARTITIONS {
        let allowed = format!("must be 1 to {}", limits::PARTITIONS);
        return Err(Corrupt::new(STRUCTURE, descriptor.at, "number of partition maps", count, allowed).into());
    }
    let mut maps = Vec::new();
    for _ in 0..count {
        let Some([kind, length]) = table.first_chunk() else {
            return Err(wrong("number of partition maps", &count, "more than the table has"));
        };
        let Some((map, rest)) = table.split_at_checked(usize::from(*length)).filter(|_| *length >= 2) else {
            return Err(wrong("partition map length", length, "must be at least 2, and fit into the table"));
        };
        table = rest;
        maps.push(match kind {
            1 => {
                let (map, _) = raw::PartitionMap1::ref_from_prefix(map)
                    .map_err(|_| wrong("partition map length", length, "must be 6 for type 1"))?;
                (Map::Physical, map.partition.get())
            }
            2 => {
                let (map, _) = raw::PartitionMap2::ref_from_prefix(map)
                    .map_err(|_| wrong("partition map length", length, "must be 64 for type 2"))?;
                (typed(map), map.partition.get())
            }
            other => (Map::Unknown(format!("partition map {other}")), 0),
        });
    }
    Ok(maps)
}

/// A map of type 2 by its identifier.
fn typed(map: &raw::PartitionMap2) -> Map {
    if is_named(&map.identifier, b"*UDF Virtual Partition") {
        return Map::Virtual;
    }
    if is_named(&map.identifier, b"*UDF Sparable Partition")
        && let Ok(sparable) = raw::SparableMap::read_from_bytes(&map.rest)
    {
        return Map::Sparable(sparable);
    }
    if is_named(&map.identifier, b"*UDF Metadata Partition")
        && let Ok(metadata) = raw::MetadataMap::ref_from_bytes(&map.rest)
    {
        return Map::Metadata { main: metadata.main.get(), mirror: metadata.mirror.get() };
    }
    Map::Unknown(String::from_utf8_lossy(crate::text::trimmed(&map.identifier.identifier)).into_owned())
}

/// Whether an entity identifier says this.
pub(super) fn is_named(identifier: &EntityIdentifier, name: &[u8]) -> bool {
    crate::text::trimmed(&identifier.identifier) == name
}

impl Partition {
    /// The word for its kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Physical(_) => "physical",
            Self::Sparable(..) => "sparable",
            Self::Virtual { .. } => "virtual",
            Self::Metadata { .. } => "metadata",
            Self::Missing(_) => "unreadable",
        }
    }

    /// With the mirror first.
    pub(super) fn mirrored(&self) -> Self {
        match self.clone() {
            Self::Metadata { main, mirror } => Self::Metadata { main: mirror, mirror: main },
            other => other,
        }
    }

    /// Blocks of the volume that it takes up by itself; 0 when it lies in another.
    pub(super) fn own_blocks(&self) -> u32 {
        match self {
            Self::Physical(place) | Self::Sparable(place, _) => place.length,
            Self::Virtual { .. } | Self::Metadata { .. } | Self::Missing(_) => 0,
        }
    }

    /// Byte offset in the volume of a block, and that of its copy where the partition keeps one.
    pub(super) fn places(&self, space: &Space, block: u32) -> (Result<u64>, Option<Result<u64>>) {
        match self {
            Self::Physical(place) => (Ok(space.at(place.start).saturating_add(space.at(block))), None),
            Self::Metadata { main, mirror } => {
                let offset = space.at(block);
                let place = |data: &Result<Arc<Data>>| {
                    place_in(data.as_ref().map_err(Clone::clone)?, offset, space.block_size)
                };
                (place(main), Some(place(mirror)))
            }
            Self::Sparable(..) | Self::Virtual { .. } | Self::Missing(_) => {
                let mut data = Data::default();
                self.push(space, &mut data, block, space.block_size, &Steps::new(4));
                (place_in(&data, 0, space.block_size), None)
            }
        }
    }

    /// See [`Space::push`].
    pub(super) fn push(&self, space: &Space, data: &mut Data, block: u32, len: u64, steps: &Steps) {
        match self {
            Self::Physical(place) => {
                let at = space.at(place.start).saturating_add(space.at(block));
                data.push(Place::Run { at }, len);
            }
            Self::Sparable(place, table) => table.push(space, *place, data, block, len, steps),
            Self::Virtual { base, table } => match table.real_block(space, block) {
                Ok(real) => space.push(data, Address { partition: *base, block: real }, len, steps),
                Err(error) => steps.lose(data, error, len),
            },
            Self::Metadata { main, mirror } => {
                let offset = space.at(block);
                match main.as_ref().or(mirror.as_ref()) {
                    Ok(file) => push_part(data, file, offset, len, steps),
                    Err(error) => steps.lose(data, error.clone(), len),
                }
            }
            Self::Missing(error) => steps.lose(data, error.clone(), len),
        }
    }
}

/// The byte offset in the volume of byte `offset` of `data`, from which on a whole block lies in one run.
fn place_in(data: &Data, offset: u64, block_size: u64) -> Result<u64> {
    match data.pieces(offset, block_size).next() {
        Some(Piece::Run { at, len }) if len == block_size => Ok(at),
        Some(Piece::Lost { error, .. }) => Err((*error).clone()),
        _ => {
            Err(Corrupt::new("partition", offset, "block", "not recorded", "must lie in the partition")
                .into())
        }
    }
}

/// Adds the bytes `offset .. offset + len` of `file` to `data`.
fn push_part(data: &mut Data, file: &Data, offset: u64, len: u64, steps: &Steps) {
    let mut left = len;
    for piece in file.pieces(offset, len) {
        if !steps.take() {
            break;
        }
        left = left.saturating_sub(piece.len());
        match piece {
            Piece::Run { at, len } => data.push(Place::Run { at }, len),
            Piece::Lost { error, len } => data.push(Place::Lost(error), len),
            other => data.push(Place::Hole, other.len()),
        }
    }
    if left > 0 {
        let error = Corrupt::new(
            "metadata partition",
            offset,
            "length",
            len,
            "past the end of the partition, or in too many parts",
        );
        steps.lose(data, error.into(), left);
    }
}
