//! SYN_SENT and SYN_RECV: until the client has answered the server's SYN/ACK (RFC 9293, section 3.5).

use super::super::event::StreamEvent;
use super::super::number::{after, before};
use super::super::segment::Segment;
use super::{ASYNC, CROSSED, FAST_OPEN, KNOWN, MIDSTREAM, Queued, STAMPED, Session, Turn, Verdict};
use crate::flow::record::TcpState;
use crate::packet::tcp::{ACK, FIN, SYN};

impl Session {
    pub(super) fn syn_sent(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        if self.has_uncalled_stamp(&turn.segment) {
            return turn.refuse(StreamEvent::InvalidTimestamp);
        }
        match turn.segment.flags & (SYN | ACK) {
            SYN => self.another_syn(turn),
            ACK => self.without_syn_ack(turn),
            0 => Verdict::Skip,
            _ => self.syn_ack(turn),
        }
    }

    /// A server that answers without SYN has no timestamps to send where the client's SYN had none (RFC 7323, section
    /// 3.2): hosts ignore such a segment, a RST too.
    pub(super) fn has_uncalled_stamp(&self, segment: &Segment<'_>) -> bool {
        let client = self.side(true);
        !segment.to_server
            && !segment.has(SYN)
            && segment.options.timestamp.is_some()
            && client.has(KNOWN)
            && !client.has(STAMPED)
            && self.queue.is_none()
    }

    fn another_syn(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let from = self.side_mut(segment.to_server);
        if from.is_unknown() {
            self.flags |= CROSSED;
            self.syn(&segment);
            return Verdict::Take;
        }
        if segment.seq == from.isn {
            from.set_stamp(&segment);
            return Verdict::Skip;
        }
        let most = turn.settings.max_syn_queued;
        self.enqueue(turn, most, StreamEvent::HandshakeSynFlood)
    }

    /// Keep a SYN or SYN/ACK that differs from the one before.
    fn enqueue(&mut self, turn: &mut Turn<'_, '_>, most: u8, flood: StreamEvent) -> Verdict {
        let queued = Queued::of(&turn.segment);
        let queue = self.queue.get_or_insert_default();
        let is_full = queue.len() >= usize::from(most);
        if let Some(other) = queue.iter_mut().find(|other| other.seq == queued.seq) {
            *other = queued;
        } else if !is_full {
            queue.push(queued);
        } else {
            // The latest are kept: the one that is answered was sent not long ago.
            queue.rotate_left(1);
            if let Some(last) = queue.last_mut() {
                *last = queued;
            }
        }
        if is_full { turn.refuse(flood) } else { Verdict::Skip }
    }

    /// The queued SYN or SYN/ACK that an acknowledgement answers.
    fn answered(&self, ack: u32) -> Option<Queued> {
        self.queue.iter().flat_map(|queue| queue.iter()).find(|queued| queued.seq.wrapping_add(1) == ack).copied()
    }

    /// One of the queued ones is it.
    fn adopt(&mut self, queued: Queued, to_server: bool) {
        let (from, to) = self.ends(to_server);
        to.window = queued.window;
        if to_server || from.scale != 0 {
            to.scale = queued.scale.unwrap_or(0);
        }
        from.start(queued.seq);
        if let Some(stamp) = queued.stamp {
            from.stamp = stamp;
        }
    }

    fn syn_ack(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        if self.is(CROSSED) {
            return self.crossed_syn_ack(turn);
        }
        if segment.to_server {
            return turn.refuse(StreamEvent::HandshakeSynAckInWrongDirection);
        }
        let client = self.side(true);
        if segment.ack != client.next_seq {
            if self.is(FAST_OPEN) && segment.ack == client.isn.wrapping_add(1) {
                turn.note(StreamEvent::HandshakeFastOpenDataIgnored);
            } else if let Some(queued) = self.answered(segment.ack) {
                self.adopt(queued, true);
            } else if !(self.is(FAST_OPEN) && after(segment.ack, client.isn) && before(segment.ack, client.next_seq)) {
                return turn.refuse(StreamEvent::HandshakeSynAckWrongAck);
            }
        }
        self.queue = None;
        self.state = TcpState::SynRecv;
        self.answer_syn(&segment);
        Verdict::Take
    }

    /// What a SYN/ACK says: what the two agree on.
    fn answer_syn(&mut self, segment: &Segment<'_>) {
        let offered = self.side(segment.to_server).scale;
        let had_stamps = self.side(!segment.to_server).has(STAMPED);
        self.syn(segment);
        let (from, to) = self.ends(segment.to_server);
        to.next_win = to.last_ack.wrapping_add(segment.window);
        from.scale = offered;
        if segment.options.window_scale.is_none() && !segment.options.cut {
            from.scale = 0;
        }
        if !(had_stamps && from.has(STAMPED)) {
            from.bits &= !STAMPED;
            to.bits &= !STAMPED;
        }
        if segment.length > 0 {
            from.advance(segment.data_end());
        }
    }

    fn crossed_syn_ack(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let (from, to) = self.ends(segment.to_server);
        if segment.ack != to.isn.wrapping_add(1) {
            return turn.refuse(StreamEvent::CrossedSynAckWrongAck);
        }
        if segment.seq != from.isn {
            return turn.refuse(StreamEvent::CrossedSynAckWrongSeq);
        }
        self.state = TcpState::SynRecv;
        Verdict::Take
    }

