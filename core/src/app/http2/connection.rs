//! Both directions of a connection: which stream a frame belongs to, and what it says there.

use super::body::{Around, Body, Part};
use super::events::Odd;
use super::frame::{self, HEADER, Header, flag, kind};
use super::hpack::Decoder;
use super::message::{Tx, keep};
use super::side::{Found, Side};
use super::{CLOSED, DATA, HEADERS, Item, doh, part};
use crate::app::http::{ContentRange, host_and_port};
use crate::app::transaction::MOST_OPEN;
use crate::app::{Entry, Head, Protocol, Transactions};
use crate::plan::{Applications, Http2Settings, HttpSettings};
use hashbrown::HashMap;

/// Streams whose numbers are kept, before those that are done with are forgotten.
const MOST_NUMBERS: usize = 1024;
/// Odd things that wait for a transaction.
const MOST_ODD: usize = 8;

/// Both directions.
#[derive(Debug)]
pub(super) struct Connection {
    up: Side,
    down: Side,
    pub(super) streams: Streams,
}

/// What the frames of both directions belong to.
#[derive(Debug)]
pub(super) struct Streams {
    settings: Http2Settings,
    http: HttpSettings,
    up: Blocks,
    down: Blocks,
    /// The streams' transactions, by the streams' numbers.
    numbers: HashMap<u32, u64>,
}

/// Blocks of fields of one direction.
#[derive(Debug)]
struct Blocks {
    table: Decoder,
    /// One that goes on in further frames.
    open: Option<Block>,
    /// What is odd, and belongs to what comes next.
    odd: Vec<Odd>,
}

/// A block of fields.
#[derive(Debug)]
struct Block {
    stream: u32,
    bytes: Vec<u8>,
    /// It ends the stream.
    is_last: bool,
    /// It is too large, or a part of it is missing: no more of it is taken.
    is_cut: bool,
}

impl Connection {
    pub fn new(settings: &Applications) -> Self {
        let most = usize::try_from(settings.http2.max_table_size).unwrap_or(usize::MAX);
        let blocks = || Blocks { table: Decoder::new(most), open: None, odd: Vec::new() };
        let streams = Streams {
            settings: settings.http2,
            http: HttpSettings { bomb_limit: settings.http2.bomb_limit, ..settings.http },
            up: blocks(),
            down: blocks(),
            numbers: HashMap::new(),
        };
        Self { up: Side::new(true), down: Side::new(false), streams }
    }

    /// Take in a direction's next bytes.
    pub fn data(&mut self, to_server: bool, bytes: &[u8], transactions: &mut Transactions<Tx>) {
        let at = transactions.frames.at(to_server);
        let Self { up, down, streams } = self;
        let side = if to_server { up } else { down };
        side.data(at, bytes, &mut |found| streams.take(to_server, found, transactions));
        transactions.frames.hold(to_server, side.begun_at());
    }

    /// So many bytes of a direction are missing.
    pub fn gap(&mut self, to_server: bool, bytes: u64, transactions: &mut Transactions<Tx>) {
        let Self { up, down, streams } = self;
        let side = if to_server { up } else { down };
        side.gap(bytes, &mut |found| streams.take(to_server, found, transactions));
        transactions.frames.hold(to_server, None);
    }

    /// No more comes of a direction.
    pub fn end(&mut self, to_server: bool, transactions: &mut Transactions<Tx>) {
        let http = self.streams.http;
        transactions.each(|Entry { head, tx }| {
            let is_open = head.progress(to_server) < CLOSED;
            let mut around = Around { head, to_server, settings: &http };
            tx.message_mut(to_server).body.finish(!is_open, &mut around);
            head.end(to_server);
        });
    }
}

impl Streams {
    fn blocks(&mut self, to_server: bool) -> &mut Blocks {
        if to_server { &mut self.up } else { &mut self.down }
    }

