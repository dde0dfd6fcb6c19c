//! The table against a map that does the same the slow way.

use super::*;
use crate::flow::entry::Entry;
use crate::flow::record::{EndReason, FlowState};
use proptest::prelude::*;
use std::collections::HashMap;

/// A random packet of one of a few flows, and how far the clock goes on before it.
fn steps() -> impl Strategy<Value = Vec<(Nanos, Packet)>> {
    let flags = proptest::sample::select(vec!["S", "SA", "A", "AP", "FA", "R", "RA", "SF", ""]);
    let gap = prop_oneof![8 => 0..seconds(2), 1 => 0..seconds(90), 1 => seconds(500)..seconds(3000)];
    let packet = (0u16..5, any::<bool>(), 0u8..3, flags, 0u32..4, 0u32..4, 0u32..3, any::<bool>());
    let packet = packet.prop_map(|(host, back, kind, flags, seq, ack, length, bad)| {
        let packet = match kind {
            0 => udp(),
            1 => segment(flags, seq, ack, length),
            _ => icmp([0, 8, 3][seq as usize % 3], 0),
        };
        let checksum = if bad && seq == 0 { Checksum::Bad } else { Checksum::Valid };
        let packet = Packet { src: Addr::v4([10, 0, 1, host as u8]), l4_checksum: checksum, ..packet };
        match kind {
            2 if back => Packet { src: packet.dst, dst: packet.src, ..packet },
            _ if back => reply(packet),
            _ => packet,
        }
    });
    proptest::collection::vec((gap, packet), 0..300)
}

fn lifetime(entry: &Entry) -> Nanos {
    seconds(match (entry.is_tcp(), entry.state()) {
        (true, FlowState::Established) => 600,
        (true, _) => 60,
        (false, FlowState::New) => 30,
        (false, _) => 300,
    })
}

/// All records of a run, by id, but for why those ended that nothing asked for.
fn model(steps: &[(Nanos, Packet)]) -> Vec<FlowRecord> {
    let mut flows: HashMap<[u64; 6], Entry> = HashMap::new();
    let (mut now, mut next_id, mut records) = (0, 1, Vec::new());
    for (gap, packet) in steps {
        now += gap;
        let packet = Packet { time: now, ..*packet };
        let id = key(&packet).unwrap();
        if let Some(old) = flows.get(&id.words) {
            let over = now - old.seen > lifetime(old);
            if over || old.is_reused_by(&packet, old.to_server(&id)) {
                records.push(old.record(if over { EndReason::Timeout } else { EndReason::TcpReuse }));
                flows.remove(&id.words);
            }
        }
        let entry = flows.entry(id.words).or_insert_with(|| {
            next_id += 1;
            Entry::new(next_id - 1, now, &id, &packet, None)
        });
        let to_server = entry.to_server(&id);
        entry.count(&packet, to_server, false);
        entry.seen = now;
    }
    let idle =
        |entry: &Entry| if now - entry.seen > lifetime(entry) { EndReason::Timeout } else { EndReason::Shutdown };
    records.extend(flows.values().map(|entry| entry.record(idle(entry))));
    records.sort_by_key(|record| record.id);
    records
}

fn run(steps: &[(Nanos, Packet)], max_flows: u32) -> (Vec<FlowRecord>, Stats) {
    let mut run = Run::new(max_flows);
    let mut now = 0;
    for (gap, packet) in steps {
        now += gap;
        run.at(now, *packet);
        let stats = run.table.stats();
        assert!(stats.active <= u64::from(max_flows));
        assert_eq!(stats.total, stats.active + run.ended.len() as u64);
    }
    let stats = run.table.stats();
    let mut records = run.finish();
    records.sort_by_key(|record| record.id);
    (records, stats)
}

proptest! {
    #[test]
    fn agrees_with_a_map(steps in steps()) {
        let (mut records, _) = run(&steps, 64);
        let mut wanted = model(&steps);
        records.iter_mut().for_each(|record| record.slot = 0);
        // The wheel may still have to fire for the last of them.
        for record in records.iter_mut().chain(&mut wanted).filter(|record| record.reason == EndReason::Shutdown) {
            record.reason = EndReason::Timeout;
        }
        prop_assert_eq!(records, wanted);
    }

    #[test]
    fn a_small_table_loses_nothing(steps in steps(), max_flows in 1u32..6) {
        let (records, stats) = run(&steps, max_flows);
        prop_assert_eq!(records.iter().flat_map(|record| record.packets).sum::<u64>(), steps.len() as u64);
        let bytes: u64 = steps.iter().map(|(_, packet)| u64::from(packet.captured)).sum();
        prop_assert_eq!(records.iter().flat_map(|record| record.bytes).sum::<u64>(), bytes);
        let forced = records.iter().filter(|record| record.reason == EndReason::Forced).count();
        prop_assert_eq!(forced as u64, stats.evicted);
        prop_assert!(records.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    #[test]
    fn both_directions_have_one_key(packet in steps().prop_map(|steps| steps.first().map(|(_, packet)| *packet))) {
        if let Some(packet) = packet.filter(|packet| packet.has_ports()) {
            let (there, back) = (key(&packet).unwrap(), key(&reply(packet)).unwrap());
            prop_assert_eq!(there.words, back.words);
            prop_assert!(there.from_high != back.from_high);
        }
    }
}
