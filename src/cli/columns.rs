//! Names side by side, as many columns as a terminal has room for, read from top to bottom.

use std::{env, io};

use unicode_width::UnicodeWidthStr;

/// Spaces between two columns.
const GAP: usize = 2;

/// Characters in a line of a terminal that does not say.
const DEFAULT_WIDTH: usize = 80;

/// Characters in a line of the terminal that stdout is.
pub(super) fn terminal_width() -> usize {
    let told = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let variable = || env::var("COLUMNS").ok()?.parse().ok();
    told.filter(|width| *width > 0).or_else(variable).unwrap_or(DEFAULT_WIDTH)
}

/// The places that a text takes on a terminal.
pub(super) fn width(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).width()
}

/// Lines with texts in columns; each text comes with its width, and with what is in it that takes no place.
pub(super) fn lines(cells: &[(Vec<u8>, usize)], screen: usize) -> Vec<u8> {
    let (rows, widths) = layout(cells, screen);
    let mut out = Vec::new();
    for row in 0..rows {
        let mut spaces: usize = 0;
        for ((text, width), column) in cells.iter().skip(row).step_by(rows).zip(&widths) {
            out.resize(out.len().saturating_add(spaces), b' ');
            out.extend_from_slice(text);
            spaces = column.saturating_sub(*width).saturating_add(GAP);
        }
        out.push(b'\n');
    }
    out
}

/// How many lines there are, and the width of each column: as many columns as fit.
fn layout(cells: &[(Vec<u8>, usize)], screen: usize) -> (usize, Vec<usize>) {
    // A column takes at least one place and the gap.
    let most = cells.len().min(screen / 3);
    for columns in (2..=most).rev() {
        let rows = cells.len().div_ceil(columns);
        let widths: Vec<usize> = cells.chunks(rows).map(widest).collect();
        let gaps = widths.len().saturating_sub(1).saturating_mul(GAP);
        if widths.iter().fold(gaps, |sum, width| sum.saturating_add(*width)) <= screen {
            return (rows, widths);
        }
    }
    (cells.len().max(1), vec![widest(cells)])
}

fn widest(cells: &[(Vec<u8>, usize)]) -> usize {
    cells.iter().map(|(_, width)| *width).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &[&str], screen: usize) -> String {
        let cells: Vec<_> =
            names.iter().map(|name| (name.as_bytes().to_vec(), width(name.as_bytes()))).collect();
        String::from_utf8(lines(&cells, screen)).unwrap()
    }

    #[test]
    fn columns_fit_and_go_downwards() {
        let names = ["a", "bbb", "cc", "日本", "e"];
        assert_eq!(shown(&names, 80), "a  bbb  cc  日本  e\n");
        assert_eq!(shown(&names, 13), "a    cc    e\nbbb  日本\n");
        assert_eq!(shown(&names, 11), "a    日本\nbbb  e\ncc\n");
        assert_eq!(shown(&names, 1), "a\nbbb\ncc\n日本\ne\n");
    }
}
