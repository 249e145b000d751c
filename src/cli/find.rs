//! `isomount find`.

use std::{ffi::OsString, io, os::unix::ffi::OsStrExt};

use super::{
    answer::{self, Answer, ImageArgs},
    exit::{Exit, Failure},
    pattern::Pattern,
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

/// Prints the paths that a pattern is for, sorted by name.
pub(super) fn run(args: &FindArgs) -> Result<(), Failure> {
    let patterns = args.globs.iter().map(|glob| Pattern::parse(glob.as_bytes(), args.ignore_case));
    let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
    let (image, mut answer) = answer::open(&args.of)?;
    let found = print(image.tree(), &patterns, args, &mut answer);
    if matches!(found, Ok(0)) && !answer.has_failed() {
        let globs: Vec<String> = args.globs.iter().map(|glob| text::escape(glob.as_bytes())).collect();
        let hint = "a pattern with a / is for whole paths, any other for names";
        answer.tell(Exit::NotInside, &format!("nothing matches {}; {hint}", globs.join(" ")));
    }
    answer.end(found.map(drop))
}

/// Returns how many paths there were.
fn print(tree: &Tree, patterns: &[Pattern], args: &FindArgs, answer: &mut Answer) -> io::Result<usize> {
    let end: &[u8] = if args.null { b"\0" } else { b"\n" };
    let mut count: usize = 0;
    for walked in tree.walk_along(Route { is_sorted: true, ..Route::below(tree.root()) }) {
        for error in walked.stat.as_ref().err().into_iter().chain(&walked.unlisted) {
            answer.trouble(&walked.path, error);
        }
        if walked.depth == 0 {
            continue;
        }
        if patterns.iter().any(|pattern| pattern.matches(&walked.path)) {
            count = count.saturating_add(1);
            let path = answer.name(&walked.path);
            answer.write(&[b"/", path.as_slice(), end].concat())?;
        }
    }
    Ok(count)
}
