//! What rules remember: bits and variables of flows, bits of addresses, sets of values, scores of addresses.
//!
//! `FlowMemory` belongs to a flow, `Shared` to the engine; `Memory` is both as one packet's rules see them.

mod bits;
mod bounded;
mod dataset;
mod flow;
mod reputation;
mod tag;

pub use bits::Owner;
pub use bounded::Bounded;
pub use dataset::Found;
pub use flow::{FlowMemory, FlowVars};

use super::subject::Subject;
use super::truth::Truth;
use crate::error::Result;
use crate::packet::Packet;
use crate::plan::{self, Check, DatasetTest, Effect, Match, Number, SetOp, TagScope, Unlogged, XbitTrack};
use crate::time::Nanos;
use bits::AddressBits;
use dataset::Datasets;
use reputation::Reputation;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tag::{HostTags, Length};

/// What rules remember across flows. One for the engine.
#[derive(Debug)]
pub struct Shared {
    bits: Mutex<AddressBits>,
    /// Where rules tag hosts.
    tags: Option<Mutex<HostTags>>,
    datasets: Datasets,
    reputation: Reputation,
}

impl Shared {
    /// With the plan's datasets and scores.
    ///
    /// # Errors
    /// `Error::Config` for a dataset or a score that Python should not have made.
    pub fn new(plan: &plan::Rules) -> Result<Self> {
        Ok(Self {
            bits: Mutex::default(),
            tags: plan.rules.iter().any(tags_hosts).then(Mutex::default),
            datasets: Datasets::new(&plan.datasets)?,
            reputation: Reputation::new(&plan.reputation)?,
        })
    }

    /// The values of the dataset with this name, in order: what is kept of it after a run.
    pub fn dataset(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        self.datasets.values(name)
    }

    /// How much of what rules wrote made room for other things, or found no room.
    pub fn forgotten(&self) -> u64 {
        let tags = self.tags().map_or(0, |tags| tags.evicted());
        self.bits().evicted() + tags + self.datasets.refused()
    }

    fn tags(&self) -> Option<MutexGuard<'_, HostTags>> {
        self.tags.as_ref().map(|tags| tags.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn bits(&self) -> MutexGuard<'_, AddressBits> {
        self.bits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what a rule does may decide whether a rule holds for another flow: packets are then inspected in the
/// frames' order, whichever shard they are of.
pub fn is_ordered(plan: &plan::Rules) -> bool {
    plan.rules.iter().any(|rule| {
        tags_hosts(rule)
            || rule.checks.iter().any(|check| matches!(check, Check::Xbits { track, .. } if *track != XbitTrack::Tx))
            || rule.buffers.iter().any(|buffer| changes_a_set(&buffer.matches))
    })
}

fn tags_hosts(rule: &plan::Rule) -> bool {
    rule.effects.iter().any(|effect| matches!(effect, Effect::Tag { scope: TagScope::Host, .. }))
}

/// Whether one of the matches puts values into a dataset or takes them out.
fn changes_a_set(matches: &[Match]) -> bool {
    matches.iter().any(|entry| match entry {
        Match::Dataset(test) => matches!(test.op, SetOp::Set | SetOp::Unset),
        Match::Base64(base64) => base64.matches.as_deref().is_some_and(changes_a_set),
        _ => false,
    })
}

/// What the rules of one packet read and write.
#[derive(Debug)]
pub struct Memory<'a> {
    /// Its flow's memory, made when a rule first writes to it; `None` for a packet without flow.
    pub flow: Option<&'a mut Option<Box<FlowMemory>>>,
    /// What spans flows.
    pub shared: &'a Shared,
    /// Time of the packet.
    pub now: Nanos,
}

impl Memory<'_> {
    /// Whether a check on what is remembered holds; false for the other checks.
    pub fn holds(&self, check: &Check, subject: &Subject<'_>) -> Truth {
        let packet = subject.packet;
        Truth::from(match check {
            Check::Flowbits { isset, bits } => self.flowbits(*isset, bits),
            Check::Flowint { name, op, value, other } => {
                self.flow_memory().is_some_and(|memory| memory.compare(*name, *op, (*value, *other)))
            }
            Check::Xbits { isset, bit, track } => self.shared.bits().holds(*isset, *bit, *track, packet, self.now),
            Check::Captured { of, name, text } => {
                self.flow_memory().is_some_and(|memory| memory.captured(*of, name, text))
            }
            Check::Iprep { side, category, op, number } => {
                self.shared.reputation.holds(packet, *side, *category, *op, *number)
            }
            _ => false,
        })
    }

