//! From a packet's bytes to its layers, as far as they go.
//!
//! Always partial: what was decoded stays, `stop` says why it ended. A header that the end of the bytes cuts is
//! `Truncated`; only a length field that leaves a header too little room makes it `Malformed`.

mod icmp;
mod ipv4;
mod ipv6;
mod other;
mod sctp;
mod transport;

use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::link;
use crate::packet::{Layer, Layers, LenSource, MAX_VLANS, Packet, Stop, proto};
use crate::wire::arp::{self, Arp};
use crate::wire::ethernet::ethertype;
use crate::wire::transport_header;
pub use icmp::{Quoted, quoted};
use ipv4::ipv4;
use ipv6::ipv6;

/// The largest IP datagram.
const MAX_DATAGRAM: u32 = 65_535;

/// Decode `bytes`, a packet as captured, into `packet`, which knows `start`, `captured` and `original` already.
#[inline]
pub fn decode(bytes: &[u8], link: Link, packet: &mut Packet) {
    let unknown = offset(bytes.len());
    (packet.l3, packet.l4, packet.payload) = (unknown, unknown, unknown);
    match link {
        Link::Ip | Link::Ipv4 | Link::Ipv6 | Link::UdpPayload => raw_ip(bytes, packet),
        _ => link_layer(bytes, link, packet),
    }
}

/// An offset into the packet. Headers end far below 64 KiB; only an offset that is not known can be beyond.
#[inline]
fn offset(at: usize) -> u16 {
    at.min(usize::from(u16::MAX)) as u16
}

#[inline]
fn malformed(packet: &mut Packet, anomaly: Anomaly) {
    packet.anomalies.add(anomaly);
    packet.stop = Stop::Malformed;
}

/// The bytes end before `end`, inside a header: either fewer were sent, or the rest was cut.
#[cold]
fn missing(end: usize, anomaly: Anomaly, packet: &mut Packet) {
    if sent(packet) < end { malformed(packet, anomaly) } else { packet.stop = Stop::Truncated }
}

fn raw_ip(bytes: &[u8], packet: &mut Packet) {
    packet.l3 = 0;
    // Inside a tunnel there is no link to be raw.
    if packet.depth == 0 {
        packet.layers.add(Layers::RAW);
    }
    match bytes.first().map(|b| b >> 4) {
        Some(4) => ipv4(bytes, 0, packet),
        Some(6) => ipv6(bytes, 0, packet),
        Some(_) => malformed(packet, Anomaly::IpUnknownVersion),
        None => packet.stop = Stop::Truncated,
    }
}

#[inline]
fn link_layer(bytes: &[u8], link: Link, packet: &mut Packet) {
    if link != Link::Ethernet {
        return beyond_plain(bytes, link, packet);
    }
    let (mut vlans, mut count) = ([0; MAX_VLANS], 0u8);
    let keep = |id| {
        if let Some(slot) = vlans.get_mut(usize::from(count)) {
            *slot = id;
        }
        count += 1;
    };
    let Some((ethertype, at)) = link::plain(bytes, keep) else { return beyond_plain(bytes, link, packet) };
    packet.ethertype = ethertype;
    packet.layers.add(Layers::ETHERNET);
    if count > 0 {
        (packet.vlans, packet.vlan_count) = (vlans, count);
        packet.layers.add(link::vlan_layers(count));
    }
    packet.l3 = offset(at);
    let rest = bytes.get(at..).unwrap_or_default();
    packet.layer = if count > 0 { Layer::Vlan } else { Layer::Ethernet };
    if ethertype == ethertype::IPV4 { ipv4(rest, at, packet) } else { ipv6(rest, at, packet) }
}

/// Every way to the network header but that of `link::plain`.
#[cold]
#[inline(never)]
fn beyond_plain(bytes: &[u8], link: Link, packet: &mut Packet) {
    let walk = link::walk(bytes, sent(packet), link);
    (packet.layer, packet.ethertype) = (walk.layer, walk.ethertype);
    (packet.vlans, packet.vlan_count) = (walk.vlans, walk.vlan_count);
    packet.layers.add(walk.layers);
    packet.anomalies.merge(walk.anomalies);
    let trailer = (walk.trailer as u32).min(packet.original);
    packet.original -= trailer;
    packet.captured = packet.captured.min(packet.original);
    let unknown = offset(packet.captured as usize);
    (packet.l4, packet.payload) = (unknown, unknown);
    match walk.stop {
        None => {
            packet.l3 = offset(walk.at);
            let bytes = bytes.get(walk.at..packet.captured as usize).unwrap_or_default();
            network(bytes, walk.at, packet);
        }
        Some(stop) => {
            packet.l3 = if stop == Stop::Unknown { offset(walk.at).min(unknown) } else { unknown };
            packet.stop = stop;
        }
    }
}

