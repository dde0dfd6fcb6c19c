//! What rules look into and what applications read: each has its own place in a stream.

use super::Streams;
use super::session::{self, Session, Side};
use super::store::Held;
use crate::flow::record::TcpState;
use crate::packet::Packet;
use crate::packet::tcp::{ACK, SYN};

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The mirror cut them off.
    Truncated,
    /// They were acknowledged, and never came.
    Lost,
    /// They lie beyond the depth.
    Depth,
    /// There was no memory for them.
    Memory,
}

/// Bytes of a stream that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many; so many at least where the cause is the depth.
    pub len: u64,
    /// Why.
    pub cause: Cause,
}

/// Bytes that rules may look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Offset of the first in the stream.
    pub offset: u64,
    /// Bytes that are missing directly before them.
    pub missing: u64,
    /// What is missing behind them.
    pub gap: Option<Gap>,
}

impl Block<'_> {
    /// Offset behind its last byte.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

/// What an application reads next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Bytes.
    Data(&'a [u8]),
    /// Bytes that are missing.
    Gap(Gap),
    /// There is no more, and there will be none.
    Eof,
    /// There is no more yet.
    Wait,
}

impl Streams {
    /// Offset up to which a direction's bytes may be looked at: what was acknowledged; `all`: whatever there is.
    #[inline]
    fn visible(&self, session: &Session, side: &Side, all: bool) -> u64 {
        if all {
            return u64::MAX;
        }
        if self.shows_at_once(session) { side.acked().max(side.store.contiguous()) } else { side.acked() }
    }

    /// Data is looked at as it comes, not as it is acknowledged.
    pub(super) fn shows_at_once(&self, session: &Session) -> bool {
        self.settings.inline
            || session.is(session::ASYNC)
            || session.state == TcpState::SynSent && session.is(session::FAST_OPEN)
    }

