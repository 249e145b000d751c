//! Decoding the next directory while a program that walks the tree is busy with this one.
//!
//! `find`, `tar`, `cp -r` and their like go into the directories of a listing in its order, depth first, and wait for each.
//! Once they were seen to take such a step, the directory of the next is decoded before it is asked for.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender},
    },
    thread,
};

use super::adapter::guarded;
use crate::{
    limits,
    tree::{Kind, Listing, NodeId, Tree},
};

/// Listings that may wait to be looked at; more are passed over, and with them a step or two.
const WAITING: usize = 8;

/// Tells a thread which directories are listed; that thread decodes ahead.
pub(super) struct Ahead {
    listed: SyncSender<(NodeId, Arc<Listing>)>,
    has_ended: Arc<AtomicBool>,
}

impl Ahead {
    /// Starts the thread. It ends when this is dropped.
    ///
    /// # Errors
    /// That of the operating system.
    pub(super) fn start(tree: Arc<Tree>) -> io::Result<Self> {
        let (sender, listed) = mpsc::sync_channel(WAITING);
        let has_ended = Arc::new(AtomicBool::new(false));
        let mut walker = Walker { tree, way: Vec::new(), expected: None, has_ended: has_ended.clone() };
        thread::Builder::new().name("ahead".into()).spawn(move || {
            for (directory, listing) in listed {
                guarded(|| {
                    if let Some(next) = walker.step(directory, listing) {
                        walker.decode(next);
                    }
                });
            }
        })?;
        Ok(Self { listed: sender, has_ended })
    }

    /// A program lists this directory from its first name on.
    pub(super) fn listed(&self, directory: NodeId, listing: &Arc<Listing>) {
        // When the thread is behind, there is nothing to gain.
        let _ = self.listed.try_send((directory, listing.clone()));
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }
}

/// Where a program is on its walk.
struct Walker {
    tree: Arc<Tree>,
    /// The listings on the way down, each with the number of the entry behind the one it went into.
    way: Vec<(Arc<Listing>, usize)>,
    /// The directory that comes next.
    expected: Option<NodeId>,
    /// Whether nobody walks any more.
    has_ended: Arc<AtomicBool>,
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

    /// Decodes a directory and its nodes into the caches. What fails is told to those who ask for it.
    fn decode(&self, directory: NodeId) {
        if self.has_ended.load(Ordering::Relaxed) {
            return;
        }
        let Ok(listing) = self.tree.listing(directory) else { return };
        for entry in listing.entries(0).take(limits::AHEAD_NODES) {
            if self.has_ended.load(Ordering::Relaxed) {
                return;
            }
            let _ = self.tree.stat(entry.node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tree::{Policy, fake::Fake},
        volume::Volume,
    };

    fn walker(directories: Vec<(u64, Vec<u64>)>) -> Walker {
        let volume = Arc::new(Volume::new(Arc::new(Vec::new()), 0));
        let tree =
            Tree::new(Box::new(Fake { directories, ..Fake::default() }), volume, Policy::of_user(0, 0), 0);
        Walker { tree: Arc::new(tree), way: Vec::new(), expected: None, has_ended: Arc::default() }
    }

    fn step(walker: &mut Walker, id: u64) -> Option<u64> {
        let listing = walker.tree.listing(NodeId(id)).unwrap();
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
            assert!(walker.way.len() <= limits::AHEAD_DEPTH);
        }
    }
}
