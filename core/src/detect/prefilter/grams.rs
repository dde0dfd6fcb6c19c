//! Sampled grams in front of a table of fragments.
//!
//! Of each pattern a fragment of `width` bytes is kept. A fragment that is in the payload covers a sampled position, as
//! only every `stride`-th is sampled and `gram + stride - 1 <= width`; so a look at those positions' grams finds the few
//! places where a fragment may be, and one exact look-up tells for each. The work is linear in the payload, whatever
//! the patterns share or nest: a fragment's rules are taken once.

use super::fragment::{self, Fragment, folded, mask};
use super::table::Table;
use super::{Candidates, Fast, Literal, Prefilter, STRONG};
use std::collections::BTreeMap;

/// From how many literals on a place of the payload is looked at for them.
const FEW: usize = 4;
/// From how many patterns on the long ones are searched for by longer fragments of their own.
const SPLIT: usize = 512;
/// The sizes of gates: so few that the loop over a payload is compiled for each.
const SMALL: usize = 1 << 12;
const MEDIUM: usize = 1 << 16;
const WIDE: usize = 1 << 18;
const LARGE: usize = 1 << 20;
/// No further from a position are the bytes that decide what is found there: a fragment begins at most 7 before it, the
/// 8 around that at most 7 before the fragment.
const AROUND: usize = 16;
/// Odd, with well-mixed bits: 2^32 divided by the golden ratio.
const MIX: u32 = 0x9e37_79b1;

/// The prefilter of source builds.
#[derive(Debug)]
pub struct Grams {
    fixed: Vec<Fixed>,
    classes: Vec<Class>,
}

impl Grams {
    /// A prefilter for these patterns. Its entries are numbered from `entries` on, which is counted up.
    pub fn new(patterns: &[Fast<'_>], entries: &mut u32) -> Self {
        let (placed, mut others): (Vec<Fast<'_>>, Vec<_>) = patterns.iter().partition(|fast| fast.literal.is_fixed());
        let mut places = BTreeMap::<(usize, usize), Vec<Fast<'_>>>::new();
        for fast in placed {
            places.entry(Fixed::place(&fast.literal)).or_default().push(fast);
        }
        let mut fixed = Vec::new();
        for (place, patterns) in places {
            if patterns.len() >= FEW {
                fixed.push(Fixed::new(place, &patterns, entries));
            } else {
                others.extend(patterns);
            }
        }
        let classes = classes(&others).into_iter().map(|patterns| Class::new(&patterns, entries)).collect();
        Self { fixed, classes }
    }
}

/// The patterns that are searched for together.
fn classes<'a>(patterns: &[Fast<'a>]) -> Vec<Vec<Fast<'a>>> {
    let splits = patterns.len() > SPLIT;
    let mut classes = BTreeMap::<(bool, usize), Vec<Fast<'a>>>::new();
    for fast in patterns {
        let class = match fast.literal.pattern.len() {
            0 | 1 => 1,
            2 | 3 => 2,
            length if length >= 8 && splits && is_long(fast.literal.pattern) => 8,
            _ => 4,
        };
        classes.entry((fast.literal.is_near(), class)).or_default().push(*fast);
    }
    classes.into_values().collect()
}

impl Prefilter for Grams {
    fn scan(&self, payload: &[u8], found: &mut Candidates) {
        for fixed in &self.fixed {
            fixed.scan(payload, found);
        }
        for class in &self.classes {
            class.scan(payload, found);
        }
    }
}

/// Whether a pattern is as well found by a long fragment as by a short one.
fn is_long(pattern: &[u8]) -> bool {
    fragment::weakest(pattern, 8, Sampling::new(8).gram) >= STRONG
}

/// How rare the grams of a pattern's short fragment are at least, in bits.
pub(super) fn weakest(pattern: &[u8]) -> u32 {
    fragment::weakest(pattern, 4, Sampling::new(4).gram)
}

