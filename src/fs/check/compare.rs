//! Whether two trees of one disc say the same.
//!
//! Files are the same when the same bytes are theirs, whatever each tree calls them: names are cut, spelled otherwise and moved on
//! purpose. Only what has no counterpart by place is looked for by name.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use super::{Examination, Finding, Flaw};
use crate::{
    bytes::{as_u64, as_usize},
    limits, text,
    tree::{Inventory, Kind, Tree, inventory::Member},
};

/// Characters of a name that Joliet keeps.
const CUT: usize = 64;

/// Files of more bytes do not fit into one extent of ISO 9660, and some writers record the rest of a division.
const LIMIT: u64 = 1 << 32;

/// Files that a tree may lack and is still told of each.
const FEW: usize = 10;

/// Bytes that are compared at once.
const CHUNK: u64 = 64 * 1024;

/// A tree, and all that it has.
type Side<'a> = (&'a Tree, &'a Inventory);

/// What both sides are compared by.
struct Comparison<'a> {
    shown: Side<'a>,
    other: Side<'a>,
    /// Which members of each have a counterpart.
    met: [Vec<bool>; 2],
    /// See [`keys`], of each.
    keys: [Vec<u64>; 2],
    /// Bytes that may still be read.
    bytes_left: u64,
    /// Whether files were left uncompared, because more would have had to be read.
    is_cut: bool,
}

/// Adds to `found` where `other` says something else than `shown`; returns the numbers of its files that `shown` has not.
pub(super) fn compare(shown: Side<'_>, other: Side<'_>, found: &mut Examination) -> Vec<u32> {
    compare_reading(limits::COMPARED_BYTES, shown, other, found).0
}

/// As [`compare`]; of files that lie elsewhere in the other tree at most `bytes` are read. Also returns whether that was enough.
pub(super) fn compare_reading(
    bytes: u64,
    shown: Side<'_>,
    other: Side<'_>,
    found: &mut Examination,
) -> (Vec<u32>, bool) {
    let met = [shown, other].map(|(_, inventory)| vec![false; inventory.members().len()]);
    let state = RandomState::new();
    let keys = [shown, other].map(|(_, inventory)| keys(inventory, &state));
    let mut comparison = Comparison { shown, other, met, keys, bytes_left: bytes, is_cut: false };
    comparison.by_place(found);
    comparison.by_name(found);
    (comparison.missing(found), !comparison.is_cut)
}

/// Where the bytes of a file begin in the image.
fn start_of(inventory: &Inventory, member: &Member) -> Option<u64> {
    inventory.content_of(member).next().map(|span| span.extent.at)
}

fn files(inventory: &Inventory) -> impl Iterator<Item = (usize, &Member)> {
    inventory.members().iter().enumerate().filter(|(_, member)| member.kind == Kind::File)
}

/// A name as writers may have changed it: in any case, without what Joliet or UDF cannot have, cut.
fn spelled(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let kept = name.trim_end_matches('.').chars().flat_map(char::to_lowercase).take(CUT);
    kept.map(|c| if "*/:;?\\".contains(c) { '_' } else { c }).collect()
}

/// Of each name of a tree a number, which is the same where all names of its path are spelled alike.
fn keys(inventory: &Inventory, state: &RandomState) -> Vec<u64> {
    let mut keys: Vec<u64> = Vec::with_capacity(inventory.name_count());
    for name in (0..inventory.name_count()).filter_map(|name| u32::try_from(name).ok()) {
        // A directory is met before what is in it.
        let above = inventory.parent_of(name).and_then(|parent| keys.get(as_usize(parent.into())));
        keys.push(state.hash_one((above, spelled(inventory.text_of(name)))));
    }
    keys
}

