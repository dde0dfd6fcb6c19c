//! TCP and UDP.

use super::{carry, malformed, offset};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, LenSource, Packet, Stop, tcp};
use crate::wire::tcp::{self as wire, Tcp, option};
use crate::wire::udp::{self, Udp};

#[inline]
pub(super) fn tcp_segment(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < wire::LEN {
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
    if header > length {
        return malformed(packet, Anomaly::TcpHeaderLength);
    }
    if header < wire::LEN {
        return malformed(packet, Anomaly::TcpDataOffset);
    }
    packet.payload_original = (length - header) as u32;
    if bytes.len() < header {
        packet.stop = Stop::Truncated;
        return;
    }
    if header > wire::LEN {
        tcp_options(bytes.get(wire::LEN..header).unwrap_or_default(), packet);
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

/// Nearly all segments have a timestamp and nothing else, laid out as RFC 7323, appendix A recommends.
#[inline]
fn tcp_options(options: &[u8], packet: &mut Packet) {
    if !(options.len() == 12 && options.starts_with(&[option::NOP, option::NOP, option::TIMESTAMPS, 10])) {
        other_tcp_options(options, packet);
    }
}

fn other_tcp_options(mut options: &[u8], packet: &mut Packet) {
    let mut seen = 0u32;
    loop {
        let (kind, length) = match options {
            [] | [option::END, ..] => return,
            [option::NOP, rest @ ..] => {
                options = rest;
                continue;
            }
            [kind, length, ..] => (*kind, usize::from(*length)),
            _ => return packet.anomalies.add(Anomaly::TcpOptions),
        };
        let Some(rest) = options.get(length..).filter(|_| length >= 2) else {
            return packet.anomalies.add(Anomaly::TcpOptions);
        };
        if !option::has_length(kind, length) {
            packet.anomalies.add(Anomaly::TcpOptions);
        }
        let bit = 1u32.checked_shl(u32::from(kind)).unwrap_or(0) & option::ONCE;
        if seen & bit != 0 {
            packet.anomalies.add(Anomaly::TcpOptionTwice);
        }
        seen |= bit;
        options = rest;
    }
}

#[inline]
pub(super) fn udp_datagram(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < udp::LEN {
        return malformed(packet, Anomaly::UdpTooShort);
    }
    let Some((head, _)) = Udp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = Layer::Udp;
    (packet.sport, packet.dport) = (head.sport(), head.dport());
    let own = match usize::from(head.length()) {
        // The length does not fit the field (RFC 2675, section 4).
        0 if packet.length_source == LenSource::Ipv6Jumbogram => length,
        own => own,
    };
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
