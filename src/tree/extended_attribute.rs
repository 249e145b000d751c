//! Extended attributes: which of those that a disc has can be shown, and by which name each is found.

use std::collections::HashSet;

use super::EXTENTS;
use crate::limits;

/// What programs of macOS call their attributes. Linux lets programs without privileges copy only `user.` names, so that
/// these are found by such a name too.
const APPLE: &[u8] = b"com.apple.";

/// What Linux sets before the names that anyone may give.
const USER: &[u8] = b"user.";

/// A named value beside the content of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedAttribute {
    /// The whole name, as the kernel knows it: `user.x`, `com.apple.ResourceFork`.
    pub name: Box<[u8]>,
    /// Bytes of the value.
    pub size: u64,
}

/// Whether the kernel can ask for an attribute of that name: 1 to [`limits::EXTENDED_ATTRIBUTE_NAME`] bytes without NUL.
fn is_name(name: &[u8]) -> bool {
    (1..=limits::EXTENDED_ATTRIBUTE_NAME).contains(&name.len()) && !name.contains(&0)
}

/// The names that are listed, each once, in the order of the disc: as many as fit into
/// [`limits::EXTENDED_ATTRIBUTES`] bytes, each with a NUL.
pub(super) fn names(all: &[ExtendedAttribute]) -> Vec<Box<[u8]>> {
    let mut listed = HashSet::new();
    let mut room = limits::EXTENDED_ATTRIBUTES;
    let mut names = Vec::new();
    // What an image has under the name of what is told of every file came there as a copy.
    for attribute in all.iter().filter(|a| is_name(&a.name) && *a.name != *EXTENTS) {
        // Of several of one name the first counts, also when it is too large.
        if !listed.insert(&attribute.name) || attribute.size > limits::EXTENDED_ATTRIBUTE {
            continue;
        }
        let Some(left) = room.checked_sub(attribute.name.len().saturating_add(1)) else { break };
        room = left;
        names.push(attribute.name.clone());
    }
    names
}

/// The names by which a disc may have the attribute that is asked for: `user.com.apple.x` can be that of `com.apple.x`, unless
/// the disc has both.
pub(super) fn spellings(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let plain = name.strip_prefix(USER).filter(|name| name.starts_with(APPLE));
    std::iter::once(name).filter(|name| is_name(name)).chain(plain)
}
