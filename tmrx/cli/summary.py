"""The summary document → what people read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tmrx.cli.console import heading, table, text

SESSION_COLUMNS = {
    "session": "session",
    "name": "name",
    "interface": "interface",
    "vpc": "vpc",
    "vni": "vni",
    "erspan_session": "erspan session",
    "gre_key": "gre key",
    "outer_src": "outer source",
    "outer_dst": "outer destination",
    "encapsulation": "encapsulation",
    "endpoint": "endpoint",
    "known": "known",
    "frames": "frames",
    "bytes": "bytes",
    "truncated": "truncated",
    "first": "first",
    "last": "last",
}
# What fits a terminal.
_SUMMARY_COLUMNS = {
    key: SESSION_COLUMNS[key]
    for key in (
        "session",
        "name",
        "vni",
        "erspan_session",
        "gre_key",
        "outer_src",
        "encapsulation",
        "known",
        "frames",
        "bytes",
        "truncated",
    )
}
_SESSIONS = 20  # that the summary names
_PROTOCOLS = ("ipv4", "ipv6", "tcp", "udp", "icmp", "other")


def lines(stats: Mapping[str, Any]) -> list[str]:
    """The summary of a run."""
    return [*_sessions(stats["sessions"]), *_totals(stats), *_anomalies(stats["anomalies"])]


def flat(stats: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of the document with its dotted name; lists are left out."""
    for key, value in stats.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            yield f"{prefix}{key}", value


def _sessions(sessions: list[dict[str, Any]]) -> list[str]:
    if not sessions:
        return []
    most = sorted(sessions, key=lambda session: -session["frames"])[:_SESSIONS]
    left = len(sessions) - len(most)
    more = [f"  … and {left:,} more, with fewer frames: --format json has them all"] if left else []
    return [heading("mirror sessions"), *table(most, _SUMMARY_COLUMNS, "  "), *more, ""]


def _totals(stats: Mapping[str, Any]) -> list[str]:
    frames, packets, flows = stats["frames"], stats["packets"], stats["flows"]
    fates = {key: frames[key] for key in ("decoded", "merged", "duplicate", "held")}
    fates |= {f"rejected {reason}": count for reason, count in frames["rejected"].items()}
    fates |= {f"dropped {reason}": count for reason, count in frames["dropped"].items()}
    rows = [
        ("frames", f"{text(frames['received'])}, {text(frames['bytes'])} bytes: {_counts(fates)}"),
        *_captured(stats.get("capture")),
        ("packets", f"{text(packets['total'])}: {_counts({key: packets[key] for key in _PROTOCOLS})}"),
        ("truncated by", _counts(packets["truncated"])),
        ("L3 checksums", _counts(packets["checksum"]["l3"])),
        ("L4 checksums", _counts(packets["checksum"]["l4"])),
        ("flows", f"{text(flows['total'])}, {text(flows['evicted'])} evicted"),
        *_fragments(stats.get("fragments")),
        *_files(stats.get("files")),
        ("alerts", text(stats["alerts"])),
        *_rules(stats.get("rules")),
    ]
    width = max(len(name) for name, _ in rows)
    return [f"{heading(name.ljust(width))}  {value}" for name, value in rows]


def _captured(counts: Mapping[str, int] | None) -> list[tuple[str, str]]:
    """What was counted where the captures were made."""
    return [] if counts is None else [("captured", f"{text(counts['received'])}, {text(counts['dropped'])} lost there")]


def _files(counts: Mapping[str, int] | None) -> list[tuple[str, str]]:
    """What became of files that are stored, and what there was no room for."""
    return [("files", _counts(counts))] if counts and any(counts.values()) else []


def _fragments(counts: Mapping[str, int] | None) -> list[tuple[str, str]]:
    """What became of the datagrams in fragments, where there were some."""
    if not counts or not counts["datagrams"]:
        return []
    became = {key: counts[key] for key in ("complete", "timeout", "evicted", "overlaps")}
    return [("fragments", f"{text(counts['datagrams'])} datagrams: {_counts(became)}")]


def _rules(rules: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """How many there are, and how often missing bytes left one undecided."""
    if rules is None:
        return []
    undecided = sum(rules["unknown"].values())
    more = f", undecided {text(undecided)} times for missing bytes" if undecided else ""
    return [("rules", f"{text(rules['loaded'])}{more}")]


def _anomalies(anomalies: Mapping[str, int]) -> list[str]:
    seen = [{"name": name, "packets": count} for name, count in anomalies.items() if count]
    if not seen:
        return [f"{heading('anomalies')}     none"]
    seen.sort(key=lambda row: (-int(str(row["packets"])), row["name"]))
    return ["", *table(seen, {"name": "anomaly", "packets": "packets"})]


def _counts(counts: Mapping[str, int]) -> str:
    """What there is, most first."""
    there = sorted(((count, name) for name, count in counts.items() if count), key=lambda pair: -pair[0])
    return ", ".join(f"{text(count)} {name.replace('_', ' ')}" for count, name in there) or "none"
