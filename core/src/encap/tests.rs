use super::*;
use crate::decode::decode;
use crate::frame::Link;
use crate::packet::Packet;
use serde_bytes::ByteBuf;

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

fn buf(addr: Addr) -> ByteBuf {
    ByteBuf::from(addr.0)
}

fn v6(last: u8) -> Addr {
    Addr([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last])
}

fn copies(src: Addr, dst: &[Addr]) -> plan::Copies {
    plan::Copies {
        vni: 5_569_041,
        src: buf(src),
        dst: dst.iter().copied().map(buf).collect(),
        macs: ByteBuf::from(hex("06e2439cff5e061d3c34d077")),
        gateway: None,
        packet_length: 0,
        mtu: 0,
    }
}

fn vxlan() -> plan::Copies {
    copies(Addr::v4([172, 31, 0, 238]), &[Addr::v4([172, 31, 17, 188])])
}

fn behind_gateway(appliances: u8) -> plan::Copies {
    let gateway = plan::Gateway {
        src: buf(Addr::v4([10, 0, 0, 7])),
        dst: (0..appliances).map(|last| buf(Addr::v4([10, 0, 1, last]))).collect(),
        endpoint: 0x0123_4567_89ab_cdef,
        attachment: 2,
    };
    plan::Copies { gateway: Some(gateway), ..vxlan() }
}

fn encap(copies: &plan::Copies) -> Encap {
    Encap::new(copies, FIRST_SOURCE_PORT).unwrap()
}

fn written(copies: &plan::Copies, flow: Flow, copy: usize) -> (Vec<u8>, Head) {
    let mut out = Vec::new();
    let head = encap(copies).write(flow, copy, &mut out).unwrap();
    (out, head)
}

/// Ethernet, IPv4, ports; protocol 17 unless changed.
fn inner(src: [u8; 4], sport: u16, dst: [u8; 4], dport: u16) -> Vec<u8> {
    let mut frame = hex("02292374c77d028569c2ab0208004500001c09514000ff110000");
    frame.extend(src.into_iter().chain(dst).chain(sport.to_be_bytes()).chain(dport.to_be_bytes()));
    frame.extend([0, 8, 0, 0]);
    frame
}

fn flow(link: Link, bytes: &[u8]) -> Flow {
    let mut packet = Packet { captured: bytes.len() as u32, original: bytes.len() as u32, ..Packet::EMPTY };
    decode(bytes, link, &mut packet);
    Flow::of(&packet, bytes, false)
}

fn udp(src: [u8; 4], sport: u16, dst: [u8; 4], dport: u16) -> Flow {
    flow(Link::Ethernet, &inner(src, sport, dst, dport))
}

const A: [u8; 4] = [10, 0, 0, 1];
const B: [u8; 4] = [10, 0, 0, 2];

#[test]
fn the_profile_is_that_of_a_real_capture() {
    let real = hex(REAL);
    let (frame, head) = written(&vxlan(), flow(Link::Ethernet, &real[50..]), 90);
    assert_eq!(frame.len(), 50);
    assert_eq!(frame[..34], real[..34], "MAC addresses, EtherType and IPv4 header, checksum included");
    assert_eq!(frame[36..50], real[36..50], "destination port to VNI");
    assert_eq!(frame[34..36], head.sport.to_be_bytes());
    assert_eq!((head.payload, head.dst, head.dport), (42, Addr::v4([172, 31, 17, 188]), VXLAN_PORT));
    assert!(head.sport >= FIRST_SOURCE_PORT);
}

#[test]
fn behind_a_load_balancer_the_copy_starts_at_byte_118() {
    let one = udp(A, 1000, B, 80);
    let (frame, head) = written(&behind_gateway(1), one, 42);
    assert_eq!(frame.len(), 118);
    assert_eq!(frame[16..18], (20 + 8 + 40 + 20 + 8 + 8 + 42u16).to_be_bytes());
    assert_eq!(fold(sum(&frame[14..34])), 0xffff);
    assert_eq!(frame[36..38], GENEVE_PORT.to_be_bytes());
    assert_eq!(frame[42..50], [8, 0, 0x08, 0, 0, 0, 0, 0]);
    assert_eq!(frame[50..62], hex("010801020123456789abcdef"));
    assert_eq!(frame[62..74], hex("010802020000000000000002"));
    assert_eq!(frame[74..78], hex("01080301"));
    assert_eq!(frame[78..82], one.cookie().to_be_bytes());
    assert_eq!(frame[82..118], written(&vxlan(), one, 42).0[14..], "the VXLAN packet, from its IP header on");
    assert_eq!((head.payload, head.dport), (42, GENEVE_PORT));
}

#[test]
fn ipv6_around_it_takes_20_bytes_more() {
    let (frame, head) = written(&copies(v6(1), &[v6(2)]), udp(A, 1, B, 2), 60);
    assert_eq!((frame.len(), head.payload), (70, 62));
    assert_eq!(frame[12..22], hex("86dd60000000004c11ff"));
    assert_eq!((&frame[22..38], &frame[38..54]), (&v6(1).0[..], &v6(2).0[..]));
    assert_eq!(frame[58..60], [0, 76]);
    let both = plan::Copies { gateway: behind_gateway(1).gateway, ..copies(v6(1), &[v6(2)]) };
    assert_eq!(written(&both, udp(A, 1, B, 2), 60).0[44..46], hex("86dd"));
}

