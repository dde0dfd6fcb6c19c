//! Take off what the mirror put around a packet: VXLAN, GENEVE, GENEVE in front of VXLAN.
//!
//! A tunnel is known by its UDP port. Its outer headers are read strictly: a datagram that is cut, fragmented or
//! malformed before its payload is no tunnel, and is left to `decode`, which says what is wrong with it.

use crate::anomaly::{Anomaly, AnomalySet};
use crate::frame::{Addr, Link, Outer};
use crate::link;
use crate::packet::{Encapsulation, Wrap, proto};
use crate::plan::DecapSettings;
use crate::wire::ethernet::ethertype;
use crate::wire::geneve::{self, Geneve, GeneveOption};
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::{Extension, Ipv6, MAX_EXTENSIONS};
use crate::wire::udp::{self, Udp};
use crate::wire::vxlan::{self, Vxlan};

/// Encapsulations that are taken off at most, whatever the plan says.
pub const MAX_DEPTH: usize = 8;

/// A UDP datagram whose headers are whole.
#[derive(Clone, Copy)]
struct Datagram<'a> {
    tuple: Outer,
    /// Captured payload.
    payload: &'a [u8],
    /// Where the payload begins in the frame.
    at: usize,
    /// Payload bytes that were sent.
    sent: usize,
    /// Bytes of the IP packet around it.
    ip_length: usize,
}

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
}

impl Span {
    /// Its bytes, of the frame's.
    #[inline]
    pub fn bytes<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        frame.get(start..start + self.captured as usize).unwrap_or_default()
    }
}

/// What was found in a frame: the innermost packet, and what was around it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// The innermost packet.
    pub inner: Span,
    /// How many encapsulations were taken off.
    pub depth: usize,
    /// What the mirror put around it; of use where `depth` is not 0.
    pub wrap: Wrap,
    /// Bytes of the IP packet that carried the mirror's copy, for the MTU's sake.
    pub carrier_length: usize,
    /// Bytes of the mirror's copy that were received.
    pub copy_length: usize,
    /// Where in the frame the mirror's copy ends, were all of it captured.
    pub copy_end: usize,
    /// GENEVE options of the mirror's that tmrx gives no meaning to are among these: where they are in the frame.
    pub options: Option<(u32, u32)>,
    /// What was wrong on the way.
    pub anomalies: AnomalySet,
}

/// The enclosing packets of a frame, outermost first, as many as its depth; reused from frame to frame. A datagram from a
/// socket has none of its own: its first is empty.
pub type Outers = [Span; MAX_DEPTH];

/// Which ports carry what.
#[derive(Debug, Clone)]
pub struct Decap {
    vxlan: Vec<u16>,
    geneve: Vec<u16>,
    max_depth: usize,
}

impl Decap {
    /// From the plan.
    pub fn new(settings: &DecapSettings) -> Self {
        let max_depth = usize::from(settings.max_depth).min(MAX_DEPTH);
        Self { vxlan: settings.vxlan_ports.clone(), geneve: settings.geneve_ports.clone(), max_depth }
    }

    /// Take off a captured frame's encapsulations. `original`: the frame's length on the wire.
    #[inline]
    pub fn frame(&self, bytes: &[u8], original: usize, link: Link, outers: &mut Outers) -> Found {
        let inner = Span { start: 0, captured: bytes.len() as u32, received: original as u32, link };
        let mut found = Found { inner, ..Found::default() };
        self.peel(bytes, &mut found, outers);
        found
    }

    /// Take off the encapsulations of a datagram that came through a socket. `original`: its length.
    #[inline]
    pub fn payload(&self, bytes: &[u8], original: usize, outer: &Outer, outers: &mut Outers) -> Found {
        let mut found = Found::default();
        let headers = udp::LEN + if outer.src.0.starts_with(&Addr::v4([0; 4]).0[..12]) { 20 } else { 40 };
        let datagram = Datagram { tuple: *outer, payload: bytes, at: 0, sent: original, ip_length: original + headers };
        if self.tunnel(&datagram, &mut found, outers) {
            self.peel(bytes, &mut found, outers);
        }
        found
    }

