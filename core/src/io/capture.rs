//! Capture files: recognised by content, read in steps. Nothing is kept but the record that a step cut.

use super::content::Content;
use super::input::Got;
use super::pcap::{HEADER, Halt, Pcap};
use super::pcapng::{self, Pcapng};
use super::{Fill, Source, linktype};
use crate::error::{Error, Fault, Result};
use crate::frame::{Batch, Frame, TimeUnit};
use crate::table::summary::Captured;

#[derive(Debug)]
enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Format {
    fn walk(&mut self, slab: &[u8], frames: &mut Vec<Frame>) -> (usize, Halt) {
        match self {
            Self::Pcap(pcap) => pcap.walk(slab, frames),
            Self::Pcapng(pcapng) => pcapng.walk(slab, frames),
        }
    }
}

#[derive(Debug)]
enum State {
    Reading,
    /// Damaged at this byte, for this reason; what follows is counted.
    Damaged(u64, String),
    /// The next fill gives this error.
    Refused(Error),
    Ended,
}

/// A pcap or pcapng file, or one on standard input; perhaps compressed.
#[derive(Debug)]
pub struct Capture {
    content: Content,
    /// `None` until the first bytes are there.
    format: Option<Format>,
    /// Bytes read that no frame was made of yet: the record that the last step cut.
    carry: Vec<u8>,
    state: State,
    warning: Option<String>,
}

impl Capture {
    /// Open a path; "-" is standard input. A file's content is looked at at once, a pipe's with the first fill.
    ///
    /// # Errors
    /// `Error::Input` for what can't be opened and for a file that is no capture.
    pub fn open(path: &str) -> Result<Self> {
        let mut capture = Self::on(Content::open(path, false)?);
        let mut head = Vec::new();
        while capture.content.size.is_some() && !capture.recognise(&mut head)? {}
        capture.carry = head;
        Ok(capture)
    }

    /// Open a file that may become longer: until it is settled, its end is no more than silence.
    ///
    /// # Errors
    /// As `open`; what is too short to tell is no error yet.
    pub fn follow(path: &str) -> Result<Self> {
        let mut capture = Self::on(Content::open(path, true)?);
        let mut head = Vec::new();
        capture.recognise(&mut head)?;
        capture.carry = head;
        Ok(capture)
    }

    fn on(content: Content) -> Self {
        Self { content, format: None, carry: Vec::new(), state: State::Reading, warning: None }
    }

    /// Whether a file's content is a capture, by its first bytes.
    ///
    /// # Errors
    /// `Error::Input` for what can't be read.
    pub fn is_at(path: &str) -> Result<bool> {
        let (mut content, mut head) = (Content::open(path, false)?, Vec::new());
        while head.len() < HEADER && content.read(&mut head)? != Got::End {}
        Ok(pcapng::begins(&head) || head.first_chunk::<HEADER>().and_then(Pcap::new).is_some())
    }

    /// A file that was followed grows no more: its end is the end.
    pub fn settle(&mut self) {
        self.content.settle();
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.content.name
    }

    /// How finely its times are told; a pcapng file's can be of any fineness.
    pub fn time_unit(&self) -> TimeUnit {
        match &self.format {
            Some(Format::Pcap(pcap)) => pcap.time_unit(),
            Some(Format::Pcapng(_)) => TimeUnit::Nanos,
            None => TimeUnit::Micros,
        }
    }

    /// Whether this path is the file that is read: writing there would destroy it.
    pub fn is_file(&self, path: &str) -> bool {
        self.content.size.is_some() && self.content.is(path)
    }

    /// Read until the format is known; the slab is left with what follows the file header. False: not yet.
    fn recognise(&mut self, slab: &mut Vec<u8>) -> Result<bool> {
        while self.format.is_none() {
            let ended = match self.content.read(slab)? {
                Got::Nothing => return Ok(false),
                Got::Bytes => false,
                Got::End => true,
            };
            if slab.len() < HEADER && !ended {
                continue;
            }
            self.format = Some(self.begin(slab)?);
        }
        Ok(true)
    }

    /// The format, by the first bytes; a classic header is taken off.
    fn begin(&self, slab: &mut Vec<u8>) -> Result<Format> {
        let name = self.content.name.as_str();
        if pcapng::begins(slab) {
            return Ok(Format::Pcapng(Pcapng::default()));
        }
        let pcap = slab.first_chunk::<HEADER>().and_then(Pcap::new);
        let refused = || match self.content.damage() {
            Some(damage) => Fault::new(name, format!("{} at byte {}", damage.why, damage.place), ""),
            None => not_a_capture(name, slab),
        };
        let pcap = pcap.ok_or_else(|| Error::Input(refused()))?;
        if linktype::link(pcap.link_type).is_none() {
            return Err(linktype::refusal(name, pcap.link_type));
        }
        slab.drain(..HEADER);
        Ok(Format::Pcap(pcap))
    }

