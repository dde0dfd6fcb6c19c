//! The alert event.

use super::{Context, FlowNow, Tunnel, endpoints, protocol};
use crate::packet::proto;
use crate::plan::Rule;
use crate::table::json::Json;
use crate::table::names;
use crate::table::text::{self, Clock};

pub(super) fn write(json: &mut Json<'_>, clock: &mut Clock, at: &Context<'_>, rule: &Rule) {
    signature(json, rule);
    if let Some(outer) = &at.tunnel {
        tunnel(json, outer, at.frame);
    }
    if let Some(now) = &at.flow {
        json.text("direction", if now.to_server { "to_server" } else { "to_client" });
        let ports = at.packet.has_ports().then_some((now.sport, now.dport));
        flow(json, clock, at.packet.ip, now, ports);
    }
}

fn signature(json: &mut Json<'_>, rule: &Rule) {
    json.object("alert");
    json.text("action", names::alert_action(rule.action));
    json.number("gid", rule.gid);
    json.number("signature_id", rule.sid);
    json.number("rev", rule.rev);
    json.text("signature", &rule.msg);
    json.text("category", &rule.category);
    json.number("severity", rule.priority);
    if !rule.metadata.is_empty() {
        json.object("metadata");
        for (key, values) in &rule.metadata {
            json.name(key);
            json.0.push(b'[');
            values.iter().for_each(|value| json.item(value));
            json.end_list();
        }
        json.end();
    }
    json.end();
}

/// The outermost packet: with both sides in one address family, the mapped form tells which.
fn tunnel(json: &mut Json<'_>, outer: &Tunnel, frame: u64) {
    json.object("tunnel");
    let ip = if text::is_v4(&outer.src) { 4 } else { 6 };
    let has_ports = matches!(outer.proto, proto::TCP | proto::UDP | proto::SCTP);
    endpoints(json, ip, &outer.src, &outer.dst, has_ports.then_some((outer.sport, outer.dport)));
    protocol(json, outer.proto);
    json.number("depth", outer.depth);
    json.number("pcap_cnt", frame);
    json.text("pkt_src", "wire/pcap");
    json.end();
}

fn flow(json: &mut Json<'_>, clock: &mut Clock, ip: u8, now: &FlowNow<'_>, ports: Option<(u16, u16)>) {
    json.object("flow");
    let ([pkts_toserver, pkts_toclient], [bytes_toserver, bytes_toclient]) = (now.packets, now.bytes);
    json.number("pkts_toserver", pkts_toserver);
    json.number("pkts_toclient", pkts_toclient);
    json.number("bytes_toserver", bytes_toserver);
    json.number("bytes_toclient", bytes_toclient);
    json.plain("start", |out| clock.eve(out, now.start));
    endpoints(json, ip, &now.src, &now.dst, ports);
    json.end();
}
