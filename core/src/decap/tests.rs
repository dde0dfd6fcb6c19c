use super::*;
use crate::frame::Addr;
use crate::packet::{Family, Wrap};
use proptest::prelude::*;

const SRC: [u8; 4] = [10, 0, 0, 1];
const DST: [u8; 4] = [10, 0, 0, 2];

fn settings() -> DecapSettings {
    DecapSettings {
        vxlan_ports: vec![4789],
        geneve_ports: vec![6081],
        vxlan_gpe_ports: vec![4790],
        gre_udp_ports: vec![4754],
        teredo_ports: vec![3544],
        tunnels: vec![Tunnel::Erspan, Tunnel::Gre, Tunnel::Ip],
        max_depth: 4,
        vxlan_strict: false,
    }
}

fn ethernet(ethertype: u16, rest: &[u8]) -> Vec<u8> {
    [&[2; 12], &ethertype.to_be_bytes()[..], rest].concat()
}

fn ipv4(protocol: u8, rest: &[u8]) -> Vec<u8> {
    let length = (20 + rest.len()) as u16;
    let [high, low] = length.to_be_bytes();
    [&[0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0], &SRC[..], &DST, rest].concat()
}

fn ipv6(protocol: u8, rest: &[u8]) -> Vec<u8> {
    let [high, low] = (rest.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0, high, low, protocol, 64], &[0x20; 16][..], &[0x21; 16], rest].concat()
}

fn udp(sport: u16, dport: u16, rest: &[u8]) -> Vec<u8> {
    let words = [sport, dport, (8 + rest.len()) as u16, 0].map(u16::to_be_bytes);
    [words.as_flattened(), rest].concat()
}

/// What is inside everything: a UDP datagram to a port that carries no tunnel.
fn plain() -> Vec<u8> {
    ipv4(proto::UDP, &udp(5000, 53, &[7; 9]))
}

fn plain6() -> Vec<u8> {
    ipv6(proto::UDP, &udp(5000, 53, &[7; 9]))
}

fn gre(flags: u16, protocol: u16, rest: &[u8]) -> Vec<u8> {
    [&flags.to_be_bytes()[..], &protocol.to_be_bytes(), rest].concat()
}

fn find(decap: &DecapSettings, frame: &[u8]) -> Found {
    Decap::new(decap).frame(frame, frame.len(), Link::Ethernet, &mut Outers::default())
}

/// What is found in Ethernet and IPv4 around this.
fn inside(protocol: u8, rest: &[u8]) -> Found {
    find(&settings(), &ethernet(0x0800, &ipv4(protocol, rest)))
}

/// Kind, number, depth, and bytes of the innermost packet.
fn told(found: &Found) -> (Encapsulation, u32, usize, u32) {
    (found.wrap.encapsulation, found.wrap.vni, found.depth, found.inner.received)
}

fn anomalies(found: &Found) -> Vec<Anomaly> {
    found.anomalies.iter().collect()
}

/// A tunnel, as what it is told to be; whatever is inside is whole.
#[track_caller]
fn takes(protocol: u8, header: &[u8], inner: &[u8], kind: Encapsulation, number: u32, link: Link) {
    let found = inside(protocol, &[header, inner].concat());
    assert_eq!(told(&found), (kind, number, 1, inner.len() as u32));
    assert_eq!((found.inner.link, found.inner.tunnel, found.inner.captured), (link, kind, inner.len() as u32));
    assert_eq!((found.wrap.outer_src, found.wrap.outer_dst), (Addr::v4(SRC), Addr::v4(DST)));
    assert_eq!((anomalies(&found), found.tunnels), (vec![], kind.layers()));
    assert_eq!(found.copy_length, inner.len());
}

#[track_caller]
fn refuses(protocol: u8, payload: &[u8], anomaly: Option<Anomaly>, malformed: bool) {
    let found = inside(protocol, payload);
    assert_eq!((found.depth, anomalies(&found), found.malformed), (0, anomaly.into_iter().collect(), malformed));
}

