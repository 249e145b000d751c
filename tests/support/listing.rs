//! A tree as lines, one per entry: `path type mode nlink uid gid size mtime target|rdev sha256`, tab-separated.
//!
//! The same format that a stock kernel's listings have, so that both can be compared field by field.

use std::{collections::BTreeMap, fmt::Write as _};

use isomount::tree::{Kind, Stat, Tree};
use sha2::{Digest, Sha256};

/// The fields behind the path, by path.
pub type Lines = BTreeMap<String, Vec<String>>;

pub const FIELDS: [&str; 9] = ["type", "mode", "nlink", "uid", "gid", "size", "mtime", "target", "sha256"];

/// Bytes below 32, 127 and the backslash as `\xHH`; all others as they are.
pub fn escaped(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    for b in bytes {
        if *b < 32 || *b == 127 || *b == b'\\' {
            out.extend_from_slice(format!("\\x{b:02x}").as_bytes());
        } else {
            out.push(*b);
        }
    }
    // SAFETY is no matter here: what is not UTF-8 is compared in its lossy form on both sides.
    String::from_utf8_lossy(&out).into_owned()
}

pub fn parse(text: &[u8]) -> Lines {
    String::from_utf8_lossy(text)
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            Some((fields.next()?, fields.collect()))
        })
        .collect()
}

pub fn sha256(tree: &Tree, stat: &Stat) -> String {
    let mut hasher = Sha256::new();
    let mut buf = vec![0; 1 << 16];
    let mut at = 0;
    while at < stat.size {
        match tree.read_into(stat.id, at, &mut buf) {
            Ok(0) => return format!("short@{at}"),
            Ok(n) => {
                hasher.update(&buf[..n]);
                at += n as u64;
            }
            Err(error) => return format!("!{error}@{at}"),
        }
    }
    hex(&hasher.finalize())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        write!(out, "{b:02x}").unwrap();
        out
    })
}

/// The listing of a tree, with hashes or `-` in their place.
pub fn of(tree: &Tree, with_hashes: bool) -> Lines {
    let mut lines = Lines::new();
    for entry in tree.walk() {
        let path = if entry.path.is_empty() { ".".to_owned() } else { format!("./{}", escaped(&entry.path)) };
        let stat = match entry.stat {
            Ok(stat) => stat,
            Err(error) => {
                lines.insert(path, vec![format!("!{error}")]);
                continue;
            }
        };
        let is_directory = stat.kind == Kind::Directory;
        let target = match stat.kind {
            Kind::Symlink => tree.read_link(stat.id).map_or_else(|e| format!("!{e}"), |t| escaped(&t)),
            Kind::CharDevice | Kind::BlockDevice => {
                let device = stat.device.expect("a device has a number");
                format!("{}:{}", device.major, device.minor)
            }
            _ => "-".to_owned(),
        };
        let hash = if stat.kind == Kind::File && with_hashes { sha256(tree, &stat) } else { "-".to_owned() };
        let kind = match stat.kind {
            Kind::File => "f",
            Kind::Directory => "d",
            Kind::Symlink => "l",
            Kind::CharDevice => "c",
            Kind::BlockDevice => "b",
            Kind::Fifo => "p",
            Kind::Socket => "s",
        };
        let fields = vec![
            kind.to_owned(),
            format!("{:o}", stat.permissions),
            if is_directory { "0".to_owned() } else { stat.links.to_string() },
            stat.uid.to_string(),
            stat.gid.to_string(),
            if is_directory { "0".to_owned() } else { stat.size.to_string() },
            stat.modified.seconds.to_string(),
            target,
            hash,
        ];
        lines.insert(path, fields);
    }
    lines
}

/// Lines with nothing in place of the hashes.
pub fn without_hashes(mut lines: Lines) -> Lines {
    lines.values_mut().filter_map(|fields| fields.get_mut(8)).for_each(|hash| *hash = "-".to_owned());
    lines
}

/// The differences, a line each.
pub fn differences(expected: &Lines, found: &Lines) -> Vec<String> {
    let mut all = Vec::new();
    for (path, fields) in expected {
        let Some(other) = found.get(path) else {
            all.push(format!("missing {path}"));
            continue;
        };
        if fields.len() != other.len() {
            all.push(format!("{path}: expected {fields:?}, found {other:?}"));
            continue;
        }
        for (i, (a, b)) in fields.iter().zip(other).enumerate() {
            if a != b {
                all.push(format!("{path}: {} expected {a}, found {b}", FIELDS[i]));
            }
        }
    }
    all.extend(found.keys().filter(|path| !expected.contains_key(*path)).map(|path| format!("extra {path}")));
    all
}
