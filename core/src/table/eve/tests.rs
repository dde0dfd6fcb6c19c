use super::*;
use crate::anomaly::{Anomaly, AnomalySet};
use crate::flow::record::TcpState;
use crate::packet::{Causes, Checksum, Encapsulation, Layer, Layers, NONE, proto};
use crate::plan::{AlertEvents, AnomalyEvents};
use crate::table::counters::Counters;
use crate::table::summary::RuleCounts;
use crate::table::testing::{DST, SRC, TIME, V6, flow, frame, geneve, identities, packet, rule, wrap};
use proptest::prelude::*;
use serde_json::{Value, json};

fn now() -> FlowNow<'static> {
    FlowNow {
        id: 77,
        to_server: false,
        src: DST,
        dst: SRC,
        sport: 80,
        dport: 40000,
        start: TIME - 1_000_000_000,
        packets: [3, 2],
        bytes: [300, 200],
        community_id: "",
        noted: None,
    }
}

fn outer() -> Outer {
    Outer { src: wrap().outer_src, dst: wrap().outer_dst, sport: 65408, dport: 4789 }
}

/// tmrx's own section, without the netflow events.
fn own() -> plan::Eve {
    plan::Eve {
        alert: Some(AlertEvents::default()),
        anomaly: Some(AnomalyEvents { decode: true, stream: true, packet_header: false }),
        stats: Some(plan::StatsEvents::default()),
        flow: true,
        mirror: true,
        community_id: true,
        ..plan::Eve::default()
    }
}

fn eve(section: &plan::Eve) -> Eve {
    let names = Names {
        flowbits: vec!["a".into(), "traffic/id/curl".into(), "traffic/label/cli".into()],
        flowints: vec!["n".into(), "m".into()],
    };
    Eve::new(section, &Arc::new(names))
}

/// What a section's writer writes.
fn told(section: &plan::Eve, write: impl FnOnce(&mut Eve)) -> Vec<Value> {
    let mut eve = eve(section);
    write(&mut eve);
    String::from_utf8(eve.take()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn line(write: impl FnOnce(&mut Eve)) -> String {
    let mut eve = eve(&own());
    write(&mut eve);
    String::from_utf8(eve.take()).unwrap()
}

fn value(write: impl FnOnce(&mut Eve)) -> Value {
    serde_json::from_str(&line(write)).unwrap()
}

fn at(packet: &Packet) -> Context<'_> {
    Context { frame: 1, ..Context::of(packet) }
}

fn matched(rule: &Rule) -> Matched<'_> {
    Matched { rule, action: rule.action, stream: None, inline: false, context: &[] }
}

fn ended(flow: &FlowRecord) -> Ended<'_> {
    Ended { time: TIME, flow, community_id: "", session: None, noted: None, sighted: None, exceptions: &[] }
}

#[test]
fn alert_line() {
    let cut = Packet { original: 1514, truncated: Causes(5), l4_checksum: Checksum::NotCalculated, ..packet() };
    let packet = Packet { tunnel: Encapsulation::Vxlan, ..cut };
    let wrap = wrap();
    let tunnel = Some(Tunnel::socket(&outer(), 1));
    let at = Context { frame: 4, wrap: Some(&wrap), tunnel, flow: Some(now()), ..at(&packet) };
    let want = concat!(
        r#"{"timestamp":"2016-05-27T06:56:11.304062+0000","flow_id":77,"pcap_cnt":4,"event_type":"alert","#,
        r#""src_ip":"10.0.0.1","src_port":40000,"dest_ip":"10.0.0.2","dest_port":80,"proto":"TCP","ip_v":4,"#,
        r#""pkt_src":"vxlan encapsulation","alert":{"action":"allowed","gid":1,"signature_id":2000001,"rev":3,"#,
        r#""signature":"GET \"it\"","category":"A Network Trojan was detected","severity":1,"#,
        r#""metadata":{"created_at":["2024_01_01"],"tag":["a","b"]}},"#,
        r#""tunnel":{"src_ip":"172.31.0.238","src_port":65408,"dest_ip":"172.31.17.188","dest_port":4789,"#,
        r#""proto":"UDP","depth":1,"pcap_cnt":4,"pkt_src":"wire/pcap"},"direction":"to_client","#,
        r#""flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":300,"bytes_toclient":200,"#,
        r#""start":"2016-05-27T06:56:10.304062+0000","src_ip":"10.0.0.2","src_port":80,"dest_ip":"10.0.0.1","dest_port":40000},"#,
        r#""mirror":{"session":"tms-0123456789abcdef0","name":"we\"b","interface":"eni-0a","vpc":"vpc-0b","vni":5569041,"#,
        r#""outer_src":"172.31.0.238","outer_dst":"172.31.17.188","encapsulation":"vxlan","length":1514,"captured":66,"#,
        r#""truncated":["packet_length","snaplen"],"checksum":{"l3":"valid","l4":"not_calculated"}}}"#,
        "\n"
    );
    assert_eq!(line(|eve| eve.alert(&at, &matched(&rule()), &identities())), want);
}

