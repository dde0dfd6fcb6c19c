//! The mirror itself: what a source does with each packet (specification, sections 1 to 7). Pure.
//!
//! ```text
//! frame ─► ends ─► excluded? ─► sessions and their filters ─► cut ─► checksums ─► headers
//!          which sources, which direction                     └──── a copy, without its payload ────┘
//! ```
//! Each packet has one outcome for each source that it touches, or one for none; `Counts` sums them, `truth` spells them.

mod copies;
mod counts;
mod cut;
mod ends;
pub mod explain;
mod filter;
mod firewall;
mod outcome;
pub mod truth;

pub use copies::{Copies, Copy, ROOM};
pub use counts::{Counts, SessionCounts};
pub use cut::{Checksums, Cut};
pub use outcome::{Direction, Fate, Outcome, Reason, impairment};

use crate::decode::decode;
use crate::encap::{Encap, Flow, VXLAN_PORT, addr};
use crate::error::{Error, Fault, Result};
use crate::excluded::{Exclusion, exclusion};
use crate::frame::{Addr, Batch, Frame, Link};
use crate::packet::{Layer, NONE, Packet};
use crate::plan::mirror::{ExcludeNtp, MirrorPlan, TruncatedChecksum};
use crate::wire::ethernet::ethertype;
use ends::{Ends, Touch};
use filter::{Filter, Verdict};
use firewall::{Firewall, Flows};
use hashbrown::HashSet;

/// UDP port of NTP (RFC 5905).
const NTP: u16 = 123;
/// UDP and TCP port of DNS (RFC 1035).
const DNS: u16 = 53;

/// The resolver's addresses in every VPC (specification, section 2.6), for where nothing says of which VPC a packet is.
const RESOLVERS: [Addr; 2] =
    [Addr::v4([169, 254, 169, 253]), Addr([0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x53])];

/// A session, ready to copy.
#[derive(Debug)]
struct Session {
    id: String,
    vni: u32,
    filter: usize,
    encap: Encap,
    packet_length: usize,
    mtu: usize,
}

/// A source, ready to decide.
#[derive(Debug)]
struct Source {
    interface: String,
    resolvers: Vec<Addr>,
    offload: bool,
    sessions: Vec<u32>,
    inactive: String,
    firewall: Option<u32>,
    flows: Flows,
}

/// The sources of a plan, and what they did so far.
#[derive(Debug)]
pub struct Mirror {
    everything: bool,
    ends: Ends,
    sources: Vec<Source>,
    sessions: Vec<Session>,
    filters: Vec<Filter>,
    firewalls: Vec<Firewall>,
    /// Outer source and VNI of all sessions: how a copy is known.
    identities: HashSet<(Addr, u32)>,
    ntp: ExcludeNtp,
    checksums: TruncatedChecksum,
    packets: u64,
    touched: Vec<Touch>,
}

/// One packet that is looked at.
struct Seen<'a> {
    frame: &'a Frame,
    bytes: &'a [u8],
    packet: &'a Packet,
}

