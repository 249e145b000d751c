//! The targets of symbolic links, ECMA-167 4/14.16.

use zerocopy::FromBytes;

use super::{name, raw::PathComponent};
use crate::error::{Corrupt, Error, Result};

/// Kinds of path components, ECMA-167 4/14.16.1.1.
mod kind {
    pub(super) const AGREED_ROOT: u8 = 1;
    pub(super) const ROOT: u8 = 2;
    pub(super) const PARENT: u8 = 3;
    pub(super) const CURRENT: u8 = 4;
    pub(super) const NAME: u8 = 5;
}

/// The path that these components make, as the kernel shows it. `at` is where the link's file entry lies.
///
/// A root begins the path anew. A component that stands for a place agreed upon by others (1, with an identifier) is left
/// out. In a name `/` and NUL become `_`.
///
/// # Errors
/// [`Error::Corrupt`] when a component is longer than what is left, or has a name that cannot be read.
pub(super) fn target(mut components: &[u8], at: u64) -> Result<Vec<u8>> {
    let wrong = |field, found: &dyn std::fmt::Display, allowed| -> Error {
        Corrupt::new("path component", at, field, found, allowed).into()
    };
    let mut path = Vec::new();
    while let Ok((component, rest)) = PathComponent::ref_from_prefix(components) {
        let length = usize::from(component.identifier_length);
        let Some((identifier, behind)) = rest.split_at_checked(length) else {
            return Err(wrong("identifier length", &length, "longer than the rest of the link"));
        };
        components = behind;
        match component.kind {
            kind::AGREED_ROOT if length > 0 => {}
            kind::AGREED_ROOT | kind::ROOT => path = b"/".to_vec(),
            kind::PARENT => path.extend_from_slice(b"../"),
            kind::CURRENT => path.extend_from_slice(b"./"),
            kind::NAME => {
                let name = name::decode(identifier)
                    .map_err(|unknown| wrong("compression identifier", &unknown.0, "must be 8 or 16"))?;
                path.extend(name.bytes().map(|byte| if matches!(byte, b'/' | 0) { b'_' } else { byte }));
                path.push(b'/');
            }
            _ => {}
        }
    }
    if path.len() > 1 {
        path.pop();
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(components: &[(u8, &[u8])]) -> String {
        let bytes: Vec<u8> = components
            .iter()
            .flat_map(|(kind, name)| [&[*kind, name.len() as u8, 0, 0][..], name].concat())
            .collect();
        String::from_utf8(target(&bytes, 0).unwrap()).unwrap()
    }

    #[test]
    fn every_kind_of_component() {
        assert_eq!(shown(&[(5, b"\x08a"), (5, b"\x10\x20\xac")]), "a/€");
        assert_eq!(shown(&[(2, b""), (5, b"\x08usr"), (5, b"\x08lib")]), "/usr/lib");
        assert_eq!(shown(&[(1, b""), (5, b"\x08x")]), "/x");
        assert_eq!(shown(&[(1, b"\x08disc"), (5, b"\x08x")]), "x");
        assert_eq!(shown(&[(3, b""), (3, b""), (4, b""), (5, b"\x08x")]), "../.././x");
        assert_eq!(shown(&[(2, b"")]), "/");
        assert_eq!(shown(&[(5, b"\x08a"), (2, b""), (5, b"\x08b")]), "/b", "a root begins anew");
        assert_eq!(shown(&[(5, b"\x08a/b\0")]), "a_b_");
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(target(&[5, 9, 0, 0, 8, b'a'], 0).is_err());
        assert!(target(&[5, 2, 0, 0, 7, b'a'], 0).is_err());
        assert_eq!(target(&[5, 2, 0], 0).unwrap(), b"", "half a component");
    }
}
