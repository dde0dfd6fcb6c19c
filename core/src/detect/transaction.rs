//! Rules for transactions: which are asked about one, and what they come to while it grows.
//!
//! The rules of a protocol and a direction stand together. Each buffer is searched for the fast patterns of those that
//! name it, until it is whole; what is found is asked until it fails or matches. Rules without a fast pattern are asked
//! whenever something is new.

use super::buffer::{Tools, Verdict, Views};
use super::prefilter::{self, Candidates, Fast, Literal, Prefilter};
use super::profile::Costs;
use super::rule::{self, Place, Rule};
use super::state::Memory;
use super::subject::{Subject, TransactionFacts};
use super::truth::Truth;
use super::{Outcome, Rules, Scratch};
use crate::app::{Head, Inspection, Protocol, Talk};
use crate::plan::{self, Effect, FlowDirection, StoreSide, Unlogged, XbitTrack};
use std::collections::BTreeMap;

/// The search of one view of a buffer.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) view: u32,
    pub(super) prefilter: Box<dyn Prefilter>,
}

/// The rules of a protocol's direction.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) searches: Vec<Search>,
    /// Those without a fast pattern.
    pub(super) always: Box<[u32]>,
}

/// All rules for transactions.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// To the server and to the client.
    lanes: Vec<(Protocol, [Lane; 2])>,
    /// Some match as long as a state lasts.
    last: bool,
}

impl Lanes {
    /// Sort the rules for transactions by their protocols. `entries` counts the prefilters' entries up.
    pub(super) fn new(rules: &[Rule], plan: &[plan::Rule], entries: &mut u32) -> Self {
        let of_transactions = || (0..).zip(rules).zip(plan).filter(|((_, rule), _)| rule.is_of_transactions());
        let mut protocols: Vec<_> =
            of_transactions().flat_map(|((_, rule), _)| rule.protocols.iter().copied()).collect();
        protocols.sort_unstable();
        protocols.dedup();
        let mut lane = |protocol, to_server| {
            let here = |rule: &Rule| rule.protocols.contains(&protocol) && goes(rule, to_server);
            let members: Vec<_> = of_transactions()
                .filter(|((_, rule), _)| here(rule))
                .map(|((number, rule), plan)| (number, rule.fast_view(plan)))
                .collect();
            Lane::new(&members, entries)
        };
        Self {
            last: rules.iter().any(Rule::may_last),
            lanes: protocols.iter().map(|protocol| (*protocol, [true, false].map(|up| lane(*protocol, up)))).collect(),
        }
    }

    fn lane(&self, protocol: Protocol, to_server: bool) -> Option<&Lane> {
        let (_, [up, down]) = self.lanes.iter().find(|(known, _)| *known == protocol)?;
        Some(if to_server { up } else { down })
    }
}

/// A rule's number, and the view and the pattern to search for first.
pub(super) type Member<'a> = (u32, Option<(u32, Literal<'a>)>);

impl Lane {
    pub(super) fn new(members: &[Member<'_>], entries: &mut u32) -> Self {
        let mut by_view: BTreeMap<u32, Vec<Fast<'_>>> = BTreeMap::new();
        for (rule, fast) in members {
            if let Some((view, literal)) = fast {
                by_view.entry(*view).or_default().push(Fast { rule: *rule, literal: *literal });
            }
        }
        let searches =
            by_view.iter().map(|(view, fast)| Search { view: *view, prefilter: prefilter::build(fast, entries) });
        let always = members.iter().filter(|(_, fast)| fast.is_none()).map(|(rule, _)| *rule);
        Self { searches: searches.collect(), always: always.collect() }
    }
}

/// Whether a rule looks at what goes in a direction.
pub(super) fn goes(rule: &Rule, to_server: bool) -> bool {
    match rule.flow.map(|flow| flow.direction) {
        None | Some(FlowDirection::Any) => true,
        Some(FlowDirection::ToServer) => to_server,
        Some(FlowDirection::ToClient) => !to_server,
    }
}

impl Rules {
    /// Some rules are for transactions or frames.
    pub fn look_into_transactions(&self) -> bool {
        !self.lanes.lanes.is_empty() || !self.frames.is_empty()
    }

