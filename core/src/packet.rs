//! One decoded packet: where its layers are, what is known of it, and what was wrong with it.

use crate::anomaly::AnomalySet;
use crate::frame::{Addr, Link};
use crate::time::Nanos;

/// "No index": the parent of a frame's outermost packet.
pub const NONE: u32 = u32::MAX;

/// IP protocol numbers that tmrx knows by name.
pub mod proto {
    #![allow(missing_docs)]
    pub const ICMP: u8 = 1;
    pub const IGMP: u8 = 2;
    pub const IPV4: u8 = 4;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const IPV6: u8 = 41;
    pub const GRE: u8 = 47;
    pub const ESP: u8 = 50;
    pub const AH: u8 = 51;
    pub const ICMPV6: u8 = 58;
    pub const SCTP: u8 = 132;
}

/// Why decoding ended where it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Stop {
    /// A transport header and its payload were reached.
    #[default]
    Complete,
    /// The bytes ended inside a header.
    Truncated,
    /// A header contradicts itself; an anomaly says how.
    Malformed,
    /// A protocol without a decoder.
    Unknown,
    /// A fragment other than the first: no transport header of its own.
    Fragment,
}

/// What the packet's original length was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum LenSource {
    /// The record's or datagram's own length.
    #[default]
    Frame,
    /// IPv4 total length.
    Ipv4TotalLength,
    /// IPv6 payload length.
    Ipv6PayloadLength,
    /// IPv6 jumbo payload option (RFC 2675).
    Ipv6Jumbogram,
}

/// The innermost layer that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Layer {
    #[default]
    None,
    Ethernet,
    Vlan,
    Arp,
    Ipv4,
    Ipv6,
    Tcp,
    Udp,
    Icmp,
    Icmpv6,
    /// An IP payload without a transport decoder.
    Other,
    Sctp,
    Igmp,
    Esp,
    Gre,
    /// A link header other than Ethernet's.
    Link,
}

/// The layers that a packet went through, as a set: what Suricata's decoder counters count.
///
/// A packet's set begins behind the packet around it, with the tunnel between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Layers(pub u64);

macro_rules! layers {
    ($($name:ident $bit:literal $counter:literal;)*) => {
        #[allow(missing_docs)]
        impl Layers {
            $(pub const $name: Self = Self(1 << $bit);)*
            /// Each with the name of its counter in Suricata's `stats.decoder`.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $counter)),*];
        }
    };
}

layers! {
    ETHERNET 0 "ethernet";
    ARP 1 "arp";
    CHDLC 2 "chdlc";
    RAW 3 "raw";
    NULL 4 "null";
    SLL 5 "sll";
    SLL2 6 "sll2";
    SCTP 7 "sctp";
    ESP 8 "esp";
    IGMP 9 "igmp";
    PPP 10 "ppp";
    PPPOE 11 "pppoe";
    GENEVE 12 "geneve";
    GRE 13 "gre";
    VLAN 14 "vlan";
    VLAN_QINQ 15 "vlan_qinq";
    VLAN_QINQINQ 16 "vlan_qinqinq";
    VXLAN 17 "vxlan";
    VNTAG 18 "vntag";
    ETAG 19 "etag";
    IEEE8021AH 20 "ieee8021ah";
    TEREDO 21 "teredo";
    IPV4_IN_IPV4 22 "ipv4_in_ipv4";
    IPV6_IN_IPV4 23 "ipv6_in_ipv4";
    IPV4_IN_IPV6 24 "ipv4_in_ipv6";
    IPV6_IN_IPV6 25 "ipv6_in_ipv6";
    MPLS 26 "mpls";
    ERSPAN 27 "erspan";
    NSH 28 "nsh";
    DCE 29 "dce";
    LLC 30 "llc";
    WIFI 31 "ieee80211";
    UNKNOWN_ETHERTYPE 32 "unknown_ethertype";
}

impl Layers {
    /// Add another set's.
    #[inline]
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether it has one of another set's.
    #[inline]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// VLAN tags that are kept of a packet.
pub const MAX_VLANS: usize = 3;

/// What is known of a checksum (specification, section 6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Checksum {
    Valid,
    Bad,
    NotCalculated,
    Unverifiable,
    /// There is none to check.
    #[default]
    Absent,
}

