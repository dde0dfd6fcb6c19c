"""Findings about copies on their way: cut, unheard, unrouted, dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tmrx.mirror import reach
from tmrx.mirror.check import at_session
from tmrx.mirror.findings.finding import Check, Found
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import (
    GWLB_MTU,
    NetworkInterface,
    TrafficMirrorSession,
    TrafficMirrorTarget,
)

# AWS's guide: what the mirror adds to a packet, by the family of the outer header.
_ADDED = {4: 54, 6: 74}
_ETHERNET = 14


def _mtu_truncates(mirror: Mirror) -> Iterator[Found]:
    seen: set[tuple[str, str]] = set()
    for session in mirror.sessions.values():
        interface, target = mirror.interface(session), mirror.target(session)
        if interface is None or interface.mtu is None or target is None:
            continue
        ends = (session.network_interface_id, session.traffic_mirror_target_id)
        most = _carried(mirror, session, target)
        # A session that copies less than that cuts its packets itself.
        if most and interface.mtu > most and ends not in seen and _copies_more(session, most):
            seen.add(ends)
            place = mirror.place(NetworkInterface, ends[0], "mtu")
            text = f"{interface.mtu}, of which {ends[1]} gets {most}: longer packets are truncated"
            yield place, text, f"set the source's MTU to {most}"


def _carried(mirror: Mirror, session: TrafficMirrorSession, target: TrafficMirrorTarget) -> int:
    """Bytes of a mirrored packet that a target takes whole; 0 where its MTU is not said, or nothing is cut."""
    added = _ADDED[6 if ":" in mirror.outer_source(session) else 4]
    if target.gateway_load_balancer_endpoint_id:
        return GWLB_MTU - added
    interface = mirror.interfaces.get(target.network_interface_id)
    return interface.mtu - added if interface and interface.mtu else 0


def _copies_more(session: TrafficMirrorSession, most: int) -> bool:
    return session.packet_length is None or session.packet_length - _ETHERNET > most


def _no_listener(mirror: Mirror) -> Iterator[Found]:
    for key, target in mirror.targets.items():
        if target.listeners is not None and reach.VXLAN_PORT not in target.listeners:
            place = mirror.place(TrafficMirrorTarget, key, "listeners")
            text = f"no UDP listener on {reach.VXLAN_PORT}: all copies are lost, and nothing tells"
            yield place, text, f"add a UDP listener on port {reach.VXLAN_PORT} to the load balancer"


def _unreachable(mirror: Mirror) -> Iterator[Found]:
    for session, source, target in _ways(mirror):
        for address in mirror.addresses(target):
            if why := _not_reached(mirror, source, target, address):
                place = at_session(mirror, session, "traffic_mirror_target_id")
                yield (
                    place,
                    f"copies don't reach {target.traffic_mirror_target_id}: {why}",
                    ("route it locally, by peering, a transit gateway or a Gateway Load Balancer endpoint"),
                )
                break


def _not_reached(mirror: Mirror, source: NetworkInterface, target: TrafficMirrorTarget, address: str) -> str:
    interface = mirror.interfaces.get(target.network_interface_id)
    endpoint = mirror.vpc_endpoints.get(target.gateway_load_balancer_endpoint_id)
    vpc = mirror.vpc_of(interface) if interface else endpoint.vpc_id if endpoint else ""
    return reach.unrouted(mirror, source, address, vpc)


def _port_blocked(mirror: Mirror) -> Iterator[Found]:
    holders = {address: interface for interface in mirror.interfaces.values() for address in interface.addresses()}
    for session, source, target in _ways(mirror):
        address = source.outer_source()
        for interface in _receiving(mirror, target, holders) if address else ():
            if why := reach.blocked(mirror, source, interface, address or ""):
                place = at_session(mirror, session, "traffic_mirror_target_id")
                text = f"copies are dropped before {interface.network_interface_id}: {why}"
                yield place, text, f"admit UDP {reach.VXLAN_PORT} from the sources"


def _receiving(
    mirror: Mirror, target: TrafficMirrorTarget, holders: Mapping[str, NetworkInterface]
) -> list[NetworkInterface]:
    """The interfaces that get a target's copies from the source's address: its own, or those registered behind a
    Network Load Balancer, which keeps the source of UDP. `holders`: interfaces by address.
    """
    own = mirror.interfaces.get(target.network_interface_id)
    behind = target.receivers if target.network_load_balancer_arn else ()
    return [own] if own else [holders[address] for address in behind if address in holders]


def _ways(mirror: Mirror) -> Iterator[tuple[TrafficMirrorSession, NetworkInterface, TrafficMirrorTarget]]:
    """Sources and targets that are known, each pair once, with its first session."""
    seen: set[tuple[str, str]] = set()
    for session in mirror.sessions.values():
        source, target = mirror.interface(session), mirror.target(session)
        ends = (session.network_interface_id, session.traffic_mirror_target_id)
        if source and target and ends not in seen:
            seen.add(ends)
            yield session, source, target


CHECKS = (
    Check("mtu-truncates", "Packets as long as the source's MTU do not reach the target whole.", _mtu_truncates),
    Check("no-listener", "The Network Load Balancer has no UDP listener on 4789.", _no_listener),
    Check("unreachable", "The source's subnet has no route to the target.", _unreachable),
    Check("port-blocked", "The target's security groups or network ACL drop UDP 4789 from the source.", _port_blocked),
)
