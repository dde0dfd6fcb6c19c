//! Which rules a packet can concern at all, by its protocol, direction and ports.
//!
//! A rule stands in one group: under the destination ports it names, else under its source ports, else, where they are
//! many or any, under all. A packet asks three groups. (A rule for both directions stands under both of its packets'
//! ports.) Rules that are found by a literal that is rare in traffic stand under all ports: one search finds them all.
//! Groups of the same rules are one; rules for events stand apart.

use super::address::ByAddress;
use super::header::{PortSet, Sets};
use super::prefilter::{self, Candidates, Fast, Literal, Prefilter, rarity};
use super::rule::Rule;
use super::subject::Subject;
use crate::packet::{Packet, proto};
use crate::plan::{FlowDirection, Kind, RuleProtocol};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// No group: no rules.
const NONE: u32 = u32::MAX;
/// From how many ports on a rule is for all of them.
const MANY_PORTS: u32 = 4096;
/// From how many bits on a rule's literal is in so few payloads that its ports need not be asked first.
const RARE: u32 = 16;
/// The classes of protocols, as `class` numbers them.
const CLASSES: usize = 7;

/// Rules that are looked at together.
#[derive(Debug)]
struct Group {
    /// For those that have a fast pattern, be it for packets or for streams: a payload is often both.
    prefilter: Option<Box<dyn Prefilter>>,
    /// Those for packets to evaluate whatever the bytes are.
    of_packets: Box<[u32]>,
    /// And those for the data of streams.
    of_streams: Box<[u32]>,
}

impl Group {
    #[inline]
    fn scan(&self, bytes: &[u8], found: &mut Candidates) {
        if let Some(prefilter) = &self.prefilter
            && !bytes.is_empty()
        {
            prefilter.scan(bytes, found);
        }
    }
}

/// The groups of packets of one class and direction.
#[derive(Debug)]
struct Table {
    any: u32,
    by_source: Vec<(u16, u32)>,
    by_destination: Vec<(u16, u32)>,
    /// For packets whose transport header was cut off: every rule without a fast pattern.
    blind: u32,
}

/// All groups, and which are for which packets.
#[derive(Debug)]
pub(super) struct Index {
    groups: Vec<Group>,
    tables: Vec<[Table; 2]>,
    /// Rules for packets that carry an event.
    events: Box<[u32]>,
    /// Rules for addresses alone: of the first packet of each direction.
    first: ByAddress,
    entries: u32,
}

impl Index {
    /// Sort the rules into groups. `fast` gives each rule's fast pattern.
    pub(super) fn new(rules: &[Rule], fast: &[Option<Literal<'_>>], sets: &Sets) -> Self {
        let mut builder = Builder { rules, fast, sets, groups: Vec::new(), interned: HashMap::new(), entries: 0 };
        let tables = (0..CLASSES).map(|class| [true, false].map(|to_server| builder.table(class, to_server))).collect();
        let of_events = |(number, rule): (u32, &Rule)| (rule.kind == Kind::DecoderEvent).then_some(number);
        let events = (0..).zip(rules).filter_map(of_events).collect();
        let first = ByAddress::new(rules, sets, |rule| rule.kind == Kind::IpOnly);
        Self { groups: builder.groups, tables, events, first, entries: builder.entries }
    }

    /// How many entries all prefilters have.
    pub(super) fn entries(&self) -> usize {
        self.entries as usize
    }

    /// The rules that may match: those that `found` gets from the bytes, and lists of others, each ascending.
    #[inline]
    pub(super) fn candidates<'a>(&'a self, subject: &Subject<'_>, found: &mut Candidates, lists: &mut Lists<'a>) {
        if subject.is_packet() && subject.has_events() {
            lists.add(&self.events);
        }
        let first = subject.flow.is_none_or(|flow| flow.first_in_direction);
        let has_addresses = subject.is_sound() && subject.packet.ip != 0 || subject.has_network();
        if first && subject.is_packet() && has_addresses {
            self.first.candidates(subject.packet, found);
        }
        if !subject.is_sound() {
            self.of_network(subject, lists);
            found.sort();
            return;
        }
        let (payload, data) = (subject.visible_payload(), subject.stream_data());
        let searched = subject.is_packet() && data.is_some_and(|data| is_same(data.bytes, payload.bytes));
        for group in self.groups_of(subject).into_iter().filter_map(|number| self.groups.get(number as usize)) {
            if subject.is_packet() {
                group.scan(payload.bytes, found);
                lists.add(&group.of_packets);
            }
            if let Some(data) = data {
                if !searched {
                    group.scan(data.bytes, found);
                }
                lists.add(&group.of_streams);
            }
        }
        found.sort();
    }

