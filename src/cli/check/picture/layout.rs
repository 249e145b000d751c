//! Where fields are: rows of a part of the disc each, and in them what lies there, joined where it is too narrow to be seen.

use super::super::ranges::Ranges;
use crate::tree::{Extent, inventory::Span};

/// Most rows of a picture.
const ROWS: u64 = 24;

/// Bytes of the shortest row: a sector.
const SHORTEST: u64 = 2048;

/// Fields that a row has room for; what is narrower than one is joined with what is beside it.
const FIELDS: u64 = 240;

/// What is narrower than so many of these is joined with its like.
const NARROW: u64 = 3;

/// What something in the picture is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    Span(Span),
    /// The number of a region of the examination.
    Region(usize),
    /// The view of another tree.
    Other(&'static str),
}

/// Something that lies somewhere.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) extent: Extent,
    pub(super) topic: usize,
    pub(super) owner: Owner,
}

/// A field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) extent: Extent,
    pub(super) topic: usize,
    pub(super) title: String,
}

/// Rows of fields.
#[derive(Debug)]
pub(super) struct Layout {
    /// Bytes of a row.
    pub(super) row: u64,
    pub(super) rows: Vec<Vec<Field>>,
}

/// A field that is being made.
struct Open {
    extent: Extent,
    /// Bytes of each topic in it.
    topics: Vec<(usize, u64)>,
    /// Numbers of items, the first and how many.
    first: usize,
    count: usize,
}

impl Layout {
    /// Lays out items, which are sorted by place; `title` says what a field is called by its first item and how many it stands for.
    pub(super) fn of(items: &[Item], total: u64, title: &dyn Fn(&Item, usize) -> String) -> Self {
        let row = row_len(total);
        let count = total.div_ceil(row.max(1)).clamp(1, ROWS);
        let unit = (row / FIELDS).max(1);
        let mut rows: Vec<Vec<Field>> = Vec::new();
        let mut next: usize = 0;
        // Items that reach into the next row.
        let mut carried: Vec<usize> = Vec::new();
        for number in 0..count {
            let start = number.saturating_mul(row);
            let end = start.saturating_add(row).min(total);
            let mut here: Vec<usize> = std::mem::take(&mut carried);
            while items.get(next).is_some_and(|item| item.extent.at < end) {
                here.push(next);
                next = next.saturating_add(1);
            }
            let fields = fields(items, &here, Extent::between(start, end), unit);
            rows.push(
                fields
                    .into_iter()
                    .filter_map(|open| {
                        let topic = open.topics.iter().max_by_key(|(_, bytes)| *bytes)?.0;
                        let title = title(items.get(open.first)?, open.count);
                        Some(Field { extent: open.extent, topic, title })
                    })
                    .collect(),
            );
            // Of many that reach farther the one that reaches farthest is seen.
            here.retain(|index| items.get(*index).is_some_and(|item| item.extent.end() > end));
            here.sort_by_key(|index| items.get(*index).map(|item| std::cmp::Reverse(item.extent.end())));
            here.truncate(1);
            carried = here;
        }
        Self { row, rows }
    }

    /// Ranges that cannot be told apart in the picture as one.
    pub(super) fn joined(&self, ranges: &Ranges) -> Vec<Extent> {
        let unit = (self.row / FIELDS).max(1);
        let mut joined: Vec<Extent> = Vec::new();
        for range in ranges.iter() {
            match joined.last_mut() {
                Some(last) if range.at < last.end().saturating_add(unit) => {
                    last.len = range.end().saturating_sub(last.at);
                }
                _ => joined.push(range),
            }
        }
        joined
    }
}

/// Bytes of a row: a power of two, so that there are at most [`ROWS`].
fn row_len(total: u64) -> u64 {
    let least = total.div_ceil(ROWS).max(SHORTEST);
    least.checked_next_power_of_two().unwrap_or(least)
}

