//! A look at the directories nearest to the root, for whoever does not want all of them.

use std::collections::{HashSet, VecDeque};

use super::{Kind, Listing, NodeId, Tree};
use crate::{bytes::as_u64, limits};

impl Tree {
    /// Hands the directories nearest to the root to `look`, each once with its path from the root: as many as [`limits::LOOK`] allows.
    /// Returns whether those were all.
    pub fn look_around(&self, mut look: impl FnMut(&[u8], &Listing)) -> bool {
        let mut left = limits::LOOK;
        let mut entered: HashSet<NodeId> = HashSet::from([self.root()]);
        let mut pending: VecDeque<(NodeId, Vec<u8>)> = VecDeque::from([(self.root(), Vec::new())]);
        let mut saw_all = true;
        while let Some((directory, path)) = pending.pop_front() {
            let Ok(stat) = self.stat(directory) else { continue };
            if stat.size > left {
                saw_all = false;
                continue;
            }
            let Ok(listing) = self.listing(directory) else { continue };
            let names = as_u64(listing.len()).saturating_mul(limits::LOOK_NAME);
            left = left.saturating_sub(stat.size.max(names).max(limits::LOOK_NAME));
            look(&path, &listing);
            for entry in listing.entries(0).filter(|entry| entry.kind == Kind::Directory) {
                if !entered.insert(entry.node) {
                    continue;
                }
                let separator: &[u8] = if path.is_empty() { b"" } else { b"/" };
                let below = [&path, separator, entry.name].concat();
                match left.checked_sub(as_u64(below.len())) {
                    Some(rest) => left = rest,
                    None => return false,
                }
                pending.push_back((entry.node, below));
            }
        }
        saw_all
    }
}