#[test]
fn alert_without_the_optional_parts() {
    let packet = Packet {
        identity: NONE,
        vlans: [5, 6, 0],
        vlan_count: 2,
        proto: 253,
        layer: Layer::Other,
        ip: 6,
        src: V6,
        ..packet()
    };
    let at = at(&packet);
    let mut rule = rule();
    (rule.metadata, rule.category, rule.action) = (Vec::new(), String::new(), crate::plan::Action::Reject);
    let want = json!({
        "timestamp": "2016-05-27T06:56:11.304062+0000", "pcap_cnt": 1, "event_type": "alert", "vlan": [5, 6],
        "src_ip": "2001:0db8:0000:0000:0000:0000:0000:0001", "dest_ip": "0000:0000:0000:0000:0000:ffff:0a00:0002",
        "proto": "253", "ip_v": 6, "pkt_src": "wire/pcap",
        "alert": {"action": "blocked", "gid": 1, "signature_id": 2_000_001, "rev": 3, "signature": "GET \"it\"", "category": "", "severity": 1},
        "mirror": {"encapsulation": "none", "length": 66, "captured": 66, "checksum": {"l3": "valid", "l4": "valid"}},
    });
    assert_eq!(value(|eve| eve.alert(&at, &matched(&rule), &identities())), want);
}

#[test]
fn anomaly_lines() {
    let mut anomalies = AnomalySet::default();
    anomalies.add(Anomaly::UnknownIdentity);
    anomalies.add(Anomaly::TcpTooShort);
    let (packet, wrap) = (
        Packet { anomalies, identity: 3, ip: 0, tunnel: Encapsulation::Vxlan, ..packet() },
        Wrap { vni: 3, ..geneve() },
    );
    let at = Context { frame: 9, wrap: Some(&wrap), ..at(&packet) };
    let head = r#"{"timestamp":"2016-05-27T06:56:11.304062+0000","pcap_cnt":9,"event_type":"anomaly","pkt_src":"vxlan encapsulation","#;
    let mirror = concat!(
        r#""mirror":{"vni":3,"outer_src":"172.31.0.238","outer_dst":"172.31.17.188","encapsulation":"geneve+vxlan","#,
        r#""endpoint":"vpce-00123456789abcdef","attachment":"0000000000000000a","flow_cookie":"0000beef","#,
        r#""length":66,"captured":66,"checksum":{"l3":"valid","l4":"valid"}}}"#
    );
    let want = format!(
        "{head}{}{mirror}\n{head}{}{mirror}\n",
        r#""anomaly":{"type":"mirror","event":"mirror.unknown_identity","name":"mirror.unknown_identity","layer":"mirror","severity":"notice"},"#,
        r#""anomaly":{"type":"decode","event":"decoder.tcp.pkt_too_small","name":"tcp.too_short","layer":"tcp","severity":"warning"},"#,
    );
    assert_eq!(line(|eve| eve.anomalies(&at, &identities())), want);
}

