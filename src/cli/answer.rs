//! What all commands share that look into an image without a mount: opening it, writing the answer, and telling what is wrong
//! without giving up the rest.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    os::fd::AsFd,
    path::PathBuf,
};

use super::{
    complain,
    exit::{Exit, Failure},
    image,
    inside::Lost,
    log, shown,
    wishes::{Asker, Wishes},
};
use crate::{
    error::Error,
    open::Image,
    text,
    tree::{NodeId, Tree},
};

/// Bytes of the answer that are written at once, as many as a pipe holds.
const BUFFER: usize = 64 << 10;

/// The number of the root directory, as a mount shows it.
const ROOT: u64 = 1;

/// An image, and how it is read.
#[derive(Debug, Clone, clap::Args)]
pub struct ImageArgs {
    /// Options as for a mount, separated by commas: view=udf, session=1, iocharset=cp866 and all others that say how an image is
    /// read
    #[arg(short, value_name = "OPTION[=VALUE],...")]
    pub options: Vec<String>,

    /// The disc image: a file or a block device
    pub image: PathBuf,
}

impl ImageArgs {
    /// Opens the image without a mount, and tells what is wrong with it as a whole.
    ///
    /// # Errors
    /// An option is wrong; the image cannot be opened.
    pub(super) fn open(&self) -> Result<Image, Failure> {
        let mut wishes = Wishes::parse(&self.options, Asker::User)?;
        // Of the directory that is a mount.
        wishes.open.policy.has_private_root = false;
        log::start_looking();
        let image = image::open(&self.image, &wishes.open)?;
        image::tell_notes(&self.image, &image);
        Ok(image)
    }
}

/// The answer to a question about an image, on stdout, and what could not be answered, on stderr.
pub(super) struct Answer {
    /// The name of the image, as a terminal may see it.
    image: String,
    out: BufWriter<File>,
    /// Whether the answer goes to a terminal, which is not shown every byte.
    pub(super) is_terminal: bool,
    /// Lines of the log before the question.
    warnings: usize,
    first: Option<Exit>,
}

/// Opens an image that is asked about.
///
/// # Errors
/// As [`ImageArgs::open`].
pub(super) fn open(args: &ImageArgs) -> Result<(Image, Answer), Failure> {
    let image = args.open()?;
    let stdout = io::stdout();
    let out = stdout.as_fd().try_clone_to_owned().map_err(|error| Failure::not_written(&error))?;
    let answer = Answer {
        image: shown(&args.image),
        out: BufWriter::with_capacity(BUFFER, out.into()),
        is_terminal: stdout.is_terminal(),
        warnings: log::warnings(),
        first: None,
    };
    Ok((image, answer))
}

impl Answer {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Where bytes can be written that must not be looked at.
    pub(super) fn unbuffered(&mut self) -> io::Result<&mut File> {
        self.out.flush()?;
        Ok(self.out.get_mut())
    }

    /// A name or a path, as it may be written: escaped on a terminal, byte by byte elsewhere.
    pub(super) fn name(&self, name: &[u8]) -> Vec<u8> {
        if self.is_terminal { text::escape(name).into_bytes() } else { name.to_vec() }
    }

    /// Tells what could not be done. The exit code is that of the first time.
    pub(super) fn tell(&mut self, exit: Exit, text: &str) {
        // What was answered before stands before it on a terminal; an error of writing comes again.
        let _ = self.out.flush();
        self.first.get_or_insert(exit);
        let failure = Failure::new(exit, format!("{}: {text}", self.image));
        failure.message.iter().for_each(|message| complain(message));
    }

    /// Whether something could not be done.
    pub(super) fn has_failed(&self) -> bool {
        self.first.is_some()
    }

    /// Tells why something at a path (from the root, without a `/` in front) cannot be shown or read.
    pub(super) fn trouble(&mut self, path: &[u8], error: &Error) {
        self.tell(Exit::of_content(error), &why_not(path, error));
    }

    /// Tells that there is nothing at a path that was typed.
    pub(super) fn lost(&mut self, path: &[u8], lost: &Lost) {
        let (exit, text) = why_lost(path, lost);
        self.tell(exit, &text);
    }

    /// Ends the answer; whoever reads it may have seen enough.
    ///
    /// # Errors
    /// Something could not be written, or was told before.
    pub(super) fn end(mut self, done: io::Result<()>) -> Result<(), Failure> {
        match done.and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::not_written(&error)),
            Ok(()) => {}
        }
        let damaged = (log::warnings() > self.warnings).then_some(Exit::Damaged);
        match self.first.or(damaged) {
            Some(exit) => Err(Failure { exit, message: None }),
            None => Ok(()),
        }
    }
}

/// Why there is nothing at a path that was typed, and what to do.
pub(super) fn why_lost(path: &[u8], lost: &Lost) -> (Exit, String) {
    let (path, reached) = (text::escape(path), from_root(&lost.reached));
    let text = match &lost.error {
        Error::NotFound => format!("not in the image; the nearest that is there is {reached}"),
        Error::NotADirectory => format!("{reached} is no directory; leave out what is behind it"),
        Error::Loop => "too many symbolic links on the way; name what they lead to".to_owned(),
        error => return (Exit::of_content(error), why_not(&lost.reached, error)),
    };
    (Exit::NotInside, format!("{path}: {text}"))
}

/// Why something at a path (from the root, without a `/` in front) cannot be shown or read.
fn why_not(path: &[u8], error: &Error) -> String {
    format!("{}: {}", from_root(path), cause(error))
}

/// What is wrong with something inside an image, and what to do.
pub(super) fn cause(error: &Error) -> String {
    match error {
        Error::Corrupt(_) => format!("damaged: {error}; get the image again, or a better copy"),
        Error::Io { .. } => format!("{error}; check the medium that the image is on"),
        Error::Unsupported(_) => format!("not supported: {error}"),
        Error::Loop => "damaged: a directory that was shown under another name already".to_owned(),
        _ => error.to_string(),
    }
}

/// A path from the root of an image, as a terminal may see it.
pub(super) fn from_root(path: &[u8]) -> String {
    format!("/{}", text::escape(path))
}

/// A path and a name or path below it.
pub(super) fn joined(path: &[u8], name: &[u8]) -> Vec<u8> {
    match (path, name) {
        (path, b"") => path.to_vec(),
        (b"", name) => name.to_vec(),
        (path, name) if path.ends_with(b"/") => [path, name].concat(),
        (path, name) => [path, b"/", name].concat(),
    }
}

/// The number of a node, as a mount shows it.
pub(super) fn number(tree: &Tree, id: NodeId) -> u64 {
    if id == tree.root() { ROOT } else { id.0 }
}
