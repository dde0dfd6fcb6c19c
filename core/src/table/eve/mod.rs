//! EVE: one JSON object a line, named as Suricata 9 names things, with the mirror object added.

mod alert;
mod anomaly;
mod arp;
mod dns;
mod drop;
mod files;
mod flow;
mod frame;
mod ftp;
mod header;
mod http;
mod http2;
mod kin;
mod netflow;
mod payload;
mod sighted;
mod ssh;
mod stats;
mod tls;
mod transaction;
mod transport;
mod xff;

use crate::app::{Conversation, Event};
use crate::decode::Quoted;
use crate::detect::state::FlowVars;
use crate::flow::record::FlowRecord;
use crate::frame::{Addr, Outer};
use crate::identify::Identities;
use crate::packet::{MAX_VLANS, Packet, Wrap, proto};
use crate::plan::{self, Action, DropFlows, Rule};
use crate::stream::{SessionFacts, StreamEvents};
use crate::table::json::{Json, number};
use crate::table::mirror::Mirrors;
use crate::table::summary::Summary;
use crate::table::text::{self, Clock};
use crate::table::tunnel::Noted;
use crate::time::Nanos;
use crate::wire::ethernet::Mac;
use std::sync::Arc;

pub use frame::{FRAME, ShownFrame, frame_members};
pub use sighted::Sighted;
pub use transaction::{Along, TransactionEvent, ended_files, events, files_of, members};
pub use xff::client;

/// A flow at the moment of an event, oriented client to server; index 0 of a pair is to the server.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct FlowNow<'a> {
    pub id: u64,
    /// The packet goes to the server.
    pub to_server: bool,
    pub src: Addr,
    pub dst: Addr,
    pub sport: u16,
    pub dport: u16,
    pub start: Nanos,
    /// This packet included.
    pub packets: [u64; 2],
    /// Captured bytes, this packet included.
    pub bytes: [u64; 2],
    /// Community ID where it is wanted, else empty.
    pub community_id: &'a str,
    /// What rules remember of it, where they do.
    pub noted: Option<&'a FlowVars>,
    /// What it speaks, as far as that is known.
    pub application: Conversation,
}

/// A rule that matched, and what is told with it.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What is done, by the rule or by a limit that changes it.
    pub action: Action,
    /// What is stored of the stream that it matched in; `None` where it matched in the packet.
    pub stream: Option<&'a [u8]>,
    /// Packets are really dropped.
    pub inline: bool,
    /// What datasets and captures tell: keys, and values in JSON.
    pub context: &'a [(String, String)],
    /// The transaction that it matched in.
    pub transaction: Option<InTransaction<'a>>,
    /// The frame that it matched in: members of the event.
    pub frame: &'a [u8],
    /// The client as proxies name it, where that is wanted.
    pub client: Option<Addr>,
}

impl<'a> Matched<'a> {
    /// A rule that matched in the packet, and nothing with it.
    pub fn of(rule: &'a Rule) -> Self {
        Self {
            rule,
            action: rule.action,
            stream: None,
            inline: false,
            context: &[],
            transaction: None,
            frame: &[],
            client: None,
        }
    }
}

/// A transaction as alerts show it.
#[derive(Debug, Clone, Copy)]
pub struct InTransaction<'a> {
    /// Its number in the flow.
    pub number: u64,
    /// It is the only one that the alert can be about.
    pub guessed: bool,
    /// How far it got to the server and to the client.
    pub progress: [&'static str; 2],
    /// What it says: members of the event.
    pub members: &'a [u8],
}

/// A packet that an inline engine drops.
#[derive(Debug, Clone, Copy)]
pub struct Dropped<'a> {
    /// Why, in Suricata's words.
    pub reason: &'a str,
    /// The rule that dropped it, where one did.
    pub rule: Option<&'a Rule>,
    /// The first of its flow.
    pub first: bool,
}

/// A flow that ended, and what is known beside its record.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// The engine's clock.
    pub time: Nanos,
    /// The flow.
    pub flow: &'a FlowRecord,
    /// Community ID where it is wanted, else empty.
    pub community_id: &'a str,
    /// Its session; `None` where it never made one, or where streams are not put together.
    pub session: Option<SessionFacts>,
    /// What rules remembered of it.
    pub noted: Option<&'a FlowVars>,
    /// What its packets showed, where that is wanted.
    pub sighted: Option<&'a Sighted>,
    /// What it spoke.
    pub application: Conversation,
    /// How many transactions it had.
    pub transactions: u64,
}

