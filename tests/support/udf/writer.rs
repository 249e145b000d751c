//! Gives every file its place in the partitions and writes it there.

use std::collections::BTreeMap;

use super::{descriptor::*, entry::*, file::*, tree::*};

/// What stands in blocks that nothing is recorded in.
pub const GARBAGE: u8 = 0xdb;

/// The partitions in which things go when the test does not say.
#[derive(Clone, Copy)]
pub struct Homes {
    pub entries: u16,
    pub directories: u16,
    pub files: u16,
}

/// A byte of a partition.
#[derive(Clone, Copy)]
pub struct Spot {
    pub at: Address,
    pub offset: usize,
}

/// Where things of one path are.
#[derive(Clone, Default)]
pub struct Spots {
    pub entries: Vec<Spot>,
    pub name: Option<Spot>,
    pub parent_name: Option<Spot>,
    pub descriptors: Option<Spot>,
    pub continuations: Vec<Spot>,
    pub data: Vec<Spot>,
}

pub struct Writer {
    pub format: Format,
    pub extended: bool,
    pub homes: Homes,
    /// The bytes of each partition so far.
    pub spaces: Vec<Vec<u8>>,
    pub spots: BTreeMap<String, Spots>,
    pub icbs: Vec<Address>,
    /// What was allocated: from which block on, and how many.
    pub runs: Vec<(Address, u32)>,
}

/// Makes the content of a file from where its bytes are going to be: the block of each.
type Generate<'a> = &'a dyn Fn(&dyn Fn(usize) -> u32) -> Vec<u8>;

/// Where the data of a file is.
pub struct Layout {
    allocation: Allocation,
    pieces: Vec<Piece>,
    /// Where the bytes begin when they are inline.
    inline: Spot,
}

impl Layout {
    /// Where a byte of the data is; only recorded pieces can be asked for.
    fn spot(&self, format: Format, mut offset: usize) -> Spot {
        if self.allocation == Allocation::Inline {
            return Spot { offset: self.inline.offset + offset, ..self.inline };
        }
        for piece in &self.pieces {
            if offset < piece.len as usize {
                let at = piece.at.plus((offset / format.block) as u32);
                return Spot { at, offset: offset % format.block };
            }
            offset -= piece.len as usize;
        }
        panic!("no byte {offset}");
    }
}

impl Writer {
    /// Room for so many bytes, at the end of a partition.
    pub fn allocate(&mut self, partition: u16, bytes: u64) -> Address {
        let space = &mut self.spaces[usize::from(partition)];
        let block = (space.len() / self.format.block) as u32;
        let blocks = self.format.blocks(bytes);
        space.resize(space.len() + blocks as usize * self.format.block, 0);
        self.runs.push((Address { partition, block }, blocks));
        Address { partition, block }
    }

    /// Writes over a partition from a block on.
    pub fn put(&mut self, at: Address, bytes: &[u8]) {
        let from = at.block as usize * self.format.block;
        patch(&mut self.spaces[usize::from(at.partition)], from, bytes);
    }

    fn put_garbage(&mut self, partition: u16, bytes: u64) -> Address {
        let at = self.allocate(partition, bytes);
        let blocks = self.format.blocks(bytes) as usize;
        self.put(at, &vec![GARBAGE; blocks * self.format.block]);
        at
    }

