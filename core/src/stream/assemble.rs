//! The payload of a segment that was taken goes into its stream.

use super::event::StreamEvent;
use super::number::after;
use super::segment::Segment;
use super::session::{self, Session, Side};
use super::store::{Held, Incoming, Inserted};
use super::{Exception, Step, Streams};
use crate::packet::tcp::{RST, SYN};
use crate::plan::Urgent;

/// Further ahead of its stream than this, a segment is of another.
const FAR: i64 = 1 << 30;
/// So many urgent bytes are left out of a direction at most.
const MOST_URGENT: u16 = u16::MAX;
/// Blocks further from each other than this are regions of their own.
const REGION: u64 = 256 << 10;

impl Streams {
    /// A segment that was taken.
    #[inline]
    pub(super) fn take(&mut self, session: &mut Session, segment: &Segment<'_>, step: &mut Step) {
        step.stored = segment.length == 0;
        if segment.length > 0 && segment.flags & RST == 0 {
            self.store(session, segment, step);
        }
        for to_server in [true, false] {
            let side = session.side_mut(to_server);
            if !side.has(session::INSPECTED | session::READ) {
                let acked = side.acked();
                side.store.release(acked, &mut self.pool);
            } else if side.store.has_rest() && self.find_gaps(side) {
                session.flags |= session::LIBERAL;
                step.events.add(StreamEvent::Gap);
            }
        }
    }

    /// Put the payload where it belongs.
    #[inline]
    fn store(&mut self, session: &mut Session, segment: &Segment<'_>, step: &mut Step) {
        if segment.has(SYN) && !session.is(session::FAST_OPEN) {
            return;
        }
        let depth = session.depth;
        let side = session.side_mut(segment.to_server);
        if !side.has(session::INSPECTED | session::READ) {
            step.stored = true;
            return;
        }
        let offset = side.offset(segment.data_seq());
        if offset - side.store.contiguous() as i64 > FAR {
            step.events.add(StreamEvent::InsertInvalid);
            return;
        }
        if depth > 0 && offset + i64::from(segment.length) > depth as i64 {
            self.refuse_deep(side, step);
            return;
        }
        let mut incoming = Incoming {
            offset,
            bytes: segment.payload,
            cut: u64::from(segment.length) - segment.payload.len() as u64,
            policy: side.policy,
            compare: self.settings.compare_overlaps || self.settings.inline,
        };
        if segment.urgent != 0 && !self.leave_urgent_out(side, segment, &mut incoming, step) {
            return;
        }
        let inserted = side.store.insert(&incoming, &mut self.pool);
        step.stored = true;
        if inserted != Inserted::default() {
            self.tell(side, inserted, step);
        }
        if incoming.offset as u64 > side.store.contiguous() + REGION {
            note_region(side, incoming.offset as u64);
        }
    }

    /// A segment that reaches beyond the depth is left out, whole.
    #[cold]
    fn refuse_deep(&mut self, side: &mut Side, step: &mut Step) {
        if !side.has(session::DEPTH) {
            side.bits |= session::DEPTH;
            self.stats.stream_depth_reached += 1;
            step.events.add(StreamEvent::DepthReached);
        }
    }

    /// The urgent byte of a segment, by the policy; false where the segment is not used.
    #[cold]
    fn leave_urgent_out(
        &mut self,
        side: &mut Side,
        segment: &Segment<'_>,
        incoming: &mut Incoming<'_>,
        step: &mut Step,
    ) -> bool {
        let policy = self.urgent_policy(side, step);
        let is_of_it = u32::from(segment.urgent) <= segment.length && incoming.bytes.len() == segment.length as usize;
        match policy {
            Urgent::Inline => return true,
            Urgent::Drop => return false,
            Urgent::Oob | Urgent::Gap if !is_of_it => return true,
            Urgent::Oob | Urgent::Gap => {}
        }
        incoming.bytes = incoming.bytes.split_last().map_or(&[], |(_, rest)| rest);
        let urgent_seq = segment.data_end().wrapping_sub(1);
        if policy == Urgent::Oob && (side.urgent == 0 || after(urgent_seq, side.urgent_seq)) {
            side.urgent += 1;
            side.urgent_seq = urgent_seq;
            self.stats.urgent_oob_data += 1;
        }
        !incoming.bytes.is_empty()
    }

    fn urgent_policy(&self, side: &Side, step: &mut Step) -> Urgent {
        let policy = self.settings.urgent;
        if policy != Urgent::Oob || side.urgent < MOST_URGENT {
            return policy;
        }
        step.events.add(StreamEvent::UrgentLimit);
        match self.settings.urgent_limit {
            Urgent::Oob => Urgent::Inline,
            limit => limit,
        }
    }

    /// Count and tell what came of an insertion.
    #[cold]
    fn tell(&mut self, side: &mut Side, inserted: Inserted, step: &mut Step) {
        self.stats.overlap += u64::from(inserted.overlaps);
        self.stats.overlap_diff_data += u64::from(inserted.differs);
        let events = [
            (inserted.differs, StreamEvent::OverlapDiffers),
            (inserted.no_memory, StreamEvent::InsertMemory),
            (inserted.no_piece, StreamEvent::NoSegment),
            (inserted.too_many, StreamEvent::InsertLimit),
        ];
        events.iter().filter(|(is, _)| *is).for_each(|(_, event)| step.events.add(*event));
        if inserted.no_memory || inserted.no_piece {
            self.stats.segment_memcap_drop += 1;
            step.exception = Some((Exception::ReassemblyMemory, self.settings.reassembly_memcap_policy));
        }
        if inserted.no_memory || inserted.no_piece || inserted.too_many {
            side.bits |= session::NO_MEMORY;
            step.stored = false;
            let failed = if inserted.overlaps {
                &mut self.stats.insert_data_overlap_fail
            } else {
                &mut self.stats.insert_data_normal_fail
            };
            *failed += 1;
        }
    }

    /// Look for bytes that were acknowledged and never came, with something behind them; whether there are any.
    #[cold]
    fn find_gaps(&mut self, side: &mut Side) -> bool {
        let acked = side.acked();
        let mut at = side.searched.max(side.store.contiguous());
        let mut found = false;
        while at < acked {
            let (upto, is_data, is_gap) = match side.store.view(at) {
                Held::Data(from, bytes) if from == at => (from + bytes.len() as u64, true, false),
                Held::Cut((from, to)) if from == at => (to, false, false),
                Held::Data(from, _) | Held::Cut((from, _)) => (from.min(acked), false, true),
                Held::End => break,
            };
            if is_gap {
                self.stats.reassembly_gap += 1;
                side.bits |= session::GAP;
                found = true;
            }
            if side.inspected == at && !is_data {
                // Nothing in front of it is left for the rules to look into.
                side.pass(upto);
            }
            at = upto;
        }
        side.searched = at;
        self.release(side);
        found
    }
}

/// A block far behind the others.
#[cold]
fn note_region(side: &mut Side, offset: u64) {
    if let Held::Data(from, _) = side.store.view(offset)
        && from == offset
    {
        side.regions = side.regions.saturating_add(1);
    }
}
