//! TCP sessions and their streams: what each side sent, in order, with what is missing (RFC 9293).
//!
//! `session` follows a connection and says which segments are of it; `store` keeps their bytes until the other side has
//! acknowledged them and everybody has looked; `Streams` is both, with the memory of a shard. Rules look into blocks,
//! applications read data and gaps, each from a place of its own.

pub mod event;
mod assemble;
mod facts;
mod number;
mod policy;
mod pool;
mod read;
mod segment;
mod session;
mod stats;
mod store;
#[cfg(test)]
mod tests;

pub use event::{StreamEvent, StreamEvents};
pub use facts::SessionFacts;
pub use read::{Block, Cause, Gap, Next};
pub use session::Session;
pub use stats::Stats;

use crate::flow::record::TcpState;
use crate::packet::tcp::{ACK, RST, SYN, URG};
use crate::packet::{Checksum, Packet};
use crate::plan::{ExceptionPolicy, StreamPolicy, StreamSettings};
use policy::Hosts;
use pool::Pool;
use segment::Segment;
use session::{Turn, Verdict, is_established};

/// What there was no way to deal with as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// A packet in the middle of a session that is not known.
    Midstream,
    /// No memory for a session.
    Memory,
    /// No memory for a segment.
    ReassemblyMemory,
}

/// What a packet did to its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its session has taken it in; false where there is none, or an event says why not.
    pub taken: bool,
    /// Its payload is in the stream: rules find it there.
    pub stored: bool,
    /// The session was established before it.
    pub was_established: bool,
    /// The session is established or was, after it; data of a Fast Open counts.
    pub established: bool,
    /// Where the session stands.
    pub state: TcpState,
    /// The session is over with it, and was not before.
    pub closes: bool,
    /// What is odd about the packet.
    pub events: StreamEvents,
    /// The flow goes the other way: the packet's sender is the server.
    pub swapped: bool,
    /// More bytes may be looked at, of what the client and of what the server sends.
    pub more: [bool; 2],
    /// The packet met an exception, for which there is a policy.
    pub exception: Option<(Exception, ExceptionPolicy)>,
}

impl Step {
    /// Of a packet that its session, which stands here, knows nothing of.
    fn aside(state: TcpState) -> Self {
        let established = is_established(state);
        Self { state, established, was_established: established, ..Self::default() }
    }
}

/// The TCP sessions of one shard: their settings, their memory, their counts.
#[derive(Debug)]
pub struct Streams {
    settings: StreamSettings,
    hosts: Hosts,
    pool: Pool,
    /// How many sessions there may be.
    most: u64,
    stats: Stats,
    /// Whether rules look into the bytes of new sessions, and whether applications read them.
    readers: (bool, bool),
}

impl Streams {
    /// Part `share.0` of `share.1` of all sessions: it has that part of the memory.
    pub fn new(settings: &StreamSettings, share: (u32, u32)) -> Self {
        let part = u64::from(share.1.max(1));
        Self {
            hosts: Hosts::new(settings),
            pool: Pool::new(usize::try_from(settings.reassembly_memcap / part).unwrap_or(usize::MAX)),
            most: settings.memcap / part / size_of::<Session>() as u64,
            settings: settings.clone(),
            stats: Stats::default(),
            readers: (true, false),
        }
    }

    /// Whether rules look into the bytes of sessions that begin from now on, and whether applications read them. What
    /// nobody wants is not stored.
    pub fn set_readers(&mut self, inspected: bool, read: bool) {
        self.readers = (inspected, read);
    }

    /// What was counted.
    pub fn stats(&self) -> Stats {
        Stats {
            segment_from_cache: self.pool.again,
            segment_from_pool: self.pool.made,
            memuse: self.stats.active_sessions * size_of::<Session>() as u64,
            reassembly_memuse: self.pool.used() as u64,
            ..self.stats
        }
    }

