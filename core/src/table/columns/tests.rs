use super::*;
use crate::anomaly::{Anomaly, AnomalySet};
use crate::packet::{Layer, Wrap};
use crate::table::eve::FlowNow;
use crate::table::testing::{DST, SRC, TIME, flow, identities, packet, rule, wrap};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type, UInt64Type};
use arrow_array::{Array, RecordBatch};

fn text<'a>(batch: &'a RecordBatch, name: &str, row: usize) -> Option<&'a str> {
    let column = batch[name].as_string::<i32>();
    column.is_valid(row).then(|| column.value(row))
}

fn now() -> FlowNow<'static> {
    FlowNow {
        id: 77,
        to_server: true,
        src: SRC,
        dst: DST,
        sport: 1,
        dport: 2,
        start: TIME,
        packets: [1, 0],
        bytes: [1, 0],
        community_id: "",
        noted: None,
        application: Default::default(),
    }
}

fn filled() -> Packets {
    let mut table = Packets::default();
    let mut anomalies = AnomalySet::default();
    anomalies.add(Anomaly::VlanTooMany);
    anomalies.add(Anomaly::ArpHardware);
    let tcp = Packet { vlans: [7, 8, 0], vlan_count: 2, ..packet() };
    let arp = Packet { ip: 0, layer: Layer::Arp, identity: NONE, anomalies, ..packet() };
    let wrap: Wrap = wrap();
    table.push(&Context { frame: 1, wrap: Some(&wrap), flow: Some(now()), ..Context::of(&tcp) }, None, &identities());
    table.push(&Context { frame: 2, ..Context::of(&arp) }, Some(0), &identities());
    table
}

/// The columns that scripts rely on, in this order.
const PACKETS: &[&str] = &[
    "frame",
    "time",
    "parent",
    "session",
    "vni",
    "erspan_session",
    "gre_key",
    "outer_src",
    "outer_dst",
    "encapsulation",
    "domain",
    "vlan",
    "ip",
    "src",
    "dst",
    "proto",
    "sport",
    "dport",
    "ttl",
    "tcp_flags",
    "seq",
    "ack",
    "window",
    "layer",
    "stop",
    "length",
    "captured",
    "length_source",
    "l3",
    "l4",
    "payload",
    "payload_length",
    "payload_captured",
    "fragment",
    "defragmented",
    "truncated",
    "l3_checksum",
    "l4_checksum",
    "flow_id",
    "related_flow_id",
    "anomalies",
];

#[test]
fn packets() {
    let mut table = filled();
    assert_eq!(table.len(), 2);
    let batch = table.finish().unwrap();
    let schema = batch.schema();
    assert_eq!(schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), PACKETS);
    assert_eq!(schema.metadata().get("tmrx.schema").map(String::as_str), Some("1"));
    assert_eq!(batch["frame"].as_primitive::<UInt64Type>().values(), &[1, 2]);
    assert_eq!(batch["time"].as_primitive::<TimestampNanosecondType>().values(), &[TIME, TIME]);
    assert_eq!(batch["parent"].as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [None, Some(0)]);
    assert_eq!(batch["vlan"].as_list::<i32>().value(0).as_primitive::<UInt16Type>().values(), &[7, 8]);
    assert_eq!(batch["src"].as_fixed_size_binary().value(0), SRC.0);
    assert!(
        batch["src"].is_null(1)
            && batch["proto"].is_null(1)
            && batch["sport"].is_null(1)
            && batch["outer_src"].is_null(1)
    );
    assert_eq!((text(&batch, "session", 0), text(&batch, "session", 1)), (Some("tms-0123456789abcdef0"), None));
    assert_eq!((text(&batch, "encapsulation", 0), text(&batch, "encapsulation", 1)), (Some("vxlan"), Some("none")));
    assert_eq!((text(&batch, "layer", 0), text(&batch, "stop", 0)), (Some("tcp"), Some("complete")));
    let anomalies = batch["anomalies"].as_list::<i32>().value(1);
    assert_eq!(anomalies.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["vlan.too_many", "arp.hardware"]);
}

#[test]
fn a_finished_table_starts_again() {
    let mut table = filled();
    table.finish().unwrap();
    assert!(table.is_empty());
    assert_eq!(table.finish().unwrap().num_rows(), 0);
    let (packet, mut table) = (packet(), filled());
    table.finish().unwrap();
    table.push(&Context { frame: 3, ..Context::of(&packet) }, None, &identities());
    assert_eq!(table.finish().unwrap()["frame"].as_primitive::<UInt64Type>().values(), &[3]);
}

#[test]
fn flows() {
    let mut table = Flows::default();
    table.push(&flow(), "1:abc", &identities());
    table.push(&FlowRecord { proto: 17, identity_count: 0, ..flow() }, "1:def", &identities());
    let batch = table.finish().unwrap();
    assert_eq!((text(&batch, "src", 0), text(&batch, "history", 0)), (Some("10.0.0.1"), Some("ShAdDf")));
    assert_eq!((text(&batch, "tcp_state", 0), text(&batch, "tcp_state", 1)), (Some("last_ack"), None));
    assert_eq!((text(&batch, "community_id", 1), text(&batch, "outer_src", 0)), (Some("1:def"), Some("172.31.0.238")));
    assert_eq!(batch["original_bytes_to_server"].as_primitive::<UInt64Type>().values(), &[3000, 3000]);
    assert_eq!(batch["tcp_flags_to_client"].as_primitive::<UInt8Type>().value(0), 0x13);
    let sessions = batch["sessions"].as_list::<i32>();
    assert_eq!(
        sessions.value(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
        ["tms-0123456789abcdef0", "9@172.31.0.238"]
    );
    assert!(sessions.value(1).is_empty() && batch["vni"].is_null(1));
}

#[test]
fn alerts_and_anomalies() {
    let mut anomalies = AnomalySet::default();
    anomalies.add(Anomaly::TcpOptions);
    anomalies.add(Anomaly::TcpFlags);
    let (packet, wrap) = (Packet { anomalies, ..packet() }, wrap());
    let at = Context { frame: 5, wrap: Some(&wrap), flow: Some(now()), ..Context::of(&packet) };
    let (mut alerts, mut table, rule) = (Alerts::default(), Anomalies::default(), rule());
    alerts.push(&at, &Matched::of(&rule), &identities());
    table.push(&at, &identities());
    let (alerts, table) = (alerts.finish().unwrap(), table.finish().unwrap());
    assert_eq!((text(&alerts, "msg", 0), text(&alerts, "dst", 0)), (Some("GET \"it\""), Some("10.0.0.2")));
    assert_eq!(
        (text(&alerts, "action", 0), text(&alerts, "session", 0)),
        (Some("alert"), Some("tms-0123456789abcdef0"))
    );
    assert_eq!((text(&table, "name", 0), text(&table, "name", 1)), (Some("tcp.options"), Some("tcp.flags")));
    assert_eq!((text(&table, "severity", 0), table.num_rows()), (Some("notice"), 2));
}
