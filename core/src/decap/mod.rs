//! Take off what the mirror put around a packet, and every tunnel inside: a file a kind.
//!
//! A tunnel is known by its UDP port or by its IP protocol. Its outer headers are read strictly: a datagram that is cut,
//! fragmented or malformed before its payload is no tunnel, and is left to `decode`, which says what is wrong with it.

mod carried;
mod erspan;
mod geneve;
mod gre;
mod ip;
mod teredo;
mod vxlan;

use crate::anomaly::{Anomaly, AnomalySet};
use crate::frame::{Addr, Link, Outer};
use crate::packet::{Encapsulation, Layers, Wrap, proto};
use crate::plan::{DecapSettings, Tunnel};
use crate::wire::udp;
use carried::{Carried, carried};

/// Encapsulations that are taken off at most, whatever the plan says.
pub const MAX_DEPTH: usize = 8;

/// Where an enclosing packet stands in the frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Bytes that are there.
    pub captured: u32,
    /// Bytes that were received; at least those captured.
    pub received: u32,
    /// How it begins.
    pub link: Link,
    /// The tunnel directly around it.
    pub tunnel: Encapsulation,
}

impl Span {
    /// Its bytes, of the frame's.
    #[inline]
    pub fn bytes<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        frame.get(start..start + self.captured as usize).unwrap_or_default()
    }
}

/// Which of the mirror's headers says something about each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// VXLAN's, with a group policy.
    Vxlan,
    /// GENEVE's options, where tmrx makes no part of the identity of some.
    GeneveOptions,
    /// GRE's, and ERSPAN's behind it.
    Gre,
}

/// Where in the frame such a header is.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Note {
    pub kind: NoteKind,
    pub start: u32,
    pub length: u32,
}

/// What was found in a frame: the innermost packet, and what was around it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// The innermost packet.
    pub inner: Span,
    /// How many encapsulations were taken off.
    pub depth: usize,
    /// Which these were, as layers.
    pub tunnels: Layers,
    /// What the mirror put around it; of use where `depth` is not 0.
    pub wrap: Wrap,
    /// Bytes of the IP packet that carried the mirror's copy, for the MTU's sake.
    pub carrier_length: usize,
    /// Bytes of the mirror's copy that were received.
    pub copy_length: usize,
    /// Where in the frame the mirror's copy ends, were all of it captured.
    pub copy_end: usize,
    /// The mirror's header that says something about this packet.
    pub note: Option<Note>,
    /// What was wrong on the way.
    pub anomalies: AnomalySet,
    /// The innermost packet announces a tunnel that contradicts itself.
    pub malformed: bool,
}

/// The enclosing packets of a frame, outermost first, as many as its depth; reused from frame to frame. A datagram from a
/// socket has none of its own: its first is empty.
pub type Outers = [Span; MAX_DEPTH];

/// What is around a datagram already, of which the fragments were taken out of their tunnels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// How the datagram begins.
    pub link: Link,
    /// How many tunnels are around it.
    pub depth: usize,
    /// What the mirror put around it; of use where `depth` is not 0.
    pub wrap: Wrap,
    /// The tunnel directly around it.
    pub tunnel: Encapsulation,
}

/// What a tunnel's header says: each kind's file has a `header` that reads it, or says what keeps it from being one.
struct Header {
    kind: Encapsulation,
    /// The tunnel's own number, as `Wrap::vni` has it.
    number: u32,
    /// Its bytes.
    length: usize,
    /// How its payload begins.
    link: Link,
    /// Where it says something about this packet.
    note: Option<Note>,
}

/// Among Teredo's ports: whatever looks like it is, on any port.
const ANY_PORT: u16 = 0;

/// Which ports and IP protocols carry what.
#[derive(Debug, Clone)]
pub struct Decap {
    vxlan: Vec<u16>,
    geneve: Vec<u16>,
    rare: Vec<(u16, Encapsulation)>,
    tunnels: Vec<Tunnel>,
    max_depth: usize,
    /// What sets VXLAN's reserved bits is none.
    vxlan_strict: bool,
}