#[test]
fn gre_of_version_0() {
    let v4 = Link::Type(0x0800);
    takes(proto::GRE, &gre(0, 0x0800, &[]), &plain(), Encapsulation::Gre, 0, v4);
    takes(proto::GRE, &gre(0, 0x86dd, &[]), &plain6(), Encapsulation::Gre, 0, Link::Type(0x86dd));
    let frame = ethernet(0x0800, &plain());
    takes(proto::GRE, &gre(0x3000, 0x6558, &[0, 0, 0, 7, 0, 0, 0, 9]), &frame, Encapsulation::Gre, 7, Link::Ethernet);
    let tagged = [&[0, 100, 8, 0], plain().as_slice()].concat();
    takes(proto::GRE, &gre(0, 0x8100, &[]), &tagged, Encapsulation::Gre, 0, Link::Type(0x8100));
    let ppp = [&[0xff, 3, 0, 0x21], plain().as_slice()].concat();
    takes(proto::GRE, &gre(0, 0x880b, &[]), &ppp, Encapsulation::Gre, 0, Link::Ppp);
    // A source route of one entry.
    let route = [&[0, 0, 0, 0, 8, 0, 0, 4], &SRC[..], &[0; 4]].concat();
    takes(proto::GRE, &gre(0x4000, 0x0800, &route), &plain(), Encapsulation::Gre, 0, v4);
    // A type without a decoder, a keep-alive's.
    refuses(proto::GRE, &gre(0, 0, &plain()), None, false);
}

#[test]
fn gre_is_checked() {
    let mut whole = [gre(0x8000, 0x0800, &[0; 4]), plain()].concat();
    let sum = crate::wire::checksum::fold(crate::wire::checksum::sum(&whole));
    whole[4..6].copy_from_slice(&(!sum).to_be_bytes());
    assert_eq!(anomalies(&inside(proto::GRE, &whole)), []);
    whole[5] ^= 1;
    let found = inside(proto::GRE, &whole);
    assert_eq!((found.depth, anomalies(&found)), (1, vec![Anomaly::GreBadChecksum]));
    let frame = ethernet(0x0800, &ipv4(proto::GRE, &whole));
    let cut = &frame[..frame.len() - 1];
    assert_eq!(anomalies(&find(&settings(), cut)), [], "what is cut can't be checked");
}

#[test]
fn gre_that_contradicts_itself() {
    let table: &[(&[u8], Anomaly)] = &[
        (&[0, 0, 8], Anomaly::GreTooShort),
        (&gre(2, 0x0800, &plain()), Anomaly::GreVersion),
        (&gre(0x0100, 0x0800, &plain()), Anomaly::GreRecursion),
        (&gre(0x0008, 0x0800, &plain()), Anomaly::GreFlags),
        (&gre(0x2000, 0x0800, &[0; 3]), Anomaly::GreHeaderLength),
        (&gre(0x4000, 0x0800, &[0, 0, 0, 0, 8, 0, 0, 200]), Anomaly::GreSourceRoute),
        (&gre(0, 0x0800, &plain6()), Anomaly::Ipv4Version),
        (&gre(0, 0x86dd, &[&plain()[..], &[0; 9]].concat()), Anomaly::Ipv6Version),
        (&gre(0, 0x0800, &[0x45; 19]), Anomaly::IpInsideTooShort),
        (&gre(0xa001, 0x880b, &[0; 20]), Anomaly::PptpChecksum),
        (&gre(0x6001, 0x880b, &[0; 20]), Anomaly::PptpRouting),
        (&gre(0x2801, 0x880b, &[0; 20]), Anomaly::PptpStrictRoute),
        (&gre(0x2101, 0x880b, &[0; 20]), Anomaly::PptpRecursion),
        (&gre(0x2009, 0x880b, &[0; 20]), Anomaly::PptpFlags),
        (&gre(0x2001, 0x0800, &[0; 20]), Anomaly::PptpProtocol),
        (&gre(0x0001, 0x880b, &[0; 20]), Anomaly::PptpNoKey),
        (&gre(0x3081, 0x880b, &[0; 8]), Anomaly::PptpHeaderLength),
        (&gre(0x1000, 0x88be, &[0; 11]), Anomaly::ErspanTooShort),
        (&gre(0x1000, 0x88be, &[0x20; 40]), Anomaly::ErspanVersion),
        (&gre(0x1000, 0x22eb, &[&[0; 4][..], &[0x10; 40]].concat()), Anomaly::ErspanVersion),
    ];
    for (payload, anomaly) in table {
        refuses(proto::GRE, payload, Some(*anomaly), true);
    }
}

#[test]
fn pptp() {
    let ppp = [&[0xff, 3, 0, 0x21], plain().as_slice()].concat();
    let header = gre(0x3081, 0x880b, &[0, 33, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2]);
    takes(proto::GRE, &header, &ppp, Encapsulation::Pptp, 5, Link::Ppp);
    // An acknowledgment without a payload.
    let found = inside(proto::GRE, &gre(0x2081, 0x880b, &[0, 0, 0, 5, 0, 0, 0, 2]));
    assert_eq!((told(&found), found.malformed), ((Encapsulation::None, 0, 0, 46), false));
}

