//! Errors, sorted by whose fault they are.
//!
//! The storage ([`Error::Io`]), the image ([`Error::Corrupt`], [`Error::NotADisc`]), this program
//! ([`Error::Unsupported`]) or the caller (all the others). The exit code (`cli/exit.rs`), the errno
//! (`fuse/errno.rs`) and the level in the log follow from the kind, each in one place.

use std::{
    borrow::Cow,
    collections::HashSet,
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use crate::limits;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
///
/// Cheap to clone, so that all who wait for one block of the cache can be told the same.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The storage below the image failed.
    #[error("{what}: {cause}")]
    Io {
        /// What was being done, with the place in the image where there is one.
        what: Arc<str>,
        /// What the operating system said.
        cause: Arc<io::Error>,
    },
    /// A structure of the image says something that it may not.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The bytes are no disc image at all; the text says what they seem to be.
    #[error("{0}")]
    NotADisc(Arc<str>),
    /// The image is in order, this program does not read it (yet).
    #[error("{0}")]
    Unsupported(Arc<str>),
    /// There is no such name, or no such node.
    #[error("no such file or directory")]
    NotFound,
    /// The node has no extended attribute of that name.
    #[error("no such attribute")]
    NoAttribute,
    /// From that offset on there is nothing of what was looked for in a file.
    #[error("no such offset")]
    NoOffset,
    /// A directory was needed.
    #[error("not a directory")]
    NotADirectory,
    /// A file was needed, this is a directory.
    #[error("is a directory")]
    IsADirectory,
    /// A symbolic link was needed.
    #[error("not a symbolic link")]
    NotALink,
    /// The target of a symbolic link is longer than a path may be.
    #[error("name too long")]
    NameTooLong,
    /// Links of the image lead around in a circle.
    #[error("too many levels of links")]
    Loop,
}

impl Error {
    /// The storage failed while `what` was being done.
    pub fn io(what: impl Into<Arc<str>>, cause: io::Error) -> Self {
        Self::Io { what: what.into(), cause: Arc::new(cause) }
    }

    /// This program does not read what `what` names.
    pub fn unsupported(what: impl Into<Arc<str>>) -> Self {
        Self::Unsupported(what.into())
    }
}

/// A structure that says something it may not: where it is, which field, what was found, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{structure} at byte {at}: {field} is {found}, {allowed}")]
pub struct Corrupt {
    /// Name of the structure in its standard.
    pub structure: &'static str,
    /// Byte offset of the structure in the image.
    pub at: u64,
    /// Name of the field in its standard.
    pub field: &'static str,
    /// The value found.
    pub found: Cow<'static, str>,
    /// The values that would be right, as the end of a sentence.
    pub allowed: Cow<'static, str>,
}

impl Corrupt {
    /// Describes one wrong field.
    pub fn new(
        structure: &'static str,
        at: u64,
        field: &'static str,
        found: impl fmt::Display,
        allowed: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { structure, at, field, found: found.to_string().into(), allowed: allowed.into() }
    }
}

/// The failures that were written to the log: each is told once, never once per read.
#[derive(Debug, Default)]
pub struct Damage {
    told: Mutex<Told>,
    is_silent: bool,
}

#[derive(Debug, Default)]
struct Told {
    texts: HashSet<String>,
    /// The same, in the order in which they were met.
    errors: Vec<Error>,
}

impl Damage {
    /// Failures that nobody is told: for a second look at what was looked at before.
    pub fn silent() -> Self {
        Self { is_silent: true, ..Self::default() }
    }

    /// Writes a warning to the log, unless the same was written before or the caller is to blame.
    pub fn report(&self, error: &Error) {
        if self.is_silent || !matches!(error, Error::Io { .. } | Error::Corrupt(_) | Error::Unsupported(_)) {
            return;
        }
        let text = error.to_string();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.texts.len() < limits::REPORTED_DAMAGE && !told.texts.contains(&text) {
            log::warn!("{text}");
            told.texts.insert(text);
            told.errors.push(error.clone());
        }
    }

    /// What was told, in the order in which it was met.
    pub fn told(&self) -> Vec<Error> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).errors.clone()
    }

    /// How many different failures were told, at most [`limits::REPORTED_DAMAGE`].
    pub fn count(&self) -> usize {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).texts.len()
    }
}

/// What was found wrong with structures that describe several things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What they describe is not known, or not all of it.
    pub lost: Vec<Corrupt>,
    /// It is known all the same: by a copy, or because nothing else spoke against it.
    pub noted: Vec<Corrupt>,
}
