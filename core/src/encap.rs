//! What the mirror puts around a copy: the headers of specification, sections 5 and 7. Pure.
//!
//! ```text
//! vxlan:         Ethernet / IP / UDP 4789 / VXLAN / the copy
//! geneve+vxlan:  Ethernet / IP / UDP 6081 / GENEVE with 32 bytes of options / IP / UDP 4789 / VXLAN / the copy
//! ```
//! Lengths describe what is sent, checksums are right but UDP's, which is 0, and the outer source port tells the flow.
//! All that does not differ from copy to copy is made once, as a template.

use crate::error::{Error, Fault, Result};
use crate::frame::Addr;
use crate::packet::proto;
use crate::plan::mirror as plan;
use crate::table::text::is_v4;
use crate::wire::checksum::{fold, sum, word};

mod flow;

pub use flow::Flow;

/// The port of VXLAN (RFC 7348, section 5).
pub const VXLAN_PORT: u16 = 4789;
/// The port of GENEVE (RFC 8926, section 3.3).
pub const GENEVE_PORT: u16 = 6081;
/// The first of the outer source ports that AWS uses; the last is 65535.
pub const FIRST_SOURCE_PORT: u16 = 65408;

/// The class of AWS's GENEVE options.
const AWS_CLASS: u16 = 0x0108;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// The ends of an outer datagram, both of one family.
#[derive(Clone, Copy, Debug)]
struct Ends {
    src: Addr,
    dst: Addr,
    dport: u16,
}

impl Ends {
    fn is_v4(&self) -> bool {
        is_v4(&self.src)
    }

    fn ethertype(&self) -> [u8; 2] {
        if self.is_v4() { ETHERTYPE_IPV4.to_be_bytes() } else { ETHERTYPE_IPV6.to_be_bytes() }
    }
}

/// Where a datagram's IP header stands in a template.
#[derive(Clone, Copy, Debug)]
struct Datagram {
    ip: usize,
    v4: bool,
    /// Unfolded sum of an IPv4 header without its length and checksum.
    sum: u64,
}

impl Datagram {
    fn udp(&self) -> usize {
        self.ip + if self.v4 { 20 } else { 40 }
    }

    /// Write what depends on the copy; the datagram ends where `head` and `copy` more bytes end.
    #[inline]
    fn finish(&self, head: &mut [u8], sport: u16, copy: usize) -> Option<()> {
        let udp = self.udp();
        let length = u16::try_from(head.len() - udp + copy).ok()?;
        if self.v4 {
            let total = length.checked_add(20)?;
            put(head, self.ip + 2, total);
            put(head, self.ip + 10, !fold(self.sum + word(total)));
        } else {
            put(head, self.ip + 4, length);
        }
        put(head, udp, sport);
        put(head, udp + 4, length);
        Some(())
    }
}

#[inline]
fn put(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(field) = bytes.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

/// The headers of copies to one place, but for what depends on the copy.
#[derive(Clone, Debug, Default)]
struct Template {
    bytes: Vec<u8>,
    /// Outermost first.
    datagrams: Vec<Datagram>,
    /// Where the flow cookie stands.
    cookie: Option<usize>,
    /// The outermost destination.
    to: (Addr, u16),
}

impl Template {
    fn new(copies: &plan::Copies, src: Addr, dst: Addr, appliance: Option<(&plan::Gateway, Addr, Addr)>) -> Self {
        let mirror = Ends { src, dst, dport: VXLAN_PORT };
        let mut template = Self { to: (dst, VXLAN_PORT), bytes: copies.macs.to_vec(), ..Self::default() };
        match appliance {
            None => template.bytes.extend(mirror.ethertype()),
            Some((gateway, node, appliance)) => {
                let ends = Ends { src: node, dst: appliance, dport: GENEVE_PORT };
                template.bytes.extend(ends.ethertype());
                template.datagram(&ends);
                template.geneve(gateway, mirror.ethertype());
                template.to = (appliance, GENEVE_PORT);
            }
        }
        template.datagram(&mirror);
        template.bytes.extend([8, 0, 0, 0]);
        template.bytes.extend((copies.vni << 8).to_be_bytes());
        template
    }

    /// TTL 255; TOS, identification, flags and the UDP checksum 0.
    fn datagram(&mut self, ends: &Ends) {
        let ip = self.bytes.len();
        if ends.is_v4() {
            self.bytes.extend([0x45, 0, 0, 0, 0, 0, 0, 0, 255, proto::UDP, 0, 0]);
            self.bytes.extend(ends.src.low4());
            self.bytes.extend(ends.dst.low4());
        } else {
            self.bytes.extend([0x60, 0, 0, 0, 0, 0, proto::UDP, 255]);
            self.bytes.extend(ends.src.0);
            self.bytes.extend(ends.dst.0);
        }
        let sum = sum(self.bytes.get(ip..).unwrap_or_default());
        self.datagrams.push(Datagram { ip, v4: ends.is_v4(), sum });
        self.bytes.extend([0, 0]);
        self.bytes.extend(ends.dport.to_be_bytes());
        self.bytes.extend([0; 4]);
    }

    /// GENEVE's header (RFC 8926, section 3.4) and AWS's three options, in the order that they are sent in.
    fn geneve(&mut self, gateway: &plan::Gateway, ethertype: [u8; 2]) {
        self.bytes.extend([8, 0]);
        self.bytes.extend(ethertype);
        self.bytes.extend([0; 4]);
        for (kind, id) in [(1, gateway.endpoint), (2, gateway.attachment)] {
            self.option(kind, &id.to_be_bytes());
        }
        self.option(3, &[0; 4]);
        self.cookie = Some(self.bytes.len() - 4);
    }

    fn option(&mut self, kind: u8, value: &[u8]) {
        self.bytes.extend(AWS_CLASS.to_be_bytes());
        self.bytes.extend([kind, (value.len() / 4) as u8]);
        self.bytes.extend(value);
    }
}

/// What is put around every copy of one session.
#[derive(Clone, Debug)]
pub struct Encap {
    /// One for each receiver.
    templates: Vec<Template>,
    gateway: bool,
    src: Addr,
    first_port: u16,
}

/// The headers in front of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The outermost datagram's source port.
    pub sport: u16,
    /// Whom the outermost datagram is for.
    pub dst: Addr,
    /// The port that it is for.
    pub dport: u16,
    /// Bytes in front of the outermost datagram's payload.
    pub payload: u16,
}

