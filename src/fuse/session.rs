//! A mount from its beginning to its end.

use std::{
    ffi::OsString,
    fs, io,
    mem::ManuallyDrop,
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
    idle::Idle,
    mount_table::{MountEntry, has_ended, mounted_on},
    prefetch::Prefetch,
    unmount::unmount,
    watch,
};
use crate::{
    error::{Error, Result},
    text::shown,
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

impl MountOptions {
    /// Whether the kernel checks permissions for anybody.
    fn are_permissions_checked(&self) -> bool {
        self.checks_permissions || self.access != Access::Owner
    }
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

/// SIGINT, SIGTERM and SIGHUP wait in all threads that are started from here on, unless they are ignored: whoever makes something that
/// has to be undone says so first. Returns those that wait.
///
/// # Errors
/// [`io::Error`] of the system.
pub fn block_signals() -> io::Result<SigSet> {
    let ignored = ignored_signals();
    let ends =
        [(Signal::SIGINT, libc::SIGINT), (Signal::SIGTERM, libc::SIGTERM), (Signal::SIGHUP, libc::SIGHUP)];
    let waits = ends.into_iter().filter(|(_, number)| !ignored(*number)).map(|(signal, _)| signal);
    let signals = SigSet::from_iter(waits);
    signals.thread_block()?;
    Ok(signals)
}

/// Which signals whoever started the process lets it ignore (nohup(1), a shell its jobs), proc(5), status: one that is blocked
/// is delivered even then.
fn ignored_signals() -> impl Fn(libc::c_int) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok())
        .unwrap_or(0);
    move |signal| {
        let bit = u32::try_from(signal).ok().and_then(|number| number.checked_sub(1));
        bit.and_then(|bit| mask.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
    }
}

/// A mount that answers. Dropping it leaves it to its threads: [`wait`](Self::wait) or [`end`](Self::end) it.
pub struct Mounted {
    /// Never dropped: that would unmount its mount point once more, whatever is mounted there by then, because fuser 0.18 takes a
    /// connection that has ended for one that is alive (`is_mounted`).
    _session: ManuallyDrop<BackgroundSession>,
    prefetch: Arc<Prefetch>,
    mount_point: PathBuf,
    /// The mount in the list of mounts.
    entry: Option<MountEntry>,
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
        let adapter = Adapter::new(tree, events.clone(), idle.clone(), options.are_permissions_checked());
        let prefetch = adapter.prefetch();
        let config = config(options);
        let session = Session::new(adapter, &mount_point, &config).map_err(io)?;
        let entry = mounted_on(&mount_point);
        if geteuid().is_root() {
            raise_read_ahead(entry.as_ref().map(|entry| entry.device.as_str()));
        }
        let session = ManuallyDrop::new(session.spawn().map_err(io)?);
        let notifier = session.notifier();
        // A store waits for pages that are being read: another thread has to answer those who read them.
        if config.n_threads.is_some_and(|threads| threads > 1) {
            prefetch.start(move |id, bytes| notifier.store(attributes::number(id, root), 0, bytes));
        }
        if let Some(entry) = entry.clone() {
            watch::start(entry, events);
        }
        let mounted = Self { _session: session, prefetch, mount_point, entry, happened, idle };
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

    /// The mount in the list of mounts; `None` where there is no such list.
    pub fn entry(&self) -> Option<&MountEntry> {
        self.entry.as_ref()
    }

    /// Waits until someone unmounts, a signal asks for the end, or nobody has used it for long enough. When the mount is no longer in the
    /// list of mounts, `gone` is called; whoever has files open, or the mount in another namespace, is still served.
    ///
    /// # Errors
    /// [`Error::Io`] when the connection to the kernel broke, or the mount cannot be ended.
    pub fn wait(self, mut gone: impl FnMut()) -> Result<End> {
        let mut is_idle = false;
        let mut is_gone = false;
        loop {
            match self.next(!is_idle && !is_gone) {
                Some(Event::Signal) => return self.end().map(|()| End::Signal),
                Some(Event::Gone) => {
                    is_gone = true;
                    gone();
                }
                Some(Event::Ended) if is_idle => return Ok(End::Idle),
                Some(Event::Ended) => break,
                None => is_idle = true,
            }
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

    /// What happens next; `None` when nobody has used it for long enough, and it was unmounted.
    fn next(&self, may_be_idle: bool) -> Option<Event> {
        let Some((idle, entry)) = self.idle.as_ref().zip(self.entry.as_ref()).filter(|_| may_be_idle) else {
            return Some(self.happened.recv().unwrap_or(Event::Ended));
        };
        loop {
            match self.happened.recv_timeout(idle.rest()) {
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Disconnected) => return Some(Event::Ended),
                Err(RecvTimeoutError::Timeout) if idle.has_passed() => {}
                Err(RecvTimeoutError::Timeout) => continue,
            }
            match unmount(entry, false) {
                Ok(()) => return None,
                // Somebody has a file open, stands in a directory, or has mounted something on top.
                Err(error) => log::debug!("{}: still in use: {error}", shown(&self.mount_point)),
            }
            idle.used();
        }
    }

    /// Whether the mount is still in the tree although nobody answers any more.
    fn is_broken(&self) -> bool {
        let now = mounted_on(&self.mount_point);
        let is_there = now.zip(self.entry.as_ref()).is_some_and(|(now, entry)| now.is_same(entry));
        // Whoever mounts anew at once may get the same number, and answers.
        is_there && has_ended(&self.mount_point)
    }

    /// Unmounts. Files that someone has open break.
    ///
    /// # Errors
    /// [`Error::Io`] when the system does not let us, or something else is mounted on top.
    pub fn end(self) -> Result<()> {
        // A thread that waits for a page of the mount could not be ended with this process.
        self.prefetch.end();
        let io = |e: io::Error| Error::io(format!("cannot unmount {}", shown(&self.mount_point)), e);
        let Some(entry) = &self.entry else {
            return umount2(&self.mount_point, MntFlags::MNT_DETACH).map_err(|e| io(e.into()));
        };
        if let Err(error) = unmount(entry, false) {
            log::info!("{}: {error}; taking it out of the tree, open files break", shown(&self.mount_point));
            unmount(entry, true).map_err(io)?;
        }
        // Whoever still has a file open keeps the connection; it ends with this process.
        while let Ok(event) = self.happened.recv_timeout(GRACE) {
            if let Event::Ended = event {
                break;
            }
        }
        Ok(())
    }
}

fn config(options: &MountOptions) -> Config {
    let by_root = geteuid().is_root();
    // fusermount3 takes one list of options, in which these two have a meaning.
    let escaped = |text: &str| {
        if by_root { text.to_owned() } else { text.replace('\\', "\\\\").replace(',', "\\,") }
    };
    // fuser takes no other text.
    let source = escaped(&options.source.to_string_lossy());
    let subtype = escaped(options.subtype.as_deref().unwrap_or(SUBTYPE));
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
    if options.are_permissions_checked() {
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
