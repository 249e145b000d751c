//! AAIP 2.0 of libisofs: attributes and access control lists in `AL` entries of the system use field.

use std::borrow::Cow;

use crate::{
    bytes::as_usize,
    limits,
    tree::access_list::{self, AccessList, Who},
};

/// What libisofs calls what it keeps for itself: checksums, numbers of the original files.
pub(super) const PRIVATE: &[u8] = b"isofs.";

/// The names in front of a period that Linux knows, and the one of macOS.
const NAMESPACES: [&[u8]; 5] = [b"user.", b"trusted.", b"security.", b"system.", b"com.apple."];

/// One attribute as the disc has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attribute<'a> {
    /// What users see: a name with its namespace.
    Shown { name: Vec<u8>, value: Cow<'a, [u8]> },
    /// What libisofs keeps for itself: the whole name (`isofs.cx`).
    Private { name: Vec<u8>, value: Cow<'a, [u8]> },
    /// The lists that count for the node and, of a directory, for what is made in it.
    AccessLists { access: AccessList, default: AccessList },
    /// Access control lists that cannot be, and why.
    DamagedLists(&'static str),
}

/// The attributes of one record, as its `AL` entries bring them.
#[derive(Debug, Default)]
pub(super) struct AttributeList {
    /// The component areas, one behind the other: a component record may go on in the next entry.
    components: Vec<u8>,
    has_ended: bool,
}

impl AttributeList {
    /// Takes the bytes of an `AL` entry behind its header: flags and component area. What is behind the entry that ends the list
    /// is not of it.
    pub(super) fn push(&mut self, entry: &[u8]) {
        const CONTINUED: u8 = 0x01;
        let [flags, area @ ..] = entry else { return };
        if self.has_ended {
            return;
        }
        self.components.extend_from_slice(area);
        self.has_ended = flags & CONTINUED == 0;
    }

    /// The attributes in the order of the disc, at most [`limits::ATTRIBUTES`]; what is no whole pair of name and value is left
    /// out.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let mut rest = self.components.as_slice();
        let pairs = std::iter::from_fn(move || Some((component(&mut rest)?, component(&mut rest)?)));
        pairs.take(limits::ATTRIBUTES).filter_map(|(name, value)| attribute(&name, value))
    }
}

/// Whether an `AL` entry, given by the bytes behind its header, is a whole list without anything for users.
pub(super) fn is_private(entry: &[u8]) -> bool {
    let mut list = AttributeList::default();
    list.push(entry);
    list.has_ended && list.attributes().all(|attribute| matches!(attribute, Attribute::Private { .. }))
}

/// The component at the start of `rest`, which then begins behind it: the bytes of its records, one behind the other. `None` at
/// the end, and where it does not end.
fn component<'a>(rest: &mut &'a [u8]) -> Option<Cow<'a, [u8]>> {
    const CONTINUED: u8 = 0x01;
    let mut whole = Cow::Borrowed(&[][..]);
    loop {
        let [flags, length, behind @ ..] = *rest else { return None };
        let (bytes, behind) = behind.split_at_checked(usize::from(*length))?;
        *rest = behind;
        if whole.is_empty() {
            whole = Cow::Borrowed(bytes);
        } else {
            whole.to_mut().extend_from_slice(bytes);
        }
        if flags & CONTINUED == 0 {
            return Some(whole);
        }
    }
}

fn attribute<'a>(name: &[u8], value: Cow<'a, [u8]>) -> Option<Attribute<'a>> {
    if name.is_empty() {
        let lists = access_lists(&value).map(|(access, default)| Attribute::AccessLists { access, default });
        return Some(lists.unwrap_or_else(Attribute::DamagedLists));
    }
    let name = full_name(name)?;
    if name.starts_with(PRIVATE) {
        return Some(Attribute::Private { name, value });
    }
    // The kernel decodes these: they come from nowhere but a list that is one.
    if [access_list::ACCESS, access_list::DEFAULT].contains(&name.as_slice()) {
        return None;
    }
    let is_known = NAMESPACES.iter().any(|namespace| name.starts_with(namespace));
    let name = if is_known { name } else { [b"user.", name.as_slice()].concat() };
    Some(Attribute::Shown { name, value })
}

/// A name with its namespace, which can be recorded as one byte; `None` where that byte means nothing yet.
fn full_name(name: &[u8]) -> Option<Vec<u8>> {
    let namespace: &[u8] = match name {
        [0x01, ..] => b"",
        [0x02, ..] => b"system.",
        [0x03, ..] => b"user.",
        [0x04, ..] => PRIVATE,
        [0x05, ..] => b"trusted.",
        [0x06, ..] => b"security.",
        [0x07..=0x1f, ..] => return None,
        _ => return Some(name.to_vec()),
    };
    Some([namespace, name.get(1..).unwrap_or_default()].concat())
}

/// The lists in the binary form of AAIP: for the node, and for what is made in it.
fn access_lists(mut rest: &[u8]) -> Result<(AccessList, AccessList), &'static str> {
    const HAS_QUALIFIER: u8 = 0x08;
    const NO_NUMBER: &str = "with a number that is none";
    /// Entries that the value of an attribute has room for, behind its header.
    const MOST: u64 = (limits::EXTENDED_ATTRIBUTE - 4) / 8;
    let (mut access, mut default) = (AccessList::default(), AccessList::default());
    let mut is_default = false;
    while let [flags, behind @ ..] = rest {
        rest = behind;
        let mut qualifier = Vec::new();
        if flags & HAS_QUALIFIER != 0 {
            qualifier = self::qualifier(&mut rest).ok_or("cut off")?;
        }
        let who = match flags >> 4 {
            1 => Who::Owner,
            3 => Who::OwningGroup,
            5 => Who::Mask,
            6 => Who::Others,
            8 => {
                is_default = true;
                continue;
            }
            10 => Who::User(number(&qualifier).ok_or(NO_NUMBER)?),
            12 => Who::Group(number(&qualifier).ok_or(NO_NUMBER)?),
            // The draft 0.2 had users and groups by name.
            2 | 4 => {
                let text = std::str::from_utf8(&qualifier).ok().and_then(|text| text.parse().ok());
                let Some(id) = text.filter(|id| *id != u32::MAX) else { continue };
                if flags >> 4 == 2 { Who::User(id) } else { Who::Group(id) }
            }
            // Names of numbers (0), and what is of later versions.
            _ => continue,
        };
        let list = if is_default { &mut default } else { &mut access };
        list.add(who, *flags);
        if list.len() >= as_usize(MOST) {
            return Err("of more entries than Linux has room for");
        }
    }
    Ok((access, default))
}

/// The qualifier at the start of `rest`, which then begins behind it; `None` where it does not end.
fn qualifier(rest: &mut &[u8]) -> Option<Vec<u8>> {
    const CONTINUED: u8 = 0x80;
    let mut whole = Vec::new();
    loop {
        let [head, behind @ ..] = *rest else { return None };
        let (bytes, behind) = behind.split_at_checked(usize::from(head & !CONTINUED))?;
        *rest = behind;
        whole.extend_from_slice(bytes);
        if head & CONTINUED == 0 {
            return Some(whole);
        }
    }
}

/// A number of up to four bytes, the highest first. The highest number stands for nobody.
fn number(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > size_of::<u32>() {
        return None;
    }
    let number = bytes.iter().fold(0u32, |number, byte| (number << 8) | u32::from(*byte));
    Some(number).filter(|number| *number != u32::MAX)
}
