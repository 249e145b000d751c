//! A walk over the whole tree that ends on any image.

use std::collections::HashSet;

use super::{Kind, NodeId, Stat, Tree};
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
/// What it holds is a place in each directory on the way down, and the path.
pub struct Walk<'a> {
    tree: &'a Tree,
    /// Whether the root was told.
    is_begun: bool,
    /// The directories on the way down: number, next entry, length of the path to it.
    way: Vec<(NodeId, usize, usize)>,
    path: Vec<u8>,
    entered: HashSet<NodeId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree, is_begun: false, way: Vec::new(), path: Vec::new(), entered: HashSet::new() }
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
        // Read here to hear what is wrong; the entries come from the cache.
        let unlisted = self.tree.listing(directory).err();
        if unlisted.is_none() {
            self.way.push((directory, 0, self.path.len()));
        }
        unlisted
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
            let (directory, next, path_len) = self.way.last_mut()?;
            self.path.truncate(*path_len);
            let listing = self.tree.listing(*directory).ok();
            let entry = listing.as_ref().and_then(|listing| listing.entries(*next).next());
            let Some(entry) = entry else {
                self.way.pop();
                continue;
            };
            *next = next.saturating_add(1);
            if !self.path.is_empty() {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(entry.name);
            let id = entry.node;
            return Some(self.arrive(id));
        }
    }
}
