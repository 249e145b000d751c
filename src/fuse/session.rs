//! A mount from its beginning to its end.

use std::{
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use fuser::{Config, MountOption, Session, SessionACL};
use nix::{
    mount::{MntFlags, umount2},
    sys::signal::{SigSet, Signal},
    unistd::geteuid,
};

use super::adapter::Adapter;
use crate::{
    error::{Error, Result},
    text,
    tree::Tree,
};

/// The word behind `fuse.` in the list of mounts.
const SUBTYPE: &str = "isomount";

/// How long a mount that was ended by a signal may take to give its threads back.
const GRACE: Duration = Duration::from_secs(2);

/// How a tree is mounted.
#[derive(Debug, Clone, Default)]
pub struct MountOptions {
    /// What the list of mounts names as the source: the path of the image.
    pub source: String,
    /// Whether other users may look in (`allow_other`); the kernel then checks permissions.
    pub allow_other: bool,
    /// Threads that answer requests; one per processor when `None`.
    pub threads: Option<usize>,
}

/// Why a mount ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Someone unmounted it.
    Unmounted,
    /// A signal asked for it (SIGINT, SIGTERM or SIGHUP), and it was unmounted.
    Signal,
}

enum Event {
    Ended(io::Result<()>),
    Signal,
}

/// A mount that the kernel has answered: requests wait until [`serve`](Self::serve) is called.
pub struct Mounted {
    session: Session<Adapter>,
    mount_point: PathBuf,
    signals: SigSet,
}

impl Mounted {
    /// Mounts `tree` on `mount_point`. From here on SIGINT, SIGTERM and SIGHUP wait for [`serve`](Self::serve).
    ///
    /// # Errors
    /// [`Error::Io`] with what the operating system or `fusermount3` said.
    pub fn mount(tree: Tree, mount_point: &Path, options: &MountOptions) -> Result<Self> {
        let io = |e| Error::io(format!("cannot mount on {}", shown(mount_point)), e);
        let mount_point = mount_point.canonicalize().map_err(io)?;
        let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
        signals.thread_block().map_err(|e| io(e.into()))?;
        let mounted = Session::new(Adapter::new(tree), &mount_point, &config(options));
        let session = mounted.map_err(|e| Error::io(format!("cannot mount on {}", shown(&mount_point)), e))?;
        Ok(Self { session, mount_point, signals })
    }

    /// Answers requests until the mount ends.
    ///
    /// # Errors
    /// [`Error::Io`] when the connection to the kernel broke, or the mount could not be ended.
    pub fn serve(self) -> Result<End> {
        let Self { mut session, mount_point, signals } = self;
        let mut unmounter = session.unmount_callable();
        let (events, happened) = mpsc::channel();
        let signalled = events.clone();
        let io = |what: &'static str| move |e: io::Error| Error::io(what, e);
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                if signals.wait().is_ok() {
                    // Nobody listens any more when the mount has ended already.
                    let _ = signalled.send(Event::Signal);
                }
            })
            .map_err(io("cannot start a thread"))?;
        thread::Builder::new()
            .name("session".into())
            .spawn(move || {
                let _ = events.send(Event::Ended(session.run()));
            })
            .map_err(io("cannot start a thread"))?;
        match happened.recv() {
            Ok(Event::Ended(result)) => result.map(|()| End::Unmounted).map_err(io("the connection to the kernel broke")),
            Ok(Event::Signal) => {
                if let Err(error) = unmounter.unmount() {
                    log::info!("{}: {error}; taking it out of the tree, open files break", shown(&mount_point));
                    umount2(&mount_point, MntFlags::MNT_DETACH)
                        .map_err(|e| Error::io(format!("cannot unmount {}", shown(&mount_point)), e.into()))?;
                }
                // Whoever still has a file open keeps the connection; it ends with this process.
                let _ = happened.recv_timeout(GRACE);
                Ok(End::Signal)
            }
            Err(_) => Err(Error::unsupported("the mount ended without a reason")),
        }
    }
}

fn config(options: &MountOptions) -> Config {
    let source = if geteuid().is_root() {
        options.source.clone()
    } else {
        // fusermount3 takes one list of options, in which these two have a meaning.
        options.source.replace('\\', "\\\\").replace(',', "\\,")
    };
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName(source),
        // As an option of the kernel: fuser's own `Subtype` does not reach it without fusermount3.
        MountOption::CUSTOM(format!("subtype={SUBTYPE}")),
        MountOption::RO,
        MountOption::NoSuid,
        MountOption::NoDev,
    ];
    if options.allow_other {
        config.acl = SessionACL::All;
        config.mount_options.push(MountOption::DefaultPermissions);
    }
    let processors = thread::available_parallelism().map_or(2, usize::from);
    config.n_threads = Some(options.threads.unwrap_or(processors).max(1));
    config
}

fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_bytes())
}