    /// Bytes of one direction that rules may look into now, from where they were to a gap or to the end of what was
    /// acknowledged; `all`: to the end of what there is, at the end of a stream.
    pub fn block<'a>(&self, session: &'a Session, to_server: bool, all: bool) -> Option<Block<'a>> {
        let side = session.side(to_server);
        if !side.has(session::INSPECTED) {
            return None;
        }
        let limit = self.visible(session, side, all);
        let (offset, bytes) = first_data(side, side.inspected, limit)?;
        let length = bytes.len().min(usize::try_from(limit - offset).unwrap_or(usize::MAX));
        let end = offset + length as u64;
        let missing = side.missing + offset.saturating_sub(side.inspected);
        let bytes = bytes.get(..length).unwrap_or_default();
        Some(Block { bytes, offset, missing, gap: gap_at(session, side, end, limit) })
    }

    /// How many bytes of a direction rules may look into now, gaps included.
    #[inline]
    pub fn pending(&self, session: &Session, to_server: bool) -> u64 {
        let side = session.side(to_server);
        self.visible(session, side, false).saturating_sub(side.inspected)
    }

    /// Rules have looked into a direction's bytes up to an offset.
    pub fn inspected(&mut self, session: &mut Session, to_server: bool, upto: u64) {
        let side = session.side_mut(to_server);
        side.inspected = side.inspected.max(upto);
        side.missing = 0;
        while side.store.has_rest()
            && let Held::Cut((from, to)) = side.store.view(side.inspected)
            && from == side.inspected
        {
            side.pass(to);
        }
        self.release(side);
    }

    /// What an application reads next of a direction; `all`: at the end of a stream.
    pub fn next<'a>(&self, session: &'a Session, to_server: bool, all: bool) -> Next<'a> {
        let side = session.side(to_server);
        if !side.has(session::READ) {
            return Next::Eof;
        }
        self.at(session, side, side.read, all)
    }

    /// What comes behind so many bytes that an application has not read yet.
    pub fn behind<'a>(&self, session: &'a Session, to_server: bool, all: bool, bytes: usize) -> Next<'a> {
        let side = session.side(to_server);
        self.at(session, side, side.read + bytes as u64, all)
    }

    fn at<'a>(&self, session: &'a Session, side: &'a Side, at: u64, all: bool) -> Next<'a> {
        // Behind a reset what was not acknowledged is read as far as nothing is missing.
        let limit = self.visible(session, side, all && session.state != TcpState::Closed);
        let limit = if all { limit.max(side.store.contiguous()) } else { limit };
        if at < limit {
            match side.store.view(at) {
                Held::Data(offset, bytes) if offset == at => {
                    let length = bytes.len().min(usize::try_from(limit - at).unwrap_or(usize::MAX));
                    return Next::Data(bytes.get(..length).unwrap_or_default());
                }
                _ => {}
            }
            if let Some(gap) = gap_at(session, side, at, limit) {
                return Next::Gap(gap);
            }
        }
        // What was never acknowledged is looked at when all is.
        let over = is_over(session, side) && at >= side.store.contiguous();
        if all || over || at > session.depth && session.depth > 0 { Next::Eof } else { Next::Wait }
    }

    /// An application has read so many bytes, or has passed so long a gap.
    pub fn taken(&mut self, session: &mut Session, to_server: bool, bytes: u64) {
        let side = session.side_mut(to_server);
        side.read = side.read.saturating_add(bytes);
        self.release(side);
    }

    /// Offset up to which the application has read a direction.
    pub fn read_up_to(&self, session: &Session, to_server: bool) -> u64 {
        session.side(to_server).read
    }

    /// The first bytes of a direction that are there between two offsets, and where they are.
    pub fn first_bytes<'a>(
        &self,
        session: &'a Session,
        to_server: bool,
        from: u64,
        upto: u64,
    ) -> Option<(u64, &'a [u8])> {
        let (offset, bytes) = first_data(session.side(to_server), from, upto)?;
        let length = bytes.len().min(usize::try_from(upto - offset).unwrap_or(usize::MAX));
        Some((offset, bytes.get(..length)?))
    }

    /// Offset from which on a direction's bytes are stored.
    pub fn stored_from(&self, session: &Session, to_server: bool) -> u64 {
        session.side(to_server).store.start()
    }

    /// What is there of a direction's bytes between two offsets, `most` of it, with a word on what is missing among it.
    pub fn joined(&self, session: &Session, to_server: bool, (from, upto): (u64, u64), most: usize) -> Vec<u8> {
        let (mut joined, mut at) = (Vec::new(), from);
        while let Some((offset, bytes)) = self.first_bytes(session, to_server, at, upto).filter(|_| joined.len() < most)
        {
            if offset > at {
                joined.extend_from_slice(format!("[{} bytes missing]", offset - at).as_bytes());
            }
            joined.extend_from_slice(bytes.get(..most).unwrap_or(bytes));
            at = offset + bytes.len() as u64;
        }
        joined.truncate(most);
        joined
    }

    /// Bytes of a direction are kept from an offset on, though everybody has seen them; `u64::MAX`: none.
    pub fn keep(&mut self, session: &mut Session, to_server: bool, from: u64) {
        let side = session.side_mut(to_server);
        if side.kept != from {
            side.kept = from;
            self.release(side);
        }
    }

    /// So many bytes of a direction are kept that rules have looked at.
    pub fn hold(&mut self, session: &mut Session, to_server: bool, bytes: u64) {
        session.side_mut(to_server).held = bytes;
    }

    /// A block, and before it what is held of the bytes that rules have looked at.
    pub fn with_held<'a>(&self, session: &'a Session, to_server: bool, block: Block<'a>) -> Block<'a> {
        let side = session.side(to_server);
        let from = block.offset.saturating_sub(side.held);
        match self.first_bytes(session, to_server, from, block.end()) {
            Some((offset, bytes)) if offset < block.offset && offset + bytes.len() as u64 == block.end() => {
                Block { bytes, offset, missing: 0, ..block }
            }
            _ => block,
        }
    }

    /// Rules look no further into a direction.
    pub fn stop_inspection(&mut self, session: &mut Session, to_server: bool) {
        let side = session.side_mut(to_server);
        side.bits &= !session::INSPECTED;
        self.release(side);
    }

    /// The application reads no further in a direction.
    pub fn stop_reading(&mut self, session: &mut Session, to_server: bool) {
        let side = session.side_mut(to_server);
        side.bits &= !session::READ;
        self.release(side);
    }

    /// The session is closed: its buffers need no room to grow. Unless something waits for rules to look at it, nothing
    /// is held any longer.
    pub fn close(&mut self, session: &mut Session, waits: bool) {
        let waits = waits || session.has_unseen(true) || session.has_unseen(false);
        for side in &mut session.sides {
            if !waits {
                let held = std::mem::take(&mut side.held);
                self.release(side);
                side.held = held;
            }
            side.store.fit(&mut self.pool);
        }
    }

    /// Give back what everybody has seen.
    pub(super) fn release(&mut self, side: &mut Side) {
        let inspected = if side.has(session::INSPECTED) { side.inspected } else { u64::MAX };
        let read = if side.has(session::READ) { side.read } else { u64::MAX };
        let upto = inspected.min(read);
        let upto = if upto == u64::MAX { side.acked().max(side.store.contiguous()) } else { upto };
        side.store.release(upto.min(side.kept).min(inspected.saturating_sub(side.held)), &mut self.pool);
    }
}

