"""`tmrx rules stats` and `coverage`: rules counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tmrx.rules import RuleSet
from tmrx.rules.lexer import header, options

STATS = {"what": "what", "value": "value", "rules": "rules"}
COVERAGE = {"fate": "fate", "reason": "reason", "rules": "rules", "share": "share %"}

Record = dict[str, Any]


def stats(found: RuleSet) -> list[Record]:
    """How many rules there are of each action, protocol, kind, class, and with each keyword."""
    counts: dict[str, Counter[str]] = {what: Counter() for what in ("action", "protocol", "kind", "class", "keyword")}
    for rule in found.rules:
        compiled = rule.compiled
        counts["action"][compiled.action] += 1
        counts["protocol"][compiled.application or compiled.protocol] += 1
        counts["kind"][compiled.kind] += 1
        counts["class"][compiled.category or "none"] += 1
        counts["keyword"].update(_keywords(rule.text))
    return [
        {"what": what, "value": value, "rules": number}
        for what, counter in counts.items()
        for value, number in _sorted(counter)
    ]


def _keywords(text: str) -> set[str]:
    return {option.name.lower() for option in options(text, header(text)[1])}


def coverage(found: RuleSet) -> list[Record]:
    """What share of the rules loads, and why the others do not."""
    fates = Counter((one.severity, one.why) for one in found.diagnostics if one.refused or one.severity == "skipped")
    total = found.count + sum(fates.values())
    rows = [("loaded", "", found.count), *((*fate, number) for fate, number in _sorted(fates))]
    return [
        {"fate": fate, "reason": reason, "rules": number, "share": round(100 * number / total, 2) if total else 0.0}
        for fate, reason, number in rows
    ]


def _sorted(counter: Mapping[Any, int]) -> Iterable[tuple[Any, int]]:
    """The most first, equals by name."""
    return sorted(counter.items(), key=lambda entry: (-entry[1], entry[0]))
