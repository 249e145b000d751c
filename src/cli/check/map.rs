//! Which bytes are bad, as another program or a person says: the mapfile of ddrescue, or a plain list.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use super::{
    super::{
        exit::{Exit, Failure},
        shown,
    },
    ranges::Ranges,
};
use crate::{text, tree::Extent};

/// What ddrescue calls bytes that it has.
const FINISHED: &str = "+";

/// What it calls those that it has not: not tried, not trimmed, not scraped, bad; and what it does (its first line).
const OTHERS: [&str; 6] = ["?", "*", "/", "-", "F", "G"];

/// Ranges that are taken from one file, 16 bytes each; ddrescue of a very bad disc writes some ten thousand.
const MOST: usize = 16 << 20;

/// Bytes of one line.
const LINE: u64 = 4096;

/// Reads a map.
///
/// # Errors
/// It cannot be read, or a line of it is none.
pub(super) fn read(path: &Path) -> Result<Ranges, Failure> {
    let failed = |why: String| Failure::new(Exit::Usage, format!("map {}: {why}", shown(path)));
    let file = File::open(path).map_err(|error| failed(format!("{error}; name another")))?;
    parse(BufReader::new(file)).map_err(failed)
}

fn parse(mut from: impl BufRead) -> Result<Ranges, String> {
    let mut bad = Vec::new();
    let mut line = Vec::new();
    // Of ddrescue's the first line says where it was when it wrote the file.
    let mut is_ddrescue = None;
    for number in 1u64.. {
        line.clear();
        let read = std::io::Read::take(&mut from, LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| error.to_string())? == 0 {
            break;
        }
        let wrong = |what: &str| {
            let written = text::escape(line.trim_ascii());
            Err(format!("line {number} ({written}): {what}"))
        };
        let written = String::from_utf8_lossy(&line);
        let words: Vec<&str> = written.split('#').next().unwrap_or_default().split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        if is_ddrescue.is_none() {
            is_ddrescue = Some(words.get(1).is_some_and(|word| *word == FINISHED || OTHERS.contains(word)));
            if is_ddrescue == Some(true) {
                continue;
            }
        }
        let extent = if is_ddrescue == Some(true) {
            match words.as_slice() {
                [_, _, status] if *status == FINISHED => continue,
                [at, len, status] if OTHERS.contains(status) => pair(at, len),
                _ => return wrong("neither position, size and status of ddrescue"),
            }
        } else {
            match words.as_slice() {
                [range] => range.split_once('-').and_then(|(first, last)| {
                    let (first, last) = (self::number(first)?, self::number(last)?);
                    (first <= last)
                        .then(|| Extent { at: first, len: last.saturating_sub(first).saturating_add(1) })
                }),
                [at, len] => pair(at, len),
                _ => None,
            }
        };
        let Some(extent) = extent else {
            return wrong("neither START LENGTH nor FIRST-LAST, in bytes, decimal or with 0x");
        };
        if bad.len() >= MOST {
            return Err(format!("more than {MOST} ranges"));
        }
        bad.push(extent);
    }
    Ok(Ranges::of(bad))
}

fn pair(at: &str, len: &str) -> Option<Extent> {
    Some(Extent { at: number(at)?, len: number(len)? })
}

fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Result<Vec<(u64, u64)>, String> {
        parse(text.as_bytes()).map(|ranges| ranges.iter().map(|r| (r.at, r.len)).collect())
    }

    #[test]
    fn maps_of_ddrescue_are_read() {
        let map = "# Mapfile. Created by GNU ddrescue version 1.27\n# current_pos  current_status  current_pass\n\
            0x00010000     -               1\n#      pos        size  status\n0x00000000  0x00010000  +\n\
            0x00010000  0x00000800  -\n0x00010800  0x00000800  *\n0x00020000  0x00000800  /\n0x00030000  0x100  ?\n";
        assert_eq!(ranges(map).unwrap(), [(0x10000, 0x1000), (0x20000, 0x800), (0x30000, 0x100)]);
        // Older ones have no pass.
        assert_eq!(ranges("0x0 +\n0 512 +\n512 512 -\n").unwrap(), [(512, 512)]);
        assert!(ranges("0x0 +\n512 512 x\n").unwrap_err().starts_with("line 2 (512 512 x): "));
    }

    #[test]
    fn plain_lists_are_read() {
        let list = "# bad sectors\n\n2048 2048\n0x2000-0x27ff   # the fourth\n4096 0\n8192-8192\n";
        assert_eq!(ranges(list).unwrap(), [(2048, 2048), (8192, 2048)]);
        for wrong in ["a b", "5-4", "1 2 3", "1", "-1 5", "0x 5"] {
            assert!(ranges(wrong).is_err(), "{wrong}");
        }
        assert_eq!(ranges("").unwrap(), []);
    }
}
