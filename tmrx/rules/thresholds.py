"""The threshold file: suppressions, thresholds and rates for rules by gid and sid, beside those that rules have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

from tmrx import plan
from tmrx.plan import Limit
from tmrx.rules.catalogue import did_you_mean
from tmrx.rules.diagnostics import Diagnostic, Fault
from tmrx.rules.interner import Interner
from tmrx.rules.lexer import Field, Line, decode
from tmrx.rules.sources import Source

U32 = 2**32 - 1
_COMMANDS = ("suppress", "threshold", "event_filter", "rate_filter")
_LINE = re.compile(r"(\w+)\s+gen_id\s+(\d{1,10})\s*,\s*sig_id\s+(\d{1,10})\s*(?:,\s*(.*))?")
_SUPPRESS = re.compile(r"track\s+(\w+)\s*,\s*ip\s+(.+)")
_SUPPRESS_TRACKS = ("by_src", "by_dst", "by_either")
_TYPES = ("limit", "threshold", "both")
_TRACKS = ("by_src", "by_dst", "by_both", "by_rule", "by_flow")
_NewAction = Literal["alert", "drop", "pass", "log", "reject"]
_ACTIONS: dict[str, _NewAction] = {**{word: word for word in get_args(_NewAction)}, "sdrop": "drop"}
# Limits of which a rule has one at most, its own before the file's.
_EXCLUSIVE = {"limit", "threshold", "both", "backoff", "detection_filter"}

Key = tuple[int, int]


class Thresholds:
    """What a threshold file says; gid 0 and sid 0 stand for all. A line that is wrong is skipped with a warning."""

    def __init__(self, source: Source, sets: Interner) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._source = source
        self._limits: dict[Key, list[Limit]] = {}
        for line in _lines(decode(source.data)):
            try:
                key, limit = _entry(line.text, sets)
                self._limits.setdefault(key, []).append(limit)
            except Fault as fault:
                self._say(line, fault)

    def applied(self, rule: plan.Rule) -> plan.Rule:
        """The rule with the file's limits for it: suppressions first, then its own, then the others."""
        found = [
            limit
            for key in ((rule.gid, rule.sid), (rule.gid, 0), (0, rule.sid), (0, 0))
            for limit in self._limits.get(key, ())
        ]
        if not found:
            return rule
        own = any(limit.type in _EXCLUSIVE for limit in rule.limits)
        named = self._limits.get((rule.gid, rule.sid), ())
        if own and any(limit.type in _EXCLUSIVE for limit in named):
            why = f"rule {rule.gid}:{rule.sid} has a threshold of its own, which stays"
            self.diagnostics.append(Diagnostic("warning", self._source.name, 1, 1, why, "", ""))
        first = [limit for limit in found if limit.type == "suppress"]
        others = [limit for limit in found if limit.type != "suppress" and not (own and limit.type in _EXCLUSIVE)]
        return msgspec.structs.replace(rule, limits=(*first, *rule.limits, *others))

    def _say(self, line: Line, fault: Fault) -> None:
        text = line.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        self.diagnostics.append(
            Diagnostic("warning", self._source.name, line.number, (fault.at or 0) + 1, fault.why, fault.hint, text)
        )


def _lines(text: str) -> Iterator[Line]:
    """Lines that say something, with the numbers of the first of those that a backslash joins."""
    first, joined = 0, ""
    for number, raw in enumerate((*text.splitlines(), ""), 1):
        first = first or number
        line = raw.strip()
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        joined += line
        if joined.strip() and not joined.lstrip().startswith("#"):
            yield Line(first, joined.strip())
        first, joined = 0, ""


def _entry(text: str, sets: Interner) -> tuple[Key, Limit]:
    match = _LINE.fullmatch(text)
    if match is None or match[1] not in _COMMANDS:
        word = text.split(maxsplit=1)[0]
        hint = did_you_mean(word, _COMMANDS) if word not in _COMMANDS else "gen_id NUMBER, sig_id NUMBER, ..."
        raise Fault(f"'{text}' is no line of a threshold file", hint)
    command, gid, sid, rest = match.groups()
    key = (_number(gid), _number(sid))
    if command == "suppress":
        return key, _suppress(rest or "", match.start(4), sets)
    found = _settings(rest or "")
    return key, _rate(found) if command == "rate_filter" else _threshold(found)


def _suppress(rest: str, at: int, sets: Interner) -> Limit:
    if not rest:
        return Limit(type="suppress")
    match = _SUPPRESS.fullmatch(rest)
    if match is None or match[1] not in _SUPPRESS_TRACKS:
        raise Fault(f"'{rest}' does not say what to suppress", "track by_src|by_dst|by_either, ip ADDRESS", at=at)
    text = match[2].strip()
    if "," in text and not text.startswith("["):
        text = f"[{text}]"
    addresses = sets.address(Field(text, at + match.start(2)))
    return Limit(type="suppress", track=match[1], addresses=addresses)  # type: ignore[arg-type]  # checked above


def _settings(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition(" ")
        if name in found:
            raise Fault(f"'{name}' is given twice")
        found[name] = value.strip()
    return found


def _threshold(found: dict[str, str]) -> Limit:
    _check_names(found, ("type", "track", "count", "seconds"))
    return Limit(
        type=_word(found["type"], _TYPES, "type"),  # type: ignore[arg-type]  # one of them
        track=_word(found["track"], _TRACKS, "track"),  # type: ignore[arg-type]
        count=_number(found["count"], 1),
        seconds=_number(found["seconds"]),
    )


def _rate(found: dict[str, str]) -> Limit:
    _check_names(found, ("track", "count", "seconds", "new_action", "timeout"))
    return Limit(
        type="rate_filter",
        track=_word(found["track"], _TRACKS, "track"),  # type: ignore[arg-type]  # one of them
        count=_number(found["count"], 1),
        seconds=_number(found["seconds"], 1),
        new_action=_ACTIONS[_word(found["new_action"], tuple(_ACTIONS), "action")],
        timeout=_number(found["timeout"]),
    )


def _check_names(found: dict[str, str], wanted: tuple[str, ...]) -> None:
    stray = [name for name in found if name not in wanted]
    missing = [name for name in wanted if name not in found]
    if stray or missing:
        why = f"'{stray[0]}' does not belong here" if stray else f"'{missing[0]}' is missing"
        raise Fault(why, ", ".join(wanted))


def _word(text: str, known: tuple[str, ...], what: str) -> str:
    if text not in known:
        raise Fault(f"'{text}' is no {what}", did_you_mean(text, known) or ", ".join(known))
    return text


def _number(text: str, lowest: int = 0) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(U32)) or not lowest <= int(text) <= U32:
        raise Fault(f"'{text}' is no number from {lowest} to {U32}")
    return int(text)