    /// Recorded bytes as pieces, apart from each other if the file is split.
    fn pieces(&mut self, file: &File, bytes: &[u8], partition: u16) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for run in bytes.chunks(file.split.unwrap_or(bytes.len().max(1))) {
            let at = self.allocate(partition, run.len() as u64);
            self.put(at, run);
            pieces.push(Piece { kind: 0, len: run.len() as u32, at });
            if file.split.is_some() {
                self.put_garbage(partition, 1);
            }
        }
        pieces
    }

    /// Finds a place for the data of a file and writes what is recorded of it.
    fn lay(&mut self, file: &File, icb: Address, header: usize) -> Layout {
        let default = if file.is_directory() { self.homes.directories } else { self.homes.files };
        let partition = file.data_partition.unwrap_or(default);
        let own = if partition == icb.partition { Allocation::Short } else { Allocation::Long };
        let allocation = file.allocation.unwrap_or(own);
        let inline = Spot { at: icb, offset: header };
        let mut pieces = Vec::new();
        if allocation == Allocation::Inline {
            return Layout { allocation, pieces, inline };
        }
        assert!(allocation != Allocation::Short || partition == icb.partition, "short, and elsewhere");
        let longest = (1 << 30) - self.format.block as u64;
        let tail = (file.tail > 0).then_some(Extent::Allocated(file.tail));
        for extent in file.extents.iter().chain(&tail) {
            match extent {
                Extent::Recorded(bytes) => pieces.extend(self.pieces(file, bytes, partition)),
                Extent::Allocated(len) => {
                    let at = self.put_garbage(partition, *len);
                    pieces.push(Piece { kind: 1, len: *len as u32, at });
                }
                Extent::Hole(len) => {
                    let mut left = *len;
                    while left > 0 {
                        let len = left.min(longest);
                        pieces.push(Piece { kind: 2, len: len as u32, at: Address::default() });
                        left -= len;
                    }
                }
            }
        }
        Layout { allocation, pieces, inline }
    }

    /// The descriptors for the file entry; those that it has no room for go to a chain of other blocks.
    fn descriptors(&mut self, layout: &Layout, file: &File, room: usize) -> (Vec<u8>, Vec<Spot>) {
        let allocation = layout.allocation;
        let size = Piece { kind: 0, len: 0, at: Address::default() }.bytes(allocation).len();
        let most = |room: usize| file.chain.unwrap_or(usize::MAX).min(room / size);
        let mut groups = Vec::new();
        let mut rest = &layout.pieces[..];
        let mut most_here = most(room);
        while rest.len() > most_here {
            let (here, after) = rest.split_at(most_here.saturating_sub(1));
            groups.push(here);
            rest = after;
            most_here = most(self.format.block - 24);
        }
        groups.push(rest);
        let icb = layout.inline.at.partition;
        let partition = if allocation == Allocation::Short { icb } else { self.homes.directories };
        let block = self.format.block as u32;
        let places: Vec<Address> =
            groups[1..].iter().map(|_| self.allocate(partition, block.into())).collect();
        let lists: Vec<Vec<u8>> = groups
            .iter()
            .enumerate()
            .map(|(i, group)| {
                let next = places.get(i).map(|at| Piece { kind: 3, len: block, at: *at });
                group.iter().copied().chain(next).flat_map(|piece| piece.bytes(allocation)).collect()
            })
            .collect();
        for (place, list) in places.iter().zip(&lists[1..]) {
            let bytes = continuation(self.format, *place, list);
            self.put(*place, &bytes);
        }
        (lists[0].clone(), places.iter().map(|at| Spot { at: *at, offset: 0 }).collect())
    }

    /// Writes a file: its data and its entry at `icb`.
    pub fn write(
        &mut self,
        file: &File,
        icb: Address,
        identity: &Identity,
        generate: Option<Generate>,
    ) -> (Spots, Layout) {
        let format = self.format;
        let attributes = match file.kind {
            ATTRIBUTE_FILE => Vec::new(),
            _ => attributes(format, icb.block, file, identity.extended),
        };
        let header = entry_header(identity.extended) + attributes.len();
        let mut file = file.clone();
        if let Some(generate) = generate {
            file.extents = vec![Extent::Recorded(generate(&|_| 0))];
        }
        let layout = self.lay(&file, icb, header);
        if let Some(generate) = generate {
            let bytes = generate(&|offset| layout.spot(format, offset).at.block);
            let mut done = 0;
            for piece in &layout.pieces {
                let len = piece.len as usize;
                if piece.kind == 0 {
                    self.put(piece.at, &bytes[done..done + len]);
                    done += len;
                }
            }
            file.extents = vec![Extent::Recorded(bytes)];
        }
        let (descriptors, continuations) = if layout.allocation == Allocation::Inline {
            let bytes = file.extents.iter().flat_map(|extent| match extent {
                Extent::Recorded(bytes) => bytes.clone(),
                Extent::Allocated(len) | Extent::Hole(len) => vec![0; *len as usize],
            });
            (bytes.collect(), Vec::new())
        } else {
            self.descriptors(&layout, &file, format.block - header)
        };
        let recorded = layout.pieces.iter().filter(|piece| piece.kind < 2);
        let body = Body {
            allocation: layout.allocation,
            size: file.size.unwrap_or_else(|| file.extents.iter().map(Extent::len).sum()),
            recorded_blocks: recorded.map(|piece| u64::from(format.blocks(piece.len.into()))).sum(),
            attributes,
            descriptors,
        };
        let bytes = entry(format, icb, &file, identity, &body);
        self.put(icb, &bytes);
        let spot = |at| Spot { at, offset: 0 };
        let pieces = layout.pieces.iter().filter(|piece| piece.kind < 2).map(|piece| spot(piece.at));
        let inline = (layout.allocation == Allocation::Inline).then_some(layout.inline);
        let spots = Spots {
            entries: vec![spot(icb)],
            descriptors: Some(layout.inline),
            continuations,
            data: pieces.chain(inline).collect(),
            ..Spots::default()
        };
        (spots, layout)
    }

    /// Writes all files. Returns where the ICB of the root is.
    pub fn write_tree(&mut self, tree: &Tree) -> Address {
        let block = self.format.block as u64;
        for node in &tree.nodes {
            let blocks = if node.file.older.is_empty() { 1 } else { 2 * (node.file.older.len() as u64 + 1) };
            let icb = self.allocate(node.file.icb_partition.unwrap_or(self.homes.entries), blocks * block);
            self.icbs.push(icb);
        }
        for number in 0..tree.nodes.len() {
            self.write_node(tree, number);
        }
        self.icbs[0]
    }

    fn write_node(&mut self, tree: &Tree, number: usize) {
        let node = &tree.nodes[number];
        let count = node.file.older.len() as u32;
        let mut spots = Spots::default();
        for (i, file) in (0..).zip(node.file.older.iter().chain([&node.file])) {
            let icb = self.icbs[number].plus(2 * i);
            let identity = Identity {
                extended: file.extended.unwrap_or(self.extended),
                prior: (count > 0).then_some(i),
                parent: Address::default(),
                links: file.links.unwrap_or_else(|| tree.links(number)),
                unique: unique(number).into(),
                streams: node.streams.map(|streams| self.icbs[streams]),
                attributes: node.attributes.map(|attributes| self.icbs[attributes]),
                stream_bytes: stream_bytes(tree, node),
            };
            let format = self.format;
            let icbs = self.icbs.clone();
            let icb_of = |of: usize| {
                let len = if tree.nodes[of].file.older.is_empty() { 1 } else { 2 } * format.block as u32;
                long_ad(len, icbs[of], unique(of))
            };
            let listing = |locate: &dyn Fn(usize) -> u32| listing(format, node, locate, &icb_of);
            let apart = |locate: &dyn Fn(usize) -> u32| attributes(format, locate(0), file, true);
            let (written, layout) = match file.kind {
                DIRECTORY | STREAM_DIRECTORY => self.write(file, icb, &identity, Some(&listing)),
                ATTRIBUTE_FILE => self.write(file, icb, &identity, Some(&apart)),
                _ => self.write(file, icb, &identity, None),
            };
            if i < count {
                let bytes = indirect_entry(format, icb.plus(1), i, icb.plus(2));
                self.put(icb.plus(1), &bytes);
            } else if count > 0 {
                self.put(icb.plus(1), &terminal_entry(format, icb.plus(1), i));
            }
            let entries = [spots.entries, written.entries.clone()].concat();
            spots = Spots { entries, ..written };
            if file.is_directory() {
                spots.parent_name = Some(self.note_names(node, &layout));
            }
        }
        let name = self.spots.entry(node.path.clone()).or_default().name;
        self.spots.insert(node.path.clone(), Spots { name, ..spots.clone() });
        // All other names of the same file.
        for other in tree.nodes.iter().flat_map(|node| &node.names).filter(|name| name.node == number) {
            let name = self.spots.entry(other.path.clone()).or_default().name;
            self.spots.insert(other.path.clone(), Spots { name, ..spots.clone() });
        }
    }

    /// Notes where the names in a directory are, and returns where that of its parent is.
    fn note_names(&mut self, node: &Node, layout: &Layout) -> Spot {
        let mut offset = 0;
        for (name, len) in names(node).iter().zip(listing_lengths(self.format, node)) {
            if name.characteristics & PARENT == 0 {
                let spot = layout.spot(self.format, offset);
                self.spots.entry(name.path.clone()).or_default().name.get_or_insert(spot);
            }
            offset += len;
        }
        layout.spot(self.format, 0)
    }
}

