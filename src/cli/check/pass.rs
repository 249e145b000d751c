//! One pass over all bytes of an image, in the order of the disc, which feeds every checksum that is made of them: one thread reads,
//! and one makes each kind of checksum.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use super::{
    hash::{Hasher, hasher, so_far},
    job::{Job, Way},
    ranges::Ranges,
};
use crate::{
    bytes::{as_u64, as_usize},
    limits,
    open::{Mask, Medium, RangeSum},
    tree::{Algorithm, Extent},
};

/// Bytes that are read at once.
const CHUNK: u64 = 1 << 20;

/// Bytes that are read by themselves where not all can be: a sector.
const SECTOR: u64 = 2048;

/// Chunks that wait for a thread which makes checksums.
const WAITING: usize = 4;

/// What goes on while bytes are read.
pub(super) trait Watch: Sync {
    /// So many bytes more are done.
    fn advance(&self, bytes: u64);

    /// Whether whoever started the program has seen enough.
    fn is_stopped(&self) -> bool;
}

/// What a pass has found.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// Of each sum of a part of the image, for each of its marks, whether it is right; `None` where it could not be made.
    pub(super) marks: Vec<Vec<Option<bool>>>,
    /// The checksums of files, by the number of the job; those that are not here could not be made.
    pub(super) digests: HashMap<(usize, Algorithm), Box<[u8]>>,
    /// What cannot be read.
    pub(super) unreadable: Vec<Extent>,
    /// Bytes that were read, those in holes of the image with them.
    pub(super) read: u64,
}

/// A part of the image, as it was read.
struct Chunk {
    at: u64,
    bytes: Arc<Vec<u8>>,
    /// How many of the bytes count.
    len: u64,
    /// What of it could not be read.
    bad: Ranges,
    /// Parts of files in it, those of one file in its order.
    parts: Vec<Part>,
}

/// A part of a file in a chunk.
#[derive(Clone, Copy)]
struct Part {
    job: usize,
    extent: Extent,
}

impl Chunk {
    fn slice(&self, extent: Extent) -> &[u8] {
        let from = as_usize(extent.at.saturating_sub(self.at));
        let to = as_usize(extent.end().saturating_sub(self.at));
        self.bytes.get(from..to).unwrap_or_default()
    }

    fn extent(&self) -> Extent {
        Extent { at: self.at, len: self.len }
    }
}

/// Reads an image.
pub(super) fn run(medium: &Medium, sums: &[RangeSum], jobs: &[Job], watch: &dyn Watch) -> Passed {
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for job in jobs.iter().filter(|job| matches!(job.way, Way::InOrder(_))) {
        algorithms.extend(job.algorithms());
    }
    algorithms.sort_unstable();
    algorithms.dedup();
    thread::scope(|scope| {
        let mut senders: Vec<SyncSender<Arc<Chunk>>> = Vec::new();
        let of_sums: Vec<_> = sums
            .iter()
            .map(|sum| {
                let (sender, receiver) = sync_channel(WAITING);
                senders.push(sender);
                scope.spawn(move || sum_range(sum, &receiver))
            })
            .collect();
        let of_files: Vec<_> = algorithms
            .into_iter()
            .map(|algorithm| {
                let (sender, receiver) = sync_channel(WAITING);
                senders.push(sender);
                scope.spawn(move || (algorithm, sum_files(algorithm, jobs, &receiver)))
            })
            .collect();
        let mut passed = Reader::new(medium, sums, jobs, watch).run(&senders);
        drop(senders);
        passed.marks = of_sums.into_iter().map(|thread| thread.join().unwrap_or_default()).collect();
        for thread in of_files {
            let Ok((algorithm, digests)) = thread.join() else { continue };
            passed.digests.extend(digests.into_iter().map(|(job, digest)| ((job, algorithm), digest)));
        }
        // What has no bytes is in no chunk.
        for (number, job) in jobs.iter().enumerate().filter(|(_, job)| job.len == 0) {
            for algorithm in job.algorithms() {
                passed.digests.insert((number, algorithm), hasher(algorithm).finalize());
            }
        }
        passed
    })
}

/// A run of a file, in the order of the disc.
struct Run {
    extent: Extent,
    job: usize,
}

