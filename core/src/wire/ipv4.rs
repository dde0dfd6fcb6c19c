//! IPv4 (RFC 791, section 3.1).

use super::be16;
use crate::frame::Addr;

/// Bytes of the fixed header.
pub const LEN: usize = 20;

/// The fixed header.
#[derive(Clone, Copy)]
pub struct Ipv4<'a>(&'a [u8; LEN]);

impl<'a> Ipv4<'a> {
    /// The header and what follows it, options included.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// 4 on every IPv4 packet.
    #[inline]
    pub fn version(&self) -> u8 {
        self.0[0] >> 4
    }

    /// Bytes of the header with options, as it says.
    #[inline]
    pub fn header_len(&self) -> usize {
        usize::from(self.0[0] & 15) * 4
    }

    /// The type of service, or DSCP and ECN (RFC 2474, RFC 3168).
    #[inline]
    pub fn type_of_service(&self) -> u8 {
        self.0[1]
    }

    /// Bytes of the packet, as it says.
    #[inline]
    pub fn total_length(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// What the fragments of one datagram have in common.
    #[inline]
    pub fn identification(&self) -> u16 {
        be16!(self.0, 4)
    }

    /// The flag that must be 0.
    #[inline]
    pub fn reserved_flag(&self) -> bool {
        self.0[6] & 0x80 != 0
    }

    /// More fragments follow.
    #[inline]
    pub fn more_fragments(&self) -> bool {
        self.0[6] & 0x20 != 0
    }

    /// Where this fragment belongs, in bytes.
    #[inline]
    pub fn fragment_offset(&self) -> u32 {
        u32::from(be16!(self.0, 6) & 0x1fff) * 8
    }

    /// Time to live.
    #[inline]
    pub fn ttl(&self) -> u8 {
        self.0[8]
    }

    /// Upper-layer protocol.
    #[inline]
    pub fn protocol(&self) -> u8 {
        self.0[9]
    }

    /// Source address.
    #[inline]
    pub fn src(&self) -> Addr {
        Addr::v4([self.0[12], self.0[13], self.0[14], self.0[15]])
    }

    /// Destination address.
    #[inline]
    pub fn dst(&self) -> Addr {
        Addr::v4([self.0[16], self.0[17], self.0[18], self.0[19]])
    }
}

/// Where the total length stands in the header.
pub const TOTAL_LENGTH: usize = 2;
/// Where the flags and the fragment's offset stand in the header.
pub const FRAGMENT: usize = 6;
/// Where the checksum stands in the header.
pub const CHECKSUM: usize = 10;

/// Types of options (IANA's registry "IP Option Numbers").
pub mod option {
    #![allow(missing_docs)]
    pub const END: u8 = 0;
    pub const NOP: u8 = 1;
    pub const RECORD_ROUTE: u8 = 7;
    pub const QUICK_START: u8 = 25;
    pub const TIMESTAMP: u8 = 68;
    pub const SECURITY: u8 = 130;
    pub const LOOSE_ROUTE: u8 = 131;
    pub const EXTENDED_SECURITY: u8 = 133;
    pub const COMMERCIAL_SECURITY: u8 = 134;
    pub const STREAM_ID: u8 = 136;
    pub const STRICT_ROUTE: u8 = 137;
    pub const ROUTER_ALERT: u8 = 148;
}
