//! The state of one share of the packets: its flows, its rules' scratch, its counters.

use super::Shared;
use super::finds::{Alert, FlowThen, Over, Pseudo, Record, ShardOut, Told, What};
use super::inspect::Inspector;
use super::merge::{context, is_refused};
use super::parsed::{Parsed, QUOTED, SHARDS};
use super::sights::Sights;
use crate::app::{Conversation, Counts};
use crate::detect::{Buffer, Cost, FlowFacts, FlowVerdict, Hit, Round, Subject};
use crate::error::Result;
use crate::files;
use crate::flow::record::{FlowAction, FlowRecord, FlowState, TcpState};
use crate::flow::{self, FlowKey, FlowTable, Seed, Seen};
use crate::identify::Identities;
use crate::packet::{Packet, Wrap, proto};
use crate::plan::ExceptionPolicy;
use crate::stream::{self, Session, Step, StreamEvent};
use crate::table::counters::Counters;
use crate::table::display::Display;
use crate::time::Nanos;

/// Packets that are hashed and whose flows are fetched ahead of their use: enough to hide memory behind work.
pub const RUN: usize = 32;

/// A packet's flow, and its hash in the table.
pub type Keyed = Option<(FlowKey, u64)>;

/// One share of the engine's state.
pub(super) struct Shard {
    flows: FlowTable,
    inspector: Inspector,
    sights: Sights,
    /// Packets and alerts.
    pub counters: Counters,
    number: usize,
    ended: Vec<FlowRecord>,
}

impl Shard {
    pub fn new(shared: &Shared, number: usize) -> Result<Self> {
        Ok(Self {
            flows: table(shared, number)?,
            inspector: Inspector::new(shared, (number as u32, SHARDS as u32)),
            sights: Sights::new(&shared.outputs),
            counters: Counters::default(),
            number,
            ended: Vec::new(),
        })
    }

    pub fn flow_stats(&self) -> flow::Stats {
        self.flows.stats()
    }

    /// Packets and bytes of flows that were bypassed.
    pub fn bypassed(&self) -> [u64; 2] {
        self.inspector.bypassed
    }

    /// What its flows spoke.
    pub fn applications(&self) -> &Counts {
        &self.inspector.applications
    }

    /// Flows that others announced: those that did not come yet, and those that are not waited for any longer.
    pub fn expectations(&self) -> [u64; 2] {
        let expectations = &self.inspector.expectations;
        [expectations.count(), expectations.missed]
    }

    /// What was counted of TCP sessions.
    pub fn stream_stats(&self) -> stream::Stats {
        self.inspector.stream_stats()
    }

    /// What was counted of files.
    pub fn file_counts(&self) -> files::Counts {
        self.inspector.file_counts()
    }

    /// By rule: packets on which only missing bytes kept it from a decision.
    pub fn unknown(&self) -> &[u64] {
        self.inspector.unknown()
    }

    /// What each rule cost, where that is asked for.
    pub fn costs(&self) -> &[Cost] {
        self.inspector.costs()
    }

    /// Process this shard's packets. One that panics is lost with the shard's flows, and the run goes on.
    pub fn batch(&mut self, shared: &Shared, parsed: &Parsed, identities: &Identities, out: &mut ShardOut) {
        for run in parsed.shard(self.number).chunks(RUN) {
            let keys = self.fetch(shared, parsed, run);
            self.rows(shared, parsed, (run, &keys), identities, out);
        }
    }

    /// Process some of this shard's packets, whose flows were fetched.
    pub fn rows(
        &mut self,
        shared: &Shared,
        parsed: &Parsed,
        (rows, keys): (&[u32], &[Keyed]),
        identities: &Identities,
        out: &mut ShardOut,
    ) {
        let mut rest = rows.iter().zip(keys);
        while rest.len() > 0 {
            let attempt = std::panic::AssertUnwindSafe(|| {
                for (row, key) in rest.by_ref() {
                    self.row(shared, parsed, *row, key, identities, out);
                }
            });
            if std::panic::catch_unwind(attempt).is_err() {
                self.reset(shared);
                out.lost.extend(rows.get(rows.len() - rest.len() - 1));
            }
        }
    }

    /// Begin anew after a panic.
    fn reset(&mut self, shared: &Shared) {
        if let Ok(flows) = table(shared, self.number) {
            self.flows = flows;
            self.inspector.forget_flows(shared, (self.number as u32, SHARDS as u32));
            self.sights = Sights::new(&shared.outputs);
        }
        self.counters.frames.lost_to_panic();
    }

