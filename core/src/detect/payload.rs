//! A rule's list of contents and patterns, evaluated over a buffer.
//!
//! An absolute entry asks nothing of those before it, so the list falls into chains: an absolute entry and the relative
//! ones that follow. All chains must hold, each by some choice of occurrences; a negated absolute entry is a chain of its
//! own, as it leaves the position alone.

use super::content::{Content, Occurrence};
use super::text::Text;
use super::truth::Truth;
use crate::error::{Error, Fault, Result};
use crate::ffi::pcre2::{Code, Found, Matcher};
use crate::plan;

/// Suricata's stock `inspection-recursion-limit`: steps for one buffer and rule.
const STEPS: u32 = 3000;
/// Bytes searched that count as a step, so that long searches are bounded too.
const STEP_BYTES: usize = 1024;

/// A `pcre`.
#[derive(Debug)]
struct Pattern {
    code: Code,
    negated: bool,
    relative: bool,
}

/// One entry of the list.
#[derive(Debug)]
enum Entry {
    Content(Box<Content>),
    Pattern(Pattern),
}

type Chain = Vec<Entry>;

/// A compiled list.
#[derive(Debug, Default)]
pub(super) struct Payload {
    chains: Vec<Chain>,
    nocase: bool,
}

impl Payload {
    pub(super) fn new(rule: &plan::Rule) -> Result<Self> {
        let mut chains = Vec::new();
        let mut open = Chain::new();
        for entry in rule.buffers.iter().flat_map(|buffer| &buffer.matches) {
            let entry = Entry::new(entry, rule)?;
            match (entry.is_relative(), entry.is_negated()) {
                (true, _) => open.push(entry),
                (false, true) => chains.push(vec![entry]),
                (false, false) => chains.push(std::mem::replace(&mut open, vec![entry])),
            }
        }
        chains.push(open);
        chains.retain(|chain| !chain.is_empty());
        let nocase = chains.iter().flatten().any(|entry| matches!(entry, Entry::Content(content) if content.nocase));
        Ok(Self { chains, nocase })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// Some content ignores case.
    pub(super) fn is_nocase(&self) -> bool {
        self.nocase
    }

    /// How many patterns run without machine code.
    pub(super) fn interpreted(&self) -> usize {
        let slow = |entry: &&Entry| matches!(entry, Entry::Pattern(pattern) if !pattern.code.is_jit());
        self.chains.iter().flatten().filter(slow).count()
    }

    /// Whether the buffer satisfies all of the list.
    pub(super) fn holds(&self, text: Text<'_>, matcher: &mut Matcher) -> Truth {
        let mut run = Run { text, matcher, steps: STEPS };
        let mut result = Truth::True;
        for chain in &self.chains {
            result = result.and(run.chain(chain, 0));
            if result == Truth::False {
                break;
            }
        }
        result
    }
}

impl Entry {
    fn new(entry: &plan::Match, rule: &plan::Rule) -> Result<Self> {
        match entry {
            plan::Match::Content(content) if content.pattern.is_empty() => Err(refused(rule, "an empty content", "")),
            plan::Match::Content(content) => Ok(Self::Content(Box::new(Content::new(content)))),
            plan::Match::Pcre(pcre) => {
                let code = Code::new(&pcre.pattern, &pcre.flags).map_err(|error| {
                    refused(rule, &format!("pcre: {} at byte {}", error.message, error.offset), "the syntax is PCRE2's")
                })?;
                Ok(Self::Pattern(Pattern { code, negated: pcre.negated, relative: pcre.relative }))
            }
            _ => Err(refused(rule, "an option that this core does not have", "")),
        }
    }

    fn is_relative(&self) -> bool {
        match self {
            Self::Content(content) => content.is_relative(),
            Self::Pattern(pattern) => pattern.relative,
        }
    }

    fn is_negated(&self) -> bool {
        match self {
            Self::Content(content) => content.negated,
            Self::Pattern(pattern) => pattern.negated,
        }
    }
}

fn refused(rule: &plan::Rule, why: &str, hint: &str) -> Error {
    Error::Config(Fault::new(format!("rule {}:{}", rule.gid, rule.sid), why, hint))
}

/// One evaluation.
struct Run<'a> {
    text: Text<'a>,
    matcher: &'a mut Matcher,
    steps: u32,
}

