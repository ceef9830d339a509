//! A bounded map that forgets what was not used for longest.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// Values by key, with a weight each, as long as they weigh no more than the cache's capacity together.
pub(crate) struct Cache<K, V> {
    capacity: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    by_use: BTreeMap<u64, K>,
    uses: u64,
    weight: usize,
}

struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// An empty cache.
    pub(crate) fn new(capacity: usize) -> Self {
        let entries = Entries { by_key: HashMap::new(), by_use: BTreeMap::new(), uses: 0, weight: 0 };
        Self { capacity, entries: Mutex::new(entries) }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { by_key, by_use, uses, .. } = &mut *entries;
        let entry = by_key.get_mut(key)?;
        *uses += 1;
        by_use.remove(&entry.used);
        by_use.insert(*uses, key.clone());
        entry.used = *uses;
        Some(entry.value.clone())
    }

    /// Keeps a value, unless it is heavier than the whole cache.
    pub(crate) fn put(&self, key: K, value: V, weight: usize) {
        if weight > self.capacity {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&key);
        entries.weight += weight;
        while entries.weight > self.capacity {
            let Some((_, oldest)) = entries.by_use.pop_first() else { break };
            entries.remove(&oldest);
        }
        entries.uses += 1;
        let used = entries.uses;
        entries.by_use.insert(used, key.clone());
        entries.by_key.insert(key, Entry { value, weight, used });
    }
}

impl<K: Hash + Eq, V> Entries<K, V> {
    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.by_key.remove(key) {
            self.by_use.remove(&entry.used);
            self.weight -= entry.weight;
        }
    }
}

impl<K, V> std::fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cache({})", self.capacity)
    }
}
