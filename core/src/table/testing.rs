//! What the tests of this folder share: a packet, its wrap, its session, a flow and a rule.

use crate::flow::record::{EndReason, FlowRecord, FlowState, TcpState};
use crate::frame::{Addr, Frame, Link};
use crate::identify::Identities;
use crate::packet::{Checksum, Encapsulation, Layer, LenSource, NONE, Packet, Wrap, proto, tcp};
use crate::plan::{self, Rule, RuleProtocol};
use crate::table::counters::Counters;
use crate::table::summary::{Sources, Summary};
use crate::time::Nanos;

pub const TIME: Nanos = 1_464_332_171_304_062_999;

pub const SRC: Addr = Addr::v4([10, 0, 0, 1]);
pub const DST: Addr = Addr::v4([10, 0, 0, 2]);
pub const V6: Addr = Addr([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// A frame of so many bytes.
pub fn frame(captured: u32) -> Frame {
    Frame { captured, original: captured, ..Frame::default() }
}

/// TCP over IPv4 over Ethernet through identity 0.
pub fn packet() -> Packet {
    Packet {
        time: TIME,
        captured: 66,
        original: 66,
        length_source: LenSource::Ipv4TotalLength,
        identity: 0,
        wrap: 0,
        domain: 1,
        l3: 14,
        l4: 34,
        payload: 54,
        payload_original: 12,
        ip: 4,
        proto: proto::TCP,
        ttl: 64,
        layer: Layer::Tcp,
        ethertype: 0x0800,
        src: SRC,
        dst: DST,
        sport: 40000,
        dport: 80,
        tcp_flags: tcp::PSH | tcp::ACK,
        window: 1000,
        seq: 1,
        ack: 2,
        l3_checksum: Checksum::Valid,
        l4_checksum: Checksum::Valid,
        ..Packet::EMPTY
    }
}

/// The same without a link header.
pub fn raw_packet() -> Packet {
    Packet { link: Link::Ip, l3: 0, l4: 20, payload: 40, captured: 52, original: 100, ethertype: 0, ..packet() }
}

pub fn wrap() -> Wrap {
    Wrap {
        outer_src: Addr::v4([172, 31, 0, 238]),
        outer_dst: Addr::v4([172, 31, 17, 188]),
        vni: 5_569_041,
        encapsulation: Encapsulation::Vxlan,
        ..Wrap::default()
    }
}

/// The wrap of a Gateway Load Balancer.
pub fn geneve() -> Wrap {
    Wrap {
        encapsulation: Encapsulation::GeneveVxlan,
        endpoint: 0x0123_4567_89ab_cdef,
        attachment: 0xa,
        flow_cookie: 0xbeef,
        has_cookie: true,
        ..wrap()
    }
}

/// Row 0 is a session that is known; rows 1 to 9, with these VNIs, are not.
pub fn identities() -> Identities {
    let known = plan::Identity {
        vni: wrap().vni,
        outer_src: wrap().outer_src.0.to_vec().into(),
        endpoint: String::new(),
        session: "tms-0123456789abcdef0".into(),
        name: "we\"b".into(),
        interface: "eni-0a".into(),
        vpc: "vpc-0b".into(),
        comment: "Watches the front end".into(),
        domain: 1,
        packet_length: 0,
        target_mtu: 0,
    };
    let settings = plan::IdentitySettings {
        known: vec![known],
        unknown: plan::Unknown::Learn,
        unknown_domain: plan::UnknownDomain::Shared,
        max_learned: 100,
    };
    let mut identities = Identities::new(&settings).unwrap();
    identities.identify(&wrap());
    for vni in 1..10 {
        identities.identify(&Wrap { vni, ..wrap() });
    }
    identities
}

pub fn flow() -> FlowRecord {
    FlowRecord {
        slot: 0,
        bypassed: [[0; 2]; 2],
        id: 77,
        src: SRC,
        dst: DST,
        sport: 40000,
        dport: 80,
        proto: proto::TCP,
        ip: 4,
        domain: 1,
        start: TIME - 400_000_000,
        end: TIME + 700_000_000,
        packets: [3, 2],
        bytes: [300, 200],
        original_bytes: [3000, 200],
        truncated_packets: 2,
        state: FlowState::Closed,
        reason: EndReason::Shutdown,
        tcp_flags: [tcp::SYN | tcp::ACK, tcp::SYN | tcp::ACK | tcp::FIN],
        tcp_state: TcpState::LastAck,
        history: *b"ShAdDf\0\0\0\0\0\0\0\0\0\0",
        alerted: true,
        identities: [0, 9, NONE, NONE],
        identity_count: 2,
        wrap: wrap(),
        ..FlowRecord::default()
    }
}

/// The summary of a run without flows and rules.
pub fn summary(counters: &Counters) -> Summary<'_> {
    Summary {
        counters,
        flows: crate::flow::Stats::default(),
        streams: crate::stream::Stats::default(),
        stream_memory: 0,
        bypassed: [0; 2],
        applications: Box::leak(Box::default()),
        files: crate::files::Counts::default(),
        left_out: [0; 2],
        fragments: crate::restore::Stats::default(),
        rules: None,
        sources: Sources::default(),
    }
}

pub fn rule() -> Rule {
    Rule {
        protocol: RuleProtocol::Tcp,
        sid: 2_000_001,
        rev: 3,
        msg: "GET \"it\"".into(),
        category: "A Network Trojan was detected".into(),
        priority: 1,
        metadata: vec![("created_at".into(), vec!["2024_01_01".into()]), ("tag".into(), vec!["a".into(), "b".into()])],
        ..Rule::default()
    }
}