/// The outermost packet around one; its ports are of use where its protocol has ports.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Tunnel {
    pub src: Addr,
    pub dst: Addr,
    pub sport: u16,
    pub dport: u16,
    pub proto: u8,
    /// How many packets are around it.
    pub depth: u8,
}

impl Tunnel {
    /// What is around a packet, by the packets of its batch; none for an outermost one.
    pub fn around(packet: &Packet, packets: &[Packet]) -> Option<Self> {
        let mut outer = around(packet, packets)?;
        // A parent stands before its children, so this ends.
        while let Some(further) = around(outer, packets) {
            outer = further;
        }
        let Packet { src, dst, sport, dport, proto, .. } = *outer;
        Some(Self { src, dst, sport, dport, proto, depth: packet.depth })
    }

    /// What is around a packet that came through a socket, `depth` packets deep.
    pub fn socket(outer: &Outer, depth: u8) -> Self {
        Self { src: outer.src, dst: outer.dst, sport: outer.sport, dport: outer.dport, proto: proto::UDP, depth }
    }
}

/// The packet around one. A datagram's parent is the fragment that completed it: what is around the one is around both.
fn around<'a>(packet: &Packet, packets: &'a [Packet]) -> Option<&'a Packet> {
    let parent = packets.get(packet.parent as usize)?;
    if packet.defragmented { packets.get(parent.parent as usize) } else { Some(parent) }
}

/// A packet and what is known around it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Its frame's number in the run, from 1; 0: it was not received and has no frame.
    pub frame: u64,
    /// What it is where it was not received, as `pkt_src` says it.
    pub pseudo: &'static str,
    /// The packet.
    pub packet: &'a Packet,
    /// Its bytes, the link's padding included.
    pub bytes: &'a [u8],
    /// What is odd about it in its stream.
    pub events: StreamEvents,
    /// What is odd about what its flow speaks.
    pub strange: Option<Event>,
    /// What the mirror put around it.
    pub wrap: Option<&'a Wrap>,
    /// The outermost packet around it.
    pub tunnel: Option<Tunnel>,
    /// The mirror's header that says something about it, where there is one.
    pub note: Noted<'a>,
    /// Its flow, where it has one.
    pub flow: Option<FlowNow<'a>>,
    /// What it quotes, where it is an ICMP error.
    pub quote: Option<Quote>,
    /// What stands in place of its addresses, as events show it.
    pub instead: [Option<Addr>; 2],
    /// Link addresses of its flow's client and server, where it was not received.
    pub macs: Option<[Mac; 2]>,
}

impl<'a> Context<'a> {
    /// A packet of which nothing else is known.
    pub fn of(packet: &'a Packet) -> Self {
        let events = StreamEvents::EMPTY;
        Self {
            frame: 0,
            pseudo: "",
            packet,
            bytes: &[],
            events,
            strange: None,
            wrap: None,
            tunnel: None,
            note: None,
            flow: None,
            quote: None,
            instead: [None; 2],
            macs: None,
        }
    }
}

/// The packet that an ICMP error is about.
#[derive(Debug, Clone, Copy)]
pub struct Quote {
    /// The packet, as far as it is quoted.
    pub packet: Quoted,
    /// Its flow's id, where that was seen.
    pub flow: Option<u64>,
}

/// Writes one section's events.
#[derive(Debug)]
pub struct Eve {
    settings: plan::Eve,
    names: Arc<Names>,
    clock: Clock,
    mirrors: Mirrors,
    out: Vec<u8>,
}

/// The names of what rules note, by their rows in the plan.
#[derive(Debug, Default)]
pub struct Names {
    /// Flowbits.
    pub flowbits: Vec<String>,
    /// Flowints.
    pub flowints: Vec<String>,
}

impl Eve {
    /// For what a section wants.
    pub fn new(settings: &plan::Eve, names: &Arc<Names>) -> Self {
        let (clock, mirrors) = (Clock::default(), Mirrors::default());
        Self { settings: settings.clone(), names: Arc::clone(names), clock, mirrors, out: Vec::new() }
    }

