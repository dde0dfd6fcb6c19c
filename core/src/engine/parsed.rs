//! The stateless stages over one batch: decap, decode, verify. Any number of batches can be parsed at once.

use crate::anomaly::{Anomaly, AnomalySet};
use crate::decap::{Decap, Found, Outers, Span};
use crate::decode::{Quoted, decode, quoted};
use crate::excluded::exclusion;
use crate::flow::{Seed, address_hash};
use crate::frame::{Addr, Batch, Frame, Link};
use crate::packet::{Causes, NONE, Packet, Stop, Wrap};
use crate::table::fate::{Drop, Fate, Rejection};
use crate::time::Nanos;
use crate::verify::verify;

/// Shards of the state, whatever the number of workers: what is in a shard does not depend on how many there are.
pub const SHARDS: usize = 8;

/// Wraps that are remembered within a batch: sources send by turns.
const LATELY: usize = 256;

/// What parsing needs to know.
#[derive(Debug, Clone)]
pub struct Parser {
    /// Which ports carry tunnels.
    pub decap: Decap,
    /// Enclosing packets are wanted too.
    pub outer: bool,
    /// Key of the hash that spreads packets over the shards.
    pub seed: Seed,
}

/// How much of a mirrored packet arrived: for naming what cut it.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// The packet's row.
    pub packet: u32,
    /// Bytes of the mirror's copy.
    pub copy: u32,
    /// Bytes of the IP packet that carried it.
    pub carrier: u32,
}

/// A batch and all that was found in it. Its memory is reused.
#[derive(Debug)]
pub struct Parsed {
    /// The batch.
    pub batch: Batch,
    /// The packets, in the order of their frames; enclosing ones before enclosed ones.
    pub packets: Vec<Packet>,
    /// What was around packets; neighbours share.
    pub wraps: Vec<Wrap>,
    /// Packets that the mirror cut.
    pub cuts: Vec<Cut>,
    /// GENEVE options without a meaning to tmrx: the frame's row, and where in the slab they are.
    pub options: Vec<(u32, std::ops::Range<usize>)>,
    /// Frames that have another fate than to be decoded.
    pub fates: Vec<(u32, Fate)>,
    /// The packets' rows by shard, in order within each; `bounds[s]..bounds[s + 1]` are shard s.
    order: Vec<u32>,
    bounds: [u32; SHARDS + 1],
    shards: Vec<u8>,
    /// By a few bits of a wrap: the row of the last one that had them.
    lately: [u32; LATELY],
    outers: Outers,
    /// The engine's clock at each packet.
    pub clocks: Vec<Nanos>,
    /// How many frames came before this batch.
    pub frames_before: u64,
}

impl Default for Parsed {
    fn default() -> Self {
        Self {
            batch: Batch::default(),
            packets: Vec::new(),
            wraps: Vec::new(),
            cuts: Vec::new(),
            options: Vec::new(),
            fates: Vec::new(),
            order: Vec::new(),
            bounds: [0; SHARDS + 1],
            shards: Vec::new(),
            lately: [0; LATELY],
            outers: Outers::default(),
            clocks: Vec::new(),
            frames_before: 0,
        }
    }
}

