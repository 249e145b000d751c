//! The start in the background: the program starts itself again, and waits until that process says that the mount is
//! there. A fork was rejected: what it leaves behind in a library's threads and locks is nobody's to know.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use nix::unistd;

use super::exit::{Exit, Failure};

/// How many places the C library of GNU takes memory from; by itself it has one for each thread. What one thread has decoded and
/// another gives back is not used again soon then: after four walks through a million files the process has 43 MiB instead of 20, and
/// is not faster (`docs/BENCHMARKS.md`). As a variable, because the call that sets it is not safe Rust.
const ARENAS: &str = "MALLOC_ARENA_MAX";

/// The word on the pipe between the two.
const READY: &str = "mounted";

/// Starts the process that stays, with the same arguments, and returns when the mount is there. If it fails it has said
/// why on stderr; its exit code becomes ours.
pub(super) fn start(args: &[OsString]) -> Result<(), Failure> {
    let failed =
        |e: io::Error| Failure::new(Exit::Internal, format!("cannot start the background process: {e}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg("--background-process")
        .env(ARENAS, "1")
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut word = String::new();
    if let Some(stdout) = child.stdout.take() {
        // Whatever comes that is not the word is a failure, and so is nothing.
        let _ = BufReader::new(stdout).read_line(&mut word);
    }
    if word.trim_end() == READY {
        return Ok(());
    }
    let status = child.wait().map_err(failed)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    match Exit::ALL.iter().find(|exit| Some(exit.code()) == code) {
        Some(exit) => Err(Failure { exit: *exit, message: None }),
        None => Err(Failure::new(Exit::Internal, format!("the background process ended early: {status}"))),
    }
}

/// In the process that stays: leaves the terminal, before anything is mounted.
pub(super) fn leave_terminal() {
    // It fails only for a leader of a process group, which a process just started is not.
    let _ = unistd::setsid();
}

/// In the process that stays: tells the one that waits, and lets go of the terminal and the working directory.
///
/// # Errors
/// The one that waited is gone: then nobody wants the mount.
pub(super) fn tell_ready() -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{READY}")?;
    stdout.flush()?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    unistd::dup2_stdin(&nothing)?;
    unistd::dup2_stdout(&nothing)?;
    unistd::dup2_stderr(&nothing)?;
    std::env::set_current_dir("/")
}
