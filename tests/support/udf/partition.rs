//! The kinds of partitions: how blocks of a partition become blocks of the volume.

use super::{
    descriptor::*,
    entry::{Body, Identity, Piece, entry},
    file::*,
    writer::{GARBAGE, Homes, Writer},
};

/// The blocks of a packet, and the unit in which a metadata file grows.
pub const PACKET: usize = 32;

/// Where the two sparing tables are, in the volume.
pub const SPARING_TABLES: [u32; 2] = [200, 208];

#[derive(Clone, Debug, Default)]
pub enum Partition {
    #[default]
    Physical,
    /// Two physical partitions, numbered 0 and 1.
    Two,
    /// Partition 1 is virtual, its table in the last block; before revision 2.00 in the form of 1.50.
    Virtual {
        /// Whether the table is inside its file entry.
        inline: bool,
    },
    /// These packets of the partition lie elsewhere; where they were is garbage.
    Sparable(Vec<usize>),
    /// Partition 1 is the metadata partition.
    Metadata(Metadata),
}

impl Partition {
    /// A sparable partition whose first and third packet lie elsewhere.
    pub fn sparable() -> Self {
        Self::Sparable(vec![0, 2])
    }

    pub fn metadata() -> Self {
        Self::Metadata(Metadata::default())
    }

    pub fn homes(&self) -> Homes {
        match self {
            Self::Physical | Self::Two | Self::Sparable(_) => Homes { entries: 0, directories: 0, files: 0 },
            Self::Virtual { .. } => Homes { entries: 1, directories: 0, files: 0 },
            Self::Metadata(_) => Homes { entries: 1, directories: 1, files: 0 },
        }
    }

    /// How many logical partitions there are.
    pub fn count(&self) -> usize {
        if matches!(self, Self::Physical | Self::Sparable(_)) { 1 } else { 2 }
    }
}

/// What a metadata partition has and what is wrong with it, UDF 2.2.13.
#[derive(Clone, Copy, Debug)]
pub struct Metadata {
    pub bitmap: bool,
    /// Whether the mirror has extents of its own.
    pub duplicate: bool,
    pub damage: Damage,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { bitmap: true, duplicate: true, damage: Damage::None }
    }
}

/// What of the main metadata file is garbage, so that the mirror is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    None,
    Entry,
    Content,
}

/// The partitions with their places in the volume.
#[derive(Default)]
pub struct Placed {
    /// First block and number of blocks of each physical partition.
    pub physical: Vec<(u32, u32)>,
    /// Block of the volume for each block of each logical partition.
    pub blocks: Vec<Vec<u32>>,
    /// What to write, from which block of the volume on.
    pub runs: Vec<(u32, Vec<u8>)>,
    pub maps: Vec<Vec<u8>>,
    /// The first block behind all this.
    pub end: u32,
    pub vat: Option<u32>,
    pub sparing_tables: Vec<u32>,
    pub metadata_file: Option<u32>,
    pub metadata_mirror: Option<u32>,
    pub metadata_bitmap: Option<u32>,
}

/// A partition map of type 1, ECMA-167 3/10.7.2.
fn plain_map(partition: u16) -> Vec<u8> {
    Fields::default().u8(1).u8(6).u16(1).u16(partition).0
}

/// A partition map of type 2 as UDF 2.2.8 to 2.2.10 have it.
fn named_map(format: Format, name: &str, rest: Fields) -> Vec<u8> {
    let map = Fields::default().u8(2).u8(64).u16(0).bytes(format.udf(name)).u16(1).u16(0);
    map.bytes(&rest.0).filled_to(64).0
}

/// What the header of a virtual allocation table says of the volume.
pub struct About<'a> {
    pub label: &'a str,
    pub files: u32,
    pub directories: u32,
}

impl Partition {
    /// Gives what was written its place in the volume, from block `start` on.
    pub fn place(&self, mut writer: Writer, start: u32, about: &About) -> Placed {
        match self {
            Self::Physical => physical(writer, start),
            Self::Two => {
                // A gap of garbage between the two.
                writer.allocate(1, 1);
                let second = writer.spaces.pop().unwrap();
                let len = (second.len() / writer.format.block) as u32;
                let mut placed = physical(writer, start);
                let start = placed.end + 5;
                placed.physical.push((start, len));
                placed.blocks.push((start..start + len).collect());
                placed.maps.push(plain_map(1));
                placed.runs.push((start, second));
                placed.end = start + len;
                placed
            }
            Self::Virtual { inline } => in_virtual_partition(writer, start, *inline, about),
            Self::Sparable(remapped) => sparable(writer, start, remapped),
            Self::Metadata(metadata) => in_metadata_partition(writer, start, *metadata),
        }
    }
}

