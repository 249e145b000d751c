//! The decoded names of one directory, in the order of the disc, with an index by name.

use std::collections::{HashMap, HashSet};

use super::{Kind, NodeId, any_case::AnyCase, view};
use crate::{bytes::as_usize, limits, text};

/// One name in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, as it is shown.
    pub name: &'a [u8],
    /// The node that it names.
    pub node: NodeId,
    /// The type of that node.
    pub kind: Kind,
}

/// The names of one directory: about 24 bytes each, and the names themselves.
#[derive(Debug)]
pub struct Listing {
    names: Vec<u8>,
    records: Vec<Record>,
    /// Indices of `records`, sorted by name.
    by_name: Vec<u32>,
    /// The same without case, where that is wanted.
    any_case: Option<AnyCase>,
}

#[derive(Debug, Clone)]
struct Record {
    node: NodeId,
    name_at: u32,
    name_len: u8,
    kind: Kind,
    /// File version, 1 where there is none.
    version: u16,
}

impl Listing {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The names from number `from` on, in the order of the disc.
    pub fn entries(&self, from: usize) -> impl Iterator<Item = Entry<'_>> {
        self.records.get(from..).unwrap_or_default().iter().map(|r| self.entry(r))
    }

    /// The names in their order, byte by byte.
    pub fn sorted(&self) -> impl Iterator<Item = Entry<'_>> {
        self.sorted_with_numbers().map(|(_, entry)| entry)
    }

    /// As [`sorted`](Self::sorted), each with its number in the order of the disc.
    pub fn sorted_with_numbers(&self) -> impl Iterator<Item = (usize, Entry<'_>)> {
        let entry = |index: &u32| Some((as_usize((*index).into()), self.entry(self.record(*index)?)));
        self.by_name.iter().filter_map(entry)
    }

    /// The name of that number, in the order of the disc or in that of [`sorted`](Self::sorted).
    pub(super) fn nth(&self, number: usize, is_sorted: bool) -> Option<Entry<'_>> {
        self.records.get(self.index(number, is_sorted)?).map(|record| self.entry(record))
    }

    /// The number in the order of the disc of what [`nth`](Self::nth) gives.
    pub(super) fn index(&self, number: usize, is_sorted: bool) -> Option<usize> {
        if is_sorted { Some(as_usize((*self.by_name.get(number)?).into())) } else { Some(number) }
    }

    /// The entry of that name.
    pub fn find(&self, name: &[u8]) -> Option<Entry<'_>> {
        self.record_of(name).map(|record| self.entry(record))
    }

    /// The entry that is meant by a name: the one of that name; in a listing that is looked up in any case
    /// ([`ListingBuilder::in_any_case`]) else the first of the disc with that name in another case, where periods at the end do
    /// not count; else, where a version is behind the name (`;1`), the one of that version.
    pub fn lookup(&self, name: &[u8]) -> Option<Entry<'_>> {
        self.find(name).or_else(|| self.find_in_any_case(name))
    }

    fn find_in_any_case(&self, name: &[u8]) -> Option<Entry<'_>> {
        let any_case = self.any_case.as_ref()?;
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let in_any_case = |name: &[u8]| self.record(any_case.find(name, count, |i| self.name_at(i))?);
        let of_version = || {
            let (alone, version) = text::split_version(name);
            let version = version?;
            let numbered = [alone, format!(".{version}").as_bytes()].concat();
            let find = |name: &[u8]| self.record_of(name).or_else(|| in_any_case(name));
            [alone, numbered.as_slice()].into_iter().filter_map(find).find(|record| record.version == version)
        };
        in_any_case(name).or_else(of_version).map(|record| self.entry(record))
    }

    /// The same names and one more behind them, or, where that is meant by a name already ([`lookup`](Self::lookup)), with `~2`,
    /// `~3` ... behind it.
    pub fn with(&self, name: &[u8], node: NodeId, kind: Kind) -> Self {
        let numbered = (2..).map(|number| view::numbered(name, number));
        let fresh = std::iter::once(name.to_vec()).chain(numbered).find(|name| self.lookup(name).is_none());
        let mut builder = ListingBuilder {
            names: self.names.clone(),
            records: self.records.clone(),
            is_in_any_case: self.any_case.is_some(),
        };
        builder.push(&fresh.unwrap_or_default(), None, node, kind);
        builder.finish()
    }

    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        let fixed = size_of::<Self>();
        let names = self.names.capacity();
        let records = self.records.capacity().saturating_mul(size_of::<Record>());
        let index = self.by_name.capacity().saturating_mul(size_of::<u32>());
        let any_case = self.any_case.as_ref().map_or(0, |_| AnyCase::weight(self.records.len()));
        fixed.saturating_add(names).saturating_add(records).saturating_add(index).saturating_add(any_case)
    }

    fn record_of(&self, name: &[u8]) -> Option<&Record> {
        let at = self.by_name.binary_search_by(|i| self.name_at(*i).cmp(name));
        self.record(*self.by_name.get(at.ok()?)?)
    }

    fn name_at(&self, index: u32) -> &[u8] {
        self.record(index).map_or(&b""[..], |record| self.name(record))
    }

    fn record(&self, index: u32) -> Option<&Record> {
        self.records.get(as_usize(index.into()))
    }

    fn name(&self, record: &Record) -> &[u8] {
        let from = self.names.get(as_usize(record.name_at.into())..).unwrap_or_default();
        from.get(..record.name_len.into()).unwrap_or_default()
    }

    fn entry(&self, record: &Record) -> Entry<'_> {
        Entry { name: self.name(record), node: record.node, kind: record.kind }
    }
}

