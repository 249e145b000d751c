//! What a driver answers, and all that the tree knows of it.

use std::sync::Arc;

#[cfg(doc)]
use super::Tree;
use super::{
    Checksum, Data, ExtendedAttribute, Extent, KnownNodes, Listing, Node, NodeId, Statistics, Structures,
};
use crate::error::{Error, Result};

/// A driver: answers what there is and where its bytes are, and opens nothing.
pub trait FileSystem: Send + Sync {
    /// The number of the root directory.
    fn root(&self) -> NodeId;

    /// What is known of one node.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Io`] when its record cannot be read.
    fn node(&self, id: NodeId) -> Result<Arc<Node>>;

    /// The names in a directory, without `.` and `..`.
    ///
    /// # Errors
    /// [`Error::NotADirectory`]; [`Error::Corrupt`] or [`Error::Io`] when it cannot be read at all. A damaged record
    /// inside costs only itself.
    fn listing(&self, directory: NodeId) -> Result<Arc<Listing>>;

    /// As [`listing`](Self::listing), and the nodes of its first `count` entries as far as they come along with their names and take
    /// at most [`crate::limits::LISTED_NODE`] bytes: `None`, or nothing, where [`node`](Self::node) has to be asked. They are not kept.
    ///
    /// # Errors
    /// As [`listing`](Self::listing).
    fn listing_with_nodes(&self, directory: NodeId, count: usize) -> Result<(Arc<Listing>, KnownNodes)> {
        let _ = count;
        Ok((self.listing(directory)?, Vec::new()))
    }

    /// The directory above; the root is above itself.
    ///
    /// # Errors
    /// As [`listing`](Self::listing).
    fn parent(&self, directory: NodeId) -> Result<NodeId>;

    /// Whether a node that was listed may have extended attributes.
    fn has_extended_attributes(&self) -> bool {
        false
    }

    /// Whether one may have an extended attribute of that name, as far as the driver knows without a look at the disc.
    fn may_have_extended_attribute(&self, name: &[u8]) -> bool {
        let _ = name;
        self.has_extended_attributes()
    }

    /// Whether there may be access control lists in the tree, also where nothing was listed yet.
    fn may_have_access_lists(&self) -> bool {
        false
    }

    /// The names and sizes of the extended attributes of a node of any type, in the order of the disc. What cannot be shown
    /// ([`Tree::attribute_names`]) may be among them; of several of one name the first counts.
    ///
    /// # Errors
    /// As [`node`](Self::node). A damaged attribute costs only itself.
    fn extended_attributes(&self, id: NodeId) -> Result<Vec<ExtendedAttribute>> {
        let _ = id;
        Ok(Vec::new())
    }

    /// Where the value of an extended attribute lies; `None` when there is none of that name.
    ///
    /// # Errors
    /// As [`node`](Self::node), of the attribute too.
    fn extended_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Data>> {
        let _ = (id, name);
        Ok(None)
    }

    /// The value of an attribute that a writer keeps for itself, and nobody is shown: of libisofs `isofs.ca`, `isofs.cx` ...;
    /// `None` when there is none of that name.
    ///
    /// # Errors
    /// As [`node`](Self::node).
    fn private_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Vec<u8>>> {
        let _ = (id, name);
        Ok(None)
    }

    /// Where that lies which describes a node, but for the record of its name.
    ///
    /// # Errors
    /// As [`node`](Self::node). What is damaged is left out.
    fn structures(&self, id: NodeId) -> Result<Structures> {
        let _ = id;
        Ok(Structures::default())
    }

    /// Where the record of each name of [`listing`](Self::listing) lies, in the order of the disc, which is that of
    /// [`Listing::entries`]. Empty where that is not known.
    ///
    /// # Errors
    /// As [`listing`](Self::listing).
    fn name_records(&self, directory: NodeId) -> Result<Vec<Extent>> {
        let _ = directory;
        Ok(Vec::new())
    }

    /// The checksum that the disc keeps of a file.
    ///
    /// # Errors
    /// As [`node`](Self::node).
    fn checksum(&self, id: NodeId) -> Result<Option<Checksum>> {
        let _ = id;
        Ok(None)
    }

    /// What was found damaged so far, in the order in which it was met: at most [`crate::limits::REPORTED_DAMAGE`].
    fn damage(&self) -> Vec<Error> {
        Vec::new()
    }

    /// Sizes of the whole.
    fn statistics(&self) -> Statistics;

    /// The name of the volume, in UTF-8 where the disc says how to read it.
    fn label(&self) -> String;

    /// Which of the disc's trees this is, by the word that `view=` knows.
    fn view(&self) -> &'static str;

    /// The name of the format and its version, for people.
    fn format(&self) -> String;

    /// What is wrong with the disc as a whole, a sentence each.
    fn notes(&self) -> &[String];
}
