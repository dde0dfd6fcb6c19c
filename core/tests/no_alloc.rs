//! Decapsulation, decoding and verification never allocate, whatever the bytes are; inspection not once it is warm.
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use tmrx_core::decap::{Decap, Outers};
use tmrx_core::decode::{decode, quoted};
use tmrx_core::detect::state::{Memory, Shared};
use tmrx_core::detect::{Buffer, Outcome, Rules, Subject};
use tmrx_core::frame::{Link, Outer};
use tmrx_core::packet::{Layer, Packet, Stop};
use tmrx_core::plan::{
    self, AddressSet, Base64, BufferTest, Content, DecapSettings, Entropy, Match, Number, Op, Pcre, PortSet,
    RuleProtocol, Transform, TransformName, Tunnel,
};
use tmrx_core::verify::verify;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The first frame of a real AWS mirror (specification, section 5) up to its NTP header.
const AWS: &str = "06e2439cff5e061d3c34d0770800 4500007e00000000ff115086ac1f00eeac1f11bc ffa512b5006a0000 0800000054fa1100 \
    02292374c77d028569c2ab020800 4500004c09514000ff1119edac1f00ee4e2e5d27 ecd7007b00380192";
/// GENEVE with AWS's endpoint option around VXLAN around IPv6, a hop-by-hop header and a TCP SYN with options.
const GENEVE: &str = "020000000001020000000002 0800 4500 00b4 0000 0000 ff11 0000 0a000001 0a000002 e000 17c1 00a0 0000 \
    0300 0800 000000 00 0108 01 02 0123456789abcdef \
    4500 0080 0000 0000 ff11 0000 ac1f00ee ac1f11bc ffa5 12b5 006c 0000 08000000 00002a00 \
    020000000003020000000004 8100 0064 86dd 6000 0000 0028 00 40 \
    20010db8000000000000000000000001 20010db8000000000000000000000002 0600010400000000 \
    c000 01bb 00000001 00000000 8002 faf0 0000 0000 020405b4 0402 0103";
/// ERSPAN III with a platform's part around a VLAN, IPv4, a checksummed GRE with key and sequence, and a UDP datagram.
const ERSPAN: &str = "020000000001020000000002 0800 45000088000000004 02f0000 0a000001 0a000002 1000 22eb 00000009 \
    2000 0007 00000000 0000 8001 0000000000000000 020000000003020000000004 8100 0064 0800 \
    45000044000000004 02f0000 0a000003 0a000004 b000 0800 00000000 00000005 00000001 \
    4500002000000000 4011 0000 0a000005 0a000006 1388 0035 000c 0000 01020304";
/// 6in4 around IPv6 around Teredo's authentication and origin and IPv6 with ICMPv6.
const TEREDO: &str = "020000000001020000000002 0800 4500 0095 0000 0000 4029 0000 0a000001 0a000002 \
    6000 0000 0059 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002 \
    0dd8 c000 0059 0000 0001 0000 0102030405060708 00 0000 1234 01020304 \
    6000 0000 0014 3a 40 20010db8000000000000000000000003 20010db8000000000000000000000004 8000 0000 0001 0001 000102030405060708090a0b";
/// Plain ARP.
const ARP: &str = "ffffffffffff020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// All stages over one frame; the innermost layer that was reached.
fn stages(decap: &Decap, frame: &[u8], original: usize, packet: &mut Packet) -> Layer {
    let mut outers = Outers::default();
    let found = decap.frame(frame, original, Link::Ethernet, &mut outers);
    let inner = &frame[found.inner.start as usize..];
    packet.captured = inner.len() as u32;
    packet.original = found.inner.received;
    decode(inner, found.inner.link, packet);
    verify(inner, packet);
    let socket = decap.payload(frame, original, &Outer { dport: 4789, ..Outer::default() }, &mut outers);
    decode(frame, socket.inner.link, packet);
    decode(inner, found.inner.link, packet);
    packet.layer
}

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

#[test]
fn no_stage_allocates() {
    let decap = Decap::new(&DecapSettings {
        vxlan_ports: vec![4789],
        geneve_ports: vec![6081],
        vxlan_gpe_ports: vec![4790],
        gre_udp_ports: vec![4754],
        teredo_ports: vec![3544],
        tunnels: vec![Tunnel::Erspan, Tunnel::Gre, Tunnel::Ip],
        max_depth: 4,
        vxlan_strict: false,
    });
    let frames =
        [(AWS, Layer::Udp), (GENEVE, Layer::Tcp), (ERSPAN, Layer::Udp), (TEREDO, Layer::Icmpv6), (ARP, Layer::Arp)]
            .map(|(hex, layer)| (bytes(hex), layer));
    let mut packet = Packet::EMPTY;
    let mut junk = frames.clone();
    let before = allocations();
    for (frame, layer) in &frames {
        assert_eq!(stages(&decap, frame, frame.len(), &mut packet), *layer);
        for cut in 0..frame.len() {
            stages(&decap, &frame[..cut], frame.len(), &mut packet);
        }
    }
    for (frame, _) in &mut junk {
        for at in 0..frame.len() * 8 {
            frame[at / 8] ^= 1 << (at % 8);
            stages(&decap, frame, frame.len(), &mut packet);
        }
    }
    assert_eq!(allocations(), before, "a stage allocated");
    drop(std::hint::black_box(vec![0u8; 1]));
    assert!(allocations() > before, "the counter does not count");
}

