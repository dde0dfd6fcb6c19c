//! The alert event.

use super::{Context, FlowNow, Look, Matched, Tunnel, payload, protocol};
use crate::packet::{Packet, proto};
use crate::plan::{Action, AlertEvents, Rule, Target};
use crate::table::json::Json;
use crate::table::names;
use crate::table::text::{self, Clock};

pub(super) fn write(
    json: &mut Json<'_>,
    clock: &mut Clock,
    look: Look,
    at: &Context<'_>,
    matched: &Matched<'_>,
    options: &AlertEvents,
) {
    if let Some(transaction) = &matched.transaction {
        json.number("tx_id", transaction.number);
        if transaction.guessed {
            json.flag("tx_guessed", true);
        }
    }
    signature(json, look, at.packet, matched, options);
    if let Some(transaction) = matched.transaction.filter(|_| options.application) {
        let [up, down] = transaction.progress;
        json.text("ts_progress", up);
        json.text("tc_progress", down);
    }
    if let Some(outer) = &at.tunnel {
        tunnel(json, look, outer, at.frame);
    }
    if let Some(transaction) = matched.transaction.filter(|_| options.application) {
        json.members(transaction.members);
    }
    if let Some(now) = &at.flow {
        super::flow::application(json, &now.application);
        json.text("direction", if now.to_server { "to_server" } else { "to_client" });
        if options.flow {
            let ports = at.packet.has_ports().then_some((now.sport, now.dport));
            flow(json, clock, look, at.packet.ip, now, ports);
        }
    }
    payload::write(json, at, matched.stream, options);
    json.members(matched.frame);
    if options.verdict {
        verdict(json, at.packet, matched.action, matched.inline);
    }
}

/// The alert object.
pub(super) fn signature(
    json: &mut Json<'_>,
    look: Look,
    packet: &Packet,
    matched: &Matched<'_>,
    options: &AlertEvents,
) {
    let rule = matched.rule;
    json.object("alert");
    json.text("action", names::alert_action(matched.action, matched.inline));
    json.number("gid", rule.gid);
    json.number("signature_id", rule.sid);
    json.number("rev", rule.rev);
    json.text("signature", &rule.msg);
    json.text("category", &rule.category);
    json.number("severity", rule.priority);
    target(json, look, packet, rule.target);
    if options.references && !rule.references.is_empty() {
        json.list("references");
        rule.references.iter().for_each(|reference| json.item(reference));
        json.end_list();
    }
    if options.rule_metadata && !rule.metadata.is_empty() {
        metadata(json, rule);
    }
    if !matched.context.is_empty() {
        json.object("context");
        for (key, value) in matched.context {
            json.name(key);
            json.0.extend_from_slice(value.as_bytes());
        }
        json.end();
    }
    if let Some(client) = matched.client.filter(|_| options.xff.as_ref().is_some_and(|xff| !xff.overwrite)) {
        look.any_address(json, "xff", &client);
    }
    if options.rule_text {
        json.text("rule", &rule.text);
    }
    json.end();
}

fn metadata(json: &mut Json<'_>, rule: &Rule) {
    json.object("metadata");
    for (key, values) in &rule.metadata {
        json.name(key);
        json.0.push(b'[');
        values.iter().for_each(|value| json.item(value));
        json.end_list();
    }
    json.end();
}

/// Who attacks whom, where the rule says so.
fn target(json: &mut Json<'_>, look: Look, packet: &Packet, target: Target) {
    let (src, dst) = ((&packet.src, packet.sport), (&packet.dst, packet.dport));
    let (source, target) = match target {
        Target::None => return,
        Target::SrcIp => (dst, src),
        Target::DestIp => (src, dst),
    };
    for (key, (address, port)) in [("source", source), ("target", target)] {
        json.object(key);
        look.address(json, "ip", packet.ip, address);
        if packet.has_ports() {
            json.number("port", port);
        }
        json.end();
    }
}

/// What became of the packet.
pub(super) fn verdict(json: &mut Json<'_>, packet: &Packet, action: Action, inline: bool) {
    let verdict = match action {
        Action::Pass => "pass",
        Action::Reject => "drop",
        Action::Drop if inline => "drop",
        _ => "alert",
    };
    json.object("verdict");
    json.text("action", verdict);
    if action == Action::Reject {
        json.text("reject_target", "to_client");
        json.list("reject");
        json.item(if packet.proto == proto::TCP { "tcp-reset" } else { "icmp-prohib" });
        json.end_list();
    }
    json.end();
}

/// The outermost packet: with both sides in one address family, the mapped form tells which.
fn tunnel(json: &mut Json<'_>, look: Look, outer: &Tunnel, frame: u64) {
    json.object("tunnel");
    let ip = if text::is_v4(&outer.src) { 4 } else { 6 };
    let has_ports = matches!(outer.proto, proto::TCP | proto::UDP | proto::SCTP);
    look.endpoints(json, ip, &outer.src, &outer.dst, has_ports.then_some((outer.sport, outer.dport)));
    protocol(json, outer.proto);
    json.number("depth", outer.depth);
    json.number("pcap_cnt", frame);
    json.text("pkt_src", "wire/pcap");
    json.end();
}

fn flow(json: &mut Json<'_>, clock: &mut Clock, look: Look, ip: u8, now: &FlowNow<'_>, ports: Option<(u16, u16)>) {
    json.object("flow");
    let ([pkts_toserver, pkts_toclient], [bytes_toserver, bytes_toclient]) = (now.packets, now.bytes);
    json.number("pkts_toserver", pkts_toserver);
    json.number("pkts_toclient", pkts_toclient);
    json.number("bytes_toserver", bytes_toserver);
    json.number("bytes_toclient", bytes_toclient);
    json.plain("start", |out| clock.eve(out, now.start));
    look.endpoints(json, ip, &now.src, &now.dst, ports);
    json.end();
}
