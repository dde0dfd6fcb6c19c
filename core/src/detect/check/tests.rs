//! Checks asked of packets as they are decoded, whole and cut everywhere.

use super::*;
use crate::decode::decode;
use crate::detect::buffer::names;
use crate::detect::state::Shared;
use crate::detect::subject::Buffer;
use crate::frame::Link;
use crate::packet::Packet;
use crate::plan::{Field, Op};
use crate::verify::verify;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2: type of service 8, identification 0x1234, DF, its checksum 0.
fn ipv4(proto: u8, options: &str, payload: &str) -> Vec<u8> {
    let (options, payload) = (bytes(options), bytes(payload));
    let mut packet = vec![0x45 + (options.len() / 4) as u8, 8, 0, 0, 0x12, 0x34, 0x40, 0, 64, proto, 0, 0];
    packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(options.iter().chain(&payload));
    packet[3] = packet.len() as u8;
    packet
}

/// An IPv6 packet to its sender.
fn ipv6(next: u8, payload: &str) -> Vec<u8> {
    let payload = bytes(payload);
    let mut packet = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next, 64];
    packet.extend([[0xfe; 16], [0xfe; 16]].concat());
    packet.extend(payload);
    packet
}

fn ask(check: &plan::Check, sent: &[u8], kept: usize, link: Link) -> (Truth, Packet) {
    ask_about(check, sent, kept, link, |subject| subject)
}

fn ask_about<'a>(
    check: &plan::Check,
    sent: &'a [u8],
    kept: usize,
    link: Link,
    more: impl FnOnce(Subject<'a>) -> Subject<'a>,
) -> (Truth, Packet) {
    let packet = decoded(sent, kept, link);
    let headers = &sent[..packet.captured as usize];
    let payload = headers.get(usize::from(packet.payload)..).unwrap_or_default();
    let payload = &payload[..payload.len().min(packet.payload_original as usize)];
    let original = packet.payload_original as usize;
    let known: &'static Packet = Box::leak(Box::new(packet));
    let subject = more(Subject { headers, ..Subject::new(known, Buffer { bytes: payload, original }) });
    let shared = Shared::new(&plan::Rules::default()).unwrap();
    let memory = Memory { flow: None, shared: &shared, now: 0 };
    (Check::new(check).holds(&subject, &memory), packet)
}

fn decoded(sent: &[u8], kept: usize, link: Link) -> Packet {
    let mut packet = Packet { link, captured: kept as u32, original: sent.len() as u32, ..Packet::EMPTY };
    decode(&sent[..kept], link, &mut packet);
    verify(&sent[..packet.captured as usize], &mut packet);
    packet
}

/// What a check says of the whole packet; no part of it with an IP header contradicts that.
fn whole(check: &plan::Check, sent: &[u8]) -> bool {
    let (truth, _) = ask(check, sent, sent.len(), Link::Ip);
    assert_ne!(truth, Truth::Unknown, "{check:?}");
    for kept in 0..sent.len() {
        let (cut, packet) = ask(check, sent, kept, Link::Ip);
        assert!(packet.ip == 0 || cut == truth || cut == Truth::Unknown, "{check:?} of {kept}: {cut:?} for {truth:?}");
    }
    truth == Truth::True
}

fn is(field: Field, value: u64, sent: &[u8]) -> bool {
    let number = |op| Number { op, a: value, b: 0 };
    let check = |op| plan::Check::Field { field, number: number(op), negated: false };
    let equal = whole(&check(Op::Eq), sent);
    // Without the field neither holds; several may be equal and not.
    assert!(!equal || !whole(&check(Op::Ne), sent) || field == Field::SctpChunkType);
    equal
}

