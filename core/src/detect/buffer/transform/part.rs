//! Transforms that take a part of the buffer.

use crate::ffi::pcre2::{Code, Found, Matcher};

/// `subslice`: from `offset`, counted from the end where it is negative, `length` bytes or up to `-length` bytes before
/// the end.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) offset: i64,
    pub(super) length: Option<i64>,
    /// Places outside of the buffer are moved to its ends.
    pub(super) truncate: bool,
}

impl Slice {
    pub(super) fn of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let size = bytes.len() as i64;
        let place = |place: i64| if self.truncate { place.clamp(0, size) } else { place };
        let start = place(if self.offset < 0 { size.saturating_add(self.offset) } else { self.offset });
        let end = place(match self.length {
            None => size,
            Some(length) if length < 0 => size.saturating_add(length),
            Some(length) => start.saturating_add(length),
        });
        let (low, high) = (usize::try_from(start.min(end)), usize::try_from(start.max(end)));
        low.ok().zip(high.ok()).and_then(|(low, high)| bytes.get(low..high)).unwrap_or_default()
    }
}

/// The registered domain of a host name by the public suffix list; nothing where it has none.
pub(super) fn domain(bytes: &[u8]) -> &[u8] {
    let length = psl::domain(bytes).map_or(0, |domain| domain.as_bytes().len());
    last(bytes, length)
}

/// The public suffix of a host name that has a registered domain.
pub(super) fn suffix(bytes: &[u8]) -> &[u8] {
    let length = psl::domain(bytes).map_or(0, |domain| domain.suffix().as_bytes().len());
    last(bytes, length)
}

fn last(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(length)..).unwrap_or_default()
}

/// What the pattern's first group took, or everything where it took nothing.
pub(super) fn first_group<'a>(bytes: &'a [u8], code: &Code, matcher: &mut Matcher) -> &'a [u8] {
    match matcher.find(code, bytes, 0, false) {
        Found::Match { .. } => matcher.group(1).and_then(|group| bytes.get(group)).unwrap_or(bytes),
        _ => bytes,
    }
}