/// Frames of other links: PPP, MPLS, NSH, cooked, loopback, Wi-Fi; SCTP, a report of IGMP's, an error with a quote.
const LINKED: [(Link, &str); 6] = [
    (
        Link::Ppp,
        "ff03 0281 00010140 4500 0034 0000 0000 4084 0000 0a000001 0a000002 0005 0006 00000000 00000000 \
        0100 0014 00000001 00010000 0001 0001 00000001",
    ),
    (
        Link::Ethernet,
        "020000000001 020000000002 894f 0fc20201 00000001 4600 0028 0000 0000 0102 0000 0a000001 e0000016 \
        94040000 2200 0000 0000 0001 01000000 e0000101",
    ),
    (
        Link::Sll,
        "0000 0001 0006 0200000000010000 86dd 6000 0000 0038 00 40 \
        20010db8000000000000000000000001 20010db8000000000000000000000002 3a00 0502 0000 0100 \
        0300 0000 00000000 6000 0000 0008 11 01 \
        20010db8000000000000000000000002 20010db8000000000000000000000003",
    ),
    (
        Link::Null,
        "02000000 4500 0038 0000 0000 4001 0000 0a000001 0a000002 0300 0000 00000000 \
        4500 001c 0000 0000 4011 0000 0a000002 0a000003 0001 0002 0008 0000",
    ),
    (
        Link::Radiotap,
        "0000 0900 02000000 10 8801 0000 020000000001 020000000002 020000000003 1000 0000 \
        aaaa03 000000 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002 00000000",
    ),
    (
        Link::Sll2,
        "8864 0000 00000002 0001 00 06 0200000000010000 1100 0001 001e 0021 \
        4500 001c 0000 0000 4033 0000 0a000001 0a000002 32 01 0000 00000001",
    ),
];

#[test]
fn no_link_allocates() {
    let frames = LINKED.map(|(link, hex)| (link, bytes(hex)));
    let mut junk = frames.clone();
    let before = allocations();
    let stages = |bytes: &[u8], link| {
        let mut packet = Packet { captured: bytes.len() as u32, original: bytes.len() as u32, ..Packet::EMPTY };
        decode(bytes, link, &mut packet);
        verify(&bytes[..packet.captured as usize], &mut packet);
        std::hint::black_box(quoted(bytes, &packet));
    };
    for (link, frame) in &mut junk {
        (0..=frame.len()).for_each(|cut| stages(&frame[..cut], *link));
        for at in 0..frame.len() * 8 {
            frame[at / 8] ^= 1 << (at % 8);
            stages(frame, *link);
        }
    }
    assert_eq!(allocations(), before, "decoding allocated");
}

/// Rules on every way through inspection: a prefilter's, one without case, a pattern's, one that is always asked.
fn rules() -> plan::Rules {
    let content = |pattern: &str| Content { pattern: pattern.as_bytes().to_vec().into(), ..Content::default() };
    let payloads = [
        Match::Content(content("needle")),
        Match::Content(Content { nocase: true, ..content("NEEDLE") }),
        Match::Pcre(Pcre { pattern: b"ne+dle".to_vec().into(), flags: "i".into(), ..Pcre::default() }),
        Match::Content(Content { negated: true, ..content("absent") }),
        Match::Base64(Base64 {
            matches: Some(vec![Match::Content(Content { nocase: true, ..content("\u{0}") })]),
            ..Base64::default()
        }),
        Match::Entropy(Entropy { op: Op::Ge, a: 0.0, b: 0.0, offset: 0, bytes: 0, name: "content".into() }),
    ];
    let transform = |name| Transform { name, text: b"(.)".to_vec().into(), numbers: vec![Some(1), Some(-1), Some(1)] };
    let transforms = [
        TransformName::CompressWhitespace,
        TransformName::UrlDecode,
        TransformName::Xor,
        TransformName::Subslice,
        TransformName::Pcrexform,
        TransformName::Domain,
        TransformName::ToSha256,
        TransformName::Dotprefix,
    ];
    let bsize = Match::Bsize { number: Number { op: Op::Eq, a: 33, b: 0 } };
    let changed = BufferTest {
        buffer: "payload".into(),
        side: crate::plan::Way::Any,
        transforms: transforms.map(transform).to_vec(),
        matches: vec![bsize],
    };
    let test = |entry| BufferTest {
        buffer: "payload".into(),
        side: crate::plan::Way::Any,
        transforms: Vec::new(),
        matches: vec![entry],
    };
    let tests = payloads.into_iter().map(test).chain([changed]);
    let rule = |test| plan::Rule { protocol: RuleProtocol::Udp, buffers: vec![test], ..plan::Rule::default() };
    plan::Rules {
        rules: tests.map(rule).collect(),
        addresses: vec![AddressSet { any: true, v4: Vec::new(), v6: Vec::new(), negated: false }],
        ports: vec![PortSet { any: true, ranges: Vec::new() }],
        ..plan::Rules::default()
    }
}

#[test]
fn warm_inspection_does_not_allocate() {
    let rules = Rules::new(&rules()).unwrap();
    let mut scratch = rules.scratch();
    let packet = Packet { ip: 4, proto: 17, layer: Layer::Udp, stop: Stop::Complete, ..Packet::EMPTY };
    let payload = b"hay and hay and a Needle, a needle and hay".repeat(20);
    let shared = Shared::new(&plan::Rules::default()).unwrap();
    let mut memory = Memory { flow: None, shared: &shared, now: 0 };
    let (mut hits, mut outcome) = (0, Outcome::default());
    let mut inspect = |length: usize| {
        let payload = Buffer { bytes: &payload[..length], original: payload.len() };
        let subject = Subject::new(&packet, payload);
        outcome.clear();
        rules.inspect(&subject, &mut memory, &mut scratch, &mut outcome);
        hits += outcome.hits.len();
    };
    inspect(payload.len());
    let before = allocations();
    (0..=payload.len()).for_each(&mut inspect);
    assert_eq!(allocations(), before, "inspection allocated");
    assert!(hits > 3 * payload.len() / 2, "{hits} hits: the rules were not asked");
}
