//! ARP for IPv4 on Ethernet (RFC 826).

use super::be16;

/// Bytes of the message.
pub const LEN: usize = 28;

/// The message.
#[derive(Clone, Copy)]
pub struct Arp<'a>(&'a [u8; LEN]);

impl<'a> Arp<'a> {
    /// The message and what follows it.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        bytes.split_first_chunk().map(|(head, rest)| (Self(head), rest))
    }

    /// Ethernet and IPv4, with the sizes that they have.
    pub fn is_ethernet_ipv4(&self) -> bool {
        be16!(self.0, 0) == 1 && be16!(self.0, 2) == 0x0800 && self.0[4] == 6 && self.0[5] == 4
    }
}
