//! Where the log goes: to stderr, in the background to the system's log, or to a file.

use std::{
    env,
    fs::File,
    io::{self, Write},
    os::unix::net::UnixDatagram,
    sync::atomic::{AtomicUsize, Ordering},
};

use env_logger::{Builder, Logger, Target};
use jiff::Zoned;
use log::{Level, LevelFilter, Log, Metadata, Record};

use super::{
    MountArgs, complain,
    exit::{Exit, Failure},
    shown,
};

/// The variable that says what is told, in the words of env_logger.
const VARIABLE: &str = "ISOMOUNT_LOG";

/// The socket of the system's log.
const SYSTEM_LOG: &str = "/dev/log";

/// Facility daemon (3), severity warning (4), RFC 3164 4.1.1.
const PRIORITY: u8 = 3 * 8 + 4;

/// Where the log goes.
enum Sink {
    Stderr,
    /// What `--log-file` names, with the time in front of each line.
    File(File),
    /// The system's log.
    System,
}

/// Starts the log: on stderr, in the file that was named, or (for the process that stays in the background) at once in the system's
/// log: what is to be said before the mount is there, the process that waits for it says. `ISOMOUNT_LOG` says more exactly what is told,
/// in the words of `RUST_LOG`.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn start(args: &MountArgs) -> Result<(), Failure> {
    let level = match args.verbose {
        _ if args.debug => LevelFilter::Debug,
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    let sink = match &args.log_file {
        Some(path) => Sink::File(File::options().append(true).create(true).open(path).map_err(|error| {
            Failure::new(Exit::Usage, format!("log file {}: {error}; name another", shown(path)))
        })?),
        None if args.background_process => Sink::System,
        None => Sink::Stderr,
    };
    let mut builder = Builder::new();
    // fuser says in the log what it returns as an error as well.
    builder.filter_level(level).filter_module("fuser", if args.debug { level } else { LevelFilter::Off });
    // The process in the background was started by one that has complained.
    filter(&mut builder, !args.background_process);
    builder.target(Target::Pipe(Box::new(sink)));
    builder.format(|out, record| writeln!(out, "isomount: {}", record.args()));
    // Tests that run the command twice in one process have a log already.
    let _ = builder.try_init();
    Ok(())
}

/// Lines of the log of a command that looks into an image.
static LINES: AtomicUsize = AtomicUsize::new(0);

/// Starts the log of a command that looks into an image: what of it is damaged and was passed over is told on stderr.
pub(super) fn start_looking() {
    let mut builder = Builder::new();
    builder.filter_level(LevelFilter::Warn);
    filter(&mut builder, true);
    builder.format(|out, record| writeln!(out, "isomount: {}", record.args()));
    let logger = builder.build();
    let level = logger.filter().max(LevelFilter::Warn);
    if log::set_boxed_logger(Box::new(Counting(logger))).is_ok() {
        log::set_max_level(level);
    }
}

/// Tells what [`VARIABLE`] asks for. One that cannot be understood does not count.
fn filter(builder: &mut Builder, complains: bool) {
    let Some(words) = env::var_os(VARIABLE) else { return };
    let words = words.to_string_lossy();
    match env_filter::Builder::new().try_parse(&words) {
        Ok(_) => drop(builder.parse_filters(&words)),
        Err(_) if complains => {
            let text =
                format!("{VARIABLE}={}: not understood, and left out", crate::text::escape(words.as_bytes()));
            complain(&format!("{text}; name a level, or module=level: isomount::fs=debug"));
        }
        Err(_) => {}
    }
}

/// A log that counts what is told of an image, whether it is shown or not.
struct Counting(Logger);

impl Log for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn || self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() <= Level::Warn {
            LINES.fetch_add(1, Ordering::Relaxed);
        }
        self.0.log(record);
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Starts the log of a command that tells itself what is damaged: nothing is logged unless `ISOMOUNT_LOG` asks for it.
pub(super) fn start_quietly() {
    let mut builder = Builder::new();
    builder.filter_level(LevelFilter::Off).parse_env("ISOMOUNT_LOG");
    builder.format(|out, record| writeln!(out, "isomount: {}", record.args()));
    let _ = builder.try_init();
}

/// What `work` returns, without a word of the log, unless [`VARIABLE`] asks for it.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    if env::var_os(VARIABLE).is_some() {
        return work();
    }
    let level = log::max_level();
    log::set_max_level(LevelFilter::Off);
    let done = work();
    log::set_max_level(level);
    done
}

/// How many warnings such a command has told so far.
pub(super) fn warnings() -> usize {
    LINES.load(Ordering::Relaxed)
}

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr => io::stderr().write_all(line)?,
            Self::File(file) => {
                let time = Zoned::now().strftime("%Y-%m-%d %H:%M:%S ").to_string();
                file.write_all(&[time.as_bytes(), line].concat())?;
            }
            Self::System => {
                let text = line.strip_prefix(b"isomount: ").unwrap_or(line);
                let mut message = format!("<{PRIORITY}>isomount[{}]: ", std::process::id()).into_bytes();
                message.extend_from_slice(text.trim_ascii_end());
                // A system without a log loses the line; there is no other place for it.
                let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(&message, SYSTEM_LOG));
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
