//! ICMP (RFC 792) and ICMPv6 (RFC 4443): type, code and checksum stand at the same places.

/// Bytes of the header that all messages have; the second half depends on the type.
pub const LEN: usize = 8;
/// Bytes up to and with the checksum.
pub const HEAD: usize = 4;
/// Where the checksum stands in the header.
pub const CHECKSUM: usize = 2;

/// The first four bytes.
#[derive(Clone, Copy)]
pub struct Icmp<'a>(&'a [u8; HEAD]);

impl<'a> Icmp<'a> {
    /// The first four bytes and what follows them.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// Type.
    #[inline]
    pub fn kind(&self) -> u8 {
        self.0[0]
    }

    /// Code.
    #[inline]
    pub fn code(&self) -> u8 {
        self.0[1]
    }
}
