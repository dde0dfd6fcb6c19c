//! Files that came in parts, by several transactions or flows: put together once the parts join. (specification,
//! app-layer.md, "Files")

use super::wanted::{Held, Wanted};
use crate::time::{Nanos, SECOND};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files that are waited for at once.
const MOST: usize = 64;
/// Parts of one that wait for others, at most.
const MOST_APART: usize = 256;
/// Bytes of parts that are held, at most.
const MOST_HELD: usize = if cfg!(test) { 1 << 10 } else { 16 << 20 };
/// Without another part, one is waited for so long.
const TIMEOUT: Nanos = 300 * SECOND;

/// What names a whole file: the addresses' domain, and its name there.
pub(super) type Key = (u32, Vec<u8>);

/// A part of a larger file while it comes.
#[derive(Debug)]
pub(super) struct Part {
    key: Key,
    /// Bytes of the whole file.
    size: u64,
    /// The first byte's place in it, and the part's length.
    place: (u64, u64),
    held: Held,
}

impl Part {
    /// Of the file that `key` names and that has so many bytes: from the first to the last of these; `None`: they are no
    /// part of it.
    pub fn new(key: Key, size: u64, (first, last): (u64, u64), wanted: &Arc<Wanted>) -> Option<Self> {
        let length = (last < size).then(|| last.checked_sub(first))?? + 1;
        Some(Self { key, size, place: (first, length), held: Held::new(wanted) })
    }

    /// Its next bytes; false: there is no room for them.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        self.held.bytes().len() + bytes.len() <= MOST_HELD && self.held.push(bytes)
    }
}

/// A file, as far as its parts came.
#[derive(Debug)]
struct Parts {
    size: u64,
    /// Its beginning, as far as the parts join.
    joined: Vec<u8>,
    /// Those behind, by their places, and their bytes.
    apart: BTreeMap<u64, Vec<u8>>,
    apart_bytes: usize,
    /// When the last one came.
    last: Nanos,
}

impl Parts {
    fn new(size: u64) -> Self {
        Self { size, joined: Vec::new(), apart: BTreeMap::new(), apart_bytes: 0, last: 0 }
    }

    /// Take in a part, and join what it makes join.
    fn add(&mut self, first: u64, part: Vec<u8>) {
        if self.apart.get(&first).is_none_or(|other| other.len() < part.len()) {
            self.apart_bytes += part.len();
            self.apart_bytes -= self.apart.insert(first, part).map_or(0, |other| other.len());
        }
        while let Some(next) = self.apart.first_entry().filter(|next| *next.key() <= self.joined.len() as u64) {
            let (first, part) = next.remove_entry();
            self.apart_bytes -= part.len();
            let known = self.joined.len() - first as usize;
            self.joined.extend_from_slice(part.get(known..).unwrap_or_default());
        }
    }

    fn is_whole(&self) -> bool {
        self.joined.len() as u64 >= self.size
    }

    fn held(&self) -> usize {
        self.joined.len() + self.apart_bytes
    }

    fn is_too_much(&self) -> bool {
        self.held() > MOST_HELD || self.apart.len() > MOST_APART
    }
}

/// The files of a share of the flows that are waited for.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    files: HashMap<Key, Parts>,
}

impl Waiting {
    /// A part came, at this time: the whole file, where it was the last one; and how many files were given up.
    pub fn add(&mut self, part: Part, now: Nanos) -> (Option<Vec<u8>>, u64) {
        let Part { key, size, place: (first, length), mut held } = part;
        let bytes = held.take();
        if bytes.len() as u64 != length {
            return (None, 0);
        }
        let mut parts = self.files.remove(&key).filter(|parts| parts.size == size).unwrap_or_else(|| Parts::new(size));
        parts.add(first, bytes);
        if parts.is_whole() {
            return (Some(parts.joined), 0);
        }
        parts.last = now;
        self.files.insert(key, parts);
        (None, self.forget(now))
    }

    /// Give up those whose time is over or that hold too much, and the oldest where there are too many.
    fn forget(&mut self, now: Nanos) -> u64 {
        let before = self.files.len();
        self.files.retain(|_, parts| parts.last.saturating_add(TIMEOUT) > now && !parts.is_too_much());
        while self.files.len() > MOST || self.files.values().map(Parts::held).sum::<usize>() > MOST_HELD {
            let oldest = self.files.iter().min_by_key(|(key, parts)| (parts.last, *key));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            self.files.remove(&oldest);
        }
        (before - self.files.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(key: &str, size: u64, first: u64, bytes: &[u8]) -> Part {
        let place = (first, first + bytes.len() as u64 - 1);
        let mut part = Part::new((7, key.into()), size, place, &Arc::default()).unwrap();
        assert!(part.push(bytes));
        part
    }

    #[test]
    fn parts_join_in_any_order_and_may_overlap() {
        let mut waiting = Waiting::default();
        for (first, bytes) in [(4, b"efgh".as_slice()), (2, b"cd"), (2, b"cdef"), (8, b"ij")] {
            assert_eq!(waiting.add(part("a", 10, first, bytes), 0), (None, 0));
        }
        assert_eq!(waiting.add(part("b", 10, 0, b"ab"), 0), (None, 0));
        let elsewhere = Part { key: (8, b"a".to_vec()), ..part("a", 10, 0, b"ab") };
        assert_eq!(waiting.add(elsewhere, 0), (None, 0), "another address space");
        assert_eq!(waiting.add(part("a", 10, 0, b"ab"), 0), (Some(b"abcdefghij".to_vec()), 0));
        assert_eq!(waiting.files.len(), 2);
    }

    #[test]
    fn what_is_no_part() {
        let wanted = Arc::default();
        assert!(
            Part::new((0, Vec::new()), 10, (5, 4), &wanted).is_none()
                && Part::new((0, Vec::new()), 10, (0, 10), &wanted).is_none()
        );
        let cut = Part { place: (0, 3), ..part("a", 10, 0, b"ab") };
        assert_eq!(Waiting::default().add(cut, 0), (None, 0));
    }

    #[test]
    fn waiting_is_bounded() {
        let mut waiting = Waiting::default();
        for number in 0..MOST {
            assert_eq!(waiting.add(part(&number.to_string(), 10, 0, b"ab"), number as Nanos), (None, 0));
        }
        assert_eq!(waiting.add(part("one more", 10, 0, b"ab"), 100), (None, 1));
        assert!(!waiting.files.contains_key(&(7, b"0".to_vec())));
        assert_eq!(waiting.add(part("later", 10, 0, b"ab"), TIMEOUT + 101), (None, MOST as u64));
        assert_eq!(waiting.add(part("large", 5000, 0, &[0; MOST_HELD]), TIMEOUT + 102), (None, 1));
        for number in 1..=MOST_APART as u64 {
            assert_eq!(waiting.add(part("odd", 5000, 2 * number, b"a"), TIMEOUT + 103), (None, u64::from(number == 1)));
        }
        assert_eq!(waiting.add(part("odd", 5000, 4000, b"a"), TIMEOUT + 103), (None, 1));
    }
}
