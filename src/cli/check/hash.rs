//! Checksums of bytes as they come.

use md5::digest::DynDigest;

use crate::tree::Algorithm;

/// A checksum that is being made.
pub(super) type Hasher = Box<dyn DynDigest + Send>;

/// One of nothing yet.
pub(super) fn hasher(algorithm: Algorithm) -> Hasher {
    match algorithm {
        Algorithm::Md5 => Box::new(md5::Md5::default()),
        Algorithm::Sha1 => Box::new(sha1::Sha1::default()),
        Algorithm::Sha224 => Box::new(sha2::Sha224::default()),
        Algorithm::Sha256 => Box::new(sha2::Sha256::default()),
        Algorithm::Sha384 => Box::new(sha2::Sha384::default()),
        Algorithm::Sha512 => Box::new(sha2::Sha512::default()),
    }
}

/// What the checksum would be if nothing more came.
pub(super) fn so_far(hasher: &Hasher) -> Box<[u8]> {
    hasher.box_clone().finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hex;

    #[test]
    fn every_algorithm_is_the_one_it_is_called() {
        // Of the three letters `abc`, RFC 1321 and FIPS 180-4.
        for (algorithm, expected) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let mut hasher = hasher(algorithm);
            hasher.update(b"ab");
            let _ = so_far(&hasher);
            hasher.update(b"c");
            assert_eq!(hex(&hasher.finalize()), expected);
        }
        for (algorithm, _, len) in Algorithm::ALL {
            assert_eq!(hasher(algorithm).finalize().len(), len);
            assert_eq!(Algorithm::of_length(len), Some(algorithm));
        }
    }
}
