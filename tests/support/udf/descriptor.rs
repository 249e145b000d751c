//! What all descriptors are made of: fields, tags, names, times, identifiers, addresses.

pub const PRIMARY: u16 = 1;
pub const ANCHOR: u16 = 2;
pub const POINTER: u16 = 3;
pub const IMPLEMENTATION_USE: u16 = 4;
pub const PARTITION: u16 = 5;
pub const LOGICAL_VOLUME: u16 = 6;
pub const UNALLOCATED_SPACE: u16 = 7;
pub const TERMINATING: u16 = 8;
pub const INTEGRITY: u16 = 9;
pub const FILE_SET: u16 = 256;
pub const FILE_IDENTIFIER: u16 = 257;
pub const ALLOCATION_EXTENT: u16 = 258;
pub const INDIRECT_ENTRY: u16 = 259;
pub const TERMINAL_ENTRY: u16 = 260;
pub const FILE_ENTRY: u16 = 261;
pub const EXTENDED_ATTRIBUTES: u16 = 262;
pub const SPACE_BITMAP: u16 = 264;
pub const EXTENDED_FILE_ENTRY: u16 = 266;

/// Writes over bytes of an image.
pub fn patch(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Makes CRC and checksum of the descriptor at `at` right again, ECMA-167 3/7.2.
pub fn seal(image: &mut [u8], at: usize) {
    let len = usize::from(u16::from_le_bytes([image[at + 10], image[at + 11]]));
    let crc = crc(&image[at + 16..at + 16 + len]);
    patch(image, at + 8, &crc.to_le_bytes());
    let sum = image[at..at + 16].iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    image[at + 4] = sum.wrapping_sub(image[at + 4]);
}

/// CRC-16 of ITU-T V.41: polynomial 0x1021, starting from 0.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

/// A descriptor that is written field by field.
#[derive(Clone, Default)]
pub struct Fields(pub Vec<u8>);

impl Fields {
    pub fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub fn u16(self, value: u16) -> Self {
        self.bytes(value.to_le_bytes())
    }

    pub fn u32(self, value: u32) -> Self {
        self.bytes(value.to_le_bytes())
    }

    pub fn u64(self, value: u64) -> Self {
        self.bytes(value.to_le_bytes())
    }

    pub fn bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    pub fn zeros(mut self, count: usize) -> Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }

    /// Zeros until there are `len` bytes.
    pub fn filled_to(mut self, len: usize) -> Self {
        assert!(self.0.len() <= len, "{} bytes where there is room for {len}", self.0.len());
        self.0.resize(len, 0);
        self
    }
}

/// What every structure of an image depends on.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub revision: u16,
    /// Bytes of a block.
    pub block: usize,
}

impl Format {
    /// A descriptor with its tag, ECMA-167 3/7.2.
    pub fn tagged(self, ident: u16, location: u32, body: &Fields) -> Vec<u8> {
        let version = if self.revision < 0x200 { 2 } else { 3 };
        let tag = Fields::default().u16(ident).u16(version).u16(0).u16(1);
        let mut out = tag.u16(0).u16(body.0.len() as u16).u32(location).bytes(&body.0).0;
        seal(&mut out, 0);
        out
    }

    pub fn blocks(self, bytes: u64) -> u32 {
        bytes.div_ceil(self.block as u64) as u32
    }

    /// An entity identifier of UDF itself, UDF 2.1.5.3.
    pub fn udf(self, name: &str) -> [u8; 32] {
        identifier(name, self.revision.to_le_bytes())
    }

    pub fn domain(self) -> [u8; 32] {
        self.udf("*OSTA UDF Compliant")
    }
}

/// An entity identifier, ECMA-167 1/7.4.
pub fn identifier(name: &str, suffix: [u8; 2]) -> [u8; 32] {
    let mut out = [0; 32];
    out[1..=name.len()].copy_from_slice(name.as_bytes());
    out[24..26].copy_from_slice(&suffix);
    out
}

/// Who wrote the image, with the suffix of UDF 2.1.5.3: Unix, no particular one.
pub fn developer() -> [u8; 32] {
    identifier("*isomount tests", [4, 0])
}

/// The only character set of UDF, 2.1.2.
pub fn character_set() -> [u8; 64] {
    let mut out = [0; 64];
    out[1..24].copy_from_slice(b"OSTA Compressed Unicode");
    out
}

/// A name in compressed Unicode, UDF 2.1.1: 8 bits a character if that is enough, else 16.
pub fn cs0(name: &str) -> Vec<u8> {
    if name.is_empty() {
        Vec::new()
    } else if name.chars().all(|c| c <= '\u{ff}') {
        [8].into_iter().chain(name.chars().map(|c| c as u8)).collect()
    } else {
        cs0_wide(name)
    }
}

/// A name with 16 bits a character, in surrogate pairs if need be.
pub fn cs0_wide(name: &str) -> Vec<u8> {
    [16].into_iter().chain(name.encode_utf16().flat_map(u16::to_be_bytes)).collect()
}

/// A name in a field of fixed length, whose last byte is the length of what is used, ECMA-167 1/7.2.12.
pub fn dstring(name: &str, len: usize) -> Vec<u8> {
    let used = cs0(name);
    let last = used.len() as u8;
    Fields::default().bytes(used).filled_to(len - 1).u8(last).0
}

/// A block of a partition; partitions are counted by their maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub partition: u16,
    pub block: u32,
}

impl Address {
    pub fn bytes(self) -> Vec<u8> {
        Fields::default().u32(self.block).u16(self.partition).0
    }

    pub fn plus(self, blocks: u32) -> Self {
        Self { block: self.block + blocks, ..self }
    }
}

/// A long allocation descriptor, ECMA-167 4/14.14.2, with the unique number that UDF 2.3.10.1 puts into it.
pub fn long_ad(len: u32, at: Address, unique: u32) -> Vec<u8> {
    Fields::default().u32(len).bytes(at.bytes()).u16(0).u32(unique).0
}

/// An extent of the volume, ECMA-167 3/7.1.
pub fn extent_ad(len: usize, block: u32) -> Vec<u8> {
    Fields::default().u32(len as u32).u32(block).0
}

/// A date with its zone, ECMA-167 1/7.3.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// 0 is UTC, 1 local time, 2 by agreement.
    pub kind: u16,
    /// Minutes east of Greenwich, [`NO_ZONE`] for none.
    pub zone: i16,
    pub year: i16,
    /// Month, day, hour, minute, second.
    pub rest: [u8; 5],
    /// Hundredths of a second, hundreds of microseconds, microseconds.
    pub fraction: [u8; 3],
}

pub const NO_ZONE: i16 = -2047;

impl Time {
    /// A time of Greenwich.
    pub fn new(year: i16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Self {
        Self { kind: 1, zone: 0, year, rest: [month, day, hour, minute, second], fraction: [0; 3] }
    }

    /// The same numbers on a clock that is so many minutes east of Greenwich.
    pub fn zone(self, minutes: i16) -> Self {
        Self { zone: minutes, ..self }
    }

    pub fn fraction(self, centi: u8, hundreds_of_micro: u8, micro: u8) -> Self {
        Self { fraction: [centi, hundreds_of_micro, micro], ..self }
    }

    pub fn bytes(self) -> Vec<u8> {
        let zone = self.kind << 12 | (self.zone as u16 & 0xfff);
        Fields::default().u16(zone).u16(self.year as u16).bytes(self.rest).bytes(self.fraction).0
    }
}

impl Default for Time {
    fn default() -> Self {
        Self::new(2020, 2, 3, 4, 5, 6)
    }
}
