//! Which files are lists of checksums: what programs and people call them.

use crate::tree::Algorithm;

/// What programs and people put behind the name of an algorithm.
const ENDINGS: [&str; 8] = ["", "sum", "sums", "sum.txt", "sums.txt", ".txt", "sum.all", "sums.all"];

/// Names without an algorithm in them.
const NAMES: [&str; 5] = ["checksum", "checksums", "checksum.txt", "checksums.txt", "checksum.all"];

/// The file of Fedora.
const TREE_INFO: [&str; 2] = [".treeinfo", "treeinfo"];

/// How a list of checksums is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A checksum on each line, made as the name of the list says.
    Lines(Option<Algorithm>),
    /// The file of Fedora, of which a section has checksums.
    TreeInfo,
}

/// How a file of that name is read; `None` for one that is no list.
pub(super) fn form(name: &[u8]) -> Option<Form> {
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    if TREE_INFO.contains(&name.as_str()) {
        return Some(Form::TreeInfo);
    }
    if NAMES.contains(&name.as_str()) {
        return Some(Form::Lines(None));
    }
    for (algorithm, word, _) in Algorithm::ALL {
        let is_named = name.strip_prefix(word).is_some_and(|ending| ENDINGS.contains(&ending));
        let ends = |ending: &str| name.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.'));
        if is_named || ends(word) || ends(&format!("{word}sum")) || ends(&format!("{word}sums")) {
            return Some(Form::Lines(Some(algorithm)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_known_by_their_names() {
        for (name, expected) in [
            ("md5sum.txt", Some(Form::Lines(Some(Algorithm::Md5)))),
            ("MD5SUMS", Some(Form::Lines(Some(Algorithm::Md5)))),
            ("SHA256SUMS", Some(Form::Lines(Some(Algorithm::Sha256)))),
            ("sha512sum.txt", Some(Form::Lines(Some(Algorithm::Sha512)))),
            ("airootfs.sha512", Some(Form::Lines(Some(Algorithm::Sha512)))),
            ("disc.md5", Some(Form::Lines(Some(Algorithm::Md5)))),
            ("a.sha1sum", Some(Form::Lines(Some(Algorithm::Sha1)))),
            ("CHECKSUMS", Some(Form::Lines(None))),
            (".treeinfo", Some(Form::TreeInfo)),
            ("md5", Some(Form::Lines(Some(Algorithm::Md5)))),
            ("md5summer.exe", None),
            ("notes.txt", None),
            ("libsha1.so", None),
        ] {
            assert_eq!(form(name.as_bytes()), expected, "{name}");
        }
    }
}
