//! Timers by the second: where each chain of slots begins. The links are in the table's entries.

/// Seconds of a turn; what is due later is looked at again.
const BUCKETS: usize = 1024;
const WORDS: usize = BUCKETS / 64;

/// The end of a chain.
pub(super) const END: u32 = u32::MAX;

/// Chain heads, and which of them are set.
#[derive(Debug)]
pub(super) struct Wheel {
    heads: Box<[u32]>,
    occupied: [u64; WORDS],
    /// The second that was looked at last; chains are for later ones.
    now: i64,
}

/// The furthest second ahead that a slot can wait for.
pub(super) const SPAN: i64 = BUCKETS as i64 - 1;

fn bucket(second: i64) -> usize {
    second.rem_euclid(BUCKETS as i64) as usize
}

impl Wheel {
    pub fn new() -> Self {
        Self { heads: vec![END; BUCKETS].into_boxed_slice(), occupied: [0; WORDS], now: 0 }
    }

    /// The second it stands at.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Move to `second`; the seconds whose chains are to be looked at, at most one turn.
    pub fn advance(&mut self, second: i64) -> std::ops::RangeInclusive<i64> {
        let from = self.now.saturating_add(1).max(second.saturating_sub(SPAN));
        self.now = second;
        from..=second
    }

    /// Put a slot at the head of the chain of `second`, or of the nearest one that it can wait for; what it now leads.
    pub fn push(&mut self, second: i64, slot: u32) -> u32 {
        let second = second.clamp(self.now.saturating_add(1), self.now.saturating_add(SPAN));
        self.replace(bucket(second), slot)
    }

    /// Empty the chain of `second`; its head.
    pub fn take(&mut self, second: i64) -> u32 {
        self.replace(bucket(second), END)
    }

    /// Let the chain of `second` begin at `slot`.
    pub fn set(&mut self, second: i64, slot: u32) {
        self.replace(bucket(second), slot);
    }

    /// The next second with a chain, and its head.
    pub fn nearest(&self) -> Option<(i64, u32)> {
        let start = bucket(self.now.saturating_add(1));
        let after = |word: usize, mask: u64| {
            let bits = self.occupied.get(word % WORDS).copied().unwrap_or(0) & mask;
            (bits != 0).then(|| word % WORDS * 64 + bits.trailing_zeros() as usize)
        };
        let first = start / 64;
        let ahead = !0u64 << (start % 64);
        let found = after(first, ahead)
            .or_else(|| (1..WORDS).find_map(|step| after(first + step, !0)))
            .or_else(|| after(first, !ahead))?;
        let wait = (found + BUCKETS - start) % BUCKETS;
        Some((self.now.saturating_add(1 + wait as i64), self.heads.get(found).copied()?))
    }

    fn replace(&mut self, bucket: usize, slot: u32) -> u32 {
        if let Some(word) = self.occupied.get_mut(bucket / 64) {
            let bit = 1u64 << (bucket % 64);
            *word = if slot == END { *word & !bit } else { *word | bit };
        }
        self.heads.get_mut(bucket).map_or(END, |head| std::mem::replace(head, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_looks_all_round_from_the_next_second() {
        for now in [0, 1, 62, 63, 64, 1022, 1023, 1024, 5_000] {
            for wait in [1, 2, 63, 64, 65, 500, SPAN] {
                let mut wheel = Wheel::new();
                wheel.advance(now);
                assert_eq!(wheel.nearest(), None);
                assert_eq!(wheel.push(now + wait, 7), END);
                assert_eq!(wheel.nearest(), Some((now + wait, 7)));
                assert_eq!(wheel.push(now + wait, 8), 7);
                assert_eq!(wheel.take(now + wait), 8);
                assert_eq!(wheel.nearest(), None);
            }
        }
    }

    #[test]
    fn a_jump_turns_it_once() {
        let mut wheel = Wheel::new();
        assert_eq!(wheel.advance(1_700_000_000).count(), BUCKETS);
        assert_eq!(wheel.advance(1_700_000_002), 1_700_000_001..=1_700_000_002);
        assert_eq!(wheel.push(i64::MAX, 1), END);
        assert_eq!(wheel.nearest(), Some((1_700_000_002 + SPAN, 1)));
    }
}
