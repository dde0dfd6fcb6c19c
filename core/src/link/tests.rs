use super::*;
use proptest::prelude::*;

const LINKS: [Link; 10] = [
    Link::Ethernet,
    Link::Null,
    Link::Sll,
    Link::Sll2,
    Link::Ppp,
    Link::Chdlc,
    Link::Wifi,
    Link::Radiotap,
    Link::Type(ethertype::NSH),
    Link::Type(ethertype::MPLS),
];
const MACS: &str = "020000000001 020000000002";
const WIFI: &str = "0000 020000000001020000000002020000000003";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn ether(hex: &str) -> Vec<u8> {
    bytes(&format!("{MACS} {hex}"))
}

/// The headers lead to this network header and went through these layers; an IP header's worth of bytes is put behind.
fn leads(link: Link, header: &[u8], ethertype: u16, layers: &[Layers]) {
    let mut frame = header.to_vec();
    frame.push(if ethertype == ethertype::IPV6 { 0x60 } else { 0x45 });
    frame.resize(header.len() + 40, 0);
    let walk = walk(&frame, frame.len(), link);
    assert_eq!((walk.stop, walk.ethertype, walk.at), (None, ethertype, header.len()), "{header:02x?}");
    assert_eq!(walk.layers.0, layers.iter().fold(0, |set, layer| set | layer.0), "{header:02x?}");
    assert!(walk.anomalies.is_empty());
    assert_eq!(network(&frame, link), Some((ethertype, header.len())));
    for cut in 0..header.len() {
        let cut = super::walk(&frame[..cut], frame.len(), link);
        assert_eq!(cut.stop, Some(Stop::Truncated), "{header:02x?}");
        assert!(cut.anomalies.is_empty());
    }
}

/// The bytes, all that was sent, end there.
fn ends(link: Link, frame: &[u8], stop: Stop, anomaly: Option<Anomaly>) {
    let walk = walk(frame, frame.len(), link);
    assert_eq!(walk.anomalies.iter().collect::<Vec<_>>(), anomaly.into_iter().collect::<Vec<_>>(), "{frame:02x?}");
    assert_eq!(walk.stop, Some(stop), "{frame:02x?}");
}

#[test]
fn ethernet_and_its_tags() {
    use Layers as L;
    let tag = |hex: &str, layers: &[L]| leads(Link::Ethernet, &ether(hex), ethertype::IPV4, layers);
    tag("0800", &[L::ETHERNET]);
    tag("8100 0007 0800", &[L::ETHERNET, L::VLAN]);
    tag("88a8 0007 9100 0008 8100 f009 0800", &[L::ETHERNET, L::VLAN, L::VLAN_QINQ, L::VLAN_QINQINQ]);
    tag("88e7 00000123 0a0000000001 0a0000000002 0800", &[L::ETHERNET, L::IEEE8021AH]);
    tag("893f 100000000000 0800", &[L::ETHERNET, L::ETAG]);
    tag("8926 80010002 8100 0005 0800", &[L::ETHERNET, L::VNTAG, L::VLAN]);
    tag(&format!("8903 0001 {MACS} 0800"), &[L::ETHERNET, L::DCE]);
    leads(Link::Ethernet, &ether("0806"), ethertype::ARP, &[L::ETHERNET]);
    let deep = ether("8100 0001 8100 0002 8100 0003 8100 0004 0800");
    let deep = walk(&deep, deep.len(), Link::Ethernet);
    assert_eq!((deep.vlans, deep.vlan_count, deep.layer), ([1, 2, 3], 3, Layer::Vlan));
    assert!(deep.anomalies.has(Anomaly::VlanTooMany));
}

#[test]
fn what_has_no_decoder_is_named_by_what_announced_it() {
    let ends = |hex: &str, anomaly| ends(Link::Ethernet, &ether(hex), Stop::Unknown, Some(anomaly));
    ends("1234", Anomaly::EthernetUnknownType);
    ends("8100 0001 1234", Anomaly::VlanUnknownType);
    ends("893f 000000000000 1234", Anomaly::ETagUnknownType);
    ends("8926 00000000 1234", Anomaly::VnTagUnknownType);
    ends("0026 424203", Anomaly::EthernetUnknownType);
}

