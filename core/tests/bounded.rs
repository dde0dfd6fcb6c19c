//! What an attacker sends costs bounded memory and time: fragments that never complete, and packets in packets in packets.
//!
//! Memory is counted by the allocator, time is the thread's own: ten times the frames may take somewhat more than ten
//! times as long, and quadratic work would take a hundred times.
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tmrx_core::engine::Engine;
use tmrx_core::frame::Link;
use tmrx_core::packet::tcp;
use tmrx_core::plan::{Outputs, Plan, Rules};
use tmrx_core::table::summary::Sources;

struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);
static MOST: AtomicI64 = AtomicI64::new(0);

// SAFETY: everything is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size() as i64, Ordering::Relaxed) + layout.size() as i64;
        MOST.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Memory is counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Frames of a batch.
const BATCH: usize = 500;
/// Frames of a run: more bytes than may be held.
const FRAMES: usize = 10_000;
/// Bytes that reassembly may hold.
const FRAGMENTS: u64 = 2 << 20;
/// Those, and a batch with its packets besides.
const MEMORY: i64 = FRAGMENTS as i64 + (8 << 20);
/// Ten times the frames may take this many times as long: far from the hundred times of quadratic work.
const SLOWER: u32 = 30;

/// What the calling thread has worked.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn plan() -> Plan {
    let mut plan = Plan::decode(include_bytes!("plan.golden")).unwrap();
    plan.rules = Rules::default();
    plan.outputs = Outputs::default();
    plan.flow.max_flows = 1024;
    (plan.filter, plan.display) = (Vec::new(), Vec::new());
    plan.fragments.memory = FRAGMENTS;
    plan
}

/// A run over so many frames: the most memory that it held, the time that it took, and the summary document.
fn run(plan: &Plan, frames: usize, frame: impl Fn(usize) -> Vec<u8>) -> (i64, Duration, serde_json::Value) {
    let engine = Engine::new(plan.clone(), 0).unwrap();
    let mut spent = Duration::ZERO;
    let before = LIVE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    for first in (0..frames).step_by(BATCH) {
        let mut parsed = engine.take();
        parsed.batch.clear();
        for number in first..frames.min(first + BATCH) {
            let bytes = frame(number);
            parsed.batch.push(number as i64 * 1000, &bytes, bytes.len() as u32, Link::Ethernet);
        }
        let begun = processor_time();
        engine.push(parsed);
        spent += processor_time() - begun;
        drop(engine.output());
    }
    let held = MOST.load(Ordering::Relaxed) - before;
    while engine.finish() {}
    let mut text = Vec::new();
    engine.stats(Sources::default(), &mut text);
    (held, spent, serde_json::from_slice(&text).unwrap())
}

fn check(name: &str, frame: impl Fn(usize) -> Vec<u8>) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let plan = plan();
    let (_, few, _) = run(&plan, FRAMES / 10, &frame);
    let (held, many, document) = run(&plan, FRAMES, &frame);
    let frames = &document["frames"];
    assert!(held < MEMORY, "{name}: {held} bytes held");
    assert!(many < few * SLOWER, "{name}: {few:?} for a tenth of the frames, {many:?} for all");
    assert_eq!(
        (frames["received"].as_u64(), frames["held"].as_u64()),
        (Some(FRAMES as u64), Some(0)),
        "{name}: {frames}"
    );
}

/// An Ethernet frame with an IPv4 packet.
fn frame(proto: u8, id: u16, word: u16, payload: &[u8]) -> Vec<u8> {
    [&[0; 12][..], &[8, 0], &ipv4(proto, id, word, payload)].concat()
}

fn ipv4(proto: u8, id: u16, word: u16, payload: &[u8]) -> Vec<u8> {
    let (length, id, word) = ((20 + payload.len() as u16).to_be_bytes(), id.to_be_bytes(), word.to_be_bytes());
    let head = [0x45, 0, length[0], length[1], id[0], id[1], word[0], word[1], 64, proto, 0, 0];
    [&head[..], &[10, 0, 0, 1, 10, 0, 0, 2], payload].concat()
}

const MORE: u16 = 0x2000;

