//! UDP (RFC 768).

use super::be16;

/// Bytes of the header.
pub const LEN: usize = 8;
/// Where the checksum stands in the header.
pub const CHECKSUM: usize = 6;

/// The header.
#[derive(Clone, Copy)]
pub struct Udp<'a>(&'a [u8; LEN]);

impl<'a> Udp<'a> {
    /// The header and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// Source port.
    #[inline]
    pub fn sport(&self) -> u16 {
        be16!(self.0, 0)
    }

    /// Destination port.
    #[inline]
    pub fn dport(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// Bytes of header and payload, as it says.
    #[inline]
    pub fn length(&self) -> u16 {
        be16!(self.0, 4)
    }
}
