//! What rules are asked about: a packet, its payload, and what is known around it.

use crate::anomaly::Anomaly;
use crate::app::frame::Kind;
use crate::app::{Conversation, Event, Talk};
use crate::flow::record::TcpState;
use crate::packet::{Packet, Stop, proto};
use crate::stream::StreamEvents;
use crate::time::Nanos;
use crate::wire::ipv6::Extension;

/// Bytes that rules look into. What the mirror cut off is a hole at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Buffer<'a> {
    /// The bytes that are there.
    pub bytes: &'a [u8],
    /// How many there were.
    pub original: usize,
}

/// So many bytes more than are there has a buffer of which the length is not known yet.
pub const ENDLESS: usize = 1 << 30;

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
    /// Packets so far, this one included; index 0 of a pair is to the server.
    pub packets: [u64; 2],
    /// Captured bytes so far, this packet's included.
    pub bytes: [u64; 2],
    /// Time of the first packet.
    pub start: Nanos,
    /// What it speaks, as far as that is known.
    pub application: Conversation,
    /// What this direction speaks was settled since its last packet.
    pub settled: bool,
    /// What is strange about what it speaks, as of this packet.
    pub strange: Option<Event>,
    /// What it says is encrypted: nobody looks into payloads.
    pub hidden: bool,
}

/// What the packet's TCP session says of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamFacts {
    /// The packet's payload is in the stream: rules for streams see it there.
    pub taken: bool,
    /// Where the session stands.
    pub state: TcpState,
    /// Bytes of each direction; index 0 is to the server.
    pub sizes: [u64; 2],
    /// What is odd about the packet.
    pub events: StreamEvents,
}

/// What rules are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Round {
    /// A packet, and what its direction's stream has for it.
    #[default]
    Packet,
    /// The stream alone: another piece of it, or what is left at the end of the flow.
    Stream,
}

/// A transaction of the packet's flow; what goes in the packet's direction is looked at.
#[derive(Clone, Copy, Debug)]
pub struct TransactionFacts<'a> {
    /// The flow's transactions.
    pub talk: &'a dyn Talk,
    /// Which of those that are live.
    pub index: usize,
}

/// A frame of the packet's flow, in the packet's direction, that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct FrameFacts<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, from its first one on.
    pub bytes: Buffer<'a>,
    /// No more of it comes.
    pub whole: bool,
    /// Its number in its direction.
    pub id: u64,
    /// The transaction that it belongs to, by its number.
    pub transaction: Option<u64>,
}

/// One packet and all that rules may ask of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The packet.
    pub packet: &'a Packet,
    /// Its captured bytes, from the link header on: the packet's offsets count from here.
    pub headers: &'a [u8],
    /// Its transport payload.
    pub payload: Buffer<'a>,
    /// Data of its direction's stream that is to be looked at now.
    pub data: Option<Buffer<'a>>,
    /// Which rules are asked.
    pub round: Round,
    /// Its flow; fragments and the like have none.
    pub flow: Option<FlowFacts>,
    /// Its TCP session, where there is one.
    pub stream: Option<StreamFacts>,
    /// The transaction that is looked at.
    pub transaction: Option<TransactionFacts<'a>>,
    /// The frame that is looked at.
    pub frame: Option<FrameFacts<'a>>,
    /// The mirror session's id, empty where unknown.
    pub session: &'a str,
    /// The mirror session's name, empty where unknown.
    pub session_name: &'a str,
    /// The VXLAN network identifier that it came with.
    pub vni: Option<u32>,
}

impl<'a> Subject<'a> {
    /// A packet with its payload, of which nothing else is known.
    pub fn new(packet: &'a Packet, payload: Buffer<'a>) -> Self {
        Self {
            packet,
            headers: &[],
            payload,
            data: None,
            round: Round::Packet,
            flow: None,
            stream: None,
            transaction: None,
            frame: None,
            session: "",
            session_name: "",
            vni: None,
        }
    }
}

impl Subject<'_> {
    /// The cut took (a part of) the transport header, so that ports, flags and payload are unknown.
    #[inline]
    pub(super) fn lost_transport(&self) -> bool {
        let packet = self.packet;
        packet.stop == Stop::Truncated
            && !packet.has_l4()
            && !packet.fragment
            && (self.lost_protocol()
                || matches!(
                    packet.proto,
                    proto::TCP | proto::UDP | proto::ICMP | proto::ICMPV6 | proto::SCTP | proto::IGMP
                ))
    }

    /// The cut took a part of IPv6's extension headers, so that even the transport protocol is unknown.
    #[inline]
    pub(super) fn lost_protocol(&self) -> bool {
        let packet = self.packet;
        packet.stop == Stop::Truncated && packet.ip == 6 && Extension::is(packet.proto) && !packet.has_l4()
    }

    /// The payload as rules see it. A fragment has none: what it carries is the datagram's, once put together. That of
    /// an encrypted flow is of no use.
    #[inline]
    pub(super) fn visible_payload(&self) -> Buffer<'_> {
        if self.packet.fragment || self.flow.is_some_and(|flow| flow.hidden) {
            return Buffer::default();
        }
        Buffer { original: self.payload.original.max(self.payload.bytes.len()), ..self.payload }
    }

    /// What rules for streams look into: the stream's data; else the payload, where the stream does not have it.
    #[inline]
    pub(super) fn stream_data(&self) -> Option<Buffer<'_>> {
        let stands_in = || {
            let outside = self.is_packet() && !self.stream.is_some_and(|stream| stream.taken);
            outside.then(|| self.visible_payload())
        };
        self.data.or_else(stands_in)
    }

    /// The packet was sent by the client, as far as that is known.
    #[inline]
    pub(super) fn is_to_server(&self) -> bool {
        self.flow.is_none_or(|flow| flow.to_server)
    }

    /// Rules for packets are asked.
    #[inline]
    pub(super) fn is_packet(&self) -> bool {
        self.round == Round::Packet
    }

    /// The headers don't contradict themselves: rules may rely on them.
    #[inline]
    pub(super) fn is_sound(&self) -> bool {
        self.packet.stop != Stop::Malformed
    }

    /// What is wrong with the headers is behind the network header: rules about that one may be asked.
    #[cold]
    pub(super) fn has_network(&self) -> bool {
        const BROKEN: [Anomaly; 5] = [
            Anomaly::Ipv4HeaderLength,
            Anomaly::Ipv4TotalLength,
            Anomaly::Ipv4Truncated,
            Anomaly::Ipv6Truncated,
            Anomaly::Ipv6Extension,
        ];
        self.packet.ip != 0 && !BROKEN.iter().any(|anomaly| self.packet.anomalies.has(*anomaly))
    }

    /// Something was wrong with the packet.
    #[inline]
    pub(super) fn has_events(&self) -> bool {
        !self.packet.anomalies.is_empty() || self.stream.is_some_and(|stream| !stream.events.is_empty())
    }

    /// A rule passed or dropped the flow: nothing more is asked.
    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.flow.is_some_and(|flow| flow.passed || flow.dropped)
    }
}
