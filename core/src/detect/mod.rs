//! Detection: which rules match a packet, what they say of its flow, and which of them missing bytes kept undecided.
//!
//! A packet's protocol, direction and ports choose a few groups of rules; each group's prefilter says which fast patterns
//! its payload may hold; those rules, and the ones without a fast pattern, are evaluated in the plan's order, in Kleene's
//! logic. `Rules` is what all workers share, `Scratch` one worker's memory.

mod address;
mod buffer;
mod check;
mod frame;
mod group;
mod header;
mod literal;
mod note;
mod number;
pub mod prefilter;
mod profile;
mod rule;
pub mod state;
mod subject;
mod transaction;
mod truth;

pub use note::Note;
pub use profile::Cost;
pub use subject::{Buffer, ENDLESS, FlowFacts, FrameFacts, Round, StreamFacts, Subject, TransactionFacts};
pub use truth::Truth;

use crate::error::{Error, Fault, Result};
use crate::ffi::pcre2::{Code, PatternError};
use crate::frame::Addr;
use crate::plan::{self, Action, DetectSettings, Effect, Kind, Scope};
use buffer::{Tools, Views};
use frame::FrameLanes;
use group::{Index, Lists};
use header::Sets;
use prefilter::Candidates;
use profile::Costs;
use rule::{Place, Rule};
use state::Memory;
use std::cmp::Reverse;
use std::sync::Arc;
use transaction::Lanes;

/// What a pattern of `pcre` is refused for, if it is; `flags` as in the plan.
pub fn pcre_error(pattern: &[u8], flags: &str) -> Option<PatternError> {
    Code::new(pattern, flags).err()
}

/// The names of the buffers that rules can look into, as the plan names them.
pub fn buffers() -> Vec<String> {
    buffer::names()
}

/// What is searched for before a rule is asked, if anything is: the buffer's name, and the literal.
pub fn literal_of(rule: &plan::Rule) -> Option<(&str, &[u8])> {
    match rule.kind {
        Kind::AppTx => {
            let (place, literal) = rule::transaction_pattern(rule).filter(|_| !rule.transactional)?;
            Some((&rule.buffers.get(place)?.buffer, literal.pattern))
        }
        Kind::DecoderEvent | Kind::IpOnly => None,
        _ => rule::fast_pattern(rule).map(|literal| ("payload", literal.pattern)),
    }
}

/// All rules, compiled. Immutable: shared by the workers.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    sets: Sets,
    index: Index,
    lanes: Lanes,
    frames: FrameLanes,
    /// How many entries all prefilters have.
    entries: u32,
    views: Views,
    settings: DetectSettings,
    /// Some look into streams.
    reads_streams: bool,
}

/// What rules decided about the flow, to be remembered in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowVerdict {
    /// Nothing more of it is inspected, and its action is "pass".
    Pass,
    /// Nothing more of it is inspected, and its action is "drop".
    Drop,
}

/// A rule that matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number in the plan.
    pub rule: u32,
    /// It matched in the data of the stream.
    pub in_stream: bool,
    /// The transaction that it matched in, by its number in the flow.
    pub transaction: Option<u64>,
    /// The frame that it matched in, by its number in its direction.
    pub frame: Option<u64>,
}

impl Hit {
    /// By their rules; of one rule, the last transaction first, and what is of none at the end.
    fn order(&self) -> (u32, Reverse<Option<u64>>, Option<u64>) {
        (self.rule, Reverse(self.transaction), self.frame)
    }
}

/// What came of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The rules that matched and are to be told of, in order.
    pub hits: Vec<Hit>,
    /// What rules that matched took note of for their alerts.
    pub notes: Vec<(u32, Note)>,
    /// What to remember in the flow.
    pub flow: Option<FlowVerdict>,
    /// Nothing more is to be done about the flow but to count.
    pub bypass: bool,
    /// Rules that have files of the transaction stored that was looked at last.
    pub(crate) storing: Vec<u32>,
    /// Matches beyond the most that a packet may have.
    pub overflow: u32,
    /// The first pass rule that matched: nothing is told of those after it.
    passed: Option<u32>,
    /// Rules that had their effects.
    acted: Vec<u32>,
}

impl Outcome {
    /// Another packet.
    pub fn clear(&mut self) {
        self.hits.clear();
        self.notes.clear();
        self.acted.clear();
        (self.flow, self.bypass, self.overflow, self.passed) = (None, false, 0, None);
    }
}

/// One worker's memory for inspecting packets.
#[derive(Debug)]
pub struct Scratch {
    /// For each rule, on how many packets only missing bytes kept it undecided. A rule whose fast pattern is not in the
    /// bytes that are there is not asked, and not counted.
    pub unknown: Vec<u64>,
    found: Candidates,
    tools: Tools,
    costs: Costs,
}

