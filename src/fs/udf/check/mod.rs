//! What is wrong with a UDF volume: recognition, anchors, both descriptor sequences, integrity, partitions and their copies, space
//! bitmaps, and what directories say of those above.

mod bitmap;
mod tree;

use std::sync::{Arc, OnceLock};

use super::{
    Udf,
    anchor::{self, Anchor, Extent, RECOGNITION},
    open::{self, Candidate},
    partition::Partition,
    raw::{self, tag},
    sequence::{self, State, is_unrecorded},
    tag::is_tag,
};
use crate::{
    fs::{
        Options, View,
        check::{Examination, Finding, Flaw},
        session::SECTOR,
    },
    tree::Inventory,
    volume::Volume,
};

/// Structures of the recognition sequence that are looked at.
const STRUCTURES: u64 = 64;

/// Examines the volume that `options` want; `inventory` is that of its tree, where there is one. Nothing where there is no volume.
pub(in crate::fs) fn check(
    volume: &Arc<Volume>,
    options: &Options,
    inventory: Option<&Inventory>,
    found: &mut Examination,
) {
    let last_written = Arc::new(OnceLock::new());
    let mut failed = None;
    let mut used = None;
    for candidate in open::candidates(volume, options, &mut failed) {
        let Candidate { block_size, session, anchor, .. } = candidate;
        let opened = Udf::of(volume, candidate, last_written.clone(), options).ok();
        let is_read = opened.is_some();
        // Where none can be read, the first is looked at.
        if is_read || used.is_none() {
            used = Some((block_size, session, anchor, opened));
        }
        if is_read {
            break;
        }
    }
    let Some((block_size, session, anchor, opened)) = used else { return };
    recognition(volume, session, found);
    anchors(volume, (block_size, session), &anchor, options, found);
    let state = sequences(volume, block_size, &anchor, found);
    if let Some(udf) = opened {
        partitions(&udf, found);
        bitmap::check(&udf, &state, inventory, found);
        tree::check(&udf, inventory, found);
    }
}

fn add(found: &mut Examination, flaw: Flaw, at: u64, len: u64, text: String) {
    found.add(Finding::new(flaw, text).of(Some(View::Udf.word())).at(at, len));
}

/// The recognition sequence, ECMA-167 2/8.3: it begins with `BEA01`, and ends with `TEA01` behind `NSR`.
fn recognition(volume: &Volume, session: u64, found: &mut Examination) {
    let start = session.saturating_mul(SECTOR).saturating_add(RECOGNITION);
    let mut met: Vec<[u8; 5]> = Vec::new();
    let mut end = start;
    for number in 0..STRUCTURES {
        let mut head = [0; 6];
        let at = start.saturating_add(number.saturating_mul(SECTOR));
        if volume.peek(&mut head, at).is_err() {
            break;
        }
        let Some(identifier) = head.last_chunk::<5>() else { break };
        if matches!(identifier, b"BEA01" | b"NSR02" | b"NSR03" | b"TEA01" | b"BOOT2" | b"CD001" | b"CDW02") {
            met.push(*identifier);
            end = at.saturating_add(SECTOR);
        }
    }
    found.region(start, end.saturating_sub(start), "the recognition sequence", true);
    let place = |wanted: &[&[u8; 5]]| met.iter().position(|one| wanted.contains(&one));
    let (begin, name, close) = (place(&[b"BEA01"]), place(&[b"NSR02", b"NSR03"]), place(&[b"TEA01"]));
    let missing = match (begin, name, close) {
        (_, None, _) => "NSR02 or NSR03",
        (None, ..) => "BEA01",
        (.., None) => "TEA01",
        (Some(begin), Some(name), Some(close)) if begin < name && name < close => return,
        _ => "the right order",
    };
    let text = format!("the recognition sequence at {} lacks {missing}", volume.byte(start));
    add(found, Flaw::Recognition, start, 0, text);
}

