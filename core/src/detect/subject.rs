//! What rules are asked about: a packet, its payload, and what is known around it.

use crate::packet::{Packet, Stop, proto};

/// Bytes that rules look into. What the mirror cut off is a hole at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Buffer<'a> {
    /// The bytes that are there.
    pub bytes: &'a [u8],
    /// How many there were.
    pub original: usize,
}

/// What the packet's flow says of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlowFacts {
    /// Sent by the client.
    pub to_server: bool,
    /// The flow was established before this packet.
    pub established: bool,
    /// The first packet of its direction.
    pub first_in_direction: bool,
    /// A rule passed the flow: nothing more of it is inspected.
    pub passed: bool,
    /// A rule dropped the flow: nothing more of it is inspected.
    pub dropped: bool,
}

/// One packet and all that rules may ask of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The packet.
    pub packet: &'a Packet,
    /// Its captured bytes from the link header on, as its offsets count.
    pub bytes: &'a [u8],
    /// Its transport payload.
    pub payload: Buffer<'a>,
    /// Its flow; fragments and the like have none.
    pub flow: Option<FlowFacts>,
    /// The mirror session's id, empty where unknown.
    pub session: &'a str,
    /// The mirror session's name, empty where unknown.
    pub session_name: &'a str,
    /// The VXLAN network identifier that it came with.
    pub vni: Option<u32>,
}

impl Subject<'_> {
    /// The cut took (a part of) the transport header, so that ports, flags and payload are unknown.
    #[inline]
    pub(super) fn lost_transport(&self) -> bool {
        let packet = self.packet;
        packet.stop == Stop::Truncated
            && !packet.has_l4()
            && !packet.fragment
            && matches!(packet.proto, proto::TCP | proto::UDP | proto::ICMP | proto::ICMPV6)
    }

    /// The payload as rules see it. A fragment has none: what it carries is the datagram's, once put together.
    #[inline]
    pub(super) fn visible_payload(&self) -> Buffer<'_> {
        if self.packet.fragment {
            return Buffer::default();
        }
        Buffer { original: self.payload.original.max(self.payload.bytes.len()), ..self.payload }
    }

    /// Rules are not asked about packets without an IP header or with headers that contradict themselves, nor about
    /// flows that a rule passed or dropped.
    #[inline]
    pub(super) fn is_inspected(&self) -> bool {
        self.packet.ip != 0
            && self.packet.stop != Stop::Malformed
            && !self.flow.is_some_and(|flow| flow.passed || flow.dropped)
    }
}
