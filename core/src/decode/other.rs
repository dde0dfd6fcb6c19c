//! What IP carries besides transports: IGMP, ESP, AH, GRE, and protocols without a decoder.

use super::{carry, malformed, upper};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, Layers, Packet, Stop};
use crate::wire::Header;
use crate::wire::esp::Esp;
use crate::wire::igmp::{self, Igmp, kind};
use crate::wire::ipv6::{Extension, next};

/// A protocol without a decoder.
pub(super) fn unknown(at: usize, length: usize, packet: &mut Packet) {
    packet.layer = Layer::Other;
    packet.stop = Stop::Unknown;
    carry(at, length, packet);
    let anomaly = match (packet.ip, packet.proto) {
        // Tunnels are taken off before decoding, those that are wanted.
        (_, 4 | 41) => return,
        (6, next::NONE) if length > 0 => Anomaly::Ipv6DataAfterNone,
        (6, next::NONE) => return,
        (4, 58) => Anomaly::Ipv4Icmpv6,
        (4, _) => Anomaly::Ipv4UnknownProtocol,
        (_, 1) => Anomaly::Ipv6Icmp,
        _ => Anomaly::Ipv6UnknownNextHeader,
    };
    packet.anomalies.add(anomaly);
}

pub(super) fn igmp(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < Igmp::LEN {
        return malformed(packet, Anomaly::IgmpTooShort);
    }
    let Some((head, _)) = Igmp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = Layer::Igmp;
    packet.layers.add(Layers::IGMP);
    carry(at + Igmp::LEN, length - Igmp::LEN, packet);
    let anomaly = match head.kind() {
        kind::QUERY if length > Igmp::LEN => query(bytes, length),
        kind::QUERY | kind::REPORT_V1 | kind::REPORT_V2 | kind::LEAVE => None,
        kind::REPORT_V3 => report(bytes.get(Igmp::LEN..).unwrap_or_default(), length - Igmp::LEN, head.records()),
        _ => Some(Anomaly::IgmpMalformed),
    };
    if let Some(anomaly) = anomaly {
        malformed(packet, anomaly);
    }
}

/// A version 3 query: its sources have to be there (RFC 3376, section 4.1).
fn query(bytes: &[u8], length: usize) -> Option<Anomaly> {
    if length < igmp::QUERY_V3_LEN {
        return Some(Anomaly::IgmpV3TooShort);
    }
    let sources = igmp::query_sources(bytes)?;
    (igmp::QUERY_V3_LEN + 4 * sources > length).then_some(Anomaly::IgmpV3TooShort)
}

/// A version 3 report: its records have to be there (RFC 3376, section 4.2). Those that were cut off are not known.
fn report(mut bytes: &[u8], mut left: usize, records: usize) -> Option<Anomaly> {
    for _ in 0..records {
        if left < igmp::RECORD_LEN {
            return Some(Anomaly::IgmpV3TooShort);
        }
        let length = igmp::record_len(bytes)?;
        if length > left {
            return Some(Anomaly::IgmpV3TooShort);
        }
        left -= length;
        bytes = bytes.get(length..)?;
    }
    None
}

pub(super) fn esp(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < Esp::LEN {
        return malformed(packet, Anomaly::EspTooShort);
    }
    let Some((head, _)) = Esp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = Layer::Esp;
    packet.layers.add(Layers::ESP);
    (packet.seq, packet.ack) = (head.spi(), head.sequence());
    carry(at + Esp::LEN, length - Esp::LEN, packet);
}

/// An authentication header over IPv4 (RFC 4302): go on with what it protects.
pub(super) fn authentication(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    let head = Extension::parse(next::AUTHENTICATION, bytes);
    if head.map_or(Extension::AUTHENTICATION_LEN, |head| head.len) > length {
        return malformed(packet, Anomaly::AhLength);
    }
    let Some((head, rest)) = head.and_then(|head| Some((head, bytes.get(head.len..)?))) else {
        packet.stop = Stop::Truncated;
        return;
    };
    if head.next == next::AUTHENTICATION {
        // One is enough; a chain of them would be followed for nothing.
        return malformed(packet, Anomaly::AhTwice);
    }
    packet.proto = head.next;
    upper(rest, at + head.len, length - head.len, 0, packet);
}

/// GRE whose payload is not a packet of its own: `decap` takes off those that are.
pub(super) fn gre(at: usize, length: usize, packet: &mut Packet) {
    packet.layer = Layer::Gre;
    packet.layers.add(Layers::GRE);
    packet.stop = Stop::Unknown;
    carry(at, length, packet);
}
