//! Dates as discs store them.

use std::fmt;

/// Seconds and nanoseconds since 1970-01-01 00:00:00 UTC.
pub type Moment = (i64, u32);

/// Quarters of an hour that a recorded zone may lie from Greenwich. ECMA-119 9.1.5 says -48 to +52; what is farther out
/// is ignored, as the kernel does.
const ZONE_QUARTERS: std::ops::RangeInclusive<i8> = -52..=52;

/// The date in a directory record, ECMA-119 9.1.5: seven bytes, years since 1900, zone in quarters of an
/// hour. High Sierra has six bytes and no zone. `None` when it is no date: month 0 or day 0.
pub fn from_record(bytes: &[u8]) -> Option<Moment> {
    let (&[year, month, day, hour, minute, second], rest) = bytes.split_first_chunk()?;
    if month == 0 || day == 0 {
        return None;
    }
    let seconds = civil(i64::from(year).saturating_add(1900), [month, day, hour, minute, second])?;
    Some((in_utc(seconds, rest.first().copied()), 0))
}

/// The date in a volume descriptor and in the long form of Rock Ridge's `TF`, ECMA-119 8.4.26.1: sixteen digits and a
/// zone. `None` when it is no date (all zeros mean "not specified").
pub fn from_digits(bytes: &[u8]) -> Option<Moment> {
    let (digits, rest) = bytes.split_first_chunk::<16>()?;
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        std::str::from_utf8(digits.get(range)?).ok()?.parse().ok()
    };
    let small = |at: usize| u8::try_from(number(at..at.saturating_add(2))?).ok();
    let (month, day) = (small(4)?, small(6)?);
    if month == 0 || day == 0 {
        return None;
    }
    let seconds = civil(i64::from(number(0..4)?), [month, day, small(8)?, small(10)?, small(12)?])?;
    let nanoseconds = u32::from(small(14)?).saturating_mul(10_000_000);
    Some((in_utc(seconds, rest.first().copied()), nanoseconds))
}

/// The minutes from Greenwich of a timestamp that does not say, ECMA-167 1/7.3.1.
const ZONE_UNSPECIFIED: i16 = -2047;

/// A timestamp, ECMA-167 1/7.3: twelve bytes, zone in minutes, down to microseconds. `None` when it is no date: month 0 or
/// day 0. A fraction of a second that is out of its range counts as none, as in the kernel.
pub fn from_timestamp(bytes: &[u8; 12]) -> Option<Moment> {
    let &[_, _, year_low, year_high, month, day, hour, minute, second, ..] = bytes;
    if month == 0 || day == 0 {
        return None;
    }
    let year = i16::from_le_bytes([year_low, year_high]);
    let local = civil(year.into(), [month, day, hour, minute, second])?;
    let (kind, minutes, nanoseconds) = parts_of_timestamp(bytes);
    let is_local = kind == 1 && minutes != ZONE_UNSPECIFIED;
    let offset = if is_local { i64::from(minutes).saturating_mul(60) } else { 0 };
    Some((local.saturating_sub(offset), nanoseconds))
}

/// A date of the calendar as it is recorded, with its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanoseconds: u32,
    zone: Zone,
}

/// Where the clock of a recorded date was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// It showed coordinated universal time.
    Universal,
    /// So many minutes from Greenwich, east counted up.
    Minutes(i16),
    /// That is not recorded, or is none.
    Unknown,
}

/// What is in a field for a date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing: no date is recorded.
    #[default]
    Nothing,
    /// A date.
    Date(Date),
    /// Bytes that are none.
    Nonsense(Box<[u8]>),
}