impl Mirror {
    /// From a plan.
    ///
    /// # Errors
    /// `Error::Config` for addresses that are none or of two families, and a VNI of more than 24 bits.
    pub fn new(plan: &MirrorPlan) -> Result<Self> {
        let sessions = plan.sessions.iter().map(|session| Session::new(session, plan)).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            everything: plan.everything,
            ends: Ends::new(&plan.sources)?,
            sources: plan.sources.iter().map(Source::new).collect::<Result<_>>()?,
            identities: sessions.iter().map(|session| (session.encap.src(), session.vni)).collect(),
            sessions,
            filters: plan.filters.iter().map(Filter::new).collect::<Result<_>>()?,
            firewalls: plan.firewalls.iter().map(Firewall::new).collect::<Result<_>>()?,
            ntp: plan.exclude_ntp,
            checksums: plan.truncated_checksum,
            packets: 0,
            touched: Vec::new(),
        })
    }

    /// Decide on one frame of the batch, the next of its source: copies and outcomes are appended.
    pub fn frame(&mut self, batch: &Batch, frame: &Frame, copies: &mut Copies, outcomes: &mut Vec<Outcome>) {
        self.packets += 1;
        let bytes = batch.bytes(frame);
        let mut packet = Packet { captured: frame.captured, original: frame.original, ..Packet::EMPTY };
        decode(bytes, frame.link, &mut packet);
        let seen = Seen { frame, bytes, packet: &packet };
        let mut blank = Outcome { packet: self.packets, ..Outcome::BLANK };
        if self.everything {
            self.copy(&seen, 0, &mut blank, copies);
            outcomes.push(blank);
            return;
        }
        let mut touched = std::mem::take(&mut self.touched);
        self.ends.touched(seen.packet, seen.link_addresses(), &mut touched);
        if touched.is_empty() {
            outcomes.push(blank);
        }
        for &Touch { source, direction } in &touched {
            // Where it stays, as copying what was just written costs as much as deciding.
            outcomes.push(Outcome { source, direction: Some(direction), ..blank });
            if let Some(outcome) = outcomes.last_mut() {
                self.at_source(&seen, direction, outcome, copies);
            }
        }
        self.touched = touched;
    }

    /// A source's interface, where it has that index.
    pub fn interface(&self, source: u32) -> Option<&str> {
        self.sources.get(source as usize).map(|source| source.interface.as_str())
    }

    /// Why a source has no active session.
    pub fn inactive(&self, source: u32) -> &str {
        self.sources.get(source as usize).map_or("", |source| &source.inactive)
    }

    /// A session's id and VNI.
    pub fn session(&self, session: u32) -> Option<(&str, u32)> {
        self.sessions.get(session as usize).map(|session| (session.id.as_str(), session.vni))
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The address that a session's copies come from.
    pub fn outer_source(&self, session: u32) -> Option<Addr> {
        self.sessions.get(session as usize).map(|session| session.encap.src())
    }

    /// The id of the rule that decided.
    pub fn rule(&self, outcome: &Outcome) -> Option<&str> {
        let session = self.sessions.get(outcome.session as usize)?;
        self.filters.get(session.filter)?.rule(outcome.direction?, outcome.rule)
    }

    /// Decide at the outcome's source.
    fn at_source(&mut self, seen: &Seen<'_>, direction: Direction, outcome: &mut Outcome, copies: &mut Copies) {
        let Some(source) = self.sources.get_mut(outcome.source as usize) else { return };
        let packet = seen.packet;
        let resolver = source.is_resolver_traffic(packet);
        let excluded = if is_copy(seen, &self.identities) {
            Some(Reason::MirroredCopy)
        } else {
            // What goes to the resolver and back passes by security groups and ACLs.
            let firewall = source.firewall.filter(|_| !resolver).and_then(|index| self.firewalls.get(index as usize));
            let dropped = || firewall?.drops(&mut source.flows, packet, seen.bytes, direction);
            excluded(packet, self.ntp).or_else(dropped)
        };
        if let Some(reason) = excluded {
            (outcome.fate, outcome.reason) = (Fate::Excluded, reason);
            return;
        }
        if source.sessions.is_empty() {
            (outcome.fate, outcome.reason) = (Fate::NoSession, Reason::Inactive);
            return;
        }
        let asked = (packet, direction, resolver);
        let (session, verdict) = decide(&source.sessions, &self.sessions, &self.filters, asked);
        verdict.write(session, outcome);
        if outcome.fate == Fate::Mirrored {
            self.copy(seen, session, outcome, copies);
        }
    }

    /// Append the copy, cut and with its headers.
    #[inline]
    fn copy(&self, seen: &Seen<'_>, index: u32, outcome: &mut Outcome, copies: &mut Copies) {
        let Some(session) = self.sessions.get(index as usize) else { return };
        let source = self.sources.get(outcome.source as usize);
        let resolvers = source.map_or(&RESOLVERS[..], |source| &source.resolvers);
        let flow = Flow::of(seen.packet, seen.bytes, is_answer_of(resolvers, seen.packet));
        let cut = Cut::new(seen.frame, session.packet_length, session.mtu);
        let offloaded = outcome.direction == Some(Direction::Egress) && source.is_some_and(|source| source.offload);
        let mode = if offloaded && cut.by_mirror() { self.checksums } else { TruncatedChecksum::Kept };
        let checksums = Checksums::of(seen.packet, seen.bytes, cut.body, mode);
        outcome.session = index;
        let place = copies::Place { source: outcome.source, session: index };
        if !copies.push(place, seen.frame, seen.bytes, &session.encap, flow, &cut, &checksums) {
            (outcome.fate, outcome.reason) = (Fate::Skipped, Reason::TooLarge);
            return;
        }
        (outcome.fate, outcome.copies, outcome.checksum) = (Fate::Mirrored, 1, checksums.action());
        (outcome.sent, outcome.cut, outcome.cut_by) = (cut.sent, cut.cut, cut.by);
    }
}

impl Seen<'_> {
    /// Destination and source MAC addresses.
    #[inline]
    fn link_addresses(&self) -> Option<(u64, u64)> {
        if self.frame.link == Link::Ethernet { ends::macs(self.bytes) } else { None }
    }
}

