//! The walls: data flows up, `use` goes down, and only as `docs/ARCHITECTURE.md` says.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Which rooms each room may name. What none of them needs a wall against (`error`, `limits`, and the helpers `bytes`,
/// `charset`, `text`, `time`, which name nothing but each other) is left out.
const ROOMS: [(&str, &[&str]); 8] = [
    ("source", &[]),
    ("container", &["source"]),
    ("volume", &["source"]),
    ("tree", &["volume"]),
    ("fs", &["tree", "volume"]),
    ("fuse", &["tree"]),
    ("open", &["source", "container", "volume", "fs", "tree"]),
    ("cli", &["open", "fuse", "tree"]),
];

const HELPERS: [&str; 6] = ["error", "limits", "bytes", "charset", "text", "time"];

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The room of a file: the folder below `src`, or the file itself.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(source_root()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a file without its comments and its tests, white space folded.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap().trim());
    lines.collect::<Vec<_>>().join(" ")
}

/// The first names behind every `crate::`, with those inside braces.
fn named(code: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => all.extend(first_name(&std::mem::take(&mut word))),
                    c if depth == 0 => word.push(c),
                    _ => {}
                }
            }
            all.extend(first_name(&word));
        } else {
            all.extend(first_name(part));
        }
    }
    all
}

fn first_name(path: &str) -> Option<String> {
    let name: String = path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    name.starts_with(|c: char| c.is_lowercase()).then_some(name)
}

#[test]
fn every_use_goes_the_way_it_may() {
    let mut crossings = Vec::new();
    for path in rust_files(&source_root()) {
        let room = room(&path);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let allowed: &[&str] = match ROOMS.iter().find(|(name, _)| *name == room) {
            Some((_, allowed)) => allowed,
            None => {
                assert!(
                    HELPERS.contains(&room.as_str()),
                    "{room} is a room that docs/ARCHITECTURE.md does not know"
                );
                &[]
            }
        };
        for name in named(&code(&path)) {
            if name != room && !allowed.contains(&name.as_str()) && !HELPERS.contains(&name.as_str()) {
                crossings.push(format!("{}: {room} names {name}", path.display()));
            }
        }
    }
    assert!(crossings.is_empty(), "{}", crossings.join("\n"));
}

#[test]
fn one_room_knows_fuser_one_file_is_unsafe() {
    for path in rust_files(&source_root()) {
        let (room, code) = (room(&path), code(&path));
        assert!(room == "fuse" || !code.contains("fuser::"), "{} names fuser", path.display());
        let may = path.ends_with("source/map.rs");
        assert!(may || !code.contains("unsafe "), "{} is unsafe", path.display());
    }
}

#[test]
fn the_waist_knows_no_format() {
    for room in ["tree", "fuse", "cli", "volume", "source"] {
        for path in rust_files(&source_root().join(room)) {
            let code = code(&path).to_lowercase();
            for word in ["iso9660", "udf", "joliet", "rock_ridge", "rockridge", "zisofs"] {
                // The command line knows the words of its options and what they set.
                let is_option = path.ends_with("cli/options.rs") || path.ends_with("cli/wishes.rs");
                assert!(is_option || !code.contains(word), "{} says {word}", path.display());
            }
        }
    }
}

#[test]
fn the_reader_of_crate_paths_sees_what_is_there() {
    let names = named("use crate::{a, b::{c, d}, e::f}; use crate::g::h; crate::i(1)");
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b", "e", "g", "i"]);
}
