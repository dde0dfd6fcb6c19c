//! What is said of a flow when it ends.

use super::history;
use crate::frame::Addr;
use crate::packet::Wrap;
use crate::time::Nanos;

/// Suricata's flow states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum FlowState {
    #[default]
    New,
    Established,
    Closed,
    /// Its packets are counted only.
    Bypassed,
}

/// Suricata's TCP session states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum TcpState {
    #[default]
    None,
    SynSent,
    SynRecv,
    Established,
    FinWait1,
    FinWait2,
    TimeWait,
    LastAck,
    CloseWait,
    Closing,
    Closed,
}

impl TcpState {
    /// Every state, by number.
    pub const ALL: [Self; 11] = [
        Self::None,
        Self::SynSent,
        Self::SynRecv,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::TimeWait,
        Self::LastAck,
        Self::CloseWait,
        Self::Closing,
        Self::Closed,
    ];
}

/// Why a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum EndReason {
    #[default]
    Timeout,
    /// A new SYN on a session that was over.
    TcpReuse,
    /// The table was full.
    Forced,
    /// The run ended.
    Shutdown,
}

/// What rules decided for a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FlowAction {
    Drop,
    Pass,
}

/// How many identities a flow remembers; more are only flagged.
pub const FLOW_IDENTITIES: usize = 4;

/// A flow, oriented client to server; index 0 of a pair is to the server, 1 to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FlowRecord {
    /// Unique in a run, the same in every run of the same capture.
    pub id: u64,
    /// Packets and captured bytes after it was bypassed; these count in `packets` and `bytes`, too.
    pub bypassed: [[u64; 2]; 2],
    /// Where it was in its table.
    pub slot: u32,
    /// The client.
    pub src: Addr,
    /// The server.
    pub dst: Addr,
    /// Client's port; ICMP: type of the first packet.
    pub sport: u16,
    /// Server's port; ICMP: code of the first packet.
    pub dport: u16,
    /// IP protocol.
    pub proto: u8,
    /// 4 or 6.
    pub ip: u8,
    /// Outermost VLAN tag first.
    pub vlans: [u16; crate::packet::MAX_VLANS],
    /// How many of `vlans` are set.
    pub vlan_count: u8,
    /// The address space.
    pub domain: u32,
    /// Time of the first packet.
    pub start: Nanos,
    /// Time of the latest packet.
    pub end: Nanos,
    /// Packets.
    pub packets: [u64; 2],
    /// Captured bytes of the inner frames.
    pub bytes: [u64; 2],
    /// Bytes that the hosts sent.
    pub original_bytes: [u64; 2],
    /// How many of the packets were truncated.
    pub truncated_packets: u64,
    /// ICMP errors that quoted its packets, wherever they came from; 255 is "and more".
    pub icmp_errors: u8,
    /// Where it stood.
    pub state: FlowState,
    /// Why it ended.
    pub reason: EndReason,
    /// TCP flags seen.
    pub tcp_flags: [u8; 2],
    /// Where the TCP session stood.
    pub tcp_state: TcpState,
    /// Zeek's history letters, upper case from the client; zero bytes after the last.
    pub history: [u8; 16],
    /// ICMP type and code of the first packet of the other direction.
    pub response_icmp: Option<(u8, u8)>,
    /// A rule alerted on it.
    pub alerted: bool,
    /// What rules decided for it.
    pub action: Option<FlowAction>,
    /// ESP: the security parameters index.
    pub spi: Option<u32>,
    /// Identities (rows of the identity table) it was seen through, first first.
    pub identities: [u32; FLOW_IDENTITIES],
    /// How many of `identities` are set.
    pub identity_count: u8,
    /// It was seen through more.
    pub more_identities: bool,
    /// What was around its first packet.
    pub wrap: Wrap,
}

impl FlowRecord {
    /// The client was the server after all.
    pub fn turn(&mut self) {
        std::mem::swap(&mut self.src, &mut self.dst);
        std::mem::swap(&mut self.sport, &mut self.dport);
        self.bypassed.iter_mut().for_each(|pair| pair.reverse());
        [&mut self.packets, &mut self.bytes, &mut self.original_bytes].into_iter().for_each(|pair| pair.reverse());
        self.tcp_flags.reverse();
        history::flip(&mut self.history);
    }
}
