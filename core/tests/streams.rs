//! What an attacker sends costs bounded memory and time: pieces that never fit, overlaps, what nobody acknowledges.
//! And an orderly session costs no allocation at all, once it runs.
//!
//! Memory is counted by the allocator, time is the thread's own: four times the segments may take somewhat more than four
//! times as long, and quadratic work would take sixteen times.
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;
use tmrx_core::packet::{Layer, Packet, tcp};
use tmrx_core::plan::{Plan, StreamPolicy, StreamSettings};
use tmrx_core::stream::{Session, Step, Streams};

struct Counting;

/// What one thread has allocated: the tests' harness allocates in its own while a test runs.
#[derive(Clone, Copy)]
struct Allocated {
    live: i64,
    most: i64,
    count: i64,
}

thread_local! {
    static ALLOCATED: Cell<Allocated> = const { Cell::new(Allocated { live: 0, most: 0, count: 0 }) };
}

fn note(size: i64) {
    let Allocated { live, most, count } = ALLOCATED.get();
    let live = live + size;
    ALLOCATED.set(Allocated { live, most: most.max(live), count: count + i64::from(size > 0) });
}

// SAFETY: everything is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as i64);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(-(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that reassembly may hold.
const REASSEMBLY: u64 = 4 << 20;
/// Those, and what is around them.
const MEMORY: i64 = REASSEMBLY as i64 + (2 << 20);
/// Segments of a run.
const SEGMENTS: u32 = 4_000;
/// The shorter run has one segment of so many. It is long enough for a large segment to meet as many small ones as it
/// can cover: up to there, the work for a segment grows with what is held, and from there on it may not.
const SHORTER: u32 = 4;
/// The longer run may take this many times as long.
const SLOWER: u32 = 10;

fn settings(policy: StreamPolicy) -> StreamSettings {
    let mut settings = Plan::decode(include_bytes!("plan.golden")).unwrap().streams;
    (settings.midstream, settings.lossy, settings.checksums) = (true, true, true);
    settings.midstream_policy = tmrx_core::plan::ExceptionPolicy::Ignore;
    (settings.memcap, settings.reassembly_memcap, settings.depth) = (1 << 20, REASSEMBLY, 0);
    (settings.policy, settings.hosts, settings.compare_overlaps) = (policy, Vec::new(), true);
    settings
}

/// A segment to the server at this place of its stream: its payload, and how much of it the mirror cut off.
#[derive(Clone)]
struct Piece {
    at: u32,
    bytes: Vec<u8>,
    cut: u32,
}

struct Run {
    streams: Streams,
    session: Option<Box<Session>>,
}

impl Run {
    fn new(policy: StreamPolicy) -> Self {
        let mut streams = Streams::new(&settings(policy), (0, 1));
        streams.set_readers(true, false);
        Self { streams, session: None }
    }

    fn send(&mut self, to_server: bool, flags: u8, seq: u32, ack: u32, piece: (&[u8], u32)) -> Step {
        let bytes = [&[0; 20][..], piece.0].concat();
        self.put(to_server, flags, seq, ack, &bytes, piece.1)
    }

    fn put(&mut self, to_server: bool, flags: u8, seq: u32, ack: u32, bytes: &[u8], cut: u32) -> Step {
        let packet = Packet {
            layer: Layer::Tcp,
            payload: 20,
            captured: bytes.len() as u32,
            original: bytes.len() as u32 + cut,
            payload_original: bytes.len() as u32 - 20 + cut,
            tcp_flags: flags,
            window: u16::MAX,
            seq,
            ack,
            ..Packet::EMPTY
        };
        self.streams.packet(&mut self.session, &packet, bytes, to_server)
    }

    fn look(&mut self, to_server: bool) -> usize {
        let Some(session) = &mut self.session else { return 0 };
        let mut seen = 0;
        while let Some(block) = self.streams.block(session, to_server, false) {
            let end = block.end();
            seen += block.bytes.len();
            self.streams.inspected(session, to_server, end);
        }
        seen
    }
}

