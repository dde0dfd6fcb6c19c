//! TLS 1.0 to 1.3, and the hellos of SSL 2 and 3, to the end of what is not encrypted: a flow is one transaction.

mod certificate;
mod der;
mod fingerprint;
mod hello;
mod record;

pub use certificate::Certificate;
pub use fingerprint::Ja3;
pub use hello::{ClientHello, ServerHello};

use super::ask::{Buffer, Bytes, Value};
use super::{Entry, Head, Input, Parsed, Transactions};
use crate::plan::{Applications, TlsSettings};
use crate::stream::{Cause, Gap};
use crate::time::SECOND;
use hello::Rest;
use record::{Found, Records};

/// What can be odd, in the order of `EVENTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Odd {
    InvalidSslv2Header,
    InvalidRecordVersion,
    InvalidRecordType,
    InvalidRecordLength,
    InvalidHandshakeMessage,
    HeartbeatMessage,
    InvalidHeartbeatMessage,
    OverflowHeartbeatMessage,
    HandshakeInvalidLength,
    MultipleSniExtensions,
    InvalidSniType,
    InvalidSniLength,
    InvalidAlertMessage,
    InvalidCertificate,
    CertificateInvalidLength,
    CertificateInvalidVersion,
    CertificateInvalidSerial,
    CertificateInvalidAlgorithmidentifier,
    CertificateInvalidDate,
    CertificateInvalidExtensions,
    CertificateInvalidDer,
    CertificateInvalidSubject,
    CertificateInvalidIssuer,
    CertificateInvalidValidity,
    ErrorMessageEncountered,
}

const EVENTS: &[&str] = &[
    "INVALID_SSLV2_HEADER",
    "INVALID_RECORD_VERSION",
    "INVALID_RECORD_TYPE",
    "INVALID_RECORD_LENGTH",
    "INVALID_HANDSHAKE_MESSAGE",
    "HEARTBEAT_MESSAGE",
    "INVALID_HEARTBEAT_MESSAGE",
    "OVERFLOW_HEARTBEAT_MESSAGE",
    "HANDSHAKE_INVALID_LENGTH",
    "MULTIPLE_SNI_EXTENSIONS",
    "INVALID_SNI_TYPE",
    "INVALID_SNI_LENGTH",
    "INVALID_ALERT_MESSAGE",
    "INVALID_CERTIFICATE",
    "CERTIFICATE_INVALID_LENGTH",
    "CERTIFICATE_INVALID_VERSION",
    "CERTIFICATE_INVALID_SERIAL",
    "CERTIFICATE_INVALID_ALGORITHMIDENTIFIER",
    "CERTIFICATE_INVALID_DATE",
    "CERTIFICATE_INVALID_EXTENSIONS",
    "CERTIFICATE_INVALID_DER",
    "CERTIFICATE_INVALID_SUBJECT",
    "CERTIFICATE_INVALID_ISSUER",
    "CERTIFICATE_INVALID_VALIDITY",
    "ERROR_MESSAGE_ENCOUNTERED",
];

/// Types of handshake messages (RFC 8446, appendix B.3).
mod message {
    pub const CLIENT_HELLO: u8 = 1;
    pub const SERVER_HELLO: u8 = 2;
    pub const CERTIFICATE: u8 = 11;
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    pub const CERTIFICATE_REQUEST: u8 = 13;
    pub const SERVER_HELLO_DONE: u8 = 14;
    pub const CLIENT_KEY_EXCHANGE: u8 = 16;
}

/// How far directions get, as `PROGRESS` names it.
mod client {
    pub const IN_PROGRESS: u8 = 1;
    pub const HELLO_DONE: u8 = 2;
    pub const CERT_DONE: u8 = 3;
    pub const HANDSHAKE_DONE: u8 = 4;
    pub const FINISHED: u8 = 5;
}
mod server {
    pub const IN_PROGRESS: u8 = 1;
    pub const HELLO: u8 = 2;
    pub const CERT_DONE: u8 = 3;
    pub const HELLO_DONE: u8 = 4;
    pub const HANDSHAKE_DONE: u8 = 5;
    pub const FINISHED: u8 = 6;
}

