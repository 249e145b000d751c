//! The results as text.

use std::{fs, path::Path};

use crate::{
    Result,
    goals::Goal,
    measure::{Results, Series},
    peers::Peer,
    process::End,
    work::{Amount, Work},
};

const BEGIN: &str = "<!-- measured: scripts/bench writes what follows -->\n";
const FINISH: &str = "<!-- measured: to here -->\n";

/// A line of the results: its key, and what the time was spent on.
fn lines(works: &[Work]) -> Vec<(String, Amount)> {
    let mut lines = Vec::new();
    for work in works.iter().filter(|work| !work.is_extraction()) {
        lines.push((work.key.clone(), work.amount));
        if work.is_repeated {
            lines.push((work.again(), work.amount));
        }
    }
    lines
}

/// A table in Markdown, if there are rows; columns of figures are aligned to the right.
fn table(head: &[&str], left: usize, rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rule = (0..head.len()).map(|i| if i < left { "---" } else { "---:" }.to_owned());
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    let all = [head, rule.collect()].into_iter().chain(rows.iter().cloned());
    all.map(|row: Vec<String>| format!("| {} |\n", row.join(" | "))).collect()
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 0.0995 => format!("{:.1} ms", s * 1e3),
        s if s < 0.9995 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// A time, or the rate that it makes.
fn figure(amount: Amount, seconds: f64) -> String {
    match amount {
        Amount::Once | Amount::Names(_) => time(seconds),
        Amount::Bytes(bytes) => format!("{:.0} MiB/s", bytes as f64 / f64::from(1 << 20) / seconds),
        Amount::Requests(count) => format!("{:.1} k/s", count as f64 / 1e3 / seconds),
    }
}

fn end(series: &Series) -> String {
    match series.end {
        Some(End::Late(limit)) => format!("> {}", time(limit.as_secs_f64())),
        Some(_) => "fails".into(),
        None => String::new(),
    }
}

/// The peers that have a result.
fn columns(results: &Results, keep: impl Fn(Peer) -> bool) -> Vec<Peer> {
    let is_there = |peer: &Peer| results.series.keys().any(|(_, found)| found == peer);
    Peer::ALL.into_iter().filter(|peer| keep(*peer) && is_there(peer)).collect()
}

/// A row for each work, a column for each of `peers`; rows without a figure are left out.
fn matrix(
    results: &Results,
    works: &[Work],
    peers: &[Peer],
    cell: impl Fn(&str, Amount, &Series) -> Option<String>,
) -> String {
    let mut rows = Vec::new();
    for (key, amount) in lines(works) {
        let cells: Vec<Option<String>> = peers
            .iter()
            .map(|peer| results.get(&key, *peer).and_then(|series| cell(&key, amount, series)))
            .collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(Option::unwrap_or_default);
            rows.push([format!("`{key}`")].into_iter().chain(cells).collect());
        }
    }
    let head: Vec<&str> = ["work"].into_iter().chain(peers.iter().map(|peer| peer.name())).collect();
    table(&head, 1, &rows)
}

/// Medians, in brackets the time of isomount as 1.
pub fn medians(results: &Results, works: &[Work]) -> String {
    matrix(results, works, &columns(results, |peer| !peer.is_extractor()), |key, amount, series| {
        Some(median(results, key, series, |seconds| figure(amount, seconds)))
    })
}

fn median(results: &Results, key: &str, series: &Series, figure: impl Fn(f64) -> String) -> String {
    let Some([_, median, _]) = series.seconds() else { return end(series) };
    let own = results.seconds(key, Peer::Isomount);
    let ratio = own.map_or(String::new(), |own| format!(" ({:.2})", median / own));
    figure(median) + &ratio
}

