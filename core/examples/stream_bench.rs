//! What TCP sessions cost: nanoseconds a packet for established, in-order traffic.
//!
//! `cargo run --release --example stream_bench -- [SESSIONS]`: of each session in turn two full segments of the client,
//! the server's acknowledgement, and a look at each block of 2560 bytes.
#![allow(missing_docs, clippy::disallowed_methods, clippy::print_stdout)]

use std::time::Instant;
use tmrx_core::packet::{Layer, Packet, tcp};
use tmrx_core::plan::{Plan, StreamSettings};
use tmrx_core::stream::{Session, Streams};

const ROUNDS: u32 = 4_000_000;
const PAYLOAD: u32 = 1448;
const TIMESTAMP: [u8; 12] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1];

/// A session and where its client is.
struct Flow {
    session: Option<Box<Session>>,
    seq: u32,
    told: u32,
}

fn packet(flags: u8, seq: u32, ack: u32, payload: u32) -> Packet {
    Packet {
        layer: Layer::Tcp,
        payload: 32,
        captured: 32 + payload,
        original: 32 + payload,
        payload_original: payload,
        tcp_flags: flags,
        window: u16::MAX,
        seq,
        ack,
        ..Packet::EMPTY
    }
}

fn settings() -> StreamSettings {
    let plan = Plan::decode(include_bytes!("../tests/plan.golden"));
    let Ok(mut settings) = plan.map(|plan| plan.streams) else { std::process::exit(1) };
    settings.memcap = 1 << 30;
    settings.reassembly_memcap = 4 << 30;
    settings.depth = 0;
    settings
}

fn open(streams: &mut Streams, header: &[u8]) -> Flow {
    let mut session = None;
    for (to_server, flags, ack) in [(true, tcp::SYN, 0), (false, tcp::SYN | tcp::ACK, 1), (true, tcp::ACK, 1)] {
        let seq = u32::from(flags == tcp::ACK);
        streams.packet(&mut session, &packet(flags, seq, ack, 0), header, to_server);
    }
    Flow { session, seq: 1, told: 1 }
}

/// Two segments, an acknowledgement, a look: the packets that were sent, and the bytes that were seen.
fn talk(streams: &mut Streams, flow: &mut Flow, bytes: &[u8]) -> usize {
    for _ in 0..2 {
        streams.packet(&mut flow.session, &packet(tcp::ACK, flow.seq, 1, PAYLOAD), bytes, true);
        flow.seq = flow.seq.wrapping_add(PAYLOAD);
    }
    streams.packet(&mut flow.session, &packet(tcp::ACK, 1, flow.seq, 0), bytes.get(..32).unwrap_or_default(), false);
    let mut seen = 0;
    if flow.seq.wrapping_sub(flow.told) >= 2560
        && let Some(session) = &mut flow.session
        && let Some(block) = streams.block(session, true, false)
    {
        let end = block.end();
        seen = block.bytes.len();
        streams.inspected(session, true, end);
        flow.told = flow.seq;
    }
    seen
}

fn run(count: usize) {
    let header = [&[0; 20][..], &TIMESTAMP].concat();
    let bytes = [&header[..], &vec![b'x'; PAYLOAD as usize]].concat();
    let mut streams = Streams::new(&settings(), (0, 1));
    let mut flows: Vec<Flow> = (0..count).map(|_| open(&mut streams, &header)).collect();
    let (start, mut seen) = (Instant::now(), 0);
    for round in 0..ROUNDS / 3 {
        if let Some(flow) = flows.get_mut(round as usize % count) {
            seen += talk(&mut streams, flow, &bytes);
        }
    }
    let each = start.elapsed().as_secs_f64() / f64::from(ROUNDS) * 1e9;
    println!("{count:>7} sessions of {} bytes: {each:>6.1} ns a packet, {seen} bytes seen", size_of::<Session>());
}

fn main() {
    let asked = std::env::args().nth(1).and_then(|count| count.parse().ok());
    match asked {
        Some(count) => run(count),
        None => [1, 1000, 100_000].into_iter().for_each(run),
    }
}
