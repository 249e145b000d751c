//! `isomount IMAGE MOUNTPOINT`.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{Args, background, complain, exit::Exit, exit::Failure, log, options::Wishes, shown};
use crate::{
    fuse::{MountOptions, Mounted},
    open::Image,
};

/// The device through which the kernel asks.
const FUSE_DEVICE: &str = "/dev/fuse";

/// Mounts, and returns when the mount is there; in the foreground, when it has ended. `raw` are the arguments as they were
/// given, for the process in the background.
pub(super) fn run(args: &Args, raw: &[OsString]) -> Result<(), Failure> {
    let mut wishes = Wishes::parse(&args.options)?;
    wishes.open.cache_size = args.cache_size.0;
    log::start(args.verbose, args.debug, args.background_process);
    let name = shown(&args.image);
    let image = Image::open(&args.image, &wishes.open).map_err(|e| Failure::of_image(&name, &e))?;
    check_mount_point(&args.mountpoint)?;
    check_fuse()?;
    if !args.background_process {
        for note in image.tree().notes() {
            complain(&format!("{name}: {note}"));
        }
        if !(args.foreground || args.debug) {
            drop(image);
            return background::start(raw);
        }
    } else {
        background::leave_terminal();
    }
    let source = args.image.canonicalize().unwrap_or_else(|_| PathBuf::from(&args.image));
    let options = MountOptions {
        source: source.to_string_lossy().into_owned(),
        allow_other: wishes.allow_other,
        threads: None,
    };
    let mounted = Mounted::mount(image.into_tree(), &args.mountpoint, &options)
        .map_err(|e| Failure::new(Exit::Refused, one_line(&e.to_string())))?;
    ::log::info!("mounted {name} on {}", shown(&args.mountpoint));
    if args.background_process
        && let Err(error) = background::tell_ready()
    {
        // Nobody wants the mount any more.
        mounted.end().map_err(|e| Failure::new(Exit::Internal, e.to_string()))?;
        return Err(Failure::new(Exit::Internal, format!("cannot go to the background: {error}")));
    }
    match mounted.wait() {
        Ok(end) => {
            ::log::info!("the mount ended: {end:?}");
            Ok(())
        }
        Err(error) => {
            // In the background this is the only place where it can be read.
            ::log::error!("{error}");
            Err(Failure { exit: Exit::Internal, message: None })
        }
    }
}

fn check_mount_point(path: &Path) -> Result<(), Failure> {
    let wrong = |text: String| Failure::new(Exit::MountPoint, format!("mount point {}: {text}", shown(path)));
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(wrong("not a directory; name a directory".into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(wrong(format!("not there; make it first: mkdir {}", shown(path))))
        }
        Err(error) if error.raw_os_error() == Some(libc::ENOTCONN) => Err(wrong(
            "a mount whose process is gone; unmount it first: fusermount3 -u (root: umount)".into(),
        )),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn check_fuse() -> Result<(), Failure> {
    let error = match File::options().read(true).write(true).open(FUSE_DEVICE) {
        Ok(_) if nix::unistd::geteuid().is_root() || has_helper() => return Ok(()),
        Ok(_) => {
            let text = "users who are not root need fusermount3 to mount; install it: apt-get install fuse3";
            return Err(Failure::new(Exit::Refused, text));
        }
        Err(error) => error,
    };
    let next = match error.kind() {
        io::ErrorKind::NotFound => "load the kernel's module: modprobe fuse",
        io::ErrorKind::PermissionDenied => "ask root to open it: chmod 666 /dev/fuse",
        _ => "is the kernel's FUSE there? modprobe fuse",
    };
    Err(Failure::new(Exit::Refused, format!("cannot open {FUSE_DEVICE}: {error}; {next}")))
}

/// Whether the program that mounts for users is there, where it is looked for.
fn has_helper() -> bool {
    if let Some(helper) = std::env::var_os("FUSERMOUNT_PATH") {
        return Path::new(&helper).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(["/bin", "/sbin"].map(PathBuf::from));
    let mut candidates = directories.flat_map(|d| ["fusermount3", "fusermount"].map(|name| d.join(name)));
    candidates.any(|candidate| candidate.exists())
}

/// What fusermount3 says can have several lines.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