#[test]
fn fields_of_ipv4() {
    let udp = ipv4(17, "", "9c40 0035 000c 0000 6162 6364");
    assert!(is(Field::Ttl, 64, &udp) && !is(Field::Ttl, 63, &udp));
    assert!(is(Field::Tos, 8, &udp) && !is(Field::Tos, 0, &udp));
    assert!(is(Field::IpId, 0x1234, &udp) && !is(Field::IpId, 0x3412, &udp));
    assert!(is(Field::IpProto, 17, &udp) && !is(Field::IpProto, 6, &udp));
    assert!(is(Field::Fragoffset, 0, &udp));
    let mut later = udp.clone();
    later[6..8].copy_from_slice(&[0x20, 3]);
    assert!(is(Field::Fragoffset, 3, &later) && !is(Field::Fragoffset, 24, &later));
    for field in [Field::Itype, Field::TcpSeq, Field::IcmpId, Field::SctpVtag, Field::IgmpType, Field::TcpMss] {
        assert!(!is(field, 0, &udp), "{field:?}");
    }
}

#[test]
fn fields_of_ipv6() {
    let udp = ipv6(17, "9c40 0035 000c 0000 6162 6364");
    assert!(is(Field::Ttl, 64, &udp) && is(Field::IpProto, 17, &udp));
    assert!(!is(Field::Tos, 0, &udp) && !is(Field::IpId, 0, &udp) && !is(Field::Fragoffset, 0, &udp));
    let behind = ipv6(0, "1100 0104 0000 0000 9c40 0035 000c 0000 6162 6364");
    assert!(is(Field::IpProto, 17, &behind));
    let fragment = ipv6(60, "2c00 0104 0000 0000 1100 0011 0000 0001 6162 6364 6566 6768");
    assert!(is(Field::Fragoffset, 16, &fragment));
}

#[test]
fn fields_of_icmp() {
    let echo = ipv4(1, "", "0800 0000 beef 0102 6162");
    assert!(is(Field::Itype, 8, &echo) && is(Field::Icode, 0, &echo));
    assert!(is(Field::IcmpId, 0xbeef, &echo) && is(Field::IcmpSeq, 0x0102, &echo));
    let unreachable = ipv4(1, "", "0301 0000 0000 0000");
    assert!(is(Field::Icode, 1, &unreachable) && !is(Field::IcmpId, 0, &unreachable));
    let too_big = ipv6(58, "0200 0000 0000 0500 6162");
    assert!(is(Field::Icmpv6Mtu, 1280, &too_big) && !is(Field::IcmpSeq, 0x500, &too_big));
    let echo = ipv6(58, "8000 0000 beef 0102 6162");
    assert!(is(Field::IcmpId, 0xbeef, &echo) && !is(Field::Icmpv6Mtu, 0xbeef_0102, &echo));
}

const SEGMENT: &str = "9c40 0050 01020304 05060708 8002 ffff 0000 0000 020405b4 01030307 00000000 6162";

#[test]
fn fields_of_tcp() {
    let syn = ipv4(6, "", SEGMENT);
    assert!(is(Field::TcpSeq, 0x0102_0304, &syn) && is(Field::TcpAck, 0x0506_0708, &syn));
    assert!(is(Field::TcpWindow, 65535, &syn));
    assert!(is(Field::TcpMss, 1460, &syn) && is(Field::TcpWscale, 7, &syn));
    let bare = ipv4(6, "", "9c40 0050 01020304 05060708 5002 ffff 0000 0000 020405b4");
    assert!(!is(Field::TcpMss, 1460, &bare) && !is(Field::TcpWscale, 0, &bare));
    let odd = ipv4(6, "", "9c40 0050 01020304 05060708 7002 ffff 0000 0000 01020000 00000000");
    assert!(!is(Field::TcpMss, 0, &odd));
}

#[test]
fn fields_of_others() {
    let sctp =
        ipv4(132, "", "0005 0006 0000abcd 00000000 0e00 0004 0300 0004 0000 0014 00000001 00010000 00000000 61626364");
    assert!(is(Field::SctpVtag, 0xabcd, &sctp) && is(Field::SctpChunkCnt, 3, &sctp));
    assert!(is(Field::SctpChunkType, 14, &sctp) && is(Field::SctpChunkType, 0, &sctp));
    assert!(!is(Field::SctpChunkType, 1, &sctp));
    let igmp = ipv4(2, "", "1600 0000 e0000001");
    assert!(is(Field::IgmpType, 0x16, &igmp) && !is(Field::IgmpType, 0x11, &igmp));
}

