//! File entries, file identifiers, extended attributes and allocation descriptors as bytes.

use super::{descriptor::*, file::*, tree::Name};

/// What a file entry says that the file itself does not know.
#[derive(Clone, Default)]
pub struct Identity {
    pub extended: bool,
    /// Of the direct entries of its ICB, how many came before this one; `None` with strategy 4.
    pub prior: Option<u32>,
    pub parent: Address,
    pub links: u16,
    pub unique: u64,
    /// The ICB of the stream directory.
    pub streams: Option<Address>,
    /// The ICB of the file with the attributes.
    pub attributes: Option<Address>,
    /// The bytes of all its streams.
    pub stream_bytes: u64,
}

/// The fields behind the links, the unique number and the like.
pub struct Body {
    pub allocation: Allocation,
    pub size: u64,
    pub recorded_blocks: u64,
    pub attributes: Vec<u8>,
    /// Allocation descriptors, or the data itself.
    pub descriptors: Vec<u8>,
}

/// Bytes before the extended attributes of a file entry.
pub fn entry_header(extended: bool) -> usize {
    if extended { 216 } else { 176 }
}

/// An ICB tag, ECMA-167 4/14.6.
fn icb_tag(kind: u8, prior: Option<u32>, parent: Address, flags: u16) -> Fields {
    let (strategy, parameter, entries) = if prior.is_some() { (4096, 1, 2) } else { (4, 0, 1) };
    let tag = Fields::default().u32(prior.unwrap_or(0)).u16(strategy).u16(parameter).u16(entries);
    tag.u8(0).u8(kind).bytes(parent.bytes()).u16(flags)
}

/// A file entry or an extended one, ECMA-167 4/14.9 and 4/14.17.
pub fn entry(format: Format, at: Address, file: &File, identity: &Identity, body: &Body) -> Vec<u8> {
    let extended = identity.extended;
    let flags = file.flags | body.allocation as u16;
    let created = file.created.unwrap_or(file.modified);
    let icb = |at: Option<Address>| at.map_or(vec![0; 16], |at| long_ad(format.block as u32, at, 0));
    let mut fields = icb_tag(file.kind, identity.prior, identity.parent, flags);
    fields = fields.u32(file.uid).u32(file.gid).u32(file.permissions).u16(identity.links);
    fields = fields.u8(0).u8(0).u32(0).u64(body.size);
    if extended {
        fields = fields.u64(body.size + identity.stream_bytes);
    }
    fields = fields.u64(body.recorded_blocks).bytes(file.accessed.bytes()).bytes(file.modified.bytes());
    if extended {
        fields = fields.bytes(created.bytes());
    }
    fields = fields.bytes(file.changed.bytes()).u32(1);
    if extended {
        fields = fields.u32(0);
    }
    fields = fields.bytes(icb(identity.attributes));
    if extended {
        fields = fields.bytes(icb(identity.streams));
    }
    fields = fields.bytes(developer()).u64(identity.unique);
    fields = fields.u32(body.attributes.len() as u32).u32(body.descriptors.len() as u32);
    fields = fields.bytes(&body.attributes).bytes(&body.descriptors);
    let ident = if extended { EXTENDED_FILE_ENTRY } else { FILE_ENTRY };
    let bytes = format.tagged(ident, at.block, &fields);
    assert!(bytes.len() <= format.block, "a file entry of {} bytes", bytes.len());
    bytes
}

/// An indirect entry, ECMA-167 4/14.7. It leads to an ICB of two blocks.
pub fn indirect_entry(format: Format, at: Address, prior: u32, to: Address) -> Vec<u8> {
    const INDIRECT: u8 = 3;
    let tag = icb_tag(INDIRECT, Some(prior), Address::default(), 0);
    format.tagged(INDIRECT_ENTRY, at.block, &tag.bytes(long_ad(2 * format.block as u32, to, 0)))
}

/// A terminal entry, ECMA-167 4/14.8.
pub fn terminal_entry(format: Format, at: Address, prior: u32) -> Vec<u8> {
    const TERMINAL: u8 = 11;
    format.tagged(TERMINAL_ENTRY, at.block, &icb_tag(TERMINAL, Some(prior), Address::default(), 0))
}