#[test]
fn erspan() {
    let frame = ethernet(0x0800, &plain());
    takes(proto::GRE, &gre(0, 0x88be, &[]), &frame, Encapsulation::Erspan1, 0, Link::Ethernet);
    let type2 = gre(0x1000, 0x88be, &[0, 0, 0, 9, 0x10, 0x64, 0, 7, 0, 0, 0, 1]);
    takes(proto::GRE, &type2, &frame, Encapsulation::Erspan2, 7, Link::Ethernet);
    let type3 = |last| gre(0x1000, 0x22eb, &[0, 0, 0, 9, 0x20, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0x80, last]);
    takes(proto::GRE, &type3(8), &frame, Encapsulation::Erspan3, 8, Link::Ethernet);
    let platform = [type3(1), vec![0; 8]].concat();
    takes(proto::GRE, &platform, &frame, Encapsulation::Erspan3, 8, Link::Ethernet);
    refuses(proto::GRE, &type3(1), Some(Anomaly::ErspanTooShort), true);
}

#[test]
fn ip_in_ip() {
    let (v4, v6) = (Link::Type(0x0800), Link::Type(0x86dd));
    takes(proto::IPV4, &[], &plain(), Encapsulation::Ipip, 0, v4);
    takes(proto::IPV6, &[], &plain6(), Encapsulation::SixInFour, 0, v6);
    let around6 = |protocol, inner: &[u8]| find(&settings(), &ethernet(0x86dd, &ipv6(protocol, inner)));
    assert_eq!(told(&around6(proto::IPV4, &plain())), (Encapsulation::FourInSix, 0, 1, 37));
    assert_eq!(told(&around6(proto::IPV6, &plain6())), (Encapsulation::SixInSix, 0, 1, 57));
    let refused = |protocol, inner: &[u8]| {
        let found = around6(protocol, inner);
        assert_eq!((found.depth, found.malformed), (0, true));
        anomalies(&found)
    };
    assert_eq!(refused(proto::IPV4, &plain6()), [Anomaly::Ipv4InIpv6Version]);
    assert_eq!(refused(proto::IPV6, &[&plain()[..], &[0; 9]].concat()), [Anomaly::Ipv6InIpv6Version]);
    assert_eq!(refused(proto::IPV4, &[0x45; 19]), [Anomaly::Ipv4InIpv6TooShort]);
    assert_eq!(refused(proto::IPV6, &[0x60; 39]), [Anomaly::Ipv6InIpv6TooShort]);
    refuses(proto::IPV4, &plain6(), Some(Anomaly::Ipv4Version), true);
}

#[test]
fn vxlan_gpe() {
    let header = |flags, next| udp(5000, 4790, &[flags, 0, 0, next, 0, 0, 7, 0]);
    let around = |flags, next, inner: &[u8]| {
        let mut datagram = [&header(flags, next)[..], inner].concat();
        datagram[4..6].copy_from_slice(&((16 + inner.len()) as u16).to_be_bytes());
        inside(proto::UDP, &datagram)
    };
    let frame = ethernet(0x0800, &plain());
    for (flags, next, inner, link) in [
        (0x0c, 1, plain(), Link::Type(0x0800)),
        (0x0c, 2, plain6(), Link::Type(0x86dd)),
        (0x0c, 3, frame.clone(), Link::Ethernet),
        (0x0c, 4, [&[0, 0x42, 1, 3, 0, 0, 0, 0xff], frame.as_slice()].concat(), Link::Type(0x894f)),
        (0x08, 9, frame.clone(), Link::Ethernet),
    ] {
        let found = around(flags, next, &inner);
        assert_eq!(told(&found), (Encapsulation::VxlanGpe, 7, 1, inner.len() as u32));
        assert_eq!(found.inner.link, link);
    }
    let refused = |flags, next, inner: &[u8]| anomalies(&around(flags, next, inner));
    assert_eq!(refused(0x0c, 99, &plain()), [Anomaly::VxlanPayload]);
    assert_eq!(refused(0x1c, 1, &plain()), [Anomaly::VxlanGpeVersion]);
    assert_eq!(refused(0x04, 1, &plain()), [Anomaly::VxlanNoVni]);
    assert_eq!(refused(0x0c, 1, &plain6()), [Anomaly::Ipv4Version]);
}