/// Collects the names of a directory, repairs them (`view.rs`), and keeps them apart.
#[derive(Debug, Default)]
pub struct ListingBuilder {
    names: Vec<u8>,
    records: Vec<Record>,
    is_in_any_case: bool,
}

impl ListingBuilder {
    /// Whether the names are looked up in any case ([`Listing::lookup`]).
    pub fn in_any_case(self, is_in_any_case: bool) -> Self {
        Self { is_in_any_case, ..self }
    }

    /// How many names there are so far.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no name so far.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Adds a name as the disc has it, without its version where the disc has versions.
    pub fn push(&mut self, name: &[u8], version: Option<u16>, node: NodeId, kind: Kind) {
        let name = view::repaired(name);
        let (name_at, name_len) = self.store(&name);
        self.records.push(Record { node, name_at, name_len, kind, version: version.unwrap_or(1) });
    }

    /// The listing. Of several versions of one name the highest bears it, the others have their number behind it
    /// (`a.txt.1`). Of several entries with one name the first keeps it, the others get `~2`, `~3` ... before the
    /// extension.
    pub fn finish(mut self) -> Listing {
        let mut by_name = self.sorted();
        let twins = self.twins(&by_name);
        if !twins.is_empty() {
            self.rename(&twins);
            by_name = self.sorted();
        }
        self.names.shrink_to_fit();
        self.records.shrink_to_fit();
        let any_case = self.is_in_any_case.then(AnyCase::default);
        Listing { names: self.names, records: self.records, by_name, any_case }
    }

    fn store(&mut self, name: &[u8]) -> (u32, u8) {
        // A directory has at most `limits::DIRECTORY` bytes, so that both fit.
        let at = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let len = u8::try_from(name.len()).unwrap_or(u8::MAX);
        self.names.extend_from_slice(name);
        (at, len)
    }

    fn name(&self, index: u32) -> &[u8] {
        let Some(record) = self.records.get(as_usize(index.into())) else { return b"" };
        let from = self.names.get(as_usize(record.name_at.into())..).unwrap_or_default();
        from.get(..record.name_len.into()).unwrap_or_default()
    }

    fn version(&self, index: u32) -> u16 {
        self.records.get(as_usize(index.into())).map_or(1, |r| r.version)
    }

