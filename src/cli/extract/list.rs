//! The names of what is extracted, on stdout.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use super::super::unless_enough;
use crate::text;

/// Who wants the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Nothing,
    /// Each when it is there, to be looked at meanwhile.
    AtOnce,
    /// Nothing but the names is wanted.
    Alone,
}

/// A list of names.
pub(super) struct List {
    out: BufWriter<Stdout>,
    is_terminal: bool,
    listed: Listed,
    /// Why the names are not written any more.
    failed: Option<io::Error>,
}

impl List {
    pub(super) fn new(listed: Listed) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        Self { out: BufWriter::new(stdout), is_terminal, listed, failed: None }
    }

    /// Writes a name: escaped on a terminal, byte by byte elsewhere.
    pub(super) fn add(&mut self, path: &[u8]) {
        if self.listed == Listed::Nothing || self.failed.is_some() {
            return;
        }
        let written = if self.is_terminal {
            writeln!(self.out, "{}", text::escape(path))
        } else {
            self.out.write_all(path).and_then(|()| self.out.write_all(b"\n"))
        };
        self.failed = match self.listed {
            Listed::AtOnce => written.and_then(|()| self.out.flush()),
            _ => written,
        }
        .err();
    }

    /// Ends the list.
    ///
    /// # Errors
    /// Not all of it could be written; whoever reads it may have seen enough.
    pub(super) fn end(&mut self) -> io::Result<()> {
        unless_enough(self.failed.take().map_or_else(|| self.out.flush(), Err))
    }
}
