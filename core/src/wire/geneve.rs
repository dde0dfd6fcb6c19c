//! GENEVE (RFC 8926), the options of AWS's Gateway Load Balancer and those of Google's mirror.

use super::{be16, be32};

/// Bytes of the fixed header.
pub const LEN: usize = 8;
/// Option class of AWS.
pub const AWS: u16 = 0x0108;
/// AWS's option of the endpoint's id.
pub const AWS_ENDPOINT: u8 = 1;
/// AWS's option of the attachment's id.
pub const AWS_ATTACHMENT: u8 = 2;
/// Option class of Google.
pub const GOOGLE: u16 = 0x0132;

/// The fixed header.
#[derive(Clone, Copy)]
pub struct Geneve<'a>(&'a [u8; LEN]);

impl<'a> Geneve<'a> {
    /// The header and what follows it, options included.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// 0 is the only version.
    #[inline]
    pub fn version(&self) -> u8 {
        self.0[0] >> 6
    }

    /// Bytes of options.
    #[inline]
    pub fn options_len(&self) -> usize {
        usize::from(self.0[0] & 0x3f) * 4
    }

    /// Any reserved bit is set.
    #[inline]
    pub fn has_reserved(&self) -> bool {
        self.0[1] & 0x3f != 0 || self.0[7] != 0
    }

    /// EtherType of the payload.
    #[inline]
    pub fn protocol(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// Virtual network identifier, 24 bits.
    #[inline]
    pub fn vni(&self) -> u32 {
        be32!(self.0, 4) >> 8
    }
}

/// One option (RFC 8926, section 3.5).
#[derive(Clone, Copy)]
pub struct GeneveOption<'a> {
    /// Who defined it.
    pub class: u16,
    /// Which one, the critical bit taken off.
    pub kind: u8,
    /// A receiver that does not know it must not go on.
    pub critical: bool,
    /// Its data.
    pub data: &'a [u8],
}

impl<'a> GeneveOption<'a> {
    /// The first option and those after it; `None` where its length runs past the end.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = bytes.split_first_chunk::<4>()?;
        let (data, rest) = rest.split_at_checked(usize::from(head[3] & 0x1f) * 4)?;
        Some((Self { class: be16!(head, 0), kind: head[2] & 0x7f, critical: head[2] & 0x80 != 0, data }, rest))
    }

    /// One of those that AWS's Gateway Load Balancer sends, of the length that it has.
    pub fn is_aws(&self) -> bool {
        self.class == AWS && matches!((self.kind, self.data.len()), (1 | 2, 8) | (3, 4))
    }

    /// One of those that Google's out-of-band mirror sends, of the length that it has.
    pub fn is_google(&self) -> bool {
        self.class == GOOGLE && matches!((self.kind, self.data.len()), (1, 4) | (2, 16) | (3, 8))
    }

    /// The data as a number, where it has eight bytes.
    pub fn number8(&self) -> Option<u64> {
        self.data.first_chunk().filter(|_| self.data.len() == 8).map(|d| u64::from_be_bytes(*d))
    }

    /// The data as a number, where it has four bytes.
    pub fn number4(&self) -> Option<u32> {
        self.data.first_chunk().filter(|_| self.data.len() == 4).map(|d| u32::from_be_bytes(*d))
    }
}
