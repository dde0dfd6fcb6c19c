//! What rules can ask of HTTP. (specification, http.md, "Buffers")

use super::message::{Message, Tx};
use super::{BODY, FIELDS, LINE};
use crate::app::ask::{Buffer, Bytes};
use crate::app::{Head, files};

type Get = for<'a> fn(&'a Tx, &'a Head, bool, usize) -> Bytes<'a>;

const fn row(name: &'static str, ready: [Option<u8>; 2], get: Get) -> Buffer<Tx> {
    Buffer { name, ready, several: false, get }
}

const fn up(name: &'static str, ready: u8, get: Get) -> Buffer<Tx> {
    row(name, [Some(ready), None], get)
}

const fn down(name: &'static str, ready: u8, get: Get) -> Buffer<Tx> {
    row(name, [None, Some(ready)], get)
}

const fn both(name: &'static str, ready: u8, get: Get) -> Buffer<Tx> {
    row(name, [Some(ready), Some(ready)], get)
}

/// A part of a first line, which may be cut off.
fn part<'a>(bytes: &'a [u8], is_last: bool, message: &Message) -> Bytes<'a> {
    match (bytes, message.line.is_cut) {
        ([], true) => Bytes::Unknown,
        ([], false) => Bytes::Absent,
        (_, cut) => Bytes::There { bytes, original: bytes.len() + usize::from(cut && is_last) },
    }
}

/// A field's value.
fn field<'a>(tx: &'a Tx, to_server: bool, name: &str) -> Bytes<'a> {
    let fields = &tx.message(to_server).fields;
    if !fields.is_read() {
        return Bytes::Absent;
    }
    match fields.get(name) {
        Some(bytes) => Bytes::There { bytes, original: bytes.len() + usize::from(fields.is_field_cut(name)) },
        None if fields.is_cut() => Bytes::Unknown,
        None => Bytes::Absent,
    }
}

/// A text that is made of a message's fields, once these are there; nothing where it is empty.
fn text<'a>(message: &'a Message, bytes: &'a [u8]) -> Bytes<'a> {
    match bytes {
        [] if message.fields.is_cut() => Bytes::Unknown,
        [] => Bytes::Absent,
        _ => Bytes::There { bytes, original: bytes.len() + usize::from(message.fields.is_cut()) },
    }
}

macro_rules! field_of {
    ($name:literal) => {
        |tx, _, to_server, _| field(tx, to_server, $name)
    };
}

fn is_cookie(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"cookie") || name.eq_ignore_ascii_case(b"set-cookie")
}

fn joined(fields: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn header<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    if !message.fields.is_read() {
        return Bytes::Absent;
    }
    let make = || joined(&mut message.fields.iter().filter(|(name, _)| !is_cookie(name)));
    text(message, message.header.get_or_init(make))
}

fn raw_header<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    if message.fields.is_read() { text(message, message.fields.raw()) } else { Bytes::Absent }
}

fn names<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    if !message.fields.is_read() {
        return Bytes::Absent;
    }
    let make = || {
        let mut out = b"\r\n".to_vec();
        for (name, _) in message.fields.iter() {
            out.extend_from_slice(name);
            out.extend_from_slice(b"\r\n");
        }
        if out.len() > 2 {
            out.extend_from_slice(b"\r\n");
        } else {
            out.clear();
        }
        out
    };
    text(message, message.names.get_or_init(make))
}

fn start<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    if !message.fields.is_read() {
        return Bytes::Absent;
    }
    let make = || {
        let mut out = message.line.text().to_vec();
        out.extend_from_slice(b"\r\n");
        out.extend(joined(&mut message.fields.iter()));
        out.extend_from_slice(b"\r\n");
        out
    };
    text(message, message.start.get_or_init(make))
}

/// The fields one by one, each as a line without its end.
fn lines<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    if !message.fields.is_read() {
        return Bytes::Absent;
    }
    let lines = message
        .lines
        .get_or_init(|| message.fields.iter().map(|(name, value)| [name, b": ", value].concat()).collect());
    let _ = head;
    match lines.get(place) {
        None if message.fields.is_cut() && place == lines.len() => Bytes::Unknown,
        line => Bytes::maybe(line.map(Vec::as_slice)),
    }
}

fn host<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    if !tx.request.fields.is_read() {
        return Bytes::Absent;
    }
    match tx.host() {
        [] if tx.request.fields.is_cut() => Bytes::Unknown,
        [] => Bytes::Absent,
        host => {
            Bytes::There { bytes: host, original: host.len() + usize::from(tx.request.fields.is_field_cut("Host")) }
        }
    }
}

fn raw_host<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    match field(tx, to_server, "Host") {
        Bytes::Absent => host(tx, head, to_server, place),
        found => found,
    }
}

fn uri<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    if tx.is_unseen { Bytes::Absent } else { part(tx.uri(), true, &tx.request) }
}

fn raw_uri<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    part(tx.raw_uri(), true, &tx.request)
}

fn method<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    part(tx.method(), false, &tx.request)
}

fn protocol<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    part(if to_server { message.line.third() } else { message.line.first() }, to_server, message)
}

fn line<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    part(message.line.text(), true, message)
}

fn status<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    part(tx.status_text(), false, &tx.response)
}

fn reason<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    part(tx.response.line.third(), true, &tx.response)
}

fn body<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    tx.message(to_server).body.shown()
}

fn cookie<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    field(tx, to_server, if to_server { "Cookie" } else { "Set-Cookie" })
}

const MANY: bool = true;

/// The buffers.
pub(super) const ROWS: &[Buffer<Tx>] = &[
    up("http.method", LINE, method),
    up("http.uri", LINE, uri),
    up("http.uri.raw", LINE, raw_uri),
    both("http.protocol", LINE, protocol),
    up("http.request_line", LINE, line),
    down("http.response_line", LINE, line),
    down("http.stat_code", LINE, status),
    down("http.stat_msg", LINE, reason),
    both("http.header", FIELDS, header),
    both("http.header.raw", BODY, raw_header),
    both("http.header_names", FIELDS, names),
    both("http.start", FIELDS, start),
    up("http.host", FIELDS, host),
    up("http.host.raw", FIELDS, raw_host),
    up("http.user_agent", FIELDS, field_of!("User-Agent")),
    up("http.referer", FIELDS, field_of!("Referer")),
    up("http.accept", FIELDS, field_of!("Accept")),
    up("http.accept_enc", FIELDS, field_of!("Accept-Encoding")),
    up("http.accept_lang", FIELDS, field_of!("Accept-Language")),
    both("http.connection", FIELDS, field_of!("Connection")),
    both("http.content_len", FIELDS, field_of!("Content-Length")),
    both("http.content_type", FIELDS, field_of!("Content-Type")),
    both("http.cookie", FIELDS, cookie),
    down("http.server", FIELDS, field_of!("Server")),
    down("http.location", FIELDS, field_of!("Location")),
    Buffer { name: "http.request_header", ready: [Some(FIELDS), None], several: MANY, get: lines },
    Buffer { name: "http.response_header", ready: [None, Some(FIELDS)], several: MANY, get: lines },
    up("http.request_body", BODY, body),
    down("http.response_body", BODY, body),
    files::data(FILES),
    files::name(FILES),
    files::magic(FILES),
];

/// Bodies of both directions are files.
const FILES: [Option<u8>; 2] = [Some(BODY), Some(BODY)];
