//! What each fuzz target does with its bytes. `core/tests/corpus.rs` replays the corpus through the same functions.
//!
//! Each checks more than that nothing panics: what is found lies within the bytes, a capture reads the same from a file
//! and from a pipe, and the engine gives the same output whatever the batches are, with every frame accounted for.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

mod files;
mod fragments;
mod rules;
mod talk;
mod transactions;

pub use files::files;
pub use fragments::fragments;
pub use rules::rules;
pub use talk::talk;
pub use transactions::transactions;

use std::io::Write;
use std::os::fd::AsRawFd;
use std::sync::LazyLock;
use tmrx_core::decap::{Decap, Outers};
use tmrx_core::engine::{Engine, Parsed};
use tmrx_core::frame::{Addr, Batch, Link, Outer};
use tmrx_core::io::{Capture, Fill, Source};
use tmrx_core::packet::{Layer, Packet, tcp};
use tmrx_core::plan::{Kind, Plan, Rules, StreamPolicy, StreamSettings, Table, Urgent};
use tmrx_core::stream::{Next, Session, Streams};
use tmrx_core::table::summary::Sources;
use tmrx_core::verify::verify;

/// DNS messages.
pub fn dns(data: &[u8]) {
    talk(tmrx_core::app::Protocol::Dns, data);
}

/// HTTP requests and responses.
pub fn http(data: &[u8]) {
    talk(tmrx_core::app::Protocol::Http, data);
}

/// FTP's commands and replies.
pub fn ftp(data: &[u8]) {
    talk(tmrx_core::app::Protocol::Ftp, data);
}

/// What a data connection of FTP carries.
pub fn ftp_data(data: &[u8]) {
    talk(tmrx_core::app::Protocol::FtpData, data);
}

/// An SSH session.
pub fn ssh(data: &[u8]) {
    talk(tmrx_core::app::Protocol::Ssh, data);
}

/// A TLS session.
pub fn tls(data: &[u8]) {
    talk(tmrx_core::app::Protocol::Tls, data);
}

const GOLDEN: &[u8] = include_bytes!("../tests/plan.golden");
const LINKS: [Link; 12] = [
    Link::Ethernet,
    Link::Ip,
    Link::UdpPayload,
    Link::Null,
    Link::Sll,
    Link::Sll2,
    Link::Ppp,
    Link::Chdlc,
    Link::Wifi,
    Link::Radiotap,
    Link::Type(0x894f),
    Link::Type(0x8847),
];
/// Fills of a capture at most: a few bytes can be unpacked to gigabytes.
const FILLS: usize = 20;
/// Frames of a run at most: more say nothing that these don't.
const FRAMES: usize = 64;
/// What fits into a pipe that nobody reads yet.
const PIPE: usize = 60_000;
const SECOND: i64 = 1_000_000_000;

/// A plan with everything in it but filters, and with every output.
fn plan() -> Plan {
    static PLAN: LazyLock<Plan> = LazyLock::new(whole_plan);
    PLAN.clone()
}

fn whole_plan() -> Plan {
    let mut plan = Plan::decode(GOLDEN).unwrap();
    plan.decap.vxlan_ports = vec![4789];
    plan.decap.geneve_ports = vec![6081];
    plan.decap.vxlan_gpe_ports = vec![4790];
    plan.decap.gre_udp_ports = vec![4754];
    plan.decap.teredo_ports = vec![3544];
    plan.decap.max_depth = 8;
    (plan.truncated_is_invalid, plan.ignore_checksums) = (false, false);
    // Values of all types stand in sets of each.
    plan.rules.datasets.clear();
    // There are no applications yet.
    plan.rules.rules.retain(|rule| !matches!(rule.kind, Kind::App | Kind::AppTx));
    plan.flow.max_flows = 1024;
    (plan.filter, plan.display) = (Vec::new(), Vec::new());
    plan.fragments.memory = 1 << 13;
    plan.outputs.eve.truncate(1);
    plan.outputs.fast = true;
    plan.outputs.tables = vec![Table::Packets, Table::Flows, Table::Alerts, Table::Anomalies];
    plan
}

