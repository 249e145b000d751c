//! What a check finds, and what it hands on to whoever reads the image.

use std::{borrow::Cow, collections::HashMap};

use super::Flaw;
use crate::{
    bytes::as_u64,
    error::Error,
    limits,
    tree::{
        Algorithm, Extent, Inventory, Tree,
        inventory::{Lost, Role},
    },
    volume::Volume,
};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What kind of thing.
    pub flaw: Flaw,
    /// In which tree, by the word that `view=` knows; `None` where it is not of one tree.
    pub view: Option<&'static str>,
    /// Where in the image.
    pub extent: Option<Extent>,
    /// The paths that it concerns, from the root, without a `/` in front: all names of one file, or several files.
    pub paths: Vec<Vec<u8>>,
    /// Bytes of a file that it costs: the offset in the file of the first, and how many.
    pub lost: Option<(u64, u64)>,
    /// How often the same was met; the finding is the first.
    pub count: u64,
    /// What is wrong, for people; names in it are escaped.
    pub text: String,
}

impl Finding {
    /// A finding of the whole disc, anywhere.
    pub fn new(flaw: Flaw, text: impl Into<String>) -> Self {
        Self { flaw, view: None, extent: None, paths: Vec::new(), lost: None, count: 1, text: text.into() }
    }

    /// The same in a tree.
    #[must_use]
    pub fn of(self, view: Option<&'static str>) -> Self {
        Self { view, ..self }
    }

    /// The same at a place in the image.
    #[must_use]
    pub fn at(self, at: u64, len: u64) -> Self {
        Self { extent: Some(Extent { at, len }), ..self }
    }

    /// The same with one more path.
    #[must_use]
    pub fn path(mut self, path: Vec<u8>) -> Self {
        self.paths.push(path);
        self
    }

    /// The same, which costs these bytes of a file.
    #[must_use]
    pub fn losing(self, offset: u64, len: u64) -> Self {
        Self { lost: Some((offset, len)), ..self }
    }
}

/// Bytes of the image in which something lies that no tree leads to.
#[derive(Debug, Clone)]
pub struct Region {
    /// Where.
    pub extent: Extent,
    /// What it is, for people.
    pub what: Cow<'static, str>,
    /// Whether somebody needs it; else there is a copy, or it is of no use to readers.
    pub is_needed: bool,
    /// Whether it has contents of its own, as a partition, and is no structure of the volume.
    pub has_contents: bool,
}

/// Checksums that an image keeps of its own bytes, from `start` on to each mark.
#[derive(Debug, Clone)]
pub struct RangeSum {
    /// Whose they are: a word that stays.
    pub name: &'static str,
    /// How they are made.
    pub algorithm: Algorithm,
    /// The first byte.
    pub start: u64,
    /// Bytes that count as others, by their places.
    pub masks: Vec<Mask>,
    /// Where one ends, in rising order.
    pub marks: Vec<Mark>,
    /// Whether its maker says that it supports the image; `None` where it says nothing of that.
    pub is_supported: Option<bool>,
}

/// Bytes of the image that count as others in a checksum, because they are written later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    /// Where they lie.
    pub extent: Extent,
    /// What each of them counts as.
    pub byte: u8,
    /// Whether the checksum itself lies in them.
    pub is_checksum: bool,
}

/// Where a checksum of all bytes so far is recorded.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The first byte behind what it is made of.
    pub end: u64,
    /// What it must be.
    pub expected: Expected,
    /// The byte at which it is recorded.
    pub at: u64,
    /// What of the image it closes, for people.
    pub what: &'static str,
}

/// What a checksum must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// All of it.
    Digest(Box<[u8]>),
    /// Hexadecimal digits, one for each of the first bytes: the higher one of each, unless that is 0.
    Digits(Box<[u8]>),
}

impl Expected {
    /// Whether this is the checksum.
    pub fn matches(&self, digest: &[u8]) -> bool {
        match self {
            Self::Digest(expected) => **expected == *digest,
            Self::Digits(digits) => {
                let found = digest.iter().map(|byte| if *byte < 16 { *byte } else { byte >> 4 });
                let digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
                digits.zip(found).all(|(digit, found)| digit == Some(found.into()))
            }
        }
    }
}

/// A tree that is not shown.
#[derive(Debug)]
pub struct OtherTree {
    /// The word that `view=` knows.
    pub view: &'static str,
    /// All that it has.
    pub inventory: Inventory,
    /// The numbers of its members that the tree that is shown has not.
    pub only_here: Vec<u32>,
}

/// What an examination has found.
#[derive(Debug, Default)]
pub struct Examination {
    /// What is wrong, in the order in which it was met.
    pub findings: Vec<Finding>,
    /// What lies where, beside what trees lead to.
    pub regions: Vec<Region>,
    /// Checksums of parts of the image.
    pub sums: Vec<RangeSum>,
    /// The first byte behind the volume, as its descriptors say; 0 when nobody says.
    pub end: u64,
    /// The trees that are not shown.
    pub others: Vec<OtherTree>,
    /// How many findings of a kind in a tree there are.
    counts: HashMap<(Flaw, Option<&'static str>), usize>,
    /// Bytes of paths in them.
    path_bytes: u64,
}

impl Examination {
    /// Adds a finding. Of one kind in one tree [`limits::FINDINGS`] are kept, of those that name a file that cannot be read
    /// [`limits::INVENTORY_FAILURES`]; further ones are counted with the last.
    pub fn add(&mut self, finding: Finding) {
        let key = (finding.flaw, finding.view);
        let count = self.counts.entry(key).or_default();
        *count = count.saturating_add(1);
        let names_file = matches!(finding.flaw, Flaw::Node | Flaw::FileBytes);
        let most = if names_file { limits::INVENTORY_FAILURES } else { limits::FINDINGS };
        let bytes = finding.paths.iter().fold(0, |sum: u64, path| sum.saturating_add(as_u64(path.len())));
        self.path_bytes = self.path_bytes.saturating_add(bytes);
        if *count <= most && (self.path_bytes <= limits::FINDING_PATHS || *count == 1) {
            self.findings.push(finding);
        } else if let Some(last) = self.findings.iter_mut().rev().find(|f| (f.flaw, f.view) == key) {
            last.count = last.count.saturating_add(finding.count);
        }
    }

