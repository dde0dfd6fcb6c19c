//! Verdicts on checksums (specification, section 6.4): "not calculated" is not "bad".

use crate::anomaly::Anomaly;
use crate::frame::Addr;
use crate::packet::{Checksum, Layer, Packet, Stop, proto};
use crate::wire::checksum::{crc32c, fold, sum, word};
use crate::wire::ethernet::ethertype;
use crate::wire::ipv6::{self, Extension};
use crate::wire::{icmp, igmp, ipv4, sctp as wire_sctp, tcp, udp};

/// Judge both checksums of a decoded packet. `bytes`: the packet's captured bytes.
#[inline]
pub fn verify(bytes: &[u8], packet: &mut Packet) {
    let ip = bytes.get(usize::from(packet.l3)..).unwrap_or_default();
    packet.l3_checksum = network(ip, packet);
    if packet.l3_checksum == Checksum::Bad {
        packet.anomalies.add(Anomaly::Ipv4BadChecksum);
    }
    packet.l4_checksum = transport(bytes, ip, packet);
    if packet.l4_checksum == Checksum::Bad {
        packet.anomalies.add(match packet.layer {
            Layer::Tcp => Anomaly::TcpBadChecksum,
            Layer::Udp => Anomaly::UdpBadChecksum,
            Layer::Icmpv6 => Anomaly::Icmpv6BadChecksum,
            Layer::Sctp => Anomaly::SctpBadChecksum,
            Layer::Igmp => Anomaly::IgmpBadChecksum,
            _ => Anomaly::IcmpBadChecksum,
        });
    }
}

/// The 16-bit field at `at`, where it is there.
#[inline]
fn field(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..).and_then(|b| b.first_chunk()).map(|b| u16::from_be_bytes(*b))
}

#[inline]
fn network(ip: &[u8], packet: &Packet) -> Checksum {
    if packet.ip != 4 && !is_cut_ipv4(ip, packet) {
        return Checksum::Absent;
    }
    let header = ip.first().map_or(ipv4::LEN, |b| usize::from(b & 15) * 4);
    if header < ipv4::LEN {
        return Checksum::Absent;
    }
    match (ip.get(..header), field(ip, ipv4::CHECKSUM)) {
        (Some(whole), _) if fold(sum(whole)) == 0xffff => Checksum::Valid,
        (_, Some(0)) => Checksum::NotCalculated,
        (None, _) => Checksum::Unverifiable,
        _ => Checksum::Bad,
    }
}

/// An IPv4 header was announced, and the bytes end in it.
#[inline]
fn is_cut_ipv4(ip: &[u8], packet: &Packet) -> bool {
    let raw = packet.ethertype == 0 && packet.layer == Layer::None && ip.first().is_some_and(|b| b >> 4 == 4);
    packet.ip == 0 && packet.stop == Stop::Truncated && (packet.ethertype == ethertype::IPV4 || raw)
}

/// Where the transport's checksum stands in its header; `None` where it has none.
#[inline]
fn checksum_at(packet: &Packet) -> Option<usize> {
    match packet.proto {
        proto::TCP => Some(tcp::CHECKSUM),
        proto::UDP => Some(udp::CHECKSUM),
        proto::ICMP if packet.ip == 4 => Some(icmp::CHECKSUM),
        proto::ICMPV6 if packet.ip == 6 => Some(icmp::CHECKSUM),
        proto::IGMP if packet.ip == 4 => Some(igmp::CHECKSUM),
        _ => None,
    }
}

#[inline]
fn transport(bytes: &[u8], ip: &[u8], packet: &Packet) -> Checksum {
    let Some(at) = checksum_at(packet) else { return if_sctp(bytes, packet) };
    match packet.stop {
        Stop::Fragment | Stop::Unknown => return Checksum::Absent,
        Stop::Malformed if packet.has_l4() || packet.layer == Layer::Igmp => return Checksum::Unverifiable,
        Stop::Malformed => return Checksum::Absent,
        _ => {}
    }
    let segment = bytes.get(usize::from(packet.l4)..).unwrap_or_default();
    let Some(field) = field(segment, at) else { return Checksum::Unverifiable };
    let length = covered(segment, packet);
    let pseudo = pseudo_header(ip, length, packet);
    let whole = if packet.fragment { None } else { segment.get(..length) };
    match whole {
        Some(whole) if fold(pseudo.unwrap_or(0) + sum(whole)) == 0xffff => Checksum::Valid,
        _ if field == 0 && packet.layer == Layer::Udp && packet.ip == 4 => Checksum::Absent,
        _ if field == 0 || pseudo.is_some_and(|p| fold(p) == field) => Checksum::NotCalculated,
        None => Checksum::Unverifiable,
        Some(_) => Checksum::Bad,
    }
}

