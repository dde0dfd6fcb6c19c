//! Link headers that a capturing host makes up, and Cisco's HDLC (tcpdump.org, "Link-layer header types").

use super::{be16, be32, view};

/// Kinds of link as Linux numbers them (`if_arp.h`).
pub mod arphrd {
    #![allow(missing_docs)]
    pub const IEEE80211: u16 = 801;
    pub const IEEE80211_RADIOTAP: u16 = 803;
    pub const NETLINK: u16 = 824;
}

/// Values of a cooked header's protocol field that are no EtherType (`if_ether.h`): 802.2 follows.
pub const LLC: u16 = 4;

view! {
    /// A Linux cooked header (LINKTYPE_LINUX_SLL).
    Sll[16]
}

impl Sll<'_> {
    /// What the link is, `arphrd`.
    pub fn hardware(&self) -> u16 {
        be16!(self.0, 2)
    }

    /// What follows.
    pub fn protocol(&self) -> u16 {
        be16!(self.0, 14)
    }
}

view! {
    /// A Linux cooked header of version 2 (LINKTYPE_LINUX_SLL2).
    Sll2[20]
}

impl Sll2<'_> {
    /// What the link is, `arphrd`.
    pub fn hardware(&self) -> u16 {
        be16!(self.0, 8)
    }

    /// What follows.
    pub fn protocol(&self) -> u16 {
        be16!(self.0, 0)
    }
}

view! {
    /// A BSD loopback header (LINKTYPE_NULL, LINKTYPE_LOOP).
    Loopback[4]
}

impl Loopback<'_> {
    /// The address family: LINKTYPE_LOOP has it big endian, LINKTYPE_NULL in the capturing host's order.
    pub fn family(&self) -> u32 {
        let family = be32!(self.0, 0);
        if family > 0xffff { family.swap_bytes() } else { family }
    }
}

/// Address families; IPv6's differs from system to system.
pub mod family {
    #![allow(missing_docs)]
    pub const IPV4: u32 = 2;
    pub const IPV6_LINUX: u32 = 10;
    pub const IPV6_NETBSD: u32 = 24;
    pub const IPV6_FREEBSD: u32 = 28;
    pub const IPV6_DARWIN: u32 = 30;
}

view! {
    /// Cisco's HDLC: address, control and an EtherType (LINKTYPE_C_HDLC).
    Chdlc[4]
}

impl Chdlc<'_> {
    /// What follows.
    pub fn protocol(&self) -> u16 {
        be16!(self.0, 2)
    }
}
