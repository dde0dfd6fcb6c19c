//! Streams of HTTP/2, and frames of its connections. (specification, protocols.md, "http2")

use super::dns;
use super::transaction::{Along, TransactionEvent};
use crate::app::http2::{Field, Flaw, Item, Message, Tx, names};
use crate::plan::Eve;
use crate::table::json::{self, Json};
use hashbrown::HashSet;
use std::sync::Arc;

/// The event of what has something to show; that of one that carries DNS is DNS's.
pub(super) fn events(section: &Eve, tx: &Tx) -> Vec<TransactionEvent> {
    let (is_wanted, kind) = if tx.is_dns() { (section.doh2, "dns") } else { (section.http2, "http") };
    if !is_wanted || !has_something(&tx.request) && !has_something(&tx.response) {
        return Vec::new();
    }
    let mut members = Vec::new();
    member(&mut Json(&mut members), tx, true);
    vec![TransactionEvent { kind, along: Along::Flow, members }]
}

fn has_something(message: &Message) -> bool {
    let numbers = message.settings.is_empty() && message.errors.is_empty() && message.priorities.is_empty();
    !numbers || !message.fields.is_empty() || !message.marks.is_empty()
}

/// What files and, with which kind of transaction it is, alerts show.
pub(super) fn shown(json: &mut Json<'_>, tx: &Tx, is_alert: bool) {
    if is_alert {
        json.text("sub_state", if tx.stream == 0 { "global" } else { "stream" });
    }
    member(json, tx, false);
}

fn member(json: &mut Json<'_>, tx: &Tx, is_event: bool) {
    json.object("http");
    json.text("version", "2");
    headers(json, "request_headers", &tx.request);
    headers(json, "response_headers", &tx.response);
    field(json, "http_method", &tx.request, ":method");
    field(json, "url", &tx.request, ":path");
    field(json, "hostname", &tx.request, "host");
    field(json, "http_user_agent", &tx.request, "user-agent");
    if let Some(status) = tx.status() {
        json.number("status", status);
    }
    if let Some(length) = length(&tx.response) {
        json.number("length", length);
    }
    json.object("http2");
    json.number("stream_id", tx.stream);
    numbers(json, "request", &tx.request);
    numbers(json, "response", &tx.response);
    json.end();
    json.end();
    if let Some(message) = tx.dns(false).or(tx.dns(true)) {
        dns::carried(json, message, is_event);
    }
}

fn field(json: &mut Json<'_>, key: &'static str, message: &Message, name: &str) {
    if let Some(value) = message.field(name) {
        json.bytes(key, value);
    }
}

/// How long a body is to be.
fn length(message: &Message) -> Option<u64> {
    std::str::from_utf8(message.field("content-length")?).ok()?.parse().ok()
}

/// The fields, each that stands in a table once.
fn headers(json: &mut Json<'_>, key: &'static str, message: &Message) {
    if message.fields.is_empty() && message.marks.is_empty() {
        return;
    }
    json.list(key);
    let (mut marks, mut shown) = (message.marks.iter().peekable(), HashSet::new());
    for (place, field) in message.fields.iter().enumerate() {
        while let Some((_, item)) = marks.next_if(|(before, _)| *before <= place) {
            mark(json, item);
        }
        if shown.insert(Arc::as_ptr(field)) {
            header(json, field);
        }
    }
    marks.for_each(|(_, item)| mark(json, item));
    json.end_list();
}

fn header(json: &mut Json<'_>, field: &Field) {
    json.item_object();
    json.bytes("name", &field.name);
    json.bytes("value", &field.value);
    json.end();
}

/// What stands between fields.
fn mark(json: &mut Json<'_>, item: &Item) {
    json.item_object();
    match item {
        Item::Resized(size) => json.number("table_size_update", *size),
        Item::Flawed(Flaw::NotIndexed) => json.text("error", "HTTP2HEADERDECODENOTINDEXED"),
        Item::Flawed(Flaw::Overflow) => json.text("error", "HTTP2HEADERDECODEINTEGEROVERFLOW"),
        _ => json.text("error", "HTTP2HEADERDECODEERROR"),
    }
    json.end();
}

/// What the frames of a direction say.
fn numbers(json: &mut Json<'_>, key: &'static str, message: &Message) {
    let Message { settings, errors, priorities, .. } = message;
    if settings.is_empty() && errors.is_empty() && priorities.is_empty() {
        return;
    }
    json.object(key);
    if !settings.is_empty() {
        json.list("settings");
        for (number, value) in settings {
            json.item_object();
            named(json, "settings_id", names::setting(*number), (*number).into());
            json.number("settings_value", *value);
            json.end();
        }
        json.end_list();
    }
    if let Some(error) = errors.first() {
        named(json, "error_code", names::error(*error), *error);
    }
    if let Some(priority) = priorities.first() {
        json.number("priority", *priority);
    }
    if let Some(repeated) = message.repeated() {
        json.text("has_multiple", repeated);
    }
    json.end();
}

/// A number by its name, or else as it is.
fn named(json: &mut Json<'_>, key: &'static str, name: Option<&str>, number: u32) {
    match name {
        Some(name) => json.text(key, name),
        None => json.plain(key, |out| json::number(out, number)),
    }
}
