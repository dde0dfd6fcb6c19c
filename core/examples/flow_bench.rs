//! Nanoseconds for a packet's look-up and update, by number of flows: `cargo run --release --example flow_bench`.
// A tool of the project: its numbers are its own, and a fault may end it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::time::Instant;
use tmrx_core::flow::record::FlowRecord;
use tmrx_core::flow::{FlowKey, FlowTable, Seed, address_hash, key};
use tmrx_core::frame::Addr;
use tmrx_core::packet::{Checksum, Layer, LenSource, Packet};
use tmrx_core::plan::{FlowSettings, Timeouts};

const RUN: usize = 64;

fn packet(flow: u32, back: bool) -> Packet {
    let (a, b) = (Addr::v4((0x0a00_0000 + flow / 7).to_be_bytes()), Addr::v4([172, 31, (flow % 7) as u8, 9]));
    let (p, q) = (1024 + (flow % 60_000) as u16, 443);
    let (src, dst, sport, dport) = if back { (b, a, q, p) } else { (a, b, p, q) };
    Packet {
        captured: 350,
        original: 350,
        length_source: LenSource::Ipv4TotalLength,
        identity: 3,
        l3: 14,
        l4: 34,
        payload: 54,
        payload_original: 296,
        ip: 4,
        proto: 6,
        ttl: 64,
        layer: Layer::Tcp,
        ethertype: 0x0800,
        src,
        dst,
        sport,
        dport,
        tcp_flags: 0x18,
        seq: 1,
        ack: 1,
        l3_checksum: Checksum::Valid,
        l4_checksum: Checksum::Valid,
        ..Packet::EMPTY
    }
}

/// Flow numbers with Zipf-like sizes: the density falls with the rank.
fn zipf(state: &mut u64, flows: u32) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let u = (*state >> 11) as f64 / (1u64 << 53) as f64;
    (f64::from(flows).powf(u) as u32 - 1).min(flows - 1)
}

/// The shard of a packet among eight.
fn part(seed: &Seed, packet: &Packet) -> usize {
    (address_hash(seed, packet.domain, &packet.src, &packet.dst) >> 61) as usize
}

/// Eight tables that hold `flows` flows between them.
fn filled(seed: Seed, flows: u32) -> Vec<FlowTable> {
    let timeouts =
        Timeouts { tcp_new: 60, tcp_established: 600, tcp_closed: 60, other_new: 30, other_established: 300 };
    let settings = FlowSettings {
        max_flows: 2_097_152,
        timeouts,
        by_depth: true,
        by_vlan: true,
        community_id_seed: 0,
        hash_seed: Some(0),
    };
    let mut tables: Vec<FlowTable> = (0..8).map(|n| FlowTable::new(&settings, seed, (n, 8), false).unwrap()).collect();
    let mut ended = Vec::new();
    for flow in 0..flows {
        let packet = packet(flow, false);
        let key = key(&packet).unwrap();
        let table = &mut tables[part(&seed, &packet)];
        table.update(&packet, None, &key, table.hash(&key), &mut ended);
    }
    tables
}

fn drawn(state: &mut u64, flows: u32, uniform: bool) -> Vec<Packet> {
    let draw = |n: usize| {
        let flow = if uniform { (zipf(state, 1 << 31) ^ (*state >> 33) as u32) % flows } else { zipf(state, flows) };
        packet(flow.wrapping_mul(2_654_435_761) % flows, n.is_multiple_of(3))
    };
    (0..RUN * 16).map(draw).collect()
}

/// One run of packets through the tables: ns a packet to hash, to prefetch, to update.
fn round(seed: &Seed, tables: &mut [FlowTable], run: &[Packet], ended: &mut Vec<FlowRecord>) -> [f64; 3] {
    let begun = Instant::now();
    let mut keys = [(FlowKey::default(), 0u64, 0usize); RUN];
    for (packet, at) in run.iter().zip(&mut keys) {
        let key = key(packet).unwrap_or_default();
        *at = (key, key.hash(seed), part(seed, packet));
        tables[at.2].prefetch_index(at.1);
    }
    let hashed = Instant::now();
    for (_, hash, part) in &keys {
        tables[*part].prefetch_entry(*hash);
    }
    let fetched = Instant::now();
    for (packet, (key, hash, part)) in run.iter().zip(&keys) {
        std::hint::black_box(tables[*part].update(packet, None, key, *hash, ended));
    }
    let done = Instant::now();
    [hashed - begun, fetched - hashed, done - fetched].map(|time| time.as_nanos() as f64 / RUN as f64)
}

fn percentile(all: &mut [f64], share: usize) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() * share / 100]
}

fn measure(flows: u32, uniform: bool) {
    let seed = Seed::new(0);
    let mut tables = filled(seed, flows);
    let (mut state, mut ended, mut times, mut stages) = (7u64, Vec::new(), Vec::new(), [const { Vec::new() }; 3]);
    while times.len() < 4_000 {
        let packets = drawn(&mut state, flows, uniform);
        let start = Instant::now();
        for run in packets.chunks(RUN) {
            let took = round(&seed, &mut tables, run, &mut ended);
            stages.iter_mut().zip(took).for_each(|(all, time)| all.push(time));
        }
        times.push(start.elapsed().as_nanos() as f64 / packets.len() as f64);
    }
    let total: u64 = tables.iter().map(|table| table.stats().total).sum();
    let kind = if uniform { "uniform" } else { "Zipf" };
    let stages = stages.map(|mut all: Vec<f64>| percentile(&mut all, 50).round());
    let (median, best) = (percentile(&mut times, 50), percentile(&mut times, 10));
    println!(
        "{flows:>8} flows, {kind}: median {median:.1} ns a packet, 10 % {best:.1} \
         ({total} begun; hash, fetch, update: {stages:?})"
    );
}

fn main() {
    for flows in [1_000, 100_000, 1_000_000] {
        measure(flows, false);
        measure(flows, true);
    }
}