    fn sorted(&self) -> Vec<u32> {
        let mut by_name: Vec<u32> = (0..u32::try_from(self.records.len()).unwrap_or(u32::MAX)).collect();
        let key = |i: u32| (self.name(i), std::cmp::Reverse(self.version(i)), i);
        by_name.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)));
        by_name
    }

    /// The entries, in the order of the disc, whose name another one bears, each with that one.
    fn twins(&self, by_name: &[u32]) -> Vec<(u32, u32)> {
        let mut twins = Vec::new();
        let mut bearer = None;
        for index in by_name {
            match bearer {
                Some(bearer) if self.name(bearer) == self.name(*index) => twins.push((*index, bearer)),
                _ => bearer = Some(*index),
            }
        }
        twins.sort_unstable();
        twins
    }

    fn rename(&mut self, twins: &[(u32, u32)]) {
        let count = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let mut taken: HashSet<Box<[u8]>> = (0..count).map(|i| self.name(i).into()).collect();
        let mut next: HashMap<Box<[u8]>, u32> = HashMap::new();
        for (twin, bearer) in twins {
            let name: Box<[u8]> = self.name(*twin).into();
            let version = self.version(*twin);
            if version != self.version(*bearer) {
                let versioned = [&name, format!(".{version}").as_bytes()].concat();
                if versioned.len() <= limits::NAME && taken.insert(versioned.clone().into()) {
                    self.rename_one(*twin, &versioned);
                    continue;
                }
            }
            // Long names are cut to make room for the number: names that differ only in what is cut off count together.
            let shared = view::numbered(&name, u32::MAX).into_boxed_slice();
            let number = next.entry(shared).or_insert(2);
            let fresh = loop {
                let candidate = view::numbered(&name, *number);
                *number = number.saturating_add(1);
                if taken.insert(candidate.clone().into()) {
                    break candidate;
                }
            };
            self.rename_one(*twin, &fresh);
        }
    }

    fn rename_one(&mut self, index: u32, name: &[u8]) {
        let (name_at, name_len) = self.store(name);
        if let Some(record) = self.records.get_mut(as_usize(index.into())) {
            record.name_at = name_at;
            record.name_len = name_len;
        }
    }
}