    /// The lines since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// An alert.
    pub fn alert(&mut self, at: &Context<'_>, matched: &Matched<'_>, identities: &Identities) {
        let Some(options) = self.settings.alert.clone() else { return };
        let is_client = at.flow.is_none_or(|flow| flow.to_server);
        let at = Context { instead: instead(self.settings.xff_of_alerts(), matched.client, is_client), ..*at };
        self.event(&at, "alert", identities, |json, clock, look| {
            alert::write(json, clock, look, &at, matched, &options);
        });
    }

    /// A packet that a tag asks for.
    pub fn packet(&mut self, at: &Context<'_>, identities: &Identities) {
        if self.settings.alert.as_ref().is_some_and(|alert| alert.tagged_packets) {
            self.event(at, "packet", identities, |json, _, _| payload::packet(json, at, usize::MAX));
        }
    }

    /// What rules captured of a packet.
    pub fn variables(&mut self, at: &Context<'_>, identities: &Identities) {
        if self.settings.variables {
            self.event(at, "metadata", identities, |_, _, _| {});
        }
    }

    /// A packet that an inline engine drops.
    pub fn drop(&mut self, at: &Context<'_>, dropped: &Dropped<'_>, identities: &Identities) {
        let Some(options) = self.settings.drop else { return };
        if dropped.first || options.flows == DropFlows::All {
            self.event(at, "drop", identities, |json, _, look| drop::write(json, look, at, dropped, &options));
        }
    }

    /// An ARP message.
    pub fn arp(&mut self, at: &Context<'_>, identities: &Identities) {
        if let Some(message) = arp::message(at).filter(|_| self.settings.arp) {
            self.event(at, "arp", identities, |json, _, look| arp::write(json, look, &message));
        }
    }

    /// The anomalies of a packet, one event each.
    pub fn anomalies(&mut self, at: &Context<'_>, identities: &Identities) {
        let Some(options) = self.settings.anomaly else { return };
        let own = self.settings.mirror;
        for told in anomaly::told(at, &options, own) {
            self.event(at, "anomaly", identities, |json, _, _| anomaly::write(json, at, told, &options, own));
        }
    }

    /// An event of a transaction; `client`: as proxies name it, where that is wanted.
    pub fn transaction(
        &mut self,
        at: &Context<'_>,
        (event, client): (&TransactionEvent, Option<Addr>),
        identities: &Identities,
    ) {
        let turned = turned(at, event.along);
        let xff = self.settings.xff_of_files();
        let shown = client.filter(|_| xff.is_some_and(|xff| !xff.overwrite));
        let instead = instead(xff, client, event.along != Along::ToClient);
        let at = Context { packet: &turned, instead, ..*at };
        self.event(&at, event.kind, identities, |json, _, look| {
            json.members(&event.members);
            match at.flow.as_ref().filter(|_| [files::KIND, FRAME].contains(&event.kind)) {
                Some(now) if event.kind == FRAME => flow::application(json, &now.application),
                Some(now) => json.text_if("app_proto", now.application.name().unwrap_or_default()),
                None => {}
            }
            shown.iter().for_each(|client| look.any_address(json, "xff", client));
        });
    }

    /// Something odd about a transaction.
    pub fn odd_transaction(
        &mut self,
        at: &Context<'_>,
        protocol: &'static str,
        name: &'static str,
        number: u64,
        identities: &Identities,
    ) {
        if self.settings.anomaly.is_some_and(|options| options.applayer) {
            self.event(at, "anomaly", identities, |json, _, _| {
                json.number("tx_id", number);
                anomaly::transaction(json, protocol, name);
            });
        }
    }

