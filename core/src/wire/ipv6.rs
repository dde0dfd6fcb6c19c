//! IPv6 (RFC 8200) and its extension headers.

use super::be16;
use crate::frame::Addr;

/// Bytes of the fixed header.
pub const LEN: usize = 40;
/// Where the payload length stands in the header.
pub const PAYLOAD_LENGTH: usize = 4;
/// Where the next header's number stands in the header; an extension header begins with it.
pub const NEXT_HEADER: usize = 6;
/// How many extension headers are followed; RFC 8200, section 4.1 knows seven positions.
pub const MAX_EXTENSIONS: usize = 8;

/// The fixed header.
#[derive(Clone, Copy)]
pub struct Ipv6<'a>(&'a [u8; LEN]);

impl<'a> Ipv6<'a> {
    /// The header and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// 6 on every IPv6 packet.
    #[inline]
    pub fn version(&self) -> u8 {
        self.0[0] >> 4
    }

    /// The traffic class.
    #[inline]
    pub fn traffic_class(&self) -> u8 {
        (be16!(self.0, 0) >> 4) as u8
    }

    /// The flow label (RFC 6437).
    #[inline]
    pub fn flow_label(&self) -> u32 {
        u32::from(self.0[1] & 0x0f) << 16 | u32::from(be16!(self.0, 2))
    }

    /// Bytes after the fixed header, as it says.
    #[inline]
    pub fn payload_length(&self) -> u16 {
        be16!(self.0, 4)
    }

    /// What follows the fixed header.
    #[inline]
    pub fn next_header(&self) -> u8 {
        self.0[6]
    }

    /// Hop limit.
    #[inline]
    pub fn hop_limit(&self) -> u8 {
        self.0[7]
    }

    /// Source address.
    #[inline]
    pub fn src(&self) -> Addr {
        addr(self.0, 8)
    }

    /// Destination address.
    #[inline]
    pub fn dst(&self) -> Addr {
        addr(self.0, 24)
    }
}

/// Sixteen bytes as an address; zero where they are not there.
#[inline]
fn addr(bytes: &[u8], at: usize) -> Addr {
    Addr(bytes.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or_default())
}

/// Next header values of extension headers.
pub mod next {
    #![allow(missing_docs)]
    pub const HOP_BY_HOP: u8 = 0;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const AUTHENTICATION: u8 = 51;
    pub const NONE: u8 = 59;
    pub const DESTINATION: u8 = 60;
    pub const MOBILITY: u8 = 135;
    pub const HIP: u8 = 139;
    pub const SHIM6: u8 = 140;
}

/// Types of the options in hop-by-hop and destination options headers (IANA's registry "Destination Options and
/// Hop-by-Hop Options").
pub mod option {
    #![allow(missing_docs)]
    pub const PAD1: u8 = 0;
    pub const PADN: u8 = 1;
    pub const ROUTER_ALERT: u8 = 0x05;
    pub const JUMBO: u8 = 0xc2;
    pub const HOME_ADDRESS: u8 = 0xc9;
}

/// An extension header.
#[derive(Clone, Copy)]
pub struct Extension<'a> {
    /// Which one it is.
    pub kind: u8,
    /// What follows it.
    pub next: u8,
    /// Its bytes, as many as are there.
    pub bytes: &'a [u8],
    /// Bytes that it says it has.
    pub len: usize,
}

impl<'a> Extension<'a> {
    /// Bytes of the shortest authentication header (RFC 4302, section 2).
    pub const AUTHENTICATION_LEN: usize = 12;

    /// Whether this next-header value is an extension header with a known length.
    #[inline]
    pub fn is(kind: u8) -> bool {
        use next::*;
        matches!(kind, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY | HIP | SHIM6)
    }

