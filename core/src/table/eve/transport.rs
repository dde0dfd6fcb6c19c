//! What a packet's transport header says besides ports.

use super::{Context, Look, Quote, protocol};
use crate::flow::record::FlowRecord;
use crate::packet::{Layer, Packet, proto};
use crate::table::json::Json;
use crate::wire::sctp::{ChunkSet, chunk};

pub(super) fn write(json: &mut Json<'_>, look: Look, at: &Context<'_>) {
    match at.packet.layer {
        Layer::Icmp | Layer::Icmpv6 => icmp(json, look, at),
        Layer::Sctp => sctp(json, at.packet),
        Layer::Esp => json.number("spi", at.packet.seq),
        _ => {}
    }
}

/// The same of a flow, or of one of its directions.
pub(super) fn flow(json: &mut Json<'_>, flow: &FlowRecord, direction: Option<bool>) {
    if let Some(spi) = flow.spi {
        json.number("spi", spi);
    }
    if !matches!(flow.proto, proto::ICMP | proto::ICMPV6) {
        return;
    }
    let first = (flow.sport, flow.dport);
    let answer = flow.response_icmp.map(|(kind, code)| (u16::from(kind), u16::from(code)));
    let (kind, code) = if direction == Some(false) { answer.unwrap_or(first) } else { first };
    json.number("icmp_type", kind);
    json.number("icmp_code", code);
    if let Some((kind, code)) = answer.filter(|_| direction.is_none()) {
        json.number("response_icmp_type", kind);
        json.number("response_icmp_code", code);
    }
}

fn icmp(json: &mut Json<'_>, look: Look, at: &Context<'_>) {
    json.number("icmp_type", at.packet.sport);
    json.number("icmp_code", at.packet.dport);
    let Some(Quote { packet, flow }) = &at.quote else { return };
    if let Some(id) = flow {
        json.number("related_flow_id", *id);
    }
    json.object("icmp");
    json.object("quoted");
    let ports = packet.has_ports().then_some((packet.sport, packet.dport));
    look.endpoints(json, packet.ip, &packet.src, &packet.dst, ports);
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
