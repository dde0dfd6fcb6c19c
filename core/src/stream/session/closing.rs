//! From the first FIN to the end (RFC 9293, section 3.6).

use super::super::event::StreamEvent as E;
use super::super::number::{after, before};
use super::check::Complaints;
use super::{FINISHED, FINISHED_FIRST, RESET, Session, Turn, Verdict, is_established};
use crate::flow::record::TcpState;
use crate::packet::tcp::{FIN, SYN};

const fn complaints(invalid_ack: E, out_of_window: E, fin: E) -> Complaints {
    Complaints { invalid_ack, out_of_window, before_last_ack: None, fin }
}

const FIN_WAIT_1: Complaints = complaints(E::FinWait1InvalidAck, E::FinWait1AckWrongSeq, E::FinWait1FinWrongSeq);
const FIN_WAIT_2: Complaints = complaints(E::FinWait2InvalidAck, E::FinWait2AckWrongSeq, E::FinWait2FinWrongSeq);
const CLOSING: Complaints = complaints(E::ClosingInvalidAck, E::ClosingAckWrongSeq, E::ClosingAckWrongSeq);
const LAST_ACK: Complaints = complaints(E::LastAckInvalidAck, E::LastAckWrongSeq, E::LastAckWrongSeq);
const TIME_WAIT: Complaints = complaints(E::TimeWaitInvalidAck, E::TimeWaitWrongSeq, E::TimeWaitWrongSeq);
const CLOSE_WAIT: Complaints = Complaints {
    before_last_ack: Some(E::CloseWaitBeforeLastAck),
    ..complaints(E::CloseWaitInvalidAck, E::CloseWaitAckOutOfWindow, E::CloseWaitFinOutOfWindow)
};

fn of(state: TcpState) -> &'static Complaints {
    match state {
        TcpState::FinWait1 => &FIN_WAIT_1,
        TcpState::FinWait2 => &FIN_WAIT_2,
        TcpState::Closing => &CLOSING,
        TcpState::CloseWait => &CLOSE_WAIT,
        TcpState::LastAck => &LAST_ACK,
        _ => &TIME_WAIT,
    }
}

impl Session {
    /// One side has finished, or both.
    pub(super) fn closing(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let complaints = of(self.state);
        let segment = turn.segment;
        if segment.has(SYN) {
            return turn.refuse(E::ShutdownSynResend);
        }
        if segment.has(FIN) {
            return self.finish(turn, complaints);
        }
        if self.is_behind_fin(turn) {
            return turn.refuse(complaints.out_of_window);
        }
        let verdict = self.carry(turn, complaints);
        if verdict == Verdict::Take {
            self.state = self.after_ack(segment.to_server);
        }
        verdict
    }

    /// A sequence number beyond the sender's FIN.
    fn is_behind_fin(&self, turn: &Turn<'_, '_>) -> bool {
        let from = self.side(turn.segment.to_server);
        from.has(FINISHED) && after(turn.segment.data_end(), from.next_seq)
    }

    /// A FIN.
    pub(super) fn finish(&mut self, turn: &mut Turn<'_, '_>, complaints: &Complaints) -> Verdict {
        let segment = turn.segment;
        let from = self.side(segment.to_server);
        let is_again = from.has(FINISHED);
        if is_again && after(segment.end(), from.next_seq) || !is_again && before(segment.data_end(), from.next_seq) {
            return turn.refuse(complaints.fin);
        }
        let complaints = Complaints { out_of_window: complaints.fin, before_last_ack: None, ..*complaints };
        let verdict = self.carry(turn, &complaints);
        if verdict == Verdict::Take {
            self.state = if is_again { self.after_ack(segment.to_server) } else { self.after_fin(segment.to_server) };
        }
        verdict
    }

    /// What the receiver of a segment has sent was acknowledged, its FIN included.
    fn is_fin_acked(&self, to_server: bool) -> bool {
        let to = self.side(!to_server);
        to.has(FINISHED) && to.last_ack == to.next_seq
    }

    /// The state after the first FIN of a side.
    fn after_fin(&mut self, to_server: bool) -> TcpState {
        let acked = self.is_fin_acked(to_server);
        let state = self.state;
        let (from, to) = self.ends(to_server);
        from.bits |= FINISHED;
        if !to.has(FINISHED) {
            from.bits |= FINISHED_FIRST;
            return if to_server && state != TcpState::FinWait1 { TcpState::CloseWait } else { TcpState::FinWait1 };
        }
        match state {
            TcpState::CloseWait => TcpState::LastAck,
            TcpState::FinWait1 if !acked => TcpState::Closing,
            TcpState::FinWait1 | TcpState::FinWait2 => TcpState::TimeWait,
            other => other,
        }
    }

    /// The state after a segment without a FIN, or with one that came again.
    fn after_ack(&self, to_server: bool) -> TcpState {
        if !self.is_fin_acked(to_server) {
            return self.state;
        }
        let is_first = self.side(to_server).has(FINISHED_FIRST);
        match self.state {
            TcpState::FinWait1 => TcpState::FinWait2,
            TcpState::Closing => TcpState::TimeWait,
            TcpState::LastAck | TcpState::TimeWait if is_first => TcpState::Closed,
            other => other,
        }
    }

    /// It is over: what comes now is of no session. But who goes on where its own RST stood has not sent that: the
    /// session is what it was before.
    pub(super) fn closed(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let was_open = is_established(self.before);
        let (from, to) = self.ends(segment.to_server);
        let goes_on = from.has(RESET) && !to.has(RESET) && segment.seq == from.next_seq;
        if !goes_on || segment.has(SYN) || !was_open {
            return Verdict::Skip;
        }
        from.bits &= !RESET;
        self.state = self.before;
        self.dispatch(turn)
    }
}