/// The patterns that are searched for by fragments of one width.
#[derive(Debug)]
struct Class {
    width: usize,
    /// How much of a payload is looked at.
    reach: usize,
    /// For each gram's slot, at which bytes of a fragment such a gram stands (bit n: byte n).
    gate: Box<[u8]>,
    table: Table,
}

/// The literals that can only be at one place.
#[derive(Debug)]
struct Fixed {
    at: usize,
    table: Table,
}

impl Fixed {
    /// The place of a literal, and how many bytes are looked at there.
    fn place(literal: &Literal<'_>) -> (usize, usize) {
        let width = match literal.pattern.len() {
            length @ 0..=3 => length,
            4..=7 => 4,
            _ => 8,
        };
        (literal.from, width)
    }

    fn new((at, width): (usize, usize), patterns: &[Fast<'_>], entries: &mut u32) -> Self {
        let first = |fast: &Fast<'_>| (Fragment::first(fast.literal.pattern, width), fast.rule);
        Self { at, table: Table::new(patterns.iter().map(first), width, entries) }
    }

    #[inline]
    fn scan(&self, payload: &[u8], found: &mut Candidates) {
        if self.at < payload.len() {
            self.table.check(payload, self.at, found);
        }
    }
}

/// How positions are sampled for fragments of some width.
#[derive(Clone, Copy, Debug)]
struct Sampling {
    gram: usize,
    stride: usize,
}

impl Sampling {
    const fn new(width: usize) -> Self {
        let gram = match width {
            0..=3 => width,
            4..=7 => 3,
            _ => 4,
        };
        Self { gram, stride: width + 1 - gram }
    }
}

impl Class {
    fn new(patterns: &[Fast<'_>], entries: &mut u32) -> Self {
        let width = patterns.iter().map(|fast| fast.literal.pattern.len()).min().unwrap_or(1).clamp(1, 8);
        let Sampling { gram, stride } = Sampling::new(width);
        let rarest = |fast: &Fast<'_>| Some((Fragment::rarest(fast.literal.pattern, width, gram)?, fast.rule));
        let table = Table::new(patterns.iter().filter_map(rarest), width, entries);
        // A false hit costs as much as looking at twenty positions: most slots are to be empty.
        let slots = match table.len() * stride {
            0..=16 => SMALL,
            17..=512 => MEDIUM,
            513..=8192 => WIDE,
            _ => LARGE,
        };
        let mut gate = vec![0_u8; slots].into_boxed_slice();
        for (fragment, byte) in table.fragments().flat_map(|fragment| (0..stride).map(move |byte| (fragment, byte))) {
            if let Some(bits) = gate.get_mut(slot(fragment >> (8 * byte), gram, slots)) {
                *bits |= 1 << byte;
            }
        }
        let reach = patterns.iter().map(|fast| fast.literal.reach).max().unwrap_or_default();
        Self { width, reach, gate, table }
    }

    fn scan(&self, payload: &[u8], found: &mut Candidates) {
        let payload = payload.get(..self.reach).unwrap_or(payload);
        match self.width {
            1 => self.sized::<1, 1>(payload, found),
            2 => self.sized::<2, 1>(payload, found),
            3 => self.sized::<3, 1>(payload, found),
            4 => self.sized::<3, 2>(payload, found),
            5 => self.sized::<3, 3>(payload, found),
            6 => self.sized::<3, 4>(payload, found),
            7 => self.sized::<3, 5>(payload, found),
            _ => self.sized::<4, 5>(payload, found),
        }
    }

    /// The loop for the gate's size.
    #[inline]
    fn sized<const GRAM: usize, const STRIDE: usize>(&self, payload: &[u8], found: &mut Candidates) {
        let gate = &*self.gate;
        if let Ok(gate) = <&[u8; SMALL]>::try_from(gate) {
            self.sample::<GRAM, STRIDE, SMALL>(gate, payload, found);
        } else if let Ok(gate) = <&[u8; MEDIUM]>::try_from(gate) {
            self.sample::<GRAM, STRIDE, MEDIUM>(gate, payload, found);
        } else if let Ok(gate) = <&[u8; WIDE]>::try_from(gate) {
            self.sample::<GRAM, STRIDE, WIDE>(gate, payload, found);
        } else if let Ok(gate) = <&[u8; LARGE]>::try_from(gate) {
            self.sample::<GRAM, STRIDE, LARGE>(gate, payload, found);
        }
    }

    /// Look at the gram of each sampled position: two words at a time, then one, then the last one again up to the end.
    #[inline]
    fn sample<const GRAM: usize, const STRIDE: usize, const SLOTS: usize>(
        &self,
        gate: &[u8; SLOTS],
        payload: &[u8],
        found: &mut Candidates,
    ) {
        let step = const { step(GRAM, STRIDE) };
        let any = |bytes: &[u8], at| any::<GRAM, STRIDE, SLOTS>(gate, folded(bytes, at));
        let mut rest = payload;
        while let Some(two) = rest.first_chunk::<18>() {
            if any(two, 0) | any(two, step) != 0 {
                let at = payload.len() - rest.len();
                self.near::<GRAM, STRIDE, SLOTS>(payload, at, at + 2 * step, found);
            }
            rest = rest.get(2 * step..).unwrap_or_default();
        }
        while let Some(one) = rest.first_chunk::<8>() {
            if any(one, 0) != 0 {
                let at = payload.len() - rest.len();
                self.near::<GRAM, STRIDE, SLOTS>(payload, at, at + step, found);
            }
            rest = rest.get(step..).unwrap_or_default();
        }
        let last = payload.len().saturating_sub(8);
        if any(payload, last) != 0 {
            self.near::<GRAM, STRIDE, SLOTS>(payload, last, payload.len(), found);
        }
    }

    /// The sampled positions of `from..to` one by one: which fragments are there?
    #[inline(never)]
    fn near<const GRAM: usize, const STRIDE: usize, const SLOTS: usize>(
        &self,
        payload: &[u8],
        from: usize,
        to: usize,
        found: &mut Candidates,
    ) {
        if repeats(payload, from, to) {
            return;
        }
        let mut position = from;
        while position < to {
            let mut bytes = self.gate.get(slot(folded(payload, position), GRAM, SLOTS)).copied().unwrap_or_default();
            while bytes != 0 {
                if let Some(start) = position.checked_sub(bytes.trailing_zeros() as usize) {
                    self.table.check(payload, start, found);
                }
                bytes &= bytes - 1;
            }
            position += STRIDE;
        }
    }
}

/// Whether the positions `from..to` hold, with all that is looked at around them, what as many before them did: in long
/// runs of padding nothing new is found.
#[inline]
fn repeats(payload: &[u8], from: usize, to: usize) -> bool {
    let period = to - from;
    let Some(first) = from.checked_sub(period + AROUND) else { return false };
    // Most often one byte says it.
    if payload.get(from) != payload.get(from - period) {
        return false;
    }
    match (payload.get(first..to + AROUND - period), payload.get(first + period..to + AROUND)) {
        (Some(before), Some(here)) => before == here,
        _ => false,
    }
}

/// How far the sampled grams of one word reach: from the first one to where the next word's first one is.
const fn step(gram: usize, stride: usize) -> usize {
    ((8 - gram) / stride + 1) * stride
}

/// The gate's answers for all sampled grams of a word.
#[inline]
fn any<const GRAM: usize, const STRIDE: usize, const SLOTS: usize>(gate: &[u8; SLOTS], word: u64) -> u8 {
    let many = const { step(GRAM, STRIDE) / STRIDE };
    let look = |word| gate.get(slot(word, GRAM, SLOTS)).copied().unwrap_or_default();
    (0..many).fold(0, |any, number| any | look(word >> (8 * STRIDE * number)))
}

/// Where a gate of so many slots (a power of two) holds what it knows of the gram in a word's low bytes.
#[inline]
fn slot(word: u64, gram: usize, slots: usize) -> usize {
    let hash = ((word & mask(gram)) as u32).wrapping_mul(MIX);
    (hash >> (u32::BITS - slots.trailing_zeros())) as usize
}
