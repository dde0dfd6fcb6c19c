//! Files that are stored: their bytes go out in pieces while they come, and are held only as long as no rule has decided.

use super::wanted::Held;
use super::{File, Wanted};
use std::sync::Arc;

/// Bytes of one file that are held for a rule to decide, at most.
const MOST_UNDECIDED: usize = 8 << 20;

/// A piece of a stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file's number.
    pub id: u64,
    /// Its next bytes.
    pub bytes: Vec<u8>,
    /// What comes behind them.
    pub then: Then,
}

/// What comes behind a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// More of the file.
    More,
    /// Nothing: it has this SHA-256.
    Ended([u8; 32]),
    /// Bytes that there was no room for: it can't be stored.
    GivenUp,
}

/// Whether a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    /// It is not.
    No,
    /// A rule may still say so.
    Undecided,
    /// It is, under this number.
    As(u64),
    /// It was to be, and can't.
    GivenUp(u64),
    /// All of it went out.
    Done(u64),
}

#[derive(Debug)]
pub(super) struct Storage {
    stored: Stored,
    held: Held,
    wanted: Arc<Wanted>,
}

impl Storage {
    pub fn new(wanted: &Arc<Wanted>) -> Self {
        let stored = match (wanted.store, wanted.store_all) {
            (false, _) => Stored::No,
            (true, false) => Stored::Undecided,
            (true, true) => Stored::As(wanted.number()),
        };
        Self { stored, held: Held::new(wanted), wanted: Arc::clone(wanted) }
    }

    /// Its number, where it is stored.
    pub fn id(&self) -> Option<u64> {
        if let Stored::As(id) | Stored::Done(id) = self.stored { Some(id) } else { None }
    }

    /// The file's next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let (room, without) = match self.stored {
            Stored::Undecided => (MOST_UNDECIDED, Stored::No),
            Stored::As(id) => (usize::MAX, Stored::GivenUp(id)),
            _ => return,
        };
        let fits = self.held.bytes().len() + bytes.len() <= room && self.held.push(bytes);
        if !fits {
            Wanted::add(&self.wanted.not_stored, 1);
            self.held.take();
            self.stored = without;
        }
    }

    /// A rule wants it stored.
    fn decide(&mut self) {
        if self.stored == Stored::Undecided {
            self.stored = Stored::As(self.wanted.number());
        }
    }

    /// What is to be stored now. With its digest it has ended: a rule that has not asked for it by now comes too late.
    pub fn take(&mut self, end: Option<[u8; 32]>, out: &mut Vec<Piece>) {
        let (id, then, after) = match (self.stored, end) {
            (Stored::As(id), Some(sha256)) => (id, Then::Ended(sha256), Stored::Done(id)),
            (Stored::As(id), None) if !self.held.bytes().is_empty() => (id, Then::More, self.stored),
            (Stored::GivenUp(id), _) => (id, Then::GivenUp, Stored::No),
            (Stored::Undecided, Some(_)) => {
                self.held.take();
                self.stored = Stored::No;
                return;
            }
            _ => return,
        };
        self.stored = after;
        out.push(Piece { id, bytes: self.held.take(), then });
    }
}

impl File {
    /// A rule has it stored.
    pub(super) fn store(&mut self, sid: u32) {
        if !self.sids.contains(&sid) {
            self.sids.push(sid);
        }
        self.storage.decide();
    }
}
