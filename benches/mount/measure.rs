//! Rounds in which everyone does everything once, and what came out.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use flate2::{Decompress, FlushDecompress};

use crate::{
    Result, extract,
    images::{self, Image, Shelf},
    peers::{Mount, Peer},
    process::{self, End},
    work::{self, Scale, Task, Work},
};

/// What is not measured further takes this many times as long as isomount,
const TIMES: u32 = 20;
/// at least this long, and at most as long as the scale says.
const SHORTEST_LIMIT: Duration = Duration::from_secs(1);
/// How long isomount and the null daemon may take for one thing.
const PATIENCE: Duration = Duration::from_secs(600);
/// Rounds of works with large trees and files.
const LONG_ROUNDS: usize = 3;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub seconds: f64,
    /// Seconds on processors that the daemon used.
    pub cpu: Option<f64>,
    /// The most memory that the daemon had, in bytes.
    pub peak: Option<u64>,
}

/// All measurements of one work by one peer.
#[derive(Clone, Debug, Default)]
pub struct Series {
    pub samples: Vec<Sample>,
    /// Why there are no more.
    pub end: Option<End<()>>,
}

impl Series {
    fn values(&self, value: impl Fn(&Sample) -> Option<f64>) -> Vec<f64> {
        let mut values: Vec<f64> = self.samples.iter().filter_map(value).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// In seconds: least, median, most.
    pub fn seconds(&self) -> Option<[f64; 3]> {
        let values = self.values(|sample| Some(sample.seconds)).into_boxed_slice();
        self.end.is_none().then_some([*values.first()?, median(&values)?, *values.last()?])
    }

    /// The median, in seconds on processors.
    pub fn cpu(&self) -> Option<f64> {
        median(&self.values(|sample| sample.cpu))
    }

    /// The largest, in bytes.
    pub fn peak(&self) -> Option<u64> {
        self.samples.iter().filter_map(|sample| sample.peak).max()
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    Some((sorted[low] + sorted[high]) / 2.0)
}

/// The most memory of isomount, in bytes, while it was walked over the largest tree once, and that many times.
#[derive(Clone, Copy, Debug)]
pub struct Walks {
    pub files: u32,
    pub count: usize,
    pub first: u64,
    pub all: u64,
    /// At the end, without the pages of files.
    pub own: u64,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Results {
    pub series: BTreeMap<(String, Peer), Series>,
    pub walks: Option<Walks>,
    /// How long a peer may take for one thing.
    longest: Duration,
}

impl Results {
    pub fn get(&self, key: &str, peer: Peer) -> Option<&Series> {
        self.series.get(&(key.to_owned(), peer))
    }

    /// The median, in seconds.
    pub fn seconds(&self, key: &str, peer: Peer) -> Option<f64> {
        self.get(key, peer)?.seconds().map(|[_, median, _]| median)
    }

    fn has_ended(&self, work: &Work, peer: Peer) -> bool {
        self.get(&work.key, peer).is_some_and(|series| series.end.is_some())
    }

    /// How long a peer may take.
    fn limit(&self, key: &str, peer: Peer) -> Duration {
        if matches!(peer, Peer::Isomount | Peer::Null) {
            return PATIENCE;
        }
        let own = self.seconds(key, Peer::Isomount).map(Duration::from_secs_f64);
        own.map_or(self.longest, |own| (own * TIMES).clamp(SHORTEST_LIMIT, self.longest))
    }

    fn add(&mut self, key: String, peer: Peer, end: End<Sample>) -> bool {
        let series = self.series.entry((key, peer)).or_default();
        match end {
            End::Done(sample) => series.samples.push(sample),
            End::Fails => series.end = Some(End::Fails),
            End::Late(limit) => series.end = Some(End::Late(limit)),
        }
        series.end.is_none()
    }
}

/// Measures.
pub fn measure(
    works: &[Work],
    rounds: usize,
    scale: &Scale,
    shelf: &Shelf,
    say: impl Fn(&str),
) -> Result<Results> {
    let mut results = Results { longest: scale.longest, ..Results::default() };
    for round in 0..rounds {
        for work in works.iter().filter(|work| !work.is_long || round < LONG_ROUNDS) {
            let mut peers = work.peers.clone();
            peers.rotate_left(round % work.peers.len().max(1));
            for peer in peers {
                if !results.has_ended(work, peer) {
                    say(&format!("round {} of {rounds}: {}, {}", round + 1, work.key, peer.name()));
                    measure_one(&mut results, work, peer, shelf)?;
                }
            }
        }
    }
    Ok(results)
}

fn measure_one(results: &mut Results, work: &Work, peer: Peer, shelf: &Shelf) -> Result<()> {
    if peer == Peer::Inflate {
        let took = End::Done(inflate(shelf, work.image)?);
        results.add(work.key.clone(), peer, with_costs(took, None, 0.0));
        return Ok(());
    }
    let image = shelf.path(work.image, peer.format());
    let limit = results.limit(&work.key, peer);
    if let Task::Extract(target) = work.task {
        let took = extract::run(peer, work.image, &image, shelf, target, limit)?;
        results.add(work.key.clone(), peer, with_costs(took, None, 0.0));
        return Ok(());
    }
    images::warm(work.image, &image)?;
    let mount_limit = if limit == PATIENCE { PATIENCE } else { results.longest };
    let mount = match Mount::new(peer, &image, work.options(), mount_limit)? {
        End::Done(mount) => mount,
        End::Fails => {
            results.add(work.key.clone(), peer, End::Fails);
            return Ok(());
        }
        End::Late(limit) => {
            results.add(work.key.clone(), peer, End::Late(limit));
            return Ok(());
        }
    };
    if work.task == Task::Mount {
        let mut took = work::run(work.task, work.image, mount.path(), limit)?;
        if let End::Done(took) = &mut took {
            *took += mount.took;
        }
        results.add(work.key.clone(), peer, with_costs(took, Some(&mount), 0.0));
        return Ok(());
    }
    let once = |limit| -> Result<End<Sample>> {
        let cpu = mount.process.and_then(process::cpu).unwrap_or(0.0);
        mount.process.inspect(|process| process::forget_peak(*process));
        Ok(with_costs(work::run(work.task, work.image, mount.path(), limit)?, Some(&mount), cpu))
    };
    let is_done = results.add(work.key.clone(), peer, once(limit)?);
    if work.is_repeated && is_done {
        let limit = results.limit(&work.again(), peer);
        results.add(work.again(), peer, once(limit)?);
    }
    Ok(())
}

/// Adds what the daemon used since it had used `cpu` seconds.
fn with_costs(took: End<Duration>, mount: Option<&Mount>, cpu: f64) -> End<Sample> {
    let process = mount.and_then(|mount| mount.process);
    match took {
        End::Done(took) => End::Done(Sample {
            seconds: took.as_secs_f64(),
            cpu: process.and_then(process::cpu).map(|now| now - cpu),
            peak: process.and_then(process::peak),
        }),
        End::Fails => End::Fails,
        End::Late(limit) => End::Late(limit),
    }
}

/// Unpacks every block of the zisofs image on one core.
fn inflate(shelf: &Shelf, image: Image) -> Result<Duration> {
    let (blocks, len) = shelf.packed_blocks(image)?;
    let mut out = vec![0; len];
    let mut state = Decompress::new(true);
    let start = Instant::now();
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        state.reset(true);
        state.decompress(block, &mut out, FlushDecompress::Finish)?;
    }
    Ok(start.elapsed())
}

/// Walks over the largest tree, many times with one daemon, each with nothing left in the kernel.
pub fn walk(scale: &Scale, shelf: &Shelf) -> Result<Option<Walks>> {
    let Some((_, files)) = scale.trees.last() else { return Ok(None) };
    let image = Image::Tree(*files);
    let path = shelf.path(image, Peer::Isomount.format());
    images::warm(image, &path)?;
    let End::Done(mount) = Mount::new(Peer::Isomount, &path, "", PATIENCE)? else { return Ok(None) };
    let Some(process) = mount.process else { return Ok(None) };
    let mut peaks = Vec::new();
    for _ in 0..scale.walks {
        fs::write("/proc/sys/vm/drop_caches", "2")?;
        let End::Done(_) = work::run(Task::Find, image, mount.path(), PATIENCE)? else { return Ok(None) };
        peaks.extend(process::peak(process));
    }
    let (Some(first), Some(all), Some(own)) = (peaks.first(), peaks.last(), process::own(process)) else {
        return Ok(None);
    };
    Ok(Some(Walks { files: *files, count: scale.walks, first: *first, all: *all, own }))
}
