//! The walk through the image: directories are made on the way down, what is in each is extracted in the order of the disc, and directories get their attributes on the way up.
//!
//! Threads that share the entries of one directory were tried: on two busy processors two took half as long again as one that was
//! kept on one processor (50 000 files, 1.5 GB, tmpfs). Why was not looked into.

use std::{collections::HashSet, sync::Arc};

use super::{
    Shared,
    entry::{self, Goal},
    place::Place,
    report::Trouble,
    select::Selection,
    way::{Step, Way},
};
use crate::{
    error::Error,
    limits,
    tree::{Kind, Listing, NodeId, Piece, Stat},
};

/// Entries of a directory that are looked at before they are extracted, to sort them by their places on the disc.
const BATCH: usize = 1024;

/// An entry that is to be extracted.
struct Item<'a> {
    name: &'a [u8],
    stat: Stat,
    /// Where it lies on the disc.
    at: u64,
}

/// A walk that extracts what is selected.
pub(super) struct Walk<'a> {
    shared: &'a Shared<'a>,
    selection: &'a mut Selection,
    way: Way<'a>,
    path: Vec<u8>,
    entered: HashSet<NodeId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, selection: &'a mut Selection) -> Self {
        Self { shared, selection, way: Way::new(shared), path: Vec::new(), entered: HashSet::new() }
    }

    /// Extracts everything that is selected.
    pub(super) fn run(&mut self) {
        let root = self.shared.tree.root();
        let is_wanted = self.selection.is_all() && self.selection.meets(b"");
        self.arrive(root, b"", is_wanted);
        while let Some(step) = self.way.last() {
            self.path.truncate(step.path_len);
            let listing = step.listing.clone().or_else(|| self.shared.tree.listing(step.directory).ok());
            let below =
                if self.shared.report.is_stopped() { None } else { next_directory(step, listing.as_ref()) };
            let is_wanted = step.is_wanted;
            let Some((name, id)) = below else {
                if let Err(error) = self.way.leave() {
                    self.shared.report.failed(&self.path, &error.into());
                }
                continue;
            };
            push_name(&mut self.path, &name);
            let is_wanted = self.selection.meets(&self.path) || is_wanted;
            if self.selection.excludes(&self.path) {
                continue;
            }
            if is_wanted || self.selection.may_lead(&self.path) {
                self.arrive(id, &name, is_wanted);
            }
        }
    }

    /// Goes into a directory, and extracts what is in it and no directory.
    fn arrive(&mut self, id: NodeId, name: &[u8], is_wanted: bool) {
        let is_too_far =
            self.entered.len() >= limits::SEARCHED_DIRECTORIES || self.path.len() > limits::WALKED_PATH;
        let found = if is_too_far || !self.entered.insert(id) {
            Err(Error::Loop)
        } else {
            self.shared.tree.stat(id).map(|stat| (stat, self.shared.tree.listing(id)))
        };
        let (stat, listing) = match found {
            Ok(found) => found,
            Err(error) => return self.shared.report.failed(&self.path, &error.into()),
        };
        let listing = listing.unwrap_or_else(|error| {
            self.shared.report.failed(&self.path, &error.into());
            Arc::new(crate::tree::ListingBuilder::default().finish())
        });
        let is_shown = is_wanted && self.way.depth() > self.shared.strip;
        self.way.push(Step::new(stat, name, self.path.len(), is_wanted), &listing);
        if is_shown {
            self.shared.report.name(&self.path);
            if !self.shared.is_dry
                && let Err(error) = self.way.place()
            {
                self.give_up(error.into());
                return;
            }
        }
        if self.way.depth() > self.shared.strip && !self.extract_from(&listing, is_wanted) {
            self.give_up(Trouble::Stopped);
        }
    }

    /// Goes past a directory that cannot be made, and all that is in it.
    fn give_up(&mut self, trouble: Trouble) {
        self.shared.report.failed(&self.path, &trouble);
        if let Some(step) = self.way.last() {
            step.next = usize::MAX;
        }
    }

    /// False when the directory cannot be made.
    fn extract_from(&mut self, listing: &Listing, is_wanted: bool) -> bool {
        let mut entries = listing.entries(0).filter(|entry| entry.kind != Kind::Directory).peekable();
        let len = self.path.len();
        while entries.peek().is_some() && !self.shared.report.is_stopped() {
            let mut items = Vec::new();
            for entry in entries.by_ref() {
                self.path.truncate(len);
                push_name(&mut self.path, entry.name);
                let is_met = self.selection.meets(&self.path) || is_wanted;
                if !is_met || self.selection.excludes(&self.path) {
                    continue;
                }
                match self.shared.tree.stat(entry.node) {
                    Ok(stat) => items.push(Item { name: entry.name, at: self.start_of(&stat), stat }),
                    Err(error) => self.shared.report.failed(&self.path, &error.into()),
                }
                if items.len() >= BATCH {
                    break;
                }
            }
            self.path.truncate(len);
            if items.is_empty() {
                continue;
            }
            if self.shared.is_dry {
                for item in &items {
                    push_name(&mut self.path, item.name);
                    self.shared.report.name(&self.path);
                    self.shared.report.done();
                    self.shared.report.copied(item.stat.size);
                    self.path.truncate(len);
                }
                continue;
            }
            items.sort_by_key(|item| item.at);
            match self.way.place() {
                Ok(place) => extract_all(self.shared, place, &self.path, &items),
                Err(error) => {
                    self.shared.report.failed(&self.path, &error.into());
                    return false;
                }
            }
        }
        true
    }

    /// Where the bytes of a file begin on the disc.
    fn start_of(&self, stat: &Stat) -> u64 {
        if stat.kind != Kind::File || self.shared.is_dry {
            return 0;
        }
        let pieces = self.shared.tree.pieces(stat.id, 0, 1);
        match pieces.ok().and_then(|pieces| pieces.into_iter().next()) {
            Some(Piece::Run { at, .. }) => at,
            _ => 0,
        }
    }
}

