//! Tags between Ethernet's addresses and its payload, other than VLAN's.

use super::{be16, view};

/// Bytes of a backbone service instance tag up to the customer's addresses (IEEE 802.1Q, clause 9.7; once 802.1ah).
pub const SERVICE_TAG_LEN: usize = 4;
/// Bytes of Cisco Data Center Ethernet's tag; a whole Ethernet frame follows.
pub const DCE_LEN: usize = 2;

view! {
    /// Cisco's virtual interface tag and the next EtherType.
    VnTag[6]
}

impl VnTag<'_> {
    /// What follows the tag.
    pub fn ethertype(&self) -> u16 {
        be16!(self.0, 4)
    }
}

view! {
    /// An E-tag and the next EtherType (IEEE 802.1BR, clause 7.6).
    ETag[8]
}

impl ETag<'_> {
    /// What follows the tag.
    pub fn ethertype(&self) -> u16 {
        be16!(self.0, 6)
    }
}
