//! A segment's bytes take their place, among those that are held.

use super::{MAX_PIECES, PIECE, Piece, Run, Store};
use crate::plan::StreamPolicy;
use crate::stream::policy::{Extent, new_wins};
use crate::stream::pool::Pool;
use std::collections::BTreeMap;

/// Pieces that what the mirror cut off is fitted between, at most.
const CUT_WALK: usize = 64;

/// What came of an insertion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::stream) struct Inserted {
    /// It covers bytes that are held.
    pub overlaps: bool,
    /// And they are others.
    pub differs: bool,
    /// There was no memory for the front to grow.
    pub no_memory: bool,
    /// There was no memory for another piece.
    pub no_piece: bool,
    /// There are as many pieces as there may be.
    pub too_many: bool,
}

/// A segment's bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::stream) struct Incoming<'a> {
    /// Offset of the first; below zero is before the stream's first byte.
    pub offset: i64,
    pub bytes: &'a [u8],
    /// Bytes behind them that the mirror cut off.
    pub cut: u64,
    pub policy: StreamPolicy,
    /// Compare the bytes with those that are held.
    pub compare: bool,
}

/// A segment's bytes that may still find a place.
#[derive(Clone, Copy)]
struct New<'a> {
    from: u64,
    bytes: &'a [u8],
    segment: Extent,
    policy: StreamPolicy,
    compare: bool,
}

impl<'a> New<'a> {
    fn end(&self) -> u64 {
        self.from + self.bytes.len() as u64
    }

    /// Its bytes between two offsets.
    fn part(&self, from: u64, to: u64) -> &'a [u8] {
        let at = |offset: u64| offset.saturating_sub(self.from) as usize;
        self.bytes.get(at(from)..at(to).min(self.bytes.len())).unwrap_or_default()
    }
}

impl Store {
    /// Put a segment's bytes in their place. What lies before `start` is not wanted.
    #[inline]
    pub fn insert(&mut self, incoming: &Incoming<'_>, pool: &mut Pool) -> Inserted {
        let end = self.contiguous();
        if incoming.offset == end as i64 && self.rest.is_none() && incoming.cut == 0 {
            let segment = (end, end + incoming.bytes.len() as u64);
            let no_memory = !self.append(end, incoming.bytes, segment, pool);
            return Inserted { no_memory, ..Inserted::default() };
        }
        self.insert_anywhere(incoming, pool)
    }

    #[inline]
    fn append(&mut self, end: u64, bytes: &[u8], segment: Extent, pool: &mut Pool) -> bool {
        if bytes.is_empty() {
            return true;
        }
        if !pool.append(&mut self.front, bytes) {
            return false;
        }
        self.push_run(end, segment, pool);
        true
    }

    #[cold]
    fn insert_anywhere(&mut self, incoming: &Incoming<'_>, pool: &mut Pool) -> Inserted {
        let captured = incoming.offset + incoming.bytes.len() as i64;
        let sent = captured.saturating_add_unsigned(incoming.cut);
        let mut result = Inserted::default();
        let at = |offset: i64| u64::try_from(offset).unwrap_or(0);
        let from = at(incoming.offset).max(self.start);
        if at(captured) > from {
            let skip = (from as i64 - incoming.offset) as usize;
            let bytes = incoming.bytes.get(skip..).unwrap_or_default();
            let segment = (at(incoming.offset), at(sent));
            let new = New { from, bytes, segment, policy: incoming.policy, compare: incoming.compare };
            self.overwrite_front(&new, &mut result, pool);
            self.fill(&new, &mut result, pool);
        }
        if incoming.cut > 0 {
            self.cut(at(captured).max(self.contiguous()), at(sent), &mut result, pool);
        }
        self.promote(pool);
        result
    }

