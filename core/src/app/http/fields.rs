//! Header fields (RFC 9112, section 5), as servers and browsers read them whatever the standard says.

use super::events::{Event, of};

/// Fields of a message, at most.
const MOST: usize = 1024;
/// Repeats of a field, at most.
const MOST_REPEATS: u16 = 64;
/// Lines that continue a field, at most.
const MOST_FOLDS: u16 = 128;

/// A piece of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From and to these places, of which neither is above 4 GiB.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end.max(start) as u32 }
    }

    /// The piece of this text.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Where it ends.
    pub fn end(self) -> usize {
        self.end as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Without the bytes at both ends that `trim` says yes to.
    pub fn trimmed(self, text: &[u8], trim: impl Fn(u8) -> bool) -> Self {
        let piece = self.of(text);
        let before = piece.iter().take_while(|byte| trim(**byte)).count();
        let after = piece.iter().rev().take_while(|byte| trim(**byte)).count();
        let start = (self.start as usize + before).min(self.end());
        Self::new(start, (self.end() - after.min(piece.len())).max(start))
    }
}

/// A blank within a line.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | b'\r' | b'\n')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// One field.
#[derive(Debug, Default)]
struct Field {
    name: Span,
    value: Span,
    /// The value where the field was repeated.
    joined: Vec<u8>,
    repeats: u16,
    /// Bytes are missing at its end.
    cut: bool,
}

/// There are more than anyone needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// How far the lines are read.
struct Reading {
    to_server: bool,
    /// The field that is open: all of its lines so far.
    open: Option<Span>,
    /// Lines that continued it.
    folds: u16,
}

/// A message's header fields, in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The lines as they came, without the empty one that ends them; behind them, fields of several lines as one.
    text: Vec<u8>,
    /// Bytes of the lines as they came.
    raw: usize,
    list: Vec<Field>,
    /// They were read.
    is_read: bool,
    /// Their end is missing.
    is_cut: bool,
}

impl Fields {
    /// A line comes, with its end.
    pub fn push(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
    }

    /// Its end is missing.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// The lines as they came.
    pub fn raw(&self) -> &[u8] {
        if self.is_read { self.text.get(..self.raw).unwrap_or_default() } else { &self.text }
    }

    /// All that come are here.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// The end is missing.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.list.iter().map(|field| (field.name.of(&self.text), self.value(field)))
    }

    fn value<'a>(&'a self, field: &'a Field) -> &'a [u8] {
        if field.joined.is_empty() { field.value.of(&self.text) } else { &field.joined }
    }

    fn find(&self, name: &[u8]) -> Option<&Field> {
        self.list.iter().find(|field| is_named(field.name.of(&self.text), name))
    }

    /// The value of a field by its name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.find(name.as_bytes()).map(|field| self.value(field))
    }

    /// Whether bytes are missing at the end of a field.
    pub fn is_field_cut(&self, name: &str) -> bool {
        self.find(name.as_bytes()).is_some_and(|field| field.cut)
    }

    /// Read the lines that came. Those of a response may end with a CR alone.
    pub fn read(&mut self, to_server: bool, note: &mut impl FnMut(Event)) -> Result<(), TooMany> {
        self.is_read = true;
        let mut text = std::mem::take(&mut self.text);
        self.raw = text.len();
        let mut reading = Reading { to_server, open: None, folds: 0 };
        let result = self.read_lines(&mut text, &mut reading, note);
        let closed = self.close(&text, reading.open.take(), to_server, note);
        if let Some(last) = self.list.last_mut() {
            last.cut = self.is_cut;
        }
        self.text = text;
        result.and(closed)
    }

    fn read_lines(
        &mut self,
        text: &mut Vec<u8>,
        reading: &mut Reading,
        note: &mut impl FnMut(Event),
    ) -> Result<(), TooMany> {
        let mut start = 0;
        while start < self.raw {
            let rest = text.get(start..self.raw).unwrap_or_default();
            let is_end = |byte: u8| byte == b'\n' || byte == b'\r' && !reading.to_server;
            let length = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
            let before = text.get(..start).unwrap_or_default();
            let is_bare = before.ends_with(b"\n") && !before.ends_with(b"\r\n");
            if is_bare && rest.starts_with(b"\r") || before.ends_with(b"\n") && rest.starts_with(b"\r\r") {
                note(Event::DeformedEol);
            }
            let line = Span::new(start, start + length).trimmed(text, |byte| byte == b'\r');
            start += length + 1;
            if !line.is_empty() {
                self.line(text, line, reading, note)?;
            }
        }
        Ok(())
    }

    /// A line that is not empty: it begins a field, or continues the one that is open.
    fn line(
        &mut self,
        text: &mut Vec<u8>,
        line: Span,
        reading: &mut Reading,
        note: &mut impl FnMut(Event),
    ) -> Result<(), TooMany> {
        let (bytes, to_server) = (line.of(text), reading.to_server);
        if bytes.first().is_some_and(|byte| matches!(byte, b' ' | b'\t' | 0)) && (to_server || !names_a_field(bytes)) {
            if let Some(open) = reading.open {
                reading.folds += 1;
                reading.open = Some(fold(text, self.raw, open, line));
                return if reading.folds > MOST_FOLDS { Err(TooMany) } else { Ok(()) };
            }
            note(of(to_server, Event::InvalidRequestFieldFolding, Event::InvalidResponseFieldFolding));
        }
        reading.folds = 0;
        let done = reading.open.replace(line);
        self.close(text, done, to_server, note)
    }

    /// A field's lines are there.
    fn close(
        &mut self,
        text: &[u8],
        lines: Option<Span>,
        to_server: bool,
        note: &mut impl FnMut(Event),
    ) -> Result<(), TooMany> {
        match lines {
            Some(lines) => self.add(text, Field::parse(text, lines, to_server, note), to_server, note),
            None => Ok(()),
        }
    }

    /// A field is done with: add it, or join it with the one of the same name.
    fn add(&mut self, text: &[u8], field: Field, to_server: bool, note: &mut impl FnMut(Event)) -> Result<(), TooMany> {
        let name = field.name.of(text);
        let same = self.list.iter_mut().find(|other| other.name.of(text).eq_ignore_ascii_case(name));
        let Some(same) = same.filter(|_| !name.is_empty()) else {
            if self.list.len() >= MOST {
                note(of(to_server, Event::RequestTooManyHeaders, Event::ResponseTooManyHeaders));
                return Err(TooMany);
            }
            self.list.push(field);
            return Ok(());
        };
        same.repeats += 1;
        if same.repeats > MOST_REPEATS {
            return Err(TooMany);
        }
        if same.repeats == 1 {
            note(of(to_server, Event::RequestHeaderRepetition, Event::ResponseHeaderRepetition));
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            if same.bytes(text) != field.bytes(text) {
                let (request, response) =
                    (Event::DuplicateContentLengthFieldInRequest, Event::DuplicateContentLengthFieldInResponse);
                note(of(to_server, request, response));
            }
            return Ok(());
        }
        same.join(text, field.bytes(text));
        Ok(())
    }
}

