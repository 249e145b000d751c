//! Programs that may take too long, what they cost, and the signals that end the run.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, SysconfVar, sysconf},
};

use crate::Result;

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn interrupt(_: libc::c_int) {
    IS_INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Lets signals end the run in order, and makes daemons children of this process, so that none is left behind.
#[allow(unsafe_code)]
pub fn prepare() -> Result<()> {
    let action = SigAction::new(SigHandler::Handler(interrupt), SaFlags::SA_RESTART, SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler does nothing but store into an atomic.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// An error once a signal has asked for the end.
pub fn check() -> Result<()> {
    if IS_INTERRUPTED.load(Ordering::Relaxed) { Err("interrupted".into()) } else { Ok(()) }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End<T> {
    Done(T),
    Fails,
    /// Stopped after this long.
    Late(Duration),
}

/// Runs a program without output; how long it took.
pub fn time(command: &mut Command, limit: Duration) -> Result<End<Duration>> {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(match wait(child, limit)? {
        End::Done(()) => End::Done(start.elapsed()),
        End::Fails => End::Fails,
        End::Late(limit) => End::Late(limit),
    })
}

/// Runs a program; what it wrote, which must be less than a pipe holds.
pub fn text(command: &mut Command, limit: Duration) -> Result<End<String>> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let output = child.stdout.take();
    match wait(child, limit)? {
        End::Done(()) => Ok(End::Done(output.map_or(Ok(String::new()), io::read_to_string)?)),
        End::Fails => Ok(End::Fails),
        End::Late(limit) => Ok(End::Late(limit)),
    }
}

fn wait(mut child: Child, limit: Duration) -> Result<End<()>> {
    let process = Pid::from_raw(child.id().cast_signed());
    let (done, is_done) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let start = Instant::now();
        while is_done.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
            if start.elapsed() > limit || check().is_err() {
                let _ = kill(process, Signal::SIGKILL);
                return true;
            }
        }
        false
    });
    let status = child.wait()?;
    drop(done);
    let is_late = watch.join().unwrap_or(false);
    check()?;
    Ok(if status.success() {
        End::Done(())
    } else if is_late {
        End::Late(limit)
    } else {
        End::Fails
    })
}

/// Runs a program that must not fail; the error has the last line that it wrote.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    check()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}: {}", output.status, said.lines().last().unwrap_or("no message")).into())
}

/// The process whose last argument is `word`.
pub fn find(word: &Path) -> Option<Pid> {
    fs::read_dir("/proc").ok()?.find_map(|entry| {
        let entry = entry.ok()?;
        let process = entry.file_name().to_str()?.parse().ok()?;
        let arguments = fs::read(entry.path().join("cmdline")).ok()?;
        let last = arguments.strip_suffix(b"\0")?.rsplit(|b| *b == 0).next()?;
        (last == word.as_os_str().as_bytes()).then(|| Pid::from_raw(process))
    })
}

/// Waits for the end of a child; kills it when that takes too long.
pub fn end(process: Pid) {
    let start = Instant::now();
    while waitpid(process, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive) {
        if start.elapsed() > Duration::from_secs(5) {
            let _ = kill(process, Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Time on processors that a process has used so far, in seconds.
pub fn cpu(process: Pid) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in parentheses and may have any character; utime and stime are fields 14 and 15.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / sysconf(SysconfVar::CLK_TCK).ok()?? as f64)
}

/// Lets the peak of memory of a process begin anew.
pub fn forget_peak(process: Pid) {
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// The most memory that a process has had at once, in bytes.
pub fn peak(process: Pid) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmHWM:")
}

/// The memory of a process now that is no part of a file, in bytes; the peak counts pages of mapped files too.
pub fn own(process: Pid) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "RssAnon:")
}

/// A line `NAME N kB` of a file in /proc, in bytes.
pub fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Where a program lies.
pub fn program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places.map(|place| place.join(name)).any(|file| file.is_file())
}