fn vxlan(vni: u8, frame: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(proto::UDP, &udp(5000, 4789, &[&[8, 0, 0, 0, 0, 0, vni, 0], frame].concat())))
}

#[test]
fn a_group_policy_is_noted() {
    let mut frame = vxlan(7, &ethernet(0x0800, &plain()));
    assert!(find(&settings(), &frame).note.is_none());
    frame[42..46].copy_from_slice(&[0x88, 0x08, 0x12, 0x34]);
    let found = find(&settings(), &frame);
    assert_eq!(found.note.map(|note| (note.kind, note.start, note.length)), Some((NoteKind::Vxlan, 42, 8)));
    assert_eq!((anomalies(&found), found.wrap.vni), (vec![], 7));
}

#[test]
fn gre_in_udp() {
    let datagram = udp(5000, 4754, &gre(0x2000, 0x0800, &[&[0, 0, 0, 3][..], &plain()].concat()));
    assert_eq!(told(&inside(proto::UDP, &datagram)), (Encapsulation::GreInUdp, 3, 1, 37));
    let none = DecapSettings { gre_udp_ports: vec![], tunnels: vec![], ..settings() };
    let frame = ethernet(0x0800, &ipv4(proto::UDP, &datagram));
    assert_eq!(find(&none, &frame).depth, 0);
    let only_udp = DecapSettings { tunnels: vec![], ..settings() };
    assert_eq!(find(&only_udp, &frame).depth, 1);
}

#[test]
fn teredo() {
    let authentication = [&[0, 1, 0, 0], &[9; 9][..]].concat();
    let origin = [0, 0, 1, 2, 3, 4, 5, 6];
    for header in [vec![], authentication.clone(), origin.to_vec(), [&authentication[..], &origin].concat()] {
        let payload = [&header[..], &plain6()].concat();
        for (sport, dport) in [(3544, 9), (9, 3544)] {
            let found = inside(proto::UDP, &udp(sport, dport, &payload));
            assert_eq!((told(&found), anomalies(&found)), ((Encapsulation::Teredo, 0, 1, 57), vec![]));
        }
        // Another length, another version: plain UDP.
        let longer = [&payload[..], &[0]].concat();
        assert_eq!(inside(proto::UDP, &udp(9, 3544, &longer)).depth, 0);
    }
    refuses(proto::UDP, &udp(9, 3544, &plain()), None, false);
}

#[test]
fn the_outermost_is_the_mirrors() {
    let inner = ipv4(proto::GRE, &gre(0x2000, 0x0800, &[&[0, 0, 0, 5][..], &plain()].concat()));
    let found = find(&settings(), &vxlan(7, &ethernet(0x0800, &inner)));
    assert_eq!(told(&found), (Encapsulation::Vxlan, 7, 2, 37));
    assert_eq!((found.inner.tunnel, found.copy_length), (Encapsulation::Gre, 14 + inner.len()));
    assert_eq!(found.tunnels.0, Encapsulation::Vxlan.layers().0 | Encapsulation::Gre.layers().0);
    let behind = find(&settings(), &ethernet(0x0800, &ipv4(proto::GRE, &gre(0, 0x6558, &vxlan(7, &plain())))));
    assert_eq!((behind.wrap.encapsulation.family(), behind.wrap.vni, behind.depth), (Family::Gre, 0, 2));
}

#[test]
fn link_headers_in_front() {
    let copy = &vxlan(7, &ethernet(0x0800, &plain()))[14..];
    let table: &[(u16, &[u8])] = &[
        (0x8847, &[0, 1, 0x01, 64]),
        (0x8864, &[0x11, 0, 0, 1, 0, (2 + copy.len()) as u8, 0, 0x21]),
        (0x88a8, &[0, 100, 0x81, 0, 0, 200, 8, 0]),
        (0x8926, &[0, 1, 0, 2, 8, 0]),
    ];
    for (ethertype, header) in table {
        let found = find(&settings(), &ethernet(*ethertype, &[header, copy].concat()));
        assert_eq!(told(&found), (Encapsulation::Vxlan, 7, 1, 51), "{ethertype:#x}");
    }
}

#[test]
fn tunnels_can_be_left_alone() {
    let erspan = DecapSettings { tunnels: vec![Tunnel::Erspan], ..settings() };
    let frame = |protocol, payload: &[u8]| ethernet(0x0800, &ipv4(protocol, payload));
    let plain_gre = frame(proto::GRE, &gre(0, 0x0800, &plain()));
    assert_eq!((find(&erspan, &plain_gre).depth, find(&erspan, &frame(proto::IPV4, &plain())).depth), (0, 0));
    let copied = frame(proto::GRE, &gre(0, 0x88be, &ethernet(0x0800, &plain())));
    assert_eq!(find(&erspan, &copied).depth, 1);
    let gre_only = DecapSettings { tunnels: vec![Tunnel::Gre], ..settings() };
    assert_eq!((find(&gre_only, &copied).depth, find(&gre_only, &plain_gre).depth), (0, 1));
}