    /// Read and walk until there are frames, or none will come.
    fn advance(&mut self, batch: &mut Batch) -> Result<Fill> {
        if !self.recognise(&mut batch.slab)? {
            self.carry.append(&mut batch.slab);
            return Ok(Fill::Idle);
        }
        // What was read to recognise the format, and what the last step cut, come first.
        let mut at = self.walk(batch);
        while batch.frames.is_empty() && matches!(self.state, State::Reading) {
            batch.slab.drain(..at);
            at = 0;
            match self.content.read(&mut batch.slab)? {
                Got::Nothing => break,
                Got::Bytes => at = self.walk(batch),
                Got::End => self.end(batch.slab.len()),
            }
        }
        self.carry.extend_from_slice(batch.slab.get(at..).unwrap_or_default());
        Ok(if batch.frames.is_empty() { Fill::Idle } else { Fill::More })
    }

    /// Make frames of the slab's whole records; gives where the first that is not whole begins.
    fn walk(&mut self, batch: &mut Batch) -> usize {
        let Some(format) = &mut self.format else { return 0 };
        let (at, halt) = format.walk(&batch.slab, &mut batch.frames);
        match halt {
            Halt::More => {}
            Halt::Damaged(why) => {
                let place = self.content.given - (batch.slab.len() - at) as u64;
                self.state = State::Damaged(place, why);
            }
            Halt::LinkType(number) => self.state = State::Refused(linktype::refusal(&self.content.name, number)),
        }
        at
    }

    /// The content ended with `left` bytes of a record that is not whole.
    fn end(&mut self, left: usize) {
        if let Some(damage) = self.content.damage() {
            self.warning = Some(warning(&format!("byte {}", damage.place), &damage.why, damage.left));
            self.state = State::Ended;
            return;
        }
        let skip = matches!(&self.format, Some(Format::Pcapng(pcapng)) if pcapng.skip > 0);
        self.state = if left == 0 && !skip {
            State::Ended
        } else {
            State::Damaged(self.content.given - left as u64, "the last record is cut".into())
        };
    }

    /// Count what follows the damage: by the file's size, or by reading what is compressed and a pipe to their end.
    fn drain(&mut self, place: u64, why: String, slab: &mut Vec<u8>) -> Result<Fill> {
        let compression = self.content.compression();
        let end = match self.content.size.filter(|_| compression.is_none()) {
            Some(size) => size.max(self.content.given),
            None => {
                if self.content.read(slab)? != Got::End {
                    self.state = State::Damaged(place, why);
                    return Ok(Fill::Idle);
                }
                self.content.given
            }
        };
        let place_in = compression.map_or(String::new(), |name| format!(" within the {name} data"));
        self.warning = Some(warning(&format!("byte {place}{place_in}"), &why, end - place));
        Ok(Fill::End)
    }
}

fn warning(place: &str, why: &str, left: u64) -> String {
    format!("damaged at {place}: {why}; {left} bytes left unread")
}

impl Source for Capture {
    fn fill(&mut self, batch: &mut Batch) -> Result<Fill> {
        batch.clear();
        match std::mem::replace(&mut self.state, State::Reading) {
            State::Reading => {
                batch.slab.append(&mut self.carry);
                let filled = self.advance(batch);
                batch.unit = self.time_unit();
                filled
            }
            State::Damaged(place, why) => {
                self.state = State::Ended;
                self.drain(place, why, &mut batch.slab)
            }
            State::Refused(error) => {
                self.state = State::Ended;
                Err(error)
            }
            State::Ended => {
                self.state = State::Ended;
                Ok(Fill::End)
            }
        }
    }

    fn position(&self) -> u64 {
        self.content.position()
    }

    fn size(&self) -> Option<u64> {
        self.content.size
    }

    fn captured(&self) -> Option<Captured> {
        match &self.format {
            Some(Format::Pcapng(pcapng)) => pcapng.counts(),
            _ => None,
        }
    }

    fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }
}

/// Why these first bytes are those of no capture, and what to do.
fn not_a_capture(name: &str, bytes: &[u8]) -> Fault {
    let compressed: [(&[u8], &str, &str); 3] =
        [(b"\xfd7zXZ", "xz", "xzcat"), (b"BZh", "bzip2", "bzcat"), (b"\x02\x21\x4c\x18", "lz4, old format", "lz4cat")];
    if let Some((_, kind, tool)) = compressed.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Fault::new(name, format!("is compressed ({kind})"), format!("pipe it through {tool} and read \"-\""));
    }
    let why = if bytes.is_empty() {
        "is empty (0 bytes)".into()
    } else if may_begin(bytes) {
        format!("ends within the capture's header ({} bytes)", bytes.len())
    } else if bytes.starts_with(b"snoop\0") {
        "is a snoop capture".into()
    } else {
        "is not a capture".into()
    };
    Fault::new(name, why, "tmrx reads pcap and pcapng; `editcap -F pcap` converts others")
}

/// Whether these are the first bytes of a capture, but not all of its header.
fn may_begin(bytes: &[u8]) -> bool {
    let mut header = [0; HEADER];
    let there = bytes.len() >= 4 && bytes.len() < HEADER;
    header.iter_mut().zip(bytes).for_each(|(byte, there)| *byte = *there);
    there && (pcapng::may_begin(bytes) || Pcap::new(&header).is_some())
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
