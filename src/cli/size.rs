//! Sizes in bytes, as people write them.

use std::fmt;

use crate::open::DEFAULT_CACHE_SIZE;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize);

impl Size {
    /// The default of `--cache-size`.
    pub const DEFAULT: Self = Self(DEFAULT_CACHE_SIZE);
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: usize = 1 << 20;
        match self.0 {
            n if n > 0 && n.is_multiple_of(MIB) => write!(f, "{}M", n / MIB),
            n => write!(f, "{n}"),
        }
    }
}

/// `4096`, `64K`, `16M` (or `16MiB`), `1G`.
///
/// # Errors
/// A sentence for people.
pub(super) fn parse(text: &str) -> Result<Size, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: usize = match text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => 1 << 20,
        "G" | "GB" | "GIB" => 1 << 30,
        _ => return Err("a number of bytes, with K, M or G behind it".into()),
    };
    let number: usize =
        digits.parse().map_err(|_| "a number of bytes, with K, M or G behind it".to_owned())?;
    number.checked_mul(unit).map(Size).ok_or_else(|| "more than there is memory".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse("4096").unwrap(), Size(4096));
        assert_eq!(parse("16M").unwrap(), Size(16 << 20));
        assert_eq!(parse("2gib").unwrap(), Size(2 << 30));
        assert!(parse("M").is_err());
        assert!(parse("12X").is_err());
        assert!(parse("99999999999G").is_err());
        assert_eq!(Size::DEFAULT.to_string(), "16M");
    }
}
