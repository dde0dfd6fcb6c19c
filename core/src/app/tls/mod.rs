//! TLS 1.0 to 1.3, and the hellos of SSL 2 and 3, to the end of what is not encrypted: a flow is one transaction.

mod asked;
mod certificate;
mod der;
mod fingerprint;
mod hello;
mod record;

pub use certificate::Certificate;
pub use fingerprint::Ja3;
pub use hello::{ClientHello, ServerHello};

use super::ask::{Buffer, Value};
use super::frame::Frames;
use super::{Entry, Head, Input, Parsed, Transactions};
use crate::plan::{Applications, TlsSettings};
use crate::stream::{Cause, Gap};
use hello::Rest;
use record::{Begun, Carries, Found, HEADER, Records};

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

const FRAMES: &[&str] = &["pdu", "hdr", "data", "alert", "heartbeat", "ssl2.hdr", "ssl2.pdu"];

/// Kinds of frames, as `FRAMES` names them.
mod kind {
    pub const PDU: u8 = 1;
    pub const HEADER: u8 = 2;
    pub const DATA: u8 = 3;
    pub const ALERT: u8 = 4;
    pub const HEARTBEAT: u8 = 5;
    pub const OLD_HEADER: u8 = 6;
    pub const OLD_PDU: u8 = 7;
}

/// Bytes of the length of SSL 2 in front of a message.
const OLD_LENGTH: u64 = 2;

/// The frames of a record.
fn frame(frames: &mut Frames, to_server: bool, record: Begun) {
    let Begun { start, length, carries } = record;
    let (header, length) = (HEADER as u64, length as u64);
    let mut frame = |kind, start, length| {
        frames.begin(to_server, kind, start, Some(length));
        frames.tie(to_server, kind, 0);
    };
    if carries == Carries::OldMessage {
        frame(kind::OLD_HEADER, start, header);
        return frame(kind::OLD_PDU, start, OLD_LENGTH + length);
    }
    frame(kind::PDU, start, header + length);
    frame(kind::HEADER, start, header);
    frame(kind::DATA, start + header, length);
    match carries {
        Carries::Alert => frame(kind::ALERT, start + header, length),
        Carries::Heartbeat => frame(kind::HEARTBEAT, start + header, length),
        Carries::Other | Carries::OldMessage => {}
    }
}

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
    /// Application data followed the handshake.
    is_encrypted: bool,
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
    /// The client and the server change to what was agreed on.
    changed: [bool; 2],
}

impl Tx {
    /// The version that holds as far as it is known: the server's, else the client's.
    pub fn version(&self) -> Option<u16> {
        let client = || self.client.as_ref().map(|hello| hello.version).or(self.old_version);
        self.server.as_ref().map(ServerHello::negotiated).or_else(client)
    }

    /// Both sides send what is encrypted.
    fn is_encrypted(&self, head: &Head) -> bool {
        let finished = |to_server| head.progress(to_server) >= finished(to_server);
        self.changed == [true; 2] || self.is_modern() && finished(true) && finished(false)
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
            Found::Record(_) => {}
            Found::Odd(odd) => head.event(odd as u8),
            Found::OldHello(hello) => self.old_hello(head, hello),
            Found::Message { kind, body, missing } => {
                partial(head, to_server, missing > 0);
                self.message(head, to_server, (kind, body, missing), settings);
            }
            Found::ChangeCipherSpec => return self.change_cipher_spec(head, to_server),
            Found::Encrypted => head.advance(to_server, finished(to_server)),
            // Of early data (RFC 8446, section 2.3) the handshake is yet to come.
            Found::Data if to_server && self.server.is_none() => {}
            Found::Data => {
                head.advance(to_server, finished(to_server));
                self.has_answer |= !to_server;
            }
        }
        true
    }

    fn change_cipher_spec(&mut self, head: &mut Head, to_server: bool) -> bool {
        let [client, server] = &mut self.changed;
        *(if to_server { client } else { server }) = true;
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
            let is_asked = self.server.as_ref().is_some_and(ServerHello::is_retry);
            if first.sni.is_some() && hello.sni.is_some() && !is_asked {
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

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = asked::BUFFERS;
    const VALUES: &'static [Value<Tx>] = asked::VALUES;
    const EVENTS: &'static [&'static str] = EVENTS;
    const FRAMES: &'static [&'static str] = FRAMES;
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
        Self { settings: settings.tls, up: Records::default(), down: Records::default(), is_encrypted: false }
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let Self { settings, up, down, is_encrypted } = self;
        let done = Parsed::Consumed { bytes: if let Input::Data(bytes) = input { bytes.len() } else { 0 }, need: 0 };
        if transactions.count() == 0 {
            transactions.open(Tx::default());
        }
        let Some((Entry { head, tx }, frames)) = transactions.with_frames(0) else { return done };
        let records = if to_server { up } else { down };
        let at = frames.at(to_server);
        let (mut flush, mut has_data) = (false, false);
        let mut tell = |found: Found<'_>| {
            if let Found::Record(record) = found {
                if frames.are_wanted() {
                    frame(frames, to_server, record);
                }
                return true;
            }
            flush = true;
            has_data |= found == Found::Data;
            tx.take(head, to_server, found, *settings)
        };
        let parsed = match input {
            Input::Data(bytes) => records.data(at, bytes, &mut tell),
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
        frames.hold(to_server, records.begun_at());
        if let Input::Gap(_) = input
            && !records.is_encrypted
        {
            partial(head, to_server, true);
        }
        let begins = has_data && !*is_encrypted && tx.is_encrypted(head);
        if flush {
            transactions.flush(to_server);
        }
        if begins {
            *is_encrypted = true;
            transactions.encrypted(settings.after);
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
            server >= server::HELLO_DONE && client >= client::CERT_DONE
        };
        let is_known =
            tx.client.is_some() || tx.server.is_some() || tx.old_version.is_some() || !tx.chain(false).is_empty();
        is_known && (end || head.is_complete() || is_seen)
    }
}

#[cfg(test)]
mod tests;