#[test]
fn fragments_that_never_complete() {
    check("a datagram each", |number| frame(17, number as u16, MORE, &[0; 1400]));
}

#[test]
fn fragments_of_one_datagram_in_no_order() {
    // 8,191 places, none of them the first, visited in an order that splits every gap.
    check("one datagram", |number| frame(17, 7, MORE | (1 + number * 2_731 % 8_190) as u16, &[number as u8; 8]));
}

#[test]
fn fragments_that_overlap() {
    check("overlapping", |number| frame(17, 7, MORE | (1 + number * 37 % 8_000) as u16, &[number as u8; 1400]));
}

#[test]
fn packets_in_packets() {
    let bomb = (0..100).fold(vec![0; 8], |inside, _| ipv4(4, 1, 0, &inside));
    check("IP in IP", |_| frame(4, 1, 0, &bomb));
}

#[test]
fn tunnels_in_tunnels() {
    let gre = |inside: Vec<u8>| ipv4(47, 1, 0, &[&[0, 0, 8, 0][..], &inside].concat());
    let bomb = (0..50).fold(vec![0; 8], |inside, _| gre(inside));
    check("GRE in GRE", |_| [&[0; 12][..], &[8, 0], &bomb].concat());
    let vxlan = |inside: Vec<u8>| {
        let length = (16 + inside.len() as u16).to_be_bytes();
        let udp = [0xc0, 0, 0x12, 0xb5, length[0], length[1], 0, 0, 8, 0, 0, 0, 0, 0, 7, 0];
        frame(17, 1, 0, &[&udp[..], &inside].concat())
    };
    let bomb = (0..25).fold(vec![0; 20], |inside, _| vxlan(inside));
    check("VXLAN in VXLAN", |_| bomb.clone());
}

/// A segment of one session.
fn segment(to_server: bool, seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let ports: [u16; 2] = if to_server { [40_000, 7777] } else { [7777, 40_000] };
    let numbers = [seq.to_be_bytes(), ack.to_be_bytes(), [0x50, flags, 0xff, 0xff], [0; 4]].concat();
    let mut frame = frame(6, 0, 0, &[&ports.map(u16::to_be_bytes).concat(), &numbers, payload].concat());
    if !to_server {
        frame.swap(14 + 15, 14 + 19);
    }
    frame
}

#[test]
fn what_nobody_knows() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut plan = plan();
    (plan.streams.memcap, plan.streams.reassembly_memcap) = (1 << 20, 64 << 20);
    plan.applications.files.store = true;
    // The server says nothing: as long as it may still tell what both speak, the client's bytes are kept.
    let session = |number: usize| match number {
        0 => segment(true, 0, 0, tcp::SYN, b""),
        1 => segment(false, 0, 1, tcp::SYN | tcp::ACK, b""),
        _ if number.is_multiple_of(2) => segment(true, 1 + 700 * (number as u32 - 2), 1, tcp::ACK, &[0xa5; 1400]),
        _ => segment(false, 1, 1 + 700 * (number as u32 - 1), tcp::ACK, b""),
    };
    let (few, _, _) = run(&plan, 100, session);
    let (held, _, document) = run(&plan, FRAMES, session);
    assert_eq!(document["flows"]["total"], 1);
    // As much as before, 64 KiB, and the larger batches.
    assert!(held < few + (1 << 20), "{few} bytes held, then {held}");
}

#[test]
fn headers_without_end() {
    let tags = [&[0; 12][..], &[0x81, 0, 0, 7].repeat(1000), &[8, 0]].concat();
    check("VLAN tags", |_| tags.clone());
    let labels = [&[0; 12][..], &[0x88, 0x47], &[0, 1, 0, 9].repeat(1000)].concat();
    check("MPLS labels", |_| labels.clone());
    let head = [0x60, 0, 0, 0, 0x1f, 0x40, 60, 64];
    let extensions = [60, 0, 1, 4, 0, 0, 0, 0].repeat(1000);
    let packet = [&[0; 12][..], &[0x86, 0xdd], &head, &[1; 32], &extensions].concat();
    check("IPv6 extension headers", |_| packet.clone());
}
