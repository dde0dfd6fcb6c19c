//! Counters of a run: plain integers, added to for each packet, merged over workers.

use crate::anomaly::Anomaly;
use crate::frame::Frame;
use crate::packet::{Causes, Checksum, Layer, Layers, NONE, Packet, Stop};
use crate::table::capture;
use crate::table::fate::{Drop, Fate, Rejection};
use crate::time::Nanos;

/// What became of the frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Frames {
    pub received: u64,
    pub decoded: u64,
    pub merged: u64,
    pub duplicate: u64,
    /// By `Rejection`.
    pub rejected: [u64; Rejection::NAMES.len()],
    /// By `Drop`.
    pub dropped: [u64; Drop::NAMES.len()],
    pub held: u64,
    /// Captured bytes.
    pub bytes: u64,
    /// Captured bytes of the largest.
    pub largest: u64,
}

/// What came through one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Mirrored frames; 0: it was never seen.
    pub frames: u64,
    /// Captured bytes of the mirrored frames, without what the mirror put around them.
    pub bytes: u64,
    /// Those that were truncated.
    pub truncated: u64,
    /// Time of the earliest; `Nanos::MAX` before there is one.
    pub first: Nanos,
    /// Time of the latest; `Nanos::MIN` before there is one.
    pub last: Nanos,
}

impl Default for Session {
    fn default() -> Self {
        Self { frames: 0, bytes: 0, truncated: 0, first: Nanos::MAX, last: Nanos::MIN }
    }
}

/// What became of the rules' matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// Alerts that were raised.
    pub alerts: u64,
    /// Matches that a limit kept from becoming one.
    pub suppressed: u64,
    /// Matches beyond the most that a packet may have.
    pub overflow: u64,
    /// What rules wrote and that made room for other things, or found no room.
    pub forgotten: u64,
    /// Sets of ports that `unique_on` keeps.
    pub port_sets: u64,
    /// Matches that were counted whatever their port because there was no room for a set of ports.
    pub no_port_set: u64,
}

/// All counters of a run, or of a worker's share of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// The frames.
    pub frames: Frames,
    /// What became of the rules' matches.
    pub detect: Decided,
    /// What was written as a capture, where one is.
    pub capture: Option<capture::Counts>,
    /// IP packets by protocol.
    protocols: [u64; 256],
    /// Packets by IP version (0: none was decoded).
    versions: [u64; 8],
    /// Packets by innermost layer.
    layers: [u64; 32],
    /// Packets by the layers that they went through, by `Layers`' bits.
    passed: [u64; 64],
    /// Packets by why decoding stopped.
    stops: [u64; 8],
    /// Packets by the set of what cut them.
    causes: [u64; 1 << Causes::NAMES.len()],
    /// Packets by verdict on the network header's checksum.
    pub l3: [u64; Checksum::NAMES.len()],
    /// Packets by verdict on the transport's checksum.
    pub l4: [u64; Checksum::NAMES.len()],
    /// Anomalies by number.
    pub anomalies: [u64; Anomaly::ALL.len()],
    /// By identity.
    pub sessions: Vec<Session>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            frames: Frames::default(),
            detect: Decided::default(),
            capture: None,
            protocols: [0; 256],
            versions: [0; 8],
            layers: [0; 32],
            passed: [0; 64],
            stops: [0; 8],
            causes: [0; 1 << Causes::NAMES.len()],
            l3: [0; Checksum::NAMES.len()],
            l4: [0; Checksum::NAMES.len()],
            anomalies: [0; Anomaly::ALL.len()],
            sessions: Vec::new(),
        }
    }
}

#[inline]
fn bump(counts: &mut [u64], row: usize) {
    if let Some(count) = counts.get_mut(row) {
        *count = count.wrapping_add(1);
    }
}

fn sum(into: &mut [u64], from: &[u64]) {
    for (a, b) in into.iter_mut().zip(from) {
        *a = a.wrapping_add(*b);
    }
}

fn row(counts: &[u64], row: usize) -> u64 {
    counts.get(row).copied().unwrap_or(0)
}

