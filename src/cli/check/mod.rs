//! `isomount check`: is an image whole?
//!
//! What structures say is found by the drivers, behind [`Medium::examine`]; what of it hits which files (`gone.rs`), which checksums
//! there are and whether they are right (`lists.rs`, `job.rs`, `pass.rs`, `apart.rs`, `verify.rs`, `sums.rs`) is the same for every format.

mod apart;
mod args;
mod finder;
mod gone;
mod hash;
mod job;
mod lists;
mod map;
mod pass;
mod picture;
mod progress;
mod ranges;
mod report;
mod sums;
mod verdict;
mod verify;

use std::{io, os::unix::ffi::OsStrExt, sync::Arc, thread};

use nix::sys::signal::{SigSet, raise};

pub use args::CheckArgs;

use self::{
    gone::Gone,
    job::Jobs,
    lists::{List, Lists},
    progress::Progress,
    ranges::Ranges,
    report::{Cause, Teller},
    verdict::Verdict,
    verify::{Comparison, Outcome},
};
use super::{
    exit::{Exit, Failure},
    json::{hex_unless_text, readable},
    log, shown,
    wishes::{Asker, Wishes},
};
use crate::{
    bytes::as_u64,
    error::Error,
    fuse::block_signals,
    open::{Examination, Finding, Flaw, Image, Medium},
    tree::{Extent, Inventory, Kind, inventory::Lost},
};

/// A check under way.
struct Check<'a> {
    args: &'a CheckArgs,
    medium: &'a Medium,
    progress: &'a Progress,
    teller: Teller<'a>,
    /// Nothing where no tree can be shown.
    inventory: Inventory,
    examination: Examination,
    view: Option<&'static str>,
}

/// Checks an image, and tells what is wrong with it.
pub(super) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let wishes = Wishes::parse(&args.of.options, Asker::User)?;
    let map = args.map.as_deref().map(map::read).transpose()?;
    // What is damaged is told as a finding.
    log::start_quietly();
    let name = shown(&args.of.image);
    let failed = |error: &Error| Failure::of_image(&name, error);
    let medium = Medium::open(&args.of.image, &wishes.open).map_err(|error| failed(&error))?;
    let map = map.map(|map| on_disc(&medium, &map));
    let signals = block_signals().map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
    let there = medium.len().saturating_sub(medium.start());
    let progress = Arc::new(Progress::new(there, args.json && args.quick));
    stop_at(signals, progress.clone());
    let (image, opened) = match medium.image() {
        Ok(image) => (Some(image), None),
        // Somebody who asks what is damaged is told all of it.
        Err(error @ (Error::Corrupt(_) | Error::Io { .. })) => (None, Some(error)),
        Err(error) => return Err(failed(&error)),
    };
    let done = checked(args, &medium, image.as_ref(), opened.as_ref(), map.as_ref(), &progress);
    if let Some(signal) = progress.signal() {
        progress.clear();
        let _ = SigSet::all().thread_unblock();
        let _ = raise(signal);
    }
    done
}

fn checked(
    args: &CheckArgs,
    medium: &Medium,
    image: Option<&Image>,
    opened: Option<&Error>,
    map: Option<&Ranges>,
    progress: &Progress,
) -> Result<(), Failure> {
    let goes_on = || !progress.is_stopped();
    let inventory = image.map(|image| Inventory::of(image.tree(), &goes_on)).unwrap_or_default();
    let examination = medium.examine(image.map(|image| (image.tree(), &inventory)), &goes_on);
    let view = image.map(|image| image.tree().view());
    let teller = Teller::new(medium, progress, args.json, args.verbose);
    let mut check = Check { args, medium, progress, teller, inventory, examination, view };
    check.teller.begin(view);
    if let Some(error) = opened {
        check.teller.tell(
            &Finding::new(Flaw::Unopenable, format!("nothing can be shown: {}", medium.said(error))),
            None,
        );
    }
    check.structure();
    check.front();
    let missing = check.length();
    if let Some(map) = map {
        check.gone(map, Cause::Map);
    }
    check.teller.flush();
    let reading = match image.filter(|_| !args.quick) {
        Some(image) => check.read(image),
        None => check.read_nothing(),
    };
    if progress.is_stopped() {
        return Ok(());
    }
    if let Some(path) = &args.picture {
        check.draw(path, image, missing, map, &reading)?;
    }
    check.end(missing, reading)
}

/// Bytes of the image file as those of the disc. What lies in front of the disc is nothing that is looked at.
fn on_disc(medium: &Medium, map: &Ranges) -> Ranges {
    let disc = medium.in_file(medium.start()).unwrap_or(0);
    Ranges::of(map.iter().filter_map(|range| {
        let (from, end) = (medium.on_disc(range.at.max(disc))?, medium.on_disc(range.end())?);
        Some(Extent::between(from, end))
    }))
}

/// What reading has come to.
struct Reading {
    is_read: bool,
    read: u64,
    unreadable: Ranges,
    outcome: Outcome,
}

