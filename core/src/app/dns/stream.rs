//! Messages out of what transports carry: datagrams, and streams in which each stands behind its length.

use super::message::{Flaw, Message};
use crate::app::{Input, Parsed, Transactions};
use crate::stream::{Cause, Gap};

/// The bytes of a message's length in a stream (RFC 1035, section 4.2.2).
const LENGTH: usize = 2;
/// The number of the frame that a message is, without its length (`FRAMES`).
const PDU: u8 = 1;
/// The bytes before a message's sections.
const HEADER: usize = 12;

/// Both directions of a flow.
#[derive(Debug, Default)]
pub(in crate::app) struct Messages {
    /// Responses go the way of requests.
    is_multicast: bool,
    /// The first message says so: what is taken for the client is the server.
    is_turned: Option<bool>,
    up: Framing,
    down: Framing,
}

/// One direction of a stream.
#[derive(Debug, Default)]
struct Framing {
    /// What is there of a length and its message that are not whole.
    begun: Vec<u8>,
    /// Offset in the stream of what is taken in next.
    at: u64,
    /// Bytes of a message that are still to come, and are of no use.
    rest: u64,
    /// Where messages begin is not known any more.
    is_lost: bool,
}

impl Messages {
    /// Of a protocol whose responses go the way of requests, or not.
    pub fn new(is_multicast: bool) -> Self {
        Self { is_multicast, ..Self::default() }
    }

    /// Take in what comes next: each message becomes a transaction.
    pub fn parse<T: From<Message>>(
        &mut self,
        to_server: bool,
        input: Input<'_>,
        transactions: &mut Transactions<T>,
    ) -> Parsed {
        let (is_multicast, is_turned) = (self.is_multicast, &mut self.is_turned);
        let at = transactions.frames.at(to_server);
        let mut tell = |start, bytes: &[u8], original: usize| {
            let (message, flaws) = Message::parse(to_server, bytes, original);
            let is_cut = message.cut.is_some();
            let goes_back = message.is_response() == to_server;
            let is_wrong = goes_back != *is_turned.get_or_insert(goes_back) && !is_multicast;
            let head = &mut transactions.message(T::from(message), to_server).head;
            let number = head.number;
            let either = [Flaw::NotRequest, Flaw::NotResponse];
            let odd = flaws.into_iter().filter(|flaw| is_wrong || !either.contains(flaw));
            odd.for_each(|flaw| head.event(flaw as u8));
            let [up, down] = &mut head.partial;
            *(if to_server { up } else { down }) = is_cut;
            transactions.frames.begin(to_server, PDU, start, Some(original as u64));
            transactions.frames.tie(to_server, PDU, number);
        };
        let framing = if to_server { &mut self.up } else { &mut self.down };
        framing.at = at;
        match input {
            // Of one that is cut within its header nothing can be told.
            Input::Datagram { bytes, original } if bytes.len() < HEADER && original >= HEADER => {}
            Input::Datagram { bytes, original } => tell(0, bytes, original),
            Input::Data(bytes) => {
                framing.data(bytes, &mut tell);
                transactions.frames.hold(to_server, framing.begun_at());
                transactions.flush(to_server);
                return Parsed::all(bytes);
            }
            Input::Gap(Gap { cause: Cause::Depth, .. }) => framing.gap(u64::MAX, &mut tell),
            Input::Gap(gap) => framing.gap(gap.len, &mut tell),
            Input::Eof => framing.gap(u64::MAX, &mut tell),
        }
        transactions.frames.hold(to_server, framing.begun_at());
        transactions.flush(to_server);
        Parsed::Consumed { bytes: 0, need: 0 }
    }
}

impl Framing {
    /// Offset of a message of which not all bytes have come.
    fn begun_at(&self) -> Option<u64> {
        if self.begun.is_empty() { None } else { Some(self.at.saturating_sub(self.begun.len() as u64)) }
    }

    fn data(&mut self, mut bytes: &[u8], tell: &mut impl FnMut(u64, &[u8], usize)) {
        let end = self.at + bytes.len() as u64;
        while !bytes.is_empty() {
            self.at = end - bytes.len() as u64;
            if self.rest > 0 {
                let skipped = bytes.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
                self.rest -= skipped as u64;
                bytes = bytes.get(skipped..).unwrap_or_default();
            } else if self.is_lost {
                bytes = self.search(bytes);
            } else if self.begun.is_empty()
                && let Some((message, rest)) = whole(bytes)
            {
                tell(self.at + LENGTH as u64, message, message.len());
                bytes = rest;
            } else {
                bytes = self.gather(bytes, tell);
            }
        }
        self.at = end;
    }

    /// Put by as much as is wanted of a message that comes in pieces; what is left is given.
    fn gather<'a>(&mut self, bytes: &'a [u8], tell: &mut impl FnMut(u64, &[u8], usize)) -> &'a [u8] {
        let missing = wanted(&self.begun).saturating_sub(self.begun.len());
        let (piece, rest) = bytes.split_at(missing.min(bytes.len()));
        self.begun.extend_from_slice(piece);
        if let Some((message, _)) = whole(&self.begun) {
            let end = self.at + piece.len() as u64;
            tell(end.saturating_sub(message.len() as u64), message, message.len());
            self.begun.clear();
        }
        rest
    }

    /// Look for the next message, a byte at a time; what is left is given.
    fn search<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some((byte, rest)) = bytes.split_first() else { return bytes };
        self.begun.push(*byte);
        if let Some(start) = self.begun.first_chunk() {
            if is_start(start) {
                self.is_lost = false;
            } else {
                self.begun.remove(0);
            }
        }
        rest
    }

    /// What is there of a message that is cut is told, and the next one begins where its length says.
    fn gap(&mut self, missing: u64, tell: &mut impl FnMut(u64, &[u8], usize)) {
        let begun = std::mem::take(&mut self.begun);
        let behind = wanted(&begun).saturating_sub(begun.len());
        let message = begun.get(LENGTH..).filter(|_| !self.is_lost);
        if let Some(message) = message.filter(|message| message.len() >= HEADER) {
            tell(self.at.saturating_sub(message.len() as u64), message, message.len() + behind);
        }
        // Where something of the length itself is missing, nobody knows.
        self.rest += if message.is_some() { behind as u64 } else { 0 };
        self.is_lost |= missing > self.rest || (message.is_none() && self.rest == 0);
        self.rest = self.rest.saturating_sub(missing);
    }
}

/// A whole message behind its length, and what follows it.
fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The bytes that a message takes with its length, as far as it is known.
fn wanted(begun: &[u8]) -> usize {
    let length = begun.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
    LENGTH + length.unwrap_or_default()
}

/// Whether a length and a header of an ordinary message are here: one question, few records, nothing reserved.
fn is_start(bytes: &[u8; LENGTH + HEADER]) -> bool {
    let [high, low, _, _, flags, more, 0, 1, 0, _, 0, _, 0, _] = *bytes else { return false };
    u16::from_be_bytes([high, low]) >= HEADER as u16 && flags >> 3 & 15 < 7 && more & 0x40 == 0
}