impl Parsed {
    /// Forget the last batch's packets.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.wraps.clear();
        self.cuts.clear();
        self.options.clear();
        self.fates.clear();
        self.clocks.clear();
        self.shards.clear();
    }

    /// The rows of a shard's packets.
    pub fn shard(&self, shard: usize) -> &[u32] {
        let bound = |at: usize| self.bounds.get(at).copied().unwrap_or_default() as usize;
        self.order.get(bound(shard)..bound(shard + 1)).unwrap_or_default()
    }

    /// What was around a packet.
    #[inline]
    pub fn wrap(&self, packet: &Packet) -> Option<&Wrap> {
        self.wraps.get(packet.wrap as usize)
    }

    /// What an ICMP error quotes.
    #[inline]
    pub fn quoted(&self, packet: &Packet) -> Option<Quoted> {
        quoted(packet.bytes(&self.batch.slab), packet)
    }

    /// The GENEVE options of a packet's frame that have no meaning to tmrx, among others.
    pub fn options(&self, packet: &Packet) -> &[u8] {
        let found = self.options.binary_search_by_key(&packet.frame, |(row, _)| *row).ok();
        let place = found.and_then(|at| self.options.get(at));
        place.and_then(|(_, place)| self.batch.slab.get(place.clone())).unwrap_or_default()
    }

    /// Parse all frames of the batch.
    pub fn parse(&mut self, parser: &Parser) {
        self.clear();
        let batch = std::mem::take(&mut self.batch);
        for (row, frame) in batch.frames.iter().enumerate() {
            self.frame(parser, &batch, row as u32, frame);
        }
        self.batch = batch;
        self.sort_by_shard();
    }

    /// Parse them one by one, so that one that makes the parser panic is lost alone.
    pub fn parse_guarded(&mut self, parser: &Parser, mut lost: impl FnMut(&Frame, &[u8])) {
        self.clear();
        let batch = std::mem::take(&mut self.batch);
        for (row, frame) in batch.frames.iter().enumerate() {
            let (packets, cuts) = (self.packets.len(), self.cuts.len());
            let attempt = std::panic::AssertUnwindSafe(|| self.frame(parser, &batch, row as u32, frame));
            if std::panic::catch_unwind(attempt).is_err() {
                self.packets.truncate(packets);
                self.shards.truncate(packets);
                self.cuts.truncate(cuts);
                self.fates.push((row as u32, Fate::Dropped(Drop::Panic)));
                lost(frame, batch.bytes(frame));
            }
        }
        self.batch = batch;
        self.sort_by_shard();
    }

    #[inline]
    fn frame(&mut self, parser: &Parser, batch: &Batch, row: u32, frame: &Frame) {
        let bytes = batch.bytes(frame);
        let original = frame.original as usize;
        let found = match (frame.link, batch.outers.get(frame.outer as usize)) {
            (Link::UdpPayload, Some(outer)) => parser.decap.payload(bytes, original, outer, &mut self.outers),
            (link, _) => parser.decap.frame(bytes, original, link, &mut self.outers),
        };
        if frame.link == Link::UdpPayload && found.depth == 0 {
            self.fates.push((row, Fate::Rejected(Rejection::NotEncapsulated)));
            return;
        }
        let mut parent = NONE;
        if parser.outer {
            parent = self.enclosing(parser, &found, row, frame, bytes);
        }
        self.innermost(parser, &found, row, frame, bytes, parent);
    }

    /// The enclosing packets; gives the row of the innermost of them.
    fn enclosing(&mut self, parser: &Parser, found: &Found, row: u32, frame: &Frame, bytes: &[u8]) -> u32 {
        let mut parent = NONE;
        let outers = self.outers;
        for span in outers.iter().take(found.depth).filter(|span| span.received > 0) {
            let index = self.packets.len() as u32;
            self.packet(parser, Place { span, row, frame, parent, wrap: NONE }, bytes, AnomalySet::default());
            if let Some(packet) = self.packets.last_mut() {
                packet.carrier = true;
            }
            parent = index;
        }
        parent
    }

    #[inline]
    fn innermost(&mut self, parser: &Parser, found: &Found, row: u32, frame: &Frame, bytes: &[u8], parent: u32) {
        let mut wrap = NONE;
        if found.depth > 0 {
            wrap = self.wrap_row(&found.wrap);
        }
        if let Some((start, length)) = found.options {
            let start = frame.offset as usize + start as usize;
            self.options.push((row, start..start + length as usize));
        }
        let index = self.packets.len() as u32;
        let place = Place { span: &found.inner, row, frame, parent, wrap };
        self.packet(parser, place, bytes, found.anomalies);
        if wrap != NONE && self.packets.last().is_some_and(|packet| is_cut(packet, found)) {
            let (copy, carrier) = (found.copy_length as u32, found.carrier_length as u32);
            self.cuts.push(Cut { packet: index, copy, carrier });
        }
    }

    /// The row of a wrap; one that was seen lately is not added again.
    #[inline]
    fn wrap_row(&mut self, wrap: &Wrap) -> u32 {
        let key = wrap.vni.wrapping_add(u32::from(wrap.outer_src.0[15]));
        let Some(lately) = self.lately.get_mut(key as usize % LATELY) else { return NONE };
        if self.wraps.get(*lately as usize) != Some(wrap) {
            *lately = self.wraps.len() as u32;
            self.wraps.push(*wrap);
        }
        *lately
    }

    /// Decode and judge one packet.
    #[inline]
    fn packet(&mut self, parser: &Parser, place: Place<'_>, bytes: &[u8], anomalies: AnomalySet) {
        let Place { span, row, frame, parent, wrap } = place;
        let bytes = span.bytes(bytes);
        self.packets.push(Packet {
            time: frame.time,
            frame: row,
            parent,
            start: frame.offset + span.start,
            link: span.link,
            captured: bytes.len() as u32,
            original: span.received,
            wrap,
            anomalies,
            ..Packet::EMPTY
        });
        let Some(packet) = self.packets.last_mut() else { return };
        decode(bytes, span.link, packet);
        packet.padding = bytes.len() as u32 - packet.captured;
        let bytes = bytes.get(..packet.captured as usize).unwrap_or(bytes);
        verify(bytes, packet);
        if wrap != NONE && exclusion(packet).is_some() {
            packet.anomalies.add(Anomaly::ExcludedTraffic);
        }
        if frame.captured < frame.original && packet.captured < packet.original {
            packet.truncated.0 |= Causes::SNAPLEN;
        }
        self.shards.push(shards_of(packet, bytes, &parser.seed));
    }

    /// Counting sort of the packets' rows by shard.
    fn sort_by_shard(&mut self) {
        let mut next = [0u32; SHARDS + 1];
        for place in self.places() {
            if let Some(count) = next.get_mut(place.0 + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for count in &mut next {
            total += *count;
            *count = total;
        }
        self.bounds = next;
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.resize(total as usize, 0);
        for (shard, row) in self.places() {
            if let Some(at) = next.get_mut(shard) {
                if let Some(slot) = order.get_mut(*at as usize) {
                    *slot = row;
                }
                *at += 1;
            }
        }
        self.order = order;
    }

    /// Each packet's shard and row; an ICMP error is also looked at where the flow is that it is about.
    #[inline]
    fn places(&self) -> impl Iterator<Item = (usize, u32)> {
        (0u32..).zip(&self.shards).flat_map(|(row, &shards)| {
            let about = (shards & ABOUT != 0).then_some((usize::from(shards >> 4), row | QUOTED));
            std::iter::once((usize::from(shards & 7), row)).chain(about)
        })
    }
}

/// Set in a row that a shard gets for the sake of the packet that it quotes.
pub const QUOTED: u32 = 1 << 31;

/// Set beside a packet's shard where another number, that of the quoted packet's shard, stands above it.
const ABOUT: u8 = 8;

const _: () = assert!(SHARDS <= 8);

/// The shard of a packet, and that of the packet that it quotes.
#[inline]
fn shards_of(packet: &Packet, bytes: &[u8], seed: &Seed) -> u8 {
    let shard = shard_of(packet, seed);
    match quoted(bytes, packet) {
        None => shard,
        Some(quoted) => shard | ABOUT | shard_between(&quoted.src, &quoted.dst, seed) << 4,
    }
}

/// The shard of a packet: by its pair of hosts, so that all packets of a flow meet.
#[inline]
fn shard_of(packet: &Packet, seed: &Seed) -> u8 {
    if packet.ip == 0 { 0 } else { shard_between(&packet.src, &packet.dst, seed) }
}

#[inline]
fn shard_between(a: &Addr, b: &Addr, seed: &Seed) -> u8 {
    (address_hash(seed, 0, a, b) % SHARDS as u64) as u8
}

/// Whether the mirror, not the capture, cut a packet: it goes on behind the copy's end, or a header is cut there.
fn is_cut(packet: &Packet, found: &Found) -> bool {
    let end = |length: u32| found.inner.start as usize + length as usize;
    end(packet.original) > found.copy_end || packet.stop == Stop::Truncated && end(packet.captured) == found.copy_end
}

/// Where a packet stands.
struct Place<'a> {
    span: &'a Span,
    row: u32,
    frame: &'a Frame,
    parent: u32,
    wrap: u32,
}
