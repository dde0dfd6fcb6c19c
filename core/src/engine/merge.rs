//! The last stage: what the shards found, put into the order of the frames and written down.

use super::Shared;
use super::finds::{Alert, Dropping, FlowThen, Over, Pseudo, Record, ShardOut, Told, What};
use super::limits::{Limits, Logged};
use super::parsed::Parsed;
use crate::detect::Note;
use crate::detect::state::Found;
use crate::error::Result;
use crate::files::Piece;
use crate::flow::community;
use crate::flow::record::FlowRecord;
use crate::frame::{Addr, Frame, TimeUnit};
use crate::identify::Identities;
use crate::packet::{Layer, NONE, Packet};
use crate::plan::{self, Table};
use crate::stream::StreamEvents;
use crate::table::capture::{self, Chunk};
use crate::table::columns::{Alerts, Anomalies, Flows, Packets};
use crate::table::counters::Decided;
use crate::table::eve::{Context, Dropped, Ended, Eve, FlowNow, InTransaction, Matched, Names, Quote, Tunnel};
use crate::table::fast::Fast;
use crate::table::json::escape_bytes;
use crate::table::lines::Lines;
use crate::table::pcap;
use crate::table::stats;
use crate::table::summary::Summary;
use crate::table::text::Clock;
use crate::time::{Nanos, SECOND};
use arrow_array::RecordBatch;
use std::sync::Arc;

/// What came out of the engine.
#[derive(Debug, Default)]
pub struct Output {
    /// Alerts.
    pub alerts: u64,
    /// EVE lines, of each section.
    pub eve: Vec<Vec<u8>>,
    /// fast.log lines.
    pub fast: Vec<u8>,
    /// The table of Suricata's counters, at the end of the run.
    pub stats_log: Vec<u8>,
    /// A piece of a capture of the innermost packets.
    pub capture: Chunk,
    /// Lines of packets.
    pub lines: Vec<u8>,
    /// Packets that have a line.
    pub shown: u64,
    /// Pieces of files that are stored.
    pub files: Vec<Piece>,
    /// A pcap of the frames that made the engine panic; empty on every good day.
    pub quarantine: Vec<u8>,
}

/// State of the last stage.
pub(super) struct Merger {
    packets: Packets,
    flows: Flows,
    alerts: Alerts,
    anomalies: Anomalies,
    eve: Vec<Eve>,
    fast: Fast,
    output: Output,
    lines: Option<Lines>,
    /// By packet of the batch: it is not to be shown. Empty where all are.
    hidden: Vec<bool>,
    /// Once there was a batch to capture, which says how finely times are told.
    capture: Option<capture::Writer>,
    events: Vec<Event>,
    limits: Limits,
    /// The batch's alerts.
    logged: Vec<Logged>,
    flow_ids: Vec<Option<u64>>,
    /// The batch's ICMP errors and the flows that they are about, by row.
    related: Vec<(u32, u64)>,
    /// Rows of the packets table so far, and by packet of the batch its row there.
    rows_before: i64,
    rows: Vec<Option<i64>>,
    /// Time of the first frame.
    began: Option<Nanos>,
}

/// What is to be written, in the order of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    row: u32,
    kind: Kind,
    shard: u8,
    index: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// An alert on what was left of a flow's stream.
    Last,
    /// What a transaction had to tell at the flow's end.
    LastRecord,
    /// A flow that was over when the packet came.
    Ended,
    /// What there is to tell besides alerts.
    Told,
    Arp,
    Alert,
    Record,
}

impl Merger {
    /// For the outputs that are wanted; `names` are those of what rules note.
    ///
    /// # Errors
    /// `Error::Config` for a column that is none.
    pub fn new(outputs: &plan::Outputs, names: Names) -> Result<Self> {
        let names = Arc::new(names);
        Ok(Self {
            packets: Packets::default(),
            flows: Flows::default(),
            alerts: Alerts::default(),
            anomalies: Anomalies::default(),
            eve: outputs.eve.iter().map(|section| Eve::new(section, &names)).collect(),
            fast: Fast::default(),
            output: Output::default(),
            lines: outputs.lines.as_ref().map(Lines::new).transpose()?,
            hidden: Vec::new(),
            capture: None,
            events: Vec::new(),
            limits: Limits::default(),
            logged: Vec::new(),
            flow_ids: Vec::new(),
            related: Vec::new(),
            rows_before: 0,
            rows: Vec::new(),
            began: None,
        })
    }