    /// The part of it that the front has already.
    fn overwrite_front(&mut self, new: &New<'_>, result: &mut Inserted, pool: &mut Pool) {
        let to = new.end().min(self.contiguous());
        if new.from >= to {
            return;
        }
        result.overlaps = true;
        let mut index = self.runs.partition_point(|run| run.from <= new.from).saturating_sub(1);
        let mut from = new.from;
        while from < to
            && let Some(run) = self.runs.get(index).copied()
        {
            let run_end = self.runs.get(index + 1).map_or(u64::MAX, |next| next.from).min(self.contiguous());
            let upto = to.min(run_end);
            let bytes = new.part(from, upto);
            let at = self.dead + from.saturating_sub(self.start) as usize;
            if let Some(held) = self.front.get_mut(at..at + bytes.len()) {
                result.differs |= new.compare && held != bytes;
                if new_wins(new.policy, new.segment, run.segment) {
                    held.copy_from_slice(bytes);
                    index = self.split_run(index, (from, upto), run_end, new.segment, pool);
                }
            }
            from = upto;
            index += 1;
        }
    }

    /// A part of a run is of another segment now; the index of that part.
    fn split_run(&mut self, index: usize, part: Extent, run_end: u64, segment: Extent, pool: &mut Pool) -> usize {
        let Some(run) = self.runs.get(index).copied() else { return index };
        if self.runs.len() + 2 > super::MAX_RUNS || !pool.claim(2 * size_of::<Run>()) {
            return index;
        }
        let mut added = 0;
        if part.1 < run_end {
            self.runs.insert(index + 1, Run { from: part.1, ..run });
            added += 1;
        }
        let at = if part.0 > run.from { index + 1 } else { index };
        let mine = Run { from: part.0, segment };
        if at > index {
            self.runs.insert(at, mine);
            added += 1;
        } else if let Some(run) = self.runs.get_mut(index) {
            *run = mine;
        }
        pool.release((2 - added) * size_of::<Run>());
        at
    }

    /// The part of it behind the front: what is free is taken, what is held is fought for.
    fn fill(&mut self, new: &New<'_>, result: &mut Inserted, pool: &mut Pool) {
        let mut from = new.from.max(self.contiguous());
        while from < new.end() {
            let held = self.data_within(from, new.end());
            let upto = match held {
                Some((start, end)) if start <= from => {
                    result.overlaps = true;
                    let upto = end.min(new.end());
                    self.overwrite_piece(start, (from, upto), new, result, pool);
                    upto
                }
                held => {
                    let upto = held.map_or(new.end(), |(start, _)| start);
                    self.place(from, new.part(from, upto), new.segment, result, pool);
                    upto
                }
            };
            from = upto;
        }
    }

    /// The first bytes that are held between two offsets, behind the front.
    fn data_within(&self, at: u64, to: u64) -> Option<Extent> {
        let rest = self.rest.as_ref()?;
        let around = rest.range(..=at).next_back().filter(|(from, piece)| *from + piece.len() > at);
        let mut next = around.into_iter().chain(rest.range(at + 1..to.max(at + 1)));
        next.find(|(_, piece)| matches!(piece, Piece::Data { .. })).map(|(from, piece)| (*from, from + piece.len()))
    }

    /// Bytes where there are none yet.
    fn place(&mut self, from: u64, bytes: &[u8], segment: Extent, result: &mut Inserted, pool: &mut Pool) {
        self.uncut((from, from + bytes.len() as u64), pool);
        if from == self.contiguous() {
            result.no_memory |= !self.append(from, bytes, segment, pool);
            return;
        }
        let rest = self.rest.get_or_insert_default();
        if rest.len() >= MAX_PIECES {
            result.too_many = true;
            return;
        }
        let mut buffer = Vec::new();
        if !pool.claim(PIECE) {
            result.no_piece = true;
        } else if !pool.append(&mut buffer, bytes) {
            pool.release(PIECE);
            result.no_piece = true;
        } else {
            rest.insert(from, Piece::Data { bytes: buffer, segment });
        }
    }

