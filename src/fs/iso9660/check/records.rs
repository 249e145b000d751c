//! Directory records as they are recorded, directory by directory: both halves of numbers, the records of the directory itself and of
//! the one above, sectors without a record, fields of Rock Ridge.

use std::collections::{HashMap, HashSet, VecDeque};

use zerocopy::FromBytes;

use super::super::{
    Iso9660, raw,
    raw::SECTOR,
    record::{DirectoryExtent, Layout, Record},
    susp,
};
use crate::{
    bytes::{Both32, as_u64},
    fs::check::{Examination, Finding, Flaw},
    limits, text,
    tree::FileSystem,
};

/// A directory as the directory above it has it.
pub(super) struct Directory {
    /// First block of its extent.
    pub(super) block: u32,
    /// The number in the list of the one above; the root's is its own.
    pub(super) parent: usize,
    /// As recorded.
    pub(super) identifier: Box<[u8]>,
}

/// Findings of one kind that are told once, with how often they were met.
#[derive(Default)]
struct Tally {
    count: u64,
    first: Option<(u64, String)>,
}

impl Tally {
    fn meet(&mut self, at: u64, text: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(|| (at, text()));
    }
}

/// What the records of one tree are told of.
#[derive(Default)]
struct Tallies {
    kinds: HashMap<Flaw, Tally>,
}

impl Tallies {
    fn meet(&mut self, flaw: Flaw, at: u64, text: impl FnOnce() -> String) {
        self.kinds.entry(flaw).or_default().meet(at, text);
    }
}

/// A walk through the directories as they are recorded.
struct Walk<'a> {
    iso: &'a Iso9660,
    directories: Vec<Directory>,
    pending: VecDeque<(usize, DirectoryExtent, DirectoryExtent)>,
    entered: HashSet<u64>,
    tallies: Tallies,
    /// Directories with sectors that have no record.
    gaps: Vec<Finding>,
    bytes_left: u64,
    /// Records with and without the attributes of Rock Ridge.
    has_posix: [u64; 2],
}

/// Looks at every record of a tree; returns its directories, the root first.
pub(super) fn check(iso: &Iso9660, found: &mut Examination) -> Vec<Directory> {
    let root = iso.root_extent();
    let block = root.at.checked_div(iso.tree.block_size).unwrap_or(0);
    let mut walk = Walk {
        iso,
        directories: vec![Directory {
            block: u32::try_from(block).unwrap_or(u32::MAX),
            parent: 0,
            identifier: [0].into(),
        }],
        pending: VecDeque::from([(0, root, root)]),
        entered: HashSet::from([root.at]),
        tallies: Tallies::default(),
        gaps: Vec::new(),
        bytes_left: iso
            .volume
            .len()
            .saturating_mul(limits::INVENTORY_STRUCTURES)
            .saturating_add(limits::INVENTORY_SLACK),
        has_posix: [0, 0],
    };
    walk.root_record();
    while let Some((number, extent, above)) = walk.pending.pop_front() {
        // What lies in each other was told with the tree itself.
        let Some(left) = walk.bytes_left.checked_sub(extent.len.min(iso.volume.len())) else { break };
        walk.bytes_left = left;
        walk.directory(number, extent, above);
    }
    if walk.has_posix.iter().all(|count| *count > 0) {
        let [with, without] = walk.has_posix;
        walk.tallies.meet(Flaw::RockRidge, iso.root_extent().at, || {
            format!("{with} records have attributes of Rock Ridge (PX), {without} have none")
        });
    }
    let view = Some(iso.view());
    walk.gaps.into_iter().for_each(|gap| found.add(gap.of(view)));
    let mut kinds: Vec<(Flaw, Tally)> = walk.tallies.kinds.into_iter().collect();
    kinds.sort_by_key(|(flaw, _)| *flaw);
    for (flaw, tally) in kinds {
        let Some((at, text)) = tally.first else { continue };
        let mut finding = Finding::new(flaw, text).of(view).at(at, 0);
        finding.count = tally.count;
        found.add(finding);
    }
    walk.directories
}

