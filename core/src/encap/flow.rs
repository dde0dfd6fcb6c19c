//! The flow of a copy, as the outer source port and the flow cookie tell it: the same for both directions.

use crate::frame::Addr;
use crate::packet::{Layer, Packet};

/// A flow's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    hash: u64,
    /// An answer of the VPC's resolver.
    resolver: bool,
}

impl Flow {
    /// By the 5-tuple for TCP, UDP and ICMP echoes (their identifier), else by the 3-tuple, so that all fragments of a
    /// datagram go one way; what is no IP hashes alike. `bytes`: the packet's. `resolver`: it is an answer of the resolver.
    #[inline]
    pub fn of(packet: &Packet, bytes: &[u8], resolver: bool) -> Self {
        if packet.ip == 0 {
            return Self { hash: 0, resolver };
        }
        let (sport, dport) = ports(packet, bytes);
        // A sum has no order: both directions have the same.
        let ends = end(&packet.src, sport).wrapping_add(end(&packet.dst, dport));
        Self { hash: mix(ends ^ u64::from(packet.proto)), resolver }
    }

    /// The outer source port, from `first` to 65535; the first for the resolver's answers (specification, section 5).
    #[inline]
    pub fn port(self, first: u16) -> u16 {
        let ports = u64::from(u16::MAX - first) + 1;
        if self.resolver { first } else { first + (((self.hash >> 32) * ports) >> 32) as u16 }
    }

    /// The GENEVE flow cookie; never 0.
    #[inline]
    pub fn cookie(self) -> u32 {
        self.hash as u32 | 1
    }

    /// The hash itself.
    #[inline]
    pub fn hash(self) -> u64 {
        self.hash
    }

    /// One of `count`.
    #[inline]
    pub fn choose(self, count: usize) -> usize {
        ((u128::from(mix(self.hash)) * count as u128) >> 64) as usize
    }
}

/// What a load balancer makes of copies from this address and port.
pub(super) fn of_port(src: &Addr, sport: u16) -> Flow {
    Flow { hash: end(src, sport), resolver: false }
}

#[inline]
fn end(addr: &Addr, port: u16) -> u64 {
    let number = addr.number();
    let (high, low) = ((number >> 64) as u64, number as u64);
    mix(mix(high) ^ low.rotate_left(16) ^ u64::from(port).wrapping_mul(0xd6e8_feb8_6659_fd93))
}

/// One step of a multiplicative hash: good enough to spread flows over ports, and the same everywhere.
#[inline]
fn mix(value: u64) -> u64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ (value >> 32)
}

#[inline]
fn ports(packet: &Packet, bytes: &[u8]) -> (u16, u16) {
    if packet.fragment {
        return (0, 0);
    }
    match packet.layer {
        Layer::Tcp | Layer::Udp => (packet.sport, packet.dport),
        Layer::Icmp if matches!(packet.sport, 0 | 8) => identifier(packet, bytes),
        Layer::Icmpv6 if matches!(packet.sport, 128 | 129) => identifier(packet, bytes),
        _ => (0, 0),
    }
}

/// An echo's identifier (RFC 792, RFC 4443) stands for both ports.
fn identifier(packet: &Packet, bytes: &[u8]) -> (u16, u16) {
    let field = bytes.get(usize::from(packet.l4) + 4..).and_then(|rest| rest.first_chunk::<2>());
    let id = field.map_or(0, |field| u16::from_be_bytes(*field));
    (id, id)
}
