//! Rules for transactions asked of sessions: the whole engine gives the same alerts and events in any batches.
//!
//! An input is how large batches are, how many bytes the rules have, the rules, and the session: its protocol, then steps.

use super::rules::{Bytes, Ground};
use super::{SECOND, Sent, check, ethernet, ipv4, plan, run};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use tmrx_core::app::{self, Protocol, frame};
use tmrx_core::frame::Link;
use tmrx_core::packet::tcp;
use tmrx_core::plan::{
    self, Action, AddressSet, Check, Effect, FileTest, FlowCheck, FlowDirection, FlowStateCheck, FragmentsCheck,
    HashType, Instances, Kind, Plan, PortSet, StoreScope, StoreSide, Unlogged, Way, Which, XbitChange, XbitTrack,
};

/// Bytes that texts of rules are made of.
const LETTERS: &[u8] = b"GETHOPSaeolt/.:-?=& \r\n012\x00\x01\x03\x16";
/// What sessions speak, and the server's port.
const PROTOCOLS: [(Protocol, u16); 5] =
    [(Protocol::Http, 80), (Protocol::Dns, 53), (Protocol::Tls, 443), (Protocol::Ftp, 21), (Protocol::Ssh, 22)];
/// Steps of a session at most.
const STEPS: usize = 48;
const EFFECTS: [Effect; 7] = [
    Effect::Filestore { side: StoreSide::Rule, scope: StoreScope::File },
    Effect::Filestore { side: StoreSide::Both, scope: StoreScope::Flow },
    Effect::Xbits { op: XbitChange::Set, bit: 0, track: XbitTrack::Tx, expire: 0 },
    Effect::Xbits { op: XbitChange::Toggle, bit: 0, track: XbitTrack::IpPair, expire: 30 },
    Effect::Unlog { of: Unlogged::Transaction },
    Effect::Unlog { of: Unlogged::Flow },
    Effect::Bypass {},
];
const WAYS: [Way; 3] = [Way::Any, Way::ToServer, Way::ToClient];
const DIRECTIONS: [FlowDirection; 3] = [FlowDirection::Any, FlowDirection::ToServer, FlowDirection::ToClient];
const WHICHES: [Which; 5] = [Which::Any, Which::All, Which::OrAbsent, Which::Count, Which::At];

/// What rules can ask of a protocol: names of buffers and frames, of numbers, of what may be odd.
struct Names {
    buffers: Vec<String>,
    values: Vec<&'static str>,
    events: Vec<&'static str>,
}

static NAMES: LazyLock<BTreeMap<Protocol, Names>> =
    LazyLock::new(|| PROTOCOLS.iter().map(|(protocol, _)| (*protocol, names(*protocol))).collect());

fn names(protocol: Protocol) -> Names {
    let of = |names: &'static app::Names| {
        let here = |name: &&str| names.number(name).is_some_and(|number| names.row(protocol, number).is_some());
        let mut found: Vec<_> = names.all().filter(here).collect();
        found.sort_unstable();
        found
    };
    let frames = frame::frames().filter(|(_, (owner, _))| *owner == protocol).map(|(name, _)| name);
    Names {
        buffers: of(app::buffers()).into_iter().map(str::to_owned).chain(frames).collect(),
        values: of(app::values()),
        events: app::events().filter(|(owner, _)| *owner == protocol).map(|(_, name)| name).collect(),
    }
}