#[test]
fn frames_that_were_sent_too_short() {
    let ends = |link, hex: &str, anomaly| ends(link, &bytes(hex), Stop::Malformed, Some(anomaly));
    let ether = |hex: &str, anomaly| ends(Link::Ethernet, &format!("{MACS} {hex}"), anomaly);
    ether("08", Anomaly::EthernetTooShort);
    ether("8100 00", Anomaly::VlanTooShort);
    ether("88e7 00", Anomaly::ServiceTagTooShort);
    ether("893f 0000", Anomaly::ETagTooShort);
    ether("8926 0000", Anomaly::VnTagTooShort);
    ether("8903 00", Anomaly::DceTooShort);
    ether("8847 0000", Anomaly::MplsTooShort);
    ether("8847 00010140", Anomaly::MplsPayloadTooShort);
    ether("8847 00010140 0000", Anomaly::MplsPayloadTooShort);
    ether("8864 1100", Anomaly::PppoeTooShort);
    ether("894f 0000", Anomaly::NshTooShort);
    ether("0003 aaaa03", Anomaly::LlcTooShort);
    ends(Link::Sll, "0000", Anomaly::SllTooShort);
    ends(Link::Sll2, "0000", Anomaly::Sll2TooShort);
    ends(Link::Null, "0000", Anomaly::LoopbackTooShort);
    ends(Link::Chdlc, "0f00", Anomaly::ChdlcTooShort);
    ends(Link::Ppp, "ff0300", Anomaly::PppTooShort);
    ends(Link::Ppp, "ff030021 45", Anomaly::PppIpv4TooShort);
    ends(Link::Ppp, "57 60", Anomaly::PppIpv6TooShort);
    ends(Link::Ppp, "002f 45", Anomaly::PppVjTooShort);
    ends(Link::Wifi, "0800", Anomaly::WifiTooShort);
    ends(Link::Radiotap, "0000", Anomaly::RadiotapLength);
    ends(Link::Radiotap, "0000 0700 00000000", Anomaly::RadiotapLength);
    ends(Link::Radiotap, "0100 0800 00000000", Anomaly::RadiotapLength);
}

#[test]
fn links_other_than_ethernet() {
    use Layers as L;
    for family in ["00000002", "02000000"] {
        leads(Link::Null, &bytes(family), ethertype::IPV4, &[L::NULL]);
    }
    for family in ["0000000a", "18000000", "1c000000", "0000001e"] {
        leads(Link::Null, &bytes(family), ethertype::IPV6, &[L::NULL]);
    }
    ends(Link::Null, &bytes("00000011"), Stop::Unknown, Some(Anomaly::LoopbackFamily));
    leads(Link::Sll, &bytes("0000 0001 0006 0200000000010000 86dd"), ethertype::IPV6, &[L::SLL]);
    let tagged = bytes("0000 0001 0006 0200000000010000 8100 0009 0800");
    leads(Link::Sll, &tagged, ethertype::IPV4, &[L::SLL, L::VLAN]);
    leads(Link::Sll2, &bytes("0800 0000 00000002 0001 00 06 0200000000010000"), ethertype::IPV4, &[L::SLL2]);
    // A generic routing tunnel that carries Ethernet.
    let bridged = bytes(&format!("0000 030a 0000 0000000000000000 6558 {MACS} 0800"));
    leads(Link::Sll, &bridged, ethertype::IPV4, &[L::SLL, L::ETHERNET]);
    ends(Link::Sll, &bytes("0000 0338 0000 0000000000000000 0800"), Stop::Unknown, None);
    leads(Link::Chdlc, &bytes("0f00 0800"), ethertype::IPV4, &[L::CHDLC]);
    ends(Link::Chdlc, &bytes("8f00 8035"), Stop::Unknown, Some(Anomaly::EthernetUnknownType));
    leads(Link::Type(ethertype::VLAN), &bytes("0009 0800"), ethertype::IPV4, &[L::VLAN]);
}

#[test]
fn ppp_and_pppoe() {
    use Layers as L;
    leads(Link::Ppp, &bytes("ff03 0021"), ethertype::IPV4, &[L::PPP]);
    leads(Link::Ppp, &bytes("57"), ethertype::IPV6, &[L::PPP]);
    leads(Link::Ppp, &bytes("0281 00010140"), ethertype::IPV4, &[L::PPP, L::MPLS]);
    ends(Link::Ppp, &bytes("c021 01010004"), Stop::Unknown, Some(Anomaly::PppNoDecoder));
    ends(Link::Ppp, &bytes("7ffe"), Stop::Unknown, Some(Anomaly::PppUnknownProtocol));
    leads(Link::Ethernet, &ether("8864 1100 0001 002a 0021"), ethertype::IPV4, &[L::ETHERNET, L::PPPOE, L::PPP]);
    let discovery = |hex: &str, stop, anomaly| ends(Link::Ethernet, &ether(&format!("8863 {hex}")), stop, anomaly);
    discovery("1109 0000 0004 01010000", Stop::Complete, None);
    discovery("1108 0000 0000", Stop::Malformed, Some(Anomaly::PppoeCode));
    discovery("1109 0000 0004 01010001", Stop::Malformed, Some(Anomaly::PppoeTags));
    discovery("1109 0000 0005 01010000", Stop::Malformed, Some(Anomaly::PppoeTags));
}

