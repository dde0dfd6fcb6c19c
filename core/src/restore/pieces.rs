//! The fragments of one datagram, in order, with what they cover.
//!
//! Whatever arrives, an insertion takes logarithmic time: what is covered, and where the datagram may end, is kept up to
//! date instead of looked for.

use super::fragment::Head;
use super::policy::{Extent, Step, decide};
use crate::packet::Causes;
use crate::plan::FragmentPolicy;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

/// Held fragments that a new one is compared with at most. Those that a policy goes on from are few, but for a sender
/// that wants it otherwise.
const WALK: usize = 64;

/// A fragment, as it is held.
#[derive(Debug)]
pub(super) struct Piece {
    /// The bytes of the datagram that it stands for; its front may have been cut.
    pub extent: Extent,
    /// Where its bytes begin in the datagram.
    pub from: u32,
    /// Its bytes, as many as were captured.
    pub bytes: Box<[u8]>,
    /// More fragments follow.
    pub more: bool,
    /// The headers in front of it, of one at offset 0.
    pub head: Option<Box<Head>>,
    /// What cut it.
    pub causes: Causes,
    /// The mirror session that it came through.
    pub identity: u32,
}

/// Where it begins, and as which it came.
type Key = (u32, u32);

/// Fragments of one datagram.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    held: BTreeMap<Key, Piece>,
    /// What was received, as disjoint extents: their starts with their ends.
    covered: BTreeMap<u32, u32>,
    /// The offsets at which a fragment without a follower begins; of several at one offset the latest counts.
    ends: BTreeSet<u32>,
    received: u32,
    /// One without a follower was among them.
    has_last: bool,
}

impl Pieces {
    /// How many fragments were received.
    pub fn received(&self) -> u32 {
        self.received
    }

    /// Whether bytes of this extent were received.
    pub fn overlaps(&self, extent: Extent) -> bool {
        self.covered.range(..extent.end).next_back().is_some_and(|(_, &end)| end > extent.start)
    }

    /// Where the last byte received ends.
    pub fn highest(&self) -> u32 {
        self.covered.last_key_value().map_or(0, |(_, &end)| end)
    }

    /// The same fragment came through another mirror session.
    pub fn is_copied(&self, piece: &Piece) -> bool {
        let same = |held: &Piece| {
            (held.extent, held.from, held.more) == (piece.extent, piece.from, piece.more)
                && held.identity != piece.identity
                && held.bytes == piece.bytes
        };
        let start = piece.extent.start;
        self.held.range((start, 0)..=(start, u32::MAX)).take(WALK).any(|(_, held)| same(held))
    }

    /// Hold a fragment, or what the policy leaves of it.
    pub fn insert(&mut self, mut piece: Piece, policy: FragmentPolicy) {
        let order = self.received;
        self.received += 1;
        self.has_last |= !piece.more;
        self.cover(piece.extent);
        if self.make_way(&mut piece, policy) && piece.extent.start < piece.extent.end {
            self.add((piece.extent.start, order), piece);
        }
    }

    /// Whether all bytes up to the end are there: to the first fragment without a follower that is held or, where the
    /// policy took none of these, without a hole.
    pub fn is_complete(&self) -> bool {
        let beginning = self.covered.get(&0).copied();
        match self.ends.first() {
            Some(&end) => beginning.is_some_and(|covered| covered >= end),
            None => self.has_last && beginning == Some(self.highest()),
        }
    }

    /// The fragments in order, to the one that ends the datagram.
    pub fn to_end(&self) -> impl Iterator<Item = &Piece> {
        let end = self.ends.first().copied().unwrap_or(u32::MAX);
        self.held.range(..=(end, u32::MAX)).map(|(_, piece)| piece)
    }

    /// The fragments at offset 0.
    pub fn first(&self) -> impl Iterator<Item = &Piece> {
        self.held.range(..(1, 0)).map(|(_, piece)| piece)
    }

    /// Apply the policy to the new fragment and the held ones; false where the new one is not wanted.
    fn make_way(&mut self, piece: &mut Piece, policy: FragmentPolicy) -> bool {
        let mut next = self.nearest_below(piece.extent.start);
        for _ in 0..WALK {
            let Some((key, held)) = next.and_then(|key| self.held.get(&key).map(|held| (key, held.extent))) else {
                break;
            };
            next = self.after(key);
            let step = decide(policy, piece.extent, held);
            match step {
                Step::Next => continue,
                Step::DropNew => return false,
                Step::CutNew { .. } => piece.extent.start = held.end,
                Step::CutHeld => self.cut(key, piece.extent.end),
                Step::DropHeld => drop(self.remove(key)),
                Step::Stop => {}
            }
            if policy == FragmentPolicy::Bsd
                && step != Step::Stop
                && let Some(next) = next
            {
                self.cut(next, piece.extent.end);
            }
            if step != (Step::CutNew { on: true }) || piece.extent.start >= piece.extent.end {
                break;
            }
        }
        true
    }

    /// The first to compare with: the nearest that begins before `start`, else the first.
    fn nearest_below(&self, start: u32) -> Option<Key> {
        let below = self.held.range(..(start, 0)).next_back();
        below.or_else(|| self.held.first_key_value()).map(|(key, _)| *key)
    }

    fn after(&self, key: Key) -> Option<Key> {
        self.held.range((Excluded(key), Unbounded)).next().map(|(key, _)| *key)
    }

    /// Cut a held fragment's front up to `end`; one that is wholly cut is gone.
    fn cut(&mut self, key: Key, end: u32) {
        if key.0 >= end {
            return;
        }
        if let Some(mut piece) = self.remove(key).filter(|piece| piece.extent.end > end) {
            piece.extent.start = end;
            self.add((end, key.1), piece);
        }
    }

    fn add(&mut self, key: Key, piece: Piece) {
        self.held.insert(key, piece);
        self.note_end(key.0);
    }

    fn remove(&mut self, key: Key) -> Option<Piece> {
        let piece = self.held.remove(&key);
        self.note_end(key.0);
        piece
    }

    /// Note whether the datagram may end with what begins at `start`.
    fn note_end(&mut self, start: u32) {
        let latest = self.held.range((start, 0)..=(start, u32::MAX)).next_back();
        if latest.is_some_and(|(_, piece)| !piece.more) {
            self.ends.insert(start);
        } else {
            self.ends.remove(&start);
        }
    }

    /// Add to what was received: every extent is merged into one of its neighbours at most once.
    fn cover(&mut self, new: Extent) {
        let Extent { mut start, mut end } = new;
        while let Some((&from, &to)) = self.covered.range(..=end).next_back().filter(|(_, to)| **to >= start) {
            self.covered.remove(&from);
            (start, end) = (start.min(from), end.max(to));
        }
        self.covered.insert(start, end);
    }
}
