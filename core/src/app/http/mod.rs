//! HTTP/1 (RFC 9112), read as leniently as the browsers and servers that it is meant for.
//!
//! Each direction is read by itself (`side.rs`, with `request.rs` and `response.rs` for how messages begin); a response
//! belongs to the oldest request that has none. What bytes that are missing lead to is in `lost.rs`. A body is unpacked
//! (`coding.rs`), shown to rules by a window, and given to the files that it holds (`content.rs`).

mod buffers;
mod coding;
mod content;
mod events;
mod fields;
mod framing;
mod gzip;
mod inflate;
mod lost;
mod message;
mod multipart;
mod range;
mod request;
mod response;
mod side;
mod start_line;
mod unpack;
mod uri;
mod window;

pub(super) use coding::Decoder;
pub(super) use events::Event as CodingEvent;
pub use message::Tx;
pub use range::ContentRange;
pub(super) use start_line::METHODS;
pub(super) use uri::host_and_port;
pub(super) use window::Window;

use super::ask::{Buffer, Value};
use super::{Input, Parsed, Transactions};
use crate::plan::{Applications, HttpSettings};
use side::{Context, Side, State};

/// Progress: the first line is read.
const LINE: u8 = 1;
/// The fields are read.
const FIELDS: u8 = 2;
/// The body is read.
const BODY: u8 = 3;

/// The parser of a flow.
#[derive(Debug)]
pub struct Application {
    settings: HttpSettings,
    requests: Side,
    responses: Side,
}

impl Application {
    /// What one direction means for the other.
    fn settle(&mut self, context: &mut Context<'_>) {
        let answered =
            context.transactions.get(self.requests.number).is_none_or(|entry| entry.head.progress(false) > 0);
        if self.requests.state == State::Bare && answered {
            self.requests.bare_ends(context);
        }
        if self.responses.state == State::Over && self.requests.state == State::Waiting {
            self.requests.state = State::Over;
        }
    }
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = buffers::ROWS;
    const VALUES: &'static [Value<Tx>] = &[];
    const EVENTS: &'static [&'static str] = events::NAMES;
    const FRAMES: &'static [&'static str] = &["request", "response"];
    const PROGRESS: [&'static [&'static str]; 2] = [
        &["request_started", "request_line", "request_headers", "request_body", "request_trailer", "request_complete"],
        &[
            "response_started",
            "response_line",
            "response_headers",
            "response_body",
            "response_trailer",
            "response_complete",
        ],
    ];

    fn new(settings: &Applications) -> Self {
        Self { settings: settings.http, requests: Side::new(true), responses: Side::new(false) }
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let settings = self.settings;
        let mut context = Context { settings: &settings, transactions };
        let side = if to_server { &mut self.requests } else { &mut self.responses };
        side.read_from(context.transactions.frames.at(to_server));
        let parsed = match input {
            Input::Data(bytes) => side.data(bytes, &mut context),
            Input::Gap(gap) => {
                side.gap(gap, &mut context);
                Parsed::all(&[])
            }
            Input::Eof => {
                side.eof(&mut context);
                Parsed::all(&[])
            }
            Input::Datagram { .. } => Parsed::Failed,
        };
        side.settle_frames(&mut context);
        self.settle(&mut context);
        parsed
    }
}

#[cfg(test)]
mod tests;
