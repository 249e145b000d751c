//! El Torito: the images that a disc can be started from, by the catalog that the boot record of the session leads to.

mod catalog;
mod raw;
mod search;
mod size;

use zerocopy::FromBytes;

use super::{
    descriptor::{self, VolumeTree},
    raw::SECTOR,
    session,
};
use crate::{
    error::{Corrupt, Error, Findings, Result},
    fs::{
        Options,
        boot::{BootCatalog, BootImage, Surroundings},
        session::Session as Wanted,
    },
    text,
    volume::Volume,
};

/// Sectors from the start of a session to its boot record, El Torito 2.0.
const BOOT_RECORD: u64 = 17;

/// What is needed of the session that the catalog belongs to.
struct Session {
    /// Sector at which it begins.
    start: u64,
    /// Bytes from the start of the image to the end of the volume.
    end: u64,
    /// The tree in which boot images may be files.
    tree: Option<VolumeTree>,
    /// Byte offset of the catalog.
    catalog_at: u64,
}

impl Session {
    /// Where an image that begins at byte `at` ends at the latest: with the image file, the volume, or a partition that `at` is in.
    fn end_of(&self, volume: &Volume, at: u64, around: &Surroundings<'_>) -> u64 {
        let holding = around.partitions.iter().map(|(start, size)| (*start, start.saturating_add(*size)));
        let ends = holding.filter(|(start, end)| *start <= at && at < *end).map(|(_, end)| end);
        ends.fold(volume.len().max(self.end), u64::max)
    }
}

/// The boot catalog of the session that `options` want; `None` when it has none. What is wrong with it is added to `findings`, and costs
/// what it describes.
///
/// # Errors
/// [`Error::Io`] when the storage fails.
pub(in crate::fs) fn catalog(
    volume: &Volume,
    options: &Options,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Result<Option<BootCatalog>> {
    let Some(session) = session(volume, options)? else { return Ok(None) };
    let Some(catalog) = catalog::read(volume, session.catalog_at, findings)? else { return Ok(None) };
    let sizes = size::sizes(volume, &session, &catalog.entries, around)?;
    let images = (1..).zip(catalog.entries).zip(sizes).map(|((number, entry), (size, size_by))| {
        let at = entry.at();
        if at >= volume.len() {
            let allowed = format!("the image ends at byte {}", volume.len());
            let wrong =
                Corrupt::new("boot catalog", session.catalog_at, "start of an image", entry.start, allowed);
            findings.noted.push(wrong);
        }
        BootImage {
            number,
            platform: entry.platform,
            id: entry.id,
            is_bootable: entry.is_bootable,
            emulation: entry.emulation,
            load_segment: entry.load_segment,
            system_type: entry.system_type,
            load_size: entry.load_size,
            at,
            size,
            size_by,
        }
    });
    let images = images.collect();
    Ok(Some(BootCatalog { at: session.catalog_at, platform: catalog.platform, id: catalog.id, images }))
}

/// The wanted session, when it has a boot record. Where there are no descriptors of ISO 9660, or they are damaged, that is looked for
/// where firmware does: a disc of UDF may have it alone.
fn session(volume: &Volume, options: &Options) -> Result<Option<Session>> {
    let sessions = readable(session::find(volume))?.unwrap_or_default();
    if let Some(set) = readable(session::wanted(volume, &sessions, options))? {
        let end = set.end();
        let tree = set.primary.or(set.enhanced).or(set.joliet.map(|(tree, _)| tree));
        return Ok(set.boot_catalog.map(|catalog_at| Session { start: set.start, end, tree, catalog_at }));
    }
    let start = match options.session {
        None | Some(Wanted::Number(1)) => 0,
        Some(Wanted::Start(sector)) => sector,
        Some(Wanted::Number(_)) => return Ok(None),
    };
    let at = start.saturating_add(BOOT_RECORD).saturating_mul(SECTOR);
    let catalog_at = readable(descriptor::boot_catalog_at(volume, at))?.flatten();
    Ok(catalog_at.map(|catalog_at| Session { start, end: 0, tree: None, catalog_at }))
}

/// What could be read; `None` where something is damaged or not there.
fn readable<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error @ Error::Io { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The byte offset of the catalog that a boot record leads to; `None` when it is not one of El Torito.
pub(super) fn catalog_at(boot_record: &[u8]) -> Option<u64> {
    let (record, _) = raw::BootRecord::ref_from_prefix(boot_record).ok()?;
    let is_ours = text::trimmed(&record.system_identifier) == b"EL TORITO SPECIFICATION";
    is_ours.then(|| u64::from(record.catalog.get()).saturating_mul(SECTOR))
}
