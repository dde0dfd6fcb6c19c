//! Requests: how they begin.

use super::events::Event;
use super::framing;
use super::framing::Framing;
use super::message::Tx;
use super::side::{Context, Side, State, Step, advance_to_fields, is_end_of_line, take_line};
use super::start_line::{StartLine, begins_request};

impl Side {
    pub(super) fn request_line(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let Some(line) = take_line(&mut self.held, input) else { return self.unfinished(context) };
        if !line.trim_ascii().is_empty() {
            self.request_opens(&line, false, context);
        }
        Step::Next
    }

    /// A request begins with this line.
    pub(super) fn request_opens(&mut self, line: &[u8], is_cut: bool, context: &mut Context<'_>) {
        let mut events = Vec::new();
        let line = StartLine::request(line, is_cut, &mut |event| events.push(event));
        let is_bare = line.third().is_empty();
        let entry = context.transactions.open(Tx::default());
        entry.tx.ask(line, context.settings);
        events.into_iter().for_each(|event| entry.head.event(event as u8));
        advance_to_fields(entry, true);
        self.number = entry.head.number;
        self.frame_begins(context);
        self.state = if is_bare { State::Bare } else { State::Fields };
    }

    /// Behind a request line without a protocol there is nothing, unless it is neither empty nor another request.
    pub(super) fn bare(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let end = memchr::memchr(b'\n', input).map_or(input.len(), |end| end + 1);
        let line = input.get(..end).unwrap_or_default();
        if !is_end_of_line(line) && !begins_request(line) {
            self.state = State::Fields;
            return Step::Next;
        }
        self.bare_ends(context);
        Step::Next
    }

    /// A request without a protocol is over.
    pub(super) fn bare_ends(&mut self, context: &mut Context<'_>) {
        if let Some(entry) = self.entry(context) {
            super::side::read_fields(entry, true);
        }
        self.end(context, true);
    }

    /// All fields of a request came.
    pub(super) fn request_begins(&mut self, context: &mut Context<'_>) -> Step {
        let Some(entry) = self.entry(context) else { return self.lose() };
        let mut events = Vec::new();
        let mut note = |event| events.push(event);
        let framing = framing::request(&entry.tx, &mut note);
        if entry.tx.field(true, "Authorization").is_some_and(|value| !is_known_authorization(value)) {
            note(Event::RequestAuthUnrecognized);
        }
        events.into_iter().for_each(|event| entry.head.event(event as u8));
        let is_connect = entry.tx.method() == b"CONNECT";
        if is_connect && framing == Framing::None {
            self.end(context, true);
            self.state = State::Waiting;
            return Step::Next;
        }
        self.body_begins(framing, context)
    }

    /// What follows a request to connect depends on its answer, but for the ends of empty lines.
    pub(super) fn waiting(&mut self, input: &mut &[u8], context: &mut Context<'_>) -> Step {
        let empty = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        *input = input.get(empty..).unwrap_or_default();
        let answered = self.entry(context).is_none_or(|entry| entry.head.has_ended(false));
        if !answered {
            return Step::Wait;
        }
        self.state = State::Line;
        Step::Next
    }
}

/// Schemes that are understood (RFC 7617, 7616, 6750).
fn is_known_authorization(value: &[u8]) -> bool {
    [b"basic".as_slice(), b"digest", b"bearer"]
        .iter()
        .any(|scheme| value.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}
