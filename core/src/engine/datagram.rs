//! A datagram that was put together goes through the stateless stages like a frame.

use super::parsed::{Parsed, Parser, Place};
use crate::frame::Frame;
use crate::packet::{Layers, NONE};
use crate::restore::Datagram;
use crate::time::Nanos;

/// Where a datagram belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The row of its frame.
    pub frame: u32,
    /// The row of the fragment that completed it, or `NONE`.
    pub parent: u32,
    /// When it was completed or given up.
    pub time: Nanos,
}

impl Parsed {
    /// Parse a datagram, behind all packets.
    pub(super) fn datagram(&mut self, parser: &Parser, datagram: &Datagram, origin: Origin) {
        let (first, cuts) = (self.packets.len(), self.cuts.len());
        let length = datagram.bytes.len() as u32;
        let offset = self.batch.slab.len() as u32;
        self.batch.slab.extend_from_slice(&datagram.bytes);
        let frame =
            Frame { time: origin.time, offset, captured: length, original: length, outer: 0, link: datagram.link };
        let depth = self.unwrapped(parser, datagram, origin, &frame);
        if datagram.wrap.is_some() {
            // What cut it was named with its fragments.
            self.cuts.truncate(cuts);
        }
        let packets = self.packets.get_mut(first..).unwrap_or_default();
        for packet in &mut *packets {
            packet.depth = packet.depth.saturating_add(datagram.depth);
            if packet.captured < packet.original {
                packet.truncated.0 |= datagram.truncated.0;
            }
        }
        if let Some(packet) = packets.first_mut().filter(|_| depth == 0 || parser.outer) {
            packet.defragmented = true;
            packet.layers = Layers(packet.layers.0 & !datagram.layers.0);
        }
    }

    /// Take off what is around the innermost packet, and parse it; gives how many encapsulations there were.
    fn unwrapped(&mut self, parser: &Parser, datagram: &Datagram, origin: Origin, frame: &Frame) -> usize {
        let batch = std::mem::take(&mut self.batch);
        let bytes = batch.bytes(frame);
        let found = parser.decap.frame(bytes, datagram.original as usize, frame.link, &mut self.outers);
        let wrap = match &datagram.wrap {
            Some(wrap) => self.wrap_row(wrap),
            None if found.depth > 0 => self.wrap_row(&found.wrap),
            None => NONE,
        };
        let place = Place { span: &found.inner, row: origin.frame, frame, parent: origin.parent, wrap };
        self.tree(parser, &found, place, bytes);
        self.batch = batch;
        found.depth
    }
}
