//! How flows are told apart, counted and ended.

use super::*;
use crate::flow::record::{EndReason, FlowState};
use crate::packet::Wrap;

#[test]
fn what_has_no_flow() {
    assert!(key(&udp()).is_some());
    assert!(key(&Packet { ip: 0, ..udp() }).is_none());
    assert!(key(&Packet { fragment: true, ..udp() }).is_none());
    assert!(key(&Packet { stop: Stop::Malformed, ..udp() }).is_none());
    let cut = Packet { stop: Stop::Truncated, layer: Layer::Ipv4, sport: 7, dport: 7, ..udp() };
    assert!(key(&cut).is_some(), "a packet cut inside its transport header has one, without ports");
    assert_eq!(key(&cut).unwrap().words, key(&Packet { sport: 0, dport: 0, ..cut }).unwrap().words);
}

#[test]
fn what_tells_flows_apart() {
    let other = [
        Packet { domain: 1, ..udp() },
        Packet { vlans: [5, 0, 0], vlan_count: 1, ..udp() },
        Packet { vlans: [0, 0, 0], vlan_count: 1, ..udp() },
        Packet { vlans: [0, 5, 0], vlan_count: 2, ..udp() },
        Packet { proto: proto::TCP, layer: Layer::Tcp, ..udp() },
        Packet { sport: 1001, ..udp() },
        Packet { dport: 81, ..udp() },
        Packet { sport: 80, dport: 1000, ..udp() },
        Packet { src: Addr::v4([10, 0, 0, 3]), ..udp() },
        Packet { ip: 6, ..udp() },
    ];
    let mut run = Run::new(64);
    run.push(udp());
    for packet in other {
        assert!(run.push(packet).new, "{packet:?}");
        assert!(!run.push(reply(packet)).new, "{packet:?}");
    }
    assert!(!run.push(Packet { identity: 9, ttl: 3, wrap: 4, ..udp() }).new);
    assert!(!run.push(Packet { vlans: [7, 7, 7], ..udp() }).new, "what is not set does not count");
}

#[test]
fn a_host_that_talks_to_itself_is_always_the_client() {
    let packet = Packet { dst: udp().src, dport: udp().sport, ..udp() };
    let mut run = Run::new(4);
    assert!(run.push(packet).to_server && run.push(reply(packet)).to_server);
}

#[test]
fn counts() {
    let wrap = Wrap { vni: 77, ..Wrap::default() };
    let mut run = Run::new(4);
    let first = Packet { time: seconds(5), identity: 4, ..udp() };
    let id = key(&first).unwrap();
    let hash = run.table.hash(&id);
    run.table.advance(first.time, &mut run.ended);
    run.table.update(&first, Some(&wrap), &id, hash, &mut run.ended);
    let cut =
        Packet { captured: 48, original: 1500, truncated: Causes(Causes::PACKET_LENGTH), identity: 5, ..reply(udp()) };
    let seen = run.at(seconds(7), cut);
    let counters = run.table.counters(seen.slot);
    assert_eq!((counters.packets, counters.bytes, counters.start), ([1, 1], [52, 48], seconds(5)));
    assert_eq!((counters.src, counters.sport, counters.dst, counters.dport), (udp().src, 1000, udp().dst, 80));
    run.table.mark_alerted(seen.slot);
    run.table.mark_passed(seen.slot);
    run.table.mark_dropped(seen.slot);
    for identity in [4, 6, 5, 7, 8, 4, NONE] {
        let seen = run.at(seconds(6), Packet { identity, ..udp() });
        assert!(seen.passed && seen.dropped);
    }
    let records = run.finish();
    let record = records[0];
    assert_eq!((record.bytes, record.original_bytes), ([52 * 8, 48], [52 * 8, 1500]));
    assert_eq!((record.truncated_packets, record.start, record.end), (1, seconds(5), seconds(7)));
    assert_eq!((record.identities, record.identity_count, record.more_identities), ([4, 5, 6, 7], 4, true));
    assert_eq!((record.wrap, record.alerted, record.reason), (wrap, true, EndReason::Shutdown));
}

#[test]
fn an_identity_after_none() {
    let mut run = Run::new(4);
    run.push(udp());
    run.push(Packet { identity: 2, ..udp() });
    run.push(Packet { identity: 3, ..udp() });
    let records = run.finish();
    assert_eq!((records[0].identities, records[0].identity_count), ([2, 3, 0, 0], 2));
}

#[test]
fn timeouts_by_state() {
    let session = [segment("S", 1, 0, 0), reply(segment("SA", 5, 2, 0)), segment("A", 2, 6, 0)];
    let refused = [segment("S", 1, 0, 0), reply(segment("RA", 0, 2, 0))];
    for (packets, lifetime) in [
        (&session[..1], 60),
        (&session[..], 600),
        (&refused[..], 60),
        (&[udp()][..], 30),
        (&[udp(), reply(udp())][..], 300),
    ] {
        let start = seconds(1_700_000_000) + 250;
        let mut run = Run::new(4);
        for packet in packets {
            run.at(start, *packet);
        }
        run.table.advance(start + seconds(lifetime), &mut run.ended);
        assert_eq!(run.ended.len(), 0);
        run.table.advance(start + seconds(lifetime + 1), &mut run.ended);
        assert_eq!(run.ended.len(), 1, "{lifetime}");
        assert_eq!((run.ended[0].reason, run.ended[0].end), (EndReason::Timeout, start));
        assert_eq!((run.table.stats().active, run.table.stats().timeout), (0, 1));
    }
}

