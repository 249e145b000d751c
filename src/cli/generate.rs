//! `isomount generate`: the manual pages and the completions for shells, from the definitions that the arguments are read by.

use clap::{Arg, Command, CommandFactory, ValueEnum};
use roff::{Inline, bold, italic, roman};

use super::{
    Args, completions,
    exit::{Exit, Failure},
    mount_helper::MountHelperArgs,
    options::OPTIONS,
    page::{self, Page},
    print,
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
    let mut command = Args::command();
    command.build();
    let text = match what {
        What::Man => manual(&command),
        What::MountMan => mount_manual(),
        What::Bash => completions::bash(&command),
        What::Zsh => completions::zsh(&command),
        What::Fish => completions::fish(&command),
    };
    print(text.as_bytes()).map_err(|error| Failure::not_written(&error))
}

fn manual(command: &Command) -> String {
    let mut page = Page::new("ISOMOUNT", "1", "User Commands");
    page.prose(MANUAL, |page, word| match word {
        "synopsis" => page.lines(synopsis(command)),
        "options" => arguments(page, command.get_arguments()),
        "commands" => commands(page, command),
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
        "options" => arguments(page, command.get_arguments()),
        _ => mount_options(page),
    });
    page.render()
}

/// The commands that are shown; what clap adds is not.
pub(super) fn visible_commands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

/// Every way to call the program, each of its commands with what belongs to it.
fn synopsis(command: &Command) -> Vec<Vec<Inline>> {
    let text = command.clone().render_usage().to_string();
    let lines = text.trim_start_matches("Usage:").lines().map(str::trim);
    // Where the program has a line for its commands, or lines for some of them, those below say it better.
    let is_command = |line: &str| {
        let second = line.split(' ').nth(1).unwrap_or_default();
        second.contains("COMMAND") || visible_commands(command).any(|sub| sub.get_name() == second)
    };
    let own = lines.filter(|line| !line.is_empty() && !is_command(line)).map(page::usage);
    own.chain(visible_commands(command).map(usage)).collect()
}

/// How to call a command: `isomount list [--json]`.
fn usage(sub: &Command) -> Vec<Inline> {
    let mut line = vec![bold("isomount "), bold(sub.get_name())];
    for arg in own_arguments(sub) {
        line.push(roman(" "));
        let mut part = shortest(arg);
        if !arg.is_required_set() {
            part.insert(0, roman("["));
            part.push(roman("]"));
        }
        line.extend(part);
    }
    line
}

/// `-s VALUE` or `--long VALUE` of an option, its values or `VALUE...` of an argument.
fn shortest(arg: &Arg) -> Vec<Inline> {
    let values = arg.get_possible_values();
    if arg.is_positional() && !values.is_empty() {
        let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        return vec![bold(names.join("|"))];
    }
    let mut term = term(arg);
    if arg.get_short().is_some() && arg.get_long().is_some() {
        term.drain(1..3);
    }
    term
}

fn commands(page: &mut Page, command: &Command) {
    for sub in visible_commands(command) {
        let about = sub.get_long_about().or_else(|| sub.get_about());
        page.item(usage(sub), &sentence(&about.map(ToString::to_string).unwrap_or_default()));
        page.inside(|page| arguments(page, own_arguments(sub)));
    }
}

/// The arguments of a command, options first, but for those that all have, which are told once.
fn own_arguments(sub: &Command) -> impl Iterator<Item = &Arg> {
    let is_own = |arg: &&Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version");
    let positional = sub.get_positionals().filter(is_own);
    sub.get_arguments().filter(|arg| !arg.is_positional()).filter(is_own).chain(positional)
}

/// What arguments and options are, and do.
fn arguments<'a>(page: &mut Page, arguments: impl Iterator<Item = &'a Arg>) {
    for arg in arguments.filter(|arg| !arg.is_hide_set()) {
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
        text = format!("{} (default: `{}`).", text.trim_end_matches('.'), default.join(","));
    }
    text
}

/// Help has no period at its end; what begins with a capital letter gets one. Its stars are those of patterns.
fn sentence(help: &str) -> String {
    let text = page::with_stars(help);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_open = text.starts_with(char::is_uppercase) && !text.ends_with('.');
    if is_open { format!("{text}.") } else { text }
}

fn mount_options(page: &mut Page) {
    for option in OPTIONS {
        let mut term = vec![bold(option.name)];
        if !option.value.is_empty() {
            term.extend([bold("="), italic(option.value)]);
        }
        page.item(term, &sentence(option.help));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_help_becomes_a_sentence() {
        assert_eq!(sentence("Tell more\n  (twice)"), "Tell more (twice).");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence("Any: **, *.img"), "Any: `*``*`, `*`.img.");
        assert_eq!(sentence("off or on"), "off or on");
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
