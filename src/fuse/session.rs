//! A mount from its beginning to its end.

use std::{
    ffi::OsString,
    fs, io,
    mem::ManuallyDrop,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use fuser::{BackgroundSession, Config, MountOption, Session, SessionACL};
use nix::{
    mount::{MntFlags, umount2},
    sys::signal::{SigSet, Signal},
    unistd::geteuid,
};

use super::{
    adapter::{Adapter, Event},
    attributes,
    fusermount::unmount,
    idle::Idle,
    mount_table::{has_ended, mounted_on},
    prefetch::Prefetch,
};
use crate::{
    error::{Error, Result},
    text,
    tree::Tree,
};

/// The word behind `fuse.` in the list of mounts.
pub(super) const SUBTYPE: &str = "isomount";

/// What the kernel reads ahead of a sequential reader on a mount of root, in KiB; by itself it takes 128. More gains little, and
/// costs a program that touches mapped pages here and there (`docs/ARCHITECTURE.md`).
const READ_AHEAD: u32 = 2048;

/// How long a mount that a signal ends may take to give its threads back.
const GRACE: Duration = Duration::from_secs(1);

/// Who may look into a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Whoever mounted.
    #[default]
    Owner,
    /// Root too. The kernel knows no such rule, and asks us less than would be needed to enforce it: whoever mounted owns
    /// the root directory and nobody else may search it, which the kernel enforces.
    OwnerAndRoot,
    /// All users, as permissions say.
    All,
}

/// How a tree is mounted.
#[derive(Debug, Clone, Default)]
pub struct MountOptions {
    /// What the list of mounts names as the source: the path of the image.
    pub source: OsString,
    /// The word behind `fuse.` in the list of mounts; `isomount` when `None`.
    pub subtype: Option<String>,
    /// Who may look in. The kernel checks permissions for all but the owner alone.
    pub access: Access,
    /// Whether the kernel checks permissions for the owner too.
    pub checks_permissions: bool,
    /// Whether programs change user as their files say (`suid`).
    pub suid: bool,
    /// Whether device nodes are devices (`dev`).
    pub dev: bool,
    /// Whether no program can be started (`noexec`).
    pub noexec: bool,
    /// Whether it ends by itself when nothing was asked for so long, and nothing is open.
    pub idle_timeout: Option<Duration>,
    /// Threads that answer requests; four per processor when `None`. With one, no file is stored before it is asked for.
    pub threads: Option<usize>,
}

/// Why a mount ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Someone unmounted it.
    Unmounted,
    /// A signal asked for it (SIGINT, SIGTERM or SIGHUP), and it was unmounted.
    Signal,
    /// Nobody used it for as long as was said, and it was unmounted.
    Idle,
}

/// SIGINT, SIGTERM and SIGHUP wait in all threads that are started from here on: whoever makes something that has to be undone
/// says so first.
///
/// # Errors
/// [`io::Error`] of the system.
pub fn block_signals() -> io::Result<SigSet> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block()?;
    Ok(signals)
}

/// A mount that answers. Dropping it leaves it to its threads: [`wait`](Self::wait) or [`end`](Self::end) it.
pub struct Mounted {
    session: ManuallyDrop<BackgroundSession>,
    prefetch: Arc<Prefetch>,
    mount_point: PathBuf,
    /// Its number in the list of mounts.
    device: Option<String>,
    happened: Receiver<Event>,
    idle: Option<Arc<Idle>>,
}