struct Reader<'a> {
    medium: &'a Medium,
    watch: &'a dyn Watch,
    /// What checksums are made of: the rest of a hole need not be looked at.
    needed: Ranges,
    /// Runs of files, the first one last.
    runs: Vec<Run>,
    /// Those that have begun.
    active: Vec<Run>,
    /// Bytes of holes that may still go into checksums.
    holes_left: u64,
    zeros: Arc<Vec<u8>>,
    /// Buffers that were read into, of which some are still looked at.
    buffers: VecDeque<Arc<Vec<u8>>>,
    passed: Passed,
}

impl<'a> Reader<'a> {
    fn new(medium: &'a Medium, sums: &[RangeSum], jobs: &[Job], watch: &'a dyn Watch) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (number, job) in jobs.iter().enumerate() {
            if let Way::InOrder(extents) = &job.way {
                runs.extend(extents.iter().map(|extent| Run { extent: *extent, job: number }));
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.extent));
        let of_sums =
            sums.iter().filter_map(|sum| sum.marks.last().map(|last| Extent::between(sum.start, last.end)));
        let needed = Ranges::of(of_sums.chain(runs.iter().map(|run| run.extent)));
        Self {
            medium,
            watch,
            needed,
            runs,
            active: Vec::new(),
            holes_left: limits::HASHED_HOLES,
            zeros: Arc::new(vec![0; as_usize(CHUNK)]),
            buffers: VecDeque::new(),
            passed: Passed::default(),
        }
    }

    fn run(mut self, senders: &[SyncSender<Arc<Chunk>>]) -> Passed {
        let end = self.medium.len();
        let mut at = self.medium.start();
        while at < end && !self.watch.is_stopped() {
            let recorded = self.medium.recorded_from(at).min(end);
            let chunk = if recorded > at {
                let needed = self.needed.next(at).unwrap_or(end).min(recorded);
                if needed > at || self.holes_left == 0 {
                    // A hole that nobody asked for.
                    let next = if self.holes_left == 0 { recorded } else { needed };
                    self.done(next.saturating_sub(at));
                    at = next;
                    continue;
                }
                let len = CHUNK.min(recorded.saturating_sub(at)).min(self.holes_left);
                self.holes_left = self.holes_left.saturating_sub(len);
                (self.zeros.clone(), len, Vec::new())
            } else {
                let len = CHUNK.min(end.saturating_sub(at));
                let (bytes, bad) = self.read(at, len);
                (bytes, len, bad)
            };
            let (bytes, len, bad) = chunk;
            self.passed.unreadable.extend(bad.iter().copied());
            let parts = self.parts(Extent { at, len });
            if !senders.is_empty() {
                let chunk = Arc::new(Chunk { at, bytes, len, bad: Ranges::of(bad), parts });
                for sender in senders {
                    // A thread that has all it wants is gone.
                    let _ = sender.send(chunk.clone());
                }
            }
            self.done(len);
            at = at.saturating_add(len);
        }
        self.passed
    }

    fn done(&mut self, bytes: u64) {
        self.passed.read = self.passed.read.saturating_add(bytes);
        self.watch.advance(bytes);
    }

    /// Reads bytes into a buffer that nobody looks at any more.
    fn read(&mut self, at: u64, len: u64) -> (Arc<Vec<u8>>, Vec<Extent>) {
        let is_free = self.buffers.front().is_some_and(|buffer| Arc::strong_count(buffer) == 1);
        let reused = if is_free { self.buffers.pop_front() } else { None };
        let mut buffer = reused.unwrap_or_else(|| Arc::new(vec![0; as_usize(CHUNK)]));
        let mut bad = Vec::new();
        if let Some(bytes) = Arc::get_mut(&mut buffer).and_then(|bytes| bytes.get_mut(..as_usize(len))) {
            bad = self.fill(bytes, at);
        }
        self.buffers.push_back(buffer.clone());
        (buffer, bad)
    }

    /// Fills a buffer; what cannot be read is found sector by sector, and zeros instead.
    fn fill(&self, bytes: &mut [u8], at: u64) -> Vec<Extent> {
        if self.medium.read(bytes, at).is_ok() {
            return Vec::new();
        }
        let mut bad: Vec<Extent> = Vec::new();
        let mut here = at;
        for sector in bytes.chunks_mut(as_usize(SECTOR)) {
            let len = as_u64(sector.len());
            if self.watch.is_stopped() || self.medium.read(sector, here).is_err() {
                sector.fill(0);
                bad.push(Extent { at: here, len });
            }
            here = here.saturating_add(len);
        }
        bad
    }

    /// The parts of files in a chunk.
    fn parts(&mut self, chunk: Extent) -> Vec<Part> {
        while self.runs.last().is_some_and(|run| run.extent.at < chunk.end()) {
            self.active.extend(self.runs.pop());
        }
        let mut parts = Vec::with_capacity(self.active.len());
        for run in &self.active {
            let extent = Extent::between(run.extent.at.max(chunk.at), run.extent.end().min(chunk.end()));
            if extent.len > 0 {
                parts.push(Part { job: run.job, extent });
            }
        }
        self.active.retain(|run| run.extent.end() > chunk.end());
        parts
    }
}

