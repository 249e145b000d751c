//! The fields of `isomount ls -l`.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

use super::human;
use crate::tree::{Kind, Stat};

/// Type and permissions, links, owner, group, size or device, date.
const FIELDS: usize = 6;

/// Bytes of most lines, with the name.
const LINE: usize = 120;

/// What stands for a field of a node that cannot be read.
const UNKNOWN: &str = "?";

/// 1973: from then on the clocks of all zones differ by whole minutes.
const WHOLE_MINUTES: i64 = 94_694_400;

/// Dates as text; those of files of one directory are often the same.
pub(super) struct Dates {
    zone: TimeZone,
    /// The last one, by the second at which its minute begins.
    last: Option<(i64, String)>,
}

impl Dates {
    pub(super) fn in_zone(zone: TimeZone) -> Self {
        Self { zone, last: None }
    }

    /// When the content was last changed.
    fn of(&mut self, stat: &Stat) -> &str {
        let seconds = stat.modified.seconds;
        let unit = if seconds < WHOLE_MINUTES { 1 } else { 60 };
        let minute = seconds.div_euclid(unit).saturating_mul(unit);
        let last = self.last.take().filter(|(last, _)| *last == minute);
        let date = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let made = || (minute, moment(stat).map_or_else(|| UNKNOWN.to_owned(), date));
        &self.last.insert(last.unwrap_or_else(made)).1
    }
}

/// The fields of many nodes: all of them in one text, because a directory can have a million.
#[derive(Default)]
pub(super) struct Table {
    text: String,
    /// Where each field ends.
    ends: Vec<usize>,
    /// The widest of each.
    widths: [usize; FIELDS],
}

impl Table {
    /// Adds the fields of a node, of which nothing may be known.
    pub(super) fn add(&mut self, stat: Option<&Stat>, is_human: bool, dates: &mut Dates) {
        let mut start = self.text.len();
        for (at, width) in self.widths.iter_mut().enumerate() {
            // Writing to a string does not fail.
            let _ = match stat {
                Some(stat) => write_field(&mut self.text, at, stat, is_human, dates),
                None => self.text.write_str(UNKNOWN),
            };
            *width = self.text.len().saturating_sub(start).max(*width);
            start = self.text.len();
            self.ends.push(start);
        }
    }

    /// The fields of each node on a line, all but the first flush right, with a space behind each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let mut start = 0;
        self.ends.chunks(FIELDS).map(move |ends| {
            let mut line = String::with_capacity(LINE);
            for (at, (end, width)) in ends.iter().zip(self.widths).enumerate() {
                let field = self.text.get(start..*end).unwrap_or_default();
                let _ = match at {
                    0 => write!(line, "{field:<width$} "),
                    _ => write!(line, "{field:>width$} "),
                };
                start = *end;
            }
            line
        })
    }
}

fn write_field(
    text: &mut String,
    at: usize,
    stat: &Stat,
    is_human: bool,
    dates: &mut Dates,
) -> std::fmt::Result {
    match (at, stat.device) {
        (0, _) => text.extend(mode(stat)),
        (1, _) => return write!(text, "{}", stat.links),
        (2, _) => return write!(text, "{}", stat.uid),
        (3, _) => return write!(text, "{}", stat.gid),
        (4, Some(device)) => return write!(text, "{}, {}", device.major, device.minor),
        (4, None) if is_human => text.push_str(&human::size(stat.size)),
        (4, None) => return write!(text, "{}", stat.size),
        _ => text.push_str(dates.of(stat)),
    }
    Ok(())
}

