//! Checksums that a disc keeps.

use super::Data;

/// How a checksum is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Algorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// Every one, with its word and the bytes of its checksums.
    pub const ALL: [(Self, &'static str, usize); 6] = [
        (Self::Md5, "md5", 16),
        (Self::Sha1, "sha1", 20),
        (Self::Sha224, "sha224", 28),
        (Self::Sha256, "sha256", 32),
        (Self::Sha384, "sha384", 48),
        (Self::Sha512, "sha512", 64),
    ];

    /// The word for it, in lower case.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(_, word, _)| word)
    }

    /// The one of that word, in any case, with or without a `-` in it.
    pub fn named(word: &str) -> Option<Self> {
        let plain = word.replace('-', "").to_ascii_lowercase();
        Self::ALL.iter().find(|(_, known, _)| *known == plain).map(|(one, ..)| *one)
    }

    /// The one whose checksums have so many bytes.
    pub fn of_length(bytes: usize) -> Option<Self> {
        Self::ALL.iter().find(|(.., length)| *length == bytes).map(|(one, ..)| *one)
    }
}

/// A checksum that a disc keeps of one file.
#[derive(Debug, Clone)]
pub struct Checksum {
    /// How it is made.
    pub algorithm: Algorithm,
    /// What it must be.
    pub digest: Box<[u8]>,
    /// The bytes that it is made of, as they are stored: of a packed file the packed ones.
    pub of: Data,
}
