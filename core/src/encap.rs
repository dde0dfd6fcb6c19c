//! What the mirror puts around a copy: the headers of specification, sections 5 and 7. Pure; never allocates.
//!
//! ```text
//! vxlan:         Ethernet / IP / UDP 4789 / VXLAN / the copy
//! geneve+vxlan:  Ethernet / IP / UDP 6081 / GENEVE with 32 bytes of options / IP / UDP 4789 / VXLAN / the copy
//! ```
//! Lengths describe what is sent, checksums are right but UDP's, which is 0, and the outer source port tells the flow.

use crate::frame::{Addr, Link};
use crate::packet::proto;

mod hash;

pub use hash::source_port;

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
/// Locally administered addresses for links that the copy never had: destination, source.
const MACS: [u8; 12] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

/// The longest head: Ethernet, IPv6, UDP, GENEVE with options, IPv6, UDP, VXLAN and an inner Ethernet header.
const MAX_HEAD: usize = 14 + 40 + 8 + 40 + 40 + 8 + 8 + 14;

/// The ends of an outer datagram, both of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Who sends it.
    pub src: Addr,
    /// Whom it is for.
    pub dst: Addr,
    /// The port that it is for.
    pub dport: u16,
}

impl Ends {
    /// Whether both are IPv4, in mapped form.
    pub fn is_v4(&self) -> bool {
        is_v4(&self.src) && is_v4(&self.dst)
    }

    /// Whether they can be the ends of one datagram.
    pub fn one_family(&self) -> bool {
        is_v4(&self.src) == is_v4(&self.dst)
    }

    fn ip_length(&self) -> usize {
        if self.is_v4() { 20 } else { 40 }
    }
}

/// A Gateway Load Balancer in front of the receiver (specification, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The balancer's node and the appliance behind it.
    pub ends: Ends,
    /// Option 1: the endpoint's id.
    pub endpoint: u64,
    /// Option 2: the attachment's id.
    pub attachment: u64,
}

/// What is put around every copy of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// VXLAN network identifier, 24 bits.
    pub vni: u32,
    /// The source's interface and the target.
    pub mirror: Ends,
    /// The load balancer between them, where there is one.
    pub gateway: Option<Gateway>,
}

/// The headers in front of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; MAX_HEAD],
    length: u8,
    payload: u8,
    /// The outermost datagram's source port.
    pub sport: u16,
}

