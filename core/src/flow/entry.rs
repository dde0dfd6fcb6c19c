//! One flow in the table: 256 bytes, of which an ordinary packet touches the first 128.

use super::history::{self, History, Kind};
use super::key::{self, FlowKey};
use super::record::{EndReason, FLOW_IDENTITIES, FlowAction, FlowRecord, FlowState, TcpState};
use super::tcp;
use crate::packet::{self, Checksum, Layer, NONE, Packet, Wrap, proto};
use crate::time::Nanos;

/// What one side sent.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Side {
    pub packets: u64,
    pub bytes: u64,
    /// One past the highest sequence number seen.
    pub next_seq: u32,
    pub tcp_flags: u8,
    /// Facts about its sequence of bytes, `tcp::*`.
    pub bits: u8,
    /// Letters of the history it already has.
    pub letters: u8,
}

/// What `stream` says of a flow's TCP session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Session {
    /// Where it stands.
    pub state: TcpState,
    /// Flags that the client and the server have sent.
    pub tcp_flags: [u8; 2],
    /// The flow goes the other way: the packet that was counted last is the server's.
    pub swapped: bool,
    /// That packet brought what was sent before, and went to the server.
    pub again: Option<bool>,
}

/// The client is the higher endpoint of the key.
const CLIENT_HIGH: u8 = 1;
pub(super) const ALERTED: u8 = 2;
pub(super) const PASSED: u8 = 4;
pub(super) const DROPPED: u8 = 8;
const MORE_IDENTITIES: u8 = 16;
const ICMP_ANSWERED: u8 = 32;
pub(super) const BYPASSED: u8 = 64;

/// A flow. Index 0 of a pair is what went to the server.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Entry {
    pub key: [u64; 6],
    /// Engine time of the latest packet.
    pub seen: Nanos,
    first_identity: u32,
    pub tcp: TcpState,
    pub bits: u8,
    identity_count: u8,
    /// ICMP errors about it; the last number is "and more".
    icmp_errors: u8,

    pub sides: [Side; 2],
    end: Nanos,
    /// 0: the entry is free.
    pub id: u64,

    pub start: Nanos,
    /// Bytes that the hosts sent and that were cut off.
    cut: [u64; 2],
    history: History,
    more_identities: [u32; FLOW_IDENTITIES - 1],
    truncated: u32,
    /// The next slot of the same timer, or of the free ones.
    pub next: u32,
    /// TCP: the client's initial sequence number. ICMP: type and code of the first packet and of the first answer.
    first: [u8; 4],

    wrap: Wrap,
}

const _: () = assert!(size_of::<Entry>() <= 256);

impl Entry {
    /// A flow that begins at `now` with this packet; `count` it next.
    pub fn new(id: u64, now: Nanos, key: &FlowKey, packet: &Packet, wrap: Option<&Wrap>) -> Self {
        Self {
            key: key.words,
            seen: now,
            first_identity: packet.identity,
            tcp: TcpState::None,
            bits: if key.from_high { CLIENT_HIGH } else { 0 },
            identity_count: u8::from(packet.identity != NONE),
            icmp_errors: 0,
            sides: [Side::default(); 2],
            end: packet.time,
            next: super::wheel::END,
            first: [packet.sport as u8, packet.dport as u8, 0, 0],
            id,
            start: packet.time,
            cut: [0; 2],
            history: History::default(),
            more_identities: [0; FLOW_IDENTITIES - 1],
            truncated: 0,
            wrap: wrap.copied().unwrap_or_default(),
        }
    }

    /// It has this key. (Comparing the arrays would call memcmp.)
    #[inline]
    pub fn has(&self, key: &FlowKey) -> bool {
        self.key.iter().zip(&key.words).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }

    /// The packet with this key goes to the server.
    #[inline]
    pub fn to_server(&self, key: &FlowKey) -> bool {
        key.from_high == self.client_high()
    }

    #[inline]
    fn client_high(&self) -> bool {
        self.bits & CLIENT_HIGH != 0
    }

    #[inline]
    pub fn is_tcp(&self) -> bool {
        self.key[5] as u8 == proto::TCP
    }

    /// Where it stands.
    #[inline]
    pub fn state(&self) -> FlowState {
        match self.is_tcp() {
            _ if self.bits & BYPASSED != 0 => FlowState::Bypassed,
            true => tcp::flow_state(self.tcp),
            false if self.sides.iter().all(|side| side.packets > 0) => FlowState::Established,
            false => FlowState::New,
        }
    }

