//! What fields have a colour for: the directories in the root, each with all below it.

use std::collections::HashMap;

use crate::{
    bytes::as_usize,
    text,
    tree::{Inventory, Kind},
};

/// Topics that have no directory.
pub(super) const STRUCTURE: usize = 0;
pub(super) const BOOT: usize = 1;
pub(super) const OTHER_TREE: usize = 2;
pub(super) const OTHERS: usize = 3;
/// Every second directory of the others, so that those which lie side by side can be told apart.
pub(super) const MORE_OTHERS: usize = 4;

/// How many these are.
const FIXED: usize = 5;

/// Directories that have a colour of their own.
const COLORED: usize = 9;

/// The root's name in the inventory.
const ROOT: u32 = 0;

/// The share of all bytes, of ten, from which on a directory is divided into those in it.
const DOMINANT: u64 = 8;

/// One of them.
pub(super) struct Topic {
    /// For people.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) files: u64,
}

/// All topics of a disc.
pub(super) struct Topics {
    /// The fixed ones, then directories, the largest first.
    pub(super) topics: Vec<Topic>,
    /// For each member of the inventory its topic.
    of_members: Vec<usize>,
}

impl Topics {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let files = inventory.members().iter().filter(|member| member.kind == Kind::File).count();
        if files <= COLORED {
            return Self::made(inventory, &files_themselves(inventory));
        }
        let tops = tops(inventory, None);
        let sums = sums(inventory, &tops);
        let all: u64 = sums.values().fold(0, |all, sum| all.saturating_add(sum.0));
        // A disc with nearly everything in one directory is told by those in it.
        let largest = sums.iter().filter(|(top, _)| **top != ROOT).max_by_key(|(_, sum)| sum.0);
        let divided = largest
            .filter(|(_, sum)| sum.0 / 10 >= (all / 100).saturating_mul(DOMINANT) && all > 0)
            .map(|(top, _)| *top);
        match divided {
            Some(_) => Self::made(inventory, &self::tops(inventory, divided)),
            None => Self::made(inventory, &tops),
        }
    }

    /// The topics of members that belong to these names.
    fn made(inventory: &Inventory, tops: &[u32]) -> Self {
        let mut sorted: Vec<(u32, (u64, u64))> = sums(inventory, tops).into_iter().collect();
        sorted.sort_by_key(|(top, (bytes, _))| (std::cmp::Reverse(*bytes), *top));
        let fixed =
            ["structures", "boot images, partitions", "only in another tree", "other directories", ""];
        let mut topics: Vec<Topic> =
            fixed.iter().map(|name| Topic { name: (*name).to_owned(), bytes: 0, files: 0 }).collect();
        let mut numbers: HashMap<u32, usize> = HashMap::new();
        let mut others: Vec<u32> = Vec::new();
        for (top, (bytes, files)) in sorted {
            if numbers.len() < COLORED {
                numbers.insert(top, topics.len());
                topics.push(Topic { name: name_of(inventory, top), bytes, files });
            } else if let Some(topic) = topics.get_mut(OTHERS) {
                others.push(top);
                topic.bytes = topic.bytes.saturating_add(bytes);
                topic.files = topic.files.saturating_add(files);
            }
        }
        others.sort_unstable();
        for (number, top) in others.into_iter().enumerate() {
            numbers.insert(top, if number.is_multiple_of(2) { OTHERS } else { MORE_OTHERS });
        }
        let of_members = tops.iter().map(|top| numbers.get(top).copied().unwrap_or(OTHERS)).collect();
        Self { topics, of_members }
    }

    /// The topic of a file.
    pub(super) fn of_member(&self, member: u32) -> usize {
        self.of_members.get(as_usize(member.into())).copied().unwrap_or(OTHERS)
    }

    /// Whether it is that of a directory.
    pub(super) fn is_directory(topic: usize) -> bool {
        topic >= FIXED
    }
}

/// For people: a directory with what is in it, or the files in the root or in the directory that is divided.
fn name_of(inventory: &Inventory, top: u32) -> String {
    if top == ROOT { "files in /".to_owned() } else { format!("/{}", text::escape(&inventory.path(top))) }
}

/// For each member its own first name: a disc with a few files is told by these.
fn files_themselves(inventory: &Inventory) -> Vec<u32> {
    inventory.members().iter().map(|member| inventory.names_of(member).next().unwrap_or(ROOT)).collect()
}

/// For each member the directory in the root (or in the divided one) that it lies below; the root for what lies in it.
fn tops(inventory: &Inventory, divided: Option<u32>) -> Vec<u32> {
    // Names come behind those of their directories.
    let mut of_names: Vec<u32> = Vec::with_capacity(inventory.name_count());
    for name in (0u32..).take(inventory.name_count()) {
        let parent = inventory.parent_of(name);
        let is_directory = inventory.kind_of(name) == Some(Kind::Directory);
        let top = match parent {
            None => ROOT,
            Some(ROOT) if is_directory => name,
            Some(ROOT) => ROOT,
            Some(parent) if Some(parent) == divided && is_directory => name,
            Some(parent) => of_names.get(as_usize(parent.into())).copied().unwrap_or(ROOT),
        };
        of_names.push(top);
    }
    let first =
        |member| inventory.names_of(member).next().and_then(|name| of_names.get(as_usize(name.into())));
    inventory.members().iter().map(|member| first(member).copied().unwrap_or(ROOT)).collect()
}

/// Bytes and files of each.
fn sums(inventory: &Inventory, tops: &[u32]) -> HashMap<u32, (u64, u64)> {
    let mut sums: HashMap<u32, (u64, u64)> = HashMap::new();
    for (member, top) in inventory.members().iter().zip(tops) {
        if member.kind == Kind::File {
            let sum = sums.entry(*top).or_default();
            sum.0 = sum.0.saturating_add(member.stored);
            sum.1 = sum.1.saturating_add(1);
        }
    }
    sums
}
