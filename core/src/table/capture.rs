//! The capture of the frames inside: what is written of it, and where one file ends and the next begins.

use crate::filter::Filter;
use crate::frame::{Link, TimeUnit};
use crate::identify::Identities;
use crate::packet::{Encapsulation, NONE, Packet, Wrap};
use crate::plan::CaptureSettings;
use crate::table::known::Known;
use crate::table::{mirror, pcap, pcapng, text};
use crate::time::Nanos;
use hashbrown::HashMap;

/// Bytes of one or more files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where in `bytes` files begin, and the time of their first packet.
    pub files: Vec<(usize, Nanos)>,
}

/// Packets that were written, and those that the filter left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub written: u64,
    pub filtered: u64,
}

/// The file that is being written.
#[derive(Debug, Clone, Copy)]
struct File {
    /// The engine's clock at its first packet.
    began: Nanos,
    /// Bytes so far.
    bytes: u64,
}

/// Writes packets, and begins files as the settings say.
#[derive(Debug)]
pub struct Writer {
    settings: CaptureSettings,
    chunk: Chunk,
    file: Option<File>,
    /// How times stand in a classic pcap: as in the first source, in every file.
    unit: TimeUnit,
    interfaces: Interfaces,
    filter: Option<Filter>,
    counts: Counts,
}

impl Writer {
    /// A writer that has begun no file; `unit` is how finely the source tells time.
    pub fn new(settings: CaptureSettings, filter: Option<Filter>, unit: TimeUnit) -> Self {
        let (chunk, interfaces, counts) = (Chunk::default(), Interfaces::default(), Counts::default());
        Self { settings, chunk, file: None, unit, interfaces, filter, counts }
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What was written since the last call.
    pub fn take(&mut self) -> Chunk {
        std::mem::take(&mut self.chunk)
    }

    /// Write a packet, if the filter admits it: `bytes` are those that were captured (Ethernet padding may follow them), from the link header on;
    /// `clock` is the engine's. A file ends between packets only.
    #[inline]
    pub fn packet(&mut self, packet: &Packet, bytes: &[u8], clock: Nanos, identities: &Identities) {
        if self.file.is_none_or(|file| self.is_over(file, clock)) {
            self.next_file(clock, packet.time);
        }
        if self.filter.as_ref().is_some_and(|filter| !filter.admits(packet, bytes)) {
            self.counts.filtered += 1;
            return;
        }
        self.counts.written += 1;
        let before = self.chunk.bytes.len();
        if self.settings.pcapng {
            self.interfaces.packet(&mut self.chunk.bytes, packet, bytes, identities);
        } else {
            pcap::record(&mut self.chunk.bytes, self.unit, packet, bytes);
        }
        let written = (self.chunk.bytes.len() - before) as u64;
        if let Some(file) = &mut self.file {
            file.bytes += written;
        }
    }

    /// End the last file; without packets there is one too, so that the output is a capture.
    pub fn finish(&mut self, clock: Nanos) {
        if self.file.is_none() {
            self.next_file(clock, clock);
        }
        self.interfaces.end(&mut self.chunk.bytes);
    }

    fn is_over(&self, file: File, clock: Nanos) -> bool {
        let &CaptureSettings { rotate_size, rotate_time, .. } = &self.settings;
        rotate_size != 0 && file.bytes >= rotate_size
            || rotate_time != 0 && clock.saturating_sub(file.began) >= rotate_time
    }

    #[cold]
    fn next_file(&mut self, clock: Nanos, first: Nanos) {
        let out = &mut self.chunk.bytes;
        self.interfaces.end(out);
        let start = out.len();
        self.chunk.files.push((start, first));
        if self.settings.pcapng {
            self.interfaces.begin(out);
        } else {
            pcap::header(out, self.unit);
        }
        self.file = Some(File { began: clock, bytes: (out.len() - start) as u64 });
    }
}

/// The interfaces of a pcapng section: one for each mirror session, and for each way in which its packets begin.
#[derive(Debug, Default)]
struct Interfaces {
    /// By identity and link type.
    numbers: HashMap<(u32, u16), u32>,
    /// By number: packets written.
    received: Vec<u64>,
    /// The last packet's time.
    last: Nanos,
    comment: Vec<u8>,
    /// A packet behind an Ethernet header that was made up.
    frame: Vec<u8>,
}

impl Interfaces {
    /// Begin a section, without interfaces.
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.numbers.clear();
        self.received.clear();
        pcapng::section(out);
    }

