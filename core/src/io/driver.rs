//! Drives an engine from a source: one worker in line, or several that share the engine's stages.
//!
//! Each worker reads a batch (in turn), parses it (at the same time as the others), hands it on in order, and does its
//! own shards of every batch. The last one to finish with a batch merges it, in order.

use super::clock::{steady, wall};
use super::{Fill, Source};
use crate::engine::{Engine, Parsed, SHARDS, Sequenced};
use crate::error::{Error, Result};
use crate::frame::Batch;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Batches that may be between reading and merging, for each worker.
const IN_FLIGHT: u64 = 4;

/// How far a call went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ran {
    /// Frames taken in.
    pub frames: u64,
    /// The source is at its end.
    pub ended: bool,
    /// The source has no more for now.
    pub idle: bool,
}

/// When a call is to return.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Frames to take in at most.
    pub frames: u64,
    /// Time to take at most.
    pub time: Duration,
    /// Workers, 1 to `SHARDS`.
    pub workers: usize,
}

/// Feed the engine from the source until a limit, the end, or an idle moment.
///
/// # Errors
/// `Error::Input` when the source can't be read; what came before was processed.
pub fn run(engine: &Engine, source: &mut dyn Source, limits: Limits) -> Result<Ran> {
    let deadline = steady() + limits.time;
    let mut reader = Reader { source, deadline, left: limits.frames, ran: Ran::default(), over: false, error: None };
    if limits.workers <= 1 {
        while let Some(parsed) = reader.read(engine) {
            engine.push(parsed);
        }
    } else {
        reader = Team::new(engine, reader, limits.workers.min(SHARDS)).run();
    }
    match reader.error {
        Some(error) => Err(error),
        None => Ok(reader.ran),
    }
}

/// The reading end.
struct Reader<'a> {
    source: &'a mut dyn Source,
    deadline: Instant,
    left: u64,
    ran: Ran,
    /// This call reads no more.
    over: bool,
    error: Option<Error>,
}

impl Reader<'_> {
    /// The next batch; none when this call is to return.
    fn read(&mut self, engine: &Engine) -> Option<Parsed> {
        self.over |= self.left == 0 || steady() >= self.deadline;
        if self.over {
            return None;
        }
        let mut parsed = engine.take();
        let filled = match engine.held() {
            Some(held) => {
                parsed.batch = held;
                Ok(Fill::More)
            }
            None => self.source.fill(&mut parsed.batch),
        };
        match filled {
            Ok(Fill::More) => {
                self.within_limit(engine, &mut parsed.batch);
                return Some(parsed);
            }
            Ok(Fill::Idle) => {
                self.ran.idle = true;
                // A live source's idle time is time that passed; a slow pipe's is not.
                if self.source.is_live() {
                    engine.tick(wall());
                }
            }
            Ok(Fill::End) => self.ran.ended = true,
            Err(error) => self.error = Some(error),
        }
        self.over = true;
        engine.give(parsed);
        None
    }

    /// Count the batch's frames; those beyond the limit are held for the next call.
    fn within_limit(&mut self, engine: &Engine, batch: &mut Batch) {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        if batch.frames.len() > most {
            let mut rest = batch.clone();
            rest.frames.drain(..most);
            engine.hold(rest);
            batch.frames.truncate(most);
        }
        self.left -= batch.frames.len() as u64;
        self.ran.frames += batch.frames.len() as u64;
    }
}

/// Lock; what is guarded here is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Workers that share an engine.
struct Team<'a> {
    engine: &'a Engine,
    workers: usize,
    /// The reading end, and the number of the next batch.
    reader: Mutex<(Reader<'a>, u64)>,
    board: Mutex<Board>,
    changed: Condvar,
    /// The number of the next batch to merge, and those that are ready out of order.
    merging: Mutex<(u64, BTreeMap<u64, Sequenced>)>,
}

