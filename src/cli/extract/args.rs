//! The arguments of `isomount extract`.

use std::{ffi::OsString, path::PathBuf};

use super::super::answer::ImageArgs;

/// What is taken out of an image, and where it goes.
#[derive(Debug, Clone, clap::Args)]
pub struct ExtractArgs {
    /// The image.
    #[command(flatten)]
    pub of: ImageArgs,

    /// What is extracted, with everything below it: a path in the image, or a pattern of one (* and ? match no /, ** does).
    /// Without one everything is
    #[arg(value_name = "PATH|GLOB")]
    pub wanted: Vec<OsString>,

    /// Boot images and partitions too, as files in .boot (as -o boot)
    #[arg(long)]
    pub boot: bool,

    /// Where it goes, instead of the working directory; made when it is not there
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,

    /// Leave out what matches, and everything below it: a name anywhere, or with a / in it a path
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<OsString>,

    /// Take so many names off the front of each path; what has no more is left out
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub strip_components: usize,

    /// Keep what is there already
    #[arg(long, overrides_with = "overwrite")]
    pub keep_old: bool,

    /// Replace what is there already, which is the default; links that are in the way are never followed
    #[arg(long, overrides_with = "keep_old")]
    pub overwrite: bool,

    /// Keep what can be read of a damaged file, with zeros for the rest
    #[arg(long)]
    pub keep_damaged: bool,

    /// Root too owns what it extracts
    #[arg(long)]
    pub no_same_owner: bool,

    /// Permissions as in the image, whatever the umask; what root extracts has them anyway
    #[arg(short = 'p', long, overrides_with = "no_same_permissions")]
    pub same_permissions: bool,

    /// Permissions as the umask allows; what other users than root extract has these anyway
    #[arg(long, overrides_with = "same_permissions")]
    pub no_same_permissions: bool,

    /// Write nothing, print the names
    #[arg(long)]
    pub dry_run: bool,

    /// Print the names
    #[arg(short, long)]
    pub verbose: bool,
}
