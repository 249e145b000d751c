//! What bytes that are not there cost: files, names, directories, structures; or nothing.

use std::collections::{HashMap, HashSet};

use super::{
    ranges::Ranges,
    report::{Cause, Teller, from_root},
};
use crate::{
    bytes::as_usize,
    open::{Examination, Finding, Flaw, Medium, OtherTree},
    tree::{
        Extent, Inventory, Kind,
        inventory::{Member, Role, Span},
    },
};

/// Bytes of a sector.
const SECTOR: u64 = 2048;

/// Bytes that are gone, and what lies in an image.
pub(super) struct Gone<'a> {
    pub(super) ranges: &'a Ranges,
    pub(super) cause: Cause,
    pub(super) medium: &'a Medium,
    pub(super) inventory: &'a Inventory,
    pub(super) examination: &'a Examination,
    /// The tree that is shown.
    pub(super) view: Option<&'static str>,
}

/// Bytes of one owner that are gone.
#[derive(Clone, Copy)]
struct Hit {
    bytes: u64,
    /// Where the first of them lies in the image.
    at: u64,
    /// Offset in the file of the first.
    offset: u64,
}

impl Hit {
    /// What of a span is gone.
    fn of(ranges: &Ranges, span: &Span) -> Option<Self> {
        let at = ranges.first_within(span.extent)?;
        let offset = span.offset.saturating_add(at.saturating_sub(span.extent.at));
        Some(Self { bytes: ranges.within(span.extent), at, offset })
    }

    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        if other.offset < self.offset {
            (self.at, self.offset) = (other.at, other.offset);
        }
    }
}

/// All that is gone of a tree, by owner.
#[derive(Default)]
struct Hits {
    content: HashMap<u32, Hit>,
    names: HashMap<u32, Hit>,
    description: HashMap<u32, Hit>,
    attributes: HashMap<u32, Hit>,
    records: HashMap<u32, Hit>,
}

impl Hits {
    fn of(ranges: &Ranges, inventory: &Inventory) -> Self {
        let mut hits = Self::default();
        for span in inventory.spans() {
            let Some(hit) = Hit::of(ranges, span) else { continue };
            let owners = match span.role {
                Role::Content => &mut hits.content,
                Role::Names => &mut hits.names,
                Role::Description => &mut hits.description,
                Role::Attributes => &mut hits.attributes,
                Role::Record => &mut hits.records,
            };
            owners.entry(span.owner).and_modify(|known| known.add(hit)).or_insert(hit);
        }
        hits
    }
}