/// The batches that wait for workers to do their shards.
struct Board {
    /// By number: the batch, and how many workers have yet to take it.
    batches: BTreeMap<u64, (Arc<Sequenced>, usize)>,
    /// By worker: the number of its next batch.
    next: Vec<u64>,
    /// Batches read and merged so far.
    read: u64,
    merged: u64,
    /// There are no more to read.
    over: bool,
}

impl<'a> Team<'a> {
    fn new(engine: &'a Engine, reader: Reader<'a>, workers: usize) -> Self {
        let first = engine.next_batch();
        let board =
            Board { batches: BTreeMap::new(), next: vec![first; workers], read: first, merged: first, over: false };
        Self {
            engine,
            workers,
            reader: Mutex::new((reader, first)),
            board: Mutex::new(board),
            changed: Condvar::new(),
            merging: Mutex::new((first, BTreeMap::new())),
        }
    }

    fn run(self) -> Reader<'a> {
        std::thread::scope(|scope| {
            let team = &self;
            for worker in 0..self.workers {
                scope.spawn(move || team.work(worker));
            }
        });
        self.reader.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }

    fn work(&self, worker: usize) {
        loop {
            if let Some((number, batch)) = self.next_batch(worker) {
                self.shards(worker, number, batch);
            } else if self.may_read() {
                self.read();
            } else if !self.wait(worker) {
                return;
            }
        }
    }

    /// The worker's next batch, where it is there.
    fn next_batch(&self, worker: usize) -> Option<(u64, Arc<Sequenced>)> {
        let mut board = lock(&self.board);
        let number = *board.next.get(worker)?;
        let (batch, left) = board.batches.get_mut(&number)?;
        *left -= 1;
        // The last to take it takes the board's own reference, so that one worker ends up its only owner.
        let batch = if *left == 0 { None } else { Some(batch.clone()) };
        let batch = batch.or_else(|| board.batches.remove(&number).map(|(batch, _)| batch))?;
        if let Some(next) = board.next.get_mut(worker) {
            *next += 1;
        }
        Some((number, batch))
    }

    fn shards(&self, worker: usize, number: u64, batch: Arc<Sequenced>) {
        self.engine.shards(worker, self.workers, &batch);
        if let Some(batch) = Arc::into_inner(batch) {
            self.merge(number, batch);
        }
    }

    fn merge(&self, number: u64, batch: Sequenced) {
        let mut merging = lock(&self.merging);
        merging.1.insert(number, batch);
        let (next, ready) = &mut *merging;
        while let Some(batch) = ready.remove(next) {
            self.engine.merge(batch);
            *next += 1;
        }
        lock(&self.board).merged = *next;
        drop(merging);
        self.changed.notify_all();
    }

    fn may_read(&self) -> bool {
        let board = lock(&self.board);
        !board.over && board.read - board.merged < IN_FLIGHT * self.workers as u64
    }

    /// Read a batch, parse it and put it on the board.
    fn read(&self) {
        let mut reader = lock(&self.reader);
        let Some(mut parsed) = reader.0.read(self.engine) else {
            lock(&self.board).over = true;
            self.changed.notify_all();
            return;
        };
        let number = reader.1;
        reader.1 += 1;
        lock(&self.board).read = reader.1;
        drop(reader);
        self.engine.parse(&mut parsed);
        let batch = Arc::new(self.engine.sequence(number, parsed));
        lock(&self.board).batches.insert(number, (batch, self.workers));
        self.changed.notify_all();
    }

    /// Wait for something to do; false when there will be nothing more.
    fn wait(&self, worker: usize) -> bool {
        let mut board = lock(&self.board);
        loop {
            let next = board.next.get(worker).copied().unwrap_or(board.read);
            if board.over && next == board.read {
                return false;
            }
            let may_read = !board.over && board.read - board.merged < IN_FLIGHT * self.workers as u64;
            if may_read || board.batches.contains_key(&next) {
                return true;
            }
            board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
