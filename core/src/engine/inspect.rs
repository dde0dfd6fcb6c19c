//! One share's inspection: a packet and the pieces of its stream go through the rules, with what its flow remembers.

use super::Shared;
use crate::app::{Conversation, Direction, Transport};
use crate::detect::state::{FlowMemory, FlowVars, Memory};
use crate::detect::{Buffer, Cost, Hit, Note, Outcome, Round, Scratch, StreamFacts, Subject};
use crate::flow::Seen;
use crate::flow::record::{FlowRecord, TcpState};
use crate::packet::{Layer, Packet, Stop};
use crate::plan::ExceptionPolicy;
use crate::stream::{Block, Cause, Exception, Session, Stats, Step, Streams};
use crate::time::Nanos;
use std::sync::Arc;

/// What is kept of a flow beside its entry in the flow table.
#[derive(Debug, Default)]
struct Tracked {
    session: Option<Box<Session>>,
    memory: Option<Box<FlowMemory>>,
    rare: Option<Box<Rare>>,
    /// What its application is, as far as its first bytes tell.
    application: Conversation,
}

/// What few flows have.
#[derive(Debug, Default)]
struct Rare {
    /// Packets and captured bytes after it was bypassed.
    bypassed: [[u64; 2]; 2],
    /// Policies that were applied to it, by what called for them.
    exceptions: Vec<(&'static str, ExceptionPolicy)>,
}

/// One share's memory for inspection.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    streams: Option<Streams>,
    chunk_size: u64,
    scratch: Option<Scratch>,
    /// By the flow's slot in its table.
    tracked: Vec<Tracked>,
    /// What came of the last packet.
    pub outcome: Outcome,
    /// The beginning of the stream's data in which a rule matched, where alerts are to show so many bytes of it.
    data: Option<Arc<[u8]>>,
    shown: usize,
    /// Packets and bytes of flows that were bypassed.
    pub bypassed: [u64; 2],
}

/// Which of a stream's bytes a packet has looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// None: there is too little of it yet.
    Nothing,
    /// What was acknowledged.
    Acknowledged,
    /// All that there is.
    All,
}

impl Inspector {
    pub fn new(shared: &Shared, share: (u32, u32)) -> Self {
        let streams = shared.streams.enabled.then(|| {
            let mut streams = Streams::new(&shared.streams, share);
            streams.set_readers(shared.rules.as_ref().is_some_and(|rules| rules.look_into_streams()), false);
            streams
        });
        let scratch = shared.rules.as_ref().map(|rules| rules.scratch());
        Self {
            streams,
            chunk_size: u64::from(shared.streams.chunk_size),
            scratch,
            shown: shared.outputs.payload_shown(),
            ..Self::default()
        }
    }

    /// What was counted of TCP sessions.
    pub fn stream_stats(&self) -> Stats {
        self.streams.as_ref().map(Streams::stats).unwrap_or_default()
    }

    /// By rule: packets on which only missing bytes kept it from a decision.
    pub fn unknown(&self) -> &[u64] {
        self.scratch.as_ref().map_or(&[], |scratch| &scratch.unknown)
    }

    /// What each rule cost, where that is asked for.
    pub fn costs(&self) -> &[Cost] {
        self.scratch.as_ref().map_or(&[], Scratch::costs)
    }

    /// A TCP packet's step in its session; none where sessions are not followed. `seen` learns where it goes after all,
    /// and whether it was established.
    #[inline]
    pub fn follow(&mut self, packet: &Packet, bytes: &[u8], seen: &mut Seen) -> Option<Step> {
        let streams = self.streams.as_mut()?;
        if packet.layer != Layer::Tcp || packet.fragment || packet.stop == Stop::Malformed {
            return None;
        }
        let tracked = tracked(&mut self.tracked, seen.slot)?;
        let step = streams.packet(&mut tracked.session, packet, bytes, seen.to_server);
        if step.swapped {
            seen.swap();
        }
        seen.established = step.was_established;
        Some(step)
    }

    /// A flow's session, where there is one.
    pub fn session(&self, slot: u32) -> Option<&Session> {
        self.tracked.get(slot as usize)?.session.as_deref()
    }

    /// Ask the rules about a packet, and about what its direction's stream has for it; `slot` is its flow's.
    pub fn packet(
        &mut self,
        shared: &Shared,
        subject: &Subject<'_>,
        (slot, step): (Option<u32>, Option<&Step>),
        now: Nanos,
    ) {
        let to_server = subject.flow.is_some_and(|flow| flow.to_server);
        let Some(step) = step else {
            return self.rounds(shared, subject, (slot, Reach::Nothing), now);
        };
        let known = self.is_known(subject.packet, slot, (step, to_server));
        let chunk_size = if known { 1 } else { self.chunk_size };
        let Some(streams) = &self.streams else { return };
        let session = slot.and_then(|slot| self.session(slot));
        let reach = session.map_or(Reach::Nothing, |session| reach(streams, session, (step, to_server), chunk_size));
        let facts = StreamFacts { taken: step.stored, events: step.events, ..session.map(facts).unwrap_or_default() };
        self.rounds(shared, &Subject { stream: Some(facts), ..*subject }, (slot, reach), now);
    }

