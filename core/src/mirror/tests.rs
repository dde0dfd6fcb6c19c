use super::*;
use crate::mirror::impairment;
use crate::packet::Causes;
use crate::plan::mirror as plan;
use serde_bytes::ByteBuf;

const SOURCE: [u8; 6] = [2, 0, 0, 0, 0, 10];
const PEER: [u8; 6] = [2, 0, 0, 0, 0, 20];
const HOST: [u8; 4] = [10, 0, 0, 10];
const OTHER: [u8; 4] = [10, 0, 0, 20];
const RESOLVER: [u8; 4] = [10, 0, 0, 2];

fn buf(v4: [u8; 4]) -> ByteBuf {
    ByteBuf::from(Addr::v4(v4).0)
}

fn rule(id: &str, accept: bool, matches: plan::PacketMatch) -> plan::FilterRule {
    plan::FilterRule { id: id.into(), accept, matches }
}

fn any() -> plan::PacketMatch {
    plan::PacketMatch::default()
}

fn protocol(number: u8) -> plan::PacketMatch {
    plan::PacketMatch { protocol: Some(number), ..any() }
}

fn session(id: &str, vni: u32, filter: u32) -> plan::SourceSession {
    let copies = plan::Copies {
        vni,
        src: buf(HOST),
        dst: vec![buf([10, 0, 9, 9])],
        macs: ByteBuf::from([0; 12]),
        gateway: None,
        packet_length: 0,
        mtu: 0,
    };
    plan::SourceSession { id: id.into(), filter, copies }
}

fn source(sessions: Vec<u32>) -> plan::MirrorSource {
    plan::MirrorSource {
        interface: "eni-1".into(),
        mac: ByteBuf::from(SOURCE),
        addresses: vec![buf(HOST)],
        resolvers: vec![buf(RESOLVER)],
        offload: true,
        sessions,
        inactive: String::new(),
        firewall: Some(0),
    }
}

/// One source with one session that mirrors all.
fn all() -> MirrorPlan {
    let everything = || vec![rule("all", true, any())];
    MirrorPlan {
        version: 1,
        everything: false,
        sources: vec![source(vec![0])],
        sessions: vec![session("tms-1", 7, 0)],
        filters: vec![plan::MirrorFilter { ingress: everything(), egress: everything(), amazon_dns: false }],
        firewalls: vec![plan::Firewall::default()],
        exclude_ntp: ExcludeNtp::Amazon,
        truncated_checksum: TruncatedChecksum::Pseudo,
        first_port: 65408,
        impairments: plan::Impairments::default(),
    }
}

/// An Ethernet frame with IPv4 and UDP, lengths right, checksums 0xbeef.
fn udp(macs: ([u8; 6], [u8; 6]), ends: ([u8; 4], [u8; 4]), ports: (u16, u16), payload: usize) -> Vec<u8> {
    let mut frame = [&macs.1[..], &macs.0, &[8, 0, 0x45, 0]].concat();
    frame.extend((28 + payload as u16).to_be_bytes());
    frame.extend([0, 1, 0, 0, 64, 17, 0xbe, 0xef]);
    frame.extend(ends.0.into_iter().chain(ends.1));
    frame.extend([ports.0, ports.1, 8 + payload as u16, 0xbeef].into_iter().flat_map(u16::to_be_bytes));
    frame.extend((0..payload).map(|byte| byte as u8));
    frame
}

fn out(ports: (u16, u16), payload: usize) -> Vec<u8> {
    udp((SOURCE, PEER), (HOST, OTHER), ports, payload)
}

/// What becomes of frames, and the copies.
fn push(plan: &MirrorPlan, frames: &[&[u8]], link: Link) -> (Vec<Outcome>, Vec<Vec<u8>>, String) {
    let mut mirror = Mirror::new(plan).unwrap();
    let (mut batch, mut copies, mut outcomes) = (Batch::default(), Copies::default(), Vec::new());
    frames.iter().for_each(|bytes| batch.push(0, bytes, 0, link));
    batch.frames.iter().for_each(|frame| mirror.frame(&batch, frame, &mut copies, &mut outcomes));
    let mut lines = Vec::new();
    outcomes.iter().for_each(|outcome| truth::line(&mirror, outcome, &mut lines));
    let whole = |copy| [copies.head(copy), copy.body(&batch.slab)].concat();
    (outcomes, copies.rows.iter().map(whole).collect(), String::from_utf8(lines).unwrap())
}

