//! What of an image was asked for.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use super::super::{
    answer::why_lost,
    exit::{Exit, Failure},
    inside::{Lost, resolve},
    pattern::{Pattern, SPECIAL},
};
use crate::{text, tree::Tree};

/// What was asked for, and what was left out.
pub(super) struct Selection {
    is_all: bool,
    /// Paths from the root on, without links; all below them is wanted too.
    paths: HashSet<Vec<u8>>,
    patterns: Vec<Wanted>,
    /// The directories that lead to all of these.
    way: HashSet<Vec<u8>>,
    excluded: Vec<Pattern>,
    /// What was asked for and is not there.
    lost: Vec<(Exit, String)>,
}

/// A pattern, and all below what it matches.
struct Wanted {
    /// As it was typed, for people.
    text: String,
    /// The directory, without links on the way, at which the pattern begins.
    start: Vec<u8>,
    pattern: Pattern,
    /// How many names a path has that it matches; `None` when any number.
    depth: Option<usize>,
    is_met: AtomicBool,
}

/// What is left out: names in any directory, or paths.
///
/// # Errors
/// A pattern that is none.
pub(super) fn excluded(typed: &[OsString]) -> Result<Vec<Pattern>, Failure> {
    typed.iter().map(|typed| Pattern::parse(typed.as_bytes(), false)).collect()
}

impl Selection {
    /// Looks for what was asked for.
    pub(super) fn new(tree: &Tree, wanted: &[OsString], excluded: Vec<Pattern>) -> Self {
        let (paths, way) = (HashSet::new(), HashSet::new());
        let is_all = wanted.is_empty();
        let mut selection = Self { is_all, paths, patterns: Vec::new(), way, excluded, lost: Vec::new() };
        for typed in wanted {
            selection.want(tree, typed);
        }
        selection
    }

    fn want(&mut self, tree: &Tree, typed: &OsStr) {
        let typed = typed.as_bytes();
        let path = resolve(tree, typed, false);
        if let Ok(found) = &path {
            self.is_all |= found.path.is_empty();
            self.lead_to(&found.path);
            self.paths.insert(found.path.clone());
        }
        // What is there by that name is wanted, and also what it matches.
        match Wanted::new(tree, typed) {
            Some(Ok(wanted)) => {
                self.lead_to(&wanted.start);
                self.patterns.push(wanted);
            }
            Some(Err(lost)) if path.is_err() => self.lost.push(why_lost(typed, &lost)),
            Some(Err(_)) => {}
            None => self.lost.extend(path.err().map(|lost| why_lost(typed, &lost))),
        }
    }

    /// Remembers the directories on the way to a path, and the path.
    fn lead_to(&mut self, path: &[u8]) {
        let ends = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| at);
        let above = ends.filter_map(|end| path.get(..end));
        self.way.extend(above.chain([path]).map(<[u8]>::to_vec));
    }

    /// Whether everything in the image was asked for.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Whether this very path was asked for; remembers what has been met.
    pub(super) fn meets(&self, path: &[u8]) -> bool {
        let mut is_met = self.is_all || self.paths.contains(path);
        for wanted in self.patterns.iter().filter(|wanted| wanted.matches(path)) {
            wanted.is_met.store(true, Relaxed);
            is_met = true;
        }
        is_met
    }

    /// Whether something that was asked for may be below this directory.
    pub(super) fn may_lead(&self, directory: &[u8]) -> bool {
        self.way.contains(directory) || self.patterns.iter().any(|wanted| wanted.may_match_below(directory))
    }

    /// Whether a path is left out.
    pub(super) fn excludes(&self, path: &[u8]) -> bool {
        self.excluded.iter().any(|pattern| pattern.matches(path))
    }

    /// What was asked for and is not there.
    pub(super) fn lost(&self) -> &[(Exit, String)] {
        &self.lost
    }

    /// The patterns that nothing has matched.
    pub(super) fn unmet(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().filter(|wanted| !wanted.is_met.load(Relaxed)).map(|wanted| wanted.text.as_str())
    }
}

impl Wanted {
    /// `None` for what is no pattern; what is wrong on the way to where it begins.
    fn new(tree: &Tree, typed: &[u8]) -> Option<Result<Self, Lost>> {
        let is_plain = |name: &&[u8]| !name.iter().any(|b| SPECIAL.contains(b));
        let names = typed.split(|b| *b == b'/');
        let plain = names.clone().take_while(is_plain).count();
        let rest: Vec<&[u8]> =
            names.clone().skip(plain).filter(|name| !matches!(*name, b"" | b".")).collect();
        if rest.is_empty() {
            return None;
        }
        let pattern = Pattern::of_paths(&rest.join(&b'/'))?;
        let start: Vec<&[u8]> = names.take(plain).chain([&b""[..]]).collect();
        let depth = (!rest.contains(&&b"**"[..])).then_some(rest.len());
        let wanted =
            |start| Self { text: text::escape(typed), start, pattern, depth, is_met: AtomicBool::new(false) };
        Some(resolve(tree, &start.join(&b'/'), true).map(|found| wanted(found.path)))
    }

