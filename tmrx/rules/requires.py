"""The `requires` keyword: what a rule wants of the engine, looked at before the rest of the rule."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Container

from tmrx.rules.diagnostics import Fault

# The Suricata release whose language this is.
VERSION = (9, 0, 0)

_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*(>=|<=|>|<)\s*(\d{1,5}(?:\.\d{1,5}){0,2})\s*")
_SHORT = 2


def unmet(value: str, supported: Container[str]) -> str:
    """The first requirement in `value` that isn't met, as text; "" when all are. Raises Fault for a malformed one."""
    versions = 0
    missing = ""
    for part in value.split(","):
        word, _, rest = part.strip().partition(" ")
        if word == "version":
            versions += 1
        if not word or not rest.strip() or versions > 1:
            raise Fault(f"'{value}' is no list of requirements", "version >= N, feature NAME, keyword NAME")
        missing = missing or _unmet(word, rest.strip(), supported)
    return missing


def _unmet(word: str, rest: str, supported: Container[str]) -> str:
    if word == "version":
        return "" if any([_holds(option) for option in rest.split("|")]) else f"version {rest}"
    if word == "keyword" and rest in supported:
        return ""
    return f"{word} {rest}"


def _holds(conditions: str) -> bool:
    """All comparisons of a run such as `>= 7.0.4 < 8`; every one is read, so that a malformed one is always found."""
    at, holds = 0, True
    while at < len(conditions) or at == 0:
        match = _CONDITION.match(conditions, at)
        if match is None:
            raise Fault(f"'{conditions.strip()}' is no condition on a version", "such as >= 7.0.4 < 8")
        numbers = tuple(int(part) for part in match[2].split("."))
        holds &= _COMPARE[match[1]](VERSION, numbers + (0,) * (_SHORT + 1 - len(numbers)))
        at = match.end()
    return holds
