"""What is wrong with a mirror by AWS's limits: its quotas, and what a source and a target may be.

What no document says is not checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tmrx.errors import ConfigError
from tmrx.mirror import guide
from tmrx.mirror.check import at_session
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import NetworkInterface, TrafficMirrorFilter, TrafficMirrorSession, TrafficMirrorTarget
from tmrx.mirror.values import Model


def faults(mirror: Mirror) -> Iterator[ConfigError]:
    """Every limit that is broken."""
    quotas = guide.guide()
    yield from _account(mirror, TrafficMirrorSession, mirror.sessions, "sessions")
    yield from _account(mirror, TrafficMirrorTarget, mirror.targets, "targets")
    yield from _account(mirror, TrafficMirrorFilter, mirror.filters, "filters")
    yield from _sessions_of_sources(mirror, quotas.sessions_per_source)
    yield from _rules_of_filters(mirror, quotas.rules_per_filter)
    yield from _sources(mirror)
    yield from _targets(mirror)


def sources_of(mirror: Mirror) -> dict[str, tuple[str, ...]]:
    """The sources that have each interface as their target."""
    found: dict[str, dict[str, None]] = {}
    for session in mirror.sessions.values():
        target = mirror.target(session)
        if target and target.network_interface_id and session.network_interface_id:
            found.setdefault(target.network_interface_id, {})[session.network_interface_id] = None
    return {target: tuple(sources) for target, sources in found.items()}


def _account(mirror: Mirror, model: type[Model], objects: Mapping[str, Model], words: str) -> Iterator[ConfigError]:
    """One fault for each account that has too many, at the first that is too many."""
    most: int = getattr(guide.guide(), words)
    counts: Counter[str] = Counter()
    for key, one in objects.items():
        owner = getattr(one, "owner_id", "")
        counts[owner] += 1
        if counts[owner] == most + 1:
            why = f"is one more than {most:,} {words}"
            yield ConfigError(mirror.place(model, key), why, f"at most {most:,} {words} an account")


def _sessions_of_sources(mirror: Mirror, most: int) -> Iterator[ConfigError]:
    for source, sessions in mirror.sources().items():
        for number, session in enumerate(sessions[most:], most + 1):
            yield ConfigError(
                at_session(mirror, session), f"is session {number} of {source}", f"at most {most} a source"
            )


def _rules_of_filters(mirror: Mirror, most: int) -> Iterator[ConfigError]:
    for key, one in mirror.filters.items():
        count = len(one.ingress_filter_rules) + len(one.egress_filter_rules)
        if count > most:
            hint = f"at most {most} a filter, both directions together"
            yield ConfigError(mirror.place(TrafficMirrorFilter, key), f"has {count} rules", hint)


def _sources(mirror: Mirror) -> Iterator[ConfigError]:
    targets = {
        target.network_interface_id: key for key, target in mirror.targets.items() if target.network_interface_id
    }
    for source, sessions in mirror.sources().items():
        if source in targets:
            why = f"{source} is the interface of target {targets[source]}"
            yield ConfigError(
                at_session(mirror, sessions[0], "network_interface_id"), why, "a target can't be a source"
            )
        if interface := mirror.interfaces.get(source):
            yield from _kind(mirror, interface, "source")
            if interface.of_an_unsupported_service():
                place = mirror.place(NetworkInterface, source, "requester_managed")
                hint = "of those that services manage, only RDS's and ElastiCache's can be sources"
                yield ConfigError(place, f"{source} is managed by a service that can't be mirrored", hint)


def _targets(mirror: Mirror) -> Iterator[ConfigError]:
    for target in mirror.targets.values():
        if interface := mirror.interfaces.get(target.network_interface_id):
            yield from _kind(mirror, interface, "target")
    for key, sources in sources_of(mirror).items():
        yield from _crowd(mirror, key, len(sources))


def _kind(mirror: Mirror, interface: NetworkInterface, role: str) -> Iterator[ConfigError]:
    if interface.interface_type not in {"", "interface"}:
        place = mirror.place(NetworkInterface, interface.network_interface_id, "interface_type")
        why = f"{interface.interface_type!r} can't be a {role}"
        yield ConfigError(place, why, "only interfaces of type 'interface' can")


def _crowd(mirror: Mirror, key: str, count: int) -> Iterator[ConfigError]:
    """Too many sources for a target's instance; where its type is not known, for any."""
    interface = mirror.interfaces.get(key)
    kind = mirror.instance_type(interface) if interface else ""
    most = guide.sources_per_target(kind) if kind else guide.guide().sources_per_large_target
    if count > most:
        what = f"an instance of type {kind}" if kind else "any instance"
        target = next(id_ for id_, target in mirror.targets.items() if target.network_interface_id == key)
        place = mirror.place(TrafficMirrorTarget, target, "network_interface_id")
        yield ConfigError(place, f"{key} is the target of {count} sources", f"at most {most} for {what}")
