//! DNS messages.

use super::transaction::{Along, TransactionEvent};
use crate::app::{Head, dns::Tx};
use crate::plan::DnsEvents;
use crate::table::json::Json;

/// The events of a message.
pub(super) fn events(tx: &Tx, head: &Head, _options: &DnsEvents) -> Vec<TransactionEvent> {
    let mut members = Vec::new();
    member(&mut Json(&mut members), tx, head);
    vec![TransactionEvent { kind: "dns", along: Along::Packet, members }]
}

/// What alerts show of a message.
pub(super) fn member(json: &mut Json<'_>, tx: &Tx, _head: &Head) {
    json.object("dns");
    json.number("version", 3);
    json.text("type", if tx.is_response { "response" } else { "request" });
    json.end();
}
