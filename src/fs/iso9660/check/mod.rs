//! What is wrong with an ISO 9660 volume: descriptors, path tables, records; and the checksums that it carries.

mod application_use;
mod descriptor;
mod implanted;
mod path_table;
mod records;
mod tagged;
mod tags;

use std::sync::Arc;

use self::application_use::ApplicationUse;
use super::{
    Iso9660,
    choice::{self, Candidate},
    descriptor::DescriptorSet,
    session,
};
use crate::{
    fs::{
        Options, View,
        check::{Examination, RangeSum},
    },
    volume::Volume,
};

/// Examines the volume of the session that `options` want; nothing where there is none.
pub(in crate::fs) fn check(volume: &Arc<Volume>, options: &Options, found: &mut Examination) {
    let Some(set) = wanted(volume, options) else { return };
    found.end = found.end.max(set.end());
    descriptor::check(volume, &set, found);
    add_sums(volume, &set, found);
    let everything = Options { rock_ridge: true, joliet: true, ..options.clone() };
    for candidate in distinct(choice::candidates(volume, &set, &everything)) {
        let view = candidate.view;
        let opened = Iso9660::new(
            volume,
            candidate.tree.clone(),
            view,
            candidate.naming,
            candidate.rock_ridge,
            &everything,
        );
        let Ok(iso) = opened else { continue };
        if let Some((at, len)) = iso.file_sums_extent() {
            found.region(at, len, "the checksums of files", false);
        }
        let directories = records::check(&iso, found);
        path_table::check(&iso, &directories, found);
    }
}

/// The views of the session that are trees of their own.
pub(in crate::fs) fn trees(volume: &Arc<Volume>, options: &Options) -> Vec<View> {
    let Some(set) = wanted(volume, options) else { return Vec::new() };
    distinct(choice::candidates(volume, &set, options)).iter().map(|candidate| candidate.view).collect()
}

/// The checksums that a session keeps of parts of the image.
pub(super) fn sums(volume: &Volume, set: &DescriptorSet) -> Vec<RangeSum> {
    let mut found = Examination::default();
    add_sums(volume, set, &mut found);
    found.sums
}

fn add_sums(volume: &Volume, set: &DescriptorSet, found: &mut Examination) {
    if let Some(field) = ApplicationUse::read(volume, set) {
        implanted::find(volume, &field, found);
        tagged::find(volume, &field, found);
    }
    tags::find(volume, set, found);
}

fn wanted(volume: &Volume, options: &Options) -> Option<DescriptorSet> {
    let sessions = session::find(volume).ok()?;
    session::wanted(volume, &sessions, options).ok()
}

/// Each tree once: that of the primary descriptor has no view of its own where it has Rock Ridge, or where an enhanced descriptor
/// has the view.
fn distinct(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let is_known = kept.iter().any(|known| {
            known.tree.root_record_at == candidate.tree.root_record_at || known.view == candidate.view
        });
        if !is_known {
            kept.push(candidate);
        }
    }
    kept
}
