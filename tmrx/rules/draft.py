"""A rule while it is compiled: the options add to it, `compiler.finish` makes the plan's rule of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tmrx.plan import Check, FlowCheck, Pcre
from tmrx.rules.classification import Class
from tmrx.rules.diagnostics import Fault
from tmrx.rules.parser import Option
from tmrx.rules.protocols import Protocol

FastPattern = Literal["no", "yes", "only"]


@dataclass(slots=True)
class ContentDraft:
    """A literal and its modifiers as written; None where one is absent. `at` is the place of its value."""

    pattern: bytes
    negated: bool
    at: int
    nocase: bool = False
    offset: int | None = None
    depth: int | None = None
    distance: int | None = None
    within: int | None = None
    startswith: bool = False
    endswith: bool = False
    fast_pattern: FastPattern = "no"

    @property
    def relative(self) -> bool:
        """Its window counts from the last match."""
        return self.distance is not None or self.within is not None


@dataclass(slots=True)
class Draft:
    """What the options read so far say. `warnings` are faults that do not refuse it."""

    protocol: Protocol
    classes: Mapping[str, Class]
    sid: int = 0
    gid: int = 1
    rev: int = 0
    msg: str = ""
    category: str = ""
    class_priority: int | None = None
    priority: int | None = None
    references: list[str] = field(default_factory=list)
    metadata: dict[str, list[str]] = field(default_factory=dict)
    noalert: bool = False
    flow: FlowCheck | None = None
    checks: list[Check] = field(default_factory=list)
    payload: list[ContentDraft | Pcre] = field(default_factory=list)
    # The first keyword that needs a real packet, if any.
    packet_keyword: str = ""
    seen: set[str] = field(default_factory=set)
    warnings: list[Fault] = field(default_factory=list)

    def once(self, option: Option) -> None:
        """Raise Fault when the option's keyword was there before."""
        name = option.keyword.name
        if name in self.seen:
            raise Fault(f"'{name}' is given twice", at=option.at)
        self.seen.add(name)

    def add_packet_check(self, check: Check, option: Option) -> None:
        """Add a check that needs a real packet."""
        self.packet_keyword = self.packet_keyword or option.keyword.name
        self.checks.append(check)

    def warn(self, why: str, hint: str, at: int) -> None:
        """Say something that does not refuse the rule."""
        self.warnings.append(Fault(why, hint, at, "warning"))
