//! Extended attributes: what the standard and its extensions keep of a node beside Rock Ridge.

use std::{
    borrow::Cow,
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{
    Iso9660,
    aaip::{self, Attribute, AttributeList},
    amiga::Amiga,
    apple::{self, FinderInfo},
    extended_attribute_record::{self, ExtendedAttributeRecord},
    hard_link,
    raw::ExtendedArchitecture,
    record::{Layout, Record, RecordBuffer},
    susp::{self, Entry, Reach},
    xa,
};
use crate::{
    bytes::as_u64,
    error::{Corrupt, Error, Result},
    fs::{FINDER_INFO, RESOURCE_FORK},
    tree::{
        Data, ExtendedAttribute, FileSystem, Kind, NodeId, Place,
        access_list::{self, AccessList},
    },
};

const STRUCTURE: &str = "directory record";

/// What Linux sets before names that are not for everyone. Attribute lists alone have such.
const RESTRICTED: [&[u8]; 3] = [b"trusted.", b"security.", b"system."];

/// Names and values, in the order of the disc; of several of one name the first counts.
type Found = Vec<(Box<[u8]>, Data)>;

/// What was met of attributes so far. A node is not known before the directory was listed in which it is, so that as long as nothing
/// was met no node that is asked for has any.
#[derive(Debug, Default)]
pub(super) struct Met {
    any: AtomicBool,
    /// In attribute lists.
    listed: AtomicBool,
    associated: AtomicBool,
}

/// What entries of a system use field have of attributes.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Attributes {
    /// An attribute list (`AL`).
    has_list: bool,
    /// One in which there is something for users.
    has_shown_list: bool,
    /// Something of Apple or Amiga (`AA`, `AS`).
    has_others: bool,
}

impl Attributes {
    pub(super) fn take(&mut self, entry: Entry<'_>) {
        match &entry.signature {
            &susp::ATTRIBUTE_LIST => {
                self.has_list = true;
                self.has_shown_list |= !aaip::is_private(entry.data);
            }
            b"AA" | b"AS" => self.has_others = true,
            _ => {}
        }
    }
}

/// What the system use field of one record says of attributes.
#[derive(Default)]
struct Fields {
    list: AttributeList,
    finder_info: Option<FinderInfo>,
    amiga: Amiga,
}

impl Fields {
    fn take(&mut self, entry: Entry<'_>) {
        match &entry.signature {
            &susp::ATTRIBUTE_LIST => self.list.push(entry.data),
            b"AA" => self.finder_info = self.finder_info.or_else(|| apple::finder_info(entry)),
            b"AS" => self.amiga.push(entry.data),
            _ => {}
        }
    }
}

impl Iso9660 {
    /// Whether a node that was listed may have attributes.
    pub(super) fn has_attributes(&self) -> bool {
        self.met.any.load(Ordering::Relaxed)
    }

    /// Whether one may have an attribute of that name.
    pub(super) fn may_have_attribute(&self, name: &[u8]) -> bool {
        let is_restricted = RESTRICTED.iter().any(|namespace| name.starts_with(namespace));
        if is_restricted { self.met.listed.load(Ordering::Relaxed) } else { self.has_attributes() }
    }

    /// Takes notice of what a record has beside Rock Ridge.
    pub(super) fn meet(&self, record: &Record<'_>) {
        let is_associated = record.is_associated();
        if is_associated {
            self.met.associated.store(true, Ordering::Relaxed);
        }
        let has_any = || {
            let field = self.field(record);
            is_associated
                || record.extended_attribute_length > 0
                || field.starts_with(b"AA")
                || field.starts_with(b"BA")
                || self.xa(record).is_some()
        };
        if !self.met.any.load(Ordering::Relaxed) && has_any() {
            self.met.any.store(true, Ordering::Relaxed);
        }
        // Nobody decodes a directory's own record for Rock Ridge.
        if record.is_self() && self.rock_ridge.is_some() {
            let mut attributes = Attributes::default();
            susp::visit(self.field(record), |entry| attributes.take(entry));
            self.meet_entries(attributes);
        }
    }

    /// The same of entries among those of Rock Ridge.
    pub(super) fn meet_entries(&self, attributes: Attributes) {
        if attributes.has_list {
            self.described.met_list();
        }
        if attributes.has_shown_list {
            self.met.listed.store(true, Ordering::Relaxed);
        }
        if attributes.has_shown_list || attributes.has_others {
            self.met.any.store(true, Ordering::Relaxed);
        }
    }

    /// The attributes of a node that users see.
    pub(super) fn attributes(&self, id: NodeId) -> Result<Found> {
        let mut found = Found::new();
        for buffer in self.describing(id)? {
            self.attributes_in(id, &buffer.record()?, &mut found)?;
        }
        if !found.is_empty() {
            self.met.any.store(true, Ordering::Relaxed);
        }
        Ok(found)
    }

    /// Names and sizes of these.
    pub(super) fn attribute_names(&self, id: NodeId) -> Result<Vec<ExtendedAttribute>> {
        let name = |(name, data): (_, Data)| ExtendedAttribute { name, size: data.size() };
        Ok(self.attributes(id)?.into_iter().map(name).collect())
    }