#[test]
fn mpls() {
    use Layers as L;
    let tag = |hex: &str, ethertype, layers: &[L]| leads(Link::Ethernet, &ether(hex), ethertype, layers);
    tag("8847 00000140", ethertype::IPV4, &[L::ETHERNET, L::MPLS]);
    tag("8848 00011040 00002140", ethertype::IPV6, &[L::ETHERNET, L::MPLS]);
    tag("8847 00011140", ethertype::IPV6, &[L::ETHERNET, L::MPLS]);
    tag(&format!("8847 00011140 00000000 {MACS} 0800"), ethertype::IPV4, &[L::ETHERNET, L::MPLS]);
    let bad = |hex: &str, anomaly| ends(Link::Ethernet, &ether(hex), Stop::Unknown, Some(anomaly));
    bad("8847 00001140", Anomaly::MplsRouterAlert);
    bad("8847 00003140", Anomaly::MplsImplicitNull);
    bad("8847 0000f140", Anomaly::MplsReserved);
    bad("8847 00011140 50", Anomaly::MplsUnknownPayload);
}

#[test]
fn nsh() {
    use Layers as L;
    let context = "00000000000000000000000000000000";
    let nsh = |hex: &str| ether(&format!("894f {hex}"));
    let layers = [L::ETHERNET, L::NSH];
    leads(Link::Ethernet, &nsh(&format!("0fc60101 00000001 {context}")), ethertype::IPV4, &layers);
    leads(Link::Ethernet, &nsh("0fc30202 00000001 00000000"), ethertype::IPV6, &layers);
    leads(Link::Ethernet, &nsh(&format!("0fc20203 00000001 {MACS} 0800")), ethertype::IPV4, &layers);
    let bad = |hex: &str, stop, anomaly| ends(Link::Ethernet, &nsh(hex), stop, Some(anomaly));
    bad("4fc20201 00000001", Stop::Malformed, Anomaly::NshVersion);
    bad("0fc20101 00000001", Stop::Malformed, Anomaly::NshLength);
    bad("0fc10201 00000001", Stop::Malformed, Anomaly::NshLength);
    bad("0fc60201 00000001", Stop::Malformed, Anomaly::NshLength);
    bad("0fc20f01 00000001", Stop::Malformed, Anomaly::NshReservedType);
    bad("0fc20301 00000001", Stop::Malformed, Anomaly::NshUnknownType);
    bad("0fc20206 00000001", Stop::Unknown, Anomaly::NshUnknownPayload);
}

#[test]
fn llc_and_wifi() {
    use Layers as L;
    let snap = "aaaa03 000000 0800";
    leads(Link::Ethernet, &ether(&format!("0030 {snap}")), ethertype::IPV4, &[L::ETHERNET, L::LLC]);
    let wifi = |control: &str, more: &str| bytes(&format!("{control} {WIFI} 1000 {more} {snap}"));
    let layers = [L::WIFI, L::LLC];
    leads(Link::Wifi, &wifi("0801", ""), ethertype::IPV4, &layers);
    leads(Link::Wifi, &wifi("0803", "020000000004"), ethertype::IPV4, &layers);
    leads(Link::Wifi, &wifi("8883", "020000000004 0000 00000000"), ethertype::IPV4, &layers);
    leads(Link::Wifi, &wifi("8801", &format!("8000 {MACS} 0040")), ethertype::IPV4, &layers);
    ends(Link::Wifi, &wifi("0841", ""), Stop::Unknown, None);
    ends(Link::Wifi, &wifi("8000", ""), Stop::Unknown, None);
    ends(Link::Wifi, &bytes("d400 0000 020000000001"), Stop::Unknown, None);
    ends(Link::Wifi, &bytes(&format!("0801 {WIFI} 1100 {snap}")), Stop::Fragment, None);
    let padded = bytes(&format!("0000 0900 02000000 70 8801 {WIFI} 1000 0000 0000 {snap} 45 00000000"));
    let walk = walk(&padded, padded.len(), Link::Radiotap);
    assert_eq!((walk.stop, walk.at, walk.trailer), (None, padded.len() - 5, 4));
    assert!(walk.anomalies.has(Anomaly::WifiBadFcs));
}

#[test]
fn the_walk_is_bounded() {
    let nest = format!("{MACS} 8903 0001").repeat(100);
    ends(Link::Ethernet, &bytes(&nest), Stop::Unknown, Some(Anomaly::LinkTooManyLayers));
}

proptest! {
    #[test]
    fn any_bytes_of_any_link(
        frame in proptest::collection::vec(any::<u8>(), 0..120), link in proptest::sample::select(&LINKS[..]), sent in 0usize..200,
    ) {
        let walk = walk(&frame, sent.max(frame.len()), link);
        prop_assert!(walk.at <= frame.len());
        if walk.stop.is_none() {
            prop_assert_eq!(Some((walk.ethertype, walk.at)), network(&frame, link));
        }
        if let Some(plain) = plain(&frame, |_| {}).filter(|_| link == Link::Ethernet) {
            prop_assert_eq!(Some(plain), network(&frame, link));
        }
    }
}
