//! What all events begin and end with.

use super::{Context, Ended, Look, Names, Sighted, protocol, transport, vlans};
use crate::detect::state::FlowVars;
use crate::frame::{Addr, Link};
use crate::packet::{Layer, Packet, Stop, proto};
use crate::plan;
use crate::table::json::{Json, escape_bytes, mac, number};
use crate::table::names;
use crate::table::text::{self, Clock};
use crate::wire::ethernet::{Ethernet, Mac};
use std::sync::Arc;

/// Flowbits with these prefixes are told apart from the others.
const TRAFFIC: [(&str, &str); 2] = [("id", "traffic/id/"), ("label", "traffic/label/")];

/// The header of a packet's event.
pub(super) fn packet(
    json: &mut Json<'_>,
    clock: &mut Clock,
    settings: &plan::Eve,
    names: &Names,
    at: &Context<'_>,
    event_type: &str,
) {
    let packet = at.packet;
    json.begin();
    json.plain("timestamp", |out| clock.eve(out, packet.time));
    if let Some(flow) = &at.flow {
        json.number("flow_id", flow.id);
    }
    if let Some(parent) = at.flow.and_then(|flow| flow.application.parent()) {
        json.number("parent_id", parent);
    }
    if at.frame > 0 {
        json.number("pcap_cnt", at.frame);
    }
    json.text("event_type", event_type);
    vlans(json, packet.vlans, packet.vlan_count);
    if packet.ip != 0 {
        let ports = (packet.has_ports() || announces_ports(packet)).then_some((packet.sport, packet.dport));
        let look = Look::of(settings);
        let (src, dst) = ends(at);
        look.ends(json, (src.0, &src.1), (dst.0, &dst.1), ports);
        protocol(json, packet.proto);
        json.number("ip_v", packet.ip);
    }
    transport::write(json, Look::of(settings), at);
    json.text("pkt_src", if at.pseudo.is_empty() { names::packet_source(packet) } else { at.pseudo });
    common(json, settings, names, at.flow.and_then(|flow| flow.noted));
    if settings.ethernet {
        ether(json, at);
    }
    if let Some(flow) = at.flow.filter(|_| settings.community_id) {
        json.text_if("community_id", flow.community_id);
    }
}

/// The addresses of a packet, or what stands in place of them, each with its family.
fn ends(at: &Context<'_>) -> ((u8, Addr), (u8, Addr)) {
    let Packet { ip, src, dst, .. } = *at.packet;
    let [source, destination] = at.instead.map(|other| Some((text::family(&other?), other?)));
    (source.unwrap_or((ip, src)), destination.unwrap_or((ip, dst)))
}

/// The header of a flow's event, or of that of one direction.
pub(super) fn flow(
    json: &mut Json<'_>,
    clock: &mut Clock,
    settings: &plan::Eve,
    names: &Names,
    ended: &Ended<'_>,
    direction: Option<bool>,
) {
    let (flow, look) = (ended.flow, Look::of(settings));
    json.begin();
    json.plain("timestamp", |out| clock.eve(out, ended.time));
    json.number("flow_id", flow.id);
    if let Some(parent) = ended.application.parent() {
        json.number("parent_id", parent);
    }
    json.text("event_type", if direction.is_none() { "flow" } else { "netflow" });
    vlans(json, flow.vlans, flow.vlan_count);
    let ports = matches!(flow.proto, proto::TCP | proto::UDP | proto::SCTP);
    let (there, back) = ((flow.sport, flow.dport), (flow.dport, flow.sport));
    match direction {
        Some(false) => look.endpoints(json, flow.ip, &flow.dst, &flow.src, ports.then_some(back)),
        _ => look.endpoints(json, flow.ip, &flow.src, &flow.dst, ports.then_some(there)),
    }
    if direction.is_none() {
        json.number("ip_v", flow.ip);
    }
    protocol(json, flow.proto);
    transport::flow(json, flow, direction);
    common(json, settings, names, ended.noted);
    if let Some(sighted) = ended.sighted.filter(|_| settings.ethernet) {
        macs(json, sighted, direction);
    }
    if settings.community_id {
        json.text_if("community_id", ended.community_id);
    }
}

/// The link addresses of both ends, of the sender first.
fn macs(json: &mut Json<'_>, sighted: &Sighted, direction: Option<bool>) {
    let [client, server] = &sighted.macs;
    let (source, destination) = if direction == Some(false) { (server, client) } else { (client, server) };
    if source.is_empty() && destination.is_empty() {
        return;
    }
    json.object("ether");
    for (key, macs) in [("src_macs", source), ("dest_macs", destination)] {
        json.list(key);
        macs.iter().for_each(|address| json.item_plain(|out| mac(out, address)));
        json.end_list();
    }
    json.end();
}

