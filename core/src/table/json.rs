//! A small JSON writer (RFC 8259) that appends to a byte buffer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::str;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends JSON to a buffer.
///
/// Commas need no state: there is none after an opening bracket or at the start of a line, and one everywhere else.
#[derive(Debug)]
pub struct Json<'a>(pub &'a mut Vec<u8>);

impl Json<'_> {
    fn comma(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b'\n')) {
            self.0.push(b',');
        }
    }

    /// Open an object that is a list's item or a document.
    pub fn begin(&mut self) {
        self.comma();
        self.0.push(b'{');
    }

    /// Close an object.
    pub fn end(&mut self) {
        self.0.push(b'}');
    }

    /// Close a list.
    pub fn end_list(&mut self) {
        self.0.push(b']');
    }

    /// Close the outermost object and the line.
    pub fn end_line(&mut self) {
        self.0.extend_from_slice(b"}\n");
    }

    /// Write a key of ours; a value has to follow.
    #[inline]
    pub fn key(&mut self, key: &'static str) {
        self.comma();
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// Write a key that may need escaping; a value has to follow.
    pub fn name(&mut self, key: &str) {
        self.comma();
        quoted(self.0, key);
        self.0.push(b':');
    }

    /// Write members that were written before.
    pub fn members(&mut self, members: &[u8]) {
        if !members.is_empty() {
            self.comma();
            self.0.extend_from_slice(members);
        }
    }

    /// Open an object under a key.
    pub fn object(&mut self, key: &'static str) {
        self.key(key);
        self.0.push(b'{');
    }

    /// Open a list under a key.
    pub fn list(&mut self, key: &'static str) {
        self.key(key);
        self.0.push(b'[');
    }

    /// A string.
    pub fn text(&mut self, key: &'static str, value: &str) {
        self.key(key);
        quoted(self.0, value);
    }

    /// A string, or nothing where it is empty.
    pub fn text_if(&mut self, key: &'static str, value: &str) {
        if !value.is_empty() {
            self.text(key, value);
        }
    }

    /// A string from the wire.
    pub fn bytes(&mut self, key: &'static str, value: &[u8]) {
        self.key(key);
        self.0.push(b'"');
        escape_bytes(self.0, value);
        self.0.push(b'"');
    }

    /// Bytes in base64 (RFC 4648, section 4).
    pub fn base64(&mut self, key: &'static str, value: &[u8]) {
        self.key(key);
        self.0.push(b'"');
        base64(self.0, value);
        self.0.push(b'"');
    }

    /// Bytes for people: ASCII as far as it can be printed and ends of lines; a dot for each other byte.
    pub fn printable(&mut self, key: &'static str, value: &[u8]) {
        self.key(key);
        self.0.push(b'"');
        for &byte in value {
            match byte {
                b'"' | b'\\' | b'\r' | b'\n' => escape_byte(self.0, byte),
                b' '..=b'~' => self.0.push(byte),
                _ => self.0.push(b'.'),
            }
        }
        self.0.push(b'"');
    }

    /// A string that `write` appends; it must need no escaping.
    #[inline]
    pub fn plain(&mut self, key: &'static str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        self.0.push(b'"');
        write(self.0);
        self.0.push(b'"');
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, key: &'static str, value: impl itoa::Integer) {
        self.key(key);
        number(self.0, value);
    }

    /// A truth value.
    pub fn flag(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A null.
    pub fn null(&mut self, key: &'static str) {
        self.key(key);
        self.0.extend_from_slice(b"null");
    }

    /// A string in a list.
    pub fn item(&mut self, value: &str) {
        self.comma();
        quoted(self.0, value);
    }

    /// A string from the wire in a list.
    pub fn item_bytes(&mut self, value: &[u8]) {
        self.item_plain(|out| escape_bytes(out, value));
    }

    /// Bytes in base64 in a list.
    pub fn item_base64(&mut self, value: &[u8]) {
        self.item_plain(|out| base64(out, value));
    }

    /// A string in a list that `write` appends; it must need no escaping.
    pub fn item_plain(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.comma();
        self.0.push(b'"');
        write(self.0);
        self.0.push(b'"');
    }

    /// Begin an object in a list.
    pub fn item_object(&mut self) {
        self.comma();
        self.0.push(b'{');
    }

    /// A number in a list.
    pub fn item_number(&mut self, value: impl itoa::Integer) {
        self.comma();
        number(self.0, value);
    }
}

/// Append a decimal number.
#[inline]
pub fn number(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Append the low `digits` hex digits of a number, lower case, with leading zeros.
pub fn hex(out: &mut Vec<u8>, value: u64, digits: u32) {
    for place in (0..digits).rev() {
        let nibble = value.checked_shr(place * 4).unwrap_or(0) & 15;
        out.extend(HEX.get(nibble as usize));
    }
}

/// Append a link address.
pub fn mac(out: &mut Vec<u8>, address: &[u8; 6]) {
    colons(out, address);
}

/// Append bytes in hex, lower case, with colons between them.
pub fn colons(out: &mut Vec<u8>, value: &[u8]) {
    for (place, byte) in value.iter().enumerate() {
        if place > 0 {
            out.push(b':');
        }
        hex(out, u64::from(*byte), 2);
    }
}

/// Append bytes in base64.
fn base64(out: &mut Vec<u8>, value: &[u8]) {
    let start = out.len();
    out.resize(start + value.len().div_ceil(3) * 4, 0);
    // It has the length that the encoding takes.
    let written = out.get_mut(start..).map(|room| STANDARD.encode_slice(value, room));
    debug_assert!(written.is_some_and(|written| written.is_ok()));
}

fn quoted(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    escape(out, value);
    out.push(b'"');
}

/// Append a string's characters, escaped.
pub fn escape(out: &mut Vec<u8>, value: &str) {
    let mut rest = value.as_bytes();
    loop {
        let plain = rest.iter().position(|&b| special(b)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(plain);
        out.extend_from_slice(run);
        let Some((&byte, tail)) = tail.split_first() else { return };
        escape_byte(out, byte);
        rest = tail;
    }
}

/// Append bytes from the wire: UTF-8 as it is; otherwise bytes below 128 as they are and the others as `\xNN`.
pub fn escape_bytes(out: &mut Vec<u8>, value: &[u8]) {
    if let Ok(text) = str::from_utf8(value) {
        return escape(out, text);
    }
    for &byte in value {
        if byte >= 0x80 {
            out.extend_from_slice(b"\\\\x");
            hex(out, u64::from(byte), 2);
        } else if special(byte) {
            escape_byte(out, byte);
        } else {
            out.push(byte);
        }
    }
}

fn special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn escape_byte(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        b'"' | b'\\' => byte,
        _ => {
            out.extend_from_slice(b"\\u00");
            return hex(out, u64::from(byte), 2);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &[u8]) -> String {
        let mut out = Vec::new();
        escape_bytes(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes() {
        let table: &[(&[u8], &str)] = &[
            (b"", ""),
            (b"plain /path", "plain /path"),
            (b"a\"b\\c", r#"a\"b\\c"#),
            (b"\n\r\t\x08\x0c", r"\n\r\t\b\f"),
            (b"\x00\x1f\x7f", "\\u0000\\u001f\x7f"),
            ("h\u{e9}\u{1f600}".as_bytes(), "h\u{e9}\u{1f600}"),
            (b"a\xff\n\xe9\"", r#"a\\xff\n\\xe9\""#),
            (b"\xc3", r"\\xc3"),
        ];
        for (value, want) in table {
            assert_eq!(written(value), *want);
        }
    }

    #[test]
    fn commas() {
        let mut out = Vec::new();
        for _ in 0..2 {
            let mut json = Json(&mut out);
            json.begin();
            json.object("a");
            json.end();
            json.list("b");
            json.item("{");
            json.item_number(-1);
            json.begin();
            json.flag("t", true);
            json.null("n");
            json.end();
            json.end_list();
            json.name("k\"");
            number(json.0, 7);
            json.plain("p", |out| out.push(b'x'));
            json.bytes("w", b"\x80");
            json.text_if("none", "");
            json.end_line();
        }
        let line = r#"{"a":{},"b":["{",-1,{"t":true,"n":null}],"k\"":7,"p":"x","w":"\\x80"}"#;
        assert_eq!(String::from_utf8(out).unwrap(), format!("{line}\n{line}\n"));
    }

    #[test]
    fn hex_digits() {
        let mut out = Vec::new();
        hex(&mut out, 0x0123_4567_89ab_cdef, 17);
        assert_eq!(out, b"00123456789abcdef");
    }

    proptest! {
        #[test]
        fn any_text_survives(value in ".*") {
            let line = format!("\"{}\"", written(value.as_bytes()));
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), value);
        }

        #[test]
        fn any_bytes_are_valid_json(value in prop::collection::vec(any::<u8>(), 0..64)) {
            let line = format!("\"{}\"", written(&value));
            let read: String = serde_json::from_str(&line).unwrap();
            // Each byte that was not text became four characters, all others one.
            if str::from_utf8(&value).is_err() {
                let high = value.iter().filter(|&&b| b >= 0x80).count();
                prop_assert_eq!(read.len(), value.len() + 3 * high);
            }
        }
    }
}
