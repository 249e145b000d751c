//! The picture as SVG: a title, the rows, what the colours mean.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Picture, short, topic};
use crate::tree::Extent;

/// Measures of the picture, in its own units.
const WIDTH: u64 = 1200;
const MARGIN: u64 = 28;
/// What stands in front of each row.
const GUTTER: u64 = 92;
const TOP: u64 = 92;
const ROW: u64 = 22;
const ROW_GAP: u64 = 5;
const LEGEND_ROW: u64 = 26;
const LEGEND_COLUMNS: u64 = 3;

/// Columns of a monospaced terminal that a character takes, in these units: letters of a wide font at 13.
const COLUMN: u64 = 8;

/// Thousandths from which on a rectangle is a mark, and up to which such a mark is drawn taller than its row.
const MARK: u64 = 1000;
const TALL: u64 = 9000;

/// Columns of the longest title of a field.
const TITLE: usize = 200;

/// Colours of topics: fixed ones first. None of them is red, which is for damage.
const COLORS: [&str; 14] = [
    "#6b7280", "#a58f6f", "#d3c4ad", "#b3b9c4", "#c8cdd6", "#4e79a7", "#f2a04b", "#59a14f", "#b07aa1",
    "#5fb3b3", "#e3c44b", "#9c755f", "#8aa6d8", "#a3c46c",
];

/// Colours of everything else, for light and for dark pages.
const STYLE: &str = "\
svg{color-scheme:light dark}\
text{font-family:system-ui,'Segoe UI','DejaVu Sans',sans-serif;font-size:13px;fill:#1f2937}\
.title{font-size:20px;font-weight:600}.quiet{fill:#6b7280}.page{fill:#ffffff}\
.free{fill:#eef1f5;stroke:#d5dae2;stroke-width:1}.field{stroke:#ffffff;stroke-width:.6}\
.missing{fill:none;stroke:#d5dae2;stroke-width:1;stroke-dasharray:3 3}\
.damaged{fill:url(#damage);stroke:#c81e1e;stroke-width:1.2}\
.suspect{fill:url(#suspect);stroke:#c81e1e;stroke-width:1.2;stroke-dasharray:4 3}\
.under{fill:#ffffff;fill-opacity:.72}.lines{stroke:#c81e1e;stroke-width:2.4}.dots{fill:#c81e1e}\
@media (prefers-color-scheme:dark){text{fill:#e5e7eb}.quiet{fill:#9ca3af}.page{fill:#15191f}\
.free{fill:#222831;stroke:#3a424e}.field{stroke:#15191f}.missing{stroke:#3a424e}\
.under{fill:#15191f;fill-opacity:.72}.lines{stroke:#ff6b6b}.dots{fill:#ff6b6b}\
.damaged,.suspect{stroke:#ff6b6b}}";

/// The picture as a file.
pub(super) fn render(picture: &Picture<'_>) -> String {
    let rows = u64::try_from(picture.layout.rows.len()).unwrap_or(1);
    let legend_at = TOP.saturating_add(rows.saturating_mul(ROW.saturating_add(ROW_GAP))).saturating_add(26);
    let legend = legend(picture);
    let legend_rows = u64::try_from(legend.len()).unwrap_or(0).div_ceil(LEGEND_COLUMNS);
    let height = legend_at.saturating_add(legend_rows.saturating_mul(LEGEND_ROW)).saturating_add(44);
    let mut out = String::new();
    let mut put = |text: String| out.push_str(&text);
    put(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<defs>\
         <pattern id=\"damage\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect class=\"under\" width=\"7\" height=\"7\"/><line class=\"lines\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern>\
         <pattern id=\"suspect\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">\
         <circle class=\"dots\" cx=\"3.5\" cy=\"3.5\" r=\"1.1\"/></pattern></defs>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"10\"/>\n",
        escape(&format!("{}: {}", picture.title, picture.verdict)),
    ));
    let room = usize::try_from(WIDTH.saturating_sub(MARGIN.saturating_mul(2))).unwrap_or(0);
    put(format!(
        "<text class=\"title\" x=\"{MARGIN}\" y=\"44\">{}</text>\n<text class=\"quiet\" x=\"{MARGIN}\" y=\"68\">{}</text>\n",
        escape(&cut(&picture.title, room / 13)),
        escape(&cut(&picture.verdict, room / 8)),
    ));
    for (number, fields) in (0u64..).zip(&picture.layout.rows) {
        put(row(picture, number, fields));
    }
    put(overlay(picture));
    for (number, entry) in (0u64..).zip(&legend) {
        put(legend_entry(entry, number, legend_at));
    }
    put(format!(
        "<text class=\"quiet\" x=\"{MARGIN}\" y=\"{}\">A row is {}. Point at a field to see what it is.</text>\n</svg>\n",
        height.saturating_sub(20),
        short(picture.layout.row)
    ));
    out
}

