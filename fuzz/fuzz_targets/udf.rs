//! An image of UDF, opened, walked and read, each answer compared with what the tree said before.
//!
//! The input is three bytes of choices ([`Choices`]) and a list of sectors: two bytes for the number of each and its 512
//! bytes. All sectors that are not listed are zeros. Damage alone would never come past checksums and CRCs: every
//! descriptor is sealed again before the image is opened. The mutator changes the contents of one sector at a time, so that
//! the others stay where they are.
#![no_main]

mod check;
mod examination;

use std::{collections::BTreeMap, sync::Arc};

use isomount::{
    fs::{Options, Session, View},
    open::{Image, OpenOptions, describe_source},
    tree::Policy,
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

use self::check::Check;

/// Bytes of choices.
const CHOICES: usize = 3;

/// Bytes of a sector of the input, and with its number.
const SECTOR: usize = 512;
const RECORD: usize = 2 + SECTOR;

/// Sectors that an image can have.
const SECTORS: u16 = 4096;

/// Bytes of a tag.
const TAG: usize = 16;

/// The block at which the partition of a seed begins.
const PARTITION: u32 = 288;

fuzz_target!(|input: &[u8]| {
    let Some((choices, records)) = input.split_first_chunk() else { return };
    let choices = Choices(*choices);
    let image = Arc::new(image(records, choices));
    let options = choices.options();
    let opened = Image::from_source(image.clone(), &options);
    examination::examine(image.clone(), &options);
    let described = describe_source(image, &options).and_then(|described| described.image);
    assert_eq!(described.is_ok(), opened.is_ok());
    let Ok(image) = opened else { return };
    Check::new(image.tree()).all();
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let max_size = max_size.min(data.len());
    let records = size.saturating_sub(CHOICES) / RECORD;
    if records == 0 || seed.is_multiple_of(64) {
        return fuzzer_mutate(data, size, max_size);
    }
    let size = CHOICES + records * RECORD;
    let mut random = Random(seed);
    match random.below(32) {
        0 => {
            fuzzer_mutate(data, CHOICES, CHOICES);
            size
        }
        // A sector once more, at another place.
        1 if size + RECORD <= max_size => {
            let from = CHOICES + random.below(records) * RECORD;
            data.copy_within(from..from + RECORD, size);
            let number = u16::from_le_bytes([data[from], data[from + 1]]);
            let to = match random.below(2) {
                0 => number.wrapping_add(1 + random.below(4) as u16),
                _ => random.below(usize::from(SECTORS)) as u16,
            };
            data[size..size + 2].copy_from_slice(&to.to_le_bytes());
            move_tag(&mut data[size + 2..size + RECORD], number, to);
            size + RECORD
        }
        2 if records > 1 => {
            let gone = CHOICES + random.below(records) * RECORD;
            data.copy_within(gone + RECORD..size, gone);
            size - RECORD
        }
        kind => {
            for _ in 0..1 + random.below(3) {
                let at = CHOICES + random.below(records) * RECORD + 2;
                let sector = &mut data[at..at + SECTOR];
                if kind < 20 {
                    change_field(sector, &mut random);
                } else {
                    let mut bytes = [0; 2 * SECTOR];
                    bytes[..SECTOR].copy_from_slice(sector);
                    // Behind the tag mostly, where there is one.
                    let from = if is_tag(sector) && random.below(8) > 0 { TAG } else { 0 };
                    fuzzer_mutate(&mut bytes[from..], SECTOR - from, SECTOR);
                    sector.copy_from_slice(&bytes[..SECTOR]);
                }
            }
            size
        }
    }
});

/// Numbers that look random.
struct Random(u32);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % end
    }
}

/// Sets a field to a number that is likely to matter, or adds a little to it.
fn change_field(sector: &mut [u8], random: &mut Random) {
    const VALUES: [u32; 24] = [
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        8,
        12,
        16,
        256,
        257,
        258,
        259,
        261,
        266,
        4096,
        512,
        2048,
        1 << 30,
        3 << 30,
        0xffff,
        0x7fff_ffff,
        0xffff_ffff,
    ];
    // Where there is something is more to break.
    let used = sector.iter().rposition(|byte| *byte != 0).map_or(SECTOR, |last| (last + 8).min(SECTOR));
    let len = [1, 2, 2, 4, 4, 4, 8][random.below(7)];
    let at = random.below(used.saturating_sub(len).max(1));
    let at = if random.below(4) > 0 { at & !(len - 1).min(3) } else { at };
    let field = &mut sector[at..at + len];
    let mut value = [0; 8];
    value[..len].copy_from_slice(field);
    let old = u64::from_le_bytes(value);
    let new = match random.below(4) {
        0 => old.wrapping_add(1 + random.below(4) as u64),
        1 => old.wrapping_sub(1 + random.below(4) as u64),
        2 => random.below(64) as u64,
        _ => VALUES[random.below(VALUES.len())].into(),
    };
    field.copy_from_slice(&new.to_le_bytes()[..len]);
}

