use super::*;
use crate::anomaly::AnomalySet;
use crate::frame::Addr;
use crate::packet::Checksum;
use crate::verify::verify;
use crate::wire::sctp::ChunkSet;
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Decode and verify the first `captured` bytes of what was sent.
fn decoded(sent: &[u8], captured: usize, link: Link) -> Packet {
    let bytes = &sent[..captured];
    let mut packet = Packet { captured: captured as u32, original: sent.len() as u32, ..Packet::EMPTY };
    decode(bytes, link, &mut packet);
    verify(&bytes[..packet.captured as usize], &mut packet);
    packet
}

fn whole(sent: &[u8]) -> Packet {
    decoded(sent, sent.len(), Link::Ip)
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2, its header's checksum 0.
fn ipv4(proto: u8, options: &str, payload: &str) -> Vec<u8> {
    let (options, payload) = (bytes(options), bytes(payload));
    let mut packet = vec![0x45 + (options.len() / 4) as u8, 0, 0, 0, 0, 0, 0, 0, 64, proto, 0, 0];
    packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(options.iter().chain(&payload));
    let length = (packet.len() as u16).to_be_bytes();
    packet[2..4].copy_from_slice(&length);
    packet
}

/// An IPv6 packet.
fn ipv6(next: u8, payload: &str) -> Vec<u8> {
    let payload = bytes(payload);
    let mut packet = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next, 64];
    packet.extend([[0xfe; 16], [0xfd; 16]].concat());
    packet.extend(payload);
    packet
}

fn anomalies(packet: &Packet) -> Vec<&'static str> {
    packet.anomalies.iter().map(|anomaly| anomaly.entry().name).collect()
}

/// What is wrong with the packet, and why decoding ended.
fn judged(sent: &[u8], want: &[&str], stop: Stop) {
    let packet = whole(sent);
    assert_eq!((anomalies(&packet).as_slice(), packet.stop), (want, stop), "{sent:02x?}");
}

#[test]
fn sctp_chunks_and_checksum() {
    // INIT of usrsctp's, with the checksum that it had.
    let head = "0005 0006 00000000";
    let init = "0100 0014 00000001 00010000 0001 0001 00000001";
    let mut sent = ipv4(132, "", &format!("{head} 00000000 {init}"));
    let packet = whole(&sent);
    assert_eq!((packet.layer, packet.stop, packet.sport, packet.dport), (Layer::Sctp, Stop::Complete, 5, 6));
    assert_eq!((packet.window, ChunkSet(packet.ack).names().collect::<Vec<_>>()), (1, vec!["init"]));
    assert_eq!((packet.payload, packet.l4_checksum), (32, Checksum::NotCalculated));
    let sum = crate::wire::checksum::crc32c([&sent[20..]]).to_le_bytes();
    sent[28..32].copy_from_slice(&sum);
    assert_eq!(whole(&sent).l4_checksum, Checksum::Valid);
    assert_eq!(decoded(&sent, 40, Link::Ip).l4_checksum, Checksum::Unverifiable);
    assert_eq!(decoded(&sent, 30, Link::Ip).stop, Stop::Truncated);
    sent[28] ^= 1;
    assert_eq!(anomalies(&whole(&sent)), ["sctp.bad_checksum"]);
}

#[test]
fn sctp_that_breaks_the_rules() {
    let sctp = |tag: &str, chunks: &str| ipv4(132, "", &format!("0005 0006 {tag} 00000000 {chunks}"));
    let one = |tag: &str, chunks: &str, want: &str| judged(&sctp(tag, chunks), &[want], Stop::Complete);
    one("00000001", "0100 0004", "sctp.init_tag");
    one("00000000", "0000 0004", "sctp.data_tag");
    one("00000001", "0300 0005 00 000000 0200 0004", "sctp.init_bundled");
    one("00000001", "0300 0003", "sctp.chunk_length");
    one("00000001", "0300 0009 00000000", "sctp.chunk_length");
    one("00000001", "0300 0004 0300", "sctp.chunk_too_short");
    judged(&sctp("00000001", &"0300 0004".repeat(256)), &[], Stop::Complete);
    one("00000001", &"0300 0004".repeat(257), "sctp.too_many_chunks");
    judged(&ipv4(132, "", "0005 0006"), &["sctp.too_short"], Stop::Malformed);
}

