//! Messages of multicast DNS and LLMNR.

use super::transaction::{Along, TransactionEvent};
use crate::app::dns::{Data, Message, Name, Record, flag, names};
use crate::frame::Addr;
use crate::table::json::{self, Json};
use crate::table::text;

/// The flags of a protocol, by their letters.
type Letters = &'static [(&'static str, u16)];

const MDNS: Letters = &[
    ("aa", flag::AA),
    ("tc", flag::TC),
    ("rd", flag::RD),
    ("ra", flag::RA),
    ("z", flag::Z),
    ("ad", 0x20),
    ("cd", 0x10),
];
/// Conflict, truncated, tentative (RFC 4795, section 2.1.1).
const LLMNR: Letters = &[("c", flag::AA), ("tc", flag::TC), ("t", flag::RD)];

/// The event of a multicast DNS message.
pub(super) fn mdns_events(tx: &Message) -> Vec<TransactionEvent> {
    events("mdns", Along::Flow, tx, mdns)
}

/// What alerts show of one.
pub(super) fn mdns(json: &mut Json<'_>, tx: &Message) {
    message(json, "mdns", MDNS, tx);
}

/// The event of an LLMNR message.
pub(super) fn llmnr_events(tx: &Message) -> Vec<TransactionEvent> {
    // A response that goes to the server is that of a request to many, in a flow of its own.
    let along = if tx.is_response() && tx.to_server { Along::ToClient } else { Along::Flow };
    events("llmnr", along, tx, llmnr)
}

/// What alerts show of one.
pub(super) fn llmnr(json: &mut Json<'_>, tx: &Message) {
    message(json, "llmnr", LLMNR, tx);
}

fn events(
    kind: &'static str,
    along: Along,
    tx: &Message,
    write: fn(&mut Json<'_>, &Message),
) -> Vec<TransactionEvent> {
    let mut members = Vec::new();
    write(&mut Json(&mut members), tx);
    let event = TransactionEvent { kind, along, members };
    Some(event).filter(|_| !tx.is_malformed).into_iter().collect()
}

fn message(json: &mut Json<'_>, kind: &'static str, letters: Letters, tx: &Message) {
    json.object(kind);
    json.text("type", if tx.is_response() { "response" } else { "request" });
    json.number("id", tx.id);
    let mut flags = letters.iter().filter(|(_, bit)| tx.flags & bit != 0).peekable();
    if flags.peek().is_some() {
        json.list("flags");
        flags.for_each(|(letter, _)| json.item(letter));
        json.end_list();
    }
    json.number("opcode", tx.opcode());
    if kind == "mdns" {
        json.number("rcode", tx.rcode());
    }
    if !tx.queries.is_empty() {
        json.list("queries");
        for query in &tx.queries {
            json.item_object();
            rrname(json, &query.name);
            if let Some(number) = query.rrtype {
                json.text("rrtype", &rrtype(number));
            }
            json.end();
        }
        json.end_list();
    }
    for (key, records) in [("answers", &tx.answers), ("authorities", &tx.authorities), ("additionals", &tx.additionals)]
    {
        if !records.is_empty() {
            json.list(key);
            records.iter().for_each(|record| entry(json, record));
            json.end_list();
        }
    }
    json.end();
}

fn rrname(json: &mut Json<'_>, name: &Name) {
    json.bytes("rrname", &name.text);
    if name.is_truncated || name.missing > 0 {
        json.flag("rrname_truncated", true);
    }
}

fn rrtype(number: u16) -> String {
    names::rrtype(number).map_or_else(|| number.to_string(), str::to_ascii_lowercase)
}

/// A record, with what it says under its type's name.
fn entry(json: &mut Json<'_>, record: &Record) {
    json.item_object();
    rrname(json, &record.name);
    let key = rrtype(record.rrtype);
    match &record.data {
        Data::A(address) => data(json, &key, |out| text::address(out, &Addr::v4(*address), 4)),
        Data::Aaaa(address) => data(json, &key, |out| text::address(out, &Addr(*address), 6)),
        Data::Name(host) => data(json, &key, |out| json::escape_bytes(out, &host.text)),
        Data::Text(strings) => {
            json.list("txt");
            strings.iter().for_each(|string| json.item_bytes(string));
            json.end_list();
        }
        _ => {}
    }
    json.end();
}

fn data(json: &mut Json<'_>, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
    json.name(key);
    json.0.push(b'"');
    write(json.0);
    json.0.push(b'"');
}
