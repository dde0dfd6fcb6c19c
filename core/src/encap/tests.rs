use super::*;

/// The headers of the first frame of a real AWS capture (specification, section 5), and the copy's beginning.
const REAL: &str = "06e2439cff5e061d3c34d0770800\
    4500007e00000000ff115086ac1f00eeac1f11bc\
    ffa512b5006a0000\
    0800000054fa1100\
    02292374c77d028569c2ab020800\
    4500004c09514000ff1119edac1f00ee4e2e5d27ecd7007b00380192";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn vxlan() -> Profile {
    let ends = Ends { src: Addr::v4([172, 31, 0, 238]), dst: Addr::v4([172, 31, 17, 188]), dport: VXLAN_PORT };
    Profile { vni: 5_569_041, mirror: ends, gateway: None }
}

fn gateway() -> Gateway {
    let ends = Ends { src: Addr::v4([10, 0, 0, 7]), dst: Addr::v4([10, 0, 0, 8]), dport: GENEVE_PORT };
    Gateway { ends, endpoint: 0x0123_4567_89ab_cdef, attachment: 2 }
}

fn v6(last: u8) -> Addr {
    Addr([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last])
}

/// Ethernet, IPv4, ports; protocol 17 unless changed.
fn inner(src: [u8; 4], sport: u16, dst: [u8; 4], dport: u16) -> Vec<u8> {
    let mut frame = hex("02292374c77d028569c2ab0208004500004c09514000ff1119ed");
    frame.extend(src.into_iter().chain(dst).chain(sport.to_be_bytes()).chain(dport.to_be_bytes()));
    frame.extend([0; 8]);
    frame
}

#[test]
fn the_profile_is_that_of_a_real_capture() {
    let real = hex(REAL);
    let head = vxlan().wrap(Link::Ethernet, &real[50..], 90).unwrap();
    assert_eq!(head.frame().len(), 50);
    assert_eq!(head.frame()[12..34], real[12..34], "EtherType and IPv4 header, checksum included");
    assert_eq!(head.frame()[36..50], real[36..50], "destination port to VNI");
    assert_eq!(head.payload(), &real[42..50]);
    assert_eq!(head.frame()[34..36], head.sport.to_be_bytes());
    assert!(head.sport >= FIRST_SOURCE_PORT);
}

#[test]
fn behind_a_load_balancer_the_copy_starts_at_byte_118() {
    let profile = Profile { gateway: Some(gateway()), ..vxlan() };
    let copy = inner([10, 1, 0, 1], 1000, [10, 1, 0, 2], 80);
    let head = profile.wrap(Link::Ethernet, &copy, copy.len()).unwrap();
    let frame = head.frame();
    assert_eq!(frame.len(), 118);
    assert_eq!(frame[16..18], (20 + 8 + 40 + 20 + 8 + 8 + copy.len() as u16).to_be_bytes());
    assert_eq!(frame[36..38], GENEVE_PORT.to_be_bytes());
    assert_eq!(frame[42..50], [8, 0, 0x08, 0, 0, 0, 0, 0]);
    assert_eq!(frame[50..62], hex("010801020123456789abcdef"));
    assert_eq!(frame[62..74], hex("010802020000000000000002"));
    assert_eq!(frame[74..78], hex("01080301"));
    assert_eq!(frame[82..84], [0x45, 0]);
    assert_eq!(frame[104..106], VXLAN_PORT.to_be_bytes());
    assert_eq!(frame[110..118], vxlan().wrap(Link::Ethernet, &copy, copy.len()).unwrap().payload()[..]);
    assert_eq!(head.payload().len(), 118 - 42);
}

#[test]
fn ipv6_around_it_takes_20_bytes_more() {
    let mirror = Ends { src: v6(1), dst: v6(2), dport: VXLAN_PORT };
    let head = Profile { vni: 1, mirror, gateway: None }.wrap(Link::Ethernet, &[0; 60], 60).unwrap();
    let frame = head.frame();
    assert_eq!(frame.len(), 70);
    assert_eq!(frame[12..22], hex("86dd60000000004c11ff"));
    assert_eq!((&frame[22..38], &frame[38..54]), (&v6(1).0[..], &v6(2).0[..]));
    assert_eq!(frame[58..60], [0, 76]);
    assert!(mirror.one_family() && !Ends { src: v6(1), ..vxlan().mirror }.one_family());
    let both = Profile { vni: 1, mirror, gateway: Some(gateway()) };
    assert_eq!(both.wrap(Link::Ip, &[0x60; 60], 60).unwrap().frame()[44..46], hex("86dd"));
}

