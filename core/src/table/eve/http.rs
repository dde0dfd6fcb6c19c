//! Requests with their responses. (specification, http.md, "EVE http")

use super::transaction::{Along, TransactionEvent};
use crate::app::{Head, http::Tx};
use crate::plan::{AlertEvents, HttpEvents, Sides};
use crate::table::json::Json;

/// Fields that `custom` names, of which those behind the mark are the response's. (specification, http.md)
const REQUEST: &[(&str, &str)] = &[
    ("accept", "Accept"),
    ("accept_charset", "Accept-Charset"),
    ("accept_encoding", "Accept-Encoding"),
    ("accept_language", "Accept-Language"),
    ("accept_datetime", "Accept-Datetime"),
    ("authorization", "Authorization"),
    ("cache_control", "Cache-Control"),
    ("cookie", "Cookie"),
    ("from", "From"),
    ("max_forwards", "Max-Forwards"),
    ("origin", "Origin"),
    ("pragma", "Pragma"),
    ("proxy_authorization", "Proxy-Authorization"),
    ("range", "Range"),
    ("te", "TE"),
    ("via", "Via"),
    ("x_requested_with", "X-Requested-With"),
    ("dnt", "DNT"),
    ("x_forwarded_proto", "X-Forwarded-Proto"),
    ("x_authenticated_user", "X-Authenticated-User"),
    ("x_flash_version", "X-Flash-Version"),
    ("true_client_ip", "True-Client-IP"),
    ("org_src_ip", "Org-Src-IP"),
    ("x_bluecoat_via", "X-BlueCoat-Via"),
];
const RESPONSE: &[(&str, &str)] = &[
    ("accept_range", "Accept-Range"),
    ("age", "Age"),
    ("allow", "Allow"),
    ("connection", "Connection"),
    ("content_encoding", "Content-Encoding"),
    ("content_language", "Content-Language"),
    ("content_length", "Content-Length"),
    ("content_location", "Content-Location"),
    ("content_md5", "Content-MD5"),
    ("content_range", "Content-Range"),
    ("content_type", "Content-Type"),
    ("date", "Date"),
    ("etag", "ETags"),
    ("expires", "Expires"),
    ("last_modified", "Last-Modified"),
    ("link", "Link"),
    ("location", "Location"),
    ("proxy_authenticate", "Proxy-Authenticate"),
    ("referer", "Referer"),
    ("refresh", "Refresh"),
    ("retry_after", "Retry-After"),
    ("server", "Server"),
    ("set_cookie", "Set-Cookie"),
    ("trailer", "Trailer"),
    ("transfer_encoding", "Transfer-Encoding"),
    ("upgrade", "Upgrade"),
    ("vary", "Vary"),
    ("warning", "Warning"),
    ("www_authenticate", "WWW-Authenticate"),
];

/// The event of a transaction.
pub(super) fn events(tx: &Tx, head: &Head, options: &HttpEvents) -> Vec<TransactionEvent> {
    let mut members = Vec::new();
    let mut json = Json(&mut members);
    json.number("tx_id", head.number);
    json.object("http");
    basic(&mut json, tx);
    custom(&mut json, tx, &options.custom);
    if options.extended {
        extended(&mut json, tx);
    }
    lists(&mut json, tx, options);
    json.end();
    vec![TransactionEvent { kind: "http", along: Along::Flow, members }]
}

/// What files and, with their own options, alerts show of a transaction.
pub(super) fn member(json: &mut Json<'_>, tx: &Tx, alert: Option<&AlertEvents>) {
    json.object("http");
    basic(json, tx);
    extended(json, tx);
    if let Some(options) = alert {
        body(json, ("http_request_body_printable", "http_request_body"), tx.body(true), options);
        body(json, ("http_response_body_printable", "http_response_body"), tx.body(false), options);
    }
    json.end();
}

/// What there is of a body.
fn body(json: &mut Json<'_>, keys: (&'static str, &'static str), bytes: &[u8], options: &AlertEvents) {
    let (printable, base64) = keys;
    if options.http_body_printable && !bytes.is_empty() {
        json.printable(printable, bytes);
    }
    if options.http_body && !bytes.is_empty() {
        json.base64(base64, bytes);
    }
}

