"""What filters accept, as sets of packets: whether one is part of another; where that is hard to tell, it is not.

The VPC resolver's traffic is no part of these sets: rules don't decide about it (specification, section 2.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from tmrx.mirror.model import DIRECTIONS, PortRange, TrafficMirrorFilter, TrafficMirrorFilterRule

TCP, UDP = 6, 17
DNS_PORT = 53
_WITH_PORTS = frozenset((TCP, UDP))
_ALL_PORTS = (0, 65_535)
_EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}

Network = IPv4Network | IPv6Network
Ports = tuple[int, int]


@dataclass(frozen=True)
class Packets:
    """The packets that a rule matches. None is no condition, `family` 0 any; no protocols at all: no packets."""

    family: int
    protocols: frozenset[int] | None
    sports: Ports | None
    dports: Ports | None
    source: Network | None
    destination: Network | None

    @classmethod
    def of(cls, rule: TrafficMirrorFilterRule) -> Packets:
        """A rule's: a port range asks for TCP or UDP, and a CIDR for its family."""
        cidrs = rule.cidrs()
        family = 0 if not cidrs else 6 if ":" in cidrs[0] else 4
        protocols = None if rule.protocol is None else frozenset((rule.protocol,))
        sports = dports = None
        if rule.port_ranges():
            protocols = _WITH_PORTS if protocols is None else protocols & _WITH_PORTS
            sports, dports = _ports(rule.source_port_range), _ports(rule.destination_port_range)
        source = _network(rule.source_cidr_block, family)
        return cls(family, protocols, sports, dports, source, _network(rule.destination_cidr_block, family))

    def none(self) -> bool:
        """Whether no packet is in it."""
        return self.protocols is not None and not self.protocols

    def covers(self, other: Packets) -> bool:
        """Whether every packet of another is in it."""
        return other.none() or (
            self.family in {0, other.family}
            and (self.protocols is None or (other.protocols is not None and other.protocols <= self.protocols))
            and _holds(self.sports, other.sports)
            and _holds(self.dports, other.dports)
            and _contains(self.source, other.source)
            and _contains(self.destination, other.destination)
        )

    def meets(self, other: Packets) -> bool:
        """Whether a packet may be in both."""
        if self.none() or other.none() or 0 not in {self.family, other.family, self.family - other.family}:
            return False
        apart = self.protocols is not None and other.protocols is not None and not self.protocols & other.protocols
        return not apart and (
            _cross(self.sports, other.sports)
            and _cross(self.dports, other.dports)
            and _overlap(self.source, other.source)
            and _overlap(self.destination, other.destination)
        )


def accepts(rules: Iterable[TrafficMirrorFilterRule]) -> list[Packets]:
    """What the accepting rules of a direction match, without those that match nothing."""
    every = (Packets.of(rule) for rule in rules if rule.rule_action == "accept")
    return [packets for packets in every if not packets.none()]


def takes_all(before: Iterable[TrafficMirrorFilter], later: TrafficMirrorFilter) -> bool:
    """Whether every packet that one filter accepts is accepted by one of those before it."""
    first = list(before)
    if later.amazon_dns() and not any(one.amazon_dns() for one in first):
        return False
    return all(
        any(_accepts_all(one.rules(direction), packets) for one in first)
        for direction in DIRECTIONS
        for packets in accepts(later.rules(direction))
    )


def accepts_dns(mirror_filter: TrafficMirrorFilter) -> bool:
    """Whether its rules would take DNS over UDP, asked or answered."""
    asked = Packets(0, frozenset((UDP,)), _ALL_PORTS, (DNS_PORT, DNS_PORT), None, None)
    answered = Packets(0, frozenset((UDP,)), (DNS_PORT, DNS_PORT), _ALL_PORTS, None, None)
    return any(packets.meets(answered) for packets in accepts(mirror_filter.rules("ingress"))) or any(
        packets.meets(asked) for packets in accepts(mirror_filter.rules("egress"))
    )


def _accepts_all(rules: Iterable[TrafficMirrorFilterRule], packets: Packets) -> bool:
    """Whether one rule accepts them all, and none before it rejects one."""
    for rule in rules:
        matched = Packets.of(rule)
        if rule.rule_action == "accept" and matched.covers(packets):
            return True
        if rule.rule_action == "reject" and matched.meets(packets):
            return False
    return False


def _ports(ports: PortRange | None) -> Ports:
    return (ports.from_port, ports.to_port) if ports else _ALL_PORTS


def _network(cidr: str | None, family: int) -> Network | None:
    return ip_network(cidr or _EVERYWHERE[family]) if family else None


def _holds(outer: Ports | None, inner: Ports | None) -> bool:
    return outer is None or (inner is not None and outer[0] <= inner[0] and inner[1] <= outer[1])


def _cross(one: Ports | None, other: Ports | None) -> bool:
    return one is None or other is None or (one[0] <= other[1] and other[0] <= one[1])


def _contains(outer: Network | None, inner: Network | None) -> bool:
    if outer is None or inner is None:
        return outer is None
    return outer.version == inner.version and outer.supernet_of(inner)  # type: ignore[arg-type]


def _overlap(one: Network | None, other: Network | None) -> bool:
    return one is None or other is None or one.overlaps(other)