    /// What became of the rules' matches so far.
    pub fn decided(&self) -> Decided {
        self.limits.decided()
    }

    /// What was written as a capture so far, where one is.
    pub fn captured(&self) -> Option<capture::Counts> {
        self.capture.as_ref().map(capture::Writer::counts)
    }

    pub fn take(&mut self) -> Output {
        let capture = self.capture.as_mut().map(capture::Writer::take).unwrap_or_default();
        let eve = self.eve.iter_mut().map(Eve::take).collect();
        Output { eve, capture, ..std::mem::take(&mut self.output) }
    }

    /// The rows of a table since the last call.
    ///
    /// # Errors
    /// `Error::Internal` where the columns are not of one length.
    pub fn take_table(&mut self, table: Table) -> Result<RecordBatch> {
        match table {
            Table::Packets => self.packets.finish(),
            Table::Flows => self.flows.finish(),
            Table::Alerts => self.alerts.finish(),
            Table::Anomalies => self.anomalies.finish(),
        }
    }

    /// Write what a batch gave.
    pub fn batch(&mut self, shared: &Shared, parsed: &Parsed, outs: &[ShardOut], identities: &Identities) {
        self.began = self.began.or(parsed.clocks.first().copied());
        self.limits.decide(shared, parsed, outs, &mut self.logged);
        self.output.alerts += self.logged.len() as u64;
        for (frame, bytes) in outs.iter().flat_map(|out| &out.lost).filter_map(|&row| {
            let frame = parsed.batch.frames.get(parsed.packets.get(row as usize)?.frame as usize)?;
            Some((frame, parsed.batch.bytes(frame)))
        }) {
            self.quarantine(frame, bytes);
        }
        self.hide(parsed, outs);
        self.related.clear();
        self.related.extend(outs.iter().flat_map(|out| &out.related));
        self.related.sort_unstable();
        if shared.outputs.pcap {
            self.capture(shared, parsed, identities);
        }
        if shared.wants_flow_ids {
            self.flow_ids(parsed, outs);
        }
        if shared.outputs.wants(Table::Packets) {
            self.table(parsed, identities);
        }
        if self.lines.is_some() {
            self.lines(parsed, identities);
        }
        self.collect(shared, parsed, outs);
        for event in std::mem::take(&mut self.events) {
            self.event(shared, parsed, outs, identities, event);
        }
    }

    /// Note which packets are not to be shown.
    fn hide(&mut self, parsed: &Parsed, outs: &[ShardOut]) {
        self.hidden.clear();
        for &row in outs.iter().flat_map(|out| &out.hidden) {
            self.hidden.resize(parsed.packets.len(), false);
            if let Some(hidden) = self.hidden.get_mut(row as usize) {
                *hidden = true;
            }
        }
    }

    /// Note what is to be written, and put it in order.
    fn collect(&mut self, shared: &Shared, parsed: &Parsed, outs: &[ShardOut]) {
        let outputs = &shared.outputs;
        let hidden = &self.hidden;
        self.events.clear();
        for (shard, out) in outs.iter().enumerate() {
            let event = |row, kind, index| Event { row, kind, shard: shard as u8, index: index as u32 };
            let records = out.records.iter().enumerate();
            self.events.extend(records.filter(|(_, record)| is_shown(hidden, record.row as usize)).map(
                |(i, record)| {
                    event(record.row, if record.pseudo.is_some() { Kind::LastRecord } else { Kind::Record }, i)
                },
            ));
            if shared.wants_flows {
                self.events.extend(out.ended.iter().enumerate().map(|(i, over)| event(over.row, Kind::Ended, i)));
            }
        }
        if outputs.wants_eve(|eve| eve.alert.is_some()) || outputs.fast || outputs.wants(Table::Alerts) {
            let shown = (0..).zip(&self.logged).filter(|(_, logged)| is_shown(hidden, logged.row as usize));
            let event = |(index, logged): (u32, &Logged)| Event {
                row: logged.row,
                kind: if logged.pseudo { Kind::Last } else { Kind::Alert },
                shard: logged.shard,
                index,
            };
            self.events.extend(shown.map(event));
        }
        let packets = parsed.packets.iter().enumerate();
        let shown = packets.filter(|(row, packet)| !is_refused(packet) && is_shown(hidden, *row));
        let event = |row, kind| Event { row: row as u32, kind, shard: 0, index: 0 };
        if outputs.wants_eve(|eve| eve.anomaly.is_some()) || outputs.wants(Table::Anomalies) {
            let odd = shown.clone().filter(|(_, packet)| !packet.anomalies.is_empty());
            self.events.extend(odd.map(|(row, _)| event(row, Kind::Told)));
        }
        let told = outs.iter().flat_map(|out| &out.told).filter(|told| is_shown(hidden, told.row as usize));
        self.events.extend(told.map(|told| event(told.row as usize, Kind::Told)));
        if outputs.wants_eve(|eve| eve.arp) {
            let arp = shown.filter(|(_, packet)| packet.layer == Layer::Arp);
            self.events.extend(arp.map(|(row, _)| event(row, Kind::Arp)));
        }
        self.events.sort_unstable();
        self.events.dedup();
    }