    /// Adds what lies somewhere.
    pub fn region(&mut self, at: u64, len: u64, what: impl Into<Cow<'static, str>>, is_needed: bool) {
        if len > 0 {
            let extent = Extent { at, len };
            self.regions.push(Region { extent, what: what.into(), is_needed, has_contents: false });
        }
    }

    /// Adds what cannot be read in a tree, and what of it is damaged.
    pub(super) fn add_tree(
        &mut self,
        volume: &Volume,
        view: Option<&'static str>,
        tree: &Tree,
        inventory: &Inventory,
    ) {
        self.add_failures(volume, view, inventory);
        let places = Places::of(inventory);
        for error in tree.damage() {
            let mut finding = Finding::new(Flaw::Structure, volume.said(&error)).of(view);
            if let Error::Corrupt(corrupt) = &error {
                finding = finding.at(corrupt.at, 0);
                if let Some(path) = places.path_at(corrupt.at) {
                    finding = finding.path(path);
                }
            }
            self.add(finding);
        }
        for finding in &mut self.findings {
            // What was found by place has a name now.
            if finding.flaw == Flaw::DirectoryGap
                && finding.view == view
                && let Some(extent) = finding.extent
            {
                finding.paths.extend(places.path_at(extent.at));
            }
        }
        if inventory.is_cut() {
            let text = format!("only the first {} names were looked at", inventory.name_count());
            self.add(Finding::new(Flaw::SharedStructures, text).of(view));
        }
    }

    fn add_failures(&mut self, volume: &Volume, view: Option<&'static str>, inventory: &Inventory) {
        let (failures, further) = inventory.failures();
        for failure in failures {
            let path = inventory.path(failure.name);
            let said = volume.said(&failure.error);
            let finding = match failure.what {
                Lost::Node => Finding::new(Flaw::Node, format!("cannot be read: {said}")),
                Lost::Circle => Finding::new(Flaw::DirectoryLoop, "is a directory that it lies in itself"),
                Lost::Names if matches!(failure.error, Error::Loop) => {
                    Finding::new(Flaw::DirectoryTwice, "is a directory that has another name too")
                }
                Lost::Names => Finding::new(Flaw::Directory, format!("its names cannot be read: {said}")),
                Lost::Bytes { at, len } => {
                    let member = inventory.member_of(failure.name).and_then(|n| inventory.member(n));
                    let size = member.map_or(len, |member| member.size);
                    let text = format!("{len} of {size} bytes are lost, from byte {at} on: {said}");
                    Finding::new(Flaw::FileBytes, text).losing(at, len)
                }
            };
            let mut finding = finding.of(view).path(path);
            if let Error::Corrupt(corrupt) = &failure.error {
                finding = finding.at(corrupt.at, 0);
            }
            self.add(finding);
        }
        if further > 0 {
            let mut finding =
                Finding::new(Flaw::Node, format!("{further} further names or files cannot be read")).of(view);
            finding.count = further;
            self.add(finding);
        }
    }
}

/// Which directory or file a structure belongs to.
struct Places<'a> {
    inventory: &'a Inventory,
    /// Numbers of spans that are structures, by their place.
    sorted: Vec<(u64, u64, usize)>,
}

impl<'a> Places<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let spans = inventory.spans().iter().enumerate();
        let structures = spans.filter(|(_, span)| matches!(span.role, Role::Names | Role::Description));
        let mut sorted: Vec<_> = structures.map(|(n, span)| (span.extent.at, span.extent.end(), n)).collect();
        sorted.sort_unstable();
        Self { inventory, sorted }
    }

    fn path_at(&self, at: u64) -> Option<Vec<u8>> {
        let behind = self.sorted.partition_point(|(start, ..)| *start <= at);
        let (_, end, number) = self.sorted.get(behind.checked_sub(1)?)?;
        let span = self.inventory.spans().get(*number).filter(|_| at < *end)?;
        let member = self.inventory.member(span.owner)?;
        Some(self.inventory.path_of(member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_the_first_of_each_byte_that_is_none_of_zero() {
        let digits = Expected::Digits((*b"a7f0").into());
        assert!(digits.matches(&[0xa1, 0x07, 0xf0, 0x00, 0x12]));
        assert!(!digits.matches(&[0xa1, 0x17, 0xf0, 0x00, 0x12]));
        assert!(Expected::Digest([1, 2].into()).matches(&[1, 2]));
        assert!(!Expected::Digest([1, 2].into()).matches(&[1, 2, 3]));
    }

    #[test]
    fn of_one_kind_so_many_are_kept_and_the_rest_is_counted() {
        let mut found = Examination::default();
        for n in 0..limits::FINDINGS + 7 {
            found.add(Finding::new(Flaw::Structure, n.to_string()));
            found.add(Finding::new(Flaw::Structure, n.to_string()).of(Some("x")));
        }
        assert_eq!(found.findings.len(), 2 * limits::FINDINGS);
        let total: u64 = found.findings.iter().filter(|f| f.view.is_none()).map(|f| f.count).sum();
        assert_eq!(total, limits::FINDINGS as u64 + 7);
    }
}
