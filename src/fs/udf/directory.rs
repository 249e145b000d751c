//! Directories: file identifier descriptors, ECMA-167 4/14.4.

use zerocopy::FromBytes;

use super::{
    raw::{self, characteristics},
    space::{Address, Space},
    tag,
};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Corrupt, Damage, Error, Result},
    limits,
    tree::{Data, Piece, read_stored},
};

const STRUCTURE: &str = "file identifier descriptor";

/// Bytes of a directory that are read at once: the longest descriptor fits.
const WINDOW: u64 = 128 * 1024;

/// Bytes to which descriptors are padded, ECMA-167 4/14.4.9.
const ALIGNMENT: u64 = 4;

/// One entry of a directory.
pub(super) struct Identifier<'a> {
    characteristics: u8,
    /// The name as recorded.
    pub(super) name: &'a [u8],
    /// Where its ICB lies.
    pub(super) icb: Address,
    /// Byte in the directory at which it begins.
    pub(super) at: u64,
    /// Bytes.
    pub(super) len: u64,
}

impl Identifier<'_> {
    pub(super) fn is_hidden(&self) -> bool {
        self.characteristics & characteristics::HIDDEN != 0
    }

    pub(super) fn is_directory(&self) -> bool {
        self.characteristics & characteristics::DIRECTORY != 0
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.characteristics & characteristics::DELETED != 0
    }

    pub(super) fn is_parent(&self) -> bool {
        self.characteristics & characteristics::PARENT != 0
    }
}

/// The entries of a directory, one after the other. Where descriptors are damaged the next one that is in order is looked for.
pub(super) struct Identifiers<'a> {
    space: &'a Space,
    damage: &'a Damage,
    data: Data,
    /// Byte offset of the directory's file entry, by which damage is told.
    entry_at: u64,
    /// Byte of the directory that is looked at next.
    at: u64,
    end: u64,
    window: Vec<u8>,
    /// Byte of the directory at which the window begins.
    window_at: u64,
    /// Bytes since the last entry.
    without: u64,
    /// Bytes that were verified, out of step.
    verified: u64,
    is_whole: bool,
    /// Whether what lies behind the window cannot be read.
    is_cut: bool,
}

/// What lies at a place of a directory.
enum Found {
    /// A descriptor of this length, and what is wrong with it although it can be read.
    Entry(u64, Option<Error>),
    /// Nothing that can be read, and why.
    Damaged(Error),
    /// So many bytes in which no descriptor begins.
    Nothing(u64),
}

impl<'a> Identifiers<'a> {
    /// The entries of the directory whose bytes are `data`.
    pub(super) fn new(space: &'a Space, damage: &'a Damage, data: Data, entry_at: u64) -> Self {
        // Extents that overlap could make a directory of any length out of a few blocks.
        let end = data.size().min(limits::DIRECTORY).min(space.volume.len());
        if end < data.size() {
            let allowed = format!("at most {end} are read");
            damage.report(&Corrupt::new("directory", entry_at, "length", data.size(), allowed).into());
        }
        Self {
            space,
            damage,
            data,
            entry_at,
            at: 0,
            end,
            window: Vec::new(),
            window_at: 0,
            without: 0,
            verified: 0,
            is_whole: true,
            is_cut: false,
        }
    }

