//! Dates as discs store them.

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
    let &[
        zone_low,
        zone_high,
        year_low,
        year_high,
        month,
        day,
        hour,
        minute,
        second,
        hundredths,
        hundreds,
        micros,
    ] = bytes;
    if month == 0 || day == 0 {
        return None;
    }
    let year = i16::from_le_bytes([year_low, year_high]);
    let local = civil(year.into(), [month, day, hour, minute, second])?;
    let kind_and_zone = u16::from_le_bytes([zone_low, zone_high]);
    // Twelve bits with a sign, shifted up so that theirs becomes that of the number.
    let [low, high] = (kind_and_zone << 4).to_le_bytes();
    let minutes = i16::from_le_bytes([low, high]) >> 4;
    let is_local = kind_and_zone >> 12 == 1 && minutes != ZONE_UNSPECIFIED;
    let offset = if is_local { i64::from(minutes).saturating_mul(60) } else { 0 };
    let fraction = [(hundredths, 10_000_000), (hundreds, 100_000), (micros, 1000)];
    let nanoseconds = if fraction.iter().all(|(count, _)| *count < 100) {
        fraction
            .iter()
            .fold(0, |sum: u32, (count, unit)| sum.saturating_add(u32::from(*count).saturating_mul(*unit)))
    } else {
        0
    };
    Some((local.saturating_sub(offset), nanoseconds))
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
    fn what_is_no_date_is_none() {
        for bad in [[0; 7], [99, 0, 1, 0, 0, 0, 0], [99, 1, 0, 0, 0, 0, 0]] {
            assert_eq!(from_record(&bad), None);
        }
        assert_eq!(from_digits(b"0000000000000000\0"), None);
        assert_eq!(from_digits(b"2024-01-01 00:00\0"), None);
        assert_eq!(from_record(&[1, 2, 3]), None);
    }
}
