//! A rule's first line: protocol, addresses, ports, direction.

use super::subject::Subject;
use super::truth::Truth;
use crate::error::{Error, Fault, Result};
use crate::frame::{Addr, Link};
use crate::packet::{Layer, Packet, proto};
use crate::plan::{self, RuleProtocol};
use std::cmp::Ordering;

/// Disjoint ascending address ranges, ends included.
#[derive(Debug)]
pub(super) struct AddressSet {
    any: bool,
    v4: Box<[(u32, u32)]>,
    v6: Box<[([u8; 16], [u8; 16])]>,
}

impl AddressSet {
    fn new(set: &plan::AddressSet) -> Option<Self> {
        let end = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok();
        let v6: Option<Box<[_]>> = set.v6.iter().map(|(low, high)| Some((end(low)?, end(high)?))).collect();
        Some(Self { any: set.any, v4: set.v4.clone().into_boxed_slice(), v6: v6? })
    }

    pub(super) fn v4(&self) -> &[(u32, u32)] {
        &self.v4
    }

    pub(super) fn v6(&self) -> &[([u8; 16], [u8; 16])] {
        &self.v6
    }

    /// How many IPv4 addresses there are in it, or ranges of IPv6 ones.
    pub(super) fn size(&self) -> u64 {
        let v4 = self.v4.iter().map(|(low, high)| u64::from(high - low) + 1);
        v4.sum::<u64>() + self.v6.len() as u64
    }

    #[inline]
    pub(super) fn contains(&self, address: &Addr, ip: u8) -> bool {
        self.any
            || if ip == 4 {
                within(&self.v4, &u32::from_be_bytes(address.low4()))
            } else {
                within(&self.v6, &address.0)
            }
    }
}

/// Disjoint ascending port ranges, ends included.
#[derive(Debug)]
pub(super) struct PortSet {
    any: bool,
    ranges: Box<[(u16, u16)]>,
}

impl PortSet {
    fn new(set: &plan::PortSet) -> Self {
        Self { any: set.any, ranges: set.ranges.clone().into_boxed_slice() }
    }

    pub(super) fn is_any(&self) -> bool {
        self.any
    }

    pub(super) fn ranges(&self) -> &[(u16, u16)] {
        &self.ranges
    }

    /// Ports other than any never match packets without ports, nor fragments.
    #[inline]
    fn contains(&self, port: Option<u16>, absent: Truth) -> Truth {
        match port {
            _ if self.any => Truth::True,
            Some(port) => within(&self.ranges, &port).into(),
            None => absent,
        }
    }
}

/// Whether `value` is in one of the disjoint ascending `ranges`.
fn within<T: Ord>(ranges: &[(T, T)], value: &T) -> bool {
    ranges
        .binary_search_by(|(low, high)| match () {
            () if high < value => Ordering::Less,
            () if low > value => Ordering::Greater,
            () => Ordering::Equal,
        })
        .is_ok()
}

/// Every set of the plan, once.
#[derive(Debug)]
pub(super) struct Sets {
    addresses: Vec<AddressSet>,
    pub(super) ports: Vec<PortSet>,
}

impl Sets {
    pub(super) fn new(rules: &plan::Rules) -> Result<Self> {
        let addresses: Option<_> = rules.addresses.iter().map(AddressSet::new).collect();
        let addresses = addresses.ok_or_else(|| unfit("an IPv6 range's end is not of 16 bytes"))?;
        Ok(Self { addresses, ports: rules.ports.iter().map(PortSet::new).collect() })
    }
}

impl Sets {
    /// Whether a set has an address of this IP version; one that is not there has none.
    pub(super) fn has(&self, set: u32, address: &Addr, ip: u8) -> bool {
        self.addresses.get(set as usize).is_some_and(|set| set.contains(address, ip))
    }
}

/// The fault of a plan that Python should not have made.
pub(super) fn unfit(why: &str) -> Error {
    Error::Config(Fault::new("plan", why, ""))
}

/// A rule's header. The set numbers are known to be valid.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) protocol: RuleProtocol,
    src: u32,
    pub(super) sport: u32,
    dst: u32,
    pub(super) dport: u32,
    pub(super) both_directions: bool,
}

/// One end of a conversation.
#[derive(Clone, Copy)]
struct End<'a> {
    address: &'a Addr,
    port: Option<u16>,
}