const _: () = assert!(limits::NAME <= 255, "a name's length is kept in one byte");

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let mut builder = ListingBuilder::default();
        for (i, name) in names.iter().enumerate() {
            builder.push(name.as_bytes(), None, NodeId(100 + i as u64), Kind::File);
        }
        builder.finish()
    }

    fn shown(listing: &Listing) -> Vec<&str> {
        listing.entries(0).map(|e| std::str::from_utf8(e.name).unwrap()).collect()
    }

    #[test]
    fn finds_every_name_and_no_other() {
        let listing = listing(&["b", "a", "c.txt", "aa"]);
        assert_eq!(shown(&listing), ["b", "a", "c.txt", "aa"]);
        for entry in listing.entries(0) {
            assert_eq!(listing.find(entry.name), Some(entry));
        }
        assert_eq!(listing.find(b"aaa"), None);
        assert_eq!(listing.find(b""), None);
        assert_eq!(listing.entries(3).count(), 1);
        assert_eq!(listing.entries(9).count(), 0);
    }

    #[test]
    fn names_are_found_in_any_case_where_that_is_wanted() {
        let names = ["ReadMe", "README", "dir.", "x;2", "\u{c4}"];
        let listing = |is_in_any_case| {
            let mut builder = ListingBuilder::default().in_any_case(is_in_any_case);
            for (i, name) in names.iter().enumerate() {
                builder.push(name.as_bytes(), None, NodeId(100 + i as u64), Kind::File);
            }
            builder.finish()
        };
        let (strict, relaxed) = (listing(false), listing(true));
        for name in names {
            assert_eq!(relaxed.lookup(name.as_bytes()), relaxed.find(name.as_bytes()), "the very name first");
        }
        let found = |name: &str| relaxed.lookup(name.as_bytes()).map(|entry| entry.name);
        for (name, expected) in [
            ("readme", "ReadMe"),
            ("readme.", "ReadMe"),
            ("README;1", "README"),
            ("rEADME;1", "ReadMe"),
            ("DIR", "dir."),
            ("Dir.;1", "dir."),
            ("X;2", "x;2"),
            ("\u{e4}", "\u{c4}"),
        ] {
            assert_eq!(found(name), Some(expected.as_bytes()), "{name}");
            assert_eq!(strict.lookup(name.as_bytes()), None, "{name}");
            assert_eq!(relaxed.find(name.as_bytes()), None, "{name}");
        }
        for name in ["readm", "readme;2", "readme;", ";1", "", "x"] {
            assert_eq!(found(name), None, "{name}");
        }
        assert_eq!(relaxed.weight(), strict.weight() + 4 * names.len());
    }

    #[test]
    fn a_version_is_found_under_its_number() {
        let mut builder = ListingBuilder::default().in_any_case(true);
        for (i, version) in [1, 3, 2].into_iter().enumerate() {
            builder.push(b"a.txt", Some(version), NodeId(10 + i as u64), Kind::File);
        }
        let listing = builder.finish();
        let found = |name: &[u8]| listing.lookup(name).map(|entry| entry.node.0);
        let all = [&b"A.TXT"[..], b"A.TXT;1", b"a.txt;2", b"a.txt;3", b"a.txt;4"].map(found);
        assert_eq!(all, [Some(11), Some(10), Some(12), Some(11), None]);
    }

    #[test]
    fn twins_are_kept_apart_and_none_is_lost() {
        let listing = listing(&["a.txt", "a.txt", "a~2.txt", "a.txt", "dir", "dir"]);
        assert_eq!(shown(&listing), ["a.txt", "a~3.txt", "a~2.txt", "a~4.txt", "dir", "dir~2"]);
        assert_eq!(listing.find(b"a~3.txt").unwrap().node, NodeId(101));
    }

    #[test]
    fn one_more_name_leaves_the_others_alone() {
        let mut builder = ListingBuilder::default().in_any_case(true);
        for (i, (name, version)) in [("a;x", 1), (".New~2", 1), ("a", 1), ("a", 3)].into_iter().enumerate() {
            builder.push(name.as_bytes(), Some(version), NodeId(100 + i as u64), Kind::File);
        }
        let before = builder.finish();
        let once = before.with(b".new", NodeId(7), Kind::Directory);
        assert_eq!(shown(&once), ["a;x", ".New~2", "a.1", "a", ".new"]);
        let twice = once.with(b".NEW", NodeId(8), Kind::Directory);
        assert_eq!(shown(&twice)[4..], [".new", ".NEW~3"]);
        for name in ["A;1", "A;3", "a.1", "a"] {
            assert_eq!(twice.lookup(name.as_bytes()), before.lookup(name.as_bytes()), "{name}");
        }
        assert_eq!(twice.lookup(b".neW").map(|entry| entry.node), Some(NodeId(7)));
        assert_eq!(
            listing(&[".new"]).with(b".NEW", NodeId(7), Kind::File).find(b".NEW").unwrap().node,
            NodeId(7)
        );
    }

    #[test]
    fn the_highest_version_bears_the_name() {
        let mut builder = ListingBuilder::default();
        for (i, version) in [1, 3, 2, 3].into_iter().enumerate() {
            builder.push(b"a.txt", Some(version), NodeId(10 + i as u64), Kind::File);
        }
        let listing = builder.finish();
        assert_eq!(shown(&listing), ["a.txt.1", "a.txt", "a.txt.2", "a~2.txt"]);
        assert_eq!(listing.find(b"a.txt").unwrap().node, NodeId(11));
    }

    #[test]
    fn many_twins_cost_no_more_than_their_number() {
        let names = vec!["same"; 100_000];
        let listing = listing(&names);
        assert_eq!(listing.len(), 100_000);
        assert_eq!(listing.find(b"same~100000").unwrap().node, NodeId(100 + 99_999));
        let long: Vec<String> = (0..40_000).map(|i| format!("{}{:05}", "x".repeat(250), i / 2)).collect();
        let long = super::tests::listing(&long.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(long.len(), 40_000);
    }
}
