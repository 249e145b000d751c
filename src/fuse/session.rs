//! A mount from its beginning to its end.

use std::{
    fs, io,
    mem::ManuallyDrop,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Receiver},
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
    prefetch::Prefetch,
};
use crate::{
    error::{Error, Result},
    text,
    tree::Tree,
};

/// The word behind `fuse.` in the list of mounts.
const SUBTYPE: &str = "isomount";

/// What the kernel reads ahead of a sequential reader on a mount of root, in KiB; by itself it takes 128. More gains little, and
/// costs a program that touches mapped pages here and there (`docs/ARCHITECTURE.md`).
const READ_AHEAD: u32 = 2048;

/// How long a mount that a signal ends may take to give its threads back.
const GRACE: Duration = Duration::from_secs(1);

/// How a tree is mounted.
#[derive(Debug, Clone, Default)]
pub struct MountOptions {
    /// What the list of mounts names as the source: the path of the image.
    pub source: String,
    /// Whether other users may look in (`allow_other`); the kernel then checks permissions.
    pub allow_other: bool,
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
}

/// A mount that answers. Dropping it leaves it to its threads: [`wait`](Self::wait) or [`end`](Self::end) it.
pub struct Mounted {
    session: ManuallyDrop<BackgroundSession>,
    prefetch: Arc<Prefetch>,
    mount_point: PathBuf,
    /// Its number in the list of mounts.
    device: Option<String>,
    happened: Receiver<Event>,
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
        let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
        signals.thread_block().map_err(|e| io(e.into()))?;
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
        let adapter = Adapter::new(tree, events);
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
        let mounted = Self { session, prefetch, mount_point, device, happened };
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

    /// Waits until someone unmounts, or a signal asks for the end.
    ///
    /// # Errors
    /// [`Error::Io`] when the connection to the kernel broke, or the mount cannot be ended.
    pub fn wait(self) -> Result<End> {
        if let Ok(Event::Signal) = self.happened.recv() {
            return self.end().map(|()| End::Signal);
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

    /// Whether the mount is still in the tree although nobody answers any more. Its number alone does not say so: whoever mounts
    /// anew at once may get the same one, and answers.
    fn is_broken(&self) -> bool {
        self.device.is_some()
            && self.device == device_of(&self.mount_point)
            && fs::metadata(&self.mount_point).is_err_and(|e| e.raw_os_error() == Some(libc::ENOTCONN))
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

/// The device number of a mount, as `major:minor`, without a request to the mount: proc(5), mountinfo.
fn device_of(mount_point: &Path) -> Option<String> {
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let mut lines: Vec<&[u8]> = mounts.split(|b| *b == b'\n').collect();
    // The last line of a mount point is the mount on top.
    lines.reverse();
    lines.into_iter().find_map(|line| {
        let mut fields = line.split(|b| *b == b' ').skip(2);
        let (device, _, place) = (fields.next()?, fields.next()?, fields.next()?);
        let is_ours = unescaped(place) == mount_point.as_os_str().as_bytes();
        is_ours.then(|| String::from_utf8_lossy(device).into_owned())
    })
}

/// A field of mountinfo: space, tab, newline and backslash are written as three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(|d| std::str::from_utf8(d).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

fn shown(path: &Path) -> String {
    text::escape(path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_with_spaces_are_found() {
        assert_eq!(unescaped(b"/mnt/a\\040b\\134c"), b"/mnt/a b\\c");
        assert_eq!(unescaped(b"\\04"), b"\\04");
        assert!(device_of(Path::new("/proc")).is_some_and(|device| device.contains(':')));
        assert_eq!(device_of(Path::new("/not there")), None);
    }
}