    /// A flow's application is known: each piece of its stream is looked at once it was acknowledged, as messages end
    /// there. Otherwise pieces wait until they are long enough.
    #[inline]
    fn is_known(&mut self, packet: &Packet, slot: Option<u32>, (step, sent_to_server): (&Step, bool)) -> bool {
        let Some(Tracked { session: Some(session), application, .. }) =
            slot.and_then(|slot| tracked(&mut self.tracked, slot))
        else {
            return false;
        };
        let Some(streams) = &self.streams else { return false };
        for (to_server, more) in [true, false].into_iter().zip(step.more) {
            if !more || application.is_settled(to_server) {
                continue;
            }
            if let Some(block) = streams.block(session, to_server, false).filter(|block| block.offset == 0) {
                let (mut sport, mut dport) = (packet.sport, packet.dport);
                if to_server != sent_to_server {
                    std::mem::swap(&mut sport, &mut dport);
                }
                let transport = Transport::Tcp;
                application.look(&Direction { transport, to_server, sport, dport, bytes: block.bytes, end: false });
            }
        }
        application.protocol().is_some()
    }

    /// Ask the rules for streams about all that is left of one direction, under the name of a packet that stands for
    /// the flow's end.
    pub fn last(&mut self, shared: &Shared, subject: &Subject<'_>, slot: u32, now: Nanos) {
        let stream = self.session(slot).map(facts);
        let subject = Subject { stream, round: Round::Stream, ..*subject };
        self.rounds(shared, &subject, (Some(slot), Reach::All), now);
    }

    fn rounds(&mut self, shared: &Shared, subject: &Subject<'_>, (slot, reach): (Option<u32>, Reach), now: Nanos) {
        self.outcome.clear();
        self.data = None;
        let Self { streams, scratch, tracked: all, outcome, data: shown_data, shown, .. } = self;
        let (Some(rules), Some(scratch)) = (&shared.rules, scratch) else { return };
        let mut none = Tracked::default();
        let Tracked { session, memory, .. } = slot.and_then(|slot| tracked(all, slot)).unwrap_or(&mut none);
        let mut memory = Memory { flow: slot.map(|_| memory), shared: &shared.memory, now };
        memory.forget_packet();
        let to_server = subject.flow.is_some_and(|flow| flow.to_server);
        let mut reading = streams.as_mut().zip(session.as_deref_mut()).filter(|_| reach != Reach::Nothing);
        let mut round = subject.round;
        loop {
            let block =
                reading.as_ref().and_then(|(streams, session)| streams.block(session, to_server, reach == Reach::All));
            if round == Round::Packet || block.is_some() {
                let data = block.as_ref().map(buffer);
                rules.inspect(&Subject { data, round, ..*subject }, &mut memory, scratch, outcome);
            }
            if *shown > 0
                && shown_data.is_none()
                && let Some(block) = block.filter(|_| outcome.hits.iter().any(|hit| hit.in_stream))
            {
                *shown_data = block.bytes.get(..block.bytes.len().min(*shown)).map(Arc::from);
            }
            let (Some(end), Some((streams, session))) = (block.as_ref().map(Block::end), &mut reading) else { break };
            streams.inspected(session, to_server, end);
            round = Round::Stream;
        }
        rules.settle(outcome);
    }

    /// The beginning of the data that a rule of the last packet matched in, where that is the stream's and wanted.
    pub fn data(&self, hit: &Hit) -> Option<Arc<[u8]>> {
        self.data.clone().filter(|_| hit.in_stream)
    }

    /// What rules noted of a flow's last packet is over.
    pub fn forget_packet(&mut self, slot: u32) {
        if let Some(memory) = self.tracked.get_mut(slot as usize).and_then(|tracked| tracked.memory.as_mut()) {
            memory.forget_packet();
        }
    }

    /// What rules remember of a flow, where they do.
    pub fn vars(&self, slot: u32) -> Option<Arc<FlowVars>> {
        self.tracked.get(slot as usize)?.memory.as_ref().map(|memory| memory.vars())
    }

    /// What a rule that matched took note of for its alert.
    pub fn notes(&self, hit: &Hit) -> Vec<Note> {
        let notes = self.outcome.notes.iter().filter(|(rule, _)| *rule == hit.rule);
        notes.map(|(_, note)| note.clone()).collect()
    }

