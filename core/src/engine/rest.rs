//! Packets of a batch that wait while a datagram goes before them.

use super::parsed::{Cut, Parsed};
use crate::packet::Packet;
use crate::time::Nanos;
use std::collections::VecDeque;

/// Packets of a batch that gave way to one that belongs before them, until it is their turn. Its memory is reused.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// There was reason to give way.
    parted: bool,
    packets: Vec<Packet>,
    shards: Vec<u8>,
    cuts: VecDeque<Cut>,
    /// The row that the first of them had.
    first: u32,
    /// Where those are that have had their turn.
    moved: Vec<u32>,
}

impl Rest {
    /// Forget them, keeping the memory.
    pub fn clear(&mut self) {
        self.parted = false;
        self.packets.clear();
        self.shards.clear();
        self.cuts.clear();
        self.moved.clear();
    }
}

impl Parsed {
    /// Make way behind the packets that have their place in time: those that have none yet wait for their turn.
    pub fn part(&mut self) {
        if self.rest.parted {
            return;
        }
        let first = self.clocks.len();
        let cuts = self.cuts.partition_point(|cut| (cut.packet as usize) < first);
        self.rest.parted = true;
        self.rest.first = first as u32;
        self.rest.packets.extend(self.packets.drain(first.min(self.packets.len())..));
        self.rest.shards.extend(self.shards.drain(first.min(self.shards.len())..));
        self.rest.cuts.extend(self.cuts.drain(cuts..));
    }

    /// The time of the next packet that has no place yet; none when all have one.
    #[inline]
    pub fn next_time(&self) -> Option<Nanos> {
        let waiting = || self.rest.packets.get(self.rest.moved.len());
        self.packets.get(self.clocks.len()).or_else(waiting).map(|packet| packet.time)
    }

    /// The row of the next packet that has no place yet; one that waited takes its turn.
    #[inline]
    pub fn next_row(&mut self) -> usize {
        if self.clocks.len() == self.packets.len() {
            self.take_turn();
        }
        self.clocks.len()
    }

    fn take_turn(&mut self) {
        let row = self.packets.len() as u32;
        let rest = &mut self.rest;
        let at = rest.moved.len();
        let (Some(packet), Some(shard)) = (rest.packets.get(at), rest.shards.get(at)) else { return };
        let moved = packet.parent.checked_sub(rest.first).and_then(|parent| rest.moved.get(parent as usize));
        let parent = moved.copied().unwrap_or(packet.parent);
        self.packets.push(Packet { parent, ..*packet });
        self.shards.push(*shard);
        let was = rest.first + at as u32;
        if let Some(cut) = rest.cuts.front().filter(|cut| cut.packet == was) {
            self.cuts.push(Cut { packet: row, ..*cut });
            rest.cuts.pop_front();
        }
        rest.moved.push(row);
    }

    /// Whether packets were put between the batch's own.
    pub fn has_grown(&self) -> bool {
        self.rest.parted
    }

    /// Let all that wait take their turn, after a panic; what was to go before them and has no place yet is lost.
    pub fn rejoin(&mut self) {
        if !self.rest.parted {
            return;
        }
        let placed = self.clocks.len();
        self.packets.truncate(placed);
        self.shards.truncate(placed);
        self.cuts.retain(|cut| (cut.packet as usize) < placed);
        self.cuts_asked = self.cuts_asked.min(self.cuts.len());
        self.rest.moved.retain(|row| (*row as usize) < placed);
        while self.rest.moved.len() < self.rest.packets.len() {
            self.take_turn();
        }
    }

    /// What cut a packet; asked for row after row.
    #[inline]
    pub fn cut(&mut self, row: usize) -> Option<(u32, u32)> {
        while let Some(cut) = self.cuts.get(self.cuts_asked).filter(|cut| cut.packet as usize <= row) {
            self.cuts_asked += 1;
            if cut.packet as usize == row {
                return Some((cut.copy, cut.carrier));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of which some have their place.
    fn placed(packets: u32, placed: usize) -> Parsed {
        let mut parsed = Parsed::default();
        parsed.packets.extend((0..packets).map(|frame| Packet { frame, ..Packet::EMPTY }));
        parsed.shards.resize(packets as usize, 0);
        parsed.cuts.push(Cut { packet: packets - 1, copy: 7, carrier: 9 });
        parsed.clocks.resize(placed, 0);
        parsed
    }

    fn frames(parsed: &Parsed) -> Vec<u32> {
        parsed.packets.iter().map(|packet| packet.frame).collect()
    }

    #[test]
    fn what_waits_takes_its_turn_behind_what_went_before_it() {
        let mut parsed = placed(4, 2);
        parsed.part();
        parsed.packets.push(Packet { frame: 9, ..Packet::EMPTY });
        parsed.shards.push(0);
        for row in 2..5 {
            assert_eq!(parsed.next_row(), row);
            parsed.clocks.push(0);
        }
        assert_eq!((frames(&parsed), parsed.next_time()), (vec![0, 1, 9, 2, 3], None));
        assert_eq!((parsed.cut(3), parsed.cut(4)), (None, Some((7, 9))));
    }

    #[test]
    fn a_panic_loses_no_packet_of_the_batch() {
        let mut parsed = placed(4, 2);
        parsed.rejoin();
        assert_eq!(frames(&parsed), [0, 1, 2, 3], "none had to give way yet");

        parsed.part();
        parsed.packets.push(Packet { frame: 9, ..Packet::EMPTY });
        parsed.shards.push(0);
        parsed.rejoin();
        assert_eq!(frames(&parsed), [0, 1, 2, 3], "the datagram had no place yet");

        let mut parsed = placed(4, 2);
        parsed.part();
        parsed.next_row();
        parsed.rejoin();
        assert_eq!((frames(&parsed), parsed.cut(3)), (vec![0, 1, 2, 3], Some((7, 9))), "nor had the one in its turn");
    }
}
