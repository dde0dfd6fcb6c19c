//! One datagram, as long as fragments of it are missing.

use super::Datagram;
use super::fragment::{Fragment, Head};
use super::pieces::{Piece, Pieces};
use super::policy::Extent;
use crate::packet::{Causes, Packet};
use crate::plan::FragmentPolicy;
use crate::time::Nanos;
use crate::wire::transport_header;

/// What a tracker and a fragment take beside their bytes: measured roughly, on the high side.
pub(super) const TRACKER: usize = 2048;
const PIECE: usize = 256;

/// Fragments that are taken for one datagram: as many as it can have that do not overlap (65535 bytes by 8).
pub(super) const MAX_FRAGMENTS: u32 = 8192;

/// The datagram's fragments so far.
#[derive(Debug)]
pub(super) struct Tracker {
    pieces: Pieces,
    policy: FragmentPolicy,
    /// Where the datagram ends, by the first fragment that says so.
    end: Option<u32>,
    /// Bytes of memory.
    pub size: usize,
    /// Frames that are held for it.
    pub frames: u64,
    /// When the last fragment came, by its frame, and the frame's number.
    time: Nanos,
    number: u64,
    /// Its place in the order of age.
    pub age: u64,
}

/// What a new fragment does to those that are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Odd {
    /// It covers bytes that another covers.
    pub overlaps: bool,
    /// It does not agree with another about where the datagram ends.
    pub disagrees: bool,
    /// There are too many.
    pub ignored: bool,
}

impl Tracker {
    pub fn new(policy: FragmentPolicy, age: u64) -> Self {
        Self { pieces: Pieces::default(), policy, end: None, size: TRACKER, frames: 0, time: 0, number: 0, age }
    }

    /// Note when a fragment came.
    pub fn touch(&mut self, packet: &Packet, number: u64) {
        (self.time, self.number) = (packet.time, number);
    }

    /// Take a fragment in.
    pub fn add(&mut self, fragment: &Fragment<'_>, packet: &Packet, head: Option<Head>) -> Odd {
        let extent = Extent { start: fragment.offset, end: fragment.end() };
        let size = cost(fragment.bytes.len(), head.as_ref());
        let piece = Piece {
            extent,
            from: extent.start,
            bytes: fragment.bytes.into(),
            more: fragment.more,
            head: head.map(Box::new),
            causes: packet.truncated,
            identity: packet.identity,
        };
        if self.pieces.is_copied(&piece) {
            return Odd::default();
        }
        if self.pieces.received() >= MAX_FRAGMENTS {
            return Odd { ignored: true, ..Odd::default() };
        }
        let odd = Odd { overlaps: self.pieces.overlaps(extent), disagrees: self.disagrees(fragment), ignored: false };
        if !fragment.more {
            self.end = self.end.or(Some(extent.end));
        }
        self.size += size;
        self.pieces.insert(piece, self.policy);
        odd
    }

    fn disagrees(&self, fragment: &Fragment<'_>) -> bool {
        let end = fragment.end();
        match self.end {
            Some(known) => end > known || !fragment.more && end != known,
            None => !fragment.more && end < self.pieces.highest(),
        }
    }

    pub fn is_complete(&self) -> bool {
        self.pieces.is_complete()
    }

    /// The datagram, of all fragments up to its end.
    pub fn whole(&self) -> Option<Datagram> {
        let end = self.pieces.to_end().map(|piece| piece.extent.end).max()?;
        self.put_together(end, true)
    }

    /// What there is from the beginning to the first hole: none where that is not even a transport header.
    pub fn prefix(&self) -> Option<Datagram> {
        let end = self.end.unwrap_or_default().max(self.pieces.highest());
        self.put_together(end, false)
    }

    /// Where data overlap, the fragment that begins later overwrites, and of two at one offset the later one. What was
    /// not captured is a hole like what did not arrive.
    fn put_together(&self, end: u32, complete: bool) -> Option<Datagram> {
        let head = self.pieces.first().find_map(|piece| piece.head.as_ref())?;
        let (mut bytes, original) = head.finish(end)?;
        let headers = bytes.len();
        let mut truncated = Causes::default();
        for piece in self.pieces.to_end() {
            truncated.0 |= piece.causes.0;
            let Extent { start, .. } = piece.extent;
            let own = piece.bytes.get((start - piece.from) as usize..).unwrap_or_default();
            overwrite(&mut bytes, headers + start as usize, own);
        }
        if !complete && bytes.len() - headers < transport_header(head.proto) {
            return None;
        }
        Some(Datagram {
            original,
            around: head.around,
            layers: head.layers,
            truncated,
            time: self.time,
            number: self.number,
            bytes,
        })
    }
}

/// Memory that a fragment takes.
fn cost(bytes: usize, head: Option<&Head>) -> usize {
    PIECE + bytes + head.map_or(0, |head| size_of::<Head>() + head.len())
}

/// The most that a packet's fragment can take.
pub(super) fn cost_at_most(packet: &Packet) -> usize {
    TRACKER + PIECE + size_of::<Head>() + packet.captured as usize
}

/// Write `from` at `at`, where `bytes` reach that far.
fn overwrite(bytes: &mut Vec<u8>, at: usize, from: &[u8]) {
    let Some(there) = bytes.get_mut(at..) else { return };
    let (over, behind) = from.split_at(from.len().min(there.len()));
    if let Some(over_them) = there.get_mut(..over.len()) {
        over_them.copy_from_slice(over);
    }
    bytes.extend_from_slice(behind);
}
