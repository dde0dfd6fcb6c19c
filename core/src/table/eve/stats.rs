//! The stats event: Suricata's counters, as far as tmrx has them, and the summary under `mirror`.

use crate::anomaly::Anomaly;
use crate::identify::Identities;
use crate::packet::{Layer, Layers, Stop};
use crate::plan::StatsEvents;
use crate::restore;
use crate::table::counters::{Counters, Decided};
use crate::table::json::{Json, number};
use crate::table::summary::Summary;

pub(super) fn write(
    json: &mut Json<'_>,
    uptime: u64,
    summary: &Summary<'_>,
    _options: &StatsEvents,
    identities: Option<&Identities>,
) {
    json.object("stats");
    json.number("uptime", uptime);
    decoder(json, summary.counters);
    json.object("flow");
    json.number("total", summary.flows);
    json.end();
    defrag(json, &summary.fragments);
    json.object("detect");
    engines(json, summary);
    detect(json, &summary.counters.detect);
    json.end();
    if let Some(identities) = identities {
        json.key("mirror");
        summary.write(json.0, identities);
    }
    json.end();
}

/// What became of the rules' matches, and what the thresholds keep: 8 KiB a set of ports.
fn detect(json: &mut Json<'_>, decided: &Decided) {
    json.number("alert", decided.alerts);
    json.number("alert_queue_overflow", decided.overflow);
    json.number("alerts_suppressed", decided.suppressed);
    json.object("thresholds");
    json.number("bitmap_memuse", decided.port_sets.saturating_mul(8192));
    json.number("bitmap_alloc_fail", decided.no_port_set);
    json.end();
}

fn defrag(json: &mut Json<'_>, stats: &restore::Stats) {
    json.object("defrag");
    for (name, fragments, complete) in
        [("ipv4", stats.fragments[0], stats.complete[0]), ("ipv6", stats.fragments[1], stats.complete[1])]
    {
        json.object(name);
        json.number("fragments", fragments);
        json.number("reassembled", complete);
        json.end();
    }
    json.end();
}

fn engines(json: &mut Json<'_>, summary: &Summary<'_>) {
    json.list("engines");
    json.begin();
    json.number("id", 0);
    json.number("rules_loaded", summary.rules.map_or(0, |rules| rules.rules.len()));
    json.end();
    json.end_list();
}

fn decoder(json: &mut Json<'_>, counters: &Counters) {
    let frames = &counters.frames;
    json.object("decoder");
    json.number("pkts", frames.received);
    json.number("bytes", frames.bytes);
    json.number("invalid", counters.stop(Stop::Malformed));
    json.number("ipv4", counters.version(4));
    json.number("ipv6", counters.version(6));
    json.number("tcp", counters.layer(Layer::Tcp));
    json.number("udp", counters.layer(Layer::Udp));
    json.number("icmpv4", counters.layer(Layer::Icmp));
    json.number("icmpv6", counters.layer(Layer::Icmpv6));
    for (layer, name) in Layers::ALL {
        json.number(name, counters.passed(*layer));
    }
    json.number("avg_pkt_size", frames.bytes.checked_div(frames.received).unwrap_or(0));
    json.number("max_pkt_size", frames.largest);
    events(json, counters);
    json.end();
}

/// `decoder.ipv4.trunc_pkt` is written as `{"event": {"ipv4": {"trunc_pkt": n}}}`; two anomalies may share an event.
fn events(json: &mut Json<'_>, counters: &Counters) {
    let mut events: Vec<(&str, &str, u64)> = Vec::new();
    for anomaly in Anomaly::ALL {
        let Some(event) = anomaly.entry().suricata.strip_prefix("decoder.") else { continue };
        let (group, name) = event.split_once('.').unwrap_or(("", event));
        let n = counters.anomalies.get(*anomaly as usize).copied().unwrap_or(0);
        match events.iter_mut().find(|(g, e, _)| (*g, *e) == (group, name)) {
            Some((_, _, sum)) => *sum = sum.saturating_add(n),
            None => events.push((group, name, n)),
        }
    }
    events.sort_unstable();
    json.object("event");
    for group in events.chunk_by(|a, b| a.0 == b.0) {
        let nested = group.first().map_or("", |event| event.0);
        if !nested.is_empty() {
            json.name(nested);
            json.0.push(b'{');
        }
        for (_, name, n) in group {
            json.name(name);
            number(json.0, *n);
        }
        if !nested.is_empty() {
            json.end();
        }
    }
    json.end();
}
