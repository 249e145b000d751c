//! The walk that makes an inventory, and ends on any image.

use std::{collections::VecDeque, sync::Arc};

use super::{
    super::{Content, Data, Extent, Kind, Listing, Node, NodeId, Piece, Place, Stat, Structures, Tree},
    Failure, Inventory, Lost, Member, NONE, Name, Role, Span,
};
use crate::{bytes::as_usize, error::Error, limits};

/// A directory that is to be listed.
struct Pending {
    name: u32,
    id: NodeId,
    /// Bytes of its path.
    path_len: usize,
}

/// The walk that makes an inventory.
struct Maker<'a> {
    tree: &'a Tree,
    made: Inventory,
    pending: VecDeque<Pending>,
    /// Bytes of structures that may still be looked at.
    structures_left: u64,
    ancestors_left: u64,
}

impl Inventory {
    /// Everything in a tree, as long as `goes_on` says so and [`limits`] allow.
    pub fn of(tree: &Tree, goes_on: &dyn Fn() -> bool) -> Self {
        let len = tree.reader.volume_len();
        let mut maker = Maker {
            tree,
            made: Self::default(),
            pending: VecDeque::new(),
            structures_left: len
                .saturating_mul(limits::INVENTORY_STRUCTURES)
                .saturating_add(limits::INVENTORY_SLACK),
            ancestors_left: limits::INVENTORY_ANCESTORS,
        };
        maker.meet(NONE, b"", tree.root(), Kind::Directory, 0);
        while let Some(directory) = maker.pending.pop_front() {
            if maker.made.is_cut || !goes_on() {
                maker.made.is_cut = true;
                break;
            }
            maker.list(&directory);
        }
        let mut made = maker.made;
        made.spans.shrink_to_fit();
        made
    }

    fn fail(&mut self, name: u32, what: Lost, error: Error) {
        if self.failures.len() < limits::INVENTORY_FAILURES {
            self.failures.push(Failure { name, what, error });
        } else {
            self.further_failures = self.further_failures.saturating_add(1);
        }
    }

    fn push_span(&mut self, span: Span) {
        if span.extent.len == 0 {
            return;
        }
        if self.spans.len() >= limits::INVENTORY_SPANS {
            self.is_cut = true;
            return;
        }
        self.spans.push(span);
    }
}

fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NONE)
}

