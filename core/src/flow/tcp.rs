//! A TCP session's state, from packets that may be missing, repeated or out of order.
//!
//! Suricata's names (`tcp.state`) with midstream pickup on: what was lost on the way to us is taken as having happened.
//! Sequence numbers are compared modulo 2^32 (RFC 9293, section 3.4).

use super::entry::Side;
use super::history::Kind;
use super::record::{FlowState, TcpState};
use crate::packet::Packet;
use crate::packet::tcp::{ACK, FIN, RST, SYN};

/// `Side::next_seq` is set.
const KNOWN: u8 = 1;
/// It has sent its FIN.
const FINISHED: u8 = 2;
/// Its FIN was the first of the two.
const FINISHED_FIRST: u8 = 4;
/// Something it sent is missing here.
const LOSSY: u8 = 8;
/// Its latest packet brought only data that was seen before.
pub(super) const AGAIN: u8 = 16;

/// How far behind the latest byte a RST may be: a full window without scaling.
const RST_BEHIND: u32 = 65_535;

/// The flow's state that a session's amounts to.
#[inline]
pub(super) fn flow_state(tcp: TcpState) -> FlowState {
    match tcp {
        TcpState::None | TcpState::SynSent | TcpState::SynRecv => FlowState::New,
        TcpState::TimeWait | TcpState::LastAck | TcpState::Closed => FlowState::Closed,
        _ => FlowState::Established,
    }
}

/// Whether the sender of a session's first packet is the client, where the packet says so.
#[inline]
pub(super) fn sender_is_client(packet: &Packet) -> Option<bool> {
    match packet.tcp_flags & (SYN | ACK | FIN | RST) {
        SYN => Some(true),
        flags if flags == SYN | ACK => Some(false),
        _ => None,
    }
}

/// The kinds of a packet.
#[inline]
pub(super) fn kinds(packet: &Packet) -> u8 {
    let flags = packet.tcp_flags;
    let data = packet.payload_original > 0;
    let open = match flags & (SYN | ACK) {
        SYN => Kind::Syn.bit(),
        both if both == SYN | ACK => Kind::SynAck.bit(),
        ACK if !data && flags & (FIN | RST) == 0 => Kind::PureAck.bit(),
        _ => 0,
    };
    let close = match flags & (FIN | RST) {
        0 => 0,
        FIN => Kind::Fin.bit(),
        _ => Kind::Rst.bit(),
    };
    open | if data { Kind::Data.bit() } else { 0 } | close
}

/// The state after a packet; `sides` learn what it says.
#[inline]
pub(super) fn step(state: TcpState, sides: &mut [Side; 2], packet: &Packet, to_server: bool) -> TcpState {
    let [up, down] = sides;
    let (sender, receiver) = if to_server { (up, down) } else { (down, up) };
    let flags = packet.tcp_flags;
    if flags & RST != 0 {
        return reset(state, sender, receiver, packet);
    }
    let next = match state {
        TcpState::None => begin(packet),
        TcpState::SynSent | TcpState::SynRecv => open(state, packet, to_server),
        // A late copy of the handshake, or a SYN out of place (RFC 5961, section 4).
        _ if flags & SYN != 0 => return state,
        _ => state,
    };
    if next == TcpState::None {
        return next;
    }
    sender.tcp_flags |= flags;
    learn(sender, receiver, packet);
    let acked = flags & ACK != 0 && receiver.bits & KNOWN != 0 && !before(packet.ack, receiver.next_seq);
    let next = if flags & FIN != 0 { next } else { acknowledge(next, sender, receiver, acked) };
    if flags & (FIN | SYN) == FIN { finish(next, sender, receiver, acked, to_server) } else { next }
}

/// `a` comes before `b`.
#[inline]
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// The state that a first packet leads to.
fn begin(packet: &Packet) -> TcpState {
    let flags = packet.tcp_flags;
    if flags & FIN != 0 {
        // Nothing to pick up after a bare one.
        return if packet.payload_original > 0 && flags & SYN == 0 { TcpState::FinWait1 } else { TcpState::None };
    }
    match flags & (SYN | ACK) {
        SYN => TcpState::SynSent,
        ACK => TcpState::Established,
        0 => TcpState::None,
        _ => TcpState::SynRecv,
    }
}

