#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::frame::flag;
use super::side::PREFACE;
use super::*;
use crate::app::{Application as _, Bytes};
use crate::stream::Gap;
use proptest::prelude::*;

struct Told {
    parser: Application,
    transactions: Transactions<Tx>,
}

impl Default for Told {
    fn default() -> Self {
        Self { parser: Application::new(&Applications::default()), transactions: Transactions::new::<Application>() }
    }
}

impl Told {
    fn with(settings: crate::plan::Http2Settings) -> Self {
        let parser = Application::new(&Applications { http2: settings, ..Applications::default() });
        Self { parser, ..Self::default() }
    }

    /// Both directions, one after the other.
    fn of(up: &[u8], down: &[u8]) -> Self {
        let mut told = Self::default();
        told.say(true, &[PREFACE, up].concat());
        told.say(false, down);
        told
    }

    fn say(&mut self, to_server: bool, bytes: &[u8]) {
        assert_eq!(self.parser.parse(to_server, Input::Data(bytes), &mut self.transactions), Parsed::all(bytes));
    }

    fn lose(&mut self, to_server: bool, len: u64) {
        self.parser.parse(to_server, Input::Gap(Gap { len, cause: Cause::Truncated }), &mut self.transactions);
    }

    fn entry(&self, place: usize) -> &Entry<Tx> {
        self.transactions.iter().nth(place).unwrap()
    }

    fn events(&self) -> Vec<&'static str> {
        let all = self.transactions.iter().flat_map(|entry| entry.head.events());
        all.map(|event| Application::EVENTS[usize::from(*event)]).collect()
    }

    fn buffer(&self, place: usize, name: &str, to_server: bool) -> String {
        let Entry { head, tx } = self.entry(place);
        let buffer = Application::BUFFERS.iter().find(|buffer| buffer.name == name).unwrap();
        match (buffer.get)(tx, head, to_server, 0) {
            Bytes::There { bytes, original } if bytes.len() == original => String::from_utf8_lossy(bytes).into_owned(),
            Bytes::There { bytes, .. } => format!("{}…", String::from_utf8_lossy(bytes)),
            Bytes::Absent => "-".to_owned(),
            Bytes::Unknown => "?".to_owned(),
        }
    }

    /// Everything, for comparison.
    fn all(&self) -> Vec<String> {
        let brief = |Entry { head, tx }: &Entry<Tx>| {
            let sides = [true, false].map(|side| {
                let message = tx.message(side);
                let numbers = (&message.frames, &message.errors, &message.settings);
                format!("{:?} {:?} {numbers:?}", message.fields, String::from_utf8_lossy(message.body()))
            });
            format!("{} {sides:?} {:?} {}", tx.stream, head.events(), head.is_complete())
        };
        self.transactions.iter().map(brief).collect()
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field as it is, which no table keeps.
fn field(name: &str, value: &str) -> Vec<u8> {
    [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
}

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

const ALL: u8 = flag::END_HEADERS;
const LAST: u8 = flag::END_HEADERS | flag::END_STREAM;

fn request(stream: u32) -> Vec<u8> {
    let fields = [(":method", "GET"), (":path", "/a"), (":authority", "me@Host.x:80"), ("cookie", "c")];
    frame(kind::HEADERS, LAST, stream, &block(&fields))
}

fn response(stream: u32, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let head = frame(kind::HEADERS, ALL, stream, &block(&[&[(":status", "200")], fields].concat()));
    [head, frame(kind::DATA, flag::END_STREAM, stream, body)].concat()
}

#[test]
fn a_stream_is_a_transaction() {
    let told = Told::of(&request(1), &response(1, &[("server", "s")], b"hello"));
    let want = [
        ("http.method", true, "GET"),
        ("http.uri", true, "/a"),
        ("http.host", true, "host.x"),
        ("http.host.raw", true, "me@Host.x:80"),
        ("http.request_line", true, "GET /a HTTP/2\r\n"),
        ("http.header", true, ":method: GET\r\n:path: /a\r\n:authority: me@Host.x:80\r\n"),
        ("http.cookie", true, "c"),
        ("http.protocol", true, "HTTP/2"),
        ("http.response_line", false, "HTTP/2 200\r\n"),
        ("http.stat_code", false, "200"),
        ("http.stat_msg", false, ""),
        ("http.header_names", false, "\r\n:status\r\nserver\r\n\r\n"),
        ("http.response_header", false, ":status: 200"),
        ("http2.header_name", false, ":status"),
        ("http.response_body", false, "hello"),
        ("http.referer", true, "-"),
    ];
    for (name, to_server, text) in want {
        assert_eq!(told.buffer(0, name, to_server), text, "{name}");
    }
    assert!(told.entry(0).head.is_complete());
    assert_eq!((told.transactions.count(), told.events()), (1, vec!["userinfo_in_uri"]));
}

#[test]
fn a_frame_of_the_connection_is_a_transaction() {
    let settings = frame(kind::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0]);
    let away = frame(kind::GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 2]);
    let told = Told::of(&[settings, frame(kind::SETTINGS, flag::ACK, 0, b""), away].concat(), b"");
    let messages: Vec<_> = told.transactions.iter().map(|entry| &entry.tx.request).collect();
    assert_eq!(messages.len(), 2);
    assert_eq!((&messages[0].settings, &messages[1].errors), (&vec![(2, 0), (4, 65_536)], &vec![2]));
    assert_eq!(told.buffer(0, "http.protocol", true), "-");
}