impl Counters {
    /// Count an inner packet.
    #[inline]
    pub fn add(&mut self, packet: &Packet) {
        if packet.ip != 0 {
            bump(&mut self.protocols, usize::from(packet.proto));
        }
        bump(&mut self.versions, usize::from(packet.ip));
        bump(&mut self.layers, packet.layer as usize);
        bump(&mut self.stops, packet.stop as usize);
        bump(&mut self.causes, usize::from(packet.truncated.0));
        bump(&mut self.l3, packet.l3_checksum as usize);
        bump(&mut self.l4, packet.l4_checksum as usize);
        if !packet.anomalies.is_empty() {
            packet.anomalies.numbers().for_each(|number| bump(&mut self.anomalies, number));
        }
        let mut layers = packet.layers.0;
        while layers != 0 {
            bump(&mut self.passed, layers.trailing_zeros() as usize);
            layers &= layers - 1;
        }
        // What a datagram is made of was counted with its fragments.
        if packet.identity != NONE && !packet.defragmented {
            self.session(packet);
        }
    }

    #[inline]
    fn session(&mut self, packet: &Packet) {
        let row = packet.identity as usize;
        if row >= self.sessions.len() {
            self.sessions.resize(row + 1, Session::default());
        }
        let Some(session) = self.sessions.get_mut(row) else { return };
        session.first = session.first.min(packet.time);
        session.last = session.last.max(packet.time);
        session.frames += 1;
        session.bytes += u64::from(packet.captured);
        session.truncated += u64::from(packet.truncated != Causes(0));
    }

    /// All packets.
    pub fn total(&self) -> u64 {
        self.versions.iter().sum()
    }

    /// IP packets of a protocol.
    pub fn protocol(&self, number: u8) -> u64 {
        row(&self.protocols, usize::from(number))
    }

    /// Packets of an IP version.
    pub fn version(&self, ip: u8) -> u64 {
        row(&self.versions, usize::from(ip))
    }

    /// Packets whose innermost layer is this.
    pub fn layer(&self, layer: Layer) -> u64 {
        row(&self.layers, layer as usize)
    }

    /// Packets that went through a layer.
    pub fn passed(&self, layer: Layers) -> u64 {
        row(&self.passed, layer.0.trailing_zeros() as usize)
    }

    /// Packets whose decoding stopped for this reason.
    pub fn stop(&self, stop: Stop) -> u64 {
        row(&self.stops, stop as usize)
    }

    /// Packets that were cut by each cause; one that two cut counts twice.
    pub fn causes(&self) -> [u64; Causes::NAMES.len()] {
        let sets = self.causes.iter().enumerate();
        std::array::from_fn(|bit| sets.clone().filter(|(set, _)| set >> bit & 1 == 1).map(|(_, count)| count).sum())
    }

    /// Add another worker's counters.
    pub fn merge(&mut self, other: &Self) {
        self.frames.merge(&other.frames);
        sum(&mut self.protocols, &other.protocols);
        sum(&mut self.versions, &other.versions);
        sum(&mut self.layers, &other.layers);
        sum(&mut self.passed, &other.passed);
        sum(&mut self.stops, &other.stops);
        sum(&mut self.causes, &other.causes);
        sum(&mut self.l3, &other.l3);
        sum(&mut self.l4, &other.l4);
        sum(&mut self.anomalies, &other.anomalies);
        if other.sessions.len() > self.sessions.len() {
            self.sessions.resize(other.sessions.len(), Session::default());
        }
        self.sessions.iter_mut().zip(&other.sessions).for_each(|(session, more)| session.merge(more));
    }
}

impl Frames {
    /// Wraps: a share can be below zero for a while, since one stage takes back what another counts; the sum is right.
    #[inline]
    fn count(&mut self, fate: Fate, change: i64) {
        let counter = match fate {
            Fate::Decoded => Some(&mut self.decoded),
            Fate::Merged => Some(&mut self.merged),
            Fate::Duplicate => Some(&mut self.duplicate),
            Fate::Held => Some(&mut self.held),
            Fate::Rejected(reason) => self.rejected.get_mut(reason as usize),
            Fate::Dropped(reason) => self.dropped.get_mut(reason as usize),
        };
        if let Some(counter) = counter {
            *counter = counter.wrapping_add_signed(change);
        }
    }

    /// Count a batch's frames; `others` are the fates of those that were not simply decoded.
    pub fn add(&mut self, frames: &[Frame], others: impl Iterator<Item = Fate>) {
        self.received += frames.len() as u64;
        self.decoded = self.decoded.wrapping_add(frames.len() as u64);
        self.bytes += frames.iter().map(|frame| u64::from(frame.captured)).sum::<u64>();
        let largest = frames.iter().map(|frame| frame.captured).max().unwrap_or_default();
        self.largest = self.largest.max(u64::from(largest));
        for fate in others {
            self.count(Fate::Decoded, -1);
            self.count(fate, 1);
        }
    }

