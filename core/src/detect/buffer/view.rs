//! Buffers with their transforms: each combination is made once for a packet, however many rules look at it.

use super::Payload;
use super::entry::refused;
use super::source::{Bytes, Source};
use super::text::{Folded, Text};
use super::transform::{Chain, Made};
use crate::detect::rule::Place;
use crate::detect::subject::{Buffer, Subject};
use crate::error::Result;
use crate::ffi::pcre2::Matcher;
use crate::plan;
use hashbrown::HashMap;

/// A buffer and what is made of it.
#[derive(Debug)]
struct View {
    source: Source,
    chain: Chain,
}

/// Every view that a rule asks for, once.
#[derive(Debug, Default)]
pub(in crate::detect) struct Views {
    views: Vec<View>,
    numbers: HashMap<(String, Vec<plan::Transform>), u32>,
}

impl Views {
    /// The number of the view that a test looks at.
    pub(super) fn number(&mut self, test: &plan::BufferTest, rule: &plan::Rule) -> Result<u32> {
        let key = (test.buffer.clone(), test.transforms.clone());
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        let unknown = || refused(rule, &format!("the buffer {} is not one of this core's", test.buffer), "");
        let source = Source::named(&test.buffer).ok_or_else(unknown)?;
        let number = self.views.len() as u32;
        self.views.push(View { source, chain: Chain::new(&test.transforms, rule)? });
        self.numbers.insert(key, number);
        Ok(number)
    }
}

impl Views {
    /// The number of the transactions' buffer that a view is of, where it is of one.
    pub(in crate::detect) fn transaction(&self, view: u32) -> Option<u16> {
        match self.views.get(view as usize)?.source {
            Source::Transaction(number) => Some(number),
            _ => None,
        }
    }
}

/// What a list sees of a view.
#[derive(Debug)]
pub(super) enum Sight<'a> {
    There(Text<'a>),
    Absent,
    Unknown,
}

/// The views of the packet that is looked at.
#[derive(Debug)]
pub(in crate::detect) struct Cache {
    /// Each view with the packet's payload and with the stream's.
    slots: Vec<[Slot; 2]>,
    round: u64,
}

/// A view's bytes, as of some round.
#[derive(Debug, Default)]
struct Slot {
    round: u64,
    place: usize,
    outcome: Outcome,
    bytes: Vec<u8>,
    spare: Vec<u8>,
    folded: Folded,
}

#[derive(Debug, Default, Clone, Copy)]
enum Outcome {
    /// The packet's own bytes.
    Plain,
    /// Those in the slot, of so many.
    Made(usize),
    #[default]
    Absent,
    Unknown,
}

impl Cache {
    pub(super) fn new(views: &Views) -> Self {
        Self { slots: views.views.iter().map(|_| Default::default()).collect(), round: 1 }
    }

    /// Another packet, or another piece of its stream.
    #[inline]
    pub(in crate::detect) fn forget(&mut self) {
        self.round += 1;
    }

    /// A view of the packet, by its number; the second says which of several.
    #[inline]
    pub(super) fn look<'a>(
        &'a mut self,
        views: &Views,
        (number, place): (u32, usize),
        subject: &Subject<'a>,
        payload: Payload<'a>,
        nocase: bool,
        matcher: &mut Matcher,
    ) -> Sight<'a> {
        let (Some([packet, stream]), Some(view)) =
            (self.slots.get_mut(number as usize), views.views.get(number as usize))
        else {
            return Sight::Absent;
        };
        let slot = if payload.place == Place::Packet { packet } else { stream };
        let payload = payload.bytes;
        if (slot.round, slot.place) != (self.round, place) {
            (slot.round, slot.place) = (self.round, place);
            slot.folded.forget();
            slot.outcome = slot.make(view, view.source.bytes(subject, payload, place), matcher);
        }
        let buffer = match slot.outcome {
            Outcome::Absent => return Sight::Absent,
            Outcome::Unknown => return Sight::Unknown,
            Outcome::Made(original) => Buffer { bytes: &slot.bytes, original },
            Outcome::Plain => match view.source.bytes(subject, payload, place) {
                Bytes::There(buffer) => buffer,
                Bytes::Absent => return Sight::Absent,
                Bytes::Unknown => return Sight::Unknown,
            },
        };
        Sight::There(slot.folded.text(buffer, nocase))
    }
}

impl Slot {
    fn make(&mut self, view: &View, bytes: Bytes<'_>, matcher: &mut Matcher) -> Outcome {
        match bytes {
            Bytes::Absent => Outcome::Absent,
            Bytes::Unknown => Outcome::Unknown,
            Bytes::There(_) if view.chain.is_empty() => Outcome::Plain,
            Bytes::There(buffer) => match view.chain.apply(buffer, &mut self.bytes, &mut self.spare, matcher) {
                Made::Known(original) => Outcome::Made(original),
                Made::Unknown => Outcome::Unknown,
            },
        }
    }
}
