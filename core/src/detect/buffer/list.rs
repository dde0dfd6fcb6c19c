//! A buffer's list of entries, evaluated.
//!
//! An absolute entry asks nothing of those before it, so the list falls into chains: an absolute entry that leaves a
//! position, and the relative ones that follow. All chains must hold, each by some choice of occurrences. An absolute
//! entry that leaves no position is a chain of its own, unless it asks for a variable that the chain around it sets.

use super::asn1;
use super::base64;
use super::bytes::Site;
use super::content::{Content, Occurrence};
use super::entropy;
use super::entry::{Base64, DataAt, Entry, Pattern};
use super::text::Text;
use super::variables::Variables;
use super::{Bench, Decoded, Known};
use crate::detect::Truth;
use crate::detect::number::{compare, compare_real};
use crate::detect::state::Memory;
use crate::detect::subject::Buffer;
use crate::error::Result;
use crate::ffi::pcre2::Found;
use crate::plan::{self, Match};
use std::sync::Arc;

/// A chain that begins with so short a literal begins at many places: what else must be there is looked for first.
const SHORT: usize = 2;
/// So long a literal is worth it.
const TELLING: usize = 4;
/// Bytes searched that count as a step, so that long searches are bounded too.
const STEP_BYTES: usize = 1024;
/// A variable from which on `isdataat` never holds.
const DATA_AT_LIMIT: i64 = 100_000_000;

/// Entries that are tried again together.
#[derive(Debug, Default)]
struct Chain {
    entries: Vec<Entry>,
    /// The variables that they set.
    sets: Vec<u8>,
    /// The literal to look for before all others: the longest one behind a short one.
    telling: Option<usize>,
}

impl Chain {
    fn push(&mut self, entry: Entry) {
        entry.sets(&mut self.sets);
        self.entries.push(entry);
    }

    /// There are no more entries.
    fn finish(&mut self) {
        // There are many lists, and most are short.
        self.entries.shrink_to_fit();
        let begins_often = matches!(self.entries.first(), Some(Entry::Content(c)) if !c.negated && c.len() <= SHORT);
        let length = |entry: &Entry| match entry {
            Entry::Content(content) if !content.negated && content.len() >= TELLING => Some(content.len()),
            _ => None,
        };
        let longest = || (0..).zip(&self.entries).filter_map(|(at, entry)| Some((length(entry)?, at))).max();
        self.telling = longest().filter(|_| begins_often).map(|(_, at)| at);
    }

    /// The chain can't hold, as a literal of it is nowhere.
    fn is_hopeless(&self, text: &Text<'_>) -> bool {
        match self.telling.and_then(|at| self.entries.get(at)) {
            Some(Entry::Content(content)) => !text.is_cut() && content.is_absent(text),
            _ => false,
        }
    }

    /// Nothing is known of the variables that it sets.
    fn forget(&self, variables: &mut Variables) {
        self.sets.iter().for_each(|variable| variables.set(*variable, None));
    }
}

/// A compiled list.
#[derive(Debug)]
pub(super) struct List {
    chains: Vec<Chain>,
    nocase: bool,
}

impl List {
    pub(super) fn new(matches: &[Match], rule: &plan::Rule) -> Result<Self> {
        let mut chains = vec![Chain::default()];
        let mut open = 0;
        for entry in matches {
            let entry = Entry::new(entry, rule)?;
            let sets = chains.get(open).map(|chain| chain.sets.as_slice()).unwrap_or_default();
            let stays = entry.is_relative() || !entry.leaves_position() && entry.uses(sets);
            if !stays {
                chains.push(Chain::default());
                open = if entry.leaves_position() { chains.len() - 1 } else { open };
            }
            let place = if stays { open } else { chains.len() - 1 };
            if let Some(chain) = chains.get_mut(place) {
                chain.push(entry);
            }
        }
        chains.retain(|chain| !chain.entries.is_empty());
        chains.shrink_to_fit();
        chains.iter_mut().for_each(Chain::finish);
        let entries = || chains.iter().flat_map(|chain| &chain.entries);
        let nocase = entries().any(|entry| matches!(entry, Entry::Content(content) if content.nocase));
        Ok(Self { chains, nocase })
    }

    /// Some content ignores case.
    pub(super) fn is_nocase(&self) -> bool {
        self.nocase
    }

    /// Add the variables that it sets.
    pub(super) fn sets(&self, variables: &mut Vec<u8>) {
        variables.extend(self.chains.iter().flat_map(|chain| &chain.sets));
    }

    /// Nothing is known of the variables that it sets.
    #[cold]
    pub(super) fn forget(&self, variables: &mut Variables) {
        self.chains.iter().for_each(|chain| chain.forget(variables));
    }