/// A file identifier descriptor, ECMA-167 4/14.4.
pub fn identifier_descriptor(format: Format, location: u32, name: &Name, icb: Vec<u8>) -> Vec<u8> {
    let used = &name.implementation_use;
    let fields = Fields::default().u16(name.version).u8(name.characteristics).u8(name.recorded.len() as u8);
    let fields = fields.bytes(icb).u16(used.len() as u16).bytes(used).bytes(&name.recorded);
    let len = (16 + fields.0.len()).next_multiple_of(4) - 16;
    format.tagged(FILE_IDENTIFIER, location, &fields.filled_to(len))
}

/// An extended attribute, ECMA-167 4/14.10.2, in whole multiples of 4 bytes.
fn attribute(kind: u32, body: Fields) -> Vec<u8> {
    let len = (12 + body.0.len()).next_multiple_of(4);
    let header = Fields::default().u32(kind).u8(1).zeros(3).u32(len as u32);
    header.bytes(&body.0).filled_to(len).0
}

/// An attribute with an identifier and a header checksum, UDF 3.3.4.5.
fn identified(format: Format, kind: u32, name: &str, data: &[u8]) -> Vec<u8> {
    let body = Fields::default().u32(data.len() as u32 + 2).bytes(format.udf(name)).u16(0).bytes(data);
    let mut bytes = attribute(kind, body);
    let sum = bytes[..48].iter().fold(0u16, |sum, b| sum.wrapping_add(u16::from(*b)));
    patch(&mut bytes, 48, &sum.to_le_bytes());
    bytes
}

/// The extended attributes of a file with their header, ECMA-167 4/14.10.1; nothing when there are none.
pub fn attributes(format: Format, location: u32, file: &File, extended: bool) -> Vec<u8> {
    let mut plain = Vec::new();
    if let Some((major, minor)) = file.device {
        let body = Fields::default().u32(32).u32(major).u32(minor).bytes(developer());
        plain.extend(attribute(12, body));
    }
    if let Some(created) = file.created.filter(|_| !extended) {
        plain.extend(attribute(5, Fields::default().u32(12).u32(1).bytes(created.bytes())));
    }
    let (mut implementation, mut application) = (Vec::new(), Vec::new());
    for each in &file.attributes {
        match each {
            Attribute::Plain(kind, body) => plain.extend(attribute(*kind, Fields(body.clone()))),
            Attribute::Implementation(name, data) => {
                implementation.extend(identified(format, 2048, name, data));
            }
            Attribute::Application(name, data) => {
                application.extend(identified(format, 65536, name, data));
            }
        }
    }
    let all = [plain.clone(), implementation.clone(), application.clone()].concat();
    if all.is_empty() {
        return all;
    }
    let place = |at: usize, part: &[u8]| if part.is_empty() { u32::MAX } else { at as u32 };
    let first = place(24 + plain.len(), &implementation);
    let second = place(24 + plain.len() + implementation.len(), &application);
    let header = Fields::default().u32(first).u32(second);
    [format.tagged(EXTENDED_ATTRIBUTES, location, &header), all].concat()
}

/// What an allocation descriptor says.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// 0: recorded, 1: allocated, 2: neither, 3: more descriptors are there.
    pub kind: u32,
    pub len: u32,
    pub at: Address,
}

impl Piece {
    /// As a short, long or extended allocation descriptor, ECMA-167 4/14.14.
    pub fn bytes(self, allocation: Allocation) -> Vec<u8> {
        let len = self.kind << 30 | self.len;
        let recorded = if self.kind == 0 { self.len } else { 0 };
        match allocation {
            Allocation::Short => Fields::default().u32(len).u32(self.at.block).0,
            Allocation::Long => long_ad(len, self.at, 0),
            Allocation::Extended => {
                let lengths = Fields::default().u32(len).u32(recorded).u32(self.len);
                lengths.bytes(self.at.bytes()).u16(0).0
            }
            Allocation::Inline => panic!("inline data has no descriptors"),
        }
    }
}

/// An allocation extent descriptor, ECMA-167 4/14.5.
pub fn continuation(format: Format, at: Address, descriptors: &[u8]) -> Vec<u8> {
    let fields = Fields::default().u32(0).u32(descriptors.len() as u32);
    format.tagged(ALLOCATION_EXTENT, at.block, &fields.bytes(descriptors))
}
