//! What rules remember, read back.

use super::*;
use crate::detect::Buffer;
use crate::frame::Addr;
use crate::plan::{
    CapturedOf, Dataset, DatasetType, FlowintChange, FlowintOp, IprepOp, IprepSide, Op, TagScope, TagSide, TagUnit,
    XbitChange, XbitTrack,
};
use crate::time::SECOND;
use serde_bytes::ByteBuf;

const A: [u8; 4] = [10, 0, 0, 1];
const B: [u8; 4] = [10, 0, 0, 2];

fn packet(src: [u8; 4], dst: [u8; 4]) -> Packet {
    Packet { ip: 4, src: Addr::v4(src), dst: Addr::v4(dst), captured: 100, ..Packet::EMPTY }
}

fn shared() -> Shared {
    Shared::new(&plan::Rules::default()).unwrap()
}

/// Whether the check holds for a packet at a time of seconds.
fn holds(
    shared: &Shared,
    flow: Option<&mut Option<Box<FlowMemory>>>,
    check: &Check,
    packet: &Packet,
    now: i64,
) -> bool {
    let memory = Memory { flow, shared, now: now * SECOND };
    let subject = Subject::new(packet, Buffer::default());
    memory.holds(check, &subject) == Truth::True
}

fn apply(shared: &Shared, flow: Option<&mut Option<Box<FlowMemory>>>, effect: Effect, packet: &Packet, now: i64) {
    Memory { flow, shared, now: now * SECOND }.apply(&[effect], packet);
}

#[test]
fn captured_texts_are_the_flows_or_the_packets() {
    let (shared, packet, mut flow) = (shared(), packet(A, B), None);
    let captured = |of, text: &str| Check::Captured { of, name: "agent".into(), text: ByteBuf::from(text) };
    let mut memory = Memory { flow: Some(&mut flow), shared: &shared, now: 0 };
    memory.note_text("agent".into(), Arc::from(*b"curl/8"));
    memory.note_text("other".into(), Arc::from(*b"wget"));
    memory.note_packet_text("agent".into(), Arc::from(*b"lynx"));
    for (of, text, expected) in [
        (CapturedOf::Flow, "curl", true),
        (CapturedOf::Flow, "rl/8", true),
        (CapturedOf::Flow, "Curl", false),
        (CapturedOf::Flow, "wget", false),
        (CapturedOf::Packet, "lynx", true),
        (CapturedOf::Packet, "curl", false),
    ] {
        assert_eq!(holds(&shared, Some(&mut flow), &captured(of, text), &packet, 0), expected, "{of:?} {text}");
    }
    flow.as_mut().unwrap().forget_packet();
    assert!(!holds(&shared, Some(&mut flow), &captured(CapturedOf::Packet, "lynx"), &packet, 0));
    assert!(!holds(&shared, None, &captured(CapturedOf::Flow, "curl"), &packet, 0), "a packet without flow");
}

#[test]
fn flowbits_and_flowints_live_in_the_flow() {
    let (shared, packet, mut flow) = (shared(), packet(A, B), None);
    let isset = |isset, bits: &[u32]| Check::Flowbits { isset, bits: bits.to_vec() };
    let int = |op, value, other| Check::Flowint { name: 7, op, value, other };
    for (check, of_empty) in
        [(isset(true, &[1]), false), (isset(false, &[1]), true), (int(FlowintOp::Ne, 1, None), false)]
    {
        assert_eq!(holds(&shared, Some(&mut flow), &check, &packet, 0), of_empty);
        assert!(!holds(&shared, None, &check, &packet, 0), "a packet without flow");
    }
    assert!(flow.is_none(), "reading makes no memory");
    apply(&shared, Some(&mut flow), Effect::Flowbits { set: true, bits: vec![1] }, &packet, 0);
    let shown = flow.as_ref().unwrap().vars();
    let change = |op, value, other| Effect::Flowint { name: 7, op, value, other };
    for effect in [
        change(FlowintChange::Add, 3, None),
        change(FlowintChange::Sub, 1, None),
        change(FlowintChange::Add, 0, Some(7)),
        change(FlowintChange::Set, 0, Some(8)),
    ] {
        apply(&shared, Some(&mut flow), effect, &packet, 0);
    }
    for (check, expected) in [
        (isset(true, &[1]), true),
        (isset(true, &[2, 1]), true),
        (isset(false, &[2, 1]), true),
        (isset(false, &[1]), false),
        (int(FlowintOp::Eq, 4, None), true),
        (int(FlowintOp::Gt, 4, None), false),
        (int(FlowintOp::Ge, 0, Some(7)), true),
        (int(FlowintOp::Ne, 0, Some(8)), false),
        (int(FlowintOp::Isset, 0, None), true),
    ] {
        assert_eq!(holds(&shared, Some(&mut flow), &check, &packet, 0), expected, "{check:?}");
    }
    assert_eq!((&*shown.bits, &*shown.ints), (&[1][..], &[][..]), "an alert shows the moment");
    assert_eq!(flow.unwrap().vars().ints, [(7, 4)]);
}

