use super::*;
use crate::anomaly::{Anomaly, AnomalySet};
use crate::packet::{Causes, Packet};
use crate::table::testing::{SRC, identities, packet, wrap};
use proptest::prelude::*;

fn range(low: u128, high: u128) -> plan::Test {
    let bytes = |number: u128| number.to_be_bytes().to_vec().into();
    plan::Test::Numbers { ranges: vec![(bytes(low), bytes(high))], mask: None }
}

fn words(words: &[&str]) -> plan::Test {
    plan::Test::Words { words: words.iter().map(|word| (*word).to_owned()).collect() }
}

fn step(column: &str, test: plan::Test) -> plan::Step {
    plan::Step { column: column.into(), test, negated: false, yes: Next::Verdict(true), no: Next::Verdict(false) }
}

fn shows(steps: &[plan::Step], packet: &Packet) -> bool {
    let wrap = wrap();
    let at = Context { frame: 9, wrap: Some(&wrap), ..Context::of(packet) };
    Display::new(steps).unwrap().unwrap().shows(&at, &identities())
}

#[test]
fn every_kind_of_cell() {
    let mut anomalies = AnomalySet::default();
    anomalies.add(Anomaly::TcpBadChecksum);
    let packet = Packet { truncated: Causes(3), anomalies, vlans: [5, 6, 0], vlan_count: 2, ..packet() };
    let time = (i128::from(packet.time) + EPOCH) as u128;
    let holds = [
        step("frame", range(9, 9)),
        step("time", range(time, time)),
        step("session", words(&["tms-0123456789abcdef0"])),
        step("session", words(&["we\"b"])),
        step("session", plan::Test::Part { text: "0123".into() }),
        step("src", range(SRC.number(), SRC.number())),
        step("encapsulation", words(&["geneve", "vxlan"])),
        step("encapsulation", plan::Test::There),
        step("vlan", range(6, 6)),
        step("fragment", range(0, 0)),
        step("truncated", words(&["mtu"])),
        step("anomalies", words(&["tcp.bad_checksum"])),
        step("anomalies", plan::Test::There),
    ];
    for step in holds {
        assert!(shows(std::slice::from_ref(&step), &packet), "{step:?}");
        // It is there, so the negated test is the opposite.
        assert!(!shows(&[plan::Step { negated: true, ..step.clone() }], &packet), "{step:?}");
    }
    let flags = plan::Test::Numbers { ranges: vec![(vec![0; 16].into(), vec![0; 16].into())], mask: Some(2) };
    assert!(shows(&[step("tcp_flags", flags)], &packet), "no SYN");
}

#[test]
fn what_is_absent_fits_no_comparison() {
    let arp = Packet { ip: 0, layer: crate::packet::Layer::Arp, ..packet() };
    for column in ["src", "sport", "tcp_flags", "vlan", "flow_id", "ttl"] {
        let step = step(column, range(0, u128::MAX));
        assert!(!shows(std::slice::from_ref(&step), &arp), "{column}");
        assert!(!shows(&[plan::Step { negated: true, ..step }], &arp), "{column}");
    }
    assert!(!shows(&[step("anomalies", plan::Test::There)], &packet()));
}

#[test]
fn steps_lead_on() {
    // tcp_flags and not fragment, or a port that is not there
    let steps = [
        plan::Step { yes: Next::Step(1), no: Next::Step(2), ..step("tcp_flags", plan::Test::There) },
        plan::Step { yes: Next::Step(2), no: Next::Verdict(true), ..step("fragment", range(1, 1)) },
        step("dport", range(81, 81)),
    ];
    assert!(shows(&steps, &packet()));
    assert!(!shows(&steps, &Packet { fragment: true, ..packet() }));
    assert!(shows(&steps, &Packet { fragment: true, dport: 81, ..packet() }));
}

#[test]
fn what_is_refused() {
    let backward = plan::Step { yes: Next::Step(0), ..step("ip", plan::Test::There) };
    let beyond = plan::Step { no: Next::Step(1), ..step("ip", plan::Test::There) };
    let short = plan::Test::Numbers { ranges: vec![(vec![0; 4].into(), vec![0; 16].into())], mask: None };
    for wrong in [backward, beyond, step("ip", short), step("vin", plan::Test::There)] {
        assert!(Display::new(&[wrong]).is_err());
    }
    assert!(Display::new(&[]).unwrap().is_none());
}

proptest! {
    #[test]
    fn any_steps_end(columns in prop::collection::vec((0..Column::ALL.len(), any::<bool>(), 0u32..9, 0u32..9), 1..9)) {
        let next = |at: usize, over: u32, left: usize| {
            let to = at as u32 + 1 + over;
            if (to as usize) < left { Next::Step(to) } else { Next::Verdict(over.is_multiple_of(2)) }
        };
        let steps: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(at, &(column, negated, yes, no))| plan::Step {
                negated,
                yes: next(at, yes, columns.len()),
                no: next(at, no, columns.len()),
                ..step(Column::ALL[column].entry().name, range(1, u128::from(yes)))
            })
            .collect();
        shows(&steps, &packet());
    }
}
