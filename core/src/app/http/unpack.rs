//! Brotli (RFC 7932) and LZMA.

use super::coding::{PIECE, Sink};
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use lzma_rs::decompress::{Options, Stream};
use std::fmt;
use std::io::Write;

/// Memory that an LZMA layer may take. (specification, defaults.md: `lzma-memlimit`)
const MOST_LZMA: usize = 1 << 20;
/// Bytes of LZMA that are unpacked at once: each may become thousands.
const LZMA_STEP: usize = 64;
/// Bytes that are kept in case it is no Brotli, at most.
const MOST_KEPT: usize = 1 << 16;

type Machine = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// A layer of Brotli.
#[derive(Default)]
pub(super) struct Brotli {
    /// From its first bytes on; it is large.
    machine: Option<Box<Machine>>,
    ended: bool,
    /// It is no Brotli: as it is.
    is_plain: bool,
    /// All bytes so far, as long as nothing came out.
    kept: Vec<u8>,
    total: usize,
}

impl fmt::Debug for Brotli {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Brotli").field("ended", &self.ended).field("total", &self.total).finish()
    }
}

fn machine() -> Box<Machine> {
    let alloc = StandardAlloc::default;
    Box::new(BrotliState::new(alloc(), alloc(), alloc()))
}

impl Brotli {
    /// The next bytes.
    pub fn unpack(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> bool {
        if self.ended {
            return true;
        }
        if self.is_plain {
            return sink(bytes);
        }
        if self.total == 0 && self.kept.len() + bytes.len() <= MOST_KEPT {
            self.kept.extend_from_slice(bytes);
        }
        let (mut left, mut from) = (bytes.len(), 0);
        loop {
            let mut room = [0; PIECE];
            let (mut free, mut given) = (room.len(), 0);
            let machine = self.machine.get_or_insert_with(machine);
            let result = BrotliDecompressStream(
                &mut left,
                &mut from,
                bytes,
                &mut free,
                &mut given,
                &mut room,
                &mut self.total,
                machine,
            );
            if given > 0 && !sink(room.get(..given).unwrap_or_default()) {
                return false;
            }
            match result {
                BrotliResult::NeedsMoreOutput => (),
                BrotliResult::NeedsMoreInput => return true,
                BrotliResult::ResultSuccess => return self.end(),
                BrotliResult::ResultFailure if self.total > 0 => return self.end(),
                BrotliResult::ResultFailure => return self.finish(sink),
            }
        }
    }

    /// No more comes, or it is no Brotli: what gave nothing is given as it is.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> bool {
        self.machine = None;
        self.is_plain = self.total == 0;
        let kept = std::mem::take(&mut self.kept);
        kept.is_empty() || self.total > 0 || sink(&kept)
    }

    /// It is given as it is.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    fn end(&mut self) -> bool {
        self.ended = true;
        self.machine = None;
        true
    }
}

/// A layer of LZMA.
#[derive(Debug)]
pub(super) struct Lzma {
    /// Until it ends.
    stream: Option<Box<Stream<Vec<u8>>>>,
}

impl Default for Lzma {
    fn default() -> Self {
        let options = Options { memlimit: Some(MOST_LZMA), allow_incomplete: true, ..Options::default() };
        Self { stream: Some(Box::new(Stream::new_with_options(&options, Vec::new()))) }
    }
}

impl Lzma {
    /// The next bytes.
    pub fn unpack(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> bool {
        for step in bytes.chunks(LZMA_STEP) {
            let Some(stream) = &mut self.stream else { return true };
            let done = stream.write_all(step);
            let wanted = stream.get_output_mut().is_none_or(|out| {
                let wanted = out.is_empty() || sink(out);
                out.clear();
                wanted
            });
            if done.is_err() {
                return wanted && self.finish(sink);
            }
            if !wanted {
                return false;
            }
        }
        true
    }

    /// No more comes: what it holds back is given.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> bool {
        let rest = self.stream.take().and_then(|stream| stream.finish().ok()).unwrap_or_default();
        rest.is_empty() || sink(&rest)
    }
}
