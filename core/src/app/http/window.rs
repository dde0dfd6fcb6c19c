//! What rules see of a body: all of a small one at once, and a window that moves over a large one.

use crate::app::Bytes;
use crate::plan::BodySettings;

/// Bytes that are kept of a body that nothing looks at, where there is no limit.
const MOST_KEPT: usize = 1 << 20;

/// A body's bytes that are still of interest.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Bytes of the body so far, up to its limit.
    total: u64,
    /// Bytes before those that are kept.
    begin: u64,
    /// Rules can look at it.
    is_shown: bool,
    /// Bytes of it are missing behind those that are kept.
    pub is_cut: bool,
}

impl Window {
    /// Bytes that are taken from a piece.
    pub fn room(&self, settings: &BodySettings) -> u64 {
        if settings.limit == 0 { u64::MAX } else { settings.limit.saturating_sub(self.total) }
    }

    /// The next bytes, which the limit has room for.
    pub fn push(&mut self, bytes: &[u8], settings: &BodySettings) {
        if self.bytes.len() > MOST_KEPT {
            self.forget(MOST_KEPT / 2);
        }
        self.bytes.extend_from_slice(bytes);
        self.total += bytes.len() as u64;
        self.is_shown |= self.total >= settings.minimum || self.room(settings) == 0;
    }

    /// No more comes.
    pub fn end(&mut self) {
        self.is_shown = true;
        self.bytes.shrink_to_fit();
    }

    /// What is there was looked at: only a part of it is kept for what follows.
    pub fn slide(&mut self, settings: &BodySettings) {
        if self.is_shown {
            let keep = usize::try_from(settings.window / 4).unwrap_or(usize::MAX);
            self.forget(self.bytes.len().saturating_sub(keep));
        }
    }

    fn forget(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        self.begin += count as u64;
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As rules see it.
    pub fn shown(&self) -> Bytes<'_> {
        let original = self.bytes.len() + usize::from(self.is_cut);
        match self.total {
            0 if self.is_cut => Bytes::Unknown,
            0 => Bytes::Absent,
            _ if self.is_shown => Bytes::There { bytes: &self.bytes, original },
            _ => Bytes::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_when_there_is_enough() {
        let settings = BodySettings { limit: 100, minimum: 10, window: 8 };
        let mut window = Window::default();
        assert_eq!(window.shown(), Bytes::Absent);
        window.push(b"12345", &settings);
        assert_eq!((window.shown(), window.room(&settings)), (Bytes::Absent, 95));
        window.push(b"67890", &settings);
        assert_eq!(window.shown(), Bytes::whole(b"1234567890"));
        window.slide(&settings);
        window.push(b"ab", &settings);
        assert_eq!(window.shown(), Bytes::whole(b"90ab"));
        let mut small = Window::default();
        small.push(b"x", &settings);
        small.end();
        assert_eq!(small.shown(), Bytes::whole(b"x"));
    }

    #[test]
    fn bounded_without_a_limit() {
        let settings = BodySettings { limit: 0, minimum: 10, window: 8 };
        let mut window = Window::default();
        for _ in 0..1000 {
            window.push(&[0; 10_000], &settings);
        }
        assert!(window.bytes().len() <= MOST_KEPT + 10_000);
    }
}
