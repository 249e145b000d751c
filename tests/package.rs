//! What is generated, packaged and installed: it agrees with what the program accepts, the tools that will read it have nothing to say
//! about it, and it can be removed without a trace.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use clap::CommandFactory;
use isomount::cli::{Args, Exit, MountHelperArgs, options::OPTIONS};
use support::{
    maker::lacks,
    mounted::{PROGRAM, said},
};
use tempfile::TempDir;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(project().join(name)).unwrap()
}

/// What a program wrote on stdout; it must not fail, and say nothing on stderr.
fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn program(arguments: &[&str]) -> String {
    stdout(Command::new(PROGRAM).args(arguments))
}

/// The words of a text that may be names of options: `-o`, `--cache-size`, `allow_other`.
fn words(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.split(|c| !is_word(c)).map(str::to_owned).collect()
}

/// A manual page as a reader sees it on a terminal of 80 columns; man(1) must have no warnings.
fn manual_page(what: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("page");
    fs::write(&page, program(&["generate", what])).unwrap();
    let mut man = Command::new("man");
    man.args(["--warnings", "-E", "UTF-8", "-l"]).arg(&page);
    stdout(man.env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8").env("TERM", "dumb"))
}

#[test]
fn manual_pages_fit_and_have_no_warnings() {
    if lacks(&["man"]) {
        return;
    }
    for (what, sections) in [
        (
            "man",
            &[
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "COMMANDS",
                "MOUNT OPTIONS",
                "FSTAB",
                "EXIT STATUS",
            ][..],
        ),
        ("mount-man", &["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "MOUNT OPTIONS", "EXAMPLES"]),
    ] {
        let page = manual_page(what);
        let wide: Vec<&str> = page.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{what}: {wide:#?}");
        for section in sections {
            assert!(page.lines().any(|line| line == *section), "{what}: no section {section}\n{page}");
        }
        assert!(!page.contains('`') && !page.contains(" @"), "{what}: markup is left\n{page}");
    }
}

/// What is accepted on the command line, but for what is hidden: options as they are typed, and commands.
fn accepted() -> (BTreeSet<String>, BTreeSet<String>) {
    let mut command = Args::command();
    command.build();
    let (mut options, mut commands) = (BTreeSet::new(), BTreeSet::new());
    let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    for part in subs.chain([&command]) {
        commands.extend((part.get_name() != "isomount").then(|| part.get_name().to_owned()));
        for argument in part.get_arguments().filter(|argument| !argument.is_hide_set()) {
            options.extend(argument.get_short().map(|short| format!("-{short}")));
            options.extend(argument.get_long().map(|long| format!("--{long}")));
        }
    }
    assert!(options.len() > 5 && commands.contains("open"));
    (options, commands)
}

#[test]
fn manual_pages_have_every_option_command_and_exit_code() {
    let words_of = |what: &str| {
        let page = program(&["generate", what]).replace("\\-", "-");
        words(&page.replace("\\fB", " ").replace("\\fR", " "))
    };
    let (page, helper_page) = (words_of("man"), words_of("mount-man"));
    let (options, commands) = accepted();
    let codes = Exit::ALL.map(|exit| exit.code().to_string());
    for word in options.iter().chain(&commands).chain(&codes) {
        assert!(page.contains(word), "isomount(1) has no {word}");
    }
    for option in OPTIONS {
        assert!(page.contains(option.name), "isomount(1) has no {}", option.name);
        assert!(helper_page.contains(option.name), "mount.isomount(8) has no {}", option.name);
    }
    let text = program(&["generate", "man"]).replace("\\fB", "").replace("\\fR", "");
    assert!(text.contains("(* and ? match no /, ** does)"), "the stars of patterns");
    for short in MountHelperArgs::command().get_arguments().filter_map(|argument| argument.get_short()) {
        assert!(helper_page.contains(&format!("-{short}")), "mount.isomount(8) has no -{short}");
    }
}

#[test]
fn help_and_completions_have_what_is_accepted() {
    let (options, commands) = accepted();
    let help: String = commands.iter().map(|name| program(&[name, "--help"])).collect();
    let help = words(&(program(&["--help"]) + &help));
    for word in
        options.iter().chain(&commands).map(String::as_str).chain(OPTIONS.iter().map(|option| option.name))
    {
        assert!(help.contains(word), "--help has no {word}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = program(&["generate", shell]);
        let in_script = words(&script);
        for option in &options {
            // fish has `-s f -l foreground`.
            let in_fish = match option.strip_prefix("--") {
                Some(long) => format!(" -l {long} "),
                None => format!(" -s {} ", &option[1..]),
            };
            let is_there = in_script.contains(option) || shell == "fish" && script.contains(&in_fish);
            assert!(is_there, "{shell}: no {option}");
        }
        for word in commands.iter().map(String::as_str).chain(OPTIONS.iter().map(|option| option.name)) {
            assert!(in_script.contains(word), "{shell}: no {word}");
        }
        assert!(!in_script.contains("--background-process"), "{shell} offers what is hidden");
        let is_filled = script.split('@').skip(1).all(|rest| !rest.starts_with(char::is_lowercase));
        assert!(is_filled, "{shell}: a word of the template is left");
        if !lacks(&[shell]) {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("script");
            fs::write(&file, &script).unwrap();
            stdout(Command::new(shell).arg("-n").arg(&file));
        }
    }
}

/// What bash offers behind some words, the last of which is being written.
fn offered(words: &[&str], directory: &Path) -> Vec<String> {
    let script = format!(
        "{}\nCOMP_WORDS=(isomount \"$@\"); COMP_CWORD=$#\n\
         _isomount isomount \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        program(&["generate", "bash"])
    );
    let mut bash = Command::new("bash");
    let text = stdout(bash.args(["-c", &script, "bash"]).args(words).current_dir(directory));
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_offers_commands_files_and_words_of_lists() {
    if lacks(&["bash"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("list of.iso"), "").unwrap();
    let offered = |words: &[&str]| offered(words, directory.path());
    assert_eq!(offered(&["l"]), ["list", "ls", "list of.iso"]);
    assert!(offered(&[""]).contains(&"umount".to_owned()));
    assert_eq!(offered(&["-o", "vi"]), ["view="]);
    assert_eq!(offered(&["-o", "ro,noj"]), ["ro,nojoliet"]);
    assert_eq!(offered(&["--mk"]), ["--mkdir"]);
    assert!(offered(&["generate", ""]).contains(&"mount-man".to_owned()));
    // Nothing: then bash offers files.
    for words in [&["a.iso", ""][..], &["-f", "a"], &["open", ""], &["umount", "/"]] {
        assert!(offered(words).is_empty(), "{words:?}");
    }
}

#[test]
fn exit_codes_mean_in_the_document_what_they_mean_in_the_manual_page() {
    let document = read("docs/CLI.md");
    for exit in Exit::ALL {
        let row = format!("| {} | {} |", exit.code(), exit.meaning());
        assert!(document.contains(&row), "docs/CLI.md has no {row}");
    }
}

/// Runs one of `scripts/install` and `scripts/uninstall` for a place.
fn script(name: &str, root: &Path, prefix: &str) -> Output {
    let mut command = Command::new(project().join("scripts").join(name));
    command.env("PROGRAM", PROGRAM).env("DESTDIR", root).env("PREFIX", prefix).env_remove("SBINDIR");
    command.output().unwrap()
}

/// Every path below a directory.
fn paths(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                pending.push(entry.path());
            }
            found.insert(entry.path().strip_prefix(root).unwrap().to_owned());
        }
    }
    found
}

fn installed(prefix: &str) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let output = script("install", root.path(), prefix);
    assert!(output.status.success(), "{}", said(&output));
    root
}

#[test]
fn what_is_installed_is_removed_without_a_trace() {
    for prefix in ["/usr/local", "/usr", "/home/me/.local"] {
        let root = tempfile::tempdir().unwrap();
        let applications = root.path().join(&prefix[1..]).join("share/applications");
        let neighbour = applications.join("other.desktop");
        fs::create_dir_all(&applications).unwrap();
        fs::write(&neighbour, "").unwrap();
        let before = paths(root.path());
        for _again in 0..2 {
            let output = script("install", root.path(), prefix);
            assert!(output.status.success(), "{}", said(&output));
        }
        let after = paths(root.path());
        let program = Path::new(&prefix[1..]).join("bin/isomount");
        assert!(after.contains(&program) && neighbour.exists());
        let helper = root.path().join("usr/sbin/mount.isomount");
        match prefix {
            "/home/me/.local" => assert!(!helper.is_symlink(), "mount(8) is the system's"),
            _ => assert_eq!(fs::read_link(&helper).unwrap(), Path::new("/").join(program)),
        }
        let output = script("uninstall", root.path(), prefix);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(paths(root.path()), before);
        let output = script("uninstall", root.path(), prefix);
        assert!(
            !output.status.success() && said(&output).contains("nothing is installed"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn what_somebody_else_has_installed_stays() {
    let root = tempfile::tempdir().unwrap();
    let helper = root.path().join("usr/sbin/mount.isomount");
    fs::create_dir_all(helper.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("../bin/isomount", &helper).unwrap();
    let before = paths(root.path());
    let output = script("install", root.path(), "/usr/local");
    assert!(!output.status.success() && said(&output).contains("remove it first"), "{}", said(&output));
    assert_eq!(paths(root.path()), before, "nothing is half installed");
}

#[test]
fn the_desktop_entry_is_valid() {
    if lacks(&["desktop-file-validate"]) {
        return;
    }
    let root = installed("/usr/local");
    let entry = root.path().join("usr/local/share/applications/isomount.desktop");
    assert!(fs::read_to_string(&entry).unwrap().contains("\nExec=/usr/local/bin/isomount open %f\n"));
    for entry in [project().join("packaging/isomount.desktop"), entry] {
        assert_eq!(stdout(Command::new("desktop-file-validate").arg(&entry)), "", "{}", entry.display());
    }
}

#[test]
fn the_type_of_udf_images_is_known_after_the_installation() {
    if lacks(&["update-mime-database"]) {
        return;
    }
    let root = installed("/usr");
    let mime = root.path().join("usr/share/mime");
    stdout(
        Command::new("update-mime-database").arg(&mime).env("XDG_DATA_HOME", root.path().join("usr/share")),
    );
    assert!(fs::read_to_string(mime.join("globs2")).unwrap().contains("50:application/x-udf-image:*.udf\n"));
    assert!(read("packaging/isomount.desktop").contains("application/x-udf-image;"));
}

/// Has systemd look at a unit.
fn verify(unit: &Path, scope: &str) {
    let mut command = Command::new("systemd-analyze");
    stdout(
        command.args([scope, "--man=no", "verify"]).arg(unit).env("XDG_RUNTIME_DIR", unit.parent().unwrap()),
    );
}

#[test]
fn units_are_valid() {
    if lacks(&["systemd-analyze", "systemd-escape"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let unit = directory.path().join("isomount@.service");
    // It must name a program that is there.
    fs::write(&unit, read("packaging/isomount@.service").replace("/usr/bin/isomount", PROGRAM)).unwrap();
    let instance = ["--path", "--template=isomount@.service", "/a b/$x%y.iso"];
    let name = stdout(Command::new("systemd-escape").args(instance));
    let instance = directory.path().join(name.trim_end());
    std::os::unix::fs::symlink(&unit, &instance).unwrap();
    for unit in [&unit, &instance] {
        verify(unit, "--user");
    }
    let document = read("docs/FSTAB.md");
    let units: Vec<(&str, &str)> = document
        .split("\n```systemd ")
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap().split_once('\n').unwrap())
        .collect();
    assert_eq!(
        units.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["mnt-debian.mount", "mnt-debian.automount"]
    );
    for (name, text) in &units {
        fs::write(directory.path().join(name), format!("{text}\n")).unwrap();
    }
    for (name, _) in &units {
        verify(&directory.path().join(name), "--system");
    }
}

#[test]
fn lines_of_fstab_in_the_documents_are_accepted() {
    let document =
        read("docs/FSTAB.md") + &read("src/cli/man/isomount.md") + &read("src/cli/man/mount.isomount.md");
    let lines = document.lines().map(str::trim).filter(|line| line.ends_with(" 0 0"));
    let mut seen = 0;
    for line in lines {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [image, place, kind, options, "0", "0"] = fields[..] else { panic!("{line}") };
        assert!(kind == "isomount" || kind == "fuse.isomount", "{line}");
        assert!(image.starts_with('/') && place.starts_with('/'), "{line}");
        let output = Command::new(PROGRAM).args(["-o", options, "/not there.iso", "/"]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{line}: {}", said(&output));
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn the_package_has_the_version_of_the_program() {
    let changelog = read("packaging/changelog");
    assert!(
        changelog.starts_with(concat!("isomount (", env!("CARGO_PKG_VERSION"), "-")),
        "packaging/changelog"
    );
}
