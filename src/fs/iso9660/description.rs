//! What the descriptors of ISO 9660 and the records of its root say of a disc.

use std::sync::Arc;

use zerocopy::FromBytes;

use super::{
    checksums, choice,
    descriptor::{DescriptorSet, VolumeTree},
    raw::{self, SECTOR, SYSTEM_AREA_SECTORS, descriptor_type},
    record::Layout,
    root::Root,
    session,
};
use crate::{
    charset::Charset,
    error::{Error, Result},
    fs::{
        self, Options, View,
        description::{DescribedSession, DescribedTree, Description, Detail, Identity, Text, Value},
        maker::made_by,
    },
    text,
    time::Recorded,
    volume::Volume,
};

/// Bytes of a descriptor in front of the record of its root.
const ROOT_IN_DESCRIPTOR: u64 = 156;
const ROOT_IN_HIGH_SIERRA: u64 = 180;

const ISO_9660: &str = "ISO 9660";

/// What begins the block that mkisofs writes behind the descriptors: when and by which words it was called.
const MKISOFS: &[u8] = b"MKI ";

/// How the texts of a descriptor are read.
#[derive(Clone, Copy)]
enum Encoding {
    /// In an encoding that the disc does not name.
    Bytes(Option<Charset>),
    /// UCS-2 with the high byte first.
    Joliet,
}

/// What the session says that `options` want, and which others there are; `None` when there is no descriptor.
///
/// # Errors
/// What is wrong with the descriptors of the session; there is no such session.
pub(in crate::fs) fn describe(volume: &Arc<Volume>, options: &Options) -> Result<Option<Description>> {
    let sessions = match session::find(volume) {
        Ok(sessions) => sessions,
        Err(error) => return damaged(volume, options, error).map(Some),
    };
    if sessions.sets.is_empty() {
        return Ok(None);
    }
    let set = session::wanted(volume, &sessions, options)?;
    let charset = options.charset;
    let all = Options { view: View::Auto, rock_ridge: true, joliet: true, ..options.clone() };
    // Rock Ridge and plain ISO 9660 have the same root.
    let root = set.primary.as_ref().map(|tree| Root::read(volume, tree));
    let described = |found: &choice::Found| match (&root, found.kind) {
        (Some(root), choice::Kind::RockRidge | choice::Kind::Primary) => tree(volume, found, root, charset),
        _ => tree(volume, found, &Root::read(volume, &found.tree), charset),
    };
    let mut description = Description {
        end: set.end(),
        checksums: checksums::of(volume, &set, &all),
        trees: choice::trees(volume, &set, &all).iter().map(described).collect(),
        sessions: sessions.sets.iter().map(|one| session(volume, one, charset)).collect(),
        ..Description::default()
    };
    let shown = sessions.sets.iter().position(|one| one.start == set.start);
    // The copy at the start of the image is that of the last.
    let shown = shown.or_else(|| sessions.is_copy(&set).then(|| sessions.sets.len().saturating_sub(1)));
    match shown.and_then(|index| description.sessions.get_mut(index)) {
        Some(session) => session.is_shown = true,
        None => description
            .sessions
            .push(DescribedSession { is_shown: true, ..self::session(volume, &set, charset) }),
    }
    let (maker, command) = mkisofs(volume, &set).unzip();
    for tree in &mut description.trees {
        tree.identity.command = command.clone().unwrap_or_default();
        tree.identity.made_by = maker.clone().or(tree.identity.made_by.take());
    }
    Ok(Some(description))
}

/// What a primary descriptor says that is damaged.
///
/// # Errors
/// What is wrong with the descriptors, where that is not it.
fn damaged(volume: &Volume, options: &Options, error: Error) -> Result<Description> {
    let mut sector = [0; 2048];
    let at = fs::session::first(volume).saturating_add(SYSTEM_AREA_SECTORS).saturating_mul(SECTOR);
    let is_read = volume.peek(&mut sector, at).is_ok();
    let is_primary = sector.starts_with(&[descriptor_type::PRIMARY]) && sector.get(1..6) == Some(b"CD001");
    let identity = of_iso9660(&sector, Encoding::Bytes(options.charset));
    let (Some(identity), true, Error::Corrupt(_)) = (identity, is_read && is_primary, &error) else {
        return Err(error);
    };
    let tree = DescribedTree {
        view: View::Iso9660,
        format: ISO_9660,
        version: None,
        title: ISO_9660.to_owned(),
        identity: with_maker(identity),
        block_size: 0,
        size: 0,
        is_shown: false,
        details: details_of_plain(&Root::default()),
        error: Some(error),
        place: at.saturating_add(ROOT_IN_DESCRIPTOR),
    };
    Ok(Description { trees: vec![tree], ..Description::default() })
}

