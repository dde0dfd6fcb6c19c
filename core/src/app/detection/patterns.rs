//! Fixed strings at fixed places: a hit decides at once.

use super::{Answer, Direction, Protocol, Sought, Transport};
use crate::app::http::METHODS;
use Protocol as P;
use Transport::{Tcp, Udp};

/// Which way a pattern goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
    Both,
}
use Way::{Both, Down, Up};

/// A string at an offset. `folded`: case does not matter.
struct Pattern {
    protocol: Protocol,
    transport: Transport,
    way: Way,
    offset: usize,
    text: &'static [u8],
    folded: bool,
}

const fn exact(protocol: Protocol, transport: Transport, way: Way, offset: usize, text: &'static [u8]) -> Pattern {
    Pattern { protocol, transport, way, offset, text, folded: false }
}

const fn folded(protocol: Protocol, way: Way, text: &'static [u8]) -> Pattern {
    Pattern { protocol, transport: Tcp, way, offset: 0, text, folded: true }
}

/// FTP's port.
const FTP: u16 = 21;

/// SIP's methods; a blank follows, and where other protocols have the method as well, what is asked for.
const SIP_METHODS: [&[u8]; 14] = [
    b"INVITE ",
    b"ACK ",
    b"BYE ",
    b"CANCEL ",
    b"OPTIONS sip",
    b"REGISTER ",
    b"PRACK ",
    b"SUBSCRIBE sip",
    b"NOTIFY sip",
    b"PUBLISH ",
    b"INFO ",
    b"REFER ",
    b"MESSAGE ",
    b"UPDATE sip",
];

const SIP_ANSWER: &[u8] = b"SIP/2.0 ";

const PATTERNS: [Pattern; 40] = [
    folded(P::Http, Down, b"HTTP/0.9"),
    folded(P::Http, Down, b"HTTP/1.0"),
    folded(P::Http, Down, b"HTTP/1.1"),
    exact(P::Http2, Tcp, Up, 0, b"PRI * HTTP/2.0\r\n"),
    exact(P::Tls, Tcp, Up, 0, &[0x16, 3, 0]),
    exact(P::Tls, Tcp, Up, 0, &[0x16, 3, 1]),
    exact(P::Tls, Tcp, Up, 0, &[0x16, 3, 2]),
    exact(P::Tls, Tcp, Up, 0, &[0x16, 3, 3]),
    exact(P::Tls, Tcp, Up, 2, &[1, 3, 0]),
    exact(P::Tls, Tcp, Up, 2, &[1, 3, 1]),
    exact(P::Tls, Tcp, Up, 2, &[1, 3, 2]),
    exact(P::Tls, Tcp, Up, 2, &[1, 3, 3]),
    exact(P::Tls, Tcp, Down, 0, &[0x15, 3, 0]),
    exact(P::Tls, Tcp, Down, 0, &[0x15, 3, 1]),
    exact(P::Tls, Tcp, Down, 0, &[0x15, 3, 2]),
    exact(P::Tls, Tcp, Down, 0, &[0x15, 3, 3]),
    exact(P::Tls, Tcp, Down, 0, &[0x16, 3, 0]),
    exact(P::Tls, Tcp, Down, 0, &[0x16, 3, 1]),
    exact(P::Tls, Tcp, Down, 0, &[0x16, 3, 2]),
    exact(P::Tls, Tcp, Down, 0, &[0x16, 3, 3]),
    exact(P::Tls, Tcp, Down, 0, &[0x17, 3, 0]),
    exact(P::Tls, Tcp, Down, 0, &[0x17, 3, 1]),
    exact(P::Tls, Tcp, Down, 0, &[0x17, 3, 2]),
    exact(P::Tls, Tcp, Down, 0, &[0x17, 3, 3]),
    exact(P::Ssh, Tcp, Both, 0, b"SSH-"),
    folded(P::Smtp, Up, b"EHLO"),
    folded(P::Smtp, Up, b"HELO"),
    folded(P::Smtp, Up, b"QUIT"),
    folded(P::Ftp, Up, b"USER "),
    folded(P::Ftp, Up, b"PORT "),
    folded(P::Ftp, Up, b"FEAT"),
    folded(P::Ftp, Down, b"220 ("),
    exact(P::Imap, Tcp, Down, 0, b"* OK "),
    exact(P::Rfb, Tcp, Both, 0, b"RFB "),
    exact(P::Smb, Tcp, Both, 4, b"\xffSMB"),
    exact(P::Smb, Tcp, Both, 4, b"\xfeSMB"),
    exact(P::Smb, Tcp, Both, 4, b"\xfdSMB"),
    exact(P::Dcerpc, Tcp, Both, 0, &[5, 0]),
    exact(P::BittorrentDht, Udp, Up, 0, b"d1:ad2:id20:"),
    exact(P::BittorrentDht, Udp, Both, 0, b"d1:rd2:id20:"),
];

