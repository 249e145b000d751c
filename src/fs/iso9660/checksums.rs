//! The checksums that a session keeps of itself, for whoever tells what is there and does not compare them.

use std::sync::Arc;

use super::{
    Iso9660, check,
    choice::{self, Candidate},
    descriptor::DescriptorSet,
    file_sums,
};
use crate::{
    bytes::as_u64,
    fs::{
        Options, View,
        check::{Expected, RangeSum},
        description::DescribedChecksums,
    },
    tree::Algorithm,
    volume::Volume,
};

/// The implanted MD5, those of libisofs for parts of the session, and those for its files.
pub(super) fn of(volume: &Arc<Volume>, set: &DescriptorSet, options: &Options) -> Vec<DescribedChecksums> {
    let mut all: Vec<DescribedChecksums> = check::sums(volume, set).iter().flat_map(of_ranges).collect();
    let candidates = choice::candidates(volume, set, options);
    let rock_ridge = candidates.into_iter().find(|candidate| candidate.view == View::RockRidge);
    all.extend(rock_ridge.and_then(|candidate| of_files(volume, candidate, options)));
    all
}

/// One for each mark with a checksum of its own; digits of fragments are counted with the one of the whole.
fn of_ranges(sum: &RangeSum) -> Vec<DescribedChecksums> {
    let fragments = sum.marks.iter().filter(|mark| matches!(mark.expected, Expected::Digits(_))).count();
    let whole = sum.marks.iter().filter_map(|mark| match &mark.expected {
        Expected::Digest(digest) => Some((mark, digest)),
        Expected::Digits(_) => None,
    });
    let described = whole.map(|(mark, digest)| DescribedChecksums {
        source: sum.name,
        algorithm: sum.algorithm,
        of: mark.what,
        at: mark.at,
        count: as_u64(fragments).saturating_add(1),
        range: Some((sum.start, mark.end)),
        digest: Some(digest.clone()),
        is_supported: sum.is_supported,
    });
    described.collect()
}

/// The array of libisofs, as its place is recorded; whether it is whole is not looked at.
fn of_files(volume: &Arc<Volume>, candidate: Candidate, options: &Options) -> Option<DescribedChecksums> {
    let Candidate { view, tree, naming, rock_ridge } = candidate;
    let (at, len) = Iso9660::new(volume, tree, view, naming, rock_ridge, options).ok()?.file_sums_extent()?;
    // The first is that of the session, the last that of the array.
    let count = (len / file_sums::DIGEST).checked_sub(2)?;
    Some(DescribedChecksums {
        source: file_sums::NAME,
        algorithm: Algorithm::Md5,
        of: "single files",
        at,
        count,
        range: None,
        digest: None,
        is_supported: None,
    })
}
