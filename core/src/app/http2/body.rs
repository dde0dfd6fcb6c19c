//! A stream's data: unpacked, kept for rules, and given to the file that it is.

use super::events::Odd;
use super::message::Message;
use crate::app::Head;
use crate::app::http::{CodingEvent, Decoder, Window};
use crate::files::{Files, Reach, State};
use crate::plan::{BodySettings, HttpSettings};

/// Bytes of a DNS message, at most (RFC 8484, section 6).
pub(super) const MOST_DNS: usize = 65_535;

/// What is known of a resource that a body is a part of.
#[derive(Debug)]
pub(super) struct Part {
    /// What names all of it.
    pub key: Vec<u8>,
    pub size: u64,
    pub range: (u64, u64),
}

/// The data of one direction of a stream.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub window: Window,
    decoder: Option<Decoder>,
    part: Option<Part>,
    file: Option<usize>,
    is_open: bool,
    /// All of the resource of which this is the last part that was missing.
    pub joined: Option<Vec<u8>>,
    /// A message of DNS, as far as it came, where it is one.
    pub dns: Option<Vec<u8>>,
    is_over: bool,
}

/// How a body is read, and where it belongs.
pub(super) struct Around<'a> {
    pub head: &'a mut Head,
    pub to_server: bool,
    pub settings: &'a HttpSettings,
}

impl Around<'_> {
    /// No end is set to what is kept of a body's file.
    fn body_settings(&self) -> BodySettings {
        let settings = if self.to_server { self.settings.request } else { self.settings.response };
        BodySettings { limit: 0, ..settings }
    }
}

impl Body {
    /// Its next bytes.
    pub fn take(message: &mut Message, bytes: &[u8], around: &mut Around<'_>, part: Option<Part>) {
        if message.body.is_over {
            return;
        }
        let mut events = Vec::new();
        if message.body.decoder.is_none() {
            let listed = message.field("content-encoding");
            let decoder = Decoder::new(listed, around.to_server, around.settings, &mut |event| events.push(event));
            message.body.decoder = Some(decoder);
            message.body.part = part;
        }
        if around.head.was_looked_at(around.to_server) {
            message.body.window.slide(&around.body_settings());
        }
        message.body.unpack(Some(bytes), around);
        around.head.change(around.to_server);
    }

    /// Some of it came.
    pub fn has_begun(&self) -> bool {
        self.decoder.is_some() || self.is_over
    }

    /// Unpack what comes next, or at the end what was held back.
    fn unpack(&mut self, bytes: Option<&[u8]>, around: &mut Around<'_>) {
        let Some(mut decoder) = self.decoder.take() else { return };
        let (settings, mut events) = (around.body_settings(), Vec::new());
        let mut keep = |bytes: &[u8]| {
            self.window.push(bytes, &settings);
            self.gather_dns(bytes, around);
            if let Some(file) = self.open(&mut around.head.files, around.to_server, &settings) {
                around.head.files.data(file, bytes);
            }
            true
        };
        let mut note = |event| events.push(event);
        match bytes {
            Some(bytes) => decoder.unpack(bytes, &mut note, &mut keep),
            None => decoder.finish(&mut note, &mut keep),
        };
        if decoder.is_wrong() {
            around.head.event(Odd::FailedDecompression as u8);
        }
        if events.contains(&CodingEvent::CompressionBomb) {
            around.head.event(Odd::CompressionBomb as u8);
        }
        self.decoder = Some(decoder);
    }

    fn gather_dns(&mut self, bytes: &[u8], around: &mut Around<'_>) {
        let Some(message) = &mut self.dns else { return };
        if message.len() + bytes.len() > MOST_DNS {
            self.dns = None;
            let odd = if around.to_server { Odd::DnsRequestTooLong } else { Odd::DnsResponseTooLong };
            around.head.event(odd as u8);
        } else {
            message.extend_from_slice(bytes);
        }
    }

    /// The file that it is, which has no name, unless there are too many.
    fn open(&mut self, files: &mut Files, to_server: bool, settings: &BodySettings) -> Option<usize> {
        if !self.is_open {
            self.is_open = true;
            self.file = files.open(to_server, b"");
            if let Some(file) = self.file {
                files.reach(file, Reach { minimum: settings.minimum, again: settings.window / 4 });
                self.part.take().into_iter().for_each(|part| files.part_of(file, part.key, part.size, part.range));
            }
        }
        self.file
    }

    /// So many bytes of it are missing; what follows them may be unpacked no more.
    pub fn lose(&mut self, bytes: u64, around: &mut Around<'_>) {
        self.window.is_cut = true;
        self.dns = None;
        self.decoder.iter_mut().for_each(Decoder::stop);
        if let Some(file) = self.file {
            around.head.files.lost(file, bytes);
        }
        around.head.change(around.to_server);
    }

    /// It ends, whole or not.
    pub fn finish(&mut self, is_whole: bool, around: &mut Around<'_>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        self.unpack(None, around);
        self.window.end();
        self.window.is_cut |= !is_whole;
        self.decoder = None;
        if let Some(file) = self.file.take() {
            self.joined = around.head.files.close(file, if is_whole { State::Closed } else { State::Truncated });
        }
    }
}
