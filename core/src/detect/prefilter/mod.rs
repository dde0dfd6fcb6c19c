//! Which rules' fast patterns may be in a payload: the test that keeps most rules from being looked at.

#[cfg(any(test, feature = "automaton"))]
mod automaton;
mod fragment;
mod grams;
mod table;

#[cfg(any(test, feature = "automaton"))]
pub use automaton::Automaton;
pub use fragment::rarity;
pub use grams::Grams;

/// What to look for.
#[derive(Debug, Clone, Copy)]
pub struct Literal<'a> {
    /// The bytes, not none.
    pub pattern: &'a [u8],
    /// How far from the payload's start they begin at least.
    pub from: usize,
    /// How far from the payload's start they end at most.
    pub reach: usize,
}

/// Literals that reach no further are looked for apart from others: the rest of a payload costs them nothing.
const NEAR: usize = 64;

impl Literal<'_> {
    /// It can only be at one place of the payload.
    pub fn is_fixed(&self) -> bool {
        self.from.checked_add(self.pattern.len()) == Some(self.reach)
    }

    /// It can only be near the payload's start.
    pub fn is_near(&self) -> bool {
        self.reach <= NEAR
    }

    /// It is found without looking at every byte, by grams that are not in every payload.
    pub fn is_strong(&self) -> bool {
        grams::weakest(self.pattern) >= STRONG
    }
}

/// From how many bits on a gram is not in nearly every payload.
const STRONG: u32 = 8;

/// A rule's fast pattern.
#[derive(Debug, Clone, Copy)]
pub struct Fast<'a> {
    /// The rule's number.
    pub rule: u32,
    /// Without this the rule can't match.
    pub literal: Literal<'a>,
}

/// A multi-pattern search that may say too much, never too little: letters' case is ignored, and so may other things be.
pub trait Prefilter: Send + Sync + std::fmt::Debug {
    /// Give `found` every rule whose fast pattern is in `payload`, and perhaps some more.
    fn scan(&self, payload: &[u8], found: &mut Candidates);
}

/// The search that this build uses. Its entries are numbered from `entries` on, which is counted up.
pub fn build(patterns: &[Fast<'_>], entries: &mut u32) -> Box<dyn Prefilter> {
    #[cfg(feature = "automaton")]
    if let Ok(automaton) = Automaton::new(patterns, entries) {
        return Box::new(automaton);
    }
    Box::new(Grams::new(patterns, entries))
}

/// The rules that a packet's payload calls for.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Their numbers, in the order of evaluation once `sort` was called; a rule may stand there twice.
    pub rules: Vec<u32>,
    /// For each entry of every prefilter the round in which it was last met.
    seen: Vec<u32>,
    round: u32,
}

impl Candidates {
    /// For prefilters with so many entries in all.
    pub fn new(entries: usize) -> Self {
        Self { rules: Vec::new(), seen: vec![0; entries], round: 0 }
    }