impl Bytes<'_> {
    fn file(&mut self) -> FileTest {
        let negated = self.flag();
        match self.next() % 4 {
            0 => FileTest::Name { text: self.text(3).into(), negated, end: self.flag() },
            1 => FileTest::Magic { text: self.text(3).into(), negated },
            2 => FileTest::Size { number: self.number_test(), negated },
            _ => FileTest::Hash { hash: HashType::Md5, digests: vec![self.next(); 16].into(), negated },
        }
    }

    /// Something asked of a transaction besides its buffers.
    fn state(&mut self, protocol: Protocol) -> Check {
        let Names { values, events, .. } = &NAMES[&protocol];
        match self.next() % 8 {
            0 | 1 => Check::TransactionProgress { number: self.number_test(), side: self.one(&WAYS) },
            2 if !events.is_empty() => {
                Check::TransactionEvent { protocol: protocol.name().to_owned(), name: self.one(events).to_owned() }
            }
            3 | 4 if !values.is_empty() => {
                let (value, number, negated) = (self.one(values).to_owned(), self.number_test(), self.flag());
                let number_of = Some(self.number_test());
                let instances =
                    Instances { which: self.one(&WHICHES), index: i32::from(self.next() % 5) - 2, number: number_of };
                Check::TransactionValue { value, number, instances, negated }
            }
            5 => Check::File { tests: (0..1 + self.next() % 2).map(|_| self.file()).collect() },
            6 => Check::Xbits { isset: self.flag(), bit: 0, track: self.one(&[XbitTrack::Tx, XbitTrack::IpPair]) },
            _ => self.check(),
        }
    }

    fn transaction_rule(&mut self, protocol: Protocol, sid: u32) -> plan::Rule {
        let bits = self.next();
        let checks = (0..self.next() % 3).map(|_| self.state(protocol)).collect();
        self.1 = 0;
        let buffers =
            (0..self.next() % 4).map(|_| plan::BufferTest { side: self.one(&WAYS), ..self.test() }).collect::<Vec<_>>();
        let effects = (0..self.next() % 3).map(|_| self.one_of(&EFFECTS)).collect();
        let flow = FlowCheck {
            direction: self.one(&DIRECTIONS),
            state: FlowStateCheck::Any,
            only_stream: false,
            no_stream: false,
            fragments: FragmentsCheck::Any,
        };
        plan::Rule {
            action: [Action::Alert, Action::Alert, Action::Alert, Action::Pass, Action::Drop]
                [usize::from(bits & 15) % 5],
            kind: if bits & 16 == 0 || bits & 32 == 0 { Kind::AppTx } else { Kind::PacketAndStream },
            transactional: bits & 64 != 0,
            application: protocol.name().to_owned(),
            flow: if bits & 128 == 0 { None } else { Some(flow) },
            sid,
            checks,
            buffers,
            effects,
            ..plan::Rule::default()
        }
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::from(self.next()) % of.len()].clone()
    }
}

fn rules(data: &[u8], protocol: Protocol) -> plan::Rules {
    let mut bytes = Bytes(data, 0, Ground { buffers: &NAMES[&protocol].buffers, letters: LETTERS });
    let rules = (1..=1 + u32::from(bytes.next() % 3)).map(|sid| bytes.transaction_rule(protocol, sid)).collect();
    plan::Rules {
        rules,
        addresses: vec![AddressSet { any: true, v4: Vec::new(), v6: Vec::new(), negated: false }],
        ports: vec![PortSet { any: true, ranges: Vec::new() }],
        xbits: vec!["x".to_owned()],
        ..plan::Rules::default()
    }
}

fn with(rules: plan::Rules, inline: bool) -> Plan {
    let mut plan = plan();
    plan.rules = rules;
    // They would take most of the time, and have nothing of transactions.
    plan.outputs.tables.clear();
    plan.outputs.eve.iter_mut().for_each(|section| section.stats = None);
    (plan.streams.inline, plan.outputs.inline) = (inline, inline);
    (plan.streams.memcap, plan.streams.reassembly_memcap) = (1 << 20, 1 << 18);
    plan.streams.chunk_size = 2560;
    plan.applications.off.clear();
    (plan.inspect_outer, plan.decap.max_depth) = (false, 0);
    plan
}

/// The session's connections: where each side is. The second one is for what FTP announces.
struct Connections {
    port: u16,
    numbers: [[u32; 2]; 2],
    frames: Vec<Sent>,
    time: i64,
}

impl Connections {
    fn new(port: u16) -> Self {
        let mut connections = Self { port, numbers: [[1000, 5000]; 2], frames: Vec::new(), time: 0 };
        for data in [false, true].into_iter().take(if port == 21 { 2 } else { 1 }) {
            connections.segment((true, data), tcp::SYN, &[], 0);
            connections.segment((false, data), tcp::SYN | tcp::ACK, &[], 0);
            connections.segment((true, data), tcp::ACK, &[], 0);
        }
        connections
    }

    fn segment(&mut self, (to_server, data): (bool, bool), flags: u8, bytes: &[u8], cut: usize) {
        let [up, down] = self.numbers[usize::from(data)];
        let (seq, ack) = if to_server { (up, down) } else { (down, up) };
        let (client, server) = if data { (40_001, 2001) } else { (40_000, self.port) };
        let (from, to): (u16, u16) = if to_server { (client, server) } else { (server, client) };
        let mut header = [from.to_be_bytes(), to.to_be_bytes()].concat();
        header.extend(seq.to_be_bytes());
        header.extend(if flags & tcp::ACK == 0 { 0 } else { ack }.to_be_bytes());
        header.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        self.push(6, to_server, &[&header, bytes].concat(), cut);
        self.take(to_server, data, bytes.len() as u32 + u32::from(flags & (tcp::SYN | tcp::FIN) != 0));
    }

    fn take(&mut self, to_server: bool, data: bool, length: u32) {
        let number = &mut self.numbers[usize::from(data)][usize::from(!to_server)];
        *number = number.wrapping_add(length);
    }

