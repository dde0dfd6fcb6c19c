//! The summary document (`--stats`): what the run saw, as one JSON object.

use crate::anomaly::Anomaly;
use crate::app::Counts;
use crate::files;
use crate::flow;
use crate::identify::Identities;
use crate::packet::{Causes, Checksum, proto};
use crate::plan::Rule;
use crate::restore;
use crate::stream;
use crate::table::counters::{Counters, Decided, Session};
use crate::table::fate::{Drop, Rejection};
use crate::table::json::{Json, number};
use crate::table::known::Known;
use crate::table::mirror::identity;
use crate::table::text::Clock;

/// The rules that were loaded, and by rule the packets on which only missing bytes kept it from a decision.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct RuleCounts<'a> {
    pub rules: &'a [Rule],
    pub unknown: &'a [u64],
}

/// What the capturing side counted: packets that it received, and those that it lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Captured {
    pub received: u64,
    pub dropped: u64,
}

impl Captured {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let received = self.received.saturating_add(other.received);
        Self { received, dropped: self.dropped.saturating_add(other.dropped) }
    }
}

/// What a run's sources say beside the frames, where they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sources {
    /// Datagrams lost at the sockets.
    pub overflowed: Option<u64>,
    /// What was counted where captures were made.
    pub captured: Option<Captured>,
}

/// What the document is made of.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The counters of all workers.
    pub counters: &'a Counters,
    /// What became of the flows.
    pub flows: flow::Stats,
    /// What was counted of TCP sessions.
    pub streams: stream::Stats,
    /// Bytes that streams may take.
    pub stream_memory: u64,
    /// Packets and bytes of flows that were bypassed.
    pub bypassed: [u64; 2],
    /// What flows spoke.
    pub applications: &'a Counts,
    /// What became of files.
    pub files: files::Counts,
    /// Rules that failed, and those that do not apply.
    pub left_out: [u32; 2],
    /// Datagrams in fragments.
    pub fragments: restore::Stats,
    /// The rules, where any are loaded.
    pub rules: Option<RuleCounts<'a>>,
    /// What the sources say.
    pub sources: Sources,
}

impl Summary<'_> {
    /// How much of their memory streams take, in percent.
    pub fn pressure(&self) -> u64 {
        self.streams.reassembly_memuse.saturating_mul(100).checked_div(self.stream_memory).unwrap_or(0)
    }

    /// Append the document, without an end of line.
    pub fn write(&self, out: &mut Vec<u8>, identities: &Identities) {
        let json = &mut Json(out);
        json.0.push(b'{');
        self.frames(json);
        self.packets(json);
        json.object("flows");
        json.number("total", self.flows.total);
        json.number("evicted", self.flows.evicted);
        json.number("missed", self.applications.missed);
        json.end();
        self.fragments(json);
        self.files(json);
        json.number("alerts", self.counters.detect.alerts);
        let names = Anomaly::ALL.iter().map(|anomaly| anomaly.entry().name);
        counted(json, "anomalies", names, &self.counters.anomalies);
        self.sessions(json, identities);
        if let Some(rules) = &self.rules {
            matched(json, rules, &self.counters.detect);
        }
        if let Some(captured) = self.sources.captured {
            json.object("capture");
            json.number("received", captured.received);
            json.number("dropped", captured.dropped);
            json.end();
        }
        if let Some(overflowed) = self.sources.overflowed {
            json.object("listener");
            json.number("overflowed", overflowed);
            json.end();
        }
        json.end();
    }

    fn files(&self, json: &mut Json<'_>) {
        let files::Counts { stored, not_stored, refused, unseen, unjoined } = self.files;
        json.object("files");
        json.number("stored", stored);
        json.number("not_stored", not_stored);
        json.number("refused", refused);
        json.number("unseen_bytes", unseen);
        json.number("unjoined", unjoined);
        json.end();
    }

    fn fragments(&self, json: &mut Json<'_>) {
        let sum = |counts: [u64; 2]| counts.iter().sum::<u64>();
        let stats = &self.fragments;
        json.object("fragments");
        json.number("datagrams", sum(stats.datagrams));
        json.number("complete", sum(stats.complete));
        json.number("timeout", sum(stats.timeout));
        json.number("evicted", sum(stats.evicted));
        json.number("overlaps", sum(stats.overlaps));
        json.end();
    }

    fn frames(&self, json: &mut Json<'_>) {
        let frames = &self.counters.frames;
        json.object("frames");
        json.number("received", frames.received);
        json.number("decoded", frames.decoded);
        json.number("merged", frames.merged);
        json.number("duplicate", frames.duplicate);
        counted(json, "rejected", Rejection::NAMES, &frames.rejected);
        counted(json, "dropped", Drop::NAMES, &frames.dropped);
        json.number("held", frames.held);
        json.number("bytes", frames.bytes);
        json.end();
    }

    /// An IP packet counts by its protocol number, so one cut inside its TCP header is TCP; others are `other`.
    fn packets(&self, json: &mut Json<'_>) {
        let counters = self.counters;
        let (total, tcp, udp) = (counters.total(), counters.protocol(proto::TCP), counters.protocol(proto::UDP));
        let icmp = counters.protocol(proto::ICMP) + counters.protocol(proto::ICMPV6);
        json.object("packets");
        json.number("total", total);
        json.number("ipv4", counters.version(4));
        json.number("ipv6", counters.version(6));
        json.number("tcp", tcp);
        json.number("udp", udp);
        json.number("icmp", icmp);
        json.number("other", total.saturating_sub(tcp + udp + icmp));
        // Each cause counts: a packet cut twice is in two of the numbers.
        listed(json, "truncated", Causes::NAMES, counters.causes());
        json.object("checksum");
        listed(json, "l3", Checksum::NAMES, counters.l3);
        listed(json, "l4", Checksum::NAMES, counters.l4);
        json.end();
        json.end();
    }

    fn sessions(&self, json: &mut Json<'_>, identities: &Identities) {
        let mut clock = Clock::default();
        json.list("sessions");
        for (identity, session) in self.counters.sessions.iter().enumerate().filter(|(_, session)| session.frames > 0) {
            session_object(json, &mut clock, session, &Known::of(identities, identity as u32));
        }
        json.end_list();
    }
}