    /// A stream's transaction: that which is open, or a new one.
    pub fn open<'a>(&mut self, stream: u32, transactions: &'a mut Transactions<Tx>) -> &'a mut Entry<Tx> {
        let is_open = |entry: &mut Entry<Tx>| !(entry.head.is_complete() && entry.head.is_told());
        let known = self.numbers.get(&stream).copied().filter(|known| transactions.get(*known).is_some_and(is_open));
        let number = known.unwrap_or_else(|| self.begin(stream, transactions));
        transactions.at_or_open(number, || Tx::new(stream))
    }

    /// A new stream; where there are too many, the oldest is ended.
    fn begin(&mut self, stream: u32, transactions: &mut Transactions<Tx>) -> u64 {
        if self.numbers.len() >= MOST_NUMBERS {
            self.numbers.retain(|_, number| transactions.get(*number).is_some());
        }
        let is_full = transactions.iter().len() as u64 >= self.settings.max_streams.min(MOST_OPEN as u64);
        if is_full && let Some(oldest) = transactions.unended(true) {
            oldest.head.end(true);
            oldest.head.end(false);
        }
        let head = &mut transactions.open(Tx::new(stream)).head;
        if is_full {
            head.event(Odd::TooManyStreams as u8);
        }
        self.numbers.insert(stream, head.number);
        head.number
    }

    /// The transaction of a frame: a stream's, or one of its own.
    fn of_frame<'a>(
        &mut self,
        header: &Header,
        to_server: bool,
        transactions: &'a mut Transactions<Tx>,
    ) -> &'a mut Entry<Tx> {
        let odd = std::mem::take(&mut self.blocks(to_server).odd);
        let most = usize::try_from(self.settings.max_frames).unwrap_or(usize::MAX);
        let entry = match header.stream {
            0 => transactions.message(Tx::new(0), to_server),
            stream => self.open(stream, transactions),
        };
        let Entry { head, tx } = &mut *entry;
        odd.into_iter().for_each(|odd| head.event(odd as u8));
        if !tx.message_mut(to_server).count(header.kind, most) {
            head.event(Odd::TooManyFrames as u8);
        }
        let lingers = matches!(header.kind, kind::RST_STREAM | kind::WINDOW_UPDATE | kind::PRIORITY);
        if header.stream != 0 && head.is_complete() && !lingers {
            head.event(Odd::StreamIdReuse as u8);
        }
        head.change(to_server);
        entry
    }

    /// Take in what a direction's frames are.
    fn take(&mut self, to_server: bool, found: Found<'_>, transactions: &mut Transactions<Tx>) {
        match found {
            Found::Begin { start, header } => self.frame_begins(to_server, start, header, transactions),
            Found::Payload { header, bytes, is_cut } => self.payload(to_server, header, (bytes, is_cut), transactions),
            Found::Data { header, bytes } => {
                if let Some((entry, mut http)) = self.in_stream(&header, transactions) {
                    give(entry, to_server, bytes, &mut http);
                }
            }
            Found::Missing { header, bytes } => {
                if let Some((entry, http)) = self.in_stream(&header, transactions) {
                    lose(entry, to_server, bytes, &http);
                }
            }
            Found::End { header } => {
                if header.has(flag::END_STREAM)
                    && let Some((entry, http)) = self.in_stream(&header, transactions)
                {
                    close(entry, to_server, true, &http);
                    let is_dns = entry.tx.is_dns();
                    message_ended(to_server, is_dns, transactions);
                }
            }
            Found::Lost => self.lose(to_server, transactions),
            Found::Odd(odd) => {
                let waiting = &mut self.blocks(to_server).odd;
                if waiting.len() < MOST_ODD {
                    waiting.push(odd);
                }
            }
        }
    }

    /// The transaction of a stream that a frame's data belongs to.
    fn in_stream<'a>(
        &self,
        header: &Header,
        transactions: &'a mut Transactions<Tx>,
    ) -> Option<(&'a mut Entry<Tx>, HttpSettings)> {
        let number = *self.numbers.get(&header.stream)?;
        Some((transactions.get(number)?, self.http))
    }

    fn frame_begins(&mut self, to_server: bool, start: u64, header: Header, transactions: &mut Transactions<Tx>) {
        if transactions.frames.are_wanted() {
            let (head, length) = (HEADER as u64, u64::from(header.length));
            transactions.frames.begin(to_server, part::PDU, start, Some(head + length));
            transactions.frames.begin(to_server, part::HDR, start, Some(head));
            transactions.frames.begin(to_server, part::DATA, start + head, Some(length));
        }
        if header.kind != kind::DATA {
            return;
        }
        let Entry { head, .. } = self.of_frame(&header, to_server, transactions);
        let number = head.number;
        if header.stream == 0 {
            head.event(Odd::DataStreamZero as u8);
        } else {
            head.advance(to_server, DATA);
        }
        tie(to_server, number, transactions);
    }

    /// A frame that holds no data is there, as far as it goes.
    fn payload(
        &mut self,
        to_server: bool,
        header: Header,
        (bytes, is_cut): (&[u8], bool),
        transactions: &mut Transactions<Tx>,
    ) {
        let is_block = matches!(header.kind, kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION);
        let broken = self.blocks(to_server).open.take_if(|block| !is_block || block.stream != header.stream);
        if let Some(block) = broken {
            let block = Block { is_cut: true, ..block };
            self.blocks(to_server).odd.push(Odd::InvalidFrameData);
            self.read(to_server, &block, transactions);
        }
        if header.kind == kind::SETTINGS && header.has(flag::ACK) && header.length == 0 {
            // It says nothing.
            return;
        }
        let entry = self.of_frame(&header, to_server, transactions);
        let (number, head) = (entry.head.number, &mut entry.head);
        if !header.is_in_place() {
            head.event(Odd::InvalidFrameHeader as u8);
        }
        mark(head, to_server, is_cut);
        if is_block {
            self.block(to_server, header, (bytes, is_cut), transactions);
        } else {
            let http = self.http;
            transactions.get(number).into_iter().for_each(|entry| said(entry, to_server, &header, bytes, &http));
        }
        tie(to_server, number, transactions);
    }

    /// A part of a block of fields is there.
    fn block(
        &mut self,
        to_server: bool,
        header: Header,
        (bytes, is_cut): (&[u8], bool),
        transactions: &mut Transactions<Tx>,
    ) {
        let most = usize::try_from(self.settings.max_reassembly_size).unwrap_or(usize::MAX);
        let without = frame::without_padding(&header, bytes, is_cut);
        let parts = without.and_then(|bytes| match header.kind {
            kind::HEADERS => frame::priority(&header, bytes),
            kind::PUSH_PROMISE => Ok((None, bytes.get(4..).ok_or(frame::WrongLength)?)),
            _ => Ok((None, bytes)),
        });
        let is_wrong = parts.is_err() && !is_cut;
        let (priority, bytes) = parts.unwrap_or_default();
        let continued = self.blocks(to_server).open.take();
        let entry = self.open(header.stream, transactions);
        if is_wrong {
            entry.head.event(Odd::InvalidFrameLength as u8);
        }
        if continued.is_none() && header.kind == kind::CONTINUATION {
            entry.head.event(Odd::InvalidFrameData as u8);
        }
        keep(&mut entry.tx.message_mut(to_server).priorities, priority);
        let is_last = header.kind == kind::HEADERS && header.has(flag::END_STREAM);
        let fresh = || Block { stream: header.stream, bytes: Vec::new(), is_last, is_cut: false };
        let mut block = continued.unwrap_or_else(fresh);
        let room = most.saturating_sub(block.bytes.len());
        if bytes.len() > room {
            entry.head.event(Odd::ReassemblyLimitReached as u8);
        }
        if !block.is_cut {
            block.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
        block.is_cut |= is_cut || is_wrong || bytes.len() > room;
        if header.has(flag::END_HEADERS) {
            self.read(to_server, &block, transactions);
        } else {
            self.blocks(to_server).open = Some(block);
        }
    }

    /// A block of fields is there, as far as it goes.
    fn read(&mut self, to_server: bool, block: &Block, transactions: &mut Transactions<Tx>) {
        let number = self.open(block.stream, transactions).head.number;
        let Some(Entry { head, tx }) = transactions.get(number) else { return };
        let message = tx.message_mut(to_server);
        let table = &mut self.blocks(to_server).table;
        let is_whole = table.read(&block.bytes, block.is_cut, &mut |item| message.push(item, head));
        message.is_read = true;
        message.is_cut |= !is_whole;
        let is_flawed = matches!(message.marks.last(), Some((_, Item::Flawed(_))));
        mark(head, to_server, !is_whole && !is_flawed);
        if to_server {
            look_at_host(tx, head);
        }
        doh::begin(tx, head, to_server);
        head.advance(to_server, HEADERS);
        let http = self.http;
        let Some(entry) = transactions.get(number).filter(|_| block.is_last) else { return };
        close(entry, to_server, true, &http);
        let is_dns = entry.tx.is_dns();
        message_ended(to_server, is_dns, transactions);
    }

    /// Frames may be missing of a direction, of any stream.
    fn lose(&mut self, to_server: bool, transactions: &mut Transactions<Tx>) {
        self.blocks(to_server).table.lose();
        if let Some(block) = self.blocks(to_server).open.take() {
            self.read(to_server, &Block { is_cut: true, ..block }, transactions);
        }
        let http = self.http;
        transactions.each(|entry| {
            if entry.tx.stream != 0 && entry.head.progress(to_server) < CLOSED {
                lose(entry, to_server, 0, &http);
            }
        });
    }
}