impl Gone<'_> {
    /// Tells what is gone.
    pub(super) fn tell(&self, teller: &mut Teller<'_>) {
        if self.ranges.is_empty() {
            return;
        }
        let hits = Hits::of(self.ranges, self.inventory);
        let lost = self.lost_names(&hits);
        self.tell_names(&hits, &lost, teller);
        self.tell_contents(&hits, &lost, teller);
        let names = self.inventory.spans().iter().filter(|span| span.role == Role::Names);
        let shared = Ranges::of(names.map(|span| span.extent));
        for other in &self.examination.others {
            self.tell_other(other, &shared, teller);
        }
        self.tell_regions(teller);
        self.tell_free(teller);
    }

    fn why(&self) -> &'static str {
        self.cause.text()
    }

    /// Names whose records are gone, files that nothing leads to, and all that is below such directories.
    fn tell_names(&self, hits: &Hits, lost: &[bool], teller: &mut Teller<'_>) {
        let inventory = self.inventory;
        if lost.is_empty() {
            return;
        }
        for (number, member) in (0u32..).zip(inventory.members()) {
            let names: Vec<u32> = inventory.names_of(member).collect();
            let gone: Vec<u32> = names
                .iter()
                .copied()
                .filter(|name| lost.get(as_usize((*name).into())) == Some(&true))
                .collect();
            if gone.is_empty() {
                continue;
            }
            let is_all = gone.len() == names.len();
            let own = hits.description.get(&number).map(|hit| (hit.at, "what leads to its bytes"));
            let record = || {
                gone.iter()
                    .find_map(|name| hits.records.get(name))
                    .map(|hit| (hit.at, "its directory record"))
            };
            let (at, cause) = match own.or_else(record) {
                Some((at, what)) => {
                    (Some(at), format!("{what} lies at {}: {}", self.medium.byte(at), self.why()))
                }
                None => {
                    let above = gone.first().and_then(|name| inventory.parent_of(*name));
                    let path = teller.paths(inventory, above).into_iter().next().unwrap_or_default();
                    (None, format!("the directory {} is", from_root(&path)))
                }
            };
            let text = match (is_all, at.is_some()) {
                (true, true) => format!("lost; {cause}"),
                (true, false) => format!("lost, as {cause}"),
                (false, _) => format!("this name is lost, other names of the file are not; {cause}"),
            };
            let mut finding = Finding::new(Flaw::FileLost, text).of(self.view);
            finding.extent = at.map(|at| Extent { at, len: 0 });
            finding.paths = teller.paths(inventory, gone.iter().copied());
            if is_all && member.kind == Kind::File {
                finding = finding.losing(0, member.size);
            }
            if is_all {
                teller.hits(inventory, gone);
            }
            teller.tell(&finding, Some(self.cause));
        }
    }

    /// For each name whether it is lost; empty where none is.
    fn lost_names(&self, hits: &Hits) -> Vec<bool> {
        let inventory = self.inventory;
        if hits.records.is_empty() && hits.description.is_empty() {
            return Vec::new();
        }
        let mut lost: Vec<bool> = Vec::with_capacity(inventory.name_count());
        for name in (0u32..).take(inventory.name_count()) {
            let is_own = hits.records.contains_key(&name);
            let is_member = inventory.member_of(name).is_some_and(|n| hits.description.contains_key(&n));
            // Names come behind those of the directories that they are in.
            let is_above = inventory
                .parent_of(name)
                .is_some_and(|parent| lost.get(as_usize(parent.into())) == Some(&true));
            lost.push(is_own || is_member || is_above);
        }
        lost
    }

    /// Bytes of files, of directories, of attributes.
    fn tell_contents(&self, hits: &Hits, lost: &[bool], teller: &mut Teller<'_>) {
        let inventory = self.inventory;
        for (number, member) in (0u32..).zip(inventory.members()) {
            let is_lost =
                inventory.names_of(member).all(|name| lost.get(as_usize(name.into())) == Some(&true));
            // What is lost as a whole has been told.
            if is_lost && !lost.is_empty() {
                continue;
            }
            let parts = [
                (hits.content.get(&number), Role::Content),
                (hits.names.get(&number), Role::Names),
                (hits.attributes.get(&number), Role::Attributes),
            ];
            for (hit, role) in parts.into_iter().filter_map(|(hit, role)| Some((hit?, role))) {
                let mut finding = self.of_member(member, *hit, role).of(self.view);
                finding.paths = teller.paths(inventory, inventory.names_of(member));
                if role == Role::Content {
                    teller.hits(inventory, inventory.names_of(member).take(1));
                }
                teller.tell(&finding, Some(self.cause));
            }
        }
    }

    fn of_member(&self, member: &Member, hit: Hit, role: Role) -> Finding {
        let Hit { bytes, at, offset } = hit;
        let why = self.why();
        let finding = match role {
            Role::Content => {
                let packed = if member.is_packed { "packed " } else { "" };
                let text = format!(
                    "{bytes} of {} {packed}bytes are lost, from byte {offset} on: {why}",
                    member.stored
                );
                Finding::new(Flaw::FileBytes, text).losing(offset, bytes)
            }
            Role::Names => {
                let text = format!("{bytes} bytes of the directory are lost, and the names in them: {why}");
                Finding::new(Flaw::DirectoryBytes, text)
            }
            Role::Attributes | Role::Description | Role::Record => {
                let text = if member.kind == Kind::Directory {
                    format!("{bytes} bytes with attributes or names of what is in it are lost: {why}")
                } else {
                    format!("{bytes} bytes with attributes are lost: {why}")
                };
                Finding::new(Flaw::AttributeBytes, text)
            }
        };
        finding.at(at, bytes)
    }

    /// Structures of a tree that is not shown, and files that only it has.
    fn tell_other(&self, other: &OtherTree, shared: &Ranges, teller: &mut Teller<'_>) {
        let hits = Hits::of(self.ranges, &other.inventory);
        let only_here: HashSet<u32> = other.only_here.iter().copied().collect();
        for (number, member) in (0u32..).zip(other.inventory.members()) {
            let is_only_here = only_here.contains(&number);
            let parts = [
                (hits.content.get(&number).filter(|_| is_only_here), Role::Content),
                (hits.names.get(&number), Role::Names),
                (hits.description.get(&number), Role::Description),
                (hits.attributes.get(&number), Role::Attributes),
            ];
            for (hit, role) in parts.into_iter().filter_map(|(hit, role)| Some((hit?, role))) {
                let mut finding = if role == Role::Description {
                    let place = self.medium.byte(hit.at);
                    let text = format!("lost; what leads to its bytes lies at {place}: {}", self.why());
                    Finding::new(Flaw::FileLost, text).at(hit.at, hit.bytes)
                } else if shared.within(Extent { at: hit.at, len: 1 }) > 0 {
                    // A directory of the tree that is shown lies in the same bytes.
                    continue;
                } else {
                    self.of_member(member, *hit, role)
                };
                finding.paths = teller.paths(&other.inventory, other.inventory.names_of(member));
                teller.tell(&finding.of(Some(other.view)), Some(self.cause));
            }
        }
    }

    fn tell_regions(&self, teller: &mut Teller<'_>) {
        for region in &self.examination.regions {
            let Some(at) = self.ranges.first_within(region.extent) else { continue };
            let bytes = self.ranges.within(region.extent);
            let flaw = if region.is_needed { Flaw::StructureBytes } else { Flaw::SpareBytes };
            let place = self.medium.byte(at);
            let text = format!("{bytes} bytes of {} are lost, at {place}: {}", region.what, self.why());
            teller.tell(&Finding::new(flaw, text).at(at, bytes), Some(self.cause));
        }
    }

    /// All sectors in which something is known to lie: what is behind it in the last one is nobody's.
    fn used(&self) -> Ranges {
        let others = self.examination.others.iter().flat_map(|other| other.inventory.spans());
        let spans = self.inventory.spans().iter().chain(others).map(|span| span.extent);
        let all = spans.chain(self.examination.regions.iter().map(|region| region.extent));
        let whole = |extent: Extent| {
            let end = extent.end().checked_next_multiple_of(SECTOR).unwrap_or(u64::MAX);
            Extent::between(extent.at, end)
        };
        Ranges::of(all.map(whole))
    }

    /// Bytes in which nothing lies.
    fn tell_free(&self, teller: &mut Teller<'_>) {
        // That bytes are missing in front of all that there is, or behind it, has a finding of its own.
        if matches!(self.cause, Cause::Cut | Cause::Front) {
            return;
        }
        let free = self.ranges.minus(&self.used());
        if let Some(first) = free.iter().next() {
            let places = match free.count() {
                1 => format!("at {}", self.medium.byte(first.at)),
                count => format!("in {count} places, the first at {}", self.medium.byte(first.at)),
            };
            let text =
                format!("{} bytes {places}, in which nothing is known to lie: {}", free.total(), self.why());
            let finding = Finding::new(Flaw::FreeBytes, text).at(first.at, first.len);
            teller.tell(&finding, Some(self.cause));
        }
    }
}
