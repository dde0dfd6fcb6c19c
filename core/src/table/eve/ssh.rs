//! SSH sessions.

use super::transaction::{Along, TransactionEvent};
use crate::app::ssh::{Peer, Tx};
use crate::table::json::Json;

/// The event of a session of which a side said something.
pub(super) fn events(tx: &Tx) -> Vec<TransactionEvent> {
    if tx.client.protocol.is_none() && tx.server.protocol.is_none() {
        return Vec::new();
    }
    let mut members = Vec::new();
    member(&mut Json(&mut members), tx);
    vec![TransactionEvent { kind: "ssh", along: Along::Flow, members }]
}

/// What alerts show of a session.
pub(super) fn member(json: &mut Json<'_>, tx: &Tx) {
    json.object("ssh");
    peer(json, "client", &tx.client);
    peer(json, "server", &tx.server);
    json.end();
}

fn peer(json: &mut Json<'_>, key: &'static str, peer: &Peer) {
    let Some(protocol) = &peer.protocol else { return };
    json.object(key);
    json.bytes("proto_version", &protocol.bytes);
    if let Some(software) = &peer.software {
        json.bytes("software_version", &software.bytes);
    }
    if let Some(hassh) = &peer.hassh {
        json.object("hassh");
        json.text("hash", &hassh.hash);
        json.bytes("string", &hassh.string);
        json.end();
    }
    json.end();
}