/// How a text stands to the bytes that are there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Whole,
    /// As far as there are bytes.
    Part,
    Not,
}

fn fit(bytes: &[u8], offset: usize, text: &[u8], folded: bool) -> Fit {
    let there = bytes.get(offset.min(bytes.len())..).unwrap_or_default();
    let same = |(a, b): (&u8, &u8)| if folded { a.eq_ignore_ascii_case(b) } else { a == b };
    match () {
        () if !there.iter().zip(text).all(same) => Fit::Not,
        () if there.len() >= text.len() => Fit::Whole,
        () => Fit::Part,
    }
}

/// A method and what has to follow it: one of `after`.
fn method(bytes: &[u8], name: &[u8], after: &[u8], folded: bool) -> Fit {
    match (fit(bytes, 0, name, folded), bytes.get(name.len())) {
        (Fit::Whole, Some(byte)) if after.contains(byte) => Fit::Whole,
        (Fit::Whole, None) => Fit::Part,
        (Fit::Whole, Some(_)) => Fit::Not,
        (other, _) => other,
    }
}

/// SIP shares methods with other protocols: the line ends with its version (RFC 3261, section 7.1).
fn sip_request(bytes: &[u8], name: &[u8]) -> Fit {
    match (fit(bytes, 0, name, false), memchr::memchr(b'\n', bytes)) {
        (Fit::Whole, None) => Fit::Part,
        (Fit::Whole, Some(end)) => {
            let line = bytes.get(..end).unwrap_or_default().trim_ascii_end();
            if line.ends_with(b" SIP/2.0") { Fit::Whole } else { Fit::Not }
        }
        (other, _) => other,
    }
}

/// What the patterns say: the longest one that is there wins.
pub(super) fn answer(direction: &Direction<'_>, sought: &Sought) -> Answer {
    let (bytes, up) = (direction.bytes, direction.to_server);
    let goes = |way: Way| way == Both || (way == Up) == up;
    let fixed = PATTERNS
        .iter()
        .filter(|pattern| pattern.transport == direction.transport && goes(pattern.way))
        .map(|pattern| (pattern.protocol, fit(bytes, pattern.offset, pattern.text, pattern.folded)));
    // The port tells whose QUIT it is.
    let quit = (up && direction.dport == FTP).then(|| (P::Ftp, fit(bytes, 0, b"QUIT", true)));
    let http = METHODS
        .iter()
        .filter(|_| up && direction.transport == Tcp)
        .map(|name| (P::Http, method(bytes, name, b" \t", true)));
    let requests = SIP_METHODS.iter().filter(|_| up).map(|name| (P::Sip, sip_request(bytes, name)));
    let answer = (P::Sip, if up { Fit::Not } else { fit(bytes, 0, SIP_ANSWER, false) });
    let all = requests.chain([answer]).chain(quit).chain(fixed).chain(http);
    decide(all.filter(|(protocol, _)| sought.has(*protocol)))
}

fn decide(found: impl Iterator<Item = (Protocol, Fit)>) -> Answer {
    let mut answer = Answer::No;
    for (protocol, fit) in found {
        match fit {
            Fit::Whole => return Answer::Yes(protocol),
            Fit::Part => answer = Answer::More,
            Fit::Not => {}
        }
    }
    answer
}
