//! The tables that leave the core. Addresses are 16 bytes in `packets`, text elsewhere.

use super::arrow::{Address, Flag, I64, Lists, Text, Texts, Time, U8, U16, U32, U64, columns};
use super::eve::{Context, Matched};
use super::known::Known;
use super::mirror::flow_identities;
use super::{names, text};
use crate::flow::record::FlowRecord;
use crate::frame::Addr;
use crate::identify::Identities;
use crate::packet::{Layer, MAX_VLANS, NONE, Packet, Wrap};
use crate::plan::{Action, Rule};

columns! {
    /// A row a packet that is tracked.
    Packets "packets" {
        frame: U64;
        time: Time;
        parent: I64, null;
        session: Text, null;
        vni: U32, null;
        erspan_session: U32, null;
        gre_key: U32, null;
        outer_src: Address, null;
        outer_dst: Address, null;
        encapsulation: Text;
        domain: U32;
        vlan: Lists;
        ip: U8;
        src: Address, null;
        dst: Address, null;
        proto: U8, null;
        sport: U16, null;
        dport: U16, null;
        ttl: U8;
        tcp_flags: U8;
        seq: U32;
        ack: U32;
        window: U16;
        layer: Text;
        stop: Text;
        length: U32;
        captured: U32;
        length_source: Text;
        l3: U16;
        l4: U16;
        payload: U16;
        payload_length: U32;
        payload_captured: U32;
        fragment: Flag;
        defragmented: Flag;
        truncated: U8;
        l3_checksum: Text;
        l4_checksum: Text;
        flow_id: U64, null;
        related_flow_id: U64, null;
        anomalies: Texts;
    }
}

columns! {
    /// A row a flow that ended; oriented client to server.
    Flows "flows" {
        flow_id: U64;
        start: Time;
        end: Time;
        ip: U8;
        src: Text;
        dst: Text;
        proto: U8;
        sport: U16;
        dport: U16;
        vlan: Lists;
        domain: U32;
        packets_to_server: U64;
        packets_to_client: U64;
        bytes_to_server: U64;
        bytes_to_client: U64;
        original_bytes_to_server: U64;
        original_bytes_to_client: U64;
        truncated_packets: U64;
        icmp_errors: U8;
        state: Text;
        reason: Text;
        tcp_state: Text, null;
        tcp_flags_to_server: U8;
        tcp_flags_to_client: U8;
        history: Text;
        response_icmp_type: U8, null;
        response_icmp_code: U8, null;
        alerted: Flag;
        community_id: Text;
        sessions: Texts;
        more_sessions: Flag;
        vni: U32, null;
        outer_src: Text, null;
        outer_dst: Text, null;
        encapsulation: Text;
    }
}

columns! {
    /// A row an alert, in the packet's orientation; `action` is the rule's. ICMP has its type and code for ports.
    Alerts "alerts" {
        frame: U64;
        time: Time;
        gid: U32;
        sid: U32;
        rev: U32;
        msg: Text;
        action: Text;
        category: Text;
        priority: U32;
        src: Text, null;
        dst: Text, null;
        proto: U8, null;
        sport: U16, null;
        dport: U16, null;
        flow_id: U64, null;
        domain: U32;
        session: Text, null;
        vni: U32, null;
        outer_src: Text, null;
    }
}

columns! {
    /// A row an anomaly of a packet.
    Anomalies "anomalies" {
        frame: U64;
        time: Time;
        name: Text;
        layer: Text;
        severity: Text;
        src: Text, null;
        dst: Text, null;
        domain: U32;
        session: Text, null;
        vni: U32, null;
        outer_src: Text, null;
    }
}

impl Packets {
    /// Add a packet; `parent` is the row over the run of the packet around it, where that has one.
    pub fn push(&mut self, at: &Context<'_>, parent: Option<i64>, identities: &Identities) {
        let packet = at.packet;
        self.rows += 1;
        self.frame.append_value(at.frame);
        self.time.append_value(packet.time);
        self.parent.append_option(parent);
        self.mirror(at, identities);
        self.network(packet);
        self.transport(packet);
        self.lengths(packet);
        self.flow_id.append_option(at.flow.map(|flow| flow.id));
        self.related_flow_id.append_option(at.quote.and_then(|quote| quote.flow));
        self.anomalies.append_value(packet.anomalies.iter().map(|anomaly| Some(anomaly.entry().name)));
    }

