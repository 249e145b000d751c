//! Decoding the next directory while a program that walks the tree is busy with this one.
//!
//! `find`, `tar`, `cp -r` and their like go into the directories of a listing in its order, depth first, and wait for each.
//! Once they were seen to take such a step, the directory of the next is decoded before it is asked for.

use std::sync::{Arc, Mutex, TryLockError};

use super::listed::Listed;
use crate::{
    limits,
    tree::{Kind, Listing, NodeId},
};

/// Follows the program that walks the tree, and decodes ahead of it in the thread that has just answered it: to wake another takes
/// longer than to decode a directory.
pub(super) struct Ahead {
    decoder: Arc<Listed>,
    walker: Mutex<Walker>,
}

impl Ahead {
    pub(super) fn new(decoder: Arc<Listed>) -> Self {
        Self { decoder, walker: Mutex::default() }
    }

    /// A program was told the first names of this directory. What fails here is told to those who ask for it.
    pub(super) fn listed(&self, directory: NodeId, listing: &Arc<Listing>) {
        let step = match self.walker.try_lock() {
            Ok(mut walker) => walker.step(directory, listing.clone()),
            Err(TryLockError::Poisoned(walker)) => walker.into_inner().step(directory, listing.clone()),
            // Two programs walk at once; a step of one of them is passed over.
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(next) = step {
            let _ = self.decoder.decode(next);
        }
    }
}

/// Where a program is on its walk.
#[derive(Default)]
struct Walker {
    /// The listings on the way down, each with the number of the entry behind the one it went into.
    way: Vec<(Arc<Listing>, usize)>,
    /// The directory that comes next.
    expected: Option<NodeId>,
}

impl Walker {
    /// Takes a step into `directory`. Returns the directory that comes next if this one was expected.
    fn step(&mut self, directory: NodeId, listing: Arc<Listing>) -> Option<NodeId> {
        let is_walk = self.expected.take() == Some(directory);
        if !is_walk {
            self.way.clear();
        }
        if listing.weight() > limits::AHEAD_LISTING || self.way.len() >= limits::AHEAD_DEPTH {
            self.way.clear();
            return None;
        }
        self.way.push((listing, 0));
        loop {
            let (listing, next) = self.way.last_mut()?;
            let rest = listing.entries(*next).enumerate();
            let found = rest
                .map(|(i, entry)| (i, entry.kind, entry.node))
                .find(|(_, kind, _)| *kind == Kind::Directory);
            if let Some((skipped, _, id)) = found {
                *next = next.saturating_add(skipped).saturating_add(1);
                self.expected = Some(id);
                return is_walk.then_some(id);
            }
            self.way.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tree::{Policy, Tree, fake::Fake},
        volume::Volume,
    };

    fn walker(directories: Vec<(u64, Vec<u64>)>) -> (Arc<Tree>, Walker) {
        let volume = Arc::new(Volume::new(Arc::new(Vec::new()), 0));
        let tree =
            Tree::new(Box::new(Fake { directories, ..Fake::default() }), volume, Policy::of_user(0, 0), 0);
        (Arc::new(tree), Walker::default())
    }

    fn step((tree, walker): &mut (Arc<Tree>, Walker), id: u64) -> Option<u64> {
        let listing = tree.listing(NodeId(id)).unwrap();
        walker.step(NodeId(id), listing).map(|id| id.0)
    }

    #[test]
    fn a_walk_is_followed_from_its_second_step_on() {
        let tree = || walker(vec![(2, vec![3, 10, 4]), (3, vec![11, 5]), (5, vec![12]), (4, vec![])]);
        let mut whole = tree();
        let next: Vec<_> = [2, 3, 5, 4].map(|id| step(&mut whole, id)).into();
        assert_eq!(next, [None, Some(5), Some(4), None], "the first step may be the only one");
        let mut other = tree();
        let next: Vec<_> = [2, 4, 3, 5].map(|id| step(&mut other, id)).into();
        assert_eq!(
            next,
            [None, None, None, None],
            "another order: from the third directory on nothing is above"
        );
    }

    #[test]
    fn a_circle_is_followed_no_farther_than_the_limit() {
        let mut walker = walker(vec![(2, vec![2])]);
        for _ in 0..10 * limits::AHEAD_DEPTH {
            step(&mut walker, 2);
            assert!(walker.1.way.len() <= limits::AHEAD_DEPTH);
        }
    }
}
