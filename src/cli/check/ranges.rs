//! Sets of bytes of the image: ranges that neither overlap nor touch, in rising order.

use crate::tree::Extent;

/// A set of bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    ranges: Vec<Extent>,
    /// Bytes in the ranges in front of each.
    before: Vec<u64>,
    total: u64,
}

impl Ranges {
    /// The bytes that lie in any of these.
    pub(super) fn of(extents: impl IntoIterator<Item = Extent>) -> Self {
        let mut all: Vec<Extent> = extents.into_iter().filter(|extent| extent.len > 0).collect();
        all.sort_unstable();
        let mut ranges: Vec<Extent> = Vec::new();
        for extent in all {
            match ranges.last_mut() {
                Some(last) if extent.at <= last.end() => {
                    last.len = extent.end().max(last.end()).saturating_sub(last.at);
                }
                _ => ranges.push(extent),
            }
        }
        let (mut before, mut total) = (Vec::with_capacity(ranges.len()), 0u64);
        for range in &ranges {
            before.push(total);
            total = total.saturating_add(range.len);
        }
        Self { ranges, before, total }
    }

    /// How many bytes there are.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Extent> {
        self.ranges.iter().copied()
    }

    /// How many ranges there are.
    pub(super) fn count(&self) -> usize {
        self.ranges.len()
    }

    /// The number of the first range that ends behind a byte.
    fn from(&self, at: u64) -> usize {
        self.ranges.partition_point(|range| range.end() <= at)
    }

    /// How many bytes of an extent are in the set.
    pub(super) fn within(&self, extent: Extent) -> u64 {
        self.up_to(extent.end()).saturating_sub(self.up_to(extent.at))
    }

    /// How many bytes in front of `at` are in the set.
    fn up_to(&self, at: u64) -> u64 {
        let number = self.from(at);
        let before = self.before.get(number).copied().unwrap_or(self.total);
        let inside = self.ranges.get(number).map_or(0, |range| at.saturating_sub(range.at));
        before.saturating_add(inside)
    }

    /// The first byte of an extent that is in the set.
    pub(super) fn first_within(&self, extent: Extent) -> Option<u64> {
        let range = self.ranges.get(self.from(extent.at))?;
        let at = range.at.max(extent.at);
        (at < extent.end()).then_some(at)
    }

    /// The first byte from `at` on that is in the set.
    pub(super) fn next(&self, at: u64) -> Option<u64> {
        self.ranges.get(self.from(at)).map(|range| range.at.max(at))
    }

    /// The bytes of this set that are not in another.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for range in self.iter() {
            let mut at = range.at;
            for taken in other.ranges.get(other.from(at)..).unwrap_or_default() {
                if taken.at >= range.end() {
                    break;
                }
                left.push(Extent::between(at, taken.at.max(at)));
                at = taken.end().max(at);
            }
            left.push(Extent::between(at, range.end()));
        }
        Self::of(left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn set(ranges: &[(u64, u64)]) -> Ranges {
        Ranges::of(ranges.iter().map(|(at, len)| Extent { at: *at, len: *len }))
    }

    fn bytes(ranges: &[(u64, u64)]) -> Vec<bool> {
        let is_in = |byte: u64| ranges.iter().any(|(at, len)| (*at..at + len).contains(&byte));
        (0..64).map(is_in).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn sets_say_what_a_look_at_each_byte_says(a in vec((0u64..40, 0u64..12), 0..6), b in vec((0u64..40, 0u64..12), 0..6)) {
            let (first, second) = (set(&a), set(&b));
            let (in_a, in_b) = (bytes(&a), bytes(&b));
            let count = |bytes: &[bool]| bytes.iter().filter(|b| **b).count() as u64;
            prop_assert_eq!(first.total(), count(&in_a));
            for at in 0..60u64 {
                let here = &in_a[at as usize..(at as usize + 4)];
                let extent = Extent { at, len: 4 };
                prop_assert_eq!(first.within(extent), count(here));
                let found = here.iter().position(|b| *b).map(|n| at + n as u64);
                prop_assert_eq!(first.first_within(extent), found);
                let next = (at..64).find(|n| in_a[*n as usize]);
                prop_assert_eq!(first.next(at), next);
            }
            let minus: Vec<bool> = in_a.iter().zip(&in_b).map(|(a, b)| *a && !*b).collect();
            let left = first.minus(&second);
            prop_assert_eq!((0..64).map(|at| left.within(Extent { at, len: 1 }) == 1).collect::<Vec<_>>(), minus);
        }
    }
}