#[test]
fn flow_line() {
    let want = concat!(
        r#"{"timestamp":"2016-05-27T06:56:13.304062+0000","flow_id":77,"event_type":"flow","#,
        r#""src_ip":"10.0.0.1","src_port":40000,"dest_ip":"10.0.0.2","dest_port":80,"ip_v":4,"proto":"TCP","community_id":"1:x","#,
        r#""flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":300,"bytes_toclient":200,"#,
        r#""start":"2016-05-27T06:56:10.904062+0000","end":"2016-05-27T06:56:12.004062+0000","age":2,"#,
        r#""state":"closed","reason":"shutdown","alerted":true},"#,
        r#""tcp":{"tcp_flags":"13","tcp_flags_ts":"12","tcp_flags_tc":"13","syn":true,"fin":true,"ack":true,"state":"last_ack"},"#,
        r#""mirror":{"session":"tms-0123456789abcdef0","name":"we\"b","interface":"eni-0a","vpc":"vpc-0b","vni":5569041,"#,
        r#""outer_src":"172.31.0.238","outer_dst":"172.31.17.188","encapsulation":"vxlan","packets":5,"truncated_packets":2,"#,
        r#""sessions":["tms-0123456789abcdef0","9@172.31.0.238"]}}"#,
        "\n"
    );
    assert_eq!(
        line(
            |eve| eve.flow(&Ended { time: TIME + 2_000_000_000, community_id: "1:x", ..ended(&flow()) }, &identities())
        ),
        want
    );
}

#[test]
fn flow_without_a_session_or_a_mirror() {
    let flow = FlowRecord { tcp_state: TcpState::None, identity_count: 0, wrap: Wrap::default(), ..flow() };
    let got = value(|eve| eve.flow(&ended(&flow), &identities()));
    assert_eq!(got["tcp"], json!({"tcp_flags": "00", "tcp_flags_ts": "00", "tcp_flags_tc": "00"}));
    assert_eq!(got["mirror"], json!({"encapsulation": "none", "packets": 5, "truncated_packets": 2}));
    assert!(got.get("community_id").is_none());
}

#[test]
fn icmp_flow() {
    let flow = FlowRecord { proto: proto::ICMP, sport: 8, dport: 0, response_icmp: Some((0, 0)), ..flow() };
    let got = value(|eve| eve.flow(&ended(&flow), &identities()));
    assert_eq!((&got["icmp_type"], &got["icmp_code"], &got["response_icmp_type"]), (&json!(8), &json!(0), &json!(0)));
    assert!(got.get("src_port").is_none() && got.get("tcp").is_none());
}

#[test]
fn icmp_packet_header() {
    let packet = Packet { layer: Layer::Icmpv6, proto: proto::ICMPV6, ip: 6, sport: 128, dport: 0, ..packet() };
    let at = at(&packet);
    let got = value(|eve| eve.alert(&at, &matched(&rule()), &identities()));
    assert_eq!((&got["proto"], &got["icmp_type"], &got["icmp_code"]), (&json!("IPv6-ICMP"), &json!(128), &json!(0)));
    assert!(got.get("src_port").is_none());
}

#[test]
fn stats_line() {
    let mut counters = Counters::default();
    let mut bad = Packet { identity: 4, ..packet() };
    bad.anomalies.add(Anomaly::UdpLength);
    bad.anomalies.add(Anomaly::TooDeep);
    for packet in [packet(), bad] {
        let packet = Packet { layers: Layers::VXLAN, ..packet };
        counters.frames.add(&[frame(116)], [crate::table::fate::Fate::Decoded].into_iter());
        counters.add(&packet);
    }
    let rules = [rule()];
    let counts = RuleCounts { rules: &rules, unknown: &[2] };
    let summary = Summary { left_out: [3, 4], rules: Some(counts), ..crate::table::testing::summary(&counters) };
    let got = value(|eve| eve.stats(TIME, 7, &summary, &identities()));
    assert_eq!((&got["event_type"], &got["stats"]["uptime"]), (&json!("stats"), &json!(7)));
    let decoder = &got["stats"]["decoder"];
    let names = ["pkts", "bytes", "ipv4", "tcp", "vxlan", "geneve", "avg_pkt_size", "max_pkt_size"];
    assert_eq!(names.map(|name| decoder[name].as_u64().unwrap()), [2, 232, 2, 2, 2, 0, 116, 116]);
    assert_eq!((&decoder["event"]["udp"]["len_invalid"], &decoder["event"]["too_many_layers"]), (&json!(1), &json!(1)));
    assert_eq!(decoder["event"]["tcp"]["pkt_too_small"], json!(0));
    assert_eq!(got["stats"]["detect"]["engines"][0]["rules_loaded"], json!(1));
    assert_eq!(got["stats"]["mirror"]["rules"]["unknown"], json!({"1:2000001": 2}));
}

