//! A walk over the whole tree that ends on any image.

use std::{collections::HashSet, sync::Arc};

use super::{Entry, Kind, KnownNodes, Listing, Node, NodeId, Stat, Tree};
use crate::{error::Error, limits};

/// Which part of a tree is walked, and how.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Where the walk begins.
    pub from: NodeId,
    /// Whether names come in their order, byte by byte, instead of that of the disc.
    pub is_sorted: bool,
    /// Whether names that begin with a period are passed over, and all below them.
    pub skips_hidden: bool,
    /// Whether only directories are told.
    pub only_directories: bool,
    /// How far down it goes: 0 tells only where it begins.
    pub depth: usize,
}

impl Route {
    /// Everything below (and with) a node, in the order of the disc.
    pub fn below(from: NodeId) -> Self {
        Self { from, is_sorted: false, skips_hidden: false, only_directories: false, depth: usize::MAX }
    }

    fn leads_to(&self, entry: &Entry<'_>) -> bool {
        let is_hidden = entry.name.starts_with(b".");
        !(self.skips_hidden && is_hidden || self.only_directories && entry.kind != Kind::Directory)
    }
}

/// One step of a [`Walk`].
#[derive(Debug)]
pub struct Walked {
    /// The path from where the walk began, names separated by `/`; empty for that itself.
    pub path: Vec<u8>,
    /// How many names the path has.
    pub depth: usize,
    /// Whether it is the last one of its directory that is told.
    pub is_last: bool,
    /// The attributes, or why there are none; for a directory also why its names cannot be read.
    pub stat: Result<Stat, Error>,
    /// Why the names of this directory are not walked, if so: it cannot be read, or was walked under another name
    /// ([`Error::Loop`]).
    pub unlisted: Option<Error>,
}

impl Walked {
    /// The last name of the path.
    pub fn name(&self) -> &[u8] {
        self.path.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }
}

/// What is along a [`Route`], parents first. A directory is entered once, under the first name met, so that the walk ends on
/// an image whose directories contain themselves; and not below a path of [`limits::WALKED_PATH`] bytes.
///
/// What it holds is the path, a place in each directory on the way down, and of these, with nodes of what is in them, the first
/// [`limits::WALK_KEPT`] bytes decoded.
pub struct Walk<'a> {
    tree: &'a Tree,
    route: Route,
    /// Whether the first node was told.
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
    /// The nodes of the first of them, decoded together with the names and past the cache.
    nodes: KnownNodes,
    /// Bytes that both take up.
    weight: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tree: &'a Tree, route: Route) -> Self {
        let (way, path, entered) = (Vec::new(), Vec::new(), HashSet::new());
        Self { tree, route, is_begun: false, way, kept: 0, path, entered }
    }

    /// Tells the node at the end of the path, which may be known, and goes into it if it is a directory.
    fn arrive(&mut self, id: NodeId, known: Option<&Node>, is_last: bool) -> Walked {
        let stat = known.map_or_else(|| self.tree.stat(id), |node| Ok(self.tree.stat_of(node)));
        let is_directory = stat.as_ref().is_ok_and(|s| s.kind == Kind::Directory);
        let depth = self.way.len();
        let unlisted = if is_directory && depth < self.route.depth { self.enter(id) } else { None };
        Walked { path: self.path.clone(), depth, is_last, stat, unlisted }
    }

    fn enter(&mut self, directory: NodeId) -> Option<Error> {
        let is_too_far =
            self.entered.len() >= limits::SEARCHED_DIRECTORIES || self.path.len() > limits::WALKED_PATH;
        if is_too_far || !self.entered.insert(directory) {
            return Some(Error::Loop);
        }
        let found = if self.route.only_directories {
            self.tree.listing(directory).map(|listing| (listing, KnownNodes::new()))
        } else {
            self.tree.listing_with_nodes(directory, limits::LISTED_NODES)
        };
        let (listing, nodes) = match found {
            Ok(found) => found,
            Err(error) => return Some(error),
        };
        let weight = listing.weight().saturating_add(nodes.len().saturating_mul(limits::LISTED_NODE));
        let path_len = self.path.len();
        let mut step =
            Step { directory, next: 0, path_len, listing: None, nodes: KnownNodes::new(), weight: 0 };
        let kept = self.kept.saturating_add(weight);
        if kept <= limits::WALK_KEPT {
            self.kept = kept;
            step = Step { listing: Some(listing), nodes, weight, ..step };
        }
        self.way.push(step);
        None
    }

    fn leave(&mut self) {
        let weight = self.way.pop().map_or(0, |step| step.weight);
        self.kept = self.kept.saturating_sub(weight);
    }
}

impl Iterator for Walk<'_> {
    type Item = Walked;

    fn next(&mut self) -> Option<Walked> {
        if !self.is_begun {
            self.is_begun = true;
            return Some(self.arrive(self.route.from, None, true));
        }
        loop {
            let route = self.route;
            let step = self.way.last_mut()?;
            self.path.truncate(step.path_len);
            let listing = step.listing.clone().or_else(|| self.tree.listing(step.directory).ok());
            let count = listing.as_ref().map_or(0, |listing| listing.len());
            let entry = |at| listing.as_ref()?.nth(at, route.is_sorted).filter(|entry| route.leads_to(entry));
            let mut rest = (step.next..count).filter_map(|at| Some((at, entry(at)?)));
            let Some((at, entry)) = rest.next() else {
                self.leave();
                continue;
            };
            let is_last = rest.next().is_none();
            step.next = at.saturating_add(1);
            if !self.path.is_empty() {
                self.path.push(b'/');
            }
            self.path.extend_from_slice(entry.name);
            let id = entry.node;
            let number = listing.as_ref().and_then(|listing| listing.index(at, route.is_sorted));
            let known = number.and_then(|number| step.nodes.get_mut(number)?.take());
            let known = known.filter(|node| node.attributes.id == id);
            return Some(self.arrive(id, known.as_deref(), is_last));
        }
    }
}
