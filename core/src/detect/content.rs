//! One `content`: where a literal may stand in a buffer, and whether it does.

use super::text::Text;
use crate::plan;
use memchr::memmem::Finder;

/// Where the window of the search begins and how long it is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// `offset` and `depth`, from the buffer's start.
    Absolute { offset: u32, depth: Option<u32> },
    /// `distance` and `within`, from the end of the last match.
    Relative { distance: i32, within: Option<u32> },
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

fn number(place: plan::Place) -> i64 {
    place.number().unwrap_or_default()
}

/// A literal and its place.
#[derive(Debug)]
pub(super) struct Content {
    /// In lower case where `nocase`.
    pattern: Box<[u8]>,
    finder: Finder<'static>,
    place: Place,
    endswith: bool,
    pub(super) nocase: bool,
    pub(super) negated: bool,
}

impl Content {
    pub(super) fn new(content: &plan::Content) -> Self {
        let pattern = if content.nocase { content.pattern.to_ascii_lowercase() } else { content.pattern.to_vec() }
            .into_boxed_slice();
        let place = match content {
            plan::Content { startswith: true, .. } => Place::Absolute { offset: 0, depth: Some(pattern.len() as u32) },
            plan::Content { relative: true, distance, within, .. } => {
                Place::Relative { distance: number(*distance) as i32, within: within.map(|size| number(size) as u32) }
            }
            plan::Content { offset, depth, .. } => {
                Place::Absolute { offset: number(*offset) as u32, depth: depth.map(|size| number(size) as u32) }
            }
        };
        let finder = Finder::new(&*pattern).into_owned();
        let plan::Content { endswith, nocase, negated, .. } = *content;
        Self { pattern, finder, place, endswith, nocase, negated }
    }

    pub(super) fn len(&self) -> usize {
        self.pattern.len()
    }

    pub(super) fn is_relative(&self) -> bool {
        matches!(self.place, Place::Relative { .. })
    }

    /// Where it is not found after one position, it is not found after any later one: nothing but the buffer's end
    /// closes its window.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.place, Place::Relative { within: None, .. }) && !self.negated
    }

    /// The window when the last match ended at `position`; none where it is too small or beyond the buffer.
    pub(super) fn window(&self, position: usize, original: usize) -> Option<Window> {
        let (start, size) = match self.place {
            Place::Absolute { offset, depth } => (i64::from(offset), depth),
            Place::Relative { distance, within } => ((position as i64).saturating_add(i64::from(distance)), within),
        };
        let end = size.map_or(original as i64, |size| start.saturating_add(i64::from(size)).min(original as i64));
        let (start, end) = (usize::try_from(start.max(0)).ok()?, usize::try_from(end).ok()?);
        (end.checked_sub(start)? >= self.len()).then_some(Window { start, end })
    }

    /// The first occurrence in the window.
    pub(super) fn find(&self, text: &Text<'_>, window: Window) -> Occurrence {
        let bytes = text.bytes(self.nocase);
        if self.endswith {
            return self.at_end(bytes, text.original, window);
        }
        let there = bytes.get(window.start..window.end.min(bytes.len())).unwrap_or_default();
        let found =
            if there.len() == self.len() { (*there == *self.pattern).then_some(0) } else { self.finder.find(there) };
        match found {
            Some(at) => Occurrence::At(window.start.saturating_add(at)),
            None if self.may_follow(bytes, window) => Occurrence::Maybe,
            None => Occurrence::None,
        }
    }

    /// The one place at the buffer's original end.
    fn at_end(&self, bytes: &[u8], original: usize, window: Window) -> Occurrence {
        match original.checked_sub(self.len()) {
            Some(start) if start >= window.start && window.end == original => {
                let there = bytes.get(start..).unwrap_or_default();
                match self.pattern.get(..there.len()) {
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
            || (first..=last).any(|start| bytes.get(start..).is_some_and(|part| self.pattern.starts_with(part)))
    }
}
