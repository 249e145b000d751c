//! The documents tell the truth: options, exit codes, tests that are named.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use isomount::cli::{Exit, options};

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let from =
        text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}")).1;
    from.split("\n## ").next().unwrap()
}

/// The words in backticks of the first column of a table, up to `=`.
fn first_column(table: &str) -> BTreeSet<String> {
    let rows = table.lines().filter(|l| l.starts_with("| `")).map(|l| l.split('|').nth(1).unwrap());
    let words = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    words.map(|word| word.split(['=', ' ']).next().unwrap().to_owned()).collect()
}

fn help() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_isomount")).arg("--help").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn mount_options_are_the_same_in_code_help_and_document() {
    let known: BTreeSet<String> = options::OPTIONS.iter().map(|word| word.name.to_owned()).collect();
    assert_eq!(first_column(section(&read("docs/CLI.md"), "Mount options")), known);
    let help = help();
    let help = help.split_once("Options of -o:").unwrap().1.split("Exit codes:").next().unwrap();
    let words: BTreeSet<String> = help
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .flat_map(|line| line.trim().split("  ").next().unwrap().split(", "))
        .map(|word| word.split('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(words, known);
}

#[test]
fn options_are_the_same_in_help_and_document() {
    let help = help();
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let in_help: BTreeSet<String> = lines
        .flat_map(|line| line.split("  ").next().unwrap().split(", "))
        .map(|word| word.split([' ', '.']).next().unwrap().to_owned())
        .collect();
    assert_eq!(first_column(section(&read("docs/CLI.md"), "Options")), in_help);
}

#[test]
fn exit_codes_are_the_same_in_code_and_document() {
    let text = read("docs/CLI.md");
    let table = section(&text, "Exit codes").lines().filter_map(|l| l.strip_prefix("| "));
    let documented: Vec<u8> = table.filter_map(|l| l.split(' ').next().unwrap().parse().ok()).collect();
    let known: Vec<u8> = std::iter::once(0).chain(Exit::ALL.map(Exit::code)).collect();
    assert_eq!(documented, known);
}

#[test]
fn every_paragraph_of_the_semantics_names_a_test_that_is_there() {
    let tests: String = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let text = read("docs/SEMANTICS.md");
    let paragraphs: Vec<&str> = text.split("\n\n").filter(|p| p.starts_with("**")).collect();
    assert!(paragraphs.len() > 20);
    for paragraph in paragraphs {
        let names = paragraph.rsplit_once("(`").unwrap_or_else(|| panic!("no test: {paragraph}")).1;
        for name in names.trim_end().trim_end_matches(')').split(',') {
            let name = name.trim().trim_matches('`');
            assert!(tests.contains(&format!("fn {name}(")), "no test is called {name}");
        }
    }
}

#[test]
fn the_readme_names_scripts_and_documents_that_are_there() {
    let text = read("README.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(root.join(link).exists(), "{link}");
    }
    for script in ["scripts/demo", "scripts/test"] {
        assert!(text.contains(script) && root.join(script).exists());
    }
}
