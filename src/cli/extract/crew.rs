//! The threads that extract, a directory each, and of a large one some of its names each: they wait for each other less when they are in
//! different directories.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, Scope},
};

use super::{Shared, files, place::Place, way::Finish};
use crate::tree::Listing;

/// How many threads there are at most.
const MOST: usize = 4;

/// Jobs that wait for a thread; the directory of each is held open, and its names.
const WAITING: usize = 4;

/// Some of what is in one directory, to be extracted.
pub(super) struct Job {
    pub(super) place: Arc<Place>,
    /// `None` for the directory that is extracted into.
    pub(super) finish: Option<Arc<Finish>>,
    pub(super) listing: Arc<Listing>,
    /// Number of the first entry; there are [`files::BATCH`] of them at most.
    pub(super) from: usize,
    /// Its path in the image.
    pub(super) path: Vec<u8>,
}

/// Threads, or none: then whoever has a job does it.
pub(super) struct Crew(Option<SyncSender<Job>>);

/// How many threads there are to be; 0 where more than one does harm.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(0, |count| if count.get() > 1 { count.get().min(MOST) } else { 0 })
}

impl Crew {
    /// Starts threads, which end when this is dropped and all is done.
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        shared: &'scope Shared<'scope>,
        threads: usize,
    ) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |_| {
            let receiver = receiver.clone();
            thread::Builder::new().spawn_scoped(scope, move || work(shared, &receiver)).is_ok()
        };
        let has_begun = (0..threads).filter(|n| start(*n)).count() > 0;
        Self(has_begun.then_some(sender))
    }

    /// Has a job done.
    pub(super) fn give(&self, shared: &Shared, job: Job) {
        match &self.0 {
            None => run(shared, job),
            Some(sender) => {
                if let Err(back) = sender.send(job) {
                    run(shared, back.0);
                }
            }
        }
    }
}

fn work(shared: &Shared, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        run(shared, job);
    }
}

fn run(shared: &Shared, job: Job) {
    let done = files::extract(shared, &job.listing, job.from, &job.path, true, || Ok(job.place.clone()));
    let finished = job.finish.map_or(Ok(()), |finish| finish.leave(shared, &job.place));
    if let Err(error) = done.and(finished) {
        shared.report.failed(&job.path, &error.into());
    }
}
