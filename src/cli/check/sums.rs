//! What the checksums of parts of the image say: the first that is wrong tells where damage is.

use std::collections::{BTreeMap, HashSet};

use super::{
    ranges::Ranges,
    report::Teller,
    verdict::Compared,
    verify::{Comparison, entry},
};
use crate::{
    limits,
    open::{Expected, Finding, Flaw, RangeSum},
    tree::{
        Extent,
        inventory::{Role, Span},
    },
};

impl Comparison<'_> {
    /// What is right by checksums of the image itself.
    pub(super) fn verified_by_image(&self) -> Ranges {
        let mut verified = Vec::new();
        for (sum, results) in self.sums.iter().zip(&self.passed.marks) {
            let right = sum.marks.iter().zip(results).filter(|(_, result)| **result == Some(true));
            // A few digits on the way say less than the whole at the end.
            let mut whole = right.filter(|(mark, _)| matches!(mark.expected, Expected::Digest(_)));
            if let Some((mark, _)) = whole.next_back() {
                let all = Ranges::of([Extent::between(sum.start, mark.end)]);
                verified.extend(all.minus(&masked(sum)).iter());
            }
        }
        Ranges::of(verified)
    }

    /// The checksums of a part of the image: the first that is wrong says where to look, which is returned.
    pub(super) fn tell_sum(
        &self,
        sum: &RangeSum,
        results: &[Option<bool>],
        verified: &Ranges,
        wrong_files: &HashSet<u32>,
        compared: &mut BTreeMap<String, Compared>,
        teller: &mut Teller<'_>,
    ) -> Option<Extent> {
        let is_digest = |expected: &Expected| matches!(expected, Expected::Digest(_));
        let compared = entry(compared, sum.name);
        for (mark, result) in sum.marks.iter().zip(results).filter(|(mark, _)| is_digest(&mark.expected)) {
            compared.add(*result);
            if *result == Some(true) {
                let bytes = self.bytes(Extent::between(sum.start, mark.end));
                teller.right(&format!("{bytes}, {} ({})", mark.what, sum.name));
            }
        }
        let is_whole_right = sum.marks.iter().zip(results).next_back().is_some_and(|(_, r)| *r == Some(true));
        if is_whole_right {
            return None;
        }
        let mut good = sum.start;
        for (mark, result) in sum.marks.iter().zip(results) {
            match result {
                Some(true) => good = mark.end,
                Some(false) => {
                    let region = Extent::between(good, mark.end);
                    if self.is_changed_on_purpose(region, verified) {
                        let text = format!(
                            "{} ({}) of {} is wrong; but they are right by another checksum, which was put there later",
                            sum.name,
                            mark.what,
                            self.bytes(region)
                        );
                        let finding = Finding::new(Flaw::ListedOtherwise, text);
                        teller.tell(&finding.at(region.at, region.len), None);
                        return None;
                    }
                    self.tell_region(sum, mark.what, region, verified, wrong_files, teller);
                    return Some(region);
                }
                None => break,
            }
        }
        // Not all of the bytes are there, or can be read.
        let end = sum.marks.last().map_or(0, |mark| mark.end);
        let why = if end > self.medium.len() || sum.start < self.medium.start() {
            self.medium.bounds()
        } else {
            "not all of these bytes can be read".to_owned()
        };
        let all = Extent::between(sum.start, end);
        let text = format!("{} of {} cannot be compared: {why}", sum.name, self.bytes(all));
        teller.tell(&Finding::new(Flaw::Unverified, text).at(all.at, all.len), None);
        None
    }

    /// A part of the image in words, as the file counts.
    fn bytes(&self, extent: Extent) -> String {
        match self.medium.in_file(extent.at) {
            Some(at) => format!("bytes {at} to {}", at.saturating_add(extent.len)),
            None => format!("bytes {} to {} of its disc", extent.at, extent.end()),
        }
    }

    /// Whether all bytes of a region are right by other checksums, but for those in which one of these lies: who implants it changes what
    /// others have summed.
    fn is_changed_on_purpose(&self, region: Extent, verified: &Ranges) -> bool {
        let right = self.sums.iter().zip(&self.passed.marks);
        let right = right.filter(|(_, results)| results.last() == Some(&Some(true)));
        let own = right.flat_map(|(sum, _)| &sum.masks).filter(|mask| mask.is_checksum);
        let blanks = Ranges::of(own.map(|mask| mask.extent));
        let open = Ranges::of([region]).minus(verified);
        open.minus(&blanks).is_empty() && !open.is_empty()
    }

    fn tell_region(
        &self,
        sum: &RangeSum,
        what: &str,
        region: Extent,
        verified: &Ranges,
        wrong_files: &HashSet<u32>,
        teller: &mut Teller<'_>,
    ) {
        let mut suspects: Vec<u32> = Vec::new();
        let mut met = HashSet::new();
        let is_there = |span: &&Span| {
            let is_in = span.extent.at < region.end() && region.at < span.extent.end();
            is_in && matches!(span.role, Role::Content | Role::Names | Role::Description)
        };
        for span in self.inventory.spans().iter().filter(is_there) {
            let inside = Extent::between(span.extent.at.max(region.at), span.extent.end().min(region.end()));
            let is_right = verified.within(inside) == inside.len;
            if !is_right && met.insert(span.owner) {
                suspects.push(span.owner);
            }
        }
        // Where it is known which files are wrong, the others need not be.
        let known: Vec<u32> = suspects.iter().copied().filter(|n| wrong_files.contains(n)).collect();
        let is_known = !known.is_empty();
        let suspects = if is_known { known } else { suspects };
        let place = format!("between {} and {}", self.medium.byte(region.at), self.medium.byte(region.end()));
        let whose = match (suspects.is_empty(), is_known) {
            (true, _) => "; no file that is not right by another checksum lies there",
            (false, true) => "; these files in it are wrong by another checksum too",
            (false, false) => "; these files lie in it",
        };
        let text = format!("{} ({what}) is wrong: the first damage lies {place}{whose}", sum.name);
        let mut finding = Finding::new(Flaw::ImageChecksum, text).at(region.at, region.len);
        let shown = suspects.iter().take(limits::FINDINGS).filter_map(|n| self.inventory.member(*n));
        finding.paths = shown.map(|member| self.inventory.path_of(member)).collect();
        if let [only] = suspects.as_slice() {
            teller.damaged_files.insert(*only);
        }
        teller.tell(&finding, None);
    }
}

/// Bytes of which a checksum says nothing.
fn masked(sum: &RangeSum) -> Ranges {
    Ranges::of(sum.masks.iter().map(|mask| mask.extent))
}
