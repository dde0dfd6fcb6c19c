"""`--engine-analysis`: what rules were understood as, in the files that Suricata writes it to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tmrx import plan
from tmrx.rules import Rule, RuleSet
from tmrx.sinks import Output
from tmrx.suricata.settings import Configuration


def write(rules: RuleSet, configuration: Configuration, folder: Path) -> None:
    """Write the files that the configuration asks for. Raises OutputError."""
    loaded = rules.rules
    if configuration.flag("engine-analysis.rules"):
        _write(folder / "rules.json", (json.dumps(_document(rule)) for rule in loaded))
        _write(folder / "rules_analysis.txt", (line for rule in loaded for line in _lines(rule)))
    if configuration.flag("engine-analysis.rules-fast-pattern"):
        _write(folder / "rules_fast_pattern.txt", (line for rule in loaded for line in _fast_lines(rule)))
        _write(folder / "patterns.json", (json.dumps(row) for row in _patterns(loaded)))


def fast_pattern(rule: plan.Rule) -> tuple[str, plan.Content] | None:
    """The content that a rule is looked for by, and its buffer: the one that was chosen, else the longest."""
    found = [
        (test.buffer, match)
        for test in rule.buffers
        for match in test.matches
        if isinstance(match, plan.Content) and (match.fast_pattern or not match.negated)
    ]
    return max(found, key=lambda pair: (pair[1].fast_pattern, len(pair[1].pattern)), default=None)


def _write(path: Path, lines: Iterable[str]) -> None:
    output = Output(str(path))
    try:
        output.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
    finally:
        output.close()


def _document(rule: Rule) -> dict[str, Any]:
    compiled = rule.compiled
    chosen = fast_pattern(compiled)
    return {
        "raw": rule.text,
        "id": compiled.sid,
        "gid": compiled.gid,
        "rev": compiled.rev,
        "msg": compiled.msg,
        "app_proto": compiled.application or "unknown",
        "type": compiled.kind,
        "mpm": None if chosen is None else {"buffer": chosen[0], "pattern": printable(chosen[1].pattern)},
        "rule": json.loads(msgspec.json.encode(compiled)),
    }


def printable(pattern: bytes) -> str:
    """As rules write it: what is not printable in hexadecimal, between bars."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'|";:\\' else f"|{byte:02x}|" for byte in pattern)  # noqa: PLR2004


def _lines(rule: Rule) -> Iterator[str]:
    compiled = rule.compiled
    yield f"== Sid: {compiled.sid} =="
    yield rule.text
    yield f"    Type: {compiled.kind}; protocol {compiled.protocol}; application {compiled.application or 'none'}"
    for test in compiled.buffers:
        yield f"    Buffer {test.buffer}: {len(test.matches)} matches, {len(test.transforms)} transforms"
    yield from _fast_lines(rule)
    yield ""


def _fast_lines(rule: Rule) -> Iterator[str]:
    chosen = fast_pattern(rule.compiled)
    found = "none" if chosen is None else f'"{printable(chosen[1].pattern)}" in {chosen[0]}'
    yield f"    Fast pattern of {rule.compiled.gid}:{rule.compiled.sid}: {found}"


def _patterns(rules: Iterable[Rule]) -> Iterator[dict[str, Any]]:
    chosen = (fast_pattern(rule.compiled) for rule in rules)
    counts = Counter((buffer, content.pattern) for buffer, content in filter(None, chosen))
    for (buffer, pattern), count in counts.most_common():
        yield {"buffer": buffer, "pattern": printable(pattern), "length": len(pattern), "rules": count}
