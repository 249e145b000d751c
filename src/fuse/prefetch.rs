//! Storing small files in the kernel's cache before a program that reads a directory file by file asks for them.
//!
//! `tar`, `cp -r`, `grep -r` and their like read the files of a directory in the order of its listing, and wait for each: the
//! way to the daemon and back takes longer than the reading. Once such a program was seen, the thread that has answered it stores
//! the next files (`FUSE_NOTIFY_STORE`), and the program finds them without a request. One file in the middle of what is stored
//! is left out: the request for it tells where the program is, and that it wants more.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    listed::Nodes,
    reader::{DIRECTORIES, Reader, STEPS},
};
use crate::{
    bytes::{as_u64, as_usize},
    limits,
    tree::{Kind, Listing, NodeId, Tree},
};

/// Bytes that are stored before a program asks for another file.
const WINDOW_BYTES: u64 = 1 << 20;

/// Bytes of the largest file that is stored: as much as the kernel would ask for at first.
const SMALL: u64 = 128 << 10;

/// How long the files may take that are stored in answer to one request: whoever unmounts waits for it.
const LONGEST: Duration = Duration::from_millis(50);

/// Errors with which the kernel says that it takes nothing, or that the mount is gone.
const NEVER: [i32; 4] = [libc::ENOSYS, libc::EINVAL, libc::ENODEV, libc::ENOTCONN];

/// Stands for no node.
const NOTHING: u64 = 0;

/// Hands the bytes of a whole file to the kernel.
type Store = Box<dyn Fn(NodeId, &[u8]) -> io::Result<()> + Send + Sync>;

/// Sees which files are read, and stores those that come next.
pub(super) struct Prefetch {
    tree: Arc<Tree>,
    store: OnceLock<Store>,
    /// Whether the kernel does not take what is stored.
    is_off: AtomicBool,
    /// Directories that were listed, for whoever deals with requests.
    listed: Mutex<Vec<(Arc<Listing>, Nodes)>>,
    /// The file that was asked for last, until somebody has dealt with it.
    asked: AtomicU64,
    /// Files that are being read: their pages are locked, and a store would wait for them.
    being_read: AtomicUsize,
    reader: Mutex<Reader>,
}

/// While it lives, somebody waits for the bytes of a file.
pub(super) struct BeingRead<'a>(&'a Prefetch);

