//! Everything that a tree has, and where it lies: each name, each node once, each run of bytes.
//!
//! It is what a question about places needs (what is in this sector?), made by one walk that ends on any image (`inventory/walk.rs`).

mod walk;

use std::collections::HashMap;

use super::{Extent, Kind, NodeId};
use crate::{bytes::as_usize, error::Error};

/// A number that stands for nothing.
const NONE: u32 = u32::MAX;

/// Everything that a tree has. About a hundred bytes for each name.
#[derive(Debug, Default)]
pub struct Inventory {
    text: Vec<u8>,
    names: Vec<Name>,
    members: Vec<Member>,
    spans: Vec<Span>,
    numbers: HashMap<NodeId, u32>,
    failures: Vec<Failure>,
    /// Failures that were only counted.
    further_failures: u64,
    is_cut: bool,
}

/// A name in a directory; the first one is the root's, which has none.
#[derive(Debug)]
struct Name {
    /// The number of the name of its directory; [`NONE`] for the root.
    parent: u32,
    text_at: u32,
    text_len: u8,
    kind: Kind,
    /// The number of its node in `members`, [`NONE`] when that cannot be read.
    member: u32,
    /// The next name of the same node, [`NONE`] for the last.
    next: u32,
}

/// A node, whatever it is called.
#[derive(Debug)]
pub struct Member {
    /// Its number in the tree.
    pub id: NodeId,
    /// Its type.
    pub kind: Kind,
    /// Whether its bytes are unpacked when they are read: then its spans are those of the packed ones.
    pub is_packed: bool,
    /// Bytes of a file; of a directory what its names take up.
    pub size: u64,
    /// Bytes of a packed file as they are stored, else `size`.
    pub stored: u64,
    first_name: u32,
    last_name: u32,
    first_span: u32,
    spans: u32,
}

/// What a run of bytes is to its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Bytes of a file.
    Content,
    /// The names in a directory.
    Names,
    /// What is needed to find the node or its bytes.
    Description,
    /// Attributes, or a part of its name.
    Attributes,
    /// The record of a name, in the directory.
    Record,
}

/// A run of bytes of the image, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Where it lies.
    pub extent: Extent,
    /// Offset in the file of its first byte; of a packed file in the packed bytes.
    pub offset: u64,
    /// The number of a member; of a [`Role::Record`] that of a name.
    pub owner: u32,
    /// What it is.
    pub role: Role,
}

/// What cannot be read.
#[derive(Debug)]
pub struct Failure {
    /// The number of the name under which it was met.
    pub name: u32,
    /// What of it.
    pub what: Lost,
    /// Why.
    pub error: Error,
}

/// What of a node cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The node itself.
    Node,
    /// The names in a directory, which is itself in order. [`Error::Loop`]: they were met under another name.
    Names,
    /// As `Names`, and that other name is of a directory above this one.
    Circle,
    /// Bytes of a file that nobody can find: from offset `at` on `len`.
    Bytes {
        /// Offset in the file.
        at: u64,
        /// Bytes.
        len: u64,
    },
}

impl Inventory {
    /// Whether not all was looked at: there is more than [`limits`](crate::limits) allow, or structures lie in each other.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Every node, the root first, each directory in front of what is in it.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The node of that number.
    pub fn member(&self, number: u32) -> Option<&Member> {
        self.members.get(as_usize(number.into()))
    }

    /// The number of a node.
    pub fn number_of(&self, id: NodeId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// Every run of bytes, those of one node one behind the other.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The runs of a file's bytes, in the order of the file.
    pub fn content_of(&self, member: &Member) -> impl Iterator<Item = &Span> {
        let own = self.spans.get(as_usize(member.first_span.into())..).unwrap_or_default();
        own.iter().take(as_usize(member.spans.into())).filter(|span| span.role == Role::Content)
    }

    /// What cannot be read, and how many failures more there are.
    pub fn failures(&self) -> (&[Failure], u64) {
        (&self.failures, self.further_failures)
    }

    /// How many names there are, that of the root among them.
    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    /// The type, as the directory has it.
    pub fn kind_of(&self, name: u32) -> Option<Kind> {
        self.name(name).map(|name| name.kind)
    }

    /// The number of the name of the directory that a name is in; `None` for the root.
    pub fn parent_of(&self, name: u32) -> Option<u32> {
        self.name(name).map(|name| name.parent).filter(|parent| *parent != NONE)
    }

    /// The number of the node that a name names, unless it cannot be read.
    pub fn member_of(&self, name: u32) -> Option<u32> {
        self.name(name).map(|name| name.member).filter(|member| *member != NONE)
    }

    /// The numbers of the names of a node, in the order in which they were met.
    pub fn names_of(&self, member: &Member) -> impl Iterator<Item = u32> {
        let first = Some(member.first_name).filter(|name| *name != NONE);
        std::iter::successors(first, |name| {
            self.name(*name).map(|name| name.next).filter(|next| *next != NONE)
        })
    }

    /// The path of a name from the root on, names separated by `/`; empty for the root.
    pub fn path(&self, name: u32) -> Vec<u8> {
        let mut parts = Vec::new();
        let mut at = Some(name);
        while let Some(number) = at {
            parts.push(self.text_of(number));
            at = self.parent_of(number).filter(|parent| *parent != 0);
        }
        parts.reverse();
        parts.join(&b'/')
    }

    /// The first name of a node, as [`path`](Self::path).
    pub fn path_of(&self, member: &Member) -> Vec<u8> {
        self.path(member.first_name)
    }

    /// The last part of the path of a name.
    pub fn text_of(&self, name: u32) -> &[u8] {
        let Some(name) = self.name(name) else { return b"" };
        let from = self.text.get(as_usize(name.text_at.into())..).unwrap_or_default();
        from.get(..name.text_len.into()).unwrap_or_default()
    }

    fn name(&self, number: u32) -> Option<&Name> {
        self.names.get(as_usize(number.into()))
    }
}
