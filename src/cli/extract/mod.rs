//! `isomount extract IMAGE [PATH...] [-C DIR]`: everything in an image, as files on disk.
//!
//! Nothing is ever made outside of the directory that was named: every directory on the way is held open, everything is done by
//! single names in one of them, and no link is followed (`place.rs`). A file has its name once it is whole (`entry.rs`).

mod args;
mod attributes;
mod crew;
mod entry;
mod files;
mod list;
mod names;
mod place;
mod report;
mod select;
mod walk;
mod way;

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::FileTypeExt,
    sync::Arc,
    thread,
};

use nix::{
    sys::{
        signal::{SigSet, raise},
        stat::{Mode, umask},
    },
    unistd::geteuid,
};

use super::{
    exit::{Exit, Failure},
    log, shown,
};
use crate::{fuse::block_signals, tree::Tree};
pub use args::ExtractArgs;
use crew::Crew;
use list::Listed;
use names::Names;
use place::Place;
use report::Report;
use select::Selection;
use walk::Walk;

/// What all threads know.
struct Shared<'a> {
    tree: &'a Tree,
    report: &'a Report,
    selection: &'a Selection,
    /// The directory that is extracted into.
    base: Arc<Place>,
    names: Names,
    strip: usize,
    keeps_old: bool,
    keeps_damaged: bool,
    is_dry: bool,
    is_root: bool,
    uid: u32,
    /// Whether owners are set.
    sets_owner: bool,
    /// Whether permissions are those of the image, whatever the umask.
    keeps_permissions: bool,
    /// Permissions that nothing has otherwise, nor directories that are made only to hold others.
    umask: u16,
}

impl Shared<'_> {
    /// A path in the image below the directory that is extracted into.
    fn stripped<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        let mut rest = path;
        for _ in 0..self.strip {
            let after = rest.iter().position(|b| *b == b'/').map(|at| at.saturating_add(1));
            rest = after.and_then(|at| rest.get(at..)).unwrap_or_default();
        }
        rest
    }
}

/// Extracts, and returns when all is there that can be.
pub(super) fn run(args: &ExtractArgs) -> Result<(), Failure> {
    let excluded = select::excluded(&args.exclude)?;
    let mut of = args.of.clone();
    if args.boot {
        of.options.push("boot".to_owned());
    }
    let image = of.open()?;
    // What drivers pass over from here on is damage of what is extracted.
    let warnings = log::warnings();
    let selection = Selection::new(image.tree(), &args.wanted, excluded);
    let base = base(args)?;
    // Before there is a thread, and anything to be undone.
    let internal = |error: io::Error| Failure::new(Exit::Internal, error.to_string());
    let signals = block_signals().map_err(internal)?;
    // What is in boot images may be in files too.
    let has_boot = of.options.iter().any(|words| words.split(',').any(|word| word == "boot"));
    let total = (selection.is_all() && !has_boot).then(|| image.len());
    let listed = match (args.dry_run, args.verbose) {
        (true, _) => Listed::Alone,
        (false, true) => Listed::AtOnce,
        (false, false) => Listed::Nothing,
    };
    let report = Arc::new(Report::new(shown(&args.of.image), listed, total));
    stop_at(signals, report.clone());
    let is_root = geteuid().is_root();
    // Permissions are given as they are to be, without a second call for most files.
    let umask = u16::try_from(umask(Mode::empty()).bits() & 0o777).unwrap_or(0o777);
    let shared = Shared {
        tree: image.tree(),
        report: &report,
        selection: &selection,
        base: base.into(),
        names: Names::default(),
        strip: args.strip_components,
        keeps_old: args.keep_old,
        keeps_damaged: args.keep_damaged,
        is_dry: args.dry_run,
        is_root,
        uid: geteuid().as_raw(),
        sets_owner: is_root && !args.no_same_owner,
        keeps_permissions: args.same_permissions || is_root && !args.no_same_permissions,
        umask,
    };
    selection.lost().iter().for_each(|(exit, text)| report.lost_path(*exit, text));
    let threads = threads(args);
    thread::scope(|scope| Walk::new(&shared, Crew::start(scope, &shared, threads)).run());
    if let Some(signal) = report.signal() {
        report.clear();
        let _ = SigSet::all().thread_unblock();
        let _ = raise(signal);
    }
    if !report.is_stopped() {
        selection.unmet().for_each(|pattern| report.unmet(pattern));
    }
    if log::warnings() > warnings {
        report.fail(Exit::Damaged);
    }
    report.end(args.dry_run)
}

/// How many threads extract beside the one that walks. None where names are to come in their order, where several directories of the
/// image become one, so that what comes last is there at the end, and from a drive, which reads best from front to back.
fn threads(args: &ExtractArgs) -> usize {
    let is_drive = || args.of.image.metadata().is_ok_and(|metadata| metadata.file_type().is_block_device());
    let is_in_order = args.verbose || args.dry_run || args.strip_components > 0;
    if is_in_order || is_drive() { 0 } else { crew::threads() }
}

/// The directory that is extracted into. It is made if it is not there, unless nothing is to be written.
fn base(args: &ExtractArgs) -> Result<Place, Failure> {
    let directory = &args.directory;
    let failed = |error: io::Error| {
        let text = match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                "it is no directory, or on the way to it is none; name one with -C".to_owned()
            }
            ErrorKind::PermissionDenied => format!("{error}; name a directory of yours with -C"),
            ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull => {
                format!("{error}; name a directory on another file system with -C")
            }
            _ => format!("{error}; name another directory with -C"),
        };
        Failure::new(Exit::MountPoint, format!("{}: cannot extract into it: {text}", shown(directory)))
    };
    if args.dry_run {
        return Place::named("/".as_ref()).map_err(failed);
    }
    fs::create_dir_all(directory).map_err(failed)?;
    Place::named(directory).map_err(failed)
}

/// Stops at the first of these signals; a second one ends the program at once.
fn stop_at(signals: SigSet, report: Arc<Report>) {
    let wait = move || {
        if let Ok(signal) = signals.wait() {
            report.interrupt(signal);
            let _ = signals.thread_unblock();
            loop {
                thread::park();
            }
        }
    };
    let _ = thread::Builder::new().spawn(wait);
}
