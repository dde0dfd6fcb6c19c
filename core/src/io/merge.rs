//! Several captures as one, merged by the time of their frames; at equal times in the order named.
//!
//! A file is open only from its first frame's time on: of a rotated capture one file at a time. Its frames keep their
//! order among themselves.

use super::{Capture, Fill, SLAB, Source};
use crate::error::{Error, Result};
use crate::frame::{Batch, Frame, TimeUnit};
use crate::table::summary::Captured;
use crate::time::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When a file's next frame comes, as far as is known, and the file's number: the order of merging.
type Turn = (Nanos, usize);

/// A file that is read.
#[derive(Debug)]
struct Open {
    capture: Capture,
    /// What was read of it, and how many of its frames were given.
    batch: Batch,
    given: usize,
}

impl Open {
    fn new(capture: Capture) -> Box<Self> {
        Box::new(Self { capture, batch: Batch::default(), given: 0 })
    }

    fn rest(&self) -> &[Frame] {
        self.batch.frames.get(self.given..).unwrap_or_default()
    }

    /// Read on where all was given; the next frame's time where there is one.
    fn next(&mut self) -> Result<(Fill, Nanos)> {
        let filled = if self.rest().is_empty() {
            self.given = 0;
            self.capture.fill(&mut self.batch)?
        } else {
            Fill::More
        };
        Ok((filled, self.rest().first().map_or(Nanos::MIN, |frame| frame.time)))
    }

    /// Append the frames whose turn is before `limit`, about `SLAB` bytes of them.
    fn give(&mut self, number: usize, limit: Turn, into: &mut Batch) {
        let before = |frame: &&Frame| (frame.time, number) < limit;
        let fits = |bytes: &mut u32, frame: &Frame| {
            *bytes = bytes.saturating_add(frame.captured);
            (*bytes as usize <= SLAB).then_some(())
        };
        let run = self.rest().iter().take_while(before).scan(0, |bytes, frame| fits(bytes, frame)).count().max(1);
        let Some(run) = self.rest().get(..run) else { return };
        if self.given == 0 && run.len() == self.batch.frames.len() && into.frames.is_empty() {
            std::mem::swap(into, &mut self.batch);
            self.batch.clear();
            return;
        }
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
        let (from, to) = (first.offset, last.offset + last.captured);
        let base = into.slab.len() as u32;
        into.slab.extend_from_slice(self.batch.slab.get(from as usize..to as usize).unwrap_or_default());
        into.frames.extend(run.iter().map(|frame| Frame { offset: frame.offset - from + base, ..*frame }));
        self.given += run.len();
    }
}

/// A capture among those that are merged.
#[derive(Debug)]
struct Part {
    path: String,
    size: Option<u64>,
    open: Option<Box<Open>>,
}

/// Captures that are read as one.
#[derive(Debug)]
pub struct Merged {
    parts: Vec<Part>,
    turns: BinaryHeap<Reverse<Turn>>,
    unit: TimeUnit,
    /// Bytes of the parts that are done.
    done: u64,
    captured: Option<Captured>,
    warnings: Vec<String>,
    /// The next fill gives this error.
    failed: Option<Error>,
}

impl Merged {
    /// Look at every capture, so that one which can't be read is known of now. "-" is standard input.
    ///
    /// # Errors
    /// `Error::Input` for what can't be opened and for a file that is no capture.
    pub fn open(paths: &[String]) -> Result<Self> {
        let mut merged = Self {
            parts: Vec::with_capacity(paths.len()),
            turns: BinaryHeap::new(),
            unit: TimeUnit::default(),
            done: 0,
            captured: None,
            warnings: Vec::new(),
            failed: None,
        };
        for (number, path) in paths.iter().enumerate() {
            let capture = Capture::open(path)?;
            let size = capture.size();
            merged.learn(capture.time_unit());
            // One alone has no one to wait for, and a pipe can't be opened again.
            let kept = paths.len() == 1 || size.is_none();
            let (open, time) = if kept { (Some(Open::new(capture)), None) } else { (None, first_time(capture)?) };
            merged.parts.push(Part { path: path.clone(), size, open });
            merged.turns.push(Reverse((time.unwrap_or(Nanos::MIN), number)));
        }
        Ok(merged)
    }

