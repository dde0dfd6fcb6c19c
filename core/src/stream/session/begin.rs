//! No session yet: which packets begin one.

use super::super::event::StreamEvent;
use super::super::segment::Segment;
use super::{ASYNC, FAST_OPEN, INSPECTED, KNOWN, MIDSTREAM, READ, STAMPED, Session, Side, Turn};
use crate::flow::record::TcpState;
use crate::packet::tcp::{ACK, FIN, RST, SYN};
use crate::plan::StreamPolicy;

/// The shift of windows whose SYN was not seen: the greatest there is.
const GUESSED_SCALE: u8 = 14;

/// How a session begins, with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    Syn,
    SynAck,
    Middle(TcpState),
}

/// The session that a segment begins. `swapped`: its sender is the server.
pub(in crate::stream) struct Begun {
    pub session: Session,
    pub swapped: bool,
}

/// Begin a session, where a segment can. The policies are those of the hosts that receive what the client and what the
/// server sends; `may_pick_up`: it need not be the first segment.
pub(in crate::stream) fn begin(
    turn: &mut Turn<'_, '_>,
    policies: [StreamPolicy; 2],
    readers: (bool, bool),
    may_pick_up: bool,
) -> Option<Begun> {
    let beginning = beginning(turn, may_pick_up)?;
    let swapped = beginning == Beginning::SynAck && turn.segment.to_server;
    let policies = if swapped { [policies[1], policies[0]] } else { policies };
    turn.segment.to_server &= !swapped;
    let mut session = Session::new(turn, policies, readers);
    match beginning {
        Beginning::Syn => session.begin_with_syn(&turn.segment),
        Beginning::SynAck => session.begin_with_syn_ack(&turn.segment),
        Beginning::Middle(state) => session.begin_in_the_middle(turn, state),
    }
    if beginning != Beginning::Syn {
        turn.stats.midstream_pickups += 1;
    }
    let flags = turn.segment.flags;
    session.side_mut(turn.segment.to_server).tcp_flags |= flags;
    Some(Begun { session, swapped })
}

fn beginning(turn: &mut Turn<'_, '_>, may_pick_up: bool) -> Option<Beginning> {
    let segment = &turn.segment;
    let (flags, has_payload) = (segment.flags, segment.length > 0);
    if flags & RST != 0 {
        turn.note(StreamEvent::RstNoSession);
        return None;
    }
    if flags & FIN != 0 {
        if may_pick_up && has_payload {
            return Some(Beginning::Middle(TcpState::FinWait1));
        }
        turn.note(StreamEvent::FinNoSession);
        return None;
    }
    match flags & (SYN | ACK) {
        SYN => Some(Beginning::Syn),
        ACK if may_pick_up => Some(Beginning::Middle(TcpState::Established)),
        0 | ACK => None,
        _ => (may_pick_up || turn.settings.async_oneside).then_some(Beginning::SynAck),
    }
}

impl Session {
    fn new(turn: &Turn<'_, '_>, [client, server]: [StreamPolicy; 2], (inspected, read): (bool, bool)) -> Self {
        let readers = if inspected { INSPECTED } else { 0 } | if read { READ } else { 0 };
        Self {
            sides: [Side::new(client, readers), Side::new(server, readers)],
            state: TcpState::None,
            before: TcpState::None,
            flags: 0,
            identity: turn.segment.identity,
            depth: turn.settings.depth,
            queue: None,
        }
    }

    fn begin_with_syn(&mut self, segment: &Segment<'_>) {
        self.state = TcpState::SynSent;
        self.syn(segment);
        if segment.options.fast_open && segment.length > 0 {
            self.flags |= FAST_OPEN;
            self.side_mut(segment.to_server).advance(segment.data_end());
        }
    }

    /// What a SYN says: where its sender begins, and how much it can receive.
    pub(super) fn syn(&mut self, segment: &Segment<'_>) {
        let (from, to) = self.ends(segment.to_server);
        from.start(segment.seq);
        from.set_stamp(segment);
        to.scale = segment.options.window_scale.unwrap_or(if segment.options.cut { GUESSED_SCALE } else { 0 });
        to.offer(segment.window);
    }

    fn begin_with_syn_ack(&mut self, segment: &Segment<'_>) {
        self.state = TcpState::SynRecv;
        self.flags |= MIDSTREAM;
        self.syn(segment);
        let scales = segment.options.window_scale.is_some() || segment.options.cut;
        let (from, to) = self.ends(segment.to_server);
        to.isn = segment.ack.wrapping_sub(1);
        to.start(to.isn);
        from.scale = if scales { GUESSED_SCALE } else { 0 };
        from.offer(segment.window << from.scale);
    }

    fn begin_in_the_middle(&mut self, turn: &Turn<'_, '_>, state: TcpState) {
        let segment = &turn.segment;
        self.state = TcpState::Established;
        self.flags |= MIDSTREAM;
        let window = segment.window << GUESSED_SCALE;
        let (from, to) = self.ends(segment.to_server);
        for side in [&mut *from, &mut *to] {
            side.scale = GUESSED_SCALE;
            side.window = window;
        }
        from.start(segment.seq.wrapping_sub(1));
        from.set_stamp(segment);
        from.advance(segment.end());
        if segment.has(ACK) {
            to.start(segment.ack.wrapping_sub(1));
        }
        if turn.settings.async_oneside {
            // There may be no other side to see.
            to.bits &= !KNOWN;
            self.flags |= ASYNC;
        }
        let from = self.side_mut(segment.to_server);
        if state == TcpState::FinWait1 {
            from.bits |= super::FINISHED | super::FINISHED_FIRST;
            self.state = state;
        }
    }
}

impl Side {
    pub(super) fn set_stamp(&mut self, segment: &Segment<'_>) {
        if let Some(stamp) = segment.options.timestamp {
            self.stamp = stamp;
            self.stamped_at = (segment.time / crate::time::SECOND) as u32;
            self.bits |= STAMPED;
        }
    }

    /// Nothing is known of what the other side offers it.
    pub(super) fn guess_window(&mut self) {
        self.scale = GUESSED_SCALE;
        self.offer(u32::from(u16::MAX) << GUESSED_SCALE);
    }

    /// It was never seen, and is not known to have sent anything.
    pub(super) fn is_unknown(&self) -> bool {
        !self.has(KNOWN)
    }
}
