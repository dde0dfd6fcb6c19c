//! pcapng (draft-ietf-opsawg-pcapng), little-endian: blocks as bytes.
//!
//! Times are in nanoseconds, packets keep the link type that they have.

use crate::frame::Link;
use crate::time::Nanos;
use crate::wire::ethernet::is_ip;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// A section whose length is not known beforehand.
const UNKNOWN_LENGTH: u64 = u64::MAX;
/// The application that wrote the file.
const APPLICATION: &str = concat!("tmrx ", env!("CARGO_PKG_VERSION"));

const COMMENT: u16 = 1;
const END: u16 = 0;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
const ISB_IFRECV: u16 = 4;
/// 10 to the power of minus this is the unit of times.
const NANOSECONDS: u8 = 9;

/// The link type of Ethernet.
pub const ETHERNET: u16 = 1;
const RAW_IP: u16 = 101;

/// Interfaces that a section may have; readers, tmrx among them, refuse more.
pub const MAX_INTERFACES: usize = 1 << 16;

/// What an Interface Description Block says; an empty text is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// How its packets begin, by number.
    pub link_type: u16,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What its owner says of it.
    pub comment: String,
}

/// One packet of an Enhanced Packet Block.
#[derive(Debug, Clone, Copy)]
pub struct Captured<'a> {
    /// The number of its interface in the section.
    pub interface: u32,
    /// Its time; those before 1970 go to 1970.
    pub time: Nanos,
    /// Bytes that it had; never below those there are.
    pub original: u32,
    /// The bytes that are there.
    pub bytes: &'a [u8],
    /// A comment, or nothing.
    pub comment: &'a [u8],
}

/// Append a Section Header Block.
pub fn section(out: &mut Vec<u8>) {
    block(out, SECTION, |out| {
        word(out, BYTE_ORDER);
        out.extend_from_slice(&[1, 0, 0, 0]);
        out.extend_from_slice(&UNKNOWN_LENGTH.to_le_bytes());
        option(out, SHB_USERAPPL, APPLICATION.as_bytes());
        option(out, END, &[]);
    });
}

/// Append an Interface Description Block.
pub fn interface(out: &mut Vec<u8>, interface: &Interface) {
    block(out, INTERFACE, |out| {
        out.extend_from_slice(&interface.link_type.to_le_bytes());
        // Two reserved bytes, and no limit to the bytes of a packet.
        out.extend_from_slice(&[0; 6]);
        let texts =
            [(IF_NAME, &interface.name), (IF_DESCRIPTION, &interface.description), (COMMENT, &interface.comment)];
        for (code, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            option(out, code, text.as_bytes());
        }
        option(out, IF_TSRESOL, &[NANOSECONDS]);
        option(out, END, &[]);
    });
}

/// Append an Enhanced Packet Block.
#[inline]
pub fn packet(out: &mut Vec<u8>, packet: &Captured<'_>) {
    block(out, ENHANCED_PACKET, |out| {
        let captured = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        word(out, packet.interface);
        time(out, packet.time);
        word(out, captured);
        word(out, packet.original.max(captured));
        out.extend_from_slice(packet.bytes);
        pad(out, packet.bytes.len());
        if !packet.comment.is_empty() {
            option(out, COMMENT, packet.comment);
            option(out, END, &[]);
        }
    });
}

/// Append an Interface Statistics Block: how many packets the interface received until then.
pub fn statistics(out: &mut Vec<u8>, interface: u32, until: Nanos, received: u64) {
    block(out, INTERFACE_STATISTICS, |out| {
        word(out, interface);
        time(out, until);
        option(out, ISB_IFRECV, &received.to_le_bytes());
        option(out, END, &[]);
    });
}

