//! What of an image was asked for.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use globset::{GlobBuilder, GlobMatcher};

use super::super::exit::{Exit, Failure};
use crate::text;

/// Characters that make a path a pattern.
const SPECIAL: [u8; 4] = *b"*?[{";

/// What was asked for, and what was left out.
pub(super) struct Selection {
    wanted: Vec<Wanted>,
    excluded: Vec<Excluded>,
}

/// A path or a pattern, and all below what it matches.
struct Wanted {
    /// As it was typed, for people.
    text: String,
    /// Names with one `/` between them.
    path: Vec<u8>,
    glob: Option<GlobMatcher>,
    /// The directories that lead to whatever it matches.
    start: Vec<u8>,
    is_met: bool,
}

struct Excluded {
    glob: GlobMatcher,
    /// Whether it matches a name, wherever it is.
    is_name: bool,
}

impl Selection {
    /// # Errors
    /// A pattern that is none.
    pub(super) fn new(wanted: &[OsString], excluded: &[String]) -> Result<Self, Failure> {
        let excluded = excluded.iter().map(|text| {
            let wrong = |error: globset::Error| {
                let text = text::escape(text.as_bytes());
                Failure::new(Exit::Usage, format!("--exclude {text}: {}", error.kind()))
            };
            let path = normal(text.as_bytes());
            let glob = glob(&String::from_utf8_lossy(&path)).map_err(wrong)?;
            Ok(Excluded { glob, is_name: !path.contains(&b'/') && !text.starts_with('/') })
        });
        let excluded = excluded.collect::<Result<_, Failure>>()?;
        Ok(Self { wanted: wanted.iter().map(|text| Wanted::new(text.as_bytes())).collect(), excluded })
    }

    /// Whether everything in the image was asked for.
    pub(super) fn is_all(&self) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted.path.is_empty())
    }

    /// Whether this very path was asked for; remembers what has been met.
    pub(super) fn meets(&mut self, path: &[u8]) -> bool {
        let mut is_met = self.wanted.is_empty();
        for wanted in &mut self.wanted {
            if wanted.matches(path) {
                wanted.is_met = true;
                is_met = true;
            }
        }
        is_met
    }

    /// Whether something that was asked for may be below this directory.
    pub(super) fn may_lead(&self, directory: &[u8]) -> bool {
        let is_on_way = |from: &[u8], to: &[u8]| {
            from.is_empty()
                || to.strip_prefix(from).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        };
        self.wanted
            .iter()
            .any(|wanted| is_on_way(&wanted.start, directory) || is_on_way(directory, &wanted.start))
    }

    /// Whether a path is left out; `name` is its last name.
    pub(super) fn excludes(&self, path: &[u8], name: &[u8]) -> bool {
        let matches =
            |excluded: &Excluded| excluded.glob.is_match(as_path(if excluded.is_name { name } else { path }));
        self.excluded.iter().any(matches)
    }

    /// What was asked for and is not in the image.
    pub(super) fn unmet(&self) -> impl Iterator<Item = &str> {
        self.wanted.iter().filter(|wanted| !wanted.is_met).map(|wanted| wanted.text.as_str())
    }
}

impl Wanted {
    fn new(typed: &[u8]) -> Self {
        let path = normal(typed);
        let names = path.split(|b| *b == b'/');
        let plain: Vec<&[u8]> =
            names.take_while(|name| !name.iter().any(|b| SPECIAL.contains(b) || *b == b'\\')).collect();
        let start = plain.join(&b'/');
        // One that is no pattern is a path.
        let glob = std::str::from_utf8(&path).ok().filter(|_| start.len() < path.len());
        let glob = glob.and_then(|text| self::glob(text).ok());
        let start = if glob.is_some() { start } else { path.clone() };
        Self { text: text::escape(typed), path, glob, start, is_met: false }
    }

    fn matches(&self, path: &[u8]) -> bool {
        self.path == path || self.glob.as_ref().is_some_and(|glob| glob.is_match(as_path(path)))
    }
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

fn glob(text: &str) -> Result<GlobMatcher, globset::Error> {
    let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build()?;
    Ok(glob.compile_matcher())
}

/// A path from the root of the image on, without what means nothing in it.
fn normal(path: &[u8]) -> Vec<u8> {
    let names = path.split(|b| *b == b'/').filter(|name| !matches!(*name, b"" | b"."));
    names.collect::<Vec<_>>().join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(wanted: &[&str], excluded: &[&str]) -> Selection {
        let wanted: Vec<OsString> = wanted.iter().map(OsString::from).collect();
        let excluded: Vec<String> = excluded.iter().map(ToString::to_string).collect();
        Selection::new(&wanted, &excluded).unwrap()
    }

    #[test]
    fn paths_and_patterns_match_from_the_root_on() {
        let mut s = selection(&["/a//./b/", "*.txt", "d/**/x", "[", "no"], &[]);
        for (path, is_met) in [
            (&b"a/b"[..], true),
            (b"a", false),
            (b"b", false),
            (b"c.txt", true),
            (b"d/c.txt", false),
            (b"d/x", true),
            (b"d/e/f/x", true),
            (b"[", true),
        ] {
            assert_eq!(s.meets(path), is_met, "{path:?}");
        }
        assert_eq!(s.unmet().collect::<Vec<_>>(), ["no"]);
        let s = selection(&["a/b", "d/*/x"], &[]);
        for (path, leads) in
            [(&b"a"[..], true), (b"a/b", true), (b"ab", false), (b"d/e", true), (b"c", false)]
        {
            assert_eq!(s.may_lead(path), leads, "{path:?}");
        }
        assert!(selection(&[], &[]).is_all() && selection(&["/"], &[]).is_all());
    }

    #[test]
    fn names_are_excluded_anywhere_and_paths_where_they_are() {
        let s = selection(&[], &["*.o", "a/b", "/top"]);
        for (path, name, is_out) in [
            (&b"x/y.o"[..], &b"y.o"[..], true),
            (b"a/b", b"b", true),
            (b"c/a/b", b"b", false),
            (b"top", b"top", true),
            (b"x/top", b"top", false),
        ] {
            assert_eq!(s.excludes(path, name), is_out, "{path:?}");
        }
        assert!(Selection::new(&[], &["[".into()]).is_err());
    }
}