    /// Where the transport header contradicts itself, the rules for any IP packet are asked.
    #[cold]
    fn of_network<'a>(&'a self, subject: &Subject<'_>, lists: &mut Lists<'a>) {
        let up = self.tables.get(OTHER_IP).map(|[up, _]| up.any);
        let group = up.and_then(|number| self.groups.get(number as usize));
        let Some(group) = group.filter(|_| subject.is_packet() && subject.has_network()) else { return };
        lists.add(&group.of_packets);
    }

    #[inline]
    fn groups_of(&self, subject: &Subject<'_>) -> [u32; 3] {
        let packet = subject.packet;
        let to_server = subject.flow.is_none_or(|flow| flow.to_server);
        let Some([up, down]) = self.tables.get(class(packet)) else { return [NONE; 3] };
        let table = if to_server { up } else { down };
        if subject.lost_transport() {
            [table.blind, NONE, NONE]
        } else if packet.has_ports() && !packet.fragment {
            [table.any, at(&table.by_source, packet.sport), at(&table.by_destination, packet.dport)]
        } else {
            [table.any, NONE, NONE]
        }
    }
}

/// Whether a stream's data is the packet's payload; most often they are one, or of different lengths.
#[inline]
fn is_same(data: &[u8], payload: &[u8]) -> bool {
    std::ptr::eq(data, payload) || data == payload
}

/// The group of the interval that a port is in.
#[inline]
fn at(intervals: &[(u16, u32)], port: u16) -> u32 {
    if intervals.is_empty() {
        return NONE;
    }
    let after = intervals.partition_point(|(start, _)| *start <= port);
    after.checked_sub(1).and_then(|before| intervals.get(before)).map_or(NONE, |(_, group)| *group)
}

/// The most lists that a packet has: two of each of three groups, the events', those that were found.
const LISTS: usize = 8;

/// A few ascending lists of rules.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    lists: [&'a [u32]; LISTS],
    count: usize,
}

impl<'a> Lists<'a> {
    /// One more list.
    #[inline]
    pub(super) fn add(&mut self, list: &'a [u32]) {
        if let (false, Some(slot)) = (list.is_empty(), self.lists.get_mut(self.count)) {
            *slot = list;
            self.count += 1;
        }
    }
}

impl Iterator for Lists<'_> {
    type Item = u32;

    /// The lowest of the lists' heads, each rule once.
    #[inline]
    fn next(&mut self) -> Option<u32> {
        let lists = self.lists.get_mut(..self.count)?;
        let lowest = *lists.iter().filter_map(|list| list.first()).min()?;
        for list in lists {
            while let Some((head, rest)) = list.split_first()
                && *head == lowest
            {
                *list = rest;
            }
        }
        Some(lowest)
    }
}

/// The classes of one protocol, by its number.
const PROTOCOLS: [u8; 5] = [proto::TCP, proto::UDP, proto::SCTP, proto::ICMP, proto::ICMPV6];
const OTHER_IP: usize = 5;
/// Packets without an IP header.
const NO_IP: usize = 6;

/// The class of a packet by its protocol.
fn class(packet: &Packet) -> usize {
    if packet.ip == 0 {
        return NO_IP;
    }
    PROTOCOLS.iter().position(|protocol| *protocol == packet.proto).unwrap_or(OTHER_IP)
}

/// Whether packets of a class have ports.
fn has_ports(class: usize) -> bool {
    class < 3
}

/// Whether packets of a class are put together into streams.
fn has_streams(class: usize) -> bool {
    class == 0
}

/// Whether rules of a protocol are for packets of a class.
fn covers(protocol: RuleProtocol, class: usize) -> bool {
    match protocol {
        RuleProtocol::Ip | RuleProtocol::Ipv4 | RuleProtocol::Ipv6 => class != NO_IP,
        RuleProtocol::Tcp | RuleProtocol::TcpPkt | RuleProtocol::TcpStream => class == 0,
        RuleProtocol::Udp => class == 1,
        RuleProtocol::Sctp => class == 2,
        RuleProtocol::Icmp => class == 3 || class == 4,
        RuleProtocol::Icmpv4 => class == 3,
        RuleProtocol::Icmpv6 => class == 4,
        RuleProtocol::Igmp => class == 5,
        RuleProtocol::Arp => class == NO_IP,
        RuleProtocol::Ether | RuleProtocol::Pkthdr => true,
    }
}

/// Rules by the port set they name.
type ByPorts = BTreeMap<u32, Vec<u32>>;

struct Builder<'a> {
    rules: &'a [Rule],
    fast: &'a [Option<Literal<'a>>],
    sets: &'a Sets,
    groups: Vec<Group>,
    interned: HashMap<(bool, Vec<u32>), u32>,
    entries: u32,
}