    /// Another packet.
    #[inline]
    pub fn clear(&mut self) {
        self.rules.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// An entry was met; its rules are taken once a packet, however often it is in the payload.
    #[inline]
    pub fn meet(&mut self, entry: u32, rules: &[u32]) {
        if let Some(seen) = self.seen.get_mut(entry as usize)
            && *seen != self.round
        {
            *seen = self.round;
            self.rules.extend_from_slice(rules);
        }
    }

    /// Bring the rules into the order of evaluation.
    #[inline]
    pub fn sort(&mut self) {
        if self.rules.len() > 1 {
            self.rules.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn candidates(patterns: &[Vec<u8>], payload: &[u8]) -> Vec<u32> {
        ask(patterns, payload, |fast, entries| Box::new(Grams::new(fast, entries)))
    }

    fn ask(
        patterns: &[Vec<u8>],
        payload: &[u8],
        make: impl Fn(&[Fast<'_>], &mut u32) -> Box<dyn Prefilter>,
    ) -> Vec<u32> {
        let fast: Vec<_> = patterns
            .iter()
            .zip(0..)
            .map(|(pattern, rule)| Fast { rule, literal: Literal { pattern, from: 0, reach: usize::MAX } })
            .collect();
        let mut entries = 0;
        let prefilter = make(&fast, &mut entries);
        let mut found = Candidates::new(entries as usize);
        // What an earlier packet left must not matter.
        for payload in [b"earlier".as_slice(), payload] {
            found.clear();
            prefilter.scan(payload, &mut found);
        }
        found.sort();
        found.rules.dedup();
        found.rules
    }

    #[test]
    fn every_width_at_every_place() {
        for width in 1..=12 {
            let pattern = b"aXbYcZd|e!f?".get(..width).unwrap().to_vec();
            for place in 0..40 {
                let payload = [vec![b'.'; place], pattern.to_ascii_uppercase(), vec![b'.'; 40 - place]].concat();
                assert_eq!(candidates(std::slice::from_ref(&pattern), &payload), [0], "{width} at {place}");
                let cut = payload.get(..place + width).unwrap();
                assert_eq!(candidates(std::slice::from_ref(&pattern), cut), [0], "{width} at {place}, at the end");
            }
            assert!(candidates(&[pattern], &[b'.'; 90]).is_empty());
        }
    }

    #[test]
    fn nested_and_repeated_patterns_are_taken_once() {
        let patterns: Vec<_> = (1..300).map(|length| vec![b'a'; length]).collect();
        let found = candidates(&patterns, &[b'a'; 60_000]);
        assert_eq!(found, (0..299).collect::<Vec<_>>());
    }

    /// The rules of patterns that are in a payload, in order.
    fn there(patterns: &[Vec<u8>], payload: &[u8]) -> Vec<u32> {
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(patterns).unwrap();
        let found: BTreeSet<u32> = automaton.find_overlapping_iter(payload).map(|hit| hit.pattern().as_u32()).collect();
        found.into_iter().collect()
    }

    #[test]
    fn literals_with_a_reach_are_found_as_far_as_it_goes() {
        for width in 2..=12 {
            for reach in width..70 {
                let pattern = b"aXbYcZd|e!f?".get(..width).unwrap();
                let fast = [Fast { rule: 0, literal: Literal { pattern, from: 0, reach } }];
                let mut entries = 0;
                let prefilter = Grams::new(&fast, &mut entries);
                let mut found = Candidates::new(entries as usize);
                found.clear();
                let payload = [vec![b'.'; reach - width], pattern.to_vec(), vec![b'.'; 90]].concat();
                prefilter.scan(&payload, &mut found);
                assert_eq!(found.rules, [0], "{width} bytes, reach {reach}");
            }
        }
    }

    #[test]
    fn literals_of_one_place_are_found_there_alone() {
        let patterns: Vec<_> = (b'0'..b'0' + 12).map(|digit| [b"aXbYcZd".as_slice(), &[digit]].concat()).collect();
        for (from, width) in [(0, 2), (0, 3), (3, 4), (9, 7), (70, 8)] {
            let literal = |pattern| Literal { pattern, from, reach: from + width };
            let of = |(rule, pattern): (u32, &'_ Vec<u8>)| Some((rule, pattern.get(..width)?.to_vec()));
            let cut: Vec<_> = (0..).zip(&patterns).filter_map(of).collect();
            let fast: Vec<_> =
                cut.iter().map(|(rule, pattern)| Fast { rule: *rule, literal: literal(pattern) }).collect();
            let mut entries = 0;
            let prefilter = Grams::new(&fast, &mut entries);
            let mut found = Candidates::new(entries as usize);
            let mut asked = |at: usize| {
                found.clear();
                prefilter.scan(&[vec![b'.'; at], b"AXBYCZD7".to_vec()].concat(), &mut found);
                found.rules.len()
            };
            // Only the last byte tells the patterns apart.
            assert_eq!(asked(from), if width == 8 { 1 } else { 12 }, "{width} bytes from {from} on");
            assert_eq!(asked(from + 1), 0, "{width} bytes behind {from}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_behind_padding(
            patterns in vec(vec(97_u8..99, 1..12), 1..8),
            pieces in vec((vec(97_u8..100, 1..8), 1_usize..40), 1..6),
        ) {
            let payload: Vec<u8> = pieces.iter().flat_map(|(piece, times)| piece.repeat(*times)).collect();
            let found = candidates(&patterns, &payload);
            prop_assert!(there(&patterns, &payload).iter().all(|rule| found.binary_search(rule).is_ok()));
        }

        #[test]
        fn nothing_that_a_plain_search_finds_is_left_out(
            few in vec(vec(97_u8..100, 1..12), 1..8),
            many in prop_oneof![4 => Just(0_usize), 1 => Just(700)],
            payload in vec(prop_oneof![97_u8..100, any::<u8>()], 0..80),
        ) {
            let long = (0..many).map(|number| format!("{number:09}-{number}").into_bytes());
            let patterns: Vec<_> = few.into_iter().chain(long).collect();
            let wanted = there(&patterns, &payload);
            let found = candidates(&patterns, &payload);
            prop_assert!(wanted.iter().all(|rule| found.binary_search(rule).is_ok()));
            let walked = ask(&patterns, &payload, |fast, entries| Box::new(Automaton::new(fast, entries).unwrap()));
            prop_assert_eq!(walked, wanted);
        }
    }
}