    /// Bytes that are held against those of a new segment.
    fn overwrite_piece(&mut self, key: u64, part: Extent, new: &New<'_>, result: &mut Inserted, pool: &mut Pool) {
        let Some(rest) = &mut self.rest else { return };
        let room = rest.len() + 2 <= MAX_PIECES;
        let Some(Piece::Data { bytes, segment }) = rest.get_mut(&key) else { return };
        let bytes_new = new.part(part.0, part.1);
        let at = (part.0 - key) as usize;
        let Some(held) = bytes.get_mut(at..at + bytes_new.len()) else { return };
        result.differs |= new.compare && held != bytes_new;
        if !new_wins(new.policy, new.segment, *segment) {
            return;
        }
        held.copy_from_slice(bytes_new);
        let old = *segment;
        if room {
            split_piece(rest, key, part.1, old, pool);
            if part.0 > key {
                split_piece(rest, key, part.0, new.segment, pool);
            } else if let Some(Piece::Data { segment, .. }) = rest.get_mut(&key) {
                *segment = new.segment;
            }
        }
    }

    /// Bytes came that the mirror had cut off of another copy.
    fn uncut(&mut self, (from, to): Extent, pool: &mut Pool) {
        let Some(rest) = &mut self.rest else { return };
        while let Some((start, length)) = cut_within(rest, from, to) {
            rest.remove(&start);
            pool.release(PIECE);
            if start < from && pool.claim(PIECE) {
                rest.insert(start, Piece::Cut(from - start));
            }
            if start + length > to && pool.claim(PIECE) {
                rest.insert(to, Piece::Cut(start + length - to));
            }
        }
    }

    /// Bytes that were sent and cut off, where nothing is held.
    fn cut(&mut self, from: u64, to: u64, result: &mut Inserted, pool: &mut Pool) {
        let mut from = from.max(self.start);
        for _ in 0..CUT_WALK {
            if from >= to {
                return;
            }
            let rest = self.rest.get_or_insert_default();
            let around = rest.range(..=from).next_back().map(|(start, piece)| start + piece.len());
            if let Some(end) = around.filter(|end| *end > from) {
                from = end;
                continue;
            }
            let upto = rest.range(from..to).next().map_or(to, |(start, _)| *start);
            if !self.add_cut(from, upto, pool) {
                result.no_piece = true;
                return;
            }
            from = upto;
        }
    }

    fn add_cut(&mut self, from: u64, to: u64, pool: &mut Pool) -> bool {
        let rest = self.rest.get_or_insert_default();
        if let Some((start, Piece::Cut(length))) = rest.range_mut(..from).next_back()
            && *start + *length == from
        {
            *length += to - from;
            return true;
        }
        if rest.len() >= MAX_PIECES || !pool.claim(PIECE) {
            return false;
        }
        rest.insert(from, Piece::Cut(to - from));
        true
    }
}

/// What is cut between two offsets: where it begins, and its length.
fn cut_within(rest: &BTreeMap<u64, Piece>, from: u64, to: u64) -> Option<(u64, u64)> {
    let around = rest.range(..=from).next_back().filter(|(start, piece)| *start + piece.len() > from);
    let mut next = around.into_iter().chain(rest.range(from + 1..to.max(from + 1)));
    next.find_map(|(start, piece)| if let Piece::Cut(length) = piece { Some((*start, *length)) } else { None })
}

/// Take a piece apart: what lies behind `at` becomes one of its own, of this segment.
fn split_piece(rest: &mut BTreeMap<u64, Piece>, key: u64, at: u64, segment: Extent, pool: &mut Pool) {
    let Some(Piece::Data { bytes, .. }) = rest.get_mut(&key) else { return };
    let index = (at - key) as usize;
    if index >= bytes.len() {
        return;
    }
    let mut behind = Vec::new();
    if pool.claim(PIECE) {
        if pool.append(&mut behind, bytes.get(index..).unwrap_or_default()) {
            bytes.truncate(index);
            rest.insert(at, Piece::Data { bytes: behind, segment });
        } else {
            pool.release(PIECE);
        }
    }
}
