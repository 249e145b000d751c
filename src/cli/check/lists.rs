//! Lists of checksums inside the image: `md5sum.txt`, `SHA256SUMS` and their kind, in the formats of GNU and of BSD, and the section
//! of `.treeinfo` that Fedora has.

use std::borrow::Cow;

use super::{
    super::{
        answer,
        list_name::{Form, form},
    },
    finder::Finder,
};
use crate::{
    bytes::{as_u64, as_usize},
    limits,
    text::from_hex,
    tree::{Algorithm, Inventory, Kind, NodeId, Tree},
};

/// A file whose checksum is in a list.
#[derive(Debug)]
pub(super) struct Listed {
    /// Its number in the inventory.
    pub(super) member: u32,
    pub(super) algorithm: Algorithm,
    pub(super) digest: Box<[u8]>,
    /// The number of the list.
    pub(super) list: usize,
}

/// A list.
#[derive(Debug)]
pub(super) struct List {
    /// The number of its name in the inventory.
    pub(super) name: u32,
    /// Files that it names.
    pub(super) named: u64,
    /// Those of them that are not there, as it writes them, and how many more there are.
    pub(super) missing: Vec<Vec<u8>>,
    pub(super) further_missing: u64,
    /// Whether it is of files that lie elsewhere too.
    pub(super) is_of_more: bool,
    /// Why not all of it was read.
    pub(super) unread: Option<String>,
}

/// All lists of an image.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) lists: Vec<List>,
    pub(super) listed: Vec<Listed>,
    /// Bytes of lists that may still be read.
    left: u64,
}

/// A line of a list.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    algorithm: Algorithm,
    digest: Box<[u8]>,
    name: Cow<'a, [u8]>,
}

/// Reads every list in the image, as long as `goes_on` says so.
pub(super) fn read(tree: &Tree, inventory: &Inventory, goes_on: &dyn Fn() -> bool) -> Lists {
    let mut all = Lists { left: limits::LISTS, ..Lists::default() };
    let mut finder = None;
    for member in inventory.members().iter().filter(|member| member.kind == Kind::File && member.size > 0) {
        for name in inventory.names_of(member) {
            let Some(form) = form(inventory.text_of(name)) else { continue };
            if !goes_on() || all.lists.len() >= limits::LIST_COUNT {
                return all;
            }
            let finder = finder.get_or_insert_with(|| Finder::new(tree, inventory));
            all.read_one(tree, finder, member.id, (name, &inventory.path(name)), form);
            // Under another name it says the same of other directories, which is not meant.
            break;
        }
    }
    all
}

impl Lists {
    fn read_one(
        &mut self,
        tree: &Tree,
        finder: &Finder<'_>,
        id: NodeId,
        (name, path): (u32, &[u8]),
        form: Form,
    ) {
        let number = self.lists.len();
        let mut list = List {
            name,
            named: 0,
            missing: Vec::new(),
            further_missing: 0,
            is_of_more: form == Form::TreeInfo,
            unread: None,
        };
        let bytes = match self.bytes_of(tree, id) {
            Ok(bytes) => bytes,
            Err(why) => {
                list.unread = Some(why);
                self.lists.push(list);
                return;
            }
        };
        let directory = directory_of(path);
        let mut is_in_section = form != Form::TreeInfo;
        for line in bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
            if form == Form::TreeInfo && line.starts_with(b"[") {
                is_in_section = line.trim_ascii() == b"[checksums]";
                continue;
            }
            let parsed = match form {
                Form::Lines(algorithm) => parse(line, algorithm),
                Form::TreeInfo => parse_tree_info(line),
            };
            let Some(parsed) = parsed.filter(|_| is_in_section) else { continue };
            list.named = list.named.saturating_add(1);
            if self.listed.len() >= limits::LISTED {
                list.unread = Some(format!("more than {} checksums are not compared", limits::LISTED));
                break;
            }
            match find(finder, directory, &parsed.name) {
                Some(member) => {
                    let Line { algorithm, digest, .. } = parsed;
                    self.listed.push(Listed { member, algorithm, digest, list: number });
                }
                None if list.missing.len() < limits::FINDINGS => list.missing.push(parsed.name.into_owned()),
                None => list.further_missing = list.further_missing.saturating_add(1),
            }
        }
        if list.named > 0 || list.unread.is_some() {
            self.lists.push(list);
        }
    }

    /// The bytes of a list, without those that cannot be read.
    fn bytes_of(&mut self, tree: &Tree, id: NodeId) -> Result<Vec<u8>, String> {
        let size = tree.stat(id).map_err(|error| error.to_string())?.size;
        self.left = self
            .left
            .checked_sub(size)
            .ok_or_else(|| format!("more than {} bytes of lists are not read", limits::LISTS))?;
        let mut bytes = vec![0; as_usize(size)];
        let mut done: u64 = 0;
        while done < size {
            let rest = bytes.get_mut(as_usize(done)..).unwrap_or_default();
            let read = tree.read_into(id, done, rest).map_err(|error| error.to_string())?;
            if read == 0 {
                break;
            }
            done = done.saturating_add(as_u64(read));
        }
        Ok(bytes)
    }
}

