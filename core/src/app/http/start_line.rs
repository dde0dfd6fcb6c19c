//! The first line of a message (RFC 9112, sections 3 and 4).

use super::events::Event;
use super::fields::{Span, is_blank};

/// Methods by which a request is known. (specification, app-layer.md, patterns)
pub const METHODS: &[&[u8]] = &[
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"OPTIONS",
    b"CONNECT",
    b"DELETE",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"CHECKOUT",
    b"UNCHECKOUT",
    b"CHECKIN",
    b"UPDATE",
    b"LABEL",
    b"REPORT",
    b"MKWORKSPACE",
    b"MKACTIVITY",
    b"MERGE",
    b"INVALID",
    b"VERSION-CONTROL",
    b"BASELINE-CONTROL",
];

/// Whether it is the name of a method that is known.
pub(super) fn is_method(name: &[u8]) -> bool {
    METHODS.contains(&name)
}

/// Whether a request may begin here, as far as it is there.
pub(super) fn begins_request(bytes: &[u8]) -> bool {
    METHODS.iter().any(|method| match bytes.split_at_checked(method.len()) {
        Some((name, rest)) => name == *method && rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t')),
        None => method.starts_with(bytes),
    })
}

/// Whether a response may begin here, as far as it is there; some blanks don't count.
pub(super) fn begins_response(bytes: &[u8]) -> bool {
    let bytes = skip_junk(bytes);
    bytes.iter().zip(b"http").all(|(byte, want)| byte.eq_ignore_ascii_case(want))
}

/// What may stand before a status line.
fn skip_junk(mut bytes: &[u8]) -> &[u8] {
    while let [byte, rest @ ..] = bytes
        && (is_blank(*byte) || *byte == 0)
    {
        bytes = rest;
    }
    bytes
}

/// A first line: method, target and protocol; or protocol, code and text.
#[derive(Debug, Default)]
pub(super) struct StartLine {
    /// Without its end.
    text: Vec<u8>,
    parts: [Span; 3],
    /// Bytes are missing at its end.
    pub is_cut: bool,
}

impl StartLine {
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn first(&self) -> &[u8] {
        let [first, _, _] = self.parts;
        first.of(&self.text)
    }

    pub fn second(&self) -> &[u8] {
        let [_, second, _] = self.parts;
        second.of(&self.text)
    }

    pub fn third(&self) -> &[u8] {
        let [_, _, third] = self.parts;
        third.of(&self.text)
    }

    /// Read a request's. A line without a protocol is one of HTTP/0.9.
    pub fn request(line: &[u8], is_cut: bool, note: &mut impl FnMut(Event)) -> Self {
        let text = trim_end(line).to_vec();
        if text.first().is_some_and(|byte| is_blank(*byte)) {
            note(Event::RequestLineLeadingWhitespace);
        }
        let (method, rest) = word(&text, 0);
        let target = Span::new(rest, text.len()).trimmed(&text, is_blank);
        let delimiter = text.get(method.end()..target.end() - target.of(&text).len()).unwrap_or_default();
        if delimiter.iter().any(|byte| *byte != b' ') {
            note(Event::MethodDelimNonCompliant);
        }
        let (target, protocol) = split_protocol(&text, target, note);
        let known = is_method(method.of(&text));
        match (known, protocol.is_empty() && !is_cut) {
            (true, true) => note(Event::RequestLineMissingProtocol),
            (false, true) if target.is_empty() => note(Event::RequestLineUnknownMethod),
            (false, true) => note(Event::RequestLineUnknownMethodNoProtocol),
            (false, false) if !is_cut && !is_version(protocol.of(&text)) => {
                note(Event::RequestLineUnknownMethodInvalidProtocol);
            }
            _ => {}
        }
        Self { text, parts: [method, target, protocol], is_cut }
    }

    /// Read a response's.
    pub fn response(line: &[u8], is_cut: bool, note: &mut impl FnMut(Event)) -> Self {
        let text = trim_end(line).to_vec();
        let junk = text.len() - skip_junk(&text).len();
        let (mut protocol, mut rest) = word(&text, junk);
        if protocol.of(&text).ends_with(b"/") {
            // The version stands apart.
            let (version, behind) = word(&text, rest);
            protocol = Span::new(protocol.end() - protocol.of(&text).len(), version.end());
            rest = behind;
        }
        if !is_version(protocol.of(&text)) {
            note(Event::ResponseLineInvalidProtocol);
        } else if protocol.of(&text).ends_with(b"0.9") {
            // Its first digit is taken for a leading zero.
            note(Event::ProtocolContainsExtraData);
        }
        let (code, rest) = word(&text, rest);
        if !is_cut && !is_status(code.of(&text)) {
            note(Event::ResponseLineInvalidResponseStatus);
        }
        let reason = Span::new(rest, text.len()).trimmed(&text, is_blank);
        Self { text, parts: [protocol, code, reason], is_cut }
    }
}