impl Encap {
    /// Of one session's copies, with outer source ports from `first_port` on.
    ///
    /// # Errors
    /// `Error::Config` for addresses that are none or of two families, and a VNI of more than 24 bits.
    pub fn new(copies: &plan::Copies, first_port: u16) -> Result<Self> {
        if copies.vni >> 24 != 0 || copies.macs.len() != 12 {
            return Err(fault("vni", "is above 16777215, or the MAC addresses are not two", "a VNI has 24 bits"));
        }
        let src = addr(&copies.src)?;
        let receivers = family(&src, &copies.dst)?;
        let templates = match &copies.gateway {
            None => receivers.iter().map(|&dst| Template::new(copies, src, dst, None)).collect(),
            Some(gateway) => {
                let (node, first) = (addr(&gateway.src)?, receivers.first().copied().unwrap_or_default());
                let appliances = family(&node, &gateway.dst)?;
                let to = |&appliance| Template::new(copies, src, first, Some((gateway, node, appliance)));
                appliances.iter().map(to).collect()
            }
        };
        Ok(Self { templates, gateway: copies.gateway.is_some(), src, first_port })
    }

    /// The address that copies come from.
    pub fn src(&self) -> Addr {
        self.src
    }

    /// Append the head of a copy of `copy` bytes; `None`, and nothing appended, where the whole would not fit in an IP packet.
    #[inline]
    pub fn write(&self, flow: Flow, copy: usize, out: &mut Vec<u8>) -> Option<Head> {
        let sport = flow.port(self.first_port);
        let template = self.templates.get(self.receiver(flow, sport))?;
        let start = out.len();
        out.extend_from_slice(&template.bytes);
        let head = out.get_mut(start..)?;
        for datagram in &template.datagrams {
            if datagram.finish(head, sport, copy).is_none() {
                out.truncate(start);
                return None;
            }
        }
        if let Some(field) = template.cookie.and_then(|at| head.get_mut(at..at + 4)) {
            field.copy_from_slice(&flow.cookie().to_be_bytes());
        }
        let payload = template.datagrams.first().map_or(0, |outermost| outermost.udp() + 8);
        Some(Head { sport, dst: template.to.0, dport: template.to.1, payload: payload as u16 })
    }

    /// Which receiver a flow goes to: a Network Load Balancer hashes the outer 5-tuple, of which one session's copies
    /// differ in the source port; a Gateway Load Balancer keeps a flow with its appliance.
    #[inline]
    fn receiver(&self, flow: Flow, sport: u16) -> usize {
        let count = self.templates.len();
        if count <= 1 {
            return 0;
        }
        if self.gateway { flow.choose(count) } else { flow::of_port(&self.src, sport).choose(count) }
    }
}

fn fault(what: &str, why: &str, hint: &str) -> Error {
    Error::Config(Fault::new(what, why, hint))
}

/// The address that 16 bytes of the plan are.
///
/// # Errors
/// `Error::Config` for any other number of bytes.
pub fn addr(bytes: &[u8]) -> Result<Addr> {
    bytes.try_into().map(Addr).map_err(|_| fault("plan: an address", "is not 16 bytes", "build tmrx anew"))
}

/// The destinations, which are of the source's family.
fn family(src: &Addr, dst: &[serde_bytes::ByteBuf]) -> Result<Vec<Addr>> {
    let all: Vec<Addr> = dst.iter().map(|bytes| addr(bytes)).collect::<Result<_>>()?;
    if all.is_empty() || all.iter().any(|dst| is_v4(dst) != is_v4(src)) {
        return Err(fault("outer addresses", "are of two families", "give IPv4 or IPv6 addresses for both ends"));
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
