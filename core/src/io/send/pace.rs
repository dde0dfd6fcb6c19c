//! When each copy is due. Pure: time is what the caller says it is.

use crate::time::{Nanos, SECOND};

/// How fast copies are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As captured, this many times as fast.
    Captured(f64),
    /// Packets a second.
    Packets(f64),
    /// Bits a second, of the encapsulated size.
    Bits(f64),
    /// As fast as the system takes them.
    FlatOut,
}

/// Which time a schedule goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// That of the frames: nothing waits.
    Frames,
    /// Nanoseconds since sending began: frames wait until they are due.
    Start,
    /// The time of day: frames are sent as they come.
    Wall,
}

/// What has been sent, and so what is due when, by its clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pace: Pace,
    pub clock: Clock,
    /// The capture's time that `start` stands for.
    first: Option<Nanos>,
    start: Nanos,
    /// Added to the capture's times, so that they go on where the last round ended.
    shift: Nanos,
    /// The first and the last time of this round.
    span: Option<(Nanos, Nanos)>,
    packets: u64,
    bytes: u64,
}

impl Schedule {
    /// Of a source that is live or not.
    pub fn new(pace: Pace, live: bool) -> Self {
        let (pace, clock) = match pace {
            _ if live => (Pace::FlatOut, Clock::Wall),
            Pace::FlatOut => (pace, Clock::Frames),
            _ => (pace, Clock::Start),
        };
        Self { pace, clock, first: None, start: 0, shift: 0, span: None, packets: 0, bytes: 0 }
    }

    /// When a copy of a frame of this time is due.
    #[inline]
    pub fn due(&mut self, time: Nanos) -> Nanos {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        match self.pace {
            Pace::FlatOut => time.saturating_add(self.shift),
            // Casts of floats saturate: a pace too slow for a Nanos is never.
            Pace::Packets(rate) => (self.packets as f64 * SECOND as f64 / rate) as Nanos,
            Pace::Bits(rate) => (self.bytes as f64 * 8.0 * SECOND as f64 / rate) as Nanos,
            Pace::Captured(speed) => {
                let since = time.saturating_sub(*self.first.get_or_insert(time));
                self.start.saturating_add((since as f64 / speed) as Nanos)
            }
        }
    }

    /// A copy went out.
    #[inline]
    pub fn sent(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }

    /// The capture begins again, `now`; false where this round had no frames, and the next would have none.
    pub fn again(&mut self, now: Nanos) -> bool {
        let Some((first, last)) = self.span.take() else { return false };
        self.shift = self.shift.saturating_add(last.saturating_sub(first));
        self.first = None;
        self.start = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_captured_and_faster() {
        let mut schedule = Schedule::new(Pace::Captured(2.0), false);
        assert!(!schedule.again(1), "no frames");
        assert_eq!(schedule.due(50 * SECOND), 0);
        assert_eq!(schedule.due(54 * SECOND), 2 * SECOND);
        assert!(schedule.due(40 * SECOND) < 0, "out of order: at once");
        assert!(schedule.again(9 * SECOND));
        assert_eq!(schedule.due(50 * SECOND), 9 * SECOND);
    }

    #[test]
    fn by_rate() {
        let mut packets = Schedule::new(Pace::Packets(1000.0), false);
        let mut bits = Schedule::new(Pace::Bits(8e6), false);
        for _ in 0..500 {
            packets.sent(100);
            bits.sent(100);
        }
        assert_eq!(packets.due(0), SECOND / 2);
        assert_eq!(bits.due(0), SECOND / 20);
    }

    #[test]
    fn flat_out_and_live_by_the_frames_times() {
        let mut schedule = Schedule::new(Pace::FlatOut, false);
        assert_eq!((schedule.clock, schedule.due(7), schedule.due(9)), (Clock::Frames, 7, 9));
        assert!(schedule.again(1));
        assert_eq!(schedule.due(7), 9);
        let mut live = Schedule::new(Pace::Packets(1.0), true);
        live.sent(1);
        assert_eq!((live.clock, live.due(7)), (Clock::Wall, 7));
    }
}
