//! Lengths of time as arguments.

use std::time::Duration;

/// The letters behind a number, in seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];

/// A number of seconds, or with `s`, `m`, `h` or `d` behind it; at least a second.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .unwrap_or((text, 1));
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|s| *s > 0);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "a number of seconds, or with s, m, h or d behind it".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "0", "-1", "1.5h", "10 m", "99999999999999999999", "9999999999999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
