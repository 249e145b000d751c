//! `isomount info`: what an image is.

mod boot;
mod json;
mod sheet;
mod text;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use super::{
    complain,
    exit::{Exit, Failure},
    log, shown,
    wishes::{Asker, Wishes},
};
use crate::open::describe;

/// Which images are described, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct InfoArgs {
    /// Options as for a mount, separated by commas: session=1, view=udf, iocharset=cp866 and all others that say how an image is
    /// read
    #[arg(short, value_name = "OPTION[=VALUE],...")]
    pub options: Vec<String>,

    /// As JSON: an object on a line for each image
    #[arg(long)]
    pub json: bool,

    /// Disc images: files or block devices
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
}

/// Tells of each image what it is. One of which nothing can be told does not keep the others; the exit code is that of the first failure.
pub(super) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let wishes = Wishes::parse(&args.options, Asker::User)?;
    log::start_looking();
    let stdout = io::stdout();
    let style = sheet::Style::of_terminal(stdout.is_terminal());
    let mut out = stdout.lock();
    let mut first: Option<Exit> = None;
    let mut is_begun = false;
    for path in &args.images {
        let described = describe(path, &wishes.open);
        let error = match described {
            Err(error) => Some(error),
            Ok(described) => {
                let told = if args.json {
                    json::line(path, &described)
                } else {
                    let between = if is_begun { "\n" } else { "" };
                    between.to_owned() + &text::of(path, &described, &style)
                };
                is_begun = true;
                match out.write_all(told.as_bytes()).and_then(|()| out.flush()) {
                    // Whoever reads has enough.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    Err(error) => {
                        let text = format!("cannot write the answer: {error}; write it elsewhere");
                        return Err(Failure::new(Exit::Internal, text));
                    }
                    Ok(()) => {}
                }
                described.image.err()
            }
        };
        if let Some(error) = error {
            let failure = Failure::of_image(&shown(path), &error);
            failure.message.iter().for_each(|message| complain(message));
            first.get_or_insert(failure.exit);
        }
    }
    first.map_or(Ok(()), |exit| Err(Failure { exit, message: None }))
}
