//! What `isomount ls --json` says, as listings have it.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::{
    listing::{self, Lines},
    mounted::PROGRAM,
};

fn bytes_of_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The bytes that two fields stand for.
pub fn raw(object: &Value, key: &str) -> Vec<u8> {
    let hex = &object[format!("{key}_hex")];
    hex.as_str().map_or_else(|| object[key].as_str().unwrap().as_bytes().to_vec(), bytes_of_hex)
}

/// The objects of `ls -R --json`.
pub fn objects(image: &Path, options: &str) -> Vec<Value> {
    let output =
        Command::new(PROGRAM).args(["ls", "-R", "--json", "-o", options]).arg(image).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What `ls -R --json` says, as listings have it, without hashes.
pub fn listed(image: &Path, options: &str) -> Lines {
    objects(image, options).iter().map(line).collect()
}

/// The path of an object, and the fields of a listing.
pub fn line(object: &Value) -> (String, Vec<String>) {
    let path = match raw(object, "path").as_slice() {
        b"/" => ".".to_owned(),
        path => format!(".{}", listing::escaped(path)),
    };
    if let Some(error) = object["error"].as_str().filter(|_| object["type"].is_null()) {
        return (path, vec![format!("!{error}")]);
    }
    let letter = match object["type"].as_str().unwrap() {
        "symlink" => "l",
        "fifo" => "p",
        word => &word[..1],
    };
    let number = |key: &str| object[key].as_u64().unwrap().to_string();
    let unless_directory = |key: &str| if letter == "d" { "0".to_owned() } else { number(key) };
    let target = match letter {
        "l" => listing::escaped(&raw(object, "target")),
        "c" | "b" => format!("{}:{}", object["device"]["major"], object["device"]["minor"]),
        _ => "-".to_owned(),
    };
    let modified: jiff::Timestamp = object["modified"].as_str().unwrap().parse().unwrap();
    let mode = u32::from_str_radix(object["mode"].as_str().unwrap(), 8).unwrap();
    let fields = vec![
        letter.to_owned(),
        format!("{mode:o}"),
        unless_directory("links"),
        number("uid"),
        number("gid"),
        unless_directory("size"),
        modified.as_nanosecond().div_euclid(1_000_000_000).to_string(),
        target,
        "-".to_owned(),
    ];
    (path, fields)
}