/// An object of all names, zeros included.
fn listed<const N: usize>(json: &mut Json<'_>, key: &'static str, names: [&'static str; N], counts: [u64; N]) {
    json.object(key);
    names.into_iter().zip(counts).for_each(|(name, count)| json.number(name, count));
    json.end();
}

/// An object of the names that were counted at all.
fn counted(json: &mut Json<'_>, key: &'static str, names: impl IntoIterator<Item = &'static str>, counts: &[u64]) {
    json.object(key);
    for (name, count) in names.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
        json.number(name, *count);
    }
    json.end();
}

fn session_object(json: &mut Json<'_>, clock: &mut Clock, session: &Session, known: &Known<'_>) {
    let wrap = &known.wrap;
    json.begin();
    if known.session.is_empty() {
        json.null("session")
    } else {
        json.text("session", known.session)
    }
    identity(json, wrap, known);
    for (key, number) in [("erspan_session", wrap.erspan_session()), ("gre_key", wrap.gre_key())] {
        if let Some(number) = number {
            json.number(key, number);
        }
    }
    json.flag("known", known.known);
    json.number("frames", session.frames);
    json.number("bytes", session.bytes);
    json.plain("first", |out| clock.eve(out, session.first));
    json.plain("last", |out| clock.eve(out, session.last));
    json.number("truncated", session.truncated);
    json.end();
}