    /// Whether the buffer satisfies all of the list, in so many steps.
    pub(super) fn holds(&self, text: Text<'_>, steps: u32, memory: &Memory<'_>, bench: &mut Bench) -> Truth {
        Run { text, memory, bench, steps, doubt: false }.list(self)
    }
}

/// One evaluation.
struct Run<'a, 'm> {
    text: Text<'a>,
    memory: &'a Memory<'m>,
    bench: &'a mut Bench,
    steps: u32,
    /// Something was unknown since it was last set to false.
    doubt: bool,
}

impl Run<'_, '_> {
    fn list(&mut self, list: &List) -> Truth {
        let mut result = Truth::True;
        for chain in &list.chains {
            self.doubt = false;
            if chain.is_hopeless(&self.text) {
                return Truth::False;
            }
            result = result.and(self.chain(&chain.entries, 0));
            if result == Truth::False {
                break;
            }
            if self.doubt {
                // The missing bytes say by which occurrences the chain holds, so they say what was taken there.
                chain.forget(&mut self.bench.variables);
            }
        }
        result
    }

    /// Whether the entries hold after a match that ended at `position`.
    fn chain(&mut self, entries: &[Entry], position: usize) -> Truth {
        let Some((entry, rest)) = entries.split_first() else { return Truth::True };
        let truth = match entry {
            Entry::Content(content) if !content.negated => self.present(content, rest, position),
            Entry::Pattern(pattern) if !pattern.negated => self.matched(pattern, rest, position),
            Entry::Jump(_) | Entry::Extract(_) | Entry::Math(_) => match self.step(entry, position) {
                Ok(position) => self.chain(rest, position),
                Err(truth) => truth,
            },
            _ => match self.test(entry, position) {
                Truth::False => Truth::False,
                truth => truth.and(self.chain(rest, position)),
            },
        };
        self.doubt |= truth == Truth::Unknown;
        truth
    }

    /// Where an entry that reads a number leaves the position.
    fn step(&mut self, entry: &Entry, position: usize) -> Known<usize> {
        if !self.spend(0) {
            return Err(self.gave_up());
        }
        let site = self.site(position);
        let (variable, found) = match entry {
            Entry::Jump(jump) => return jump.target(&site),
            Entry::Extract(extract) => (extract.variable, extract.value(&site)),
            Entry::Math(math) => (math.variable, math.value(&site)),
            _ => return Ok(position),
        };
        match found {
            Ok(found) => self.bench.variables.set(variable, Some(found.value)),
            Err(Truth::Unknown) => self.bench.variables.set(variable, None),
            Err(_) => {}
        }
        found.map(|found| found.end)
    }

