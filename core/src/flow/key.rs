//! What makes two packets of one flow: both endpoints, protocol, VLANs and domain, whichever way they go.

use crate::decode::Quoted;
use crate::frame::Addr;
use crate::packet::{Layer, MAX_VLANS, Packet, Stop, proto};

/// A flow's name, the same for both directions, and which endpoint sent the packet it was made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlowKey {
    /// Lower endpoint's address, higher endpoint's, ports and domain, VLANs, protocol and IP version.
    pub(super) words: [u64; 6],
    /// The packet came from the higher endpoint.
    pub(super) from_high: bool,
}

impl FlowKey {
    /// The key of a flow that has so many tunnels around it and is told from those at other depths.
    #[inline]
    pub fn at_depth(mut self, depth: u8) -> Self {
        let [.., kind] = &mut self.words;
        *kind |= u64::from(depth & 15) << 24;
        self
    }

    /// The key of a flow whose packets may be in other VLANs: of what stands beside the VLANs, only they are left out.
    #[cold]
    pub fn in_any_vlan(mut self) -> Self {
        let [.., kind] = &mut self.words;
        *kind &= 0x0f00_ffff;
        self
    }
}

/// The flow that a packet belongs to; none for what has no IP header, is malformed or is a fragment, nor for what only
/// carries another packet: that one has a flow.
#[inline]
pub fn key(packet: &Packet) -> Option<FlowKey> {
    if packet.ip == 0 || packet.fragment || matches!(packet.stop, Stop::Malformed | Stop::Fragment) {
        return None;
    }
    if packet.carrier && !packet.has_ports() {
        return None;
    }
    let (sport, dport) = ports(packet);
    let mut key = key_of(packet, (packet.ip, packet.proto), (packet.src, sport), (packet.dst, dport));
    if packet.layer == Layer::Esp {
        // The security parameters index stands where ports do, whichever way the packet goes.
        key.words[4] |= u64::from(packet.seq);
    }
    Some(key)
}

/// The flow that an ICMP error's quoted packet belongs to: it travelled where the error did.
pub fn quoted_key(error: &Packet, quoted: &Quoted) -> FlowKey {
    let (sport, dport) = match (quoted.ip, quoted.proto) {
        _ if quoted.has_ports() => (quoted.sport, quoted.dport),
        (4, proto::ICMP) => icmp_ports((quoted.sport, quoted.dport), icmp_counterpart),
        (6, proto::ICMPV6) => icmp_ports((quoted.sport, quoted.dport), icmpv6_counterpart),
        _ => (0, 0),
    };
    key_of(error, (quoted.ip, quoted.proto), (quoted.src, sport), (quoted.dst, dport))
}

/// The key of these endpoints, of a packet's VLANs and domain.
#[inline]
fn key_of(packet: &Packet, (ip, proto): (u8, u8), src: (Addr, u16), dst: (Addr, u16)) -> FlowKey {
    let source = (u128::from_be_bytes(src.0.0), src.1);
    let target = (u128::from_be_bytes(dst.0.0), dst.1);
    let from_high = source > target;
    let (low, high) = if from_high { (target, source) } else { (source, target) };
    let count = packet.vlan_count.min(MAX_VLANS as u8);
    let set = packet.vlans.iter().take(count.into());
    let vlans = set.rev().fold(0, |packed, vlan| packed << 12 | u64::from(vlan & 0xfff));
    let words = [
        (low.0 >> 64) as u64,
        low.0 as u64,
        (high.0 >> 64) as u64,
        high.0 as u64,
        u64::from(packet.domain) << 32 | u64::from(low.1) << 16 | u64::from(high.1),
        vlans << 28 | u64::from(count) << 16 | u64::from(ip) << 8 | u64::from(proto),
    ];
    FlowKey { words, from_high }
}

/// What tells flows of one pair of hosts apart; 0 where the transport header was not reached.
#[inline]
fn ports(packet: &Packet) -> (u16, u16) {
    match packet.layer {
        Layer::Tcp | Layer::Udp | Layer::Sctp => (packet.sport, packet.dport),
        Layer::Icmp => icmp_ports((packet.sport, packet.dport), icmp_counterpart),
        Layer::Icmpv6 => icmp_ports((packet.sport, packet.dport), icmpv6_counterpart),
        _ => (0, 0),
    }
}

/// A message's type and that of its counterpart, else its type and code.
fn icmp_ports((kind, code): (u16, u16), counterpart: fn(u16) -> Option<(u16, bool)>) -> (u16, u16) {
    (kind, counterpart(kind).map_or(code, |(other, _)| other))
}

/// The type that answers (or asked) an ICMP message, and whether this one is the request (RFC 792, 950, 1256).
pub(super) fn icmp_counterpart(kind: u16) -> Option<(u16, bool)> {
    Some(match kind {
        0 => (8, false),
        8 => (0, true),
        9 => (10, false),
        10 => (9, true),
        13 => (14, true),
        14 => (13, false),
        15 => (16, true),
        16 => (15, false),
        17 => (18, true),
        18 => (17, false),
        _ => return None,
    })
}

/// The same of ICMPv6 (RFC 4443, 2710, 4861, 4620, 3810, 4065).
pub(super) fn icmpv6_counterpart(kind: u16) -> Option<(u16, bool)> {
    Some(match kind {
        128 => (129, true),
        129 => (128, false),
        130 => (131, true),
        131 => (130, false),
        133 => (134, true),
        134 => (133, false),
        135 => (136, true),
        136 => (135, false),
        139 => (140, true),
        140 => (139, false),
        144 => (145, true),
        145 => (144, false),
        _ => return None,
    })
}

/// A flow key's parts, lower endpoint first.
pub(super) struct Parts {
    pub addrs: [Addr; 2],
    pub ports: [u16; 2],
    pub domain: u32,
    pub vlans: [u16; MAX_VLANS],
    pub vlan_count: u8,
    pub ip: u8,
    pub proto: u8,
}

/// Take a key's words apart.
pub(super) fn parts(words: &[u64; 6]) -> Parts {
    let [a, b, c, d, ports, kind] = *words;
    let addr = |high: u64, low: u64| Addr((u128::from(high) << 64 | u128::from(low)).to_be_bytes());
    Parts {
        addrs: [addr(a, b), addr(c, d)],
        ports: [(ports >> 16) as u16, ports as u16],
        domain: (ports >> 32) as u32,
        vlans: [28, 40, 52].map(|at| (kind >> at) as u16 & 0xfff),
        vlan_count: (kind >> 16) as u8,
        ip: (kind >> 8) as u8,
        proto: kind as u8,
    }
}
