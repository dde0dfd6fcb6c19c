//! DNS messages.

use super::transaction::{Along, TransactionEvent};
use crate::app::Head;
use crate::app::dns::{Data, Message, Name, Query, Record, Soa, flag, names, rrtype};
use crate::frame::Addr;
use crate::plan::DnsEvents;
use crate::table::json::{self, Json};
use crate::table::text;

/// The events of a message.
pub(super) fn events(tx: &Message, head: &Head, options: &DnsEvents) -> Vec<TransactionEvent> {
    let is_wanted = if tx.is_response() { options.responses } else { options.requests };
    if !is_wanted || tx.is_malformed || !has_type(tx, &options.types) {
        return Vec::new();
    }
    if options.version >= 3 {
        let along = if tx.to_server { Along::ToServer } else { Along::ToClient };
        return vec![written(along, |json| third(json, tx, head.number, options))];
    }
    if tx.is_response() {
        return vec![written(Along::Flow, |json| answer(json, tx, options))];
    }
    let queries = tx.queries.iter().filter(|query| is_one_of(query, &options.types));
    queries.map(|query| written(Along::Flow, |json| question(json, tx, query, head))).collect()
}

/// What alerts show of a message.
pub(super) fn member(json: &mut Json<'_>, tx: &Message, head: &Head) {
    third(json, tx, head.number, &DnsEvents::default());
}

/// What is shown of a message that another protocol carries; events have its answers by their types, too.
pub(super) fn carried(json: &mut Json<'_>, tx: &Message, grouped: bool) {
    third(json, tx, 0, &DnsEvents { grouped, ..DnsEvents::default() });
}

fn written(along: Along, write: impl FnOnce(&mut Json<'_>)) -> TransactionEvent {
    let mut members = Vec::new();
    write(&mut Json(&mut members));
    TransactionEvent { kind: "dns", along, members }
}

/// One of its queries is of a type that is wanted; all are where none is named.
fn has_type(tx: &Message, types: &[String]) -> bool {
    types.is_empty() || tx.queries.iter().any(|query| is_one_of(query, types))
}

fn is_one_of(query: &Query, types: &[String]) -> bool {
    let name = query.rrtype.and_then(names::rrtype);
    types.is_empty() || name.is_some_and(|name| types.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
}

/// Version 3.
fn third(json: &mut Json<'_>, tx: &Message, number: u64, options: &DnsEvents) {
    json.object("dns");
    json.number("version", 3);
    json.text("type", if tx.is_response() { "response" } else { "request" });
    json.number("tx_id", number);
    header(json, tx);
    json.number("opcode", tx.opcode());
    rcode(json, tx.rcode());
    if !tx.queries.is_empty() {
        json.list("queries");
        for query in &tx.queries {
            json.item_object();
            asked(json, query);
            json.end();
        }
        json.end_list();
    }
    sections(json, tx, options);
    json.end();
}

/// A query of version 2.
fn question(json: &mut Json<'_>, tx: &Message, query: &Query, head: &Head) {
    json.object("dns");
    json.number("version", 2);
    json.text("type", "query");
    json.number("id", tx.id);
    asked(json, query);
    json.number("tx_id", head.number);
    if tx.flags & flag::Z != 0 {
        json.flag("z", true);
    }
    json.number("opcode", tx.opcode());
    json.end();
}

/// A response of version 2.
fn answer(json: &mut Json<'_>, tx: &Message, options: &DnsEvents) {
    json.object("dns");
    json.number("version", 2);
    json.text("type", "answer");
    header(json, tx);
    json.number("opcode", tx.opcode());
    if let Some(query) = tx.queries.first() {
        asked(json, query);
    }
    rcode(json, tx.rcode());
    sections(json, tx, options);
    json.end();
}

fn header(json: &mut Json<'_>, tx: &Message) {
    json.number("id", tx.id);
    json.plain("flags", |out| {
        let digits = (16 - tx.flags.leading_zeros()).div_ceil(4).max(1);
        json::hex(out, u64::from(tx.flags), digits);
    });
    for (key, bit) in
        [("qr", flag::QR), ("aa", flag::AA), ("tc", flag::TC), ("rd", flag::RD), ("ra", flag::RA), ("z", flag::Z)]
    {
        if tx.flags & bit != 0 {
            json.flag(key, true);
        }
    }
}

fn rcode(json: &mut Json<'_>, number: u16) {
    match names::rcode(number) {
        Some(name) => json.text("rcode", name),
        None => json.plain("rcode", |out| json::number(out, number)),
    }
}

fn asked(json: &mut Json<'_>, query: &Query) {
    name(json, ["rrname", "rrname_truncated"], &query.name);
    if let Some(number) = query.rrtype {
        kind(json, number);
    }
}

fn name(json: &mut Json<'_>, [key, truncated]: [&'static str; 2], name: &Name) {
    json.bytes(key, &name.text);
    if name.is_truncated || name.missing > 0 {
        json.flag(truncated, true);
    }
}

fn kind(json: &mut Json<'_>, number: u16) {
    match names::rrtype(number) {
        Some(name) => json.text("rrtype", name),
        None => json.plain("rrtype", |out| json::number(out, number)),
    }
}

fn sections(json: &mut Json<'_>, tx: &Message, options: &DnsEvents) {
    if options.detailed {
        list(json, "answers", tx.answers.iter());
    }
    if options.grouped && !tx.answers.is_empty() {
        grouped(json, &tx.answers);
    }
    list(json, "authorities", tx.authorities.iter());
    // An OPT record without options says nothing.
    let is_empty = |record: &&Record| matches!(&record.data, Data::Opt(options) if options.is_empty());
    list(json, "additionals", tx.additionals.iter().filter(|record| !is_empty(record)));
}

fn list<'a>(json: &mut Json<'_>, key: &'static str, records: impl Iterator<Item = &'a Record>) {
    let mut records = records.peekable();
    if records.peek().is_none() {
        return;
    }
    json.list(key);
    for record in records {
        match &record.data {
            // One entry for each string.
            Data::Text(strings) => {
                strings.iter().for_each(|text| entry(json, record, |json| json.bytes("rdata", text)))
            }
            data => entry(json, record, |json| detail(json, data)),
        }
    }
    json.end_list();
}