/// What was seen, as `ssl_state` asks for it.
mod state {
    pub const CLIENT_HELLO: u64 = 1;
    pub const SERVER_HELLO: u64 = 2;
    pub const CLIENT_KEY_EXCHANGE: u64 = 4;
    pub const SERVER_KEY_EXCHANGE: u64 = 8;
    pub const UNKNOWN: u64 = 16;
}

/// Certificates of a chain that are read.
const MOST_CERTIFICATES: usize = 32;
/// The version from which on there is nothing to see behind the server's hello, and the first byte of its drafts.
const TLS_1_3: u16 = 0x0304;
const DRAFT: u16 = 0x7f;

/// The parser of a flow.
#[derive(Debug)]
pub struct Application {
    settings: TlsSettings,
    up: Records,
    down: Records,
}

/// A session.
#[derive(Debug, Default)]
pub struct Tx {
    /// What the client offered.
    pub client: Option<ClientHello>,
    /// What the server chose.
    pub server: Option<ServerHello>,
    /// The version of the client's hello of SSL 2.
    pub old_version: Option<u16>,
    /// The client's certificates, and the server's.
    pub certificates: [Vec<Certificate>; 2],
    /// Fingerprint of the client's hello.
    pub ja3: Option<Ja3>,
    /// Fingerprint of the server's.
    pub ja3s: Option<Ja3>,
    /// Another one of the client's.
    pub ja4: Option<String>,
    /// The server goes on with an earlier session.
    pub is_resumed: bool,
    /// The server sent what is no handshake any more.
    has_answer: bool,
    /// The server wants a certificate of the client.
    asks_client: bool,
    state: u64,
}

impl Tx {
    /// The version that holds as far as it is known: the server's, else the client's.
    pub fn version(&self) -> Option<u16> {
        let client = || self.client.as_ref().map(|hello| hello.version).or(self.old_version);
        self.server.as_ref().map(ServerHello::negotiated).or_else(client)
    }

    /// TLS 1.3, of which certificates are never seen.
    pub fn is_modern(&self) -> bool {
        self.server.as_ref().map(ServerHello::negotiated).is_some_and(|version| version >= TLS_1_3)
    }

    /// A side's certificates, its own first.
    pub fn chain(&self, to_server: bool) -> &[Certificate] {
        let [client, server] = &self.certificates;
        if to_server { client } else { server }
    }

    /// Take in what was found; whether what follows is encrypted.
    fn take(&mut self, head: &mut Head, to_server: bool, found: Found<'_>, settings: TlsSettings) -> bool {
        let begun = if to_server { client::IN_PROGRESS } else { server::IN_PROGRESS };
        head.advance(to_server, begun);
        match found {
            Found::Odd(odd) => head.event(odd as u8),
            Found::OldHello(hello) => self.old_hello(head, hello),
            Found::Message { kind, body, missing } => {
                partial(head, to_server, missing > 0);
                self.message(head, to_server, (kind, body, missing), settings);
            }
            Found::ChangeCipherSpec => return self.change_cipher_spec(head, to_server),
            Found::Encrypted => head.advance(to_server, finished(to_server)),
            Found::Data => {
                head.advance(to_server, finished(to_server));
                self.has_answer |= !to_server;
            }
        }
        true
    }

    fn change_cipher_spec(&mut self, head: &mut Head, to_server: bool) -> bool {
        if self.is_modern() {
            // It is there for show, and a second hello may follow (RFC 8446, appendix D.4).
            if to_server {
                head.advance(true, client::FINISHED);
            }
            return false;
        }
        let unseen = self.chain(false).is_empty() && !is_partial(head, false);
        self.is_resumed |= !to_server && unseen && self.server.is_some();
        head.advance(to_server, if to_server { client::HANDSHAKE_DONE } else { server::HANDSHAKE_DONE });
        true
    }