impl Maker<'_> {
    /// Looks into a directory.
    fn list(&mut self, directory: &Pending) {
        let listing = match self.tree.listing(directory.id) {
            Ok(listing) => listing,
            Err(error) => return self.made.fail(directory.name, Lost::Names, error),
        };
        let records = self.tree.file_system.name_records(directory.id).unwrap_or_default();
        // Records that are not one for each name belong to something else.
        let records = if records.len() == listing.len() { records } else { Vec::new() };
        self.meet_all(directory, &listing, &records);
    }

    fn meet_all(&mut self, directory: &Pending, listing: &Arc<Listing>, records: &[Extent]) {
        for (index, entry) in listing.entries(0).enumerate() {
            if self.made.is_cut {
                return;
            }
            let path_len = directory.path_len.saturating_add(entry.name.len()).saturating_add(1);
            let Some(name) = self.meet(directory.name, entry.name, entry.node, entry.kind, path_len) else {
                return;
            };
            if let Some(extent) = records.get(index) {
                self.made.push_span(Span { extent: *extent, offset: 0, owner: name, role: Role::Record });
            }
        }
    }

    /// Adds a name, and its node unless that is there already. `None` when there is no room.
    fn meet(&mut self, parent: u32, text: &[u8], id: NodeId, kind: Kind, path_len: usize) -> Option<u32> {
        let made = &mut self.made;
        let text_end = made.text.len().saturating_add(text.len());
        if made.names.len() >= limits::INVENTORY_NAMES || text_end > limits::INVENTORY_NAME_BYTES {
            made.is_cut = true;
            return None;
        }
        let name = number(made.names.len());
        let text_at = number(made.text.len());
        made.text.extend_from_slice(text);
        let text_len = u8::try_from(text.len()).unwrap_or(u8::MAX);
        let known = made.numbers.get(&id).copied();
        made.names.push(Name { parent, text_at, text_len, kind, member: known.unwrap_or(NONE), next: NONE });
        match known {
            Some(member) => self.name_again(name, member),
            None => self.add(name, id, path_len),
        }
        Some(name)
    }

    /// One more name of a node.
    fn name_again(&mut self, name: u32, member: u32) {
        let Some(known) = self.made.members.get_mut(as_usize(member.into())) else { return };
        let (kind, first) = (known.kind, known.first_name);
        let last = std::mem::replace(&mut known.last_name, name);
        if let Some(last) = self.made.names.get_mut(as_usize(last.into())) {
            last.next = name;
        }
        if kind == Kind::Directory {
            let what = if self.is_below(name, first) { Lost::Circle } else { Lost::Names };
            self.made.fail(name, what, Error::Loop);
        }
    }

    /// Whether a name lies below another one.
    fn is_below(&mut self, name: u32, above: u32) -> bool {
        let mut at = self.made.parent_of(name);
        while let Some(number) = at {
            if number == above {
                return true;
            }
            let Some(left) = self.ancestors_left.checked_sub(1) else { return false };
            self.ancestors_left = left;
            at = self.made.parent_of(number);
        }
        false
    }

    /// A node that was not met before.
    fn add(&mut self, name: u32, id: NodeId, path_len: usize) {
        let (stat, node) =
            match self.tree.stat(id).and_then(|stat| Ok((stat, self.tree.file_system.node(id)?))) {
                Ok(found) => found,
                Err(error) => return self.made.fail(name, Lost::Node, error),
            };
        let structures = self.tree.file_system.structures(id).unwrap_or_default();
        let taken = structures.len().max(if stat.kind == Kind::Directory { stat.size } else { 0 });
        let taken = taken.min(self.tree.reader.volume_len());
        match self.structures_left.checked_sub(taken) {
            Some(left) => self.structures_left = left,
            None => self.made.is_cut = true,
        }
        let member = number(self.made.members.len());
        if let Some(name) = self.made.names.get_mut(as_usize(name.into())) {
            name.member = member;
        }
        self.made.numbers.insert(id, member);
        let first_span = number(self.made.spans.len());
        let (is_packed, stored) = self.add_content(name, member, &stat, &node);
        self.add_structures(member, &structures);
        let spans = number(self.made.spans.len()).saturating_sub(first_span);
        self.made.members.push(Member {
            id,
            kind: stat.kind,
            is_packed,
            size: stat.size,
            stored,
            first_name: name,
            last_name: name,
            first_span,
            spans,
        });
        if stat.kind == Kind::Directory {
            if path_len > limits::WALKED_PATH {
                return self.made.fail(name, Lost::Names, Error::Loop);
            }
            self.pending.push_back(Pending { name, id, path_len });
        }
    }

    /// The places of a file's bytes. Returns whether they are packed, and how many are stored.
    fn add_content(&mut self, name: u32, member: u32, stat: &Stat, node: &Node) -> (bool, u64) {
        let data = match &node.content {
            Content::Data(data) => data,
            Content::Broken(error) => {
                let what = Lost::Bytes { at: 0, len: stat.size };
                self.made.fail(name, what, error.clone());
                return (false, stat.size);
            }
            Content::Nothing | Content::Link(_) => return (false, stat.size),
        };
        let mut packed = None;
        for (start, len, place) in data.segments() {
            match place {
                Place::Run { at } => self.push_content(member, Extent { at: *at, len }, start),
                Place::Interleaved { .. } => self.push_pieces(member, data, start, len),
                Place::Hole | Place::Inline(_) => {}
                Place::Packed(blocks) => {
                    let stored = blocks.stored();
                    packed = Some(stored.map_or(0, Data::size));
                    if let Some(stored) = stored {
                        self.push_pieces(member, stored, 0, stored.size());
                    }
                }
                Place::Lost(error) => {
                    self.made.fail(name, Lost::Bytes { at: start, len }, (**error).clone());
                }
            }
        }
        (packed.is_some(), packed.unwrap_or(stat.size))
    }

    fn push_content(&mut self, member: u32, extent: Extent, offset: u64) {
        self.made.push_span(Span { extent, offset, owner: member, role: Role::Content });
    }

    fn push_pieces(&mut self, member: u32, data: &Data, from: u64, len: u64) {
        let mut offset = from;
        for piece in data.pieces(from, len) {
            if self.made.is_cut {
                return;
            }
            if let Piece::Run { at, len } = piece {
                self.push_content(member, Extent { at, len }, offset);
            }
            offset = offset.saturating_add(piece.len());
        }
    }

    fn add_structures(&mut self, member: u32, structures: &Structures) {
        let parts = [
            (Role::Description, &structures.needed),
            (Role::Names, &structures.names),
            (Role::Attributes, &structures.attributes),
        ];
        for (role, extents) in parts {
            let mut offset: u64 = 0;
            for extent in extents {
                self.made.push_span(Span { extent: *extent, offset, owner: member, role });
                offset = offset.saturating_add(extent.len);
            }
        }
    }
}