/// The number of a link type (the registry of draft-ietf-opsawg-pcaplinktype).
#[inline]
pub fn link_type(link: Link) -> u16 {
    match link {
        Link::Ip | Link::Ipv4 | Link::Ipv6 | Link::UdpPayload => RAW_IP,
        Link::Type(ethertype) if is_ip(ethertype) => RAW_IP,
        // What stands behind no link header but has an EtherType gets an Ethernet header made up.
        Link::Ethernet | Link::Type(_) => ETHERNET,
        Link::Null => 0,
        Link::Sll => 113,
        Link::Sll2 => 276,
        Link::Ppp => 9,
        Link::Chdlc => 104,
        Link::Wifi => 105,
        Link::Radiotap => 127,
    }
}

/// A block of a type: its length stands in front of its body and behind it.
#[inline]
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    word(out, kind);
    word(out, 0);
    body(out);
    let length = ((out.len() - start + 4) as u32).to_le_bytes();
    out.extend_from_slice(&length);
    if let Some(first) = out.get_mut(start + 4..start + 8) {
        first.copy_from_slice(&length);
    }
}

/// An option, to 65,535 bytes of its value.
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value.get(..usize::from(length)).unwrap_or(value));
    pad(out, usize::from(length));
}

/// The upper half stands first, in either byte order.
#[inline]
fn time(out: &mut Vec<u8>, time: Nanos) {
    let time = u64::try_from(time).unwrap_or_default();
    word(out, (time >> 32) as u32);
    word(out, time as u32);
}

#[inline]
fn word(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_le_bytes());
}

/// Fill up to a multiple of four bytes what has this many.
#[inline]
fn pad(out: &mut Vec<u8>, length: usize) {
    out.resize(out.len() + length.next_multiple_of(4) - length, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block's body, once its lengths were found right.
    fn body(bytes: &[u8], kind: u32) -> &[u8] {
        let length = (bytes.len() as u32).to_le_bytes();
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(bytes[..4], kind.to_le_bytes());
        assert_eq!(bytes[4..8], length);
        assert_eq!(bytes[bytes.len() - 4..], length);
        &bytes[8..bytes.len() - 4]
    }

    #[test]
    fn a_section_names_who_wrote_it() {
        let mut out = Vec::new();
        section(&mut out);
        let body = body(&out, SECTION);
        assert_eq!(body[..16], *b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
        assert_eq!(body[16..25], *b"\x04\0\x0a\0tmrx ");
    }

    #[test]
    fn an_interface() {
        let mut out = Vec::new();
        let raw = Interface { link_type: RAW_IP, name: "web".into(), description: String::new(), comment: "x".into() };
        interface(&mut out, &raw);
        assert_eq!(
            body(&out, INTERFACE),
            b"\x65\0\0\0\0\0\0\0\x02\0\x03\0web\0\x01\0\x01\0x\0\0\0\x09\0\x01\0\x09\0\0\0\0\0\0\0"
        );
    }

    #[test]
    fn a_packet_with_a_comment() {
        let mut out = Vec::new();
        let captured =
            Captured { interface: 2, time: 0x0102_0304_0506_0708, original: 3, bytes: b"12345", comment: b"why" };
        packet(&mut out, &captured);
        assert_eq!(
            body(&out, ENHANCED_PACKET),
            b"\x02\0\0\0\x04\x03\x02\x01\x08\x07\x06\x05\x05\0\0\0\x05\0\0\x0012345\0\0\0\x01\0\x03\0why\0\0\0\0\0"
        );
        out.clear();
        packet(&mut out, &Captured { time: -1, original: 9, comment: b"", ..captured });
        assert_eq!(body(&out, ENHANCED_PACKET), b"\x02\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\x09\0\0\x0012345\0\0\0");
    }

    #[test]
    fn statistics_of_an_interface() {
        let mut out = Vec::new();
        statistics(&mut out, 1, 5, 7);
        assert_eq!(
            body(&out, INTERFACE_STATISTICS),
            b"\x01\0\0\0\0\0\0\0\x05\0\0\0\x04\0\x08\0\x07\0\0\0\0\0\0\0\0\0\0\0"
        );
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        let mut out = Vec::new();
        option(&mut out, COMMENT, &[b'a'; 70_000]);
        assert_eq!(out.len(), 4 + 65_536);
        assert_eq!(out[2..4], [0xff, 0xff]);
    }
}