/// Bytes that the packet had when it was sent, as far as its record says. A mirror's copy may have been cut before it
/// was sent on, so its record does not tell.
fn sent(packet: &Packet) -> usize {
    if packet.depth == 0 || packet.whole { packet.original.max(packet.captured) as usize } else { usize::MAX }
}

fn network(bytes: &[u8], at: usize, packet: &mut Packet) {
    match packet.ethertype {
        ethertype::IPV4 => ipv4(bytes, at, packet),
        ethertype::IPV6 => ipv6(bytes, at, packet),
        _ => arp(bytes, at, packet),
    }
}

fn arp(bytes: &[u8], at: usize, packet: &mut Packet) {
    let Some((message, _)) = Arp::parse(bytes) else { return missing(at + arp::LEN, Anomaly::ArpTooShort, packet) };
    packet.layer = Layer::Arp;
    packet.layers.add(Layers::ARP);
    let wrong = match () {
        () if message.hardware() != arp::ETHERNET => Anomaly::ArpHardware,
        () if message.protocol() != ethertype::IPV4 => Anomaly::ArpProtocol,
        () if message.hardware_len() != 6 => Anomaly::ArpHardwareLength,
        () if message.protocol_len() != 4 => Anomaly::ArpProtocolLength,
        () if !(1..=4).contains(&message.operation()) => Anomaly::ArpOperation,
        () => return,
    };
    malformed(packet, wrong);
}

/// Take over the IP packet's own length; what lies behind it is padding.
#[inline]
fn set_length(at: usize, length: usize, source: LenSource, packet: &mut Packet) {
    let end = (at + length) as u32;
    packet.captured = packet.captured.min(end);
    packet.original = end.max(packet.captured);
    packet.length_source = source;
    let unknown = offset(packet.captured as usize);
    (packet.l4, packet.payload) = (unknown, unknown);
}

/// What IP carries: `bytes` are there, `length` were sent; `fragment` is the offset of a later fragment, else 0.
#[inline]
fn upper(bytes: &[u8], at: usize, length: usize, fragment: u32, packet: &mut Packet) {
    packet.l4 = offset(at);
    if packet.fragment && has_no_transport(fragment, length, packet) {
        packet.stop = Stop::Fragment;
        return carry(at, length, packet);
    }
    match packet.proto {
        proto::TCP => transport::tcp_segment(bytes, at, length, packet),
        proto::UDP => transport::udp_datagram(bytes, at, length, packet),
        proto::ICMP if packet.ip == 4 => icmp::message(bytes, at, length, Layer::Icmp, packet),
        proto::ICMPV6 if packet.ip == 6 => icmp::message(bytes, at, length, Layer::Icmpv6, packet),
        _ => rare(bytes, at, length, packet),
    }
}

#[cold]
#[inline(never)]
fn rare(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    match packet.proto {
        proto::SCTP => sctp::packet(bytes, at, length, packet),
        proto::IGMP if packet.ip == 4 => other::igmp(bytes, at, length, packet),
        proto::ESP => other::esp(bytes, at, length, packet),
        proto::AH if packet.ip == 4 => other::authentication(bytes, at, length, packet),
        proto::GRE => other::gre(at, length, packet),
        _ => other::unknown(at, length, packet),
    }
}

/// A fragment without a transport header: a later one, or a first one that is too short for it.
#[cold]
fn has_no_transport(fragment: u32, length: usize, packet: &mut Packet) -> bool {
    let tiny = fragment == 0 && length < transport_header(packet.proto);
    if tiny {
        packet.anomalies.add(if packet.ip == 4 { Anomaly::Ipv4TinyFragment } else { Anomaly::Ipv6TinyFragment });
    }
    tiny || fragment != 0
}

/// The payload begins at `at` and had `length` bytes.
#[inline]
fn carry(at: usize, length: usize, packet: &mut Packet) {
    packet.payload = offset(at);
    packet.payload_original = length as u32;
}

#[cfg(test)]
mod tests;
