//! Finding the volume: sessions, block size, anchors, descriptors, root.

use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use super::{
    Udf,
    anchor::{self, Anchor, BLOCK_SIZES, Extent},
    file_set, integrity, name,
    partition::{self, Partition},
    raw,
    sequence::{self, VolumeDescriptors},
    session,
    space::Space,
    virtual_table::Counts,
};
use crate::{
    error::{Corrupt, Damage, Error, Result},
    fs::{
        Options, Session,
        origin::note,
        session::{SECTOR, first},
    },
    limits,
    tree::{FileSystem, Kind, Statistics},
    volume::{Cache, Volume},
};

/// Whether the recognition sequence at the start of the image announces UDF.
pub(in crate::fs) fn is_announced(volume: &Volume) -> bool {
    anchor::is_announced(volume, first(volume))
}

/// A volume that anchors lead to.
pub(super) struct Candidate {
    pub(super) block_size: u64,
    /// Sector at which its session begins.
    pub(super) session: u64,
    pub(super) anchor: Anchor,
    pub(super) descriptors: VolumeDescriptors,
}

impl Udf {
    /// Finds the volume that `options` want, by default that of the last session.
    ///
    /// # Errors
    /// [`Error::NotADisc`] when there is no anchor, [`Error::Corrupt`] when what the anchors lead to is damaged.
    pub fn open(volume: Arc<Volume>, options: &Options) -> Result<Self> {
        let mut failed: Option<Error> = None;
        let last_written = Arc::new(OnceLock::new());
        for candidate in candidates(&volume, options, &mut failed) {
            match Self::of(&volume, candidate, last_written.clone(), options) {
                Ok(udf) => return Ok(udf),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| {
            if is_announced(&volume) {
                if let Some(Session::Start(sector)) = options.session {
                    return Error::unsupported(format!("no session of UDF begins at sector {sector}"));
                }
                if let Some(size) = options.block_size {
                    return Error::unsupported(format!("UDF has no anchor for blocks of {size} bytes"));
                }
                let at = volume.start().saturating_add(256 * SECTOR);
                let allowed = "must be in block 256, 512, the last one, or 256 before it";
                return Corrupt::new("anchor volume descriptor pointer", at, "tag", "missing", allowed)
                    .into();
            }
            Error::NotADisc("no anchor of UDF".into())
        }))
    }