    fn event(&mut self, shared: &Shared, parsed: &Parsed, outs: &[ShardOut], identities: &Identities, event: Event) {
        let Some(packet) = parsed.packets.get(event.row as usize) else { return };
        let out = outs.get(usize::from(event.shard));
        let index = event.index as usize;
        match event.kind {
            Kind::Ended => {
                let Some(over) = out.and_then(|out| out.ended.get(index)) else { return };
                let clock = parsed.clocks.get(over.row as usize).copied().unwrap_or(packet.time);
                self.flow(shared, clock, over, identities);
            }
            Kind::Told => {
                let told = outs.iter().find_map(|out| out.told_of(event.row));
                self.told(shared, parsed, (event.row, packet), told, identities);
            }
            Kind::Arp => {
                let at = context(parsed, packet, None);
                self.eve.iter_mut().for_each(|eve| eve.arp(&at, identities));
            }
            Kind::LastRecord | Kind::Record => {
                let Some(record) = out.and_then(|out| out.records.get(index)) else { return };
                let at = record.pseudo.as_deref().map_or_else(|| context(parsed, packet, None), Pseudo::context);
                self.record(shared, &at, record, identities);
            }
            Kind::Last | Kind::Alert => {
                let Some(logged) = self.logged.get(index).copied() else { return };
                let Some(alert) = out.and_then(|out| out.alerts.get(logged.index as usize)) else { return };
                let at = alert.pseudo.as_deref().map_or_else(
                    || Context { quote: self.quote(parsed, event.row, packet), ..context(parsed, packet, None) },
                    Pseudo::context,
                );
                self.alert(shared, &at, alert, logged, identities);
            }
        }
    }

    /// What there is to tell of a packet besides alerts: what is wrong with it, that a tag asks for it, that it is
    /// dropped.
    fn told(
        &mut self,
        shared: &Shared,
        parsed: &Parsed,
        (row, packet): (u32, &Packet),
        told: Option<&Told>,
        identities: &Identities,
    ) {
        let flow = told.and_then(|told| told.flow.as_ref());
        let id = flow.map(|flow| flow_community(shared, flow, packet)).unwrap_or_default();
        let flow = flow.map(|flow| FlowNow { community_id: &id, ..flow.now() });
        let events = told.map(|told| told.events).unwrap_or_default();
        let strange = told.and_then(|told| told.strange);
        let at = Context { quote: self.quote(parsed, row, packet), events, strange, ..context(parsed, packet, flow) };
        self.anomalies(shared, &at, identities);
        if told.is_some_and(|told| told.tagged) {
            self.eve.iter_mut().for_each(|eve| eve.packet(&at, identities));
        }
        if told.is_some_and(|told| told.has_variables) {
            self.eve.iter_mut().for_each(|eve| eve.variables(&at, identities));
        }
        if let Some(Dropping { rule, first }) = told.and_then(|told| told.dropped) {
            let rule = rule.and_then(|rule| shared.plan_rules.get(rule as usize));
            let dropped = Dropped { reason: if first { "rules" } else { "flow drop" }, rule, first };
            self.eve.iter_mut().for_each(|eve| eve.drop(&at, &dropped, identities));
        }
    }

