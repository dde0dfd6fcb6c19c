//! The netflow event: one direction of a flow.

use super::Ended;
use super::flow::{age, flags, transactions};
use crate::packet::proto;
use crate::table::json::Json;
use crate::table::text::Clock;

pub(super) fn write(json: &mut Json<'_>, clock: &mut Clock, ended: &Ended<'_>, to_server: bool) {
    let flow = ended.flow;
    let side = usize::from(!to_server);
    let of = |pair: &[u64; 2]| pair.get(side).copied().unwrap_or_default();
    json.text("app_proto", ended.application.of_direction(to_server).unwrap_or("unknown"));
    json.object("netflow");
    json.number("pkts", of(&flow.packets));
    json.number("bytes", of(&flow.bytes));
    json.plain("start", |out| clock.eve(out, flow.start));
    json.plain("end", |out| clock.eve(out, flow.end));
    json.number("age", age(flow));
    if let Some((least, most)) = ended.sighted.and_then(|sighted| *sighted.ttl.get(side)?) {
        json.number("min_ttl", least);
        json.number("max_ttl", most);
    }
    transactions(json, ended);
    json.end();
    if flow.proto == proto::TCP {
        let [up, down] = ended.tcp_flags();
        json.object("tcp");
        flags(json, "tcp_flags", if to_server { up } else { down });
        json.end();
    }
}
