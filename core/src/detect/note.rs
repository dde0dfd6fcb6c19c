//! What rules take note of beside whether they hold: values for the flow, the packet and the alert.

use super::state::{Found, Memory};
use crate::plan::CaptureKind;
use std::sync::Arc;

/// Bytes of a captured text that are kept.
const MAX_TEXT: usize = 1024;

/// A part of an alert's context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A value that was found in a dataset.
    Set(Found),
    /// A text that a pattern captured, under its name.
    Text(Arc<str>, Arc<[u8]>),
}

/// A text that a pattern captured.
#[derive(Debug)]
struct Captured {
    kind: CaptureKind,
    name: Arc<str>,
    bytes: Arc<[u8]>,
}

/// What the evaluation of one rule found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    entropies: Vec<(Arc<str>, f64)>,
    sets: Vec<Found>,
    captured: Vec<Captured>,
}

impl Findings {
    /// Another rule.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.entropies.clear();
        self.sets.clear();
        self.captured.clear();
    }

    /// A buffer's entropy, whatever is asked of it.
    pub(super) fn entropy(&mut self, name: &Arc<str>, value: f64) {
        self.entropies.push((Arc::clone(name), value));
    }

    /// A value that is in a dataset.
    pub(super) fn set(&mut self, found: Found) {
        self.sets.push(found);
    }

    /// A text that a pattern captured.
    pub(super) fn capture(&mut self, kind: CaptureKind, name: &Arc<str>, bytes: &[u8]) {
        let bytes = Arc::from(bytes.get(..MAX_TEXT).unwrap_or(bytes));
        self.captured.push(Captured { kind, name: Arc::clone(name), bytes });
    }

    /// How many texts were captured: where to go back to by `forget`.
    pub(super) fn captures(&self) -> usize {
        self.captured.len()
    }

    /// The texts captured since then are none of the match.
    pub(super) fn forget(&mut self, captures: usize) {
        self.captured.truncate(captures);
    }

    /// Keep what was found: entropies always, the rest of a rule that holds. What is for its alert is returned.
    #[inline]
    pub(super) fn keep(&mut self, holds: bool, memory: &mut Memory<'_>, note: impl FnMut(Note)) {
        if !(self.entropies.is_empty() && self.sets.is_empty() && self.captured.is_empty()) {
            self.keep_some(holds, memory, note);
        }
    }

    #[cold]
    fn keep_some(&mut self, holds: bool, memory: &mut Memory<'_>, mut note: impl FnMut(Note)) {
        self.entropies.drain(..).for_each(|(name, value)| memory.note_entropy(name, value));
        if !holds {
            return self.clear();
        }
        self.sets.drain(..).for_each(|found| note(Note::Set(found)));
        let mut key = None;
        for Captured { kind, name, bytes } in self.captured.drain(..) {
            match kind {
                CaptureKind::Flow => memory.note_text(name, bytes),
                CaptureKind::Packet => memory.note_packet_text(key.take().unwrap_or(name), bytes),
                // The text is the name of the next one.
                CaptureKind::PacketKey => key = Some(Arc::from(String::from_utf8_lossy(&bytes))),
                CaptureKind::Alert => note(Note::Text(name, bytes)),
            }
        }
    }
}
