//! Suricata's counters, as far as tmrx has them: what the stats event and stats.log are made of.

use crate::anomaly::Anomaly;
use crate::app::{Count, Counts};
use crate::flow;
use crate::flow::record::TcpState;
use crate::packet::{Layer, Layers, Stop};
use crate::restore;
use crate::table::capture;
use crate::table::counters::{Counters, Decided};
use crate::table::json::{Json, number};
use crate::table::names;
use crate::table::summary::Summary;
use crate::table::text::Clock;
use crate::time::Nanos;
use std::borrow::Cow;
use std::io::Write;

/// Bytes of a set of ports.
const PORT_SET: u64 = 8192;

/// Counters with a common beginning of their names; what follows it may have dots.
#[derive(Debug)]
pub struct Group {
    /// The beginning.
    pub name: &'static str,
    /// The rests of the names, those that begin alike together, and the counts.
    pub counters: Vec<(Cow<'static, str>, u64)>,
}

/// All counters.
pub fn groups(summary: &Summary<'_>) -> Vec<Group> {
    let group = |name, counters| Group { name, counters };
    let written = |counts: capture::Counts| named([("written", counts.written), ("filtered_bpf", counts.filtered)]);
    let capture = summary.counters.capture.map(|counts| group("pcap_log", written(counts)));
    let mut groups = vec![
        group("decoder", decoder(summary.counters)),
        group("tcp", summary.streams.all().map(|(name, count)| (Cow::Borrowed(name), count)).collect()),
        group("flow", flows(&summary.flows)),
        group("defrag", defrag(&summary.fragments)),
        group("flow_bypassed", named([("local_pkts", summary.bypassed[0]), ("local_bytes", summary.bypassed[1])])),
        group("detect", detect(&summary.counters.detect)),
        group("memcap", named([("pressure", summary.pressure()), ("pressure_max", summary.pressure())])),
    ];
    groups.extend(capture);
    groups.push(group("app_layer", applications(summary.applications)));
    groups
}

/// Flows and transactions of every protocol, and the parsers that gave up.
fn applications(counts: &Counts) -> Vec<(Cow<'static, str>, u64)> {
    let of = |what: &str, get: fn(&Count) -> u64, end: &str| -> Vec<_> {
        counts.all().map(|(name, count)| (Cow::Owned(format!("{what}.{name}{end}")), get(&count))).collect()
    };
    [
        of("flow", |count| count.flows, ""),
        of("error", |count| count.errors, ".parser"),
        of("tx", |count| count.transactions, ""),
        named([("expectations", counts.expectations), ("dropped_frames", counts.dropped_frames)]),
    ]
    .concat()
}

fn named<const N: usize>(counters: [(&'static str, u64); N]) -> Vec<(Cow<'static, str>, u64)> {
    counters.into_iter().map(|(name, count)| (Cow::Borrowed(name), count)).collect()
}

fn decoder(counters: &Counters) -> Vec<(Cow<'static, str>, u64)> {
    let frames = &counters.frames;
    let mut all = named([
        ("pkts", frames.received),
        ("bytes", frames.bytes),
        ("invalid", counters.stop(Stop::Malformed)),
        ("ipv4", counters.version(4)),
        ("ipv6", counters.version(6)),
        ("tcp", counters.layer(Layer::Tcp)),
        ("udp", counters.layer(Layer::Udp)),
        ("icmpv4", counters.layer(Layer::Icmp)),
        ("icmpv6", counters.layer(Layer::Icmpv6)),
    ]);
    all.extend(Layers::ALL.iter().map(|(layer, name)| (Cow::Borrowed(*name), counters.passed(*layer))));
    all.extend(named([
        ("avg_pkt_size", frames.bytes.checked_div(frames.received).unwrap_or(0)),
        ("max_pkt_size", frames.largest),
    ]));
    all.extend(events(counters));
    all
}

/// The decoder's events; two anomalies may share one.
fn events(counters: &Counters) -> Vec<(Cow<'static, str>, u64)> {
    let mut events: Vec<(&str, u64)> = Vec::new();
    for anomaly in Anomaly::ALL {
        let Some(event) = anomaly.entry().suricata.strip_prefix("decoder.") else { continue };
        let count = counters.anomalies.get(*anomaly as usize).copied().unwrap_or(0);
        match events.iter_mut().find(|(name, _)| *name == event) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => events.push((event, count)),
        }
    }
    // An event without a protocol goes before those that have one.
    events.sort_unstable_by_key(|(name, _)| (name.contains('.'), *name));
    events.into_iter().map(|(name, count)| (Cow::Owned(format!("event.{name}")), count)).collect()
}

fn flows(stats: &flow::Stats) -> Vec<(Cow<'static, str>, u64)> {
    let [tcp, udp, icmpv4, icmpv6] = stats.protocols;
    let [new, established, closed] = stats.states;
    let mut all = named([
        ("memcap", 0),
        ("total", stats.total),
        ("active", stats.active),
        ("tcp", tcp),
        ("udp", udp),
        ("icmpv4", icmpv4),
        ("icmpv6", icmpv6),
        ("tcp_reuse", stats.tcp_reuse),
        ("end.state.new", new),
        ("end.state.established", established),
        ("end.state.closed", closed),
    ]);
    let states = TcpState::ALL.iter().zip(stats.tcp_states);
    all.extend(states.map(|(state, count)| (format!("end.tcp_state.{}", names::tcp_state(*state)).into(), count)));
    all
}

fn defrag(stats: &restore::Stats) -> Vec<(Cow<'static, str>, u64)> {
    let [v4, v6] = stats.fragments;
    let [complete_v4, complete_v6] = stats.complete;
    named([
        ("ipv4.fragments", v4),
        ("ipv4.reassembled", complete_v4),
        ("ipv6.fragments", v6),
        ("ipv6.reassembled", complete_v6),
        ("max_trackers_reached", stats.evicted.iter().sum()),
    ])
}

/// What became of the rules' matches, and what the thresholds keep.
fn detect(decided: &Decided) -> Vec<(Cow<'static, str>, u64)> {
    named([
        ("alert", decided.alerts),
        ("alert_queue_overflow", decided.overflow),
        ("alerts_suppressed", decided.suppressed),
        ("thresholds.bitmap_memuse", decided.port_sets.saturating_mul(PORT_SET)),
        ("thresholds.bitmap_alloc_fail", decided.no_port_set),
    ])
}

/// Write a group's counters into an open object, a dot in a name opening another; with `deltas`, beside each how much
/// it grew since it was last told, which is all of it: it is told once.
pub fn nested(json: &mut Json<'_>, counters: &[(Cow<'static, str>, u64)], deltas: bool) {
    let mut open: Vec<&str> = Vec::new();
    for (name, count) in counters {
        let (path, leaf) = name.rsplit_once('.').unwrap_or(("", name));
        let path: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
        let shared = open.iter().zip(&path).take_while(|(a, b)| a == b).count();
        open.drain(shared..).for_each(|_| json.end());
        for part in path.into_iter().skip(shared) {
            json.name(part);
            json.0.push(b'{');
            open.push(part);
        }
        json.name(leaf);
        number(json.0, *count);
        if deltas {
            json.name(&format!("{leaf}_delta"));
            number(json.0, *count);
        }
    }
    open.iter().for_each(|_| json.end());
}