/// Thousandths of the row's width at which a byte of the row lies.
fn x_of(picture: &Picture<'_>, row: u64, at: u64) -> u64 {
    let start = row.saturating_mul(picture.layout.row);
    let inside = u128::from(at.saturating_sub(start).min(picture.layout.row));
    let width = u128::from(row_width()).saturating_mul(1000);
    let x = inside.saturating_mul(width).checked_div(picture.layout.row.into()).unwrap_or(0);
    u64::try_from(x).unwrap_or(u64::MAX)
}

fn row_width() -> u64 {
    WIDTH.saturating_sub(MARGIN.saturating_mul(2)).saturating_sub(GUTTER)
}

fn y_of(row: u64) -> u64 {
    TOP.saturating_add(row.saturating_mul(ROW.saturating_add(ROW_GAP)))
}

/// A number of thousandths as SVG has it.
fn decimal(thousandths: u64) -> String {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000 / 10);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}") }
}

/// A rectangle in a row; one that is too narrow to be seen is as wide as `least` thousandths.
fn rect(
    picture: &Picture<'_>,
    row: u64,
    extent: Extent,
    least: u64,
    class: &str,
    color: &str,
    title: &str,
) -> String {
    let left = MARGIN.saturating_add(GUTTER).saturating_mul(1000);
    let end = row_width().saturating_mul(1000);
    let from = x_of(picture, row, extent.at).min(end.saturating_sub(least));
    let width = x_of(picture, row, extent.end()).saturating_sub(from).max(least);
    let fill = if color.is_empty() { String::new() } else { format!(" fill=\"{color}\"") };
    let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", escape(title)) };
    // A narrow mark stands out above and below.
    let out = if least > MARK && width < TALL { 3 } else { 0 };
    format!(
        "<rect class=\"{class}\"{fill} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">{title}</rect>\n",
        decimal(left.saturating_add(from)),
        y_of(row).saturating_sub(out),
        decimal(width),
        ROW.saturating_add(out).saturating_add(out),
    )
}

fn row(picture: &Picture<'_>, number: u64, fields: &[super::layout::Field]) -> String {
    let start = number.saturating_mul(picture.layout.row);
    let end = start.saturating_add(picture.layout.row).min(picture.total);
    let mut out = format!(
        "<text class=\"quiet\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
        MARGIN.saturating_add(GUTTER).saturating_sub(12),
        y_of(number).saturating_add(16),
        offset(start.saturating_add(picture.front)),
    );
    let there = Extent::between(start, end.min(picture.len));
    if there.len > 0 {
        out.push_str(&rect(picture, number, there, 0, "free", "", "free"));
    }
    let missing = Extent::between(start.max(picture.len), end);
    if missing.len > 0 {
        out.push_str(&rect(picture, number, missing, 0, "missing", "", "missing"));
    }
    for field in fields {
        let title = format!("{}\n{}", cut(&field.title, TITLE), place(picture, field.extent));
        out.push_str(&rect(picture, number, field.extent, 500, "field", color(field.topic), &title));
    }
    out
}

/// What is damaged, over the fields.
fn overlay(picture: &Picture<'_>) -> String {
    let mut out = String::new();
    let row = picture.layout.row.max(1);
    let mut draw = |extent: Extent, class: &str, title: &str| {
        let of_row = |at: u64| at.checked_div(row).unwrap_or(0);
        let (first, last) = (of_row(extent.at), of_row(extent.end().saturating_sub(1)));
        for number in first..=last.min(first.saturating_add(64)) {
            let start = number.saturating_mul(row);
            let part = Extent::between(extent.at.max(start), extent.end().min(start.saturating_add(row)));
            out.push_str(&rect(picture, number, part, 4000, class, "", title));
        }
    };
    for extent in picture.layout.joined(&picture.marks.suspect) {
        draw(extent, "suspect", &format!("a checksum is wrong somewhere here\n{}", place(picture, extent)));
    }
    for (extent, title) in &picture.damage_titles {
        draw(
            *extent,
            "damaged",
            &format!("{}\n{}", cut(title, TITLE.saturating_mul(3)), place(picture, *extent)),
        );
    }
    out
}

fn color(topic: usize) -> &'static str {
    COLORS.get(topic).copied().unwrap_or("#b3b9c4")
}