#[test]
fn a_packet_splits_a_flow_whose_time_is_over_to_the_nanosecond() {
    let mut run = Run::new(4);
    run.at(100, udp());
    assert!(!run.at(seconds(30) + 100, udp()).new);
    assert!(run.at(seconds(60) + 101, udp()).new);
    assert_eq!((run.ended.len(), run.ended[0].packets), (1, [2, 0]));
    // Out of order, the engine's time counts.
    assert!(!run.at(seconds(90) + 101, udp()).new);
    let late = Packet { time: seconds(10), ..udp() };
    let (id, table) = (key(&late).unwrap(), &mut run.table);
    assert!(!table.update(&late, None, &id, table.hash(&id), &mut run.ended).new);
    assert_eq!(run.finish().last().unwrap().end, seconds(90) + 101);
}

#[test]
fn a_session_that_closes_late_is_ended_in_time() {
    let mut run = Run::new(4);
    for t in 0..200 {
        run.at(seconds(t), segment("A", 1, 1, 0));
    }
    run.at(seconds(200), segment("R", 1, 0, 0));
    run.table.advance(seconds(200 + 60 + 61), &mut run.ended);
    assert_eq!((run.ended.len(), run.ended[0].state), (1, FlowState::Closed));
}

#[test]
fn the_clock_never_goes_back_and_may_jump() {
    let mut run = Run::new(4);
    run.at(seconds(1000), udp());
    run.table.advance(seconds(1), &mut run.ended);
    assert!(!run.at(seconds(1001), udp()).new);
    run.table.advance(Nanos::MAX, &mut run.ended);
    assert_eq!(run.ended.len(), 1);
    run.table.advance(Nanos::MIN, &mut run.ended);
    assert!(run.push(udp()).new);
    assert_eq!(run.finish().len(), 2);
}

#[test]
fn a_full_table_ends_the_flow_nearest_to_its_end() {
    let mut run = Run::new(8);
    let client = |n: u16| Packet { sport: n, ..udp() };
    for n in 0..8 {
        run.at(seconds(i64::from(n)), client(n));
    }
    // The oldest one lives on: both directions were seen.
    run.at(seconds(8), reply(client(0)));
    for n in 8..12 {
        run.at(seconds(9), client(n));
    }
    let gone: Vec<u16> = run.ended.iter().map(|record| record.sport).collect();
    assert_eq!(gone, [1, 2, 3, 4]);
    assert!(run.ended.iter().all(|record| record.reason == EndReason::Forced));
    assert_eq!((run.table.stats().evicted, run.table.stats().active), (4, 8));
    assert_eq!(run.table.stats().total, 12);
}

#[test]
fn a_flood_leaves_established_sessions_alone() {
    let mut run = Run::new(1024);
    let session = |n: u16| Packet { sport: n, ..segment("A", 1, 1, 0) };
    for n in 0..100 {
        run.at(seconds(1), session(n));
    }
    for n in 0..60_000u32 {
        let flood = Packet { src: Addr::v4((0x0b00_0000 + n).to_be_bytes()), ..segment("S", n, 0, 0) };
        run.at(seconds(2) + i64::from(n) * 100_000, flood);
    }
    let lost = run.ended.iter().filter(|record| record.state == FlowState::Established).count();
    assert!(lost <= 100 / 16, "{lost} of 100 sessions were evicted");
}

#[test]
fn ids_are_unique_over_the_parts_and_repeat_with_the_run() {
    let ids = || {
        let mut ids = Vec::new();
        for part in 0..8 {
            let mut run = Run::new(4);
            run.table = FlowTable::new(&settings(64), Seed::new(part), (part as u32, 8), true).unwrap();
            ids.extend((0..100).map(|n| run.push(Packet { sport: n, ..udp() }).id));
            let finished = run.finish();
            assert!(finished[92..].is_sorted_by_key(|record| record.id), "the end is in order");
        }
        ids
    };
    let once = ids();
    assert_eq!(once, ids());
    let mut unique = once.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 800);
    assert!(unique.first() > Some(&0) && unique.last() < Some(&(1 << 51)));
}

#[test]
fn no_memory_for_so_many_is_an_error() {
    assert!(FlowTable::new(&settings(8), Seed::new(0), (0, 0), true).is_ok());
    assert!(FlowTable::new(&settings(0), Seed::new(0), (7, 8), true).is_ok());
}

#[test]
fn hosts_meet_in_one_part() {
    let (a, b) = (Addr::v4([1, 2, 3, 4]), Addr::v4([4, 3, 2, 1]));
    let seed = Seed::new(3);
    assert_eq!(address_hash(&seed, 1, &a, &b), address_hash(&seed, 1, &b, &a));
    assert_ne!(address_hash(&seed, 1, &a, &b), address_hash(&seed, 2, &a, &b));
    assert_ne!(address_hash(&seed, 1, &a, &b), address_hash(&Seed::new(4), 1, &a, &b));
}

/// Neighbouring addresses and ports, the usual case, spread as chance would have it.
#[test]
fn hashes_spread() {
    for pick in [0u32, 32, 61] {
        let mut buckets = [0u32; 8];
        for n in 0..80_000u32 {
            let src = Addr::v4((0x0a00_0000 + n / 40).to_be_bytes());
            let packet = Packet { src, sport: 1024 + (n % 40) as u16, ..udp() };
            let hash = key(&packet).unwrap().hash(&Seed::new(0));
            buckets[(hash >> pick & 7) as usize] += 1;
        }
        assert!(buckets.iter().all(|count| (9_600..10_400).contains(count)), "{pick}: {buckets:?}");
    }
}