    /// The path from where the pattern begins.
    fn below<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let rest = path.strip_prefix(&*self.start)?;
        if self.start.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
    }

    fn matches(&self, path: &[u8]) -> bool {
        self.below(path).is_some_and(|rest| self.pattern.matches(rest))
    }

    fn may_match_below(&self, directory: &[u8]) -> bool {
        let Some(rest) = self.below(directory) else { return false };
        self.depth.is_none_or(|depth| rest.split(|b| *b == b'/').count() < depth)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        tree::{
            Policy,
            fake::{Fake, Named},
        },
        volume::Volume,
    };

    /// `/3/4/5` and `/3/6`, both of them files, `/7 -> 3/4`.
    fn tree() -> Tree {
        let directories = vec![(2, vec![3, 7]), (3, vec![4, 6]), (4, vec![5])];
        let links = [(7, b"3/4"[..].into())].into();
        let volume = Arc::new(Volume::new(Arc::new(Vec::<u8>::new()), 0));
        let fake = Fake { directories, links, attributes: None::<Vec<Named>>, ..Fake::default() };
        Tree::new(Box::new(fake), volume, Policy::of_user(0, 0), 0)
    }

    fn selection(wanted: &[&str], excluded: &[&str]) -> Selection {
        let [wanted, excluded] =
            [wanted, excluded].map(|all| all.iter().map(OsString::from).collect::<Vec<_>>());
        Selection::new(&tree(), &wanted, super::excluded(&excluded).unwrap())
    }

    #[test]
    fn paths_are_those_of_the_image_without_links() {
        for (typed, path) in [
            ("/3//./4/", "3/4"),
            ("3/4/../6", "3/6"),
            ("../3", "3"),
            ("7", "7"),
            ("7/", "3/4"),
            ("7/5", "3/4/5"),
            ("7/../6", "3/6"),
        ] {
            let s = selection(&[typed], &[]);
            assert!(s.lost().is_empty() && s.meets(path.as_bytes()) && !s.is_all(), "{typed}");
            assert!(path.len() == 1 || s.may_lead(b"3"), "{typed}");
            assert!(!s.meets(b"3/4/5/6") && !s.may_lead(b"8"), "{typed}");
        }
        for typed in ["/", ".", "3/..", ""] {
            assert!(selection(&[typed], &[]).is_all(), "{typed}");
        }
        assert!(selection(&[], &[]).is_all());
    }

    #[test]
    fn patterns_match_from_the_root_or_a_directory_on() {
        for (typed, matched, not) in [
            ("*", "3", "3/4"),
            ("?/4", "3/4", "3/4/5"),
            ("3/*", "3/6", "3"),
            ("7/*", "3/4/5", "7/5"),
            ("3/4/../*", "3/6", "6"),
            ("**/5", "3/4/5", "3/4"),
            ("/3/**/[5]", "3/4/5", "3/6"),
        ] {
            let s = selection(&[typed], &[]);
            assert_eq!(s.unmet().collect::<Vec<_>>(), [typed]);
            assert!(!s.meets(not.as_bytes()), "{typed} {not}");
            assert!(s.meets(matched.as_bytes()), "{typed} {matched}");
            assert_eq!((s.unmet().count(), s.lost().len()), (0, 0), "{typed}");
        }
        let s = selection(&["*/*", "3/**/x"], &[]);
        for (path, leads) in [("3", true), ("8", true), ("8/9", false), ("3/4", true), ("3/4/5", true)] {
            assert_eq!(s.may_lead(path.as_bytes()), leads, "{path}");
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        let s = selection(&["no", "[", "3/6/x", "3/9/*"], &[]);
        let lines: Vec<&str> = s.lost().iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            lines,
            [
                "no: not in the image; the nearest that is there is /",
                "[: not in the image; the nearest that is there is /",
                "3/6/x: /3/6 is no directory; leave out what is behind it",
                "3/9/*: not in the image; the nearest that is there is /3",
            ]
        );
        assert!(!s.is_all() && s.unmet().next().is_none());
    }

    #[test]
    fn names_are_excluded_anywhere_and_paths_where_they_are() {
        let s = selection(&[], &["*.o", "a/b", "/top", "c/"]);
        for (path, is_out) in
            [("x/y.o", true), ("a/b", true), ("c/a/b", false), ("top", true), ("x/top", false), ("x/c", true)]
        {
            assert_eq!(s.excludes(path.as_bytes()), is_out, "{path}");
        }
        assert!(excluded(&["[".into()]).is_err());
    }
}