impl Session {
    fn new(session: &crate::plan::mirror::SourceSession, plan: &MirrorPlan) -> Result<Self> {
        let copies = &session.copies;
        let limit = |length: u32| if length == 0 { usize::MAX } else { length as usize };
        Ok(Self {
            id: session.id.clone(),
            vni: copies.vni,
            filter: session.filter as usize,
            encap: Encap::new(copies, plan.first_port)?,
            packet_length: limit(copies.packet_length),
            mtu: limit(copies.mtu),
        })
    }
}

impl Source {
    fn new(source: &crate::plan::mirror::MirrorSource) -> Result<Self> {
        Ok(Self {
            interface: source.interface.clone(),
            resolvers: source.resolvers.iter().map(|bytes| addr(bytes)).collect::<Result<_>>()?,
            offload: source.offload,
            sessions: source.sessions.clone(),
            inactive: source.inactive.clone(),
            firewall: source.firewall,
            flows: Flows::default(),
        })
    }

    /// Whether this is traffic of the VPC's resolver: UDP or TCP, port 53 at its end.
    #[inline]
    fn is_resolver_traffic(&self, packet: &Packet) -> bool {
        let asks = packet.has_ports() && packet.dport == DNS && self.resolvers.contains(&packet.dst);
        asks || is_answer_of(&self.resolvers, packet)
    }
}

#[inline]
fn is_answer_of(resolvers: &[Addr], packet: &Packet) -> bool {
    packet.has_ports() && packet.sport == DNS && resolvers.contains(&packet.src)
}

/// Why this packet is never mirrored, at whatever source.
#[inline]
fn excluded(packet: &Packet, ntp: ExcludeNtp) -> Option<Reason> {
    // An ARP message that the capture cut is one all the same.
    if packet.ip == 0 && packet.ethertype == ethertype::ARP {
        return Some(Reason::Arp);
    }
    match exclusion(packet) {
        None => (ntp == ExcludeNtp::All && is_ntp(packet)).then_some(Reason::Ntp),
        Some(Exclusion::Ntp) => (ntp != ExcludeNtp::None).then_some(Reason::Ntp),
        Some(Exclusion::Arp) => Some(Reason::Arp),
        Some(Exclusion::Dhcp) => Some(Reason::Dhcp),
        Some(Exclusion::InstanceMetadata) => Some(Reason::InstanceMetadata),
        Some(Exclusion::WindowsActivation) => Some(Reason::WindowsActivation),
    }
}

fn is_ntp(packet: &Packet) -> bool {
    packet.layer == Layer::Udp && (packet.sport == NTP || packet.dport == NTP)
}

/// Whether this is a copy that one of the sessions made.
#[inline]
fn is_copy(seen: &Seen<'_>, identities: &HashSet<(Addr, u32)>) -> bool {
    let packet = seen.packet;
    if packet.layer != Layer::Udp || packet.dport != VXLAN_PORT {
        return false;
    }
    if packet.payload_captured() < 8 {
        return false; // what follows the datagram is padding
    }
    let header = seen.bytes.get(usize::from(packet.payload)..).and_then(|payload| payload.first_chunk::<8>());
    header.is_some_and(|header| {
        let &[_, _, _, _, a, b, c, _] = header;
        identities.contains(&(packet.src, u32::from_be_bytes([0, a, b, c])))
    })
}

/// What the sessions of a source, in order, make of a packet.
fn decide(sessions: &[u32], all: &[Session], filters: &[Filter], seen: (&Packet, Direction, bool)) -> (u32, Verdict) {
    let mut rejected = (NONE, Verdict::NoRule);
    for &index in sessions {
        let filter = all.get(index as usize).and_then(|session| filters.get(session.filter));
        let Some(filter) = filter else { continue };
        let verdict = filter.verdict(seen.0, seen.1, seen.2);
        match verdict {
            Verdict::Accepted(_) | Verdict::Service => return (index, verdict),
            Verdict::Rejected(_) if rejected.0 == NONE => rejected = (index, verdict),
            Verdict::NoService if rejected.0 == NONE => rejected = (NONE, verdict),
            _ => {}
        }
    }
    rejected
}

/// Refuse frames that a mirror can't have met: what it copies is Ethernet, or IP that gets an Ethernet header. `what` they
/// come from.
///
/// # Errors
/// `Error::Input` where one has another link header.
pub fn check_links(batch: &Batch, what: &str) -> Result<()> {
    if batch.frames.iter().all(|frame| matches!(frame.link, Link::Ethernet | Link::Ip | Link::Ipv4 | Link::Ipv6)) {
        return Ok(());
    }
    let why = "has frames that are neither Ethernet nor raw IP, which no network card sends";
    Err(Error::Input(Fault::new(what, why, "tmrx analyze reads them")))
}

#[cfg(test)]
mod tests;
