//! One direction of a connection: where its frames begin and end.

use super::events::Odd;
use super::frame::{HEADER, Header, flag, kind};

/// What a client begins with (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A larger frame that is no data is not looked at.
const MOST: u32 = 1 << 16;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A frame begins at this offset.
    Begin {
        start: u64,
        header: Header,
    },
    /// The payload of a frame that holds no data; its end may be missing.
    Payload {
        header: Header,
        bytes: &'a [u8],
        is_cut: bool,
    },
    /// A piece of a frame's data.
    Data {
        header: Header,
        bytes: &'a [u8],
    },
    /// So many bytes of a frame's data are missing.
    Missing {
        header: Header,
        bytes: u64,
    },
    /// A frame with data is over.
    End {
        header: Header,
    },
    /// Frames may be missing.
    Lost,
    Odd(Odd),
}

/// Where a direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Preface,
    Header,
    /// In what is gathered of a frame.
    Payload(Header),
    /// In a frame's data, of whose payload so many bytes are left, so many of them as padding.
    Data {
        header: Header,
        left: u32,
        padding: Option<u32>,
    },
    /// In what is of no use.
    Skip {
        left: u64,
    },
    /// Where frames begin is not known.
    Lost,
}

#[derive(Debug)]
pub(super) struct Side {
    step: Step,
    /// What is there of what is gathered.
    begun: Vec<u8>,
    /// Where in the stream the last frame began.
    start: u64,
}

impl Side {
    /// The client's begins with a preface.
    pub fn new(to_server: bool) -> Self {
        Self { step: if to_server { Step::Preface } else { Step::Header }, begun: Vec::new(), start: 0 }
    }

    /// Where in the stream a frame begins of which not even the header is whole.
    pub fn begun_at(&self) -> Option<u64> {
        (self.step == Step::Header && !self.begun.is_empty()).then_some(self.start)
    }

    /// Take in what comes next, which stands at `at` in the stream.
    pub fn data(&mut self, at: u64, mut bytes: &[u8], tell: &mut impl FnMut(Found<'_>)) {
        let end = at + bytes.len() as u64;
        while !bytes.is_empty() {
            let at = end - bytes.len() as u64;
            bytes = match self.step {
                Step::Preface => self.preface(at, bytes, tell),
                Step::Header => self.header(at, bytes, tell),
                Step::Payload(header) => self.payload(header, bytes, tell),
                Step::Data { header, left, padding } => self.piece(header, left, padding, bytes, tell),
                Step::Skip { left } => {
                    let passed = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.skip(left - passed as u64);
                    bytes.get(passed..).unwrap_or_default()
                }
                Step::Lost => self.search(at, bytes, tell),
            };
        }
    }

    /// So many bytes are missing.
    pub fn gap(&mut self, bytes: u64, tell: &mut impl FnMut(Found<'_>)) {
        let left = match self.step {
            Step::Payload(header) => {
                let begun = std::mem::take(&mut self.begun);
                tell(Found::Payload { header, bytes: &begun, is_cut: true });
                u64::from(header.length) - begun.len() as u64
            }
            Step::Data { header, left, padding } => {
                // How much of the rest is padding is not known where that was lost.
                let padding = padding.unwrap_or_default();
                let content = u64::from(left.saturating_sub(padding));
                tell(Found::Missing { header, bytes: bytes.min(content) });
                if bytes < u64::from(left) {
                    return self.go_on(header, left - bytes as u32, padding, tell);
                }
                tell(Found::End { header });
                u64::from(left)
            }
            Step::Skip { left } => left,
            Step::Preface | Step::Header | Step::Lost => return self.lose(tell),
        };
        match left.checked_sub(bytes) {
            Some(left) => self.skip(left),
            None => self.lose(tell),
        }
    }

    fn skip(&mut self, left: u64) {
        self.step = if left == 0 { Step::Header } else { Step::Skip { left } };
    }

    fn lose(&mut self, tell: &mut impl FnMut(Found<'_>)) {
        self.begun.clear();
        self.step = Step::Lost;
        tell(Found::Lost);
    }

    /// Put by what is missing to so many bytes; what is left is given.
    fn gather<'a>(&mut self, bytes: &'a [u8], whole: usize) -> &'a [u8] {
        let missing = whole.saturating_sub(self.begun.len()).min(bytes.len());
        let (more, rest) = bytes.split_at(missing);
        self.begun.extend_from_slice(more);
        rest
    }

    fn preface<'a>(&mut self, at: u64, bytes: &'a [u8], tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        let missing = PREFACE.get(self.begun.len()..).unwrap_or_default();
        let there = missing.len().min(bytes.len());
        let (begin, rest) = bytes.split_at(there);
        if !missing.starts_with(begin) {
            // It begins with frames.
            tell(Found::Odd(Odd::InvalidClientMagic));
            self.step = Step::Header;
            let begun = std::mem::take(&mut self.begun);
            self.data(at.saturating_sub(begun.len() as u64), &begun, tell);
            return bytes;
        }
        self.begun.extend_from_slice(begin);
        if there == missing.len() {
            self.begun.clear();
            self.step = Step::Header;
        }
        rest
    }

