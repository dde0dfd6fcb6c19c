//! Conversations in, states and records out.

mod conversations;
mod life;
mod model;

use super::record::FlowRecord;
use super::*;
use crate::anomaly::AnomalySet;
use crate::frame::{Addr, Link};
use crate::packet::{Causes, Checksum, Encapsulation, Layer, Layers, LenSource, NONE, Packet, Stop, proto, tcp};
use crate::plan::{FlowSettings, Timeouts};
use crate::time::{Nanos, SECOND};

/// A UDP packet from 10.0.0.1:1000 to 10.0.0.2:80 with 10 bytes of payload.
pub(super) fn udp() -> Packet {
    Packet {
        time: 0,
        frame: 0,
        parent: NONE,
        start: 0,
        link: Link::Ethernet,
        captured: 52,
        padding: 0,
        original: 52,
        length_source: LenSource::Ipv4TotalLength,
        identity: NONE,
        wrap: NONE,
        domain: 0,
        l3: 14,
        l4: 34,
        payload: 42,
        payload_original: 10,
        vlans: [0; 3],
        vlan_count: 0,
        ip: 4,
        proto: proto::UDP,
        ttl: 64,
        layer: Layer::Udp,
        layers: Layers(0),
        depth: 0,
        carrier: false,
        tunnel: Encapsulation::None,
        stop: Stop::Complete,
        fragment: false,
        left_out: false,
        whole: false,
        defragmented: false,
        ethertype: 0x0800,
        src: Addr::v4([10, 0, 0, 1]),
        dst: Addr::v4([10, 0, 0, 2]),
        sport: 1000,
        dport: 80,
        tcp_flags: 0,
        window: 0,
        seq: 0,
        ack: 0,
        truncated: Causes(0),
        l3_checksum: Checksum::Valid,
        l4_checksum: Checksum::Valid,
        anomalies: AnomalySet::default(),
    }
}

pub(super) fn reply(packet: Packet) -> Packet {
    Packet { src: packet.dst, dst: packet.src, sport: packet.dport, dport: packet.sport, ..packet }
}

/// A TCP packet of the client; flags by their letters.
pub(super) fn segment(flags: &str, seq: u32, ack: u32, payload: u32) -> Packet {
    let bit = |letter| match letter {
        'S' => tcp::SYN,
        'A' => tcp::ACK,
        'F' => tcp::FIN,
        'R' => tcp::RST,
        'P' => tcp::PSH,
        other => panic!("no flag {other}"),
    };
    let tcp_flags = flags.chars().map(bit).fold(0, |all, bit| all | bit);
    let size = 54 + payload;
    let (captured, original) = (size, size);
    let (proto, layer, payload_original) = (proto::TCP, Layer::Tcp, payload);
    Packet { proto, layer, tcp_flags, seq, ack, captured, original, payload_original, payload: 54, ..udp() }
}

pub(super) fn icmp(kind: u16, code: u16) -> Packet {
    Packet { proto: proto::ICMP, layer: Layer::Icmp, sport: kind, dport: code, ..udp() }
}

pub(super) fn settings(max_flows: u32) -> FlowSettings {
    let timeouts =
        Timeouts { tcp_new: 60, tcp_established: 600, tcp_closed: 60, other_new: 30, other_established: 300 };
    FlowSettings { max_flows, timeouts, by_depth: true, by_vlan: true, community_id_seed: 0, hash_seed: Some(0) }
}

/// A table with what came out of it.
pub(super) struct Run {
    pub table: FlowTable,
    pub ended: Vec<FlowRecord>,
}

impl Run {
    pub fn new(max_flows: u32) -> Self {
        Self { table: FlowTable::new(&settings(max_flows), Seed::new(0), (0, 1), true).unwrap(), ended: Vec::new() }
    }

    pub fn at(&mut self, time: Nanos, packet: Packet) -> Seen {
        let packet = Packet { time, ..packet };
        let key = key(&packet).unwrap();
        let hash = self.table.hash(&key);
        self.table.advance(time, &mut self.ended);
        self.table.prefetch_index(hash);
        self.table.prefetch_entry(hash);
        self.table.update(&packet, None, &key, hash, &mut self.ended)
    }

    pub fn push(&mut self, packet: Packet) -> Seen {
        self.at(packet.time, packet)
    }

    pub fn finish(mut self) -> Vec<FlowRecord> {
        while self.table.finish(7, &mut self.ended) {}
        assert_eq!(self.table.stats().active, 0);
        self.ended
    }
}

pub(super) fn history(record: &FlowRecord) -> String {
    record.history.iter().take_while(|letter| **letter != 0).map(|letter| char::from(*letter)).collect()
}

pub(super) const fn seconds(n: i64) -> Nanos {
    n * SECOND
}
