//! SSH (RFC 4253), to the end of what is not encrypted: a flow is one transaction.

mod asked;
mod offer;
mod side;

pub use offer::Hassh;

use super::ask::{Buffer, Value};
use super::frame::Frames;
use super::{Entry, Head, Input, Parsed, Transactions};
use crate::plan::{Applications, SshSettings};
use crate::stream::{Cause, Gap};
use side::{Found, HEADER, Side};

/// What can be odd, in the order of `EVENTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Odd {
    InvalidBanner,
    LongBanner,
    InvalidRecord,
    LongKexRecord,
}

const EVENTS: &[&str] = &["invalid_banner", "long_banner", "invalid_record", "long_kex_record"];

const FRAMES: &[&str] = &["record.hdr", "record.data", "record.pdu"];

/// Kinds of frames, as `FRAMES` names them.
mod kind {
    pub const HDR: u8 = 1;
    pub const DATA: u8 = 2;
    pub const PDU: u8 = 3;
}

/// How far a direction gets, as `PROGRESS` names it.
mod progress {
    pub const IN_PROGRESS: u8 = 1;
    pub const BANNER_WAIT_EOL: u8 = 2;
    pub const BANNER_DONE: u8 = 3;
    pub const FINISHED: u8 = 4;
}

/// What a banner begins with.
const BEGIN: &[u8] = b"SSH-";

/// The parser of a flow.
#[derive(Debug)]
pub struct Application {
    settings: SshSettings,
    up: Side,
    down: Side,
    /// Both directions are encrypted, and the engine knows.
    is_encrypted: bool,
}

/// A session.
#[derive(Debug, Default)]
pub struct Tx {
    /// The client.
    pub client: Peer,
    /// The server.
    pub server: Peer,
    wants_offers: bool,
}

/// What a side says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The version of the protocol.
    pub protocol: Option<Text>,
    /// The software, with its version.
    pub software: Option<Text>,
    /// The fingerprint of what it offers, where that is wanted.
    pub hassh: Option<Hassh>,
}

/// A part of a banner, of which the end may be missing.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many are missing, at most.
    pub missing: usize,
}

impl Peer {
    /// Read a banner: `SSH-protocol-software comments` (RFC 4253, section 4.2). False: it is none.
    fn read(&mut self, banner: &[u8], missing: usize) -> bool {
        let banner = banner.get(BEGIN.len()..).unwrap_or_default();
        let text = |bytes: &[u8], missing| Some(Text { bytes: bytes.to_vec(), missing });
        let Some(dash) = banner.iter().position(|byte| *byte == b'-') else {
            self.protocol = text(banner, missing).filter(|_| missing > 0);
            return missing > 0;
        };
        self.protocol = text(banner.get(..dash).unwrap_or_default(), 0);
        let rest = banner.get(dash + 1..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b' ');
        let software = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
        let missing = if end.is_none() { missing } else { 0 };
        self.software = text(software, missing).filter(|text| !text.bytes.is_empty() || missing > 0);
        true
    }
}

impl Tx {
    /// A side.
    pub fn peer(&self, to_server: bool) -> &Peer {
        if to_server { &self.client } else { &self.server }
    }

    fn take(&mut self, head: &mut Head, to_server: bool, found: Found<'_>) {
        let peer = if to_server { &mut self.client } else { &mut self.server };
        match found {
            Found::Banner { text, missing, is_ended } => {
                if !peer.read(text, missing) {
                    head.event(Odd::InvalidBanner as u8);
                }
                head.advance(to_server, if is_ended { progress::BANNER_DONE } else { progress::BANNER_WAIT_EOL });
            }
            Found::BannerEnd => head.advance(to_server, progress::BANNER_DONE),
            Found::KeyExchange(offer) => {
                let hassh = Hassh::of(offer, to_server);
                if hassh.is_none() {
                    head.event(Odd::InvalidRecord as u8);
                }
                peer.hassh = peer.hassh.take().or(hassh);
                head.change(to_server);
            }
            Found::NewKeys => head.advance(to_server, progress::FINISHED),
            Found::Cut => {
                let [up, down] = &mut head.partial;
                *(if to_server { up } else { down }) = true;
            }
            Found::Odd(odd) => head.event(odd as u8),
            Found::Packet { .. } => {}
        }
    }
}

