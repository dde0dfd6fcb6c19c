//! Detection: which rules match a packet, what they say of its flow, and which of them missing bytes kept undecided.
//!
//! A packet's protocol, direction and ports choose a few groups of rules; each group's prefilter says which fast patterns
//! its payload may hold; those rules, and the ones without a fast pattern, are evaluated in the plan's order, in Kleene's
//! logic. `Rules` is what all workers share, `Scratch` one worker's memory.

mod buffer;
mod check;
mod group;
mod header;
mod number;
pub mod prefilter;
mod rule;
mod subject;
mod truth;

pub use subject::{Buffer, FlowFacts, Subject};
pub use truth::Truth;

use crate::error::{Error, Fault, Result};
use crate::ffi::pcre2::{Code, PatternError};
use crate::plan::{self, Action, DetectSettings, Scope};
use buffer::{Tools, Views};
use group::Index;
use header::Sets;
use prefilter::Candidates;
use rule::Rule;
use std::sync::Arc;

/// Suricata's stock `packet-alert-max`.
pub const MAX_HITS: usize = 15;

/// What a pattern of `pcre` is refused for, if it is; `flags` as in the plan.
pub fn pcre_error(pattern: &[u8], flags: &str) -> Option<PatternError> {
    Code::new(pattern, flags).err()
}

/// The names of the buffers that rules can look into, as the plan names them.
pub fn buffers() -> Vec<&'static str> {
    buffer::names()
}

/// All rules, compiled. Immutable: shared by the workers.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    sets: Sets,
    index: Index,
    views: Views,
    settings: DetectSettings,
}

/// What rules decided about the flow, to be remembered in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowVerdict {
    /// Nothing more of it is inspected, and its action is "pass".
    Pass,
    /// Nothing more of it is inspected, and its action is "drop".
    Drop,
}

/// What came of a packet beside its hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What to remember in the flow.
    pub flow: Option<FlowVerdict>,
    /// A pass rule matched: the rules after it were not asked.
    pub passed: bool,
    /// Matches beyond the most that a packet may have.
    pub overflow: u32,
}

/// One worker's memory for inspecting packets.
#[derive(Debug)]
pub struct Scratch {
    /// The rules that the last packet matched, as numbers in the plan, in order.
    pub hits: Vec<u32>,
    /// For each rule, on how many packets only missing bytes kept it undecided. A rule whose fast pattern is not in the
    /// bytes that are there is not asked, and not counted.
    pub unknown: Vec<u64>,
    found: Candidates,
    tools: Tools,
}

impl Rules {
    /// Compile the plan's rules.
    ///
    /// # Errors
    /// `Error::Config` for a rule that can't be: a `pcre` that PCRE2 refuses, a set that is not there.
    pub fn new(plan: &plan::Rules) -> Result<Arc<Self>> {
        if u32::try_from(plan.rules.len()).is_err() {
            return Err(Error::Config(Fault::new("rules", "more than 2^32", "")));
        }
        let sets = Sets::new(plan)?;
        let negated = |set: u32| plan.addresses.get(set as usize).is_some_and(|set| set.negated);
        let mut views = Views::default();
        let settings = plan.settings;
        let compile =
            |rule: &plan::Rule| Rule::new(rule, &sets, negated(rule.src) || negated(rule.dst), &mut views, &settings);
        let rules = plan.rules.iter().map(compile).collect::<Result<Vec<_>>>()?;
        let fast: Vec<_> = plan.rules.iter().map(rule::fast_pattern).collect();
        let index = Index::new(&rules, &fast, &sets);
        Ok(Arc::new(Self { rules, sets, index, views, settings }))
    }

    /// Memory for one worker.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            hits: Vec::with_capacity(MAX_HITS),
            unknown: vec![0; self.rules.len()],
            found: Candidates::new(self.index.entries()),
            tools: Tools::new(&self.views, &self.settings),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// How many `pcre` run without machine code, as where a sandbox forbids writable executable memory: slower.
    pub fn interpreted_patterns(&self) -> usize {
        self.rules.iter().map(Rule::interpreted).sum()
    }

    /// Ask the rules about a packet; those that match are then in `scratch.hits`.
    pub fn inspect(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Outcome {
        scratch.hits.clear();
        if self.rules.is_empty() || !subject.is_inspected() {
            return Outcome::default();
        }
        let payload = subject.visible_payload();
        let Scratch { hits, unknown, found, tools } = scratch;
        found.clear();
        tools.cache.forget();
        let mut candidates = self.index.candidates(subject, payload.bytes, found);
        candidates.add(&found.rules);
        let mut outcome = Outcome::default();
        for number in candidates {
            let Some(rule) = self.rules.get(number as usize) else { continue };
            match rule.holds(subject, payload, &self.sets, &self.views, tools) {
                Truth::False => {}
                Truth::Unknown => unknown.iter_mut().skip(number as usize).take(1).for_each(|count| *count += 1),
                Truth::True => outcome.take(number, rule, rule.scope(subject), hits),
            }
            if outcome.passed {
                break;
            }
        }
        if subject.flow.is_none() {
            outcome.flow = None;
        }
        outcome
    }
}

impl Outcome {
    /// A rule matched: list it and do as it says. In a passive engine a drop stops the flow's inspection only.
    fn take(&mut self, number: u32, rule: &Rule, scope: Scope, hits: &mut Vec<u32>) {
        let over_flow = |verdict| (scope == Scope::Flow).then_some(verdict);
        if rule.action == Action::Pass {
            self.passed = true;
            self.flow = self.flow.or(over_flow(FlowVerdict::Pass));
            return;
        }
        if !rule.noalert {
            if hits.len() == MAX_HITS {
                self.overflow += 1;
                return;
            }
            hits.push(number);
        }
        if matches!(rule.action, Action::Drop | Action::Reject) {
            self.flow = self.flow.or(over_flow(FlowVerdict::Drop));
        }
    }
}

#[cfg(test)]
mod tests;