/// Append stats.log's table of the counters that counted anything, `uptime` seconds after the run's beginning.
pub fn log(out: &mut Vec<u8>, clock: &mut Clock, time: Nanos, uptime: u64, groups: &[Group]) {
    let line = "-".repeat(84);
    print(out, format_args!("{line}\nDate: "));
    clock.log(out, time);
    let (days, hours, minutes) = (uptime / 86_400, uptime / 3600 % 24, uptime / 60 % 60);
    print(out, format_args!(" (uptime: {days}d, {hours:02}h {minutes:02}m {:02}s)\n{line}\n", uptime % 60));
    print(out, format_args!("{:<45} | {:<25} | Value\n{line}\n", "Counter", "TM Name"));
    for Group { name, counters } in groups {
        for (rest, count) in counters.iter().filter(|(_, count)| *count > 0) {
            print(out, format_args!("{:<45} | {:<25} | {count}\n", format_args!("{name}.{rest}").to_string(), "Total"));
        }
    }
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory can't fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(names: &[(&'static str, u64)]) -> Vec<(Cow<'static, str>, u64)> {
        names.iter().map(|(name, count)| (Cow::Borrowed(*name), *count)).collect()
    }

    fn written(names: &[(&'static str, u64)], deltas: bool) -> String {
        let mut out = Vec::new();
        let mut json = Json(&mut out);
        json.begin();
        nested(&mut json, &counters(names), deltas);
        json.end();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_dot_opens_an_object() {
        let names = [("a", 1), ("b.c.d", 2), ("b.c.e", 3), ("b.f", 4), ("g.c", 5), ("h", 6)];
        assert_eq!(written(&names, false), r#"{"a":1,"b":{"c":{"d":2,"e":3},"f":4},"g":{"c":5},"h":6}"#);
        assert_eq!(written(&[("b.c", 2), ("d", 1)], true), r#"{"b":{"c":2,"c_delta":2},"d":1,"d_delta":1}"#);
        assert_eq!(written(&[], true), "{}");
    }

    #[test]
    fn a_log_has_what_was_counted() {
        let groups = [Group { name: "tcp", counters: counters(&[("syn", 2), ("rst", 0), ("a.b", 7)]) }];
        let mut out = Vec::new();
        log(&mut out, &mut Clock::default(), 1_464_332_171_304_062_999, 90_061, &groups);
        let line = "-".repeat(84);
        let total = format!("| {:<25} |", "Total");
        let want = format!(
            "{line}\nDate: 5/27/2016 -- 06:56:11 (uptime: 1d, 01h 01m 01s)\n{line}\n{:<45} | {:<25} | Value\n{line}\n{:<45} {total} 2\n{:<45} {total} 7\n",
            "Counter", "TM Name", "tcp.syn", "tcp.a.b"
        );
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