impl Recorded {
    /// Digits as for [`from_digits`]; those of High Sierra have no zone. All zeros, spaces or NULs are nothing.
    pub fn of_digits(bytes: &[u8]) -> Self {
        let (digits, zone) = bytes.split_at_checked(16).unwrap_or((bytes, &[]));
        if [b'0', b' ', 0].iter().any(|blank| digits.iter().all(|byte| byte == blank)) {
            return Self::Nothing;
        }
        let number = |from: usize, len: usize| -> Option<u16> {
            let digits = digits.get(from..)?.get(..len)?;
            let is_number = digits.iter().all(u8::is_ascii_digit);
            std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
        };
        let small = |from| number(from, 2).and_then(|number| u8::try_from(number).ok());
        let zone = match zone.first().map(|quarters| i8::from_ne_bytes([*quarters])) {
            Some(quarters) if ZONE_QUARTERS.contains(&quarters) => {
                Zone::Minutes(i16::from(quarters).saturating_mul(15))
            }
            _ => Zone::Unknown,
        };
        let date = || {
            let fields = [small(4)?, small(6)?, small(8)?, small(10)?, small(12)?];
            Date::new(number(0, 4)?, fields, u32::from(small(14)?).saturating_mul(10_000_000), zone)
        };
        date().map_or_else(|| Self::Nonsense(bytes.into()), Self::Date)
    }

    /// A timestamp as for [`from_timestamp`]. One whose year, month and day are 0 is nothing.
    pub fn of_timestamp(bytes: &[u8; 12]) -> Self {
        let &[_, _, year_low, year_high, month, day, hour, minute, second, ..] = bytes;
        let year = u16::from_le_bytes([year_low, year_high]);
        if (year, month, day) == (0, 0, 0) {
            return Self::Nothing;
        }
        let (kind, minutes, nanoseconds) = parts_of_timestamp(bytes);
        let zone = match kind {
            0 => Zone::Universal,
            1 if (-1439..=1439).contains(&minutes) => Zone::Minutes(minutes),
            _ => Zone::Unknown,
        };
        let date = Date::new(year, [month, day, hour, minute, second], nanoseconds, zone);
        date.map_or_else(|| Self::Nonsense(bytes.as_slice().into()), Self::Date)
    }
}

impl Date {
    /// `None` when the calendar has no such day, or the day no such time. A second may be a leap second.
    fn new(
        year: u16,
        [month, day, hour, minute, second]: [u8; 5],
        nanoseconds: u32,
        zone: Zone,
    ) -> Option<Self> {
        let is_leap_year = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap_year => 29,
            2 => 28,
            _ => return None,
        };
        let is_there = year <= 9999
            && (1..=days).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60
            && nanoseconds < 1_000_000_000;
        is_there.then_some(Self { year, month, day, hour, minute, second, nanoseconds, zone })
    }

    /// Where its clock was.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Day and time to the second, with what stands between them, and the zone behind it.
    pub fn written(&self, between: char, before_zone: &str) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        let zone = self.zone;
        format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{before_zone}{zone}")
    }
}

impl fmt::Display for Date {
    /// As RFC 3339 has it, with a fraction of a second where there is one. A zone that is not known is `-00:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!(".{:09}", self.nanoseconds);
        let fraction = if self.nanoseconds == 0 { "" } else { fraction.trim_end_matches('0') };
        f.write_str(&self.written('T', fraction))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Universal => f.write_str("Z"),
            Self::Unknown => f.write_str("-00:00"),
            Self::Minutes(minutes) => {
                let (sign, far) = (if *minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
                write!(f, "{sign}{:02}:{:02}", far / 60, far % 60)
            }
        }
    }
}

/// The type of a timestamp, its minutes from Greenwich, and its fraction of a second in nanoseconds; one that is out of its range counts
/// as none.
fn parts_of_timestamp(bytes: &[u8; 12]) -> (u16, i16, u32) {
    let &[zone_low, zone_high, .., hundredths, hundreds, micros] = bytes;
    let kind_and_zone = u16::from_le_bytes([zone_low, zone_high]);
    // Twelve bits with a sign, shifted up so that theirs becomes that of the number.
    let [low, high] = (kind_and_zone << 4).to_le_bytes();
    let minutes = i16::from_le_bytes([low, high]) >> 4;
    let fraction = [(hundredths, 10_000_000), (hundreds, 100_000), (micros, 1000)];
    let nanoseconds = if fraction.iter().all(|(count, _)| *count < 100) {
        fraction
            .iter()
            .fold(0, |sum: u32, (count, unit)| sum.saturating_add(u32::from(*count).saturating_mul(*unit)))
    } else {
        0
    };
    (kind_and_zone >> 12, minutes, nanoseconds)
}

