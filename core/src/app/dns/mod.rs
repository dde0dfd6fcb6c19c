//! DNS (RFC 1035): each message is a transaction, over UDP and, behind its length, over TCP.

mod kin;
mod message;
mod name;
pub mod names;
mod reader;
mod stream;

pub(super) use kin::kin;
pub use message::{Data, Message, Query, Record, Soa, flag, rrtype};
pub use name::Name;
pub(super) use stream::Messages;

use super::ask::{Buffer, Bytes, Value};
use super::{Head, Input, Parsed, Transactions};
use crate::plan::Applications;

/// The parser of a flow.
#[derive(Debug, Default)]
pub struct Application {
    messages: Messages,
}

/// A message.
pub type Tx = Message;

/// How a buffer is got.
pub(super) type Get<T> = for<'a> fn(&'a T, &'a Head, bool, usize) -> Bytes<'a>;

/// From where on buffers are there: a message is whole at once.
pub(super) const BOTH: [Option<u8>; 2] = [Some(1), Some(1)];

/// A place in a section: its name, where the mirror left one there.
fn name<'a>(names: Option<&'a Name>, place: usize, there: usize, is_cut: bool) -> Bytes<'a> {
    match names {
        Some(name) => Bytes::There { bytes: &name.text, original: name.text.len() + name.missing },
        None if is_cut && place == there => Bytes::Unknown,
        None => Bytes::Absent,
    }
}

macro_rules! section {
    ($section:ident $doc:literal $number:literal) => {
        #[doc = $doc]
        pub(super) fn $section<'a, T: AsRef<Message>>(
            tx: &'a T,
            _: &'a Head,
            to_server: bool,
            place: usize,
        ) -> Bytes<'a> {
            let message = tx.as_ref();
            if message.to_server != to_server {
                return Bytes::Absent;
            }
            let entries = &message.$section;
            name(entries.get(place).map(|entry| &entry.name), place, entries.len(), message.is_cut($number))
        }
    };
}
section!(queries "Names that are asked for." 0);
section!(answers "Names of answers." 1);
section!(authorities "Names of authorities." 2);
section!(additionals "Names of additional records." 3);

/// Names that a request asks for.
pub(super) fn query<'a>(tx: &'a Tx, head: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    if tx.is_response() { Bytes::Absent } else { queries(tx, head, to_server, place) }
}

/// All names of a response: those of queries and records, and those that records give. A record has two places, so that
/// none has to be searched for; where it gives no name, its own stands there again.
pub(super) fn all<'a, T: AsRef<Message>>(tx: &'a T, _: &'a Head, to_server: bool, place: usize) -> Bytes<'a> {
    let message = tx.as_ref();
    if message.to_server != to_server || !message.is_response() {
        return Bytes::Absent;
    }
    let there = message.queries.len() + 2 * message.sections().map(<[Record]>::len).iter().sum::<usize>();
    name(nth(message, place), place, there, message.cut.is_some())
}

fn nth(message: &Message, place: usize) -> Option<&Name> {
    let Some(mut place) = place.checked_sub(message.queries.len()) else {
        return message.queries.get(place).map(|query| &query.name);
    };
    for records in message.sections() {
        if let Some(record) = records.get(place / 2) {
            return Some(record.data.name().filter(|_| place % 2 == 1).unwrap_or(&record.name));
        }
        place -= 2 * records.len();
    }
    None
}

pub(super) fn opcode(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    (place == 0 && tx.to_server == to_server).then_some(u64::from(tx.opcode()))
}

pub(super) fn rcode(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    (place == 0 && tx.to_server == to_server).then_some(u64::from(tx.rcode()))
}

/// Types that a request asks for, and those of a response's answers.
pub(super) fn rrtype(tx: &Tx, _: &Head, to_server: bool, place: usize) -> Option<u64> {
    let number = match tx.is_response() {
        _ if tx.to_server != to_server => None,
        true => tx.answers.get(place).map(|record| record.rrtype),
        false => tx.queries.get(place)?.rrtype,
    };
    number.map(u64::from)
}

impl AsRef<Message> for Message {
    fn as_ref(&self) -> &Message {
        self
    }
}

/// What is odd about messages; LLMNR and mDNS have the same.
pub(super) const EVENTS: &[&str] = &[
    "malformed_data",
    "not_request",
    "not_response",
    "z_flag_set",
    "invalid_opcode",
    "name_too_long",
    "infinite_loop",
    "too_many_labels",
    "invalid_additionals",
    "invalid_authorities",
];

/// A message is a frame.
pub(super) const FRAMES: &[&str] = &["pdu"];

/// A message is whole at once.
pub(super) const PROGRESS: [&[&str]; 2] =
    [&["request_started", "request_complete"], &["response_started", "response_complete"]];

/// A buffer of names.
pub(super) const fn names<T>(name: &'static str, ready: [Option<u8>; 2], get: Get<T>) -> Buffer<T> {
    Buffer { name, ready, several: true, get }
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = &[
        names("dns.query", [Some(1), None], query),
        names("dns.query.name", BOTH, queries),
        names("dns.queries.rrname", BOTH, queries),
        names("dns.answer.name", BOTH, answers),
        names("dns.answers.rrname", BOTH, answers),
        names("dns.authorities.rrname", BOTH, authorities),
        names("dns.additionals.rrname", BOTH, additionals),
        names("dns.response.rrname", [None, Some(1)], all),
    ];
    const VALUES: &'static [Value<Tx>] = &[
        Value { name: "dns.opcode", ready: BOTH, get: opcode },
        Value { name: "dns.rcode", ready: BOTH, get: rcode },
        Value { name: "dns.rrtype", ready: BOTH, get: rrtype },
    ];
    const EVENTS: &'static [&'static str] = EVENTS;
    const FRAMES: &'static [&'static str] = FRAMES;
    const PROGRESS: [&'static [&'static str]; 2] = PROGRESS;
    const ONE_WAY: bool = true;

    fn new(_: &Applications) -> Self {
        Self::default()
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        self.messages.parse(to_server, input, transactions)
    }
}

#[cfg(test)]
mod tests;