    /// Go inwards as long as the innermost packet is a tunnel's datagram.
    fn peel(&self, bytes: &[u8], found: &mut Found, outers: &mut Outers) {
        while let Some(datagram) = datagram(found.inner.bytes(bytes), &found.inner) {
            if !self.tunnel(&datagram, found, outers) {
                return;
            }
        }
    }

    /// Take one tunnel off; false where there is none.
    #[inline]
    #[allow(clippy::manual_contains)]
    fn tunnel(&self, datagram: &Datagram<'_>, found: &mut Found, outers: &mut Outers) -> bool {
        let port = datagram.tuple.dport;
        // A handful of ports: comparing them in line beats a call to a search.
        let is_vxlan = self.vxlan.iter().any(|p| *p == port);
        if !is_vxlan && !self.geneve.iter().any(|p| *p == port) {
            return false;
        }
        if found.depth == self.max_depth {
            found.anomalies.add(Anomaly::TooDeep);
            return false;
        }
        let outer = found.inner;
        let off = if is_vxlan { take_vxlan(datagram, found) } else { take_geneve(datagram, found) };
        if off {
            if let Some(slot) = outers.get_mut(found.depth) {
                *slot = outer;
            }
            found.depth += 1;
        }
        off
    }
}

/// The mirror's own layers are the first VXLAN, or GENEVE with or without VXLAN in it; further ones are the hosts'.
fn is_mirrors(found: &Found, encapsulation: Encapsulation) -> bool {
    found.depth == 0 || (found.depth == 1 && encapsulation == Encapsulation::GeneveVxlan)
}

fn take_vxlan(datagram: &Datagram<'_>, found: &mut Found) -> bool {
    let Some((head, _)) = Vxlan::parse(datagram.payload) else {
        if datagram.sent < vxlan::LEN {
            found.anomalies.add(Anomaly::VxlanTooShort);
        }
        return false;
    };
    if !head.has_vni() {
        found.anomalies.add(Anomaly::VxlanNoVni);
        return false;
    }
    if head.has_reserved() {
        found.anomalies.add(Anomaly::VxlanReserved);
    }
    let encapsulation = match found.wrap.encapsulation {
        Encapsulation::Geneve => Encapsulation::GeneveVxlan,
        _ => Encapsulation::Vxlan,
    };
    if is_mirrors(found, encapsulation) {
        found.wrap.encapsulation = encapsulation;
        carried_by(datagram, head.vni(), vxlan::LEN, found);
    }
    enter(datagram, vxlan::LEN, Link::Ethernet, found);
    true
}

fn take_geneve(datagram: &Datagram<'_>, found: &mut Found) -> bool {
    let Some((head, rest)) = Geneve::parse(datagram.payload) else {
        if datagram.sent < geneve::LEN {
            found.anomalies.add(Anomaly::GeneveTooShort);
        }
        return false;
    };
    let header = geneve::LEN + head.options_len();
    let link = match head.protocol() {
        ethertype::BRIDGING => Link::Ethernet,
        ethertype::IPV4 | ethertype::IPV6 => Link::Ip,
        _ => return refuse(found, Anomaly::GenevePayload),
    };
    if head.version() != 0 {
        return refuse(found, Anomaly::GeneveVersion);
    }
    if header > datagram.sent {
        return refuse(found, Anomaly::GeneveOptions);
    }
    if head.has_reserved() {
        found.anomalies.add(Anomaly::GeneveReserved);
    }
    // Where the capture ends inside the options there is nothing further in.
    let Some(options) = rest.get(..head.options_len()) else { return false };
    if is_mirrors(found, Encapsulation::Geneve) {
        found.wrap.encapsulation = Encapsulation::Geneve;
        carried_by(datagram, head.vni(), header, found);
        if read_options(options, found) {
            found.options = Some(((datagram.at + geneve::LEN) as u32, options.len() as u32));
        }
    }
    enter(datagram, header, link, found);
    true
}

fn refuse(found: &mut Found, anomaly: Anomaly) -> bool {
    found.anomalies.add(anomaly);
    false
}

