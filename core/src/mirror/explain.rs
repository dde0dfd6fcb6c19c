//! Why: what a packet is, and what each session made of it. Looks again at what was decided; no run needs it.

use super::filter::Verdict;
use super::{Fate, Mirror, Outcome, truth};
use crate::decode::decode;
use crate::frame::{Batch, Frame, Link};
use crate::packet::{Layer, Packet};
use crate::table::json::{Json, hex};
use crate::table::{names, text};

/// Append the JSON line of a frame and its outcomes: what the packet is, its truth, and the sessions that were asked.
pub fn line(mirror: &Mirror, batch: &Batch, frame: &Frame, outcomes: &[Outcome], out: &mut Vec<u8>) {
    let bytes = batch.bytes(frame);
    let mut packet = Packet { captured: frame.captured, original: frame.original, ..Packet::EMPTY };
    decode(bytes, frame.link, &mut packet);
    let mut json = Json(out);
    json.begin();
    json.number("number", outcomes.first().map_or(0, |outcome| outcome.packet));
    json.number("time", frame.time);
    json.number("length", frame.original);
    json.number("captured", frame.captured);
    link(&mut json, frame, bytes, &packet);
    network(&mut json, &packet);
    transport(&mut json, &packet);
    json.list("outcomes");
    for outcome in outcomes {
        json.begin();
        truth::fields(&mut json, mirror, outcome);
        json.list("asked");
        for (session, verdict) in mirror.asked(&packet, outcome) {
            asked(&mut json, mirror, session, verdict, outcome);
        }
        json.end_list();
        json.end();
    }
    json.end_list();
    json.end_line();
}

impl Mirror {
    /// The sessions that were asked about a packet, in their order, and what each said; the last one decided, unless
    /// none accepted.
    fn asked(&self, packet: &Packet, outcome: &Outcome) -> Vec<(u32, Verdict)> {
        let source = self.sources.get(outcome.source as usize);
        let (Some(source), Some(direction)) = (source, outcome.direction) else { return Vec::new() };
        if !matches!(outcome.fate, Fate::Mirrored | Fate::Rejected | Fate::Skipped) {
            return Vec::new();
        }
        let resolver = source.is_resolver_traffic(packet);
        let mut said = Vec::new();
        for &index in &source.sessions {
            let filter = self.sessions.get(index as usize).and_then(|session| self.filters.get(session.filter));
            let Some(filter) = filter else { continue };
            let verdict = filter.verdict(packet, direction, resolver);
            said.push((index, verdict));
            if matches!(verdict, Verdict::Accepted(_) | Verdict::Service) {
                break;
            }
        }
        said
    }
}

fn asked(json: &mut Json<'_>, mirror: &Mirror, session: u32, verdict: Verdict, outcome: &Outcome) {
    let mut said = *outcome;
    verdict.write(session, &mut said);
    json.begin();
    truth::text(json, "session", mirror.session(session).map(|(id, _)| id));
    json.text("reason", said.reason.name());
    truth::text(json, "rule", mirror.rule(&said));
    json.end();
}

fn link(json: &mut Json<'_>, frame: &Frame, bytes: &[u8], packet: &Packet) {
    if frame.link != Link::Ethernet {
        return;
    }
    if let Some(macs) = bytes.first_chunk::<12>() {
        let (dst, src) = macs.split_at(6);
        json.plain("src_mac", |out| mac(out, src));
        json.plain("dst_mac", |out| mac(out, dst));
    }
    json.list("vlans");
    for vlan in packet.vlans.iter().take(packet.vlan_count.into()) {
        json.item_number(*vlan);
    }
    json.end_list();
    json.number("ethertype", packet.ethertype);
}

fn mac(out: &mut Vec<u8>, bytes: &[u8]) {
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 {
            out.push(b':');
        }
        hex(out, u64::from(*byte), 2);
    }
}

fn network(json: &mut Json<'_>, packet: &Packet) {
    json.number("ip", packet.ip);
    if packet.ip != 0 {
        json.plain("src", |out| text::address(out, &packet.src, packet.ip));
        json.plain("dst", |out| text::address(out, &packet.dst, packet.ip));
        json.number("protocol", packet.proto);
        json.flag("fragment", packet.fragment);
    }
}

fn transport(json: &mut Json<'_>, packet: &Packet) {
    json.text("layer", names::layer(packet.layer));
    json.text("stop", names::stop(packet.stop));
    if packet.has_ports() {
        json.number("sport", packet.sport);
        json.number("dport", packet.dport);
    }
    if packet.layer == Layer::Tcp {
        json.number("tcp_flags", packet.tcp_flags);
    }
    if matches!(packet.layer, Layer::Icmp | Layer::Icmpv6) {
        json.number("icmp_type", packet.sport);
        json.number("icmp_code", packet.dport);
    }
}