/// The frame that began last belongs to a transaction.
fn tie(to_server: bool, number: u64, transactions: &mut Transactions<Tx>) {
    if transactions.frames.are_wanted() {
        for kind in [part::PDU, part::HDR, part::DATA] {
            transactions.frames.tie(to_server, kind, number);
        }
    }
}

/// A message ended, which may be DNS.
fn message_ended(to_server: bool, is_dns: bool, transactions: &mut Transactions<Tx>) {
    transactions.flush(to_server);
    if is_dns {
        transactions.rename(Protocol::Doh2);
    }
}

/// Bytes of a direction are missing.
fn mark(head: &mut Head, to_server: bool, is_cut: bool) {
    let [up, down] = &mut head.partial;
    *(if to_server { up } else { down }) |= is_cut;
}

fn give(entry: &mut Entry<Tx>, to_server: bool, bytes: &[u8], settings: &mut HttpSettings) {
    let Entry { head, tx } = entry;
    let part = if to_server { None } else { resource(tx, head) };
    let mut around = Around { head, to_server, settings };
    Body::take(tx.message_mut(to_server), bytes, &mut around, part);
}

fn lose(entry: &mut Entry<Tx>, to_server: bool, bytes: u64, settings: &HttpSettings) {
    let Entry { head, tx } = entry;
    mark(head, to_server, true);
    tx.message_mut(to_server).body.lose(bytes, &mut Around { head, to_server, settings });
}

