"""All rules of a run: loaded, checked against each other, and in the order of their evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.rules import cache, classification, sources
from tmrx.rules.classification import Class
from tmrx.rules.compiler import Interner, compile_rule
from tmrx.rules.diagnostics import Diagnostic, Fault
from tmrx.rules.draft import Context
from tmrx.rules.lexer import Line, decode, rule_lines
from tmrx.rules.options.meta import REFERENCES
from tmrx.rules.sources import Source
from tmrx.rules.variables import Variables

_ACTION_ORDER = {"pass": 0, "drop": 1, "reject": 2, "alert": 3}


class Rule(msgspec.Struct, frozen=True):
    """A rule that was loaded: where it stands, its text, and what the core is told. `line` counts from 1."""

    file: str
    line: int
    text: str
    compiled: plan.Rule


class RuleSet(msgspec.Struct, frozen=True):
    """The rules that were loaded, in the order of their evaluation, and what there is to say, also of the others."""

    rules: tuple[Rule, ...]
    diagnostics: tuple[Diagnostic, ...]
    addresses: tuple[plan.AddressSet, ...]
    ports: tuple[plan.PortSet, ...]

    @property
    def refused(self) -> tuple[Diagnostic, ...]:
        """One diagnostic for each rule that tmrx can't take."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.refused)

    def plan(self) -> plan.Rules:
        """The part of the plan that is rules."""
        return plan.Rules(rules=tuple(rule.compiled for rule in self.rules), addresses=self.addresses, ports=self.ports)


def load(
    paths: Sequence[Path | str],
    *,
    variables: Variables | None = None,
    classification: Path | None = None,
    strict: bool = False,
) -> RuleSet:
    """Compile rule files; a folder stands for its `*.rules`, a glob for what fits it, `-` for standard input.

    `classification` is a classification.config, by default tmrx's own. A rule that tmrx can't take is left out and
    reported in `diagnostics`. Raises InputError for what can't be read, and ConfigError for a classification.config
    that is wrong or, with `strict`, for all rules that were refused.
    """
    variables = variables or Variables()
    files = sources.read(paths)
    classes = _classes(classification)
    key = cache.key(files, variables, classes)
    rules = cache.get(key, RuleSet)
    if rules is None:
        rules = _Loader(variables, classes).load(files)
        cache.put(key, rules)
    if strict and rules.refused:
        raise ConfigError.of([diagnostic.error() for diagnostic in rules.refused])
    return rules


def _classes(path: Path | None) -> dict[str, Class]:
    name = str(path or classification.SHIPPED)
    return classification.parse(decode(sources.read_bytes(name)), name)


class _Loader:
    def __init__(self, variables: Variables, classes: dict[str, Class]) -> None:
        self._sets = Interner(variables)
        self._context = Context(classes, REFERENCES)
        self._rules: dict[tuple[int, int], Rule] = {}
        self._diagnostics: list[Diagnostic] = []

    def load(self, files: Sequence[Source]) -> RuleSet:
        for file in files:
            for line in rule_lines(decode(file.data)):
                self._take(file.name, line)
        addresses, ports = self._sets.sets()
        rules = sorted(self._rules.values(), key=lambda rule: _order(rule.compiled))
        return RuleSet(tuple(rules), tuple(self._diagnostics), addresses, ports)

    def _take(self, file: str, line: Line) -> None:
        try:
            compiled, warnings = compile_rule(line.text, self._sets, self._context)
            self._add(Rule(file, line.number, line.text, compiled))
        except Fault as fault:
            warnings = [fault]
        for warning in warnings:
            self._say(file, line, warning)

    def _add(self, rule: Rule) -> None:
        key = (rule.compiled.gid, rule.compiled.sid)
        earlier = self._rules.get(key)
        if earlier is not None:
            where = f"{earlier.file}:{earlier.line} has it as rev {earlier.compiled.rev}"
            if rule.compiled.rev <= earlier.compiled.rev:
                raise Fault(f"sid {rule.compiled.sid} again, with rev {rule.compiled.rev}", where, at=0)
            why = f"sid {rule.compiled.sid} again: rev {rule.compiled.rev} replaces the earlier one"
            self._say(rule.file, Line(rule.line, rule.text), Fault(why, where, 0, "warning"))
        self._rules[key] = rule

    def _say(self, file: str, line: Line, fault: Fault) -> None:
        # What is not UTF-8 must not reach an output.
        text = line.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        column = (fault.at or 0) + 1
        self._diagnostics.append(Diagnostic(fault.severity, file, line.number, column, fault.why, fault.hint, text))


def _order(rule: plan.Rule) -> tuple[int, int, int, int]:
    return _ACTION_ORDER[rule.action], rule.priority, rule.sid, rule.gid
