"""Findings about sessions."""

from __future__ import annotations

from collections.abc import Iterator

from tmrx.mirror import cover
from tmrx.mirror.check import at_session
from tmrx.mirror.findings.finding import Check, Found, skipped
from tmrx.mirror.mirror import Mirror
from tmrx.mirror.model import DIRECTIONS, TrafficMirrorFilter, TrafficMirrorSession

# AWS's guide: packet lengths below which not even the headers of IPv4 and IPv6 are copied.
_LEAST_IPV4, _LEAST_IPV6 = 35, 55


def _no_sessions(mirror: Mirror) -> Iterator[Found]:
    if not mirror.sessions:
        yield "sessions", "there is none, so nothing is mirrored", "give a file with TrafficMirrorSessions"


def _inactive_session(mirror: Mirror) -> Iterator[Found]:
    for session in mirror.sessions.values():
        if mirror.is_active(session) == "inactive":
            place = at_session(mirror, session, "state")
            yield (
                place,
                "the session is inactive: it mirrors nothing, and the next in order takes its packets",
                ("name a target that is shared with this account, or delete the session"),
            )
        elif mirror.is_active(session) == "target_gone":
            place = at_session(mirror, session, "traffic_mirror_target_id")
            yield place, "the target is gone: the session mirrors nothing", "modify the session to name another target"


def _shadowed_session(mirror: Mirror) -> Iterator[Found]:
    for sessions in mirror.sources().values():
        before: list[tuple[TrafficMirrorSession, TrafficMirrorFilter]] = []
        for session in sessions:
            own = mirror.filter(session)
            if own is None or skipped(mirror, session):
                continue
            if before and _accepts(own) and cover.takes_all((one for _, one in before), own):
                yield _shadowed(mirror, session, [earlier for earlier, _ in before])
            before.append((session, own))


def _shadowed(mirror: Mirror, session: TrafficMirrorSession, before: list[TrafficMirrorSession]) -> Found:
    ids = " and ".join(earlier.traffic_mirror_session_id for earlier in before)
    text = (
        f"{session.traffic_mirror_session_id} gets no packet: {ids} before it {_take(before)} all that it would accept"
    )
    return (
        at_session(mirror, session, "session_number"),
        text,
        "a packet is mirrored once: put the narrower filter first",
    )


def _take(before: list[TrafficMirrorSession]) -> str:
    return "takes" if len(before) == 1 else "take"


def _mirrors_nothing(mirror: Mirror) -> Iterator[Found]:
    for session in mirror.sessions.values():
        own = mirror.filter(session)
        if own is not None and not _accepts(own):
            place = at_session(mirror, session, "traffic_mirror_filter_id")
            text = f"{own.traffic_mirror_filter_id} accepts nothing, so the session mirrors nothing"
            yield place, text, "add a rule that accepts"


def _accepts(own: TrafficMirrorFilter) -> bool:
    """Whether a filter accepts anything."""
    return own.amazon_dns() or any(cover.accepts(own.rules(direction)) for direction in DIRECTIONS)


def _short_packet_length(mirror: Mirror) -> Iterator[Found]:
    for session in mirror.sessions.values():
        length = session.packet_length
        if length is None or length >= _LEAST_IPV6:
            continue
        place = at_session(mirror, session, "packet_length")
        if length < _LEAST_IPV4:
            yield place, f"{length} cuts packets inside their headers", "AWS's guide asks for 35, 55 for IPv6"
        elif _may_be_ipv6(mirror.filter(session)):
            yield place, f"{length} cuts IPv6 packets inside their headers", "AWS's guide asks for 55 for IPv6"


def _may_be_ipv6(own: TrafficMirrorFilter | None) -> bool:
    """Whether a filter may accept IPv6; one that is not known may. The resolver's own IPv6 address is rarely asked."""
    return own is None or any(
        packets.family in {0, 6} for direction in DIRECTIONS for packets in cover.accepts(own.rules(direction))
    )


CHECKS = (
    Check("no-sessions", "There is no session: nothing is mirrored.", _no_sessions),
    Check("inactive-session", "A session is inactive, or the resource that is its target is gone.", _inactive_session),
    Check(
        "shadowed-session", "Earlier sessions of the source take every packet that this one would.", _shadowed_session
    ),
    Check("mirrors-nothing", "A session's filter accepts nothing.", _mirrors_nothing),
    Check("short-packet-length", "A packet length below 35 (55 for IPv6) cuts headers.", _short_packet_length),
)