#[test]
fn raw_ip_gets_an_ethernet_header() {
    let whole = inner([10, 0, 0, 1], 1, [10, 0, 0, 2], 2);
    let head = vxlan().wrap(Link::Ip, &whole[14..], 36).unwrap();
    assert_eq!(head.frame()[50..], hex("0200000000020200000000010800"));
    assert_eq!(head.frame()[38..40], (8 + 8 + 14 + 36u16).to_be_bytes());
    let six = vxlan().wrap(Link::Ip, &[0x60; 48], 48).unwrap();
    assert_eq!(six.frame()[62..], hex("86dd"));
}

#[test]
fn both_directions_have_one_port_and_flows_spread() {
    let port = |a, ap, b, bp| source_port(Link::Ethernet, &inner(a, ap, b, bp));
    let (a, b) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let mut seen = std::collections::BTreeSet::new();
    for sport in 1024..3072 {
        assert_eq!(port(a, sport, b, 443), port(b, 443, a, sport));
        seen.insert(port(a, sport, b, 443));
    }
    assert_eq!(seen.len(), 128);
    assert_eq!(seen.first(), Some(&FIRST_SOURCE_PORT));
    let raw = inner(a, 5, b, 6);
    assert_eq!(source_port(Link::Ip, &raw[14..]), source_port(Link::Ethernet, &raw));
    let tagged = [&raw[..12], &hex("810000648100006508 00".replace(' ', "").as_str()), &raw[14..]].concat();
    assert_eq!(source_port(Link::Ethernet, &tagged), source_port(Link::Ethernet, &raw));
}

#[test]
fn the_resolvers_answers_have_the_first_port() {
    let (resolver, host) = ([169, 254, 169, 253], [10, 0, 0, 1]);
    let ports: Vec<u16> = (1024..1100).map(|p| source_port(Link::Ethernet, &inner(resolver, 53, host, p))).collect();
    assert!(ports.iter().all(|&p| p == FIRST_SOURCE_PORT));
    assert!((1024..1100).any(|p| source_port(Link::Ethernet, &inner(host, p, resolver, 53)) != FIRST_SOURCE_PORT));
    let mut six = hex("60000000000811ff");
    six.extend(hex("fd000ec2000000000000000000000253"));
    six.extend(v6(1).0);
    six.extend([0, 53, 4, 4, 0, 8, 0, 0]);
    assert_eq!(source_port(Link::Ip, &six), FIRST_SOURCE_PORT);
}

#[test]
fn all_fragments_of_a_datagram_go_one_way() {
    let mut first = inner([10, 0, 0, 1], 1000, [10, 0, 0, 2], 80);
    first[20] = 0x20;
    let mut later = inner([10, 0, 0, 1], 7, [10, 0, 0, 2], 9);
    later[20] = 0;
    later[21] = 185;
    assert_eq!(source_port(Link::Ethernet, &first), source_port(Link::Ethernet, &later));
    let six = |extension: &str, ports: &str| {
        let mut packet = hex("60000000001000ff");
        packet[6] = if extension.is_empty() { 17 } else { u8::from_str_radix(&extension[..2], 16).unwrap() };
        packet
            .extend(v6(1).0.into_iter().chain(v6(2).0).chain(hex(extension.get(2..).unwrap_or(""))).chain(hex(ports)));
        source_port(Link::Ip, &packet)
    };
    assert_eq!(six("2c1100000100000001", "00010002"), six("2c1100010800000001", "00030004"));
    assert_eq!(six("001100010203040506", "00010002"), six("", "00010002"), "extension headers are passed over");
}

#[test]
fn every_cut_of_a_frame_is_wrapped_without_a_panic() {
    let whole = inner([10, 0, 0, 1], 1000, [10, 0, 0, 2], 80);
    for end in 0..=whole.len() {
        for link in [Link::Ethernet, Link::Ip] {
            assert!(vxlan().wrap(link, &whole[..end], end).is_some());
        }
    }
}

#[test]
fn what_fits_in_no_datagram_is_not_wrapped() {
    let most = 65_535 - 20 - 8 - 8;
    assert!(vxlan().wrap(Link::Ethernet, &[], most).is_some());
    assert!(vxlan().wrap(Link::Ethernet, &[], most + 1).is_none());
    let behind = Profile { gateway: Some(gateway()), ..vxlan() };
    assert!(behind.wrap(Link::Ethernet, &[], most - 68).is_some());
    assert!(behind.wrap(Link::Ethernet, &[], most - 67).is_none());
}

#[test]
fn packet_length_counts_from_the_inner_ethernet_header() {
    assert_eq!(Profile::cut(Link::Ethernet, 1514, Some(100)), 100);
    assert_eq!(Profile::cut(Link::Ethernet, 60, Some(100)), 60);
    assert_eq!(Profile::cut(Link::Ip, 1500, Some(100)), 86);
    assert_eq!(Profile::cut(Link::Ip, 1500, Some(1)), 0);
    assert_eq!(Profile::cut(Link::Ethernet, 1514, None), 1514);
}
