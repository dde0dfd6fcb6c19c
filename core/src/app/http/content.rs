//! A body that is read: unpacked, kept for rules as far as its limit allows, and given to the file that it is.

use super::coding::Decoder;
use super::events::Event;
use super::message::{Tx, UNSEEN};
use super::multipart::{Multipart, parameter};
use super::uri::file_name;
use crate::app::Entry;
use crate::files::{Files, State};
use crate::plan::{BodySettings, HttpSettings};

/// What files a body holds.
#[derive(Debug)]
enum Parts {
    None,
    /// It is one, of this name; it is opened with its first byte.
    File {
        name: Vec<u8>,
        file: Option<usize>,
        is_open: bool,
    },
    /// Those of a form.
    Form(Box<Multipart>),
}

/// A body that is read.
#[derive(Debug)]
pub(super) struct Content {
    to_server: bool,
    settings: BodySettings,
    decoder: Decoder,
    parts: Parts,
    /// The limit is reached: nothing more is of interest.
    is_full: bool,
    /// What was odd about a form.
    odd: Vec<Event>,
}

impl Content {
    /// Of a message whose fields were read.
    pub fn new(entry: &mut Entry<Tx>, to_server: bool, settings: &HttpSettings) -> Self {
        let mut events = Vec::new();
        let mut note = |event| events.push(event);
        let listed = entry.tx.field(to_server, "Content-Encoding");
        let decoder = Decoder::new(listed, to_server, settings, &mut note);
        let parts = if to_server { request_parts(&entry.tx) } else { Parts::file(response_name(&entry.tx)) };
        let settings = if to_server { settings.request } else { settings.response };
        events.into_iter().for_each(|event| entry.head.event(event as u8));
        Self { to_server, settings, decoder, parts, is_full: false, odd: Vec::new() }
    }

    /// Its next bytes.
    pub fn take(&mut self, entry: &mut Entry<Tx>, bytes: &[u8]) {
        self.unpack(entry, Some(bytes));
        entry.head.change(self.to_server);
    }

    /// So many bytes of it are missing.
    pub fn lost(&mut self, entry: &mut Entry<Tx>, bytes: u64) {
        self.decoder.stop();
        entry.tx.message_mut(self.to_server).body.is_cut = true;
        match &mut self.parts {
            Parts::File { name, file, is_open } => {
                open(&mut entry.head.files, self.to_server, name, file, is_open);
                if let Some(file) = file {
                    entry.head.files.lost(*file, bytes);
                }
            }
            Parts::Form(form) => form.lost(bytes, &mut entry.head.files),
            Parts::None => (),
        }
        entry.head.change(self.to_server);
    }

    /// It ends, whole or not.
    pub fn finish(mut self, entry: &mut Entry<Tx>, is_whole: bool) {
        self.unpack(entry, None);
        let body = &mut entry.tx.message_mut(self.to_server).body;
        body.end();
        body.is_cut |= !is_whole;
        match &mut self.parts {
            Parts::File { file: Some(file), .. } => {
                entry.head.files.close(*file, if is_whole { State::Closed } else { State::Truncated });
            }
            Parts::Form(form) => form.finish(&mut entry.head.files),
            Parts::File { .. } | Parts::None => (),
        }
    }

    /// Unpack what comes next, or at the end what was held back, and keep what there is room for.
    fn unpack(&mut self, entry: &mut Entry<Tx>, bytes: Option<&[u8]>) {
        if self.is_full {
            return;
        }
        let Self { to_server, settings, decoder, parts, odd, .. } = self;
        let (window, files) = (&mut entry.tx.message_mut(*to_server).body, &mut entry.head.files);
        let mut events = Vec::new();
        let mut note = |event| events.push(event);
        let mut keep = |bytes: &[u8]| {
            let room = usize::try_from(window.room(settings)).unwrap_or(usize::MAX);
            let bytes = bytes.get(..room.min(bytes.len())).unwrap_or_default();
            window.push(bytes, settings);
            parts.take(bytes, *to_server, files, odd);
            window.room(settings) > 0
        };
        let wanted = match bytes {
            Some(bytes) => decoder.unpack(bytes, &mut note, &mut keep),
            None => decoder.finish(&mut note, &mut keep),
        };
        self.is_full = !wanted;
        events.append(&mut self.odd);
        events.into_iter().for_each(|event| entry.head.event(event as u8));
    }
}

impl Parts {
    fn file(name: Vec<u8>) -> Self {
        Self::File { name, file: None, is_open: false }
    }

    fn take(&mut self, bytes: &[u8], to_server: bool, files: &mut Files, odd: &mut Vec<Event>) {
        match self {
            Self::None => (),
            Self::File { name, file, is_open } => {
                open(files, to_server, name, file, is_open);
                if let Some(file) = file {
                    files.data(*file, bytes);
                }
            }
            Self::Form(form) => form.take(bytes, files, &mut |event| odd.push(event)),
        }
    }
}

fn open(files: &mut Files, to_server: bool, name: &[u8], file: &mut Option<usize>, is_open: &mut bool) {
    if !*is_open {
        *is_open = true;
        *file = files.open(to_server, name);
    }
}

/// The files that a request sends: those of a form, or all of it. (specification, http.md, "Request parsing")
fn request_parts(tx: &Tx) -> Parts {
    if !matches!(tx.method(), b"POST" | b"PUT") {
        return Parts::None;
    }
    match tx.field(true, "Content-Type").and_then(Multipart::new) {
        Some(form) if tx.method() == b"POST" => Parts::Form(Box::new(form)),
        _ => Parts::file(file_name(tx.raw_uri())),
    }
}

/// The name of a response's file: as it says, or as it was asked for.
fn response_name(tx: &Tx) -> Vec<u8> {
    let disposition = tx.field(false, "Content-Disposition");
    let named = disposition.and_then(|value| parameter(value, "filename=")).filter(|name| !name.is_empty());
    match named {
        Some(name) => name.to_vec(),
        None if tx.is_unseen => UNSEEN.to_vec(),
        None => file_name(tx.raw_uri()),
    }
}
