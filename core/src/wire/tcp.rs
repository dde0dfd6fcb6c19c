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

/// Options (IANA's registry "TCP Option Kind Numbers").
pub mod option {
    #![allow(missing_docs)]
    pub const END: u8 = 0;
    pub const NOP: u8 = 1;
    pub const MSS: u8 = 2;
    pub const WINDOW_SCALE: u8 = 3;
    pub const SACK_PERMITTED: u8 = 4;
    pub const SACK: u8 = 5;
    pub const TIMESTAMPS: u8 = 8;
    pub const MD5: u8 = 19;
    pub const AUTHENTICATION: u8 = 29;
    pub const FAST_OPEN: u8 = 34;
    pub const EXPERIMENT_1: u8 = 253;
    pub const EXPERIMENT_2: u8 = 254;

    /// Options that a segment has once at most, as bits; Fast Open's number is beyond the bits.
    pub const ONCE: u32 = 1 << MSS | 1 << WINDOW_SCALE | 1 << SACK_PERMITTED | 1 << SACK | 1 << TIMESTAMPS;

    /// Whether an option can be as long as this, kind and length included; any length fits one that is not known.
    pub fn has_length(kind: u8, length: usize) -> bool {
        match kind {
            MSS => length == 4,
            WINDOW_SCALE => length == 3,
            SACK_PERMITTED => length == 2,
            // Blocks of 8 bytes (RFC 2018, section 3), or none, as some stacks send it.
            SACK => length % 8 == 2,
            TIMESTAMPS => length == 10,
            MD5 => length == 18,
            AUTHENTICATION => length >= 4,
            // A cookie of 4 to 16 bytes, or the request for one (RFC 7413, section 4.1.1).
            FAST_OPEN => length == 2 || (6..=18).contains(&length) && length.is_multiple_of(2),
            EXPERIMENT_1 | EXPERIMENT_2 => length >= 4,
            _ => true,
        }
    }
}