impl Decap {
    /// From the plan.
    pub fn new(settings: &DecapSettings) -> Self {
        let kinds = [
            (&settings.vxlan_gpe_ports, Encapsulation::VxlanGpe),
            (&settings.gre_udp_ports, Encapsulation::GreInUdp),
            (&settings.teredo_ports, Encapsulation::Teredo),
        ];
        Self {
            vxlan: settings.vxlan_ports.clone(),
            geneve: settings.geneve_ports.clone(),
            rare: kinds.iter().flat_map(|(ports, kind)| ports.iter().map(|port| (*port, *kind))).collect(),
            tunnels: settings.tunnels.clone(),
            max_depth: usize::from(settings.max_depth).min(MAX_DEPTH),
            vxlan_strict: settings.vxlan_strict,
        }
    }

    /// Take off a captured frame's encapsulations. `original`: the frame's length on the wire.
    #[inline]
    pub fn frame(&self, bytes: &[u8], original: usize, link: Link, outers: &mut Outers) -> Found {
        let mut found = Found { inner: whole(bytes, original, link), ..Found::default() };
        self.peel(bytes, &mut found, outers);
        found
    }

    /// Take off the encapsulations of a datagram that came through a socket. `original`: its length.
    #[inline]
    pub fn payload(&self, bytes: &[u8], original: usize, outer: &Outer, outers: &mut Outers) -> Found {
        let mut found = Found::default();
        let is_v6 = !outer.src.0.starts_with(&Addr::v4([0; 4]).0[..12]);
        let ip_length = original + udp::LEN + if is_v6 { 40 } else { 20 };
        let carried =
            Carried { tuple: *outer, protocol: proto::UDP, is_v6, payload: bytes, at: 0, sent: original, ip_length };
        if self.tunnel(&carried, &mut found, outers) {
            self.peel(bytes, &mut found, outers);
        }
        found
    }

    /// Take off what is inside a datagram that was put together from its fragments, themselves inside some tunnels.
    pub fn resume(&self, bytes: &[u8], original: usize, around: &Around, outers: &mut Outers) -> Found {
        let inner = Span { tunnel: around.tunnel, ..whole(bytes, original, around.link) };
        let (depth, wrap, tunnels) = (around.depth, around.wrap, around.tunnel.layers());
        let copy_end = if depth == 0 { 0 } else { usize::MAX };
        let mut found = Found { inner, depth, wrap, tunnels, copy_end, ..Found::default() };
        outers.iter_mut().take(depth).for_each(|outer| *outer = Span::default());
        self.peel(bytes, &mut found, outers);
        found
    }

    /// Go inwards as long as the innermost packet is a tunnel's.
    fn peel(&self, bytes: &[u8], found: &mut Found, outers: &mut Outers) {
        while let Some(carried) = carried(found.inner.bytes(bytes), &found.inner) {
            if !self.tunnel(&carried, found, outers) {
                return;
            }
        }
    }

    /// Take one tunnel off; false where there is none.
    #[inline]
    fn tunnel(&self, carried: &Carried<'_>, found: &mut Found, outers: &mut Outers) -> bool {
        let Some(kind) = self.kind(carried) else { return false };
        if found.depth == self.max_depth {
            found.anomalies.add(Anomaly::TooDeep);
            return false;
        }
        if kind != Encapsulation::Vxlan {
            return self.beyond_vxlan(kind, carried, found, outers);
        }
        let header = vxlan::header(carried, self.vxlan_strict, found);
        header.map(|header| enter(carried, &header, found, outers)).is_some()
    }

    /// Out of line: with one way in for all kinds, VXLAN's header would go through memory.
    #[inline(never)]
    fn beyond_vxlan(&self, kind: Encapsulation, carried: &Carried<'_>, found: &mut Found, outers: &mut Outers) -> bool {
        let header = self.header(kind, carried, found);
        header.map(|header| enter(carried, &header, found, outers)).is_some()
    }

    /// What a packet's port or IP protocol announces.
    #[inline]
    #[allow(clippy::manual_contains)]
    fn kind(&self, carried: &Carried<'_>) -> Option<Encapsulation> {
        if carried.protocol != proto::UDP {
            return self.kind_of_protocol(carried.protocol);
        }
        let Outer { sport, dport, .. } = carried.tuple;
        // A handful of ports: comparing them in line beats a call to a search.
        if self.vxlan.iter().any(|port| *port == dport) {
            return Some(Encapsulation::Vxlan);
        }
        if self.geneve.iter().any(|port| *port == dport) {
            return Some(Encapsulation::Geneve);
        }
        if !self.rare.iter().any(|(port, _)| *port == dport || *port == sport || *port == ANY_PORT) {
            return None;
        }
        self.kind_of_port(carried)
    }