/// What extracting takes: a row for each peer; medians, in brackets the time of isomount as 1, and best and worst.
pub fn extractions(results: &Results, works: &[Work]) -> String {
    let works: Vec<&Work> = works.iter().filter(|work| work.is_extraction()).collect();
    let heads = works.iter().flat_map(|work| [format!("`{}`", work.key), "best and worst".to_owned()]);
    let heads: Vec<String> = std::iter::once("program".to_owned()).chain(heads).collect();
    let row = |peer: Peer| {
        let cells = works.iter().flat_map(|work| match results.get(&work.key, peer) {
            Some(series) => {
                let spread =
                    series.seconds().map(|[least, _, most]| format!("{} – {}", time(least), time(most)));
                [median(results, &work.key, series, time), spread.unwrap_or_default()]
            }
            None => Default::default(),
        });
        std::iter::once(peer.name().to_owned()).chain(cells).collect::<Vec<String>>()
    };
    let is_measured = |peer: &Peer| works.iter().any(|work| results.get(&work.key, *peer).is_some());
    let rows: Vec<Vec<String>> = Peer::ALL.into_iter().filter(is_measured).map(row).collect();
    table(&heads.iter().map(String::as_str).collect::<Vec<_>>(), 1, &rows)
}

/// Best and worst.
pub fn spreads(results: &Results, works: &[Work]) -> String {
    matrix(results, works, &columns(results, |peer| !peer.is_extractor()), |_, amount, series| {
        let Some([least, _, most]) = series.seconds() else { return Some(end(series)) };
        Some(format!("{} – {}", figure(amount, least), figure(amount, most)))
    })
}

fn processors(results: &Results, works: &[Work]) -> String {
    let cell = |_: &str, _, series: &Series| series.cpu().map(|seconds| format!("{seconds:.2}"));
    matrix(results, works, &columns(results, Peer::is_daemon), cell)
}

pub fn memory(results: &Results, works: &[Work]) -> String {
    let mib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    let cell = |_: &str, _, series: &Series| series.peak().map(mib);
    let mut text = matrix(results, works, &columns(results, Peer::is_daemon), cell);
    if let Some(walks) = results.walks {
        text += &format!(
            "\n`find` over {} files with one daemon, nothing left in the kernel in between: {} MiB at most in the first \
             walk, {} MiB in {} walks; {} MiB at the end that are no pages of the image.\n",
            walks.files,
            mib(walks.first),
            mib(walks.all),
            walks.count,
            mib(walks.own)
        );
    }
    text
}

/// Each goal with its figure.
pub fn verdicts<'a>(goals: impl Iterator<Item = &'a Goal>) -> String {
    let row = |goal: &Goal| {
        let figure = goal.measured.as_ref().map_or("", |(figure, _)| figure);
        let number = goal.number.to_string();
        let verdict = goal.verdict().to_owned();
        vec![number, goal.what.clone(), goal.wanted.clone(), figure.to_owned(), verdict]
    };
    let rows: Vec<Vec<String>> = goals.map(row).collect();
    table(&["goal", "what", "wanted", "measured", ""], 5, &rows)
}

/// All that is measured, in Markdown.
pub fn document(
    results: &Results,
    works: &[Work],
    goals: &[Goal],
    facts: &[(&str, String)],
    rounds: usize,
    repeat: &str,
) -> String {
    let facts: Vec<Vec<String>> = facts.iter().map(|(k, v)| vec![(*k).to_owned(), v.clone()]).collect();
    [
        table(&["", ""], 2, &facts),
        format!("\nTo repeat it: `{repeat}`\n\n![Time relative to isomount](benchmarks.svg)\n"),
        format!("\n### Medians of {rounds} rounds\n\nIn brackets the time relative to isomount: above 1 is slower than isomount.\n\n"),
        medians(results, works),
        "\n### Extracting\n\nWithout a mount; medians, in brackets the time relative to isomount.\n\n".into(),
        extractions(results, works),
        "\n### Goals\n\n".into(),
        verdicts(goals.iter()),
        "\n### Best and worst\n\n".into(),
        spreads(results, works),
        "\n### Most memory of the daemon, in MiB\n\n".into(),
        memory(results, works),
        "\n### Processor time of the daemon, in seconds\n\n".into(),
        processors(results, works),
    ]
    .concat()
}

/// Puts `text` between the markers of a document; what is around them stays.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let old = fs::read_to_string(path)?;
    let markers = old.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(FINISH)?.1)));
    let (before, after) = markers.ok_or_else(|| format!("{}: the markers are missing", path.display()))?;
    Ok(fs::write(path, format!("{before}{BEGIN}\n{text}\n{FINISH}{after}"))?)
}
