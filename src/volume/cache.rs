//! A cache bounded in bytes: least recently used goes first, one load per key however many threads ask, no lock held
//! while loading.

use std::{
    hash::{BuildHasher, Hash},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use lru::{DefaultHasher, LruCache};

use crate::error::Result;

/// What a value weighs against the budget, in bytes.
type Weigh<V> = fn(&V) -> usize;

/// A value, or the place where the threads that want it wait for the one that loads it.
type Slot<V> = Arc<OnceLock<Result<V>>>;

/// A cache of `V` by `K`, in shards that are locked one by one.
///
/// Values are cheap to clone (`Arc`). Failures are told to all who wait, and not kept.
pub struct Cache<K: Hash + Eq, V> {
    shards: Vec<Mutex<Shard<K, V>>>,
    budget: usize,
    weigh: Weigh<V>,
    hasher: DefaultHasher,
}

struct Shard<K: Hash + Eq, V> {
    entries: LruCache<K, Entry<V>>,
    /// What all entries but the heavy one weigh together.
    weight: usize,
    /// One value heavier than the whole budget may stay beside it, until another such comes: a huge directory would be thrown
    /// out by each small one otherwise, and decoded again for each name.
    heavy: Option<(K, usize)>,
}

struct Entry<V> {
    slot: Slot<V>,
    weight: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// A cache whose values together weigh at most `budget` bytes; in each of `shards` one value that is heavier than
    /// its part of the budget may stay beside the others.
    pub fn new(shards: usize, budget: usize, weigh: Weigh<V>) -> Self {
        let shards = shards.max(1);
        let empty = || Mutex::new(Shard { entries: LruCache::unbounded(), weight: 0, heavy: None });
        Self {
            budget: budget.checked_div(shards).unwrap_or(budget),
            shards: std::iter::repeat_with(empty).take(shards).collect(),
            weigh,
            hasher: DefaultHasher::default(),
        }
    }

    /// The value of `key`, by `load` if it is not there. Of several threads that ask at once, one loads and the
    /// others wait.
    ///
    /// `load` must not ask the same cache for the same key.
    ///
    /// # Errors
    /// What `load` returned, to all who waited for it; the next to ask loads again.
    pub fn get_or_load(&self, key: K, load: impl FnOnce() -> Result<V>) -> Result<V> {
        let slot = self.slot(&key);
        if let Some(known) = slot.get() {
            return known.clone();
        }
        let mut loaded_here = false;
        let value = slot
            .get_or_init(|| {
                loaded_here = true;
                load()
            })
            .clone();
        if loaded_here {
            self.settle(&key, &slot, &value);
        }
        value
    }

    /// The value of `key` if it is there.
    pub fn get(&self, key: &K) -> Option<V> {
        let slot = self.shard(key).entries.get(key).map(|entry| entry.slot.clone())?;
        slot.get().and_then(|value| value.clone().ok())
    }

    /// What all the values weigh together.
    pub fn weight(&self) -> usize {
        let of_shard = |shard: &Mutex<Shard<K, V>>| {
            let shard = lock(shard);
            shard.weight.saturating_add(shard.heavy.as_ref().map_or(0, |(_, weight)| *weight))
        };
        self.shards.iter().map(of_shard).fold(0, usize::saturating_add)
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        let count = self.shards.len();
        let hash = crate::bytes::as_usize(self.hasher.hash_one(key));
        let index = hash.checked_rem(count).unwrap_or(0);
        #[allow(
            clippy::indexing_slicing,
            reason = "the index is a remainder by the length, which `new` keeps above 0"
        )]
        lock(&self.shards[index])
    }

    fn slot(&self, key: &K) -> Slot<V> {
        let mut shard = self.shard(key);
        if let Some(entry) = shard.entries.get(key) {
            return entry.slot.clone();
        }
        let slot = Slot::<V>::default();
        shard.entries.put(key.clone(), Entry { slot: slot.clone(), weight: 0 });
        slot
    }

    /// Weighs a value that has just been loaded, and drops old ones until the budget holds.
    fn settle(&self, key: &K, slot: &Slot<V>, value: &Result<V>) {
        let mut shard = self.shard(key);
        let is_ours = |entry: &Entry<V>| Arc::ptr_eq(&entry.slot, slot);
        match value {
            Err(_) => {
                if shard.entries.peek(key).is_some_and(is_ours) {
                    shard.entries.pop(key);
                }
            }
            Ok(value) => {
                let weight = (self.weigh)(value);
                let Some(entry) = shard.entries.peek_mut(key).filter(|entry| is_ours(entry)) else { return };
                if weight > self.budget {
                    if let Some((old, _)) = shard.heavy.replace((key.clone(), weight)) {
                        shard.entries.pop(&old);
                    }
                    return;
                }
                entry.weight = weight;
                shard.weight = shard.weight.saturating_add(weight);
                while shard.weight > self.budget {
                    let Some((old_key, old)) = shard.entries.pop_lru() else { break };
                    if shard.heavy.as_ref().is_some_and(|(heavy, _)| *heavy == old_key) {
                        shard.entries.put(old_key, old);
                    } else {
                        shard.weight = shard.weight.saturating_sub(old.weight);
                    }
                }
            }
        }
    }
}

/// A lock that a panic of another thread does not spoil: the shards are valid between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;
    use crate::error::Error;

    #[test]
    fn threads_that_ask_at_once_load_once() {
        let cache = Cache::<u64, Arc<[u8]>>::new(1, 100, |v| v.len());
        let loads = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let load = || {
                        loads.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(20));
                        Ok(Arc::from(&b"abc"[..]))
                    };
                    assert_eq!(&*cache.get_or_load(7, load).unwrap(), b"abc");
                });
            }
        });
        assert_eq!(loads.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_budget_holds_and_the_newest_stays() {
        let cache = Cache::<u64, Arc<[u8]>>::new(1, 100, |v| v.len());
        for key in 0..50 {
            cache.get_or_load(key, || Ok(vec![0; 30].into())).unwrap();
            assert!(cache.weight() <= 100);
        }
        cache.get_or_load(49, || panic!("was there")).unwrap();
        let before = cache.weight();
        cache.get_or_load(99, || Ok(vec![0; 500].into())).unwrap();
        for key in 100..200 {
            cache.get_or_load(key, || Ok(vec![0; 30].into())).unwrap();
        }
        cache.get_or_load(99, || panic!("a heavy one stays")).unwrap();
        assert_eq!(cache.weight(), before + 500);
        cache.get_or_load(98, || Ok(vec![0; 600].into())).unwrap();
        assert_eq!(cache.weight(), before + 600, "until another comes");
    }

    #[test]
    fn failures_are_not_kept() {
        let cache = Cache::<u64, Arc<[u8]>>::new(1, 100, |v| v.len());
        assert!(cache.get_or_load(1, || Err(Error::NotFound)).is_err());
        assert!(cache.get(&1).is_none());
        assert!(cache.get_or_load(1, || Ok(vec![1].into())).is_ok());
        assert!(cache.get(&1).is_some());
        assert_eq!(cache.weight(), 1);
    }
}