    fn anomalies(&mut self, shared: &Shared, at: &Context<'_>, identities: &Identities) {
        self.eve.iter_mut().for_each(|eve| eve.anomalies(at, identities));
        if shared.outputs.wants(Table::Anomalies) {
            self.anomalies.push(at, identities);
        }
    }

    fn alert(&mut self, shared: &Shared, at: &Context<'_>, alert: &Alert, logged: Logged, identities: &Identities) {
        let Some(rule) = shared.plan_rules.get(alert.rule as usize) else { return };
        let packet = at.packet;
        let flow = alert.flow.as_ref();
        let id = flow.map(|flow| flow_community(shared, flow, packet)).unwrap_or_default();
        let flow = flow.map(|flow| FlowNow { community_id: &id, ..flow.now() });
        let at = Context { flow, ..*at };
        let (action, inline) = (logged.action.unwrap_or(rule.action), shared.outputs.inline);
        let stream = alert.in_stream.then_some(alert.data.as_deref().unwrap_or_default());
        let notes = alert.notes.iter().filter_map(|note| noted(&shared.datasets, note)).collect::<Vec<_>>();
        let frame = alert.frame.as_deref().unwrap_or_default();
        let matched = Matched { action, stream, inline, context: &notes, frame, ..Matched::of(rule) };
        for (section, eve) in self.eve.iter_mut().enumerate() {
            let transaction = alert.transaction.as_deref().map(|seen| InTransaction {
                number: seen.number,
                guessed: seen.guessed,
                progress: seen.progress,
                members: seen.members.get(section).map(Vec::as_slice).unwrap_or_default(),
            });
            let client = alert.clients.get(section).copied().flatten();
            eve.alert(&at, &Matched { transaction, client, ..matched }, identities);
        }
        if shared.outputs.fast {
            self.fast.alert(&mut self.output.fast, packet, &matched);
        }
        if shared.outputs.wants(Table::Alerts) {
            self.alerts.push(&at, &matched, identities);
        }
    }

    /// What a transaction has to tell.
    fn record(&mut self, shared: &Shared, at: &Context<'_>, record: &Record, identities: &Identities) {
        let id = flow_community(shared, &record.flow, at.packet);
        let at = Context { flow: Some(FlowNow { community_id: &id, ..record.flow.now() }), ..*at };
        match &record.what {
            What::Event { section, event, client } => {
                let section = self.eve.get_mut(*section).into_iter();
                section.for_each(|eve| eve.transaction(&at, (event, *client), identities));
            }
            What::Piece(piece) => self.output.files.push(piece.clone()),
            What::Strange(strange) => {
                let at = Context { strange: Some(*strange), ..at };
                self.eve.iter_mut().for_each(|eve| eve.anomalies(&at, identities));
            }
            What::Anomaly { protocol, name, number } => {
                self.eve.iter_mut().for_each(|eve| eve.odd_transaction(&at, protocol, name, *number, identities));
            }
        }
    }

    fn flow(&mut self, shared: &Shared, clock: Nanos, over: &Over, identities: &Identities) {
        let flow = &over.flow;
        let alerted = self.limits.was_alerted(shared, flow.id, flow.alerted);
        if over.unlogged {
            return;
        }
        let flow = &FlowRecord { alerted, ..*flow };
        let id = community(shared, (&flow.src, &flow.dst), (flow.sport, flow.dport), flow.proto, flow.ip);
        let (noted, sighted) = (over.vars.as_deref(), over.sighted.as_ref());
        let ended = Ended {
            time: clock,
            flow,
            community_id: &id,
            session: over.session,
            noted,
            sighted,
            application: over.application,
            transactions: over.transactions,
        };
        self.eve.iter_mut().for_each(|eve| eve.flow(&ended, identities));
        if shared.outputs.wants(Table::Flows) {
            self.flows.push(flow, &id, identities);
        }
    }