#[test]
fn vlans() {
    let tagged = bytes("000000000001 000000000002 8100 0007 8100 0009 0800");
    let frame = [tagged, ipv4(17, "", "9c40 0035 0008 0000")].concat();
    let ask = |value| {
        let number = Number { op: Op::Eq, a: value, b: 0 };
        let check = plan::Check::Field { field: Field::VlanLayers, number, negated: false };
        ask(&check, &frame, frame.len(), Link::Ethernet).0 == Truth::True
    };
    assert!(ask(2) && !ask(1));
}

#[test]
fn options_and_flags_of_ipv4() {
    let with = ipv4(17, "94040000 01 83 03 04", "9c40 0035 0008 0000");
    let none = ipv4(17, "", "9c40 0035 0008 0000");
    let option = |option, sent: &[u8]| whole(&plan::Check::IpOption { option }, sent);
    assert!(option(Some(148), &with) && option(Some(131), &with) && option(Some(1), &with) && option(None, &with));
    assert!(!option(Some(7), &with) && !option(None, &none) && !option(Some(0), &none));
    assert!(!option(None, &ipv6(17, "9c40 0035 0008 0000")));
    let bits = |op, bits| whole(&plan::Check::FragBits { op, bits }, &none);
    assert!(bits(FlagsOp::Exactly, 2) && !bits(FlagsOp::Exactly, 6));
    assert!(bits(FlagsOp::All, 2) && !bits(FlagsOp::All, 3));
    assert!(bits(FlagsOp::Any, 3) && !bits(FlagsOp::Any, 5));
    assert!(bits(FlagsOp::NotAll, 3) && !bits(FlagsOp::NotAll, 2));
}

#[test]
fn addresses_and_checksums() {
    let mut udp = ipv4(17, "", "9c40 0035 000c 0000 6162 6364");
    assert!(whole(&plan::Check::SameIp {}, &ipv6(17, "9c40 0035 0008 0000")) && !whole(&plan::Check::SameIp {}, &udp));
    let sum = |layer, valid, sent: &[u8]| whole(&plan::Check::ChecksumIs { layer, valid }, sent);
    // The header's is 0 and wrong; UDP may leave its own out.
    assert!(sum(ChecksumOf::Ipv4, false, &udp) && !sum(ChecksumOf::Ipv4, true, &udp));
    assert!(sum(ChecksumOf::Udpv4, true, &udp) && !sum(ChecksumOf::Udpv4, false, &udp));
    assert!(!sum(ChecksumOf::Udpv6, true, &udp) && !sum(ChecksumOf::Tcpv4, true, &udp));
    // Cut in the transport's header: whose checksum it was is known.
    let cut = |layer| ask(&plan::Check::ChecksumIs { layer, valid: true }, &udp, 22, Link::Ip).0;
    let layers = [ChecksumOf::Udpv4, ChecksumOf::Tcpv4, ChecksumOf::Udpv6].map(cut);
    assert_eq!(layers, [Truth::Unknown, Truth::False, Truth::False]);
    udp[26] = 1;
    assert!(sum(ChecksumOf::Udpv4, false, &udp));
    assert!(sum(ChecksumOf::Tcpv4, false, &ipv4(6, "", SEGMENT)));
    assert!(sum(ChecksumOf::Icmpv6, false, &ipv6(58, "8000 0001 beef 0102 6162")));
}

#[test]
fn remote_procedure_calls() {
    let call = "00000007 00000000 00000002 000186a0 00000002 00000003 00000000";
    let udp = ipv4(17, "", &format!("9c40 006f 0024 0000 {call}"));
    let tcp = ipv4(6, "", &format!("9c40 006f 00000001 00000001 5018 ffff 0000 0000 80000018 {call}"));
    let ask = |program, version, procedure, sent: &[u8]| whole(&plan::Check::Rpc { program, version, procedure }, sent);
    for sent in [&udp, &tcp] {
        assert!(ask(100_000, Some(2), Some(3), sent) && ask(100_000, None, None, sent));
        assert!(!ask(100_001, None, None, sent) && !ask(100_000, Some(3), None, sent));
        assert!(!ask(100_000, None, Some(4), sent));
    }
    let answer = ipv4(17, "", &format!("006f 9c40 0024 0000 {}", call.replacen("00000000", "00000001", 1)));
    assert!(!ask(100_000, None, None, &answer));
    assert!(!ask(100_000, None, None, &ipv4(17, "", "9c40 006f 000c 0000 00000007")));
    assert!(!ask(100_000, None, None, &ipv4(1, "", "0800 0000 beef 0102")));
}