    fn mirror(&mut self, at: &Context<'_>, identities: &Identities) {
        let wrap = at.wrap;
        self.session.append_option(session(identities, at.packet.identity));
        self.vni.append_option(wrap.and_then(Wrap::network));
        self.erspan_session.append_option(wrap.and_then(Wrap::erspan_session));
        self.gre_key.append_option(wrap.and_then(Wrap::gre_key));
        self.outer_src.append_option(wrap.map(|wrap| wrap.outer_src));
        self.outer_dst.append_option(wrap.map(|wrap| wrap.outer_dst));
        self.encapsulation.append_value(wrap.map(|wrap| wrap.encapsulation).unwrap_or_default().name());
        self.domain.append_value(at.packet.domain);
    }

    fn network(&mut self, packet: &Packet) {
        let is_ip = packet.ip != 0;
        append_vlans(&mut self.vlan, packet.vlans, packet.vlan_count);
        self.ip.append_value(packet.ip);
        self.src.append_option(is_ip.then_some(packet.src));
        self.dst.append_option(is_ip.then_some(packet.dst));
        self.proto.append_option(is_ip.then_some(packet.proto));
        self.ttl.append_value(packet.ttl);
        self.fragment.append_value(packet.fragment);
        self.defragmented.append_value(packet.defragmented);
        self.l3_checksum.append_value(packet.l3_checksum.name());
    }

    fn transport(&mut self, packet: &Packet) {
        self.sport.append_option(packet.has_l4().then_some(packet.sport));
        self.dport.append_option(packet.has_l4().then_some(packet.dport));
        self.tcp_flags.append_value(packet.tcp_flags);
        // SCTP and ESP keep other things there.
        let tcp = packet.layer == Layer::Tcp;
        self.seq.append_value(if tcp { packet.seq } else { 0 });
        self.ack.append_value(if tcp { packet.ack } else { 0 });
        self.window.append_value(if tcp { packet.window } else { 0 });
        self.l4_checksum.append_value(packet.l4_checksum.name());
    }

    fn lengths(&mut self, packet: &Packet) {
        self.layer.append_value(names::layer(packet.layer));
        self.stop.append_value(names::stop(packet.stop));
        self.length.append_value(packet.original);
        self.captured.append_value(packet.captured);
        self.length_source.append_value(names::length_source(packet.length_source));
        self.l3.append_value(packet.l3);
        self.l4.append_value(packet.l4);
        self.payload.append_value(packet.payload);
        self.payload_length.append_value(packet.payload_original);
        self.payload_captured.append_value(packet.payload_captured());
        self.truncated.append_value(packet.truncated.0);
    }
}

impl Flows {
    /// Add a flow, with its Community ID.
    pub fn push(&mut self, flow: &FlowRecord, community_id: &str, identities: &Identities) {
        self.rows += 1;
        self.flow_id.append_value(flow.id);
        self.start.append_value(flow.start);
        self.end.append_value(flow.end);
        self.key(flow);
        self.counts(flow);
        self.state(flow);
        self.community_id.append_value(community_id);
        self.mirror(flow, identities);
    }

    fn key(&mut self, flow: &FlowRecord) {
        self.ip.append_value(flow.ip);
        self.src.append_option(spelled(&flow.src, flow.ip));
        self.dst.append_option(spelled(&flow.dst, flow.ip));
        self.proto.append_value(flow.proto);
        self.sport.append_value(flow.sport);
        self.dport.append_value(flow.dport);
        append_vlans(&mut self.vlan, flow.vlans, flow.vlan_count);
        self.domain.append_value(flow.domain);
    }

    fn counts(&mut self, flow: &FlowRecord) {
        let pairs = [
            (&mut self.packets_to_server, &mut self.packets_to_client, flow.packets),
            (&mut self.bytes_to_server, &mut self.bytes_to_client, flow.bytes),
            (&mut self.original_bytes_to_server, &mut self.original_bytes_to_client, flow.original_bytes),
        ];
        for (to_server, to_client, [server, client]) in pairs {
            to_server.append_value(server);
            to_client.append_value(client);
        }
        self.truncated_packets.append_value(flow.truncated_packets);
        self.icmp_errors.append_value(flow.icmp_errors);
    }

    fn state(&mut self, flow: &FlowRecord) {
        let is_tcp = flow.proto == crate::packet::proto::TCP;
        let [to_server, to_client] = flow.tcp_flags;
        self.state.append_value(names::flow_state(flow.state));
        self.reason.append_value(names::end_reason(flow.reason));
        self.tcp_state.append_option(is_tcp.then(|| names::tcp_state(flow.tcp_state)));
        self.tcp_flags_to_server.append_value(to_server);
        self.tcp_flags_to_client.append_value(to_client);
        self.history.append_value(letters(&flow.history));
        self.response_icmp_type.append_option(flow.response_icmp.map(|(kind, _)| kind));
        self.response_icmp_code.append_option(flow.response_icmp.map(|(_, code)| code));
        self.alerted.append_value(flow.alerted);
    }