impl Checksum {
    /// The names that records print, by number.
    pub const NAMES: [&'static str; 5] = ["valid", "bad", "not_calculated", "unverifiable", "absent"];

    /// The name that records print.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

/// The set of what cut a packet short (specification, section 6.2); empty: not truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Causes(pub u8);

impl Causes {
    /// The session's packet length.
    pub const PACKET_LENGTH: u8 = 1;
    /// The target's MTU.
    pub const MTU: u8 = 2;
    /// The capture file's snaplen.
    pub const SNAPLEN: u8 = 4;
    /// Cut, by nothing that is known.
    pub const UNKNOWN: u8 = 8;
    /// The names that records print, by bit.
    pub const NAMES: [&'static str; 4] = ["packet_length", "mtu", "snaplen", "unknown"];

    /// The causes' names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name)
    }
}

/// TCP flags as they stand in the header's byte 13 (RFC 9293, section 3.1; ECN: RFC 3168).
pub mod tcp {
    #![allow(missing_docs)]
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;
    pub const URG: u8 = 0x20;
    pub const ECE: u8 = 0x40;
    pub const CWR: u8 = 0x80;
}

/// One packet of a frame's tree. Plain numbers only: it borrows nothing and is reused.
///
/// Offsets `l3`, `l4`, `payload` count from `start`; one that was not reached equals `captured`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The frame's time.
    pub time: Nanos,
    /// The frame's row in the batch.
    pub frame: u32,
    /// The enclosing packet's row among this batch's packets, or `NONE`.
    pub parent: u32,
    /// Where its first byte (link header included) is in the batch's slab.
    pub start: u32,
    /// How its bytes begin.
    pub link: Link,
    /// Bytes that are there, from `start`; Ethernet padding is not counted once the IP length is known.
    pub captured: u32,
    /// Captured bytes behind the packet: the link's padding.
    pub padding: u32,
    /// Bytes that the host sent (link header + IP length); never below `captured`.
    pub original: u32,
    /// What `original` was taken from.
    pub length_source: LenSource,
    /// Which mirror session: an index into the identity table; `NONE` without encapsulation.
    pub identity: u32,
    /// What was around it: an index into the batch's wraps; `NONE` without encapsulation.
    pub wrap: u32,
    /// Which address space.
    pub domain: u32,
    /// Network header.
    pub l3: u16,
    /// Transport header.
    pub l4: u16,
    /// Transport payload, or what follows the last header decoded.
    pub payload: u16,
    /// Payload bytes that the host sent, by the transport's own length where it has one.
    pub payload_original: u32,
    /// Outermost VLAN tag first; `vlans[..vlan_count]` are set (12-bit ids).
    pub vlans: [u16; MAX_VLANS],
    /// How many of `vlans` are set.
    pub vlan_count: u8,
    /// 4, 6, or 0 where no IP header was decoded.
    pub ip: u8,
    /// IP protocol, for IPv6 the upper-layer one.
    pub proto: u8,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Innermost layer reached.
    pub layer: Layer,
    /// Layers that it went through.
    pub layers: Layers,
    /// Tunnels around it.
    pub depth: u8,
    /// The next packet of its frame was taken out of it.
    pub carrier: bool,
    /// The tunnel directly around it.
    pub tunnel: Encapsulation,
    /// Why decoding ended there.
    pub stop: Stop,
    /// A fragment, the first included.
    pub fragment: bool,
    /// A fragment that the filter would not take in: it is of use for its datagram only.
    pub left_out: bool,
    /// Its bytes count as all that were sent: what is cut contradicts itself.
    pub whole: bool,
    /// A datagram that was put together of its fragments.
    pub defragmented: bool,
    /// EtherType of what follows the link header and tags; 0 for raw IP.
    pub ethertype: u16,
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// Source port; ICMP: the type.
    pub sport: u16,
    /// Destination port; ICMP: the code.
    pub dport: u16,
    /// TCP flags.
    pub tcp_flags: u8,
    /// TCP window, unscaled; SCTP: how many chunks.
    pub window: u16,
    /// TCP sequence number; SCTP: verification tag; ESP: security parameters index.
    pub seq: u32,
    /// TCP acknowledgment number; SCTP: the set of chunks (`wire::sctp::ChunkSet`); ESP: sequence number.
    pub ack: u32,
    /// What cut it.
    pub truncated: Causes,
    /// Verdict on the IP header's checksum.
    pub l3_checksum: Checksum,
    /// Verdict on the transport checksum.
    pub l4_checksum: Checksum,
    /// What is wrong with it.
    pub anomalies: AnomalySet,
}

impl Packet {
    /// A packet of which nothing is known.
    pub const EMPTY: Self = Self {
        time: 0,
        frame: 0,
        parent: NONE,
        start: 0,
        link: Link::Ethernet,
        captured: 0,
        padding: 0,
        original: 0,
        length_source: LenSource::Frame,
        identity: NONE,
        wrap: NONE,
        domain: 0,
        l3: 0,
        l4: 0,
        payload: 0,
        payload_original: 0,
        vlans: [0; MAX_VLANS],
        vlan_count: 0,
        ip: 0,
        proto: 0,
        ttl: 0,
        layer: Layer::None,
        layers: Layers(0),
        depth: 0,
        carrier: false,
        tunnel: Encapsulation::None,
        stop: Stop::Complete,
        fragment: false,
        left_out: false,
        whole: false,
        defragmented: false,
        ethertype: 0,
        src: Addr([0; 16]),
        dst: Addr([0; 16]),
        sport: 0,
        dport: 0,
        tcp_flags: 0,
        window: 0,
        seq: 0,
        ack: 0,
        truncated: Causes(0),
        l3_checksum: Checksum::Absent,
        l4_checksum: Checksum::Absent,
        anomalies: AnomalySet::EMPTY,
    };