impl Drop for BeingRead<'_> {
    fn drop(&mut self) {
        self.0.being_read.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Prefetch {
    pub(super) fn new(tree: Arc<Tree>) -> Self {
        Self {
            tree,
            store: OnceLock::new(),
            is_off: AtomicBool::new(false),
            listed: Mutex::default(),
            asked: AtomicU64::new(NOTHING),
            being_read: AtomicUsize::new(0),
            reader: Mutex::default(),
        }
    }

    /// Somebody asks for bytes of a file, and has not got them yet.
    pub(super) fn begin_read(&self) -> BeingRead<'_> {
        self.being_read.fetch_add(1, Ordering::Relaxed);
        BeingRead(self)
    }

    /// Stores nothing from here on, and waits for what is being stored as long as that may take.
    pub(super) fn end(&self) {
        self.is_off.store(true, Ordering::Relaxed);
        let start = Instant::now();
        while try_lock(&self.reader).is_none() && start.elapsed() < LONGEST.saturating_mul(2) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// From here on files are stored, by `store`.
    pub(super) fn start(&self, store: impl Fn(NodeId, &[u8]) -> io::Result<()> + Send + Sync + 'static) {
        let _ = self.store.set(Box::new(store));
    }

    /// A program lists a directory from its first name on; `nodes` are those of it that are known.
    pub(super) fn listed(&self, listing: &Arc<Listing>, nodes: Nodes) {
        if listing.is_empty() || listing.weight() > limits::AHEAD_LISTING || self.store().is_none() {
            return;
        }
        let mut listed = lock(&self.listed);
        listed.push((listing.clone(), nodes));
        // Nobody reads files.
        if listed.len() > DIRECTORIES {
            listed.remove(0);
        }
    }

    /// A thread of a program was told all names of a directory: the kernel knows their nodes now.
    pub(super) fn listed_all(&self, listing: &Arc<Listing>, thread: u32) {
        let Some(store) = self.store() else { return };
        let Some(mut reader) = try_lock(&self.reader) else { return };
        // Another one may only list.
        if reader.steps < STEPS || reader.thread != thread {
            return;
        }
        if reader.unasked >= WINDOW_BYTES {
            // It lists, and reads no more.
            *reader = Reader::default();
            return;
        }
        self.take_listed(&mut reader);
        if reader.enter(listing) {
            self.store_next(&mut reader, store);
        }
    }

    /// A thread of a program was answered that reads a file from its first byte on.
    pub(super) fn read(&self, id: NodeId, thread: u32) {
        let Some(store) = self.store() else { return };
        self.asked.store(id.0, Ordering::Relaxed);
        // Whoever is at it sees what was asked for.
        let Some(mut reader) = try_lock(&self.reader) else { return };
        reader.thread = thread;
        loop {
            let id = self.asked.swap(NOTHING, Ordering::Relaxed);
            if id == NOTHING {
                return;
            }
            self.take_listed(&mut reader);
            reader.step(NodeId(id));
            self.store_next(&mut reader, store);
        }
    }

    fn store(&self) -> Option<&Store> {
        self.store.get().filter(|_| !self.is_off.load(Ordering::Relaxed))
    }

    fn take_listed(&self, reader: &mut Reader) {
        for (listing, nodes) in std::mem::take(&mut *lock(&self.listed)) {
            reader.see(listing, nodes);
        }
    }

    /// Stores the files in front of a program, until it asks for one.
    fn store_next(&self, reader: &mut Reader, store: &Store) {
        if reader.steps < STEPS {
            return;
        }
        let window = reader.widen();
        let Some(place) = reader.places.front_mut() else { return };
        let start = Instant::now();
        let end = place.asked.saturating_add(window);
        let middle = place.asked.saturating_add(window / 2);
        let mut is_left_out = false;
        let (listing, nodes) = (place.listing.clone(), place.nodes.clone());
        for (number, entry) in (place.next..end).zip(listing.entries(place.next)) {
            let is_asked = self.asked.load(Ordering::Relaxed) != NOTHING;
            if is_asked || self.being_read.load(Ordering::Relaxed) > 0 || start.elapsed() > LONGEST {
                return;
            }
            place.next = number.saturating_add(1);
            if entry.kind != Kind::File {
                continue;
            }
            let known = nodes.get(number, entry.node).cloned();
            let Ok(node) = known.map_or_else(|| self.tree.node(entry.node), Ok) else { return };
            let size = node.attributes.size;
            if node.attributes.kind != Kind::File || size == 0 || size > SMALL {
                continue;
            }
            if number >= middle && !std::mem::replace(&mut is_left_out, true) {
                continue;
            }
            reader.unasked = reader.unasked.saturating_add(size);
            if reader.unasked > WINDOW_BYTES {
                return;
            }
            let stored = self.tree.read_node(&node, 0, as_usize(size), |bytes| {
                if as_u64(bytes.len()) == size { store(entry.node, bytes) } else { Ok(()) }
            });
            match stored {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    log::debug!("storing a file ahead: {error}");
                    reader.steps = 0;
                    let is_for_good = error.raw_os_error().is_some_and(|code| NEVER.contains(&code));
                    self.is_off.fetch_or(is_for_good, Ordering::Relaxed);
                    return;
                }
                // What cannot be read is told to whoever asks for it.
                Err(_) => return,
            }
        }
    }
}

