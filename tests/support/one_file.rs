//! A tree of one file, whose content lies where a test says.

use std::sync::Arc;

use isomount::{
    Error, Result,
    tree::{
        Attributes, Content, Data, FileSystem, Kind, Listing, Node, NodeId, Place, Policy, Statistics,
        Timestamp, Tree,
    },
    volume::Volume,
};

/// A file system whose root is a file.
struct OneFile(Arc<Node>);

/// The tree whose root is a file of `len` bytes at `place` of an empty volume.
pub fn tree(place: Place, len: u64) -> Tree {
    let mut data = Data::default();
    data.push(place, len);
    let time = Timestamp::default();
    let attributes = Attributes {
        id: NodeId(2),
        kind: Kind::File,
        permissions: None,
        links: 1,
        uid: None,
        gid: None,
        size: len,
        allocated: len,
        modified: time,
        accessed: time,
        changed: time,
        created: None,
        device: None,
    };
    let node = Arc::new(Node { attributes, content: Content::Data(data) });
    let volume = Arc::new(Volume::new(Arc::new(Vec::new()), 0));
    Tree::new(Box::new(OneFile(node)), volume, Policy::of_user(0, 0), 1 << 20)
}

impl FileSystem for OneFile {
    fn root(&self) -> NodeId {
        self.0.attributes.id
    }

    fn node(&self, _id: NodeId) -> Result<Arc<Node>> {
        Ok(self.0.clone())
    }

    fn listing(&self, _directory: NodeId) -> Result<Arc<Listing>> {
        Err(Error::NotADirectory)
    }

    fn parent(&self, directory: NodeId) -> Result<NodeId> {
        Ok(directory)
    }

    fn statistics(&self) -> Statistics {
        Statistics { block_size: 2048, blocks: 1, free_blocks: 0, nodes: 1 }
    }

    fn label(&self) -> String {
        String::new()
    }

    fn view(&self) -> &'static str {
        "one file"
    }

    fn format(&self) -> String {
        String::new()
    }

    fn notes(&self) -> &[String] {
        &[]
    }
}