fn one(plan: &MirrorPlan, frame: &[u8]) -> Outcome {
    push(plan, &[frame], Link::Ethernet).0[0]
}

fn fate(plan: &MirrorPlan, frame: &[u8]) -> (Fate, Reason) {
    let outcome = one(plan, frame);
    (outcome.fate, outcome.reason)
}

#[test]
fn a_copy_is_the_frame_behind_its_headers() {
    let frame = out((1, 2), 30);
    let (outcomes, copies, truth) = push(&all(), &[&frame], Link::Ethernet);
    assert_eq!(copies[0][50..], frame);
    assert_eq!((outcomes[0].sent, outcomes[0].cut, outcomes[0].copies), (72, 0, 1));
    let line = r#"{"packet":1,"source":"eni-1","direction":"egress","fate":"mirrored","reason":"rule","session":"tms-1","rule":"all","copies":1,"sent":72,"cut":0,"cut_by":[],"checksum":"kept","impairment":[]}"#;
    assert_eq!(truth, format!("{line}\n"));
}

#[test]
fn macs_tell_the_direction_and_addresses_where_there_are_none() {
    let direction = |frame: &[u8], link| push(&all(), &[frame], link).0.iter().map(|o| o.direction).collect::<Vec<_>>();
    let back = udp((PEER, SOURCE), (OTHER, HOST), (2, 1), 0);
    assert_eq!(direction(&out((1, 2), 0), Link::Ethernet), [Some(Direction::Egress)]);
    assert_eq!(direction(&back, Link::Ethernet), [Some(Direction::Ingress)]);
    assert_eq!(direction(&back[14..], Link::Ip), [Some(Direction::Ingress)]);
    let elsewhere = udp((PEER, PEER), (HOST, OTHER), (1, 2), 0);
    assert_eq!(fate(&all(), &elsewhere), (Fate::NotAtSource, Reason::None), "its address, but not its MAC");
    let mut without_mac = all();
    without_mac.sources[0].mac = ByteBuf::new();
    assert_eq!(one(&without_mac, &elsewhere).direction, Some(Direction::Egress));
}

#[test]
fn both_ends_are_two_outcomes_egress_first() {
    let mut plan = all();
    let mut second = source(vec![0]);
    (second.mac, second.addresses) = (ByteBuf::from(PEER), vec![buf(OTHER)]);
    plan.sources.insert(0, second);
    let (outcomes, copies, _) = push(&plan, &[&out((1, 2), 0)], Link::Ethernet);
    let seen: Vec<_> = outcomes.iter().map(|o| (o.source, o.direction.unwrap())).collect();
    assert_eq!(seen, [(1, Direction::Egress), (0, Direction::Ingress)]);
    assert_eq!(copies.len(), 2);
    let loopback = udp((SOURCE, SOURCE), (HOST, HOST), (1, 2), 0);
    assert_eq!(push(&all(), &[&loopback], Link::Ethernet).0.len(), 1, "once for a source");
}

#[test]
fn what_is_never_mirrored() {
    let to = |dst, port| out_to(dst, (4000, port));
    let plan = all();
    assert_eq!(fate(&plan, &to([169, 254, 169, 254], 80)), (Fate::Excluded, Reason::InstanceMetadata));
    assert_eq!(fate(&plan, &to([255; 4], 67)), (Fate::Excluded, Reason::Dhcp));
    assert_eq!(fate(&plan, &to([169, 254, 169, 123], 123)), (Fate::Excluded, Reason::Ntp));
    assert_eq!(fate(&plan, &to([192, 0, 2, 1], 123)), (Fate::Mirrored, Reason::Rule));
    let mut arp = [&PEER[..], &SOURCE, &[8, 6]].concat();
    assert_eq!(fate(&plan, &arp), (Fate::Excluded, Reason::Arp), "although it is cut");
    arp[13] = 0x99;
    assert_eq!(fate(&plan, &arp), (Fate::Mirrored, Reason::Rule));
    let ntp = |setting| MirrorPlan { exclude_ntp: setting, ..all() };
    assert_eq!(fate(&ntp(ExcludeNtp::All), &to([192, 0, 2, 1], 123)), (Fate::Excluded, Reason::Ntp));
    assert_eq!(fate(&ntp(ExcludeNtp::None), &to([169, 254, 169, 123], 123)), (Fate::Mirrored, Reason::Rule));
    // The clock's address lets nothing else through.
    let between = udp((SOURCE, PEER), ([169, 254, 169, 123], [169, 254, 169, 254]), (1, 2), 0);
    assert_eq!(fate(&ntp(ExcludeNtp::None), &between), (Fate::Excluded, Reason::InstanceMetadata));
}