    fn message(
        &mut self,
        head: &mut Head,
        to_server: bool,
        (kind, body, missing): (u8, &[u8], usize),
        settings: TlsSettings,
    ) {
        match (kind, to_server) {
            (message::CLIENT_HELLO, true) => self.client_hello(head, body, missing, settings),
            (message::SERVER_HELLO, false) => self.server_hello(head, body, missing, settings),
            (message::CERTIFICATE, _) => {
                self.chain_of(head, to_server, body, missing);
                head.advance(to_server, if to_server { client::CERT_DONE } else { server::CERT_DONE });
            }
            (message::SERVER_KEY_EXCHANGE, false) => self.state |= state::SERVER_KEY_EXCHANGE,
            (message::CERTIFICATE_REQUEST, false) => self.asks_client = true,
            (message::SERVER_HELLO_DONE, false) => {
                head.advance(false, server::HELLO_DONE);
                if !self.asks_client {
                    head.advance(true, client::CERT_DONE);
                }
            }
            (message::CLIENT_KEY_EXCHANGE, true) => {
                self.state |= state::CLIENT_KEY_EXCHANGE;
                head.advance(true, client::CERT_DONE);
            }
            (0 | 3..=8 | 15 | 17..=25, _) => {}
            _ => {
                self.state |= state::UNKNOWN;
                head.event(Odd::InvalidHandshakeMessage as u8);
            }
        }
        head.change(to_server);
    }

    fn client_hello(&mut self, head: &mut Head, body: &[u8], missing: usize, settings: TlsSettings) {
        let mut hello = ClientHello::read(body, &mut |odd| head.event(odd as u8));
        if hello.is_cut && missing == 0 {
            head.event(Odd::HandshakeInvalidLength as u8);
        }
        hello.is_cut |= missing > 0;
        if let Some(first) = &self.client {
            // A hello is sent again where the server asks for it; the first one is what a client is known by.
            if first.sni.is_some() && hello.sni.is_some() {
                head.event(Odd::MultipleSniExtensions as u8);
            }
            return;
        }
        if !hello.is_cut {
            self.ja3 = settings.ja3.then(|| Ja3::client(&hello));
            self.ja4 = settings.ja4.then(|| fingerprint::ja4(&hello));
        }
        self.client = Some(hello);
        self.state |= state::CLIENT_HELLO;
        head.advance(true, client::HELLO_DONE);
    }

    fn server_hello(&mut self, head: &mut Head, body: &[u8], missing: usize, settings: TlsSettings) {
        let mut hello = ServerHello::read(body);
        if hello.is_cut && missing == 0 {
            head.event(Odd::HandshakeInvalidLength as u8);
        }
        hello.is_cut |= missing > 0;
        if !hello.is_cut {
            self.ja3s = settings.ja3.then(|| Ja3::server(&hello));
        }
        let is_retry = hello.is_retry();
        self.server = Some(hello);
        self.state |= state::SERVER_HELLO;
        if !is_retry {
            head.advance(false, server::HELLO);
        }
    }

    /// The hello of SSL 2, behind its type: a version and three lengths, then ciphers of three bytes.
    fn old_hello(&mut self, head: &mut Head, hello: &[u8]) {
        let mut rest = Rest(hello);
        self.old_version = rest.short();
        self.state |= state::CLIENT_HELLO;
        head.advance(true, client::HELLO_DONE);
    }