    /// This SYN opens another session on the endpoints of one that is over; a late copy of the first SYN does not.
    pub fn is_reused_by(&self, packet: &Packet, to_server: bool) -> bool {
        packet.layer == Layer::Tcp
            && packet.tcp_flags & (packet::tcp::SYN | packet::tcp::ACK) == packet::tcp::SYN
            && tcp::flow_state(self.tcp) == FlowState::Closed
            && packet.l4_checksum != Checksum::Bad
            && !(to_server && packet.seq.to_be_bytes() == self.first)
    }

    /// Take a packet into account: state, letters, counters. Whether it goes to the server after all. `followed`: where
    /// a TCP session stands, `follow` will say.
    #[inline]
    pub fn count(&mut self, packet: &Packet, to_server: bool, followed: bool) -> bool {
        let to_server = match packet.layer {
            Layer::Tcp if followed => {
                self.note_tcp(packet, to_server);
                to_server
            }
            Layer::Tcp => self.step(packet, to_server),
            Layer::Udp => {
                self.note_udp(packet, to_server);
                to_server
            }
            Layer::Icmp | Layer::Icmpv6 => {
                self.note_icmp(packet, to_server);
                to_server
            }
            _ => to_server,
        };
        let side = self.side(to_server);
        side.packets = side.packets.wrapping_add(1);
        side.bytes = side.bytes.wrapping_add(u64::from(packet.captured.wrapping_add(packet.padding)));
        self.end = self.end.max(packet.time);
        if packet.original > packet.captured {
            let [up, down] = &mut self.cut;
            let cut = if to_server { up } else { down };
            *cut = cut.wrapping_add(u64::from(packet.original - packet.captured));
        }
        if packet.truncated.0 != 0 {
            self.truncated = self.truncated.saturating_add(1);
        }
        if packet.identity != self.first_identity {
            self.note_identity(packet.identity);
        }
        to_server
    }

    /// Move the TCP session; a packet with a bad checksum never reached the other host's.
    #[inline]
    fn step(&mut self, packet: &Packet, to_server: bool) -> bool {
        if packet.l4_checksum == Checksum::Bad {
            self.note(Kind::BadChecksum.bit(), to_server);
            return to_server;
        }
        let mut to_server = to_server;
        if self.tcp == TcpState::None && tcp::sender_is_client(packet).is_some_and(|client| client != to_server) {
            self.flip();
            to_server = !to_server;
        }
        if to_server && tcp::flow_state(self.tcp) == FlowState::New {
            self.first = packet.seq.to_be_bytes();
        }
        let copies = self.identity_count > 1 || packet.identity != self.first_identity;
        self.tcp = tcp::step(self.tcp, &mut self.sides, packet, to_server);
        let again = self.side(to_server).bits & tcp::AGAIN != 0 && !copies;
        self.note(tcp::kinds(packet) | if again { Kind::Retransmission.bit() } else { 0 }, to_server);
        to_server
    }

    #[inline]
    fn note_tcp(&mut self, packet: &Packet, to_server: bool) {
        if packet.l4_checksum == Checksum::Bad {
            return self.note(Kind::BadChecksum.bit(), to_server);
        }
        if to_server && tcp::flow_state(self.tcp) == FlowState::New {
            self.first = packet.seq.to_be_bytes();
        }
        self.note(tcp::kinds(packet), to_server);
    }

    /// Where the TCP session stands after the packet that was counted last.
    #[inline]
    pub fn follow(&mut self, session: &Session) {
        self.tcp = session.state;
        if session.swapped {
            self.flip();
        }
        let [up, down] = &mut self.sides;
        [up.tcp_flags, down.tcp_flags] = session.tcp_flags;
        if let Some(to_server) = session.again {
            self.note(Kind::Retransmission.bit(), to_server);
        }
    }

    /// What went to the server, or to the client.
    #[inline]
    pub fn side(&mut self, to_server: bool) -> &mut Side {
        let [up, down] = &mut self.sides;
        if to_server { up } else { down }
    }

    /// The other one is the client.
    fn flip(&mut self) {
        self.bits ^= CLIENT_HIGH;
        self.sides.reverse();
        self.cut.reverse();
        history::flip(&mut self.history);
    }

    /// Add to the history what this side had not sent before.
    #[inline]
    fn note(&mut self, kinds: u8, to_server: bool) {
        let side = self.side(to_server);
        let new = kinds & !side.letters;
        if new != 0 {
            side.letters |= new;
            history::append(&mut self.history, new, to_server);
        }
    }