fn in_utc(seconds: i64, zone: Option<u8>) -> i64 {
    let quarters = zone.map_or(0, |z| i8::from_ne_bytes([z]));
    let offset = if ZONE_QUARTERS.contains(&quarters) { i64::from(quarters).saturating_mul(900) } else { 0 };
    seconds.saturating_sub(offset)
}

/// Seconds since 1970 of a date in the Gregorian calendar. Fields out of their range carry over into the next larger one, as
/// in the kernel: month 13 is January of the next year.
fn civil(year: i64, [month, day, hour, minute, second]: [u8; 5]) -> Option<i64> {
    // Years that begin in March, so that the leap day is their last.
    let month = i64::from(month);
    let (year, month) = if month > 2 {
        (year, month.checked_sub(2)?)
    } else {
        (year.checked_sub(1)?, month.checked_add(10)?)
    };
    let leap_days =
        year.div_euclid(4).checked_sub(year.div_euclid(100))?.checked_add(year.div_euclid(400))?;
    // 367 / 12 gives the months their 30 or 31 days, counted from March.
    let of_months = month.checked_mul(367)?.div_euclid(12);
    let days = leap_days
        .checked_add(of_months)?
        .checked_add(i64::from(day))?
        .checked_add(year.checked_mul(365)?)?
        .checked_sub(719_499)?;
    days.checked_mul(24)?
        .checked_add(i64::from(hour))?
        .checked_mul(60)?
        .checked_add(i64::from(minute))?
        .checked_mul(60)?
        .checked_add(i64::from(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_dates_have_a_zone() {
        assert_eq!(from_record(&[70, 1, 1, 0, 0, 0, 0]), Some((0, 0)));
        assert_eq!(from_record(&[100, 2, 29, 12, 0, 0, 4]), Some((951_822_000, 0)));
        assert_eq!(from_record(&[100, 2, 29, 12, 0, 0, 0xfc]), Some((951_829_200, 0)));
        assert_eq!(from_record(&[100, 2, 29, 12, 0, 0, 100]), Some((951_825_600, 0)), "a zone that is none");
        assert_eq!(from_record(&[100, 2, 29, 12, 0, 0]), Some((951_825_600, 0)), "High Sierra");
    }

    #[test]
    fn dates_before_1970_and_after_2038() {
        assert_eq!(from_record(&[0, 1, 1, 0, 0, 0, 0]), Some((-2_208_988_800, 0)));
        assert_eq!(from_record(&[255, 12, 31, 23, 59, 59, 0]), Some((5_869_583_999, 0)));
        assert_eq!(from_digits(b"1601010100000000\0"), Some((-11_644_473_600, 0)));
        assert_eq!(from_digits(b"9999123123595999\0"), Some((253_402_300_799, 990_000_000)));
    }

    #[test]
    fn fields_out_of_range_carry_over() {
        assert_eq!(from_record(&[70, 1, 32, 24, 60, 60, 0]), Some((32 * 86400 + 3600 + 60, 0)));
        assert_eq!(from_record(&[70, 13, 1, 0, 0, 0, 0]), from_record(&[71, 1, 1, 0, 0, 0, 0]));
        assert_eq!(from_record(&[0xa5; 7]), Some((3_445_976_865, 0)), "what the kernel shows");
    }

    #[test]
    fn timestamps_have_a_zone_in_minutes_and_microseconds() {
        let stamp = |zone: u16, rest: [u8; 3]| {
            let mut bytes = [0, 0, 0xd0, 7, 2, 29, 12, 0, 0, rest[0], rest[1], rest[2]];
            bytes[..2].copy_from_slice(&zone.to_le_bytes());
            from_timestamp(&bytes)
        };
        let noon = 951_825_600;
        assert_eq!(stamp(0x1000, [0; 3]), Some((noon, 0)));
        assert_eq!(stamp(0x1000 | 90, [12, 34, 56]), Some((noon - 5400, 123_456_000)));
        assert_eq!(stamp(0x1000 | (0x1000 - 90), [99; 3]), Some((noon + 5400, 999_999_000)));
        assert_eq!(stamp(0x1000 | (0x1000 - 2047), [0; 3]), Some((noon, 0)), "no zone");
        assert_eq!(stamp(90, [0; 3]), Some((noon, 0)), "coordinated universal time has no zone");
        assert_eq!(stamp(0x1000, [100, 0, 0]), Some((noon, 0)), "hundredths that are none");
        assert_eq!(from_timestamp(&[0; 12]), None);
        assert_eq!(from_timestamp(&[0, 16, 0xff, 0xff, 1, 1, 0, 0, 0, 0, 0, 0]), Some((-62_198_755_200, 0)));
    }

    #[test]
    fn recorded_dates_are_those_of_the_calendar() {
        let digits = |text: &[u8]| match Recorded::of_digits(text) {
            Recorded::Date(date) => date.to_string(),
            Recorded::Nothing => "nothing".to_owned(),
            Recorded::Nonsense(bytes) => format!("nonsense of {}", bytes.len()),
        };
        assert_eq!(digits(b"2023021110161700\x04"), "2023-02-11T10:16:17+01:00");
        assert_eq!(digits(b"2024022923596099\xf2"), "2024-02-29T23:59:60.99-03:30");
        assert_eq!(digits(b"1985010100000000"), "1985-01-01T00:00:00-00:00", "High Sierra");
        assert_eq!(digits(b"2023021110161700\x64"), "2023-02-11T10:16:17-00:00", "a zone that is none");
        for nothing in [b"0000000000000000\0", b"                \0", &[0; 17]] {
            assert_eq!(digits(nothing), "nothing");
        }
        for nonsense in
            [b"2023022910161700\0", b"2023130110161700\0", b"20230211241617 0\0", b"+023021110161700\0"]
        {
            assert_eq!(digits(nonsense), "nonsense of 17");
        }
        let stamp = |zone: u16, year: u16, rest: [u8; 3]| {
            let mut bytes = [0, 0, 0, 0, 2, 29, 12, 0, 0, rest[0], rest[1], rest[2]];
            bytes[..2].copy_from_slice(&zone.to_le_bytes());
            bytes[2..4].copy_from_slice(&year.to_le_bytes());
            match Recorded::of_timestamp(&bytes) {
                Recorded::Date(date) => date.to_string(),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(stamp(0x1000 | 90, 2000, [12, 34, 50]), "2000-02-29T12:00:00.12345+01:30");
        assert_eq!(stamp(0x1000 | (0x1000 - 90), 2000, [0; 3]), "2000-02-29T12:00:00-01:30");
        assert_eq!(stamp(0x1000 | (0x1000 - 2047), 2000, [0; 3]), "2000-02-29T12:00:00-00:00");
        assert_eq!(stamp(90, 2000, [0; 3]), "2000-02-29T12:00:00Z");
        for year in [2001, 10_000, 0xfffc] {
            assert!(stamp(0, year, [0; 3]).starts_with("Nonsense"), "{year}");
        }
        assert_eq!(Recorded::of_timestamp(&[0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Recorded::Nothing);
        let Recorded::Date(date) = Recorded::of_digits(b"2023021110161700\x04") else { panic!("no date") };
        assert_eq!(date.written(' ', " "), "2023-02-11 10:16:17 +01:00");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in [[0; 7], [99, 0, 1, 0, 0, 0, 0], [99, 1, 0, 0, 0, 0, 0]] {
            assert_eq!(from_record(&bad), None);
        }
        assert_eq!(from_digits(b"0000000000000000\0"), None);
        assert_eq!(from_digits(b"2024-01-01 00:00\0"), None);
        assert_eq!(from_record(&[1, 2, 3]), None);
    }
}
