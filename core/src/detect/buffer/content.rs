//! One `content`: where a literal may stand in a buffer, and whether it does.

use super::Known;
use super::text::Text;
use super::variables::{Amount, Variables};
use crate::plan;
use memchr::memmem::Finder;

/// Where the window of the search begins and how long it is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// `offset` and `depth`, from the buffer's start.
    Absolute { offset: Amount, depth: Option<Amount> },
    /// `distance` and `within`, from the end of the last match.
    Relative { distance: Amount, within: Option<Amount> },
}

/// What a search comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurrence {
    /// It is here.
    At(usize),
    /// Not in what is there, but the missing bytes may hold it.
    Maybe,
    /// It is not in the window, whatever the missing bytes are.
    None,
}

/// The bytes of the buffer in which a match must lie: `start..end`, end below the original length or equal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: usize,
    end: usize,
}

impl Window {
    pub(super) fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

/// A literal and its place.
#[derive(Debug)]
pub(super) struct Content {
    /// Of the literal, in lower case where `nocase`.
    finder: Finder<'static>,
    place: Place,
    endswith: bool,
    pub(super) nocase: bool,
    pub(super) negated: bool,
}

impl Content {
    pub(super) fn new(content: &plan::Content) -> Self {
        let pattern = if content.nocase { content.pattern.to_ascii_lowercase() } else { content.pattern.to_vec() };
        let place = match content {
            plan::Content { startswith: true, .. } => {
                Place::Absolute { offset: Amount::Fixed(0), depth: Some(Amount::Fixed(pattern.len() as i64)) }
            }
            plan::Content { relative: true, distance, within, .. } => {
                Place::Relative { distance: Amount::new(*distance), within: within.map(Amount::new) }
            }
            plan::Content { offset, depth, .. } => {
                Place::Absolute { offset: Amount::new(*offset), depth: depth.map(Amount::new) }
            }
        };
        let finder = Finder::new(&pattern).into_owned();
        let plan::Content { endswith, nocase, negated, .. } = *content;
        Self { finder, place, endswith, nocase, negated }
    }

    fn literal(&self) -> &[u8] {
        self.finder.needle()
    }

    pub(super) fn len(&self) -> usize {
        self.literal().len()
    }

    pub(super) fn is_relative(&self) -> bool {
        matches!(self.place, Place::Relative { .. })
    }

    /// Where it is not found after one position, it is not found after any later one: nothing but the buffer's end
    /// closes its window.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.place, Place::Relative { within: None, distance: Amount::Fixed(_) }) && !self.negated
    }

    /// The variables that its place is counted in.
    pub(super) fn variables(&self) -> [Option<u8>; 2] {
        let (Place::Absolute { offset: start, depth: size } | Place::Relative { distance: start, within: size }) =
            self.place;
        [start.variable(), size.and_then(Amount::variable)]
    }

    /// The window when the last match ended at `position`; none where it is too small or beyond the buffer.
    ///
    /// # Errors
    /// Unknown where a variable is.
    pub(super) fn window(&self, position: usize, original: usize, variables: &Variables) -> Known<Option<Window>> {
        let (start, size) = match self.place {
            Place::Absolute { offset, depth } => (offset.bytes(variables)?, depth),
            Place::Relative { distance, within } => {
                ((position as i64).saturating_add(distance.bytes(variables)?), within)
            }
        };
        let end = match size {
            Some(size) => start.saturating_add(size.bytes(variables)?).min(original as i64),
            None => original as i64,
        };
        let window = Window { start: start.max(0) as usize, end: end.max(0) as usize };
        Ok((window.start + self.len() <= window.end).then_some(window))
    }

    /// The first occurrence in the window.
    pub(super) fn find(&self, text: &Text<'_>, window: Window) -> Occurrence {
        let bytes = text.bytes(self.nocase);
        if self.endswith {
            return self.at_end(bytes, text.original, window);
        }
        let there = bytes.get(window.start..window.end.min(bytes.len())).unwrap_or_default();
        let found =
            if there.len() == self.len() { (there == self.literal()).then_some(0) } else { self.finder.find(there) };
        match found {
            Some(at) => Occurrence::At(window.start.saturating_add(at)),
            None if self.may_follow(bytes, window) => Occurrence::Maybe,
            None => Occurrence::None,
        }
    }

    /// Whether it is nowhere in what is there.
    pub(super) fn is_absent(&self, text: &Text<'_>) -> bool {
        self.finder.find(text.bytes(self.nocase)).is_none()
    }

    /// The one place at the buffer's original end.
    fn at_end(&self, bytes: &[u8], original: usize, window: Window) -> Occurrence {
        match original.checked_sub(self.len()) {
            Some(start) if start >= window.start && window.end == original => {
                let there = bytes.get(start..).unwrap_or_default();
                match self.literal().get(..there.len()) {
                    Some(part) if part != there => Occurrence::None,
                    Some(part) if part.len() < self.len() => Occurrence::Maybe,
                    _ => Occurrence::At(start),
                }
            }
            _ => Occurrence::None,
        }
    }

    /// Whether an occurrence in the window may reach into the missing bytes, or lie in them.
    fn may_follow(&self, bytes: &[u8], window: Window) -> bool {
        if window.end <= bytes.len() {
            return false;
        }
        let first = window.start.max((bytes.len() + 1).saturating_sub(self.len()));
        let Some(last) = window.end.checked_sub(self.len()).filter(|last| *last >= first) else { return false };
        last >= bytes.len()
            || (first..=last).any(|start| bytes.get(start..).is_some_and(|part| self.literal().starts_with(part)))
    }
}