#[test]
fn events() {
    let event = |name: &str| plan::Check::Event { name: name.into() };
    let (truth, _) = ask(
        &event("decoder.ipv4.hlen_too_small"),
        &bytes("41000014 00000000 40110000 0a000001 0a000002"),
        20,
        Link::Ip,
    );
    assert_eq!(truth, Truth::True);
    let udp = ipv4(17, "", "9c40 0035 0008 0000");
    assert!(!whole(&event("decoder.ipv4.hlen_too_small"), &udp) && !whole(&event("decoder.unheard.of"), &udp));
    let facts = StreamFacts { events: event::stream_events("stream.3whs_syn_flood"), ..StreamFacts::default() };
    let ask = |name: &str| {
        ask_about(&event(name), &udp, udp.len(), Link::Ip, |subject| Subject { stream: Some(facts), ..subject }).0
    };
    assert_eq!([ask("stream.3whs_syn_flood"), ask("stream.est_syn_resend")], [Truth::True, Truth::False]);
}

#[test]
fn flows_and_sessions() {
    let udp = ipv4(17, "", "9c40 0035 0008 0000");
    let flow = FlowFacts { packets: [3, 5], bytes: [300, 50], start: -2_100_000_000, ..FlowFacts::default() };
    let flow = FlowFacts { first_in_direction: true, ..flow };
    let stream = StreamFacts { sizes: [10, 20], state: TcpState::FinWait1, ..StreamFacts::default() };
    let ask = |check: plan::Check| {
        let known = |subject| Subject { flow: Some(flow), stream: Some(stream), ..subject };
        let (with, _) = ask_about(&check, &udp, udp.len(), Link::Ip, known);
        assert!(matches!(check, plan::Check::Hook { .. }) || !whole(&check, &udp), "{check:?} without a flow");
        with == Truth::True
    };
    let number = |op, a| Number { op, a, b: 0 };
    let packets = |side, op, a| ask(plan::Check::FlowNumber { what: FlowWhat::Packets, side, number: number(op, a) });
    assert!(packets(Side::ToServer, Op::Eq, 3) && packets(Side::ToClient, Op::Eq, 5));
    assert!(packets(Side::Both, Op::Ge, 3) && !packets(Side::Both, Op::Ge, 4));
    assert!(packets(Side::Either, Op::Ge, 5) && !packets(Side::Either, Op::Ge, 6));
    let of = |what, a| ask(plan::Check::FlowNumber { what, side: Side::ToServer, number: number(Op::Eq, a) });
    assert!(of(FlowWhat::Bytes, 300) && of(FlowWhat::Age, 3));
    let size = |side, a| ask(plan::Check::StreamSize { side, number: number(Op::Gt, a) });
    assert!(size(Side::ToServer, 9) && !size(Side::ToServer, 10) && size(Side::Either, 19) && !size(Side::Both, 10));
    assert!(ask(plan::Check::TcpSession { states: 4 }) && !ask(plan::Check::TcpSession { states: 3 }));
    assert!(ask(plan::Check::Hook { hook: PacketHook::FlowStart }) && ask(plan::Check::Hook { hook: PacketHook::All }));
    assert!(!whole(&plan::Check::Hook { hook: PacketHook::FlowStart }, &udp), "without a flow");
    assert!(whole(&plan::Check::Hook { hook: PacketHook::All }, &udp), "without a flow");
    assert!(!ask(plan::Check::FlowElephant { side: Side::Either }));
    let bits = [TcpState::None, TcpState::SynRecv, TcpState::Established, TcpState::Closed].map(session_bit);
    assert_eq!(bits, [1, 1, 2, 4]);
}

#[test]
fn every_buffer_has_a_name_of_its_own() {
    let mut all = names();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), names().len());
}