fn physical(mut writer: Writer, start: u32) -> Placed {
    let bytes = std::mem::take(&mut writer.spaces[0]);
    let len = (bytes.len() / writer.format.block) as u32;
    Placed {
        physical: vec![(start, len)],
        blocks: vec![(start..start + len).collect()],
        runs: vec![(start, bytes)],
        maps: vec![plain_map(0)],
        end: start + len,
        ..Placed::default()
    }
}

/// UDF 2.2.8 and 2.2.11. What is in the virtual partition is recorded last to first, each ICB in one piece.
fn in_virtual_partition(mut writer: Writer, start: u32, inline: bool, about: &About) -> Placed {
    const UNUSED: u32 = u32::MAX;
    let format = writer.format;
    let contents = writer.spaces[1].clone();
    let mut table = vec![0; contents.len() / format.block];
    for (from, blocks) in writer.runs.clone().into_iter().rev().filter(|(from, _)| from.partition == 1) {
        let (from, blocks) = (from.block as usize, blocks as usize);
        let bytes = &contents[from * format.block..][..blocks * format.block];
        let at = writer.allocate(0, bytes.len() as u64);
        writer.put(at, bytes);
        for i in 0..blocks {
            table[from + i] = at.block + i as u32;
        }
    }
    let entries: Vec<u8> = table.iter().chain(&[UNUSED]).flat_map(|block| block.to_le_bytes()).collect();
    let (kind, content) = if format.revision < 0x200 {
        let end = Fields::default().bytes(format.udf("*UDF Virtual Alloc Tbl")).u32(UNUSED);
        (UNSPECIFIED, [entries, end.0].concat())
    } else {
        let revision = format.revision;
        let header = Fields::default().u16(152).u16(0).bytes(dstring(about.label, 128)).u32(UNUSED);
        let header = header.u32(about.files).u32(about.directories);
        let header = header.u16(revision).u16(revision).u16(revision).u16(0);
        (VIRTUAL_TABLE, [header.0, entries].concat())
    };
    let file = File::of_kind(kind, &content);
    let file = if inline { file.inline() } else { file.short() };
    // The data first, since the entry has to be in the last block.
    let blocks = if inline { 0 } else { content.len() };
    let data = writer.allocate(0, blocks as u64);
    let icb = writer.allocate(0, 1);
    writer.put(data, &content[..blocks]);
    let piece = Piece { kind: 0, len: content.len() as u32, at: data };
    let bytes = simple_entry(&writer, &file, icb, &content, &[piece]);
    writer.put(icb, &bytes);
    let mut placed = physical(writer, start);
    placed.blocks.push(table.iter().map(|block| start + block).collect());
    placed.maps.push(named_map(format, "*UDF Virtual Partition", Fields::default()));
    placed.vat = Some(start + icb.block);
    placed
}

/// The entry of a file of the file system's own.
fn simple_entry(writer: &Writer, file: &File, icb: Address, content: &[u8], pieces: &[Piece]) -> Vec<u8> {
    let format = writer.format;
    let allocation = file.allocation.unwrap();
    let descriptors = match allocation {
        Allocation::Inline => content.to_vec(),
        _ => pieces.iter().flat_map(|piece| piece.bytes(allocation)).collect(),
    };
    let body = Body {
        allocation,
        size: content.len() as u64,
        recorded_blocks: if descriptors == content { 0 } else { format.blocks(content.len() as u64).into() },
        attributes: Vec::new(),
        descriptors,
    };
    let identity = Identity { extended: writer.extended, links: 1, ..Identity::default() };
    entry(format, icb, file, &identity, &body)
}

/// UDF 2.2.9 and 2.2.12. The spare packets are behind the partition, in reverse order.
fn sparable(mut writer: Writer, start: u32, remapped: &[usize]) -> Placed {
    const DEFECTIVE: u32 = 0xffff_fff0;
    const FREE: u32 = 0xffff_ffff;
    let format = writer.format;
    let packet = PACKET * format.block;
    let len = writer.spaces[0].len().next_multiple_of(packet);
    writer.spaces[0].resize(len, 0);
    let mut placed = physical(writer, start);
    let remapped: Vec<usize> = remapped.iter().copied().filter(|number| number * packet < len).collect();
    let mut entries = Fields::default();
    for (i, number) in remapped.iter().enumerate() {
        let spare = placed.end + ((remapped.len() - 1 - i) * PACKET) as u32;
        let here = &mut placed.runs[0].1[number * packet..][..packet];
        let moved = here.to_vec();
        here.fill(GARBAGE);
        placed.runs.push((spare, moved));
        for j in 0..PACKET {
            placed.blocks[0][number * PACKET + j] = spare + j as u32;
        }
        entries = entries.u32((number * PACKET) as u32).u32(spare);
    }
    let end = placed.end + (remapped.len() * PACKET) as u32;
    entries = entries.u32(DEFECTIVE).u32(end).u32(FREE).u32(end + PACKET as u32);
    placed.end = end + 2 * PACKET as u32;
    let count = (entries.0.len() / 8) as u16;
    let size = 56 + entries.0.len();
    for at in SPARING_TABLES {
        let table = Fields::default().bytes(format.udf("*UDF Sparing Table")).u16(count).u16(0).u32(1);
        placed.runs.push((at, format.tagged(0, at, &table.bytes(&entries.0))));
        placed.sparing_tables.push(at);
    }
    let map = Fields::default().u16(PACKET as u16).u8(2).u8(0).u32(size as u32);
    let map = map.u32(SPARING_TABLES[0]).u32(SPARING_TABLES[1]);
    placed.maps = vec![named_map(format, "*UDF Sparable Partition", map)];
    placed
}

