//! The nodes in directories that are listed now or will be next.
//!
//! The kernel takes a directory in several parts, each name with its attributes, and asks for none of them again. So the nodes are decoded
//! once for all parts, together with the names, and go past the cache.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use crate::{
    limits,
    tree::{Node, NodeId, Tree},
};

/// Directories that are kept: the one that is listed and the next, of two programs.
const KEPT: usize = 4;

/// The nodes in a directory, or the place where the threads that want them wait for the one that decodes them.
type Slot = Arc<OnceLock<Nodes>>;

/// The nodes of the first [`limits::LISTED_NODES`] entries of a directory, as far as they can be read.
#[derive(Clone, Default)]
pub(super) struct Nodes(Arc<[Option<Arc<Node>>]>);

impl Nodes {
    /// The node of the entry of that number, which is `id`, if it is known.
    pub(super) fn get(&self, number: usize, id: NodeId) -> Option<&Arc<Node>> {
        self.0.get(number)?.as_ref().filter(|node| node.attributes.id == id)
    }
}

/// The directories that were decoded last.
pub(super) struct Listed {
    tree: Arc<Tree>,
    slots: Mutex<VecDeque<(NodeId, Slot)>>,
}

impl Listed {
    pub(super) fn new(tree: Arc<Tree>) -> Self {
        Self { tree, slots: Mutex::default() }
    }

    /// Decodes a directory; of several threads that ask at once one does, and the others wait. Nothing is known of one that cannot
    /// be listed.
    pub(super) fn decode(&self, directory: NodeId) -> Nodes {
        let decode = || {
            let listed = self.tree.listing_with_nodes(directory, limits::LISTED_NODES);
            listed.map(|(_, nodes)| Nodes(nodes.into())).unwrap_or_default()
        };
        self.slot(directory).get_or_init(decode).clone()
    }

    /// What is known of a directory of which the kernel asks for the part from `offset` on. It is decoded for the first part only:
    /// where many programs list at once, each part would decode all of them.
    pub(super) fn nodes(&self, directory: NodeId, offset: u64) -> Nodes {
        if offset == 0 {
            return self.decode(directory);
        }
        let slots = self.slots();
        let known = slots.iter().find(|(id, _)| *id == directory).and_then(|(_, slot)| slot.get());
        known.cloned().unwrap_or_default()
    }

    fn slot(&self, directory: NodeId) -> Slot {
        let mut slots = self.slots();
        if let Some((_, slot)) = slots.iter().find(|(id, _)| *id == directory) {
            return slot.clone();
        }
        if slots.len() >= KEPT {
            slots.pop_front();
        }
        let slot = Slot::default();
        slots.push_back((directory, slot.clone()));
        slot
    }

    fn slots(&self) -> MutexGuard<'_, VecDeque<(NodeId, Slot)>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tree::{Policy, fake::Fake},
        volume::Volume,
    };

    #[test]
    fn the_last_directories_are_kept_and_the_first_part_decodes() {
        let directories = (2..20).map(|id| (id, vec![100 + id, 200 + id])).collect();
        let volume = Arc::new(Volume::new(Arc::new(Vec::new()), 0));
        let fake = Fake { directories, ..Fake::default() };
        let tree = Tree::new(Box::new(fake), volume, Policy::of_user(0, 0), 0);
        let listed = Listed::new(Arc::new(tree));
        let known = |directory: u64, offset| {
            let nodes = listed.nodes(NodeId(directory), offset);
            [0, 1, 2].map(|n| nodes.get(n, NodeId(100 * (n as u64 + 1) + directory)).is_some())
        };
        assert_eq!(known(3, 5), [false; 3], "not decoded for a later part");
        assert_eq!(known(3, 0), [true, true, false]);
        assert_eq!(known(3, 5), [true, true, false]);
        assert!(listed.nodes(NodeId(3), 0).get(0, NodeId(104)).is_none(), "that of another node");
        (4..8).for_each(|directory| drop(listed.decode(NodeId(directory))));
        assert_eq!((known(3, 5), known(4, 5)), ([false; 3], [true, true, false]));
        assert_eq!(known(99, 0), [false; 3], "no directory");
    }
}