/// `drwxr-xr-x`.
fn mode(stat: &Stat) -> [char; 10] {
    let kind = match stat.kind {
        Kind::File => '-',
        Kind::Directory => 'd',
        Kind::Symlink => 'l',
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
    };
    let has = |bit: u16| stat.permissions & bit != 0;
    let letter = |bit, letter| if has(bit) { letter } else { '-' };
    // The third letter of each class tells of two bits.
    let last = |execute, special, both, alone| match (has(execute), has(special)) {
        (true, true) => both,
        (false, true) => alone,
        (true, false) => 'x',
        (false, false) => '-',
    };
    [
        kind,
        letter(0o400, 'r'),
        letter(0o200, 'w'),
        last(0o100, 0o4000, 's', 'S'),
        letter(0o040, 'r'),
        letter(0o020, 'w'),
        last(0o010, 0o2000, 's', 'S'),
        letter(0o004, 'r'),
        letter(0o002, 'w'),
        last(0o001, 0o1000, 't', 'T'),
    ]
}

/// The time of the last change of the content; a disc can have some that no calendar has.
pub(super) fn moment(stat: &Stat) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(stat.modified.nanoseconds).ok()?;
    Timestamp::new(stat.modified.seconds, nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Device, NodeId};

    fn stat(kind: Kind, permissions: u16) -> Stat {
        let time = crate::tree::Timestamp { seconds: 1_048_986_123, nanoseconds: 5 };
        Stat {
            id: NodeId(2),
            kind,
            permissions,
            links: 3,
            uid: 70_000,
            gid: 0,
            size: 1536,
            allocated: 0,
            modified: time,
            accessed: time,
            changed: time,
            created: None,
            device: None,
        }
    }

    #[test]
    fn modes_are_letters() {
        for (kind, permissions, expected) in [
            (Kind::File, 0o644, "-rw-r--r--"),
            (Kind::Directory, 0o1777, "drwxrwxrwt"),
            (Kind::Directory, 0o1000, "d--------T"),
            (Kind::File, 0o6755, "-rwsr-sr-x"),
            (Kind::File, 0o6644, "-rwSr-Sr--"),
            (Kind::Symlink, 0o777, "lrwxrwxrwx"),
            (Kind::Fifo, 0, "p---------"),
        ] {
            assert_eq!(mode(&stat(kind, permissions)).iter().collect::<String>(), expected);
        }
    }

    fn lines(stats: &[Option<&Stat>], is_human: bool) -> Vec<String> {
        let (mut table, mut dates) = (Table::default(), Dates::in_zone(TimeZone::UTC));
        stats.iter().for_each(|stat| table.add(*stat, is_human, &mut dates));
        table.lines().collect()
    }

    #[test]
    fn fields_are_aligned() {
        let device = Stat { device: Some(Device { major: 8, minor: 1 }), ..stat(Kind::BlockDevice, 0o660) };
        let found = lines(&[Some(&stat(Kind::File, 0o644)), None, Some(&device)], true);
        assert_eq!(
            found,
            [
                "-rw-r--r-- 3 70000 0 1.5K 2003-03-30 01:02 ",
                "?          ?     ? ?    ?                ? ",
                "brw-rw---- 3 70000 0 8, 1 2003-03-30 01:02 ",
            ]
        );
        assert!(lines(&[Some(&stat(Kind::File, 0))], false)[0].contains(" 1536 "));
    }

    #[test]
    fn dates_are_those_of_their_minutes() {
        for (seconds, expected) in [
            (i64::MIN, "?"),
            (-60, "1969-12-31 23:59"),
            (-1, "1969-12-31 23:59"),
            (0, "1970-01-01 00:00"),
            (60, "1970-01-01 00:01"),
            (1_048_986_119, "2003-03-30 01:01"),
            (1_048_986_120, "2003-03-30 01:02"),
        ] {
            let mut all = [stat(Kind::File, 0), stat(Kind::File, 0)];
            // The next minute is another one.
            all[0].modified.seconds = seconds;
            all[1].modified.seconds = seconds.saturating_add(60);
            let found = lines(&[Some(&all[0]), Some(&all[0]), Some(&all[1])], false);
            let is_expected = |line: &String| line.ends_with(&format!(" {expected} "));
            let is_as_expected = found.iter().map(is_expected).collect::<Vec<_>>();
            assert_eq!(is_as_expected, [true, true, expected == "?"], "{found:?}");
        }
    }
}
