//! The arguments.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Parser, Subcommand, builder::PossibleValuesParser};

use super::{
    cat::CatArgs,
    check::CheckArgs,
    duration,
    extract::ExtractArgs,
    find::FindArgs,
    generate::What,
    info::InfoArgs,
    ls::LsArgs,
    size::{self, Size},
    tree::TreeArgs,
    wishes::Asker,
};
use crate::open::View;

const USAGE: &str = "isomount [OPTIONS] IMAGE [MOUNTPOINT]
       isomount [OPTIONS] IMAGE IMAGE...
       isomount COMMAND ...";

/// Mounts disc images as read-only drives, without root and without a kernel module.
#[derive(Debug, Parser)]
#[command(
    name = "isomount",
    version,
    override_usage = USAGE,
    after_help = super::help::after(),
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Args {
    /// Something else than mounting; an image of that name is ./NAME
    #[command(subcommand)]
    pub command: Option<Command>,

    /// What is mounted.
    #[command(flatten)]
    pub mount: MountArgs,
}

/// What is not mounting.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Unmount by mount point or image
    #[command(visible_alias = "unmount")]
    Umount {
        /// Also while files are open: out of sight now, ended when they are closed
        #[arg(short, long)]
        lazy: bool,

        /// A mount point, or an image: then everywhere it is mounted
        #[arg(required = true, value_name = "MOUNTPOINT|IMAGE")]
        places: Vec<PathBuf>,
    },
    /// List what is mounted: image, mount point, view, since when, process
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Mount an image and show it in the file manager
    Open {
        /// The disc image
        image: PathBuf,
    },
    /// Tell what an image is: volume, trees, sessions, checksums, without a mount
    Info(InfoArgs),
    /// List what is in an image, without a mount
    #[command(disable_help_flag = true)]
    Ls(LsArgs),
    /// Draw what is in an image as a tree
    Tree(TreeArgs),
    /// Print the paths in an image that match a pattern
    Find(FindArgs),
    /// Write files of an image to stdout
    Cat(CatArgs),
    /// Extract files from an image, without a mount
    Extract(ExtractArgs),
    /// Tell whether an image is whole: structure, length, checksums
    Check(CheckArgs),
    /// Print a manual page or the completions of a shell
    Generate {
        /// What is printed
        what: What,
    },
    /// Unmounts what is left when the process on the other side of stdin has died
    #[command(hide = true)]
    Guard {
        /// Its mount point
        mount_point: PathBuf,
        /// Its number in the list of mounts
        number: u32,
        /// Whether the mount point is removed then
        #[arg(long)]
        made: bool,
    },
}

/// What is mounted, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct MountArgs {
    /// The disc image: a file or a block device
    #[arg(required = true)]
    pub image: Option<PathBuf>,

    /// The directory on which it is mounted; without one, one is made and printed. Or more images, each mounted on a directory
    /// made for it
    #[arg(value_name = "MOUNTPOINT|IMAGE")]
    pub more: Vec<PathBuf>,

    /// Mount options, separated by commas; may be given several times
    #[arg(short, value_name = "OPTION[=VALUE],...")]
    pub options: Vec<String>,

    /// Stay in the foreground; Ctrl-C unmounts
    #[arg(short, long)]
    pub foreground: bool,

    /// Make the mount point, whose parent is there; it is removed at unmount
    #[arg(long)]
    pub mkdir: bool,

    /// Unmount when nothing was used for so long: 90s, 10m, 2h
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub idle_timeout: Option<Duration>,

    /// Memory that all caches together may take, in bytes or with K, M or G behind the number
    #[arg(long, value_name = "SIZE", default_value_t = Size::DEFAULT, value_parser = size::parse)]
    pub cache_size: Size,

    /// Append the log to this file, instead of stderr or the system's log
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Tell more (twice: everything)
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Stay in the foreground and log every request
    #[arg(short, long)]
    pub debug: bool,

    /// The process in the background: tells the one that started it when the mount is there
    #[arg(long, hide = true)]
    pub background_process: bool,

    /// mount(8) asks
    #[arg(long, hide = true)]
    pub for_mount: bool,

    /// Unknown mount options are passed over
    #[arg(long, hide = true)]
    pub sloppy: bool,

    /// The view that is shown, for whoever lists processes
    #[arg(long, hide = true, value_parser = PossibleValuesParser::new(View::ALL.map(|(word, _)| word)))]
    pub shown_view: Option<String>,
}

impl MountArgs {
    /// What mount(8) asks for.
    pub(super) fn for_mount(
        image: PathBuf,
        mount_point: PathBuf,
        options: Vec<String>,
        sloppy: bool,
        verbose: u8,
    ) -> Self {
        Self {
            image: Some(image),
            more: vec![mount_point],
            options,
            foreground: false,
            mkdir: false,
            idle_timeout: None,
            cache_size: Size::DEFAULT,
            log_file: None,
            verbose,
            debug: false,
            background_process: false,
            for_mount: true,
            sloppy,
            shown_view: None,
        }
    }

    /// Who asks.
    pub(super) fn asker(&self) -> Asker {
        if self.for_mount { Asker::Mount { is_sloppy: self.sloppy } } else { Asker::User }
    }

    /// The arguments of the process that serves `image` on `mount_point` in the background; both are absolute. The last one is the
    /// mount point: whoever looks for the process finds it by that.
    pub(super) fn of_background(
        &self,
        image: &Path,
        mount_point: &Path,
        makes: bool,
        view: &str,
    ) -> Vec<OsString> {
        let mut all: Vec<OsString> =
            vec!["--background-process".into(), format!("--shown-view={view}").into()];
        let mut add = |name: &str, value: &OsStr| {
            let mut word = OsString::from(name);
            word.push(value);
            all.push(word);
        };
        for list in self.options.iter().filter(|list| !list.is_empty()) {
            add("-o", list.as_ref());
        }
        add("--cache-size=", self.cache_size.to_string().as_ref());
        if let Some(timeout) = self.idle_timeout {
            add("--idle-timeout=", format!("{}s", timeout.as_secs()).as_ref());
        }
        if let Some(file) = &self.log_file {
            add("--log-file=", file.as_os_str());
        }
        for _ in 0..self.verbose {
            add("-v", "".as_ref());
        }
        for (is_given, word) in
            [(makes, "--mkdir"), (self.for_mount, "--for-mount"), (self.sloppy, "--sloppy")]
        {
            if is_given {
                add(word, "".as_ref());
            }
        }
        all.extend(["--".into(), image.into(), mount_point.into()]);
        all
    }
}
