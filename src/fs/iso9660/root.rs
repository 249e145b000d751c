//! What the names and fields in a root directory tell of a tree, without a walk through it.

use std::{cell::Cell, collections::BTreeSet};

use super::{
    descriptor::VolumeTree,
    record::{DirectoryExtent, Record, RecordBuffer, Records},
    susp::{self, Areas},
};
use crate::{
    error::{Damage, Result},
    fs::description::Text,
    limits, text,
    volume::Volume,
};

/// The identifiers by which Rock Ridge announces itself (`ER`), RRIP 4.3 in its versions.
const ROCK_RIDGE: [(&[u8], &str); 3] = [(b"RRIP_", "1.10"), (b"IEEE_P1282", "1.12"), (b"IEEE_1282", "1.12")];

/// What is in a root directory.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// The extensions that are announced (`ER`).
    pub(super) extensions: Vec<Text>,
    /// The signatures of the system use entries in it.
    pub(super) fields: BTreeSet<String>,
    /// The lowest interchange level whose rules its names follow, ECMA-119 10; `None` when they follow none, or there are none.
    pub(super) level: Option<u8>,
}

impl Root {
    /// What the first [`limits::DESCRIBED_ROOT`] bytes of a root have in them.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(volume: &Volume, tree: &VolumeTree) -> Result<Self> {
        let record = tree.root_record(volume)?;
        let record = record.record()?;
        let at = record.data_at(tree.block_size);
        let len = u64::from(record.data_length).min(limits::DESCRIBED_ROOT);
        let mut records = Records::new(volume, DirectoryExtent { at, len }, tree.layout)?;
        let mut root = Self::default();
        let mut levels = None;
        let own = RecordBuffer::peek(volume, at, tree.layout)?;
        let (mut skip, budget) = (0, Cell::new(limits::CONTINUATION_AREAS_OF_RECORD));
        let damage = Damage::silent();
        let areas = Areas {
            read: Volume::peek,
            volume,
            block_size: tree.block_size,
            damage: &damage,
            budget: &budget,
            reach: susp::Reach::Attributes,
        };
        if let Ok(own) = own.record() {
            areas.visit(susp::start(own.system_use, 0), at, |entry| match (&entry.signature, entry.data) {
                (b"SP", [0xbe, 0xef, bytes, ..]) => skip = *bytes,
                (b"ER", [length, _, _, _, rest @ ..]) => {
                    let name = rest.get(..usize::from(*length)).unwrap_or(rest);
                    if root.extensions.len() < limits::EXTENSIONS
                        && !root.extensions.iter().any(|n| n == name)
                    {
                        root.extensions.push(name.to_vec());
                    }
                }
                _ => {}
            });
        }
        while let Some(record) = records.next() {
            let Ok(record) = record else { continue };
            let skip = if record.at == at { 0 } else { skip };
            areas.visit(susp::start(record.system_use, skip), record.at, |entry| root.note(entry.signature));
            if !(record.is_self() || record.is_parent()) {
                levels =
                    Some(levels.unwrap_or(Some(1)).and_then(|known: u8| Some(known.max(level(&record)?))));
            }
        }
        root.level = levels.flatten();
        Ok(root)
    }

    /// The version of Rock Ridge that is announced.
    pub(super) fn rock_ridge_version(&self) -> Option<&'static str> {
        let known = |name: &Text| ROCK_RIDGE.iter().find(|(known, _)| name.starts_with(known));
        self.extensions.iter().find_map(known).map(|(_, version)| *version)
    }

    fn note(&mut self, signature: [u8; 2]) {
        // Others are no entries, but what some writer has left behind them.
        let is_signature = signature.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if is_signature && self.fields.len() < limits::FIELDS {
            self.fields.insert(String::from_utf8_lossy(&signature).into_owned());
        }
    }
}

/// The lowest interchange level that allows a record, ECMA-119 10.
fn level(record: &Record<'_>) -> Option<u8> {
    let (name, _) = text::split_version(record.identifier);
    let mut parts = name.split(|byte| *byte == b'.');
    let (stem, extension) = (parts.next()?, parts.next().unwrap_or_default());
    let is_allowed = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    if parts.next().is_some() || !stem.iter().chain(extension).all(is_allowed) {
        return None;
    }
    if record.is_directory() && !extension.is_empty() {
        return None;
    }
    let len = stem.len().saturating_add(extension.len());
    match (stem.len(), extension.len()) {
        _ if len > if record.is_directory() { 31 } else { 30 } => None,
        _ if record.is_continued() => Some(3),
        (..=8, ..=3) => Some(1),
        _ => Some(2),
    }
}
