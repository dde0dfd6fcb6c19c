//! What a stream's directions, or a frame of the connection, say.

use super::body::Body;
use super::events::Odd;
use super::frame::kind;
use super::hpack::{Field, Flaw, Item, OVERHEAD};
use crate::app::Head;
use crate::app::dns;
use std::cell::OnceCell;
use std::sync::Arc;

/// Bytes of a direction's fields, as their table counts them: what goes beyond is not kept.
const MOST_FIELDS: usize = 1 << 20;
/// Numbers of a kind that are kept of a direction.
const MOST_NUMBERS: usize = 1024;

/// A stream; or, with the number 0, a frame of the connection.
#[derive(Debug, Default)]
pub struct Tx {
    /// The stream's number.
    pub stream: u32,
    /// What went to the server.
    pub request: Message,
    /// What went to the client.
    pub response: Message,
}

/// What went one way.
#[derive(Debug, Default)]
pub struct Message {
    /// Kinds of its frames.
    pub frames: Vec<u8>,
    /// Error codes.
    pub errors: Vec<u32>,
    /// Weights.
    pub priorities: Vec<u8>,
    /// How much a window grew.
    pub windows: Vec<u32>,
    /// Settings, by their numbers.
    pub settings: Vec<(u16, u32)>,
    /// Sizes that a table of fields was given.
    pub sizes: Vec<u64>,
    /// Its fields.
    pub fields: Vec<Arc<Field>>,
    /// What else was between them, each with the place of the field that follows.
    pub marks: Vec<(usize, Item)>,
    /// What the fields count.
    size: usize,
    /// Fields came.
    pub(super) is_read: bool,
    /// The last field's end is missing.
    ends_within: bool,
    /// Fields are missing, behind those that are there.
    pub(super) is_cut: bool,
    pub(super) body: Body,
    /// The DNS message that it carries.
    pub(super) dns: Option<dns::Tx>,
    pub(super) texts: Texts,
}

/// Texts that rules ask for, once they did.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub header: OnceCell<Vec<u8>>,
    pub raw: OnceCell<Vec<u8>>,
    pub names: OnceCell<Vec<u8>>,
    pub host: OnceCell<Vec<u8>>,
    pub line: OnceCell<Vec<u8>>,
    pub lines: OnceCell<Vec<Vec<u8>>>,
}

/// Keep numbers as long as there are not too many.
pub(super) fn keep<T>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    list.extend(more.into_iter().take(MOST_NUMBERS.saturating_sub(list.len())));
}

impl Tx {
    pub(super) fn new(stream: u32) -> Self {
        Self { stream, ..Self::default() }
    }

    /// What went one way.
    pub fn message(&self, to_server: bool) -> &Message {
        if to_server { &self.request } else { &self.response }
    }

    pub(super) fn message_mut(&mut self, to_server: bool) -> &mut Message {
        if to_server { &mut self.request } else { &mut self.response }
    }

    /// The host that is asked, as it is written.
    pub fn host(&self) -> Option<&[u8]> {
        self.request.exact(":authority").or_else(|| self.request.exact("host"))
    }

    /// The status, where it is a number.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.response.field(":status")?).ok()?.parse().ok()
    }

    /// The DNS message that went one way.
    pub fn dns(&self, to_server: bool) -> Option<&dns::Tx> {
        self.message(to_server).dns.as_ref()
    }

    /// It carries DNS.
    pub fn is_dns(&self) -> bool {
        self.request.dns.is_some() || self.response.dns.is_some()
    }
}

impl Message {
    /// The first field of a name, however it is written.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        let is_named = |field: &&Arc<Field>| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().find(is_named).map(|field| field.value.as_slice())
    }

    /// The first field of a name as it has to be written, which that of an upgraded request may not be.
    pub(super) fn exact(&self, name: &str) -> Option<&[u8]> {
        self.find(name).map(|field| field.value.as_slice())
    }

    fn find(&self, name: &str) -> Option<&Arc<Field>> {
        self.fields.iter().find(|field| field.name == name.as_bytes())
    }

    /// The end of a field is missing.
    pub(super) fn is_field_cut(&self, name: &str) -> bool {
        self.ends_within
            && self.find(name).zip(self.fields.last()).is_some_and(|(field, last)| Arc::ptr_eq(field, last))
    }

    /// What is kept of a body.
    pub fn body(&self) -> &[u8] {
        self.body.window.bytes()
    }

    /// Take in what is read of a block of fields. False: there are too many.
    pub(super) fn push(&mut self, item: Item, head: &mut Head) -> bool {
        self.size += OVERHEAD;
        match &item {
            Item::Field(field) | Item::Cut(field) => self.size += field.size() - OVERHEAD,
            Item::Resized(size) => self.sizes.push(*size),
            Item::Flawed(Flaw::Overflow) => head.event(Odd::HeaderIntegerOverflow as u8),
            Item::Flawed(Flaw::Rest) => head.event(Odd::ExtraHeaderData as u8),
            Item::Flawed(_) => head.event(Odd::InvalidHeader as u8),
        }
        let has_room = self.size <= MOST_FIELDS;
        match item {
            _ if !has_room => head.event(Odd::CompressionBomb as u8),
            Item::Field(field) => self.fields.push(field),
            Item::Cut(field) => {
                self.fields.push(field);
                self.ends_within = true;
            }
            item => self.marks.push((self.fields.len(), item)),
        }
        self.texts = Texts::default();
        has_room
    }

    /// A frame came; false: there are too many.
    pub(super) fn count(&mut self, kind: u8, most: usize) -> bool {
        let has_room = self.frames.len() < most;
        if has_room {
            self.frames.push(kind);
        }
        has_room
    }

    /// Which of its numbers events show one of, though it has several.
    pub fn repeated(&self) -> Option<&'static str> {
        let rows = [
            ("error_code", self.errors.len()),
            ("priority", self.priorities.len()),
            ("settings", self.frames.iter().filter(|frame| **frame == kind::SETTINGS).count()),
        ];
        rows.into_iter().find(|(_, count)| *count > 1).map(|(name, _)| name)
    }
}
