//! Which extended attributes `isomount ls` tells of.

use crate::{
    error::Error,
    tree::{EXTENTS, Kind, NodeId, Tree},
};

/// Those that a mount lists, and of a file where its bytes lie.
pub(super) fn names(tree: &Tree, node: NodeId, kind: Kind) -> Result<Vec<Box<[u8]>>, Error> {
    let mut names = tree.attribute_names(node)?;
    if kind == Kind::File {
        names.push(EXTENTS.into());
    }
    Ok(names)
}
