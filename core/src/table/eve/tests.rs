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
        application: Default::default(),
    }
}

fn outer() -> Outer {
    Outer { src: wrap().outer_src, dst: wrap().outer_dst, sport: 65408, dport: 4789 }
}

/// tmrx's own section, without the netflow events.
fn own() -> plan::Eve {
    plan::Eve {
        alert: Some(AlertEvents::default()),
        anomaly: Some(AnomalyEvents { decode: true, stream: true, applayer: true, packet_header: false }),
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

fn ended(flow: &FlowRecord) -> Ended<'_> {
    Ended {
        time: TIME,
        flow,
        community_id: "",
        session: None,
        noted: None,
        sighted: None,
        application: Default::default(),
        transactions: 0,
    }
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
    assert_eq!(line(|eve| eve.alert(&at, &Matched::of(&rule()), &identities())), want);
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
    assert_eq!(value(|eve| eve.alert(&at, &Matched::of(&rule), &identities())), want);
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
    let got = value(|eve| eve.alert(&at, &Matched::of(&rule()), &identities()));
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
        eve.alert(&Context { wrap: Some(&wrap), ..at(&packet) }, &Matched::of(&rule()), &identities);
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
        eve.alert(&at, &Matched::of(&rule), &identities);
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

/// Alerts of a section with these options.
fn alerts(options: &AlertEvents, at: &Context<'_>, matched: &Matched<'_>) -> Value {
    let section = plan::Eve { alert: Some(options.clone()), ..plan::Eve::default() };
    told(&section, |eve| eve.alert(at, matched, &identities())).pop().unwrap()
}

#[test]
fn suricatas_own_fields_alone() {
    let (packet, rule) = (packet(), rule());
    let at = Context { flow: Some(now()), ..at(&packet) };
    let got = alerts(&AlertEvents::default(), &at, &Matched::of(&rule));
    assert!(got.get("mirror").is_none() && got.get("community_id").is_none() && got.get("stream").is_none());
    assert_eq!(got["flow"]["pkts_toserver"], json!(3));
    let bare = AlertEvents { flow: false, rule_metadata: false, ..AlertEvents::default() };
    let got = alerts(&bare, &at, &Matched::of(&rule));
    assert!(got.get("flow").is_none() && got["alert"].get("metadata").is_none());
    assert_eq!(got["direction"], json!("to_client"));
}

#[test]
fn what_a_rule_says_of_itself() {
    let packet = packet();
    let rule = Rule {
        references: vec!["http://a".into()],
        text: "alert ip any any -> any any (sid:1;)".into(),
        target: plan::Target::DestIp,
        ..rule()
    };
    let options = AlertEvents { references: true, rule_text: true, verdict: true, ..AlertEvents::default() };
    let context = [("feed".to_owned(), r#"{"a":[1]}"#.to_owned())];
    let got = alerts(&options, &at(&packet), &Matched { context: &context, ..Matched::of(&rule) });
    let alert = &got["alert"];
    assert_eq!((&alert["references"], &alert["rule"]), (&json!(["http://a"]), &json!(rule.text)));
    assert_eq!(alert["source"], json!({"ip": "10.0.0.1", "port": 40000}));
    assert_eq!(alert["target"], json!({"ip": "10.0.0.2", "port": 80}));
    assert_eq!((&alert["context"], &got["verdict"]), (&json!({"feed": {"a": [1]}}), &json!({"action": "alert"})));
}

#[test]
fn verdicts_and_actions() {
    let (packet, rule) = (packet(), rule());
    let options = AlertEvents { verdict: true, ..AlertEvents::default() };
    let said = |action, inline| {
        let got = alerts(&options, &at(&packet), &Matched { action, inline, ..Matched::of(&rule) });
        (got["alert"]["action"].clone(), got["verdict"].clone())
    };
    assert_eq!(said(Action::Drop, false), (json!("allowed"), json!({"action": "alert"})));
    assert_eq!(said(Action::Drop, true), (json!("blocked"), json!({"action": "drop"})));
    let rejected = json!({"action": "drop", "reject": ["tcp-reset"], "reject_target": "to_client"});
    assert_eq!(said(Action::Reject, false), (json!("blocked"), rejected));
}

#[test]
fn payloads_and_packets() {
    let bytes = [&[0x55; 54][..], b"GE\"\\T\r\n\x00\xe9~"].concat();
    let packet = Packet { captured: 64, payload_original: 10, ..packet() };
    let at = Context { bytes: &bytes, ..at(&packet) };
    let options = AlertEvents {
        payload: true,
        payload_printable: true,
        payload_length: true,
        packet: true,
        ..AlertEvents::default()
    };
    let rule = rule();
    let got = alerts(&options, &at, &Matched::of(&rule));
    assert_eq!(got["payload_printable"], json!("GE\"\\T\r\n..~"));
    assert_eq!((&got["payload"], &got["payload_length"]), (&json!("R0UiXFQNCgDpfg=="), &json!(10)));
    assert_eq!((&got["stream"], got["packet"].as_str().map(str::len)), (&json!(0), Some(88)));
    assert_eq!(got["packet_info"], json!({"linktype": 1, "linktype_name": "EN10MB"}));

    let short = AlertEvents { payload_size: 3, ..options.clone() };
    let got = alerts(&short, &at, &Matched { stream: Some(b"stream"), ..Matched::of(&rule) });
    let shown = (&got["payload"], &got["payload_printable"], &got["payload_length"], &got["stream"]);
    assert_eq!(shown, (&json!("c3Ry"), &json!("str"), &json!(3), &json!(1)));

    let empty = Packet { payload: 64, payload_original: 0, depth: 1, ..packet };
    let got = alerts(&options, &Context { packet: &empty, ..at }, &Matched::of(&rule));
    assert!(got.get("payload").is_none() && got.get("payload_length").is_none());
    assert_eq!(got["packet_info"], json!({"linktype": 12, "linktype_name": "RAW"}));
}

#[test]
fn what_rules_remember() {
    let (packet, rule, flow) = (packet(), rule(), flow());
    let texts = |name: &str, text: &[u8]| vec![(Arc::from(name), Arc::from(text))];
    let vars = FlowVars {
        bits: vec![2, 0, 1],
        ints: vec![(1, 7)],
        texts: texts("who", b"a\"b"),
        packet_texts: texts("what", b"\xff"),
        entropies: vec![(Arc::from("content"), 4.137_370_175_000_773)],
    };
    let at = Context { flow: Some(FlowNow { noted: Some(&vars), ..now() }), ..at(&packet) };
    let metadata = json!({
        "flowbits": ["a"], "flowints": {"m": 7}, "flowvars": [{"who": "a\"b"}], "pktvars": [{"what": "\\xff"}],
        "entropy": {"content": 4.137_370_175_000_773},
    });
    let traffic = json!({"id": ["curl"], "label": ["cli"]});
    let section = plan::Eve { alert: Some(AlertEvents::default()), flow: true, ..plan::Eve::default() };
    let events = told(&section, |eve| {
        eve.alert(&at, &Matched::of(&rule), &identities());
        eve.flow(&Ended { noted: Some(&vars), transactions: 3, ..ended(&flow) }, &identities());
    });
    assert_eq!(events[1]["flow"]["tx_cnt"], json!(3));
    for event in events {
        assert_eq!((&event["metadata"], &event["traffic"]), (&metadata, &traffic));
    }
    let section = plan::Eve { metadata: false, ..section };
    let got = told(&section, |eve| eve.alert(&at, &Matched::of(&rule), &identities())).pop().unwrap();
    assert!(got.get("metadata").is_none() && got.get("traffic").is_none());
}

#[test]
fn what_all_events_of_a_section_say() {
    let section = plan::Eve {
        alert: Some(AlertEvents::default()),
        flow: true,
        ethernet: true,
        ipv6_compress: true,
        suricata_version: "9.0.0".into(),
        host: "sensor".into(),
        pcap_filename: "a.pcap".into(),
        ..plan::Eve::default()
    };
    let packet = Packet { ip: 6, src: V6, dst: V6, ..packet() };
    let bytes = [&[2, 0, 0, 0, 0, 1][..], &[2, 0, 0, 0, 0xab, 2], &[0x86, 0xdd]].concat();
    let sighted = Sighted { macs: [vec![[1; 6]], vec![[2; 6]]], ..Sighted::default() };
    let (rule, flow) = (rule(), flow());
    let events = told(&section, |eve| {
        eve.alert(&Context { bytes: &bytes, ..at(&packet) }, &Matched::of(&rule), &identities());
        eve.flow(&Ended { sighted: Some(&sighted), ..ended(&flow) }, &identities());
    });
    for event in &events {
        let common = ["suricata_version", "host", "pcap_filename"].map(|key| event[key].as_str().unwrap());
        assert_eq!(common, ["9.0.0", "sensor", "a.pcap"]);
    }
    assert_eq!(events[0]["src_ip"], json!("2001:db8::1"));
    let ether = json!({"ether_type": 0x86dd, "src_mac": "02:00:00:00:ab:02", "dest_mac": "02:00:00:00:00:01"});
    assert_eq!(events[0]["ether"], ether);
    let ether = json!({"src_macs": ["01:01:01:01:01:01"], "dest_macs": ["02:02:02:02:02:02"]});
    assert_eq!(events[1]["ether"], ether);
}

#[test]
fn a_netflow_event_for_each_direction_with_packets() {
    let section = plan::Eve { netflow: true, ethernet: true, ..plan::Eve::default() };
    let sighted =
        Sighted { ttl: [Some((60, 64)), Some((50, 50))], macs: [vec![[1; 6]], Vec::new()], ..Sighted::default() };
    let flow = flow();
    let ended = Ended { sighted: Some(&sighted), ..ended(&flow) };
    let events = told(&section, |eve| eve.flow(&ended, &identities()));
    let want = json!({
        "timestamp": "2016-05-27T06:56:11.304062+0000", "flow_id": 77, "event_type": "netflow", "app_proto": "unknown",
        "src_ip": "10.0.0.2", "src_port": 80, "dest_ip": "10.0.0.1", "dest_port": 40000, "proto": "TCP",
        "ether": {"src_macs": [], "dest_macs": ["01:01:01:01:01:01"]},
        "netflow": {"pkts": 2, "bytes": 200, "start": "2016-05-27T06:56:10.904062+0000",
            "end": "2016-05-27T06:56:12.004062+0000", "age": 2, "min_ttl": 50, "max_ttl": 50},
        "tcp": {"tcp_flags": "13", "syn": true, "fin": true, "ack": true},
    });
    assert_eq!((events.len(), &events[1]), (2, &want));
    assert_eq!((&events[0]["src_port"], &events[0]["netflow"]["min_ttl"]), (&json!(40000), &json!(60)));
    let one_way = FlowRecord { packets: [3, 0], ..flow };
    assert_eq!(told(&section, |eve| eve.flow(&Ended { flow: &one_way, ..ended }, &identities())).len(), 1);
}

#[test]
fn a_session_in_its_flow() {
    let section = plan::Eve { flow: true, ..plan::Eve::default() };
    let flow = FlowRecord { action: Some(crate::flow::record::FlowAction::Pass), ..flow() };
    let session = SessionFacts {
        state: TcpState::Closed,
        tcp_flags: [0x02, 0x14],
        gap: [false, true],
        max_regions: [1, 2],
        urgent: [0, 9],
    };
    let mut sighted = Sighted::default();
    (0..2).for_each(|_| sighted.exception(crate::stream::Exception::Midstream, plan::ExceptionPolicy::PassFlow));
    let ended = Ended { session: Some(session), sighted: Some(&sighted), ..ended(&flow) };
    let got = told(&section, |eve| eve.flow(&ended, &identities())).pop().unwrap();
    let want = json!({"tcp_flags": "16", "tcp_flags_ts": "02", "tcp_flags_tc": "14", "syn": true, "rst": true, "ack": true,
        "state": "closed", "tc_gap": true, "ts_max_regions": 1, "tc_max_regions": 2, "tc_urgent_oob_data": 9});
    assert_eq!(got["tcp"], want);
    assert_eq!(got["flow"]["action"], json!("pass"));
    assert_eq!(got["flow"]["exception_policy"], json!([{"target": "stream_midstream", "policy": "pass_flow"}]));
}

#[test]
fn anomalies_as_suricata_has_them() {
    let mut anomalies = AnomalySet::default();
    let pair = Anomaly::ALL.iter().enumerate().find_map(|(at, one)| {
        let same =
            |other: &&Anomaly| !one.entry().suricata.is_empty() && other.entry().suricata == one.entry().suricata;
        Anomaly::ALL.iter().skip(at + 1).find(same).map(|other| [*one, *other])
    });
    pair.unwrap().into_iter().chain([Anomaly::UnknownIdentity]).for_each(|anomaly| anomalies.add(anomaly));
    let (packet, bytes) = (Packet { anomalies, ..packet() }, [7; 40]);
    let events = StreamEvents::of(&[crate::stream::StreamEvent::Gap]);
    let at = Context { bytes: &bytes, events, ..at(&packet) };
    let section = |decode, stream| plan::Eve {
        anomaly: Some(AnomalyEvents { decode, stream, applayer: false, packet_header: true }),
        ..plan::Eve::default()
    };
    let got = |decode, stream| told(&section(decode, stream), |eve| eve.anomalies(&at, &identities()));
    assert_eq!((got(true, false).len(), got(false, false).len()), (1, 0), "once, though two anomalies mean it");
    let stream = got(false, true).pop().unwrap();
    assert_eq!(stream["anomaly"], json!({"type": "stream", "event": "stream.reassembly_seq_gap"}));
    assert_eq!(stream["packet"].as_str().map(str::len), Some(44), "32 bytes");
}

#[test]
fn arp_messages() {
    let section = plan::Eve { arp: true, ..plan::Eve::default() };
    let message = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let bytes = [&[0; 14][..], &message].concat();
    let packet = Packet { ip: 0, layer: Layer::Arp, ..packet() };
    let write = |bytes: &[u8]| told(&section, |eve| eve.arp(&Context { bytes, ..at(&packet) }, &identities()));
    let want = json!({"hw_type": "ethernet", "proto_type": "ipv4", "opcode": "request", "src_mac": "02:00:00:00:00:01",
        "src_ip": "10.0.0.1", "dest_mac": "00:00:00:00:00:00", "dest_ip": "10.0.0.2"});
    assert_eq!(write(&bytes).pop().unwrap()["arp"], want);
    assert!(write(&bytes[..30]).is_empty());
}

#[test]
fn dropped_packets() {
    let options = plan::DropEvents { verdict: true, ..plan::DropEvents::default() };
    let section = plan::Eve { drop: Some(options), ..plan::Eve::default() };
    let mut bytes = vec![0; 54];
    bytes[14..26].copy_from_slice(&[0x45, 8, 0, 52, 0, 9, 0, 0, 64, 6, 0, 0]);
    bytes[46] = 0x51;
    bytes[53] = 3;
    let (packet, rule) = (packet(), Rule { action: Action::Drop, ..rule() });
    let dropped = Dropped { reason: "rules", rule: Some(&rule), first: true };
    let write = |section, dropped: &Dropped<'_>| {
        told(section, |eve| {
            eve.drop(&Context { bytes: &bytes, flow: Some(now()), ..at(&packet) }, dropped, &identities())
        })
    };
    let got = write(&section, &dropped).pop().unwrap();
    let want = json!({"len": 52, "tos": 8, "ttl": 64, "ipid": 9, "tcpseq": 1, "tcpack": 2, "tcpwin": 1000, "syn": false,
        "ack": true, "psh": true, "rst": false, "urg": false, "fin": false, "tcpres": 1, "tcpurgp": 3,
        "reason": "rules", "verdict": {"action": "drop"}});
    assert_eq!((&got["drop"], &got["direction"]), (&want, &json!("to_client")));
    assert_eq!(got["alert"]["action"], json!("blocked"));
    let later = Dropped { reason: "flow drop", rule: None, first: false };
    assert!(write(&section, &later).is_empty());
    let all = plan::Eve { drop: Some(plan::DropEvents { flows: DropFlows::All, ..options }), ..section.clone() };
    assert!(write(&all, &later).pop().unwrap().get("alert").is_none());
}

#[test]
fn a_packet_that_was_not_received_says_what_it_is() {
    let (packet, rule) = (packet(), rule());
    let pseudo = Context { pseudo: "stream (flow timeout)", ..Context::of(&packet) };
    let got = alerts(&AlertEvents::default(), &pseudo, &Matched::of(&rule));
    assert_eq!((got.get("pcap_cnt"), &got["pkt_src"]), (None, &json!("stream (flow timeout)")));
}

#[test]
fn statistics_by_thread_and_with_deltas() {
    let counters = Counters::default();
    let summary = crate::table::testing::summary(&counters);
    let stats = |stats| plan::Eve { stats: Some(stats), ..plan::Eve::default() };
    let write = |stats: &plan::Eve| told(stats, |eve| eve.stats(TIME, 7, &summary, &identities())).pop().unwrap();
    let got = write(&stats(plan::StatsEvents { totals: false, threads: true, deltas: true }));
    assert!(got["stats"].get("decoder").is_none() && got["stats"].get("mirror").is_none());
    assert_eq!(got["stats"]["threads"]["all"]["tcp"]["syn_delta"], json!(0));
    let got = write(&stats(plan::StatsEvents::default()));
    assert!(got["stats"]["memcap"]["pressure_max"].is_u64() && got["stats"]["flow"]["end"]["state"]["new"].is_u64());
}