#[test]
fn igmp() {
    let igmp = |hex: &str, want: &[&str], stop| judged(&ipv4(2, "", hex), want, stop);
    igmp("1600 e8fd e0000101", &["igmp.bad_checksum"], Stop::Complete);
    igmp("1600 08fe e1000001", &[], Stop::Complete);
    igmp("1100 0000", &["igmp.too_short"], Stop::Malformed);
    igmp("1100 0000 00000000 0000", &["igmp.v3_too_short"], Stop::Malformed);
    igmp("1100 0000 00000000 0000 0001", &["igmp.v3_too_short"], Stop::Malformed);
    igmp("1100 0000 00000000 0000 0001 0a000001", &[], Stop::Complete);
    igmp("2200 0000 0000 0001 01000001 e0000101 0a000001", &[], Stop::Complete);
    igmp("2200 0000 0000 0002 01000000 e0000101", &["igmp.v3_too_short"], Stop::Malformed);
    igmp("4200 0000 00000000", &["igmp.malformed"], Stop::Malformed);
}

#[test]
fn ipsec() {
    let esp = whole(&ipv4(50, "", "00000007 00000009 ffff"));
    assert_eq!((esp.layer, esp.stop, esp.seq, esp.ack, esp.payload), (Layer::Esp, Stop::Complete, 7, 9, 28));
    judged(&ipv4(50, "", "0000"), &["esp.too_short"], Stop::Malformed);
    let protected = "11 04 0000 00000001 00000001 0000000000000000 00000000 0001 0002 0008 0000";
    for packet in [whole(&ipv4(51, "", protected)), whole(&ipv6(51, protected))] {
        assert_eq!((packet.layer, packet.proto, packet.sport, packet.dport), (Layer::Udp, 17, 1, 2));
    }
    judged(&ipv4(51, "", "11 10 0000 00000001 00000001"), &["ah.length"], Stop::Malformed);
    judged(&ipv4(51, "", "33 01 0000 00000001 00000001 11 01 0000 00000001 00000001"), &["ah.twice"], Stop::Malformed);
}

#[test]
fn gre_and_what_has_no_decoder() {
    let gre = whole(&ipv4(47, "", "0000 88be"));
    assert_eq!((gre.layer, gre.stop, gre.payload), (Layer::Gre, Stop::Unknown, 20));
    judged(&ipv4(58, "", "8000 0000"), &["ipv4.icmpv6"], Stop::Unknown);
    judged(&ipv4(200, "", ""), &["ipv4.unknown_protocol"], Stop::Unknown);
    judged(&ipv6(1, "0800 0000 00000000"), &["ipv6.icmpv4"], Stop::Unknown);
    judged(&ipv6(200, ""), &["ipv6.unknown_next_header"], Stop::Unknown);
    judged(&ipv6(59, ""), &[], Stop::Unknown);
    judged(&ipv6(59, "00"), &["ipv6.data_after_none"], Stop::Unknown);
}

#[test]
fn ipv4_options() {
    let options = |hex: &str, want: &[&str]| judged(&ipv4(47, hex, ""), want, Stop::Unknown);
    options("94040000 01010100", &[]);
    options("94040000", &["ipv4.option_padding"]);
    options("94030000 00000000", &["ipv4.options"]);
    options("07 07 04 00000000 00", &[]);
    options("07 07 03 00000000 00", &["ipv4.option_malformed"]);
    options("44 08 04 00 00000000", &["ipv4.option_malformed"]);
    options("94040000 94040000", &["ipv4.option_twice"]);
    options("5f 02 00 000000 0000", &["ipv4.option_unknown"]);
    options("01010101 01010188", &["ipv4.option_end"]);
    options("07 ff 04 00000000 00", &["ipv4.options"]);
}

#[test]
fn ipv6_extension_headers() {
    let udp = "0001 0002 0008 0000";
    let after = |next: u8, hex: &str, want: &[&str]| {
        let packet = whole(&ipv6(next, &format!("{hex} {udp}")));
        assert_eq!((anomalies(&packet).as_slice(), packet.layer), (want, Layer::Udp), "{hex}");
    };
    after(0, "11 00 05 02 0000 01 00", &["ipv6.pad_zero"]);
    after(0, "11 00 01 04 00000000", &["ipv6.hop_by_hop_padding"]);
    after(0, "11 00 3e 04 00000000", &["ipv6.hop_by_hop_option"]);
    after(0, "11 00 05 03 000000 00", &["ipv6.option_length"]);
    after(0, "11 00 05 06 00000000", &["ipv6.option_length"]);
    after(0, "11 00 c2 04 00010000", &["ipv6.jumbogram"]);
    after(0, "00 00 05 02 0000 00 00 11 00 05 02 0000 00 00", &["ipv6.hop_by_hop_twice"]);
    after(60, "11 00 00 00 00000000", &["ipv6.destination_padding"]);
    after(60, "11 00 3e 04 00000000", &["ipv6.destination_option"]);
    after(44, "11 00 0000 00000001", &["ipv6.fragment_useless"]);
    after(44, "11 01 0000 00000001", &["ipv6.fragment_useless", "ipv6.fragment_reserved"]);
    after(51, "11 02 0001 00000001 00000001 00000000", &["ipv6.ah_reserved"]);
    let segment = "00000000000000000000000000000001";
    after(43, &format!("11 02 04 00 00 00 0000 {segment}"), &[]);
    after(43, &format!("11 02 04 00 01 00 0000 {segment}"), &["ipv6.segment_routing"]);
    after(43, &format!("11 02 04 02 00 00 0000 {segment}"), &["ipv6.segment_routing"]);
}

