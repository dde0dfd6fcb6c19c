//! The stateless stages over one batch: decap, decode, verify. Any number of batches can be parsed at once.

use super::rest::Rest;
use crate::anomaly::{Anomaly, AnomalySet};
use crate::decap::{Decap, Found, NoteKind, Outers, Span};
use crate::decode::{Quoted, decode, quoted};
use crate::excluded::exclusion;
use crate::filter::Filter;
use crate::flow::{Seed, address_hash};
use crate::frame::{Addr, Batch, Frame, Link};
use crate::packet::{Causes, Checksum, Family, Layer, Layers, NONE, Packet, Stop, Wrap};
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
    /// What is taken in; `None`: everything.
    pub filter: Option<Filter>,
    /// What was captured of a packet counts as all of it, so that a truncated one is invalid.
    pub strict: bool,
    /// Checksums are right, whatever they are.
    pub ignore_checksums: bool,
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

/// A header of the mirror's that says something about the packets of one frame.
#[derive(Debug, Clone)]
pub struct Note {
    /// The frame's row.
    pub frame: u32,
    /// Which header.
    pub kind: NoteKind,
    /// Where in the slab it is.
    pub place: std::ops::Range<usize>,
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
    /// Headers of the mirror's that say something about single packets, in the order of the frames.
    pub notes: Vec<Note>,
    /// Frames that have another fate than to be decoded.
    pub fates: Vec<(u32, Fate)>,
    /// The packets' rows by shard, in order within each; `bounds[s]..bounds[s + 1]` are shard s.
    order: Vec<u32>,
    bounds: [u32; SHARDS + 1],
    pub(super) shards: Vec<u8>,
    /// By a few bits of a wrap: the row of the last one that had them.
    lately: [u32; LATELY],
    pub(super) outers: Outers,
    /// The engine's clock at each packet.
    pub clocks: Vec<Nanos>,
    /// How many frames came before this batch.
    pub frames_before: u64,
    /// Numbers of the frames before this batch that packets belong to: their rows follow those of the batch's frames.
    pub earlier: Vec<u64>,
    /// There are fragments among the packets.
    pub has_fragments: bool,
    /// Rows of `cuts` that were asked for.
    pub(super) cuts_asked: usize,
    pub(super) rest: Rest,
}

impl Default for Parsed {
    fn default() -> Self {
        Self {
            batch: Batch::default(),
            packets: Vec::new(),
            wraps: Vec::new(),
            cuts: Vec::new(),
            notes: Vec::new(),
            fates: Vec::new(),
            order: Vec::new(),
            bounds: [0; SHARDS + 1],
            shards: Vec::new(),
            lately: [0; LATELY],
            outers: Outers::default(),
            clocks: Vec::new(),
            frames_before: 0,
            earlier: Vec::new(),
            has_fragments: false,
            cuts_asked: 0,
            rest: Rest::default(),
        }
    }
}