    /// Certificates, each behind its length (RFC 5246, section 7.4.2).
    fn chain_of(&mut self, head: &mut Head, to_server: bool, body: &[u8], missing: usize) {
        let mut rest = Rest(body);
        let [client, server] = &mut self.certificates;
        let chain = if to_server { client } else { server };
        let Some(length) = rest.length() else {
            if missing == 0 {
                head.event(Odd::InvalidCertificate as u8);
            }
            return;
        };
        if length != rest.0.len() + missing {
            head.event(Odd::CertificateInvalidLength as u8);
        }
        while let Some(length) = rest.length().filter(|_| chain.len() < MOST_CERTIFICATES) {
            let (der, is_whole) = rest.upto(length);
            let absent = length - der.0.len();
            if !is_whole && absent > missing {
                return head.event(Odd::InvalidCertificate as u8);
            }
            let (certificate, odd) = Certificate::read(der.0, absent);
            if let Some(odd) = odd {
                head.event(odd as u8);
            }
            chain.push(certificate);
        }
    }
}

fn finished(to_server: bool) -> u8 {
    if to_server { client::FINISHED } else { server::FINISHED }
}

fn is_partial(head: &Head, to_server: bool) -> bool {
    let [up, down] = head.partial;
    if to_server { up } else { down }
}

fn partial(head: &mut Head, to_server: bool, is_partial: bool) {
    let [up, down] = &mut head.partial;
    *(if to_server { up } else { down }) |= is_partial;
}

/// What is there, or what can be said where it is not.
fn there<'a>(bytes: Option<&'a [u8]>, head: &Head, to_server: bool) -> Bytes<'a> {
    match bytes {
        Some(bytes) => Bytes::whole(bytes),
        None if is_partial(head, to_server) => Bytes::Unknown,
        None => Bytes::Absent,
    }
}

/// The same of what there may be several of.
fn nth<'a>(list: &'a [Vec<u8>], place: usize, head: &Head, to_server: bool) -> Bytes<'a> {
    match list.get(place) {
        None if place > list.len() => Bytes::Absent,
        found => there(found.map(Vec::as_slice), head, to_server),
    }
}

fn sni<'a>(tx: &'a Tx, head: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    there(tx.client.as_ref().and_then(|hello| hello.sni.as_deref()), head, true)
}

fn alpn<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let offered = tx.client.as_ref().map(|hello| hello.alpns.as_slice());
    let chosen = tx.server.as_ref().map(|hello| hello.alpns.as_slice());
    nth(if to_server { offered } else { chosen }.unwrap_or_default(), place, head, to_server)
}

impl Tx {
    fn random(&self, to_server: bool) -> Option<&[u8]> {
        let (offered, chosen) = (self.client.as_ref(), self.server.as_ref());
        let random = if to_server { &offered?.random } else { &chosen?.random };
        Some(random.as_slice()).filter(|random| !random.is_empty())
    }
}

fn random<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.random(to_server), head, to_server)
}

fn random_time<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.random(to_server).and_then(|random| random.get(..4)), head, to_server)
}

fn random_bytes<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.random(to_server).and_then(|random| random.get(4..)), head, to_server)
}

fn ja3_hash<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let ja3 = if to_server { &tx.ja3 } else { &tx.ja3s };
    there(ja3.as_ref().map(|ja3| ja3.hash.as_bytes()), head, to_server)
}

fn ja3_string<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    let ja3 = if to_server { &tx.ja3 } else { &tx.ja3s };
    there(ja3.as_ref().map(|ja3| ja3.string.as_bytes()), head, to_server)
}

fn ja4_hash<'a>(tx: &'a Tx, head: &'a Head, _: bool, _: usize) -> Bytes<'a> {
    there(tx.ja4.as_deref().map(str::as_bytes), head, true)
}

fn cert_subject<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.subject.as_deref()), head, to_server)
}

fn cert_issuer<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.issuer.as_deref()), head, to_server)
}

fn cert_serial<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.serial.as_deref()).map(str::as_bytes), head, to_server)
}

fn cert_fingerprint<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, _: usize) -> Bytes<'a> {
    there(tx.own(to_server).and_then(|own| own.fingerprint.as_deref()).map(str::as_bytes), head, to_server)
}

