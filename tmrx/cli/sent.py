"""What a run of the sender did, as people read it at its end: in = mirrored + each reason not to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tmrx.cli import fates
from tmrx.cli.console import heading, table, text
from tmrx.mirror import Mirror

_SESSIONS = {
    "session": "session",
    "name": "name",
    "source": "source",
    "vni": "vni",
    "copies": "copies",
    "bytes": "bytes",
    "truncated": "truncated",
}
_MOST = 20  # sessions that are shown

Row = tuple[str, int]


def lines(stats: Mapping[str, Any], mirror: Mirror | None) -> list[str]:
    """The summary of a run, from its `--stats`; `mirror` is what it was told of, where it was."""
    rows = [*_packets(stats), *_copies(stats), *_live(stats["live"])]
    width = max(len(label) for label, _ in rows)
    numbers = max(len(text(number)) for _, number in rows)
    counted = [f"{label.ljust(width)}  {text(number).rjust(numbers)}" for label, number in rows]
    return [*_sessions(stats["sessions"], mirror), *counted]


def _packets(stats: Mapping[str, Any]) -> Iterator[Row]:
    yield "packets", stats["frames"]
    if stats["outcomes"] != stats["frames"]:
        yield "  once for each source", stats["outcomes"]
    yield "  mirrored", stats["mirrored"]
    yield from ((f"  {reason}", count) for reason, count in fates.not_mirrored(stats))


def _copies(stats: Mapping[str, Any]) -> Iterator[Row]:
    copies = stats["copies"]
    yield "copies sent", copies["sent"]
    yield "  bytes, outer headers included", copies["bytes"]
    told = {f"cut by {by}": stats["truncated"][cause] for cause, by in fates.CUT_BY.items()}
    told |= {words: stats["checksum"][action] for action, words in fates.CHECKSUMS.items()}
    told |= {f"{name} on the way": copies[name] for name in fates.IMPAIRMENTS}
    told["too large to be sent"] = copies["too_large"]
    told["times that nothing listened there"] = copies["refused"]
    yield from ((f"  {name}", count) for name, count in told.items() if count)


def _live(live: Mapping[str, int]) -> Iterator[Row]:
    told = {"lost before they were read": live["dropped"], "longer than on the wire": live["uncut"]}
    yield from ((name, count) for name, count in told.items() if count)


def _sessions(sessions: list[dict[str, Any]], mirror: Mirror | None) -> list[str]:
    if mirror is None or not sessions:
        return []
    most = sorted(sessions, key=lambda session: -session["copies"])[:_MOST]
    rows = [session | {"name": _name(session["session"], mirror)} for session in most]
    left = len(sessions) - len(most)
    more = [f"  … and {left:,} more, with fewer copies: --stats has them all"] if left else []
    return [heading("mirror sessions"), *table(rows, _SESSIONS, "  "), *more, ""]


def _name(session: str, mirror: Mirror) -> str:
    known = mirror.sessions.get(session)
    return known.label() if known else ""
