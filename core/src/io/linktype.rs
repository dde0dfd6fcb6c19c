//! Link types: those that are read, and the names of those that are not (tcpdump.org's list of link-layer header types).

use crate::error::{Error, Fault};
use crate::frame::Link;

/// How frames of this link type begin, where tmrx reads it.
pub(super) fn link(number: u32) -> Option<Link> {
    READ.iter().find(|(_, numbers, _)| numbers.contains(&number)).map(|(_, _, link)| *link)
}

/// The error that refuses it by name.
pub(super) fn refusal(what: &str, number: u32) -> Error {
    let name = NAMES.iter().find(|(n, _)| *n == number).map_or("unknown", |(_, name)| name);
    let listed = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let read: Vec<String> = READ.iter().map(|(name, numbers, _)| format!("{name} ({})", listed(numbers))).collect();
    Error::Input(Fault::new(
        what,
        format!("link type {number} ({name}) is not read"),
        format!("tmrx reads {}", read.join(", ")),
    ))
}

/// What is read, by which numbers it goes.
const READ: &[(&str, &[u32], Link)] = &[
    ("Ethernet", &[1], Link::Ethernet),
    // LINKTYPE_RAW, LINKTYPE_IPV4 and _IPV6, a bearer's packets (WWAN), DLT_RAW as other systems number it.
    ("raw IP", &[101, 778, 12, 14], Link::Ip),
    ("IPv4", &[228], Link::Ipv4),
    ("IPv6", &[229], Link::Ipv6),
    ("BSD loopback", &[0, 108], Link::Null),
    ("Linux cooked v1", &[113], Link::Sll),
    ("v2", &[276], Link::Sll2),
    ("PPP", &[9, 50], Link::Ppp),
    ("Cisco HDLC", &[104], Link::Chdlc),
    ("Wi-Fi", &[105], Link::Wifi),
    ("with radiotap", &[127], Link::Radiotap),
];

const NAMES: &[(u32, &str)] = &[
    (3, "AX25"),
    (6, "IEEE802_5, token ring"),
    (7, "ARCNET_BSD"),
    (8, "SLIP"),
    (10, "FDDI"),
    (51, "PPP_ETHER"),
    (100, "ATM_RFC1483"),
    (107, "FRELAY, frame relay"),
    (114, "LTALK"),
    (117, "PFLOG"),
    (119, "IEEE802_11_PRISM"),
    (122, "IP_OVER_FC"),
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
    (289, "ELEE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_listed_and_the_rest_refused_by_name() {
        assert_eq!(link(1), Some(Link::Ethernet));
        assert!([12, 14, 101, 778].iter().all(|&n| link(n) == Some(Link::Ip)));
        assert_eq!([0, 108].map(link), [Some(Link::Null); 2]);
        assert_eq!([9, 50].map(link), [Some(Link::Ppp); 2]);
        let others =
            [(113, Link::Sll), (276, Link::Sll2), (104, Link::Chdlc), (105, Link::Wifi), (127, Link::Radiotap)];
        assert!(others.into_iter().all(|(number, wanted)| link(number) == Some(wanted)));
        assert_eq!(link(195), None);
        assert_eq!(
            refusal("a.pcap", 195).to_string(),
            "a.pcap: link type 195 (IEEE802_15_4) is not read (tmrx reads Ethernet (1), \
             raw IP (101, 778, 12, 14), IPv4 (228), IPv6 (229), BSD loopback (0, 108), Linux cooked v1 (113), v2 (276), PPP (9, 50), \
             Cisco HDLC (104), Wi-Fi (105), with radiotap (127))"
        );
        assert!(refusal("a.pcap", 9999).to_string().contains("9999 (unknown)"));
        assert!(NAMES.iter().all(|(number, _)| link(*number).is_none()));
    }
}
