"""The order in which rules are evaluated (specification, rules.md, "Order of rules")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tmrx import plan

Ordered = Literal["pass", "drop", "reject", "alert"]
ACTION_ORDER: tuple[Ordered, ...] = ("pass", "drop", "reject", "alert")
_LAST = 3

Key = tuple[int, int, int, int, int, int, int, int, int]


def key(actions: tuple[Ordered, ...] = ACTION_ORDER) -> Callable[[plan.Rule, bool], Key]:
    """What to sort rules by; the second argument says whether a rule's bits of addresses are hostbits, not xbits."""
    rank: dict[str, int] = {action: place for place, action in enumerate(actions)}
    rank["config"] = rank["alert"]

    def of(rule: plan.Rule, hostbits: bool) -> Key:
        flowbits, flowints, bits = _ranks(rule) if rule.effects or rule.checks else (_LAST, _LAST, _LAST)
        captures = _captures(rule)
        # Readers of xbits come before writers, of all else after them.
        own, pairs = (bits, _LAST) if hostbits else (_LAST, (2, 1, 0, _LAST)[bits])
        return rank[rule.action], flowbits, flowints, captures, own, pairs, rule.priority, rule.sid, rule.gid

    return of


def _rank(writes: bool, reads: bool) -> int:
    """Writers first, then those that do both, then readers, then the rest."""
    return (1 if reads else 0) if writes else (2 if reads else _LAST)


def _ranks(rule: plan.Rule) -> tuple[int, int, int]:
    writes = {type(effect) for effect in rule.effects}
    reads = {type(check) for check in rule.checks}
    return (
        _rank(plan.SetFlowbits in writes, plan.Flowbits in reads),
        _rank(plan.SetFlowint in writes, plan.FlowintTest in reads),
        _rank(plan.SetXbit in writes, plan.XbitTest in reads),
    )


def _captures(rule: plan.Rule) -> int:
    writes = any(isinstance(match, plan.Pcre) and match.captures for test in rule.buffers for match in test.matches)
    return _rank(writes, any(isinstance(check, plan.Captured) for check in rule.checks))
