//! Which headers a segment needs written anew: from the link layer to the one that is cut, through tunnels.

use crate::encap::GENEVE_PORT;
use crate::frame::{Addr, Link};
use crate::packet::proto;
use crate::wire::checksum::sum;
use crate::wire::ethernet::{self, Ethernet, Tag, ethertype, is_tag};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Extension, Ipv6, next};
use crate::wire::tcp::{self, Tcp};
use crate::wire::udp::{self, Udp};
use crate::wire::{geneve, geneve::Geneve, vxlan};

/// IP and transport headers in one frame: two tunnels, with room to spare.
const DEPTH: usize = 8;
/// IPv4 or IPv6 directly in IP.
const IPV4_IN_IP: u8 = 4;
const IPV6_IN_IP: u8 = 41;

/// A header whose fields depend on the segment, and what of it the whole frame had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Ipv4 {
        at: usize,
        id: u16,
    },
    Ipv6 {
        at: usize,
    },
    /// `addresses`: the sum of the pseudo-header's addresses. Without a checksum there will be none.
    Udp {
        at: usize,
        addresses: u64,
        has_checksum: bool,
    },
    Tcp {
        at: usize,
        addresses: u64,
        seq: u32,
        flags: u8,
    },
}

/// The headers, outermost first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layers {
    layers: [Option<Layer>; DEPTH],
    count: usize,
    /// Bytes of all headers.
    pub len: usize,
}

impl Layers {
    /// Find the way to the first header of protocol `proto`, or to the one at `start`; `None` where there is none.
    pub fn find(bytes: &[u8], link: Link, proto: u8, start: Option<usize>) -> Option<Self> {
        let mut walk = Walk { bytes, proto, start, found: Self::default() };
        match link {
            Link::Ethernet => walk.ethernet(0)?,
            _ => walk.network(0)?,
        }
        Some(walk.found)
    }

    /// From the innermost out: what is outside may cover what is inside with its checksum.
    pub fn inside_out(&self) -> impl Iterator<Item = Layer> {
        self.layers.iter().rev().filter_map(|layer| *layer)
    }

    fn add(&mut self, layer: Layer) -> Option<()> {
        *self.layers.get_mut(self.count)? = Some(layer);
        self.count += 1;
        Some(())
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    proto: u8,
    start: Option<usize>,
    found: Layers,
}

impl<'a> Walk<'a> {
    fn at(&self, at: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..)
    }

    fn ethernet(&mut self, at: usize) -> Option<()> {
        let (at, kind) = self.untagged(at)?;
        matches!(kind, ethertype::IPV4 | ethertype::IPV6).then_some(())?;
        self.network(at)
    }

    /// Where the EtherType's payload begins, behind all tags.
    fn untagged(&self, at: usize) -> Option<(usize, u16)> {
        let (head, mut rest) = Ethernet::parse(self.at(at)?)?;
        let (mut at, mut kind) = (at + ethernet::LEN, head.ethertype());
        while is_tag(kind) {
            let (tag, after) = Tag::parse(rest)?;
            (at, kind, rest) = (at + ethernet::TAG_LEN, tag.ethertype(), after);
        }
        Some((at, kind))
    }

    /// An IP header, told apart by its version.
    fn network(&mut self, at: usize) -> Option<()> {
        match self.at(at)?.first()? >> 4 {
            4 => self.ipv4(at),
            6 => self.ipv6(at),
            _ => None,
        }
    }

    fn ipv4(&mut self, at: usize) -> Option<()> {
        let bytes = self.at(at)?;
        let (ip, _) = Ipv4::parse(bytes)?;
        let header = ip.header_len();
        // A fragment is never cut again.
        if header < ipv4::LEN || ip.more_fragments() || ip.fragment_offset() != 0 {
            return None;
        }
        let id = bytes.get(4..).and_then(<[u8]>::first_chunk).map(|id| u16::from_be_bytes(*id))?;
        self.found.add(Layer::Ipv4 { at, id })?;
        self.transport(at + header, ip.protocol(), sum(&ip.src().low4()) + sum(&ip.dst().low4()))
    }

    fn ipv6(&mut self, at: usize) -> Option<()> {
        let (ip, mut rest) = Ipv6::parse(self.at(at)?)?;
        self.found.add(Layer::Ipv6 { at })?;
        let (mut at, mut kind) = (at + ipv6::LEN, ip.next_header());
        let (mut src, mut dst): (Addr, Addr) = (ip.src(), ip.dst());
        while Extension::is(kind) {
            let extension = Extension::parse(kind, rest).filter(|_| kind != next::FRAGMENT)?;
            // The addresses of the pseudo-header (RFC 8200, section 8.1; RFC 6275, section 6.3).
            dst = extension.final_destination().unwrap_or(dst);
            src = extension.home_address().unwrap_or(src);
            rest = rest.get(extension.len..)?;
            (at, kind) = (at + extension.len, extension.next);
        }
        self.transport(at, kind, sum(&src.0) + sum(&dst.0))
    }

    fn transport(&mut self, at: usize, kind: u8, addresses: u64) -> Option<()> {
        let wanted = kind == self.proto && self.start.is_none_or(|start| start == at);
        match kind {
            proto::TCP if wanted => self.tcp(at, addresses),
            proto::UDP => self.udp(at, addresses, wanted),
            IPV4_IN_IP | IPV6_IN_IP => self.network(at),
            _ => None,
        }
    }

    fn tcp(&mut self, at: usize, addresses: u64) -> Option<()> {
        let bytes = self.at(at)?;
        let (head, _) = Tcp::parse(bytes)?;
        let header = head.header_len();
        if header < tcp::LEN || header > bytes.len() {
            return None;
        }
        self.found.len = at + header;
        self.found.add(Layer::Tcp { at, addresses, seq: head.seq(), flags: head.flags() })
    }

    /// The datagram that is cut, or a tunnel's.
    fn udp(&mut self, at: usize, addresses: u64, wanted: bool) -> Option<()> {
        let bytes = self.at(at)?;
        let (head, rest) = Udp::parse(bytes)?;
        let given = bytes.get(udp::CHECKSUM..).and_then(<[u8]>::first_chunk) != Some(&[0, 0]);
        let has_checksum = given || (wanted && self.start.is_some());
        self.found.add(Layer::Udp { at, addresses, has_checksum })?;
        let payload = at + udp::LEN;
        if wanted {
            self.found.len = payload;
            return Some(());
        }
        // VXLAN has several ports, GENEVE one.
        if head.dport() != GENEVE_PORT {
            return self.ethernet(payload + vxlan::LEN);
        }
        let (geneve, _) = Geneve::parse(rest)?;
        let inner = payload + geneve::LEN + geneve.options_len();
        if geneve.protocol() == ethertype::BRIDGING { self.ethernet(inner) } else { self.network(inner) }
    }
}
