//! Which of the trees of a session is shown.

use std::{cell::Cell, sync::Arc};

use super::{
    Iso9660,
    attribute::Attributes,
    descriptor::{DescriptorSet, VolumeTree},
    name::Naming,
    record::RecordBuffer,
    susp::{self, Areas, Reach},
};
use crate::{
    error::{Damage, Error, Result},
    fs::{Options, Reason, View},
    volume::Volume,
};

/// The identifiers by which Rock Ridge announces itself (`ER`), RRIP 4.3 in its versions.
const IDENTIFIERS: [&[u8]; 3] = [b"RRIP_", b"IEEE_P1282", b"IEEE_1282"];

/// That by which AAIP announces itself, in its versions that have `AL`.
const ATTRIBUTES: &[u8] = b"AAIP_02";

/// A tree that could be shown.
pub(super) struct Candidate {
    pub(super) view: View,
    pub(super) tree: VolumeTree,
    pub(super) naming: Naming,
    pub(super) rock_ridge: Option<SystemUse>,
}

/// What the root's own record says of the system use fields of a tree with Rock Ridge.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemUse {
    /// Bytes in front of the entries of each field (`SP`, SUSP 5.3).
    pub(super) skip: u8,
    /// Whether attribute lists (`AL`) are announced.
    pub(super) announces_attributes: bool,
    /// What the root has of attributes.
    pub(super) attributes: Attributes,
}

/// The tree that `options` want: by default Rock Ridge, then Joliet, then plain ISO 9660; the first of them that has a
/// name in its root.
pub(super) fn choose(volume: &Arc<Volume>, set: &DescriptorSet, options: &Options) -> Result<Iso9660> {
    let candidates = candidates(volume, set, options);
    if candidates.is_empty() {
        return Err(Error::NotADisc("volume descriptors of ISO 9660, but no primary one among them".into()));
    }
    let wanted = |c: &&Candidate| options.view == View::Auto || options.view == c.view;
    let open = |c: &Candidate| Iso9660::new(volume, c.tree.clone(), c.view, c.naming, c.rock_ridge, options);
    let mut empty = None;
    let mut failed = None;
    let mut passed_over = None;
    let better = if options.view == View::Auto { with_joliet_names(&candidates, open) } else { None };
    for candidate in better.iter().chain(candidates.iter().filter(wanted)) {
        let view = candidate.view.name();
        let reason = || passed_over.clone().unwrap_or_else(|| in_order(candidate, &candidates, options));
        let opened = open(candidate).and_then(|iso| {
            let has_names = iso.has_names()?;
            Ok((iso, has_names))
        });
        match opened {
            Ok((iso, true)) => return Ok(Iso9660 { reason: reason(), ..iso }),
            Ok((iso, false)) => {
                empty = empty.or(Some(Iso9660 { reason: reason(), ..iso }));
                passed_over.get_or_insert(Reason::Empty(view));
            }
            Err(error) => {
                passed_over.get_or_insert(Reason::Damaged(view, error.clone()));
                failed = failed.or(Some(error));
            }
        }
    }
    // When nothing has a name: an empty tree is better than none, a cause better than nothing.
    empty.ok_or_else(|| {
        let word = options.view.word();
        failed.unwrap_or_else(|| Error::unsupported(format!("the disc has no {word} tree")))
    })
}

/// Why a tree is shown to which none came in the way.
fn in_order(shown: &Candidate, candidates: &[Candidate], options: &Options) -> Reason {
    if options.view != View::Auto || !options.rock_ridge || !options.joliet {
        return Reason::Asked;
    }
    if shown.view == View::RockRidge && shown.naming == Naming::Joliet {
        return Reason::NamesOfJoliet;
    }
    let next = candidates.iter().map(|c| c.view).find(|view| *view != shown.view);
    next.map_or(Reason::Only, |next| Reason::Before(shown.view.name(), next.name()))
}

/// The words of the trees of a session, best first.
pub(super) fn words(volume: &Volume, set: &DescriptorSet, options: &Options) -> Vec<&'static str> {
    let mut words: Vec<&str> = candidates(volume, set, options).iter().map(|c| c.view.word()).collect();
    words.dedup();
    words
}

/// A tree that a session has, and what it is.
pub(super) struct Found {
    pub(super) view: View,
    pub(super) tree: VolumeTree,
    pub(super) kind: Kind,
}

/// The kind of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    RockRidge,
    /// With its level.
    Joliet(u8),
    Enhanced,
    Primary,
}