    /// A packet's event: its header, what `write` adds, and what all end with.
    fn event(
        &mut self,
        at: &Context<'_>,
        kind: &'static str,
        identities: &Identities,
        write: impl FnOnce(&mut Json<'_>, &mut Clock, Look),
    ) {
        let look = Look::of(&self.settings);
        let mut json = Json(&mut self.out);
        header::packet(&mut json, &mut self.clock, &self.settings, &self.names, at, kind);
        write(&mut json, &mut self.clock, look);
        if self.settings.mirror {
            self.mirrors.packet(&mut json, at.packet, at.wrap, at.note, identities);
        }
        header::end(&mut json, &self.settings);
    }

    /// A flow that ended.
    pub fn flow(&mut self, ended: &Ended<'_>, identities: &Identities) {
        if self.settings.flow {
            self.flow_event(ended, identities, None);
        }
        if self.settings.netflow {
            let [up, down] = ended.flow.packets;
            for (to_server, _) in [(true, up), (false, down)].into_iter().filter(|(_, packets)| *packets > 0) {
                self.flow_event(ended, identities, Some(to_server));
            }
        }
    }

    /// The event of a flow, or with a direction, of that alone.
    fn flow_event(&mut self, ended: &Ended<'_>, identities: &Identities, direction: Option<bool>) {
        let mut json = Json(&mut self.out);
        header::flow(&mut json, &mut self.clock, &self.settings, &self.names, ended, direction);
        match direction {
            None => flow::write(&mut json, &mut self.clock, ended),
            Some(to_server) => netflow::write(&mut json, &mut self.clock, ended, to_server),
        }
        if self.settings.mirror {
            self.mirrors.flow(&mut json, ended.flow, identities);
        }
        header::end(&mut json, &self.settings);
    }

    /// The statistics of the run at `time`, `uptime` seconds after its beginning.
    pub fn stats(&mut self, time: Nanos, uptime: u64, summary: &Summary<'_>, identities: &Identities) {
        let Some(options) = self.settings.stats else { return };
        let mut json = Json(&mut self.out);
        json.begin();
        json.plain("timestamp", |out| self.clock.eve(out, time));
        json.text("event_type", "stats");
        stats::write(&mut json, uptime, summary, &options, self.settings.mirror.then_some(identities));
        header::end(&mut json, &self.settings);
    }
}

/// What stands in place of a packet's addresses: where it is wanted, for the client, which is its source or not.
fn instead(xff: Option<&plan::Xff>, client: Option<Addr>, is_source: bool) -> [Option<Addr>; 2] {
    let client = client.filter(|_| xff.is_some_and(|xff| xff.overwrite));
    if is_source { [client, None] } else { [None, client] }
}

/// The packet with its ends as an event wants them.
fn turned(at: &Context<'_>, along: Along) -> Packet {
    let packet = *at.packet;
    let to_server = at.flow.is_none_or(|flow| flow.to_server);
    let wanted = match along {
        Along::Packet => to_server,
        Along::Flow | Along::ToServer => true,
        Along::ToClient => false,
    };
    if wanted == to_server {
        return packet;
    }
    Packet { src: packet.dst, dst: packet.src, sport: packet.dport, dport: packet.sport, ..packet }
}

fn vlans(json: &mut Json<'_>, vlans: [u16; MAX_VLANS], count: u8) {
    if count > 0 {
        json.list("vlan");
        vlans.iter().take(usize::from(count)).for_each(|&id| json.item_number(id));
        json.end_list();
    }
}

/// How a section spells addresses.
#[derive(Debug, Clone, Copy)]
struct Look {
    compressed: bool,
}

impl Look {
    fn of(settings: &plan::Eve) -> Self {
        Self { compressed: settings.ipv6_compress }
    }

    fn address(self, json: &mut Json<'_>, key: &'static str, ip: u8, address: &Addr) {
        json.plain(key, |out| match self.compressed && ip != 4 {
            true => text::compressed(out, address),
            false => text::address(out, address, ip),
        });
    }

    /// An address of whichever family.
    fn any_address(self, json: &mut Json<'_>, key: &'static str, address: &Addr) {
        self.address(json, key, text::family(address), address);
    }

    fn endpoints(self, json: &mut Json<'_>, ip: u8, src: &Addr, dst: &Addr, ports: Option<(u16, u16)>) {
        self.ends(json, (ip, src), (ip, dst), ports);
    }

    fn ends(self, json: &mut Json<'_>, (ip, src): (u8, &Addr), dst: (u8, &Addr), ports: Option<(u16, u16)>) {
        self.address(json, "src_ip", ip, src);
        if let Some((sport, _)) = ports {
            json.number("src_port", sport);
        }
        let (ip, dst) = dst;
        self.address(json, "dest_ip", ip, dst);
        if let Some((_, dport)) = ports {
            json.number("dest_port", dport);
        }
    }
}

fn protocol(json: &mut Json<'_>, proto: u8) {
    match text::protocol(proto) {
        Some(name) => json.text("proto", name),
        None => json.plain("proto", |out| number(out, proto)),
    }
}

#[cfg(test)]
mod tests;