    /// Write flows that ended without a packet.
    pub fn ended(&mut self, shared: &Shared, clock: Nanos, out: &ShardOut, identities: &Identities) {
        self.limits.decide(shared, &Parsed::default(), std::slice::from_ref(out), &mut self.logged);
        self.output.alerts += self.logged.len() as u64;
        for logged in std::mem::take(&mut self.logged) {
            let alert = out.alerts.get(logged.index as usize);
            if let Some((alert, at)) = alert.and_then(|alert| Some((alert, alert.pseudo.as_deref()?.context()))) {
                self.alert(shared, &at, alert, logged, identities);
            }
        }
        for record in &out.records {
            if let Some(pseudo) = &record.pseudo {
                self.record(shared, &pseudo.context(), record, identities);
            }
        }
        if shared.wants_flows {
            out.ended.iter().for_each(|over| self.flow(shared, clock, over, identities));
        }
    }

    /// The end of a run: write the statistics event.
    pub fn stats(&mut self, shared: &Shared, clock: Nanos, summary: &Summary<'_>, identities: &Identities) {
        let uptime = (clock.saturating_sub(self.began.unwrap_or(clock)) / SECOND).unsigned_abs();
        self.eve.iter_mut().for_each(|eve| eve.stats(clock, uptime, summary, identities));
        if shared.outputs.stats_log {
            stats::log(&mut self.output.stats_log, &mut Clock::default(), clock, uptime, &stats::groups(summary));
        }
        if shared.outputs.pcap {
            self.writer(shared, TimeUnit::default()).finish(clock);
        }
        if let Some(lines) = &mut self.lines {
            lines.begin(&mut self.output.lines);
        }
    }

    fn writer(&mut self, shared: &Shared, unit: TimeUnit) -> &mut capture::Writer {
        let new = || capture::Writer::new(shared.outputs.capture.clone(), shared.capture_filter.clone(), unit);
        self.capture.get_or_insert_with(new)
    }

    /// Append the innermost packets to the capture, or the outermost ones.
    fn capture(&mut self, shared: &Shared, parsed: &Parsed, identities: &Identities) {
        let hidden = std::mem::take(&mut self.hidden);
        let outermost = shared.outputs.capture.frames;
        let writer = self.writer(shared, parsed.batch.unit);
        for (row, packet) in of_frames(&parsed.packets, outermost).filter(|(row, _)| is_shown(&hidden, *row)) {
            let clock = parsed.clocks.get(row).copied().unwrap_or(packet.time);
            writer.packet(packet, packet.padded_bytes(&parsed.batch.slab), clock, identities);
        }
        self.hidden = hidden;
    }

    /// What an ICMP error quotes, and its flow.
    #[inline]
    fn quote(&self, parsed: &Parsed, row: u32, packet: &Packet) -> Option<Quote> {
        let packet = parsed.quoted(packet)?;
        let at = self.related.binary_search_by_key(&row, |(row, _)| *row).ok();
        Some(Quote { packet, flow: at.and_then(|at| self.related.get(at)).map(|(_, id)| *id) })
    }

    /// Put the flows' numbers by packet.
    fn flow_ids(&mut self, parsed: &Parsed, outs: &[ShardOut]) {
        self.flow_ids.clear();
        self.flow_ids.resize(parsed.packets.len(), None);
        for &(row, id) in outs.iter().flat_map(|out| &out.flow_ids) {
            if let Some(slot) = self.flow_ids.get_mut(row as usize) {
                *slot = Some(id);
            }
        }
    }

    /// Append the packets to their table; a parent is named by its row there.
    fn table(&mut self, parsed: &Parsed, identities: &Identities) {
        self.rows.clear();
        for (row, packet) in parsed.packets.iter().enumerate() {
            let shown = is_shown(&self.hidden, row) && !is_refused(packet);
            self.rows.push(shown.then_some(self.rows_before));
            if shown {
                let flow = FlowThen::of_row(&self.flow_ids, row);
                let parent = self.rows.get(packet.parent as usize).copied().flatten();
                let at = context(parsed, packet, flow.as_ref().map(FlowThen::now));
                let at = Context { quote: self.quote(parsed, row as u32, packet), ..at };
                self.packets.push(&at, parent, identities);
                self.rows_before += 1;
            }
        }
    }

