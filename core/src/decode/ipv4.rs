//! IPv4 and its options.

use super::{MAX_DATAGRAM, malformed, missing, set_length, upper};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, LenSource, Packet, Stop};
use crate::wire::ipv4::{self, Ipv4, option};

#[inline]
pub(super) fn ipv4(bytes: &[u8], at: usize, packet: &mut Packet) {
    let Some((ip, _)) = Ipv4::parse(bytes) else { return missing(at + ipv4::LEN, Anomaly::Ipv4TooShort, packet) };
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
    if header > ipv4::LEN {
        options(bytes.get(ipv4::LEN..header).unwrap_or_default(), packet);
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

#[cold]
#[inline(never)]
fn options(mut options: &[u8], packet: &mut Packet) {
    if !options.len().is_multiple_of(8) {
        packet.anomalies.add(Anomaly::Ipv4OptionPadding);
    }
    // A bit for each type.
    let mut seen = [0u64; 4];
    loop {
        let (kind, length) = match options {
            [] | [option::END, ..] => return,
            [option::NOP, rest @ ..] => {
                options = rest;
                continue;
            }
            [_] => return packet.anomalies.add(Anomaly::Ipv4OptionEnd),
            [kind, length, ..] => (*kind, usize::from(*length)),
        };
        let Some((whole, rest)) = options.split_at_checked(length).filter(|_| length >= 2) else {
            return packet.anomalies.add(Anomaly::Ipv4Options);
        };
        if let Some(anomaly) = fault(kind, whole) {
            packet.anomalies.add(anomaly);
        }
        let (Some(word), bit) = (seen.get_mut(usize::from(kind / 64)), 1 << (kind % 64)) else { return };
        if *word & bit != 0 {
            packet.anomalies.add(Anomaly::Ipv4OptionTwice);
        }
        *word |= bit;
        options = rest;
    }
}

/// What is wrong with an option, of at least its type and length.
fn fault(kind: u8, whole: &[u8]) -> Option<Anomaly> {
    let pointer = whole.get(2).copied().unwrap_or_default();
    match kind {
        option::RECORD_ROUTE | option::LOOSE_ROUTE | option::STRICT_ROUTE => match whole.len() {
            0..3 => Some(Anomaly::Ipv4Options),
            // The list of addresses begins behind three bytes, and the pointer counts from 1.
            length => (length % 4 != 3 || pointer < 4 || pointer % 4 != 0).then_some(Anomaly::Ipv4OptionMalformed),
        },
        option::TIMESTAMP => match whole.len() {
            0..4 => Some(Anomaly::Ipv4Options),
            _ => (pointer < 5).then_some(Anomaly::Ipv4OptionMalformed),
        },
        option::STREAM_ID | option::ROUTER_ALERT => (whole.len() != 4).then_some(Anomaly::Ipv4Options),
        option::QUICK_START => (whole.len() != 8).then_some(Anomaly::Ipv4Options),
        option::SECURITY | option::EXTENDED_SECURITY | option::COMMERCIAL_SECURITY => None,
        _ => Some(Anomaly::Ipv4OptionUnknown),
    }
}
