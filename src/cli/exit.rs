//! Exit codes: an interface, listed in `docs/CLI.md`, never renumbered.

use std::{
    io::{self, ErrorKind},
    process::{ExitCode, ExitStatus},
};

use crate::error::Error;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something that should not happen: a bug, or the mount broke while it ran. Or stdout does not take the answer.
    Internal = 1,
    /// An argument or option is unknown, missing or has a bad value.
    Usage = 2,
    /// The image is not there, may not be read, or its storage fails.
    Unreadable = 3,
    /// The file is no disc image.
    NotADisc = 4,
    /// The image is damaged so that nothing of it can be shown, or not all that was asked for.
    Damaged = 5,
    /// The image is in order, and not supported; or it has not the view that was asked for.
    Unsupported = 6,
    /// The mount point is not there, no directory, not empty or in use; or nothing of ours is mounted there. Or what was
    /// to be extracted could not be written.
    MountPoint = 7,
    /// There is no FUSE, or the system refused the mount or unmount.
    Refused = 8,
    /// A path or a pattern is not in the image, or what is there is of the wrong type.
    NotInside = 9,
}

impl Exit {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::Internal,
        Self::Usage,
        Self::Unreadable,
        Self::NotADisc,
        Self::Damaged,
        Self::Unsupported,
        Self::MountPoint,
        Self::Refused,
        Self::NotInside,
    ];

    /// What it means, in the words of `docs/CLI.md`.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Internal => {
                "something that should not happen: a bug, or the connection to the kernel broke; or what was asked for cannot be written to stdout"
            }
            Self::Usage => "an argument or option is unknown, missing or has a bad value",
            Self::Unreadable => "the image is not there, may not be read, or its storage fails",
            Self::NotADisc => "the file is no disc image",
            Self::Damaged => {
                "the image is damaged so that nothing of it can be shown, or not all that was asked for; or check found damage"
            }
            Self::Unsupported => {
                "the image is in order and not supported, or has not the view that was asked for"
            }
            Self::MountPoint => {
                "the mount point is not there, no directory, not empty, in use or in the way of the image; nothing of isomount is mounted there; or what was to be extracted or drawn could not be written"
            }
            Self::Refused => "there is no FUSE, or the system refused the mount or unmount",
            Self::NotInside => {
                "nothing in the image matches: a path or pattern is not in it, or is of the wrong type"
            }
        }
    }

    /// The number.
    #[allow(clippy::as_conversions, reason = "the discriminants are 1 to 9")]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// That of something inside an image that cannot be shown or read.
    pub(super) fn of_content(error: &Error) -> Self {
        match error {
            Error::Io { cause, .. } if cause.kind() != ErrorKind::UnexpectedEof => Self::Unreadable,
            Error::Unsupported(_) => Self::Unsupported,
            Error::NotFound | Error::NotADirectory | Error::IsADirectory | Error::NotALink => Self::NotInside,
            _ => Self::Damaged,
        }
    }

    /// That of a process of this program that has ended; `None` for one that ended otherwise, or well.
    pub(super) fn of(status: ExitStatus) -> Option<Self> {
        let code = status.code().and_then(|code| u8::try_from(code).ok())?;
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why the program ends without having done what it was asked for: one line, and an exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The line; `None` when another process has said it.
    pub message: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(without_numbers(&message.into())) }
    }

    /// What is told of an answer that stdout does not take.
    pub(super) fn not_written(error: &io::Error) -> Self {
        Self::new(Exit::Internal, format!("cannot write the answer: {error}; write it elsewhere"))
    }

    /// What is told of an image that cannot be opened.
    pub(super) fn of_image(image: &str, error: &Error) -> Self {
        let (exit, text) = match error {
            Error::NotADisc(what) => (Exit::NotADisc, format!("not a disc image: it seems to be {what}")),
            Error::Corrupt(_) => (Exit::Damaged, format!("damaged: {error}; get it again, or a better copy")),
            Error::Unsupported(_) => (Exit::Unsupported, error.to_string()),
            Error::Io { cause, .. } => {
                let next = match cause.kind() {
                    ErrorKind::NotFound if image == "-" => {
                        "an image is read here and there, which stdin does not allow; name a file"
                    }
                    ErrorKind::NotFound => "check the path",
                    ErrorKind::PermissionDenied => "ask its owner to let you read it",
                    _ => "check the medium that it is on",
                };
                (Exit::Unreadable, format!("{error}; {next}"))
            }
            _ => (Exit::Unreadable, error.to_string()),
        };
        Self::new(exit, format!("{image}: {text}"))
    }
}

/// What the system says in words it need not say in numbers: ` (os error 2)`.
pub(super) fn without_numbers(message: &str) -> String {
    let mut parts = message.split(" (os error ");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        short.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(')'));
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_numbers() {
        let said = "a: No such file (os error 2); check (os x)";
        assert_eq!(without_numbers(said), "a: No such file; check (os x)");
        assert_eq!(without_numbers("x (os error 13)"), "x");
    }
}
