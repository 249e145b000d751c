//! Which files checksums are made of, and how their bytes are read.

use std::collections::{BTreeSet, HashMap};

use super::lists::Listed;
use crate::{
    limits,
    tree::{Algorithm, Checksum, Data, Extent, Inventory, Kind, NodeId, Piece, Tree},
};

/// How the bytes of a file are read.
#[derive(Debug)]
pub(super) enum Way {
    /// Runs that lie in the order of the file, one behind the other: with the whole image.
    InOrder(Vec<Extent>),
    /// Runs in another order: by themselves.
    Scattered(Vec<Extent>),
    /// Through the tree: unpacked, or with holes.
    Tree(NodeId),
}

/// A file of which checksums are made, or several that have the same bytes of the image.
#[derive(Debug)]
pub(super) struct Job {
    /// The number in the inventory of the first.
    pub(super) member: u32,
    pub(super) way: Way,
    pub(super) len: u64,
    /// What the checksums must be; none for a file that is only to be unpacked.
    pub(super) wanted: Vec<Wanted>,
}

/// A checksum that somebody has recorded.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Of which file, by its number in the inventory.
    pub(super) member: u32,
    pub(super) algorithm: Algorithm,
    pub(super) digest: Box<[u8]>,
    pub(super) by: By,
}

/// Who has recorded a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The disc, beside the file.
    Disc,
    /// The list of that number.
    List(usize),
}

impl Job {
    /// The algorithms that are wanted, each once.
    pub(super) fn algorithms(&self) -> BTreeSet<Algorithm> {
        self.wanted.iter().map(|wanted| wanted.algorithm).collect()
    }

    /// Where its bytes lie, as far as that is known.
    pub(super) fn runs(&self) -> &[Extent] {
        match &self.way {
            Way::InOrder(runs) | Way::Scattered(runs) => runs,
            Way::Tree(_) => &[],
        }
    }
}

/// All jobs of an image.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
    /// Files of which there are checksums that would take more work than is done.
    pub(super) left_out: u64,
    /// Why the checksums that the disc keeps of files cannot be compared.
    pub(super) disc_failed: Option<String>,
}

/// The number of a job, by what identifies the bytes that are read: a member, or the runs that several have.
#[derive(Default)]
struct Known {
    of_members: HashMap<u32, usize>,
    of_runs: HashMap<Vec<Extent>, usize>,
}

impl Jobs {
    /// What is to be done for what lists say, for what the disc keeps beside its files, and for packed files.
    pub(super) fn of(tree: &Tree, inventory: &Inventory, listed: Vec<Listed>, image_len: u64) -> Self {
        let mut made = Self::default();
        let mut known = Known::default();
        for listed in listed {
            let Listed { member, algorithm, digest, list } = listed;
            let number = made.job_of(inventory, member, &mut known);
            made.want(number, Wanted { member, algorithm, digest, by: By::List(list) });
        }
        made.of_disc(tree, inventory, &mut known);
        for (number, member) in (0u32..).zip(inventory.members()) {
            if member.is_packed {
                made.job_of(inventory, number, &mut known);
            }
        }
        made.limit(image_len);
        made
    }

    /// The number of the job for the bytes of a file as they are read.
    fn job_of(&mut self, inventory: &Inventory, member: u32, known: &mut Known) -> usize {
        if let Some(number) = known.of_members.get(&member) {
            return *number;
        }
        let (way, len) = plain(inventory, member);
        let number = self.add(member, way, len, known);
        known.of_members.insert(member, number);
        number
    }

    /// Adds a job, unless there is one for the same bytes.
    fn add(&mut self, member: u32, way: Way, len: u64, known: &mut Known) -> usize {
        let new = self.jobs.len();
        if let Way::InOrder(runs) | Way::Scattered(runs) = &way
            && !runs.is_empty()
        {
            let number = *known.of_runs.entry(runs.clone()).or_insert(new);
            if number != new {
                return number;
            }
        }
        self.jobs.push(Job { member, way, len, wanted: Vec::new() });
        new
    }

    fn want(&mut self, job: usize, wanted: Wanted) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.wanted.push(wanted);
        }
    }

    /// The checksums that the disc keeps of files.
    fn of_disc(&mut self, tree: &Tree, inventory: &Inventory, known: &mut Known) {
        for (number, member) in (0u32..).zip(inventory.members()) {
            if member.kind != Kind::File {
                continue;
            }
            let checksum = match tree.checksum(member.id) {
                Ok(Some(checksum)) => checksum,
                Ok(None) => continue,
                Err(error) => {
                    self.disc_failed.get_or_insert(error.to_string());
                    continue;
                }
            };
            let Checksum { algorithm, digest, of } = checksum;
            // Of a packed file the disc knows the packed bytes, a list the others.
            let job = match known.of_members.get(&number).filter(|_| !member.is_packed) {
                Some(job) => *job,
                None => self.add(number, way_of(&of), of.size(), known),
            };
            self.want(job, Wanted { member: number, algorithm, digest, by: By::Disc });
        }
    }

    /// Leaves out what is too much: files that lie in each other can want more work than there are bytes.
    fn limit(&mut self, image_len: u64) {
        let mut left = image_len.saturating_mul(limits::HASHED).saturating_add(limits::HASHED_SLACK);
        let mut unpacked_left =
            image_len.saturating_mul(limits::UNPACKED).saturating_add(limits::HASHED_HOLES);
        let before = self.jobs.len();
        self.jobs.retain(|job| {
            // What comes out of the tree may be unpacked from nothing.
            let budget = if matches!(job.way, Way::Tree(_)) { &mut unpacked_left } else { &mut left };
            match budget.checked_sub(job.len) {
                Some(rest) => {
                    *budget = rest;
                    true
                }
                None => false,
            }
        });
        self.left_out = u64::try_from(before.saturating_sub(self.jobs.len())).unwrap_or(u64::MAX);
    }
}

/// How the bytes of a file are read, and how many they are.
fn plain(inventory: &Inventory, number: u32) -> (Way, u64) {
    let Some(member) = inventory.member(number) else { return (Way::InOrder(Vec::new()), 0) };
    let mut runs = Vec::new();
    let mut covered: u64 = 0;
    for span in inventory.content_of(member) {
        if span.offset != covered {
            break;
        }
        runs.push(span.extent);
        covered = covered.saturating_add(span.extent.len);
    }
    let is_whole = covered == member.size && !member.is_packed;
    (if is_whole { in_order(runs) } else { Way::Tree(member.id) }, member.size)
}

fn in_order(runs: Vec<Extent>) -> Way {
    let rises = runs.windows(2).all(|pair| match pair {
        [first, second] => first.end() <= second.at,
        _ => true,
    });
    if rises { Way::InOrder(runs) } else { Way::Scattered(runs) }
}

fn way_of(data: &Data) -> Way {
    let runs = data.pieces(0, data.size()).filter_map(|piece| match piece {
        Piece::Run { at, len } => Some(Extent { at, len }),
        _ => None,
    });
    in_order(runs.collect())
}
