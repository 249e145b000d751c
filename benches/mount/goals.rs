//! What is wanted, and whether it is so.

use crate::{
    measure::Results,
    peers::Peer::{self, Bsdtar, Erofs, Fuseiso, Inflate, Isomount, Null, SevenZip, Xorriso},
    work::Scale,
};

/// One condition of a goal.
#[derive(Debug)]
pub struct Goal {
    pub number: u8,
    pub what: String,
    pub wanted: String,
    /// The figure, and whether it is as wanted; nothing where a part is not measured.
    pub measured: Option<(String, bool)>,
}

impl Goal {
    pub fn verdict(&self) -> &'static str {
        match self.measured {
            Some((_, true)) => "met",
            Some((_, false)) => "**not met**",
            None if self.number == 5 => "a test",
            None => "not measured",
        }
    }
}

/// The caches of isomount as they are by default, in bytes.
const CACHE: u64 = 16 << 20;
/// What a walk may take beside the caches, in bytes.
const WALK: u64 = 24 << 20;

/// Every goal, with the medians of one run.
pub fn all(results: &Results, scale: &Scale) -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut add = |number, what: &str, wanted: &str, measured| {
        goals.push(Goal { number, what: what.to_owned(), wanted: wanted.to_owned(), measured });
    };
    let time = |key: &str, peer: Peer| results.seconds(key, peer);
    // Time of isomount, that of the other is 1; speed the other way round.
    let times = |key: &str, peer: Peer| Some(time(key, Isomount)? / time(key, peer)?);
    let speed = |key: &str, peer: Peer| Some(time(key, peer)? / time(key, Isomount)?);
    let at_most = |ratio: Option<f64>, most: f64| ratio.map(|r| (format!("{r:.2}"), r <= most));
    let at_least = |ratio: Option<f64>, least: f64| ratio.map(|r| (format!("{r:.2}"), r >= least));

    add(1, "`seq-1m`, throughput", "≥ 0.95 × null", at_least(speed("seq-1m", Null), 0.95));
    add(1, "`seq-1m`, throughput", "≥ 4 × fuseiso", at_least(speed("seq-1m", Fuseiso), 4.0));
    add(2, "`tar`, time", "≤ 1.15 × null", at_most(times("tar", Null), 1.15));
    add(2, "`tar`, time", "≤ 1.2 × erofs", at_most(times("tar", Erofs), 1.2));
    add(2, "`tar`, time", "≤ 0.33 × fuseiso", at_most(times("tar", Fuseiso), 1.0 / 3.0));
    add(3, "`find`, time", "≤ 1.25 × null", at_most(times("find", Null), 1.25));
    let measured = times("find", Erofs).map(|r| (format!("{r:.2}"), r < 1.0));
    add(3, "`find`, time", "< erofs", measured);
    add(3, "`find`, time", "≤ 0.25 × fuseiso", at_most(times("find", Fuseiso), 0.25));
    let measured = times("find-wide", Fuseiso).map(|r| (format!("{r:.2}"), r < 1.0 / 3.0));
    add(3, "`find-wide`, time", "< 0.33 × fuseiso", measured);
    let linear = |peer| Some(time("find-wide", peer)? / time("find-quarter", peer)? / 4.0);
    add(3, "`find-wide`, time per entry", "≤ 1.3 × `find-quarter`", at_most(linear(Isomount), 1.3));
    add(4, "`random-1`, reads per second", "≥ 0.9 × null", at_least(speed("random-1", Null), 0.9));
    let gain = |peer| Some(time("random-1", peer)? / time("random-4", peer)?);
    let measured = at_least(gain(Isomount), 1.6).map(|(ratio, is_met)| {
        let null = gain(Null).map_or(String::new(), |gain| format!(" (null: {gain:.2})"));
        (ratio + &null, is_met)
    });
    add(4, "`random-4`, reads per second", "≥ 1.6 × `random-1`", measured);
    let test = "none: `a_second_time_nothing_reaches_the_daemon` in `tests/requests.rs`";
    add(5, "requests the second time", test, None);
    let later = || Some((time("mount", Isomount)? - time("mount", Null)?) * 1e3);
    add(6, "`mount`, time", "≤ null + 5 ms", later().map(|ms| (format!("null {ms:+.1} ms"), ms <= 5.0)));

    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let walks = results.walks;
    let measured = walks.map(|w| (format!("{:.1} MiB", mib(w.first)), w.first <= CACHE + WALK));
    let files = scale.trees.last().map_or(0, |(_, files)| *files);
    let what = format!("most memory, a walk over {files} files");
    add(7, &what, "≤ 24 MiB + 16 MiB of caches", measured);
    let growth = walks.map(|w| w.all as f64 / w.first as f64);
    let count = walks.map_or(scale.walks, |w| w.count);
    add(7, &format!("most memory, {count} walks"), "≤ 1.05 × that of one walk", at_most(growth, 1.05));
    add(8, "`zisofs-seq`, throughput", "≥ inflate on one core", at_least(speed("zisofs-seq", Inflate), 1.0));

    let files: Vec<(&str, f64)> = scale.trees.iter().map(|(key, files)| (*key, f64::from(*files))).collect();
    let what = format!("time per file, {}", keys(&files));
    add(9, &what, "within 15 %", spread(results, &files, 1e6, "µs"));
    let bytes: Vec<(&str, f64)> =
        scale.sparse.iter().map(|(key, len)| (*key, *len as f64 / 1024.0)).collect();
    let what = format!("time per KiB, {}", keys(&bytes));
    add(9, &what, "within 15 %", spread(results, &bytes, 1e9, "ns"));

    for key in ["extract-disk", "extract-memory"] {
        for peer in [Bsdtar, SevenZip, Xorriso] {
            let measured = times(key, peer).map(|r| (format!("{r:.2}"), r < 1.0));
            add(10, &format!("`{key}`, time"), &format!("< {}", peer.name()), measured);
        }
    }
    goals
}

fn keys(works: &[(&str, f64)]) -> String {
    works.iter().map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// The largest time of one file or KiB against the smallest, over works with so many each.
fn spread(results: &Results, works: &[(&str, f64)], unit: f64, name: &str) -> Option<(String, bool)> {
    let of = |peer| -> Option<Vec<f64>> {
        works.iter().map(|(key, count)| Some(results.seconds(key, peer)? / count * unit)).collect()
    };
    let ratio = |values: &[f64]| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        values.iter().copied().fold(0.0, f64::max) / least
    };
    let own = of(Isomount)?;
    let null = of(Null).map_or(String::new(), |null| format!("; null: {:.2}", ratio(&null)));
    let values: Vec<String> = own.iter().map(|value| format!("{value:.1}")).collect();
    let found = ratio(&own);
    Some((format!("{found:.2} ({} {name}{null})", values.join(", ")), found <= 1.15))
}
