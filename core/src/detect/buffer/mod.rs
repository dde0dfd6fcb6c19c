//! What rules look for inside buffers: which bytes those are, what transforms make of them, and the lists of contents,
//! patterns and numbers that they have to satisfy.
//!
//! All of it is three-valued: a buffer may lack bytes at its end, and what they decide is unknown.

mod asn1;
mod base64;
mod bytes;
mod content;
mod digits;
mod entropy;
mod entry;
mod frame;
mod list;
mod source;
mod text;
mod transaction;
mod transform;
mod variables;
mod view;

pub(super) use source::names;
pub(super) use transaction::Verdict;
pub(super) use view::{Cache, Views};

use super::note::Findings;
use super::rule::Place;
use super::state::Memory;
use super::subject::{Buffer, Subject};
use super::truth::Truth;
use crate::error::Result;
use crate::ffi::pcre2::{Limits, Matcher};
use crate::plan::{self, DetectSettings, Match, Way};
use list::List;
use text::Folded;
use variables::Variables;
use view::Sight;

/// A value that a buffer gives, or what an entry that asks for it comes to.
type Known<T> = std::result::Result<T, Truth>;

/// All tests of a rule's buffers, in its order.
#[derive(Debug)]
pub(super) struct Tests {
    tests: Box<[Test]>,
    variables: usize,
    steps: u32,
}

/// One buffer and what it has to hold.
#[derive(Debug)]
struct Test {
    view: u32,
    /// Of which direction, where the rule says so.
    side: Way,
    /// The rule is about both directions, of which a buffer may have one.
    half: bool,
    absent: Absent,
    list: List,
}

/// The payload that rules see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payload<'a> {
    pub(super) bytes: Buffer<'a>,
    /// Whose it is.
    pub(super) place: Place,
}

/// What a buffer that is not there means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absent {
    Fails,
    Holds,
    /// It holds, and a buffer that is there does not.
    Only,
}

/// What all evaluations of one worker work with.
#[derive(Debug)]
pub(super) struct Tools {
    cache: Cache,
    bench: Bench,
}

/// What the evaluation of a list works with.
#[derive(Debug)]
struct Bench {
    matcher: Matcher,
    variables: Variables,
    decoded: Decoded,
    findings: Findings,
}

/// Bytes that an entry made of its buffer's.
#[derive(Debug, Default)]
struct Decoded {
    bytes: Vec<u8>,
    folded: Folded,
}

impl Tools {
    /// For so many views and PCRE2's limits.
    pub(super) fn new(views: &Views, settings: &DetectSettings) -> Self {
        let limits = Limits { matches: settings.pcre_match_limit, depth: settings.pcre_recursion_limit };
        let bench = Bench {
            matcher: Matcher::new(limits),
            variables: Variables::default(),
            decoded: Decoded::default(),
            findings: Findings::default(),
        };
        Self { cache: Cache::new(views), bench }
    }

    /// What the last rule whose buffers were looked into took note of.
    #[inline]
    pub(super) fn findings(&mut self) -> &mut Findings {
        &mut self.bench.findings
    }

    /// Another packet, or another piece of its stream.
    #[inline]
    pub(super) fn forget(&mut self) {
        self.cache.forget();
    }
}

impl Bench {
    /// The buffers of another rule, which has so many variables.
    #[inline]
    fn begin(&mut self, variables: usize) {
        self.variables.reset(variables);
        self.findings.clear();
    }
}

impl Tests {
    pub(super) fn new(rule: &plan::Rule, views: &mut Views, settings: &DetectSettings) -> Result<Self> {
        let tests: Box<[_]> = rule.buffers.iter().map(|test| Test::new(test, rule, views)).collect::<Result<_>>()?;
        let mut sets = Vec::new();
        tests.iter().for_each(|test| test.list.sets(&mut sets));
        let variables = sets.iter().max().map_or(0, |last| usize::from(*last) + 1);
        let steps = if settings.recursion_limit == 0 { u32::MAX } else { settings.recursion_limit };
        Ok(Self { tests, variables, steps })
    }

    /// The view that the test at a place looks at.
    pub(super) fn view(&self, place: usize) -> Option<u32> {
        self.tests.get(place).map(|test| test.view)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether all buffers satisfy their lists.
    pub(super) fn holds(
        &self,
        subject: &Subject<'_>,
        payload: Payload<'_>,
        memory: &Memory<'_>,
        views: &Views,
        Tools { cache, bench }: &mut Tools,
    ) -> Truth {
        bench.begin(self.variables);
        let mut result = Truth::True;
        for test in &self.tests {
            let sight = cache.look(views, (test.view, 0), subject, payload, test.list.is_nocase(), &mut bench.matcher);
            result = result.and(test.holds(sight, self.steps, memory, bench));
            if result == Truth::False {
                break;
            }
        }
        result
    }
}

impl Test {
    fn new(test: &plan::BufferTest, rule: &plan::Rule, views: &mut Views) -> Result<Self> {
        let (absent, matches) = match test.matches.as_slice() {
            [Match::Absent { or_else: true }, rest @ ..] => (Absent::Holds, rest),
            [Match::Absent { or_else: false }] => (Absent::Only, [].as_slice()),
            matches => (Absent::Fails, matches),
        };
        let view = views.number(test, rule)?;
        Ok(Self { view, side: test.side, half: rule.transactional, absent, list: List::new(matches, rule)? })
    }

    fn holds(&self, sight: Sight<'_>, steps: u32, memory: &Memory<'_>, bench: &mut Bench) -> Truth {
        match (sight, self.absent) {
            (Sight::Unknown, _) => {
                self.list.forget(&mut bench.variables);
                Truth::Unknown
            }
            (Sight::Absent, absent) => (absent != Absent::Fails).into(),
            (Sight::There(_), Absent::Only) => Truth::False,
            (Sight::There(text), _) => self.list.holds(text, steps, memory, bench),
        }
    }
}

#[cfg(test)]
mod naive_tests;
#[cfg(test)]
mod tests;