    /// The transport header was decoded, so ports (or ICMP type and code) are known.
    #[inline]
    pub fn has_l4(&self) -> bool {
        matches!(self.layer, Layer::Tcp | Layer::Udp | Layer::Icmp | Layer::Icmpv6 | Layer::Sctp)
    }

    /// Ports mean ports.
    #[inline]
    pub fn has_ports(&self) -> bool {
        matches!(self.layer, Layer::Tcp | Layer::Udp | Layer::Sctp)
    }

    /// Payload bytes that are there; never above `payload_original`.
    #[inline]
    pub fn payload_captured(&self) -> u32 {
        self.captured.saturating_sub(u32::from(self.payload)).min(self.payload_original)
    }

    /// The packet's captured bytes in its batch's slab.
    #[inline]
    pub fn bytes<'a>(&self, slab: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        slab.get(start..start + self.captured as usize).unwrap_or_default()
    }

    /// The packet's captured bytes and the link's padding behind them.
    #[inline]
    pub fn padded_bytes<'a>(&self, slab: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        slab.get(start..start + self.captured as usize + self.padding as usize).unwrap_or_default()
    }

    /// The captured payload in its batch's slab.
    #[inline]
    pub fn payload_bytes<'a>(&self, slab: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize + usize::from(self.payload);
        slab.get(start..start + self.payload_captured() as usize).unwrap_or_default()
    }
}

/// A kind of encapsulation, as records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Encapsulation {
    #[default]
    None,
    Vxlan,
    Geneve,
    /// A Gateway Load Balancer's GENEVE around the mirror's VXLAN.
    GeneveVxlan,
    /// VXLAN with a protocol of its own (draft-ietf-nvo3-vxlan-gpe).
    VxlanGpe,
    /// GRE of version 0 (RFC 2784, RFC 2890).
    Gre,
    /// GRE in UDP (RFC 8086).
    GreInUdp,
    /// GRE of version 1, with PPP inside (RFC 2637).
    Pptp,
    Erspan1,
    Erspan2,
    Erspan3,
    /// IPv4 in IPv4 (RFC 2003).
    Ipip,
    /// IPv6 in IPv4 (RFC 4213).
    SixInFour,
    /// IPv4 in IPv6 (RFC 2473).
    FourInSix,
    /// IPv6 in IPv6 (RFC 2473).
    SixInSix,
    /// IPv6 in UDP in IPv4 (RFC 4380).
    Teredo,
}