/// The next directory in a directory.
fn next_directory(step: &mut Step, listing: Option<&Arc<Listing>>) -> Option<(Vec<u8>, NodeId)> {
    for entry in listing?.entries(step.next) {
        step.next = step.next.saturating_add(1);
        if entry.kind == Kind::Directory {
            return Some((entry.name.to_vec(), entry.node));
        }
    }
    None
}

fn push_name(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// Extracts these entries of one directory; other names of what is extracted come last.
fn extract_all(shared: &Shared, place: &Place, directory: &[u8], items: &[Item]) {
    let mut met = HashSet::new();
    let is_later =
        |item: &&Item| item.stat.links > 1 && (shared.names.knows(item.stat.id) || !met.insert(item.stat.id));
    let (later, first): (Vec<&Item>, Vec<&Item>) = items.iter().partition(is_later);
    for item in first.into_iter().take_while(|_| !shared.report.is_stopped()) {
        extract(shared, place, directory, item, false);
    }
    for item in later.into_iter().take_while(|_| !shared.report.is_stopped()) {
        extract(shared, place, directory, item, true);
    }
}

fn extract(shared: &Shared, place: &Place, directory: &[u8], item: &Item, is_linked: bool) {
    let mut path = directory.to_vec();
    push_name(&mut path, item.name);
    let goal = Goal { place, name: item.name, path: &path };
    if is_linked && entry::link(shared, &goal, &item.stat) {
        return;
    }
    let done = entry::extract(shared, &goal, &item.stat).and_then(|is_made| {
        if is_made {
            shared.names.remember(&item.stat, place, item.name, shared.stripped(&path))?;
        }
        Ok(())
    });
    if let Err(trouble) = done {
        shared.report.failed(&path, &trouble);
    }
}
