//! The process that serves a mount, from the making of its mount point to the removal.

use std::{
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use sd_notify::NotifyState;

use super::{
    MountArgs, background,
    exit::{Exit, Failure},
    guard::Guard,
    image,
    place::{Allowed, Made, Place},
    refusal, shown,
    wishes::Wishes,
};
use crate::{
    fuse::{End, MountOptions, Mounted},
    open::Image,
};

/// Serves until the mount ends, in this process.
pub(super) fn in_foreground(
    image: Image,
    path: &Path,
    place: &Place,
    is_printed: bool,
    wishes: &Wishes,
) -> Result<(), Failure> {
    let made = place.make().map_err(|error| place.not_made(&error))?;
    serve(image, path, place, made, wishes, || if is_printed { print(place) } else { Ok(()) })
}

/// The process in the background; whoever started it has looked at everything, and waits.
pub(super) fn in_background(args: &MountArgs, wishes: &Wishes) -> Result<(), Failure> {
    let (Some(path), [mount_point]) = (&args.image, args.more.as_slice()) else {
        return Err(Failure::new(Exit::Usage, "an image and a mount point are missing"));
    };
    let image = image::open(path, &wishes.open)?;
    let place = if args.mkdir {
        Place { path: mount_point.clone(), is_to_be_made: true }
    } else {
        Place::named(mount_point, path, Allowed { nonempty: wishes.nonempty, missing: false })?
    };
    let made = place.make().map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            background::tell_taken();
            Failure { exit: Exit::MountPoint, message: None }
        } else {
            place.not_made(&error)
        }
    })?;
    serve(image, path, &place, made, wishes, || {
        background::leave_terminal();
        background::tell_ready().map_err(|error| match error.kind() {
            // Nobody hears why.
            io::ErrorKind::BrokenPipe => Failure { exit: Exit::Internal, message: None },
            _ => Failure::new(Exit::Internal, format!("cannot go to the background: {error}")),
        })
    })
}

/// Mounts, says so by `ready`, and waits for the end. Whatever happens, the mount point that was made is removed.
fn serve(
    image: Image,
    path: &Path,
    place: &Place,
    made: Made,
    wishes: &Wishes,
    ready: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let source = path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    let options = MountOptions {
        source: wishes.source.clone().map_or_else(|| source.as_os_str().to_owned(), Into::into),
        subtype: wishes.subtype.clone(),
        access: wishes.access,
        checks_permissions: wishes.checks_permissions,
        suid: wishes.suid,
        dev: wishes.dev,
        noexec: wishes.noexec,
        idle_timeout: wishes.idle_timeout,
        threads: None,
    };
    let mounted = Mounted::mount(image.into_tree(), &place.path, &options)
        .map_err(|error| refusal::of_mount(&error.to_string()))?;
    ::log::info!("mounted {} on {}", shown(path), shown(&place.path));
    // Dropped behind the mount: it would unmount what is there.
    let mut guard = None;
    let is_ready = if wishes.auto_unmount {
        Guard::start(&mounted, place.is_to_be_made)
            .map(|started| guard = Some(started))
            .and_then(|()| ready())
    } else {
        ready()
    };
    if let Err(failure) = is_ready {
        // Nobody wants the mount any more.
        mounted.end().map_err(|e| Failure::new(Exit::Internal, e.to_string()))?;
        return Err(failure);
    }
    tell_manager(&[
        NotifyState::Ready,
        NotifyState::MainPid(std::process::id()),
        NotifyState::Status(&format!("{} on {}", shown(path), shown(&place.path))),
    ]);
    let mut made = Some(made);
    let end = mounted.wait(|| drop(made.take()));
    tell_manager(&[NotifyState::Stopping]);
    drop(guard);
    drop(made);
    match end {
        Ok(End::Unmounted) => ::log::info!("the mount ended: somebody unmounted it"),
        Ok(End::Signal) => ::log::info!("the mount ended: a signal asked for it"),
        Ok(End::Idle) => ::log::info!("the mount ended: nobody used it"),
        Err(error) => {
            // In the background this is the only place where it can be read.
            ::log::error!("{error}");
            return Err(Failure { exit: Exit::Internal, message: None });
        }
    }
    Ok(())
}

/// Tells whoever manages services (`$NOTIFY_SOCKET`, sd_notify(3)), if anybody does.
fn tell_manager(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        ::log::debug!("NOTIFY_SOCKET: {error}");
    }
}

/// Prints where it is mounted, alone on a line, as it is: for scripts.
pub(super) fn print(place: &Place) -> Result<(), Failure> {
    let mut line = place.path.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    // It is mounted all the same; whoever does not listen can look at the list.
    super::print(&line).map_err(|e| {
        let path = shown(&place.path);
        Failure::new(Exit::Internal, format!("the mount point {path} cannot be printed: stdout: {e}"))
    })
}
