//! Where that lies which describes a node.

/// A run of bytes of the volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// Byte offset in the volume.
    pub at: u64,
    /// Bytes.
    pub len: u64,
}

impl Extent {
    /// The run from one byte to before another.
    pub fn between(at: u64, end: u64) -> Self {
        Self { at, len: end.saturating_sub(at) }
    }

    /// The first byte behind it.
    pub fn end(self) -> u64 {
        self.at.saturating_add(self.len)
    }
}

/// Where that lies which describes a node, but for the record of its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structures {
    /// Without these nobody finds the node, or its bytes.
    pub needed: Vec<Extent>,
    /// The names in a directory.
    pub names: Vec<Extent>,
    /// Attributes, or a part of its name.
    pub attributes: Vec<Extent>,
}

impl Structures {
    /// Bytes of all of them.
    pub fn len(&self) -> u64 {
        let all = self.needed.iter().chain(&self.names).chain(&self.attributes);
        all.fold(0, |sum, extent| sum.saturating_add(extent.len))
    }

    /// Whether there is not one byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