    /// Some rules match as long as a transaction's state lasts.
    pub fn some_last(&self) -> bool {
        self.lanes.last
    }

    /// Ask the rules about what is new in the direction of the subject's transaction; `settle` the outcome after the last.
    pub(crate) fn inspect_transaction(
        &self,
        subject: &Subject<'_>,
        inspection: &mut Inspection,
        memory: &mut Memory<'_>,
        scratch: &mut Scratch,
        outcome: &mut Outcome,
    ) {
        let Some(facts) = subject.transaction.filter(|_| !subject.is_settled()) else { return };
        let Some(lane) = self.lanes.lane(facts.talk.protocol(), subject.is_to_server()) else { return };
        let Scratch { unknown, found, tools, costs } = scratch;
        tools.forget();
        self.search(lane, (subject, &facts), inspection, tools, found);
        let mut asking = Asking { rules: self, facts, inspection, memory, unknown, tools, costs, outcome };
        for number in merged(&found.rules, &lane.always) {
            asking.rule(number, subject);
        }
    }

    /// Put the rules whose fast patterns are there to those that were candidates before.
    fn search(
        &self,
        lane: &Lane,
        at: (&Subject<'_>, &TransactionFacts<'_>),
        inspection: &mut Inspection,
        tools: &mut Tools,
        found: &mut Candidates,
    ) {
        found.clear();
        for search in &lane.searches {
            if !inspection.searched.contains(&search.view)
                && tools.search(search.view, &*search.prefilter, at, &self.views, found)
            {
                inspection.searched.push(search.view);
            }
        }
        found.rules.append(&mut inspection.candidates);
        found.sort();
        found.rules.dedup();
    }
}

/// Two ascending lists as one, each number once.
pub(super) fn merged<'a>(a: &'a [u32], b: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let (mut a, mut b) = (a, b);
    std::iter::from_fn(move || {
        let next = match (a.first(), b.first()) {
            (Some(x), Some(y)) => *x.min(y),
            (Some(only), None) | (None, Some(only)) => *only,
            (None, None) => return None,
        };
        for list in [&mut a, &mut b] {
            if list.first() == Some(&next) {
                *list = list.get(1..).unwrap_or_default();
            }
        }
        Some(next)
    })
}

/// One round of questions.
struct Asking<'a, 'm> {
    rules: &'a Rules,
    facts: TransactionFacts<'a>,
    inspection: &'a mut Inspection,
    memory: &'a mut Memory<'m>,
    unknown: &'a mut Vec<u64>,
    tools: &'a mut Tools,
    costs: &'a mut Costs,
    outcome: &'a mut Outcome,
}

impl Asking<'_, '_> {
    /// Ask a rule, once; where it asks about files, once more when there is another one.
    fn rule(&mut self, number: u32, subject: &Subject<'_>) {
        let Some(rule) = self.rules.rules.get(number as usize) else { return };
        if !rule.of_files {
            return self.ask((number, 0), rule, subject);
        }
        let head = self.facts.talk.head(self.facts.index);
        let files = head.map(|head| head.files.count(subject.is_to_server()));
        self.ask((number, files.unwrap_or_default()), rule, subject);
        // Another file may come.
        if self.inspection.candidates.last() != Some(&number) && rule.has_fast_pattern {
            self.inspection.candidates.push(number);
        }
    }

    /// The other direction has matched before.
    fn other_half(&self, number: u32, to_server: bool) -> bool {
        let head = self.facts.talk.head(self.facts.index);
        head.is_some_and(|head| head.has_matched(!to_server, number))
    }