    /// End a section with what its interfaces received.
    fn end(&self, out: &mut Vec<u8>) {
        for (number, &received) in self.received.iter().enumerate() {
            pcapng::statistics(out, number as u32, self.last, received);
        }
    }

    fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet, bytes: &[u8], identities: &Identities) {
        let link_type = pcapng::link_type(packet.link);
        let found = self.numbers.get(&(packet.identity, link_type)).copied();
        let interface = found.unwrap_or_else(|| self.describe(out, packet.identity, link_type, identities));
        if let Some(count) = self.received.get_mut(interface as usize) {
            *count += 1;
        }
        self.last = packet.time;
        self.comment.clear();
        if packet.truncated.0 != 0 || !packet.anomalies.is_empty() {
            comment(&mut self.comment, packet);
        }
        let Packet { time, mut original, .. } = *packet;
        let mut bytes = bytes;
        if link_type == pcapng::ETHERNET && packet.link != Link::Ethernet {
            self.frame.clear();
            original = pcap::as_ethernet(&mut self.frame, packet, bytes);
            bytes = &self.frame;
        }
        pcapng::packet(out, &pcapng::Captured { interface, time, original, bytes, comment: &self.comment });
    }

    /// Describe the interface of a packet: the first one on it. A section that has all it may have gives way to another.
    #[cold]
    fn describe(&mut self, out: &mut Vec<u8>, identity: u32, link_type: u16, identities: &Identities) -> u32 {
        if self.received.len() >= pcapng::MAX_INTERFACES {
            self.end(out);
            self.begin(out);
        }
        let number = self.received.len() as u32;
        self.numbers.insert((identity, link_type), number);
        self.received.push(0);
        pcapng::interface(out, &interface(identity, link_type, identities));
        number
    }
}

/// What is known of a mirror session.
fn interface(identity: u32, link_type: u16, identities: &Identities) -> pcapng::Interface {
    if identity == NONE {
        let (name, description) = (Encapsulation::None.name().into(), "frames without encapsulation".into());
        return pcapng::Interface { link_type, name, description, comment: String::new() };
    }
    let known = Known::of(identities, identity);
    let name = if known.name.is_empty() { known.label() } else { known.name.to_owned() };
    pcapng::Interface { link_type, name, description: description(&known), comment: known.comment.to_owned() }
}

fn description(known: &Known<'_>) -> String {
    let Wrap { encapsulation, vni, outer_src, endpoint, .. } = known.wrap;
    let mut out = Vec::new();
    for (what, id) in [("session ", known.session), ("interface ", known.interface), ("VPC ", known.vpc)] {
        if !id.is_empty() {
            [what, id, ", "].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        }
    }
    out.extend_from_slice(format!("{} {vni} from ", encapsulation.name()).as_bytes());
    text::mapped(&mut out, &outer_src);
    if endpoint != 0 {
        out.extend_from_slice(b" through ");
        mirror::endpoint(&mut out, endpoint);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What the mirror, or the packet itself, has against it: `tmrx: truncated (mtu); tcp.flags`.
fn comment(out: &mut Vec<u8>, packet: &Packet) {
    let mut mark = "tmrx: ";
    if packet.truncated.0 != 0 {
        let causes: Vec<_> = packet.truncated.names().collect();
        out.extend_from_slice(format!("{mark}truncated ({})", causes.join(", ")).as_bytes());
        mark = "; ";
    }
    for anomaly in packet.anomalies.iter() {
        out.extend_from_slice(mark.as_bytes());
        out.extend_from_slice(anomaly.entry().name.as_bytes());
        mark = "; ";
    }
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
