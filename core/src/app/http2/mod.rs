//! HTTP/2 (RFC 9113), where nothing encrypts it.
//!
//! Each direction is told apart into frames by itself (`side.rs`, `frame.rs`); what they say is a transaction for each stream,
//! and for each frame of the connection as a whole one of its own (`connection.rs`, `message.rs`). Fields are unpacked by
//! `hpack.rs`, data by `body.rs`. A request of HTTP/1 may go on here (`upgrade.rs`), and DNS may be what is carried
//! (`doh.rs`).

mod body;
mod buffers;
mod connection;
mod doh;
mod events;
mod frame;
mod hpack;
mod huffman;
mod message;
pub mod names;
mod side;
mod static_table;
mod upgrade;

pub use frame::kind;
pub use hpack::{Field, Flaw, Item};
pub use message::{Message, Tx};

use super::ask::{Buffer, Value};
use super::{Entry, Input, Parsed, Request, Transactions};
use crate::plan::Applications;
use crate::stream::Cause;
use connection::Connection;

/// Progress: the fields are read.
const HEADERS: u8 = 1;
/// There is data.
const DATA: u8 = 2;
/// The direction is closed.
const CLOSED: u8 = 3;

/// Kinds of frames that rules ask for, as `FRAMES` names them.
mod part {
    pub const HDR: u8 = 1;
    pub const DATA: u8 = 2;
    pub const PDU: u8 = 3;
}

/// The parser of a flow.
#[derive(Debug)]
pub struct Application {
    connection: Connection,
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = buffers::ROWS;
    const VALUES: &'static [Value<Tx>] = buffers::VALUES;
    const EVENTS: &'static [&'static str] = events::NAMES;
    const FRAMES: &'static [&'static str] = &["hdr", "data", "pdu"];
    const PROGRESS: [&'static [&'static str]; 2] = [
        &["request_started", "request_headers", "request_data", "request_closed", "request_complete"],
        &["response_started", "response_headers", "response_data", "response_closed", "response_complete"],
    ];

    fn new(settings: &Applications) -> Self {
        Self { connection: Connection::new(settings) }
    }

    fn upgraded(&mut self, request: &Request, transactions: &mut Transactions<Tx>) {
        self.connection.upgrade(request, transactions);
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        match input {
            Input::Data(bytes) => {
                self.connection.data(to_server, bytes, transactions);
                Parsed::all(bytes)
            }
            Input::Gap(gap) => {
                let bytes = if gap.cause == Cause::Depth { u64::MAX } else { gap.len };
                self.connection.gap(to_server, bytes, transactions);
                Parsed::all(&[])
            }
            Input::Eof => {
                self.connection.end(to_server, transactions);
                Parsed::all(&[])
            }
            Input::Datagram { .. } => Parsed::Failed,
        }
    }

    fn is_told(entry: &Entry<Tx>, end: bool) -> bool {
        end || entry.head.is_complete()
    }
}

#[cfg(test)]
mod tests;
