//! Bytes of the disc as those of the image file, which need not begin where its disc does: people and other programs count in the file.

use super::Volume;
use crate::error::{Corrupt, Error};

impl Volume {
    /// The byte of the image file that byte `at` of the disc is; `None` where it lies in front of the image.
    pub fn in_file(&self, at: u64) -> Option<u64> {
        at.checked_sub(self.start).map(|at| at.saturating_add(self.front))
    }

    /// The byte of the disc that byte `at` of the image file is; `None` where the disc begins behind it.
    pub fn on_disc(&self, at: u64) -> Option<u64> {
        at.checked_sub(self.front).map(|at| at.saturating_add(self.start))
    }

    /// A byte of the disc in words: `byte 2048`, as the image file counts.
    pub fn byte(&self, at: u64) -> String {
        match self.in_file(at) {
            Some(at) => format!("byte {at}"),
            None => format!("byte {at} of its disc, in front of the image"),
        }
    }

    /// What is wrong, with the place as the image file counts. What says that something lies outside of the image counts as the disc
    /// does, and says so.
    pub fn said(&self, error: &Error) -> String {
        match error {
            Error::Corrupt(corrupt) if corrupt.allowed != self.bounds() => match self.in_file(corrupt.at) {
                Some(at) => Corrupt { at, ..corrupt.clone() }.to_string(),
                None => corrupt.to_string(),
            },
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn bytes_are_those_of_the_file() {
        let source = Arc::new(vec![0u8; 100]);
        let same = Volume::new(source.clone(), 0);
        let cut = Volume::starting_at(1000, source.clone(), 0);
        let inner = Volume::new(source, 0).behind(500);
        let wrong = |at| Corrupt::new("structure", at, "field", 1, "must be 2").into();
        for (volume, at, byte) in [(same, 7, 7), (cut, 1007, 7), (inner, 7, 507)] {
            assert_eq!((volume.in_file(at), volume.on_disc(byte)), (Some(byte), Some(at)));
            assert_eq!(volume.byte(at), format!("byte {byte}"));
            assert_eq!(volume.said(&wrong(at)), format!("structure at byte {byte}: field is 1, must be 2"));
        }
        let cut = Volume::starting_at(1000, Arc::new(vec![0u8; 100]), 0);
        assert_eq!(cut.byte(10), "byte 10 of its disc, in front of the image");
        let error = cut.read(&mut [0; 8], 1096).unwrap_err();
        assert_eq!(cut.said(&error), error.to_string());
        assert!(error.to_string().contains("extent at byte 1096: end is byte 1104"), "{error}");
    }
}
