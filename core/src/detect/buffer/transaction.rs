//! Buffers of transactions: they grow, several of them may bear one name, and some are there later than others.

use super::view::Sight;
use super::{Absent, Bench, Cache, Payload, Test, Tests, Tools, Views};
use crate::app;
use crate::detect::prefilter::{Candidates, Prefilter};
use crate::detect::rule::Place;
use crate::detect::state::Memory;
use crate::detect::subject::{Subject, TransactionFacts};
use crate::detect::truth::Truth;

/// Buffers of one name that are looked at, at most.
const MOST: usize = 2048;

/// What a rule comes to for a transaction; the later, the more it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::detect) enum Verdict {
    Holds,
    /// Missing bytes keep it undecided for good.
    Unknown,
    /// What it asks for is not there yet, or not whole.
    Waits,
    Fails,
}

impl Verdict {
    /// What a test comes to; `whole`: what it looked at won't change.
    pub(in crate::detect) fn of(truth: Truth, whole: bool) -> Self {
        match truth {
            Truth::True => Self::Holds,
            Truth::False if whole => Self::Fails,
            Truth::Unknown if whole => Self::Unknown,
            Truth::False | Truth::Unknown => Self::Waits,
        }
    }
}

/// How far a buffer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The transaction's protocol, or this direction, has no such buffer.
    Never,
    NotYet,
    Growing,
    Whole,
}

fn stage(number: u16, facts: &TransactionFacts<'_>, to_server: bool) -> Stage {
    let TransactionFacts { talk, index } = *facts;
    let row = app::buffers().row(talk.protocol(), number);
    let ready = row.and_then(|row| talk.buffer_ready(row, to_server));
    let (Some(ready), Some(head)) = (ready, talk.head(index)) else { return Stage::Never };
    let progress = head.progress(to_server);
    match () {
        () if head.has_ended(to_server) || progress > ready => Stage::Whole,
        () if progress == ready => Stage::Growing,
        () => Stage::NotYet,
    }
}

impl Tests {
    /// What the buffers come to, for the direction of the subject's transaction.
    pub(in crate::detect) fn hold_in(
        &self,
        subject: &Subject<'_>,
        facts: &TransactionFacts<'_>,
        memory: &Memory<'_>,
        views: &Views,
        Tools { cache, bench }: &mut Tools,
    ) -> Verdict {
        bench.begin(self.variables);
        let mut verdict = Verdict::Holds;
        for test in &self.tests {
            verdict = verdict.max(test.holds_in(subject, facts, self.steps, memory, views, cache, bench));
            if verdict == Verdict::Fails {
                break;
            }
        }
        verdict
    }

    /// The rule asks about files.
    pub(in crate::detect) fn are_of_files(&self, views: &Views) -> bool {
        let number = |test: &Test| views.transaction(test.view);
        self.tests.iter().filter_map(number).any(|number| app::buffers().is_of_files(number))
    }
}

impl Test {
    #[allow(clippy::too_many_arguments)]
    fn holds_in(
        &self,
        subject: &Subject<'_>,
        facts: &TransactionFacts<'_>,
        steps: u32,
        memory: &Memory<'_>,
        views: &Views,
        cache: &mut Cache,
        bench: &mut Bench,
    ) -> Verdict {
        let payload = payload(subject);
        let nocase = self.list.is_nocase();
        let Some(number) = views.transaction(self.view) else {
            // The packet's own: another packet may have it.
            let sight = cache.look(views, (self.view, 0), subject, payload, nocase, &mut bench.matcher);
            return Verdict::of(self.holds(sight, steps, memory, bench), false);
        };
        let to_server = subject.is_to_server();
        let mine = self.side.to_server_or(to_server) == to_server;
        let stage = if mine { stage(number, facts, to_server) } else { Stage::Never };
        match stage {
            Stage::Never if self.half => return Verdict::Holds,
            Stage::Never => return Verdict::Fails,
            Stage::NotYet => return Verdict::Waits,
            Stage::Growing | Stage::Whole => {}
        }
        let whole = stage == Stage::Whole;
        let mut truth = Truth::False;
        for place in 0..MOST {
            let sight = cache.look(views, (self.view, place), subject, payload, nocase, &mut bench.matcher);
            match sight {
                Sight::Absent if place > 0 => break,
                Sight::Absent if !whole => return Verdict::Waits,
                _ => {}
            }
            let ends = matches!(sight, Sight::Absent | Sight::Unknown) || self.absent == Absent::Only;
            truth = truth.or(self.holds(sight, steps, memory, bench));
            if ends || truth == Truth::True {
                break;
            }
        }
        Verdict::of(truth, whole)
    }
}

/// What rules for transactions see of payloads: the stream's data where there is some.
fn payload<'a>(subject: &Subject<'a>) -> Payload<'a> {
    let bytes = subject.data.unwrap_or(subject.payload);
    Payload { bytes, place: if subject.data.is_some() { Place::Stream } else { Place::Packet } }
}

impl Tools {
    /// Search a view of a transaction for fast patterns. True: it won't change any more.
    pub(in crate::detect) fn search(
        &mut self,
        view: u32,
        prefilter: &dyn Prefilter,
        (subject, facts): (&Subject<'_>, &TransactionFacts<'_>),
        views: &Views,
        found: &mut Candidates,
    ) -> bool {
        let Some(number) = views.transaction(view) else { return true };
        let stage = stage(number, facts, subject.is_to_server());
        if matches!(stage, Stage::Never | Stage::NotYet) {
            return stage == Stage::Never;
        }
        for place in 0..MOST {
            let sight =
                self.cache.look(views, (view, place), subject, payload(subject), false, &mut self.bench.matcher);
            let Sight::There(text) = sight else { break };
            prefilter.scan(text.bytes(false), found);
        }
        stage == Stage::Whole
    }
}