    /// The extension header at the start of `bytes`; `None` where its first eight bytes are not all there.
    pub fn parse(kind: u8, bytes: &'a [u8]) -> Option<Self> {
        let head: &[u8; 8] = bytes.first_chunk()?;
        let len = match kind {
            next::FRAGMENT => 8,
            next::AUTHENTICATION => (usize::from(head[1]) + 2) * 4,
            _ => (usize::from(head[1]) + 1) * 8,
        };
        Some(Self { kind, next: head[0], bytes: bytes.get(..len).unwrap_or(bytes), len })
    }

    /// Whether this is a routing header of type 0 (RFC 5095).
    pub fn is_routing_type_0(&self) -> bool {
        self.kind == next::ROUTING && self.bytes.get(2) == Some(&0)
    }

    /// A fragment header's offset in bytes and its more flag.
    pub fn fragment(&self) -> Option<(u32, bool)> {
        let head: &[u8; 4] = self.bytes.first_chunk()?;
        (self.kind == next::FRAGMENT).then(|| (u32::from(be16!(head, 2) & 0xfff8), head[3] & 1 != 0))
    }

    /// What the fragments of one datagram have in common, of a fragment header.
    pub fn identification(&self) -> Option<u32> {
        self.bytes.get(4..).and_then(|bytes| bytes.first_chunk()).map(|id| u32::from_be_bytes(*id))
    }

    /// The final destination that a routing header names while segments are left (RFC 8200, section 8.1).
    ///
    /// The list is in travelling order, but for segment routing, where it is reversed (RFC 8754, section 2).
    pub fn final_destination(&self) -> Option<Addr> {
        let head: &[u8; 8] = self.bytes.first_chunk()?;
        if self.kind != next::ROUTING || head[3] == 0 || self.bytes.len() < self.len || self.len < 24 {
            return None;
        }
        Some(addr(self.bytes, if head[2] == 4 { 8 } else { self.len - 16 }))
    }

    /// Whether a segment routing header contradicts itself (RFC 8754, section 4.3.1.1): its last entry lies beyond its
    /// end, or more segments are left than it has.
    pub fn is_bad_segment_routing(&self) -> bool {
        let [_, length, 4, left, last, ..] = *self.bytes else { return false };
        let room = u16::from(length / 2);
        self.kind == next::ROUTING && (u16::from(last) + 1 > room || u16::from(left) > u16::from(last) + 1)
    }

    /// An authentication header's reserved field (RFC 4302, section 2.3).
    pub fn reserved(&self) -> u16 {
        self.bytes.first_chunk().map_or(0, |head: &[u8; 4]| be16!(head, 2))
    }

    /// The options of a hop-by-hop or destination options header with their data; `None` where one runs past the end.
    pub fn options(&self) -> impl Iterator<Item = Option<(u8, &'a [u8])>> + use<'a> {
        let mut rest = self.bytes.get(2..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (item, after) = match rest {
                [] => return None,
                [option::PAD1, after @ ..] => (Some((option::PAD1, after.get(..0).unwrap_or_default())), after),
                [kind, length, after @ ..] => match after.split_at_checked(usize::from(*length)) {
                    Some((data, after)) => (Some((*kind, data)), after),
                    None => (None, after.get(..0).unwrap_or_default()),
                },
                [_] => (None, rest.get(..0).unwrap_or_default()),
            };
            rest = after;
            Some(item)
        })
    }

    /// The jumbo payload option of a hop-by-hop header (RFC 2675, section 2).
    pub fn jumbo_length(&self) -> Option<u32> {
        let jumbo = self.options().map_while(|item| item).find(|(kind, _)| *kind == option::JUMBO)?;
        jumbo.1.try_into().ok().map(u32::from_be_bytes)
    }

    /// The home address option of a destination options header (RFC 6275, section 6.3).
    pub fn home_address(&self) -> Option<Addr> {
        let mut options = self.options().filter(|_| self.kind == next::DESTINATION).map_while(|item| item);
        let (_, address) = options.find(|(kind, data)| *kind == option::HOME_ADDRESS && data.len() == 16)?;
        address.try_into().ok().map(Addr)
    }
}