/// The first bytes of a capture's frames, in order; the error that ended it, if one did.
type Read = (Vec<(i64, u32, Vec<u8>)>, Option<String>);

fn read(path: &str) -> Read {
    let mut frames = Vec::new();
    let mut capture = match Capture::open(path) {
        Ok(capture) => capture,
        Err(error) => return (frames, Some(error.to_string())),
    };
    let mut batch = Batch::default();
    for _ in 0..FILLS {
        match capture.fill(&mut batch) {
            Ok(Fill::More) => {}
            Ok(Fill::Idle) => continue,
            Ok(Fill::End) => break,
            Err(error) => return (frames, Some(error.to_string())),
        }
        for frame in &batch.frames {
            let bytes = batch.bytes(frame);
            assert_eq!(bytes.len(), frame.captured as usize);
            assert!(frame.original >= frame.captured);
            frames.push((frame.time, frame.original, bytes.iter().take(16).copied().collect()));
        }
    }
    (frames, None)
}

/// A capture file of any format, packed or not.
pub fn reader(data: &[u8]) {
    let path = std::env::temp_dir().join(format!("tmrx-fuzz-{}", std::process::id()));
    std::fs::write(&path, data).unwrap();
    let (from_file, failed) = read(path.to_str().unwrap());
    std::fs::remove_file(path).unwrap();
    if data.len() > PIPE {
        return;
    }
    let (end, mut start) = std::io::pipe().unwrap();
    start.write_all(data).unwrap();
    drop(start);
    let (from_pipe, failed_too) = read(&format!("/proc/self/fd/{}", end.as_raw_fd()));
    assert_eq!(failed.is_some(), failed_too.is_some(), "{failed:?}, from a pipe {failed_too:?}");
    assert_eq!(from_file, from_pipe);
}

/// How the bytes begin, how many were cut off, and the bytes.
fn one(data: &[u8]) -> Option<(Link, usize, &[u8])> {
    let (&link, rest) = data.split_first()?;
    let (&cut, bytes) = rest.split_first()?;
    Some((LINKS[usize::from(link) % LINKS.len()], usize::from(cut) * 16, bytes))
}

fn decode_one(bytes: &[u8], original: usize, link: Link) {
    let mut packet = Packet { captured: bytes.len() as u32, original: original as u32, ..Packet::EMPTY };
    tmrx_core::decode::decode(bytes, link, &mut packet);
    assert!(packet.captured as usize <= bytes.len(), "{packet:?}");
    assert!(packet.original >= packet.captured, "{packet:?}");
    assert!(packet.l3 <= packet.l4 && packet.l4 <= packet.payload, "{packet:?}");
    verify(&bytes[..packet.captured as usize], &mut packet);
}

/// One frame without its tunnels.
pub fn decode(data: &[u8]) {
    if let Some((link, cut, bytes)) = one(data) {
        decode_one(bytes, bytes.len() + cut, link);
    }
}

/// One frame's tunnels, from a capture and from a socket.
pub fn decap(data: &[u8]) {
    static DECAP: LazyLock<Decap> = LazyLock::new(|| Decap::new(&plan().decap));
    let Some((link, cut, bytes)) = one(data) else { return };
    let decap = &*DECAP;
    let mut outers = Outers::default();
    let ports = [4789, 6081, 4790, 4754].map(|dport| Outer { src: Addr::v4([10, 0, 0, 1]), dport, ..Outer::default() });
    for outer in std::iter::once(None).chain(ports.iter().map(Some)) {
        let found = match outer {
            None => decap.frame(bytes, bytes.len() + cut, link, &mut outers),
            Some(outer) => decap.payload(bytes, bytes.len() + cut, outer, &mut outers),
        };
        let inner = found.inner;
        assert!((inner.start + inner.captured) as usize <= bytes.len(), "{found:?}");
        assert!(inner.received >= inner.captured, "{found:?}");
        decode_one(inner.bytes(bytes), inner.received as usize, inner.link);
        for outer in outers.iter().take(found.depth) {
            assert!((outer.start + outer.captured) as usize <= bytes.len(), "{outer:?}");
            decode_one(outer.bytes(bytes), outer.received as usize, outer.link);
        }
    }
}

