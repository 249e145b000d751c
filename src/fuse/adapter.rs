//! Each request of the kernel: call the tree, translate, reply.

use std::{
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use fuser::{
    Errno, FileHandle, Filesystem, Generation, INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags,
    ReplyAttr, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyLseek, ReplyOpen,
    ReplyStatfs, ReplyXattr, Request,
};

use super::{
    ahead::Ahead,
    attributes, errno,
    idle::Idle,
    listed::{Listed, Nodes},
    prefetch::Prefetch,
};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Damage, Error},
    limits,
    tree::{Entry, Kind, Listing, NodeId, Tree, access_list},
};

/// How long the kernel may believe what it was told. The tree never changes; ten years are for ever.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The numbers of nodes are places on the disc and are never used again for another, so that one generation does.
const GENERATION: Generation = Generation(0);

/// Requests for data ahead of a reader that the kernel may have under way at once.
const BACKGROUND_REQUESTS: u16 = 64;

/// `.` and `..`, which come before the names of a directory.
const DOTS: u64 = 2;

/// What we want of the kernel where it has it.
const WANTED: [InitFlags; 7] = [
    InitFlags::FUSE_DO_READDIRPLUS,
    InitFlags::FUSE_PARALLEL_DIROPS,
    InitFlags::FUSE_CACHE_SYMLINKS,
    InitFlags::FUSE_NO_OPEN_SUPPORT,
    InitFlags::FUSE_NO_OPENDIR_SUPPORT,
    InitFlags::FUSE_EXPORT_SUPPORT,
    InitFlags::FUSE_ASYNC_DIO,
];

/// What ends the wait of the one who serves a mount.
pub(super) enum Event {
    /// The kernel asks no more: the mount is gone.
    Ended,
    /// A signal asks for the end.
    Signal,
    /// The mount is no longer in the list of mounts; somebody may use it all the same.
    Gone,
}

/// A tree as the kernel asks for it. No request changes anything, and none keeps anything open: `open` and `opendir`
/// are answered once with ENOSYS, whereupon the kernel asks no more and keeps its caches.
pub(super) struct Adapter {
    tree: Arc<Tree>,
    listed: Arc<Listed>,
    ahead: Ahead,
    prefetch: Arc<Prefetch>,
    /// Set back by every request, where the mount is to end by itself.
    idle: Option<Arc<Idle>>,
    /// How long the kernel may believe what it is told.
    belief: Duration,
    /// Whether the kernel checks permissions.
    checks_permissions: bool,
    damage: Damage,
    /// Who waits for the end.
    events: Sender<Event>,
}

impl Adapter {
    pub(super) fn new(
        tree: Tree,
        events: Sender<Event>,
        idle: Option<Arc<Idle>>,
        checks_permissions: bool,
    ) -> Self {
        let tree = Arc::new(tree);
        let listed = Arc::new(Listed::new(tree.clone()));
        let ahead = Ahead::new(listed.clone());
        let prefetch = Arc::new(Prefetch::new(tree.clone()));
        let belief = idle.as_ref().map_or(FOR_EVER, |idle| idle.belief());
        let damage = Damage::default();
        Self { tree, listed, ahead, prefetch, idle, belief, checks_permissions, damage, events }
    }

    /// What stores files ahead, to be told how.
    pub(super) fn prefetch(&self) -> Arc<Prefetch> {
        self.prefetch.clone()
    }

    fn node(&self, number: INodeNo) -> NodeId {
        if number == INodeNo::ROOT { self.tree.root() } else { NodeId(number.0) }
    }

    /// Runs one request. Should it meet a bug, the reply that it owns is dropped, which answers EIO; the mount lives on.
    fn guarded(&self, request: impl FnOnce()) {
        if let Some(idle) = &self.idle {
            idle.used();
        }
        guarded(request);
    }

    /// The errno for a failure; damage and trouble with the storage go to the log, each once.
    fn errno(&self, error: &Error) -> Errno {
        self.damage.report(error);
        errno::of(error)
    }

    /// The entries of a directory from `offset` on, with `.` and `..` in front: calls `add` with each and the offset of the next
    /// one until it is full.
    fn list(
        &self,
        directory: NodeId,
        offset: u64,
        listing: &Listing,
        mut add: impl FnMut(Entry<'_>, u64) -> bool,
    ) {
        let dot = |name, node| Entry { name, node, kind: Kind::Directory };
        if offset == 0 && add(dot(b".", directory), 1) {
            return;
        }
        if offset <= 1 {
            let parent = self.tree.parent(directory).unwrap_or(directory);
            if add(dot(b"..", parent), DOTS) {
                return;
            }
        }
        let first = as_usize(offset.saturating_sub(DOTS));
        for (next, entry) in (first.saturating_add(1)..).zip(listing.entries(first)) {
            if add(entry, as_u64(next).saturating_add(DOTS)) {
                return;
            }
        }
    }
}

/// Runs what may meet a bug.
pub(super) fn guarded(request: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(request)).is_err() {
        log::error!("a bug in isomount: one request was answered with an I/O error; please report it");
    }
}