    /// A packet without flow satisfies neither isset nor isnotset.
    fn flowbits(&self, isset: bool, bits: &[u32]) -> bool {
        self.flow_memory().is_some_and(|memory| bits.iter().any(|bit| memory.has(*bit) == isset))
    }

    /// The flow's memory, empty before a rule wrote to it.
    fn flow_memory(&self) -> Option<&FlowMemory> {
        self.flow.as_deref().map(|memory| memory.as_deref().unwrap_or(FlowMemory::empty()))
    }

    /// Do what a rule says that matched the packet. `Bypass` and `Untrack` are for the flow table, what
    /// is of a transaction is done to it.
    pub fn apply(&mut self, effects: &[Effect], packet: &Packet) {
        for effect in effects {
            match effect {
                Effect::Xbits { op, bit, track, expire } => {
                    self.shared.bits().change(*op, *bit, *track, packet, (self.now, *expire));
                }
                Effect::Tag { scope: TagScope::Host, count, unit, side } => {
                    let length = Length { count: *count, unit: *unit };
                    self.shared.tags().into_iter().for_each(|mut tags| tags.put(length, *side, packet, self.now));
                }
                Effect::Bypass {} | Effect::Untrack {} | Effect::Unlog { of: Unlogged::Transaction } => {}
                _ => self.apply_to_flow(effect, packet),
            }
        }
    }

    /// The flow's memory, to be written to.
    fn of_flow(&mut self) -> Option<&mut FlowMemory> {
        self.flow.as_deref_mut().map(|memory| &mut **memory.get_or_insert_default())
    }

    /// A text that a pattern captured for the flow.
    pub(super) fn note_text(&mut self, name: Arc<str>, text: Arc<[u8]>) {
        if let Some(memory) = self.of_flow() {
            memory.note_text(name, text);
        }
    }

    /// A text that a pattern captured for the packet.
    pub(super) fn note_packet_text(&mut self, name: Arc<str>, text: Arc<[u8]>) {
        if let Some(memory) = self.of_flow() {
            memory.note_packet_text(name, text);
        }
    }

    /// A buffer's entropy.
    pub(super) fn note_entropy(&mut self, name: Arc<str>, value: f64) {
        if let Some(memory) = self.of_flow() {
            memory.note_entropy(name, value);
        }
    }

    /// Another packet: forget what rules noted of the last one only.
    #[inline]
    pub fn forget_packet(&mut self) {
        if let Some(Some(memory)) = self.flow.as_deref_mut() {
            memory.forget_packet();
        }
    }

    fn apply_to_flow(&mut self, effect: &Effect, packet: &Packet) {
        let Some(memory) = self.flow.as_deref_mut() else { return };
        let memory = memory.get_or_insert_default();
        match effect {
            Effect::Flowbits { set, bits } => bits.iter().for_each(|bit| memory.put(*bit, *set)),
            Effect::Flowint { name, op, value, other } => memory.change(*name, *op, (*value, *other)),
            Effect::Unlog { .. } => memory.unlog(),
            Effect::Tag { count, unit, .. } => memory.tags().put(Length { count: *count, unit: *unit }, packet),
            _ => {}
        }
    }

    /// Whether the packet is one to log because of a tag that an earlier one set. To be asked once for each packet, before
    /// its rules are.
    pub fn is_tagged(&mut self, packet: &Packet) -> bool {
        let flow = self.flow.as_deref_mut().and_then(Option::as_deref_mut);
        let in_flow = flow.is_some_and(|memory| memory.tags().cover(packet));
        self.shared.tags().is_some_and(|mut tags| tags.cover(packet)) || in_flow
    }

    /// Whether a dataset test holds for a buffer's bytes, all of which are there; `set` and `unset` act at once.
    pub fn dataset(&self, test: &DatasetTest, bytes: &[u8]) -> Option<Found> {
        self.shared.datasets.test(test, bytes)
    }

    /// Whether the number beside a buffer's bytes in a dataset passes a test.
    pub fn datarep(&self, set: u32, number: Number, bytes: &[u8]) -> bool {
        self.shared.datasets.number(set, bytes).is_some_and(|found| super::number::compare(number, found.into()))
    }
}

#[cfg(test)]
mod tests;
