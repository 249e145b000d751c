//! The plot.

use std::{fmt::Write, fs, path::Path, process::Command};

use crate::{
    Result,
    images::Image,
    measure::Results,
    peers::Peer,
    process::{self, End},
    work::Work,
};

const COLOURS: [(Peer, &str); 7] = [
    (Peer::Null, "#9aa0a6"),
    (Peer::Erofs, "#4c78a8"),
    (Peer::Squashfs, "#72b7b2"),
    (Peer::Isofs, "#54a24b"),
    (Peer::Udf, "#b279a2"),
    (Peer::Fuseiso, "#f58518"),
    (Peer::Archivemount, "#e45756"),
];

/// Works that say what others say already.
const LEFT_OUT: [&str; 7] =
    ["find-quarter", "ls-wide", "random-2", "random-8", "seq-128k", "find-10k", "find-100k"];

/// Bars of every peer for every work: time relative to isomount, which is the line at 1, on a logarithmic axis.
pub fn draw(results: &Results, works: &[Work], path: &Path) -> Result<()> {
    let is_shown = |work: &&Work| {
        let is_known = |(peer, _): &(Peer, &str)| ratio(results, &work.key, *peer).is_some();
        let is_wanted = !LEFT_OUT.contains(&work.key.as_str()) && !matches!(work.image, Image::Sparse(_));
        is_wanted && COLOURS.iter().any(is_known)
    };
    let works: Vec<&Work> = works.iter().filter(is_shown).collect();
    let peers: Vec<(Peer, &str)> = COLOURS
        .into_iter()
        .filter(|(peer, _)| works.iter().any(|work| ratio(results, &work.key, *peer).is_some()))
        .collect();
    if works.is_empty() || peers.is_empty() {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let script = directory.path().join("plot");
    fs::write(&script, script_of(results, &works, &peers, path)?)?;
    process::run(Command::new("gnuplot").arg(script))
}

/// Time relative to isomount, and whether the peer was stopped after it.
fn ratio(results: &Results, key: &str, peer: Peer) -> Option<(f64, bool)> {
    let own = results.seconds(key, Peer::Isomount)?;
    let series = results.get(key, peer)?;
    match series.end {
        None => Some((series.seconds()?[1] / own, false)),
        Some(End::Late(limit)) => Some((limit.as_secs_f64() / own, true)),
        Some(_) => None,
    }
}

fn script_of(results: &Results, works: &[&Work], peers: &[(Peer, &str)], path: &Path) -> Result<String> {
    let width = 120 + 90 * works.len().max(7);
    let terminal = match path.extension().and_then(|e| e.to_str()) {
        Some("png") => "pngcairo",
        _ => "svg dynamic",
    };
    let mut script = format!(
        "set terminal {terminal} size {width},520 font 'sans-serif,13' background '#ffffff'\n\
         set output '{}'\n\
         set title 'Time relative to isomount: above the line slower, below faster'\n\
         set key outside top center horizontal samplen 1 spacing 1.6\n\
         set bmargin 4\nset border 2\n\
         set tics nomirror\n\
         set xtics scale 0\n\
         set grid ytics linetype 1 linewidth 1 linecolor '#dddddd'\n\
         set style fill solid 1.0\n\
         set ytics ('⅛×' -3, '¼×' -2, '½×' -1, 'isomount' 0, '2×' 1, '4×' 2, '8×' 3, '16×' 4, '32×' 5, '64×' 6, '128×' 7)\n",
        path.display()
    );
    let slot = 0.84 / peers.len() as f64;
    let mut tics = Vec::new();
    let mut blocks = String::new();
    let (mut least, mut most) = (-1.0_f64, 1.0_f64);
    for (i, work) in works.iter().enumerate() {
        // Long names take two lines.
        let is_long = work.key.len() > 7;
        let name = if is_long { work.key.replacen('-', "-\\n", 1) } else { work.key.clone() };
        tics.push(format!("\"{name}\" {i}"));
    }
    for (at, (peer, _)) in peers.iter().enumerate() {
        writeln!(blocks, "$peer{at} << END")?;
        for (i, work) in works.iter().enumerate() {
            let Some((ratio, is_late)) = ratio(results, &work.key, *peer) else { continue };
            let height = ratio.log2();
            (least, most) = (least.min(height), most.max(height));
            let x = i as f64 + (at as f64 + 0.5) * slot - 0.42;
            writeln!(blocks, "{x:.3} {height:.3} {}", if is_late { "↑" } else { "." })?;
        }
        writeln!(blocks, "END")?;
    }
    script += &blocks;
    let x_end = works.len() as f64 - 0.5;
    writeln!(script, "set xtics ({})", tics.join(", "))?;
    writeln!(script, "set xrange [-0.5:{x_end}]\nset yrange [{:.1}:{:.1}]", least - 0.3, most + 0.5)?;
    writeln!(script, "set arrow from -0.5,0 to {x_end},0 nohead linewidth 2 linecolor '#000000' front")?;
    writeln!(script, "set boxwidth {:.3}", slot * 0.92)?;
    let boxes = peers.iter().enumerate().map(|(at, (peer, colour))| {
        let title = peer.name();
        format!("$peer{at} using 1:2 with boxes linecolor '{colour}' title '{title}'")
    });
    let arrows = (0..peers.len()).map(|at| {
        format!("$peer{at} using 1:2:(strcol(3) eq '.' ? '' : strcol(3)) with labels offset 0,0.6 notitle")
    });
    writeln!(script, "plot {}", boxes.chain(arrows).collect::<Vec<_>>().join(", "))?;
    Ok(script)
}