#[test]
fn what_can_not_be_is_refused() {
    let two_families = copies(v6(1), &[Addr::v4(A)]);
    let none = copies(Addr::v4(A), &[]);
    let too_wide = plan::Copies { vni: 1 << 24, ..vxlan() };
    let short = plan::Copies { src: ByteBuf::from([1, 2]), ..vxlan() };
    for wrong in [two_families, none, too_wide, short] {
        assert!(Encap::new(&wrong, 65408).is_err());
    }
}

#[test]
fn both_directions_have_one_port_and_flows_spread() {
    for (first, count) in [(FIRST_SOURCE_PORT, 128), (49_152, 2000)] {
        let mut seen = std::collections::BTreeSet::new();
        for sport in 1024..3072 {
            assert_eq!(udp(A, sport, B, 443), udp(B, 443, A, sport));
            seen.insert(udp(A, sport, B, 443).port(first));
        }
        assert!(seen.len() >= count * 9 / 10, "{first}: {} ports", seen.len());
        assert!(*seen.first().unwrap() >= first);
    }
    let raw = inner(A, 5, B, 6);
    assert_eq!(flow(Link::Ip, &raw[14..]), flow(Link::Ethernet, &raw));
}

#[test]
fn an_echo_and_its_reply_are_one_flow() {
    let echo = |kind: u8, src: [u8; 4], dst: [u8; 4], id: u8| {
        let mut frame = inner(src, 0, dst, 0);
        frame[23] = 1;
        frame[34..42].copy_from_slice(&[kind, 0, 0, 0, 0, id, 0, 1]);
        flow(Link::Ethernet, &frame)
    };
    assert_eq!(echo(8, A, B, 7), echo(0, B, A, 7));
    assert_ne!(echo(8, A, B, 7), echo(8, A, B, 8));
    assert_eq!(echo(3, A, B, 7), echo(3, B, A, 9), "others go by addresses");
}

#[test]
fn the_resolvers_answers_have_the_first_port() {
    let answer = inner(B, 53, A, 4000);
    let mut packet = Packet { captured: 42, original: 42, ..Packet::EMPTY };
    decode(&answer, Link::Ethernet, &mut packet);
    assert_eq!(Flow::of(&packet, &answer, true).port(FIRST_SOURCE_PORT), FIRST_SOURCE_PORT);
}

#[test]
fn all_fragments_of_a_datagram_go_one_way() {
    let mut first = inner(A, 1000, B, 80);
    first[20] = 0x20;
    let mut later = inner(A, 7, B, 9);
    (later[20], later[21]) = (0, 185);
    assert_eq!(flow(Link::Ethernet, &first), flow(Link::Ethernet, &later));
    let six = |extension: &str, ports: &str| {
        let mut packet = hex("60000000001000ff");
        packet[6] = if extension.is_empty() { 17 } else { u8::from_str_radix(&extension[..2], 16).unwrap() };
        let rest = [hex(extension.get(2..).unwrap_or("")), hex(ports), hex("00080000")].concat();
        packet[5] = rest.len() as u8;
        packet.extend(v6(1).0.into_iter().chain(v6(2).0).chain(rest));
        flow(Link::Ip, &packet)
    };
    assert_eq!(six("2c1100000100000001", "00010002"), six("2c1100010800000001", "00030004"));
    assert_eq!(six("001100010203040506", "00010002"), six("", "00010002"), "extension headers are passed over");
}

#[test]
fn balancers_spread_flows_over_receivers_and_keep_each_with_its_own() {
    let network = copies(Addr::v4(A), &[Addr::v4([10, 9, 0, 1]), Addr::v4([10, 9, 0, 2]), Addr::v4([10, 9, 0, 3])]);
    for (copies, receivers) in [(network, 3), (behind_gateway(4), 4)] {
        let mut seen = std::collections::BTreeMap::new();
        for sport in 1024..2048 {
            let (_, there) = written(&copies, udp(A, sport, B, 80), 60);
            let (_, back) = written(&copies, udp(B, 80, A, sport), 60);
            assert_eq!(there.dst, back.dst);
            *seen.entry(there.dst).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), receivers);
        assert!(seen.values().all(|&count| count > 1024 / receivers / 2), "{seen:?}");
    }
}

#[test]
fn what_fits_in_no_datagram_is_not_wrapped() {
    let most = 65_535 - 20 - 8 - 8;
    let fits = |copies: &plan::Copies, length| {
        let mut out = vec![1];
        let fits = encap(copies).write(udp(A, 1, B, 2), length, &mut out).is_some();
        assert!(fits || out == [1], "nothing is left of it");
        fits
    };
    assert!(fits(&vxlan(), most) && !fits(&vxlan(), most + 1));
    assert!(fits(&behind_gateway(1), most - 68) && !fits(&behind_gateway(1), most - 67));
}
