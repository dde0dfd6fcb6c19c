"""Filters as sets of packets, against a matcher that is slow and obvious."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tmrx.mirror import cover
from tmrx.mirror.model import PortRange, TrafficMirrorFilter, TrafficMirrorFilterRule


class Packet(NamedTuple):
    """`ports` None: a packet without."""

    protocol: int
    ports: tuple[int, int] | None
    source: str
    destination: str


ADDRESSES = {4: ("10.0.0.1", "10.0.0.200", "192.0.2.1"), 6: ("fd00::1", "fd00::ffff", "2001:db8::1")}
CIDRS = {4: ("0.0.0.0/0", "10.0.0.0/24", "10.0.0.0/25", "192.0.2.1/32"), 6: ("::/0", "fd00::/64", "fd00::1/128")}
PACKETS = [
    Packet(protocol, ports, source, destination)
    for protocol, ports in [(1, None), (6, None), *product((6, 17), [(9, 53), (53, 9), (53, 53), (1000, 443)])]
    for family in (4, 6)
    for source, destination in product(ADDRESSES[family], repeat=2)
]


def matches(rule: TrafficMirrorFilterRule, packet: Packet) -> bool:
    if rule.protocol not in {None, packet.protocol}:
        return False
    for ports, at in ((rule.source_port_range, 0), (rule.destination_port_range, 1)):
        if ports and (packet.ports is None or not ports.from_port <= packet.ports[at] <= ports.to_port):
            return False
    ends = ((rule.source_cidr_block, packet.source), (rule.destination_cidr_block, packet.destination))
    return all(not cidr or ip_address(address) in ip_network(cidr) for cidr, address in ends)


def accepted(rules: tuple[TrafficMirrorFilterRule, ...], packet: Packet) -> bool:
    return next((rule.rule_action == "accept" for rule in rules if matches(rule, packet)), False)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    family = draw(st.sampled_from((4, 6)))
    cidrs = st.none() | st.sampled_from(CIDRS[family])
    edges = st.sampled_from((0, 9, 53, 443, 65_535))
    ranges = st.none() | st.tuples(edges, edges).map(lambda e: PortRange(from_port=min(e), to_port=max(e)))
    return {
        "rule_action": draw(st.sampled_from(("accept", "reject"))),
        "protocol": draw(st.none() | st.sampled_from((1, 6, 17))),
        "source_port_range": draw(ranges),
        "destination_port_range": draw(ranges),
        "source_cidr_block": draw(cidrs),
        "destination_cidr_block": draw(cidrs),
    }


def numbered(drawn: list[dict[str, Any]]) -> tuple[TrafficMirrorFilterRule, ...]:
    return tuple(TrafficMirrorFilterRule(rule_number=number, **fields) for number, fields in enumerate(drawn, 1))


FILTERS = st.builds(
    TrafficMirrorFilter,
    traffic_mirror_filter_id=st.just("f"),
    ingress_filter_rules=st.lists(rules(), max_size=3).map(numbered),
    egress_filter_rules=st.lists(rules(), max_size=2).map(numbered),
)


@given(st.tuples(rules(), rules()).map(lambda two: numbered(list(two))))
def test_covers_and_meets(two: tuple[TrafficMirrorFilterRule, ...]) -> None:
    one, other = map(cover.Packets.of, two)
    in_both = [packet for packet in PACKETS if matches(two[0], packet) and matches(two[1], packet)]
    in_other = [packet for packet in PACKETS if matches(two[1], packet)]
    if one.covers(other):
        assert in_both == in_other
    if in_both:
        assert one.meets(other)
        assert other.meets(one)
    if one.none():
        assert not any(matches(two[0], packet) for packet in PACKETS)


@given(st.lists(FILTERS, min_size=1, max_size=2), FILTERS)
def test_what_is_taken_by_those_before(before: list[TrafficMirrorFilter], later: TrafficMirrorFilter) -> None:
    if not cover.takes_all(before, later):
        return
    for direction in ("ingress", "egress"):
        for packet in PACKETS:
            if accepted(later.rules(direction), packet):  # type: ignore[arg-type]
                assert any(accepted(one.rules(direction), packet) for one in before)  # type: ignore[arg-type]
