//! Where it was measured, and with what.

use std::{fs, process::Command, thread};

use crate::{peers::Peer, process};

/// What a program writes in its first line, nothing where it fails.
fn line(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn package(name: &str) -> String {
    line("dpkg-query", &["-W", "-f", "${Version}", name]).unwrap_or_else(|| "unknown version".into())
}

/// Facts as name and text.
pub fn facts(peers: &[Peer]) -> Vec<(&'static str, String)> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = process::kib(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0) as f64 / f64::from(1 << 30);
    let kernel = read("/proc/sys/kernel/osrelease");
    let commit = line("git", &["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"]);
    let commit = commit.map_or(String::new(), |commit| format!(" ({commit})"));
    let mut programs = vec![format!("isomount {}{commit}", env!("CARGO_PKG_VERSION"))];
    let tools = [
        (Some(Peer::Fuseiso), "fuseiso"),
        (Some(Peer::Archivemount), "archivemount"),
        (Some(Peer::Erofs), "erofs-utils"),
        (Some(Peer::Squashfs), "squashfs-tools"),
        (Some(Peer::Bsdtar), "libarchive-tools"),
        (Some(Peer::SevenZip), "p7zip-full"),
        (None, "xorriso"),
        (None, "genisoimage"),
        (None, "fio"),
        (None, "findutils"),
        (None, "tar"),
        (None, "coreutils"),
    ];
    for (_, name) in tools.iter().filter(|(peer, _)| peer.is_none_or(|peer| peers.contains(&peer))) {
        programs.push(format!("{name} {}", package(name)));
    }
    vec![
        ("Date", line("date", &["-u", "+%F"]).unwrap_or_default()),
        ("Machine", format!("{model}, {cores} cores, {memory:.0} GiB")),
        ("Kernel", kernel.trim().to_owned()),
        ("Programs", programs.join(", ")),
    ]
}
