//! One direction: a banner, then packets until its keys are taken into use (RFC 4253, sections 4.2, 6 and 7.3).

use super::Odd;

/// Bytes of a banner that are looked at.
const BANNER: usize = 256;
/// Length, length of the padding, and the code of the message.
pub(super) const HEADER: usize = 6;
/// A length does not count itself.
const LENGTH: usize = 4;
/// The largest packet whose key exchange is looked at.
const MOST: usize = 65_535;

/// Codes of messages (RFC 4250, section 4.1.2).
mod code {
    pub const KEXINIT: u8 = 20;
    pub const NEWKEYS: u8 = 21;
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A banner without its end, of which bytes may be missing or too many.
    Banner {
        text: &'a [u8],
        missing: usize,
        is_ended: bool,
    },
    /// A packet that begins here in the stream, and takes so many bytes.
    Packet {
        start: u64,
        length: u64,
    },
    /// The end of a banner that was too long.
    BannerEnd,
    /// What an offer of algorithms says behind its code.
    KeyExchange(&'a [u8]),
    /// What follows is encrypted.
    NewKeys,
    /// Bytes are missing that could have said something.
    Cut,
    Odd(Odd),
}

/// Where a direction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Banner,
    /// In a line that is too long: the banner, or one before it.
    LongLine { is_banner: bool },
    /// At a packet, of which so many bytes go by.
    Packet { rest: u64 },
    /// In an offer of algorithms that takes so many bytes.
    KeyExchange { whole: usize },
    /// Nothing more is to be seen.
    Over,
}

#[derive(Debug, Default)]
pub(super) struct Side {
    step: Step,
    /// What is there of a line or of a packet.
    begun: Vec<u8>,
    /// Where in the stream the last packet began.
    start: u64,
    /// Offers of algorithms are wanted.
    wants_offers: bool,
}

impl Side {
    pub fn new(wants_offers: bool) -> Self {
        Self { wants_offers, ..Self::default() }
    }

    /// Where in the stream a packet begins of which not even the header is whole.
    pub fn begun_at(&self) -> Option<u64> {
        (matches!(self.step, Step::Packet { .. }) && !self.begun.is_empty()).then_some(self.start)
    }

    /// Take in what comes next, which stands at `at` in the stream.
    pub fn data(&mut self, at: u64, mut bytes: &[u8], tell: &mut impl FnMut(Found<'_>)) {
        let end = at + bytes.len() as u64;
        while !bytes.is_empty() && self.step != Step::Over {
            bytes = match self.step {
                Step::Banner => self.banner(bytes, tell),
                Step::LongLine { is_banner } => self.long_line(bytes, is_banner, tell),
                Step::Packet { rest } if rest > 0 => {
                    let passed = bytes.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
                    self.step = Step::Packet { rest: rest - passed as u64 };
                    bytes.get(passed..).unwrap_or_default()
                }
                Step::Packet { .. } => self.header(end - bytes.len() as u64, bytes, tell),
                Step::KeyExchange { whole } => self.offer(bytes, whole, tell),
                Step::Over => &[],
            };
        }
    }

    /// Put by what is missing to so many bytes; what is left is given.
    fn gather<'a>(&mut self, bytes: &'a [u8], whole: usize) -> &'a [u8] {
        let (piece, rest) = bytes.split_at(whole.saturating_sub(self.begun.len()).min(bytes.len()));
        self.begun.extend_from_slice(piece);
        rest
    }

    /// Lines may stand before the banner.
    fn banner<'a>(&mut self, bytes: &'a [u8], tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let line = end.and_then(|end| bytes.get(..end)).unwrap_or(bytes);
        let left = self.gather(line, BANNER);
        let is_long = !left.is_empty();
        if end.is_none() && !is_long {
            return &[];
        }
        let text = std::mem::take(&mut self.begun);
        let is_banner = text.starts_with(super::BEGIN);
        if is_long && is_banner {
            tell(Found::Odd(Odd::LongBanner));
        }
        if is_banner {
            tell(Found::Banner {
                text: text.strip_suffix(b"\r").unwrap_or(&text),
                missing: 0,
                is_ended: end.is_some(),
            });
        } else {
            tell(Found::Odd(Odd::InvalidBanner));
        }
        match end {
            Some(end) => {
                self.step = if is_banner { Step::Packet { rest: 0 } } else { Step::Banner };
                bytes.get(end + 1..).unwrap_or_default()
            }
            None => {
                self.step = Step::LongLine { is_banner };
                &[]
            }
        }
    }

    fn long_line<'a>(&mut self, bytes: &'a [u8], is_banner: bool, tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return &[] };
        if is_banner {
            tell(Found::BannerEnd);
        }
        self.step = if is_banner { Step::Packet { rest: 0 } } else { Step::Banner };
        bytes.get(end + 1..).unwrap_or_default()
    }

    fn header<'a>(&mut self, at: u64, bytes: &'a [u8], tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        if self.begun.is_empty() {
            self.start = at;
        }
        let left = self.gather(bytes, HEADER);
        let &[a, b, c, d, _, code] = self.begun.as_slice() else { return left };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let rest = length.saturating_sub(HEADER - LENGTH) as u64;
        if length >= HEADER - LENGTH {
            tell(Found::Packet { start: self.start, length: (length + LENGTH) as u64 });
        }
        self.step = match code {
            _ if length < HEADER - LENGTH => {
                tell(Found::Odd(Odd::InvalidRecord));
                Step::Over
            }
            code::NEWKEYS => {
                tell(Found::NewKeys);
                Step::Over
            }
            code::KEXINIT if self.wants_offers && length <= MOST => Step::KeyExchange { whole: length + LENGTH },
            code::KEXINIT if self.wants_offers => {
                tell(Found::Odd(Odd::LongKexRecord));
                Step::Packet { rest }
            }
            _ => Step::Packet { rest },
        };
        if !matches!(self.step, Step::KeyExchange { .. }) {
            self.begun.clear();
        }
        left
    }

    fn offer<'a>(&mut self, bytes: &'a [u8], whole: usize, tell: &mut impl FnMut(Found<'_>)) -> &'a [u8] {
        let left = self.gather(bytes, whole);
        if self.begun.len() >= whole {
            let packet = std::mem::take(&mut self.begun);
            tell(Found::KeyExchange(packet.get(HEADER..).unwrap_or_default()));
            self.step = Step::Packet { rest: 0 };
        }
        left
    }

    /// So many bytes are missing: a packet's length says where the next one begins.
    pub fn gap(&mut self, missing: u64, tell: &mut impl FnMut(Found<'_>)) {
        let begun = std::mem::take(&mut self.begun);
        let rest = match self.step {
            Step::Over => return,
            Step::Banner if begun.starts_with(super::BEGIN) => {
                let missing = usize::try_from(missing).unwrap_or(usize::MAX);
                let text = begun.strip_suffix(b"\r").unwrap_or(&begun);
                tell(Found::Banner { text, missing, is_ended: true });
                None
            }
            Step::Packet { rest } if begun.is_empty() => rest.checked_sub(missing),
            Step::KeyExchange { whole } => (whole.saturating_sub(begun.len()) as u64).checked_sub(missing),
            _ => None,
        };
        if !matches!(self.step, Step::Packet { .. }) || rest.is_none() {
            tell(Found::Cut);
        }
        self.step = rest.map_or(Step::Over, |rest| Step::Packet { rest });
    }
}