    /// An ACK where the SYN/ACK should be: the server is not seen, or its answer was lost on the way here.
    fn without_syn_ack(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let (client, server) = self.ends(true);
        if segment.to_server && turn.settings.async_oneside {
            if segment.seq != client.next_seq {
                return turn.refuse(StreamEvent::HandshakeAsyncWrongSeq);
            }
            server.next_seq = segment.ack;
            server.last_ack = segment.ack;
            server.isn = segment.ack.wrapping_sub(1);
            self.flags |= ASYNC;
        } else if turn.settings.lossy {
            let is_late = segment.to_server && before(segment.seq, client.next_seq);
            if is_late || !segment.to_server && !after(segment.ack, client.isn) {
                return Verdict::Skip;
            }
            let first = if segment.to_server { segment.ack } else { segment.seq };
            server.start(first.wrapping_sub(1));
            self.flags |= MIDSTREAM;
        } else {
            return Verdict::Skip;
        }
        self.side_mut(true).guess_window();
        self.state = TcpState::Established;
        self.established(turn)
    }

    pub(super) fn syn_recv(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let is_syn = segment.has(SYN) && !segment.has(FIN);
        match (is_syn, segment.has(ACK)) {
            (true, false) => self.syn_after_syn_ack(turn),
            (true, true) => self.another_syn_ack(turn),
            (false, false) => Verdict::Skip,
            (false, true) if self.is(CROSSED) => self.crossed_ack(turn),
            (false, true) if segment.to_server => self.last_ack_of_three(turn),
            (false, true) => self.server_goes_on(turn),
        }
    }

    fn syn_after_syn_ack(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let is_same = segment.seq == self.side(segment.to_server).isn;
        match segment.to_server {
            _ if is_same && (segment.to_server || self.is(CROSSED)) => Verdict::Skip,
            true => turn.refuse(StreamEvent::HandshakeSynResendOtherSeq),
            false => turn.refuse(StreamEvent::HandshakeSynToClient),
        }
    }

    fn another_syn_ack(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        if self.is(CROSSED) {
            return self.crossed_syn_ack(turn);
        }
        if segment.to_server {
            return turn.refuse(StreamEvent::HandshakeSynAckToServer);
        }
        let (client, server) = (self.side(true), self.side(false));
        if segment.ack != client.next_seq && segment.ack != client.isn.wrapping_add(1) {
            return turn.refuse(StreamEvent::HandshakeSynAckResendOtherAck);
        }
        if segment.seq == server.isn {
            return Verdict::Skip;
        }
        let most = turn.settings.max_synack_queued;
        self.enqueue(turn, most, StreamEvent::HandshakeSynAckFlood)
    }

    fn crossed_ack(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let (from, to) = self.ends(segment.to_server);
        if segment.seq != from.next_seq {
            return turn.refuse(StreamEvent::CrossedWrongSeq);
        }
        if segment.ack != to.next_seq {
            return turn.refuse(StreamEvent::CrossedInvalidAck);
        }
        self.confirm(turn)
    }

    /// The client's answer to the SYN/ACK, or what it sent after that.
    fn last_ack_of_three(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        if segment.ack != self.side(false).next_seq
            && let Some(queued) = self.answered(segment.ack)
        {
            self.adopt(queued, false);
        }
        let (client, server) = (self.side(true), self.side(false));
        let ack_fits = after(segment.ack, server.isn)
            && (!after(segment.ack, server.next_seq)
                || turn.settings.lossy && !after(segment.ack, server.next_win)
                || self.is(MIDSTREAM));
        let seq_fits = segment.seq == client.next_seq;
        if !ack_fits {
            return turn.refuse(if seq_fits {
                StreamEvent::HandshakeRightSeqWrongAck
            } else {
                StreamEvent::HandshakeWrongSeqWrongAck
            });
        }
        // What came before it may have been lost, or be still on its way.
        if !seq_fits && !after(segment.seq, client.isn) {
            return turn.refuse(StreamEvent::HandshakeWrongSeqWrongAck);
        }
        self.confirm(turn)
    }

    /// The server sends before the client's answer to its SYN/ACK was seen here.
    fn server_goes_on(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let says_more = segment.length > 0 || segment.has(FIN);
        if turn.settings.inline {
            return turn.refuse(match says_more {
                true => StreamEvent::HandshakeDataInject,
                false => StreamEvent::HandshakeAckInWrongDirection,
            });
        }
        let client = self.side(true);
        let acks_data = after(segment.ack, client.next_seq);
        if !(says_more || acks_data && turn.settings.lossy) {
            return Verdict::Skip;
        }
        self.confirm(turn)
    }

    fn confirm(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let before = self.state;
        self.state = TcpState::Established;
        let verdict = self.established(turn);
        match verdict {
            Verdict::Refuse => self.state = before,
            _ => self.queue = None,
        }
        verdict
    }

    /// A session of which only one side was seen: here is the other.
    pub(super) fn see_other_side(&mut self, segment: &Segment<'_>) {
        let from = self.side_mut(segment.to_server);
        if from.is_unknown() {
            from.start(segment.seq.wrapping_sub(u32::from(!segment.has(SYN))));
            from.bits |= KNOWN;
            self.flags &= !ASYNC;
            self.flags |= MIDSTREAM;
        }
    }
}