#[test]
fn a_block_goes_on_in_further_frames() {
    let whole = block(&[(":method", "GET"), (":path", "/long")]);
    let (first, rest) = whole.split_at(7);
    let frames = [frame(kind::HEADERS, flag::END_STREAM, 3, first), frame(kind::CONTINUATION, ALL, 3, rest)].concat();
    let told = Told::of(&frames, b"");
    assert_eq!((told.buffer(0, "http.uri", true).as_str(), told.entry(0).head.progress(true)), ("/long", CLOSED));
    let settings = crate::plan::Http2Settings { max_reassembly_size: 20, ..Default::default() };
    let mut told = Told::with(settings);
    told.say(true, &[PREFACE, &frames].concat());
    assert_eq!(told.events(), ["reassembly_limit_reached"]);
    assert_eq!(told.buffer(0, "http.uri", true), "?");
}

#[test]
fn data_is_unpacked() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&[b'x'; 300]).unwrap();
    let packed = packer.finish().unwrap();
    let told = Told::of(&request(1), &response(1, &[("content-encoding", "gzip")], &packed));
    assert_eq!(told.buffer(0, "http.response_body", false), "x".repeat(300));
    let told = Told::of(&request(1), &response(1, &[("content-encoding", "gzip")], b"plain"));
    assert_eq!(told.events(), ["userinfo_in_uri", "failed_decompression"]);
    assert_eq!(told.buffer(0, "http.response_body", false), "plain");
}

#[test]
fn padding_is_no_data() {
    let padded = [&[3], b"data".as_slice(), &[0; 3]].concat();
    let head = frame(kind::HEADERS, ALL, 1, &block(&[(":method", "PUT")]));
    let frames = [head, frame(kind::DATA, flag::PADDED, 1, &padded)].concat();
    assert_eq!(Told::of(&frames, b"").entry(0).tx.request.body(), b"data");
}

