//! What happens to copies on their way: loss, duplication, delay, reordering, corruption. Pure, and the same for the same
//! seed: what befalls a copy is drawn when it enters, one after the other, whatever the pace and the size of batches.
//!
//! ```text
//! enter ─► lost?  ─► delayed: by time ─► overtaken: by the copies behind it ─► out, once or twice
//! ```

use crate::error::{Error, Fault, Result};
use crate::mirror::{Copies, Copy, Outcome, ROOM, impairment};
use crate::plan::mirror::Impairments;
use crate::time::Nanos;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Bytes that are held back at most; beyond, the oldest copies go on.
const MOST_HELD: usize = 64 << 20;
/// What keeping a copy costs beside its bytes.
const COST: usize = size_of::<Held>();

/// A copy that is held back, with its bytes.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    /// When it goes on.
    leaves: Nanos,
    /// In the order in which copies came.
    number: u64,
    copy: Copy,
    bytes: Box<[u8]>,
    fate: Fate,
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.leaves, self.number).cmp(&(other.leaves, other.number))
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Held {
    fn cost(&self) -> usize {
        self.bytes.len() + COST
    }
}

/// What was drawn for a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    delay: Nanos,
    overtaken: bool,
    twice: bool,
    /// The bit of the frame that is flipped.
    flip: Option<u64>,
}

/// The way that copies go.
#[derive(Debug)]
pub(super) struct Way {
    with: Impairments,
    draws: Draws,
    most_held: usize,
    /// The latest time at which a copy entered.
    clock: Nanos,
    entered: u64,
    delayed: BinaryHeap<Reverse<Held>>,
    /// Waiting until so many copies have left, in that order.
    overtaken: VecDeque<(u64, Held)>,
    held: usize,
    /// The latest time at which a copy left.
    last: Nanos,
    /// Copies that left, those that had been overtaken not counted.
    left: u64,
    /// Those that have left: their bodies are in `slab`.
    pub out: Copies,
    pub slab: Vec<u8>,
}

impl Way {
    /// With these impairments; `None` where there is none of them.
    ///
    /// # Errors
    /// `Error::Config` for shares that are none and times below 0.
    pub fn new(with: &Impairments) -> Result<Option<Self>> {
        let shares = [with.loss, with.duplicate, with.reorder, with.corrupt];
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || with.delay < 0 || with.jitter < 0 {
            let hint = "shares go from 0 to 1, and a delay is not below 0";
            return Err(Error::Config(Fault::new("impairments", "are out of range", hint)));
        }
        let any = shares.iter().any(|share| *share > 0.0) || with.delay > 0 || with.jitter > 0;
        Ok(any.then(|| Self {
            with: *with,
            draws: Draws(with.seed),
            most_held: MOST_HELD,
            clock: Nanos::MIN,
            entered: 0,
            delayed: BinaryHeap::new(),
            overtaken: VecDeque::new(),
            held: 0,
            last: Nanos::MIN,
            left: 0,
            out: Copies::default(),
            slab: Vec::new(),
        }))
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.delayed.is_empty() && self.overtaken.is_empty()
    }

    /// Forget those that have left.
    pub fn clear(&mut self) {
        self.out.clear();
        self.slab.clear();
    }

    /// Take over a copy of a frame in `slab`, and say in its outcome what happens to it. Before, `release` those that
    /// leave until its time.
    pub fn enter(&mut self, copies: &Copies, copy: &Copy, slab: &[u8], outcome: &mut Outcome) {
        self.clock = self.clock.max(copy.time);
        let lost = self.draws.one(self.with.loss);
        let fate = self.draw(copy, outcome.sent);
        outcome.impairment = if lost { impairment::LOST } else { fate.bits() };
        outcome.copies = if lost { 0 } else { 1 + u8::from(fate.twice) };
        if lost {
            return;
        }
        self.entered += 1;
        let (head, body) = (copies.head(copy), copy.body(slab));
        let leaves = self.clock.saturating_add(fate.delay);
        let copy = Copy { time: copy.time.saturating_add(fate.delay), ..*copy };
        if fate.delay == 0 && !fate.overtaken {
            self.leave(&copy, [head, body], fate);
            return;
        }
        let held = Held { leaves, number: self.entered, copy, bytes: [head, body].concat().into(), fate };
        self.held += held.cost();
        if fate.delay == 0 {
            self.go_on(held)
        } else {
            self.delayed.push(Reverse(held))
        }
        self.keep_bounds();
    }

