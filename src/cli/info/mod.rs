//! `isomount info`: what an image is.

mod boot;
mod checksums;
mod json;
mod look;
mod sheet;
mod text;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use self::look::Look;
use super::{
    complain,
    exit::{Exit, Failure},
    log, shown,
    wishes::{Asker, Wishes},
};
use crate::open::{Reach, describe};

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

    /// Look into every directory, however many there are: compare all trees of the disc, and find every list of checksums
    #[arg(long)]
    pub all: bool,

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
    let reach = if args.all { Reach::Everything } else { Reach::Near };
    for path in &args.images {
        let described = describe(path, &wishes.open);
        let error = match described {
            Err(error) => Some(error),
            Ok(described) => {
                let look = described.image.as_ref().ok().map(|image| Look::into(image, reach));
                let told = if args.json {
                    json::line(path, &described, look.as_ref())
                } else {
                    let between = if is_begun { "\n" } else { "" };
                    between.to_owned() + &text::of(path, &described, look.as_ref(), &style)
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