    /// Frames whose fate changed.
    pub fn change(&mut self, from: Fate, to: Fate, frames: u64) {
        self.count(from, -(frames as i64));
        self.count(to, frames as i64);
    }

    /// No frame is held any longer.
    pub fn release(&mut self) {
        self.change(Fate::Held, Fate::Decoded, self.held);
    }

    /// A frame that was counted as decoded made a later stage panic.
    pub fn lost_to_panic(&mut self) {
        self.count(Fate::Decoded, -1);
        self.count(Fate::Dropped(Drop::Panic), 1);
    }

    fn merge(&mut self, other: &Self) {
        self.received += other.received;
        self.decoded = self.decoded.wrapping_add(other.decoded);
        self.merged = self.merged.wrapping_add(other.merged);
        self.duplicate = self.duplicate.wrapping_add(other.duplicate);
        sum(&mut self.rejected, &other.rejected);
        sum(&mut self.dropped, &other.dropped);
        self.held = self.held.wrapping_add(other.held);
        self.bytes += other.bytes;
        self.largest = self.largest.max(other.largest);
    }
}

impl Session {
    fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.truncated += other.truncated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::testing::{frame, packet};

    fn packets() -> Vec<Packet> {
        let one = packet();
        let mut cut = Packet { time: one.time - 5, identity: 2, truncated: Causes(3), original: 1514, ..one };
        (cut.stop, cut.l4_checksum) = (Stop::Truncated, Checksum::Unverifiable);
        cut.anomalies.add(Anomaly::UnknownIdentity);
        cut.anomalies.add(Anomaly::Icmpv6BadChecksum);
        let arp = Packet { ip: 0, proto: 0, identity: NONE, layer: Layer::Arp, time: one.time + 5, ..one };
        vec![one, cut, arp, one]
    }

    #[test]
    fn counts() {
        let mut counters = Counters::default();
        for packet in packets() {
            counters.add(&packet);
        }
        assert_eq!((counters.total(), counters.version(0), counters.version(4)), (4, 1, 3));
        assert_eq!((counters.protocol(0), counters.protocol(6)), (0, 3));
        assert_eq!((counters.layer(Layer::Tcp), counters.layer(Layer::Arp)), (3, 1));
        assert_eq!((counters.stop(Stop::Complete), counters.stop(Stop::Truncated)), (3, 1));
        assert_eq!(counters.causes(), [1, 1, 0, 0]);
        assert_eq!((counters.l3, counters.l4), ([4, 0, 0, 0, 0], [3, 0, 0, 1, 0]));
        assert_eq!(counters.anomalies.iter().sum::<u64>(), 2);
        assert_eq!(counters.anomalies[Anomaly::Icmpv6BadChecksum as usize], 1);
        assert_eq!(counters.sessions.len(), 3);
        assert_eq!(counters.sessions[1], Session::default());
        assert_eq!(
            (counters.sessions[2].frames, counters.sessions[2].truncated, counters.sessions[2].bytes),
            (1, 1, 66)
        );
    }

    #[test]
    fn a_fate_that_another_worker_counted_is_taken_back() {
        let (mut sequencer, mut worker) = (Counters::default(), Counters::default());
        sequencer.frames.add(&[frame(66)], [Fate::Decoded].into_iter());
        worker.frames.lost_to_panic();
        sequencer.merge(&worker);
        let frames = sequencer.frames;
        assert_eq!((frames.received, frames.decoded, frames.dropped), (1, 0, [1]));
    }

    #[test]
    fn merged_workers_equal_one() {
        let fates =
            [Fate::Decoded, Fate::Rejected(Rejection::NotEncapsulated), Fate::Dropped(Drop::Panic), Fate::Decoded];
        for split in 0..4 {
            let (mut one, mut workers) = (Counters::default(), [Counters::default(), Counters::default()]);
            for (row, (packet, fate)) in packets().iter().zip(fates).enumerate() {
                for counters in [&mut one, &mut workers[usize::from(row >= split)]] {
                    counters.frames.add(&[frame(packet.captured)], [fate].into_iter());
                    counters.add(packet);
                }
            }
            let [mut left, right] = workers;
            left.merge(&right);
            assert_eq!(left, one);
        }
    }
}
