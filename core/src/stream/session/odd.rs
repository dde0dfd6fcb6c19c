//! Segments that say nothing new, whatever the state: keep-alives, probes of a closed window, what comes again.

use super::super::event::StreamEvent;
use super::super::number::{after, before};
use super::super::segment::Segment;
use super::{FINISHED, PROBE, RESET, Session, Side, Turn, Verdict, is_established};
use crate::flow::record::TcpState;
use crate::packet::tcp::{ACK, FIN, RST, SYN};

impl Session {
    /// The verdict on a segment that its state is not asked about.
    #[inline]
    pub(super) fn odd(&mut self, turn: &mut Turn<'_, '_>) -> Option<Verdict> {
        if self.is_plain(&turn.segment) { None } else { self.judge_odd(turn) }
    }

    fn judge_odd(&mut self, turn: &mut Turn<'_, '_>) -> Option<Verdict> {
        let segment = turn.segment;
        let from = self.side(segment.to_server);
        if from.has(RESET) && !segment.has(RST) && !segment.has(SYN) {
            turn.note(StreamEvent::SuspectedRstInjection);
        }
        if !is_established(self.state) || self.state == TcpState::Closed {
            return None;
        }
        if segment.flags & (SYN | FIN | RST | ACK) == ACK
            && let Some(verdict) = self.says_nothing(turn, &segment)
        {
            return Some(verdict);
        }
        if segment.length > 0 && !segment.has(SYN) { self.comes_again(turn, &segment) } else { None }
    }

    fn says_nothing(&mut self, turn: &mut Turn<'_, '_>, segment: &Segment<'_>) -> Option<Verdict> {
        let (from, to) = self.ends(segment.to_server);
        if is_keep_alive(segment, from, to) {
            return Some(Verdict::Skip);
        }
        if to.has(PROBE) && segment.ack == to.next_seq {
            turn.note(StreamEvent::EstablishedProbeAcked);
            to.bits &= !PROBE;
        }
        if from.window == 0 && segment.length == 1 && segment.seq == from.next_seq {
            from.bits |= PROBE;
            from.next_win = segment.data_end();
        }
        if self.is_bad_window_update(segment) {
            turn.note(StreamEvent::BadWindowUpdate);
            return Some(Verdict::Skip);
        }
        self.is_outdated_ack(segment).then_some(Verdict::Skip)
    }

    /// The window shrinks by more than the payload, while the segment is ahead of both sides.
    fn is_bad_window_update(&self, segment: &Segment<'_>) -> bool {
        let (from, to) = (self.side(segment.to_server), self.side(!segment.to_server));
        let window = segment.window << to.scale;
        window < to.window
            && to.window - window > segment.length
            && after(segment.ack, to.next_seq)
            && after(segment.seq, from.next_seq)
    }

    /// A bare acknowledgement of less than was acknowledged before.
    fn is_outdated_ack(&self, segment: &Segment<'_>) -> bool {
        let (from, to) = (self.side(segment.to_server), self.side(!segment.to_server));
        segment.length == 0
            && segment.seq == from.next_seq
            && before(segment.ack, to.last_ack)
            && segment.options.sacked.is_none_or(|end| !after(end, to.last_ack))
    }

    fn comes_again(&self, turn: &mut Turn<'_, '_>, segment: &Segment<'_>) -> Option<Verdict> {
        let from = self.side(segment.to_server);
        if after(segment.data_end(), from.next_seq) {
            return None;
        }
        turn.note(StreamEvent::Retransmission);
        let end = from.offset(segment.data_end());
        if after(segment.data_end(), from.last_ack) || end > from.store.contiguous() as i64 {
            return None;
        }
        turn.note(StreamEvent::SpuriousRetransmission);
        (end <= from.store.start() as i64 && segment.flags & (FIN | RST) == 0).then_some(Verdict::Skip)
    }
}

/// No byte, or the last one again, to see whether the other side is there (RFC 9293, section 3.8.4).
fn is_keep_alive(segment: &Segment<'_>, from: &Side, to: &Side) -> bool {
    segment.length <= 1
        && segment.seq == from.next_seq.wrapping_sub(1)
        && (segment.ack == to.last_ack || segment.ack == to.next_seq)
        && from.sent > 0
        && !from.has(FINISHED)
}
