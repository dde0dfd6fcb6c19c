//! FTP: commands with their replies, and what data connections are for.

use super::transaction::{Along, TransactionEvent};
use crate::app::{ftp, ftp_data};
use crate::table::json::Json;

/// The event of a command.
pub(super) fn events(tx: &ftp::Tx) -> Vec<TransactionEvent> {
    let mut members = Vec::new();
    member(&mut Json(&mut members), tx);
    vec![TransactionEvent { kind: "ftp", along: Along::Flow, members }]
}

/// The event of a data connection.
pub(super) fn data_events(tx: &ftp_data::Tx) -> Vec<TransactionEvent> {
    let mut members = Vec::new();
    data_member(&mut Json(&mut members), tx);
    vec![TransactionEvent { kind: "ftp_data", along: Along::Flow, members }]
}

/// What alerts show of a command.
pub(super) fn member(json: &mut Json<'_>, tx: &ftp::Tx) {
    json.object("ftp");
    if let Some(command) = tx.command {
        json.text("command", command.name);
        if !tx.argument.is_empty() {
            json.bytes("command_data", &tx.argument);
            json.flag("command_truncated", tx.is_long || tx.missing > 0);
        }
    }
    list(json, "completion_code", tx.replies.iter().filter_map(|reply| reply.code.as_ref()).map(<[u8; 3]>::as_slice));
    list(json, "reply", tx.replies.iter().map(|reply| reply.text.as_slice()));
    if let Some(port) = tx.port {
        json.number("dynamic_port", port);
    }
    if tx.negotiates() {
        json.text("mode", if tx.is_active { "active" } else { "passive" });
    }
    json.text("reply_received", if tx.is_answered { "yes" } else { "no" });
    json.flag("reply_truncated", tx.has_long_replies || tx.replies.iter().any(|reply| reply.missing > 0));
    json.end();
}

/// What alerts and files show of a data connection.
pub(super) fn data_member(json: &mut Json<'_>, tx: &ftp_data::Tx) {
    json.object("ftp_data");
    if !tx.name.is_empty() {
        json.bytes("filename", &tx.name);
    }
    json.text("command", tx.command);
    json.end();
}

fn list<'a>(json: &mut Json<'_>, key: &'static str, texts: impl Iterator<Item = &'a [u8]>) {
    let mut texts = texts.peekable();
    if texts.peek().is_some() {
        json.list(key);
        texts.for_each(|text| json.item_bytes(text));
        json.end_list();
    }
}
