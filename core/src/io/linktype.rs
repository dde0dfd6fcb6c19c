//! Link types: those that are read, and the names of those that are not (tcpdump.org's list of link-layer header types).

use crate::error::{Error, Fault};
use crate::frame::Link;

/// How frames of this link type begin, where tmrx reads it.
pub(super) fn link(number: u32) -> Option<Link> {
    match number {
        1 => Some(Link::Ethernet),
        // LINKTYPE_RAW, DLT_RAW as other systems number it, LINKTYPE_IPV4, LINKTYPE_IPV6.
        101 | 12 | 14 | 228 | 229 => Some(Link::Ip),
        _ => None,
    }
}

/// The error that refuses it by name.
pub(super) fn refusal(what: &str, number: u32) -> Error {
    let name = NAMES.iter().find(|(n, _)| *n == number).map_or("unknown", |(_, name)| name);
    Error::Input(Fault::new(
        what,
        format!("link type {number} ({name}) is not read"),
        "tmrx reads Ethernet (1) and raw IP (101, 228, 229)",
    ))
}

const NAMES: &[(u32, &str)] = &[
    (0, "NULL, BSD loopback"),
    (3, "AX25"),
    (6, "IEEE802_5, token ring"),
    (7, "ARCNET_BSD"),
    (8, "SLIP"),
    (9, "PPP"),
    (10, "FDDI"),
    (50, "PPP_HDLC"),
    (51, "PPP_ETHER"),
    (100, "ATM_RFC1483"),
    (104, "C_HDLC, Cisco HDLC"),
    (105, "IEEE802_11, Wi-Fi"),
    (107, "FRELAY, frame relay"),
    (108, "LOOP, OpenBSD loopback"),
    (113, "LINUX_SLL, Linux cooked capture"),
    (114, "LTALK"),
    (117, "PFLOG"),
    (119, "IEEE802_11_PRISM"),
    (122, "IP_OVER_FC"),
    (127, "IEEE802_11_RADIOTAP, Wi-Fi"),
    (143, "DOCSIS"),
    (147, "USER0"),
    (149, "USER2"),
    (163, "IEEE802_11_AVS"),
    (187, "BLUETOOTH_HCI_H4"),
    (189, "USB_LINUX"),
    (192, "PPI"),
    (195, "IEEE802_15_4"),
    (201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    (219, "FC_2"),
    (220, "USB_LINUX_MMAPPED"),
    (226, "IPNET"),
    (227, "CAN_SOCKETCAN"),
    (230, "IEEE802_15_4_NOFCS"),
    (239, "NFLOG"),
    (240, "NETANALYZER"),
    (247, "INFINIBAND"),
    (249, "USBPCAP"),
    (252, "WIRESHARK_UPPER_PDU"),
    (253, "NETLINK"),
    (258, "PKTAP"),
    (274, "ETHERNET_MPACKET"),
    (276, "LINUX_SLL2, Linux cooked capture v2"),
    (289, "ELEE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ethernet_and_raw_ip_are_read_and_others_refused_by_name() {
        assert_eq!(link(1), Some(Link::Ethernet));
        assert!([12, 14, 101, 228, 229].iter().all(|&n| link(n) == Some(Link::Ip)));
        assert_eq!(link(113), None);
        assert_eq!(
            refusal("a.pcap", 113).to_string(),
            "a.pcap: link type 113 (LINUX_SLL, Linux cooked capture) is not read (tmrx reads Ethernet (1) and raw IP (101, 228, 229))"
        );
        assert!(refusal("a.pcap", 9999).to_string().contains("9999 (unknown)"));
    }
}