/// Makes the sum of a part of the image, and compares it at each mark.
fn sum_range(sum: &RangeSum, chunks: &Receiver<Arc<Chunk>>) -> Vec<Option<bool>> {
    let mut results = vec![None; sum.marks.len()];
    let mut marks = sum.marks.iter().zip(&mut results).peekable();
    let mut hasher = hasher(sum.algorithm);
    let mut at = sum.start;
    while let Ok(chunk) = chunks.recv() {
        if chunk.extent().end() <= at {
            continue;
        }
        while let Some((mark, _)) = marks.peek() {
            let to = mark.end.min(chunk.extent().end());
            let part = Extent::between(at, to);
            // A hole that was passed over, or bytes that cannot be read: nothing is known from here on.
            if chunk.at > at || chunk.bad.within(part) > 0 {
                return results;
            }
            update(&mut hasher, &chunk, part, &sum.masks);
            at = to;
            if mark.end > to {
                break;
            }
            if let Some((mark, result)) = marks.next() {
                *result = Some(mark.expected.matches(&so_far(&hasher)));
            }
        }
        if marks.peek().is_none() {
            break;
        }
    }
    results
}

/// Adds a part of a chunk, with other bytes in place of those that are masked.
fn update(hasher: &mut Hasher, chunk: &Chunk, part: Extent, masks: &[Mask]) {
    let mut at = part.at;
    for mask in masks {
        let (from, to) = (mask.extent.at.clamp(at, part.end()), mask.extent.end().clamp(at, part.end()));
        hasher.update(chunk.slice(Extent::between(at, from)));
        hasher.update(&vec![mask.byte; as_usize(to.saturating_sub(from))]);
        at = to;
    }
    hasher.update(chunk.slice(Extent::between(at, part.end())));
}

/// Makes checksums of files, by the numbers of their jobs.
fn sum_files(algorithm: Algorithm, jobs: &[Job], chunks: &Receiver<Arc<Chunk>>) -> Vec<(usize, Box<[u8]>)> {
    let mut open: HashMap<usize, (Hasher, u64)> = HashMap::new();
    let mut void = HashSet::new();
    let mut digests = Vec::new();
    let is_wanted: Vec<bool> = jobs.iter().map(|job| job.algorithms().contains(&algorithm)).collect();
    while let Ok(chunk) = chunks.recv() {
        for part in &chunk.parts {
            if !is_wanted.get(part.job).copied().unwrap_or(false) || void.contains(&part.job) {
                continue;
            }
            if chunk.bad.within(part.extent) > 0 {
                void.insert(part.job);
                open.remove(&part.job);
                continue;
            }
            let (state, left) = open
                .entry(part.job)
                .or_insert_with(|| (hasher(algorithm), jobs.get(part.job).map_or(0, |job| job.len)));
            state.update(chunk.slice(part.extent));
            *left = left.saturating_sub(part.extent.len);
            if *left == 0
                && let Some((state, _)) = open.remove(&part.job)
            {
                digests.push((part.job, state.finalize()));
            }
        }
    }
    digests
}
