//! Conditions on headers, lengths, the flow and the mirror: everything of a rule but its addresses and its buffers.

mod application;
mod event;
mod field;
mod file;
mod instances;
mod rpc;
mod transaction;

use super::number::compare;
use super::state::Memory;
use super::subject::{FlowFacts, StreamFacts, Subject};
use super::truth::Truth;
use crate::anomaly::AnomalySet;
use crate::files::File;
use crate::flow::record::TcpState;
use crate::packet::{Checksum, Layer, proto};
use crate::plan::{
    self, ChecksumLayer, ChecksumOf, Field, FlagsOp, FlowCheck, FlowDirection, FlowStateCheck, FlowWhat,
    FragmentsCheck, Number, PacketHook, Side, XbitTrack,
};
use crate::stream::StreamEvents;
use crate::time::{Nanos, SECOND};
use rpc::Call;

/// A check of the plan, ready to be asked.
#[derive(Debug)]
pub(super) enum Check {
    /// One of these is wrong with the packet.
    Anomalies(AnomalySet),
    /// One of these is odd about it in its session.
    StreamEvents(StreamEvents),
    Rpc(Call),
    Plan(plan::Check),
}

impl Check {
    pub(super) fn new(check: &plan::Check) -> Self {
        match check {
            plan::Check::Event { name } if name.starts_with("stream.") => {
                Self::StreamEvents(event::stream_events(name))
            }
            plan::Check::Event { name } => Self::Anomalies(event::anomalies(name)),
            plan::Check::Rpc { program, version, procedure } => {
                Self::Rpc(Call { program: *program, version: *version, procedure: *procedure })
            }
            check => Self::Plan(check.clone()),
        }
    }

    /// Whether it fails on every packet of an IP protocol.
    pub(super) fn excludes(&self, protocol: u8) -> bool {
        match self {
            Self::Plan(plan::Check::Field { field: Field::IpProto, number, negated }) => {
                compare(*number, protocol.into()) == *negated
            }
            _ => false,
        }
    }

    /// Whether a file satisfies it, as far as it asks about files.
    pub(super) fn passes(&self, file: &File) -> bool {
        match self {
            Self::Plan(plan::Check::File { tests }) => file::passes(tests, file) == Truth::True,
            _ => true,
        }
    }

    /// Whether it holds for the subject.
    pub(super) fn holds(&self, subject: &Subject<'_>, memory: &Memory<'_>) -> Truth {
        match self {
            Self::Anomalies(set) => set.meets(subject.packet.anomalies).into(),
            Self::StreamEvents(set) => of_stream(subject, |facts| facts.events.0 & set.0 != 0),
            Self::Rpc(call) => call.holds(subject),
            Self::Plan(check) => plain(check, subject, memory),
        }
    }
}

fn plain(check: &plan::Check, subject: &Subject<'_>, memory: &Memory<'_>) -> Truth {
    use plan::Check as C;
    let packet = subject.packet;
    match check {
        C::Dsize { number, negated } => dsize(*number, subject).negate_if(*negated),
        C::Field { field, number, negated } => field::holds(*field, *number, subject).negate_if(*negated),
        C::VlanId { number, instances } => {
            let ids = packet.vlans.get(..packet.vlan_count.into()).unwrap_or_default();
            instances::hold(*instances, *number, ids).into()
        }
        C::TcpFlags { op, flags, mask } => tcp_flags(*op, *flags, *mask, subject),
        C::FragBits { op, bits } => field::fragment_bits(*op, *bits, subject),
        C::IpOption { option } => field::ip_option(*option, subject),
        C::SameIp {} => Truth::from(packet.ip != 0 && packet.src == packet.dst),
        C::ChecksumIs { layer, valid } => checksum_is(*layer, *valid, subject),
        C::StreamSize { side, number } => of_stream(subject, |facts| both_sides(*side, *number, facts.sizes)),
        C::TcpSession { states } => of_stream(subject, |facts| states & session_bit(facts.state) != 0),
        C::FlowNumber { what, side, number } => {
            of_flow(subject, |facts| flow_number(*what, *side, *number, facts, packet.time))
        }
        C::Application { names, negated, of } => application::holds(names, *negated, *of, subject).into(),
        C::Hook { hook } => Truth::from(*hook != PacketHook::FlowStart || is_flow_start(subject)),
        C::MirrorSession { value, negated } => Truth::from(session(value, subject) != *negated),
        C::MirrorVni { number } => subject.vni.is_some_and(|vni| compare(*number, u64::from(vni))).into(),
        C::MirrorTruncated { causes, negated } => Truth::from((packet.truncated.0 & causes != 0) != *negated),
        C::MirrorChecksum { layer, verdicts, negated } => Truth::from(checksum(*layer, *verdicts, subject) != *negated),
        C::Xbits { isset, bit, track: XbitTrack::Tx } => {
            Truth::from(transaction::has_bit(*bit, subject) == Some(*isset))
        }
        C::Flowbits { .. } | C::Flowint { .. } | C::Xbits { .. } | C::Captured { .. } | C::Iprep { .. } => {
            memory.holds(check, subject)
        }
        C::TransactionProgress { number, side } => transaction::progress(*number, *side, subject),
        C::TransactionEvent { protocol, name } => transaction::odd(protocol, name, subject),
        C::TransactionValue { value, number, instances, negated } => {
            transaction::value(value, *number, *instances, *negated, subject)
        }
        C::File { tests } => file::holds(tests, subject),
        // No flow is measured for its rate; the other two are checks of their own.
        C::FlowElephant { .. } | C::Event { .. } | C::Rpc { .. } => Truth::False,
    }
}

