//! What is noted of flows for their events only, where these are wanted.

use crate::flow::Seen;
use crate::packet::Packet;
use crate::plan::{ExceptionPolicy, Outputs};
use crate::stream::Exception;
use crate::table::eve::Sighted;
use crate::wire::ethernet::Mac;

/// What one share's flows showed.
#[derive(Debug)]
pub(super) struct Sights {
    wants_ttl: bool,
    wants_macs: bool,
    /// By the flow's slot in its table.
    flows: Vec<Sighted>,
}

impl Sights {
    pub fn new(outputs: &Outputs) -> Self {
        let wants_ttl = outputs.wants_eve(|eve| eve.netflow);
        Self { wants_ttl, wants_macs: outputs.wants_eve(|eve| eve.ethernet), flows: Vec::new() }
    }

    /// Note a packet.
    #[inline]
    pub fn packet(&mut self, packet: &Packet, bytes: &[u8], seen: &Seen) {
        if self.wants_ttl || self.wants_macs {
            self.note(packet, bytes, seen);
        }
    }

    /// Note that a packet met what there is a policy for.
    #[cold]
    pub fn exception(&mut self, slot: u32, (met, policy): (Exception, ExceptionPolicy)) {
        if let Some(flow) = self.flow(slot) {
            flow.exception(met, policy);
        }
    }

    fn flow(&mut self, slot: u32) -> Option<&mut Sighted> {
        let slot = slot as usize;
        if self.flows.len() <= slot {
            self.flows.resize_with(slot + 1, Sighted::default);
        }
        self.flows.get_mut(slot)
    }

    fn note(&mut self, packet: &Packet, bytes: &[u8], seen: &Seen) {
        let wants_macs = self.wants_macs;
        let Some(flow) = self.flow(seen.slot) else { return };
        flow.ttl(packet, seen.to_server);
        if wants_macs {
            flow.macs(packet, bytes, seen.to_server);
        }
    }

    /// The first link address of each end of a flow, the client's first.
    pub fn macs(&self, slot: u32) -> Option<[Mac; 2]> {
        let [client, server] = &self.flows.get(slot as usize)?.macs;
        Some([*client.first()?, *server.first()?])
    }

    /// A flow is over: what it showed.
    pub fn end(&mut self, slot: u32) -> Option<Sighted> {
        self.flows.get_mut(slot as usize).map(std::mem::take)
    }
}
