//! The structures of the volume: recognition, anchors, the descriptor sequences, integrity.

use super::{Anchor, Udf, descriptor::*, forged::*, partition::Placed};

const MAIN: [u32; 2] = [96, 144];
const RESERVE: [u32; 2] = [112, 160];
const INTEGRITY_AT: u32 = 128;

/// The blocks of each sequence, and of its continuation.
const SEQUENCE: usize = 16;

/// Where the partitions begin: at a packet, behind all the anchors that have a place of their own.
pub fn partitions_start(anchors: &[Anchor]) -> u32 {
    if anchors.contains(&Anchor::At(512)) { 544 } else { 288 }
}

/// All that the structures of the volume say something about.
#[derive(Clone, Copy)]
pub struct Contents<'a> {
    pub udf: &'a Udf,
    pub format: Format,
    pub placed: &'a Placed,
    pub file_set: Address,
}

/// The whole image.
pub fn assemble(contents: Contents) -> Volume {
    let Contents { udf, format, placed, .. } = contents;
    let (anchors, blocks) = anchors(&udf.all_anchors(), placed.end);
    let mut image = Volume { bytes: vec![0; blocks as usize * format.block], ..Volume::default() };
    for (block, bytes) in &placed.runs {
        patch(&mut image.bytes, *block as usize * format.block, bytes);
    }
    for (i, ident) in udf.recognition(format).iter().enumerate() {
        let at = 32768 + i * format.block.max(2048);
        patch(&mut image.bytes, at, &Fields::default().u8(0).bytes(ident).u8(1).0);
        image.recognition.push(at);
    }
    write_sequence(contents, &mut image, Sequence::Main, MAIN);
    write_sequence(contents, &mut image, Sequence::Reserve, RESERVE);
    let len = SEQUENCE * format.block;
    for block in anchors {
        let fields = Fields::default().bytes(extent_ad(len, MAIN[0])).bytes(extent_ad(len, RESERVE[0]));
        let at = block as usize * format.block;
        patch(&mut image.bytes, at, &format.tagged(ANCHOR, block, &fields.filled_to(496)));
        image.anchors.push(at);
    }
    if let Some(integrity) = &udf.integrity {
        let at = INTEGRITY_AT as usize * format.block;
        patch(&mut image.bytes, at, &integrity_descriptor(contents, integrity));
        let end = format.tagged(TERMINATING, INTEGRITY_AT + 1, &Fields::default().zeros(496));
        patch(&mut image.bytes, at + format.block, &end);
        image.lvid = Some(at);
    }
    image
}

/// The blocks of the anchors, and the number of blocks of the volume.
fn anchors(wanted: &[Anchor], end: u32) -> (Vec<u32>, u32) {
    let blocks = if wanted.contains(&Anchor::Before256) {
        end + 257
    } else if wanted.contains(&Anchor::Last) {
        end + 1
    } else {
        end
    };
    let places = wanted.iter().map(|anchor| match anchor {
        Anchor::At(block) => *block,
        Anchor::Last => blocks - 1,
        Anchor::Before256 => blocks - 257,
    });
    (places.collect(), blocks)
}

/// Writes a sequence of descriptors from the first of two blocks on, after a pointer from the second.
fn write_sequence(contents: Contents, image: &mut Volume, sequence: Sequence, [first, second]: [u32; 2]) {
    let Contents { udf, format, .. } = contents;
    let mut block = first;
    let mut write = |block: u32, kind: Option<Descriptor>, ident: u16, fields: &Fields| {
        let at = block as usize * format.block;
        patch(&mut image.bytes, at, &format.tagged(ident, block, fields));
        if let Some(kind) = kind {
            image.descriptors.insert((kind, sequence), at);
        }
    };
    for (kind, ident, fields) in descriptors(contents) {
        write(block, kind, ident, &fields);
        block += 1;
        if udf.pointer && kind == Some(Descriptor::Primary) {
            let next = extent_ad(SEQUENCE * format.block, second);
            let fields = Fields::default().u32(1).bytes(next).filled_to(496);
            write(block, Some(Descriptor::Pointer), POINTER, &fields);
            block = second;
        }
    }
}

/// The descriptors in their order. Those that another one supersedes have no name.
fn descriptors(contents: Contents) -> Vec<(Option<Descriptor>, u16, Fields)> {
    let Contents { udf, format, placed, .. } = contents;
    let new = |number: u32| if udf.renewed { number + 100 } else { number };
    let mut all = vec![(Some(Descriptor::Primary), PRIMARY, primary(udf, &udf.label, new(1)))];
    if udf.renewed {
        // The old one of these comes after the new one, that of the logical volume before.
        all.push((None, PRIMARY, primary(udf, "SUPERSEDED", 1)));
        let nowhere = Address { partition: 0, block: u32::MAX };
        let old = Contents { file_set: nowhere, ..contents };
        all.push((None, LOGICAL_VOLUME, logical_volume(old, "SUPERSEDED", 3)));
    }
    let partitions = [Descriptor::Partition, Descriptor::SecondPartition];
    for (number, (kind, (start, len))) in (0..).zip(partitions.into_iter().zip(&placed.physical)) {
        all.push((Some(kind), PARTITION, partition(udf, number, *start, *len, new(2))));
        if udf.renewed {
            all.push((None, PARTITION, partition(udf, number, start + 7, *len, 2)));
        }
    }
    all.push((Some(Descriptor::LogicalVolume), LOGICAL_VOLUME, logical_volume(contents, &udf.label, new(3))));
    let space = Fields::default().u32(4).u32(1).bytes(extent_ad(format.block, 20));
    all.push((Some(Descriptor::UnallocatedSpace), UNALLOCATED_SPACE, space));
    let about = implementation_use(udf, format, 5);
    all.push((Some(Descriptor::ImplementationUse), IMPLEMENTATION_USE, about));
    all.push((Some(Descriptor::Terminating), TERMINATING, Fields::default().zeros(496)));
    all
}

