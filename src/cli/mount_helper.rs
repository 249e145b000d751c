//! The program under the name of a helper of mount(8): `mount.isomount` and `mount.fuse.isomount`.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use clap::{ArgAction, Parser};

use super::{MountArgs, exit::Failure, mount, wishes::Wishes};

/// The names under which mount(8) looks for a helper.
const NAMES: [&str; 2] = ["mount.isomount", "mount.fuse.isomount"];

/// Mounts a disc image for mount(8): the types isomount and fuse.isomount.
#[derive(Debug, Parser)]
#[command(name = "mount.isomount", version, max_term_width = 100)]
pub struct MountHelperArgs {
    /// The disc image: a file or a block device
    pub image: PathBuf,

    /// The directory on which it is mounted
    pub mountpoint: PathBuf,

    /// Mount options, separated by commas: those of isomount(1) and mount(8)
    #[arg(short, value_name = "OPTION[=VALUE],...")]
    pub options: Vec<String>,

    /// Ignore unknown options
    #[arg(short)]
    pub sloppy: bool,

    /// Only check the options
    #[arg(short)]
    pub fake: bool,

    /// Accepted: no list of mounts is written in any case
    #[arg(short)]
    pub no_mtab: bool,

    /// Tell more
    #[arg(short, action = ArgAction::Count)]
    pub verbose: u8,

    /// Accepted: the mount is always read-only
    #[arg(short)]
    pub read_only: bool,

    /// Accepted: the mount is always read-only
    #[arg(short = 'w')]
    pub read_write: bool,

    /// The type: isomount or fuse.isomount
    #[arg(short = 't', value_name = "TYPE")]
    pub kind: Option<String>,

    /// Accepted: mount(8) has gone to that namespace itself
    #[arg(short = 'N', value_name = "NAMESPACE")]
    pub namespace: Option<PathBuf>,
}

/// Whether a program of that name is such a helper.
pub(super) fn is_name(name: &OsStr) -> bool {
    Path::new(name).file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known))
}

/// Mounts for mount(8): returns when the mount is there.
pub(super) fn run(args: MountHelperArgs) -> Result<(), Failure> {
    let is_fake = args.fake;
    let args = MountArgs::for_mount(args.image, args.mountpoint, args.options, args.sloppy, args.verbose);
    if is_fake {
        return Wishes::parse(&args.options, args.asker()).map(drop);
    }
    mount::run(&args)
}