#[test]
fn a_bit_of_an_address_ends_when_it_was_first_set_for() {
    let shared = shared();
    let set = |op, track| Effect::Xbits { op, bit: 1, track, expire: 3 };
    let isset = Check::Xbits { isset: true, bit: 1, track: XbitTrack::IpSrc };
    // The specification's example: seen from the next packet on, for 3 seconds from the first setting.
    let seen: Vec<bool> = (0..9)
        .map(|now| {
            let seen = holds(&shared, None, &isset, &packet(A, B), now);
            apply(&shared, None, set(XbitChange::Set, XbitTrack::IpSrc), &packet(A, B), now);
            seen
        })
        .collect();
    assert_eq!(seen, [false, true, true, true, false, true, true, true, false]);
    assert!(!holds(&shared, None, &isset, &packet(B, A), 8), "the other address has none");
    let other = Packet { domain: 1, ..packet(A, B) };
    assert!(!holds(&shared, None, &isset, &other, 8), "nor has the same address elsewhere");
    apply(&shared, None, set(XbitChange::Toggle, XbitTrack::IpDst), &packet(B, A), 8);
    assert!(!holds(&shared, None, &isset, &packet(A, B), 8));
}

#[test]
fn a_pair_has_no_order() {
    let shared = shared();
    let set = Effect::Xbits { op: XbitChange::Toggle, bit: 1, track: XbitTrack::IpPair, expire: 30 };
    let check = |isset, track| Check::Xbits { isset, bit: 1, track };
    apply(&shared, None, set, &packet(A, B), 0);
    assert!(holds(&shared, None, &check(true, XbitTrack::IpPair), &packet(B, A), 30));
    assert!(holds(&shared, None, &check(false, XbitTrack::IpPair), &packet(B, A), 31));
    assert!(holds(&shared, None, &check(false, XbitTrack::IpSrc), &packet(B, A), 0));
    assert!(!holds(&shared, None, &check(false, XbitTrack::Tx), &packet(B, A), 0));
}

fn dataset(kind: DatasetType, values: &[&[u8]], numbers: &[u32]) -> Dataset {
    Dataset {
        name: "set".into(),
        r#type: kind,
        values: values.iter().map(|value| ByteBuf::from(value.to_vec())).collect(),
        numbers: numbers.to_vec(),
        contexts: Vec::new(),
        context_key: String::new(),
        saved: false,
    }
}

fn with_sets(datasets: Vec<Dataset>) -> Shared {
    Shared::new(&plan::Rules { datasets, ..plan::Rules::default() }).unwrap()
}

#[test]
fn values_go_in_and_out_of_sets() {
    let shared = with_sets(vec![dataset(DatasetType::String, &[b"example.com", b"a"], &[])]);
    let memory = Memory { flow: None, shared: &shared, now: 0 };
    let test = |op, subdomain, bytes: &[u8]| memory.dataset(&DatasetTest { op, set: 0, subdomain }, bytes);
    let row = |row| Some(Found { set: 0, row });
    for (op, subdomain, bytes, expected) in [
        (SetOp::Isset, false, "a", row(Some(1))),
        (SetOp::Isset, false, "www.example.com", None),
        (SetOp::Isset, true, "www.example.com", row(Some(0))),
        (SetOp::Isnotset, true, "www.example.com", None),
        (SetOp::Isnotset, false, "www.example.com", row(None)),
        (SetOp::Isnotset, false, "", None),
        (SetOp::Set, false, "new", row(None)),
        (SetOp::Set, false, "new", None),
        (SetOp::Isset, false, "new", row(None)),
        (SetOp::Unset, false, "a", row(None)),
        (SetOp::Unset, false, "a", None),
    ] {
        assert_eq!(test(op, subdomain, bytes.as_bytes()), expected, "{op:?} {bytes}");
    }
    assert_eq!(shared.dataset("set").unwrap(), [b"example.com".to_vec(), b"new".to_vec()]);
    assert!(shared.dataset("other").is_none());
}

