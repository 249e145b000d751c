//! How findings are told: a line each, or one object of JSON.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufWriter, Write},
};

use serde::Serialize;

use super::{
    super::{
        exit::{Exit, Failure},
        json::{harmless, paths_from_root},
    },
    progress::Progress,
    verdict::Verdict,
};
use crate::{
    bytes::{as_u64, as_usize},
    limits,
    open::{Finding, Flaw, Medium},
    text,
    tree::{Extent, Inventory, Kind},
};

/// Remarks of one kind that are told one by one, unless somebody asks for more.
const REMARKS: u64 = 10;

/// Paths of one finding that are in a line of text.
const PATHS: usize = 5;

/// Why bytes are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The image begins behind them.
    Front,
    /// The image ends in front of them.
    Cut,
    /// A map says so.
    Map,
    /// The storage does not give them.
    Unreadable,
}

impl Cause {
    /// A word that stays.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Cut => "cut",
            Self::Map => "map",
            Self::Unreadable => "unreadable",
        }
    }

    /// For people.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Front => "the image begins behind them",
            Self::Cut => "the image ends early",
            Self::Map => "bad by the map",
            Self::Unreadable => "they cannot be read",
        }
    }
}

/// A finding as JSON.
#[derive(Serialize)]
struct Object<'a> {
    kind: &'a str,
    severity: &'a str,
    cause: Option<&'a str>,
    view: Option<&'a str>,
    at: Option<u64>,
    length: Option<u64>,
    paths: Vec<String>,
    paths_hex: Option<Vec<Option<String>>>,
    offset: Option<u64>,
    bytes: Option<u64>,
    count: u64,
    message: &'a str,
}

