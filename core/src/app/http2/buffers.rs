//! What rules can ask of HTTP/2: what they ask of HTTP/1 (specification, http.md, "Buffers"), and frames.

use super::message::{Message, Tx};
use super::{CLOSED, DATA, HEADERS};
use crate::app::ask::{Buffer, Bytes, Value};
use crate::app::http::host_and_port;
use crate::app::{Head, dns, files};

type Get = for<'a> fn(&'a Tx, &'a Head, bool, usize) -> Bytes<'a>;
type Number = fn(&Tx, &Head, bool, usize) -> Option<u64>;

/// What a request is made of, where its line is asked for.
const VERSION: &[u8] = b"HTTP/2";

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

const fn several(name: &'static str, ready: [Option<u8>; 2], get: Get) -> Buffer<Tx> {
    Buffer { name, ready, several: true, get }
}

/// What is not there may have been lost.
fn absent<'a>(message: &Message) -> Bytes<'a> {
    if message.is_cut { Bytes::Unknown } else { Bytes::Absent }
}

/// A field's value.
fn field<'a>(message: &'a Message, name: &str) -> Bytes<'a> {
    match message.exact(name) {
        Some(bytes) => Bytes::There { bytes, original: bytes.len() + usize::from(message.is_field_cut(name)) },
        None => absent(message),
    }
}

macro_rules! field_of {
    ($name:literal) => {
        |tx, _, to_server, _| field(tx.message(to_server), $name)
    };
}

/// A text that is made of a message's fields; nothing where it has none.
fn text<'a>(message: &Message, bytes: &'a [u8]) -> Bytes<'a> {
    if bytes.is_empty() {
        return absent(message);
    }
    Bytes::There { bytes, original: bytes.len() + usize::from(message.is_cut) }
}

fn is_cookie(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"cookie") || name.eq_ignore_ascii_case(b"set-cookie")
}

/// Fields as lines.
fn joined(message: &Message, is_shown: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    for field in message.fields.iter().filter(|field| is_shown(&field.name)) {
        out.extend([field.name.as_slice(), b": ", &field.value, b"\r\n"].concat());
    }
    out
}

fn header<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    text(message, message.texts.header.get_or_init(|| joined(message, |name| !is_cookie(name))))
}

fn raw_header<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    text(message, message.texts.raw.get_or_init(|| joined(message, |_| true)))
}

fn names<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    let make = || {
        let mut names: Vec<&[u8]> = message.fields.iter().map(|field| field.name.as_slice()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        names.insert(0, b"");
        names.extend([b"".as_slice(); 2]);
        names.join(b"\r\n".as_slice())
    };
    text(message, message.texts.names.get_or_init(make))
}

/// A text by its place among several.
fn at<'a>(message: &Message, found: Option<&'a [u8]>, place: usize) -> Bytes<'a> {
    match found {
        Some(bytes) => Bytes::whole(bytes),
        None if place == message.fields.len() => absent(message),
        None => Bytes::Absent,
    }
}

fn name<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    at(message, message.fields.get(place).map(|field| field.name.as_slice()), place)
}

fn line<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let message = tx.message(to_server);
    let make = || message.fields.iter().map(|field| [&field.name, b": ".as_slice(), &field.value].concat()).collect();
    at(message, message.texts.lines.get_or_init(make).get(place).map(Vec::as_slice), place)
}

fn raw_host<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    let name = if tx.request.exact(":authority").is_some() { ":authority" } else { "host" };
    field(&tx.request, name)
}

/// Without who asks and the port, in lower case.
fn host<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    let Some(written) = tx.host() else { return absent(&tx.request) };
    let make = || {
        let user = memchr::memrchr(b'@', written).map_or(0, |at| at + 1);
        let (host, _) = host_and_port(written.get(user..).unwrap_or_default());
        host.to_ascii_lowercase()
    };
    let is_cut = tx.request.is_field_cut(":authority") || tx.request.is_field_cut("host");
    let bytes = tx.request.texts.host.get_or_init(make);
    Bytes::There { bytes, original: bytes.len() + usize::from(is_cut) }
}

/// Those of streams only have one.
fn protocol<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    if tx.stream == 0 { Bytes::Absent } else { Bytes::whole(VERSION) }
}

/// What a first line would be.
fn request_line<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    let Some((method, path)) = tx.request.exact(":method").zip(tx.request.exact(":path")) else {
        return absent(&tx.request);
    };
    let make = || [method, b" ", path, b" ", VERSION, b"\r\n"].concat();
    Bytes::whole(tx.request.texts.line.get_or_init(make))
}

fn response_line<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    let Some(status) = tx.response.exact(":status") else { return absent(&tx.response) };
    Bytes::whole(tx.response.texts.line.get_or_init(|| [VERSION, b" ", status, b"\r\n"].concat()))
}

/// There is none any more.
fn reason<'a>(tx: &'a Tx, _: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    if tx.stream == 0 { Bytes::Absent } else { Bytes::whole(b"") }
}

