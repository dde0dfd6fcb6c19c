//! Rules for frames: which are asked about one, and what they come to while it grows.
//!
//! The rules of a kind and a direction stand together, found by their fast patterns as those of transactions are. A frame
//! is searched from its start each time that enough of it is new (`engine/frames.rs` says when).

use super::buffer::Verdict;
use super::rule::{Place, Rule};
use super::state::Memory;
use super::subject::{FrameFacts, Subject};
use super::transaction::{Lane, goes, merged};
use super::truth::Truth;
use super::{Outcome, Rules, Scratch};
use crate::app::Inspection;
use crate::app::frame::Kind;
use crate::plan;

/// All rules for frames.
#[derive(Debug, Default)]
pub(super) struct FrameLanes {
    /// To the server and to the client.
    lanes: Vec<(Kind, [Lane; 2])>,
}

impl FrameLanes {
    /// Sort the rules for frames by their kinds. `entries` counts the prefilters' entries up.
    pub(super) fn new(rules: &[Rule], plan: &[plan::Rule], entries: &mut u32) -> Self {
        let mut kinds: Vec<_> = rules.iter().filter_map(|rule| rule.frame).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut lane = |kind, to_server| {
            let here = |rule: &Rule| rule.frame == Some(kind) && goes(rule, to_server);
            let members: Vec<_> = (0..)
                .zip(rules)
                .zip(plan)
                .filter(|((_, rule), _)| here(rule))
                .map(|((number, rule), plan)| (number, rule.fast_view(plan)))
                .collect();
            Lane::new(&members, entries)
        };
        Self { lanes: kinds.iter().map(|kind| (*kind, [true, false].map(|up| lane(*kind, up)))).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    fn lane(&self, kind: Kind, to_server: bool) -> Option<&Lane> {
        let (_, [up, down]) = self.lanes.iter().find(|(known, _)| *known == kind)?;
        Some(if to_server { up } else { down })
    }
}

impl Rules {
    /// Ask the rules about what is there of the subject's frame; `settle` the outcome after the last one.
    pub(crate) fn inspect_frame(
        &self,
        subject: &Subject<'_>,
        inspection: &mut Inspection,
        memory: &mut Memory<'_>,
        scratch: &mut Scratch,
        outcome: &mut Outcome,
    ) {
        let Some(frame) = subject.frame.filter(|_| !subject.is_settled()) else { return };
        let Some(lane) = self.frames.lane(frame.kind, subject.is_to_server()) else { return };
        let Scratch { found, tools, .. } = scratch;
        tools.forget();
        found.clear();
        for search in &lane.searches {
            tools.search_frame(search.view, &*search.prefilter, subject, &self.views, found);
        }
        found.sort();
        found.rules.dedup();
        let candidates = std::mem::take(&mut found.rules);
        for number in merged(&candidates, &lane.always) {
            self.ask_of_frame(number, (subject, &frame), inspection, memory, scratch, outcome);
        }
        scratch.found.rules = candidates;
    }

    /// Ask a rule, until it has matched.
    fn ask_of_frame(
        &self,
        number: u32,
        (subject, frame): (&Subject<'_>, &FrameFacts<'_>),
        inspection: &mut Inspection,
        memory: &mut Memory<'_>,
        Scratch { unknown, tools, costs, .. }: &mut Scratch,
        outcome: &mut Outcome,
    ) {
        let Some(rule) = self.rules.get(number as usize) else { return };
        if inspection.matched.contains(&(number, 0)) {
            return;
        }
        let begun = costs.begin();
        let verdict = self.verdict(rule, (subject, frame), memory, tools);
        costs.end(number, begun, Truth::from(verdict == Verdict::Holds));
        tools.findings().keep(verdict == Verdict::Holds, memory, |note| outcome.notes.push((number, note)));
        match verdict {
            Verdict::Fails | Verdict::Waits => {}
            Verdict::Unknown => unknown.iter_mut().skip(number as usize).take(1).for_each(|count| *count += 1),
            Verdict::Holds => {
                inspection.matched.push((number, 0));
                memory.apply(&rule.effects, subject.packet);
                outcome.take(number, rule, Place::of_state(subject.packet), (frame.transaction, Some(frame.id)));
            }
        }
    }

    fn verdict(
        &self,
        rule: &Rule,
        (subject, frame): (&Subject<'_>, &FrameFacts<'_>),
        memory: &Memory<'_>,
        tools: &mut super::Tools,
    ) -> Verdict {
        if rule.header.holds(subject, &self.sets) == Truth::False {
            return Verdict::Fails;
        }
        match rule.buffers.hold_in_frame(subject, frame, memory, &self.views, tools) {
            Verdict::Holds => Verdict::of(rule.headers_hold(subject, memory, &self.sets), false),
            verdict => verdict,
        }
    }
}