/// Tells what is found, as it is found.
pub(super) struct Teller<'a> {
    medium: &'a Medium,
    progress: &'a Progress,
    out: BufWriter<io::Stdout>,
    failed: Option<io::Error>,
    is_json: bool,
    pub(super) is_verbose: bool,
    /// The tree that is shown: others are named.
    view: Option<&'static str>,
    /// Bytes that may still be told.
    left: u64,
    /// Remarks of each kind so far.
    remarks: HashMap<(Flaw, Option<&'static str>), u64>,
    /// How many findings are damage, and how many are not.
    counts: [u64; 2],
    is_first: bool,
    /// Where damage lies, for the picture.
    pub(super) damaged: Vec<Extent>,
    /// Files that are damaged, by their number in the inventory.
    pub(super) damaged_files: HashSet<u32>,
    /// Files that cannot even be looked at, which have no number.
    pub(super) lost_names: u64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(medium: &'a Medium, progress: &'a Progress, is_json: bool, is_verbose: bool) -> Self {
        Self {
            medium,
            progress,
            out: BufWriter::new(io::stdout()),
            failed: None,
            is_json,
            is_verbose,
            view: None,
            left: limits::TOLD,
            remarks: HashMap::new(),
            counts: [0, 0],
            is_first: true,
            damaged: Vec::new(),
            damaged_files: HashSet::new(),
            lost_names: 0,
        }
    }

    /// Begins the answer.
    pub(super) fn begin(&mut self, view: Option<&'static str>) {
        self.view = view;
        if self.is_json {
            self.write("{\"findings\":[");
        }
    }

    /// Tells a finding.
    pub(super) fn tell(&mut self, finding: &Finding, cause: Option<Cause>) {
        let is_damage = finding.flaw.is_damage();
        if let Some(count) = self.counts.get_mut(usize::from(!is_damage)) {
            *count = count.saturating_add(finding.count);
        }
        // A region with something wrong in it is drawn as such.
        if is_damage && finding.flaw != Flaw::ImageChecksum {
            self.damaged.extend(finding.extent.map(|extent| Extent { len: extent.len.max(1), ..extent }));
        }
        if self.left == 0 {
            return;
        }
        if self.is_json {
            return self.tell_json(finding, cause);
        }
        if !is_damage && !self.is_verbose {
            let count = self.remarks.entry((finding.flaw, finding.view)).or_default();
            *count = count.saturating_add(finding.count);
            if *count > REMARKS.max(finding.count) {
                return;
            }
        }
        let word = if is_damage { "damaged" } else { "remark" };
        let mut line = format!("{word}: ");
        if let Some((first, others)) = finding.paths.split_first() {
            line.push_str(&from_root(first));
            // Names of one file are told all of them.
            let most = if finding.lost.is_some() { usize::MAX } else { PATHS.saturating_sub(1) };
            let shown: Vec<String> = others.iter().take(most).map(|path| from_root(path)).collect();
            let more = others.len().saturating_sub(shown.len());
            match (finding.lost.is_some(), shown.is_empty()) {
                (_, true) => {}
                (true, false) => line.push_str(&format!(" (also {})", shown.join(", "))),
                (false, false) => line.push_str(&format!(", {}", shown.join(", "))),
            }
            if more > 0 {
                line.push_str(&format!(" and {more} more"));
            }
            line.push_str(": ");
        }
        line.push_str(&finding.text);
        if finding.count > 1 && finding.flaw != Flaw::TreeStub {
            line.push_str(&format!(" ({} times)", finding.count));
        }
        if let Some(view) = finding.view.filter(|view| Some(*view) != self.view) {
            line.push_str(&format!(" [{view}]"));
        }
        line.push('\n');
        self.write(&line);
    }

    fn tell_json(&mut self, finding: &Finding, cause: Option<Cause>) {
        let (paths, paths_hex) = paths_from_root(&finding.paths);
        let extent = finding.extent.and_then(|extent| self.in_file(extent));
        let object = Object {
            kind: finding.flaw.word(),
            severity: if finding.flaw.is_damage() { "damage" } else { "remark" },
            cause: cause.map(Cause::word),
            view: finding.view,
            at: extent.map(|extent| extent.at),
            length: extent.map(|extent| extent.len),
            paths,
            paths_hex,
            offset: finding.lost.map(|(offset, _)| offset),
            bytes: finding.lost.map(|(_, bytes)| bytes),
            count: finding.count,
            message: &finding.text,
        };
        let before = if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" };
        // Nothing in it can fail to be written: all keys are text.
        let json = harmless(&serde_json::to_string(&object).unwrap_or_default());
        self.write(&format!("{before}{json}"));
    }

    /// What of a run of the disc is in the image, as the file counts; `None` where all of it lies in front.
    fn in_file(&self, extent: Extent) -> Option<Extent> {
        let from = extent.at.max(self.medium.start());
        let is_there = from == extent.at || from < extent.end();
        let at = self.medium.in_file(from).filter(|_| is_there)?;
        Some(Extent { at, len: extent.end().saturating_sub(from) })
    }

    /// Tells that something is right, if somebody wants to know.
    pub(super) fn right(&mut self, text: &str) {
        if self.is_verbose && !self.is_json {
            self.write(&format!("right: {text}\n"));
        }
    }

    /// Counts a finding that concerns files of the tree that is shown.
    pub(super) fn hits(&mut self, inventory: &Inventory, names: impl IntoIterator<Item = u32>) {
        for name in names {
            let member = inventory.member_of(name);
            if inventory.kind_of(name) == Some(Kind::Directory) {
                continue;
            }
            match member {
                Some(member) => drop(self.damaged_files.insert(member)),
                None => self.lost_names = self.lost_names.saturating_add(1),
            }
        }
    }

    /// The paths of these names: at most [`limits::FINDINGS`], and so many that their bytes are not without bound; none where nothing
    /// more is told.
    pub(super) fn paths(&self, inventory: &Inventory, names: impl IntoIterator<Item = u32>) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        if self.left == 0 {
            return all;
        }
        let mut left = limits::WALKED_PATH.saturating_mul(16);
        for name in names.into_iter().take(limits::FINDINGS) {
            let path = inventory.path(name);
            let Some(rest) = left.checked_sub(path.len()) else { break };
            left = rest;
            all.push(path);
        }
        all
    }

    /// What was found so far is seen at once.
    pub(super) fn flush(&mut self) {
        if self.failed.is_none() {
            let out = &mut self.out;
            let done = self.progress.aside(|| out.flush());
            self.failed = done.err();
        }
    }

    fn write(&mut self, text: &str) {
        let len = as_u64(text.len());
        let Some(left) = self.left.checked_sub(len) else {
            self.left = 0;
            return;
        };
        self.left = left;
        if self.failed.is_some() {
            return;
        }
        let out = &mut self.out;
        let is_full = out.buffer().len().saturating_add(as_usize(len)) > out.capacity();
        let mut write = || out.write_all(text.as_bytes());
        self.failed = if is_full { self.progress.aside(write) } else { write() }.err();
    }

    /// Whether nothing was damage so far.
    pub(super) fn is_whole(&self) -> bool {
        self.counts.first() == Some(&0)
    }

    /// Ends the answer with the verdict.
    ///
    /// # Errors
    /// The image is damaged; the answer cannot be written.
    pub(super) fn end(mut self, mut verdict: Verdict) -> Result<(), Failure> {
        self.progress.clear();
        let [damage, remarks] = self.counts;
        let is_whole = damage == 0;
        verdict.damage = damage;
        verdict.remarks = remarks;
        verdict.whole = is_whole;
        verdict.lost_files = self.lost_names;
        verdict.damaged_files = as_u64(self.damaged_files.len()).saturating_add(self.lost_names);
        self.left = u64::MAX;
        if self.is_json {
            let rest = harmless(&serde_json::to_string(&verdict).unwrap_or_default());
            let rest = rest.strip_prefix('{').unwrap_or(&rest).to_owned();
            self.write(&format!("\n],{rest}\n"));
        } else {
            self.remarks_passed_over();
            let line = verdict.line();
            self.write(&line);
        }
        if self.failed.is_none() {
            self.failed = self.out.flush().err();
        }
        match self.failed {
            // Whoever reads may have seen enough; the exit code says it all the same.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let text = format!("cannot write the answer: {error}; write it elsewhere");
                Err(Failure::new(Exit::Internal, text))
            }
            _ if !is_whole => Err(Failure { exit: Exit::Damaged, message: None }),
            _ => Ok(()),
        }
    }

    fn remarks_passed_over(&mut self) {
        let mut more: Vec<(Flaw, u64)> = self
            .remarks
            .iter()
            .filter(|(_, count)| **count > REMARKS)
            .map(|((flaw, _), count)| (*flaw, *count))
            .collect();
        more.sort_unstable();
        for (flaw, count) in more {
            self.write(&format!("remark: {} ({count} times in all; -v tells each)\n", flaw.meaning()));
        }
    }
}

/// A path from the root, for people.
pub(super) fn from_root(path: &[u8]) -> String {
    format!("/{}", text::escape(path))
}