fn place(picture: &Picture<'_>, extent: Extent) -> String {
    let first = extent.at.saturating_add(picture.front);
    let last = first.saturating_add(extent.len).saturating_sub(1);
    format!("byte {first} to {last}: {}", bytes(extent.len))
}

fn bytes(len: u64) -> String {
    if len < 1024 { format!("{len} bytes") } else { format!("{len} bytes ({})", short(len)) }
}

/// Where a row begins.
fn offset(at: u64) -> String {
    if at == 0 { "0".to_owned() } else { short(at) }
}

/// One line of what colours mean.
struct Entry {
    class: &'static str,
    color: &'static str,
    name: String,
    detail: String,
}

fn legend(picture: &Picture<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let topics = &picture.topics.topics;
    let is_drawn = |number: usize| picture.layout.rows.iter().flatten().any(|field| field.topic == number);
    let directories = topic::MORE_OTHERS.saturating_add(1)..topics.len();
    let order = directories.chain([topic::OTHERS, topic::OTHER_TREE, topic::BOOT]);
    for number in order {
        let Some(topic) = topics.get(number) else { continue };
        // A directory of small files may be seen nowhere, and is there.
        if !super::Topics::is_directory(number) && topic.files == 0 && !is_drawn(number) {
            continue;
        }
        let files = super::counted(topic.files, "file", "files");
        let detail = match number {
            topic::OTHER_TREE | topic::BOOT => String::new(),
            _ if topic.files == 1 => short(topic.bytes),
            _ => format!("{}, {files}", short(topic.bytes)),
        };
        entries.push(Entry { class: "field", color: color(number), name: topic.name.clone(), detail });
    }
    let structure = topics.get(topic::STRUCTURE).map(|topic| topic.name.clone()).unwrap_or_default();
    entries.push(Entry {
        class: "field",
        color: color(topic::STRUCTURE),
        name: structure,
        detail: "descriptors, directories".to_owned(),
    });
    let free = short(picture.free);
    entries.push(Entry { class: "free", color: "", name: "free".to_owned(), detail: free });
    let damaged = &picture.marks.damaged;
    if !damaged.is_empty() {
        let detail = short(damaged.total());
        entries.push(Entry { class: "damaged", color: "", name: "damaged".to_owned(), detail });
    }
    if !picture.marks.suspect.is_empty() {
        let detail = "wrong somewhere in it".to_owned();
        entries.push(Entry { class: "suspect", color: "", name: "suspect".to_owned(), detail });
    }
    entries
}

fn legend_entry(entry: &Entry, number: u64, top: u64) -> String {
    let column_width = WIDTH.saturating_sub(MARGIN.saturating_mul(2)) / LEGEND_COLUMNS;
    let x = MARGIN.saturating_add((number % LEGEND_COLUMNS).saturating_mul(column_width));
    let y = top.saturating_add((number / LEGEND_COLUMNS).saturating_mul(LEGEND_ROW));
    let room = usize::try_from(column_width.saturating_sub(36) / COLUMN).unwrap_or(0);
    let detail_room = entry.detail.width().saturating_add(2);
    let name = cut(&entry.name, room.saturating_sub(detail_room).max(8));
    let fill = if entry.color.is_empty() { String::new() } else { format!(" fill=\"{}\"", entry.color) };
    format!(
        "<rect class=\"{}\"{fill} x=\"{x}\" y=\"{y}\" width=\"18\" height=\"14\"/>\
         <text x=\"{}\" y=\"{}\">{}<tspan class=\"quiet\" dx=\"8\">{}</tspan></text>\n",
        entry.class,
        x.saturating_add(26),
        y.saturating_add(12),
        escape(&name),
        escape(&entry.detail),
    )
}

/// A text that is no wider than so many columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used: usize = 1;
    let kept = text.chars().take_while(|c| {
        used = used.saturating_add(c.width().unwrap_or(0));
        used <= columns
    });
    let mut out: String = kept.collect();
    out.push('…');
    out
}

/// Text as XML can have it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let _ = match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\n' => out.write_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => out.write_char(char::REPLACEMENT_CHARACTER),
            c if c.is_control() => out.write_char(char::REPLACEMENT_CHARACTER),
            c => out.write_char(c),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_and_are_xml() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("日本語日本語", 6), "日本…");
        assert_eq!(escape("<a&\"b\u{ffff}\u{1b}\n"), "&lt;a&amp;&quot;b\u{fffd}\u{fffd}&#10;");
        assert_eq!((decimal(0), decimal(1500), decimal(1009)), ("0".into(), "1.50".into(), "1".into()));
    }
}