/// What every event ends with.
pub(super) fn end(json: &mut Json<'_>, settings: &plan::Eve) {
    json.text_if("pcap_filename", &settings.pcap_filename);
    json.text_if("host", &settings.host);
    json.end_line();
}

fn common(json: &mut Json<'_>, settings: &plan::Eve, names: &Names, noted: Option<&FlowVars>) {
    json.text_if("suricata_version", &settings.suricata_version);
    if let Some(noted) = noted.filter(|_| settings.metadata) {
        traffic(json, names, noted);
        metadata(json, names, noted);
    }
}

fn flowbits<'a>(names: &'a Names, noted: &'a FlowVars) -> impl Iterator<Item = &'a str> + Clone {
    noted.bits.iter().filter_map(|&row| names.flowbits.get(row as usize)).map(String::as_str)
}

/// Flowbits that say what kind of traffic it is.
fn traffic(json: &mut Json<'_>, names: &Names, noted: &FlowVars) {
    let of = |prefix: &'static str| flowbits(names, noted).filter_map(move |name| name.strip_prefix(prefix));
    if TRAFFIC.iter().all(|(_, prefix)| of(prefix).next().is_none()) {
        return;
    }
    json.object("traffic");
    for (key, prefix) in TRAFFIC.into_iter().filter(|(_, prefix)| of(prefix).next().is_some()) {
        json.list(key);
        of(prefix).for_each(|name| json.item(name));
        json.end_list();
    }
    json.end();
}

fn metadata(json: &mut Json<'_>, names: &Names, noted: &FlowVars) {
    let bits = flowbits(names, noted).filter(|name| !TRAFFIC.iter().any(|(_, prefix)| name.starts_with(prefix)));
    let has_bits = bits.clone().next().is_some();
    let FlowVars { ints, texts, packet_texts, entropies, .. } = noted;
    if !has_bits && ints.is_empty() && texts.is_empty() && packet_texts.is_empty() && entropies.is_empty() {
        return;
    }
    json.object("metadata");
    if has_bits {
        json.list("flowbits");
        bits.for_each(|name| json.item(name));
        json.end_list();
    }
    if !noted.ints.is_empty() {
        json.object("flowints");
        for (row, value) in &noted.ints {
            json.name(names.flowints.get(*row as usize).map_or("", String::as_str));
            number(json.0, *value);
        }
        json.end();
    }
    texts_of(json, "flowvars", texts);
    texts_of(json, "pktvars", packet_texts);
    if !entropies.is_empty() {
        json.object("entropy");
        for (name, value) in entropies {
            json.name(name);
            json.0.extend_from_slice(value.to_string().as_bytes());
        }
        json.end();
    }
    json.end();
}

/// A list of objects with one name and its text each.
fn texts_of(json: &mut Json<'_>, key: &'static str, texts: &[(Arc<str>, Arc<[u8]>)]) {
    if texts.is_empty() {
        return;
    }
    json.list(key);
    for (name, text) in texts {
        json.item_object();
        json.name(name);
        json.0.push(b'"');
        escape_bytes(json.0, text);
        json.0.push(b'"');
        json.end();
    }
    json.end_list();
}

/// The link's addresses, where the packet begins with an Ethernet header.
fn ether(json: &mut Json<'_>, at: &Context<'_>) {
    let header = ethernet(at.packet, at.bytes);
    let ends = header.as_ref().map(|header| [header.src(), header.dst()]);
    let Some([source, destination]) = ends.or_else(|| macs_of_flow(at)) else { return };
    json.object("ether");
    if let Some(header) = header {
        json.number("ether_type", header.ethertype());
    }
    json.plain("src_mac", |out| mac(out, &source));
    json.plain("dest_mac", |out| mac(out, &destination));
    json.end();
}

/// The link addresses of what was not received: those of its flow's ends, of the sender first.
fn macs_of_flow(at: &Context<'_>) -> Option<[Mac; 2]> {
    let [client, server] = at.macs?;
    let to_server = at.flow.is_none_or(|flow| (flow.src, flow.sport) == (at.packet.src, at.packet.sport));
    Some(if to_server { [client, server] } else { [server, client] })
}

/// The Ethernet header that a packet begins with, if it does.
pub(super) fn ethernet<'a>(packet: &Packet, bytes: &'a [u8]) -> Option<Ethernet<'a>> {
    if packet.link != Link::Ethernet {
        return None;
    }
    Ethernet::parse(bytes).map(|(header, _)| header)
}

/// Its protocol has ports and its header contradicts itself: for who takes packets strictly, they are 0.
fn announces_ports(packet: &Packet) -> bool {
    let is_network = packet.layer == Layer::Ipv4 || packet.layer == Layer::Ipv6;
    let broken = packet.whole && packet.stop == Stop::Malformed && packet.captured >= packet.original;
    is_network && broken && matches!(packet.proto, proto::TCP | proto::UDP | proto::SCTP)
}
