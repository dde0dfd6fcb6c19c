//! What becomes of a connection of which bytes are missing, or that ends.
//!
//! A message is followed over what is missing as long as its framing says how far it goes. Otherwise it ends with what
//! was seen of it, and the next one begins at what looks like a first line.

use super::events::Event;
use super::side::{Context, Side, State, Step, read_fields};
use super::start_line::{begins_request, begins_response};
use crate::stream::{Cause, Gap};

/// The longest name of a method, with the blank behind it.
const METHOD: usize = 17;
/// A status line, as far as it has to look like one: `HTTP/1.1 200`.
const STATUS: usize = 12;

impl Side {
    /// Bytes are missing.
    pub(super) fn gap(&mut self, Gap { len, cause }: Gap, context: &mut Context<'_>) {
        let in_body = matches!(self.state, State::Rest | State::Body { .. } | State::Chunk { .. });
        match self.state {
            State::Over | State::Waiting => (),
            // Nobody counts what is not stored any more.
            _ if in_body && cause == Cause::Depth => self.lose_body(len, context),
            State::Rest => self.pass_over(len, context),
            State::Body { left } if len <= left => {
                self.pass_over(len, context);
                self.state = State::Body { left: left - len };
                if left == len {
                    self.end(context, true);
                }
            }
            State::Chunk { left } if len <= left => {
                self.pass_over(len, context);
                self.state = if left == len { State::ChunkEnd } else { State::Chunk { left: left - len } };
            }
            State::Body { left } | State::Chunk { left } => {
                self.pass_over(left, context);
                self.note(context, Event::InvalidGap);
                self.break_off(context);
            }
            _ => self.break_off(context),
        }
        if !matches!(self.state, State::Over | State::Waiting) {
            self.mark_partial(context);
        }
    }

    /// Bytes of the body are missing.
    fn pass_over(&mut self, len: u64, context: &mut Context<'_>) {
        self.at = self.at.saturating_add(len);
        if let Some(entry) = self.entry(context) {
            entry.tx.message_mut(self.to_server).length += len;
        }
        self.lose_body(len, context);
    }

    /// The body has a hole.
    fn lose_body(&mut self, len: u64, context: &mut Context<'_>) {
        if let (Some(content), Some(entry)) = (&mut self.content, context.transactions.get(self.number)) {
            content.lost(entry, len);
            let [up, down] = &mut entry.head.partial;
            *(if self.to_server { up } else { down }) = true;
        }
    }

    /// The message ends with what was seen of it, and what comes is not known.
    fn break_off(&mut self, context: &mut Context<'_>) {
        self.cut_short(context);
        self.state = State::Lost;
        self.held.clear();
        self.at_line = true;
    }

    /// What was lost may be the answer to the oldest request that has none.
    fn mark_partial(&mut self, context: &mut Context<'_>) {
        if !self.to_server && self.state == State::Lost && self.lost_answer.is_none() {
            self.lost_answer = context.transactions.unended(false).map(|entry| entry.head.number);
        }
    }

