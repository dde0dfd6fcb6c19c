//! Fragments through the whole engine: outer and inner ones, in any batches, with every frame's fate.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use serde_json::Value;
use tmrx_core::engine::Engine;
use tmrx_core::frame::Link;
use tmrx_core::plan::{Plan, Rules, Table, Unknown};
use tmrx_core::table::summary::Sources;

const SECOND: i64 = 1_000_000_000;

/// A frame's time in seconds, its bytes, and how it begins.
type Frame = (i64, Vec<u8>, Link);

fn plan(inspect_outer: bool) -> Plan {
    let mut plan = Plan::decode(include_bytes!("plan.golden")).unwrap();
    plan.decap.vxlan_ports = vec![4789];
    plan.identity.known.clear();
    plan.identity.unknown = Unknown::Learn;
    (plan.truncated_is_invalid, plan.ignore_checksums) = (false, false);
    plan.fragments.timeout = 60;
    plan.fragments.memory = 1 << 20;
    plan.flow.hash_seed = Some(0);
    plan.rules = Rules::default();
    plan.outputs.tables = vec![Table::Packets];
    plan.outputs.pcap = false;
    plan.inspect_outer = inspect_outer;
    plan.filter.clear();
    plan.display.clear();
    plan
}

/// What a run gives: EVE lines, the summary, and how many packets there were.
struct Ran {
    eve: Vec<Value>,
    summary: Value,
    text: String,
}

