//! Images forged in code, structure by structure, so that a reader sees what is in them and what is wrong.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use isomount::{
    Result,
    open::{Image, OpenOptions},
    source::Source,
    tree::{Kind, Policy},
};

pub const SECTOR: usize = 2048;

/// Where the root directory lies in every forged image.
pub const ROOT: u32 = 20;

pub const HIDDEN: u8 = 0x01;
pub const DIRECTORY: u8 = 0x02;
pub const ASSOCIATED: u8 = 0x04;
pub const MULTI_EXTENT: u8 = 0x80;

/// A number in both byte orders, ECMA-119 7.3.3.
pub fn both32(value: u32) -> [u8; 8] {
    let mut out = [0; 8];
    out[..4].copy_from_slice(&value.to_le_bytes());
    out[4..].copy_from_slice(&value.to_be_bytes());
    out
}

/// A directory record.
#[derive(Clone)]
pub struct Record {
    pub name: Vec<u8>,
    pub extent: u32,
    pub len: u32,
    pub flags: u8,
    pub extended: u8,
    pub unit: u8,
    pub gap: u8,
    pub date: [u8; 7],
    pub system_use: Vec<u8>,
}

pub fn file(name: impl AsRef<[u8]>, extent: u32, len: u32) -> Record {
    Record {
        name: name.as_ref().to_vec(),
        extent,
        len,
        flags: 0,
        extended: 0,
        unit: 0,
        gap: 0,
        date: [100, 1, 1, 0, 0, 0, 0],
        system_use: Vec::new(),
    }
}

pub fn directory(name: impl AsRef<[u8]>, extent: u32) -> Record {
    Record { flags: DIRECTORY, ..file(name, extent, SECTOR as u32) }
}

impl Record {
    pub fn with(mut self, system_use: &[&[u8]]) -> Self {
        self.system_use = system_use.concat();
        self
    }

    pub fn flagged(mut self, flags: u8) -> Self {
        self.flags |= flags;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0, self.extended];
        out.extend(both32(self.extent));
        out.extend(both32(self.len));
        out.extend(self.date);
        out.extend([self.flags, self.unit, self.gap, 1, 0, 0, 1, self.name.len() as u8]);
        out.extend(&self.name);
        if self.name.len().is_multiple_of(2) {
            out.push(0);
        }
        out.extend(&self.system_use);
        if out.len() % 2 == 1 {
            out.push(0);
        }
        assert!(out.len() <= 255, "a record of {} bytes", out.len());
        out[0] = out.len() as u8;
        out
    }
}

/// A system use entry of version 1.
pub fn entry(signature: &[u8; 2], data: &[u8]) -> Vec<u8> {
    versioned(signature, 1, data)
}

pub fn versioned(signature: &[u8; 2], version: u8, data: &[u8]) -> Vec<u8> {
    [&signature[..], &[data.len() as u8 + 4, version], data].concat()
}

pub fn sp(skip: u8) -> Vec<u8> {
    entry(b"SP", &[0xbe, 0xef, skip])
}

pub fn er() -> Vec<u8> {
    entry(b"ER", b"\x0a\x00\x00\x01RRIP_1991A")
}

pub fn px(mode: u32, links: u32, uid: u32, gid: u32) -> Vec<u8> {
    entry(b"PX", &[mode, links, uid, gid].map(both32).concat())
}

pub fn px_with_serial(mode: u32, links: u32, serial: u32) -> Vec<u8> {
    entry(b"PX", &[mode, links, 0, 0, serial].map(both32).concat())
}

pub fn pn(high: u32, low: u32) -> Vec<u8> {
    entry(b"PN", &[high, low].map(both32).concat())
}

pub fn nm(flags: u8, name: impl AsRef<[u8]>) -> Vec<u8> {
    entry(b"NM", &[&[flags], name.as_ref()].concat())
}

/// A symbolic link from raw components.
pub fn sl(components: &[u8]) -> Vec<u8> {
    entry(b"SL", &[&[0], components].concat())
}

pub fn ce(block: u32, offset: u32, len: u32) -> Vec<u8> {
    entry(b"CE", &[block, offset, len].map(both32).concat())
}

pub fn cl(block: u32) -> Vec<u8> {
    entry(b"CL", &both32(block))
}

