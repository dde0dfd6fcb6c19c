"""What is wrong with a mirror as a whole, each object of it being right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tmrx.errors import ConfigError
from tmrx.mirror.merge import Rows
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import (
    Model,
    NetworkInterface,
    TrafficMirrorFilter,
    TrafficMirrorFilterRule,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)
from tmrx.mirror.read import INSTANCE

_USEFUL_LENGTH = 35  # AWS's guide: below it not even the headers of IPv4 are copied
_TARGETS = ("network_interface_id", "network_load_balancer_arn", "gateway_load_balancer_endpoint_id")
_REFERENCES: tuple[tuple[str, type[Model], str], ...] = (
    ("network_interface_id", NetworkInterface, "network interfaces"),
    ("traffic_mirror_target_id", TrafficMirrorTarget, "targets"),
    ("traffic_mirror_filter_id", TrafficMirrorFilter, "filters"),
)


@dataclass(frozen=True)
class Check:
    """The checks; `rows` say where each object stands."""

    mirror: Mirror
    rows: Rows

    def faults(self) -> Iterator[ConfigError]:
        """Everything wrong."""
        yield from self._references()
        yield from self._targets()
        for key, mirror_filter in self.mirror.filters.items():
            yield from self._rules(key, "ingress_filter_rules", mirror_filter.ingress_filter_rules)
            yield from self._rules(key, "egress_filter_rules", mirror_filter.egress_filter_rules)
        yield from self._told_apart()
        yield from self._session_numbers()

    def warnings(self) -> Iterator[str]:
        """What is allowed and hardly meant."""
        for session in self.mirror.sessions.values():
            length = session.packet_length
            if length is not None and length < _USEFUL_LENGTH:
                place = self._session(session, "packet_length")
                yield f"{place}: {length} cuts packets inside their headers (AWS's guide asks for 35, 55 for IPv6)"

    def _at(self, model: type[Model], key: str, name: str) -> str:
        return self.rows[model][key].at(name)

    def _session(self, session: TrafficMirrorSession, name: str) -> str:
        return self._at(TrafficMirrorSession, session.traffic_mirror_session_id, name)

    def _references(self) -> Iterator[ConfigError]:
        """Ids that nothing has. Where none of a kind was given, any id of it may be."""
        for name, model, words in _REFERENCES:
            known = self.rows[model]
            # What instances say of their interfaces is no list of all interfaces.
            given = any(row.layer != INSTANCE for row in known.values())
            for session in self.mirror.sessions.values() if given else ():
                key = getattr(session, name)
                if key and key not in known:
                    why = f"{key!r} is not among the {words} given"
                    yield ConfigError(self._session(session, name), why, f"give it too, or no {words} at all")

    def _targets(self) -> Iterator[ConfigError]:
        for key, target in self.mirror.targets.items():
            count = sum(bool(getattr(target, name)) for name in _TARGETS)
            if count != 1:
                why = f"names {count} places for the copies to go to"
                hint = "one of interface, Network Load Balancer, Gateway Load Balancer endpoint"
                yield ConfigError(self.rows[TrafficMirrorTarget][key].place, why, hint)

    def _rules(self, key: str, name: str, rules: tuple[TrafficMirrorFilterRule, ...]) -> Iterator[ConfigError]:
        place = self._at(TrafficMirrorFilter, key, name)
        numbers: set[int] = set()
        for index, rule in enumerate(rules):
            here = f"{place}[{index}]"
            if rule.rule_number in numbers:
                yield ConfigError(here, f"rule number {rule.rule_number} is taken", "unique for a filter and direction")
            numbers.add(rule.rule_number)
            yield from _rule(here, rule)

    def _told_apart(self) -> Iterator[ConfigError]:
        """Sessions whose copies look the same on arrival."""
        seen: dict[tuple[str, int, str], TrafficMirrorSession] = {}
        for session in self.mirror.sessions.values():
            source, endpoint = self.mirror.outer_source(session), self.mirror.endpoint(session)
            other = seen.setdefault((source, session.virtual_network_id, endpoint), session)
            if other is not session:
                of = f"outer source {source}" if source else "an outer source that is not known"
                why = f"{session.virtual_network_id} is also that of {other.traffic_mirror_session_id}, with {of}"
                hint = "one of the two must change" if source else "give the network interfaces too"
                yield ConfigError(self._session(session, "virtual_network_id"), why, hint)

    def _session_numbers(self) -> Iterator[ConfigError]:
        seen: dict[tuple[str, int], TrafficMirrorSession] = {}
        for session in self.mirror.sessions.values():
            if session.session_number is None or not session.network_interface_id:
                continue
            other = seen.setdefault((session.network_interface_id, session.session_number), session)
            if other is not session:
                why = f"{session.session_number} is also that of {other.traffic_mirror_session_id}"
                yield ConfigError(self._session(session, "session_number"), why, "unique for each source")


def _rule(place: str, rule: TrafficMirrorFilterRule) -> Iterator[ConfigError]:
    for ports in (rule.source_port_range, rule.destination_port_range):
        if ports is not None and ports.from_port > ports.to_port:
            yield ConfigError(place, f"ports {ports.from_port} to {ports.to_port} run backwards")
    cidrs = [cidr for cidr in (rule.source_cidr_block, rule.destination_cidr_block) if cidr]
    if len({":" in cidr for cidr in cidrs}) > 1:
        yield ConfigError(place, f"{' and '.join(cidrs)} are of two families", "both IPv4, or both IPv6")