    fn site(&self, position: usize) -> Site<'_> {
        Site { text: &self.text, position, variables: &self.bench.variables }
    }

    /// Whether an entry that leaves the position alone holds.
    fn test(&mut self, entry: &Entry, position: usize) -> Truth {
        match entry {
            Entry::Content(content) => self.absent(content, position),
            Entry::Pattern(pattern) => self.unmatched(pattern, position),
            Entry::Test(test) => {
                if !self.spend(0) {
                    return self.gave_up();
                }
                test.holds(&self.site(position)).map_or_else(|truth| truth, Truth::from)
            }
            Entry::DataAt(data) => self.data_at(data, position).map_or_else(|truth| truth, Truth::from),
            Entry::Size(_) if self.text.is_endless() => Truth::Unknown,
            Entry::Size(number) => compare(*number, self.text.original as u64).into(),
            Entry::Entropy(keyword, name) => self.entropy(keyword, name).map_or_else(|truth| truth, Truth::from),
            Entry::Dataset(test) => self.dataset(test),
            Entry::Datarep { set, number } => self.datarep(*set, *number),
            Entry::Asn1(keyword) => self.asn1(keyword, position).map_or_else(|truth| truth, Truth::from),
            Entry::Base64(base64) => self.base64(base64, position).unwrap_or_else(|truth| truth),
            Entry::Jump(_) | Entry::Extract(_) | Entry::Math(_) => Truth::True,
        }
    }

    fn data_at(&self, data: &DataAt, position: usize) -> Known<bool> {
        let at = data.at.bytes(&self.bench.variables)?;
        if at >= DATA_AT_LIMIT && data.at.variable().is_some() {
            return Err(Truth::False);
        }
        let is_before = |end: usize| match data.relative {
            true => at.saturating_add(position as i64) <= end as i64,
            false => at < end as i64,
        };
        let there = is_before(self.text.original);
        if there && self.text.is_endless() && !is_before(self.text.bytes(false).len()) {
            return Err(Truth::Unknown);
        }
        Ok(there != data.negated)
    }

    fn entropy(&mut self, keyword: &plan::Entropy, name: &Arc<str>) -> Known<bool> {
        if !self.spend(self.text.original) {
            return Err(self.gave_up());
        }
        let value = entropy::measure(&self.text, keyword)?;
        self.bench.findings.entropy(name, value);
        Ok(compare_real(keyword.op, keyword.a, keyword.b, value))
    }

    fn asn1(&mut self, keyword: &plan::Asn1, position: usize) -> Known<bool> {
        let base = if keyword.relative { position as i64 } else { 0 };
        let start = usize::try_from(base.saturating_add(keyword.offset)).map_err(|_| Truth::False)?;
        if !self.spend(self.text.original.saturating_sub(start)) {
            return Err(self.gave_up());
        }
        asn1::holds(keyword, &self.text, start)
    }

    fn dataset(&mut self, test: &plan::DatasetTest) -> Truth {
        if self.text.is_cut() {
            return Truth::Unknown;
        }
        let found = self.memory.dataset(test, self.text.bytes(false));
        found.into_iter().for_each(|found| self.bench.findings.set(found));
        found.is_some().into()
    }

    fn datarep(&self, set: u32, number: plan::Number) -> Truth {
        match self.text.is_cut() {
            true => Truth::Unknown,
            false => self.memory.datarep(set, number, self.text.bytes(false)).into(),
        }
    }

    /// Decode, and ask the list of the result. Where missing bytes could add to it, nothing is known of it.
    fn base64(&mut self, base64: &Base64, position: usize) -> Known<Truth> {
        let list = base64.list.as_ref().ok_or(Truth::False)?;
        let variables = &self.bench.variables;
        let base = if base64.relative { position as i64 } else { 0 };
        let start = base.saturating_add(base64.offset.bytes(variables)?);
        let size = base64.bytes.map(|bytes| bytes.bytes(variables)).transpose()?;
        let start = usize::try_from(start).ok().filter(|start| *start < self.text.original).ok_or(Truth::False)?;
        let size = size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or_default());
        let end = start.saturating_add(size).min(self.text.original);
        let there = self.text.bytes(false);
        let bytes = there.get(start..end.min(there.len())).unwrap_or_default();
        if !self.spend(bytes.len()) {
            return Err(self.gave_up());
        }
        let mut decoded = std::mem::take(&mut self.bench.decoded);
        let goes_on = base64::decode(bytes, Base64::MODE, &mut decoded.bytes);
        let truth = match () {
            () if goes_on && end > there.len() => Truth::Unknown,
            () if decoded.bytes.is_empty() => Truth::False,
            () => self.inner(list, &mut decoded),
        };
        self.bench.decoded = decoded;
        Ok(truth)
    }

    /// Ask a list of bytes that were made of this buffer's.
    fn inner(&mut self, list: &List, Decoded { bytes, folded }: &mut Decoded) -> Truth {
        folded.forget();
        let text = folded.text(Buffer { bytes, original: bytes.len() }, list.is_nocase());
        let mut run = Run { text, memory: self.memory, bench: self.bench, steps: self.steps, doubt: false };
        let truth = run.list(list);
        self.steps = run.steps;
        truth
    }

    /// A content that must not be there.
    fn absent(&mut self, content: &Content, position: usize) -> Truth {
        let window = match content.window(position, self.text.original, &self.bench.variables) {
            Ok(Some(window)) => window,
            Ok(None) => return Truth::True,
            Err(truth) => return truth,
        };
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
        let mut window = match content.window(position, self.text.original, &self.bench.variables) {
            Ok(Some(window)) => window,
            Ok(None) => return Truth::False,
            Err(truth) => return truth,
        };
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
                    let captures = self.bench.findings.captures();
                    self.capture(pattern, base);
                    let truth = self.chain(rest, base.saturating_add(end));
                    if truth != Truth::True {
                        self.bench.findings.forget(captures);
                    }
                    best = best.or(truth);
                    if best == Truth::True || rest.is_empty() {
                        return best;
                    }
                    from = start.max(from) + 1;
                }
            }
        }
    }

    /// Take note of what the groups of a pattern that has just matched hold; its offsets count from `base`.
    fn capture(&mut self, pattern: &Pattern, base: usize) {
        let Bench { matcher, findings, .. } = &mut *self.bench;
        for (number, capture) in (1..).zip(&pattern.captures) {
            let Some((kind, name)) = capture else { continue };
            let group = matcher.group(number).map(|group| base + group.start..base + group.end);
            if let Some(bytes) = group.and_then(|group| self.text.bytes(false).get(group)) {
                findings.capture(*kind, name, bytes);
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
        match self.bench.matcher.find(&pattern.code, subject, from, cut) {
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