fn subject_alternative_name<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    nth(tx.own(to_server).map(|own| own.names.as_slice()).unwrap_or_default(), place, head, to_server)
}

fn certs<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let chain = tx.chain(to_server);
    match chain.get(place) {
        Some(certificate) => {
            Bytes::There { bytes: &certificate.der, original: certificate.der.len() + certificate.missing }
        }
        None if place > chain.len() => Bytes::Absent,
        None => there(None, head, to_server),
    }
}

impl Tx {
    /// A side's own certificate.
    fn own(&self, to_server: bool) -> Option<&Certificate> {
        self.chain(to_server).first()
    }

    fn version_of(&self, to_server: bool) -> Option<u16> {
        let offered = || self.client.as_ref().map(|hello| hello.version).or(self.old_version);
        if to_server { offered() } else { self.server.as_ref().map(ServerHello::negotiated) }
    }
}

/// The number that `tls.version` compares: drafts are TLS 1.3.
fn version(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    let version = tx.version_of(to_server).filter(|_| place == 0)?;
    Some(u64::from(if version >> 8 == DRAFT { TLS_1_3 } else { version }))
}

/// A bit for each version that `ssl_version` names: SSL 2, SSL 3, TLS 1.0 and so on.
fn version_bit(tx: &Tx, head: &Head, to_server: bool, place: usize) -> Option<u64> {
    match version(tx, head, to_server, place)? {
        2 => Some(1),
        number @ 0x0300..=0x0304 => Some(2 << (number & 0xff)),
        _ => Some(0),
    }
}

fn state_bits(tx: &Tx, _: &Head, _: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(tx.state)
}

fn chain_length(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    (place == 0).then_some(tx.chain(to_server).len() as u64)
}

/// Times before 1970 are below those behind it.
fn ordered(seconds: i64) -> u64 {
    seconds.cast_unsigned() ^ (1 << 63)
}

fn not_before(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    tx.own(to_server).filter(|_| place == 0)?.not_before.map(ordered)
}

fn not_after(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    tx.own(to_server).filter(|_| place == 0)?.not_after.map(ordered)
}

/// Whether it is over, at the packet's time.
fn expired(tx: &Tx, head: &Head, to_server: bool, place: usize) -> Option<u64> {
    let end = tx.own(to_server).filter(|_| place == 0)?.not_after?;
    Some(u64::from(end < head.time.div_euclid(SECOND)))
}

/// Whether it holds, at the packet's time.
fn valid(tx: &Tx, head: &Head, to_server: bool, place: usize) -> Option<u64> {
    let begin = tx.own(to_server)?.not_before?;
    let is_expired = expired(tx, head, to_server, place)? == 1;
    Some(u64::from(!is_expired && begin <= head.time.div_euclid(SECOND)))
}

const HELLO: [Option<u8>; 2] = [Some(1), Some(1)];
const UP: [Option<u8>; 2] = [Some(1), None];
const DOWN: [Option<u8>; 2] = [None, Some(1)];
const CERTIFICATES: [Option<u8>; 2] = [Some(2), Some(2)];

type Get = for<'a> fn(&'a Tx, &'a Head, bool, usize) -> Bytes<'a>;

const fn one(name: &'static str, ready: [Option<u8>; 2], get: Get) -> Buffer<Tx> {
    Buffer { name, ready, several: false, get }
}

const fn several(name: &'static str, ready: [Option<u8>; 2], get: Get) -> Buffer<Tx> {
    Buffer { name, ready, several: true, get }
}