/// What the calling thread has worked.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The time and the most memory of a session of so many segments that are looked into whenever they can be.
fn cost(policy: StreamPolicy, count: u32, piece: &dyn Fn(u32) -> Piece) -> (Duration, i64) {
    let before = ALLOCATED.get().live;
    ALLOCATED.set(Allocated { most: before, ..ALLOCATED.get() });
    let start = processor_time();
    let mut run = Run::new(policy);
    run.send(true, tcp::ACK, 1, 1, (b"", 0));
    for number in 0..count {
        let Piece { at, bytes, cut } = piece(number);
        run.send(true, tcp::ACK, 1 + at, 1, (&bytes, cut));
        run.look(true);
    }
    (processor_time() - start, ALLOCATED.get().most - before)
}

fn check(what: &str, piece: impl Fn(u32) -> Piece) {
    for policy in [StreamPolicy::First, StreamPolicy::Last, StreamPolicy::Linux] {
        let (short, _) = cost(policy, SEGMENTS / SHORTER, &piece);
        let (long, memory) = cost(policy, SEGMENTS, &piece);
        assert!(memory <= MEMORY, "{what}, {policy:?}: {memory} bytes");
        let allowed = (short * SLOWER).max(Duration::from_millis(400));
        assert!(long <= allowed, "{what}, {policy:?}: {short:?}, then {long:?}");
    }
}

fn piece(at: u32, bytes: &[u8]) -> Piece {
    Piece { at, bytes: bytes.to_vec(), cut: 0 }
}

#[test]
fn bytes_with_holes_between_them() {
    check("every other byte", |number| piece(1 + number * 2, b"x"));
    check("every other byte, backwards", |number| piece(2 * SEGMENTS - number * 2, b"x"));
}

#[test]
fn bytes_from_the_last_to_the_first() {
    check("backwards", |number| piece(SEGMENTS - number, b"x"));
    check("backwards, and then the first", |number| piece((SEGMENTS - 1 - number) % SEGMENTS, b"x"));
}

#[test]
fn bytes_that_nobody_acknowledges() {
    check("in order", |number| piece(number, b"x"));
    check("in order, large", |number| piece(number * 1400, &[7; 1400]));
}

#[test]
fn bytes_that_overlap() {
    check("large over small", |number| match number % 2 {
        0 => piece(3 + number * 2, b"x"),
        _ => piece(1, &[number as u8; 1400]),
    });
    check("small over large", |number| match number {
        0 => piece(1, &[0; 60_000]),
        _ => piece(2 + number * 7 % 50_000, &[number as u8]),
    });
    check("small over the front", |number| match number {
        0 => piece(0, &[0; 60_000]),
        _ => piece(2 + number * 7 % 50_000, &[number as u8]),
    });
}

#[test]
fn bytes_that_were_cut_off() {
    let cut = |at, cut| Piece { at, bytes: Vec::new(), cut };
    check("holes between what was cut", |number| cut(1 + number * 20, 10));
    check("cut over cut", |number| cut(number * 7919 % 60_000, 9000));
    check("data and cut", |number| Piece { at: number * 100, bytes: vec![1; 10], cut: 90 });
}

/// A request and its acknowledgement, over and over: nothing is allocated but what the caller hands over.
#[test]
fn an_orderly_session_does_not_allocate() {
    let mut run = Run::new(StreamPolicy::Bsd);
    run.send(true, tcp::SYN, 0, 0, (b"", 0));
    run.send(false, tcp::SYN | tcp::ACK, 0, 1, (b"", 0));
    let data = [[0; 20].as_slice(), &[b'a'; 1000]].concat();
    let (ack, mut seq) = ([0; 20], 1);
    let mut seen = 0;
    let mut before = 0;
    for round in 0..1000u32 {
        if round == 100 {
            before = ALLOCATED.get().count;
        }
        for _ in 0..2 {
            assert!(run.put(true, tcp::ACK, seq, 1, &data, 0).stored);
            seq += 1000;
        }
        run.put(false, tcp::ACK, 1, seq, &ack, 0);
        if round % 2 == 1 {
            seen += run.look(true);
        }
    }
    assert_eq!(ALLOCATED.get().count - before, 0);
    assert_eq!(seen, 2_000_000);
}
