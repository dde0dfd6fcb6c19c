//! What a shard finds in a batch, on its way to the stage that writes it down.

use crate::app::{Conversation, Event as Strange, Talk};
use crate::detect::Note;
use crate::detect::state::FlowVars;
use crate::files::Piece;
use crate::flow;
use crate::flow::record::FlowRecord;
use crate::frame::Addr;
use crate::packet::{Layer, NONE, Packet, Wrap, proto};
use crate::plan;
use crate::stream::{SessionFacts, StreamEvents};
use crate::table::eve::{self, Context, FlowNow, Sighted, TransactionEvent};
use crate::time::Nanos;
use crate::wire::ethernet::Mac;
use std::sync::Arc;

/// A rule that matched.
#[derive(Debug, Clone)]
pub(super) struct Alert {
    /// The packet's row.
    pub row: u32,
    /// The rule's row in the plan.
    pub rule: u32,
    /// It matched in the data of the stream.
    pub in_stream: bool,
    /// The flow at that moment.
    pub flow: Option<FlowThen>,
    /// The beginning of the data that it matched in, where that is the stream's and wanted.
    pub data: Option<Arc<[u8]>>,
    /// What the rule took note of.
    pub notes: Vec<Note>,
    /// The transaction that it matched in.
    pub transaction: Option<Arc<MatchedTransaction>>,
    /// The frame that it matched in: members of the event.
    pub frame: Option<Arc<[u8]>>,
    /// By section of EVE, the client as proxies name it, where that is wanted.
    pub clients: Vec<Option<Addr>>,
    /// The packet where it is none of the batch's.
    pub pseudo: Option<Box<Pseudo>>,
}

/// A transaction as alerts show it.
#[derive(Debug)]
pub(super) struct MatchedTransaction {
    pub number: u64,
    /// The rule did not say so: it is the only one that it can be about.
    pub guessed: bool,
    /// How far it got to the server and to the client.
    pub progress: [&'static str; 2],
    /// What it says in each section of EVE.
    pub members: Vec<Vec<u8>>,
}

impl MatchedTransaction {
    pub fn new(sections: &[plan::Eve], talk: &dyn Talk, index: usize, to_server: bool) -> Option<Self> {
        let (head, body) = (talk.head(index)?, talk.body(index)?);
        let state = |to_server| talk.states(to_server).get(usize::from(head.progress(to_server))).copied();
        let progress = [true, false].map(|to_server| state(to_server).unwrap_or_default());
        let members = |section: &plan::Eve| {
            let Some(options) = section.alert.as_ref().filter(|options| options.application) else { return Vec::new() };
            let mut members = eve::members(head, body, Some(options));
            eve::files_of(&mut members, head, to_server);
            members
        };
        let members = sections.iter().map(members).collect();
        Some(Self { number: head.number, guessed: false, progress, members })
    }
}

/// What a flow's transaction has to tell.
#[derive(Debug)]
pub(super) struct Record {
    /// The packet's row.
    pub row: u32,
    /// The flow at that moment.
    pub flow: FlowThen,
    pub what: What,
    /// The packet where it is none of the batch's.
    pub pseudo: Option<Box<Pseudo>>,
}

/// One thing that a transaction has to tell, and its number in the flow.
#[derive(Debug)]
pub(super) enum What {
    /// An event of its own, for a section of EVE.
    Event { section: usize, event: TransactionEvent, client: Option<Addr> },
    /// Something odd about what its flow speaks.
    Strange(Strange),
    /// Something odd about it.
    Anomaly { protocol: &'static str, name: &'static str, number: u64 },
    /// A piece of one of its files that is stored.
    Piece(Piece),
}

/// A packet that none was received as: it stands for the end of a flow, when what was left of one direction's stream
/// was looked at under its name, or for the end of what the flow spoke before it changed its protocol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pseudo {
    pub packet: Packet,
    /// As events name it.
    pub source: &'static str,
    /// What was around the flow's first packet.
    pub wrap: Option<Wrap>,
    /// The first link address of its flow's client and server, where events show them.
    pub macs: Option<[Mac; 2]>,
}

impl Pseudo {
    pub fn new(flow: &FlowRecord, to_server: bool, time: Nanos) -> Self {
        let (mut from, mut to) = ((flow.src, flow.sport), (flow.dst, flow.dport));
        if !to_server {
            std::mem::swap(&mut from, &mut to);
        }
        let packet = Packet {
            time,
            identity: if flow.identity_count > 0 { flow.identities[0] } else { NONE },
            domain: flow.domain,
            vlans: flow.vlans,
            vlan_count: flow.vlan_count,
            ip: flow.ip,
            proto: flow.proto,
            layer: if flow.proto == proto::UDP { Layer::Udp } else { Layer::Tcp },
            src: from.0,
            dst: to.0,
            sport: from.1,
            dport: to.1,
            ..Packet::EMPTY
        };
        Self { packet, source: "stream (flow timeout)", wrap: Some(flow.wrap), macs: None }
    }

