//! Extended attributes as writers of ISO 9660 record them, and as a tree shows them.

use std::collections::BTreeMap;

use isomount::{Result, open::Image};

use super::forge::{Forge, SECTOR, ce, entry, stat, versioned};

/// Components of AAIP, one behind the other: those of more than 255 bytes in several records.
pub fn components(components: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for component in components {
        let records: Vec<&[u8]> =
            if component.is_empty() { vec![component] } else { component.chunks(255).collect() };
        for (i, record) in records.iter().enumerate() {
            out.extend([u8::from(i + 1 < records.len()), record.len() as u8]);
            out.extend(*record);
        }
    }
    out
}

/// `AL` entries with these bytes of components, as many in each as have room.
pub fn al(components: &[u8]) -> Vec<Vec<u8>> {
    let areas: Vec<&[u8]> = components.chunks(250).collect();
    let continued = |i: usize| u8::from(i + 1 < areas.len());
    areas.iter().enumerate().map(|(i, area)| entry(b"AL", &[&[continued(i)], *area].concat())).collect()
}

/// One `AL` entry with these names and values.
pub fn attributes(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let all: Vec<&[u8]> = pairs.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let entries = al(&components(&all));
    assert_eq!(entries.len(), 1, "use continued");
    entries.concat()
}

/// The `CE` that leads to entries from block `at` on: as many in each block as have room, with a `CE` to the next.
pub fn continued(forge: &mut Forge, at: u32, entries: &[Vec<u8>]) -> Vec<u8> {
    const LINK: usize = 28;
    let mut areas: Vec<Vec<u8>> = vec![Vec::new()];
    for entry in entries {
        if areas.last().unwrap().len() + entry.len() + LINK > SECTOR {
            areas.push(Vec::new());
        }
        areas.last_mut().unwrap().extend(entry);
    }
    let mut link = Vec::new();
    for (i, mut area) in areas.into_iter().enumerate().rev() {
        area.extend(&link);
        let block = at + i as u32;
        forge.block(block, &area);
        link = ce(block, 0, area.len() as u32);
    }
    link
}

/// `AA` of Apple.
pub fn aa(file_type: &[u8; 4], creator: &[u8; 4], flags: u16) -> Vec<u8> {
    versioned(b"AA", 2, &[&file_type[..], creator, &flags.to_be_bytes()].concat())
}

/// What Apple's programs know of it.
pub fn finder_info(file_type: &[u8; 4], creator: &[u8; 4], flags: u16) -> Vec<u8> {
    [&file_type[..], creator, &flags.to_be_bytes(), &[0; 22]].concat()
}

/// CD-ROM XA information.
pub fn xa(group: u16, user: u16, attributes: u16, file_number: u8) -> Vec<u8> {
    let numbers = [group, user, attributes].map(u16::to_be_bytes).concat();
    [&numbers[..], b"XA", &[file_number, 0, 0, 0, 0, 0]].concat()
}

/// An extended attribute record, ECMA-119 9.5, of an owner, with this for the use of programs.
pub fn extended_attribute_record(owner: u16, created: &[u8; 17], application_use: &[u8]) -> Vec<u8> {
    let both16 = |number: u16| [number.to_le_bytes(), number.to_be_bytes()].concat();
    let mut record = vec![0; 250];
    record[..4].copy_from_slice(&both16(owner));
    record[10..27].copy_from_slice(created);
    for date in 1..4 {
        record[10 + 17 * date..26 + 17 * date].fill(b'0');
    }
    record[84..116].fill(b' ');
    record[180] = 1;
    record[246..250].copy_from_slice(&both16(application_use.len() as u16));
    record.extend(application_use);
    record
}

/// `ER` of AAIP 2.0.
pub fn er_aaip() -> Vec<u8> {
    entry(b"ER", b"\x09\x00\x00\x01AAIP_0200")
}

/// The names of the attributes of what is at a path, in the order of the disc.
pub fn names(image: &Image, path: &str) -> Vec<String> {
    let names = image.tree().attribute_names(stat(image, path).unwrap().id).unwrap();
    names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

pub fn value(image: &Image, path: &str, name: &str) -> Result<Vec<u8>> {
    image.tree().attribute(stat(image, path)?.id, name.as_bytes())
}

pub fn text(image: &Image, path: &str, name: &str) -> String {
    String::from_utf8(value(image, path, name).unwrap()).unwrap()
}

/// Names and values of the attributes of what is at a path.
pub fn all(image: &Image, path: &str) -> BTreeMap<String, Vec<u8>> {
    names(image, path).into_iter().map(|name| (name.clone(), value(image, path, &name).unwrap())).collect()
}
