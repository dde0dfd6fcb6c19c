"""All rules of a run: loaded, checked against each other, and in the order of their evaluation."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tmrx import plan
from tmrx.errors import ConfigError
from tmrx.rules import cache, classification, datasets, order, references, reputation, sources
from tmrx.rules.compiler import Compiled, Compiler
from tmrx.rules.datasets import Saved
from tmrx.rules.diagnostics import Diagnostic, Fault
from tmrx.rules.draft import Context
from tmrx.rules.interner import Interner
from tmrx.rules.lexer import Line, decode
from tmrx.rules.options.meta import REFERENCES
from tmrx.rules.selection import Selection
from tmrx.rules.settings import Settings
from tmrx.rules.sources import Noted, Source
from tmrx.rules.thresholds import Thresholds


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Where a rule stands, and its text, its lines joined. `line` counts from 1."""

    file: str
    line: int
    text: str


class Rule(msgspec.Struct, frozen=True):
    """A rule that was loaded: where it stands, its text, and what the core is told."""

    file: str
    line: int
    text: str
    compiled: plan.Rule


class RuleSet(msgspec.Struct, frozen=True, eq=False):
    """The rules that were loaded, in the order of their evaluation, and what there is to say, also of the others.

    `encoded` is the part of the plan that is rules, in msgpack, and `origins` where they stand: made into objects only
    when asked for.
    """

    count: int
    encoded: msgspec.Raw
    origins: msgspec.Raw
    diagnostics: tuple[Diagnostic, ...]
    # What else was read, by name, with its digest.
    files: dict[str, str]
    # What is written when the run ends.
    saved: tuple[Saved, ...]

    @property
    def refused(self) -> tuple[Diagnostic, ...]:
        """One diagnostic for each rule that tmrx can't take."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.refused)

    def plan(self) -> plan.Rules:
        """The part of the plan that is rules."""
        return msgspec.msgpack.decode(self.encoded, type=plan.Rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules with their origins."""
        origins = msgspec.msgpack.decode(self.origins, type=tuple[Origin, ...])
        both = zip(origins, self.plan().rules, strict=True)
        return tuple(Rule(origin.file, origin.line, origin.text, rule) for origin, rule in both)


class Inputs:
    """All that a load reads before it looks into rules."""

    def __init__(self, paths: Sequence[Path | str], settings: Settings) -> None:
        """Raises InputError."""
        self.settings = settings
        self.rules = sources.read(paths)
        self.classes = _one(settings.classification or str(classification.SHIPPED))
        self.references = _one(settings.references) if settings.references else None
        self.disable = _all(settings.disable)
        self.enable = _all(settings.enable)
        self.drop = _all(settings.drop)
        self.modify = _all(settings.modify)
        self.thresholds = _one(settings.thresholds) if settings.thresholds else None
        self.categories = _one(settings.reputation.categories) if settings.reputation.categories else None
        self.scores = _all(settings.reputation.scores)

    @property
    def key(self) -> str:
        """What the result is kept under; "" where that is not worth it."""
        others = [self.classes, self.references, self.thresholds, self.categories, *self.scores]
        selected = (*self.disable, *self.enable, *self.drop, *self.modify)
        return cache.key(self.rules, [*(other for other in others if other is not None), *selected], self.settings)

    def context(self) -> Context:
        """What all rules share. Raises ConfigError."""
        classes = classification.parse(decode(self.classes.data), self.classes.name)
        if self.references is None:
            return Context(classes, REFERENCES)
        return Context(classes, references.parse(decode(self.references.data), self.references.name))

    def selection(self) -> Selection:
        """Which rules are loaded. Raises ConfigError."""
        return Selection(disable=self.disable, enable=self.enable, drop=self.drop, modify=self.modify)


def _one(name: str) -> Source:
    return Source(name, sources.read_bytes(name))


def _all(names: Sequence[str]) -> list[Source]:
    return [_one(name) for name in names]


def load(paths: Sequence[Path | str], settings: Settings | None = None, *, strict: bool = False) -> RuleSet:
    """Compile rule files; a folder stands for its `*.rules`, a glob for what fits it, `-` for standard input.

    A rule that tmrx can't take is left out and reported in `diagnostics`. Raises InputError for what can't be read, and
    ConfigError for a file of the settings that is wrong or, with `strict`, for all rules that were refused.
    """
    inputs = Inputs(paths, settings or Settings())
    key = inputs.key
    rules = cache.get(key, RuleSet)
    if rules is None or not Noted().unchanged(rules.files):
        with _collector_off():
            rules = _Loader(inputs).load()
        cache.put(key, rules)
    if strict and rules.refused:
        raise ConfigError.of([diagnostic.error() for diagnostic in rules.refused])
    return rules


