//! The arguments of `isomount check`.

use std::path::PathBuf;

use super::super::answer::ImageArgs;

/// What is checked, and how the answer looks.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER)]
pub struct CheckArgs {
    /// The image.
    #[command(flatten)]
    pub of: ImageArgs,

    /// Also tell which files are hit by bad bytes: a map of ddrescue, or a list with START LENGTH or FIRST-LAST on each line
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,

    /// Draw the disc as a picture: which file lies where, what is damaged, what is free
    #[arg(long, value_name = "FILE.svg")]
    pub picture: Option<PathBuf>,

    /// Read no files: structures, length and map alone
    #[arg(long)]
    pub quick: bool,

    /// As JSON: one object
    #[arg(long)]
    pub json: bool,

    /// Also tell which checksums are right
    #[arg(short, long)]
    pub verbose: bool,
}

const AFTER: &str = "\
What is looked at:
  structure  directories and extents, path tables, descriptors, their tags and
             copies, trees of one disc that say different things
  length     bytes that are missing at the end, and the files in them
  checksums  the MD5 that installers implant, those of libisofs, lists in the
             image (md5sum.txt, SHA256SUMS ...), blocks of packed files
  reading    every byte, in the order of the disc

A line with \"damaged:\" in front is something that costs a byte or a name. One
with \"remark:\" is something that does not, and does not count. The last line
is the verdict; it says how much no checksum vouches for.

Exit code 0: whole. 5: damaged. Others as for every command.";