/// The places where anchors are to be, ECMA-167 3/8.4.2.1 and UDF 2.2.3. The one at block 256 is the only one that every reader
/// looks at.
fn anchors(
    volume: &Volume,
    (block_size, session): (u64, u64),
    used: &Anchor,
    options: &Options,
    found: &mut Examination,
) {
    let first = session.saturating_mul(SECTOR).checked_div(block_size).unwrap_or(0);
    let first = u32::try_from(first.saturating_add(256)).unwrap_or(u32::MAX);
    let last = anchor::last_block(volume, block_size, options);
    let mut places = vec![first, last];
    places.extend(last.checked_sub(256));
    places.dedup();
    for block in places {
        let at = u64::from(block).saturating_mul(block_size);
        let (is_first, place) = (block == first, volume.byte(at));
        let flaw = if is_first { Flaw::Anchor } else { Flaw::AnchorCopy };
        match anchor::read(volume, block_size, block) {
            Some(anchor) => {
                found.region(at, block_size, "an anchor", is_first);
                // One that is left of an older volume leads elsewhere.
                if anchor != *used {
                    let text = format!("the anchor at {place} leads to another volume, or to another place");
                    add(found, Flaw::AnchorCopy, at, block_size, text);
                }
            }
            None => {
                let mut head = [0; 16];
                let is_damaged = volume.peek(&mut head, at).is_ok()
                    && head.starts_with(&tag::ANCHOR.to_le_bytes())
                    && (is_tag(&head, tag::ANCHOR, block) || head.ends_with(&block.to_le_bytes()));
                // At its own place there is nothing else.
                let is_overwritten =
                    is_first && volume.contains(at, block_size) && !is_unrecorded(volume, at);
                if is_damaged || is_overwritten {
                    add(found, flaw, at, block_size, format!("the anchor at {place} is damaged"));
                } else if is_first {
                    let text = format!("there is no anchor at block 256 ({place})");
                    add(found, Flaw::AnchorCopy, at, block_size, text);
                }
            }
        }
    }
}

/// The main and the reserve descriptor sequence, ECMA-167 3/8.4.2.
fn sequences(volume: &Volume, block_size: u64, anchor: &Anchor, found: &mut Examination) -> State {
    let place = |extent: Extent| {
        let at = u64::from(extent.block).saturating_mul(block_size);
        (at, u64::from(extent.blocks).saturating_mul(block_size))
    };
    let main = sequence::state(volume, block_size, anchor.main);
    let reserve = sequence::state(volume, block_size, anchor.reserve);
    let (main_at, main_len) = place(anchor.main);
    let (reserve_at, reserve_len) = place(anchor.reserve);
    found.region(main_at, main_len, "the main volume descriptor sequence", true);
    found.region(reserve_at, reserve_len, "the reserve volume descriptor sequence", false);
    if let Some(error) = &main.wrong {
        let text = format!("the main volume descriptor sequence is damaged: {}", volume.said(error));
        add(found, Flaw::MainSequence, main_at, main_len, text);
    }
    if let Some(error) = &reserve.wrong {
        let text = format!("the reserve volume descriptor sequence is damaged: {}", volume.said(error));
        add(found, Flaw::ReserveSequence, reserve_at, reserve_len, text);
    } else if main.wrong.is_none() && main.says != reserve.says {
        let text = "the reserve volume descriptor sequence says something else than the main one".to_owned();
        add(found, Flaw::ReserveSequence, reserve_at, reserve_len, text);
    }
    if main.wrong.is_some() { reserve } else { main }
}

/// What stands behind the partition maps: places, tables, copies.
fn partitions(udf: &Udf, found: &mut Examination) {
    let space = &udf.space;
    let said = |error| space.volume.said(error);
    let is_virtual = space.partitions.iter().any(|p| matches!(p, Partition::Virtual { .. }));
    for (index, partition) in space.partitions.iter().enumerate() {
        match partition {
            Partition::Physical(place) | Partition::Sparable(place, _) => {
                let end = space.at(place.start).saturating_add(space.at(place.length));
                // Of a medium that is written once it reaches to the end of the medium, which no image does.
                if !is_virtual {
                    found.end = found.end.max(end);
                }
            }
            Partition::Virtual { table, .. } => {
                if let Some(error) = &table.newer {
                    let text = format!("behind the virtual allocation table that is used: {}", said(error));
                    add(found, Flaw::Structure, 0, 0, text);
                }
            }
            Partition::Metadata { main, mirror } => {
                if let Err(error) = main {
                    let text = format!("the metadata file cannot be read: {}", said(error));
                    add(found, Flaw::Metadata, 0, 0, text);
                }
                if let Err(error) = mirror {
                    let text = format!("the mirror of the metadata file cannot be read: {}", said(error));
                    add(found, Flaw::MetadataCopy, 0, 0, text);
                }
                for (file, name) in [(main, "the metadata"), (mirror, "the mirror of the metadata")] {
                    for piece in file.iter().flat_map(|data| data.pieces(0, data.size())) {
                        if let crate::tree::Piece::Run { at, len } = piece {
                            found.region(at, len, name, false);
                        }
                    }
                }
            }
            Partition::Missing(error) => {
                let text = format!("partition {index} cannot be read: {}", said(error));
                add(found, Flaw::Structure, 0, 0, text);
            }
        }
    }
}

const _: () = assert!(size_of::<raw::PartitionHeader>() <= 128, "it fits into the field");
