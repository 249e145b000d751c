//! What `--help` says behind the arguments.

use std::fmt::Write as _;

use super::{exit::Exit, options::OPTIONS};

const EXAMPLES: &str = "\
Examples:
  isomount image.iso /mnt/iso            mount, and return when it is there
  isomount image.iso                     mount on a directory made for it; prints which
  isomount umount /mnt/iso               unmount (or: fusermount3 -u; root: umount)
  isomount extract image.iso -C dir      write everything in it to dir, without a mount
  isomount list                          what is mounted
  isomount info image.iso                what an image is: volume, trees, checksums
  isomount ls -l image.iso /boot         what is in an image, without a mount
  isomount cat image.iso /README > a     a file of an image, without a mount
  isomount check image.iso               whether it is whole, and which files are hit if not
  isomount -o uid=1000,gid=1000 a.iso m  everything belongs to user and group 1000
  isomount -f -v image.iso /mnt/iso      stay in the foreground and tell what is done
To make an image: xorriso -as mkisofs -R -J -o image.iso DIRECTORY";

/// Columns of an option and its value.
const WIDTH: usize = 21;

/// Examples, mount options and exit codes.
pub(super) fn after() -> String {
    let mut text = format!("{EXAMPLES}\n\nOptions of -o:\n");
    for option in OPTIONS {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:<WIDTH$}  {}", option.written(), option.help);
    }
    text.push_str("Words of mount(8) and fstab(5) that mean nothing here are passed over.\n\nExit codes:\n");
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {}  {}", exit.code(), exit.meaning());
    }
    text.push_str("docs/CLI.md and the manual page say more.");
    text
}
