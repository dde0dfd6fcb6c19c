//! The records of one direction and the handshake messages in them (RFC 8446, sections 4 and 5.1), through gaps.
//!
//! What the mirror left out goes the same way as what is there: it is skipped in a record, and cuts the handshake message
//! that it falls into. Where it takes a record's header, the next record is looked for.

use super::Odd;

/// Types of records.
mod kind {
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    pub const ALERT: u8 = 21;
    pub const HANDSHAKE: u8 = 22;
    pub const APPLICATION_DATA: u8 = 23;
    pub const HEARTBEAT: u8 = 24;
}

/// Bytes of a record's header, and of a handshake message's.
pub(super) const HEADER: usize = 5;
const MESSAGE_HEADER: usize = 4;
/// A record's length at most, encrypted ones included (RFC 5246, section 6.2.3).
const MOST_LENGTH: usize = (1 << 14) + 2048;
/// Bytes of a handshake message that are kept; what follows them is cut.
const MOST_KEPT: usize = 1 << 16;

/// What is found in a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A handshake message: its type, what is there of its body, and how many bytes of it are not.
    Message { kind: u8, body: &'a [u8], missing: usize },
    /// A hello in the form of SSL 2, behind its type.
    OldHello(&'a [u8]),
    /// What follows is encrypted.
    ChangeCipherSpec,
    /// A handshake message or an alert that can't be read.
    Encrypted,
    /// Application data: a record of it began.
    Data,
    /// A record begins.
    Record(Begun),
    /// Something is odd.
    Odd(Odd),
}

/// A record that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// Offset of its header in the stream.
    pub start: u64,
    /// Bytes of its content.
    pub length: usize,
    /// What it carries.
    pub carries: Carries,
}

/// What a record carries, as far as frames tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    Alert,
    Heartbeat,
    Other,
    /// A message of SSL 2, of which the length is without two bytes of header.
    OldMessage,
}

/// What comes next of a direction.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Bytes(&'a [u8]),
    Missing(usize),
}

impl<'a> Piece<'a> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Missing(length) => *length,
        }
    }

    /// Its first bytes, `at_most` so many, and what follows.
    fn split(self, at_most: usize) -> (Self, Self) {
        let length = at_most.min(self.len());
        match self {
            Self::Bytes(bytes) => {
                let (head, tail) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
                (Self::Bytes(head), Self::Bytes(tail))
            }
            Self::Missing(missing) => (Self::Missing(length), Self::Missing(missing - length)),
        }
    }
}

/// A record that began.
#[derive(Clone, Copy, Debug)]
struct Record {
    kind: u8,
    /// Its length, and how much of it is still to come.
    length: usize,
    left: usize,
    /// It has the form of SSL 2.
    is_old: bool,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The begun header of a record.
    header: Vec<u8>,
    record: Option<Record>,
    /// What is there of a short record's content.
    content: Vec<u8>,
    handshake: Handshake,
    /// Offset in the stream of what is taken in next.
    at: u64,
    /// Where the next record begins is not known.
    is_lost: bool,
    /// A record was seen.
    has_begun: bool,
    /// What comes is encrypted.
    pub is_encrypted: bool,
}

/// The handshake message that began.
#[derive(Debug, Default)]
struct Handshake {
    begun: Vec<u8>,
    /// Bytes of a message that was told already.
    rest: usize,
    /// Where the next message begins is not known before the next record.
    is_lost: bool,
}

impl Records {
    /// Bytes of the stream, from an offset on. Err: it is no TLS, and what it has instead was told.
    pub fn data(&mut self, at: u64, bytes: &[u8], tell: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), ()> {
        self.at = at;
        self.feed(Piece::Bytes(bytes), tell)
    }

    /// So many bytes of the stream are missing.
    pub fn gap(&mut self, missing: u64, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        let missing = usize::try_from(missing).unwrap_or(usize::MAX);
        // Nothing of what is missing can be wrong.
        let _ = self.feed(Piece::Missing(missing), tell);
    }

    /// Offset of a header of which not all bytes have come.
    pub fn begun_at(&self) -> Option<u64> {
        if self.header.is_empty() { None } else { Some(self.at.saturating_sub(self.header.len() as u64)) }
    }

