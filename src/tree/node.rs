//! What is known of a file, a directory, a link or a device.

use std::sync::Arc;

use super::Content;

/// The number of a node: its place on the disc, the same in every mount. Never 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// The type of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    File,
    Directory,
    Symlink,
    CharDevice,
    BlockDevice,
    Fifo,
    Socket,
}

/// The number of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Device {
    pub major: u32,
    pub minor: u32,
}

/// A moment since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds, negative before 1970.
    pub seconds: i64,
    /// 0 to 999 999 999.
    pub nanoseconds: u32,
}

impl From<(i64, u32)> for Timestamp {
    fn from((seconds, nanoseconds): (i64, u32)) -> Self {
        Self { seconds, nanoseconds }
    }
}

/// What the disc says of a node; `None` where it says nothing. With other types for permissions and owners ([`Stat`]) what is
/// shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes<Permissions = Option<u16>, Owner = Option<u32>> {
    /// The number.
    pub id: NodeId,
    /// The type.
    pub kind: Kind,
    /// The twelve permission bits.
    pub permissions: Permissions,
    /// How many names the node has; 1 where the disc does not say.
    pub links: u32,
    /// The owner.
    pub uid: Owner,
    /// The group.
    pub gid: Owner,
    /// Bytes of a file or directory, bytes in the target of a link.
    pub size: u64,
    /// Bytes that it takes up on the disc.
    pub allocated: u64,
    /// Time of the last change of the content.
    pub modified: Timestamp,
    /// Time of the last access.
    pub accessed: Timestamp,
    /// Time of the last change of the attributes.
    pub changed: Timestamp,
    /// Time of creation.
    pub created: Option<Timestamp>,
    /// The device that a device node stands for.
    pub device: Option<Device>,
}

/// What is shown of a node: [`Attributes`] with nothing left open.
pub type Stat = Attributes<u16, u32>;

/// A node: what it is, and where its content lies.
#[derive(Debug)]
pub struct Node {
    /// What the disc says of it.
    pub attributes: Attributes,
    /// Its bytes, or its target.
    pub content: Content,
}

impl Node {
    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        let content = match &self.content {
            Content::Link(target) => target.len(),
            Content::Data(data) => data.weight(),
            Content::Nothing | Content::Broken(_) => 0,
        };
        size_of::<Self>().saturating_add(content)
    }
}

/// The nodes of the first entries of a directory, in its order; `None` for one that is not known.
pub type KnownNodes = Vec<Option<Arc<Node>>>;

/// Sizes of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes of one block.
    pub block_size: u32,
    /// Blocks of the volume.
    pub blocks: u64,
    /// Blocks that are free.
    pub free_blocks: u64,
    /// Nodes, 0 where the disc does not say.
    pub nodes: u64,
}