#[test]
fn a_bomb_is_left_at_the_depth() {
    let ipip = (0..3000).fold(plain(), |inner, _| if inner.len() < 60_000 { ipv4(proto::IPV4, &inner) } else { inner });
    let found = find(&settings(), &ethernet(0x0800, &ipip));
    assert_eq!((found.depth, anomalies(&found)), (4, vec![Anomaly::TooDeep]));
    assert_eq!(found.inner.start as usize, 14 + 4 * 20);
}

#[test]
fn a_datagram_put_together_keeps_what_was_around_it() {
    let decap = Decap::new(&settings());
    let wrap = Wrap { vni: 9, encapsulation: Encapsulation::Erspan2, ..Wrap::default() };
    let around = Around { link: Link::Ethernet, depth: 1, wrap, tunnel: Encapsulation::Erspan2 };
    let frame = vxlan(7, &ethernet(0x0800, &plain()));
    let mut outers = [Span { received: 1, ..Span::default() }; MAX_DEPTH];
    let found = decap.resume(&frame, frame.len(), &around, &mut outers);
    assert_eq!((found.depth, found.wrap, found.inner.tunnel), (2, wrap, Encapsulation::Vxlan));
    assert_eq!((outers[0].received, outers[1].received as usize), (0, frame.len()));
    let bare = decap.resume(&frame, frame.len(), &Around::default(), &mut outers);
    assert_eq!(told(&bare), (Encapsulation::Vxlan, 7, 1, 51));
}

/// Frames of tunnels in each other, as bytes to be cut and changed.
fn nested() -> impl Strategy<Value = Vec<u8>> {
    let layer = prop::collection::vec(0u8..10, 0..6);
    layer.prop_map(|layers| {
        let inner = layers.iter().fold(plain(), |inner, kind| match kind {
            0 => ipv4(proto::IPV4, &inner),
            1 => ipv4(proto::GRE, &gre(0x2000, 0x0800, &[&[0, 0, 0, 1][..], &inner].concat())),
            2 => vxlan(1, &ethernet(0x0800, &inner))[14..].to_vec(),
            3 => ipv4(proto::GRE, &gre(0, 0x88be, &ethernet(0x0800, &inner))),
            4 => ipv4(proto::GRE, &gre(0x4000, 0x0800, &[&[0; 8][..], &inner].concat())),
            5 => ipv4(proto::GRE, &gre(0x3001, 0x880b, &[&[0, 1, 0, 1, 0, 0, 0, 1, 0, 0x21][..], &inner].concat())),
            6 => ipv4(proto::IPV6, &ipv6(proto::IPV4, &inner)),
            7 => ipv4(proto::UDP, &udp(3544, 9, &ipv6(proto::IPV4, &inner))),
            8 => ipv4(proto::UDP, &udp(9, 4790, &[&[0x0c, 0, 0, 1, 0, 0, 1, 0], &inner[..]].concat())),
            _ => ipv4(
                proto::GRE,
                &gre(0x1000, 0x88be, &[&[0; 4], &[0x10, 0, 0, 7, 0, 0, 0, 0][..], &ethernet(0x0800, &inner)].concat()),
            ),
        });
        ethernet(0x0800, &inner)
    })
}

proptest! {
    #[test]
    fn any_bytes_stay_within_the_frame(mut frame in nested(), changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..4), cut: prop::sample::Index) {
        for (at, value) in changes {
            let at = at.index(frame.len());
            frame[at] = value;
        }
        let original = frame.len();
        frame.truncate(cut.index(frame.len() + 1));
        let mut outers = Outers::default();
        let found = Decap::new(&settings()).frame(&frame, original, Link::Ethernet, &mut outers);
        prop_assert!(found.depth <= 4);
        prop_assert!(found.inner.captured <= found.inner.received);
        prop_assert!((found.inner.start + found.inner.captured) as usize <= frame.len());
        prop_assert_eq!(found.depth > 0, found.wrap.encapsulation != Encapsulation::None);
        if let Some(note) = found.note {
            prop_assert!((note.start + note.length) as usize <= frame.len());
        }
    }
}
