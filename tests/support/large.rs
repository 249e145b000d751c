//! Forged images with many names, and with packed files.

use super::{forge::*, udf::Udf};

/// Where the directory with many names lies in those of one directory.
const LARGE: u32 = 32;

/// Where the content of all files lies.
const CONTENT: u32 = 31;

/// A directory `many` with `n` names of level 1.
pub fn plain(n: usize) -> Forge {
    let mut forge = Forge::new();
    let records: Vec<Record> = (0..n).map(|i| file(format!("F{i:07}.TXT;1"), CONTENT, 10)).collect();
    forge.directory(LARGE, ROOT, &records).directory(ROOT, ROOT, &[directory("MANY", LARGE)]);
    forge
}

/// The name of file `i` as Rock Ridge and UDF have it.
pub fn name(i: usize) -> String {
    format!("file number {i:07}.txt")
}

/// A record with all the fields that writers give to a file.
fn with_fields(i: usize) -> Record {
    let stamps = [&[0x0e][..], &[120, 1, 1, 12, 0, 0, 0].repeat(3)].concat();
    let fields = [px(0o100_644, 1, 0, 0), entry(b"TF", &stamps), nm(0, name(i))];
    file(format!("F{i:07}.TXT;1"), CONTENT, 10).with(&[&fields.concat()])
}

/// A directory `many` with `n` names by Rock Ridge.
pub fn rock_ridge(n: usize) -> Forge {
    let mut forge = Forge::new();
    let records: Vec<Record> = (0..n).map(with_fields).collect();
    forge.directory(LARGE, ROOT, &records);
    forge.rock_ridge_root(&[directory("MANY", LARGE).with(&[&nm(0, "many")])]);
    forge
}

/// A directory `many` with `n` names by Joliet.
pub fn joliet(n: usize) -> Forge {
    let wide = |name: &str| -> Vec<u8> { name.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let mut forge = Forge::new();
    let records: Vec<Record> = (0..n).map(|i| file(wide(&name(i)), CONTENT, 10)).collect();
    forge.joliet(25).directory(25, 25, &[directory(wide("many"), LARGE)]).directory(LARGE, 25, &records);
    forge
}

/// A directory `many` with `n` names by UDF, each file with ten bytes in its entry.
pub fn udf(n: usize) -> Udf {
    let file = |i| (format!("many/{}", name(i)), super::udf::File::from(b"0123456789").inline());
    (0..n).map(file).fold(Udf::default(), |udf, (path, file)| udf.file(&path, file))
}

/// Directories with as many files each by Rock Ridge, whose names go on in a continuation area in front of each directory.
/// All of it but the descriptors and ten bytes of content is directories and areas.
pub fn nested(directories: usize, files: usize) -> Forge {
    let mut forge = Forge::new();
    forge.bytes.resize(LARGE as usize * SECTOR, 0);
    let rest = nm(0, ".txt");
    let mut names = Vec::new();
    for d in 0..directories {
        let area = (forge.bytes.len() / SECTOR) as u32;
        let record = |i: usize| {
            let name = nm(1, format!("file number {i:07}"));
            let fields = [px(0o100_644, 1, 0, 0), name, ce(area, 0, rest.len() as u32)].concat();
            file(format!("F{i:07}.TXT;1"), CONTENT, 10).with(&[&fields])
        };
        let records: Vec<Record> = (0..files).map(record).collect();
        forge.block(area, &rest).directory(area + 1, ROOT, &records);
        names.push(directory(format!("D{d:06}"), area + 1).with(&[&nm(0, format!("directory {d}"))]));
    }
    forge.rock_ridge_root(&names);
    let content = CONTENT as usize * SECTOR;
    assert!(forge.bytes[content..content + SECTOR].iter().all(|b| *b == 0), "the root has no room");
    forge
}

/// Bytes of an unpacked block.
pub const PACKED_BLOCK: usize = 32 * 1024;

/// A file `packed` of these bytes, packed block by block.
pub fn zisofs(content: &[u8]) -> Forge {
    let blocks: Vec<Vec<u8>> = content.chunks(PACKED_BLOCK).map(deflated).collect();
    let mut at = 16 + 4 * (blocks.len() as u32 + 1);
    let mut stored = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07".to_vec();
    stored.extend((content.len() as u32).to_le_bytes());
    stored.extend([4, 15, 0, 0]);
    stored.extend(at.to_le_bytes());
    for block in &blocks {
        at += block.len() as u32;
        stored.extend(at.to_le_bytes());
    }
    stored.extend(blocks.concat());
    let field = [px(0o100_644, 1, 0, 0), zf(4, 15, content.len() as u32)].concat();
    let mut forge = Forge::new();
    forge.block(LARGE, &stored);
    forge.rock_ridge_root(&[file("PACKED.;1", LARGE, stored.len() as u32).with(&[&field])]);
    forge
}

fn deflated(block: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * PACKED_BLOCK);
    let mut packer = flate2::Compress::new(flate2::Compression::default(), true);
    packer.compress_vec(block, &mut out, flate2::FlushCompress::Finish).unwrap();
    out
}

/// A file `run` of so many bytes in one run.
pub fn run(len: usize) -> Forge {
    let mut forge = Forge::new();
    forge.put(LARGE as usize * SECTOR, &(0..len).map(|i| (i / 7) as u8).collect::<Vec<_>>());
    forge.directory(ROOT, ROOT, &[file("RUN.;1", LARGE, len as u32)]);
    forge
}