pub fn pl(block: u32) -> Vec<u8> {
    entry(b"PL", &both32(block))
}

pub fn re() -> Vec<u8> {
    entry(b"RE", &[])
}

pub fn zf(header_words: u8, shift: u8, size: u32) -> Vec<u8> {
    entry(b"ZF", &[&b"pz"[..], &[header_words, shift], &both32(size)].concat())
}

pub fn sf(size: u64, depth: u8) -> Vec<u8> {
    entry(b"SF", &[&both32((size >> 32) as u32)[..], &both32(size as u32), &[depth]].concat())
}

/// An image that grows as it is written to.
#[derive(Clone)]
pub struct Forge {
    pub bytes: Vec<u8>,
    /// Bytes of a logical block.
    pub block: usize,
}

impl Default for Forge {
    fn default() -> Self {
        Self::new()
    }
}

impl Forge {
    /// An image with a primary descriptor, a terminator, and an empty root at block [`ROOT`].
    pub fn new() -> Self {
        let mut forge = Self { bytes: vec![0; 24 * SECTOR], block: SECTOR };
        forge.descriptor(16, 1, &[0; 32], ROOT);
        forge.terminator(17);
        forge.directory(ROOT, ROOT, &[]);
        forge
    }

    /// As [`new`](Self::new), with Rock Ridge announced in the root.
    pub fn rock_ridge() -> Self {
        let mut forge = Self::new();
        forge.rock_ridge_root(&[]);
        forge
    }

    /// A root with Rock Ridge and these records.
    pub fn rock_ridge_root(&mut self, records: &[Record]) -> &mut Self {
        let own = [sp(0), px(0o040_755, 2, 0, 0), er()].concat();
        self.directory_with(ROOT, ROOT, &own, &px(0o040_755, 2, 0, 0), records)
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        if self.bytes.len() < at + bytes.len() {
            self.bytes.resize((at + bytes.len()).next_multiple_of(SECTOR), 0);
        }
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn block(&mut self, block: u32, bytes: &[u8]) -> &mut Self {
        self.put(block as usize * self.block, bytes)
    }

    pub fn descriptor(&mut self, sector: usize, kind: u8, escape: &[u8; 32], root: u32) -> &mut Self {
        let mut d = vec![0; SECTOR];
        d[0] = kind;
        d[1..6].copy_from_slice(b"CD001");
        d[6] = 1;
        d[8..72].fill(b' ');
        d[40..46].copy_from_slice(b"FORGED");
        d[80..88].copy_from_slice(&both32(24));
        d[88..120].copy_from_slice(escape);
        d[120..124].copy_from_slice(&[1, 0, 0, 1]);
        d[124..128].copy_from_slice(&[1, 0, 0, 1]);
        d[128..130].copy_from_slice(&(self.block as u16).to_le_bytes());
        d[130..132].copy_from_slice(&(self.block as u16).to_be_bytes());
        d[156..190].copy_from_slice(&directory([0], root).bytes());
        d[881] = 1;
        self.put(sector * SECTOR, &d)
    }

    /// A Joliet descriptor (level 3) at sector 17, the terminator behind it.
    pub fn joliet(&mut self, root: u32) -> &mut Self {
        let mut escape = [0; 32];
        escape[..3].copy_from_slice(b"%/E");
        self.descriptor(17, 2, &escape, root).terminator(18)
    }

    pub fn terminator(&mut self, sector: usize) -> &mut Self {
        let mut d = vec![0; SECTOR];
        d[..7].copy_from_slice(b"\xffCD001\x01");
        self.put(sector * SECTOR, &d)
    }

    pub fn directory(&mut self, block: u32, parent: u32, records: &[Record]) -> &mut Self {
        self.directory_with(block, parent, &[], &[], records)
    }

    /// A directory of as many sectors as its records take; its own record and that of its parent have these system use
    /// fields.
    pub fn directory_with(
        &mut self,
        block: u32,
        parent: u32,
        own: &[u8],
        above: &[u8],
        records: &[Record],
    ) -> &mut Self {
        let own = directory([0], block).with(&[own]);
        let above = directory([1], parent).with(&[above]);
        let mut bytes: Vec<u8> = Vec::new();
        for record in [own, above].iter().chain(records) {
            let record = record.bytes();
            if bytes.len() % SECTOR + record.len() > SECTOR {
                bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
            }
            bytes.extend(record);
        }
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        let len = both32(bytes.len() as u32);
        bytes[10..18].copy_from_slice(&len);
        if block == ROOT {
            self.put(16 * SECTOR + 156 + 10, &len);
        }
        self.block(block, &bytes)
    }

    pub fn open(&self) -> Result<Image> {
        self.open_with(&OpenOptions::default())
    }

    pub fn open_with(&self, options: &OpenOptions) -> Result<Image> {
        let options = OpenOptions { policy: Policy::of_user(0, 0), ..options.clone() };
        Image::from_source(Arc::new(self.bytes.clone()), &options)
    }

    /// The image as a source that counts what is read of it.
    pub fn counted(&self) -> Arc<Counted> {
        Arc::new(Counted::new(self.bytes.clone()))
    }

    /// The image, and a count of the bytes that are read of it.
    pub fn open_counted(&self) -> (Result<Image>, Arc<Counted>) {
        let counted = self.counted();
        (Image::from_source(counted.clone(), &OpenOptions::default()), counted)
    }
}

/// A source that counts what is read of it.
pub struct Counted {
    bytes: Vec<u8>,
    read: AtomicU64,
}

impl Counted {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, read: AtomicU64::new(0) }
    }

    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

