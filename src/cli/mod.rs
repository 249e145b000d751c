//! The command line: arguments, the mount command, background start, how errors look, exit codes.

mod args;
mod background;
mod exit;
mod log;
mod mount;
pub mod options;
mod size;

use std::{ffi::OsString, io::Write, os::unix::ffi::OsStrExt, path::Path, process::ExitCode};

use clap::Parser;

pub use args::Args;
pub use exit::{Exit, Failure};

use crate::text;

/// Runs the program with these arguments (the first is its own name) and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let all: Vec<OsString> = args.into_iter().collect();
    let parsed = match Args::try_parse_from(&all) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    match mount::run(&parsed, all.get(1..).unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = &failure.message {
                complain(message);
            }
            failure.exit.into()
        }
    }
}

/// Help and version go to stdout and are no failure; anything else is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    // The first line says what is wrong, further ones what is missing or nearest; the usage is in the help.
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().trim_start_matches("error: ");
    let rest =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).map(|line| {
            match line.strip_prefix("tip: ") {
                Some(tip) => format!("; {tip}"),
                None => format!(" {line}"),
            }
        });
    let message = rest.fold(first.to_owned(), |message, part| message + &part);
    complain(&format!("{}; see isomount --help", text::escape(message.as_bytes())));
    Exit::Usage.into()
}

/// One line on stderr.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "isomount: {message}");
}

/// A path as a terminal may see it.
fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_bytes())
}