impl Encapsulation {
    /// The layers outside in, as records name them, by number.
    pub const NAMES: [&'static str; Self::Teredo as usize + 1] = [
        "none",
        "vxlan",
        "geneve",
        "geneve+vxlan",
        "vxlan-gpe",
        "gre",
        "gre-in-udp",
        "pptp",
        "erspan1",
        "erspan2",
        "erspan3",
        "ipip",
        "6in4",
        "4in6",
        "6in6",
        "teredo",
    ];

    /// The layers outside in, as records name them.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

/// Kinds of encapsulation whose numbers mean the same; two of different families never share an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// VXLAN and GENEVE: a virtual network's identifier.
    Vni,
    /// ERSPAN: the session's id.
    Erspan,
    /// GRE: the key, or PPTP's call.
    Gre,
    /// IP in IP, Teredo: no number.
    Ip,
}

impl Encapsulation {
    /// What its number is.
    #[inline]
    pub fn family(self) -> Family {
        match self {
            Self::None | Self::Vxlan | Self::Geneve | Self::GeneveVxlan | Self::VxlanGpe => Family::Vni,
            Self::Erspan1 | Self::Erspan2 | Self::Erspan3 => Family::Erspan,
            Self::Gre | Self::GreInUdp | Self::Pptp => Family::Gre,
            Self::Ipip | Self::SixInFour | Self::FourInSix | Self::SixInSix | Self::Teredo => Family::Ip,
        }
    }

    /// The layers that Suricata counts it as.
    #[inline]
    pub fn layers(self) -> Layers {
        match self {
            Self::None => Layers(0),
            Self::Vxlan | Self::VxlanGpe => Layers::VXLAN,
            Self::Geneve => Layers::GENEVE,
            Self::GeneveVxlan => Layers(Layers::GENEVE.0 | Layers::VXLAN.0),
            Self::Gre | Self::GreInUdp | Self::Pptp => Layers::GRE,
            Self::Erspan1 | Self::Erspan2 | Self::Erspan3 => Layers(Layers::GRE.0 | Layers::ERSPAN.0),
            Self::Ipip => Layers::IPV4_IN_IPV4,
            Self::SixInFour => Layers::IPV6_IN_IPV4,
            Self::FourInSix => Layers::IPV4_IN_IPV6,
            Self::SixInSix => Layers::IPV6_IN_IPV6,
            Self::Teredo => Layers::TEREDO,
        }
    }
}

/// What the mirror put around a packet: the identity's parts and what else the headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Wrap {
    /// Outer source: of VXLAN's own datagram where GENEVE is in front.
    pub outer_src: Addr,
    /// Outer destination.
    pub outer_dst: Addr,
    /// The tunnel's own number: VXLAN's or GENEVE's network identifier, ERSPAN's session, GRE's key, PPTP's call; 0 where
    /// it has none.
    pub vni: u32,
    /// The layers.
    pub encapsulation: Encapsulation,
    /// AWS GENEVE option 1: the endpoint's id (`vpce-` and 17 hex digits of this number); 0 is none.
    pub endpoint: u64,
    /// AWS GENEVE option 2: the attachment's id; 0 is none.
    pub attachment: u64,
    /// AWS GENEVE option 3.
    pub flow_cookie: u32,
    /// Whether `flow_cookie` was there.
    pub has_cookie: bool,
}

impl Wrap {
    /// The virtual network's identifier, where the encapsulation has one.
    #[inline]
    pub fn network(&self) -> Option<u32> {
        (self.encapsulation.family() == Family::Vni).then_some(self.vni)
    }

    /// ERSPAN's session id, where the encapsulation has one.
    pub fn erspan_session(&self) -> Option<u32> {
        matches!(self.encapsulation, Encapsulation::Erspan2 | Encapsulation::Erspan3).then_some(self.vni)
    }

    /// GRE's key or PPTP's call, where there is one other than 0.
    pub fn gre_key(&self) -> Option<u32> {
        (self.encapsulation.family() == Family::Gre && self.vni != 0).then_some(self.vni)
    }
}
