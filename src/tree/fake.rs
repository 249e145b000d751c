//! A file system that is none of a disc's, for the tests of what stands above the drivers.

use std::sync::Arc;

use super::{
    Attributes, Content, Data, ExtendedAttribute, FileSystem, Kind, Listing, ListingBuilder, Node, NodeId,
    Statistics, Timestamp,
};
use crate::error::{Error, Result};

/// An extended attribute and its value.
pub(crate) struct Named {
    pub(crate) name: Box<[u8]>,
    pub(crate) value: Data,
}

/// Directories, the first of them the root, with the numbers of what they name; what is named and no directory is a file. All
/// files have the same bytes, all nodes the same extended attributes.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) directories: Vec<(u64, Vec<u64>)>,
    /// Symbolic links and their targets, by the numbers that directories name.
    pub(crate) links: Vec<(u64, Box<[u8]>)>,
    pub(crate) attributes: Option<Vec<Named>>,
    pub(crate) data: Data,
}

impl Fake {
    fn names(&self, directory: NodeId) -> Option<&[u64]> {
        self.directories.iter().find(|(id, _)| *id == directory.0).map(|(_, names)| names.as_slice())
    }

    fn target(&self, id: NodeId) -> Option<&[u8]> {
        self.links.iter().find(|(link, _)| *link == id.0).map(|(_, target)| &**target)
    }

    fn kind(&self, id: NodeId) -> Option<Kind> {
        let is_named = || self.directories.iter().any(|(_, names)| names.contains(&id.0));
        match self.names(id) {
            Some(_) => Some(Kind::Directory),
            None if self.target(id).is_some() => Some(Kind::Symlink),
            None => is_named().then_some(Kind::File),
        }
    }
}

impl FileSystem for Fake {
    fn root(&self) -> NodeId {
        NodeId(self.directories[0].0)
    }

    fn node(&self, id: NodeId) -> Result<Arc<Node>> {
        let kind = self.kind(id).ok_or(Error::NotFound)?;
        let content = match self.target(id) {
            Some(target) => Content::Link(target.into()),
            None if kind == Kind::File => Content::Data(self.data.clone()),
            None => Content::Nothing,
        };
        let attributes = Attributes {
            id,
            kind,
            permissions: None,
            links: 1,
            uid: None,
            gid: None,
            size: self.data.size(),
            allocated: 0,
            modified: Timestamp::default(),
            accessed: Timestamp::default(),
            changed: Timestamp::default(),
            created: None,
            device: None,
        };
        Ok(Arc::new(Node { attributes, content }))
    }

    fn listing(&self, directory: NodeId) -> Result<Arc<Listing>> {
        let mut listing = ListingBuilder::default();
        for id in self.names(directory).ok_or(Error::NotADirectory)? {
            let kind = self.kind(NodeId(*id)).unwrap();
            listing.push(id.to_string().as_bytes(), None, NodeId(*id), kind);
        }
        Ok(Arc::new(listing.finish()))
    }

    fn parent(&self, _directory: NodeId) -> Result<NodeId> {
        Ok(self.root())
    }

    fn has_extended_attributes(&self) -> bool {
        self.attributes.is_some()
    }

    fn extended_attributes(&self, id: NodeId) -> Result<Vec<ExtendedAttribute>> {
        self.node(id)?;
        let all = self.attributes.iter().flatten();
        Ok(all.map(|a| ExtendedAttribute { name: a.name.clone(), size: a.value.size() }).collect())
    }

    fn extended_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Data>> {
        self.node(id)?;
        let found = self.attributes.iter().flatten().find(|a| *a.name == *name);
        Ok(found.map(|a| a.value.clone()))
    }

    fn statistics(&self) -> Statistics {
        Statistics { block_size: 2048, blocks: 0, free_blocks: 0, nodes: 0 }
    }

    fn label(&self) -> String {
        String::new()
    }

    fn view(&self) -> &'static str {
        "fake"
    }

    fn format(&self) -> String {
        "fake".to_owned()
    }

    fn notes(&self) -> &[String] {
        &[]
    }
}