impl Source for Counted {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> std::io::Result<()> {
        self.read.fetch_add(buf.len() as u64, Ordering::Relaxed);
        self.bytes.read_at(buf, at)
    }
}

/// A source of which some bytes cannot be read until it is mended.
pub struct Scratched {
    bytes: Vec<u8>,
    scratch: Range<usize>,
    is_mended: AtomicBool,
}

impl Scratched {
    /// With a scratch of `len` bytes at `at`.
    pub fn new(bytes: Vec<u8>, at: usize, len: usize) -> Self {
        Self { bytes, scratch: at..at + len, is_mended: AtomicBool::new(false) }
    }

    pub fn mend(&self) {
        self.is_mended.store(true, Ordering::Relaxed);
    }
}

impl Source for Scratched {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> std::io::Result<()> {
        let is_hit = (at as usize) < self.scratch.end && self.scratch.start < at as usize + buf.len();
        if is_hit && !self.is_mended.load(Ordering::Relaxed) {
            return Err(std::io::Error::from_raw_os_error(5));
        }
        self.bytes.read_at(buf, at)
    }
}

/// The names in the root, in the order of the disc.
pub fn names(image: &Image) -> Vec<String> {
    names_in(image, "")
}

/// The names in a directory.
pub fn names_in(image: &Image, path: &str) -> Vec<String> {
    let stat = stat(image, path).unwrap();
    let listing = image.tree().listing(stat.id).unwrap();
    listing.entries(0).map(|e| String::from_utf8_lossy(e.name).into_owned()).collect()
}

/// What is at a path, names separated by `/`.
pub fn stat(image: &Image, path: &str) -> Result<isomount::tree::Stat> {
    let tree = image.tree();
    let mut stat = tree.stat(tree.root())?;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        stat = tree.lookup(stat.id, name.as_bytes())?;
    }
    Ok(stat)
}

/// All bytes of a file.
pub fn content(image: &Image, path: &str) -> Result<Vec<u8>> {
    let stat = stat(image, path)?;
    let mut out = vec![0; stat.size as usize];
    let mut done = 0;
    while done < out.len() {
        match image.tree().read_into(stat.id, done as u64, &mut out[done..])? {
            0 => break,
            n => done += n,
        }
    }
    out.truncate(done);
    Ok(out)
}

pub fn link(image: &Image, path: &str) -> Result<String> {
    let target = image.tree().read_link(stat(image, path)?.id)?;
    Ok(String::from_utf8_lossy(&target).into_owned())
}

/// Walks everything, reads the start of every file and every link; returns how many entries there were.
pub fn exercise(image: &Image) -> usize {
    let tree = image.tree();
    let mut buf = vec![0; 64 * 1024];
    let mut count = 0;
    for entry in tree.walk().take(100_000) {
        count += 1;
        let Ok(stat) = entry.stat else { continue };
        match stat.kind {
            Kind::File => drop(tree.read_into(stat.id, 0, &mut buf)),
            Kind::Symlink => drop(tree.read_link(stat.id)),
            _ => {}
        }
    }
    count
}