fn session(volume: &Volume, set: &DescriptorSet, charset: Option<Charset>) -> DescribedSession {
    let identity = set.primary.as_ref().map(|tree| identity(volume, tree, Encoding::Bytes(charset)));
    let identity = identity.unwrap_or_default();
    DescribedSession {
        start: Some(set.start),
        size: set.end().saturating_sub(set.start.saturating_mul(SECTOR)),
        label: identity.name,
        created: identity.created,
        is_shown: false,
    }
}

fn tree(
    volume: &Volume,
    found: &choice::Found,
    root: &Result<Root>,
    charset: Option<Charset>,
) -> DescribedTree {
    let unknown = Root::default();
    let (root, error) = match root {
        Ok(root) => (root, None),
        Err(error) => (&unknown, Some(error.clone())),
    };
    let (format, version, details) = match found.kind {
        choice::Kind::RockRidge => {
            let extensions: Vec<Value> = root.extensions.iter().map(|name| name.clone().into()).collect();
            let details = vec![Detail::new("extensions", extensions), fields(root)];
            ("Rock Ridge", root.rock_ridge_version().map(str::to_owned), details)
        }
        choice::Kind::Joliet(level) => ("Joliet", Some(level.to_string()), Vec::new()),
        choice::Kind::Enhanced => ("ISO 9660:1999", None, Vec::new()),
        choice::Kind::Primary if found.tree.layout == Layout::HighSierra => ("High Sierra", None, Vec::new()),
        choice::Kind::Primary => (ISO_9660, None, details_of_plain(root)),
    };
    let title = match (&found.kind, &version) {
        (choice::Kind::Joliet(level), _) => format!("{format} level {level}"),
        (choice::Kind::RockRidge, version) => with_extensions(version.as_deref(), root),
        _ => format.to_owned(),
    };
    let encoding = match found.kind {
        choice::Kind::Joliet(_) => Encoding::Joliet,
        _ => Encoding::Bytes(charset),
    };
    DescribedTree {
        view: found.view,
        format,
        version,
        title,
        identity: identity(volume, &found.tree, encoding),
        block_size: found.tree.block_size,
        size: found.tree.size,
        is_shown: false,
        details,
        error,
        place: found.tree.root_record_at,
    }
}

/// What the tree of a primary descriptor has, without Rock Ridge.
fn details_of_plain(root: &Root) -> Vec<Detail> {
    let level = Detail::new("level", root.level.map(u32::from));
    vec![level.remarked("at least, by what is in its root"), fields(root)]
}

/// The kinds of system use entries.
fn fields(root: &Root) -> Detail {
    let fields: Vec<Value> = root.fields.iter().map(|field| field.as_str().into()).collect();
    Detail::new("fields", fields).remarked("in its root")
}

/// Rock Ridge, and what comes with it.
fn with_extensions(version: Option<&str>, root: &Root) -> String {
    let mut title = "Rock Ridge".to_owned();
    if let Some(version) = version {
        title = format!("{title} {version}");
    }
    // Writers need not announce it.
    if root.fields.contains("AL") || root.extensions.iter().any(|name| name.starts_with(b"AAIP_")) {
        title += ", attributes (AAIP)";
    }
    if root.fields.contains("ZF") || root.fields.contains("Z2") {
        title += ", packed files (zisofs)";
    }
    title
}

impl Encoding {
    fn read(self, field: &[u8]) -> Text {
        match self {
            Self::Joliet => text::utf16_be(field).trim_end().as_bytes().to_vec(),
            Self::Bytes(charset) => {
                let recorded = text::trimmed(field);
                charset.map_or_else(|| recorded.to_vec(), |charset| charset.decode(recorded).into_bytes())
            }
        }
    }
}

