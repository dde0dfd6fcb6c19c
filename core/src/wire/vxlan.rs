//! VXLAN (RFC 7348, section 5).

use super::be32;

/// Bytes of the header.
pub const LEN: usize = 8;

/// The header.
#[derive(Clone, Copy)]
pub struct Vxlan<'a>(&'a [u8; LEN]);

impl<'a> Vxlan<'a> {
    /// The header and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// The I flag: the VNI is valid.
    #[inline]
    pub fn has_vni(&self) -> bool {
        self.0[0] & 0x08 != 0
    }

    /// Any reserved bit is set.
    #[inline]
    pub fn has_reserved(&self) -> bool {
        be32!(self.0, 0) & 0xf7ff_ffff != 0 || self.0[7] != 0
    }

    /// VXLAN network identifier, 24 bits.
    #[inline]
    pub fn vni(&self) -> u32 {
        be32!(self.0, 4) >> 8
    }
}
