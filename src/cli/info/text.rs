//! What people are told of an image.

use std::path::Path;

use super::{
    super::{human, shown},
    boot, checksums,
    look::Look,
    sheet::{Section, Style},
};
use crate::{
    open::{
        Described, Origin,
        description::{DescribedSession, DescribedTree, Detail, Identity, Value},
    },
    text::{escape, hex},
    time::{Recorded, Zone},
};

/// The sheet of an image.
pub(super) fn of(path: &Path, described: &Described, look: Option<&Look>, style: &Style) -> String {
    let mut out = String::new();
    image(path, described).write_to(&mut out, "Image", style);
    volume(described).write_to(&mut out, "Volume", style);
    let mut trees = trees(described);
    trees.row("compared", look.map(checksums::summary).unwrap_or_default());
    trees.write_to(&mut out, "Trees", style);
    if let Some(look) = look {
        checksums::differences(look).write_to(&mut out, "Differences", style);
    }
    sessions(described).write_to(&mut out, "Sessions", style);
    if let Some(found) = boot::of(described) {
        boot::section(&found, described.len).write_to(&mut out, "Boot", style);
    }
    let recorded = &described.description.checksums;
    checksums::section(recorded, look).write_to(&mut out, "Checksums", style);
    out
}

fn image(path: &Path, described: &Described) -> Section {
    let mut section = Section::default();
    section.row("file", shown(path));
    section.row("size", bytes(described.len));
    match (&described.description.shown, &described.image) {
        (Some(shown), _) => {
            section.row("shown", format!("{} ({})", escape(shown.format.as_bytes()), shown.view.word()));
            section.row("because", shown.reason.to_string());
        }
        (None, Err(error)) => section.row("shown", format!("nothing: {error}")),
        (None, Ok(_)) => {}
    }
    if let Origin::OfImage(sector) = described.origin {
        section.row("disc", format!("begins at sector {sector} of the image"));
    }
    if described.trailing > 0 {
        let what = match described.is_trailing_blank {
            Some(true) => ", zeros at both ends",
            Some(false) => ", not only zeros",
            None => "",
        };
        section.row("trailing", format!("{} behind what is described{what}", bytes(described.trailing)));
    }
    let notes = &described.description.notes;
    // They say so of an image that can be shown.
    if notes.is_empty() {
        if let Origin::OfDisc(sector) = described.origin {
            section.row("begins", format!("at sector {sector} of its disc"));
        }
        if described.missing > 0 {
            section.row("missing", format!("{} at its end", bytes(described.missing)));
        }
    }
    for (number, note) in notes.iter().enumerate() {
        section.row(if number == 0 { "note" } else { "" }, escape(note.as_bytes()));
    }
    section
}

fn volume(described: &Described) -> Section {
    let Identity {
        name,
        volume_set,
        set_size,
        set_number,
        system,
        publisher,
        preparer,
        application,
        copyright_file,
        abstract_file,
        bibliographic_file,
        created,
        modified,
        expires,
        effective,
        made_by,
        command,
    } = &described.description.volume;
    let mut section = Section::default();
    section.row("name", escape(name));
    section.row("volume set", escape(volume_set));
    if *set_size > 1 {
        section.row("volume", format!("{set_number} of {set_size}"));
    }
    section.row("system", escape(system));
    section.row("publisher", escape(publisher));
    section.row("preparer", escape(preparer));
    section.row("application", escape(application));
    section.row("made by", escape(made_by.as_deref().unwrap_or_default().as_bytes()));
    section.row("command", escape(command));
    section.row("copyright", escape(copyright_file));
    section.row("abstract", escape(abstract_file));
    section.row("bibliography", escape(bibliographic_file));
    section.row("created", date(created));
    section.row("modified", date(modified));
    section.row("expires", date(expires));
    section.row("effective", date(effective));
    if let Some(tree) = best(described) {
        section.row("size", size_of(tree));
    }
    section
}

/// The tree that is shown, or the best one.
fn best(described: &Described) -> Option<&DescribedTree> {
    let trees = &described.description.trees;
    trees.iter().find(|tree| tree.is_shown).or_else(|| trees.first())
}

fn size_of(tree: &DescribedTree) -> String {
    match tree.size.checked_div(tree.block_size) {
        Some(blocks) => format!("{}, {blocks} blocks of {} bytes", human::size(tree.size), tree.block_size),
        None => String::new(),
    }
}