/// Run frames in batches of these sizes, over and over.
fn run(frames: &[Frame], sizes: &[usize], inspect_outer: bool) -> Ran {
    let engine = Engine::new(plan(inspect_outer), 0).unwrap();
    let (mut rest, mut sizes) = (frames, sizes.iter().cycle());
    while !rest.is_empty() {
        let (now, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        let mut parsed = engine.take();
        parsed.batch.clear();
        for (time, bytes, link) in now {
            parsed.batch.push(time * SECOND, bytes, bytes.len() as u32, *link);
        }
        engine.push(parsed);
        rest = later;
    }
    while engine.finish() {}
    let text = String::from_utf8(engine.output().eve.swap_remove(0)).unwrap();
    let mut summary = Vec::new();
    engine.stats(Sources::default(), &mut summary);
    let table = engine.table(Table::Packets).unwrap();
    Ran {
        eve: text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        summary: serde_json::from_slice(&summary).unwrap(),
        text: format!("{text}{table:?}"),
    }
}

/// An IPv4 packet's fragments, each with `blocks` times 8 bytes.
fn fragments(id: u16, hosts: [u8; 2], proto: u8, payload: &[u8], blocks: usize) -> Vec<Vec<u8>> {
    let pieces: Vec<_> = payload.chunks(blocks * 8).collect();
    let ip = |(number, piece): (usize, &&[u8])| {
        let word = (number * blocks) as u16 | u16::from(number + 1 < pieces.len()) << 13;
        let mut bytes = vec![0x45, 0];
        [20 + piece.len() as u16, id, word].iter().for_each(|field| bytes.extend_from_slice(&field.to_be_bytes()));
        bytes.extend_from_slice(&[64, proto, 0, 0, 10, 0, 0, hosts[0], 10, 0, 0, hosts[1]]);
        bytes.extend_from_slice(piece);
        bytes
    };
    pieces.iter().enumerate().map(ip).collect()
}

fn udp(ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
    bytes.extend_from_slice(&(8 + payload.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(payload);
    bytes
}

fn ethernet(packet: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], packet].concat()
}

/// A mirror's copy: a UDP datagram to port 4789.
fn vxlan(vni: u8, inner: &[u8]) -> Vec<u8> {
    udp([65_000, 4789], &[&[8, 0, 0, 0, 0, 0, vni, 0][..], &ethernet(inner)].concat())
}

/// Conversations in fragments, in copies that are in fragments, some of which are lost.
fn traffic() -> Vec<Frame> {
    let mut frames = Vec::new();
    for number in 0..12u16 {
        let time = i64::from(number) * 9;
        let datagram = udp([5000 + number % 3, 53], &[number as u8; 90]);
        let inner = fragments(number, [1, 2], 17, &datagram, 4);
        for (at, piece) in inner.iter().enumerate() {
            if number == 3 && at == 1 {
                continue;
            }
            let copy = vxlan(7 + (number % 2) as u8, piece);
            let outer = fragments(100 * number + at as u16, [8, 9], 17, &copy, if number % 4 == 0 { 3 } else { 200 });
            frames.extend(outer.into_iter().map(|packet| (time, ethernet(&packet), Link::Ethernet)));
        }
        let mut plain = fragments(900 + number, [3, 4], 17, &datagram, 5);
        if number == 5 {
            plain.remove(0);
        }
        frames.extend(plain.into_iter().rev().map(|packet| (time, packet, Link::Ip)));
    }
    frames
}

fn is_settled(summary: &Value) {
    let frames = &summary["frames"];
    let number = |name: &str| frames[name].as_u64().unwrap();
    let all = |name: &str| frames[name].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    let fates = number("decoded") + number("merged") + number("duplicate") + number("held");
    assert_eq!(number("received"), fates + all("rejected") + all("dropped"), "{frames}");
    assert_eq!(number("held"), 0);
    let fragments = &summary["fragments"];
    let number = |name: &str| fragments[name].as_u64().unwrap();
    assert_eq!(number("datagrams"), number("complete") + number("timeout") + number("evicted"), "{fragments}");
}

#[test]
fn fragments_are_flows() {
    for inspect_outer in [false, true] {
        let ran = run(&traffic(), &[1000], inspect_outer);
        is_settled(&ran.summary);
        assert_eq!(ran.summary["fragments"]["timeout"], 2, "{}", ran.summary);
        let flows: Vec<_> = ran.eve.iter().filter(|event| event["event_type"] == "flow").collect();
        let inner = flows.iter().filter(|flow| flow["src_ip"] == "10.0.0.1" && flow["dest_port"] == 53);
        let packets: u64 = inner.map(|flow| flow["flow"]["pkts_toserver"].as_u64().unwrap()).sum();
        // One of them has a hole.
        assert_eq!(packets, 12, "{flows:?}");
        // The one whose beginning was lost is none.
        let plain = flows.iter().filter(|flow| flow["src_ip"] == "10.0.0.3");
        assert_eq!(plain.map(|flow| flow["flow"]["pkts_toserver"].as_u64().unwrap()).sum::<u64>(), 11);
    }
}

#[test]
fn a_refused_identity_is_refused_in_fragments_too() {
    let mut plan = plan(true);
    plan.identity.unknown = Unknown::Refuse;
    let engine = Engine::new(plan, 0).unwrap();
    let mut parsed = engine.take();
    let inner = fragments(1, [1, 2], 17, &udp([5000, 53], &[1; 40]), 100);
    for packet in fragments(2, [8, 9], 17, &vxlan(7, &inner[0]), 5) {
        parsed.batch.push(0, &ethernet(&packet), 200, Link::Ethernet);
    }
    let received = parsed.batch.frames.len() as u64;
    engine.push(parsed);
    while engine.finish() {}
    let mut summary = Vec::new();
    engine.stats(Sources::default(), &mut summary);
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    is_settled(&summary);
    assert_eq!(summary["frames"]["rejected"]["unknown_identity"], 1);
    assert_eq!(summary["frames"]["merged"], received - 1);
}

#[test]
fn time_that_passes_without_frames_gives_up_too() {
    let engine = Engine::new(plan(false), 0).unwrap();
    let mut parsed = engine.take();
    let packets = fragments(1, [1, 2], 17, &udp([5000, 53], &[1; 40]), 2);
    parsed.batch.push(0, &packets[0], packets[0].len() as u32, Link::Ip);
    engine.push(parsed);
    engine.tick(61 * SECOND);
    let mut summary = Vec::new();
    engine.stats(Sources::default(), &mut summary);
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    is_settled(&summary);
    assert_eq!((&summary["fragments"]["timeout"], &summary["flows"]["total"]), (&1.into(), &1.into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn batches_make_no_difference(sizes in proptest::collection::vec(1..9usize, 1..6), outer: bool) {
        let frames = traffic();
        let (one, other) = (run(&frames, &[1000], outer), run(&frames, &sizes, outer));
        prop_assert_eq!(one.text, other.text);
        prop_assert_eq!(one.summary, other.summary);
    }
}
