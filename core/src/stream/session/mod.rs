//! A TCP session: where it stands, and what each side has sent and acknowledged.
//!
//! One file for each group of states; `check` has the questions that several of them ask.

mod begin;
mod check;
mod closing;
mod established;
mod handshake;
mod odd;
mod reset;

pub(super) use begin::begin;

use super::event::{StreamEvent, StreamEvents};
use super::number::{after, latest};
use super::segment::Segment;
use super::stats::Stats;
use super::store::Store;
use crate::flow::record::TcpState;
use crate::packet::tcp::{ACK, FIN, RST, SYN};
use crate::plan::{StreamPolicy, StreamSettings};

/// Picked up after its beginning: windows and scales are guessed.
pub(super) const MIDSTREAM: u8 = 1;
/// Only one side is seen.
pub(super) const ASYNC: u8 = 2;
/// Both sides began with a SYN (RFC 9293, section 3.5).
const CROSSED: u8 = 4;
/// Something is missing here: windows are not held against a segment.
pub(super) const LIBERAL: u8 = 8;
/// The SYN brought data (RFC 7413).
pub(super) const FAST_OPEN: u8 = 16;
/// It comes through several mirror sessions: what comes again is a copy.
const COPIED: u8 = 32;

/// `next_seq` and `last_ack` are set.
const KNOWN: u16 = 1;
/// It has sent its FIN.
pub(super) const FINISHED: u16 = 2;
/// Its FIN was the first of the two.
const FINISHED_FIRST: u16 = 4;
/// It has sent a RST that counted.
pub(super) const RESET: u16 = 8;
/// Timestamps are used, and `stamp` is the latest.
const STAMPED: u16 = 16;
/// It has probed a closed window.
const PROBE: u16 = 32;
/// It has sent as many bytes as are put together.
pub(super) const DEPTH: u16 = 64;
/// Bytes of it are missing.
pub(super) const GAP: u16 = 128;
/// Rules look into its bytes.
pub(super) const INSPECTED: u16 = 256;
/// An application reads its bytes.
pub(super) const READ: u16 = 512;
/// Bytes of it were not stored for want of memory.
pub(super) const NO_MEMORY: u16 = 1024;

/// Events that a copy of a packet causes.
const OF_COPIES: StreamEvents = StreamEvents::of(&[
    StreamEvent::Retransmission,
    StreamEvent::SpuriousRetransmission,
    StreamEvent::EstablishedBeforeLastAck,
    StreamEvent::EstablishedSynResend,
    StreamEvent::EstablishedSynAckResend,
    StreamEvent::CloseWaitBeforeLastAck,
    StreamEvent::ShutdownSynResend,
    StreamEvent::SuspectedRstInjection,
    StreamEvent::InvalidTimestamp,
]);

/// One side: the bytes that it sends, and what the other one says of them.
#[derive(Debug)]
pub(super) struct Side {
    pub store: Store,
    /// Offset in the stream that `next_seq` stands for.
    pub sent: u64,
    /// Offset up to which holes have been looked for.
    pub searched: u64,
    /// Offset up to which rules have looked.
    pub inspected: u64,
    /// Bytes that are missing directly before that offset.
    pub missing: u64,
    /// Offset up to which the application has read.
    pub read: u64,
    /// Offset from which on bytes are kept, whoever has looked at them.
    pub kept: u64,
    /// How many bytes are kept behind what rules have looked at.
    pub held: u64,
    /// Initial sequence number.
    pub isn: u32,
    /// One past the highest sequence number seen.
    pub next_seq: u32,
    /// The highest number that was acknowledged.
    pub last_ack: u32,
    /// How far it may send.
    pub next_win: u32,
    /// The window that the other side offers it, in bytes.
    window: u32,
    /// The latest timestamp of a segment in order, and the second that it came in.
    stamp: u32,
    stamped_at: u32,
    /// Where the latest urgent byte was that is left out of the stream.
    pub urgent_seq: u32,
    /// How many were left out.
    pub urgent: u16,
    /// What is known of it.
    pub bits: u16,
    /// The shift of the windows that the other side offers it.
    scale: u8,
    pub tcp_flags: u8,
    /// The most blocks of it that were held far from each other.
    pub regions: u8,
    /// What the host that receives its bytes is.
    pub policy: StreamPolicy,
}

impl Side {
    fn new(policy: StreamPolicy, readers: u16) -> Self {
        Self {
            store: Store::default(),
            sent: 0,
            searched: 0,
            inspected: 0,
            missing: 0,
            read: 0,
            kept: u64::MAX,
            held: 0,
            isn: 0,
            next_seq: 0,
            last_ack: 0,
            next_win: 0,
            window: 0,
            stamp: 0,
            stamped_at: 0,
            urgent_seq: 0,
            urgent: 0,
            bits: readers,
            scale: 0,
            tcp_flags: 0,
            regions: 1,
            policy,
        }
    }

    #[inline]
    pub fn has(&self, bits: u16) -> bool {
        self.bits & bits != 0
    }

    /// Its first byte has the number after this one.
    fn start(&mut self, isn: u32) {
        self.isn = isn;
        self.next_seq = isn.wrapping_add(1);
        self.last_ack = self.next_seq;
        self.next_win = self.last_ack.wrapping_add(self.window);
        self.bits |= KNOWN;
        self.sent = 0;
    }