fn trees(described: &Described) -> Section {
    let mut section = Section::default();
    let size = best(described).map(size_of).unwrap_or_default();
    for tree in &described.description.trees {
        let mut title = escape(tree.title.as_bytes());
        if tree.is_shown {
            title += " (shown)";
        }
        section.row(tree.view.word(), title);
        if tree.identity.name != described.description.volume.name {
            section.row_at(2, "name", escape(&tree.identity.name));
        }
        if size_of(tree) != size {
            section.row_at(2, "size", size_of(tree));
        }
        for detail in &tree.details {
            details(&mut section, detail);
        }
        if let Some(error) = &tree.error {
            section.row_at(2, "error", error.to_string());
        }
    }
    section
}

/// A line for a detail, or one for each of several that have details themselves.
fn details(section: &mut Section, detail: &Detail) {
    let name = detail.name.replace('_', " ");
    let groups = match &detail.value {
        Value::List(values) if values.iter().any(|value| matches!(value, Value::Group(_))) => {
            values.as_slice()
        }
        value => std::slice::from_ref(value),
    };
    for (number, value) in groups.iter().enumerate() {
        let mut text = value_of(value);
        if !text.is_empty() && !detail.remark.is_empty() {
            text += &format!(" ({})", detail.remark);
        }
        section.row_at(2, if number == 0 { &name } else { "" }, text);
    }
}

fn value_of(value: &Value) -> String {
    match value {
        Value::Nothing => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Flag(is_so) => if *is_so { "yes" } else { "no" }.to_owned(),
        Value::Word(word) => escape(word.as_bytes()),
        Value::Text(text) => escape(text),
        Value::List(values) => values.iter().map(value_of).collect::<Vec<_>>().join(" "),
        Value::Group(details) => {
            let parts = details.iter().filter_map(|detail| {
                let value = value_of(&detail.value);
                // A word says by itself what it is.
                let is_word = matches!(detail.value, Value::Word(_));
                let name = if is_word { String::new() } else { detail.name.replace('_', " ") + " " };
                (!value.is_empty()).then(|| name + &value)
            });
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A line for each session, when there are several or one that is not where the image begins.
fn sessions(described: &Described) -> Section {
    let mut section = Section::default();
    let sessions = &described.description.sessions;
    let is_plain = |session: &DescribedSession| session.start == Some(0);
    if sessions.len() < 2 && sessions.iter().all(is_plain) {
        return section;
    }
    let starts: Vec<String> = sessions.iter().map(start_of).collect();
    let sizes: Vec<String> = sessions.iter().map(|session| human::size(session.size)).collect();
    let widest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    let (start_width, size_width) = (widest(&starts), widest(&sizes));
    for (number, ((session, start), size)) in (1_usize..).zip(sessions.iter().zip(&starts).zip(&sizes)) {
        let mut parts = vec![format!("{start:<start_width$}"), format!("{size:>size_width$}")];
        parts.push(date(&session.created));
        parts.push(escape(&session.label));
        if session.is_shown {
            parts.push("(shown)".to_owned());
        }
        parts.retain(|part| !part.is_empty());
        section.row(&number.to_string(), parts.join("  "));
    }
    section
}

fn start_of(session: &DescribedSession) -> String {
    session.start.map_or_else(|| "at the end".to_owned(), |start| format!("sector {start}"))
}

fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} bytes"),
        _ => format!("{} ({count} bytes)", human::size(count)),
    }
}

fn date(recorded: &Recorded) -> String {
    match recorded {
        Recorded::Nothing => String::new(),
        Recorded::Date(date) => match date.zone() {
            Zone::Unknown => {
                date.written(' ', "").trim_end_matches("-00:00").to_owned() + " (zone not recorded)"
            }
            Zone::Universal => date.written(' ', " ").trim_end_matches('Z').to_owned() + "UTC",
            Zone::Minutes(_) => date.written(' ', " "),
        },
        Recorded::Nonsense(bytes) if bytes.iter().take(16).all(u8::is_ascii_graphic) => {
            format!("no date: {}", escape(bytes.get(..16).unwrap_or(bytes)))
        }
        Recorded::Nonsense(bytes) => format!("no date: {} in hexadecimal", hex(bytes)),
    }
}