    /// For the end of what a flow spoke: to the server, when this packet of it came.
    pub fn flush(packet: &Packet, to_server: bool, wrap: Option<&Wrap>) -> Self {
        let Packet { time, identity, domain, vlans, vlan_count, ip, proto, layer, src, dst, sport, dport, .. } =
            *packet;
        let seen = Packet {
            time,
            identity,
            domain,
            vlans,
            vlan_count,
            ip,
            proto,
            layer,
            src,
            dst,
            sport,
            dport,
            ..Packet::EMPTY
        };
        let packet = if to_server { seen } else { Packet { src: dst, dst: src, sport: dport, dport: sport, ..seen } };
        Self { packet, source: "stream (detect/log)", wrap: wrap.copied(), macs: None }
    }

    /// As events show it: without a frame.
    pub fn context(&self) -> Context<'_> {
        let wrap = self.wrap.as_ref().filter(|_| self.packet.identity != NONE);
        Context { wrap, pseudo: self.source, macs: self.macs, ..Context::of(&self.packet) }
    }
}

/// A flow at the moment of an alert.
#[derive(Debug, Clone)]
pub(super) struct FlowThen {
    pub id: u64,
    pub to_server: bool,
    pub counters: flow::Counters,
    /// What rules remembered of it.
    pub vars: Option<Arc<FlowVars>>,
    /// What it speaks, as far as that is known.
    pub application: Conversation,
}

/// A packet that has events other than alerts, where they are wanted.
#[derive(Debug)]
pub(super) struct Told {
    pub row: u32,
    pub flow: Option<FlowThen>,
    /// What is odd about it in its stream.
    pub events: StreamEvents,
    /// What is odd about what its flow speaks.
    pub strange: Option<Strange>,
    /// A tag asks for it.
    pub tagged: bool,
    /// Rules captured variables of it.
    pub has_variables: bool,
    /// An inline engine drops it.
    pub dropped: Option<Dropping>,
}

/// Why a packet is dropped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dropping {
    /// The rule that did it; none where the flow was dropped before.
    pub rule: Option<u32>,
    /// The flow was not dropped before.
    pub first: bool,
}

/// A flow that is over.
#[derive(Debug)]
pub(super) struct Over {
    /// The row of the packet that came when it was.
    pub row: u32,
    pub flow: FlowRecord,
    /// Its TCP session, where there was one.
    pub session: Option<SessionFacts>,
    /// What rules remembered of it.
    pub vars: Option<Arc<FlowVars>>,
    /// What its packets showed, where that is wanted.
    pub sighted: Option<Sighted>,
    /// What it spoke.
    pub application: Conversation,
    /// How many transactions it had.
    pub transactions: u64,
    /// A rule wants no events of its end.
    pub unlogged: bool,
}

impl FlowThen {
    /// The flow of a packet of which only the number is known.
    pub fn of_row(ids: &[Option<u64>], row: usize) -> Option<Self> {
        let id = ids.get(row).copied().flatten()?;
        let (counters, application) = (flow::Counters::default(), Conversation::default());
        Some(Self { id, to_server: false, counters, vars: None, application })
    }

    /// As events show it.
    pub fn now(&self) -> FlowNow<'_> {
        let c = &self.counters;
        FlowNow {
            id: self.id,
            to_server: self.to_server,
            src: c.src,
            dst: c.dst,
            sport: c.sport,
            dport: c.dport,
            start: c.start,
            packets: c.packets,
            bytes: c.bytes,
            community_id: "",
            noted: self.vars.as_deref(),
            application: self.application,
        }
    }
}

/// What a shard found in a batch, in the order of its packets.
#[derive(Debug, Default)]
pub(super) struct ShardOut {
    pub ended: Vec<Over>,
    pub alerts: Vec<Alert>,
    pub records: Vec<Record>,
    /// Matches beyond the most that a packet may have.
    pub overflow: u64,
    /// Flow ids by row, where the packets table is wanted.
    pub flow_ids: Vec<(u32, u64)>,
    pub told: Vec<Told>,
    /// Rows of packets that are not to be shown.
    pub hidden: Vec<u32>,
    /// By row of an ICMP error the flow that it is about.
    pub related: Vec<(u32, u64)>,
    /// Rows of packets that made the stage panic.
    pub lost: Vec<u32>,
}

impl ShardOut {
    /// What it has to tell of a packet.
    pub fn told_of(&self, row: u32) -> Option<&Told> {
        let at = self.told.binary_search_by_key(&row, |told| told.row).ok()?;
        self.told.get(at)
    }
}
