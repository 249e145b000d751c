//! What is in one directory, and no directory: taken in the order of the disc.

use std::{io, sync::Arc};

use super::{
    Shared,
    entry::{self, Goal},
    place::Place,
    walk::push_name,
};
use crate::tree::{Entry, Kind, Listing, Piece, Stat};

/// Entries of a directory that are extracted by one thread, sorted by their places on the disc.
pub(super) const BATCH: usize = 1024;

/// An entry that is to be extracted.
struct Item<'a> {
    name: &'a [u8],
    stat: Stat,
    /// Where it lies on the disc.
    at: u64,
}

/// Extracts what is wanted of a directory at `path` in the image, and of its entries from number `from` on, [`BATCH`] at most, into
/// `place`, which is asked for once there is something.
///
/// # Errors
/// The place is not there, and cannot be made.
pub(super) fn extract(
    shared: &Shared,
    listing: &Listing,
    from: usize,
    path: &[u8],
    is_wanted: bool,
    place: impl FnOnce() -> io::Result<Arc<Place>>,
) -> io::Result<()> {
    let mut path = path.to_vec();
    let entries = listing.entries(from).take(BATCH).filter(|entry| entry.kind != Kind::Directory);
    let mut items = wanted(shared, entries, &mut path, is_wanted);
    if items.is_empty() {
        return Ok(());
    }
    if shared.is_dry {
        items.iter().for_each(|item| name(shared, item, &mut path));
        return Ok(());
    }
    items.sort_by_key(|item| item.at);
    let place = place()?;
    for item in items.iter().take_while(|_| !shared.report.is_stopped()) {
        let len = path.len();
        push_name(&mut path, item.name);
        extract_one(shared, &Goal { place: &place, name: item.name, path: &path }, &item.stat);
        path.truncate(len);
    }
    Ok(())
}

/// The entries that are wanted.
fn wanted<'a>(
    shared: &Shared,
    entries: impl Iterator<Item = Entry<'a>>,
    path: &mut Vec<u8>,
    is_wanted: bool,
) -> Vec<Item<'a>> {
    let len = path.len();
    let mut items = Vec::new();
    for entry in entries.take_while(|_| !shared.report.is_stopped()) {
        push_name(path, entry.name);
        let is_met = shared.selection.meets(path) || is_wanted;
        if is_met && !shared.selection.excludes(path) {
            match shared.tree.stat(entry.node) {
                Ok(stat) => items.push(Item { name: entry.name, at: start_of(shared, &stat), stat }),
                Err(error) => shared.report.failed(path, &error.into()),
            }
        }
        path.truncate(len);
    }
    items
}

/// Where the bytes of a file begin on the disc.
fn start_of(shared: &Shared, stat: &Stat) -> u64 {
    if stat.kind != Kind::File || shared.is_dry {
        return 0;
    }
    let pieces = shared.tree.pieces(stat.id, 0, 1);
    match pieces.ok().and_then(|pieces| pieces.into_iter().next()) {
        Some(Piece::Run { at, .. }) => at,
        _ => 0,
    }
}

/// Tells the name of what would be extracted.
fn name(shared: &Shared, item: &Item, path: &mut Vec<u8>) {
    let len = path.len();
    push_name(path, item.name);
    shared.report.name(path);
    shared.report.done();
    shared.report.copied(item.stat.size);
    path.truncate(len);
}

fn extract_one(shared: &Shared, goal: &Goal, stat: &Stat) {
    // Of a file with several names the first is there before the next is made.
    let _turn = (stat.links > 1).then(|| shared.names.turn());
    if stat.links > 1 && shared.names.knows(stat.id) && entry::link(shared, goal, stat) {
        return;
    }
    let done = entry::extract(shared, goal, stat).and_then(|is_made| {
        if is_made {
            shared.names.remember(stat, goal.place, goal.name, shared.stripped(goal.path))?;
        }
        Ok(())
    });
    if let Err(trouble) = done {
        shared.report.failed(goal.path, &trouble);
    }
}
