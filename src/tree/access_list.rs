//! POSIX access control lists, in the form in which the kernel hands them out: version 2 of `posix_acl_xattr.h`.

use std::collections::BTreeMap;

use crate::{bytes::u32_le, limits};

/// The attribute of the list that counts for a file.
pub const ACCESS: &[u8] = b"system.posix_acl_access";

/// The attribute of the list that files get which are made in a directory.
pub const DEFAULT: &[u8] = b"system.posix_acl_default";

/// In front of the entries.
const VERSION: u32 = 2;

/// What stands for the number of whoever has none.
const NO_NUMBER: u32 = u32::MAX;

/// Whom an entry is for, in the order in which the kernel wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Who {
    Owner,
    User(u32),
    OwningGroup,
    Group(u32),
    /// The most that users and groups (but for the owner and others) can have.
    Mask,
    Others,
}

/// An access control list: three bits (read, write, execute) for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessList(BTreeMap<Who, u8>);

impl AccessList {
    /// Adds an entry; of several for the same the first counts.
    pub fn add(&mut self, who: Who, permissions: u8) {
        self.0.entry(who).or_insert(permissions & 7);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it says no more than nine permission bits do.
    pub fn is_minimal(&self) -> bool {
        self.0.keys().all(|who| matches!(who, Who::Owner | Who::OwningGroup | Who::Others))
    }

    /// The list with what every one has to have: entries that it lacks are as the permissions `mode` say.
    #[must_use]
    pub fn completed(mut self, mode: u16) -> Self {
        let [owner, group, others] = bits(mode);
        self.add(Who::Owner, owner);
        self.add(Who::OwningGroup, group);
        self.add(Who::Others, others);
        if self.0.keys().any(|who| matches!(who, Who::User(_) | Who::Group(_))) {
            self.add(Who::Mask, group);
        }
        self
    }

    /// The list as chmod(2) leaves it: the owner, others, and the mask (or, without one, the owning group) have what the
    /// permissions `mode` say.
    #[must_use]
    pub fn with_mode(mut self, mode: u16) -> Self {
        let [owner, group, others] = bits(mode);
        let of_group = if self.0.contains_key(&Who::Mask) { Who::Mask } else { Who::OwningGroup };
        self.0.extend([(Who::Owner, owner), (of_group, group), (Who::Others, others)]);
        self
    }

    /// The list in `value`; `None` when it is none.
    pub fn from_kernel(value: &[u8]) -> Option<Self> {
        let (version, entries) = value.split_first_chunk()?;
        if u32::from_le_bytes(*version) != VERSION
            || value.len() > crate::bytes::as_usize(limits::EXTENDED_ATTRIBUTE)
        {
            return None;
        }
        let (entries, rest) = entries.as_chunks::<8>();
        if !rest.is_empty() {
            return None;
        }
        let mut list = Self::default();
        for entry in entries {
            let [tag, _, permissions, ..] = entry;
            let id = u32_le(entry, 4)?;
            list.add(who(*tag, id)?, *permissions);
        }
        Some(list)
    }

    /// The value that the kernel expects.
    pub fn to_kernel(&self) -> Vec<u8> {
        let entries = self.0.iter().flat_map(|(who, permissions)| {
            let (tag, id) = tag(*who);
            let [a, b, c, d] = id.to_le_bytes();
            [tag, 0, *permissions, 0, a, b, c, d]
        });
        VERSION.to_le_bytes().into_iter().chain(entries).collect()
    }
}

/// What the permissions have for owner, group and others.
fn bits(mode: u16) -> [u8; 3] {
    [6, 3, 0].map(|shift: u32| u8::try_from((mode >> shift) & 7).unwrap_or(0))
}

fn tag(who: Who) -> (u8, u32) {
    match who {
        Who::Owner => (0x01, NO_NUMBER),
        Who::User(id) => (0x02, id),
        Who::OwningGroup => (0x04, NO_NUMBER),
        Who::Group(id) => (0x08, id),
        Who::Mask => (0x10, NO_NUMBER),
        Who::Others => (0x20, NO_NUMBER),
    }
}

fn who(tag: u8, id: u32) -> Option<Who> {
    let all = [Who::Owner, Who::User(id), Who::OwningGroup, Who::Group(id), Who::Mask, Who::Others];
    all.into_iter().find(|who| self::tag(*who).0 == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(Who, u8)]) -> AccessList {
        let mut list = AccessList::default();
        entries.iter().for_each(|(who, permissions)| list.add(*who, *permissions));
        list
    }

    #[test]
    fn entries_are_in_the_order_of_the_kernel() {
        let list = list(&[
            (Who::Others, 4),
            (Who::User(9), 6),
            (Who::User(1), 7),
            (Who::User(9), 0),
            (Who::Group(3), 1),
        ]);
        let value = list.clone().completed(0o640).to_kernel();
        let tags: Vec<(u8, u8, u8)> = value[4..].chunks(8).map(|e| (e[0], e[2], e[4])).collect();
        let ff = 0xff;
        let expected =
            [(1, 6, ff), (2, 7, 1), (2, 6, 9), (4, 4, ff), (8, 1, 3), (0x10, 4, ff), (0x20, 4, ff)];
        assert_eq!(tags, expected);
        assert_eq!(AccessList::from_kernel(&value), Some(list.completed(0o640)));
    }

    #[test]
    fn a_mode_goes_to_the_mask_as_with_chmod() {
        let named = list(&[
            (Who::Owner, 7),
            (Who::User(5), 7),
            (Who::OwningGroup, 5),
            (Who::Mask, 7),
            (Who::Others, 5),
        ]);
        let expected = list(&[
            (Who::Owner, 6),
            (Who::User(5), 7),
            (Who::OwningGroup, 5),
            (Who::Mask, 4),
            (Who::Others, 0),
        ]);
        assert_eq!(named.with_mode(0o640), expected);
        let plain = list(&[(Who::Owner, 7), (Who::OwningGroup, 5), (Who::Others, 5)]);
        assert!(plain.is_minimal());
        assert_eq!(plain.with_mode(0o640), AccessList::default().completed(0o640));
    }

    #[test]
    fn what_is_no_list_is_none() {
        for value in [
            &b""[..],
            b"\x02\0\0",
            b"\x01\0\0\0",
            b"\x02\0\0\0\x01\0\x07\0",
            b"\x02\0\0\0\x03\0\x07\0\0\0\0\0",
        ] {
            assert_eq!(AccessList::from_kernel(value), None, "{value:?}");
        }
        assert_eq!(AccessList::from_kernel(b"\x02\0\0\0"), Some(AccessList::default()));
    }
}
