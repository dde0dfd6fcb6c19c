//! What a flow's packets show beside what its record holds.

use super::header;
use crate::packet::Packet;
use crate::plan::ExceptionPolicy;
use crate::stream::Exception;
use crate::table::names;
use crate::wire::ethernet::Mac;

/// Link addresses that are kept of either end of a flow.
const MAX_MACS: usize = 10;

/// What a flow's packets showed. Index 0 of a pair is the client's end, or what went to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighted {
    /// The least and the largest TTL or hop limit.
    pub ttl: [Option<(u8, u8)>; 2],
    /// Link addresses, in the order in which they came.
    pub macs: [Vec<Mac>; 2],
    /// Policies that were applied, by what called for them.
    pub exceptions: Vec<(&'static str, ExceptionPolicy)>,
}

impl Sighted {
    /// Note a packet's TTL.
    #[inline]
    pub fn ttl(&mut self, packet: &Packet, to_server: bool) {
        let [up, down] = &mut self.ttl;
        let seen = if to_server { up } else { down };
        let (least, most) = seen.unwrap_or((packet.ttl, packet.ttl));
        *seen = Some((least.min(packet.ttl), most.max(packet.ttl)));
    }

    /// Note a policy that was applied.
    pub fn exception(&mut self, met: Exception, policy: ExceptionPolicy) {
        let applied = (names::exception(met), policy);
        if !self.exceptions.contains(&applied) {
            self.exceptions.push(applied);
        }
    }

    /// Note a packet's link addresses.
    pub fn macs(&mut self, packet: &Packet, bytes: &[u8], to_server: bool) {
        let Some(header) = header::ethernet(packet, bytes) else { return };
        let [client, server] = &mut self.macs;
        let (source, destination) = if to_server { (client, server) } else { (server, client) };
        for (known, mac) in [(source, header.src()), (destination, header.dst())] {
            if known.len() < MAX_MACS && !known.contains(&mac) {
                known.push(mac);
            }
        }
    }
}