@contextmanager
def _collector_off() -> Iterator[None]:
    """Meanwhile no search for cycles: nothing here makes any, and it takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
        # Python gives memory back by the megabyte, and what it spares for later keeps many of them. This drops that.
        gc.collect()


class _Loader:
    def __init__(self, inputs: Inputs) -> None:
        self._files = inputs.rules
        self._selection = inputs.selection()
        self._context = inputs.context()
        self._diagnostics: list[Diagnostic] = []
        self._noted = Noted()
        self._context.read = self._noted.read
        self._sets = Interner(inputs.settings.variables)
        self._thresholds = Thresholds(inputs.thresholds, self._sets) if inputs.thresholds else None
        self._scores = self._reputation(inputs)
        self._datasets = self._declared(inputs.settings.datasets)
        self._compiler = Compiler(self._sets, self._context, inputs.settings)
        self._limits = inputs.settings.limits
        self._key = order.key(inputs.settings.action_order)
        self._rules: dict[tuple[int, int], tuple[order.Key, Origin, plan.Rule]] = {}

    def _reputation(self, inputs: Inputs) -> list[plan.Reputation]:
        """Give the context its categories; the scores."""
        if inputs.categories is None:
            return []
        self._context.categories, wrong = reputation.categories(inputs.categories)
        found, more = reputation.scores(inputs.scores)
        self._diagnostics += (*wrong, *more)
        return found

    def _declared(self, settings: datasets.Settings) -> datasets.Datasets:
        """Give the context the datasets of the configuration. Raises ConfigError."""
        try:
            self._context.datasets = datasets.Datasets(settings, self._noted.read)
        except Fault as fault:
            raise ConfigError("datasets", fault.why, fault.hint) from None
        return self._context.datasets

    def load(self) -> RuleSet:
        for file in self._files:
            self._context.folder = Path(file.name).parent
            for line in self._selection.lines(file):
                self._take(file.name, line)
        found = sorted(self._rules.values(), key=lambda entry: entry[0])
        self._warn_of_bits_never_set()
        rules = self._plan([rule for _, _, rule in found])
        return RuleSet(
            count=len(found),
            encoded=msgspec.Raw(msgspec.msgpack.encode(rules)),
            origins=msgspec.Raw(msgspec.msgpack.encode([origin for _, origin, _ in found])),
            diagnostics=tuple(self._diagnostics),
            files=self._noted.digests,
            saved=tuple(self._datasets.saved),
        )

    def _plan(self, rules: list[plan.Rule]) -> plan.Rules:
        if self._thresholds is not None:
            rules = [self._thresholds.applied(rule) for rule in rules]
            self._diagnostics += self._thresholds.diagnostics
        names = self._context.names
        return plan.Rules(
            rules=tuple(rules),
            addresses=tuple(self._sets.addresses),
            ports=tuple(self._sets.ports),
            flowbits=tuple(names.flowbits),
            flowints=tuple(names.flowints),
            xbits=tuple(names.xbits),
            datasets=tuple(self._datasets.sets),
            reputation=tuple(self._scores),
            failed=sum(diagnostic.refused for diagnostic in self._diagnostics),
            skipped=sum(diagnostic.severity == "skipped" for diagnostic in self._diagnostics),
            settings=self._limits,
        )

    def _take(self, file: str, line: Line) -> None:
        try:
            compiled = self._compiler.compile(line.text)
            warnings = compiled.warnings
            self._add(Origin(file, line.number, line.text), compiled)
        except Fault as fault:
            # A traceback would keep all of the frames.
            warnings = [fault.with_traceback(None)]
        for warning in warnings:
            self._say(file, line, warning)

    def _add(self, origin: Origin, compiled: Compiled) -> None:
        rule = compiled.rule
        earlier = self._rules.get((rule.gid, rule.sid))
        if earlier is not None:
            _, where, before = earlier
            place = f"{where.file}:{where.line} has it as rev {before.rev}"
            if rule.rev <= before.rev:
                raise Fault(f"sid {rule.sid} again, with rev {rule.rev}", place, at=0)
            why = f"sid {rule.sid} again: rev {rule.rev} replaces the earlier one"
            self._say(origin.file, Line(origin.line, origin.text), Fault(why, place, 0, "warning"))
        self._rules[rule.gid, rule.sid] = self._key(rule, compiled.hostbits), origin, rule

    def _warn_of_bits_never_set(self) -> None:
        """A rule that asks for a flowbit which no rule sets can't match."""
        names = tuple(self._context.names.flowbits)
        effects = (effect for _, _, rule in self._rules.values() for effect in rule.effects)
        bits = {bit for effect in effects if isinstance(effect, plan.SetFlowbits) and effect.set for bit in effect.bits}
        for _, origin, rule in self._rules.values():
            for check in rule.checks:
                if isinstance(check, plan.Flowbits) and check.isset and bits.isdisjoint(check.bits):
                    asked = " or ".join(names[bit] for bit in check.bits)
                    fault = Fault(f"no rule that loads sets the flowbit {asked}", "", 0, "warning")
                    self._say(origin.file, Line(origin.line, origin.text), fault)

    def _say(self, file: str, line: Line, fault: Fault) -> None:
        # What is not UTF-8 must not reach an output.
        text = line.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        column = (fault.at or 0) + 1
        self._diagnostics.append(Diagnostic(fault.severity, file, line.number, column, fault.why, fault.hint, text))
