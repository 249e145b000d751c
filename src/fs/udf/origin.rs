//! Where an image begins on its disc, as its anchor tells.

use zerocopy::FromBytes;

use super::{
    anchor::Extent,
    raw::{self, tag},
    tag::Descriptor,
};
use crate::{fs::session::SECTOR, volume::Volume};

/// The sector of the first anchor of a session, ECMA-167 3/8.4.2.1.
const ANCHOR: u64 = 256;

/// The sector of its disc at which an image begins whose first anchor says that it lies elsewhere, and whose volume descriptors lie as far
/// in front of their places. `None` for any other.
pub(in crate::fs) fn first_sector(volume: &Volume) -> Option<u64> {
    let at = ANCHOR.saturating_mul(SECTOR);
    let mut head = [0; size_of::<raw::Tag>()];
    volume.peek(&mut head, at).ok()?;
    let tag = raw::Tag::ref_from_bytes(&head).ok()?;
    let location = tag.location.get();
    let front = u64::from(location).checked_sub(ANCHOR).filter(|front| *front > 0)?;
    if tag.identifier.get() != tag::ANCHOR {
        return None;
    }
    let anchor = Descriptor::read_once(volume, at, SECTOR, location).ok()?;
    let (anchor, _) = raw::Anchor::ref_from_prefix(anchor.bytes()).ok()?;
    let first = Extent::of(anchor.main, SECTOR).block;
    let at = u64::from(first).checked_sub(front)?.saturating_mul(SECTOR);
    Descriptor::read_once(volume, at, SECTOR, first).is_ok().then_some(front)
}
