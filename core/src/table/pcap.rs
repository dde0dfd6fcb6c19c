//! Classic pcap, little-endian, Ethernet link type.
//!
//! Times are in microseconds, which everything reads, unless the source has finer ones: then the magic is that of
//! nanoseconds (0xa1b23c4d), which tcpdump, tshark and libpcap read like the other.

use crate::frame::{Link, TimeUnit};
use crate::packet::Packet;
use crate::time::{Nanos, SECOND};
use crate::wire::ethernet::ethertype;

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const SNAPLEN: u32 = 262_144;
const ETHERNET: u32 = 1;
const ETHERNET_HEADER: usize = 14;
/// Destination and source that a packet without a link header gets.
const NO_MACS: [u8; 12] = [0; 12];
/// EtherType of what has none: IANA's reserved one.
const RESERVED: u16 = 0xffff;

/// Append the file's header.
pub fn header(out: &mut Vec<u8>, unit: TimeUnit) {
    let magic = if unit == TimeUnit::Nanos { MAGIC_NANOSECONDS } else { MAGIC_MICROSECONDS };
    out.extend_from_slice(&magic.to_le_bytes());
    out.extend_from_slice(&[2, 0, 4, 0]);
    for word in [0, 0, SNAPLEN, ETHERNET] {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

/// Append a packet: `bytes` are those that were captured (Ethernet padding may follow them), from the link header on.
///
/// A packet without an Ethernet header gets one with zero MAC addresses, in place of its own, so that the link type holds.
pub fn record(out: &mut Vec<u8>, unit: TimeUnit, packet: &Packet, bytes: &[u8]) {
    if packet.link != Link::Ethernet && !bytes.is_empty() {
        return made_up(out, unit, packet, bytes);
    }
    let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    row(out, unit, packet.time, captured, packet.original.max(captured));
    out.extend_from_slice(bytes);
}

#[cold]
#[inline(never)]
fn made_up(out: &mut Vec<u8>, unit: TimeUnit, packet: &Packet, bytes: &[u8]) {
    let mut frame = Vec::with_capacity(bytes.len() + ETHERNET_HEADER);
    let original = as_ethernet(&mut frame, packet, bytes);
    row(out, unit, packet.time, u32::try_from(frame.len()).unwrap_or(u32::MAX), original);
    out.extend_from_slice(&frame);
}

/// Append a packet's bytes behind an Ethernet header made up in place of its own; gives the length that it had so.
pub fn as_ethernet(out: &mut Vec<u8>, packet: &Packet, bytes: &[u8]) -> u32 {
    // A header that ended before the network's is kept whole, behind an EtherType that claims nothing.
    let network = bytes.get(usize::from(packet.l3)..).filter(|rest| !rest.is_empty()).unwrap_or(bytes);
    let version = match packet {
        Packet { ip: 0, ethertype: 0, l3: 0, .. } => network.first().map_or(0, |byte| byte >> 4),
        _ => packet.ip,
    };
    let ethertype = match (version, packet.ethertype) {
        (4, _) => ethertype::IPV4,
        (6, _) => ethertype::IPV6,
        (_, 0) => RESERVED,
        (_, other) => other,
    };
    let begin = out.len();
    out.extend_from_slice(&NO_MACS);
    out.extend_from_slice(&ethertype.to_be_bytes());
    out.extend_from_slice(network);
    let taken = (bytes.len() - network.len()) as u32;
    let captured = u32::try_from(out.len() - begin).unwrap_or(u32::MAX);
    packet.original.saturating_sub(taken).saturating_add(ETHERNET_HEADER as u32).max(captured)
}

/// Bytes of a record's header.
pub const ROW: usize = 16;

/// Append a record's header.
pub fn row(out: &mut Vec<u8>, unit: TimeUnit, time: Nanos, captured: u32, original: u32) {
    out.extend_from_slice(&row_of(unit, time, captured, original));
}

/// A record's header.
#[inline]
pub fn row_of(unit: TimeUnit, time: Nanos, captured: u32, original: u32) -> [u8; ROW] {
    let (seconds, nanos) = split(time);
    let fraction = if unit == TimeUnit::Nanos { nanos } else { nanos / 1000 };
    let words = [seconds, fraction, captured, original].map(u32::to_le_bytes);
    words.as_flattened().try_into().unwrap_or_default()
}

/// Seconds are unsigned in the file, from 1970 to 2106; other times go to the nearest.
fn split(time: Nanos) -> (u32, u32) {
    let time = time.clamp(0, i64::from(u32::MAX) * SECOND);
    ((time / SECOND) as u32, (time % SECOND) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::testing::{packet, raw_packet};

    #[test]
    fn header_bytes() {
        let mut out = Vec::new();
        header(&mut out, TimeUnit::Nanos);
        assert_eq!(out, b"\x4d\x3c\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0");
    }

    #[test]
    fn microseconds_unless_finer() {
        let mut out = Vec::new();
        header(&mut out, TimeUnit::Micros);
        assert!(out.starts_with(&0xa1b2_c3d4u32.to_le_bytes()));
        out.clear();
        row(&mut out, TimeUnit::Micros, 5 * SECOND + 123_456_789, 1, 1);
        assert_eq!(out.get(4..8), Some(123_456u32.to_le_bytes().as_slice()));
    }

    #[test]
    fn an_ethernet_packet_as_it_is() {
        let mut out = Vec::new();
        let mut packet = packet();
        packet.time = 1_464_332_171_304_062_999;
        packet.original = 1514;
        record(&mut out, TimeUnit::Nanos, &packet, b"0123456789abcdef");
        let head: Vec<u32> = out[..16].chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
        assert_eq!(head, [1_464_332_171, 304_062_999, 16, 1514]);
        assert_eq!(&out[16..], b"0123456789abcdef");
    }

    #[test]
    fn a_raw_packet_gets_a_link_header() {
        let mut out = Vec::new();
        let packet = raw_packet();
        record(&mut out, TimeUnit::Nanos, &packet, b"E...");
        assert_eq!(&out[8..16], [18, 0, 0, 0, 114, 0, 0, 0]);
        assert_eq!(&out[16..], b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\x00E...");
    }

    #[test]
    fn any_bytes_without_a_link_header_get_one() {
        for (bytes, ethertype) in [(&b"\x60.."[..], b"\x86\xdd"), (b"\x45..", b"\x08\x00"), (b"\x12..", b"\xff\xff")] {
            let mut out = Vec::new();
            record(&mut out, TimeUnit::Nanos, &Packet { ip: 0, ..raw_packet() }, bytes);
            assert_eq!((&out[28..30], &out[30..]), (&ethertype[..], bytes));
        }
    }

    #[test]
    fn a_made_up_header_replaces_the_packets_own() {
        let mut out = Vec::new();
        let packet = Packet { l3: 4, ip: 0, ethertype: 0x0806, original: 50, ..raw_packet() };
        record(&mut out, TimeUnit::Nanos, &packet, b"linkARP.");
        assert_eq!(&out[8..16], [18, 0, 0, 0, 60, 0, 0, 0]);
        assert_eq!(&out[28..], b"\x08\x06ARP.");
        out.clear();
        record(&mut out, TimeUnit::Nanos, &Packet { ethertype: 0, ..packet }, b"link");
        assert_eq!(&out[28..], b"\xff\xfflink");
    }

    #[test]
    fn times_that_the_format_has_not() {
        assert_eq!(split(-1), (0, 0));
        assert_eq!(split(i64::MAX), (u32::MAX, 0));
    }
}