    /// The message ends with what was seen of it.
    fn cut_short(&mut self, context: &mut Context<'_>) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            State::Line if self.to_server && is_request(&held) => {
                self.request_opens(&held, true, context);
                self.note(context, Event::RequestLineIncomplete);
                self.cut_fields(&[], context);
            }
            State::Line if !self.to_server && is_status(&held) => {
                self.response_opens(&held, true, context);
                self.cut_fields(&[], context);
            }
            State::Fields | State::Bare => self.cut_fields(&held, context),
            State::Body { .. }
            | State::Chunk { .. }
            | State::ChunkSize
            | State::ChunkEnd
            | State::Rest
            | State::Headless => {
                self.end(context, false);
            }
            State::Trailer | State::Tail { .. } => self.end(context, true),
            State::Line | State::Waiting | State::Lost | State::Over => (),
        }
    }

    /// Fields end with a line of which this is there.
    fn cut_fields(&mut self, line: &[u8], context: &mut Context<'_>) {
        if let Some(entry) = self.entry(context) {
            let fields = &mut entry.tx.message_mut(self.to_server).fields;
            fields.push(line);
            fields.cut();
            read_fields(entry, self.to_server);
        }
        self.end(context, false);
    }

    /// Nothing more comes.
    pub(super) fn eof(&mut self, context: &mut Context<'_>) {
        match self.state {
            State::Rest | State::Body { .. } | State::Chunk { .. } | State::ChunkEnd => self.end(context, true),
            State::ChunkSize => {
                let held = std::mem::take(&mut self.held);
                if !held.is_empty() {
                    self.chunk_begins(&held, context);
                }
                self.end(context, true);
            }
            State::Bare => self.bare_ends(context),
            State::Headless => {
                self.give_held(context);
                self.end(context, true);
            }
            State::Line if !self.to_server && !is_status(&self.held) => {
                if self.holds_something() {
                    let held = std::mem::take(&mut self.held);
                    self.body_without_head(&held, context);
                    self.end(context, true);
                }
            }
            _ => self.cut_short(context),
        }
        self.held = Vec::new();
        self.state = State::Over;
    }

    /// Go on where a message seems to begin.
    pub(super) fn resynchronise(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let held = std::mem::take(&mut self.held);
        let bytes = *input;
        let joined = if held.is_empty() { None } else { Some([&held, bytes].concat()) };
        let all = joined.as_deref().unwrap_or(bytes);
        let (place, is_sure) = if self.to_server { self.find_method(all) } else { find_status(all) };
        let rest = all.get(place..).unwrap_or_default();
        if !is_sure {
            self.at_line = if rest.is_empty() { all.last() == Some(&b'\n') } else { true };
            self.held = rest.to_vec();
            *input = &[];
            return Step::Next;
        }
        self.held = held.get(place..).unwrap_or_default().to_vec();
        *input = bytes.get(place.saturating_sub(held.len())..).unwrap_or_default();
        self.state = State::Line;
        self.skip_lost_answer(context);
        Step::Next
    }

    /// The answer that was lost is not the one that begins, if that may belong to a later request.
    fn skip_lost_answer(&mut self, context: &mut Context<'_>) {
        let Some(lost) = self.lost_answer.take() else { return };
        let mut others = context.transactions.iter();
        let is_later = others.any(|entry| entry.head.number > lost && !entry.head.has_ended(false));
        drop(others);
        if is_later
            && let Some(entry) = context.transactions.get(lost)
            && !entry.head.has_ended(false)
        {
            let [_, down] = &mut entry.head.partial;
            *down = true;
            entry.tx.response.fields.cut();
            entry.head.end(false);
        }
    }

    /// The place of a method at the beginning of a line, and whether it is one for sure.
    fn find_method(&self, bytes: &[u8]) -> (usize, bool) {
        let starts = memchr::memchr_iter(b'\n', bytes).map(|end| end + 1);
        for start in self.at_line.then_some(0).into_iter().chain(starts) {
            let rest = bytes.get(start..).unwrap_or_default();
            if !rest.is_empty() && begins_request(rest) {
                let blank = rest.iter().take(METHOD).any(|byte| matches!(byte, b' ' | b'\t'));
                return (start, blank);
            }
        }
        (bytes.len(), false)
    }
}

/// The place of a status line, and whether it is one for sure.
fn find_status(bytes: &[u8]) -> (usize, bool) {
    for start in memchr::memchr_iter(b'H', bytes) {
        let rest = bytes.get(start..).unwrap_or_default();
        let looks = rest.iter().zip(b"HTTP/1.").all(|(byte, want)| byte == want);
        if looks && rest.len() < STATUS {
            return (start, false);
        }
        if looks && is_status(rest) {
            return (start, true);
        }
    }
    (bytes.len(), false)
}

/// A line that has a method and something behind it.
fn is_request(line: &[u8]) -> bool {
    let method = line.iter().take_while(|byte| !matches!(byte, b' ' | b'\t')).count();
    method < line.len() && begins_request(line)
}

/// A line that has a protocol and a status.
fn is_status(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let protocol = words.next().unwrap_or_default();
    let code = words.next().and_then(|code| code.first_chunk::<3>());
    protocol.len() == 8 && begins_response(protocol) && code.is_some_and(|code| code.iter().all(u8::is_ascii_digit))
}
