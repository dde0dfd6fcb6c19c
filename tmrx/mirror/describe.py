"""A mirror as plain values, for people and programs: sources with their sessions in order, filters, targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import (
    DIRECTIONS,
    PortRange,
    TrafficMirrorFilter,
    TrafficMirrorFilterRule,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)

Record = dict[str, Any]

# IANA's numbers, by the names that people know them by.
PROTOCOLS = {
    1: "ICMP",
    2: "IGMP",
    4: "IPv4",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    89: "OSPF",
    103: "PIM",
    112: "VRRP",
    132: "SCTP",
}
_KINDS = {
    "network_interface_id": "network-interface",
    "network_load_balancer_arn": "network-load-balancer",
    "gateway_load_balancer_endpoint_id": "gateway-load-balancer-endpoint",
}


def describe(mirror: Mirror) -> Record:
    """Everything that matters of a mirror: `sources`, `filters`, `targets`."""
    return {
        "sources": [_source(mirror, key, sessions) for key, sessions in _by_source(mirror).items()],
        "filters": [_filter(one) for one in mirror.filters.values()],
        "targets": [_target(mirror, one) for one in mirror.targets.values()],
    }


def flat(mirror: Mirror) -> Iterator[Record]:
    """A record for each session and rule of its filter, one for a session without rules."""
    filters = {one["filter"]: one for one in map(_filter, mirror.filters.values())}
    targets = {one["target"]: one for one in (_target(mirror, one) for one in mirror.targets.values())}
    for key, sessions in _by_source(mirror).items():
        source = {name: value for name, value in _source(mirror, key, ()).items() if name != "sessions"}
        for session in sessions:
            record = source | _session(mirror, session)
            record |= _prefixed("target", targets.get(session.traffic_mirror_target_id, {}))
            own = filters.get(session.traffic_mirror_filter_id, {})
            record |= _prefixed("filter", {name: value for name, value in own.items() if name != "rules"})
            for rule in own.get("rules") or [{}]:
                yield record | _prefixed("rule", rule)


def protocol_name(number: int | None) -> str:
    """What people call a protocol: `TCP`, its number where it has no common name, `any` for all."""
    return "any" if number is None else PROTOCOLS.get(number, str(number))


def _by_source(mirror: Mirror) -> dict[str, tuple[TrafficMirrorSession, ...]]:
    """Sessions by source, those that name none last, under an empty one."""
    rest = tuple(session for session in mirror.sessions.values() if not session.network_interface_id)
    return mirror.sources() | ({"": rest} if rest else {})


def _prefixed(prefix: str, record: Record) -> Record:
    return {name if name.startswith(prefix) else f"{prefix}_{name}": value for name, value in record.items()}


def _source(mirror: Mirror, key: str, sessions: tuple[TrafficMirrorSession, ...]) -> Record:
    interface = mirror.interfaces.get(key)
    return {
        "source": key,
        "source_name": interface.label() if interface else "",
        "address": (interface.outer_source() if interface else None) or "",
        "vpc": mirror.vpc_of(interface) if interface else "",
        "subnet": interface.subnet_id if interface else "",
        "instance": interface.instance_id() if interface else "",
        "instance_type": mirror.instance_type(interface) if interface else "",
        "sessions": [_session(mirror, session) for session in sessions],
    }


def _session(mirror: Mirror, session: TrafficMirrorSession) -> Record:
    """`packet_length` None: whole packets. `vni_drawn`: no document has it. `inactive`: why it mirrors nothing."""
    return {
        "number": session.order(),
        "session": session.traffic_mirror_session_id,
        "name": session.label(),
        "vni": session.virtual_network_id,
        "vni_drawn": session.traffic_mirror_session_id in mirror.drawn,
        "packet_length": mirror.packet_length(session) or None,
        "inactive": mirror.is_active(session),
        "filter": session.traffic_mirror_filter_id,
        "target": session.traffic_mirror_target_id,
    }


def _filter(one: TrafficMirrorFilter) -> Record:
    rules = [_rule(direction, rule) for direction in DIRECTIONS for rule in one.rules(direction)]
    return {
        "filter": one.traffic_mirror_filter_id,
        "name": one.label(),
        "network_services": list(one.network_services),
        "rules": rules,
    }


def _rule(direction: str, rule: TrafficMirrorFilterRule) -> Record:
    return {
        "direction": direction,
        "number": rule.rule_number,
        "action": rule.rule_action,
        "protocol": protocol_name(rule.protocol),
        "source": rule.source_cidr_block or "any",
        "source_ports": ports_name(rule.source_port_range),
        "destination": rule.destination_cidr_block or "any",
        "destination_ports": ports_name(rule.destination_port_range),
        "rule": rule.traffic_mirror_filter_rule_id,
        "description": rule.description,
    }


def ports_name(ports: PortRange | None) -> str:
    """`80`, `8000-8080`; `any` for all."""
    if ports is None:
        return "any"
    return str(ports.from_port) if ports.from_port == ports.to_port else f"{ports.from_port}-{ports.to_port}"


def _target(mirror: Mirror, target: TrafficMirrorTarget) -> Record:
    """`zones` empty and `cross_zone`, `listeners` None: not said."""
    (kind,) = target.kinds()
    return {
        "target": target.traffic_mirror_target_id,
        "name": target.label(),
        "type": _KINDS[kind],
        "resource": getattr(target, kind),
        "addresses": list(mirror.addresses(target)),
        "receivers": list(target.receivers),
        "zones": list(target.zones),
        "cross_zone": target.cross_zone,
        "listeners": None if target.listeners is None else list(target.listeners),
    }