    /// The volume of a candidate.
    pub(super) fn of(
        volume: &Arc<Volume>,
        candidate: Candidate,
        last_written: Arc<OnceLock<Option<u64>>>,
        options: &Options,
    ) -> Result<Self> {
        let Candidate { block_size, descriptors, .. } = candidate;
        let logical: &raw::LogicalVolume = descriptors.logical.as_ref("logical volume descriptor")?;
        let last_block = anchor::last_block(volume, block_size, options);
        let mut space = Space { volume: volume.clone(), block_size, partitions: Vec::new(), last_written };
        partition::read(&mut space, &descriptors, last_block)?;
        let integrity_extent = Extent::of(logical.integrity, block_size);
        let recorded = integrity::read(volume, block_size, integrity_extent);
        let has_integrity = recorded.is_some();
        let integrity = recorded.unwrap_or_default();
        let counts = space.partitions.iter().find_map(virtual_counts);
        let file_set = file_set::newest(&space, &logical.file_set)?;
        let root = file_set.root;
        let nodes_budget = options.cache_size / 4;
        let label = name::dstring(&logical.identifier);
        let domain_revision = u16::from_le_bytes([logical.domain.suffix[0], logical.domain.suffix[1]]);
        let recorded_revision = counts.as_ref().map_or(integrity.revision, |counts| counts.revision);
        let statistics = Statistics {
            block_size: u32::try_from(block_size).unwrap_or(u32::MAX),
            blocks: space.partitions.iter().map(|p| u64::from(p.own_blocks())).sum(),
            free_blocks: free_blocks(&space, &integrity.free),
            nodes: match &counts {
                Some(counts) => u64::from(counts.files).saturating_add(counts.directories.into()),
                None => u64::from(integrity.files).saturating_add(integrity.directories.into()),
            },
        };
        let udf = Self {
            root: root.node(),
            mirror: space.mirrored(),
            label: counts.map(|counts| counts.label).filter(|label| !label.is_empty()).unwrap_or(label),
            revision: if recorded_revision == 0 { domain_revision } else { recorded_revision },
            statistics,
            integrity_extent,
            has_integrity,
            hide: options.hide.unwrap_or(true),
            has_hidden: AtomicBool::new(false),
            undelete: options.undelete,
            relaxed: options.relaxed,
            overrides_mode: options.overrides_mode,
            overrides_directory_mode: options.overrides_directory_mode,
            damage: Damage::default(),
            notes: notes(&space, &descriptors),
            file_set,
            integrity,
            // Few shards, because each can keep a file of very many extents beside the others.
            nodes: Cache::new(4, nodes_budget, |node| node.weight()),
            listings: Cache::new(1, options.cache_size.saturating_sub(nodes_budget), |listing| {
                listing.weight()
            }),
            space,
            descriptors,
        };
        let node = udf.node(udf.root)?;
        if node.attributes.kind != Kind::Directory {
            let at = udf.entry(udf.root)?.at();
            return Err(
                Corrupt::new("root directory", at, "file type", "another", "must be a directory").into()
            );
        }
        let partitions: Vec<&str> = udf.space.partitions.iter().map(Partition::kind).collect();
        let state = if udf.integrity.is_closed { "closed" } else { "not closed" };
        let identifier = udf.descriptors.primary().map(|primary| name::dstring(&primary.identifier));
        log::info!(
            "{}, blocks of {block_size} bytes, partitions: {}; recorded as {:?}; {state}",
            udf.format(),
            partitions.join(", "),
            identifier.unwrap_or_default()
        );
        Ok(udf)
    }
}

/// The volumes that the anchors of the wanted session lead to.
pub(super) fn candidates(volume: &Volume, options: &Options, failed: &mut Option<Error>) -> Vec<Candidate> {
    let first = first(volume);
    match options.session {
        None => in_session(volume, first, options, failed),
        Some(Session::Start(sector)) => in_session(volume, sector, options, failed),
        Some(Session::Number(number)) => {
            let mut found = in_session(volume, first, options, failed);
            for _ in 1..number {
                let Some(last) = found.first() else { break };
                let next =
                    session::following(volume, last.session, &last.descriptors.partitions, last.block_size);
                found = match next {
                    Some(start) => in_session(volume, start, options, failed),
                    None => {
                        *failed = Some(Error::unsupported(format!("the image has no session {number}")));
                        Vec::new()
                    }
                };
            }
            found
        }
    }
}

/// The volumes that the anchors of the session that begins at sector `start` lead to, for the first block size for which
/// there are any.
fn in_session(volume: &Volume, start: u64, options: &Options, failed: &mut Option<Error>) -> Vec<Candidate> {
    let sizes = match options.block_size {
        Some(size) => vec![u64::from(size)],
        None => BLOCK_SIZES.to_vec(),
    };
    for block_size in sizes {
        let anchors = anchor::find(volume, block_size, start, options);
        let read = |anchor: &Anchor| match sequence::read(volume, block_size, anchor)
            .and_then(|found| check(found, block_size))
        {
            Ok(descriptors) => Some(Candidate { block_size, session: start, anchor: *anchor, descriptors }),
            Err(error) => {
                failed.get_or_insert(error);
                None
            }
        };
        let found: Vec<Candidate> = anchors.iter().filter_map(read).collect();
        if !found.is_empty() {
            return if options.anchor.is_some() { found } else { last_session_first(found) };
        }
    }
    Vec::new()
}