    /// The offset in the stream that a sequence number stands for; below zero is before the stream.
    #[inline]
    pub fn offset(&self, seq: u32) -> i64 {
        let linear = (self.sent as i64).wrapping_add(i64::from(seq.wrapping_sub(self.next_seq) as i32));
        if self.urgent == 0 { linear } else { linear - self.left_out(seq) }
    }

    /// How many urgent bytes were left out before a sequence number.
    #[cold]
    fn left_out(&self, seq: u32) -> i64 {
        let all = i64::from(self.urgent);
        if after(seq, self.urgent_seq) { all } else { all - 1 }
    }

    /// Offset up to which its bytes were acknowledged.
    #[inline]
    pub fn acked(&self) -> u64 {
        u64::try_from(self.offset(self.last_ack)).unwrap_or(0)
    }

    /// Sent: `next_seq` moves on to where a segment ends, when that is further.
    #[inline]
    fn advance(&mut self, end: u32) {
        let more = end.wrapping_sub(self.next_seq) as i32;
        if more > 0 {
            self.sent = self.sent.wrapping_add(more as u64);
            self.next_seq = end;
        }
    }

    /// The other side offers it a window.
    #[inline]
    fn offer(&mut self, window: u32) {
        self.window = window;
        self.next_win = latest(self.next_win, self.last_ack.wrapping_add(window));
    }
}

/// A differing SYN or SYN/ACK: which one counts, the answer tells.
#[derive(Clone, Copy, Debug)]
struct Queued {
    seq: u32,
    window: u32,
    scale: Option<u8>,
    stamp: Option<u32>,
}

impl Queued {
    fn of(segment: &Segment<'_>) -> Self {
        Self {
            seq: segment.seq,
            window: segment.window,
            scale: segment.options.window_scale,
            stamp: segment.options.timestamp,
        }
    }
}

/// A TCP session.
#[derive(Debug)]
pub struct Session {
    /// Index 0: what the client sends.
    pub(super) sides: [Side; 2],
    pub(super) state: TcpState,
    /// Before a RST ended it.
    before: TcpState,
    pub(super) flags: u8,
    /// The mirror session of its first packet.
    identity: u32,
    /// Bytes of each direction that are put together; 0: all.
    pub(super) depth: u64,
    /// Differing SYNs, or differing SYN/ACKs.
    #[allow(clippy::box_collection)]
    queue: Option<Box<Vec<Queued>>>,
}

const _: () = assert!(size_of::<Session>() <= 400);

/// What became of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is of the session.
    Take,
    /// It says nothing new.
    Skip,
    /// It is not of the session; an event says why.
    Refuse,
}

/// A segment's turn.
pub(super) struct Turn<'a, 'b> {
    pub segment: Segment<'a>,
    pub settings: &'b StreamSettings,
    pub stats: &'b mut Stats,
    pub events: StreamEvents,
}

impl Turn<'_, '_> {
    fn note(&mut self, event: StreamEvent) {
        self.events.add(event);
    }

    #[cold]
    fn refuse(&mut self, event: StreamEvent) -> Verdict {
        self.note(event);
        Verdict::Refuse
    }
}

/// A session in this state is established or was.
#[inline]
pub(super) fn is_established(state: TcpState) -> bool {
    !matches!(state, TcpState::None | TcpState::SynSent | TcpState::SynRecv)
}

impl Session {
    #[inline]
    pub(super) fn side(&self, to_server: bool) -> &Side {
        let [client, server] = &self.sides;
        if to_server { client } else { server }
    }

    #[inline]
    pub(super) fn side_mut(&mut self, to_server: bool) -> &mut Side {
        let [client, server] = &mut self.sides;
        if to_server { client } else { server }
    }

    /// Who sends what goes in this direction, and who receives it.
    #[inline]
    fn ends(&mut self, to_server: bool) -> (&mut Side, &mut Side) {
        let [client, server] = &mut self.sides;
        if to_server { (client, server) } else { (server, client) }
    }

    #[inline]
    pub(super) fn is(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }

    /// A segment's step.
    #[inline]
    pub(super) fn step(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = &turn.segment;
        if segment.identity != self.identity {
            self.flags |= COPIED;
        }
        self.side_mut(segment.to_server).tcp_flags |= segment.flags;
        if self.is(ASYNC) {
            self.see_other_side(segment);
        }
        let verdict = match self.odd(turn) {
            Some(verdict) => verdict,
            None => self.dispatch(turn),
        };
        if self.is(COPIED) {
            turn.events = turn.events.without(OF_COPIES);
        }
        verdict
    }

    #[inline]
    fn dispatch(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        if turn.segment.has(RST) {
            return self.reset(turn);
        }
        match self.state {
            TcpState::Established => self.established(turn),
            TcpState::None => Verdict::Skip,
            TcpState::SynSent => self.syn_sent(turn),
            TcpState::SynRecv => self.syn_recv(turn),
            TcpState::Closed => self.closed(turn),
            _ => self.closing(turn),
        }
    }

    /// Everything that steps 2 to 4 of the specification are about is something else than this.
    #[inline]
    fn is_plain(&self, segment: &Segment<'_>) -> bool {
        let (from, to) = (self.side(segment.to_server), self.side(!segment.to_server));
        self.state == TcpState::Established
            && segment.flags & (SYN | FIN | RST | ACK) == ACK
            && segment.seq == from.next_seq
            && !after(to.last_ack, segment.ack)
            && (from.bits | to.bits) & (PROBE | RESET) == 0
            && from.window != 0
    }
}
