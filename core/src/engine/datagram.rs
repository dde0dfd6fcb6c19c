//! A datagram that was put together goes through the stateless stages like a frame.

use super::parsed::{Origin, Parsed, Parser};
use crate::frame::Frame;
use crate::packet::Layers;
use crate::restore::Datagram;
use crate::time::Nanos;

impl Parsed {
    /// Parse a datagram, behind all packets. `row`: its frame; `parent`: the fragment that completed it, or `NONE`;
    /// `time`: when it was completed or given up.
    pub(super) fn datagram(&mut self, parser: &Parser, datagram: &Datagram, row: u32, parent: u32, time: Nanos) {
        self.part();
        let (first, before) = (self.packets.len(), self.size());
        let length = datagram.bytes.len() as u32;
        let offset = self.batch.slab.len() as u32;
        self.batch.slab.extend_from_slice(&datagram.bytes);
        let link = datagram.around.link;
        let frame = Frame { time, offset, captured: length, original: length, outer: 0, link };
        let batch = std::mem::take(&mut self.batch);
        let (bytes, original) = (batch.bytes(&frame), datagram.original as usize);
        let found = parser.decap.resume(bytes, original, &datagram.around, &mut self.outers);
        self.tree(parser, &found, Origin { row, frame: &frame, parent }, bytes);
        if parser.filter.as_ref().is_some_and(|filter| !self.admitted(filter, &batch.slab)) {
            self.cut_back(before);
        }
        self.batch = batch;
        let packets = self.packets.get_mut(first..).unwrap_or_default();
        for packet in packets.iter_mut().filter(|packet| packet.captured < packet.original) {
            packet.truncated.0 |= datagram.truncated.0;
        }
        if let Some(packet) = packets.first_mut().filter(|packet| usize::from(packet.depth) == datagram.around.depth) {
            packet.defragmented = true;
            packet.layers = Layers(packet.layers.0 & !datagram.layers.0);
        }
    }
}
