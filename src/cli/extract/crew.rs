//! The threads that extract, a directory each, and of a large one some of its names each: they wait for each other less when they are in
//! different directories.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
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

/// Bytes of names of a directory from which on no other thread gets it: those that wait are held.
const LARGE: usize = 8 << 20;

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
#[derive(Default)]
pub(super) struct Crew {
    sender: Option<SyncSender<(Job, Ticket)>>,
    given: Arc<Given>,
}

/// Jobs that were given and are not done.
#[derive(Default)]
struct Given {
    count: Mutex<usize>,
    is_none: Condvar,
}

/// One of them, until this is dropped.
struct Ticket(Arc<Given>);

impl Ticket {
    fn of(given: &Arc<Given>) -> Self {
        let mut count = given.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_add(1);
        Self(given.clone())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut count = self.0.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.0.is_none.notify_all();
        }
    }
}

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
        Self { sender: has_begun.then_some(sender), given: Arc::default() }
    }

    /// Has a job done.
    pub(super) fn give(&self, shared: &Shared, job: Job) {
        match self.sender.as_ref().filter(|_| job.listing.weight() < LARGE) {
            None => run(shared, job),
            Some(sender) => {
                if let Err(back) = sender.send((job, Ticket::of(&self.given))) {
                    run(shared, back.0.0);
                }
            }
        }
    }

    /// Waits until all that was given is done.
    pub(super) fn wait(&self) {
        let mut count = self.given.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *count > 0 {
            count = self.given.is_none.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(shared: &Shared, jobs: &Mutex<Receiver<(Job, Ticket)>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((job, ticket)) = next else { return };
        run(shared, job);
        drop(ticket);
    }
}

fn run(shared: &Shared, job: Job) {
    let done = files::extract(shared, &job.listing, job.from, &job.path, true, || Ok(job.place.clone()));
    let finished = job.finish.map_or(Ok(()), |finish| finish.leave(shared, &job.place));
    if let Err(error) = done.and(finished) {
        shared.report.failed(&job.path, &error.into());
    }
}
