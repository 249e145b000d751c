//! The command line: arguments, a file for each command, background start, how errors look, exit codes.

mod answer;
mod args;
mod attribute;
mod background;
mod cat;
mod check;
mod color;
mod columns;
mod completions;
mod duration;
mod exit;
mod extract;
mod find;
mod generate;
mod guard;
mod help;
mod human;
mod image;
mod info;
mod inside;
mod json;
mod launch;
mod list;
mod list_name;
mod log;
mod long;
mod ls;
mod mount;
mod mount_helper;
pub mod options;
mod page;
mod pattern;
mod place;
mod process;
mod progress;
mod refusal;
mod serve;
mod size;
mod tree;
mod umount;
mod wishes;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Arg, CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

pub use answer::ImageArgs;
pub use args::{Args, Command, MountArgs};
pub use cat::CatArgs;
pub use check::CheckArgs;
pub use exit::{Exit, Failure};
pub use extract::ExtractArgs;
pub use find::FindArgs;
pub use generate::What;
pub use info::InfoArgs;
pub use ls::LsArgs;
pub use mount_helper::MountHelperArgs;
pub use tree::TreeArgs;

use crate::text::{self, shown};

/// The name of the program, whatever its file is called.
const NAME: &str = "isomount";

/// Runs the program with these arguments (the first is its own name) and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let all: Vec<OsString> = args.into_iter().collect();
    let done = if all.first().is_some_and(|name| mount_helper::is_name(name)) {
        MountHelperArgs::try_parse_from(&all).map(mount_helper::run)
    } else {
        Args::try_parse_from(&all).map(command)
    };
    match done.unwrap_or_else(|error| usage(&error)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.message.iter().for_each(|message| complain(message));
            failure.exit.into()
        }
    }
}

fn command(args: Args) -> Result<(), Failure> {
    match args.command {
        None => mount::run(&args.mount),
        Some(Command::Umount { lazy, places }) => umount::run(&places, lazy),
        Some(Command::List { json }) => list::run(json),
        Some(Command::Open { image }) => launch::run(&image),
        Some(Command::Info(args)) => info::run(&args),
        Some(Command::Ls(args)) => ls::run(&args),
        Some(Command::Tree(args)) => tree::run(&args),
        Some(Command::Find(args)) => find::run(&args),
        Some(Command::Cat(args)) => cat::run(&args),
        Some(Command::Extract(args)) => extract::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Generate { what }) => generate::run(what),
        Some(Command::Guard { mount_point, number, made }) => guard::run(&mount_point, number, made),
    }
}

/// Help and version go to stdout and are no failure; anything else is wrong usage.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        let printed = error.print().and_then(|()| io::stdout().flush());
        return unless_enough(printed).map_err(|error| Failure::not_written(&error));
    }
    let text = error.to_string();
    // The usage of a command names it: `Usage: isomount ls ...`, whatever the file of the program is called.
    let of_command = text.split("Usage: ").nth(1).and_then(|usage| usage.split(' ').nth(1));
    let of_command = of_command.filter(|word| word.starts_with(char::is_lowercase));
    let command = match of_command {
        Some(name) => format!("{NAME} {name}"),
        None => NAME.to_owned(),
    };
    if let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg)
        && error.kind() == ErrorKind::MissingRequiredArgument
    {
        let is_image = missing.iter().any(|argument| argument == "<IMAGE>" || argument == "<IMAGE>...");
        let text = match (is_image, of_command) {
            (true, None) => format!("which image? {NAME} IMAGE [MOUNTPOINT]; see {NAME} --help"),
            (true, Some(_)) => format!("which image? {command} IMAGE ...; see {command} --help"),
            (false, _) => {
                let names: Vec<&str> =
                    missing.iter().map(|name| name.trim_end_matches('.').trim_matches(['<', '>'])).collect();
                format!("{command} needs {}; see {command} --help", names.join(" and "))
            }
        };
        return Err(Failure::new(Exit::Usage, text));
    }
    // The first line says what is wrong, further ones what is missing or nearest; the usage is in the help.
    let hidden = Args::command();
    let hidden: Vec<&str> =
        hidden.get_arguments().filter(|one| one.is_hide_set()).filter_map(Arg::get_long).collect();
    let is_told =
        |line: &&str| !line.is_empty() && !hidden.iter().any(|name| line.ends_with(&format!(": '--{name}'")));
    let mut lines = text.lines().map(str::trim).filter(is_told);
    let first = lines.next().unwrap_or_default().trim_start_matches("error: ");
    let rest =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).map(|line| {
            match line.strip_prefix("tip: ") {
                Some(tip) => format!("; {tip}"),
                None => format!(" {line}"),
            }
        });
    let message = rest.fold(first.to_owned(), |message, part| message + &part);
    let message = message.replace("invalid digit found in string", "must be a number");
    let text = format!("{}; see {command} --help", text::escape(message.as_bytes()));
    Err(Failure::new(Exit::Usage, text))
}

/// Writes to stdout, at once.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    unless_enough(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// What became of writing to stdout: that whoever reads it has seen enough is no error.
fn unless_enough(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// One line on stderr, at once, so that those of several processes do not mix. Names of files were made harmless before; what other
/// programs said was not.
fn complain(message: &str) {
    let mut line = format!("{NAME}: ");
    for c in message.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line.push('\n');
    let _ = std::io::stderr().write_all(line.as_bytes());
}