    /// Fetch where a packet's flow is looked up, ahead of its use.
    #[inline]
    pub fn fetch_index(&self, shared: &Shared, parsed: &Parsed, row: u32) -> Keyed {
        let packet = parsed.packets.get(row as usize)?;
        let key = at_depth(shared, packet, flow::key(packet)?);
        let hash = self.flows.hash(&key);
        self.flows.prefetch_index(hash);
        Some((key, hash))
    }

    /// Fetch the flow itself, once that is there.
    #[inline]
    pub fn fetch_entry(&self, keyed: &Keyed) {
        keyed.iter().for_each(|(_, hash)| self.flows.prefetch_entry(*hash));
    }

    /// Hash a run of packets and fetch what their flows need, all at once instead of one after the other.
    #[inline]
    fn fetch(&self, shared: &Shared, parsed: &Parsed, run: &[u32]) -> [Keyed; RUN] {
        let mut keys = [None; RUN];
        for (key, &row) in keys.iter_mut().zip(run) {
            *key = self.fetch_index(shared, parsed, row);
        }
        keys.iter().for_each(|key| self.fetch_entry(key));
        keys
    }

    #[inline]
    fn row(
        &mut self,
        shared: &Shared,
        parsed: &Parsed,
        row: u32,
        key: &Keyed,
        identities: &Identities,
        out: &mut ShardOut,
    ) {
        if row & QUOTED != 0 {
            return self.relate(shared, parsed, row & !QUOTED, identities, out);
        }
        let Some(packet) = parsed.packets.get(row as usize).filter(|packet| !is_refused(packet)) else { return };
        let (wrap, now) = (parsed.wrap(packet), parsed.clocks.get(row as usize).copied().unwrap_or_default());
        self.counters.add(packet);
        self.flows.advance(now, &mut self.ended);
        let mut seen = key.as_ref().map(|(key, hash)| self.flows.update(packet, wrap, key, *hash, &mut self.ended));
        if !self.ended.is_empty() {
            self.end(shared, (row, now), identities, out);
        }
        if let Some(seen) = seen.as_ref().filter(|seen| seen.bypassed) {
            self.inspector.bypass(packet, seen);
        }
        let step = seen.as_mut().and_then(|seen| self.follow(shared, packet, packet.bytes(&parsed.batch.slab), seen));
        if let Some(seen) = &seen {
            self.sights.packet(packet, packet.bytes(&parsed.batch.slab), seen);
            if let Some(exception) = step.as_ref().and_then(|step| step.exception).filter(|_| shared.wants_flows) {
                self.sights.exception(seen.slot, exception);
            }
            self.inspector.datagram(shared, packet, packet.payload_bytes(&parsed.batch.slab), seen);
            if shared.wants_flow_ids {
                out.flow_ids.push((row, seen.id));
            }
        }
        if let Some(display) = &shared.display
            && !shows(display, parsed, packet, seen, identities)
        {
            out.hidden.push(row);
        }
        let events = step.as_ref().map(|step| step.events).unwrap_or_default();
        if shared.rules.is_some() && !seen.is_some_and(|seen| seen.bypassed) {
            self.inspect(shared, parsed, row, packet, (seen, step), now, identities, out);
        }
        if let Some(seen) = seen.filter(|_| shared.parses) {
            self.tell(shared, parsed, (row, packet), &seen, out);
        }
        if let (Some(seen), Some(Step { state: TcpState::Closed, .. })) = (&seen, &step) {
            self.inspector.close(seen.slot);
        }
        let strange = self.inspector.strange();
        let tagged = shared.wants_tagged && self.inspector.tagged;
        let odd = shared.wants_anomalies && !(packet.anomalies.is_empty() && events.is_empty() && strange.is_none());
        let dropped = if shared.wants_drops { self.inspector.dropped(shared, seen) } else { None };
        let captured = |seen: Seen| self.inspector.vars(seen.slot).is_some_and(|vars| !vars.packet_texts.is_empty());
        let has_variables = shared.wants_variables && seen.filter(|seen| !seen.bypassed).is_some_and(captured);
        if odd || tagged || has_variables || dropped.is_some() {
            let flow = seen.map(|seen| self.then(seen));
            out.told.push(Told { row, flow, events, strange, tagged, has_variables, dropped });
        }
    }