/// As [`lock`], if nobody else has it.
fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A lock that a panic of another thread does not spoil: what it holds is valid between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tree::{Data, Place as DataPlace, Policy, fake::Fake},
        volume::Volume,
    };

    /// The thread that asks for everything.
    const THREAD: u32 = 7;

    /// A tree whose files have so many bytes, and the numbers of the files that were stored.
    struct Watched {
        prefetch: Prefetch,
        stored: Arc<Mutex<Vec<u64>>>,
    }

    impl Watched {
        fn new(directories: Vec<(u64, Vec<u64>)>, size: u64) -> Self {
            let mut data = Data::default();
            data.push(DataPlace::Hole, size);
            let volume = Arc::new(Volume::new(Arc::new(Vec::new()), 0));
            let fake = Fake { directories, data, ..Fake::default() };
            let tree = Tree::new(Box::new(fake), volume, Policy::of_user(0, 0), 0);
            let prefetch = Prefetch::new(Arc::new(tree));
            let stored = Arc::<Mutex<Vec<u64>>>::default();
            let list = stored.clone();
            prefetch.start(move |id, bytes| {
                assert_eq!(bytes.len() as u64, size);
                list.lock().unwrap().push(id.0);
                Ok(())
            });
            Self { prefetch, stored }
        }

        /// Lists a directory to its end.
        fn list(&self, directory: u64) {
            let listing = self.prefetch.tree.listing(NodeId(directory)).unwrap();
            self.prefetch.listed(&listing, Nodes::default());
            self.prefetch.listed_all(&listing, THREAD);
        }

        /// Reads a file as a program does: without a request where it was stored. Whether there was one.
        fn read(&self, id: u64) -> bool {
            let is_asked = !self.stored.lock().unwrap().contains(&id);
            if is_asked {
                self.prefetch.read(NodeId(id), THREAD);
            }
            is_asked
        }

        fn stored(&self) -> usize {
            self.stored.lock().unwrap().len()
        }
    }

    #[test]
    fn a_program_that_reads_all_files_asks_for_few() {
        let files: Vec<u64> = (100..600).collect();
        let watched = Watched::new(vec![(2, files.clone())], 1000);
        watched.list(2);
        let asked = files.iter().filter(|id| watched.read(**id)).count();
        assert!((10..=25).contains(&asked), "{asked}");
        assert_eq!(watched.stored() + asked, files.len(), "each once");
    }

    #[test]
    fn one_file_or_another_order_stores_nothing() {
        let files: Vec<u64> = (100..600).collect();
        let watched = Watched::new(vec![(2, files.clone())], 1000);
        watched.list(2);
        watched.read(300);
        files.iter().rev().for_each(|id| assert!(watched.read(*id)));
        files.iter().step_by(7).for_each(|id| assert!(watched.read(*id)));
        assert_eq!(watched.stored(), 0);
    }

    #[test]
    fn a_walk_goes_on_in_the_next_directory_and_back_in_the_one_above() {
        let below = |from: u64| (from..from + 50).collect::<Vec<u64>>();
        let root = [below(1000), vec![3], below(2000), vec![4], below(3000)].concat();
        let watched = Watched::new(vec![(2, root.clone()), (3, below(100)), (4, below(200))], 1000);
        watched.list(2);
        let mut asked = 0;
        for id in root {
            if id < 100 {
                watched.list(id);
                asked +=
                    below(if id == 3 { 100 } else { 200 }).into_iter().filter(|id| watched.read(*id)).count();
            } else {
                asked += usize::from(watched.read(id));
            }
        }
        assert!(asked <= 30, "{asked} of 250");
    }

    #[test]
    fn listing_alone_ends_it() {
        let directories = (0..100u64).map(|d| (10 + d, (0..50).map(|f| 1000 + 100 * d + f).collect()));
        let mut all: Vec<(u64, Vec<u64>)> = directories.collect();
        all.insert(0, (2, (10..110).collect()));
        let watched = Watched::new(all, 64 << 10);
        watched.list(10);
        (1000..1050).for_each(|id| {
            watched.read(id);
        });
        let before = watched.stored();
        (11..110).for_each(|directory| watched.list(directory));
        let more = watched.stored() - before;
        assert!(more as u64 <= 2 * WINDOW_BYTES / (64 << 10), "{more}");
    }

    #[test]
    fn what_another_program_lists_and_what_is_being_read_stores_nothing() {
        let below = |from: u64| (from..from + 50).collect::<Vec<u64>>();
        let watched = Watched::new(vec![(2, vec![3, 4]), (3, below(100)), (4, below(200))], 1000);
        watched.list(3);
        assert!(watched.read(100));
        let reading = watched.prefetch.begin_read();
        assert!(watched.read(101));
        assert_eq!(watched.stored(), 0, "a store would wait for the pages");
        drop(reading);
        assert!(watched.read(102));
        let stored = watched.stored();
        assert!(stored > 0);
        let listing = watched.prefetch.tree.listing(NodeId(4)).unwrap();
        watched.prefetch.listed(&listing, Nodes::default());
        watched.prefetch.listed_all(&listing, THREAD + 1);
        assert_eq!(watched.stored(), stored);
        watched.prefetch.listed_all(&listing, THREAD);
        assert!(watched.stored() > stored);
        watched.prefetch.end();
        let stored = watched.stored();
        (103..150).for_each(|id| {
            watched.read(id);
        });
        assert_eq!(watched.stored(), stored);
    }

    #[test]
    fn large_files_and_empty_ones_are_not_stored() {
        for size in [0, SMALL + 1] {
            let watched = Watched::new(vec![(2, (100..200).collect())], size);
            watched.list(2);
            (100..200).for_each(|id| assert!(watched.read(id)));
            assert_eq!(watched.stored(), 0, "{size}");
        }
    }

    #[test]
    fn a_kernel_that_does_not_take_them_is_not_asked_again() {
        let watched = Watched::new(vec![(2, (100..200).collect())], 1000);
        let calls = Arc::new(AtomicU64::new(0));
        let counter = calls.clone();
        let refusing = Prefetch::new(watched.prefetch.tree.clone());
        refusing.start(move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            Err(io::Error::from_raw_os_error(libc::ENOSYS))
        });
        refusing.listed(&refusing.tree.listing(NodeId(2)).unwrap(), Nodes::default());
        (100..200).for_each(|id| refusing.read(NodeId(id), THREAD));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}
