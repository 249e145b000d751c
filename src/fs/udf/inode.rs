//! From a file entry to a node: attributes, and where the content lies.

use super::{Udf, extended_attribute, file_entry::FileEntry, link, raw::icb_flags, steps::Steps};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Error, Result},
    limits,
    tree::{Attributes, Content, Data, Kind, Node, NodeId, read_stored},
};

/// The owner of files that have none recorded (-1): `nobody`, as in the kernel.
const NOBODY: u32 = 65534;

/// The recorded number that stands for no owner, UDF 2.3.6.1.
const NO_OWNER: u32 = u32::MAX;

impl Udf {
    /// The node `id`, whose file entry this is; see [`Space::data_within`](super::space::Space::data_within) for the steps.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the entry is not that of a file or a directory.
    pub(super) fn read_node(&self, id: NodeId, entry: &FileEntry, steps: &Steps) -> Result<Node> {
        let kind = entry.kind()?;
        let data = self.space.data_within(entry, steps);
        let (content, size) = match kind {
            Kind::Directory => (Content::Nothing, data.size()),
            Kind::File => {
                let size = data.size();
                (Content::Data(data), size)
            }
            Kind::Symlink => {
                let content = self.link_content(entry, &data);
                let size = if let Content::Link(target) = &content { as_u64(target.len()) } else { 0 };
                (content, size)
            }
            Kind::CharDevice | Kind::BlockDevice | Kind::Fifo | Kind::Socket => (Content::Nothing, 0),
        };
        let is_device = matches!(kind, Kind::CharDevice | Kind::BlockDevice);
        let modified = entry.modified.unwrap_or_default();
        let attributes = Attributes {
            id,
            kind,
            permissions: self.permissions(kind, entry),
            // A directory is also in itself; what was deleted has no name left.
            links: u32::from(entry.links).saturating_add(u32::from(kind == Kind::Directory)).max(1),
            uid: Some(owner(entry.uid)),
            gid: Some(owner(entry.gid)),
            size,
            allocated: entry.blocks_recorded.saturating_mul(self.space.block_size),
            modified,
            accessed: entry.accessed.unwrap_or(modified),
            changed: entry.attributes_changed.unwrap_or(modified),
            created: entry.created.or_else(|| extended_attribute::created(entry)),
            device: if is_device { extended_attribute::device(entry) } else { None },
        };
        Ok(Node { attributes, content })
    }

    /// The permissions, UDF 2.3.6.2: of the five bits for others, group and owner the three that POSIX knows; of a link all.
    /// `None` where an option overrides them.
    fn permissions(&self, kind: Kind, entry: &FileEntry) -> Option<u16> {
        if kind == Kind::Symlink {
            return Some(0o777);
        }
        let is_overridden =
            if kind == Kind::Directory { self.overrides_directory_mode } else { self.overrides_mode };
        let p = entry.permissions;
        let bits = (p & 0o7) | (p >> 2 & 0o70) | (p >> 4 & 0o700);
        let special = [(icb_flags::SETUID, 0o4000), (icb_flags::SETGID, 0o2000), (icb_flags::STICKY, 0o1000)];
        let special = special.iter().filter(|(flag, _)| entry.flags & flag != 0).map(|(_, bit)| bit);
        let mode = special.fold(bits, |mode, bit| mode | bit);
        if is_overridden { None } else { u16::try_from(mode).ok() }
    }

    fn link_content(&self, entry: &FileEntry, data: &Data) -> Content {
        let target = || -> Result<Vec<u8>> {
            if data.size() > limits::LINK_COMPONENTS {
                return Err(Error::NameTooLong);
            }
            let mut components = vec![0; as_usize(data.size())];
            read_stored(&self.space.volume, data, 0, &mut components)?;
            link::target(&components, entry.at())
        };
        match target() {
            Ok(target) if target.len() > limits::LINK_TARGET => Content::Broken(Error::NameTooLong),
            Ok(target) if target.is_empty() => {
                let allowed = "one component at least";
                Content::Broken(Corrupt::new("symbolic link", entry.at(), "target", "empty", allowed).into())
            }
            Ok(target) => Content::Link(target.into()),
            Err(error) => Content::Broken(error),
        }
    }
}

fn owner(recorded: u32) -> u32 {
    if recorded == NO_OWNER { NOBODY } else { recorded }
}
