//! What a file's first bytes say it is, in libmagic's words (5.44), for the types that traffic carries most.
//!
//! Where libmagic goes on with what is further inside, such as the members of an archive, the text ends earlier here.

mod container;
mod image;
mod program;
mod text;

/// Bytes that are looked at; a text is judged by them, too.
const ENOUGH: usize = 4096;

/// What one file is.
#[derive(Debug, Default)]
pub(super) struct Magic {
    first: Vec<u8>,
    text: Option<String>,
}

impl Magic {
    /// The file's next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if self.text.is_some() {
            return;
        }
        let room = ENOUGH - self.first.len();
        self.first.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if self.first.len() >= ENOUGH {
            self.finish();
        }
    }

    /// There are no more.
    pub fn finish(&mut self) {
        if self.text.is_none() {
            self.text = Some(describe(&std::mem::take(&mut self.first)));
        }
    }

    /// What it is, once that is known.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

fn describe(bytes: &[u8]) -> String {
    match bytes {
        [] => return "empty".to_owned(),
        [_] => return "very short file (no magic)".to_owned(),
        _ => {}
    }
    let beginning = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, text)| (*text).to_owned());
    beginning
        .or_else(|| program::describe(bytes))
        .or_else(|| image::describe(bytes))
        .or_else(|| container::describe(bytes))
        .or_else(|| text::describe(bytes))
        .unwrap_or_else(|| "data".to_owned())
}

/// Files that their first bytes say all of.
const STARTS: &[(&[u8], &str)] = &[
    (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "EICAR virus test files"),
    (b"Rar!\x1a\x07\x01\0", "RAR archive data, v5"),
    (b"Rar!\x1a\x07\0", "RAR archive data"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Composite Document File V2 Document"),
    (b"MSCF\0\0\0\0", "Microsoft Cabinet archive data"),
    (b"ITSF\x03\0\0\0\x60\0\0\0", "MS Windows HtmlHelp Data"),
    (b"L\0\0\0\x01\x14\x02\0", "MS Windows shortcut"),
    (b"OggS", "Ogg data"),
    (b"fLaC", "FLAC audio bitstream data"),
    (b"FLV\x01", "Macromedia Flash Video"),
    (b"wOFF", "Web Open Font Format"),
    (b"wOF2", "Web Open Font Format (Version 2)"),
    (b"OTTO", "OpenType font data"),
    (b"SQLite format 3\0", "SQLite 3.x database"),
    (b"!<arch>\ndebian-binary", "Debian binary package (format 2.0)"),
    (b"!<arch>\n", "current ar archive"),
    (b"\x28\xb5\x2f\xfd", "Zstandard compressed data (v0.8+)"),
    (b"\x04\x22\x4d\x18", "LZ4 compressed data (v1.4+)"),
    (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "pcap capture file, microsecond ts (little-endian) - version 2.4"),
    (b"\x0a\x0d\x0d\x0a", "pcapng capture file"),
    (b"-----BEGIN CERTIFICATE-----", "PEM certificate"),
    (b"-----BEGIN RSA PRIVATE KEY-----", "PEM RSA private key"),
];

/// Big-endian and little-endian numbers at a place.
fn big16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

fn big32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

fn little16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn little32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
