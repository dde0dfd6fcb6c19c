"""What is wrong with a mirror as a whole, each object of it being right: what contradicts itself, or names nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.errors import ConfigError
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import (
    DIRECTIONS,
    TARGET_KINDS,
    Direction,
    NetworkInterface,
    TrafficMirrorFilter,
    TrafficMirrorFilterRule,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)
from tmrx.mirror.values import Model

_REFERENCES: tuple[tuple[str, type[Model], str], ...] = (
    ("network_interface_id", NetworkInterface, "network interfaces"),
    ("traffic_mirror_target_id", TrafficMirrorTarget, "targets"),
    ("traffic_mirror_filter_id", TrafficMirrorFilter, "filters"),
)


def faults(mirror: Mirror) -> Iterator[ConfigError]:
    """Every contradiction."""
    yield from _references(mirror)
    yield from _targets(mirror)
    yield from _filters(mirror)
    yield from _told_apart(mirror)
    yield from _session_numbers(mirror)


def at_session(mirror: Mirror, session: TrafficMirrorSession, name: str = "") -> str:
    """Where a session stands, or a field of it."""
    return mirror.place(TrafficMirrorSession, session.traffic_mirror_session_id, name)


def _references(mirror: Mirror) -> Iterator[ConfigError]:
    """Ids that nothing has. Where not all of a kind was given, any id of it may be."""
    for name, model, words in _REFERENCES:
        known = mirror.rows[model]
        for session in mirror.sessions.values() if known and mirror.lists(model) else ():
            key = getattr(session, name)
            if key and key not in known:
                why = f"{key!r} is not among the {words} given"
                yield ConfigError(at_session(mirror, session, name), why, f"give it too, or no {words} at all")


def _targets(mirror: Mirror) -> Iterator[ConfigError]:
    for key, target in mirror.targets.items():
        count = len(target.kinds())
        row = mirror.rows[TrafficMirrorTarget][key]
        # One that was given, and was no good, has been noted.
        if count > 1 or (count == 0 and not row.places.keys() & set(TARGET_KINDS)):
            why = f"names {count} places for the copies to go to"
            hint = "one of interface, Network Load Balancer, Gateway Load Balancer endpoint"
            yield ConfigError(mirror.place(TrafficMirrorTarget, key), why, hint)


def _filters(mirror: Mirror) -> Iterator[ConfigError]:
    for key, mirror_filter in mirror.filters.items():
        for direction in DIRECTIONS:
            yield from _rules(mirror, key, direction, getattr(mirror_filter, f"{direction}_filter_rules"))


def _rules(
    mirror: Mirror, key: str, direction: Direction, rules: tuple[TrafficMirrorFilterRule, ...]
) -> Iterator[ConfigError]:
    numbers: set[int] = set()
    for index, rule in enumerate(rules):
        here = mirror.place(TrafficMirrorFilter, key, f"{direction}_filter_rules", index)
        if rule.rule_number in numbers:
            yield ConfigError(here, f"rule number {rule.rule_number} is taken", "unique for a filter and direction")
        numbers.add(rule.rule_number)
        if rule.traffic_direction not in {None, direction}:
            yield ConfigError(here, f"is a rule for {rule.traffic_direction} among those for {direction}")
        yield from _rule(here, rule)


def _rule(place: str, rule: TrafficMirrorFilterRule) -> Iterator[ConfigError]:
    for ports in rule.port_ranges():
        if ports.from_port > ports.to_port:
            yield ConfigError(place, f"ports {ports.from_port} to {ports.to_port} run backwards")
    if len({":" in cidr for cidr in rule.cidrs()}) > 1:
        yield ConfigError(place, f"{' and '.join(rule.cidrs())} are of two families", "both IPv4, or both IPv6")


def _told_apart(mirror: Mirror) -> Iterator[ConfigError]:
    """Sessions whose copies look the same on arrival."""
    seen: dict[tuple[str, int, str], TrafficMirrorSession] = {}
    for session in mirror.sessions.values():
        source, endpoint = mirror.outer_source(session), mirror.endpoint(session)
        other = seen.setdefault((source, session.virtual_network_id, endpoint), session)
        if other is not session:
            of = f"outer source {source}" if source else "an outer source that is not known"
            why = f"{session.virtual_network_id} is also that of {other.traffic_mirror_session_id}, with {of}"
            hint = "one of the two must change" if source else "give the network interfaces too"
            yield ConfigError(at_session(mirror, session, "virtual_network_id"), why, hint)


def _session_numbers(mirror: Mirror) -> Iterator[ConfigError]:
    seen: dict[tuple[str, int], TrafficMirrorSession] = {}
    for session in mirror.sessions.values():
        if session.session_number is None or not session.network_interface_id:
            continue
        other = seen.setdefault((session.network_interface_id, session.session_number), session)
        if other is not session:
            why = f"{session.session_number} is also that of {other.traffic_mirror_session_id}"
            yield ConfigError(at_session(mirror, session, "session_number"), why, "unique for each source")
