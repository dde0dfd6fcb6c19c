//! The anomaly event.

use crate::anomaly::Entry;
use crate::table::json::Json;
use crate::table::names;

/// Under Suricata's name, as type `decode`, where it has that event; else under tmrx's, as type `mirror`.
pub(super) fn write(json: &mut Json<'_>, entry: &Entry) {
    let (kind, event) = if entry.suricata.is_empty() { ("mirror", entry.name) } else { ("decode", entry.suricata) };
    json.object("anomaly");
    json.text("type", kind);
    json.text("event", event);
    json.text("name", entry.name);
    json.text("layer", entry.layer);
    json.text("severity", names::severity(entry.severity));
    json.end();
}
