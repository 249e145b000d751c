//! The arguments.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

use super::size::{self, Size};

const EXAMPLES: &str = "\
Examples:
  isomount image.iso /mnt/iso            mount, and return when it is there
  fusermount3 -u /mnt/iso                unmount (root: umount /mnt/iso)
  isomount -o uid=1000,gid=1000 a.iso m  everything belongs to user and group 1000
  isomount -o view=udf a.iso m           the UDF tree, whatever else the disc has
  isomount -f -v image.iso /mnt/iso      stay in the foreground and tell what is done

Options of -o:
  ro                    the mount is always read-only; accepted for fstab
  allow_other           other users may look in; permissions are then checked
  uid=N, gid=N          owner and group of everything (ignore: recorded ones do not count)
  umask=OCTAL           permissions that nothing has
  mode=OCTAL            permissions of files that have none recorded (default 555)
  dmode=OCTAL           permissions of directories that have none recorded (555)
  view=WORD             auto, rockridge, udf, joliet or iso9660: which of the disc's trees
  norock, nojoliet, noudf  do not use Rock Ridge, Joliet, UDF
  map=WORD              names without Rock Ridge: normal (lower case, no ;1), off, acorn
  hide, unhide          leave out, show files marked hidden (UDF leaves them out by itself)
  showassoc             show associated files
  undelete              UDF: show deleted files whose place is still known
  session=N             the Nth session (over 99: its first sector) instead of the last
  bs=BYTES, anchor=BLOCK, lastblock=BLOCK  UDF: block size, anchor, last block
  novrs                 UDF: look for it also where nothing announces it
  nostrict, iocharset=WORD, utf8  accepted

Exit codes: 0 done, 2 wrong usage, 3 image not readable, 4 no disc image, 5 image damaged,
6 not supported, 7 mount point, 8 mount refused. They are explained in docs/CLI.md.";

/// Mounts a disc image as a read-only drive, without root and without a kernel module.
#[derive(Debug, Parser)]
#[command(name = "isomount", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Args {
    /// The disc image: a file or a block device
    pub image: PathBuf,

    /// The directory on which it is mounted
    pub mountpoint: PathBuf,

    /// Stay in the foreground; Ctrl-C unmounts
    #[arg(short, long)]
    pub foreground: bool,

    /// Stay in the foreground and log every request
    #[arg(short, long)]
    pub debug: bool,

    /// Tell more (twice: everything)
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Mount options, separated by commas; may be given several times
    #[arg(short, value_name = "OPTION[=VALUE],...")]
    pub options: Vec<String>,

    /// Memory that all caches together may take, in bytes or with K, M or G behind the number
    #[arg(long, value_name = "SIZE", default_value_t = Size::DEFAULT, value_parser = size::parse)]
    pub cache_size: Size,

    /// The process in the background: tells the one that started it when the mount is there
    #[arg(long, hide = true)]
    pub background_process: bool,
}