impl Builder<'_> {
    fn table(&mut self, class: usize, to_server: bool) -> Table {
        let (mut any, mut by_source, mut by_destination) = (Vec::new(), ByPorts::new(), ByPorts::new());
        let mut blind = Vec::new();
        for (rule, number) in self.rules.iter().zip(0..) {
            if matches!(rule.kind, Kind::DecoderEvent | Kind::IpOnly | Kind::AppTx)
                || !covers(rule.header.protocol, class)
                || !goes(rule, to_server)
                || PROTOCOLS.get(class).is_some_and(|protocol| rule.excludes(*protocol))
            {
                continue;
            }
            if self.fast_of(number).is_none() {
                blind.push(number);
            }
            match self.ports_of(rule, number) {
                Ports::All => any.push(number),
                Ports::Destination(set) if has_ports(class) => {
                    add(set, number, rule, &mut by_destination, &mut by_source);
                }
                Ports::Source(set) if has_ports(class) => add(set, number, rule, &mut by_source, &mut by_destination),
                _ => {}
            }
        }
        Table {
            any: self.group(any, class),
            by_source: self.intervals(&by_source, class),
            by_destination: self.intervals(&by_destination, class),
            blind: if has_ports(class) { self.group(blind, class) } else { NONE },
        }
    }

    fn fast_of(&self, rule: u32) -> Option<Literal<'_>> {
        self.fast.get(rule as usize).copied().flatten()
    }

    fn ports_of(&self, rule: &Rule, number: u32) -> Ports {
        let [source, destination] = [rule.header.sport, rule.header.dport].map(|set| self.sets.ports.get(set as usize));
        let narrow = |set: Option<&PortSet>| set.is_some_and(|set| !set.is_any() && count(set) < MANY_PORTS);
        match () {
            () if self.fast_of(number).is_some_and(is_rare) => Ports::All,
            () if narrow(destination) => Ports::Destination(rule.header.dport),
            () if narrow(source) => Ports::Source(rule.header.sport),
            () => Ports::All,
        }
    }

    /// The groups of the intervals between the sets' bounds.
    fn intervals(&mut self, by_ports: &ByPorts, class: usize) -> Vec<(u16, u32)> {
        let sets = self.sets;
        let ranges = |set: u32| sets.ports.get(set as usize).map(PortSet::ranges).unwrap_or_default();
        let bounds: BTreeSet<u16> = by_ports
            .keys()
            .flat_map(|set| ranges(*set))
            .flat_map(|(low, high)| [Some(*low), high.checked_add(1)])
            .flatten()
            .collect();
        let mut intervals: Vec<(u16, u32)> = Vec::new();
        for start in bounds {
            let holds = |set: u32| ranges(set).iter().any(|(low, high)| *low <= start && start <= *high);
            let rules = by_ports.iter().filter(|(set, _)| holds(**set)).flat_map(|(_, rules)| rules).copied().collect();
            intervals.push((start, self.group(rules, class)));
        }
        intervals
    }

    /// The group of these rules.
    fn group(&mut self, mut rules: Vec<u32>, class: usize) -> u32 {
        if rules.is_empty() {
            return NONE;
        }
        rules.sort_unstable();
        let key = (has_streams(class), rules);
        if let Some(known) = self.interned.get(&key) {
            return *known;
        }
        let group = self.made_of(&key.1, class);
        let number = self.groups.len() as u32;
        self.groups.push(group);
        self.interned.insert(key, number);
        number
    }

    fn made_of(&mut self, rules: &[u32], class: usize) -> Group {
        let kind = |rule: u32| self.rules.get(rule as usize).map_or(Kind::Packet, |rule| rule.kind);
        let in_stream = |kind| matches!(kind, Kind::Stream | Kind::PacketAndStream) && has_streams(class);
        let always = || rules.iter().copied().filter(|rule| self.fast_of(*rule).is_none());
        let of_packets = always().filter(|rule| !(kind(*rule) == Kind::Stream && has_streams(class))).collect();
        let of_streams = always().filter(|rule| in_stream(kind(*rule))).collect();
        let fast: Vec<_> =
            rules.iter().filter_map(|rule| Some(Fast { rule: *rule, literal: self.fast_of(*rule)? })).collect();
        let mut entries = self.entries;
        let prefilter = (!fast.is_empty()).then(|| prefilter::build(&fast, &mut entries));
        self.entries = entries;
        Group { prefilter, of_packets, of_streams }
    }
}

/// Whether looking for a literal everywhere costs less than asking for ports first.
fn is_rare(literal: Literal<'_>) -> bool {
    literal.is_near() || literal.is_strong() && rarity(literal.pattern) >= RARE
}

/// Under which ports a rule stands.
enum Ports {
    All,
    Source(u32),
    Destination(u32),
}

fn add(set: u32, number: u32, rule: &Rule, here: &mut ByPorts, there: &mut ByPorts) {
    here.entry(set).or_default().push(number);
    if rule.header.both_directions {
        there.entry(set).or_default().push(number);
    }
}

/// Whether packets of this direction can satisfy the rule's `flow`.
fn goes(rule: &Rule, to_server: bool) -> bool {
    match rule.flow.map(|flow| flow.direction) {
        None | Some(FlowDirection::Any) => true,
        Some(FlowDirection::ToServer) => to_server,
        Some(FlowDirection::ToClient) => !to_server,
    }
}

fn count(set: &PortSet) -> u32 {
    set.ranges().iter().map(|(low, high)| u32::from(*high) - u32::from(*low) + 1).sum()
}
