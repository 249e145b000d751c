//! Where the addresses of a disc count from: an image need not begin where its disc does.

use super::{Options, Session, iso9660, session, udf};
use crate::volume::Volume;

/// How an image and its disc lie to each other. Sectors have 2 048 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The image begins where its disc does.
    Same,
    /// The image was cut out of a disc: it begins at this sector of it, from which on its addresses count all the same.
    OfDisc(u64),
    /// The disc begins at this sector of the image, and its addresses count from there.
    OfImage(u64),
}

impl Origin {
    /// What is known of an image, and what `options` say of it. An image is taken for a part of a disc where its first session leads
    /// to places that it does not have, while what should be there lies in it, all as far in front; a session for a disc of its own
    /// where it is asked for by its sector and its root lies in front of it.
    pub fn of(volume: &Volume, options: &Options) -> Self {
        if let Some(Session::Start(sector)) = options.session
            && sector > 0
            && iso9660::counts_from_itself(volume, sector)
        {
            return Self::OfImage(sector);
        }
        let found = || iso9660::first_sector(volume).or_else(|| udf::first_sector(volume));
        match options.first_sector.or_else(found) {
            None | Some(0) => Self::Same,
            Some(sector) => Self::OfDisc(sector),
        }
    }

    /// The bytes between the two beginnings.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Same => 0,
            Self::OfDisc(sector) | Self::OfImage(sector) => sector.saturating_mul(session::SECTOR),
        }
    }
}

/// What is told of an image that was cut out of a disc.
pub(super) fn note(volume: &Volume) -> Option<String> {
    let sector = session::first(volume);
    (sector > 0).then(|| {
        format!("the image begins at sector {sector} of its disc; what lies in front of that cannot be read")
    })
}
