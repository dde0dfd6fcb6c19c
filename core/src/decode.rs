//! From a packet's bytes to its layers, as far as they go.
//!
//! Always partial: what was decoded stays, `stop` says why it ended. A header that the end of the bytes cuts is
//! `Truncated`; only a length field that leaves a header too little room makes it `Malformed`.

use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::link;
use crate::packet::{Layer, Layers, LenSource, MAX_VLANS, NONE, Packet, Stop, proto, tcp};
use crate::wire::arp::Arp;
use crate::wire::ethernet::ethertype;
use crate::wire::icmp::{self, Icmp};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Extension, Ipv6};
use crate::wire::options_well_formed;
use crate::wire::tcp::{self as wire_tcp, Tcp};
use crate::wire::udp::{self, Udp};

/// The largest IP datagram.
const MAX_DATAGRAM: u32 = 65_535;

/// Decode `bytes`, a packet as captured, into `packet`, which knows `start`, `captured` and `original` already.
#[inline]
pub fn decode(bytes: &[u8], link: Link, packet: &mut Packet) {
    let unknown = offset(bytes.len());
    (packet.l3, packet.l4, packet.payload) = (unknown, unknown, unknown);
    match link {
        Link::Ip | Link::UdpPayload => raw_ip(bytes, packet),
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

fn raw_ip(bytes: &[u8], packet: &mut Packet) {
    packet.l3 = 0;
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
    if packet.wrap == NONE { packet.original.max(packet.captured) as usize } else { usize::MAX }
}

fn network(bytes: &[u8], at: usize, packet: &mut Packet) {
    match packet.ethertype {
        ethertype::IPV4 => ipv4(bytes, at, packet),
        ethertype::IPV6 => ipv6(bytes, at, packet),
        _ => arp(bytes, packet),
    }
}

fn arp(bytes: &[u8], packet: &mut Packet) {
    match Arp::parse(bytes) {
        None => packet.stop = Stop::Truncated,
        Some((message, _)) => {
            packet.layer = Layer::Arp;
            if !message.is_ethernet_ipv4() {
                malformed(packet, Anomaly::ArpMalformed);
            }
        }
    }
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

#[inline]
fn ipv4(bytes: &[u8], at: usize, packet: &mut Packet) {
    let Some((ip, _)) = Ipv4::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    if ip.version() != 4 {
        return malformed(packet, Anomaly::Ipv4Version);
    }
    (packet.ip, packet.layer) = (4, Layer::Ipv4);
    (packet.src, packet.dst) = (ip.src(), ip.dst());
    (packet.proto, packet.ttl) = (ip.protocol(), ip.ttl());
    let header = ip.header_len();
    if header < ipv4::LEN {
        return malformed(packet, Anomaly::Ipv4HeaderLength);
    }
    let (length, source) = match usize::from(ip.total_length()) {
        0 => {
            packet.anomalies.add(Anomaly::Ipv4LengthZero);
            ((packet.original as usize).saturating_sub(at), LenSource::Frame)
        }
        length => (length, LenSource::Ipv4TotalLength),
    };
    if length < header {
        return malformed(packet, Anomaly::Ipv4TotalLength);
    }
    set_length(at, length, source, packet);
    let bytes = bytes.get(..length).unwrap_or(bytes);
    let Some(rest) = bytes.get(header..) else {
        packet.stop = Stop::Truncated;
        return;
    };
    if header > ipv4::LEN && !options_well_formed(bytes.get(ipv4::LEN..header).unwrap_or_default()) {
        packet.anomalies.add(Anomaly::Ipv4Options);
    }
    if ip.reserved_flag() {
        packet.anomalies.add(Anomaly::Ipv4ReservedFlag);
    }
    let (fragment, more) = (ip.fragment_offset(), ip.more_fragments());
    packet.fragment = more || fragment != 0;
    if packet.fragment && fragment + length as u32 > MAX_DATAGRAM {
        packet.anomalies.add(Anomaly::Ipv4FragmentTooLarge);
    }
    upper(rest, at + header, length - header, fragment, packet);
}

fn ipv6(bytes: &[u8], at: usize, packet: &mut Packet) {
    let Some((ip, _)) = Ipv6::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    if ip.version() != 6 {
        return malformed(packet, Anomaly::Ipv6Version);
    }
    (packet.ip, packet.layer) = (6, Layer::Ipv6);
    (packet.src, packet.dst) = (ip.src(), ip.dst());
    (packet.proto, packet.ttl) = (ip.next_header(), ip.hop_limit());
    let length = ipv6::LEN + usize::from(ip.payload_length());
    set_length(at, length, LenSource::Ipv6PayloadLength, packet);
    extensions(bytes.get(..length).unwrap_or(bytes), at, length, packet);
}

/// Follow the extension headers to the upper layer. `bytes` begin at the fixed header; `length` is the packet's own.
fn extensions(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    let (mut position, mut fragment) = (ipv6::LEN, 0);
    for followed in 0.. {
        if !Extension::is(packet.proto) || fragment != 0 {
            break;
        }
        if followed == ipv6::MAX_EXTENSIONS {
            packet.anomalies.add(Anomaly::Ipv6ExtensionsTooMany);
            packet.stop = Stop::Unknown;
            return;
        }
        let extension = bytes.get(position..).and_then(|b| Extension::parse(packet.proto, b));
        if position + extension.map_or(8, |e| e.len) > length {
            return malformed(packet, Anomaly::Ipv6Extension);
        }
        let Some(extension) = extension else {
            packet.stop = Stop::Truncated;
            return;
        };
        if extension.is_routing_type_0() {
            packet.anomalies.add(Anomaly::Ipv6RoutingType0);
        }
        position += extension.len;
        if let Some((offset, more)) = extension.fragment() {
            packet.fragment |= more || offset != 0;
            fragment = offset;
            if offset + (length - position) as u32 > MAX_DATAGRAM {
                packet.anomalies.add(Anomaly::Ipv6FragmentTooLarge);
            }
        }
        packet.proto = extension.next;
    }
    match bytes.get(position..) {
        Some(rest) => upper(rest, at + position, length - position, fragment, packet),
        None => packet.stop = Stop::Truncated,
    }
}

/// What IP carries: `bytes` are there, `length` were sent; `fragment` is the offset of a later fragment, else 0.
#[inline]
fn upper(bytes: &[u8], at: usize, length: usize, fragment: u32, packet: &mut Packet) {
    packet.l4 = offset(at);
    if fragment != 0 {
        packet.stop = Stop::Fragment;
        return carry(at, length, packet);
    }
    match packet.proto {
        proto::TCP => tcp_segment(bytes, at, length, packet),
        proto::UDP => udp_datagram(bytes, at, length, packet),
        proto::ICMP if packet.ip == 4 => icmp_message(bytes, at, length, Layer::Icmp, packet),
        proto::ICMPV6 if packet.ip == 6 => icmp_message(bytes, at, length, Layer::Icmpv6, packet),
        _ => {
            packet.layer = Layer::Other;
            packet.stop = Stop::Unknown;
            carry(at, length, packet);
        }
    }
}

/// The payload begins at `at` and had `length` bytes.
#[inline]
fn carry(at: usize, length: usize, packet: &mut Packet) {
    packet.payload = offset(at);
    packet.payload_original = length as u32;
}

#[inline]
fn tcp_segment(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < wire_tcp::LEN {
        return malformed(packet, Anomaly::TcpTooShort);
    }
    let Some((head, _)) = Tcp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = Layer::Tcp;
    (packet.sport, packet.dport) = (head.sport(), head.dport());
    (packet.seq, packet.ack) = (head.seq(), head.ack());
    (packet.tcp_flags, packet.window) = (head.flags(), head.window());
    if has_odd_flags(head.flags()) {
        packet.anomalies.add(Anomaly::TcpFlags);
    }
    let header = head.header_len();
    if header < wire_tcp::LEN || header > length {
        return malformed(packet, Anomaly::TcpHeaderLength);
    }
    packet.payload_original = (length - header) as u32;
    if bytes.len() < header {
        packet.stop = Stop::Truncated;
        return;
    }
    if header > wire_tcp::LEN && !options_well_formed(bytes.get(wire_tcp::LEN..header).unwrap_or_default()) {
        packet.anomalies.add(Anomaly::TcpOptions);
    }
    packet.payload = offset(at + header);
}

/// Flags that no stack sends together.
#[inline]
fn has_odd_flags(flags: u8) -> bool {
    let flags = flags & 0x3f;
    flags == 0
        || flags & tcp::SYN != 0 && flags & (tcp::FIN | tcp::RST) != 0
        || flags & (tcp::FIN | tcp::ACK) == tcp::FIN
}

#[inline]
fn udp_datagram(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < udp::LEN {
        return malformed(packet, Anomaly::UdpTooShort);
    }
    let Some((head, _)) = Udp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = Layer::Udp;
    (packet.sport, packet.dport) = (head.sport(), head.dport());
    let own = usize::from(head.length());
    if own < udp::LEN {
        return malformed(packet, Anomaly::UdpLength);
    }
    // A first fragment's UDP length is the whole datagram's.
    if !packet.fragment && own > length {
        packet.anomalies.add(Anomaly::UdpLengthTooLong);
    } else if !packet.fragment && own < length {
        packet.anomalies.add(Anomaly::UdpLengthTooShort);
    }
    carry(at + udp::LEN, own.min(length) - udp::LEN, packet);
}

fn icmp_message(bytes: &[u8], at: usize, length: usize, layer: Layer, packet: &mut Packet) {
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
    if bytes.len() < header {
        packet.stop = Stop::Truncated;
        return;
    }
    packet.payload = offset(at + header);
}
