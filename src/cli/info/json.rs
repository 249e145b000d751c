//! `isomount info --json`: one object for each image, of the shape that `docs/CLI.md` has.

use std::{collections::BTreeMap, os::unix::ffi::OsStrExt, path::Path};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    super::json::{harmless, hex_unless_text, readable},
    boot::{self, BootObject},
    checksums::{self, ChecksumsObject, DisagreementObject},
    look::Look,
};
use crate::{
    error::Error,
    open::{
        Described, Origin,
        description::{DescribedSession, DescribedTree, Detail, Identity, Shown, Value},
    },
    text::hex,
    time::Recorded,
};

/// An image; `null` what is not known, or not recorded.
#[derive(Debug, Serialize)]
struct Object<'a> {
    image: String,
    image_hex: Option<String>,
    size: u64,
    first_sector: i64,
    shown: Option<ShownObject<'a>>,
    error: Option<String>,
    volume: VolumeObject,
    trees: Vec<TreeObject<'a>>,
    sessions: Vec<SessionObject>,
    boot: Option<BootObject>,
    checksums: Vec<ChecksumsObject>,
    compared: Option<Vec<&'static str>>,
    disagreements: Option<Vec<DisagreementObject>>,
    complete: bool,
    end: Option<u64>,
    missing: u64,
    trailing: u64,
    trailing_is_blank: Option<bool>,
    notes: &'a [String],
}

#[derive(Debug, Serialize)]
struct ShownObject<'a> {
    view: &'static str,
    format: &'a str,
    label: &'a str,
    reason: &'static str,
    because: String,
}

#[derive(Debug, Serialize)]
struct VolumeObject {
    name: Option<String>,
    volume_set: Option<String>,
    set_size: Option<u32>,
    set_number: Option<u32>,
    system: Option<String>,
    publisher: Option<String>,
    preparer: Option<String>,
    application: Option<String>,
    made_by: Option<String>,
    command: Option<String>,
    copyright_file: Option<String>,
    abstract_file: Option<String>,
    bibliographic_file: Option<String>,
    created: Option<String>,
    modified: Option<String>,
    expires: Option<String>,
    effective: Option<String>,
    hex: Hex,
}

#[derive(Debug, Serialize)]
struct TreeObject<'a> {
    view: &'static str,
    format: &'static str,
    version: Option<&'a str>,
    label: Option<String>,
    size: Option<u64>,
    block_size: Option<u64>,
    shown: bool,
    details: Details<'a>,
    error: Option<String>,
    hex: Hex,
}

#[derive(Debug, Serialize)]
struct SessionObject {
    number: usize,
    start: Option<u64>,
    size: u64,
    label: Option<String>,
    created: Option<String>,
    shown: bool,
    hex: Hex,
}

/// Texts that are not UTF-8 and dates that are none, by their keys: all bytes.
type Hex = BTreeMap<&'static str, String>;

/// What one format has, in the order of the driver.
#[derive(Debug)]
struct Details<'a>(&'a [Detail]);

/// The object of an image, on one line.
pub(super) fn line(path: &Path, described: &Described, look: Option<&Look>) -> String {
    let description = &described.description;
    let path = path.as_os_str().as_bytes();
    let lists = look.map(|look| look.lists.as_slice()).unwrap_or_default();
    let compared = look.and_then(|look| look.compared.as_ref());
    let sector = |sector: u64| i64::try_from(sector).unwrap_or(i64::MAX);
    let object = Object {
        image: readable(path),
        image_hex: hex_unless_text(path),
        size: described.len,
        first_sector: match described.origin {
            Origin::Same => 0,
            Origin::OfDisc(first) => sector(first),
            Origin::OfImage(first) => sector(first).saturating_neg(),
        },
        shown: description.shown.as_ref().map(shown),
        error: described.image.as_ref().err().map(Error::to_string),
        volume: volume(&description.volume),
        trees: description.trees.iter().map(tree).collect(),
        sessions: (1..).zip(&description.sessions).map(|(number, one)| session(number, one)).collect(),
        boot: boot::of(described).map(|found| boot::object(&found, described.len)),
        checksums: checksums::objects(&description.checksums, lists),
        compared: compared.map(|compared| compared.views.clone()),
        disagreements: compared.map(checksums::disagreements),
        complete: look.is_some_and(|look| look.is_complete && look.compared.is_some()),
        end: Some(description.end).filter(|end| *end > 0),
        missing: described.missing,
        trailing: described.trailing,
        trailing_is_blank: described.is_trailing_blank,
        notes: &description.notes,
    };
    // Nothing in it can fail to be written: all keys are text.
    harmless(&serde_json::to_string(&object).unwrap_or_default()) + "\n"
}

