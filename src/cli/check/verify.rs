//! What the checksums that were made say: which files and which parts of the image are right, and which are not.

use std::collections::{BTreeMap, HashSet};

use super::{
    apart::Broken,
    job::{By, Job, Jobs, Wanted, Way},
    lists::List,
    pass::Passed,
    ranges::Ranges,
    report::{Teller, from_root},
    verdict::Compared,
};
use crate::{
    open::{Finding, Flaw, Medium, RangeSum},
    text::hex,
    tree::{Extent, Inventory},
};

/// The word for the checksums that a disc keeps of its files.
const OF_FILES: &str = "file-md5";

/// The word for the checksums in the blocks of packed files.
const OF_BLOCKS: &str = "packed-blocks";

/// All that a comparison needs.
pub(super) struct Comparison<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) sums: &'a [RangeSum],
    pub(super) jobs: &'a Jobs,
    pub(super) lists: &'a [List],
    /// The paths of the lists, for people.
    pub(super) labels: &'a [String],
    pub(super) passed: &'a Passed,
    pub(super) broken: &'a [Broken],
    pub(super) view: Option<&'static str>,
    pub(super) medium: &'a Medium,
}

/// What a comparison has come to.
#[derive(Default)]
pub(super) struct Outcome {
    /// Bytes of the image that are right by a checksum.
    pub(super) verified: Ranges,
    pub(super) compared: Vec<Compared>,
    /// Bytes of files that are wrong.
    pub(super) wrong: Ranges,
    /// Bytes among which some are wrong.
    pub(super) suspect: Ranges,
}

/// How the checksums of one job came out, in their order; `None` for those that could not be made.
type Results = Vec<Option<bool>>;