const _: () = assert!(limits::INVENTORY_NAMES < 1 << 31, "numbers of names have 32 bits");
const _: () = assert!(limits::INVENTORY_NAME_BYTES < 1 << 31, "places of names have 32 bits");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tree::{Policy, fake::Fake},
        volume::Volume,
    };

    fn tree(directories: Vec<(u64, Vec<u64>)>) -> Tree {
        let volume = Arc::new(Volume::new(Arc::new(vec![0u8; 4096]), 0));
        let mut data = Data::default();
        data.push(Place::Run { at: 100 }, 50);
        data.push(Place::Hole, 10);
        data.push(Place::Run { at: 1000 }, 40);
        Tree::new(Box::new(Fake { directories, data, ..Fake::default() }), volume, Policy::of_user(0, 0), 0)
    }

    fn paths(inventory: &Inventory, member: &Member) -> Vec<String> {
        inventory.names_of(member).map(|name| String::from_utf8(inventory.path(name)).unwrap()).collect()
    }

    #[test]
    fn every_name_and_every_run_is_there_once() {
        // File 9 has two names.
        let tree = tree(vec![(2, vec![3, 9]), (3, vec![9, 10])]);
        let inventory = Inventory::of(&tree, &|| true);
        assert!(!inventory.is_cut());
        assert_eq!(inventory.name_count(), 5);
        let kinds: Vec<(u64, Vec<String>)> =
            inventory.members().iter().map(|m| (m.id.0, paths(&inventory, m))).collect();
        let text = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected =
            vec![(2, text(&[""])), (3, text(&["3"])), (9, text(&["9", "3/9"])), (10, text(&["3/10"]))];
        assert_eq!(kinds, expected);
        let nine = inventory.member(inventory.number_of(NodeId(9)).unwrap()).unwrap();
        let runs: Vec<(u64, u64, u64)> =
            inventory.content_of(nine).map(|s| (s.extent.at, s.extent.len, s.offset)).collect();
        assert_eq!(runs, [(100, 50, 0), (1000, 40, 60)]);
    }

    #[test]
    fn circles_end_and_are_told_from_second_names() {
        let tree = tree(vec![(2, vec![3, 4]), (3, vec![2, 5]), (4, vec![5]), (5, vec![])]);
        let inventory = Inventory::of(&tree, &|| true);
        let found: Vec<(String, Lost)> = inventory
            .failures()
            .0
            .iter()
            .map(|failure| (String::from_utf8(inventory.path(failure.name)).unwrap(), failure.what))
            .collect();
        assert_eq!(found, [("3/2".to_owned(), Lost::Circle), ("4/5".to_owned(), Lost::Names)]);
    }

    #[test]
    fn bytes_that_nobody_finds_are_told() {
        let mut data = Data::default();
        data.push(Place::Run { at: 0 }, 10);
        data.push(Place::Lost(Arc::new(Error::Loop)), 7);
        let fake = Fake { directories: vec![(2, vec![3])], data, ..Fake::default() };
        let volume = Arc::new(Volume::new(Arc::new(vec![0u8; 100]), 0));
        let tree = Tree::new(Box::new(fake), volume, Policy::of_user(0, 0), 0);
        let inventory = Inventory::of(&tree, &|| true);
        let (failures, further) = inventory.failures();
        assert_eq!((failures.len(), further), (1, 0));
        assert_eq!(failures[0].what, Lost::Bytes { at: 10, len: 7 });
    }

    #[test]
    fn who_is_told_to_stop_stops() {
        let tree = tree(vec![(2, vec![3]), (3, vec![4])]);
        let inventory = Inventory::of(&tree, &|| false);
        assert!(inventory.is_cut() && inventory.name_count() == 1);
    }
}