fn shown(shown: &Shown) -> ShownObject<'_> {
    ShownObject {
        view: shown.view.word(),
        format: &shown.format,
        label: &shown.label,
        reason: shown.reason.word(),
        because: shown.reason.to_string(),
    }
}

fn volume(of: &Identity) -> VolumeObject {
    let mut hex = Hex::new();
    VolumeObject {
        name: text("name", &of.name, &mut hex),
        volume_set: text("volume_set", &of.volume_set, &mut hex),
        set_size: Some(of.set_size).filter(|size| *size > 0),
        set_number: Some(of.set_number).filter(|_| of.set_size > 0),
        system: text("system", &of.system, &mut hex),
        publisher: text("publisher", &of.publisher, &mut hex),
        preparer: text("preparer", &of.preparer, &mut hex),
        application: text("application", &of.application, &mut hex),
        made_by: of.made_by.clone(),
        command: text("command", &of.command, &mut hex),
        copyright_file: text("copyright_file", &of.copyright_file, &mut hex),
        abstract_file: text("abstract_file", &of.abstract_file, &mut hex),
        bibliographic_file: text("bibliographic_file", &of.bibliographic_file, &mut hex),
        created: date("created", &of.created, &mut hex),
        modified: date("modified", &of.modified, &mut hex),
        expires: date("expires", &of.expires, &mut hex),
        effective: date("effective", &of.effective, &mut hex),
        hex,
    }
}

fn tree(of: &DescribedTree) -> TreeObject<'_> {
    let mut hex = Hex::new();
    // Without a block size nothing is known of either.
    let known = |number: u64| (of.block_size > 0).then_some(number);
    TreeObject {
        view: of.view.word(),
        format: of.format,
        version: of.version.as_deref(),
        label: text("label", &of.identity.name, &mut hex),
        size: known(of.size),
        block_size: known(of.block_size),
        shown: of.is_shown,
        details: Details(&of.details),
        error: of.error.as_ref().map(Error::to_string),
        hex,
    }
}

fn session(number: usize, of: &DescribedSession) -> SessionObject {
    let mut hex = Hex::new();
    SessionObject {
        number,
        start: of.start,
        size: of.size,
        label: text("label", &of.label, &mut hex),
        created: date("created", &of.created, &mut hex),
        shown: of.is_shown,
        hex,
    }
}

/// A text; what is not UTF-8 is escaped, and all its bytes go where `key` says.
fn text(key: &'static str, bytes: &[u8], hex: &mut Hex) -> Option<String> {
    if let Some(all) = hex_unless_text(bytes) {
        hex.insert(key, all);
    }
    (!bytes.is_empty()).then(|| readable(bytes))
}

/// A date; of what is none all bytes go where `key` says.
fn date(key: &'static str, recorded: &Recorded, all: &mut Hex) -> Option<String> {
    match recorded {
        Recorded::Nothing => None,
        Recorded::Date(date) => Some(date.to_string()),
        Recorded::Nonsense(bytes) => {
            all.insert(key, hex(bytes));
            None
        }
    }
}

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for detail in self.0 {
            map.serialize_entry(detail.name, &OfDetail(&detail.value))?;
        }
        map.end()
    }
}

/// The value of a detail.
struct OfDetail<'a>(&'a Value);

impl Serialize for OfDetail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Nothing => serializer.serialize_none(),
            Value::Number(number) => serializer.serialize_u64(*number),
            Value::Flag(is_so) => serializer.serialize_bool(*is_so),
            Value::Word(word) => serializer.serialize_str(word),
            Value::Text(text) if text.is_empty() => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(&readable(text)),
            Value::List(values) => serializer.collect_seq(values.iter().map(OfDetail)),
            Value::Group(details) => Details(details).serialize(serializer),
        }
    }
}
