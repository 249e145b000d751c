//! A sheet of facts: headings, and below them a name and a value in each line.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::{color, columns};
use crate::text::is_disguise;

/// Spaces between the longest name and the values.
const GAP: usize = 2;

/// Places for a value where the terminal is narrower than names and values need.
const NARROWEST: usize = 20;

/// What a sheet looks like.
pub(super) struct Style {
    has_colors: bool,
    /// Places in a line, where lines are folded.
    width: Option<usize>,
}

/// Lines that are aligned with each other, each with a name; those of a lower level are indented.
#[derive(Default)]
pub(super) struct Section {
    rows: Vec<(usize, String, String)>,
}

impl Style {
    /// Colours and folded lines on a terminal, neither elsewhere.
    pub(super) fn of_terminal(is_terminal: bool) -> Self {
        Self { has_colors: color::are_wanted(is_terminal), width: is_terminal.then(columns::terminal_width) }
    }

    fn bold(&self, text: &str) -> String {
        if self.has_colors { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn dim(&self, text: &str) -> String {
        if self.has_colors { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Section {
    /// A line; none when the value is empty.
    pub(super) fn row(&mut self, name: &str, value: impl Into<String>) {
        self.row_at(1, name, value);
    }

    /// As [`row`](Self::row), so many levels down.
    pub(super) fn row_at(&mut self, level: usize, name: &str, value: impl Into<String>) {
        let value = harmless(&value.into());
        if !value.is_empty() {
            self.rows.push((level, name.to_owned(), value));
        }
    }

    /// The lines below their heading, with a blank one in front when `out` is not empty; nothing at all when there are none.
    pub(super) fn write_to(self, out: &mut String, heading: &str, style: &Style) {
        let indent = |level: usize| level.saturating_mul(2);
        let widths = self.rows.iter().map(|(level, name, _)| indent(*level).saturating_add(name.width()));
        let Some(widest) = widths.max() else { return };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&style.bold(heading));
        out.push('\n');
        let left = widest.saturating_add(GAP);
        let room = style.width.map_or(usize::MAX, |width| width.saturating_sub(left).max(NARROWEST));
        for (level, name, value) in self.rows {
            let before = " ".repeat(indent(level));
            let behind = left.saturating_sub(before.len().saturating_add(name.width()));
            out.push_str(&(before + &style.dim(&name) + &" ".repeat(behind)));
            for (n, line) in folded(&value, room).iter().enumerate() {
                if n > 0 {
                    out.push_str(&" ".repeat(left));
                }
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
    }
}

/// A text without anything that moves the cursor, whoever has written it.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_disguise(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// A text in lines of at most `room` places: between words where that is possible. What it is indented by and what stands between its words
/// stays.
fn folded(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used: usize = 0;
    for word in text.split_inclusive(' ') {
        let width = word.trim_end().width();
        if used > 0 && used.saturating_add(width) > room {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if used.saturating_add(width) > room && c != ' ' {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
            used = used.saturating_add(width);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: Option<usize>, has_colors: bool, rows: &[(usize, &str, &str)]) -> String {
        let mut section = Section::default();
        rows.iter().for_each(|(level, name, value)| section.row_at(*level, name, *value));
        let mut out = String::new();
        section.write_to(&mut out, "Volume", &Style { has_colors, width });
        out
    }

    #[test]
    fn names_and_values_are_aligned_and_what_is_empty_is_left_out() {
        let rows = [(1, "name", "A"), (1, "system", ""), (2, "publisher", "B C"), (1, "語", "D")];
        assert_eq!(
            shown(None, false, &rows),
            "Volume\n  name         A\n    publisher  B C\n  語           D\n"
        );
        assert_eq!(shown(None, false, &[(1, "name", "")]), "");
        assert_eq!(shown(None, true, &[(1, "name", "A")]), "\x1b[1mVolume\x1b[0m\n  \x1b[2mname\x1b[0m  A\n");
    }

    #[test]
    fn nothing_in_a_value_moves_the_cursor() {
        let rows = [(1, "name", "a\x1b[31m\n\u{202e}b")];
        assert_eq!(shown(None, false, &rows), "Volume\n  name  a\\u{1b}[31m\\n\\u{202e}b\n");
    }

    #[test]
    fn long_values_are_folded() {
        let text = "aaaa bbbb cccc dddd eeee ffff";
        assert_eq!(
            shown(Some(28), false, &[(1, "name", text)]),
            "Volume\n  name  aaaa bbbb cccc dddd\n        eeee ffff\n"
        );
        assert_eq!(folded("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(folded("日本語", 5), ["日本", "語"]);
        assert_eq!(folded("a  b", 9), ["a  b"]);
        assert_eq!(folded("", 9), [""]);
    }
}