/// The fields of a row.
fn fields(items: &[Item], here: &[usize], row: Extent, unit: u64) -> Vec<Open> {
    let mut fields: Vec<Open> = Vec::new();
    let mut at = row.at;
    for index in here {
        let Some(item) = items.get(*index) else { continue };
        let from = item.extent.at.max(at);
        let to = item.extent.end().min(row.end());
        if from >= to {
            continue;
        }
        let extent = Extent::between(from, to);
        at = to;
        if let Some(last) = fields.last_mut()
            && joins(last, extent, item.topic, unit)
        {
            last.extent.len = extent.end().saturating_sub(last.extent.at);
            match last.topics.iter_mut().find(|(topic, _)| *topic == item.topic) {
                Some((_, bytes)) => *bytes = bytes.saturating_add(extent.len),
                None => last.topics.push((item.topic, extent.len)),
            }
            last.count = last.count.saturating_add(1);
            continue;
        }
        fields.push(Open { extent, topics: vec![(item.topic, extent.len)], first: *index, count: 1 });
    }
    fields
}

/// Whether something becomes a part of the field in front of it: because that is too narrow so far, or they are alike and it is
/// narrow.
fn joins(last: &Open, extent: Extent, topic: usize, unit: u64) -> bool {
    let gap = extent.at.saturating_sub(last.extent.end());
    let is_alike = last.topics.len() == 1 && last.topics.first().is_some_and(|(known, _)| *known == topic);
    let room = if is_alike && extent.len < unit { unit.saturating_mul(NARROW) } else { unit };
    gap < unit && last.extent.len < room
}

const _: () = assert!(FIELDS > 0 && ROWS > 0, "there is room");

#[cfg(test)]
mod tests {
    use super::*;

    fn item(at: u64, len: u64, topic: usize) -> Item {
        Item { extent: Extent { at, len }, topic, owner: Owner::Other("x") }
    }

    fn layout(items: &[Item], total: u64) -> Layout {
        Layout::of(items, total, &|item, count| format!("{}+{count}", item.extent.at))
    }

    #[test]
    fn every_byte_is_in_its_row() {
        let layout = layout(&[item(0, 3000, 3), item(3000, 100_000, 4)], 110_000);
        assert_eq!(layout.row, 8192);
        assert_eq!(layout.rows.len(), 14);
        let first: Vec<(u64, u64, usize)> =
            layout.rows[0].iter().map(|f| (f.extent.at, f.extent.len, f.topic)).collect();
        assert_eq!(first, [(0, 3000, 3), (3000, 5192, 4)]);
        assert_eq!(layout.rows[12][0].extent, Extent { at: 98_304, len: 4696 });
        assert!(layout.rows[13].is_empty());
    }

    #[test]
    fn what_is_too_narrow_is_drawn_with_its_neighbours() {
        let total: u64 = 64 << 30;
        let items: Vec<Item> =
            (0..200_000).map(|n| item(n * (total / 200_000), total / 200_000, (n % 7) as usize)).collect();
        let layout = layout(&items, total);
        let count: usize = layout.rows.iter().map(Vec::len).sum();
        assert!((1000..=2 * 24 * 240).contains(&count), "{count}");
        let covered: u64 = layout.rows.iter().flatten().map(|field| field.extent.len).sum();
        assert!(covered > total - total / 1000);
    }

    #[test]
    fn large_files_of_one_directory_stay_apart() {
        let layout = layout(&[item(0, 1000, 3), item(1000, 1000, 3)], 2048);
        assert_eq!(layout.rows[0].len(), 2);
    }

    #[test]
    fn an_empty_disc_and_overlapping_files_are_drawn() {
        assert_eq!(layout(&[], 0).rows.len(), 1);
        let layout = layout(&[item(0, 2000, 3), item(500, 200, 4), item(1000, 1048, 5)], 2048);
        let ends: Vec<u64> = layout.rows[0].iter().map(|f| f.extent.end()).collect();
        assert_eq!(ends, [2000, 2048]);
    }
}
