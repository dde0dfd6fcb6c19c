//! RST: one that fits ends the session, at once.

use super::super::event::StreamEvent;
use super::super::number::{after, before};
use super::super::segment::Segment;
use super::{ASYNC, KNOWN, LIBERAL, RESET, Session, Turn, Verdict};
use crate::flow::record::TcpState;
use crate::packet::tcp::ACK;
use crate::plan::StreamPolicy;

/// How far behind the latest byte a RST may be where packets are lost: a full window without scaling.
const BEHIND: u32 = 65_535;

impl Session {
    #[cold]
    pub(super) fn reset(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        match self.state {
            TcpState::None | TcpState::Closed => Verdict::Skip,
            TcpState::SynSent => self.reset_syn(turn),
            _ => self.reset_session(turn),
        }
    }

    /// The server refuses the SYN, or the client gives it up.
    fn reset_syn(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        if self.has_uncalled_stamp(&segment) {
            return turn.refuse(StreamEvent::InvalidTimestamp);
        }
        let client = self.side(true);
        let fits = if segment.to_server {
            !before(segment.seq, client.isn) && !after(segment.seq, client.next_seq)
        } else {
            segment.has(ACK) && after(segment.ack, client.isn) && !after(segment.ack, client.next_seq)
        };
        if !fits {
            return turn.refuse(StreamEvent::RstInvalidAck);
        }
        if segment.length > 0 {
            turn.note(StreamEvent::RstWithData);
        }
        self.end(&segment);
        Verdict::Take
    }

    fn reset_session(&mut self, turn: &mut Turn<'_, '_>) -> Verdict {
        let segment = turn.segment;
        let checked = !self.is(LIBERAL);
        if checked && !self.stamp_fits(&segment) {
            return turn.refuse(StreamEvent::InvalidTimestamp);
        }
        if checked && segment.ack != 0 && !self.ack_fits(&segment) {
            return turn.refuse(StreamEvent::RstInvalidAck);
        }
        if segment.length > 0 {
            turn.note(StreamEvent::RstWithData);
        }
        if checked && !self.rst_fits(&segment, turn.settings.lossy) {
            return Verdict::Refuse;
        }
        self.end(&segment);
        Verdict::Take
    }

    fn end(&mut self, segment: &Segment<'_>) {
        let (from, to) = self.ends(segment.to_server);
        from.bits |= RESET;
        if segment.has(ACK) && to.has(KNOWN) && after(segment.ack, to.last_ack) && !after(segment.ack, to.next_win) {
            to.last_ack = segment.ack;
        }
        self.before = self.state;
        self.state = TcpState::Closed;
    }

    /// Its receiver believes it.
    fn rst_fits(&self, segment: &Segment<'_>, lossy: bool) -> bool {
        let from = self.side(segment.to_server);
        if !from.has(KNOWN) {
            return true;
        }
        let at_or_after_next = !before(segment.seq, from.next_seq);
        if self.is(ASYNC) {
            return at_or_after_next;
        }
        let in_window = before(segment.seq, from.next_seq.wrapping_add(from.window.max(1)));
        if lossy {
            return at_or_after_next && in_window || from.next_seq.wrapping_sub(segment.seq) <= BEHIND;
        }
        match from.policy {
            StreamPolicy::Hpux11 => at_or_after_next,
            StreamPolicy::Linux | StreamPolicy::OldLinux | StreamPolicy::Solaris => {
                !before(segment.data_end(), from.last_ack) && in_window
            }
            _ => segment.seq == from.next_seq,
        }
    }
}
