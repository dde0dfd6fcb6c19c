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

/// What has been sent, and so what is due when. Times count from the start of sending, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pace: Pace,
    /// The capture's time that `start` stands for.
    first: Option<Nanos>,
    start: Nanos,
    packets: u64,
    bytes: u64,
}

impl Schedule {
    pub fn new(pace: Pace) -> Self {
        Self { pace, first: None, start: 0, packets: 0, bytes: 0 }
    }

    /// When a copy captured at `time` is due.
    #[inline]
    pub fn due(&mut self, time: Nanos) -> Nanos {
        match self.pace {
            Pace::FlatOut => 0,
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

    /// The capture begins again, `now`.
    pub fn again(&mut self, now: Nanos) {
        self.first = None;
        self.start = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_captured_and_faster() {
        let mut schedule = Schedule::new(Pace::Captured(2.0));
        assert_eq!(schedule.due(50 * SECOND), 0);
        assert_eq!(schedule.due(54 * SECOND), 2 * SECOND);
        assert!(schedule.due(40 * SECOND) < 0, "out of order: at once");
        schedule.again(9 * SECOND);
        assert_eq!(schedule.due(50 * SECOND), 9 * SECOND);
    }

    #[test]
    fn by_rate() {
        let mut packets = Schedule::new(Pace::Packets(1000.0));
        let mut bits = Schedule::new(Pace::Bits(8e6));
        for _ in 0..500 {
            packets.sent(100);
            bits.sent(100);
        }
        assert_eq!(packets.due(0), SECOND / 2);
        assert_eq!(bits.due(0), SECOND / 20);
        assert_eq!(Schedule::new(Pace::FlatOut).due(99), 0);
    }
}
