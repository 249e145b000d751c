//! `isomount cat`.

use std::{
    ffi::OsString,
    io::{self, Write},
    os::unix::ffi::OsStrExt,
};

use super::{
    answer::{self, Answer, ImageArgs, cause, from_root},
    exit::{Exit, Failure},
    inside::resolve,
};
use crate::{
    bytes::as_u64,
    error::Error,
    tree::{Kind, Stat, Tree},
};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// Which files are written.
#[derive(Debug, Clone, clap::Args)]
pub struct CatArgs {
    /// The image.
    #[command(flatten)]
    pub of: ImageArgs,

    /// Files inside the image; links are followed inside it
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<OsString>,
}

/// Writes files to stdout; one that cannot be read does not keep the others.
pub(super) fn run(args: &CatArgs) -> Result<(), Failure> {
    let (image, mut answer) = answer::open(&args.of)?;
    let tree = image.tree();
    let done = args.paths.iter().try_for_each(|path| write(tree, path.as_bytes(), &mut answer));
    answer.end(done)
}

fn write(tree: &Tree, path: &[u8], answer: &mut Answer) -> io::Result<()> {
    let found = match resolve(tree, path, true) {
        Ok(found) => found,
        Err(lost) => {
            answer.lost(path, &lost);
            return Ok(());
        }
    };
    let text = match found.stat.kind {
        Kind::File => return write_file(tree, &found.path, &found.stat, answer),
        Kind::Directory => "a directory; isomount ls shows what is in it",
        _ => "a device, FIFO or socket, which has no bytes; name a file",
    };
    answer.tell(Exit::NotInside, &format!("{}: {text}", from_root(&found.path)));
    Ok(())
}

/// Writes all bytes of a file up to the first that cannot be read.
fn write_file(tree: &Tree, path: &[u8], stat: &Stat, answer: &mut Answer) -> io::Result<()> {
    let mut at: u64 = 0;
    let mut len = PIECE;
    // Where a piece ends that could not be read as a whole, and is read by ever smaller parts.
    let mut bad_end: u64 = 0;
    while at < stat.size {
        // What is lent may be mapped: it goes to the kernel unseen.
        let out = answer.unbuffered()?;
        // What cannot be read says why below.
        let sent = if at < bad_end { 0 } else { tree.send(stat.id, at, stat.size, out).unwrap_or(0) };
        if sent > 0 {
            at = at.saturating_add(sent);
            continue;
        }
        match tree.read(stat.id, at, len, |bytes| out.write_all(bytes).map(|()| as_u64(bytes.len()))) {
            Ok(Ok(0)) => break,
            Ok(Ok(count)) => at = at.saturating_add(count),
            // Mapped bytes that have gone.
            Ok(Err(error)) if error.raw_os_error() == Some(libc::EFAULT) => {
                let error = Error::io(format!("reading byte {at} of the file"), error);
                answer.tell(
                    Exit::Unreadable,
                    &format!("{}: the image has become shorter: {error}", from_root(path)),
                );
                break;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) if len > 1 => {
                bad_end = bad_end.max(at.saturating_add(as_u64(len)));
                len /= 2;
                continue;
            }
            Err(error) => {
                let text = format!("{} from byte {at} on: {}", from_root(path), cause(&error));
                answer.tell(Exit::of_content(&error), &text);
                break;
            }
        }
        if at >= bad_end {
            len = PIECE;
        }
    }
    Ok(())
}
