//! The checksums that an image carries and what its trees disagree about, for people and as JSON.

use serde::Serialize;

use super::{
    super::{
        answer::from_root,
        human,
        json::{hex_unless_text, paths_from_root, readable},
    },
    look::{List, Look},
    sheet::Section,
};
use crate::{
    open::{Compared, Finding, description::DescribedChecksums},
    text::hex,
};

/// Disagreements that people are told; JSON has them all.
const TOLD: usize = 20;

/// What a list is called where a check has its path.
const LIST: &str = "list";

/// `null` what does not belong to it.
#[derive(Debug, Serialize)]
pub(super) struct ChecksumsObject {
    source: &'static str,
    algorithm: Option<&'static str>,
    of: Option<&'static str>,
    at: Option<u64>,
    start: Option<u64>,
    end: Option<u64>,
    count: Option<u64>,
    digest: Option<String>,
    supported: Option<bool>,
    path: Option<String>,
    path_hex: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct DisagreementObject {
    kind: &'static str,
    view: Option<&'static str>,
    paths: Vec<String>,
    paths_hex: Option<Vec<Option<String>>>,
    count: u64,
    message: String,
}

/// The objects of what is recorded in structures, and of lists.
pub(super) fn objects(recorded: &[DescribedChecksums], lists: &[List]) -> Vec<ChecksumsObject> {
    recorded.iter().map(object).chain(lists.iter().map(list_object)).collect()
}

fn object(of: &DescribedChecksums) -> ChecksumsObject {
    ChecksumsObject {
        source: of.source,
        algorithm: Some(of.algorithm.word()),
        of: Some(of.of),
        at: Some(of.at),
        start: of.range.map(|(start, _)| start),
        end: of.range.map(|(_, end)| end),
        count: Some(of.count),
        digest: of.digest.as_deref().map(hex),
        supported: of.is_supported,
        path: None,
        path_hex: None,
    }
}

fn list_object(list: &List) -> ChecksumsObject {
    let absolute = [b"/", list.path.as_slice()].concat();
    ChecksumsObject {
        source: LIST,
        algorithm: list.algorithm.map(|algorithm| algorithm.word()),
        of: None,
        at: None,
        start: None,
        end: None,
        count: None,
        digest: None,
        supported: None,
        path: Some(readable(&absolute)),
        path_hex: hex_unless_text(&absolute),
    }
}

/// The objects of what trees disagree about.
pub(super) fn disagreements(compared: &Compared) -> Vec<DisagreementObject> {
    compared.findings.iter().map(disagreement).collect()
}

fn disagreement(of: &Finding) -> DisagreementObject {
    let (paths, paths_hex) = paths_from_root(&of.paths);
    DisagreementObject {
        kind: of.flaw.word(),
        view: of.view,
        paths,
        paths_hex,
        count: of.count,
        message: of.text.clone(),
    }
}

/// What is carried, a line each; those of one source below each other.
pub(super) fn section(recorded: &[DescribedChecksums], look: Option<&Look>) -> Section {
    let mut section = Section::default();
    let lists = look.map(|look| look.lists.as_slice()).unwrap_or_default();
    let lines = recorded.iter().map(|of| (of.source, line(of)));
    let mut before = "";
    for (source, text) in lines.chain(lists.iter().map(|list| (LIST, list_line(list)))) {
        section.row(if source == before { "" } else { source }, text);
        before = source;
    }
    section
}

fn line(of: &DescribedChecksums) -> String {
    let mut parts = match of.range {
        Some((start, end)) => {
            let size = human::size(end.saturating_sub(start));
            vec![format!("of {}, {size} from byte {start} on", of.of)]
        }
        None => vec![format!("of {} {}", of.count, of.of)],
    };
    if of.range.is_some() && of.count > 1 {
        parts.push(format!("and of {} parts", of.count.saturating_sub(1)));
    }
    parts.push(format!("recorded at byte {}", of.at));
    if let Some(is_supported) = of.is_supported {
        parts.push(format!("supported: {}", if is_supported { "yes" } else { "no" }));
    }
    parts.join(", ")
}

fn list_line(list: &List) -> String {
    let algorithm = list.algorithm.map(|algorithm| format!(" ({})", algorithm.word()));
    from_root(&list.path) + &algorithm.unwrap_or_default()
}

/// In one line whether the trees say the same; nothing where there is only one.
pub(super) fn summary(look: &Look) -> String {
    let Some(Compared { views, findings }) = &look.compared else {
        return "no: they have too many directories for a quick look; --all compares them".to_owned();
    };
    let told = match findings.len() {
        0 => "nothing differs",
        _ => "they differ, see below",
    };
    if views.is_empty() { String::new() } else { format!("with {}: {told}", views.join(" and ")) }
}

/// What trees disagree about, a line each, by the tree that is not shown.
pub(super) fn differences(look: &Look) -> Section {
    let mut section = Section::default();
    let findings = look.compared.as_ref().map(|compared| compared.findings.as_slice()).unwrap_or_default();
    let mut before = None;
    for finding in findings.iter().take(TOLD) {
        let paths = finding.paths.iter().map(|path| from_root(path)).collect::<Vec<_>>().join(", ");
        let separator = if paths.is_empty() { "" } else { ": " };
        let name = if finding.view == before { "" } else { finding.view.unwrap_or_default() };
        section.row(name, format!("{paths}{separator}{}", finding.text));
        before = finding.view;
    }
    let further = findings.len().saturating_sub(TOLD);
    if further > 0 {
        section.row("", format!("and {further} more, which --json tells"));
    }
    section
}
