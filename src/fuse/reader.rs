//! Where a program is that reads directories file by file, as far as its requests tell.

use std::{collections::VecDeque, ops::RangeInclusive, sync::Arc};

use super::listed::Nodes;
use crate::tree::{Kind, Listing, NodeId};

/// Entries in front of a program that are stored: at first, and at most.
const WINDOW: RangeInclusive<usize> = 4..=64;

/// Files that a program may pass over: it may take some in another order, or have several threads.
const PASSED_OVER: usize = 4;

/// Files that were read one after the other before anything is stored.
pub(super) const STEPS: u32 = 2;

/// Directories whose names are remembered, each of at most [`AHEAD_LISTING`](crate::limits::AHEAD_LISTING) bytes.
pub(super) const DIRECTORIES: usize = 8;

/// A program that reads files.
#[derive(Default)]
pub(super) struct Reader {
    /// The directories that it may be in, the newest first.
    pub(super) places: VecDeque<Place>,
    /// Files that it has read one after the other.
    pub(super) steps: u32,
    window: usize,
    /// Bytes that were stored since it asked for a file.
    pub(super) unasked: u64,
    /// The thread that asked for the last one, as the kernel calls it.
    pub(super) thread: u32,
}

/// How far a program has come in a directory.
pub(super) struct Place {
    pub(super) listing: Arc<Listing>,
    /// Those of its nodes that are known.
    pub(super) nodes: Nodes,
    /// The lowest and the highest number of its nodes.
    numbers: RangeInclusive<NodeId>,
    /// Number of the entry behind the last one that was asked for or stored.
    pub(super) next: usize,
    /// Number of the entry behind the last one that was asked for.
    pub(super) asked: usize,
}

impl Reader {
    /// Takes a step to the file `id`.
    pub(super) fn step(&mut self, id: NodeId) {
        self.unasked = 0;
        let found = self.places.iter().enumerate().find_map(|(number, place)| {
            if !place.numbers.contains(&id) {
                return None;
            }
            // Where it would be if the program goes on, or anywhere.
            let ahead = place.listing.entries(place.asked).position(|entry| entry.node == id);
            let at = ahead.map(|ahead| place.asked.saturating_add(ahead));
            let at = at.or_else(|| place.listing.entries(0).position(|entry| entry.node == id))?;
            Some((number, at, place.is_next(at)))
        });
        let Some((number, at, is_next)) = found else {
            self.steps = 0;
            return;
        };
        self.steps = if is_next { self.steps.saturating_add(1) } else { 1 };
        if self.steps <= 1 {
            self.window = *WINDOW.start();
        }
        self.come_to(number);
        if let Some(place) = self.places.front_mut() {
            place.asked = at.saturating_add(1);
            place.next = if is_next { place.next.max(place.asked) } else { place.asked };
        }
    }

    /// A program has listed that directory, and may come to it.
    pub(super) fn see(&mut self, listing: Arc<Listing>, nodes: Nodes) {
        let ids = || listing.entries(0).map(|entry| entry.node);
        if let Some(numbers) = ids().min().zip(ids().max()).map(|(min, max)| min..=max) {
            self.places.retain(|place| !Arc::ptr_eq(&place.listing, &listing));
            self.places.push_front(Place { listing, nodes, numbers, next: 0, asked: 0 });
            self.places.truncate(DIRECTORIES);
        }
    }

    /// The program is in that directory now. Whether it is one of those that were seen.
    pub(super) fn enter(&mut self, listing: &Arc<Listing>) -> bool {
        let number = self.places.iter().position(|place| Arc::ptr_eq(&place.listing, listing));
        number.inspect(|number| self.come_to(*number)).is_some()
    }

    /// How many entries in front of it are to be stored: more each time.
    pub(super) fn widen(&mut self) -> usize {
        let window = self.window;
        self.window = window.saturating_mul(2).min(*WINDOW.end());
        window
    }

    fn come_to(&mut self, number: usize) {
        if let Some(place) = self.places.remove(number) {
            self.places.push_front(place);
        }
    }
}

impl Place {
    /// Whether a program that goes on may ask for entry `at` next.
    fn is_next(&self, at: usize) -> bool {
        let passed_over = || {
            let count = at.saturating_sub(self.next);
            self.listing.entries(self.next).take(count).filter(|entry| entry.kind == Kind::File).count()
        };
        at >= self.asked && passed_over() <= PASSED_OVER
    }
}
