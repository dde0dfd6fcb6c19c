//! Ethernet II (IEEE 802.3, clause 3) and its tags (IEEE 802.1Q, clause 9).

use super::be16;

/// Bytes of the header.
pub const LEN: usize = 14;
/// Bytes of a tag: its control information and the next EtherType.
pub const TAG_LEN: usize = 4;

/// EtherTypes that are followed.
pub mod ethertype {
    #![allow(missing_docs)]
    pub const IPV4: u16 = 0x0800;
    pub const ARP: u16 = 0x0806;
    pub const VLAN: u16 = 0x8100;
    pub const QINQ: u16 = 0x88a8;
    pub const QINQ_OLD: u16 = 0x9100;
    pub const IPV6: u16 = 0x86dd;
    /// Transparent Ethernet bridging (RFC 1701), GENEVE's protocol type for Ethernet.
    pub const BRIDGING: u16 = 0x6558;
}

/// The header.
#[derive(Clone, Copy)]
pub struct Ethernet<'a>(&'a [u8; LEN]);

impl<'a> Ethernet<'a> {
    /// The header and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// What follows the addresses.
    #[inline]
    pub fn ethertype(&self) -> u16 {
        be16!(self.0, 12)
    }
}

/// Whether an EtherType announces a tag.
#[inline]
pub fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, ethertype::VLAN | ethertype::QINQ | ethertype::QINQ_OLD)
}

/// A tag.
#[derive(Clone, Copy)]
pub struct Tag<'a>(&'a [u8; TAG_LEN]);

impl<'a> Tag<'a> {
    /// The tag and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// The VLAN's number, 12 bits.
    #[inline]
    pub fn id(&self) -> u16 {
        be16!(self.0, 0) & 0x0fff
    }

    /// What follows the tag.
    #[inline]
    pub fn ethertype(&self) -> u16 {
        be16!(self.0, 2)
    }
}
