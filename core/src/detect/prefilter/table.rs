//! Which rules' fragments stand at a position, and what else must stand around them.

use super::Candidates;
use super::fragment::{Around, Fragment, folded, mask};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;

/// How many patterns of one fragment are told apart by what stands around it. More of them are not: where payloads are
/// full of that fragment, each place would cost as much as there are.
const VARIANTS: usize = 8;
/// Odd, with well-mixed bits: 2^64 divided by the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Fragments of one width and their rules.
#[derive(Debug)]
pub(super) struct Table {
    width: usize,
    numbers: Numbers,
    first_entry: u32,
    entries: Vec<Entry>,
}

/// A pattern's surroundings of a fragment.
#[derive(Debug)]
struct Entry {
    /// What else must be there.
    around: Around,
    rules: Vec<u32>,
}

impl Table {
    /// Of fragments `width` bytes wide with their rules. The entries are numbered from `entries` on, which is counted up.
    pub(super) fn new(patterns: impl Iterator<Item = (Fragment, u32)>, width: usize, entries: &mut u32) -> Self {
        let mut fragments = BTreeMap::<u64, Vec<Entry>>::new();
        for (fragment, rule) in patterns {
            let variants = fragments.entry(fragment.word).or_default();
            match variants.iter_mut().find(|entry| entry.around == fragment.around) {
                Some(entry) => entry.rules.push(rule),
                None => variants.push(Entry { around: fragment.around, rules: vec![rule] }),
            }
        }
        for (word, variants) in fragments.iter_mut().filter(|(_, variants)| variants.len() > VARIANTS) {
            let rules = variants.drain(..).flat_map(|entry| entry.rules).collect();
            variants.push(Entry { around: Around::alone(*word, width), rules });
        }
        let first_entry = *entries;
        let numbers = Numbers::new(fragments.iter().map(|(word, variants)| (*word, variants.len())));
        let all: Vec<_> = fragments.into_values().flatten().collect();
        *entries += all.len() as u32;
        Self { width, numbers, first_entry, entries: all }
    }

    /// How many fragments there are.
    pub(super) fn len(&self) -> usize {
        self.fragments().count()
    }

    /// They, folded.
    pub(super) fn fragments(&self) -> impl Iterator<Item = u64> {
        self.numbers.places.iter().flatten().map(|slot| slot.fragment)
    }

    /// Is a fragment here, and what stands around it?
    #[inline]
    pub(super) fn check(&self, payload: &[u8], start: usize, found: &mut Candidates) {
        let Some(numbers) = self.numbers.get(folded(payload, start) & mask(self.width)) else { return };
        let entries = self.entries.get(numbers.start as usize..numbers.end as usize).unwrap_or_default();
        for (entry, number) in entries.iter().zip(numbers) {
            if let Some(begin) = start.checked_sub(entry.around.before)
                && folded(payload, begin) & entry.around.mask == entry.around.word
            {
                found.meet(self.first_entry + number, &entry.rules);
            }
        }
    }
}

/// The numbers of each folded fragment's entries: a table with open addressing of which at most a quarter is in use.
#[derive(Debug)]
struct Numbers {
    places: Box<[Option<Slot>]>,
}

/// A fragment, the number of its first entry, and how many follow each other.
#[derive(Clone, Copy, Debug)]
struct Slot {
    fragment: u64,
    first: u32,
    count: NonZeroU32,
}

impl Numbers {
    /// Of fragments, each once, with how many entries each has.
    fn new(fragments: impl ExactSizeIterator<Item = (u64, usize)>) -> Self {
        let mut table =
            Self { places: vec![None; (4 * fragments.len().max(1)).next_power_of_two()].into_boxed_slice() };
        let mut first = 0;
        for (fragment, count) in fragments {
            let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { continue };
            let mut at = table.place(fragment);
            while table.places.get(at).is_some_and(Option::is_some) {
                at = table.after(at);
            }
            table.places.get_mut(at).into_iter().for_each(|place| *place = Some(Slot { fragment, first, count }));
            first += count.get();
        }
        table
    }

    /// Payloads choose what is looked up, never what is in the table: its runs are as short as they were made.
    #[inline]
    fn get(&self, fragment: u64) -> Option<Range<u32>> {
        let mut at = self.place(fragment);
        loop {
            let found = (*self.places.get(at)?)?;
            if found.fragment == fragment {
                return Some(found.first..found.first + found.count.get());
            }
            at = self.after(at);
        }
    }

    #[inline]
    fn place(&self, fragment: u64) -> usize {
        (fragment.wrapping_mul(MIX) >> 32) as usize & (self.places.len() - 1)
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }
}