/// The trees of a session that `options` do not turn off, best first.
pub(super) fn trees(volume: &Volume, set: &DescriptorSet, options: &Options) -> Vec<Found> {
    let level = set.joliet.as_ref().map_or(0, |(_, level)| *level);
    let kind = |c: &Candidate| match c.naming {
        Naming::Joliet => Kind::Joliet(level),
        Naming::Enhanced => Kind::Enhanced,
        Naming::Iso9660(_) if c.rock_ridge.is_some() => Kind::RockRidge,
        Naming::Iso9660(_) => Kind::Primary,
    };
    let found = |c: Candidate| Found { view: c.view, kind: kind(&c), tree: c.tree };
    candidates(volume, set, options).into_iter().map(found).collect()
}

/// Where Rock Ridge has no names of its own (Apple's hdiutil records none) and the Joliet tree carries the same fields:
/// that tree, with its names and Rock Ridge's attributes.
fn with_joliet_names(
    candidates: &[Candidate],
    open: impl Fn(&Candidate) -> Result<Iso9660>,
) -> Option<Candidate> {
    let by_view = |view| candidates.iter().find(|c| c.view == view);
    let (rock_ridge, joliet) = (by_view(View::RockRidge)?, by_view(View::Joliet)?);
    let both = Candidate {
        view: View::RockRidge,
        tree: joliet.tree.clone(),
        naming: Naming::Joliet,
        rock_ridge: rock_ridge.rock_ridge,
    };
    let unnamed = |c| open(c).ok().and_then(|iso| unnamed_records(&iso)).filter(|count| *count > 0);
    (unnamed(rock_ridge)? == unnamed(&both)?).then_some(both)
}

/// How many records of the root have attributes by Rock Ridge and no name; `None` when one is otherwise.
fn unnamed_records(iso: &Iso9660) -> Option<u64> {
    let budget = Iso9660::continuation_budget(iso.root_extent());
    let mut count: u64 = 0;
    let mut records = iso.records(iso.root_extent()).ok()?;
    while let Some(record) = records.next() {
        let Ok(record) = record else { continue };
        if record.is_self() || record.is_parent() || record.is_associated() {
            continue;
        }
        let fields = iso.rock_ridge_within(&record, &budget)?;
        if fields.posix.is_none() || !fields.name.is_empty() {
            return None;
        }
        count = count.saturating_add(1);
    }
    Some(count)
}

/// The trees of a session that `options` do not turn off, best first.
pub(super) fn candidates(volume: &Volume, set: &DescriptorSet, options: &Options) -> Vec<Candidate> {
    let mut all = Vec::new();
    let plain = Naming::Iso9660(options.map);
    if let Some(tree) = &set.primary
        && options.rock_ridge
        && let Some(system_use) = rock_ridge(volume, tree)
    {
        all.push(Candidate {
            view: View::RockRidge,
            tree: tree.clone(),
            naming: plain,
            rock_ridge: Some(system_use),
        });
    }
    if let Some((tree, level)) = &set.joliet
        && options.joliet
    {
        log::debug!("Joliet level {level}");
        all.push(Candidate {
            view: View::Joliet,
            tree: tree.clone(),
            naming: Naming::Joliet,
            rock_ridge: None,
        });
    }
    let enhanced = set.enhanced.iter().map(|tree| (tree, Naming::Enhanced));
    for (tree, naming) in enhanced.chain(set.primary.iter().map(|tree| (tree, plain))) {
        all.push(Candidate { view: View::Iso9660, tree: tree.clone(), naming, rock_ridge: None });
    }
    all
}

/// Looks into the root's own record for Rock Ridge: announced by `ER`, or by its fields where a writer forgot to announce
/// it.
fn rock_ridge(volume: &Volume, tree: &VolumeTree) -> Option<SystemUse> {
    let at = tree.root_record(volume).ok()?.record().ok()?.data_at(tree.block_size);
    let buffer = RecordBuffer::read(volume, at, tree.layout).ok()?;
    let record = buffer.record().ok().filter(|r| r.is_self())?;
    let damage = Damage::default();
    let budget = Cell::new(u64::MAX);
    let (block_size, damage, budget) = (tree.block_size, &damage, &budget);
    let areas = Areas { read: Volume::peek, volume, block_size, damage, budget, reach: Reach::RockRidge };
    let (mut skip, mut is_there, mut announces_attributes) = (0, false, false);
    let mut attributes = Attributes::default();
    areas.visit(susp::start(record.system_use, 0), at, |entry| match (&entry.signature, entry.data) {
        (b"SP", [0xbe, 0xef, bytes, ..]) => skip = *bytes,
        (b"ER", [length, _, _, _, rest @ ..]) => {
            let identifier = rest.get(..usize::from(*length)).unwrap_or(rest);
            is_there |= IDENTIFIERS.iter().any(|known| identifier.starts_with(known));
            announces_attributes |= identifier.starts_with(ATTRIBUTES);
        }
        (b"PX" | b"RR", _) => is_there = true,
        _ => attributes.take(entry),
    });
    is_there.then_some(SystemUse { skip, announces_attributes, attributes })
}
