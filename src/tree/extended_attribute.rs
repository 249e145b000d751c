//! Extended attributes: which of those that a disc has can be shown, and by which name each is found.

use std::collections::HashSet;

use super::Data;
use crate::limits;

/// What programs of macOS call their attributes. Linux lets programs without privileges copy only `user.` names, so that
/// these are found by such a name too.
const APPLE: &[u8] = b"com.apple.";

/// What Linux sets before the names that anyone may give.
const USER: &[u8] = b"user.";

/// A named value beside the content of a node.
#[derive(Debug, Clone)]
pub struct ExtendedAttribute {
    /// The whole name, as the kernel knows it: `user.x`, `com.apple.ResourceFork`.
    pub name: Box<[u8]>,
    /// The value; packed blocks are not read.
    pub value: Data,
}

impl ExtendedAttribute {
    /// Whether the kernel can ask for it: a name without NUL of 1 to [`limits::EXTENDED_ATTRIBUTE_NAME`] bytes, a value of at
    /// most [`limits::EXTENDED_ATTRIBUTE`].
    fn can_be_shown(&self) -> bool {
        (1..=limits::EXTENDED_ATTRIBUTE_NAME).contains(&self.name.len())
            && !self.name.contains(&0)
            && self.value.size() <= limits::EXTENDED_ATTRIBUTE
    }
}

/// The names that are listed, each once, in the order of the disc: as many as fit into
/// [`limits::EXTENDED_ATTRIBUTES`] bytes, each with a NUL.
pub(super) fn names(all: &[ExtendedAttribute]) -> Vec<Box<[u8]>> {
    let mut listed = HashSet::new();
    let mut room = limits::EXTENDED_ATTRIBUTES;
    let mut names = Vec::new();
    for attribute in all.iter().filter(|a| a.can_be_shown()) {
        let Some(left) = room.checked_sub(attribute.name.len().saturating_add(1)) else { break };
        if listed.insert(&attribute.name) {
            room = left;
            names.push(attribute.name.clone());
        }
    }
    names
}

/// The value of that name. `user.com.apple.x` is that of `com.apple.x`, unless the disc has both.
pub(super) fn find<'a>(all: &'a [ExtendedAttribute], name: &[u8]) -> Option<&'a Data> {
    let named = |name: &[u8]| all.iter().find(|a| *a.name == *name && a.can_be_shown()).map(|a| &a.value);
    let alias = || name.strip_prefix(USER).filter(|name| name.starts_with(APPLE)).and_then(named);
    named(name).or_else(alias)
}
