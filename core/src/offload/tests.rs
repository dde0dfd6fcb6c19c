use super::*;
use crate::anomaly::Anomaly;
use crate::decode::decode;
use crate::packet::{Checksum, Layer, Packet, Stop, tcp as flag};
use crate::verify::verify;
use proptest::prelude::*;

const ETHERNET: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
const FLAGS: u8 = flag::ACK | flag::PSH | flag::FIN | flag::CWR;
const SEQ: u32 = u32::MAX - 1000;

/// What is around the transport header.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Path {
    V4,
    V6,
    /// IPv6 with a routing header that has segments left.
    Routed,
    RawV4,
    RawV6,
    /// IPv6 with the option for more than 64 KiB.
    Jumbo,
    Tagged,
    Vxlan,
    /// Its outer UDP has a checksum.
    VxlanChecksum,
    Geneve,
    IpInIp,
}

const PATHS: [Path; 11] = [
    Path::V4,
    Path::V6,
    Path::Routed,
    Path::RawV4,
    Path::RawV6,
    Path::Jumbo,
    Path::Tagged,
    Path::Vxlan,
    Path::VxlanChecksum,
    Path::Geneve,
    Path::IpInIp,
];

impl Path {
    fn link(self) -> Link {
        if matches!(self, Self::RawV4 | Self::RawV6) { Link::Ip } else { Link::Ethernet }
    }
}

fn ipv4(kind: u8) -> Vec<u8> {
    let mut head = vec![0x46, 0, 0xff, 0xff, 0xff, 0xfe, 0x40, 0, 64, kind, 0xde, 0xad];
    head.extend([10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 0]);
    head
}

fn ipv6(next: u8, after: &[u8]) -> Vec<u8> {
    let mut head = vec![0x60, 0, 0, 0, 0xff, 0xff, next, 64];
    head.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    head.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    head.extend(after);
    head
}

fn ethernet(ethertype: [u8; 2], rest: Vec<u8>) -> Vec<u8> {
    [&ETHERNET[..], &ethertype, &rest].concat()
}

/// A UDP header and what follows it; its length and checksum are not right yet.
fn udp(dport: u16, check: [u8; 2], rest: &[u8]) -> Vec<u8> {
    [&[0x10, 0x92][..], &dport.to_be_bytes(), &[0xff, 0xff], &check, rest].concat()
}

