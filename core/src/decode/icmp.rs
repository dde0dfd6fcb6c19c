//! ICMP and ICMPv6, and the packets that their errors quote.

use super::{malformed, offset};
use crate::anomaly::Anomaly;
use crate::frame::Addr;
use crate::packet::{Layer, Packet, Stop, proto};
use crate::wire::icmp::{self, Icmp, v4, v6};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Extension, Ipv6};

pub(super) fn message(bytes: &[u8], at: usize, length: usize, layer: Layer, packet: &mut Packet) {
    // ICMPv6 leaves everything behind the checksum to the type; ICMP's messages have eight bytes at least.
    let v6 = layer == Layer::Icmpv6;
    if length < if v6 { icmp::HEAD } else { icmp::LEN } {
        return malformed(packet, if v6 { Anomaly::Icmpv6TooShort } else { Anomaly::IcmpTooShort });
    }
    let header = icmp::LEN.min(length);
    let Some((head, _)) = Icmp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = layer;
    (packet.sport, packet.dport) = (u16::from(head.kind()), u16::from(head.code()));
    packet.payload_original = (length - header) as u32;
    if v6 {
        judge_v6(&head, packet)
    } else {
        judge_v4(&head, packet)
    }
    if bytes.len() < header {
        packet.stop = Stop::Truncated;
        return;
    }
    packet.payload = offset(at + header);
    // What a message of an unknown code holds is not known either.
    let unknown = packet.anomalies.has(Anomaly::IcmpUnknownCode) || packet.anomalies.has(Anomaly::Icmpv6UnknownCode);
    if is_error(packet) && !packet.fragment && !unknown {
        judge_quote(bytes.get(header..).unwrap_or_default(), packet);
    }
}

fn judge_v4(head: &Icmp<'_>, packet: &mut Packet) {
    match v4::codes(head.kind()) {
        None => packet.anomalies.add(Anomaly::IcmpUnknownType),
        Some(codes) if !codes.contains(&head.code()) => packet.anomalies.add(Anomaly::IcmpUnknownCode),
        Some(_) => {}
    }
    if !packet.fragment && v4::body_len(head.kind()) > packet.payload_original as usize {
        packet.anomalies.add(Anomaly::IcmpQuoteTooShort);
    }
}

fn judge_v6(head: &Icmp<'_>, packet: &mut Packet) {
    let anomaly = match (head.kind(), v6::codes(head.kind())) {
        (_, Some(codes)) if !codes.contains(&head.code()) => Anomaly::Icmpv6UnknownCode,
        (kind, Some(_)) if v6::LISTENER.contains(&kind) && packet.ttl != 1 => Anomaly::Icmpv6HopLimit,
        (_, Some(_)) => return,
        (100 | 101 | 200 | 201, None) => Anomaly::Icmpv6Experiment,
        (5..100 | 102..127 | 160..200 | 202.., None) => Anomaly::Icmpv6Unassigned,
        _ => Anomaly::Icmpv6UnknownType,
    };
    packet.anomalies.add(anomaly);
}

/// The message reports what became of another packet, which it quotes.
#[inline]
pub(super) fn is_error(packet: &Packet) -> bool {
    match packet.layer {
        Layer::Icmp => matches!(packet.sport, 3 | 4 | 5 | 11 | 12),
        Layer::Icmpv6 => (1..=4).contains(&packet.sport),
        _ => false,
    }
}

/// Judge what is there of the quoted packet's header.
fn judge_quote(quote: &[u8], packet: &mut Packet) {
    let (header, version, short, wrong) = match packet.layer {
        Layer::Icmp => (ipv4::LEN, 4, Anomaly::IcmpQuoteTooShort, Anomaly::IcmpQuoteVersion),
        _ => (ipv6::LEN, 6, Anomaly::Icmpv6QuoteTooShort, Anomaly::Icmpv6QuoteVersion),
    };
    if (packet.payload_original as usize) < header {
        packet.anomalies.add(short);
    } else if quote.first().is_some_and(|first| first >> 4 != version) {
        packet.anomalies.add(wrong);
    }
}

/// The packet that an ICMP error quotes, as far as it tells a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// 4 or 6.
    pub ip: u8,
    /// IP protocol, for IPv6 the upper-layer one.
    pub proto: u8,
    /// Source address: whom the error is for.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// Source port; ICMP: the type. 0 where the protocol has none or the quote ends before it.
    pub sport: u16,
    /// Destination port; ICMP: the code.
    pub dport: u16,
}

impl Quoted {
    /// Ports mean ports.
    pub fn has_ports(&self) -> bool {
        matches!(self.proto, proto::TCP | proto::UDP | proto::SCTP)
    }
}

/// What a decoded ICMP error quotes, its whole addresses at least; `bytes` are the packet's captured ones. A quote ends
/// where its sender liked (RFC 792: after eight bytes of payload), so nothing is wrong with a short one.
#[inline]
pub fn quoted(bytes: &[u8], packet: &Packet) -> Option<Quoted> {
    if !is_error(packet) { None } else { quote(bytes.get(usize::from(packet.payload)..)?) }
}

#[cold]
fn quote(bytes: &[u8]) -> Option<Quoted> {
    let (mut quoted, rest) = match bytes.first()? >> 4 {
        4 => quoted_v4(bytes)?,
        6 => quoted_v6(bytes)?,
        _ => return None,
    };
    let [a, b, c, d] = *rest.first_chunk().unwrap_or(&[0; 4]);
    (quoted.sport, quoted.dport) = match quoted.proto {
        proto::ICMP | proto::ICMPV6 => (u16::from(a), u16::from(b)),
        _ if quoted.has_ports() => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        _ => (0, 0),
    };
    Some(quoted)
}

/// The quoted header and what follows it; nothing where the packet is a later fragment.
fn quoted_v4(bytes: &[u8]) -> Option<(Quoted, &[u8])> {
    let (ip, _) = Ipv4::parse(bytes)?;
    let rest = bytes.get(ip.header_len()..).filter(|_| ip.fragment_offset() == 0).unwrap_or_default();
    Some((Quoted { ip: 4, proto: ip.protocol(), src: ip.src(), dst: ip.dst(), sport: 0, dport: 0 }, rest))
}

fn quoted_v6(bytes: &[u8]) -> Option<(Quoted, &[u8])> {
    let (ip, mut rest) = Ipv6::parse(bytes)?;
    let mut proto = ip.next_header();
    for _ in 0..ipv6::MAX_EXTENSIONS {
        if !Extension::is(proto) {
            break;
        }
        let Some(extension) = Extension::parse(proto, rest) else { break };
        let later = extension.fragment().is_some_and(|(offset, _)| offset != 0);
        rest = rest.get(extension.len..).filter(|_| !later).unwrap_or_default();
        proto = extension.next;
    }
    Some((Quoted { ip: 6, proto, src: ip.src(), dst: ip.dst(), sport: 0, dport: 0 }, rest))
}
