//! The flow of a copy, as the outer source port tells it: the same for both directions.

use super::FIRST_SOURCE_PORT;
use crate::frame::{Addr, Link};
use crate::packet::proto;

/// The VPC resolver's own addresses (the third, base + 2, is the VPC's and not known here).
const RESOLVERS: [Addr; 2] =
    [Addr::v4([169, 254, 169, 253]), Addr([0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x53])];

/// A flow's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    hash: u64,
    /// An answer of the VPC's resolver.
    resolver: bool,
}

impl Flow {
    /// The outer source port: one of the 128 that AWS uses, the first for the resolver's answers (specification, section 5).
    #[inline]
    pub fn port(self) -> u16 {
        if self.resolver { FIRST_SOURCE_PORT } else { FIRST_SOURCE_PORT + (self.hash >> 57) as u16 }
    }

    /// The GENEVE flow cookie; never 0.
    #[inline]
    pub fn cookie(self) -> u32 {
        self.hash as u32 | 1
    }
}

/// The outer source port of a frame's copies.
pub fn source_port(link: Link, frame: &[u8]) -> u16 {
    flow(link, frame).port()
}

/// The flow by the 5-tuple for TCP and UDP, else the 3-tuple; what is no IP hashes alike.
#[inline]
pub(super) fn flow(link: Link, frame: &[u8]) -> Flow {
    let ip = if link == Link::Ethernet { network(frame) } else { frame };
    let tuple = match ip.first().map(|byte| byte >> 4) {
        Some(4) => ipv4(ip),
        Some(6) => ipv6(ip),
        _ => None,
    };
    let Some(Tuple { src, dst, protocol, ports }) = tuple else { return Flow { hash: 0, resolver: false } };
    let (sport, dport) = ports.unwrap_or_default();
    let resolver = sport == 53 && RESOLVERS.contains(&src);
    let ends = [(src, sport), (dst, dport)];
    let [low, high] = if ends[0] <= ends[1] { ends } else { [ends[1], ends[0]] };
    let mut hash = u64::from(protocol);
    for (addr, port) in [low, high] {
        let (halves, _) = addr.0.as_chunks::<8>();
        for half in halves {
            hash = mix(hash ^ u64::from_be_bytes(*half));
        }
        hash = mix(hash ^ u64::from(port));
    }
    Flow { hash, resolver }
}

/// One step of a multiplicative hash: good enough to spread flows over ports, and the same everywhere.
#[inline]
fn mix(value: u64) -> u64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ (value >> 32)
}

struct Tuple {
    src: Addr,
    dst: Addr,
    protocol: u8,
    ports: Option<(u16, u16)>,
}

/// What follows the Ethernet header and up to two VLAN tags, where that is IP; else nothing.
#[inline]
fn network(frame: &[u8]) -> &[u8] {
    let mut rest = frame.get(12..).unwrap_or_default();
    for _ in 0..3 {
        let Some((ethertype, after)) = rest.split_first_chunk::<2>() else { break };
        match ethertype {
            [0x08, 0x00] | [0x86, 0xdd] => return after,
            [0x81, 0x00] | [0x88, 0xa8] => rest = after.get(2..).unwrap_or_default(),
            _ => break,
        }
    }
    &[]
}

#[inline]
fn ipv4(ip: &[u8]) -> Option<Tuple> {
    let header = ip.first_chunk::<20>()?;
    let &[first, _, _, _, _, _, flags, low, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = header;
    let whole = flags & 0x3f == 0 && low == 0;
    let payload = ip.get(usize::from(first & 0x0f) * 4..).unwrap_or_default();
    let ports = if whole { ports(protocol, payload) } else { None };
    Some(Tuple { src: Addr::v4([s0, s1, s2, s3]), dst: Addr::v4([d0, d1, d2, d3]), protocol, ports })
}

/// Extension headers are passed over; behind a fragment header there are no ports, so that all fragments go one way.
#[inline]
fn ipv6(ip: &[u8]) -> Option<Tuple> {
    let (header, mut rest) = ip.split_first_chunk::<40>()?;
    let src = Addr(*header.get(8..)?.first_chunk()?);
    let dst = Addr(*header.last_chunk()?);
    let mut protocol = *header.get(6)?;
    for _ in 0..8 {
        let Some(&[next, length]) = rest.first_chunk::<2>() else { break };
        match protocol {
            0 | 43 | 60 | 135 => rest = rest.get((usize::from(length) + 1) * 8..).unwrap_or_default(),
            44 => return Some(Tuple { src, dst, protocol: next, ports: None }),
            _ => break,
        }
        protocol = next;
    }
    Some(Tuple { src, dst, protocol, ports: ports(protocol, rest) })
}

#[inline]
fn ports(protocol: u8, payload: &[u8]) -> Option<(u16, u16)> {
    let &[a, b, c, d] = payload.first_chunk::<4>()?;
    matches!(protocol, proto::TCP | proto::UDP).then(|| (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}
