//! Compressed bytes → plain ones: gzip (RFC 1952), zstd (RFC 8878) and lz4's frames, on a thread of their own, so that
//! reading is as fast as the decompressor. What is ahead of the reader is bounded, whatever the bytes claim.

use super::input::{Got, Input};
use super::{SLAB, WAIT};
use crate::error::{Error, Fault};
use flate2::bufread::GzDecoder;
use lz4_flex::frame::FrameDecoder;
use std::io::{BufRead, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Chunks of `SLAB` bytes that wait for the reader.
const AHEAD: usize = 3;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Zstd,
    Lz4,
}

impl Format {
    /// First bytes that tell which.
    pub const MAGIC: usize = 4;

    /// By the first bytes; a file may begin with a frame to be skipped, which zstd and lz4 share: zstd's tools write them.
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    /// Go to where a member may begin, over what stands between two: gzip's may be followed by zeros, as on tapes, and
    /// lz4's by frames to be skipped, which zstd's decoder knows itself. False at the end.
    fn find(self, feed: &mut Feed) -> std::io::Result<bool> {
        while feed.more()? {
            match self {
                Self::Gzip if feed.rest().first() == Some(&0) => {
                    feed.at += feed.rest().iter().take_while(|byte| **byte == 0).count();
                }
                Self::Lz4 if feed.skips()? => {}
                _ => return Ok(true),
            }
        }
        Ok(false)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

/// Where the compressed bytes can't be, why, and how many from there on were not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub place: u64,
    pub why: String,
    pub left: u64,
}

/// How the plain bytes end.
#[derive(Debug)]
enum Last {
    End,
    Damaged(Damage),
    Failed(Error),
}

/// Plain bytes, the first so many of the buffer, and whether they are the last.
struct Chunk {
    buffer: Vec<u8>,
    filled: usize,
    last: Option<Last>,
}

/// What both threads see.
#[derive(Debug, Default)]
struct Shared {
    /// Compressed bytes read.
    position: AtomicU64,
    /// The input is silent, and all it gave is handed on.
    idle: AtomicBool,
    /// The file may become longer.
    grows: AtomicBool,
    /// Nobody reads on.
    stop: AtomicBool,
}

/// The reader's end.
#[derive(Debug)]
pub(super) struct Unpacked {
    pub format: Format,
    shared: Arc<Shared>,
    chunks: Receiver<Chunk>,
    spare: SyncSender<Vec<u8>>,
    ended: bool,
    pub damage: Option<Damage>,
}

impl Unpacked {
    /// Decompress an input, of which `head` was read already.
    pub fn start(format: Format, input: Input, head: Vec<u8>) -> Self {
        let shared =
            Arc::new(Shared { position: input.position.into(), grows: input.grows.into(), ..Shared::default() });
        let (to_reader, chunks) = sync_channel(AHEAD);
        let (spare, spares) = sync_channel(AHEAD + 2);
        let feed = Feed { input, shared: shared.clone(), slab: head, at: 0, starved: false, failure: None };
        std::thread::spawn(move || run(format, feed, &to_reader, &spares));
        Self { format, shared, chunks, spare, ended: false, damage: None }
    }

    /// Compressed bytes read so far.
    pub fn position(&self) -> u64 {
        self.shared.position.load(Ordering::Relaxed)
    }

    /// The file grows no more: its end is the end.
    pub fn settle(&mut self) {
        self.shared.grows.store(false, Ordering::Relaxed);
    }

    /// Append plain bytes, about `SLAB` of them.
    pub fn read(&mut self, slab: &mut Vec<u8>) -> Result<Got, Error> {
        if self.ended {
            return Ok(Got::End);
        }
        let silent = self.shared.idle.load(Ordering::Acquire) && self.shared.grows.load(Ordering::Relaxed);
        let chunk = match self.chunks.recv_timeout(if silent { Duration::ZERO } else { WAIT }) {
            Ok(chunk) => chunk,
            Err(RecvTimeoutError::Timeout) => return Ok(Got::Nothing),
            Err(RecvTimeoutError::Disconnected) => return self.end(Last::Damaged(self.died())),
        };
        slab.extend_from_slice(chunk.buffer.get(..chunk.filled).unwrap_or_default());
        // Where the other thread has enough of them, this one is not needed.
        let _ = self.spare.try_send(chunk.buffer);
        match chunk.last {
            Some(last) if chunk.filled == 0 => self.end(last),
            Some(last) => self.end(last).map(|_| Got::Bytes),
            None => Ok(Got::Bytes),
        }
    }