    /// A TCP packet's step in its session, where these are followed.
    #[inline]
    fn follow(&mut self, shared: &Shared, packet: &Packet, bytes: &[u8], seen: &mut Seen) -> Option<Step> {
        if seen.bypassed {
            return None;
        }
        let step = self.inspector.follow(shared, packet, bytes, seen)?;
        let session = self.inspector.session(seen.slot);
        let tcp_flags = session.map_or([0; 2], |session| [session.tcp_flags(true), session.tcp_flags(false)]);
        let again = step.events.has(StreamEvent::Retransmission).then_some(seen.to_server);
        let session = flow::Session { state: step.state, tcp_flags, swapped: step.swapped, again };
        self.flows.follow(seen.slot, &session);
        if let Some((_, policy)) = step.exception {
            self.except(seen, policy, shared.streams.inline);
        }
        let is_deep = shared.streams.bypass && self.inspector.is_at_depth(seen.slot);
        if is_deep || self.inspector.is_to_bypass(seen.slot) {
            self.flows.mark_bypassed(seen.slot);
            self.inspector.stop(seen.slot);
        }
        Some(step)
    }

    /// Apply a policy to a flow whose session could not be dealt with as usual.
    #[cold]
    fn except(&mut self, seen: &mut Seen, policy: ExceptionPolicy, inline: bool) {
        match policy {
            ExceptionPolicy::Ignore => {}
            ExceptionPolicy::PassFlow => {
                self.flows.mark_passed(seen.slot);
                seen.passed = true;
            }
            ExceptionPolicy::Reject if !inline => seen.dropped = true,
            ExceptionPolicy::DropFlow | ExceptionPolicy::Reject => {
                self.flows.mark_dropped(seen.slot);
                seen.dropped = true;
            }
            ExceptionPolicy::Bypass => {
                self.flows.mark_bypassed(seen.slot);
                seen.bypassed = true;
            }
            // Of this packet alone: the flow's mark stays as it is.
            ExceptionPolicy::PassPacket => seen.passed = true,
            ExceptionPolicy::DropPacket => seen.dropped = true,
        }
    }

    /// Let go of the flows that were over when a packet came; the rules see what is left of their streams before.
    #[cold]
    fn end(&mut self, shared: &Shared, at: (u32, Nanos), identities: &Identities, out: &mut ShardOut) {
        for mut flow in std::mem::take(&mut self.ended) {
            if self.inspector.has_unseen(shared, flow.slot) {
                self.last(shared, &mut flow, at, identities, out);
            }
            self.inspector.forget_packet(flow.slot);
            let vars = self.inspector.vars(flow.slot);
            let session = self.inspector.session(flow.slot).map(Session::facts);
            let application = self.inspector.conversation(flow.slot);
            let (transactions, unlogged) =
                (self.inspector.transactions(flow.slot), self.inspector.is_unlogged(flow.slot));
            self.inspector.end(&mut flow);
            let sighted = self.sights.end(flow.slot);
            if shared.wants_flows {
                out.ended.push(Over { row: at.0, flow, session, vars, sighted, application, transactions, unlogged });
            }
        }
    }

    /// What is left of a flow's stream, to the server and then to the client, under the name of a packet each.
    fn last(
        &mut self,
        shared: &Shared,
        flow: &mut FlowRecord,
        (row, now): (u32, Nanos),
        identities: &Identities,
        out: &mut ShardOut,
    ) {
        self.inspector.turn(flow);
        for to_server in [true, false] {
            let macs = self.sights.macs(flow.slot);
            let pseudo = Pseudo { macs, ..Pseudo::new(flow, to_server, now) };
            let packet = &pseudo.packet;
            let known = identities.rows().get(packet.identity as usize).and_then(|row| identities.known(row));
            let subject = Subject {
                flow: Some(FlowFacts {
                    to_server,
                    established: flow.state != FlowState::New,
                    first_in_direction: false,
                    // Nothing more of a flow that was bypassed is inspected.
                    passed: flow.action == Some(FlowAction::Pass) || flow.state == FlowState::Bypassed,
                    dropped: flow.action == Some(FlowAction::Drop),
                    packets: flow.packets,
                    bytes: flow.bytes,
                    start: flow.start,
                    ..FlowFacts::default()
                }),
                session: known.map_or("", |known| &known.session),
                session_name: known.map_or("", |known| &known.name),
                vni: flow.wrap.network(),
                ..Subject::new(packet, Buffer::default())
            };
            self.inspector.last(shared, &subject, flow, now);
            out.overflow += u64::from(self.inspector.outcome.overflow);
            let (vars, counters) = (self.inspector.vars(flow.slot), counters(flow));
            let application = self.inspector.conversation(flow.slot);
            let slot = flow.slot;
            for hit in &self.inspector.outcome.hits {
                flow.alerted = true;
                let flow = Some(FlowThen { id: flow.id, to_server, counters, vars: vars.clone(), application });
                let pseudo = Some(Box::new(pseudo));
                let data = self.inspector.data(hit);
                let notes = self.inspector.notes(hit);
                let transaction = self.inspector.matched_transaction(shared, (slot, to_server), hit);
                let clients = self.inspector.clients(shared, slot, hit);
                let Hit { rule, in_stream, .. } = *hit;
                let frame = self.inspector.matched_frame(slot, to_server, hit, Buffer::default());
                out.alerts.push(Alert { row, rule, in_stream, flow, data, notes, transaction, frame, clients, pseudo });
            }
            let flow = FlowThen { id: flow.id, to_server, counters, vars, application };
            let mut record = |what| {
                let pseudo = Some(Box::new(pseudo));
                out.records.push(Record { row, flow: flow.clone(), what, pseudo });
            };
            self.inspector.strange().into_iter().for_each(|strange| record(What::Strange(strange)));
            self.inspector.tell(shared, (slot, Buffer::default()), (to_server, !to_server), |what, _| record(what));
        }
    }

