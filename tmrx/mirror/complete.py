"""What rows leave to each other: rules that stand apart from their filters, and VNIs that AWS would draw."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import cast

from tmrx.errors import ConfigError
from tmrx.mirror.merge import Rows
from tmrx.mirror.model import TrafficMirrorFilter, TrafficMirrorFilterRule, TrafficMirrorSession
from tmrx.mirror.read import OWN, Row, build, has

_BELONGS = ("traffic_mirror_filter_id", "traffic_direction")


def adopt_rules(rows: Rows, faults: list[ConfigError]) -> None:
    """Put rules of their own (`describe-traffic-mirror-filter-rules`) into their filters."""
    for row in rows.pop(TrafficMirrorFilterRule).values():
        rule = build(row, faults)
        if has(row, _BELONGS, faults) and rule is not None:
            _adopt(rows, row, cast("TrafficMirrorFilterRule", rule), faults)


def _adopt(rows: Rows, row: Row, rule: TrafficMirrorFilterRule, faults: list[ConfigError]) -> None:
    """One rule into its filter, which is made where no document has it. tmrx's TOML wins over the same rule of AWS."""
    key = rule.traffic_mirror_filter_id
    parent = Row(TrafficMirrorFilter, row.layer, row.place, {"traffic_mirror_filter_id": key})
    parent = rows[TrafficMirrorFilter].setdefault(key, parent)
    name = f"{rule.traffic_direction}_filter_rules"
    rules: list[TrafficMirrorFilterRule] = list(parent.values.get(name, ()))
    same = next((at for at, known in enumerate(rules) if _id(known) == _id(rule)), len(rules))
    if same == len(rules):
        rules.append(rule)
    elif row.layer == OWN:
        rules[same] = rule
    else:
        if not _alike(rules[same], rule):
            faults.append(
                ConfigError(row.place, f"contradicts {parent.item(name, same)}", "one of the two is out of date")
            )
        return
    parent.values[name] = tuple(rules)
    parent.places[f"{name}[{same}]"] = row.place


def _id(rule: TrafficMirrorFilterRule) -> str:
    return rule.traffic_mirror_filter_rule_id


def _alike(one: TrafficMirrorFilterRule, other: TrafficMirrorFilterRule) -> bool:
    """Whether two rules decide alike, and stand at the same place."""
    names = (name for name in one.__struct_fields__ if name not in {*_BELONGS, "description"})
    return all(getattr(one, name) == getattr(other, name) for name in names)


def draw_networks(rows: Rows) -> frozenset[str]:
    """Give sessions that AWS is still to create, and that have no VNI, one; the ids of those sessions."""
    sessions = rows[TrafficMirrorSession]
    name = "virtual_network_id"
    drawn = draw(
        (key for key, row in sessions.items() if name not in row.places and not row.described),
        (row.values[name] for row in sessions.values() if name in row.values),
    )
    for key, vni in drawn.items():
        sessions[key].values[name] = vni
    return frozenset(drawn)


def draw(sessions: Iterable[str], taken: Iterable[int]) -> dict[str, int]:
    """A VNI for each session, always the same for the same ids: unique, as AWS's are in an account.

    It is the first 24 bits of the SHA-256 of the id; where that is taken, of the id followed by `#1`, `#2`, and so on.
    """
    used, drawn = set(taken), {}
    for session in sorted(sessions):
        tries = 0
        vni = _hash(session)
        while vni in used:
            tries += 1
            vni = _hash(f"{session}#{tries}")
        used.add(vni)
        drawn[session] = vni
    return drawn


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:3], "big")
