//! What a packet's transport header says besides ports.

use super::{Context, Quote, endpoints, protocol};
use crate::packet::{Layer, Packet};
use crate::table::json::Json;
use crate::wire::sctp::{ChunkSet, chunk};

pub(super) fn write(json: &mut Json<'_>, at: &Context<'_>) {
    match at.packet.layer {
        Layer::Icmp | Layer::Icmpv6 => icmp(json, at),
        Layer::Sctp => sctp(json, at.packet),
        Layer::Esp => json.number("spi", at.packet.seq),
        _ => {}
    }
}

fn icmp(json: &mut Json<'_>, at: &Context<'_>) {
    json.number("icmp_type", at.packet.sport);
    json.number("icmp_code", at.packet.dport);
    let Some(Quote { packet, flow }) = &at.quote else { return };
    if let Some(id) = flow {
        json.number("related_flow_id", *id);
    }
    json.object("icmp");
    json.object("quoted");
    let ports = packet.has_ports().then_some((packet.sport, packet.dport));
    endpoints(json, packet.ip, &packet.src, &packet.dst, ports);
    protocol(json, packet.proto);
    json.end();
    json.end();
}

/// As Suricata has it.
fn sctp(json: &mut Json<'_>, packet: &Packet) {
    let chunks = ChunkSet(packet.ack);
    json.object("sctp");
    json.number("chunk_cnt", packet.window);
    json.list("chunk_types");
    chunks.names().for_each(|name| json.item(name));
    json.end_list();
    json.flag("has_abort", chunks.has(chunk::ABORT));
    json.flag("has_data", chunks.has(chunk::DATA));
    json.flag("has_init", chunks.has(chunk::INIT));
    json.flag("has_init_ack", chunks.has(chunk::INIT_ACK));
    json.number("vtag", packet.seq);
    json.end();
}
