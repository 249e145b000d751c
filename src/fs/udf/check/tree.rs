//! What the tree of a volume says of itself: the integrity descriptor's counts, the entries that name the directory above, and both
//! copies of file entries in a metadata partition.

use super::{
    super::{Udf, anchor::Extent, space::Address, tag::Descriptor},
    add,
};
use crate::{
    fs::check::{Examination, Flaw},
    tree::{FileSystem, Inventory, Kind},
};

/// Looks at the tree whose inventory this is.
pub(super) fn check(udf: &Udf, inventory: Option<&Inventory>, found: &mut Examination) {
    integrity(udf, inventory, found);
    let Some(inventory) = inventory else { return };
    parents(udf, inventory, found);
    if udf.mirror.is_some() {
        copies(udf, inventory, found);
    }
}

/// The integrity descriptor, ECMA-167 3/10.10.
fn integrity(udf: &Udf, inventory: Option<&Inventory>, found: &mut Examination) {
    let place: Extent = udf.integrity_extent;
    let at = udf.space.at(place.block);
    let len = udf.space.at(place.blocks);
    found.region(at, len, "the integrity descriptor", false);
    let integrity = &udf.integrity;
    if !udf.has_integrity {
        if place.blocks > 0 {
            let text =
                format!("the integrity descriptor at {} is damaged, or not there", udf.space.volume.byte(at));
            add(found, Flaw::Integrity, at, len, text);
        }
        return;
    };
    // Media that are written once are closed by their virtual allocation table.
    if !integrity.is_closed && !udf.is_virtual() {
        let text = "the volume was not closed when it was written last".to_owned();
        add(found, Flaw::Integrity, at, len, text);
    }
    let Some(inventory) = inventory.filter(|inventory| !inventory.is_cut() && udf.counts_hold()) else {
        return;
    };
    let count = |is_directory: bool| {
        let of_kind = inventory.members().iter().filter(|m| (m.kind == Kind::Directory) == is_directory);
        of_kind.count()
    };
    let (files, directories) = (count(false), count(true));
    let says = (integrity.files, integrity.directories);
    // Some writers do not count, and some count names.
    let is_told = says != (0, 0) && says != (u32::MAX, u32::MAX);
    let names = inventory.name_count().saturating_sub(directories);
    let is_right = |told: u32, counted: usize| usize::try_from(told).is_ok_and(|told| told == counted);
    let agrees = (is_right(says.0, files) || is_right(says.0, names)) && is_right(says.1, directories);
    if is_told && integrity.is_closed && !agrees {
        let text = format!(
            "the integrity descriptor says {} files and {} directories; there are {files} and {directories}",
            says.0, says.1
        );
        add(found, Flaw::Integrity, at, len, text);
    }
}

/// The entry of each directory that names the one above, ECMA-167 4/8.6.
fn parents(udf: &Udf, inventory: &Inventory, found: &mut Examination) {
    let mut wrong: u64 = 0;
    let mut first = None;
    for member in inventory.members().iter().filter(|member| member.kind == Kind::Directory) {
        let Some(name) = inventory.names_of(member).next() else { continue };
        let above = match inventory.parent_of(name) {
            Some(parent) => inventory.member_of(parent).and_then(|n| inventory.member(n)).map(|m| m.id),
            None => Some(udf.root()),
        };
        let named = udf.parent_of(member.id);
        if named != above {
            wrong = wrong.saturating_add(1);
            first.get_or_insert((inventory.path(name), named.is_some()));
        }
    }
    if let Some((path, is_named)) = first {
        let what = if is_named {
            "names another directory as the one above"
        } else {
            "does not name the directory above"
        };
        let mut finding =
            crate::fs::check::Finding::new(Flaw::DirectoryParent, what).of(Some(udf.view())).path(path);
        finding.count = wrong;
        found.add(finding);
    }
}

/// Both copies of each file entry.
fn copies(udf: &Udf, inventory: &Inventory, found: &mut Examination) {
    let mut wrong: [(u64, Option<u64>); 2] = [(0, None), (0, None)];
    for member in inventory.members() {
        let Some(icb) = Address::of_node(member.id) else { continue };
        let Ok(partition) = udf.space.partition(icb.partition) else { continue };
        let (main, copy) = partition.places(&udf.space, icb.block);
        let Some(copy) = copy else { continue };
        for (place, wrong) in [main, copy].into_iter().zip(&mut wrong) {
            let at = place.as_ref().ok().copied();
            let (volume, block_size) = (&udf.space.volume, udf.space.block_size);
            let read = place.and_then(|at| Descriptor::read(volume, at, block_size, icb.block));
            if read.is_err() {
                wrong.0 = wrong.0.saturating_add(1);
                wrong.1 = wrong.1.or(at);
            }
        }
    }
    let kinds = [(Flaw::Metadata, "the metadata"), (Flaw::MetadataCopy, "the mirror of the metadata")];
    for ((count, first), (flaw, name)) in wrong.into_iter().zip(kinds) {
        if count > 0 {
            let at = first.unwrap_or(0);
            let text = format!(
                "{count} file entries are damaged in {name}, the first at {}",
                udf.space.volume.byte(at)
            );
            add(found, flaw, at, udf.space.block_size, text);
        }
    }
}