/// The state that a packet of the handshake leads to, whatever of it was lost.
fn open(state: TcpState, packet: &Packet, to_server: bool) -> TcpState {
    match packet.tcp_flags & (SYN | ACK) {
        ACK if to_server || state == TcpState::SynSent => TcpState::Established,
        // The server speaks: the client's ACK is what was lost.
        ACK if packet.payload_original > 0 || packet.tcp_flags & FIN != 0 => TcpState::Established,
        both if both == SYN | ACK => TcpState::SynRecv,
        _ => state,
    }
}

/// Follow the sender's sequence numbers.
#[inline]
fn learn(sender: &mut Side, receiver: &mut Side, packet: &Packet) {
    let flags = packet.tcp_flags;
    let length =
        packet.payload_original.wrapping_add(u32::from(flags & SYN != 0)).wrapping_add(u32::from(flags & FIN != 0));
    let end = packet.seq.wrapping_add(length);
    sender.bits &= !AGAIN;
    // A SYN begins anew: of several, the latest counts.
    if sender.bits & KNOWN == 0 || flags & SYN != 0 {
        sender.next_seq = end;
        sender.bits |= KNOWN;
    } else if before(sender.next_seq, end) {
        if before(sender.next_seq, packet.seq) {
            sender.bits |= LOSSY;
        }
        sender.next_seq = end;
    } else if packet.payload_original > 1 {
        // One byte would be a keep-alive.
        sender.bits |= AGAIN;
    }
    if flags & ACK != 0 && receiver.bits & KNOWN != 0 && before(receiver.next_seq, packet.ack) {
        receiver.bits |= LOSSY;
    }
}

/// The state after a FIN.
fn finish(state: TcpState, sender: &mut Side, receiver: &Side, acked: bool, to_server: bool) -> TcpState {
    if sender.bits & FINISHED != 0 {
        return state;
    }
    sender.bits |= FINISHED;
    if receiver.bits & FINISHED == 0 {
        sender.bits |= FINISHED_FIRST;
        return if to_server && state == TcpState::Established { TcpState::CloseWait } else { TcpState::FinWait1 };
    }
    match state {
        TcpState::CloseWait => TcpState::LastAck,
        TcpState::FinWait1 if acked => TcpState::TimeWait,
        TcpState::FinWait1 => TcpState::Closing,
        TcpState::FinWait2 => TcpState::TimeWait,
        other => other,
    }
}

/// The state after an acknowledgement of all that the receiver sent.
#[inline]
fn acknowledge(state: TcpState, sender: &Side, receiver: &Side, acked: bool) -> TcpState {
    if !acked {
        return state;
    }
    let first = sender.bits & FINISHED_FIRST != 0;
    match state {
        TcpState::FinWait1 if receiver.bits & FINISHED != 0 => TcpState::FinWait2,
        TcpState::Closing if !first => TcpState::TimeWait,
        TcpState::LastAck | TcpState::TimeWait if first => TcpState::Closed,
        other => other,
    }
}

/// The state after a RST: refused where it can't be of this session, taken where packets are missing.
fn reset(state: TcpState, sender: &mut Side, receiver: &Side, packet: &Packet) -> TcpState {
    if state == TcpState::None {
        return state;
    }
    let fits = if sender.bits & KNOWN == 0 {
        packet.tcp_flags & ACK == 0 || receiver.bits & KNOWN == 0 || packet.ack == receiver.next_seq
    } else {
        sender.bits & LOSSY != 0 || sender.next_seq.wrapping_sub(packet.seq) <= RST_BEHIND
    };
    if fits {
        sender.tcp_flags |= packet.tcp_flags;
        TcpState::Closed
    } else {
        state
    }
}
