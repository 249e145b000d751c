//! The walk through the image: directories are made on the way down, and what is in each is given to the threads that extract.

use std::{collections::HashSet, io, sync::Arc};

use super::{
    Shared,
    crew::{Crew, Job},
    files::{self, BATCH},
    report::Trouble,
    way::{Step, Way},
};
use crate::{
    error::Error,
    limits,
    tree::{Kind, Listing, NodeId},
};

/// A walk that extracts what is selected.
pub(super) struct Walk<'a> {
    shared: &'a Shared<'a>,
    crew: Crew,
    way: Way<'a>,
    path: Vec<u8>,
    entered: HashSet<NodeId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, crew: Crew) -> Self {
        Self { shared, crew, way: Way::new(shared), path: Vec::new(), entered: HashSet::new() }
    }

    /// Extracts everything that is selected.
    pub(super) fn run(&mut self) {
        let root = self.shared.tree.root();
        let is_wanted = self.shared.selection.is_all() && self.shared.selection.meets(b"");
        self.arrive(root, b"", is_wanted);
        while let Some(step) = self.way.last() {
            self.path.truncate(step.path_len);
            let listing = step.listing.clone().or_else(|| self.shared.tree.listing(step.directory).ok());
            let below =
                if self.shared.report.is_stopped() { None } else { next_directory(step, listing.as_ref()) };
            let is_wanted = step.is_wanted;
            let Some((name, id)) = below else {
                if self.way.closes() {
                    // Nobody finds the first names of files in it any more.
                    self.crew.wait();
                }
                if let Err(error) = self.way.leave() {
                    self.shared.report.failed(&self.path, &error.into());
                }
                continue;
            };
            push_name(&mut self.path, &name);
            let is_wanted = self.shared.selection.meets(&self.path) || is_wanted;
            if self.shared.selection.excludes(&self.path) {
                continue;
            }
            if is_wanted || self.shared.selection.may_lead(&self.path) {
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
        if self.way.depth() > self.shared.strip {
            self.extract_from(&listing, is_wanted);
        }
    }

    /// Goes past a directory that cannot be made, and all that is in it.
    fn give_up(&mut self, trouble: Trouble) {
        self.shared.report.failed(&self.path, &trouble);
        if let Some(step) = self.way.last() {
            step.next = usize::MAX;
        }
    }

    /// Extracts what is in the last directory.
    fn extract_from(&mut self, listing: &Arc<Listing>, is_wanted: bool) {
        for from in (0..listing.len()).step_by(BATCH) {
            if self.shared.report.is_stopped() {
                break;
            }
            if let Err(error) = self.extract_batch(listing, from, is_wanted) {
                return self.give_up(error.into());
            }
        }
    }

    fn extract_batch(&mut self, listing: &Arc<Listing>, from: usize, is_wanted: bool) -> io::Result<()> {
        let (shared, way) = (self.shared, &mut self.way);
        if !is_wanted || shared.is_dry {
            // What only leads to what is wanted is made when there is something.
            return files::extract(shared, listing, from, &self.path, is_wanted, || way.place().cloned());
        }
        let place = way.place()?.clone();
        let (finish, listing, path) = (way.share(), listing.clone(), self.path.clone());
        self.crew.give(shared, Job { place, finish, listing, from, path });
        Ok(())
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

pub(super) fn push_name(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}