/// Answers a request for an extended attribute or their names, for which the caller has room for `size` bytes; with 0 it asks
/// how much it needs.
fn fill(reply: ReplyXattr, size: u32, value: &[u8]) {
    // Neither is longer than 64 KiB (`limits::EXTENDED_ATTRIBUTE`, `limits::EXTENDED_ATTRIBUTES`).
    let needed = u32::try_from(value.len()).unwrap_or(u32::MAX);
    match size {
        0 => reply.size(needed),
        size if size < needed => reply.error(Errno::ERANGE),
        _ => reply.data(value),
    }
}

impl Filesystem for Adapter {
    fn init(&mut self, _req: &Request, config: &mut KernelConfig) -> io::Result<()> {
        for flag in WANTED {
            if config.add_capabilities(flag).is_err() {
                log::debug!("the kernel has no {flag:?}");
            }
        }
        // Only where permissions are checked already: with this flag the kernel checks them for whoever mounted too.
        let enforces_lists = self.checks_permissions && self.tree.may_have_access_lists();
        if enforces_lists && config.add_capabilities(InitFlags::FUSE_POSIX_ACL).is_err() {
            log::debug!("the kernel enforces no access control lists");
        }
        // What these return is the value from before. The first also bounds what is read in one request.
        let _ = config.set_max_write(limits::REQUEST);
        let _ = config.set_max_background(BACKGROUND_REQUESTS);
        Ok(())
    }

    fn destroy(&mut self) {
        // Nobody listens when a signal ended the mount.
        let _ = self.events.send(Event::Ended);
    }

    fn lookup(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.guarded(|| match self.tree.lookup(self.node(parent), name.as_bytes()) {
            Ok(stat) => {
                reply.entry(&self.belief, &attributes::attributes(&stat, self.tree.root()), GENERATION)
            }
            // Number 0 tells the kernel to remember that there is no such name.
            Err(Error::NotFound) => reply.entry(
                &self.belief,
                &attributes::placeholder(INodeNo(0), fuser::FileType::RegularFile),
                GENERATION,
            ),
            Err(error) => reply.error(self.errno(&error)),
        });
    }

    fn getattr(&self, _req: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        self.guarded(|| match self.tree.stat(self.node(ino)) {
            Ok(stat) => reply.attr(&self.belief, &attributes::attributes(&stat, self.tree.root())),
            Err(error) => reply.error(self.errno(&error)),
        });
    }

    fn readlink(&self, _req: &Request, ino: INodeNo, reply: ReplyData) {
        self.guarded(|| match self.tree.read_link(self.node(ino)) {
            Ok(target) => reply.data(&target),
            Err(error) => reply.error(self.errno(&error)),
        });
    }

