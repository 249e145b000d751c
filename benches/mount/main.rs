//! Measures isomount against others: real programs on real mounts, one after the other, in rounds.
//!
//! `scripts/bench` installs what is needed and runs it; `docs/BENCHMARKS.md` says what is done and what came out.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(missing_docs, unreachable_pub)]

mod extract;
mod goals;
mod images;
mod machine;
mod measure;
mod peers;
mod plot;
mod process;
mod report;
mod work;

use std::{
    error::Error,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::Parser;
use images::{Format, Image, Shelf};
use peers::Peer;
use work::{Scale, Work};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures isomount against others.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench")]
struct Arguments {
    /// Small images and three rounds, less than two minutes in all; writes no document
    #[arg(long)]
    quick: bool,
    /// How many rounds [default: 7, quick: 3]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Only works whose name starts with WORD; may be given several times
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Keep the images in DIR, and take those that are there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Write docs/BENCHMARKS.md and docs/benchmarks.svg also after a quick run
    #[arg(long)]
    write: bool,
    /// Write no document
    #[arg(long, conflicts_with = "write")]
    no_write: bool,
    /// Draw the plot here too (.svg or .png)
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Tell each step with the seconds since the start, and print best and worst
    #[arg(short, long)]
    verbose: bool,
    /// What cargo passes
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells what is done now: in one line where someone looks, or line by line with the seconds since the start.
struct Progress {
    start: Instant,
    is_verbose: bool,
}

impl Progress {
    fn say(&self, text: &str) {
        let mut out = std::io::stderr();
        if self.is_verbose {
            eprintln!("{:6.1} {text}", self.start.elapsed().as_secs_f64());
        } else if out.is_terminal() {
            let _ = write!(out, "\r\x1b[K{text}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        return Err("loop devices and the caches of the kernel need root".into());
    }
    process::prepare()?;
    let progress = Progress { start: Instant::now(), is_verbose: arguments.verbose };
    let scale = if arguments.quick { Scale::QUICK } else { Scale::FULL };
    let rounds = arguments.rounds.unwrap_or(if scale.is_quick { 3 } else { 7 }).max(1);
    let works = chosen(&scale, &arguments.only)?;

    let target = Path::new(env!("CARGO_BIN_EXE_isomount")).parent().ok_or("no target directory")?;
    // Lives as long as it is needed, and is removed then.
    let made;
    let place = match &arguments.dir {
        Some(directory) => {
            std::fs::create_dir_all(directory)?;
            directory.canonicalize()?
        }
        None => {
            made = tempfile::Builder::new().prefix("isomount-bench").tempdir_in(target)?;
            made.path().canonicalize()?
        }
    };
    let shelf = Shelf { place };
    make_images(&works, &shelf, &progress)?;

    let mut results = measure::measure(&works, rounds, &scale, &shelf, |text| progress.say(text))?;
    if works.iter().any(|work| scale.trees.last().is_some_and(|(key, _)| work.key == *key)) {
        progress.say("memory of many walks");
        results.walks = measure::walk(&scale, &shelf)?;
    }
    drop(progress);
    let goals = goals::all(&results, &scale);
    let is_whole = arguments.only.is_empty();
    let shown = goals.iter().filter(|goal| is_whole || goal.measured.is_some());
    println!("{}\n{}", report::medians(&results, &works), report::extractions(&results, &works));
    println!("{}", report::verdicts(shown));
    if arguments.verbose {
        println!("{}\n{}", report::spreads(&results, &works), report::memory(&results, &works));
    }
    if let Some(path) = &arguments.plot {
        plot::draw(&results, &works, path)?;
    }
    if arguments.write || !(arguments.quick || arguments.no_write) {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let repeat = if arguments.quick { "scripts/bench --quick --write" } else { "scripts/bench" };
        let peers: Vec<Peer> = Peer::ALL.into_iter().filter(|peer| peer.is_there()).collect();
        let facts = machine::facts(&peers);
        let text = report::document(&results, &works, &goals, &facts, rounds, repeat);
        plot::draw(&results, &works, &docs.join("benchmarks.svg"))?;
        report::write(&docs.join("BENCHMARKS.md"), &text)?;
    }
    Ok(())
}

/// The works that are wanted, with the peers that are there.
fn chosen(scale: &Scale, only: &[String]) -> Result<Vec<Work>> {
    if !Peer::Null.is_there() {
        return Err("there is no example null beside isomount: start scripts/bench".into());
    }
    let missing: Vec<Peer> = Peer::ALL.into_iter().filter(|peer| !peer.is_there()).collect();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|peer| peer.name()).collect();
        eprintln!("not here, and left out: {}", names.join(", "));
    }
    let mut works = work::all(scale);
    works.retain(|work| only.is_empty() || only.iter().any(|word| work.key.starts_with(word)));
    if works.is_empty() {
        let keys: Vec<String> = work::all(scale).into_iter().map(|work| work.key).collect();
        return Err(format!("no such work; there are {}", keys.join(", ")).into());
    }
    for work in &mut works {
        work.peers.retain(|peer| !missing.contains(peer));
    }
    Ok(works)
}

fn make_images(works: &[Work], shelf: &Shelf, progress: &Progress) -> Result<()> {
    let mut wanted: Vec<(Image, Vec<Format>)> = Vec::new();
    for work in works {
        let at = wanted.iter().position(|(image, _)| *image == work.image).unwrap_or_else(|| {
            wanted.push((work.image, Vec::new()));
            wanted.len() - 1
        });
        for format in work.peers.iter().map(|peer| peer.format()) {
            if !wanted[at].1.contains(&format) {
                wanted[at].1.push(format);
            }
        }
    }
    for (image, formats) in wanted {
        progress.say(&format!("making {image:?}"));
        shelf.make(image, &formats)?;
    }
    Ok(())
}
