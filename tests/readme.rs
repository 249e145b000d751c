//! The README tells the truth: what it shows is run, by a user who is not root, one line after the other, and compared.
//!
//! What is missing is said on stderr, and the test passes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{fmt::Write as _, fs, os::unix::fs::symlink, path::Path};

use clap::CommandFactory;
use isomount::cli::Args;
use support::{
    maker::{self, lacks, set_mode},
    site::Site,
};

/// What stands in front of the output of each command.
const NEXT: char = '\u{1}';

/// The image of the README: its dates, owners and texts are the same whenever it is made.
fn rescue(source: &Path, image: &Path) {
    for directory in ["", "boot", "EFI", "EFI/BOOT"] {
        fs::create_dir(source.join(directory)).unwrap();
    }
    let files =
        [("boot/vmlinuz", 700_000), ("boot/initrd.img", 1_500_000), ("EFI/BOOT/bootx64.efi", 120_000)];
    let files = files.into_iter().chain([("boot/efi.img", 300_000)]);
    let mut sums = String::new();
    let mut write = |name: &str, bytes: &[u8]| {
        fs::write(source.join(name), bytes).unwrap();
        let digest = <md5::Md5 as md5::Digest>::digest(bytes);
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        writeln!(sums, "{digest}  ./{name}").unwrap();
    };
    for (number, (name, len)) in (1..).zip(files) {
        write(name, &maker::bytes(number, len));
    }
    write("README.txt", b"Rescue 12: start the computer from this disc.\n");
    fs::write(source.join("md5sum.txt"), sums).unwrap();
    symlink("boot/vmlinuz", source.join("kernel")).unwrap();
    let directories = ["", "boot", "EFI", "EFI/BOOT"].map(|name| (name, 0o755));
    let names = ["boot/vmlinuz", "boot/initrd.img", "boot/efi.img", "EFI/BOOT/bootx64.efi"];
    let files = names.iter().chain(&["README.txt", "md5sum.txt"]).map(|name| (*name, 0o644));
    directories.into_iter().chain(files).for_each(|(name, mode)| set_mode(&source.join(name), mode));
    let words = "-R -J -V RESCUE_12 -publisher EXAMPLE -A RESCUE -uid 0 -gid 0 --modification-date=2026050410200000 \
                 --set_all_file_dates 2026050410200000 -e boot/efi.img -no-emul-boot";
    let mut options: Vec<&str> = words.split_whitespace().collect();
    options.extend(["-preparer", ""]);
    maker::xorriso(image, source, &options);
}

/// The commands that the README shows, each with what it prints.
fn shown(readme: &str) -> Vec<(&str, Vec<String>)> {
    let blocks = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("$ ") {
            Some(command) => all.push((command, Vec::new())),
            None => all.last_mut().unwrap().1.push(normal(line)),
        }
    }
    all
}

/// A line without what is not the same twice: processes, times, rates.
fn normal(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    if let Some((before, _)) = line.split_once(" s, ").filter(|_| line.ends_with("/s")) {
        line = before.rsplit_once(' ').unwrap().0.to_owned();
    }
    if let Some((before, rest)) = line.split_once("bash (") {
        line = format!("{before}bash{}", rest.split_once(')').unwrap().1);
    }
    if line.contains("  rockridge  ") && line.starts_with('/') {
        line = line.split("  20").next().unwrap().to_owned();
    }
    line
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let tools = ["root", "/dev/fuse", "xorriso", "unshare", "setpriv", "fusermount3", "bash"];
    if lacks(&tools) {
        return;
    }
    let Some(site) = Site::new() else { return };
    rescue(&site.path("rescue"), &site.path("rescue.iso"));
    set_mode(&site.path("rescue.iso"), 0o644);
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let expected = shown(&readme);
    // Every command is there, but for the one that needs a desktop and the one that installs need.
    let program = Args::command();
    let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
    let names =
        commands.map(|command| command.get_name()).filter(|name| !["open", "generate"].contains(name));
    let missing: Vec<&str> = names
        .filter(|name| {
            !expected.iter().any(|(command, _)| {
                command.contains(&format!("isomount {name} "))
                    || command.ends_with(&format!("isomount {name}"))
            })
        })
        .collect();
    assert!(missing.is_empty(), "the README does not show {missing:?}");
    // As on a terminal of 80 columns.
    let mut script = "cd; exec 2>&1; export TZ=UTC; ls() { command ls -C --width=80 \"$@\"; }\n".to_owned();
    for (command, _) in &expected {
        writeln!(script, "printf '\\1'\n{command}").unwrap();
    }
    fs::write(site.path("script"), script).unwrap();
    // A home of that name, for nobody else to see, and no mounts of others to list.
    let home = "findmnt -rnt fuse.isomount -o TARGET | xargs -rn1 umount -l || :; mount -t tmpfs none /home; \
                mkdir /home/me; cp $D/rescue.iso /home/me; chown -R nobody: /home/me";
    let output = site.apart_as_user(home, "HOME=/home/me exec bash $D/script");
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<&str> = printed.split(NEXT).skip(1).collect();
    assert_eq!(printed.len(), expected.len(), "{printed:?}");
    let mut differs = false;
    for ((command, expected), printed) in expected.iter().zip(&printed) {
        differs |= *expected != printed.lines().map(normal).collect::<Vec<_>>();
        // What the README has to say.
        print!("$ {command}\n{printed}");
    }
    assert!(!differs, "the README shows something else than what is printed above");
    site.assert_clean();
}