impl Parsed {
    /// Forget the last batch's packets.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.wraps.clear();
        self.cuts.clear();
        self.notes.clear();
        self.fates.clear();
        self.clocks.clear();
        self.shards.clear();
        self.earlier.clear();
        self.has_fragments = false;
        self.cuts_asked = 0;
        self.rest.clear();
    }

    /// Make it a batch of no frames.
    pub fn reset(&mut self) {
        self.batch.clear();
        self.clear();
    }

    /// Put in order what is looked up by row, after packets were appended.
    pub fn sort(&mut self) {
        self.notes.sort_by_key(|note| note.frame);
        self.sort_by_shard();
    }

    /// The number of a packet's frame in the run, from 1.
    pub fn number(&self, packet: &Packet) -> u64 {
        let row = packet.frame as usize;
        let earlier = row.checked_sub(self.batch.frames.len()).and_then(|row| self.earlier.get(row));
        earlier.copied().unwrap_or(self.frames_before + u64::from(packet.frame) + 1)
    }

    /// Whether a packet's frame is one of this batch.
    pub fn has_frame(&self, packet: &Packet) -> bool {
        (packet.frame as usize) < self.batch.frames.len()
    }

    /// The row of a frame before this batch.
    pub fn earlier_frame(&mut self, number: u64) -> u32 {
        self.earlier.push(number);
        (self.batch.frames.len() + self.earlier.len() - 1) as u32
    }

    /// The rows of a shard's packets.
    pub fn shard(&self, shard: usize) -> &[u32] {
        let bound = |at: usize| self.bounds.get(at).copied().unwrap_or_default() as usize;
        self.order.get(bound(shard)..bound(shard + 1)).unwrap_or_default()
    }

    /// The rows of all shards in the frames' order, each with its shard.
    pub fn in_frame_order(&self) -> impl Iterator<Item = (u32, usize)> {
        (0u32..).zip(&self.shards).flat_map(|(row, &shards)| {
            let about = (shards & ABOUT != 0).then_some((row | QUOTED, usize::from(shards >> 4)));
            [Some((row, usize::from(shards & OWN))), about].into_iter().flatten()
        })
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

    /// The mirror's header that says something about a packet, where there is one.
    pub fn note(&self, packet: &Packet) -> Option<(NoteKind, &[u8])> {
        let at = self.notes.binary_search_by_key(&packet.frame, |note| note.frame).ok()?;
        let note = self.notes.get(at)?;
        Some((note.kind, self.batch.slab.get(note.place.clone())?))
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
            let before = self.size();
            let attempt = std::panic::AssertUnwindSafe(|| self.frame(parser, &batch, row as u32, frame));
            if std::panic::catch_unwind(attempt).is_err() {
                self.cut_back(before);
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
        let before = parser.filter.as_ref().map(|filter| (filter, self.size()));
        self.tree(parser, &found, Origin { row, frame, parent: NONE }, bytes);
        if let Some((filter, size)) = before
            && !self.admitted(filter, &batch.slab)
        {
            self.leave_out(size, row);
        }
    }

    /// Forget the last frame. A fragment may be part of a datagram that is taken in: it is kept for that alone.
    #[cold]
    fn leave_out(&mut self, before: Size, row: u32) {
        match self.packets.last_mut().filter(|packet| packet.fragment) {
            Some(packet) => packet.left_out = true,
            None => {
                self.cut_back(before);
                self.fates.push((row, Fate::Rejected(Rejection::Filtered)));
            }
        }
    }

    /// Whether the last frame is taken in: its innermost packet decides.
    pub(super) fn admitted(&self, filter: &Filter, slab: &[u8]) -> bool {
        let innermost = self.packets.last();
        innermost.is_some_and(|packet| filter.admits(packet, packet.padded_bytes(slab)))
    }

    /// How much was found so far.
    pub(super) fn size(&self) -> Size {
        let (packets, wraps) = (self.packets.len(), self.wraps.len());
        Size { packets, wraps, cuts: self.cuts.len(), notes: self.notes.len() }
    }

    /// Forget what was found since: an identity is not learned from what is not taken in.
    pub(super) fn cut_back(&mut self, to: Size) {
        self.packets.truncate(to.packets);
        self.shards.truncate(to.packets);
        self.wraps.truncate(to.wraps);
        self.cuts.truncate(to.cuts);
        self.notes.truncate(to.notes);
    }

    /// What was found in a frame: the innermost packet and, where they are wanted, those around it.
    #[inline]
    pub(super) fn tree(&mut self, parser: &Parser, found: &Found, mut origin: Origin<'_>, bytes: &[u8]) {
        if parser.outer {
            let Some(parent) = self.enclosing(parser, found, origin, bytes) else { return };
            origin.parent = parent;
        }
        self.innermost(parser, found, origin, bytes);
    }

    /// The enclosing packets; gives the row of the innermost of them. None where one is invalid: it carries nothing.
    fn enclosing(&mut self, parser: &Parser, found: &Found, origin: Origin<'_>, bytes: &[u8]) -> Option<u32> {
        let Origin { row, frame, mut parent } = origin;
        let outers = self.outers;
        let enclosing = outers.iter().zip(0..).take(found.depth).filter(|(span, _)| span.received > 0);
        for (span, depth) in enclosing {
            let index = self.packets.len() as u32;
            let place = Place { span, row, frame, parent, wrap: NONE, depth, layers: span.tunnel.layers() };
            self.packet(parser, place, bytes, AnomalySet::default());
            if let Some(packet) = self.packets.last_mut() {
                packet.carrier = true;
                // GRE is counted with what is inside.
                packet.layers.0 &= !Layers::GRE.0 | span.tunnel.layers().0;
                if parser.strict && packet.stop == Stop::Malformed {
                    return None;
                }
            }
            parent = index;
        }
        Some(parent)
    }

    #[inline]
    fn innermost(&mut self, parser: &Parser, found: &Found, origin: Origin<'_>, bytes: &[u8]) {
        let Origin { row, frame, parent } = origin;
        let mut wrap = NONE;
        if found.depth > 0 {
            wrap = self.wrap_row(&found.wrap);
        }
        if let Some(note) = found.note {
            let start = (frame.offset + note.start) as usize;
            self.notes.push(Note { frame: row, kind: note.kind, place: start..start + note.length as usize });
        }
        let index = self.packets.len() as u32;
        // What encloses it and has no row of its own is counted with it.
        let layers = if parser.outer { found.inner.tunnel.layers() } else { found.tunnels };
        let place = Place { span: &found.inner, row, frame, parent, wrap, depth: found.depth as u8, layers };
        self.packet(parser, place, bytes, found.anomalies);
        let Some(packet) = self.packets.last_mut() else { return };
        if found.malformed {
            packet.stop = Stop::Malformed;
        }
        if wrap != NONE {
            judge(packet, found);
            if is_cut(packet, found) {
                let (copy, carrier) = (found.copy_length as u32, found.carrier_length as u32);
                self.cuts.push(Cut { packet: index, copy, carrier });
            }
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
        let Place { span, row, frame, parent, wrap, depth, layers } = place;
        let bytes = span.bytes(bytes);
        self.packets.push(Packet {
            time: frame.time,
            frame: row,
            parent,
            start: frame.offset + span.start,
            link: span.link,
            captured: bytes.len() as u32,
            original: if parser.strict { bytes.len() as u32 } else { span.received },
            whole: parser.strict,
            wrap,
            layers,
            depth,
            tunnel: span.tunnel,
            anomalies,
            ..Packet::EMPTY
        });
        let Some(packet) = self.packets.last_mut() else { return };
        decode(bytes, span.link, packet);
        packet.padding = bytes.len() as u32 - packet.captured;
        if parser.strict {
            refuse_truncated(packet);
        }
        let bytes = bytes.get(..packet.captured as usize).unwrap_or(bytes);
        if parser.ignore_checksums {
            assume_valid(packet);
        } else {
            verify(bytes, packet);
        }
        if parser.strict {
            judge_strictly(packet);
        }
        if frame.captured < frame.original && packet.captured < packet.original {
            packet.truncated.0 |= Causes::SNAPLEN;
        }
        self.has_fragments |= packet.fragment;
        self.shards.push(shards_of(packet, bytes, &parser.seed));
    }

    /// Counting sort of the packets' rows by shard.
    fn sort_by_shard(&mut self) {
        let mut next = [0u32; SHARDS + 1];
        for &shards in &self.shards {
            count(&mut next, usize::from(shards & OWN) + 1);
            if shards & ABOUT != 0 {
                count(&mut next, usize::from(shards >> 4) + 1);
            }
        }
        let mut total = 0;
        for count in &mut next {
            total += *count;
            *count = total;
        }
        self.bounds = next;
        self.order.clear();
        self.order.resize(total as usize, 0);
        for (row, &shards) in (0u32..).zip(&self.shards) {
            place(&mut next, &mut self.order, usize::from(shards & OWN), row);
            // An ICMP error is also looked at where the flow is that it is about.
            if shards & ABOUT != 0 {
                place(&mut next, &mut self.order, usize::from(shards >> 4), row | QUOTED);
            }
        }
    }
}

#[inline]
fn count(counts: &mut [u32], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

/// Put a row where its shard's next one goes.
#[inline]
fn place(next: &mut [u32], order: &mut [u32], shard: usize, row: u32) {
    if let Some(at) = next.get_mut(shard) {
        if let Some(slot) = order.get_mut(*at as usize) {
            *slot = row;
        }
        *at += 1;
    }
}

/// Set in a row that a shard gets for the sake of the packet that it quotes.
pub const QUOTED: u32 = 1 << 31;

/// The bits of a packet's own shard.
const OWN: u8 = 7;

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

/// Note what the mirror can't have copied. It is the cloud's mirror that leaves traffic out; a switch copies all.
#[inline]
fn judge(packet: &mut Packet, found: &Found) {
    if found.wrap.encapsulation.family() == Family::Vni && exclusion(packet).is_some() {
        packet.anomalies.add(Anomaly::ExcludedTraffic);
    }
}

/// A packet of which less was captured than its IP header says is none to look into.
fn refuse_truncated(packet: &mut Packet) {
    if packet.ip != 0 && (packet.captured < packet.original || packet.anomalies.has(Anomaly::Ipv4LengthZero)) {
        refuse(packet);
    }
}

#[cold]
fn refuse(packet: &mut Packet) {
    let is_cut = packet.captured < packet.original;
    let anomaly = match packet.ip {
        4 if is_cut => Anomaly::Ipv4Truncated,
        4 => Anomaly::Ipv4TotalLength,
        _ => Anomaly::Ipv6Truncated,
    };
    // What was found behind the network header is not looked for at all.
    packet.anomalies = packet.anomalies.before(Anomaly::Ipv4TooShort);
    packet.anomalies.add(anomaly);
    packet.layer = if packet.ip == 4 { Layer::Ipv4 } else { Layer::Ipv6 };
    (packet.stop, packet.fragment) = (Stop::Malformed, false);
    let end = packet.captured.min(u32::from(u16::MAX)) as u16;
    (packet.l4, packet.payload) = (end, end);
    (packet.sport, packet.dport, packet.payload_original) = (0, 0, 0);
    packet.layers.0 &= !(Layers::SCTP.0 | Layers::ESP.0 | Layers::IGMP.0 | Layers::GRE.0);
}

/// Who knows of no mirror and no offload takes a checksum that was left out for a wrong one.
fn judge_strictly(packet: &mut Packet) {
    for checksum in [&mut packet.l3_checksum, &mut packet.l4_checksum] {
        if *checksum == Checksum::NotCalculated {
            *checksum = Checksum::Bad;
        }
    }
}

/// The checksums that a packet has, taken for right.
fn assume_valid(packet: &mut Packet) {
    if packet.ip == 4 {
        packet.l3_checksum = Checksum::Valid;
    }
    if packet.has_l4() {
        packet.l4_checksum = Checksum::Valid;
    }
}

/// Whether the mirror, not the capture, cut a packet: it goes on behind the copy's end, or a header is cut there.
fn is_cut(packet: &Packet, found: &Found) -> bool {
    let end = |length: u32| found.inner.start as usize + length as usize;
    end(packet.original) > found.copy_end || packet.stop == Stop::Truncated && end(packet.captured) == found.copy_end
}

/// How much of each was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    packets: usize,
    wraps: usize,
    cuts: usize,
    notes: usize,
}

/// Where a tree of packets belongs.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The frame's row.
    pub row: u32,
    pub frame: &'a Frame,
    /// The row of the packet around all of them, or `NONE`.
    pub parent: u32,
}

/// Where a packet stands.
struct Place<'a> {
    span: &'a Span,
    row: u32,
    frame: &'a Frame,
    parent: u32,
    wrap: u32,
    depth: u8,
    layers: Layers,
}