/// A frame of a run: time, link, bytes, length on the wire.
type Sent = (i64, Link, Vec<u8>, u32);

/// The events and the alert lines of a run over these frames, in batches of `size`.
fn run(plan: &Plan, frames: &[Sent], size: usize) -> [Vec<u8>; 2] {
    let engine = Engine::new(plan.clone(), 0).unwrap();
    let mut out = [Vec::new(), Vec::new()];
    for chunk in frames.chunks(size) {
        let mut parsed: Parsed = engine.take();
        parsed.batch.clear();
        parsed.batch.outers.push(Outer { src: Addr::v4([10, 0, 0, 1]), dport: 4789, ..Outer::default() });
        for (time, link, bytes, original) in chunk {
            parsed.batch.push(*time, bytes, *original, *link);
        }
        engine.push(parsed);
        take(&engine, plan, &mut out);
    }
    while engine.finish() {
        take(&engine, plan, &mut out);
    }
    take(&engine, plan, &mut out);
    check_ledger(&engine, frames.len() as u64);
    out
}

fn take(engine: &Engine, plan: &Plan, [eve, fast]: &mut [Vec<u8>; 2]) {
    let output = engine.output();
    assert!(output.quarantine.is_empty(), "the engine panicked");
    output.eve.iter().for_each(|section| eve.extend_from_slice(section));
    fast.extend_from_slice(&output.fast);
    for table in &plan.outputs.tables {
        engine.table(*table).unwrap();
    }
}

/// Every frame has one fate, and none is held at the end.
fn check_ledger(engine: &Engine, sent: u64) {
    let mut text = Vec::new();
    engine.stats(Sources::default(), &mut text);
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let frames = &document["frames"];
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    let sum = |value: &serde_json::Value| value.as_object().unwrap().values().map(number).sum::<u64>();
    let kept: u64 = ["decoded", "merged", "duplicate", "held"].iter().map(|fate| number(&frames[fate])).sum();
    assert_eq!(number(&frames["received"]), sent, "{frames}");
    assert_eq!(kept + sum(&frames["rejected"]) + sum(&frames["dropped"]), sent, "{frames}");
    assert_eq!(number(&frames["held"]), 0, "{frames}");
}

/// The same output in one batch and in small ones, all of it JSON.
fn check(plan: &Plan, frames: &[Sent], size: u8) {
    let whole = run(plan, frames, frames.len().max(1));
    let pieces = run(plan, frames, usize::from(size % 7) + 1);
    for line in whole[0].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let parsed: Result<serde_json::Value, _> = serde_json::from_slice(line);
        assert!(parsed.is_ok(), "{}", String::from_utf8_lossy(line));
    }
    for (whole, pieces) in whole.iter().zip(&pieces) {
        assert_eq!(String::from_utf8_lossy(whole), String::from_utf8_lossy(pieces));
    }
}

/// Any frames of any kind: each begins with how it begins, how many bytes were cut off and seconds passed (a nibble
/// each), and its length (two bytes).
pub fn engine(data: &[u8]) {
    let Some((&size, mut rest)) = data.split_first() else { return };
    let (mut frames, mut time) = (Vec::new(), 0);
    while frames.len() < FRAMES
        && let Some((&[link, more, low, high], after)) = rest.split_first_chunk::<4>()
    {
        let length = usize::from(u16::from_le_bytes([low, high])).min(after.len());
        let (bytes, next) = after.split_at(length);
        time += i64::from(more & 15) * SECOND;
        let original = (length + usize::from(more >> 4) * 100) as u32;
        frames.push((time, LINKS[usize::from(link) % LINKS.len()], bytes.to_vec(), original));
        rest = next;
    }
    check(&plan(), &frames, size);
}