    /// An ICMP error quotes a packet of it.
    pub fn note_icmp_error(&mut self) {
        self.icmp_errors = self.icmp_errors.saturating_add(1);
    }

    #[inline]
    fn note_udp(&mut self, packet: &Packet, to_server: bool) {
        if packet.l4_checksum == Checksum::Bad {
            self.note(Kind::BadChecksum.bit(), to_server);
        } else if packet.payload_original > 0 {
            self.note(Kind::Data.bit(), to_server);
        }
    }

    fn note_icmp(&mut self, packet: &Packet, to_server: bool) {
        if self.bits & ICMP_ANSWERED == 0 && self.side(!to_server).packets > 0 {
            self.bits |= ICMP_ANSWERED;
            self.first[2] = packet.sport as u8;
            self.first[3] = packet.dport as u8;
        }
    }

    #[cold]
    fn note_identity(&mut self, identity: u32) {
        if identity == NONE {
            return;
        }
        if self.identity_count == 0 {
            self.first_identity = identity;
            self.identity_count = 1;
            return;
        }
        let more = usize::from(self.identity_count).saturating_sub(1);
        if self.more_identities.iter().take(more).any(|known| *known == identity) {
            return;
        }
        match self.more_identities.get_mut(more) {
            Some(free) => {
                *free = identity;
                self.identity_count += 1;
            }
            None => self.bits |= MORE_IDENTITIES,
        }
    }

    /// Client and server: address and port (ICMP: type and code of the first packet).
    pub fn endpoints(&self) -> [(crate::frame::Addr, u16); 2] {
        let parts = key::parts(&self.key);
        let [low, high] = parts.addrs;
        let [low_port, high_port] = parts.ports;
        let is_esp = parts.proto == proto::ESP;
        let (low_port, high_port) = if is_esp { (0, 0) } else { (low_port, high_port) };
        let (mut client, mut server) = ((low, low_port), (high, high_port));
        if self.client_high() {
            std::mem::swap(&mut client, &mut server);
        }
        if matches!(parts.proto, proto::ICMP | proto::ICMPV6) {
            (client.1, server.1) = (u16::from(self.first[0]), u16::from(self.first[1]));
        }
        [client, server]
    }

    /// The security parameters index of an ESP flow; 0 where it was not reached.
    fn spi(&self) -> Option<u32> {
        let parts = key::parts(&self.key);
        let [low, high] = parts.ports;
        (parts.proto == proto::ESP).then_some(u32::from(low) << 16 | u32::from(high))
    }

    fn action(&self) -> Option<FlowAction> {
        match self.bits & (PASSED | DROPPED) {
            0 => None,
            PASSED => Some(FlowAction::Pass),
            _ => Some(FlowAction::Drop),
        }
    }

    /// What is said of it at its end.
    pub fn record(&self, reason: EndReason) -> FlowRecord {
        let parts = key::parts(&self.key);
        let [client, server] = self.endpoints();
        let [up, down] = &self.sides;
        let [first, second, third] = self.more_identities;
        let known = self.identity_count > 0;
        FlowRecord {
            id: self.id,
            slot: 0,
            bypassed: [[0; 2]; 2],
            src: client.0,
            dst: server.0,
            sport: client.1,
            dport: server.1,
            proto: parts.proto,
            ip: parts.ip,
            vlans: parts.vlans,
            vlan_count: parts.vlan_count,
            domain: parts.domain,
            start: self.start,
            end: self.end,
            packets: [up.packets, down.packets],
            bytes: [up.bytes, down.bytes],
            original_bytes: [up.bytes.wrapping_add(self.cut[0]), down.bytes.wrapping_add(self.cut[1])],
            truncated_packets: u64::from(self.truncated),
            icmp_errors: self.icmp_errors,
            state: self.state(),
            reason,
            tcp_flags: [up.tcp_flags, down.tcp_flags],
            tcp_state: self.tcp,
            history: self.history,
            response_icmp: (self.bits & ICMP_ANSWERED != 0).then_some((self.first[2], self.first[3])),
            alerted: self.bits & ALERTED != 0,
            action: self.action(),
            spi: self.spi(),
            identities: [if known { self.first_identity } else { 0 }, first, second, third],
            identity_count: self.identity_count,
            more_identities: self.bits & MORE_IDENTITIES != 0,
            wrap: self.wrap,
        }
    }
}