impl Comparison<'_> {
    /// Tells what is wrong, and returns what is right.
    pub(super) fn tell(&self, teller: &mut Teller<'_>) -> Outcome {
        let mut compared: BTreeMap<String, Compared> = BTreeMap::new();
        let of_image = self.verified_by_image();
        let mut verified: Vec<Extent> = of_image.iter().collect();
        let mut wrong_files: HashSet<u32> = HashSet::new();
        let mut broken: HashSet<usize> = HashSet::new();
        for one in self.broken {
            broken.insert(one.job);
            self.tell_broken(one, &mut wrong_files, teller);
        }
        for (number, job) in self.jobs.jobs.iter().enumerate() {
            let results = self.results(number, job);
            let is_broken = broken.contains(&number);
            let is_unpacked = matches!(job.way, Way::Tree(_)) && self.is_packed(job) && !is_broken;
            if results.contains(&Some(true)) || is_unpacked {
                verified.extend(self.content(job));
            }
            self.count(job, &results, is_broken, &mut compared);
            self.tell_file(number, job, &results, &of_image, &mut wrong_files, teller);
        }
        let verified = Ranges::of(verified);
        let mut suspect = Vec::new();
        for (sum, results) in self.sums.iter().zip(&self.passed.marks) {
            suspect.extend(self.tell_sum(sum, results, &verified, &wrong_files, &mut compared, teller));
        }
        let is_wrong = |job: &&Job| {
            let mut members = job.wanted.iter().map(|wanted| wanted.member).chain([job.member]);
            members.any(|member| wrong_files.contains(&member))
        };
        let wrong = self.jobs.jobs.iter().filter(is_wrong);
        let wrong = Ranges::of(wrong.flat_map(|job| self.content(job)));
        self.tell_lists(&mut compared, teller);
        if let Some(why) = &self.jobs.disc_failed {
            let text = format!("the checksums that the disc keeps of files cannot be used: {why}");
            teller.tell(&Finding::new(Flaw::ImageChecksum, text), None);
        }
        if self.jobs.left_out > 0 {
            let text = format!(
                "{} files were not compared: files lie in each other, and would be read too often",
                self.jobs.left_out
            );
            teller.tell(&Finding::new(Flaw::Unverified, text), None);
        }
        let inside = [Extent::between(self.medium.start(), self.medium.len())];
        let outside = verified.minus(&Ranges::of(inside));
        Outcome {
            verified: verified.minus(&outside),
            compared: compared.into_values().collect(),
            wrong,
            suspect: Ranges::of(suspect),
        }
    }

    fn is_packed(&self, job: &Job) -> bool {
        self.inventory.member(job.member).is_some_and(|member| member.is_packed)
    }

    /// Where the bytes of a job's file lie.
    fn content(&self, job: &Job) -> Vec<Extent> {
        let runs = job.runs();
        if !runs.is_empty() {
            return runs.to_vec();
        }
        let member = self.inventory.member(job.member);
        member
            .into_iter()
            .flat_map(|member| self.inventory.content_of(member))
            .map(|span| span.extent)
            .collect()
    }

    fn paths(&self, member: u32, teller: &Teller<'_>) -> Vec<Vec<u8>> {
        let names = self.inventory.member(member).into_iter().flat_map(|m| self.inventory.names_of(m));
        teller.paths(self.inventory, names)
    }

    fn results(&self, number: usize, job: &Job) -> Results {
        let digest = |wanted: &Wanted| self.passed.digests.get(&(number, wanted.algorithm));
        job.wanted.iter().map(|wanted| digest(wanted).map(|digest| *digest == wanted.digest)).collect()
    }

    fn source(&self, by: By) -> String {
        match by {
            By::Disc => OF_FILES.to_owned(),
            By::List(number) => self.labels.get(number).cloned().unwrap_or_default(),
        }
    }

    fn count(
        &self,
        job: &Job,
        results: &[Option<bool>],
        is_broken: bool,
        compared: &mut BTreeMap<String, Compared>,
    ) {
        for (wanted, result) in job.wanted.iter().zip(results) {
            entry(compared, &self.source(wanted.by)).add(*result);
        }
        // The blocks of a packed file have checksums of their own.
        if matches!(job.way, Way::Tree(_)) && self.is_packed(job) {
            entry(compared, OF_BLOCKS).add(Some(!is_broken));
        }
    }

    /// A file that cannot be unpacked, or read.
    fn tell_broken(&self, broken: &Broken, wrong_files: &mut HashSet<u32>, teller: &mut Teller<'_>) {
        let Some(job) = self.jobs.jobs.get(broken.job) else { return };
        wrong_files.insert(job.member);
        // What is missing or cannot be read is told for its bytes already.
        if teller.damaged_files.contains(&job.member) {
            return;
        }
        let lost = job.len.saturating_sub(broken.at);
        let text = format!("cannot be read from byte {} on: {}", broken.at, self.medium.said(&broken.error));
        let mut finding = Finding::new(Flaw::Packed, text).of(self.view).losing(broken.at, lost);
        finding.paths = self.paths(job.member, teller);
        finding.extent = self.content(job).first().copied();
        teller.damaged_files.insert(job.member);
        teller.tell(&finding, None);
    }

    fn tell_file(
        &self,
        number: usize,
        job: &Job,
        results: &[Option<bool>],
        of_image: &Ranges,
        wrong_files: &mut HashSet<u32>,
        teller: &mut Teller<'_>,
    ) {
        let with = |wanted: bool| {
            let both = job.wanted.iter().zip(results);
            both.filter(move |(_, result)| **result == Some(wanted)).map(|(wanted, _)| wanted)
        };
        let is_verbose = teller.is_verbose;
        for wanted in with(true).filter(|_| is_verbose) {
            for path in self.paths(wanted.member, teller) {
                let (word, by) = (wanted.algorithm.word(), self.source(wanted.by));
                teller.right(&format!("{} ({word}, {by})", from_root(&path)));
            }
        }
        let content = self.content(job);
        let is_vouched_for = results.contains(&Some(true))
            || (!content.is_empty() && content.iter().all(|extent| of_image.within(*extent) == extent.len));
        for wanted in with(false) {
            let found = self.passed.digests.get(&(number, wanted.algorithm)).map(|digest| hex(digest));
            let (word, by, expected) = (wanted.algorithm.word(), self.source(wanted.by), hex(&wanted.digest));
            let found = found.unwrap_or_default();
            // Another checksum, made later or of all of the image, says that the bytes are those that were written.
            let (flaw, text) = if is_vouched_for {
                let text = format!(
                    "{by} has the {word} {expected} for it, and it has {found}; but another checksum is right"
                );
                (Flaw::ListedOtherwise, text)
            } else {
                (Flaw::FileChecksum, format!("its {word} is {found}, and should be {expected} ({by})"))
            };
            let mut finding = Finding::new(flaw, text).of(self.view);
            finding.paths = self.paths(wanted.member, teller);
            if let (Some(first), Some(last)) = (content.first(), content.last()) {
                finding.extent = Some(Extent::between(first.at, last.end().max(first.end())));
            }
            if flaw.is_damage() {
                // How much of it is not known.
                finding.lost = Some((0, job.len));
                wrong_files.insert(wanted.member);
                teller.damaged_files.insert(wanted.member);
            }
            teller.tell(&finding, None);
        }
    }

    fn tell_lists(&self, compared: &mut BTreeMap<String, Compared>, teller: &mut Teller<'_>) {
        for (list, shown) in self.lists.iter().zip(self.labels) {
            if let Some(why) = &list.unread {
                let text = format!("{shown} is not compared: {why}");
                teller.tell(&Finding::new(Flaw::Unverified, text), None);
            }
            let missing = list.missing_count();
            if missing == 0 {
                continue;
            }
            let compared = entry(compared, shown);
            compared.sums = compared.sums.saturating_add(missing);
            compared.open = compared.open.saturating_add(missing);
            // Where nothing else is damaged, a list of mostly other files was made for something larger.
            let is_of_more = list.is_of_more || (missing > list.named / 2 && teller.is_whole());
            if is_of_more {
                let text =
                    format!("{shown} names {} files, of which {missing} are not in the image", list.named);
                teller.tell(
                    &Finding::new(Flaw::ListedElsewhere, text).path(self.inventory.path(list.name)),
                    None,
                );
                continue;
            }
            for name in &list.missing {
                let path = list.meant(self.inventory, name);
                let text = format!("is not there, and {shown} names it");
                teller.lost_names = teller.lost_names.saturating_add(1);
                let finding = Finding::new(Flaw::ListedMissing, text).of(self.view).path(path);
                teller.tell(&finding, None);
            }
            if list.further_missing > 0 {
                let text = format!("{shown} names {} more files that are not there", list.further_missing);
                let mut finding = Finding::new(Flaw::ListedMissing, text).of(self.view);
                finding.count = list.further_missing;
                teller.tell(&finding, None);
            }
        }
    }
}

pub(super) fn entry<'m>(compared: &'m mut BTreeMap<String, Compared>, source: &str) -> &'m mut Compared {
    compared.entry(source.to_owned()).or_insert_with(|| Compared {
        source: source.to_owned(),
        sums: 0,
        right: 0,
        wrong: 0,
        open: 0,
    })
}
