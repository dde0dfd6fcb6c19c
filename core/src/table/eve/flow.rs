//! The flow event.

use super::{endpoints, protocol, vlans};
use crate::flow::record::{FlowRecord, TcpState};
use crate::packet::{proto, tcp};
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

pub(super) fn write(json: &mut Json<'_>, clock: &mut Clock, flow: &FlowRecord, community_id: &str) {
    json.number("flow_id", flow.id);
    json.text("event_type", "flow");
    vlans(json, flow.vlans, flow.vlan_count);
    let ports = matches!(flow.proto, proto::TCP | proto::UDP | proto::SCTP).then_some((flow.sport, flow.dport));
    endpoints(json, flow.ip, &flow.src, &flow.dst, ports);
    json.number("ip_v", flow.ip);
    protocol(json, flow.proto);
    if matches!(flow.proto, proto::ICMP | proto::ICMPV6) {
        icmp(json, flow);
    }
    json.text_if("community_id", community_id);
    numbers(json, clock, flow);
    if flow.proto == proto::TCP {
        session(json, flow);
    }
}

fn icmp(json: &mut Json<'_>, flow: &FlowRecord) {
    json.number("icmp_type", flow.sport);
    json.number("icmp_code", flow.dport);
    if let Some((kind, code)) = flow.response_icmp {
        json.number("response_icmp_type", kind);
        json.number("response_icmp_code", code);
    }
}

fn numbers(json: &mut Json<'_>, clock: &mut Clock, flow: &FlowRecord) {
    json.object("flow");
    let ([pkts_toserver, pkts_toclient], [bytes_toserver, bytes_toclient]) = (flow.packets, flow.bytes);
    json.number("pkts_toserver", pkts_toserver);
    json.number("pkts_toclient", pkts_toclient);
    json.number("bytes_toserver", bytes_toserver);
    json.number("bytes_toclient", bytes_toclient);
    json.plain("start", |out| clock.eve(out, flow.start));
    json.plain("end", |out| clock.eve(out, flow.end));
    json.number("age", flow.end.div_euclid(SECOND).saturating_sub(flow.start.div_euclid(SECOND)));
    json.text("state", names::flow_state(flow.state));
    json.text("reason", names::end_reason(flow.reason));
    json.flag("alerted", flow.alerted);
    if flow.icmp_errors > 0 {
        json.number("icmp_errors", flow.icmp_errors);
    }
    json.end();
}

/// The `tcp` object; a flow that never made a session shows no flags and no state.
fn session(json: &mut Json<'_>, flow: &FlowRecord) {
    let made = flow.tcp_state != TcpState::None;
    let [to_server, to_client] = if made { flow.tcp_flags } else { [0, 0] };
    json.object("tcp");
    json.plain("tcp_flags", |out| hex(out, u64::from(to_server | to_client), 2));
    json.plain("tcp_flags_ts", |out| hex(out, u64::from(to_server), 2));
    json.plain("tcp_flags_tc", |out| hex(out, u64::from(to_client), 2));
    for (flag, name) in FLAGS {
        if (to_server | to_client) & flag != 0 {
            json.flag(name, true);
        }
    }
    if made {
        json.text("state", names::tcp_state(flow.tcp_state));
    }
    json.end();
}
