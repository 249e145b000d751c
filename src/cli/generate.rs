//! `isomount generate`: the manual pages and the completions for shells, from the definitions that the arguments are read by.

use std::io::{self, Write};

use clap::{Arg, Command, CommandFactory, ValueEnum, builder::PossibleValuesParser};
use clap_complete::Shell;
use roff::{Inline, bold, italic, roman};

use super::{
    Args,
    exit::{Exit, Failure},
    mount_helper::MountHelperArgs,
    options::OPTIONS,
    page::{self, Page},
};

/// The prose of isomount(1).
const MANUAL: &str = include_str!("man/isomount.md");

/// The prose of mount.isomount(8).
const MOUNT_MANUAL: &str = include_str!("man/mount.isomount.md");

/// What can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The manual page isomount(1)
    Man,
    /// The manual page mount.isomount(8)
    MountMan,
    /// The completions for bash
    Bash,
    /// The completions for zsh
    Zsh,
    /// The completions for fish
    Fish,
}

/// Writes it to stdout.
pub(super) fn run(what: What) -> Result<(), Failure> {
    let text = match what {
        What::Man => manual().into_bytes(),
        What::MountMan => mount_manual().into_bytes(),
        What::Bash => completions(Shell::Bash),
        What::Zsh => completions(Shell::Zsh),
        What::Fish => completions(Shell::Fish),
    };
    let mut stdout = io::stdout();
    match stdout.write_all(&text).and_then(|()| stdout.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Internal, format!("cannot write what was generated: {error}")))
        }
        _ => Ok(()),
    }
}

fn manual() -> String {
    let mut command = Args::command();
    command.build();
    let mut page = Page::new("ISOMOUNT", "1", "User Commands");
    page.prose(MANUAL, |page, word| match word {
        "synopsis" => page.lines(synopsis(&command)),
        "options" => arguments(page, &command),
        "commands" => commands(page, &command),
        "mount options" => mount_options(page),
        _ => exit_codes(page),
    });
    page.render()
}

fn mount_manual() -> String {
    let mut command = MountHelperArgs::command();
    command.build();
    let mut page = Page::new("MOUNT.ISOMOUNT", "8", "System Administration");
    page.prose(MOUNT_MANUAL, |page, word| match word {
        "options" => arguments(page, &command),
        _ => mount_options(page),
    });
    page.render()
}

/// The commands that are shown; what clap adds is not.
fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

/// Every way to call the program.
fn synopsis(command: &Command) -> Vec<Vec<Inline>> {
    // Among its own ways the program may name its commands; each of them has its line.
    let names = |line: &str, sub: &Command| line.split(' ').nth(1) == Some(sub.get_name());
    let own = usages(command)
        .into_iter()
        .filter(|line| !line.contains("COMMAND") && !shown(command).any(|sub| names(line, sub)));
    own.chain(shown(command).flat_map(usages)).map(|line| page::usage(&line)).collect()
}

fn usages(command: &Command) -> Vec<String> {
    let text = command.clone().render_usage().to_string();
    let lines = text.trim_start_matches("Usage:").lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn commands(page: &mut Page, command: &Command) {
    for sub in shown(command) {
        let about = sub.get_long_about().or_else(|| sub.get_about());
        for line in usages(sub) {
            page.item(page::usage(&line), &sentence(&about.map(ToString::to_string).unwrap_or_default()));
        }
        page.inside(|page| arguments(page, sub));
    }
}

/// The arguments and options of a command. What help and version do, is said once, of the program itself.
fn arguments(page: &mut Page, command: &Command) {
    let is_known = |arg: &&Arg| {
        command.get_bin_name().is_some_and(|name| name.contains(' '))
            && matches!(arg.get_id().as_str(), "help" | "version")
    };
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !is_known(arg)) {
        page.item(term(arg), &meaning(arg));
    }
}

/// `-s, --long VALUE` of an option, `VALUE...` of an argument.
fn term(arg: &Arg) -> Vec<Inline> {
    let short = arg.get_short().map(|short| bold(format!("-{short}")));
    let long = arg.get_long().map(|long| bold(format!("--{long}")));
    let mut term: Vec<Inline> = short.into_iter().chain(long).collect();
    if term.len() > 1 {
        term.insert(1, roman(", "));
    }
    if arg.get_action().takes_values() {
        let between = if term.is_empty() { "" } else { " " };
        let names = arg.get_value_names().unwrap_or_default().join(" ");
        let many = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
        term.extend([roman(between), italic(names), roman(if many { "..." } else { "" })]);
    }
    term
}

/// What is said of an argument, with the values that it may have and the one that it has by itself.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let mut text = sentence(&help.map(ToString::to_string).unwrap_or_default());
    if !arg.get_action().takes_values() {
        return text;
    }
    let values = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
    let values: Vec<String> = values.map(|value| format!("`{}`", value.get_name())).collect();
    if !values.is_empty() {
        text = format!("{text} One of {}.", values.join(", "));
    }
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !default.is_empty() {
        text = format!("{text} The default is `{}`.", default.join(","));
    }
    text
}

/// Help has no period at its end, and is folded.
fn sentence(help: &str) -> String {
    let text = help.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

fn mount_options(page: &mut Page) {
    for option in OPTIONS {
        let mut term = vec![bold(option.name)];
        if !option.value.is_empty() {
            term.extend([bold("="), italic(option.value)]);
        }
        page.item(term, &sentence(&capitalized(option.help)));
    }
}

fn exit_codes(page: &mut Page) {
    page.item(vec![bold("0")], "Done.");
    for exit in Exit::ALL {
        page.item(vec![bold(exit.code().to_string())], &sentence(&capitalized(exit.meaning())));
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A script for a shell. It completes the words behind `-o` too.
fn completions(shell: Shell) -> Vec<u8> {
    let words: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
    let mut command = Args::command().mut_args(|arg| match arg.get_short() {
        Some('o') => arg.value_parser(PossibleValuesParser::new(words.iter().copied())),
        _ => arg,
    });
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "isomount", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_help_becomes_a_sentence() {
        assert_eq!(sentence("Tell more\n  (twice)"), "Tell more (twice).");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), "");
        assert_eq!(capitalized("ärger"), "Ärger");
        assert_eq!(capitalized(""), "");
    }

    #[test]
    fn terms_have_what_is_typed_in_bold() {
        let arg = Arg::new("x").short('x').long("ex").value_name("SIZE");
        assert_eq!(
            term(&arg),
            [bold("-x"), roman(", "), bold("--ex"), roman(" "), italic("SIZE"), roman("")]
        );
    }
}