const fn number(
    name: &'static str,
    ready: [Option<u8>; 2],
    get: fn(&Tx, &Head, bool, usize) -> Option<u64>,
) -> Value<Tx> {
    Value { name, ready, get }
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = &[
        one("tls.sni", UP, sni),
        several("tls.alpn", HELLO, alpn),
        one("tls.random", HELLO, random),
        one("tls.random_time", HELLO, random_time),
        one("tls.random_bytes", HELLO, random_bytes),
        one("ja3.hash", UP, ja3_hash),
        one("ja3.string", UP, ja3_string),
        one("ja3s.hash", DOWN, ja3_hash),
        one("ja3s.string", DOWN, ja3_string),
        one("ja4.hash", UP, ja4_hash),
        one("tls.cert_subject", CERTIFICATES, cert_subject),
        one("tls.cert_issuer", CERTIFICATES, cert_issuer),
        one("tls.cert_serial", CERTIFICATES, cert_serial),
        one("tls.cert_fingerprint", CERTIFICATES, cert_fingerprint),
        several("tls.subjectaltname", [None, Some(2)], subject_alternative_name),
        several("tls.certs", CERTIFICATES, certs),
    ];
    const VALUES: &'static [Value<Tx>] = &[
        number("tls.version", CERTIFICATES, version),
        number("ssl_version", CERTIFICATES, version_bit),
        number("ssl_state", HELLO, state_bits),
        number("tls.cert_chain_len", CERTIFICATES, chain_length),
        number("tls_cert_notbefore", CERTIFICATES, not_before),
        number("tls_cert_notafter", CERTIFICATES, not_after),
        number("tls_cert_expired", CERTIFICATES, expired),
        number("tls_cert_valid", CERTIFICATES, valid),
    ];
    const EVENTS: &'static [&'static str] = EVENTS;
    const PROGRESS: [&'static [&'static str]; 2] = [
        &[
            "request_started",
            "client_in_progress",
            "client_hello_done",
            "client_cert_done",
            "client_handshake_done",
            "client_finished",
            "request_complete",
        ],
        &[
            "response_started",
            "server_in_progress",
            "server_hello",
            "server_cert_done",
            "server_hello_done",
            "server_handshake_done",
            "server_finished",
            "response_complete",
        ],
    ];

    fn new(settings: &Applications) -> Self {
        Self { settings: settings.tls, up: Records::default(), down: Records::default() }
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let Self { settings, up, down } = self;
        let done = Parsed::Consumed { bytes: if let Input::Data(bytes) = input { bytes.len() } else { 0 }, need: 0 };
        if transactions.count() == 0 {
            transactions.open(Tx::default());
        }
        let Some(Entry { head, tx }) = transactions.get(0) else { return done };
        let records = if to_server { up } else { down };
        let mut flush = false;
        let mut tell = |found: Found<'_>| {
            flush = true;
            tx.take(head, to_server, found, *settings)
        };
        let parsed = match input {
            Input::Data(bytes) => records.data(bytes, &mut tell),
            Input::Gap(Gap { len, cause }) => {
                records.gap(if cause == Cause::Depth { u64::MAX } else { len }, &mut tell);
                Ok(())
            }
            Input::Eof => {
                records.end(&mut tell);
                head.end(to_server);
                Ok(())
            }
            // It has no datagrams.
            Input::Datagram { .. } => Err(()),
        };
        if let Input::Gap(_) = input
            && !records.is_encrypted
        {
            partial(head, to_server, true);
        }
        if flush {
            transactions.flush(to_server);
        }
        if parsed.is_ok() { done } else { Parsed::Failed }
    }

    fn is_told(entry: &Entry<Tx>, end: bool) -> bool {
        let Entry { head, tx } = entry;
        let (client, server) = (head.progress(true), head.progress(false));
        let is_seen = if tx.is_modern() {
            client >= client::FINISHED && server >= server::FINISHED
        } else if tx.is_resumed {
            tx.has_answer
        } else {
            server >= server::CERT_DONE && !(tx.asks_client && client < client::CERT_DONE)
        };
        end || head.is_complete() || is_seen
    }
}

#[cfg(test)]
mod tests;
