//! A walk over the whole tree that ends on any image.

use std::collections::{HashSet, VecDeque};

use super::{NodeId, Stat, Tree};
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
/// an image whose directories contain themselves.
pub struct Walk<'a> {
    tree: &'a Tree,
    /// What is still to be told.
    pending: VecDeque<(Vec<u8>, NodeId)>,
    entered: HashSet<NodeId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree, pending: VecDeque::from([(Vec::new(), tree.root())]), entered: HashSet::new() }
    }

    /// Queues the names of a directory, in front of what is queued.
    fn enter(&mut self, path: &[u8], directory: NodeId) -> Option<Error> {
        if self.entered.len() >= limits::SEARCHED_DIRECTORIES || !self.entered.insert(directory) {
            return Some(Error::Loop);
        }
        let listing = match self.tree.listing(directory) {
            Ok(listing) => listing,
            Err(error) => return Some(error),
        };
        let entries: Vec<_> = listing.entries(0).collect();
        for entry in entries.into_iter().rev() {
            let separator: &[u8] = if path.is_empty() { b"" } else { b"/" };
            self.pending.push_front(([path, separator, entry.name].concat(), entry.node));
        }
        None
    }
}

impl Iterator for Walk<'_> {
    type Item = Walked;

    fn next(&mut self) -> Option<Walked> {
        let (path, id) = self.pending.pop_front()?;
        let stat = self.tree.stat(id);
        let is_directory = stat.as_ref().is_ok_and(|s| s.kind == super::Kind::Directory);
        let unlisted = if is_directory { self.enter(&path, id) } else { None };
        Some(Walked { path, stat, unlisted })
    }
}