#[test]
fn addresses_are_in_sets_whichever_way_they_are_written() {
    let mapped = Addr::v4(A).0;
    let shared = with_sets(vec![dataset(DatasetType::Ip, &[&mapped], &[12])]);
    let memory = Memory { flow: None, shared: &shared, now: 0 };
    let number = Number { op: Op::Gt, a: 11, b: 0 };
    assert!(memory.datarep(0, number, &A) && memory.datarep(0, number, &mapped));
    assert!(!memory.datarep(0, number, &B) && !memory.datarep(0, number, b"10.0.0.1"));
    assert!(!memory.datarep(0, Number { a: 12, ..number }, &A));
    assert!(!memory.datarep(1, number, &A), "no such set");
}

#[test]
fn a_value_that_is_none_of_its_type_is_refused() {
    let plan = plan::Rules { datasets: vec![dataset(DatasetType::Md5, &[b"short"], &[])], ..plan::Rules::default() };
    assert!(Shared::new(&plan).is_err());
}

#[test]
fn the_longest_network_with_the_category_tells_the_score() {
    let entry = |network: [u8; 4], prefix: u8, category, score| plan::Reputation {
        network: ByteBuf::from(Addr::v4(network).0.to_vec()),
        prefix: 96 + prefix,
        category,
        score,
    };
    let reputation = vec![
        entry([10, 0, 0, 0], 8, 1, 10),
        entry([10, 0, 0, 0], 16, 1, 20),
        entry([10, 0, 0, 0], 24, 2, 30),
        entry(B, 32, 2, 40),
    ];
    let shared = Shared::new(&plan::Rules { reputation, ..plan::Rules::default() }).unwrap();
    let ask = |side, category, op, number: Option<u64>| {
        let number = number.map(|a| Number { op: Op::Eq, a, b: 0 });
        holds(&shared, None, &Check::Iprep { side, category, op, number }, &packet(A, B), 0)
    };
    assert!(ask(IprepSide::Src, 1, IprepOp::Number, Some(20)));
    assert!(ask(IprepSide::Src, 2, IprepOp::Number, Some(30)));
    assert!(ask(IprepSide::Dst, 2, IprepOp::Number, Some(40)));
    assert!(ask(IprepSide::Dst, 1, IprepOp::Number, Some(0)), "listed for something else");
    assert!(ask(IprepSide::Both, 1, IprepOp::Isset, None));
    assert!(ask(IprepSide::Src, 3, IprepOp::Isnotset, None) && !ask(IprepSide::Both, 3, IprepOp::Isnotset, None));
    assert!(ask(IprepSide::Any, 1, IprepOp::Number, Some(0)) && !ask(IprepSide::Both, 1, IprepOp::Number, Some(0)));
}

/// Which of the packets at these times are tagged by an effect of one at 0.
fn tagged(effect: Effect, times: [i64; 4], of: impl Fn(Packet) -> Packet) -> [bool; 4] {
    let rule = plan::Rule { effects: vec![effect.clone()], ..plan::Rule::default() };
    let shared = Shared::new(&plan::Rules { rules: vec![rule], ..plan::Rules::default() }).unwrap();
    let mut flow = None;
    apply(&shared, Some(&mut flow), effect, &packet(A, B), 0);
    times.map(|time| {
        let mut memory = Memory { flow: Some(&mut flow), shared: &shared, now: time * SECOND };
        memory.is_tagged(&of(Packet { time: time * SECOND, ..packet(A, B) }))
    })
}

#[test]
fn a_tag_covers_the_packets_that_follow() {
    let session = |unit, count| Effect::Tag { scope: TagScope::Session, count, unit, side: TagSide::Dst };
    let same = |packet| packet;
    assert_eq!(tagged(session(TagUnit::Packets, 2), [1, 2, 3, 4], same), [true, true, false, false]);
    assert_eq!(tagged(session(TagUnit::Bytes, 250), [1, 2, 3, 4], same), [true, true, false, false]);
    assert_eq!(tagged(session(TagUnit::Seconds, 5), [1, 5, 6, 2], same), [true, true, false, false]);
}

#[test]
fn a_host_is_tagged_in_all_its_flows() {
    let host = |side| Effect::Tag { scope: TagScope::Host, count: 2, unit: TagUnit::Packets, side };
    let from_b = |_| packet(B, [10, 0, 0, 3]);
    assert_eq!(tagged(host(TagSide::Dst), [1, 2, 3, 4], from_b), [true, true, false, false]);
    assert_eq!(tagged(host(TagSide::Src), [1, 2, 3, 4], from_b), [false; 4]);
    let rules = |scope| {
        let effect = Effect::Tag { scope, count: 2, unit: TagUnit::Packets, side: TagSide::Dst };
        let rule = plan::Rule { effects: vec![effect], ..plan::Rule::default() };
        plan::Rules { rules: vec![rule], ..plan::Rules::default() }
    };
    assert!(is_ordered(&rules(TagScope::Host)) && !is_ordered(&rules(TagScope::Session)));
}
