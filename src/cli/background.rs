//! The start in the background: the program starts itself again, and waits until that process says that the mount is
//! there. A fork was rejected: what it leaves behind in a library's threads and locks is nobody's to know.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    os::{
        fd::{AsFd, RawFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, kill, raise},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{self, Pid},
};

use super::{
    NAME,
    exit::{Exit, Failure},
};
use crate::fuse::block_signals;

/// How many places the C library of GNU takes memory from; by itself it has one for each thread. What one thread has decoded and
/// another gives back is not used again soon then: after four walks through a million files the process has 43 MiB instead of 20, and
/// is not faster (`docs/BENCHMARKS.md`). As a variable, because the call that sets it is not safe Rust.
const ARENAS: &str = "MALLOC_ARENA_MAX";

/// The files that this process has open.
const OPEN_FILES: &str = "/proc/self/fd";

/// The words on the pipes between the two: the mount is there; the directory that was to be made is there already; go on.
const READY: &str = "mounted";
const TAKEN: &str = "taken";
const GO_ON: &str = "go on";

/// How long the process that was started may take to undo what it has done.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a start went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Started {
    /// The mount is there.
    Mounted,
    /// Somebody else has made the directory meanwhile.
    Taken,
}

/// Starts the process that stays, with these arguments, and returns when the mount is there. If it fails it has said
/// why on stderr; its exit code becomes ours. A signal meanwhile ends both, and nothing is mounted.
pub(super) fn start(args: &[OsString]) -> Result<Started, Failure> {
    let failed =
        |e: io::Error| Failure::new(Exit::Internal, format!("cannot start the background process: {e}"));
    let signals = block_signals().map_err(failed)?;
    let signalled = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(|e| failed(e.into()))?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg0(NAME)
        .args(args)
        .env(ARENAS, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut word = String::new();
    if let Some(stdout) = child.stdout.take() {
        if is_signalled_before(&signalled, Some(&stdout)).map_err(failed)? {
            return Err(interrupted(&mut child, &signals, &signalled));
        }
        // Whatever comes that is not a word is a failure, and so is nothing.
        let _ = BufReader::new(stdout).read_line(&mut word);
    }
    if word.trim_end() == READY {
        if is_signalled_before(&signalled, None::<&File>).map_err(failed)? {
            return Err(interrupted(&mut child, &signals, &signalled));
        }
        let told = child.stdin.take().map(|mut stdin| writeln!(stdin, "{GO_ON}"));
        if told.is_some_and(|told| told.is_ok()) {
            // What comes now comes too late.
            while let Ok(Some(_)) = signalled.read_signal() {}
            let _ = signals.thread_unblock();
            return Ok(Started::Mounted);
        }
    }
    let status = child.wait().map_err(failed)?;
    let _ = signals.thread_unblock();
    if word.trim_end() == TAKEN {
        return Ok(Started::Taken);
    }
    match Exit::of(status) {
        Some(exit) => Err(Failure { exit, message: None }),
        None => Err(Failure::new(Exit::Internal, format!("the background process ended early: {status}"))),
    }
}

/// Whether a signal came before there is something to read; without a pipe, whether one has come by now.
fn is_signalled_before(signalled: &SignalFd, pipe: Option<&impl AsFd>) -> io::Result<bool> {
    let mut watched = vec![PollFd::new(signalled.as_fd(), PollFlags::POLLIN)];
    watched.extend(pipe.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    let timeout = if pipe.is_some() { PollTimeout::NONE } else { PollTimeout::ZERO };
    poll(&mut watched, timeout)?;
    Ok(watched.first().is_some_and(|first| first.any() == Some(true)))
}

/// Ends the process that was started, and then this one, by the same signal.
fn interrupted(child: &mut Child, signals: &SigSet, signalled: &SignalFd) -> Failure {
    // Without an answer it unmounts what it has mounted.
    drop(child.stdin.take());
    if let Ok(process) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
    }
    let start = Instant::now();
    // One that waits for storage that does not answer cannot end.
    while matches!(child.try_wait(), Ok(None)) && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    let signal = signalled.read_signal().ok().flatten();
    let signal =
        signal.and_then(|info| i32::try_from(info.ssi_signo).ok()).and_then(|n| Signal::try_from(n).ok());
    let _ = signals.thread_unblock();
    let _ = raise(signal.unwrap_or(Signal::SIGTERM));
    // Only where the signal is ignored.
    Failure::new(Exit::Internal, "interrupted; nothing is mounted")
}

/// In the process that stays, at its start: takes signals again, which it has inherited blocked, and closes the files that it has inherited
/// open, lest it keeps a pipe or a lock of whoever has started it. Only a file that `image` names by its number stays.
pub(super) fn leave_behind(image: Option<&Path>) {
    let _ = SigSet::all().thread_unblock();
    let names: Vec<OsString> =
        fs::read_dir(OPEN_FILES).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    for name in names {
        let is_image =
            [OPEN_FILES, "/dev/fd"].iter().any(|place| Some(&*Path::new(place).join(&name)) == image);
        let number: Option<RawFd> = name.to_str().and_then(|name| name.parse().ok());
        if let Some(number) = number.filter(|number| *number > 2 && !is_image) {
            // The one of the list itself is closed already.
            let _ = unistd::close(number);
        }
    }
}

/// In the process that stays, when the mount is there: leaves the terminal. Not before: an automounter knows by its process group whom
/// it lets through to the mount point, and makes everybody else wait for the mount.
pub(super) fn leave_terminal() {
    // It fails only for a leader of a process group, which a process just started is not.
    let _ = unistd::setsid();
}

/// In the process that stays: tells the one that waits that the directory which was to be made is there.
pub(super) fn tell_taken() {
    let _ = writeln!(io::stdout(), "{TAKEN}");
}

/// In the process that stays: tells the one that waits, and lets go of the terminal and the working directory.
///
/// # Errors
/// The one that waited is gone: then nobody wants the mount.
pub(super) fn tell_ready() -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{READY}")?;
    stdout.flush()?;
    let mut word = String::new();
    io::stdin().read_line(&mut word)?;
    if word.trim_end() != GO_ON {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    unistd::dup2_stdin(&nothing)?;
    unistd::dup2_stdout(&nothing)?;
    unistd::dup2_stderr(&nothing)?;
    std::env::set_current_dir("/")
}