    fn mirror(&mut self, flow: &FlowRecord, identities: &Identities) {
        let wrap = flow_identities(flow).next().map(|_| &flow.wrap);
        self.sessions.append_value(flow_identities(flow).map(|identity| Some(Known::of(identities, identity).label())));
        self.more_sessions.append_value(flow.more_identities);
        self.vni.append_option(wrap.and_then(Wrap::network));
        self.outer_src.append_option(wrap.map(|wrap| mapped(&wrap.outer_src)));
        self.outer_dst.append_option(wrap.map(|wrap| mapped(&wrap.outer_dst)));
        self.encapsulation.append_value(wrap.map(|wrap| wrap.encapsulation).unwrap_or_default().name());
    }
}

impl Alerts {
    /// Add an alert.
    pub fn push(&mut self, at: &Context<'_>, matched: &Matched<'_>, identities: &Identities) {
        let packet = at.packet;
        self.rows += 1;
        self.frame.append_value(at.frame);
        self.time.append_value(packet.time);
        self.rule(matched.rule);
        self.action.append_value(action(matched.action));
        self.src.append_option(spelled(&packet.src, packet.ip));
        self.dst.append_option(spelled(&packet.dst, packet.ip));
        self.proto.append_option((packet.ip != 0).then_some(packet.proto));
        self.sport.append_option(packet.has_l4().then_some(packet.sport));
        self.dport.append_option(packet.has_l4().then_some(packet.dport));
        self.flow_id.append_option(at.flow.map(|flow| flow.id));
        self.domain.append_value(packet.domain);
        self.session.append_option(session(identities, packet.identity));
        self.vni.append_option(at.wrap.and_then(Wrap::network));
        self.outer_src.append_option(at.wrap.map(|wrap| mapped(&wrap.outer_src)));
    }

    fn rule(&mut self, rule: &Rule) {
        self.gid.append_value(rule.gid);
        self.sid.append_value(rule.sid);
        self.rev.append_value(rule.rev);
        self.msg.append_value(&rule.msg);
        self.category.append_value(&rule.category);
        self.priority.append_value(rule.priority);
    }
}

impl Anomalies {
    /// Add a packet's anomalies, a row each.
    pub fn push(&mut self, at: &Context<'_>, identities: &Identities) {
        let packet = at.packet;
        for entry in packet.anomalies.iter().map(|anomaly| anomaly.entry()) {
            self.rows += 1;
            self.frame.append_value(at.frame);
            self.time.append_value(packet.time);
            self.name.append_value(entry.name);
            self.layer.append_value(entry.layer);
            self.severity.append_value(names::severity(entry.severity));
            self.src.append_option(spelled(&packet.src, packet.ip));
            self.dst.append_option(spelled(&packet.dst, packet.ip));
            self.domain.append_value(packet.domain);
            self.session.append_option(session(identities, packet.identity));
            self.vni.append_option(at.wrap.and_then(Wrap::network));
            self.outer_src.append_option(at.wrap.map(|wrap| mapped(&wrap.outer_src)));
        }
    }
}

fn append_vlans(column: &mut Lists, vlans: [u16; MAX_VLANS], count: u8) {
    column.append_value(vlans.into_iter().take(usize::from(count)).map(Some));
}

/// The id of an identity's session, where it is known.
fn session(identities: &Identities, identity: u32) -> Option<&str> {
    if identity == NONE {
        return None;
    }
    Some(Known::of(identities, identity).session).filter(|session| !session.is_empty())
}

/// An address as text; none where there is no IP.
fn spelled(address: &Addr, ip: u8) -> Option<String> {
    (ip != 0).then(|| spell(|out| text::address(out, address, ip)))
}

fn mapped(address: &Addr) -> String {
    spell(|out| text::mapped(out, address))
}

fn spell(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(39);
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn letters(history: &[u8; 16]) -> String {
    history.iter().take_while(|&&letter| letter != 0).map(|&letter| char::from(letter)).collect()
}

/// The rule's own action.
fn action(action: Action) -> &'static str {
    match action {
        Action::Alert => "alert",
        Action::Pass => "pass",
        Action::Drop => "drop",
        Action::Reject => "reject",
        Action::Config => "config",
    }
}

#[cfg(test)]
mod tests;
