//! The names that records print for the enums of other modules.

use crate::anomaly::Severity;
use crate::flow::record::{EndReason, FlowAction, FlowState, TcpState};
use crate::packet::{Encapsulation, Layer, LenSource, Packet, Stop};
use crate::plan::{Action, ExceptionPolicy};
use crate::stream::Exception;

/// A function that names an enum's values, and all the names.
macro_rules! named {
    ($(#[$doc:meta])* $function:ident $all:ident $kind:ident { $($value:ident $name:literal;)* }) => {
        $(#[$doc])*
        pub fn $function(value: $kind) -> &'static str {
            match value {
                $($kind::$value => $name),*
            }
        }

        /// The names that the function gives.
        pub const $all: &[&str] = &[$($name),*];
    };
}

named! {
    /// A reason why decoding ended.
    stop STOPS Stop {
        Complete "complete";
        Truncated "truncated";
        Malformed "malformed";
        Unknown "unknown";
        Fragment "fragment";
    }
}

named! {
    /// What a length was taken from.
    length_source LENGTH_SOURCES LenSource {
        Frame "frame";
        Ipv4TotalLength "ipv4_total_length";
        Ipv6PayloadLength "ipv6_payload_length";
        Ipv6Jumbogram "ipv6_jumbogram";
    }
}

named! {
    /// A layer.
    layer LAYERS Layer {
        None "none";
        Ethernet "ethernet";
        Vlan "vlan";
        Arp "arp";
        Ipv4 "ipv4";
        Ipv6 "ipv6";
        Tcp "tcp";
        Udp "udp";
        Icmp "icmp";
        Icmpv6 "icmpv6";
        Other "other";
        Sctp "sctp";
        Igmp "igmp";
        Esp "esp";
        Gre "gre";
        Link "link";
    }
}

/// An anomaly's severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Notice => "notice",
        Severity::Warning => "warning",
    }
}

/// A flow's state (Suricata's `flow.state`).
pub fn flow_state(state: FlowState) -> &'static str {
    match state {
        FlowState::New => "new",
        FlowState::Established => "established",
        FlowState::Closed => "closed",
        FlowState::Bypassed => "bypassed",
    }
}

/// Why a flow ended (Suricata's `flow.reason`).
pub fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Timeout => "timeout",
        EndReason::TcpReuse => "tcp_reuse",
        EndReason::Forced => "forced",
        EndReason::Shutdown => "shutdown",
    }
}

/// A TCP session's state (Suricata's `tcp.state`).
pub fn tcp_state(state: TcpState) -> &'static str {
    match state {
        TcpState::None => "none",
        TcpState::SynSent => "syn_sent",
        TcpState::SynRecv => "syn_recv",
        TcpState::Established => "established",
        TcpState::FinWait1 => "fin_wait1",
        TcpState::FinWait2 => "fin_wait2",
        TcpState::TimeWait => "time_wait",
        TcpState::LastAck => "last_ack",
        TcpState::CloseWait => "close_wait",
        TcpState::Closing => "closing",
        TcpState::Closed => "closed",
    }
}

/// What an alert says was done; a reject rule counts as blocked even where nothing is dropped, as Suricata has it.
pub fn alert_action(action: Action, inline: bool) -> &'static str {
    if action == Action::Reject || inline && action == Action::Drop { "blocked" } else { "allowed" }
}

/// What rules decided for a flow (Suricata's `flow.action`).
pub fn flow_action(action: FlowAction) -> &'static str {
    match action {
        FlowAction::Drop => "drop",
        FlowAction::Pass => "pass",
    }
}

/// What an exception policy was applied for (Suricata's `flow.exception_policy`).
pub fn exception(met: Exception) -> &'static str {
    match met {
        Exception::Midstream => "stream_midstream",
        Exception::Memory => "stream_memcap",
        Exception::ReassemblyMemory => "stream_reassembly_memcap",
    }
}

/// An exception policy (Suricata's `flow.exception_policy`).
pub fn exception_policy(policy: ExceptionPolicy) -> &'static str {
    match policy {
        ExceptionPolicy::Ignore => "ignore",
        ExceptionPolicy::PassFlow => "pass_flow",
        ExceptionPolicy::PassPacket => "pass_packet",
        ExceptionPolicy::DropFlow => "drop_flow",
        ExceptionPolicy::DropPacket => "drop_packet",
        ExceptionPolicy::Bypass => "bypass",
        ExceptionPolicy::Reject => "reject",
    }
}

/// Where a packet came from (Suricata's `pkt_src`).
pub fn packet_source(packet: &Packet) -> &'static str {
    if packet.defragmented {
        return "defrag";
    }
    match packet.tunnel {
        Encapsulation::None => "wire/pcap",
        Encapsulation::Geneve => "geneve encapsulation",
        Encapsulation::Vxlan | Encapsulation::GeneveVxlan | Encapsulation::VxlanGpe => "vxlan encapsulation",
        Encapsulation::Gre
        | Encapsulation::GreInUdp
        | Encapsulation::Pptp
        | Encapsulation::Erspan1
        | Encapsulation::Erspan2
        | Encapsulation::Erspan3 => "gre tunnel",
        Encapsulation::Ipip | Encapsulation::FourInSix => "ipv4 tunnel",
        Encapsulation::SixInFour | Encapsulation::SixInSix => "ipv6 tunnel",
        Encapsulation::Teredo => "teredo tunnel",
    }
}