#[test]
fn what_is_odd() {
    let bare = [(":status", "200")];
    let rows: &[(Vec<u8>, &str)] = &[
        (frame(kind::DATA, 0, 0, b"x"), "data_stream_zero"),
        (frame(kind::PING, 0, 1, &[0; 8]), "invalid_frame_header"),
        (frame(kind::PING, 0, 0, &[0; 7]), "invalid_frame_length"),
        (frame(kind::SETTINGS, 0, 0, &[0; 7]), "invalid_frame_length"),
        (frame(kind::HEADERS, ALL | flag::PADDED, 1, &[9, 0x82]), "invalid_frame_length"),
        (frame(kind::HEADERS, ALL, 1, &[0x82, 0xff]), "extra_header_data"),
        (frame(kind::HEADERS, ALL, 1, &[0xc9]), "invalid_header"),
        (frame(kind::HEADERS, ALL, 1, &[0xff; 9]), "header_integer_overflow"),
        (frame(kind::CONTINUATION, ALL, 1, &[0x82]), "invalid_frame_data"),
        (frame(kind::PING, 0, 0, &vec![0; 70_000]), "long_frame_data"),
        (response(1, &[("content-range", "bytes a-b/c")], b"x"), "invalid_range"),
        ([response(1, &[], b"x"), frame(kind::HEADERS, ALL, 1, &block(&bare))].concat(), "stream_id_reuse"),
    ];
    for (bytes, event) in rows {
        let mut told = Told::default();
        told.say(true, &[PREFACE, &frame(kind::HEADERS, LAST, 1, &[0x82])].concat());
        told.say(false, bytes);
        assert!(told.events().contains(event), "{event}: {:?}", told.events());
    }
    let mut told = Told::default();
    told.say(true, &request(1));
    assert_eq!(told.events(), ["invalid_client_magic", "userinfo_in_uri"]);
    let fields = block(&[(":authority", "a.x"), ("host", "b.x")]);
    assert_eq!(Told::of(&frame(kind::HEADERS, LAST, 1, &fields), b"").events(), ["authority_host_mismatch"]);
}

#[test]
fn bounded() {
    let settings = crate::plan::Http2Settings { max_streams: 3, max_frames: 2, ..Default::default() };
    let mut told = Told::with(settings);
    told.say(true, &[PREFACE, &(0..5).flat_map(|stream| request(2 * stream + 1)).collect::<Vec<_>>()].concat());
    assert_eq!(told.events().iter().filter(|event| **event == "too_many_streams").count(), 2);
    told.say(false, &frame(kind::WINDOW_UPDATE, 0, 9, &[0, 0, 0, 1]).repeat(3));
    assert!(told.events().contains(&"too_many_frames"));
    // A field of 4,000 bytes, named by a byte each time.
    let long = [&[0x40, 1, b'a', 0x7f, 0xa1, 0x1e], [b'x'; 4000].as_slice()].concat();
    let bomb = [long, vec![0xbe; 60_000]].concat();
    let told = Told::of(&frame(kind::HEADERS, LAST, 1, &bomb), b"");
    assert_eq!(told.events(), ["compression_bomb"]);
    assert!(told.entry(0).tx.request.fields.len() < 300);
}

#[test]
fn what_the_mirror_cut_is_told_as_far_as_it_goes() {
    let whole = [PREFACE, &request(1), &request(3), &request(5)].concat();
    let length = request(1).len();
    // Within the path of the second request, up to the middle of the third.
    let cut = PREFACE.len() + length + 9 + 9 + 5 + 5;
    let mut told = Told::default();
    told.say(true, &whole[..cut]);
    told.lose(true, length as u64);
    told.say(true, &[whole[cut + length..].to_vec(), request(7)].concat());
    assert_eq!(told.buffer(1, "http.method", true), "GET");
    assert_eq!(told.buffer(1, "http.cookie", true), "?");
    assert!(told.entry(1).head.partial[0]);
    let last = told.transactions.iter().last().unwrap();
    assert_eq!((last.tx.stream, last.tx.request.fields.len()), (7, 4));
}

#[test]
fn a_gap_in_data_is_passed() {
    let head = frame(kind::HEADERS, ALL, 1, &block(&[(":status", "200")]));
    let body = frame(kind::DATA, flag::END_STREAM, 1, &[b'x'; 100]);
    let mut told = Told::of(&request(1), &[head.as_slice(), &body[..50]].concat());
    told.lose(false, 20);
    told.say(false, &[&body[70..], frame(kind::PING, 0, 0, &[0; 8]).as_slice()].concat());
    assert_eq!((told.transactions.count(), told.entry(0).head.is_complete()), (2, true));
    assert!(told.entry(0).head.partial[1]);
    assert_eq!(told.buffer(0, "http.response_body", false), format!("{}…", "x".repeat(80)));
}

