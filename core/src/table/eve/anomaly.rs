//! The anomaly event.

use super::{Context, payload};
use crate::anomaly::{Entry, Severity};
use crate::app::Event;
use crate::plan::AnomalyEvents;
use crate::stream::{StreamEvent, StreamEvents};
use crate::table::json::Json;
use crate::table::names;

/// Bytes of the packet that are shown with an anomaly.
const HEADER: usize = 32;

/// The layer of what is odd about which protocol a flow speaks.
const DETECTION: &str = "proto_detect";

/// One anomaly of a packet.
#[derive(Clone, Copy)]
pub(super) struct Told {
    kind: &'static str,
    /// Suricata's name where it has that event, else tmrx's.
    event: &'static str,
    name: &'static str,
    layer: &'static str,
    severity: Severity,
}

impl Told {
    /// As type `decode`, or where Suricata has no such event, as type `mirror`.
    fn decoder(entry: &Entry) -> Self {
        let (kind, event) = if entry.suricata.is_empty() { ("mirror", entry.name) } else { ("decode", entry.suricata) };
        Self { kind, event, name: entry.name, layer: entry.layer, severity: entry.severity }
    }

    /// Suricata names the layer of these too.
    fn application(event: Event) -> Self {
        let (event, severity) = (event.name(), Severity::Notice);
        Self { kind: "applayer", event, name: event, layer: DETECTION, severity }
    }

    fn stream(event: StreamEvent) -> Self {
        let entry = event.entry();
        Self { kind: "stream", event: entry.name, name: entry.name, layer: "stream", severity: entry.severity }
    }
}

/// A packet's anomalies that are events: with tmrx's own, all of them; else one for each event of Suricata's.
pub(super) fn told(at: &Context<'_>, options: &AnomalyEvents, own: bool) -> impl Iterator<Item = Told> + use<> {
    let anomalies = if options.decode { at.packet.anomalies } else { Default::default() };
    let again = move |at: usize, told: &Told| {
        !own && anomalies.iter().take(at).any(|other| other.entry().suricata == told.event)
    };
    let entries = anomalies.iter().map(|anomaly| Told::decoder(anomaly.entry())).enumerate();
    let decoder = entries.filter(move |(at, told)| (own || told.kind == "decode") && !again(*at, told));
    let stream = if options.stream { at.events } else { StreamEvents::EMPTY };
    let strange = at.strange.filter(|_| options.applayer).map(Told::application);
    decoder.map(|(_, told)| told).chain(stream.iter().map(Told::stream)).chain(strange)
}

/// With what tmrx says of it where that is wanted, and the packet's first bytes.
pub(super) fn write(json: &mut Json<'_>, at: &Context<'_>, told: Told, options: &AnomalyEvents, own: bool) {
    json.object("anomaly");
    if told.layer == DETECTION {
        json.text_if("app_proto", at.flow.and_then(|flow| flow.application.name()).unwrap_or_default());
    }
    json.text("type", told.kind);
    json.text("event", told.event);
    if told.kind == "applayer" && !own {
        json.text("layer", told.layer);
    }
    if own {
        json.text("name", told.name);
        json.text("layer", told.layer);
        json.text("severity", names::severity(told.severity));
    }
    json.end();
    if options.packet_header {
        payload::packet(json, at, HEADER);
    }
}

/// Something odd about a transaction.
pub(super) fn transaction(json: &mut Json<'_>, protocol: &'static str, name: &'static str) {
    json.object("anomaly");
    json.text("app_proto", protocol);
    json.text("type", "applayer");
    json.text("event", name);
    json.text("layer", "proto_parser");
    json.end();
}
