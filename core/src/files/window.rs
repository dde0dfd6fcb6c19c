//! The bytes of a file that rules look into: runs with gaps between them, let go of once they were looked at.

use super::Wanted;
use super::wanted::Held;
use std::collections::VecDeque;
use std::sync::Arc;

/// Runs of one file that wait to be looked at, at most.
const MOST_RUNS: usize = 32;

/// When rules look at a file, and how much of it they see again (specification, http.md, "Body inspection").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// They begin once so many bytes are there, or all.
    pub minimum: u64,
    /// With what is new they see this much of what they saw before.
    pub again: u64,
}

#[derive(Debug)]
struct Run {
    begin: u64,
    held: Held,
    /// Bytes lost right behind it.
    lost: u64,
}

impl Run {
    fn end(&self) -> u64 {
        self.begin.saturating_add(self.held.bytes().len() as u64)
    }
}

#[derive(Debug)]
pub(super) struct Window {
    wanted: Arc<Wanted>,
    pub reach: Reach,
    runs: VecDeque<Run>,
    /// Where what came so far ends.
    end: u64,
    /// Up to where rules have looked.
    inspected: u64,
}

impl Window {
    pub fn new(wanted: &Arc<Wanted>) -> Self {
        let wanted = Arc::clone(wanted);
        Self { wanted, reach: Reach::default(), runs: VecDeque::new(), end: 0, inspected: 0 }
    }

    /// Bytes of the file, from this offset on.
    pub fn push(&mut self, at: u64, bytes: &[u8]) {
        self.end = at.saturating_add(bytes.len() as u64);
        if !self.wanted.content || bytes.is_empty() {
            return;
        }
        self.let_go();
        if self.runs.back().is_none_or(|run| run.lost > 0 || run.end() != at) {
            self.begin(at);
        }
        let fits = self.runs.back_mut().is_some_and(|run| run.held.push(bytes));
        if !fits {
            Wanted::add(&self.wanted.unseen, bytes.len() as u64);
            self.lose(at, bytes.len() as u64);
        }
    }

    /// So many bytes were lost, from this offset on.
    pub fn lose(&mut self, at: u64, bytes: u64) {
        self.end = at.saturating_add(bytes);
        if !self.wanted.content || bytes == 0 {
            return;
        }
        if self.runs.is_empty() {
            self.begin(at);
        }
        if let Some(run) = self.runs.back_mut() {
            run.lost = run.lost.saturating_add(bytes);
        }
    }

    fn begin(&mut self, at: u64) {
        if self.runs.len() >= MOST_RUNS
            && let Some(run) = self.runs.pop_front()
        {
            Wanted::add(&self.wanted.unseen, run.held.bytes().len() as u64);
        }
        self.runs.push_back(Run { begin: at, held: Held::new(&self.wanted), lost: 0 });
    }

    /// Let go of what was looked at, but for what is to be seen again.
    fn let_go(&mut self) {
        let keep = self.inspected.saturating_sub(self.reach.again);
        while self.runs.len() > 1 && self.runs.front().is_some_and(|run| run.end() <= self.inspected) {
            self.runs.pop_front();
        }
        if let Some(run) = self.runs.front_mut() {
            let seen = usize::try_from(keep.saturating_sub(run.begin)).unwrap_or(usize::MAX);
            let seen = seen.min(run.held.bytes().len());
            run.held.drop_first(seen);
            run.begin += seen as u64;
        }
    }

    fn waits(&self, ended: bool) -> bool {
        !ended && self.inspected == 0 && self.end < self.reach.minimum
    }

    /// The pieces to look at now: bytes, and how many there were of them. None while there is too little.
    pub fn pieces(&self, ended: bool) -> impl Iterator<Item = (&[u8], usize)> {
        let runs = if self.waits(ended) { None } else { Some(&self.runs) };
        runs.into_iter().flatten().map(|run| {
            let bytes = run.held.bytes();
            (bytes, bytes.len().saturating_add(usize::try_from(run.lost).unwrap_or(usize::MAX)))
        })
    }

    /// Rules won't look at it again.
    pub fn clear(&mut self) {
        self.runs.clear();
    }

    /// Rules have looked at the pieces.
    pub fn inspected(&mut self, ended: bool) {
        if !self.waits(ended) {
            self.inspected = self.end;
        }
    }
}