    /// Tie an ICMP error to the flow whose packet it quotes.
    #[cold]
    fn relate(&mut self, shared: &Shared, parsed: &Parsed, row: u32, identities: &Identities, out: &mut ShardOut) {
        let Some(packet) = parsed.packets.get(row as usize).filter(|packet| !is_refused(packet)) else { return };
        let now = parsed.clocks.get(row as usize).copied().unwrap_or_default();
        self.flows.advance(now, &mut self.ended);
        self.end(shared, (row, now), identities, out);
        let key = parsed.quoted(packet).map(|quoted| at_depth(shared, packet, flow::quoted_key(packet, &quoted)));
        out.related.extend(key.and_then(|key| self.flows.relate(&key)).map(|id| (row, id)));
    }

    #[allow(clippy::too_many_arguments)]
    fn inspect(
        &mut self,
        shared: &Shared,
        parsed: &Parsed,
        row: u32,
        packet: &Packet,
        (seen, step): (Option<Seen>, Option<Step>),
        now: Nanos,
        identities: &Identities,
        out: &mut ShardOut,
    ) {
        let known = identities.rows().get(packet.identity as usize).and_then(|row| identities.known(row));
        let payload = payload(parsed, packet);
        let mut subject = Subject {
            packet,
            headers: packet.bytes(&parsed.batch.slab),
            payload,
            data: None,
            round: Round::Packet,
            flow: seen.map(|seen| facts(&seen)),
            stream: None,
            transaction: None,
            frame: None,
            session: known.map_or("", |known| &known.session),
            session_name: known.map_or("", |known| &known.name),
            vni: parsed.wrap(packet).and_then(Wrap::network),
        };
        self.inspector.packet(shared, &mut subject, (seen.map(|seen| seen.slot), step.as_ref()), now);
        if let (Some(seen), Some(verdict)) = (seen, self.inspector.outcome.flow) {
            match verdict {
                FlowVerdict::Pass => self.flows.mark_passed(seen.slot),
                FlowVerdict::Drop => self.flows.mark_dropped(seen.slot),
            }
            self.inspector.stop(seen.slot);
        }
        if let Some(seen) = seen.filter(|_| self.inspector.outcome.bypass) {
            self.flows.mark_bypassed(seen.slot);
            self.inspector.stop(seen.slot);
        }
        self.alerts(shared, row, (seen, packet.proto == proto::UDP, payload), out);
    }

    /// What the transactions of a packet's flow have to tell now.
    fn tell(&mut self, shared: &Shared, parsed: &Parsed, at: (u32, &Packet), seen: &Seen, out: &mut ShardOut) {
        let (mut whats, flow) = (Vec::new(), (seen.slot, payload(parsed, at.1)));
        self.inspector.tell(shared, flow, (seen.to_server, false), |what, before| whats.push((what, before)));
        if whats.is_empty() {
            return;
        }
        let ((row, packet), now) = (at, self.then(*seen));
        out.records.extend(whats.into_iter().map(|(what, is_before)| {
            let pseudo = is_before.then(|| Box::new(Pseudo::flush(packet, seen.to_server, parsed.wrap(packet))));
            let flow = FlowThen { to_server: is_before || seen.to_server, ..now.clone() };
            Record { row, flow, what, pseudo }
        }));
    }