/// SCTP has a checksum of its own kind (RFC 9260, section 6.8); other protocols that get here have none.
fn if_sctp(bytes: &[u8], packet: &Packet) -> Checksum {
    match packet.layer {
        Layer::Sctp => sctp(bytes, packet),
        _ if packet.proto == proto::SCTP && packet.stop == Stop::Truncated => Checksum::Unverifiable,
        _ => Checksum::Absent,
    }
}

#[cold]
fn sctp(bytes: &[u8], packet: &Packet) -> Checksum {
    let segment = bytes.get(usize::from(packet.l4)..).unwrap_or_default();
    let Some((head, [a, b, c, d], rest)) = split_sctp(segment) else { return Checksum::Unverifiable };
    // In the order of the polynomial's bytes, not of the network (RFC 9260, appendix A).
    let field = u32::from_le_bytes([*a, *b, *c, *d]);
    let sent = (packet.original as usize).saturating_sub(usize::from(packet.l4));
    let is_whole = segment.len() >= sent && !packet.fragment;
    match field {
        _ if is_whole && crc32c([head, &[0; 4], rest]) == field => Checksum::Valid,
        // What a host leaves there for its interface to complete.
        0 => Checksum::NotCalculated,
        _ if is_whole => Checksum::Bad,
        _ => Checksum::Unverifiable,
    }
}

/// What stands before the checksum, the checksum, what stands behind it.
fn split_sctp(segment: &[u8]) -> Option<(&[u8], &[u8; 4], &[u8])> {
    let (head, rest) = segment.split_at_checked(wire_sctp::CHECKSUM)?;
    let (field, rest) = rest.split_first_chunk()?;
    Some((head, field, rest))
}

/// The pseudo-header's folded sum: what a host leaves in the field for its interface to complete. `None` for protocols
/// whose checksum has no pseudo-header, and where there is no transport header.
pub fn pseudo_sum(bytes: &[u8], packet: &Packet) -> Option<u16> {
    checksum_at(packet)?;
    let ip = bytes.get(usize::from(packet.l3)..)?;
    let segment = bytes.get(usize::from(packet.l4)..)?;
    pseudo_header(ip, covered(segment, packet), packet).map(fold)
}

/// How many bytes the checksum covers: UDP says so itself.
#[inline]
fn covered(segment: &[u8], packet: &Packet) -> usize {
    let sent = (packet.original as usize).saturating_sub(usize::from(packet.l4));
    if packet.layer != Layer::Udp {
        return sent;
    }
    match field(segment, 4) {
        // A jumbogram's length does not fit the field.
        Some(0) | None => sent,
        Some(length) => usize::from(length),
    }
}

/// The pseudo-header's sum (RFC 9293, section 3.1; RFC 8200, section 8.1); ICMP and IGMP over IPv4 have none.
#[inline]
fn pseudo_header(ip: &[u8], length: usize, packet: &Packet) -> Option<u64> {
    if matches!(packet.proto, proto::ICMP | proto::IGMP) {
        return None;
    }
    // The upper half of a length beyond 64 KiB counts too, in an IPv6 pseudo-header.
    let rest = word(u16::from(packet.proto)) + word((length >> 16) as u16) + word(length as u16);
    if packet.ip == 4 {
        return Some(sum(&packet.src.low4()) + sum(&packet.dst.low4()) + rest);
    }
    let (src, dst) = if usize::from(packet.l4) > usize::from(packet.l3) + ipv6::LEN {
        end_addresses(ip, packet)
    } else {
        (packet.src, packet.dst)
    };
    Some(sum(&src.0) + sum(&dst.0) + rest)
}

/// The addresses that the ends use: a routing header's last one, a home address.
fn end_addresses(ip: &[u8], packet: &Packet) -> (Addr, Addr) {
    let (mut src, mut dst) = (packet.src, packet.dst);
    let mut kind = ip.get(6).copied().unwrap_or_default();
    let mut rest = ip.get(ipv6::LEN..).unwrap_or_default();
    for _ in 0..ipv6::MAX_EXTENSIONS {
        if !Extension::is(kind) {
            break;
        }
        let Some(extension) = Extension::parse(kind, rest) else { break };
        dst = extension.final_destination().unwrap_or(dst);
        src = extension.home_address().unwrap_or(src);
        kind = extension.next;
        rest = rest.get(extension.len..).unwrap_or_default();
    }
    (src, dst)
}