/// What the descriptor of a tree says of the volume; nothing where it cannot be read.
fn identity(volume: &Volume, tree: &VolumeTree, encoding: Encoding) -> Identity {
    let mut sector = [0; 2048];
    let before = match tree.layout {
        Layout::Iso9660 => ROOT_IN_DESCRIPTOR,
        Layout::HighSierra => ROOT_IN_HIGH_SIERRA,
    };
    let at = tree.root_record_at.checked_sub(before);
    if at.is_none_or(|at| volume.peek(&mut sector, at).is_err()) {
        return Identity::default();
    }
    let identity = match tree.layout {
        Layout::Iso9660 => of_iso9660(&sector, encoding),
        Layout::HighSierra => of_high_sierra(&sector, encoding),
    };
    with_maker(identity.unwrap_or_default())
}

fn with_maker(mut identity: Identity) -> Identity {
    let system = if identity.application.is_empty() { identity.system.as_slice() } else { b"" };
    identity.made_by = made_by([identity.application.as_slice(), &identity.preparer, system]);
    identity
}

/// What two structures say that lie behind each other: both formats have the same fields, of other lengths and at other places.
macro_rules! identity {
    ($encoding:expr, $descriptor:expr, $texts:expr) => {{
        let read = |field: &[u8]| $encoding.read(field);
        Identity {
            name: read(&$descriptor.volume_identifier),
            volume_set: read(&$texts.volume_set_identifier),
            set_size: $descriptor.volume_set_size.get().into(),
            set_number: $descriptor.volume_sequence_number.get().into(),
            system: read(&$descriptor.system_identifier),
            publisher: read(&$texts.publisher_identifier),
            preparer: read(&$texts.data_preparer_identifier),
            application: read(&$texts.application_identifier),
            copyright_file: read(&$texts.copyright_file_identifier),
            abstract_file: read(&$texts.abstract_file_identifier),
            created: Recorded::of_digits(&$texts.creation),
            modified: Recorded::of_digits(&$texts.modification),
            expires: Recorded::of_digits(&$texts.expiration),
            effective: Recorded::of_digits(&$texts.effective),
            ..Identity::default()
        }
    }};
}

fn of_iso9660(sector: &[u8], encoding: Encoding) -> Option<Identity> {
    let (descriptor, rest) = raw::VolumeDescriptor::ref_from_prefix(sector).ok()?;
    let (texts, _) = raw::VolumeDescriptorTexts::ref_from_prefix(rest).ok()?;
    let bibliographic_file = encoding.read(&texts.bibliographic_file_identifier);
    Some(Identity { bibliographic_file, ..identity!(encoding, descriptor, texts) })
}

fn of_high_sierra(sector: &[u8], encoding: Encoding) -> Option<Identity> {
    let (descriptor, rest) = raw::HighSierraDescriptor::ref_from_prefix(sector).ok()?;
    let (texts, _) = raw::HighSierraTexts::ref_from_prefix(rest).ok()?;
    Some(identity!(encoding, descriptor, texts))
}

/// What mkisofs tells of itself in the block behind the descriptors: its version, and the words by which it was called.
fn mkisofs(volume: &Volume, set: &DescriptorSet) -> Option<(String, Text)> {
    let mut block = [0; 2048];
    let sector = set.start.saturating_add(SYSTEM_AREA_SECTORS).saturating_add(set.count);
    volume.peek(&mut block, sector.saturating_mul(SECTOR)).ok()?;
    let text = block.strip_prefix(MKISOFS)?;
    let end = text.iter().position(|byte| *byte == 0)?;
    // The first line is a date, the second begins with the version, in older ones behind the name.
    let line = text.get(..end)?.split(|byte| *byte == b'\n').nth(1)?;
    let line = line.strip_prefix(b"mkisofs ").unwrap_or(line);
    let (version, words) = line.split_at_checked(line.iter().position(|byte| *byte == b' ')?)?;
    let version = std::str::from_utf8(version).ok()?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    is_version.then(|| (format!("mkisofs {version}"), words.trim_ascii().to_vec()))
}
