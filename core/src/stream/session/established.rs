//! ESTABLISHED, and the step that leaves it.

use super::super::event::StreamEvent;
use super::check::Complaints;
use super::{Session, Turn, Verdict};
use crate::packet::tcp::{ACK, FIN, SYN};

const COMPLAINTS: Complaints = Complaints {
    invalid_ack: StreamEvent::EstablishedInvalidAck,
    out_of_window: StreamEvent::EstablishedOutOfWindow,
    before_last_ack: Some(StreamEvent::EstablishedBeforeLastAck),
    fin: StreamEvent::FinOutOfWindow,
};

/// The same for the FIN that leaves the state.
const FIN_COMPLAINTS: Complaints = Complaints {
    invalid_ack: StreamEvent::FinInvalidAck,
    out_of_window: StreamEvent::FinOutOfWindow,
    before_last_ack: Some(StreamEvent::FinOutOfWindow),
    fin: StreamEvent::FinOutOfWindow,
};

impl Session {
    #[inline]
    pub(super) fn established(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        match turn.segment.flags & (SYN | FIN) {
            0 => self.carry(turn, &COMPLAINTS),
            SYN => self.syn_again(turn),
            both => {
                if both & SYN != 0 {
                    turn.note(StreamEvent::FinSyn);
                }
                self.finish(turn, &FIN_COMPLAINTS)
            }
        }
    }

    /// A SYN or SYN/ACK in a session that is established.
    #[cold]
    fn syn_again(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let (from, to) = self.ends(segment.to_server);
        let is_same = segment.seq == from.isn;
        let event = match (segment.has(ACK), segment.to_server) {
            (true, true) => StreamEvent::EstablishedSynAckToServer,
            (true, false) if segment.ack != to.isn.wrapping_add(1) => StreamEvent::EstablishedSynAckResendOtherAck,
            (true, false) if !is_same => StreamEvent::EstablishedSynAckResendOtherSeq,
            (true, false) => StreamEvent::EstablishedSynAckResend,
            (false, false) => StreamEvent::EstablishedSynToClient,
            (false, true) if is_same => StreamEvent::EstablishedSynResend,
            (false, true) => StreamEvent::EstablishedSynResendOtherSeq,
        };
        turn.refuse(event)
    }
}
