//! The ordered stage over a batch with fragments, or one in whose time a datagram is given up: its packets are gone
//! through one by one, and what is put together of fragments is parsed and ordered in its place.

use super::merge::is_unidentified;
use super::parsed::{Parsed, Parser};
use super::sequence::Sequencer;
use crate::anomaly::Anomaly;
use crate::identify::Identities;
use crate::packet::{NONE, Packet};
use crate::restore::{self, GivenUp, Taken};
use crate::table::fate::Fate;
use crate::time::Nanos;
use std::sync::RwLock;

/// What datagrams are parsed and identified with.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub parser: &'a Parser,
    pub identities: &'a RwLock<Identities>,
}

impl Sequencer {
    /// Whether a batch has to be gone through packet by packet.
    pub(super) fn must_replay(&self, parsed: &Parsed) -> bool {
        let due = self.restorer.due();
        parsed.has_fragments || due != Nanos::MAX && parsed.packets.iter().any(|packet| packet.time >= due)
    }

    /// Order a batch. A panic loses the fragments that are held, and nothing else.
    pub(super) fn replay(&mut self, parsed: &mut Parsed, tools: Tools<'_>) {
        self.resolve_known(&parsed.wraps, tools.identities);
        let attempt = std::panic::AssertUnwindSafe(|| self.all(parsed, tools));
        if std::panic::catch_unwind(attempt).is_err() {
            self.restorer.clear();
            self.counters.frames.release();
            parsed.rejoin();
            while parsed.next_time().is_some() {
                let row = parsed.next_row();
                self.place_row(parsed, row, tools.identities);
            }
        }
        if parsed.has_grown() {
            parsed.sort();
        }
    }

    fn all(&mut self, parsed: &mut Parsed, tools: Tools<'_>) {
        while let Some(time) = parsed.next_time() {
            if self.restorer.due() <= self.advance(time) {
                parsed.part();
                self.expire(parsed, tools);
            }
            let row = parsed.next_row();
            self.order(parsed, row, tools);
        }
    }

    /// Give up the datagrams whose time is over.
    pub(super) fn expire(&mut self, parsed: &mut Parsed, tools: Tools<'_>) {
        while let Some(over) = self.clock.and_then(|clock| self.restorer.expire(clock)) {
            self.give_up(parsed, over, tools);
            self.settle(parsed, tools);
        }
    }

    /// Give up all datagrams.
    pub(super) fn end(&mut self, parsed: &mut Parsed, tools: Tools<'_>) {
        while let Some(over) = self.restorer.end() {
            self.give_up(parsed, over, tools);
            self.settle(parsed, tools);
        }
    }

    /// Order the packets that were appended, and what comes of those that are fragments.
    fn settle(&mut self, parsed: &mut Parsed, tools: Tools<'_>) {
        while parsed.clocks.len() < parsed.packets.len() {
            let row = parsed.clocks.len();
            self.order(parsed, row, tools);
        }
    }

    #[inline]
    fn order(&mut self, parsed: &mut Parsed, row: usize, tools: Tools<'_>) {
        self.place_row(parsed, row, tools.identities);
        if parsed.packets.get(row).is_some_and(|packet| packet.fragment && !is_unidentified(packet)) {
            self.fragment(parsed, row, tools);
        }
    }

    fn fragment(&mut self, parsed: &mut Parsed, row: usize, tools: Tools<'_>) {
        let Some(mut packet) = parsed.packets.get(row).copied() else { return };
        while let Some(oldest) = self.restorer.make_room(&packet) {
            self.give_up(parsed, oldest, tools);
        }
        let place = restore::Place {
            now: self.clock.unwrap_or(packet.time),
            number: parsed.number(&packet),
            holds: parsed.has_frame(&packet),
            wrap: parsed.wrap(&packet),
        };
        let policy = self.restorer.policy(&packet.dst);
        let taken = self.restorer.take(packet.bytes(&parsed.batch.slab), &mut packet, place, policy);
        self.tell(parsed, &mut packet, row, taken, tools);
        if let Some(slot) = parsed.packets.get_mut(row) {
            slot.anomalies = packet.anomalies;
        }
    }

    fn tell(&mut self, parsed: &mut Parsed, packet: &mut Packet, row: usize, taken: Taken, tools: Tools<'_>) {
        let fates = &mut self.counters.frames;
        match taken {
            Taken::No => {}
            Taken::Held => fates.change(Fate::Decoded, Fate::Held, u64::from(parsed.has_frame(packet))),
            Taken::Complete { datagram: Some(datagram), frames } => {
                fates.change(Fate::Held, Fate::Merged, frames);
                parsed.datagram(tools.parser, &datagram, packet.frame, row as u32, packet.time);
            }
            Taken::Complete { datagram: None, frames } => {
                fates.change(Fate::Held, Fate::Decoded, frames);
                let ipv4 = packet.ip == 4;
                packet.anomalies.add(if ipv4 { Anomaly::Ipv4FragmentTooLarge } else { Anomaly::Ipv6FragmentTooLarge });
            }
        }
    }

    /// The frames of a datagram that was given up were decoded; what there is of it from its beginning is a packet.
    fn give_up(&mut self, parsed: &mut Parsed, over: GivenUp, tools: Tools<'_>) {
        self.counters.frames.change(Fate::Held, Fate::Decoded, over.frames);
        if let Some(datagram) = over.datagram.filter(|_| !tools.parser.strict) {
            let row = parsed.earlier_frame(datagram.number);
            parsed.datagram(tools.parser, &datagram, row, NONE, datagram.time);
        }
    }
}