impl Comparison<'_> {
    fn meet(&mut self, shown: usize, other: usize) {
        for (met, number) in self.met.iter_mut().zip([shown, other]) {
            if let Some(met) = met.get_mut(number) {
                *met = true;
            }
        }
    }

    fn is_met(&self, side: usize, number: usize) -> bool {
        self.met.get(side).and_then(|met| met.get(number)).copied().unwrap_or(false)
    }

    /// The keys of all names of a member.
    fn keys_of(&self, side: usize, inventory: &Inventory, member: &Member) -> impl Iterator<Item = u64> {
        let keys = self.keys.get(side).map(Vec::as_slice).unwrap_or_default();
        inventory.names_of(member).filter_map(|name| keys.get(as_usize(name.into())).copied())
    }

    /// The keys of links and devices.
    fn keys_of_what_is_no_file(&self, side: usize, inventory: &Inventory) -> HashSet<u64> {
        let others = inventory.members().iter().filter(|m| !matches!(m.kind, Kind::File | Kind::Directory));
        others.flat_map(|member| self.keys_of(side, inventory, member)).collect()
    }

    /// Files that begin at the same byte of the image.
    fn by_place(&mut self, found: &mut Examination) {
        let (shown, other) = (self.shown.1, self.other.1);
        // By place, and by place and size: files that have all of their bytes in common are met together.
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut alike: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
        for (number, member) in files(shown) {
            if let Some(at) = start_of(shown, member) {
                places.entry(at).or_insert(number);
                alike.entry((at, member.stored)).or_default().push(number);
            }
        }
        for (number, member) in files(other) {
            let Some(at) = start_of(other, member) else { continue };
            let Some(first) = places.get(&at).copied() else { continue };
            if let Some(same) = alike.get_mut(&(at, member.stored)) {
                self.meet(first, number);
                for shown_number in std::mem::take(same) {
                    self.meet(shown_number, number);
                }
                continue;
            }
            // Of several files that begin there the first stands for all.
            self.meet(first, number);
            if let Some(counterpart) = shown.members().get(first) {
                found.add(self.size_differs(counterpart, member));
            }
        }
    }

    fn size_differs(&self, shown: &Member, other: &Member) -> Finding {
        let (large, small) = (shown.stored.max(other.stored), shown.stored.min(other.stored));
        let is_limited = large >= LIMIT && large.checked_rem(LIMIT) == Some(small);
        let flaw = if is_limited { Flaw::TreeLimited } else { Flaw::TreeSize };
        let path = self.other.1.path_of(other);
        let text = format!(
            "{} bytes in the {} tree, {} as /{} in the {} tree",
            shown.stored,
            self.shown.0.view(),
            other.stored,
            text::escape(&path),
            self.other.0.view(),
        );
        Finding::new(flaw, text).of(Some(self.other.0.view())).path(self.shown.1.path_of(shown))
    }

    /// Files of the same name, of which at least one has no counterpart by place.
    fn by_name(&mut self, found: &mut Examination) {
        let (shown, other) = (self.shown.1, self.other.1);
        let mut left: HashMap<u64, usize> = HashMap::new();
        for (number, member) in files(shown) {
            if !self.is_met(0, number) {
                for key in self.keys_of(0, shown, member) {
                    left.entry(key).or_insert(number);
                }
            }
        }
        for (number, member) in files(other) {
            if self.is_met(1, number) {
                continue;
            }
            let counterpart = self
                .keys_of(1, other, member)
                .find_map(|key| left.get(&key))
                .and_then(|number| Some((*number, shown.members().get(*number)?)));
            let Some((shown_number, counterpart)) = counterpart else { continue };
            self.meet(shown_number, number);
            if counterpart.size != member.size && counterpart.stored != member.stored {
                found.add(self.size_differs(counterpart, member));
            } else if !self.are_same(counterpart, member) {
                let text = format!(
                    "has other bytes in the {} tree than in the {} tree",
                    self.other.0.view(),
                    self.shown.0.view()
                );
                let path = shown.path_of(counterpart);
                found.add(Finding::new(Flaw::TreePlace, text).of(Some(self.other.0.view())).path(path));
            }
        }
    }

    /// Whether two files that lie at different places have the same bytes; those that are too long to be read count as the same only
    /// where nothing is left to read.
    fn are_same(&mut self, shown: &Member, other: &Member) -> bool {
        let Some(left) = self.bytes_left.checked_sub(shown.size) else {
            self.is_cut = true;
            return true;
        };
        self.bytes_left = left;
        let mut at = 0;
        let (mut first, mut second) = (vec![0; as_usize(CHUNK)], vec![0; as_usize(CHUNK)]);
        while at < shown.size {
            let read = (
                self.shown.0.read_into(shown.id, at, &mut first),
                self.other.0.read_into(other.id, at, &mut second),
            );
            // What cannot be read is told as such.
            let (Ok(first_len), Ok(second_len)) = read else { return true };
            if first.get(..first_len) != second.get(..second_len) {
                return false;
            }
            if first_len == 0 {
                return true;
            }
            at = at.saturating_add(as_u64(first_len));
        }
        true
    }

    /// What has no counterpart.
    fn missing(&self, found: &mut Examination) -> Vec<u32> {
        let (shown, other) = (self.shown.1, self.other.1);
        let only_shown = self.only(0, shown);
        let only_other = self.only(1, other);
        let counts = [shown, other].map(|inventory| files(inventory).count());
        let views = [self.shown.0.view(), self.other.0.view()];
        let view = Some(self.other.0.view());
        let others_keys = [self.keys_of_what_is_no_file(1, other), self.keys_of_what_is_no_file(0, shown)];
        for (only, inventory, own, others) in [(&only_shown, shown, 0, 1), (&only_other, other, 1, 0)] {
            let own_count = counts.get(own).copied().unwrap_or(0);
            let (own_view, other_view) =
                (views.get(own).copied().unwrap_or(""), views.get(others).copied().unwrap_or(""));
            if only.len() > (own_count / 2).max(FEW) {
                let text = format!(
                    "the {other_view} tree has not {} of the {own_count} files of the {own_view} tree",
                    only.len()
                );
                let mut finding = Finding::new(Flaw::TreeStub, text).of(view);
                finding.count = as_u64(only.len());
                found.add(finding);
                continue;
            }
            for number in only.iter() {
                let Some(member) = inventory.member(*number) else { continue };
                // Trees that have no links or devices have files in their place.
                let no_file = others_keys.get(own);
                if no_file
                    .is_some_and(|keys| self.keys_of(own, inventory, member).any(|key| keys.contains(&key)))
                {
                    continue;
                }
                let text = format!("is in the {own_view} tree and not in the {other_view} tree");
                found.add(Finding::new(Flaw::TreeMissing, text).of(view).path(inventory.path_of(member)));
            }
        }
        only_other
    }

    /// The files of one side without a counterpart. Empty ones have no place, and names are not spelled alike everywhere: as many as
    /// there are on the other side are taken to be the same.
    fn only(&self, side: usize, inventory: &Inventory) -> Vec<u32> {
        let unmet = |side: usize, inventory: &Inventory| -> Vec<usize> {
            files(inventory).map(|(number, _)| number).filter(|number| !self.is_met(side, *number)).collect()
        };
        let is_empty = |inventory: &Inventory, number: usize| {
            inventory.members().get(number).is_some_and(|m| m.size == 0)
        };
        let other_side = usize::from(side == 0);
        let other = if side == 0 { self.other.1 } else { self.shown.1 };
        let empty_there = unmet(other_side, other).into_iter().filter(|n| is_empty(other, *n)).count();
        let own = unmet(side, inventory);
        let empty_here = own.iter().filter(|n| is_empty(inventory, **n)).count();
        let hides_empty = empty_here <= empty_there;
        let kept = own.into_iter().filter(|n| !(hides_empty && is_empty(inventory, *n)));
        kept.filter_map(|n| u32::try_from(n).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_under_the_spellings_of_writers() {
        let long = "x".repeat(80);
        for (a, b) in
            [("File.TXT", "file.txt"), ("a:b*c", "a_b_c"), ("name.", "name"), (long.as_str(), &long[..64])]
        {
            assert_eq!(spelled(a.as_bytes()), spelled(b.as_bytes()), "{a} {b}");
        }
        assert_ne!(spelled(b"a_b"), spelled(b"ab"));
    }
}