    /// Let those go on whose delay is over at this time.
    #[inline]
    pub fn release(&mut self, until: Nanos) {
        while self.next().is_some_and(|leaves| leaves <= until) {
            self.first_delayed();
        }
    }

    /// When the next of those that are delayed goes on.
    #[inline]
    pub fn next(&self) -> Option<Nanos> {
        self.delayed.peek().map(|Reverse(held)| held.leaves)
    }

    /// Let all out that is held, as nothing will come any more.
    pub fn drain(&mut self) {
        while self.first_delayed() {}
        while self.first_overtaken() {}
    }

    /// All draws are made for every copy, so that one share leaves alone what the others befall.
    fn draw(&mut self, copy: &Copy, sent: u32) -> Fate {
        let twice = self.draws.one(self.with.duplicate);
        let overtaken = self.draws.one(self.with.reorder) && self.with.reorder_depth > 0;
        let flip = self.draws.one(self.with.corrupt) && sent > 0;
        let jitter = (self.draws.share() * self.with.jitter as f64) as Nanos;
        let bit = self.draws.below(u64::from(sent) * 8);
        let before = (copy.frame_length() as u64).saturating_sub(u64::from(sent)) * 8;
        let delay = self.with.delay.saturating_add(jitter);
        Fate { delay, overtaken, twice, flip: flip.then_some(before + bit) }
    }

    /// The first of the delayed goes on; false where there is none.
    fn first_delayed(&mut self) -> bool {
        let Some(Reverse(held)) = self.delayed.pop() else { return false };
        self.go_on(held);
        true
    }

    /// After its delay: out, or behind those that overtake it.
    fn go_on(&mut self, held: Held) {
        if held.fate.overtaken {
            let after = self.left + u64::from(self.with.reorder_depth);
            self.overtaken.push_back((after, held));
        } else {
            self.let_out(&held);
        }
    }

    fn let_out(&mut self, held: &Held) {
        self.held -= held.cost();
        let at = usize::from(held.copy.head_length).min(held.bytes.len());
        let (head, body) = held.bytes.split_at(at);
        self.leave(&held.copy, [head, body], held.fate);
    }

    /// The copy is out; those that it was the last to overtake follow, at its time.
    fn leave(&mut self, copy: &Copy, parts: [&[u8]; 2], fate: Fate) {
        self.append(copy, parts, fate);
        self.last = self.last.max(copy.time);
        if fate.overtaken {
            return;
        }
        self.left += 1 + u64::from(fate.twice);
        while self.overtaken.front().is_some_and(|(after, _)| *after <= self.left) {
            self.first_overtaken();
        }
    }

    /// The first of the overtaken goes out; false where there is none.
    fn first_overtaken(&mut self) -> bool {
        let Some((_, mut held)) = self.overtaken.pop_front() else { return false };
        held.copy.time = held.copy.time.max(self.last);
        self.let_out(&held);
        true
    }

    fn append(&mut self, copy: &Copy, [head, body]: [&[u8]; 2], fate: Fate) {
        self.out.heads.extend_from_slice(&[0; ROOM]);
        let (start, offset) = (self.out.heads.len(), self.slab.len());
        self.out.heads.extend_from_slice(head);
        self.slab.extend_from_slice(body);
        if let Some(bit) = fate.flip {
            let at = (bit / 8) as usize;
            let byte = match at.checked_sub(head.len()) {
                None => self.out.heads.get_mut(start + at),
                Some(at) => self.slab.get_mut(offset + at),
            };
            byte.into_iter().for_each(|byte| *byte ^= 1 << (bit % 8));
        }
        let row = Copy { head: start as u32, offset: offset as u32, ..*copy };
        self.out.rows.extend(std::iter::repeat_n(row, 1 + usize::from(fate.twice)));
    }

    /// The oldest go on where too much is held.
    fn keep_bounds(&mut self) {
        while self.held > self.most_held && (self.first_delayed() || self.first_overtaken()) {}
    }
}

impl Fate {
    /// As an outcome has it.
    fn bits(self) -> u8 {
        let bit = |yes, bit| if yes { bit } else { 0 };
        bit(self.twice, impairment::DUPLICATED)
            | bit(self.overtaken, impairment::REORDERED)
            | bit(self.delay > 0, impairment::DELAYED)
            | bit(self.flip.is_some(), impairment::CORRUPTED)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): numbers that look random, the same for the same seed.
#[derive(Clone, Copy, Debug)]
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1, 1 left out.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether it is one of this share.
    fn one(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Below `count`; 0 where that is 0.
    fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u64
    }
}

#[cfg(test)]
#[path = "impair_tests.rs"]
mod tests;
