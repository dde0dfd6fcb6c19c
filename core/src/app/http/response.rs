//! Responses: how they begin.

use super::events::Event;
use super::fields::is_blank;
use super::framing;
use super::framing::{Framing, holds};
use super::message::Tx;
use super::side::{Context, Side, State, Step, advance_to_fields, is_end_of_line, take_line};
use super::start_line::{StartLine, begins_response};
use crate::app::{Entry, Protocol, Request};

/// A line of no more bytes is not taken for a body.
const LITTLE: usize = 2;

impl Side {
    pub(super) fn status_line(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let Some(line) = take_line(&mut self.held, input) else { return self.no_line_yet(context) };
        if begins_response(&line) && !line.trim_ascii().is_empty() {
            self.response_opens(&line, false, context);
        } else if line.trim_ascii().len() > LITTLE
            && !input.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'H'))
        {
            // Where the next one begins like a status line, it is nothing at all.
            self.body_without_head(&line, context);
        }
        Step::Next
    }

    fn no_line_yet(&mut self, context: &mut Context<'_>) -> Step {
        let is_long = self.held.len() as u64 > context.settings.meta_field_limit;
        if !is_long || begins_response(&self.held) {
            return self.unfinished(context);
        }
        let held = std::mem::take(&mut self.held);
        self.body_without_head(&held, context);
        Step::Next
    }

    /// A line begins a body that has neither first line nor fields. It ends with what came with it, at the end of a line.
    pub(super) fn body_without_head(&mut self, line: &[u8], context: &mut Context<'_>) {
        self.find_request(context);
        self.frame_begins(context);
        self.entry(context).into_iter().for_each(|entry| _ = super::side::read_fields(entry, false));
        self.body_begins(Framing::Close, context);
        self.state = State::Headless;
        self.give(line, context);
    }

    /// A line of a body without a head.
    pub(super) fn headless(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let line = take_line(&mut self.held, input);
        let is_long = self.held.len() as u64 > context.settings.meta_field_limit;
        match line {
            Some(line) => self.give(&line, context),
            None if is_long => self.give_held(context),
            None => {}
        }
        Step::Next
    }

    /// The beginning of a line belongs to the body.
    pub(super) fn give_held(&mut self, context: &mut Context<'_>) {
        let held = std::mem::take(&mut self.held);
        self.give(&held, context);
    }

    /// The request that is answered: the oldest without an answer, or none that was seen.
    fn find_request(&mut self, context: &mut Context<'_>) {
        if let Some(entry) = context.transactions.unended(false) {
            self.number = entry.head.number;
            return;
        }
        let entry = context.transactions.open(Tx::unseen());
        entry.head.end(true);
        entry.head.event(Event::UnableToMatchResponseToRequest as u8);
        self.number = entry.head.number;
    }

    /// A response begins with this line.
    pub(super) fn response_opens(&mut self, line: &[u8], is_cut: bool, context: &mut Context<'_>) {
        self.find_request(context);
        self.frame_begins(context);
        let Some(entry) = self.entry(context) else { return };
        let head = &mut entry.head;
        // A CR alone ends the line as well: what is behind it are fields.
        let start = line.iter().take_while(|byte| is_blank(**byte)).count();
        let end = line.iter().skip(start).position(|byte| *byte == b'\r').map_or(line.len(), |end| start + end);
        let (line, fields) = line.split_at(end);
        if fields.iter().any(|byte| !is_blank(*byte)) {
            let blanks = fields.iter().take_while(|byte| is_blank(**byte)).count();
            entry.tx.response.fields.push(fields.get(blanks..).unwrap_or_default());
        }
        entry.tx.response.line = StartLine::response(line, is_cut, &mut |event| head.event(event as u8));
        advance_to_fields(entry, false);
        self.state = State::Fields;
    }

    /// All fields of a response came.
    pub(super) fn response_begins(&mut self, context: &mut Context<'_>) -> Step {
        let Some(entry) = self.entry(context) else { return self.lose() };
        let tx = &mut entry.tx;
        let has_length = tx.field(false, "Content-Length").is_some_and(|length| length != b"0");
        let has_body = has_length || tx.field(false, "Transfer-Encoding").is_some();
        match tx.status() {
            Some(100) if !has_body => {
                if std::mem::replace(&mut tx.went_on, true) {
                    entry.head.event(Event::ContinueAlreadySeen as u8);
                }
                entry.tx.response = Default::default();
                self.state = State::Line;
                self.ended = Some(true);
                return Step::Next;
            }
            Some(101) if !has_body => return self.upgrade(context),
            Some(200..=299) if tx.method() == b"CONNECT" => {
                self.end(context, true);
                self.state = State::Over;
                return Step::Change(None);
            }
            _ => (),
        }
        if tx.status() == Some(101) && has_length {
            entry.head.event(Event::SwitchingProtoWithContentLength as u8);
        }
        let mut events = Vec::new();
        let framing = framing::response(&entry.tx, &mut |event| events.push(event));
        events.into_iter().for_each(|event| entry.head.event(event as u8));
        match framing {
            Ok(framing) => self.body_begins(framing, context),
            Err(framing::Unknown) => Step::Fail,
        }
    }

    /// The connection goes on with another protocol.
    fn upgrade(&mut self, context: &mut Context<'_>) -> Step {
        let upgrade = self.entry(context).and_then(|entry| entry.tx.field(false, "Upgrade"));
        let known = [(b"h2c".as_slice(), Protocol::Http2), (b"websocket", Protocol::Websocket)];
        let named = known.into_iter().find(|(name, _)| upgrade.is_some_and(|value| holds(value, name)));
        if let Some((_, Protocol::Http2)) = named {
            self.hand_over(context);
        }
        self.end(context, true);
        self.state = State::Over;
        named.map_or(Step::Next, |(_, protocol)| Step::Change(Some(protocol)))
    }

    /// The request is answered in the next protocol.
    fn hand_over(&self, context: &mut Context<'_>) {
        let Some(Entry { tx, .. }) = self.entry(context) else { return };
        let request = Request {
            method: tx.method().to_vec(),
            target: tx.raw_uri().to_vec(),
            fields: tx.fields(true).map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        };
        context.transactions.upgrade(request);
    }

    /// Whether what is held is more than the end of a line.
    pub(super) fn holds_something(&self) -> bool {
        !is_end_of_line(&self.held)
    }
}