fn entry(json: &mut Json<'_>, record: &Record, data: impl FnOnce(&mut Json<'_>)) {
    json.item_object();
    name(json, ["rrname", "rrname_truncated"], &record.name);
    kind(json, record.rrtype);
    json.number("ttl", record.ttl);
    data(json);
    json.end();
}

fn detail(json: &mut Json<'_>, data: &Data) {
    match data {
        Data::A(_) | Data::Aaaa(_) | Data::Null(_) => json.plain("rdata", |out| plain(out, data)),
        Data::Name(host) => name(json, ["rdata", "rdata_truncated"], host),
        Data::Soa(_) => object(json, "soa", data),
        Data::Srv(..) => object(json, "srv", data),
        Data::Sshfp(..) => object(json, "sshfp", data),
        Data::Opt(options) => opt(json, options),
        Data::Text(_) | Data::Other | Data::Cut => {}
    }
}

fn object(json: &mut Json<'_>, key: &'static str, data: &Data) {
    json.object(key);
    members(json, data);
    json.end();
}

/// What has members.
fn members(json: &mut Json<'_>, data: &Data) {
    match data {
        Data::Soa(start) => soa(json, start),
        Data::Srv(numbers, host) => srv(json, *numbers, host),
        Data::Sshfp(algorithm, kind, fingerprint) => sshfp(json, *algorithm, *kind, fingerprint),
        _ => {}
    }
}

/// What is one string.
fn plain(out: &mut Vec<u8>, data: &Data) {
    match data {
        Data::A(address) => text::address(out, &Addr::v4(*address), 4),
        Data::Aaaa(address) => text::address(out, &Addr(*address), 6),
        Data::Null(bytes) => json::escape_bytes(out, bytes),
        Data::Name(host) => json::escape_bytes(out, &host.text),
        _ => {}
    }
}

fn soa(json: &mut Json<'_>, soa: &Soa) {
    name(json, ["mname", "mname_truncated"], &soa.mname);
    name(json, ["rname", "rname_truncated"], &soa.rname);
    json.number("serial", soa.serial);
    json.number("refresh", soa.refresh);
    json.number("retry", soa.retry);
    json.number("expire", soa.expire);
    json.number("minimum", soa.minimum);
}

fn srv(json: &mut Json<'_>, [priority, weight, port]: [u16; 3], host: &Name) {
    json.number("priority", priority);
    json.number("weight", weight);
    json.number("port", port);
    name(json, ["name", "name_truncated"], host);
}

fn sshfp(json: &mut Json<'_>, algorithm: u8, kind: u8, fingerprint: &[u8]) {
    json.plain("fingerprint", |out| json::colons(out, fingerprint));
    json.number("algo", algorithm);
    json.number("type", kind);
}

fn opt(json: &mut Json<'_>, options: &[(u16, Vec<u8>)]) {
    json.list("opt");
    for (code, data) in options {
        json.item_object();
        json.number("code", *code);
        json.plain("data", |out| data.iter().for_each(|byte| json::hex(out, u64::from(*byte), 2)));
        json.end();
    }
    json.end_list();
}

/// The types that answers are grouped by.
const GROUPS: [(&str, u16); 11] = [
    ("A", rrtype::A),
    ("AAAA", rrtype::AAAA),
    ("CNAME", rrtype::CNAME),
    ("MX", rrtype::MX),
    ("NS", rrtype::NS),
    ("NULL", rrtype::NULL),
    ("PTR", rrtype::PTR),
    ("SOA", rrtype::SOA),
    ("SRV", rrtype::SRV),
    ("SSHFP", rrtype::SSHFP),
    ("TXT", rrtype::TXT),
];

/// What is said of answers by the types of their records.
fn grouped(json: &mut Json<'_>, records: &[Record]) {
    json.object("grouped");
    for (key, number) in GROUPS {
        let mut records = records.iter().filter(|record| record.rrtype == number && !is_bare(record)).peekable();
        if records.peek().is_some() {
            json.list(key);
            records.for_each(|record| group(json, &record.data));
            json.end_list();
        }
    }
    json.end();
}

/// What it says was cut off, or is not what its type has.
fn is_bare(record: &Record) -> bool {
    matches!(record.data, Data::Cut | Data::Other)
}

fn group(json: &mut Json<'_>, data: &Data) {
    match data {
        Data::Text(strings) => strings.iter().for_each(|text| json.item_bytes(text)),
        Data::Soa(_) | Data::Srv(..) | Data::Sshfp(..) => {
            json.item_object();
            members(json, data);
            json.end();
        }
        data => json.item_plain(|out| plain(out, data)),
    }
}
