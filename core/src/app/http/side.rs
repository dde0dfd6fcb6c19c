//! One direction of a connection: its messages one after the other (RFC 9112).

use super::content::Content;
use super::events::{Event, of};
use super::framing::{ChunkSize, Framing, chunk_size};
use super::message::Tx;
use super::start_line::{begins_request, begins_response};
use super::{BODY, FIELDS};
use crate::app::{Entry, Parsed, Protocol, Transactions};
use crate::plan::HttpSettings;
use std::borrow::Cow;

/// Kinds of frames.
const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
/// A message's fields take so many times what a line may take, at most.
const MOST_LINES: usize = 4;

/// What all of a connection is read with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub settings: &'a HttpSettings,
    pub transactions: &'a mut Transactions<Tx>,
}

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A first line.
    Line,
    /// Fields, if a request without a protocol has any.
    Bare,
    /// Fields.
    Fields,
    /// A body of so many bytes more.
    Body { left: u64 },
    /// A body that ends with the stream.
    Rest,
    /// A body without a status line: it ends with the whole lines that came together.
    Headless,
    /// The first line of a chunk.
    ChunkSize,
    /// A chunk of so many bytes more.
    Chunk { left: u64 },
    /// The end of a line behind a chunk.
    ChunkEnd,
    /// Fields behind the last chunk.
    Trailer,
    /// Behind a message: what comes with it belongs to it unless it looks like another one. Where that is no whole line,
    /// the message stays open.
    Tail { open: bool },
    /// Nothing, until a request to connect is answered.
    Waiting,
    /// What looks like a message, as bytes are missing.
    Lost,
    /// Nothing of this protocol.
    Over,
}

/// Right behind a message.
const TAIL: State = State::Tail { open: false };

/// What comes after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Next,
    /// What is left has to wait.
    Wait,
    /// Another protocol begins.
    Change(Option<Protocol>),
    Fail,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Side {
    pub to_server: bool,
    pub state: State,
    /// The beginning of a line.
    pub held: Vec<u8>,
    /// The transaction that is read.
    pub number: u64,
    pub content: Option<Box<Content>>,
    /// What was lost last may have been an answer to this one.
    pub lost_answer: Option<u64>,
    /// Where bytes were lost, or a line ended: what comes may be a request.
    pub at_line: bool,
    /// The last line ended with a LF alone.
    bare_end: bool,
    /// Offset in the stream of what is read next, and of the line that it belongs to.
    pub at: u64,
    line_at: u64,
    /// A message ended, and its frame does: whole or not.
    pub ended: Option<bool>,
}

/// The next line with its end, of which a beginning may be held.
pub(super) fn take_line<'a>(held: &mut Vec<u8>, input: &mut &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let Some(end) = memchr::memchr(b'\n', input) else {
        held.extend_from_slice(input);
        *input = &[];
        return None;
    };
    let (line, rest) = input.split_at(end + 1);
    *input = rest;
    if held.is_empty() {
        return Some(Cow::Borrowed(line));
    }
    held.extend_from_slice(line);
    Some(Cow::Owned(std::mem::take(held)))
}