#[test]
fn jumbograms() {
    let mut sent = ipv6(0, "11 00 c2 04 00014000 0001 0002 0000 0000");
    sent[5] = 0;
    sent.resize(40 + 0x14000, 7);
    let packet = whole(&sent);
    assert_eq!((packet.length_source, packet.original as usize), (LenSource::Ipv6Jumbogram, sent.len()));
    assert_eq!((packet.layer, packet.payload_original), (Layer::Udp, 0x14000 - 16));
    assert!(packet.anomalies.is_empty());
    let cut = decoded(&sent, 200, Link::Ip);
    assert_eq!((cut.captured, cut.original as usize, cut.payload_original), (200, sent.len(), 0x14000 - 16));
    for length in [0xffff_u32, 1 << 25, u32::MAX] {
        sent[44..48].copy_from_slice(&length.to_be_bytes());
        let bogus = whole(&sent);
        assert_eq!((bogus.stop, bogus.original), (Stop::Malformed, 40));
    }
}

#[test]
fn icmp_types_and_quotes() {
    let v4 = |hex: &str, want: &[&str]| {
        let packet = whole(&ipv4(1, "", hex));
        let found: Vec<_> = anomalies(&packet).into_iter().filter(|name| !name.ends_with("checksum")).collect();
        assert_eq!(found, want, "{hex}");
    };
    v4("0800 0000 00000000", &[]);
    v4("0801 0000 00000000", &["icmp.unknown_code"]);
    v4("2800 0000 00000000", &["icmp.unknown_type"]);
    v4("0d00 0000 00000000", &["icmp.quote_too_short"]);
    v4("0b00 0000 00000000 45", &["icmp.quote_too_short"]);
    v4(&format!("0b00 0000 00000000 65 {}", "00".repeat(19)), &["icmp.quote_version"]);
    let v6 = |hex: &str, want: &[&str]| {
        let packet = whole(&ipv6(58, hex));
        let found: Vec<_> = anomalies(&packet).into_iter().filter(|name| !name.ends_with("checksum")).collect();
        assert_eq!(found, want, "{hex}");
    };
    v6("8000 0000 00000000", &[]);
    v6("8001 0000 00000000", &["icmpv6.unknown_code"]);
    v6("6400 0000 00000000", &["icmpv6.experiment"]);
    v6("0600 0000 00000000", &["icmpv6.unassigned_type"]);
    v6("7f00 0000 00000000", &["icmpv6.unknown_type"]);
    v6("8300 0000 00000000", &["icmpv6.mld_hop_limit"]);
    v6("0100 0000 00000000 60", &["icmpv6.quote_too_short"]);
    v6(&format!("0100 0000 00000000 45 {}", "00".repeat(39)), &["icmpv6.quote_version"]);
}

#[test]
fn the_packet_that_an_error_quotes() {
    let quote = |sent: &[u8]| quoted(sent, &whole(sent));
    let hex = |packet: &[u8]| packet.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let inner = hex(&ipv4(6, "01010100", "1234 0050 00000001"));
    let error = ipv4(1, "", &format!("0301 0000 00000000 {inner}"));
    let found = quote(&error).unwrap();
    assert_eq!((found.ip, found.proto, found.sport, found.dport), (4, 6, 0x1234, 0x50));
    assert_eq!((found.src, found.dst), (Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2])));
    let cut = decoded(&error, 20 + 8 + 24, Link::Ip);
    assert_eq!(quoted(&error[..52], &cut).map(|quoted| (quoted.sport, quoted.dport)), Some((0, 0)));
    assert_eq!(quoted(&error[..40], &decoded(&error, 40, Link::Ip)), None);
    let later = hex(&ipv6(44, "11 00 0009 00000001 0001 0002 0008 0000"));
    let found = quote(&ipv6(58, &format!("0100 0000 00000000 {later}"))).unwrap();
    assert_eq!((found.ip, found.proto, found.sport), (6, 17, 0), "a later fragment has no ports");
    assert_eq!(quote(&ipv4(1, "", &format!("0800 0000 00000000 {inner}"))), None);
}

