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
    pub const MPLS: u16 = 0x8847;
    pub const MPLS_MULTICAST: u16 = 0x8848;
    pub const PPPOE_DISCOVERY: u16 = 0x8863;
    pub const PPPOE_SESSION: u16 = 0x8864;
    /// Backbone service instance tag (IEEE 802.1Q, clause 9.7; once 802.1ah).
    pub const IEEE8021AH: u16 = 0x88e7;
    /// Cisco Data Center Ethernet, also called FabricPath.
    pub const DCE: u16 = 0x8903;
    /// Cisco's virtual interface tag.
    pub const VNTAG: u16 = 0x8926;
    /// IEEE 802.1BR's.
    pub const ETAG: u16 = 0x893f;
    /// Network Service Header (RFC 8300).
    pub const NSH: u16 = 0x894f;
    /// Transparent Ethernet bridging (RFC 1701), GENEVE's protocol type for Ethernet.
    pub const BRIDGING: u16 = 0x6558;
}

/// The largest value of the type field that is a length (IEEE 802.3, clause 3.2.6).
pub const MAX_LENGTH: u16 = 1500;

/// The header.
#[derive(Clone, Copy)]
pub struct Ethernet<'a>(&'a [u8; LEN]);

/// A link address.
pub type Mac = [u8; 6];

impl<'a> Ethernet<'a> {
    /// The header and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// Whom it is for.
    pub fn dst(&self) -> Mac {
        self.0.first_chunk().copied().unwrap_or_default()
    }

    /// Who sent it.
    pub fn src(&self) -> Mac {
        self.0.get(6..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default()
    }

    /// What follows the addresses.
    #[inline]
    pub fn ethertype(&self) -> u16 {
        be16!(self.0, 12)
    }
}

/// Whether an EtherType announces IP.
#[inline]
pub fn is_ip(ethertype: u16) -> bool {
    matches!(ethertype, ethertype::IPV4 | ethertype::IPV6)
}

/// Whether an EtherType announces a tag.
#[inline]
pub fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, ethertype::VLAN | ethertype::QINQ | ethertype::QINQ_OLD)
}

impl<'a> super::Header<'a> for Ethernet<'a> {
    const LEN: usize = LEN;

    #[inline]
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes)
    }
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

impl<'a> super::Header<'a> for Tag<'a> {
    const LEN: usize = TAG_LEN;

    #[inline]
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::parse(bytes)
    }
}
