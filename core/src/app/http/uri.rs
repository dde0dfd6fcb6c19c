//! Targets of requests: normalised as servers read them, and the host and port that they name.
//!
//! Decoding is that of URIs (RFC 3986, section 2.1) with what servers add to it: `%uHHHH`, overlong UTF-8, backslashes.

use crate::plan::HttpSettings;

/// The parts of a target: `http://host:port/path?query`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// Host and port, where it has them.
    pub authority: Option<&'a [u8]>,
    pub path: &'a [u8],
    /// With the question mark or the number sign before it.
    pub query: &'a [u8],
}

impl<'a> Target<'a> {
    /// Take a target apart; that of a CONNECT names nothing but host and port.
    pub fn parse(uri: &'a [u8], is_connect: bool) -> Self {
        if is_connect && uri.first() != Some(&b'/') {
            return Self { authority: Some(uri), ..Self::default() };
        }
        let (authority, rest) = match after_scheme(uri) {
            Some(rest) => {
                let end = rest.iter().position(|byte| b"/?#\\".contains(byte)).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at(end);
                let user = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
                (authority.get(user..), rest)
            }
            None => (None, uri),
        };
        let (path, query) = rest.split_at(rest.iter().position(|byte| b"?#".contains(byte)).unwrap_or(rest.len()));
        Self { authority, path, query }
    }
}

/// What is behind `scheme://`, if it begins so.
fn after_scheme(uri: &[u8]) -> Option<&[u8]> {
    let length = uri.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
    let (scheme, rest) = uri.split_at(length);
    rest.strip_prefix(b"://").filter(|_| scheme.first().is_some_and(u8::is_ascii_alphabetic))
}

/// Host and port of an authority or a Host field; the port as it is written.
pub(in crate::app) fn host_and_port(authority: &[u8]) -> (&[u8], Option<&[u8]>) {
    let from = if authority.first() == Some(&b'[') { memchr::memchr(b']', authority).unwrap_or(0) } else { 0 };
    let colon = authority.iter().skip(from).position(|byte| *byte == b':').map(|place| from + place);
    match colon {
        Some(colon) => (authority.get(..colon).unwrap_or_default(), authority.get(colon + 1..)),
        None => (authority, None),
    }
}

/// A port's number.
pub(super) fn port(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok().filter(|port| *port > 0)
}

/// A target as rules see it.
pub(super) fn normalise(uri: &[u8], is_connect: bool, settings: &HttpSettings) -> Vec<u8> {
    let target = Target::parse(uri, is_connect);
    if is_connect {
        return uri.to_vec();
    }
    let mut out = Vec::with_capacity(uri.len());
    if settings.uri_include_all {
        out.extend_from_slice(uri.get(..uri.len() - target.path.len() - target.query.len()).unwrap_or_default());
    }
    let mut path = path_decoded(target.path);
    if settings.double_decode_path {
        path = path_decoded(&path);
    }
    out.extend(without_dots(path));
    let (query, fragment) = target.query.split_at(memchr::memchr(b'#', target.query).unwrap_or(target.query.len()));
    let mut query = percent_decoded(query);
    if settings.double_decode_query {
        query = percent_decoded(&query);
    }
    out.extend(query);
    out.extend_from_slice(fragment);
    out
}

/// The path as the name of a file: decoded and without dot segments, and otherwise as it is.
pub(super) fn file_name(uri: &[u8]) -> Vec<u8> {
    let target = Target::parse(uri, false);
    let mut decoded = Vec::with_capacity(target.path.len());
    let mut rest = target.path;
    while let Some((byte, after)) = next_percent(rest) {
        decoded.push(byte);
        rest = after;
    }
    without_dots(decoded)
}

/// A path with everything decoded, backslashes turned, and slashes by ones.
fn path_decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for byte in shortest_utf8(percent_decoded(path)) {
        let byte = if byte == b'\\' { b'/' } else { byte };
        if byte != b'/' || out.last() != Some(&b'/') {
            out.push(byte);
        }
    }
    out
}

/// Decoded once, `%uHHHH` too.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = next_wide(rest).or_else(|| next_percent(rest)) {
        out.push(byte);
        rest = after;
    }
    out
}

/// A byte that stands for itself or as `%HH`, and what follows it.
fn next_percent(text: &[u8]) -> Option<(u8, &[u8])> {
    if let [b'%', high, low, rest @ ..] = text
        && let Some(byte) = hex(&[*high, *low])
    {
        return Some((byte as u8, rest));
    }
    let (byte, rest) = text.split_first()?;
    Some((*byte, rest))
}