#[test]
fn the_outermost_packet_is_the_tunnel() {
    let outermost = Packet { sport: 1, dport: 6081, ..packet() };
    let middle = Packet { parent: 0, sport: 2, dport: 4789, depth: 1, ..packet() };
    let inner = Packet { parent: 1, depth: 2, ..packet() };
    let packets = [outermost, middle, inner];
    let tunnel = |packet| Tunnel::around(packet, &packets).map(|t| (t.sport, t.dport, t.depth));
    assert_eq!(tunnel(&inner), Some((1, 6081, 2)));
    assert_eq!(tunnel(&middle), Some((1, 6081, 1)));
    assert_eq!(tunnel(&outermost), None);
}

#[test]
fn what_is_kept_of_an_identity_follows_its_wrap() {
    let (packet, identities) = (packet(), identities());
    let mut eve = eve(&own());
    let mut cookies = Vec::new();
    for cookie in [1, 1, 2] {
        let wrap = Wrap { flow_cookie: cookie, ..geneve() };
        eve.alert(&Context { wrap: Some(&wrap), ..at(&packet) }, &matched(&rule()), &identities);
        cookies.push(serde_json::from_slice::<Value>(&eve.take()).unwrap()["mirror"]["flow_cookie"].clone());
    }
    assert_eq!(cookies, [json!("00000001"), json!("00000001"), json!("00000002")]);
}

/// Any text, in every place of a rule that takes text.
fn any_rule() -> impl Strategy<Value = Rule> {
    let action =
        prop::sample::select(vec![crate::plan::Action::Alert, crate::plan::Action::Drop, crate::plan::Action::Reject]);
    (
        ".*",
        ".*",
        prop::collection::vec((".*", prop::collection::vec(".*", 0..3)), 0..3),
        action,
        any::<(u32, u32, u32, u32)>(),
    )
        .prop_map(|(msg, category, metadata, action, (gid, sid, rev, priority))| Rule {
            msg,
            category,
            metadata,
            action,
            gid,
            sid,
            rev,
            priority,
            ..rule()
        })
}

fn any_packet() -> impl Strategy<Value = Packet> {
    let layers =
        vec![Layer::None, Layer::Arp, Layer::Ipv4, Layer::Tcp, Layer::Udp, Layer::Icmp, Layer::Icmpv6, Layer::Other];
    let layer = (prop::sample::select(layers), prop::sample::select(vec![0u8, 4, 6]));
    (any::<(i64, u32, u32, u8, [u8; 16], [u8; 16])>(), any::<([u16; 4], u8, u8, u64)>(), 0u32..12, layer).prop_map(
        |(
            (time, captured, original, proto, src, dst),
            ([sport, dport, a, b], vlan_count, causes, anomalies),
            identity,
            (layer, ip),
        )| Packet {
            time,
            captured,
            original,
            proto,
            src: Addr(src),
            dst: Addr(dst),
            sport,
            dport,
            vlans: [a, b, 0],
            vlan_count,
            truncated: Causes(causes),
            anomalies: AnomalySet([anomalies, 0, 0, 0]),
            identity,
            layer,
            ip,
            ..packet()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_is_json(rule in any_rule(), packet in any_packet(), wrapped: bool, flowing: bool, to_server: bool) {
        let (wrap, identities) = (geneve(), identities());
        let flow_now = flowing.then_some(FlowNow { to_server, ..now() });
        let at = Context { wrap: wrapped.then_some(&wrap), flow: flow_now, ..at(&packet) };
        let record = FlowRecord { proto: packet.proto, start: packet.time, end: i64::MAX, vlan_count: packet.vlan_count, identities: [packet.identity; 4], ..flow() };
        let mut eve = eve(&own());
        eve.alert(&at, &matched(&rule), &identities);
        eve.anomalies(&at, &identities);
        eve.flow(&Ended { time: packet.time, ..ended(&record) }, &identities);
        let text = String::from_utf8(eve.take()).unwrap();
        prop_assert_eq!(text.lines().count(), 2 + packet.anomalies.iter().count());
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            prop_assert!(event["mirror"]["encapsulation"].is_string());
        }
        let event: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        prop_assert_eq!(event["alert"]["signature"].as_str().unwrap(), rule.msg.as_str());
    }
}
