//! The anomaly event.

use super::{Context, payload};
use crate::anomaly::Entry;
use crate::packet::Packet;
use crate::plan::AnomalyEvents;
use crate::table::json::Json;
use crate::table::names;

/// Bytes of the packet that are shown with an anomaly.
const HEADER: usize = 32;

/// What an anomaly is to Suricata: an event of its decoder or of a stream, or (tmrx's own) neither.
fn kind(entry: &Entry) -> &'static str {
    match entry.suricata.split_once('.') {
        Some(("stream", _)) => "stream",
        Some(_) => "decode",
        None => "mirror",
    }
}

/// A packet's anomalies that are events: with tmrx's own, all of those; else one for each event of Suricata's.
pub(super) fn told<'a>(
    packet: &'a Packet,
    options: &AnomalyEvents,
    own: bool,
) -> impl Iterator<Item = &'static Entry> + use<'a> {
    let options = *options;
    let wanted = move |entry: &Entry| match kind(entry) {
        "stream" => options.stream,
        "decode" => options.decode,
        _ => own && options.decode,
    };
    let entries = packet.anomalies.iter().map(|anomaly| anomaly.entry()).enumerate();
    let again = move |at: usize, entry: &Entry| {
        let mut earlier = packet.anomalies.iter().take(at);
        !own && earlier.any(|other| other.entry().suricata == entry.suricata)
    };
    entries.filter(move |(at, entry)| wanted(entry) && !again(*at, entry)).map(|(_, entry)| entry)
}

/// Under Suricata's name where it has that event, else under tmrx's; with what tmrx says of it, where that is wanted.
pub(super) fn write(json: &mut Json<'_>, at: &Context<'_>, entry: &Entry, options: &AnomalyEvents, own: bool) {
    json.object("anomaly");
    json.text("type", kind(entry));
    json.text("event", if entry.suricata.is_empty() { entry.name } else { entry.suricata });
    if own {
        json.text("name", entry.name);
        json.text("layer", entry.layer);
        json.text("severity", names::severity(entry.severity));
    }
    json.end();
    if options.packet_header {
        payload::packet(json, at, HEADER);
    }
}