/// A direction of a stream is over.
fn close(entry: &mut Entry<Tx>, to_server: bool, is_whole: bool, settings: &HttpSettings) {
    let Entry { head, tx } = entry;
    let is_whole = is_whole && !tx.message(to_server).body.window.is_cut;
    tx.message_mut(to_server).body.finish(is_whole, &mut Around { head, to_server, settings });
    doh::end(tx, to_server);
    head.advance(to_server, CLOSED);
    if head.progress(!to_server) >= CLOSED {
        head.end(true);
        head.end(false);
    }
}

/// What a response's data is a part of, if its fields say so.
fn resource(tx: &Tx, head: &mut Head) -> Option<Part> {
    let value = tx.response.field("content-range").filter(|_| !tx.response.body.has_begun())?;
    let Some(said) = ContentRange::parse(value) else {
        head.event(Odd::InvalidRange as u8);
        return None;
    };
    let (range, size) = said.part().zip(said.size)?;
    let (host, _) = host_and_port(tx.host().unwrap_or_default());
    let key = [host, b"\0", tx.request.field(":path").unwrap_or_default()].concat();
    Some(Part { key, size, range })
}

/// Whether the host is the same wherever it is named.
fn look_at_host(tx: &Tx, head: &mut Head) {
    let Some(authority) = tx.request.field(":authority") else { return };
    let at = memchr::memrchr(b'@', authority);
    if at.is_some() {
        head.event(Odd::UserinfoInUri as u8);
    }
    let named = authority.get(at.map_or(0, |at| at + 1)..).unwrap_or_default();
    if tx.request.field("host").is_some_and(|host| !host.eq_ignore_ascii_case(named)) {
        head.event(Odd::AuthorityHostMismatch as u8);
    }
}

/// What a frame that is neither data nor fields says.
fn said(entry: &mut Entry<Tx>, to_server: bool, header: &Header, bytes: &[u8], http: &HttpSettings) {
    let Entry { head, tx } = &mut *entry;
    let message = tx.message_mut(to_server);
    let length = header.length as usize;
    let fits = match header.kind {
        kind::PRIORITY => length == 5,
        kind::RST_STREAM | kind::WINDOW_UPDATE => length == 4,
        kind::SETTINGS => length.is_multiple_of(6) && !header.has(flag::ACK),
        kind::PING => length == 8,
        kind::GOAWAY => length >= 8,
        _ => true,
    };
    if !fits {
        return head.event(Odd::InvalidFrameLength as u8);
    }
    match header.kind {
        kind::PRIORITY => keep(&mut message.priorities, bytes.get(4).copied()),
        kind::RST_STREAM => keep(&mut message.errors, frame::number(bytes)),
        kind::GOAWAY => keep(&mut message.errors, bytes.get(4..).and_then(frame::number)),
        kind::WINDOW_UPDATE => keep(&mut message.windows, frame::number(bytes).map(|size| size & 0x7fff_ffff)),
        kind::SETTINGS => keep(&mut message.settings, frame::settings(bytes)),
        _ => {}
    }
    if header.kind == kind::RST_STREAM && head.progress(to_server) < CLOSED {
        close(entry, to_server, false, http);
    }
}
