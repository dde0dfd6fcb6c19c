//! Aho and Corasick's automaton over whole patterns, in lower case.
//!
//! It walks from state to state and takes each state's rules once a payload, so that nested patterns cost no more than
//! others: a hit-by-hit search reports every pattern that ends at a place, again and again.

use super::{Candidates, Fast, Prefilter};
use crate::error::{Error, Fault, Result};
use aho_corasick::automaton::StateID;
use aho_corasick::{Anchored, MatchKind, dfa, nfa};
use hashbrown::HashMap;

/// States that a full table may have; beyond that, one without empty places takes less memory.
const TABLE_STATES: usize = 4096;

#[derive(Debug)]
enum Walk {
    Table(dfa::DFA),
    Packed(nfa::contiguous::NFA),
}

/// What a state at which patterns end calls for.
#[derive(Debug)]
struct Reached {
    entry: u32,
    rules: Box<[u32]>,
}

/// The automaton.
#[derive(Debug)]
pub struct Automaton {
    walk: Walk,
    reached: HashMap<StateID, Reached>,
}

impl Automaton {
    /// A prefilter for these patterns. Its entries are numbered from `entries` on, which is counted up.
    ///
    /// # Errors
    /// `Error::Config` where they are more than an automaton can have.
    pub fn new(patterns: &[Fast<'_>], entries: &mut u32) -> Result<Self> {
        let fault = |error: aho_corasick::BuildError| Error::Config(Fault::new("rules", error.to_string(), ""));
        let bytes = || patterns.iter().map(|fast| fast.literal.pattern);
        let sparse = nfa::noncontiguous::Builder::new()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(bytes())
            .map_err(fault)?;
        let total: usize = bytes().map(<[u8]>::len).sum();
        let walk = if total < TABLE_STATES {
            Walk::Table(dfa::Builder::new().build_from_noncontiguous(&sparse).map_err(fault)?)
        } else {
            Walk::Packed(nfa::contiguous::Builder::new().build_from_noncontiguous(&sparse).map_err(fault)?)
        };
        let mut this = Self { walk, reached: HashMap::new() };
        this.reached = match &this.walk {
            Walk::Table(walk) => reached(walk, patterns, entries),
            Walk::Packed(walk) => reached(walk, patterns, entries),
        };
        Ok(this)
    }

    #[inline]
    fn step_through<W: aho_corasick::automaton::Automaton>(&self, walk: &W, payload: &[u8], found: &mut Candidates) {
        let Ok(mut state) = walk.start_state(Anchored::No) else { return };
        for byte in payload {
            state = walk.next_state(Anchored::No, state, *byte);
            if walk.is_special(state)
                && let Some(reached) = self.reached.get(&state)
            {
                found.meet(reached.entry, &reached.rules);
            }
        }
    }
}

impl Prefilter for Automaton {
    fn scan(&self, payload: &[u8], found: &mut Candidates) {
        match &self.walk {
            Walk::Table(walk) => self.step_through(walk, payload, found),
            Walk::Packed(walk) => self.step_through(walk, payload, found),
        }
    }
}

/// Every state at which patterns end: all states are on the way of some pattern.
fn reached<W: aho_corasick::automaton::Automaton>(
    walk: &W,
    patterns: &[Fast<'_>],
    entries: &mut u32,
) -> HashMap<StateID, Reached> {
    let mut found = HashMap::new();
    let Ok(start) = walk.start_state(Anchored::No) else { return found };
    for fast in patterns {
        let mut state = start;
        for byte in fast.literal.pattern {
            state = walk.next_state(Anchored::No, state, *byte);
            if walk.is_match(state) && !found.contains_key(&state) {
                let ending = (0..walk.match_len(state)).map(|index| walk.match_pattern(state, index));
                let rules = ending.filter_map(|pattern| patterns.get(pattern.as_usize())).map(|fast| fast.rule);
                found.insert(state, Reached { entry: *entries, rules: rules.collect() });
                *entries += 1;
            }
        }
    }
    found
}
