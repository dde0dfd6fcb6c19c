//! The flow event.

use super::Ended;
use crate::app::{Conversation, Protocol};
use crate::flow::record::{FlowRecord, FlowState, TcpState};
use crate::packet::{proto, tcp};
use crate::plan::ExceptionPolicy;
use crate::table::json::{Json, hex};
use crate::table::names;
use crate::table::text::Clock;
use crate::time::SECOND;

const FLAGS: [(u8, &str); 8] = [
    (tcp::SYN, "syn"),
    (tcp::FIN, "fin"),
    (tcp::RST, "rst"),
    (tcp::PSH, "psh"),
    (tcp::ACK, "ack"),
    (tcp::URG, "urg"),
    (tcp::ECE, "ecn"),
    (tcp::CWR, "cwr"),
];

pub(super) fn write(json: &mut Json<'_>, clock: &mut Clock, ended: &Ended<'_>) {
    application(json, &ended.application);
    numbers(json, clock, ended);
    if ended.flow.proto == proto::TCP {
        session(json, ended);
    }
}

/// What a flow speaks, and what its directions gave where that differs.
pub(super) fn application(json: &mut Json<'_>, talk: &Conversation) {
    let Some(name) = talk.name() else { return };
    json.text("app_proto", name);
    for (key, to_server) in [("app_proto_ts", true), ("app_proto_tc", false)] {
        json.text_if(key, talk.differs(to_server).unwrap_or_default());
    }
    for (key, protocol) in [("app_proto_orig", talk.original()), ("app_proto_expected", talk.expected())] {
        json.text_if(key, protocol.map_or("", Protocol::name));
    }
}

fn numbers(json: &mut Json<'_>, clock: &mut Clock, ended: &Ended<'_>) {
    let flow = ended.flow;
    json.object("flow");
    let ([pkts_toserver, pkts_toclient], [bytes_toserver, bytes_toclient]) = (flow.packets, flow.bytes);
    json.number("pkts_toserver", pkts_toserver);
    json.number("pkts_toclient", pkts_toclient);
    json.number("bytes_toserver", bytes_toserver);
    json.number("bytes_toclient", bytes_toclient);
    json.plain("start", |out| clock.eve(out, flow.start));
    json.plain("end", |out| clock.eve(out, flow.end));
    json.number("age", age(flow));
    json.text("state", names::flow_state(flow.state));
    if flow.state == FlowState::Bypassed {
        bypassed(json, flow);
    }
    json.text("reason", names::end_reason(flow.reason));
    json.flag("alerted", flow.alerted);
    if let Some(action) = flow.action {
        json.text("action", names::flow_action(action));
    }
    if let Some(applied) = ended.sighted.map(|sighted| &sighted.exceptions).filter(|applied| !applied.is_empty()) {
        exceptions(json, applied);
    }
    transactions(json, ended);
    if flow.icmp_errors > 0 {
        json.number("icmp_errors", flow.icmp_errors);
    }
    json.end();
}

/// How many transactions it had, where it had some.
pub(super) fn transactions(json: &mut Json<'_>, ended: &Ended<'_>) {
    if ended.transactions > 0 {
        json.number("tx_cnt", ended.transactions);
    }
}

/// What came after the flow was bypassed: by the engine itself, never by the network card.
fn bypassed(json: &mut Json<'_>, flow: &FlowRecord) {
    let [[pkts_toserver, pkts_toclient], [bytes_toserver, bytes_toclient]] = flow.bypassed;
    json.text("bypass", "local");
    json.object("bypassed");
    json.number("pkts_toserver", pkts_toserver);
    json.number("pkts_toclient", pkts_toclient);
    json.number("bytes_toserver", bytes_toserver);
    json.number("bytes_toclient", bytes_toclient);
    json.end();
}

fn exceptions(json: &mut Json<'_>, exceptions: &[(&'static str, ExceptionPolicy)]) {
    json.list("exception_policy");
    for (target, policy) in exceptions {
        json.begin();
        json.text("target", target);
        json.text("policy", names::exception_policy(*policy));
        json.end();
    }
    json.end_list();
}

/// Whole seconds from the second of the first packet to that of the latest.
pub(super) fn age(flow: &FlowRecord) -> i64 {
    flow.end.div_euclid(SECOND).saturating_sub(flow.start.div_euclid(SECOND))
}

/// TCP flags as a number, then those that are set.
pub(super) fn flags(json: &mut Json<'_>, key: &'static str, flags: u8) {
    json.plain(key, |out| hex(out, u64::from(flags), 2));
    set(json, flags);
}

fn set(json: &mut Json<'_>, flags: u8) {
    for (_, name) in FLAGS.iter().filter(|(flag, _)| flags & flag != 0) {
        json.flag(name, true);
    }
}

impl Ended<'_> {
    /// The flags of a TCP flow's session; none where it never made one.
    pub(super) fn tcp_flags(&self) -> [u8; 2] {
        match (self.session, self.flow.tcp_state) {
            (Some(session), _) => session.tcp_flags,
            (None, TcpState::None) => [0, 0],
            (None, _) => self.flow.tcp_flags,
        }
    }

    fn tcp_state(&self) -> TcpState {
        self.session.map_or(self.flow.tcp_state, |session| session.state)
    }
}

/// The `tcp` object; a flow that never made a session shows no flags and no state.
fn session(json: &mut Json<'_>, ended: &Ended<'_>) {
    let [to_server, to_client] = ended.tcp_flags();
    json.object("tcp");
    json.plain("tcp_flags", |out| hex(out, u64::from(to_server | to_client), 2));
    json.plain("tcp_flags_ts", |out| hex(out, u64::from(to_server), 2));
    json.plain("tcp_flags_tc", |out| hex(out, u64::from(to_client), 2));
    set(json, to_server | to_client);
    if ended.tcp_state() != TcpState::None {
        json.text("state", names::tcp_state(ended.tcp_state()));
    }
    if let Some(session) = ended.session {
        for (key, _) in [("ts_gap", session.gap[0]), ("tc_gap", session.gap[1])].into_iter().filter(|(_, gap)| *gap) {
            json.flag(key, true);
        }
        json.number("ts_max_regions", session.max_regions[0]);
        json.number("tc_max_regions", session.max_regions[1]);
        let urgent = [("ts_urgent_oob_data", session.urgent[0]), ("tc_urgent_oob_data", session.urgent[1])];
        for (key, bytes) in urgent.into_iter().filter(|(_, bytes)| *bytes > 0) {
            json.number(key, bytes);
        }
    }
    json.end();
}