impl Run<'_> {
    /// Whether the entries hold after a match that ended at `position`.
    fn chain(&mut self, entries: &[Entry], position: usize) -> Truth {
        let Some((entry, rest)) = entries.split_first() else { return Truth::True };
        match entry {
            Entry::Content(content) if content.negated => {
                let absent = self.absent(content, position);
                self.unless_false(absent, rest, position)
            }
            Entry::Content(content) => self.present(content, rest, position),
            Entry::Pattern(pattern) if pattern.negated => {
                let absent = self.unmatched(pattern, position);
                self.unless_false(absent, rest, position)
            }
            Entry::Pattern(pattern) => self.matched(pattern, rest, position),
        }
    }

    fn unless_false(&mut self, truth: Truth, rest: &[Entry], position: usize) -> Truth {
        if truth == Truth::False { Truth::False } else { truth.and(self.chain(rest, position)) }
    }

    /// A content that must not be there.
    fn absent(&mut self, content: &Content, position: usize) -> Truth {
        let Some(window) = content.window(position, self.text.original) else { return Truth::True };
        if !self.spend(window.len()) {
            return self.gave_up();
        }
        match content.find(&self.text, window) {
            Occurrence::At(_) => Truth::False,
            Occurrence::Maybe => Truth::Unknown,
            Occurrence::None => Truth::True,
        }
    }

    /// A content that must be there: each occurrence is tried until the rest holds.
    fn present(&mut self, content: &Content, rest: &[Entry], position: usize) -> Truth {
        let Some(mut window) = content.window(position, self.text.original) else { return Truth::False };
        let mut best = Truth::False;
        loop {
            let found = content.find(&self.text, window);
            let Occurrence::At(start) = found else {
                self.spend(window.len());
                return if found == Occurrence::Maybe { best.or(Truth::Unknown) } else { best };
            };
            if !self.spend(start - window.start) {
                return self.gave_up();
            }
            best = best.or(self.chain(rest, start.saturating_add(content.len())));
            if best == Truth::True || is_final(rest) {
                return best;
            }
            window.start = start + 1;
        }
    }

    /// A pattern that must not match.
    fn unmatched(&mut self, pattern: &Pattern, position: usize) -> Truth {
        match self.find(pattern, position, 0) {
            Found::Match { .. } => Truth::False,
            Found::No => Truth::True,
            Found::Partial => Truth::Unknown,
            Found::Failed => self.gave_up(),
        }
    }

    /// A pattern that must match: tried again after the start of its last match until the rest holds.
    fn matched(&mut self, pattern: &Pattern, rest: &[Entry], position: usize) -> Truth {
        let base = if pattern.relative { position } else { 0 };
        let mut best = Truth::False;
        let mut from = 0;
        loop {
            match self.find(pattern, position, from) {
                Found::No => return best,
                Found::Partial => return best.or(Truth::Unknown),
                Found::Failed => return self.gave_up(),
                Found::Match { start, end } => {
                    best = best.or(self.chain(rest, base.saturating_add(end)));
                    if best == Truth::True || rest.is_empty() {
                        return best;
                    }
                    from = start.max(from) + 1;
                }
            }
        }
    }

    /// The pattern's answer; "no" is none while the match may lie in missing bytes.
    fn find(&mut self, pattern: &Pattern, position: usize, from: usize) -> Found {
        let base = if pattern.relative { position } else { 0 };
        let subject = self.text.bytes(false).get(base..).unwrap_or_default();
        if !self.spend(subject.len().saturating_sub(from)) {
            return Found::Failed;
        }
        let cut = self.text.is_cut();
        if from > subject.len() {
            // It may match behind the last byte that is there, too.
            return if cut && !pattern.code.is_anchored() { Found::Partial } else { Found::No };
        }
        match self.matcher.find(&pattern.code, subject, from, cut) {
            Found::No if cut && (subject.is_empty() || !pattern.code.is_anchored()) => Found::Partial,
            found => found,
        }
    }

    /// Count a step over so many bytes; false once all are used up.
    fn spend(&mut self, bytes: usize) -> bool {
        self.steps = self.steps.saturating_sub(1 + (bytes / STEP_BYTES) as u32);
        self.steps > 0
    }

    /// A limit was reached: no match, and no saying what more bytes would have done.
    fn gave_up(&mut self) -> Truth {
        self.steps = 0;
        if self.text.is_cut() { Truth::Unknown } else { Truth::False }
    }
}

/// The rest's answer is the same or worse after every later occurrence of a content: no use in trying again.
fn is_final(rest: &[Entry]) -> bool {
    rest.first().is_none_or(|entry| matches!(entry, Entry::Content(content) if content.is_open()))
}
