//! From a flow's hash to its slot: open addressing in one array that is made once.
//!
//! A cell is a 32-bit tag and a slot; linear probing; a removal closes the hole by moving its followers back, so that
//! there are no tombstones. All cells start as zero pages, which cost nothing until they are touched.

use crate::ffi::memory::prefer_huge_pages;
use crate::ffi::prefetch::prefetch;

/// Empty: what a fresh array holds.
const EMPTY: u64 = 0;

/// Tags and slots.
#[derive(Debug)]
pub(super) struct Index {
    cells: Vec<u64>,
    mask: usize,
}

/// The part of a hash that a cell keeps; where a flow's probing starts is its low end.
#[inline(always)]
fn tag(hash: u64) -> u64 {
    hash >> 32
}

/// The slot that a cell holds.
#[inline(always)]
fn slot(cell: u64) -> u32 {
    (cell as u32).wrapping_sub(1)
}

impl Index {
    /// Room for `slots` at three quarters of the cells at most.
    pub fn new(slots: usize) -> Self {
        let size = slots.saturating_add(slots / 3).next_power_of_two().max(4);
        let mut cells = vec![EMPTY; size];
        prefer_huge_pages(&mut cells);
        Self { cells, mask: size - 1 }
    }

    #[inline(always)]
    fn cell(&self, at: usize) -> u64 {
        self.cells.get(at & self.mask).copied().unwrap_or(EMPTY)
    }

    #[inline(always)]
    fn set(&mut self, at: usize, cell: u64) {
        if let Some(place) = self.cells.get_mut(at & self.mask) {
            *place = cell;
        }
    }

    /// Ask for the line where probing for `hash` starts.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        if let Some(cell) = self.cells.get(tag(hash) as usize & self.mask) {
            prefetch(cell);
        }
    }

    /// Where the first cell is that has this hash's tag and whose slot is `wanted`, with that slot.
    #[inline]
    pub fn find(&self, hash: u64, mut wanted: impl FnMut(u32) -> bool) -> Option<(usize, u32)> {
        let tag = tag(hash);
        let mut at = tag as usize;
        loop {
            let cell = self.cell(at);
            if cell == EMPTY {
                return None;
            }
            if cell >> 32 == tag && wanted(slot(cell)) {
                return Some((at & self.mask, slot(cell)));
            }
            at = at.wrapping_add(1);
        }
    }

    /// Add a slot that is not in it. The caller keeps to the number of slots it was made for.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        let tag = tag(hash);
        let mut at = tag as usize;
        while self.cell(at) != EMPTY {
            at = at.wrapping_add(1);
        }
        self.set(at, tag << 32 | u64::from(slot.wrapping_add(1)));
    }

    /// Take a slot out.
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let Some((mut hole, _)) = self.find(hash, |found| found == slot) else { return };
        let mut at = hole;
        loop {
            at = at.wrapping_add(1) & self.mask;
            let cell = self.cell(at);
            if cell == EMPTY {
                break;
            }
            let home = (cell >> 32) as usize & self.mask;
            // Does the way from its home to where it is lead over the hole?
            if at.wrapping_sub(home) & self.mask >= at.wrapping_sub(hole) & self.mask {
                self.set(hole, cell);
                hole = at;
            }
        }
        self.set(hole, EMPTY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Against a map, with hashes that collide a lot.
        #[test]
        fn agrees_with_a_map(steps in proptest::collection::vec((0u32..24, 0u64..6, any::<bool>()), 0..200)) {
            let mut index = Index::new(24);
            let mut map: BTreeMap<u32, u64> = BTreeMap::new();
            for (slot, hash, add) in steps {
                let hash = (hash * 7) << 32;
                match map.get(&slot).copied() {
                    None if add => { index.insert(hash, slot); map.insert(slot, hash); }
                    Some(old) if !add => { index.remove(old, slot); map.remove(&slot); }
                    _ => {}
                }
                for slot in 0..24 {
                    for hash in (0u64..6).map(|h| (h * 7) << 32) {
                        let found = index.find(hash, |s| s == slot).is_some();
                        prop_assert_eq!(found, map.get(&slot) == Some(&hash));
                    }
                }
            }
        }
    }
}
