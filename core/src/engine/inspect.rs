//! One share's inspection: a packet and the pieces of its stream go through the rules, with what its flow remembers.

use super::Shared;
use super::applications::Sides;
use super::expectations::{Expectations, Hosts, Meeting};
use super::finds::{Dropping, MatchedTransaction, What};
use super::frames;
use super::tracked::{AllTracked, Tracked};
use super::transactions::{self, After};
use crate::app::{Asked, Conversation, Counts, Event, Head, Protocol, Sought, Talk};
use crate::detect::state::{FlowVars, Memory};
use crate::detect::{Buffer, Cost, FlowFacts, FlowVerdict, Hit, Note, Outcome, Round, Scratch, StreamFacts, Subject};
use crate::files::{self, Wanted};
use crate::flow::Seen;
use crate::flow::record::{FlowRecord, TcpState};
use crate::frame::Addr;
use crate::packet::{Layer, Packet, Stop, proto};
use crate::plan::{Action, Eve};
use crate::stream::{Block, Cause, Session, Stats, Step, Streams};
use crate::table::eve;
use crate::time::Nanos;
use std::sync::Arc;

/// One share's memory for inspection.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    streams: Option<Streams>,
    chunk_size: u64,
    scratch: Option<Scratch>,
    /// What is asked of all flows.
    asked: Asked,
    tracked: AllTracked,
    /// What came of the last packet.
    pub outcome: Outcome,
    strange: Option<Event>,
    /// A tag asks for the last packet.
    pub tagged: bool,
    /// The beginning of the stream's data in which a rule matched, where alerts are to show so many bytes of it.
    data: Option<Arc<[u8]>>,
    shown: usize,
    /// Packets and bytes of flows that were bypassed.
    pub bypassed: [u64; 2],
    /// What flows spoke.
    pub applications: Counts,
    /// Flows that others announced.
    pub expectations: Expectations,
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
            let shows = shared.outputs.payload_shown() > 0;
            streams.set_readers(shared.rules.as_ref().is_some_and(|rules| shows || rules.look_into_streams()), true);
            streams
        });
        let scratch = shared.rules.as_ref().map(|rules| rules.scratch());
        let (share_number, shares) = share;
        let settings = &shared.applications.files;
        Self {
            streams,
            chunk_size: u64::from(shared.streams.chunk_size),
            scratch,
            asked: Asked {
                files: Wanted::new(settings, &shared.plan_rules, (share_number.into(), shares.into())),
                frames: shared.frames.clone(),
                sought: Sought::new(&shared.applications),
            },
            shown: shared.outputs.payload_shown(),
            ..Self::default()
        }
    }

    /// What was counted of TCP sessions.
    pub fn stream_stats(&self) -> Stats {
        self.streams.as_ref().map(Streams::stats).unwrap_or_default()
    }

    /// What was counted of files.
    pub fn file_counts(&self) -> files::Counts {
        self.asked.files.counts()
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
    pub fn follow(&mut self, shared: &Shared, packet: &Packet, bytes: &[u8], seen: &mut Seen) -> Option<Step> {
        let streams = self.streams.as_mut()?;
        if packet.layer != Layer::Tcp || packet.fragment || packet.stop == Stop::Malformed {
            return None;
        }
        let tracked = self.tracked.make(seen.slot);
        let mut step = streams.packet(&mut tracked.session, packet, bytes, seen.to_server);
        if step.swapped {
            seen.swap();
        }
        if let Some(session) = tracked.session.as_deref_mut().filter(|session| session.is_guessed())
            && let ports = ends((packet.sport, packet.dport), seen.to_server)
            && tracked.spoken.is_backwards((streams, session, &self.asked.sought), ports, step.more, false)
        {
            session.turn();
            seen.swap();
            step.more.reverse();
            step.swapped = !step.swapped;
        }
        seen.established = step.was_established;
        let Tracked { session, spoken, .. } = tracked;
        self.strange = session.as_deref_mut().and_then(|session| {
            let hosts = Hosts::new(packet.domain, packet.src, packet.dst);
            let (flow, now) = (seen.id, packet.time);
            let meeting = Meeting { expectations: &mut self.expectations, hosts, flow, now };
            let mut sides = Sides { streams, session, ports: (0, 0), asked: &self.asked, meeting };
            spoken.segment(shared, &mut sides, packet, &step, seen.to_server)
        });
        Some(step)
    }

    /// A flow is over, of which the beginning was not seen: where its bytes say that the other side is the client, it is
    /// turned.
    pub fn turn(&mut self, flow: &mut FlowRecord) {
        let tracked = self.tracked.get_mut(flow.slot);
        if let (Some(streams), Some(Tracked { session: Some(session), spoken, .. })) = (&self.streams, tracked)
            && session.is_guessed()
            && spoken.is_backwards((streams, session, &self.asked.sought), (flow.sport, flow.dport), [true; 2], true)
        {
            session.turn();
            flow.turn();
        }
    }

    /// A datagram of a flow whose application may not be known yet.
    #[inline]
    pub fn datagram(&mut self, shared: &Shared, packet: &Packet, bytes: &[u8], seen: &Seen) {
        if self.streams.is_some() && packet.layer == Layer::Udp && packet.stop != Stop::Malformed {
            let datagram = (packet, bytes, seen.to_server);
            self.strange = self.tracked.make(seen.slot).spoken.datagram(shared, &self.asked, datagram);
        }
    }

    /// What is strange about the last packet's flow's application.
    pub fn strange(&mut self) -> Option<Event> {
        self.strange.take()
    }

    /// What a flow speaks.
    pub fn conversation(&self, slot: u32) -> Conversation {
        self.tracked.get(slot).map(|tracked| tracked.spoken.conversation).unwrap_or_default()
    }

    /// How many transactions a flow had so far, since it last changed its protocol.
    pub fn transactions(&self, slot: u32) -> u64 {
        let talk = self.tracked.get(slot).and_then(|tracked| tracked.spoken.talk.as_ref());
        talk.map_or(0, |talk| talk.count())
    }

    /// The facts of a packet's flow, with what is known of its application.
    fn with_application(&mut self, flow: FlowFacts, slot: Option<u32>) -> FlowFacts {
        let Some(tracked) = slot.and_then(|slot| self.tracked.get_mut(slot)) else { return flow };
        let (settled, hidden) = (tracked.spoken.take_settled(flow.to_server), tracked.spoken.is_hidden());
        FlowFacts { application: tracked.spoken.conversation, settled, hidden, strange: self.strange, ..flow }
    }

    /// A flow's session, where there is one.
    pub fn session(&self, slot: u32) -> Option<&Session> {
        self.tracked.get(slot)?.session.as_deref()
    }

    /// Ask the rules about a packet, and about what its direction's stream has for it; `slot` is its flow's.
    pub fn packet(
        &mut self,
        shared: &Shared,
        subject: &mut Subject<'_>,
        (slot, step): (Option<u32>, Option<&Step>),
        now: Nanos,
    ) {
        let flow = subject.flow.map(|flow| self.with_application(flow, slot));
        subject.flow = flow;
        let to_server = flow.is_some_and(|flow| flow.to_server);
        let ends = slot.is_some_and(|slot| self.ends_message(slot, flow.unwrap_or_default()));
        let session = slot.and_then(|slot| self.session(slot));
        let (Some(streams), Some(step)) = (&self.streams, step) else {
            return self.rounds(shared, subject, (slot, Reach::Nothing), now);
        };
        let reach =
            session.map_or(Reach::Nothing, |session| reach(streams, session, (step, to_server, ends), self.chunk_size));
        let facts = StreamFacts { taken: step.stored, events: step.events, ..session.map(facts).unwrap_or_default() };
        subject.stream = Some(facts);
        self.rounds(shared, subject, (slot, reach), now);
    }

    /// Whether a direction's stream is looked at now whatever its length: a message ended there, or nobody tells.
    fn ends_message(&mut self, slot: u32, flow: FlowFacts) -> bool {
        let Some(Tracked { spoken, .. }) = self.tracked.get_mut(slot) else { return false };
        let flushed = spoken.take_flushed(flow.to_server);
        match spoken.talk {
            Some(_) => flushed || spoken.is_hidden(),
            None => flushed || flow.settled || flow.application.protocol().is_some_and(ends_messages),
        }
    }

    /// A flow's parser asks for it to be bypassed.
    pub fn is_to_bypass(&self, slot: u32) -> bool {
        self.tracked.get(slot).is_some_and(|tracked| tracked.spoken.is_to_bypass())
    }

    /// Ask the rules for streams about all that is left of one direction, under the name of a packet that stands for
    /// the flow's end.
    pub fn last(&mut self, shared: &Shared, subject: &Subject<'_>, flow: &FlowRecord, now: Nanos) {
        let slot = flow.slot;
        if let (Some(streams), Some(Tracked { session, spoken, .. }), Some(facts)) =
            (&mut self.streams, self.tracked.get_mut(slot), subject.flow)
        {
            if let Some(session) = session {
                let ports = (flow.sport, flow.dport);
                let hosts = Hosts::new(flow.domain, flow.src, flow.dst);
                self.asked.files.advance(now, flow.domain);
                let meeting = Meeting { expectations: &mut self.expectations, hosts, flow: flow.id, now };
                let mut sides = Sides { streams, session, ports, asked: &self.asked, meeting };
                self.strange = spoken.stream(shared, &mut sides, facts.to_server, true);
            }
            if !facts.to_server {
                spoken.finish();
            }
        }
        let facts = subject.flow.map(|flow| self.with_application(flow, Some(slot)));
        let stream = self.session(slot).map(self::facts);
        let subject = Subject { stream, round: Round::Stream, flow: facts, ..*subject };
        self.rounds(shared, &subject, (Some(slot), Reach::All), now);
    }

    fn rounds(&mut self, shared: &Shared, subject: &Subject<'_>, (slot, reach): (Option<u32>, Reach), now: Nanos) {
        self.outcome.clear();
        self.data = None;
        let Self { streams, scratch, tracked: all, outcome, data: shown_data, shown, .. } = self;
        let (Some(rules), Some(scratch)) = (&shared.rules, scratch) else { return };
        let mut none = None;
        let tracked = slot.and_then(|slot| all.get_mut(slot));
        let Tracked { session, memory, spoken, .. } = tracked.unwrap_or_else(|| none.insert(Tracked::default()));
        let mut memory = Memory { flow: slot.map(|_| memory), shared: &shared.memory, now };
        memory.forget_packet();
        self.tagged = subject.round == Round::Packet && memory.is_tagged(subject.packet);
        let to_server = subject.flow.is_some_and(|flow| flow.to_server);
        let is_open = subject.packet.proto != proto::TCP || subject.flow.is_some_and(|flow| flow.established);
        let mut fresh = is_open && spoken.take_fresh(to_server);
        if spoken.has_frames() && (fresh || is_open && reach == Reach::All) {
            let over = spoken.is_over(to_server) || reach == Reach::All;
            let bytes = frame_bytes(streams.as_ref(), session.as_deref(), subject.payload);
            frames::inspect(rules, spoken, (subject, bytes, over), &mut memory, scratch, outcome);
        }
        let (mut round, mut stores) = (subject.round, false);
        loop {
            let reading = streams.as_ref().zip(session.as_deref()).filter(|_| reach != Reach::Nothing);
            let block = reading.and_then(|(streams, session)| streams.block(session, to_server, reach == Reach::All));
            if round == Round::Packet || block.is_some() {
                let data = block.as_ref().map(buffer);
                rules.inspect(&Subject { data, round, ..*subject }, &mut memory, scratch, outcome);
            }
            if std::mem::take(&mut fresh) {
                let held =
                    block.zip(reading).map(|(block, (streams, session))| streams.with_held(session, to_server, block));
                let data = held.as_ref().map(buffer);
                let subject = Subject { data, round, ..*subject };
                for talk in [&mut spoken.before, &mut spoken.talk].into_iter().flatten() {
                    stores |= transactions::inspect(rules, &mut **talk, &subject, &mut memory, scratch, outcome);
                }
            }
            if *shown > 0
                && shown_data.is_none()
                && outcome.hits.iter().any(|hit| hit.in_stream)
                && let Some((streams, session)) = streams.as_ref().zip(session.as_deref())
            {
                *shown_data = Some(stored(streams, session, to_server, (block, *shown)));
            }
            let Some(end) = block.as_ref().map(Block::end) else { break };
            let Some((streams, session)) = streams.as_mut().zip(session.as_deref_mut()) else { break };
            streams.inspected(session, to_server, end);
            round = Round::Stream;
        }
        let depth = shared.applications.files.stream_depth.filter(|_| stores);
        if let (Some(depth), Some(session)) = (depth, session.as_deref_mut()) {
            session.deepen(depth);
        }
        if spoken.take_closing(to_server)
            && let (Some(streams), Some(session)) = (streams, session)
        {
            streams.stop_inspection(session, to_server);
        }
        rules.settle(outcome);
        all.remember(slot, none.and_then(|none| none.memory));
    }

    /// The beginning of the data that a rule of the last packet matched in, where that is the stream's and wanted.
    pub fn data(&self, hit: &Hit) -> Option<Arc<[u8]>> {
        self.data.clone().filter(|_| hit.in_stream)
    }

    /// What alerts show of the transaction that a rule of the last packet matched in.
    pub fn matched_transaction(
        &self,
        shared: &Shared,
        (slot, to_server): (u32, bool),
        hit: &Hit,
    ) -> Option<Arc<MatchedTransaction>> {
        let (spoken, number) = (&self.tracked.get(slot)?.spoken, hit.transaction?);
        let of = |talk: &dyn Talk| {
            let index = (0..talk.live()).find(|index| talk.head(*index).is_some_and(|head| head.number == number))?;
            MatchedTransaction::new(&shared.outputs.eve, talk, index, to_server)
        };
        let talks = [&spoken.talk, &spoken.before].into_iter().flatten();
        talks.filter_map(|talk| of(&**talk)).next().map(Arc::new)
    }

    /// What alerts show of the frame that a rule of the last packet matched in.
    pub fn matched_frame(&self, slot: u32, to_server: bool, hit: &Hit, payload: Buffer<'_>) -> Option<Arc<[u8]>> {
        let (Tracked { session, spoken, .. }, id) = (self.tracked.get(slot)?, hit.frame?);
        let bytes = frame_bytes(self.streams.as_ref(), session.as_deref(), payload);
        let talks = [&spoken.talk, &spoken.before].into_iter().flatten();
        let over = spoken.is_over(to_server);
        let mut shown = talks.filter_map(|talk| frames::matched(&**talk, id, to_server, bytes, over));
        shown.next().map(Arc::from)
    }

    /// The one transaction that a flow has open: what a rule for its application tells of, though it matched a datagram.
    pub fn only_transaction(&self, shared: &Shared, (slot, to_server): (u32, bool)) -> Option<Arc<MatchedTransaction>> {
        let talk = self.tracked.get(slot)?.spoken.talk.as_deref()?;
        if talk.live() != 1 {
            return None;
        }
        MatchedTransaction::new(&shared.outputs.eve, talk, 0, to_server).map(Arc::new)
    }

    /// The one transaction of a flow that goes in a direction, for an alert that does not say which it is about; so many
    /// alerts at most are told with one.
    pub fn guessed_transaction(
        &self,
        shared: &Shared,
        (slot, to_server): (u32, bool),
    ) -> Option<Arc<MatchedTransaction>> {
        let most = shared.most_guesses;
        let talk = self.tracked.get(slot).filter(|_| most > 0)?.spoken.talk.as_deref()?;
        let goes = |index: &usize| talk.head(*index).is_some_and(|head| head.goes(to_server));
        let mut going = (0..talk.live()).filter(goes);
        let only = going.next().filter(|_| going.next().is_none())?;
        talk.head(only).filter(|head| head.guess(most))?;
        let matched = MatchedTransaction::new(&shared.outputs.eve, talk, only, to_server)?;
        Some(Arc::new(MatchedTransaction { guessed: true, ..matched }))
    }

    /// By section of EVE the client as proxies name it in the transaction that a rule matched in, or else in any that
    /// is open; empty where none asks for it.
    pub fn clients(&self, shared: &Shared, slot: u32, hit: &Hit) -> Vec<Option<Addr>> {
        let sections = &shared.outputs.eve;
        let Some(Tracked { spoken, .. }) = self.tracked.get(slot) else { return Vec::new() };
        if sections.iter().all(|section| section.xff_of_alerts().is_none()) {
            return Vec::new();
        }
        let bodies = || {
            let talks = [&spoken.talk, &spoken.before].into_iter().flatten();
            talks.flat_map(|talk| (0..talk.live()).filter_map(|index| talk.head(index).zip(talk.body(index))))
        };
        let fits = |head: &Head| hit.transaction.is_none_or(|number| head.number == number);
        let client = |section: &Eve| {
            let fitting = bodies().filter(|(head, _)| fits(head));
            fitting.filter_map(|(_, body)| eve::client(section.xff_of_alerts(), body)).next()
        };
        sections.iter().map(client).collect()
    }

    /// What a flow's transactions have to tell after a packet of a direction, and whether those are of the protocol that
    /// it spoke before; `end`: for the last time.
    pub fn tell(
        &mut self,
        shared: &Shared,
        (slot, payload): (u32, Buffer<'_>),
        (to_server, end): (bool, bool),
        mut tell: impl FnMut(What, bool),
    ) {
        let Some(Tracked { spoken, session, .. }) = self.tracked.get_mut(slot) else { return };
        let after = After { to_server, ended: spoken.ended == [true; 2], end };
        for (talk, is_before) in [(&mut spoken.before, true), (&mut spoken.talk, false)] {
            let Some(talk) = talk else { continue };
            transactions::tell(shared, &mut **talk, after, &mut |what| tell(what, is_before));
        }
        if spoken.has_frames() {
            let over = end || spoken.is_over(to_server);
            let bytes = frame_bytes(self.streams.as_ref(), session.as_deref(), payload);
            for (talk, over, is_before) in [(&mut spoken.before, true, true), (&mut spoken.talk, over, false)] {
                let Some(talk) = talk else { continue };
                let tell = &mut |what| tell(what, is_before);
                frames::tell(shared, &mut **talk, (to_server, bytes, over), tell);
            }
            if let (Some(streams), Some(session)) = (&mut self.streams, session) {
                let read = streams.read_up_to(session, to_server);
                let talks = [&spoken.before, &spoken.talk].into_iter().flatten();
                let from = talks.map(|talk| talk.frames().wanted_from(to_server, read)).min();
                streams.keep(session, to_server, from.unwrap_or(u64::MAX));
            }
        }
        spoken.before = spoken.before.take().filter(|talk| talk.live() > 0 || talk.frames().are_open());
    }

    /// Why an inline engine drops the last packet, if it does.
    pub fn dropped(&self, shared: &Shared, seen: Option<Seen>) -> Option<Dropping> {
        if seen.is_some_and(|seen| seen.dropped) {
            return Some(Dropping { rule: None, first: false });
        }
        let action = |hit: &Hit| shared.plan_rules.get(hit.rule as usize).map(|rule| rule.action);
        let drops = |hit: &&Hit| matches!(action(hit), Some(Action::Drop | Action::Reject));
        let rule = self.outcome.hits.iter().find(drops).map(|hit| hit.rule);
        (rule.is_some() || self.outcome.flow == Some(FlowVerdict::Drop)).then_some(Dropping { rule, first: true })
    }

    /// What rules noted of a flow's last packet is over.
    pub fn forget_packet(&mut self, slot: u32) {
        if let Some(memory) = self.tracked.get_mut(slot).and_then(|tracked| tracked.memory.as_mut()) {
            memory.forget_packet();
        }
    }

    /// What rules remember of a flow, where they do.
    pub fn vars(&self, slot: u32) -> Option<Arc<FlowVars>> {
        self.tracked.get(slot)?.memory.as_ref().map(|memory| memory.vars())
    }

    /// A rule wants no events of a flow's end.
    pub fn is_unlogged(&self, slot: u32) -> bool {
        let memory = self.tracked.get(slot).and_then(|tracked| tracked.memory.as_ref());
        memory.is_some_and(|memory| memory.is_unlogged())
    }

    /// Count a packet of a flow that was bypassed.
    #[cold]
    pub fn bypass(&mut self, packet: &Packet, seen: &Seen) {
        let length = u64::from(packet.captured.wrapping_add(packet.padding));
        let [packets, bytes] = &mut self.bypassed;
        (*packets, *bytes) = (*packets + 1, *bytes + length);
        let [packets, bytes] = &mut **self.tracked.make(seen.slot).bypassed.get_or_insert_default();
        let add = |[up, down]: &mut [u64; 2], more: u64| *(if seen.to_server { up } else { down }) += more;
        add(packets, 1);
        add(bytes, length);
    }

    /// One direction of a flow's stream has reached the depth.
    pub fn is_at_depth(&self, slot: u32) -> bool {
        self.session(slot).is_some_and(|session| session.is_at_depth(true) || session.is_at_depth(false))
    }

    /// What a rule that matched took note of for its alert.
    pub fn notes(&self, hit: &Hit) -> Vec<Note> {
        let notes = self.outcome.notes.iter().filter(|(rule, _)| *rule == hit.rule);
        notes.map(|(_, note)| note.clone()).collect()
    }

    /// Bytes of a flow's stream were not looked into yet.
    pub fn has_unseen(&self, shared: &Shared, slot: u32) -> bool {
        let session = self.session(slot).filter(|_| self.scratch.is_some() || shared.parses);
        session.is_some_and(|session| session.has_unseen(true) || session.has_unseen(false))
            || self.tracked.get(slot).is_some_and(|tracked| tracked.spoken.has_open())
    }

    /// A flow's session is closed: let go of what nobody needs any more.
    #[cold]
    pub fn close(&mut self, slot: u32) {
        let tracked = self.tracked.get_mut(slot);
        if let (Some(streams), Some(Tracked { session: Some(session), spoken, .. })) = (&mut self.streams, tracked) {
            streams.close(session, spoken.has_open());
        }
    }

    /// Nobody looks into a flow's stream from now on.
    pub fn stop(&mut self, slot: u32) {
        let session = self.tracked.get_mut(slot).and_then(|tracked| tracked.session.as_deref_mut());
        if let (Some(streams), Some(session)) = (&mut self.streams, session) {
            streams.stop_inspection(session, true);
            streams.stop_inspection(session, false);
        }
    }

    /// Forget what was kept of all flows.
    pub fn forget_flows(&mut self, shared: &Shared, share: (u32, u32)) {
        self.tracked = AllTracked::default();
        self.streams = Self::new(shared, share).streams;
    }

    /// A flow is over: forget what was kept of it; its record learns what came after it was bypassed.
    pub fn end(&mut self, flow: &mut FlowRecord) {
        let Some(tracked) = self.tracked.take(flow.slot) else { return };
        let Tracked { session, bypassed, spoken, .. } = *tracked;
        spoken.count(&mut self.applications, flow.proto == proto::UDP);
        if let (Some(streams), Some(session)) = (&mut self.streams, session) {
            streams.end(session);
        }
        flow.bypassed = bypassed.map(|bypassed| *bypassed).unwrap_or_default();
    }
}

/// Protocols whose parsers, in Suricata, have the stream looked at where a message ends. Where they are not parsed, each
/// piece that was acknowledged stands for a message.
fn ends_messages(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Http | Protocol::Smtp | Protocol::Tls)
}