impl Header {
    pub(super) fn new(rule: &plan::Rule, sets: &Sets) -> Result<Self> {
        let known = |index: u32, length: usize| (index as usize) < length;
        let addresses = [rule.src, rule.dst].iter().all(|set| known(*set, sets.addresses.len()));
        let ports = [rule.sport, rule.dport].iter().all(|set| known(*set, sets.ports.len()));
        if !(addresses && ports) {
            return Err(unfit("a rule names a set that is not there"));
        }
        let plan::Rule { protocol, src, sport, dst, dport, both_directions, .. } = *rule;
        Ok(Self { protocol, src, sport, dst, dport, both_directions })
    }

    /// The sets of source and destination; none for any.
    pub(super) fn addresses<'a>(&self, sets: &'a Sets) -> [Option<&'a AddressSet>; 2] {
        [self.src, self.dst].map(|set| sets.addresses.get(set as usize).filter(|set| !set.any))
    }

    /// Whether the header fits the packet.
    #[inline]
    pub(super) fn holds(&self, subject: &Subject<'_>, sets: &Sets) -> Truth {
        let packet = subject.packet;
        if !fits(self.protocol, packet) {
            return self.may_fit(subject);
        }
        let ports = packet.has_ports() && !packet.fragment;
        let [source, destination] = [(&packet.src, packet.sport), (&packet.dst, packet.dport)]
            .map(|(address, port)| End { address, port: ports.then_some(port) });
        let lost = subject.lost_transport() && (has_ports(packet.proto) || subject.lost_protocol());
        let absent = if lost { Truth::Unknown } else { Truth::False };
        let ahead = self.oriented(source, destination, packet.ip, absent, sets);
        if self.both_directions && ahead != Truth::True {
            return ahead.or(self.oriented(destination, source, packet.ip, absent, sets));
        }
        ahead
    }

    /// The truth for a packet that is of another protocol as far as can be seen.
    #[cold]
    fn may_fit(&self, subject: &Subject<'_>) -> Truth {
        use RuleProtocol as P;
        let over_ip =
            matches!(self.protocol, P::Tcp | P::TcpPkt | P::TcpStream | P::Udp | P::Icmp | P::Icmpv6 | P::Sctp);
        if over_ip && subject.lost_protocol() { Truth::Unknown } else { Truth::False }
    }

    #[inline]
    fn oriented(&self, from: End<'_>, to: End<'_>, ip: u8, absent: Truth, sets: &Sets) -> Truth {
        let port = |set: u32, end: End<'_>| {
            sets.ports.get(set as usize).map_or(Truth::False, |set| set.contains(end.port, absent))
        };
        let address =
            |set: u32, end: End<'_>| sets.addresses.get(set as usize).is_some_and(|set| set.contains(end.address, ip));
        let ports = port(self.sport, from).and(port(self.dport, to));
        if ports != Truth::False && address(self.src, from) && address(self.dst, to) { ports } else { Truth::False }
    }
}

fn has_ports(protocol: u8) -> bool {
    matches!(protocol, proto::TCP | proto::UDP | proto::SCTP)
}

/// Whether a rule of this protocol is for the packet.
#[inline]
fn fits(protocol: RuleProtocol, packet: &Packet) -> bool {
    match protocol {
        RuleProtocol::Ip => true,
        RuleProtocol::Ipv4 => packet.ip == 4,
        RuleProtocol::Ipv6 => packet.ip == 6,
        RuleProtocol::Tcp | RuleProtocol::TcpPkt | RuleProtocol::TcpStream => packet.proto == proto::TCP,
        RuleProtocol::Udp => packet.proto == proto::UDP,
        RuleProtocol::Icmp => matches!(packet.proto, proto::ICMP | proto::ICMPV6),
        RuleProtocol::Icmpv4 => packet.proto == proto::ICMP,
        RuleProtocol::Icmpv6 => packet.proto == proto::ICMPV6,
        RuleProtocol::Sctp => packet.proto == proto::SCTP,
        RuleProtocol::Igmp => packet.ip == 4 && packet.proto == proto::IGMP,
        RuleProtocol::Ether => packet.link == Link::Ethernet,
        RuleProtocol::Arp => packet.layer == Layer::Arp,
        RuleProtocol::Pkthdr => true,
    }
}