    /// Note the last inspection's hits.
    fn alerts(
        &mut self,
        shared: &Shared,
        row: u32,
        (seen, datagram, payload): (Option<Seen>, bool, Buffer<'_>),
        out: &mut ShardOut,
    ) {
        out.overflow += u64::from(self.inspector.outcome.overflow);
        if let (Some(seen), [_, ..]) = (seen, self.inspector.outcome.hits.as_slice()) {
            self.flows.mark_alerted(seen.slot);
        }
        for hit in &self.inspector.outcome.hits {
            let flow = seen.map(|seen| self.then(seen));
            let data = self.inspector.data(hit);
            let notes = self.inspector.notes(hit);
            let transaction = seen.and_then(|Seen { slot, to_server, .. }| match hit.transaction {
                None if datagram && is_of_application(shared, hit.rule) => {
                    self.inspector.only_transaction(shared, (slot, to_server))
                }
                None => self.inspector.guessed_transaction(shared, (slot, to_server)),
                Some(_) => self.inspector.matched_transaction(shared, (slot, to_server), hit),
            });
            let clients = seen.map(|seen| self.inspector.clients(shared, seen.slot, hit)).unwrap_or_default();
            let Hit { rule, in_stream, .. } = *hit;
            let shown = |seen: Seen| self.inspector.matched_frame(seen.slot, seen.to_server, hit, payload);
            let (frame, pseudo) = (seen.and_then(shown), None);
            out.alerts.push(Alert { row, rule, in_stream, flow, data, notes, transaction, frame, clients, pseudo });
        }
    }

    /// Its flow at this moment.
    fn then(&self, seen: Seen) -> FlowThen {
        let (counters, vars) = (self.flows.counters(seen.slot), self.inspector.vars(seen.slot));
        let application = self.inspector.conversation(seen.slot);
        FlowThen { id: seen.id, to_server: seen.to_server, counters, vars, application }
    }

    /// Let time pass.
    pub fn tick(&mut self, shared: &Shared, now: Nanos, identities: &Identities, out: &mut ShardOut) {
        self.flows.advance(now, &mut self.ended);
        self.end(shared, (0, now), identities, out);
    }

    /// End flows until `out` has `most`; true when more are left.
    pub fn finish(
        &mut self,
        shared: &Shared,
        (most, now): (usize, Nanos),
        identities: &Identities,
        out: &mut ShardOut,
    ) -> bool {
        let more = self.flows.finish(most.saturating_sub(out.ended.len()), &mut self.ended);
        self.end(shared, (0, now), identities, out);
        more
    }
}

/// A packet's payload.
fn payload<'a>(parsed: &'a Parsed, packet: &Packet) -> Buffer<'a> {
    Buffer { bytes: packet.payload_bytes(&parsed.batch.slab), original: packet.payload_original as usize }
}

/// A rule is for an application.
fn is_of_application(shared: &Shared, rule: u32) -> bool {
    shared.plan_rules.get(rule as usize).is_some_and(|rule| !rule.application.is_empty())
}

/// What rules may ask of a packet's flow.
fn facts(seen: &Seen) -> FlowFacts {
    FlowFacts {
        to_server: seen.to_server,
        established: seen.established,
        first_in_direction: seen.first_in_direction,
        passed: seen.passed,
        dropped: seen.dropped,
        packets: seen.packets,
        bytes: seen.bytes,
        start: seen.start,
        ..FlowFacts::default()
    }
}

/// A flow's counters at its end.
fn counters(flow: &FlowRecord) -> flow::Counters {
    let FlowRecord { packets, bytes, start, src, dst, sport, dport, .. } = *flow;
    flow::Counters { packets, bytes, start, src, dst, sport, dport }
}

/// Whether a packet is shown.
fn shows(display: &Display, parsed: &Parsed, packet: &Packet, seen: Option<Seen>, identities: &Identities) -> bool {
    let counters = flow::Counters::default();
    let flow = seen.map(|seen| FlowThen {
        id: seen.id,
        to_server: seen.to_server,
        counters,
        vars: None,
        application: Conversation::default(),
    });
    display.shows(&context(parsed, packet, flow.as_ref().map(FlowThen::now)), identities)
}

/// The key, with the tunnels around the packet where they count.
#[inline]
fn at_depth(shared: &Shared, packet: &Packet, key: FlowKey) -> FlowKey {
    let key = if shared.by_vlan { key } else { key.in_any_vlan() };
    if shared.by_depth { key.at_depth(packet.depth) } else { key }
}

fn table(shared: &Shared, number: usize) -> Result<FlowTable> {
    let told = shared.wants_flows || shared.rules.is_some() || shared.streams.enabled;
    let table = FlowTable::new(&shared.flow, Seed::new(shared.seed), (number as u32, SHARDS as u32), told)?;
    Ok(if shared.streams.enabled { table.followed() } else { table })
}