    /// What the user should know of each capture, with its name.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn learn(&mut self, unit: TimeUnit) {
        if unit == TimeUnit::Nanos {
            self.unit = unit;
        }
    }

    /// Give the frames of the capture whose turn it is, up to the next one's turn; not `More` where it has none.
    fn advance(&mut self, batch: &mut Batch) -> Result<Fill> {
        let Some(Reverse((known, number))) = self.turns.pop() else { return Ok(Fill::End) };
        let limit = self.turns.peek().map_or((Nanos::MAX, usize::MAX), |turn| turn.0);
        let Some(part) = self.parts.get_mut(number) else { return Ok(Fill::End) };
        let open = match &mut part.open {
            Some(open) => open,
            None => part.open.insert(Open::new(Capture::open(&part.path)?)),
        };
        let (filled, time) = open.next()?;
        match filled {
            Fill::End => {
                self.close(number);
                return Ok(Fill::More);
            }
            Fill::Idle => {
                self.turns.push(Reverse((known, number)));
                return Ok(Fill::Idle);
            }
            Fill::More if (time, number) < limit => open.give(number, limit, batch),
            Fill::More => {}
        }
        let next = open.rest().first().map_or(time, |frame| frame.time);
        let unit = open.capture.time_unit();
        self.learn(unit);
        self.turns.push(Reverse((next, number)));
        Ok(Fill::More)
    }

    /// The capture is at its end.
    fn close(&mut self, number: usize) {
        let Some(part) = self.parts.get_mut(number) else { return };
        let Some(open) = part.open.take() else { return };
        self.done += part.size.unwrap_or_else(|| open.capture.position());
        self.warnings.extend(open.capture.warning().map(|why| format!("{}: {why}", open.capture.name())));
        self.captured = self.captured.into_iter().chain(open.capture.captured()).reduce(Captured::plus);
    }

    /// The only capture that is left, nothing of it read ahead: it can fill a batch itself.
    fn alone(&mut self) -> Option<(usize, &mut Open)> {
        let Reverse((_, number)) = *self.turns.peek().filter(|_| self.turns.len() == 1)?;
        let open = self.parts.get_mut(number)?.open.as_mut()?;
        open.rest().is_empty().then_some((number, open))
    }

    fn merge(&mut self, batch: &mut Batch) -> Result<Fill> {
        while batch.slab.len() < SLAB {
            match self.advance(batch) {
                Ok(Fill::More) => {}
                Ok(_) if !batch.frames.is_empty() => break,
                Ok(none) => return Ok(none),
                Err(error) if batch.frames.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(Fill::More)
    }
}

impl Source for Merged {
    fn fill(&mut self, batch: &mut Batch) -> Result<Fill> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let filled = if let Some((number, open)) = self.alone() {
            let filled = open.capture.fill(batch);
            if matches!(filled, Ok(Fill::End)) {
                self.close(number);
                self.turns.clear();
            }
            filled
        } else {
            batch.clear();
            self.merge(batch)
        };
        self.learn(batch.unit);
        batch.unit = self.unit;
        filled
    }

    fn position(&self) -> u64 {
        self.done
            + self.parts.iter().filter_map(|part| part.open.as_ref()).map(|open| open.capture.position()).sum::<u64>()
    }

    fn size(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.size).sum()
    }

    fn captured(&self) -> Option<Captured> {
        self.captured
    }
}

/// The time of a capture's first frame, where it has one.
///
/// # Errors
/// `Error::Input` where it can't be read so far.
pub fn first_time(capture: Capture) -> Result<Option<Nanos>> {
    let mut open = Open::new(capture);
    loop {
        match open.next()? {
            (Fill::Idle, _) => {}
            (filled, time) => return Ok((filled == Fill::More).then_some(time)),
        }
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
