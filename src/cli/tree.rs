//! `isomount tree`.

use std::{ffi::OsString, io, os::unix::ffi::OsStrExt};

use super::{
    answer::{self, Answer, ImageArgs, joined},
    color::Colors,
    exit::{Exit, Failure},
    inside::resolve,
};
use crate::{
    text,
    tree::{Kind, Route, Tree, Walked},
};

/// What is drawn.
#[derive(Debug, Clone, clap::Args)]
pub struct TreeArgs {
    /// The image.
    #[command(flatten)]
    pub of: ImageArgs,

    /// Names that begin with a period too
    #[arg(short, long)]
    pub all: bool,

    /// How many levels of directories are shown
    #[arg(short = 'L', long, value_name = "DEPTH", value_parser = clap::value_parser!(u32).range(1..))]
    pub level: Option<u32>,

    /// A directory inside the image; links are followed inside it
    #[arg(value_name = "PATH", default_value = "/", hide_default_value = true)]
    pub path: OsString,
}

/// Draws a directory and all below it.
pub(super) fn run(args: &TreeArgs) -> Result<(), Failure> {
    let (image, mut answer) = answer::open(&args.of)?;
    let done = draw(image.tree(), args, &mut answer);
    answer.end(done)
}

fn draw(tree: &Tree, args: &TreeArgs, answer: &mut Answer) -> io::Result<()> {
    let typed = args.path.as_bytes();
    let start = match resolve(tree, typed, true) {
        Ok(found) if found.stat.kind == Kind::Directory => found,
        Ok(_) => {
            let text = format!("{}: no directory; name one", text::escape(typed));
            answer.tell(Exit::NotInside, &text);
            return Ok(());
        }
        Err(lost) => {
            answer.lost(typed, &lost);
            return Ok(());
        }
    };
    let colors = Colors::new(answer.is_terminal);
    let route = Route {
        is_sorted: true,
        skips_hidden: !args.all,
        depth: args.level.and_then(|level| usize::try_from(level).ok()).unwrap_or(usize::MAX),
        ..Route::below(start.stat.id)
    };
    // For each level above, whether more comes on it.
    let mut bars: Vec<bool> = Vec::new();
    let (mut directories, mut files): (u64, u64) = (0, 0);
    for walked in tree.walk_along(route) {
        let mut line = Vec::new();
        if let Some(above) = walked.depth.checked_sub(1) {
            bars.truncate(above);
            for has_more in &bars {
                line.extend_from_slice(if *has_more { "│   " } else { "    " }.as_bytes());
            }
            line.extend_from_slice(if walked.is_last { "└── " } else { "├── " }.as_bytes());
            bars.push(!walked.is_last);
            let is_directory = walked.stat.as_ref().is_ok_and(|stat| stat.kind == Kind::Directory);
            let count = if is_directory { &mut directories } else { &mut files };
            *count = count.saturating_add(1);
        }
        let shown = if walked.depth == 0 { typed } else { walked.name() };
        line.extend(described(tree, &walked, shown, &colors, answer));
        line.push(b'\n');
        answer.write(&line)?;
        for error in walked.stat.as_ref().err().into_iter().chain(&walked.unlisted) {
            answer.trouble(&joined(&start.path, &walked.path), error);
        }
    }
    let [of_directories, of_files] = [(directories, "directory", "directories"), (files, "file", "files")]
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
    answer.write(format!("\n{of_directories}, {of_files}\n").as_bytes())
}

/// A name, and where it leads if it is a link.
fn described(tree: &Tree, walked: &Walked, name: &[u8], colors: &Colors, answer: &Answer) -> Vec<u8> {
    let stat = walked.stat.as_ref().ok();
    let kind = stat.map_or(Kind::File, |stat| stat.kind);
    let mut text = colors.painted(kind, stat.map(|stat| stat.permissions), name, answer.name(name));
    if let Some(stat) = stat.filter(|stat| stat.kind == Kind::Symlink)
        && let Ok(target) = tree.read_link(stat.id)
    {
        text.extend_from_slice(b" -> ");
        text.extend(answer.name(&target));
    }
    text
}
