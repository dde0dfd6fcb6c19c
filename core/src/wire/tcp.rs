//! TCP (RFC 9293, section 3.1).

use super::{be16, be32};

/// Bytes of the fixed header.
pub const LEN: usize = 20;
/// Where the checksum stands in the header.
pub const CHECKSUM: usize = 16;

/// The fixed header.
#[derive(Clone, Copy)]
pub struct Tcp<'a>(&'a [u8; LEN]);

impl<'a> Tcp<'a> {
    /// The header and what follows it, options included.
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

    /// Sequence number.
    #[inline]
    pub fn seq(&self) -> u32 {
        be32!(self.0, 4)
    }

    /// Acknowledgment number.
    #[inline]
    pub fn ack(&self) -> u32 {
        be32!(self.0, 8)
    }

    /// Bytes of the header with options, as it says.
    #[inline]
    pub fn header_len(&self) -> usize {
        usize::from(self.0[12] >> 4) * 4
    }

    /// The eight flags.
    #[inline]
    pub fn flags(&self) -> u8 {
        self.0[13]
    }

    /// Window, unscaled.
    #[inline]
    pub fn window(&self) -> u16 {
        be16!(self.0, 14)
    }
}
