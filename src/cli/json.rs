//! `isomount ls --json`: one object for each file, of the shape that `docs/CLI.md` has.

use serde::Serialize;

use super::{
    answer::{from_root, joined, number},
    attribute,
    long::moment,
};
use crate::{
    error::Error,
    text::{self, hex},
    tree::{Kind, Stat, Tree, Walked},
};

/// What is known of a file; `null` what is not, or does not belong to its type.
#[derive(Debug, Serialize)]
struct Object {
    path: String,
    path_hex: Option<String>,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    mode: Option<String>,
    links: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
    size: Option<u64>,
    modified: Option<String>,
    target: Option<String>,
    target_hex: Option<String>,
    device: Option<Number>,
    inode: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Vec<Attribute>>,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Number {
    major: u32,
    minor: u32,
}

/// An extended attribute.
#[derive(Debug, Serialize)]
struct Attribute {
    name: String,
    name_hex: Option<String>,
    value_hex: Option<String>,
}

/// The object of what a walk that began at `start` has met, on one line.
pub(super) fn object(tree: &Tree, start: &[u8], walked: &Walked, has_attributes: bool) -> String {
    let path = joined(start, &walked.path);
    let stat = walked.stat.as_ref().ok();
    let known = |kind| stat.filter(|stat| stat.kind == kind);
    let target = known(Kind::Symlink).map(|stat| tree.read_link(stat.id)).transpose();
    let attributes = stat.filter(|_| has_attributes).map(|stat| attributes(tree, stat)).transpose();
    let error = [walked.stat.as_ref().err(), walked.unlisted.as_ref()].into_iter().flatten().next();
    let error = error.or(target.as_ref().err()).or(attributes.as_ref().err()).map(Error::to_string);
    let target = target.unwrap_or_default();
    let absolute = [b"/", path.as_slice()].concat();
    let object = Object {
        path: std::str::from_utf8(&absolute).map_or_else(|_| from_root(&path), str::to_owned),
        path_hex: hex_unless_text(&absolute),
        kind: stat.map(|stat| word(stat.kind)),
        mode: stat.map(|stat| format!("{:04o}", stat.permissions)),
        links: stat.map(|stat| stat.links),
        uid: stat.map(|stat| stat.uid),
        gid: stat.map(|stat| stat.gid),
        size: stat.map(|stat| stat.size),
        modified: stat.and_then(moment).map(|at| format!("{at:.9}")),
        target: target.as_deref().map(readable),
        target_hex: target.as_deref().and_then(hex_unless_text),
        device: stat
            .and_then(|stat| stat.device)
            .map(|device| Number { major: device.major, minor: device.minor }),
        inode: stat.map(|stat| number(tree, stat.id)),
        attributes: attributes.unwrap_or_default(),
        error,
    };
    // Nothing in it can fail to be written: all keys are text.
    harmless(&serde_json::to_string(&object).unwrap_or_default())
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
        Kind::CharDevice => "char",
        Kind::BlockDevice => "block",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
    }
}

fn attributes(tree: &Tree, stat: &Stat) -> Result<Vec<Attribute>, Error> {
    let names = attribute::names(tree, stat.id, stat.kind)?;
    let attributes = names.iter().map(|name| Attribute {
        name: readable(name),
        name_hex: hex_unless_text(name),
        value_hex: tree.attribute(stat.id, name).ok().map(|value| hex(&value)),
    });
    Ok(attributes.collect())
}

/// The bytes as they are where they are UTF-8, else escaped.
pub(super) fn readable(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| text::escape(bytes), str::to_owned)
}

/// What says exactly which bytes they are, where text cannot.
pub(super) fn hex_unless_text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).is_err().then(|| hex(bytes))
}

/// Paths from the root, and what says exactly which bytes each is that text cannot; `None` where text can all.
pub(super) fn paths_from_root(of: &[Vec<u8>]) -> (Vec<String>, Option<Vec<Option<String>>>) {
    let paths: Vec<Vec<u8>> = of.iter().map(|path| [b"/", path.as_slice()].concat()).collect();
    let exact: Vec<Option<String>> = paths.iter().map(|path| hex_unless_text(path)).collect();
    let has_exact = exact.iter().any(Option::is_some);
    (paths.iter().map(|path| readable(path)).collect(), has_exact.then_some(exact))
}

/// JSON in which every character that a terminal obeys is written as `\uXXXX`: serde_json does that below U+0020 only. Outside
/// of strings there is none.
pub(super) fn harmless(json: &str) -> String {
    if !json.chars().any(text::is_disguise) {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if text::is_disguise(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_nothing_that_a_terminal_obeys() {
        let text = "a\u{7f}\u{9b}31m\u{202e}\u{1b}\n\"\\";
        let json = harmless(&serde_json::to_string(text).unwrap());
        assert!(!json.chars().any(text::is_disguise), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn bytes_that_are_no_text_have_a_second_field() {
        assert_eq!((readable(b"a\\\n"), hex_unless_text(b"a\\\n")), ("a\\\n".to_owned(), None));
        assert_eq!(
            (readable(b"a\xff\\"), hex_unless_text(b"a\xff")),
            ("a\\xff\\\\".into(), Some("61ff".into()))
        );
    }
}