/// ECMA-167 3/10.1.
fn primary(udf: &Udf, label: &str, number: u32) -> Fields {
    let fields = Fields::default().u32(number).u32(0).bytes(dstring(label, 32));
    let fields = fields.u16(1).u16(1).u16(2).u16(2).u32(1).u32(1);
    let fields = fields.bytes(dstring("0123456789ABCDEF isomount", 128));
    let fields = fields.bytes(character_set()).bytes(character_set()).zeros(16).bytes(developer());
    let fields = fields.bytes(udf.recorded.bytes()).bytes(developer()).zeros(64).u32(0).u16(1);
    fields.filled_to(496)
}

/// ECMA-167 3/10.4 and UDF 2.2.7.
fn implementation_use(udf: &Udf, format: Format, number: u32) -> Fields {
    let fields = Fields::default().u32(number).bytes(format.udf("*UDF LV Info")).bytes(character_set());
    let fields = fields.bytes(dstring(&udf.label, 128)).bytes(dstring("owner", 36));
    let fields = fields.bytes(dstring("organisation", 36)).bytes(dstring("contact", 36));
    fields.bytes(developer()).filled_to(496)
}

/// ECMA-167 3/10.5.
fn partition(udf: &Udf, number: u16, start: u32, len: u32, sequence: u32) -> Fields {
    let contents = if udf.revision < 0x200 { "+NSR02" } else { "+NSR03" };
    let fields = Fields::default().u32(sequence).u16(1).u16(number).bytes(identifier(contents, [0; 2]));
    let fields = fields.zeros(128).u32(udf.access()).u32(start).u32(len).bytes(developer());
    fields.filled_to(496)
}

/// ECMA-167 3/10.6.
fn logical_volume(contents: Contents, label: &str, number: u32) -> Fields {
    let Contents { udf, format, placed, file_set } = contents;
    let maps = placed.maps.concat();
    let integrity =
        if udf.integrity.is_some() { extent_ad(8 * format.block, INTEGRITY_AT) } else { vec![0; 8] };
    let fields = Fields::default().u32(number).bytes(character_set()).bytes(dstring(label, 128));
    let fields = fields.u32(format.block as u32).bytes(format.domain());
    let fields = fields.bytes(long_ad(format.block as u32, file_set, 0));
    let fields = fields.u32(maps.len() as u32).u32(placed.maps.len() as u32).bytes(developer());
    fields.zeros(128).bytes(integrity).bytes(maps)
}

/// ECMA-167 3/10.10 and UDF 2.2.6.
fn integrity_descriptor(contents: Contents, integrity: &Integrity) -> Vec<u8> {
    let Contents { udf, format, placed, .. } = contents;
    let (files, directories) = udf.tree.counts();
    let least = integrity.min_read.unwrap_or(format.revision);
    let fields = Fields::default().bytes(udf.recorded.bytes()).u32(integrity.closed.into()).zeros(8);
    let fields = fields.u64(udf.tree.nodes.len() as u64 + 16).zeros(24);
    let mut fields = fields.u32(placed.blocks.len() as u32).u32(46);
    for i in 0..placed.blocks.len() {
        fields = fields.u32(integrity.free.get(i).copied().unwrap_or(0));
    }
    for (i, blocks) in placed.blocks.iter().enumerate() {
        fields = fields.u32(placed.physical.get(i).map_or(blocks.len() as u32, |(_, len)| *len));
    }
    let fields = fields.bytes(developer()).u32(files).u32(directories);
    format.tagged(INTEGRITY, INTEGRITY_AT, &fields.u16(least).u16(least).u16(format.revision))
}

/// ECMA-167 4/14.1.
pub fn file_set_descriptor(udf: &Udf, format: Format, at: Address, root: &[u8], streams: &[u8]) -> Vec<u8> {
    let fields = Fields::default().bytes(udf.recorded.bytes()).u16(3).u16(3).u32(1).u32(1).u32(0).u32(0);
    let fields = fields.bytes(character_set()).bytes(dstring(&udf.label, 128));
    let fields = fields.bytes(character_set()).bytes(dstring(&udf.label, 32)).zeros(64);
    let fields = fields.bytes(root).bytes(format.domain()).zeros(16).bytes(streams);
    format.tagged(FILE_SET, at.block, &fields.filled_to(496))
}