fn of_flow(subject: &Subject<'_>, holds: impl FnOnce(&FlowFacts) -> bool) -> Truth {
    subject.flow.as_ref().is_some_and(holds).into()
}

fn of_stream(subject: &Subject<'_>, holds: impl FnOnce(&StreamFacts) -> bool) -> Truth {
    subject.stream.as_ref().is_some_and(holds).into()
}

fn is_flow_start(subject: &Subject<'_>) -> bool {
    subject.flow.is_some_and(|flow| flow.first_in_direction)
}

/// A pair of numbers, the one of what goes to the server first.
fn both_sides(side: Side, number: Number, [to_server, to_client]: [u64; 2]) -> bool {
    match side {
        Side::ToServer => compare(number, to_server),
        Side::ToClient => compare(number, to_client),
        Side::Both => compare(number, to_server) && compare(number, to_client),
        Side::Either => compare(number, to_server) || compare(number, to_client),
    }
}

fn flow_number(what: FlowWhat, side: Side, number: Number, facts: &FlowFacts, now: Nanos) -> bool {
    let seconds = |time: Nanos| time.div_euclid(SECOND);
    match what {
        FlowWhat::Packets => both_sides(side, number, facts.packets),
        FlowWhat::Bytes => both_sides(side, number, facts.bytes),
        FlowWhat::Age => compare(number, u64::try_from(seconds(now) - seconds(facts.start)).unwrap_or_default()),
    }
}

/// `tcp.session`'s bit of a state.
fn session_bit(state: TcpState) -> u8 {
    match state {
        TcpState::None | TcpState::SynSent | TcpState::SynRecv => 1,
        TcpState::Established => 2,
        _ => 4,
    }
}

/// Whether the `flow` keyword holds; a packet without flow never satisfies it.
#[inline]
pub(super) fn flow(check: FlowCheck, subject: &Subject<'_>) -> bool {
    subject.flow.is_some_and(|flow| {
        let direction = match check.direction {
            FlowDirection::Any => true,
            FlowDirection::ToServer => flow.to_server,
            FlowDirection::ToClient => !flow.to_server,
        };
        let state = match check.state {
            FlowStateCheck::Any | FlowStateCheck::Stateless => true,
            FlowStateCheck::Established => flow.established,
            FlowStateCheck::NotEstablished => !flow.established,
        };
        let fragments = match check.fragments {
            FragmentsCheck::Any => true,
            FragmentsCheck::Only => subject.packet.defragmented,
            FragmentsCheck::No => !subject.packet.defragmented,
        };
        // A packet that its stream did not take stands in for it, but not for rules that say so.
        let stream = !check.only_stream || subject.data.is_some();
        direction && state && fragments && stream
    })
}

/// The payload's original length: a cut does not change it.
fn dsize(number: Number, subject: &Subject<'_>) -> Truth {
    if subject.lost_transport() {
        return Truth::Unknown;
    }
    compare(number, subject.visible_payload().original as u64).into()
}

fn tcp_flags(op: FlagsOp, flags: u8, mask: u8, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    if packet.layer != Layer::Tcp || packet.fragment {
        return lost(subject, packet.proto == proto::TCP);
    }
    field::flags(op, packet.tcp_flags & mask, flags).into()
}

/// The `-csum` keywords. A checksum that is left out where it may be is right.
fn checksum_is(layer: ChecksumOf, valid: bool, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    let (ip, wanted, protocol) = match layer {
        ChecksumOf::Ipv4 => (4, Layer::Ipv4, 0),
        ChecksumOf::Tcpv4 => (4, Layer::Tcp, proto::TCP),
        ChecksumOf::Tcpv6 => (6, Layer::Tcp, proto::TCP),
        ChecksumOf::Udpv4 => (4, Layer::Udp, proto::UDP),
        ChecksumOf::Udpv6 => (6, Layer::Udp, proto::UDP),
        ChecksumOf::Icmpv4 => (4, Layer::Icmp, proto::ICMP),
        ChecksumOf::Icmpv6 => (6, Layer::Icmpv6, proto::ICMPV6),
        ChecksumOf::Igmp => (4, Layer::Igmp, proto::IGMP),
    };
    let of_network = layer == ChecksumOf::Ipv4;
    if packet.ip != ip || !of_network && (packet.layer != wanted || packet.fragment) {
        return lost(subject, packet.ip == ip && packet.proto == protocol);
    }
    match if of_network { packet.l3_checksum } else { packet.l4_checksum } {
        Checksum::Valid | Checksum::Absent => valid.into(),
        Checksum::Bad | Checksum::NotCalculated => Truth::from(!valid),
        Checksum::Unverifiable => Truth::Unknown,
    }
}

/// A header field that is not there: unknown where the cut took it from a packet that had it.
fn lost(subject: &Subject<'_>, had_it: bool) -> Truth {
    if (had_it || subject.lost_protocol()) && subject.lost_transport() { Truth::Unknown } else { Truth::False }
}

fn session(value: &str, subject: &Subject<'_>) -> bool {
    let names = [subject.session, subject.session_name];
    match value.strip_suffix('*') {
        Some(start) => names.iter().any(|name| !name.is_empty() && name.starts_with(start)),
        None => names.contains(&value),
    }
}

fn checksum(layer: ChecksumLayer, verdicts: u8, subject: &Subject<'_>) -> bool {
    let verdict: Checksum = match layer {
        ChecksumLayer::L3 => subject.packet.l3_checksum,
        ChecksumLayer::L4 => subject.packet.l4_checksum,
    };
    verdicts >> (verdict as u8) & 1 == 1
}

#[cfg(test)]
mod tests;
