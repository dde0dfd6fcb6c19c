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
    /// The value where it is not one piece of the text: it went on in further lines, or the field was repeated.
    joined: Vec<u8>,
    folds: u16,
    repeats: u16,
    /// Bytes are missing at its end.
    cut: bool,
}

/// There are more than anyone needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// A message's header fields, in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The lines as they came, without the empty one that ends them.
    text: Vec<u8>,
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
        &self.text
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
        self.list.iter().find(|field| field.name.of(&self.text).eq_ignore_ascii_case(name))
    }

    /// The value of a field by its name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.find(name.as_bytes()).map(|field| self.value(field))
    }

    /// Whether bytes are missing at the end of a field.
    pub fn is_field_cut(&self, name: &str) -> bool {
        self.find(name.as_bytes()).is_some_and(|field| field.cut)
    }

    /// Read the lines that came.
    pub fn read(&mut self, to_server: bool, note: &mut impl FnMut(Event)) -> Result<(), TooMany> {
        self.is_read = true;
        let text = std::mem::take(&mut self.text);
        let mut open = None;
        let mut start = 0;
        let mut result = Ok(());
        for piece in text.split_inclusive(|byte| *byte == b'\n') {
            let line = Span::new(start, start + piece.len()).trimmed(&text, |byte| matches!(byte, b'\r' | b'\n'));
            if piece.first() == Some(&b'\r') {
                note(Event::DeformedEol);
            }
            start += piece.len();
            if !line.is_empty() && self.line(&text, line, to_server, &mut open, note).is_err() {
                result = Err(TooMany);
                break;
            }
        }
        if let Some(mut field) = open {
            Field::close(&mut field, self.is_cut);
            result = result.and(self.add(&text, field, to_server, note));
        }
        self.text = text;
        result
    }

    /// A line that is not empty: it begins a field, or continues the one that is open.
    fn line(
        &mut self,
        text: &[u8],
        line: Span,
        to_server: bool,
        open: &mut Option<Field>,
        note: &mut impl FnMut(Event),
    ) -> Result<(), TooMany> {
        let bytes = line.of(text);
        if bytes.first().is_some_and(|byte| is_blank(*byte)) && (to_server || !names_a_field(bytes)) {
            match open {
                Some(field) if field.folds < MOST_FOLDS => {
                    field.fold(text, line);
                    return Ok(());
                }
                Some(_) => return Err(TooMany),
                None => note(of(to_server, Event::InvalidRequestFieldFolding, Event::InvalidResponseFieldFolding)),
            }
        }
        let field = Field::parse(text, line, to_server, note);
        match open.replace(field) {
            Some(done) => self.add(text, done, to_server, note),
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
        if name.eq_ignore_ascii_case(b"content-length") {
            if same.bytes(text) != field.bytes(text) {
                let (request, response) =
                    (Event::DuplicateContentLengthFieldInRequest, Event::DuplicateContentLengthFieldInResponse);
                note(of(to_server, request, response));
            }
            return Ok(());
        }
        note(of(to_server, Event::RequestHeaderRepetition, Event::ResponseHeaderRepetition));
        same.join(text, b", ", field.bytes(text));
        same.cut |= field.cut;
        Ok(())
    }
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

    fn close(&mut self, cut: bool) {
        self.cut = cut;
    }

    fn join(&mut self, text: &[u8], with: &[u8], more: &[u8]) {
        if self.joined.is_empty() {
            self.joined = self.value.of(text).to_vec();
        }
        if !self.joined.is_empty() || with == b", " {
            self.joined.extend_from_slice(with);
        }
        self.joined.extend_from_slice(more);
    }

    fn fold(&mut self, text: &[u8], line: Span) {
        self.folds += 1;
        self.join(text, b" ", line.trimmed(text, is_blank).of(text));
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
        if trimmed.is_empty() {
            note(of(to_server, Event::RequestInvalidEmptyName, Event::ResponseInvalidEmptyName));
        } else if whole.last().is_some_and(|byte| is_blank(*byte)) {
            note(of(to_server, Event::RequestInvalidBlanksAfterName, Event::ResponseInvalidBlanksAfterName));
        }
        if !trimmed.is_empty() && (whole.contains(&0) || !trimmed.of(text).iter().all(|byte| is_token(*byte))) {
            note(of(to_server, Event::RequestHeaderInvalid, Event::ResponseHeaderNameNotToken));
        }
        Self { name: trimmed, value: value(text, start + colon + 1, line.end()), ..Self::default() }
    }
}

/// A value without what is around it; a NUL ends it.
fn value(text: &[u8], start: usize, end: usize) -> Span {
    let bytes = Span::new(start, end).of(text);
    let end = memchr::memchr(0, bytes).map_or(end, |nul| start + nul);
    Span::new(start, end).trimmed(text, is_blank)
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
        let (fields, events) = read(b"Content-Length: 1\r\ncontent-length: 2\r\n", true);
        assert_eq!((fields[0].1.as_str(), events), ("1", vec![Event::DuplicateContentLengthFieldInRequest]));
    }

    #[test]
    fn odd_names() {
        for (text, want, event) in [
            (b"A : x\n".as_slice(), ("A", "x"), Event::ResponseInvalidBlanksAfterName),
            (b"A\0: x\n", ("A", "x"), Event::ResponseHeaderNameNotToken),
            (b": x\n", ("", "x"), Event::ResponseInvalidEmptyName),
            (b"nothing\n", ("", "nothing"), Event::ResponseFieldMissingColon),
            (b"A: x\0y\n\r", ("A", "x"), Event::DeformedEol),
        ] {
            let (fields, events) = read(text, false);
            assert_eq!((fields[0].0.as_str(), fields[0].1.as_str(), &events[..]), (want.0, want.1, &[event][..]));
        }
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