    fn ask(&mut self, key: (u32, u32), rule: &Rule, subject: &Subject<'_>) {
        if self.inspection.matched.contains(&key) {
            return;
        }
        let (number, _) = key;
        let begun = self.costs.begin();
        let subject = Subject { transaction: Some(self.facts), ..*subject };
        let Rules { sets, views, .. } = self.rules;
        let verdict = rule.holds_in(&subject, &self.facts, self.memory, sets, views, self.tools);
        self.costs.end(number, begun, Truth::from(verdict == Verdict::Holds));
        let Outcome { notes, .. } = self.outcome;
        self.tools.findings().keep(verdict == Verdict::Holds, self.memory, |note| notes.push((number, note)));
        match verdict {
            Verdict::Fails => {}
            Verdict::Unknown => self.unknown.iter_mut().skip(number as usize).take(1).for_each(|count| *count += 1),
            Verdict::Waits if rule.has_fast_pattern => self.inspection.candidates.push(number),
            Verdict::Waits => {}
            Verdict::Holds => {
                let head = self.facts.talk.head(self.facts.index);
                if !head.is_some_and(|head| rule.lasts(head, subject.is_to_server())) {
                    self.inspection.matched.push(key);
                }
                if rule.transactional && !self.other_half(number, subject.is_to_server()) {
                    return;
                }
                self.memory.apply(&rule.effects, subject.packet);
                if rule.stores_files() {
                    self.outcome.storing.push(number);
                }
                head.into_iter().for_each(|head| mark(head, &rule.effects));
                let transaction = head.map(|head| head.number);
                self.outcome.take(number, rule, Place::of_state(subject.packet), (transaction, None));
            }
        }
    }
}

impl Rules {
    /// Have files of a transaction stored, as a rule says that matched what goes in this direction.
    pub(crate) fn store(&self, rule: u32, talk: &mut dyn Talk, index: usize, to_server: bool) {
        let Some(rule) = self.rules.get(rule as usize) else { return };
        for effect in &rule.effects {
            let Effect::Filestore { side, scope } = effect else { continue };
            let [up, down] = match side {
                StoreSide::Rule => [to_server, !to_server],
                StoreSide::ToServer => [true, false],
                StoreSide::ToClient => [false, true],
                StoreSide::Both => [true, true],
            };
            for (_, direction) in [(up, true), (down, false)].into_iter().filter(|(wanted, _)| *wanted) {
                talk.store(index, direction, (rule.sid, *scope), &|file| rule.passes(file));
            }
        }
    }
}

/// Do to a transaction what a rule says that matched it.
fn mark(head: &Head, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Xbits { bit, track: XbitTrack::Tx, .. } => head.set_bit(*bit),
            Effect::Unlog { of: Unlogged::Transaction } => head.unlog(),
            _ => {}
        }
    }
}

impl Rule {
    fn stores_files(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Filestore { .. }))
    }

    /// What the rule comes to for a transaction.
    fn holds_in(
        &self,
        subject: &Subject<'_>,
        facts: &TransactionFacts<'_>,
        memory: &Memory<'_>,
        sets: &super::header::Sets,
        views: &Views,
        tools: &mut Tools,
    ) -> Verdict {
        if self.header.holds(subject, sets) == Truth::False {
            return Verdict::Fails;
        }
        let verdict = self.buffers.hold_in(subject, facts, memory, views, tools);
        if verdict != Verdict::Holds {
            return verdict;
        }
        Verdict::of(self.headers_hold(subject, memory, sets), false)
    }

    /// The view of a transaction's buffer and the literal in it that is searched for first.
    pub(super) fn fast_view<'a>(&self, plan: &'a plan::Rule) -> Option<(u32, Literal<'a>)> {
        let (test, literal) = rule::transaction_pattern(plan).filter(|_| self.has_fast_pattern)?;
        Some((self.buffers.view(test)?, literal))
    }
}
