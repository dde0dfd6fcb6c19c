//! The drop event, of an inline engine.

use super::{Context, Dropped, Look, Matched, alert};
use crate::packet::{Layer, Packet, tcp};
use crate::plan::{Action, AlertEvents, DropEvents};
use crate::table::json::Json;
use crate::wire::{ipv4::Ipv4, ipv6::Ipv6};

pub(super) fn write(json: &mut Json<'_>, look: Look, at: &Context<'_>, dropped: &Dropped<'_>, options: &DropEvents) {
    let packet = at.packet;
    if let Some(now) = &at.flow {
        json.text("direction", if now.to_server { "to_server" } else { "to_client" });
    }
    json.object("drop");
    network(json, at);
    transport(json, packet, at.bytes.get(usize::from(packet.l4)..).unwrap_or_default());
    json.text("reason", dropped.reason);
    let action = dropped.rule.map_or(Action::Drop, |rule| rule.action);
    if options.verdict {
        alert::verdict(json, packet, action, true);
    }
    json.end();
    if let Some(rule) = dropped.rule.filter(|_| options.alerts) {
        let matched = Matched { action, inline: true, ..Matched::of(rule) };
        alert::signature(json, look, packet, &matched, &AlertEvents::default());
    }
}

/// The network header's fields.
fn network(json: &mut Json<'_>, at: &Context<'_>) {
    let bytes = at.bytes.get(usize::from(at.packet.l3)..).unwrap_or_default();
    if let Some((header, _)) = Ipv4::parse(bytes).filter(|_| at.packet.ip == 4) {
        json.number("len", header.total_length());
        json.number("tos", header.type_of_service());
        json.number("ttl", header.ttl());
        json.number("ipid", header.identification());
    }
    if let Some((header, _)) = Ipv6::parse(bytes).filter(|_| at.packet.ip == 6) {
        json.number("len", header.payload_length());
        json.number("tc", header.traffic_class());
        json.number("hoplimit", header.hop_limit());
        json.number("flowlbl", header.flow_label());
    }
}

fn transport(json: &mut Json<'_>, packet: &Packet, bytes: &[u8]) {
    match packet.layer {
        Layer::Tcp => segment(json, packet, bytes),
        Layer::Udp => {
            if let [_, _, _, _, high, low, ..] = bytes {
                json.number("udplen", u16::from_be_bytes([*high, *low]));
            }
        }
        Layer::Icmp | Layer::Icmpv6 => {
            if let [_, _, _, _, a, b, c, d, ..] = bytes {
                json.number("icmp_id", u16::from_be_bytes([*a, *b]));
                json.number("icmp_seq", u16::from_be_bytes([*c, *d]));
            }
        }
        _ => {}
    }
}

fn segment(json: &mut Json<'_>, packet: &Packet, bytes: &[u8]) {
    json.number("tcpseq", packet.seq);
    json.number("tcpack", packet.ack);
    json.number("tcpwin", packet.window);
    let flags = [
        ("syn", tcp::SYN),
        ("ack", tcp::ACK),
        ("psh", tcp::PSH),
        ("rst", tcp::RST),
        ("urg", tcp::URG),
        ("fin", tcp::FIN),
    ];
    flags.into_iter().for_each(|(key, flag)| json.flag(key, packet.tcp_flags & flag != 0));
    if let [_, _, _, _, _, _, _, _, _, _, _, _, offset, _, _, _, _, _, high, low, ..] = bytes {
        json.number("tcpres", offset & 0x0f);
        json.number("tcpurgp", u16::from_be_bytes([*high, *low]));
    }
}
