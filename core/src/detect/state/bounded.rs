//! A table that never has more than so many entries: the one nearest to its end makes room.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;

/// Entries of a table that traffic fills.
pub const MAX_ENTRIES: usize = 1 << 18;

/// Values by key, each with a time from which on it is of no more use. What is over stays until room is needed, so that
/// who reads it judges the time.
#[derive(Debug)]
pub struct Bounded<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Every entry once, with an end that is not later than its own.
    ends: BinaryHeap<Reverse<(i64, K)>>,
    capacity: usize,
    evicted: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    end: i64,
}

impl<K, V> Default for Bounded<K, V>
where
    K: Eq + Hash + Ord + Clone,
{
    fn default() -> Self {
        Self::new(MAX_ENTRIES)
    }
}

impl<K: Eq + Hash + Ord + Clone, V> Bounded<K, V> {
    /// An empty table for at most `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), ends: BinaryHeap::new(), capacity: capacity.max(1), evicted: 0 }
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that made room for others before their use was known to be over.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Put a value in, for use until `end`; what the key had is replaced. `now` says which evictions lose something.
    pub fn insert(&mut self, key: K, value: V, end: i64, now: i64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            if end < entry.end {
                self.ends.push(Reverse((end, key)));
            }
            *entry = Entry { value, end };
            return self.tidy();
        }
        while self.entries.len() >= self.capacity {
            self.evict(now);
        }
        self.ends.push(Reverse((end, key.clone())));
        self.entries.insert(key, Entry { value, end });
        self.tidy();
    }

    /// The value of a key, made where there is none, for use until `end` or longer.
    pub fn entry(&mut self, key: K, end: i64, now: i64, make: impl FnOnce() -> V) -> &mut V {
        if !self.entries.contains_key(&key) {
            while self.entries.len() >= self.capacity {
                self.evict(now);
            }
            self.ends.push(Reverse((end, key.clone())));
        }
        let entry = self.entries.entry(key).or_insert_with(|| Entry { value: make(), end });
        entry.end = entry.end.max(end);
        &mut entry.value
    }

    /// Use a value for longer.
    pub fn extend(&mut self, key: &K, end: i64) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.end = entry.end.max(end);
        }
    }

    /// Take a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|entry| entry.value)
    }

    /// Take out the entry whose end is nearest, or learn when one of them really ends.
    fn evict(&mut self, now: i64) {
        let Some(Reverse((noted, key))) = self.ends.pop() else { return self.entries.clear() };
        match self.entries.get(&key).map(|entry| entry.end) {
            Some(end) if end > noted => self.ends.push(Reverse((end, key))),
            Some(end) => {
                self.entries.remove(&key);
                self.evicted += u64::from(end >= now);
            }
            None => {}
        }
    }

    /// Forget ends of entries that are gone or that are noted twice, once they outnumber the entries.
    fn tidy(&mut self) {
        if self.ends.len() > 2 * self.entries.len() + 64 {
            self.ends = self.entries.iter().map(|(key, entry)| Reverse((entry.end, key.clone()))).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_nearest_to_its_end_makes_room() {
        let mut table = Bounded::new(3);
        for (key, end) in [("a", 30), ("b", 10), ("c", 20)] {
            table.insert(key, (), end, 0);
        }
        table.extend(&"b", 40);
        table.insert("d", (), 50, 25);
        assert_eq!(["a", "b", "c", "d"].map(|key| table.get(&key).is_some()), [true, true, false, true]);
        assert_eq!(table.evicted(), 0, "its use was over");
        table.insert("e", (), 50, 25);
        assert_eq!(["a", "b", "d", "e"].map(|key| table.get(&key).is_some()), [false, true, true, true]);
        assert_eq!(table.evicted(), 1);
    }

    #[test]
    fn coming_and_going_leaves_nothing_behind() {
        let mut table = Bounded::new(4);
        for round in 0..10_000 {
            table.insert(round % 5, round, round + 3, round);
            table.remove(&((round + 2) % 5));
            assert!(table.ends.len() <= 2 * table.capacity + 64);
            assert!(table.entries.len() <= 4);
        }
    }
}
