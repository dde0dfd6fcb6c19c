"""`tmrx rules explain`: a rule in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tmrx import plan
from tmrx.cli.errors import printable
from tmrx.errors import UsageError
from tmrx.rules import Rule, RuleSet, words
from tmrx.rules.lexer import FIELDS, header

_LABELS = {
    "header": "looks at",
    "inspected": "inspected on",
    "prefilter": "looked for first",
    "conditions": "if",
    "buffers": "and if",
    "effects": "then",
    "limits": "limited by",
    "missing": "not evaluated yet",
}
COLUMNS = ("gid", "sid", "rev", "action", "msg", "file", "line", *_LABELS)


class Wanted(msgspec.Struct, frozen=True):
    """Which rules to explain: their identities, none for all; and the files they are in."""

    ids: tuple[tuple[int, int], ...]
    files: tuple[str, ...]


def wanted(arguments: Sequence[str]) -> Wanted:
    """SIDs and GID:SIDs among files. Raises UsageError where there is no file."""
    ids, files = [], []
    for argument in arguments:
        gid, colon, sid = argument.rpartition(":")
        if sid.isdecimal() and (gid.isdecimal() or not colon) and not Path(argument).exists():
            ids.append((int(gid or 1), int(sid)))
        else:
            files.append(argument)
    if not files:
        raise UsageError("RULES", "no rule file is named", "tmrx rules explain SID RULES...")
    return Wanted(tuple(ids), tuple(files))


def explained(found: RuleSet, ids: Iterable[tuple[int, int]]) -> list[dict[str, Any]]:
    """A record for each of these rules, in the order of their evaluation. Raises UsageError for one not there."""
    rules, whole = found.rules, found.plan()
    asked = set(ids)
    gone = asked - {(rule.compiled.gid, rule.compiled.sid) for rule in rules}
    if gone:
        gid, sid = min(gone)
        raise UsageError(f"{gid}:{sid}", "no rule that loads has this sid", "tmrx rules check says what is refused")
    missing = {(one.file, one.line): one.why for one in found.refused}
    chosen = (rule for rule in rules if not asked or (rule.compiled.gid, rule.compiled.sid) in asked)
    return [_record(rule, whole, missing.get((rule.file, rule.line), "")) for rule in chosen]


def _record(rule: Rule, whole: plan.Rules, missing: str) -> dict[str, Any]:
    compiled = rule.compiled
    fields = dict(zip(FIELDS, (field.text for field in header(rule.text)[0]), strict=True))
    ends = [f"{fields[end]} port {fields[f'{end} port']}" for end in ("source", "destination")]
    carried = f" over {compiled.protocol}" if compiled.application else ""
    return {
        "gid": compiled.gid,
        "sid": compiled.sid,
        "rev": compiled.rev,
        "action": compiled.action,
        "msg": compiled.msg,
        "file": rule.file,
        "line": rule.line,
        "header": f"{fields['protocol']}{carried} {ends[0]} {fields['direction']} {ends[1]}",
        "inspected": words.KINDS[compiled.kind],
        "prefilter": words.prefilter(compiled) or "nothing: it is asked of all that fits the header",
        "conditions": words.conditions(compiled, whole),
        "buffers": words.buffers(compiled),
        "effects": words.effects(compiled, whole),
        "limits": words.limits(compiled),
        "missing": missing,
    }


def as_text(record: Mapping[str, Any]) -> str:
    """For people."""
    title = f"{record['gid']}:{record['sid']} rev {record['rev']}  {record['action']}  {record['msg']}"
    lines = [title, f"  {record['file']}:{record['line']}"]
    for key, label in _LABELS.items():
        value = record[key]
        for place, text in enumerate([value] if isinstance(value, str) and value else value):
            lines.append(f"  {label if place == 0 else '':<18}{text}")
    return "".join(f"{printable(line)}\n" for line in lines)
