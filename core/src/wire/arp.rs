//! ARP for IPv4 on Ethernet (RFC 826).

use super::be16;
use super::ethernet::Mac;
use crate::frame::Addr;

/// Bytes of the message for Ethernet and IPv4.
pub const LEN: usize = 28;
/// Ethernet as the kind of link.
pub const ETHERNET: u16 = 1;

/// The message.
#[derive(Clone, Copy)]
pub struct Arp<'a>(&'a [u8; LEN]);

impl<'a> Arp<'a> {
    /// The message and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// Kind of link.
    pub fn hardware(&self) -> u16 {
        be16!(self.0, 0)
    }

    /// Kind of network, an EtherType.
    pub fn protocol(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// Bytes of a link address.
    pub fn hardware_len(&self) -> u8 {
        self.0[4]
    }

    /// Bytes of a network address.
    pub fn protocol_len(&self) -> u8 {
        self.0[5]
    }

    /// Link and network address of who asks, then of who is asked.
    pub fn ends(&self) -> [(Mac, Addr); 2] {
        [8, 18].map(|at| {
            let bytes = self.0.get(at..).unwrap_or_default();
            let mac = bytes.first_chunk().copied().unwrap_or_default();
            let address = bytes.get(6..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or_default();
            (mac, Addr::v4(address))
        })
    }

    /// 1 request, 2 reply; 3 and 4 of reverse ARP (RFC 903).
    pub fn operation(&self) -> u16 {
        be16!(self.0, 6)
    }
}
