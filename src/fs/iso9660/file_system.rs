//! What the tree asks of a volume.

use std::{cell::Cell, sync::Arc};

use super::{
    Iso9660, hard_link,
    name::Naming,
    record::{Layout, RecordBuffer},
};
use crate::{
    error::{Error, Result},
    fs::View,
    text,
    tree::{
        Checksum, Data, ExtendedAttribute, Extent, FileSystem, KnownNodes, Listing, Node, NodeId, Statistics,
        Structures,
    },
};

impl FileSystem for Iso9660 {
    fn root(&self) -> NodeId {
        self.root.0
    }

    fn node(&self, id: NodeId) -> Result<Arc<Node>> {
        self.nodes.get_or_load(id, || {
            let is_link = hard_link::is_hard_link(id);
            let at = if is_link { self.hard_links.record_at(id, self)? } else { id.0 };
            let buffer = if id.0 == self.tree.root_record_at {
                // The copy in the descriptor, because the root's own record is missing.
                self.tree.root_record(&self.volume)?
            } else {
                RecordBuffer::read(&self.volume, at, self.tree.layout)?
            };
            Ok(Arc::new(self.read_node(id, &buffer.record()?)))
        })
    }

    fn listing(&self, directory: NodeId) -> Result<Arc<Listing>> {
        self.listings.get_or_load(directory, || Ok(Arc::new(self.read_listing(self.extent_of(directory)?)?)))
    }

    fn listing_with_nodes(&self, directory: NodeId, count: usize) -> Result<(Arc<Listing>, KnownNodes)> {
        let mut nodes = Vec::new();
        let listing = self.listings.get_or_load(directory, || {
            let listing;
            (listing, nodes) = self.read_listing_with_nodes(self.extent_of(directory)?, count)?;
            Ok(Arc::new(listing))
        });
        Ok((listing?, nodes))
    }

    fn parent(&self, directory: NodeId) -> Result<NodeId> {
        if directory == self.root.0 {
            return Ok(directory);
        }
        let (recorded, linked) =
            self.parent_record(self.extent_of(directory)?, &Cell::new(u64::MAX)).ok_or(Error::NotFound)?;
        let at = linked.unwrap_or(recorded);
        let is_directory = self.extent_at(at).is_some();
        if is_directory { Ok(NodeId(at)) } else { Ok(self.root.0) }
    }

    fn has_extended_attributes(&self) -> bool {
        self.has_attributes()
    }

    fn may_have_extended_attribute(&self, name: &[u8]) -> bool {
        self.may_have_attribute(name)
    }

    fn may_have_access_lists(&self) -> bool {
        self.described.has_lists()
    }

    fn extended_attributes(&self, id: NodeId) -> Result<Vec<ExtendedAttribute>> {
        self.attribute_names(id)
    }

    fn extended_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Data>> {
        let found = self.attributes(id)?.into_iter().find(|(found, _)| **found == *name);
        Ok(found.map(|(_, data)| data))
    }

    fn private_attribute(&self, id: NodeId, name: &[u8]) -> Result<Option<Vec<u8>>> {
        self.private_attribute_of(id, name)
    }

    fn structures(&self, id: NodeId) -> Result<Structures> {
        self.structures_of(id)
    }

    fn checksum(&self, id: NodeId) -> Result<Option<Checksum>> {
        self.checksum_of(id)
    }

    fn name_records(&self, directory: NodeId) -> Result<Vec<Extent>> {
        self.read_name_records(self.extent_of(directory)?)
    }

    fn damage(&self) -> Vec<Error> {
        self.damage.told()
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            block_size: self.tree.block_size_u32(),
            blocks: self.tree.size.checked_div(self.tree.block_size).unwrap_or(0),
            free_blocks: 0,
            nodes: 0,
        }
    }

    fn label(&self) -> String {
        if self.naming == Naming::Joliet {
            return text::utf16_be(&self.tree.identifier).trim_end().to_owned();
        }
        let recorded = text::trimmed(&self.tree.identifier);
        let as_recorded = || String::from_utf8_lossy(recorded).into_owned();
        self.charset.map_or_else(as_recorded, |charset| charset.decode(recorded))
    }

    fn view(&self) -> &'static str {
        self.view.word()
    }

    fn format(&self) -> String {
        match (self.tree.layout, self.view, self.naming) {
            (Layout::HighSierra, ..) => "High Sierra".to_owned(),
            (_, View::RockRidge, Naming::Joliet) => {
                "ISO 9660 with Rock Ridge and the names of Joliet".to_owned()
            }
            (_, View::RockRidge, _) => "ISO 9660 with Rock Ridge".to_owned(),
            (.., Naming::Joliet) => "ISO 9660 with Joliet".to_owned(),
            (.., Naming::Enhanced) => "ISO 9660:1999".to_owned(),
            (.., Naming::Iso9660(_)) => "ISO 9660".to_owned(),
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
