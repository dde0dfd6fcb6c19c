//! One share's inspection: a packet and the pieces of its stream go through the rules, with what its flow remembers.

use super::Shared;
use crate::detect::state::{FlowMemory, FlowVars, Memory};
use crate::detect::{Cost, Outcome, Scratch, Subject};
use crate::time::Nanos;
use std::sync::Arc;

/// What is kept of a flow beside its entry in the flow table.
#[derive(Debug, Default)]
struct Tracked {
    memory: Option<Box<FlowMemory>>,
}

/// One share's memory for inspection.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    scratch: Option<Scratch>,
    /// By the flow's slot in its table.
    tracked: Vec<Tracked>,
    /// What came of the last packet.
    pub outcome: Outcome,
}

impl Inspector {
    pub fn new(shared: &Shared) -> Self {
        Self { scratch: shared.rules.as_ref().map(|rules| rules.scratch()), ..Self::default() }
    }

    /// By rule: packets on which only missing bytes kept it from a decision.
    pub fn unknown(&self) -> &[u64] {
        self.scratch.as_ref().map_or(&[], |scratch| &scratch.unknown)
    }

    /// What each rule cost, where that is asked for.
    pub fn costs(&self) -> &[Cost] {
        self.scratch.as_ref().map_or(&[], Scratch::costs)
    }

    /// Ask the rules about a packet; `slot` is its flow's.
    pub fn packet(&mut self, shared: &Shared, subject: &Subject<'_>, slot: Option<u32>, now: Nanos) {
        let (Some(rules), Some(scratch)) = (&shared.rules, &mut self.scratch) else { return };
        self.outcome.clear();
        let tracked = slot.and_then(|slot| tracked(&mut self.tracked, slot));
        let mut memory = Memory { flow: tracked.map(|tracked| &mut tracked.memory), shared: &shared.memory, now };
        rules.inspect(subject, &mut memory, scratch, &mut self.outcome);
        rules.settle(&mut self.outcome);
    }

    /// What rules remember of a flow, where they do.
    pub fn vars(&self, slot: u32) -> Option<Arc<FlowVars>> {
        self.tracked.get(slot as usize)?.memory.as_ref().map(|memory| memory.vars())
    }

    /// Forget what was kept of all flows.
    pub fn forget_flows(&mut self) {
        self.tracked.clear();
    }

    /// A flow is over: forget what was kept of it.
    pub fn end(&mut self, slot: u32) {
        if let Some(tracked) = self.tracked.get_mut(slot as usize) {
            *tracked = Tracked::default();
        }
    }
}

/// What is kept of the flow in a slot.
#[inline]
fn tracked(all: &mut Vec<Tracked>, slot: u32) -> Option<&mut Tracked> {
    let slot = slot as usize;
    if all.len() <= slot {
        all.resize_with(slot + 1, Tracked::default);
    }
    all.get_mut(slot)
}