    /// Append the packets' lines.
    fn lines(&mut self, parsed: &Parsed, identities: &Identities) {
        let Some(mut lines) = self.lines.take() else { return };
        lines.begin(&mut self.output.lines);
        for (row, packet) in parsed.packets.iter().enumerate() {
            if is_shown(&self.hidden, row) && !is_refused(packet) {
                let flow = FlowThen::of_row(&self.flow_ids, row);
                let at = context(parsed, packet, flow.as_ref().map(FlowThen::now));
                lines.packet(&mut self.output.lines, &at, identities);
            }
        }
        self.output.shown = lines.shown;
        self.lines = Some(lines);
    }

    /// Keep a frame that made the engine panic.
    pub fn quarantine(&mut self, frame: &Frame, bytes: &[u8]) {
        let out = &mut self.output.quarantine;
        if out.is_empty() {
            pcap::header(out, TimeUnit::Nanos);
        }
        let Frame { time, link, original, captured, .. } = *frame;
        let packet = Packet { time, link, original, captured, ..Packet::EMPTY };
        pcap::record(out, TimeUnit::Nanos, &packet, bytes);
    }
}

/// The packet's frame was refused, or is of use for its datagram only.
pub(super) fn is_refused(packet: &Packet) -> bool {
    packet.left_out || is_unidentified(packet)
}

/// The packet came through an identity that was refused.
pub(super) fn is_unidentified(packet: &Packet) -> bool {
    packet.wrap != NONE && packet.identity == NONE
}

/// The innermost packet of each frame, or the outermost, and its row, but for refused ones; of a datagram in fragments,
/// the fragments.
fn of_frames(packets: &[Packet], outermost: bool) -> impl Iterator<Item = (usize, &Packet)> {
    let mut packets = packets.iter().enumerate().filter(|(_, packet)| !packet.defragmented).peekable();
    let found = std::iter::from_fn(move || {
        let first = packets.next()?;
        let of_frame = |(_, packet): &(usize, &Packet)| packet.frame == first.1.frame;
        let last = std::iter::from_fn(|| packets.next_if(of_frame)).last();
        Some(last.filter(|_| !outermost).unwrap_or(first))
    });
    found.filter(|(_, packet)| !is_refused(packet))
}

/// Whether a packet is shown: none is noted where all are.
fn is_shown(hidden: &[bool], row: usize) -> bool {
    !hidden.get(row).copied().unwrap_or_default()
}

/// A note as it stands in an alert's context: its key, and its value in JSON.
fn noted(datasets: &[plan::Dataset], note: &Note) -> Option<(String, String)> {
    match note {
        Note::Set(Found { set, row }) => {
            let set = datasets.get(*set as usize)?;
            let context = set.contexts.get((*row)? as usize)?;
            Some((set.context_key.clone(), String::from_utf8_lossy(context).into_owned()))
        }
        Note::Text(name, text) => {
            let mut json = vec![b'"'];
            escape_bytes(&mut json, text);
            json.push(b'"');
            Some((name.to_string(), String::from_utf8_lossy(&json).into_owned()))
        }
    }
}

/// A packet and what is known around it.
pub(super) fn context<'a>(parsed: &'a Parsed, packet: &'a Packet, flow: Option<FlowNow<'a>>) -> Context<'a> {
    Context {
        frame: parsed.number(packet),
        pseudo: "",
        packet,
        bytes: packet.padded_bytes(&parsed.batch.slab),
        events: StreamEvents::EMPTY,
        strange: None,
        wrap: parsed.wrap(packet),
        tunnel: Tunnel::around(packet, &parsed.packets),
        note: parsed.note(packet),
        flow,
        quote: None,
        instead: [None; 2],
        macs: None,
    }
}

fn flow_community(shared: &Shared, flow: &FlowThen, packet: &Packet) -> String {
    let c = &flow.counters;
    community(shared, (&c.src, &c.dst), (c.sport, c.dport), packet.proto, packet.ip)
}

/// Empty where no one wants it.
fn community(shared: &Shared, hosts: (&Addr, &Addr), ports: (u16, u16), proto: u8, ip: u8) -> String {
    if !shared.wants_community_id {
        return String::new();
    }
    let seed = shared.flow.community_id_seed;
    let id = community::community_id(seed, ip, proto, hosts.0, hosts.1, ports.0, ports.1);
    String::from_utf8_lossy(&id).into_owned()
}
