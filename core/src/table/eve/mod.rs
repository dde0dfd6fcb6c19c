//! EVE: one JSON object a line, named as Suricata 9 names things, with the mirror object added.

mod alert;
mod anomaly;
mod flow;
mod stats;
mod transport;

use crate::decode::Quoted;
use crate::flow::record::FlowRecord;
use crate::frame::{Addr, Outer};
use crate::identify::Identities;
use crate::packet::{MAX_VLANS, Packet, Wrap, proto};
use crate::plan::Rule;
use crate::table::json::{Json, number};
use crate::table::mirror::Mirrors;
use crate::table::names;
use crate::table::summary::Summary;
use crate::table::text::{self, Clock};
use crate::table::tunnel::Noted;
use crate::time::Nanos;

/// A flow at the moment of an event, oriented client to server; index 0 of a pair is to the server.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct FlowNow<'a> {
    pub id: u64,
    /// The packet goes to the server.
    pub to_server: bool,
    pub src: Addr,
    pub dst: Addr,
    pub sport: u16,
    pub dport: u16,
    pub start: Nanos,
    /// This packet included.
    pub packets: [u64; 2],
    /// Captured bytes, this packet included.
    pub bytes: [u64; 2],
    /// Community ID where it is wanted, else empty.
    pub community_id: &'a str,
}

/// The outermost packet around one; its ports are of use where its protocol has ports.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Tunnel {
    pub src: Addr,
    pub dst: Addr,
    pub sport: u16,
    pub dport: u16,
    pub proto: u8,
    /// How many packets are around it.
    pub depth: u8,
}

impl Tunnel {
    /// What is around a packet, by the packets of its batch; none for an outermost one.
    pub fn around(packet: &Packet, packets: &[Packet]) -> Option<Self> {
        let mut outer = around(packet, packets)?;
        // A parent stands before its children, so this ends.
        while let Some(further) = around(outer, packets) {
            outer = further;
        }
        let Packet { src, dst, sport, dport, proto, .. } = *outer;
        Some(Self { src, dst, sport, dport, proto, depth: packet.depth })
    }

    /// What is around a packet that came through a socket, `depth` packets deep.
    pub fn socket(outer: &Outer, depth: u8) -> Self {
        Self { src: outer.src, dst: outer.dst, sport: outer.sport, dport: outer.dport, proto: proto::UDP, depth }
    }
}

/// The packet around one. A datagram's parent is the fragment that completed it: what is around the one is around both.
fn around<'a>(packet: &Packet, packets: &'a [Packet]) -> Option<&'a Packet> {
    let parent = packets.get(packet.parent as usize)?;
    if packet.defragmented { packets.get(parent.parent as usize) } else { Some(parent) }
}

/// A packet and what is known around it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Its frame's number in the run, from 1.
    pub frame: u64,
    /// The packet.
    pub packet: &'a Packet,
    /// What the mirror put around it.
    pub wrap: Option<&'a Wrap>,
    /// The outermost packet around it.
    pub tunnel: Option<Tunnel>,
    /// The mirror's header that says something about it, where there is one.
    pub note: Noted<'a>,
    /// Its flow, where it has one.
    pub flow: Option<FlowNow<'a>>,
    /// What it quotes, where it is an ICMP error.
    pub quote: Option<Quote>,
}

/// The packet that an ICMP error is about.
#[derive(Debug, Clone, Copy)]
pub struct Quote {
    /// The packet, as far as it is quoted.
    pub packet: Quoted,
    /// Its flow's id, where that was seen.
    pub flow: Option<u64>,
}

/// Writes events.
#[derive(Debug, Default)]
pub struct Eve {
    clock: Clock,
    mirrors: Mirrors,
}

impl Eve {
    /// An alert.
    pub fn alert(&mut self, out: &mut Vec<u8>, at: &Context<'_>, rule: &Rule, identities: &Identities) {
        let mut json = Json(out);
        self.header(&mut json, at, "alert");
        alert::write(&mut json, &mut self.clock, at, rule);
        self.mirrors.packet(&mut json, at.packet, at.wrap, at.note, identities);
        json.end_line();
    }

    /// The anomalies of a packet, one event each.
    pub fn anomalies(&mut self, out: &mut Vec<u8>, at: &Context<'_>, identities: &Identities) {
        for anomaly in at.packet.anomalies.iter() {
            let mut json = Json(out);
            self.header(&mut json, at, "anomaly");
            anomaly::write(&mut json, anomaly.entry());
            self.mirrors.packet(&mut json, at.packet, at.wrap, at.note, identities);
            json.end_line();
        }
    }

    /// A flow that ended at `time`; `community_id` is empty where it is not wanted.
    pub fn flow(
        &mut self,
        out: &mut Vec<u8>,
        time: Nanos,
        flow: &FlowRecord,
        community_id: &str,
        identities: &Identities,
    ) {
        let mut json = Json(out);
        json.begin();
        json.plain("timestamp", |out| self.clock.eve(out, time));
        flow::write(&mut json, &mut self.clock, flow, community_id);
        self.mirrors.flow(&mut json, flow, identities);
        json.end_line();
    }

    /// The statistics of the run at `time`, `uptime` seconds after its beginning.
    pub fn stats(
        &mut self,
        out: &mut Vec<u8>,
        time: Nanos,
        uptime: u64,
        summary: &Summary<'_>,
        identities: &Identities,
    ) {
        let mut json = Json(out);
        json.begin();
        json.plain("timestamp", |out| self.clock.eve(out, time));
        json.text("event_type", "stats");
        stats::write(&mut json, uptime, summary, identities);
        json.end_line();
    }

    /// What all events of packets begin with.
    fn header(&mut self, json: &mut Json<'_>, at: &Context<'_>, event_type: &str) {
        let packet = at.packet;
        json.begin();
        json.plain("timestamp", |out| self.clock.eve(out, packet.time));
        if let Some(flow) = &at.flow {
            json.number("flow_id", flow.id);
        }
        json.number("pcap_cnt", at.frame);
        json.text("event_type", event_type);
        vlans(json, packet.vlans, packet.vlan_count);
        if packet.ip != 0 {
            let ports = packet.has_ports().then_some((packet.sport, packet.dport));
            endpoints(json, packet.ip, &packet.src, &packet.dst, ports);
            protocol(json, packet.proto);
            json.number("ip_v", packet.ip);
        }
        transport::write(json, at);
        json.text("pkt_src", names::packet_source(packet));
        if let Some(flow) = &at.flow {
            json.text_if("community_id", flow.community_id);
        }
    }
}

fn vlans(json: &mut Json<'_>, vlans: [u16; MAX_VLANS], count: u8) {
    if count > 0 {
        json.list("vlan");
        vlans.iter().take(usize::from(count)).for_each(|&id| json.item_number(id));
        json.end_list();
    }
}

fn endpoints(json: &mut Json<'_>, ip: u8, src: &Addr, dst: &Addr, ports: Option<(u16, u16)>) {
    json.plain("src_ip", |out| text::address(out, src, ip));
    if let Some((sport, _)) = ports {
        json.number("src_port", sport);
    }
    json.plain("dest_ip", |out| text::address(out, dst, ip));
    if let Some((_, dport)) = ports {
        json.number("dest_port", dport);
    }
}

fn protocol(json: &mut Json<'_>, proto: u8) {
    match text::protocol(proto) {
        Some(name) => json.text("proto", name),
        None => json.plain("proto", |out| number(out, proto)),
    }
}

#[cfg(test)]
mod tests;
