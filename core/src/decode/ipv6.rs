//! IPv6 and its extension headers.

use super::{MAX_DATAGRAM, malformed, missing, set_length, upper};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, LenSource, Packet, Stop};
use crate::wire::ipv6::{self, Extension, Ipv6, next, option};

/// A jumbogram beyond this is bogus: no interface has such an MTU, and the numbers that follow from it stay small.
const MAX_JUMBOGRAM: usize = 1 << 24;

#[inline]
pub(super) fn ipv6(bytes: &[u8], at: usize, packet: &mut Packet) {
    let Some((ip, rest)) = Ipv6::parse(bytes) else { return missing(at + ipv6::LEN, Anomaly::Ipv6TooShort, packet) };
    if ip.version() != 6 {
        return malformed(packet, Anomaly::Ipv6Version);
    }
    (packet.ip, packet.layer) = (6, Layer::Ipv6);
    (packet.src, packet.dst) = (ip.src(), ip.dst());
    (packet.proto, packet.ttl) = (ip.next_header(), ip.hop_limit());
    let (payload, source) = match usize::from(ip.payload_length()) {
        0 if packet.proto == next::HOP_BY_HOP => jumbogram(rest),
        payload => (payload, LenSource::Ipv6PayloadLength),
    };
    let length = ipv6::LEN + payload;
    set_length(at, length, source, packet);
    let bytes = bytes.get(..length).unwrap_or(bytes);
    if Extension::is(packet.proto) {
        return extensions(bytes, at, length, packet);
    }
    match bytes.get(ipv6::LEN..) {
        Some(rest) => upper(rest, at + ipv6::LEN, payload, 0, packet),
        None => packet.stop = Stop::Truncated,
    }
}

/// The length that stands in the first extension header, because it does not fit the fixed one's field (RFC 2675).
#[cold]
fn jumbogram(rest: &[u8]) -> (usize, LenSource) {
    let length = Extension::parse(next::HOP_BY_HOP, rest).and_then(|extension| extension.jumbo_length());
    match length.map(|length| length as usize) {
        Some(length) if length > MAX_DATAGRAM as usize && length <= MAX_JUMBOGRAM => (length, LenSource::Ipv6Jumbogram),
        _ => (0, LenSource::Ipv6PayloadLength),
    }
}

/// What was met among the extension headers.
#[derive(Default)]
struct Met {
    /// How often each kind was: destination options may stand twice (RFC 8200, section 4.1).
    counts: [u8; KINDS.len()],
    /// The offset of a later fragment, else 0.
    fragment: u32,
}

/// Kinds that a packet has once at most, how often it may have them, and what is said of more.
const KINDS: [(u8, u8, Anomaly); 5] = [
    (next::HOP_BY_HOP, 1, Anomaly::Ipv6HopByHopTwice),
    (next::ROUTING, 1, Anomaly::Ipv6RoutingTwice),
    (next::FRAGMENT, 1, Anomaly::Ipv6FragmentTwice),
    (next::DESTINATION, 2, Anomaly::Ipv6DestinationThrice),
    (next::AUTHENTICATION, 1, Anomaly::AhTwice),
];

/// Follow the extension headers to the upper layer. `bytes` begin at the fixed header; `length` is the packet's own.
#[cold]
#[inline(never)]
fn extensions(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    let (mut position, mut met) = (ipv6::LEN, Met::default());
    for followed in 0.. {
        if !Extension::is(packet.proto) || met.fragment != 0 {
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
        position += extension.len;
        met.extension(&extension, length - position, packet);
        packet.proto = extension.next;
    }
    match bytes.get(position..) {
        Some(rest) => upper(rest, at + position, length - position, met.fragment, packet),
        None => packet.stop = Stop::Truncated,
    }
}

impl Met {
    /// Judge one extension header, which `left` bytes of the packet follow.
    fn extension(&mut self, extension: &Extension<'_>, left: usize, packet: &mut Packet) {
        self.count(extension.kind, packet);
        match extension.kind {
            next::HOP_BY_HOP | next::DESTINATION => options(extension, packet),
            next::ROUTING => routing(extension, packet),
            next::FRAGMENT => self.fragment(extension, left, packet),
            next::AUTHENTICATION if extension.reserved() != 0 => packet.anomalies.add(Anomaly::Ipv6AhReserved),
            _ => {}
        }
    }

    fn count(&mut self, kind: u8, packet: &mut Packet) {
        for (count, (known, most, anomaly)) in self.counts.iter_mut().zip(KINDS) {
            if known == kind {
                *count += 1;
                if *count > most {
                    packet.anomalies.add(anomaly);
                }
            }
        }
    }

    fn fragment(&mut self, extension: &Extension<'_>, left: usize, packet: &mut Packet) {
        let Some((offset, more)) = extension.fragment() else { return };
        packet.fragment |= more || offset != 0;
        self.fragment = offset;
        if offset == 0 && !more {
            packet.anomalies.add(Anomaly::Ipv6FragmentUseless);
        }
        if extension.bytes.get(1).is_some_and(|reserved| *reserved != 0) {
            packet.anomalies.add(Anomaly::Ipv6FragmentReserved);
        }
        if packet.length_source == LenSource::Ipv6Jumbogram {
            packet.anomalies.add(Anomaly::Ipv6Jumbogram);
        } else if offset + left as u32 > MAX_DATAGRAM {
            packet.anomalies.add(Anomaly::Ipv6FragmentTooLarge);
        }
    }
}

fn routing(extension: &Extension<'_>, packet: &mut Packet) {
    if extension.is_routing_type_0() {
        packet.anomalies.add(Anomaly::Ipv6RoutingType0);
    }
    if extension.is_bad_segment_routing() {
        packet.anomalies.add(Anomaly::Ipv6SegmentRouting);
    }
}

/// Judge the options of a hop-by-hop or destination options header.
fn options(extension: &Extension<'_>, packet: &mut Packet) {
    let hop_by_hop = extension.kind == next::HOP_BY_HOP;
    let mut only_padding = extension.bytes.len() == extension.len;
    for item in extension.options() {
        let Some((kind, data)) = item else {
            // Where the capture ends in the header, so does what can be said of it.
            if extension.bytes.len() == extension.len {
                packet.anomalies.add(Anomaly::Ipv6OptionLength);
            }
            return;
        };
        only_padding &= matches!(kind, option::PAD1 | option::PADN);
        let wrong = match kind {
            option::PAD1 => continue,
            option::PADN if data.is_empty() => Some(Anomaly::Ipv6PadZero),
            option::PADN => None,
            option::ROUTER_ALERT => (data.len() != 2).then_some(Anomaly::Ipv6OptionLength),
            option::JUMBO if data.len() != 4 => Some(Anomaly::Ipv6OptionLength),
            option::JUMBO => (packet.length_source != LenSource::Ipv6Jumbogram).then_some(Anomaly::Ipv6Jumbogram),
            option::HOME_ADDRESS => (data.len() != 16).then_some(Anomaly::Ipv6OptionLength),
            _ if hop_by_hop => Some(Anomaly::Ipv6HopByHopOption),
            _ => Some(Anomaly::Ipv6DestinationOption),
        };
        if let Some(wrong) = wrong {
            packet.anomalies.add(wrong);
        }
    }
    if only_padding {
        packet.anomalies.add(if hop_by_hop { Anomaly::Ipv6HopByHopPadding } else { Anomaly::Ipv6DestinationPadding });
    }
}
