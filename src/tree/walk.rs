//! A walk over the whole tree that ends on any image.

use std::{collections::HashSet, sync::Arc};

use super::{Kind, Listing, NodeId, Stat, Tree};
use crate::{error::Error, limits};

/// One step of a [`Walk`].
#[derive(Debug)]
pub struct Walked {
    /// The path from the root, names separated by `/`; empty for the root itself.
    pub path: Vec<u8>,
    /// The attributes, or why there are none; for a directory also why its names cannot be read.
    pub stat: Result<Stat, Error>,
    /// Why the names of this directory are not walked, if so: it cannot be read, or was walked under another name
    /// ([`Error::Loop`]).
    pub unlisted: Option<Error>,
}

/// Everything in a tree, parents first. A directory is entered once, under the first name met, so that the walk ends on
/// an image whose directories contain themselves; and not below a path of [`limits::WALKED_PATH`] bytes.
///
/// What it holds is the path, a place in each directory on the way down, and of these the first
/// [`limits::WALK_KEPT`] bytes decoded.
pub struct Walk<'a> {
    tree: &'a Tree,
    /// Whether the root was told.
    is_begun: bool,
    /// The directories on the way down.
    way: Vec<Step>,
    /// Bytes of their listings that are kept.
    kept: usize,
    path: Vec<u8>,
    entered: HashSet<NodeId>,
}

/// A directory on the way down.
struct Step {
    directory: NodeId,
    /// Number of the next entry.
    next: usize,
    /// Bytes of the path to it.
    path_len: usize,
    /// Its names, where they are kept.
    listing: Option<Arc<Listing>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree, is_begun: false, way: Vec::new(), kept: 0, path: Vec::new(), entered: HashSet::new() }
    }

    /// Tells the node at the end of the path, and goes into it if it is a directory.
    fn arrive(&mut self, id: NodeId) -> Walked {
        let stat = self.tree.stat(id);
        let is_directory = stat.as_ref().is_ok_and(|s| s.kind == Kind::Directory);
        let unlisted = if is_directory { self.enter(id) } else { None };
        Walked { path: self.path.clone(), stat, unlisted }
    }

    fn enter(&mut self, directory: NodeId) -> Option<Error> {
        let is_too_far =
            self.entered.len() >= limits::SEARCHED_DIRECTORIES || self.path.len() > limits::WALKED_PATH;
        if is_too_far || !self.entered.insert(directory) {
            return Some(Error::Loop);
        }
        let listing = match self.tree.listing(directory) {
            Ok(listing) => listing,
            Err(error) => return Some(error),
        };
        let kept = self.kept.saturating_add(listing.weight());
        let listing = (kept <= limits::WALK_KEPT).then_some(listing);
        if listing.is_some() {
            self.kept = kept;
        }
        self.way.push(Step { directory, next: 0, path_len: self.path.len(), listing });
        None
    }

    fn leave(&mut self) {
        let left = self.way.pop().and_then(|step| step.listing);
        self.kept = self.kept.saturating_sub(left.map_or(0, |listing| listing.weight()));
    }
}

impl Iterator for Walk<'_> {
    type Item = Walked;

    fn next(&mut self) -> Option<Walked> {
        if !self.is_begun {
            self.is_begun = true;
            return Some(self.arrive(self.tree.root()));
        }
        loop {
            let step = self.way.last_mut()?;
            self.path.truncate(step.path_len);
            let listing = step.listing.clone().or_else(|| self.tree.listing(step.directory).ok());
            let Some(entry) = listing.as_ref().and_then(|listing| listing.entries(step.next).next()) else {
                self.leave();
                continue;
            };
            step.next = step.next.saturating_add(1);
            if !self.path.is_empty() {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(entry.name);
            let id = entry.node;
            return Some(self.arrive(id));
        }
    }
}
