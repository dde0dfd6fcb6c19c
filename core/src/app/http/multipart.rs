//! Files in a form that is sent (RFC 7578): the parts that name a file.

use super::events::Event;
use super::fields::Fields;
use crate::files::{Files, State};

/// Fields of a part, in bytes, at most.
const MOST_FIELDS: usize = 8192;
/// A boundary (RFC 2046, section 5.1.1), with room for those who don't know that.
const MOST_BOUNDARY: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first part.
    Preamble,
    /// Behind a boundary.
    Boundary,
    /// In a part's fields.
    Fields,
    /// In a part.
    Part,
    /// Behind the last part.
    End,
}

/// A form that is read.
#[derive(Debug)]
pub(super) struct Multipart {
    at: At,
    /// What stands between parts, with the end of the line before it.
    delimiter: Vec<u8>,
    /// Bytes that may be the beginning of something.
    held: Vec<u8>,
    /// The part is a file.
    file: Option<usize>,
    is_empty: bool,
    /// The end of the line before the part is still held.
    at_start: bool,
}

impl Multipart {
    /// As a Content-Type field announces it.
    pub fn new(content_type: &[u8]) -> Option<Self> {
        let is_form = content_type.get(..19).is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/form-data"));
        let boundary = parameter(content_type, "boundary=").filter(|_| is_form)?;
        if boundary.is_empty() || boundary.len() > MOST_BOUNDARY {
            return None;
        }
        let delimiter = [b"\n--", boundary].concat();
        Some(Self { at: At::Preamble, delimiter, held: Vec::new(), file: None, is_empty: true, at_start: false })
    }

    /// The next bytes of the form.
    pub fn take(&mut self, bytes: &[u8], files: &mut Files, note: &mut impl FnMut(Event)) {
        self.held.extend_from_slice(bytes);
        loop {
            let goes_on = match self.at {
                At::Preamble => self.preamble(),
                At::Boundary => self.boundary(note),
                At::Fields => self.fields(files, note),
                At::Part => self.part(files, note),
                At::End => false,
            };
            if !goes_on {
                break;
            }
        }
        if self.at == At::End {
            self.held = Vec::new();
        }
    }

    /// Bytes are missing.
    pub fn lost(&mut self, bytes: u64, files: &mut Files) {
        if let Some(file) = self.file {
            files.data(file, &self.held);
            files.lost(file, bytes);
        }
        self.held.clear();
    }

    /// No more comes.
    pub fn finish(&mut self, files: &mut Files) {
        if let Some(file) = self.file.take() {
            files.data(file, &self.held);
            files.close(file, State::Truncated);
        }
    }

    fn preamble(&mut self) -> bool {
        let first = self.delimiter.get(1..).unwrap_or_default();
        match memchr::memmem::find(&self.held, first) {
            Some(place) => {
                self.held.drain(..place + first.len());
                self.at = At::Boundary;
                true
            }
            None => {
                let keep = first.len().min(self.held.len());
                self.held.drain(..self.held.len() - keep);
                false
            }
        }
    }

    fn boundary(&mut self, note: &mut impl FnMut(Event)) -> bool {
        if self.held.starts_with(b"--") {
            self.at = At::End;
            return false;
        }
        if let Some(end) = memchr::memchr(b'\n', &self.held) {
            self.held.drain(..=end);
            self.at = At::Fields;
            return true;
        }
        self.give_up_if_long(note)
    }

    fn fields(&mut self, files: &mut Files, note: &mut impl FnMut(Event)) -> bool {
        let Some(end) = end_of_fields(&self.held) else { return self.give_up_if_long(note) };
        let mut fields = Fields::default();
        fields.push(self.held.get(..end).unwrap_or_default());
        if fields.read(true, &mut |_| ()).is_err() {
            note(Event::MultipartInvalidHeader);
        }
        let disposition = fields.get("Content-Disposition").unwrap_or_default();
        if let Some(name) = parameter(disposition, "filename=").filter(|name| !name.is_empty()) {
            self.file = files.open(true, name);
            self.is_empty = true;
        }
        // The end of the line before the next delimiter stays, so that an empty part is one.
        self.held.drain(..end.saturating_sub(1));
        self.at_start = true;
        self.at = At::Part;
        true
    }