impl Walk<'_> {
    /// The copy of the root's record in the descriptor against the record itself.
    fn root_record(&mut self) {
        let Ok(buffer) = self.iso.tree.root_record(&self.iso.volume) else { return };
        let Ok(record) = buffer.record() else { return };
        let own = self.iso.root_extent();
        if u64::from(record.data_length) != own.len {
            let (at, named) = (own.at, record.data_length);
            self.tallies.meet(Flaw::DirectorySelf, at, || {
                format!("the root directory has {} bytes; its volume descriptor says {named}", own.len)
            });
        }
    }

    fn directory(&mut self, number: usize, extent: DirectoryExtent, above: DirectoryExtent) {
        let Ok(mut records) = self.iso.records(extent) else { return };
        let mut sectors: HashSet<u64> = HashSet::new();
        let mut is_damaged = false;
        while let Some(record) = records.next() {
            let Ok(record) = record else {
                // Told with the tree itself.
                is_damaged = true;
                continue;
            };
            sectors.insert(record.at.saturating_sub(extent.at).checked_div(SECTOR).unwrap_or(0));
            self.halves(&record);
            if record.is_self() {
                continue;
            }
            if record.is_parent() {
                self.parent(&record, number, extent, above);
                continue;
            }
            self.rock_ridge(&record);
            if record.is_directory() {
                self.subdirectory(&record, number, extent);
            }
        }
        let all = extent.len.min(limits::DIRECTORY).min(self.iso.volume.len().saturating_sub(extent.at));
        let all = all.div_ceil(SECTOR);
        let with = as_u64(sectors.len());
        if with < all && !is_damaged && all <= limits::EMPTY_DIRECTORY_SECTORS {
            let first = (0..all).find(|sector| !sectors.contains(sector)).unwrap_or(0);
            let at = extent.at.saturating_add(first.saturating_mul(SECTOR));
            let empty = all.saturating_sub(with);
            let text = format!("no name is in {empty} of the {all} sectors of the directory");
            self.gaps.push(Finding::new(Flaw::DirectoryGap, text).at(at, SECTOR));
        }
    }

    fn subdirectory(&mut self, record: &Record<'_>, parent: usize, above: DirectoryExtent) {
        if self.directories.len() >= limits::SEARCHED_DIRECTORIES {
            return;
        }
        let number = self.directories.len();
        let (_, own) = self.iso.directory_of(record);
        self.directories.push(Directory {
            block: record.extent,
            parent,
            identifier: record.identifier.into(),
        });
        if own.len != u64::from(record.data_length) {
            let (path, named) = (self.path(number), record.data_length);
            self.tallies.meet(Flaw::DirectorySelf, record.at, || {
                format!("{path}: the directory has {} bytes; the directory above says {named}", own.len)
            });
        }
        if self.entered.insert(own.at) {
            self.pending.push_back((number, own, above));
        }
    }

    /// The record of the directory above, ECMA-119 6.8.2.2. That of a relocated directory may lead to its true place, and usual
    /// writers (libisofs in Joliet, genisoimage) let some lead to the directory itself, which nobody minds.
    fn parent(&mut self, record: &Record<'_>, number: usize, own: DirectoryExtent, above: DirectoryExtent) {
        let at = record.data_at(self.iso.tree.block_size);
        if at != above.at
            && at != own.at
            && self.iso.rock_ridge(record).and_then(|fields| fields.parent).is_none()
        {
            let path = self.path(number);
            self.tallies.meet(Flaw::DirectoryParent, record.at, || {
                format!(
                    "{path}: names the directory at {} as the one above, which is at {}",
                    self.iso.volume.byte(at),
                    self.iso.volume.byte(above.at)
                )
            });
        }
    }

    /// Both halves of the numbers of a record, ECMA-119 9.1.
    fn halves(&mut self, record: &Record<'_>) {
        let mut bytes = [0; size_of::<raw::DirectoryRecord>()];
        if self.iso.volume.read(&mut bytes, record.at).is_err() {
            return;
        }
        let Ok(raw) = raw::DirectoryRecord::ref_from_bytes(&bytes) else { return };
        let fields = [
            ("location of extent", raw.extent.agrees()),
            ("data length", raw.data_length.agrees()),
            ("volume sequence number", raw.volume_sequence_number.agrees()),
        ];
        for (field, _) in fields.iter().filter(|(_, agrees)| !agrees) {
            let place = self.iso.volume.byte(record.at);
            self.tallies.meet(Flaw::BothEndian, record.at, || {
                format!("the {field} of the directory record at {place} is not the same in both byte orders")
            });
        }
    }

    /// Fields of Rock Ridge: both halves of their numbers, names that cannot be.
    fn rock_ridge(&mut self, record: &Record<'_>) {
        if self.iso.tree.layout == Layout::HighSierra || record.is_associated() {
            return;
        }
        let Some(skip) = self.iso.rock_ridge else { return };
        let (volume, at) = (&self.iso.volume, record.at);
        let (mut has_posix, mut has_wrong_half, mut has_bad_name, mut is_continued) =
            (false, None, false, false);
        let next = susp::scan(susp::start(record.system_use, skip), self.iso.tree.block_size, &mut |entry| {
            let numbers = match &entry.signature {
                b"PX" => 4,
                b"PN" => 2,
                b"CL" | b"PL" => 1,
                _ => 0,
            };
            has_posix |= &entry.signature == b"PX";
            for n in 0..numbers {
                let from = usize::saturating_mul(n, 8);
                let number = entry.data.get(from..).and_then(|rest| Both32::ref_from_prefix(rest).ok());
                if number.is_some_and(|(number, _)| !number.agrees()) {
                    has_wrong_half = Some(entry.signature);
                }
            }
            if let (b"NM", [flags, name @ ..]) = (&entry.signature, entry.data) {
                has_bad_name |= *flags & 0x26 == 0 && name.iter().any(|b| matches!(b, 0 | b'/'));
            }
        });
        is_continued |= next.is_some();
        if let Some(signature) = has_wrong_half {
            let signature = text::escape(&signature);
            self.tallies.meet(Flaw::BothEndian, at, || {
                format!("a number of the field {signature} of the directory record at {} is not the same in both byte orders", volume.byte(at))
            });
        }
        if has_bad_name {
            self.tallies.meet(Flaw::RockRidge, at, || {
                format!(
                    "the name (NM) of the directory record at {} has a / or a NUL in it, and is shown with _",
                    volume.byte(at)
                )
            });
        }
        // What goes on elsewhere may have them there.
        if !is_continued || has_posix {
            let slot = usize::from(!has_posix);
            if let Some(count) = self.has_posix.get_mut(slot) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// A path of recorded identifiers, for people.
    fn path(&self, number: usize) -> String {
        path(&|identifier| shown(self.iso, identifier), &self.directories, number)
    }
}

/// The path of a directory as it is recorded, for people.
pub(super) fn path(shown: &dyn Fn(&[u8]) -> String, directories: &[Directory], number: usize) -> String {
    let mut parts = Vec::new();
    let mut at = number;
    // Directories come behind those above them.
    while let Some(directory) = directories.get(at).filter(|directory| directory.parent < at) {
        parts.push(shown(&directory.identifier));
        at = directory.parent;
    }
    parts.reverse();
    format!("/{}", parts.join("/"))
}

/// An identifier of a directory as its tree shows it.
pub(super) fn shown(iso: &Iso9660, identifier: &[u8]) -> String {
    text::escape(&iso.naming.name(identifier, iso.charset, b"", true).text)
}