    /// An attribute that libisofs keeps for itself, by its whole name.
    pub(super) fn private_attribute_of(&self, id: NodeId, wanted: &[u8]) -> Result<Option<Vec<u8>>> {
        for buffer in self.describing(id)? {
            let fields = self.fields(&buffer.record()?);
            let found = fields.list.attributes().find_map(|attribute| match attribute {
                Attribute::Private { name, value } if name == wanted => Some(value.into_owned()),
                _ => None,
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The records that say something of a node: of a directory that in the directory above comes first.
    fn describing(&self, id: NodeId) -> Result<Vec<RecordBuffer>> {
        if id.0 == self.tree.root_record_at {
            return Ok(vec![self.tree.root_record(&self.volume)?]);
        }
        let at = if hard_link::is_hard_link(id) { self.hard_links.record_at(id, self)? } else { id.0 };
        let own = RecordBuffer::read(&self.volume, at, self.tree.layout)?;
        let above = if own.record()?.is_self() { self.described(id)? } else { None };
        Ok(above.into_iter().chain([own]).collect())
    }

    /// The attributes in one record. What is damaged costs itself.
    fn attributes_in(&self, id: NodeId, record: &Record<'_>, found: &mut Found) -> Result<()> {
        let fields = self.fields(record);
        for attribute in fields.list.attributes() {
            self.met.listed.store(true, Ordering::Relaxed);
            match attribute {
                Attribute::Shown { name, value } => found.push((name.into(), inline(value))),
                Attribute::AccessLists { access, default } => {
                    self.push_access_lists(id, record, access, default, found)?;
                }
                Attribute::DamagedLists(what) => {
                    let allowed = "entries that are whole, at most 8190";
                    let wrong = Corrupt::new(STRUCTURE, record.at, "access control list", what, allowed);
                    self.damage.report(&wrong.into());
                }
                Attribute::Private { .. } => {}
            }
        }
        if let Some(info) = fields.finder_info {
            found.push((FINDER_INFO.into(), inline(info[..].into())));
        }
        if self.met.associated.load(Ordering::Relaxed) && !self.show_associated {
            match self.associated(record) {
                Ok(Some(fork)) => found.push((RESOURCE_FORK.into(), fork)),
                Ok(None) => {}
                Err(error) => self.damage.report(&error),
            }
        }
        let xa = self.xa(record).map(xa::attributes).unwrap_or_default();
        let texts = fields.amiga.attributes().chain(xa);
        found.extend(texts.map(|(name, value)| (name.into(), inline(value.into()))));
        if let Err(error) = self.push_extended_attribute_record(record, found) {
            self.damage.report(&error);
        }
        Ok(())
    }

    /// Adds access control lists where Linux has them: a link has none, and only a directory has one for what is made in it. A list that
    /// says no more than the mode is none.
    fn push_access_lists(
        &self,
        id: NodeId,
        record: &Record<'_>,
        access: AccessList,
        default: AccessList,
        found: &mut Found,
    ) -> Result<()> {
        let kind = self.node(id)?.attributes.kind;
        let posix = self.rock_ridge(record).and_then(|rock_ridge| rock_ridge.posix);
        let mode = posix.and_then(|px| u16::try_from(px.mode & 0o777).ok()).unwrap_or(0);
        if !access.is_minimal() && kind != Kind::Symlink {
            let value = access.completed(mode).to_kernel();
            found.push((access_list::ACCESS.into(), inline(value.into())));
        }
        if !default.is_empty() && kind == Kind::Directory {
            let value = default.completed(mode).to_kernel();
            found.push((access_list::DEFAULT.into(), inline(value.into())));
        }
        Ok(())
    }

    /// Adds what the extended attribute record in front of a file says.
    fn push_extended_attribute_record(&self, record: &Record<'_>, found: &mut Found) -> Result<()> {
        let length = u64::from(record.extended_attribute_length).saturating_mul(self.tree.block_size);
        // High Sierra has other dates.
        if length == 0 || self.tree.layout == Layout::HighSierra {
            return Ok(());
        }
        let at = self.block_at(record.extent);
        let mut bytes = [0; extended_attribute_record::FIXED];
        self.volume.read(&mut bytes, at)?;
        let attributes = ExtendedAttributeRecord::parse(&bytes).map_err(|version| {
            Error::from(Corrupt::new("extended attribute record", at, "version", version, "1"))
        })?;
        found.extend(attributes.attributes().map(|(name, value)| (name.into(), inline(value.into()))));
        let fixed = as_u64(bytes.len());
        let len = u64::from(attributes.application_use()).min(length.saturating_sub(fixed));
        if len > 0 {
            let mut data = Data::default();
            data.push(Place::Run { at: at.saturating_add(fixed) }, len);
            found.push(((*b"user.iso9660.application_use").into(), data));
        }
        Ok(())
    }

    /// What the system use field of a record says: all entries in trees with Rock Ridge, in others those of the record alone.
    fn fields(&self, record: &Record<'_>) -> Fields {
        let mut fields = Fields::default();
        let field = self.field(record);
        if self.rock_ridge.is_some() {
            let budget = Cell::new(u64::MAX);
            self.areas(&budget, Reach::Attributes).visit(field, record.at, |entry| fields.take(entry));
        } else {
            susp::visit(field, |entry| {
                if entry.signature == *b"AA" {
                    fields.take(entry);
                }
            });
        }
        fields.finder_info = fields.finder_info.or_else(|| apple::old_finder_info(field));
        fields
    }

    /// The system use field of a record from where its entries begin.
    fn field<'a>(&self, record: &Record<'a>) -> &'a [u8] {
        susp::start(record.system_use, self.skip(record).unwrap_or(0))
    }

    /// The XA information of a record, in front of the entries.
    fn xa<'a>(&self, record: &Record<'a>) -> Option<&'a ExtendedArchitecture> {
        let skip = usize::from(self.skip(record).unwrap_or(0));
        susp::xa(record.system_use).or_else(|| susp::xa(record.system_use.get(skip..)?))
    }
}

fn inline(value: Cow<'_, [u8]>) -> Data {
    let mut data = Data::default();
    data.push(Place::Inline((&*value).into()), as_u64(value.len()));
    data
}
