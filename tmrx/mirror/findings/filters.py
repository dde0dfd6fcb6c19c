"""Findings about filters and their rules."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.mirror import cover
from tmrx.mirror.cover import Packets
from tmrx.mirror.findings.finding import Check, Found, skipped
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import DIRECTIONS, Direction, TrafficMirrorFilter, TrafficMirrorFilterRule

# Protocols of one family: ICMP, IGMP, ICMPv6.
_FAMILIES = {1: 4, 2: 4, 58: 6}
_OPPOSITE: dict[Direction, Direction] = {"ingress": "egress", "egress": "ingress"}
_BOUND: dict[Direction, str] = {"ingress": "inbound", "egress": "outbound"}


def _rules(mirror: Mirror) -> Iterator[tuple[str, TrafficMirrorFilterRule]]:
    """Every rule, and where it stands."""
    for key, one in mirror.filters.items():
        for direction in DIRECTIONS:
            name = f"{direction}_filter_rules"
            for index, rule in enumerate(getattr(one, name)):
                yield mirror.place(TrafficMirrorFilter, key, name, index), rule


def _family_mismatch(mirror: Mirror) -> Iterator[Found]:
    for place, rule in _rules(mirror):
        family = Packets.of(rule).family
        if family and _FAMILIES.get(rule.protocol or 0, family) != family:
            text = f"protocol {rule.protocol} belongs to IPv{10 - family}, and the CIDRs are of IPv{family}"
            yield place, text, "ICMP is 1 for IPv4 and 58 for IPv6"


def _never_matches(mirror: Mirror) -> Iterator[Found]:
    for place, rule in _rules(mirror):
        if Packets.of(rule).none():
            text = f"matches nothing: packets of protocol {rule.protocol} have no ports"
            yield place, text, "leave the port ranges out, or say TCP (6) or UDP (17)"


def _shadowed_rule(mirror: Mirror) -> Iterator[Found]:
    for key, one in mirror.filters.items():
        for direction in DIRECTIONS:
            name = f"{direction}_filter_rules"
            for before, rule in _shadowed(one.rules(direction)):
                place = mirror.place(TrafficMirrorFilter, key, name, getattr(one, name).index(rule))
                text = f"rule {rule.rule_number} never decides: rule {before.rule_number} matches all that it does"
                advice = "delete it" if before.rule_action == rule.rule_action else "give it the lower number"
                yield place, text, advice


def _shadowed(
    rules: tuple[TrafficMirrorFilterRule, ...],
) -> Iterator[tuple[TrafficMirrorFilterRule, TrafficMirrorFilterRule]]:
    """Rules behind one that matches all that they do, and that one."""
    matched = [(rule, Packets.of(rule)) for rule in rules]
    for at, (rule, packets) in enumerate(matched):
        before = next((one for one, other in matched[:at] if other.covers(packets)), None)
        if before is not None and not packets.none():
            yield before, rule


def _missed_direction(mirror: Mirror) -> Iterator[Found]:
    """Rules that accept in one direction only, in every session of a source."""
    seen: set[tuple[str, Direction]] = set()
    for own in _filters_of_sources(mirror):
        ways = {direction for one in own for direction in DIRECTIONS if cover.accepts(one.rules(direction))}
        if len(ways) != 1:
            continue
        (way,) = ways
        for one in own:
            key = one.traffic_mirror_filter_id
            if cover.accepts(one.rules(way)) and (key, way) not in seen:
                seen.add((key, way))
                missed = _OPPOSITE[way]
                text = f"accepts by {way} rules only: no {_BOUND[missed]} traffic is mirrored"
                advice = f"add {missed} rules, unless one side of each conversation is enough"
                yield mirror.place(TrafficMirrorFilter, key), text, advice


def _no_amazon_dns(mirror: Mirror) -> Iterator[Found]:
    """Rules that would take DNS, and no session of the source with the service that the resolver's needs."""
    seen: set[str] = set()
    for own in _filters_of_sources(mirror):
        if any(one.amazon_dns() for one in own):
            continue
        for one in own:
            key = one.traffic_mirror_filter_id
            if key not in seen and cover.accepts_dns(one):
                seen.add(key)
                text = "accepts DNS, but not that of the VPC's resolver, which no rule can accept"
                yield mirror.place(TrafficMirrorFilter, key), text, "add the network service amazon-dns"


def _filters_of_sources(mirror: Mirror) -> Iterator[list[TrafficMirrorFilter]]:
    """The filters of each source's sessions that work, where all of them are known."""
    for sessions in mirror.sources().values():
        own = [mirror.filter(session) for session in sessions if not skipped(mirror, session)]
        known = [one for one in own if one is not None]
        if len(known) == len(own):
            yield known


CHECKS = (
    Check("family-mismatch", "A rule's protocol does not fit the family of its CIDRs.", _family_mismatch),
    Check("never-matches", "A rule asks for ports of a protocol that has none.", _never_matches),
    Check("shadowed-rule", "A rule behind one that matches all that it does.", _shadowed_rule),
    Check(
        "missed-direction", "Rules accept in one direction only: nothing of the other is mirrored.", _missed_direction
    ),
    Check("no-amazon-dns", "Rules accept DNS, but the VPC resolver's needs the service amazon-dns.", _no_amazon_dns),
)
