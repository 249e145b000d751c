//! `isomount IMAGE [MOUNTPOINT]`, and several images at once.

use std::{
    io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use clap::CommandFactory;

use super::{
    Args, MountArgs,
    background::{self, Started},
    complain,
    exit::{Exit, Failure},
    image, log,
    place::{Allowed, Place},
    refusal, serve, shown,
    wishes::{Wishes, distance, nearest},
};
use crate::open::Image;

/// Words that other programs have for what is asked for, and what it is here.
const FOREIGN: [(&[&str], &str); 5] = [
    (
        &["create", "make", "build", "burn"],
        "isomount makes no images; xorriso does: xorriso -as mkisofs -R -J -o image.iso DIRECTORY",
    ),
    (&["mount"], "to mount, leave the word out: isomount IMAGE [MOUNTPOINT]"),
    (&["help", "version"], "see isomount --help, and isomount --version"),
    (&["unpack", "x"], "did you mean extract?"),
    (&["verify", "test"], "did you mean check?"),
];

/// How often the name of a directory that somebody else has made meanwhile is given up for the next.
const TRIES: usize = 100;

/// An image, and where it goes if that was said.
struct Job {
    image: PathBuf,
    mount_point: Option<PathBuf>,
}

/// Mounts, and returns when everything is there; in the foreground, when the mount has ended.
pub(super) fn run(args: &MountArgs) -> Result<(), Failure> {
    if let Some(image) = args.image.as_deref().filter(|_| !args.background_process) {
        check_command(image)?;
    }
    let mut wishes = Wishes::parse(&args.options, args.asker())?;
    wishes.open.cache_size = args.cache_size.0;
    wishes.idle_timeout = args.idle_timeout.or(wishes.idle_timeout);
    if args.background_process {
        background::leave_behind(args.image.as_deref());
    }
    log::start(args)?;
    if args.background_process {
        return serve::in_background(args, &wishes);
    }
    let jobs = jobs(args, &wishes)?;
    if jobs.len() > 1 && (args.foreground || args.debug) {
        return Err(Failure::new(
            Exit::Usage,
            "in the foreground only one image can be mounted; leave out -f and -d",
        ));
    }
    let mut first = None;
    for job in &jobs {
        if let Err(failure) = mount(job, args, &wishes) {
            if jobs.len() == 1 {
                return Err(failure);
            }
            // The others are mounted all the same.
            failure.message.iter().for_each(|message| complain(message));
            first = first.or(Some(Failure { exit: failure.exit, message: None }));
        }
    }
    first.map_or(Ok(()), Err)
}

/// What is to be mounted. A second argument is a mount point, unless it is a disc image.
fn jobs(args: &MountArgs, wishes: &Wishes) -> Result<Vec<Job>, Failure> {
    let Some(image) = args.image.clone() else { return Ok(Vec::new()) };
    let may_be = |path: &Path| path.metadata().is_ok_and(|m| m.is_file() || m.file_type().is_block_device());
    let is_image = |path: &Path| may_be(path) && Image::open(path, &wishes.open).is_ok();
    match args.more.as_slice() {
        [] => Ok(vec![Job { image, mount_point: None }]),
        [second] if !is_image(second) => Ok(vec![Job { image, mount_point: Some(second.clone()) }]),
        more => {
            if let Some(directory) = more.iter().find(|path| path.is_dir()) {
                let text = "several images are mounted on directories made for them; leave out the directory";
                return Err(Failure::new(Exit::Usage, format!("{}: {text}", shown(directory))));
            }
            let images = std::iter::once(image).chain(more.iter().cloned());
            Ok(images.map(|image| Job { image, mount_point: None }).collect())
        }
    }
}

/// A command behind options is taken for an image, and so is one that is misspelt, or that other programs have.
fn check_command(image: &Path) -> Result<(), Failure> {
    let Some(word) = image.to_str().filter(|word| !word.contains('/')) else { return Ok(()) };
    let commands = Args::command();
    let names =
        || commands.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    if names().any(|name| name == word) {
        let text = format!(
            "{word} is a command, and stands in front of its options; an image of that name is ./{word}"
        );
        return Err(Failure::new(Exit::Usage, text));
    }
    if image.symlink_metadata().is_ok() {
        return Ok(());
    }
    let near = nearest(word, names()).filter(|name| distance(name, word) <= 1);
    let foreign = FOREIGN.iter().find(|(words, _)| words.contains(&word)).map(|(_, next)| (*next).to_owned());
    let Some(next) = foreign.or_else(|| near.map(|near| format!("did you mean {near}?"))) else {
        return Ok(());
    };
    let text = format!("neither an image nor a command is called {}; {next}", shown(image));
    Err(Failure::new(Exit::Usage, text))
}

fn mount(job: &Job, args: &MountArgs, wishes: &Wishes) -> Result<(), Failure> {
    let image = image::open(&job.image, &wishes.open)?;
    let allowed = Allowed { nonempty: wishes.nonempty, missing: args.mkdir };
    let named = job.mount_point.as_ref().map(|path| Place::named(path, &job.image, allowed)).transpose()?;
    refusal::check_fuse()?;
    image::tell_notes(&job.image, &image);
    if wishes.rw {
        complain(&format!("{}: a disc image is mounted read-only, also with rw", shown(&job.image)));
    }
    let label = image.tree().label();
    if args.foreground || args.debug {
        let place = named.clone().map_or_else(|| Place::called(&label, &job.image), Ok)?;
        return serve::in_foreground(image, &job.image, &place, named.is_none(), wishes);
    }
    let view = image.tree().view();
    drop(image);
    let absolute = job.image.canonicalize().unwrap_or_else(|_| job.image.clone());
    for _ in 0..TRIES {
        let place = named.clone().map_or_else(|| Place::called(&label, &job.image), Ok)?;
        let process = args.of_background(&absolute, &place.path, place.is_to_be_made, view);
        match background::start(&process)? {
            Started::Mounted if named.is_none() => return serve::print(&place),
            Started::Mounted => return Ok(()),
            Started::Taken if named.is_some() => {
                return Err(place.not_made(&io::ErrorKind::AlreadyExists.into()));
            }
            Started::Taken => {}
        }
    }
    Err(Failure::new(Exit::MountPoint, "somebody else makes the same directories; try again"))
}