/// The next word from a place on, and the place behind it.
fn word(text: &[u8], from: usize) -> (Span, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let start = from + rest.iter().take_while(|byte| is_blank(**byte)).count();
    let rest = text.get(start..).unwrap_or_default();
    let end = start + rest.iter().take_while(|byte| !is_blank(**byte)).count();
    (Span::new(start, end), end)
}

/// The target may hold blanks: the last word is the protocol if it looks like one.
fn split_protocol(text: &[u8], target: Span, note: &mut impl FnMut(Event)) -> (Span, Span) {
    let bytes = target.of(text);
    let start = target.end() - bytes.len();
    let last = bytes.iter().rposition(|byte| is_blank(*byte)).map_or(0, |blank| blank + 1);
    let protocol = Span::new(start + last, target.end());
    if last == 0 || !protocol.of(text).get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/")) {
        return (target, Span::default());
    }
    let target = Span::new(start, start + last).trimmed(text, is_blank);
    if text.get(target.end()..start + last).unwrap_or_default().iter().any(|byte| *byte != b' ') {
        note(Event::UriDelimNonCompliant);
    }
    (target, protocol)
}

fn is_status(code: &[u8]) -> bool {
    code.len() == 3 && code.first() != Some(&b'0') && code.iter().all(u8::is_ascii_digit)
}

fn is_version(protocol: &[u8]) -> bool {
    let mut parts = protocol.split(|byte| *byte == b'/');
    let name = parts.next().unwrap_or_default();
    let version = parts.next().unwrap_or_default().trim_ascii();
    name.eq_ignore_ascii_case(b"http") && matches!(version, b"0.9" | b"1.0" | b"1.1")
}

fn trim_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rev().take_while(|byte| is_blank(**byte)).count();
    line.get(..line.len() - end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &StartLine) -> [&str; 3] {
        [line.first(), line.second(), line.third()].map(|part| std::str::from_utf8(part).unwrap())
    }

    #[test]
    fn requests() {
        for (line, want, event) in [
            ("GET / HTTP/1.1\r\n", ["GET", "/", "HTTP/1.1"], None),
            (" GET  /a b   HTTP/1.0\n", ["GET", "/a b", "HTTP/1.0"], Some(Event::RequestLineLeadingWhitespace)),
            ("GET\t/ HTTP/1.1", ["GET", "/", "HTTP/1.1"], Some(Event::MethodDelimNonCompliant)),
            ("GET /x y", ["GET", "/x y", ""], Some(Event::RequestLineMissingProtocol)),
            ("FOO / HTTP/1.1", ["FOO", "/", "HTTP/1.1"], None),
            ("FOO / HTTP/x", ["FOO", "/", "HTTP/x"], Some(Event::RequestLineUnknownMethodInvalidProtocol)),
            ("FOO /", ["FOO", "/", ""], Some(Event::RequestLineUnknownMethodNoProtocol)),
            ("FOO", ["FOO", "", ""], Some(Event::RequestLineUnknownMethod)),
            ("GET HTTP/1.1", ["GET", "HTTP/1.1", ""], Some(Event::RequestLineMissingProtocol)),
            ("GET", ["GET", "", ""], Some(Event::RequestLineMissingProtocol)),
        ] {
            let mut events = Vec::new();
            let read = StartLine::request(line.as_bytes(), false, &mut |event| events.push(event));
            assert_eq!((parts(&read), events), (want, event.into_iter().collect()), "{line}");
        }
    }

    #[test]
    fn responses() {
        for (line, want, event) in [
            ("HTTP/1.1 200 OK\r\n", ["HTTP/1.1", "200", "OK"], None),
            (" \tHTTP/1.0\t404", ["HTTP/1.0", "404", ""], None),
            ("HTTP/ 1.1 200 All is well", ["HTTP/ 1.1", "200", "All is well"], None),
            ("http/1.1 2x0 ok", ["http/1.1", "2x0", "ok"], Some(Event::ResponseLineInvalidResponseStatus)),
            ("HTTP/9.9 200 ok", ["HTTP/9.9", "200", "ok"], Some(Event::ResponseLineInvalidProtocol)),
        ] {
            let mut events = Vec::new();
            let read = StartLine::response(line.as_bytes(), false, &mut |event| events.push(event));
            assert_eq!((parts(&read), events), (want, event.into_iter().collect()), "{line}");
        }
    }

    #[test]
    fn beginnings() {
        assert!(begins_request(b"GE") && begins_request(b"GET /") && !begins_request(b"GETX") && !begins_request(b"x"));
        assert!(begins_response(b"\0 \tHtTp/") && begins_response(b"H") && !begins_response(b"XTTP"));
    }
}