    fn end(&mut self, last: Last) -> Result<Got, Error> {
        self.ended = true;
        match last {
            Last::End => {}
            Last::Damaged(damage) => self.damage = Some(damage),
            Last::Failed(error) => return Err(error),
        }
        Ok(Got::End)
    }

    fn died(&self) -> Damage {
        Damage { place: self.position(), why: format!("the {} decompressor failed", self.format.name()), left: 0 }
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

/// The decompressing thread: chunks, until the last or until nobody reads on.
fn run(format: Format, feed: Feed, to_reader: &SyncSender<Chunk>, spares: &Receiver<Vec<u8>>) {
    let mut unpacker = Unpacker { format, decoder: Some(Decoder::Between(feed)) };
    loop {
        let mut buffer = spares.try_recv().unwrap_or_else(|_| vec![0; SLAB]);
        let (filled, last) = unpacker.fill(&mut buffer);
        let ended = last.is_some();
        if to_reader.send(Chunk { buffer, filled, last }).is_err() || ended {
            return;
        }
    }
}

/// Compressed bytes as decoders want them.
struct Feed {
    input: Input,
    shared: Arc<Shared>,
    slab: Vec<u8>,
    /// Where in the slab the bytes are that no decoder has used.
    at: usize,
    /// A decoder wanted bytes where there are no more.
    starved: bool,
    /// Why there are no more, where it is not the end.
    failure: Option<Error>,
}

impl Feed {
    fn rest(&self) -> &[u8] {
        self.slab.get(self.at..).unwrap_or_default()
    }

    /// Wait until there is a byte, or none will come: false.
    fn more(&mut self) -> std::io::Result<bool> {
        while self.rest().is_empty() {
            self.slab.clear();
            self.at = 0;
            self.input.grows = self.shared.grows.load(Ordering::Relaxed);
            match self.input.read(&mut self.slab, SLAB / 2) {
                Ok(Got::Bytes) => self.shared.idle.store(false, Ordering::Relaxed),
                Ok(Got::Nothing) => self.wait()?,
                Ok(Got::End) => return Ok(false),
                Err(error) => return Err(self.fail(error)),
            }
            self.shared.position.store(self.input.position, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// Skip a frame that is to be skipped, where one comes next (lz4's frame format, "Skippable Frames").
    fn skips(&mut self) -> std::io::Result<bool> {
        if !matches!(self.rest(), [0x50..=0x5f, ..]) {
            return Ok(false);
        }
        let mut head = [0; 8];
        self.read_exact(&mut head)?;
        let [kind @ .., a, b, c, d] = head;
        if !matches!(kind, [_, 0x2a, 0x4d, 0x18]) {
            return Err(std::io::Error::other("a frame of an unknown kind"));
        }
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let skipped = std::io::copy(&mut self.take(length), &mut std::io::sink())?;
        if skipped == length { Ok(true) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    fn fail(&mut self, error: Error) -> std::io::Error {
        self.failure = Some(error);
        std::io::Error::other("the input can't be read")
    }

    fn wait(&self) -> std::io::Result<()> {
        self.shared.idle.store(true, Ordering::Release);
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("nobody reads on"));
        }
        // A pipe was waited for already.
        if self.input.size.is_some() {
            std::thread::sleep(WAIT);
        }
        Ok(())
    }

    /// Whether a decoder that wants more may have to wait for it: bytes that are not handed on by then wait too.
    fn may_wait(&self) -> bool {
        self.input.size.is_none() || self.input.grows
    }

    /// Where the first byte that was not used lies in the file.
    fn place(&self) -> u64 {
        self.input.position - self.rest().len() as u64
    }

    /// How many bytes were not used; a pipe is read to its end for it.
    fn left(&mut self) -> u64 {
        let place = self.place();
        self.shared.grows.store(false, Ordering::Relaxed);
        while self.input.size.is_none() && matches!(self.more(), Ok(true)) {
            self.at = self.slab.len();
        }
        self.input.size.unwrap_or_default().max(self.input.position) - place
    }
}

impl Read for Feed {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.starved |= !self.more()?;
        Ok(self.rest())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

/// The decoder of a member (gzip), a frame (lz4) or all frames (zstd).
enum Decoder {
    /// None, before each member and after the last.
    Between(Feed),
    Gzip(Box<GzDecoder<Feed>>),
    Zstd(Box<zstd::Decoder<'static, Feed>>),
    Lz4(Box<FrameDecoder<Feed>>),
}

impl Decoder {
    fn begin(format: Format, feed: Feed) -> std::io::Result<Self> {
        Ok(match format {
            Format::Gzip => Self::Gzip(Box::new(GzDecoder::new(feed))),
            Format::Zstd => Self::Zstd(Box::new(zstd::Decoder::with_buffer(feed)?)),
            Format::Lz4 => Self::Lz4(Box::new(FrameDecoder::new(feed))),
        })
    }

    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Between(_) => Ok(0),
            Self::Gzip(decoder) => decoder.read(into),
            Self::Zstd(decoder) => decoder.read(into),
            Self::Lz4(decoder) => decoder.read(into),
        }
    }

    fn feed(&mut self) -> &mut Feed {
        match self {
            Self::Between(feed) => feed,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
            Self::Lz4(decoder) => decoder.get_mut(),
        }
    }

    fn into_feed(self) -> Feed {
        match self {
            Self::Between(feed) => feed,
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
            Self::Lz4(decoder) => decoder.into_inner(),
        }
    }

    /// It is at the end of a member, or where the input is cut.
    fn is_cut(&mut self) -> bool {
        // zstd's says so itself, and looks for another frame at the end.
        !matches!(self, Self::Zstd(_)) && self.feed().starved
    }
}

struct Unpacker {
    format: Format,
    /// `None` where one could not be made.
    decoder: Option<Decoder>,
}

impl Unpacker {
    /// Fill the buffer, or give what there is before the input would have to be waited for.
    fn fill(&mut self, buffer: &mut [u8]) -> (usize, Option<Last>) {
        let mut filled = 0;
        while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.read(room) {
                Ok(0) => return (filled, Some(Last::End)),
                Ok(read) => filled += read,
                Err(error) => return (filled, Some(self.halt(&error))),
            }
            if self.decoder.as_mut().is_none_or(|decoder| decoder.feed().may_wait()) {
                break;
            }
        }
        (filled, None)
    }

    /// Plain bytes; 0 at the end of all members.
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(into)?;
            if read > 0 {
                return Ok(read);
            }
            if decoder.is_cut() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if !self.next()? {
                break;
            }
        }
        Ok(0)
    }

    /// Begin the next member; false where there is none.
    fn next(&mut self) -> std::io::Result<bool> {
        let Some(decoder) = self.decoder.take() else { return Ok(false) };
        let mut feed = decoder.into_feed();
        let more = self.format.find(&mut feed);
        let begins = matches!(more, Ok(true));
        self.decoder = Some(if begins { Decoder::begin(self.format, feed)? } else { Decoder::Between(feed) });
        more
    }

    /// Why there are no more plain bytes.
    fn halt(&mut self, error: &std::io::Error) -> Last {
        let (name, mut decoder) = (self.format.name(), self.decoder.take());
        let Some(feed) = decoder.as_mut().map(Decoder::feed) else {
            return Last::Failed(Error::Input(Fault::new(name, error.to_string(), "")));
        };
        if let Some(failure) = feed.failure.take() {
            return Last::Failed(failure);
        }
        let cut = feed.starved || error.kind() == ErrorKind::UnexpectedEof;
        let why =
            if cut { format!("the {name} data is cut") } else { format!("the {name} data is not valid ({error})") };
        Last::Damaged(Damage { place: feed.place(), why, left: feed.left() })
    }
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
