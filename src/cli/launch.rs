//! `isomount open IMAGE`: what a desktop calls when someone opens a disc image. Nobody may be looking at stderr then.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use nix::unistd::geteuid;

use super::{
    exit::{Exit, Failure},
    shown,
};
use crate::fuse::{MountEntry, mounts};

/// Programs that show a folder, the first that is there does, and what stands in front of its path.
const VIEWERS: [(&str, &[&str]); 2] = [("xdg-open", &[]), ("gio", &["open"])];

/// Mounts the image, unless this user has it mounted already, and shows the folder.
pub(super) fn run(image: &Path) -> Result<(), Failure> {
    let place = match place_of(image) {
        Some(place) => place,
        None => mount(image)?,
    };
    if !is_shown(&place) {
        let (image, place) = (shown(image), shown(&place));
        let line = format!("{image}: mounted on {place}; to have folders shown install xdg-utils");
        super::complain(&line);
        is_notified("normal", &line);
    }
    Ok(())
}

/// Mounts with a process of this program, which finds a place for it and names it on stdout.
fn mount(image: &Path) -> Result<PathBuf, Failure> {
    let failed = |error: io::Error| {
        let message = format!("cannot start the process that mounts: {error}");
        alarm(&message);
        Failure::new(Exit::Internal, message)
    };
    let program = env::current_exe().map_err(failed)?;
    // An absolute path cannot be taken for an option, or a command.
    let image = std::path::absolute(image).map_err(failed)?;
    let output = Command::new(program).arg(image).stdin(Stdio::null()).output().map_err(failed)?;
    let _ = io::stderr().write_all(&output.stderr);
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim_end().trim_start_matches("isomount: ");
    if output.status.success() {
        // Of an image that is mounted although something is wrong with it.
        if !said.is_empty() {
            is_notified("normal", said);
        }
        let place = output.stdout.trim_ascii_end().to_vec();
        return Ok(PathBuf::from(OsString::from_vec(place)));
    }
    match Exit::of(output.status) {
        Some(exit) => {
            alarm(said);
            Err(Failure { exit, message: None })
        }
        None => Err(failed(io::Error::other(output.status.to_string()))),
    }
}

/// Where this user has mounted the image, if that still answers.
fn place_of(image: &Path) -> Option<PathBuf> {
    let image = image.canonicalize().ok()?;
    let user = geteuid().as_raw();
    let is_it = |entry: &MountEntry| {
        entry.is_isomount() && entry.user == Some(user) && Path::new(&entry.source) == image
    };
    let place = mounts().ok()?.into_iter().find(is_it)?.mount_point;
    place.is_dir().then_some(place)
}

/// Shows a folder, with a program for it.
fn is_shown(place: &Path) -> bool {
    VIEWERS.iter().any(|(program, arguments)| {
        let status = Command::new(program).args(*arguments).arg(place).stdin(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    })
}

/// Runs a program that talks to the user, where there is a desktop.
fn run_on_desktop(program: &str, arguments: &[&str]) -> io::Result<ExitStatus> {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    if !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
}

/// Shows a line as a notification; whether that worked.
fn is_notified(urgency: &str, line: &str) -> bool {
    let urgency = format!("--urgency={urgency}");
    // Some characters are markup there.
    let body = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let arguments = [&urgency, "--app-name=isomount", "--icon=media-optical", "--", "Disc image", &body];
    run_on_desktop("notify-send", &arguments).is_ok_and(|status| status.success())
}

/// Shows what went wrong: as a notification, else in a window of the first program that is there.
fn alarm(line: &str) {
    if is_notified("critical", line) {
        return;
    }
    let with_name = format!("isomount: {line}");
    let windows: [(&str, &[&str]); 3] = [
        ("zenity", &["--error", "--no-markup", "--title=isomount", "--text", line]),
        ("kdialog", &["--title", "isomount", "--error", line]),
        ("xmessage", &["-center", &with_name]),
    ];
    // A window that somebody has closed was read, whatever its program returns.
    let _ = windows.iter().any(|(program, arguments)| run_on_desktop(program, arguments).is_ok());
}
