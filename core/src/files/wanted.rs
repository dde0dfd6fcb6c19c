//! What is wanted of files, and the memory that a worker has for them.

use super::parts::{Key, Part, Waiting};
use crate::plan::{Check, FileSettings, FileTest, HashType, Rule};
use crate::time::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes of files that a share of the flows holds at once, at most: to be looked into, and to be stored.
const MOST_HELD: u64 = if cfg!(test) { 1 << 20 } else { 64 << 20 };

/// How many files were stored, and what was left out for want of room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files that were stored, or begun to be.
    pub stored: u64,
    /// Files that could not be, as too much of them would have had to be held.
    pub not_stored: u64,
    /// Files that were one too many in their transaction.
    pub refused: u64,
    /// Bytes that rules did not get to see.
    pub unseen: u64,
    /// Files in parts that were given up before all parts were there.
    pub unjoined: u64,
}

impl Counts {
    /// Add another share's.
    pub fn merge(&mut self, other: &Self) {
        self.stored += other.stored;
        self.not_stored += other.not_stored;
        self.refused += other.refused;
        self.unseen += other.unseen;
        self.unjoined += other.unjoined;
    }
}

/// What is wanted of the files of a share of the flows, and what they take together.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub struct Wanted {
    pub md5: bool,
    pub sha1: bool,
    pub sha256: bool,
    /// What their first bytes say they are.
    pub magic: bool,
    /// Rules look into them.
    pub content: bool,
    /// They may be stored.
    pub store: bool,
    /// They are stored whatever rules say.
    pub store_all: bool,
    held: AtomicU64,
    stored: AtomicU64,
    pub(super) not_stored: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) unseen: AtomicU64,
    pub(super) unjoined: AtomicU64,
    /// Files of which parts came, and the time and the domain of the last packet.
    waiting: Mutex<Waiting>,
    now: AtomicI64,
    domain: AtomicU32,
    /// Numbers of stored files are told apart by their share of the flows.
    share: (u64, u64),
}

/// Buffers whose bytes are those of files.
const CONTENT: &str = "file.data";
const MAGIC: &str = "file.magic";

impl Wanted {
    /// What outputs and rules want; `share` is the number of a share of the flows and how many there are.
    pub fn new(settings: &FileSettings, rules: &[Rule], share: (u64, u64)) -> Arc<Self> {
        let forced = |hash| settings.hashes.contains(&hash);
        let looked_into = |name: &str| rules.iter().flat_map(|rule| &rule.buffers).any(|test| test.buffer == name);
        let mut wanted = Self {
            md5: forced(HashType::Md5),
            sha1: forced(HashType::Sha1),
            sha256: forced(HashType::Sha256),
            magic: settings.magic || looked_into(MAGIC),
            content: looked_into(CONTENT),
            store: settings.store,
            store_all: settings.store && settings.store_all,
            share,
            ..Self::default()
        };
        rules.iter().flat_map(|rule| &rule.checks).for_each(|check| wanted.ask(check));
        Arc::new(wanted)
    }

    fn ask(&mut self, check: &Check) {
        let Check::File { tests } = check else { return };
        for test in tests {
            match test {
                FileTest::Hash { hash: HashType::Md5, .. } => self.md5 = true,
                FileTest::Hash { hash: HashType::Sha1, .. } => self.sha1 = true,
                FileTest::Hash { hash: HashType::Sha256, .. } => self.sha256 = true,
                FileTest::Magic { .. } => self.magic = true,
                FileTest::Name { .. } | FileTest::Size { .. } => {}
            }
        }
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        let counts = [&self.stored, &self.not_stored, &self.refused, &self.unseen, &self.unjoined];
        let [stored, not_stored, refused, unseen, unjoined] = counts.map(|count| count.load(Ordering::Relaxed));
        Counts { stored, not_stored, refused, unseen, unjoined }
    }

    /// What comes is of a packet of this time, or of a flow that ends then, in this domain.
    pub fn advance(&self, now: Nanos, domain: u32) {
        self.now.store(now, Ordering::Relaxed);
        self.domain.store(domain, Ordering::Relaxed);
    }

    /// What names a whole file of which a part comes.
    pub(super) fn key(&self, name: Vec<u8>) -> Key {
        (self.domain.load(Ordering::Relaxed), name)
    }

    /// A part of a file came: the whole file, where it was the last one.
    pub(super) fn join(&self, part: Part) -> Option<Vec<u8>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (whole, given_up) = waiting.add(part, self.now.load(Ordering::Relaxed));
        Self::add(&self.unjoined, given_up);
        whole
    }

    /// So many more.
    pub(super) fn add(count: &AtomicU64, more: u64) {
        count.fetch_add(more, Ordering::Relaxed);
    }

    /// The next stored file's number, from 1.
    pub(super) fn number(&self) -> u64 {
        let (share, shares) = self.share;
        self.stored.fetch_add(1, Ordering::Relaxed) * shares.max(1) + share + 1
    }
}

/// Bytes that are held, counted against what all may hold.
#[derive(Debug)]
pub(super) struct Held {
    bytes: Vec<u8>,
    wanted: Arc<Wanted>,
}

impl Held {
    pub fn new(wanted: &Arc<Wanted>) -> Self {
        Self { bytes: Vec::new(), wanted: Arc::clone(wanted) }
    }

    /// Hold these too, unless there is no room.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let more = bytes.len() as u64;
        if self.wanted.held.fetch_add(more, Ordering::Relaxed) + more > MOST_HELD {
            self.wanted.held.fetch_sub(more, Ordering::Relaxed);
            return false;
        }
        self.bytes.extend_from_slice(bytes);
        true
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Let go of the first ones.
    pub fn drop_first(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.bytes.drain(..count);
        self.wanted.held.fetch_sub(count as u64, Ordering::Relaxed);
    }

    /// Let go of all, to someone else.
    pub fn take(&mut self) -> Vec<u8> {
        self.wanted.held.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.take();
    }
}