/// Fragments, eight bytes each: what kind, which datagram, offset, length, filling, seconds passed, bytes cut off.
pub fn restore(data: &[u8]) {
    let mut plan = plan();
    plan.rules = Rules::default();
    let Some((&size, rest)) = data.split_first() else { return };
    plan.inspect_outer = size & 0x80 != 0;
    let mut time = 0;
    let frames: Vec<Sent> = rest
        .chunks_exact(8)
        .take(FRAMES)
        .map(|piece| {
            time += i64::from(piece[6]) * SECOND / 8;
            let (bytes, cut) = fragment(piece);
            let original = bytes.len() as u32;
            let kept = bytes.len().saturating_sub(cut);
            (time, Link::Ethernet, bytes[..kept].to_vec(), original)
        })
        .collect();
    check(&plan, &frames, size);
}

/// A frame with a fragment in it, and how many of its bytes to cut off.
fn fragment(piece: &[u8]) -> (Vec<u8>, usize) {
    let (kind, id) = (piece[0], piece[1] % 4);
    let units = u16::from_le_bytes([piece[2], piece[3]]) & 0x1fff;
    let mut payload = vec![piece[5]; usize::from(piece[4]) * if kind & 8 == 0 { 1 } else { 8 }];
    let ports = if kind & 16 == 0 { [0x12, 0xb5] } else { [0, 53] };
    let header = [0xc0, 0, ports[0], ports[1], 0, piece[7], 0, 0, 8, 0, 0, 0, 0, 0, 7, 0];
    if units == 0 {
        payload.iter_mut().zip(header).for_each(|(byte, set)| *byte = set);
    }
    let more = kind & 4 != 0;
    let packet = if kind & 1 == 0 { ipv4(17, units, more, id, &payload) } else { ipv6(units, more, id, &payload) };
    let frame = ethernet(kind & 1 != 0, &packet);
    let cut = if kind & 32 == 0 { 0 } else { usize::from(piece[7]) };
    if kind & 2 == 0 { (frame, cut) } else { (mirrored(&frame, kind), cut) }
}

fn ethernet(v6: bool, packet: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &if v6 { [0x86, 0xdd] } else { [8, 0] }[..], packet].concat()
}

fn ipv4(proto: u8, units: u16, more: bool, id: u8, payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len()) as u16;
    let word = units | u16::from(more) << 13;
    let head = [0x45, 0, (length >> 8) as u8, length as u8, 0, id, (word >> 8) as u8, word as u8, 64, proto, 0, 0];
    [&head[..], &[10, 0, 0, 1, 10, 0, 0, 2], payload].concat()
}

fn ipv6(units: u16, more: bool, id: u8, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    let word = units << 3 | u16::from(more);
    let address = |last| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let extension = [17, 0, (word >> 8) as u8, word as u8, 0, 0, 0, id];
    let head = [0x60, 0, 0, 0, (length >> 8) as u8, length as u8, 44, 64];
    [&head[..], &address(1), &address(2), &extension, payload].concat()
}

/// The frame in VXLAN, from one of two sources.
fn mirrored(frame: &[u8], kind: u8) -> Vec<u8> {
    let length = (16 + frame.len()) as u16;
    let udp = [0xff, 0xa5, 0x12, 0xb5, (length >> 8) as u8, length as u8, 0, 0];
    let inner = [&udp[..], &[8, 0, 0, 0, 0, 0, 7, 0], frame].concat();
    let mut packet = ipv4(17, 0, false, 0, &inner);
    packet[15] = kind >> 6;
    ethernet(false, &packet)
}

/// Bytes that streams may hold while they are fuzzed.
const REASSEMBLY: u64 = 1 << 15;

/// Settings from the bits of a byte.
fn stream_settings(bits: u8) -> StreamSettings {
    const POLICIES: [StreamPolicy; 4] =
        [StreamPolicy::Bsd, StreamPolicy::Linux, StreamPolicy::Solaris, StreamPolicy::Last];
    let mut settings = plan().streams;
    (settings.midstream, settings.lossy, settings.async_oneside) = (bits & 1 != 0, bits & 1 != 0, bits & 2 != 0);
    (settings.inline, settings.depth) = (bits & 4 != 0, if bits & 8 != 0 { 500 } else { 0 });
    settings.policy = POLICIES[usize::from(bits >> 4 & 3)];
    settings.urgent = if bits & 64 != 0 { Urgent::Oob } else { Urgent::Gap };
    (settings.memcap, settings.reassembly_memcap) = (1 << 20, REASSEMBLY);
    settings.compare_overlaps = true;
    settings
}