impl Check<'_> {
    /// What drivers have found.
    fn structure(&mut self) {
        let (failures, further) = self.inventory.failures();
        let files = failures.iter().filter(|failure| matches!(failure.what, Lost::Node | Lost::Bytes { .. }));
        self.teller.hits(&self.inventory, files.map(|failure| failure.name));
        self.teller.lost_names = self.teller.lost_names.saturating_add(further);
        let end = self.medium.bounds();
        for finding in std::mem::take(&mut self.examination.findings) {
            // What is missing at the end is told for its bytes.
            let is_missing = matches!(finding.flaw, Flaw::Structure | Flaw::Directory);
            if !(is_missing && finding.extent.is_some() && finding.text.ends_with(&end)) {
                self.teller.tell(&finding, None);
            }
        }
    }

    /// What is missing at the end. Returns how many bytes.
    fn length(&mut self) -> u64 {
        let len = self.medium.len();
        let others = self.examination.others.iter().flat_map(|other| other.inventory.spans());
        let spans = self.inventory.spans().iter().chain(others).map(|span| span.extent.end());
        let regions = self.examination.regions.iter();
        let needed = regions.clone().filter(|region| region.is_needed).map(|region| region.extent.end());
        let reach = spans.chain(needed).max().unwrap_or(0);
        let end = regions.map(|region| region.extent.end()).max().unwrap_or(0);
        let end = end.max(reach).max(self.examination.end);
        let missing = end.saturating_sub(len);
        if missing == 0 {
            return 0;
        }
        let has = self.medium.image_len();
        let text = format!(
            "{missing} bytes are missing at the end: the image has {has}, and should have {}",
            has.saturating_add(missing)
        );
        let finding = if reach > len || self.view.is_none() {
            Finding::new(Flaw::Cut, text)
        } else {
            Finding::new(Flaw::CutPadding, format!("{text}; nothing lies in them"))
        };
        self.teller.tell(&finding.at(len, missing), Some(Cause::Cut));
        self.gone(&Ranges::of([Extent { at: len, len: missing }]), Cause::Cut);
        missing
    }

    /// What of the disc lies in front of the image.
    fn front(&mut self) {
        let start = self.medium.start();
        if start > 0 {
            let text = format!(
                "the image is a part of a disc: {start} bytes of that lie in front of it, which are not there"
            );
            self.teller.tell(&Finding::new(Flaw::Part, text), Some(Cause::Front));
            self.gone(&Ranges::of([Extent { at: 0, len: start }]), Cause::Front);
        }
    }

    fn gone(&mut self, ranges: &Ranges, cause: Cause) {
        let Self { medium, inventory, examination, view, teller, .. } = self;
        Gone { ranges, cause, medium, inventory, examination, view: *view }.tell(teller);
    }

    /// Bytes of the disc that are there.
    fn there(&self) -> u64 {
        self.medium.len().saturating_sub(self.medium.start())
    }

    /// Reads everything, and compares all checksums.
    fn read(&mut self, image: &Image) -> Reading {
        let (tree, progress) = (image.tree(), self.progress);
        let goes_on = || !progress.is_stopped();
        let Lists { lists, listed, .. } = lists::read(tree, &self.inventory, &goes_on);
        let jobs = Jobs::of(tree, &self.inventory, listed, self.there());
        let apart = jobs.jobs.iter().filter(|job| !matches!(job.way, job::Way::InOrder(_)));
        let apart = apart.fold(0u64, |sum, job| sum.saturating_add(job.len));
        progress.set_total(self.there().saturating_add(apart));
        let mut passed = pass::run(self.medium, &self.examination.sums, &jobs.jobs, progress);
        let unreadable = Ranges::of(std::mem::take(&mut passed.unreadable));
        if progress.is_stopped() {
            return self.read_nothing();
        }
        self.gone(&unreadable, Cause::Unreadable);
        let broken = apart::run(self.medium, tree, &jobs.jobs, progress, &mut passed);
        let label = |list: &List| report::from_root(&self.inventory.path(list.name));
        let labels: Vec<String> = lists.iter().map(label).collect();
        let comparison = Comparison {
            inventory: &self.inventory,
            sums: &self.examination.sums,
            jobs: &jobs,
            lists: &lists,
            labels: &labels,
            passed: &passed,
            broken: &broken,
            view: self.view,
            medium: self.medium,
        };
        let outcome = comparison.tell(&mut self.teller);
        let read = passed.read.saturating_sub(unreadable.total());
        Reading { is_read: true, read, unreadable, outcome }
    }

    fn read_nothing(&self) -> Reading {
        let outcome = Outcome::default();
        Reading { is_read: false, read: 0, unreadable: Ranges::default(), outcome }
    }

    fn end(self, missing: u64, reading: Reading) -> Result<(), Failure> {
        let count = |is_directory: bool| {
            let members = self.inventory.members().iter();
            as_u64(members.filter(|m| (m.kind == Kind::Directory) == is_directory).count())
        };
        let bytes = self.args.of.image.as_os_str().as_bytes();
        let len = self.medium.image_len();
        let verdict = Verdict {
            image: readable(bytes),
            image_hex: hex_unless_text(bytes),
            size: len,
            expected_size: Some(len.saturating_add(missing))
                .filter(|_| missing > 0 || self.examination.end > 0),
            missing,
            view: self.view,
            files: count(false),
            directories: count(true),
            is_read: reading.is_read,
            read: reading.read,
            verified: reading.outcome.verified.total(),
            checksums: reading.outcome.compared,
            ..Verdict::default()
        };
        self.teller.end(verdict)
    }
}

/// Stops at the first of these signals; a second one ends the program at once.
fn stop_at(signals: SigSet, progress: Arc<Progress>) {
    let wait = move || {
        if let Ok(signal) = signals.wait() {
            progress.interrupt(signal);
            let _ = signals.thread_unblock();
            loop {
                thread::park();
            }
        }
    };
    let _: io::Result<_> = thread::Builder::new().spawn(wait);
}