/// What a name in a list in that directory means: a path from there, or, where nothing is, from the root.
fn find(finder: &Finder<'_>, directory: &[u8], name: &[u8]) -> Option<u32> {
    finder.file(&joined(directory, name)).or_else(|| finder.file(name))
}

/// A path as a list in `directory` means it, without what says nothing.
fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let name = name.strip_prefix(b"./").unwrap_or(name);
    if let Some(absolute) = name.strip_prefix(b"/") {
        return absolute.to_vec();
    }
    answer::joined(directory, name)
}

/// A line in the format of GNU or of BSD; `None` for any other.
fn parse(line: &[u8], algorithm: Option<Algorithm>) -> Option<Line<'_>> {
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (algorithm, digest, name) = bsd(line).or_else(|| gnu(line, algorithm))?;
    let name = if is_escaped { Cow::Owned(unescaped(name)) } else { Cow::Borrowed(name) };
    Some(Line { algorithm, digest, name })
}

type Parts<'a> = (Algorithm, Box<[u8]>, &'a [u8]);

/// `0123abcd  name`, with a `*` in front of the name where it was read as binary.
fn gnu(line: &[u8], wanted: Option<Algorithm>) -> Option<Parts<'_>> {
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
    let (digits, behind) = line.split_at_checked(end)?;
    let digest: Box<[u8]> = from_hex(digits)?.into();
    let algorithm = Algorithm::of_length(digest.len())?;
    if wanted.is_some_and(|wanted| wanted != algorithm) {
        return None;
    }
    let name = match behind {
        [b' ', b' ' | b'*', name @ ..] => name,
        other => other.trim_ascii_start(),
    };
    (!name.is_empty()).then_some((algorithm, digest, name))
}

/// `SHA256 (name) = 0123abcd`, as openssl writes it too, without spaces.
fn bsd(line: &[u8]) -> Option<Parts<'_>> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.windows(2).rposition(|pair| matches!(pair, b") " | b")="))?;
    let word = std::str::from_utf8(line.get(..open)?).ok()?.trim();
    let algorithm = Algorithm::named(word)?;
    let name = line.get(open.checked_add(1)?..close)?;
    let behind = line.get(close.checked_add(1)?..)?.trim_ascii_start();
    let digest: Box<[u8]> = from_hex(behind.strip_prefix(b"=")?.trim_ascii())?.into();
    let is_its = Algorithm::of_length(digest.len()) == Some(algorithm);
    (is_its && !name.is_empty()).then_some((algorithm, digest, name))
}

/// `images/boot.iso = sha256:0123abcd`.
fn parse_tree_info(line: &[u8]) -> Option<Line<'_>> {
    let equals = line.iter().position(|byte| *byte == b'=')?;
    let name = line.get(..equals)?.trim_ascii();
    let value = line.get(equals.checked_add(1)?..)?.trim_ascii();
    let colon = value.iter().position(|byte| *byte == b':')?;
    let algorithm = Algorithm::named(std::str::from_utf8(value.get(..colon)?).ok()?.trim())?;
    let digest: Box<[u8]> = from_hex(value.get(colon.checked_add(1)?..)?)?.into();
    let is_its = Algorithm::of_length(digest.len()) == Some(algorithm);
    (is_its && !name.is_empty()).then_some(Line { algorithm, digest, name: name.into() })
}