/// The data, and what it completes.
fn body<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let body = &tx.message(to_server).body;
    match place {
        0 => body.window.shown(),
        1 => Bytes::maybe(body.joined.as_deref()),
        _ => Bytes::Absent,
    }
}

fn cookie<'a>(tx: &'a Tx, _: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    field(tx.message(to_server), if to_server { "cookie" } else { "set-cookie" })
}

macro_rules! dns_names {
    ($get:path) => {
        |tx, head, to_server, place| {
            tx.dns(to_server).map_or(Bytes::Absent, |message| $get(message, head, to_server, place))
        }
    };
}

const fn both_from(ready: u8) -> [Option<u8>; 2] {
    [Some(ready), Some(ready)]
}

/// The buffers.
pub(super) const ROWS: &[Buffer<Tx>] = &[
    up("http.method", HEADERS, field_of!(":method")),
    up("http.uri", HEADERS, field_of!(":path")),
    up("http.uri.raw", HEADERS, field_of!(":path")),
    both("http.protocol", 0, protocol),
    up("http.request_line", DATA, request_line),
    down("http.response_line", DATA, response_line),
    down("http.stat_code", HEADERS, field_of!(":status")),
    down("http.stat_msg", 0, reason),
    both("http.header", HEADERS, header),
    both("http.header.raw", HEADERS, raw_header),
    both("http.header_names", HEADERS, names),
    up("http.host", HEADERS, host),
    up("http.host.raw", HEADERS, raw_host),
    up("http.user_agent", HEADERS, field_of!("user-agent")),
    up("http.referer", HEADERS, field_of!("referer")),
    up("http.accept", HEADERS, field_of!("accept")),
    up("http.accept_enc", HEADERS, field_of!("accept-encoding")),
    up("http.accept_lang", HEADERS, field_of!("accept-language")),
    both("http.connection", HEADERS, field_of!("connection")),
    both("http.content_len", HEADERS, field_of!("content-length")),
    both("http.content_type", HEADERS, field_of!("content-type")),
    both("http.cookie", HEADERS, cookie),
    down("http.server", HEADERS, field_of!("server")),
    down("http.location", HEADERS, field_of!("location")),
    several("http.request_header", [Some(HEADERS), None], line),
    several("http.response_header", [None, Some(HEADERS)], line),
    several("http2.header_name", both_from(HEADERS), name),
    up("http.request_body", DATA, body),
    several("http.response_body", [None, Some(DATA)], body),
    files::data(both_from(DATA)),
    files::name(both_from(DATA)),
    files::magic(both_from(DATA)),
    several("dns.query", [Some(CLOSED), None], dns_names!(dns::query)),
    several("dns.query.name", both_from(CLOSED), dns_names!(dns::queries)),
    several("dns.queries.rrname", both_from(CLOSED), dns_names!(dns::queries)),
    several("dns.answer.name", both_from(CLOSED), dns_names!(dns::answers)),
    several("dns.answers.rrname", both_from(CLOSED), dns_names!(dns::answers)),
    several("dns.authorities.rrname", both_from(CLOSED), dns_names!(dns::authorities)),
    several("dns.additionals.rrname", both_from(CLOSED), dns_names!(dns::additionals)),
    several("dns.response.rrname", [None, Some(CLOSED)], dns_names!(dns::all)),
];

/// Numbers of frames are there from the first on.
const fn number(name: &'static str, get: Number) -> Value<Tx> {
    Value { name, ready: both_from(0), get }
}

macro_rules! numbers_of {
    ($numbers:ident) => {
        |tx, _, to_server, place| tx.message(to_server).$numbers.get(place).map(|number| u64::from(*number))
    };
}

macro_rules! dns_numbers {
    ($get:path) => {
        |tx, head, to_server, place| $get(tx.dns(to_server)?, head, to_server, place)
    };
}

/// The settings, each as its number and its value in one.
fn settings(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    let (number, value) = tx.message(to_server).settings.get(place)?;
    Some(u64::from(*number) << 32 | u64::from(*value))
}

/// 0 for a stream's transaction, 1 for one of the connection.
fn kind(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(u64::from(tx.stream == 0))
}

/// Numbers.
pub(super) const VALUES: &[Value<Tx>] = &[
    number("http2.frametype", numbers_of!(frames)),
    number("http2.errorcode", numbers_of!(errors)),
    number("http2.priority", numbers_of!(priorities)),
    number("http2.window", numbers_of!(windows)),
    number("http2.size_update", numbers_of!(sizes)),
    number("http2.settings", settings),
    number("http2.kind", kind),
    Value { name: "dns.opcode", ready: both_from(CLOSED), get: dns_numbers!(dns::opcode) },
    Value { name: "dns.rcode", ready: both_from(CLOSED), get: dns_numbers!(dns::rcode) },
    Value { name: "dns.rrtype", ready: both_from(CLOSED), get: dns_numbers!(dns::rrtype) },
];
