//! Classic pcap, little-endian, Ethernet link type.
//!
//! Times are in microseconds, which everything reads, unless the source has finer ones: then the magic is that of
//! nanoseconds (0xa1b23c4d), which tcpdump, tshark and libpcap read like the other.

use crate::frame::TimeUnit;
use crate::packet::Packet;
use crate::time::{Nanos, SECOND};

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const SNAPLEN: u32 = 262_144;
const ETHERNET: u32 = 1;
/// Destination and source that a packet without a link header gets.
const NO_MACS: [u8; 12] = [0; 12];
/// EtherType of what is neither IPv4 nor IPv6: IANA's reserved one.
const RESERVED: [u8; 2] = [0xff, 0xff];

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
/// A packet that begins with its network header gets a link header with zero MAC addresses, so that the link type holds.
pub fn record(out: &mut Vec<u8>, unit: TimeUnit, packet: &Packet, bytes: &[u8]) {
    let made_up = bytes.first().filter(|_| packet.l3 == 0).map(|byte| match byte >> 4 {
        4 => [0x08, 0x00],
        6 => [0x86, 0xdd],
        _ => RESERVED,
    });
    let link = if made_up.is_some() { 14 } else { 0 };
    let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX).saturating_add(link);
    let original = packet.original.saturating_add(link).max(captured);
    row(out, unit, packet.time, captured, original);
    if let Some(ethertype) = made_up {
        out.extend_from_slice(&NO_MACS);
        out.extend_from_slice(&ethertype);
    }
    out.extend_from_slice(bytes);
}

/// Bytes of a record's header.
pub const ROW: usize = 16;

/// Append a record's header.
pub fn row(out: &mut Vec<u8>, unit: TimeUnit, time: Nanos, captured: u32, original: u32) {
    let (seconds, nanos) = split(time);
    let fraction = if unit == TimeUnit::Nanos { nanos } else { nanos / 1000 };
    let words = [seconds, fraction, captured, original].map(u32::to_le_bytes);
    out.extend_from_slice(words.as_flattened());
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
    fn times_that_the_format_has_not() {
        assert_eq!(split(-1), (0, 0));
        assert_eq!(split(i64::MAX), (u32::MAX, 0));
    }
}