/// A name in which a line feed, a carriage return and the backslash were written with a backslash.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let (meant, after) = match rest {
            [b'n', after @ ..] => (b'\n', after),
            [b'r', after @ ..] => (b'\r', after),
            [b'\\', after @ ..] => (b'\\', after),
            other => (b'\\', other),
        };
        out.push(meant);
        rest = after;
    }
    out
}

/// The directory of a path.
fn directory_of(path: &[u8]) -> &[u8] {
    path.rsplitn(2, |byte| *byte == b'/').nth(1).unwrap_or_default()
}

impl List {
    /// How many files that it names are not there.
    pub(super) fn missing_count(&self) -> u64 {
        as_u64(self.missing.len()).saturating_add(self.further_missing)
    }

    /// The path that it means by a name.
    pub(super) fn meant(&self, inventory: &Inventory, name: &[u8]) -> Vec<u8> {
        joined(directory_of(&inventory.path(self.name)), name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
    const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

    fn parsed(line: &str, algorithm: Option<Algorithm>) -> Option<(Algorithm, String)> {
        parse(line.as_bytes(), algorithm)
            .map(|line| (line.algorithm, String::from_utf8(line.name.into_owned()).unwrap()))
    }

    #[test]
    fn lines_of_every_program_are_read() {
        let md5 = Some((Algorithm::Md5, "a b".to_owned()));
        for line in [
            format!("{MD5}  a b"),
            format!("{MD5} *a b"),
            format!("{MD5} a b"),
            format!("{MD5}\ta b"),
            format!("{}  a b", MD5.to_uppercase()),
            format!("MD5 (a b) = {MD5}"),
            format!("MD5(a b)= {MD5}"),
        ] {
            assert_eq!(parsed(&line, None), md5, "{line}");
            assert_eq!(parsed(&line, Some(Algorithm::Md5)), md5, "{line}");
        }
        assert_eq!(parsed(&format!("{SHA1}  x"), None), Some((Algorithm::Sha1, "x".to_owned())));
        assert_eq!(
            parsed(&format!("SHA1 (a) b) = {SHA1}"), None),
            Some((Algorithm::Sha1, "a) b".to_owned()))
        );
        assert_eq!(parsed(&format!("\\{MD5}  a\\nb\\\\c\\x"), None).unwrap().1, "a\nb\\c\\x");
        assert_eq!(
            parsed(&format!("{MD5}    two"), None).unwrap().1,
            "  two",
            "a name that begins with spaces"
        );
    }

    #[test]
    fn lines_that_are_none_are_passed_over() {
        for line in [
            "",
            "# a comment",
            "-----BEGIN PGP SIGNED MESSAGE-----",
            "Hash: SHA256",
            MD5,
            &format!("{MD5}  "),
            &format!("{MD5}0  odd"),
            &format!("SHA256 (a) = {MD5}"),
            &format!("SHA-3 (a) = {MD5}"),
        ] {
            assert_eq!(parsed(line, None), None, "{line}");
        }
        assert_eq!(parsed(&format!("{SHA1}  x"), Some(Algorithm::Md5)), None, "not what the list is of");
    }

    #[test]
    fn the_section_of_fedora_is_read() {
        let line = format!("images/boot.iso = sha1:{SHA1}");
        let parsed = parse_tree_info(line.as_bytes()).unwrap();
        assert_eq!((parsed.algorithm, &*parsed.name), (Algorithm::Sha1, &b"images/boot.iso"[..]));
        assert!(parse_tree_info(b"version = 40").is_none());
    }

    #[test]
    fn names_are_of_the_directory_of_the_list() {
        assert_eq!(joined(b"", b"./a/b"), b"a/b");
        assert_eq!(joined(b"dir", b"a"), b"dir/a");
        assert_eq!(joined(b"dir", b"/a"), b"a");
    }
}
