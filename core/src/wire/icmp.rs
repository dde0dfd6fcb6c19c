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

/// ICMP's types (IANA's registry "ICMP Type Numbers").
pub mod v4 {
    use std::ops::RangeInclusive;

    /// The codes of a type; `None` where the type is not known.
    pub fn codes(kind: u8) -> Option<RangeInclusive<u8>> {
        match kind {
            3 => Some(0..=15),
            5 => Some(0..=3),
            // A router's advertisement has 16 where it routes no common traffic (RFC 3344).
            9 => Some(0..=16),
            11 => Some(0..=1),
            12 => Some(0..=2),
            0 | 4 | 8 | 10 | 13..=18 => Some(0..=0),
            _ => None,
        }
    }

    /// Bytes behind the first eight that a message of fixed size has.
    pub fn body_len(kind: u8) -> usize {
        match kind {
            13 | 14 => 12,
            17 | 18 => 4,
            _ => 0,
        }
    }
}

/// ICMPv6's types (IANA's registry "ICMPv6 type numbers").
pub mod v6 {
    use std::ops::RangeInclusive;

    /// Queries, reports and ends of multicast listener discovery (RFC 2710).
    pub const LISTENER: RangeInclusive<u8> = 130..=132;

    /// The codes of a type; `None` where the type is not known.
    pub fn codes(kind: u8) -> Option<RangeInclusive<u8>> {
        match kind {
            1 => Some(0..=8),
            3 => Some(0..=1),
            4 => Some(0..=10),
            138 => Some(0..=255),
            139 | 140 => Some(0..=2),
            2 | 128..=137 | 141..=153 | 155 | 157..=159 => Some(0..=if kind > 153 { 255 } else { 0 }),
            _ => None,
        }
    }
}