impl Scratch {
    /// What each rule cost; empty where the plan does not ask for it.
    pub fn costs(&self) -> &[Cost] {
        &self.costs.0
    }
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
        let (settings, mut views) = (plan.settings, Views::default());
        let compile = |rule: &plan::Rule| Rule::new(rule, &sets, &mut views, &settings);
        let rules = plan.rules.iter().map(compile).collect::<Result<Vec<_>>>()?;
        let fast: Vec<_> = plan.rules.iter().map(rule::fast_pattern).collect();
        let index = Index::new(&rules, &fast, &sets);
        let mut entries = index.entries() as u32;
        let lanes = Lanes::new(&rules, &plan.rules, &mut entries);
        let frames = FrameLanes::new(&rules, &plan.rules, &mut entries);
        let reads_streams = plan.rules.iter().any(reads_streams);
        Ok(Arc::new(Self { rules, sets, index, lanes, frames, entries, views, settings, reads_streams }))
    }

    /// Memory for one worker.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            unknown: vec![0; self.rules.len()],
            found: Candidates::new(self.entries as usize),
            tools: Tools::new(&self.views, &self.settings),
            costs: Costs(if self.settings.profile { vec![Cost::default(); self.rules.len()] } else { Vec::new() }),
        }
    }

    /// Whether one of the plan's address sets has an address of this IP version.
    pub fn set_has(&self, set: u32, address: &Addr, ip: u8) -> bool {
        self.sets.has(set, address, ip)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Some of them look into streams.
    pub fn look_into_streams(&self) -> bool {
        self.reads_streams
    }

    /// Ask the rules about a packet, or about a further piece of its stream; `settle` the outcome after the last one.
    pub fn inspect(
        &self,
        subject: &Subject<'_>,
        memory: &mut Memory<'_>,
        scratch: &mut Scratch,
        outcome: &mut Outcome,
    ) {
        if self.rules.is_empty() || subject.is_settled() {
            return;
        }
        let Scratch { unknown, found, tools, costs } = scratch;
        found.clear();
        tools.forget();
        let mut candidates = Lists::default();
        self.index.candidates(subject, found, &mut candidates);
        candidates.add(&found.rules);
        for number in candidates.by_ref() {
            let Some(rule) = self.rules.get(number as usize) else { continue };
            let begun = costs.begin();
            let (truth, place) = rule.holds(subject, memory, &self.sets, &self.views, tools);
            costs.end(number, begun, truth);
            tools.findings().keep(truth == Truth::True, memory, |note| outcome.notes.push((number, note)));
            match truth {
                Truth::False => {}
                Truth::Unknown => unknown.iter_mut().skip(number as usize).take(1).for_each(|count| *count += 1),
                Truth::True => {
                    if outcome.acts(number, rule) {
                        memory.apply(&rule.effects, subject.packet);
                    }
                    outcome.take(number, rule, place, (None, None));
                }
            }
        }
    }

    /// Put the outcome in order, and keep the first `packet_alert_max` alerts of it; those that a limit may suppress are
    /// left for the limits to decide.
    pub fn settle(&self, outcome: &mut Outcome) {
        let Outcome { hits, overflow, passed, .. } = outcome;
        hits.sort_unstable_by_key(Hit::order);
        hits.dedup_by_key(|hit| hit.order());
        hits.retain(|hit| passed.is_none_or(|pass| hit.rule <= pass));
        let most = self.settings.packet_alert_max as usize;
        if hits.len() <= most {
            return;
        }
        let mut sure = 0;
        hits.retain(|hit| {
            let limited = self.rules.get(hit.rule as usize).is_some_and(|rule| rule.limited);
            let over = sure >= most;
            sure += usize::from(!limited);
            *overflow += u32::from(over);
            !over
        });
    }
}

/// Whether a rule looks into streams, be it beside a transaction.
fn reads_streams(rule: &plan::Rule) -> bool {
    match rule.kind {
        Kind::Stream | Kind::PacketAndStream => true,
        Kind::AppTx => rule.buffers.iter().any(|test| test.buffer == "payload"),
        _ => false,
    }
}

impl Outcome {
    /// Whether a rule that matched has its effects now: once a packet, in however many pieces of its stream it matches.
    fn acts(&mut self, number: u32, rule: &Rule) -> bool {
        let acts = !rule.effects.is_empty() && !self.acted.contains(&number);
        if acts {
            self.acted.push(number);
        }
        acts
    }

    /// A rule matched, in a transaction and in a frame perhaps: list it and do as it says. In a passive engine a drop stops the flow's inspection only.
    fn take(&mut self, number: u32, rule: &Rule, place: Place, (transaction, frame): (Option<u64>, Option<u64>)) {
        let verdict = match rule.action {
            Action::Pass => Some(FlowVerdict::Pass),
            Action::Drop | Action::Reject => Some(FlowVerdict::Drop),
            Action::Alert | Action::Config => None,
        };
        if rule.action == Action::Pass {
            self.passed = Some(self.passed.map_or(number, |first| first.min(number)));
        }
        if rule.told {
            let in_stream = place == Place::Stream;
            self.hits.push(Hit { rule: number, in_stream, transaction, frame });
        }
        self.bypass |= rule.effects.iter().any(|effect| matches!(effect, Effect::Bypass {}));
        if rule.scope(place) == Scope::Flow {
            self.flow = self.flow.or(verdict);
        }
    }
}

#[cfg(test)]
mod tests;
