use super::*;
use crate::anomaly::{Anomaly, AnomalySet};
use crate::packet::{Causes, Checksum, Layer, NONE};
use crate::table::testing::{V6, identities, packet, wrap};

/// What is written of a packet, the heading included.
fn written(form: LineForm, columns: &[&str], packet: &Packet) -> String {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut lines = Lines::new(&plan::Lines { form, columns, most: 1 }).unwrap();
    let (mut out, wrap) = (Vec::new(), wrap());
    let wrap = (packet.wrap != NONE).then_some(&wrap);
    let at = Context { frame: 3, wrap, ..Context::of(packet) };
    for _ in 0..2 {
        lines.begin(&mut out);
        lines.packet(&mut out, &at, &identities());
    }
    assert_eq!(lines.shown, 1);
    String::from_utf8(out).unwrap()
}

fn odd() -> Packet {
    let mut anomalies = AnomalySet::default();
    anomalies.add(Anomaly::VlanTooMany);
    anomalies.add(Anomaly::TcpFlags);
    Packet { truncated: Causes(3), captured: 60, anomalies, vlans: [5, 6, 7], vlan_count: 3, ..packet() }
}

#[test]
fn brief_lines() {
    let line = |packet: &Packet| written(LineForm::Line, &[], packet);
    assert_eq!(
        line(&odd()),
        "06:56:11.304062 we\"b vlan 5 vlan 6 vlan 7 10.0.0.1:40000 > 10.0.0.2:80 tcp [P.] 66 bytes, 12 payload, \
         60 captured; cut by packet_length mtu; vlan.too_many tcp.flags\n"
    );
    let v6 = Packet { ip: 6, src: V6, dst: V6, layer: Layer::Udp, wrap: NONE, identity: NONE, ..packet() };
    let v6 = Packet { l4_checksum: Checksum::NotCalculated, ..v6 };
    assert_eq!(
        line(&v6),
        "06:56:11.304062 [2001:0db8:0000:0000:0000:0000:0000:0001]:40000 > \
         [2001:0db8:0000:0000:0000:0000:0000:0001]:80 udp 66 bytes, 12 payload; checksum not calculated\n"
    );
    let icmp = Packet { layer: Layer::Icmp, sport: 8, dport: 0, identity: 5, ..packet() };
    assert_eq!(line(&icmp), "06:56:11.304062 vni 5569041 10.0.0.1 > 10.0.0.2 icmp type 8 code 0 66 bytes\n");
    let other = Packet { layer: Layer::Other, proto: 253, fragment: true, wrap: NONE, ..packet() };
    assert_eq!(line(&other), "06:56:11.304062 10.0.0.1 > 10.0.0.2 protocol 253 fragment 66 bytes\n");
    let arp = Packet { layer: Layer::Arp, ip: 0, wrap: NONE, ..packet() };
    assert_eq!(line(&arp), "06:56:11.304062 arp 66 bytes\n");
}

#[test]
fn chosen_columns() {
    let columns = ["time", "session", "src", "vlan", "fragment", "truncated", "flow_id", "anomalies"];
    assert_eq!(
        written(LineForm::Json, &columns, &odd()),
        concat!(
            r#"{"time":"2016-05-27T06:56:11.304062999Z","session":"tms-0123456789abcdef0","src":"10.0.0.1","#,
            r#""vlan":[5,6,7],"fragment":false,"truncated":["packet_length","mtu"],"#,
            r#""anomalies":["vlan.too_many","tcp.flags"]}"#,
            "\n"
        )
    );
    assert_eq!(
        written(LineForm::Csv, &columns, &odd()),
        "time,session,src,vlan,fragment,truncated,flow_id,anomalies\n2016-05-27T06:56:11.304062999Z,\
         tms-0123456789abcdef0,10.0.0.1,5 6 7,false,packet_length mtu,,vlan.too_many tcp.flags\n"
    );
    assert_eq!(
        written(LineForm::Table, &["sport", "truncated", "dst"], &odd()),
        "sport   truncated   dst\n40000   packet_length mtu  10.0.0.2\n"
    );
}

#[test]
fn fields_are_quoted_where_they_must() {
    let field = |text: &str| {
        let mut out = b"x,".to_vec();
        quoted(&mut out, |out| out.extend_from_slice(text.as_bytes()));
        String::from_utf8(out).unwrap()
    };
    assert_eq!(field("plain"), "x,plain");
    assert_eq!(field("a,\"b\"\n"), "x,\"a,\"\"b\"\"\n\"");
}

#[test]
fn what_a_terminal_would_obey_is_seen() {
    let mut out = Vec::new();
    printable(&mut out, |out| out.extend_from_slice("a\x1b[2Jé".as_bytes()));
    assert_eq!(String::from_utf8(out).unwrap(), "a\\u{1b}[2Jé");
}

#[test]
fn all_columns_unless_some_are_named() {
    let all = written(LineForm::Csv, &[], &packet());
    assert_eq!(all.lines().next().unwrap().split(',').count(), Column::ALL.len());
    assert!(Lines::new(&plan::Lines { form: LineForm::Csv, columns: vec!["vin".into()], most: 0 }).is_err());
}