fn transport(proto: u8) -> Vec<u8> {
    if proto == proto::UDP {
        return udp(443, [0, 0], &[]);
    }
    let mut head = vec![0x30, 0x39, 0x01, 0xbb];
    head.extend(SEQ.to_be_bytes());
    head.extend([0, 0, 0, 9, 0x80, FLAGS, 0x20, 0, 0xbe, 0xef, 0, 0]);
    head.extend([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
    head
}

/// All headers up to the transport's.
fn lead(path: Path, kind: u8) -> Vec<u8> {
    let inner = || ethernet([8, 0], ipv4(kind));
    let tunnel = |check, dport, head: &[u8]| {
        ethernet([8, 0], [ipv4(proto::UDP), udp(dport, check, &[head, &inner()].concat())].concat())
    };
    let vxlan = [8, 0, 0, 0, 0, 0, 42, 0];
    match path {
        Path::V4 => inner(),
        Path::RawV4 => ipv4(kind),
        Path::V6 => ethernet([0x86, 0xdd], ipv6(kind, &[])),
        Path::RawV6 => ipv6(kind, &[]),
        Path::Routed => {
            let mut routing = vec![kind, 2, 4, 1, 0, 0, 0, 0];
            routing.extend([9; 16]);
            ethernet([0x86, 0xdd], ipv6(43, &routing))
        }
        Path::Jumbo => {
            let mut head = ipv6(0, &[kind, 0, 0xc2, 4, 0, 2, 0, 0]);
            head[4..6].fill(0);
            ethernet([0x86, 0xdd], head)
        }
        Path::Tagged => ethernet([0x81, 0], [vec![0, 100, 8, 0], ipv4(kind)].concat()),
        Path::Vxlan => tunnel([0, 0], 8472, &vxlan),
        Path::VxlanChecksum => tunnel([1, 2], 4789, &vxlan),
        Path::Geneve => tunnel([0, 0], 6081, &[2, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 8, 1, 1, 7, 7, 7, 7]),
        Path::IpInIp => ethernet([8, 0], [ipv4(4), ipv4(kind)].concat()),
    }
}

/// A frame as the kernel has it before the card, with the header beside it, and how many bytes of headers it has.
fn frame(path: Path, proto: u8, payload: &[u8], gso_size: u16) -> (Vec<u8>, VnetHeader, usize) {
    let mut bytes = lead(path, proto);
    let start = bytes.len();
    bytes.extend(transport(proto));
    let headers = bytes.len();
    bytes.extend(payload);
    let gso_type = if proto == proto::TCP { GSO_TCPV4 | 0x80 } else { GSO_UDP_L4 };
    let csum_offset = if proto == proto::TCP { 16 } else { 6 };
    (bytes, VnetHeader { flags: NEEDS_CSUM, gso_type, gso_size, csum_start: start as u16, csum_offset }, headers)
}

fn cut(frame: &[u8], link: Link, header: &VnetHeader) -> (bool, Vec<Vec<u8>>) {
    let mut frames = Vec::new();
    let done = segment(&mut frame.to_vec(), link, header, |head, payload| frames.push([head, payload].concat()));
    (done, frames)
}

fn judged(bytes: &[u8], link: Link) -> Packet {
    let mut packet = Packet { captured: bytes.len() as u32, original: bytes.len() as u32, ..Packet::EMPTY };
    decode(bytes, link, &mut packet);
    verify(bytes, &mut packet);
    packet
}

/// The innermost packet of a segment, all checksums on the way right.
fn innermost(path: Path, bytes: &[u8]) -> Packet {
    let packet = judged(bytes, path.link());
    // The options here are one word, which Suricata remarks on.
    assert!(packet.anomalies.iter().all(|anomaly| anomaly == Anomaly::Ipv4OptionPadding), "{path:?}");
    assert_eq!(packet.original as usize, bytes.len(), "the IP length is the segment's");
    assert!(matches!(packet.l3_checksum, Checksum::Valid) || packet.ip == 6, "{path:?}");
    let skip = match path {
        Path::Vxlan | Path::VxlanChecksum => usize::from(packet.payload) + 8,
        Path::Geneve => usize::from(packet.payload) + 16,
        Path::IpInIp => usize::from(packet.l3) + 24,
        _ => return packet,
    };
    let expected = if path == Path::VxlanChecksum { Checksum::Valid } else { Checksum::Absent };
    assert_eq!(packet.l4_checksum, expected, "{path:?}");
    let link = if path == Path::IpInIp { Link::Ip } else { Link::Ethernet };
    let inner = judged(&bytes[skip..], link);
    assert_eq!(inner.original as usize, bytes.len() - skip);
    inner
}

fn check(path: Path, proto: u8, payload: &[u8], gso_size: u16) {
    let (whole, header, headers) = frame(path, proto, payload, gso_size);
    let (done, frames) = cut(&whole, path.link(), &header);
    assert!(done, "{path:?}");
    let headers = headers - if path == Path::Jumbo { 8 } else { 0 };
    let joined: Vec<u8> = frames.iter().flat_map(|bytes| bytes[headers..].to_vec()).collect();
    assert!(joined == payload);
    assert_eq!(frames.len(), payload.len().div_ceil(usize::from(gso_size)));
    for (index, bytes) in frames.iter().enumerate() {
        let is_last = index + 1 == frames.len();
        assert!(is_last || bytes.len() == headers + usize::from(gso_size));
        let packet = innermost(path, bytes);
        assert_eq!((packet.l4_checksum, packet.stop), (Checksum::Valid, Stop::Complete), "{path:?} {index}");
        assert_eq!(packet.payload_captured() as usize, bytes.len() - headers);
        if proto == proto::TCP {
            let mut flags = flag::ACK;
            flags |= if index == 0 { flag::CWR } else { 0 };
            flags |= if is_last { flag::FIN | flag::PSH } else { 0 };
            assert_eq!(packet.layer, Layer::Tcp);
            assert_eq!(packet.tcp_flags, flags);
            assert_eq!(packet.seq, SEQ.wrapping_add((index * usize::from(gso_size)) as u32));
        }
        if path == Path::V4 {
            assert_eq!(bytes[18..20], 0xfffe_u16.wrapping_add(index as u16).to_be_bytes());
        }
    }
}

#[test]
fn large_frames_are_cut_as_a_card_does() {
    let payload: Vec<u8> = (0..65_000u32).map(|i| (i * 7 / 3) as u8).collect();
    for path in PATHS {
        for proto in [proto::TCP, proto::UDP] {
            check(path, proto, &payload[..5000], 1448);
            check(path, proto, &payload[..2896], 1448);
            check(path, proto, &payload[..100], 1448);
            check(path, proto, &payload, 8948);
        }
    }
    let big: Vec<u8> = payload.repeat(8);
    check(Path::Jumbo, proto::TCP, &big[..500_000], 1428);
    check(Path::V6, proto::TCP, &big[..500_000], 1428);
}

#[test]
fn a_frame_without_partial_checksum_is_cut_at_its_first_transport() {
    for (path, proto) in [(Path::V4, proto::TCP), (Path::V6, proto::UDP), (Path::Vxlan, proto::TCP)] {
        let (whole, header, _) = frame(path, proto, &[5; 3000], 1000);
        let (done, frames) = cut(&whole, path.link(), &VnetHeader { flags: 2, ..header });
        assert!(done);
        let expected = if proto == proto::UDP { Checksum::NotCalculated } else { Checksum::Valid };
        assert_eq!(frames.iter().map(|bytes| innermost(path, bytes).l4_checksum).collect::<Vec<_>>(), [expected; 3]);
    }
}

/// A small frame whose checksum is left to the card, with the pseudo-header's sum in the field.
fn partial(path: Path, proto: u8, payload: [u8; 2]) -> (Vec<u8>, VnetHeader) {
    let (mut bytes, header, headers) = frame(path, proto, &payload, 0);
    let start = usize::from(header.csum_start);
    let length = (headers + 2 - start) as u16;
    let addresses = if path == Path::V4 { 26..34 } else { 22..54 };
    let ip_length = if path == Path::V4 { length + 24 } else { length };
    put16(&mut bytes, if path == Path::V4 { 16 } else { 18 }, ip_length);
    if proto == proto::UDP {
        put16(&mut bytes, start + 4, length);
    }
    let pseudo = sum(&bytes[addresses]) + sum(&[0, proto]) + sum(&length.to_be_bytes());
    put16(&mut bytes, start + usize::from(header.csum_offset), fold(pseudo));
    (bytes, VnetHeader { gso_type: GSO_NONE, ..header })
}

#[test]
fn partial_checksums_are_completed() {
    for (path, proto) in [Path::V4, Path::V6].into_iter().flat_map(|p| [(p, proto::TCP), (p, proto::UDP)]) {
        let (bytes, header) = partial(path, proto, *b"hi");
        let before = judged(&bytes, path.link());
        assert_eq!(before.l4_checksum, Checksum::NotCalculated);
        let (done, frames) = cut(&bytes, path.link(), &header);
        assert!(done && frames.len() == 1);
        assert_eq!(judged(&frames[0], path.link()).l4_checksum, Checksum::Valid);
        assert_eq!(cut(&bytes, path.link(), &VnetHeader { flags: 2, ..header }), (true, vec![bytes]), "no work left");
    }
}

#[test]
fn a_udp_checksum_is_never_zero() {
    let field = |payload: u16| {
        let (bytes, header) = partial(Path::V4, proto::UDP, payload.to_be_bytes());
        let (_, frames) = cut(&bytes, Link::Ethernet, &header);
        (frames[0][44..46].to_vec(), judged(&frames[0], Link::Ethernet).l4_checksum)
    };
    let sums: Vec<_> = (0..=u16::MAX).map(field).collect();
    assert!(sums.iter().all(|(field, verdict)| *field != [0, 0] && *verdict == Checksum::Valid));
    assert!(sums.iter().any(|(field, _)| *field == [0xff, 0xff]));
}

/// Refused: the frame comes out as it went in.
fn refuse(frame: &[u8], link: Link, header: VnetHeader) {
    assert_eq!(cut(frame, link, &header), (false, vec![frame.to_vec()]), "{header:?}");
}

#[test]
fn what_can_not_be_done_leaves_the_frame_as_it_is() {
    let (whole, good, headers) = frame(Path::V4, proto::TCP, &[0; 60_000], 1000);
    let length = whole.len() as u16;
    refuse(&whole, Link::Ethernet, VnetHeader { gso_size: 0, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { gso_size: 29, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { gso_type: GSO_UDP_L4, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { gso_type: 3, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { gso_type: 2, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { csum_start: 12, ..good });
    refuse(&whole, Link::Ip, good);
    refuse(&whole[..headers], Link::Ethernet, good);
    refuse(&whole, Link::Ethernet, VnetHeader { gso_type: 0, csum_start: length, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { gso_type: 0, csum_start: u16::MAX, csum_offset: u16::MAX, ..good });
    refuse(&whole, Link::Ethernet, VnetHeader { gso_type: 0, csum_start: length - 3, csum_offset: 2, ..good });
    let mut fragment = whole.clone();
    fragment[20] = 0x20;
    refuse(&fragment, Link::Ethernet, good);
    let huge = frame(Path::V6, proto::TCP, &[0; 70_000], 65_535);
    refuse(&huge.0, Link::Ethernet, huge.1);
    refuse(&[], Link::Ethernet, VnetHeader { gso_type: 0, ..good });
    refuse(&[0x60; 5], Link::Ip, good);
}

#[test]
fn the_header_is_in_the_order_of_the_machine() {
    let [size, start, offset] = [1448u16, 34, 16].map(u16::to_ne_bytes);
    let bytes = [1, 0x81, 9, 9, size[0], size[1], start[0], start[1], offset[0], offset[1]];
    let expected = VnetHeader { flags: 1, gso_type: 0x81, gso_size: 1448, csum_start: 34, csum_offset: 16 };
    assert_eq!(VnetHeader::parse(&bytes), expected);
}

fn any_path() -> impl Strategy<Value = Path> {
    proptest::sample::select(&PATHS[..])
}

fn any_proto() -> impl Strategy<Value = u8> {
    proptest::sample::select(&[proto::TCP, proto::UDP][..])
}

proptest! {
    #[test]
    fn any_payload_is_cut_right(path in any_path(), proto in any_proto(), payload in prop::collection::vec(any::<u8>(), 1..2000), size in 1u16..1500) {
        check(path, proto, &payload, size);
    }

    #[test]
    fn hostile_headers_never_panic_and_never_flood(
        path in any_path(), proto in any_proto(), payload in prop::collection::vec(any::<u8>(), 0..300),
        header in (any::<u8>(), any::<u8>(), 0u16..400, 0u16..200, any::<u16>()), changes in prop::collection::vec((0usize..200, any::<u8>()), 0..6),
        end in 0usize..500, link in proptest::sample::select(&[Link::Ethernet, Link::Ip][..]), keep in any::<bool>(),
    ) {
        let (mut bytes, good, headers) = frame(path, proto, &payload, header.2);
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) { *byte = value; }
        }
        bytes.truncate(end);
        let (flags, gso_type, gso_size, csum_start, csum_offset) = header;
        let header = if keep { good } else { VnetHeader { flags, gso_type, gso_size, csum_start, csum_offset } };
        let (done, frames) = cut(&bytes, link, &header);
        prop_assert!(done || frames == [bytes.clone()]);
        prop_assert!(frames.len() <= bytes.len().max(1));
        prop_assert!(frames.iter().all(|frame| frame.len() <= bytes.len()));
        let longest = frames.iter().map(Vec::len).max().unwrap_or(0);
        prop_assert!(frames.len() < 2 || longest <= headers + 600 + usize::from(header.gso_size));
    }
}