#[test]
fn tcp_options() {
    let tcp = |options: &str, want: &[&str]| {
        let offset = 5 + bytes(options).len() / 4;
        let sent = ipv4(6, "", &format!("0001 0002 00000000 00000000 {offset:x}010 0000 0000 0000 {options}"));
        assert_eq!(anomalies(&whole(&sent)), want, "{options}");
    };
    tcp("0101080a 0000000000000000", &[]);
    tcp("020405b4 0402 0303 07 000000", &[]);
    tcp("020405b4 020405b4", &["tcp.option_twice"]);
    tcp("02030500", &["tcp.options"]);
    tcp("0101080b 0000000000000000", &["tcp.options"]);
    tcp("0501 0000", &["tcp.options"]);
    judged(&ipv4(6, "", "0001 0002 00000000 00000000 4010 0000 0000 0000"), &["tcp.data_offset"], Stop::Malformed);
}

#[test]
fn headers_that_were_sent_too_short_and_headers_that_were_cut() {
    let ether = |hex: &str| bytes(&format!("020000000001 020000000002 {hex}"));
    for (hex, want) in [("0800 45", "ipv4.too_short"), ("86dd 60", "ipv6.too_short"), ("0806 0001", "arp.too_short")] {
        let sent = ether(hex);
        let packet = decoded(&sent, sent.len(), Link::Ethernet);
        assert_eq!((anomalies(&packet), packet.stop), (vec![want], Stop::Malformed));
        let longer = [sent.as_slice(), &[0; 60]].concat();
        let packet = decoded(&longer, sent.len(), Link::Ethernet);
        assert_eq!((packet.anomalies, packet.stop), (AnomalySet::EMPTY, Stop::Truncated));
        let mut inner = Packet { captured: sent.len() as u32, original: sent.len() as u32, depth: 1, ..Packet::EMPTY };
        decode(&sent, Link::Ethernet, &mut inner);
        assert_eq!((inner.anomalies, inner.stop), (AnomalySet::EMPTY, Stop::Truncated), "a mirror may have cut it");
    }
}

#[test]
fn arp_that_is_not_of_ethernet_and_ipv4() {
    let arp = |head: &str| {
        let sent = bytes(&format!("020000000001 020000000002 0806 {head} {}", "00".repeat(20)));
        anomalies(&decoded(&sent, sent.len(), Link::Ethernet))
    };
    assert!(arp("0001 0800 06 04 0001").is_empty());
    assert_eq!(arp("0006 0800 06 04 0001"), ["arp.hardware"]);
    assert_eq!(arp("0001 86dd 06 04 0001"), ["arp.protocol"]);
    assert_eq!(arp("0001 0800 08 04 0001"), ["arp.hardware_length"]);
    assert_eq!(arp("0001 0800 06 10 0001"), ["arp.protocol_length"]);
    assert_eq!(arp("0001 0800 06 04 0009"), ["arp.operation"]);
}

const LINKS: [Link; 10] = [
    Link::Ethernet,
    Link::Ip,
    Link::Null,
    Link::Sll,
    Link::Sll2,
    Link::Ppp,
    Link::Chdlc,
    Link::Wifi,
    Link::Radiotap,
    Link::Type(ethertype::MPLS),
];

proptest! {
    #[test]
    fn any_bytes_of_any_link(
        sent in proptest::collection::vec(any::<u8>(), 0..200), link in proptest::sample::select(&LINKS[..]),
    ) {
        for captured in 0..=sent.len() {
            let packet = decoded(&sent, captured, link);
            prop_assert!(packet.captured as usize <= captured && packet.captured <= packet.original);
            quoted(&sent[..packet.captured as usize], &packet);
        }
    }

    #[test]
    fn any_payload_of_any_protocol(
        proto in any::<u8>(), payload in proptest::collection::vec(any::<u8>(), 0..100), v6 in any::<bool>(),
    ) {
        let mut sent = if v6 { ipv6(proto, "") } else { ipv4(proto, "", "") };
        sent.extend(&payload);
        sent[if v6 { 5 } else { 3 }] += payload.len() as u8;
        for captured in 0..=sent.len() {
            let packet = decoded(&sent, captured, Link::Ip);
            prop_assert!(packet.payload_captured() <= packet.payload_original);
            quoted(&sent[..captured], &packet);
        }
    }
}