/// The number that UDF 3.2.1.1 has for a file: that of the root is 0, those up to 15 are kept for Macintosh.
fn unique(node: usize) -> u32 {
    if node == 0 { 0 } else { node as u32 + 15 }
}

fn stream_bytes(tree: &Tree, node: &Node) -> u64 {
    let names = node.streams.map_or(&[][..], |streams| &tree.nodes[streams].names);
    let extents = names.iter().flat_map(|name| &tree.nodes[name.node].file.extents);
    extents.map(Extent::len).sum()
}

/// All names of a directory, that of its parent first.
fn names(node: &Node) -> Vec<Name> {
    let parent = Name {
        path: String::new(),
        recorded: Vec::new(),
        characteristics: PARENT | IS_DIRECTORY,
        version: 1,
        implementation_use: Vec::new(),
        node: node.parent,
    };
    [parent].into_iter().chain(node.names.iter().cloned()).collect()
}

fn listing(
    format: Format,
    node: &Node,
    locate: &dyn Fn(usize) -> u32,
    icb_of: &dyn Fn(usize) -> Vec<u8>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names(node) {
        bytes.extend(identifier_descriptor(format, locate(bytes.len()), &name, icb_of(name.node)));
    }
    bytes
}

fn listing_lengths(format: Format, node: &Node) -> Vec<usize> {
    let names = names(node);
    names.iter().map(|name| identifier_descriptor(format, 0, name, vec![0; 16]).len()).collect()
}