/// One TCP session, eight bytes a segment: direction, options and who looks; flags; sequence and acknowledgment number;
/// length; bytes cut off. The first byte is the settings.
pub fn stream(data: &[u8]) {
    let Some((&bits, rest)) = data.split_first() else { return };
    let mut streams = Streams::new(&stream_settings(bits), (0, 1));
    streams.set_readers(true, bits & 128 != 0);
    let (mut session, mut seen) = (None, [(0, 0); 2]);
    for piece in rest.chunks_exact(8).take(512) {
        let to_server = piece[0] & 1 == 0;
        let (packet, bytes) = tcp_segment(piece);
        streams.packet(&mut session, &packet, &bytes, to_server);
        assert!(streams.stats().reassembly_memuse <= REASSEMBLY, "{:?}", streams.stats());
        if let Some(session) = session.as_mut().filter(|_| piece[0] & 2 != 0) {
            look(&mut streams, session, &mut seen, piece[0] & 4 != 0);
        }
    }
    if let Some(mut session) = session {
        look(&mut streams, &mut session, &mut seen, true);
        assert!(!session.has_unseen(true) && !session.has_unseen(false));
        streams.end(session);
    }
    let stats = streams.stats();
    assert_eq!((stats.reassembly_memuse, stats.active_sessions), (0, 0));
}

/// Look and read until there is no more. Nobody goes back; a block has bytes, and so has a gap.
fn look(streams: &mut Streams, session: &mut Session, seen: &mut [(u64, u64); 2], all: bool) {
    for (to_server, (inspected, read)) in [true, false].into_iter().zip(seen) {
        while let Some(block) = streams.block(session, to_server, all) {
            assert!(block.offset >= *inspected && !block.bytes.is_empty(), "{block:?} after {inspected}");
            *inspected = block.end();
            streams.inspected(session, to_server, *inspected);
        }
        loop {
            let length = match streams.next(session, to_server, all) {
                Next::Data(bytes) => bytes.len() as u64,
                Next::Gap(gap) => gap.len,
                Next::Wait | Next::Eof => break,
            };
            assert!(length > 0);
            *read += length;
            streams.taken(session, to_server, length);
        }
    }
}

fn tcp_segment(piece: &[u8]) -> (Packet, Vec<u8>) {
    let options: &[u8] = match piece[0] >> 3 & 3 {
        0 => &[],
        1 => &[1, 3, 3, 7],
        2 => &[1, 1, 8, 10, 0, 0, 0, piece[7], 0, 0, 0, 0],
        _ => &[34, 2, 1, 1],
    };
    let number = |at: usize| u32::from(u16::from_le_bytes([piece[at], piece[at + 1]]));
    let length = usize::from(piece[6]);
    let mut header = vec![0; 20];
    header[19] = piece[7];
    let bytes = [&header, options, &vec![piece[7]; length]].concat();
    let cut = if piece[0] & 32 == 0 { 0 } else { u32::from(piece[7]) };
    let packet = Packet {
        layer: Layer::Tcp,
        captured: bytes.len() as u32,
        original: bytes.len() as u32 + cut,
        payload: (20 + options.len()) as u16,
        payload_original: length as u32 + cut,
        tcp_flags: piece[1],
        // Around the place where numbers wrap.
        seq: number(2).wrapping_sub(512) << (piece[0] >> 7 << 3),
        ack: if piece[1] & tcp::ACK == 0 { 0 } else { number(4).wrapping_sub(512) },
        window: if piece[0] & 64 == 0 { u16::MAX } else { u16::from(piece[7]) },
        time: i64::from(piece[7]),
        ..Packet::EMPTY
    };
    (packet, bytes)
}
