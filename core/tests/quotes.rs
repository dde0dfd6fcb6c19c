//! ICMP errors through the whole engine: each is tied to the flow whose packet it quotes, wherever it came from.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::Value;
use tmrx_core::engine::Engine;
use tmrx_core::frame::Link;
use tmrx_core::plan::{Plan, Rules, Table, Unknown};

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];
const ROUTER: [u8; 4] = [192, 0, 2, 1];

fn ipv4(src: [u8; 4], dst: [u8; 4], proto: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 20 + payload.len() as u8, 0, 0, 0, 0, 64, proto, 0, 0];
    packet.extend([src, dst].concat());
    packet.extend(payload);
    packet
}

fn datagram(src: [u8; 4], dst: [u8; 4], ports: [u8; 2]) -> Vec<u8> {
    ipv4(src, dst, 17, &[0, ports[0], 0, ports[1], 0, 12, 0, 0, 1, 2, 3, 4])
}

/// A router's "time exceeded" with an unassigned code, so that an anomaly tells of it.
fn error(quoted: &[u8]) -> Vec<u8> {
    ipv4(ROUTER, CLIENT, 1, &[&[11, 9, 0, 0, 0, 0, 0, 0], quoted].concat())
}

/// The EVE lines of a run in batches of this size, and the packets table.
fn run(frames: &[Vec<u8>], size: usize) -> (Vec<Value>, String) {
    let mut plan = Plan::decode(include_bytes!("plan.golden")).unwrap();
    plan.identity.known.clear();
    plan.identity.unknown = Unknown::Learn;
    plan.flow.hash_seed = Some(0);
    plan.rules = Rules::default();
    plan.filter.clear();
    plan.display.clear();
    plan.outputs.tables = vec![Table::Packets];
    let engine = Engine::new(plan, 0).unwrap();
    for (batch, frames) in frames.chunks(size).enumerate() {
        let mut parsed = engine.take();
        parsed.batch.clear();
        for (row, frame) in frames.iter().enumerate() {
            parsed.batch.push((batch * size + row) as i64, frame, frame.len() as u32, Link::Ip);
        }
        engine.push(parsed);
    }
    while engine.finish() {}
    let text = String::from_utf8(engine.output().eve.swap_remove(0)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, format!("{:?}", engine.table(Table::Packets).unwrap().column_by_name("related_flow_id").unwrap()))
}

fn of<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event_type"] == kind).collect()
}

#[test]
fn an_error_is_tied_to_the_flow_that_it_is_about() {
    let (seen, unseen) = (datagram(CLIENT, SERVER, [9, 53]), datagram(CLIENT, SERVER, [9, 54]));
    let frames = [seen.clone(), error(&seen[..28]), error(&seen[..20]), error(&unseen), error(&seen)];
    let (lines, related) = run(&frames, 100);
    let flows = of(&lines, "flow");
    let flow = flows.iter().find(|flow| flow["proto"] == "UDP").unwrap();
    assert_eq!(flow["flow"]["icmp_errors"], 2);
    let errors: Vec<_> =
        of(&lines, "anomaly").into_iter().filter(|line| line["anomaly"]["name"] == "icmp.unknown_code").collect();
    let ids: Vec<_> = errors.iter().map(|error| error.get("related_flow_id")).collect();
    assert_eq!(ids, [Some(&flow["flow_id"]), None, None, Some(&flow["flow_id"])]);
    let quoted = &errors[0]["icmp"]["quoted"];
    assert_eq!(
        (&quoted["src_ip"], &quoted["dest_port"], &quoted["proto"]),
        (&"10.0.0.1".into(), &53.into(), &"UDP".into())
    );
    let own = flows.iter().find(|flow| flow["proto"] == "ICMP").unwrap();
    assert_eq!((&own["src_ip"], &own["flow"]["pkts_toserver"]), (&"192.0.2.1".into(), &4.into()));
    assert_eq!(flows.len(), 2, "what is only quoted makes no flow");
    for size in 1..5 {
        let (again, table) = run(&frames, size);
        assert_eq!((of(&again, "flow"), of(&again, "anomaly")), (flows.clone(), of(&lines, "anomaly")));
        assert_eq!(table, related);
    }
}
