//! What is kept of flows beside their entries in the flow table.

use super::applications::Spoken;
use crate::detect::state::FlowMemory;
use crate::stream::Session;

/// What is kept of a flow.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    pub session: Option<Box<Session>>,
    pub memory: Option<Box<FlowMemory>>,
    pub spoken: Spoken,
    /// Packets and captured bytes after it was bypassed.
    pub bypassed: Option<Box<[[u64; 2]; 2]>>,
}

/// The same of all flows, by their slots in their table. Of many, such as those of fragments, there is nothing.
#[derive(Debug, Default)]
pub(super) struct AllTracked(Vec<Option<Box<Tracked>>>);

impl AllTracked {
    #[inline]
    pub fn get(&self, slot: u32) -> Option<&Tracked> {
        self.0.get(slot as usize)?.as_deref()
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Tracked> {
        self.0.get_mut(slot as usize)?.as_deref_mut()
    }

    /// Of a flow of which something is kept from now on.
    #[inline]
    pub fn make(&mut self, slot: u32) -> &mut Tracked {
        let slot = slot as usize;
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        #[allow(clippy::indexing_slicing, reason = "there are as many now")]
        self.0[slot].get_or_insert_default()
    }

    /// Rules remember something of a flow of which nothing was kept.
    #[inline]
    pub fn remember(&mut self, slot: Option<u32>, memory: Option<Box<FlowMemory>>) {
        if let (Some(slot), Some(memory)) = (slot, memory) {
            self.make(slot).memory = Some(memory);
        }
    }

    /// The flow is over.
    pub fn take(&mut self, slot: u32) -> Option<Box<Tracked>> {
        self.0.get_mut(slot as usize)?.take()
    }
}