    /// A TCP packet's step in its flow's session, which is made here when the packet begins one. `bytes` are the
    /// packet's captured ones, from the link header on.
    #[inline]
    pub fn packet(
        &mut self,
        session: &mut Option<Box<Session>>,
        packet: &Packet,
        bytes: &[u8],
        to_server: bool,
    ) -> Step {
        self.count(packet);
        if self.settings.checksums && packet.l4_checksum == Checksum::Bad {
            self.stats.invalid_checksum += 1;
            return Step::aside(session.as_ref().map_or(TcpState::None, |session| session.state));
        }
        let mut step = Step::default();
        let segment = Segment::read(packet, bytes, to_server);
        if segment.ack != 0 && !segment.has(ACK) {
            step.events.add(StreamEvent::BrokenAck);
        }
        match session {
            Some(session) => self.step(session, segment, &mut step),
            None => *session = self.begin(packet, segment, &mut step),
        }
        step
    }

    #[inline]
    fn count(&mut self, packet: &Packet) {
        let flags = packet.tcp_flags;
        if flags & (SYN | RST | URG) != 0 {
            self.stats.syn += u64::from(flags & (SYN | ACK) == SYN);
            self.stats.synack += u64::from(flags & (SYN | ACK) == SYN | ACK);
            self.stats.rst += u64::from(flags & RST != 0);
            self.stats.urg += u64::from(flags & URG != 0);
        }
    }

    #[inline]
    fn step(&mut self, session: &mut Session, segment: Segment<'_>, step: &mut Step) {
        step.was_established = is_established(session.state);
        let was_closed = session.state == TcpState::Closed;
        let before = [session.side(true).acked(), session.side(false).acked()];
        let mut turn = Turn { segment, settings: &self.settings, stats: &mut self.stats, events: step.events };
        let verdict = session.step(&mut turn);
        step.events = turn.events;
        step.taken = verdict != Verdict::Refuse;
        if verdict == Verdict::Take {
            self.take(session, &segment, step);
        }
        let [client, server] = before;
        let [up, down] = [session.side(true).acked() > client, session.side(false).acked() > server];
        // Where data is looked at as it comes, what the segment brought is there.
        let now = step.stored && self.shows_at_once(session);
        step.more = [up || now && segment.to_server, down || now && !segment.to_server];
        self.settle(session, step);
        step.closes = step.taken && !was_closed && step.state == TcpState::Closed;
    }

    fn settle(&self, session: &Session, step: &mut Step) {
        step.state = session.state;
        let early = session.is(session::FAST_OPEN) && step.stored && session.state == TcpState::SynSent;
        step.established = is_established(session.state) || early;
    }

    /// Begin a session, where the packet can.
    #[cold]
    fn begin(&mut self, packet: &Packet, segment: Segment<'_>, step: &mut Step) -> Option<Box<Session>> {
        let settings = &self.settings;
        let policy = settings.midstream_policy;
        let may_pick_up = settings.midstream && matches!(policy, ExceptionPolicy::Ignore | ExceptionPolicy::PassFlow);
        let policies: [StreamPolicy; 2] = match segment.to_server {
            true => [self.hosts.policy(packet.dst), self.hosts.policy(packet.src)],
            false => [self.hosts.policy(packet.src), self.hosts.policy(packet.dst)],
        };
        let mut turn = Turn { segment, settings, stats: &mut self.stats, events: step.events };
        let begun = session::begin(&mut turn, policies, self.readers, may_pick_up);
        let segment = turn.segment;
        step.events = turn.events;
        let is_syn = segment.flags & (SYN | ACK | RST) == SYN;
        if !is_syn {
            step.exception = Some((Exception::Midstream, policy));
        }
        let begun = begun?;
        if self.stats.active_sessions >= self.most {
            self.stats.ssn_memcap_drop += 1;
            step.exception = Some((Exception::Memory, self.settings.memcap_policy));
            return None;
        }
        self.stats.sessions += 1;
        self.stats.active_sessions += 1;
        let mut session = Box::new(begun.session);
        (step.swapped, step.taken) = (begun.swapped, true);
        self.take(&mut session, &segment, step);
        self.settle(&session, step);
        Some(session)
    }

    /// The flow is over: its session's memory is used again.
    pub fn end(&mut self, mut session: Box<Session>) {
        self.stats.active_sessions = self.stats.active_sessions.saturating_sub(1);
        session.sides.iter_mut().for_each(|side| side.store.clear(&mut self.pool));
    }
}