fn out_to(dst: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
    udp((SOURCE, PEER), (HOST, dst), ports, 0)
}

#[test]
fn a_copy_is_not_copied_again() {
    let (_, copies, _) = push(&all(), &[&out((1, 2), 0)], Link::Ethernet);
    let again = [&PEER[..], &SOURCE, &copies[0][12..]].concat();
    assert_eq!(fate(&all(), &again), (Fate::Excluded, Reason::MirroredCopy));
    let mut foreign = again;
    foreign[14 + 20 + 8 + 4] = 9;
    assert_eq!(fate(&all(), &foreign).0, Fate::Mirrored, "somebody else's VXLAN");
    let bare = [out((1, VXLAN_PORT), 0), vec![8, 0, 0, 0, 0, 0, 7, 0]].concat();
    assert_eq!(fate(&all(), &bare).0, Fate::Mirrored, "padding is no header");
}

#[test]
fn the_first_session_that_accepts_has_it() {
    let mut plan = all();
    plan.filters = vec![
        plan::MirrorFilter {
            egress: vec![rule("no", false, protocol(17)), rule("yes", true, any())],
            ..Default::default()
        },
        plan::MirrorFilter { egress: vec![rule("udp", true, protocol(17))], ..Default::default() },
    ];
    plan.sessions = vec![session("tms-1", 1, 0), session("tms-2", 2, 1)];
    plan.sources = vec![source(vec![0, 1])];
    let through = one(&plan, &out((1, 2), 0));
    assert_eq!((through.session, through.rule, through.fate), (1, 0, Fate::Mirrored));
    plan.filters[1].egress[0].matches.dports = Some((3, 9));
    let rejected = one(&plan, &out((1, 2), 0));
    assert_eq!((rejected.fate, rejected.session, rejected.rule), (Fate::Rejected, 0, 0), "by the first that rejects");
    plan.filters[0].egress.clear();
    assert_eq!(fate(&plan, &out((1, 2), 0)), (Fate::Rejected, Reason::NoRule));
    plan.sources[0].sessions.clear();
    plan.sources[0].inactive = "target_gone".into();
    assert!(
        push(&plan, &[&out((1, 2), 0)], Link::Ethernet).2.contains(r#""fate":"no_session","reason":"target_gone""#)
    );
}

#[test]
fn the_resolvers_traffic_is_the_services_alone() {
    let question = out_to(RESOLVER, (4000, 53));
    let answer = udp((PEER, SOURCE), (RESOLVER, HOST), (53, 4000), 0);
    let mut plan = all();
    assert_eq!(fate(&plan, &question), (Fate::Rejected, Reason::NoAmazonDns));
    assert_eq!(fate(&plan, &out_to(OTHER, (4000, 53))), (Fate::Mirrored, Reason::Rule), "another's DNS");
    plan.filters = vec![plan::MirrorFilter { amazon_dns: true, ..Default::default() }];
    let (outcomes, copies, _) = push(&plan, &[&question, &answer], Link::Ethernet);
    assert!(outcomes.iter().all(|o| (o.fate, o.reason) == (Fate::Mirrored, Reason::AmazonDns)));
    assert_eq!(copies[1][34..36], 65408u16.to_be_bytes());
}

#[test]
fn groups_know_flows_and_acls_do_not() {
    let mut plan = all();
    let only_out = plan::Firewall { ingress: Some(vec![]), egress: Some(vec![any()]), ..Default::default() };
    plan.firewalls[0] = only_out;
    let (question, answer) = (out((1, 2), 0), udp((PEER, SOURCE), (OTHER, HOST), (2, 1), 0));
    let fates = |plan: &MirrorPlan, frames: &[&[u8]]| {
        push(plan, frames, Link::Ethernet).0.iter().map(|o| o.reason).collect::<Vec<_>>()
    };
    assert_eq!(fates(&plan, &[&answer, &question, &answer]), [Reason::SecurityGroup, Reason::Rule, Reason::Rule]);
    plan.firewalls[0] = plan::Firewall { acl: Some(vec![rule("", false, protocol(17))]), ..Default::default() };
    assert_eq!(fates(&plan, &[&question, &answer]), [Reason::Rule, Reason::NetworkAcl]);
    plan.firewalls[0].subnet = vec![(buf([10, 0, 0, 0]), buf([10, 0, 0, 255]))];
    assert_eq!(fates(&plan, &[&answer]), [Reason::Rule], "a neighbour");
}

#[test]
fn cuts_and_their_causes() {
    let limits = |packet_length, mtu| {
        let mut plan = all();
        (plan.sessions[0].copies.packet_length, plan.sessions[0].copies.mtu) = (packet_length, mtu);
        let outcome = one(&plan, &out((1, 2), 100));
        (outcome.sent, outcome.cut, outcome.cut_by)
    };
    assert_eq!(limits(0, 0), (142, 0, 0));
    assert_eq!(limits(142, 142), (142, 0, 0));
    assert_eq!(limits(141, 0), (141, 1, Causes::PACKET_LENGTH));
    assert_eq!(limits(200, 141), (141, 1, Causes::MTU));
    assert_eq!(limits(100, 141), (100, 42, Causes::PACKET_LENGTH));
    assert_eq!(limits(100, 100), (100, 42, Causes::PACKET_LENGTH | Causes::MTU));
    let mut plan = all();
    plan.sessions[0].copies.packet_length = 10;
    let raw = out((1, 2), 100);
    let (outcomes, copies, _) = push(&plan, &[&raw[14..]], Link::Ip);
    assert_eq!((outcomes[0].sent, outcomes[0].cut, copies[0].len()), (10, 132, 60));
}

#[test]
fn checksums_of_cut_egress_copies() {
    let field = |setting, direction: Direction, length| {
        let mut plan = MirrorPlan { truncated_checksum: setting, ..all() };
        plan.sessions[0].copies.packet_length = length;
        let back = udp((PEER, SOURCE), (OTHER, HOST), (2, 1), 100);
        let frame = if direction == Direction::Egress { out((1, 2), 100) } else { back };
        let (outcomes, copies, _) = push(&plan, &[&frame], Link::Ethernet);
        let at = |at: usize| copies[0].get(50 + at..52 + at).map(|b| u16::from_be_bytes([b[0], b[1]]));
        (outcomes[0].checksum, at(24), at(40))
    };
    use {Direction::*, TruncatedChecksum::*};
    assert_eq!(field(Kept, Egress, 100), (Kept, Some(0xbeef), Some(0xbeef)));
    assert_eq!(field(Zero, Egress, 100), (Zero, Some(0xbeef), Some(0)));
    assert_eq!(field(Pseudo, Ingress, 100), (Kept, Some(0xbeef), Some(0xbeef)), "offload concerns what it sends");
    assert_eq!(field(Pseudo, Egress, 142), (Kept, Some(0xbeef), Some(0xbeef)), "not cut");
    assert_eq!(field(Pseudo, Egress, 41), (Kept, Some(0xbeef), None), "no field to write to");
    assert_eq!(field(Pseudo, Egress, 33), (Zero, Some(0), None), "through the IPv4 header");
    // 10.0.0.10 + 10.0.0.20 + 17 + 108, folded and not complemented (RFC 768).
    assert_eq!(field(Pseudo, Egress, 100), (Pseudo, Some(0xbeef), Some(0x0a00 + 10 + 0x0a00 + 20 + 17 + 108)));
}

#[test]
fn counts_sum_and_name_their_parts() {
    let (outcomes, ..) = push(&all(), &[&out((1, 2), 9), &out_to(RESOLVER, (9, 53)), &[0; 60]], Link::Ethernet);
    let mut counts = Counts::default();
    outcomes.iter().for_each(|outcome| counts.add(outcome));
    counts.add(&Outcome { impairment: impairment::LOST | impairment::CORRUPTED, ..outcomes[0] });
    assert_eq!(counts.outcomes, 4);
    assert_eq!((counts.fate(Fate::Mirrored), counts.fate(Fate::NotAtSource)), (2, 1));
    assert_eq!(counts.reason(Fate::Rejected, Reason::NoAmazonDns), 1);
    assert_eq!(counts.sessions[0].copies, 2);
    let hit: Vec<_> = counts.impairments().filter(|(_, count)| *count > 0).map(|(name, _)| name).collect();
    assert_eq!(hit, ["lost", "corrupted"]);
    for fate in [Fate::Rejected, Fate::Excluded, Fate::Skipped] {
        assert!(Reason::of(fate).iter().all(|reason| !reason.name().is_empty()));
    }
}

#[test]
fn any_cut_of_any_frame_has_one_outcome() {
    let frames = [out((1, 2), 40), out_to(RESOLVER, (1, 53)), udp((PEER, SOURCE), (OTHER, HOST), (4789, 4789), 40)];
    let mut plan = all();
    for length in [0, 1, 13, 14, 15, 20, 33, 34, 35, 41, 42, 43, 60] {
        plan.sessions[0].copies.packet_length = length;
        for frame in &frames {
            for end in 0..frame.len() {
                for (bytes, link) in
                    [(&frame[..end], Link::Ethernet), (frame.get(14..end).unwrap_or_default(), Link::Ip)]
                {
                    let (outcomes, copies, _) = push(&plan, &[bytes], link);
                    assert_eq!(outcomes.len(), 1);
                    assert_eq!(copies.len(), usize::from(outcomes[0].fate == Fate::Mirrored));
                    assert!(copies.iter().all(|copy| copy.len() == 50 + outcomes[0].sent as usize));
                }
            }
        }
    }
}

#[test]
fn explained_are_the_packet_its_truth_and_the_sessions_that_were_asked() {
    let mut plan = all();
    plan.filters.insert(0, plan::MirrorFilter { egress: vec![rule("tcp", true, protocol(6))], ..Default::default() });
    (plan.sessions, plan.sources) = (vec![session("tms-1", 7, 0), session("tms-2", 8, 1)], vec![source(vec![0, 1])]);
    let mut mirror = Mirror::new(&plan).unwrap();
    let (mut batch, mut copies) = (Batch::default(), Copies::default());
    batch.push(5, &out((1, 2), 30), 0, Link::Ethernet);
    batch.push(6, &udp((PEER, PEER), (OTHER, OTHER), (1, 2), 0)[..30], 42, Link::Ethernet);
    batch.push(7, &[0x60, 0, 0], 3, Link::Ip);
    let mut lines = Vec::new();
    for frame in &batch.frames {
        let mut outcomes = Vec::new();
        mirror.frame(&batch, frame, &mut copies, &mut outcomes);
        explain::line(&mirror, &batch, frame, &outcomes, &mut lines);
    }
    let lines: Vec<serde_json::Value> = lines.split(|b| *b == b'\n').flat_map(serde_json::from_slice).collect();
    let [first, second, third] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&first["number"], &first["time"], &first["length"]), (&1.into(), &5.into(), &72.into()));
    assert_eq!((&first["src_mac"], &first["dst"]), (&"02:00:00:00:00:0a".into(), &"10.0.0.20".into()));
    assert_eq!((&first["protocol"], &first["sport"], &first["layer"]), (&17.into(), &1.into(), &"udp".into()));
    let asked = serde_json::json!([
        {"session": "tms-1", "reason": "no_rule", "rule": null},
        {"session": "tms-2", "reason": "rule", "rule": "all"},
    ]);
    assert_eq!((&first["outcomes"][0]["session"], &first["outcomes"][0]["asked"]), (&"tms-2".into(), &asked));
    assert_eq!((&second["captured"], &second["stop"]), (&30.into(), &"truncated".into()));
    assert_eq!((&second["outcomes"][0]["fate"], second.get("sport")), (&"not_at_source".into(), None));
    assert_eq!((&third["ip"], third.get("src"), third.get("src_mac")), (&0.into(), None, None));
}

#[test]
fn what_a_mirror_never_meets_is_refused() {
    let mut batch = Batch::default();
    batch.push(0, &[0; 20], 20, Link::Ethernet);
    batch.push(0, &[0x45; 20], 20, Link::Ip);
    assert!(check_links(&batch, "a.pcap").is_ok());
    batch.push(0, &[0; 20], 20, Link::Sll);
    let error = check_links(&batch, "a.pcap").unwrap_err().to_string();
    assert!(error.starts_with("a.pcap: has frames that are neither Ethernet nor raw IP"), "{error}");
}