pub(super) fn is_end_of_line(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// The line behind the fields is empty; that of a response may have a blank, unless an empty one follows.
fn ends_fields(line: &[u8], to_server: bool, next: Option<&u8>) -> bool {
    matches!(line, b"\n" | b"\r\n") || !to_server && matches!(line, b" \n" | b"\t\n") && next != Some(&b'\n')
}

impl Side {
    pub fn new(to_server: bool) -> Self {
        Self {
            to_server,
            state: State::Line,
            held: Vec::new(),
            number: 0,
            content: None,
            lost_answer: None,
            at_line: true,
            bare_end: false,
            at: 0,
            line_at: 0,
            ended: None,
        }
    }

    /// What is read next is at this offset in the stream.
    pub fn read_from(&mut self, at: u64) {
        (self.at, self.line_at) = (at, at.saturating_sub(self.held.len() as u64));
    }

    /// A message begins with the line that was read last: its frame.
    pub fn frame_begins(&self, context: &mut Context<'_>) {
        let frames = &mut context.transactions.frames;
        if frames.are_wanted() {
            frames.begin(self.to_server, self.frame(), self.line_at, None);
            frames.tie(self.to_server, self.frame(), self.number);
        }
    }

    /// The frame of a message that ended ends here; a line that has only begun may be that of another.
    pub fn settle_frames(&mut self, context: &mut Context<'_>) {
        let frames = &mut context.transactions.frames;
        match self.ended.take() {
            Some(true) => frames.end(self.to_server, self.frame(), self.at),
            Some(false) => frames.cut(self.to_server, self.frame()),
            None => {}
        }
        let begun = if self.held.is_empty() { None } else { Some(self.line_at) };
        frames.hold(self.to_server, begun);
    }

    fn frame(&self) -> u8 {
        if self.to_server { REQUEST } else { RESPONSE }
    }

    /// The transaction that is read, unless it is done with.
    pub fn entry<'a>(&self, context: &'a mut Context<'_>) -> Option<&'a mut Entry<Tx>> {
        context.transactions.get(self.number)
    }

    /// Note what is odd about the transaction that is read.
    pub fn note(&self, context: &mut Context<'_>, event: Event) {
        if let Some(entry) = self.entry(context) {
            entry.head.event(event as u8);
        }
    }

    /// Take in the stream's next bytes.
    pub fn data(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Parsed {
        let mut rest = bytes;
        let end = self.at + bytes.len() as u64;
        self.slide(context);
        while !rest.is_empty() {
            self.read_from(end - rest.len() as u64);
            let step = self.step(&mut rest, context);
            self.at = end - rest.len() as u64;
            if self.ended.is_some() {
                self.settle_frames(context);
            }
            match step {
                Step::Next => (),
                Step::Wait => break,
                Step::Change(expected) => {
                    self.skip_empty_lines(&mut rest, context);
                    return Parsed::Change { bytes: bytes.len() - rest.len(), expected };
                }
                Step::Fail => return Parsed::Failed,
            }
        }
        if self.state == TAIL || self.state == State::Headless && self.held.is_empty() {
            self.end(context, true);
        }
        Parsed::Consumed { bytes: bytes.len() - rest.len(), need: 0 }
    }

    /// What rules looked at of a body need not be kept as a whole.
    fn slide(&self, context: &mut Context<'_>) {
        let settings = if self.to_server { context.settings.request } else { context.settings.response };
        if self.content.is_some()
            && let Some(entry) = self.entry(context)
            && entry.head.was_looked_at(self.to_server)
        {
            entry.tx.message_mut(self.to_server).body.slide(&settings);
        }
    }

    fn step(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        match self.state {
            State::Line if self.to_server => self.request_line(input, context),
            State::Line => self.status_line(input, context),
            State::Bare => self.bare(input, context),
            State::Fields => self.fields(input, context),
            State::Body { left } => {
                let left = self.piece(left, input, context);
                self.state = if left == 0 { TAIL } else { State::Body { left } };
                Step::Next
            }
            State::Rest => {
                self.piece(u64::MAX, input, context);
                Step::Next
            }
            State::Headless => self.headless(input, context),
            State::ChunkSize => self.chunk_size(input, context),
            State::Chunk { left } => {
                let left = self.piece(left, input, context);
                self.state = if left == 0 { State::ChunkEnd } else { State::Chunk { left } };
                Step::Next
            }
            State::ChunkEnd => self.chunk_end(input, context),
            State::Trailer => self.trailer(input, context),
            State::Tail { .. } => self.tail(input, context),
            State::Waiting => self.waiting(input, context),
            State::Lost => self.resynchronise(input, context),
            State::Over => {
                *input = &[];
                Step::Next
            }
        }
    }

    /// A line is not whole yet: it must not become too long.
    pub fn unfinished(&mut self, context: &mut Context<'_>) -> Step {
        if (self.held.len() as u64) <= context.settings.meta_field_limit {
            return Step::Next;
        }
        self.note(context, of(self.to_server, Event::RequestFieldTooLong, Event::ResponseFieldTooLong));
        Step::Fail
    }

    fn fields(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let Some(line) = take_line(&mut self.held, input) else { return self.unfinished(context) };
        // Behind a LF alone a CR belongs to the end of the line before.
        let is_turned = self.bare_end && line.first() == Some(&b'\r');
        let inner = line.get(usize::from(is_turned)..).unwrap_or_default();
        if ends_fields(inner, self.to_server, input.first()) {
            if is_turned && inner.len() == 1 && input.first() == Some(&b'\r') {
                *input = input.get(1..).unwrap_or_default();
            }
            return self.message_begins(context);
        }
        self.bare_end = !line.ends_with(b"\r\n");
        let most = MOST_LINES * context.settings.meta_field_limit as usize;
        let Some(entry) = context.transactions.get(self.number) else { return self.lose() };
        let fields = &mut entry.tx.message_mut(self.to_server).fields;
        fields.push(&line);
        if fields.raw().len() > most {
            entry.head.event(of(self.to_server, Event::RequestTooManyHeaders, Event::ResponseTooManyHeaders) as u8);
            return Step::Fail;
        }
        Step::Next
    }

    /// All fields came.
    fn message_begins(&mut self, context: &mut Context<'_>) -> Step {
        self.bare_end = false;
        let Some(entry) = context.transactions.get(self.number) else { return self.lose() };
        if !read_fields(entry, self.to_server) {
            return Step::Fail;
        }
        if self.to_server { self.request_begins(context) } else { self.response_begins(context) }
    }

    /// A body of this kind follows.
    pub fn body_begins(&mut self, framing: Framing, context: &mut Context<'_>) -> Step {
        let (settings, to_server) = (context.settings, self.to_server);
        let Some(entry) = self.entry(context) else { return self.lose() };
        entry.head.advance(to_server, BODY);
        self.content = Some(Box::new(Content::new(entry, to_server, settings)));
        self.state = match framing {
            Framing::None | Framing::Length(0) => TAIL,
            Framing::Length(left) => State::Body { left },
            Framing::Chunked => State::ChunkSize,
            Framing::Close => State::Rest,
        };
        Step::Next
    }

    /// The message can't be followed any more: its transaction is gone.
    pub fn lose(&mut self) -> Step {
        self.content = None;
        self.held.clear();
        self.at_line = true;
        self.state = State::Lost;
        Step::Next
    }

    /// Bytes of the body, of which so many are left; returns how many are left then.
    fn piece(&mut self, left: u64, input: &mut &[u8], context: &mut Context<'_>) -> u64 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (piece, rest) = input.split_at(length);
        *input = rest;
        self.give(piece, context);
        left - length as u64
    }

    pub fn give(&mut self, piece: &[u8], context: &mut Context<'_>) {
        if let (Some(content), Some(entry)) = (&mut self.content, context.transactions.get(self.number)) {
            entry.tx.message_mut(self.to_server).length += piece.len() as u64;
            content.take(entry, piece);
        }
    }

    /// Bytes that are part of the body's form and not of its content.
    fn count(&self, bytes: usize, context: &mut Context<'_>) {
        if let Some(entry) = self.entry(context) {
            entry.tx.message_mut(self.to_server).length += bytes as u64;
        }
    }

    fn chunk_size(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let Some(line) = take_line(&mut self.held, input) else { return self.unfinished_chunk_size(context) };
        self.chunk_begins(&line, context);
        Step::Next
    }

    /// What can't become a size any more is none at once.
    fn unfinished_chunk_size(&mut self, context: &mut Context<'_>) -> Step {
        let digits = self.held.iter().find(|byte| !byte.is_ascii_control() && **byte != b' ');
        if digits.is_none_or(u8::is_ascii_hexdigit) {
            return self.unfinished(context);
        }
        let held = std::mem::take(&mut self.held);
        self.chunk_begins(&held, context);
        Step::Next
    }

    /// A chunk's first line came.
    pub fn chunk_begins(&mut self, line: &[u8], context: &mut Context<'_>) {
        // One that never ends is no line, and is counted with the body.
        self.count(if line.ends_with(b"\n") { line.len() } else { 0 }, context);
        let mut odd = None;
        let size = chunk_size(line, self.to_server, &mut |event| odd = Some(event));
        if let Some(event) = odd {
            self.note(context, event);
        }
        match size {
            ChunkSize::Empty => (),
            ChunkSize::Bytes(0) => self.state = State::Trailer,
            ChunkSize::Bytes(left) => self.state = State::Chunk { left },
            ChunkSize::Invalid => {
                // What follows is the body as it is, this line included.
                self.state = State::Rest;
                self.give(line, context);
            }
        }
    }

    fn chunk_end(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let Some(line) = take_line(&mut self.held, input) else { return self.unfinished(context) };
        self.count(line.len(), context);
        self.state = State::ChunkSize;
        Step::Next
    }

    /// Fields behind the body: nothing asks for them.
    fn trailer(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let Some(line) = take_line(&mut self.held, input) else { return self.unfinished(context) };
        if is_end_of_line(&line) {
            self.state = TAIL;
        }
        Step::Next
    }

    /// What came together with a message's end.
    fn tail(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let bytes = *input;
        let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
        let (line, rest) = bytes.split_at(end);
        let is_empty = is_end_of_line(line);
        if is_empty && self.to_server {
            *input = rest;
        } else if self.begins(line) && !is_empty {
            self.end(context, true);
        } else {
            *input = rest;
            let event = of(self.to_server, Event::RequestBodyUnexpected, Event::ResponseBodyUnexpected) as u8;
            if let Some(entry) = self.entry(context).filter(|_| self.to_server || is_empty) {
                entry.head.event_again(event);
            }
            self.give(line, context);
            self.state = State::Tail { open: !self.to_server && !line.ends_with(b"\n") };
        }
        Step::Next
    }

    /// Whether a message begins with this line, which may not be whole.
    fn begins(&self, line: &[u8]) -> bool {
        if self.to_server {
            begins_request(line) || memchr::memmem::find(line, b" HTTP/").is_some()
        } else {
            begins_response(line)
        }
    }

    /// Empty lines before another protocol begins are a body that should not be.
    fn skip_empty_lines(&self, input: &mut &[u8], context: &mut Context<'_>) {
        let count = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if count > 0 {
            *input = input.get(count..).unwrap_or_default();
            self.note(context, Event::ResponseBodyUnexpected);
            self.count(count, context);
        }
    }

    /// The message is over, whole or not.
    pub fn end(&mut self, context: &mut Context<'_>, is_whole: bool) {
        self.held.clear();
        self.state = State::Line;
        let content = self.content.take();
        let Some(entry) = context.transactions.get(self.number) else { return };
        if let Some(content) = content {
            content.finish(entry, is_whole);
        }
        if !is_whole {
            let [up, down] = &mut entry.head.partial;
            *(if self.to_server { up } else { down }) = true;
        }
        self.ended = Some(is_whole);
        entry.head.end(self.to_server);
        context.transactions.flush(self.to_server);
    }
}

/// Read the fields that came; false: there are too many.
pub(super) fn read_fields(entry: &mut Entry<Tx>, to_server: bool) -> bool {
    let (tx, head) = (&mut entry.tx, &mut entry.head);
    let mut note = |event: Event| match event {
        // For each field that is repeated.
        Event::RequestHeaderRepetition | Event::ResponseHeaderRepetition => head.event_again(event as u8),
        _ => head.event(event as u8),
    };
    let read = tx.message_mut(to_server).fields.read(to_server, &mut note).is_ok();
    if to_server {
        tx.find_host(&mut note);
    }
    read
}

/// A message's first line was read.
pub(super) fn advance_to_fields(entry: &mut Entry<Tx>, to_server: bool) {
    entry.head.advance(to_server, FIELDS);
}
