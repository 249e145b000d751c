//! `isomount find`.

use std::{ffi::OsString, io, os::unix::ffi::OsStrExt};

use glob::{MatchOptions, Pattern};

use super::{
    answer::{self, Answer, ImageArgs},
    exit::{Exit, Failure},
};
use crate::{
    text,
    tree::{Route, Tree},
};

/// What is looked for.
#[derive(Debug, Clone, clap::Args)]
pub struct FindArgs {
    /// The image.
    #[command(flatten)]
    pub of: ImageArgs,

    /// In any case
    #[arg(short, long)]
    pub ignore_case: bool,

    /// A NUL behind each path instead of a line feed, for xargs -0
    #[arg(short = '0', long)]
    pub null: bool,

    /// A pattern for names, or, with a / in it, for whole paths: *, ?, sets in brackets, ** for any directories
    #[arg(required = true, value_name = "GLOB")]
    pub globs: Vec<OsString>,
}

/// A pattern, and what it is for.
struct Glob {
    pattern: Pattern,
    /// Whole paths, not names alone.
    is_path: bool,
}

/// A `*` is for the names of one directory, those that begin with a period too. Case is made equal on both sides before.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Prints the paths that a pattern is for, sorted by name.
pub(super) fn run(args: &FindArgs) -> Result<(), Failure> {
    let globs = args.globs.iter().map(|glob| parse(glob, args.ignore_case));
    let globs = globs.collect::<Result<Vec<_>, _>>()?;
    let (image, mut answer) = answer::open(&args.of)?;
    let found = print(image.tree(), &globs, args, &mut answer);
    if matches!(found, Ok(0)) && !answer.has_failed() {
        let globs: Vec<String> = args.globs.iter().map(|glob| text::escape(glob.as_bytes())).collect();
        let hint = "a pattern with a / is for whole paths, any other for names";
        answer.tell(Exit::NotInside, &format!("nothing matches {}; {hint}", globs.join(" ")));
    }
    answer.end(found.map(drop))
}

fn parse(glob: &OsString, ignores_case: bool) -> Result<Glob, Failure> {
    let failed = |why: &str| {
        let glob = text::escape(glob.as_bytes());
        Failure::new(Exit::Usage, format!("pattern {glob}: {why}; [*] is a star, [[] a bracket"))
    };
    let written = glob.to_str().ok_or_else(|| failed("not in UTF-8; ? is for any character"))?;
    let is_path = written.contains('/');
    let pattern = Pattern::new(&folded(written.trim_start_matches('/'), ignores_case));
    Ok(Glob { pattern: pattern.map_err(|error| failed(error.msg))?, is_path })
}

fn folded(text: &str, ignores_case: bool) -> String {
    if ignores_case { text.to_lowercase() } else { text.to_owned() }
}

/// Returns how many paths there were.
fn print(tree: &Tree, globs: &[Glob], args: &FindArgs, answer: &mut Answer) -> io::Result<usize> {
    let end: &[u8] = if args.null { b"\0" } else { b"\n" };
    let mut count: usize = 0;
    for walked in tree.walk_along(Route { is_sorted: true, ..Route::below(tree.root()) }) {
        for error in walked.stat.as_ref().err().into_iter().chain(&walked.unlisted) {
            answer.trouble(&walked.path, error);
        }
        if walked.depth == 0 {
            continue;
        }
        let path = folded(&String::from_utf8_lossy(&walked.path), args.ignore_case);
        let name = path.rsplit('/').next().unwrap_or_default();
        let matches =
            |glob: &Glob| glob.pattern.matches_with(if glob.is_path { &path } else { name }, OPTIONS);
        if globs.iter().any(matches) {
            count = count.saturating_add(1);
            let path = answer.name(&walked.path);
            answer.write(&[b"/", path.as_slice(), end].concat())?;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_for_names_or_paths() {
        for (glob, path, expected) in [
            ("*.txt", "a/b/c.txt", true),
            ("*.txt", "a.txt/b", false),
            ("?", "a/ä", true),
            ("[ä-ü]", "ö", true),
            ("*", ".hidden", true),
            ("a/*", "a/b", true),
            ("/a/*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("a/**", "a/b/c", true),
            ("**/c", "a/b/c", true),
            ("/c", "c", true),
            ("/c", "a/c", false),
            ("A", "a", false),
        ] {
            let glob = parse(&glob.into(), false).unwrap();
            let name = path.rsplit('/').next().unwrap();
            let text = if glob.is_path { path } else { name };
            assert_eq!(glob.pattern.matches_with(text, OPTIONS), expected, "{} {path}", glob.pattern);
        }
        let any_case = parse(&"Ä*".into(), true).unwrap();
        assert!(any_case.pattern.matches_with(&folded("äB", true), OPTIONS));
        assert_eq!(parse(&"[a".into(), false).err().unwrap().exit, Exit::Usage);
    }
}
