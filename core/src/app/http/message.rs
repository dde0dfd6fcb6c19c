//! A transaction of HTTP: a request with its response.

use super::events::Event;
use super::fields::Fields;
use super::start_line::StartLine;
use super::uri::{Target, host_and_port, normalise, port};
use super::window::Window;
use crate::plan::HttpSettings;
use std::cell::OnceCell;

/// What stands for the target of a request that was not seen. (specification, http.md, "Transaction")
pub const UNSEEN: &[u8] = b"/libhtp::request_uri_not_seen";

/// A request or a response.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub line: StartLine,
    pub fields: Fields,
    pub body: Window,
    /// Bytes of the body on the wire, with what frames its chunks.
    pub length: u64,
    /// Texts that rules ask for, once they did.
    pub header: OnceCell<Vec<u8>>,
    pub names: OnceCell<Vec<u8>>,
    pub start: OnceCell<Vec<u8>>,
    pub lines: OnceCell<Vec<Vec<u8>>>,
}

/// A request with its response.
#[derive(Debug, Default)]
pub struct Tx {
    pub(super) request: Message,
    pub(super) response: Message,
    /// The target, where it differs from what was sent.
    pub(super) uri: Option<Vec<u8>>,
    host: Vec<u8>,
    port: Option<u16>,
    /// There was a response without it.
    pub(super) is_unseen: bool,
    /// A response that only says to go on came.
    pub(super) went_on: bool,
}

impl Tx {
    /// A response's own, whose request was not seen.
    pub(super) fn unseen() -> Self {
        Self { is_unseen: true, ..Self::default() }
    }

    pub(super) fn message(&self, to_server: bool) -> &Message {
        if to_server { &self.request } else { &self.response }
    }

    pub(super) fn message_mut(&mut self, to_server: bool) -> &mut Message {
        if to_server { &mut self.request } else { &mut self.response }
    }

    /// The method; empty where it was not seen.
    pub fn method(&self) -> &[u8] {
        self.request.line.first()
    }

    /// The target as it was sent.
    pub fn raw_uri(&self) -> &[u8] {
        if self.is_unseen { UNSEEN } else { self.request.line.second() }
    }

    /// The target as rules see it.
    pub fn uri(&self) -> &[u8] {
        self.uri.as_deref().unwrap_or_else(|| self.raw_uri())
    }

    /// The protocol of the request, as it is written.
    pub fn protocol(&self) -> &[u8] {
        self.request.line.third()
    }

    /// The host that is asked, in lower case and without its port.
    pub fn host(&self) -> &[u8] {
        &self.host
    }

    /// The port that the request names.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The status of the response, as it is written.
    pub fn status_text(&self) -> &[u8] {
        self.response.line.second()
    }

    /// The same as a number, where it is one of three digits.
    pub fn status(&self) -> Option<u16> {
        let number = std::str::from_utf8(self.status_text()).ok()?.parse().ok()?;
        (100..=999).contains(&number).then_some(number)
    }

    /// A field of the request (or of the response) by its name.
    pub fn field(&self, to_server: bool, name: &str) -> Option<&[u8]> {
        self.message(to_server).fields.get(name)
    }

    /// All fields of the request (or of the response).
    pub fn fields(&self, to_server: bool) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.message(to_server).fields.iter()
    }

    /// Bytes of the response's body on the wire.
    pub fn length(&self) -> u64 {
        self.response.length
    }

    /// What there is of a body.
    pub fn body(&self, to_server: bool) -> &[u8] {
        self.message(to_server).body.bytes()
    }

    /// Take in the request's first line.
    pub(super) fn ask(&mut self, line: StartLine, settings: &HttpSettings) {
        let is_connect = line.first() == b"CONNECT";
        let uri = line.second();
        self.uri = (!is_plain(uri)).then(|| normalise(uri, is_connect, settings)).filter(|normal| normal != uri);
        self.request.line = line;
    }

    /// Find out the host, now that the request's fields are there.
    pub(super) fn find_host(&mut self, note: &mut impl FnMut(Event)) {
        let target = Target::parse(self.request.line.second(), self.request.line.first() == b"CONNECT");
        let field = self.request.fields.get("Host");
        let is_connect = self.method() == b"CONNECT";
        if field.is_none()
            && !is_connect
            && self.protocol().eq_ignore_ascii_case(b"HTTP/1.1")
            && !self.request.fields.is_cut()
        {
            note(Event::MissingHostHeader);
        }
        let named = target.authority.map(host_and_port);
        let said = field.map(host_and_port);
        if let (Some((named, _)), Some((said, _))) = (named, said)
            && !named.eq_ignore_ascii_case(said)
        {
            note(Event::HostHeaderAmbiguous);
        }
        let checks = [
            (named, Event::RequestUriHostInvalid, Event::InvalidAuthorityPort),
            (said, Event::RequestHeaderHostInvalid, Event::RequestHeaderHostInvalid),
        ];
        for (found, wrong_host, wrong_port) in checks {
            let Some((host, number)) = found else { continue };
            if !is_host(host) {
                note(wrong_host);
            }
            if number.is_some_and(|number| port(number).is_none()) {
                note(wrong_port);
            }
        }
        let (host, _) = named.or(said).unwrap_or_default();
        let number = [named, said].into_iter().flatten().find_map(|(_, number)| port(number?));
        self.host = host.trim_ascii().to_ascii_lowercase();
        self.port = number;
    }
}

/// Nothing of it would be normalised.
fn is_plain(uri: &[u8]) -> bool {
    let mut last = 0;
    uri.first() == Some(&b'/')
        && uri.iter().all(|byte| {
            let is_odd = matches!(byte, b'%' | b'\\' | 0x80..) || last == b'/' && matches!(byte, b'/' | b'.');
            last = *byte;
            !is_odd
        })
}

/// A name or an address, by its characters.
fn is_host(host: &[u8]) -> bool {
    let in_brackets = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    match in_brackets {
        Some(address) => address.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')),
        None => !host.is_empty() && host.trim_ascii().iter().all(fits),
    }
}
