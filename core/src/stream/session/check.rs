//! Questions about a segment that several states ask.

use super::super::event::StreamEvent;
use super::super::number::{after, before, latest};
use super::super::segment::Segment;
use super::{ASYNC, KNOWN, LIBERAL, MIDSTREAM, STAMPED, Session, Turn, Verdict};
use crate::packet::tcp::ACK;
use crate::time::SECOND;

/// A timestamp this old says nothing any more, in seconds: 24 days (RFC 7323, section 5.5).
const STAMP_LIFE: u32 = 24 * 24 * 3600;

/// What a state says of segments that do not fit.
pub(super) struct Complaints {
    pub invalid_ack: StreamEvent,
    pub out_of_window: StreamEvent,
    /// None: what was acknowledged may come again.
    pub before_last_ack: Option<StreamEvent>,
    pub fin: StreamEvent,
}

impl Session {
    /// Windows are held against nobody: they are not known.
    fn has_windows(&self) -> bool {
        !self.is(MIDSTREAM | ASYNC | LIBERAL)
    }

    /// What the segment acknowledges is what the other side may have sent.
    #[inline]
    pub(super) fn ack_fits(&self, segment: &Segment<'_>) -> bool {
        let to = self.side(!segment.to_server);
        !segment.has(ACK)
            || !to.has(KNOWN)
            || !before(segment.ack, to.last_ack.wrapping_sub(to.window))
                && (!after(segment.ack, to.next_win)
                    || self.is(LIBERAL) && !after(segment.ack, to.next_win.wrapping_add(1 << 30)))
    }

    /// It ends where its sender may send.
    #[inline]
    pub(super) fn in_window(&self, segment: &Segment<'_>) -> bool {
        !after(segment.data_end(), self.side(segment.to_server).next_win) || !self.has_windows()
    }

    /// It ends before what was acknowledged, and none of it is missing here.
    #[inline]
    pub(super) fn is_outdated(&self, segment: &Segment<'_>) -> bool {
        let from = self.side(segment.to_server);
        let end = segment.data_end();
        before(end, from.last_ack)
            && (segment.length == 0 || from.offset(end) <= from.store.contiguous().max(from.searched) as i64)
    }

    /// Whether its timestamp is no older than the latest. Reordering by one tick is nothing (Linux).
    #[inline]
    pub(super) fn stamp_fits(&mut self, segment: &Segment<'_>) -> bool {
        let Some(stamp) = segment.options.timestamp else { return true };
        let from = self.side_mut(segment.to_server);
        if !from.has(STAMPED) {
            return true;
        }
        let second = (segment.time / SECOND) as u32;
        let is_old = from.stamp != 0 && before(stamp.wrapping_add(1), from.stamp);
        if is_old && second.wrapping_sub(from.stamped_at) < STAMP_LIFE {
            return false;
        }
        if segment.seq == from.next_seq {
            from.stamp = stamp;
            from.stamped_at = second;
        }
        true
    }

    /// Take in what a segment says: how far both sides are.
    #[inline]
    pub(super) fn learn(&mut self, turn: &mut Turn<'_, '_>) {
        let segment = &turn.segment;
        let (from, to) = self.ends(segment.to_server);
        from.advance(segment.end());
        if !segment.has(ACK) {
            return;
        }
        if to.has(KNOWN) {
            if after(segment.ack, to.next_seq) {
                turn.stats.ack_unseen_data += 1;
            }
            to.last_ack = latest(to.last_ack, segment.ack);
        } else {
            // Of a side that is never seen, only this is known.
            to.advance(segment.ack);
            to.last_ack = latest(to.last_ack, segment.ack);
        }
        to.offer(segment.window << to.scale);
    }

    /// A segment of a session that is or was established, without SYN and RST.
    #[inline]
    pub(super) fn carry(&mut self, turn: &mut Turn<'_, '_>, complaints: &Complaints) -> Verdict {
        let segment = &turn.segment;
        if !self.ack_fits(segment) {
            turn.note(StreamEvent::InvalidAck);
            return turn.refuse(complaints.invalid_ack);
        }
        if let Some(event) = complaints.before_last_ack
            && self.is_outdated(segment)
        {
            return turn.refuse(event);
        }
        if !self.in_window(segment) {
            return turn.refuse(complaints.out_of_window);
        }
        if !self.stamp_fits(segment) {
            return turn.refuse(StreamEvent::InvalidTimestamp);
        }
        self.learn(turn);
        Verdict::Take
    }
}