    fn open(&self, _req: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn opendir(&self, _req: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn read(
        &self,
        req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.guarded(|| {
            let mut reply = Some(reply);
            let send = |bytes: &[u8]| {
                if let Some(reply) = reply.take() {
                    reply.data(bytes);
                }
            };
            let node = self.node(ino);
            let being_read = self.prefetch.begin_read();
            let read = self.tree.read(node, offset, as_usize(size.into()), send);
            drop(being_read);
            if offset == 0 && read.is_ok() {
                self.prefetch.read(node, req.pid());
            }
            if let (Err(error), Some(reply)) = (read, reply) {
                reply.error(self.errno(&error));
            }
        });
    }

    fn readdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        self.guarded(|| {
            let (root, directory) = (self.tree.root(), self.node(ino));
            let listing = match self.tree.listing(directory) {
                Ok(listing) => listing,
                Err(error) => return reply.error(self.errno(&error)),
            };
            if offset == 0 {
                self.prefetch.listed(&listing, Nodes::default());
            }
            self.list(directory, offset, &listing, |entry, next| {
                let kind = attributes::file_type(entry.kind);
                reply.add(attributes::number(entry.node, root), next, kind, OsStr::from_bytes(entry.name))
            });
            reply.ok();
        });
    }

    fn readdirplus(
        &self,
        req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        self.guarded(|| {
            let (root, directory) = (self.tree.root(), self.node(ino));
            let nodes = self.listed.nodes(directory, offset);
            let listing = match self.tree.listing(directory) {
                Ok(listing) => listing,
                Err(error) => return reply.error(self.errno(&error)),
            };
            if offset == 0 {
                self.prefetch.listed(&listing, nodes.clone());
            }
            self.list(directory, offset, &listing, |entry, next| {
                let place = next.checked_sub(DOTS.saturating_add(1)).map(as_usize);
                let stat = match place.and_then(|place| nodes.get(place, entry.node)) {
                    Some(node) => Ok(self.tree.stat_of(node)),
                    None => self.tree.stat(entry.node),
                };
                let number = attributes::number(entry.node, root);
                let (belief, attributes) = match stat {
                    Ok(stat) => (self.belief, attributes::attributes(&stat, root)),
                    // A damaged node is listed all the same. The kernel may not believe these attributes for a moment: it asks
                    // when it needs them, and hears what is wrong.
                    Err(_) => {
                        (Duration::ZERO, attributes::placeholder(number, attributes::file_type(entry.kind)))
                    }
                };
                let name = OsStr::from_bytes(entry.name);
                reply.add(number, next, name, &belief, &attributes, GENERATION)
            });
            reply.ok();
            if offset == 0 {
                self.ahead.listed(directory, &listing);
            }
            // The kernel asks on until it is told nothing more; it has taken in what it was told before.
            if as_usize(offset) >= listing.len().saturating_add(as_usize(DOTS)) {
                self.prefetch.listed_all(&listing, req.pid());
            }
        });
    }

    fn statfs(&self, _req: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        self.guarded(|| {
            let s = self.tree.statistics();
            let name_length = u32::try_from(limits::NAME).unwrap_or(u32::MAX);
            reply.statfs(
                s.blocks,
                s.free_blocks,
                s.free_blocks,
                s.nodes,
                0,
                s.block_size,
                name_length,
                s.block_size,
            );
        });
    }

    // Where nothing of the kind was met so far the answer is EOPNOTSUPP, which programs such as ls(1) remember for the whole mount. The
    // kernel would remember ENOSYS, for every name, and where the bytes lie can be asked of every file.
    fn getxattr(&self, _req: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        self.guarded(|| {
            let name = name.as_bytes();
            if !self.tree.may_have_attribute(name) {
                // There may be lists where nobody has looked yet; and the kernel lets nobody in when it fails to ask for one that it
                // enforces.
                let is_list = [access_list::ACCESS, access_list::DEFAULT].contains(&name);
                let may_come = is_list && self.tree.may_have_access_lists();
                return reply.error(if may_come { Errno::ENODATA } else { Errno::EOPNOTSUPP });
            }
            match self.tree.attribute(self.node(ino), name) {
                Ok(value) => fill(reply, size, &value),
                Err(error) => reply.error(self.errno(&error)),
            }
        });
    }

    fn listxattr(&self, req: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        self.guarded(|| {
            if !self.tree.has_extended_attributes() {
                let may_come = self.tree.may_have_access_lists();
                return if may_come { fill(reply, size, &[]) } else { reply.error(Errno::EOPNOTSUPP) };
            }
            match self.tree.attribute_names(self.node(ino)) {
                Ok(names) => {
                    // The kernel tells the values of these to nobody else.
                    let is_shown = |name: &[u8]| req.uid() == 0 || !name.starts_with(b"trusted.");
                    let names = names.iter().filter(|name| is_shown(name));
                    let list: Vec<u8> = names.flat_map(|name| name.iter().chain(&[0])).copied().collect();
                    fill(reply, size, &list);
                }
                Err(error) => reply.error(self.errno(&error)),
            }
        });
    }

    fn setxattr(
        &self,
        _req: &Request,
        _ino: INodeNo,
        _name: &OsStr,
        _value: &[u8],
        _flags: i32,
        _position: u32,
        reply: ReplyEmpty,
    ) {
        reply.error(Errno::EROFS);
    }

    fn removexattr(&self, _req: &Request, _ino: INodeNo, _name: &OsStr, reply: ReplyEmpty) {
        reply.error(Errno::EROFS);
    }

    fn access(&self, _req: &Request, _ino: INodeNo, _mask: fuser::AccessFlags, reply: ReplyEmpty) {
        // Without `default_permissions` only the one who mounted looks in, and may: the image is theirs to read.
        reply.error(Errno::ENOSYS);
    }

    fn flush(&self, _req: &Request, _ino: INodeNo, _fh: FileHandle, _owner: LockOwner, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn fsync(&self, _req: &Request, _ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn fsyncdir(&self, _req: &Request, _ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn lseek(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, at: i64, whence: i32, reply: ReplyLseek) {
        self.guarded(|| {
            let found = match (u64::try_from(at), whence) {
                (Ok(at), libc::SEEK_DATA) => self.tree.seek_data(self.node(ino), at),
                (Ok(at), libc::SEEK_HOLE) => self.tree.seek_hole(self.node(ino), at),
                (Err(_), libc::SEEK_DATA | libc::SEEK_HOLE) => Err(Error::NoOffset),
                // The kernel moves by itself in all other ways.
                _ => return reply.error(Errno::EINVAL),
            };
            match found.map(i64::try_from) {
                Ok(Ok(offset)) => reply.offset(offset),
                Ok(Err(_)) => reply.error(Errno::EOVERFLOW),
                Err(error) => reply.error(self.errno(&error)),
            }
        });
    }

    fn ioctl(
        &self,
        _req: &Request,
        _ino: INodeNo,
        _fh: FileHandle,
        _flags: fuser::IoctlFlags,
        _cmd: u32,
        _in_data: &[u8],
        _out_size: u32,
        reply: fuser::ReplyIoctl,
    ) {
        reply.error(Errno::ENOTTY);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_bug_ends_one_request_only() {
        let mut after = false;
        super::guarded(|| panic!("a bug"));
        super::guarded(|| after = true);
        assert!(after);
    }
}