/// UDF 2.2.10 and 2.2.13. The metadata file has two extents if it is long enough, with a gap between them.
fn in_metadata_partition(mut writer: Writer, start: u32, metadata: Metadata) -> Placed {
    let format = writer.format;
    let unit = PACKET * format.block;
    let mut content = writer.spaces[1].clone();
    let used = content.len() / format.block;
    content.resize(content.len().next_multiple_of(unit), 0);
    let main_icb = writer.allocate(0, 1);
    let bitmap_icb = metadata.bitmap.then(|| bitmap(&mut writer, used, content.len() / format.block));
    let main = aligned_extents(&mut writer, &content);
    let mirror = if metadata.duplicate { aligned_extents(&mut writer, &content) } else { main.clone() };
    let mirror_icb = writer.allocate(0, 1);
    for (kind, icb, pieces) in [(METADATA_FILE, main_icb, &main), (METADATA_MIRROR, mirror_icb, &mirror)] {
        let bytes = simple_entry(&writer, &File::of_kind(kind, b"").short(), icb, &content, pieces);
        writer.put(icb, &bytes);
    }
    match metadata.damage {
        Damage::None => {}
        Damage::Entry => writer.put(main_icb, &vec![GARBAGE; format.block]),
        Damage::Content => {
            for piece in &main {
                writer.put(piece.at, &vec![GARBAGE; piece.len as usize]);
            }
        }
    }
    let good = if metadata.damage == Damage::None { &main } else { &mirror };
    let blocks = good.iter().flat_map(|piece| {
        let first = start + piece.at.block;
        first..first + format.blocks(piece.len.into())
    });
    let blocks = blocks.take(used).collect();
    let mut placed = physical(writer, start);
    placed.blocks.push(blocks);
    let map = Fields::default().u32(main_icb.block).u32(mirror_icb.block);
    let map = map.u32(bitmap_icb.map_or(u32::MAX, |icb| icb.block));
    let map = map.u32(PACKET as u32).u16(PACKET as u16).u8(metadata.duplicate.into());
    placed.maps.push(named_map(format, "*UDF Metadata Partition", map));
    placed.metadata_file = Some(start + main_icb.block);
    placed.metadata_mirror = Some(start + mirror_icb.block);
    placed.metadata_bitmap = bitmap_icb.map(|icb| start + icb.block);
    placed
}

/// Writes bytes into whole units of the partition: the first unit, a unit of garbage, all the rest.
fn aligned_extents(writer: &mut Writer, content: &[u8]) -> Vec<Piece> {
    let unit = PACKET * writer.format.block;
    let missing = writer.spaces[0].len().next_multiple_of(unit) - writer.spaces[0].len();
    writer.allocate(0, missing as u64);
    let (first, rest) = content.split_at(unit);
    let mut pieces = Vec::new();
    for part in [first, rest].into_iter().filter(|part| !part.is_empty()) {
        let at = writer.allocate(0, part.len() as u64);
        writer.put(at, part);
        pieces.push(Piece { kind: 0, len: part.len() as u32, at });
        let gap = writer.allocate(0, unit as u64);
        writer.put(gap, &vec![GARBAGE; unit]);
    }
    pieces
}

/// The bitmap of a metadata partition: a bit is set where a block is free.
fn bitmap(writer: &mut Writer, used: usize, all: usize) -> Address {
    let format = writer.format;
    let mut bits = vec![0u8; all.div_ceil(8)];
    for block in used..all {
        bits[block / 8] |= 1 << (block % 8);
    }
    let fields = Fields::default().u32(all as u32).u32(bits.len() as u32);
    let icb = writer.allocate(0, 1);
    let data = writer.allocate(0, (24 + bits.len()) as u64);
    let content = format.tagged(SPACE_BITMAP, data.block, &fields.bytes(bits));
    writer.put(data, &content);
    let piece = Piece { kind: 0, len: content.len() as u32, at: data };
    let bytes = simple_entry(writer, &File::of_kind(METADATA_BITMAP, b"").short(), icb, &content, &[piece]);
    writer.put(icb, &bytes);
    icb
}
