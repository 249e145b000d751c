//! Sizes for people: `1.5K`.

/// A number of bytes in at most five characters, rounded up, as ls -h has it.
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit: u128 = 1;
    for letter in ['K', 'M', 'G', 'T', 'P', 'E'] {
        unit = unit.saturating_mul(1024);
        let tenths = u128::from(bytes).saturating_mul(10).div_ceil(unit);
        let whole = u128::from(bytes).div_ceil(unit);
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        if whole < 1024 {
            return format!("{whole}{letter}");
        }
    }
    // 16 exbibytes, less one byte.
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up() {
        for (bytes, expected) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_189, "10K"),
            (10_241, "11K"),
            (1_048_575, "1.0M"),
            (1_048_577, "1.1M"),
            (4_700_372_992, "4.4G"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
    }
}
