//! Scripts by which shells complete what is typed, filled with what is known of the arguments.
//!
//! `clap_complete` was tried and rejected: where arguments stand beside commands, its script for bash offers options in place of files, and its
//! script for zsh no commands.

use clap::{Arg, ArgAction, Command, ValueHint};

use super::{
    generate::visible_commands,
    options::{OPTIONS, OptionWord},
};

/// A script for bash.
pub(super) fn bash(command: &Command) -> String {
    let names = |command: &Command| options(command).flat_map(flags).collect::<Vec<_>>().join(" ");
    let commands = each_command(command, |sub| {
        let files = if takes_files(sub) { "yes" } else { "" };
        let (name, options, words) = (sub.get_name(), names(sub), values(sub).join(" "));
        format!("    {name}) options='{options}' words='{words}' files={files} ;;")
    });
    // Those of `-o` have a place of their own.
    let takes_other = |arg: &&Arg| takes_word(arg) && !is_list(arg);
    let everywhere = options(command).chain(visible_commands(command).flat_map(options));
    let values = everywhere.filter(takes_other).flat_map(flags).collect::<Vec<_>>();
    let words: Vec<String> = OPTIONS.iter().map(OptionWord::start).collect();
    filled(
        include_str!("shells/bash"),
        &[
            ("commands", commands),
            ("options", names(command)),
            ("names", visible_commands(command).map(Command::get_name).collect::<Vec<_>>().join(" ")),
            ("values", values.join(" | ")),
            ("mount options", words.join(" ")),
        ],
    )
}

/// A script for zsh.
pub(super) fn zsh(command: &Command) -> String {
    let lines = |command: &Command, indent: &str| {
        options(command).map(|arg| format!("{indent}{} \\\n", zsh_option(arg))).collect::<String>()
    };
    let commands = each_command(command, |sub| {
        let action =
            if takes_files(sub) { "_files".to_owned() } else { format!("({})", values(sub).join(" ")) };
        let (name, options) = (sub.get_name(), lines(sub, "                "));
        format!(
            "        {name})\n            shift words\n            (( CURRENT-- ))\n            _arguments -s -S : \\\n\
             {options}                '*:argument:{action}'\n            return\n            ;;"
        )
    });
    let names =
        each_command(command, |sub| format!("        '{}:{}'", sub.get_name(), zsh_text(&about(sub))));
    let words = OPTIONS.iter().map(|option| {
        let value = if option.value.is_empty() { String::new() } else { format!(":{}: ", option.value) };
        format!("        '{}[{}]{value}'", option.name, zsh_text(option.help))
    });
    filled(
        include_str!("shells/zsh"),
        &[
            ("commands", commands),
            ("options", lines(command, "        ").trim_end().to_owned()),
            ("names", names),
            ("mount options", words.collect::<Vec<_>>().join(" \\\n")),
        ],
    )
}

/// An option for `_arguments`.
fn zsh_option(arg: &Arg) -> String {
    let takes_value = arg.get_action().takes_values();
    let [on_short, on_long] = if takes_value { ["+", "="] } else { ["", ""] };
    let short = arg.get_short().map(|short| format!("-{short}{on_short}"));
    let long = arg.get_long().map(|long| format!("--{long}{on_long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let may_repeat = matches!(arg.get_action(), ArgAction::Count | ArgAction::Append);
    let before = if may_repeat { "*".to_owned() } else { format!("({})", flags(arg).join(" ")) };
    let names =
        if let [name] = names.as_slice() { name.clone() } else { format!("'{{{}}}'", names.join(",")) };
    let value = match takes_value {
        _ if is_list(arg) => ":options:_isomount_words",
        true if takes_word(arg) => ":value: ",
        true => ":file:_files",
        false => "",
    };
    format!("'{before}{names}[{}]{value}'", zsh_text(&help(arg)))
}

/// A script for fish.
pub(super) fn fish(command: &Command) -> String {
    let all = visible_commands(command).map(Command::get_name).collect::<Vec<_>>().join(" ");
    let names = each_command(command, |sub| {
        let (name, about) = (sub.get_name(), fish_text(&about(sub)));
        format!("complete -c isomount -n __fish_use_subcommand -a {name} -d '{about}'")
    });
    let condition = format!("not __fish_seen_subcommand_from {all}");
    let commands = each_command(command, |sub| {
        let condition = format!("__fish_seen_subcommand_from {}", sub.get_name());
        let mut lines = fish_options(sub, &condition);
        if !takes_files(sub) {
            let words = values(sub).join(" ");
            lines.push(format!("complete -c isomount -n '{condition}' -f -a '{words}'"));
        }
        lines.join("\n")
    });
    let words = OPTIONS
        .iter()
        .map(|option| format!("        {}\\t'{}' \\\n", option.start(), fish_text(option.help)));
    filled(
        include_str!("shells/fish"),
        &[
            ("commands", commands.trim_end().to_owned()),
            ("options", fish_options(command, &condition).join("\n")),
            ("names", names),
            ("mount options", words.collect::<String>().trim_end_matches([' ', '\\', '\n']).to_owned()),
        ],
    )
}

fn fish_options(command: &Command, condition: &str) -> Vec<String> {
    let option = |arg: &Arg| {
        let short = arg.get_short().map(|short| format!(" -s {short}")).unwrap_or_default();
        let long = arg.get_long().map(|long| format!(" -l {long}")).unwrap_or_default();
        let value = match arg.get_action().takes_values() {
            _ if is_list(arg) => " -x -a '(__isomount_words)'",
            true if takes_word(arg) => " -x",
            true => " -r -F",
            false => "",
        };
        format!("complete -c isomount -n '{condition}'{short}{long}{value} -d '{}'", fish_text(&help(arg)))
    };
    options(command).map(option).collect()
}

/// A template with its words filled in.
fn filled(template: &str, words: &[(&str, String)]) -> String {
    words.iter().fold(template.to_owned(), |text, (word, with)| text.replace(&format!("@{word}@"), with))
}

fn each_command(command: &Command, line: impl Fn(&Command) -> String) -> String {
    visible_commands(command).map(line).collect::<Vec<_>>().join("\n")
}

fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set())
}

/// `-s` and `--long`.
fn flags(arg: &Arg) -> Vec<String> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    short.into_iter().chain(arg.get_long().map(|long| format!("--{long}"))).collect()
}

/// Whether it is `-o`, with its words between commas.
fn is_list(arg: &Arg) -> bool {
    arg.get_short() == Some('o')
}

/// Whether an option has a value that is no path.
fn takes_word(arg: &Arg) -> bool {
    arg.get_action().takes_values() && arg.get_value_hint() == ValueHint::Unknown
}

fn takes_files(command: &Command) -> bool {
    command.get_positionals().any(|arg| arg.get_value_hint() != ValueHint::Unknown)
}

/// The words that may be the argument of a command.
fn values(command: &Command) -> Vec<String> {
    let values = command.get_positionals().flat_map(Arg::get_possible_values);
    values.map(|value| value.get_name().to_owned()).collect()
}

fn help(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// Text within single quotes and brackets of zsh.
fn zsh_text(text: &str) -> String {
    let escaped =
        ['\\', '[', ']', ':'].iter().fold(text.to_owned(), |text, c| text.replace(*c, &format!("\\{c}")));
    escaped.replace('\'', "'\\''")
}

/// Text within single quotes of fish.
fn fish_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
