//! The bytes of one direction, by their offset from the stream's first byte.
//!
//! What arrives in order is appended to one buffer, the front. What arrives out of order waits in a sorted list behind
//! it until the hole is filled or given up. What the mirror cut off is remembered as such: its length is known.

mod insert;
#[cfg(test)]
mod tests;

pub(super) use insert::{Incoming, Inserted};

use super::policy::Extent;
use super::pool::Pool;
use std::collections::{BTreeMap, VecDeque};

/// Segments of the front that are told from each other: more are taken as one.
const MAX_RUNS: usize = 512;
/// What is held out of order, at most.
pub(super) const MAX_PIECES: usize = 4096;
/// What a piece takes besides its bytes.
const PIECE: usize = 96;

/// Bytes of the front that one segment brought: to where the next run begins.
#[derive(Clone, Copy, Debug)]
struct Run {
    from: u64,
    /// The whole segment, as the overlap policies compare it.
    segment: Extent,
}

/// Something behind the front; its key is where it begins.
#[derive(Debug)]
enum Piece {
    Data {
        bytes: Vec<u8>,
        segment: Extent,
    },
    /// So many bytes were sent, and the mirror cut them off.
    Cut(u64),
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Data { bytes, .. } => bytes.len() as u64,
            Self::Cut(length) => *length,
        }
    }
}

/// What there is at an offset of a stream, or next after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held<'a> {
    /// Bytes, from this offset on.
    Data(u64, &'a [u8]),
    /// Bytes that the mirror cut off, from one offset to another.
    Cut(Extent),
    /// Nothing.
    End,
}

/// One direction's bytes.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// Offset of the front's first byte that is wanted.
    start: u64,
    /// Bytes at the front's beginning that are wanted no more.
    dead: usize,
    front: Vec<u8>,
    runs: VecDeque<Run>,
    #[allow(clippy::box_collection)]
    rest: Option<Box<BTreeMap<u64, Piece>>>,
}

impl Store {
    /// Offset of the first byte that is still held, or would be.
    #[inline]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Offset up to which there is no hole.
    #[inline]
    pub fn contiguous(&self) -> u64 {
        self.start + (self.front.len() - self.dead) as u64
    }

    /// Something is held behind a hole.
    #[inline]
    pub fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    fn wanted(&self) -> &[u8] {
        self.front.get(self.dead..).unwrap_or_default()
    }

    /// What there is at this offset, or next after it.
    #[inline]
    pub fn view(&self, at: u64) -> Held<'_> {
        let at = at.max(self.start);
        match self.wanted().get((at - self.start) as usize..) {
            Some(bytes) if !bytes.is_empty() => Held::Data(at, bytes),
            _ => self.view_rest(at),
        }
    }

    fn view_rest(&self, at: u64) -> Held<'_> {
        let Some(rest) = &self.rest else { return Held::End };
        let around = rest.range(..=at).next_back().filter(|(from, piece)| *from + piece.len() > at);
        match around.or_else(|| rest.range(at..).next()) {
            None => Held::End,
            Some((from, Piece::Cut(length))) => Held::Cut((at.max(*from), from + length)),
            Some((from, Piece::Data { bytes, .. })) => {
                let skip = at.saturating_sub(*from);
                Held::Data(from + skip, bytes.get(skip as usize..).unwrap_or_default())
            }
        }
    }

    /// Give back what lies before an offset: nobody wants it any more, now or when it comes.
    #[inline]
    pub fn release(&mut self, upto: u64, pool: &mut Pool) {
        if upto <= self.start {
            return;
        }
        if upto < self.contiguous() {
            return self.shift((upto - self.start) as usize, pool);
        }
        self.start = upto;
        self.dead = 0;
        if self.front.capacity() > 0 {
            pool.give(std::mem::take(&mut self.front));
        }
        self.drop_runs(self.runs.len(), pool);
        if self.rest.is_some() {
            self.release_rest(pool);
        }
    }

    /// The first bytes of the front are done with.
    fn shift(&mut self, bytes: usize, pool: &mut Pool) {
        self.start += bytes as u64;
        self.dead += bytes;
        let start = self.start;
        let over = self.runs.iter().skip(1).take_while(|run| run.from <= start).count();
        self.drop_runs(over, pool);
        if self.dead >= self.front.len() / 2 {
            self.front.drain(..self.dead);
            self.dead = 0;
        }
    }

    /// No more is expected: the front takes no more memory than it needs.
    pub fn fit(&mut self, pool: &mut Pool) {
        let before = self.front.capacity();
        if before > self.front.len() - self.dead {
            self.front.drain(..self.dead);
            self.dead = 0;
            self.front.shrink_to_fit();
            pool.release(before - self.front.capacity());
        }
    }

    fn drop_runs(&mut self, count: usize, pool: &mut Pool) {
        self.runs.drain(..count);
        pool.release(count * size_of::<Run>());
    }

    /// Give back the pieces before the front's end, and put what follows into the front.
    #[cold]
    fn release_rest(&mut self, pool: &mut Pool) {
        let Some(rest) = &mut self.rest else { return };
        while let Some(entry) = rest.first_entry().filter(|entry| *entry.key() < self.start) {
            let (from, piece) = entry.remove_entry();
            pool.release(PIECE);
            let left = (from + piece.len()).saturating_sub(self.start);
            match piece {
                Piece::Cut(length) if left < length && left > 0 && pool.claim(PIECE) => {
                    rest.insert(self.start, Piece::Cut(left));
                }
                Piece::Cut(_) => {}
                Piece::Data { bytes, segment } if left > 0 => {
                    self.dead = bytes.len() - left as usize;
                    self.front = bytes;
                    self.push_run(self.start, segment, pool);
                    return self.promote(pool);
                }
                Piece::Data { bytes, .. } => pool.give(bytes),
            }
        }
        self.promote(pool);
    }

    /// Put pieces that follow on the front into it.
    fn promote(&mut self, pool: &mut Pool) {
        while let Some(rest) = &mut self.rest {
            let end = self.start + (self.front.len() - self.dead) as u64;
            let Some(first) = rest.first_entry() else {
                self.rest = None;
                return;
            };
            let Piece::Data { bytes, .. } = first.get() else { return };
            if *first.key() != end || !self.front.is_empty() && !pool.append(&mut self.front, bytes) {
                return;
            }
            let Piece::Data { bytes, segment } = first.remove() else { return };
            pool.release(PIECE);
            if self.front.is_empty() {
                self.front = bytes;
            } else {
                pool.give(bytes);
            }
            self.push_run(end, segment, pool);
        }
    }

    /// Note which segment the front's bytes from here on are of.
    #[inline]
    fn push_run(&mut self, from: u64, segment: Extent, pool: &mut Pool) {
        if self.runs.len() < MAX_RUNS && pool.claim(size_of::<Run>()) {
            self.runs.push_back(Run { from, segment });
        } else if let Some(last) = self.runs.back_mut() {
            last.segment.1 = last.segment.1.max(segment.1);
        }
    }

    /// Give everything back.
    pub fn clear(&mut self, pool: &mut Pool) {
        pool.give(std::mem::take(&mut self.front));
        self.drop_runs(self.runs.len(), pool);
        self.dead = 0;
        for (_, piece) in self.rest.take().into_iter().flat_map(|rest| *rest) {
            pool.release(PIECE);
            if let Piece::Data { bytes, .. } = piece {
                pool.give(bytes);
            }
        }
    }
}