    /// Teredo's relays answer from its port, and much else may be there: its payload decides.
    #[cold]
    fn kind_of_port(&self, carried: &Carried<'_>) -> Option<Encapsulation> {
        let fits = |(port, kind): &&(u16, Encapsulation)| match kind {
            Encapsulation::Teredo => {
                (*port == carried.tuple.dport || *port == carried.tuple.sport || *port == ANY_PORT)
                    && teredo::header(carried).is_some()
            }
            _ => *port == carried.tuple.dport,
        };
        self.rare.iter().find(fits).map(|(_, kind)| *kind)
    }

    #[cold]
    fn kind_of_protocol(&self, protocol: u8) -> Option<Encapsulation> {
        let (kind, wanted): (_, &[Tunnel]) = match protocol {
            proto::GRE => (Encapsulation::Gre, &[Tunnel::Gre, Tunnel::Erspan]),
            _ => (Encapsulation::Ipip, &[Tunnel::Ip]),
        };
        wanted.iter().any(|tunnel| self.tunnels.contains(tunnel)).then_some(kind)
    }

    fn header(&self, kind: Encapsulation, carried: &Carried<'_>, found: &mut Found) -> Option<Header> {
        match kind {
            Encapsulation::Geneve => geneve::header(carried, found),
            Encapsulation::VxlanGpe => vxlan::gpe_header(carried, found),
            Encapsulation::Teredo => teredo::header(carried),
            Encapsulation::Ipip => ip::header(carried, found),
            // In UDP no setting but the port's says which are taken off.
            Encapsulation::GreInUdp => gre::header(carried, &[Tunnel::Gre, Tunnel::Erspan], found),
            _ => gre::header(carried, &self.tunnels, found),
        }
    }
}

fn whole(bytes: &[u8], original: usize, link: Link) -> Span {
    let (captured, received) = (bytes.len() as u32, original as u32);
    Span { start: 0, captured, received, link, tunnel: Encapsulation::None }
}

/// Make what follows a tunnel's header the innermost packet.
///
/// The mirror's tunnel is the outermost one, whatever it is; GENEVE in front of VXLAN counts as one.
#[inline(always)]
fn enter(carried: &Carried<'_>, header: &Header, found: &mut Found, outers: &mut Outers) {
    if let Some(slot) = outers.get_mut(found.depth) {
        *slot = found.inner;
    }
    let Header { kind, number, length, link, note } = *header;
    let behind_geneve =
        found.depth == 1 && found.wrap.encapsulation == Encapsulation::Geneve && kind == Encapsulation::Vxlan;
    if found.depth == 0 || behind_geneve {
        found.wrap.encapsulation = if behind_geneve { Encapsulation::GeneveVxlan } else { kind };
        found.wrap.outer_src = carried.tuple.src;
        found.wrap.outer_dst = carried.tuple.dst;
        found.wrap.vni = number;
        found.carrier_length = carried.ip_length;
        found.copy_length = carried.sent - length;
        found.copy_end = carried.at + carried.sent;
        found.note = note.or(found.note);
    }
    found.depth += 1;
    found.tunnels.add(kind.layers());
    found.inner = Span {
        start: (carried.at + length) as u32,
        captured: carried.payload.len().saturating_sub(length) as u32,
        received: (carried.sent - length) as u32,
        link,
        tunnel: kind,
    };
}

/// No tunnel, and why.
#[cold]
fn refuse<T>(found: &mut Found, anomaly: Anomaly) -> Option<T> {
    found.anomalies.add(anomaly);
    None
}

/// No tunnel: its header contradicts itself.
#[cold]
fn malformed<T>(found: &mut Found, anomaly: Anomaly) -> Option<T> {
    found.malformed = true;
    refuse(found, anomaly)
}

#[cfg(test)]
mod tests;
