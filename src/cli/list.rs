//! `isomount list`.

use std::{io, path::Path};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    exit::{Exit, Failure},
    print, process, shown,
};
use crate::fuse::mounts;

/// One mount, as `--json` shows it (`docs/CLI.md`).
#[derive(Debug, Serialize)]
struct Row {
    image: String,
    mountpoint: String,
    /// `null` where that is not known.
    view: Option<String>,
    since: Option<Timestamp>,
    process: Option<u32>,
}

/// Prints what isomount has mounted.
pub(super) fn run(is_json: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Internal, format!("the list of mounts: {error}"));
    let rows: Vec<Row> = mounts()
        .map_err(failed)?
        .iter()
        .filter(|entry| entry.is_isomount())
        .map(|entry| {
            let server = process::serving(entry);
            let since = server.as_ref().and_then(|server| Timestamp::from_second(server.since()?).ok());
            let path = |path: &Path| {
                if is_json { path.to_string_lossy().into_owned() } else { shown(path) }
            };
            Row {
                image: path(Path::new(&entry.source)),
                mountpoint: path(&entry.mount_point),
                since,
                process: server.as_ref().map(|server| server.number),
                view: server.and_then(|server| server.view),
            }
        })
        .collect();
    let text = if is_json {
        let json = serde_json::to_string_pretty(&rows);
        json.map_err(|error| Failure::new(Exit::Internal, error.to_string()))? + "\n"
    } else {
        table(&rows)
    };
    print(text.as_bytes()).map_err(|error| Failure::not_written(&error))
}

/// Columns with a heading; nothing at all when nothing is mounted.
fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let zone = TimeZone::system();
    let known = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let heading = ["IMAGE", "MOUNTPOINT", "VIEW", "SINCE", "PROCESS"].map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(heading)
        .chain(rows.iter().map(|row| {
            let since = row.since.map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
            let process = row.process.map(|number| number.to_string());
            [row.image.clone(), row.mountpoint.clone(), known(row.view.clone()), known(since), known(process)]
        }))
        .collect();
    let mut widths = [0; 5];
    for line in &lines {
        for (width, field) in widths.iter_mut().zip(line) {
            *width = (*width).max(field.chars().count());
        }
    }
    let padded = |line: &[String; 5]| {
        let fields: Vec<String> =
            line.iter().zip(widths).map(|(field, width)| format!("{field:<width$}")).collect();
        fields.join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}
