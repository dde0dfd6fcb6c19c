"""A mirror, and what is found of it, as text for people."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from tmrx.cli import console
from tmrx.cli.errors import printable
from tmrx.mirror.findings import Finding

_WIDEST = 120
_RULES = {
    "direction": "direction",
    "number": "number",
    "action": "action",
    "protocol": "protocol",
    "source": "source",
    "source_ports": "ports",
    "destination": "destination",
    "destination_ports": "ports",
}
_KINDS = {
    "network-interface": "network interface",
    "network-load-balancer": "Network Load Balancer",
    "gateway-load-balancer-endpoint": "Gateway Load Balancer endpoint",
}
_LISTS = {"addresses": "at", "receivers": "receivers", "zones": "zones", "listeners": "UDP listeners on"}
_UNRULED = {"ingress": "inbound", "egress": "outbound"}

Record = dict[str, Any]


def counts(**numbers: int) -> str:
    """`1 source, 2 sessions`."""
    return ", ".join(f"{number:,} {what}" + ("" if number == 1 else "s") for what, number in numbers.items())


def shown(mirror: Record) -> Iterator[str]:
    """Lines of a described mirror: sources and their sessions, filters and their rules, targets."""
    sources, filters, targets = mirror["sources"], mirror["filters"], mirror["targets"]
    sessions = sum(len(source["sessions"]) for source in sources)
    yield counts(source=len(sources), session=sessions, filter=len(filters), target=len(targets))
    names = {one[kind]: one["name"] for kind, all_ in (("filter", filters), ("target", targets)) for one in all_}
    for source in sources:
        yield from (
            "",
            console.heading(f"source {_called(source['source'] or 'not said', source['source_name'])}"),
            *wrapped(_source(source, names)),
        )
    for one in filters:
        yield from ("", console.heading(f"filter {_called(one['filter'], one['name'])}"), *_rules(one))
    for one in targets:
        yield from ("", console.heading(f"target {_called(one['target'], one['name'])}"), *wrapped(_target(one)))


def found(findings: Sequence[Finding]) -> Iterator[str]:
    """Lines of findings: name and place, what it is, what to do."""
    for finding in findings:
        yield f"{console.heading(finding.name)}  {printable(finding.place)}"
        yield from wrapped([("  ", finding.text), ("  → ", finding.advice)])
        yield ""


def width() -> int:
    """Columns that text for people may take."""
    return min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)


def wrapped(parts: Sequence[tuple[str, str]], columns: int | None = None) -> Iterator[str]:
    """Each part on lines of its own, behind its own indent."""
    columns = columns or width()
    for indent, part in parts:
        text = printable(part)
        if 0 < len(text) <= columns - len(indent):
            yield indent + text
            continue
        lines = textwrap.wrap(text, columns - len(indent), break_long_words=False, break_on_hyphens=False)
        yield from (f"{' ' * len(indent) if number else indent}{line}" for number, line in enumerate(lines))


def _called(key: str, name: str) -> str:
    return printable(f'{key} "{name}"' if name else key)


def _source(source: Record, names: dict[str, str]) -> list[tuple[str, str]]:
    """What is known of a source, and its sessions behind their numbers."""
    facts = [source[name] for name in ("address", "vpc", "subnet", "instance", "instance_type")]
    lines = [("  ", ", ".join(filter(None, facts)))]
    width = max(len(str(session["number"])) for session in source["sessions"]) + 2
    for session in source["sessions"]:
        length = session["packet_length"]
        facts = [
            f"VNI {session['vni']}" + (" (drawn)" if session["vni_drawn"] else ""),
            f"the first {length:,} bytes" if length else "whole packets",
        ]
        lines += [
            (f"{session['number']:>{width}}  ", f"{_called(session['session'], session['name'])}: {', '.join(facts)}"),
            (" " * (width + 2), _way(session, names)),
        ]
        if session["inactive"]:
            lines.append((" " * (width + 2), f"mirrors nothing: {session['inactive'].replace('_', ' ')}"))
    return lines


def _way(session: Record, names: dict[str, str]) -> str:
    ends = [_called(key, names.get(key, "")) if key else "not said" for key in (session["filter"], session["target"])]
    return f"filter {ends[0]} → target {ends[1]}"


def _rules(one: Record) -> Iterator[str]:
    services = ", ".join(one["network_services"])
    if services:
        yield f"  network services: {services}"
    yield from console.table(one["rules"], _RULES, "  ")
    for direction, bound in _UNRULED.items():
        if not any(rule["direction"] == direction for rule in one["rules"]):
            yield f"  no {direction} rules: nothing {bound} is mirrored" + (f" but {services}" if services else "")


def _target(one: Record) -> list[tuple[str, str]]:
    parts = [f"{_KINDS[one['type']]} {one['resource']}"]
    for key, words in _LISTS.items():
        if one[key]:
            parts.append(f"{words} {', '.join(map(str, one[key]))}")
    if one["listeners"] == []:
        parts.append("no UDP listener")
    if one["cross_zone"] is not None:
        parts.append(f"cross-zone load balancing {'on' if one['cross_zone'] else 'off'}")
    return [("  ", part) for part in parts]