    fn feed(&mut self, mut piece: Piece<'_>, tell: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), ()> {
        while piece.len() > 0 {
            let Some(mut record) = self.record else {
                piece = self.begin(piece, tell)?;
                continue;
            };
            let (own, rest) = piece.split(record.left);
            record.left -= own.len();
            self.at = self.at.saturating_add(own.len() as u64);
            self.content(record, own, tell);
            self.record = Some(record).filter(|record| record.left > 0);
            piece = rest;
        }
        Ok(())
    }

    /// Take in a byte of a header; what is left is given.
    fn begin<'a>(&mut self, piece: Piece<'a>, tell: &mut dyn FnMut(Found<'_>) -> bool) -> Result<Piece<'a>, ()> {
        let Piece::Bytes(bytes) = piece else {
            // Of what was missing, where records begin is not known.
            self.header.clear();
            self.handshake.lose(tell);
            self.is_lost = true;
            return Ok(Piece::Missing(0));
        };
        let wanted = HEADER - self.header.len();
        let (head, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
        self.header.extend_from_slice(head);
        self.at = self.at.saturating_add(head.len() as u64);
        let Some(header) = self.header.first_chunk::<HEADER>().copied() else { return Ok(Piece::Bytes(rest)) };
        if self.is_lost && !is_plausible(&header) {
            self.header.remove(0);
            return Ok(Piece::Bytes(rest));
        }
        self.header.clear();
        self.is_lost = false;
        self.open(header, tell)?;
        Ok(Piece::Bytes(rest))
    }

    /// A record begins.
    fn open(&mut self, header: [u8; HEADER], tell: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), ()> {
        let [first, second, version, kind_or_minor, low] = header;
        let start = self.at.saturating_sub(HEADER as u64);
        let mut fail = |odd: Odd| {
            tell(Found::Odd(odd));
            Err(())
        };
        // SSL 2: a length with its highest bit set, a type, a version.
        if first & 0x80 != 0 && !self.has_begun {
            let length = usize::from(first & 0x7f) << 8 | usize::from(second);
            if length < 3 || !matches!((kind_or_minor, low), (0, 2) | (3, 0..=4)) {
                return fail(Odd::InvalidSslv2Header);
            }
            self.has_begun = true;
            tell(Found::Record(Begun { start, length, carries: Carries::OldMessage }));
            self.content = vec![version, kind_or_minor, low];
            self.record = Some(Record { kind: version, length, left: length - 3, is_old: true });
            return Ok(());
        }
        let length = usize::from(kind_or_minor) << 8 | usize::from(low);
        if !(kind::CHANGE_CIPHER_SPEC..=kind::HEARTBEAT).contains(&first) {
            return fail(Odd::InvalidRecordType);
        }
        if second != 3 {
            return fail(Odd::InvalidRecordVersion);
        }
        // Of handshakes and what goes with them nothing is empty (RFC 5246, section 6.2.1).
        if length > MOST_LENGTH || length == 0 && first != kind::APPLICATION_DATA {
            return fail(Odd::InvalidRecordLength);
        }
        let _ = version;
        self.has_begun = true;
        self.handshake.is_lost = false;
        self.content.clear();
        let carries = match first {
            kind::ALERT => Carries::Alert,
            kind::HEARTBEAT => Carries::Heartbeat,
            _ => Carries::Other,
        };
        tell(Found::Record(Begun { start, length, carries }));
        self.start(first, length, tell);
        self.record = Some(Record { kind: first, length, left: length, is_old: false }).filter(|_| length > 0);
        Ok(())
    }

    /// What a record's header says by itself.
    fn start(&mut self, kind: u8, length: usize, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        match kind {
            kind::APPLICATION_DATA => drop(tell(Found::Data)),
            kind::HANDSHAKE | kind::ALERT if self.is_encrypted => drop(tell(Found::Encrypted)),
            kind::ALERT if length != 2 => drop(tell(Found::Odd(Odd::InvalidAlertMessage))),
            kind::HEARTBEAT => drop(tell(Found::Odd(Odd::HeartbeatMessage))),
            _ => {}
        }
    }

    /// More of a record's content, which ends with it where nothing is left.
    fn content(&mut self, record: Record, piece: Piece<'_>, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        if record.is_old {
            return self.old(record, piece, tell);
        }
        match record.kind {
            kind::HANDSHAKE if !self.is_encrypted => self.handshake.feed(piece, tell),
            kind::CHANGE_CIPHER_SPEC if record.left == 0 => self.is_encrypted = tell(Found::ChangeCipherSpec),
            kind::HEARTBEAT if !self.is_encrypted => self.heartbeat(record, piece, tell),
            _ => {}
        }
    }

    fn old(&mut self, record: Record, piece: Piece<'_>, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        let Piece::Bytes(bytes) = piece else { return };
        self.content.extend_from_slice(bytes);
        if record.left > 0 {
            return;
        }
        let content = std::mem::take(&mut self.content);
        // The type of a client's hello; 0 is an error (SSL 2.0, section 2.5).
        match content.split_first() {
            Some((1, hello)) => drop(tell(Found::OldHello(hello))),
            Some((0, _)) => drop(tell(Found::Odd(Odd::ErrorMessageEncountered))),
            _ => {}
        }
    }

    /// A request's payload may not be longer than its record (RFC 6520, section 4; CVE-2014-0160).
    fn heartbeat(&mut self, record: Record, piece: Piece<'_>, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        let had = self.content.len();
        if let Piece::Bytes(bytes) = piece {
            self.content.extend(bytes.iter().take(3 - had.min(3)));
        }
        let Some([kind, high, low]) = self.content.first_chunk().copied().filter(|_| had < 3) else { return };
        if !matches!(kind, 1 | 2) {
            tell(Found::Odd(Odd::InvalidHeartbeatMessage));
        } else if usize::from(u16::from_be_bytes([high, low])) + 3 > record.length {
            tell(Found::Odd(Odd::OverflowHeartbeatMessage));
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        self.handshake.lose(tell);
    }
}

impl Handshake {
    fn feed(&mut self, mut piece: Piece<'_>, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        while piece.len() > 0 && !self.is_lost {
            if self.rest > 0 {
                let (skipped, after) = piece.split(self.rest);
                self.rest -= skipped.len();
                piece = after;
                continue;
            }
            let Piece::Bytes(bytes) = piece else {
                self.lose(tell);
                if self.rest == 0 {
                    self.is_lost = true;
                }
                continue;
            };
            let missing = self.wanted() - self.begun.len();
            let (own, after) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.begun.extend_from_slice(own);
            self.finish(tell);
            piece = Piece::Bytes(after);
        }
    }

    /// Bytes of the message with its header, as far as that is known and they are kept.
    fn wanted(&self) -> usize {
        self.length().map_or(MESSAGE_HEADER, |length| (MESSAGE_HEADER + length).min(MOST_KEPT))
    }

    fn length(&self) -> Option<usize> {
        let [_, high, low @ ..] = *self.begun.first_chunk::<MESSAGE_HEADER>()?;
        Some(usize::from(high) << 16 | usize::from(u16::from_be_bytes(low)))
    }

    /// Tell of the message where all of it is there that is kept.
    fn finish(&mut self, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        if self.length().is_some() && self.begun.len() == self.wanted() {
            self.lose(tell);
        }
    }

    /// Tell of what is there of the message; what follows of it is skipped.
    fn lose(&mut self, tell: &mut dyn FnMut(Found<'_>) -> bool) {
        let length = self.length();
        let begun = std::mem::take(&mut self.begun);
        if let (Some((kind, rest)), Some(length)) = (begun.split_first(), length) {
            let body = rest.get(MESSAGE_HEADER - 1..).unwrap_or_default();
            self.rest = length.saturating_sub(body.len());
            tell(Found::Message { kind: *kind, body, missing: self.rest });
        }
    }
}

/// Whether a record may begin so.
fn is_plausible(header: &[u8; HEADER]) -> bool {
    let [kind, major, minor, high, _] = *header;
    (kind::CHANGE_CIPHER_SPEC..=kind::HEARTBEAT).contains(&kind)
        && major == 3
        && minor <= 4
        && usize::from(high) << 8 <= MOST_LENGTH
}