/// Volumes that lie behind the partitions of the first one, descriptors and partitions, are of later sessions: the last of them comes first.
/// Others stay behind the first, also when they were recorded later, as what is left at the end of a medium that was written
/// anew.
fn last_session_first(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let end_of = |candidate: &Candidate| -> u64 {
        let places = candidate.descriptors.partitions.iter();
        let ends = places.map(|place| u64::from(place.start).saturating_add(place.length.into()));
        ends.max().unwrap_or(u64::MAX)
    };
    let end = candidates.first().map_or(u64::MAX, end_of);
    let is_later = |candidate: &Candidate| {
        let descriptors = &candidate.descriptors;
        !descriptors.needed_reserve
            && descriptors.logical.at >= end.saturating_mul(candidate.block_size)
            && descriptors.partitions.iter().all(|place| u64::from(place.start) >= end)
    };
    let (mut later, others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(is_later);
    later.sort_by_key(|candidate| std::cmp::Reverse(candidate.descriptors.logical.at));
    later.into_iter().chain(others).collect()
}

/// A logical block is as large as a sector, UDF 2.2.4.
fn check(descriptors: VolumeDescriptors, block_size: u64) -> Result<VolumeDescriptors> {
    const STRUCTURE: &str = "logical volume descriptor";
    let found = descriptors.logical.as_ref::<raw::LogicalVolume>(STRUCTURE)?.block_size.get();
    if u64::from(found) != block_size {
        let allowed = format!("must be {block_size}, as the anchors say");
        return Err(
            Corrupt::new(STRUCTURE, descriptors.logical.at, "logical block size", found, allowed).into()
        );
    }
    Ok(descriptors)
}

fn virtual_counts(partition: &Partition) -> Option<Counts> {
    match partition {
        Partition::Virtual { table, .. } => table.counts.clone(),
        _ => None,
    }
}

/// The free blocks of the partitions that lie in no other. On a medium that is written once they are those behind its table, as
/// udfinfo counts them: what the integrity descriptor says is as old as the volume. Of an image with a blank tail, in which
/// udfinfo finds no table, they are what the descriptor says.
fn free_blocks(space: &Space, free: &[Option<u32>]) -> u64 {
    let table_on = |wanted: usize| {
        space.partitions.iter().find_map(|partition| match partition {
            Partition::Virtual { base, table } if usize::from(*base) == wanted && table.is_at_end => {
                Some(table)
            }
            _ => None,
        })
    };
    let own = space.partitions.iter().enumerate().map(|(index, partition)| match table_on(index) {
        Some(table) => partition.own_blocks().saturating_sub(table.block.saturating_add(1)),
        None if partition.own_blocks() > 0 => free.get(index).copied().flatten().unwrap_or(0),
        None => 0,
    });
    own.map(u64::from).sum()
}

/// What is wrong with the volume as a whole.
fn notes(space: &Space, descriptors: &VolumeDescriptors) -> Vec<String> {
    let mut notes: Vec<String> = note(&space.volume).into_iter().collect();
    if descriptors.needed_reserve {
        notes.push("the main volume descriptor sequence is damaged; its copy is used".to_owned());
    }
    for (index, partition) in space.partitions.iter().enumerate() {
        match partition {
            Partition::Missing(error) => notes.push(format!("partition {index} cannot be read: {error}")),
            Partition::Virtual { table, .. } => {
                notes.extend(
                    table.newer.as_ref().map(|error| {
                        format!("an older virtual allocation table is used; behind it: {error}")
                    }),
                );
            }
            Partition::Metadata { main: Err(error), .. } => {
                notes.push(format!("the metadata is damaged ({error}); its mirror is used"));
            }
            _ => {}
        }
    }
    // A medium that is written once has its partition reach to its end, which no image does.
    let is_virtual = space.partitions.iter().any(|p| matches!(p, Partition::Virtual { .. }));
    let ends = space.partitions.iter().filter_map(|partition| match partition {
        Partition::Physical(place) | Partition::Sparable(place, _) => {
            Some(space.at(place.start).saturating_add(space.at(place.length)))
        }
        _ => None,
    });
    let end = ends.max().unwrap_or(0);
    let missing = end.saturating_sub(space.volume.len());
    if missing > 0 && !is_virtual {
        notes.push(format!(
            "the image ends early: {missing} bytes are missing of the {end} that its partitions reach to; \
             what lies in them cannot be read"
        ));
    }
    notes
}

const _: () = assert!(limits::PARTITIONS <= 65536, "an address has 16 bits for the partition");
