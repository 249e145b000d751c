//! Where the log goes: to stderr, and in the background to the system's log.

use std::{
    io::{self, Write},
    os::unix::net::UnixDatagram,
    sync::atomic::{AtomicBool, Ordering},
};

use env_logger::{Builder, Target};
use log::LevelFilter;

/// Whether stderr is gone.
static IN_BACKGROUND: AtomicBool = AtomicBool::new(false);

/// The socket of the system's log.
const SYSTEM_LOG: &str = "/dev/log";

/// Facility daemon (3), severity warning (4), RFC 3164 4.1.1.
const PRIORITY: u8 = 3 * 8 + 4;

/// Starts the log, on stderr or (for the process that stays in the background) at once in the system's log: what is to be said
/// before the mount is there, the process that waits for it says. `ISOMOUNT_LOG` says more exactly what is told, in the words of `RUST_LOG`.
pub(super) fn start(verbose: u8, debug: bool, in_background: bool) {
    IN_BACKGROUND.store(in_background, Ordering::Relaxed);
    let level = match verbose {
        _ if debug => LevelFilter::Debug,
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    let mut builder = Builder::new();
    // fuser says in the log what it returns as an error as well.
    builder.filter_level(level).filter_module("fuser", if debug { level } else { LevelFilter::Off });
    builder.parse_env("ISOMOUNT_LOG").target(Target::Pipe(Box::new(Sink)));
    builder.format(|out, record| writeln!(out, "isomount: {}", record.args()));
    // Tests that run the command twice in one process have a log already.
    let _ = builder.try_init();
}

struct Sink;

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !IN_BACKGROUND.load(Ordering::Relaxed) {
            return io::stderr().write(line);
        }
        let text = line.strip_prefix(b"isomount: ").unwrap_or(line);
        let mut message = format!("<{PRIORITY}>isomount[{}]: ", std::process::id()).into_bytes();
        message.extend_from_slice(text.trim_ascii_end());
        // A system without a log loses the line; there is no other place for it.
        let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(&message, SYSTEM_LOG));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