    fn part(&mut self, files: &mut Files, note: &mut impl FnMut(Event)) -> bool {
        let found = memchr::memmem::find(&self.held, &self.delimiter);
        // A line's end and a delimiter may be half here.
        let sure = self.held.len().saturating_sub(self.delimiter.len() + 1);
        let end = match found {
            Some(place) if self.held.get(place.wrapping_sub(1)) == Some(&b'\r') => place - 1,
            Some(place) => place,
            None => sure,
        };
        self.give(end, files);
        let Some(place) = found else {
            self.held.drain(..sure);
            return false;
        };
        if let Some(file) = self.file.take() {
            if self.is_empty {
                note(Event::MultipartNoFiledata);
            }
            files.close(file, State::Closed);
        }
        self.held.drain(..place + self.delimiter.len());
        self.at = At::Boundary;
        true
    }

    /// So many of the bytes that are held belong to the part.
    fn give(&mut self, end: usize, files: &mut Files) {
        let skip = usize::from(self.at_start);
        self.at_start &= end == 0;
        if let (Some(file), Some(bytes)) = (self.file, self.held.get(skip..end))
            && !bytes.is_empty()
        {
            files.data(file, bytes);
            self.is_empty = false;
        }
    }

    fn give_up_if_long(&mut self, note: &mut impl FnMut(Event)) -> bool {
        if self.held.len() > MOST_FIELDS {
            note(Event::MultipartInvalidHeader);
            self.at = At::End;
        }
        false
    }
}

/// The place behind the empty line that ends a part's fields.
fn end_of_fields(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        let line = bytes.get(start..end).unwrap_or_default();
        if matches!(line, b"" | b"\r") {
            return Some(end + 1);
        }
        start = end + 1;
    }
    None
}

/// A parameter of a field (RFC 9110, section 5.6.6), without its quotes.
pub(super) fn parameter<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let place = value.windows(name.len()).position(|part| part.eq_ignore_ascii_case(name.as_bytes()))?;
    let rest = value.get(place + name.len()..)?.trim_ascii_start();
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        let end = memchr::memchr(b'"', quoted).unwrap_or(quoted.len());
        return quoted.get(..end);
    }
    let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
    rest.get(..end).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"intro\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--XX\r\n\
        Content-Disposition: form-data; name=f; filename=\"one.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        first\r\n--X file\r\n\r\n--XX\r\ncontent-disposition: form-data; FileName=two\r\n\r\n\r\n--XX--\r\nrest";

    fn files(step: usize, form: &[u8]) -> (Vec<(String, u64, State)>, Vec<Event>) {
        let mut multipart = Multipart::new(b"multipart/form-data; boundary=\"XX\"").unwrap();
        let (mut files, mut events) = (Files::default(), Vec::new());
        for piece in form.chunks(step) {
            multipart.take(piece, &mut files, &mut |event| events.push(event));
        }
        multipart.finish(&mut files);
        let name = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
        (files.iter().map(|file| (name(&file.name), file.size, file.state)).collect(), events)
    }

    #[test]
    fn files_of_a_form() {
        let want = [("one.txt".to_owned(), 17, State::Closed), ("two".to_owned(), 0, State::Closed)];
        for step in [1, 2, 5, 1000] {
            assert_eq!(files(step, FORM), (want.to_vec(), vec![Event::MultipartNoFiledata]), "{step}");
        }
        let cut = FORM.split_at(memchr::memmem::find(FORM, b"X file").unwrap()).0;
        assert_eq!(files(7, cut).0[0].2, State::Truncated);
    }

    #[test]
    fn endless_fields_are_given_up() {
        let form = [b"--XX\r\n".as_slice(), &[b'a'; 20_000]].concat();
        assert_eq!(files(100, &form), (vec![], vec![Event::MultipartInvalidHeader]));
    }

    #[test]
    fn parameters() {
        for (value, want) in [
            ("attachment; filename=\"a;b\"; x", Some("a;b")),
            ("attachment; FILENAME=a b ;c", Some("a b")),
            ("filename=\"open", Some("open")),
            ("attachment", None),
        ] {
            assert_eq!(parameter(value.as_bytes(), "filename="), want.map(str::as_bytes), "{value}");
        }
    }
}
