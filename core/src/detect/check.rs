//! Conditions on headers, lengths and the mirror: everything of a rule but its addresses and its payload.

use super::number::compare;
use super::subject::Subject;
use super::truth::Truth;
use crate::packet::{Checksum, Layer, proto};
use crate::plan::{Check, ChecksumLayer, Field, FlagsOp, FlowCheck, FlowDirection, FlowStateCheck, Number};

/// Whether a check holds for the subject.
pub(super) fn holds(check: &Check, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    match check {
        Check::Dsize { number, negated } => dsize(*number, subject).negate_if(*negated),
        Check::Field { field, number, negated } => field_holds(*field, *number, subject).negate_if(*negated),
        Check::TcpFlags { op, flags, mask } => tcp_flags(*op, *flags, *mask, subject),
        Check::MirrorSession { value, negated } => Truth::from(session(value, subject) != *negated),
        Check::MirrorVni { number } => subject.vni.is_some_and(|vni| compare(*number, u64::from(vni))).into(),
        Check::MirrorTruncated { causes, negated } => Truth::from((packet.truncated.0 & causes != 0) != *negated),
        Check::MirrorChecksum { layer, verdicts, negated } => {
            Truth::from(checksum(*layer, *verdicts, subject) != *negated)
        }
        _ => Truth::False,
    }
}

/// Whether the rules of this core can have the check.
pub(super) fn is_built(check: &Check) -> bool {
    match check {
        Check::Field { field, .. } => matches!(field, Field::Ttl | Field::Itype | Field::Icode),
        Check::Dsize { .. } | Check::TcpFlags { .. } => true,
        Check::MirrorSession { .. } | Check::MirrorVni { .. } => true,
        Check::MirrorTruncated { .. } | Check::MirrorChecksum { .. } => true,
        _ => false,
    }
}

fn field_holds(field: Field, number: Number, subject: &Subject<'_>) -> Truth {
    match field {
        Field::Ttl => compare(number, u64::from(subject.packet.ttl)).into(),
        Field::Itype => icmp(number, subject.packet.sport, subject),
        Field::Icode => icmp(number, subject.packet.dport, subject),
        _ => Truth::False,
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
        direction && state
    })
}

/// The payload's original length: a cut does not change it.
fn dsize(number: Number, subject: &Subject<'_>) -> Truth {
    if subject.lost_transport() {
        return Truth::Unknown;
    }
    compare(number, subject.visible_payload().original as u64).into()
}

fn icmp(number: Number, value: u16, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    match packet.layer {
        Layer::Icmp | Layer::Icmpv6 => compare(number, u64::from(value)).into(),
        _ => lost(subject, matches!(packet.proto, proto::ICMP | proto::ICMPV6)),
    }
}

fn tcp_flags(op: FlagsOp, flags: u8, mask: u8, subject: &Subject<'_>) -> Truth {
    let packet = subject.packet;
    if packet.layer != Layer::Tcp {
        return lost(subject, packet.proto == proto::TCP);
    }
    let seen = packet.tcp_flags & mask;
    Truth::from(match op {
        FlagsOp::Exactly => seen == flags,
        FlagsOp::All => seen & flags == flags,
        FlagsOp::Any => seen & flags != 0,
        FlagsOp::NotAll => seen & flags != flags,
    })
}

/// A header field that is not there: unknown where the cut took it from a packet that had it.
fn lost(subject: &Subject<'_>, had_it: bool) -> Truth {
    if had_it && subject.lost_transport() { Truth::Unknown } else { Truth::False }
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
