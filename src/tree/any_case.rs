//! Names in any case (`check=relaxed`): what is left of a name without its case, and an index of a directory by it.

use std::sync::OnceLock;

use crate::bytes::as_usize;

/// The numbers of the entries of a directory, sorted by their names without case; those of one such name in the order of the
/// disc. Made when it is first needed: who writes names as they are listed needs it not.
#[derive(Debug, Default)]
pub(super) struct AnyCase(OnceLock<Box<[u32]>>);

impl AnyCase {
    /// Bytes of memory that the index of so many entries takes, once it is made.
    pub(super) fn weight(entries: usize) -> usize {
        entries.saturating_mul(size_of::<u32>())
    }

    /// The first of `entries` whose name is this one in another case; `name_of` tells their names.
    pub(super) fn find<'a>(
        &self,
        name: &[u8],
        entries: u32,
        name_of: impl Fn(u32) -> &'a [u8],
    ) -> Option<u32> {
        let index = self.0.get_or_init(|| sorted(entries, &name_of));
        let wanted = folded(name);
        let place = index.partition_point(|entry| folded(name_of(*entry)) < wanted);
        index.get(place).copied().filter(|entry| folded(name_of(*entry)) == wanted)
    }
}

fn sorted<'a>(entries: u32, name_of: impl Fn(u32) -> &'a [u8]) -> Box<[u32]> {
    // All names one behind the other, each folded once.
    let mut text = Vec::new();
    let append = |entry| {
        text.extend(folded(name_of(entry)));
        text.len()
    };
    let ends: Vec<usize> = (0..entries).map(append).collect();
    let key = |entry: u32| {
        let end_of = |entry: u32| ends.get(as_usize(entry.into())).copied().unwrap_or(0);
        let from = entry.checked_sub(1).map_or(0, end_of);
        text.get(from..end_of(entry)).unwrap_or_default()
    };
    let mut index: Vec<u32> = (0..entries).collect();
    index.sort_unstable_by(|a, b| (key(*a), a).cmp(&(key(*b), b)));
    index.into()
}

/// A name without its case and without the periods at its end, which are none for DOS and Windows. Letters are those of
/// Unicode in a name that is UTF-8, those of ASCII in any other.
fn folded(name: &[u8]) -> Vec<u8> {
    let end = name.iter().rposition(|b| *b != b'.').map_or(name.len(), |last| last.saturating_add(1));
    let name = name.get(..end).unwrap_or_default();
    match std::str::from_utf8(name) {
        Ok(text) if !text.is_ascii() => {
            // There and back, because some letters of lower case share one of upper case (`ς`, `σ`), or two (`ß`).
            let lower = text.chars().flat_map(char::to_lowercase);
            let folded: String = lower.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
            folded.into_bytes()
        }
        _ => name.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn same(a: &str, b: &str) -> bool {
        folded(a.as_bytes()) == folded(b.as_bytes())
    }

    #[test]
    fn case_is_that_of_unicode() {
        for (a, b) in [
            ("Readme.TXT", "README.txt"),
            ("GRÖSSE", "größe"),
            ("ÇA", "ça"),
            ("ПРИВЕТ", "привет"),
            ("ΟΔΟΣ", "οδος"),
            ("οδός", "ΟΔΌΣ"),
            ("STRAẞE", "straße"),
            ("ｆｕｌｌ", "ＦＵＬＬ"),
            ("\u{212a}elvin", "Kelvin"),
            ("setup.", "SETUP"),
            ("setup", "SETUP..."),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [("a", "b"), ("é", "e"), ("...", ""), ("..", "..."), ("a. ", "a"), ("日", "本")] {
            assert!(!same(a, b), "{a} {b}");
        }
        assert_eq!(folded(b"A\xc9\xe9Z"), b"a\xc9\xe9z", "Latin-1");
        assert_eq!(folded(b"\xc3\x89\xff"), b"\xc3\x89\xff", "not UTF-8 as a whole");
    }

    #[test]
    fn a_look_into_many_names_takes_few_comparisons() {
        const NAMES: u32 = 100_000;
        let names: Vec<String> =
            (0..NAMES).map(|i| format!("File Number {}.Txt", i * 7919 % NAMES)).collect();
        let looks = Cell::new(0);
        let name_of = |i: u32| {
            looks.set(looks.get() + 1);
            names[i as usize].as_bytes()
        };
        let any_case = AnyCase::default();
        any_case.find(b"", NAMES, name_of);
        assert!(looks.get() <= NAMES + 20, "each name once, to make the index: {}", looks.get());
        for i in (0..NAMES).step_by(997) {
            looks.set(0);
            let name = names[i as usize].to_uppercase();
            assert_eq!(any_case.find(name.as_bytes(), NAMES, name_of), Some(i), "{name}");
            assert_eq!(any_case.find(format!("{name}x").as_bytes(), NAMES, name_of), None);
            assert!(looks.get() <= 2 * 20, "{}", looks.get());
        }
    }
}