    /// Count a packet of a flow that was bypassed.
    #[cold]
    pub fn bypass(&mut self, packet: &Packet, seen: &Seen) {
        let length = u64::from(packet.captured.wrapping_add(packet.padding));
        let [packets, bytes] = &mut self.bypassed;
        (*packets, *bytes) = (*packets + 1, *bytes + length);
        let Some(tracked) = tracked(&mut self.tracked, seen.slot) else { return };
        let [packets, bytes] = &mut tracked.rare.get_or_insert_default().bypassed;
        let of = |[up, down]: &mut [u64; 2], more: u64| *(if seen.to_server { up } else { down }) += more;
        of(packets, 1);
        of(bytes, length);
    }

    /// Note that a policy was applied to a flow.
    #[cold]
    pub fn except(&mut self, slot: u32, exception: Exception, policy: ExceptionPolicy) {
        let name = match exception {
            Exception::Midstream => "stream_midstream",
            Exception::Memory => "stream_memcap",
            Exception::ReassemblyMemory => "stream_reassembly_memcap",
        };
        let Some(tracked) = tracked(&mut self.tracked, slot) else { return };
        let exceptions = &mut tracked.rare.get_or_insert_default().exceptions;
        if !exceptions.contains(&(name, policy)) {
            exceptions.push((name, policy));
        }
    }

    /// Both directions of a flow's stream have reached the depth.
    pub fn is_at_depth(&self, slot: u32) -> bool {
        self.session(slot).is_some_and(|session| session.is_at_depth(true) && session.is_at_depth(false))
    }

    /// Bytes of a flow's stream were not looked into yet.
    pub fn has_unseen(&self, slot: u32) -> bool {
        let session = self.session(slot).filter(|_| self.scratch.is_some());
        session.is_some_and(|session| session.has_unseen(true) || session.has_unseen(false))
    }

    /// Nobody looks into a flow's stream from now on.
    pub fn stop(&mut self, slot: u32) {
        let session = self.tracked.get_mut(slot as usize).and_then(|tracked| tracked.session.as_deref_mut());
        if let (Some(streams), Some(session)) = (&mut self.streams, session) {
            streams.stop_inspection(session, true);
            streams.stop_inspection(session, false);
        }
    }

    /// Forget what was kept of all flows.
    pub fn forget_flows(&mut self, shared: &Shared, share: (u32, u32)) {
        self.tracked.clear();
        self.streams = Self::new(shared, share).streams;
    }

    /// A flow is over: forget what was kept of it. Its record learns what few have; gives the policies applied to it.
    pub fn end(&mut self, flow: &mut FlowRecord) -> Vec<(&'static str, ExceptionPolicy)> {
        let Some(tracked) = self.tracked.get_mut(flow.slot as usize) else { return Vec::new() };
        let Tracked { session, rare, .. } = std::mem::take(tracked);
        if let (Some(streams), Some(session)) = (&mut self.streams, session) {
            streams.end(session);
        }
        let Rare { bypassed, exceptions } = rare.map(|rare| *rare).unwrap_or_default();
        flow.bypassed = bypassed;
        exceptions
    }
}

/// How much of its direction's stream a packet has looked at.
///
/// Small pieces wait: for more of them, for the end of the stream.
#[inline]
fn reach(streams: &Streams, session: &Session, (step, to_server): (&Step, bool), chunk_size: u64) -> Reach {
    if !step.established {
        return Reach::Nothing;
    }
    if step.state == TcpState::Closed {
        return Reach::All;
    }
    let ends = matches!(step.state, TcpState::LastAck | TcpState::CloseWait | TcpState::Closing);
    if ends || session.is_at_depth(to_server) || streams.pending(session, to_server) >= chunk_size {
        return Reach::Acknowledged;
    }
    Reach::Nothing
}

/// A block as rules see it: what the mirror cut off behind it may hold what they look for.
fn buffer<'a>(block: &Block<'a>) -> Buffer<'a> {
    let cut = block.gap.filter(|gap| gap.cause == Cause::Truncated).map_or(0, |gap| gap.len);
    let cut = usize::try_from(cut).unwrap_or(usize::MAX);
    Buffer { bytes: block.bytes, original: block.bytes.len().saturating_add(cut) }
}

/// What rules may ask of a session.
fn facts(session: &Session) -> StreamFacts {
    let sizes = [session.size(true), session.size(false)];
    StreamFacts { state: session.state(), sizes, ..StreamFacts::default() }
}

/// What is kept of the flow in a slot.
#[inline]
fn tracked(all: &mut Vec<Tracked>, slot: u32) -> Option<&mut Tracked> {
    let slot = slot as usize;
    if all.len() <= slot {
        all.resize_with(slot + 1, Tracked::default);
    }
    all.get_mut(slot)
}