    fn header<'a>(&mut self, at: u64, bytes: &'a [u8], tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        if self.begun.is_empty() {
            self.start = at;
        }
        let rest = self.gather(bytes, HEADER);
        if let Some(header) = self.begun.first_chunk().map(Header::parse) {
            self.begun.clear();
            self.begin(header, tell);
        }
        rest
    }

    /// A frame begins.
    fn begin(&mut self, header: Header, tell: &mut impl FnMut(Found<'_>)) {
        tell(Found::Begin { start: self.start, header });
        let left = header.length;
        if header.kind == kind::DATA && left > 0 {
            let padding = if header.has(flag::PADDED) { None } else { Some(0) };
            self.step = Step::Data { header, left, padding };
        } else if header.kind == kind::DATA {
            tell(Found::End { header });
            self.step = Step::Header;
        } else if left == 0 || left > MOST {
            if left > MOST {
                tell(Found::Odd(Odd::LongFrameData));
            }
            tell(Found::Payload { header, bytes: &[], is_cut: left > 0 });
            self.skip(u64::from(left));
        } else {
            self.step = Step::Payload(header);
        }
    }

    fn payload<'a>(&mut self, header: Header, bytes: &'a [u8], tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        let length = header.length as usize;
        if let Some((payload, rest)) = bytes.split_at_checked(length).filter(|_| self.begun.is_empty()) {
            self.step = Step::Header;
            tell(Found::Payload { header, bytes: payload, is_cut: false });
            return rest;
        }
        let rest = self.gather(bytes, length);
        if self.begun.len() == length {
            self.step = Step::Header;
            let payload = std::mem::take(&mut self.begun);
            tell(Found::Payload { header, bytes: &payload, is_cut: false });
        }
        rest
    }

    fn piece<'a>(
        &mut self,
        header: Header,
        left: u32,
        padding: Option<u32>,
        bytes: &'a [u8],
        tell: &mut impl FnMut(Found<'_>),
    ) -> &'a [u8] {
        let Some(padding) = padding else {
            let (padding, rest) = bytes.split_first().map_or((0, bytes), |(first, rest)| (u32::from(*first), rest));
            if padding >= left {
                tell(Found::Odd(Odd::InvalidFrameData));
            }
            self.go_on(header, left - 1, padding.min(left - 1), tell);
            return rest;
        };
        let (piece, rest) = bytes.split_at(bytes.len().min(left as usize));
        let content = left.saturating_sub(padding) as usize;
        let content = piece.get(..content).unwrap_or(piece);
        if !content.is_empty() {
            tell(Found::Data { header, bytes: content });
        }
        self.go_on(header, left - piece.len() as u32, padding, tell);
        rest
    }

    /// So many bytes of a frame with data are left.
    fn go_on(&mut self, header: Header, left: u32, padding: u32, tell: &mut impl FnMut(Found<'_>)) {
        self.step = Step::Data { header, left, padding: Some(padding) };
        if left == 0 {
            self.step = Step::Header;
            tell(Found::End { header });
        }
    }

    /// Look for something like a frame's header, a byte at a time.
    fn search<'a>(&mut self, at: u64, bytes: &'a [u8], tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        let Some((byte, rest)) = bytes.split_first() else { return bytes };
        self.begun.push(*byte);
        let Some(header) = self.begun.first_chunk().map(Header::parse) else { return rest };
        if header.is_plausible() {
            self.start = (at + 1).saturating_sub(HEADER as u64);
            self.begun.clear();
            self.begin(header, tell);
        } else {
            self.begun.remove(0);
        }
        rest
    }
}