/// How much of its direction's stream a packet has looked at.
///
/// Small pieces wait: for more of them, until it is known what speaks there, for the end of the stream.
#[inline]
fn reach(
    streams: &Streams,
    session: &Session,
    (step, to_server, settled): (&Step, bool, bool),
    chunk_size: u64,
) -> Reach {
    if !step.established {
        return Reach::Nothing;
    }
    if step.state == TcpState::Closed {
        return Reach::All;
    }
    let ends = matches!(step.state, TcpState::LastAck | TcpState::CloseWait | TcpState::Closing);
    if ends || settled || session.is_at_depth(to_server) || streams.pending(session, to_server) >= chunk_size {
        return Reach::Acknowledged;
    }
    Reach::Nothing
}

/// What is stored of a direction's stream as alerts show it, from its start on, with a word on what is missing.
fn stored(
    streams: &Streams,
    session: &Session,
    to_server: bool,
    (block, most): (Option<Block<'_>>, usize),
) -> Arc<[u8]> {
    let start = streams.stored_from(session, to_server);
    let missing = block.filter(|block| block.offset <= start).map_or(0, |block| block.missing);
    streams.joined(session, to_server, (start.saturating_sub(missing), u64::MAX), most).into()
}

/// A block as rules see it: what the mirror cut off behind it may hold what they look for.
fn buffer<'a>(block: &Block<'a>) -> Buffer<'a> {
    let cut = block.gap.filter(|gap| gap.cause == Cause::Truncated).map_or(0, |gap| gap.len);
    let cut = usize::try_from(cut).unwrap_or(usize::MAX);
    Buffer { bytes: block.bytes, original: block.bytes.len().saturating_add(cut) }
}

/// Where the bytes of a flow's frames are.
fn frame_bytes<'a>(
    streams: Option<&'a Streams>,
    session: Option<&'a Session>,
    payload: Buffer<'a>,
) -> frames::Bytes<'a> {
    match streams.zip(session) {
        Some((streams, session)) => frames::Bytes::Stream(streams, session),
        None => frames::Bytes::Datagram(payload),
    }
}

/// A packet's ports as the client's and the server's.
fn ends((from, to): (u16, u16), to_server: bool) -> (u16, u16) {
    if to_server { (from, to) } else { (to, from) }
}

/// What rules may ask of a session.
fn facts(session: &Session) -> StreamFacts {
    let sizes = [session.size(true), session.size(false)];
    StreamFacts { state: session.state(), sizes, ..StreamFacts::default() }
}