impl Mounted {
    /// Mounts `tree` on `mount_point`, and returns when a request to it was answered. From here on SIGINT, SIGTERM and SIGHUP
    /// wait for [`wait`](Self::wait).
    ///
    /// # Errors
    /// [`Error::Io`] with what the operating system or `fusermount3` said; nothing stays mounted then.
    pub fn mount(tree: Tree, mount_point: &Path, options: &MountOptions) -> Result<Self> {
        let io = |e| Error::io(format!("cannot mount on {}", shown(mount_point)), e);
        let mount_point = mount_point.canonicalize().map_err(io)?;
        let signals = block_signals().map_err(io)?;
        let (events, happened) = mpsc::channel();
        let signalled = events.clone();
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                if signals.wait().is_ok() {
                    // Nobody listens any more when the mount has ended already.
                    let _ = signalled.send(Event::Signal);
                }
            })
            .map_err(io)?;
        let root = tree.root();
        let idle = options.idle_timeout.map(|timeout| Arc::new(Idle::new(timeout)));
        let adapter = Adapter::new(tree, events, idle.clone());
        let prefetch = adapter.prefetch();
        let config = config(options);
        let session = Session::new(adapter, &mount_point, &config).map_err(io)?;
        let device = device_of(&mount_point);
        if geteuid().is_root() {
            raise_read_ahead(device.as_deref());
        }
        // Dropping this would unmount the mount point once more, whatever is mounted there by then: fuser 0.18 takes a
        // connection that has ended for one that is alive (`is_mounted`).
        let session = ManuallyDrop::new(session.spawn().map_err(io)?);
        let notifier = session.notifier();
        // A store waits for pages that are being read: another thread has to answer those who read them.
        if config.n_threads.is_some_and(|threads| threads > 1) {
            prefetch.start(move |id, bytes| notifier.store(attributes::number(id, root), 0, bytes));
        }
        let mounted = Self { session, prefetch, mount_point, device, happened, idle };
        // Its threads start by themselves, and may fail to.
        match fs::metadata(&mounted.mount_point) {
            Ok(_) => Ok(mounted),
            Err(error) => {
                let failed = Error::io(format!("cannot mount on {}", shown(&mounted.mount_point)), error);
                mounted.end()?;
                Err(failed)
            }
        }
    }

    /// Where it is mounted, without links.
    pub fn mount_point(&self) -> &Path {
        &self.mount_point
    }

    /// Its number in the list of mounts, as `major:minor`.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Waits until someone unmounts, a signal asks for the end, or nobody has used it for long enough.
    ///
    /// # Errors
    /// [`Error::Io`] when the connection to the kernel broke, or the mount cannot be ended.
    pub fn wait(self) -> Result<End> {
        let (event, was_idle) = self.event();
        if let Event::Signal = event {
            return self.end().map(|()| End::Signal);
        }
        if was_idle {
            return Ok(End::Idle);
        }
        if self.is_broken() {
            let broken = Error::io(
                format!("{}: the connection to the kernel broke", shown(&self.mount_point)),
                io::ErrorKind::BrokenPipe.into(),
            );
            self.end()?;
            return Err(broken);
        }
        Ok(End::Unmounted)
    }

    /// What ends the wait, and whether it was the time that passed.
    fn event(&self) -> (Event, bool) {
        let Some(idle) = &self.idle else {
            return (self.happened.recv().unwrap_or(Event::Ended), false);
        };
        loop {
            match self.happened.recv_timeout(idle.rest()) {
                Ok(event) => return (event, false),
                Err(RecvTimeoutError::Disconnected) => return (Event::Ended, false),
                Err(RecvTimeoutError::Timeout) if idle.has_passed() => {}
                Err(RecvTimeoutError::Timeout) => continue,
            }
            match unmount(&self.mount_point, false) {
                Ok(()) => return (self.happened.recv().unwrap_or(Event::Ended), true),
                // Somebody has a file open, or stands in a directory.
                Err(error) => log::debug!("{}: still in use: {error}", shown(&self.mount_point)),
            }
            idle.used();
        }
    }

    /// Whether the mount is still in the tree although nobody answers any more. Its number alone does not say so: whoever mounts
    /// anew at once may get the same one, and answers.
    fn is_broken(&self) -> bool {
        self.device.is_some() && self.device == device_of(&self.mount_point) && has_ended(&self.mount_point)
    }

    /// Unmounts. Files that someone has open break.
    ///
    /// # Errors
    /// [`Error::Io`] when the system does not let us.
    pub fn end(self) -> Result<()> {
        let Self { session, prefetch, mount_point, device, .. } = self;
        // A thread that waits for a page of the mount could not be ended with this process.
        prefetch.end();
        let io = |e: io::Error| Error::io(format!("cannot unmount {}", shown(&mount_point)), e);
        let session = ManuallyDrop::into_inner(session);
        let (unmounted, outcome) = mpsc::channel();
        thread::Builder::new()
            .name("unmount".into())
            .spawn(move || {
                let _ = unmounted.send(session.umount_and_join());
            })
            .map_err(io)?;
        // Whoever still has a file open keeps the connection; it ends with this process.
        if let Ok(Err(error)) = outcome.recv_timeout(GRACE)
            && device.is_some()
            && device == device_of(&mount_point)
        {
            log::info!("{}: {error}; taking it out of the tree, open files break", shown(&mount_point));
            umount2(&mount_point, MntFlags::MNT_DETACH).map_err(|e| io(e.into()))?;
        }
        Ok(())
    }
}

fn config(options: &MountOptions) -> Config {
    // fuser takes no other text.
    let source = options.source.to_string_lossy();
    let source = if geteuid().is_root() {
        source.into_owned()
    } else {
        // fusermount3 takes one list of options, in which these two have a meaning.
        source.replace('\\', "\\\\").replace(',', "\\,")
    };
    let subtype = options.subtype.as_deref().unwrap_or(SUBTYPE);
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName(source),
        // As an option of the kernel: fuser's own `Subtype` does not reach it without fusermount3.
        MountOption::CUSTOM(format!("subtype={subtype}")),
        MountOption::RO,
        if options.suid { MountOption::Suid } else { MountOption::NoSuid },
        if options.dev { MountOption::Dev } else { MountOption::NoDev },
    ];
    if options.noexec {
        config.mount_options.push(MountOption::NoExec);
    }
    config.acl = match options.access {
        Access::Owner => SessionACL::Owner,
        Access::OwnerAndRoot => SessionACL::RootAndOwner,
        Access::All => SessionACL::All,
    };
    if options.checks_permissions || options.access != Access::Owner {
        config.mount_options.push(MountOption::DefaultPermissions);
    }
    // More threads than processors: one that waits on the processor of the reader answers without waking another one.
    let processors = thread::available_parallelism().map_or(2, usize::from);
    config.n_threads = Some(options.threads.unwrap_or_else(|| processors.saturating_mul(4).clamp(4, 16)));
    config
}

/// Lets the kernel read farther ahead on this mount; it does without where that is not allowed.
fn raise_read_ahead(device: Option<&str>) {
    let raised = device.ok_or(io::ErrorKind::NotFound.into()).and_then(|device| {
        fs::write(format!("/sys/class/bdi/{device}/read_ahead_kb"), READ_AHEAD.to_string())
    });
    if let Err(error) = raised {
        log::debug!("the kernel's reading ahead stays as it is: {error}");
    }
}

/// The device number of the mount on top of `mount_point`, as `major:minor`.
fn device_of(mount_point: &Path) -> Option<String> {
    mounted_on(mount_point).map(|entry| entry.device)
}

fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_bytes())
}