fn bytes_if(json: &mut Json<'_>, key: &'static str, value: &[u8]) {
    if !value.is_empty() {
        json.bytes(key, value);
    }
}

fn field(json: &mut Json<'_>, key: &'static str, tx: &Tx, to_server: bool, name: &str) {
    if let Some(value) = tx.field(to_server, name).filter(|value| !value.is_empty()) {
        json.bytes(key, value);
    }
}

fn basic(json: &mut Json<'_>, tx: &Tx) {
    bytes_if(json, "hostname", tx.host());
    if let Some(port) = tx.port() {
        json.number("http_port", port);
    }
    bytes_if(json, "url", tx.raw_uri());
    field(json, "http_user_agent", tx, true, "User-Agent");
    field(json, "xff", tx, true, "X-Forwarded-For");
    if let Some(kind) = tx.field(false, "Content-Type") {
        let end = memchr::memchr(b';', kind).unwrap_or(kind.len());
        json.bytes("http_content_type", kind.get(..end).unwrap_or_default());
    }
    if let Some(raw) = tx.field(false, "Content-Range") {
        content_range(json, raw);
    }
}

/// `bytes 0-9/100`, or `bytes */100`.
fn content_range(json: &mut Json<'_>, raw: &[u8]) {
    json.object("content_range");
    json.bytes("raw", raw);
    if let Some(range) = crate::app::http::ContentRange::parse(raw) {
        if let Some((start, end)) = range.bytes {
            json.number("start", start);
            json.number("end", end);
        }
        if let Some(size) = range.size {
            json.number("size", size);
        }
    }
    json.end();
}

fn extended(json: &mut Json<'_>, tx: &Tx) {
    field(json, "http_refer", tx, true, "Referer");
    bytes_if(json, "http_method", tx.method());
    bytes_if(json, "protocol", tx.protocol());
    match tx.status() {
        Some(status) => json.number("status", status),
        None => bytes_if(json, "status_string", tx.status_text()),
    }
    field(json, "redirect", tx, false, "Location");
    json.number("length", tx.length());
}

fn custom(json: &mut Json<'_>, tx: &Tx, wanted: &[String]) {
    for (table, to_server) in [(REQUEST, true), (RESPONSE, false)] {
        for (key, name) in table.iter().filter(|(key, _)| wanted.iter().any(|wanted| wanted == key)) {
            match (*key, tx.field(to_server, name)) {
                ("cookie", Some(value)) => cookies(json, value),
                (_, Some(value)) => json.bytes(key, value),
                (_, None) => (),
            }
        }
    }
}

/// Fields as a list: all of them, or those that the section names and that have no key of their own.
fn lists(json: &mut Json<'_>, tx: &Tx, options: &HttpEvents) {
    let has_key = |name: &str| REQUEST.iter().chain(RESPONSE).any(|(key, _)| *key == name);
    let named: Vec<&str> = options.custom.iter().map(String::as_str).filter(|name| !has_key(name)).collect();
    for (key, to_server, all) in
        [("request_headers", true, Sides::Request), ("response_headers", false, Sides::Response)]
    {
        let all = options.all_headers == all || options.all_headers == Sides::Both;
        let is_named = |name: &[u8]| named.iter().any(|named| name.eq_ignore_ascii_case(named.as_bytes()));
        let mut fields = tx.fields(to_server).filter(|(name, _)| all || is_named(name)).peekable();
        if all || fields.peek().is_some() {
            headers(json, key, fields);
        }
    }
}

/// Each cookie as an object of its own.
fn cookies(json: &mut Json<'_>, value: &[u8]) {
    json.list("cookie");
    for cookie in value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|cookie| !cookie.is_empty()) {
        let (name, value) = match memchr::memchr(b'=', cookie) {
            Some(equals) => (cookie.get(..equals), cookie.get(equals + 1..)),
            None => (Some(cookie), None),
        };
        json.item_object();
        json.bytes("name", name.unwrap_or_default());
        json.bytes("value", value.unwrap_or_default());
        json.end();
    }
    json.end_list();
}

fn headers<'a>(json: &mut Json<'_>, key: &'static str, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
    json.list(key);
    for (name, value) in fields {
        json.item_object();
        json.bytes("name", name);
        json.bytes("value", value);
        json.end();
    }
    json.end_list();
}
