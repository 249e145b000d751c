//! What a path in a list means: looked up in the inventory, which costs the same however many paths there are.

use crate::{
    limits,
    tree::{Inventory, Kind, Tree},
};

/// Symbolic links that are followed on the way to one path, as on Linux.
const LINKS: usize = 40;

/// The root's name in the inventory.
const ROOT: u32 = 0;

/// Finds files by their paths.
pub(super) struct Finder<'a> {
    tree: &'a Tree,
    inventory: &'a Inventory,
    /// The numbers of all names, by directory and then by text.
    sorted: Vec<u32>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(tree: &'a Tree, inventory: &'a Inventory) -> Self {
        let count = u32::try_from(inventory.name_count()).unwrap_or(u32::MAX);
        let mut sorted: Vec<u32> = (1..count).collect();
        sorted.sort_unstable_by_key(|name| (inventory.parent_of(*name), inventory.text_of(*name)));
        Self { tree, inventory, sorted }
    }

    /// The number of the file at a path from the root, through links inside of the image.
    pub(super) fn file(&self, path: &[u8]) -> Option<u32> {
        if path.len() > limits::WALKED_PATH {
            return None;
        }
        let mut rest: Vec<Box<[u8]>> = parts(path);
        let mut here = ROOT;
        let mut links: usize = 0;
        while let Some(part) = rest.pop() {
            match &*part {
                b"" | b"." => continue,
                b".." => {
                    here = self.inventory.parent_of(here).unwrap_or(ROOT);
                    continue;
                }
                _ => {}
            }
            let name = self.child(here, &part)?;
            if self.inventory.kind_of(name) != Some(Kind::Symlink) {
                here = name;
                continue;
            }
            links = links.saturating_add(1);
            let id = self.inventory.member(self.inventory.member_of(name)?)?.id;
            let target = self.tree.read_link(id).ok().filter(|_| links <= LINKS)?;
            if target.starts_with(b"/") {
                here = ROOT;
            }
            rest.extend(parts(&target));
        }
        let member = self.inventory.member_of(here)?;
        (self.inventory.member(member)?.kind == Kind::File).then_some(member)
    }

    fn child(&self, directory: u32, text: &[u8]) -> Option<u32> {
        // A directory with a second name has what is in it below its first.
        let member = self.inventory.member(self.inventory.member_of(directory)?)?;
        let first = self.inventory.names_of(member).next()?;
        let wanted = (Some(first), text);
        let key = |name: &u32| (self.inventory.parent_of(*name), self.inventory.text_of(*name));
        let at = self.sorted.binary_search_by(|name| key(name).cmp(&wanted)).ok()?;
        self.sorted.get(at).copied()
    }
}

/// The names of a path, the first one last.
fn parts(path: &[u8]) -> Vec<Box<[u8]>> {
    path.split(|byte| *byte == b'/').rev().map(Box::from).collect()
}