/// The frames of a packet.
fn frame(frames: &mut Frames, to_server: bool, start: u64, length: u64) {
    let header = HEADER as u64;
    let parts = [(kind::PDU, start, length), (kind::HDR, start, header), (kind::DATA, start + header, length - header)];
    for (kind, start, length) in parts {
        frames.begin(to_server, kind, start, Some(length));
        frames.tie(to_server, kind, 0);
    }
}

impl super::Application for Application {
    type Tx = Tx;
    const BUFFERS: &'static [Buffer<Tx>] = asked::BUFFERS;
    const VALUES: &'static [Value<Tx>] = &[];
    const EVENTS: &'static [&'static str] = EVENTS;
    const FRAMES: &'static [&'static str] = FRAMES;
    const PROGRESS: [&'static [&'static str]; 2] = [
        &[
            "request_started",
            "request_in_progress",
            "request_banner_wait_eol",
            "request_banner_done",
            "request_finished",
            "request_complete",
        ],
        &[
            "response_started",
            "response_in_progress",
            "response_banner_wait_eol",
            "response_banner_done",
            "response_finished",
            "response_complete",
        ],
    ];

    fn new(settings: &Applications) -> Self {
        let (settings, side) = (settings.ssh, || Side::new(settings.ssh.hassh));
        Self { settings, up: side(), down: side(), is_encrypted: false }
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
        let Self { settings, up, down, is_encrypted } = self;
        let done = Parsed::Consumed { bytes: if let Input::Data(bytes) = input { bytes.len() } else { 0 }, need: 0 };
        if transactions.count() == 0 {
            transactions.open(Tx { wants_offers: settings.hassh, ..Tx::default() });
        }
        let Some((Entry { head, tx }, frames)) = transactions.with_frames(0) else { return done };
        let side = if to_server { up } else { down };
        let at = frames.at(to_server);
        let mut flush = false;
        let mut tell = |found: Found<'_>| {
            if let Found::Packet { start, length } = found
                && frames.are_wanted()
            {
                frame(frames, to_server, start, length);
            }
            flush |= matches!(found, Found::Banner { .. } | Found::NewKeys);
            tx.take(head, to_server, found);
        };
        match input {
            Input::Data(bytes) => side.data(at, bytes, &mut tell),
            Input::Gap(Gap { len, cause }) => side.gap(if cause == Cause::Depth { u64::MAX } else { len }, &mut tell),
            Input::Eof => head.end(to_server),
            // It has no datagrams.
            Input::Datagram { .. } => return Parsed::Failed,
        }
        frames.hold(to_server, side.begun_at());
        if let Input::Data(_) = input {
            head.advance(to_server, progress::IN_PROGRESS);
        }
        let begins = [true, false].map(|side| head.progress(side) >= progress::FINISHED) == [true; 2] && !*is_encrypted;
        if flush {
            transactions.flush(to_server);
        }
        if begins && input != Input::Eof {
            *is_encrypted = true;
            transactions.encrypted(settings.after);
        }
        done
    }

    fn is_told(entry: &Entry<Tx>, end: bool) -> bool {
        let Entry { head, tx } = entry;
        let is_seen = |to_server| {
            let offer = !tx.wants_offers || tx.peer(to_server).hassh.is_some();
            let at = head.progress(to_server);
            at >= progress::FINISHED || at >= progress::BANNER_DONE && offer
        };
        end || head.is_complete() || is_seen(true) && is_seen(false)
    }
}

#[cfg(test)]
mod tests;