impl Side {
    /// What lies before an offset is missing: rules go on behind it.
    pub(super) fn pass(&mut self, upto: u64) {
        self.missing += upto.saturating_sub(self.inspected);
        self.inspected = upto;
    }
}

/// The first bytes that are there from an offset on, before `limit`, with their offset.
fn first_data(side: &Side, mut at: u64, limit: u64) -> Option<(u64, &[u8])> {
    loop {
        match side.store.view(at) {
            Held::Data(offset, bytes) if offset < limit => return Some((offset, bytes)),
            Held::Cut((from, to)) if from < limit => at = to,
            _ => return None,
        }
    }
}

/// What is missing from an offset on, of what lies before `limit`.
fn gap_at(session: &Session, side: &Side, at: u64, limit: u64) -> Option<Gap> {
    match side.store.view(at) {
        Held::End if side.has(session::DEPTH) && at <= session.depth => {
            Some(Gap { len: side.sent.saturating_sub(at).max(1), cause: Cause::Depth })
        }
        Held::Cut((from, to)) if from == at => Some(Gap { len: to - at, cause: Cause::Truncated }),
        Held::Data(from, _) | Held::Cut((from, _)) if from > at && at < limit => {
            let cause = if side.has(session::NO_MEMORY) { Cause::Memory } else { Cause::Lost };
            Some(Gap { len: from.min(limit) - at, cause })
        }
        _ => None,
    }
}

/// Nothing more comes in this direction: the session is closed, or this one has and nobody sees the other.
fn is_over(session: &Session, side: &Side) -> bool {
    let alone = session.is(session::ASYNC) && side.has(session::FINISHED) && side.last_ack == side.next_seq;
    // A reset ends the direction that it goes in, which is read to its end then.
    let is_reset = session.sides.iter().any(|side| side.has(session::RESET));
    alone || session.state == TcpState::Closed && !is_reset
}

impl Session {
    /// Its beginning was not seen: which side is the client was guessed.
    pub fn is_guessed(&self) -> bool {
        self.is(session::MIDSTREAM)
    }

    /// The other side is the client.
    pub fn turn(&mut self) {
        self.sides.reverse();
    }

    /// Where it stands.
    pub fn state(&self) -> TcpState {
        self.state
    }

    /// Bytes that the client (`to_server`) or the server has sent, from its initial sequence number on: with the number
    /// of the SYN, without that of the FIN.
    pub fn size(&self, to_server: bool) -> u64 {
        let side = self.side(to_server);
        match side.next_seq {
            0 if side.sent == 0 => 0,
            _ => side.sent + 1 - u64::from(side.has(session::FINISHED)),
        }
    }

    /// Flags that the client (`to_server`) or the server has sent.
    pub fn tcp_flags(&self, to_server: bool) -> u8 {
        self.side(to_server).tcp_flags
    }

    /// Bytes of a direction are missing that were acknowledged.
    pub fn has_gap(&self, to_server: bool) -> bool {
        self.side(to_server).has(session::GAP)
    }

    /// The most blocks of a direction that were held far from each other.
    pub fn max_regions(&self, to_server: bool) -> u8 {
        self.side(to_server).regions
    }

    /// Urgent bytes of a direction that were left out.
    pub fn urgent(&self, to_server: bool) -> u16 {
        self.side(to_server).urgent
    }

    /// A direction has as many bytes as are put together.
    pub fn is_at_depth(&self, to_server: bool) -> bool {
        self.side(to_server).has(session::DEPTH)
    }

    /// Put more bytes of each direction together, for a file that is stored; 0: all. What had no limit gets this one.
    pub fn deepen(&mut self, depth: u64) {
        if depth == 0 || depth > self.depth {
            self.depth = depth;
        }
    }

    /// Some of a direction's bytes were not looked into yet, or not read.
    pub fn has_unseen(&self, to_server: bool) -> bool {
        let side = self.side(to_server);
        let to_read = side.has(session::READ) && side.store.view(side.read) != Held::End;
        to_read || side.has(session::INSPECTED) && first_data(side, side.inspected, u64::MAX).is_some()
    }

    /// This packet begins another session between the same endpoints; a late copy of the first SYN does not.
    pub fn is_reused_by(&self, packet: &Packet, to_server: bool) -> bool {
        let is_done = matches!(self.state, TcpState::TimeWait | TcpState::LastAck | TcpState::Closed);
        packet.tcp_flags & (SYN | ACK) == SYN && is_done && packet.seq != self.side(to_server).isn
    }
}
