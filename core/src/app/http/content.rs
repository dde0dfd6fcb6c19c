//! A body that is read: unpacked, kept for rules as far as its limit allows, and given to the file that it is.

use super::coding::Decoder;
use super::events::Event;
use super::message::{Tx, UNSEEN};
use super::multipart::{Multipart, parameter};
use super::range::ContentRange;
use super::uri::file_name;
use crate::app::Entry;
use crate::files::{Files, Reach, State};
use crate::plan::{BodySettings, HttpSettings};

/// What files a body holds.
#[derive(Debug)]
enum Parts {
    None,
    /// It is one.
    File(Whole),
    /// Those of a form.
    Form(Box<Multipart>),
}

/// A body that is a file, which is opened with its first byte.
#[derive(Debug)]
struct Whole {
    name: Vec<u8>,
    range: Option<(u64, u64)>,
    /// What names all of it, and its size, where this is a part.
    all: Option<(Vec<u8>, u64)>,
    reach: Reach,
    is_open: bool,
    file: Option<usize>,
}

impl Whole {
    fn new(name: Vec<u8>, range: Option<(u64, u64)>, settings: &BodySettings) -> Self {
        let reach = Reach { minimum: settings.minimum, again: settings.window / 4 };
        Self { name, range, all: None, reach, is_open: false, file: None }
    }

    /// What names it, unless there are too many.
    fn open(&mut self, files: &mut Files, to_server: bool) -> Option<usize> {
        if !self.is_open {
            self.is_open = true;
            self.file = files.open(to_server, &self.name);
            if let Some(file) = self.file {
                files.reach(file, self.reach);
                if let Some((first, last)) = self.range {
                    files.range(file, first, last);
                    self.all.take().into_iter().for_each(|(key, size)| files.part_of(file, key, size, (first, last)));
                }
            }
        }
        self.file
    }
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
        let settings = if to_server { settings.request } else { settings.response };
        let parts = if to_server { request_parts(&entry.tx, &settings) } else { response_parts(&entry.tx, &settings) };
        events.into_iter().for_each(|event| entry.head.event(event as u8));
        Self { to_server, settings, decoder, parts, is_full: false, odd: Vec::new() }
    }

    /// Its next bytes.
    pub fn take(&mut self, entry: &mut Entry<Tx>, bytes: &[u8]) {
        if self.is_full {
            if let Parts::Form(form) = &mut self.parts {
                form.finish(&mut entry.head.files);
            }
            entry.head.files.truncate(self.to_server);
            entry.head.pass(self.to_server);
            return;
        }
        self.unpack(entry, Some(bytes));
        entry.head.change(self.to_server);
    }

    /// So many bytes of it are missing.
    pub fn lost(&mut self, entry: &mut Entry<Tx>, bytes: u64) {
        self.decoder.stop();
        entry.tx.message_mut(self.to_server).body.is_cut = true;
        match &mut self.parts {
            Parts::File(whole) => {
                if let Some(file) = whole.open(&mut entry.head.files, self.to_server) {
                    entry.head.files.lost(file, bytes);
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
            Parts::File(Whole { file: Some(file), .. }) => {
                entry.head.files.close(*file, if is_whole { State::Closed } else { State::Truncated });
            }
            Parts::Form(form) => form.finish(&mut entry.head.files),
            Parts::File(_) | Parts::None => (),
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
    fn take(&mut self, bytes: &[u8], to_server: bool, files: &mut Files, odd: &mut Vec<Event>) {
        match self {
            Self::None => (),
            Self::File(whole) => {
                if let Some(file) = whole.open(files, to_server) {
                    files.data(file, bytes);
                }
            }
            Self::Form(form) => form.take(bytes, files, &mut |event| odd.push(event)),
        }
    }
}

/// The files that a request sends: those of a form, or all of it. (specification, http.md, "Request parsing")
fn request_parts(tx: &Tx, settings: &BodySettings) -> Parts {
    if !matches!(tx.method(), b"POST" | b"PUT") {
        return Parts::None;
    }
    match tx.field(true, "Content-Type").and_then(Multipart::new) {
        Some(form) if tx.method() == b"POST" => Parts::Form(Box::new(form)),
        _ => Parts::File(Whole::new(file_name(tx.raw_uri()), None, settings)),
    }
}

/// The file of a response.
fn response_parts(tx: &Tx, settings: &BodySettings) -> Parts {
    let listed = tx.field(false, "Content-Range").filter(|_| tx.status() == Some(206)).and_then(ContentRange::parse);
    let range = listed.and_then(ContentRange::part);
    let all = listed.and_then(|listed| listed.size).map(|size| ([tx.host(), b"\0", tx.raw_uri()].concat(), size));
    Parts::File(Whole { all, ..Whole::new(response_name(tx), range, settings) })
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