/// Keeps the location in the tag of a sector true that is moved.
fn move_tag(sector: &mut [u8], from: u16, to: u16) {
    if is_tag(sector) {
        let [a, b, c, d] = [12, 13, 14, 15].map(|at| sector[at]);
        let location = u32::from_le_bytes([a, b, c, d]).wrapping_sub(from.into()).wrapping_add(to.into());
        sector[12..TAG].copy_from_slice(&location.to_le_bytes());
    }
}

/// Whether a descriptor seems to begin here.
fn is_tag(bytes: &[u8]) -> bool {
    let identifier = u16::from_le_bytes([bytes[0], bytes[1]]);
    let is_table = identifier == 0 && matches!(bytes[2], 2 | 3);
    is_table || matches!(identifier, 1..=9 | 256..=266)
}

#[derive(Clone, Copy)]
struct Choices([u8; CHOICES]);

impl Choices {
    fn has(self, bit: usize) -> bool {
        self.0[bit / 8] & (1 << (bit % 8)) != 0
    }

    /// Bytes of a block, as far as places of descriptors go.
    fn block(self) -> usize {
        SECTOR << (self.0[0] & 3)
    }

    /// Whether descriptors are told where they lie.
    fn relocates(self) -> bool {
        self.has(2)
    }

    fn options(self) -> OpenOptions {
        let sector = if self.has(18) { 64 } else { 0 };
        let tree = Options {
            view: if self.has(3) { View::Auto } else { View::Udf },
            hide: self.has(4).then_some(false),
            undelete: self.has(5),
            relaxed: self.has(19),
            overrides_mode: self.has(6),
            overrides_directory_mode: self.has(6),
            ignores_recognition: self.has(7),
            block_size: self.has(8).then_some(self.block() as u32),
            anchor: self.has(9).then_some(u32::from(self.0[1] >> 4) * 32),
            last_block: self.has(10).then_some(288 + u32::from(self.0[2])),
            session: match self.0[2] & 3 {
                1 => Some(Session::Start(sector)),
                2 => Some(Session::Number(2)),
                _ => None,
            },
            ..Options::default()
        };
        let cache_size = if self.has(11) { 0 } else { 4 << 20 };
        OpenOptions { tree, policy: Policy::of_user(0, 0), boot: self.has(6), cache_size }
    }
}

/// The image of these sectors, each descriptor sealed.
fn image(records: &[u8], choices: Choices) -> Vec<u8> {
    let mut sectors = BTreeMap::new();
    for record in records.chunks_exact(RECORD) {
        let (number, bytes) = record.split_at(2);
        sectors.insert(u16::from_le_bytes([number[0], number[1]]) % SECTORS, bytes);
    }
    let end = sectors.keys().next_back().map_or(0, |last| usize::from(*last) + 1);
    let mut image = vec![0; (end * SECTOR).next_multiple_of(choices.block())];
    for (number, bytes) in &sectors {
        image[usize::from(*number) * SECTOR..][..SECTOR].copy_from_slice(bytes);
    }
    // The last first, because descriptors contain others.
    for number in sectors.keys().rev() {
        let at = usize::from(*number) * SECTOR;
        for inside in (4..SECTOR).step_by(4).rev() {
            let head = &image[at + inside..];
            // File identifiers of a directory, headers of extended attributes.
            if matches!(head, [1 | 6, 1, 2 | 3, 0, _, 0, ..]) {
                seal(&mut image, at + inside);
            }
        }
        if is_tag(&image[at..]) {
            let block = (at / choices.block()) as u32;
            let is_file = image[at + 1] != 0;
            if choices.relocates() && at.is_multiple_of(choices.block()) {
                let location = if is_file { block.wrapping_sub(PARTITION) } else { block };
                image[at + 12..at + TAG].copy_from_slice(&location.to_le_bytes());
            }
            seal(&mut image, at);
        }
    }
    image
}

/// Makes CRC and checksum right of the descriptor at `at`.
fn seal(image: &mut [u8], at: usize) {
    let Some(tag) = image.get(at..at + TAG) else { return };
    let len = usize::from(u16::from_le_bytes([tag[10], tag[11]]));
    if let Some(body) = image.get(at + TAG..at + TAG + len) {
        let crc = crc(body).to_le_bytes();
        image[at + 8..at + 10].copy_from_slice(&crc);
    }
    let tag = &mut image[at..at + TAG];
    tag[4] = 0;
    tag[4] = tag.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
}

/// CRC-16 of ITU-T V.41: polynomial 0x1021, starting from 0.
fn crc(bytes: &[u8]) -> u16 {
    static TABLE: [u16; 256] = table();
    bytes.iter().fold(0, |crc, byte| crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}