/// Names are compared without case, and without NULs.
fn is_named(name: &[u8], wanted: &[u8]) -> bool {
    let is_same = |name: &[u8]| name.eq_ignore_ascii_case(wanted);
    is_same(name) || memchr::memchr(0, name).is_some() && is_same(&without_nul(name))
}

/// A text without its NULs.
pub(super) fn without_nul(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != 0).collect()
}

/// A line that begins with a blank, and yet looks like a field of its own.
fn names_a_field(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let token = line.iter().take_while(|byte| is_token(**byte)).count();
    token > 0 && line.get(token) == Some(&b':')
}

impl Field {
    fn bytes<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        if self.joined.is_empty() { self.value.of(text) } else { &self.joined }
    }

    fn join(&mut self, text: &[u8], more: &[u8]) {
        if self.joined.is_empty() {
            self.joined = self.value.of(text).to_vec();
        }
        self.joined.extend_from_slice(b", ");
        self.joined.extend_from_slice(more);
    }

    fn parse(text: &[u8], line: Span, to_server: bool, note: &mut impl FnMut(Event)) -> Self {
        let bytes = line.of(text);
        let start = line.end() - bytes.len();
        let Some(colon) = memchr::memchr(b':', bytes) else {
            note(of(to_server, Event::RequestFieldMissingColon, Event::ResponseFieldMissingColon));
            return Self { value: value(text, start, line.end()), name: Span::new(start, start), ..Self::default() };
        };
        let name = Span::new(start, start + colon);
        let trimmed = name.trimmed(text, |byte| is_blank(byte) || byte == 0);
        let whole = name.of(text);
        if whole.is_empty() {
            note(of(to_server, Event::RequestFieldMissingColon, Event::ResponseFieldMissingColon));
        } else if trimmed.is_empty() {
            note(of(to_server, Event::RequestInvalidEmptyName, Event::ResponseInvalidEmptyName));
        } else if whole.last().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            note(of(to_server, Event::RequestInvalidBlanksAfterName, Event::ResponseInvalidBlanksAfterName));
        }
        if !trimmed.is_empty()
            && (whole.contains(&0)
                || !name.trimmed(text, |byte| matches!(byte, b' ' | b'\t')).of(text).iter().all(|byte| is_token(*byte)))
        {
            note(of(to_server, Event::RequestHeaderInvalid, Event::ResponseHeaderNameNotToken));
        }
        Self { name: trimmed, value: value(text, start + colon + 1, line.end()), ..Self::default() }
    }
}

