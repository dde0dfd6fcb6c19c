//! Sampled grams in front of a table of fragments.
//!
//! Of each pattern a fragment of `width` bytes is kept. A fragment that is in the payload covers a sampled position, as
//! only every `stride`-th is sampled and `gram + stride - 1 <= width`; so a look at those positions' grams finds the few
//! places where a fragment may be, and one exact look-up tells for each. The work is linear in the payload, whatever
//! the patterns share or nest: a fragment's rules are taken once.

use super::fragment::{FOLD, mask, rarest, word};
use super::{Candidates, Fast, Prefilter};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hasher};

/// From how many patterns on the long ones are searched for by longer fragments of their own.
const SPLIT: usize = 512;
/// Slots of a gate for each gram in it: 1 in so many positions is a false hit.
const SLOTS_PER_GRAM: usize = 64;
/// An odd constant with well-mixed bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The prefilter of source builds.
#[derive(Debug)]
pub struct Grams {
    classes: Vec<Class>,
}

impl Grams {
    /// A prefilter for these patterns. Its entries are numbered from `entries` on, which is counted up.
    pub fn new(patterns: &[Fast<'_>], entries: &mut u32) -> Self {
        let split = if patterns.len() > SPLIT { 8 } else { usize::MAX };
        let mut classes = BTreeMap::<usize, Vec<Fast<'_>>>::new();
        for fast in patterns {
            let class = match fast.pattern.len() {
                length @ 0..4 => length,
                length if length < split => 4,
                _ => 8,
            };
            classes.entry(class).or_default().push(*fast);
        }
        Self { classes: classes.into_values().map(|patterns| Class::new(&patterns, entries)).collect() }
    }
}

impl Prefilter for Grams {
    fn scan(&self, payload: &[u8], found: &mut Candidates) {
        for class in &self.classes {
            class.scan(payload, found);
        }
    }
}

/// The patterns that are searched for by fragments of one width.
#[derive(Debug)]
struct Class {
    width: usize,
    /// For each slot of grams, at which bytes of a fragment such a gram stands (bit n: byte n).
    gate: Box<[u8]>,
    shift: u32,
    /// The entry of each folded fragment.
    entries: HashMap<u64, u32, BuildHasherDefault<Mixer>>,
    first_entry: u32,
    /// The rules of each entry.
    rules: Vec<Box<[u32]>>,
}

/// How positions are sampled for fragments of some width.
#[derive(Clone, Copy)]
struct Sampling {
    gram: usize,
    stride: usize,
}

const fn sampling(width: usize) -> Sampling {
    match width {
        0..=3 => Sampling { gram: width, stride: 1 },
        4 => Sampling { gram: 3, stride: 2 },
        5 => Sampling { gram: 3, stride: 3 },
        6 => Sampling { gram: 3, stride: 4 },
        7 => Sampling { gram: 4, stride: 4 },
        _ => Sampling { gram: 4, stride: 5 },
    }
}

impl Class {
    fn new(patterns: &[Fast<'_>], entries: &mut u32) -> Self {
        let width = patterns.iter().map(|fast| fast.pattern.len()).min().unwrap_or(1).clamp(1, 8);
        let mut fragments = BTreeMap::<u64, Vec<u32>>::new();
        for fast in patterns {
            if let Some(fragment) = rarest(fast.pattern, width) {
                fragments.entry(fragment).or_default().push(fast.rule);
            }
        }
        let Sampling { gram, stride } = sampling(width);
        let slots = (fragments.len() * stride * SLOTS_PER_GRAM).next_power_of_two().clamp(1 << 8, 1 << 21);
        let shift = u64::BITS - slots.ilog2();
        let mut gate = vec![0_u8; slots].into_boxed_slice();
        for (fragment, byte) in fragments.keys().flat_map(|fragment| (0..stride).map(move |byte| (fragment, byte))) {
            let slot = slot(fragment >> (8 * byte) & mask(gram), shift);
            if let Some(bits) = gate.get_mut(slot) {
                *bits |= 1 << byte;
            }
        }
        let first_entry = *entries;
        *entries += fragments.len() as u32;
        let numbers = fragments.keys().copied().zip(0..).collect();
        let rules = fragments.into_values().map(Vec::into_boxed_slice).collect();
        Self { width, gate, shift, entries: numbers, first_entry, rules }
    }

    fn scan(&self, payload: &[u8], found: &mut Candidates) {
        match self.width {
            1 => self.sample::<1, 1>(payload, found),
            2 => self.sample::<2, 1>(payload, found),
            3 => self.sample::<3, 1>(payload, found),
            4 => self.sample::<3, 2>(payload, found),
            5 => self.sample::<3, 3>(payload, found),
            6 => self.sample::<3, 4>(payload, found),
            7 => self.sample::<4, 4>(payload, found),
            _ => self.sample::<4, 5>(payload, found),
        }
    }

    /// Look at the gram of each sampled position.
    #[inline]
    fn sample<const GRAM: usize, const STRIDE: usize>(&self, payload: &[u8], found: &mut Candidates) {
        // How many sampled grams lie in one word.
        let many = const { (8 - GRAM) / STRIDE + 1 };
        let mut at = 0;
        while let Some(bytes) = payload.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let grams = u64::from_le_bytes(*bytes) | FOLD;
            let mut any = 0;
            for number in 0..many {
                any |= self.look::<GRAM>(grams >> (8 * STRIDE * number));
            }
            if any != 0 {
                self.near::<GRAM, STRIDE>(payload, at, found);
            }
            at += STRIDE * many;
        }
        if at < payload.len() {
            self.near::<GRAM, STRIDE>(payload, at, found);
        }
    }

    /// The gate's answer for the gram in a word's low bytes.
    #[inline]
    fn look<const GRAM: usize>(&self, grams: u64) -> u8 {
        self.gate.get(slot(grams & const { mask(GRAM) }, self.shift)).copied().unwrap_or_default()
    }

    /// The sampled positions of the word at `at` one by one: which fragments are there?
    #[cold]
    fn near<const GRAM: usize, const STRIDE: usize>(&self, payload: &[u8], at: usize, found: &mut Candidates) {
        let mut position = at;
        while position + GRAM <= at + 8 {
            let mut bytes = self.look::<GRAM>(folded(payload, position));
            while bytes != 0 {
                if let Some(start) = position.checked_sub(bytes.trailing_zeros() as usize) {
                    self.check(folded(payload, start) & mask(self.width), found);
                }
                bytes &= bytes - 1;
            }
            position += STRIDE;
        }
    }

    #[inline]
    fn check(&self, fragment: u64, found: &mut Candidates) {
        if let Some(entry) = self.entries.get(&fragment)
            && let Some(rules) = self.rules.get(*entry as usize)
        {
            found.meet(self.first_entry + entry, rules);
        }
    }
}

/// The 8 bytes at `at`, folded; zeros after the payload's end.
#[inline]
fn folded(payload: &[u8], at: usize) -> u64 {
    let rest = payload.get(at..).unwrap_or_default();
    let grams = rest.first_chunk::<8>().map_or_else(|| word(rest), |bytes| u64::from_le_bytes(*bytes));
    grams | FOLD
}

#[inline]
fn slot(gram: u64, shift: u32) -> usize {
    (gram.wrapping_mul(MIX) >> shift) as usize
}

/// The hash of a fragment: payloads choose what is looked up, never what is in the table.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(word(bytes));
    }

    #[inline]
    fn write_u64(&mut self, fragment: u64) {
        let product = u128::from(fragment) * u128::from(MIX);
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}