/// AWS's options by name; true when there are others, which is an anomaly where they are critical.
fn read_options(mut options: &[u8], found: &mut Found) -> bool {
    let mut others = false;
    while !options.is_empty() {
        let Some((option, rest)) = GeneveOption::parse(options) else {
            found.anomalies.add(Anomaly::GeneveOptions);
            break;
        };
        others |= !option.is_aws();
        match (option.class, option.kind, option.number8(), option.number4()) {
            (geneve::AWS, 1, Some(id), _) => found.wrap.endpoint = id,
            (geneve::AWS, 2, Some(id), _) => found.wrap.attachment = id,
            (geneve::AWS, 3, _, Some(cookie)) => {
                found.wrap.flow_cookie = cookie;
                found.wrap.has_cookie = true;
            }
            _ if option.critical => found.anomalies.add(Anomaly::GeneveCritical),
            _ => {}
        }
        options = rest;
    }
    others
}

/// Note whose datagram carried the mirror's copy, and how long it was.
#[inline]
fn carried_by(datagram: &Datagram<'_>, vni: u32, header: usize, found: &mut Found) {
    found.wrap.outer_src = datagram.tuple.src;
    found.wrap.outer_dst = datagram.tuple.dst;
    found.wrap.vni = vni;
    found.carrier_length = datagram.ip_length;
    found.copy_length = datagram.sent - header;
    found.copy_end = datagram.at + datagram.sent;
}

/// Make what follows the tunnel's header the innermost packet.
#[inline]
fn enter(datagram: &Datagram<'_>, header: usize, link: Link, found: &mut Found) {
    found.inner = Span {
        start: (datagram.at + header) as u32,
        captured: datagram.payload.len().saturating_sub(header) as u32,
        received: (datagram.sent - header) as u32,
        link,
    };
}

/// The UDP datagram that a packet is, where its headers are whole and it is no fragment.
#[inline]
fn datagram<'a>(bytes: &'a [u8], span: &Span) -> Option<Datagram<'a>> {
    let (ethertype, at) = link::network(bytes, span.link)?;
    let ip = bytes.get(at..)?;
    let (tuple, segment, ip_length, sent) = match ethertype {
        ethertype::IPV4 => over_ipv4(ip)?,
        ethertype::IPV6 => over_ipv6(ip)?,
        _ => return None,
    };
    let (head, payload) = Udp::parse(segment)?;
    let length = usize::from(head.length());
    if length < udp::LEN || length > sent {
        return None;
    }
    let sent = length - udp::LEN;
    // Every slice on the way ends where `bytes` ends, so lengths give positions.
    let at = span.start as usize + bytes.len() - payload.len();
    let payload = payload.get(..sent).unwrap_or(payload);
    let tuple = Outer { sport: head.sport(), dport: head.dport(), ..tuple };
    Some(Datagram { tuple, payload, at, sent, ip_length })
}

/// Addresses, captured UDP bytes, the IP packet's length, and the length left for UDP.
type OverIp<'a> = (Outer, &'a [u8], usize, usize);

#[inline]
fn over_ipv4(bytes: &[u8]) -> Option<OverIp<'_>> {
    let (head, _) = Ipv4::parse(bytes)?;
    let (total, header) = (usize::from(head.total_length()), head.header_len());
    let whole = head.version() == 4 && header >= 20 && !head.more_fragments() && head.fragment_offset() == 0;
    if !whole || head.protocol() != proto::UDP {
        return None;
    }
    let tuple = Outer { src: head.src(), dst: head.dst(), ..Outer::default() };
    Some((tuple, bytes.get(header..)?, total, total.checked_sub(header)?))
}

#[inline]
fn over_ipv6(bytes: &[u8]) -> Option<OverIp<'_>> {
    let (head, mut rest) = Ipv6::parse(bytes)?;
    let mut left = usize::from(head.payload_length());
    let total = left + 40;
    let mut next = head.next_header();
    for _ in 0..MAX_EXTENSIONS {
        if !Extension::is(next) {
            break;
        }
        let extension = Extension::parse(next, rest)?;
        if extension.fragment().is_some_and(|(offset, more)| offset != 0 || more) {
            return None;
        }
        rest = rest.get(extension.len..)?;
        left = left.checked_sub(extension.len)?;
        next = extension.next;
    }
    let tuple = Outer { src: head.src(), dst: head.dst(), ..Outer::default() };
    (head.version() == 6 && next == proto::UDP).then_some((tuple, rest, total, left))
}
