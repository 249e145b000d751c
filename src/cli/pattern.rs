//! Patterns for names and paths inside an image, as a shell has them.
//!
//! Names are bytes, and patterns are matched as text: a byte that is not UTF-8 is one character, the same in pattern and name, so that
//! `*`, `?`, sets and the byte itself match it.

use std::borrow::Cow;

use glob::MatchOptions;

use super::exit::{Exit, Failure};
use crate::text;

/// What makes a path a pattern.
pub(super) const SPECIAL: [u8; 3] = *b"*?[";

/// A `*` is for the names of one directory, those that begin with a period too. Case is made equal on both sides before.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Where the characters are that stand for bytes which are not UTF-8, at the end of what Unicode leaves to everybody's own use.
const PRIVATE: u32 = 0x10_ff00;

/// A pattern: `*`, `?`, sets in brackets, and `**` for any directories.
#[derive(Debug)]
pub(super) struct Pattern {
    glob: glob::Pattern,
    /// Whether it is for paths from the root on, not for names alone.
    is_path: bool,
    ignores_case: bool,
}

impl Pattern {
    /// A pattern for names, wherever they are, or, where it has a `/` that is not its end, for paths from the root on.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn parse(typed: &[u8], ignores_case: bool) -> Result<Self, Failure> {
        let names = typed.split(|b| *b == b'/').rev().skip_while(|name| name.is_empty());
        let is_path = names.count() > 1;
        Self::new(typed, is_path, ignores_case).map_err(|error| {
            let text =
                format!("pattern {}: {}; [*] is a star, [[] a bracket", text::escape(typed), error.msg);
            Failure::new(Exit::Usage, text)
        })
    }

    /// A pattern for paths from the root on; `None` when it is none.
    pub(super) fn of_paths(typed: &[u8]) -> Option<Self> {
        Self::new(typed, true, false).ok()
    }

    fn new(typed: &[u8], is_path: bool, ignores_case: bool) -> Result<Self, glob::PatternError> {
        let names = typed.split(|b| *b == b'/').filter(|name| !matches!(*name, b"" | b"."));
        let path = names.collect::<Vec<_>>().join(&b'/');
        Ok(Self { glob: glob::Pattern::new(&as_text(&path, ignores_case))?, is_path, ignores_case })
    }

    /// Whether it is for what is at a path: names with one `/` between each two.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        let name = || path.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let subject = if self.is_path { path } else { name() };
        self.glob.matches_with(&as_text(subject, self.ignores_case), OPTIONS)
    }
}

fn as_text(bytes: &[u8], ignores_case: bool) -> Cow<'_, str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(with_private(bytes)),
    };
    if ignores_case { Cow::Owned(text.to_lowercase()) } else { text }
}

fn with_private(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|b| char::from_u32(PRIVATE | u32::from(*b))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> bool {
        Pattern::parse(glob.as_ref(), false).unwrap().matches(path.as_ref())
    }

    #[test]
    fn patterns_are_for_names_or_paths() {
        for (glob, path, expected) in [
            ("*.txt", "a/b/c.txt", true),
            ("*.txt", "a.txt/b", false),
            ("?", "a/ä", true),
            ("[ä-ü]", "ö", true),
            ("*", ".hidden", true),
            ("a/*", "a/b", true),
            ("/a//./*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("a/**", "a/b/c", true),
            ("**/c", "a/b/c", true),
            ("**/c", "c", true),
            ("/c", "c", true),
            ("/c", "a/c", false),
            ("c/", "a/c", true),
            ("A", "a", false),
            ("{a,b}", "a", false),
            ("{a,b}", "{a,b}", true),
            ("[*]\\", "*\\", true),
        ] {
            assert_eq!(matches(glob, path), expected, "{glob} {path}");
        }
        for bad in ["[a", "***", "a**"] {
            assert_eq!(Pattern::parse(bad.as_ref(), false).unwrap_err().exit, Exit::Usage, "{bad}");
        }
    }

    #[test]
    fn paths_begin_at_the_root() {
        let matches = |path: &[u8]| Pattern::of_paths(b"*.txt").unwrap().matches(path);
        assert!(matches(b"a.txt") && !matches(b"d/a.txt"));
        assert!(Pattern::of_paths(b"[").is_none());
    }

    #[test]
    fn case_can_be_ignored() {
        let pattern = Pattern::parse("[Ä-Ü]*/X".as_bytes(), true).unwrap();
        assert!(pattern.matches("äb/x".as_bytes()) && pattern.matches("ÖB/X".as_bytes()));
    }

    #[test]
    fn bytes_that_are_no_text_are_characters() {
        let name = b"a\xff\xfeb";
        for (glob, expected) in [
            (&b"*"[..], true),
            (b"a??b", true),
            (b"a?b", false),
            (b"a\xff*", true),
            (b"a\xfe*", false),
            (b"a[\x80-\xff][!\xff]b", true),
            (name, true),
        ] {
            assert_eq!(matches(glob, name), expected, "{}", text::escape(glob));
        }
    }
}
