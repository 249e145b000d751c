//! The fields of `isomount ls -l`.

use jiff::{Timestamp, tz::TimeZone};

use super::human;
use crate::tree::{Kind, Stat};

/// Type and permissions, links, owner, group, size or device, date.
pub(super) const FIELDS: usize = 6;

/// What stands for a field of a node that cannot be read.
const UNKNOWN: &str = "?";

/// The fields of a node, of which nothing may be known.
pub(super) fn fields(stat: Option<&Stat>, is_human: bool, zone: &TimeZone) -> [String; FIELDS] {
    let Some(stat) = stat else { return [UNKNOWN; FIELDS].map(str::to_owned) };
    let size = match stat.device {
        Some(device) => format!("{}, {}", device.major, device.minor),
        None if is_human => human::size(stat.size),
        None => stat.size.to_string(),
    };
    [mode(stat), stat.links.to_string(), stat.uid.to_string(), stat.gid.to_string(), size, date(stat, zone)]
}

/// A line of fields, all but the first flush right.
pub(super) fn line(fields: &[String; FIELDS], widths: &[usize; FIELDS]) -> String {
    let mut line = String::new();
    for (at, (field, width)) in fields.iter().zip(widths).enumerate() {
        let field = if at == 0 { format!("{field:<width$}") } else { format!("{field:>width$}") };
        line.push_str(&field);
        line.push(' ');
    }
    line
}

/// `drwxr-xr-x`.
fn mode(stat: &Stat) -> String {
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
    .iter()
    .collect()
}

/// When the content was last changed, in the zone of the system.
fn date(stat: &Stat, zone: &TimeZone) -> String {
    let at = moment(stat).map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
    at.unwrap_or_else(|| UNKNOWN.to_owned())
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
            assert_eq!(mode(&stat(kind, permissions)), expected);
        }
    }

    #[test]
    fn fields_are_aligned() {
        let zone = TimeZone::UTC;
        let file = fields(Some(&stat(Kind::File, 0o644)), true, &zone);
        assert_eq!(line(&file, &[10, 2, 5, 1, 6, 16]), "-rw-r--r--  3 70000 0   1.5K 2003-03-30 01:02 ");
        let device = Stat { device: Some(Device { major: 8, minor: 1 }), ..stat(Kind::BlockDevice, 0o660) };
        assert_eq!(fields(Some(&device), true, &zone)[4], "8, 1");
        assert_eq!(fields(None, false, &zone)[5], "?");
        let mut odd = stat(Kind::File, 0);
        odd.modified.seconds = i64::MIN;
        assert_eq!(fields(Some(&odd), false, &zone)[5], "?");
    }
}