/// A value without what is around it.
fn value(text: &[u8], start: usize, end: usize) -> Span {
    Span::new(start, end).trimmed(text, is_blank)
}

/// A line continues a field: both as one, with a blank between them, behind the lines as they came.
fn fold(text: &mut Vec<u8>, raw: usize, open: Span, line: Span) -> Span {
    let is_behind = open.start as usize >= raw;
    let start = if is_behind { open.start as usize } else { text.len() };
    if !is_behind {
        text.extend_from_within(open.start as usize..open.end());
    }
    let more = line.trimmed(text, |byte| is_blank(byte) || byte == 0);
    text.push(b' ');
    text.extend_from_within(more.start as usize..more.end());
    Span::new(start, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], to_server: bool) -> (Vec<(String, String)>, Vec<Event>) {
        let (mut fields, mut events) = (Fields::default(), Vec::new());
        fields.push(text);
        fields.read(to_server, &mut |event| events.push(event)).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (fields.iter().map(|(name, value)| (text(name), text(value))).collect(), events)
    }

    fn one(text: &[u8], to_server: bool) -> (String, String) {
        let (mut fields, _) = read(text, to_server);
        assert_eq!(fields.len(), 1, "{fields:?}");
        fields.remove(0)
    }

    #[test]
    fn plain_fields_in_order() {
        let (fields, events) = read(b"Host: a\r\nX:1\nY:\t2 \r\n", true);
        let want = [("Host", "a"), ("X", "1"), ("Y", "2")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!((fields, events), (want.to_vec(), vec![]));
    }

    #[test]
    fn folds_and_repeats() {
        assert_eq!(one(b"A: x\r\n  y\r\n\tz\r\n", true).1, "x y z");
        assert_eq!(one(b"A:\r\n chunked\r\n", false).1, "chunked");
        assert_eq!(one(b"A: 1\r\na: 2\r\n 3\r\nA: 4\r\n", true).1, "1, 2 3, 4");
        let (fields, _) = read(b"X: y\r\n Transfer-Encoding: chunked\r\n", false);
        assert_eq!(fields[1].0, "Transfer-Encoding");
        assert_eq!(one(b"X: y\r\n Transfer-Encoding: chunked\r\n", true).1, "y Transfer-Encoding: chunked");
        assert_eq!(read(b"A: 1\r\na: 2\r\n", false).1, [Event::ResponseHeaderRepetition]);
        let (fields, events) = read(b"Content-Length: 1\r\ncontent-length: 2\r\n", true);
        assert_eq!(
            (fields[0].1.as_str(), events),
            ("1", vec![Event::RequestHeaderRepetition, Event::DuplicateContentLengthFieldInRequest])
        );
    }

    #[test]
    fn odd_names() {
        for (text, want, event) in [
            (b"A : x\n".as_slice(), ("A", "x"), Event::ResponseInvalidBlanksAfterName),
            (b"A\0: x\n", ("A", "x"), Event::ResponseHeaderNameNotToken),
            (b": x\n", ("", "x"), Event::ResponseFieldMissingColon),
            (b"\x0b: x\n", ("", "x"), Event::ResponseInvalidEmptyName),
            (b"nothing\n", ("", "nothing"), Event::ResponseFieldMissingColon),
            (b"A: x\n\rB: y\n", ("A", "x"), Event::DeformedEol),
        ] {
            let (fields, events) = read(text, false);
            assert_eq!((fields[0].0.as_str(), fields[0].1.as_str(), &events[..]), (want.0, want.1, &[event][..]));
        }
    }

    #[test]
    fn lines_of_responses() {
        for (text, want) in [
            (b"A: x\rB: y\r\n".as_slice(), [("A", "x"), ("B", "y")]),
            (b"A:\r x\r\nB\r\n :y\r\n", [("A", "x"), ("B", "y")]),
            (b"A:\n\0x\r\nB\r\n :\r\n y\r\n", [("A", "x"), ("B", "y")]),
        ] {
            let want = want.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(read(text, false).0, want, "{text:?}");
        }
        assert_eq!(one(b"A: x\rB: y\r\n", true).1, "x\rB: y");
    }

    #[test]
    fn bounded() {
        let mut fields = Fields::default();
        fields.push("A: 1\n".repeat(70).as_bytes());
        assert_eq!(fields.read(true, &mut |_| ()), Err(TooMany));
        let mut fields = Fields::default();
        fields.push((0..1100).map(|n| format!("A{n}: 1\n")).collect::<String>().as_bytes());
        assert_eq!(fields.read(true, &mut |_| ()), Err(TooMany));
        assert_eq!(fields.iter().count(), MOST);
    }
}