/// How many rules there are, and for those that missing bytes left undecided how often, by `gid:sid`.
fn matched(json: &mut Json<'_>, counts: &RuleCounts<'_>, decided: &Decided) {
    json.object("rules");
    json.number("loaded", counts.rules.len());
    json.number("suppressed", decided.suppressed);
    json.number("overflow", decided.overflow);
    json.number("forgotten", decided.forgotten);
    json.object("unknown");
    for (rule, n) in counts.rules.iter().zip(counts.unknown).filter(|(_, n)| **n > 0) {
        json.name(&format!("{}:{}", rule.gid, rule.sid));
        number(json.0, *n);
    }
    json.end();
    json.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Packet;
    use crate::table::fate::Fate;
    use crate::table::testing::{TIME, frame, identities, packet, rule};
    use serde_json::{Value, json};

    fn document(summary: &Summary<'_>) -> Value {
        let mut out = Vec::new();
        summary.write(&mut out, &identities());
        serde_json::from_slice(&out).unwrap()
    }

    fn bare(counters: &Counters) -> Summary<'_> {
        crate::table::testing::summary(counters)
    }

    #[test]
    fn all_keys_are_there_when_nothing_was_seen() {
        let zeros = json!({"valid": 0, "bad": 0, "not_calculated": 0, "unverifiable": 0, "absent": 0});
        let want = json!({
            "frames": {"received": 0, "decoded": 0, "merged": 0, "duplicate": 0, "rejected": {}, "dropped": {}, "held": 0, "bytes": 0},
            "packets": {"total": 0, "ipv4": 0, "ipv6": 0, "tcp": 0, "udp": 0, "icmp": 0, "other": 0,
                "truncated": {"packet_length": 0, "mtu": 0, "snaplen": 0, "unknown": 0},
                "checksum": {"l3": zeros, "l4": zeros}},
            "flows": {"total": 0, "evicted": 0, "missed": 0},
            "fragments": {"datagrams": 0, "complete": 0, "timeout": 0, "evicted": 0, "overlaps": 0},
            "files": {"stored": 0, "not_stored": 0, "refused": 0, "unseen_bytes": 0, "unjoined": 0},
            "alerts": 0, "anomalies": {}, "sessions": [],
        });
        assert_eq!(document(&bare(&Counters::default())), want);
    }

    fn filled() -> Counters {
        let mut counters = Counters::default();
        counters.detect.alerts = 2;
        let cut = Packet { original: 1514, truncated: Causes(Causes::PACKET_LENGTH | Causes::SNAPLEN), ..packet() };
        let mut unknown =
            Packet { identity: 5, ip: 6, proto: 58, time: TIME + 1_000_000_000, l4_checksum: Checksum::Bad, ..cut };
        unknown.anomalies.add(Anomaly::UnknownIdentity);
        let arp = Packet { ip: 0, identity: crate::packet::NONE, ..packet() };
        for packet in [packet(), cut, unknown, arp] {
            counters.frames.add(&[frame(116)], [Fate::Decoded].into_iter());
            counters.add(&packet);
        }
        counters.frames.add(&[frame(60)], [Fate::Rejected(Rejection::UnknownIdentity)].into_iter());
        counters.frames.add(&[frame(60)], [Fate::Dropped(Drop::Panic)].into_iter());
        counters
    }

    #[test]
    fn frames_and_packets() {
        let counters = filled();
        let got = document(&bare(&counters));
        let frames = json!({"received": 6, "decoded": 4, "merged": 0, "duplicate": 0, "rejected": {"unknown_identity": 1},
            "dropped": {"panic": 1}, "held": 0, "bytes": 584});
        assert_eq!(got["frames"], frames);
        let packets = &got["packets"];
        let names = ["total", "ipv4", "ipv6", "tcp", "udp", "icmp", "other"];
        assert_eq!(names.map(|name| packets[name].as_u64().unwrap()), [4, 2, 1, 2, 0, 1, 1]);
        assert_eq!(packets["truncated"], json!({"packet_length": 2, "mtu": 0, "snaplen": 2, "unknown": 0}));
        assert_eq!((&packets["checksum"]["l4"]["bad"], &packets["checksum"]["l4"]["valid"]), (&json!(1), &json!(3)));
        assert_eq!((&got["alerts"], &got["anomalies"]), (&json!(2), &json!({"mirror.unknown_identity": 1})));
    }

    #[test]
    fn sessions_rules_and_sockets() {
        let (counters, rules) = (filled(), [rule(), rule()]);
        let counts = RuleCounts { rules: &rules, unknown: &[0, 3] };
        let captured = Captured { received: 7, dropped: 1 }.plus(Captured { received: 3, dropped: u64::MAX });
        let flows = flow::Stats { total: 9, evicted: 1, ..flow::Stats::default() };
        let sources = Sources { overflowed: Some(4), captured: Some(captured) };
        let got = document(&Summary { flows, rules: Some(counts), sources, ..bare(&counters) });
        let outer = json!({"outer_src": "172.31.0.238", "outer_dst": "172.31.17.188", "encapsulation": "vxlan"});
        let mut known = json!({"session": "tms-0123456789abcdef0", "name": "we\"b", "interface": "eni-0a", "vpc": "vpc-0b", "vni": 5_569_041,
            "known": true, "frames": 2, "bytes": 132, "first": "2016-05-27T06:56:11.304062+0000", "last": "2016-05-27T06:56:11.304062+0000", "truncated": 1});
        let mut unknown = json!({"session": null, "vni": 5, "known": false, "frames": 1, "bytes": 66,
            "first": "2016-05-27T06:56:12.304062+0000", "last": "2016-05-27T06:56:12.304062+0000", "truncated": 1});
        for session in [&mut known, &mut unknown] {
            session.as_object_mut().unwrap().extend(outer.as_object().unwrap().clone());
        }
        assert_eq!(got["sessions"], json!([known, unknown]));
        assert_eq!(got["flows"], json!({"total": 9, "evicted": 1, "missed": 0}));
        assert_eq!(
            got["rules"],
            json!({"loaded": 2, "suppressed": 0, "overflow": 0, "forgotten": 0, "unknown": {"1:2000001": 3}})
        );
        assert_eq!(got["listener"], json!({"overflowed": 4}));
        assert_eq!(got["capture"], json!({"received": 10, "dropped": u64::MAX}));
    }
}
