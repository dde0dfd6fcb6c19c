//! Rules for transactions: which are asked about one, and what they come to while it grows.
//!
//! The rules of a protocol and a direction stand together. Each buffer is searched for the fast patterns of those that
//! name it, until it is whole; what is found is asked until it fails or matches. Rules without a fast pattern are asked
//! whenever something is new.

use super::buffer::{Tools, Verdict, Views};
use super::prefilter::{self, Candidates, Fast, Prefilter};
use super::profile::Costs;
use super::rule::{self, Place, Rule};
use super::state::Memory;
use super::subject::{Subject, TransactionFacts};
use super::truth::Truth;
use super::{Outcome, Rules, Scratch};
use crate::app::{Inspection, Protocol};
use crate::plan::{self, FlowDirection, Kind};
use std::collections::BTreeMap;

/// The search of one view of a buffer.
#[derive(Debug)]
struct Search {
    view: u32,
    prefilter: Box<dyn Prefilter>,
}

/// The rules of a protocol's direction.
#[derive(Debug, Default)]
struct Lane {
    searches: Vec<Search>,
    /// Those without a fast pattern.
    always: Box<[u32]>,
}

/// All rules for transactions.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// To the server and to the client.
    lanes: Vec<(Protocol, [Lane; 2])>,
}

impl Lanes {
    /// Sort the rules for transactions by their protocols. `entries` counts the prefilters' entries up.
    pub(super) fn new(rules: &[Rule], plan: &[plan::Rule], entries: &mut u32) -> Self {
        let of_transactions = || (0..).zip(rules).zip(plan).filter(|((_, rule), _)| rule.kind == Kind::AppTx);
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
            lanes: protocols.iter().map(|protocol| (*protocol, [true, false].map(|up| lane(*protocol, up)))).collect(),
        }
    }

    fn lane(&self, protocol: Protocol, to_server: bool) -> Option<&Lane> {
        let (_, [up, down]) = self.lanes.iter().find(|(known, _)| *known == protocol)?;
        Some(if to_server { up } else { down })
    }
}

/// A rule's number, and the view and the pattern to search for first.
type Member<'a> = (u32, Option<(u32, &'a [u8])>);

impl Lane {
    fn new(members: &[Member<'_>], entries: &mut u32) -> Self {
        let mut by_view: BTreeMap<u32, Vec<Fast<'_>>> = BTreeMap::new();
        for (rule, fast) in members {
            if let Some((view, pattern)) = fast {
                by_view.entry(*view).or_default().push(Fast { rule: *rule, pattern });
            }
        }
        let searches =
            by_view.iter().map(|(view, fast)| Search { view: *view, prefilter: prefilter::build(fast, entries) });
        let always = members.iter().filter(|(_, fast)| fast.is_none()).map(|(rule, _)| *rule);
        Self { searches: searches.collect(), always: always.collect() }
    }
}

/// Whether a rule looks at what goes in a direction.
fn goes(rule: &Rule, to_server: bool) -> bool {
    match rule.flow.map(|flow| flow.direction) {
        None | Some(FlowDirection::Any) => true,
        Some(FlowDirection::ToServer) => to_server,
        Some(FlowDirection::ToClient) => !to_server,
    }
}

impl Rules {
    /// Some rules are for transactions.
    pub fn look_into_transactions(&self) -> bool {
        !self.lanes.lanes.is_empty()
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
fn merged<'a>(a: &'a [u32], b: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
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
    /// Ask a rule, once; or once for each file where it asks about files.
    fn rule(&mut self, number: u32, subject: &Subject<'_>) {
        let Some(rule) = self.rules.rules.get(number as usize) else { return };
        let to_server = subject.is_to_server();
        if !rule.of_files {
            return self.ask(number, rule, None, subject);
        }
        let files = self.facts.talk.head(self.facts.index).map(|head| head.files.iter()).into_iter().flatten();
        for (file, _) in files.enumerate().filter(|(_, file)| file.to_server == to_server) {
            self.ask(number, rule, Some(file), subject);
        }
        // Another file may come.
        if self.inspection.candidates.last() != Some(&number) && rule.has_fast_pattern {
            self.inspection.candidates.push(number);
        }
    }

    fn ask(&mut self, number: u32, rule: &Rule, file: Option<usize>, subject: &Subject<'_>) {
        let key = (number, file.map_or(0, |file| file as u32 + 1));
        if self.inspection.matched.contains(&key) {
            return;
        }
        let begun = self.costs.begin();
        let facts = TransactionFacts { file, ..self.facts };
        let subject = Subject { transaction: Some(facts), ..*subject };
        let Rules { sets, views, .. } = self.rules;
        let verdict = rule.holds_in(&subject, &facts, self.memory, sets, views, self.tools);
        self.costs.end(number, begun, Truth::from(verdict == Verdict::Holds));
        let Outcome { notes, .. } = self.outcome;
        self.tools.findings().keep(verdict == Verdict::Holds, self.memory, |note| notes.push((number, note)));
        match verdict {
            Verdict::Fails => {}
            Verdict::Unknown => self.unknown.iter_mut().skip(number as usize).take(1).for_each(|count| *count += 1),
            Verdict::Waits if rule.has_fast_pattern => self.inspection.candidates.push(number),
            Verdict::Waits => {}
            Verdict::Holds => {
                self.inspection.matched.push(key);
                self.memory.apply(&rule.effects, subject.packet);
                let transaction = self.facts.talk.head(self.facts.index).map(|head| head.number);
                self.outcome.take(number, rule, Place::Stream, transaction);
            }
        }
    }
}

impl Rule {
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
    fn fast_view<'a>(&self, plan: &'a plan::Rule) -> Option<(u32, &'a [u8])> {
        let (test, pattern) = rule::transaction_pattern(plan)?;
        Some((self.buffers.view(test)?, pattern))
    }
}