#[test]
fn dns_in_a_path_and_in_data() {
    let message = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x01a\x01b\0\0\x01\0\x01";
    let path = "/dns-query?dns=AAABAAABAAAAAAAAAWEBYgAAAQAB";
    let fields = block(&[(":method", "GET"), (":path", path), ("accept", "application/dns-message")]);
    let answer = response(1, &[("content-type", "application/dns-message")], message);
    let told = Told::of(&frame(kind::HEADERS, LAST, 1, &fields), &answer);
    assert_eq!(told.buffer(0, "dns.query", true), "a.b");
    assert_eq!(told.buffer(0, "dns.queries.rrname", false), "a.b");
    assert_eq!(told.transactions.renamed, Some(crate::app::Protocol::Doh2));
    let long = frame(kind::DATA, 0, 1, &[0; 50_000]).repeat(2);
    let head = frame(kind::HEADERS, ALL, 1, &block(&[("content-type", "application/dns-message")]));
    assert_eq!(Told::of(&[head, long].concat(), b"").events(), ["dns_request_too_long"]);
}

#[test]
fn a_request_goes_on() {
    let mut told = Told::default();
    let text = |(name, value): (&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let fields = [("Host", "a.x"), ("HTTP2-Settings", "AAMAAABk"), ("Accept", "*/*")].map(text).to_vec();
    let request = Request { method: b"GET".to_vec(), target: b"/u".to_vec(), fields };
    told.parser.upgraded(&request, &mut told.transactions);
    assert_eq!(told.buffer(0, "http.uri", true), "/u");
    assert_eq!(told.buffer(0, "http.host", true), "a.x");
    assert_eq!(told.entry(1).tx.request.settings, [(3, 100)]);
    told.say(false, &response(1, &[], b"x"));
    assert!(told.entry(0).head.is_complete());
    let wrong = Request { fields: vec![text(("HTTP2-Settings", "AAM"))], ..request };
    let mut told = Told::default();
    told.parser.upgraded(&wrong, &mut told.transactions);
    assert_eq!(told.events(), ["invalid_http1_settings"]);
}

fn session() -> (Vec<u8>, Vec<u8>) {
    let settings = frame(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    let up = [PREFACE, &settings, &request(1), &request(3), &frame(kind::RST_STREAM, 0, 3, &[0, 0, 0, 8])].concat();
    let padded = frame(kind::DATA, flag::PADDED, 1, b"\x02abcd\0\0");
    let down = [settings, padded, response(1, &[("a", "b")], b"body"), response(3, &[], b"more")].concat();
    (up, down)
}

proptest! {
    #[test]
    fn any_split_tells_the_same(step in 1_usize..60, other in 1_usize..60) {
        let (up, down) = session();
        let mut whole = Told::default();
        whole.say(true, &up);
        whole.say(false, &down);
        let mut told = Told::default();
        up.chunks(step).for_each(|piece| told.say(true, piece));
        down.chunks(other).for_each(|piece| told.say(false, piece));
        prop_assert_eq!(told.all(), whole.all());
    }

    #[test]
    fn any_gap_is_survived(at in 0_usize..200, length in 1_usize..200) {
        let (up, down) = session();
        for (to_server, bytes) in [(true, up), (false, down)] {
            let mut told = Told::default();
            let at = at.min(bytes.len());
            told.say(to_server, &bytes[..at]);
            told.lose(to_server, length as u64);
            told.say(to_server, bytes.get(at + length..).unwrap_or_default());
            told.parser.parse(to_server, Input::Eof, &mut told.transactions);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, to_server: bool) {
        let mut told = Told::default();
        told.say(to_server, &bytes);
        told.say(to_server, &[frame(kind::HEADERS, ALL, 1, &bytes), frame(kind::DATA, 9, 1, &bytes)].concat());
        told.lose(to_server, 3);
        told.say(to_server, &bytes);
    }
}