    fn datagram(&mut self, to_server: bool, bytes: &[u8], cut: usize) {
        let (from, to): (u16, u16) = if to_server { (40_000, self.port) } else { (self.port, 40_000) };
        let length = (8 + bytes.len()) as u16;
        let header = [from.to_be_bytes(), to.to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
        self.push(17, to_server, &[&header, bytes].concat(), cut);
    }

    fn push(&mut self, proto: u8, to_server: bool, bytes: &[u8], cut: usize) {
        let mut packet = ipv4(proto, 0, false, 0, bytes);
        if !to_server {
            (packet[15], packet[19]) = (packet[19], packet[15]);
        }
        let frame = ethernet(false, &packet);
        let (kept, original) = (frame.len().saturating_sub(cut), frame.len() as u32);
        self.time += SECOND / 16;
        self.frames.push((self.time, Link::Ethernet, frame[..kept].to_vec(), original));
    }

    /// A step: its kind's bits say where it goes, what becomes of it, and which connection it is of.
    fn step(&mut self, kind: u8, bytes: &[u8]) {
        let (to_server, data, end) =
            (kind & 1 != 0, kind & 64 != 0 && self.port == 21, if kind & 128 == 0 { 0 } else { tcp::FIN });
        match kind >> 1 & 7 {
            // Lost before the mirror.
            6 => self.take(to_server, data, bytes.len() as u32),
            // Twice.
            5 => {
                let before = self.numbers;
                self.segment((to_server, data), tcp::ACK, bytes, 0);
                self.numbers = before;
                self.segment((to_server, data), tcp::ACK | end, bytes, 0);
            }
            // Before what goes before it.
            4 => {
                self.segment((to_server, data), tcp::ACK | end, bytes, 0);
                if let [.., one, other] = self.frames.as_mut_slice() {
                    (one.0, other.0) = (other.0, one.0);
                    std::mem::swap(one, other);
                }
            }
            // Cut by the mirror.
            3 => self.segment((to_server, data), tcp::ACK | end, bytes, usize::from(kind >> 4 & 3) * 16 + 3),
            _ => self.segment((to_server, data), tcp::ACK | end, bytes, 0),
        }
    }
}

/// Rules, and a session of a protocol that they are for.
pub fn transactions(data: &[u8]) {
    let Some((&[size, length], rest)) = data.split_first_chunk::<2>() else { return };
    let (asked, rest) = rest.split_at(usize::from(length).min(rest.len()));
    let Some((&spoken, mut rest)) = rest.split_first() else { return };
    let (protocol, port) = PROTOCOLS[usize::from(spoken & 15) % PROTOCOLS.len()];
    let is_udp = protocol == Protocol::Dns && spoken & 16 == 0;
    let mut connections = if is_udp {
        Connections { port, numbers: [[0; 2]; 2], frames: Vec::new(), time: 0 }
    } else {
        Connections::new(port)
    };
    for _ in 0..STEPS {
        let [kind, length, after @ ..] = rest else { break };
        let (bytes, next) = after.split_at(usize::from(*length).min(after.len()));
        rest = next;
        match is_udp {
            true => connections.datagram(kind & 1 != 0, bytes, usize::from(kind >> 4)),
            false => connections.step(*kind, bytes),
        }
    }
    let plan = with(rules(asked, protocol), spoken & 32 == 0);
    if tmrx_core::detect::Rules::new(&plan.rules).is_ok() {
        check(&plan, &connections.frames, size);
        check_cut(&plan, connections.frames, usize::from(spoken >> 6));
    }
}

/// Rules that look into buffers alone match a session whose last packet was cut only where they match the whole one.
fn check_cut(plan: &Plan, mut frames: Vec<Sent>, cut: usize) {
    let looks = |rule: &plan::Rule| rule.checks.is_empty() && rule.effects.is_empty() && rule.action == Action::Alert;
    let Some((_, _, last, _)) = frames.last().filter(|_| cut > 0 && plan.rules.rules.iter().all(looks)) else { return };
    let kept = last.len() - last.len().min(cut * cut * 8);
    let whole = matched(plan, &frames);
    frames.iter_mut().last().into_iter().for_each(|(_, _, bytes, _)| bytes.truncate(kept));
    let part = matched(plan, &frames);
    assert!(part.is_subset(&whole), "{part:?} of {kept}, {whole:?}: {:?}", plan.rules);
}

/// The rules that matched, by their numbers.
fn matched(plan: &Plan, frames: &[Sent]) -> BTreeSet<String> {
    let [_, fast] = run(plan, frames, frames.len());
    let sid = |line: &str| Some(line.split_once("[1:")?.1.split_once(':')?.0.to_owned());
    String::from_utf8_lossy(&fast).lines().filter_map(sid).collect()
}