/// A character as `%uHHHH`, as the byte that is most like it.
fn next_wide(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', b'u' | b'U', a, b, c, d, rest @ ..] = text else { return None };
    let byte = match hex(&[*a, *b, *c, *d])? {
        latin @ 0..=0xff => latin as u8,
        // The wide forms of ASCII.
        wide @ 0xff01..=0xff5e => (wide - 0xfee0) as u8,
        0x2215 | 0x2044 => b'/',
        0x2216 => b'\\',
        _ => b'?',
    };
    Some((byte, rest))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// ASCII that is written in more bytes than it needs, as it should be.
fn shortest_utf8(text: Vec<u8>) -> Vec<u8> {
    if !text.iter().any(|byte| matches!(byte, 0xc0 | 0xc1 | 0xe0 | 0xf0)) {
        return text;
    }
    let tail = |byte: u8| byte & 0xc0 == 0x80;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_slice();
    while let Some((byte, after)) = rest.split_first() {
        let (decoded, behind) = match rest {
            [lead @ (0xc0 | 0xc1), low, behind @ ..] if tail(*low) => (lead << 6 | low & 0x3f, behind),
            [0xe0, middle @ (0x80 | 0x81), low, behind @ ..] if tail(*low) => (middle << 6 | low & 0x3f, behind),
            [0xf0, 0x80, middle @ (0x80 | 0x81), low, behind @ ..] if tail(*low) => (middle << 6 | low & 0x3f, behind),
            _ => (*byte, after),
        };
        out.push(decoded);
        rest = behind;
    }
    out
}

/// Without the segments `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: Vec<u8>) -> Vec<u8> {
    if memchr::memmem::find(&path, b"/.").is_none() {
        return path;
    }
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    let mut segments = path.split(|byte| *byte == b'/').enumerate().peekable();
    while let Some((place, segment)) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            b"." | b".." if place > 0 => {
                if segment == b".." {
                    out.truncate(memchr::memrchr(b'/', &out).unwrap_or(0));
                }
                if is_last {
                    out.push(b'/');
                }
            }
            _ => {
                if place > 0 {
                    out.push(b'/');
                }
                out.extend_from_slice(segment);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(uri: &str) -> String {
        String::from_utf8_lossy(&normalise(uri.as_bytes(), false, &HttpSettings::default())).into_owned()
    }

    #[test]
    fn normalised() {
        for (uri, want) in [
            ("/FOO/../Bar\\Baz//x%41%u0041%2fq+r?A=%42+C#Frag", "/Bar/Baz/xAA/q+r?A=B+C#Frag"),
            ("/a/./b/../../c/..", "/"),
            ("/..", "/"),
            ("/a/..%2f../b", "/b"),
            ("/%c0%afx%e0%80%af", "/x/"),
            ("/%zz%2", "/%zz%2"),
            ("http://h.x:80/q//z?a//b", "/q/z?a//b"),
            ("/%uff21%252e", "/A%2e"),
            ("", ""),
            ("*", "*"),
        ] {
            assert_eq!(normal(uri), want, "{uri}");
        }
    }

    #[test]
    fn by_settings() {
        let twice = HttpSettings { double_decode_path: true, double_decode_query: true, ..HttpSettings::default() };
        assert_eq!(normalise(b"/%252541?%2541", false, &twice), b"/%41?A");
        let all = HttpSettings { uri_include_all: true, ..HttpSettings::default() };
        assert_eq!(normalise(b"http://H:1/a/../b?c", false, &all), b"http://H:1/b?c");
    }

    #[test]
    fn names_of_files() {
        for (uri, want) in [
            ("/a/b/c.txt?x=1", "/a/b/c.txt"),
            ("http://h.x/q/z.bin", "/q/z.bin"),
            ("/FOO/../Bar\\Baz//x%41%u0041%2fq+r", "/Bar\\Baz//xA%u0041/q+r"),
        ] {
            assert_eq!(String::from_utf8(file_name(uri.as_bytes())).unwrap(), want, "{uri}");
        }
    }

    #[test]
    fn hosts() {
        for (authority, want) in [
            ("h", ("h", None)),
            ("h:80", ("h", Some("80"))),
            ("[::1]:81", ("[::1]", Some("81"))),
            ("[::1]", ("[::1]", None)),
            ("h:", ("h", Some(""))),
        ] {
            let (host, port) = host_and_port(authority.as_bytes());
            assert_eq!((host, port), (want.0.as_bytes(), want.1.map(str::as_bytes)), "{authority}");
        }
        assert_eq!(Target::parse(b"http://u:p@h:8/x?y", false).authority, Some(b"h:8".as_slice()));
        assert_eq!((port(b" 80 "), port(b"0"), port(b"99999")), (Some(80), None, None));
    }
}
