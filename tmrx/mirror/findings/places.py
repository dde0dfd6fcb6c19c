"""Findings about where sources and targets are, and what they are."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.mirror import guide
from tmrx.mirror.findings.finding import Check, Found
from tmrx.mirror.limits import sources_of
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import Instance, NetworkInterface, TrafficMirrorTarget
from tmrx.mirror.network import Subnet


def _unsupported_source(mirror: Mirror) -> Iterator[Found]:
    for source in mirror.sources():
        interface = mirror.interfaces.get(source)
        if interface is None:
            continue
        kind = mirror.instance_type(interface)
        if interface.detached():
            place = mirror.place(NetworkInterface, source, "status")
            yield (
                place,
                f"{source} is attached to no instance: nothing is mirrored",
                ("attach it, or delete its sessions, which are charged for"),
            )
        elif kind and not guide.can_be_mirrored(kind):
            place = mirror.place(Instance, interface.instance_id(), "instance_type")
            text = f"{source}: nothing is mirrored from {_kind(kind)}"
            updated = guide.guide().updated
            yield place, text, f"AWS's guide of {updated} lists the types that can be sources"


def _kind(instance_type: str) -> str:
    metal = instance_type.lower().partition(".")[2].startswith("metal")
    return f"{instance_type}, a bare metal instance" if metal else f"instances of type {instance_type}"


def _ipv6_only_subnet(mirror: Mirror) -> Iterator[Found]:
    """Each such subnet once."""
    found = {subnet: None for session in mirror.sessions.values() for subnet in mirror.ipv6_only(session)}
    for subnet in found:
        place = mirror.place(Subnet, subnet, "ipv6_native")
        yield place, f"{subnet} is IPv6-only: nothing is mirrored from or to it", "use a subnet that has IPv4 too"


def _many_sources(mirror: Mirror) -> Iterator[Found]:
    """More sources than most instances can be the target of, where the instance's type is not known."""
    most, large = guide.guide().sources_per_target, guide.guide().sources_per_large_target
    for key, sources in sources_of(mirror).items():
        interface = mirror.interfaces.get(key)
        known = bool(interface and mirror.instance_type(interface))
        if not known and len(sources) > most:
            text = f"{key} is the target of {len(sources)} sources: most instance types take {most}, some {large}"
            yield _target_of(mirror, key), text, "give Instances too, to have it checked; a load balancer has no limit"


def _target_of(mirror: Mirror, interface: str) -> str:
    found = (key for key, target in mirror.targets.items() if target.network_interface_id == interface)
    return mirror.place(TrafficMirrorTarget, next(found), "network_interface_id")


def _one_zone(mirror: Mirror) -> Iterator[Found]:
    for key, target in mirror.targets.items():
        if target.zones and len(set(target.zones)) < 2:  # noqa: PLR2004 - one or more
            place = mirror.place(TrafficMirrorTarget, key, "zones")
            text = f"the load balancer is in {target.zones[0]} only: with it, all copies are lost"
            yield place, text, "select two Availability Zones or more"
        elif target.cross_zone is False:
            place = mirror.place(TrafficMirrorTarget, key, "cross_zone")
            text = "without cross-zone load balancing, a zone without healthy receivers loses its copies"
            yield place, text, "enable it: zones added later get copies only then, too"


CHECKS = (
    Check("unsupported-source", "A source is detached, or on an instance that can't be mirrored.", _unsupported_source),
    Check("ipv6-only-subnet", "A source or a target is in an IPv6-only subnet.", _ipv6_only_subnet),
    Check("many-sources", "More than 10 sources to a target whose instance type is not given.", _many_sources),
    Check("one-zone", "A load balancer in one zone, or without cross-zone load balancing.", _one_zone),
)