impl Head {
    /// All of it, outer Ethernet first.
    #[inline]
    pub fn frame(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// What follows the outermost UDP header: what a socket is given to send.
    #[inline]
    pub fn payload(&self) -> &[u8] {
        self.frame().get(usize::from(self.payload)..).unwrap_or_default()
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let at = usize::from(self.length);
        if let Some(room) = self.bytes.get_mut(at..at + bytes.len()) {
            room.copy_from_slice(bytes);
            self.length += bytes.len() as u8;
        }
    }

    #[inline]
    fn ethernet(&mut self, ethertype: u16) {
        self.put(&MACS);
        self.put(&ethertype.to_be_bytes());
    }

    /// IP and UDP headers in front of `length` bytes.
    #[inline]
    fn datagram(&mut self, ends: &Ends, sport: u16, length: usize) {
        let udp = (length + 8) as u16;
        if ends.is_v4() {
            self.ipv4(ends, udp)
        } else {
            self.ipv6(ends, udp)
        }
        for field in [sport, ends.dport, udp, 0] {
            self.put(&field.to_be_bytes());
        }
    }

    /// TTL 255, and TOS, identification and flags 0.
    #[inline]
    fn ipv4(&mut self, ends: &Ends, udp: u16) {
        let mut header = [0x45, 0, 0, 0, 0, 0, 0, 0, 255, proto::UDP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let (src, dst) = (ends.src.low4(), ends.dst.low4());
        let total = (udp + 20).to_be_bytes();
        for (place, byte) in header.iter_mut().skip(2).zip(total) {
            *place = byte;
        }
        for (place, byte) in header.iter_mut().skip(12).zip(src.into_iter().chain(dst)) {
            *place = byte;
        }
        let sum = checksum(&header).to_be_bytes();
        for (place, byte) in header.iter_mut().skip(10).zip(sum) {
            *place = byte;
        }
        self.put(&header);
    }

    #[inline]
    fn ipv6(&mut self, ends: &Ends, udp: u16) {
        self.put(&[0x60, 0, 0, 0]);
        self.put(&udp.to_be_bytes());
        self.put(&[proto::UDP, 255]);
        self.put(&ends.src.0);
        self.put(&ends.dst.0);
    }

    /// GENEVE's header (RFC 8926, section 3.4) and AWS's three options, in the order that they are sent in.
    #[inline]
    fn geneve(&mut self, gateway: &Gateway, cookie: u32, ethertype: u16) {
        self.put(&[8, 0]);
        self.put(&ethertype.to_be_bytes());
        self.put(&[0; 4]);
        for (kind, id) in [(1, gateway.endpoint), (2, gateway.attachment)] {
            self.option(kind, &id.to_be_bytes());
        }
        self.option(3, &cookie.to_be_bytes());
    }

    #[inline]
    fn option(&mut self, kind: u8, value: &[u8]) {
        self.put(&AWS_CLASS.to_be_bytes());
        self.put(&[kind, (value.len() / 4) as u8]);
        self.put(value);
    }
}

impl Profile {
    /// The head for `sent` bytes of a frame whose captured bytes are `inner`; `None` where the whole would not fit in an IP packet.
    ///
    /// The flow is read from `inner`, so that it does not depend on how much of it is sent. A frame without a link header
    /// gets one as part of the head: inside VXLAN is always Ethernet.
    #[inline]
    pub fn wrap(&self, link: Link, inner: &[u8], sent: usize) -> Option<Head> {
        let ethernet = if link == Link::Ethernet { 0 } else { 14 };
        let copy = 8 + ethernet + sent;
        let (outer, between) = match &self.gateway {
            None => (&self.mirror, 0),
            Some(gateway) => (&gateway.ends, 40 + self.mirror.ip_length() + 8),
        };
        if outer.ip_length() + 8 + between + copy > usize::from(u16::MAX) {
            return None;
        }
        let flow = hash::flow(link, inner);
        let mut head = Head { bytes: [0; MAX_HEAD], length: 0, payload: 0, sport: flow.port() };
        head.ethernet(ethertype(outer));
        head.datagram(outer, head.sport, between + copy);
        head.payload = head.length;
        if let Some(gateway) = &self.gateway {
            head.geneve(gateway, flow.cookie(), ethertype(&self.mirror));
            head.datagram(&self.mirror, head.sport, copy);
        }
        head.put(&[8, 0, 0, 0]);
        head.put(&(self.vni << 8).to_be_bytes());
        if ethernet != 0 {
            let version = inner.first().map_or(4, |byte| byte >> 4);
            head.ethernet(if version == 6 { ETHERTYPE_IPV6 } else { ETHERTYPE_IPV4 });
        }
        Some(head)
    }

    /// Bytes of a frame that `packet_length` leaves; it counts the inner Ethernet header (specification, section 4.6).
    #[inline]
    pub fn cut(link: Link, captured: usize, packet_length: Option<u32>) -> usize {
        let ethernet = if link == Link::Ethernet { 0 } else { 14 };
        packet_length.map_or(captured, |length| captured.min((length as usize).saturating_sub(ethernet)))
    }
}

fn ethertype(ends: &Ends) -> u16 {
    if ends.is_v4() { ETHERTYPE_IPV4 } else { ETHERTYPE_IPV6 }
}

/// Whether this is an IPv4 address in mapped form.
fn is_v4(addr: &Addr) -> bool {
    addr.0.starts_with(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
}

/// The internet checksum (RFC 1071) of a header whose checksum field is 0.
fn checksum(header: &[u8; 20]) -> u16 {
    let (words, _) = header.as_chunks::<2>();
    let sum: u32 = words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    !((sum & 0xffff) + (sum >> 16)) as u16
}

#[cfg(test)]
mod tests;