    /// Whether nothing damaged was met so far.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn report(&mut self, error: &Error) {
        self.is_whole = false;
        self.damage.report(error);
    }

    /// The next entry; `None` behind the last.
    ///
    /// # Errors
    /// [`Error::Io`] when the storage fails. Damage is told and passed over.
    pub(super) fn next(&mut self) -> Result<Option<Identifier<'_>>> {
        let mut is_in_step = true;
        while self.at < self.end {
            if self.without > limits::EMPTY_DIRECTORY || self.verified > limits::SEARCHED_ENTRIES {
                let (found, allowed) = ("too much without an entry", "the rest is not read");
                let error = Corrupt::new("directory", self.entry_at, "contents", found, allowed);
                self.report(&error.into());
                return Ok(None);
            }
            if let Err((error, len)) = self.fill() {
                if matches!(error, Error::Io { .. }) {
                    return Err(error);
                }
                self.report(&error);
                self.skip(len);
                is_in_step = false;
                continue;
            }
            let found = if is_in_step { self.look() } else { self.search() };
            match found {
                Found::Entry(len, damage) => {
                    if let Some(error) = damage {
                        self.report(&error);
                    }
                    let at = self.at;
                    self.at = at.saturating_add(len);
                    self.without = 0;
                    let from = as_usize(at.saturating_sub(self.window_at));
                    return Ok(parse(self.window.get(from..).unwrap_or_default(), at, len));
                }
                Found::Damaged(error) => {
                    self.report(&error);
                    is_in_step = false;
                    self.skip(ALIGNMENT);
                }
                Found::Nothing(len) => self.skip(len.max(ALIGNMENT)),
            }
        }
        Ok(None)
    }

    /// Goes on `len` bytes farther, at a multiple of four.
    fn skip(&mut self, len: u64) {
        let next = self.at.saturating_add(len);
        let next = next.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX);
        self.without = self.without.saturating_add(next.saturating_sub(self.at));
        self.at = next;
    }

    fn here(&self) -> &[u8] {
        self.window.get(as_usize(self.at.saturating_sub(self.window_at))..).unwrap_or_default()
    }

    /// Sees to it that the window has the descriptor that begins here, as far as the directory has it.
    ///
    /// # Errors
    /// Why the bytes from here on cannot be read, and how many they are.
    fn fill(&mut self) -> Result<(), (Error, u64)> {
        let have = as_u64(self.here().len());
        if self.is_cut && have > 0 {
            return Ok(());
        }
        let needed = length(self.here()).unwrap_or(0);
        let left = self.end.saturating_sub(self.at);
        // So that the one behind it can be looked at, too.
        let wanted = needed.saturating_add(as_u64(size_of::<raw::FileIdentifier>())).min(left);
        if have >= wanted {
            return Ok(());
        }
        // As far as everything can be read.
        let mut len: u64 = 0;
        self.is_cut = false;
        for piece in self.data.pieces(self.at, WINDOW.min(left)) {
            match piece {
                Piece::Lost { error, len: lost } if len == 0 => return Err(((*error).clone(), lost)),
                Piece::Lost { .. } => {
                    self.is_cut = true;
                    break;
                }
                Piece::Run { at, len: run } if !self.space.volume.contains(at, run) => {
                    let there = self.space.volume.available(at, run);
                    if len.saturating_add(there) == 0 {
                        let allowed = self.space.volume.bounds();
                        let wrong =
                            Corrupt::new("directory", self.entry_at, "extent", format!("byte {at}"), allowed);
                        return Err((wrong.into(), run));
                    }
                    len = len.saturating_add(there);
                    self.is_cut = true;
                    break;
                }
                piece => len = len.saturating_add(piece.len()),
            }
        }
        self.window.resize(as_usize(len), 0);
        self.window_at = self.at;
        read_stored(&self.space.volume, &self.data, self.at, &mut self.window).map_err(|error| {
            self.window.clear();
            (error, self.space.block_size)
        })
    }

    /// What begins here.
    fn look(&self) -> Found {
        let here = self.here();
        let wrong = |field, found: &dyn std::fmt::Display, allowed: &'static str| -> Error {
            let found = format!("{found} (byte {} of the directory)", self.at);
            Corrupt::new(STRUCTURE, self.entry_at, field, found, allowed).into()
        };
        let Ok((raw, _)) = raw::FileIdentifier::ref_from_prefix(here) else {
            return Found::Damaged(wrong("length", &here.len(), "must be at least 38"));
        };
        let identifier = raw.tag.identifier.get();
        if identifier != raw::tag::FILE_IDENTIFIER {
            return Found::Damaged(wrong("tag identifier", &identifier, "must be 257"));
        }
        let Some(len) = length(here).filter(|len| *len <= as_u64(here.len())) else {
            return Found::Damaged(wrong("length", &raw.identifier_length, "past the end of the directory"));
        };
        if is_sound(here.get(..as_usize(len)).unwrap_or_default()) {
            return Found::Entry(len, None);
        }
        // The kernel shows entries with a wrong checksum or CRC; their lengths must be right then.
        let error = wrong("checksum or CRC", &"wrong", "must be that of the entry");
        if self.fits(len) { Found::Entry(len, Some(error)) } else { Found::Damaged(error) }
    }

    /// What begins here or behind, out of step: only what is in order in every part counts.
    fn search(&mut self) -> Found {
        let here = self.here();
        let identifier = raw::tag::FILE_IDENTIFIER.to_le_bytes();
        let ahead = here.chunks(as_usize(ALIGNMENT)).position(|word| word.starts_with(&identifier));
        match ahead.map(as_u64) {
            Some(0) => {}
            Some(words) => return Found::Nothing(words.saturating_mul(ALIGNMENT)),
            None => return Found::Nothing(as_u64(here.len())),
        }
        let Some((len, descriptor)) = length(here).and_then(|len| Some((len, here.get(..as_usize(len))?)))
        else {
            return Found::Nothing(ALIGNMENT);
        };
        let is_sound = is_sound(descriptor);
        self.verified = self.verified.saturating_add(len);
        if is_sound { Found::Entry(len, None) } else { Found::Nothing(ALIGNMENT) }
    }

    /// Whether the directory ends `len` bytes from here, or another descriptor begins there.
    fn fits(&self, len: u64) -> bool {
        if self.at.saturating_add(len) >= self.end {
            return true;
        }
        let behind = self.here().get(as_usize(len)..).unwrap_or_default();
        raw::FileIdentifier::ref_from_prefix(behind)
            .is_ok_and(|(raw, _)| raw.tag.identifier.get() == raw::tag::FILE_IDENTIFIER)
    }
}

/// The bytes that the descriptor at the start of `bytes` takes up, with its padding; `None` when there is none.
fn length(bytes: &[u8]) -> Option<u64> {
    let (raw, _) = raw::FileIdentifier::ref_from_prefix(bytes).ok()?;
    if raw.tag.identifier.get() != raw::tag::FILE_IDENTIFIER {
        return None;
    }
    let len = as_u64(size_of_val(raw))
        .saturating_add(raw.implementation_use_length.get().into())
        .saturating_add(raw.identifier_length.into());
    len.checked_next_multiple_of(ALIGNMENT)
}

/// Whether checksum and CRC of a descriptor are right. The CRC covers nothing behind it.
fn is_sound(descriptor: &[u8]) -> bool {
    let Ok((tag, body)) = raw::Tag::ref_from_prefix(descriptor) else { return false };
    let covered = body.get(..tag.crc_length.get().into());
    tag.checksum == tag::checksum(descriptor)
        && covered.is_some_and(|covered| tag::crc(covered) == tag.crc.get())
}

fn parse(bytes: &[u8], at: u64, len: u64) -> Option<Identifier<'_>> {
    let (raw, rest) = raw::FileIdentifier::ref_from_prefix(bytes).ok()?;
    let name_at = usize::from(raw.implementation_use_length.get());
    let name = rest.get(name_at..name_at.saturating_add(raw.identifier_length.into())).unwrap_or_default();
    let icb = Address::of(&raw.icb.location);
    Some(Identifier { characteristics: raw.characteristics, name, icb, at, len })
}
